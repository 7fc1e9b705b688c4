#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Small files: what nobody can read, nobody checks.
# usage: check-sizes.sh [SOURCE-FOLDER]
set -eu
cd "${1:-$(dirname "$0")/..}"
. tools/tap.sh

FILE_MAX=600
# What one has to trust: all of it, comments and empty lines too.
CHECKER_MAX=1500

long_files()
{
	tap_files | grep '\.[ch]$' | while IFS= read -r f; do
		n=$(wc -l <"$f")
		[ "$n" -le "$FILE_MAX" ] || echo "$f: $n lines"
	done
}

checker()
{
	n=$(find check -name '*.[ch]' -exec cat {} + | wc -l)
	[ "$n" -lt "$CHECKER_MAX" ] || echo "check/: $n lines"
}

tap_test "no .c or .h file has over $FILE_MAX lines" tap_nothing long_files
tap_test "the checker has less than $CHECKER_MAX lines" tap_nothing checker
tap_end
