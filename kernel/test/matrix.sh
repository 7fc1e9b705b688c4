#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Boots each kernel in each of the four settings, loads every kind of module in it, and compares with the table in doc/kernel.md: one
# test for each of its cells. A refusal must have left exactly one line in the kernel's log that says what, why, and what to do.
# usage: matrix.sh
set -eu
cd "$(dirname "$0")/../.."
. kernel/test/lib.sh
on_x86

settings='open lockdown enforce enforce+lockdown'

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

# The table, as `KIND KERNEL SETTING RESULT`, one cell a line
table()
{
	awk -F '|' '
		function trim(s)
		{
			gsub(/^[ `]+|[ `]+$/, "", s)
			return s
		}
		/^<!-- matrix -->/ { on = 1; next }
		/^<!-- end -->/ { on = 0 }
		!on || !/^\|/ { next }
		++row == 1 {
			for (i = 4; i < NF; i++)
				setting[i] = trim($i)
			next
		}
		row == 2 { next }
		{
			nr_kinds = split($2, kind, ",")
			nr_kernels = split($3, kernel, ",")
			for (a = 1; a <= nr_kinds; a++)
				for (b = 1; b <= nr_kernels; b++)
					for (i = 4; i < NF; i++)
						print trim(kind[a]), trim(kernel[b]), setting[i], trim($i)
		}' doc/kernel.md
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

# Each cell stands there once, and none that nobody tries.
whole_table()
{
	cells | sort >"$tap_tmp/cells"
	cut -d ' ' -f 1-3 "$tap_tmp/table" | sort >"$tap_tmp/named"
	uniq -d "$tap_tmp/named" | sed 's/^/twice in the table: /'
	comm -23 "$tap_tmp/cells" "$tap_tmp/named" | sed 's/^/not in the table: /'
	sort -u "$tap_tmp/named" | comm -13 "$tap_tmp/cells" - | sed 's/^/in the table, but never tried: /'
	grep -vE ' (loads|taints (E|F|FE)|E[A-Z]+)$' "$tap_tmp/table" | sed 's/^/neither a result nor an error: /' || :
}

# tried KERNEL SETTING: a boot; its results become `KIND KERNEL SETTING RESULT`
tried()
{
	name=matrix-$1-$2
	rm -rf "$tap_tmp/root" && mkdir "$tap_tmp/root" && cp -r "$work/set/$1" "$tap_tmp/root/set" || return 1
	{
		kinds | while read -r kind file flags; do
			[ ! -f "$work/set/$1/$file" ] || echo "load $kind /set/$file nls_utf8 $flags"
		done
		echo off
	} >"$tap_tmp/root/script"
	boot "$name" "$1" "$(setting "$2")" "$tap_tmp/root" || return 1
	# What loaded is told by the taint of the module itself: that of the kernel never goes away again.
	awk -F '\t' -v kernel="$1" -v setting="$2" -v logs="$tap_tmp/refusals" '
		$1 == "K" && /refused: / { said[++nr] = $2 }
		$1 == "R" && $2 != "boot" && $2 != "off" {
			result = $3 != "ok" ? $3 : $6 == "" ? "loads" : "taints " $6
			print $2, kernel, setting, result
			for (i = 1; i <= nr; i++)
				print $2, kernel, setting, said[i] >>logs
		}
		$1 == "R" { nr = 0 }' "$logs/$name.log" >>"$tap_tmp/results"
}

# rule KIND KERNEL SETTING RESULT: what forbids it
rule()
{
	if grep -q "^$1 $2 open E" "$tap_tmp/table"; then
		echo 'always refused'
	elif [ "$4" = EPERM ]; then
		echo 'the kernel is locked down'
	else
		echo 'module.sig_enforce=1'
	fi
}

# advice KIND KERNEL SETTING RESULT: a refusal has said one line, of which each part is there
advice()
{
	grep "^$1 $2 $3 " "$tap_tmp/refusals" >"$tap_tmp/said" || :
	[ "$(wc -l <"$tap_tmp/said")" -eq 1 ] || {
		echo "lines in the log that say why: $(wc -l <"$tap_tmp/said"), not 1"
		cat "$tap_tmp/said"
		return 1
	}
	line="module: nls_utf8: refused: [^;]+; $(rule "$@"); [^;]+\$"
	grep -E "$line" "$tap_tmp/said" || {
		echo "not like '$line':"
		cat "$tap_tmp/said"
		return 1
	}
}

# cell KIND KERNEL SETTING RESULT
cell()
{
	got=$(sed -n "s/^$1 $2 $3 //p" "$tap_tmp/results")
	[ "$got" = "$4" ] || {
		echo "doc/kernel.md says: $4"
		echo "the kernel did:     ${got:-nothing}"
		echo "the boot's log:     $logs/matrix-$2-$3.log"
		return 1
	}
	case $4 in
	E*) [ -z "$patched" ] || advice "$1" "$2" "$3" "$4" ;;
	esac
}

table >"$tap_tmp/table"
: >"$tap_tmp/results"
: >"$tap_tmp/refusals"
tap_test 'every cell of the table in doc/kernel.md stands there once' tap_nothing whole_table
started=$(date +%s)
for k in $kernels; do
	for s in $settings; do
		tap_test "boot: $k, $s" tried "$k" "$s"
	done
done
echo "# boots: $(($(date +%s) - started)) s"
while read -r kind k s result; do
	case " $kernels " in
	*" $k "*) ;;
	*) continue ;;
	esac
	file=$(kinds | sed -n "s/^$kind \([^ ]*\).*/\1/p")
	if [ -n "$proofs" ] || [ -f "$work/set/$k/$file" ]; then
		tap_test "$k, $s: $kind: $result" cell "$kind" "$k" "$s" "$result"
	else
		left=$((${left:-0} + 1))
	fi
done <"$tap_tmp/table"
[ -n "$proofs" ] || tap_skip "${left:-0} cells of modules with a proof" 'they need modulo tree, which is not here yet'
[ -n "$patched" ] || tap_skip 'the kernels hashes, both, list; the lines that say why' 'they need kernel/linux-6.12, which is not here yet'
tap_end
