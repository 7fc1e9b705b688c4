/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who made a signature: certificates from files, found as the kernel finds them, their dates ignored. */
#include "check.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

static void certs_free(void *p)
{
	sk_X509_pop_free(p, X509_free);
}

static void file_free(void *p)
{
	BIO_free(p);
}

static int no_password(char *buf, int size, int writing, void *user)
{
	(void)buf, (void)size, (void)writing, (void)user;
	return 0;
}

/* PEM certificates, as many as there are, or one in DER to the file's last byte. */
static void load(struct mo_check *c, const char *path)
{
	unsigned owned = c->nr_owned;
	int before = sk_X509_num(c->certs);
	BIO *b = BIO_new_file(path, "rb");
	X509 *x;
	char byte;

	if (!b)
		mo_check_refuse(c, "check.read", "keyring %.200s cannot be read", path);
	mo_check_own(c, b, file_free);
	while ((x = PEM_read_bio_X509(b, NULL, no_password, NULL)) && sk_X509_push(c->certs, x) > 0)
		;
	bool pem_ended = !x && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	if (sk_X509_num(c->certs) == before && BIO_seek(b, 0) == 0) {
		x = d2i_X509_bio(b, NULL);
		pem_ended = x && BIO_read(b, &byte, 1) == 0;
		if (x && sk_X509_push(c->certs, x) <= 0)
			mo_check_refuse(c, "check.memory", "out of memory");
	}
	if (!pem_ended || sk_X509_num(c->certs) == before)
		mo_check_refuse(c, "check.keyring", "%.200s is not certificates in PEM, or one in DER", path);
	mo_check_release(c, owned);
	ERR_clear_error();
}

void mo_check_keyring(struct mo_check *c)
{
	c->certs = sk_X509_new_null();
	mo_check_own(c, c->certs, certs_free);
	for (unsigned i = 0; i < c->job->nr_keyrings; i++)
		load(c, c->job->keyrings[i]);
}

static bool same(struct mo_check_der d, const uint8_t *p, size_t n)
{
	return d.p && (size_t)(d.end - d.p) == n && !memcmp(d.p, p, n);
}

static bool is_signer(X509 *x, const struct mo_check_cms *cms)
{
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(x);
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
	const uint8_t *name;
	size_t len;

	if (cms->key_id.p)
		return id && same(cms->key_id, ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id));
	return X509_NAME_get0_der(X509_get_issuer_name(x), &name, &len) && same(cms->issuer, name, len) &&
	       ASN1_STRING_type(serial) == V_ASN1_INTEGER &&
	       same(cms->serial, ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));
}

/* 1: verified; 0: invalid; -1: this libcrypto cannot tell. */
static int verify(struct mo_check *c, EVP_PKEY *key, const struct mo_check_cms *cms, const uint8_t *digest, unsigned len)
{
	uint8_t of_attrs[EVP_MAX_MD_SIZE];
	size_t attrs = (size_t)(cms->attrs.end - cms->attrs.p), value = (size_t)(cms->value.end - cms->value.p);
	int r = -1;

	if (!key)
		return -1;
	if (!EVP_PKEY_is_a(key, cms->key_type))
		return 0;
	/* What is signed are the attributes, as the SET that they are without their [0]. */
	if (attrs) {
		memcpy(c->buf, cms->attrs.p, attrs);
		c->buf[0] = 0x31;
		if (!EVP_Digest(c->buf, attrs, of_attrs, &len, cms->hash, NULL))
			return -1;
		digest = of_attrs;
	}
	if (cms->sigalg == MO_CHECK_MLDSA) { /* over the bytes, not their digest; content is not kept */
		EVP_MD_CTX *m = EVP_MD_CTX_new();

		if (attrs && m && EVP_DigestVerifyInit(m, NULL, NULL, NULL, key) == 1)
			r = EVP_DigestVerify(m, cms->value.p, value, c->buf, attrs) == 1;
		EVP_MD_CTX_free(m);
		return r;
	}
	EVP_PKEY_CTX *p = EVP_PKEY_CTX_new(key, NULL);
	if (p && EVP_PKEY_verify_init(p) == 1 && EVP_PKEY_CTX_set_signature_md(p, cms->hash) == 1 &&
	    (cms->sigalg != MO_CHECK_RSA || EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PADDING) == 1))
		r = EVP_PKEY_verify(p, cms->value.p, value, digest, len) == 1;
	EVP_PKEY_CTX_free(p);
	return r;
}

static void hex(FILE *f, struct mo_check_der d)
{
	for (; d.p < d.end; d.p++)
		fprintf(f, "%02x", *d.p);
}

static void count(struct mo_check *c, const char *kind, const struct mo_check_cms *cms, X509 *signer)
{
	char head[64], tail[MO_CHECK_TEXT] = "";
	FILE *f = fmemopen(tail, sizeof(tail), "w");
	const uint8_t *der;
	size_t len;

	if (!f)
		mo_check_refuse(c, "check.memory", "out of memory");
	fputs(signer ? "verified " : "unverified ", f);
	if (signer && X509_NAME_get0_der(X509_get_subject_name(signer), &der, &len) &&
	    mo_check_name((struct mo_check_der){ der, der + len }, f)) {
		fclose(f);
	} else {
		if (signer) /* a subject outside of the profile: whatever of it is written goes */
			rewind(f), fputs("verified ", f);
		fputs(cms->key_id.p ? "key-id " : "issuer ", f);
		hex(f, cms->key_id);
		if (!cms->key_id.p) {
			mo_check_name(cms->issuer, f);
			fputs(" serial ", f);
			hex(f, cms->serial);
		}
		putc('\0', f);
		fclose(f);
	}
	snprintf(head, sizeof(head), "1signature %s", kind);
	mo_check_count(c, head, tail);
}

void mo_check_judge(struct mo_check *c, const char *kind, const struct mo_check_cms *cms, const uint8_t *digest,
		    unsigned len)
{
	bool invalid = false;

	if (cms->message_digest.p && !same(cms->message_digest, digest, len))
		mo_check_deny(c, "cms.digest", "the message digest is not that of the bytes before the signature");
	for (int i = 0; i < sk_X509_num(c->certs); i++) {
		X509 *x = sk_X509_value(c->certs, i);
		int r = is_signer(x, cms) ? verify(c, X509_get0_pubkey(x), cms, digest, len) : -1;

		if (r == 1) {
			count(c, kind, cms, x);
			ERR_clear_error();
			return;
		}
		invalid |= r == 0;
	}
	ERR_clear_error();
	if (invalid)
		mo_check_deny(c, "check.signature", "INVALID: a certificate is there, but does not verify it");
	count(c, kind, cms, NULL);
}
