/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One module looked at: what it has behind it, and what that gives. */
#include "modules/judge.h"

#include <string.h>
#include "modules/match.h"

#define PROOF_MAX (MO_MERKLE_INDEX + MO_MERKLE_MAX_LEVELS * MO_MERKLE_HASH)

void mo_finding_release(struct mo_finding *f)
{
	free(f->proof);
	f->proof = NULL;
}

/* Index and levels; levels stay 0 for a body that no proof can have. */
static int read_proof(struct mo_module *m, const struct mo_trailer *t, struct mo_finding *f,
		      struct modulo_error *err)
{
	int r;

	if (t->len > PROOF_MAX)
		return 0;
	f->proof = malloc(t->len + (size_t)1);
	if (!f->proof)
		return mo_fail_nomem(err);
	r = mo_source_read(m->bytes, t->body, f->proof, t->len, err);
	if (r == 0 && !mo_merkle_proof_parse(f->proof, t->len, &f->index, &f->levels))
		f->levels = 0;
	return r;
}

static int hash_all(struct mo_module *m, bool list, struct mo_finding *f, struct modulo_error *err)
{
	int r = 0;

	if (list || !f->has_proof)
		r = mo_module_hash(m, m->bytes->len, 0, NULL, f->whole, err);
	if (r == 0 && f->has_proof)
		r = mo_module_hash(m, f->end, f->index, f->levels ? f->leaf : NULL, f->below, err);
	else
		memcpy(f->below, f->whole, sizeof(f->below));
	if (r == 0 && !f->has_proof && m->outer.state == MO_TRAILER_OK)
		r = mo_module_hash(m, m->outer.body, 0, NULL, f->below_signature, err);
	if (r == 0 && f->levels &&
	    mo_merkle_proof_root(mo_merkle_sha256, NULL, f->leaf, f->proof,
				 mo_merkle_proof_len(f->levels), f->root) != 0)
		r = mo_fail(err, MODULO_NOMEM, MODULO_NO_OFFSET, "hash.failed",
			    "OpenSSL could not compute a digest");
	return r;
}

static bool is_signature(const struct mo_trailer *t)
{
	return t->state == MO_TRAILER_OK && t->type == MO_TRAILER_PKCS7;
}

static bool is_malformed(const struct mo_trailer *t)
{
	return t->state == MO_TRAILER_HEADER_BAD || t->state == MO_TRAILER_SIZE_BAD;
}

int mo_find(struct mo_module *m, bool list, struct mo_finding *out, struct modulo_error *err)
{
	const struct mo_trailer *proof = mo_module_proof(m);
	struct mo_finding f = {
		.codec = m->codec,
		.malformed = is_malformed(&m->outer),
		.is_signed = is_signature(&m->outer) || is_signature(&m->inner),
		.has_proof = proof != NULL,
		.end = proof ? proof->body : m->bytes->len,
		.entry = MO_SET_NONE,
	};
	int r = proof ? read_proof(m, proof, &f, err) : 0;

	r = r < 0 ? r : hash_all(m, list, &f, err);
	r = r < 0 ? r : mo_match_stripped(m->bytes, f.end, &f.stripped, err);
	if (r < 0)
		mo_finding_release(&f);
	else
		*out = f;
	return r;
}
