# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# For the check-*.sh beside this: each test is a function, or a command, that prints what is wrong and fails.
# A script ends with tap_end; what it printed is TAP.

LC_ALL=C
export LC_ALL
tap_nr=0
tap_bad=0
tap_tmp=$(mktemp -d "${TMPDIR:-/tmp}/modulo-check.XXXXXX") || exit 2
trap 'rm -rf "$tap_tmp"' EXIT
trap 'exit 130' INT TERM HUP

# tap_test NAME COMMAND...
tap_test()
{
	tap_name=$1
	shift
	tap_nr=$((tap_nr + 1))
	if "$@" >"$tap_tmp/tap-output" 2>&1; then
		echo "ok $tap_nr - $tap_name"
	else
		echo "not ok $tap_nr - $tap_name"
		sed 's/^/# /' "$tap_tmp/tap-output"
		tap_bad=$((tap_bad + 1))
	fi
}

# tap_skip NAME REASON
tap_skip()
{
	tap_nr=$((tap_nr + 1))
	echo "ok $tap_nr - $1 # SKIP $2"
}

tap_end()
{
	echo "1..$tap_nr"
	[ "$tap_bad" -eq 0 ]
}

# Every file of the project, one a line: what git tracks, and what it would.
tap_files()
{
	git ls-files --cached --others --exclude-standard | while IFS= read -r f; do
		[ -f "$f" ] && printf '%s\n' "$f"
	done
}

# The command printed nothing: what it lists is what is wrong.
tap_nothing()
{
	"$@" >"$tap_tmp/tap-list" || return 1
	cat "$tap_tmp/tap-list"
	[ ! -s "$tap_tmp/tap-list" ]
}
