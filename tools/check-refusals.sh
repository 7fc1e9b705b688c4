#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Refusal ids: each one in the source is explained in a table of doc/formats/*.md, doc/refusals.md or the checker's man page, has an
# evil sample or a test of its own (test/evil/README.md), and none is explained that the source does not have.
#
# An id is a string literal `room.what`; whether it goes to mo_fail() at once or through a helper does not matter. Names of
# forms and headers look alike, and are left out.
# usage: check-refusals.sh [SOURCE-FOLDER]
set -eu
cd "${1:-$(dirname "$0")/..}"
. tools/tap.sh

# The literals of that shape in C files, comments and includes aside: FILE, tab, literal
literals()
{
	find "$@" -name '*.[ch]' | sort | xargs awk '
		FNR == 1 { comment = 0 }
		{
			line = $0
			if (comment) {
				if (!sub("^.*[*]/", "", line))
					next
				comment = 0
			}
			gsub("/[*]([^*]|[*][^/])*[*]/", "", line)
			if (sub("/[*].*$", "", line))
				comment = 1
			if (line ~ "^[ \t]*#[ \t]*include")
				next
			while (match(line, "\"[a-z][a-z0-9]*[.][a-z][a-z0-9]*\"")) {
				print FILENAME "\t" substr(line, RSTART + 1, RLENGTH - 2)
				line = substr(line, RSTART + RLENGTH)
			}
		}'
}

forms()
{
	sed -n 's/^form //p' forms/*.forms
}

# The fourth words of the rows of the checker's profiles.
profiles()
{
	awk '/^profile / { within = 1 } /^$/ { within = 0 } within && !/^#/ && $1 != "from" && $4 ~ "[.]" { print $4 }' forms/*.forms
}

ids()
{
	forms >"$tap_tmp/forms"
	literals "$@" | cut -f 2 | sort -u | grep -Fvx -f "$tap_tmp/forms"
}

# Ids in the first cell of a table's rows.
explained()
{
	for f in doc/formats/*.md doc/refusals.md man/modulo-check.1.scd; do
		[ ! -f "$f" ] || awk -F '|' '
			# In scdoc a cell of a table begins with "|" or "[" and a mark.
			/^[|\[]/ {
				cell = $0 ~ "^[|] " ? $2 : $0
				while (match(cell, "[`*][a-z][a-z0-9]*[.][a-z][a-z0-9]*[`*]")) {
					print substr(cell, RSTART + 1, RLENGTH - 2)
					cell = substr(cell, RSTART + RLENGTH - 1)
				}
			}' "$f"
	done | sort -u
}

evil()
{
	find test/evil -type f ! -name '*.txt' ! -name '*.md' ! -name '*.sh' | sed 's|.*/||' |
		sed -n 's/^\([a-z][a-z0-9]*\.[a-z][a-z0-9]*\)[-.].*/\1/p' | sort -u
}

# test/evil/by-test.txt: `id test-name`, or `id cannot REASON` where nothing can bring it about at will, or `id owed` where a test is
# still to be written: these are counted and shown, so that they are not forgotten, and go when there is one.
by_test()
{
	[ ! -f test/evil/by-test.txt ] || grep -v '^\(#\|$\)' test/evil/by-test.txt
}

not_explained()
{
	comm -23 "$tap_tmp/ids" "$tap_tmp/explained"
}

not_in_source()
{
	comm -13 "$tap_tmp/ids" "$tap_tmp/explained"
}

not_tested()
{
	{
		evil
		by_test | cut -d ' ' -f 1
	} | sort -u >"$tap_tmp/tested"
	comm -23 "$tap_tmp/ids-library" "$tap_tmp/tested"
}

# The checker's own tests name the ids that they expect.
checker_not_tested()
{
	while IFS= read -r id; do
		grep -rsqFw -e "$id" test/check test/cli test/evil || find test/evil -name "${id}[-.]*" | grep -q . ||
			by_test | grep -Fqx "$id owed" || echo "$id"
	done <"$tap_tmp/ids-checker"
}

tests_are_there()
{
	by_test | while read -r id name _; do
		if [ "$name" = owed ]; then
			evil | grep -Fqx "$id" && echo "test/evil/by-test.txt: $id is owed no more"
			name=cannot
		fi
		grep -Fqx "$id" "$tap_tmp/ids" || echo "test/evil/by-test.txt: $id is not in the source"
		[ "$name" = cannot ] || grep -rqFw -e "$name" test --include='*.c' --include='*.sh' ||
			echo "test/evil/by-test.txt: $id: there is no test $name"
	done
}

evil_known()
{
	evil | comm -23 - "$tap_tmp/ids"
}

ids src cmd >"$tap_tmp/ids-library"
{
	ids check
	profiles
} | sort -u >"$tap_tmp/ids-checker"
sort -u "$tap_tmp/ids-library" "$tap_tmp/ids-checker" >"$tap_tmp/ids"
explained >"$tap_tmp/explained"
echo "# $(wc -l <"$tap_tmp/ids") ids, of them $(by_test | grep -c ' cannot ' || :) that no test can bring about, $(by_test | grep -c ' owed$' || :) whose test is owed"
tap_test 'ids are found' test -s "$tap_tmp/ids"
tap_test 'every id is explained' tap_nothing not_explained
tap_test 'every explained id is in the source' tap_nothing not_in_source
tap_test "every id of the library has an evil sample or a test" tap_nothing not_tested
tap_test 'every id of the checker is tested' tap_nothing checker_not_tested
tap_test 'every test that is named is there' tap_nothing tests_are_there
tap_test 'every evil sample is of an id in the source' tap_nothing evil_known
tap_end
