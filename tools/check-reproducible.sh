#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A second build, of a copy of the tree in another folder, with another name, clock zone and file order, gives the same bits. The copy has
# only what git knows, so it shows besides that nothing else is needed.
# usage: check-reproducible.sh BUILD-FOLDER [SOURCE-FOLDER]
set -eu
build=$(realpath "$1")
cd "${2:-$(dirname "$0")/..}"
. tools/tap.sh

copy=$tap_tmp/another/place/for-the-tree
again=$copy/out

copy_tree()
{
	mkdir -p "$copy"
	tap_files >"$tap_tmp/files"
	tar -cf - -T "$tap_tmp/files" | tar -xf - -C "$copy"
}

build_again()
{
	(
		umask 077
		TZ=Pacific/Kiritimati
		export TZ
		meson setup "$again" "$copy" -Dtests=false -Dwerror=true && ninja -C "$again"
	)
}

# same FILE: the same in both builds
same()
{
	[ -s "$build/$1" ] && cmp "$build/$1" "$again/$1"
}

tap_test 'a copy of the tree' copy_tree
tap_test 'a second build elsewhere' build_again
for f in modulo modulo-check src/libmodulo.so.0.1.0 src/libmodulo.a man/modulo.1 tools/modulo tools/_modulo; do
	tap_test "the same bits: $f" same "$f"
done
tap_end
