/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One zstd frame, strictly (RFC 8878 3.1.1; doc/formats/zstd.md):
 *
 *	28 b5 2f fd | descriptor | [window] | [dictionary ID] | [content size] | blocks | [XXH64
 *le32] a block: le24 (last, 1 bit; type, 2; size, 21) | raw bytes, one byte to repeat, or
 *compressed data
 *
 * libzstd gets the frame piece by piece, each after it was looked at here, and must have said all
 *that it has to say about a block before it sees the next.
 */
#include "codec/zstd.h"

#include <inttypes.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/cursor.h"

enum { MAGIC_LEN = 4, HEADER_MAX = 14, BLOCK_HEADER_LEN = 3, CHECKSUM_LEN = 4 };

struct unzstd {
	struct mo_codec_in in;
	struct mo_codec_out out;
	struct mo_codec_zstd_params params;
	ZSTD_DCtx *d;
	uint64_t size;	    /* declared content, where params.size */
	uint64_t block_max; /* what one block may decode to */
	struct mo_zstd_tables tables;
	bool end; /* libzstd saw the frame's end */
	uint8_t block[BLOCK_HEADER_LEN + MO_ZSTD_BLOCK_MAX];
	uint8_t piece[MO_ZSTD_BLOCK_MAX];
};

static int get(struct unzstd *z, void *p, size_t n, struct modulo_error *err)
{
	int rc = mo_codec_in_get(&z->in, p, n, err);

	if (rc > 0)
		return mo_fail(err, MODULO_MALFORMED, z->in.end, "zstd.cut",
			       "the stream ends too early");
	return rc;
}

static int data_fail(size_t ret, uint64_t at, struct modulo_error *err)
{
	if (ZSTD_getErrorCode(ret) == ZSTD_error_memory_allocation)
		return mo_fail_nomem(err);
	if (ZSTD_getErrorCode(ret) == ZSTD_error_checksum_wrong)
		return mo_fail(err, MODULO_MALFORMED, at, "zstd.checksum",
			       "wrong checksum of the content");
	return mo_fail(err, MODULO_MALFORMED, at, "zstd.data", "broken zstd data: %s",
		       ZSTD_getErrorName(ret));
}

/* Hands n bytes to libzstd, and on what it makes of them. */
static int feed(struct unzstd *z, const void *p, size_t n, struct modulo_error *err)
{
	ZSTD_inBuffer ib = { p, n, 0 };
	uint64_t at = mo_codec_in_tell(&z->in) - n;
	bool full = false;

	while (!z->end && (ib.pos < ib.size || full)) {
		ZSTD_outBuffer ob = { z->piece, sizeof(z->piece), 0 };
		size_t ret = ZSTD_decompressStream(z->d, &ob, &ib);
		int rc;

		if (ZSTD_isError(ret))
			return data_fail(ret, at, err);
		rc = mo_codec_out_write(&z->out, z->piece, ob.pos, err);
		if (rc)
			return rc;
		full = ob.pos == ob.size;
		z->end = ret == 0;
	}
	if (ib.pos < ib.size)
		return mo_fail(err, MODULO_MALFORMED, at + ib.pos, "zstd.data",
			       "libzstd ends the frame before its end");
	return 0;
}

/* The field that the reference encoder writes (doc/ledger.md 3). Without a single segment there is
 * none of 1 byte. */
static size_t size_field_len(uint64_t size, bool single)
{
	if (size < 256)
		return single ? 1 : 4;
	return size < 65536 + 256 ? 2 : size < UINT32_MAX ? 4 : 8;
}

static int check_window(struct unzstd *z, uint64_t window, struct modulo_error *err)
{
	if (window > UINT64_C(1) << MO_ZSTD_WINDOW_LOG_MAX)
		return mo_fail(err, MODULO_LIMIT, MAGIC_LEN + 1, "zstd.window",
			       "a window of %" PRIu64 " bytes, over %u MiB", window,
			       1u << (MO_ZSTD_WINDOW_LOG_MAX - 20));
	z->block_max = MO_MIN(window, (uint64_t)MO_ZSTD_BLOCK_MAX);
	return 0;
}

/* What follows the descriptor; len is how many bytes the content size takes, 0 to 8. */
static int read_fields(struct unzstd *z, struct mo_cursor *c, bool single, size_t len,
		       struct modulo_error *err)
{
	uint64_t at, window = 0;

