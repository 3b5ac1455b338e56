@# SPDX-License-Identifier: BSD-2-Clause
@# --emit=markdown: the datasheet for a repository or a wiki.
@#
@sections out: title pci caps params irqs map registers intrs timers layouts enums state end
@include base.m4
@#
@# A table opens with its first row: is it that, its heads, its rule.
m4_define(«d4_table», «d4_if(«$1», «
| $2 |
|$3|
»)»)
m4_define(«d4_range», «m4_ifelse(«$1», «$2», «$1», «$1:$2»)»)
@#
@fact device
@to title
# ${m:name}«»d4_if(?{doc}, «: ${m:doc}»)

Version ${version} of the device.
@if nintrs
@to intrs

## Interrupt blocks
@endif
@if nparams
@to params

## Parameters
@endif
@if nirqs
@to irqs

## Interrupts
@endif
@if nbars
@to map

## Register map
@endif
@if nregs
@ifnot nbars
@to map

## Register map
@endif
@to registers

## Registers
@endif
@if ntimers
@to timers

## Timers
@endif
@end
@#
@fact pci
@to pci

## PCI

| | |
|---|---|
| Vendor and device | ${vendor}:${device} |
| Subsystem | ${subvendor}:${subsystem} |
| Class | ${class}, revision ${revision} |
@if intx
| INTx | ${intx_name} |
@endif
@if msi
| MSI | d4_vectors(?{msi}) |
@endif
@if msix
| MSI-X | d4_vectors(?{msix}); table in BAR ${table_bar} at ${table_offset}, pending bits in BAR ${pba_bar} at ${pba_offset} |
@endif
@if express
| PCI Express | endpoint |
@endif
@if flr
| Function level reset | yes |
@endif
@if has_dsn
| Serial number | ${dsn} |
@endif
@if has_rom
| ROM | ${rom_size} bytes |
@endif
@end
@#
@fact cap
@to caps
d4_if_saw(«cap», «», «d4_saw(«cap»)
### Capabilities

| At | Id | Bytes | Capability |
|---|---|---|---|
»)m4_dnl
| ${offset} | ${id} | ${size} | ${m:name}«»d4_if(?{extended}, «, extended») |
@end
@#
@fact param
@to params
d4_table(?{first}, «Option | Type | Default | Meaning», «---|---|---|---»)m4_dnl
| `--${option}` | m4_translit(?{type}, «A-Z», «a-z») | ${m:default} | ${m:doc} |
@end
@#
@fact irq
@to irqs
d4_table(?{first}, «Interrupt | Vector | Meaning», «---|---|---»)m4_dnl
| ${m:name}«»m4_ifelse(?{count}, 1, «», «\[${count}\]») | d4_vector_range(?{vector}, ?{count}) | ${m:doc} |
@end
@#
@# ---- registers
@#
m4_define(«d4_kind_text», «, after $1 reset $2»)
m4_define(«d4_map», «
| Offset | Name | Bits | Access | Reset | |
|---|---|---|---|---|---|
»)
@#
@fact bar
@to map

### BAR ${index}«»d4_if(?{doc}, «: ${m:doc}»)

m4_translit(?{type}, «A-Z», «a-z»), ${size} bytes, accesses of ${access_min} to ${access_max} bytes«»d4_if(?{prefetchable}, «, prefetchable»)«»d4_if(?{big}, «, big-endian»).
d4_if(?{nregs}, «d4_map()», «d4_if(?{nrams}, «d4_map()»)»)m4_dnl
@end
@#
@fact ram
@to map
| `${place}` | ${m:path}${m:array} | | memory«»d4_if(?{mmap}, «, mappable»)«»d4_if(?{transient}, «, not migrated»)«»d4_if(?{since}, «, since version ${since}») | | ${size} bytes«»d4_if(?{doc}, «: ${m:doc}») |
@end
@#
@fact reg
@to map
@ifeq bar config
d4_if_saw(«config», «», «d4_saw(«config»)
### Configuration space
d4_map()»)m4_dnl
@endif
| `${place}` | ${m:path}${m:array} | ${bits} | m4_dnl
d4_if(?{doorbell}, «doorbell», «${m:access}») | d4_if(?{doorbell}, «», «${reset}») | ${m:doc} |
@to registers

### ${m:path}${m:array}

