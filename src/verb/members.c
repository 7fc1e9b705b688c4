/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verb/members.h"

#include "hash/pool.h"

#define WINDOW 8 /* members open at a time, for each thread */

struct run {
	struct mo_members *v;
	struct mo_member *ring;
	size_t window;
};

int mo_progress(const struct mo_context *c, uint64_t done, uint64_t total, struct modulo_error *err)
{
	if (!c->opt->progress || c->opt->progress(c->opt->progress_ctx, done, total) == 0)
		return 0;
	return mo_fail(err, MODULO_CANCELLED, MODULO_NO_OFFSET, "usage.cancelled", "cancelled");
}

static bool wanted(const struct mo_members *v, size_t i)
{
	return v->all || v->a->chosen[i];
}

static int work(void *ctx, size_t i, unsigned thread, struct modulo_error *err)
{
	struct run *run = ctx;
	struct mo_members *v = run->v;
	struct mo_member *m = &run->ring[i % run->window];
	int r;

	if (!wanted(v, i))
		return 0;
	r = mo_member_open(v->c, v->a, i, v->want, thread, m, err);
	if (r == 0 || !v->lenient || v->a->chosen[i])
		return r;
	mo_member_close(m);
	err->rc = 0;
	return mo_member_open(v->c, v->a, i, MO_WANT_RAW, thread, m, err);
}

static int done(void *ctx, size_t i, struct modulo_error *err)
{
	struct run *run = ctx;
	struct mo_members *v = run->v;
	struct mo_member *m = &run->ring[i % run->window];
	int r = wanted(v, i) ? v->take(v, i, m, err) : 0;

	mo_member_close(m);
	return r < 0 ? r : mo_progress(v->c, i + 1, v->a->nr, err);
}

int mo_members_run(struct mo_members *v, struct modulo_error *err)
{
	struct run run = { .v = v, .window = (size_t)v->c->jobs * WINDOW };
	struct mo_pool_job job = { .nr = v->a->nr,
				   .jobs = v->c->jobs,
				   .window = run.window,
				   .work = work,
				   .done = done,
				   .ctx = &run };
	int r;

	/* The pool's window may be smaller than asked for; the ring must be just as large. */
	if (run.window > job.nr)
		run.window = job.window = job.nr ? job.nr : 1;
	run.ring = calloc(run.window, sizeof(*run.ring));
	if (!run.ring)
		return mo_fail_nomem(err);
	r = mo_pool_run(&job, err);
	for (size_t i = 0; i < run.window; i++)
		mo_member_close(&run.ring[i]);
	free(run.ring);
	return r;
}
