#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The man pages say what the programs can: each verb has a page, each of its options stands there at the beginning of an entry, and no
# page has an option that the verb does not know. The pages are clean for man.
# usage: check-man.sh BUILD-FOLDER [SOURCE-FOLDER]
set -eu
build=$(realpath "$1")
cd "${2:-$(dirname "$0")/..}"
. tools/tap.sh

# VERB --option, or GROUP VERB, a line for each, of the program
known()
{
	awk -F '\t' '
		$1 != "" { verb = $1; print verb }
		$1 == "" { sub("=.*", "", $2); print verb " " $2 }' "$tap_tmp/dump" | sort -u
}

# The same of the pages: an entry of OPTIONS begins with `*--option*` in the first column, a line of SYNOPSIS with `*modulo GROUP VERB*`
written()
{
	for page in man/modulo-*.1.scd; do
		verb=${page#man/modulo-}
		verb=${verb%.1.scd}
		[ "$verb" != check ] || continue
		echo "$verb"
		sed -n 's/^\*modulo \([a-z]* [a-z]*\)\*.*/\1/p' "$page"
		sed -n '/^# OPTIONS/,/^# [^O]/p' "$page" | grep -o '^\*--[a-z-]*' | sed "s/^\*/$verb /" || :
	done | sort -u
}

pages_match()
{
	known >"$tap_tmp/known"
	written >"$tap_tmp/written"
	[ -s "$tap_tmp/known" ] && diff "$tap_tmp/known" "$tap_tmp/written"
}

# modulo(1) lists every verb; --help of each verb lists every option.
overview()
{
	for verb in $(cut -f 1 "$tap_tmp/dump" | sort -u); do
		grep -q "^|  \*$verb\*" man/modulo.1.scd || echo "man/modulo.1.scd: no $verb"
		"$build/modulo" --help | grep -q "^  $verb " || echo "modulo --help: no $verb"
	done
}

help()
{
	known | while read -r verb option; do
		[ -z "$option" ] || "$build/modulo" "$verb" --help | grep -q -e "^  $option\>" || echo "modulo $verb --help: no $option"
	done
}

checker()
{
	"$build/modulo-check" --help | grep -o -e '--[a-z][a-z-]*' | sort -u | while read -r option; do
		grep -qF -e "*$option*" man/modulo-check.1.scd || echo "man/modulo-check.1.scd: no $option"
	done
}

clean()
{
	for page in man/*.scd; do
		f=$build/man/$(basename "$page" .scd)
		[ -s "$f" ] || echo "$f: not built"
		! command -v man >/dev/null || { man -l --warnings=all "$f" >/dev/null; } 2>&1
	done
}

# The completions know every verb and option, and a shell takes them.
completions()
{
	for f in modulo _modulo modulo.fish; do
		known | while read -r verb option; do
			name=$option
			case $f$option in
			modulo.fish--*) name="-l ${option#--}" ;;
			esac
			grep -qF -e "${name:-$verb}" "$build/tools/$f" || echo "$f: no $verb $option"
		done
	done
	bash -n "$build/tools/modulo"
	! command -v zsh >/dev/null || zsh -n "$build/tools/_modulo"
	! command -v fish >/dev/null || fish -n "$build/tools/modulo.fish"
}

"$build/modulo" --dump-verbs >"$tap_tmp/dump" || :
tap_test "the programs are there" test -x "$build/modulo" -a -x "$build/modulo-check"
tap_test 'the verbs can be listed' test -s "$tap_tmp/dump"
if [ "$tap_bad" -ne 0 ]; then
	tap_end
	exit 1
fi
tap_test 'pages and verbs, options and entries match' pages_match
tap_test 'the overview has every verb' tap_nothing overview
tap_test '--help has every option' tap_nothing help
tap_test "the checker's page has every option" tap_nothing checker
tap_test 'pages are built and clean' tap_nothing clean
tap_test 'completions have everything' tap_nothing completions
tap_end
