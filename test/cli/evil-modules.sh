#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every file of test/evil/module is refused, exit 2, in one line with the id of its name and its path; and the files are those that
# make-evil-modules.sh makes.
# usage: evil-modules.sh MODULO SOURCE-ROOT
set -u
LC_ALL=C
export LC_ALL
modulo=$1
root=$2
dir=$(mktemp -d "${TMPDIR:-/tmp}/modulo-evil.XXXXXX")
trap 'rm -rf "$dir"' EXIT
nr=0
bad=0
for f in "$root"/test/evil/module/*.ko; do
	nr=$((nr + 1))
	name=$(basename "$f" .ko)
	id=${name%%-*}
	"$modulo" inspect "$f" >"$dir/out" 2>"$dir/err"
	status=$?
	if [ "$status" -eq 2 ] && [ "$(wc -l <"$dir/err")" -eq 1 ] && grep -qF "modulo: $f: " "$dir/err" && grep -qF ": $id: " "$dir/err"; then
		echo "ok $nr - $name"
	else
		echo "not ok $nr - $name"
		echo "# exit code $status"
		sed 's/^/# /' "$dir/err"
		bad=1
	fi
done
nr=$((nr + 1))
if sh "$root/test/samples/make-evil-modules.sh" "$root" "$dir/made" && diff -r "$dir/made" "$root/test/evil/module" >&2; then
	echo "ok $nr - the files are those that the script makes"
else
	echo "not ok $nr - the files are those that the script makes"
	bad=1
fi
echo "1..$nr"
exit $bad
