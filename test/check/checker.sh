#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# modulo-check alone: ledgers written by hand from doc/ledger.md, over small artifacts that the system's tools make.
# usage: checker.sh MODULO-CHECK SOURCE-ROOT FLIP
check=$(realpath "$1")
root=$(realpath "$2")
flip=$(realpath "$3")
. "$root/test/cli/tap-cli.sh"
samples=$root/test/samples
zero=0000000000000000000000000000000000000000000000000000000000000000

digest()
{
	digest=$(sha256sum <"$1")
	echo "${digest%% *}"
}
forms=$("$check" --forms | sha256sum | cut -c 1-64)
size()
{
	wc -c <"$1"
}
# ledger ARTIFACT CORE <ITEMS >LEDGER
ledger()
{
	printf 'modulo-ledger 1\nforms %s\n' "$forms"
	printf 'artifact %d %s\ncore %d %s\n' "$(size "$1")" "$(digest "$1")" "$(size "$2")" "$(digest "$2")"
	cat
	echo end
}
# accepts LINE... -- ARGUMENT...: exit 0, and each LINE is a line of the report
accepts()
{
	: >want
	while [ "$1" != -- ]; do
		printf '%s\n' "$1" >>want
		shift
	done
	shift
	"$check" "$@" >said
	cat said
	[ ! -s want ] || while IFS= read -r line; do
		grep -Fqx -e "$line" said
	done <want
	[ "$(tail -n 1 said)" = accepted ]
}
# id CODE ID ARGUMENT...: this exit code, nothing on stdout, one line on stderr that has the id
id()
{
	code=$1
	id=$2
	shift 2
	got=0
	"$check" "$@" >out 2>err || got=$?
	{ IFS= read -r refusal && ! read -r _; } <err || refusal=
	echo "$refusal"
	[ "$got" -eq "$code" ]
	[ ! -s out ]
	case $refusal in
	"modulo-check: "*": $id: "*) ;;
	*) false ;;
	esac
}
# item of a compressed content: stream FILE CODEC PARAMS [GRADE...]
stream()
{
	file=$1
	codec=$2
	shift 2
	echo "stream $codec $(size "$file") $*"
	echo "leaf $(size content)"
}

seq 1 3000 >content
printf 'hello\n' >small
xz=$(xz --version | sed -n 's/^liblzma //p')
zstd=$(zstd --version | sed -n 's/.* v\([0-9.]*\),.*/\1/p')
gzip=$(gzip --version | sed -n '1s/^gzip //p')
pigz=$(pigz --version | sed -n '1s/^pigz //p')

