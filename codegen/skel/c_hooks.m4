@# SPDX-License-Identifier: BSD-2-Clause
@# Hooks and interrupt blocks: X.h and X.c.
@#
@# Thunks, between the run time's uniform signatures and the hooks' own: function, type, dimensions.
m4_define(«d4_no_at», «m4_ifelse(«$1», «0», «	(void)at;
»)»)
@define call_check_write
static uint64_t call_${1}(void *dev, const uint32_t *at, uint64_t value, uint64_t old)
{
d4_no_at(?{3})m4_dnl
	return ${dev}_${1}(dev«»d4_at_?{3}, (${2})value, (${2})old);
}
@end
@define call_on_write
static void call_${1}(void *dev, const uint32_t *at, uint64_t value, uint64_t old)
{
d4_no_at(?{3})m4_dnl
	${dev}_${1}(dev«»d4_at_?{3}, (${2})value, (${2})old);
}
@end
m4_define(«d4_call_on_change», m4_defn(«d4_call_on_write»))
@define call_doorbell
static void call_${1}(void *dev, const uint32_t *at, uint64_t value, uint64_t old)
{
d4_no_at(?{3})m4_dnl
	(void)old;
	${dev}_${1}(dev«»d4_at_?{3}, (${2})value);
}
@end
@define call_on_read
static uint64_t call_${1}(void *dev, const uint32_t *at, uint64_t value)
{
d4_no_at(?{3})m4_dnl
	return ${dev}_${1}(dev«»d4_at_?{3}, (${2})value);
}
@end
@define call_reg_reset
static void call_${1}(void *dev, const uint32_t *at, enum mdl_reset_kind kind)
{
d4_no_at(?{3})m4_dnl
	${dev}_${1}(dev«»d4_at_?{3}, kind);
}
@end
@define call_on_expire
static void call_${1}(void *dev, const uint32_t *at)
{
d4_no_at(?{3})m4_dnl
	${dev}_${1}(dev«»d4_at_?{3});
}
@end
@define call_device_reset
static void call_${1}(void *dev, enum mdl_reset_kind kind)
{
	${dev}_${1}(dev, kind);
}
@end
@define call_device
static void call_${1}(void *dev)
{
	${dev}_${1}(dev);
}
@end
@define call_dma
static void call_${1}(void *dev, uint64_t iova, uint64_t size)
{
	${dev}_${1}(dev, iova, size);
}
@end
m4_define(«d4_call_on_reset», «m4_indir(m4_ifelse(«$4», «device», ««d4_call_device_reset»», ««d4_call_reg_reset»»), ?{1}, ?{2}, ?{3})»)
m4_define(«d4_call_before_save», m4_defn(«d4_call_device»))
m4_define(«d4_call_after_load», m4_defn(«d4_call_device»))
m4_define(«d4_call_connect», m4_defn(«d4_call_device»))
m4_define(«d4_call_disconnect», m4_defn(«d4_call_device»))
m4_define(«d4_call_dma_map», m4_defn(«d4_call_dma»))
m4_define(«d4_call_dma_unmap», m4_defn(«d4_call_dma»))
m4_define(«d4_call», «m4_indir(«d4_call_$1», ?{2}, ?{3}, ?{4}, ?{5})»)
@#
@# The table that a hook stands in: owner, table.
m4_define(«d4_hooks_of», «m4_ifelse(«$1», «device», «device», «$1», «field», «field_${2}», «reg_${2}»)»)
m4_define(«d4_hooks_type», «m4_ifelse(«$1», «device», «mdl_device_hooks», «mdl_reg_hooks»)»)
@#
@fact hook
@if external
@to h_hooks
/* ${c:path}, d4_words(d4_event(?{owner}, ?{event}))«»d4_more(?{doc}) */
d4_sig(d4_event(?{owner}, ?{event}), ?{fn}, ?{type}, ?{ndims});

@else
@to c_protos
static d4_sig(d4_event(?{owner}, ?{event}), ?{fn}, ?{type}, ?{ndims});
d4_saw(«proto»)m4_dnl
@to c_hooks
/* ${c:path}, d4_words(d4_event(?{owner}, ?{event}))«»d4_more(?{doc}) */
static d4_sig(d4_event(?{owner}, ?{event}), ?{fn}, ?{type}, ?{ndims})
{
	d4_unused(d4_event(?{owner}, ?{event}), ?{ndims})
@code
@ifeq event check_write
	return value;
@endif
@ifeq event on_read
	return value;
@endif
}

@endif
@to c_hooks
d4_if_saw(«call», «», «/* What the run time calls (call_...): there, values have 64 bits and indices are an array. */
d4_saw(«call»)»)m4_dnl
d4_call(d4_event(?{owner}, ?{event}), ?{fn}, ?{type}, ?{ndims}, ?{owner})m4_dnl

@ifeq owner timer
@else
@to c_hook_tables
@if first
static const struct d4_hooks_type(?{owner}) hooks_of_«»d4_hooks_of(?{owner}, ?{table}) = {
@endif
	.${event} = call_${fn},
@if last
};

@endif
@endif
@end
@#
@# ---- interrupt blocks
@#
@fact intr
@to h_latches
	${type} ${cname}_input${array}; /* ${c:path}: input levels */
	${type} ${cname}_latch${array}; /* ${c:path}: edges latched, tests */
d4_saw(«latch»)m4_dnl
@to h_intrs
extern const struct mdl_intr ${dev}_${cname}_intr;

@to c_intrs
const struct mdl_intr ${dev}_${cname}_intr = {
	.name = "${s:path}",
	.status = &${dev}_reg_table[${status}],
m4_ifelse(?{enable}, «», «», «	.enable = &${dev}_reg_table[${enable}],
»)m4_dnl
m4_ifelse(?{mask}, «», «», «	.mask = &${dev}_reg_table[${mask}],
»)m4_dnl
m4_ifelse(?{test}, «», «», «	.test = &${dev}_reg_table[${test}],
»)m4_dnl
	.input_store = offsetof(struct ${dev}, mdl_latches.${cname}_input),
	.latch_store = offsetof(struct ${dev}, mdl_latches.${cname}_latch),
@if ncauses
	.ncauses = ${ncauses},
	.causes = causes_of_${cname},
@endif
};

@to c_intr_table
d4_if_saw(«intr», «», «static const struct mdl_intr *const ${dev}_intr_table[] = {
d4_saw(«intr»)»)m4_dnl
	&${dev}_${cname}_intr,
@end
@#
@fact cause
@to h_causes
/* ${c:name}«»d4_more(?{doc}) */
static inline void ${dev}_intr_set_${cname}(struct ${dev} *dev«»d4_decl_?{ndims})
{
	mdl_intr_set(dev, &${dev}_${intr}_intr, ${at}, ${mask}${suffix});
}

static inline void ${dev}_intr_clear_${cname}(struct ${dev} *dev«»d4_decl_?{ndims})
{
	mdl_intr_clear(dev, &${dev}_${intr}_intr, ${at}, ${mask}${suffix});
}

static inline void ${dev}_intr_input_${cname}(struct ${dev} *dev«»d4_decl_?{ndims}, bool level)
{
	mdl_intr_input(dev, &${dev}_${intr}_intr, ${at}, ${mask}${suffix}, level);
}

@to c_causes
@if first
static const struct mdl_intr_cause causes_of_${intr}[] = {
@endif
	{.name = "${s:name}", .bits = ${mask}, .kind = MDL_INTR_${kind}, .irq = ${irq}m4_dnl
d4_if(?{irq_step}, «, .irq_step = ${irq_step}»)},
@if last
};

@endif
@end
