/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tree over modules, and its proofs: doc/formats/merkle.md. */
#include "tap.h"

#include "base/buf.h"
#include "hash/hash.h"
#include "merkle/tree.h"

#define SIZES 300 /* trees of 0 to so many leaves */

static size_t module_text(char out[32], uint32_t i)
{
	return (size_t)snprintf(out, 32, "module %u\n", i);
}

static void leaf_of(uint32_t i, uint8_t out[MO_MERKLE_HASH])
{
	uint8_t prefix[MO_MERKLE_PREFIX];
	struct mo_hash h = { 0 };
	char text[32];

	mo_merkle_leaf_prefix(i, prefix);
	mo_hash_init(&h, MO_SHA256);
	mo_hash_update(&h, prefix, sizeof(prefix));
	mo_hash_update(&h, text, module_text(text, i));
	ok(mo_hash_final(&h, out, NULL) == 0);
	mo_hash_release(&h);
}

/* The tree over the modules 0 to nr - 1. */
static struct mo_merkle_tree tree_of(uint32_t nr)
{
	uint8_t(*leaf)[MO_MERKLE_HASH] = calloc((size_t)nr + 1, sizeof(*leaf));
	struct mo_merkle_tree t = { 0 };

	for (uint32_t i = 0; i < nr; i++)
		leaf_of(i, leaf[i]);
	ok(mo_merkle_tree_make((const uint8_t(*)[MO_MERKLE_HASH])leaf, nr, &t, NULL) == 0);
	free(leaf);
	return t;
}

static int verify(const struct mo_merkle_tree *t, uint32_t i, const uint8_t *proof, size_t len)
{
	char text[32];

	return mo_merkle_verify(mo_merkle_sha256, NULL, text, module_text(text, i), proof, len,
				t->levels, t->root);
}

TEST(vectors)
{
	/* What the kernel's patch series (v4, v5) computes for these modules. */
	static const struct {
		uint32_t nr;
		unsigned levels;
		const char *root;
	} known[] = {
		{ 0, 0, "0000000000000000000000000000000000000000000000000000000000000000" },
		{ 1, 1, "7a5f4f253c58f36cebc2491f96479fa8752f7ac7b6e1a2352636630446210167" },
		{ 2, 1, "2b38210ee460e970b740cb14be6d66ddbb495135b54893f86feba172dabea18e" },
		{ 3, 2, "01cd17d08432bf3ebb988f523996e41f3d3b72f1741b3c086e5f8b92c12519ca" },
		{ 5, 3, "17da356aab3b86ba51f9215babd09a4eb4b0e7815a3c6da67374d24dc56f40dd" },
	};

	for (size_t k = 0; k < MO_NR(known); k++) {
		struct mo_merkle_tree t = tree_of(known[k].nr);
		struct mo_buf hex = { 0 };

		mo_buf_hex(&hex, t.root, sizeof(t.root));
		ok(t.levels == known[k].levels);
		ok_str(hex.data, known[k].root);
		mo_buf_release(&hex);
		mo_merkle_tree_release(&t);
	}
}

static unsigned levels_of(uint32_t nr)
{
	unsigned levels = nr > 0;

	while (((uint64_t)1 << levels) < nr)
		levels++;
	return levels;
}

/* Every leaf of every size has a proof, which holds for that leaf under that root alone. */
TEST(every_size)
{
	uint8_t proof[MO_MERKLE_INDEX + 32 * MO_MERKLE_HASH];

	for (uint32_t nr = 0; nr <= SIZES; nr++) {
		struct mo_merkle_tree t = tree_of(nr), more = tree_of(nr + 1);
		size_t len = mo_merkle_proof_len(t.levels);

		ok(t.levels == levels_of(nr));
		for (uint32_t i = 0; i < nr; i++) {
			mo_merkle_tree_prove(&t, i, proof);
			ok(verify(&t, i, proof, len) == MO_MERKLE_OK);
			ok(verify(&t, i + 1, proof, len) == MO_MERKLE_MISMATCH);
			ok(verify(&more, i, proof, len) != MO_MERKLE_OK);
			ok(verify(&t, i, proof, len - 1) == MO_MERKLE_SHAPE);
			ok(verify(&t, i, proof, len - MO_MERKLE_HASH) == MO_MERKLE_SHAPE);
		}
		mo_merkle_tree_release(&t);
		mo_merkle_tree_release(&more);
	}
}

