/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the profiles of signatures and certificates share. For this room alone. */
#ifndef DER_PROFILE_H
#define DER_PROFILE_H

#include "der/cms.h"

#define MO_OID_DATA  "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
#define MO_OID_PKCS9 "\x2a\x86\x48\x86\xf7\x0d\x01\x09"
#define MO_OID_SPC   "\x2b\x06\x01\x04\x01\x82\x37\x02\x01"

static inline bool mo_oid_is(struct mo_view v, const char *oid, size_t len)
{
	return v.len == len && !__builtin_memcmp(v.p, oid, len);
}
#define MO_OID_IS(view, literal) mo_oid_is(view, literal, sizeof(literal) - 1)

/* AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY OPTIONAL } */
struct mo_alg_id {
	struct mo_view whole, oid;
	enum { MO_PARAMS_ABSENT, MO_PARAMS_NULL, MO_PARAMS_OTHER } params;
	uint8_t tag; /* of the parameters, and their content */
	struct mo_view value;
	uint64_t at;
};
struct mo_alg_id mo_cms_take_alg_id(struct mo_der *d);
/* One of a hash of SHA-2: "cms.hash". */
_must_check_ int mo_cms_read_hash(struct mo_der *d, struct mo_alg_id *a, enum mo_alg *hash);

/* Identifiers of signature algorithms, by what a profile may allow of them. */
enum {
	MO_SIGALG_RSA = 1,	/* rsaEncryption: the hash stands elsewhere */
	MO_SIGALG_RSA_HASH = 2, /* sha256WithRSAEncryption, ... */
	MO_SIGALG_ECDSA = 4,
	MO_SIGALG_MLDSA = 8,
};
/* Takes one of those kinds; *hash becomes the one that it names, where it does. Failures have that
 * id. */
_must_check_ int mo_cms_take_sigalg(struct mo_der *d, unsigned kinds, const char *id,
				    struct mo_alg_id *a, enum mo_sigalg *alg, enum mo_alg *hash);
/* Of a SignerInfo: "cms.sigalg", and what ML-DSA asks of the digest algorithm. */
_must_check_ int mo_cms_read_sigalg(struct mo_der *d, unsigned kinds,
				    const struct mo_alg_id *digest, struct mo_cms *out);
/* Whether a value, whose element begins at `at`, is of the shape that the algorithm has. */
_must_check_ int mo_cms_check_value(struct mo_der value, uint64_t at, enum mo_sigalg alg,
				    const char *id);
/* The OCTET STRING of a SignerInfo. */
_must_check_ int mo_cms_read_value(struct mo_der *d, struct mo_cms *out);

/* ContentInfo { signedData, [0] { SEQUENCE } }: *data is what is in the SEQUENCE. */
_must_check_ int mo_cms_open(struct mo_der *all, struct mo_der *data);
/* A version: 1 or 3; 0 and *rc: any other. */
unsigned mo_cms_read_version(struct mo_der *d, int *rc);
/* The one element of a SET that RFC 5652 lets hold several. */
_must_check_ int mo_cms_take_only(struct mo_der *d, const char *what, struct mo_der *one);
/* A serial number: at most 20 bytes, not negative. */
_must_check_ int mo_cms_take_serial(struct mo_der *d, struct mo_view *out);
/* SEQUENCE { Name, serial } */
_must_check_ int mo_cms_read_issuer_serial(struct mo_der *d, struct mo_cms *out);
/* A hash's identifier that is, byte for byte, the one that was there before. */
_must_check_ int mo_cms_same_hash(struct mo_der *d, const struct mo_alg_id *digest);

/* Takes a Name; *out is all of it. */
_must_check_ int mo_cms_take_name(struct mo_der *d, struct mo_view *out);
/* A BMPString's content without halves of surrogate pairs; empty is fine. */
bool mo_der_bmp_ok(struct mo_view s);

/* X.690, 11.6: the shorter one counts as padded with zero octets. */
bool mo_der_ascending(struct mo_view a, struct mo_view b);
/* RFC 5652, 11.3, and RFC 5280, 4.1.2.5: UTCTime for the years 1950 to 2049, GeneralizedTime for
 * all others. */
bool mo_der_time_ok(uint8_t tag, struct mo_view v);
/* Whether all that is left of d is DER, as far as tags, lengths and BOOLEANs go. */
_must_check_ int mo_der_walk(struct mo_der d);

/* The attributes that a SignerInfo was read to have. */
enum {
	MO_ATTR_TYPE = 1,
	MO_ATTR_DIGEST = 2,
	MO_ATTR_TIME = 4,
	MO_ATTR_CAPABILITIES = 8,
	MO_ATTR_STATEMENT = 16,
	MO_ATTR_OPUS = 32,
};

/* One signed attribute with its one value. */
struct mo_attr {
	struct mo_view type;
	uint8_t tag;
	struct mo_der value;
};
/*
 * Reads the content of the signed attributes. note() says which one of MO_ATTR_* it is; 0: none
 * that the profile has, or another value. Doubles are refused, and where contentType or
 * messageDigest is missing.
 */
_must_check_ int mo_cms_read_attrs(struct mo_der *set,
				   unsigned (*note)(struct mo_attr *a, struct mo_cms *out),
				   struct mo_cms *out);
/* The note() for contentType with that value, messageDigest and signingTime; out->hash is known. */
unsigned mo_cms_note(struct mo_attr *a, const char *content_type, size_t len, struct mo_cms *out);

#endif
