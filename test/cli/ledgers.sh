#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Ledgers with one thing broken: `join` refuses each by its id, and writes nothing. Made from good ones when the test runs, for they
# name the digest of the forms table.
# usage: ledgers.sh MODULO SOURCE-ROOT
modulo=$(realpath "$1")
root=$(realpath "$2")
. "$root/test/cli/tap-cli.sh"
in=lib/modules/5.10.0-32-cloud-amd64/kernel/lib/crc7.ko
cp "$root/demo/vendor/signed/$in" s.ko
cp "$root/demo/vendor/unsigned/$in" u.ko
"$modulo" split --quiet s.ko --ledger l
xz -k --check=crc32 --lzma2=dict=1MiB s.ko u.ko
"$modulo" split --quiet --prove-encodings s.ko.xz --ledger x
mkdir -p t u
cp s.ko t/x.ko
cp u.ko u/x.ko
"$modulo" split --quiet t --ledger d

# a stream that travels: no encoder gives other bytes than its own
printf 'carried' >text
gzip -kn text
{
	head -c 4 text.gz
	printf '\001\002\003\004'
	tail -c +9 text.gz
} >dated.gz
size=$(wc -c <dated.gz)
{
	sed -n 1,2p l
	echo "artifact $size $(sha256sum dated.gz | cut -c 1-64)"
	echo "core 7 $(sha256sum text | cut -c 1-64)"
	echo "stream gzip $size mtime=67305985,xfl=0,os=3,name= carried 1"
	base64 -w 0 dated.gz
	printf '\nleaf 7\nend\n'
} >c

# evil ID INPUT LEDGER SED-EXPRESSION
evil()
{
	sed -e "$4" "$3" >evil.ledger
	if cmp -s "$3" evil.ledger; then
		return 1
	fi
	refuses "$1" "$modulo" join "$2" --ledger evil.ledger -o none
	[ ! -e none ]
	[ -z "$(find . -name 'none*')" ]
}

good()
{
	"$modulo" join u.ko --ledger l -o g1
	cmp g1 s.ko
	"$modulo" join u.ko.xz --ledger x -o g2
	cmp g2 s.ko.xz
	"$modulo" join u --ledger d -o g3
	diff -r g3 t
	"$modulo" join dated.gz --ledger c -o g4
	cmp g4 dated.gz
}
t 'the good ones join' good

zero=0000000000000000000000000000000000000000000000000000000000000000
t 'ledger.version' evil ledger.version u.ko l '1s/1/2/'
t 'ledger.word: header' evil ledger.word u.ko l '1s/modulo-ledger/modulo-leger/'
t 'ledger.word: items' evil ledger.word u.ko l 's/^leaf/twig/'
t 'ledger.word: words too many' evil ledger.word u.ko l '3s/$/ x/'
t 'ledger.word: container' evil ledger.word u.ko l 's/^leaf .*/records dir-x/'
t 'ledger.line: space' evil ledger.line u.ko l '3s/ /  /'
t 'ledger.line: trailing space' evil ledger.line u.ko l '3s/$/ /'
t 'ledger.line: empty' evil ledger.line u.ko l '3s/.*//'
t 'ledger.line: tab' evil ledger.line u.ko l '3s/ /	/'
t 'ledger.forms' evil ledger.forms u.ko l "2s/ .*/ $zero/"
t 'ledger.digest: upper case' evil ledger.digest u.ko l '2s/ .*/ ABCDEF/'
t 'ledger.digest: short' evil ledger.digest u.ko l '4s/.$//'
t 'ledger.number: leading zero' evil ledger.number u.ko l '3s/ / 0/'
t 'ledger.number: sign' evil ledger.number u.ko l '5s/ / +/'
t 'ledger.number: too large' evil ledger.number u.ko l '5s/ [0-9]*/ 9223372036854775808/'
t 'ledger.form' evil ledger.form u.ko l '6s/^module.pkcs7/module.pkcs8/'
t 'ledger.form: record' evil ledger.form u d 's/^file /filed /'
t 'ledger.form: of another container' evil ledger.form u d 's/^file /meta.file /'
t 'ledger.base64: alphabet' evil ledger.base64 u.ko l '6s/M/_/2'
t 'ledger.base64: padding' evil ledger.base64 u.ko l '6s/$/=/'
t 'ledger.signatures' evil ledger.signatures u.ko l '5s/1$/9/'
t 'ledger.signatures: zero' evil ledger.signatures u.ko l '5s/1$/0/'
t 'ledger.end: gone' evil ledger.end u.ko l '/^end$/d'
t 'ledger.end: more' evil ledger.end u.ko l 's/^end$/end\nend/'
t 'ledger.codec' evil ledger.codec u.ko.xz x 's/^stream xz/stream lz/'
t 'ledger.argument: mode' evil ledger.argument u d 's/^file 0/file 8/'
t 'ledger.argument: escape' evil ledger.argument u d 's/ x.ko / \\170.ko /'
t 'ledger.argument: missing' evil ledger.argument u d 's/^\(file .*\) [0-9]*$/\1/'
t 'join.claim' evil join.claim u d 's/^\(file .*\) [0-9]*$/\1 6044/'
t 'join.core: another record' evil join.core u d 's/ x.ko / y.ko /'
t 'join.core: another length' evil join.core u.ko l '4s/ [0-9]* / 1 /'
t 'join.core: another digest' evil join.core u.ko l "4s/ [0-9a-f]*\$/ $zero/"
t 'join.core: leaf too long' evil join.core u.ko l '5s/ [0-9]* / 99999 /'
t 'join.artifact: digest' evil join.artifact u.ko l "3s/ [0-9a-f]*\$/ $zero/"
t 'join.artifact: no signature' evil join.artifact u.ko l '5s/ 1$//;6d'
t 'join.encoding' evil join.encoding u.ko.xz x 's/^\(stream xz\) [0-9]*/\1 7/'
t 'codec.encoder' evil codec.encoder u.ko.xz x 's/proven liblzma-[^/]*/proven liblzma-0.0.0/'
t 'codec.params' evil codec.params u.ko.xz x 's/check=crc32/check=crc33/'
t 'join.unproven' evil join.unproven u.ko.xz x 's/proven .*/checked/'
t 'ledger.word: grade' evil ledger.word u.ko.xz x 's/proven .*/believed/'
t 'ledger.carried' evil ledger.carried dated.gz c 's/carried 1/carried 2/'
t 'join.carried: parameters' evil join.carried dated.gz c 's/mtime=[0-9]*/mtime=0/'
t 'ledger.base64: carried line' evil ledger.base64 dated.gz c '6s/^..../&&/'
t 'ledger.depth' evil ledger.depth u.ko.xz x \
	's/^leaf/stream xz 1 p proven e\nstream xz 1 p proven e\nstream xz 1 p proven e\nstream xz 1 p proven e\nstream xz 1 p proven e\nstream xz 1 p proven e\nstream xz 1 p proven e\nstream xz 1 p proven e\nstream xz 1 p proven e\nstream xz 1 p proven e\nstream xz 1 p proven e\nstream xz 1 p proven e\nstream xz 1 p proven e\nstream xz 1 p proven e\nstream xz 1 p proven e\nstream xz 1 p proven e\nleaf/'

