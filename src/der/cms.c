/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ContentInfo { signedData, [0] { SignedData } } with one SignerInfo over detached data: RFC 5652
 * (CMS), RFC 5754 (SHA-2), RFC 3279 (ECDSA values), RFC 9882 (ML-DSA), as far as
 * doc/formats/module.md goes.
 */
#include "der/cms.h"

#include <string.h>

#include "der/profile.h"

#define OID_SIGNED_DATA "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
#define OID_NIST	"\x60\x86\x48\x01\x65\x03\x04"

#define SERIAL_MAX    20
#define ECDSA_INT_MAX 66 /* of P-521 */
#define KEY_ID_MAX    64

static const struct {
	const char *name;
	struct mo_view oid;
	size_t value_min, value_max;
} sigalgs[] = {
#define ALG(name, oid, min, max)                                                                   \
	{                                                                                          \
		name, { (const uint8_t *)(oid), sizeof(oid) - 1 }, min, max                        \
	}
	[MO_SIG_RSA] = ALG("rsa", "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 128, 1024),
	/* what is left out of the OID here is the hash */
	[MO_SIG_ECDSA] =
		ALG("ecdsa", "\x2a\x86\x48\xce\x3d\x04\x03", 8, 3 + 2 * (3 + ECDSA_INT_MAX)),
	[MO_SIG_MLDSA44] = ALG("ml-dsa-44", OID_NIST "\x03\x11", 2420, 2420),
	[MO_SIG_MLDSA65] = ALG("ml-dsa-65", OID_NIST "\x03\x12", 3309, 3309),
	[MO_SIG_MLDSA87] = ALG("ml-dsa-87", OID_NIST "\x03\x13", 4627, 4627),
#undef ALG
};

const char *mo_sigalg_name(enum mo_sigalg a)
{
	return sigalgs[a].name;
}

static bool is_mldsa(enum mo_sigalg a)
{
	return a >= MO_SIG_MLDSA44;
}

/* AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY OPTIONAL } */
struct alg_id {
	struct mo_view whole, oid;
	enum { ABSENT, IS_NULL, OTHER } params;
	uint64_t at;
};

static struct alg_id take_alg_id(struct mo_der *d)
{
	struct alg_id a = { .at = mo_der_offset(d) };
	struct mo_der seq, params;
	uint8_t tag = 0;

	a.whole = mo_der_take_whole(d, MO_DER_SEQUENCE, &seq);
	a.oid = mo_der_take(&seq, MO_DER_OID).rest;
	if (!seq.rest.len)
		return a;
	params = mo_der_take_any(&seq, &tag);
	a.params = tag == MO_DER_NULL && !params.rest.len ? IS_NULL : OTHER;
	mo_der_end(&seq);
	return a;
}

static int read_hash(struct mo_der *d, struct alg_id *a, enum mo_alg *hash)
{
	struct modulo_error *err = d->doc->err;

	*a = take_alg_id(d);
	if (mo_der_bad(d))
		return mo_der_bad(d);
	if (MO_OID_IS(a->oid, OID_NIST "\x02\x01"))
		*hash = MO_SHA256;
	else if (MO_OID_IS(a->oid, OID_NIST "\x02\x02"))
		*hash = MO_SHA384;
	else if (MO_OID_IS(a->oid, OID_NIST "\x02\x03"))
		*hash = MO_SHA512;
	else
		return mo_fail(err, MODULO_UNSUPPORTED, a->at, "cms.hash",
			       "a digest algorithm that is not SHA-256, SHA-384 or SHA-512");
	if (a->params == OTHER)
		return mo_fail(err, MODULO_MALFORMED, a->at, "cms.hash",
			       "parameters of a digest algorithm that are not NULL");
	return 0;
}

/* false: not an algorithm of the profile. The hash that it names goes to *hash, where it does. */
static bool find_sigalg(struct mo_view oid, enum mo_sigalg *alg, enum mo_alg *hash)
{
	struct mo_view stem = oid;

	for (size_t i = 0; i < MO_NR(sigalgs); i++)
		if (i != MO_SIG_ECDSA && mo_view_same(oid, sigalgs[i].oid)) {
			*alg = (enum mo_sigalg)i;
			return true;
		}
	/* ecdsa-with-SHA256, -SHA384 and -SHA512 end in 2, 3 and 4 */
	stem.len -= stem.len != 0;
	if (!mo_view_same(stem, sigalgs[MO_SIG_ECDSA].oid) || oid.p[stem.len] < 2 ||
	    oid.p[stem.len] > 4)
		return false;
	*alg = MO_SIG_ECDSA;
	*hash = (enum mo_alg)(oid.p[stem.len] - 2);
	return true;
}

static int read_sigalg(struct mo_der *d, const struct alg_id *digest, struct mo_cms *out)
{
	struct modulo_error *err = d->doc->err;
	struct alg_id a = take_alg_id(d);
	enum mo_alg hash = out->hash;

	if (mo_der_bad(d))
		return mo_der_bad(d);
	if (!find_sigalg(a.oid, &out->sigalg, &hash))
		return mo_fail(err, MODULO_UNSUPPORTED, a.at, "cms.sigalg",
			       "a signature algorithm that is not RSA, ECDSA with SHA-2 or ML-DSA");
	if (a.params != (out->sigalg == MO_SIG_RSA ? IS_NULL : ABSENT))
		return mo_fail(err, MODULO_MALFORMED, a.at, "cms.sigalg", "wrong parameters for %s",
			       mo_sigalg_name(out->sigalg));
	if (hash != out->hash)
		return mo_fail(err, MODULO_MALFORMED, a.at, "cms.sigalg",
			       "ecdsa with %s over a %s digest", mo_alg_name(hash),
			       mo_alg_name(out->hash));
	/* RFC 9882, 3.3; all that the kernel takes. Without signed attributes it has no meaning, so
	 * it must not vary. */
	if (is_mldsa(out->sigalg) && (out->hash != MO_SHA512 || digest->params != ABSENT))
		return mo_fail(
			err, MODULO_MALFORMED, digest->at, "cms.hash",
			"ml-dsa with a digest algorithm that is not SHA-512 without parameters");
	return 0;
}

/* Of a non-negative INTEGER: the bytes without the zero that keeps it from being negative. */
static size_t magnitude(struct mo_view v)
{
	return v.len - (v.len > 1 && !v.p[0] ? 1 : 0);
}

static bool positive(struct mo_view v, size_t max)
{
	return magnitude(v) <= max && (v.len > 1 || v.p[0]);
}

static int read_value(struct mo_der *d, struct mo_cms *out)
{
	struct modulo_error *err = d->doc->err;
	uint64_t at = mo_der_offset(d);
	struct mo_der value = mo_der_take(d, MO_DER_OCTETS), pair;
	struct mo_view r, s;

	if (mo_der_bad(d))
		return mo_der_bad(d);
	out->value = value.rest;
	if (value.rest.len < sigalgs[out->sigalg].value_min ||
	    value.rest.len > sigalgs[out->sigalg].value_max)
		return mo_fail(err, MODULO_MALFORMED, at, "cms.value",
			       "a value of %zu bytes for %s", value.rest.len,
			       mo_sigalg_name(out->sigalg));
	if (out->sigalg != MO_SIG_ECDSA)
		return 0;
	pair = mo_der_take(&value, MO_DER_SEQUENCE);
	mo_der_end(&value);
	r = mo_der_take_integer(&pair);
	s = mo_der_take_integer(&pair);
	mo_der_end(&pair);
	if (mo_der_bad(d))
		return mo_der_bad(d);
	if (!positive(r, ECDSA_INT_MAX) || !positive(s, ECDSA_INT_MAX))
		return mo_fail(err, MODULO_MALFORMED, at, "cms.value",
			       "an ecdsa value whose integers are zero or over %d bytes",
			       ECDSA_INT_MAX);
	return 0;
}

static int read_signer_id(struct mo_der *d, unsigned version, struct mo_cms *out)
{
	struct modulo_error *err = d->doc->err;
	struct mo_der id;
	uint64_t at = mo_der_offset(d);
	int rc;

	if (version == 3) {
		out->key_id = mo_der_take(d, MO_DER_CONTEXT + 0).rest;
		if (!mo_der_bad(d) && (!out->key_id.len || out->key_id.len > KEY_ID_MAX))
			return mo_fail(err, MODULO_MALFORMED, at, "cms.keyid",
				       "a key identifier of %zu bytes", out->key_id.len);
		return mo_der_bad(d);
	}
	id = mo_der_take(d, MO_DER_SEQUENCE);
	rc = mo_cms_take_name(&id, &out->issuer);
	if (rc)
		return rc;
	at = mo_der_offset(&id);
	out->serial = mo_der_take_integer(&id);
	if (!mo_der_bad(d) && magnitude(out->serial) > SERIAL_MAX)
		return mo_fail(err, MODULO_MALFORMED, at, "der.integer",
			       "a serial number of %zu bytes", magnitude(out->serial));
	mo_der_end(&id);
	return mo_der_bad(d);
}

/* A version: 1 or 3; 0 and *rc: any other. */
static unsigned read_version(struct mo_der *d, int *rc)
{
	uint64_t at = mo_der_offset(d);
	struct mo_view v = mo_der_take_integer(d);

	*rc = mo_der_bad(d);
	if (!*rc && (v.len != 1 || (v.p[0] != 1 && v.p[0] != 3)))
		*rc = mo_fail(d->doc->err, MODULO_MALFORMED, at, "cms.version",
			      "a version that is not 1 or 3");
	return *rc ? 0 : v.p[0];
}

static int read_signer(struct mo_der *d, unsigned version, const struct alg_id *digest,
		       struct mo_cms *out)
{
	struct modulo_error *err = d->doc->err;
	struct mo_der attrs;
	struct alg_id again;
	uint64_t at = mo_der_offset(d);
	enum mo_alg hash;
	int rc;

	if (read_version(d, &rc) != version && !rc)
		return mo_fail(err, MODULO_MALFORMED, at, "cms.version",
			       "two versions that differ");
	if (rc || (rc = read_signer_id(d, version, out)) || (rc = read_hash(d, &again, &hash)))
		return rc;
	if (!mo_view_same(again.whole, digest->whole))
		return mo_fail(err, MODULO_MALFORMED, again.at, "cms.hash",
			       "two digest algorithms that differ");
	if (mo_der_peek(d) == MO_DER_CONTEXT_CONS + 0) {
		out->attrs = mo_der_take_whole(d, MO_DER_CONTEXT_CONS + 0, &attrs);
		rc = mo_cms_read_attrs(&attrs, out);
	}
	if (rc || (rc = read_sigalg(d, digest, out)) || (rc = read_value(d, out)))
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

/* The one element of a SET that RFC 5652 lets hold several. */
static int take_only(struct mo_der *d, const char *what, struct mo_der *one)
{
	uint64_t at = mo_der_offset(d);
	struct mo_der set = mo_der_take(d, MO_DER_SET), rest;
	uint8_t tag;

	if (mo_der_bad(d))
		return mo_der_bad(d);
	*one = rest = set;
	if (set.rest.len)
		mo_der_take_any(&rest, &tag);
	if (mo_der_bad(d))
		return mo_der_bad(d);
	if (!set.rest.len || rest.rest.len)
		return mo_fail(d->doc->err, MODULO_MALFORMED, at, "cms.signers",
			       "not exactly one %s", what);
	return 0;
}

static int read_signed_data(struct mo_der *d, struct mo_cms *out)
{
	struct modulo_error *err = d->doc->err;
	struct mo_der hashes, signers, signer;
	struct alg_id digest;
	unsigned version;
	uint8_t tag;
	int rc;

	version = read_version(d, &rc);
	if (rc || (rc = take_only(d, "digest algorithm", &hashes)) ||
	    (rc = read_hash(&hashes, &digest, &out->hash)) || (rc = read_content_type(d)))
		return rc;
	tag = mo_der_peek(d);
	if (tag == MO_DER_CONTEXT_CONS + 0 || tag == MO_DER_CONTEXT_CONS + 1)
		return mo_fail(err, MODULO_MALFORMED, mo_der_offset(d), "cms.certs",
			       "certificates or revocation lists");
	rc = take_only(d, "signer", &signers);
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
	struct mo_der all = mo_der_open(&doc, der, len, err), info, explicit, data;
	struct mo_view oid;
	uint64_t at;
	int rc;

	info = mo_der_take(&all, MO_DER_SEQUENCE);
	mo_der_end(&all);
	at = mo_der_offset(&info);
	oid = mo_der_take(&info, MO_DER_OID).rest;
	if (!doc.rc && !MO_OID_IS(oid, OID_SIGNED_DATA))
		return mo_fail(err, MODULO_UNSUPPORTED, at, "cms.type", "not signed data");
	explicit = mo_der_take(&info, MO_DER_CONTEXT_CONS + 0);
	mo_der_end(&info);
	data = mo_der_take(&explicit, MO_DER_SEQUENCE);
	mo_der_end(&explicit);
	if (doc.rc)
		return doc.rc;
	rc = read_signed_data(&data, &cms);
	if (rc)
		return rc;
	*out = cms;
	return 0;
}

int mo_cms_digest(const struct mo_cms *cms, const uint8_t *digest, struct modulo_error *err)
{
	if (cms->message_digest.len &&
	    memcmp(cms->message_digest.p, digest, cms->message_digest.len) != 0)
		return mo_fail(err, MODULO_MISMATCH, MODULO_NO_OFFSET, "cms.digest",
			       "the signature was made over other content");
	return 0;
}
