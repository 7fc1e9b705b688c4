/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* modulo tree verify and audit. */
#include <stdio.h>
#include <string.h>

#include "hash/pool.h"
#include "verb/members.h"
#include "verb/targets.h"
#include "verb/tree_known.h"

struct verify {
	const struct mo_context *c;
	const struct modulo_tree_against *against;
	struct mo_targets targets;
	struct modulo_tree *tree; /* NULL: none given */
	struct mo_kernel kernel;
	struct mo_known known; /* where no kernel is given */
	struct mo_finding *finding;
	char **plain;  /* the targets' paths without a codec's suffix */
	char **broken; /* why a module could not be read, or NULL */
	int (*module)(void *, const struct modulo_tree_module *, struct modulo_error *);
	void *ctx;
	struct modulo_tree_verdict verdict;
};

static const struct mo_known *known_of(const struct verify *v)
{
	return v->against->kernel ? &v->kernel.known : &v->known;
}

static const struct mo_set *set_of(const struct verify *v)
{
	return v->tree ? &v->tree->set : NULL;
}

/* A file that is no sound stream is a finding, one that the system does not give is trouble. */
static bool is_finding(int rc)
{
	return rc == MODULO_MALFORMED || rc == MODULO_UNSUPPORTED || rc == MODULO_LIMIT;
}

static int work(void *ctx, size_t i, unsigned thread, struct modulo_error *err)
{
	struct verify *v = ctx;
	const struct mo_target *x = &v->targets.target[i];
	struct mo_module m = { 0 };
	int r;

	(void)thread;
	v->plain[i] = mo_plain_path(x->path);
	if (!v->plain[i])
		return mo_fail_nomem(err);
	r = mo_module_path(x->path, x->shown, &m, err);
	if (is_finding(r)) {
		v->finding[i].verdict = MO_BROKEN;
		v->finding[i].entry = MO_SET_NONE;
		if (asprintf(&v->broken[i], "it cannot be read: %s: %s", err->id, err->text) < 0)
			v->broken[i] = NULL;
		err->rc = 0;
		return 0;
	}
	if (r < 0)
		return r;
	r = mo_find(&m, known_of(v)->list, &v->finding[i], err);
	mo_module_release(&m);
	return r < 0 ? mo_blame(err, x->shown, '/', r) : 0;
}

static int done(void *ctx, size_t i, struct modulo_error *err)
{
	struct verify *v = ctx;

	return mo_progress(v->c, i + 1, v->targets.nr, err);
}

/* A tree's file that goes with another kernel says nothing about this one. */
static int compare_set(const struct verify *v, struct modulo_error *err)
{
	const struct mo_known *k = known_of(v);
	struct mo_known own = { 0 };
	bool same;
	int r;

	if (!v->tree || (!v->against->kernel && !v->against->root))
		return 0;
	r = mo_known_of_set(&v->tree->set, &own, err);
	same = r == 0 && own.list == k->list && own.levels == k->levels && own.nr == k->nr &&
	       memcmp(own.root, k->root, sizeof(own.root)) == 0;
	mo_known_release(&own);
	if (r < 0 || same)
		return r;
	mo_fail(err, MODULO_MISMATCH, MODULO_NO_OFFSET, "modules.root",
		"this tree is not that of the kernel: it is of another build, or modules were "
		"added, "
		"removed or changed since it was made");
	return mo_blame(err, v->against->tree, '/', MODULO_MISMATCH);
}

static int open_known(struct verify *v, struct modulo_error *err)
{
	const struct modulo_tree_against *a = v->against;
	int r = a->tree ? modulo_tree_read(a->tree, &v->tree, err) : 0;

	if (r < 0)
		return r;
	if (a->kernel)
		return mo_kernel_open(a->kernel, &v->kernel, err);
	if (a->root) {
		if (!mo_root_parse(a->root, strlen(a->root), &v->known.levels, v->known.root))
			return mo_fail(err, MODULO_USAGE, MODULO_NO_OFFSET, "usage.option",
				       "a root is LEVELS:HEX, of 0 to 32 levels");
		return 0;
	}
	if (!a->tree)
		return mo_fail(err, MODULO_USAGE, MODULO_NO_OFFSET, "usage.option",
			       "nothing to hold modules against: no tree, root or kernel");
	return mo_known_of_set(&v->tree->set, &v->known, err);
}

/* A section of zeros is that of no modules, or of a kernel in which nobody filled it. */
static int check_filled(const struct verify *v, struct modulo_error *err)
{
	const struct mo_known *k = known_of(v);
	bool any = k->list ? !k->nr : k->levels != 0;

	for (size_t i = 0; !any && i < k->nr * 32; i++)
		any = k->hash[i / 32][i % 32] != 0;
	if (any || !v->against->kernel || !v->targets.nr)
		return 0;
	mo_fail(err, MODULO_MISMATCH, MODULO_NO_OFFSET, "image.empty",
		"its section of module hashes is empty: `modulo tree embed` was not run before the "
		"image was packed");
	return mo_blame(err, v->against->kernel, '/', MODULO_MISMATCH);
}

