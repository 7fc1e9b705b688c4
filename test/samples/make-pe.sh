#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes test/samples/pe/: small PE files by test/tools/pe.c, and the same as signing tools sign them. Keys live in a temporary folder and
# die with it, so every run gives other bytes: the files are kept, this says where they come from.
#
#   make-pe.sh PE-MAKER [FOLDER]        needs openssl, sbsign and osslsigncode
set -eu

pe=$(realpath "$1")
mkdir -p "${2:-$(dirname "$0")/pe}"
cd "${2:-$(dirname "$0")/pe}"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
for k in one two; do
	openssl req -new -x509 -newkey rsa:2048 -nodes -sha256 -days 36500 -batch -subj "/O=Modulo tests/CN=pe $k" -keyout "$tmp/$k.key" -out "$k.pem" 2>/dev/null
done

# signed NEW FILE KEY: by sbsign
signed()
{
	sbsign --key "$tmp/$3.key" --cert "$3.pem" --output "$1" "$2" 2>/dev/null
}

"$pe" >plain.efi
"$pe" --overlay 40 >other.efi
"$pe" --bits 32 --checksum valid >plain32.efi
# As fwupd's: a length that is no multiple of 8, and a CheckSum that is wrong
"$pe" --mod8 5 --overlay 3 --checksum wrong >odd.efi
signed one.efi plain.efi one
signed two.efi plain.efi two
signed both.efi one.efi two
signed other-one.efi other.efi one
signed one32.efi plain32.efi one
signed odd-one.efi odd.efi one
osslsigncode sign -certs one.pem -key "$tmp/one.key" -h sha256 -in plain.efi -out rounded.efi >/dev/null
