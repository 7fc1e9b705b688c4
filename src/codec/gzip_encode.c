/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Encoding gzip members again: GNU gzip and pigz as programs, whose deflate data is put behind the
 * header that the params describe, and zlib as a library. Which levels are worth trying follows
 * from XFL (RFC 1952 2.3.1.1), which program from OS.
 */
#include "codec/gzip.h"

#define ZLIB_CONST
#include <zlib.h>

#include <string.h>

#include "codec/external.h"

enum maker { GZIP, PIGZ, ZLIB };
enum { OS_UNIX = 3, XFL_BEST = 2, XFL_FASTEST = 4, MEM_LEVEL = 8 };

struct choice {
	enum maker maker;
	char level;
};

struct choices {
	struct choice of[MO_CANDIDATES_MAX];
	unsigned nr;
};

static const char *maker_name(enum maker m)
{
	return m == GZIP ? "gzip" : m == PIGZ ? "pigz" : "zlib";
}

static const char *maker_version(enum maker m)
{
	if (m == ZLIB)
		return zlibVersion();
	return mo_codec_program_version(m == GZIP ? MO_PROGRAM_GZIP : MO_PROGRAM_PIGZ);
}

static void add(struct choices *c, enum maker m, const char *levels)
{
	if (!maker_version(m))
		return;
	for (; *levels && c->nr < MO_NR(c->of); levels++)
		c->of[c->nr++] = (struct choice){ m, *levels };
}

/*
 * gzip, pigz and zlib's own wrapper write XFL 2 at level 9, 4 at level 1, else 0. Libraries that
 * write the header themselves around zlib's data write what they like.
 */
static void choose(const struct mo_codec_gzip_params *p, struct choices *c)
{
	bool best = p->xfl == XFL_BEST, fastest = p->xfl == XFL_FASTEST;
	const char *likely = best ? "9" : fastest ? "1" : "6";
	const char *rest = best || fastest ? "" : "857432";
	const char *zlib_rest = best ? "68754321" : fastest ? "32456789" : "91857432";

	c->nr = 0;
	if (p->os != OS_UNIX)
		add(c, ZLIB, likely);
	add(c, GZIP, likely);
	add(c, PIGZ, likely);
	if (p->os == OS_UNIX)
		add(c, ZLIB, likely);
	add(c, GZIP, rest);
	add(c, PIGZ, rest);
	add(c, ZLIB, zlib_rest);
}

bool mo_codec_gzip_candidate(const char *params, uint64_t decoded_len, unsigned i,
			     char token[MO_ENCODER_MAX])
{
	struct mo_codec_gzip_params p;
	struct choices c;
	char level[2] = "";

	(void)decoded_len;
	if (!mo_codec_gzip_parse(params, &p))
		return false;
	choose(&p, &c);
	if (i >= c.nr)
		return false;
	level[0] = c.of[i].level;
	return mo_codec_token_make(token, maker_name(c.of[i].maker), maker_version(c.of[i].maker),
				   level);
}

static void put_le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static int write_header(const struct mo_codec_gzip_params *p, struct mo_sink *out,
			struct modulo_error *err)
{
	uint8_t head[MO_GZIP_HEADER_LEN + sizeof(p->name) + 1] = { 0x1f, 0x8b, 8 };
	size_t len = MO_GZIP_HEADER_LEN;

	put_le32(head + 4, p->mtime);
	head[8] = p->xfl;
	head[9] = p->os;
	if (p->name_len) {
		head[3] = MO_GZIP_FNAME;
		memcpy(head + len, p->name, p->name_len);
		len += p->name_len + 1;
	}
	return mo_sink_write(out, head, len, err);
}

/* Drops the header that a program wrote, checks that it is the shortest, and passes on the rest. */
struct behead {
	struct mo_sink sink, *next;
	uint8_t head[MO_GZIP_HEADER_LEN];
	size_t len;
};

static int behead_write(struct mo_sink *k, const void *p, size_t len, struct modulo_error *err)
{
	struct behead *b = (struct behead *)k;
	const uint8_t *from = p;
	size_t n = MO_MIN(len, sizeof(b->head) - b->len);

	memcpy(b->head + b->len, from, n);
	b->len += n;
	if (n && b->len == sizeof(b->head) && memcmp(b->head, "\x1f\x8b\x08\x00", 4))
		return mo_fail(err, MODULO_UNSUPPORTED, MODULO_NO_OFFSET, "codec.child",
			       "the program wrote something else than a plain gzip member");
	return mo_sink_write(b->next, from + n, len - n, err);
}

