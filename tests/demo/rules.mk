# SPDX-License-Identifier: BSD-2-Clause
# `make demo`: our own small client against a device.  It links the device's tables, for their names.

DEMO   := $(BUILD)/tests/demo/demo
DEMO_O := $(patsubst %,$(BUILD)/obj/tests/%.o,demo/demo lib/client lib/server) \
	  $(BUILD)/obj/tests/demo/gpio-idio16.o $(BUILD)/obj/devices/gpio-idio16/gpio-idio16_logic.o

$(BUILD)/obj/tests/demo/demo.o $(BUILD)/obj/tests/demo/gpio-idio16.o: \
	INCLUDES = -Itests -I$(GEN)/devices/gpio-idio16 -Idevices/gpio-idio16
$(BUILD)/obj/tests/demo/demo.o: $(GEN)/devices/gpio-idio16/gpio-idio16.h
$(BUILD)/obj/tests/demo/gpio-idio16.o: $(GEN)/devices/gpio-idio16/gpio-idio16.c $(FLAGS)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -DMDL_NO_MAIN -c -o $@ $<

$(DEMO): $(DEMO_O) $(LIBMDL)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(MDL_LIBS)

demo: all $(DEMO) ## start a device and talk to it with our own client
	$(Q)$(DEMO) $(BUILD)/bin/gpio-idio16
