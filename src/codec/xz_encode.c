/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Encoding xz streams again with liblzma: "liblzma" is lzma_stream_encoder (xz up to 5.4 by
 * default), whose block headers carry no sizes, "liblzma-mt" is lzma_stream_encoder_mt (xz -T2, xz
 * from 5.6 on), whose headers do. The level is a preset, as xz spells it: 0 to 9, and "e" for the
 * slower variant.
 */
#include "codec/xz.h"

#include <lzma.h>
#include <string.h>

enum { THREADS_MAX = 2, LEVELS_MAX = 20 };

static const char single_name[] = "liblzma", mt_name[] = "liblzma-mt";

static const char *name_of(const struct mo_codec_xz_params *p)
{
	return p->sizes ? mt_name : single_name;
}

static uint32_t preset_of(const char *level)
{
	return (uint32_t)(level[0] - '0') | (level[1] ? LZMA_PRESET_EXTREME : 0);
}

static uint32_t preset_dict(uint32_t preset)
{
	lzma_options_lzma opt;

	return lzma_lzma_preset(&opt, preset) ? 0 : opt.dict_size;
}

/*
 * All presets, with the dictionary of the stream: first 6, if that is its dictionary or the stream
 * was made as Linux does it (xz --check=crc32 --lzma2=dict=1MiB, or 2MiB); then those that have
 * this dictionary; then the rest. The extreme ones come behind the plain ones.
 */
static void choose(const struct mo_codec_xz_params *p, const char *levels[LEVELS_MAX])
{
	static const char *const order[] = { "6",  "9",	 "0",  "1",  "2",  "3",	 "4",
					     "5",  "7",	 "8",  "6e", "9e", "0e", "1e",
					     "2e", "3e", "4e", "5e", "7e", "8e" };
	bool by_linux = p->check == MO_XZ_CRC32 && (p->dict == 1 << 20 || p->dict == 1 << 21);
	unsigned nr = 0;

	if (by_linux)
		levels[nr++] = "6";
	for (int fits = 1; fits >= 0; fits--) {
		for (size_t i = 0; i < MO_NR(order); i++) {
			bool same = preset_dict(preset_of(order[i])) == p->dict;

			if (same == fits && !(by_linux && i == 0))
				levels[nr++] = order[i];
		}
	}
}

static void set_filters(const struct mo_codec_xz_params *p, const char *level,
			lzma_options_lzma *opt, lzma_filter filters[2])
{
	/* Fails for unknown presets only, which is_level() has kept away. */
	(void)!lzma_lzma_preset(opt, preset_of(level));
	opt->dict_size = p->dict;
	filters[0] = (lzma_filter){ .id = LZMA_FILTER_LZMA2, .options = opt };
	filters[1] = (lzma_filter){ .id = LZMA_VLI_UNKNOWN };
}

static bool is_level(const char *s)
{
	return s && s[0] >= '0' && s[0] <= '9' && (s[1] == '\0' || (s[1] == 'e' && s[2] == '\0'));
}

/* Two threads where there is work for two and memory for both; the bytes do not depend on it. */
static bool set_threads(const struct mo_codec_xz_params *p, lzma_filter *filters,
			uint64_t decoded_len, lzma_mt *mt)
{
	uint64_t block;

	*mt = (lzma_mt){ .filters = filters,
			 .check = (lzma_check)p->check,
			 .block_size = p->block,
			 .threads = THREADS_MAX };
	/* liblzma's own default, if the stream does not say. */
	block = p->block ? p->block : MO_MAX((uint64_t)3 * p->dict, UINT64_C(1) << 20);
	if (decoded_len <= block || lzma_stream_encoder_mt_memusage(mt) > MO_CODEC_MEMORY_MAX / 2)
		mt->threads = 1;
	return lzma_stream_encoder_mt_memusage(mt) <= MO_CODEC_MEMORY_MAX;
}

