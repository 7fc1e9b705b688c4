#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Building and testing leaves the tree as it was. BEFORE is the output of `check-untracked.sh --state` before the build.
# usage: check-untracked.sh --state | BEFORE
set -eu
cd "$(dirname "$0")/.."
. tools/tap.sh

# What git sees, and the content of what it does not track yet, so that nothing is changed unseen.
state()
{
	git status --porcelain --untracked-files=all
	git diff HEAD 2>/dev/null | sha256sum
	git ls-files --others --exclude-standard -z | xargs -0r sha256sum
}

if [ "$1" = --state ]; then
	state
	exit
fi
before=$1

unchanged()
{
	state | diff "$before" -
}

tap_test 'build and tests leave the tree as it was' unchanged
tap_end
