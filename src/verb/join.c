/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ledger/ledger.h"
#include "verb/members.h"
#include "verb/rebuild.h"
#include "verb/store.h"

#define SPOOL_MEMORY (16u << 20)

/* --- with a ledger
 * ---------------------------------------------------------------------------------- */

struct core {
	struct mo_context *c;
	struct mo_artifact *a;
	struct mo_spool *spool;
	uint64_t members;
};

/* The unsigned artifact's core, whatever signatures it may have. */
static int take_core(struct mo_members *v, size_t i, struct mo_member *m, struct modulo_error *err)
{
	_cleanup_(mo_buf_release) struct mo_buf core = { 0 };
	struct core *k = v->ctx;
	struct mo_record rec;
	int r = 0;

	(void)i;
	k->members++;
	if (v->a->is_dir) {
		r = mo_record_make(&v->c->forms, m->e, v->a->metadata, 0, &m->arena, &rec, err);
		if (r < 0)
			return r;
		mo_form_render_record(rec.form, rec.arg, NULL, &core, NULL);
		r = mo_buf_ok(&core)
			    ? mo_sink_write(mo_spool_sink(k->spool), core.data, core.len, err)
			    : mo_fail_nomem(err);
	}
	if (r < 0 || !m->item)
		return r;
	return mo_source_copy(m->leaf->core, 0, m->leaf->core->len, mo_spool_sink(k->spool), err);
}

/* Takes what the ledger gives, and makes files of it. */
struct writer {
	struct mo_joiner joiner;
	struct mo_target target;
	struct mo_arena arena;
	uint64_t entries;
};

static int writer_write(struct mo_sink *k, const void *p, size_t len, struct modulo_error *err)
{
	struct writer *w = (struct writer *)k;

	return mo_sink_write(w->target.file ? mo_out_sink(w->target.file)
					    : mo_tree_sink(w->target.tree),
			     p, len, err);
}

static int writer_entry(struct mo_joiner *j, const struct mo_form *form, const struct mo_word *arg,
			struct modulo_error *err)
{
	struct writer *w = (struct writer *)j;
	struct mo_entry e;
	int r = mo_record_parse(form, arg, &w->arena, &e, err);

	w->entries++;
	r = r < 0 ? r : mo_tree_add(w->target.tree, &e, w->target.metadata, err);
	mo_arena_release(&w->arena);
	return r;
}

static int writer_end(struct mo_joiner *j, struct modulo_error *err)
{
	return mo_tree_end_file(((struct writer *)j)->target.tree, err);
}

static int join_ledger(struct mo_context *c, struct mo_artifact *a, const char *ledger,
		       const char *out_path, struct modulo_join_result *out,
		       struct modulo_error *err)
{
	_cleanup_source_ struct mo_source *text = NULL, *core = NULL;
	struct writer w = { .joiner = { { writer_write }, writer_entry, writer_end } };
	struct core k = { .c = c, .a = a };
	struct mo_members v = { .c = c, .a = a, .all = true, .take = take_core, .ctx = &k };
	struct mo_ledger_head head;
	const char *kind;
	int r = mo_source_file(ledger, &text, err);

