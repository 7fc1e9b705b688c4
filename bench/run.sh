#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# How long Modulo takes, beside what one would use instead, on the same bytes in the same run: processor time, wall clock, memory.
# A run is a warm-up and ROUNDS (5) rounds, in each of which every command has its turn; of each command the best round counts.
#
# usage: run.sh BUILD-FOLDER [SIGNED UNSIGNED]     two trees of modules with the same paths; KEYRING=FILE to verify their
#                                                  signatures besides
#        run.sh BUILD-FOLDER                       Debian's linux 5.10.223 packages in the folder MODULO_CORPUS, or where
#                                                  that is not set, the modules of demo/vendor, REPEAT (40) times over
# diffoscope and the kernel's sign-file (linux-kbuild-*, or SIGN_FILE) are measured where they are installed.
set -eu
LC_ALL=C
export LC_ALL
[ $# -eq 1 ] || [ $# -eq 3 ] || {
	echo 'usage: run.sh BUILD-FOLDER [SIGNED UNSIGNED]' >&2
	exit 2
}
here=$(cd "$(dirname "$0")" && pwd -P)
build=$(cd "$1" && pwd -P)
rounds=${ROUNDS:-5}
dir=$(mktemp -d "${TMPDIR:-/tmp}/modulo-bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM HUP
PATH=$build:$PATH

fail()
{
	echo "bench: $*" >&2
	exit 1
}

# --- what is measured on ---------------------------------------------------------------------------------------------

from_packages()
{
	keyring=$here/../demo/vendor/debian-signer.pem
	for kind in '' -unsigned; do
		dpkg-deb -x "$MODULO_CORPUS/linux-image-5.10.0-32-cloud-amd64${kind}_5.10.223-1_amd64.deb" "$dir/package$kind"
	done
	signed=$dir/package/lib/modules
	unsigned=$dir/package-unsigned/lib/modules
	what="Debian's linux-image-5.10.0-32-cloud-amd64 5.10.223-1"
}

from_demo()
{
	keyring=$here/../demo/vendor/debian-signer.pem
	n=${REPEAT:-40}
	i=0
	while [ "$i" -lt "$n" ]; do
		for kind in signed unsigned; do
			mkdir -p "$dir/trees/$kind"
			cp -R "$here/../demo/vendor/$kind" "$dir/trees/$kind/$i"
		done
		i=$((i + 1))
	done
	signed=$dir/trees/signed
	unsigned=$dir/trees/unsigned
	what="demo/vendor, $n times over"
}

keyring=${KEYRING:-}
if [ $# -eq 3 ]; then
	signed=$(cd "$2" && pwd -P)
	unsigned=$(cd "$3" && pwd -P)
	what="$2 and $3"
elif [ -n "${MODULO_CORPUS:-}" ]; then
	from_packages
else
	from_demo
fi
(cd "$signed" && find . -type f -name '*.ko' | sort) >"$dir/modules"
[ -s "$dir/modules" ] || fail "$signed: no modules (*.ko)"
one=$(head -n 1 "$dir/modules")

# The length of the signature that ends a module: the 4 bytes before the magic.
cat >"$dir/siglen.sh" <<'END'
siglen()
{
	tail -c 32 "$1" | od -An -tu1 -N 4 | { read -r a b c d && echo $(((a << 24) | (b << 16) | (c << 8) | d)); }
}
END
# shellcheck disable=SC1091 # it was just made
. "$dir/siglen.sh"

# Detached signatures, as a vendor ships them.
mkdir "$dir/detached"
(cd "$signed" && find . -type d -exec mkdir -p "$dir/detached/{}" \;)
while IFS= read -r m; do
	len=$(siglen "$signed/$m")
	tail -c $((len + 40)) "$signed/$m" | head -c "$len" >"$dir/detached/$m.sig"
done <"$dir/modules"

# As many modules as a distribution's kernel has: copies of these.
many=${MANY:-4256}
nr_many=0
while [ "$nr_many" -lt "$many" ]; do
	mkdir -p "$dir/many"
	cp -R "$unsigned" "$dir/many/$nr_many"
	nr_many=$((nr_many + $(wc -l <"$dir/modules")))
done

# --- what is measured ------------------------------------------------------------------------------------------------

${CC:-cc} -O2 -o "$dir/timed" "$here/timed.c"
mkdir "$dir/times"

# measure NAME COMMAND...: once; its exit code has to be 0, or $accept
accept=0
measure()
{
	name=$1
	shift
	code=0
	"$dir/timed" "$dir/times/$name" "$@" >"$dir/said" 2>"$dir/complained" || code=$?
	[ "$code" -eq 0 ] || [ "$code" -eq "$accept" ] || {
		tail -n 5 "$dir/complained" >&2
		fail "$name: exit code $code"
	}
}

# What one would write instead of `modulo compare`: cut the signature off, and compare digests.
cat >"$dir/loop.sh" <<'END'
. "$1/siglen.sh"
while IFS= read -r m; do
	len=$(siglen "$2/$m")
	size=$(stat -c %s "$2/$m")
	a=$(head -c $((size - len - 40)) "$2/$m" | sha256sum)
	b=$(sha256sum <"$3/$m")
	[ "$a" = "$b" ] || exit 1
done <"$1/modules"
END
# ... and instead of `modulo join`: append each signature with the kernel's own tool.
cat >"$dir/append.sh" <<'END'
cp -R "$3" "$1/appended"
while IFS= read -r m; do
	"$2" -s "$1/detached/$m.sig" sha256 - "$1/appended/$m" || exit 1
done <"$1/modules"
END

sign_file=${SIGN_FILE:-$(find /usr/lib/linux-kbuild-*/scripts/sign-file 2>/dev/null | sort -V | tail -n 1)}
has()
{
	command -v "$1" >/dev/null
}

round()
{
	measure compare-1 modulo compare --jobs 1 "$signed" "$unsigned"
	measure compare-2 modulo compare --jobs 2 "$signed" "$unsigned"
	if [ -n "$keyring" ]; then
		measure compare-keyring modulo compare --jobs 2 --keyring "$keyring" --require verified "$signed" "$unsigned"
	fi
	measure sha256sum find "$signed" "$unsigned" -type f -exec sha256sum {} +
	! has openssl || measure openssl find "$signed" "$unsigned" -type f -exec openssl dgst -sha256 -r {} +
	measure loop sh "$dir/loop.sh" "$dir" "$signed" "$unsigned"
	measure pair modulo compare "$signed/$one" "$unsigned/$one"
	if has diffoscope; then
		accept=1
		measure diffoscope diffoscope "$signed/$one" "$unsigned/$one"
		accept=0
	fi
	rm -rf "$dir/joined" "$dir/appended"
	measure join modulo join "$unsigned" --from "$dir/detached" -o "$dir/joined"
	if [ -n "$sign_file" ]; then
		measure append sh "$dir/append.sh" "$dir" "$sign_file" "$unsigned"
	fi
	measure digest modulo digest --jobs 1 "$signed"
	measure sha256sum-signed find "$signed" -type f -exec sha256sum {} +
	measure sha256sum-many find "$dir/many" -type f -name '*.ko' -exec sha256sum {} +
	measure tree-1 modulo tree build --jobs 1 "$dir/many" -o "$dir/many.tree"
	measure tree-2 modulo tree build --jobs 2 "$dir/many" -o "$dir/many.tree"
	if [ -x "$build/modulo-check" ]; then
		measure check modulo-check "$signed" "$dir/core" "$dir/ledger"
	fi
}

# Every digest of the tree is that of sha256sum.
same_digests()
{
	(cd "$dir/many" && sed -n 's/^[0-9a-f]* \([0-9a-f]*\) \(.*\)$/\1  \2/p' "$dir/many.tree" | sha256sum --quiet -c -) >/dev/null ||
		fail 'modulo tree build did not hash as sha256sum does'
}

# Both ways to join give the signed tree, or there is nothing to compare.
same_work()
{
	diff -r "$dir/joined" "$signed" >/dev/null || fail 'modulo join did not give the signed tree'
	[ -z "$sign_file" ] || diff -r "$dir/appended" "$signed" >/dev/null || fail 'sign-file did not give the signed tree'
}

modulo split "$signed" --core "$dir/core" --ledger "$dir/ledger" >/dev/null
round
same_work
same_digests
rm -rf "$dir/times"
mkdir "$dir/times"
i=0
while [ "$i" -lt "$rounds" ]; do
	round
	i=$((i + 1))
done

# --- what came out ---------------------------------------------------------------------------------------------------

# best NAME: the least processor time and wall clock, the most memory
best()
{
	awk '
		NR == 1 || $1 < cpu { cpu = $1 }
		NR == 1 || $2 < wall { wall = $2 }
		$3 > memory { memory = $3 }
		END { print cpu, wall, memory }' "$dir/times/$1"
}

# row LABEL NAME [PEER]: with ratios to the peer, above 1 where the peer is quicker
row()
{
	[ -f "$dir/times/$2" ] || return 0
	{
		best "$2"
		[ $# -lt 3 ] || [ ! -f "$dir/times/$3" ] || best "$3"
	} | awk -v label="$1" '
		NR == 1 { cpu = $1; wall = $2; memory = $3 }
		NR == 2 { ratio = sprintf(" %9.3f %9.3f", cpu / $1, wall / $2) }
		END { printf "%-46s %9.3f %9.3f %7.1f%s\n", label, cpu / 1e6, wall / 1e6, memory / 1024, ratio }'
}

# left LABEL NAME: a line for what was not there to be measured
left()
{
	[ -f "$dir/times/$2" ] || echo "left out: $1, which is not there"
}

bytes()
{
	find "$@" -type f -exec stat -c %s {} + | awk '{ n += $1 } END { printf "%.1f MB", n / 1e6 }'
}

. /etc/os-release
echo "on:       $what: $(wc -l <"$dir/modules") modules, $(bytes "$signed") signed, $(bytes "$unsigned") unsigned"
echo "machine:  $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) processors, $PRETTY_NAME," \
	"Linux $(uname -r), files on $(stat -f -c %T "$dir"), all in the page cache"
echo "versions: $(modulo --version), $(sha256sum --version | head -n 1), $(openssl version 2>/dev/null | cut -d ' ' -f 1-2)," \
	"$(diffoscope --version 2>/dev/null || echo 'no diffoscope'), sign-file: ${sign_file:-none}"
echo "load:     $(cut -d ' ' -f 1 /proc/loadavg) at the end; best of $rounds rounds; a ratio is Modulo's share of its peer's time"
echo
printf '%-46s %9s %9s %7s %9s %9s\n' '' 'cpu s' 'wall s' 'MiB' 'cpu ratio' 'wall ratio'
echo 'Both trees are the same modulo signatures:'
row '  sha256sum of both trees' sha256sum
row '  openssl dgst -sha256 of both trees' openssl
row '  loop of head -c and sha256sum' loop
row '  modulo compare --jobs 1, to sha256sum' compare-1 sha256sum
row '  modulo compare --jobs 2, to sha256sum' compare-2 sha256sum
row '  the same, all signatures verified' compare-keyring sha256sum
row '  modulo compare --jobs 1, to openssl' compare-1 openssl
row '  modulo compare --jobs 2, to the loop' compare-2 loop
echo "One pair of modules ($(basename "$one"), $(stat -c %s "$signed/$one") bytes); diffoscope shows that they differ, modulo that they do not:"
row '  diffoscope' diffoscope
row '  modulo compare, to diffoscope' pair diffoscope
echo 'Detached signatures onto the unsigned tree:'
row '  cp -R, then sign-file -s for each module' append
row '  modulo join --from, to sign-file' join append
echo 'Digests of the signed tree, and its ledger checked:'
row '  sha256sum of the signed tree' sha256sum-signed
row '  modulo digest --jobs 1, to sha256sum' digest sha256sum-signed
row '  modulo-check, to sha256sum' check sha256sum-signed
echo "The tree over $nr_many modules ($(bytes "$dir/many"), copies of the unsigned ones):"
row '  sha256sum of them' sha256sum-many
row '  modulo tree build --jobs 1, to sha256sum' tree-1 sha256sum-many
row '  modulo tree build --jobs 2, to sha256sum' tree-2 sha256sum-many
left 'openssl' openssl
left 'diffoscope' diffoscope
left "the kernel's sign-file (linux-kbuild-6.1)" append
left 'modulo-check' check
