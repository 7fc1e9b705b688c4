#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The KUnit tests that our patches bring, in a boot of their own: each becomes a test here.
# usage: kunit.sh
set -eu
cd "$(dirname "$0")/../.."
. kernel/test/lib.sh
on_x86

booted()
{
	mkdir "$tap_tmp/root" && echo off >"$tap_tmp/root/script" && boot kunit both kunit.enable=1 "$tap_tmp/root"
}

# In the log, a test of a suite is indented by four blanks, one of a parameter by more.
results()
{
	sed -n 's/^K	    \(ok\|not ok\) [0-9]* \([^ ].*\)$/\1	\2/p' "$logs/kunit.log"
}

# passed NAME WHAT: what is `ok`
passed()
{
	[ "$2" = ok ] || grep '^K	 *\(#\|not ok\)' "$logs/kunit.log"
	[ "$2" = ok ]
}

tap_test 'boot: both, with KUnit' booted
results >"$tap_tmp/results"
tap_test 'there are tests' test -s "$tap_tmp/results"
tab=$(printf '\t')
while IFS=$tab read -r what name; do
	tap_test "KUnit: $name" passed "$name" "$what"
done <"$tap_tmp/results"
tap_end
