#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes test/samples/modules/: small kernel modules, as far as modulo looks at them, signed as sign-file does. Keys live in a
# temporary folder and die with it, so every run gives other bytes: the files are kept, this says where they come from.
#
#   make-modules.sh [FOLDER]
set -eu
LC_ALL=C
export LC_ALL

cd "${1:-$(dirname "$0")/modules}"
keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT

# module NAME ANSWER: an object with the sections that make a module of it, and little else
module()
{
	cat >"$keys/$1.c" <<-END
		static const char info[] __attribute__((section(".modinfo"), used, aligned(1))) =
			"license=GPL\\0description=A sample of the tests\\0name=$1\\0vermagic=6.1.0 SMP mod_unload";
		static char module[64] __attribute__((section(".gnu.linkonce.this_module"), used)) = "$1";
		int answer(void)
		{
			return $2;
		}
	END
	gcc -Os -fno-asynchronous-unwind-tables -fno-ident -fcf-protection=none -c "$keys/$1.c" -o "$keys/$1.o"
	objcopy -R .comment -R .note.GNU-stack -R .data -R .bss --strip-debug "$keys/$1.o" "$1.ko"
}

# cert NAME SUBJECT KEY-OPTION...
cert()
{
	name=$1 subject=$2
	shift 2
	openssl req -new -x509 -nodes -utf8 -sha256 -days 36500 -batch -subj "$subject" -addext keyUsage=digitalSignature \
		-keyout "$keys/$name.key" -out "$name.pem" "$@" 2>/dev/null
}

# signed IN CERT OUT OPTION...: IN, the signature, the header of 12 bytes, the magic
signed()
{
	in=$1 cert=$2 out=$3
	shift 3
	openssl cms -sign -binary -nocerts -nosmimecap -in "$in" -signer "$cert.pem" -inkey "$keys/$cert.key" -md sha256 \
		-outform DER -out "$keys/sig" "$@"
	len=$(wc -c <"$keys/sig")
	{
		cat "$in" "$keys/sig"
		# shellcheck disable=SC2059 # the format is the bytes
		printf "\\0\\0\\2\\0\\0\\0\\0\\0\\0\\0\\$(printf %03o $((len / 256)))\\$(printf %03o $((len % 256)))"
		printf '~Module signature appended~\n'
	} >"$keys/out"
	cp "$keys/out" "$out"
}

module plain 42
module other 43
cert rsa1 '/O=Modulo tests/CN=First RSA key' -newkey rsa:2048
cert rsa2 '/O=Modulo tests/CN=Second RSA key' -newkey rsa:2048
cert ecdsa '/O=Modulo tests/CN=ECDSA key' -newkey ec -pkeyopt ec_paramgen_curve:prime256v1

signed plain.ko rsa1 rsa1.ko -noattr
signed plain.ko rsa2 rsa2.ko -noattr
signed plain.ko ecdsa ecdsa.ko -noattr
signed plain.ko rsa1 attrs.ko
signed rsa1.ko rsa2 nested.ko -noattr
signed other.ko rsa1 other-rsa1.ko -noattr

for m in plain rsa1; do
	gzip -knf $m.ko
	xz -kf --check=crc32 --lzma2=dict=1MiB $m.ko
	zstd -qkf --no-check $m.ko
done