/* One bit of proof, index, module or root, in trees of the sizes where shapes change. */
TEST(every_bit)
{
	static const uint32_t sizes[] = { 1, 2, 3, 5, 8, 9, 33 };
	uint8_t proof[MO_MERKLE_INDEX + 32 * MO_MERKLE_HASH];
	char text[32];

	for (size_t k = 0; k < MO_NR(sizes); k++) {
		struct mo_merkle_tree t = tree_of(sizes[k]);
		size_t len = mo_merkle_proof_len(t.levels), n;

		for (uint32_t i = 0; i < sizes[k]; i++) {
			mo_merkle_tree_prove(&t, i, proof);
			for (size_t bit = 0; bit < 8 * len; bit++) {
				proof[bit / 8] ^= (uint8_t)(1 << bit % 8);
				ok(verify(&t, i, proof, len) != MO_MERKLE_OK);
				proof[bit / 8] ^= (uint8_t)(1 << bit % 8);
			}
			for (size_t bit = 0; bit < 8 * sizeof(t.root); bit++) {
				t.root[bit / 8] ^= (uint8_t)(1 << bit % 8);
				ok(verify(&t, i, proof, len) == MO_MERKLE_MISMATCH);
				t.root[bit / 8] ^= (uint8_t)(1 << bit % 8);
			}
			n = module_text(text, i);
			for (size_t bit = 0; bit < 8 * n; bit++) {
				text[bit / 8] ^= (char)(1 << bit % 8);
				ok(mo_merkle_verify(mo_merkle_sha256, NULL, text, n, proof, len,
						    t.levels, t.root) == MO_MERKLE_MISMATCH);
				text[bit / 8] ^= (char)(1 << bit % 8);
			}
			ok(verify(&t, i, proof, len) == MO_MERKLE_OK);
		}
		mo_merkle_tree_release(&t);
	}
}

TEST(shapes)
{
	static uint8_t proof[MO_MERKLE_INDEX + 33 * MO_MERKLE_HASH];
	uint32_t index = 7;
	unsigned levels = 7;

	ok(!mo_merkle_proof_parse(proof, 0, &index, &levels));
	ok(!mo_merkle_proof_parse(proof, MO_MERKLE_INDEX, &index, &levels));
	ok(!mo_merkle_proof_parse(proof, sizeof(proof), &index, &levels));
	ok(index == 7 && levels == 7);
	ok(mo_merkle_proof_parse(proof, MO_MERKLE_INDEX + MO_MERKLE_HASH, &index, &levels));
	ok(index == 0 && levels == 1);
	proof[3] = 2; /* index 2 needs two levels */
	ok(!mo_merkle_proof_parse(proof, MO_MERKLE_INDEX + MO_MERKLE_HASH, &index, &levels));
	ok(mo_merkle_proof_parse(proof, MO_MERKLE_INDEX + 2 * MO_MERKLE_HASH, &index, &levels));
	memset(proof, 0xff, MO_MERKLE_INDEX);
	ok(!mo_merkle_proof_parse(proof, MO_MERKLE_INDEX + 31 * MO_MERKLE_HASH, &index, &levels));
	ok(mo_merkle_proof_parse(proof, MO_MERKLE_INDEX + 32 * MO_MERKLE_HASH, &index, &levels));
	ok(index == UINT32_MAX && levels == 32);
}

TEST(merkle_leaves)
{
	struct mo_merkle_tree t = { 0 };
	struct modulo_error err = { 0 };

	ok(mo_merkle_tree_make(NULL, MO_MERKLE_LEAVES_MAX + 1, &t, &err) == MODULO_LIMIT);
	ok_str(err.id, "merkle.leaves");
}

static int failing(void *ctx, const struct mo_merkle_piece *piece, unsigned nr, uint8_t *out)
{
	unsigned *left = ctx;

	return *left && (*left)-- ? mo_merkle_sha256(NULL, piece, nr, out) : -5;
}

/* A hash that fails is no match. */
TEST(the_hash_fails)
{
	struct mo_merkle_tree t = tree_of(9);
	uint8_t proof[MO_MERKLE_INDEX + 32 * MO_MERKLE_HASH];
	char text[32];

	mo_merkle_tree_prove(&t, 3, proof);
	for (unsigned k = 0; k <= t.levels + 1; k++) {
		unsigned left = k;
		int r = mo_merkle_verify(failing, &left, text, module_text(text, 3), proof,
					 mo_merkle_proof_len(t.levels), t.levels, t.root);

		ok(r == (k <= t.levels ? -5 : MO_MERKLE_OK));
	}
	mo_merkle_tree_release(&t);
}

TEST_MAIN
