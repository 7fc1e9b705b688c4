#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every header stands alone, and is the first that its own .c file includes; the public ones are fine for C++ and old C too.
# usage: check-headers.sh [SOURCE-FOLDER]
set -eu
cd "${1:-$(dirname "$0")/..}"
. tools/tap.sh

alone()
{
	for h in $(find include src -name '*.h' | sort); do
		printf '#include "%s"\n' "${h#*/}" >"$tap_tmp/alone.c"
		${CC:-cc} -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only -Iinclude -Isrc "$tap_tmp/alone.c" || echo "$h"
	done 2>&1
}

public()
{
	for h in include/modulo/*.h; do
		printf '#include <%s>\nint main(void) { return 0; }\n' "${h#include/}" >"$tap_tmp/public.c"
		${CC:-cc} -std=c99 -pedantic -Wall -Wextra -Werror -fsyntax-only -Iinclude "$tap_tmp/public.c" || echo "$h"
	done 2>&1
}

cplusplus()
{
	for h in include/modulo/*.h; do
		printf '#include <%s>\nint main() { return 0; }\n' "${h#include/}" >"$tap_tmp/public.cc"
		clang -x c++ -Wall -Wextra -Werror -fsyntax-only -Iinclude "$tap_tmp/public.cc" || echo "$h"
	done 2>&1
}

guards()
{
	for h in $(find include src -name '*.h' | sort); do
		guard=$(printf '%s' "${h#*/}" | tr 'a-z/.-' 'A-Z___')
		grep -q "^#ifndef $guard\$" "$h" && grep -q "^#define $guard\$" "$h" || echo "$h: guard is not $guard"
	done
}

tap_test 'every header stands alone' tap_nothing alone
tap_test 'public headers are strict C99' tap_nothing public
if command -v clang >/dev/null; then
	tap_test 'public headers are C++' tap_nothing cplusplus
else
	tap_skip 'public headers are C++' 'clang is not installed'
fi
tap_test 'guards are named after their files' tap_nothing guards
tap_end
