# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Proofs made from doc/formats/merkle.md with nothing but sha256sum: for the scripts that need some, and a second opinion on src/merkle/.

# bytes HEX: as they are
bytes()
{
	# shellcheck disable=SC2059 # the format is the bytes
	printf "$(printf %s "$1" | sed 's/./& /g' | awk '{
		for (i = 1; i < NF; i += 2)
			printf "\\%03o", (index("0123456789abcdef", $i) - 1) * 16 + index("0123456789abcdef", $(i + 1)) - 1
	}')"
}

# be32 NUMBER
be32()
{
	bytes "$(printf %08x "$1")"
}

# node LEFT RIGHT: the hash above two
node()
{
	{
		printf '\002'
		bytes "$1"
		bytes "$2"
	} | sha256sum | cut -c 1-64
}

# merkle FILE...: the tree over these. Writes FILE.proof beside each, and sets `root` to LEVELS:HEX. Folder `merkle.d` is its own.
merkle()
{
	rm -rf merkle.d
	mkdir merkle.d
	i=0
	for f; do
		{
			printf '\001'
			be32 $i
			cat "$f"
		} | sha256sum | cut -c 1-64 >>merkle.d/0
		i=$((i + 1))
	done
	levels=0
	while [ $levels -eq 0 ] || [ "$(wc -l <merkle.d/$levels)" -gt 1 ]; do
		while read -r left; do
			read -r right || right=$left
			node "$left" "$right"
		done <merkle.d/$levels >merkle.d/$((levels + 1))
		levels=$((levels + 1))
	done
	i=0
	for f; do
		{
			be32 $i
			at=$i
			k=0
			while [ $k -lt $levels ]; do
				# The neighbour; where there is none, itself.
				sibling=$(sed -n "$(((at ^ 1) + 1))p" merkle.d/$k)
				bytes "${sibling:-$(sed -n "$((at + 1))p" merkle.d/$k)}"
				at=$((at / 2))
				k=$((k + 1))
			done
		} >"$f.proof"
		i=$((i + 1))
	done
	# shellcheck disable=SC2034 # for who asked
	root=$levels:$(cat merkle.d/$levels)
}

# trailer TYPE BODY: a trailer whose body is that file
trailer()
{
	cat "$2"
	bytes "0000$(printf %02x "$1")0000000000"
	be32 "$(wc -c <"$2")"
	printf '~Module signature appended~\n'
}

# signature CERT KEY FILE: the PKCS#7 message that sign-file would put behind it
signature()
{
	openssl cms -sign -binary -nocerts -nosmimecap -noattr -in "$3" -signer "$1" -inkey "$2" -md sha256 -outform DER
}
