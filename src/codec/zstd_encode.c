/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Encoding zstd frames again with libzstd: "libzstd-mt" is the streaming encoder with worker
 * threads, which the zstd program uses by default (-T0, -T1, ...), "libzstd" the same without (zstd
 * --single-thread). The buffers have the program's sizes: where a piece ends tells libzstd where to
 * put its copies.
 */
#include "codec/zstd.h"

#include <string.h>
#include <zstd.h>

enum { LEVEL_MAX = 22, TWO_WORKERS_FROM = 8 << 20 };

static const char single_name[] = "libzstd", mt_name[] = "libzstd-mt";

/*
 * The windows of libzstd's levels for contents of 256 KiB and more, as logarithms (the same in 1.4
 * and 1.5; a test asks the library). They only tell which levels are worth trying.
 */
static const uint8_t window_logs[LEVEL_MAX + 1] = { 0,	19, 20, 21, 21, 21, 21, 21, 21, 22, 22, 22,
						    22, 22, 22, 22, 22, 23, 23, 23, 25, 26, 27 };

/* Defaults first: the program's, kernel packages', initramfs tools', package builders'. */
static const uint8_t order[LEVEL_MAX] = { 3, 19, 22, 1, 15, 20, 9,  6,	10, 18, 17,
					  2, 4,	 5,  7, 8,  11, 12, 13, 14, 16, 21 };

struct choice {
	bool mt;
	uint8_t level;
};

/* A frame of that level has these params: a content that fits the window is a single segment. */
static bool gives(uint8_t level, const struct mo_codec_zstd_params *p, uint64_t decoded_len)
{
	uint64_t window = UINT64_C(1) << window_logs[level];

	if (p->window)
		return window == p->window && (!p->size || decoded_len > window);
	return decoded_len <= window;
}

/*
 * At most MO_CANDIDATES_MAX: with and without workers the likely levels in turn, then as many of
 * the others.
 */
static unsigned choose(const struct mo_codec_zstd_params *p, uint64_t decoded_len,
		       struct choice of[MO_CANDIDATES_MAX])
{
	enum { LIKELY = 7 };
	unsigned nr = 0;

	for (unsigned part = 0; part < 4; part++) {
		unsigned from = part < 2 ? 0 : LIKELY, to = part < 2 ? LIKELY : LEVEL_MAX;

		for (unsigned i = from; i < to && nr < MO_CANDIDATES_MAX; i++) {
			if (gives(order[i], p, decoded_len))
				of[nr++] = (struct choice){ part % 2 == 0, order[i] };
		}
	}
	return nr;
}

static const char *name_of(bool mt)
{
	return mt ? mt_name : single_name;
}

bool mo_codec_zstd_candidate(const char *params, uint64_t decoded_len, unsigned i,
			     char token[MO_ENCODER_MAX])
{
	struct choice of[MO_CANDIDATES_MAX];
	struct mo_codec_zstd_params p;
	char level[3] = "", *to = level;

	if (!mo_codec_zstd_parse(params, &p) || i >= choose(&p, decoded_len, of))
		return false;
	if (of[i].level >= 10)
		*to++ = (char)('0' + of[i].level / 10);
	*to = (char)('0' + of[i].level % 10);
	return mo_codec_token_make(token, name_of(of[i].mt), ZSTD_versionString(), level);
}

/* 1 to 22, in one spelling; 0: anything else */
static int parse_level(const char *s)
{
	int v = 0;

	if (!s || *s < '1' || *s > '9' || strlen(s) > 2)
		return 0;
	for (; *s >= '0' && *s <= '9'; s++)
		v = v * 10 + (*s - '0');
	return *s || v > LEVEL_MAX ? 0 : v;
}

static bool set(ZSTD_CCtx *c, ZSTD_cParameter what, int value)
{
	return !ZSTD_isError(ZSTD_CCtx_setParameter(c, what, value));
}

/* Two workers where there is work for two and their buffers are not large; the bytes do not depend
 * on it. */
static bool set_up(ZSTD_CCtx *c, const struct mo_codec_zstd_params *p, bool mt, int level,
		   uint64_t len)
{
	int workers = len >= TWO_WORKERS_FROM && window_logs[level] <= 23 ? 2 : 1;

	return set(c, ZSTD_c_compressionLevel, level) && set(c, ZSTD_c_checksumFlag, p->checksum) &&
	       set(c, ZSTD_c_contentSizeFlag, p->size) &&
	       (!mt || set(c, ZSTD_c_nbWorkers, workers)) &&
	       (!p->size || !ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(c, len)));
}

struct zstder {
	ZSTD_CCtx *c;
	void *in, *out;
	size_t in_len, out_len;
};

