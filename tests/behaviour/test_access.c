// SPDX-License-Identifier: BSD-2-Clause
/*
 * Every kind of access against a model of one bit: reads and writes of all widths at all offsets,
 * also over a register's end, in an order by chance that is the same on every run.
 */
#include "made.h"

#include <errno.h>

enum sw { RW, RO, WO, NA, W1, RW1 };
enum on_write { PLAIN, WOCLR, WOSET, WOT, WZC, WZS, WZT, WCLR, WSET };
enum on_read { STAY, RCLR, RSET };

/* In access.mdl's order. */
static const struct kind {
	enum sw sw;
	enum on_write on_write;
	enum on_read on_read;
} kinds[] = {
	{RW, PLAIN, STAY}, {RO, PLAIN, STAY},  {WO, PLAIN, STAY}, {NA, PLAIN, STAY},
	{RW, WOCLR, STAY}, {RW, WOCLR, STAY},  {RW, WOSET, STAY}, {RW, WOSET, STAY},
	{RW, WOT, STAY},   {RW, WOT, STAY},    {RW, WZC, STAY},   {RW, WZC, STAY},
	{RW, WZS, STAY},   {RW, WZS, STAY},    {RW, WZT, STAY},   {RW, WZT, STAY},
	{RW, WCLR, STAY},  {RW, WSET, STAY},   {RO, PLAIN, RCLR}, {RO, PLAIN, RCLR},
	{RO, PLAIN, RSET}, {RO, PLAIN, RSET},  {W1, PLAIN, STAY}, {RW1, PLAIN, STAY},
	{WO, WOCLR, STAY}, {WO, WOSET, STAY},  {RW, PLAIN, RCLR}, {RW, PLAIN, RSET},
	{RO, PLAIN, RCLR}, {WO, WCLR, STAY},   {RW, WSET, STAY},  {RW, WOCLR, RSET},
	{RW, WOCLR, STAY}, {RW1, PLAIN, RCLR},
};

#define NKINDS 34
#define STEPS  6000
#define FILL   UINT64_C(0xa5c3f00d12345678)

/* All registers as they should be, by the offset's multiple of 8. */
struct model {
	uint64_t value[256], done[256];
};

static unsigned width_at(unsigned n)
{
	return 8u << n / 64;
}

static uint64_t width_mask(unsigned n)
{
	return UINT64_MAX >> (64 - width_at(n));
}

static void model_reset(struct model *model)
{
	for (unsigned n = 0; n < 256; n++) {
		model->value[n] = FILL & width_mask(n);
		model->done[n] = 0;
	}
}

static uint64_t model_read(struct model *model, unsigned n, uint64_t enabled)
{
	const struct kind *kind = &kinds[n % 64];
	const uint64_t value = model->value[n] & enabled;

	if (kind->on_read == RCLR)
		model->value[n] &= ~enabled;
	else if (kind->on_read == RSET)
		model->value[n] |= enabled;
	return kind->sw == WO || kind->sw == NA || kind->sw == W1 ? 0 : value;
}

static uint64_t written(const struct kind *kind, uint64_t old, uint64_t data)
{
	switch (kind->on_write) {
	case WOCLR:
		return old & ~data;
	case WOSET:
		return old | data;
	case WOT:
		return old ^ data;
	case WZC:
		return old & data;
	case WZS:
		return old | ~data;
	case WZT:
		return old ^ ~data;
	case WCLR:
		return 0;
	case WSET:
		return UINT64_MAX;
	default:
		return data;
	}
}

static void model_write(struct model *model, unsigned n, uint64_t data, uint64_t enabled)
{
	const struct kind *kind = &kinds[n % 64];
	const uint64_t old = model->value[n];

	if (kind->sw == RO || kind->sw == NA)
		return;
	if (kind->sw == W1 || kind->sw == RW1) {
		const uint64_t late = model->done[n];

		model->done[n] |= enabled;
		enabled &= ~late;
	}
	model->value[n] = (old & ~enabled) | (written(kind, old, data) & enabled);
}

/* xorshift64 */
static uint64_t chance(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* One access inside of a register's eight bytes, of which the upper may be a hole. */
static void step(struct made *made, struct model *model, uint64_t *seed)
{
	const unsigned n = (unsigned)(chance(seed) % 4 * 64 + chance(seed) % NKINDS);
	const unsigned size = 1u << chance(seed) % 4;
	const unsigned byte = (unsigned)(chance(seed) % (9 - size));
	const uint64_t touched = UINT64_MAX >> (64 - 8 * size);
	const uint64_t enabled = touched << 8 * byte & width_mask(n);

	if (chance(seed) % 2) {
		const uint64_t data = chance(seed) & touched;

		put(made, 0, 8 * n + byte, size, data);
		model_write(model, n, data << 8 * byte, enabled);
		return;
	}
	const uint64_t found = get(made, 0, 8 * n + byte, size);
	const uint64_t wanted = model_read(model, n, enabled) >> 8 * byte;

	if (found != wanted)
		fail_msg("A%u of %u bits, byte %u, %u bytes: 0x%llx, not 0x%llx", n % 64,
			 width_at(n), byte, size, (unsigned long long)found,
			 (unsigned long long)wanted);
}

static void any_access(void **state)
{
	struct made *made = *state;
	uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
	struct model model;

	model_reset(&model);
	for (int i = 0; i < STEPS; i++) {
		step(made, &model, &seed);
		if (i % 500 == 499) {
			assert_int_equal(client_reset(&made->client), 0);
			model_reset(&model);
		}
	}
}

/* Which widths a byte of BAR 1 takes, as a sum of them; a hole takes all. */
static unsigned widths_at(unsigned byte, bool write)
{
	static const struct {
		unsigned at, end, widths;
	} regs[] = {
		{0x04, 0x08, 4}, {0x08, 0x0a, 2 | 4}, {0x0a, 0x0c, 1},
		{0x10, 0x18, 8}, {0x18, 0x20, 4},     {0x20, 0x24, 4},
	};

	for (size_t i = 0; i < sizeof(regs) / sizeof(*regs); i++)
		if (regs[i].at <= byte && byte < regs[i].end)
			return regs[i].at == 0x20 && write ? 15 : regs[i].widths;
	return 15;
}

/* An access is one of a width that all registers take which it touches, or an error. */
static void widths_by_register(void **state)
{
	struct made *made = *state;

	for (unsigned i = 0; i < 2 * 4 * 64; i++) {
		const unsigned at = i % 64, size = 1u << i / 64 % 4;
		const bool write = i / 256;
		unsigned widths = 15;
		uint64_t value = 0;

		if (at + size > 64)
			continue;
		for (unsigned k = 0; k < size; k++)
			widths &= widths_at(at + k, write);
		const int rc = write ? client_put(&made->client, 1, at, size, value)
				     : client_get(&made->client, 1, at, size, &value);
		if (rc != (widths & size ? 0 : -(CLIENT_REMOTE + EINVAL)))
			fail_msg("%s of %u bytes at 0x%x: %d", write ? "write" : "read", size, at,
				 rc);
	}
	/* Halves of a register that is wider than its accesses. */
	put(made, 1, 0x18, 4, 0x11111111);
	put(made, 1, 0x1c, 4, 0x22222222);
	assert_int_equal(get(made, 1, 0x1c, 4), 0x22222222);
	assert_int_equal(get(made, 1, 0x18, 4), 0x11111111);
}

static int start(void **state)
{
	return made_start(state, "access", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(any_access, start, made_stop),
		cmocka_unit_test_setup_teardown(widths_by_register, start, made_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
