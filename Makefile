# SPDX-License-Identifier: BSD-2-Clause
# GNU make; not recursive.  `make help` lists the targets, V=1 shows the commands.

MAKEFLAGS += -rR --no-print-directory
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

V          ?= 0
Q          := $(if $(filter 1,$(V)),,@)
say        = $(if $(filter 1,$(V)),,@printf '  %-8s %s\n' '$(1)' '$(2)')

VERSION    := 0.1.0
BUILD      ?= build
BUILD_TYPE ?= dbg
SANITIZE   ?= 0
PREFIX     ?= /usr/local
DESTDIR    ?=

ifeq ($(origin CC),default)
CC         := gcc
endif
ifeq ($(origin AR),default)
AR         := ar
endif
CC         ?= gcc
AR         ?= ar
FLEX       ?= flex
BISON      ?= bison
PKG_CONFIG ?= pkg-config
INSTALL    ?= install

ifeq ($(filter dbg rel,$(BUILD_TYPE)),)
$(error BUILD_TYPE is '$(BUILD_TYPE)'; it can be dbg or rel)
endif

# CFLAGS, CPPFLAGS and LDFLAGS are the user's; ours stand before them.
CFLAGS     ?= $(if $(filter rel,$(BUILD_TYPE)),-O2 -g,-Og -g)
MDL_CPPFLAGS := -D_GNU_SOURCE -Iruntime/include
MDL_CFLAGS := -std=gnu11 -Wall -Wextra -Wshadow -Wconversion -Wpedantic -Wstrict-prototypes \
              -Wmissing-prototypes -Wvla -fno-common -fPIC
# The pinned compiler of the tests only: somebody else's newer one must not fail on a new warning.
ifeq ($(WERROR),1)
MDL_CFLAGS += -Werror
endif
ifeq ($(BUILD_TYPE),rel)
MDL_CPPFLAGS += -DNDEBUG
endif
ifeq ($(SANITIZE),1)
MDL_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
MDL_LDFLAGS += -fsanitize=address,undefined
endif
ifeq ($(SANITIZE),thread)
MDL_CFLAGS += -fsanitize=thread -fno-omit-frame-pointer
MDL_LDFLAGS += -fsanitize=thread
endif
MDL_LIBS   := -ljson-c -lpthread
COMPILE    = $(CC) $(MDL_CPPFLAGS) $(INCLUDES) $(CPPFLAGS) $(MDL_CFLAGS) $(CFLAGS) -MMD -MP
LINK       = $(CC) $(MDL_CFLAGS) $(CFLAGS) $(MDL_LDFLAGS) $(LDFLAGS)

# Objects are made anew when the compiler or its flags change.
FLAGS_NOW  := $(CC) $(MDL_CPPFLAGS) $(CPPFLAGS) $(MDL_CFLAGS) $(CFLAGS) $(MDL_LDFLAGS) $(LDFLAGS)
FLAGS      := $(BUILD)/flags
ifneq ($(filter-out help deps clean,$(or $(MAKECMDGOALS),all)),)
$(shell mkdir -p $(BUILD); printf '%s\n' '$(FLAGS_NOW)' | cmp -s - $(FLAGS) || \
	printf '%s\n' '$(FLAGS_NOW)' > $(FLAGS))
endif

# mdlc finds its skeletons from its own place; not from a build folder somewhere else.
ifeq ($(wildcard $(BUILD)/../codegen/skel $(BUILD)/../../codegen/skel),)
export MDLC_SKELETONS := $(CURDIR)/codegen/skel
endif

# ---- what there is

GEN        := $(BUILD)/gen
MDLC       := $(BUILD)/bin/mdlc
LIBMDL     := $(BUILD)/lib/libmdl.a
LIBMDLC    := $(BUILD)/lib/libmdlc.a

RUNTIME_C  := $(wildcard runtime/*.c)
MDLC_C     := $(filter-out mdl/main.c,$(wildcard mdl/*.c codegen/*.c))
RUNTIME_O  := $(RUNTIME_C:%.c=$(BUILD)/obj/%.o)
MDLC_O     := $(MDLC_C:%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/gen/lexer.o $(BUILD)/obj/gen/grammar.o
SKELETONS  := $(wildcard codegen/skel/*)
DEVICES    := $(patsubst devices/%/,%,$(sort $(dir $(wildcard devices/*/*.mdl))))
DEVICE_BIN := $(DEVICES:%=$(BUILD)/bin/%)
UNIT_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
TESTS      :=
TOOLS      :=

.PHONY: all help deps check check-asan check-tsan check-threads check-valgrind check-qemu demo demo-qemu bench fuzz format \
	install clean tests tools devices
