#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes the signatures in test/samples/authenticode/ that are not a vendor's: of one unsigned PE file, by the signing tools
# that there are. Keys live in a temporary folder and die with it, so every run gives other bytes: the files are kept, this
# says where they come from.
#
#   make-authenticode.sh UNSIGNED-PE [FOLDER]        needs openssl, sbsign, osslsigncode, pesign, certutil and pk12util
set -eu

image=$(realpath "$1")
cd "${2:-$(dirname "$0")/authenticode}"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# key NAME KIND OPTION...: a key and its certificate, signed by itself, or with -CA and -CAkey
key()
{
	name=$1 kind=$2
	shift 2
	openssl genpkey -algorithm "${kind%%:*}" -pkeyopt "${kind#*:}" -out "$tmp/$name.key" 2>/dev/null
	openssl req -new -x509 -sha256 -days 36500 -batch -subj "/O=Modulo tests/CN=$name" -key "$tmp/$name.key" \
		-out "$tmp/$name.pem" -config "$tmp/cnf" -addext subjectKeyIdentifier=hash "$@"
	openssl x509 -in "$tmp/$name.pem" -outform DER -out "$name.crt"
}

printf '[req]\ndistinguished_name=name\n[name]\n' >"$tmp/cnf"
ec=EC:ec_paramgen_curve:P-256

# cut NAME: the signature of the signed file, the only entry of its certificate table, which is the file's end: 8 bytes, then
# a ContentInfo whose header says how long it is
cut()
{
	at=$(stat -c %s "$image")
	at=$(((at + 7) / 8 * 8 + 8))
	hex=$(tail -c +$((at + 3)) "$tmp/signed" | head -c 2 | od -An -tx1 | tr -d ' \n')
	tail -c +$((at + 1)) "$tmp/signed" | head -c $((0x$hex + 4)) >"$1.der"
	rm "$tmp/signed"
}

# osc OUT CERTIFICATES KEY OPTION...
osc()
{
	out=$1 certs=$2 name=$3
	shift 3
	osslsigncode sign -certs "$tmp/$certs.pem" -key "$tmp/$name.key" -in "$image" -out "$tmp/signed" "$@" >/dev/null
	cut "$out"
}

# sbs OUT KEY OPTION...
sbs()
{
	out=$1 name=$2
	shift 2
	sbsign --key "$tmp/$name.key" --cert "$tmp/$name.pem" --output "$tmp/signed" "$@" "$image" 2>/dev/null
	cut "$out"
}

key rsa RSA:rsa_keygen_bits:2048
key p384 EC:ec_paramgen_curve:P-384
sbs sbsign-rsa rsa
osc osslsigncode-rsa rsa rsa -h sha512 -comm
osc osslsigncode-p384 p384 p384 -h sha384 -n 'Modulo tests' -i http://modulo.example.org/

mkdir "$tmp/nss"
certutil -N -d "$tmp/nss" --empty-password
openssl pkcs12 -export -inkey "$tmp/rsa.key" -in "$tmp/rsa.pem" -name rsa -passout pass: -out "$tmp/rsa.p12"
pk12util -i "$tmp/rsa.p12" -d "$tmp/nss" -W '' >/dev/null
pesign -n "$tmp/nss" -c rsa -s -i "$image" -o "$tmp/signed"
cut pesign-rsa

# Chains: root, middle, leaf; and one whose issuer is no CA
key root "$ec" -addext basicConstraints=critical,CA:TRUE
key middle "$ec" -CA "$tmp/root.pem" -CAkey "$tmp/root.key" -addext basicConstraints=critical,CA:TRUE
key leaf "$ec" -CA "$tmp/middle.pem" -CAkey "$tmp/middle.key" -addext basicConstraints=critical,CA:FALSE
key below-leaf "$ec" -CA "$tmp/leaf.pem" -CAkey "$tmp/leaf.key" -addext basicConstraints=critical,CA:FALSE
cat "$tmp/leaf.pem" "$tmp/middle.pem" "$tmp/root.pem" >"$tmp/all.pem"
osc chain-all all leaf -h sha256
sbs chain-two leaf --addcert "$tmp/middle.pem"
sbs chain-leaf leaf
sbs chain-no-ca below-leaf --addcert "$tmp/leaf.pem"
# An issuer without basicConstraints: OpenSSL takes it all the same where keyUsage lets it sign certificates.
key usage "$ec" -addext keyUsage=keyCertSign
key below-usage "$ec" -CA "$tmp/usage.pem" -CAkey "$tmp/usage.key" -addext basicConstraints=critical,CA:FALSE
sbs chain-usage below-usage
rm -f below-leaf.crt below-usage.crt
