#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Further roots, in real boots: what is written to /sys/kernel/security/module_hashes, what the kernel makes of it, and which modules load
# then. What has to come of each step stands in a table in doc/kernel.md; besides, what the kernel says of itself has to be what it did.
# usage: roots.sh
set -eu
cd "$(dirname "$0")/../.."
. kernel/test/lib.sh
. kernel/test/table.sh
on_x86

fs=/sys/kernel/security/module_hashes
no_root='hex upper short long zero deep leading bare unended twice blank empty proof'
no_signature='changed replayed foreign garbage header'

# The steps, in their order, as the boot's init does them; what begins with root- or seal- is written. `fill-...` is left out of the table:
# how many of these there is room for is checked by `full`.
steps()
{
	echo "load built-in /set/$(built_in "$1") nls_utf8"
	echo 'load other-before /set/other.ko nls_utf8'
	echo 'load own-before /set/own.ko nls_utf8'
	for r in $no_root $no_signature; do
		echo "write root-$r /set/roots/$r $fs/roots"
	done
	echo 'load other-still /set/other.ko nls_utf8'
	echo 'load own-still /set/own.ko nls_utf8'
	echo "write root-plain /set/roots/plain $fs/roots"
	echo 'load other-rooted /set/other.ko nls_utf8'
	echo "write root-signed /set/roots/signed $fs/roots"
	echo 'load own-rooted /set/own.ko nls_utf8'
	echo "write root-again /set/roots/signed $fs/roots"
	for r in "$work/set/$1"/roots/fill-??"$(signed_where "$1")"; do
		echo "write fill-$(basename "$r") /set/roots/$(basename "$r") $fs/roots"
	done
	echo "write root-full /set/roots/fill-26 $fs/roots"
	echo "write root-full-signed /set/roots/fill-26-signed $fs/roots"
	for s in two empty off; do
		echo "write seal-$s /seal/$s $fs/sealed"
	done
	echo "write seal-on /seal/on $fs/sealed"
	echo "write root-sealed /set/roots/fill-26 $fs/roots"
	echo "write root-sealed-signed /set/roots/fill-26-signed $fs/roots"
	echo "write seal-again /seal/on $fs/sealed"
	echo "write seal-undone /seal/off $fs/sealed"
	echo 'load other-sealed /set/other.ko nls_utf8'
	echo 'load own-sealed /set/own.ko nls_utf8'
	echo 'load signed /set/signed.ko nls_utf8'
}

# built_in KERNEL: a file whose hash it has
built_in()
{
	if [ "$1" = list ]; then
		echo plain.ko
	else
		echo proof.ko
	fi
}

# signed_where KERNEL: how the name of a root goes on that it takes under every setting, where it takes one
signed_where()
{
	! has "$1" MODULE_SIG || echo -signed
}

cells()
{
	for k in hashes both list; do
		for s in $settings; do
			steps "$k" | sed -n "/ fill-/d; s/^[a-z]* \([^ ]*\) .*/\1 $k $s/p"
		done
	done
}

# The files there, read before and after
files='kind root levels roots sealed loads'

tried()
{
	root=$tap_tmp/root-$1-$2
	mkdir "$root" "$root/seal" && cp -r "$work/set/$1" "$root/set" || return 1
	printf '1\n' >"$root/seal/on" && printf '0\n' >"$root/seal/off" && printf '2\n' >"$root/seal/two" &&
		printf '\n' >"$root/seal/empty"
	{
		for f in $files; do
			echo "read before-$f $fs/$f"
		done
		steps "$1"
		for f in $files; do
			echo "read after-$f $fs/$f"
		done
		# A signature over a root is none over a module, since a root is no module.
		echo 'load root-loaded /set/roots/signed nls_utf8'
		echo off
	} >"$root/script"
	boot "roots-$1-$2" "$1" "$(setting "$2")" "$root"
}

# said KERNEL SETTING WHEN FILE: what the kernel wrote there
said()
{
	awk -F '\t' -v id="$3-$4" '
		$1 == "D" { text = text $2 "\n" }
		$1 == "R" {
			if ($2 == id)
				printf "%s", text
			text = ""
		}' "$logs/roots-$1-$2.log"
}

