#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Applies the patches of `series`, in their order and without fuzz, to an unpacked source folder of Linux 6.12. The first that does not fit
# ends it, and nothing of that one is applied.
# usage: apply.sh SOURCE-FOLDER
set -eu

[ $# -eq 1 ] || {
	echo 'usage: apply.sh SOURCE-FOLDER' >&2
	exit 2
}
here=$(cd "$(dirname "$0")" && pwd)
[ -f "$1/kernel/module/main.c" ] || {
	echo "apply.sh: $1 is not a source folder of Linux" >&2
	exit 2
}
cd "$1"
while read -r p; do
	if ! patch -p1 --fuzz=0 --silent --dry-run <"$here/$p" || ! patch -p1 --fuzz=0 --silent --no-backup-if-mismatch <"$here/$p"; then
		echo "apply.sh: $p does not apply" >&2
		exit 1
	fi
	echo "applied $p"
done <"$here/series"
