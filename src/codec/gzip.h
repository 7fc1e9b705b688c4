/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two halves of the gzip codec. */
#ifndef CODEC_GZIP_H
#define CODEC_GZIP_H

#include "codec/internal.h"

enum { /* FLG, RFC 1952 2.3.1 */
       MO_GZIP_FNAME = 0x08,
       MO_GZIP_OPTIONAL = 0x1f, /* FTEXT, FHCRC, FEXTRA, FNAME, FCOMMENT; the rest is reserved */
};

enum { MO_GZIP_HEADER_LEN = 10, MO_GZIP_TRAILER_LEN = 8 };

bool mo_codec_gzip_candidate(const char *params, uint64_t decoded_len, unsigned i,
			     char token[MO_ENCODER_MAX]);
int mo_codec_gzip_encode(struct mo_source *dec, const char *token, const char *params,
			 struct mo_sink *out, struct modulo_error *err);

#endif
