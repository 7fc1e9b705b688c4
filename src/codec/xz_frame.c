/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands around the blocks of an xz stream: header, index, footer. */
#include "codec/xz.h"

#include <inttypes.h>
#include <lzma.h>
#include <string.h>

#include "base/cursor.h"

static const uint8_t magic[6] = { 0xfd, '7', 'z', 'X', 'Z', 0 };

/* Stream Flags: a null byte, the Check ID in four bits, four reserved ones. */
static int read_flags(const uint8_t *p, uint64_t at, struct mo_codec_xz_frame *fr,
		      struct modulo_error *err)
{
	/* xz file format 2.1.1.2: the sizes of all sixteen Check IDs are fixed. */
	static const uint8_t lens[16] = { 0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64 };

	if (p[0] || p[1] & 0xf0)
		return mo_fail(err, MODULO_MALFORMED, at, "xz.flags",
			       "reserved stream flags %02x %02x", p[0], p[1]);
	fr->check = p[1];
	fr->check_len = lens[p[1]];
	if (fr->check != MO_XZ_NONE && fr->check != MO_XZ_CRC32 && fr->check != MO_XZ_CRC64 &&
	    fr->check != MO_XZ_SHA256)
		return mo_fail(err, MODULO_UNSUPPORTED, at + 1, "xz.checktype",
			       "the reserved check %u", fr->check);
	return 0;
}

static int read_header(struct mo_source *enc, struct mo_codec_xz_frame *fr,
		       struct modulo_error *err)
{
	uint8_t head[MO_XZ_STREAM_HEADER_LEN];
	struct mo_cursor c = mo_cur(head, sizeof(head));
	int rc;

	if (enc->len < sizeof(head))
		return mo_fail(err, MODULO_MALFORMED, enc->len, "xz.cut",
			       "the stream ends inside its header");
	rc = mo_source_read(enc, 0, head, sizeof(head), err);
	if (rc)
		return rc;
	if (memcmp(mo_cur_take(&c, sizeof(magic)), magic, sizeof(magic)))
		return mo_fail(err, MODULO_MALFORMED, 0, "xz.magic", "not an xz stream");
	mo_cur_take(&c, 2);
	if (mo_cur_u32(&c) != lzma_crc32(head + 6, 2, 0))
		return mo_fail(err, MODULO_MALFORMED, 8, "xz.crc",
			       "wrong CRC32 of the stream header");
	return read_flags(head + 6, 6, fr, err);
}

/*
 * The end is no footer. Zeros behind one are stream padding; with it the stream is valid, and has
 * bytes that nothing here accounts for.
 */
static int explain_end(struct mo_source *enc, struct modulo_error *err)
{
	uint64_t end = enc->len;
	uint8_t buf[512];

	while (end % 4 == 0 && end >= MO_XZ_STREAM_HEADER_LEN) {
		size_t n = (size_t)MO_MIN(end, (uint64_t)sizeof(buf)), k = n;
		int rc = mo_source_read(enc, end - n, buf, n, err);

		if (rc)
			return rc;
		while (k && buf[k - 1] == 0)
			k--;
		end -= n - k;
		if (k == 0)
			continue;
		if (end == enc->len || end % 4 || k < 2 || memcmp(buf + k - 2, "YZ", 2))
			break;
		return mo_fail(err, MODULO_UNSUPPORTED, end, "xz.padding",
			       "%" PRIu64 " bytes of stream padding", enc->len - end);
	}
	return mo_fail(err, MODULO_MALFORMED, enc->len, "xz.footer",
		       "no stream footer at the end: cut, or bytes behind the stream");
}

static int read_footer(struct mo_source *enc, struct mo_codec_xz_frame *fr, unsigned *check,
		       struct modulo_error *err)
{
	struct mo_codec_xz_frame second = { 0 };
	uint8_t foot[MO_XZ_FOOTER_LEN];
	uint64_t at = enc->len - sizeof(foot), size;
	struct mo_cursor c = mo_cur(foot, sizeof(foot));
	int rc = mo_source_read(enc, at, foot, sizeof(foot), err);
	uint32_t crc;

