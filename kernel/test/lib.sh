# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: LGPL-2.1-or-later
# For the scripts beside this: where things are, how a kernel is built, how one is booted. They run from the project's top folder
# and write TAP with tools/tap.sh.
#
#   MODULO               the program (build/modulo)
#   MODULO_KERNEL_DIR    what is built and kept (build-check/kernel)
#   MODULO_KERNELS       which of the kernels, for work on one of them

work=${MODULO_KERNEL_DIR:-build-check/kernel}
mkdir -p "$work"
work=$(realpath "$work")
logs=$work/logs
keys=$work/keys
mkdir -p "$logs" "$keys"

# Two runs at a time would build and delete in the same folders. What a script of these calls runs under its lock; what it leaves
# running does not.
[ -n "${MODULO_KERNEL_LOCKED-}" ] || MODULO_KERNEL_LOCKED=yes exec flock -o "$work/lock" "kernel/test/$(basename "$0")" "$@"

. tools/tap.sh

modulo=$(realpath "${MODULO:-build/modulo}")
src=$work/linux
# The kernel's sources, as the package linux-source-6.12 brings them, and our patches
tarball=/usr/src/linux-source-6.12.tar.xz
patches=kernel/linux-6.12

kernels=${MODULO_KERNELS:-neither signatures hashes both list}

# Whoever builds it, whenever, gets the same bits; and ccache can help.
KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 2026'
KBUILD_BUILD_USER=modulo
KBUILD_BUILD_HOST=modulo
KBUILD_BUILD_VERSION=1
SOURCE_DATE_EPOCH=1767225600
export KBUILD_BUILD_TIMESTAMP KBUILD_BUILD_USER KBUILD_BUILD_HOST KBUILD_BUILD_VERSION SOURCE_DATE_EPOCH
unset MAKEFLAGS MFLAGS MAKELEVEL

# In depend mode ccache does not see what .incbin brings in: it gave an old certificate for a new one.
CCACHE_NODEPEND=1
export CCACHE_NODEPEND

# kmake FOLDER OUTPUT ARGUMENT...: make in a kernel's source folder; OUTPUT as O=
kmake()
{
	kmake_src=$1
	kmake_out=$2
	shift 2
	nice make -C "$kmake_src" O="$kmake_out" ARCH=x86_64 CC="${CCACHE-ccache} gcc" HOSTCC="${CCACHE-ccache} gcc" MODULO="$modulo" "$@"
}

# out KERNEL: its build folder. Right below the sources all paths are relative, so the kernels share what ccache keeps.
out()
{
	echo "$src/out-$1"
}

# copied FROM TO: a build folder once more, to build on in it. Objtool is the one program in it that kbuild's notes name with the folder;
# with the old name it would be built again, and then every object.
copied()
{
	rm -rf "$2" && cp -a "$1" "$2" && find "$2/tools" -name '.*.cmd' -exec sed -i "s|$1/|$2/|g" {} +
}

# module KERNEL NAME: the path of a module in the build folder
module()
{
	echo "$(out "$1")/$(order "$1" | grep "/$2\.ko\$")"
}

# signer: the kernel's program that signs, of whichever kernel has it
signer()
{
	for k in signatures both list; do
		[ ! -x "$(out "$k")/scripts/sign-file" ] || {
			echo "$(out "$k")/scripts/sign-file"
			return
		}
	done
	return 1
}

# order KERNEL: the modules, in the order of modules.order (which names objects)
order()
{
	sed 's/\.o$/.ko/' "$(out "$1")/modules.order"
}

# has KERNEL OPTION
has()
{
	grep -q "^CONFIG_$2=y" "$(out "$1")/.config"
}

# timed NAME COMMAND...: as tap_test, with the seconds
timed()
{
	start=$(date +%s)
	tap_test "$@"
	echo "# $1: $(($(date +%s) - start)) s"
}

# together NAME FUNCTION ARGUMENT...: a test for each argument, as many at a time as there are processors: linking, packing and what make
# does besides keep one busy
together()
{
	together_name=$1
	together_function=$2
	shift 2
	together_nr=0
	for argument; do
		(
			start=$(date +%s)
			status=0
			"$together_function" "$argument" >"$tap_tmp/$argument.output" 2>&1 || status=$?
			echo "$status $(($(date +%s) - start))" >"$tap_tmp/$argument.status"
		) &
		together_nr=$((together_nr + 1))
		[ $((together_nr % $(nproc))) -ne 0 ] || wait
	done
	wait
	ended_after=unknown
	for argument; do
		tap_test "$together_name: $argument" ended "$argument"
		echo "# $together_name: $argument: $ended_after s"
	done
}

