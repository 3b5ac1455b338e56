# SPDX-License-Identifier: BSD-2-Clause
# Speed, in ratios within one run.  Never a test.

BENCH := $(BUILD)/tests/bench/access
$(BUILD)/obj/tests/bench/%.o: INCLUDES = -Itests
$(BENCH): $(BUILD)/obj/tests/bench/access.o $(BUILD)/obj/tests/lib/client.o $(BUILD)/obj/tests/lib/server.o
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^

bench: $(MDLC) $(BENCH) $(BUILD)/bin/gpio-idio16 ## speed: of accesses and of mdlc (BUILD_TYPE=rel for true figures)
	$(Q)$(BENCH) $(BUILD)/bin/gpio-idio16
	$(Q)BUILD=$(BUILD) tests/bench/mdlc
