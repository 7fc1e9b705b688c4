/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of the xz codec. A stream (xz file format 1.1.0):
 *
 *	header: fd 37 7a 58 5a 00 | flags (2) | CRC32 le32
 *	blocks, each: header | LZMA2 data | zeros up to a multiple of 4 | check
 *	index: 00 | number of records | records: unpadded size, uncompressed size | zeros | CRC32
 *	footer: CRC32 le32 | index size / 4 - 1 le32 | flags (2) | "YZ"
 *
 * A stream is read from both ends: the footer says where the index is, the index where each block
 *ends and what it decodes to. So the blocks are read with both hands on the wheel, in bounded
 *memory.
 */
#ifndef CODEC_XZ_H
#define CODEC_XZ_H

#include "codec/internal.h"

enum { /* Check IDs */
       MO_XZ_NONE = 0,
       MO_XZ_CRC32 = 1,
       MO_XZ_CRC64 = 4,
       MO_XZ_SHA256 = 10,
};

enum { MO_XZ_STREAM_HEADER_LEN = 12, MO_XZ_FOOTER_LEN = 12, MO_XZ_CHECK_MAX = 32 };

#define MO_XZ_DICT_MAX (UINT32_C(256) << 20)

/* What the two ends of a stream and its index say. */
struct mo_codec_xz_frame {
	unsigned check;
	size_t check_len;
	uint64_t index; /* where it begins */
	uint64_t nr_blocks;
	uint64_t block;	      /* what the first block decodes to */
	uint64_t decoded_len; /* all of them */
};

/* A walk over the index. Large: lives on the heap. */
struct mo_codec_xz_index {
	struct mo_codec_in in;
	uint32_t crc;
	uint64_t nr, left; /* records */
};

struct mo_codec_xz_record {
	uint64_t unpadded, decoded;
};

/* Reads both ends and all of the index, with ix as its memory: what is in fr then holds. */
_must_check_ int mo_codec_xz_frame(struct mo_source *enc, struct mo_codec_xz_index *ix,
				   struct mo_codec_xz_frame *fr, struct modulo_error *err);

/* From the beginning up to the first record. */
_must_check_ int mo_codec_xz_index_open(struct mo_codec_xz_index *ix, struct mo_source *enc,
					uint64_t off, struct modulo_error *err);
_must_check_ int mo_codec_xz_index_next(struct mo_codec_xz_index *ix, struct mo_codec_xz_record *r,
					struct modulo_error *err);

/* One block's header, all of it checked but for the agreement of sizes with the index. */
struct mo_codec_xz_block {
	size_t header_len;
	bool sizes;
	uint64_t packed, decoded; /* where sizes */
	uint8_t dict_props;
};

_must_check_ int mo_codec_xz_block_header(struct mo_codec_in *in, struct mo_codec_xz_block *b,
					  struct modulo_error *err);

static inline uint64_t mo_codec_xz_pad(uint64_t n)
{
	return (4 - n % 4) % 4;
}

bool mo_codec_xz_candidate(const char *params, uint64_t decoded_len, unsigned i,
			   char token[MO_ENCODER_MAX]);
int mo_codec_xz_encode(struct mo_source *dec, const char *token, const char *params,
		       struct mo_sink *out, struct modulo_error *err);
int mo_codec_xz_plausible(struct mo_source *enc, struct mo_source *dec, const char *token,
			  const char *params, bool *can, struct modulo_error *err);

#endif
