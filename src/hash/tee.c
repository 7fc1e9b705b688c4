/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hash/tee.h"

static int tee_write(struct mo_sink *k, const void *p, size_t len, struct modulo_error *err)
{
	struct mo_tee *t = (struct mo_tee *)k;

	if (t->hash)
		mo_hash_update(t->hash, p, len);
	if (t->count)
		*t->count += len;
	return t->to ? mo_sink_write(t->to, p, len, err) : 0;
}

struct mo_tee mo_tee(struct mo_hash *hash, uint64_t *count, struct mo_sink *to)
{
	return (struct mo_tee){ { tee_write }, hash, count, to };
}
