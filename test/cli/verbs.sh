#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The verbs on the real modules of demo/vendor, whole, damaged, compressed and in trees.
# usage: verbs.sh MODULO SOURCE-ROOT
modulo=$(realpath "$1")
root=$(realpath "$2")
. "$root/test/cli/tap-cli.sh"
vendor=$root/demo/vendor
ring=$vendor/debian-signer.pem
in=lib/modules/5.10.0-32-cloud-amd64/kernel/lib/crc7.ko
cp "$vendor/signed/$in" s.ko
cp "$vendor/unsigned/$in" u.ko
size=$(wc -c <s.ko)
content=$(wc -c <u.ko)
one='(1 signature: 1 pkcs7-module; 0 verified)'

compare_one()
{
	says "identical modulo signatures $one" "$modulo" compare s.ko u.ko
	says "identical modulo signatures $one" "$modulo" compare u.ko s.ko
	says 'identical modulo signatures (1 signature: 1 pkcs7-module; 1 verified)' "$modulo" compare --keyring "$ring" s.ko u.ko
	says 'identical (2 signatures: 2 pkcs7-module; 0 verified)' "$modulo" compare s.ko s.ko
	exits 0 "$modulo" compare --quiet s.ko u.ko
	exits 1 "$modulo" compare --quiet --require verified s.ko u.ko
	exits 0 "$modulo" compare --quiet --require verified --keyring "$ring" s.ko u.ko
}
t 'compare: a signed and an unsigned module' compare_one

compare_tree()
{
	says 'identical modulo signatures (6 signatures: 6 pkcs7-module; 6 verified)' \
		"$modulo" compare --keyring "$ring" "$vendor/signed" "$vendor/unsigned"
	"$modulo" compare --only '**/crc7.ko' --ignore '**/x' "$vendor/signed" "$vendor/unsigned" >said
	grep -qx 'only       \*\*/crc7.ko' said
	grep -qx 'ignore     \*\*/x' said
	refuses walk.nothing "$modulo" compare --only nowhere "$vendor/signed" "$vendor/unsigned"
	refuses walk.kind "$modulo" compare "$vendor/signed" s.ko
	refuses walk.globs "$modulo" compare --only x s.ko u.ko
	refuses io.open "$modulo" compare s.ko absent
	refuses usage.option "$modulo" compare s.ko
	refuses usage.option "$modulo" compare --nonsense s.ko u.ko
	refuses io.type "$modulo" inspect /dev/null
}
t 'compare: trees and globs' compare_tree

digests()
{
	[ "$("$modulo" digest s.ko | cut -d ' ' -f 1)" = "$(sha256sum u.ko | cut -d ' ' -f 1)" ]
	[ "$("$modulo" digest u.ko)" = "$(sha256sum u.ko)" ]
	odd=$(printf 'a\\b\nc.ko')
	cp u.ko "$odd"
	[ "$("$modulo" digest "$odd")" = "$(sha256sum "$odd")" ]
	sha256sum u.ko "$odd" >list
	"$modulo" digest --check list | grep -qx 'u.ko: OK'
	exits 0 "$modulo" digest --check list
	sed 's/u.ko/s.ko/' list >list2
	exits 0 "$modulo" digest --check list2
	[ "$("$modulo" digest "$vendor/signed" | cut -c 1-64)" = "$("$modulo" digest "$vendor/unsigned" | cut -c 1-64)" ]
	[ "$("$modulo" digest "$vendor/signed" | cut -c 1-64)" = "$("$modulo" digest --manifest "$vendor/unsigned" | sha256sum | cut -c 1-64)" ]
	printf '%064d  u.ko\n' 0 >list3
	exits 1 "$modulo" digest --check list3
	echo nonsense >list4
	refuses usage.option "$modulo" digest --check list4
}
t 'digest: as sha256sum says of the unsigned file' digests

