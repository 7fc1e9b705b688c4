/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "hash/pool.h"
#include "verb/compare.h"
#include "verb/members.h"

#define WINDOW 8

/* A pair at work. */
struct work {
	struct mo_member a, b;
	struct mo_arena arena;
	enum modulo_level level;
	struct modulo_difference difference[4];
	unsigned nr;
};

struct compare {
	struct mo_context c;
	struct mo_artifact a, b;
	struct mo_pair *pair;
	size_t nr, window;
	struct work *ring;
	struct mo_gather *gather;
};

/* Adds a difference; text may be NULL when out of memory. */
static int differ(struct work *w, const char *what, enum modulo_level level, const char *text,
		  struct modulo_error *err)
{
	struct modulo_difference *d = &w->difference[w->nr];

	if (!text)
		return mo_fail_nomem(err);
	*d = (struct modulo_difference){
		.what = what, .text = text, .offset = MODULO_NO_OFFSET, .level = level
	};
	w->nr++;
	w->level = MO_MIN(w->level, level);
	return 0;
}

static const char *keep(struct work *w, const struct mo_buf *b)
{
	return mo_buf_ok(b) ? mo_arena_dup(&w->arena, b->data, b->len) : NULL;
}

static bool same_string(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static int compare_metadata(struct work *w, bool metadata, struct modulo_error *err)
{
	_cleanup_(mo_buf_release) struct mo_buf b = { 0 };
	const struct mo_entry *x = w->a.e, *y = w->b.e;

	if (x->type != y->type) {
		mo_buf_fmt(&b, "a %s in A, a %s in B", mo_entry_type_name(x->type),
			   mo_entry_type_name(y->type));
		return differ(w, "metadata", MODULO_DIFFERENT, keep(w, &b), err);
	}
	if (x->type != MO_SYMLINK && x->mode != y->mode)
		mo_buf_fmt(&b, ", mode %04o and %04o", x->mode, y->mode);
	if (!same_string(x->target, y->target)) {
		mo_buf_str(&b, ", target ");
		mo_buf_escape(&b, x->target, strlen(x->target), "");
		mo_buf_str(&b, " and ");
		mo_buf_escape(&b, y->target, strlen(y->target), "");
	}
	if ((x->type == MO_CHAR || x->type == MO_BLOCK) &&
	    (x->major != y->major || x->minor != y->minor))
		mo_buf_fmt(&b, ", device %u:%u and %u:%u", x->major, x->minor, y->major, y->minor);
	if (metadata && x->type != MO_LINK) {
		if (x->uid != y->uid || x->gid != y->gid)
			mo_buf_fmt(&b, ", owner %u:%u and %u:%u", x->uid, x->gid, y->uid, y->gid);
		if (x->mtime != y->mtime || x->mtime_ns != y->mtime_ns)
			mo_buf_fmt(&b, ", time %lld.%09u and %lld.%09u", (long long)x->mtime,
				   x->mtime_ns, (long long)y->mtime, y->mtime_ns);
		if (!same_string(x->xattrs, y->xattrs))
			mo_buf_str(&b, ", extended attributes differ");
	}
	if (b.len == 0 && mo_buf_ok(&b))
		return 0;
	return differ(w, "metadata", MODULO_DIFFERENT,
		      mo_buf_ok(&b) ? mo_arena_dup(&w->arena, b.data + 2, b.len - 2) : NULL, err);
}

/* Streams around one content: the same codecs, parameters and encoders? */
static int compare_encodings(struct work *w, struct modulo_error *err)
{
	_cleanup_(mo_buf_release) struct mo_buf b = { 0 };
	struct mo_item *x = w->a.item, *y = w->b.item;

	for (; x->kind == MO_STREAM && y->kind == MO_STREAM && x->codec == y->codec;
	     x = x->inner, y = y->inner) {
		if (!x->codec->alike(x->params, x->decoded->len, y->params, y->decoded->len)) {
			mo_buf_fmt(&b, "%s with %s in A, with %s in B", x->codec->name, x->params,
				   y->params);
			return differ(w, "encoding", MODULO_SAME_CONTENT, keep(w, &b), err);
		}
		if (x->grade == MO_CARRIED || y->grade == MO_CARRIED)
			return differ(w, "encoding", MODULO_SAME_CONTENT,
				      "no known encoder gives this stream", err);
		if (x->grade == MO_PROVEN && strcmp(x->encoder, y->encoder) != 0) {
			mo_buf_fmt(&b, "encoded by %s in A, by %s in B", x->encoder, y->encoder);
			return differ(w, "encoding", MODULO_SAME_CONTENT, keep(w, &b), err);
		}
	}
	if (x->kind == y->kind && x->kind != MO_STREAM) {
		if (x->form == y->form)
			return 0;
		mo_buf_fmt(&b, "%s in A, %s in B", x->format, y->format);
		return differ(w, "format", MODULO_SAME_CONTENT, keep(w, &b), err);
	}
	mo_buf_fmt(&b, "%s in A, %s in B", x->kind == MO_STREAM ? x->codec->name : "not compressed",
		   y->kind == MO_STREAM ? y->codec->name : "not compressed");
	return differ(w, "encoding", MODULO_SAME_CONTENT, keep(w, &b), err);
}

static int same_bytes(struct mo_source *a, struct mo_source *b, bool *same,
		      struct modulo_error *err)
{
	uint8_t x[4096], y[4096];
	int r = 0;

	*same = a->len == b->len;
	for (uint64_t off = 0; r == 0 && *same && off < a->len; off += sizeof(x)) {
		size_t n = (size_t)MO_MIN(a->len - off, (uint64_t)sizeof(x));

		r = mo_source_read(a, off, x, n, err);
		r = r < 0 ? r : mo_source_read(b, off, y, n, err);
		*same = r == 0 && memcmp(x, y, n) == 0;
	}
	return r;
}

/* With one core: the same bits besides? */
static int compare_bits(struct work *w, struct modulo_error *err)
{
	struct mo_item *x = w->a.leaf, *y = w->b.leaf;
	bool same = x->nr_sigs == y->nr_sigs && x->len == y->len &&
		    memcmp(x->arg, y->arg, sizeof(x->arg)) == 0;
	int r = 0;

	for (unsigned i = 0; same && i < x->nr_sigs; i++)
		same = x->sig[i].form == y->sig[i].form &&
		       x->sig[i].body_len == y->sig[i].body_len &&
		       memcmp(x->sig[i].body, y->sig[i].body, x->sig[i].body_len) == 0;
	if (same && w->a.item->kind == MO_STREAM)
		r = same_bytes(w->a.source, w->b.source, &same, err);
	if (!same)
		w->level = MO_MIN(w->level, MODULO_SAME_MODULO);
	return r;
}

static int locate(struct compare *c, struct work *w, const struct mo_pair *p, unsigned thread,
		  struct modulo_error *err)
{
	struct mo_member a = { 0 }, b = { 0 };
	int r = differ(w, "content", MODULO_DIFFERENT, "", err);

	r = r < 0 ? r : mo_member_open(&c->c, &c->a, p->a, MO_WANT_LABELS, thread, &a, err);
	r = r < 0 ? r : mo_member_open(&c->c, &c->b, p->b, MO_WANT_LABELS, thread, &b, err);
	r = r < 0 ? r : mo_locate(&a, &b, &w->arena, &w->difference[w->nr - 1], err);
	mo_member_close(&a);
	mo_member_close(&b);
	return r;
}

static int compare_invalid(struct work *w, const struct mo_member *m, const char *side,
			   struct modulo_error *err)
{
	_cleanup_(mo_buf_release) struct mo_buf b = { 0 };
	unsigned nr = 0;

	for (unsigned i = 0; m->leaf && i < m->leaf->nr_sigs; i++)
		nr += m->judged[i].status == MO_SIG_INVALID;
	if (!nr)
		return 0;
	mo_buf_fmt(&b,
		   "INVALID signature in %s: it is not made over this content, or not by the key "
		   "that it names, or leads to no root that was given",
		   side);
	return differ(w, "signature", MODULO_DIFFERENT, keep(w, &b), err);
}

static int compare_pair(struct compare *c, struct work *w, const struct mo_pair *p, unsigned thread,
			struct modulo_error *err)
{
	int r = compare_metadata(w, c->a.metadata, err);

	if (r < 0 || !w->a.item || !w->b.item)
		return r;
	if (memcmp(w->a.digest.core, w->b.digest.core, sizeof(w->a.digest.core)) != 0)
		return locate(c, w, p, thread, err);
	r = compare_encodings(w, err);
	if (r == 0 && p->renamed && w->level > MODULO_SAME_CONTENT)
		r = differ(w, "encoding", MODULO_SAME_CONTENT, "another name", err);
	return r < 0 ? r : compare_bits(w, err);
}

static int work(void *ctx, size_t i, unsigned thread, struct modulo_error *err)
{
	struct compare *c = ctx;
	struct work *w = &c->ring[i % c->window];
	const struct mo_pair *p = &c->pair[i];
	int r = 0;

	w->level = MODULO_IDENTICAL;
	if (p->a != MO_NONE)
		r = mo_member_open(&c->c, &c->a, p->a, 0, thread, &w->a, err);
	if (r == 0 && p->b != MO_NONE)
		r = mo_member_open(&c->c, &c->b, p->b, 0, thread, &w->b, err);
	if (r < 0)
		return r;
	r = compare_invalid(w, &w->a, "A", err);
	r = r < 0 ? r : compare_invalid(w, &w->b, "B", err);
	if (r < 0)
		return r;
	if (p->a == MO_NONE)
		return differ(w, "only-in-b", MODULO_DIFFERENT, "only in B", err);
	if (p->b == MO_NONE)
		return differ(w, "only-in-a", MODULO_DIFFERENT, "only in A", err);
	return compare_pair(c, w, p, thread, err);
}

/* The derived fields of a form, once each */
static int gather_form(struct compare *c, const struct mo_form *f, char side,
		       struct modulo_error *err)
{
	int r = 0;

	for (unsigned k = 0; r == 0 && k < f->nr; k++)
		if (mo_element_expression(f->element[k].kind))
			r = mo_gather_derived(c->gather, f->name,
					      mo_element_expression(f->element[k].kind),
					      side == 'A', side == 'B', 0, err);
	return r;
}

static int gather_member(struct compare *c, const struct mo_member *m, char side,
			 struct modulo_error *err)
{
	struct modulo_comparison *res = mo_gather_result(c->gather);
	int r = 0;

	if (!m->e)
		return 0;
	*(side == 'A' ? &res->members_a : &res->members_b) += 1;
	for (struct mo_item *it = m->item; it && it->kind == MO_STREAM; it = it->inner)
		*(it->grade == MO_CHECKED  ? &res->encodings_checked
		  : it->grade == MO_PROVEN ? &res->encodings_proven
					   : &res->encodings_carried) += 1;
	res->unvouched += m->leaf ? m->leaf->unvouched : 0;
	if (m->leaf && m->leaf->form)
		r = gather_form(c, m->leaf->form, side, err);
	for (unsigned i = 0; r == 0 && m->leaf && i < m->leaf->nr_sigs; i++) {
		r = mo_gather_signature(c->gather, side, &m->leaf->sig[i], &m->judged[i], err);
		r = r < 0 ? r : gather_form(c, m->leaf->sig[i].form, side, err);
	}
	return r;
}

/* A file's record in a directory has one derived field: its length. */
static int gather_lengths(struct compare *c, const struct work *w, struct modulo_error *err)
{
	bool a = w->a.item, b = w->b.item;

	if (!c->a.is_dir || (!a && !b))
		return 0;
	return mo_gather_derived(c->gather, c->a.metadata ? "meta.file" : "file",
				 mo_element_expression(MO_EL_CHILD_LEN), a, b,
				 a && b && w->a.item->len != w->b.item->len, err);
}

static int done(void *ctx, size_t i, struct modulo_error *err)
{
	struct compare *c = ctx;
	struct work *w = &c->ring[i % c->window];
	struct modulo_comparison *res = mo_gather_result(c->gather);
	int r = gather_member(c, &w->a, 'A', err);

	r = r < 0 ? r : gather_member(c, &w->b, 'B', err);
	r = r < 0 ? r : gather_lengths(c, w, err);
	res->identical += w->level == MODULO_IDENTICAL;
	res->modulo += w->level == MODULO_SAME_MODULO;
	res->level = MO_MIN(res->level, w->level);
	for (unsigned k = 0; r == 0 && k < w->nr; k++) {
		struct modulo_difference *d = &w->difference[k];

		d->path = w->a.path ? w->a.path : w->b.path;
		d->path_b = w->a.path && w->b.path && strcmp(w->a.path, w->b.path) != 0 ? w->b.path
											: NULL;
		r = mo_gather_difference(c->gather, d, err);
	}
	mo_member_close(&w->a);
	mo_member_close(&w->b);
	mo_arena_release(&w->arena);
	w->nr = 0;
	return r < 0 ? r : mo_progress(&c->c, i + 1, c->nr, err);
}

static int compare_all(struct compare *c, struct modulo_error *err)
{
	struct mo_pool_job job = { .jobs = c->c.jobs, .work = work, .done = done, .ctx = c };
	int r;

	if (c->a.is_dir != c->b.is_dir)
		return mo_fail(err, MODULO_USAGE, MODULO_NO_OFFSET, "walk.kind",
			       "a directory and a file cannot be compared");
	r = mo_pair_members(&c->a, &c->b, &c->pair, &c->nr, err);
	if (r < 0)
		return r;
	c->window = MO_MAX(MO_MIN(c->nr, (size_t)c->c.jobs * WINDOW), (size_t)1);
	c->ring = calloc(c->window, sizeof(*c->ring));
	if (!c->ring)
		return mo_fail_nomem(err);
	job.nr = c->nr;
	job.window = c->window;
	r = mo_pool_run(&job, err);
	for (size_t i = 0; i < c->window; i++) {
		mo_member_close(&c->ring[i].a);
		mo_member_close(&c->ring[i].b);
		mo_arena_release(&c->ring[i].arena);
	}
	return r;
}

MODULO_API int modulo_compare(const char *a, const char *b, const struct modulo_options *opt,
			      struct modulo_comparison **out, struct modulo_error *err)
{
	struct compare c = { 0 };
	struct modulo_comparison *res;
	int r = mo_gather_new(&c.gather, err);

	if (r < 0)
		return r;
	res = mo_gather_result(c.gather);
	r = mo_context_init(&c.c, opt, err);
	r = r < 0 ? r : mo_artifact_open(&c.c, a, &c.a, err);
	r = r < 0 ? r : mo_artifact_open(&c.c, b, &c.b, err);
	r = r < 0 ? r : compare_all(&c, err);
	if (r == 0) {
		memcpy(res->forms, c.c.forms.digest, sizeof(res->forms));
		res->left_out = c.a.nr - c.a.nr_chosen + c.b.nr - c.b.nr_chosen;
		mo_gather_finish(c.gather);
		*out = res;
	} else {
		modulo_comparison_free(res);
	}
	free(c.pair);
	free(c.ring);
	mo_artifact_release(&c.a);
	mo_artifact_release(&c.b);
	mo_context_release(&c.c);
	return r;
}
