#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# One module and several signers (test/samples/modules): two RSA keys, ECDSA, signed attributes, a signature on a signature.
# usage: signers.sh MODULO SOURCE-ROOT
modulo=$(realpath "$1")
root=$(realpath "$2")
. "$root/test/cli/tap-cli.sh"
m=$root/test/samples/modules
plain=$(sha256sum <"$m/plain.ko" | cut -d ' ' -f 1)

one_digest()
{
	for f in plain rsa1 rsa2 ecdsa attrs; do
		[ "$("$modulo" digest "$m/$f.ko")" = "$plain  $m/$f.ko" ]
	done
	[ "$("$modulo" digest --nested "$m/nested.ko")" = "$plain  $m/nested.ko" ]
	[ "$("$modulo" digest "$m/other-rsa1.ko" | cut -c 1-64)" = "$(sha256sum <"$m/other.ko" | cut -c 1-64)" ]
	[ "$("$modulo" digest "$m/other.ko" | cut -c 1-64)" != "$plain" ]
}
t 'one digest, whoever signed' one_digest

pairs()
{
	for a in rsa1 rsa2 ecdsa attrs; do
		for b in rsa1 rsa2 ecdsa attrs; do
			[ $a != $b ] || continue
			says 'identical modulo signatures (2 signatures: 2 pkcs7-module; 0 verified)' "$modulo" compare "$m/$a.ko" "$m/$b.ko"
			says 'identical modulo signatures (2 signatures: 2 pkcs7-module; 2 verified)' "$modulo" compare \
				--keyring "$m/rsa1.pem" --keyring "$m/rsa2.pem" --keyring "$m/ecdsa.pem" --require verified "$m/$a.ko" "$m/$b.ko"
		done
	done
	different "$modulo" compare "$m/rsa1.ko" "$m/other-rsa1.ko"
}
t 'compare: every pair of signers' pairs

one_key()
{
	says 'identical modulo signatures (2 signatures: 2 pkcs7-module; 1 verified)' \
		"$modulo" compare --keyring "$m/rsa2.pem" "$m/rsa1.ko" "$m/rsa2.ko"
	says 'not proven: identical modulo signatures, but not all signatures are verified (2 signatures: 2 pkcs7-module; 1 verified)' \
		"$modulo" compare --keyring "$m/rsa2.pem" --require verified "$m/rsa1.ko" "$m/rsa2.ko"
	exits 1 "$modulo" compare --quiet --keyring "$m/rsa2.pem" --require verified "$m/rsa1.ko" "$m/rsa2.ko"
	exits 0 "$modulo" verify --quiet --keyring "$m/ecdsa.pem" "$m/ecdsa.ko"
	exits 1 "$modulo" verify --quiet --keyring "$m/ecdsa.pem" "$m/rsa1.ko"
	exits 1 "$modulo" verify --quiet --keyring "$m/ecdsa.pem" "$m/plain.ko"
}
t 'a keyring without the key: not verified, and not INVALID' one_key

# The trailer of one module behind the content of another.
swapped()
{
	mkdir good bad plain
	cp "$m/rsa1.ko" good/a.ko
	cp "$m/other-rsa1.ko" good/b.ko
	cp "$m/plain.ko" plain/a.ko
	cp "$m/other.ko" plain/b.ko
	{
		cat plain/a.ko
		tail -c +$(($(wc -c <plain/b.ko) + 1)) good/b.ko
	} >bad/a.ko
	{
		cat plain/b.ko
		tail -c +$(($(wc -c <plain/a.ko) + 1)) good/a.ko
	} >bad/b.ko
	says 'identical modulo signatures (2 signatures: 2 pkcs7-module; 2 verified)' "$modulo" compare --keyring "$m/rsa1.pem" good plain
	# Without the key nobody can tell, and the verdict says so.
	says 'identical modulo signatures (2 signatures: 2 pkcs7-module; 0 verified)' "$modulo" compare bad plain
	exits 1 "$modulo" compare --quiet --require verified bad plain
	says 'different (2 signatures: 2 pkcs7-module; 0 verified; 2 INVALID)' "$modulo" compare --keyring "$m/rsa1.pem" bad plain
	"$modulo" compare --keyring "$m/rsa1.pem" bad plain >said && return 1
	[ "$(grep -c '^signature .*INVALID signature in A' said)" -eq 2 ]
	exits 1 "$modulo" verify --quiet --keyring "$m/rsa1.pem" bad
}
t 'two signatures swapped' swapped

