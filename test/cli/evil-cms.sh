#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The evil signatures in the tree are those that evil_cms makes of the samples in the tree.
#
#   evil-cms.sh EVIL_CMS-PROGRAM [TEST-FOLDER]
set -eu

program=$1
tests=${2:-$(dirname "$0")/..}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

echo 1..2
bad=0
n=0
for kind in cms authenticode; do
	n=$((n + 1))
	mkdir "$out/$kind"
	"$program" "$kind" "$tests/samples/$kind" "$out/$kind"
	if diff -r "$out/$kind" "$tests/evil/$kind" >"$out/diff"; then
		echo "ok $n - evil signatures of $kind are up to date"
	else
		sed 's/^/# /' "$out/diff"
		echo "not ok $n - evil signatures of $kind are up to date"
		bad=1
	fi
done
exit "$bad"
