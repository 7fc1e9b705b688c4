/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The strict profile of a PKCS#7/CMS SignedData as Linux modules carry it: doc/formats/module.md,
 * "The signature body". Every byte is explained; what has no meaning in the profile is refused.
 */
#ifndef DER_CMS_H
#define DER_CMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alg.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/util.h"
#include "der/der.h"

enum mo_sigalg { MO_SIG_RSA, MO_SIG_ECDSA, MO_SIG_MLDSA44, MO_SIG_MLDSA65, MO_SIG_MLDSA87 };

/* All views point into the bytes that were parsed. */
struct mo_cms {
	struct mo_view issuer; /* a whole Name, SEQUENCE header included; empty with a key id */
	struct mo_view serial; /* the INTEGER's content bytes; empty with a key id */
	struct mo_view key_id; /* subjectKeyIdentifier; empty with issuer and serial */
	enum mo_alg hash;
	enum mo_sigalg sigalg;
	struct mo_view attrs;	       /* signed attributes from the [0] tag on; empty: none */
	struct mo_view message_digest; /* its OCTET STRING's content; empty where attrs are */
	struct mo_view signing_time;   /* the digits and Z; empty: none */
	struct mo_view value;	       /* the signature value */
	/* The rest is of Authenticode, empty elsewhere; message_digest is then of the content. */
	struct mo_view spc_digest;     /* the image's digest that it names */
	struct mo_view certs;	       /* the content of [0]: certificates, in the order of a SET */
	struct mo_view signer_cert;    /* the one of certs that issuer and serial name */
	struct mo_view signer;	       /* its subject, a whole Name */
	struct mo_view opus;	       /* the content of SpcSpOpusInfo: a name, an address */
	struct mo_view unsigned_attrs; /* from the [1] tag on */
	size_t nr_unsigned;
	unsigned unsigned_kinds; /* MO_UNSIGNED_* of der/authenticode.h */
};

/*
 * Refusals: der.*, cms.* of doc/formats/module.md; offsets are in der. What names an algorithm or a
 * type that the profile lacks is MODULO_UNSUPPORTED, all else MODULO_MALFORMED.
 */
_must_check_ int mo_cms_parse(const uint8_t *der, size_t len, struct mo_cms *out,
			      struct modulo_error *err);

/*
 * Whether the digest that it names, if it names one (spc_digest, else the messageDigest attribute),
 * is digest (by cms->hash): a signature can be known to be another file's without any key.
 * "cms.digest", MODULO_MISMATCH.
 */
_must_check_ int mo_cms_digest(const struct mo_cms *cms, const uint8_t *digest,
			       struct modulo_error *err);

/* "rsa", "ecdsa", "ml-dsa-44", ... */
const char *mo_sigalg_name(enum mo_sigalg a);

/*
 * A Name as text: "CN=Debian Secure Boot CA, O=Debian" in the order of the bytes; attribute types
 * by their short names of RFC 4519 (CN, O, OU, C, ST, L, serialNumber, emailAddress, DC, UID),
 * others dotted. All but printable ASCII (what a terminal might obey, whatever its encoding),
 * commas, backslashes and a # in front are escaped in values as \ooo; a value that is no known
 * string is # and its DER in hex. The second and later pair of one SET, which certificates may
 * have, begin with a plus. name is a whole Name as in struct mo_cms or an X.509 certificate; false:
 * not a Name, and out is as it was.
 */
bool mo_name_text(struct mo_view name, struct mo_buf *out);
/* The value of the last CN in it, escaped in the same way; false: none. */
bool mo_name_cn(struct mo_view name, struct mo_buf *out);

#endif
