#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Install the Debian packages that building, testing and the demos need; only what is missing.
set -eu

packages="gcc g++ make flex bison m4 pkg-config libc6-dev libjson-c-dev libcmocka-dev clang
	libclang-rt-14-dev xz-utils ca-certificates"

missing=
for p in $packages; do
	dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null | grep -q '^ii' || missing="$missing $p"
done
[ -n "$missing" ] || { echo "deps: everything is installed"; exit 0; }

command -v apt-get >/dev/null || {
	echo "deps: no apt-get here; install by other means:$missing" >&2
	exit 1
}
if [ "$(id -u)" -ne 0 ]; then
	echo "deps: missing:$missing" >&2
	echo "deps: installing needs root: run 'sudo make deps'" >&2
	exit 1
fi
echo "deps: installing$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
if ! { apt-get -qq update && apt-get -qq install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi
