#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes test/evil/tree/ from the good files of test/samples/trees and a vmlinux: one thing broken in each file, named by the id that it
# must meet.
# usage: make-evil-trees.sh SOURCE-ROOT VMLINUX-MAKER OUT-FOLDER
set -eu
root=$1
vmlinux=$2
out=$3
tree=$root/test/samples/trees/good.tree
list=$root/test/samples/trees/good.list
mkdir -p "$out"

# edit NAME SED-SCRIPT [FROM]
edit()
{
	sed "$2" "${3:-$tree}" >"$out/$1"
}

edit merkle.version-2.tree '1s/1$/2/'
edit merkle.kind-other.tree '2s/tree/bush/'
edit merkle.kind-none.tree '2s/ tree//'
edit merkle.root-levels.tree '3s/2:/33:/'
edit merkle.root-zero.tree '3s/2:/02:/'
edit merkle.root-short.tree '3s/.$//'
edit merkle.root-capital.tree '3s/a/A/'
edit merkle.root-colon.tree '3s/://'
edit merkle.root-empty.tree '3s/2:/0:/'
edit merkle.root-list.tree '3s/ .*/ 2:00/' "$list"
edit merkle.root-dash.tree '3s/ .*/ -/'
edit merkle.count-huge.tree '4s/4$/1048576/'
edit merkle.leaves-over.tree '4s/4$/1048577/'
edit merkle.path-none.tree '5s/ [^ ]*$//'
edit merkle.path-spelling.tree '5s/m0/\\155\\060/'
edit merkle.path-escape.tree '5s/m0/\\9/'
edit merkle.path-nul.tree '5s/m0/\\000/'
edit merkle.list-differ.tree '5s/^./0/' "$list"
edit merkle.mismatch-root.tree '3s/2:./2:0/'
edit merkle.mismatch-leaf.tree '5s/^./0/'
edit merkle.mismatch-order.tree '5{h;d;};6G'
edit merkle.mismatch-levels.tree '3s/2:/3:/'
edit ledger.word-kind.tree '2s/kind/kinds/'
edit ledger.word-more.tree '6s/$/ more/'
edit ledger.word-count.tree '4s/4$/3/'
edit ledger.number-count.tree '4s/4$/04/'
edit ledger.digest-leaf.tree '5s/^.//'
edit ledger.digest-sha.tree '5s/ ./ g/'
edit ledger.line-space.tree '5s/ /  /'
edit ledger.line-empty.tree '8s/$/\
/'
edit ledger.line-control.tree '5s/m0/m	/'
edit ledger.end-cut.tree '$d'
edit ledger.end-more.tree '$s/$/\
more/'

# poke NAME OFFSET OCTAL-BYTE...
poke()
{
	at=$2
	f=$out/$1
	shift 2
	for byte; do
		# shellcheck disable=SC2059 # the format is the byte
		printf "\\$byte" | dd of="$f" bs=1 seek="$at" conv=notrunc 2>/dev/null
		at=$((at + 1))
	done
}

le32()
{
	printf '%b' "\\0$(printf %o $(($1 & 255)))\\0$(printf %o $(($1 >> 8 & 255)))\\0$(printf %o $(($1 >> 16 & 255)))\\0$(printf %o $(($1 >> 24 & 255)))"
}

# kernel NAME [BYTES [SECTION]]
kernel()
{
	"$vmlinux" 64 little "${2:-36}" "${3:-.module_hashes}" >"$out/$1"
}

kernel image.section-other.elf 36 .module_hashez
kernel image.section-nobits.elf
size=$(wc -c <"$out/image.section-nobits.elf")
poke image.section-nobits.elf $((size - 128 + 4)) 010
kernel image.section-no-table.elf
poke image.section-no-table.elf 40 000 000 000
kernel image.size-40.elf 40
kernel image.levels-33.elf
poke image.levels-33.elf 4096 041
kernel image.levels-order.elf
poke image.levels-order.elf 4099 003
kernel image.elf-class.elf
poke image.elf-class.elf 4 003
kernel image.elf-entry.elf
poke image.elf-entry.elf 58 101
"$vmlinux" 64 little 36 | head -c 4500 >"$out/image.cut-table.elf"
"$vmlinux" 64 little 36 | head -c 30 >"$out/image.cut-header.elf"
head -c 2000 /dev/zero >"$out/image.format-zeros.bin"
printf 'MZ' >"$out/image.format-short.bin"

# A bzImage: setup of two sectors, then its payload and the length of what that unpacks to
"$vmlinux" 64 little 36 >"$out/kernel"
# bzimage NAME PAYLOAD
bzimage()
{
	{
		head -c 1024 /dev/zero
		cat "$2"
	} >"$out/$1"
	poke "$1" $((0x1f1)) 001
	poke "$1" $((0x202)) 110 144 162 123 017 002
	le32 "$(wc -c <"$2")" | dd of="$out/$1" bs=1 seek=$((0x24c)) conv=notrunc 2>/dev/null
}
gzip -9n <"$out/kernel" >"$out/gzip"
bzimage image.payload-version.bz "$out/gzip"
poke image.payload-version.bz $((0x206)) 007
bzimage image.payload-behind.bz "$out/gzip"
poke image.payload-behind.bz $((0x24a)) 001
bzimage image.payload-longer.bz "$out/gzip"
poke image.payload-longer.bz $((0x24d)) 020
bzimage image.payload-none.bz /dev/null
bzimage image.codec-none.bz "$out/kernel"
head -c 2000 /dev/zero | gzip -9n >"$out/zeros"
bzimage image.payload-zeros.bz "$out/zeros"
# lz4's legacy format: 100 literals, and a length behind that is another
{
	printf '\002\041\114\030'
	le32 102
	printf '\360\125'
	head -c 100 "$out/kernel"
} >"$out/lz4"
{
	cat "$out/lz4"
	le32 101
} >"$out/lz4-length"
bzimage image.payload-length.bz "$out/lz4-length"
# a match that begins before the block
{
	printf '\002\041\114\030'
	le32 5
	printf '\020A\002\000\000'
	le32 5
} >"$out/lz4-match"
bzimage image.payload-match.bz "$out/lz4-match"
{
	printf '\002\041\114\030'
	le32 9999
	printf 'AAAAAAAAAA'
	le32 5
} >"$out/lz4-block"
bzimage image.payload-block.bz "$out/lz4-block"
{
	printf '\135\000\000\200\000\377\377\377\377\377\377\377\377\000broken'
	le32 5
} >"$out/lzma"
bzimage image.payload-lzma.bz "$out/lzma"
# EFI zboot: its payload's place and length at 8 and 12
{
	printf 'MZ\000\000zimg'
	le32 64
	le32 4096
	head -c 48 /dev/zero
	cat "$out/gzip"
} >"$out/image.payload-zboot.efi"
# arm64's Image: no table of sections
head -c 2000 /dev/zero >"$out/image.root-arm64.bin"
poke image.root-arm64.bin 56 101 122 115 144
rm "$out/kernel" "$out/gzip" "$out/zeros" "$out/lz4" "$out/lz4-length" "$out/lz4-match" "$out/lz4-block" "$out/lzma"