no_lf()
{
	head -c -1 l >evil.ledger
	refuses ledger.line "$modulo" join u.ko --ledger evil.ledger -o none
	{
		sed -n 1,5p l
		head -c 1100000 /dev/zero | tr '\0' a
		echo
	} >evil.ledger
	refuses ledger.line "$modulo" join u.ko --ledger evil.ledger -o none
}
t 'ledger.line: the last without LF, one too long' no_lf

# A signature behind what no loader would ignore: a ledger that is right in all else.
place()
{
	printf 'echo good\n' >script
	body=$(sed -n '6s/.* //p' l)
	{
		cat script
		tail -c +$(($(wc -c <u.ko) + 1)) s.ko
	} >signed-script
	{
		sed -n 1,2p l
		echo "artifact $(wc -c <signed-script) $(sha256sum signed-script | cut -c 1-64)"
		echo "core $(wc -c <script) $(sha256sum script | cut -c 1-64)"
		echo "leaf $(wc -c <script) 1"
		echo "module.pkcs7 $body"
		echo end
	} >evil.ledger
	refuses ledger.place "$modulo" join script --ledger evil.ledger -o none
}
t 'ledger.place: a signature behind a script' place

large()
{
	{
		sed -n 1,5p l
		printf 'module.pkcs7 '
		head -c 65538 /dev/zero | base64 -w 0
		printf '\nend\n'
	} >evil.ledger
	refuses ledger.signature "$modulo" join u.ko --ledger evil.ledger -o none
}
t 'ledger.signature: too large' large

# Names that would leave the directory. The core that such a ledger wants is a directory's that has them in a file's content.
paths()
{
	mkdir -p evil
	for name in ../x a/../x /x a//x . x/; do
		line="dir 0755 $name"
		printf '%s\n' "$line" >core.bytes
		{
			sed -n 1,2p l
			echo "artifact $(wc -c <core.bytes) $(sha256sum core.bytes | cut -c 1-64)"
			echo "core $(wc -c <core.bytes) $(sha256sum core.bytes | cut -c 1-64)"
			printf 'records dir\n%s\nclose\nend\n' "$line"
		} >evil.ledger
		mkdir -p "evil/$(printf '%s' "${#name}")"
		# No real directory has such an entry, so that its core already differs: join.core, or the path.
		exits 2 "$modulo" join u --ledger evil.ledger -o none
		[ ! -e none ]
	done
}
t 'paths that leave the directory' paths

finish
