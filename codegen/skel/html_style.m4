@# SPDX-License-Identifier: BSD-2-Clause
@# The page's style: a list of registers at the side on wide screens, nothing but the text on paper.
@define style
:root { color-scheme: light dark; --ink: #1c2733; --soft: #5b6b7b; --line: #d4dbe3; --tint: #f3f6f9;
	--mark: #0b5cad; --box: #e8f1fb; --paper: #fff; }
@@media (prefers-color-scheme: dark) { :root { --ink: #dbe3ea; --soft: #94a3b2; --line: #34414e;
	--tint: #1b232b; --mark: #79b8f7; --box: #1d3650; --paper: #12181e; } }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: var(--paper);
	font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 2rem 4rem; }
h1 { margin: 0; font-size: 2rem; line-height: 1.2; }
.lead { margin: .25rem 0 0; color: var(--soft); font-size: 1.15rem; }
h2 { margin: 2.5rem 0 .75rem; padding-bottom: .25rem; font-size: 1.35rem;
	border-bottom: 2px solid var(--line); }
h3 { margin: 1.75rem 0 .4rem; font-size: 1.05rem; }
h3 small { margin-left: .4rem; color: var(--soft); font-size: .95rem; font-weight: normal; }
.dims { color: var(--soft); font-weight: normal; }
.where { margin: 0 0 .5rem; color: var(--soft); }
a { color: var(--mark); text-decoration: none; }
a:hover { text-decoration: underline; }
code { font: .92em ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
table { width: 100%; border-collapse: collapse; margin: .5rem 0 1rem; }
th, td { padding: .3rem .6rem; text-align: left; vertical-align: top;
	border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-size: .85rem; font-weight: 600; background: var(--tint); }
table.facts { width: auto; }
table.facts th { font-weight: 600; padding-right: 2rem; }
.map td:nth-child(1), .map td:nth-child(3), .map td:nth-child(5), .fields td:nth-child(1),
.fields td:nth-child(4) { white-space: nowrap; font-variant-numeric: tabular-nums; }
tr.gap td { color: var(--soft); }
tr.part td { padding-top: .1rem; padding-bottom: .1rem; color: var(--soft); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .8rem; margin: .2rem 0 0; }
dt, dd { margin: 0; }
dd { color: var(--soft); }
svg.bits { display: block; max-width: 100%; height: auto; margin: .25rem 0 .5rem; }
svg.b8 { width: 200px; } svg.b16 { width: 400px; } svg.b32, svg.b64 { width: 800px; }
.bits rect { fill: var(--box); stroke: var(--mark); stroke-width: .6; }
.bits rect.gap { fill: var(--tint); stroke: var(--line); }
.bits text { fill: var(--ink); text-anchor: middle; }
.bits .bit { fill: var(--soft); font-size: 4.4px; }
.bits .name { font: 5.4px ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
nav { display: none; }
@@media screen and (min-width: 78rem) {
	body { padding-left: 15rem; }
	nav { display: block; position: fixed; inset: 0 auto 0 0; width: 15rem; overflow-y: auto;
		padding: 1.5rem 1rem; background: var(--tint); border-right: 1px solid var(--line);
		font-size: .9rem; }
	nav ul { margin: 0; padding: 0; list-style: none; }
	nav .bar { margin-top: .8rem; color: var(--soft); font-weight: 600; }
	nav a { display: block; padding: .05rem 0; overflow-wrap: anywhere; }
	nav p { margin: 0 0 .5rem; }
}
@@media screen and (max-width: 45rem) {
	main { padding: 1rem 1rem 3rem; }
	table { display: block; overflow-x: auto; }
}
@@page { margin: 18mm 15mm; }
@@media print {
	:root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --tint: #f4f4f4;
		--mark: #1a4f86; --box: #eaf1f8; --paper: #fff; }
	body { font-size: 10pt; padding: 0; }
	main { max-width: none; padding: 0; }
	a { color: inherit; }
	tr, svg.bits { break-inside: avoid; }
	/* a register with many fields may go over pages, but not be torn from its picture */
	article:not(:has(tr:nth-child(16))) { break-inside: avoid; }
	h2, h3, h3 + p, .where, svg.bits:not(:last-child) { break-after: avoid; }
	rect, thead th { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
@end
