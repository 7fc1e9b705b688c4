#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Modules with proofs of a hash tree, alone and together with signatures. The trees are made here by test/samples/merkle.sh, with sha256sum
# alone; prover and checker have to say the same of each.
# usage: proofs.sh MODULO MODULO-CHECK SOURCE-ROOT VMLINUX-MAKER
modulo=$(realpath "$1")
check=$(realpath "$2")
src=$(realpath "$3")
vmlinux=$(realpath "$4")
. "$src/test/cli/tap-cli.sh"
. "$src/test/samples/merkle.sh"
m=$src/test/samples/modules
zeros=$(printf %064d 0)

# The vectors of the patch series: module i is the text `module i`.
vector()
{
	rm -rf v
	mkdir v
	i=0
	while [ $i -lt "$1" ]; do
		echo "module $i" >v/$i
		i=$((i + 1))
	done
	# shellcheck disable=SC2046 # the names are numbers
	(
		cd v
		merkle $(seq 0 $(($1 - 1)))
		[ "${root#*:}" = "$2" ]
	)
}
vectors()
{
	vector 1 7a5f4f253c58f36cebc2491f96479fa8752f7ac7b6e1a2352636630446210167
	vector 2 2b38210ee460e970b740cb14be6d66ddbb495135b54893f86feba172dabea18e
	vector 3 01cd17d08432bf3ebb988f523996e41f3d3b72f1741b3c086e5f8b92c12519ca
	vector 5 17da356aab3b86ba51f9215babd09a4eb4b0e7815a3c6da67374d24dc56f40dd
}
t 'the trees of these tests are those of the patch series' vectors

# with TYPE BODY FILE OUT: FILE with one trailer more
with()
{
	{
		cat "$3"
		trailer "$1" "$2"
	} >"$4.new"
	mv "$4.new" "$4"
}

# Two builds of five modules each: b differs from a in one of them. One of a's is signed before the trees are made.
openssl req -new -x509 -nodes -sha256 -days 3650 -batch -subj '/CN=Proofs' -newkey rsa:2048 -keyout key -out cert.pem 2>/dev/null
for b in a b; do
	mkdir $b
	for i in 0 1 2 3; do
		{
			cat "$m/plain.ko"
			echo "$i"
		} >$b/$i.ko
	done
	signature cert.pem key $b/3.ko >sig
	with 2 sig $b/3.ko $b/4.ko
done
echo changed >>b/2.ko
for b in b a; do
	(
		cd $b
		merkle 0.ko 1.ko 2.ko 3.ko 4.ko
		echo "$root" >root
	)
	for i in 0 1 2 3 4; do
		with 3 $b/$i.ko.proof $b/$i.ko $b/p$i.ko
	done
done
root=$(cat a/root)
root_b=$(cat b/root)
signature cert.pem key a/p0.ko >a/p0.sig
with 2 a/p0.sig a/p0.ko a/ps.ko # proof, then signature
cp a/p4.ko a/sp.ko              # signature, then proof
with 3 a/1.ko.proof a/0.ko a/swapped.ko
with 3 b/0.ko.proof a/0.ko a/other-build.ko
with 2 a/p0.sig a/swapped.ko a/swapped-signed.ko # of other bytes than these


# said_of OPTION... FILE: the kinds and states of its trailers, from the first
said_of()
{
	"$modulo" verify "$@" | sed -n 's/^\([^ ]*\)  *[^ ]*: \([a-z0-9-]*\), .*/\2 \1/p'
}

# one_state FILE WANT OPTION...: what verify says of it, and that the checker says the same
one_state()
{
	file=$1
	want=$2
	shift 2
	[ "$(said_of "$@" "$file" | paste -s -d ,)" = "$want" ]
	"$modulo" split --quiet --nested "$file" --ledger l --core c
	got=0
	"$check" "$@" "$file" c l >said 2>err || got=$?
	case $want in
	*INVALID*)
		[ $got -eq 1 ]
		grep -q ': check\.\(root\|signature\): ' err
		;;
	*)
		[ $got -eq 0 ]
		[ "$(sed -n 's/^signature \([^ ]*\) 1 \([^ ]*\) .*/\1 \2/p' said | paste -s -d ,)" = "$(echo "$want" | tr , '\n' | sort | paste -s -d ,)" ]
		;;
	esac
}

# states FILE WITHOUT-ROOT WITH-ROOT
states()
{
	one_state "$1" "$2" --keyring cert.pem
	one_state "$1" "$3" --keyring cert.pem --root "2:$zeros" --root "$root"
}