static bool has_memory(const struct mo_codec_xz_params *p, const char *level, uint64_t decoded_len)
{
	lzma_options_lzma opt;
	lzma_filter filters[2];
	lzma_mt mt;

	set_filters(p, level, &opt, filters);
	if (p->sizes)
		return set_threads(p, filters, decoded_len, &mt);
	return lzma_raw_encoder_memusage(filters) <= MO_CODEC_MEMORY_MAX;
}

bool mo_codec_xz_candidate(const char *params, uint64_t decoded_len, unsigned i,
			   char token[MO_ENCODER_MAX])
{
	const char *levels[LEVELS_MAX];
	struct mo_codec_xz_params p;
	unsigned nr = 0;

	if (!mo_codec_xz_parse(params, &p))
		return false;
	choose(&p, levels);
	for (size_t k = 0; k < LEVELS_MAX; k++) {
		if (!has_memory(&p, levels[k], decoded_len))
			continue;
		if (nr++ == i)
			return mo_codec_token_make(token, name_of(&p), lzma_version_string(),
						   levels[k]);
	}
	return false;
}

struct xzer {
	lzma_stream z;
	uint64_t off;
	lzma_action action;
	uint8_t in[MO_CODEC_PIECE], out[MO_CODEC_PIECE];
};

/*
 * The next piece of dec. The single-threaded encoder ends a block where it is told to, which is
 * what xz --block-size does.
 */
static int refill(struct xzer *x, struct mo_source *dec, uint64_t block, struct modulo_error *err)
{
	uint64_t n = MO_MIN(dec->len - x->off, (uint64_t)sizeof(x->in));
	int rc;

	if (block)
		n = MO_MIN(n, block - x->off % block);
	rc = n ? mo_source_read(dec, x->off, x->in, (size_t)n, err) : 0;
	if (rc)
		return rc;
	x->off += n;
	x->z.next_in = x->in;
	x->z.avail_in = (size_t)n;
	if (x->off == dec->len)
		x->action = LZMA_FINISH;
	else if (block && x->off % block == 0)
		x->action = LZMA_FULL_BARRIER;
	return 0;
}

static int encode_all(struct xzer *x, struct mo_source *dec, uint64_t block, const char *token,
		      struct mo_sink *out, struct modulo_error *err)
{
	for (;;) {
		lzma_ret ret;
		int rc = 0;

		if (x->z.avail_in == 0 && x->action == LZMA_RUN)
			rc = refill(x, dec, block, err);
		if (rc)
			return rc;
		x->z.next_out = x->out;
		x->z.avail_out = sizeof(x->out);
		ret = lzma_code(&x->z, x->action);
		if (ret == LZMA_MEM_ERROR)
			return mo_fail_nomem(err);
		if (ret != LZMA_OK && ret != LZMA_STREAM_END)
			return mo_codec_fail_encoder(err, token);
		rc = mo_sink_write(out, x->out, sizeof(x->out) - x->z.avail_out, err);
		if (rc)
			return rc;
		if (ret == LZMA_STREAM_END && x->action == LZMA_FINISH)
			return 0;
		if (ret == LZMA_STREAM_END)
			x->action = LZMA_RUN;
	}
}

static int start(struct xzer *x, const struct mo_codec_xz_params *p, const char *level,
		 uint64_t decoded_len, const char *token, struct modulo_error *err)
{
	lzma_options_lzma opt;
	lzma_filter filters[2];
	lzma_ret ret;
	lzma_mt mt;

	set_filters(p, level, &opt, filters);
	if (!has_memory(p, level, decoded_len))
		return mo_codec_fail_memory(err, token);
	if (p->sizes) {
		set_threads(p, filters, decoded_len, &mt);
		ret = lzma_stream_encoder_mt(&x->z, &mt);
	} else {
		ret = lzma_stream_encoder(&x->z, filters, (lzma_check)p->check);
	}
	if (ret == LZMA_MEM_ERROR)
		return mo_fail_nomem(err);
	return ret == LZMA_OK ? 0 : mo_codec_fail_encoder(err, token);
}

