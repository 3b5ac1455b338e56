# SPDX-License-Identifier: BSD-2-Clause
# Tests with a real QEMU, and the demonstration in a booted Linux.

QEMU_LIB_O := $(patsubst %,$(BUILD)/obj/tests/qemu/%.o,child qtest qtest_pci qtest_qmp rig)
QEMU_TESTS := $(patsubst tests/qemu/%.c,$(BUILD)/tests/qemu/%,$(wildcard tests/qemu/test_*.c))
QEMU_GUEST := $(patsubst tests/qemu/guest/%.c,$(BUILD)/tests/qemu/%,$(wildcard tests/qemu/guest/*.c))
QEMU_TOOLS := $(BUILD)/tests/qemu/wait-socket $(QEMU_GUEST)

$(QEMU_TESTS): $(BUILD)/tests/qemu/%: $(BUILD)/obj/tests/qemu/%.o $(QEMU_LIB_O)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(CMOCKA) -ljson-c

$(BUILD)/tests/qemu/wait-socket: $(BUILD)/obj/tests/qemu/wait-socket.o \
		$(BUILD)/obj/tests/qemu/child.o
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^

# For the guest, which has no libraries: static, and without sanitizers.
$(QEMU_GUEST): $(BUILD)/tests/qemu/%: tests/qemu/guest/%.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -Wall -Wextra -Wconversion -Wpedantic -Wshadow -O1 -static -o $@ $<

check-qemu: $(QEMU_TESTS) $(QEMU_TOOLS) $(BUILD)/bin/gpio-idio16 $(BUILD)/bin/mdltest \
		$(BUILD)/bin/edu $(BUILD)/tests/migration/gauge1 \
		$(BUILD)/tests/migration/gauge2 ## tests with a real QEMU
	$(Q)BUILD=$(BUILD) tests/qemu/check $(QEMU_TESTS)

demo-qemu: $(QEMU_TOOLS) $(BUILD)/bin/gpio-idio16 ## boot Linux, its own driver drives a device
	$(Q)tests/qemu/fetch
	$(Q)BUILD=$(BUILD) tests/qemu/idio16-linux
