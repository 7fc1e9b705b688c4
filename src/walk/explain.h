/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From bytes to an item: which format or codec claims them, and on into compressed streams. */
#ifndef WALK_EXPLAIN_H
#define WALK_EXPLAIN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "io/source.h"
#include "ledger/item.h"

struct mo_explain {
	const struct mo_forms *forms;
	unsigned want;	      /* enum mo_want */
	bool prove;	      /* look for the encoder of each stream: proven, or else carried */
	uint64_t max_decoded; /* bytes that one stream may decode to; 0: MO_DECODED_MAX */
	/* The encoder that served last, tried first: alike streams cost one search. May be NULL;
	 * one for each thread. */
	char (*last_encoder)[MO_ENCODER_MAX];
};

#define MO_DECODED_MAX (UINT64_C(64) << 30)

/*
 * Explains s into an item in the arena, checked (mo_item_check). A stream in a form that no codec
 * here explains, but that its specification allows, is plain content with a note. The item borrows
 * s; release it before s is closed.
 */
_must_check_ int mo_explain(const struct mo_explain *x, struct mo_source *s, struct mo_arena *arena,
			    struct mo_item **out, struct modulo_error *err);

#endif
