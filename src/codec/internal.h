/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the codecs share: buffered reading, bounded writing, params, tokens. For this room only. */
#ifndef CODEC_INTERNAL_H
#define CODEC_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "codec/codec.h"
#include "io/source.h"

#define MO_CODEC_PIECE 65536

/* What an encoder may take: the largest preset of each library fits. */
#define MO_CODEC_MEMORY_MAX ((uint64_t)3 << 30)

extern const struct mo_codec mo_codec_gzip, mo_codec_xz, mo_codec_zstd;

/* Reads s from one offset to another, in pieces. Large: lives on the heap. */
struct mo_codec_in {
	struct mo_source *s;
	uint64_t next, end;		 /* the next piece begins at next */
	size_t at, len;			 /* in the piece at hand, which begins at buf + 1 */
	uint8_t buf[1 + MO_CODEC_PIECE]; /* buf[0]: the last byte of the piece before */
};

void mo_codec_in_init(struct mo_codec_in *in, struct mo_source *s, uint64_t off, uint64_t end);
/* Makes sure that a byte is at hand, but for the end. */
_must_check_ int mo_codec_in_fill(struct mo_codec_in *in, struct modulo_error *err);
/* Exactly n bytes: 0; 1 where fewer are left (nothing is taken then); negative: the source failed.
 */
_must_check_ int mo_codec_in_get(struct mo_codec_in *in, void *p, size_t n,
				 struct modulo_error *err);

static inline uint64_t mo_codec_in_tell(const struct mo_codec_in *in)
{
	return in->next - (in->len - in->at);
}

/* All that is left, in the piece at hand and behind it. */
static inline uint64_t mo_codec_in_left(const struct mo_codec_in *in)
{
	return in->end - mo_codec_in_tell(in);
}

static inline const uint8_t *mo_codec_in_data(const struct mo_codec_in *in)
{
	return in->buf + 1 + in->at;
}

/* How much of it is at hand. */
static inline size_t mo_codec_in_here(const struct mo_codec_in *in)
{
	return in->len - in->at;
}

struct mo_codec_out {
	struct mo_sink *k;
	uint64_t len, max;
};

/* Refuses what would go beyond max ("codec.bomb"). */
_must_check_ int mo_codec_out_write(struct mo_codec_out *out, const void *p, size_t n,
				    struct modulo_error *err);

/* Whether the n bytes at off of s are those of p; false too where s is shorter. */
_must_check_ int mo_codec_match(struct mo_source *s, uint64_t off, const void *p, size_t n,
				bool *same, struct modulo_error *err);

/* The PARAMS of doc/ledger.md 3. parse: false where it is not exactly what render writes. */
struct mo_codec_gzip_params {
	uint32_t mtime;
	uint8_t xfl, os;
	uint8_t name[255];
	size_t name_len; /* 0: no FNAME */
};

struct mo_codec_xz_params {
	unsigned check; /* the Check ID of the xz file format */
	uint32_t dict;
	bool sizes;
	uint64_t block;
};

struct mo_codec_zstd_params {
	uint64_t window; /* 0: single segment */
	bool checksum, size;
};

bool mo_codec_gzip_parse(const char *s, struct mo_codec_gzip_params *p);
bool mo_codec_xz_parse(const char *s, struct mo_codec_xz_params *p);
bool mo_codec_zstd_parse(const char *s, struct mo_codec_zstd_params *p);
void mo_codec_gzip_render(const struct mo_codec_gzip_params *p, struct mo_buf *b);
void mo_codec_xz_render(const struct mo_codec_xz_params *p, struct mo_buf *b);
void mo_codec_zstd_render(const struct mo_codec_zstd_params *p, struct mo_buf *b);

/* The LZMA2 dictionary of a properties byte, 0 where it is reserved. */
uint32_t mo_codec_xz_dict(uint8_t props);
/* The window of a window descriptor. */
uint64_t mo_codec_zstd_window(uint8_t descriptor);

/* Fills info at the end of a decode. */
_must_check_ int mo_codec_info_fill(struct mo_codec_info *info, struct mo_buf *params,
				    uint64_t decoded_len, struct modulo_error *err);

/* NAME-VERSION/LEVEL; false where it is too long or not a token. */
bool mo_codec_token_make(char token[MO_ENCODER_MAX], const char *name, const char *version,
			 const char *level);
/* The LEVEL of a token with that name and version, NULL where it is another. */
const char *mo_codec_token_level(const char *token, const char *name, const char *version);

int mo_codec_fail_params(struct modulo_error *err, const char *params) __attribute__((cold));
int mo_codec_fail_encoder(struct modulo_error *err, const char *token) __attribute__((cold));
int mo_codec_fail_memory(struct modulo_error *err, const char *token) __attribute__((cold));

#endif
