#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The patch series is whole, and what it adds of ours is what we have: the verifier of proofs is the same file in the kernel and here.
# usage: check-series.sh [SOURCE-FOLDER]
set -eu
cd "${1:-$(dirname "$0")/..}"
. tools/tap.sh

series=kernel/linux-6.12

listed()
{
	(cd "$series" && ls ./*.patch) | sed 's|^\./||' | diff - "$series/series"
}

# added FILE: what the patches put into a new file
added()
{
	while read -r p; do
		awk -v file="+++ b/$1" '
			/^diff --git / { on = 0 }
			$0 == file { on = new; next }
			/^new file mode / { new = 1 }
			/^--- a\// { new = 0 }
			on && /^\+/ { print substr($0, 2) }' "$series/$p"
	done <"$series/series"
}

same()
{
	added "kernel/module/merkle/$1" >"$tap_tmp/$1"
	[ -s "$tap_tmp/$1" ] && diff -u "src/merkle/$1" "$tap_tmp/$1"
}

# No later patch may change it again.
once()
{
	[ "$(cat "$series"/*.patch | grep -c "^+++ b/kernel/module/merkle/$1\$")" -eq 1 ]
}

tap_test 'series names each patch, in the order of their numbers' listed
for f in merkle_verify.c merkle_verify.h; do
	tap_test "the kernel's $f is ours" same "$f"
	tap_test "one patch has $f" once "$f"
done
tap_end
