#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes the first inputs of fuzz_ledger (its comment says how they are laid out) from the sample modules, with `modulo split`.
# usage: make-ledger-corpus.sh MODULO [FOLDER]
set -eu
LC_ALL=C
export LC_ALL
modulo=$(realpath "$1")
samples=$(realpath "$(dirname "$0")/../samples/modules")
out=$(realpath "${2:-$(dirname "$0")/corpus/fuzz_ledger}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

# seed NAME ARTIFACT OPTION...
seed()
{
	name=$1 artifact=$2
	shift 2
	"$modulo" split --quiet "$@" --core core --ledger ledger "$artifact"
	n=$(wc -c <core)
	{
		# shellcheck disable=SC2059 # the format is the bytes
		printf "\\$(printf %03o $((n / 256)))\\$(printf %03o $((n % 256)))"
		cat core
		tail -n +5 ledger
	} >"$out/$name"
	rm core ledger
}

for m in plain rsa1 attrs ecdsa proof proof-signed signed-proof; do
	seed $m "$samples/$m.ko"
done
seed nested "$samples/nested.ko" --nested
for c in gz xz zst; do
	seed "rsa1-$c" "$samples/rsa1.ko.$c" --prove-encodings
done
mkdir -p t/sub
cp "$samples/ecdsa.ko" t/sub/x.ko
echo text >"t/a b"
: >t/empty
ln t/empty t/sub/link
ln -s nowhere t/sub/symlink
mkfifo t/pipe
chmod 755 t t/sub
chmod 644 t/sub/x.ko "t/a b" t/empty t/pipe
seed tree t
find t | while read -r f; do
	touch -h -d '2026-01-02 03:04:05.678901234 UTC' "$f"
done
chown -hR "$(id -u):$(id -g)" t
seed tree-metadata t --metadata
# A stream whose bytes travel: one stored block, which no encoder makes of text that packs.
yes text | head -n 20 >text
{
	printf '\037\213\010\0\0\0\0\0\0\003\001\144\0\233\377'
	cat text
	gzip -cn text | tail -c 8
} >stored.gz
gzip -t stored.gz
seed carried stored.gz --prove-encodings
grep -aq ' carried 1$' "$out/carried"
# Times before 1970: the only spelling, and one that is none.
for time in -2.500000000 -0.500000000; do
	line="dir 0755 0 0 $time - sub"
	n=$((${#line} + 1))
	{
		# shellcheck disable=SC2059 # the format is the bytes
		printf "\\0\\$(printf %03o $n)"
		printf '%s\nrecords dir-metadata\nmeta.%s\nclose\nend\n' "$line" "$line"
	} >"$out/time$time"
done
"$modulo" split --quiet --ledger ledger "$samples/ecdsa.ko"
{
	printf '\377\377'
	cat ledger
} >"$out/whole"