usage()
{
	cat "$root"/forms/*.forms >table
	"$check" --forms | cmp - table
	"$check" --version | grep -q '^modulo-check '
	"$check" --help | grep -q -e --prove-encodings
	id 2 check.usage small
	id 2 check.usage --nonsense small small small
	id 2 check.usage --forms small
	id 2 check.read absent small small
	id 2 check.read small absent small
	id 2 check.read small small absent
	id 2 check.read --keyring absent small small small
	id 2 check.keyring --keyring small small small small
	id 2 check.keyring --keyring "$root/test/samples/cms/content" small small small
}
t 'usage' usage

plain()
{
	echo 'leaf 6' | ledger small small >l
	d=$(digest small)
	s=$(echo 'leaf 6' | sha256sum | cut -c 1-64)
	printf 'artifact 6 %s\ncore 6 %s\nskeleton %s\nforms %s\naccepted\n' "$d" "$d" "$s" "$forms" >want
	"$check" small small l >said
	cmp want said
	"$check" --quiet small small - <l >said
	[ ! -s said ]
	: >empty
	echo 'leaf 0' | ledger empty empty >l0
	accepts -- empty empty l0
}
t 'a plain file' plain

# change SED-SCRIPT: the plain file's ledger with a change
change()
{
	sed "$1" l >g
}
lines()
{
	change '1s/1$/2/'; id 2 ledger.version small small g
	change "2s/ .*/ $zero/"; id 2 ledger.forms small small g
	change '2s/ ./ X/'; id 2 ledger.digest small small g
	change '3s/artifact/artefact/'; id 2 ledger.word small small g
	change '3s/artifact 6/artifact 06/'; id 2 ledger.number small small g
	change '3s/artifact 6/artifact 9223372036854775808/'; id 2 ledger.number small small g
	change '3s/ /  /'; id 2 ledger.line small small g
	change '5s/$/ /'; id 2 ledger.line small small g
	change '5s/ /	/'; id 2 ledger.line small small g
	change '5s/$/\n/'; id 2 ledger.line small small g
	change '5s/leaf/twig/'; id 2 ledger.word small small g
	change '5s/$/ 0/'; id 2 ledger.number small small g
	change '5s/$/ 9/'; id 2 ledger.number small small g
	change '5s/.*/records dir/'; id 2 ledger.word small small g
	change '$d'; id 2 ledger.end small small g
	change '$s/$/\n/'; id 2 ledger.end small small g
	printf 'modulo-ledger 1' >g
	id 2 ledger.end small small g
	head -c 1048576 /dev/zero | tr '\0' a >g
	id 2 ledger.line small small g
	yes a | head -n 30 | paste -s -d ' ' >g
	id 2 ledger.word small small g
	change "3s/[0-9a-f]*\$/$zero/"; id 1 check.artifact small small g
	change "4s/[0-9a-f]*\$/$zero/"; id 1 check.core small small g
	change '3s/ 6/ 7/'; id 1 check.artifact small small g
	change '5s/6/5/'; id 1 check.artifact small small g
	change '5s/6/7/'; id 1 check.short small small g
	printf 'hellO\n' >other
	id 1 check.core other small l
	grep -q 'line 5, offset 4: ' err
	printf 'hello\n\n' >other
	id 1 check.artifact other small l
	id 1 check.core small other l
}
t 'lines and words' lines

compressed()
{
	gzip -nc content >c.gz
	touch -d @1600000000 content
	gzip -9c content >n.gz
	pigz -nc content >p.gz
	xz -c content >c.xz
	xz -T2 -c content >m.xz
	xz --block-size=5000 -c content >b.xz
	xz --check=sha256 --lzma2=preset=9e,dict=1MiB -c content >s.xz
	zstd -qc content >c.zst
	zstd -qc --single-thread <content >u.zst
	xzp="check=crc64,dict=8388608"
	while read -r f codec params encoder; do
		stream "$f" "$codec" "$params" proven "$encoder" | ledger "$f" content >l
		accepts "encoding $codec $params claimed $encoder 1" -- "$f" content l
		accepts "encoding $codec $params proven $encoder 1" -- --prove-encodings "$f" content l
		stream "$f" "$codec" "$params" checked | ledger "$f" content >l
		accepts "encoding $codec $params checked 1" -- --prove-encodings "$f" content l
		{
			echo "stream $codec $(size "$f") $params carried 1"
			base64 -w 0 "$f"
			printf '\nleaf %d\n' "$(size content)"
		} | ledger "$f" content >l
		accepts "encoding $codec $params carried 1" -- "$f" content l
	done <<-END
		c.gz gzip mtime=0,xfl=0,os=3,name= gzip-$gzip/6
		n.gz gzip mtime=1600000000,xfl=2,os=3,name=content gzip-$gzip/9
		p.gz gzip mtime=0,xfl=0,os=3,name= pigz-$pigz/6
		c.xz xz $xzp,sizes=no,block=0 liblzma-$xz/6
		m.xz xz $xzp,sizes=yes,block=0 liblzma-mt-$xz/6
		b.xz xz $xzp,sizes=no,block=5000 liblzma-$xz/6
		s.xz xz check=sha256,dict=1048576,sizes=no,block=0 liblzma-$xz/9e
		c.zst zstd window=single,checksum=yes,size=yes libzstd-mt-$zstd/3
		u.zst zstd window=2097152,checksum=yes,size=no libzstd-$zstd/3
	END
}
t 'gzip, xz and zstd: checked, claimed, proven, carried' compressed