damaged()
{
	{ head -c "$content" s.ko; printf x; tail -c +$((content + 1)) s.ko; } >before.ko
	different "$modulo" compare before.ko u.ko
	{ head -c $((content + 100)) s.ko; printf x; tail -c +$((content + 101)) s.ko; } >inside.ko
	refuses der. "$modulo" compare inside.ko u.ko || grep -q 'der\.' refuses.err
	cp s.ko changed.ko
	poke changed.ko 300
	"$modulo" compare changed.ko u.ko >said || true
	grep -q '^content .*changed.ko: content differs from offset 0x12c on (section ' said
	different "$modulo" compare changed.ko u.ko
	different "$modulo" compare --keyring "$ring" changed.ko u.ko
	cp s.ko value.ko
	poke value.ko $((size - 60))
	says "identical modulo signatures $one" "$modulo" compare value.ko u.ko
	exits 1 "$modulo" compare --quiet --require verified value.ko u.ko
	different "$modulo" compare --keyring "$ring" value.ko u.ko
	says 'not verified (1 signature: 0 verified, 0 unverified, 1 INVALID; 0 unsigned)' "$modulo" verify --keyring "$ring" value.ko
	# Another module's signature.
	other=lib/modules/5.10.0-32-cloud-amd64/kernel/lib/math/cordic.ko
	{ cat u.ko; tail -c +$(($(wc -c <"$vendor/unsigned/$other") + 1)) "$vendor/signed/$other"; } >foreign.ko
	different "$modulo" compare --keyring "$ring" foreign.ko u.ko
	refuses module.nested "$modulo" compare "$root/test/evil/module/module.nested.ko" u.ko
	exits 0 "$modulo" compare --quiet --nested "$root/test/evil/module/module.nested.ko" u.ko
	different "$modulo" compare --nested --keyring "$ring" "$root/test/evil/module/module.nested.ko" u.ko
}
t 'compare: damage is named, and never identical' damaged

stripped()
{
	cp s.ko x.ko
	strip x.ko 2>/dev/null || objcopy --strip-all x.ko
	different "$modulo" compare x.ko u.ko
	"$modulo" compare x.ko u.ko | grep -q 'A: stripped of its symbol table'
	"$modulo" inspect x.ko | grep -q 'stripped of its symbol table'
}
t 'compare: a stripped module is named' stripped

compressed()
{
	for f in s u; do
		xz -k --check=crc32 --lzma2=dict=1MiB $f.ko
		gzip -kn $f.ko
		zstd -qk $f.ko
	done
	for c in xz gz zst; do
		says 'identical modulo signatures (1 signature: 1 pkcs7-module; 0 verified; encodings: 2 checked, 0 proven, 0 carried)' \
			"$modulo" compare s.ko.$c u.ko.$c
		[ "$("$modulo" digest s.ko.$c | cut -c 1-64)" = "$(sha256sum u.ko | cut -c 1-64)" ]
		"$modulo" split --quiet s.ko.$c --prove-encodings --store st.$c --ledger l.$c --unsigned p.$c
		cmp p.$c u.ko.$c
		"$modulo" join --quiet u.ko.$c --from st.$c -o j.$c
		cmp j.$c s.ko.$c
		"$modulo" join --quiet u.ko.$c --ledger l.$c -o k.$c
		cmp k.$c s.ko.$c
		"$modulo" split --quiet s.ko.$c --ledger unproven.$c
		refuses join.unproven "$modulo" join u.ko.$c --ledger unproven.$c -o none.$c
		[ ! -e none.$c ]
	done
	exits 1 "$modulo" compare --quiet s.ko u.ko.xz
	exits 0 "$modulo" compare --quiet --accept content s.ko u.ko.xz
	mkdir a b
	cp s.ko a/x.ko
	cp u.ko.xz b/x.ko.xz
	exits 1 "$modulo" compare --quiet a b
	says 'same content modulo signatures (1 signature: 1 pkcs7-module; 0 verified; encodings: 1 checked, 0 proven, 0 carried)' \
		"$modulo" compare --accept content a b
}
t 'compressed modules: compared, split and joined bit for bit' compressed

