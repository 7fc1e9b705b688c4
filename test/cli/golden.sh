#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Ledgers as they are to be written, byte for byte: test/golden/. A change of the format shows here, and needs a reason.
# `golden.sh MODULO SOURCE-ROOT --write` writes them anew.
# usage: golden.sh MODULO SOURCE-ROOT [--write]
modulo=$(realpath "$1")
root=$(realpath "$2")
write=${3:-}
. "$root/test/cli/tap-cli.sh"
golden=$root/test/golden
samples=$root/test/samples/modules

ledger()
{
	"$modulo" split --quiet "$2" --ledger made
	[ "$write" != --write ] || cp made "$golden/$1.ledger"
	cmp made "$golden/$1.ledger"
}
for f in "$samples"/*.ko "$samples"/*.ko.*; do
	[ "$(basename "$f")" = nested.ko ] || t "$(basename "$f")" ledger "$(basename "$f")" "$f"
done

tree()
{
	mkdir -p tree/sub
	cp "$samples/rsa1.ko" tree/sub/x.ko
	ln tree/sub/x.ko "tree/z z"
	ln -s ../x tree/sub/link
	printf 'text' >"tree/$(printf 'n\nl')"
	mkfifo tree/pipe
	chmod 0755 tree/sub
	chmod 0644 tree/sub/x.ko tree/pipe "tree/$(printf 'n\nl')"
	ledger tree tree
}
t 'a directory' tree

manifest()
{
	"$modulo" digest --manifest tree >made
	[ "$write" != --write ] || cp made "$golden/tree.manifest"
	cmp made "$golden/tree.manifest"
}
t "a directory's manifest" manifest

finish
