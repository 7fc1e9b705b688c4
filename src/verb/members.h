/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The members of one artifact, explained by several threads and taken in order. */
#ifndef VERB_MEMBERS_H
#define VERB_MEMBERS_H

#include "walk/artifact.h"

struct mo_members {
	const struct mo_context *c;
	const struct mo_artifact *a;
	unsigned want; /* enum mo_want */
	bool all;      /* those that the globs leave out too */
	bool lenient;  /* those may be what cannot be explained: m->item is NULL then */
	/* In order, one at a time. m is closed afterwards. */
	int (*take)(struct mo_members *, size_t i, struct mo_member *m, struct modulo_error *err);
	void *ctx;
};

/* Calls progress() of the options, and turns its answer into an error. */
_must_check_ int mo_progress(const struct mo_context *c, uint64_t done, uint64_t total,
			     struct modulo_error *err);
_must_check_ int mo_members_run(struct mo_members *v, struct modulo_error *err);

#endif
