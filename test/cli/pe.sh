#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# PE images and their signatures (test/samples/pe, made by sbsign and osslsigncode, and what test/tools/pe.c makes).
# usage: pe.sh MODULO SOURCE-ROOT PE-MAKER
modulo=$(realpath "$1")
root=$(realpath "$2")
pe=$(realpath "$3")
. "$root/test/cli/tap-cli.sh"
s=$root/test/samples/pe

digest()
{
	digest=$("$modulo" digest "$@")
	echo "${digest%% *}"
}

# The core is what Authenticode hashes: all but CheckSum, the directory's entry and the table, filled up with zeros.
by_hand()
{
	{
		head -c 152 "$s/plain.efi"
		tail -c +157 "$s/plain.efi" | head -c $((232 - 156))
		tail -c +241 "$s/plain.efi"
	} >core
	[ "$(digest "$s/plain.efi")" = "$(sha256sum <core | cut -c 1-64)" ]
	"$modulo" split --quiet "$s/one.efi" --core c
	cmp c core
	{ cat "$s/odd.efi" && printf '\0\0\0'; } >odd.filled
	[ "$(digest odd.filled)" = "$(digest "$s/odd.efi")" ]
}
t 'the core, by hand' by_hand

one_digest()
{
	plain=$(digest "$s/plain.efi")
	for f in one two both rounded; do
		[ "$(digest "$s/$f.efi")" = "$plain" ]
	done
	[ "$(digest "$s/other.efi")" != "$plain" ]
	for f in plain32:one32 odd:odd-one other:other-one; do
		[ "$(digest "$s/${f%:*}.efi")" = "$(digest "$s/${f#*:}.efi")" ]
	done
}
t 'one digest, whoever signed' one_digest

pairs()
{
	for f in one two rounded; do
		says 'identical modulo signatures (1 signature: 1 authenticode; 0 verified)' "$modulo" compare "$s/$f.efi" "$s/plain.efi"
	done
	says 'identical modulo signatures (3 signatures: 3 authenticode; 2 verified)' "$modulo" compare --keyring "$s/one.pem" "$s/both.efi" "$s/one.efi"
	says 'identical modulo signatures (1 signature: 1 authenticode; 0 verified; 1 unvouched)' "$modulo" compare "$s/odd-one.efi" "$s/odd.efi"
	exits 0 "$modulo" compare --quiet --require verified --keyring "$s/one.pem" --keyring "$s/two.pem" "$s/both.efi" "$s/rounded.efi"
	different "$modulo" compare "$s/one.efi" "$s/other-one.efi"
	refuses pe.checksum "$modulo" compare --strict "$s/odd-one.efi" "$s/odd.efi"
	exits 0 "$modulo" compare --quiet --strict "$s/one.efi" "$s/plain32.efi" || return 0
	return 1
}
t 'compare: every signer' pairs

# split, and join onto the unsigned file as it was built
round()
{
	for f in plain:one plain:two plain:both plain:rounded plain32:one32 odd:odd-one other:other-one; do
		unsigned=$s/${f%:*}.efi
		signed=$s/${f#*:}.efi
		rm -rf l c u st
		"$modulo" split --quiet "$signed" --ledger l --core c --unsigned u --store st
		for from in "$unsigned" u "$signed"; do
			"$modulo" join --quiet "$from" --ledger l -o j
			cmp j "$signed"
			"$modulo" join --quiet "$from" --from st -o j
			cmp j "$signed"
		done
		# The unsigned form: CheckSum 0, filled up
		[ "$(digest u)" = "$(digest "$signed")" ]
		[ $(($(wc -c <u) % 8)) -eq 0 ]
		[ "$(od -An -tu4 -j 152 -N 4 u | tr -d ' ')" = 0 ]
	done
	# What is signed otherwise already is no hindrance.
	"$modulo" split --quiet "$s/two.efi" --ledger l
	"$modulo" join --quiet "$s/both.efi" --ledger l -o j
	cmp j "$s/two.efi"
	refuses join.core "$modulo" join "$s/other.efi" --ledger l -o none
	[ ! -e none ]
}
t 'split and join: the signed file, bit for bit' round

judged()
{
	says 'verified (1 signature: 1 verified, 0 unverified, 0 INVALID; 0 unsigned)' "$modulo" verify --keyring "$s/one.pem" "$s/one.efi"
	exits 1 "$modulo" verify --quiet --keyring "$s/two.pem" "$s/one.efi"
	# A signature says itself that it is another file's.
	{
		cat "$s/other.efi"
		tail -c +1537 "$s/one.efi"
	} >foreign
	printf '\050\006\0\0\100\006\0\0' | dd of=foreign bs=1 seek=232 conv=notrunc 2>/dev/null
	says 'not verified (1 signature: 0 verified, 0 unverified, 1 INVALID; 0 unsigned)' "$modulo" verify foreign
	refuses cms.digest "$modulo" split foreign --ledger none
	[ ! -e none ]
}
t 'verify' judged

# number FILE OFFSET VALUE: four bytes, little endian
number()
{
	printf '%b' "$(printf '\\0%o\\0%o\\0%o\\0%o' $(($3 & 255)) $(($3 >> 8 & 255)) $(($3 >> 16 & 255)) $(($3 >> 24 & 255)))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# table IMAGE: its certificate table
table()
{
	tail -c "+$(($(od -An -tu4 -j 232 -N 4 "$1" | tr -d ' ') + 1))" "$1"
}
# A signature beside its image: a WIN_CERTIFICATE with its fill or without, bare DER, and DER filled up as sbattach takes it out of an
# image whose dwLength counts the fill
detached()
{
	der=1591
	table "$s/one.efi" >one.win
	table "$s/rounded.efi" >rounded.win
	tail -c +9 one.win | head -c $der >one.der
	head -c $((der + 8)) one.win >one.short
	for f in one.win one.der one.short; do
		cp "$f" a.sig
		"$modulo" join --quiet "$s/plain.efi" --from a.sig -o j
		cmp j "$s/one.efi"
	done
	tail -c +9 rounded.win >rounded.der
	for f in rounded.win rounded.der; do
		cp "$f" a.sig
		"$modulo" join --quiet "$s/plain.efi" --from a.sig -o j
		cmp j "$s/rounded.efi"
	done
	mkdir -p sigs tree
	cp "$s/plain.efi" tree/a.efi
	cp one.win sigs/a.efi.sig
	"$modulo" join --quiet tree --from sigs -o joined
	cmp joined/a.efi "$s/one.efi"
	if command -v sbattach >/dev/null; then
		cp "$s/one.efi" attached
		sbattach --detach a.sig attached >/dev/null
		"$modulo" join --quiet "$s/plain.efi" --from a.sig -o j
		cmp j "$s/one.efi"
	fi
	# Another image's; longer, with other fill, of another type, cut
	table "$s/other-one.efi" >a.sig
	refuses store.mismatch "$modulo" join "$s/plain.efi" --from a.sig -o none
	{ cat one.der && head -c 2 /dev/zero; } >a.sig
	refuses pe.slack "$modulo" join "$s/plain.efi" --from a.sig -o none
	{ cat one.short && echo; } >a.sig
	refuses pe.slack "$modulo" join "$s/plain.efi" --from a.sig -o none
	{ cat one.win one.win; } >a.sig
	refuses pe.slack "$modulo" join "$s/plain.efi" --from a.sig -o none
	cp one.win a.sig
	number a.sig 4 $((0x10200))
	refuses pe.type "$modulo" join "$s/plain.efi" --from a.sig -o none
	head -c 1590 one.win >a.sig
	refuses pe.table "$modulo" join "$s/plain.efi" --from a.sig -o none
	head -c 1590 one.der >a.sig
	refuses pe.certificate "$modulo" join "$s/plain.efi" --from a.sig -o none
	grep -q '^modulo: .*plain.efi!a.sig: offset 0: pe.certificate: ' refuses.err
	: >a.sig
	refuses pe.table "$modulo" join "$s/plain.efi" --from a.sig -o none
	[ ! -e none ]
}
t 'join: detached signatures, in every shape' detached

# le32 NUMBER...
le32()
{
	for n; do
		printf '%b' "$(printf '\\0%o\\0%o\\0%o\\0%o' $((n & 255)) $((n >> 8 & 255)) $((n >> 16 & 255)) $((n >> 24 & 255)))"
	done
}
listed()
{
	ok='verified (1 signature: 1 verified, 0 unverified, 0 INVALID; 0 unsigned)'
	no='not verified (1 signature: 0 verified, 0 unverified, 1 INVALID; 0 unsigned)'
	digest "$s/plain.efi" >list
	says "$no" "$modulo" verify --keyring "$s/one.pem" --dbx list "$s/one.efi"
	"$modulo" verify --keyring "$s/one.pem" --dbx list "$s/one.efi" | grep -q '^INVALID .*, refused by a list$'
	"$modulo" inspect --format json --dbx list "$s/one.efi" | grep -q '"status":"INVALID","signer":null,"refused":true'
	different "$modulo" compare --dbx list "$s/one.efi" "$s/plain.efi"
	table "$s/one.efi" >a.sig
	refuses store.mismatch "$modulo" join "$s/plain.efi" --from a.sig --dbx list -o none
	digest "$s/other.efi" >list
	says "$ok" "$modulo" verify --keyring "$s/one.pem" --dbx list "$s/one.efi"
	# The signer's certificate, in a signature list
	openssl x509 -in "$s/one.pem" -outform DER -out one.cer
	n=$(wc -c <one.cer)
	{
		printf '\241\131\300\245\344\224\247\112\207\265\253\025\134\053\360\162'
		le32 $((28 + 16 + n)) 0 $((16 + n))
		printf '0123456789abcdef'
		cat one.cer
	} >list
	says "$no" "$modulo" verify --keyring "$s/one.pem" --dbx list "$s/one.efi"
	exits 1 "$modulo" compare --quiet --keyring "$s/one.pem" --dbx list "$s/one.efi" "$s/plain.efi"
	exits 0 "$modulo" compare --quiet --keyring "$s/two.pem" --dbx list "$s/two.efi" "$s/plain.efi"
	if command -v sbsiglist >/dev/null; then
		sbsiglist --owner 77fa9abd-0359-4d32-bd60-28f4e78f784b --type x509 --output made one.cer
		says "$no" "$modulo" verify --keyring "$s/one.pem" --dbx made "$s/one.efi"
	fi
	# The image's digest, as the update of a variable, which is signed
	if command -v sbvarsign >/dev/null; then
		openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=kek -keyout kek.key -out kek.pem 2>/dev/null
		openssl dgst -sha256 -binary core >image.hash
		sbsiglist --owner 77fa9abd-0359-4d32-bd60-28f4e78f784b --type sha256 --output made image.hash
		sbvarsign --key kek.key --cert kek.pem --output update dbx made
		says "$no" "$modulo" verify --keyring "$s/one.pem" --dbx made "$s/one.efi"
		says "$no" "$modulo" verify --keyring "$s/one.pem" --dbx update "$s/one.efi"
	fi
	echo nothing >list
	refuses dbx.format "$modulo" verify --dbx list "$s/one.efi"
	refuses io.open "$modulo" verify --dbx absent "$s/one.efi"
}
t 'lists of what is refused' listed

# A bit turned, in every 23rd byte: another digest, refused, or INVALID, and where it is CheckSum's, counted
changed()
{
	was=$(digest "$s/one.efi")
	size=$(wc -c <"$s/one.efi")
	at=15 # comes by CheckSum
	while [ "$at" -lt "$size" ]; do
		cp "$s/one.efi" bit
		poke bit "$at"
		got=0
		said=$("$modulo" compare --keyring "$s/one.pem" bit "$s/plain.efi" 2>/dev/null) || got=$?
		said=${said##*"$newline"}
		case $got:$said in
		2:) ;;
		1:different*) ;;
		0:*' 1 verified; 1 unvouched)') [ "$at" -ge 152 ] && [ "$at" -lt 156 ] ;;
		*)
			echo "byte $at: $got $said"
			return 1
			;;
		esac
		at=$((at + 23))
	done
	[ "$(digest bit)" = "$was" ] || :
}
t 'a bit turned anywhere' changed

# made ID OPTION...: what the maker makes so is refused
made()
{
	id=$1
	shift
	"$pe" "$@" >made
	refuses "$id" "$modulo" inspect made
}

# edited ID OFFSET VALUE: a number of the signed file changed
edited()
{
	cp "$s/one.efi" made
	number made "$2" "$3"
	refuses "$1" "$modulo" inspect made
}

evil()
{
	tail -c +1545 "$s/one.efi" | head -c 1591 >der
	"$modulo" digest "$s/plain.efi" >/dev/null
	made pe.gap --gap 512 --certificate der
	made pe.type --certificate der --type 1 --certificate der
	made pe.type --revision 768 --certificate der
	head -c 8 /dev/zero >zeros
	made pe.certificate --certificate zeros
	{ cat der && head -c 9 /dev/zero; } >slack
	made pe.slack --certificate slack
	for n in 3135 1540 200; do
		head -c $n "$s/one.efi" >made
		refuses pe.cut "$modulo" inspect made
	done
	{ cat "$s/one.efi" && echo; } >made
	refuses pe.tail "$modulo" inspect made
	edited pe.magic 88 0
	edited pe.header 148 64
	# SizeOfOptionalHeader (and Characteristics behind it): an optional header that ends before its directories, before the fifth of them
	for n in 100 120 151; do
		cp "$s/plain.efi" made
		number made 84 $((n + (0x22 << 16)))
		refuses pe.header "$modulo" inspect made
	done
	edited pe.table 232 0
	edited pe.table 236 0
	edited pe.table 232 1528
	edited pe.table 1536 4
	edited pe.sections 348 256
	# Where the first section's bytes lie: in those of the second
	cp "$s/one.efi" made
	number made $((0x148 + 20)) 1024
	refuses pe.sections "$modulo" inspect made
}
t 'refusals by id' evil

# hand ID SED-SCRIPT: the ledger of the signed file with a change
hand()
{
	sed "$2" good >l
	refuses "$1" "$modulo" join "$s/plain.efi" --ledger l -o none
	[ ! -e none ]
}

by_hand_ledgers()
{
	"$modulo" split --quiet "$s/one.efi" --ledger good
	record=$(grep '^pe.plus' good)
	# shellcheck disable=SC2086 # its words
	set -- $record
	hand join.claim "s/^pe.plus.*/pe.plus $2 $(($3 + 8)) $4 $5/"
	hand join.claim "s/^pe.plus.*/pe.plus $2 $3 $(($4 - 8)) $5/"
	hand join.artifact "s/^pe.plus.*/pe.plus 0 $3 $4 $5/"
	hand ledger.layout "s/^pe.plus.*/pe.plus 4294967296 $3 $4 $5/"
	hand join.core "s/^pe.plus/pe.32/"
	hand join.core "s/^pe.plus.*/pe.plus $2 $3 $4 $(($5 + 8))/"
	hand join.core "s/^pe.plus.*/pe.plus $2 $3 $4 $(($5 - 3))/"
	hand cms.digest "s/^pe.plus.*/pe.plus $2 $3 $4 $(($5 - 8))/"
	hand ledger.number "s/^pe.plus.*/pe.plus $2 $3 $4/"
	hand ledger.word "s/^pe.plus.*/& 0/"
	hand ledger.form 's/^pe.plus/pe.minus/'
	hand ledger.form 's/^pe.authenticode /module.pkcs7 /'
	hand ledger.word 's/^records pe/records pf/'
	hand ledger.word 's/^close/end/'
	hand ledger.form '/^records pe/,/^close/c\
leaf 1524 1\
pe.authenticode AAAA'
}
t 'ledgers by hand' by_hand_ledgers

plain_content()
{
	"$pe" --gap 512 >gap
	"$modulo" inspect gap | grep -q 'with gaps between its sections'
	"$pe" --directories 4 >unsignable
	"$modulo" inspect unsignable | grep -q ': plain, '
	printf 'MZ and some text that is no program at all, but longer than the header of one would be' >dos
	"$modulo" inspect dos | grep -q ': plain, '
}
t 'what is no image that can be signed is plain content' plain_content

finish
