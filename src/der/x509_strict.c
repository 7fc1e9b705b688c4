/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A certificate to the last byte (RFC 5280, 4.1), for those that come inside of a signature: what a
 * keyring may hold is any that OpenSSL reads, but these nobody chose. doc/formats/authenticode.md,
 * "Certificates".
 */
#include "der/profile.h"
#include "der/x509.h"

#define OID_RSA	     "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define OID_EC	     "\x2a\x86\x48\xce\x3d\x02\x01"
#define OID_P256     "\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define OID_P384     "\x2b\x81\x04\x00\x22"
#define OID_P521     "\x2b\x81\x04\x00\x23"
#define EXPONENT_MAX 8
#define EXTENSIONS   64

/* The content of the next BIT STRING, which has whole octets; empty where it has not. */
static struct mo_der take_octets(struct mo_der *d, const char *id)
{
	uint64_t at = mo_der_offset(d);
	struct mo_der bits = mo_der_take(d, MO_DER_BITS);

	if (mo_der_bad(d))
		return bits;
	if (bits.rest.len < 2 || bits.rest.p[0])
		d->doc->rc = mo_fail(d->doc->err, MODULO_MALFORMED, at, id,
				     "a BIT STRING that is empty or has unused bits");
	bits.rest.p++;
	bits.rest.len -= bits.rest.len != 0;
	return bits;
}

static int read_validity(struct mo_der *d)
{
	uint64_t at = mo_der_offset(d);
	struct mo_der times = mo_der_take(d, MO_DER_SEQUENCE);
	bool ok = true;

	for (int i = 0; i < 2; i++) {
		uint8_t tag = 0;
		struct mo_view v = mo_der_take_any(&times, &tag).rest;

		ok = ok && !mo_der_bad(d) && mo_der_time_ok(tag, v);
	}
	mo_der_end(&times);
	if (!mo_der_bad(d) && !ok)
		return mo_fail(d->doc->err, MODULO_MALFORMED, at, "x509.time",
			       "a time that is none, or not of the type for its year");
	return mo_der_bad(d);
}

/* RFC 8017, A.1.1: SEQUENCE { modulus, publicExponent } */
static bool rsa_ok(struct mo_der key)
{
	struct mo_der pair = mo_der_take(&key, MO_DER_SEQUENCE);
	struct mo_view n = mo_der_take_integer(&pair), e = mo_der_take_integer(&pair);

	mo_der_end(&pair);
	mo_der_end(&key);
	return mo_der_bad(&key) || (n.len >= 128 && n.len <= 1025 && e.len <= EXPONENT_MAX &&
				    n.p[n.len - 1] & 1 && e.p[e.len - 1] & 1);
}

/* RFC 5480, 2.2: a point, not compressed */
static bool ec_ok(const struct mo_alg_id *a, struct mo_view point)
{
	size_t len = a->tag != MO_DER_OID	     ? 0
		     : MO_OID_IS(a->value, OID_P256) ? 32
		     : MO_OID_IS(a->value, OID_P384) ? 48
		     : MO_OID_IS(a->value, OID_P521) ? 66
						     : 0;

	return len && point.len == 1 + 2 * len && point.p[0] == 4;
}

static int read_key(struct mo_der *d)
{
	struct modulo_error *err = d->doc->err;
	struct mo_der spki = mo_der_take(d, MO_DER_SEQUENCE), key;
	struct mo_alg_id a = mo_cms_take_alg_id(&spki);
	uint64_t at = mo_der_offset(&spki);
	bool ok;

	key = take_octets(&spki, "x509.key");
	mo_der_end(&spki);
	if (mo_der_bad(d))
		return mo_der_bad(d);
	if (MO_OID_IS(a.oid, OID_RSA))
		ok = a.params == MO_PARAMS_NULL && rsa_ok(key);
	else if (MO_OID_IS(a.oid, OID_EC))
		ok = ec_ok(&a, key.rest);
	else
		return mo_fail(err, MODULO_UNSUPPORTED, a.at, "x509.key",
			       "a key that is not of RSA or of an elliptic curve");
	if (!mo_der_bad(d) && !ok)
		return mo_fail(err, MODULO_MALFORMED, at, "x509.key",
			       "a key that is none of its kind");
	return mo_der_bad(d);
}

