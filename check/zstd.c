/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Zstandard, RFC 8878: one frame, strictly. libzstd decodes blocks and verifies the content's checksum; the frame's
 * header is read here, and each block's headers are looked at for bits that libzstd passes over.
 */
#include "stream.h"

#include <string.h>
#include <zstd.h>

enum { BLOCK = 128 << 10 };

struct zstd {
	ZSTD_DCtx *ctx;
	uint8_t in[3 + BLOCK + 4]; /* what libzstd is given next: the header, or a block, the last with its checksum */
	ZSTD_inBuffer fed;
	bool checksum, last, full; /* full: libzstd may have more to give without more input */
	uint64_t window, decoded;  /* window 0: single segment */
};

static void zstd_free(void *p)
{
	ZSTD_freeDCtx(p);
}

/* The content's size, and whether its field is the smallest that can hold it. */
static void content_size(struct mo_check *c, struct mo_check_stream *st, const uint8_t *p, size_t width, bool single)
{
	uint64_t n = 0;

	for (size_t i = 0; i < width; i++)
		n |= (uint64_t)p[i] << (8 * i);
	n += width == 2 ? 256 : 0;
	size_t least = n < 256 ? (single ? 1 : 4) : n < 65792 ? 2 : n < UINT32_MAX ? 4 : 8;
	if (width && width != least)
		mo_check_refuse(c, "zstd.size", "the content's size in a field of %zu bytes", width);
	st->content_size = width ? n : UINT64_MAX;
}

static void zstd_open(struct mo_check *c, struct mo_check_stream *st)
{
	struct zstd *z = st->state = mo_check_alloc(c, sizeof(*z));
	uint8_t *h = z->in;
	size_t n = 5;

	mo_check_get(c, st, h, 5, "zstd.cut");
	if (memcmp(h, "\x28\xb5\x2f\xfd", 4))
		mo_check_refuse(c, "zstd.magic", "not a zstd frame");
	if (h[4] & 0x18)
		mo_check_refuse(c, "zstd.reserved", "an unused or reserved bit of the frame header is set");
	if (h[4] & 3)
		mo_check_refuse(c, "zstd.dict", "a dictionary is needed");
	bool single = h[4] & 0x20;
	size_t width = h[4] >> 6 ? (size_t)1 << (h[4] >> 6) : single;
	z->checksum = h[4] & 4;
	mo_check_get(c, st, h + n, width + !single, "zstd.cut");
	if (!single) {
		z->window = UINT64_C(1) << (10 + (h[n] >> 3));
		z->window += z->window / 8 * (h[n++] & 7);
	}
	content_size(c, st, h + n, width, single);
	if ((single ? st->content_size : z->window) > MO_CHECK_WINDOW)
		mo_check_refuse(c, "zstd.window", "a window of more than %d bytes", MO_CHECK_WINDOW);
	z->fed = (ZSTD_inBuffer){ z->in, n + width, 0 };
	z->ctx = ZSTD_createDCtx();
	mo_check_own(c, z->ctx, zstd_free);
}

/* Where a compressed block's literals end: the length of their section, header included. */
static size_t literals(const uint8_t *b)
{
	unsigned format = b[0] >> 2 & 3;
	uint64_t bits = 0;

	for (int i = 4; i >= 0; i--)
		bits = bits << 8 | b[i];
	if ((b[0] & 3) < 2) { /* raw, or one byte again and again */
		size_t head = format == 1 ? 2 : format == 3 ? 3 : 1;
		size_t size = (size_t)(bits & 0xffffff) >> (format & 1 ? 4 : 3);

		size &= format == 1 ? 0xfff : format == 3 ? 0xfffff : 0x1f;
		return head + ((b[0] & 3) ? 1 : size);
	}
	unsigned width = format < 2 ? 10 : format == 2 ? 14 : 18; /* of each of two sizes */
	return (format < 2 ? 3 : format + 2) + (size_t)(bits >> (4 + width) & ((1U << width) - 1));
}

/* Two reserved bits stand behind the number of sequences; older libzstd does not look at them. */
static void reserved(struct mo_check *c, const uint8_t *b, size_t n)
{
	size_t at = literals(b);

	if (at >= n)
		mo_check_refuse(c, "zstd.data", "a block that is all literals, and has no sequences section");
	if (!b[at])
		return; /* no sequences: nothing may follow, which libzstd checks */
	at += b[at] < 128 ? 1 : b[at] < 255 ? 2 : 3;
	if (at >= n || b[at] & 3)
		mo_check_refuse(c, "zstd.reserved", "reserved bits of a block are set");
}

static void next_block(struct mo_check *c, struct mo_check_stream *st)
{
	struct zstd *z = st->state;
	uint8_t *b = z->in;

	mo_check_get(c, st, b, 3, "zstd.cut");
	uint32_t head = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16;
	uint32_t type = head >> 1 & 3, size = head >> 3;
	if (type == 3 || size > BLOCK)
		mo_check_refuse(c, "zstd.block", "a block of type %u and %u bytes", type, size);
	size_t n = type == 1 ? 1 : size; /* type 1: one byte, `size` times */
	mo_check_get(c, st, b + 3, n, "zstd.cut");
	memset(b + 3 + n, 0, 4); /* literals() looks at five bytes, and a block may be shorter */
	if (type == 2)
		reserved(c, b + 3, n);
	z->last = head & 1;
	if (z->last && z->checksum)
		mo_check_get(c, st, b + 3 + n, 4, "zstd.cut");
	z->fed = (ZSTD_inBuffer){ b, 3 + n + (z->last && z->checksum ? 4 : 0), 0 };
}

static void frame_end(struct mo_check *c, struct mo_check_stream *st)
{
	struct zstd *z = st->state;
	char window[32] = "single";

	if (!z->last || z->fed.pos != z->fed.size)
		mo_check_refuse(c, "zstd.data", "libzstd sees the frame end elsewhere");
	if (st->content_size != UINT64_MAX && st->content_size != z->decoded)
		mo_check_refuse(c, "zstd.size", "the content has another size than the header says");
	if (mo_check_fill(c, st))
		mo_check_refuse(c, "zstd.trailing", "bytes behind the frame");
	if (z->window)
		snprintf(window, sizeof(window), "%llu", (unsigned long long)z->window);
	snprintf(st->params, sizeof(st->params), "window=%s,checksum=%s,size=%s", window, z->checksum ? "yes" : "no",
		 st->content_size != UINT64_MAX ? "yes" : "no");
	st->ended = true;
}

static size_t zstd_decode(struct mo_check *c, struct mo_check_stream *st, uint8_t *buf, size_t cap)
{
	struct zstd *z = st->state;
	ZSTD_outBuffer out = { buf, cap, 0 };

	while (!out.pos && !st->ended) {
		if (z->fed.pos == z->fed.size && !z->full) {
			if (z->last)
				mo_check_refuse(c, "zstd.data", "the last block does not end the frame");
			next_block(c, st);
		}
		size_t r = ZSTD_decompressStream(z->ctx, &out, &z->fed);
		if (ZSTD_isError(r))
			mo_check_refuse(c, "zstd.data", "%s", ZSTD_getErrorName(r));
		z->full = out.pos == out.size;
		z->decoded += out.pos;
		if (!r)
			frame_end(c, st);
	}
	return out.pos;
}

const struct mo_check_codec mo_check_zstd = { "zstd", zstd_open, zstd_decode };