all: $(MDLC) $(LIBMDL) tools devices ## compiler, library, tools and devices (default)

include $(sort $(wildcard tests/*/rules.mk))

devices: $(DEVICE_BIN)
tools: $(TOOLS)

# ---- compiler

$(GEN)/grammar.c: mdl/grammar.y
	$(call say,BISON,$<)
	@mkdir -p $(@D)
	$(Q)$(BISON) -Wall -Werror -Wno-yacc --header=$(GEN)/grammar.h -o $@ $<
$(GEN)/grammar.h: $(GEN)/grammar.c ;
$(GEN)/lexer.c: mdl/lexer.l
	$(call say,FLEX,$<)
	@mkdir -p $(@D)
	$(Q)$(FLEX) -o $@ $<

# Generated parsers are compiled without the warnings that flex's and bison's own text draws.
$(BUILD)/obj/gen/%.o: $(GEN)/%.c $(GEN)/grammar.h $(FLAGS)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -Imdl -I$(GEN) -Wno-conversion -Wno-sign-conversion -Wno-shadow \
		-Wno-unused-function -Wno-missing-prototypes -Wno-pedantic -c -o $@ $<

$(BUILD)/obj/mdl/%.o $(BUILD)/obj/codegen/%.o: INCLUDES = -Imdl -Icodegen -I$(GEN)
$(MDLC_O) $(BUILD)/obj/mdl/main.o: | $(GEN)/grammar.h
$(BUILD)/obj/runtime/%.o: INCLUDES = -Iruntime
$(BUILD)/obj/runtime/%.o: MDL_CPPFLAGS += -DMDL_NO_AUTHOR_MACROS

$(BUILD)/obj/%.o: %.c $(FLAGS)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -c -o $@ $<

$(LIBMDL): $(RUNTIME_O)
$(LIBMDLC): $(MDLC_O)
%.a:
	$(call say,AR,$@)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(MDLC): $(BUILD)/obj/mdl/main.o $(LIBMDLC)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ -ljson-c

# ---- devices: X.mdl and, if there is one, X_logic.c beside it

# Where functions are undefined, the linker does not say what would define them.
unlinked = || { echo "  if functions are undefined: $(MDLC) --stubs $(1) prints those that $(1:.mdl=_logic.c) lacks"; exit 1; } >&2

# Generated C is held to the same warnings as ours.  The header is included by its place: an older one that
# `mdlc X.mdl -o X.c` left beside the logic would be found first, and disagree with the tables.
define device_rules
$(GEN)/$(1)/$(2).c: $(3)/$(2).mdl $(MDLC) $(SKELETONS)
	$$(call say,MDLC,$$<)
	@mkdir -p $$(@D)
	$(Q)$(MDLC) -MD -MP -MT $$@ -MF $$(@:.c=.mdl.d) -o $$@ $$< && touch $$@
$(GEN)/$(1)/$(2).h: $(GEN)/$(1)/$(2).c ;
$(BUILD)/obj/$(1)/$(2).o: $(GEN)/$(1)/$(2).c $(wildcard $(3)/$(2)_logic.h) $(FLAGS)
	$$(call say,CC,$$<)
	@mkdir -p $$(@D)
	$(Q)$$(COMPILE) -I$(3) -c -o $$@ $$<
$(BUILD)/obj/$(1)/$(2)_logic.o: $(3)/$(2)_logic.c $(GEN)/$(1)/$(2).h $(FLAGS)
	$$(call say,CC,$$<)
	@mkdir -p $$(@D)
	$(Q)$$(COMPILE) -include $(GEN)/$(1)/$(2).h -I$(GEN)/$(1) -Wno-unused-parameter -Wno-missing-prototypes -c -o $$@ $$<
-include $(wildcard $(GEN)/$(1)/*.d) $(wildcard $(BUILD)/obj/$(1)/*.d)
endef
device_objects = $(BUILD)/obj/$(1)/$(2).o $(patsubst %,$(BUILD)/obj/$(1)/$(2)_logic.o,$(wildcard $(3)/$(2)_logic.c))

$(foreach d,$(DEVICES),$(eval $(call device_rules,devices/$(d),$(d),devices/$(d))))
define device_link
$(BUILD)/bin/$(1): $(call device_objects,devices/$(1),$(1),devices/$(1)) $(LIBMDL)
.PHONY: $(1)
$(1): $(BUILD)/bin/$(1)
endef
$(foreach d,$(DEVICES),$(eval $(call device_link,$(d))))
$(DEVICE_BIN):
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(MDL_LIBS) $(call unlinked,devices/$(@F)/$(@F).mdl)

# `make mydev` for a mydev.mdl in this folder.
LOCAL      := $(basename $(wildcard *.mdl))
$(foreach d,$(LOCAL),$(eval $(call device_rules,local,$(d),.)))
$(foreach d,$(LOCAL),$(eval $(d): $(call device_objects,local,$(d),.) $(LIBMDL)))
$(LOCAL):
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(MDL_LIBS) $(call unlinked,$@.mdl)

# ---- tests

CMOCKA     = $(shell $(PKG_CONFIG) --libs cmocka)
TEST_INCLUDES := -Imdl -Icodegen -Iruntime -I$(GEN) -Itests
$(BUILD)/obj/tests/%.o: INCLUDES = $(TEST_INCLUDES)
$(UNIT_TESTS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(LIBMDL) $(LIBMDLC)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(CMOCKA) $(MDL_LIBS)
$(UNIT_TESTS:$(BUILD)/%=$(BUILD)/obj/%.o): | $(GEN)/grammar.h

tests: all $(UNIT_TESTS) $(TEST_BINS)
check: tests ## build and run all tests but those with QEMU
	$(Q)BUILD=$(BUILD) CC='$(CC)' SANITIZE=$(SANITIZE) tests/run $(UNIT_TESTS) $(TESTS)
check-asan: ## the same under AddressSanitizer and UndefinedBehaviorSanitizer
	$(Q)$(MAKE) BUILD=$(BUILD)/asan SANITIZE=1 check
# What runs threads and synchronizes them with more than a socket, which ThreadSanitizer does not see.
THREAD_TESTS := $(addprefix $(BUILD)/tests/unit/test_,threads loop call sigbus)
check-threads: $(THREAD_TESTS)
	$(Q)BUILD=$(BUILD) tests/run $(THREAD_TESTS)
check-tsan: ## tests with several threads, under ThreadSanitizer
	$(Q)$(MAKE) BUILD=$(BUILD)/tsan SANITIZE=thread check-threads
check-valgrind: tests ## unit tests under valgrind
	$(Q)BUILD=$(BUILD) tests/run --valgrind $(UNIT_TESTS)

# ---- the rest

deps: ## install the Debian packages that are missing (as root)
	$(Q)./deps.sh

format: ## clang-format all C sources
	$(Q)git ls-files '*.c' '*.h' | xargs clang-format -i

INSTALLED  := $(MDLC) $(BUILD)/bin/mdl-dump-stream $(BUILD)/bin/vfu-conform
install: $(INSTALLED) $(LIBMDL) ## install to $(DESTDIR)$(PREFIX)
	$(Q)$(INSTALL) -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig \
		$(DESTDIR)$(PREFIX)/include $(DESTDIR)$(PREFIX)/share/mdl
	$(Q)$(INSTALL) -m 755 $(INSTALLED) $(DESTDIR)$(PREFIX)/bin/
	$(Q)$(INSTALL) -m 644 $(LIBMDL) $(DESTDIR)$(PREFIX)/lib/
	$(Q)$(INSTALL) -m 644 runtime/include/mdl.h $(DESTDIR)$(PREFIX)/include/
	$(Q)$(INSTALL) -m 644 $(SKELETONS) $(DESTDIR)$(PREFIX)/share/mdl/
	$(Q)sed -e 's,@PREFIX@,$(PREFIX),g' -e 's,@VERSION@,$(VERSION),g' runtime/mdl.pc.in \
		> $(DESTDIR)$(PREFIX)/lib/pkgconfig/mdl.pc
	$(Q)sed -e 's,@PREFIX@,$(PREFIX),g' codegen/mdl.mk.in > $(DESTDIR)$(PREFIX)/share/mdl/mdl.mk
	$(Q)chmod 644 $(DESTDIR)$(PREFIX)/lib/pkgconfig/mdl.pc $(DESTDIR)$(PREFIX)/share/mdl/mdl.mk

clean: ## remove build/ (downloads in .cache/ stay)
	$(Q)rm -rf $(BUILD)

help: ## this list
	@awk '{ sub(/\r$$/, ""); line = line $$0 } sub(/\\$$/, "", line) { next } \
		line ~ /^[a-z][a-z-]*:.*## / { name = line; sub(/:.*/, "", name); sub(/.*## /, "", line); \
			printf "  %-16s %s\n", name, line } { line = "" }' $(MAKEFILE_LIST) | sort -u
	@echo "  make mydev       builds ./mydev from mydev.mdl (and mydev_logic.c, if there is one)"

-include $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/obj/*/*/*.d)
