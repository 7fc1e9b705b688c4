/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verb/rebuild.h"

#include <string.h>

#include "codec/codec.h"
#include "ledger/layout.h"

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

struct core_reader {
	struct mo_core_reader reader; /* first */
	struct mo_source *core;
	uint64_t at;
};

static int take_core(struct mo_core_reader *r, uint64_t len, struct mo_sink *k,
		     struct modulo_error *err)
{
	struct core_reader *c = (struct core_reader *)r;

	c->at += len;
	return mo_source_copy(c->core, c->at - len, len, k, err);
}

struct sum_sink {
	struct mo_sink sink; /* first */
	struct mo_pe_sum sum;
};

static int sum_write(struct mo_sink *k, const void *p, size_t len, struct modulo_error *err)
{
	(void)err;
	mo_pe_sum_add(&((struct sum_sink *)k)->sum, p, len);
	return 0;
}

/* The record's bytes with these numbers, then the signatures. */
static int emit(const struct mo_item *it, const uint64_t *arg, const struct mo_buf *trailers,
		struct mo_sink *out, struct modulo_error *err)
{
	struct core_reader c = { { take_core }, it->core, 0 };
	struct mo_emitted made;
	int r = mo_layout_emit(it->form, arg, &c.reader, out, &made, err);

	return r < 0 ? r : mo_sink_write(out, trailers->data, trailers->len, err);
}

/*
 * A record with other signatures: its derived numbers are made anew. CheckSum is 0 where there are
 * none, and valid where there are, as signers leave it; what the artifact lacks of its core is
 * there.
 */
static int write_record(const struct mo_item *it, const struct mo_buf *trailers,
			struct mo_sink *out, struct modulo_error *err)
{
	struct sum_sink sum = { { sum_write }, { 0 } };
	uint64_t arg[MO_RECORD_NUMBERS], *a = arg, *checksum = NULL;
	int r = 0;

	memcpy(arg, it->arg, sizeof(arg));
	for (unsigned i = 0; i < it->form->nr; i++) {
		enum mo_element_kind k = it->form->element[i].kind;

		if (k == MO_EL_CORE)
			*a += it->zeros;
		if (k == MO_EL_SIGS_OFF)
			*a = trailers->len ? it->tail + it->zeros : 0;
		if (k == MO_EL_SIGS_LEN)
			*a = trailers->len;
		if (k == MO_EL_PE_CHECKSUM) {
			checksum = a;
			*a = 0;
		}
		a += mo_element_has_argument(k);
	}
	if (checksum && trailers->len) {
		r = emit(it, arg, trailers, &sum.sink, err);
		*checksum = mo_pe_sum_end(&sum.sum);
	}
	return r < 0 ? r : emit(it, arg, trailers, out, err);
}

int mo_rebuild_leaf(const struct mo_item *leaf, const struct mo_buf *trailers, struct mo_sink *out,
		    struct modulo_error *err)
{
	int r;

	if (leaf->kind == MO_RECORDS)
		return write_record(leaf, trailers, out, err);
	r = mo_source_copy(leaf->core, 0, leaf->core->len, out, err);
	return r < 0 ? r : mo_sink_write(out, trailers->data, trailers->len, err);
}

static int write_item(const struct mo_item *it, const struct mo_buf *trailers, struct mo_sink *out,
		      struct modulo_error *err)
{
	_cleanup_spool_ struct mo_spool *spool = NULL;
	_cleanup_source_ struct mo_source *content = NULL;
	char token[MO_ENCODER_MAX];
	int r;

	if (it->kind != MO_STREAM)
		return mo_rebuild_leaf(it, trailers, out, err);
	r = encoder_of(it, token, err);
	r = r < 0 ? r : mo_spool_new(SPOOL_MEMORY, &spool, err);
	r = r < 0 ? r : write_item(it->inner, trailers, mo_spool_sink(spool), err);
	r = r < 0 ? r : mo_spool_source(MO_TAKE(spool), &content, err);
	return r < 0 ? r : it->codec->encode(content, token, it->params, out, err);
}

static int unchanged(const struct mo_member *m, const struct mo_buf *trailers, bool *same,
		     struct modulo_error *err)
{
	uint64_t len = m->leaf->len - m->leaf->tail;
	_cleanup_free_ uint8_t *now = NULL;
	int r;

	*same = len == trailers->len;
	if (!*same || !len)
		return 0;
	now = malloc((size_t)len);
	if (!now)
		return mo_fail_nomem(err);
	r = mo_source_read(m->leaf->source, m->leaf->tail, now, (size_t)len, err);
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
