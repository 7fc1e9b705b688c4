/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of compare: pairing members, comparing a pair, gathering results. */
#ifndef VERB_COMPARE_H
#define VERB_COMPARE_H

#include "walk/artifact.h"

#define MO_NONE SIZE_MAX

struct mo_pair {
	size_t a, b;  /* entries; MO_NONE: only the other side has it */
	bool renamed; /* x.ko and x.ko.xz */
};

/* Pairs the chosen members by path, and of what is left x with x.gz and the like. *out is malloced,
 * in the order of the paths. */
_must_check_ int mo_pair_members(const struct mo_artifact *a, const struct mo_artifact *b,
				 struct mo_pair **out, size_t *nr, struct modulo_error *err);

/* Gathers what a comparison found, in order. Owns a struct modulo_comparison and its arena. */
struct mo_gather;
_must_check_ int mo_gather_new(struct mo_gather **out, struct modulo_error *err);
struct modulo_comparison *mo_gather_result(struct mo_gather *g);
/* Strings are copied. text is made by the printf format. */
_must_check_ int mo_gather_difference(struct mo_gather *g, const struct modulo_difference *d,
				      struct modulo_error *err);
_must_check_ int mo_gather_signature(struct mo_gather *g, char side, const struct mo_signature *s,
				     const struct mo_judged *j, struct modulo_error *err);
_must_check_ int mo_gather_derived(struct mo_gather *g, const char *form, const char *expression,
				   uint64_t a, uint64_t b, uint64_t differ,
				   struct modulo_error *err);
/* Sorts, and makes the level the lowest that was seen. */
void mo_gather_finish(struct mo_gather *g);

/* Where two leaves' cores differ. Both were explained with MO_WANT_LABELS. */
_must_check_ int mo_locate(const struct mo_member *a, const struct mo_member *b,
			   struct mo_arena *arena, struct modulo_difference *d,
			   struct modulo_error *err);

#endif
