# shellcheck shell=sh disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
# For scripts that boot kernels and compare with a table in doc/kernel.md, behind kernel/test/lib.sh. What was done is in $tap_tmp/results,
# what was said about it in $tap_tmp/refusals, what the table wants in $tap_tmp/table: `WHAT KERNEL SETTING ...`, one cell a line.

settings='open lockdown enforce enforce+lockdown'

# table MARK: the table behind `<!-- MARK -->`, whose rows are `WHAT, ... | KERNEL, ... | RESULT of each setting`
table()
{
	awk -F '|' -v mark="<!-- $1 -->" '
		function trim(s)
		{
			gsub(/^[ `]+|[ `]+$/, "", s)
			return s
		}
		index($0, mark) == 1 { on = 1; next }
		/^<!-- end -->/ { on = 0 }
		!on || !/^\|/ { next }
		++row == 1 {
			for (i = 4; i < NF; i++)
				setting[i] = trim($i)
			next
		}
		row == 2 { next }
		{
			nr_whats = split($2, what, ",")
			nr_kernels = split($3, kernel, ",")
			for (a = 1; a <= nr_whats; a++)
				for (b = 1; b <= nr_kernels; b++)
					for (i = 4; i < NF; i++)
						print trim(what[a]), trim(kernel[b]), setting[i], trim($i)
		}' doc/kernel.md
}

# whole_table RESULT: each cell that `cells` names stands there once, and no other; RESULT is what a cell may hold besides an error
whole_table()
{
	cells | sort >"$tap_tmp/cells"
	cut -d ' ' -f 1-3 "$tap_tmp/table" | sort >"$tap_tmp/named"
	uniq -d "$tap_tmp/named" | sed 's/^/twice in the table: /'
	comm -23 "$tap_tmp/cells" "$tap_tmp/named" | sed 's/^/not in the table: /'
	sort -u "$tap_tmp/named" | comm -13 "$tap_tmp/cells" - | sed 's/^/in the table, but never tried: /'
	grep -vE " ($1|E[A-Z]+)\$" "$tap_tmp/table" | sed 's/^/neither a result nor an error: /' || :
}

# all_boots PREFIX: `tried KERNEL SETTING` for every kernel and setting, as many at a time as there are processors (an emulated machine keeps
# one busy); then a test for each, in the order of the names, and what their logs PREFIX-KERNEL-SETTING.log say together
all_boots()
{
	rm -f "$logs/$1"-*.log
	boots_began=$(date +%s)
	boots=0
	for k in $kernels; do
		for s in $settings; do
			one_boot "$k" "$s" &
			boots=$((boots + 1))
			[ $((boots % $(nproc))) -ne 0 ] || wait
		done
	done
	wait
	echo "# $boots boots: $(($(date +%s) - boots_began)) s"
	: >"$tap_tmp/results"
	: >"$tap_tmp/refusals"
	for k in $kernels; do
		for s in $settings; do
			tap_test "boot: $k, $s" ended "$k" "$s"
			[ ! -f "$logs/$1-$k-$s.log" ] || outcome "$k" "$s" "$logs/$1-$k-$s.log"
		done
	done
}

one_boot()
{
	tried "$1" "$2" >"$tap_tmp/boot-$1-$2" 2>&1 && touch "$tap_tmp/ended-$1-$2"
}

ended()
{
	cat "$tap_tmp/boot-$1-$2"
	[ -f "$tap_tmp/ended-$1-$2" ]
}

# outcome KERNEL SETTING LOG: what loaded is told by the taint of the module itself: that of the kernel never goes away again. What is
# named root-... or seal-... is a file that was written.
outcome()
{
	awk -F '\t' -v kernel="$1" -v setting="$2" -v results="$tap_tmp/results" -v refusals="$tap_tmp/refusals" '
		$1 == "K" && /refused: / { said[++nr] = $2 }
		$1 == "R" && $2 != "boot" && $2 != "off" {
			good = $2 ~ /^(root|seal)-/ ? "accepted" : "loads"
			result = $3 != "ok" ? $3 : $6 == "" ? good : "taints " $6
			print $2, kernel, setting, result >>results
			for (i = 1; i <= nr; i++)
				print $2, kernel, setting, said[i] >>refusals
		}
		$1 == "R" { nr = 0 }' "$3"
}

# judged LOGS: of each cell of the table that a kernel here has, what is wrong: `WHAT KERNEL SETTING RESULT<TAB>TEXT`, TEXT empty where nothing
# is. A module that is refused has left one line in the kernel's log, of which each part is there: what, what forbids it, and what to do.
# One program for all cells: there are hundreds.
judged()
{
	awk -v kernels=" $kernels " -v logs="$1" '
		function cell()
		{
			return $1 " " $2 " " $3
		}
		function rest()
		{
			return substr($0, length(cell()) + 2)
		}
		function rule()
		{
			if (wanted[$1 " " $2 " open"] ~ /^E/)
				return "always refused"
			return rest() == "EPERM" ? "the kernel is locked down" : "module.sig_enforce=1"
		}
		function advice(  part, n)
		{
			if (lines[cell()] != 1)
				return "lines in the log that say why: " lines[cell()] + 0 ", not 1"
			n = split(said[cell()], part, "; ")
			if (n != 3 || said[cell()] ~ /;.*;.*;/ || part[1] !~ /^module: nls_utf8: refused: ./ || part[2] != rule() || part[3] == "")
				return "not like `module: nls_utf8: refused: WHAT; " rule() "; WHAT TO DO`: " said[cell()]
			return ""
		}
		FILENAME ~ /results$/ { did[cell()] = rest(); next }
		FILENAME ~ /refusals$/ { lines[cell()]++; said[cell()] = rest(); next }
		!second { wanted[cell()] = rest(); next }
		index(kernels, " " $2 " ") {
			text = ""
			if (!(cell() in did))
				text = "doc/kernel.md says " rest() "; the kernel did nothing"
			else if (did[cell()] != rest())
				text = "doc/kernel.md says " rest() "; the kernel did: " did[cell()]
			else if (rest() ~ /^E/ && $1 !~ /^(root|seal)-/)
				text = advice()
			if (text != "")
				text = text "; the log of the boot: " logs "-" $2 "-" $3 ".log"
			print $0 "\t" text
		}' "$tap_tmp/results" "$tap_tmp/refusals" "$tap_tmp/table" second=1 "$tap_tmp/table"
}

# nothing_wrong TEXT
nothing_wrong()
{
	echo "$1"
	[ -z "$1" ]
}

# cells_as_told PREFIX: a test for each cell
cells_as_told()
{
	judged "$logs/$1" >"$tap_tmp/judged"
	tab=$(printf '\t')
	while IFS=$tab read -r told text; do
		what=${told%% *}
		told=${told#* }
		k=${told%% *}
		told=${told#* }
		tap_test "$k, ${told%% *}: $what: ${told#* }" nothing_wrong "$text"
	done <"$tap_tmp/judged"
}
