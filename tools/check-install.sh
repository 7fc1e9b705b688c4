#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# An installation has what it should have, works from where it is, can be built against with pkg-config, and goes away without a rest.
# usage: check-install.sh BUILD-FOLDER [SOURCE-FOLDER]
set -eu
build=$(realpath "$1")
cd "${2:-$(dirname "$0")/..}"
. tools/tap.sh

dest=$tap_tmp/root

install_it()
{
	DESTDIR=$dest meson install -C "$build" --no-rebuild
}

# Everything installed as PATH below the prefix, the library folder written as LIB.
installed()
{
	(cd "$dest" && find . \( -type f -o -type l \) | sed 's|^\./||') |
		sed -e "s|^${prefix#/}/||" -e "s|^$libdir/|LIB/|" | sort
}

as_listed()
{
	{
		cat <<-EOT
			LIB/libmodulo.a
			LIB/libmodulo.so
			LIB/libmodulo.so.0
			LIB/libmodulo.so.$version
			LIB/pkgconfig/modulo.pc
			bin/modulo
			bin/modulo-check
			share/bash-completion/completions/modulo
			share/fish/vendor_completions.d/modulo.fish
			share/zsh/site-functions/_modulo
		EOT
		for f in include/modulo/*.h; do
			echo "$f"
		done
		for f in man/*.scd; do
			f=$(basename "$f" .scd)
			echo "share/man/man${f##*.}/$f"
		done
	} | sort >"$tap_tmp/listed"
	installed | diff "$tap_tmp/listed" -
}

# The installed programs say their version; the installed library is found by a program of its own.
programs()
{
	"$dest$prefix/bin/modulo" --version | grep -F "$version" && "$dest$prefix/bin/modulo-check" --version | grep -F "$version"
}

flags()
{
	PKG_CONFIG_LIBDIR=$dest$prefix/$libdir/pkgconfig:$(pkg-config --variable pc_path pkg-config) \
		pkg-config --define-variable=prefix="$dest$prefix" "$@" modulo
}

user()
{
	cat >"$tap_tmp/user.c" <<-'EOT'
		#include <modulo/modulo.h>
		#include <stdio.h>
		#include <string.h>

		int main(void)
		{
			struct modulo_error err = { 0 };
			uint8_t digest[32];

			if (modulo_forms_digest(digest, &err))
				return 1;
			if (modulo_digest("/nonexistent/file", NULL, digest, NULL, NULL, &err) >= 0 || !err.id[0])
				return 1;
			return puts(modulo_version()) < 0;
		}
	EOT
	# shellcheck disable=SC2046 # words are meant to be split
	${CC:-cc} -Wall -Werror $(flags --cflags) "$tap_tmp/user.c" -o "$tap_tmp/user" "$@" &&
		LD_LIBRARY_PATH=$dest$prefix/$libdir "$tap_tmp/user" | grep -Fx "$version"
}

against_shared()
{
	# shellcheck disable=SC2046
	user $(flags --libs) && readelf -d "$tap_tmp/user" | grep -F libmodulo.so.0
}

against_static()
{
	# shellcheck disable=SC2046
	user -Wl,-Bstatic -L"$dest$prefix/$libdir" -lmodulo -Wl,-Bdynamic $(flags --libs --static | sed 's/-lmodulo//') &&
		! readelf -d "$tap_tmp/user" | grep -F libmodulo
}

uninstalled()
{
	mkdir -p "$dest"
	DESTDIR=$dest ninja -C "$build" uninstall
	mkdir -p "$dest"
	tap_nothing find "$dest" ! -type d
}

option()
{
	meson introspect "$build" --buildoptions | tr '{' '\n' | sed -n "s/^\"name\": \"$1\", \"value\": \"\([^\"]*\)\".*/\1/p"
}

prefix=$(option prefix)
libdir=$(option libdir)
version=$(meson introspect "$build" --projectinfo | sed -n 's/.*"version": "\([^"]*\)".*/\1/p')

tap_test 'installation' install_it
tap_test 'what is installed is what is listed' as_listed
tap_test 'installed programs run' programs
tap_test 'a program builds against the shared library' against_shared
tap_test 'a program builds against the static library' against_static
tap_test 'removal leaves nothing' uninstalled
tap_end
