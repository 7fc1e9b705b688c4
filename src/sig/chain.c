/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A signature that brings its signer's certificate (Authenticode): verified with that one, which
 * proves nothing until a chain leads from it to a certificate of the keyring. Firmware does the
 * same (edk2, Pkcs7Verify(): a partial chain, no times, any purpose).
 */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "hash/hash.h"
#include "sig/internal.h"

struct chain {
	X509_STORE *store;
	X509_STORE_CTX *ctx;
	STACK_OF(X509) * embedded;
	X509 *signer;
};

static void chain_release(struct chain *c)
{
	X509_STORE_CTX_free(c->ctx);
	X509_STORE_free(c->store);
	sk_X509_pop_free(c->embedded, X509_free);
	X509_free(c->signer);
}

static X509 *read_cert(struct mo_view der)
{
	const unsigned char *p = der.p;

	return d2i_X509(NULL, &p, (long)der.len);
}

/* false: out of memory, or OpenSSL reads a certificate otherwise than mo_x509_strict() did */
static bool read_embedded(struct chain *c, const struct mo_cms *cms)
{
	struct mo_der_doc doc;
	struct mo_der certs = mo_der_open(&doc, cms->certs.p, cms->certs.len, NULL), in;

	c->embedded = sk_X509_new_null();
	c->signer = read_cert(cms->signer_cert);
	if (!c->embedded || !c->signer)
		return false;
	while (certs.rest.len) {
		X509 *x = read_cert(mo_der_take_whole(&certs, MO_DER_SEQUENCE, &in));

		if (!x || sk_X509_push(c->embedded, x) <= 0) {
			X509_free(x);
			return false;
		}
	}
	return true;
}

static bool open_store(struct chain *c, const struct mo_keyring *k)
{
	c->store = X509_STORE_new();
	c->ctx = X509_STORE_CTX_new();
	if (!c->store || !c->ctx)
		return false;
	for (size_t i = 0; i < mo_keyring_nr(k); i++)
		if (X509_STORE_add_cert(c->store, k->keys[i]->x509) != 1)
			return false;
	/* With OpenSSL's own basic checks: a purpose, a host name, a depth are not asked for. */
	return X509_STORE_set_flags(c->store,
				    X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME) == 1 &&
	       X509_STORE_CTX_init(c->ctx, c->store, c->signer, c->embedded) == 1;
}

static const struct mo_cert *find(const struct mo_keyring *k, const X509 *x)
{
	uint8_t sha256[MO_SHA256_LEN];

	if (X509_digest(x, EVP_sha256(), sha256, NULL) != 1)
		return NULL;
	for (size_t i = 0; i < mo_keyring_nr(k); i++)
		if (!memcmp(k->keys[i]->cert.sha256, sha256, sizeof(sha256)))
			return &k->keys[i]->cert;
	return NULL;
}

/*
 * The keyring's certificate that the chain ends at; NULL: none. OpenSSL takes certificates without
 * basicConstraints for issuers in some cases (version 1, keyUsage); here an issuer says that it is
 * one.
 */
static const struct mo_cert *anchor(const struct chain *c, const struct mo_keyring *k)
{
	STACK_OF(X509) * chain;

	if (X509_verify_cert(c->ctx) != 1)
		return NULL;
	chain = X509_STORE_CTX_get0_chain(c->ctx);
	for (int i = 1; i < sk_X509_num(chain); i++)
		if (!(X509_get_extension_flags(sk_X509_value(chain, i)) & EXFLAG_CA))
			return NULL;
	return find(k, sk_X509_value(chain, sk_X509_num(chain) - 1));
}

/* Whether one of the keyring, or an embedded one that is vouched for, is x or has signed it. */
static bool vouched(const struct mo_keyring *k, const struct chain *c, const bool *known, X509 *x)
{
	if (find(k, x))
		return true;
	for (size_t i = 0; i < mo_keyring_nr(k); i++)
		if (k->keys[i]->pkey && X509_verify(x, k->keys[i]->pkey) == 1)
			return true;
	for (int i = 0; i < sk_X509_num(c->embedded); i++) {
		EVP_PKEY *key = X509_get0_pubkey(sk_X509_value(c->embedded, i));

		if (known[i] && key && X509_verify(x, key) == 1)
			return true;
	}
	return false;
}

int mo_keyring_unvouched(const struct mo_keyring *k, const struct mo_cms *cms, size_t *nr,
			 struct modulo_error *err)
{
	_cleanup_(chain_release) struct chain c = { 0 };
	_cleanup_free_ bool *known = NULL;
	bool more = cms->certs.len != 0, fine;
	size_t left;

	*nr = 0;
	if (!more)
		return 0;
	ERR_set_mark();
	fine = read_embedded(&c, cms);
	left = fine ? (size_t)sk_X509_num(c.embedded) : 0;
	known = calloc(left + 1, sizeof(*known));
	if (!fine || !known) {
		ERR_pop_to_mark();
		return mo_fail_nomem(err);
	}
	while (more) {
		more = false;
		for (int i = 0; i < sk_X509_num(c.embedded); i++)
			if (!known[i] && vouched(k, &c, known, sk_X509_value(c.embedded, i))) {
				more = known[i] = true;
				left--;
			}
	}
	ERR_pop_to_mark();
	*nr = left;
	return 0;
}

int mo_sig_embedded(const struct mo_keyring *k, const struct mo_cms *cms,
		    enum mo_sig_status *status, const struct mo_cert **cert,
		    struct modulo_error *err)
{
	_cleanup_(chain_release) struct chain c = { 0 };
	enum mo_sig_status s;
	int rc;

	*status = MO_SIG_NO_KEY;
	*cert = NULL;
	if (!read_embedded(&c, cms))
		return ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE
			       ? mo_fail_nomem(err)
			       : 0;
	rc = mo_sig_verify(X509_get0_pubkey(c.signer), cms, NULL, NULL, 0, &s, err);
	if (rc)
		return rc;
	if (s == MO_SIG_INVALID) {
		*status = s;
		return 0;
	}
	if (!open_store(&c, k))
		return mo_fail_nomem(err);
	*cert = anchor(&c, k);
	if (*cert)
		*status = s;
	return 0;
}
