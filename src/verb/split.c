/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "hash/tee.h"
#include "ledger/ledger.h"
#include "verb/members.h"
#include "verb/rebuild.h"
#include "verb/store.h"

#define SPOOL_MEMORY (16u << 20)

struct split {
	struct mo_context c;
	struct mo_artifact a;
	const struct modulo_split_to *to;
	struct modulo_split_result res;
	struct mo_hash artifact_hash, core_hash;
	struct mo_tee artifact, core;
	struct mo_out *core_file;
	struct mo_spool *body; /* the ledger behind its head */
	struct mo_target plain;
	struct mo_store_writer *store;
};

static int put(struct mo_sink *k, struct mo_buf *b, struct modulo_error *err)
{
	int r = mo_buf_ok(b) ? mo_sink_write(k, b->data, b->len, err) : mo_fail_nomem(err);

	mo_buf_reset(b);
	return r;
}

/* Artifact, core and ledger of one member, in the order of the bytes. */
static int account(struct split *s, struct mo_member *m, struct modulo_error *err)
{
	_cleanup_(mo_buf_release) struct mo_buf bytes = { 0 }, core = { 0 }, line = { 0 };
	struct mo_record rec;
	int r = 0;

	if (s->a.is_dir) {
		r = mo_record_make(&s->c.forms, m->e, s->a.metadata, m->item ? m->item->len : 0,
				   &m->arena, &rec, err);
		if (r < 0)
			return r;
		mo_form_render_record(rec.form, rec.arg, &bytes, &core, NULL);
		mo_record_line(&rec, &line);
		r = put(&s->artifact.sink, &bytes, err);
		r = r < 0 ? r : put(&s->core.sink, &core, err);
		if (r == 0 && s->body)
			r = put(mo_spool_sink(s->body), &line, err);
	}
	if (r < 0 || !m->item)
		return r;
	r = mo_source_copy(m->source, 0, m->source->len, &s->artifact.sink, err);
	r = r < 0 ? r : mo_source_copy(m->leaf->core, 0, m->leaf->core->len, &s->core.sink, err);
	if (r == 0 && s->body)
		r = mo_item_write(m->item, mo_spool_sink(s->body), err);
	return r;
}

