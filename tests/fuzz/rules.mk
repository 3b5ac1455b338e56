# SPDX-License-Identifier: BSD-2-Clause
# Fuzzers, with clang's libFuzzer, under AddressSanitizer and UndefinedBehaviorSanitizer: each tests/fuzz/fuzz_X.c.
#
#	make fuzz FUZZ_SECONDS=3600    each so long; finds are kept in build/fuzz/X, crashes in build/fuzz/X.crash-…
#	make fuzz-X                    one of them
#	make check-fuzz                a short run of each, always the same
#
# Seeds are in tests/fuzz/corpus/X and where FUZZ_SEEDS_X says; `make fuzz-merge-X` adds to the former what the latter
# runs found.  A dictionary is tests/fuzz/X.dict.

FUZZ_SECONDS ?= 60
FUZZ_RUNS    ?= 20000
FUZZ_CC      ?= clang
FUZZ_FLAGS   := -O1 -g -std=gnu11 -w -fno-omit-frame-pointer -fno-sanitize-recover=all
FUZZ_SAN     := address,undefined
FUZZERS      := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

FUZZ_SEEDS_parser := tests/language/good tests/language/bad
FUZZ_LEN_parser   := 20000
FUZZ_LEN_wire     := 4096
FUZZ_EXTRA_wire   := $(BUILD)/fuzz/obj/tests/fuzz/wire_client.o $(BUILD)/fuzz/obj/mdltest.o $(BUILD)/fuzz/obj/mdltest_logic.o
FUZZ_SEEDS_loader := tests/migration/recorded
FUZZ_LEN_loader   := 32768
FUZZ_KEEP_loader  := 300
FUZZ_EXTRA_loader := $(FUZZ_EXTRA_wire) $(BUILD)/fuzz/obj/tests/fuzz/stream_program.o

FUZZ_OBJ   := $(BUILD)/fuzz/obj
FUZZ_CPP   = $(MDL_CPPFLAGS) -Imdl -Icodegen -Iruntime -I$(GEN) -Itests -I$(GEN)/devices/mdltest
FUZZ_BUILD = $(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,$(FUZZ_SAN) $(FUZZ_CPP) -MMD -MP

$(FUZZ_OBJ)/runtime/%.o: FUZZ_CPP += -DMDL_NO_AUTHOR_MACROS
FUZZ_GEN   := $(GEN)/grammar.h $(GEN)/devices/mdltest/mdltest.h

define fuzz_compile
	$(call say,FUZZ CC,$<)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_BUILD) -c -o $@ $<
endef
# A checksum's loop says nothing of what was reached.
$(FUZZ_OBJ)/runtime/crc32.o: FUZZ_SAN := address,undefined -fno-sanitize=fuzzer-no-link
$(FUZZ_OBJ)/%.o: %.c | $(FUZZ_GEN)
	$(fuzz_compile)
$(FUZZ_OBJ)/gen/%.o: $(GEN)/%.c | $(FUZZ_GEN)
	$(fuzz_compile)
# The device without its main(): libFuzzer has one.
$(FUZZ_OBJ)/mdltest.o: $(GEN)/devices/mdltest/mdltest.c
	$(call say,FUZZ CC,$<)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_BUILD) -Dmain=mdltest_main -c -o $@ $<
$(FUZZ_OBJ)/mdltest_logic.o: devices/mdltest/mdltest_logic.c $(GEN)/devices/mdltest/mdltest.h
	$(fuzz_compile)

$(BUILD)/fuzz/libmdl.a: $(RUNTIME_C:%.c=$(FUZZ_OBJ)/%.o)
$(BUILD)/fuzz/libmdlc.a: $(MDLC_C:%.c=$(FUZZ_OBJ)/%.o) $(FUZZ_OBJ)/gen/lexer.o $(FUZZ_OBJ)/gen/grammar.o

# $(1): fuzzer; its corpus of seeds, those that are there
fuzz_seeds = $(wildcard tests/fuzz/corpus/$(1)) $(wildcard $(FUZZ_SEEDS_$(1)))
fuzz_options = -timeout=25 -rss_limit_mb=4096 -verbosity=0 -print_final_stats=1 \
	-artifact_prefix=$(BUILD)/fuzz/$(1).crash- -max_len=$(or $(FUZZ_LEN_$(1)),4096) \
	$(addprefix -dict=,$(wildcard tests/fuzz/$(1).dict))

define fuzz_rules
$(BUILD)/fuzz/fuzz_$(1): $(FUZZ_OBJ)/tests/fuzz/fuzz_$(1).o $(FUZZ_EXTRA_$(1)) $(BUILD)/fuzz/libmdl.a $(BUILD)/fuzz/libmdlc.a
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer,$(FUZZ_SAN) -o $$@ $$^ $(MDL_LIBS)

.PHONY: fuzz-$(1) check-fuzz-$(1) fuzz-merge-$(1)
fuzz-$(1): $(BUILD)/fuzz/fuzz_$(1)
	@mkdir -p $(BUILD)/fuzz/$(1)
	$$< $$(call fuzz_options,$(1)) -max_total_time=$$(FUZZ_SECONDS) $(BUILD)/fuzz/$(1) $$(call fuzz_seeds,$(1))
check-fuzz-$(1): $(BUILD)/fuzz/fuzz_$(1)
	@mkdir -p $(BUILD)/fuzz/$(1).check
	$$< $$(call fuzz_options,$(1)) -seed=1 -runs=$$(FUZZ_RUNS) -max_total_time=30 -print_final_stats=0 \
		$(BUILD)/fuzz/$(1).check $$(call fuzz_seeds,$(1))
	@echo "fuzz_$(1): nothing found"
fuzz-merge-$(1): $(BUILD)/fuzz/fuzz_$(1)
	@mkdir -p tests/fuzz/corpus/$(1)
	$$< -set_cover_merge=1 -max_len=$(or $(FUZZ_KEEP_$(1)),1500) tests/fuzz/corpus/$(1) $(BUILD)/fuzz/$(1)
fuzz: fuzz-$(1)
check-fuzz: check-fuzz-$(1)
endef
$(foreach f,$(FUZZERS),$(eval $(call fuzz_rules,$(f))))

fuzz: ## run each fuzzer for FUZZ_SECONDS (60); fuzz-NAME runs one
.PHONY: check-fuzz
check-fuzz: ## a short run of each fuzzer

-include $(wildcard $(FUZZ_OBJ)/*.d $(FUZZ_OBJ)/*/*.d $(FUZZ_OBJ)/*/*/*.d)