m4_ifelse(?{bar}, «config», «Configuration space», «BAR ${bar}»), `${place}`; ${bits} bits; m4_dnl
d4_if(?{narrow}, «accesses of d4_widths(?{access_min}, ?{access_max}); »)m4_dnl
d4_if(?{doorbell}, «doorbell», «m4_ifelse(?{access}, «fields», «», «${m:access}; »)reset ${reset}d4_resets(?{resets}, ?{reset_masks})»)«»m4_dnl
m4_ifelse(?{nfields}, 0, «d4_kept(?{sticky})»)«»m4_dnl
d4_if(?{volatile}, «; changes by itself»)«»d4_if(?{big}, «; big-endian»)«»m4_dnl
d4_if(?{alias}, «; another view of ${m:alias}»)«»d4_if(?{pair}, «; shares its place with ${m:pair}»)«»m4_dnl
d4_if(?{since}, «; since version ${since}»).
@if doc

${m:doc}
@endif
@end
@#
@fact lock
@to registers

Bits ${mask} can be written only while ${m:path} is d4_if(?{low}, «clear», «set»).
@end
@#
@fact field
@to registers
@if first

| Bits | Field | Access | Reset | Meaning |
|---|---|---|---|---|
@endif
| d4_range(?{msb}, ?{lsb}) | ${m:name} | ${m:access}«»d4_if(?{pulse}, «, pulse»)«»d4_if(?{volatile}, «, volatile»)«»d4_kept(?{sticky}) | d4_if(?{reserved}, «», «${reset}») | ${m:doc}m4_dnl
m4_ifelse(?{nvalues}, 0, « |
», «d4_if(?{doc}, «: »)»)m4_dnl
@end
@#
@# A field's values stand in its row, which they end.
@fact value
@ifeq owner field
@to registers
`${number}` ${m:name}«»m4_ifelse(?{doc}, «», «», « (${m:doc})»)«»d4_if(?{last}, « |
», «, »)m4_dnl
@else
@ifeq owner reg
@to registers
@if first

@endif
- `${number}` ${m:name}«»m4_ifelse(?{doc}, «», «», «: ${m:doc}»)
@else
@ifeq owner enum
@to enums
| `${number}` | ${m:name} | ${m:doc} |
@endif
@endif
@endif
@end
@#
@fact enum
@ifeq owner enum
@to enums
d4_if_saw(«enums», «», «
## Enumerations
d4_saw(«enums»)»)m4_dnl

### ${m:name}«»d4_if(?{doc}, «: ${m:doc}»)

| Value | Name | Meaning |
|---|---|---|
@endif
@end
@#
@# ---- the rest
@#
@fact intr
@to intrs

### ${m:path}${m:array}«»d4_if(?{doc}, «: ${m:doc}»)

| Bits | Cause | Kind | Interrupt | Meaning |
|---|---|---|---|---|
@end
@#
@fact cause
@to intrs
| d4_range(?{msb}, ?{lsb}) | ${m:name} | m4_translit(?{kind}, «A-Z», «a-z») | ${m:irq_name} | ${m:doc} |
@end
@#
@fact timer
@to timers
d4_table(?{first}, «Timer | Clock | Migrates | Meaning», «---|---|---|---»)m4_dnl
| ${m:name}${m:array} | d4_if(?{realtime}, «wall clock», «device time») | d4_if(?{transient}, «no», «yes»)«»d4_if(?{since}, «, since version ${since}») | ${m:doc} |
@end
@#
@fact layout
@to layouts
d4_if_saw(«layouts», «», «
## Structures in memory
d4_saw(«layouts»)»)m4_dnl

### ${m:name}«»d4_if(?{doc}, «: ${m:doc}»)

${size} bytes, d4_if(?{big}, «big», «little»)-endian.

| Offset | Member | Type | Meaning |
|---|---|---|---|
@end
@#
@fact member
@to layouts
| ${offset} | ${m:name}${m:array} | `${ctype}` | ${m:doc} |
@end
@#
@fact bits
@to layouts
| | ${m:member}.${m:name} | d4_range(?{msb}, ?{lsb}) | ${m:doc} |
@end
@#
@fact var
@ifnot transient
@to state
d4_if_saw(«vars», «», «
## State that migrates

Registers, interrupts, timers, configuration space and memory migrate too, but for what is marked
as not migrated.

| Variable | Type | Since | Until | Default | Meaning |
|---|---|---|---|---|---|
d4_saw(«vars»)»)m4_dnl
| ${m:name}d4_if(?{bounded}, «\[up to ${count}\]», «${m:array}») | `${ctype}`m4_dnl
d4_if(?{section_name}, «, section ${m:section_name}») | m4_dnl
${since} | m4_ifelse(?{until}, 4294967295, «», «${until}») | d4_if(?{has_value}, «${initial}») | ${m:doc} |
@endif
@end
