#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The main jobs on real vendor packages: Debian's linux 5.10.223 cloud kernel, signed and unsigned, and its detached signatures.
# They are not part of the repository: MODULO_CORPUS names their folder. Where it is absent everything here is skipped.
# usage: vendor.sh MODULO MODULO-CHECK SOURCE-ROOT FLIP EACH: of the modules, each EACH-th is given to the checker alone
modulo=$(realpath "$1")
check=$(realpath "$2")
root=$(realpath "$3")
flip=$(realpath "$4")
each=$5
corpus=${MODULO_CORPUS:-$root/../shared/corpus}
version=5.10.0-32-cloud-amd64_5.10.223-1_amd64.deb
signed=$corpus/linux-image-$version
unsigned=$corpus/linux-image-5.10.0-32-cloud-amd64-unsigned_5.10.223-1_amd64.deb
detached=$corpus/linux-signed-amd64_5.10.223+1.tar.xz
template=$corpus/linux-image-amd64-signed-template_5.10.223-1_amd64.deb
. "$root/test/cli/vendor-packages.sh"
packages "$signed" "$unsigned" "$detached" "$template"
. "$root/test/cli/tap-cli.sh"

dpkg-deb -x "$signed" S
dpkg-deb -x "$unsigned" U
dpkg-deb -x "$template" T
mkdir D
tar -C D -xf "$detached" --wildcards '*/linux-image-5.10.0-32-cloud-amd64-unsigned/*'
sigs=$(find D -type d -name linux-image-5.10.0-32-cloud-amd64-unsigned)
(cd U && find lib/modules -name '*.ko' | sort) >modules

