@# SPDX-License-Identifier: BSD-2-Clause
@# BARs, registers, fields and memory: X.h and X.c.
@#
@fact bar
@to c_bars
@if first
static const struct mdl_bar ${dev}_bar_table[] = {
@endif
	{
		.index = ${index},
		.type = MDL_BAR_${type},
@if prefetchable
		.prefetchable = true,
@endif
		.access_min = ${access_min},
		.access_max = ${access_max},
		.size = ${size},
@if nregs
		.nregs = ${nregs},
		.regs = &${dev}_reg_table[${first_reg}],
@endif
@if nrams
		.nrams = ${nrams},
		.rams = rams_of_bar${index},
@endif
	},
@if last
};

@endif
@end
@#
@fact ram
@to h_rams
	uint8_t *${cname}${array}; /* ${size} bytes at ${place} in BAR ${bar}«»d4_if(?{doc}, «: ${c:doc}») */
@to c_rams
@if first
static const struct mdl_ram rams_of_bar${bar}[] = {
@endif
	{
		.name = "${s:path}",
@if pattern
		.pattern = "${s:pattern}",
@endif
		.offset = ${offset},
		.size = ${size},
		.store = offsetof(struct ${dev}, ram.${cname}),
		.count = ${count},
@if ndims
		.ndims = ${ndims},
		.dims = dims_of_ram_${cname},
@endif
@if mmap
		.mmap = true,
@endif
@if transient
		.transient = true,
@endif
@if since
		.since = ${since},
@endif
	},
@if last
};

@endif
d4_saw(«ram»)m4_dnl
@end
@#
@fact dim
@to c_dims
@if first
static const struct mdl_dim dims_of_${cname}[] = {m4_dnl
@endif
{${count}, ${stride}}m4_dnl
@if last
};

@else
, m4_dnl
@endif
@end
@#
@fact effect
@to c_effects
@if first
static const struct mdl_effects effects_of_${cname} = {
@endif
	.${kind} = ${mask},
@ifeq kind once
	.once_store = offsetof(struct ${dev}, mdl_latches.${cname}_once),
@endif
@if last
};

@endif
@end
@#
@fact lock
@to c_locks
@if first
static const struct mdl_lock locks_of_${cname}[] = {
@endif
	{ /* by ${c:path} */
		.mask = ${mask},
@if low
		.low = true,
@endif
		.key = &${dev}_reg_table[${key_index}],
		.key_bits = ${key_bits},
		.shared_dims = ${shared},
	},
@if last
};

@endif
@end
@#
@# ---- registers
@#
m4_define(«d4_flags», «MDL_REG_«»m4_patsubst(«$1», « », « | MDL_REG_»)»)
@fact reg
@to h_regs if storage
	${type} ${cname}${array};d4_if(?{doc}, « /* ${c:doc} */»)
@if storage
d4_saw(«reg»)m4_dnl
@endif
@if once
@to h_latches
	${type} ${cname}_once${array};
d4_saw(«latch»)m4_dnl
@endif
@to h_masks
/* ${c:path}«»d4_if(?{doc}, «: ${c:doc}») */
#define ${DEV}_${cname}_OFFSET ${offset}u
@ifnot doorbell
#define ${DEV}_${cname}_RESET_VALUE ${reset}${suffix}
@endif
@to h_access unless doorbell
static inline ${type} ${dev}_get_${cname}(const struct ${dev} *dev«»d4_decl_?{ndims})
{
	return dev->reg.${owner}d4_sub_?{ndims};
}

static inline void ${dev}_set_${cname}(struct ${dev} *dev«»d4_decl_?{ndims}, ${type} value)
{
@if role
	mdl_intr_store(dev, &${dev}_${intr}_intr, ${at}, MDL_INTR_${role}, ~0ull, value);
@else
	dev->reg.${owner}d4_sub_?{ndims} = value;
@endif
}

@to c_doorbells if doorbell
static const struct mdl_doorbell doorbell_of_${cname} = {
	.mode = MDL_DOORBELL_${doorbell},
@if poll
	.poll_ns = ${poll},
@endif
};

