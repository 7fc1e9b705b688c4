// SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later
/* See merkle_verify.h. */
#include "merkle/merkle_verify.h"

#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

/* Different first bytes keep a node from being taken for a leaf, and a leaf for a node. */
enum { LEAF = 0x01, NODE = 0x02 };

void mo_merkle_leaf_prefix(unsigned int index, unsigned char out[MO_MERKLE_PREFIX])
{
	out[0] = LEAF;
	out[1] = (unsigned char)(index >> 24);
	out[2] = (unsigned char)(index >> 16);
	out[3] = (unsigned char)(index >> 8);
	out[4] = (unsigned char)index;
}

int mo_merkle_node(mo_merkle_hash hash, void *ctx, const unsigned char *left,
		   const unsigned char *right, unsigned char out[MO_MERKLE_HASH])
{
	const unsigned char prefix = NODE;
	const struct mo_merkle_piece piece[] = {
		{ &prefix, 1 },
		{ left, MO_MERKLE_HASH },
		{ right, MO_MERKLE_HASH },
	};

	return hash(ctx, piece, 3, out);
}

static unsigned int get_index(const unsigned char *p)
{
	return (unsigned int)p[0] << 24 | (unsigned int)p[1] << 16 | (unsigned int)p[2] << 8 | p[3];
}

bool mo_merkle_proof_parse(const unsigned char *proof, size_t len, unsigned int *index,
			   unsigned int *levels)
{
	size_t siblings;
	unsigned int i;

	if (len < MO_MERKLE_INDEX + MO_MERKLE_HASH || (len - MO_MERKLE_INDEX) % MO_MERKLE_HASH)
		return false;
	siblings = (len - MO_MERKLE_INDEX) / MO_MERKLE_HASH;
	if (siblings > MO_MERKLE_MAX_LEVELS)
		return false;
	i = get_index(proof);
	/* An index of 32 bits may be any where there are 32 levels. */
	if (siblings < 32 && i >> siblings)
		return false;
	*index = i;
	*levels = (unsigned int)siblings;
	return true;
}

int mo_merkle_proof_root(mo_merkle_hash hash, void *ctx, const unsigned char *leaf,
			 const unsigned char *proof, size_t len, unsigned char root[MO_MERKLE_HASH])
{
	const unsigned char *sibling = proof + MO_MERKLE_INDEX;
	unsigned int index = get_index(proof);
	unsigned char node[MO_MERKLE_HASH];
	int ret;

	memcpy(node, leaf, sizeof(node));
	for (; sibling < proof + len; sibling += MO_MERKLE_HASH, index >>= 1) {
		if (index & 1)
			ret = mo_merkle_node(hash, ctx, sibling, node, node);
		else
			ret = mo_merkle_node(hash, ctx, node, sibling, node);
		if (ret)
			return ret;
	}
	memcpy(root, node, sizeof(node));
	return 0;
}

int mo_merkle_verify(mo_merkle_hash hash, void *ctx, const void *data, size_t data_len,
		     const unsigned char *proof, size_t len, unsigned int levels,
		     const unsigned char *root)
{
	unsigned char prefix[MO_MERKLE_PREFIX], node[MO_MERKLE_HASH];
	const struct mo_merkle_piece piece[] = { { prefix, sizeof(prefix) }, { data, data_len } };
	unsigned int has;
	unsigned int index;
	int ret;

	if (!mo_merkle_proof_parse(proof, len, &index, &has) || has != levels)
		return MO_MERKLE_SHAPE;
	mo_merkle_leaf_prefix(index, prefix);
	ret = hash(ctx, piece, 2, node);
	if (!ret)
		ret = mo_merkle_proof_root(hash, ctx, node, proof, len, node);
	if (ret)
		return ret;
	return memcmp(node, root, sizeof(node)) ? MO_MERKLE_MISMATCH : MO_MERKLE_OK;
}
