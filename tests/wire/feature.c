// SPDX-License-Identifier: BSD-2-Clause
/* DEVICE_FEATURE in general, and the states of migration. */
#include "conform.h"

#include <string.h>

#define GET       VU_FEATURE_GET
#define SET       VU_FEATURE_SET
#define PROBE     VU_FEATURE_PROBE
#define MIGRATION ((uint32_t)VU_FEATURE_MIGRATION)
#define STATE     ((uint32_t)VU_FEATURE_MIG_DEVICE_STATE)

/* The migration flags; 0 if the device cannot migrate. */
static uint64_t migration_flags(struct probe *probe)
{
	uint64_t flags = 0;

	return client_feature(&probe->client, GET | MIGRATION, NULL, 0, &flags, 8) == 8 ? flags : 0;
}

static bool refused(struct probe *probe, uint32_t flags, const void *data, size_t size)
{
	uint8_t payload[64] = {0};
	struct vu_feature head = {64, flags};

	memcpy(payload, &head, sizeof(head));
	if (size)
		memcpy(payload + sizeof(head), data, size);
	if (conform_refuses(probe, VU_DEVICE_FEATURE, payload, sizeof(head) + size, NULL, 0))
		return true;
	conform_fail(probe, "flags 0x%x with %zu bytes of data: not refused", flags, size);
	return false;
}

static enum verdict probes(struct probe *probe)
{
	static const uint32_t flags[] = {PROBE | MIGRATION,   PROBE | GET | MIGRATION,
					 PROBE | STATE,       PROBE | GET | STATE,
					 PROBE | SET | STATE, PROBE | GET | SET | STATE};

	APPLIES_IF(probe, migration_flags(probe), "the device cannot migrate");
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct vu_feature request = {8, flags[i]}, reply;
		ssize_t n = client_call(&probe->client, VU_DEVICE_FEATURE, &request, 8, &reply,
					sizeof(reply));

		REQUIRE(probe, n == 8, "PROBE 0x%x: %zd", flags[i], n);
		REQUIRE(probe, reply.flags == flags[i], "the reply to PROBE 0x%x has flags 0x%x",
			flags[i], reply.flags);
	}
	return HOLDS;
}

static enum verdict unsupported(struct probe *probe)
{
	static const uint32_t indices[] = {0, 3, 9, 100, 0xffff};

	for (size_t i = 0; i < sizeof(indices) / sizeof(indices[0]); i++)
		if (!refused(probe, GET | indices[i], NULL, 0) ||
		    !refused(probe, SET | indices[i], NULL, 0) ||
		    !refused(probe, PROBE | indices[i], NULL, 0) ||
		    !refused(probe, PROBE | GET | indices[i], NULL, 0))
			return FAILS;
	return HOLDS;
}

static enum verdict wrong_methods(struct probe *probe)
{
	struct vu_mig_device_state stop = {VU_MIG_STOP, 0};

	APPLIES_IF(probe, migration_flags(probe), "the device cannot migrate");
	if (!refused(probe, GET | SET | STATE, &stop, 8) ||
	    !refused(probe, SET | MIGRATION, &stop, 8) ||
	    !refused(probe, PROBE | SET | MIGRATION, NULL, 0) || !refused(probe, STATE, NULL, 0) ||
	    !refused(probe, MIGRATION, NULL, 0))
		return FAILS;
	REQUIRE(probe, client_mig_get(&probe->client) == VU_MIG_RUNNING, "the state changed");
	return HOLDS;
}

static enum verdict data_cut(struct probe *probe)
{
	static const uint32_t stop[2] = {VU_MIG_STOP, 0};

	APPLIES_IF(probe, migration_flags(probe), "the device cannot migrate");
	for (size_t size = 0; size < 8; size++)
		if (!refused(probe, SET | STATE, stop, size))
			return FAILS;
	return HOLDS;
}

static enum verdict migration_feature(struct probe *probe)
{
	uint64_t flags = migration_flags(probe);

	APPLIES_IF(probe, flags, "the device cannot migrate");
	REQUIRE(probe, flags & VU_MIGRATION_STOP_COPY, "flags 0x%llx lack STOP_COPY",
		(unsigned long long)flags);
	REQUIRE(probe, !(flags & ~UINT64_C(7)), "flags 0x%llx: unknown ones",
		(unsigned long long)flags);
	REQUIRE(probe, client_mig_get(&probe->client) == VU_MIG_RUNNING,
		"a device starts in state %d", client_mig_get(&probe->client));
	return HOLDS;
}

static enum verdict get_argsz(struct probe *probe)
{
	struct vu_feature request = {16, GET | STATE};
	uint8_t reply[64];

	APPLIES_IF(probe, migration_flags(probe), "the device cannot migrate");
	ssize_t n = client_call(&probe->client, VU_DEVICE_FEATURE, &request, sizeof(request), reply,
				sizeof(reply));
	uint32_t argsz;