# A carried stream of more than one line, and a stream in a stream.
large()
{
	head -c 100000 /dev/urandom >random
	gzip -nc random >r.gz
	xz -c r.gz >r.xz
	{
		echo "stream xz $(size r.xz) check=crc64,dict=8388608,sizes=no,block=0 checked"
		echo "stream gzip $(size r.gz) mtime=0,xfl=0,os=3,name= carried $(($(size r.gz) / 49152 + 1))"
		base64 -w 65536 r.gz
		echo "leaf 100000"
	} | ledger r.xz random >l
	accepts -- r.xz random l
	sed '7s/^./B/;7s/^B\(.*\)$/C\1/' l >g
	id 1 check.carried r.xz random g
	sed '7s/....$//' l >g
	id 2 ledger.carried r.xz random g
	sed '6s/3$/2/' l >g
	id 2 ledger.carried r.xz random g
	sed '7s/.$/!/' l >g
	id 2 ledger.base64 r.xz random g
}
t 'streams in streams' large

params()
{
	p='mtime=0,xfl=0,os=3,name='
	for enc in gzip-0.1/6 "gzip-$gzip/0" "xz-$xz/6" "liblzma-$xz/6" "zlib-9/6" gzip-; do
		stream c.gz gzip "$p" proven "$enc" | ledger c.gz content >l
		case $enc in
		*/*) id 2 check.encoder --prove-encodings c.gz content l ;;
		*) id 2 ledger.encoder c.gz content l ;;
		esac
	done
	stream c.gz gzip "$p" proven "gzip-$gzip/1" | ledger c.gz content >l
	id 1 check.encoding --prove-encodings c.gz content l
	stream c.gz gzip "${p}x" checked | ledger c.gz content >l
	id 1 check.params c.gz content l
	stream c.gz gzip "$p" checked | sed 's/leaf .*/leaf 1/' | ledger c.gz content >l
	id 1 check.rest c.gz content l
	stream c.gz bzip2 "$p" checked | ledger c.gz content >l
	id 2 ledger.word c.gz content l
	stream c.gz gzip "$p" guessed | ledger c.gz content >l
	id 2 ledger.word c.gz content l
}
t 'PARAMS and encoders that do not hold' params

