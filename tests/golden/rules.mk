# SPDX-License-Identifier: BSD-2-Clause
# Generated files, byte for byte.

TESTS += tests/golden/run
