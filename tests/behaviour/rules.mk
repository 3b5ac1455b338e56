# SPDX-License-Identifier: BSD-2-Clause
# Devices that the compiler under test makes, each driven over the wire by a test of its own.

BEHAVIOUR       := $(basename $(notdir $(wildcard tests/behaviour/*.mdl)))
BEHAVIOUR_GEN   := $(GEN)/behaviour
BEHAVIOUR_BIN   := $(BEHAVIOUR:%=$(BUILD)/tests/behaviour/%)
BEHAVIOUR_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/behaviour/test_*.c))
behaviour_objects = $(BUILD)/obj/behaviour/$(1).o \
	$(patsubst tests/%.c,$(BUILD)/obj/%.o,$(wildcard tests/behaviour/$(1)_logic.c))

$(BEHAVIOUR_GEN)/%.c: tests/behaviour/%.mdl $(MDLC) $(SKELETONS)
	$(call say,MDLC,$<)
	@mkdir -p $(@D)
	$(Q)$(MDLC) -MD -MP -MT $@ -MF $(@:.c=.mdl.d) -o $@ $< && touch $@
$(BEHAVIOUR_GEN)/%.h: $(BEHAVIOUR_GEN)/%.c ;
$(BUILD)/obj/behaviour/%.o: $(BEHAVIOUR_GEN)/%.c $(FLAGS)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -c -o $@ $<
$(BUILD)/obj/behaviour/%_logic.o: tests/behaviour/%_logic.c $(BEHAVIOUR_GEN)/%.h $(FLAGS)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -I$(BEHAVIOUR_GEN) -c -o $@ $<
$(foreach d,$(BEHAVIOUR),$(eval $(BUILD)/tests/behaviour/$(d): $(call behaviour_objects,$(d)) $(LIBMDL)))
$(BEHAVIOUR_BIN):
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(MDL_LIBS)

$(BEHAVIOUR_TESTS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o \
		$(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/lib/*.c))
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(CMOCKA)

TEST_BINS += $(BEHAVIOUR_BIN) $(BEHAVIOUR_TESTS)
TESTS += $(BEHAVIOUR_TESTS)
-include $(wildcard $(BEHAVIOUR_GEN)/*.d)
