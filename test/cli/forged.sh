#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Ledgers made to hide a change (doc/design.md, forms): every digest and length in them is right, only what they explain is not. Both the
# checker and `join` refuse them.
# usage: forged.sh MODULO MODULO-CHECK SOURCE-ROOT
modulo=$(realpath "$1")
check=$(realpath "$2")
root=$(realpath "$3")
. "$root/test/cli/tap-cli.sh"
samples=$root/test/samples/modules
"$modulo" split --quiet "$samples/rsa1.ko" --ledger good
forms=$(sed -n 2p good)
trailer=$(($(wc -c <"$samples/rsa1.ko") - $(wc -c <"$samples/plain.ko")))

# head_of ARTIFACT-BYTES CORE-BYTES: a ledger's first lines, as they have to be
head_of()
{
	printf 'modulo-ledger 1\n%s\n' "$forms"
	echo "artifact $(wc -c <"$1") $(sha256sum "$1" | cut -c 1-64)"
	echo "core $(wc -c <"$2") $(sha256sum "$2" | cut -c 1-64)"
}

# forged CHECKER-ID JOIN-ID ARTIFACT CORE UNSIGNED LEDGER
forged()
{
	got=0
	"$check" --quiet "$3" "$4" "$6" 2>err || got=$?
	cat err
	[ "$got" -ne 0 ] && grep -qF ": $1: " err
	refuses "$2" "$modulo" join "$5" --ledger "$6" -o none
	[ ! -e none ]
}

# Another place: a module's signature behind a script, whose value could be anything.
behind_script()
{
	echo 'echo good' >script
	{
		cat script
		tail -c "$trailer" "$samples/rsa1.ko"
	} >signed
	{
		head_of signed script
		echo "leaf $(wc -c <script) 1"
		grep '^module.pkcs7 ' good
		echo end
	} >l
	forged check.after ledger.place signed script script l
}
t 'module.pkcs7: behind a script' behind_script

# The same of a proof.
proof_behind_script()
{
	"$modulo" split --quiet "$samples/proof.ko" --ledger good-proof
	{
		cat script
		tail -c +$(($(wc -c <"$samples/plain.ko") + 1)) "$samples/proof.ko"
	} >proven
	{
		head_of proven script
		echo "leaf $(wc -c <script) 1"
		grep '^module.merkle ' good-proof
		echo end
	} >l
	forged check.after ledger.place proven script script l
}
t 'module.merkle: behind a script' proof_behind_script

# Another place: in a member of a directory, of a length that its record claims rightly.
in_a_tree()
{
	mkdir tree plain
	cp signed tree/x
	cp script plain/x
	chmod 0644 tree/x plain/x
	{
		printf 'file 0644 x %d\n' "$(wc -c <signed)"
		cat signed
	} >bytes
	{
		printf 'file 0644 x \n'
		cat script
	} >core
	{
		head_of bytes core
		echo 'records dir'
		echo "file 0644 x $(wc -c <signed)"
		echo "leaf $(wc -c <script) 1"
		grep '^module.pkcs7 ' good
		printf 'close\nend\n'
	} >l
	forged check.after ledger.place tree core plain l
}
t 'module.pkcs7: behind a script in a directory' in_a_tree

# A second record that only looks like one: text in a file's content, of which a length would then be derived, and could differ.
# looks_like META MODE-WORDS: "" or "meta."
looks_like()
{
	rm -rf tree plain
	mkdir tree plain
	words=$(stat -c '%u %g' tree)
	[ -n "$1" ] && fields="0644 $words 5.000000000 -" || fields=0644
	printf 'AAAAfile %s y 5\nhello' "$fields" >tree/x
	printf 'AAAAfile %s y \nhello' "$fields" >plain/x
	chmod 0644 tree/x plain/x
	touch -d @5 tree/x plain/x
	n=$(wc -c <tree/x)
	{
		printf 'file %s x %d\n' "$fields" "$n"
		cat tree/x
	} >bytes
	printf 'file %s x \nAAAAfile %s y \nhello' "$fields" "$fields" >core
	kind=dir
	[ -z "$1" ] || kind='dir-metadata'
	{
		head_of bytes core
		printf 'records %s\n%sfile %s x %d\nleaf 4\n%sfile %s y 5\nleaf 5\nclose\nend\n' "$kind" "$1" "$fields" "$n" "$1" "$fields"
	} >l
	[ -z "$1" ] || {
		"$check" --quiet tree core l 2>err && return 1
		grep -qF ': check.claim: ' err
		refuses join.claim "$modulo" join --metadata plain --ledger l -o none
		return
	}
	forged check.claim join.claim tree core plain l
}
t 'file: a record in the content of a file' looks_like ''
t 'meta.file: a record in the content of a file' looks_like meta.

# A file that reads like a directory's serialisation is a file: its lengths are content.
a_file_like_a_tree()
{
	printf 'file 0644 x 5\nhello' >like
	printf 'file 0644 x \nhello' >core
	{
		head_of like core
		printf 'records dir\nfile 0644 x 5\nleaf 5\nclose\nend\n'
	} >l
	forged ledger.word walk.kind like core core l
}
t 'records: a file that reads like a directory' a_file_like_a_tree

# Another subject: the length of another member.
other_subject()
{
	rm -rf tree plain
	mkdir tree plain
	printf 12345 >tree/a
	printf 1234567 >tree/b
	chmod 0644 tree/a tree/b
	cp -p tree/a tree/b plain/
	printf 'file 0644 a 7\n12345file 0644 b 5\n1234567' >bytes
	printf 'file 0644 a \n12345file 0644 b \n1234567' >core
	{
		head_of bytes core
		printf 'records dir\nfile 0644 a 7\nleaf 5\nfile 0644 b 5\nleaf 7\nclose\nend\n'
	} >l
	forged check.artifact join.claim tree core plain l
}
t 'file: the length of another member' other_subject

# Every other record: an argument that is not the directory's, with both digests made to fit.
# other_record FORM-AND-ARGUMENTS FORGED MAKE...
other_record()
{
	line=$1
	lie=$2
	shift 2
	rm -rf tree
	mkdir tree
	"$@"
	{
		echo "$line" >bytes
		echo "$lie" >core
		head_of core core
		printf 'records dir\n%s\nclose\nend\n' "$lie"
	} >l
	forged check.artifact join.core tree core tree l
	{
		head_of bytes bytes
		printf 'records dir\n%s\nclose\nend\n' "$line"
	} >l
	"$check" --quiet tree bytes l
}
a_dir() { mkdir -m 0755 tree/d; }
a_link() { ln -s there tree/l; }
a_fifo() { mkfifo -m 0644 tree/f; }
a_char() { mknod -m 0644 tree/c c 1 3; }
a_block() { mknod -m 0644 tree/b b 7 0; }
t 'dir' other_record 'dir 0755 d' 'dir 0777 d' a_dir
t 'symlink' other_record 'symlink l there' 'symlink l here' a_link
t 'fifo' other_record 'fifo 0644 f' 'fifo 0666 f' a_fifo
if [ "$(id -u)" -eq 0 ] && mknod probe c 1 3 2>/dev/null; then
	t 'char' other_record 'char 0644 1 3 c' 'char 0644 1 5 c' a_char
	t 'block' other_record 'block 0644 7 0 b' 'block 0644 8 0 b' a_block
fi

finish
