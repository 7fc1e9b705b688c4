/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A compressed stream, while it is decoded. Decoders keep to the stream's LENGTH bytes, and read each once. */
#ifndef MO_CHECK_STREAM_H
#define MO_CHECK_STREAM_H

#include "check.h"

struct mo_check_codec;
struct mo_check_encoder;
struct mo_check_stream {
	struct mo_check_source out; /* the decoded bytes; must be first */
	const struct mo_check_codec *codec;
	void *state; /* the codec's own */
	struct mo_check_source *from;
	uint64_t left; /* encoded bytes that are still to be read */
	uint8_t in[MO_CHECK_CHUNK];
	size_t at, fill; /* in[at..fill) is read, but not used yet */
	EVP_MD_CTX *seen; /* SHA-256 of the encoded bytes */
	bool ended;       /* the last encoded byte is explained, and params are known */
	char params[1536];
	struct mo_check_encoder *encoder; /* NULL: not asked to encode again */

	/* What an encoder needs to know beforehand, or does not make: */
	uint64_t content_size; /* zstd: of the frame header, UINT64_MAX: none */
	uint8_t head[272], tail[8]; /* gzip: header and trailer */
	size_t head_len;
};

struct mo_check_codec {
	const char *name;
	/* Reads what stands before the compressed data. Owns all that decode() needs: decode() may own nothing. */
	void (*open)(struct mo_check *c, struct mo_check_stream *st);
	/* At most cap decoded bytes; 0: all is decoded, st->ended and st->params are set. */
	size_t (*decode)(struct mo_check *c, struct mo_check_stream *st, uint8_t *buf, size_t cap);
};
extern const struct mo_check_codec mo_check_gzip, mo_check_xz, mo_check_zstd;

/* source.c: opens a stream of len bytes that begins at the next byte of from; owned by c. */
struct mo_check_stream *mo_check_stream(struct mo_check *c, struct mo_check_source *from, uint64_t len,
					const struct mo_check_codec *codec);
/* Encoded bytes in in[at..fill), one at least; false: there are no more. */
bool mo_check_fill(struct mo_check *c, struct mo_check_stream *st);
/* Exactly n encoded bytes; where there are less, the run ends with `cut`. */
void mo_check_get(struct mo_check *c, struct mo_check_stream *st, void *buf, size_t n, const char *cut);

/* encode.c: token and params as in the ledger. What does not give the stream's bytes ends the run. */
void mo_check_encode(struct mo_check *c, struct mo_check_stream *st, const char *token, const char *params);
void mo_check_encode_more(struct mo_check *c, struct mo_check_encoder *e, const uint8_t *p, size_t n);
/* Ends the encoding: seen is the SHA-256 of the encoded bytes, in hex. */
void mo_check_encode_end(struct mo_check *c, struct mo_check_stream *st, const char *seen);

/* Little-endian numbers of headers. */
static inline uint32_t mo_check_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

#endif