	if (!single)
		window = z->params.window = mo_codec_zstd_window(mo_cur_u8(c));
	at = MAGIC_LEN + 1 + c->at;
	z->params.size = len;
	z->size = mo_cur_uint(c, len) + (len == 2 ? 256 : 0);
	if (len && len != size_field_len(z->size, single))
		return mo_fail(err, MODULO_UNSUPPORTED, at, "zstd.size",
			       "the content size %" PRIu64 " in a field of %zu bytes", z->size,
			       len);
	if (len && z->size > z->out.max)
		return mo_fail(err, MODULO_LIMIT, at, "codec.bomb",
			       "the stream decodes to more than %" PRIu64 " bytes", z->out.max);
	return check_window(z, single ? z->size : window, err);
}

static int check_descriptor(unsigned d, struct modulo_error *err)
{
	if (d & 0x08)
		return mo_fail(err, MODULO_MALFORMED, MAGIC_LEN, "zstd.reserved",
			       "the reserved bit in the descriptor 0x%02x", d);
	if (d & 0x10)
		return mo_fail(err, MODULO_UNSUPPORTED, MAGIC_LEN, "zstd.unused",
			       "the unused bit in the descriptor 0x%02x", d);
	if (d & 0x03)
		return mo_fail(err, MODULO_UNSUPPORTED, MAGIC_LEN, "zstd.dictionary",
			       "a dictionary ID");
	return 0;
}