static int compress(struct zstder *z, size_t n, ZSTD_EndDirective how, struct mo_sink *sink,
		    struct modulo_error *err)
{
	ZSTD_inBuffer ib = { z->in, n, 0 };
	size_t left = 1;

	while (ib.pos < ib.size || (how == ZSTD_e_end && left)) {
		ZSTD_outBuffer ob = { z->out, z->out_len, 0 };
		int rc;

		left = ZSTD_compressStream2(z->c, &ob, &ib, how);
		if (ZSTD_isError(left))
			return mo_fail_nomem(err); /* nothing else can go wrong here */
		rc = mo_sink_write(sink, z->out, ob.pos, err);
		if (rc)
			return rc;
	}
	return 0;
}

/*
 * As the program does it: with a known size the last piece ends the frame, else an empty one. A
 * frame that is ended by its first piece would get its size written.
 */
static int encode_all(struct zstder *z, struct mo_source *dec, bool size, struct mo_sink *sink,
		      struct modulo_error *err)
{
	ZSTD_EndDirective how = ZSTD_e_continue;
	uint64_t off = 0;

	while (how != ZSTD_e_end) {
		size_t n = (size_t)MO_MIN(dec->len - off, (uint64_t)z->in_len);
		int rc = n ? mo_source_read(dec, off, z->in, n, err) : 0;

		if (rc)
			return rc;
		off += n;
		if (n == 0 || (size && off == dec->len))
			how = ZSTD_e_end;
		rc = compress(z, n, how, sink, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int open_encoder(struct zstder *z, struct modulo_error *err)
{
	z->in_len = ZSTD_CStreamInSize();
	z->out_len = ZSTD_CStreamOutSize();
	z->c = ZSTD_createCCtx();
	z->in = malloc(z->in_len);
	z->out = malloc(z->out_len);
	return z->c && z->in && z->out ? 0 : mo_fail_nomem(err);
}

static void close_encoder(struct zstder *z)
{
	ZSTD_freeCCtx(z->c);
	free(z->in);
	free(z->out);
}

/* The level of a token, 0 where it is none of this room's. */
static int read_token(const char *token, bool *mt)
{
	const char *level = mo_codec_token_level(token, single_name, ZSTD_versionString());

	*mt = !level;
	if (!level)
		level = mo_codec_token_level(token, mt_name, ZSTD_versionString());
	return parse_level(level);
}

int mo_codec_zstd_encode(struct mo_source *dec, const char *token, const char *params,
			 struct mo_sink *out, struct modulo_error *err)
{
	struct mo_codec_zstd_params p;
	struct zstder z = { 0 };
	int level, rc;
	bool mt;

	if (!mo_codec_zstd_parse(params, &p))
		return mo_codec_fail_params(err, params);
	level = read_token(token, &mt);
	if (!level)
		return mo_codec_fail_encoder(err, token);
	rc = open_encoder(&z, err);
	if (!rc && !set_up(z.c, &p, mt, level, dec->len))
		rc = mo_codec_fail_encoder(err, token);
	if (!rc)
		rc = encode_all(&z, dec, p.size, out, err);
	close_encoder(&z);
	return rc;
}

/* The header and the first block, which comes when its piece is full. */
static int first_block(struct zstder *z, struct mo_source *enc, struct mo_source *dec, bool *can,
		       struct modulo_error *err)
{
	ZSTD_inBuffer ib = { z->in, z->in_len, 0 };
	ZSTD_outBuffer ob = { z->out, z->out_len, 0 };
	int rc = mo_source_read(dec, 0, z->in, z->in_len, err);

	if (rc)
		return rc;
	if (ZSTD_isError(ZSTD_compressStream2(z->c, &ob, &ib, ZSTD_e_continue)))
		return mo_fail_nomem(err);
	return mo_codec_match(enc, 0, z->out, ob.pos, can, err);
}

/*
 * An encoder with workers writes nothing before it has a job's worth of content (8 MiB at level 3,
 * 32 at 19), and cannot be stopped within the job. Its first block is that of the encoder without.
 */
int mo_codec_zstd_plausible(struct mo_source *enc, struct mo_source *dec, const char *token,
			    const char *params, bool *can, struct modulo_error *err)
{
	struct mo_codec_zstd_params p;
	struct zstder z = { 0 };
	int level, rc;
	bool mt;

	*can = true;
	level = read_token(token, &mt);
	if (!mo_codec_zstd_parse(params, &p) || !level || dec->len <= ZSTD_CStreamInSize())
		return 0;
	rc = open_encoder(&z, err);
	if (!rc && set_up(z.c, &p, false, level, dec->len))
		rc = first_block(&z, enc, dec, can, err);
	close_encoder(&z);
	return rc;
}