# The signer's certificate lies in vmlinuz' own signature: the security directory's WIN_CERTIFICATE (8 bytes, then PKCS#7).
find_certificate()
{
	image=S/boot/vmlinuz-5.10.0-32-cloud-amd64
	le32() { od -An -tu4 -j "$1" -N 4 "$image" | tr -d ' '; }
	pe=$(le32 60)
	at=$(le32 $((pe + 24 + 112 + 32)))
	len=$(le32 "$at")
	tail -c "+$((at + 9))" "$image" | head -c $((len - 8)) >pkcs7
	openssl pkcs7 -inform DER -in pkcs7 -print_certs | sed -n '/BEGIN/,/END/p' >all.pem
	awk '/BEGIN/ { n++ } { print > ("cert" n ".pem") }' all.pem
	for f in cert*.pem; do
		digest=$(openssl x509 -in "$f" -outform DER | sha256sum | cut -d ' ' -f 1)
		if grep -q "$digest" T/usr/share/code-signing/*/files.json; then
			cp "$f" signer.pem
		fi
	done
	test -s signer.pem
}
t 'the signer is the one that files.json pins' find_certificate

verdict='identical modulo signatures (931 signatures: 931 pkcs7-module; 0 verified)'
compare()
{
	says "$verdict" "$modulo" compare --only 'lib/modules/**' S U
	exits 0 "$modulo" compare --quiet --only 'lib/modules/**' S U
}
t 'compare: 931 modules, the same modulo signatures' compare

compare_verified()
{
	says 'identical modulo signatures (931 signatures: 931 pkcs7-module; 931 verified)' \
		"$modulo" compare --only 'lib/modules/**' --keyring signer.pem --require verified S U
	says 'verified (931 signatures: 931 verified, 0 unverified, 0 INVALID; 0 unsigned)' \
		"$modulo" verify --keyring signer.pem S/lib/modules
}
t 'compare and verify: all 931 verified' compare_verified

# The package's kernel and its modules
package()
{
	says 'identical modulo signatures (932 signatures: 1 authenticode, 931 pkcs7-module; 932 verified)' \
		"$modulo" compare --only 'lib/modules/**' --only 'boot/**' --keyring signer.pem --require verified S U
}
t 'compare: kernel and modules, all 932 verified' package

symmetric()
{
	says "$verdict" "$modulo" compare --only 'lib/modules/**' U S
	says 'identical (1862 signatures: 1862 pkcs7-module; 0 verified)' "$modulo" compare S/lib/modules S/lib/modules
}
t 'compare: symmetric, and identical with itself' symmetric

digests()
{
	(cd S && xargs "$modulo" digest <../modules) >ours
	(cd U && xargs sha256sum <../modules) >theirs
	[ "$(wc -l <ours)" -eq 931 ]
	cmp ours theirs
	(cd S && exits 0 "$modulo" digest --check ../theirs)
}
t 'digest: what sha256sum says of the unsigned modules' digests

joins()
{
	"$modulo" split S/lib/modules --store store --ledger ledger --core core --unsigned plain
	diff -r plain U/lib/modules
	"$modulo" join U/lib/modules --from store -o joined
	diff -r joined S/lib/modules
	"$modulo" join U/lib/modules --ledger ledger -o joined2
	diff -r joined2 S/lib/modules
}
t 'split and join: the signed tree again, from a store and from a ledger' joins

debian()
{
	"$modulo" join U/lib/modules --from "$sigs/lib/modules" -o debian
	diff -r debian S/lib/modules
	says 'joined: 1126 members, 931 signatures (931 bound to their content)' \
		"$modulo" join U/lib/modules --from "$sigs/lib/modules" --keyring signer.pem -o debian2
}
t "join: Debian's detached signatures give the signed tree" debian

checker_tree()
{
	"$check" --keyring signer.pem S/lib/modules core ledger >said
	grep -q '^signature pkcs7-module 931 verified ' said
	exits 1 "$check" U/lib/modules core ledger
}
t 'modulo-check: the tree as one artifact' checker_tree

checker_each()
{
	n=0
	awk -v each="$each" 'NR % each == 0' modules >some
	while read -r m; do
		"$modulo" split --quiet "S/$m" --ledger l
		"$check" --quiet "S/$m" "U/$m" l || {
			echo "$m"
			return 1
		}
		n=$((n + 1))
	done <some
	[ "$n" -eq $((931 / each)) ]
}
t "modulo-check: of the 931 modules each $each-th, its unsigned file as the core" checker_each

# One bit changed, of every byte of the ledger, every 97th of the others: refused, whatever the place.
checker_refuses()
{
	m=$(head -n 1 modules)
	cp "S/$m" a
	cp "U/$m" c
	"$modulo" split --quiet a --ledger l
	"$flip" 1 97 a a c l
	"$flip" 1 97 c a c l
	"$flip" 1 1 l a c l
}
t 'modulo-check: a changed byte of ledger, core or artifact is refused' checker_refuses

compressed()
{
	mkdir -p X/S X/U
	head -n 30 modules | while read -r m; do
		f=$(basename "$m")
		cp "S/$m" "X/S/$f"
		cp "U/$m" "X/U/$f"
	done
	n=0
	for f in X/U/*.ko; do
		s=X/S/$(basename "$f")
		case $((n % 3)) in
		0) xz --check=crc32 --lzma2=dict=1MiB "$f" "$s" ;;
		1) gzip -n "$f" "$s" ;;
		2) zstd -q -T0 --rm "$f" "$s" ;;
		esac
		n=$((n + 1))
	done
	says 'identical modulo signatures (30 signatures: 30 pkcs7-module; 0 verified; encodings: 0 checked, 60 proven, 0 carried)' \
		"$modulo" compare --prove-encodings X/S X/U
	"$modulo" split X/S --prove-encodings --store X/store --ledger X/l --core X/c
	"$check" --prove-encodings X/S X/c X/l
	"$modulo" join X/U --from X/store -o X/J
	diff -r X/J X/S
	"$modulo" join X/U --ledger X/l -o X/K
	diff -r X/K X/S
}
t 'compressed modules: compared, proven, joined bit for bit' compressed

finish
