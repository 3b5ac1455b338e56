@# SPDX-License-Identifier: BSD-2-Clause
@# What every skeleton uses.  See codegen/FACTS.md for how skeletons are written.
@#
@# Is the first argument true: neither empty nor 0?  Then the second, else the third.
m4_define(«d4_if», «m4_ifelse(«$1», «», «$3», «$1», «0», «$3», «$2»)»)
m4_define(«d4_ifnot», «m4_ifelse(«$1», «», «$2», «$1», «0», «$2», «$3»)»)
@# Are the first two the same word?
m4_define(«d4_ifeq», «m4_ifelse(«$1», «$2», «$3», «$4»)»)
@# Something has been seen; was it?
m4_define(«d4_saw», «m4_define(«d4_saw_$1», «1»)»)
m4_define(«d4_if_saw», «m4_ifdef(«d4_saw_$1», «$2», «$3»)»)
@# As C writes a declaration: no blank after a pointer's *.
m4_define(«d4_declare», «${1}«»m4_ifelse(m4_substr(«$1», m4_decr(m4_len(«$1»))), «*», «», « »)${2}»)
m4_define(«d4_upper», «m4_translit(«$1», «a-z», «A-Z»)»)
@# A doc string as the comment at the end of a line.
m4_define(«d4_doc», «m4_ifelse(«$1», «», «», « /* ${c:1} */»)»)
m4_define(«d4_more», «m4_ifelse(«$1», «», «», «: ${c:1}»)»)
@# The widths of accesses that something takes.
m4_define(«d4_widths», «m4_ifelse(«$1», «$2», «», «$1 to »)«»$2«» m4_ifelse(«$2», «1», «byte», «bytes»)»)
@# Kinds of reset that leave another value than power-on does: d4_kind_text(kind, value) for each.
@# Takes the list of values, and that of masks; what a kind does not touch is told by `sticky`.
m4_define(«d4_resets», «d4_resets_of($1, $2)»)
m4_define(«d4_resets_of», «d4_kind_reset(«hard», «$1», «$2», «$6»)«»m4_dnl
d4_kind_reset(«flr», «$1», «$3», «$7»)«»d4_kind_reset(«soft», «$1», «$4», «$8»)»)
m4_define(«d4_kind_reset», «m4_ifelse(«$3», «$2», «», «$4», «0x0», «», «d4_kind_text(«$1», «$3»)»)»)
@# The kinds of reset that leave it; of a register with fields each of them tells its own.
m4_define(«d4_kept», «m4_ifelse(«$1», «», «», «, kept by$1 reset»)»)
m4_define(«d4_vectors», «m4_ifelse(«$1», 1, «1 vector», «$1 vectors»)»)
@# An interrupt's vectors: its first, and how many.
m4_define(«d4_vector_range», «$1«»m4_ifelse(«$2», 1, «», « to m4_eval($1 + $2 - 1)»)»)
@# A name, and how many there are of it.
m4_define(«d4_times», «m4_ifelse(«$1», 1, «», «[$1]»)»)
