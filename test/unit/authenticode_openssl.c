/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Authenticode judged by keyrings, and against OpenSSL's PKCS7: what is read here, it reads alike;
 * what is verified here, it verifies too.
 */
#include <dirent.h>

#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include "der/authenticode.h"
#include "der/x509.h"
#include "rings.h"
#include "tap.h"

static const char *const all[] = {
	"debian-fbx64",	       "debian-systemd-boot", "debian-vmlinuz", "microsoft-shim-2011",
	"microsoft-shim-2023", "sbsign-rsa",	      "pesign-rsa",	"osslsigncode-rsa",
	"osslsigncode-p384",   "chain-all",	      "chain-two",	"chain-leaf",
	"chain-no-ca",	       "chain-usage",
};

static struct sample open_sample(const char *name, const char *suffix)
{
	char file[64];

	snprintf(file, sizeof(file), "%s%s", name, suffix);
	return authenticode_sample(file);
}

static int parse(struct sample s, struct mo_cms *out)
{
	return mo_authenticode_parse(s.p, s.len, MO_ALLOW_UNSIGNED_ATTRIBUTES, out, NULL);
}

/* certs: names of files, NULL behind the last */
static struct mo_keyring *ring(const char *const *certs)
{
	struct mo_keyring *k;

	ok(!mo_keyring_new(&k, NULL));
	for (; *certs; certs++) {
		struct sample s = open_sample(*certs, ".crt");

		ok(!mo_keyring_add(k, s.p, s.len, NULL));
		free(s.p);
	}
	return k;
}
#define RING(...) ring((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

static enum mo_sig_status judge(const struct mo_keyring *k, const struct mo_cms *c,
				const struct mo_cert **cert)
{
	enum mo_sig_status status;
	struct modulo_error err = { 0 };

	ok(!mo_keyring_judge(k, c, c->spc_digest.p, NULL, 0, &status, cert, &err));
	ok(!err.rc && !ERR_peek_error());
	return status;
}

static size_t unvouched(const struct mo_keyring *k, const struct mo_cms *c)
{
	size_t nr = 99;

	ok(!mo_keyring_unvouched(k, c, &nr, NULL));
	ok(!ERR_peek_error());
	return nr;
}

/* cn: of the certificate that the answer names; NULL: none. left: certificates nobody vouches for
 */
static void says(const char *name, struct mo_keyring *k, enum mo_sig_status want, const char *cn,
		 size_t left)
{
	struct sample s = open_sample(name, ".der");
	const struct mo_cert *cert;
	struct mo_cms c;

	ok(!parse(s, &c));
	if (judge(k, &c, &cert) != want)
		printf("# %s is not %d\n", name, want);
	ok(judge(k, &c, &cert) == want);
	ok_str(cert ? cert->cn : "-", cn ? cn : "-");
	ok(unvouched(k, &c) == left);
	free(s.p);
	mo_keyring_free(k);
}

TEST(signers)
{
	says("sbsign-rsa", RING("rsa"), MO_SIG_VERIFIED, "rsa", 0);
	says("pesign-rsa", RING("p384", "rsa"), MO_SIG_VERIFIED, "rsa", 0);
	says("osslsigncode-rsa", RING("rsa"), MO_SIG_VERIFIED, "rsa", 0);
	says("osslsigncode-p384", RING("p384"), MO_SIG_VERIFIED, "p384", 0);
	says("osslsigncode-p384", RING("rsa"), MO_SIG_NO_KEY, NULL, 1);
	says("sbsign-rsa", RING(), MO_SIG_NO_KEY, NULL, 1);
	says("sbsign-rsa", NULL, MO_SIG_NO_KEY, NULL, 1);
	/* Debian's signers are not in the keyring, their authority is. */
	says("debian-fbx64", RING("debian-ca"), MO_SIG_VERIFIED, "Debian Secure Boot CA", 0);
	says("debian-systemd-boot", RING("debian-ca"), MO_SIG_VERIFIED, "Debian Secure Boot CA", 0);
	says("debian-vmlinuz", RING("rsa", "debian-ca"), MO_SIG_VERIFIED, "Debian Secure Boot CA",
	     0);
	says("microsoft-shim-2011", RING("debian-ca"), MO_SIG_NO_KEY, NULL, 2);
}

