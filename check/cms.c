/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The signature body, doc/formats/module.md: a strict walk over its DER that leaves no byte unexplained. */
#include "check.h"

#include <string.h>

enum {
	INTEGER = 0x02, OCTETS = 0x04, NUL = 0x05, OID = 0x06, UTF8 = 0x0c, PRINTABLE = 0x13, TELETEX = 0x14,
	IA5 = 0x16, UTCTIME = 0x17, GENTIME = 0x18, BMP = 0x1e, SEQUENCE = 0x30, SET = 0x31,
	KEY_ID = 0x80, CONTEXT0 = 0xa0, CONTEXT1 = 0xa1,
};

static size_t len(struct mo_check_der d)
{
	return (size_t)(d.end - d.p);
}

static bool is(struct mo_check_der d, const char *bytes, size_t n)
{
	return len(d) == n && !memcmp(d.p, bytes, n);
}
#define IS(d, literal) is(d, literal, sizeof(literal) - 1)

/* Takes one element off `in`. Returns NULL, or the id of what is wrong with it. */
static const char *element(struct mo_check_der *in, uint8_t tag, struct mo_check_der *out)
{
	const uint8_t *p = in->p;
	size_t n, bytes;

	if (len(*in) < 1 || *p != tag)
		return "der.tag";
	if (len(*in) < 2)
		return "der.length";
	p++;
	n = *p++;
	if (n & 0x80) {
		bytes = n & 0x7f;
		if (!bytes || bytes > 3 || (size_t)(in->end - p) < bytes || !*p)
			return "der.length";
		for (n = 0; bytes; bytes--)
			n = n << 8 | *p++;
		if (n < 0x80)
			return "der.length";
	}
	if ((size_t)(in->end - p) < n)
		return "der.length";
	*out = (struct mo_check_der){ p, p + n };
	in->p = p + n;
	return NULL;
}

static struct mo_check_der take(struct mo_check *c, struct mo_check_der *in, uint8_t tag)
{
	struct mo_check_der out;
	const char *wrong = element(in, tag, &out);

	if (wrong)
		mo_check_refuse(c, wrong, "in the signature, where a 0x%02x should be", tag);
	return out;
}

static void done(struct mo_check *c, struct mo_check_der d)
{
	if (len(d))
		mo_check_refuse(c, "der.slack", "%zu bytes in the signature are left over", len(d));
}

static bool next_is(struct mo_check_der d, uint8_t tag)
{
	return len(d) && *d.p == tag;
}

/* A number that is not negative, its shortest form; without the zero that keeps it from being negative. */
static struct mo_check_der integer(struct mo_check *c, struct mo_check_der *in)
{
	struct mo_check_der d = take(c, in, INTEGER);

	if (!len(d) || *d.p & 0x80 || (len(d) > 1 && !d.p[0] && !(d.p[1] & 0x80)))
		mo_check_refuse(c, "der.integer", "a negative number, or not in its shortest form");
	if (len(d) > 1 && !d.p[0])
		d.p++;
	return d;
}

static bool utf8(struct mo_check_der d)
{
	while (len(d)) {
		uint32_t ch = *d.p++;
		unsigned more = ch < 0x80 ? 0 : ch >> 5 == 6 ? 1 : ch >> 4 == 14 ? 2 : ch >> 3 == 30 ? 3 : 4;
		static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };

		if (more == 4 || len(d) < more)
			return false;
		ch &= more ? 0x3fU >> more : 0x7f;
		for (unsigned i = 0; i < more; i++) {
			if ((*d.p & 0xc0) != 0x80)
				return false;
			ch = ch << 6 | (*d.p++ & 0x3f);
		}
		if (ch < least[more] || ch > 0x10ffff || ch >> 11 == 0x1b)
			return false;
	}
	return true;
}

