/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Merkle tree over a kernel's modules, from its leaves: doc/formats/merkle.md. Its proofs are
 * checked by merkle_verify.h.
 */
#ifndef MERKLE_TREE_H
#define MERKLE_TREE_H

#include "base/error.h"
#include "io/source.h"
#include "merkle/merkle_verify.h"

#define MO_MERKLE_LEAVES_MAX (1u << 20) /* far more than a kernel has modules */

/* Zeroed before; released by the caller. */
struct mo_merkle_tree {
	uint32_t nr;			 /* leaves */
	unsigned levels;		 /* above them; 0: there are no leaves */
	uint8_t (*node)[MO_MERKLE_HASH]; /* all levels, from the leaves upward; malloced */
	uint8_t root[MO_MERKLE_HASH];	 /* zeros where there are no leaves */
};

/* The hash of the index-th leaf, a module's bytes: len bytes of s at 0. */
_must_check_ int mo_merkle_leaf(struct mo_source *s, uint64_t len, uint32_t index,
				uint8_t out[MO_MERKLE_HASH], struct modulo_error *err);

/*
 * The tree over nr leaves of these hashes (copied). "merkle.leaves" over MO_MERKLE_LEAVES_MAX. The
 * memory is 64 bytes a leaf and a little.
 */
_must_check_ int mo_merkle_tree_make(const uint8_t (*leaf)[MO_MERKLE_HASH], uint32_t nr,
				     struct mo_merkle_tree *out, struct modulo_error *err);
void mo_merkle_tree_release(struct mo_merkle_tree *t);

/* The length of each proof in a tree of so many levels. */
static inline size_t mo_merkle_proof_len(unsigned levels)
{
	return MO_MERKLE_INDEX + (size_t)levels * MO_MERKLE_HASH;
}

/* The proof of the index-th leaf (less than t->nr), mo_merkle_proof_len(t->levels) bytes. */
void mo_merkle_tree_prove(const struct mo_merkle_tree *t, uint32_t index, uint8_t *proof);

/* The hash that merkle_verify.h asks for; ctx is not used. Fails where OpenSSL does. */
int mo_merkle_sha256(void *ctx, const struct mo_merkle_piece *piece, unsigned nr, uint8_t *out);

#endif
