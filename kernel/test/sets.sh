#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The modules of the matrix, one file for each kind, for each kernel: $work/set/KERNEL/KIND.ko. All are fs/nls/nls_utf8.ko with something
# done to it. In a kernel that checks nothing each of them loads: code and data are changed where loading does not come by. Beside them, in
# roots/, what roots.sh writes to a kernel as a further root.
# usage: sets.sh
set -eu
cd "$(dirname "$0")/../.."
. kernel/test/lib.sh
on_x86

sign_file=$(signer)

# flip FILE OFFSET: the lowest bit of a byte
flip()
{
	byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ') || return 1
	printf '%b' "\\0$(printf %o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

size()
{
	stat -c %s "$1"
}

# section FILE NAME: where it begins
section()
{
	offset=$(readelf -SW "$1" | sed -n "s/^ *\[ *[0-9]*\] \\$2  *PROGBITS  *[0-9a-f]* \([0-9a-f]*\) .*/\1/p")
	[ -n "$offset" ] && echo $((0x$offset))
}

# be32 NUMBER
be32()
{
	printf '%b' "$(printf '\\0%o\\0%o\\0%o\\0%o' $(($1 >> 24 & 255)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255)))"
}

# trailer TYPE LENGTH: what stands behind a proof or a signature
trailer()
{
	printf '%b' "\\0000\\0000\\0$1\\0000\\0000\\0000\\0000\\0000"
	be32 "$2"
	printf '~Module signature appended~\n'
}

# sign KEY FILE NEW
sign()
{
	"$sign_file" sha256 "$keys/$1.key" "$keys/$1.crt" "$2" "$3"
}

# changed NEW OF OFFSET
changed()
{
	cp "$2" "$1" && flip "$1" "$3"
}

# attached NEW OF TREE
attached()
{
	cp "$2" "$1" && "$modulo" tree attach "$1" --tree "$3"
}

# packed KERNEL FILE: FILE.packed, by what this kernel can unpack
packed()
{
	if has "$1" MODULE_COMPRESS_GZIP; then
		gzip -9n <"$2"
	elif has "$1" MODULE_COMPRESS_XZ; then
		xz --check=crc32 --lzma2=dict=1MiB <"$2"
	else
		zstd -q -19 <"$2"
	fi >"$2.packed"
}

# The tree of a kernel's modules, and that of its other build
trees()
{
	order "$1" >order && "$modulo" tree build --order order --base "$(out "$1")" -o tree &&
		"$modulo" tree build --order order --base "$work/linux-other/out-$1" -o other.tree
}

proofs()
{
	attached proof.ko plain.ko tree && attached neighbour.ko neighbour-plain.ko tree || return 1
	n=$(size plain.ko)
	length=$(($(size proof.ko) - n - 40))
	changed code.ko proof.ko "$(section plain.ko .text)" &&
		changed data.ko proof.ko "$(section plain.ko .rodata.str1.1)" &&
		changed proof-hash.ko proof.ko $((n + 4)) &&
		changed proof-index.ko proof.ko $((n + 3)) &&
		changed proof-header.ko proof.ko $((n + length)) &&
		changed proof-size.ko proof.ko $((n + length + 8)) || return 1
	{ cat plain.ko && tail -c $((length + 40)) neighbour.ko; } >proof-swapped.ko
	{ head -c $((n + length - 32)) proof.ko && trailer 3 $((length - 32)); } >proof-short.ko
	{ cat proof.ko && printf '\0'; } >trailing.ko
	{ cat proof.ko && tail -c $((length + 40)) proof-hash.ko; } >proof-proof.ko
	cp proof.ko stripped.ko && strip --strip-debug stripped.ko && ! cmp -s stripped.ko plain.ko || return 1
	{ cat stripped.ko && tail -c $((length + 40)) proof.ko; } >stripped-proof.ko
}

others()
{
	attached other.ko other-plain.ko other.tree || return 1
	# The very same module with the other tree's proof: only the root differs.
	{ cat plain.ko && tail -c $((length + 40)) other.ko; } >other-proof.ko
}

# signature_of FILE UNSIGNED: what was put behind
signature_of()
{
	tail -c +$(($(size "$2") + 1)) "$1"
}

signed()
{
	n=$(size plain.ko)
	sign trusted plain.ko signed.ko && sign foreign plain.ko foreign.ko && sign trusted neighbour-plain.ko neighbour-signed.ko || return 1
	{ cat plain.ko && signature_of neighbour-signed.ko neighbour-plain.ko; } >signed-swapped.ko
	changed signed-code.ko signed.ko "$(section plain.ko .text)" &&
		changed signed-garbage.ko signed.ko "$n" &&
		changed signed-header.ko signed.ko $(($(size signed.ko) - 40))
}

stacked()
{
	sign trusted code.ko changed-signed.ko && sign trusted proof.ko proof-signed.ko && sign foreign proof.ko proof-foreign.ko &&
		sign foreign proof-foreign.ko proof-foreign-twice.ko || return 1
	{ cat proof.ko && signature_of neighbour-signed.ko neighbour-plain.ko; } >proof-missigned.ko
	{ cat signed.ko && tail -c $((length + 40)) proof.ko; } >signed-proof.ko
}

# no_roots: what is not a root, each made from that of own.tree
no_roots()
{
	sed 's/:./:g/' roots/own >roots/hex
	tr a-f A-F <roots/own >roots/upper
	sed 's/.$//' roots/own >roots/short
	sed 's/$/0/' roots/own >roots/long
	sed 's/^[0-9]*:/0:/' roots/own >roots/zero
	sed 's/^[0-9]*:/33:/' roots/own >roots/deep
	sed 's/^/0/' roots/own >roots/leading
	sed 's/^[0-9]*://' roots/own >roots/bare
	tr -d '\n' <roots/own >roots/unended
	cat roots/own roots/own >roots/twice
	sed 's/$/ /' roots/own >roots/blank
	echo >roots/empty
	{ cat roots/own && tail -c $(($(size own.ko) - $(size own/nls_utf8.ko))) own.ko; } >roots/proof
}

# The roots of two trees: of the other build, and of one module alone
further()
{
	mkdir own roots && cp other-plain.ko own/nls_utf8.ko && strip --strip-debug own/nls_utf8.ko && "$modulo" tree build own -o own.tree &&
		attached own.ko own/nls_utf8.ko own.tree && "$modulo" tree root other.tree >roots/plain && "$modulo" tree root own.tree >roots/own &&
		no_roots && sign trusted roots/own roots/signed && sign foreign roots/own roots/foreign || return 1
	{ cat roots/plain && signature_of roots/signed roots/own; } >roots/changed
	{ cat roots/own && signature_of signed.ko plain.ko; } >roots/replayed
	changed roots/garbage roots/signed "$(size roots/own)" && changed roots/header roots/signed $(($(size roots/signed) - 40))
	# As many as there may be, and one more
	for i in 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26; do
		sed "s/:../:$i/" roots/own >"roots/fill-$i" && sign trusted "roots/fill-$i" "roots/fill-$i-signed" || return 1
	done
}

compressed()
{
	for f in plain proof signed code; do
		packed "$1" "$f.ko" || return 1
	done
}

# The modules as built, and signatures
unproved()
{
	cp "$(module "$1" nls_utf8)" plain.ko && cp "$(module "$1" nls_ascii)" neighbour-plain.ko &&
		cp "$work/linux-other/out-$1/fs/nls/nls_utf8.ko" other-plain.ko && signed
}

# set_of KERNEL
set_of()
(
	rm -rf "$work/set/$1" && mkdir -p "$work/set/$1" && cd "$work/set/$1" && unproved "$1" && trees "$1" && proofs && others && stacked &&
		further && compressed "$1" && rm neighbour*.ko
)

for k in $kernels; do
	tap_test "modules of the matrix: $k" set_of "$k"
done
tap_end
