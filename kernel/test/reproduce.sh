#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A kernel without any key, built twice, in another folder, by somebody else, at another time, in another locale, with another -j: the
# same bits. Then the same with a signing key that each build makes for itself: other bits, and what modulo says of them.
# What it prints at the end can be quoted.
# usage: reproduce.sh
set -eu
cd "$(dirname "$0")/../.."
. kernel/test/lib.sh
on_x86

kernel=neither
case " $kernels " in
*' hashes '*) kernel=hashes ;;
esac
elsewhere=$work/elsewhere
# The second build shares no object with the first: in the compiler's cache it has a space of its own.
cache=$(ccache -k cache_dir 2>/dev/null) || cache=

# Programs that tell a build who, where and when it is; if it asks them, the answer differs.
strangers()
{
	mkdir -p "$elsewhere/bin" || return 1
	for p in 'whoami=echo stranger' 'hostname=echo strange-host' 'date=exec /bin/date -d 2031-05-06 "$@"' 'uname=case $1 in -n) echo strange-host ;; *) exec /bin/uname "$@" ;; esac'; do
		printf '#!/bin/sh\n%s\n' "${p#*=}" >"$elsewhere/bin/${p%%=*}"
		chmod +x "$elsewhere/bin/${p%%=*}"
	done
}

# The sources once more, with other times, in a folder with another name; what is built lies outside of it
second_sources()
{
	cmp -s "$work/sources" "$elsewhere/sources" && return 0
	rm -rf "$elsewhere" && mkdir -p "$elsewhere/some-linux" || return 1
	(cd "$src" && find . -maxdepth 1 -mindepth 1 ! -name 'out-*' -exec cp -r {} "$elsewhere/some-linux/" ';') || return 1
	cp "$work/sources" "$elsewhere/sources"
}

second_build()
(
	umask 027
	PATH=$elsewhere/bin:$PATH
	HOME=$elsewhere/home
	USER=stranger
	LOGNAME=stranger
	HOSTNAME=strange-host
	TZ=Pacific/Kiritimati
	LC_ALL=C.UTF-8
	LANG=C.UTF-8
	CCACHE_DIR=$cache
	CCACHE_NAMESPACE=elsewhere
	export PATH HOME USER LOGNAME HOSTNAME TZ LC_ALL LANG CCACHE_DIR CCACHE_NAMESPACE
	mkdir -p "$HOME" "$elsewhere/out/built"
	configure "$elsewhere/some-linux" "$elsewhere/out/built" kernel/test/small.config "kernel/test/$kernel.config" &&
		kmake "$elsewhere/some-linux" "$elsewhere/out/built" -s -j3
)

# package SOURCES OUTPUT FOLDER NAME: what is installed, as a Debian package
package()
{
	rm -rf "$3" && mkdir -p "$3/DEBIAN" "$3/boot" || return 1
	kmake "$1" "$2" -s INSTALL_MOD_PATH="$3" modules_install || return 1
	case $2 in
	/*) built=$2 ;;
	*) built=$1/$2 ;;
	esac
	release=$(cat "$built/include/config/kernel.release")
	rm -f "$3/lib/modules/$release/build" "$3/lib/modules/$release/source"
	cp "$built/arch/x86/boot/bzImage" "$3/boot/vmlinuz-$release" || return 1
	printf 'Package: linux-image-test\nVersion: %s\nArchitecture: amd64\nMaintainer: nobody <nobody@localhost>\nDescription: small test kernel\n' "$release" >"$3/DEBIAN/control"
	chmod -R u=rwX,go=rX "$3"
	dpkg-deb --root-owner-group -Zxz --build "$3" "$4" >/dev/null
}

same_modules()
{
	[ -n "$(order "$kernel")" ] || return 1
	order "$kernel" | while read -r m; do
		cmp "$(out "$kernel")/$m" "$elsewhere/out/built/$m" || exit 1
	done
}

# keyed NAME: the kernel `signatures`, built on with a key that the build makes for itself, and with signed modules
keyed()
{
	rm -rf "$work/keyed/$1"
	copied "$(out signatures)" "$src/out-$1" && rm -f "$src/out-$1/certs/signing_key.pem" || return 1
	grep -v 'MODULE_SIG_ALL' kernel/test/signatures.config >"$tap_tmp/$1-fragment.config"
	printf 'CONFIG_MODULE_SIG_ALL=y\nCONFIG_MODULE_SIG_KEY="certs/signing_key.pem"\n' >>"$tap_tmp/$1-fragment.config"
	mkdir -p "$work/keyed" && configure "$src" "out-$1" kernel/test/small.config "$tap_tmp/$1-fragment.config" &&
		kmake "$src" "out-$1" -s -j"$(nproc)" && package "$src" "out-$1" "$work/keyed/$1" "$work/keyed/$1.deb" || return 1
	mv "$src/out-$1/vmlinux" "$work/keyed/$1.vmlinux" && cp "$src/out-$1/arch/x86/boot/bzImage" "$work/keyed/$1.bzImage"
	rm -rf "$src/out-$1"
}

differ()
{
	! cmp "$1" "$2"
}

# What modulo says of the two trees of modules: its last line
verdict()
{
	"$modulo" compare "$work/keyed/keyed-a/lib/modules" "$work/keyed/keyed-b/lib/modules" --only '**.ko' >"$tap_tmp/compare"
	status=$?
	cat "$tap_tmp/compare"
	[ "$status" -eq 0 ] && tail -n 1 "$tap_tmp/compare" | grep -q '^identical modulo signatures'
}

# changed A B: how many bytes differ
changed()
{
	cmp -l "$1" "$2" 2>/dev/null | wc -l
}

picture()
{
	echo '# Built twice, elsewhere, by somebody else, later, without any key:'
	echo "#   vmlinux, bzImage, $(order "$kernel" | wc -l) modules, the package: identical ($kernel)"
	sha256sum "$work/first.deb" "$elsewhere/second.deb" | sed "s|$work/||; s/^/#   /"
	echo '# Built twice in one place, each time with a signing key of its own:'
	for f in vmlinux bzImage deb; do
		echo "#   $f: $(changed "$work/keyed/keyed-a.$f" "$work/keyed/keyed-b.$f") bytes differ"
	done
	echo "#   modulo compare of the modules: $(tail -n 1 "$tap_tmp/compare")"
}

timed 'sources in another folder' second_sources
tap_test 'another user, host and clock' strangers
timed "a second build: $kernel" second_build
tap_test 'a package of the first' package "$src" "out-$kernel" "$work/first" "$work/first.deb"
tap_test 'a package of the second' package "$elsewhere/some-linux" "$elsewhere/out/built" "$elsewhere/second" "$elsewhere/second.deb"
for f in vmlinux arch/x86/boot/bzImage; do
	tap_test "the same bits: $f" cmp "$(out "$kernel")/$f" "$elsewhere/out/built/$f"
done
tap_test 'the same bits: every module' same_modules
tap_test 'the same bits: the package' cmp "$work/first.deb" "$elsewhere/second.deb"
together 'a kernel with a key of its own' keyed keyed-a keyed-b
for f in vmlinux bzImage deb; do
	tap_test "with keys of their own, other bits: $f" differ "$work/keyed/keyed-a.$f" "$work/keyed/keyed-b.$f"
done
tap_test 'modulo compare: identical modulo signatures' verdict
picture
tap_end
