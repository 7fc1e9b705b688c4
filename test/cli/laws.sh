#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The prover and the checker, which share next to nothing: what `modulo split` writes is accepted, two artifacts that are the same modulo
# signatures have one core and one skeleton, and nothing that is changed anywhere is accepted.
# usage: laws.sh MODULO MODULO-CHECK SOURCE-ROOT FLIP
modulo=$(realpath "$1")
check=$(realpath "$2")
root=$(realpath "$3")
flip=$(realpath "$4")
. "$root/test/cli/tap-cli.sh"
m=$root/test/samples/modules
vendor=$root/demo/vendor

# accepted ARTIFACT OPTION...: split and checked; the two programs name the same digests
accepted()
{
	artifact=$1
	shift
	"$modulo" split "$artifact" "$@" --ledger l --core c >said.split
	prove=
	case " $* " in
	*' --prove-encodings '*) prove=--prove-encodings ;;
	esac
	# shellcheck disable=SC2086 # no word or one
	"$check" $prove "$artifact" c l >said.check
	[ "$(sed -n 's/^\(artifact\|core\) *\([0-9]*\) bytes, SHA-256 /\1 \2 /p' said.split)" = "$(grep '^\(artifact\|core\) ' said.check)" ]
	grep -qx accepted said.check
}

each()
{
	for f in "$m"/*.ko "$m"/*.ko.* "$vendor"/signed/lib/modules/*/kernel/*/*.ko; do
		accepted "$f" --nested
		accepted "$f" --nested --prove-encodings
	done
}
t 'what split writes is accepted: every sample' each

make_tree()
{
	mkdir -p t/sub/'a b' t/empty.d
	cp "$m"/rsa1.ko "$m"/attrs.ko "$m"/ecdsa.ko "$m"/rsa1.ko.* t/sub
	cp "$m"/rsa2.ko t/sub/'a b'/"$(printf 'n\nl\\\377')"
	ln t/sub/rsa1.ko t/z
	ln -s '../no where' t/sub/link
	mkfifo t/pipe
	: >t/empty
	chmod 2755 t/sub
}
make_tree

trees()
{
	accepted t
	accepted t --metadata
	accepted t --prove-encodings
	accepted t --metadata --prove-encodings
	accepted "$vendor/signed"
	accepted "$vendor/unsigned"
	mkdir nothing
	accepted nothing
}
t 'what split writes is accepted: trees' trees

# facts FILE: what the checker says that has to be the same modulo signatures
facts()
{
	grep '^\(core\|skeleton\|forms\) ' "$1"
}

one_skeleton()
{
	accepted "$m/plain.ko"
	facts said.check >plain
	for f in rsa1 rsa2 ecdsa attrs nested proof proof-signed signed-proof; do
		accepted "$m/$f.ko" --nested
		facts said.check | cmp - plain
		# The unsigned file is the core of them all.
		"$check" --quiet "$m/$f.ko" "$m/plain.ko" l
	done
	for c in gz xz zst; do
		accepted "$m/plain.ko.$c"
		facts said.check >plain
		accepted "$m/rsa1.ko.$c"
		facts said.check | cmp - plain
	done
	accepted "$m/other-rsa1.ko"
	facts said.check >other
	cmp -s other plain && return 1
	accepted "$vendor/unsigned"
	facts said.check >plain
	accepted "$vendor/signed"
	facts said.check | cmp - plain
	"$modulo" split --quiet t --prove-encodings --unsigned u
	accepted t --prove-encodings
	facts said.check >signed
	accepted u --prove-encodings
	facts said.check | cmp - signed
}
t 'one core and one skeleton, signed and unsigned' one_skeleton

keyring()
{
	accepted "$m/rsa1.ko"
	"$check" --keyring "$m/rsa1.pem" "$m/rsa1.ko" c l | grep -q '^signature pkcs7-module 1 verified '
	"$check" --keyring "$m/rsa2.pem" "$m/rsa1.ko" c l | grep -q '^signature pkcs7-module 1 unverified '
	# rsa1's signature behind other content: only the key tells.
	{
		cat "$m/other.ko"
		tail -c +$(($(wc -c <"$m/plain.ko") + 1)) "$m/rsa1.ko"
	} >foreign.ko
	accepted foreign.ko
	exits 1 "$check" --quiet --keyring "$m/rsa1.pem" foreign.ko c l
}
t 'signatures are verified with a key' keyring

changes()
{
	step=1 # every byte of the first one's ledger, some of the rest
	for f in ecdsa.ko attrs.ko rsa1.ko.gz proof-signed.ko; do
		cp "$m/$f" a
		# Not proven: an encoder's name is believed unless the checker is told to try it, and several may serve.
		"$modulo" split --quiet a --ledger l --core c
		"$flip" 1 $step l a c l
		"$flip" 1 17 c a c l
		"$flip" 1 17 a a c l
		step=7
	done
	mkdir -p d/sub
	cp "$m/ecdsa.ko" d/sub/x.ko
	ln -s nowhere d/link
	"$modulo" split --quiet d --ledger l --core c
	"$flip" 1 3 l d c l
	"$flip" 1 17 c d c l
	"$flip" 1 17 d/sub/x.ko d c l
}
t 'a byte changed in ledger, core or artifact is refused' changes

# A stream may be made in several ways: a change that decodes to the same is refused where encodings are proven.
changed_stream()
{
	cp "$m/plain.ko.gz" a
	"$modulo" split --quiet a --prove-encodings --ledger l --core c
	cp a keep
	size=$(wc -c <a)
	at=0
	while [ $at -lt "$size" ]; do
		poke a $at
		"$check" --quiet --prove-encodings a c l 2>said && return 1
		[ -s said ]
		cp keep a
		at=$((at + 7))
	done
}
t 'a byte changed in a stream is refused' changed_stream

# The ledger of a tree, edited line by line: each gone, and each twice; besides, in turn, one of the others.
lines()
{
	"$modulo" split --quiet t --ledger good --core c
	"$check" --quiet t c good
	n=$(wc -l <good)
	i=1
	while [ $i -le "$n" ]; do
		case $((i % 5)) in
		0) e="${i}s/\$/ /" ;;
		1) e="${i}s/^/ /" ;;
		2) e="${i}s/ /  /" ;;
		3) e="${i}s/ / 0/" ;;
		4) e="${i}{h;d};$((i + 1)){G}" ;;
		esac
		for e in "${i}d" "${i}p" "$e"; do
			sed "$e" good >l
			cmp -s good l && continue
			if "$check" --quiet t c l 2>said || [ ! -s said ]; then
				echo "accepted: $e"
				return 1
			fi
		done
		i=$((i + 1))
	done
}
t 'a line gone, twice, moved or spelt otherwise is refused' lines

lengths()
{
	cp "$m/ecdsa.ko" a
	"$modulo" split --quiet a --ledger l --core c
	for f in a c l; do
		cp $f keep
		size=$(wc -c <keep)
		for n in 0 1 20 $((size / 2)) $((size - 1)); do
			head -c "$n" keep >$f
			"$check" --quiet a c l 2>said && return 1
		done
		for more in x '\n' '\0' 'end\n'; do
			# shellcheck disable=SC2059 # the format is the bytes
			{
				cat keep
				printf "$more"
			} >$f
			"$check" --quiet a c l 2>said && return 1
		done
		cp keep $f
	done
	"$check" --quiet a c l
}
t 'a file cut or longer is refused' lengths

finish
