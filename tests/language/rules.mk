# SPDX-License-Identifier: BSD-2-Clause
# What mdlc says of sources, right ones and wrong ones.

TESTS += tests/language/run tests/language/every_check tests/language/format tests/language/command tests/language/hints tests/language/stubs
