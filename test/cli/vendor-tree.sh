#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# modulo tree on real modules: the 931 of Debian's linux 5.10.223 cloud kernel, unsigned and signed, and its bzImage. They are not part of
# the repository: MODULO_CORPUS names their folder. Where it is absent everything here is skipped.
# usage: vendor-tree.sh MODULO SOURCE-ROOT VMLINUX-MAKER
modulo=$(realpath "$1")
root=$(realpath "$2")
vmlinux=$(realpath "$3")
corpus=${MODULO_CORPUS:-$root/../shared/corpus}
version=5.10.0-32-cloud-amd64
signed=$corpus/linux-image-${version}_5.10.223-1_amd64.deb
unsigned=$corpus/linux-image-$version-unsigned_5.10.223-1_amd64.deb
. "$root/test/cli/vendor-packages.sh"
packages "$signed" "$unsigned"
. "$root/test/cli/tap-cli.sh"

dpkg-deb -x "$unsigned" U
dpkg-deb -x "$signed" S
image=S/boot/vmlinuz-$version

# round FOLDER: the tree of a package's modules, in its own order; attached, audited, detached, as before bit for bit
round()
{
	package=$1
	modules=$package/lib/modules/$version
	rm -rf work
	cp -r "$modules" work
	"$modulo" tree build work -o work.tree
	grep -Fx 'modules 931' work.tree
	sed -n 's/^[0-9a-f]* \([0-9a-f]*\) \(.*\)$/\1  \2/p' work.tree >sums
	(cd work && sha256sum --quiet -c ../sums)
	cut -d ' ' -f 3 sums | diff - work/modules.order
	"$vmlinux" 64 little 36 >vm
	says embedded "$modulo" tree embed vm --tree work.tree
	exits 1 "$modulo" tree audit --quiet work --kernel vm
	says 'attached: 931 of 931 modules' "$modulo" tree attach work --tree work.tree
	says 'all load: 931 of 931 modules' "$modulo" tree audit work --kernel vm
	says 'all load: 931 of 931 modules' "$modulo" tree audit work --kernel vm --tree work.tree
	find work -name '*.ko' -size -9k | head -n 40 | while IFS= read -r m; do
		xz --check=crc32 --lzma2=dict=1MiB "$m"
	done
	says 'all load: 931 of 931 modules' "$modulo" tree audit work --kernel vm --tree work.tree
	find work -name '*.ko.xz' -exec xz -d {} +
	says 'detached: 931 of 931 modules' "$modulo" tree detach work
	diff -r work "$modules"
}
t 'unsigned modules: build, attach, audit, detach' round U
cp work.tree unsigned.tree
t 'signed modules: the same' round S

# The proofs of one build, the kernel of another
foreign()
{
	"$modulo" tree attach --quiet work --tree work.tree
	"$modulo" tree embed vm --tree unsigned.tree --replace
	exits 1 "$modulo" tree audit work --kernel vm >said
	test "$(grep -c '^other-build ' said)" -eq 931
	test "$(tail -n 1 said)" = 'not all load: 0 of 931 modules'
}
t 'modules of another build' foreign

# To all other verbs a proof is one more signature: of 931 signed and proven modules and the unsigned package's.
one_more_kind()
{
	plain=U/lib/modules/$version
	says 'identical modulo signatures (1862 signatures: 931 merkle-module, 931 pkcs7-module; 931 verified)' \
		"$modulo" compare --tree work.tree work "$plain"
	says 'different (1862 signatures: 931 merkle-module, 931 pkcs7-module; 0 verified; 931 INVALID)' \
		"$modulo" compare --tree unsigned.tree work "$plain"
	"$modulo" split --quiet work --ledger l
	"$modulo" join --quiet "$plain" --ledger l -o joined
	diff -r joined work
}
t 'proofs beside signatures: compare, split, join' one_more_kind

# A real bzImage, whose kernel is packed with lz4: unpacked as far as its sections' names
real_image()
{
	refuses image.section "$modulo" tree root "$image"
	grep CONFIG_MODULE_HASHES refuses.err
}
t "Debian's bzImage" real_image

finish