# broken CODE ID CODEC FILE: whatever the parameters
broken()
{
	stream "$4" "$3" x checked | ledger "$4" content >l
	id "$1" "$2" "$4" content l
}
# flipped ID CODEC FROM OFFSET: one bit of a good stream turned
flipped()
{
	cp "$3" x
	poke x "$4"
	broken 2 "$1" "$2" x
}
strict()
{
	for f in gzip:c.gz xz:c.xz zstd:c.zst; do
		codec=${f%:*}
		f=${f#*:}
		head -c 20 "$f" >x
		broken 2 stream.cut "$codec" x
		head -c -1 "$f" >x
		broken 2 stream.cut "$codec" x
		{ cat "$f" && echo; } >x
		broken 2 stream.trailing "$codec" x
		cat "$f" "$f" >x
		broken 2 stream.trailing "$codec" x
	done
	flipped gzip.header gzip c.gz 0
	flipped gzip.header gzip c.gz 3
	flipped gzip.deflate gzip c.gz $(($(size c.gz) - 1))
	flipped gzip.deflate gzip c.gz $(($(size c.gz) - 8))
	printf '\037\213\10\10\0\0\0\0\0\3\0' >x
	broken 2 gzip.header gzip x
	{ printf '\037\213\10\10\0\0\0\0\0\3' && head -c 300 /dev/zero | tr '\0' n && tail -c +11 c.gz; } >x
	broken 2 gzip.header gzip x
	printf '\037\213\10\0\0\0\0\0\0\3\3\374\0\0\0\0\0\0\0\0' >x
	: >content.keep
	mv content content.keep
	: >content
	broken 2 gzip.bits gzip x
	mv content.keep content
	flipped xz.magic xz c.xz 0
	flipped xz.magic xz c.xz 8
	flipped xz.header xz c.xz 14
	flipped xz.data xz c.xz $(($(size c.xz) - 40))
	flipped xz.index xz c.xz $(($(size c.xz) - 20))
	flipped xz.footer xz c.xz $(($(size c.xz) - 1))
	xz -c </dev/null >x
	broken 2 xz.blocks xz x
	xz --block-list=5000,3000 -c content >x
	broken 2 xz.blocks xz x
	xz --x86 --lzma2 -c content >x
	broken 2 xz.filter xz x
	xz --lzma2=dict=384MiB -c content >x
	broken 2 xz.dict xz x
	flipped zstd.header zstd c.zst 0
	cp c.zst x
	printf '\354' | dd of=x bs=1 seek=4 conv=notrunc 2>/dev/null
	broken 2 zstd.header zstd x
	flipped zstd.data zstd c.zst $(($(size c.zst) - 1))
	zstd -qc --long=28 --ultra -1 <content >x
	broken 2 zstd.window zstd x
}
t 'streams that are broken, cut, doubled or of another kind' strict

limits()
{
	cp small x0
	: >items
	i=0
	while [ "$i" -lt 17 ]; do
		gzip -nc "x$i" >"x$((i + 1))"
		i=$((i + 1))
	done
	i=17
	while [ "$i" -gt 0 ]; do
		echo "stream gzip $(size "x$i") mtime=0,xfl=0,os=3,name= checked" >>items
		i=$((i - 1))
	done
	echo 'leaf 6' >>items
	ledger x17 small <items >l
	id 2 ledger.depth x17 small l
	tail -n +3 items | ledger x15 small >l
	accepts -- x15 small l
	# Stored blocks of nothing, more and more of them, in a few bytes of zstd.
	printf '\0\0\0\377\377' >nothing
	i=0
	while [ "$i" -lt 24 ]; do
		cat nothing nothing >twice
		mv twice nothing
		i=$((i + 1))
	done
	{
		printf '\037\213\10\0\0\0\0\0\0\3'
		cat nothing
		printf '\1\0\0\377\377\0\0\0\0\0\0\0\0'
	} >bomb.gz
	: >empty
	zstd -qc bomb.gz >bomb
	{
		echo "stream zstd $(size bomb) window=2097152,checksum=yes,size=yes checked"
		echo "stream gzip $(size bomb.gz) mtime=0,xfl=0,os=3,name= checked"
		echo 'leaf 0'
	} | ledger bomb empty >l
	id 2 check.limit bomb empty l
	rm nothing bomb.gz
}
t 'limits' limits

# A directory, its serialisation written by hand, too.
dir()
{
	mkdir -p d/sub
	chmod 0755 d/sub
	cp small d/a
	chmod 4711 d/a
	ln d/a d/sub/again
	ln -s 'no where' d/l
	mkfifo -m 0600 d/p
	printf x >"d/$(printf 'n\n\\\303\251')"
	chmod 0644 d/n*
	: >d/sub/empty
	chmod 0600 d/sub/empty
	cat >items <<-'END'
		records dir
		file 4711 a 6
		leaf 6
		symlink l no\040where
		file 0644 n\012\134\303\251 1
		leaf 1
		fifo 0600 p
		dir 0755 sub
		link sub/again a
		file 0600 sub/empty 0
		leaf 0
		close
	END
	sed -n '/^records/d;/^close/d;/^leaf/d;p' items |
		awk '{ print } $3 == "a" && $1 == "file" { print "hello" } /^file.* 1$/ { printf "x" }' >serial
	awk '/^file/ { sub(/[0-9]*$/, "") } { print }' serial >core
	ledger serial core <items >l
	accepts 'derived file decimal(len(child)) 3' -- d core l
	accepts -- d/ core l
	for change in 's/4711/0711/' 's/n\\012/n\\013/' 's/again/agaim/' '/fifo/d' 's/ 6$/ 5/' 's/where/There/'; do
		ledger serial core <items | sed "$change" >g
		got=0
		"$check" --quiet d core g 2>err || got=$?
		cat err
		[ "$got" -eq 1 ]
	done
	sed '5,$s/^fifo/pipe/' l >g
	id 2 ledger.form d core g
	sed 's/^fifo/meta.fifo/' l >g
	id 2 ledger.form d core g
	sed 's/^fifo.*/& x/' l >g
	id 2 ledger.word d core g
	sed 's/^fifo.*/fifo/' l >g
	id 2 ledger.word d core g
	sed '/^file 4711/{n;s/6/5/}' l >g
	id 1 check.claim d core g
	sed 's/^close/leaf 1/' l >g
	id 2 ledger.form d core g
	echo 'leaf 6' | ledger small small >g
	id 2 ledger.word d small g
	id 2 ledger.word serial core l
	chmod 0712 d/a
	id 1 check.artifact d core l
	chmod 4711 d/a
	echo new >d/new
	id 1 check.artifact d core l
	rm d/new
}
t 'a directory' dir

metadata()
{
	mkdir -p m
	cp small m/f
	chmod 0640 m/f
	touch -d @1600000000.5 m/f
	ln -s f m/s
	touch -h -d @-1.25 m/s
	x=-
	if setfattr -n user.a,b -v hi m/f 2>/dev/null; then
		x='user.a\054b=6869'
	fi
	own="$(id_of u) $(id_of g)"
	printf 'records dir-metadata\nmeta.file 0640 %s 1600000000.500000000 %s f 6\nleaf 6\n' "$own" "$x" >items
	printf 'meta.symlink %s -2.750000000 - s f\nclose\n' "$own" >>items
	printf 'file 0640 %s 1600000000.500000000 %s f 6\nhello\nsymlink %s -2.750000000 - s f\n' "$own" "$x" "$own" >serial
	sed 's/ f 6$/ f /' serial >core
	ledger serial core <items >l
	accepts 'derived meta.file decimal(len(child)) 1' -- m core l
	touch -d @1600000000.25 m/f
	id 1 check.artifact m core l
}
id_of()
{
	stat -c "%$1" m/f
}
t 'a directory with metadata' metadata

# module CMS-FILE... >MODULE: the plain sample with trailers; items, its ledger's
module()
{
	cp "$samples/modules/plain.ko" module
	echo "leaf $(size module) $#" >items
	for cms in "$@"; do
		n=$(size "$cms")
		{
			cat "$cms"
			printf '\0\0\2\0\0\0\0\0'
			# shellcheck disable=SC2059 # the format is the bytes
			printf "\\0\\0\\$(printf '%03o' $((n / 256)))\\$(printf '%03o' $((n % 256)))"
			printf '~Module signature appended~\n'
		} >>module
		echo "module.pkcs7 $(base64 -w 0 "$cms")" >>items
	done
}
key()
{
	name=$1
	shift
	openssl req -quiet -x509 -nodes -days 3650 -subj "/O=Modulo, Inc/CN=$name \\\\ test" -keyout "$name.key" -out "$name.crt" "$@" \
		2>/dev/null || openssl req -x509 -nodes -days 3650 -subj "/O=Modulo, Inc/CN=$name \\\\ test" -keyout "$name.key" -out "$name.crt" "$@"
}
# sign KEY OUT OPTION... <CONTENT
sign()
{
	key=$1
	out=$2
	shift 2
	openssl cms -sign -binary -nocerts -outform DER -signer "$key.crt" -inkey "$key.key" -out "$out" "$@"
}
# How a report names the signer of KEY
by_issuer()
{
	printf 'issuer O=Modulo\\054 Inc, CN=%s \\134 test serial %s\n' "$1" "$(openssl x509 -in "$1.crt" -noout -serial | sed 's/.*=//' | tr A-F a-f)"
}
by_key_id()
{
	echo "key-id $(openssl x509 -in "$1.crt" -noout -ext subjectKeyIdentifier | sed -n '$s/[ :]//gp' | tr A-F a-f)"
}
signatures()
{
	key rsa -newkey rsa:2048
	key ec -newkey ec -pkeyopt ec_paramgen_curve:prime256v1
	plain=$samples/modules/plain.ko
	sign rsa rsa.der -noattr <"$plain"
	sign rsa attrs.der -nosmimecap <"$plain"
	sign rsa keyid.der -noattr -keyid -md sha512 <"$plain"
	sign ec ec.der -noattr -md sha384 <"$plain"
	openssl x509 -in ec.crt -outform DER -out ec.cer
	cat rsa.crt ec.crt >both
	for s in rsa attrs keyid ec; do
		module "$s.der"
		ledger module "$plain" <items >"l-$s"
		case $s in
		ec) who=$(by_issuer ec) ;;
		keyid) who=$(by_key_id rsa) ;;
		*) who=$(by_issuer rsa) ;;
		esac
		accepts "signature pkcs7-module 1 verified $who" \
			'derived module.pkcs7 be32(len(cms)) 1' -- --keyring both module "$plain" "l-$s"
		accepts "signature pkcs7-module 1 unverified $who" -- module "$plain" "l-$s"
		poke module $(($(size "$plain") / 2))
		cp module moved
		head -c "$(size "$plain")" module >bent
		ledger module bent <items >g
		case $s in
		attrs) id 1 cms.digest module bent g ;;
		*)
			accepts -- module bent g
			id 1 check.signature --keyring both module bent g
			;;
		esac
	done
	module ec.der
	accepts "signature pkcs7-module 1 verified $(by_issuer ec)" -- --keyring ec.cer module "$plain" l-ec
	{ cat ec.cer && echo; } >ec.long
	id 2 check.keyring --keyring ec.long module "$plain" l-ec

	module rsa.der
	cp module once
	sign ec second.der -noattr <once
	module rsa.der second.der
	ledger module "$plain" <items >l
	accepts 'derived module.pkcs7 be32(len(cms)) 2' -- --keyring both module "$plain" l
	[ "$(grep -c '^signature pkcs7-module 1 verified ' said)" -eq 2 ]
	module rsa.der ec.der
	ledger module "$plain" <items >l
	id 1 check.signature --keyring both module "$plain" l

	# The same behind what is no relocatable object.
	sed 's/ELF/elf/' "$plain" >text
	sed 's/ELF/elf/' once >module
	module_items=$(printf 'leaf %d 1\nmodule.pkcs7 %s' "$(size text)" "$(base64 -w 0 rsa.der)")
	echo "$module_items" | ledger module text >l
	id 1 check.after module text l
	head -c 65537 /dev/zero >huge
	printf 'leaf 1 1\nmodule.pkcs7 %s\n' "$(base64 -w 0 huge)" | ledger small small >l
	id 2 module.siglen small small l
}
t 'signatures' signatures

