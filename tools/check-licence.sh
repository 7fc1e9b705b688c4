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

named()
{
	tap_files | while IFS= read -r f; do
		exempt "$f" || printf '%s\n' "$f"
	done
}

# The files and what each names, with a tab between; one program reads them all
licences()
{
	xargs -d '\n' awk -v OFS='\t' '
		function end() { if (file != "") print file, licence }
		FNR == 1 {
			end()
			file = FILENAME
			licence = ""
		}
		FNR > 5 { nextfile }
		licence == "" && sub(/.*SPDX-License-Identifier: /, "") {
			licence = $0
			sub(/ *(\*\/|-->).*/, "", licence)
		}
		END { end() }' <"$tap_tmp/named" >"$tap_tmp/licences"
}

without_licence()
{
	sed -n 's/\t$//p' "$tap_tmp/licences"
	cut -f 1 "$tap_tmp/licences" | diff - "$tap_tmp/named" | sed -n 's/^> //p'
}

texts()
{
	for licence in $(cut -f 2 "$tap_tmp/licences" | tr ' ' '\n' | grep -v '^\(OR\|AND\|WITH\)$' | sort -u); do
		[ -s "LICENSES/$licence.txt" ] || echo "LICENSES/$licence.txt is missing"
	done
}

stale()
{
	files=$(tap_files)
	while IFS= read -r pattern; do
		case $pattern in
		'' | '#'*) continue ;;
		esac
		found=
		for f in $files; do
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

named >"$tap_tmp/named"
licences
tap_test 'every file names its licence' tap_nothing without_licence
tap_test 'the text of every licence is there' tap_nothing texts
tap_test 'every exemption is needed' tap_nothing stale
tap_end
