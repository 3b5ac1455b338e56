# SPDX-License-Identifier: BSD-2-Clause
#
# What fetch, qemu, boot and tests share: where the cache is, which QEMU is used.
# To be sourced, with `here` set to this folder.

root=$(cd "$here/../.." && pwd)
cache=${MDL_CACHE:-$root/.cache}
case $cache in
/*) ;;
*) cache=$PWD/$cache ;;
esac

# The first release whose vfio-user client can be used.
qemu_least='10.1.1'

die() {
	echo "$(basename "$0"): $*" >&2
	exit 1
}

# version_at_least HAVE LEAST
version_at_least() {
	[ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# usable_qemu COMMAND...: it runs, is new enough and has the device.
usable_qemu() {
	uq_version=$("$@" --version 2>/dev/null | sed -n 's/.*version \([0-9.]*\).*/\1/p')
	[ -n "$uq_version" ] && version_at_least "$uq_version" "$qemu_least" || return 1
	"$@" -device help 2>/dev/null | grep -q '"vfio-user-pci"'
}

# private_qemu ROOT ARGUMENTS...: a QEMU unpacked into ROOT, run by the loader that came with it,
# because the machine's own libc may be older.
private_qemu() {
	pq=$1
	shift
	QEMU_MODULE_DIR=$pq/usr/lib/x86_64-linux-gnu/qemu
	export QEMU_MODULE_DIR
	exec "$pq/usr/lib64/ld-linux-x86-64.so.2" \
		--library-path "$pq/usr/lib/x86_64-linux-gnu" \
		"$pq/usr/bin/qemu-system-x86_64" \
		-L "$pq/usr/share/qemu" -L "$pq/usr/share/seabios" "$@"
}

# alive PID: it has not ended. A program that has, and that nobody has waited for, still has its PID:
# not each machine's first process waits for those that are left to it.
alive() {
	case $(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) in
	'' | Z | X) return 1 ;;
	esac
}

# For usable_qemu, which must return.
try_private_qemu() {
	( private_qemu "$@" )
}
