/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One stream made again: what `modulo-check --prove-encodings` asks for. */
#include <string.h>

#include "codec/codec.h"
#include "io/source.h"
#include "modulo/modulo.h"

struct out {
	struct mo_sink sink;
	int (*write)(void *ctx, const void *p, size_t len);
	void *ctx;
};

static int out_write(struct mo_sink *k, const void *p, size_t len, struct modulo_error *err)
{
	struct out *o = (struct out *)k;

	if (o->write(o->ctx, p, len) < 0)
		return mo_fail(err, MODULO_IO, MODULO_NO_OFFSET, "io.write", "cannot write");
	return 0;
}

MODULO_API int modulo_encode(int fd, const char *codec, const char *params, const char *encoder,
			     int (*write)(void *ctx, const void *p, size_t len), void *ctx,
			     struct modulo_error *err)
{
	_cleanup_source_ struct mo_source *content = NULL;
	const struct mo_codec *c = mo_codec_by_name(codec, strlen(codec));
	struct out o = { { out_write }, write, ctx };
	int r;

	if (!c)
		return mo_fail(err, MODULO_UNSUPPORTED, MODULO_NO_OFFSET, "ledger.codec",
			       "no codec of that name is known");
	r = mo_source_fd(fd, &content, err);
	return r < 0 ? r : c->encode(content, encoder, params, &o.sink, err);
}
