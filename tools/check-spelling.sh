#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# codespell over all texts; words that it takes for misspelt are in tools/spelling-known.txt.
# usage: check-spelling.sh [SOURCE-FOLDER]
set -eu
cd "${1:-$(dirname "$0")/..}"
. tools/tap.sh

texts()
{
	tap_files | grep -v '^\(LICENSES\|test/fuzz/corpus\|test/evil\|test/samples\)/'
	tap_files | grep '^test/\(evil\|samples\)/.*\.\(sh\|md\|txt\)$' || :
}

spelling()
{
	texts | tr '\n' '\0' | xargs -0 codespell -I tools/spelling-known.txt
}

if command -v codespell >/dev/null; then
	tap_test 'codespell' spelling
else
	tap_skip 'codespell' 'codespell is not installed'
fi
tap_end
