# SPDX-License-Identifier: BSD-2-Clause
# Tests of state that outlives a process: files, recorded streams, live upgrades.

MIGRATION_LIB   := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/lib/*.c))
MIGRATION_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/migration/test_*.c))

$(MIGRATION_TESTS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(MIGRATION_LIB)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(CMOCKA) -lpthread

TEST_BINS += $(MIGRATION_TESTS)
TESTS += $(MIGRATION_TESTS) tests/migration/compat
