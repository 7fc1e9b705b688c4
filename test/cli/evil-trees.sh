#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every file of test/evil/tree, trees' files and kernel images, is refused with the id of its name; and the files are those that
# make-evil-trees.sh makes.
# usage: evil-trees.sh MODULO SOURCE-ROOT VMLINUX-MAKER
modulo=$(realpath "$1")
root=$(realpath "$2")
vmlinux=$(realpath "$3")
. "$root/test/cli/tap-cli.sh"

evil=$root/test/evil/tree
for f in "$evil"/*.*; do
	name=${f##*/}
	id=${name%.*}
	t "$name" refuses "${id%%-*}" "$modulo" tree root "$f"
done

made()
{
	sh "$root/test/samples/make-evil-trees.sh" "$root" "$vmlinux" made
	diff -r made "$evil"
}
t 'the files are those that the script makes' made

finish
