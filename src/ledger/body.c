/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ledger/body.h"

#include "der/authenticode.h"
#include "hash/tee.h"

static int parse_proof(const uint8_t *p, size_t len, struct mo_body *out, struct modulo_error *err)
{
	struct mo_proof proof = { .bytes = { p, len } };

	if (!mo_merkle_proof_parse(p, len, &proof.index, &proof.levels))
		return mo_fail(err, MODULO_MALFORMED, 0, "merkle.proof",
			       "%zu bytes that are no index and 1 to %d hashes, or an index beyond "
			       "them",
			       len, MO_MERKLE_MAX_LEVELS);
	*out = (struct mo_body){ .kind = MO_EL_PROOF, .hash = MO_SHA256, .proof = proof };
	return 0;
}

int mo_body_parse(const struct mo_form *f, const uint8_t *p, size_t len, struct mo_body *out,
		  struct modulo_error *err)
{
	enum mo_element_kind kind;
	struct mo_cms cms;
	int r;

	if (mo_form_free_element(f) == MO_EL_PROOF)
		return parse_proof(p, len, out, err);
	kind = mo_form_free_element(f);
	r = kind == MO_EL_AUTHENTICODE
		    ? mo_authenticode_parse(p, len, MO_ALLOW_UNSIGNED_ATTRIBUTES, &cms, err)
		    : mo_cms_parse(p, len, &cms, err);
	if (r == 0)
		*out = (struct mo_body){ .kind = kind, .hash = cms.hash, .cms = cms };
	return r;
}

int mo_body_allowed(const struct mo_body *b, bool unsigned_attributes, struct modulo_error *err)
{
	if (unsigned_attributes || b->kind == MO_EL_PROOF || !b->cms.unsigned_attrs.len)
		return 0;
	return mo_fail(err, MODULO_MALFORMED, 0, "cms.unsigned",
		       "unsigned attributes in a signature: bytes that a stranger can change "
		       "(--allow unsigned-attributes takes them)");
}

int mo_body_digest(const struct mo_body *b, struct mo_source *s, uint64_t off, uint64_t len,
		   const struct mo_buf *more, uint8_t *out, struct modulo_error *err)
{
	_cleanup_hash_ struct mo_hash h = { 0 };
	struct mo_tee tee = mo_tee(&h, NULL, NULL);
	uint8_t prefix[MO_MERKLE_PREFIX];
	int r;

	mo_hash_init(&h, b->hash);
	if (b->kind == MO_EL_PROOF) {
		mo_merkle_leaf_prefix(b->proof.index, prefix);
		mo_hash_update(&h, prefix, sizeof(prefix));
	}
	r = mo_source_copy(s, off, len, &tee.sink, err);
	if (more)
		mo_hash_update(&h, more->data, more->len);
	return r < 0 ? r : mo_hash_final(&h, out, err);
}

bool mo_body_names_digest(const struct mo_body *b)
{
	return b->kind != MO_EL_PROOF &&
	       (b->cms.message_digest.len || b->kind == MO_EL_AUTHENTICODE);
}

int mo_body_bound(const struct mo_body *b, const uint8_t *digest, struct modulo_error *err)
{
	return mo_body_names_digest(b) ? mo_cms_digest(&b->cms, digest, err) : 0;
}