	memcpy(&argsz, reply, 4);
	REQUIRE(probe, n == 16 && argsz == 16, "GET: %zd bytes, argsz %u", n, argsz);
	request.argsz = 8;
	n = client_call(&probe->client, VU_DEVICE_FEATURE, &request, sizeof(request), reply,
			sizeof(reply));
	REQUIRE(probe, n <= 8, "GET with an argsz of 8 was answered with %zd bytes", n);
	return HOLDS;
}

/* ---- states */

static const char *const states[] = {"ERROR",    "STOP",        "RUNNING", "STOP_COPY",
				     "RESUMING", "RUNNING_P2P", "PRE_COPY"};

/* Go through some states; the first that is refused, or not the state afterwards, fails. */
static bool walk(struct probe *probe, const uint32_t *path, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int rc = client_mig_set(&probe->client, path[i]), now;

		if (rc < 0) {
			conform_fail(probe, "%s -> %s was refused (%d)",
				     i ? states[path[i - 1]] : "RUNNING", states[path[i]], rc);
			return false;
		}
		now = client_mig_get(&probe->client);
		if (now != (int)path[i]) {
			conform_fail(probe, "the state is %d after a change to %s", now,
				     states[path[i]]);
			return false;
		}
	}
	return true;
}

#define WALK(probe, ...)                             \
	walk(probe, (const uint32_t[]){__VA_ARGS__}, \
	     sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

/* Whatever the row did, leave a running device behind. */
static enum verdict home(struct probe *probe, bool good)
{
	if (client_mig_set(&probe->client, VU_MIG_RUNNING) < 0)
		client_reset(&probe->client);
	return good ? HOLDS : FAILS;
}

static enum verdict direct_arcs(struct probe *probe)
{
	APPLIES_IF(probe, migration_flags(probe), "the device cannot migrate");
	return home(probe, WALK(probe, VU_MIG_STOP, VU_MIG_RUNNING, VU_MIG_STOP, VU_MIG_STOP_COPY,
				VU_MIG_STOP, VU_MIG_STOP_COPY, VU_MIG_STOP, VU_MIG_RESUMING));
}

static enum verdict pre_copy_arcs(struct probe *probe)
{
	APPLIES_IF(probe, migration_flags(probe) & VU_MIGRATION_PRE_COPY,
		   "the device has no PRE_COPY");
	return home(probe, WALK(probe, VU_MIG_PRE_COPY, VU_MIG_RUNNING, VU_MIG_PRE_COPY,
				VU_MIG_STOP_COPY, VU_MIG_STOP, VU_MIG_RUNNING));
}

static enum verdict far_states(struct probe *probe)
{
	APPLIES_IF(probe, migration_flags(probe), "the device cannot migrate");
	return home(probe, WALK(probe, VU_MIG_STOP_COPY, VU_MIG_RUNNING, VU_MIG_STOP_COPY,
				VU_MIG_RESUMING));
}

static enum verdict far_resuming(struct probe *probe)
{
	APPLIES_IF(probe, migration_flags(probe), "the device cannot migrate");
	return home(probe, WALK(probe, VU_MIG_RESUMING));
}

static enum verdict far_pre_copy(struct probe *probe)
{
	APPLIES_IF(probe, migration_flags(probe) & VU_MIGRATION_PRE_COPY,
		   "the device has no PRE_COPY");
	return home(probe, WALK(probe, VU_MIG_STOP, VU_MIG_PRE_COPY, VU_MIG_STOP, VU_MIG_PRE_COPY,
				VU_MIG_RESUMING));
}

static enum verdict nop_arcs(struct probe *probe)
{
	APPLIES_IF(probe, migration_flags(probe), "the device cannot migrate");
	return home(probe, WALK(probe, VU_MIG_RUNNING, VU_MIG_RUNNING, VU_MIG_STOP, VU_MIG_STOP,
				VU_MIG_STOP_COPY, VU_MIG_STOP_COPY));
}

static bool refuses_state(struct probe *probe, uint32_t state)
{
	struct vu_mig_device_state set = {state, UINT32_MAX};
	int before = client_mig_get(&probe->client), after;

	if (!refused(probe, SET | STATE, &set, sizeof(set))) {
		conform_fail(probe, "state 0x%x was accepted in state %d", state, before);
		return false;
	}
	after = client_mig_get(&probe->client);
	if (after == before)
		return true;
	conform_fail(probe, "a refused change to 0x%x led from state %d to %d", state, before,
		     after);
	return false;
}

static enum verdict no_such_state(struct probe *probe)
{
	static const uint32_t bad[] = {0,  5,   7,   8,           9,           63,
				       64, 255, 256, 0x80000000u, 0x80000002u, UINT32_MAX};
	bool good = true;

	APPLIES_IF(probe, migration_flags(probe), "the device cannot migrate");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]) && good; i++)
		good = refuses_state(probe, bad[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]) && good; i++)
		good = client_mig_set(&probe->client, VU_MIG_STOP) == 0 &&
		       refuses_state(probe, bad[i]);
	return home(probe, good);
}