int mo_codec_xz_encode(struct mo_source *dec, const char *token, const char *params,
		       struct mo_sink *out, struct modulo_error *err)
{
	struct mo_codec_xz_params p;
	struct xzer _cleanup_free_ *x = NULL;
	const char *level;
	int rc;

	if (!mo_codec_xz_parse(params, &p))
		return mo_codec_fail_params(err, params);
	level = mo_codec_token_level(token, name_of(&p), lzma_version_string());
	if (!is_level(level))
		return mo_codec_fail_encoder(err, token);
	x = malloc(sizeof(*x));
	if (!x)
		return mo_fail_nomem(err);
	x->z = (lzma_stream)LZMA_STREAM_INIT;
	x->off = 0;
	x->action = LZMA_RUN;
	rc = start(x, &p, level, dec->len, token, err);
	if (!rc)
		rc = encode_all(x, dec, p.sizes ? 0 : p.block, token, out, err);
	lzma_end(&x->z);
	return rc;
}

/* The first LZMA2 chunk that comes, or none: it is due after 2 MiB of content at the latest. */
static int first_chunk(struct xzer *x, struct mo_source *dec, uint64_t len,
		       struct modulo_error *err)
{
	x->z.next_out = x->out;
	x->z.avail_out = sizeof(x->out);
	while (x->off < len && x->z.avail_out == sizeof(x->out)) {
		size_t n = (size_t)MO_MIN(len - x->off, (uint64_t)sizeof(x->in));
		int rc = mo_source_read(dec, x->off, x->in, n, err);

		if (rc)
			return rc;
		x->off += n;
		x->z.next_in = x->in;
		x->z.avail_in = n;
		if (lzma_code(&x->z, LZMA_RUN) != LZMA_OK)
			return mo_fail_nomem(err);
	}
	return 0;
}

/*
 * The threaded encoder writes nothing before its first block is whole, 24 MiB of content at
 * preset 6. The data of that block are what the plain LZMA2 encoder writes, and it soon writes
 * some.
 */
int mo_codec_xz_plausible(struct mo_source *enc, struct mo_source *dec, const char *token,
			  const char *params, bool *can, struct modulo_error *err)
{
	enum { ENOUGH = 4 << 20 };
	struct xzer _cleanup_free_ *x = NULL;
	struct mo_codec_xz_params p;
	lzma_options_lzma opt;
	lzma_filter filters[2];
	const char *level;
	uint8_t head = 0;
	uint64_t len;
	int rc;

	*can = true;
	if (!mo_codec_xz_parse(params, &p) || !p.sizes || enc->len <= MO_XZ_STREAM_HEADER_LEN)
		return 0;
	level = mo_codec_token_level(token, name_of(&p), lzma_version_string());
	if (!is_level(level) || !has_memory(&p, level, dec->len))
		return 0;
	rc = mo_source_read(enc, MO_XZ_STREAM_HEADER_LEN, &head, 1, err);
	if (rc)
		return rc;
	x = malloc(sizeof(*x));
	if (!x)
		return mo_fail_nomem(err);
	x->z = (lzma_stream)LZMA_STREAM_INIT;
	x->off = 0;
	set_filters(&p, level, &opt, filters);
	len = MO_MIN(p.block ? MO_MIN(dec->len, p.block) : dec->len, (uint64_t)ENOUGH);
	rc = lzma_raw_encoder(&x->z, filters) == LZMA_OK ? 0 : mo_fail_nomem(err);
	if (!rc)
		rc = first_chunk(x, dec, len, err);
	lzma_end(&x->z);
	if (rc)
		return rc;
	return mo_codec_match(enc, MO_XZ_STREAM_HEADER_LEN + ((uint64_t)head + 1) * 4, x->out,
			      sizeof(x->out) - x->z.avail_out, can, err);
}
