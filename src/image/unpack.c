/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unpacking a kernel. Unlike a codec's decode() this takes what kernels are packed with besides: xz
 * with the filters for machine code, lzma, and lz4's legacy format.
 */
#include <lzma.h>
#include <string.h>

#include "base/cursor.h"
#include "codec/codec.h"
#include "image/image.h"

#define PIECE	     65536
#define LZMA_MEMORY  (UINT64_C(512) << 20)
#define SPOOL_MEMORY (32u << 20)

static int fail_stream(struct modulo_error *err, uint64_t at)
{
	return mo_fail(err, MODULO_MALFORMED, at, "image.payload",
		       "the compressed kernel is broken");
}

struct unpacked {
	struct mo_sink *sink;
	uint64_t len;
};

static int give(struct unpacked *u, const void *p, size_t n, struct modulo_error *err)
{
	if (n > MO_IMAGE_MAX - u->len)
		return mo_fail(err, MODULO_LIMIT, MODULO_NO_OFFSET, "image.payload",
			       "the kernel unpacks to more than %llu bytes",
			       (unsigned long long)MO_IMAGE_MAX);
	u->len += n;
	return mo_sink_write(u->sink, p, n, err);
}

static int run_lzma(lzma_stream *l, struct mo_source *enc, uint8_t *in, uint8_t *out,
		    struct unpacked *u, struct modulo_error *err)
{
	uint64_t at = 0;
	lzma_ret ret = LZMA_OK;

	while (ret == LZMA_OK) {
		int r;

		if (l->avail_in == 0 && at < enc->len) {
			size_t n = (size_t)MO_MIN(enc->len - at, (uint64_t)PIECE);

			r = mo_source_read(enc, at, in, n, err);
			if (r < 0)
				return r;
			l->next_in = in;
			l->avail_in = n;
			at += n;
		}
		l->next_out = out;
		l->avail_out = PIECE;
		ret = lzma_code(l, at == enc->len ? LZMA_FINISH : LZMA_RUN);
		r = give(u, out, PIECE - l->avail_out, err);
		if (r < 0)
			return r;
	}
	if (ret == LZMA_MEM_ERROR)
		return mo_fail_nomem(err);
	if (ret != LZMA_STREAM_END || l->avail_in || at != enc->len)
		return fail_stream(err, at - l->avail_in);
	return 0;
}

static int unlzma(struct mo_source *enc, bool xz, struct unpacked *u, struct modulo_error *err)
{
	_cleanup_free_ uint8_t *buf = malloc(2 * PIECE);
	lzma_stream l = LZMA_STREAM_INIT;
	int r;

	if (!buf || (xz ? lzma_stream_decoder(&l, LZMA_MEMORY, 0)
			: lzma_alone_decoder(&l, LZMA_MEMORY)) != LZMA_OK)
		return mo_fail_nomem(err);
	r = run_lzma(&l, enc, buf, buf + PIECE, u, err);
	lzma_end(&l);
	return r;
}

/* --- lz4, the legacy format: blocks of up to 8 MiB, each with its length in front
 * ------------------------------------- */

#define LZ4_BLOCK (8u << 20)

/* A length that goes on in further bytes where its four bits are all set. */
static bool lz4_length(struct mo_cursor *c, size_t *len)
{
	uint8_t more;

	if (*len != 15)
		return true;
	do {
		more = mo_cur_u8(c);
		*len += more;
	} while (more == 255 && *len <= LZ4_BLOCK);
	return !c->bad && *len <= LZ4_BLOCK;
}

/* One block; the number of bytes in out, or SIZE_MAX. */
static size_t lz4_block(const uint8_t *in, size_t len, uint8_t *out)
{
	struct mo_cursor c = mo_cur(in, len);
	size_t n = 0;

	while (!c.bad) {
		uint8_t token = mo_cur_u8(&c);
		size_t literals = token >> 4, match = token & 15, back;
		const uint8_t *p;

		if (!lz4_length(&c, &literals) || literals > LZ4_BLOCK - n)
			return SIZE_MAX;
		p = mo_cur_take(&c, literals);
		if (!p)
			return SIZE_MAX;
		memcpy(out + n, p, literals);
		n += literals;
		if (mo_cur_left(&c) == 0)
			return n;
		back = mo_cur_u16(&c);
		if (!lz4_length(&c, &match) || match + 4 > LZ4_BLOCK - n || back == 0 || back > n)
			return SIZE_MAX;
		/* The source may overlap with what is written: that is how runs are packed. */
		for (match += 4; match; match--, n++)
			out[n] = out[n - back];
	}
	return SIZE_MAX;
}

static int unlz4(struct mo_source *enc, struct unpacked *u, struct modulo_error *err)
{
	enum { BOUND = LZ4_BLOCK + LZ4_BLOCK / 255 + 16 };
	_cleanup_free_ uint8_t *in = malloc((size_t)MO_MIN(enc->len, (uint64_t)BOUND)),
			       *out = malloc(LZ4_BLOCK);

	if (!in || !out)
		return mo_fail_nomem(err);
	for (uint64_t at = 4; at < enc->len;) {
		uint8_t raw[4];
		struct mo_cursor c = mo_cur(raw, 4);
		size_t len, n;
		int r;

		if (enc->len - at < 4)
			return fail_stream(err, at);
		r = mo_source_read(enc, at, raw, 4, err);
		len = mo_cur_u32(&c);
		if (r == 0 && (len > BOUND || len > enc->len - at - 4))
			return fail_stream(err, at);
		r = r < 0 ? r : mo_source_read(enc, at + 4, in, len, err);
		if (r < 0)
			return r;
		n = lz4_block(in, len, out);
		if (n == SIZE_MAX)
			return fail_stream(err, at);
		r = give(u, out, n, err);
		if (r < 0)
			return r;
		at += 4 + len;
	}
	return 0;
}

static int unpack(struct mo_source *enc, struct unpacked *u, struct modulo_error *err)
{
	struct mo_codec_info info = { 0 };
	const struct mo_codec *c;
	uint8_t head[8] = { 0 };
	int r = mo_source_read(enc, 0, head, (size_t)MO_MIN(enc->len, (uint64_t)8), err);

	if (r < 0)
		return r;
	c = mo_codec_identify(head, sizeof(head));
	if (c && strcmp(c->name, "xz") == 0)
		return unlzma(enc, true, u, err);
	if (c) {
		r = c->decode(enc, MO_IMAGE_MAX, u->sink, &info, err);
		mo_buf_release(&info.params);
		return r;
	}
	if (memcmp(head, "\x02\x21\x4c\x18", 4) == 0)
		return unlz4(enc, u, err);
	/* lzma has no magic; this is what `lzma -9` begins with. */
	if (memcmp(head, "\x5d\0\0", 3) == 0)
		return unlzma(enc, false, u, err);
	return mo_fail(err, MODULO_UNSUPPORTED, 0, "image.codec",
		       "the kernel is compressed by neither gzip, xz, zstd, lzma nor lz4");
}

int mo_image_unpack(struct mo_source *enc, struct mo_source **out, struct modulo_error *err)
{
	_cleanup_spool_ struct mo_spool *spool = NULL;
	struct unpacked u = { 0 };
	int r = mo_spool_new(SPOOL_MEMORY, &spool, err);

	if (r < 0)
		return r;
	u.sink = mo_spool_sink(spool);
	r = unpack(enc, &u, err);
	return r < 0 ? r : mo_spool_source(MO_TAKE(spool), out, err);
}
