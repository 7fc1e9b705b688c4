/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A proof from any bytes, and a module behind it: what is no proof gives no root, a proof holds
 * under the root that it gives, and under it for no other module.
 */
#include <string.h>

#include "base/util.h"
#include "merkle/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says how long the proof is, in units that are no multiple of a sibling's length.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t leaf[MO_MERKLE_HASH], root[MO_MERKLE_HASH], prefix[MO_MERKLE_PREFIX], other[64];
	struct mo_merkle_piece piece[] = { { prefix, sizeof(prefix) }, { NULL, 0 } };
	const uint8_t *module;
	unsigned levels;
	uint32_t index;
	size_t len, n;

	if (size < 1)
		return 0;
	len = MO_MIN((size_t)data[0] * 4, size - 1);
	module = data + 1 + len;
	n = size - 1 - len;
	memset(root, 0, sizeof(root));
	if (!mo_merkle_proof_parse(data + 1, len, &index, &levels)) {
		for (unsigned k = 0; k <= 33; k++)
			if (mo_merkle_verify(mo_merkle_sha256, NULL, module, n, data + 1, len, k,
					     root) != MO_MERKLE_SHAPE)
				__builtin_trap();
		return 0;
	}
	if (len != mo_merkle_proof_len(levels) || (levels < 32 && index >> levels))
		__builtin_trap();
	mo_merkle_leaf_prefix(index, prefix);
	piece[1] = (struct mo_merkle_piece){ module, n };
	if (mo_merkle_sha256(NULL, piece, 2, leaf) ||
	    mo_merkle_proof_root(mo_merkle_sha256, NULL, leaf, data + 1, len, root) ||
	    mo_merkle_verify(mo_merkle_sha256, NULL, module, n, data + 1, len, levels, root) ||
	    mo_merkle_verify(mo_merkle_sha256, NULL, module, n, data + 1, len, levels ^ 1, root) !=
		    MO_MERKLE_SHAPE)
		__builtin_trap();
	if (n == 0 || n > sizeof(other))
		return 0;
	memcpy(other, module, n);
	other[0] ^= 1;
	if (mo_merkle_verify(mo_merkle_sha256, NULL, other, n, data + 1, len, levels, root) !=
	    MO_MERKLE_MISMATCH)
		__builtin_trap();
	return 0;
}
