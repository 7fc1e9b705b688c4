#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Debian's signed PE images and the unsigned ones that they were made of: shim and its helpers, fwupd, systemd-boot, a kernel.
# They are not part of the repository: MODULO_CORPUS names their folder. Where it is absent everything here is skipped.
# usage: vendor-pe.sh MODULO MODULO-CHECK SOURCE-ROOT
modulo=$(realpath "$1")
check=$(realpath "$2")
root=$(realpath "$3")
corpus=${MODULO_CORPUS:-$root/../shared/corpus}
. "$root/test/cli/vendor-packages.sh"
linux=5.10.223-1_amd64.deb
set -- "linux-image-5.10.0-32-cloud-amd64_$linux" "linux-image-5.10.0-32-cloud-amd64-unsigned_$linux" \
	fwupd-amd64-signed_1_epoch_1.4+1_amd64.deb fwupd-unsigned_1_epoch_1.4-1_amd64.deb \
	'shim-helpers-amd64-signed_1+16.1+2~deb12u1_amd64.deb' 'shim-signed_1.51~1+deb12u1+16.1-2~deb12u1_amd64.deb' \
	'shim-unsigned_16.1-2~deb12u1_amd64.deb' \
	'systemd-boot-efi-amd64-signed_257.13-1~deb13u1_amd64.deb' 'systemd-boot-efi_257.13-1~deb13u1_amd64.deb'
for f; do
	packages "$corpus/$f"
done
. "$root/test/cli/tap-cli.sh"

# The unsigned files have the names of the signed ones, but for the kernel's.
mkdir signed unsigned
for f; do
	case $f in
	*unsigned* | systemd-boot-efi_*) dpkg-deb -x "$corpus/$f" unsigned ;;
	*) dpkg-deb -x "$corpus/$f" signed ;;
	esac
done
shim=usr/lib/shim
boot=usr/lib/systemd/boot/efi/systemd-bootx64.efi
kernel=boot/vmlinuz-5.10.0-32-cloud-amd64

# hexed FILE: its bytes, in one line
hexed()
{
	od -An -v -tx1 "$1" | tr -d ' \n'
}

# pair VERDICT SIGNED UNSIGNED OPTION...
pair()
{
	counted=$1
	a=signed/$2
	b=unsigned/$3
	shift 3
	says "identical modulo signatures ($counted)" "$modulo" compare "$@" "$a" "$b"
	says "identical modulo signatures ($counted)" "$modulo" compare "$@" "$b" "$a"
	# The digest, which is the one that the signature names
	digest=$("$modulo" digest "$@" "$a" | cut -c 1-64)
	[ "$digest" = "$("$modulo" digest "$b" | cut -c 1-64)" ]
	tail -c 32768 "$a" >end
	hexed end | grep -q "$digest"
	rm -rf l c st
	"$modulo" split --quiet "$@" "$a" --ledger l --core c --store st
	"$modulo" join --quiet "$@" "$b" --ledger l -o j
	cmp j "$a"
	"$modulo" join --quiet "$@" "$b" --from st -o j
	cmp j "$a"
	"$check" "$@" "$a" c l >said
	grep 'unvouched pe.authenticode.* certificates ' said
	"$modulo" split --quiet "$b" --ledger lu --core cu
	"$check" --quiet "$b" cu lu
	cmp c cu
}
one='1 signature: 1 authenticode; 0 verified'
t 'the kernel' pair "$one" "$kernel" "$kernel"
t 'fbx64' pair "$one" $shim/fbx64.efi.signed $shim/fbx64.efi
t 'mmx64' pair "$one" $shim/mmx64.efi.signed $shim/mmx64.efi
t 'shimx64, with time stamps' pair '2 signatures: 2 authenticode; 0 verified; 2 unvouched' $shim/shimx64.efi.signed $shim/shimx64.efi --allow unsigned-attributes
t 'fwupdx64, of a wrong CheckSum' pair '1 signature: 1 authenticode; 0 verified; 1 unvouched' usr/libexec/fwupd/efi/fwupdx64.efi.signed usr/libexec/fwupd/efi/fwupdx64.efi
t 'systemd-bootx64' pair "$one" $boot.signed $boot

stamped()
{
	refuses cms.unsigned "$modulo" compare "signed/$shim/shimx64.efi.signed" "unsigned/$shim/shimx64.efi"
	"$modulo" split --quiet --allow unsigned-attributes "signed/$shim/shimx64.efi.signed" --ledger l --core c
	exits 2 "$check" --quiet "signed/$shim/shimx64.efi.signed" c l
}
t 'time stamps are refused unless asked for' stamped

chains()
{
	ca=unsigned/usr/share/shim/debian-uefi-ca.der
	for f in $shim/fbx64.efi.signed $shim/mmx64.efi.signed $boot.signed "$kernel"; do
		says 'verified (1 signature: 1 verified, 0 unverified, 0 INVALID; 0 unsigned)' "$modulo" verify --keyring "$ca" "signed/$f"
	done
}
t "chains to Debian's CA" chains

finish
