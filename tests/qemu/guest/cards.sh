# SPDX-License-Identifier: BSD-2-Clause
#
# For test scripts in the guest, after lib.sh: cards that vfio-pci takes.

# complaints ADDRESS: what the kernel says of a device that is not as it should be.
complaints() {
	dmesg | grep -F "$1" | grep -iE 'fail|error|invalid|bogus|bad|can.t|cannot|no space|broken|not'
}

# find_card ID: sets `card`.
find_card() {
	card=$(pci_device "$1") || fail "no device $1"
	if complaints "$card" >/tmp/complaints; then
		fail "the kernel complains: $(head -n 1 /tmp/complaints)"
	fi
}

# look ID WANTED...: these lines are among what config space says.
look() {
	find_card "$1"
	shift
	pci-guest "$card" >/tmp/look || fail "$(tail -n 1 /tmp/look)"
	for wanted; do
		grep -qxF "$wanted" /tmp/look || fail "$card: no '$wanted' in: $(tr '\n' ';' </tmp/look)"
	done
	say "$card: $(tr '\n' ';' </tmp/look)"
}

# show ADDRESS WANTED...: lspci -vv finds nothing strange, and says these things.
show() {
	shown=$1
	shift
	/lspci/lspci -vv -s "$shown" >/tmp/all 2>&1 || fail "lspci: $(tail -n 1 /tmp/all)"
	# There is no folder of modules to look for drivers in.
	grep -v libkmod /tmp/all >/tmp/lspci
	# It says <?> of every vendor's own capability, of which it can know nothing.
	if sed 's/\(Vendor Specific .*\) <?>/\1/' /tmp/lspci | grep -E '<\?>|!!!|rev ff|access denied|<[^>]*(ignored|unassigned|disabled)|lspci:|Unknown' \
		>/tmp/complaints; then
		fail "lspci -vv: $(head -n 1 /tmp/complaints)"
	fi
	for wanted; do
		grep -qE "$wanted" /tmp/lspci || fail "lspci -vv: no '$wanted' in: $(tr '\n' ';' </tmp/lspci)"
	done
	say "lspci -vv: $(wc -l </tmp/lspci) lines without a complaint"
}

# drive NAME ADDRESS: binds vfio-pci, and has vfio-guest drive it.
drive() {
	echo vfio-pci >"/sys/bus/pci/devices/$2/driver_override"
	[ -e "/sys/bus/pci/devices/$2/driver" ] || echo "$2" >/sys/bus/pci/drivers_probe
	[ "$(basename "$(readlink "/sys/bus/pci/devices/$2/driver")")" = vfio-pci ] ||
		fail "vfio-pci does not take $2: $(dmesg | tail -n 1)"
	vfio-guest "$1" "$2" >/tmp/answer || fail "$(cat /tmp/answer)"
	while read -r line; do
		say "$line"
	done </tmp/answer
}

# quiet: the kernel has found no interrupt and no wait odd.
quiet() {
	if dmesg | grep -iE 'nobody cared|call trace|timed out|spurious' >/tmp/complaints; then
		fail "the kernel complains: $(head -n 1 /tmp/complaints)"
	fi
}
