# SPDX-License-Identifier: BSD-2-Clause
# Speed, in ratios within one run.  Never a test.

BENCH := $(BUILD)/tests/bench/access
BENCH_MIGRATION := $(BUILD)/tests/bench/migration
BENCH_DEVICES   := $(patsubst %,$(BUILD)/bin/%,gpio-idio16 edu timer mdltest) $(BUILD)/tests/bench/window
$(BUILD)/obj/tests/bench/%.o: INCLUDES = -Itests -Iruntime
$(BENCH): $(BUILD)/obj/tests/bench/access.o $(BUILD)/obj/tests/lib/client.o $(BUILD)/obj/tests/lib/server.o
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^

$(BUILD)/tests/bench/measure: $(BUILD)/obj/tests/bench/measure.o
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^

$(BUILD)/obj/tests/bench/decode.o: INCLUDES = -Iruntime
$(BUILD)/tests/bench/decode: $(BUILD)/obj/tests/bench/decode.o $(LIBMDL)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(MDL_LIBS)

bench: $(MDLC) $(BENCH) $(BUILD)/tests/bench/measure $(BUILD)/tests/bench/decode $(BUILD)/bin/gpio-idio16 ## speed: of accesses, decode and mdlc (BUILD_TYPE=rel for true figures)
	$(Q)$(BENCH) $(BUILD)/bin/gpio-idio16
	$(Q)$(BUILD)/tests/bench/decode
	$(Q)BUILD=$(BUILD) tests/bench/mdlc

$(BENCH_MIGRATION): $(BUILD)/obj/tests/bench/migration.o $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/lib/*.c)) $(LIBMDL)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^
$(GEN)/tests/bench/window.c: tests/bench/window.mdl $(MDLC) $(SKELETONS)
	$(call say,MDLC,$<)
	@mkdir -p $(@D)
	$(Q)$(MDLC) -o $@ $< && touch $@
$(BUILD)/obj/tests/bench/window.o: $(GEN)/tests/bench/window.c $(FLAGS)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -c -o $@ $<
$(BUILD)/tests/bench/window: $(BUILD)/obj/tests/bench/window.o $(LIBMDL)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(MDL_LIBS)

.PHONY: bench-migration
bench-migration: $(BENCH_MIGRATION) $(BENCH_DEVICES) ## figures of migration and live upgrade, device by device
	$(Q)BUILD=$(BUILD) $(BENCH_MIGRATION)
