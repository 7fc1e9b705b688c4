/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signatures, doc/formats/module.md: a strict walk over all of the DER; and whose they are. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include "merkle/merkle_verify.h" /* the one file that is src/'s, and the kernel's */

enum { INTEGER = 2, OCTETS = 4, OID = 6, UTF8 = 12, BMP = 30, SEQUENCE = 0x30, SET = 0x31 };
enum { KEY_ID = 0x80, CONTEXT0 = 0xa0, CONTEXT1 = 0xa1 };
/* The beginnings of OIDs, with tag and length */
#define SHA2 "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" /* 1, 2, 3: SHA-256, SHA-384, SHA-512 */
#define PKCS "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01"
#define ECDSA "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03"
#define MLDSA "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03"

static size_t len(der d)
{
	return (size_t)(d.end - d.p);
}

static bool equals(der d, const void *p, size_t n)
{
	return len(d) == n && !memcmp(d.p, p, n);
}

/* Takes one element off `in`: its content. */
static der next(der *in, uint8_t tag)
{
	const uint8_t *p = in->p + 2;
	must(len(*in) && *in->p == tag && (tag & 31) != 31, "der.tag");
	size_t n = len(*in) > 1 ? p[-1] : 0x80, bytes = n & 0x80 ? n & 0x7f : 0;
	must(n != 0x80 && bytes <= 4 && (size_t)(in->end - p) >= bytes, "der.length");
	must(!bytes || *p, "der.length");
	for (n = bytes ? 0 : n; p < in->p + 2 + bytes; p++)
		n = n << 8 | *p;
	must((!bytes || n >= 0x80) && (size_t)(in->end - p) >= n, "der.length");
	in->p = p + n;
	return (der){ p, p + n };
}

/* The same with its tag and length. */
static der whole(der *in, uint8_t tag)
{
	der out = *in;
	next(in, tag);
	out.end = in->p;
	return out;
}

/* The element that is all there is; id: what it is to have another one behind it. */
static der only(der d, uint8_t tag, const char *id)
{
	der out = next(&d, tag);
	must(!len(d), id);
	return out;
}

/* A number that is not negative, in its shortest form; without the zero that may lead it. */
static der integer(der *in)
{
	der d = next(in, INTEGER);
	bool padded = len(d) > 1 && !d.p[0];
	must(len(d) && !(*d.p & 0x80) && (!padded || d.p[1] & 0x80), "der.integer");
	d.p += padded;
	return d;
}

static bool string_ok(uint8_t tag, der d)
{
	int form = tag == UTF8 ? MBSTRING_UTF8 : tag == BMP ? MBSTRING_BMP : MBSTRING_ASC;
	unsigned long ascii = B_ASN1_PRINTABLESTRING | B_ASN1_IA5STRING | B_ASN1_T61STRING;
	unsigned long type = form == MBSTRING_ASC ? ASN1_tag2bit(tag) & ascii : B_ASN1_UTF8STRING;
	return len(d) && type && ASN1_mbstring_copy(NULL, d.p, (int)len(d), form, type) > 0;
}

/* An attribute's type: its name in RFC 4519, or the OID's numbers. */
static void type_text(der oid, char text[TEXT])
{
	static const char known[] = " CN O OU C ST L serialNumber emailAddress DC UID ";
	char word[32];
	const uint8_t *p = oid.p;
	ASN1_OBJECT *o = d2i_ASN1_OBJECT(NULL, &p, (long)len(oid));
	bool ok = o && p == oid.end && OBJ_obj2txt(text, TEXT, o, 1) > 0;
	for (const uint8_t *q = oid.p, *arc = q; q < oid.end; arc = *q++ & 0x80 ? arc : q)
		ok = ok && q - arc < 9; /* of 63 bits at most */
	snprintf(word, sizeof(word), " %s ", ok ? OBJ_nid2sn(OBJ_obj2nid(o)) : "?");
	ASN1_OBJECT_free(o);
	must(ok, "cms.name");
	if (strstr(known, word))
		snprintf(text, TEXT, "%.*s", (int)strlen(word) - 2, word + 1);
}

