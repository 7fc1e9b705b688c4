/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "walk/glob.h"

#include <stddef.h>
#include <stdint.h>

static bool separator(char c)
{
	return c == '/' || c == '!';
}

/* Matches one byte against the class that begins behind '['; *end: behind its ']'. NULL end: it is
 * no class. */
static bool in_class(const char *s, char c, const char **end)
{
	bool negate = *s == '!' || *s == '^', in = false;
	const char *first = s += negate;

	*end = NULL;
	for (; *s && (*s != ']' || s == first); s++) {
		uint8_t lo = (uint8_t)*s, hi = lo;

		if (s[1] == '-' && s[2] && s[2] != ']') {
			hi = (uint8_t)s[2];
			s += 2;
		}
		in |= (uint8_t)c >= lo && (uint8_t)c <= hi;
	}
	if (*s)
		*end = s + 1;
	return in != negate && !separator(c);
}

/* One byte of the path against one element of the glob; the element's length, 0 where they do not
 * match. */
static size_t match_one(const char *g, char c)
{
	const char *end;

	if (!*g || !c)
		return 0;
	if (*g == '?')
		return separator(c) ? 0 : 1;
	if (*g == '[') {
		bool in = in_class(g + 1, c, &end);

		if (end)
			return in ? (size_t)(end - g) : 0;
	}
	if (*g == '\\' && g[1])
		return g[1] == c ? 2 : 0;
	return *g == c ? 1 : 0;
}

/*
 * Goes back to the last star only, or to the last `**` where that one can take no more: enough for
 * a match to be found, and never exponential.
 */
bool mo_glob_match(const char *g, const char *p)
{
	const char *star = NULL, *star_p = NULL, *deep = NULL, *deep_p = NULL;

	for (;;) {
		size_t n;

		if (g[0] == '*' && g[1] == '*') {
			while (*g == '*')
				g++;
			deep = g;
			deep_p = p;
			star = NULL;
			continue;
		}
		if (*g == '*') {
			star = ++g;
			star_p = p;
			continue;
		}
		if (!*g && !*p)
			return true;
		n = match_one(g, *p);
		if (n) {
			g += n;
			p++;
			continue;
		}
		if (star && *star_p && !separator(*star_p)) {
			g = star;
			p = ++star_p;
			continue;
		}
		if (deep && *deep_p) {
			g = deep;
			p = ++deep_p;
			star = NULL;
			continue;
		}
		return false;
	}
}
