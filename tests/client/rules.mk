# SPDX-License-Identifier: BSD-2-Clause
# mdl-client, which walks through the protocol and migrates, against devices/timer; and a client
# with other habits.

CLIENT_C   := $(filter-out tests/client/sample.c,$(wildcard tests/client/*.c)) $(wildcard tests/lib/*.c)
CLIENT_O   := $(CLIENT_C:%.c=$(BUILD)/obj/%.o)
SAMPLE_O   := $(patsubst %.c,$(BUILD)/obj/%.o,tests/client/sample.c tests/client/session.c \
		tests/client/walk.c $(wildcard tests/lib/*.c))

$(BUILD)/bin/mdl-client: $(CLIENT_O)
$(BUILD)/tests/client/sample: $(SAMPLE_O)
$(BUILD)/bin/mdl-client $(BUILD)/tests/client/sample:
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ -lpthread

TOOLS += $(BUILD)/bin/mdl-client
TEST_BINS += $(BUILD)/tests/client/sample
TESTS += tests/client/run $(BUILD)/tests/client/sample
