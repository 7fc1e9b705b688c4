/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Work on many items by several threads, results taken in order: whatever the threads do, what
 * comes out does not depend on them.
 */
#ifndef HASH_POOL_H
#define HASH_POOL_H

#include <stddef.h>

#include "base/error.h"
#include "base/util.h"

struct mo_pool_job {
	size_t nr;     /* items 0 .. nr-1 */
	unsigned jobs; /* threads; 0 or 1: the caller's alone */
	size_t window; /* at most this many items are worked on or wait for done() at a time; 0: no
			  bound */
	/* Called for each item once, by any thread. thread < jobs tells which, for scratch memory.
	 */
	int (*work)(void *ctx, size_t i, unsigned thread, struct modulo_error *err);
	/* Called for each item in order, never two at a time. May be NULL. */
	int (*done)(void *ctx, size_t i, struct modulo_error *err);
	void *ctx;
};

/*
 * Runs to the end, or stops at the failure of the *lowest* item that failed, so that the error does
 * not depend on timing: items before it are worked on and done, items behind it may or may not have
 * been.
 */
_must_check_ int mo_pool_run(const struct mo_pool_job *job, struct modulo_error *err);

#endif
