/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The strict profile of an Authenticode signature, as PE files carry it:
 * doc/formats/authenticode.md. Every byte is explained.
 */
#ifndef DER_AUTHENTICODE_H
#define DER_AUTHENTICODE_H

#include "der/cms.h"

enum {
	/* Nothing vouches for them: whoever has the file can change them, drop them or add some. */
	MO_ALLOW_UNSIGNED_ATTRIBUTES = 1,
};

/* What stands among the unsigned attributes: a set of these. */
enum {
	MO_UNSIGNED_NESTED = 1,	   /* another Authenticode signature: 1.3.6.1.4.1.311.2.4.1 */
	MO_UNSIGNED_TIMESTAMP = 2, /* RFC 3161's: 1.3.6.1.4.1.311.3.3.1 */
	MO_UNSIGNED_COUNTERSIGNATURE = 4, /* PKCS #9's: 1.2.840.113549.1.9.6 */
};

/*
 * Refusals: der.*, cms.*, x509.* of doc/formats/authenticode.md; offsets are in der, which is one
 * ContentInfo to the last byte: padding is the caller's. What names an algorithm or a type that the
 * profile lacks is MODULO_UNSUPPORTED, all else MODULO_MALFORMED. allow: MO_ALLOW_*.
 */
_must_check_ int mo_authenticode_parse(const uint8_t *der, size_t len, unsigned allow,
				       struct mo_cms *out, struct modulo_error *err);

#endif