@to c_regs
d4_if_saw(«register», «», «static const struct mdl_reg ${dev}_reg_table[] = {
d4_saw(«register»)»)m4_dnl
	{
		.name = "${s:path}",
@if pattern
		.pattern = "${s:pattern}",
@endif
@ifnot doorbell
		.store = offsetof(struct ${dev}, reg.${owner}),
@endif
		.offset = ${offset},
		.readable = ${readable},
		.writable = ${writable},
		.count = ${count},
		.width = ${width},
@if narrow
		.access_min = ${access_min},
		.access_max = ${access_max},
@endif
@if since
		.since = ${since},
@endif
@if ndims
		.ndims = ${ndims},
		.dims = dims_of_reg_${cname},
@endif
@if flags
		.flags = d4_flags(?{flags}),
@endif
@if alias
		.alias_of = &${dev}_reg_table[${alias_index}],
@endif
@if role
		.intr_role = MDL_INTR_${role},
		.intr = &${dev}_${intr}_intr,
@endif
@if effects
		.effects = &effects_of_${cname},
@endif
@if nlocks
		.locks = locks_of_${cname},
		.nlocks = ${nlocks},
@endif
@if nfields
		.nfields = ${nfields},
		.fields = fields_of_${cname},
@endif
@if hooks
		.hooks = &hooks_of_reg_${cname},
@endif
@if field_hooks
		.field_hooks = true,
@endif
@if read_hook
		.has_read_hook = true,
@endif
@if doorbell
		.doorbell = &doorbell_of_${cname},
@else
@if has_reset
		.reset = {${resets}},
@endif
		.reset_mask = {${reset_masks}},
@endif
	},
@end
@#
@fact reg_end
@to h_masks

@end
@#
@fact field
@to h_masks unless reserved
#define ${DEV}_${full}_SHIFT ${lsb}
#define ${DEV}_${full}_MASK ${mask}${suffix}d4_if(?{doc}, « /* ${c:doc} */»)
@to h_access if accessors
static inline ${type} ${dev}_get_${full}(const struct ${dev} *dev«»d4_decl_?{ndims})
{
@if promoted
	return (${type})((dev->reg.${owner}«»d4_sub_?{ndims} & ${DEV}_${full}_MASK) >> ${DEV}_${full}_SHIFT);
@else
	return (dev->reg.${owner}«»d4_sub_?{ndims} & ${DEV}_${full}_MASK) >> ${DEV}_${full}_SHIFT;
@endif
}

static inline void ${dev}_set_${full}(struct ${dev} *dev«»d4_decl_?{ndims}, ${type} value)
{
@if role
	mdl_intr_store(dev, &${dev}_${intr}_intr, ${at}, MDL_INTR_${role},
		${DEV}_${full}_MASK, d4_if(?{promoted}, «(unsigned)»)value << ${DEV}_${full}_SHIFT);
@else
	${type} *reg = &dev->reg.${owner}«»d4_sub_?{ndims};

@if promoted
	*reg = (${type})((*reg & ~${DEV}_${full}_MASK) |
		((unsigned)value << ${DEV}_${full}_SHIFT & ${DEV}_${full}_MASK));
@else
	*reg = (*reg & ~${DEV}_${full}_MASK) |
		(value << ${DEV}_${full}_SHIFT & ${DEV}_${full}_MASK);
@endif
@endif
}

@to c_fields
@if first
static const struct mdl_field fields_of_${reg}[] = {
@endif
	{.name = "${s:name}", .lsb = ${lsb}, .width = ${width}m4_dnl
d4_if(?{pulse}, «, .pulse = true»)«»m4_dnl
d4_if(?{nvalues}, «,
	 .values = values_of_${enum}, .nvalues = ${nvalues}»)m4_dnl
d4_if(?{hooks}, «,
	 .hooks = &hooks_of_field_${full}»)},
@if last
};

@endif
@end