static int run_program(enum maker m, char level, struct mo_source *dec, struct mo_sink *out,
		       struct modulo_error *err)
{
	struct behead b = { .sink = { .write = behead_write }, .next = out };
	char name[8], nameless[] = "-n", option[] = { '-', level, '\0' };
	/* pigz's bytes do not depend on the number of its threads. */
	char threads[] = "-p2",
	     *argv[] = { name, nameless, option, m == PIGZ ? threads : NULL, NULL };
	int rc;

	memcpy(name, maker_name(m), strlen(maker_name(m)) + 1);
	rc = mo_codec_program_run(argv, dec, &b.sink, err);
	if (!rc && b.len < sizeof(b.head))
		rc = mo_fail(err, MODULO_UNSUPPORTED, MODULO_NO_OFFSET, "codec.child",
			     "%s wrote nothing", name);
	return rc;
}

struct deflater {
	z_stream z;
	uint64_t off;
	uint32_t crc;
	uint8_t in[MO_CODEC_PIECE], out[MO_CODEC_PIECE];
};

static int deflate_all(struct deflater *d, struct mo_source *dec, struct mo_sink *out,
		       struct modulo_error *err)
{
	int zrc = Z_OK;

	while (zrc != Z_STREAM_END) {
		int rc;

		if (d->z.avail_in == 0) {
			size_t n = (size_t)MO_MIN(dec->len - d->off, (uint64_t)sizeof(d->in));

			rc = n ? mo_source_read(dec, d->off, d->in, n, err) : 0;
			if (rc)
				return rc;
			d->off += n;
			d->crc = (uint32_t)crc32(d->crc, d->in, (uInt)n);
			d->z.next_in = d->in;
			d->z.avail_in = (uInt)n;
		}
		d->z.next_out = d->out;
		d->z.avail_out = sizeof(d->out);
		zrc = deflate(&d->z, d->off == dec->len ? Z_FINISH : Z_NO_FLUSH);
		if (zrc != Z_OK && zrc != Z_STREAM_END && zrc != Z_BUF_ERROR)
			return mo_fail_nomem(err);
		rc = mo_sink_write(out, d->out, sizeof(d->out) - d->z.avail_out, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int run_zlib(char level, struct mo_source *dec, struct mo_sink *out,
		    struct modulo_error *err)
{
	struct deflater _cleanup_free_ *d = malloc(sizeof(*d));
	uint8_t tail[MO_GZIP_TRAILER_LEN];
	int rc;

	if (!d)
		return mo_fail_nomem(err);
	memset(&d->z, 0, sizeof(d->z));
	d->off = 0;
	d->crc = 0;
	if (deflateInit2(&d->z, level - '0', Z_DEFLATED, -MAX_WBITS, MEM_LEVEL, Z_DEFAULT_STRATEGY))
		return mo_fail_nomem(err);
	rc = deflate_all(d, dec, out, err);
	deflateEnd(&d->z);
	if (rc)
		return rc;
	put_le32(tail, d->crc);
	put_le32(tail + 4, (uint32_t)dec->len);
	return mo_sink_write(out, tail, sizeof(tail), err);
}

int mo_codec_gzip_encode(struct mo_source *dec, const char *token, const char *params,
			 struct mo_sink *out, struct modulo_error *err)
{
	static const enum maker makers[] = { GZIP, PIGZ, ZLIB };
	struct mo_codec_gzip_params p;
	const char *level = NULL;
	enum maker m = ZLIB;
	int rc;

	if (!mo_codec_gzip_parse(params, &p))
		return mo_codec_fail_params(err, params);
	for (size_t i = 0; i < MO_NR(makers) && !level; i++) {
		m = makers[i];
		if (maker_version(m))
			level = mo_codec_token_level(token, maker_name(m), maker_version(m));
	}
	if (!level || level[0] < '1' || level[0] > '9' || level[1])
		return mo_codec_fail_encoder(err, token);
	rc = write_header(&p, out, err);
	if (rc)
		return rc;
	return m == ZLIB ? run_zlib(*level, dec, out, err) : run_program(m, *level, dec, out, err);
}