	r = r < 0 ? r : mo_ledger_head_read(text, &c->forms, &head, &kind, err);
	if (r < 0) {
		mo_error_within(err, ledger, '/');
		return r;
	}
	if ((kind != NULL) != a->is_dir)
		return mo_fail(err, MODULO_USAGE, MODULO_NO_OFFSET, "walk.kind",
			       "a directory and a file's ledger, or the other way round");
	if (kind && (strcmp(kind, "dir-metadata") == 0) != a->metadata)
		return mo_fail(err, MODULO_USAGE, MODULO_NO_OFFSET, "join.metadata",
			       "the ledger was made %s --metadata, join likewise",
			       a->metadata ? "without" : "with");
	r = mo_spool_new(SPOOL_MEMORY, &k.spool, err);
	r = r < 0 ? r : mo_members_run(&v, err);
	r = r < 0 ? r : mo_spool_source(MO_TAKE(k.spool), &core, err);
	r = r < 0 ? r : mo_target_open(&w.target, out_path, a->is_dir, a->metadata, err);
	if (r == 0) {
		r = mo_ledger_join(text, core, &c->forms, &w.joiner, err);
		if (r < 0)
			mo_error_within(err, ledger, '/');
	}
	r = r < 0 ? r : mo_target_commit(&w.target, err);
	mo_spool_free(k.spool);
	mo_target_drop(&w.target);
	mo_arena_release(&w.arena);
	if (r == 0)
		*out = (struct modulo_join_result){ .members = k.members };
	return r;
}

MODULO_API int modulo_join_ledger(const char *path, const char *ledger, const char *out_path,
				  const struct modulo_options *opt, struct modulo_join_result *out,
				  struct modulo_error *err)
{
	struct mo_context c = { 0 };
	struct mo_artifact a = { 0 };
	int r = mo_context_init(&c, opt, err);

	r = r < 0 ? r : mo_artifact_open(&c, path, &a, err);
	if (r == 0 && a.nr_chosen != a.nr)
		r = mo_fail(err, MODULO_USAGE, MODULO_NO_OFFSET, "walk.globs",
			    "a ledger is joined whole, without --only and --ignore");
	r = r < 0 ? r : join_ledger(&c, &a, ledger, out_path, out, err);
	mo_artifact_release(&a);
	mo_context_release(&c);
	return r;
}

/* --- with detached signatures
 * ------------------------------------------------------------------------ */

struct join {
	struct mo_store *store;
	struct mo_target target;
	struct modulo_join_result res;
};

static int take(struct mo_members *v, size_t i, struct mo_member *m, struct modulo_error *err)
{
	_cleanup_(mo_buf_release) struct mo_buf trailers = { 0 };
	struct join *j = v->ctx;
	uint64_t nr = 0, bound = 0;
	int r = 0;

	if (m->item && v->a->chosen[i]) {
		r = mo_store_get(j->store, v->c, m, &trailers, &nr, &bound, err);
	} else if (m->item) {
		/* Copied as it is; its entry is not one too many. */
		r = mo_store_pass(j->store, m, err);
		mo_item_release(MO_TAKE(m->item));
	}
	r = r < 0 ? r : mo_target_member(&j->target, m, &trailers, err);
	j->res.members++;
	j->res.signatures += nr;
	j->res.bound += bound;
	j->res.unbound += nr - bound;
	if (r < 0)
		mo_artifact_blame(v->a, m->e, err);
	return r;
}

MODULO_API int modulo_join_store(const char *path, const char *store, const char *out_path,
				 const struct modulo_options *opt, struct modulo_join_result *out,
				 struct modulo_error *err)
{
	struct join j = { 0 };
	struct mo_context c = { 0 };
	struct mo_artifact a = { 0 };
	struct mo_members v = {
		.c = &c, .a = &a, .all = true, .lenient = true, .take = take, .ctx = &j
	};
	int r = mo_context_init(&c, opt, err);

	r = r < 0 ? r : mo_artifact_open(&c, path, &a, err);
	r = r < 0 ? r : mo_store_open(store, &c, !a.is_dir, &j.store, err);
	r = r < 0 ? r : mo_target_open(&j.target, out_path, a.is_dir, a.metadata, err);
	r = r < 0 ? r : mo_members_run(&v, err);
	r = r < 0 ? r : mo_store_settle(j.store, err);
	r = r < 0 ? r : mo_target_commit(&j.target, err);
	if (r == 0)
		*out = j.res;
	mo_target_drop(&j.target);
	mo_store_free(j.store);
	mo_artifact_release(&a);
	mo_context_release(&c);
	return r;
}
