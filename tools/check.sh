#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Everything that has to hold, in sections:
#
#   gcc       build with gcc, warnings are errors; all tests
#   sanitize  build with clang, AddressSanitizer and UndefinedBehaviorSanitizer; all tests
#   fuzz      each fuzz target over its corpus, and on for FUZZ_SECONDS (6)
#   house     tools/check-*.sh
#   kernel    kernel/test/*.sh: test kernels are built and booted (doc/kernel.md); MODULO_SKIP_KERNEL=1 leaves them out
#
# What is counted: each test of each TAP program, as meson writes them to testlog.junit.xml (a program that crashed or timed out
# without a failed test counts as one failed); each fuzz target as one; each test of the
# tools/check-*.sh and kernel/test/*.sh; each build as one. The
# last line is `N passed, N failed`, kept in build-check/summary too; skipped ones are named before it.
#
# usage: check.sh [SECTION...]
set -u
cd "$(dirname "$0")/.." || exit 2
LC_ALL=C
export LC_ALL

out=build-check
log=$out/log
seconds=${FUZZ_SECONDS:-6}
passed=0
failed=0
skipped=0
mkdir -p "$out"
rm -f "$out/summary"
began=$(date +%s)

section()
{
	now=$(date +%s)
	printf '\n=== %s (at %d s)\n' "$1" $((now - began))
}

# count PASSED FAILED SKIPPED
count()
{
	passed=$((passed + $1))
	failed=$((failed + $2))
	skipped=$((skipped + $3))
}

# one NAME COMMAND...: a single test; its output is shown where it fails
one()
{
	name=$1
	shift
	start=$(date +%s)
	if "$@" >"$log" 2>&1; then
		count 1 0 0
		echo "ok - $name ($(($(date +%s) - start)) s)"
		return 0
	fi
	count 0 1 0
	echo "not ok - $name ($(($(date +%s) - start)) s)"
	tail -n 60 "$log" | sed 's/^/# /'
	return 1
}

# build FOLDER COMPILER OPTION...
build()
{
	dir=$out/$1
	compiler=$2
	shift 2
	! command -v ccache >/dev/null || compiler="ccache $compiler"
	[ -f "$dir/build.ninja" ] || CC=$compiler meson setup "$dir" -Dwerror=true "$@" || {
		rm -rf "$dir"
		return 1
	}
	ninja -C "$dir"
}

# What the failed tests of a log wrote, but for what was ok
failures()
{
	awk '
		function end()
		{
			if (bad)
				printf "%s", text
			text = ""
			bad = 0
		}
		/^=+ [0-9]+\/[0-9]+ =+$/ { end() }
		/^result:/ && !/exit status 0$/ { bad = 1 }
		!/^ok [0-9]/ { text = text "# " $0 "\n" }
		END { end() }' "$1" | head -n 300
}