/* A Name as "CN=a, O=b". */
static void name_text(der name, char text[TEXT])
{
	char type[TEXT], *at = text;
	must(len(name) <= 1024, "cms.name");
	name = only(name, SEQUENCE, "der.slack");
	for (*at = '\0'; len(name); at += strlen(at)) {
		der pair = only(next(&name, SET), SEQUENCE, "cms.name");
		type_text(whole(&pair, OID), type);
		uint8_t tag = len(pair) ? *pair.p : 0;
		der value = only(pair, tag, "der.slack");
		must(string_ok(tag, value), "cms.name");
		FILE *f = fmemopen(at, (size_t)(text + TEXT - at), "w");
		must(f, "check.memory");
		fprintf(f, "%s%s=", at > text ? ", " : "", type);
		mo_check_escape(f, value.p, len(value), ",\\");
		fclose(f);
	}
}

/* libcrypto takes RFC 5280's spelling only, and makes a UTCTime of all that can be one. */
static bool time_ok(uint8_t tag, der d)
{
	ASN1_TIME *t = ASN1_TIME_new();
	char s[16] = "";
	memcpy(s, d.p, len(d) < sizeof(s) ? len(d) : 0);
	bool ok = t && ASN1_TIME_set_string_X509(t, s) && ASN1_STRING_type(t) == tag;
	ASN1_TIME_free(t);
	return ok && strlen(s) == len(d);
}

/* DER sorts a SET by its elements' bytes: these attributes always stand in this order. */
static void attributes(der d, struct signature *g)
{
	/* contentType, its one value id-data */
	static const char type[] = "\x30\x18" PKCS "\x09\x03\x31\x0b" PKCS "\x07\x01";
	must(len(d) > 26 && !memcmp(d.p, type, 26), "cms.attr");
	d.p += 26;
	for (bool timed = false; !g->digest.p; timed = true) {
		der a = next(&d, SEQUENCE), oid = whole(&a, OID);
		a = only(a, SET, "der.slack");
		uint8_t tag = len(a) ? *a.p : 0;
		a = only(a, tag, "der.slack");
		bool digest = tag == OCTETS && len(a) == (size_t)EVP_MD_get_size(g->md);
		if (digest && equals(oid, PKCS "\x09\x04", 11))
			g->digest = a;
		bool time = !timed && equals(oid, PKCS "\x09\x05", 11) && time_ok(tag, a);
		must(g->digest.p || time, "cms.attr");
	}
	must(!len(d), "cms.attr");
}

static void value(der alg, der d, der hash, struct signature *g)
{
	static const struct {
		const char *alg, *key;
		size_t len, least, most;
		char hash; /* that must go with it, 0: any */
	} known[] = { { PKCS "\x01\x01\x05\x00", "RSA", 13, 128, 1024, 0 },
		      { ECDSA "\x02", "EC", 10, 8, 141, 1 },
		      { ECDSA "\x03", "EC", 10, 8, 141, 2 },
		      { ECDSA "\x04", "EC", 10, 8, 141, 3 },
		      { MLDSA "\x11", "ML-DSA-44", 11, 2420, 2420, 3 },
		      { MLDSA "\x12", "ML-DSA-65", 11, 3309, 3309, 3 },
		      { MLDSA "\x13", "ML-DSA-87", 11, 4627, 4627, 3 } };
	size_t i = 0;
	while (i < 7 && !equals(alg, known[i].alg, known[i].len))
		i++;
	must(i < 7 && (i == 0 || i > 3 || hash.p[10] == known[i].hash), "cms.sigalg");
	must(i < 4 || (hash.p[10] == 3 && len(hash) == 11), "cms.hash");
	must(len(d) >= known[i].least && len(d) <= known[i].most, "cms.value");
	g->key = known[i].key;
	g->value = d;
	if (i < 1 || i > 3)
		return;
	der pair = only(d, SEQUENCE, "der.slack");
	for (int k = 0; k < 2; k++) {
		der n = integer(&pair);
		must(len(n) <= 66 && (len(n) > 1 || *n.p), "cms.value");
	}
	must(!len(pair), "der.slack");
}