evil()
{
	nr=0
	plain=$samples/modules/plain.ko
	start=$({ printf 'leaf %d 1\nmodule.pkcs7 ' "$(size "$plain")"; } | ledger "$plain" "$plain" | sed '$s/end$//')
	for f in "$root"/test/evil/cms/*.der; do
		want=${f##*/}
		want=${want%.der}
		want=${want%%-*}
		printf '%s%s\nend\n' "$start" "$(base64 -w 0 "$f")" >l
		code=2
		[ "$want" = cms.digest ] && code=1
		case ${f##*/} in
		# Refused, too, but what is around it is looked at first.
		cms.attr-no-digest.der) want=der.tag ;;
		der.slack-algorithm.der) want=cms.sigalg ;;
		der.slack-attr.der | der.tag-attrs-set.der) want=cms.attr ;;
		der.slack-content.der) want=cms.type ;;
		esac
		id "$code" "$want" "$plain" "$plain" l
		nr=$((nr + 1))
	done
	[ "$nr" -gt 100 ]
	for f in "$samples"/cms/*.der; do
		module "$f"
		ledger module "$plain" <items >l
		case $f in
		*attrs.der | *mldsa??.der) id 1 cms.digest module "$plain" l ;;
		*) accepts -- module "$plain" l ;;
		esac
	done
}
t 'evil and good signatures' evil

# number FILE OFFSET VALUE: four bytes, little endian
number()
{
	printf '%b' "$(printf '\\0%o\\0%o\\0%o\\0%o' $(($3 & 255)) $(($3 >> 8 & 255)) $(($3 >> 16 & 255)) $(($3 >> 24 & 255)))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}
number_at()
{
	od -An -tu4 -j "$2" -N 4 "$1" | tr -d ' '
}
# core_of IMAGE BYTES: all of its record but CheckSum and the directory's entry, filled up. The headers are those of test/samples/pe.
core_of()
{
	head -c "$2" "$1" | tail -c +241 >rest
	{
		head -c 152 "$1"
		tail -c +157 "$1" | head -c 76
		cat rest
		head -c $((-$2 & 7)) /dev/zero
	} >image.core
}
# image FILE BYTES SIGNATURE-LINE...: items of an image of which the record has so many bytes
image()
{
	file=$1
	core_of "$1" "$2"
	record="$(number_at "$1" 152) $(number_at "$1" 232) $(number_at "$1" 236) $(size rest)"
	shift 2
	echo 'records pe'
	for line; do
		echo "$line"
	done
	echo "pe.plus $record"
	echo close
}
# images that are made: the ledger is right, the image is not
made()
{
	want=$1
	image made "$2" >items
	ledger made image.core <items >l
	id 1 "$want" made image.core l
}
images()
{
	pe=$samples/pe
	image "$pe/plain.efi" 1536 >items
	ledger "$pe/plain.efi" image.core <items >l
	accepts 'derived pe.plus le32(pe-checksum) 1' 'derived pe.plus le32(off(signatures)) 1' 'derived pe.plus le32(len(signatures)) 1' \
		-- "$pe/plain.efi" image.core l
	! grep unvouched said
	# Of 1,541 bytes, with a CheckSum that is none
	image "$pe/odd.efi" 1541 >items
	ledger "$pe/odd.efi" image.core <items >l
	accepts 'unvouched pe.plus le32(pe-checksum) 1' -- "$pe/odd.efi" image.core l
	cp image.core odd.core
	tail -c +1545 "$pe/one.efi" | head -c 1591 >image.der
	signature="pe.authenticode $(base64 -w 0 image.der)"
	image "$pe/one.efi" 1536 "$signature" >items
	ledger "$pe/one.efi" image.core <items >l
	accepts 'unvouched pe.authenticode certificates 1' 'derived pe.authenticode le32(len(authenticode)+8) 1' -- \
		--keyring "$pe/one.pem" "$pe/one.efi" image.core l
	grep '^signature authenticode 1 verified issuer O=Modulo tests, CN=pe one serial ' said
	accepts -- --keyring "$pe/two.pem" "$pe/one.efi" image.core l
	grep '^signature authenticode 1 unverified ' said
	# The signature of another image; one that is not filled up; unsigned attributes
	image "$pe/other.efi" "$(size "$pe/other.efi")" "$signature" >items
	ledger "$pe/other.efi" image.core <items >g
	id 1 cms.digest "$pe/other.efi" image.core g
	image "$pe/odd.efi" 1541 "$signature" >items
	ledger "$pe/odd.efi" odd.core <items >g
	id 1 check.layout "$pe/odd.efi" odd.core g
	image "$pe/plain.efi" 1536 "pe.authenticode $(base64 -w 0 "$samples/authenticode/microsoft-shim-2011.der")" >items
	ledger "$pe/plain.efi" image.core <items >g
	id 2 authenticode.unsigned "$pe/plain.efi" image.core g
	id 1 cms.digest --allow unsigned-attributes "$pe/plain.efi" image.core g
	id 2 check.usage --allow attributes "$pe/plain.efi" image.core g
	# What the directory says; four directories; a header that lies before; another form; nothing where it says PE
	for change in 232:1536 236:8; do
		cp "$pe/plain.efi" made
		number made "${change%:*}" "${change#*:}"
		made check.claim 1536
	done
	for change in check.layout:196:4 check.layout:60:32 check.artifact:88:$((0x2010b)) check.artifact:60:68; do
		cp "$pe/plain.efi" made
		at=${change#*:}
		number made "${at%:*}" "${at#*:}"
		made "${change%%:*}" 1536
	done
	# Lines
	image "$pe/one.efi" 1536 "$signature" >items
	ledger "$pe/one.efi" image.core <items >l
	sed 's/^pe.plus \([0-9]*\)/pe.plus 4294967296/' l >g
	id 2 ledger.number "$pe/one.efi" image.core g
	sed 's/^pe.plus \([0-9]*\)/pe.plus 1/' l >g
	id 1 check.artifact "$pe/one.efi" image.core g
	sed 's/^pe.plus.*/& 1/' l >g
	id 2 ledger.word "$pe/one.efi" image.core g
	sed 's/^\(pe.plus.*\) [0-9]*$/\1/' l >g
	id 2 ledger.word "$pe/one.efi" image.core g
	sed '/^pe.plus/d' l >g
	id 2 ledger.word "$pe/one.efi" image.core g
	sed '/^pe.plus/p' l >g
	id 2 ledger.word "$pe/one.efi" image.core g
	sed '/^pe.auth/{h;d;};/^pe.plus/G' l >g
	id 2 ledger.word "$pe/one.efi" image.core g
	sed '/^pe.auth/{p;p;p;p;p;p;p;p;}' l >g
	id 2 ledger.number "$pe/one.efi" image.core g
	sed 's/^pe.auth[a-z]*/module.pkcs7/' l >g
	id 2 ledger.form "$pe/one.efi" image.core g
	sed 's/^records pe/records dir/' l >g
	id 2 ledger.word "$pe/one.efi" image.core g
	sed 's/^records pe/& pe/' l >g
	id 2 ledger.word "$pe/one.efi" image.core g
	sed 's/^pe.auth[a-z]*/&-rounded/' l >g
	id 1 check.artifact "$pe/one.efi" image.core g
	sed 's/^pe.auth[a-z]*/&-1.0/' l >g
	id 1 check.artifact "$pe/one.efi" image.core g
	cp "$pe/one.efi" signed
	for f in signed image.core l; do
		"$flip" 1 1 "$f" signed image.core l
	done
}
t 'PE images' images

