# SPDX-License-Identifier: BSD-2-Clause
# State that outlives a process: files, recorded streams, other versions, live upgrades.

MIGRATION_LIB   := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/lib/*.c) tests/migration/upgrade_rig.c)
MIGRATION_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/migration/test_*.c))
# Two versions of one device.
GAUGES          := $(BUILD)/tests/migration/gauge1 $(BUILD)/tests/migration/gauge2

$(MIGRATION_TESTS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(MIGRATION_LIB) $(LIBMDL)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(CMOCKA) $(MDL_LIBS)

$(BUILD)/bin/mdl-dump-stream: $(BUILD)/obj/tests/migration/dump.o $(LIBMDL)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^

# What --check-compat is tried with: base and each change of it.
PAIRS := $(patsubst tests/migration/pairs/%.sed,$(BUILD)/tests/migration/pairs/%,$(wildcard tests/migration/pairs/*.sed)) \
	$(BUILD)/tests/migration/pairs/base

$(GEN)/tests/migration/pairs/%.mdl: tests/migration/pairs/%.sed tests/migration/pairs/base.mdl
	@mkdir -p $(@D)
	$(Q)sed -f $< tests/migration/pairs/base.mdl >$@
$(GEN)/tests/migration/pairs/base.mdl: tests/migration/pairs/base.mdl
	@mkdir -p $(@D)
	$(Q)cp $< $@
$(GEN)/tests/migration/pairs/%.c: $(GEN)/tests/migration/pairs/%.mdl $(MDLC) $(wildcard codegen/skel/*)
	$(call say,MDLC,$<)
	$(Q)$(MDLC) -Wno-irq-unused -Wno-unused-timer -Wno-woclr-unset -o $@ $< && touch $@

$(GEN)/tests/migration/%.c: tests/migration/%.mdl $(MDLC) $(wildcard codegen/skel/*)
	$(call say,MDLC,$<)
	@mkdir -p $(@D)
	$(Q)$(MDLC) -o $@ $< && touch $@
$(patsubst $(BUILD)/%,$(BUILD)/obj/%.o,$(GAUGES) $(PAIRS)): $(BUILD)/obj/tests/migration/%.o: \
		$(GEN)/tests/migration/%.c $(FLAGS)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -c -o $@ $<
$(GAUGES) $(PAIRS): $(BUILD)/%: $(BUILD)/obj/%.o $(LIBMDL)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(MDL_LIBS)

TOOLS += $(BUILD)/bin/mdl-dump-stream
TEST_BINS += $(MIGRATION_TESTS) $(GAUGES) $(PAIRS)
TESTS += $(MIGRATION_TESTS) tests/migration/compat
