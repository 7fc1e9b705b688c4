/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decoding an xz stream strictly (doc/formats/xz.md): its blocks, each against its record in the
 * index, with liblzma's raw LZMA2 decoder for the data between header and padding.
 */
#include "codec/xz.h"

#include <inttypes.h>
#include <lzma.h>
#include <string.h>

#include "base/cursor.h"
#include "hash/hash.h"

struct unxz {
	struct mo_codec_in in;
	struct mo_codec_xz_index ix;
	struct mo_codec_out out;
	struct mo_codec_xz_frame fr;
	struct mo_codec_xz_block first; /* the first block's header: all have one shape */
	struct mo_hash hash;
	uint64_t crc;
	lzma_stream z;
	uint8_t piece[MO_CODEC_PIECE];
};

static void check_init(struct unxz *x)
{
	x->crc = 0;
	if (x->fr.check == MO_XZ_SHA256)
		mo_hash_init(&x->hash, MO_SHA256);
}

static void check_update(struct unxz *x, size_t n)
{
	if (x->fr.check == MO_XZ_CRC32)
		x->crc = lzma_crc32(x->piece, n, (uint32_t)x->crc);
	else if (x->fr.check == MO_XZ_CRC64)
		x->crc = lzma_crc64(x->piece, n, x->crc);
	else if (x->fr.check == MO_XZ_SHA256)
		mo_hash_update(&x->hash, x->piece, n);
}

static int check_final(struct unxz *x, uint8_t got[MO_XZ_CHECK_MAX], struct modulo_error *err)
{
	if (x->fr.check == MO_XZ_SHA256)
		return mo_hash_final(&x->hash, got, err);
	for (size_t i = 0; i < x->fr.check_len; i++)
		got[i] = (uint8_t)(x->crc >> 8 * i);
	return 0;
}

static int start_data(struct unxz *x, struct modulo_error *err)
{
	lzma_options_lzma opt = { .dict_size = mo_codec_xz_dict(x->first.dict_props) };
	lzma_filter filters[2] = { { .id = LZMA_FILTER_LZMA2, .options = &opt },
				   { .id = LZMA_VLI_UNKNOWN } };

	check_init(x);
	/* Props and dictionary were checked: what is left to fail is memory. */
	return lzma_raw_decoder(&x->z, filters) == LZMA_OK ? 0 : mo_fail_nomem(err);
}

static int data_fail(struct unxz *x, const char *what, struct modulo_error *err)
{
	return mo_fail(err, MODULO_MALFORMED, mo_codec_in_tell(&x->in), "xz.data", "%s", what);
}

/* One call of the decoder, which sees no byte behind the block's data. */
static int step(struct unxz *x, uint64_t *packed, uint64_t *decoded, lzma_ret *ret,
		struct modulo_error *err)
{
	size_t here = (size_t)MO_MIN((uint64_t)mo_codec_in_here(&x->in), *packed), made;

	x->z.next_in = mo_codec_in_data(&x->in);
	x->z.avail_in = here;
	x->z.next_out = x->piece;
	x->z.avail_out = sizeof(x->piece);
	*ret = lzma_code(&x->z, LZMA_RUN);
	here -= x->z.avail_in;
	x->in.at += here;
	*packed -= here;
	made = sizeof(x->piece) - x->z.avail_out;
	if (*ret == LZMA_MEM_ERROR)
		return mo_fail_nomem(err);
	if (*ret != LZMA_OK && *ret != LZMA_STREAM_END && *ret != LZMA_BUF_ERROR)
		return data_fail(x, "broken LZMA2 data", err);
	if (made > *decoded)
		return data_fail(x, "a block decodes to more than the index says", err);
	*decoded -= made;
	check_update(x, made);
	return mo_codec_out_write(&x->out, x->piece, made, err);
}

static int decode_data(struct unxz *x, uint64_t packed, uint64_t decoded, struct modulo_error *err)
{
	lzma_ret ret = LZMA_OK;
	int rc = start_data(x, err);

	while (!rc && ret != LZMA_STREAM_END) {
		rc = mo_codec_in_fill(&x->in, err);
		if (!rc)
			rc = step(x, &packed, &decoded, &ret, err);
		if (!rc && ret == LZMA_BUF_ERROR && packed == 0)
			return data_fail(x, "a block's data do not end where the index says", err);
	}
	if (rc)
		return rc;
	if (packed)
		return data_fail(x, "a block's data end before the index says so", err);
	if (decoded)
		return data_fail(x, "a block decodes to less than the index says", err);
	return 0;
}

/* Padding and check. They lie before the index: mo_codec_xz_frame() has added them up. */
static int end_block(struct unxz *x, uint64_t pad, struct modulo_error *err)
{
	uint8_t want[4 + MO_XZ_CHECK_MAX] = { 0 }, got[MO_XZ_CHECK_MAX] = { 0 };
	uint64_t at = mo_codec_in_tell(&x->in);
	int rc = mo_codec_in_get(&x->in, want, (size_t)pad, err);

	if (rc == 0 && (want[0] | want[1] | want[2]))
		return mo_fail(err, MODULO_MALFORMED, at, "xz.pad",
			       "the padding of a block is not zero");
	if (rc == 0)
		rc = mo_codec_in_get(&x->in, want, x->fr.check_len, err);
	if (rc == 0)
		rc = check_final(x, got, err);
	if (rc > 0)
		return mo_fail(err, MODULO_MALFORMED, x->in.end, "xz.index",
			       "a block reaches into the index");
	if (rc == 0 && memcmp(want, got, x->fr.check_len))
		return mo_fail(err, MODULO_MALFORMED, at + pad, "xz.check",
			       "wrong check of a block's content");
	return rc;
}

