#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# modulo tree: trees and lists of modules, proofs, and the section of a vmlinux.
# usage: tree.sh MODULO SOURCE-ROOT VMLINUX-MAKER
modulo=$(realpath "$1")
root=$(realpath "$2")
vmlinux=$(realpath "$3")
. "$root/test/cli/tap-cli.sh"

# numbered FOLDER N: the modules of the vectors, `module i`, and their modules.order
numbered()
{
	mkdir -p "$1"
	awk -v dir="$1" -v nr="$2" 'BEGIN {
		printf "" >(dir "/modules.order")
		for (i = 0; i < nr; i++) {
			f = dir "/m" i ".ko"
			print "module " i >f
			close(f)
			print "m" i ".o" >(dir "/modules.order")
		}
	}'
}

# root_of N LEVELS:HEX
root_of()
{
	numbered "v$1" "$1"
	"$modulo" tree build "v$1" -o "v$1.tree"
	says "$2" "$modulo" tree root "v$1.tree"
	head -n 4 "v$1.tree" | tail -n 1 | grep -Fx "modules $1"
	"$modulo" tree build "v$1" | cmp - "v$1.tree"
}

# Roots of the trees over `module i`, a newline behind it, computed by a program that shares nothing with this one.
vectors()
{
	root_of 0 0:0000000000000000000000000000000000000000000000000000000000000000
	root_of 1 1:7a5f4f253c58f36cebc2491f96479fa8752f7ac7b6e1a2352636630446210167
	root_of 2 1:2b38210ee460e970b740cb14be6d66ddbb495135b54893f86feba172dabea18e
	root_of 3 2:01cd17d08432bf3ebb988f523996e41f3d3b72f1741b3c086e5f8b92c12519ca
	root_of 5 3:17da356aab3b86ba51f9215babd09a4eb4b0e7815a3c6da67374d24dc56f40dd
}
t 'roots of 0, 1, 2, 3 and 5 modules' vectors

