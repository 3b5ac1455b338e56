# SPDX-License-Identifier: BSD-2-Clause
function frame(place, text) {
	gsub(/\|/, "\n", text)
	gsub(/<CR>/, "\r", text)
	gsub(/<NBSP>/, "\302\240", text)
	if (place == "file")
		return text "\ndevice d version 1 {\n\tpci { vendor 1; device 1; }\n}\n"
	if (place == "whole")
		return text "\n"
	if (place == "pci")
		return "device d version 1 {\n\tpci { vendor 1; device 1; " text " }\n}\n"
	if (place == "device")
		return "device d version 1 {\n\tpci { vendor 1; device 1; intx A; }\n" text "\n}\n"
	if (place == "field")
		text = "\t\treg A @ 0 { " text " }"
	return "device d version 1 {\n\tpci { vendor 1; device 1; intx A; }\n\tbar 0 mem32 size 4K {\n" \
		text "\n\t}\n}\n"
}
function run(	command, line) {
	said = ""
	found = 0
	close(source)
	command = ENVIRON["BUILD"] "/bin/mdlc --check -Wno-irq-unused -Wno-ro-constant " source " 2>&1"
	while ((command | getline line) > 0) {
		said = said line "\n"
		found += line ~ /: error: /
	}
	close(command)
}
function finish(	i, ok) {
	if (!name)
		return
	ok = found == wanted
	for (i = 1; i <= nparts; i++)
		ok = ok && index(said, parts[i])
	if (ok && nparts) {
		passed++
		return
	}
	failed++
	print "hints.txt: " name "\n" (found == wanted ? "not as wanted" : found " errors, not " wanted) ":"
	printf "%s", said
}
BEGIN { "mktemp" | getline source }
/^#/ || /^$/ { next }
/^[a-z]+: / {
	finish()
	name = $0
	place = substr($0, 1, index($0, ":") - 1)
	printf "%s", frame(place, substr($0, length(place) + 3)) >source
	run()
	printf "" >source
	close(source)
	wanted = 1
	nparts = 0
	next
}
/^\t[0-9]+ errors$/ { wanted = $1; next }
{ parts[++nparts] = substr($0, 2) }
END {
	finish()
	system("rm -f " source)
	print passed + 0 " passed, " failed + 0 " failed"
	exit failed > 0
}
