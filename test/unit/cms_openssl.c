/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Against OpenSSL's own CMS and PKCS7: what they sign as sign-file does is read and verified here;
 * what is verified here is verified by them too. Stricter is fine, laxer is not.
 */
#include <dirent.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>

#include "hash/hash.h"
#include "samples.h"
#include "sig/keyring.h"
#include "tap.h"

static const char content[] = "\x7f"
			      "ELF, or so it seems";

static X509 *make_cert(EVP_PKEY *key, long serial)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	X509_EXTENSION *ski;
	X509V3_CTX ctx;

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
				   (const unsigned char *)"Made at run time", -1, -1, 0);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"key", -1, -1,
				   0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	ski = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_key_identifier, "hash");
	ok(ski && X509_add_ext(x, ski, -1));
	X509_EXTENSION_free(ski);
	ok(X509_sign(x, key, EVP_sha256()));
	return x;
}

static size_t sign_cms(X509 *x, EVP_PKEY *key, const EVP_MD *md, unsigned flags,
		       unsigned char **der)
{
	BIO *in = BIO_new_mem_buf(content, sizeof(content));
	CMS_ContentInfo *c;
	int len;

	flags |=
	    CMS_NOCERTS | CMS_PARTIAL | CMS_BINARY | CMS_DETACHED | CMS_STREAM | CMS_NOSMIMECAP;
	c = CMS_sign(NULL, NULL, NULL, NULL, flags);
	ok(c && CMS_add1_signer(c, x, key, md, flags) && CMS_final(c, in, NULL, flags) == 1);
	len = i2d_CMS_ContentInfo(c, der);
	CMS_ContentInfo_free(c);
	BIO_free(in);
	return len > 0 ? (size_t)len : 0;
}

/* As sign-file does where it is built without CMS. */
static size_t sign_pkcs7(X509 *x, EVP_PKEY *key, const EVP_MD *md, int flags, unsigned char **der)
{
	BIO *in = BIO_new_mem_buf(content, sizeof(content));
	PKCS7 *p;
	int len;

	flags |= PKCS7_NOCERTS | PKCS7_PARTIAL | PKCS7_BINARY | PKCS7_DETACHED | PKCS7_STREAM |
		 PKCS7_NOSMIMECAP;
	p = PKCS7_sign(NULL, NULL, NULL, NULL, flags);
	ok(p && PKCS7_sign_add_signer(p, x, key, md, flags) && PKCS7_final(p, in, flags) == 1);
	len = i2d_PKCS7(p, der);
	PKCS7_free(p);
	BIO_free(in);
	return len > 0 ? (size_t)len : 0;
}

