/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ContentInfo { signedData, [0] { SignedData } } with one SignerInfo over detached data: RFC 5652
 * (CMS), as far as doc/formats/module.md goes.
 */
#include "der/cms.h"

#include <string.h>

#include "der/profile.h"

#define KEY_ID_MAX 64

static int read_signer_id(struct mo_der *d, unsigned version, struct mo_cms *out)
{
	struct modulo_error *err = d->doc->err;
	uint64_t at = mo_der_offset(d);

	if (version != 3)
		return mo_cms_read_issuer_serial(d, out);
	out->key_id = mo_der_take(d, MO_DER_CONTEXT + 0).rest;
	if (!mo_der_bad(d) && (!out->key_id.len || out->key_id.len > KEY_ID_MAX))
		return mo_fail(err, MODULO_MALFORMED, at, "cms.keyid",
			       "a key identifier of %zu bytes", out->key_id.len);
	return mo_der_bad(d);
}

static unsigned note(struct mo_attr *a, struct mo_cms *out)
{
	return mo_cms_note(a, MO_OID_DATA, sizeof(MO_OID_DATA) - 1, out);
}

static int read_signer(struct mo_der *d, unsigned version, const struct mo_alg_id *digest,
		       struct mo_cms *out)
{
	const unsigned kinds = MO_SIGALG_RSA | MO_SIGALG_ECDSA | MO_SIGALG_MLDSA;
	struct modulo_error *err = d->doc->err;
	struct mo_der attrs;
	uint64_t at = mo_der_offset(d);
	int rc;

	if (mo_cms_read_version(d, &rc) != version && !rc)
		return mo_fail(err, MODULO_MALFORMED, at, "cms.version",
			       "two versions that differ");
	if (rc || (rc = read_signer_id(d, version, out)) || (rc = mo_cms_same_hash(d, digest)))
		return rc;
	if (mo_der_peek(d) == MO_DER_CONTEXT_CONS + 0) {
		out->attrs = mo_der_take_whole(d, MO_DER_CONTEXT_CONS + 0, &attrs);
		rc = mo_cms_read_attrs(&attrs, note, out);
	}
	if (rc || (rc = mo_cms_read_sigalg(d, kinds, digest, out)) ||
	    (rc = mo_cms_read_value(d, out)))
		return rc;
	if (mo_der_peek(d) == MO_DER_CONTEXT_CONS + 1)
		return mo_fail(err, MODULO_MALFORMED, mo_der_offset(d), "cms.unsigned",
			       "unsigned attributes");
	mo_der_end(d);
	return mo_der_bad(d);
}

static int read_content_type(struct mo_der *d)
{
	struct mo_der content = mo_der_take(d, MO_DER_SEQUENCE);
	uint64_t at = mo_der_offset(&content);
	struct mo_view oid = mo_der_take(&content, MO_DER_OID).rest;

	if (mo_der_bad(d))
		return mo_der_bad(d);
	if (!MO_OID_IS(oid, MO_OID_DATA))
		return mo_fail(d->doc->err, MODULO_UNSUPPORTED, at, "cms.type",
			       "the content is not data");
	if (mo_der_peek(&content) == MO_DER_CONTEXT_CONS + 0)
		return mo_fail(d->doc->err, MODULO_MALFORMED, mo_der_offset(&content), "cms.type",
			       "the content is inside the signature");
	mo_der_end(&content);
	return mo_der_bad(d);
}

static int read_signed_data(struct mo_der *d, struct mo_cms *out)
{
	struct modulo_error *err = d->doc->err;
	struct mo_der hashes, signers, signer;
	struct mo_alg_id digest;
	unsigned version;
	uint8_t tag;
	int rc;

	version = mo_cms_read_version(d, &rc);
	if (rc || (rc = mo_cms_take_only(d, "digest algorithm", &hashes)) ||
	    (rc = mo_cms_read_hash(&hashes, &digest, &out->hash)) || (rc = read_content_type(d)))
		return rc;
	tag = mo_der_peek(d);
	if (tag == MO_DER_CONTEXT_CONS + 0 || tag == MO_DER_CONTEXT_CONS + 1)
		return mo_fail(err, MODULO_MALFORMED, mo_der_offset(d), "cms.certs",
			       "certificates or revocation lists");
	rc = mo_cms_take_only(d, "signer", &signers);
	mo_der_end(d);
	if (rc || mo_der_bad(d))
		return rc ? rc : mo_der_bad(d);
	signer = mo_der_take(&signers, MO_DER_SEQUENCE);
	return mo_der_bad(d) ? mo_der_bad(d) : read_signer(&signer, version, &digest, out);
}

int mo_cms_parse(const uint8_t *der, size_t len, struct mo_cms *out, struct modulo_error *err)
{
	struct mo_cms cms = { 0 };
	struct mo_der_doc doc;
	struct mo_der all = mo_der_open(&doc, der, len, err), data;
	int rc = mo_cms_open(&all, &data);

	if (rc || (rc = read_signed_data(&data, &cms)))
		return rc;
	*out = cms;
	return 0;
}

int mo_cms_digest(const struct mo_cms *cms, const uint8_t *digest, struct modulo_error *err)
{
	struct mo_view named = cms->spc_digest.len ? cms->spc_digest : cms->message_digest;

	if (named.len && memcmp(named.p, digest, named.len) != 0)
		return mo_fail(err, MODULO_MISMATCH, MODULO_NO_OFFSET, "cms.digest",
			       "the signature was made over other content");
	return 0;
}
