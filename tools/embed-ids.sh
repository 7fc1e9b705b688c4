#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The table of ids in modulo-check(1) as the rows of a C array: { STATUS, "ID", "TEXT" },. An id of the sources, C or profiles, that is not
# in it ends the build.
# usage: embed-ids.sh OUT MAN-PAGE SOURCE...
set -eu
export LC_ALL=C

out=$1
man=$2
shift 2
tmp=$out.tmp
trap 'rm -f "$tmp"' EXIT
awk '
	/^\|  \*[a-z0-9]+\.[a-z0-9]+\*$/ { gsub(/[|* ]/, ""); id = $0; status = ""; next }
	/^:  / && id != "" && status == "" { status = substr($0, 4); next }
	/^:  / && id != "" {
		text = substr($0, 4)
		if (status !~ /^[12]$/ || text ~ /["\\]/) {
			print "embed-ids.sh: the row of " id > "/dev/stderr"
			exit 2
		}
		printf "\t{ %s, \"%s\", \"%s\" },\n", status, id, text
		id = ""
	}' "$man" >"$tmp"
# In C an id is a string, in a profile (forms/) the fourth word of a row.
ids()
{
	for f in "$@"; do
		case $f in
		*.forms) awk '/^profile / { within = 1 } /^$/ { within = 0 } within && !/^#/ && $1 != "from" && $4 ~ "[.]" { print "\"" $4 "\"" }' "$f" ;;
		*) grep -v '^#include' "$f" | grep -o '"[a-z0-9][a-z0-9]*\.[a-z0-9][a-z0-9]*"' || : ;;
		esac
	done | sort -u
}
for id in $(ids "$@"); do
	grep -qF " $id," "$tmp" || {
		echo "embed-ids.sh: $id is not in $man" >&2
		exit 2
	}
done
mv -- "$tmp" "$out"
