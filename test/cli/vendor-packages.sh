# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# For vendor*.sh: whether Debian's packages, which are not part of the repository, are at hand.

# packages FILE...: where one is not there, the script ends, and says what it left out
packages()
{
	for need; do
		[ ! -f "$need" ] || continue
		echo "1..0 # SKIP left out: Debian's packages (MODULO_CORPUS is not set, or lacks ${need##*/})"
		exit 0
	done
	command -v dpkg-deb >/dev/null || {
		echo '1..0 # SKIP left out: the vendor packages need dpkg-deb'
		exit 0
	}
}
