@# SPDX-License-Identifier: BSD-2-Clause
@# --emit=html: the datasheet as one self-contained page, for screens and paper.
@#
@sections out: head nav nav_end intro facts facts_end caps params params_end irqs irqs_end
@sections maps maps_end registers intrs timers timers_end layouts enums state state_end foot
@include base.m4
@include html_style.m4
@#
m4_define(«d4_range», «m4_ifelse(«$1», «$2», «$1», «$1:$2»)»)
m4_define(«d4_lower», «m4_translit(«$1», «A-Z», «a-z»)»)
m4_define(«d4_row», «<tr><th scope="row">$1</th><td>$2</td></tr>
»)
@# Opens a table with its first row, closes it with the last.
m4_define(«d4_open», «d4_if(«$1», «<table><thead><tr>d4_heads(m4_shift($@))</tr></thead><tbody>
»)»)
m4_define(«d4_heads», «<th>$1</th>«»m4_ifelse(«$#», «1», «», «d4_heads(m4_shift($@))»)»)
m4_define(«d4_shut», «d4_if(«$1», «</tbody></table>
»)»)
@#
@fact device
@to head
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${h:name}«»d4_if(?{doc}, «: ${h:doc}»)</title>
<style>
d4_style()m4_dnl
</style>
</head>
<body>
@to nav
<nav>
<p><a href="#top"><b>${h:name}</b></a></p>
<ul>
@to nav_end
</ul>
</nav>
@to intro
<main id="top">
<header>
<h1>${h:name}</h1>
@if doc
<p class="lead">${h:doc}</p>
@endif
</header>
@to facts
<section><h2>PCI</h2>
<table class="facts"><tbody>
@to facts_end
</tbody></table>
@to params
</section>
@if nparams
<section><h2>Parameters</h2>
@endif
@to params_end
@if nparams
</section>
@endif
@if nirqs
@to irqs
<section><h2>Interrupts</h2>
@to irqs_end
</section>
@endif
@if nbars
@to maps
<section><h2>Register map</h2>
@to maps_end
</section>
@endif
@if nregs
@ifnot nbars
@to maps
<section><h2>Register map</h2>
@to maps_end
</section>
@endif
@to registers
<section class="registers"><h2>Registers</h2>
@to intrs
</section>
@endif
@if nintrs
@to intrs
<section><h2>Interrupt blocks</h2>
@to timers
</section>
@endif
@if ntimers
@to timers
<section><h2>Timers</h2>
@to timers_end
</section>
@endif
@to foot
</main>
</body>
</html>
@to facts
d4_row(«Device version», «${version}»)m4_dnl
@end
@#
@fact pci
@to facts
d4_row(«Vendor and device», «<code>${vendor}:${device}</code>»)m4_dnl
d4_row(«Subsystem», «<code>${subvendor}:${subsystem}</code>»)m4_dnl
d4_row(«Class, revision», «<code>${class}</code>, <code>${revision}</code>»)m4_dnl
d4_if(?{pm}, «d4_row(«Power management», «D0, D3hot»)»)m4_dnl
d4_if(?{intx}, «d4_row(«INTx», «${intx_name}»)»)m4_dnl
d4_if(?{msi}, «d4_row(«MSI», «d4_vectors(?{msi})»)»)m4_dnl
d4_if(?{msix}, «d4_row(«MSI-X», «d4_vectors(?{msix}); table in BAR ${table_bar} at <code>${table_offset}</code>, pending bits in BAR ${pba_bar} at <code>${pba_offset}</code>»)»)m4_dnl
d4_if(?{express}, «d4_row(«PCI Express», «endpoint»)»)m4_dnl
d4_if(?{flr}, «d4_row(«Function level reset», «yes»)»)m4_dnl
d4_if(?{has_dsn}, «d4_row(«Serial number», «<code>${dsn}</code>»)»)m4_dnl
d4_if(?{has_rom}, «d4_row(«ROM», «<code>${rom_size}</code> bytes»)»)m4_dnl
@end
@#
@fact cap
@to caps
d4_if_saw(«cap», «», «<h3>Capabilities</h3>
d4_saw(«cap»)»)m4_dnl
d4_open(?{first}, «At», «Id», «Bytes», «Capability»)m4_dnl
<tr><td><code>${offset}</code></td><td><code>${id}</code></td><td>${size}</td><td>${h:name}«»d4_if(?{extended}, «, extended»)</td></tr>
d4_shut(?{last})m4_dnl
@end
@#
@fact param
@to params
d4_open(?{first}, «Option», «Type», «Default», «Meaning»)m4_dnl
<tr><td><code>--${h:option}</code></td><td>d4_lower(?{type})</td><td><code>${h:default}</code></td><td>${h:doc}</td></tr>
d4_shut(?{last})m4_dnl
@end
@#
@fact irq
@to irqs
d4_open(?{first}, «Interrupt», «Vector», «Meaning»)m4_dnl
<tr><td><code>${h:name}</code>d4_times(?{count})</td><td>d4_vector_range(?{vector}, ?{count})</td><td>${h:doc}</td></tr>
d4_shut(?{last})m4_dnl
@end
@#
@# ---- registers
@#
m4_define(«d4_kind_text», «, after $1 reset <code>$2</code>»)
m4_define(«d4_open_map», «<table class="map"><thead><tr>d4_heads(«Offset», «Name», «Bits», «Access», «Reset», «Meaning»)</tr></thead><tbody>
d4_saw(«map»)»)
m4_define(«d4_close_map», «d4_if_saw(«map», «</tbody></table>
m4_undefine(«d4_saw_map»)»)»)
@#
@fact bar
@to maps
d4_close_map()m4_dnl
<h3>BAR ${index}«»d4_if(?{doc}, «: ${h:doc}»)</h3>
<p>d4_lower(?{type}), <code>${size}</code> bytes, accesses of ${access_min} to ${access_max} bytes«»d4_if(?{prefetchable}, «, prefetchable»)«»d4_if(?{big}, «, big-endian»).</p>
d4_if(?{nregs}, «d4_open_map()», «d4_if(?{nrams}, «d4_open_map()»)»)m4_dnl
@to nav
<li class="bar">BAR ${index}</li>
@end
@#
@fact ram
@to maps
<tr><td><code>${place}</code></td><td>${h:path}${array}</td><td></td><td>memory«»d4_if(?{mmap}, «, mappable»)«»d4_if(?{transient}, «, not migrated»)«»d4_if(?{since}, «, since version ${since}»)</td><td></td><td><code>${size}</code> bytes«»d4_if(?{doc}, «: ${h:doc}»)</td></tr>
@end
@#
@fact reg
@ifeq bar config
d4_if_saw(«config», «», «d4_saw(«config»)d4_config_map()»)m4_dnl
@endif
@to maps
<tr><td><code>${place}</code></td><td><a href="#${cname}">${h:path}</a>${array}</td><td>${bits}</td><td>m4_dnl
d4_if(?{doorbell}, «doorbell», «m4_ifelse(?{access}, «fields», «fields», «<code>${h:access}</code>»)»)</td><td>m4_dnl
d4_if(?{doorbell}, «», «<code>${reset}</code>»)</td><td>${h:doc}</td></tr>
@to nav
<li><a href="#${cname}">${h:path}</a></li>
@to registers
<article id="${cname}">
<h3>${h:path}<span class="dims">${array}</span>m4_dnl
d4_if(?{doc}, « <small>${h:doc}</small>»)</h3>
<p class="where">m4_ifelse(?{bar}, «config», «Configuration space», «BAR ${bar}») <code>${place}</code>, ${bits} bits«»m4_dnl
d4_if(?{narrow}, «, accesses of d4_widths(?{access_min}, ?{access_max})»)«»m4_dnl
d4_if(?{doorbell}, «; doorbell (d4_lower(?{doorbell}))», «m4_ifelse(?{access}, «fields», «», «; <code>${h:access}</code>»); reset <code>${reset}</code>d4_resets(?{resets}, ?{reset_masks})»)«»m4_dnl
m4_ifelse(?{nfields}, 0, «d4_kept(?{sticky})»)«»m4_dnl
d4_if(?{volatile}, «; changes by itself»)«»m4_dnl
d4_if(?{big}, «; big-endian»)«»m4_dnl
d4_if(?{alias}, «; another view of ${h:alias}»)«»m4_dnl
d4_if(?{pair}, «; shares its place with ${h:pair}»)«»m4_dnl
d4_if(?{since}, «; since version ${since}»)</p>
@end
@fact lock
@to registers
<p class="where">Bits <code>${mask}</code> can be written only while <a href="#${key}">${h:path}</a> is d4_if(?{low}, «clear», «set»).</p>
@end
@define config_map
@to maps
d4_close_map()m4_dnl
<h3>Configuration space</h3>
d4_open_map()m4_dnl
@to nav
<li class="bar">Configuration space</li>
@to nowhere
@end
@#
@# ---- the picture: 10 units a bit, at most 32 bits a row; low rows where no name can stand upright
@#
m4_define(«d4_height», «d4_if_saw(«low», 30, 60)»)
@fact picture
@to registers
m4_ifelse(?{count}, 0, «d4_saw(«low»)», «m4_ifdef(«d4_saw_low», «m4_undefine(«d4_saw_low»)»)»)m4_dnl
<svg class="bits b${bits}" viewBox="0 0 m4_ifelse(?{bits}, 64, «320 m4_eval(2 * d4_height())», «${bits}0 d4_height()»)" role="img" aria-label="bits">
@end
@fact piece
@to registers
<svg x="${x}0" y="m4_ifelse(?{row}, 0, 0, «d4_height()»)" width="${width}0" height="d4_height()">m4_dnl
<rect class="d4_if(?{gap}, «gap», «field»)" x="0" y="8" width="100%" height="m4_eval(d4_height() - 12)"/>m4_dnl
m4_ifelse(?{msb}, ?{lsb}, «<text class="bit" x="50%" y="6">${lsb}</text>», «m4_dnl
<text class="bit" x="5" y="6">${msb}</text><text class="bit" x="100%" dx="-5" y="6">${lsb}</text>»)«»m4_dnl
d4_if(?{name}, «d4_label(m4_eval(m4_len(?{name}) * 7 > ?{width} * 20), m4_eval(m4_len(?{name}) > 13), ?{name})»)</svg>
@end
@# A name that is wider than its box stands upright; a long one is squeezed.
m4_define(«d4_label», «m4_ifelse(«$1», 1, «m4_dnl
<svg x="50%" y="32" overflow="visible"><text class="name" transform="rotate(-90)" y="0.35em"«»m4_ifelse(«$2», 1, « textLength="46" lengthAdjust="spacingAndGlyphs"»)>${h:3}</text></svg>», «m4_dnl
<text class="name" x="50%" y="m4_eval(d4_height() / 2 + 2)" dy="0.35em">${h:3}</text>»)»)
@#
@fact reg_end
@to registers
d4_if(?{nfields}, «</tbody></table>», «</svg>»)
</article>
@end
@#
@fact field
@to registers
@if first
</svg>
<table class="fields"><thead><tr><th>Bits</th><th>Field</th><th>Access</th><th>Reset</th><th>Meaning</th></tr></thead><tbody>
@endif
<tr«»d4_if(?{reserved}, « class="gap"»)><td>d4_range(?{msb}, ?{lsb})</td><td>${h:name}</td><td><code>${h:access}</code>d4_if(?{pulse}, «, pulse»)«»d4_if(?{volatile}, «, volatile»)«»d4_kept(?{sticky})</td><td>d4_if(?{reserved}, «», «<code>${reset}</code>»)</td><td>${h:doc}m4_dnl
m4_ifelse(?{nvalues}, 0, «</td></tr>
»)m4_dnl
@end
@#
@# A field's values stand in its row, which they end.
@fact value
@ifeq owner field
@to registers
@if first
<dl>
@endif
<dt><code>${number}</code> ${h:name}</dt><dd>${h:doc}</dd>
@if last
</dl></td></tr>
@endif
@else
@ifeq owner reg
@to registers
@if first
<dl class="values">
@endif
<dt><code>${number}</code> ${h:name}</dt><dd>${h:doc}</dd>
@if last
</dl>
@endif
@else
@ifeq owner enum
@to enums
<tr><td><code>${number}</code></td><td>${h:name}</td><td>${h:doc}</td></tr>
d4_shut(?{last})m4_dnl
@endif
@endif
@endif
@end
@#
@fact enum
@ifeq owner enum
@to enums
d4_if_saw(«enums», «», «<h2>Enumerations</h2>
d4_saw(«enums»)»)m4_dnl
<h3>${h:name}«»d4_if(?{doc}, « <small>${h:doc}</small>»)</h3>
d4_open(1, «Value», «Name», «Meaning»)m4_dnl
@endif
@end
@#
@# ---- the rest
@#
@fact intr
@to intrs
<h3>${h:path}<span class="dims">${array}</span>d4_if(?{doc}, « <small>${h:doc}</small>»)</h3>
@end
@fact cause
@to intrs
d4_open(?{first}, «Bits», «Cause», «Kind», «Interrupt», «Meaning»)m4_dnl
<tr><td>d4_range(?{msb}, ?{lsb})</td><td>${h:name}</td><td>d4_lower(?{kind})</td><td>${h:irq_name}</td><td>${h:doc}</td></tr>
d4_shut(?{last})m4_dnl
@end
@#
@fact timer
@to timers
d4_open(?{first}, «Timer», «Clock», «Migrates», «Meaning»)m4_dnl
<tr><td>${h:name}${array}</td><td>d4_if(?{realtime}, «wall clock», «device time»)</td><td>d4_if(?{transient}, «no», «yes»)«»d4_if(?{since}, «, since version ${since}»)</td><td>${h:doc}</td></tr>
d4_shut(?{last})m4_dnl
@end
@#
@fact layout
@to layouts
d4_if_saw(«layouts», «», «<h2>Structures in memory</h2>
d4_saw(«layouts»)»)m4_dnl
<h3>${h:name}«»d4_if(?{doc}, « <small>${h:doc}</small>»)</h3>
<p>${size} bytes, d4_if(?{big}, «big», «little»)-endian.</p>
d4_open(1, «Offset», «Member», «Type», «Meaning»)m4_dnl
@end
@fact member
@to layouts
<tr><td>${offset}</td><td>${h:name}${array}</td><td><code>${h:ctype}</code></td><td>${h:doc}</td></tr>
@end
@fact bits
@to layouts
<tr class="part"><td></td><td>${h:member}.${h:name}</td><td>d4_range(?{msb}, ?{lsb})</td><td>${h:doc}</td></tr>
@end
@fact layout_end
@to layouts
d4_shut(1)m4_dnl
@end
@#
@fact end
@to maps
d4_close_map()m4_dnl
@end
@#
@fact var
@ifnot transient
@to state
d4_if_saw(«vars», «», «<section><h2>State that migrates</h2>
<p>Registers, interrupts, timers, configuration space and memory migrate too, but for what is marked as not migrated.</p>
d4_open(1, «Variable», «Type», «Since», «Until», «Default», «Meaning»)d4_saw(«vars»)»)m4_dnl
<tr><td>${h:name}d4_if(?{bounded}, «[up to ${count}]», «${array}»)</td><td><code>${h:ctype}</code>m4_dnl
d4_if(?{section_name}, «, section ${h:section_name}»)</td><td>${since}</td><td>m4_dnl
m4_ifelse(?{until}, 4294967295, «», «${until}»)</td><td>d4_if(?{has_value}, «<code>${initial}</code>»)</td><td>${h:doc}</td></tr>
@endif
@if last
@to state
d4_if_saw(«vars», «d4_shut(1)</section>
»)m4_dnl
@endif
@end