	if (rc)
		return rc;
	crc = mo_cur_u32(&c);
	size = ((uint64_t)mo_cur_u32(&c) + 1) * 4;
	if (memcmp(foot + 10, "YZ", 2))
		return explain_end(enc, err);
	if (crc != lzma_crc32(foot + 4, 6, 0))
		return mo_fail(err, MODULO_MALFORMED, at, "xz.crc",
			       "wrong CRC32 of the stream footer");
	rc = read_flags(foot + 8, at + 8, &second, err);
	if (rc)
		return rc;
	if (enc->len % 4 || size > at - MO_XZ_STREAM_HEADER_LEN)
		return mo_fail(err, MODULO_MALFORMED, at + 4, "xz.footer",
			       "an index of %" PRIu64 " bytes cannot be", size);
	*check = second.check;
	fr->index = at - size;
	return 0;
}

static int index_get(struct mo_codec_xz_index *ix, void *p, size_t n, struct modulo_error *err)
{
	int rc = mo_codec_in_get(&ix->in, p, n, err);

	if (rc > 0)
		return mo_fail(err, MODULO_MALFORMED, mo_codec_in_tell(&ix->in), "xz.index",
			       "the index is longer than the footer says");
	ix->crc = rc ? ix->crc : lzma_crc32(p, n, ix->crc);
	return rc;
}

/* Seven bits a byte, the lowest first, at most nine bytes, in as few as there can be. */
static int index_vli(struct mo_codec_xz_index *ix, uint64_t *v, struct modulo_error *err)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < 9; i++) {
		uint8_t b;
		int rc = index_get(ix, &b, 1, err);

		if (rc)
			return rc;
		sum |= (uint64_t)(b & 0x7f) << 7 * i;
		if (b & 0x80)
			continue;
		if (b == 0 && i)
			break;
		*v = sum;
		return 0;
	}
	return mo_fail(err, MODULO_MALFORMED, mo_codec_in_tell(&ix->in) - 1, "xz.vli",
		       "a number in the index is not in its shortest form");
}

int mo_codec_xz_index_open(struct mo_codec_xz_index *ix, struct mo_source *enc, uint64_t off,
			   struct modulo_error *err)
{
	uint8_t indicator;
	int rc;

	mo_codec_in_init(&ix->in, enc, off, enc->len - MO_XZ_FOOTER_LEN);
	ix->crc = 0;
	rc = index_get(ix, &indicator, 1, err);
	if (rc)
		return rc;
	if (indicator)
		return mo_fail(err, MODULO_MALFORMED, off, "xz.index",
			       "no index where the footer says that it begins");
	rc = index_vli(ix, &ix->nr, err);
	ix->left = ix->nr;
	return rc;
}

int mo_codec_xz_index_next(struct mo_codec_xz_index *ix, struct mo_codec_xz_record *r,
			   struct modulo_error *err)
{
	int rc = index_vli(ix, &r->unpadded, err);

	if (!rc)
		rc = index_vli(ix, &r->decoded, err);
	ix->left--;
	return rc;
}

static int index_end(struct mo_codec_xz_index *ix, struct modulo_error *err)
{
	uint64_t at = mo_codec_in_tell(&ix->in);
	/* The index begins at a multiple of 4. */
	size_t pad = (size_t)mo_codec_xz_pad(at);
	uint8_t zero[4] = { 0 }, end[8] = { 0 };
	uint32_t crc;
	int rc = pad ? index_get(ix, end, pad, err) : 0;

	if (rc)
		return rc;
	if (memcmp(end, zero, pad))
		return mo_fail(err, MODULO_MALFORMED, at, "xz.index",
			       "the padding of the index is not zero");
	crc = ix->crc;
	rc = index_get(ix, end, 4, err);
	if (rc)
		return rc;
	if (mo_codec_in_left(&ix->in))
		return mo_fail(err, MODULO_MALFORMED, mo_codec_in_tell(&ix->in), "xz.index",
			       "the index is shorter than the footer says");
	if (crc !=
	    (end[0] | (uint32_t)end[1] << 8 | (uint32_t)end[2] << 16 | (uint32_t)end[3] << 24))
		return mo_fail(err, MODULO_MALFORMED, at + pad, "xz.crc",
			       "wrong CRC32 of the index");
	return 0;
}