# With signed attributes the content's digest is named: no key is needed to see that it is another's.
foreign_attributes()
{
	{
		cat "$m/other.ko"
		tail -c +$(($(wc -c <"$m/plain.ko") + 1)) "$m/attrs.ko"
	} >foreign.ko
	says 'different (1 signature: 1 pkcs7-module; 0 verified; 1 INVALID)' "$modulo" compare foreign.ko "$m/other.ko"
	refuses cms.digest "$modulo" split foreign.ko --ledger none
	[ ! -e none ]
}
t "signed attributes of another module's" foreign_attributes

every_bit_of_a_value()
{
	cp "$m/ecdsa.ko" value.ko
	size=$(wc -c <value.ko)
	at=$((size - 40 - 71)) # the ECDSA value: two integers in a sequence
	tried=0
	while [ $at -lt $((size - 40)) ]; do
		cp "$m/ecdsa.ko" value.ko
		poke value.ko $at
		got=0
		verdict=$("$modulo" compare --keyring "$m/ecdsa.pem" value.ko "$m/plain.ko" 2>/dev/null) || got=$?
		case $got:${verdict##*"$newline"} in
		2: | '1:different (1 signature: 1 pkcs7-module; 0 verified; 1 INVALID)') tried=$((tried + 1)) ;;
		*)
			echo "byte $at: $got $verdict"
			return 1
			;;
		esac
		at=$((at + 1))
	done
	[ $tried -eq 71 ]
}
t "a bit turned in every byte of a signature's value" every_bit_of_a_value

nested()
{
	refuses module.nested "$modulo" compare "$m/nested.ko" "$m/plain.ko"
	says 'identical modulo signatures (2 signatures: 2 pkcs7-module; 2 verified)' "$modulo" compare --nested \
		--keyring "$m/rsa1.pem" --keyring "$m/rsa2.pem" "$m/nested.ko" "$m/plain.ko"
	"$modulo" split --quiet --nested "$m/nested.ko" --unsigned u --ledger l --store st --core c
	cmp u "$m/plain.ko"
	cmp c "$m/plain.ko"
	"$modulo" join --quiet u --ledger l -o j
	cmp j "$m/nested.ko"
	"$modulo" join --quiet u --from st -o k
	cmp k "$m/nested.ko"
}
t 'a signature on a signature' nested

# join takes what is signed already, and puts the ledger's signatures there.
instead()
{
	"$modulo" split --quiet "$m/rsa1.ko" --ledger l1 --store s1
	for f in plain rsa2 ecdsa attrs; do
		"$modulo" join --quiet "$m/$f.ko" --ledger l1 -o j
		cmp j "$m/rsa1.ko"
		"$modulo" join --quiet "$m/$f.ko" --from s1 -o k
		cmp k "$m/rsa1.ko"
	done
	refuses join.core "$modulo" join "$m/other.ko" --ledger l1 -o none
	refuses store.missing "$modulo" join "$m/other.ko" --from s1 -o none
	[ ! -e none ]
}
t 'join: other signatures instead' instead

# A byte of ledger or store entry changed, each seventh in turn: refused, and nothing written.
changed_bytes()
{
	"$modulo" split --quiet "$m/ecdsa.ko" --ledger lb --store sb
	entry=$(find sb -name '*.sigs')
	for f in lb "$entry"; do
		cp "$f" keep
		size=$(wc -c <keep)
		at=0
		while [ $at -lt "$size" ]; do
			poke "$f" $at
			if [ "$f" = lb ]; then
				set -- --ledger lb
			else
				set -- --from sb
			fi
			if "$modulo" join --quiet "$m/plain.ko" "$@" -o out/none 2>said || ! { read -r _ && ! read -r _; } <said; then
				echo "$f: byte $at"
				return 1
			fi
			for left in out/* out/.[!.]*; do
				[ ! -e "$left" ]
			done
			cp keep "$f"
			at=$((at + 7))
		done
	done
}
mkdir out
t 'a byte changed in a ledger or a store: refused, nothing written' changed_bytes

finish