# every proof attached, then taken away again
inverse()
{
	for n in 1 2 3 5; do
		rm -rf a
		cp -r "v$n" a
		says "attached: $n of $n modules" "$modulo" tree attach a --tree "v$n.tree"
		for f in a/*.ko; do
			! cmp -s "$f" "v$n/${f#a/}"
		done
		says "attached: 0 of $n modules" "$modulo" tree attach a --tree "v$n.tree"
		says "detached: $n of $n modules" "$modulo" tree detach a
		diff -r a "v$n"
		says "detached: 0 of $n modules" "$modulo" tree detach a
	done
}
t 'attach and detach are inverses' inverse

# Powers of two, one more, one less: what is attached is what the tree says, for each module.
sizes()
{
	for n in 4 7 8 9 16 17 31 32 33 64 65 100; do
		numbered "s$n" "$n"
		"$modulo" tree build "s$n" -o "s$n.tree"
		"$modulo" tree attach --quiet "s$n" --tree "s$n.tree"
		says "all load: $n of $n modules" "$modulo" tree verify "s$n" --root "$("$modulo" tree root "s$n.tree")"
		says "detached: $n of $n modules" "$modulo" tree detach "s$n"
		"$modulo" tree build "s$n" | cmp - "s$n.tree"
	done
}
t 'trees of 4 to 100 modules' sizes

ten_thousand()
{
	numbered many 10000
	"$modulo" tree build many --jobs 1 -o many.tree
	"$modulo" tree build many --jobs 7 | cmp - many.tree
	"$modulo" tree root many.tree | grep '^14:'
	"$modulo" tree attach --quiet many --tree many.tree
	says 'all load: 10000 of 10000 modules' "$modulo" tree verify many --tree many.tree
	rm -rf many
}
t 'ten thousand modules' ten_thousand

# The proof is the one that can be computed by hand: sha256sum alone, for three modules.
by_hand()
{
	unhex() { sed 's/../\\x&/g' | xargs -0 printf '%b'; }
	sha() { sha256sum | cut -d ' ' -f 1; }
	leaf() { { printf '\001\000\000\000'; printf '%b' "\\0$1"; cat "v3/m$1.ko"; } | sha; }
	node() { { printf '\002'; printf %s "$1$2" | unhex; } | sha; }
	l0=$(leaf 0) l1=$(leaf 1) l2=$(leaf 2)
	"$modulo" tree prove v3/m2.ko --tree v3.tree -o p2
	{ printf '\000\000\000\002'; printf %s "$l2$(node "$l0" "$l1")" | unhex; } | cmp - p2
	says "2:$(node "$(node "$l0" "$l1")" "$(node "$l2" "$l2")")" "$modulo" tree root v3.tree
	cp v3/m2.ko one.ko
	"$modulo" tree attach one.ko --tree v3.tree
	{
		cat v3/m2.ko p2
		printf '\000\000\003\000\000\000\000\000\000\000\000\104~Module signature appended~\n'
	} | cmp - one.ko
}
t 'a proof by hand' by_hand

# Paths: dotted, odd, of the build folder and as installed, with a base
orders()
{
	mkdir -p o/kernel/a.b/c 'o/with space' o/x.ko.d
	printf 'one\n' >o/kernel/a.b/c/d.e.ko
	printf 'two\n' >'o/with space/f.ko'
	printf 'three\n' >o/x.ko.d/g.o.ko
	printf 'kernel/a.b/c/d.e.o\n./with space/f.ko\nx.ko.d//./g.o.o\n' >order
	"$modulo" tree build --order order --base o -o o.tree
	cut -d ' ' -f 3 o.tree | sed -n '5,7p' >paths
	printf 'kernel/a.b/c/d.e.ko\nwith\\040space/f.ko\nx.ko.d/g.o.ko\n' | cmp - paths
	cp order o/modules.order
	"$modulo" tree build o | cmp - o.tree
	# without modules.order: sorted, a folder's own names by their bytes
	rm o/modules.order
	"$modulo" tree build o | cut -d ' ' -f 3 | sed -n '5,7p' >paths
	printf 'kernel/a.b/c/d.e.ko\nwith\\040space/f.ko\nx.ko.d/g.o.ko\n' | cmp - paths
	says 'attached: 3 of 3 modules' "$modulo" tree attach o --tree o.tree
}
t 'modules.order in all its spellings' orders

bad_orders()
{
	printf 'a.ko\nb.txt\n' >bad
	refuses order.line "$modulo" tree build --order bad --base v2
	printf 'm0.ko\n\n' >bad
	refuses order.line "$modulo" tree build --order bad --base v2
	printf 'm0.ko\n./m0.o\n' >bad
	refuses order.twice "$modulo" tree build --order bad --base v2
	printf 'm0.ko\nm7.ko\n' >bad
	refuses order.missing "$modulo" tree build --order bad --base v2
	grep -F 'v2/m7.ko' refuses.err
	mkdir twice
	echo 1 >twice/a.ko
	gzip -n <twice/a.ko >twice/a.ko.gz
	refuses order.twice "$modulo" tree build twice
	refuses usage.option "$modulo" tree build
	refuses usage.option "$modulo" tree build v2 --order bad --base v2
	refuses usage.option "$modulo" tree build --order bad
	mkdir none
	refuses modules.none "$modulo" tree detach none
}
t 'orders that cannot be' bad_orders

samples=$root/test/samples/modules
installed()
{
	mkdir plain packed
	cp "$samples/plain.ko" "$samples/other.ko" "$samples/rsa1.ko" plain
	cp "$samples/plain.ko.xz" "$samples/rsa1.ko.zst" packed
	gzip -n <plain/other.ko >packed/other.ko.gz
	printf 'other.ko\nplain.ko\nrsa1.ko\n' >order3
	"$modulo" tree build plain -o plain.tree
	"$modulo" tree build packed | cmp - plain.tree
	"$modulo" tree build --order order3 --base packed | cmp - plain.tree
	cp plain/other.ko packed/other.ko.gz
	refuses modules.compressed "$modulo" tree build packed
	mkdir wrong
	gzip -n <plain/other.ko >wrong/other.ko
	refuses modules.compressed "$modulo" tree build wrong
	refuses modules.compressed "$modulo" tree attach packed --tree plain.tree
	says 'attached: 3 of 3 modules' "$modulo" tree attach plain --tree plain.tree
	for f in other plain rsa1; do
		xz -k "plain/$f.ko"
		rm "plain/$f.ko"
	done
	says 'all load: 3 of 3 modules' "$modulo" tree verify plain --tree plain.tree
	"$modulo" tree prove plain/other.ko.xz --tree plain.tree -o proof
	test "$(wc -c <proof)" -eq 68
	head -c 100 plain/other.ko.xz >short.xz && mv short.xz plain/other.ko.xz
	exits 1 "$modulo" tree verify plain --tree plain.tree >said
	grep '^broken  *plain/other.ko.xz: ' said
}
t 'compressed modules' installed

# What is not as it was hashed, by name and reason, and nothing is changed
build_set()
{
	rm -rf m
	mkdir -p m/a m/b
	for n in 1 2 3 4 5; do
		printf 'int f%s(int x) { return x * %s; }\n' "$n" "$n" >"f$n.c"
		cc -g -O1 -c "f$n.c" -o "m/a/f$n.ko"
	done
	cp m/a/f1.ko m/b/f1.ko
	"$modulo" tree build m -o m.tree
	rm -rf good
	cp -r m good
	"$modulo" tree attach --quiet good --tree m.tree
}

late()
{
	build_set
	strip --strip-debug m/a/f2.ko
	cp -r m before
	refuses modules.stripped "$modulo" tree attach m --tree m.tree
	grep -F 'm/a/f2.ko: ' refuses.err
	diff -r m before
	cp good/a/f2.ko m/a/f2.ko
	poke m/a/f2.ko 100
	refuses modules.proof "$modulo" tree attach m --tree m.tree
	build_set
	poke m/a/f2.ko 100
	refuses modules.changed "$modulo" tree attach m --tree m.tree
	build_set
	mv m/a/f2.ko x && mv m/a/f3.ko m/a/f2.ko && mv x m/a/f3.ko
	refuses modules.swapped "$modulo" tree attach m --tree m.tree
	build_set
	printf 'int g;\n' >g.c
	cc -c g.c -o m/a/g.ko
	refuses modules.unknown "$modulo" tree attach m --tree m.tree
	rm m/a/g.ko
	cp good/a/f2.ko m/a/f2.ko
	refuses modules.proof "$modulo" tree build m
	says 'attached: 5 of 6 modules' "$modulo" tree attach m --tree m.tree
	diff -r m good
}
t 'modules that are not as they were hashed' late

# The same bytes in two places: each gets its own index, by its path; elsewhere by content.
twins()
{
	build_set
	! cmp -s good/a/f1.ko good/b/f1.ko
	"$modulo" tree verify good --tree m.tree --format json | grep -F '"path":"good/b/f1.ko"' | grep -F '"index":5,'
	"$modulo" tree verify good --tree m.tree --format json | grep -F '"path":"good/a/f1.ko"' | grep -F '"index":0,'
	cp m/b/f1.ko elsewhere.ko
	"$modulo" tree attach elsewhere.ko --tree m.tree
	cmp elsewhere.ko good/a/f1.ko
	"$modulo" tree attach good --tree m.tree
}
t 'modules of the same bytes' twins

# sign FILE: a signature behind it that nobody knows
sign()
{
	tail -c +881 "$samples/rsa1.ko" >>"$1"
}

signed()
{
	build_set
	sign m/a/f2.ko
	refuses modules.signed "$modulo" tree attach m --tree m.tree
	# signed before it was hashed: the signature belongs to what is hashed
	"$modulo" tree build m -o signed.tree
	says 'attached: 6 of 6 modules' "$modulo" tree attach m --tree signed.tree
	says 'all load: 6 of 6 modules' "$modulo" tree verify m --tree signed.tree
	# signed behind the proof
	cp -r good s
	sign s/a/f3.ko
	says 'all load: 6 of 6 modules' "$modulo" tree verify s --tree m.tree
	says 'attached: 0 of 6 modules' "$modulo" tree attach s --tree m.tree
	refuses modules.signed "$modulo" tree detach s
	refuses modules.proof "$modulo" tree build s
	printf x | dd of=s/a/f3.ko bs=1 seek=$(($(wc -c <s/a/f3.ko) - 40)) conv=notrunc
	exits 1 "$modulo" tree verify s --tree m.tree >said
	grep '^malformed  *s/a/f3.ko: ' said
	refuses modules.trailer "$modulo" tree detach s
	refuses modules.trailer "$modulo" tree attach s --tree m.tree
	mkdir bad-end && cp s/a/f3.ko bad-end
	refuses modules.trailer "$modulo" tree build bad-end
}
t 'signatures below, behind and instead of proofs' signed

kept()
{
	build_set
	chmod 0640 m/a/f1.ko
	ln -s ../a/f2.ko m/b/link.ko
	"$modulo" tree attach --quiet m m/b/link.ko --tree m.tree
	test "$(stat -c %a m/a/f1.ko)" = 640
	test -L m/b/link.ko
	find m -name '*modulo*' >left
	test ! -s left
}
t 'modes and links stay' kept

# The verbs that know nothing of trees take a proof for one more kind of signature: split is detach, join is attach.
generic()
{
	rm -rf g
	cp -r "$root/demo/vendor/unsigned" g
	cp -r g plain-g
	"$modulo" tree build g -o g.tree
	says 'attached: 6 of 6 modules' "$modulo" tree attach g --tree g.tree
	"$modulo" split g --unsigned split-g --store store-g
	diff -r split-g plain-g
	"$modulo" join split-g --from store-g -o joined-g
	diff -r joined-g g
	says 'verified (6 signatures: 6 verified, 0 unverified, 0 INVALID; 0 unsigned)' \
		"$modulo" verify g --root "$("$modulo" tree root g.tree)"
	says 'identical modulo signatures (6 signatures: 6 merkle-module; 0 verified)' "$modulo" compare g plain-g
	says 'detached: 6 of 6 modules' "$modulo" tree detach g
	diff -r g plain-g
}
t 'split and join, detach and attach' generic

# --- vmlinux

embedded()
{
	build_set
	for class in 32 64; do
		for order in little big; do
			"$vmlinux" $class $order 36 >vm
			cp vm empty
			chmod 0751 vm
			says embedded "$modulo" tree embed vm --tree m.tree
			test "$(stat -c %a vm)" = 751
			says "$("$modulo" tree root m.tree)" "$modulo" tree root vm
			# but for the 36 bytes all is as before
			head -c 4096 empty | cmp - vm -n 4096
			tail -c +4133 empty >a && tail -c +4133 vm | cmp - a
			od -An -tx1 -j 4096 -N 4 vm >levels
			if [ $order = big ]; then
				grep -Fx ' 00 00 00 03' levels
			else
				grep -Fx ' 03 00 00 00' levels
			fi
			touch -d '2020-01-01' vm
			says 'there already, nothing written' "$modulo" tree embed vm --tree m.tree
			test "$(stat -c %y vm | cut -c 1-4)" = 2020
			cp vm filled
			refuses image.filled "$modulo" tree embed vm --tree plain.tree
			cmp vm filled
			says embedded "$modulo" tree embed vm --tree plain.tree --replace
			says "$("$modulo" tree root plain.tree)" "$modulo" tree root vm
		done
	done
}
t 'embedded in a vmlinux: both classes, both byte orders' embedded

not_embedded()
{
	"$vmlinux" 64 little 40 >vm
	refuses image.size "$modulo" tree embed vm --tree m.tree
	grep ' 40 bytes.* 36$' refuses.err
	"$vmlinux" 64 little 36 .other >vm
	refuses image.section "$modulo" tree embed vm --tree m.tree
	grep CONFIG_MODULE_HASHES refuses.err
	refuses image.elf "$modulo" tree embed m.tree --tree m.tree
	# reserved, and nobody filled it
	for len in 36 64; do
		"$vmlinux" 64 little $len >vm
		refuses image.empty "$modulo" tree audit good --kernel vm
	done
}
t 'sections that cannot be filled' not_embedded

# --- a list

lists()
{
	build_set
	"$modulo" tree build --list m -o m.list
	(cd m && sha256sum a/f1.ko a/f2.ko a/f3.ko a/f4.ko a/f5.ko b/f1.ko) | cut -d ' ' -f 1 >sums
	cut -d ' ' -f 2 m.list | sed -n '5,10p' | cmp - sums
	"$vmlinux" 64 little $((6 * 32)) >vm
	says embedded "$modulo" tree embed vm --tree m.list
	tail -c +4097 vm | head -c 192 | od -An -v -tx1 | tr -d ' \n' >have
	tr -d '\n' <sums | cmp - have
	says "list 6:$(tail -c +4097 vm | head -c 192 | sha256sum | cut -d ' ' -f 1)" "$modulo" tree root vm
	says "$("$modulo" tree root vm)" "$modulo" tree root m.list
	"$vmlinux" 64 little $((5 * 32)) >small
	refuses image.size "$modulo" tree embed small --tree m.list
	grep ' 160 bytes.* 6 modules.* 192$' refuses.err
	says 'all load: 6 of 6 modules' "$modulo" tree audit m --kernel vm
	says 'all load: 6 of 6 modules' "$modulo" tree audit m --kernel vm --tree m.list
	refuses modules.list "$modulo" tree attach m --tree m.list
	refuses modules.list "$modulo" tree prove m/a/f1.ko --tree m.list -o p
	cp good/a/f1.ko m/a/f1.ko
	poke m/a/f2.ko 100
	exits 1 "$modulo" tree audit m --kernel vm --tree m.list >said
	grep '^wrong-proof  *m/a/f1.ko: ' said
	grep '^changed  *m/a/f2.ko: ' said
	says 'not all load: 4 of 6 modules' "$modulo" tree audit m --kernel vm
	exits 1 "$modulo" tree audit m --kernel vm >said
	grep '^not-proven  *m/a/f2.ko: ' said
}
t 'lists' lists

# --- audit: which modules a kernel would load, and why not the others

# said VERDICT PATH: in the report
said()
{
	grep "^$1  *$2: " said || {
		cat said
		return 1
	}
}

# audited CODE LAST-LINE ARGUMENT...: the report is in `said`
audited()
{
	code=$1
	last=$2
	shift 2
	exits "$code" "$modulo" tree audit "$@" >said
	[ "$(tail -n 1 said)" = "$last" ] || {
		cat said
		return 1
	}
}

audit()
{
	build_set
	"$vmlinux" 64 little 36 >vm
	"$modulo" tree embed vm --tree m.tree
	audited 0 'all load: 6 of 6 modules' good --kernel vm
	audited 0 'all load: 6 of 6 modules' good --kernel vm --tree m.tree
	test "$(wc -l <said)" -eq 3
	# stripped, its proof gone with it; changed; without a proof; the proofs of two others swapped
	cp -r good worse
	strip --strip-debug worse/a/f1.ko
	poke worse/a/f2.ko 100
	cp m/a/f3.ko worse/a/f3.ko
	for n in 4 5; do
		tail -c 140 "good/a/f$n.ko" >"proof$n"
	done
	cat m/a/f4.ko proof5 >worse/a/f4.ko
	cat m/a/f5.ko proof4 >worse/a/f5.ko
	for tree in '' '--tree m.tree'; do
		# shellcheck disable=SC2086 # words
		audited 1 'not all load: 1 of 6 modules' worse --kernel vm $tree
		said stripped worse/a/f1.ko
		said changed worse/a/f2.ko
		said no-proof worse/a/f3.ko
		if [ -n "$tree" ]; then
			said wrong-proof worse/a/f4.ko
			said wrong-proof worse/a/f5.ko
		else
			grep '^changed  *worse/a/f4.ko: .*proof is another module' said
			grep '^changed  *worse/a/f5.ko: .*proof is another module' said
		fi
	done
	exits 1 "$modulo" tree audit worse --kernel vm --quiet >said
	test ! -s said
}
t 'audit: stripped, changed, without a proof, with the proof of another' audit

# Modules of build A under the kernel of build B: all of them, and one among ours
other_build()
{
	cp -r m other
	printf 'int f2(int x) { return x; }\n' >f2.c
	printf 'int f1(int x) { return x; }\n' >f1.c
	cc -g -O1 -c f2.c -o other/a/f2.ko
	cc -g -O1 -c f1.c -o other/a/f1.ko
	"$modulo" tree build other -o other.tree
	cp -r other other-plain
	"$modulo" tree attach --quiet other --tree other.tree
	audited 1 'not all load: 0 of 6 modules' other --kernel vm
	for f in a/f1 a/f2 a/f3 a/f4 a/f5 b/f1; do
		said other-build "other/$f.ko"
	done
	cp -r good mixed
	cp other/a/f2.ko mixed/a/f2.ko
	for tree in '' '--tree m.tree'; do
		# shellcheck disable=SC2086 # words
		audited 1 'not all load: 5 of 6 modules' mixed --kernel vm $tree
		said other-build mixed/a/f2.ko
	done
	refuses modules.root "$modulo" tree audit good --kernel vm --tree other.tree
	# one module alone: what it is cannot be told
	mkdir alone && cp other/a/f2.ko alone
	audited 1 'not all load: 0 of 1 modules' alone --kernel vm
	said not-proven alone/f2.ko
	# an old proof behind a module of this build
	cp m/a/f2.ko mixed/a/f2.ko
	tail -c 140 other/a/f2.ko >>mixed/a/f2.ko
	audited 1 'not all load: 5 of 6 modules' mixed --kernel vm
	said other-build mixed/a/f2.ko
	audited 1 'not all load: 5 of 6 modules' mixed --kernel vm --tree m.tree
	said wrong-proof mixed/a/f2.ko
}
t 'audit: of another build' other_build

# One module more, one less: another root, and other levels where it was a power of two
count()
{
	build_set
	printf 'int f9;\n' >f9.c
	cc -g -c f9.c -o m/a/f9.ko
	"$modulo" tree build m -o more.tree
	"$modulo" tree attach --quiet m --tree more.tree
	audited 1 'not all load: 0 of 7 modules' m --kernel vm
	! grep -v '^other-build \|^root \|^kernel \|^not all' said
	refuses modules.root "$modulo" tree audit m --kernel vm --tree more.tree
	# with the others as they should be it was added, or is missing
	cp -r good added
	cp f9.c added
	cc -g -c f9.c -o added/a/f9.ko
	audited 1 'not all load: 6 of 7 modules' added --kernel vm --tree m.tree
	said added added/a/f9.ko
	cp -r good less
	rm less/a/f3.ko
	audited 0 'all load: 5 of 5 modules' less --kernel vm
	audited 1 'not all load: 5 of 5 modules, 1 missing' less --kernel vm --tree m.tree
	said missing a/f3.ko
	# names are not authenticated
	cp -r good renamed
	mv renamed/a/f3.ko renamed/a/else.ko
	audited 0 'all load: 6 of 6 modules, 1 renamed' renamed --kernel vm --tree m.tree
	grep '^loads  *renamed/a/else.ko: .*hashed as a/f3.ko' said
	rm -r good/a good/b/f1.ko
	cp v8/m*.ko good
	numbered v9 9
	"$modulo" tree build v9 -o v9.tree
	"$modulo" tree attach --quiet v9 --tree v9.tree
	exits 1 "$modulo" tree verify v9 --root "$("$modulo" tree root v8.tree)" >said
	test "$(grep -c '^other-build ' said)" -eq 9
}
numbered v8 8
"$modulo" tree build v8 -o v8.tree
t 'audit: modules more and less' count

packed_audit()
{
	build_set
	for f in good/a/f1.ko good/a/f2.ko; do
		xz --check=crc32 --lzma2=dict=1MiB "$f"
	done
	gzip -n good/a/f3.ko
	zstd -q --rm good/a/f4.ko
	poke m/a/f5.ko 100
	audited 0 'all load: 6 of 6 modules' good --kernel vm --tree m.tree
	grep '^compressed  *4 modules' said
	cp m/a/f5.ko good/a/f5.ko
	xz good/a/f5.ko
	audited 1 'not all load: 5 of 6 modules' good --kernel vm --tree m.tree
	said changed good/a/f5.ko.xz
	head -c 300 good/a/f2.ko.xz >short.xz && cp short.xz good/a/f2.ko.xz
	audited 1 'not all load: 4 of 6 modules' good --kernel vm --tree m.tree
	said broken good/a/f2.ko.xz
}
t 'audit: compressed modules' packed_audit

json()
{
	build_set
	poke good/a/f2.ko 100
	exits 1 "$modulo" tree audit good --kernel vm --tree m.tree --format json >said
	grep -F '{"schema":"modulo.tree.audit/1","modules":[' said
	grep -F '{"path":"good/a/f2.ko","verdict":"changed","text":' said
	tail -n 1 said | grep -F "],\"complete\":true,\"ok\":false,\"kind\":\"tree\",\"levels\":3,\"root\":\""
	tail -n 1 said | grep -F ",\"kernel\":\"vmlinux\",\"count\":6,\"loads\":5,\"compressed\":0,\"renamed\":0,\"missing\":0}"
	"$modulo" tree root m.tree --format json | grep -F '{"schema":"modulo.tree.root/1","kind":"tree","levels":3,"root":"'
	"$modulo" tree detach good --format json | grep -Fx '{"schema":"modulo.tree.detach/1","modules":6,"written":6}'
	refuses usage.option "$modulo" tree verify good
	refuses usage.option "$modulo" tree verify good --root 1:2
	refuses usage.option "$modulo" tree audit good
	refuses usage.option "$modulo" tree frob
}
t 'JSON, and what cannot be asked for' json

# --- kernel images as they are installed

le32()
{
	printf '%b' "\\0$(printf %o $(($1 & 255)))\\0$(printf %o $(($1 >> 8 & 255)))\\0$(printf %o $(($1 >> 16 & 255)))\\0$(printf %o $(($1 >> 24 & 255)))"
}

put()
{
	dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# bzimage FILE PAYLOAD [OFFSET]: setup of four sectors (said by 0), the payload so far behind
bzimage()
{
	{
		head -c $((5 * 512 + ${3:-0})) /dev/zero
		cat "$2"
		echo 'what follows the payload'
	} >"$1"
	printf 'HdrS\017\002' | put "$1" $((0x202))
	le32 "${3:-0}" | put "$1" $((0x248))
	le32 "$(wc -c <"$2")" | put "$1" $((0x24c))
}

# zboot FILE STREAM
zboot()
{
	{
		printf 'MZ\000\000zimg'
		le32 64
		le32 "$(wc -c <"$2")"
		head -c 48 /dev/zero
		cat "$2"
		echo 'what follows the payload'
	} >"$1"
}

# pack CODEC <VMLINUX, as the kernel's makefiles do
pack()
{
	case $1 in
	gzip) gzip -9n ;;
	xz) xz --check=crc32 --x86 --lzma2=dict=1MiB ;;
	lzma) xz --format=lzma -9 ;;
	zstd) zstd -q -22 --ultra ;;
	lz4) lz4 -l -9 - - ;;
	esac
}

images()
{
	build_set
	"$vmlinux" 64 little 36 >vm
	"$modulo" tree embed vm --tree m.tree
	# behind the ELF file there are relocations
	{ cat vm && printf 'relocations'; } >vmlinux.bin
	root_text=$("$modulo" tree root m.tree)
	for codec in gzip xz lzma zstd lz4; do
		[ $codec != lz4 ] || command -v lz4 >/dev/null || continue
		pack $codec <vmlinux.bin >stream
		zboot zboot stream
		says "$root_text" "$modulo" tree root zboot
		[ $codec = gzip ] || le32 "$(wc -c <vmlinux.bin)" >>stream
		bzimage bz stream 1000
		says "$root_text" "$modulo" tree root bz
		audited 0 'all load: 6 of 6 modules' good --kernel bz
		grep '^kernel  *bzImage$' said
		[ $codec != lzma ] || continue
		pack $codec <vm >"vm.$codec"
		[ $codec = lz4 ] || says "$root_text" "$modulo" tree root "vm.$codec"
	done
}
t 'bzImage and EFI zboot images, packed in every way' images

# The same vmlinux in each: they were packed where all the programs were at hand.
packed_before()
{
	for codec in gzip xz lzma zstd lz4; do
		says 'list 2:f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b' \
			"$modulo" tree root "$root/test/fuzz/corpus/fuzz_image/bz-$codec"
	done
}
t 'bzImages that were packed before' packed_before

# An Image has no sections: the root is looked for, and found or not.
raw()
{
	"$modulo" tree root m.tree
	tail -c +4097 vm | head -c 36 >root36
	for order in little big; do
		head -c 3000000 /dev/zero >raw
		printf 'ARM\144' | put raw 56
		put raw 1048560 <root36
		[ $order = little ] || printf '\000\000\000\003' | put raw 1048560
		audited 0 'all load: 6 of 6 modules' good --kernel raw
		grep '^kernel  *Image$' said
		audited 0 'all load: 6 of 6 modules' good --kernel raw --tree m.tree
		# without a proof, but with the tree
		exits 1 "$modulo" tree audit m --kernel raw --tree m.tree
		refuses image.root "$modulo" tree audit m --kernel raw
		refuses image.root "$modulo" tree root raw
		gzip -9n <raw >stream
		zboot zboot stream
		audited 0 'all load: 6 of 6 modules' good --kernel zboot
	done
	poke raw 1048570
	refuses image.root "$modulo" tree audit good --kernel raw --tree m.tree
}
t 'images without a section table' raw

not_trees()
{
	refuses merkle.version "$modulo" tree verify good --tree vm
	refuses image.section "$modulo" tree audit good --kernel "$samples/plain.ko"
	refuses image.section "$modulo" tree audit good --kernel "$samples/plain.ko.xz"
	refuses io.open "$modulo" tree root not-there
	refuses io.open "$modulo" tree attach not-there --tree m.tree
}
t 'what is neither a tree nor a kernel' not_trees

finish
