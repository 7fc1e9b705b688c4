#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# kernel/test/loop.sh: a module that was built again is tried in a kernel that runs already.
# usage: loop-test.sh
set -eu
cd "$(dirname "$0")/../.."
. kernel/test/lib.sh
on_x86

# loop ARGUMENT...: what it says is kept in $tap_tmp/said
loop()
{
	status=0
	kernel/test/loop.sh "$@" >"$tap_tmp/said" 2>&1 || status=$?
	cat "$tap_tmp/said"
	return "$status"
}

# says STATUS LINE ARGUMENT...: loop.sh ends so, and says a line like this
says()
{
	wanted=$1
	line=$2
	shift 2
	status=0
	loop "$@" || status=$?
	[ "$status" -eq "$wanted" ] && grep -qx "$line" "$tap_tmp/said" && return 0
	echo "wanted: status $wanted, and a line '$line'; got status $status"
	return 1
}

# rebuilt KERNEL NAME: this module of the other build
rebuilt()
{
	echo "$work/linux-other/out-$1/fs/nls/$2.ko"
}

# a kernel by signatures alone, as mainline has it
by_key()
{
	tap_test "$1: it starts" says 0 "$1 is running; .*" start "$1"
	tap_test "$1: a second one does not" says 2 'loop.sh: .* is running; stop it first' start "$1"
	tap_test "$1: a rebuilt module, signed" says 0 'nls_utf8: loads' try --key "$(rebuilt "$1" nls_utf8)"
	tap_test "$1: another, signed" says 0 'nls_iso8859-1: loads' try --key "$(rebuilt "$1" nls_iso8859-1)"
	tap_test "$1: what is no module" says 1 'build.sh: not loaded: ENOEXEC' try --key kernel/test/build.sh
	tap_test "$1: a file that is not there" says 2 'loop.sh: no module: nowhere.ko' try nowhere.ko
}

by_root()
{
	tap_test "$1: it starts" says 0 "$1 is running; .*" start "$1"
	tap_test "$1: a rebuilt module" says 0 'nls_utf8: loads' try "$(rebuilt "$1" nls_utf8)"
	tap_test "$1: its root was taken" grep -qx 'further root 1:[0-9a-f]*: ok' "$tap_tmp/said"
	tap_test "$1: another" says 0 'nls_iso8859-1: loads' try "$(rebuilt "$1" nls_iso8859-1)"
	tap_test "$1: the first once more" says 0 'nls_utf8: loads' try "$(rebuilt "$1" nls_utf8)"
}

# locked KERNEL: where no plain root is taken, the key of the test kernels still helps
locked()
{
	tap_test "$1: it starts, locked down" says 0 "$1 is running; .*" start "$1" lockdown=integrity
	tap_test "$1: a rebuilt module is refused" says 1 'nls_utf8: not loaded: EPERM' try "$(rebuilt "$1" nls_utf8)"
	tap_test "$1: the kernel says why" grep -q 'kernel: .*module: nls_utf8: refused: ' "$tap_tmp/said"
	tap_test "$1: signed, it loads" says 0 'nls_utf8: loads' try --key "$(rebuilt "$1" nls_utf8)"
}

ends()
{
	tap_test "$1: it stops" loop stop
	tap_test "$1: then there is nothing to try it in" says 2 'loop.sh: no kernel is running; start one' try "$(rebuilt "$1" nls_utf8)"
}

# whatever happens, no machine stays behind
finish()
{
	loop stop >/dev/null 2>&1 || :
	rm -rf "$tap_tmp"
}
trap finish EXIT

tap_test 'no kernel of this name' says 2 'loop.sh: there is no kernel nothing .*' start nothing
for k in $kernels; do
	case $k in
	signatures) by_key "$k" && ends "$k" ;;
	hashes | list) by_root "$k" && ends "$k" ;;
	both)
		by_root "$k" && ends "$k"
		locked "$k" && ends "$k"
		;;
	esac
done
tap_end
