#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What it costs to check a module: the largest one is loaded with a proof, with a signature, and with neither, in turn, in one boot.
# What checking takes is the difference to neither. Times are printed, not judged; the processor is emulated, so only ratios mean something.
# usage: time.sh
set -eu
cd "$(dirname "$0")/../.."
. kernel/test/lib.sh
on_x86

ROUNDS=41
kernel=signatures
case " $kernels " in
*' both '*) kernel=both ;;
esac

modules()
{
	root=$tap_tmp/root
	mkdir "$root" && cp "$(module "$kernel" fuse)" "$root/neither.ko" || return 1
	"$(signer)" sha256 "$keys/trusted.key" "$keys/trusted.crt" "$root/neither.ko" "$root/signature.ko" || return 1
	files='/neither.ko /signature.ko'
	if [ "$kernel" = both ]; then
		cp "$root/neither.ko" "$root/proof.ko" && "$modulo" tree attach "$root/proof.ko" --tree "$work/set/$kernel/tree" || return 1
		files="$files /proof.ko"
	fi
	printf 'time all %d fuse %s\noff\n' "$ROUNDS" "$files" >"$root/script"
}

timed_all()
{
	boot time "$kernel" 'kunit.enable=0' "$tap_tmp/root" && grep -q '^R	all	ok' "$logs/time.log"
}

tap_test "the largest module: $kernel" modules
tap_test "it is loaded $ROUNDS times, with each and without" timed_all
awk -F '\t' -v size="$(stat -c %s "$tap_tmp/root/neither.ko")" '
	$1 == "T" { took[$3] = $5 }
	END {
		none = took["/neither.ko"]
		sig = took["/signature.ko"] - none
		printf "# fuse.ko, %d bytes; loading it unchecked is 1.00: checking the signature takes %.2f", size, sig / none
		if ("/proof.ko" in took) {
			proof = took["/proof.ko"] - none
			printf ", the proof %.2f, which is %.2f of the signature", proof / none, proof / sig
		}
		printf "\n"
	}' "$logs/time.log"
tap_end
