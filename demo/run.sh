#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The main jobs on six real kernel modules (demo/vendor/README.md), in a temporary folder. Every exit code and every verdict is
# checked: anything unexpected ends the demo with an error.
# usage: run.sh BUILD-FOLDER
set -eu
LC_ALL=C
export LC_ALL
[ $# -eq 1 ] || {
	echo 'usage: run.sh BUILD-FOLDER' >&2
	exit 2
}
build=$(cd "$1" && pwd -P)
vendor=$(cd "$(dirname "$0")/vendor" && pwd -P)
[ -x "$build/modulo" ] || {
	echo "demo: $build/modulo is not there" >&2
	exit 2
}
PATH=$build:$PATH
dir=$(mktemp -d "${TMPDIR:-/tmp}/modulo-demo.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM HUP
cp -R "$vendor/." "$dir"
cd "$dir"

kernel=lib/modules/5.10.0-32-cloud-amd64/kernel
crc7=$kernel/lib/crc7.ko
if [ -t 1 ]; then
	bold=$(printf '\033[1m') plain=$(printf '\033[0m')
else
	bold='' plain=''
fi

# say TEXT...: a line each
say()
{
	echo
	for line in "$@"; do
		printf '%s%s%s\n' "$bold" "$line" "$plain"
	done
}

fail()
{
	echo "demo: $*" >&2
	exit 1
}

# run CODE TEXT COMMAND...: shows the command and all that it prints, and insists on the exit code, and on TEXT in the last line
# (the text may be empty)
run()
{
	code=$1
	text=$2
	shift 2
	echo "\$ $*"
	got=0
	"$@" >output 2>&1 || got=$?
	cat output
	[ "$got" -eq "$code" ] || fail "exit code $got, not $code: $*"
	case $(tail -n 1 output) in
	*"$text"*) ;;
	*) fail "the last line is not '$text': $*" ;;
	esac
	[ "$code" -eq 0 ] || echo "(exit code $code)"
}

# line COMMAND: a line of shell, shown and run
line()
{
	echo "\$ $1"
	eval "$1" || fail "$1"
}

compare()
{
	say 'Six modules as Debian ships them, and the unsigned builds of the same. Not one is the same file ...'
	run 1 'EOF' cmp "signed/$crc7" "unsigned/$crc7"
	say '... yet they are the same, modulo signatures:'
	run 0 'identical modulo signatures (6 signatures: 6 pkcs7-module; 0 verified)' modulo compare signed unsigned
	say "With the signer's certificate, each signature is verified besides, and that can be insisted on:"
	run 0 'identical modulo signatures (6 signatures: 6 pkcs7-module; 6 verified)' \
		modulo compare --keyring debian-signer.pem --require verified signed unsigned
}

digest()
{
	say 'The digest of a signed module is what sha256sum says of the unsigned one:'
	run 0 "signed/$crc7" modulo digest "signed/$crc7"
	run 0 "unsigned/$crc7" sha256sum "unsigned/$crc7"
	say 'So a list made by sha256sum, of all the unsigned ones, holds for the signed ones:'
	line "(cd unsigned && find lib -name '*.ko' | sort | xargs sha256sum) >sums"
	[ "$(wc -l <sums)" -eq 6 ] || fail 'the list does not have six lines'
	line 'cd signed'
	run 0 ': OK' modulo digest --check ../sums
	rm output
	line 'cd ..'
	say 'A whole tree has a digest too. Two parties compare one line:'
	run 0 '' modulo digest signed unsigned
	[ "$(cut -d ' ' -f 1 output | sort -u | wc -l)" -eq 1 ] || fail 'the digests of the trees differ'
}

split_join()
{
	say 'Split the signed tree: the unsigned one, and the signatures, each filed under the content that it signs.'
	run 0 'split: 18 members, 6 signatures, 6 entries in the store' modulo split signed --unsigned plain --store signatures
	run 0 '' diff -r plain unsigned
	say "Join an independent build with them: the vendor's files, bit for bit."
	run 0 'joined: 18 members, 6 signatures (6 bound to their content)' modulo join unsigned --from signatures -o joined
	run 0 '' diff -r joined signed
	say 'Debian also ships its signatures apart, as PATH.sig. They are joined in the same way:'
	run 0 'joined: 18 members, 6 signatures (6 bound to their content)' \
		modulo join unsigned --from detached --keyring debian-signer.pem -o from-debian
	run 0 '' diff -r from-debian signed
}

tampered()
{
	say 'Somebody changes one byte of one module. It is found, and named:'
	line 'cp -R unsigned tampered'
	line "printf X | dd of=tampered/$crc7 bs=1 seek=100 conv=notrunc status=none"
	run 1 'different' modulo compare signed tampered
	grep -F "content    $crc7: " output >named || fail 'the place is not named'
	say 'Somebody puts bytes behind a signature. Nothing is passed over:'
	line 'cp -R signed hidden'
	line "printf hidden >>hidden/$crc7"
	run 2 'module.tail' modulo compare hidden unsigned
	say 'Somebody moves a signature to another module:'
	line "{ cat unsigned/$crc7; tail -c 451 signed/$kernel/fs/nls/nls_utf8.ko; } >swapped.ko"
	run 1 'INVALID' modulo verify --keyring debian-signer.pem swapped.ko
}

checker()
{
	if [ ! -x "$build/modulo-check" ]; then
		say "Left out: modulo-check, the independent checker; $build/modulo-check is not there."
		return
	fi
	say 'Whoever does not want to trust all that: a ledger says what each byte of the signed tree is, and a small program' \
		'of its own checks it.'
	run 0 '' modulo split signed --core core --ledger ledger
	run 0 '' modulo-check --keyring debian-signer.pem signed core ledger
	say 'The core of a signed module is the unsigned file itself:'
	run 0 '' modulo split "signed/$crc7" --ledger crc7.ledger
	run 0 '' modulo-check --quiet "signed/$crc7" "unsigned/$crc7" crc7.ledger
	say 'The checker does not take another module for it:'
	run 1 'crc7.ko' modulo-check --quiet "signed/$crc7" "tampered/$crc7" crc7.ledger
}

compare
digest
split_join
tampered
checker
say 'All as expected.'
