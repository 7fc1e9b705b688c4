/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For this room alone. */
#ifndef SIG_INTERNAL_H
#define SIG_INTERNAL_H

#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/arena.h"
#include "der/x509.h"
#include "sig/keyring.h"

struct mo_key {
	struct mo_cert cert;
	struct mo_view der; /* all of it, in the arena */
	struct mo_x509 id;  /* points into der */
	EVP_PKEY *pkey;	    /* NULL: OpenSSL does not know its algorithm */
	X509 *x509;
};

struct mo_keyring {
	struct mo_arena arena;
	struct mo_key **keys;
	size_t nr, size;
};

/*
 * The next CERTIFICATE block at or behind *at in PEM text, its DER into der (which is emptied
 * before); *at moves behind it. *found false: no more. "keyring.format" for a block that is not
 * PEM.
 */
_must_check_ int mo_sig_pem_next(const char *text, size_t len, size_t *at, struct mo_buf *der,
				 bool *found, struct modulo_error *err);

/*
 * What key says of a signature; fails only where the system does (memory, reading content). Leaves
 * errors in OpenSSL's queue: the caller has set a mark.
 */
_must_check_ int mo_sig_verify(EVP_PKEY *key, const struct mo_cms *cms, const uint8_t *digest,
			       struct mo_source *content, uint64_t content_len,
			       enum mo_sig_status *status, struct modulo_error *err);

/*
 * What the certificate that comes with a signature says of it: INVALID, whatever the keyring has,
 * where it does not verify; else NO_KEY, unless a chain from it ends at *cert, one of the keyring.
 * k may be NULL. Fails and leaves errors as mo_sig_verify() does.
 */
_must_check_ int mo_sig_embedded(const struct mo_keyring *k, const struct mo_cms *cms,
				 enum mo_sig_status *status, const struct mo_cert **cert,
				 struct modulo_error *err);

#endif
