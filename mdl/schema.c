/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hash of what migrates: names and shapes, in the model's order.  Documentation, offsets,
 * access and behaviour do not count, nor what is transient.
 */
#include "resolve.h"

static uint64_t add_byte(uint64_t hash, unsigned char byte)
{
	return (hash ^ byte) * 1099511628211u;
}

static uint64_t add_number(uint64_t hash, uint64_t n)
{
	for (int i = 0; i < 8; i++)
		hash = add_byte(hash, (unsigned char)(n >> 8 * i));
	return hash;
}

/* With its end, so that "a" "bc" and "ab" "c" differ. */
static uint64_t add_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = add_byte(hash, (unsigned char)*text);
	return add_byte(hash, 0);
}

static uint64_t add_dims(uint64_t hash, unsigned ndims, const struct m_dim *dims)
{
	hash = add_number(hash, ndims);
	for (unsigned i = 0; i < ndims; i++)
		hash = add_number(hash, dims[i].count);
	return hash;
}

/* What has been there from the beginning hashes as it did before there was `since` for it. */
static uint64_t add_since(uint64_t hash, uint32_t since)
{
	return since > 1 ? add_number(add_byte(hash, 's'), since) : hash;
}

static uint64_t add_registers(uint64_t hash, const struct model *model)
{
	for (unsigned i = 0; i < model->nregs; i++) {
		const struct m_reg *reg = model->regs[i];

		if (reg->alias_of || reg->doorbell)
			continue;
		hash = add_text(add_byte(hash, 'r'), reg->path);
		hash = add_number(hash, reg->width);
		hash = add_dims(hash, reg->ndims, reg->dims);
		hash = add_since(hash, reg->since);
	}
	for (unsigned i = 0; i < model->nintrs; i++) {
		hash = add_text(add_byte(hash, 'i'), model->intrs[i]->path);
		hash = add_number(hash, model->intrs[i]->width);
		hash = add_dims(hash, model->intrs[i]->ndims, model->intrs[i]->dims);
		hash = add_since(hash, model->intrs[i]->since);
	}
	return hash;
}

static uint64_t add_rams(uint64_t hash, const struct model *model)
{
	for (unsigned i = 0; i < model->nbars; i++)
		for (unsigned j = 0; j < model->bars[i].nrams; j++) {
			const struct m_ram *ram = &model->bars[i].rams[j];

			if (ram->transient)
				continue;
			hash = add_text(add_byte(hash, 'm'), ram->path);
			hash = add_number(hash, ram->size);
			hash = add_dims(hash, ram->ndims, ram->dims);
			hash = add_since(hash, ram->since);
		}
	return hash;
}

static uint64_t add_layout(uint64_t hash, const struct m_layout *layout)
{
	hash = add_number(hash, layout->size);
	for (unsigned i = 0; i < layout->nmembers; i++) {
		const struct m_member *member = &layout->members[i];

		hash = add_text(hash, member->name);
		hash = add_number(hash, member->offset);
		hash = add_number(hash, member->size);
		hash = add_number(hash, member->count);
		if (member->layout)
			hash = add_layout(hash, member->layout);
	}
	return hash;
}

static uint64_t add_vars(uint64_t hash, const struct model *model)
{
	for (unsigned i = 0; i < model->nvars; i++) {
		const struct m_var *var = &model->vars[i];

		if (var->transient)
			continue;
		hash = add_text(add_byte(hash, 'v'), var->name);
		hash = add_number(hash, (uint64_t)var->type);
		hash = add_number(hash, var->size);
		hash = add_number(hash, var->ndims);
		for (unsigned j = 0; j < var->ndims; j++)
			hash = add_number(hash, var->dims[j]);
		hash = add_number(hash, var->bounded);
		hash = add_number(hash, var->since);
		hash = add_number(hash, var->until);
		if (var->section >= 0)
			hash = add_text(hash, model->sections[var->section].name);
		if (var->layout)
			hash = add_layout(hash, var->layout);
	}
	return hash;
}

uint64_t schema_hash(const struct model *model)
{
	uint64_t hash = add_text(14695981039346656037u, model->name);

	hash = add_registers(hash, model);
	hash = add_rams(hash, model);
	for (unsigned i = 0; i < model->ntimers; i++) {
		const struct m_timer *timer = &model->timers[i];

		if (timer->transient)
			continue;
		hash = add_text(add_byte(hash, 't'), timer->name);
		hash = add_number(hash, timer->count);
		hash = add_number(hash, timer->realtime);
		hash = add_since(hash, timer->since);
	}
	hash = add_vars(hash, model);
	hash = add_number(hash, model->irq_total);
	hash = add_number(hash, model->pci.msi_vectors);
	return add_number(hash, model->pci.msix_vectors);
}
