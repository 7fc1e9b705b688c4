/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The certificates inside of an Authenticode signature. The signature does not cover them: whoever
 * has the file can put others there. So there are none but those that have a use, the signer's and
 * the issuers above it, once each, in one of the two orders that signers write.
 */
#include "der/authenticode_parts.h"
#include "der/x509.h"

#define CERTS_MAX 16

struct cert {
	struct mo_view whole;
	struct mo_x509 id;
	bool used;
};

static int take_cert(struct mo_der *certs, struct cert *out)
{
	struct modulo_error *err = certs->doc->err;
	uint64_t at = mo_der_offset(certs);
	struct mo_der in;
	int rc;

	out->whole = mo_der_take_whole(certs, MO_DER_SEQUENCE, &in);
	if (mo_der_bad(certs))
		return mo_der_bad(certs);
	rc = mo_x509_strict(out->whole.p, out->whole.len, &out->id, err);
	if (rc)
		mo_error_shift(err, at);
	return rc;
}

/* In the order of a SET. */
static bool ascending(const struct cert *c, size_t nr)
{
	for (size_t i = 1; i < nr; i++)
		if (!mo_der_ascending(c[i - 1].whole, c[i].whole))
			return false;
	return true;
}

/* The signer's, and behind each the one of its issuer; none twice. */
static bool upward(const struct cert *c, size_t nr)
{
	for (size_t i = 1; i < nr; i++) {
		if (!mo_view_same(c[i - 1].id.issuer, c[i].id.subject))
			return false;
		for (size_t k = 0; k < i; k++)
			if (mo_view_same(c[k].whole, c[i].whole))
				return false;
	}
	return nr && c[0].used;
}

/* Marks those that are, by name, an issuer of one that is marked. */
static void mark_issuers(struct cert *c, size_t nr)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < nr; i++)
			for (size_t k = 0; c[i].used && k < nr; k++)
				if (!c[k].used && mo_view_same(c[i].id.issuer, c[k].id.subject))
					more = c[k].used = true;
	}
}

int mo_authenticode_certs(struct mo_der *certs, struct mo_cms *out)
{
	struct modulo_error *err = certs->doc->err;
	uint64_t start = mo_der_offset(certs);
	struct cert c[CERTS_MAX];
	size_t nr = 0, signers = 0;
	int rc;

	for (; certs->rest.len; nr++) {
		if (nr == CERTS_MAX)
			return mo_fail(err, MODULO_MALFORMED, mo_der_offset(certs), "cms.certs",
				       "over %d certificates", CERTS_MAX);
		rc = take_cert(certs, &c[nr]);
		if (rc)
			return rc;
		c[nr].used = mo_view_same(c[nr].id.issuer, out->issuer) &&
			     mo_view_same(c[nr].id.serial, out->serial);
		if (!c[nr].used)
			continue;
		signers++;
		out->signer_cert = c[nr].whole;
		out->signer = c[nr].id.subject;
	}
	if (signers != 1)
		return mo_fail(err, MODULO_MALFORMED, start, "cms.certs",
			       "%zu certificates of the signer", signers);
	if (!ascending(c, nr) && !upward(c, nr))
		return mo_fail(err, MODULO_MALFORMED, start, "cms.certs",
			       "the certificates are neither in the order of a SET nor from the "
			       "signer's upward, or one is there twice");
	mark_issuers(c, nr);
	for (size_t i = 0; i < nr; i++)
		if (!c[i].used)
			return mo_fail(err, MODULO_MALFORMED,
				       start + (uint64_t)(c[i].whole.p - out->certs.p), "cms.certs",
				       "a certificate that is neither the signer's nor an issuer's "
				       "above it");
	return 0;
}
