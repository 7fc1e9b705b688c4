#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What existing tools make of real signed PE files, of which the unsigned ones are at hand too. For each pair and each tool:
#
#   (a) is SIGNED without its signatures UNSIGNED, bit for bit?
#   (b) are the signatures taken from SIGNED and put onto UNSIGNED SIGNED, bit for bit?
#   (c) which digest does it print for either file?
#
# The output is one Markdown table, and below it what it was measured with. Each cell is what happened in this run:
# `yes`, `no (N bytes differ, length +M)` (N: of those that both have; M: how much longer the tool's file is), `fails: MESSAGE`,
# and with any of these the exit code where it is not 0. Where a tool takes one signature at a time, it has its turn for each.
# In (c) `right` is the Authenticode SHA-256 of the second column, which this script computes with head, tail and sha256sum.
#
# usage: pe-peers.sh [SIGNED UNSIGNED]...     or the pairs in the packages in MODULO_CORPUS (../shared/corpus beside the source), and
#                                             Debian's GRUB where apt-get can download it
# Other programs than those on the PATH: SBATTACH, SBVERIFY, OSSLSIGNCODE, PESIGN. With MODULO=build/modulo, Modulo too.
set -eu
LC_ALL=C
TZ=UTC
export LC_ALL TZ
[ $(($# % 2)) -eq 0 ] || {
	echo 'usage: pe-peers.sh [SIGNED UNSIGNED]...' >&2
	exit 2
}
here=$(cd "$(dirname "$0")" && pwd -P)
corpus=${MODULO_CORPUS:-$here/../../shared/corpus}
sbattach=${SBATTACH:-sbattach}
sbverify=${SBVERIFY:-sbverify}
osslsigncode=${OSSLSIGNCODE:-osslsigncode}
pesign=${PESIGN:-pesign}
modulo=${MODULO:-}
dir=$(mktemp -d "${TMPDIR:-/tmp}/modulo-pe-peers.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM HUP
left=

fail()
{
	echo "pe-peers: $*" >&2
	exit 1
}

has()
{
	command -v "$1" >/dev/null
}

leave_out()
{
	left="${left}left out: $*
"
}

# --- a PE file, read without any of the tools ------------------------------------------------------------------------

# number FILE OFFSET LENGTH: little-endian
number()
{
	od -An -v -tu1 -j "$2" -N "$3" "$1" | awk '{ for (i = NF; i; i--) n = n * 256 + $i } END { printf "%d\n", n }'
}

# read_pe FILE: where its CheckSum and the security directory stand, what that says, where the hashed bytes end
read_pe()
{
	size=$(stat -c %s "$1")
	[ "$(head -c 2 "$1")" = MZ ] || fail "$1: not a PE file"
	optional=$(($(number "$1" 60 4) + 24))
	case $(number "$1" "$optional" 2) in
	267) directory=$((optional + 128)) ;;
	523) directory=$((optional + 144)) ;;
	*) fail "$1: neither PE32 nor PE32+" ;;
	esac
	checksum=$((optional + 64))
	table=$(number "$1" "$directory" 4)
	table_len=$(number "$1" $((directory + 4)) 4)
	end=$size
	[ "$table_len" -eq 0 ] || end=$table
}

# certificates FILE: how many it has
certificates()
{
	read_pe "$1"
	n=0
	at=$table
	while [ "$table_len" -gt 0 ] && [ "$at" -lt $((table + table_len)) ]; do
		len=$(number "$1" "$at" 4)
		[ "$len" -ge 8 ] || fail "$1: a certificate of $len bytes"
		at=$((at + (len + 7) / 8 * 8))
		n=$((n + 1))
	done
	echo "$n"
}

authenticode()
{
	read_pe "$1"
	{
		head -c "$checksum" "$1"
		head -c "$directory" "$1" | tail -c +$((checksum + 5))
		head -c "$end" "$1" | tail -c +$((directory + 9))
		head -c $(((8 - end % 8) % 8)) /dev/zero
	} | sha256sum | cut -d ' ' -f 1
}

# --- one tool, one file ----------------------------------------------------------------------------------------------

# run COMMAND...: what it says to $dir/said, its exit code to $code
run()
{
	code=0
	"$@" >"$dir/said" 2>&1 || code=$?
}