TEST(chains)
{
	says("chain-all", RING("root"), MO_SIG_VERIFIED, "root", 0);
	says("chain-two", RING("root"), MO_SIG_VERIFIED, "root", 0);
	says("chain-two", RING("middle"), MO_SIG_VERIFIED, "middle", 0);
	says("chain-leaf", RING("middle"), MO_SIG_VERIFIED, "middle", 0);
	says("chain-leaf", RING("root"), MO_SIG_NO_KEY, NULL, 1);
	/* the chain ends at the first that the keyring has */
	says("chain-leaf", RING("root", "middle"), MO_SIG_VERIFIED, "middle", 0);
	/* Verified, but what comes with it besides is nobody's. */
	says("chain-all", RING("leaf"), MO_SIG_NO_KEY, "leaf", 2);
	says("chain-all", RING("middle"), MO_SIG_NO_KEY, "middle", 1);
	/* A root that only the signature brings */
	says("chain-all", RING("rsa"), MO_SIG_NO_KEY, NULL, 3);
	/* Issuers that are none */
	says("chain-no-ca", RING("root", "middle"), MO_SIG_NO_KEY, NULL, 0);
	says("chain-no-ca", RING("leaf"), MO_SIG_NO_KEY, NULL, 0);
	says("chain-usage", RING("usage"), MO_SIG_NO_KEY, NULL, 0);
}

/* The authority is the one that comes with the signature, in the keyring too. */
static void by_embedded(const char *name, const char *cn)
{
	struct sample s = open_sample(name, ".der");
	struct mo_keyring *k = RING();
	const struct mo_cert *cert;
	struct mo_der_doc doc;
	struct mo_der certs, in;
	struct mo_view one;
	struct mo_cms c;

	ok(!parse(s, &c));
	certs = mo_der_open(&doc, c.certs.p, c.certs.len, NULL);
	while (certs.rest.len) {
		one = mo_der_take_whole(&certs, MO_DER_SEQUENCE, &in);
		if (!mo_view_same(one, c.signer_cert))
			ok(!mo_keyring_add(k, one.p, one.len, NULL));
	}
	ok(mo_keyring_nr(k) == 1);
	ok(judge(k, &c, &cert) == MO_SIG_VERIFIED);
	ok_str(cert ? cert->cn : "-", cn);
	ok(unvouched(k, &c) == 0);
	mo_keyring_free(k);
	free(s.p);
}

TEST(microsoft)
{
	by_embedded("microsoft-shim-2011", "Microsoft Corporation UEFI CA 2011");
	by_embedded("microsoft-shim-2023", "Microsoft UEFI CA 2023");
}

/* Another image's digest; a value that its own signer did not make: INVALID, key or no key. */
TEST(invalid)
{
	struct sample s = open_sample("debian-fbx64", ".der");
	struct mo_keyring *k = RING("debian-ca");
	uint8_t digest[MO_DIGEST_MAX];
	const struct mo_cert *cert;
	enum mo_sig_status status;
	struct mo_cms c;

	ok(!parse(s, &c));
	memcpy(digest, c.spc_digest.p, c.spc_digest.len);
	digest[0] ^= 1;
	ok(!mo_keyring_judge(k, &c, digest, NULL, 0, &status, &cert, NULL));
	ok(status == MO_SIG_INVALID && !cert);
	s.p[s.len - 1] ^= 1;
	ok(!parse(s, &c));
	ok(judge(k, &c, &cert) == MO_SIG_INVALID && !cert);
	ok(judge(NULL, &c, &cert) == MO_SIG_INVALID && !cert);
	mo_keyring_free(k);
	free(s.p);
}

/* What messageDigest is of: the octets of SpcIndirectDataContent, as OpenSSL found them. */
static struct mo_view content_of(const PKCS7 *p)
{
	const ASN1_TYPE *t = p->d.sign->contents->d.other;
	struct mo_view v = { t->value.sequence->data, (size_t)t->value.sequence->length };
	struct mo_der_doc doc;
	struct mo_der d = mo_der_open(&doc, v.p, v.len, NULL);

	return mo_der_take(&d, MO_DER_SEQUENCE).rest;
}

static bool openssl_says(const uint8_t *der, size_t len)
{
	const unsigned char *at = der;
	PKCS7 *p = d2i_PKCS7(NULL, &at, (long)len);
	X509_STORE *none = X509_STORE_new();
	struct mo_view content;
	bool yes = false;

	if (p && PKCS7_type_is_signed(p) && p->d.sign->contents && p->d.sign->contents->d.other &&
	    p->d.sign->contents->d.other->type == V_ASN1_SEQUENCE) {
		BIO *in;

		content = content_of(p);
		in = BIO_new_mem_buf(content.p, (int)content.len);
		yes = PKCS7_verify(p, NULL, none, in, NULL, PKCS7_NOVERIFY) == 1;
		BIO_free(in);
	}
	ERR_clear_error();
	X509_STORE_free(none);
	PKCS7_free(p);
	return yes;
}