/* A signature that is none of this content would make a ledger that no checker accepts. */
static int refuse_foreign(const struct mo_member *m, struct modulo_error *err)
{
	for (unsigned i = 0; m->leaf && i < m->leaf->nr_sigs; i++) {
		int r = mo_body_bound(&m->leaf->sig[i].parsed, m->digest.signed_content[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int take(struct mo_members *v, size_t i, struct mo_member *m, struct modulo_error *err)
{
	struct split *s = v->ctx;
	const struct mo_buf none = { 0 };
	bool added = false;
	int r = refuse_foreign(m, err);

	if (r == 0 && s->res.has_digests)
		r = account(s, m, err);
	if (r == 0 && s->to->unsigned_path)
		r = mo_target_member(&s->plain, m, &none, err);
	if (r == 0 && s->store && s->a.chosen[i])
		r = mo_store_add(s->store, m, &added, err);
	s->res.members++;
	s->res.signatures += m->leaf && s->a.chosen[i] ? m->leaf->nr_sigs : 0;
	s->res.stored += added;
	if (r < 0)
		mo_artifact_blame(&s->a, m->e, err);
	return r;
}

static int open_all(struct split *s, struct modulo_error *err)
{
	const struct modulo_split_to *to = s->to;
	int r = 0;

	if (!to->core && !to->ledger && !to->store && !to->unsigned_path)
		return mo_fail(err, MODULO_USAGE, MODULO_NO_OFFSET, "usage.output",
			       "nothing to write");
	if ((to->core || to->ledger || to->unsigned_path) && s->a.nr_chosen != s->a.nr)
		return mo_fail(err, MODULO_USAGE, MODULO_NO_OFFSET, "walk.globs",
			       "--only and --ignore choose what goes into a store; core, ledger "
			       "and unsigned artifact are whole");
	s->res.has_digests = to->core || to->ledger;
	if (to->core)
		r = mo_out_file(to->core, &s->core_file, err);
	if (r == 0 && s->core_file)
		s->core.to = mo_out_sink(s->core_file);
	if (r == 0 && to->ledger)
		r = mo_spool_new(SPOOL_MEMORY, &s->body, err);
	if (r == 0 && to->unsigned_path)
		r = mo_target_open(&s->plain, to->unsigned_path, s->a.is_dir, s->a.metadata, err);
	if (r == 0 && to->store)
		r = mo_store_create(to->store, &s->c.forms, &s->store, err);
	return r;
}

static int frame(struct split *s, const char *text, struct modulo_error *err)
{
	return s->body && s->a.is_dir
		       ? mo_sink_write(mo_spool_sink(s->body), text, strlen(text), err)
		       : 0;
}

static int write_ledger(struct split *s, struct modulo_error *err)
{
	_cleanup_source_ struct mo_source *body = NULL;
	_cleanup_(mo_buf_release) struct mo_buf head = { 0 };
	_cleanup_(mo_out_dropp) struct mo_out *out = NULL;
	struct mo_ledger_head h = { .artifact_len = s->res.artifact_length,
				    .core_len = s->res.core_length };
	int r = mo_sink_write(mo_spool_sink(s->body), "end\n", 4, err);

	memcpy(h.forms, s->c.forms.digest, 32);
	memcpy(h.artifact, s->res.artifact, 32);
	memcpy(h.core, s->res.core, 32);
	mo_ledger_head_write(&h, &head);
	r = r < 0 ? r : mo_spool_source(MO_TAKE(s->body), &body, err);
	r = r < 0 ? r : mo_out_file(s->to->ledger, &out, err);
	r = r < 0 ? r : put(mo_out_sink(out), &head, err);
	r = r < 0 ? r : mo_source_copy(body, 0, body->len, mo_out_sink(out), err);
	return r < 0 ? r : mo_out_commit(MO_TAKE(out), err);
}

static int finish(struct split *s, struct modulo_error *err)
{
	int r = 0;

	r = mo_hash_final(&s->artifact_hash, s->res.artifact, err);
	r = r < 0 ? r : mo_hash_final(&s->core_hash, s->res.core, err);
	if (r == 0 && s->to->ledger)
		r = write_ledger(s, err);
	if (r == 0 && s->core_file)
		r = mo_out_commit(MO_TAKE(s->core_file), err);
	r = r < 0 ? r : mo_target_commit(&s->plain, err);
	if (r == 0 && s->store)
		r = mo_store_commit(MO_TAKE(s->store), err);
	return r;
}

static int split_all(struct split *s, const char *path, const struct modulo_options *opt,
		     struct modulo_error *err)
{
	struct mo_members v = { .c = &s->c, .a = &s->a, .all = true, .take = take, .ctx = s };
	int r = mo_context_init(&s->c, opt, err);

	r = r < 0 ? r : mo_artifact_open(&s->c, path, &s->a, err);
	r = r < 0 ? r : open_all(s, err);
	/* What is not asked for is not explained: a store of some members need not understand all.
	 */
	v.all = !s->to->store || s->to->core || s->to->ledger || s->to->unsigned_path;
	r = r < 0 ? r : frame(s, s->a.metadata ? "records dir-metadata\n" : "records dir\n", err);
	r = r < 0 ? r : mo_members_run(&v, err);
	r = r < 0 ? r : frame(s, "close\n", err);
	return r < 0 ? r : finish(s, err);
}

MODULO_API int modulo_split(const char *path, const struct modulo_options *opt,
			    const struct modulo_split_to *to, struct modulo_split_result *out,
			    struct modulo_error *err)
{
	struct split s = { .to = to };
	int r;

	s.artifact = mo_tee(&s.artifact_hash, &s.res.artifact_length, NULL);
	s.core = mo_tee(&s.core_hash, &s.res.core_length, NULL);
	mo_hash_init(&s.artifact_hash, MO_SHA256);
	mo_hash_init(&s.core_hash, MO_SHA256);
	r = split_all(&s, path, opt, err);
	if (r == 0)
		*out = s.res;
	mo_store_drop(s.store);
	mo_target_drop(&s.plain);
	mo_spool_free(s.body);
	mo_out_drop(s.core_file);
	mo_hash_release(&s.artifact_hash);
	mo_hash_release(&s.core_hash);
	mo_artifact_release(&s.a);
	mo_context_release(&s.c);
	return r;
}
