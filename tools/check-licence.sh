#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every file says under which licence it is, in its first lines; binary samples cannot, and are listed by pattern in
# tools/licence-exempt.txt. The text of each licence that is named is there.
# usage: check-licence.sh [SOURCE-FOLDER]
set -eu
cd "${1:-$(dirname "$0")/..}"
. tools/tap.sh

# 0: a pattern of the list fits $1. In a pattern `*` stops at nothing.
exempt()
{
	while IFS= read -r pattern; do
		case $pattern in
		'' | '#'*) continue ;;
		esac
		# shellcheck disable=SC2254 # patterns are what it is about
		case $1 in
		$pattern) return 0 ;;
		esac
	done <tools/licence-exempt.txt
	return 1
}

without_licence()
{
	tap_files | while IFS= read -r f; do
		exempt "$f" && continue
		head -n 5 "$f" | grep -aq 'SPDX-License-Identifier: ' || echo "$f"
	done
}

licences()
{
	tap_files | while IFS= read -r f; do
		exempt "$f" && continue
		head -n 5 "$f" | sed -n 's/.*SPDX-License-Identifier: \([^*>]*[^*> -]\).*/\1/p' | head -n 1
	done | tr ' ' '\n' | grep -v '^\(OR\|AND\|WITH\)$' | sort -u
}

texts()
{
	for licence in $(licences); do
		[ -s "LICENSES/$licence.txt" ] || echo "LICENSES/$licence.txt is missing"
	done
}

stale()
{
	while IFS= read -r pattern; do
		case $pattern in
		'' | '#'*) continue ;;
		esac
		found=
		for f in $(tap_files); do
			# shellcheck disable=SC2254
			case $f in
			$pattern)
				found=1
				break
				;;
			esac
		done
		[ -n "$found" ] || echo "tools/licence-exempt.txt: nothing is like $pattern"
	done <tools/licence-exempt.txt
}

tap_test 'every file names its licence' tap_nothing without_licence
tap_test 'the text of every licence is there' tap_nothing texts
tap_test 'every exemption is needed' tap_nothing stale
tap_end
