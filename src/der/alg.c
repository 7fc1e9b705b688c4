/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Algorithms and the shapes of their values: RFC 5754 (SHA-2), RFC 3279 (ECDSA values), RFC 9882
 * (ML-DSA).
 */
#include <string.h>

#include "der/profile.h"

#define OID_NIST   "\x60\x86\x48\x01\x65\x03\x04"
#define OID_PKCS_1 "\x2a\x86\x48\x86\xf7\x0d\x01\x01"

#define ECDSA_INT_MAX 66 /* of P-521 */

static const struct {
	const char *name;
	struct mo_view oid;
	size_t value_min, value_max;
} sigalgs[] = {
#define ALG(name, oid, min, max)                                                                   \
	{                                                                                          \
		name, { (const uint8_t *)(oid), sizeof(oid) - 1 }, min, max                        \
	}
	[MO_SIG_RSA] = ALG("rsa", OID_PKCS_1 "\x01", 128, 1024),
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

struct mo_alg_id mo_cms_take_alg_id(struct mo_der *d)
{
	struct mo_alg_id a = { .at = mo_der_offset(d) };
	struct mo_der seq;

	a.whole = mo_der_take_whole(d, MO_DER_SEQUENCE, &seq);
	a.oid = mo_der_take(&seq, MO_DER_OID).rest;
	if (!seq.rest.len)
		return a;
	a.value = mo_der_take_any(&seq, &a.tag).rest;
	a.params = a.tag == MO_DER_NULL && !a.value.len ? MO_PARAMS_NULL : MO_PARAMS_OTHER;
	mo_der_end(&seq);
	return a;
}

int mo_cms_read_hash(struct mo_der *d, struct mo_alg_id *a, enum mo_alg *hash)
{
	struct modulo_error *err = d->doc->err;

	*a = mo_cms_take_alg_id(d);
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
	if (a->params == MO_PARAMS_OTHER)
		return mo_fail(err, MODULO_MALFORMED, a->at, "cms.hash",
			       "parameters of a digest algorithm that are not NULL");
	return 0;
}

int mo_cms_same_hash(struct mo_der *d, const struct mo_alg_id *digest)
{
	struct mo_alg_id again;
	enum mo_alg hash;
	int rc = mo_cms_read_hash(d, &again, &hash);

	if (!rc && !mo_view_same(again.whole, digest->whole))
		return mo_fail(d->doc->err, MODULO_MALFORMED, again.at, "cms.hash",
			       "two digest algorithms that differ");
	return rc;
}

/* An OID that is a stem and one more octet, from first on for SHA-256, SHA-384, SHA-512. */
static bool names_hash(struct mo_view oid, struct mo_view stem, uint8_t first, enum mo_alg *hash)
{
	uint8_t last;

	if (oid.len != stem.len + 1 || memcmp(oid.p, stem.p, stem.len) != 0)
		return false;
	last = oid.p[stem.len];
	if (last < first || last > first + 2)
		return false;
	*hash = (enum mo_alg)(last - first);
	return true;
}

/* 0: not an algorithm that any profile has. The hash that it names goes to *hash, where it does. */
static unsigned find_sigalg(struct mo_view oid, enum mo_sigalg *alg, enum mo_alg *hash)
{
	static const struct mo_view pkcs_1 = { (const uint8_t *)OID_PKCS_1,
					       sizeof(OID_PKCS_1) - 1 };

	for (size_t i = 0; i < MO_NR(sigalgs); i++)
		if (i != MO_SIG_ECDSA && mo_view_same(oid, sigalgs[i].oid)) {
			*alg = (enum mo_sigalg)i;
			return i == MO_SIG_RSA ? MO_SIGALG_RSA : MO_SIGALG_MLDSA;
		}
	if (names_hash(oid, pkcs_1, 11, hash)) {
		*alg = MO_SIG_RSA;
		return MO_SIGALG_RSA_HASH;
	}
	if (names_hash(oid, sigalgs[MO_SIG_ECDSA].oid, 2, hash)) {
		*alg = MO_SIG_ECDSA;
		return MO_SIGALG_ECDSA;
	}
	return 0;
}

int mo_cms_take_sigalg(struct mo_der *d, unsigned kinds, const char *id, struct mo_alg_id *a,
		       enum mo_sigalg *alg, enum mo_alg *hash)
{
	struct modulo_error *err = d->doc->err;
	enum mo_alg named = *hash;

	*a = mo_cms_take_alg_id(d);
	if (mo_der_bad(d))
		return mo_der_bad(d);
	if (!(find_sigalg(a->oid, alg, &named) & kinds))
		return mo_fail(err, MODULO_UNSUPPORTED, a->at, id,
			       "a signature algorithm that the profile lacks (it has %s)",
			       kinds & MO_SIGALG_MLDSA ? "RSA, ECDSA with SHA-2, ML-DSA"
						       : "RSA and ECDSA with SHA-2");
	if (a->params != (*alg == MO_SIG_RSA ? MO_PARAMS_NULL : MO_PARAMS_ABSENT))
		return mo_fail(err, MODULO_MALFORMED, a->at, id, "wrong parameters for %s",
			       mo_sigalg_name(*alg));
	*hash = named;
	return 0;
}

int mo_cms_read_sigalg(struct mo_der *d, unsigned kinds, const struct mo_alg_id *digest,
		       struct mo_cms *out)
{
	struct modulo_error *err = d->doc->err;
	enum mo_alg hash = out->hash;
	struct mo_alg_id a;
	int rc = mo_cms_take_sigalg(d, kinds, "cms.sigalg", &a, &out->sigalg, &hash);

	if (rc)
		return rc;
	if (hash != out->hash)
		return mo_fail(err, MODULO_MALFORMED, a.at, "cms.sigalg",
			       "%s with %s over a %s digest", mo_sigalg_name(out->sigalg),
			       mo_alg_name(hash), mo_alg_name(out->hash));
	/* RFC 9882, 3.3; all that the kernel takes. Without signed attributes it has no meaning, so
	 * it must not vary. */
	if (is_mldsa(out->sigalg) && (out->hash != MO_SHA512 || digest->params != MO_PARAMS_ABSENT))
		return mo_fail(
			err, MODULO_MALFORMED, digest->at, "cms.hash",
			"ml-dsa with a digest algorithm that is not SHA-512 without parameters");
	return 0;
}

/* Of a non-negative INTEGER, whose zero in front keeps it from being negative. */
static bool positive(struct mo_view v, size_t max)
{
	return v.len - (v.len > 1 && !v.p[0] ? 1 : 0) <= max && (v.len > 1 || v.p[0]);
}

int mo_cms_check_value(struct mo_der value, uint64_t at, enum mo_sigalg alg, const char *id)
{
	struct modulo_error *err = value.doc->err;
	struct mo_der pair;
	struct mo_view r, s;

	if (value.rest.len < sigalgs[alg].value_min || value.rest.len > sigalgs[alg].value_max)
		return mo_fail(err, MODULO_MALFORMED, at, id, "a value of %zu bytes for %s",
			       value.rest.len, mo_sigalg_name(alg));
	if (alg != MO_SIG_ECDSA)
		return 0;
	pair = mo_der_take(&value, MO_DER_SEQUENCE);
	mo_der_end(&value);
	r = mo_der_take_integer(&pair);
	s = mo_der_take_integer(&pair);
	mo_der_end(&pair);
	if (mo_der_bad(&value))
		return mo_der_bad(&value);
	if (!positive(r, ECDSA_INT_MAX) || !positive(s, ECDSA_INT_MAX))
		return mo_fail(err, MODULO_MALFORMED, at, id,
			       "an ecdsa value whose integers are zero or over %d bytes",
			       ECDSA_INT_MAX);
	return 0;
}

int mo_cms_read_value(struct mo_der *d, struct mo_cms *out)
{
	uint64_t at = mo_der_offset(d);
	struct mo_der value = mo_der_take(d, MO_DER_OCTETS);

	if (mo_der_bad(d))
		return mo_der_bad(d);
	out->value = value.rest;
	return mo_cms_check_value(value, at, out->sigalg, "cms.value");
}
