#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Adds modules with proofs to test/samples/modules/: a tree of plain.ko, other.ko and rsa1.ko, whose root is in proofs.root. Pairs of
# proof and signature in both orders: proof-signed.ko by rsa3.pem, whose key dies here; signed-proof.ko is rsa1.ko with its proof.
#
#   make-proofs.sh [FOLDER]
set -eu
LC_ALL=C
export LC_ALL
. "$(dirname "$0")/merkle.sh"

out=$(realpath "${1:-$(dirname "$0")/modules}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cp "$out/plain.ko" "$out/other.ko" "$out/rsa1.ko" .
merkle plain.ko other.ko rsa1.ko
echo "${root:?}" >"$out/proofs.root"

openssl req -new -x509 -nodes -sha256 -days 36500 -batch -subj '/O=Modulo tests/CN=Third RSA key' -addext keyUsage=digitalSignature \
	-newkey rsa:2048 -keyout key -out "$out/rsa3.pem" 2>/dev/null
for m in plain:proof other:other-proof rsa1:signed-proof; do
	{
		cat "${m%:*}.ko"
		trailer 3 "${m%:*}.ko.proof"
	} >"$out/${m#*:}.ko"
done
signature "$out/rsa3.pem" key "$out/proof.ko" >sig
{
	cat "$out/proof.ko"
	trailer 2 sig
} >"$out/proof-signed.ko"
