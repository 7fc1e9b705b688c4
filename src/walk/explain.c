/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "walk/explain.h"

#include <string.h>

#include "fmt/format.h"

#define SPOOL_MEMORY (16u << 20) /* decoded content beyond goes to a temporary file */

static int explain_at(const struct mo_explain *x, struct mo_source *s, struct mo_arena *arena,
		      unsigned depth, struct mo_item **out, struct modulo_error *err);

/* An item that says: plain content. */
static struct mo_item *plain(struct mo_source *s, struct mo_arena *arena)
{
	struct mo_item *it = mo_arena_alloc(arena, sizeof(*it));

	if (it) {
		it->kind = MO_LEAF;
		it->format = "plain";
		it->source = s;
		it->len = it->core_len = it->tail = s->len;
	}
	return it;
}

static int prove(const struct mo_explain *x, struct mo_item *it, struct mo_arena *arena,
		 struct modulo_error *err)
{
	const char *first = x->last_encoder && (*x->last_encoder)[0] ? *x->last_encoder : NULL;
	char token[MO_ENCODER_MAX];
	bool found;
	int r = mo_codec_prove(it->codec, it->source, it->decoded, it->params, first, token, &found,
			       err);

	if (r < 0)
		return r;
	it->grade = found ? MO_PROVEN : MO_CARRIED;
	if (!found)
		return 0;
	if (x->last_encoder)
		memcpy(*x->last_encoder, token, sizeof(token));
	it->encoder = mo_arena_dup(arena, token, strlen(token));
	return it->encoder ? 0 : mo_fail_nomem(err);
}

/* Decodes it; *decoded is NULL where the stream is of a kind that is left as plain content. */
static int decode(const struct mo_explain *x, const struct mo_codec *c, struct mo_item *it,
		  struct mo_arena *arena, struct mo_source **decoded, struct modulo_error *err)
{
	_cleanup_spool_ struct mo_spool *spool = NULL;
	struct mo_codec_info info = { 0 };
	struct modulo_error why = { 0 };
	int r = mo_spool_new(SPOOL_MEMORY, &spool, err);

	*decoded = NULL;
	if (r < 0)
		return r;
	r = c->decode(it->source, x->max_decoded ? x->max_decoded : MO_DECODED_MAX,
		      mo_spool_sink(spool), &info, &why);
	if (r == 0) {
		it->params = mo_arena_dup(arena, info.params.data, info.params.len);
		r = it->params ? mo_spool_source(MO_TAKE(spool), decoded, err) : mo_fail_nomem(err);
	} else if (r == MODULO_UNSUPPORTED) {
		it->note = mo_arena_dup(arena, why.text, strlen(why.text));
		r = it->note ? 0 : mo_fail_nomem(err);
	} else if (err && !err->rc) {
		*err = why;
	}
	mo_buf_release(&info.params);
	return r;
}

static int explain_stream(const struct mo_explain *x, const struct mo_codec *c, struct mo_item *it,
			  struct mo_arena *arena, unsigned depth, struct modulo_error *err)
{
	struct mo_source *decoded;
	int r = decode(x, c, it, arena, &decoded, err);

	if (r < 0 || !decoded)
		return r;
	it->kind = MO_STREAM;
	it->format = c->name;
	it->codec = c;
	it->grade = MO_CHECKED;
	it->decoded = decoded;
	r = x->prove ? prove(x, it, arena, err) : 0;
	if (r == 0) {
		r = explain_at(x, decoded, arena, depth + 1, &it->inner, err);
		if (r < 0)
			mo_error_within(err, "content", '!');
	}
	if (r < 0) {
		mo_source_close(decoded);
		it->decoded = NULL;
		it->kind = MO_LEAF;
	}
	return r;
}

static int explain_at(const struct mo_explain *x, struct mo_source *s, struct mo_arena *arena,
		      unsigned depth, struct mo_item **out, struct modulo_error *err)
{
	struct mo_ledger l = { .arena = arena, .forms = x->forms, .want = x->want };
	const struct mo_format *format;
	const struct mo_codec *codec;
	uint8_t head[MO_MAGIC_END];
	size_t n = (size_t)MO_MIN(s->len, (uint64_t)sizeof(head));
	struct mo_item *it = plain(s, arena);
	int r;

	if (!it)
		return mo_fail_nomem(err);
	if (depth >= MO_DEPTH_MAX)
		return mo_fail(err, MODULO_LIMIT, 0, "walk.depth", "streams nest more than %d deep",
			       MO_DEPTH_MAX);
	r = mo_source_read(s, 0, head, n, err);
	if (r == 0)
		r = mo_format_identify(head, n, &format, err);
	if (r < 0)
		return r;
	codec = mo_codec_identify(head, n);
	l.item = it;
	if (format)
		r = format->explain(s, &l, err);
	else if (codec)
		r = explain_stream(x, codec, it, arena, depth, err);
	if (r == 0)
		*out = it;
	return r;
}

int mo_explain(const struct mo_explain *x, struct mo_source *s, struct mo_arena *arena,
	       struct mo_item **out, struct modulo_error *err)
{
	struct mo_item *it;
	int r = explain_at(x, s, arena, 0, &it, err);

	if (r < 0)
		return r;
	r = mo_item_check(it, err);
	if (r < 0)
		mo_item_release(it);
	else
		*out = it;
	return r;
}