static bool string(uint8_t tag, struct mo_check_der d)
{
	static const char printable[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?";

	if (tag == UTF8)
		return utf8(d);
	if (tag == BMP)
		return len(d) % 2 == 0;
	for (; tag != TELETEX && len(d); d.p++)
		if (tag == PRINTABLE ? !memchr(printable, *d.p, sizeof(printable) - 1) : *d.p > 0x7f)
			return false;
	return tag == TELETEX || tag == PRINTABLE || tag == IA5;
}

/* The attribute's type: its name in RFC 4519, or the OID's numbers. */
static bool type_text(struct mo_check_der oid, FILE *out)
{
	static const struct {
		const char *oid, *name;
	} known[] = { { "\x55\x04\x03", "CN" }, { "\x55\x04\x05", "serialNumber" }, { "\x55\x04\x06", "C" },
		      { "\x55\x04\x07", "L" }, { "\x55\x04\x08", "ST" }, { "\x55\x04\x0a", "O" },
		      { "\x55\x04\x0b", "OU" }, { "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "emailAddress" },
		      { "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "UID" },
		      { "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "DC" } };
	bool first = true;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (is(oid, known[i].oid, strlen(known[i].oid)))
			return fputs(known[i].name, out) >= 0;
	if (!len(oid) || oid.end[-1] & 0x80)
		return false;
	while (len(oid)) {
		uint64_t n = 0;

		if (*oid.p == 0x80)
			return false;
		do {
			if (n >> 57)
				return false;
			n = n << 7 | (*oid.p & 0x7f);
		} while (*oid.p++ & 0x80);
		uint64_t root = n < 40 ? 0 : n < 80 ? 1 : 2;
		if (first)
			fprintf(out, "%u.%llu", (unsigned)root, (unsigned long long)(n - 40 * root));
		else
			fprintf(out, ".%llu", (unsigned long long)n);
		first = false;
	}
	return true;
}

bool mo_check_name(struct mo_check_der name, FILE *out)
{
	struct mo_check_der rdns, set, pair, oid, value;

	if (len(name) > 1024 || element(&name, SEQUENCE, &rdns) || len(name))
		return false;
	for (const char *comma = ""; len(rdns); comma = ", ") {
		if (element(&rdns, SET, &set) || element(&set, SEQUENCE, &pair) || len(set) ||
		    element(&pair, OID, &oid) || !len(pair))
			return false;
		uint8_t tag = *pair.p;
		if (element(&pair, tag, &value) || len(pair) || !string(tag, value))
			return false;
		fputs(comma, out);
		if (!type_text(oid, out))
			return false;
		putc('=', out);
		mo_check_escape(out, value.p, len(value), ",\\");
	}
	return true;
}

static void name(struct mo_check *c, struct mo_check_der d)
{
	char text[MO_CHECK_TEXT];
	FILE *f = fmemopen(text, sizeof(text), "w");

	if (!f)
		mo_check_refuse(c, "check.memory", "out of memory");
	bool ok = mo_check_name(d, f);
	fclose(f);
	if (!ok)
		mo_check_refuse(c, "cms.name", "an issuer that is not a Name of the profile");
}

/* An AlgorithmIdentifier's OID; its parameters are absent or NULL, which `null` tells. */
static struct mo_check_der algorithm(struct mo_check *c, struct mo_check_der d, bool *null)
{
	struct mo_check_der oid = take(c, &d, OID);

	*null = len(d);
	if (*null && len(take(c, &d, NUL)))
		mo_check_refuse(c, "der.length", "a NULL with content");
	done(c, d);
	return oid;
}

#define SHA2 "\x60\x86\x48\x01\x65\x03\x04\x02"
#define NIST_SIGNATURES "\x60\x86\x48\x01\x65\x03\x04\x03"
#define PKCS "\x2a\x86\x48\x86\xf7\x0d\x01"
#define ECDSA_SHA2 "\x2a\x86\x48\xce\x3d\x04\x03"

static const EVP_MD *hash(struct mo_check *c, struct mo_check_der d)
{
	bool null;
	struct mo_check_der oid = algorithm(c, d, &null);

	if (IS(oid, SHA2 "\x01"))
		return EVP_sha256();
	if (IS(oid, SHA2 "\x02"))
		return EVP_sha384();
	if (IS(oid, SHA2 "\x03"))
		return EVP_sha512();
	mo_check_refuse(c, "cms.hash", "not SHA-256, SHA-384 or SHA-512");
}

static void ecdsa_value(struct mo_check *c, struct mo_check_der d)
{
	struct mo_check_der pair = take(c, &d, SEQUENCE), n;

	done(c, d);
	for (int i = 0; i < 2; i++) {
		n = integer(c, &pair);
		if (len(n) > 66 || (len(n) == 1 && !*n.p))
			mo_check_refuse(c, "cms.value", "an ECDSA number of zero, or of more than 66 bytes");
	}
	done(c, pair);
}

static void signature(struct mo_check *c, struct mo_check_der alg, struct mo_check_der value, struct mo_check_cms *out)
{
	static const struct {
		const char *oid, *key;
		size_t value;
	} ml[] = { { NIST_SIGNATURES "\x11", "ML-DSA-44", 2420 }, { NIST_SIGNATURES "\x12", "ML-DSA-65", 3309 },
		   { NIST_SIGNATURES "\x13", "ML-DSA-87", 4627 } };
	bool null;
	struct mo_check_der oid = algorithm(c, alg, &null);
	const char *ecdsa = out->hash == EVP_sha256() ? ECDSA_SHA2 "\x02" :
			    out->hash == EVP_sha384() ? ECDSA_SHA2 "\x03" : ECDSA_SHA2 "\x04";

	out->value = value;
	if (IS(oid, PKCS "\x01\x01") && null) {
		out->sigalg = MO_CHECK_RSA;
		out->key_type = "RSA";
		if (len(value) < 128 || len(value) > 1024)
			mo_check_refuse(c, "cms.value", "an RSA value of %zu bytes", len(value));
		return;
	}
	if (is(oid, ecdsa, strlen(ecdsa)) && !null) {
		out->sigalg = MO_CHECK_ECDSA;
		out->key_type = "EC";
		ecdsa_value(c, value);
		return;
	}
	for (size_t i = 0; i < 3; i++) {
		if (!is(oid, ml[i].oid, 9) || null)
			continue;
		out->sigalg = MO_CHECK_MLDSA;
		out->key_type = ml[i].key;
		if (len(value) != ml[i].value)
			mo_check_refuse(c, "cms.value", "an %s value of %zu bytes", ml[i].key, len(value));
		return;
	}
	mo_check_refuse(c, "cms.sigalg", "not RSA, ECDSA with the same hash, or ML-DSA; or with other parameters");
}

static bool time_ok(struct mo_check_der d, size_t year_digits)
{
	static const unsigned most[] = { 12, 31, 23, 59, 59 };

	if (len(d) != year_digits + 11 || d.end[-1] != 'Z')
		return false;
	for (size_t i = 0; i < len(d) - 1; i++)
		if (d.p[i] < '0' || d.p[i] > '9')
			return false;
	for (size_t i = 0; i < 5; i++) {
		const uint8_t *p = d.p + year_digits + 2 * i;
		unsigned n = (p[0] - '0') * 10U + p[1] - '0';

		if (n > most[i] || (i < 2 && !n))
			return false;
	}
	return true;
}

static void attributes(struct mo_check *c, struct mo_check_der d, struct mo_check_cms *out)
{
	struct mo_check_der before = { 0 };
	bool type = false, digest = false, time = false;

	while (len(d)) {
		struct mo_check_der whole = d, a = take(c, &d, SEQUENCE), oid, set, value;

		whole.end = d.p;
		if (before.p) {
			int order = memcmp(before.p, whole.p, len(before) < len(whole) ? len(before) : len(whole));

			if (order > 0 || (!order && len(before) >= len(whole)))
				mo_check_refuse(c, "cms.attr", "signed attributes out of order, or doubled");
		}
		before = whole;
		oid = take(c, &a, OID);
		set = take(c, &a, SET);
		done(c, a);
		uint8_t tag = len(set) ? *set.p : 0;
		value = take(c, &set, tag);
		done(c, set);
		if (IS(oid, PKCS "\x09\x03") && tag == OID && !type && IS(value, PKCS "\x07\x01")) {
			type = true;
		} else if (IS(oid, PKCS "\x09\x04") && tag == OCTETS && !digest &&
			   len(value) == (size_t)EVP_MD_get_size(out->hash)) {
			digest = true;
			out->message_digest = value;
		} else if (IS(oid, PKCS "\x09\x05") && !time &&
			   ((tag == UTCTIME && time_ok(value, 2)) || (tag == GENTIME && time_ok(value, 4)))) {
			time = true;
		} else {
			mo_check_refuse(c, "cms.attr", "an unknown or doubled signed attribute, or a wrong value");
		}
	}
	if (!type || !digest)
		mo_check_refuse(c, "cms.attr", "signed attributes without contentType or messageDigest");
}

static void signer(struct mo_check *c, struct mo_check_der d, unsigned version, struct mo_check_der digest_alg,
		   struct mo_check_cms *out)
{
	struct mo_check_der v = integer(c, &d), a, attrs;
	bool wrong = len(v) != 1 || *v.p != version;

	if (wrong)
		mo_check_refuse(c, "cms.version", "a SignerInfo of another version than the SignedData");
	if (version == 1) {
		struct mo_check_der sid = take(c, &d, SEQUENCE);

		out->issuer = sid;
		take(c, &sid, SEQUENCE);
		out->issuer.end = sid.p;
		name(c, out->issuer);
		out->serial = integer(c, &sid);
		if (len(out->serial) > 20)
			mo_check_refuse(c, "der.integer", "a serial number of more than 20 bytes");
		done(c, sid);
	} else {
		out->key_id = take(c, &d, KEY_ID);
		if (!len(out->key_id) || len(out->key_id) > 64)
			mo_check_refuse(c, "der.length", "a key identifier that is empty or over 64 bytes");
	}
	a = take(c, &d, SEQUENCE);
	if (len(a) != len(digest_alg) || memcmp(a.p, digest_alg.p, len(a)))
		mo_check_refuse(c, "cms.hash", "two hashes that differ");
	if (next_is(d, CONTEXT0)) {
		attrs = d;
		attributes(c, take(c, &d, CONTEXT0), out);
		attrs.end = d.p;
		out->attrs = attrs;
	}
	a = take(c, &d, SEQUENCE);
	signature(c, a, take(c, &d, OCTETS), out);
	if (next_is(d, CONTEXT1))
		mo_check_refuse(c, "cms.unsigned", "unsigned attributes");
	done(c, d);
}

void mo_check_cms(struct mo_check *c, const uint8_t *der, size_t n, struct mo_check_cms *out)
{
	struct mo_check_der d = { der, der + n }, info, data, type, algs, digest_alg, signers, v;
	unsigned version;

	memset(out, 0, sizeof(*out));
	info = take(c, &d, SEQUENCE);
	done(c, d);
	type = take(c, &info, OID);
	if (!IS(type, PKCS "\x07\x02"))
		mo_check_refuse(c, "cms.type", "not signedData");
	d = take(c, &info, CONTEXT0);
	done(c, info);
	data = take(c, &d, SEQUENCE);
	done(c, d);

	v = integer(c, &data);
	version = len(v) == 1 ? *v.p : 0;
	if (version != 1 && version != 3)
		mo_check_refuse(c, "cms.version", "a SignedData of another version than 1 or 3");
	algs = take(c, &data, SET);
	if (!len(algs))
		mo_check_refuse(c, "cms.signers", "no digest algorithm");
	digest_alg = take(c, &algs, SEQUENCE);
	if (len(algs))
		mo_check_refuse(c, "cms.signers", "more than one digest algorithm");
	out->hash = hash(c, digest_alg);
	d = take(c, &data, SEQUENCE);
	type = take(c, &d, OID);
	if (!IS(type, PKCS "\x07\x01") || len(d))
		mo_check_refuse(c, "cms.type", "not over detached data");
	if (next_is(data, CONTEXT0) || next_is(data, CONTEXT1))
		mo_check_refuse(c, "cms.certs", "certificates or CRLs");
	signers = take(c, &data, SET);
	done(c, data);
	if (!len(signers))
		mo_check_refuse(c, "cms.signers", "no SignerInfo");
	d = take(c, &signers, SEQUENCE);
	if (len(signers))
		mo_check_refuse(c, "cms.signers", "more than one SignerInfo");
	signer(c, d, version, digest_alg, out);
}
