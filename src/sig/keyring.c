/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificates and how signatures find them. A certificate is what OpenSSL reads as one, and DER
 * besides: BER would give one key several names and digests.
 *
 * A signature with a key identifier finds certificates by their subjectKeyIdentifier extension
 * only. The kernel computes none for a certificate without the extension either
 * (crypto/asymmetric_keys: such a key is found by issuer and serial alone). Unlike the kernel,
 * which strings serial and issuer together, each is compared by itself.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "hash/hash.h"
#include "sig/internal.h"

#define FILE_MAX_LEN (1 << 20)

static void x509_freep(X509 **x)
{
	X509_free(*x);
}

static void openssl_freep(unsigned char **p)
{
	OPENSSL_free(*p);
}

int mo_keyring_new(struct mo_keyring **out, struct modulo_error *err)
{
	struct mo_keyring *k = calloc(1, sizeof(*k));

	if (!k)
		return mo_fail_nomem(err);
	*out = k;
	return 0;
}

/* Back to the first nr keys; what the others took of the arena stays until the end. */
static void truncate_to(struct mo_keyring *k, size_t nr)
{
	while (k->nr > nr) {
		struct mo_key *key = k->keys[--k->nr];

		EVP_PKEY_free(key->pkey);
		X509_free(key->x509);
	}
}

void mo_keyring_free(struct mo_keyring *k)
{
	if (!k)
		return;
	truncate_to(k, 0);
	free(k->keys);
	mo_arena_release(&k->arena);
	free(k);
}

size_t mo_keyring_nr(const struct mo_keyring *k)
{
	return k ? k->nr : 0;
}

const struct mo_cert *mo_keyring_cert(const struct mo_keyring *k, size_t i)
{
	return &k->keys[i]->cert;
}

/*
 * OpenSSL keeps the encoding of what a certificate's signature covers as it came; i2d_re_X509_tbs()
 * lets go of it, so that i2d_X509() encodes anew all but the names, and mo_x509_parse() walks the
 * names.
 */
static bool encodes_to(X509 *x, const uint8_t *p, size_t len)
{
	_cleanup_(openssl_freep) unsigned char *tbs = NULL, *all = NULL;
	int n;

	if (i2d_re_X509_tbs(x, &tbs) < 0)
		return false;
	n = i2d_X509(x, &all);
	return n > 0 && (size_t)n == len && !memcmp(all, p, len);
}

static int read_der(const uint8_t *p, size_t len, uint64_t at, struct mo_key *key,
		    struct modulo_error *err)
{
	struct modulo_error why = { 0 };
	const unsigned char *end = p;
	_cleanup_(x509_freep) X509 *x =
		len <= FILE_MAX_LEN ? d2i_X509(NULL, &end, (long)len) : NULL;

	if (!x)
		return mo_fail(err, MODULO_MALFORMED, at, "keyring.format",
			       "not an X.509 certificate");
	if ((size_t)(end - p) != len)
		return mo_fail(err, MODULO_MALFORMED, at, "keyring.trailing",
			       "%zu bytes behind the certificate", len - (size_t)(end - p));
	if (mo_x509_parse(p, len, &key->id, &why))
		return mo_fail(err, MODULO_MALFORMED, at, "keyring.der",
			       "the certificate is not DER: %s", why.text);
	if (!encodes_to(x, p, len))
		return mo_fail(err, MODULO_MALFORMED, at, "keyring.der",
			       "the certificate is not DER");
	/* Read again, since the other one has let go of its encoding. */
	end = p;
	key->x509 = d2i_X509(NULL, &end, (long)len);
	if (!key->x509)
		return mo_fail_nomem(err);
	key->pkey = X509_get_pubkey(key->x509);
	return 0;
}

static const struct mo_key *find(const struct mo_keyring *k, const uint8_t *sha256)
{
	for (size_t i = 0; i < k->nr; i++)
		if (!memcmp(k->keys[i]->cert.sha256, sha256, MO_SHA256_LEN))
			return k->keys[i];
	return NULL;
}

