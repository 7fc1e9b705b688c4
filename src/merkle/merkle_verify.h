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
#endif

#define MO_MERKLE_HASH	     32
#define MO_MERKLE_INDEX	     4 /* bytes of a proof's index */
#define MO_MERKLE_PREFIX     5 /* bytes of a leaf's hash before the module */
#define MO_MERKLE_MAX_LEVELS 32

/**
 * struct mo_merkle_piece - bytes that are hashed, one piece behind the other
 * @data: the first of them
 * @len: how many
 */
struct mo_merkle_piece {
	const void *data;
	size_t len;
};

/*
 * SHA-256 of nr pieces, one behind the other, into out; 0, or a negative number, which the
 * functions below hand on. out may lie in a piece.
 */
typedef int (*mo_merkle_hash)(void *ctx, const struct mo_merkle_piece *piece, unsigned int nr,
			      unsigned char *out);

/**
 * enum mo_merkle_result - what mo_merkle_verify() found
 * @MO_MERKLE_OK: the module is one of the tree's
 * @MO_MERKLE_SHAPE: no proof for a tree of so many levels
 * @MO_MERKLE_MISMATCH: a proof, but not of this module under this root
 */
enum mo_merkle_result {
	MO_MERKLE_OK = 0,
	MO_MERKLE_SHAPE = 1,
	MO_MERKLE_MISMATCH = 2,
};

/**
 * mo_merkle_leaf_prefix() - what a leaf's hash begins with
 * @index: which leaf, from 0
 * @out: filled in; the module's bytes follow it
 *
 * For those who hash a module piece by piece.
 */
void mo_merkle_leaf_prefix(unsigned int index, unsigned char out[MO_MERKLE_PREFIX]);

/**
 * mo_merkle_node() - the hash of a node
 * @hash: SHA-256
 * @ctx: for @hash
 * @left: the hash on its left
 * @right: the hash on its right
 * @out: may be @left or @right
 *
 * Return: 0, or what @hash returned.
 */
int mo_merkle_node(mo_merkle_hash hash, void *ctx, const unsigned char *left,
		   const unsigned char *right, unsigned char out[MO_MERKLE_HASH]);

/**
 * mo_merkle_proof_parse() - whether bytes are a proof
 * @proof: the bytes
 * @len: how many
 * @index: out: which leaf it is of
 * @levels: out: how many levels its tree has
 *
 * A proof is an index and 1 to 32 siblings, the index one that so many levels have.
 *
 * Return: true; or false, and @index and @levels are as they were.
 */
bool mo_merkle_proof_parse(const unsigned char *proof, size_t len, unsigned int *index,
			   unsigned int *levels);

/**
 * mo_merkle_proof_root() - the root that a proof leads to
 * @hash: SHA-256
 * @ctx: for @hash
 * @leaf: the leaf's hash
 * @proof: a proof that mo_merkle_proof_parse() took
 * @len: of @proof
 * @root: out; may be @leaf
 *
 * Return: 0, or what @hash returned.
 */
int mo_merkle_proof_root(mo_merkle_hash hash, void *ctx, const unsigned char *leaf,
			 const unsigned char *proof, size_t len,
			 unsigned char root[MO_MERKLE_HASH]);

/**
 * mo_merkle_verify() - whether a module is one of a tree's
 * @hash: SHA-256
 * @ctx: for @hash
 * @data: the module
 * @data_len: of @data
 * @proof: what should prove it
 * @len: of @proof
 * @levels: the tree's
 * @root: the tree's
 *
 * Return: an &enum mo_merkle_result, or the negative number that @hash returned.
 */
int mo_merkle_verify(mo_merkle_hash hash, void *ctx, const void *data, size_t data_len,
		     const unsigned char *proof, size_t len, unsigned int levels,
		     const unsigned char *root);

#endif
