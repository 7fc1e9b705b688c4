/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The free element of a signature, read by what its form says it is (doc/ledger.md 4): a CMS
 * message, or a proof. Below sig/ and the reports, this is the one place that tells them apart.
 */
#ifndef LEDGER_BODY_H
#define LEDGER_BODY_H

#include "base/alg.h"
#include "base/buf.h"
#include "base/error.h"
#include "der/cms.h"
#include "io/source.h"
#include "ledger/forms.h"
#include "merkle/merkle_verify.h"

struct mo_body {
	enum mo_element_kind kind; /* MO_EL_CMS, MO_EL_PROOF, MO_EL_AUTHENTICODE */
	enum mo_alg hash;	   /* of what it is made over */
	struct mo_cms cms;	   /* views into the bytes that were parsed */
	struct mo_proof {
		struct mo_view bytes;
		uint32_t index;
		unsigned levels;
	} proof;
};

/* der.* and cms.* of doc/formats/module.md, "merkle.proof" of doc/formats/merkle.md. Offsets are in
 * p, which has to outlive out. */
_must_check_ int mo_body_parse(const struct mo_form *f, const uint8_t *p, size_t len,
			       struct mo_body *out, struct modulo_error *err);

/* "cms.unsigned" where it has unsigned attributes, and these are not allowed: whoever has the file
 * can change them. */
_must_check_ int mo_body_allowed(const struct mo_body *b, bool unsigned_attributes,
				 struct modulo_error *err);

/* The digest by b->hash of what it is made over: len bytes of s at off, then `more` (or NULL). A
 * proof's is the hash of a leaf. */
_must_check_ int mo_body_digest(const struct mo_body *b, struct mo_source *s, uint64_t off,
				uint64_t len, const struct mo_buf *more, uint8_t *out,
				struct modulo_error *err);

/* Whether it names the digest of what it is made over by itself; that must then be this one:
 * "cms.digest". */
bool mo_body_names_digest(const struct mo_body *b);
_must_check_ int mo_body_bound(const struct mo_body *b, const uint8_t *digest,
			       struct modulo_error *err);

#endif