static int check_shape(struct unxz *x, const struct mo_codec_xz_block *b, uint64_t at, bool first,
		       struct modulo_error *err)
{
	if (first)
		x->first = *b;
	if (b->header_len != x->first.header_len || b->sizes != x->first.sizes ||
	    b->dict_props != x->first.dict_props)
		return mo_fail(
			err, MODULO_UNSUPPORTED, at, "xz.blocks",
			"block headers of different length, dictionary or presence of sizes");
	return 0;
}

static int decode_block(struct unxz *x, struct modulo_error *err)
{
	bool first = x->ix.left == x->ix.nr;
	uint64_t at = mo_codec_in_tell(&x->in), around, packed;
	struct mo_codec_xz_record r;
	struct mo_codec_xz_block b;
	int rc = mo_codec_xz_index_next(&x->ix, &r, err);

	if (!rc)
		rc = mo_codec_xz_block_header(&x->in, &b, err);
	if (!rc)
		rc = check_shape(x, &b, at, first, err);
	if (rc)
		return rc;
	around = b.header_len + x->fr.check_len;
	if (r.unpadded <= around)
		return mo_fail(err, MODULO_MALFORMED, at, "xz.index",
			       "a block of %" PRIu64 " bytes has no room for data", r.unpadded);
	packed = r.unpadded - around;
	if (b.sizes && (b.packed != packed || b.decoded != r.decoded))
		return mo_fail(err, MODULO_MALFORMED, at, "xz.sizes",
			       "a block header's sizes are not those in the index");
	rc = decode_data(x, packed, r.decoded, err);
	return rc ? rc : end_block(x, mo_codec_xz_pad(r.unpadded), err);
}

static int decode_stream(struct unxz *x, struct mo_source *enc, struct modulo_error *err)
{
	int rc = mo_codec_xz_frame(enc, &x->ix, &x->fr, err);

	if (rc)
		return rc;
	if (x->fr.decoded_len > x->out.max)
		return mo_fail(err, MODULO_LIMIT, MODULO_NO_OFFSET, "codec.bomb",
			       "the stream decodes to more than %" PRIu64 " bytes", x->out.max);
	mo_codec_in_init(&x->in, enc, MO_XZ_STREAM_HEADER_LEN, x->fr.index);
	rc = mo_codec_xz_index_open(&x->ix, enc, x->fr.index, err);
	while (!rc && x->ix.left)
		rc = decode_block(x, err);
	return rc;
}

static int xz_decode(struct mo_source *enc, uint64_t max, struct mo_sink *out,
		     struct mo_codec_info *info, struct modulo_error *err)
{
	struct mo_buf _cleanup_buf_ params = { 0 };
	struct mo_codec_xz_params p;
	struct unxz _cleanup_free_ *x = malloc(sizeof(*x));
	int rc;

	if (!x)
		return mo_fail_nomem(err);
	x->out = (struct mo_codec_out){ .k = out, .max = max };
	x->hash = (struct mo_hash){ 0 };
	x->z = (lzma_stream)LZMA_STREAM_INIT;
	rc = decode_stream(x, enc, err);
	lzma_end(&x->z);
	mo_hash_release(&x->hash);
	if (rc)
		return rc;
	p = (struct mo_codec_xz_params){ .check = x->fr.check,
					 .dict = mo_codec_xz_dict(x->first.dict_props),
					 .sizes = x->first.sizes,
					 .block = x->fr.nr_blocks > 1 ? x->fr.block : 0 };
	mo_codec_xz_render(&p, &params);
	return mo_codec_info_fill(info, &params, x->out.len, err);
}

/* One block, where the other stream has blocks that are at least as large. */
static bool fits(const struct mo_codec_xz_params *one, uint64_t len,
		 const struct mo_codec_xz_params *more)
{
	return one->block == 0 && more->block && len <= more->block;
}

static bool xz_alike(const char *a, uint64_t a_len, const char *b, uint64_t b_len)
{
	struct mo_codec_xz_params p, q;

	if (!mo_codec_xz_parse(a, &p) || !mo_codec_xz_parse(b, &q))
		return false;
	if (p.check != q.check || p.dict != q.dict || p.sizes != q.sizes)
		return false;
	return p.block == q.block || fits(&p, a_len, &q) || fits(&q, b_len, &p);
}

const struct mo_codec mo_codec_xz = {
	.name = "xz",
	.suffix = ".xz",
	.brief = "xz, one stream of LZMA2 (xz file format 1.1)",
	.magic = { 0xfd, '7', 'z', 'X', 'Z', 0 },
	.magic_len = 6,
	.decode = xz_decode,
	.candidate = mo_codec_xz_candidate,
	.encode = mo_codec_xz_encode,
	.plausible = mo_codec_xz_plausible,
	.alike = xz_alike,
};
