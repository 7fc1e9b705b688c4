/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compressed streams: strict decoding, the parameters that a ledger names, and encoding again
 * (doc/ledger.md 3, doc/formats/gzip.md, xz.md, zstd.md).
 */
#ifndef CODEC_CODEC_H
#define CODEC_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "io/source.h"

#define MO_ENCODER_MAX	  64
#define MO_CANDIDATES_MAX 44

/* What a strict decode found. Zeroed before; params is released by the caller (mo_buf_release). */
struct mo_codec_info {
	struct mo_buf params; /* the ledger's PARAMS token */
	uint64_t decoded_len;
};

struct mo_codec {
	const char *name;   /* the ledger's word: "gzip" */
	const char *suffix; /* what tools append to a file's name: ".gz" */
	const char *brief;  /* for people */
	uint8_t magic[8];
	size_t magic_len;

	/*
	 * Decodes the whole of enc, strictly, into out, and no more than max bytes ("codec.bomb",
	 * MODULO_LIMIT). MODULO_MALFORMED: broken or cut bytes; MODULO_UNSUPPORTED: valid in its
	 * specification, but nothing that this room explains (a second member, another filter);
	 * MODULO_LIMIT: a window, dictionary or name too large. Offsets are in enc. What went to
	 * out before a failure is worth nothing.
	 */
	int (*decode)(struct mo_source *enc, uint64_t max, struct mo_sink *out,
		      struct mo_codec_info *info, struct modulo_error *err);
	/*
	 * The i-th encoder (i = 0, 1, ...) worth trying for a stream with these params, likeliest
	 * first; false: no more (at most MO_CANDIDATES_MAX). Writes its token. Encoders that are
	 * not installed are left out.
	 */
	bool (*candidate)(const char *params, uint64_t decoded_len, unsigned i,
			  char token[MO_ENCODER_MAX]);
	/*
	 * Encodes dec with the encoder of that token and params. Failures but those of dec and out
	 * themselves: "codec.params", not this codec's (MODULO_USAGE); "codec.encoder", an encoder,
	 * level or version that is not here, and "codec.child", a program that did not do its work
	 * (both MODULO_UNSUPPORTED); "codec.memory", an encoder that would need too much
	 * (MODULO_LIMIT). Up to two threads or one child process work for it; the bytes do not
	 * depend on how many.
	 */
	int (*encode)(struct mo_source *dec, const char *token, const char *params,
		      struct mo_sink *out, struct modulo_error *err);
	/*
	 * A cheap look, before encode(), at whether an encoder can have made enc: *can is false
	 * only where it would write another beginning. NULL: encode() itself soon writes something.
	 */
	int (*plausible)(struct mo_source *enc, struct mo_source *dec, const char *token,
			 const char *params, bool *can, struct modulo_error *err);
	/*
	 * Whether two params can be those of one encoder with one set of options, the decoded
	 * lengths being what they are (doc/ledger.md 7: a stream that fits one block or window).
	 */
	bool (*alike)(const char *a, uint64_t a_len, const char *b, uint64_t b_len);
};

/* The codec whose magic stands at the beginning of head, or NULL. */
const struct mo_codec *mo_codec_identify(const uint8_t *head, size_t len);
const struct mo_codec *mo_codec_by_name(const char *name, size_t len);
/* 0, 1, ...; NULL: no more */
const struct mo_codec *mo_codec_nth(unsigned i);

/*
 * Looks for an encoder that gives enc from dec, bit for bit. first: a token to try before all
 * others (what served for the stream before), or NULL. *found tells; token is then filled. An
 * encoder is stopped at the first byte that differs. params are those that decode() found; with
 * others nothing is found.
 */
_must_check_ int mo_codec_prove(const struct mo_codec *c, struct mo_source *enc,
				struct mo_source *dec, const char *params, const char *first,
				char token[MO_ENCODER_MAX], bool *found, struct modulo_error *err);

#endif
