#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# embed-forms.sh OUT FORMS...: writes a C file with the bytes of the given files, in the order of their names.
set -eu
export LC_ALL=C

out=$1
shift
[ $# -gt 0 ] || { echo "embed-forms.sh: no forms" >&2; exit 2; }

# By the last part of their names: where the source lies must not matter.
sorted=$(for f in "$@"; do printf '%s\t%s\n' "${f##*/}" "$f"; done | sort | cut -f 2)
tmp=$out.tmp
trap 'rm -f "$tmp"' EXIT
{
	echo '/* Made by tools/embed-forms.sh from forms/. */'
	echo 'extern const char mo_forms_table[];'
	echo 'extern const unsigned long mo_forms_table_len;'
	echo
	echo 'const char mo_forms_table[] = {'
	echo "$sorted" | while IFS= read -r f; do
		cat -- "$f"
	done | od -An -v -tx1 | sed 's/ \([0-9a-f][0-9a-f]\)/ 0x\1,/g'
	echo ' 0x00};'
	echo 'const unsigned long mo_forms_table_len = sizeof(mo_forms_table) - 1;'
} >"$tmp"
mv -- "$tmp" "$out"
