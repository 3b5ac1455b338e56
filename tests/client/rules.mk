# SPDX-License-Identifier: BSD-2-Clause
# mdl-client, which walks through the protocol and migrates, against devices/timer.

SAMPLE_O := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/client/*.c) $(wildcard tests/lib/*.c))

$(BUILD)/bin/mdl-client: $(SAMPLE_O)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ -lpthread

TOOLS += $(BUILD)/bin/mdl-client
TESTS += tests/client/run
