#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Appends a signature to a kernel module, as the kernel's sign-file does, with the openssl program: for the demo and for tests.
# usage: sign-sample.sh KEY.pem CERTIFICATE.pem MODULE [OPENSSL-CMS-OPTION...]
set -eu

key=$1 cert=$2 module=$3
shift 3
cms=$(mktemp "$module.XXXXXX")
trap 'rm -f "$cms"' EXIT

openssl cms -sign -binary -nocerts -noattr -nosmimecap -md sha256 -signer "$cert" -inkey "$key" -in "$module" -outform DER -out "$cms" "$@"
len=$(wc -c <"$cms")
# struct module_signature: algo, hash, id_type (2 is PKCS#7), three more, padding, length
byte()
{
	# shellcheck disable=SC2059 # the format is what is made here
	printf "\\$(printf %03o "$1")"
}
{
	cat "$cms"
	printf '\0\0\2\0\0\0\0\0'
	byte $((len >> 24 & 255))
	byte $((len >> 16 & 255))
	byte $((len >> 8 & 255))
	byte $((len & 255))
	printf '~Module signature appended~\n'
} >>"$module"
