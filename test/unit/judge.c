/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which certificate a signature is for, and what it says of it. */
#include <pthread.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "hash/hash.h"
#include "rings.h"
#include "tap.h"

static const struct {
	const char *sig, *cert;
} good[] = {
	{ "rsa2048.der", "rsa2048.crt" },
	{ "rsa2048-pkcs7.der", "rsa2048.crt" },
	{ "rsa2048-keyid.der", "rsa2048.crt" },
	{ "rsa2048-attrs.der", "rsa2048.crt" },
	{ "rsa4096.der", "rsa4096.crt" },
	{ "p256.der", "p256.crt" },
	{ "p256-attrs.der", "p256.crt" },
	{ "p384.der", "p384.crt" },
	{ "p521.der", "p521.crt" },
	{ "mldsa44.der", "mldsa44.crt" },
	{ "mldsa65.der", "mldsa65.crt" },
	{ "mldsa87.der", "mldsa87.crt" },
	{ "mldsa44-noattr.der", "mldsa44.crt" },
};

/* A signature of the samples, parsed, with the digest of what it signs. */
struct signature {
	struct sample der, content;
	struct mo_source *source;
	struct mo_cms cms;
	uint8_t digest[MO_DIGEST_MAX];
};

static void open_signature(const char *name, struct signature *s)
{
	*s = (struct signature){ .der = cms_sample(name), .content = cms_sample("content") };
	ok(!mo_cms_parse(s->der.p, s->der.len, &s->cms, NULL));
	ok(!mo_hash_bytes(s->cms.hash, s->content.p, s->content.len, s->digest, NULL));
	ok(!mo_source_memory(s->content.p, s->content.len, &s->source, NULL));
}

static void close_signature(struct signature *s)
{
	mo_source_close(s->source);
	free(s->der.p);
	free(s->content.p);
}

static const struct mo_cert *judge(const struct mo_keyring *k, const struct signature *s,
				   enum mo_sig_status *status)
{
	const struct mo_cert *cert = NULL;
	struct modulo_error err = { 0 };

	ok(!mo_keyring_judge(k, &s->cms, s->digest, s->source, s->content.len, status, &cert,
			     &err));
	ok(!err.rc && !ERR_peek_error());
	return cert;
}

static enum mo_sig_status status_of(const struct mo_keyring *k, const struct signature *s)
{
	enum mo_sig_status status;

	judge(k, s, &status);
	return status;
}

/* What a good signature of this kind is to this OpenSSL: ML-DSA came with 3.5. */
static enum mo_sig_status best(const struct signature *s)
{
	EVP_SIGNATURE *alg;

	if (s->cms.sigalg == MO_SIG_RSA || s->cms.sigalg == MO_SIG_ECDSA)
		return MO_SIG_VERIFIED;
	alg = EVP_SIGNATURE_fetch(NULL, mo_sigalg_name(s->cms.sigalg), NULL);
	ERR_clear_error();
	EVP_SIGNATURE_free(alg);
	return alg ? MO_SIG_VERIFIED : MO_SIG_UNSUPPORTED;
}

TEST(good_ones)
{
	for (size_t i = 0; i < MO_NR(good); i++) {
		struct mo_keyring *k = new_keyring(good[i].cert);
		enum mo_sig_status status;
		struct signature s;

		open_signature(good[i].sig, &s);
		ok(judge(k, &s, &status) == mo_keyring_cert(k, 0));
		ok(status == best(&s));
		if (status != MO_SIG_VERIFIED)
			printf("# %s: not known to this OpenSSL\n", good[i].sig);
		close_signature(&s);
		mo_keyring_free(k);
	}
}

TEST(other_content)
{
	for (size_t i = 0; i < MO_NR(good); i++) {
		struct mo_keyring *k = new_keyring(good[i].cert);
		enum mo_sig_status status;
		struct signature s;

		open_signature(good[i].sig, &s);
		s.content.p[5] ^= 1;
		ok(!mo_hash_bytes(s.cms.hash, s.content.p, s.content.len, s.digest, NULL));
		ok(judge(k, &s, &status) == mo_keyring_cert(k, 0));
		/* a message digest needs no OpenSSL that knows the algorithm */
		ok(status == (s.cms.attrs.len || best(&s) == MO_SIG_VERIFIED ? MO_SIG_INVALID
									     : MO_SIG_UNSUPPORTED));
		close_signature(&s);
		mo_keyring_free(k);
	}
}

