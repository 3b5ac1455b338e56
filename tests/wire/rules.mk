# SPDX-License-Identifier: BSD-2-Clause
# vfu-conform, the conformance suite, and the tests that speak raw bytes to a real server.

CONFORM_O := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/wire/*.c) tests/lib/client.c tests/lib/server.c)
$(BUILD)/bin/vfu-conform: $(CONFORM_O)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^
TOOLS += $(BUILD)/bin/vfu-conform
TESTS += tests/wire/run
