#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What must not matter (threads, locale, time zone, the order in which a folder was filled), what must (names, modes, links, times),
# and what the system can refuse.
# usage: robust.sh MODULO SOURCE-ROOT
modulo=$(realpath "$1")
root=$(realpath "$2")
. "$root/test/cli/tap-cli.sh"
m=$root/test/samples/modules

# fill FOLDER NAME...
fill()
{
	mkdir -p "$1/d"
	to=$1
	shift
	for f; do
		cp "$m/$f" "$to/d/$f"
		cp "$m/$f" "$to/$(printf 'odd\n\\ %s \377' "$f")"
	done
	: >"$to/empty"
	ln -s d/rsa1.ko "$to/link"
	ln "$to/d/rsa1.ko" "$to/z"
}
fill a rsa1.ko other-rsa1.ko rsa1.ko.xz rsa1.ko.gz rsa1.ko.zst
fill b rsa1.ko.zst rsa1.ko.gz rsa1.ko.xz other-rsa1.ko rsa1.ko
modes()
{
	find "$@" -type d -exec chmod 755 {} +
	find "$@" -type f -exec chmod 644 {} +
}
modes a b

# everything OUT ARTIFACT OPTION...: all that the verbs print and write, about an artifact of that name
everything()
{
	out=$1
	artifact=$2
	shift 2
	mkdir "$out"
	"$modulo" compare "$@" "$artifact" "$artifact" >"$out/compare"
	"$modulo" compare "$@" --format json "$artifact" "$artifact" >"$out/compare.json"
	"$modulo" inspect "$@" "$artifact" >"$out/inspect"
	"$modulo" inspect "$@" --format json "$artifact" >"$out/inspect.json"
	"$modulo" digest "$@" "$artifact" >"$out/digest"
	"$modulo" digest "$@" --manifest "$artifact" >"$out/manifest"
	"$modulo" split "$@" "$artifact" --prove-encodings --ledger "$out/ledger" --core "$out/core" --store "$out/store" --unsigned "$out/plain" >"$out/split"
}

deterministic()
{
	mkdir 1 2
	cp -a a 1/x
	cp -a b 2/x
	(cd 1 && everything out1 x --jobs 1)
	(cd 2 && everything out2 x --jobs 7)
	diff -r 1/out1 2/out2
	(cd 1 && LC_ALL=C.UTF-8 TZ=Pacific/Kiritimati everything out3 x --jobs 3)
	diff -r 1/out1 1/out3
	i=0
	while [ $i -lt 10 ]; do
		"$modulo" split --quiet 1/x --jobs 8 --prove-encodings --ledger again
		cmp again 1/out1/ledger
		i=$((i + 1))
	done
}
t 'output depends on nothing but the artifact' deterministic

# The failure that is reported is that of the first member in order, however many fail and whoever is faster.
first_failure()
{
	mkdir bad
	for i in 1 2 3 4 5 6 7 8 9; do
		cp "$m/rsa1.ko" "bad/$i"
		printf x >>"bad/$i"
	done
	i=0
	while [ $i -lt 20 ]; do
		refuses module.tail "$modulo" inspect --quiet --jobs 8 bad
		grep -q '^modulo: bad/1: ' refuses.err
		i=$((i + 1))
	done
}
t 'the first failure, whatever the threads do' first_failure

# change NAME OPTION -- COMMAND...: a copy of a, changed, is another artifact, to be told by the option
change()
{
	name=$1
	option=$2
	shift 3
	rm -rf c
	cp -a a c
	says "identical ${count}" "$modulo" compare --metadata a c
	(cd c && "$@")
	# shellcheck disable=SC2086 # no word or one
	"$modulo" compare $option a c >said && return 1
	grep -q "$name" said
	tail -n 1 said | grep -q '^different '
	# shellcheck disable=SC2086 # no word or one
	[ "$("$modulo" digest $option a | cut -c 1-64)" != "$("$modulo" digest $option c | cut -c 1-64)" ]
}
count='(20 signatures: 20 pkcs7-module; 0 verified; encodings: 12 checked, 0 proven, 0 carried)'

what_matters()
{
	change '^metadata .*empty: mode 0644 and 0600' '' -- chmod 600 empty
	change '^metadata .*link: target d/rsa1.ko and d/other-rsa1.ko' '' -- ln -sf d/other-rsa1.ko link
	change '^only-in-b .*new: only in B' '' -- touch new
	change '^only-in-a .*empty: only in A' '' -- rm empty
	change '^metadata .*z: a link in A, a file in B' '' -- cp --remove-destination d/rsa1.ko z
	change '^metadata .*empty: a file in A, a dir in B' '' -- sh -c 'rm empty && mkdir empty'
	change '^content .*empty: ' '' -- sh -c 'echo >empty'
	change '^metadata .*empty: time ' --metadata -- touch -d '2001-01-01 00:00:01.5' empty
	# Two signatures of one leaf more on one side are no difference; owner and times are none without --metadata.
	rm -rf c
	cp -a a c
	touch -d 2001-01-01 c/empty c/d
	says "identical ${count}" "$modulo" compare a c
	exits 1 "$modulo" compare --quiet --metadata a c
}
t 'names, modes, links, times: a difference of each is found' what_matters

# A value, reduced by the grammar of RFC 8259 until one thing is left.
json_ok()
{
	text=$(tr -d '\n' <"$1" | sed -E 's/"([^"\\]|\\(["\\\/bfnrt]|u[0-9a-f]{4}))*"/S/g; s/S:/K/g; s/S|-?(0|[1-9][0-9]*)|true|false|null/V/g')
	while :; do
		next=$(printf '%s' "$text" | sed -E 's/\[\]|\{\}/V/g; s/\[V(,V)*\]/V/g; s/\{KV(,KV)*\}/V/g')
		[ "$next" != "$text" ] || break
		text=$next
	done
	[ "$text" = V ] || {
		echo "$1: not JSON: $text"
		return 1
	}
}