proof_states()
{
	for i in 0 1 2 3; do
		states a/p$i.ko 'merkle-module unverified' 'merkle-module verified'
		cmp -s a/p$i.ko b/p$i.ko && return 1
		states b/p$i.ko 'merkle-module unverified' 'merkle-module INVALID'
	done
	states a/swapped.ko 'merkle-module unverified' 'merkle-module INVALID'
	states a/other-build.ko 'merkle-module unverified' 'merkle-module INVALID'
}
t 'proofs: unverified without a root; then verified or INVALID' proof_states

pair_states()
{
	states a/ps.ko 'merkle-module unverified,pkcs7-module verified' 'merkle-module verified,pkcs7-module verified'
	states a/sp.ko 'pkcs7-module verified,merkle-module unverified' 'pkcs7-module verified,merkle-module verified'
	states a/swapped-signed.ko 'merkle-module unverified,pkcs7-module INVALID' 'merkle-module INVALID,pkcs7-module INVALID'
	# The proof of a signed module is not one of its content, nor the other way round.
	with 3 a/0.ko.proof a/4.ko a/wrong.ko
	states a/wrong.ko 'pkcs7-module verified,merkle-module unverified' 'pkcs7-module verified,merkle-module INVALID'
	with 3 a/4.ko.proof a/3.ko a/wrong.ko
	states a/wrong.ko 'merkle-module unverified' 'merkle-module INVALID'
}
t 'pairs of proof and signature, in both orders' pair_states

changed_bits()
{
	size=$(wc -c <a/p0.ko)
	len=$(wc -c <a/0.ko.proof)
	at=$((size - 40 - len))
	tried=0
	while [ $at -lt "$size" ]; do
		cp a/p0.ko bit.ko
		poke bit.ko $at
		got=0
		"$modulo" verify --root "$root" bit.ko >said 2>err || got=$?
		case $got:$(head -n 1 said) in
		2:) ;;
		1:INVALID*) tried=$((tried + 1)) ;;
		1:unsigned*) [ "$("$modulo" digest bit.ko | cut -c 1-64)" != "$(sha256sum <a/0.ko | cut -c 1-64)" ] ;; # its magic
		*) return 1 ;;
		esac
		at=$((at + 7))
	done
	[ $tried -ge 12 ]
}
t 'a bit turned in a trailer: refused or INVALID' changed_bits

roots()
{
	for r in '' : "$zeros" "2:" "2:${zeros}0" "2:${zeros#0}" "33:$zeros" "02:$zeros" "-2:$zeros" "+2:$zeros" " 2:$zeros" "2: $zeros" \
		"2:$(printf %064d 0 | tr 0 A)" "2:$zeros " "0:$(printf %064d 1)"; do
		refuses roots.text "$modulo" verify --root "$r" a/p0.ko
	done
	for r in '' : "$zeros" "2:" "2:${zeros}0" "2:${zeros#0}" "-2:$zeros" "+2:$zeros" " 2:$zeros" "2:$(printf %064d 0 | tr 0 A)" "2:$zeros " "133:$zeros"; do
		got=0
		"$check" --root "$r" a/p0.ko c l 2>err || got=$?
		[ $got -eq 2 ]
		grep -q ': check.usage: ' err
	done
	"$modulo" split --quiet a/p0.ko --ledger l --core c
	got=0
	"$check" --root "2:$zeros" a/p0.ko c l 2>err || got=$?
	[ $got -eq 1 ]
	grep -q ': check.root: ' err
	# Right hash, wrong height.
	exits 1 "$modulo" verify --quiet --root "4:${root#*:}" a/p0.ko
	exits 1 "$modulo" verify --quiet --root "0:$zeros" a/p0.ko
	"$modulo" inspect a/p3.ko >said
	grep -qx "  root           $root" said
	grep -qx '  index          3' said
	"$modulo" inspect --format json --root "$root" a/p3.ko | grep -qF "\"root\":\"$root\",\"index\":3}"
}
t 'roots: one spelling, and a height' roots