static bool make_room(struct mo_keyring *k)
{
	size_t size = k->size ? k->size * 2 : 8;
	struct mo_key **keys;

	if (k->nr < k->size)
		return true;
	keys = reallocarray(k->keys, size, sizeof(*keys));
	if (!keys)
		return false;
	k->keys = keys;
	k->size = size;
	return true;
}

/* Texts of the names; they live as long as the keyring. */
static int describe(struct mo_keyring *k, struct mo_key *key, uint64_t at, struct modulo_error *err)
{
	_cleanup_buf_ struct mo_buf subject = { 0 }, cn = { 0 };

	if (!mo_name_text(key->id.subject, &subject))
		return mo_fail(err, MODULO_MALFORMED, at, "keyring.name",
			       "the subject is not a name");
	mo_name_cn(key->id.subject, &cn);
	key->cert.subject = mo_arena_dup(&k->arena, subject.data, subject.len);
	key->cert.cn = mo_arena_dup(&k->arena, cn.data, cn.len);
	return mo_buf_ok(&subject) && mo_buf_ok(&cn) && key->cert.subject && key->cert.cn
		       ? 0
		       : mo_fail_nomem(err);
}

static int add_der(struct mo_keyring *k, const uint8_t *p, size_t len, uint64_t at,
		   struct modulo_error *err)
{
	uint8_t sha256[MO_SHA256_LEN];
	struct mo_key *key;
	char *copy;
	int rc = mo_hash_bytes(MO_SHA256, p, len, sha256, err);

	if (rc)
		return rc;
	if (find(k, sha256))
		return 0;
	key = mo_arena_alloc(&k->arena, sizeof(*key));
	copy = mo_arena_dup(&k->arena, p, len);
	if (!key || !copy || !make_room(k))
		return mo_fail_nomem(err);
	rc = read_der((const uint8_t *)copy, len, at, key, err);
	if (rc)
		return rc;
	memcpy(key->cert.sha256, sha256, sizeof(sha256));
	key->der = (struct mo_view){ (const uint8_t *)copy, len };
	k->keys[k->nr++] = key;
	return describe(k, key, at, err);
}

static int add_pem(struct mo_keyring *k, const char *text, size_t len, struct modulo_error *err)
{
	_cleanup_buf_ struct mo_buf der = { 0 };
	size_t at = 0, start = 0, nr = 0;
	bool found;
	int rc;

	while (!(rc = mo_sig_pem_next(text, len, &at, &der, &found, err)) && found) {
		rc = add_der(k, (const uint8_t *)der.data, der.len, start, err);
		if (rc)
			return rc;
		start = at;
		nr++;
	}
	if (!rc && !nr)
		return mo_fail(err, MODULO_MALFORMED, 0, "keyring.empty", "no certificate");
	return rc;
}

int mo_keyring_add(struct mo_keyring *k, const uint8_t *p, size_t len, struct modulo_error *err)
{
	size_t nr = k->nr;
	int rc;

	if (len > FILE_MAX_LEN)
		return mo_fail(err, MODULO_LIMIT, MODULO_NO_OFFSET, "keyring.size",
			       "over %d bytes of certificates", FILE_MAX_LEN);
	ERR_set_mark();
	/* A certificate is longer than 127 bytes, so its second byte is none that text has behind a
	 * "0". */
	if (len > 1 && p[0] == MO_DER_SEQUENCE && p[1] >= 0x80)
		rc = add_der(k, p, len, 0, err);
	else if (len && !memmem(p, len, "-----BEGIN ", 11))
		rc = mo_fail(err, MODULO_MALFORMED, 0, "keyring.format",
			     "neither PEM nor a certificate in DER");
	else
		rc = add_pem(k, (const char *)p, len, err);
	ERR_pop_to_mark();
	if (rc)
		truncate_to(k, nr);
	return rc;
}

int mo_keyring_add_file(struct mo_keyring *k, const char *path, struct modulo_error *err)
{
	_cleanup_free_ uint8_t *data = NULL;
	size_t len;
	int rc = mo_source_load(path, FILE_MAX_LEN, "keyring.size", &data, &len, err);

	return rc < 0 ? rc : mo_keyring_add(k, data, len, err);
}
