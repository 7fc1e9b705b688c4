/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "merkle/root.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

void mo_root_render(unsigned levels, const uint8_t root[MO_MERKLE_HASH], char out[MO_ROOT_TEXT])
{
	int n = snprintf(out, MO_ROOT_TEXT, "%u:", levels);

	for (size_t i = 0; i < MO_MERKLE_HASH; i++)
		n += snprintf(out + n, MO_ROOT_TEXT - (size_t)n, "%02x", root[i]);
}

bool mo_root_parse(const char *s, size_t len, unsigned *levels, uint8_t root[MO_MERKLE_HASH])
{
	const char *colon = memchr(s, ':', len);
	size_t n = colon ? (size_t)(colon - s) : 0;
	uint64_t v;

	if (!colon || !mo_text_number(s, n, &v) || v > MO_MERKLE_MAX_LEVELS ||
	    !mo_text_hex(colon + 1, len - n - 1, root, MO_MERKLE_HASH))
		return false;
	*levels = (unsigned)v;
	/* The tree of no modules has this one root. */
	for (size_t i = 0; v == 0 && i < MO_MERKLE_HASH; i++)
		if (root[i])
			return false;
	return true;
}