compared()
{
	says 'identical modulo signatures (1 signature: 1 merkle-module; 0 verified)' "$modulo" compare a/p0.ko a/0.ko
	says 'identical modulo signatures (1 signature: 1 merkle-module; 1 verified)' \
		"$modulo" compare --require verified --root "$root" a/p0.ko a/0.ko
	says 'identical modulo signatures (2 signatures: 2 merkle-module; 0 verified)' "$modulo" compare a/p0.ko b/p0.ko
	says 'identical modulo signatures (2 signatures: 2 merkle-module; 2 verified)' \
		"$modulo" compare --require verified --root "$root" --root "$root_b" a/p0.ko b/p0.ko
	says 'different (2 signatures: 2 merkle-module; 1 verified; 1 INVALID)' "$modulo" compare --root "$root" a/p0.ko b/p0.ko
	different "$modulo" compare a/p0.ko a/p1.ko
	different "$modulo" compare a/p2.ko b/p2.ko
	for x in a/3.ko a/p3.ko a/4.ko a/sp.ko; do
		"$modulo" digest "$x" | cut -c 1-64
	done | sort -u >digests
	[ "$(cat digests)" = "$(sha256sum <a/3.ko | cut -c 1-64)" ]
	# Both orders around one content: one core, one skeleton.
	with 2 sig a/p3.ko a/p3s.ko
	says 'identical modulo signatures (4 signatures: 2 merkle-module, 2 pkcs7-module; 0 verified)' "$modulo" compare a/p3s.ko a/sp.ko
	for x in a/3.ko a/p3s.ko a/sp.ko; do
		"$modulo" split --quiet $x --ledger l --core c
		"$check" $x c l | grep '^\(core\|skeleton\) '
	done | sort | uniq -c | grep -c '^ *3 ' | grep -qx 2
	xz -k --check=crc32 a/p0.ko a/0.ko
	says 'identical modulo signatures (1 signature: 1 merkle-module; 1 verified; encodings: 2 checked, 0 proven, 0 carried)' \
		"$modulo" compare --root "$root" a/p0.ko.xz a/0.ko.xz
}
t 'compare and digest' compared

trees()
{
	mkdir signed plain
	for i in 0 1 2 3; do
		cp a/p$i.ko signed/$i.ko
		cp a/$i.ko plain/
	done
	cp a/sp.ko signed/3.ko
	cp a/ps.ko signed/ps.ko
	cp a/0.ko plain/ps.ko
	says 'identical modulo signatures (7 signatures: 5 merkle-module, 2 pkcs7-module; 7 verified)' \
		"$modulo" compare --require verified --root "$root" --keyring cert.pem signed plain
	says 'verified (7 signatures: 7 verified, 0 unverified, 0 INVALID; 0 unsigned)' "$modulo" verify --root "$root" --keyring cert.pem signed
	"$modulo" split --quiet signed --unsigned u --ledger l --core c
	diff -r u plain
	"$check" --root "$root" --keyring cert.pem signed c l >said
	grep -qx "signature merkle-module 5 verified root $root" said
	grep -qx 'derived module.merkle be32(len(proof)) 5' said
	"$modulo" join --quiet plain --ledger l -o j
	diff -r j signed
	refuses store.conflict "$modulo" split signed --store st
	rm signed/ps.ko plain/ps.ko # its content was there twice
	"$modulo" split --quiet signed --store st
	says 'joined: 4 members, 5 signatures (5 bound to their content)' "$modulo" join plain --from st --root "$root" --keyring cert.pem -o k
	diff -r k signed
	refuses store.mismatch "$modulo" join plain --from st --root "$root_b" -o none
	[ ! -e none ]
}
t 'trees: split, check, join' trees

detached()
{
	mkdir d
	for i in 0 1 2; do
		cp a/$i.ko.proof d/
	done
	cp a/p0.sig d/0.ko.sig
	refuses store.missing "$modulo" join plain --from d -o none
	cp a/3.ko.proof d/
	says 'joined: 4 members, 5 signatures (5 bound to their content)' "$modulo" join plain --from d --root "$root" --keyring cert.pem -o e 2>err
	cmp e/0.ko a/ps.ko
	for i in 1 2 3; do
		cmp e/$i.ko a/p$i.ko
	done
	cp b/0.ko.proof d/
	mv d/0.ko.proof d/1.ko.proof
	cp a/0.ko.proof d/
	refuses store.mismatch "$modulo" join plain --from d --root "$root" -o none
	"$modulo" join --quiet a/0.ko --from a/0.ko.proof -o one.ko 2>err
	cmp one.ko a/p0.ko
	refuses store.mismatch "$modulo" join a/1.ko --from a/0.ko.proof --root "$root" -o none
	cp a/p0.sig bad.proof
	refuses merkle.proof "$modulo" join a/0.ko --from bad.proof -o none
	echo text >text
	refuses store.mismatch "$modulo" join text --from a/0.ko.proof -o none
	touch d/x
	refuses store.layout "$modulo" join plain --from d -o none
	[ ! -e none ]
}
t 'detached proofs and signatures' detached

