#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A developer's loop: a test kernel is started once; then a module that was built again is tried in it, without a new kernel image.
#
#   loop.sh start KERNEL [PARAMETER...]    boot it and leave it running
#   loop.sh try [--key] MODULE.ko          load the module in it; say what the kernel said; unload it
#   loop.sh stop
#
# `try` makes a tree of this one module and writes its root into the kernel as a further root; with --key it signs the module with the test
# kernels' key instead. The kernels are those of kernel/test/build.sh; the environment is that of kernel/test/lib.sh.
set -eu
MODULO=$(realpath "${MODULO:-build/modulo}")
MODULO_KERNEL_HERE=${MODULO_KERNEL_HERE:-$(pwd)}
export MODULO MODULO_KERNEL_HERE
cd "$(dirname "$0")/../.."
. kernel/test/lib.sh

loop=$work/loop
roots=/sys/kernel/security/module_hashes/roots

die()
{
	echo "loop.sh: $*" >&2
	exit 2
}

running()
{
	pid=$(cat "$loop/pid" 2>/dev/null) && kill -0 "$pid" 2>/dev/null
}

# until_answer ID: what the kernel and its init say, up to this answer
until_answer()
{
	timeout 60 sed "/^R	$1	/q" "$loop/line.out" | tr -d '\r'
}

start()
{
	! running || die "$(cat "$loop/kernel") is running; stop it first"
	[ -f "$(out "$1")/arch/x86/boot/bzImage" ] || die "there is no kernel $1 in $work; kernel/test/build.sh builds it"
	rm -rf "$loop"
	mkdir -p "$loop/root"
	mkfifo "$loop/line.in" "$loop/line.out"
	echo "$1" >"$loop/kernel"
	printf 'listen loop /dev/ttyS1\noff\n' >"$loop/root/script"
	shift
	BOOT_SECONDS=${LOOP_SECONDS:-14400}
	machine "$(cat "$loop/kernel")" "$loop/root" loop/initramfs "kunit.enable=0 $*" -pidfile "$loop/pid" \
		-chardev "pipe,id=line,path=$loop/line" -serial chardev:line >"$loop/console" &
	until_answer loop | grep -q '^R	loop	ok' || {
		cat "$loop/console" >&2
		! running || kill "$pid"
		die 'it did not come up'
	}
	echo "$(cat "$loop/kernel") is running; its console: $loop/console"
}

# file NAME FILE: the bytes of a file, for the machine to put at /tmp/NAME
file()
{
	echo "put $1 /tmp/$1 $(stat -c %s "$2")"
	cat "$2"
}

# signed NAME: by the test kernels' key
signed()
{
	"$(out "$kernel")/scripts/sign-file" sha256 "$keys/trusted.key" "$keys/trusted.crt" "$staged/$1.ko"
}

# rooted NAME: with its proof, in a tree of its own
rooted()
{
	"$modulo" tree build "$staged" -o "$tap_tmp/tree" && "$modulo" tree root "$tap_tmp/tree" >"$tap_tmp/root" &&
		"$modulo" tree attach --quiet "$staged/$1.ko" --tree "$tap_tmp/tree"
}

# called NAME: the name that the kernel knows a module by
called()
{
	called=$(modinfo -F name "$staged/$1.ko" 2>/dev/null) || called=
	echo "${called:-$1}"
}

# result ID: what came of an action
result()
{
	awk -F '\t' -v id="$1" '$1 == "R" && $2 == id { print $3 }' "$tap_tmp/answers"
}

try()
{
	key=
	[ "$1" != --key ] || key=yes
	[ -z "$key" ] || shift
	running || die 'no kernel is running; start one'
	kernel=$(cat "$loop/kernel")
	staged=$tap_tmp/staged
	name=$(basename "$1" .ko)
	mkdir "$staged"
	(cd "$MODULO_KERNEL_HERE" && [ -f "$1" ] && cat "$1") >"$staged/$name.ko" || die "no module: $1"
	if [ -n "$key" ]; then
		signed "$name" || die "$kernel was built without signatures"
	elif has "$kernel" MODULE_HASHES; then
		rooted "$name" || exit 2
	fi
	{
		[ ! -f "$tap_tmp/root" ] || {
			file root "$tap_tmp/root"
			echo "write further-root /tmp/root $roots"
		}
		file module "$staged/$name.ko"
		echo "load $$ /tmp/module $(called "$name")"
	} >"$tap_tmp/orders"
	cat "$tap_tmp/orders" >"$loop/line.in"
	until_answer $$ >"$tap_tmp/answers"
	sed -n 's/^K	/  kernel: /p; s/^E	/  init: /p' "$tap_tmp/answers"
	[ ! -f "$tap_tmp/root" ] || echo "further root $(cat "$tap_tmp/root"): $(result further-root)"
	loaded=$(result $$)
	[ "$loaded" = ok ] || {
		echo "$name: not loaded: ${loaded:-no answer}"
		exit 1
	}
	taint=$(awk -F '\t' -v id=$$ '$1 == "R" && $2 == id { print $6 }' "$tap_tmp/answers")
	echo "$name: loads${taint:+, tainted: $taint}"
}

stop()
{
	running || die 'no kernel is running'
	echo off >"$loop/line.in"
	while running; do
		sleep 0.1
	done
	rm -rf "$loop"
}

case ${1-}:${2-}:$# in
start:?*:* | try:--key:3 | try:[!-]*:2 | stop::1) "$@" ;;
*)
	sed -n 's/^#   \(loop.sh\)/usage: \1/p' "$0" >&2
	exit 2
	;;
esac
