/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Threads take the next item from a counter; an item's done() is called in order by whichever
 * thread finishes the item that is waited for.
 */
#include "hash/pool.h"

#include <pthread.h>
#include <stdlib.h>

enum state { WAITING, WORKED };

struct pool {
	const struct mo_pool_job *job;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	size_t next;	/* the next item to work on */
	size_t settled; /* items below it are done */
	uint8_t *state; /* a ring of window items */
	size_t window;
	size_t failed; /* the lowest item that failed; nr: none */
	struct modulo_error *err;
	int rc;
	bool settling; /* a thread is in done() */
	unsigned threads;
};

static void note_failure(struct pool *p, size_t i, int rc, const struct modulo_error *err)
{
	if (i >= p->failed)
		return;
	p->failed = i;
	p->rc = rc;
	if (p->err)
		*p->err = *err;
}

/* Called with the lock held, gives it up around each done(). */
static void settle(struct pool *p, struct modulo_error *err)
{
	if (p->settling)
		return;
	p->settling = true;
	while (p->settled < p->failed && p->settled < p->next &&
	       p->state[p->settled % p->window] == WORKED) {
		size_t i = p->settled;
		int r = 0;

		if (p->job->done) {
			pthread_mutex_unlock(&p->lock);
			err->rc = 0;
			r = p->job->done(p->job->ctx, i, err);
			pthread_mutex_lock(&p->lock);
		}
		if (r < 0) {
			note_failure(p, i, r, err);
		} else {
			p->state[i % p->window] = WAITING;
			p->settled = i + 1;
		}
		pthread_cond_broadcast(&p->moved);
	}
	p->settling = false;
}

static void *run(void *arg)
{
	struct pool *p = arg;
	struct modulo_error *err = calloc(1, sizeof(*err));
	unsigned me;

	pthread_mutex_lock(&p->lock);
	me = p->threads++;
	if (!err)
		note_failure(p, 0, MODULO_NOMEM, &(struct modulo_error){ .rc = MODULO_NOMEM });
	for (;;) {
		size_t i;
		int r;

		while (p->next < p->failed && p->next - p->settled >= p->window)
			pthread_cond_wait(&p->moved, &p->lock);
		if (p->next >= p->failed)
			break;
		i = p->next++;
		pthread_mutex_unlock(&p->lock);
		err->rc = 0;
		r = p->job->work(p->job->ctx, i, me, err);
		pthread_mutex_lock(&p->lock);
		if (r < 0) {
			note_failure(p, i, r, err);
			pthread_cond_broadcast(&p->moved);
		} else {
			p->state[i % p->window] = WORKED;
		}
		settle(p, err);
	}
	pthread_cond_broadcast(&p->moved);
	pthread_mutex_unlock(&p->lock);
	free(err);
	return NULL;
}

int mo_pool_run(const struct mo_pool_job *job, struct modulo_error *err)
{
	struct pool p = { .job = job, .failed = job->nr, .err = err };
	unsigned jobs = MO_MIN(MO_MAX(job->jobs, 1u), 256u), started = 0;
	_cleanup_free_ pthread_t *thread = NULL;

	if (job->nr == 0)
		return 0;
	p.window = job->window ? MO_MAX(job->window, (size_t)jobs) : job->nr;
	p.window = MO_MIN(p.window, job->nr);
	jobs = (unsigned)MO_MIN((size_t)jobs, job->nr);
	p.state = calloc(p.window, 1);
	thread = calloc(jobs, sizeof(*thread));
	if (!p.state || !thread) {
		free(p.state);
		return mo_fail_nomem(err);
	}
	pthread_mutex_init(&p.lock, NULL);
	pthread_cond_init(&p.moved, NULL);
	/* Fewer threads than asked for is slower, not wrong. */
	while (started + 1 < jobs && pthread_create(&thread[started], NULL, run, &p) == 0)
		started++;
	run(&p);
	for (unsigned i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	pthread_cond_destroy(&p.moved);
	pthread_mutex_destroy(&p.lock);
	free(p.state);
	return p.rc;
}