# The first line that says something, without folders, short enough for a table
message()
{
	grep -v -e '^warning:' -e 'PE checksum *:' -e '^[[:space:]]*$' "$dir/said" |
		sed -e 's,/[^ ]*/,,g' -e 's/|/\\|/g' -e 's/  */ /g' -e 1q | cut -c 1-80
}

# verdict RESULT WANTED INPUT: on the last run, which should have made RESULT (from INPUT, for a tool that works in place)
verdict()
{
	if ! [ -s "$1" ] || { [ "$code" -ne 0 ] && cmp -s "$1" "$3"; }; then
		echo "fails: $(message)"
		return
	fi
	if cmp -s "$1" "$2"; then
		cell=yes
	else
		cell="no ($(cmp -l "$1" "$2" 2>/dev/null | wc -l) bytes differ, length"
		cell="$cell $(printf '%+d' $(($(stat -c %s "$1") - $(stat -c %s "$2")))))"
	fi
	[ "$code" -eq 0 ] || cell="$cell, exit code $code"
	echo "$cell"
}

# digest_cell SIGNED UNSIGNED: of what the tool printed for either file, a digest or what it said instead
digest_cell()
{
	said=$(for digest in "$1" "$2"; do
		case $digest in
		"$right") echo right ;;
		*[!0-9a-f]* | '') echo "none${digest:+: $digest}" ;;
		*) echo "$digest" | cut -c 1-8 ;;
		esac
	done)
	case $said in
	"right
right") echo right ;;
	*) echo "$said" | sed -e '1s/^/signed /' -e '2s/^/unsigned /' | paste -s -d , | sed 's/,unsigned/, unsigned/' ;;
	esac
}

sbattach_a()
{
	cp "$signed" "$dir/out"
	i=0
	while [ "$i" -lt "$nr" ]; do
		run "$sbattach" --remove "$dir/out"
		[ "$code" -eq 0 ] || break
		i=$((i + 1))
	done
	verdict "$dir/out" "$unsigned" "$signed"
}

# detach I: the signature's body, as sbattach gives it
detach()
{
	run "$sbattach" --detach "$dir/signature" --signum "$1" "$signed"
}

sbattach_b()
{
	cp "$unsigned" "$dir/out"
	i=1
	while [ "$i" -le "$nr" ]; do
		detach "$i"
		[ "$code" -ne 0 ] || run "$sbattach" --attach "$dir/signature" "$dir/out"
		[ "$code" -eq 0 ] || break
		i=$((i + 1))
	done
	verdict "$dir/out" "$signed" "$unsigned"
}

# sbverify prints digests where they are not the signature's: there the first is the signature's, the second the file's.
sbverify_digest()
{
	if grep -q 'Signature verification OK' "$dir/said"; then
		echo verified
	else
		sed -n 's/^ *expecting: *//p' "$dir/said" | grep . || message
	fi
}

sbverify_c()
{
	i=1
	while [ "$i" -le "$nr" ]; do
		detach "$i"
		[ "$code" -eq 0 ] || break
		openssl pkcs7 -inform der -in "$dir/signature" -print_certs -out "$dir/signer.pem" 2>/dev/null
		run "$sbverify" --cert "$dir/signer.pem" "$signed"
		echo "signed: $(sbverify_digest)"
		run "$sbverify" --cert "$dir/signer.pem" --detached "$dir/signature" "$unsigned"
		echo "unsigned: $(sbverify_digest)"
		i=$((i + 1))
	done | sort -u | tr '\n' ',' | sed -e 's/,$//' -e 's/,/, /g' -e 's/^signed: verified, unsigned: verified$/none; both verify/'
}

osslsigncode_a()
{
	run "$osslsigncode" remove-signature -in "$signed" -out "$dir/out"
	verdict "$dir/out" "$unsigned" "$signed"
}

osslsigncode_b()
{
	run "$osslsigncode" extract-signature -in "$signed" -out "$dir/signature"
	[ "$code" -ne 0 ] || run "$osslsigncode" attach-signature -sigin "$dir/signature" -in "$unsigned" -out "$dir/out"
	verdict "$dir/out" "$signed" "$unsigned"
}

osslsigncode_digest()
{
	run "$osslsigncode" verify -in "$1"
	sed -n 's/^Calculated message digest *: *\([0-9A-F]*\).*/\1/p' "$dir/said" | head -n 1 | tr A-F a-f | grep . || message
}

osslsigncode_c()
{
	digest_cell "$(osslsigncode_digest "$signed")" "$(osslsigncode_digest "$unsigned")"
}