# ended ARGUMENT: how the test of it ended
ended()
{
	cat "$tap_tmp/$1.output"
	read -r ended_status ended_after <"$tap_tmp/$1.status" && return "$ended_status"
}

# configure SOURCES OUTPUT FRAGMENT...: fails where the kernel does not take all of it
configure()
{
	conf_src=$1
	conf_out=$2
	shift 2
	conf_name=$tap_tmp/$(basename "$conf_out")
	cat "$@" >"$conf_name.config"
	KCONFIG_ALLCONFIG=$conf_name.config kmake "$conf_src" "$conf_out" -s allnoconfig || return 1
	grep '^\(CONFIG\|# CONFIG_.* is not set\)' "$conf_name.config" | sort -u >"$conf_name.wanted"
	case $conf_out in
	/*) ;;
	*) conf_out=$conf_src/$conf_out ;;
	esac
	sort -u "$conf_out/.config" >"$conf_name.have"
	comm -23 "$conf_name.wanted" "$conf_name.have" >"$conf_name.lost"
	# What an option that is off hides needs no line of its own.
	sed -n '/^CONFIG/s/^/the kernel did not take: /p' "$conf_name.lost"
	grep '^# CONFIG' "$conf_name.lost" | while read -r _ option _; do
		! grep "^$option=" "$conf_name.have"
	done || return 1
	! grep -q '^CONFIG' "$conf_name.lost"
}

# machine KERNEL FOLDER NAME PARAMETERS [ARGUMENT...]: FOLDER, with its script, is the initramfs of a machine that runs, for BOOT_SECONDS at
# most, until it goes off. Its console is standard output. On a host that has much to do an emulated timer is late, which the kernel would take
# for a broken one: no_timer_check.
machine()
{
	machine_image=$(out "$1")/arch/x86/boot/bzImage
	machine_initrd=$work/$3.cpio.gz
	machine_parameters="console=ttyS0 panic=-1 no_timer_check quiet loglevel=1 printk.time=0 $4"
	cp "$work/init" "$2/init"
	(cd "$2" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) | gzip -1n >"$machine_initrd"
	shift 4
	timeout "${BOOT_SECONDS:-120}" qemu-system-x86_64 -accel tcg -cpu max -m 256 -nographic -no-reboot -nodefaults -serial stdio \
		-kernel "$machine_image" -initrd "$machine_initrd" -append "$machine_parameters" "$@" </dev/null 2>&1
}

# boot NAME KERNEL PARAMETERS FOLDER: the log is kept as $logs/NAME.log
boot()
{
	boot_log=$logs/$1.log
	boot_status=0
	machine "$2" "$4" "$1" "$3" >"$boot_log.raw" || boot_status=$?
	# The first line begins with what the firmware writes to clear the screen.
	tr -d '\r' <"$boot_log.raw" | sed 's/^.*\(K\|R\)\t/\1\t/' >"$boot_log"
	rm -f "$boot_log.raw" "$work/$1.cpio.gz"
	[ "$boot_status" -eq 0 ] && grep -aq '^R	off	ok' "$boot_log" && ! grep -a '^E	' "$boot_log" && return 0
	echo "the boot $1 did not get to its end (status $boot_status); its log: $boot_log"
	tail -n 20 "$boot_log"
	return 1
}

# setting NAME: the kernel's command line for one of the four
setting()
{
	case $1 in
	open) echo 'kunit.enable=0' ;;
	lockdown) echo 'kunit.enable=0 lockdown=integrity' ;;
	enforce) echo 'kunit.enable=0 module.sig_enforce=1' ;;
	enforce+lockdown) echo 'kunit.enable=0 module.sig_enforce=1 lockdown=integrity' ;;
	esac
}

# Where the machine is not the right one, a script says so in one line and is done.
on_x86()
{
	[ "$(uname -m)" = x86_64 ] && return 0
	tap_skip 'the test kernel' 'it is for x86_64'
	tap_end
	exit 0
}
