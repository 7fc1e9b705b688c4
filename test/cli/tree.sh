#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# modulo tree: trees and lists of modules, proofs, and the section of a vmlinux.
# usage: tree.sh MODULO SOURCE-ROOT
modulo=$(realpath "$1")
root=$(realpath "$2")
. "$root/test/cli/tap-cli.sh"

# numbered FOLDER N: the modules of the vectors, `module i`, and their modules.order
numbered()
{
	mkdir -p "$1"
	: >"$1/modules.order"
	i=0
	while [ "$i" -lt "$2" ]; do
		echo "module $i" >"$1/m$i.ko"
		echo "m$i.o" >>"$1/modules.order"
		i=$((i + 1))
	done
}

# root_of N LEVELS:HEX
root_of()
{
	numbered "v$1" "$1"
	"$modulo" tree build "v$1" -o "v$1.tree"
	says "$2" "$modulo" tree root "v$1.tree"
	head -n 4 "v$1.tree" | tail -n 1 | grep -Fx "modules $1"
	"$modulo" tree build "v$1" | cmp - "v$1.tree"
}

# Roots of the trees over `module i`, a newline behind it, computed by a program that shares nothing with this one.
vectors()
{
	root_of 0 0:0000000000000000000000000000000000000000000000000000000000000000
	root_of 1 1:7a5f4f253c58f36cebc2491f96479fa8752f7ac7b6e1a2352636630446210167
	root_of 2 1:2b38210ee460e970b740cb14be6d66ddbb495135b54893f86feba172dabea18e
	root_of 3 2:01cd17d08432bf3ebb988f523996e41f3d3b72f1741b3c086e5f8b92c12519ca
	root_of 5 3:17da356aab3b86ba51f9215babd09a4eb4b0e7815a3c6da67374d24dc56f40dd
}
t 'roots of 0, 1, 2, 3 and 5 modules' vectors

# every proof attached, then taken away again
inverse()
{
	for n in 1 2 3 5; do
		rm -rf a
		cp -r "v$n" a
		says "attached: $n of $n modules" "$modulo" tree attach a --tree "v$n.tree"
		for f in a/*.ko; do
			! cmp -s "$f" "v$n/${f#a/}"
		done
		says "attached: 0 of $n modules" "$modulo" tree attach a --tree "v$n.tree"
		says "detached: $n of $n modules" "$modulo" tree detach a
		diff -r a "v$n"
		says "detached: 0 of $n modules" "$modulo" tree detach a
	done
}
t 'attach and detach are inverses' inverse

finish
