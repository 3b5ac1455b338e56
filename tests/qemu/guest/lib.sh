# SPDX-License-Identifier: BSD-2-Clause
#
# For test scripts in the guest. The file is sourced before them.

# say TEXT...: shown to who runs the test.
say() {
	echo "SAY $*" >&3
}

# fail WHY...: ends the test.
fail() {
	touch /failed
	echo "GUEST FAIL: $*"
	echo "GUEST FAIL: $*" >&3
	exit 1
}

# killed: ends the test well, by killing QEMU with the guest in it.
killed() {
	echo 'GUEST KILL' >&3
	sleep 1000
}

# expect WHAT WANTED GOT
expect() {
	[ "$2" = "$3" ] || fail "$1: wanted '$2', got '$3'"
}

# await MILLISECONDS COMMAND...: until the command succeeds; false when it has not by then. For
# what nothing announces.
await() {
	aw_left=$1
	shift
	until "$@"; do
		[ "$aw_left" -gt 0 ] || return 1
		aw_left=$((aw_left - 10))
		usleep 10000
	done
}

# pci_device VENDOR:DEVICE: the address of the first such function, as 0000:00:01.0.
pci_device() {
	for pd in /sys/bus/pci/devices/*; do
		if [ "$(cat "$pd/vendor"):$(cat "$pd/device")" = "$1" ]; then
			basename "$pd"
			return 0
		fi
	done
	return 1
}
