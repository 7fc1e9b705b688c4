#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs what building and testing need: on Debian and Ubuntu as root with apt-get, and only what is missing; elsewhere it says what is
# missing and how the packages are called there.
# usage: install-deps.sh [build|test|kernel|check]   test and kernel (the test kernels) are build and more; check, the default, is what
#        `make check` needs: all of them, without kernel where MODULO_SKIP_KERNEL=1
set -eu

want=${1:-check}

# What is looked for | packages of Debian | Fedora | Arch | openSUSE. `c:NAME` is a pkg-config module, `f:NAME` a part of clang, `s:NAME` a
# file of sources that Debian packages.
build_deps='
cc|gcc libc6-dev|gcc|gcc|gcc
make|make|make|make|make
meson|meson|meson|meson|meson
ninja|ninja-build|ninja-build|ninja|ninja
pkg-config|pkgconf|pkgconf-pkg-config|pkgconf|pkgconf-pkg-config
scdoc|scdoc|scdoc|scdoc|scdoc
c:libcrypto|libssl-dev|openssl-devel|openssl|libopenssl-devel
c:zlib|zlib1g-dev|zlib-devel|zlib|zlib-devel
c:liblzma|liblzma-dev|xz-devel|xz|xz-devel
c:libzstd|libzstd-dev|libzstd-devel|zstd|libzstd-devel
c:liblz4|liblz4-dev|lz4-devel|lz4|liblz4-devel'
test_deps='
clang|clang|clang|clang|clang
f:fuzzer|libclang-rt-dev|compiler-rt|compiler-rt|clang-devel
openssl|openssl|openssl|openssl|openssl
modinfo|kmod|kmod|kmod|kmod
xz|xz-utils|xz|xz|xz
zstd|zstd|zstd|zstd|zstd
gzip|gzip|gzip|gzip|gzip
pigz|pigz|pigz|pigz|pigz
setfattr|attr|attr|attr|attr
nm|binutils|binutils|binutils|binutils
shellcheck|shellcheck|ShellCheck|shellcheck|ShellCheck
codespell|codespell|codespell|codespell|codespell
git|git|git-core|git|git-core'
kernel_deps='
qemu-system-x86_64|qemu-system-x86|qemu-system-x86-core|qemu-system-x86|qemu-x86
s:linux-source-6.12.tar.xz|linux-source-6.12|-|-|-
ccache|ccache|ccache|ccache|ccache
flex|flex|flex|flex|flex
bison|bison|bison|bison|bison
bc|bc|bc|bc|bc
patch|patch|patch|patch|patch
c:libelf|libelf-dev|elfutils-libelf-devel|libelf|libelf-devel
cpio|cpio|cpio|cpio|cpio
depmod|kmod|kmod|kmod|kmod
openssl|openssl|openssl|openssl|openssl
xz|xz-utils|xz|xz|xz
zstd|zstd|zstd|zstd|zstd
gzip|gzip|gzip|gzip|gzip
readelf|binutils|binutils|binutils|binutils'

case $want in
build) deps=$build_deps ;;
test) deps=$build_deps$test_deps ;;
kernel) deps=$build_deps$kernel_deps ;;
check)
	deps=$build_deps$test_deps
	[ "${MODULO_SKIP_KERNEL:-0}" = 1 ] || deps=$deps$kernel_deps
	;;
*)
	echo 'usage: install-deps.sh [build|test|kernel|check]' >&2
	exit 2
	;;
esac

here()
{
	case $1 in
	c:*) pkg-config --exists "${1#c:}" 2>/dev/null ;;
	s:*) [ -f "/usr/src/${1#s:}" ] ;;
	f:*) # Linking is what fails where the run-time part is not installed.
		printf 'int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n);\nint LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n)\n{\n\treturn p && n ? 0 : 0;\n}\n' |
			clang -fsanitize=fuzzer,address -x c - -o /dev/null 2>/dev/null
		;;
	*) PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null ;;
	esac
}

# missing COLUMN: the packages, in one line
missing()
{
	printf '%s\n' "$deps" | awk '!seen[$0]++' | while IFS='|' read -r what debian fedora arch suse; do
		if [ -z "$what" ] || here "$what"; then
			continue
		fi
		case $1 in
		what) printf '%s ' "${what#[cfs]:}" ;;
		debian) printf '%s ' "$debian" ;;
		fedora) printf '%s ' "$fedora" ;;
		arch) printf '%s ' "$arch" ;;
		suse) printf '%s ' "$suse" ;;
		esac
	done | sed 's/\(^\| \)- /\1/g' # `-`: no such package there
}

what=$(missing what)
[ -n "$what" ] || exit 0

if command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
	packages=$(missing debian)
	echo "install-deps: missing: $what"
	echo "install-deps: apt-get install $packages"
	export DEBIAN_FRONTEND=noninteractive
	apt-get -q update
	# shellcheck disable=SC2086 # a list
	apt-get -q -y --no-install-recommends install $packages
	what=$(missing what)
	[ -n "$what" ] || exit 0
fi

cat >&2 <<EOT
install-deps: missing: $what
  Debian, Ubuntu:  apt-get install $(missing debian)
  Fedora:          dnf install $(missing fedora)
  Arch:            pacman -S --needed $(missing arch)
  openSUSE:        zypper install $(missing suse)
EOT
case $what in
*linux-source*) echo '  The test kernels are built from this package of Debian; MODULO_SKIP_KERNEL=1 leaves them out.' >&2 ;;
esac
exit 1
