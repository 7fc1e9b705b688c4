/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "merkle/tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "hash/hash.h"
#include "hash/tee.h"

int mo_merkle_sha256(void *ctx, const struct mo_merkle_piece *piece, unsigned nr, uint8_t *out)
{
	_cleanup_hash_ struct mo_hash h = { 0 };

	(void)ctx;
	mo_hash_init(&h, MO_SHA256);
	for (unsigned i = 0; i < nr; i++)
		mo_hash_update(&h, piece[i].data, piece[i].len);
	return mo_hash_final(&h, out, NULL);
}

int mo_merkle_leaf(struct mo_source *s, uint64_t len, uint32_t index, uint8_t out[MO_MERKLE_HASH],
		   struct modulo_error *err)
{
	_cleanup_hash_ struct mo_hash h = { 0 };
	struct mo_tee tee = mo_tee(&h, NULL, NULL);
	uint8_t prefix[MO_MERKLE_PREFIX];
	int r;

	mo_merkle_leaf_prefix(index, prefix);
	mo_hash_init(&h, MO_SHA256);
	mo_hash_update(&h, prefix, sizeof(prefix));
	r = mo_source_copy(s, 0, len, &tee.sink, err);
	return r < 0 ? r : mo_hash_final(&h, out, err);
}

/* How many nodes stand above a level of nr, one level higher. */
static uint32_t above(uint32_t nr)
{
	return nr / 2 + nr % 2;
}

/* One level from that below it; an odd last node is paired with itself. */
static int make_level(uint8_t (*below)[MO_MERKLE_HASH], uint32_t nr, struct modulo_error *err)
{
	uint8_t(*level)[MO_MERKLE_HASH] = below + nr;

	for (uint32_t i = 0; i < above(nr); i++) {
		uint32_t right = MO_MIN(2 * i + 1, nr - 1);

		if (mo_merkle_node(mo_merkle_sha256, NULL, below[2 * (size_t)i], below[right],
				   level[i]) < 0)
			return mo_fail(err, MODULO_IO, MODULO_NO_OFFSET, "hash.failed",
				       "OpenSSL cannot compute SHA-256");
	}
	return 0;
}

int mo_merkle_tree_make(const uint8_t (*leaf)[MO_MERKLE_HASH], uint32_t nr,
			struct mo_merkle_tree *out, struct modulo_error *err)
{
	struct mo_merkle_tree t = { .nr = nr };
	size_t nodes = nr, at = 0;
	int r = 0;

	if (nr > MO_MERKLE_LEAVES_MAX)
		return mo_fail(err, MODULO_LIMIT, MODULO_NO_OFFSET, "merkle.leaves",
			       "%u modules, over %u", nr, MO_MERKLE_LEAVES_MAX);
	/* A single leaf has a level above it, too. */
	for (uint32_t n = nr; n && (n > 1 || !t.levels); t.levels++) {
		n = above(n);
		nodes += n;
	}
	t.node = calloc(nodes + 1, sizeof(*t.node));
	if (!t.node)
		return mo_fail_nomem(err);
	if (nr)
		memcpy(t.node, leaf, nr * sizeof(*leaf));
	for (uint32_t n = nr, k = 0; r == 0 && k < t.levels; k++) {
		r = make_level(t.node + at, n, err);
		at += n;
		n = above(n);
	}
	memcpy(t.root, t.node[at], sizeof(t.root));
	if (r < 0)
		mo_merkle_tree_release(&t);
	else
		*out = t;
	return r;
}

void mo_merkle_tree_release(struct mo_merkle_tree *t)
{
	free(t->node);
	*t = (struct mo_merkle_tree){ 0 };
}

void mo_merkle_tree_prove(const struct mo_merkle_tree *t, uint32_t index, uint8_t *proof)
{
	uint8_t(*level)[MO_MERKLE_HASH] = t->node;
	uint32_t i = index, nr = t->nr;

	mo_put_be32(proof, index);
	proof += MO_MERKLE_INDEX;
	for (unsigned k = 0; k < t->levels; k++, proof += MO_MERKLE_HASH) {
		memcpy(proof, level[MO_MIN(i ^ 1, nr - 1)], MO_MERKLE_HASH);
		level += nr;
		nr = above(nr);
		i >>= 1;
	}
}
