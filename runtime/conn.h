/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the connection: receive buffers (rx.c), queued replies (tx.c), the connection itself
 * (socket.c), commands to the client (call.c), the reply point's way in (protocol.c).
 */
#ifndef MDL_CONN_H
#define MDL_CONN_H

#include "private.h"

/* Descriptors that one message may carry, in either direction: what VERSION says of us. */
#define MSG_FDS REPLY_FDS
/* Bytes of a message that are not transferred data: header, the command's own fields. */
#define MSG_OVERHEAD 4096

/* ---- rx.c: one stream of messages, and the descriptors that came with them */

/* A descriptor waits for its message to be served; fd -1 says that some did not arrive. */
struct held_fd {
	size_t at; /* where its message begins in the buffer */
	int fd;
};

/*
 * buf[start .. end) is received and not yet served.  `scan` is where the first message begins whose
 * header is not complete yet; it is beyond `end` while the message before it is incomplete.
 */
struct rx {
	uint8_t *buf;
	size_t size, max_message;
	size_t start, scan, end;
	size_t last;          /* where the last message began */
	struct held_fd *held; /* sorted by `at` */
	unsigned nheld, max_held;
};

struct message {
	const uint8_t *data; /* header included; stays as it is until the next rx_receive() */
	size_t size;
	int fds[MSG_FDS + 1]; /* the last may be -1: some were lost on the way */
	unsigned nfds;
};

int rx_create(struct rx *rx, size_t max_message, unsigned max_held);
void rx_destroy(struct rx *rx);
/* Forget everything received; close what is held. */
void rx_clear(struct rx *rx);
/*
 * One recvmsg.  Returns the number of bytes, 0 at the stream's end, or -errno; -ENOBUFS: the buffer
 * is full of messages that were not served; -EPROTO: what came is no message (see rx_bad).
 */
ssize_t rx_receive(struct rx *rx, int fd, int flags);
/* Size of the complete message `offset` bytes past the first one, or 0. */
size_t rx_complete(const struct rx *rx, size_t offset);
/* Take the first complete message; its descriptors become the caller's. False: there is none. */
bool rx_next(struct rx *rx, struct message *message);
/* Remove the complete message at `offset` past the first one, and close its descriptors. */
void rx_remove(struct rx *rx, size_t offset);
/* Move everything that is not served into another, empty one. */
void rx_move(struct rx *to, struct rx *from);
/* Does what was received end with a header of a size that is not allowed? */
bool rx_bad(const struct rx *rx, uint32_t *size);

/* ---- tx.c: replies on their way out */

struct tx {
	uint8_t *buf; /* buf[start .. end) waits to be sent */
	size_t size, start, end;
	size_t fds_at;      /* the byte that the waiting descriptors travel with */
	int fds[REPLY_FDS]; /* our own duplicates */
	unsigned nfds;
	int patience_ms; /* how long a large reply may wait for the client to read */
};

int tx_create(struct tx *tx, size_t max_data);
void tx_destroy(struct tx *tx);
void tx_clear(struct tx *tx);
/* Room for a reply: its payload starts here and may have REPLY_SPACE bytes. */
uint8_t *tx_begin(struct tx *tx);
/*
 * Queue the reply begun: header, payload in place, tail, descriptors.  May send.  0, or -errno if
 * the connection is lost.
 */
int tx_end(struct tx *tx, int fd, const struct vu_header *header, const struct reply *reply);
/* Send what waits: 0: all gone; -EAGAIN: the client must read first; else the connection is lost.
 */
int tx_flush(struct tx *tx, int fd);
static inline bool tx_waiting(const struct tx *tx)
{
	return tx->start != tx->end;
}

/* ---- socket.c */

struct conn {
	int fd;        /* -1: no client */
	bool broken;   /* nothing more is received or sent; closed as soon as no handler runs */
	bool clogged;  /* replies wait for the client to read: nothing is served meanwhile */
	bool attached; /* by mdl_attach(): the only client there will be */
	bool left;     /* the attached client has gone */
	struct conn_limits limits;
	struct rx rx[2]; /* one receives while a message in the other is being served */
	struct rx *active;
	struct rx *pinned; /* holds the message being served; or NULL */
	struct rx twin;    /* replies that arrive on the twin socket; set up with it */
	struct tx tx;
	size_t max_message;
	uint32_t max_queued;
	uint16_t next_id;
	bool yielding;   /* requests are served inside a call to the client; replies go out at once */
	bool waits_for_us; /* learnt: the client serves our calls only after its own are answered */
	bool given_up;   /* a call was: there are none until the next request has been served */
	uint8_t aside[REPLY_SPACE]; /* replies of that time are built here */
	uint32_t events; /* what the loop watches the socket for */
};

/* Serve a client on this socket, which becomes the connection's also on error. */
int conn_open(struct mdl_dev *dev, int fd, bool attached);
/* End the connection, for a reason that is logged; the client is gone as soon as no handler runs.
 */
void conn_break(struct mdl_dev *dev, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* recvmsg failed or ended: break the connection with what is to be said about it. */
void conn_receive_failed(struct mdl_dev *dev, const struct rx *rx, ssize_t result);
/*
 * Receive, serve and answer.  block: may wait for the client as long as CONN_LINGER_MS.
 * How many messages were served; -EAGAIN: nothing came.
 */
int conn_receive(struct mdl_dev *dev, bool block);
/* Serve what was received already, send what waits, close if broken.  How many messages. */
int conn_serve(struct mdl_dev *dev);
/* Is no client there?  One that has hung up is served its last messages first, and let go. */
bool conn_left(struct mdl_dev *dev);
/* May conn_receive() be used now? */
bool conn_receiving(const struct mdl_dev *dev);
/* The attached client has come and gone, and no other will come. */
bool conn_over(const struct mdl_dev *dev);
/* What sending returned: 0, -EAGAIN (the client must read first), or the connection is lost. */
void conn_sent(struct mdl_dev *dev, int result);
/* Send a whole message now, past the queue, which is empty. */
void conn_send_now(struct mdl_dev *dev, const struct vu_header *header, const struct reply *reply);
/* The reply point's: room for a payload of REPLY_SPACE bytes; queue it behind this header. */
uint8_t *conn_reply_begin(struct mdl_dev *dev);
void conn_reply_end(struct mdl_dev *dev, const struct vu_header *header, const struct reply *reply);
/* Begin to serve the client of a connection that another process had. */
int conn_watch(struct mdl_dev *dev);
/* Another process has the client now: forget it, and tell nobody. */
void conn_leave(struct mdl_dev *dev);
/* The twin socket was agreed: `fd` becomes the connection's. */
int conn_set_twin(struct mdl_dev *dev, int fd);
/* Sending may wait a little for a client that reads (in mdl_run(), not in mdl_poll()). */
void conn_set_patient(struct mdl_dev *dev, bool patient);

/* How long a receive may block; see loop.c. */
#define CONN_LINGER_MS 10

#endif