static int look(struct verify *v, struct modulo_error *err)
{
	struct mo_pool_job job = {
		.nr = v->targets.nr, .jobs = v->c->jobs, .work = work, .done = done, .ctx = v
	};
	int r;

	v->finding = calloc(v->targets.nr + 1, sizeof(*v->finding));
	v->plain = calloc(v->targets.nr + 1, sizeof(*v->plain));
	v->broken = calloc(v->targets.nr + 1, sizeof(*v->broken));
	if (!v->finding || !v->plain || !v->broken)
		return mo_fail_nomem(err);
	r = mo_pool_run(&job, err);
	if (r == 0 && v->kernel.search) {
		r = mo_kernel_search(&v->kernel, set_of(v), v->finding, v->targets.nr, err);
		if (r < 0)
			mo_blame(err, v->against->kernel, '/', r);
	}
	r = r < 0 ? r : check_filled(v, err);
	return r < 0 ? r : compare_set(v, err);
}

static int give(struct verify *v, const char *path, struct modulo_tree_module *m,
		const char *hashed_as, struct modulo_error *err)
{
	_cleanup_buf_ struct mo_buf p = { 0 }, h = { 0 };

	mo_buf_escape(&p, path, strlen(path), "");
	if (hashed_as)
		mo_buf_escape(&h, hashed_as, strlen(hashed_as), "");
	if (!mo_buf_ok(&p) || !mo_buf_ok(&h))
		return mo_fail_nomem(err);
	m->path = p.data;
	m->hashed_as = hashed_as ? h.data : NULL;
	if (v->module && v->module(v->ctx, m, err) < 0)
		return mo_fail(err, MODULO_CANCELLED, MODULO_NO_OFFSET, "usage.cancelled",
			       "cancelled");
	return 0;
}

static int tell_one(struct verify *v, const struct mo_judged_set *j, size_t i,
		    struct modulo_error *err)
{
	const struct mo_finding *f = &v->finding[i];
	struct modulo_tree_module m = {
		.loads = f->verdict == MO_LOADS,
		.verdict = mo_verdict_name(f->verdict),
		.text = v->broken[i] ? v->broken[i] : mo_verdict_text(j, f),
		.codec = f->codec ? f->codec->name : NULL,
		.is_signed = f->is_signed,
		.has_proof = f->has_proof,
		.index = f->index,
		.levels = f->levels,
		.root = f->levels ? f->root : NULL,
	};

	v->verdict.loads += m.loads;
	v->verdict.compressed += f->codec != NULL;
	v->verdict.renamed += f->renamed;
	return give(v, v->targets.target[i].shown, &m,
		    f->renamed ? j->set->entry[f->entry].path : NULL, err);
}

static int tell_missing(struct verify *v, const struct mo_judged_set *j, struct modulo_error *err)
{
	_cleanup_free_ bool *there = calloc(j->set->nr + (size_t)1, sizeof(*there));
	struct mo_finding f = { .verdict = MO_MISSING };
	struct modulo_tree_module m = { .verdict = mo_verdict_name(MO_MISSING),
					.text = mo_verdict_text(j, &f) };
	int r = 0;

	if (!there)
		return mo_fail_nomem(err);
	for (size_t i = 0; i < j->nr; i++)
		if (j->finding[i].entry != MO_SET_NONE)
			there[j->finding[i].entry] = true;
	for (uint32_t i = 0; r == 0 && i < j->set->nr; i++) {
		if (there[i])
			continue;
		v->verdict.missing++;
		r = give(v, j->set->entry[i].path, &m, NULL, err);
	}
	return r;
}

static int judge(struct verify *v, struct modulo_error *err)
{
	const struct mo_known *k = known_of(v);
	struct mo_judged_set j = { .known = k,
				   .set = set_of(v),
				   .finding = v->finding,
				   .path = v->plain,
				   .nr = v->targets.nr };
	int r = mo_judge(&j, err);

	v->verdict.modules = j.nr;
	v->verdict.kernel = v->against->kernel ? v->kernel.image.kind : NULL;
	mo_known_root(k, &v->verdict.root);
	for (size_t i = 0; r == 0 && i < j.nr; i++)
		r = tell_one(v, &j, i, err);
	return r == 0 && v->against->all && j.set ? tell_missing(v, &j, err) : r;
}

static void release(struct verify *v)
{
	for (size_t i = 0; i < v->targets.nr; i++) {
		if (v->finding)
			mo_finding_release(&v->finding[i]);
		if (v->plain)
			free(v->plain[i]);
		if (v->broken)
			free(v->broken[i]);
	}
	free(v->finding);
	free(v->plain);
	free(v->broken);
	mo_targets_release(&v->targets);
	mo_kernel_release(&v->kernel);
	mo_known_release(&v->known);
	modulo_tree_free(v->tree);
}

MODULO_API int modulo_tree_verify(
	char *const *path, size_t nr, const struct modulo_tree_against *against,
	const struct modulo_options *opt,
	int (*module)(void *ctx, const struct modulo_tree_module *m, struct modulo_error *err),
	void *ctx, struct modulo_tree_verdict *out, struct modulo_error *err)
{
	struct mo_context c = { 0 };
	struct verify v = { .c = &c, .against = against, .module = module, .ctx = ctx };
	int r = mo_context_init(&c, opt, err);

	for (size_t i = 0; r == 0 && i < MO_NR(against->reserved); i++)
		if (against->reserved[i])
			r = mo_fail(err, MODULO_USAGE, MODULO_NO_OFFSET, "usage.reserved",
				    "a reserved field is not NULL");
	r = r < 0 ? r : open_known(&v, err);
	r = r < 0 ? r : mo_targets_find(&v.targets, path, nr, err);
	r = r < 0 ? r : look(&v, err);
	r = r < 0 ? r : judge(&v, err);
	if (r == 0)
		*out = v.verdict;
	release(&v);
	mo_context_release(&c);
	return r;
}