# says KERNEL SETTING WHEN FILE: it is standard input, nothing else
says()
{
	cat >"$tap_tmp/wanted"
	said "$1" "$2" "$3" "$4" >"$tap_tmp/is"
	diff -u "$tap_tmp/wanted" "$tap_tmp/is" || {
		echo "the boot's log: $logs/roots-$1-$2.log"
		return 1
	}
}

# The root, as modulo tells it from the image, and from the file of the tree
itself()
{
	if [ "$1" = list ]; then
		echo list | says "$1" "$2" before kind
		return
	fi
	root=$("$modulo" tree root "$(out "$1")/arch/x86/boot/bzImage") || return 1
	[ "$root" = "$("$modulo" tree root "$work/set/$1/tree")" ] || return 1
	echo tree | says "$1" "$2" before kind && echo "$root" | says "$1" "$2" before root &&
		echo "${root%%:*}" | says "$1" "$2" before levels
}

reasons='unverified built-in further signature refused'

at_first()
{
	says "$1" "$2" before roots </dev/null && echo 0 | says "$1" "$2" before sealed &&
		for r in $reasons; do
			echo "$r 0"
		done | says "$1" "$2" before loads
}

# took KERNEL SETTING: the names of the steps that wrote a root which was taken
took()
{
	awk -F '\t' '$1 == "R" && $3 == "ok" && $2 ~ /^(root|fill)-/ && $2 != "root-again" { print $2 }' "$logs/roots-$1-$2.log"
}

# The roots that were taken, in their order, and whether they were signed
taken()
{
	took "$1" "$2" | while read -r step; do
		case $step in
		root-plain) echo "$(cat "$work/set/$1/roots/plain") plain" ;;
		root-signed) echo "$(cat "$work/set/$1/roots/own") signed" ;;
		fill-*-signed) echo "$(cat "$work/set/$1/roots/${step#fill-}" | sed q) signed" ;;
		fill-*) echo "$(cat "$work/set/$1/roots/${step#fill-}") plain" ;;
		*) echo "$step was taken" ;;
		esac
	done | says "$1" "$2" after roots
}

# full KERNEL SETTING: where roots are taken at all there is room for 16
full()
{
	n=$(took "$1" "$2" | wc -l)
	echo "$n roots"
	if [ "$1" = hashes ] && [ "$2" != open ]; then
		[ "$n" -eq 0 ]
	else
		[ "$n" -eq 16 ]
	fi
}

# counted KERNEL SETTING: the kernel counts what it did
counted()
{
	awk -v kernel="$1" -v setting="$2" -v reasons="$reasons" '
		$2 != kernel || $3 != setting || $1 ~ /^(root|seal|fill|before|after)-/ { next }
		$4 != "loads" && $4 != "taints" { n["refused"]++; next }
		$4 == "taints" { n["unverified"]++; next }
		$1 == "built-in" { n["built-in"]++; next }
		$1 == "signed" { n["signature"]++; next }
		{ n["further"]++ }
		END {
			nr = split(reasons, reason, " ")
			for (i = 1; i <= nr; i++)
				print reason[i], n[reason[i]] + 0
		}' "$tap_tmp/results" | says "$1" "$2" after loads
}

sealed()
{
	echo 1 | says "$1" "$2" after sealed
}

# no_module KERNEL SETTING: a signed root, loaded as a module, is refused
no_module()
{
	grep "^R	root-loaded	E" "$logs/roots-$1-$2.log"
}

# Without hashes there is nothing of this.
with_hashes=
for k in $kernels; do
	case $k in
	hashes | both | list) with_hashes="$with_hashes $k" ;;
	esac
done
kernels=$with_hashes

table roots >"$tap_tmp/table"
tap_test 'every cell of the table in doc/kernel.md stands there once' tap_nothing whole_table 'loads|accepted|taints E'
all_boots roots
cells_as_told roots
for k in $kernels; do
	for s in $settings; do
		tap_test "$k, $s: its kind, root and levels" itself "$k" "$s"
		tap_test "$k, $s: no further root, not sealed, nothing counted at first" at_first "$k" "$s"
		tap_test "$k, $s: it lists the roots that it took" taken "$k" "$s"
		tap_test "$k, $s: as many roots as there is room for" full "$k" "$s"
		tap_test "$k, $s: it is sealed" sealed "$k" "$s"
		tap_test "$k, $s: it counted what it did" counted "$k" "$s"
		tap_test "$k, $s: a signed root is no module" no_module "$k" "$s"
	done
done
tap_end
