/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a codec's fuzz target asks: decoding strictly twice gives the same; its params are those
 * that their parser knows; the library's ordinary decoder finds the same content in what was
 * accepted; and what that one accepts whole is never called broken, but for what the target
 * excuses.
 */
#ifndef FUZZ_CODEC_H
#define FUZZ_CODEC_H

#include <stdlib.h>
#include <string.h>

#include "codec/internal.h"

#define FUZZ_MAX (UINT64_C(1) << 20)

struct fuzz_sink {
	struct mo_sink sink;
	struct mo_buf buf;
};

struct fuzz_result {
	int rc;
	struct modulo_error err;
	struct fuzz_sink got;
	struct mo_codec_info info;
};

static int fuzz_write(struct mo_sink *k, const void *p, size_t len, struct modulo_error *err)
{
	(void)err;
	mo_buf_add(&((struct fuzz_sink *)k)->buf, p, len);
	return 0;
}

static void fuzz_release(struct fuzz_result *r)
{
	mo_buf_release(&r->got.buf);
	mo_buf_release(&r->info.params);
}

static struct fuzz_result fuzz_decode(const struct mo_codec *c, const uint8_t *data, size_t size)
{
	struct fuzz_result r = { .got = { .sink = { fuzz_write } } };
	struct mo_source *s;

	if (mo_source_memory(data, size, &s, NULL))
		abort();
	r.rc = c->decode(s, FUZZ_MAX, &r.got.sink, &r.info, &r.err);
	mo_source_close(s);
	if (r.rc != r.err.rc || (r.rc && (!r.err.id[0] || !r.err.text[0] || r.info.params.data)) ||
	    (r.rc && r.err.offset != MODULO_NO_OFFSET && r.err.offset > size))
		__builtin_trap();
	if (!r.rc && r.info.decoded_len != r.got.buf.len)
		__builtin_trap();
	return r;
}

static bool fuzz_same(const struct mo_buf *a, const struct mo_buf *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static void fuzz_params(const struct mo_codec *c, const struct mo_buf *params)
{
	struct mo_codec_gzip_params g;
	struct mo_codec_xz_params x;
	struct mo_codec_zstd_params z;
	struct mo_buf again = { 0 };

	if (c == &mo_codec_gzip && mo_codec_gzip_parse(params->data, &g))
		mo_codec_gzip_render(&g, &again);
	if (c == &mo_codec_xz && mo_codec_xz_parse(params->data, &x))
		mo_codec_xz_render(&x, &again);
	if (c == &mo_codec_zstd && mo_codec_zstd_parse(params->data, &z))
		mo_codec_zstd_render(&z, &again);
	if (!fuzz_same(params, &again) || !c->alike(params->data, 5, params->data, 5))
		__builtin_trap();
	mo_buf_release(&again);
}

/*
 * library: all of data decoded by the library alone, false where it does not like it or something
 * is left. excused: a refusal as malformed of what the library accepts.
 */
static int fuzz_codec(const struct mo_codec *c, const uint8_t *data, size_t size,
		      bool (*library)(const uint8_t *, size_t, struct mo_buf *),
		      bool (*excused)(const char *id))
{
	struct fuzz_result a = fuzz_decode(c, data, size), b = fuzz_decode(c, data, size);
	struct mo_buf lib = { 0 };
	bool good = library(data, size, &lib);

	if (a.rc != b.rc || strcmp(a.err.id, b.err.id) || a.err.offset != b.err.offset)
		__builtin_trap();
	if (!a.rc) {
		if (!fuzz_same(&a.got.buf, &b.got.buf) ||
		    !fuzz_same(&a.info.params, &b.info.params))
			__builtin_trap();
		if (!good || !fuzz_same(&a.got.buf, &lib))
			__builtin_trap();
		fuzz_params(c, &a.info.params);
	} else if (good && a.rc == MODULO_MALFORMED && !excused(a.err.id)) {
		__builtin_trap();
	}
	mo_buf_release(&lib);
	fuzz_release(&a);
	fuzz_release(&b);
	return 0;
}

#endif
