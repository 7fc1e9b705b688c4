/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where things lie in an X.509 certificate (RFC 5280, 4.1). Signers are found by comparing bytes,
 * as the kernel does, so these are the very bytes, not what a library would encode again.
 */
#ifndef DER_X509_H
#define DER_X509_H

#include "base/error.h"
#include "base/util.h"
#include "der/der.h"

/* All views point into the bytes that were parsed. */
struct mo_x509 {
	struct mo_view serial;	/* the INTEGER's content bytes */
	struct mo_view issuer;	/* a whole Name */
	struct mo_view subject; /* a whole Name */
	struct mo_view key_id;	/* of the subjectKeyIdentifier extension; empty: none */
};

/*
 * Every element of the certificate is DER as far as its lengths and tags go, and nothing is left
 * over; what the rest means is not looked at. Refusals: der.*, and "x509.keyid" for a doubled or
 * empty subjectKeyIdentifier.
 */
_must_check_ int mo_x509_parse(const uint8_t *der, size_t len, struct mo_x509 *out,
			       struct modulo_error *err);

/*
 * The same, of a certificate all of whose fields are of doc/formats/authenticode.md,
 * "Certificates". Refusals besides: "x509.*", "cms.name". What it may name that the profile lacks
 * is MODULO_UNSUPPORTED.
 */
_must_check_ int mo_x509_strict(const uint8_t *der, size_t len, struct mo_x509 *out,
				struct modulo_error *err);

#endif
