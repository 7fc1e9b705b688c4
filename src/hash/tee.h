/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A sink that hashes and counts what goes through it, and gives it on. */
#ifndef HASH_TEE_H
#define HASH_TEE_H

#include "hash/hash.h"

struct mo_tee {
	struct mo_sink sink;  /* first */
	struct mo_hash *hash; /* NULL: only count */
	uint64_t *count;      /* NULL: only hash */
	struct mo_sink *to;   /* NULL: nowhere */
};

/* Borrows all three. */
struct mo_tee mo_tee(struct mo_hash *hash, uint64_t *count, struct mo_sink *to);

#endif