static void same_integer(const ASN1_INTEGER *i, struct mo_view v)
{
	unsigned char *der = NULL;
	int len = i2d_ASN1_INTEGER(i, &der);

	ok(len > 2 && (size_t)len == v.len + 2 && !memcmp(der + 2, v.p, v.len));
	OPENSSL_free(der);
}

/* OpenSSL reads the same, and writes the same bytes. */
static void compare(struct sample s, const struct mo_cms *c)
{
	const unsigned char *at = s.p;
	PKCS7 *p = d2i_PKCS7(NULL, &at, (long)s.len);
	unsigned char *again = NULL;
	PKCS7_SIGNER_INFO *si;
	struct mo_view content;
	X509 *signer;
	int len = i2d_PKCS7(p, &again);

	ok(p && at == s.p + s.len && len > 0 && (size_t)len == s.len && !memcmp(again, s.p, s.len));
	OPENSSL_free(again);
	si = sk_PKCS7_SIGNER_INFO_value(p->d.sign->signer_info, 0);
	ok(sk_PKCS7_SIGNER_INFO_num(p->d.sign->signer_info) == 1);
	same_integer(si->issuer_and_serial->serial, c->serial);
	signer = PKCS7_cert_from_signer_info(p, si);
	ok(signer && !X509_NAME_cmp(X509_get_issuer_name(signer), si->issuer_and_serial->issuer));
	again = NULL;
	len = i2d_X509(signer, &again);
	ok((size_t)len == c->signer_cert.len && !memcmp(again, c->signer_cert.p, (size_t)len));
	OPENSSL_free(again);
	ok((size_t)si->enc_digest->length == c->value.len &&
	   !memcmp(si->enc_digest->data, c->value.p, c->value.len));
	ok((sk_X509_ATTRIBUTE_num(si->unauth_attr) > 0
		    ? (size_t)sk_X509_ATTRIBUTE_num(si->unauth_attr)
		    : 0) == c->nr_unsigned);
	content = content_of(p);
	/* the digest is the last thing in it */
	ok(!memcmp(content.p + content.len - c->spc_digest.len, c->spc_digest.p,
		   c->spc_digest.len));
	PKCS7_free(p);
}

TEST(read_alike)
{
	for (size_t i = 0; i < MO_NR(all); i++) {
		struct sample s = open_sample(all[i], ".der");
		struct mo_cms c;

		ok(!parse(s, &c));
		compare(s, &c);
		ok(openssl_says(s.p, s.len));
		free(s.p);
	}
}

/*
 * Every bit flipped: what still verifies here, if anything, verifies there. Nothing does whose
 * certificates the keyring vouches for, unless the bit lies among the unsigned attributes.
 */
static void flip_all(const char *name, struct mo_keyring *k, size_t step)
{
	struct sample s = open_sample(name, ".der");
	size_t parsed = 0, ours = 0, theirs = 0;
	const struct mo_cert *cert;
	struct mo_cms c;

	for (size_t bit = 0; bit < 8 * s.len; bit += step * BIT_STEP) {
		bool we = false, they;

		s.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		they = openssl_says(s.p, s.len);
		if (!parse(s, &c)) {
			parsed++;
			we = judge(k, &c, &cert) == MO_SIG_VERIFIED && !unvouched(k, &c);
		}
		ok(!we || they);
		ours += we;
		theirs += they;
		s.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ok(ours == 0 && parsed > 0);
	printf("# %s: %zu flips, %zu well-formed, verified: %zu here, %zu by OpenSSL\n", name,
	       8 * s.len / (step * BIT_STEP), parsed, ours, theirs);
	mo_keyring_free(k);
	free(s.p);
}

TEST(flipped)
{
	flip_all("debian-fbx64", RING("debian-ca"), 1);
	flip_all("sbsign-rsa", RING("rsa"), 3);
	flip_all("osslsigncode-p384", RING("p384"), 5);
	flip_all("chain-two", RING("root"), 5);
}

/* How much of what is refused here OpenSSL takes: the reason for a reader of our own. */
TEST(evil_ones)
{
	size_t nr = 0, taken = 0;
	char dir[4096];
	struct dirent *e;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/evil/authenticode", sample_dir());
	d = opendir(dir);
	ok(d);
	while (d && (e = readdir(d))) {
		struct sample s;

		if (e->d_name[0] == '.')
			continue;
		s = sample_in("evil/authenticode", e->d_name);
		taken += openssl_says(s.p, s.len);
		nr++;
		free(s.p);
	}
	if (d)
		closedir(d);
	ok(nr >= 100 && taken > 0);
	printf("# OpenSSL verifies %zu of %zu evil signatures\n", taken, nr);
}

TEST_MAIN