/* SEQUENCE { OID, [critical TRUE], OCTET STRING { DER } }, each OID once */
static int read_extension(struct mo_der *list, struct mo_view *oids, size_t nr)
{
	struct modulo_error *err = list->doc->err;
	uint64_t at = mo_der_offset(list);
	struct mo_der ext = mo_der_take(list, MO_DER_SEQUENCE), value;
	struct mo_view oid = mo_der_take(&ext, MO_DER_OID).rest, critical = { NULL, 0 };
	bool ok = mo_der_bad(list) || mo_der_oid_ok(oid);
	uint8_t tag;

	if (mo_der_peek(&ext) == MO_DER_BOOLEAN) {
		critical = mo_der_take(&ext, MO_DER_BOOLEAN).rest;
		/* FALSE is the default, which DER leaves out */
		ok = ok && critical.len == 1 && critical.p[0] == 0xff;
	}
	value = mo_der_take(&ext, MO_DER_OCTETS);
	mo_der_end(&ext);
	if (mo_der_bad(list) || mo_der_walk(value))
		return mo_der_bad(list);
	mo_der_take_any(&value, &tag);
	mo_der_end(&value);
	for (size_t i = 0; i < nr; i++)
		ok = ok && !mo_view_same(oid, oids[i]);
	if (!mo_der_bad(list) && !ok)
		return mo_fail(err, MODULO_MALFORMED, at, "x509.extension",
			       "a doubled extension, one without a type, or an explicit default");
	oids[nr] = oid;
	return mo_der_bad(list);
}

static int read_extensions(struct mo_der *d)
{
	struct mo_view oids[EXTENSIONS];
	uint64_t at = mo_der_offset(d);
	struct mo_der in = mo_der_take(d, MO_DER_CONTEXT_CONS + 3),
		      list = mo_der_take(&in, MO_DER_SEQUENCE);
	size_t nr = 0;
	int rc = mo_der_bad(d);

	mo_der_end(&in);
	while (!rc && !(rc = mo_der_bad(d)) && list.rest.len && nr < EXTENSIONS)
		rc = read_extension(&list, oids, nr++);
	if (!rc && (!nr || list.rest.len))
		return mo_fail(d->doc->err, MODULO_MALFORMED, at, "x509.extension",
			       "no extensions, or over %d", EXTENSIONS);
	return rc ? rc : mo_der_bad(d);
}

static int read_version(struct mo_der *d)
{
	uint64_t at = mo_der_offset(d);
	struct mo_der in = mo_der_take(d, MO_DER_CONTEXT_CONS + 0);
	struct mo_view v = mo_der_take_integer(&in);

	mo_der_end(&in);
	if (!mo_der_bad(d) && (v.len != 1 || v.p[0] != 2))
		return mo_fail(d->doc->err, MODULO_MALFORMED, at, "x509.version",
			       "a certificate that is not of version 3");
	return mo_der_bad(d);
}

static int read_tbs(struct mo_der *d, struct mo_alg_id *alg, enum mo_sigalg *kind)
{
	enum mo_alg hash = MO_SHA256;
	struct mo_view v;
	int rc;

	if ((rc = read_version(d)) || (rc = mo_cms_take_serial(d, &v)) ||
	    (rc = mo_cms_take_sigalg(d, MO_SIGALG_RSA_HASH | MO_SIGALG_ECDSA, "x509.sigalg", alg,
				     kind, &hash)) ||
	    (rc = mo_cms_take_name(d, &v)) || (rc = read_validity(d)) ||
	    (rc = mo_cms_take_name(d, &v)) || (rc = read_key(d)))
		return rc;
	if (d->rest.len)
		rc = read_extensions(d);
	mo_der_end(d);
	return rc ? rc : mo_der_bad(d);
}

static int read_strictly(struct mo_der *all)
{
	struct modulo_error *err = all->doc->err;
	struct mo_der cert = mo_der_take(all, MO_DER_SEQUENCE),
		      tbs = mo_der_take(&cert, MO_DER_SEQUENCE), value;
	struct mo_alg_id alg, again;
	enum mo_sigalg kind;
	uint64_t at;
	int rc = mo_der_bad(all);

	if (rc || (rc = read_tbs(&tbs, &alg, &kind)))
		return rc;
	again = mo_cms_take_alg_id(&cert);
	if (!mo_der_bad(all) && !mo_view_same(alg.whole, again.whole))
		return mo_fail(err, MODULO_MALFORMED, again.at, "x509.sigalg",
			       "two signature algorithms that differ");
	at = mo_der_offset(&cert);
	value = take_octets(&cert, "x509.value");
	mo_der_end(&cert);
	mo_der_end(all);
	rc = mo_der_bad(all);
	return rc ? rc : mo_cms_check_value(value, at, kind, "x509.value");
}

int mo_x509_strict(const uint8_t *der, size_t len, struct mo_x509 *out, struct modulo_error *err)
{
	struct mo_der_doc doc;
	struct mo_der all = mo_der_open(&doc, der, len, err);
	int rc = read_strictly(&all);

	return rc ? rc : mo_x509_parse(der, len, out, err);
}