/* Bits of the value, of the time and of the digest, and both at once: no key says yes. */
TEST(flipped)
{
	for (size_t i = 0; i < MO_NR(good); i++) {
		struct mo_keyring *k = new_keyring(good[i].cert);
		size_t parsed = 0;
		struct signature s;

		open_signature(good[i].sig, &s);
		for (size_t bit = i; bit < 8 * s.der.len; bit += 17) {
			enum mo_sig_status status;

			s.der.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (!mo_cms_parse(s.der.p, s.der.len, &s.cms, NULL)) {
				status = status_of(k, &s);
				ok(status == MO_SIG_INVALID || status == MO_SIG_NO_KEY ||
				   best(&s) != MO_SIG_VERIFIED);
				parsed++;
			}
			s.der.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		ok(parsed > 20);
		close_signature(&s);
		mo_keyring_free(k);
	}
}

TEST(no_key)
{
	struct mo_keyring *none = new_keyring(NULL), *wrong = new_keyring("p384.crt");
	const struct mo_cert *cert;
	enum mo_sig_status status;
	struct signature s;

	for (size_t i = 0; i < MO_NR(good); i++) {
		if (!strcmp(good[i].cert, "p384.crt"))
			continue;
		open_signature(good[i].sig, &s);
		ok(!judge(NULL, &s, &status) && status == MO_SIG_NO_KEY);
		ok(!judge(none, &s, &status) && status == MO_SIG_NO_KEY);
		ok(!judge(wrong, &s, &status) && status == MO_SIG_NO_KEY);
		s.digest[0] ^= 1;
		cert = judge(NULL, &s, &status);
		ok(!cert && status == (s.cms.attrs.len ? MO_SIG_INVALID : MO_SIG_NO_KEY));
		close_signature(&s);
	}
	ok(mo_keyring_nr(NULL) == 0 && mo_keyring_nr(none) == 0 && mo_keyring_nr(wrong) == 1);
	mo_keyring_free(none);
	mo_keyring_free(wrong);
	mo_keyring_free(NULL);
}

TEST(mldsa_needs_content)
{
	struct mo_keyring *k = new_keyring("mldsa44.crt");
	const struct mo_cert *cert;
	enum mo_sig_status status;
	struct signature s;

	open_signature("mldsa44-noattr.der", &s);
	ok(!mo_keyring_judge(k, &s.cms, s.digest, NULL, 0, &status, &cert, NULL));
	ok(status == MO_SIG_UNSUPPORTED && cert == mo_keyring_cert(k, 0));
	/* not over the digest, and not over a beginning of the content */
	s.digest[0] ^= 1;
	ok(status_of(k, &s) == best(&s));
	s.content.len--;
	ok(status_of(k, &s) == (best(&s) == MO_SIG_VERIFIED ? MO_SIG_INVALID : MO_SIG_UNSUPPORTED));
	s.content.len += 2;
	if (best(&s) == MO_SIG_VERIFIED) {
		/* what cannot be read is no judgement */
		struct modulo_error err = { 0 };

		status = MO_SIG_NO_KEY;
		ok(mo_keyring_judge(k, &s.cms, s.digest, s.source, s.content.len, &status, &cert,
				    &err));
		ok_str(err.id, "io.short");
		ok(status == MO_SIG_NO_KEY);
	}
	close_signature(&s);
	mo_keyring_free(k);
}

static uint8_t *find(struct sample s, const char *bytes, size_t len)
{
	return memmem(s.p, s.len, bytes, len);
}

/* A certificate with the right names and another key: OpenSSL does not know its kind, or it is
 * another key. */
TEST(several_fit)
{
	struct sample odd = cms_sample("p256.crt"), other = cms_sample("p256.crt"),
		      right = cms_sample("p256.crt");
	static const char ec_key[] = "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01";
	uint8_t *oid = find(odd, ec_key, 9), *generator = NULL;
	struct mo_keyring *k = new_keyring(NULL);
	enum mo_sig_status status;
	struct signature s;

	open_signature("p256.der", &s);
	ok(oid);
	if (!oid)
		return;
	/* the point's x and y with both halves' signs turned around: p - y is on the curve where y
	 * is */
	generator = find(other, ec_key, 9) + 9 + 10 + 4;
	ok(generator[-1] == 4);
	for (int i = 31, borrow = 0; i >= 0; i--) {
		static const uint8_t p[32] = { 0xff, 0xff, 0xff, 0xff, 0,    0,	   0,	 1,
					       0,    0,	   0,	 0,    0,    0,	   0,	 0,
					       0,    0,	   0,	 0,    0xff, 0xff, 0xff, 0xff,
					       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
		int v = p[i] - generator[32 + i] - borrow;

		borrow = v < 0;
		generator[32 + i] = (uint8_t)v;
	}
	oid[8] = 0x7f;
	ok(!mo_keyring_add(k, other.p, other.len, NULL));
	ok(judge(k, &s, &status) == mo_keyring_cert(k, 0) && status == MO_SIG_INVALID);
	ok(!mo_keyring_add(k, odd.p, odd.len, NULL));
	ok(judge(k, &s, &status) == mo_keyring_cert(k, 1) && status == MO_SIG_UNSUPPORTED);
	ok(!mo_keyring_add(k, right.p, right.len, NULL));
	ok(mo_keyring_nr(k) == 3);
	ok(judge(k, &s, &status) == mo_keyring_cert(k, 2) && status == MO_SIG_VERIFIED);
	close_signature(&s);
	mo_keyring_free(k);
	free(odd.p);
	free(other.p);
	free(right.p);
}

/* Serial, issuer and key identifier are compared as bytes, each by itself. */
TEST(who_fits)
{
	struct mo_keyring *k = new_keyring("rsa2048.crt");
	uint8_t longer[64] = { 0 };
	struct signature s;

	open_signature("rsa2048.der", &s);
	memcpy(longer + 1, s.cms.serial.p, s.cms.serial.len);
	s.cms.serial.p = longer;
	s.cms.serial.len++;
	ok(status_of(k, &s) == MO_SIG_NO_KEY);
	s.cms.serial.p++;
	s.cms.serial.len--;
	ok(status_of(k, &s) == MO_SIG_VERIFIED);
	s.cms.issuer.len--;
	ok(status_of(k, &s) == MO_SIG_NO_KEY);
	close_signature(&s);
	open_signature("rsa2048-keyid.der", &s);
	s.cms.key_id.len--;
	ok(status_of(k, &s) == MO_SIG_NO_KEY);
	close_signature(&s);
	/* a signature of another kind than the key */
	open_signature("rsa2048.der", &s);
	s.cms.sigalg = MO_SIG_ECDSA;
	ok(status_of(k, &s) == MO_SIG_INVALID);
	close_signature(&s);
	mo_keyring_free(k);
}

/* The extension's OID one off: the certificate has no key identifier any more, and none is made up.
 */
TEST(no_key_identifier)
{
	struct sample c = cms_sample("rsa2048.crt");
	uint8_t *ski = find(c, "\x06\x03\x55\x1d\x0e", 5);
	struct mo_keyring *k = new_keyring(NULL);
	struct signature s;

	ok(ski);
	if (ski)
		ski[4] = 0x7d;
	ok(!mo_keyring_add(k, c.p, c.len, NULL));
	open_signature("rsa2048-keyid.der", &s);
	ok(status_of(k, &s) == MO_SIG_NO_KEY);
	close_signature(&s);
	open_signature("rsa2048.der", &s);
	ok(status_of(k, &s) == MO_SIG_VERIFIED);
	close_signature(&s);
	mo_keyring_free(k);
	free(c.p);
}

static struct mo_keyring *shared;

static void *judge_many(void *count)
{
	struct signature s[3];

	open_signature("rsa2048-attrs.der", &s[0]);
	open_signature("p256.der", &s[1]);
	open_signature("p256-attrs.der", &s[2]);
	for (int i = 0; i < 300; i++) {
		const struct mo_cert *cert;
		enum mo_sig_status status;
		const struct signature *q = &s[i % 3];

		if (!mo_keyring_judge(shared, &q->cms, q->digest, NULL, 0, &status, &cert, NULL) &&
		    status == MO_SIG_VERIFIED && cert == mo_keyring_cert(shared, i % 3 != 0))
			++*(int *)count;
	}
	for (int i = 0; i < 3; i++)
		close_signature(&s[i]);
	return NULL;
}

TEST(threads)
{
	struct sample c = cms_sample("p256.crt");
	int count[4] = { 0 };
	pthread_t t[4];

	shared = new_keyring("rsa2048.crt");
	ok(!mo_keyring_add(shared, c.p, c.len, NULL));
	for (int i = 0; i < 4; i++)
		ok(!pthread_create(&t[i], NULL, judge_many, &count[i]));
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	ok(count[0] == 300 && count[1] == 300 && count[2] == 300 && count[3] == 300);
	mo_keyring_free(shared);
	free(c.p);
}

/* Errors of the caller's own that lie in OpenSSL's queue stay there, and are not taken for ours. */
TEST(error_queue)
{
	struct mo_keyring *k = new_keyring("p256.crt");
	struct mo_buf t = { 0 };
	enum mo_sig_status status;
	const struct mo_cert *cert;
	struct signature s;

	open_signature("p256.der", &s);
	s.digest[0] ^= 1;
	ERR_raise(ERR_LIB_USER, ERR_R_MALLOC_FAILURE);
	ok(!mo_keyring_judge(k, &s.cms, s.digest, NULL, 0, &status, &cert, NULL) &&
	   status == MO_SIG_INVALID);
	mo_buf_str(&t, "0\x82 no certificate");
	ok(mo_keyring_add(k, (const uint8_t *)t.data, t.len, NULL));
	ok(ERR_GET_REASON(ERR_get_error()) == ERR_R_MALLOC_FAILURE && !ERR_peek_error());
	mo_buf_release(&t);
	close_signature(&s);
	mo_keyring_free(k);
}

TEST_MAIN