stacks()
{
	with 3 a/0.ko.proof a/p0.ko two.ko
	refuses module.nested "$modulo" inspect two.ko
	says 'different (2 signatures: 2 merkle-module; 1 verified; 1 INVALID)' "$modulo" compare --nested --root "$root" two.ko a/0.ko
	with 2 sig a/ps.ko three.ko
	refuses module.nested "$modulo" inspect three.ko
	with 3 a/0.ko.proof a/ps.ko three.ko
	refuses module.nested "$modulo" inspect three.ko
	says 'identical modulo signatures (3 signatures: 2 merkle-module, 1 pkcs7-module; 0 verified)' "$modulo" compare --nested three.ko a/0.ko
}
t 'stacks that are no pair' stacks

# The tool's trees are the ones made here; where their roots are given makes no difference.
tools()
{
	mkdir t
	for i in 0 1 2 3 4; do
		cp a/$i.ko t/
		echo $i.o >>t/modules.order
	done
	"$modulo" tree build --quiet t -o tree
	says "$root" "$modulo" tree root tree
	cp -R t attached
	"$modulo" tree attach --quiet attached --tree tree
	for i in 0 1 2 3 4; do
		cmp attached/$i.ko a/p$i.ko
	done
	"$vmlinux" 64 little 36 >vm
	exits 1 "$modulo" verify --quiet --kernel vm a/p0.ko # it is not filled yet
	"$modulo" tree embed --quiet vm --tree tree
	for with in "--root $root" '--tree tree' '--kernel vm' "--root 2:$zeros --tree tree" "--kernel vm --root $root_b"; do
		# shellcheck disable=SC2086 # words
		exits 0 "$modulo" verify --quiet $with a/p0.ko
		# shellcheck disable=SC2086 # words
		exits 1 "$modulo" verify --quiet $with a/swapped.ko
		# shellcheck disable=SC2086 # words
		says 'identical modulo signatures (1 signature: 1 merkle-module; 1 verified)' \
			"$modulo" compare --require verified $with a/p0.ko a/0.ko
		# shellcheck disable=SC2086 # words
		[ "$("$modulo" inspect $with a/p0.ko | grep -c ' verified$')" -eq 1 ]
		# shellcheck disable=SC2086 # words
		says 'joined: 1 members, 1 signatures (1 bound to their content)' "$modulo" join a/0.ko --from a/0.ko.proof $with -o joined
		cmp joined a/p0.ko
	done
	exits 1 "$modulo" verify --quiet --kernel vm b/p0.ko # A module of build B under the kernel of build A
	"$modulo" tree build --quiet --list t -o list
	refuses usage.option "$modulo" verify --tree list a/p0.ko
	refuses io.open "$modulo" verify --kernel none a/p0.ko
	refuses image.section "$modulo" verify --kernel a/p0.ko a/p0.ko
	refuses usage.option "$modulo" digest --tree tree a/p0.ko
}
t 'roots out of a tree and a kernel' tools

# Ledgers of others: a proof that is none, behind what is no module, of another form.
forged()
{
	"$modulo" split --quiet a/p0.ko --ledger good --core c
	proof=$(sed -n 's/^module.merkle //p' good)
	for bad in "$(head -c 36 a/0.ko.proof | base64 -w 0)A" "$(head -c 35 a/0.ko.proof | base64 -w 0)" "$(head -c 4 a/0.ko.proof | base64 -w 0)" \
		"$({ be32 8; tail -c +5 a/0.ko.proof; } | base64 -w 0)"; do
		sed "s|^module.merkle .*|module.merkle $bad|" good >l
		got=0
		"$check" --quiet a/p0.ko c l 2>err || got=$?
		[ $got -eq 2 ]
		grep -q ': \(merkle.proof\|ledger.base64\): ' err
		got=0
		"$modulo" join --quiet a/0.ko --ledger l -o none 2>err || got=$?
		[ $got -eq 2 ]
		grep -q ': \(merkle.proof\|ledger.base64\): ' err
	done
	sed "s|^module.merkle .*|module.pkcs7 $proof|" good >l
	exits 2 "$check" --quiet a/p0.ko c l
	exits 2 "$modulo" join --quiet a/0.ko --ledger l -o none
	sed "s|^module.merkle .*|module.merkle $(base64 -w 0 b/0.ko.proof)|" good >l
	exits 1 "$check" --quiet a/p0.ko c l
	refuses join.artifact "$modulo" join --quiet a/0.ko --ledger l -o none
	[ ! -e none ]
}
t "proofs in somebody's ledger" forged

finish
