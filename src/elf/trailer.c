/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "elf/trailer.h"

#include <string.h>

#include "base/cursor.h"

/* All bytes but those of the type and the length: algo, hash; signer_len, key_id_len, pad. */
static bool fields_zero(const uint8_t *h, struct mo_trailer *t)
{
	for (uint8_t i = 0; i < 8; i++) {
		if (i == 2 || !h[i])
			continue;
		t->field = i;
		t->value = h[i];
		return false;
	}
	return true;
}

int mo_trailer_read(struct mo_source *s, uint64_t end, struct mo_trailer *out,
		    struct modulo_error *err)
{
	struct mo_trailer t = { .state = MO_TRAILER_NONE };
	uint8_t raw[MO_TRAILER_LEN];
	uint64_t at = end - MO_TRAILER_LEN;
	int r;

	*out = t;
	if (end < MO_TRAILER_LEN)
		return 0;
	r = mo_source_read(s, at, raw, sizeof(raw), err);
	if (r < 0 || memcmp(raw + MO_TRAILER_HEADER, MO_TRAILER_MAGIC, MO_TRAILER_MAGIC_LEN) != 0)
		return r;
	t.type = raw[2];
	t.len = mo_get_be32(raw + 8);
	/* In the kernel's order: length, type, fields. Something must be left to load. */
	if (t.len >= at) {
		t.state = MO_TRAILER_SIZE_BAD;
	} else if ((t.type == MO_TRAILER_PKCS7 || t.type == MO_TRAILER_MERKLE) &&
		   !fields_zero(raw, &t)) {
		t.state = MO_TRAILER_HEADER_BAD;
	} else {
		t.state = MO_TRAILER_OK;
		t.body = at - t.len;
	}
	*out = t;
	return 0;
}

void mo_trailer_make(uint8_t type, uint32_t len, uint8_t out[MO_TRAILER_LEN])
{
	memset(out, 0, MO_TRAILER_HEADER);
	out[2] = type;
	mo_put_be32(out + 8, len);
	memcpy(out + MO_TRAILER_HEADER, MO_TRAILER_MAGIC, MO_TRAILER_MAGIC_LEN);
}