static enum verdict back_to_pre_copy(struct probe *probe)
{
	APPLIES_IF(probe, migration_flags(probe), "the device cannot migrate");
	return home(probe, WALK(probe, VU_MIG_STOP_COPY) && refuses_state(probe, VU_MIG_PRE_COPY));
}

static enum verdict reset_runs(struct probe *probe)
{
	static const uint32_t from[] = {VU_MIG_STOP, VU_MIG_STOP_COPY, VU_MIG_RESUMING};

	APPLIES_IF(probe, migration_flags(probe), "the device cannot migrate");
	for (size_t i = 0; i < 3; i++) {
		if (!WALK(probe, from[i]))
			return home(probe, false);
		REQUIRE(probe, client_reset(&probe->client) == 0, "RESET in %s failed",
			states[from[i]]);
		int state = client_mig_get(&probe->client);

		REQUIRE(probe, state == VU_MIG_RUNNING, "RESET led from %s to state %d",
			states[from[i]], state);
	}
	return HOLDS;
}

static enum verdict access_in_stop(struct probe *probe)
{
	uint64_t old, value;

	APPLIES_IF(probe, migration_flags(probe), "the device cannot migrate");
	if (!WALK(probe, VU_MIG_STOP))
		return home(probe, false);
	bool good = client_get(&probe->client, VU_REGION_CONFIG, 0x3c, 1, &old) == 0 &&
		    client_put(&probe->client, VU_REGION_CONFIG, 0x3c, 1, 0x77) == 0 &&
		    client_get(&probe->client, VU_REGION_CONFIG, 0x3c, 1, &value) == 0 &&
		    value == 0x77 &&
		    client_put(&probe->client, VU_REGION_CONFIG, 0x3c, 1, old) == 0;

	if (!good)
		conform_fail(probe, "config space cannot be read and written in STOP");
	return home(probe, good);
}

static enum verdict leaves_in_any_state(struct probe *probe)
{
	static const uint32_t in[] = {VU_MIG_STOP, VU_MIG_STOP_COPY, VU_MIG_RESUMING,
				      VU_MIG_PRE_COPY};
	uint64_t flags = migration_flags(probe);
	size_t n = flags & VU_MIGRATION_PRE_COPY ? 4 : 3;

	APPLIES_IF(probe, flags, "the device cannot migrate");
	for (size_t i = 0; i < n; i++) {
		if (!WALK(probe, in[i]))
			return home(probe, false);
		REQUIRE(probe, conform_serves_next(probe), "no service after a client left in %s",
			states[in[i]]);
		int state = client_mig_get(&probe->client);

		REQUIRE(probe, state >= 0 && state <= VU_MIG_PRE_COPY, "the next finds state %d",
			state);
		home(probe, true);
		REQUIRE(probe, client_mig_get(&probe->client) == VU_MIG_RUNNING,
			"the next cannot make it run again");
	}
	return HOLDS;
}

#define SPEC "vfio-user specification, VFIO_USER_DEVICE_FEATURE"
#define MIG  "vfio-user specification, VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE"
const struct row rows_feature[] = {
	{"feature: PROBE is answered with its request", SPEC ", Reply", 0, probes},
	{"feature: unknown ones are refused", SPEC, 0, unsupported},
	{"feature: GET with SET, neither, or the wrong one is refused", SPEC, 0, wrong_methods},
	{"feature: SET with less data than the feature's is refused", SPEC, 0, data_cut},
	{"feature: MIGRATION has STOP_COPY, and the device is running", SPEC ", MIGRATION", 0,
	 migration_feature},
	{"feature: GET gives argsz, and no more than it asks for", SPEC ", Reply", 0, get_argsz},
	{"states: RUNNING, STOP, STOP_COPY, RESUMING", MIG, 0, direct_arcs},
	{"states: PRE_COPY to RUNNING and to STOP_COPY", MIG, 0, pre_copy_arcs},
	{"states: far ones by way of STOP", "Complex State Transitions", 0, far_states},
	{"states: RUNNING to RESUMING", "Complex State Transitions", 0, far_resuming},
	{"states: to and from PRE_COPY by way of RUNNING", "Complex State Transitions", 0,
	 far_pre_copy},
	{"states: to stay is allowed", "linux/vfio.h, as VFIO's", ROW_OURS, nop_arcs},
	{"states: what is no state, and ERROR, are refused", MIG, 0, no_such_state},
	{"states: STOP_COPY to PRE_COPY is refused", MIG, 0, back_to_pre_copy},
	{"states: RESET leads to RUNNING", MIG, 0, reset_runs},
	{"states: regions are accessible in STOP", MIG, 0, access_in_stop},
	{"states: a client may leave in any of them", "Client Disconnection", 0,
	 leaves_in_any_state},
	{0},
};
