#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is there is built: every source, form, test, man page and script is named in a meson.build. A file that is named but not there,
# meson itself refuses.
# usage: check-sources.sh [SOURCE-FOLDER]
set -eu
cd "${1:-$(dirname "$0")/..}"
. tools/tap.sh

find . -name meson.build -not -path './build*' -exec cat {} + >"$tap_tmp/named"

# unnamed CUT FILE...: those whose path behind CUT stands in no meson.build, between quotes, whole or without its suffix
unnamed()
{
	cut=$1
	shift
	for f in "$@"; do
		[ -f "$f" ] || continue
		name=${f#"$cut"}
		grep -qF -e "'$name'" -e "'${name%.*}'" "$tap_tmp/named" || echo "$f: in no meson.build"
	done
}

sources()
{
	unnamed src/ src/*/*.c
	unnamed cmd/ cmd/*.c
	unnamed check/ check/*.c
	unnamed forms/ forms/*.forms
	unnamed include/modulo/ include/modulo/*.h
}

tests()
{
	unnamed test/unit/ test/unit/*.c
	unnamed test/fuzz/fuzz_ test/fuzz/fuzz_*.c
	unnamed test/ test/check/*.c test/tools/*.c
	# A script that is not executable is one that others read in.
	for f in test/cli/*.sh test/check/*.sh; do
		[ ! -x "$f" ] || unnamed test/ "$f"
	done
}

texts()
{
	unnamed man/ man/*.scd
}

corpora()
{
	for c in test/fuzz/fuzz_*.c; do
		dir=test/fuzz/corpus/$(basename "$c" .c)
		[ -n "$(ls "$dir" 2>/dev/null)" ] || echo "$dir: no inputs"
	done
}

tap_test 'every source is built' tap_nothing sources
tap_test 'every test is run' tap_nothing tests
tap_test 'every man page is built' tap_nothing texts
tap_test 'every fuzz target has a corpus' tap_nothing corpora
tap_end
