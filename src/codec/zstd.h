/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the zstd codec. */
#ifndef CODEC_ZSTD_H
#define CODEC_ZSTD_H

#include "codec/internal.h"

enum { MO_ZSTD_BLOCK_MAX = 131072, MO_ZSTD_WINDOW_LOG_MAX = 27 };

/*
 * The sections of a compressed block of len bytes, which begins at off in the stream: that none of
 * its bytes or bits goes unread, whatever libzstd passes over.
 */
_must_check_ int mo_codec_zstd_block(const uint8_t *p, size_t len, uint64_t off,
				     struct modulo_error *err);

bool mo_codec_zstd_candidate(const char *params, uint64_t decoded_len, unsigned i,
			     char token[MO_ENCODER_MAX]);
int mo_codec_zstd_encode(struct mo_source *dec, const char *token, const char *params,
			 struct mo_sink *out, struct modulo_error *err);
int mo_codec_zstd_plausible(struct mo_source *enc, struct mo_source *dec, const char *token,
			    const char *params, bool *can, struct modulo_error *err);

#endif
