/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which certificate a signature is for, and what the certificates that fit say of it. */
#include <openssl/err.h>

#include "sig/internal.h"

static bool fits(const struct mo_key *key, const struct mo_cms *cms)
{
	if (cms->key_id.len)
		return mo_view_same(key->id.key_id, cms->key_id);
	return mo_view_same(key->id.serial, cms->serial) &&
	       mo_view_same(key->id.issuer, cms->issuer);
}

/*
 * Which of two answers is the better one to give. One that verifies decides. A key that cannot be
 * tried may be the right one, so the failure of another beside it proves nothing.
 */
static int rank(enum mo_sig_status s)
{
	switch (s) {
	case MO_SIG_VERIFIED:
		return 3;
	case MO_SIG_UNSUPPORTED:
		return 2;
	case MO_SIG_INVALID:
		return 1;
	case MO_SIG_NO_KEY:
		break;
	}
	return 0;
}

/* Whether an embedded certificate has the issuer and serial of one of the keyring, but other bytes.
 */
static bool impostor(const struct mo_keyring *k, struct mo_view der)
{
	struct mo_x509 x;
	bool named = false;

	if (mo_x509_parse(der.p, der.len, &x, NULL))
		return true;
	for (size_t i = 0; i < mo_keyring_nr(k); i++) {
		const struct mo_key *key = k->keys[i];

		if (!mo_view_same(key->id.serial, x.serial) ||
		    !mo_view_same(key->id.issuer, x.issuer))
			continue;
		if (mo_view_same(key->der, der))
			return false;
		named = true;
	}
	return named;
}

/*
 * A signature does not cover the certificates that it brings. Where it verifies, but one of them is
 * vouched for by nothing, it is not taken for verified; and where one passes itself off as another,
 * somebody changed it.
 */
static int look_at_certs(const struct mo_keyring *k, const struct mo_cms *cms,
			 enum mo_sig_status *status, struct modulo_error *err)
{
	struct mo_der_doc doc;
	struct mo_der certs = mo_der_open(&doc, cms->certs.p, cms->certs.len, NULL), in;
	size_t nr;
	int rc = mo_keyring_unvouched(k, cms, &nr, err);

	if (rc || !nr)
		return rc;
	*status = MO_SIG_NO_KEY;
	while (certs.rest.len && !mo_der_bad(&certs))
		if (impostor(k, mo_der_take_whole(&certs, MO_DER_SEQUENCE, &in)))
			*status = MO_SIG_INVALID;
	return 0;
}

int mo_keyring_judge(const struct mo_keyring *k, const struct mo_cms *cms, const uint8_t *digest,
		     struct mo_source *content, uint64_t content_len, enum mo_sig_status *status,
		     const struct mo_cert **cert, struct modulo_error *err)
{
	bool other = mo_cms_digest(cms, digest, NULL) != 0;
	enum mo_sig_status best = MO_SIG_NO_KEY, s;
	const struct mo_cert *who = NULL;
	int rc = 0;

	ERR_set_mark();
	for (size_t i = 0; !rc && i < mo_keyring_nr(k) && best != MO_SIG_VERIFIED; i++) {
		const struct mo_key *key = k->keys[i];

		if (!fits(key, cms))
			continue;
		s = MO_SIG_INVALID;
		if (!other)
			rc = mo_sig_verify(key->pkey, cms, digest, content, content_len, &s, err);
		if (rank(s) > rank(best)) {
			best = s;
			who = &key->cert;
		}
	}
	if (!rc && !other && best != MO_SIG_VERIFIED && cms->signer_cert.len) {
		const struct mo_cert *ca;

		rc = mo_sig_embedded(k, cms, &s, &ca, err);
		if (!rc && rank(s) > rank(best)) {
			best = s;
			who = ca;
		}
	}
	ERR_pop_to_mark();
	if (!rc && !other && best == MO_SIG_VERIFIED)
		rc = look_at_certs(k, cms, &best, err);
	if (rc)
		return rc;
	*status = other ? MO_SIG_INVALID : best;
	*cert = who;
	return 0;
}
