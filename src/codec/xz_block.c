/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A block's header (xz file format 3.1):
 *
 *	size / 4 - 1 | flags | [compressed size] [uncompressed size] | filter 21 01 PROPS | zeros |
 *CRC32 le32
 *
 * It may be longer than it must be: threaded encoders leave room for sizes that they do not know
 *yet.
 */
#include "codec/xz.h"

#include <lzma.h>
#include <string.h>

#include "base/cursor.h"

enum {
	HEADER_MAX = 1024,
	PLAIN_LEN = 12, /* without sizes */
	SIZES_MAX = 28, /* with two sizes of nine bytes */
	NR_FILTERS = 0x03,
	RESERVED = 0x3c,
	HAS_PACKED = 0x40,
	HAS_DECODED = 0x80,
	LZMA2 = 0x21,
};

/* false where it is not there in its shortest form. */
static bool take_vli(struct mo_cursor *c, uint64_t *v)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < 9; i++) {
		uint8_t b = mo_cur_u8(c);

		sum |= (uint64_t)(b & 0x7f) << 7 * i;
		if (b & 0x80)
			continue;
		*v = sum;
		return !c->bad && (b || i == 0);
	}
	return false;
}

static int vli_fail(uint64_t at, struct modulo_error *err)
{
	return mo_fail(err, MODULO_MALFORMED, at, "xz.vli",
		       "a number in a block header is cut, or not in its shortest form");
}

static int read_sizes(struct mo_cursor *c, unsigned flags, uint64_t at, struct mo_codec_xz_block *b,
		      struct modulo_error *err)
{
	unsigned has = flags & (HAS_PACKED | HAS_DECODED);

	if (has & HAS_PACKED && !take_vli(c, &b->packed))
		return vli_fail(at, err);
	if (has & HAS_DECODED && !take_vli(c, &b->decoded))
		return vli_fail(at, err);
	b->sizes = has;
	if (has && has != (HAS_PACKED | HAS_DECODED))
		return mo_fail(err, MODULO_UNSUPPORTED, at + 1, "xz.sizes",
			       "one size without the other in a block header");
	return 0;
}

static int read_filter(struct mo_cursor *c, unsigned flags, uint64_t at,
		       struct mo_codec_xz_block *b, struct modulo_error *err)
{
	uint64_t filter, len;

	if (!take_vli(c, &filter) || !take_vli(c, &len))
		return vli_fail(at, err);
	if (flags & NR_FILTERS || filter != LZMA2)
		return mo_fail(err, MODULO_UNSUPPORTED, at + 1, "xz.filter",
			       "another filter chain than LZMA2 alone");
	b->dict_props = mo_cur_u8(c);
	if (c->bad || len != 1 || mo_codec_xz_dict(b->dict_props) == 0)
		return mo_fail(err, MODULO_MALFORMED, at, "xz.filter",
			       "properties that LZMA2 does not have");
	if (mo_codec_xz_dict(b->dict_props) > MO_XZ_DICT_MAX)
		return mo_fail(err, MODULO_LIMIT, at, "xz.dict", "a dictionary over %u MiB",
			       (unsigned)(MO_XZ_DICT_MAX >> 20));
	return 0;
}

static int check_rest(struct mo_cursor *c, uint64_t at, const struct mo_codec_xz_block *b,
		      struct modulo_error *err)
{
	const uint8_t *pad = c->p + c->at;

	for (size_t i = 0, n = mo_cur_left(c); i < n; i++) {
		if (pad[i])
			return mo_fail(err, MODULO_MALFORMED, at + c->at + i, "xz.header",
				       "the padding of a block header is not zero");
	}
	if (b->header_len > (b->sizes ? SIZES_MAX : PLAIN_LEN))
		return mo_fail(err, MODULO_UNSUPPORTED, at, "xz.header",
			       "a block header of %zu bytes, more than it can need", b->header_len);
	return 0;
}

static int parse(const uint8_t *head, uint64_t at, struct mo_codec_xz_block *b,
		 struct modulo_error *err)
{
	struct mo_cursor c = mo_cur(head, b->header_len - 4), end = mo_cur(head, b->header_len);
	unsigned flags;
	int rc;

	mo_cur_take(&end, b->header_len - 4);
	if (mo_cur_u32(&end) != lzma_crc32(head, b->header_len - 4, 0))
		return mo_fail(err, MODULO_MALFORMED, at, "xz.crc",
			       "wrong CRC32 of a block header");
	mo_cur_u8(&c);
	flags = mo_cur_u8(&c);
	if (flags & RESERVED)
		return mo_fail(err, MODULO_MALFORMED, at + 1, "xz.flags",
			       "reserved block flags 0x%02x", flags);
	rc = read_sizes(&c, flags, at, b, err);
	if (!rc)
		rc = read_filter(&c, flags, at, b, err);
	return rc ? rc : check_rest(&c, at, b, err);
}

int mo_codec_xz_block_header(struct mo_codec_in *in, struct mo_codec_xz_block *b,
			     struct modulo_error *err)
{
	uint64_t at = mo_codec_in_tell(in);
	uint8_t head[HEADER_MAX];
	int rc = mo_codec_in_get(in, head, 1, err);

	if (rc < 0)
		return rc;
	memset(b, 0, sizeof(*b));
	if (!rc) {
		b->header_len = ((size_t)head[0] + 1) * 4;
		if (head[0] == 0)
			return mo_fail(err, MODULO_MALFORMED, at, "xz.index",
				       "an index where another block is due");
		rc = mo_codec_in_get(in, head + 1, b->header_len - 1, err);
		if (rc < 0)
			return rc;
	}
	if (rc)
		return mo_fail(err, MODULO_MALFORMED, in->end, "xz.header",
			       "a block header that reaches into the index");
	return parse(head, at, b, err);
}
