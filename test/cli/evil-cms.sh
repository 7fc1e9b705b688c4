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

mkdir "$out/cms"

echo 1..1
"$program" "$tests/samples/cms" "$out/cms"
if diff -r "$out/cms" "$tests/evil/cms" >"$out/diff"; then
	echo 'ok 1 - evil signatures are up to date'
else
	sed 's/^/# /' "$out/diff"
	echo 'not ok 1 - evil signatures are up to date'
	exit 1
fi