make_tree()
{
	mkdir -p t/sub/"a b"
	cp s.ko t/x.ko
	ln t/x.ko t/sub/same.ko
	ln -s '../no where' t/sub/link
	cp "$vendor/signed/lib/modules/5.10.0-32-cloud-amd64/kernel/lib/math/cordic.ko" t/sub/"a b"/c.ko
	xz -k --check=crc32 --lzma2=dict=1MiB t/sub/"a b"/c.ko
	: >t/empty
	echo text >"t/$(printf 'n\nl\\\377')"
	chmod 4750 t/empty
	mkfifo t/pipe
}

tree()
{
	make_tree
	for m in '' --metadata; do
		# shellcheck disable=SC2086 # no word or one
		set -- $m
		rm -rf st plain joined joined2
		"$modulo" split "$@" t --prove-encodings --ledger l --core c --unsigned plain --store st
		says 'identical modulo signatures (3 signatures: 3 pkcs7-module; 0 verified; encodings: 2 checked, 0 proven, 0 carried)' \
			"$modulo" compare "$@" t plain
		"$modulo" join "$@" plain --ledger l -o joined
		"$modulo" join "$@" plain --from st -o joined2
		for j in joined joined2; do
			says 'identical (6 signatures: 6 pkcs7-module; 0 verified; encodings: 2 checked, 0 proven, 0 carried)' "$modulo" compare "$@" t $j
			[ "$(stat -c %i $j/x.ko)" = "$(stat -c %i $j/sub/same.ko)" ]
			[ "$(stat -c %a $j/empty)" = 4750 ]
			[ "$(readlink $j/sub/link)" = '../no where' ]
		done
	done
	[ "$(stat -c %Y t/empty)" = "$(stat -c %Y joined/empty)" ]
	refuses join.metadata "$modulo" join plain --ledger l -o none
	refuses io.exists "$modulo" join --metadata plain --ledger l -o joined
	[ ! -e none ]
}
t 'trees: links, odd names, modes; split and joined' tree

stores()
{
	"$modulo" split "$vendor/signed" --store store
	mkdir out
	cp -r store missing
	f=$(find missing -name '*.sigs' | sort | head -n 1)
	rm "$f"
	refuses store.missing "$modulo" join "$vendor/unsigned" --from missing -o out/a
	mkdir fewer
	cp u.ko fewer/
	refuses store.surplus "$modulo" join fewer --from store -o out/a
	cp -r store swapped
	f=$(find swapped -name '*.sigs' | sort | sed -n 1p)
	g=$(find swapped -name '*.sigs' | sort | sed -n 2p)
	mv "$f" keep
	mv "$g" "$f"
	mv keep "$g"
	refuses store.mismatch "$modulo" join "$vendor/unsigned" --from swapped -o out/a
	cp -r store version
	echo 'modulo-store 2' >version/modulo-store
	refuses store.version "$modulo" join "$vendor/unsigned" --from version -o out/a
	mkdir layout
	echo x >layout/readme
	refuses store.layout "$modulo" join "$vendor/unsigned" --from layout -o out/a
	# Globs choose members and entries alike; what they leave out is copied, even where it cannot be explained.
	cp -r "$vendor/unsigned" some
	cp "$root/test/evil/module/module.nested.ko" some/odd.ko
	refuses module.nested "$modulo" join some --from store -o out/a
	"$modulo" join some --from store --only '**/crc7.ko' -o some2
	cmp some2/$in "$vendor/signed/$in"
	cmp some2/odd.ko some/odd.ko
	last=$("$modulo" verify --ignore odd.ko some2 | tail -n 1) || true
	[ "$last" = 'not verified (1 signature: 0 verified, 1 unverified, 0 INVALID; 5 unsigned)' ]
	# An entry that a stranger made for a script: no trailer may stand behind one.
	mkdir scripts
	echo 'echo good' >scripts/x.sh
	digest=$(sha256sum scripts/x.sh | cut -c 1-64)
	f=$(find store -name '*.sigs' | sort | head -n 1)
	mkdir forged
	cp store/modulo-store forged/
	sed "s/^content .*/content 10 $digest/" "$f" >"forged/$digest.sigs"
	refuses store.mismatch "$modulo" join scripts --from forged -o out/a
	grep -q 'no ELF relocatable object' refuses.err
	mkdir twice
	cp s.ko twice/a.ko
	cp u.ko twice/b.ko
	refuses store.conflict "$modulo" split twice --store out/a
	refuses io.exists "$modulo" split "$vendor/signed" --store store
	[ -z "$(ls -A out)" ]
}
t 'stores: missing, surplus, mismatched: refused, and nothing written' stores