json()
{
	printf '%s\n' '{"a":[1,{"b":"\\"}],"c":null}' >yes
	json_ok yes
	for bad in '{"a":1,}' '{"a" 1}' '[1 2]' '{"a":01}' '"a' '{"a":"\x"}'; do
		printf '%s\n' "$bad" >no
		json_ok no >/dev/null && return 1
	done
	odd=$(printf 'o"d\td\n\\\377')
	cp -a a "$odd"
	"$modulo" compare --format json --keyring "$m/rsa1.pem" --only '**' --ignore 'a"b' a "$odd" >1.json
	"$modulo" compare --format json a/d/rsa1.ko "$m/ecdsa.ko" >2.json
	rm "$odd/empty"
	chmod 700 "$odd/d"
	"$modulo" compare --format json "$odd" b >3.json && return 1
	"$modulo" inspect --format json --keyring "$m/rsa1.pem" "$odd" >4.json
	"$modulo" verify --format json "$odd" >5.json && return 1
	"$modulo" digest --format json "$odd" >6.json
	"$modulo" split --format json "$odd" --ledger l >7.json
	"$modulo" join --format json "$odd" --from absent -o none 2>8.json && return 1
	cp "$m/rsa1.ko" "$odd/broken"
	printf x >>"$odd/broken"
	"$modulo" inspect --format json "$odd" >9.json 2>10.json && return 1
	for f in 1 2 3 4 5 6 7 8 9 10; do
		json_ok $f.json
		grep -q '^{"schema":"modulo\.[a-z]*/1",' $f.json
	done
	grep -q '"complete":false' 9.json
	grep -q '"id":"module.tail","path":' 10.json
}
t 'JSON is JSON, whatever the names' json

# nothing_left FOLDER: no output, no temporary beside it
nothing_left()
{
	[ -z "$(ls -A "$1")" ] || {
		ls -A "$1"
		return 1
	}
}

# full OUT COMMAND...: no file may grow beyond a block, so that a write fails as on a full disk; what is said names OUT
full()
{
	out=$1
	shift
	got=0
	said=$(
		trap '' XFSZ
		ulimit -f 1
		"$@" 2>&1
	) || got=$?
	case $got:$said in
	"2:modulo: $out: io.write: "* | "2:modulo: $out/"*": io.write: "*) nothing_left "$(dirname "$out")" ;;
	*)
		echo "exit code $got: $said"
		return 1
		;;
	esac
}

system()
{
	mkdir w
	got=0
	"$modulo" inspect a >/dev/full 2>said || got=$?
	[ $got -eq 2 ] && grep -q 'io.write: ' said
	refuses io.write "$modulo" split a --ledger no/such/folder/l
	refuses io.write "$modulo" split a --store no/such/folder/st
	refuses io.write "$modulo" split a --unsigned a/d/rsa1.ko/x
	"$modulo" split --quiet a --prove-encodings --ledger l --store st
	for f in --ledger --core --unsigned --store; do
		full w/x "$modulo" split a --prove-encodings $f w/x
	done
	full w/x "$modulo" join a --ledger l -o w/x
	full w/x "$modulo" join a --from st -o w/x
	# What is decoded and too large for memory goes to TMPDIR.
	head -c 20000000 /dev/zero | gzip -n >zeros.gz
	TMPDIR=/nonexistent refuses io.spool "$modulo" inspect zeros.gz
	TMPDIR=$dir/w exits 0 "$modulo" inspect --quiet zeros.gz
	nothing_left w
}
t 'what the system refuses is said, and nothing is left' system

# A file that is there is replaced whole, a directory is not touched; through a symbolic link the artifact is read.
outputs()
{
	"$modulo" split --quiet a/d/rsa1.ko --ledger l1
	echo old >old
	chmod 600 old
	"$modulo" join --quiet "$m/plain.ko" --ledger l1 -o old
	cmp old "$m/rsa1.ko"
	mkdir o
	echo keep >o/keep
	refuses io.exists "$modulo" join a --from st -o o
	[ "$(ls -A o)" = keep ]
	ln -s a/d/rsa1.ko to
	says "identical (2 signatures: 2 pkcs7-module; 0 verified)" "$modulo" compare to a/d/rsa1.ko
	mkfifo pipe
	refuses io.type "$modulo" inspect pipe
	# -- ends the options; a name may begin with a dash.
	cp "$m/rsa1.ko" ./-x
	exits 0 "$modulo" compare --quiet -- -x to
	refuses usage.option "$modulo" compare --quiet -x to
	refuses usage.option "$modulo" compare --jobs 0 to to
	refuses usage.option "$modulo" nonsense
	[ -z "$("$modulo" compare --quiet to "$m/ecdsa.ko" 2>&1)" ]
}
t 'what becomes of what is there' outputs

empty_folders()
{
	mkdir e1 e2
	says 'identical (0 signatures; 0 verified)' "$modulo" compare e1 e2
	"$modulo" split --quiet e1 --ledger el --core ec --unsigned eu --store es
	[ ! -s ec ]
	"$modulo" join --quiet e2 --ledger el -o ej
	nothing_left ej
	: >none.a
	: >none.b
	says 'identical (0 signatures; 0 verified)' "$modulo" compare none.a none.b
	exits 1 "$modulo" verify --quiet none.a
}
t 'nothing is something too' empty_folders

finish
