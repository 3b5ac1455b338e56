# SPDX-License-Identifier: BSD-2-Clause
# vfu-conform, the conformance suite, and the tests that speak raw bytes to a real server.

CLIENT_O  := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/lib/*.c))
CONFORM_O := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out tests/wire/test_%,$(wildcard tests/wire/*.c)))
WIRE_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/wire/test_*.c))

$(BUILD)/bin/vfu-conform: $(CONFORM_O) $(CLIENT_O)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ -ljson-c
$(WIRE_TESTS:$(BUILD)/%=$(BUILD)/obj/%.o): INCLUDES = $(TEST_INCLUDES) -I$(GEN)/devices/mdltest
$(WIRE_TESTS:$(BUILD)/%=$(BUILD)/obj/%.o): $(GEN)/devices/mdltest/mdltest.h
$(WIRE_TESTS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(CLIENT_O)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(CMOCKA)

TOOLS += $(BUILD)/bin/vfu-conform
TEST_BINS += $(WIRE_TESTS)
TESTS += tests/wire/run
