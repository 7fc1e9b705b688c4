/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sig/roots.h"

#include <string.h>

#include "merkle/root.h"
#include "merkle/tree.h"

int mo_roots_add(struct mo_roots *r, unsigned levels, const uint8_t hash[MO_MERKLE_HASH],
		 struct modulo_error *err)
{
	struct mo_root *more = reallocarray(r->root, r->nr + 1, sizeof(*more));

	if (!more)
		return mo_fail_nomem(err);
	r->root = more;
	more[r->nr].levels = levels;
	memcpy(more[r->nr].hash, hash, MO_MERKLE_HASH);
	r->nr++;
	return 0;
}

int mo_roots_add_text(struct mo_roots *r, const char *text, struct modulo_error *err)
{
	uint8_t hash[MO_MERKLE_HASH];
	unsigned levels;

	if (!mo_root_parse(text, strlen(text), &levels, hash))
		return mo_fail(err, MODULO_USAGE, MODULO_NO_OFFSET, "roots.text",
			       "a root is LEVELS:HEX, of at most %d levels and 64 lower-case "
			       "digits",
			       MO_MERKLE_MAX_LEVELS);
	return mo_roots_add(r, levels, hash, err);
}

void mo_roots_release(struct mo_roots *r)
{
	free(r->root);
	*r = (struct mo_roots){ 0 };
}

int mo_roots_judge(const struct mo_roots *r, const uint8_t *proof, size_t len,
		   const uint8_t leaf[MO_MERKLE_HASH], uint8_t leads_to[MO_MERKLE_HASH],
		   enum mo_sig_status *status, struct modulo_error *err)
{
	unsigned levels;
	uint32_t index;
	bool found = false;

	if (!mo_merkle_proof_parse(proof, len, &index, &levels) ||
	    mo_merkle_proof_root(mo_merkle_sha256, NULL, leaf, proof, len, leads_to) < 0)
		return mo_fail(err, MODULO_NOMEM, MODULO_NO_OFFSET, "hash.failed",
			       "OpenSSL could not compute a digest");
	for (size_t i = 0; i < r->nr; i++)
		found |= r->root[i].levels == levels &&
			 memcmp(r->root[i].hash, leads_to, MO_MERKLE_HASH) == 0;
	*status = found ? MO_SIG_VERIFIED : r->nr ? MO_SIG_INVALID : MO_SIG_NO_KEY;
	return 0;
}