pesign_a()
{
	cp "$signed" "$dir/in"
	i=0
	while [ "$i" -lt "$nr" ]; do
		run "$pesign" --force -r -u 0 -i "$dir/in" -o "$dir/out"
		[ "$code" -eq 0 ] || break
		cp "$dir/out" "$dir/in"
		i=$((i + 1))
	done
	verdict "$dir/out" "$unsigned" "$signed"
}

pesign_b()
{
	cp "$unsigned" "$dir/in"
	i=0
	while [ "$i" -lt "$nr" ]; do
		run "$pesign" --force -e "$dir/signature" -u "$i" -i "$signed"
		[ "$code" -ne 0 ] || run "$pesign" --force -m "$dir/signature" -i "$dir/in" -o "$dir/out"
		[ "$code" -eq 0 ] || break
		cp "$dir/out" "$dir/in"
		i=$((i + 1))
	done
	verdict "$dir/out" "$signed" "$unsigned"
}

pesign_digest()
{
	run "$pesign" -h "$@"
	sed -n 's/^hash: //p' "$dir/said" | grep . || message
}

pesign_c()
{
	cell=$(digest_cell "$(pesign_digest -i "$signed")" "$(pesign_digest -i "$unsigned")")
	[ "$cell" = right ] ||
		cell="$cell; with --padding $(digest_cell "$(pesign_digest -P -i "$signed")" "$(pesign_digest -P -i "$unsigned")")"
	echo "$cell"
}

modulo_a()
{
	run "$modulo" split "$signed" --unsigned "$dir/out"
	verdict "$dir/out" "$unsigned" "$signed"
}

modulo_b()
{
	run "$modulo" split "$signed" --store "$dir/store"
	[ "$code" -ne 0 ] || run "$modulo" join "$unsigned" --from "$dir/store" -o "$dir/out"
	verdict "$dir/out" "$signed" "$unsigned"
}

modulo_digest()
{
	run "$modulo" digest "$1"
	sed -n 's/^\([0-9a-f]\{64\}\) .*/\1/p' "$dir/said" | grep . || message
}

modulo_c()
{
	digest_cell "$(modulo_digest "$signed")" "$(modulo_digest "$unsigned")"
}

# --- pairs and columns -----------------------------------------------------------------------------------------------

# pair SIGNED UNSIGNED: one line of $dir/pairs
pair()
{
	if [ -f "$1" ] && [ -f "$2" ]; then
		printf '%s\t%s\n' "$1" "$2" >>"$dir/pairs"
	else
		leave_out "$(basename "$2"): no such pair"
	fi
}

# unpack NAME DEB: to $dir/NAME, the folders that have PE files in them
unpack()
{
	mkdir "$dir/$1"
	[ -f "$2" ] || return 0
	# tar complains of names that are not there.
	dpkg-deb --fsys-tarfile "$2" | tar -x -C "$dir/$1" --wildcards './boot/vmlinuz*' '*.efi' '*.efi.signed' 2>/dev/null || :
}

pairs_of_corpus()
{
	for kind in '' -unsigned; do
		unpack "linux$kind" "$corpus/linux-image-5.10.0-32-cloud-amd64${kind}_5.10.223-1_amd64.deb"
	done
	unpack helpers "$(echo "$corpus"/shim-helpers-amd64-signed_*.deb)"
	unpack shim "$(echo "$corpus"/shim-signed_*.deb)"
	unpack shim-unsigned "$(echo "$corpus"/shim-unsigned_*.deb)"
	unpack fwupd "$(echo "$corpus"/fwupd-amd64-signed_*.deb)"
	unpack fwupd-unsigned "$(echo "$corpus"/fwupd-unsigned_*.deb)"
	unpack systemd "$(echo "$corpus"/systemd-boot-efi-amd64-signed_*.deb)"
	unpack systemd-unsigned "$(echo "$corpus"/systemd-boot-efi_*.deb)"
	pair "$dir/linux/boot/vmlinuz-5.10.0-32-cloud-amd64" "$dir/linux-unsigned/boot/vmlinuz-5.10.0-32-cloud-amd64"
	for f in fbx64 mmx64; do
		pair "$dir/helpers/usr/lib/shim/$f.efi.signed" "$dir/shim-unsigned/usr/lib/shim/$f.efi"
	done
	pair "$dir/shim/usr/lib/shim/shimx64.efi.signed" "$dir/shim-unsigned/usr/lib/shim/shimx64.efi"
	f=usr/libexec/fwupd/efi/fwupdx64.efi
	pair "$dir/fwupd/$f.signed" "$dir/fwupd-unsigned/$f"
	f=usr/lib/systemd/boot/efi/systemd-bootx64.efi
	pair "$dir/systemd/$f.signed" "$dir/systemd-unsigned/$f"
}

