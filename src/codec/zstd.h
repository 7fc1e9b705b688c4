/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the zstd codec. */
#ifndef CODEC_ZSTD_H
#define CODEC_ZSTD_H

#include <endian.h>
#include <string.h>

#include "codec/internal.h"

enum {
	MO_ZSTD_BLOCK_MAX = 131072,
	MO_ZSTD_WINDOW_LOG_MAX = 27,
	MO_ZSTD_FSE_LOG_MAX = 9,
	MO_ZSTD_HUFFMAN_LOG_MAX = 11,
};

/* Bits of a table description, the lowest first. Behind the end there are zeros, and bad is set. */
struct mo_zstd_bits {
	const uint8_t *p;
	size_t nr, at;
	bool bad;
};

unsigned mo_codec_zstd_take(struct mo_zstd_bits *s, unsigned n);

/*
 * A bit stream, which is read from its end, below the highest bit that is set. left: what is not
 * read yet. More than 32 bits at a time are too many.
 */
struct mo_zstd_stream {
	const uint8_t *p;
	size_t len, left;
};

/* false where there is no highest bit in the last byte */
bool mo_codec_zstd_open(struct mo_zstd_stream *s, const uint8_t *p, size_t len);

/* The next n bits, with zeros behind the end of the stream. Here, since all of the walk's time goes
 * here. */
static inline uint32_t mo_codec_zstd_peek(const struct mo_zstd_stream *s, unsigned n)
{
	size_t from = s->left > n ? s->left - n : 0, i = from / 8;
	unsigned have = (unsigned)(s->left - from);
	uint64_t v = 0;

	if (s->len - i >= sizeof(v)) {
		memcpy(&v, s->p + i, sizeof(v));
		v = le64toh(v);
	} else {
		for (unsigned k = 0; i + k < s->len; k++)
			v |= (uint64_t)s->p[i + k] << 8 * k;
	}
	v = v >> from % 8 & ((UINT64_C(1) << have) - 1);
	return (uint32_t)(v << (n - have));
}

/* false where fewer are left */
static inline bool mo_codec_zstd_skip(struct mo_zstd_stream *s, unsigned n)
{
	if (n > s->left)
		return false;
	s->left -= n;
	return true;
}

static inline bool mo_codec_zstd_read(struct mo_zstd_stream *s, unsigned n, uint32_t *v)
{
	*v = mo_codec_zstd_peek(s, n);
	return mo_codec_zstd_skip(s, n);
}

/* A decoding table for FSE (RFC 8878 4.1). A single symbol has log 0. */
struct mo_zstd_fse {
	bool set;
	unsigned log;
	struct {
		uint8_t symbol, bits;
		uint16_t base;
	} of[1 << MO_ZSTD_FSE_LOG_MAX];
};

/* Symbols 0..last; the probabilities of less than 1 are -1. */
void mo_codec_zstd_fse_build(struct mo_zstd_fse *t, unsigned log, const int16_t *probabilities,
			     unsigned last);
void mo_codec_zstd_fse_single(struct mo_zstd_fse *t, uint8_t symbol);
/* From its description; *used bytes are taken. 0, 1: it cannot be; 2: bits that fill up its last
 * byte are not zero. */
int mo_codec_zstd_fse_read(struct mo_zstd_fse *t, const uint8_t *p, size_t len, unsigned log_max,
			   unsigned last, size_t *used);

/* Code lengths by the next log bits: to count bits, symbols do not matter. */
struct mo_zstd_huffman {
	bool set;
	unsigned log;
	uint8_t bits[1 << MO_ZSTD_HUFFMAN_LOG_MAX];
};

/* A tree's description. As mo_codec_zstd_fse_read(). */
int mo_codec_zstd_huffman_read(struct mo_zstd_huffman *h, const uint8_t *p, size_t len,
			       size_t *used);

/* What a block may take over from the one before. Zeroed at a frame's beginning. */
struct mo_zstd_tables {
	struct mo_zstd_fse sequence[3]; /* literals lengths, offsets, match lengths */
	struct mo_zstd_huffman huffman;
};

/*
 * Walks through the sections of a compressed block of len bytes, which begins at off in the stream,
 * and through their bit streams to the last bit, so that nothing in it goes unread, whatever
 * libzstd passes over.
 */
_must_check_ int mo_codec_zstd_block(struct mo_zstd_tables *t, const uint8_t *p, size_t len,
				     uint64_t off, struct modulo_error *err);

bool mo_codec_zstd_candidate(const char *params, uint64_t decoded_len, unsigned i,
			     char token[MO_ENCODER_MAX]);
int mo_codec_zstd_encode(struct mo_source *dec, const char *token, const char *params,
			 struct mo_sink *out, struct modulo_error *err);
int mo_codec_zstd_plausible(struct mo_source *enc, struct mo_source *dec, const char *token,
			    const char *params, bool *can, struct modulo_error *err);

#endif
