# SPDX-License-Identifier: BSD-2-Clause
# Fuzzers, with clang's libFuzzer.  FUZZ_SECONDS says how long each runs; what it finds interesting is
# kept under build/fuzz/, what crashes in build/fuzz/*/crash-*.

FUZZ_SECONDS ?= 60
FUZZ_CC      ?= clang
FUZZ_FLAGS   := -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -std=gnu11 -w

$(BUILD)/fuzz/fuzz_parser: tests/fuzz/fuzz_parser.c $(MDLC_C) $(GEN)/grammar.c $(GEN)/lexer.c
	$(call say,FUZZER,$@)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) $(MDL_CPPFLAGS) -Imdl -Icodegen -I$(GEN) -o $@ \
		$(filter-out mdl/options.c codegen/%,$(filter %.c,$^))

.PHONY: fuzz-parser
fuzz-parser: $(BUILD)/fuzz/fuzz_parser ## fuzz the compiler's front (FUZZ_SECONDS=60)
	@mkdir -p $(BUILD)/fuzz/parser
	$(Q)$< -max_total_time=$(FUZZ_SECONDS) -dict=tests/fuzz/parser.dict -max_len=20000 -timeout=10 \
		-artifact_prefix=$(BUILD)/fuzz/parser/ -print_final_stats=1 -verbosity=0 \
		$(BUILD)/fuzz/parser tests/language/good tests/language/bad
fuzz: fuzz-parser
.PHONY: check-fuzz
check-fuzz: FUZZ_SECONDS = 15
check-fuzz: fuzz-parser ## a short run of the fuzzers
