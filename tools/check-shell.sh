#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every shell script passes shellcheck and the shell's own syntax check, and can be run.
# usage: check-shell.sh [SOURCE-FOLDER]
set -eu
cd "${1:-$(dirname "$0")/..}"
. tools/tap.sh

scripts()
{
	tap_files | xargs -d '\n' awk 'FNR == 1 && (FILENAME ~ /\.sh$/ || /^#!.*\/(env )?(ba)?sh( |$)/) { print FILENAME } { nextfile }'
}

syntax()
{
	while IFS= read -r f; do
		case $(head -n 1 "$f") in
		*bash*) bash -n "$f" || return 1 ;;
		*) sh -n "$f" || return 1 ;;
		esac
	done <"$tap_tmp/scripts"
}

executable()
{
	while IFS= read -r f; do
		case $(head -n 1 "$f") in
		'#!'*) [ -x "$f" ] || echo "$f: not executable" ;;
		esac
	done <"$tap_tmp/scripts"
}

no_python()
{
	xargs grep -nE '\b(python[0-9.]*|pip3?)\b' <"$tap_tmp/scripts" | grep -v '^tools/check-shell.sh:' || :
}

scripts >"$tap_tmp/scripts"
tap_test 'scripts are found' test -s "$tap_tmp/scripts"
tap_test 'shell syntax' syntax
tap_test 'scripts are executable' tap_nothing executable
tap_test 'no script needs Python' tap_nothing no_python
if command -v shellcheck >/dev/null; then
	tap_test 'shellcheck' xargs -n 8 -P "$(nproc)" shellcheck -x -P tools -S warning <"$tap_tmp/scripts"
else
	tap_skip 'shellcheck' 'shellcheck is not installed'
fi
tap_end