static void signer(der si, der version, der hash, struct signature *g)
{
	der number;
	g->issuer = g->serial = g->key_id = g->attrs = g->digest = (der){ NULL, NULL };
	must(equals(integer(&si), version.p, 1), "cms.version");
	if (*version.p == 1) {
		der sid = next(&si, SEQUENCE);
		g->issuer = whole(&sid, SEQUENCE);
		strcpy(g->who, "issuer ");
		name_text(g->issuer, g->who + strlen(g->who));
		strcat(g->who, " serial ");
		number = g->serial = integer(&sid);
		must(!len(sid), "der.slack");
		must(len(g->serial) <= 20, "der.integer");
	} else {
		number = g->key_id = next(&si, KEY_ID);
		must(len(g->key_id) - 1 < 64, "cms.keyid");
		strcpy(g->who, "key-id ");
	}
	hex(number.p, len(number), g->who + strlen(g->who));
	must(equals(next(&si, SEQUENCE), hash.p, len(hash)), "cms.hash");
	if (len(si) && *si.p == CONTEXT0) {
		g->attrs = whole(&si, CONTEXT0);
		attributes(only(g->attrs, CONTEXT0, "der.slack"), g);
	}
	der alg = next(&si, SEQUENCE);
	value(alg, next(&si, OCTETS), hash, g);
	must(!len(si) || *si.p != CONTEXT1, "cms.unsigned");
	must(!len(si), "der.slack");
}

static void cms_parse(struct signature *g)
{
	der d = only((der){ g->body, g->body + g->len }, SEQUENCE, "der.slack"), version, hash, si;
	must(equals(whole(&d, OID), PKCS "\x07\x02", 11), "cms.type");
	d = only(only(d, CONTEXT0, "der.slack"), SEQUENCE, "der.slack");
	version = integer(&d);
	must(len(version) == 1 && (*version.p == 1 || *version.p == 3), "cms.version");
	si = next(&d, SET);
	must(len(si), "cms.signers");
	hash = only(si, SEQUENCE, "cms.signers");
	must(len(hash) == 11 || (len(hash) == 13 && !memcmp(hash.p + 11, "\x05", 2)), "cms.hash");
	must(!memcmp(hash.p, SHA2, 10) && hash.p[10] - 1U < 3, "cms.hash");
	g->md = hash.p[10] == 1 ? EVP_sha256() : hash.p[10] == 2 ? EVP_sha384() : EVP_sha512();
	must(equals(next(&d, SEQUENCE), PKCS "\x07\x01", 11), "cms.type");
	must(!len(d) || (*d.p != CONTEXT0 && *d.p != CONTEXT1), "cms.certs");
	d = only(d, SET, "der.slack");
	must(len(d), "cms.signers");
	signer(only(d, SEQUENCE, "cms.signers"), version, hash, g);
	g->levels = 0;
	g->hash = hash_new(g->md);
}

/* In each file: PEM certificates, as many as there are, or one in DER to the file's last byte. */
static void keyring_load(void)
{
	must((run.certs = sk_X509_new_null()), "check.memory");
	for (unsigned i = 0; i < run.job->nr_keyrings; i++) {
		int before = sk_X509_num(run.certs);
		char byte, no_password[1] = "";
		X509 *x;
		BIO *b = BIO_new_file(run.job->keyrings[i], "rb");
		must_of(run.job->keyrings[i], b, "check.read");
		while ((x = PEM_read_bio_X509(b, NULL, NULL, no_password)))
			sk_X509_push(run.certs, x);
		bool ok = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
		if (ok && sk_X509_num(run.certs) == before && BIO_reset(b) == 0)
			x = d2i_X509_bio(b, NULL);
		if (x)
			ok = sk_X509_push(run.certs, x) && BIO_read(b, &byte, 1) <= 0;
		BIO_free(b);
		ERR_clear_error();
		ok = ok && sk_X509_num(run.certs) > before;
		must_of(run.job->keyrings[i], ok, "check.keyring");
	}
}

