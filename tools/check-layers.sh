#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Includes run only downward: compares every #include with the table of rooms in doc/design.md, section "The
# house". A row of its code block is `room/  text | rooms that it may include | libraries that it may include`,
# `-` for none; a header `room/name.h` instead of a room is that header alone. A room includes itself besides, and the C library.
# usage: check-layers.sh [SOURCE-FOLDER]
set -eu
cd "${1:-$(dirname "$0")/..}"
. tools/tap.sh

# room, tab, allowed rooms, tab, allowed libraries
rooms()
{
	awk '
		/^## / { house = /The house/; next }
		house && /^```/ { block = !block; next }
		house && block && split($0, part, "|") == 3 {
			split(part[1], word, " ")
			sub("/$", "", word[1])
			print word[1] "\t " part[2] " \t " part[3] " "
		}' doc/design.md
}

downward()
{
	awk -F '\t' '
		{
			n = split($2, allowed, " ")
			for (i = 1; i <= n; i++)
				if (allowed[i] != "-" && !(room(allowed[i]) in seen))
					print "doc/design.md: " $1 " may include " allowed[i] ", which does not stand above it"
			name = $1
			sub("^src/", "", name)
			sub("^include/", "", name)
			seen[name] = 1
		}
		function room(header)
		{
			sub("/.*[.]h$", "", header)
			return header
		}' "$tap_tmp/rooms"
}

all_listed()
{
	for dir in include/* src/* cmd check; do
		[ -d "$dir" ] || continue
		cut -f 1 "$tap_tmp/rooms" | grep -Fqx "$dir" || echo "$dir: not in the table of doc/design.md"
	done
}

includes()
{
	find include src cmd check -name '*.[ch]' | sort | xargs awk -v table="$tap_tmp/rooms" '
		BEGIN {
			FS = "\t"
			while ((getline < table) > 0) {
				rooms[$1] = $2
				libs[$1] = $3
			}
			FS = " "
			lib["openssl/"] = "libcrypto"
			lib["zlib.h"] = "zlib"
			lib["lzma.h"] = "liblzma"
			lib["lz4.h"] = "liblz4"
			lib["zstd.h"] = "libzstd"
			lib["zstd_errors.h"] = "libzstd"
			lib["pthread.h"] = "threads"
		}
		FNR == 1 {
			room = FILENAME
			sub("/[^/]*$", "", room)
			own = room
			sub("^(src|include)/", "", own)
		}
		/^[ \t]*#[ \t]*include/ {
			name = $0
			sub("^[ \t]*#[ \t]*include[ \t]*[<\"]", "", name)
			sub("[>\"].*$", "", name)
			quoted = $0 ~ /include[ \t]*"/
			top = name
			sub("/.*$", "", top)
			if (name !~ "/") {
				if (quoted && (room ~ "^src/" || room ~ "^include/"))
					print FILENAME ":" FNR ": " name " is named without its room"
			} else if (top == own) {
				if (room == "src/fmt" && FILENAME ~ "[.]c$" && name != "fmt/format.h" && family(name) != family(FILENAME))
					print FILENAME ":" FNR ": a format includes " name
			} else if (quoted || top == "modulo") {
				if (index(rooms[room], " " top " ") == 0 && index(rooms[room], " " name " ") == 0)
					print FILENAME ":" FNR ": " room " must not include " name
			}
			for (l in lib)
				if (!quoted && index(name, l) == 1 && index(libs[room], " " lib[l] " ") == 0)
					print FILENAME ":" FNR ": " room " must not use " lib[l] " (" name ")"
		}
		# pe.c, pe_certificate.h: parts of one format
		function family(file)
		{
			sub("^src/", "", file)
			sub("[_.][^/]*$", "", file)
			return file
		}'
}

rooms >"$tap_tmp/rooms"
tap_test 'the table of rooms can be read' test "$(wc -l <"$tap_tmp/rooms")" -ge 10
tap_test 'the table of rooms runs downward' tap_nothing downward
tap_test 'every room is in the table' tap_nothing all_listed
tap_test 'every include is allowed' tap_nothing includes
tap_end
