@# SPDX-License-Identifier: BSD-2-Clause
@# Structures in guest memory: X.h and X.c.
@#
@fact layout
@to h_layouts
/* ${name}: ${size} bytes, d4_if(?{big}, «big», «little»)-endian in guest memory«»d4_more(?{doc}) */
struct ${cname} {
@to h_layout_calls
extern const struct mdl_layout ${dev}_${cname}_layout;

static inline int ${cname}_read(struct ${dev} *dev, uint64_t iova, struct ${cname} *object)
{
	return mdl_layout_read(dev, iova, object, &${dev}_${cname}_layout);
}

static inline int ${cname}_write(struct ${dev} *dev, uint64_t iova, const struct ${cname} *object)
{
	return mdl_layout_write(dev, iova, object, &${dev}_${cname}_layout);
}

@end
@#
@fact member
@to h_layouts
	d4_declare(?{ctype}, ?{cname})${array};d4_doc(?{doc})
@to c_layout_checks
_Static_assert(offsetof(struct ${layout}, ${cname}) == ${offset}, "offset of ${layout}.${cname}");
@end
@#
@fact bits
@to h_bits
#define d4_upper(?{layout})_${member}_${cname}_SHIFT ${lsb}
#define d4_upper(?{layout})_${member}_${cname}_MASK ${mask}${suffix}d4_doc(?{doc})
@if scalar

static inline ${ctype} ${layout}_get_${member}_${cname}(const struct ${layout} *object)
{
@if promoted
	return (${ctype})((object->${member} & d4_upper(?{layout})_${member}_${cname}_MASK) >> d4_upper(?{layout})_${member}_${cname}_SHIFT);
@else
	return (object->${member} & d4_upper(?{layout})_${member}_${cname}_MASK) >> d4_upper(?{layout})_${member}_${cname}_SHIFT;
@endif
}

static inline void ${layout}_set_${member}_${cname}(struct ${layout} *object, ${ctype} value)
{
@if promoted
	object->${member} = (${ctype})((object->${member} & ~d4_upper(?{layout})_${member}_${cname}_MASK) |
		((unsigned)value << d4_upper(?{layout})_${member}_${cname}_SHIFT & d4_upper(?{layout})_${member}_${cname}_MASK));
@else
	object->${member} = (object->${member} & ~d4_upper(?{layout})_${member}_${cname}_MASK) |
		(value << d4_upper(?{layout})_${member}_${cname}_SHIFT & d4_upper(?{layout})_${member}_${cname}_MASK);
@endif
}

@endif
@end
@#
@fact leaf
@to c_layouts
@if first
static const struct mdl_member members_of_${layout}[] = {
@endif
	{.offset = ${offset}, .size = ${size}, .count = ${count}},
@if last
};

@endif
@end
@#
@fact layout_end
@to h_layouts
};

@to c_layout_checks
_Static_assert(sizeof(struct ${cname}) == ${size}, "size of ${cname}");

@to c_layouts
const struct mdl_layout ${dev}_${cname}_layout = {
	.name = "${s:name}",
	.size = ${size},
@if big
	.big_endian = true,
@endif
@if nleaves
	.nmembers = ${nleaves},
	.members = members_of_${cname},
@endif
};

@end