static bool string_is(der d, const ASN1_STRING *s)
{
	return s && equals(d, ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

/* As the kernel finds it: nothing is normalized, and no date looked at. */
static bool is_signer(X509 *x, const struct signature *g)
{
	const ASN1_STRING *serial = X509_get0_serialNumber(x);
	const uint8_t *name;
	size_t n;
	if (g->key_id.p)
		return string_is(g->key_id, X509_get0_subject_key_id(x));
	return string_is(g->serial, serial) && ASN1_STRING_type(serial) == V_ASN1_INTEGER &&
	       X509_NAME_get0_der(X509_get_issuer_name(x), &name, &n) && equals(g->issuer, name, n);
}

/* 1: verified; 0: invalid; -1: cannot be told here: libcrypto 3.0 does not have ML-DSA. */
static int verify(EVP_PKEY *key, const struct signature *g, const uint8_t *digest)
{
	uint8_t of_attrs[EVP_MAX_MD_SIZE];
	unsigned n = (unsigned)EVP_MD_get_size(g->md);
	int r = -1;
	if (!key || *g->key == 'M' || !EVP_PKEY_is_a(key, g->key))
		return key && *g->key != 'M' ? 0 : -1;
	if (g->attrs.p) { /* what is signed is the SET that they are without their [0] */
		memcpy(run.buf, g->attrs.p, len(g->attrs));
		run.buf[0] = SET;
		if (!EVP_Digest(run.buf, len(g->attrs), of_attrs, NULL, g->md, NULL))
			return -1;
		digest = of_attrs;
	}
	EVP_PKEY_CTX *p = EVP_PKEY_CTX_new(key, NULL);
	if (p && EVP_PKEY_verify_init(p) == 1 && EVP_PKEY_CTX_set_signature_md(p, g->md) == 1 &&
	    (*g->key != 'R' || EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PADDING) == 1))
		r = EVP_PKEY_verify(p, g->value.p, len(g->value), digest, n) == 1;
	EVP_PKEY_CTX_free(p);
	return r;
}

/* Counts a signature over bytes of this digest; an invalid one ends the run. */
static void judge(const struct signature *g, const uint8_t *digest)
{
	bool verified = false, invalid = false;
	must(!g->digest.p || !memcmp(g->digest.p, digest, len(g->digest)), "cms.digest");
	for (int i = 0; i < sk_X509_num(run.certs) && !verified; i++) {
		X509 *x = sk_X509_value(run.certs, i);
		int r = is_signer(x, g) ? verify(X509_get0_pubkey(x), g, digest) : -1;
		verified = r == 1;
		invalid |= r == 0;
	}
	ERR_clear_error();
	must(verified || !invalid, "check.signature");
	count("1%s\t%s %s", g->kind, verified ? "verified" : "unverified", g->who);
}

/* Of a node: its 65 bytes, in pieces. */
static int sha256(void *ctx, const struct mo_merkle_piece *piece, unsigned nr, uint8_t *out)
{
	uint8_t *end = run.room;
	(void)ctx;
	for (; nr--; piece++)
		end = mempcpy(end, piece->data, piece->len);
	return EVP_Digest(run.room, (size_t)(end - run.room), out, NULL, EVP_sha256(), NULL) - 1;
}

static void proof_parse(struct signature *g)
{
	uint8_t prefix[MO_MERKLE_PREFIX];
	uint32_t index;
	must(mo_merkle_proof_parse(g->body, g->len, &index, &g->levels), "merkle.proof");
	mo_merkle_leaf_prefix(index, prefix);
	g->hash = hash_new(EVP_sha256());
	hash_add(g->hash, prefix, sizeof(prefix));
}

/* Where a proof leads from its leaf; where roots were given it has to be one of them. */
static void proof_judge(const struct signature *g, const uint8_t *leaf)
{
	uint8_t node[MO_MERKLE_HASH];
	char root[80];
	bool known = false;
	must(!mo_merkle_proof_root(sha256, NULL, leaf, g->body, g->len, node), "check.memory");
	hex(node, sizeof(node), root + snprintf(root, 4, "%u:", g->levels));
	for (unsigned i = 0; i < run.job->nr_roots; i++)
		known |= !strcmp(root, run.job->roots[i]);
	must(known || !run.job->nr_roots, "check.root");
	count("1%s\t%s root %s", g->kind, known ? "verified" : "unverified", root);
}
