#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# modulo-check on what `modulo split` makes of the real modules of demo/vendor, and on the same with one thing wrong.
# usage: checker.sh MODULO MODULO-CHECK SOURCE-ROOT FLIP
modulo=$(realpath "$1")
check=$(realpath "$2")
root=$(realpath "$3")
flip=$(realpath "$4")
. "$root/test/cli/tap-cli.sh"
vendor=$root/demo/vendor
in=lib/modules/5.10.0-32-cloud-amd64/kernel/lib/crc7.ko
cp "$vendor/signed/$in" s.ko
cp "$vendor/unsigned/$in" u.ko
"$modulo" split --quiet s.ko --ledger l

module()
{
	"$check" --keyring "$vendor/debian-signer.pem" s.ko u.ko l >said
	grep -q '^signature pkcs7-module 1 verified ' said
	grep -qx 'derived module.pkcs7 be32(len(cms)) 1' said
	[ "$(tail -n 1 said)" = accepted ]
	[ -z "$("$check" --quiet s.ko u.ko l)" ]
	"$check" s.ko u.ko - <l >/dev/null
	[ "$("$check" --forms | sha256sum | cut -c 1-64)" = "$(sed -n '2s/forms //p' l)" ]
}
t 'a module' module

# What two ledgers prove by the checker alone: one core, one skeleton.
skeleton()
{
	"$modulo" split --quiet u.ko --ledger l2
	"$check" s.ko u.ko l | sed -n '/^core/p;/^skeleton/p' >a
	"$check" u.ko u.ko l2 | sed -n '/^core/p;/^skeleton/p' >b
	cmp a b
}
t 'one core and one skeleton, signed and unsigned' skeleton

tree()
{
	cp -r "$vendor/signed" tree
	ln tree/$in tree/link.ko
	ln -s nowhere tree/sym
	mkfifo tree/pipe
	echo x >"tree/$(printf 'n\nl\\\377')"
	xz -k --check=crc32 --lzma2=dict=1MiB tree/$in -c >tree/x.ko.xz
	gzip -nc tree/$in >tree/x.ko.gz
	zstd -qc tree/$in >tree/x.ko.zst
	for m in '' --metadata; do
		# shellcheck disable=SC2086 # no word or one
		"$modulo" split --quiet $m tree --prove-encodings --ledger tl --core tc
		"$check" --prove-encodings tree tc tl >said
		[ "$(grep -c '^encoding .* proven ' said)" -eq 3 ]
		"$check" tree tc tl | grep -q '^encoding .* claimed '
		chmod 0600 tree/$in
		exits 1 "$check" tree tc tl
		chmod 0644 tree/$in
	done
	touch -d @1600000000 tree/$in
	exits 1 "$check" tree tc tl
}
t 'a tree, with compressed modules and metadata' tree

# Encoding again is the work of the modulo beside it; a claim that cannot be tried, or is not true, is not believed.
encoders()
{
	xz -6 -c "$vendor/signed/$in" >e.ko.xz
	"$modulo" split --quiet e.ko.xz --prove-encodings --ledger el --core ec
	"$check" --prove-encodings e.ko.xz ec el >said
	grep -q '^encoding xz .* proven liblzma-' said
	sed 's|^\(stream .* proven .*/\)6$|\11|' el >lower
	exits 1 "$check" --prove-encodings e.ko.xz ec lower 2>err
	grep -q 'check.encoding' err
	sed 's|^\(stream .* proven \).*$|\1liblzma-0.1/6|' el >older
	exits 2 "$check" --prove-encodings e.ko.xz ec older 2>err
	grep -q 'check.encoder' err
	[ "$(wc -l <err)" -eq 1 ]
	mkdir alone
	cp "$check" alone/modulo-check
	exits 2 alone/modulo-check --prove-encodings e.ko.xz ec el 2>err
	grep -q 'check.encoder' err
	alone/modulo-check e.ko.xz ec el >said
	grep -q '^encoding xz .* claimed liblzma-' said
}
t 'encoders, asked for again' encoders

# Every 7th byte of the ledger, every 61st of the others; vendor.sh takes all of a ledger.
changed()
{
	cp s.ko a
	cp u.ko c
	cp l g
	"$flip" 1 61 a a c g
	"$flip" 1 61 c a c g
	"$flip" 1 7 g a c g
}
t 'a changed byte is refused' changed

# says_id CODE ID ARTIFACT CORE LEDGER
says_id()
{
	got=0
	"$check" --quiet "$3" "$4" "$5" 2>err || got=$?
	cat err
	[ "$got" -eq "$1" ] && grep -qF ": $2: " err
}

ids()
{
	zero=0000000000000000000000000000000000000000000000000000000000000000
	sed '1s/1$/2/' l >g
	says_id 2 ledger.version s.ko u.ko g
	sed "2s/ .*/ $zero/" l >g
	says_id 2 ledger.forms s.ko u.ko g
	sed 's/^leaf/twig/' l >g
	says_id 2 ledger.word s.ko u.ko g
	sed '3s/ /  /' l >g
	says_id 2 ledger.line s.ko u.ko g
	sed '3s/ / 0/' l >g
	says_id 2 ledger.number s.ko u.ko g
	sed '6s/^module.pkcs7/module.pkcs8/' l >g
	says_id 2 ledger.form s.ko u.ko g
	sed "3s/ [0-9a-f]*\$/ $zero/" l >g
	says_id 1 check.artifact s.ko u.ko g
	sed "4s/ [0-9a-f]*\$/ $zero/" l >g
	says_id 1 check.core s.ko u.ko g
	says_id 2 check.read absent u.ko l
	exits 2 "$check" s.ko
}
t 'refusals by id' ids

finish
