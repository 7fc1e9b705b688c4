#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a build gives away: the library exports what its headers declare and nothing else; internal symbols of the static library
# keep their prefix; programs and library are hardened, and do not know where they were built.
# usage: check-symbols.sh BUILD-FOLDER [SOURCE-FOLDER]
set -eu
build=$(realpath "$1")
cd "${2:-$(dirname "$0")/..}"
. tools/tap.sh

so=$build/src/libmodulo.so
binaries="$so $build/modulo $build/modulo-check"

exported()
{
	nm -D --defined-only "$so" | awk '{ print $3 }' | sort
}

foreign()
{
	exported | grep -v '^modulo_' || :
}

# Functions that the public headers mark: the name stands before the first parenthesis behind the mark.
declared()
{
	cat include/modulo/*.h | tr '\n' ' ' | sed 's/MODULO_API/\n&/g' |
		sed -n 's/^MODULO_API [^(;]*[ *]\([a-z_0-9]*\)(.*/\1/p' | sort
}

as_declared()
{
	exported >"$tap_tmp/exported"
	declared >"$tap_tmp/declared"
	[ -s "$tap_tmp/declared" ] && diff "$tap_tmp/declared" "$tap_tmp/exported"
}

# Global symbols of the static library: it has no hidden ones, so a prefix is all that keeps them from clashing.
static_foreign()
{
	nm -g --defined-only "$build/src/libmodulo.a" | awk 'NF == 3 { print $3 }' | grep -v '^\(modulo\|mo\)_' || :
}

# The checker stands apart: none of the library's symbols but those of the file that it shares with the kernel.
checker_apart()
{
	sed -n 's/^.*\(mo_merkle_[a-z_]*\)(.*$/\1/p' src/merkle/merkle_verify.h >"$tap_tmp/shared"
	nm --defined-only "$build/modulo-check" 2>/dev/null | awk 'NF == 3 { print $3 }' | grep '^mo\(dulo\)\{0,1\}_' |
		grep -v '^mo_check_\|^mo_forms_table' | grep -Fvx -f "$tap_tmp/shared" || :
	readelf -d "$build/modulo-check" | grep -i 'libmodulo' || :
}

needed()
{
	for f in $binaries; do
		readelf -d "$f" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
			grep -v '^\(libc\|libcrypto\|libz\|liblzma\|libzstd\|ld-linux-[a-z0-9-]*\)\.so\.' | sed "s|^|$f: |" || :
	done
}

hardened()
{
	for f in $binaries; do
		readelf -hW "$f" | grep -q 'Type: *DYN' || echo "$f: not position-independent"
		readelf -dW "$f" | grep -q 'BIND_NOW\|FLAGS.*NOW' || echo "$f: symbols are bound late"
		readelf -lW "$f" | grep -q 'GNU_RELRO' || echo "$f: no RELRO"
		readelf -lW "$f" | grep -q 'GNU_STACK.* RW ' || echo "$f: executable stack"
		readelf -dW "$f" | grep 'TEXTREL\|RPATH' | sed "s|^|$f: |" || :
	done
}

# The build folder's path is in nothing that gets installed; a RUNPATH within the build is cut off by the installation.
no_paths()
{
	for f in $binaries; do
		if grep -aqF -e "$build" -e "$PWD" "$f"; then
			echo "$f: has the path of its source or build folder"
		fi
	done
}

soname()
{
	readelf -d "$so" | grep -qF "[libmodulo.so.0]" && [ "$(readlink -f "$so")" = "$(realpath "$so".0.1.0)" ]
}

there()
{
	# shellcheck disable=SC2086 # a list
	ls -lL $binaries "$build/src/libmodulo.a"
}

tap_test "the binaries are there" there
if [ "$tap_bad" -ne 0 ]; then
	tap_end
	exit 1
fi
tap_test 'exported symbols begin with modulo_' tap_nothing foreign
tap_test 'exported is what the headers declare' as_declared
tap_test 'internal symbols begin with mo_' tap_nothing static_foreign
tap_test 'the checker has nothing of the library' tap_nothing checker_apart
tap_test 'libraries that are needed' tap_nothing needed
tap_test 'hardening: PIE, RELRO, immediate binding' tap_nothing hardened
tap_test 'no path of the build in the binaries' tap_nothing no_paths
tap_test 'the soname is libmodulo.so.0' soname
tap_end
