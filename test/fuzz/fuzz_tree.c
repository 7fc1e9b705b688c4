/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tree's file is canonical: what is read, written again, is the same bytes; and every proof of
 * a tree leads to its root.
 */
#include <stdlib.h>
#include <string.h>

#include "modules/set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct same {
	struct mo_sink sink;
	const uint8_t *data;
	size_t len, at;
};

static int same_write(struct mo_sink *k, const void *p, size_t n, struct modulo_error *err)
{
	struct same *s = (struct same *)k;

	(void)err;
	if (n > s->len - s->at || memcmp(s->data + s->at, p, n) != 0)
		abort();
	s->at += n;
	return 0;
}

static void check_proofs(const struct mo_set *s)
{
	uint8_t proof[MO_MERKLE_INDEX + MO_MERKLE_MAX_LEVELS * MO_MERKLE_HASH], root[32];

	for (uint32_t i = 0; !s->list && i < s->nr; i++) {
		mo_merkle_tree_prove(&s->tree, i, proof);
		if (mo_merkle_proof_root(mo_merkle_sha256, NULL, s->entry[i].leaf, proof,
					 mo_merkle_proof_len(s->tree.levels), root) != 0 ||
		    memcmp(root, s->tree.root, sizeof(root)) != 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct same k = { { same_write }, data, len, 0 };
	struct modulo_error err = { 0 };
	struct mo_source *s = NULL;
	struct mo_set set = { 0 };

	if (mo_source_memory(data, len, &s, &err) < 0)
		return 0;
	if (mo_set_read(s, &set, &err) == 0) {
		if (mo_set_write(&set, &k.sink, &err) < 0 || k.at != len)
			abort();
		for (uint32_t i = 0; i < set.nr; i++) {
			uint32_t e =
				mo_set_by_content(&set, set.entry[i].sha256, set.entry[i].path);

			if (memcmp(set.entry[e].sha256, set.entry[i].sha256, 32) != 0)
				abort();
		}
		check_proofs(&set);
	} else if (!err.rc || !err.id[0]) {
		abort();
	}
	mo_set_release(&set);
	mo_source_close(s);
	return 0;
}
