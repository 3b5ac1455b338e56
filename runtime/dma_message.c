/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory by messages, DMA_READ and DMA_WRITE, in pieces that the client takes.
 *
 * There are two forms.  The specification's: address u64, count u64, data.  And a packed one,
 * QEMU's: address u64, count u32, data at once, four bytes of filling at the end, and a DMA_WRITE's
 * reply is a header alone.  A write in the wrong form shifts the data by four bytes, so the form
 * must be known first.  QEMU proposes version 0.0, as others that follow the specification may:
 * such a client is sent a write of no bytes, which touches nothing and whose reply tells.  For
 * other clients the specification's form is taken, until a reply shows the packed one; a write is
 * then done again.
 */
#include "dma.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_TRANSFER (1u << 20)
#define HEAD             sizeof(struct vu_dma_access)
#define PACKED_HEAD      12u

/* Bytes of data that one message may carry. */
static size_t piece_size(struct mdl_dev *dev)
{
	size_t ours = dev->opt.max_transfer ? dev->opt.max_transfer : DEFAULT_TRANSFER;
	size_t theirs = conn_limits(dev)->max_data;

	return theirs < ours ? theirs : ours;
}

int dma_message_prepare(struct mdl_dev *dev)
{
	size_t size = HEAD + piece_size(dev);
	struct dma *dma = dev->dma;
	uint8_t *bounce;

	if (dma->bounce_size >= size)
		return 0;
	bounce = realloc(dma->bounce, size);
	if (!bounce)
		return -ENOMEM;
	dma->bounce = bounce;
	dma->bounce_size = size;
	return 0;
}

void dma_message_forget(struct dma *dma)
{
	dma->form = DMA_FORM_UNKNOWN;
}

/* The client's refusals come in many numbers; the device gets those that mdl.h promises. */
static int client_error(struct mdl_dev *dev, const char *what, uint64_t iova, size_t size,
			ssize_t error)
{
	log_debug(dev, "%s of %zu bytes at 0x%llx: %s", what, size, (unsigned long long)iova,
		  strerror((int)-error));
	switch (error) {
	case -EFAULT:
	case -EACCES:
	case -EBUSY:
	case -ENOTCONN:
		return (int)error;
	default:
		return -EIO;
	}
}

static int bad_reply(struct mdl_dev *dev, const char *what, uint64_t iova, size_t size)
{
	log_client(dev, "%s of %zu bytes at 0x%llx: the reply does not fit", what, size,
		   (unsigned long long)iova);
	return -EIO;
}

/* Learn the client's form, where the version leaves it open. */
static int learn_form(struct mdl_dev *dev, uint64_t iova)
{
	struct vu_dma_access head = {.address = iova}, echo;
	struct dma *dma = dev->dma;
	ssize_t got;

	if (dma->form != DMA_FORM_UNKNOWN)
		return 0;
	dma->form = DMA_FORM_SPEC;
	if (conn_limits(dev)->minor != 0)
		return 0;
	got = conn_call(dev, VU_DMA_WRITE, &head, sizeof(head), NULL, 0, &echo, sizeof(echo));
	if (!conn_connected(dev))
		return -ENOTCONN;
	if (got == 0)
		dma->form = DMA_FORM_PACKED;
	if (got == -EBUSY)
		dma->form = DMA_FORM_UNKNOWN;
	return got == -EBUSY ? -EBUSY : 0;
}

/* ---- reading */

/* Where a reply has its data; NULL if it is no answer to what was asked. */
static const uint8_t *read_reply(struct dma *dma, uint64_t iova, size_t size, size_t got)
{
	struct vu_dma_access head;

	if (got < HEAD)
		return NULL;
	memcpy(&head, dma->bounce, HEAD);
	if (head.address != iova || (uint32_t)head.count != size)
		return NULL;
	/* No count of the specification's is that large: this is data already. */
	if (head.count != size)
		dma->form = DMA_FORM_PACKED;
	if (dma->form == DMA_FORM_PACKED)
		return got >= PACKED_HEAD + size ? dma->bounce + PACKED_HEAD : NULL;
	return got == HEAD + size ? dma->bounce + HEAD : NULL;
}

static int read_piece(struct mdl_dev *dev, uint64_t iova, uint8_t *buf, size_t size)
{
	struct vu_dma_access head = {.address = iova, .count = size};
	struct dma *dma = dev->dma;
	const uint8_t *data;
	ssize_t got;

	got = conn_call(dev, VU_DMA_READ, &head, sizeof(head), NULL, 0, dma->bounce, HEAD + size);
	if (got < 0)
		return client_error(dev, "DMA_READ", iova, size, got);
	data = read_reply(dma, iova, size, (size_t)got);
	if (!data)
		return bad_reply(dev, "DMA_READ", iova, size);
	memcpy(buf, data, size);
	return 0;
}

int dma_message_read(struct mdl_dev *dev, uint64_t iova, uint8_t *buf, size_t size)
{
	size_t piece = piece_size(dev), done, part;
	int result = learn_form(dev, iova);

	if (result == 0 && (piece == 0 || dev->dma->bounce_size < HEAD + piece))
		return -EIO;
	for (done = 0; result == 0 && done < size; done += part) {
		part = size - done < piece ? size - done : piece;
		result = read_piece(dev, iova + done, buf + done, part);
	}
	return result;
}

/* ---- writing */

static int write_packed(struct mdl_dev *dev, uint64_t iova, const uint8_t *buf, size_t size)
{
	struct dma *dma = dev->dma;
	uint32_t count = (uint32_t)size;
	uint8_t head[PACKED_HEAD], reply[HEAD];
	ssize_t got;

	memcpy(head, &iova, sizeof(iova));
	memcpy(head + sizeof(iova), &count, sizeof(count));
	memcpy(dma->bounce, buf, size);
	memset(dma->bounce + size, 0, HEAD - PACKED_HEAD);
	got = conn_call(dev, VU_DMA_WRITE, head, sizeof(head), dma->bounce,
			size + HEAD - PACKED_HEAD, reply, sizeof(reply));
	return got < 0 ? client_error(dev, "DMA_WRITE", iova, size, got) : 0;
}

static int write_piece(struct mdl_dev *dev, uint64_t iova, const uint8_t *buf, size_t size)
{
	struct vu_dma_access head = {.address = iova, .count = size}, echo = {0};
	struct dma *dma = dev->dma;
	ssize_t got;

	if (dma->form == DMA_FORM_PACKED)
		return write_packed(dev, iova, buf, size);
	got = conn_call(dev, VU_DMA_WRITE, &head, sizeof(head), buf, size, &echo, sizeof(echo));
	if (got < 0)
		return client_error(dev, "DMA_WRITE", iova, size, got);
	if (got == 0) {
		dma->form = DMA_FORM_PACKED;
		return write_packed(dev, iova, buf, size);
	}
	/* The specification draws the reply's count with four bytes, too. */
	if ((size_t)got < PACKED_HEAD || echo.address != iova || (uint32_t)echo.count != size)
		return bad_reply(dev, "DMA_WRITE", iova, size);
	return 0;
}

int dma_message_write(struct mdl_dev *dev, uint64_t iova, const uint8_t *buf, size_t size)
{
	size_t piece = piece_size(dev), done, part;
	int result = learn_form(dev, iova);

	if (result == 0 && (piece == 0 || dev->dma->bounce_size < HEAD + piece))
		return -EIO;
	for (done = 0; result == 0 && done < size; done += part) {
		part = size - done < piece ? size - done : piece;
		result = write_piece(dev, iova + done, buf + done, part);
	}
	return result;
}
