/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A keyring of X.509 certificates, and what it says of a signature. The only user of OpenSSL's
 * X.509. */
#ifndef SIG_KEYRING_H
#define SIG_KEYRING_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "der/cms.h"
#include "io/source.h"

struct mo_keyring;

_must_check_ int mo_keyring_new(struct mo_keyring **out, struct modulo_error *err);
void mo_keyring_free(struct mo_keyring *k); /* NULL is fine */
/*
 * Adds the certificates of a file: PEM (one or more CERTIFICATE blocks; text and other blocks
 * around them are passed over) or DER (one certificate, to the last byte), at most 1 MiB. A
 * certificate that is there already is passed over. On failure the keyring is as it was. Refusals:
 * "keyring.*".
 */
_must_check_ int mo_keyring_add_file(struct mo_keyring *k, const char *path,
				     struct modulo_error *err);
_must_check_ int mo_keyring_add(struct mo_keyring *k, const uint8_t *p, size_t len,
				struct modulo_error *err);
size_t mo_keyring_nr(const struct mo_keyring *k); /* k may be NULL: 0 */

struct mo_cert {
	uint8_t sha256[32];  /* of the DER */
	const char *subject; /* as mo_name_text() writes it; belongs to the keyring */
	const char *cn;	     /* as mo_name_cn(); "" where there is none */
};
/* The pointer stays good until the keyring is freed, whatever is added. */
const struct mo_cert *mo_keyring_cert(const struct mo_keyring *k, size_t i);

enum mo_sig_status {
	MO_SIG_NO_KEY,	    /* no certificate for it */
	MO_SIG_UNSUPPORTED, /* a certificate, but this OpenSSL cannot verify the algorithm, or
			       content is not given */
	MO_SIG_VERIFIED,
	MO_SIG_INVALID,
};

/*
 * Judges a signature over content whose digest (by cms->hash) is digest. Dates and usages in the
 * certificate are not looked at, as the kernel does not. Certificates are found by issuer and
 * serial, or by key identifier, compared as bytes; where several fit, one that verifies is enough.
 * *cert: which one, NULL where none fits. k may be NULL. A messageDigest attribute that is not
 * digest makes it INVALID, key or no key (mo_cms_digest() says why). Safe from several threads,
 * once all certificates are there.
 *
 * A signature that brings certificates (Authenticode) for which none of the keyring verifies is
 * verified with its signer's own, cms->signer_cert. Where that fails it is INVALID, key or no key;
 * else a chain from it through the others has to end at a certificate of the keyring, which *cert
 * then is: NO_KEY where none does. Each issuer in the chain, the keyring's too, has
 * basicConstraints with CA; critical extensions are such that OpenSSL knows them.
 *
 * content: the signed bytes themselves, its first content_len bytes; NULL where they are not at
 * hand. Only ML-DSA without signed attributes is made over them and not over a digest; nothing else
 * reads them.
 */
_must_check_ int mo_keyring_judge(const struct mo_keyring *k, const struct mo_cms *cms,
				  const uint8_t *digest, struct mo_source *content,
				  uint64_t content_len, enum mo_sig_status *status,
				  const struct mo_cert **cert, struct modulo_error *err);

/*
 * How many of the certificates that a signature brings (cms->certs) nothing of the keyring vouches
 * for: neither is it one of the keyring, byte by byte, nor does a chain of signatures lead to it
 * from one. The signature does not cover them, and one that is verified may bring such ones: their
 * bytes are whoever's. mo_keyring_judge() takes no such signature for verified, and calls it
 * INVALID where one of them has the issuer and serial of one of the keyring. Dates and extensions
 * are not looked at. k may be NULL.
 */
_must_check_ int mo_keyring_unvouched(const struct mo_keyring *k, const struct mo_cms *cms,
				      size_t *nr, struct modulo_error *err);

#endif