# In a directory, at an odd place: CheckSum is the image's
image_within()
{
	mkdir -p within
	printf x >within/a
	cp "$samples/pe/plain.efi" within/b
	chmod 0644 within/*
	{
		printf 'records dir\nfile 0644 a 1\nleaf 1\nfile 0644 b 1536\n'
		image "$samples/pe/plain.efi" 1536
		echo close
	} >items
	{ printf 'file 0644 a 1\nxfile 0644 b 1536\n' && cat within/b; } >serial
	{ printf 'file 0644 a \nxfile 0644 b \n' && cat image.core; } >core
	ledger serial core <items >l
	accepts 'derived pe.plus le32(pe-checksum) 1' -- within core l
	! grep unvouched said
}
t 'a PE image in a directory' image_within

# Any changed bit of ledger, core or artifact; but for an encoder's name, which is a claim.
flips()
{
	echo 'leaf 6' | ledger small small >l
	cp small core
	"$flip" 8 1 small small core l
	"$flip" 8 1 core small core l
	"$flip" 8 1 l small core l
	cp "$samples/modules/plain.ko" core
	module attrs.der
	ledger module core <items >l
	for f in module core l; do
		"$flip" 1 1 "$f" module core l
	done
	head -c 300 content >content.short
	mv content.short content
	gzip -nc content >f.gz
	xz -T2 -c content >f.xz
	zstd -qc content >f.zst
	stream f.gz gzip mtime=0,xfl=0,os=3,name= checked | ledger f.gz content >l-gz
	stream f.xz xz check=crc64,dict=8388608,sizes=yes,block=0 checked | ledger f.xz content >l-xz
	{
		echo "stream zstd $(size f.zst) window=single,checksum=yes,size=yes carried 1"
		base64 -w 0 f.zst
		printf '\nleaf %d\n' "$(size content)"
	} | ledger f.zst content >l-zst
	for f in gz xz zst; do
		"$flip" 1 1 "f.$f" "f.$f" content "l-$f"
		"$flip" 1 1 "l-$f" "f.$f" content "l-$f"
	done
}
t 'every changed byte is refused' flips

finish
