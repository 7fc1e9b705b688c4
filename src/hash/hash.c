/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hash/hash.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "hash/tee.h"

static const EVP_MD *md(enum mo_alg alg)
{
	return alg == MO_SHA256 ? EVP_sha256() : alg == MO_SHA384 ? EVP_sha384() : EVP_sha512();
}

void mo_hash_init(struct mo_hash *h, enum mo_alg alg)
{
	h->alg = alg;
	h->bad = 0;
	if (!h->ctx)
		h->ctx = EVP_MD_CTX_new();
	if (!h->ctx || EVP_DigestInit_ex(h->ctx, md(alg), NULL) != 1)
		h->bad = 1;
}

void mo_hash_update(struct mo_hash *h, const void *p, size_t len)
{
	if (!h->bad && len && EVP_DigestUpdate(h->ctx, p, len) != 1)
		h->bad = 1;
}

static int fail(struct modulo_error *err)
{
	ERR_clear_error();
	return mo_fail(err, MODULO_NOMEM, MODULO_NO_OFFSET, "hash.failed",
		       "OpenSSL could not compute a digest");
}

int mo_hash_final(struct mo_hash *h, uint8_t *out, struct modulo_error *err)
{
	if (!h->ctx || h->bad || EVP_DigestFinal_ex(h->ctx, out, NULL) != 1)
		return fail(err);
	return 0;
}

int mo_hash_peek(const struct mo_hash *h, uint8_t *out, struct modulo_error *err)
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();
	int good = copy && h->ctx && !h->bad && EVP_MD_CTX_copy_ex(copy, h->ctx) == 1 &&
		   EVP_DigestFinal_ex(copy, out, NULL) == 1;

	EVP_MD_CTX_free(copy);
	return good ? 0 : fail(err);
}

void mo_hash_release(struct mo_hash *h)
{
	EVP_MD_CTX_free(h->ctx);
	h->ctx = NULL;
}

int mo_hash_bytes(enum mo_alg alg, const void *p, size_t len, uint8_t *out,
		  struct modulo_error *err)
{
	_cleanup_hash_ struct mo_hash h = { 0 };

	mo_hash_init(&h, alg);
	mo_hash_update(&h, p, len);
	return mo_hash_final(&h, out, err);
}

int mo_hash_source(enum mo_alg alg, struct mo_source *s, uint64_t off, uint64_t len, uint8_t *out,
		   struct modulo_error *err)
{
	_cleanup_hash_ struct mo_hash h = { 0 };
	struct mo_tee tee = mo_tee(&h, NULL, NULL);
	int r;

	mo_hash_init(&h, alg);
	r = mo_source_copy(s, off, len, &tee.sink, err);
	return r < 0 ? r : mo_hash_final(&h, out, err);
}
