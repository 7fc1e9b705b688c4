#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Unpacks the kernel's sources, applies our patches, and builds the test kernels and their modules, the modules once more with one line
# of two modules changed ("another build"). What is there and current stays.
# usage: build.sh
set -eu
cd "$(dirname "$0")/../.."
. kernel/test/lib.sh
on_x86

sources()
{
	{
		dpkg-query -W linux-source-6.12 && sha256sum "$patches/apply.sh" "$patches/series" "$patches"/*.patch
	} >"$tap_tmp/sources" || return 1
	cmp -s "$tap_tmp/sources" "$work/sources" && [ -d "$src" ] && return 0
	rm -rf "$work/sources" "$src" "$work/linux-other" "$work/unpack"
	mkdir -p "$work/unpack" && tar -xf "$tarball" -C "$work/unpack" && mv "$work"/unpack/* "$src" && rmdir "$work/unpack" || return 1
	"$patches/apply.sh" "$src" || return 1
	cp "$tap_tmp/sources" "$work/sources"
}

# key NAME: made once; the kernels hold the certificate of `trusted`
key()
{
	[ ! -s "$keys/$1.pem" ] || return 0
	openssl req -new -x509 -newkey rsa:2048 -nodes -sha256 -days 36500 -batch -subj "/CN=Modulo test key, $1" \
		-addext basicConstraints=critical,CA:FALSE -addext keyUsage=digitalSignature \
		-keyout "$keys/$1.key" -out "$keys/$1.crt" && cat "$keys/$1.key" "$keys/$1.crt" >"$keys/$1.pem"
}

init()
{
	gcc -std=gnu11 -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -static -o "$work/init" kernel/test/init.c
}

# kernel NAME: each begins where one before ended, since most objects are the same. That this gives what a build from nothing gives is
# seen in reproduce.sh.
kernel()
{
	[ -d "$(out "$1")" ] || [ -z "$before" ] || copied "$(out "$before")" "$(out "$1")" || return 1
	before=$1
	mkdir -p "$(out "$1")/certs" || return 1
	cmp -s "$keys/trusted.pem" "$(out "$1")/certs/modulo-test.pem" || cp "$keys/trusted.pem" "$(out "$1")/certs/modulo-test.pem" || return 1
	fragments="kernel/test/small.config kernel/test/$1.config"
	if grep -q '^CONFIG_MODULE_SIG=y' "kernel/test/$1.config"; then
		echo 'CONFIG_MODULE_SIG_KEY="certs/modulo-test.pem"' >"$tap_tmp/key-$1.config"
		fragments="$fragments $tap_tmp/key-$1.config"
	fi
	# shellcheck disable=SC2086 # a list
	configure "$src" "out-$1" $fragments && kmake "$src" "out-$1" -s -j"$(nproc)"
}

# A second source folder, of hard links, in which one line is another: one of the module that is tried, and one of its neighbour, whose hash
# is in its proof
other_sources()
{
	[ ! -f "$work/linux-other/done" ] || return 0
	rm -rf "$work/linux-other"
	mkdir -p "$work/linux-other"
	(cd "$src" && find . -maxdepth 1 -mindepth 1 ! -name 'out-*' -exec cp -al {} "$work/linux-other/" ';') || return 1
	for changed in fs/nls/nls_utf8.c fs/nls/nls_iso8859-1.c; do
		sed 's/^\(MODULE_DESCRIPTION("\)/\1Another build: /' "$src/$changed" >"$tap_tmp/changed"
		! cmp -s "$tap_tmp/changed" "$src/$changed" || return 1
		rm "$work/linux-other/$changed" && cp "$tap_tmp/changed" "$work/linux-other/$changed" || return 1
	done
	touch "$work/linux-other/done"
}

# other KERNEL: the modules of another build of it
other()
{
	other=$work/linux-other/out-$1
	[ -z "$(find "$other/modules.done" -newer "$(out "$1")/arch/x86/boot/bzImage" 2>/dev/null)" ] || return 0
	copied "$(out "$1")" "$other" && kmake "$work/linux-other" "out-$1" -s -j"$(nproc)" fs/nls/nls_utf8.ko fs/nls/nls_iso8859-1.ko || return 1
	! cmp "$(module "$1" nls_utf8)" "$other/fs/nls/nls_utf8.ko" && touch "$other/modules.done"
}

timed 'the sources, with our patches' sources
for k in trusted foreign; do
	tap_test "a key: $k" key "$k"
done
tap_test 'init' init
# The second differs from the first in what most objects see; all others begin with what it left.
before=
nr=0
others=
for k in $kernels; do
	nr=$((nr + 1))
	if [ "$nr" -le 2 ]; then
		timed "a kernel: $k" kernel "$k"
	else
		others="$others $k"
	fi
done
# shellcheck disable=SC2086 # lists
together 'a kernel' kernel $others
timed 'the sources of another build' other_sources
# shellcheck disable=SC2086
together 'modules of another build' other $kernels
tap_end
