/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * Proofs in the Merkle tree over a kernel's modules: doc/formats/merkle.md.
 *
 *   leaf i  = H(0x01 || be32(i) || module)
 *   node    = H(0x02 || left || right), an odd last element is paired with itself
 *   proof i = be32(i) || one sibling for each level, from the leaf upward
 *
 * H is SHA-256, and comes from the caller. Freestanding: no allocation, no state, and of a C
 * library memcmp() and memcpy() alone. The kernel builds the same file.
 */
#ifndef MERKLE_MERKLE_VERIFY_H
#define MERKLE_MERKLE_VERIFY_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

#define MO_MERKLE_HASH	     32
#define MO_MERKLE_INDEX	     4 /* bytes of a proof's index */
#define MO_MERKLE_PREFIX     5 /* bytes of a leaf's hash before the module */
#define MO_MERKLE_MAX_LEVELS 32

struct mo_merkle_piece {
	const void *data;
	size_t len;
};

/*
 * SHA-256 of nr pieces, one behind the other, into out; 0, or a negative number, which the
 * functions below hand on. out may lie in a piece.
 */
typedef int (*mo_merkle_hash)(void *ctx, const struct mo_merkle_piece *piece, unsigned int nr,
			      uint8_t *out);

enum mo_merkle_result {
	MO_MERKLE_OK = 0,
	MO_MERKLE_SHAPE = 1,	/* no proof for a tree of so many levels */
	MO_MERKLE_MISMATCH = 2, /* a proof, but not of this module under this root */
};

/* What a leaf's hash begins with, for those who hash a module piece by piece. */
void mo_merkle_leaf_prefix(uint32_t index, uint8_t out[MO_MERKLE_PREFIX]);

int mo_merkle_node(mo_merkle_hash hash, void *ctx, const uint8_t *left, const uint8_t *right,
		   uint8_t out[MO_MERKLE_HASH]);

/*
 * Whether len bytes are a proof: an index and 1 to 32 siblings, the index one that so many levels
 * have. False: out-parameters are as they were.
 */
bool mo_merkle_proof_parse(const uint8_t *proof, size_t len, uint32_t *index, unsigned int *levels);

/* The root that a proof (one that was parsed) gives to the leaf of this hash. */
int mo_merkle_proof_root(mo_merkle_hash hash, void *ctx, const uint8_t *leaf, const uint8_t *proof,
			 size_t len, uint8_t root[MO_MERKLE_HASH]);

/* Whether data is a module under the root of a tree of so many levels. 0, 1, 2, or hash()'s error.
 */
int mo_merkle_verify(mo_merkle_hash hash, void *ctx, const void *data, size_t data_len,
		     const uint8_t *proof, size_t len, unsigned int levels, const uint8_t *root);

#endif