# tests FOLDER
tests()
{
	xml=$out/$1/meson-logs/testlog.junit.xml
	rm -f "$xml"
	meson test -C "$out/$1" --no-rebuild --print-errorlogs >"$log" 2>&1
	status=$?
	awk '/^ *[0-9]+\/[0-9]+ / && !seen[$0]++' "$log"
	[ "$status" -eq 0 ] || failures "$out/$1/meson-logs/testlog.txt"
	# Of each suite: how many, how many did not pass. TAP tests are suites of their own.
	# shellcheck disable=SC2046 # three words
	set -- $(tr '>' '\n' <"$xml" 2>/dev/null | awk '
		function number(attribute)
		{
			if (!match($0, " " attribute "=\"[0-9]+\""))
				return 0
			return substr($0, RSTART + length(attribute) + 3, RLENGTH - length(attribute) - 4) + 0
		}
		/<testsuite / {
			tests += number("tests")
			bad += number("failures") + number("errors")
			skipped += number("skipped")
		}
		END { print tests + 0, bad + 0, skipped + 0 }')
	bad=$2
	programs=$(awk '/^(Fail|Timeout|Unexpected Pass):/ { n += $NF } END { print n + 0 }' "$log")
	lost=0
	if [ "$programs" -gt "$bad" ]; then
		lost=$((programs - bad))
	elif [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		lost=1
	fi
	echo "# $1 tests, $2 failed, $3 skipped, $lost programs that crashed or timed out besides"
	count $(($1 - $2 - $3)) $(($2 + lost)) "$3"
}

# fuzz TARGET: what was kept first, then new inputs; the corpus itself stays as it is. Its log and its status are kept.
fuzz()
{
	mkdir -p "$out/fuzz-new/$1"
	"$out/sanitize/test/$1" -seed=1 -max_total_time="$seconds" -timeout=20 -rss_limit_mb=3000 -artifact_prefix="$out/fuzz-new/" \
		-print_final_stats=1 "$out/fuzz-new/$1" "test/fuzz/corpus/$1" >"$out/fuzz-new/$1.log" 2>&1
	echo $? >"$out/fuzz-new/$1.status"
}

# fuzzed TARGET: how it ended
fuzzed()
{
	cat "$out/fuzz-new/$1.log"
	return "$(cat "$out/fuzz-new/$1.status")"
}

# tap NAME COMMAND...: a script that writes TAP
tap()
{
	name=$1
	shift
	start=$(date +%s)
	"$@" >"$log" 2>&1
	status=$?
	grep -v '^1\.\.[0-9]*$' "$log" | sed -e "s|^\(\(not \)\{0,1\}ok\) [0-9]* - |\1 - $name: |"
	n=$(grep -c '^ok [0-9]* - .*# SKIP' "$log")
	good=$(grep -c '^ok ' "$log")
	bad=$(grep -c '^not ok ' "$log")
	if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		echo "not ok - $name: it ended with status $status"
		bad=1
	fi
	took=$(($(date +%s) - start))
	[ "$took" -lt 5 ] || echo "# $name took $took s"
	count $((good - n)) "$bad" "$n"
	[ "$bad" -eq 0 ]
}

# house SCRIPT ARGUMENT...
house()
{
	script=$1
	shift
	tap "${script%.sh}" "tools/$script" "$@"
}

section_gcc()
{
	section 'gcc: build and tests'
	one 'gcc: build without warnings' build gcc gcc && tests gcc
}

# The fuzz targets are built with it; that its branches are counted, as they need, costs the tests nothing that can be measured.
sanitized()
{
	build sanitize clang -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
}

section_sanitize()
{
	section 'clang with AddressSanitizer and UndefinedBehaviorSanitizer: build and tests'
	one 'clang: build without warnings' sanitized && tests sanitize
}

section_fuzz()
{
	section "fuzz targets, $seconds s each"
	one 'fuzz: build' sanitized || return
	# As many at a time as there are processors
	mkdir -p "$out/fuzz-new"
	rm -f "$out"/fuzz-new/*.log "$out"/fuzz-new/*.status
	nr=0
	for target in test/fuzz/fuzz_*.c; do
		fuzz "$(basename "$target" .c)" &
		nr=$((nr + 1))
		[ $((nr % $(nproc))) -ne 0 ] || wait
	done
	wait
	for target in test/fuzz/fuzz_*.c; do
		target=$(basename "$target" .c)
		one "fuzz: $target" fuzzed "$target" && grep -E 'number_of_executed_units|^#.*INITED' "$log" | sed 's/^/# /'
	done
}

section_house()
{
	section 'the house'
	for script in layers sources headers sizes licence refusals shell spelling series; do
		house "check-$script.sh"
	done
	one 'gcc: build' build gcc gcc || return
	for script in symbols man install reproducible; do
		house "check-$script.sh" "$out/gcc"
	done
}

section_kernel()
{
	section 'kernels that are built and booted'
	if [ "${MODULO_SKIP_KERNEL:-0}" = 1 ]; then
		echo 'ok - kernel # SKIP MODULO_SKIP_KERNEL=1'
		count 0 0 1
		return
	fi
	one 'gcc: build' build gcc gcc || return
	MODULO=$out/gcc/modulo
	export MODULO
	# Nothing else has anything to boot where the kernels or the modules are not there.
	for script in build sets; do
		tap "kernel/$script" "kernel/test/$script.sh" || return
	done
	for script in matrix roots loop-test kunit time reproduce; do
		tap "kernel/$script" "kernel/test/$script.sh" || echo "# the logs of the boots are kept in $out/kernel/logs"
	done
}

# The kernels leave a processor idle where they are linked, packed and booted: the house is looked at meanwhile, and told of behind them.
kernel_and_house()
{
	one 'gcc: build' build gcc gcc || return
	(
		log=$out/log-house
		passed=0
		failed=0
		skipped=0
		section_house >"$out/house" 2>&1
		echo "$passed $failed $skipped" >"$out/house-counts"
	) &
	section_kernel
	wait
	cat "$out/house"
	# shellcheck disable=SC2046 # three words
	count $(cat "$out/house-counts")
}

if [ -d .git ]; then
	tools/check-untracked.sh --state >"$out/state"
fi
[ $# -gt 0 ] || set -- gcc sanitize fuzz house kernel
both=
case " $* " in
*' house kernel '*) both=yes ;;
esac
for s in "$@"; do
	case $s in
	house) [ -n "$both" ] || section_house ;;
	kernel) if [ -n "$both" ]; then kernel_and_house; else section_kernel; fi ;;
	gcc | sanitize | fuzz) "section_$s" ;;
	*)
		echo "check.sh: there is no section $s" >&2
		exit 2
		;;
	esac
done
[ ! -d .git ] || house check-untracked.sh "$out/state"

section 'all'
[ "$skipped" -eq 0 ] || echo "$skipped skipped"
echo "$passed passed, $failed failed" | tee "$out/summary"
[ "$failed" -eq 0 ]