/* Blocks are equal, but for a last one that is smaller, and none is empty among others. */
static bool regular(const struct mo_codec_xz_frame *fr, const struct mo_codec_xz_record *r,
		    bool last)
{
	if (fr->nr_blocks == 1)
		return true;
	return r->decoded == fr->block ? r->decoded > 0
				       : last && r->decoded && r->decoded < fr->block;
}

/*
 * The blocks end where the index begins. If the index accounts for the last bytes before it only,
 * and they begin with the magic, it is another stream's.
 */
static int check_start(struct mo_source *enc, const struct mo_codec_xz_frame *fr, uint64_t packed,
		       struct modulo_error *err)
{
	uint64_t room = fr->index - MO_XZ_STREAM_HEADER_LEN, start;
	uint8_t head[sizeof(magic)];
	int rc;

	if (packed == room)
		return 0;
	if (packed < room && room - packed >= MO_XZ_STREAM_HEADER_LEN) {
		start = room - packed;
		rc = mo_source_read(enc, start, head, sizeof(head), err);
		if (rc)
			return rc;
		if (memcmp(head, magic, sizeof(magic)) == 0)
			return mo_fail(err, MODULO_UNSUPPORTED, start, "xz.streams",
				       "a second stream");
	}
	return mo_fail(err, MODULO_MALFORMED, fr->index, "xz.index",
		       "the index accounts for %" PRIu64 " bytes of blocks, there are %" PRIu64,
		       packed, room);
}

/* odd: where the first record is that is not regular. */
static int sum_records(struct mo_codec_xz_index *ix, struct mo_codec_xz_frame *fr, uint64_t *packed,
		       uint64_t *odd, struct modulo_error *err)
{
	struct mo_codec_xz_record r;

	fr->nr_blocks = ix->nr;
	while (ix->left) {
		uint64_t at = mo_codec_in_tell(&ix->in);
		bool first = ix->left == ix->nr;
		int rc = mo_codec_xz_index_next(ix, &r, err);

		if (rc)
			return rc;
		if (first)
			fr->block = r.decoded;
		if (!mo_add(*packed, r.unpadded, packed) ||
		    !mo_add(*packed, mo_codec_xz_pad(r.unpadded), packed) ||
		    !mo_add(fr->decoded_len, r.decoded, &fr->decoded_len) ||
		    fr->decoded_len > INT64_MAX)
			return mo_fail(err, MODULO_MALFORMED, at, "xz.index",
				       "the sum of the blocks is over 2^63");
		if (*odd == 0 && !regular(fr, &r, ix->left == 0))
			*odd = at;
	}
	return 0;
}

/* What is wrong with streams that are whole. */
static int judge(const struct mo_codec_xz_frame *fr, unsigned footer_check, uint64_t odd,
		 struct modulo_error *err)
{
	if (footer_check != fr->check)
		return mo_fail(err, MODULO_MALFORMED, 7, "xz.flags",
			       "header and footer name different checks");
	if (fr->nr_blocks == 0)
		return mo_fail(err, MODULO_UNSUPPORTED, fr->index, "xz.empty", "no block at all");
	if (odd)
		return mo_fail(err, MODULO_UNSUPPORTED, odd, "xz.blocks",
			       "blocks that decode to different numbers of bytes, or to none");
	return 0;
}

int mo_codec_xz_frame(struct mo_source *enc, struct mo_codec_xz_index *ix,
		      struct mo_codec_xz_frame *fr, struct modulo_error *err)
{
	uint64_t packed = 0, odd = 0;
	unsigned footer_check = 0;
	int rc;

	memset(fr, 0, sizeof(*fr));
	rc = read_header(enc, fr, err);
	if (rc)
		return rc;
	if (enc->len < MO_XZ_STREAM_HEADER_LEN + MO_XZ_FOOTER_LEN)
		return mo_fail(err, MODULO_MALFORMED, enc->len, "xz.cut",
			       "the stream ends behind its header");
	rc = read_footer(enc, fr, &footer_check, err);
	if (!rc)
		rc = mo_codec_xz_index_open(ix, enc, fr->index, err);
	if (!rc)
		rc = sum_records(ix, fr, &packed, &odd, err);
	if (!rc)
		rc = index_end(ix, err);
	if (!rc)
		rc = check_start(enc, fr, packed, err);
	return rc ? rc : judge(fr, footer_check, odd, err);
}
