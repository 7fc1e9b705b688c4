#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A vendor and a rebuilder build the same modules; the vendor signs and compresses. What Modulo says of it, in a temporary folder.
# usage: demo.sh BUILD-FOLDER
set -eu
build=$(realpath "$1")
tools=$(realpath "$(dirname "$0")")
PATH=$build:$PATH
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

say()
{
	printf '\n\033[1m%s\033[0m\n' "$*"
}
[ -t 1 ] || say()
{
	printf '\n%s\n' "$*"
}
# show EXIT-CODE COMMAND...: runs it, and insists on its exit code
show()
{
	want=$1
	shift
	echo "\$ $*"
	status=0
	"$@" || status=$?
	[ "$status" -eq "$want" ] || {
		echo "demo: exit code $status, not $want" >&2
		exit 1
	}
}

say 'Two builds of the same modules. The vendor signs his, and compresses one.'
mkdir -p vendor/fs vendor/net
for m in fs/alpha net/beta net/delta; do
	printf 'int %s(int x) { return x + %d; }\n' "$(basename $m)" ${#m} >source.c
	${CC:-cc} -O2 -c source.c -o "vendor/$m.ko"
done
cp -r vendor rebuilt
openssl req -x509 -newkey rsa:2048 -nodes -batch -days 2 -subj '/O=Vendor/CN=Vendor module signing' -keyout key.pem -out vendor.pem 2>/dev/null
for m in vendor/*/*.ko; do
	"$tools/sign-sample.sh" key.pem vendor.pem "$m"
done
cp -r rebuilt changed
for d in vendor rebuilt; do
	xz --check=crc32 --lzma2=dict=1MiB "$d/net/delta.ko"
done
find vendor rebuilt -type f | sort

say 'Are they the same?'
show 1 cmp vendor/fs/alpha.ko rebuilt/fs/alpha.ko
show 0 modulo compare --keyring vendor.pem --require verified vendor rebuilt

say 'One line to compare over the telephone:'
show 0 modulo digest vendor rebuilt

say 'Who signed it?'
show 0 modulo inspect --keyring vendor.pem vendor/fs/alpha.ko

say "The vendor's signatures on the independent rebuild: the vendor's bits."
show 0 modulo split --store signatures vendor
show 0 modulo join rebuilt --from signatures -o signed
show 0 diff -r vendor signed
show 0 modulo verify --keyring vendor.pem signed

say 'The same in two files, checked by the small independent program:'
show 0 modulo split --prove-encodings --core core --ledger ledger vendor
show 0 modulo-check --keyring vendor.pem vendor core ledger

say 'And where somebody changed one byte:'
printf 'X' | dd of=changed/fs/alpha.ko bs=1 seek=64 conv=notrunc status=none
rm changed/net/delta.ko
cp rebuilt/net/delta.ko.xz changed/net/
show 1 modulo compare vendor changed