debian()
{
	"$modulo" join "$vendor/unsigned" --from "$vendor/detached" -o deb 2>said
	grep -q '6 signatures could not be bound' said
	diff -r deb "$vendor/signed"
	says 'joined: 17 members, 6 signatures (6 bound to their content)' \
		"$modulo" join "$vendor/unsigned" --from "$vendor/detached" --keyring "$ring" -o deb2 ||
		"$modulo" join "$vendor/unsigned" --from "$vendor/detached" --keyring "$ring" -o deb3 | grep -q ' 6 signatures (6 bound'
	"$modulo" join u.ko --from "$vendor/detached/$in.sig" -o one.ko
	cmp one.ko s.ko
	cp -r "$vendor/detached" wrong
	cp "$vendor/detached/$in.sig" wrong/lib/modules/5.10.0-32-cloud-amd64/kernel/lib/math/cordic.ko.sig
	refuses store.mismatch "$modulo" join "$vendor/unsigned" --from wrong --keyring "$ring" -o none
	cp "$vendor/detached/$in.sig" wrong/other.ko.sig
	refuses store.surplus "$modulo" join "$vendor/unsigned" --from wrong -o none
	rm -r wrong/lib
	refuses store.missing "$modulo" join "$vendor/unsigned" --from wrong -o none
	[ ! -e none ]
}
t "Debian's detached signatures" debian

# stored LAST LENGTH: the header of a stored block (RFC 1951, 3.2.4)
stored()
{
	# shellcheck disable=SC2059 # the format is the bytes
	printf "\\$(printf %03o "$1")\\$(printf %03o $(($2 & 255)))\\$(printf %03o $(($2 >> 8)))\\$(printf %03o $((~$2 & 255)))\\$(printf %03o $((~$2 >> 8 & 255)))"
}

limits()
{
	printf x >nest
	i=0
	while [ $i -lt 16 ]; do
		gzip -nc nest >nest2
		mv nest2 nest
		i=$((i + 1))
	done
	refuses walk.depth "$modulo" inspect nest
	mkdir deep
	(cd deep && i=0 && while [ $i -lt 258 ]; do mkdir d && cd d && i=$((i + 1)) || exit 1; done)
	refuses io.depth "$modulo" inspect deep
	# Two stored blocks, the first of ten bytes: no encoder that is known makes them.
	mkdir odd
	{
		head -c 10 s.ko.gz
		stored 0 10
		head -c 10 s.ko
		stored 1 $((size - 10))
		tail -c +11 s.ko
		tail -c 8 s.ko.gz
	} >odd/x.ko.gz
	gzip -t odd/x.ko.gz
	refuses join.encoder "$modulo" split odd --unsigned out2
	[ ! -e out2 ]
	"$modulo" split --quiet odd --prove-encodings --ledger odd.l --core odd.c
	grep -q ' carried 1$' odd.l
	says 'same content modulo signatures (2 signatures: 2 pkcs7-module; 0 verified; encodings: 0 checked, 1 proven, 1 carried)' \
		"$modulo" compare --prove-encodings --accept content s.ko.gz odd/x.ko.gz
	"$modulo" join --quiet odd --ledger odd.l -o odd2
	cmp odd/x.ko.gz odd2/x.ko.gz
}
t 'limits, and streams of no known encoder' limits

json()
{
	for v in "compare s.ko u.ko" "inspect s.ko" "verify s.ko" "digest s.ko"; do
		# shellcheck disable=SC2086 # words
		"$modulo" $v --format json >said || true
		grep -q '^{"schema":"modulo\.[a-z]*/1"' said
	done
	"$modulo" inspect --format json absent 2>said && return 1
	grep -q '"id":"io.open"' said
}
t 'JSON has a schema' json

finish
