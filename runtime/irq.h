/* SPDX-License-Identifier: BSD-2-Clause */
/* What irq.c, irq_vfio.c, msix.c and intr.c share. */
#ifndef MDL_IRQ_H
#define MDL_IRQ_H

#include "private.h"

/* One interrupt as VFIO knows it: INTx, ERR and REQ have one, MSI and MSI-X one for each vector. */
struct vector {
	int fd;         /* eventfd, or -1 */
	bool masked;    /* by SET_IRQS; INTx also by having been signalled */
	bool triggered; /* the client's own trigger waits for the mask to go */
};

struct irq_index {
	struct vector *vectors;
	uint32_t count;
	uint32_t attached; /* how many have an eventfd */
};

/* A logical interrupt. */
struct irq {
	uint32_t vector;
	uint32_t causes; /* causes of `intr` blocks that hold it high */
	bool raised;     /* the author holds it high */
	bool level;      /* raised, or by causes */
	bool owed;       /* a message for its level could not be sent yet */
	bool pulse;      /* an event could not be sent yet */
};

enum irq_mode { IRQ_MODE_NONE, IRQ_MODE_INTX, IRQ_MODE_MSI, IRQ_MODE_MSIX };

/* An `intr` block: which of its causes are asserted, by element; bit i is cause i. */
struct intr_state {
	const struct mdl_intr *intr;
	uint64_t level_bits;
	uint64_t edge_bits;
	uint64_t *asserted;
};

struct irqs {
	struct irq *irqs;
	uint32_t count;
	uint32_t high;     /* how many levels are high */
	uint32_t pulses;   /* how many have `pulse` set */
	uint32_t triggers; /* how many vectors have `triggered` set */
	enum irq_mode mode;
	bool msi_wanted; /* this client has written to the MSI capability */
	struct irq_index index[VU_NUM_IRQS];
	int unmask_fd;       /* eventfd that unmasks INTx, or -1 */
	uint8_t *table;      /* MSI-X */
	bool *entry_written; /* the client keeps this entry here, so its mask bit counts */
	uint64_t *sent;      /* bitmap of vectors, used while owed messages are sent */
	struct intr_state *intrs;
	uint64_t aio; /* irq_signal.c: a context of asynchronous I/O; 0: there is none */
	bool aio_tried;
	int empty_fd;
};

/* irq.c */
/* A cause of an `intr` block begins or ends to hold irq high. */
void irq_cause(struct mdl_dev *dev, uint32_t irq, bool asserted);
/* Something was acknowledged and the level is still high: messages have to be sent anew. */
void irq_again(struct mdl_dev *dev, uint32_t irq);
/* The client triggers one vector. */
void irq_trigger(struct mdl_dev *dev, uint32_t index, uint32_t vector);
/* The vectors of the current mode that owe a message, or-ed into a bitmap. */
void irqs_pending(const struct mdl_dev *dev, uint64_t *bitmap);

/* irq_signal.c */
void irq_signal_create(struct irqs *irqs);
void irq_signal_destroy(struct irqs *irqs);
/* Never waits for the client. */
void irq_signal(struct irqs *irqs, int fd);

/* irq_vfio.c */
void irq_vfio_detach_all(struct mdl_dev *dev);

/* msix.c */
int msix_create(struct mdl_dev *dev);
void msix_destroy(struct irqs *irqs);
void msix_reset(struct mdl_dev *dev);
bool msix_entry_masked(const struct mdl_dev *dev, uint32_t vector);

/* irq_state.c: set-up, reset, and what migrates. */

/* intr.c */
int intrs_create(struct mdl_dev *dev);
void intrs_destroy(struct mdl_dev *dev);

#endif