static int check_magic(uint32_t magic, struct modulo_error *err)
{
	if (magic == ZSTD_MAGICNUMBER)
		return 0;
	if ((magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START)
		return mo_fail(err, MODULO_UNSUPPORTED, 0, "zstd.skippable", "a skippable frame");
	return mo_fail(err, MODULO_MALFORMED, 0, "zstd.magic", "not a zstd frame");
}

static int read_header(struct unzstd *z, struct modulo_error *err)
{
	static const uint8_t size_lens[] = { 0, 2, 4, 8 };
	uint8_t head[HEADER_MAX];
	struct mo_cursor c;
	size_t len, rest;
	bool single;
	int rc = get(z, head, MAGIC_LEN, err);

	if (rc)
		return rc;
	c = mo_cur(head, MAGIC_LEN);
	rc = check_magic(mo_cur_u32(&c), err);
	if (!rc)
		rc = get(z, head + MAGIC_LEN, 1, err);
	if (!rc)
		rc = check_descriptor(head[MAGIC_LEN], err);
	if (rc)
		return rc;
	single = head[MAGIC_LEN] & 0x20;
	z->params.checksum = head[MAGIC_LEN] & 0x04;
	len = size_lens[head[MAGIC_LEN] >> 6];
	if (len == 0 && single)
		len = 1;
	rest = len + !single;
	rc = get(z, head + MAGIC_LEN + 1, rest, err);
	if (rc)
		return rc;
	c = mo_cur(head + MAGIC_LEN + 1, rest);
	rc = read_fields(z, &c, single, len, err);
	return rc ? rc : feed(z, head, MAGIC_LEN + 1 + rest, err);
}

enum { RAW, RLE, COMPRESSED, RESERVED };

static int check_block(struct unzstd *z, unsigned type, size_t size, uint64_t at,
		       struct modulo_error *err)
{
	if (type == RESERVED)
		return mo_fail(err, MODULO_MALFORMED, at, "zstd.block",
			       "a block of the reserved type");
	if (size > z->block_max)
		return mo_fail(err, MODULO_MALFORMED, at, "zstd.block",
			       "a block of %zu bytes, at most %" PRIu64 " are allowed", size,
			       z->block_max);
	return 0;
}

static int read_block(struct unzstd *z, bool *last, struct modulo_error *err)
{
	uint64_t at = mo_codec_in_tell(&z->in), before = z->out.len, made;
	struct mo_cursor c = mo_cur(z->block, BLOCK_HEADER_LEN);
	unsigned head, type;
	size_t size, len;
	int rc = get(z, z->block, BLOCK_HEADER_LEN, err);

	if (rc)
		return rc;
	head = (unsigned)mo_cur_uint(&c, BLOCK_HEADER_LEN);
	*last = head & 1;
	type = head >> 1 & 3;
	size = head >> 3;
	len = type == RLE ? 1 : size;
	rc = check_block(z, type, size, at, err);
	if (!rc)
		rc = get(z, z->block + BLOCK_HEADER_LEN, len, err);
	if (!rc && type == COMPRESSED)
		rc = mo_codec_zstd_block(&z->tables, z->block + BLOCK_HEADER_LEN, len,
					 at + BLOCK_HEADER_LEN, err);
	if (!rc)
		rc = feed(z, z->block, BLOCK_HEADER_LEN + len, err);
	if (rc)
		return rc;
	made = z->out.len - before;
	if (type == COMPRESSED ? made > z->block_max : made != size)
		return mo_fail(err, MODULO_MALFORMED, at, "zstd.block",
			       "a block decodes to %" PRIu64 " bytes", made);
	return 0;
}

static int read_end(struct unzstd *z, struct modulo_error *err)
{
	uint8_t sum[CHECKSUM_LEN];
	int rc = 0;

	if (z->params.checksum) {
		rc = get(z, sum, sizeof(sum), err);
		if (!rc)
			rc = feed(z, sum, sizeof(sum), err);
	}
	if (rc)
		return rc;
	if (z->params.size && z->out.len != z->size)
		return mo_fail(err, MODULO_MALFORMED, MAGIC_LEN + 1, "zstd.size",
			       "content of %" PRIu64 " bytes, the header says %" PRIu64, z->out.len,
			       z->size);
	if (!z->end)
		return mo_fail(err, MODULO_MALFORMED, mo_codec_in_tell(&z->in), "zstd.data",
			       "libzstd does not see the frame's end");
	return 0;
}

static int check_nothing_follows(struct unzstd *z, struct modulo_error *err)
{
	uint64_t at = mo_codec_in_tell(&z->in);
	uint8_t next[MAGIC_LEN];
	struct mo_cursor c = mo_cur(next, sizeof(next));
	uint32_t magic = 0;
	int rc;

	if (at == z->in.end)
		return 0;
	rc = mo_codec_in_get(&z->in, next, sizeof(next), err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		magic = mo_cur_u32(&c);
	if (magic == ZSTD_MAGICNUMBER)
		return mo_fail(err, MODULO_UNSUPPORTED, at, "zstd.frames", "a second frame");
	if ((magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START)
		return mo_fail(err, MODULO_UNSUPPORTED, at, "zstd.skippable", "a skippable frame");
	return mo_fail(err, MODULO_MALFORMED, at, "zstd.trailing",
		       "%" PRIu64 " bytes behind the frame", z->in.end - at);
}

static int decode_frame(struct unzstd *z, struct modulo_error *err)
{
	bool last = false;
	int rc = read_header(z, err);

	while (!rc && !last)
		rc = read_block(z, &last, err);
	if (!rc)
		rc = read_end(z, err);
	return rc ? rc : check_nothing_follows(z, err);
}

static int zstd_decode(struct mo_source *enc, uint64_t max, struct mo_sink *out,
		       struct mo_codec_info *info, struct modulo_error *err)
{
	struct mo_buf _cleanup_buf_ params = { 0 };
	struct unzstd _cleanup_free_ *z = malloc(sizeof(*z));
	int rc;

	if (!z)
		return mo_fail_nomem(err);
	mo_codec_in_init(&z->in, enc, 0, enc->len);
	z->out = (struct mo_codec_out){ .k = out, .max = max };
	memset(&z->params, 0, sizeof(z->params));
	memset(&z->tables, 0, sizeof(z->tables));
	z->end = false;
	z->d = ZSTD_createDCtx();
	if (!z->d ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(z->d, ZSTD_d_windowLogMax, MO_ZSTD_WINDOW_LOG_MAX)))
		rc = mo_fail_nomem(err);
	else
		rc = decode_frame(z, err);
	ZSTD_freeDCtx(z->d);
	if (rc)
		return rc;
	mo_codec_zstd_render(&z->params, &params);
	return mo_codec_info_fill(info, &params, z->out.len, err);
}

static bool fits(const struct mo_codec_zstd_params *one, uint64_t len,
		 const struct mo_codec_zstd_params *more)
{
	return one->window == 0 && more->window && len <= more->window;
}

static bool zstd_alike(const char *a, uint64_t a_len, const char *b, uint64_t b_len)
{
	struct mo_codec_zstd_params p, q;

	if (!mo_codec_zstd_parse(a, &p) || !mo_codec_zstd_parse(b, &q))
		return false;
	if (p.checksum != q.checksum || p.size != q.size)
		return false;
	return p.window == q.window || fits(&p, a_len, &q) || fits(&q, b_len, &p);
}

const struct mo_codec mo_codec_zstd = {
	.name = "zstd",
	.suffix = ".zst",
	.brief = "zstd, one frame (RFC 8878)",
	.magic = { 0x28, 0xb5, 0x2f, 0xfd },
	.magic_len = 4,
	.decode = zstd_decode,
	.candidate = mo_codec_zstd_candidate,
	.encode = mo_codec_zstd_encode,
	.plausible = mo_codec_zstd_plausible,
	.alike = zstd_alike,
};
