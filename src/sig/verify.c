/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One signature, one public key. What was signed (RFC 5652, 5.4): without signed attributes the
 * content, with them the attributes, encoded as the SET that they are. RSA (PKCS #1 v1.5) and ECDSA
 * sign a digest of it, ML-DSA signs it as it is (RFC 9882).
 *
 * Algorithms are asked for by name, so that one that a later OpenSSL knows (ML-DSA, from 3.5) works
 * without having been there at build time.
 */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>

#include "hash/hash.h"
#include "sig/internal.h"

#define MU_LEN	      64
#define MLDSA_KEY_MAX 2592 /* of ML-DSA-87 */

static const char *const key_types[] = {
	[MO_SIG_RSA] = "RSA",		[MO_SIG_ECDSA] = "EC",
	[MO_SIG_MLDSA44] = "ML-DSA-44", [MO_SIG_MLDSA65] = "ML-DSA-65",
	[MO_SIG_MLDSA87] = "ML-DSA-87",
};

static void pkey_ctx_freep(EVP_PKEY_CTX **c)
{
	EVP_PKEY_CTX_free(*c);
}

static void md_ctx_freep(EVP_MD_CTX **c)
{
	EVP_MD_CTX_free(*c);
}

static void md_freep(EVP_MD **md)
{
	EVP_MD_free(*md);
}

/* What a call of OpenSSL that did not return 1 means. Out of memory is no judgement of a signature.
 */
static int failed(enum mo_sig_status as, enum mo_sig_status *status, struct modulo_error *err)
{
	if (ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE)
		return mo_fail_nomem(err);
	*status = as;
	return 0;
}

static const EVP_MD *evp_md(enum mo_alg alg)
{
	return alg == MO_SHA256 ? EVP_sha256() : alg == MO_SHA384 ? EVP_sha384() : EVP_sha512();
}

static int verify_digest(EVP_PKEY *key, const struct mo_cms *cms, const uint8_t *digest,
			 enum mo_sig_status *status, struct modulo_error *err)
{
	_cleanup_(pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

	if (!ctx || EVP_PKEY_verify_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, evp_md(cms->hash)) != 1)
		return failed(MO_SIG_UNSUPPORTED, status, err);
	if (EVP_PKEY_verify(ctx, cms->value.p, cms->value.len, digest, mo_alg_len(cms->hash)) != 1)
		return failed(MO_SIG_INVALID, status, err);
	*status = MO_SIG_VERIFIED;
	return 0;
}

static int verify_attrs(EVP_PKEY *key, const struct mo_cms *cms, enum mo_sig_status *status,
			struct modulo_error *err)
{
	static const uint8_t set = MO_DER_SET;
	_cleanup_(mo_hash_release) struct mo_hash h = { 0 };
	uint8_t digest[MO_DIGEST_MAX];
	int rc;

	mo_hash_init(&h, cms->hash);
	mo_hash_update(&h, &set, 1);
	mo_hash_update(&h, cms->attrs.p + 1, cms->attrs.len - 1);
	rc = mo_hash_final(&h, digest, err);
	return rc ? rc : verify_digest(key, cms, digest, status, err);
}

/*
 * ML-DSA over msg, or over a message whose representative mu (FIPS 204, algorithm 7, line 6) msg
 * is. An OpenSSL without the parameter would take mu for the message itself, and would have to be
 * told apart from a bad signature.
 */
static int verify_message(EVP_PKEY *key, const struct mo_cms *cms, const uint8_t *msg, size_t len,
			  int is_mu, enum mo_sig_status *status, struct modulo_error *err)
{
	_cleanup_(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL; /* belongs to ctx */
	OSSL_PARAM params[] = { OSSL_PARAM_construct_int("mu", &is_mu),
				OSSL_PARAM_construct_end() };

	if (!ctx || EVP_DigestVerifyInit_ex(ctx, &pctx, NULL, NULL, NULL, key, NULL) != 1)
		return failed(MO_SIG_UNSUPPORTED, status, err);
	if (is_mu && (!OSSL_PARAM_locate_const(EVP_PKEY_CTX_settable_params(pctx), "mu") ||
		      EVP_PKEY_CTX_set_params(pctx, params) != 1))
		return failed(MO_SIG_UNSUPPORTED, status, err);
	if (EVP_DigestVerify(ctx, cms->value.p, cms->value.len, msg, len) != 1)
		return failed(MO_SIG_INVALID, status, err);
	*status = MO_SIG_VERIFIED;
	return 0;
}

static int verify_attrs_message(EVP_PKEY *key, const struct mo_cms *cms, enum mo_sig_status *status,
				struct modulo_error *err)
{
	_cleanup_free_ uint8_t *msg = malloc(cms->attrs.len);

	if (!msg)
		return mo_fail_nomem(err);
	memcpy(msg, cms->attrs.p, cms->attrs.len);
	msg[0] = MO_DER_SET;
	return verify_message(key, cms, msg, cms->attrs.len, 0, status, err);
}

static int add_content(EVP_MD_CTX *ctx, struct mo_source *content, uint64_t len, bool *ok,
		       struct modulo_error *err)
{
	uint8_t buf[16384];
	int rc;

	for (uint64_t at = 0; *ok && at < len; at += sizeof(buf)) {
		size_t n = (size_t)MO_MIN(len - at, sizeof(buf));

		rc = mo_source_read(content, at, buf, n, err);
		if (rc)
			return rc;
		*ok = EVP_DigestUpdate(ctx, buf, n) == 1;
	}
	return 0;
}

/*
 * mu = SHAKE256(SHAKE256(public key) || 0 || 0 || content), 64 bytes each: the pure mode (first 0)
 * with an empty context string (its length is the second). A module need not fit into memory for
 * it.
 */
static int verify_content(EVP_PKEY *key, const struct mo_cms *cms, struct mo_source *content,
			  uint64_t len, enum mo_sig_status *status, struct modulo_error *err)
{
	static const uint8_t pure[2];
	_cleanup_(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	_cleanup_(md_freep) EVP_MD *shake = EVP_MD_fetch(NULL, "SHAKE256", NULL);
	uint8_t pub[MLDSA_KEY_MAX], mu[MU_LEN];
	size_t pub_len;
	bool ok;
	int rc;

	ok = ctx && shake &&
	     EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, pub, sizeof(pub),
					     &pub_len) == 1 &&
	     EVP_DigestInit_ex2(ctx, shake, NULL) == 1 &&
	     EVP_DigestUpdate(ctx, pub, pub_len) == 1 &&
	     EVP_DigestFinalXOF(ctx, mu, sizeof(mu)) == 1 &&
	     EVP_DigestInit_ex2(ctx, shake, NULL) == 1 &&
	     EVP_DigestUpdate(ctx, mu, sizeof(mu)) == 1 &&
	     EVP_DigestUpdate(ctx, pure, sizeof(pure)) == 1;
	rc = add_content(ctx, content, len, &ok, err);
	if (rc)
		return rc;
	if (!ok || EVP_DigestFinalXOF(ctx, mu, sizeof(mu)) != 1)
		return failed(MO_SIG_UNSUPPORTED, status, err);
	return verify_message(key, cms, mu, sizeof(mu), 1, status, err);
}

int mo_sig_verify(EVP_PKEY *key, const struct mo_cms *cms, const uint8_t *digest,
		  struct mo_source *content, uint64_t content_len, enum mo_sig_status *status,
		  struct modulo_error *err)
{
	bool pure = cms->sigalg != MO_SIG_RSA && cms->sigalg != MO_SIG_ECDSA;

	/* So that failed() cannot take an error for ours that the caller has left in the queue. */
	ERR_raise(ERR_LIB_USER, ERR_R_PASSED_INVALID_ARGUMENT);

	if (!key || (pure && !cms->attrs.len && !content)) {
		*status = MO_SIG_UNSUPPORTED;
		return 0;
	}
	/* Of a key of another kind it cannot be. */
	if (!EVP_PKEY_is_a(key, key_types[cms->sigalg])) {
		*status = MO_SIG_INVALID;
		return 0;
	}
	if (!pure)
		return cms->attrs.len ? verify_attrs(key, cms, status, err)
				      : verify_digest(key, cms, digest, status, err);
	return cms->attrs.len ? verify_attrs_message(key, cms, status, err)
			      : verify_content(key, cms, content, content_len, status, err);
}
