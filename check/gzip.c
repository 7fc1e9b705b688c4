/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gzip, RFC 1952: one member, strictly. zlib inflates; header, trailer and the bits that zlib skips are
 * looked at here.
 */
#include "stream.h"

#include <string.h>
#include <zlib.h>

struct gzip {
	z_stream z;
	uint8_t last;    /* the last byte that zlib took */
	unsigned unused; /* bits of it, from the top, that belong to the next block; 0 to 7 */
	bool at_block;   /* a block's header comes next */
	uint32_t crc, size;
};

static void gzip_free(void *p)
{
	inflateEnd(p);
}

static void gzip_open(struct mo_check *c, struct mo_check_stream *st)
{
	struct gzip *g = st->state = mo_check_alloc(c, sizeof(*g));
	uint8_t *h = st->head;
	size_t *n = &st->head_len;

	mo_check_get(c, st, h, 10, "gzip.cut");
	*n = 10;
	if (h[0] != 0x1f || h[1] != 0x8b || h[2] != 8)
		mo_check_refuse(c, "gzip.magic", "not gzip with deflate");
	if (h[3] & ~8)
		mo_check_refuse(c, "gzip.flags", "flags 0x%02x", h[3]);
	for (bool named = h[3]; named; named = h[*n - 1]) {
		if (*n == 10 + 256)
			mo_check_refuse(c, "gzip.name", "a name of more than 255 bytes");
		mo_check_get(c, st, h + (*n)++, 1, "gzip.cut");
	}
	if (*n == 11)
		mo_check_refuse(c, "gzip.name", "an empty name");
	if (inflateInit2(&g->z, -15) != Z_OK)
		mo_check_refuse(c, "check.memory", "zlib cannot start");
	mo_check_own(c, &g->z, gzip_free);
	g->at_block = true;
	g->crc = (uint32_t)crc32(0, NULL, 0);
}

/* A stored block's length begins at a byte: the bits between it and the block's header are zero. */
static void stored_padding(struct mo_check *c, struct mo_check_stream *st, const struct gzip *g)
{
	if (g->unused < 3 && !mo_check_fill(c, st))
		mo_check_refuse(c, "gzip.cut", "the stream ends too early");
	unsigned bits = (unsigned)g->last >> (8 - g->unused), nr = g->unused;
	if (nr < 3) {
		bits |= (unsigned)st->in[st->at] << nr;
		nr += 8;
	}
	if ((bits >> 1 & 3) == 0 && (bits & ((1U << nr) - 1)) >> 3)
		mo_check_refuse(c, "gzip.padding", "bits before a stored block are not zero");
}

static void trailer(struct mo_check *c, struct mo_check_stream *st, const struct gzip *g)
{
	FILE *f = fmemopen(st->params, sizeof(st->params), "w");

	mo_check_get(c, st, st->tail, 8, "gzip.cut");
	if (mo_check_le32(st->tail) != g->crc)
		mo_check_refuse(c, "gzip.crc", "the CRC-32 is wrong");
	if (mo_check_le32(st->tail + 4) != g->size)
		mo_check_refuse(c, "gzip.size", "ISIZE is wrong");
	if (mo_check_fill(c, st))
		mo_check_refuse(c, "gzip.trailing", "bytes behind the member");
	if (!f)
		mo_check_refuse(c, "check.memory", "out of memory");
	fprintf(f, "mtime=%u,xfl=%u,os=%u,name=", mo_check_le32(st->head + 4), st->head[8], st->head[9]);
	if (st->head_len > 10)
		mo_check_escape(f, st->head + 10, st->head_len - 11, " \\");
	fclose(f);
	st->ended = true;
}

static size_t gzip_decode(struct mo_check *c, struct mo_check_stream *st, uint8_t *buf, size_t cap)
{
	struct gzip *g = st->state;
	z_stream *z = &g->z;

	z->next_out = buf;
	z->avail_out = (uInt)cap;
	while (z->avail_out == cap && !st->ended) {
		if (g->at_block)
			stored_padding(c, st, g);
		if (!mo_check_fill(c, st))
			mo_check_refuse(c, "gzip.cut", "the stream ends too early");
		z->next_in = st->in + st->at;
		z->avail_in = (uInt)(st->fill - st->at);
		int r = inflate(z, Z_BLOCK); /* comes back after each block, before it drops the bits behind the last */
		size_t used = st->fill - st->at - z->avail_in;
		if (used)
			g->last = st->in[st->at + used - 1];
		st->at += used;
		if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
			mo_check_refuse(c, "gzip.data", "not deflate data");
		bool block_end = z->data_type & 128;
		g->unused = block_end ? (unsigned)z->data_type & 7 : 0;
		g->at_block = block_end && !(z->data_type & 64);
		size_t n = cap - z->avail_out;
		g->crc = (uint32_t)crc32(g->crc, buf, (uInt)n);
		g->size += (uint32_t)n;
		if (r == Z_STREAM_END || (block_end && z->data_type & 64)) {
			if (g->last >> (8 - g->unused))
				mo_check_refuse(c, "gzip.padding", "bits behind the last block are not zero");
			if (n)
				return n; /* the trailer at the next call, see the branch above */
			trailer(c, st, g);
		}
	}
	return cap - z->avail_out;
}

const struct mo_check_codec mo_check_gzip = { "gzip", gzip_open, gzip_decode };
