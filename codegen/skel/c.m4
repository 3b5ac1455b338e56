@# SPDX-License-Identifier: BSD-2-Clause
@# X.h and X.c: the author's structure and accessors, the run time's tables, the hooks between.
@#
@sections h: h_top h_top_end h_consts h_enums h_irqs h_masks h_layouts h_bits
@sections h_regs_open h_regs h_regs_close h_rams_open h_rams h_rams_close
@sections h_latches_open h_latches h_latches_close h_self h_params h_vars h_timers h_self_close
@sections h_layout_calls h_intrs h_access h_causes h_hooks h_end
@sections c: c_top c_top_else c_top_end c_layout_checks c_protos c_code c_hooks c_init c_values c_dims c_forward c_effects c_locks
@sections c_hook_tables c_fields c_doorbells c_regs c_rams c_bars c_irqs c_causes c_intrs
@sections c_intr_table c_timers c_params c_layouts c_sections c_vars c_caps c_extcaps
@sections c_pci c_device
@include base.m4
@include hooks.m4
@include c_device.m4
@include c_layout.m4
@include c_reg.m4
@include c_hooks.m4
