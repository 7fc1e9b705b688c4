#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Small files: what nobody can read, nobody checks.
# usage: check-sizes.sh [SOURCE-FOLDER]
set -eu
cd "${1:-$(dirname "$0")/..}"
. tools/tap.sh

FILE_MAX=600
# What one has to trust: all of it, comments too, but for empty lines (doc/decisions/0012-empty-lines-of-the-checker.md).
CHECKER_MAX=1500
CHECKER_WIDTH=100

long_files()
{
	tap_files | grep '\.[ch]$' | while IFS= read -r f; do
		n=$(wc -l <"$f")
		[ "$n" -le "$FILE_MAX" ] || echo "$f: $n lines"
	done
}

checker()
{
	n=$(find check -name '*.[ch]' -exec cat {} + | grep -c '[^[:space:]]')
	[ "$n" -lt "$CHECKER_MAX" ] || echo "check/: $n lines"
	find check -name '*.[ch]' -exec expand {} + | awk -v width="$CHECKER_WIDTH" 'length > width { print "check/: over " width " columns: " $0 }'
}

tap_test "no .c or .h file has over $FILE_MAX lines" tap_nothing long_files
tap_test "the checker has less than $CHECKER_MAX lines that are not empty" tap_nothing checker
tap_end