static bool openssl_says(const uint8_t *der, size_t len, X509 *x, const void *data, size_t data_len)
{
	CMS_ContentInfo *c = d2i_CMS_ContentInfo(NULL, &der, (long)len);
	STACK_OF(X509) *certs = sk_X509_new_null();
	BIO *in = BIO_new_mem_buf(data, (int)data_len);
	bool yes = false;

	if (c && sk_X509_push(certs, x))
		yes = CMS_verify(c, certs, NULL, in, NULL,
				 CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1;
	ERR_clear_error();
	BIO_free(in);
	sk_X509_free(certs);
	CMS_ContentInfo_free(c);
	return yes;
}

static bool we_say(const struct mo_keyring *k, const uint8_t *der, size_t len, const void *data,
		   size_t data_len)
{
	const struct mo_cert *cert;
	enum mo_sig_status status;
	uint8_t digest[MO_DIGEST_MAX];
	struct mo_source *s;
	struct mo_cms c;

	if (mo_cms_parse(der, len, &c, NULL))
		return false;
	ok(!mo_hash_bytes(c.hash, data, data_len, digest, NULL));
	ok(!mo_source_memory(data, data_len, &s, NULL));
	ok(!mo_keyring_judge(k, &c, digest, s, data_len, &status, &cert, NULL));
	mo_source_close(s);
	return status == MO_SIG_VERIFIED;
}

static struct mo_keyring *ring_of(X509 *x)
{
	struct modulo_error err = { 0 };
	struct mo_keyring *k;
	unsigned char *der = NULL;
	int len = i2d_X509(x, &der);

	ok(!mo_keyring_new(&k, &err));
	ok(len > 0 && !mo_keyring_add(k, der, (size_t)len, &err));
	ok_str(err.id, "");
	OPENSSL_free(der);
	return k;
}

/* Both say yes, and no to other content. */
static void agree(const struct mo_keyring *k, X509 *x, unsigned char *der, size_t len)
{
	char other[sizeof(content)];

	memcpy(other, content, sizeof(content));
	other[7] ^= 0x20;
	ok(len && we_say(k, der, len, content, sizeof(content)));
	ok(openssl_says(der, len, x, content, sizeof(content)));
	ok(!we_say(k, der, len, other, sizeof(other)));
	ok(!openssl_says(der, len, x, other, sizeof(other)));
	OPENSSL_free(der);
}

static void sign_all_ways(EVP_PKEY *key, long serial, bool pkcs7)
{
	static const unsigned flags[] = { CMS_NOATTR, CMS_NOATTR | CMS_USE_KEYID, 0,
					  CMS_USE_KEYID };
	const EVP_MD *md[] = { EVP_sha256(), EVP_sha384(), EVP_sha512() };
	X509 *x = make_cert(key, serial);
	struct mo_keyring *k = ring_of(x);

	for (size_t h = 0; h < MO_NR(md); h++) {
		unsigned char *der;
		size_t len;

		for (size_t i = 0; i < MO_NR(flags); i++) {
			der = NULL;
			len = sign_cms(x, key, md[h], flags[i], &der);
			agree(k, x, der, len);
		}
		for (int i = 0; pkcs7 && i < 2; i++) {
			der = NULL;
			len = sign_pkcs7(x, key, md[h], i ? 0 : PKCS7_NOATTR, &der);
			agree(k, x, der, len);
		}
	}
	ok(mo_keyring_nr(k) == 1);
	mo_keyring_free(k);
	X509_free(x);
	EVP_PKEY_free(key);
}

TEST(rsa)
{
	sign_all_ways(EVP_RSA_gen(2048), 1, true);
	sign_all_ways(EVP_RSA_gen(1024), 0x7f, true);
	sign_all_ways(EVP_RSA_gen(4096), 0x80, true);
}

TEST(ecdsa)
{
	sign_all_ways(EVP_EC_gen("P-256"), 0x8000, true);
	sign_all_ways(EVP_EC_gen("P-384"), 0, true);
	sign_all_ways(EVP_EC_gen("P-521"), 5, true);
}

static X509 *open_cert(const char *name)
{
	struct sample s = cms_sample(name);
	const unsigned char *p = s.p;
	X509 *x = d2i_X509(NULL, &p, (long)s.len);

	ok(x);
	free(s.p);
	return x;
}

/* Every bit of a signature flipped: what still verifies here, if anything, verifies there. */
static void flip_all(const char *sig, const char *cert, size_t step)
{
	struct sample s = cms_sample(sig), data = cms_sample("content");
	X509 *x = open_cert(cert);
	struct mo_keyring *k = ring_of(x);
	size_t parsed = 0, ours = 0, theirs = 0;
	struct mo_cms c;

	ok(we_say(k, s.p, s.len, data.p, data.len) &&
	   openssl_says(s.p, s.len, x, data.p, data.len));
	for (size_t bit = 0; bit < 8 * s.len; bit += step) {
		bool we, they;

		s.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		parsed += !mo_cms_parse(s.p, s.len, &c, NULL);
		we = we_say(k, s.p, s.len, data.p, data.len);
		they = openssl_says(s.p, s.len, x, data.p, data.len);
		ok(!we || they);
		ours += we;
		theirs += they;
		s.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	/* a changed bit is never as good as the signer's */
	ok(ours == 0 && parsed > 0);
	printf("# %s: %zu flips, %zu well-formed, verified: %zu here, %zu by OpenSSL\n", sig,
	       8 * s.len / step, parsed, ours, theirs);
	mo_keyring_free(k);
	X509_free(x);
	free(s.p);
	free(data.p);
}

TEST(flipped)
{
	flip_all("rsa2048.der", "rsa2048.crt", 1);
	flip_all("rsa2048-attrs.der", "rsa2048.crt", 1);
	flip_all("rsa2048-keyid.der", "rsa2048.crt", 3);
	flip_all("p256.der", "p256.crt", 3);
}

/* How much of what is refused here OpenSSL takes: the reason for a reader of our own. */
TEST(evil_ones)
{
	static const char *const certs[] = { "rsa2048.crt", "p256.crt", "rsa4096.crt", "p521.crt" };
	struct sample data = cms_sample("content");
	size_t nr = 0, taken = 0;
	char dir[4096], path[8192];
	struct dirent *e;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/evil/cms", sample_dir());
	d = opendir(dir);
	ok(d);
	while (d && (e = readdir(d))) {
		struct sample s;
		bool they = false;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		s = sample_path(path);
		for (size_t i = 0; i < MO_NR(certs); i++) {
			X509 *x = open_cert(certs[i]);
			struct mo_keyring *k = ring_of(x);

			ok(!we_say(k, s.p, s.len, data.p, data.len));
			they = they || openssl_says(s.p, s.len, x, data.p, data.len);
			mo_keyring_free(k);
			X509_free(x);
		}
		nr++;
		taken += they;
		free(s.p);
	}
	if (d)
		closedir(d);
	ok(nr >= 120 && taken > 0);
	printf("# OpenSSL verifies %zu of %zu evil signatures\n", taken, nr);
	free(data.p);
}

TEST_MAIN