# The signed package says of which unsigned version it was made.
pairs_of_grub()
{
	mkdir "$dir/download"
	(
		cd "$dir/download"
		apt-get download grub-efi-amd64-signed
		version=$(dpkg-deb -f grub-efi-amd64-signed_*.deb Built-Using | sed -n 's/.*grub2 (= \([^)]*\)).*/\1/p')
		apt-get download "grub-efi-amd64-bin=$version"
	) >"$dir/said" 2>&1 || {
		leave_out "GRUB: $(tail -n 1 "$dir/said")"
		return
	}
	unpack grub "$(echo "$dir"/download/grub-efi-amd64-signed_*.deb)"
	unpack grub-unsigned "$(echo "$dir"/download/grub-efi-amd64-bin_*.deb)"
	for f in gcdx64 grubnetx64 grubnetx64-installer grubx64; do
		pair "$dir/grub/usr/lib/grub/x86_64-efi-signed/$f.efi.signed" "$dir/grub-unsigned/usr/lib/grub/x86_64-efi/monolithic/$f.efi"
	done
}

: >"$dir/pairs"
while [ $# -gt 0 ]; do
	pair "$1" "$2"
	shift 2
done
if ! [ -s "$dir/pairs" ]; then
	pairs_of_corpus
	pairs_of_grub
fi
[ -s "$dir/pairs" ] || fail "$corpus: no pairs"

columns=
versions=
# column TOOL COLUMN...: if the tool is there; its package's version is what dpkg says of it, where it is a package's
column()
{
	tool=$1
	shift
	if has "$tool"; then
		columns="$columns $*"
		versions="$versions, $(basename "$tool")"
		file=$(command -v "$tool")
		v=$(dpkg-query -S "$file" 2>/dev/null | cut -d : -f 1) && v=$(dpkg-query -W -f '${Package} ${Version}' "$v" 2>/dev/null) ||
			v=$("$tool" --version 2>/dev/null | head -n 1 | sed 's/,.*//')
		versions="$versions (${v:-of no known version})"
	else
		leave_out "$tool, which is not there"
	fi
}
column "$sbattach" sbattach_a sbattach_b
if has openssl && has "$sbattach"; then
	column "$sbverify" sbverify_c
else
	leave_out "$sbverify, which needs openssl and sbattach"
fi
column "$osslsigncode" osslsigncode_a osslsigncode_b osslsigncode_c
column "$pesign" pesign_a pesign_b pesign_c
if [ -z "$modulo" ]; then
	leave_out 'Modulo: MODULO=FILE was not given'
else
	head -n 1 "$dir/pairs" | cut -f 1 >"$dir/first"
	# A file of no known format is "plain".
	if "$modulo" inspect --format json "$(cat "$dir/first")" 2>/dev/null | grep -q '"format":"plain"'; then
		leave_out "Modulo: this one does not know the format"
	else
		column "$modulo" modulo_a modulo_b modulo_c
	fi
fi

# --- the table -------------------------------------------------------------------------------------------------------

head='| pair | Authenticode SHA-256 |'
rule='|---|---|'
for c in $columns; do
	head="$head ${c%_*} (${c##*_}) |"
	rule="$rule---|"
done
echo "$head"
echo "$rule"
while IFS='	' read -r signed unsigned; do
	nr=$(certificates "$signed")
	right=$(authenticode "$unsigned")
	[ "$(authenticode "$signed")" = "$right" ] || fail "$signed, $unsigned: no pair: their Authenticode digests differ"
	line="| $(basename "$unsigned") | $(echo "$right" | cut -c 1-8) |"
	for c in $columns; do
		rm -rf "$dir/out" "$dir/in" "$dir/store" "$dir/signature"
		line="$line $($c) |"
	done
	echo "$line"
done <"$dir/pairs"

# shellcheck disable=SC1091 # it is there on any Linux of today
PRETTY_NAME=$(. /etc/os-release && echo "$PRETTY_NAME")
echo
echo "Measured on $(date +%Y-%m-%d), $PRETTY_NAME$versions."
printf '%s' "$left"
