#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes test/evil/module/ from one good signed module (demo/vendor): one thing broken in each file, named by the id that it must meet.
# usage: make-evil-modules.sh SOURCE-ROOT OUT-FOLDER
set -eu
root=$1
out=$2
good=$root/demo/vendor/signed/lib/modules/5.10.0-32-cloud-amd64/kernel/lib/crc7.ko
plain=$root/demo/vendor/unsigned/lib/modules/5.10.0-32-cloud-amd64/kernel/lib/crc7.ko
n=$(wc -c <"$good")
content=$(wc -c <"$plain")
header=$((n - 40))
mkdir -p "$out"

# poke FILE OFFSET OCTAL-BYTE...
poke()
{
	f=$out/$1
	at=$2
	shift 2
	[ -f "$f" ] || cp "$good" "$f"
	for byte; do
		# shellcheck disable=SC2059 # the format is the byte
		printf "\\$byte" | dd of="$f" bs=1 seek="$at" conv=notrunc 2>/dev/null
		at=$((at + 1))
	done
}

for field in 0:algo 1:hash 3:signer 4:keyid 5:pad0 6:pad1 7:pad2; do
	poke "module.header-${field#*:}.ko" $((header + ${field%:*})) 001
done
poke module.type-1.ko $((header + 2)) 001
poke module.type-4.ko $((header + 2)) 004
poke module.siglen-zero.ko $((header + 8)) 000 000 000 000
poke module.siglen-whole.ko $((header + 8)) 000 000 377 377
poke module.siglen-huge.ko $((header + 8)) 177 377 377 377
{
	cat "$good"
	tail -c +$((content + 1)) "$good"
} >"$out/module.nested.ko"
head -c $((n - 1)) "$good" >"$out/module.cut-last-byte.ko"
head -c $((n - 20)) "$good" >"$out/module.cut-magic.ko"
head -c $((n - 100)) "$good" >"$out/module.cut-signature.ko"
head -c $((content - 1)) "$good" >"$out/module.cut-table.ko"
head -c 1000 "$good" >"$out/module.cut-sections.ko"
head -c 40 "$good" >"$out/module.cut-header.ko"
{
	cat "$good"
	printf x
} >"$out/module.tail-byte.ko"
{
	cat "$good"
	head -c 3000 /dev/zero
} >"$out/module.tail-zeros.ko"
poke module.elf-class.ko 4 003
poke module.elf-order.ko 5 003
poke module.elf-entry.ko 58 101
poke module.elf-wrap.ko 40 377 377 377 377 377 377 377 377

# Proofs: of a tree of two modules, behind one of them.
. "$root/test/samples/merkle.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$plain" "$work/a"
(
	cd "$work"
	merkle a a
)
# proof NAME BODY: the module with this for a proof
proof()
{
	{
		cat "$plain"
		trailer 3 "$2"
	} >"$out/$1.ko"
}
for len in 3 4 35; do # an index alone is no proof, not even of one module
	head -c "$len" "$work/a.proof" >"$work/$len"
	proof "merkle.proof-$len" "$work/$len"
done
{
	cat "$work/a.proof"
	head -c 1024 /dev/zero
} >"$work/levels"
proof merkle.proof-levels "$work/levels" # 33 of them
{
	be32 2
	tail -c +5 "$work/a.proof"
} >"$work/index"
proof merkle.proof-index "$work/index" # of a tree of two
tail -c +$((content + 1)) "$good" | head -c $((n - content - 40)) >"$work/pkcs7" # no proof at all
proof merkle.proof-pkcs7 "$work/pkcs7"
tail -c +5 "$work/a.proof" >"$work/siblings"
proof merkle.proof-siblings "$work/siblings"

# Stacks that are no pair of one signature and one proof.
proof good "$work/a.proof"
mv "$out/good.ko" "$work/proof"
{
	cat "$work/proof"
	trailer 3 "$work/a.proof"
} >"$out/module.nested-proofs.ko"
{
	cat "$work/proof"
	trailer 2 "$work/pkcs7"
	trailer 2 "$work/pkcs7"
} >"$out/module.nested-signed-twice.ko"
{
	cat "$good"
	trailer 3 "$work/a.proof"
	trailer 2 "$work/pkcs7"
} >"$out/module.nested-signed-proof-signed.ko"
{
	cat "$plain"
	trailer 3 "$work/a.proof" | head -c $(($(wc -c <"$work/a.proof") + 30))
} >"$out/module.cut-proof.ko"
{
	cat "$work/proof"
	printf x
} >"$out/module.tail-proof.ko"
