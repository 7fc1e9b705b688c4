#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Boots each kernel in each of the four settings, loads every kind of module in it, and compares with the table in doc/kernel.md: one
# test for each of its cells. A refusal must have left exactly one line in the kernel's log that says what, why, and what to do.
# usage: matrix.sh
set -eu
cd "$(dirname "$0")/../.."
. kernel/test/lib.sh
. kernel/test/table.sh
on_x86

# The kinds: name, file in the set, and flags for loading it
kinds()
{
	for k in plain proof code data proof-hash proof-index proof-swapped proof-short proof-proof proof-header proof-size trailing stripped \
		stripped-proof other other-plain other-proof signed foreign signed-code signed-swapped signed-garbage signed-header changed-signed \
		proof-signed proof-foreign proof-missigned proof-foreign-twice signed-proof; do
		echo "$k $k.ko"
	done
	for k in plain proof signed code; do
		echo "compressed-$k $k.ko.packed compressed"
		echo "memory-$k $k.ko memory"
	done
	for k in plain proof signed; do
		echo "vermagic-$k $k.ko ignore-vermagic"
		echo "modversions-$k $k.ko ignore-modversions"
	done
}

# The cells that there have to be
cells()
{
	kinds | while read -r kind _; do
		for k in neither signatures hashes both list; do
			for s in $settings; do
				echo "$kind $k $s"
			done
		done
	done
}

# tried KERNEL SETTING: a boot in which every kind is loaded
tried()
{
	root=$tap_tmp/root-$1-$2
	mkdir "$root" && cp -r "$work/set/$1" "$root/set" || return 1
	{
		kinds | while read -r kind file flags; do
			echo "load $kind /set/$file nls_utf8 $flags"
		done
		echo off
	} >"$root/script"
	boot "matrix-$1-$2" "$1" "$(setting "$2")" "$root"
}

table matrix >"$tap_tmp/table"
tap_test 'every cell of the table in doc/kernel.md stands there once' tap_nothing whole_table 'loads|taints (E|F|FE)'
all_boots matrix
cells_as_told matrix
tap_end
