/* SPDX-License-Identifier: BSD-2-Clause */
/* Structures in guest memory: the bytes of members swapped where the guest's order is not ours. */
#include "private.h"

#include <string.h>

/* A structure is written in pieces of at most this: most are one. */
#define PIECE 4096u

static bool must_swap(const struct mdl_layout *layout)
{
	return layout->big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

static void swap_in_place(uint8_t *bytes, uint32_t size)
{
	uint32_t i;

	for (i = 0; i < size / 2; i++) {
		uint8_t byte = bytes[i];

		bytes[i] = bytes[size - 1 - i];
		bytes[size - 1 - i] = byte;
	}
}

static void swap_object(uint8_t *object, const struct mdl_layout *layout)
{
	const struct mdl_member *member;
	uint32_t i;

	for (member = layout->members; member < layout->members + layout->nmembers; member++)
		for (i = 0; i < member->count; i++)
			swap_in_place(object + member->offset + i * member->size, member->size);
}

int mdl_layout_read(struct mdl_dev *dev, uint64_t iova, void *object,
		    const struct mdl_layout *layout)
{
	int result = mdl_dma_read(dev, iova, object, layout->size);

	if (result == 0 && must_swap(layout))
		swap_object(object, layout);
	return result;
}

/* Bytes [from, from + size) of the object as the guest has them. */
static void swapped_piece(uint8_t *piece, const uint8_t *object, uint32_t from, uint32_t size,
			  const struct mdl_layout *layout)
{
	const struct mdl_member *member;
	uint32_t i, byte, at;

	memcpy(piece, object + from, size);
	for (member = layout->members; member < layout->members + layout->nmembers; member++) {
		for (i = 0; i < member->count; i++) {
			at = member->offset + i * member->size;
			if (at >= from + size || at + member->size <= from)
				continue;
			for (byte = 0; byte < member->size; byte++)
				if (at + byte - from < size)
					piece[at + byte - from] =
						object[at + member->size - 1 - byte];
		}
	}
}

int mdl_layout_write(struct mdl_dev *dev, uint64_t iova, const void *object,
		     const struct mdl_layout *layout)
{
	uint8_t piece[PIECE];
	uint32_t from, size;
	int result = 0;

	if (!must_swap(layout))
		return mdl_dma_write(dev, iova, object, layout->size);
	for (from = 0; result == 0 && from < layout->size; from += size) {
		size = layout->size - from < PIECE ? layout->size - from : PIECE;
		swapped_piece(piece, object, from, size, layout);
		result = mdl_dma_write(dev, iova + from, piece, size);
	}
	return result;
}
