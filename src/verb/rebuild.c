/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verb/rebuild.h"

#include <string.h>

#include "codec/codec.h"

#define SPOOL_MEMORY (16u << 20)

static int encoder_of(const struct mo_item *it, char token[MO_ENCODER_MAX],
		      struct modulo_error *err)
{
	bool found = it->grade == MO_PROVEN;
	int r = 0;

	if (found)
		memcpy(token, it->encoder, strlen(it->encoder) + 1);
	else if (it->grade == MO_CHECKED)
		r = mo_codec_prove(it->codec, it->source, it->decoded, it->params, NULL, token,
				   &found, err);
	if (r == 0 && !found)
		return mo_fail(err, MODULO_UNSUPPORTED, MODULO_NO_OFFSET, "join.encoder",
			       "no known encoder gives this %s stream (%s), so a changed content "
			       "cannot be encoded alike",
			       it->codec->name, it->params);
	return r;
}

static int write_item(const struct mo_item *it, const struct mo_buf *trailers, struct mo_sink *out,
		      struct modulo_error *err)
{
	_cleanup_spool_ struct mo_spool *spool = NULL;
	_cleanup_source_ struct mo_source *content = NULL;
	char token[MO_ENCODER_MAX];
	int r;

	if (it->kind == MO_LEAF) {
		r = mo_source_copy(it->source, 0, it->core_len, out, err);
		return r < 0 ? r : mo_sink_write(out, trailers->data, trailers->len, err);
	}
	r = encoder_of(it, token, err);
	r = r < 0 ? r : mo_spool_new(SPOOL_MEMORY, &spool, err);
	r = r < 0 ? r : write_item(it->inner, trailers, mo_spool_sink(spool), err);
	r = r < 0 ? r : mo_spool_source(MO_TAKE(spool), &content, err);
	return r < 0 ? r : it->codec->encode(content, token, it->params, out, err);
}

static int unchanged(const struct mo_member *m, const struct mo_buf *trailers, bool *same,
		     struct modulo_error *err)
{
	uint64_t len = m->leaf->len - m->leaf->core_len;
	_cleanup_free_ uint8_t *now = NULL;
	int r;

	*same = len == trailers->len;
	if (!*same || !len)
		return 0;
	now = malloc((size_t)len);
	if (!now)
		return mo_fail_nomem(err);
	r = mo_source_read(m->leaf->source, m->leaf->core_len, now, (size_t)len, err);
	*same = r == 0 && memcmp(now, trailers->data, trailers->len) == 0;
	return r;
}

int mo_rebuild(const struct mo_member *m, const struct mo_buf *trailers, struct mo_sink *out,
	       struct modulo_error *err)
{
	bool same = true;
	int r = m->item ? unchanged(m, trailers, &same, err) : 0;

	if (r < 0)
		return r;
	return same ? mo_source_copy(m->source, 0, m->source->len, out, err)
		    : write_item(m->item, trailers, out, err);
}

int mo_target_open(struct mo_target *t, const char *path, bool is_dir, bool metadata,
		   struct modulo_error *err)
{
	t->metadata = metadata;
	return is_dir ? mo_tree_new(path, true, &t->tree, err) : mo_out_file(path, &t->file, err);
}

int mo_target_member(struct mo_target *t, const struct mo_member *m, const struct mo_buf *trailers,
		     struct modulo_error *err)
{
	int r;

	if (t->file)
		return mo_rebuild(m, trailers, mo_out_sink(t->file), err);
	r = mo_tree_add(t->tree, m->e, t->metadata, err);
	if (r < 0 || m->e->type != MO_FILE)
		return r;
	r = mo_rebuild(m, trailers, mo_tree_sink(t->tree), err);
	return r < 0 ? r : mo_tree_end_file(t->tree, err);
}

int mo_target_commit(struct mo_target *t, struct modulo_error *err)
{
	if (t->file)
		return mo_out_commit(MO_TAKE(t->file), err);
	return t->tree ? mo_tree_commit(MO_TAKE(t->tree), err) : 0;
}

void mo_target_drop(struct mo_target *t)
{
	mo_out_drop(MO_TAKE(t->file));
	mo_tree_drop(MO_TAKE(t->tree));
}
