# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# For the scripts beside this: a temporary folder to work in, tests that are functions, and what they ask.
set -eu
LC_ALL=C
export LC_ALL
dir=$(mktemp -d "${TMPDIR:-/tmp}/modulo-cli.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cd "$dir"
nr=0
bad=0

# t NAME FUNCTION...: the function's every command must succeed
t()
{
	nr=$((nr + 1))
	name=$1
	shift
	# Not as a condition: there the shell forgets set -e.
	set +e
	(
		set -e
		"$@"
	) >"$dir/log" 2>&1
	status=$?
	set -e
	if [ "$status" -eq 0 ]; then
		echo "ok $nr - $name"
	else
		echo "not ok $nr - $name"
		tail -n 30 "$dir/log" | sed 's/^/# /'
		bad=$((bad + 1))
	fi
}

finish()
{
	echo "1..$nr"
	[ "$bad" -eq 0 ]
}

# exits CODE COMMAND...
exits()
{
	want=$1
	shift
	got=0
	"$@" || got=$?
	[ "$got" -eq "$want" ] || {
		echo "exit code $got, not $want: $*"
		return 1
	}
}

# What these ask for, the shell itself does where it can: a test is mostly processes that start.
newline='
'

# says LAST-LINE COMMAND...
says()
{
	want=$1
	shift
	got=$("$@") || :
	got=${got##*"$newline"}
	[ "$got" = "$want" ] || {
		echo "said: $got"
		return 1
	}
}

# refuses ID COMMAND...: exit 2, one line on stderr that has the id
refuses()
{
	id=$1
	shift
	got=0
	refusal=
	"$@" >refuses.out 2>refuses.err || got=$?
	{ IFS= read -r refusal && ! read -r _; } <refuses.err || refusal=
	echo "$refusal"
	case $got:$refusal in
	2:*"$id: "*) ;;
	*)
		cat refuses.err
		echo "exit code $got, and not just $id: $*"
		return 1
		;;
	esac
}

# different COMMAND...: exit 1, and the verdict is `different`
different()
{
	got=0
	verdict=$("$@") || got=$?
	verdict=${verdict##*"$newline"}
	case $got:$verdict in
	1:different*) ;;
	*)
		echo "exit code $got, said: $verdict"
		return 1
		;;
	esac
}

# poke FILE OFFSET: the lowest bit of a byte turned
poke()
{
	old=$(od -An -tu1 -j "$2" -N 1 "$1")
	# shellcheck disable=SC2059 # the format is the byte
	printf "\\$(printf %03o $((old ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}
