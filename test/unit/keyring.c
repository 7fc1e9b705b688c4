/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keyrings: what is taken for a certificate, and what is not. */
#include <openssl/err.h>

#include "hash/hash.h"
#include "rings.h"
#include "tap.h"

static uint8_t *find(struct sample s, const char *bytes, size_t len)
{
	return memmem(s.p, s.len, bytes, len);
}

TEST(descriptions)
{
	struct mo_keyring *k = new_keyring("rsa2048.crt");
	struct sample c = cms_sample("rsa2048.crt"), d = cms_sample("p384.crt");
	const struct mo_cert *first = mo_keyring_cert(k, 0);
	uint8_t sha256[32];

	ok_str(first->subject,
	       "O=Modulo tests, CN=RSA key\\054 2048 bits, emailAddress=tests@example.org");
	ok_str(first->cn, "RSA key\\054 2048 bits");
	ok(!mo_hash_bytes(MO_SHA256, c.p, c.len, sha256, NULL));
	ok(!memcmp(sha256, first->sha256, 32));
	/* once is enough, and what was handed out stays */
	for (int i = 0; i < 3; i++)
		ok(!mo_keyring_add(k, c.p, c.len, NULL));
	ok(mo_keyring_nr(k) == 1);
	for (uint8_t i = 1; i < 30; i++) {
		d.p[20]++; /* in the serial */
		ok(!mo_keyring_add(k, d.p, d.len, NULL));
	}
	ok(mo_keyring_nr(k) > 20 && mo_keyring_cert(k, 0) == first);
	mo_keyring_free(k);
	free(c.p);
	free(d.p);
}

/* into: PEM of a certificate of the samples, lines ended by eol */
static void add_pem(struct mo_buf *into, const char *cert, const char *eol)
{
	struct sample c = cms_sample(cert);
	struct mo_buf text = { 0 };

	mo_buf_base64(&text, c.p, c.len);
	mo_buf_fmt(into, "-----BEGIN CERTIFICATE-----%s", eol);
	for (size_t i = 0; i < text.len; i += 64)
		mo_buf_fmt(into, "%.64s%s", text.data + i, eol);
	mo_buf_fmt(into, "-----END CERTIFICATE-----%s", eol);
	mo_buf_release(&text);
	free(c.p);
}

/* How many certificates text adds to a keyring that has one; id: the refusal, "" for none. */
static void pem_gives(struct mo_buf *text, size_t nr, const char *id)
{
	struct mo_keyring *k = new_keyring("p521.crt");
	struct modulo_error err = { 0 };

	ok(!!mo_keyring_add(k, (const uint8_t *)text->data, text->len, &err) == (*id != '\0'));
	ok_str(err.id, id);
	ok(mo_keyring_nr(k) == nr + 1);
	ok(!ERR_peek_error());
	mo_keyring_free(k);
	mo_buf_reset(text);
}

TEST(pem)
{
	struct mo_buf t = { 0 };

	add_pem(&t, "rsa2048.crt", "\n");
	pem_gives(&t, 1, "");
	mo_buf_str(&t, "0 is what this text begins with\nsubject=CN = x\n");
	add_pem(&t, "rsa2048.crt", "\r\n");
	mo_buf_str(
	    &t,
	    "\n-----BEGIN PRIVATE KEY-----\nnot even base64\n-----END PRIVATE KEY-----\nmore\n");
	add_pem(&t, "p256.crt", "\n");
	add_pem(&t, "rsa2048.crt", "\n");
	mo_buf_str(&t, "and text behind");
	pem_gives(&t, 2, "");
	add_pem(&t, "p256.crt", "\n");
	t.len--; /* no end of the last line */
	pem_gives(&t, 1, "");
	add_pem(&t, "p256.crt", "\n");
	t.len -= 2; /* its last dash is missing */
	pem_gives(&t, 0, "keyring.format");
	add_pem(&t, "p256.crt", "\n");
	t.len -= 27; /* no END at all */
	pem_gives(&t, 0, "keyring.format");
	add_pem(&t, "p256.crt", "\n");
	t.data[40] = ' ';
	pem_gives(&t, 0, "keyring.format");
	add_pem(&t, "p256.crt", " \n");
	pem_gives(&t, 0, "keyring.empty");
	mo_buf_str(&t, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n");
	pem_gives(&t, 0, "keyring.format");
	mo_buf_str(&t, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
	pem_gives(&t, 0, "keyring.format");
	mo_buf_str(&t, "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n");
	pem_gives(&t, 0, "keyring.empty");
	/* all or nothing */
	add_pem(&t, "p256.crt", "\n");
	add_pem(&t, "rsa2048.crt", "\n");
	mo_buf_str(&t, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
	pem_gives(&t, 0, "keyring.format");
	mo_buf_release(&t);
}

static void der_gives(const uint8_t *p, size_t len, const char *id)
{
	struct mo_buf t = { 0 };

	mo_buf_add(&t, p, len);
	pem_gives(&t, *id ? 0 : 1, id);
	mo_buf_release(&t);
}

TEST(not_certificates)
{
	struct sample sig = cms_sample("rsa2048.der");
	uint8_t *big = calloc(1, (1 << 20) + 1);

	der_gives(big, 0, "keyring.empty");
	der_gives(big, 1 << 20, "keyring.format");
	der_gives(big, (1 << 20) + 1, "keyring.size");
	der_gives(sig.p, sig.len, "keyring.format");
	der_gives((const uint8_t *)"hello", 5, "keyring.format");
	der_gives((const uint8_t *)"\x30", 1, "keyring.format");
	free(sig.p);
	free(big);
}

TEST(der_to_the_last_byte)
{
	struct sample c = cms_sample("rsa2048.crt");
	uint8_t *more = calloc(1, 2 * c.len + 8), *at;

	memcpy(more, c.p, c.len);
	der_gives(more, c.len, "");
	der_gives(more, c.len + 1, "keyring.trailing");
	memcpy(more + c.len, c.p, c.len);
	der_gives(more, 2 * c.len, "keyring.trailing");
	der_gives(more, c.len - 1, "keyring.format");

	/* What OpenSSL takes all the same: an indefinite length, a length that is not minimal, a
	 * TRUE of 1 */
	memcpy(more, c.p, c.len);
	more[1] = 0x80;
	memmove(more + 2, more + 4, c.len - 4);
	memset(more + c.len - 2, 0, 2);
	der_gives(more, c.len, "keyring.der");
	memcpy(more, "\x30\x83\x00", 3);
	memcpy(more + 3, c.p + 2, c.len - 2);
	der_gives(more, c.len + 1, "keyring.der");
	memcpy(more, c.p, c.len);
	at = memmem(more, c.len, "\x01\x01\xff", 3);
	ok(at);
	if (at)
		at[2] = 1;
	der_gives(more, c.len, "keyring.der");
	free(more);
	free(c.p);
}

/* A type of the subject whose number no one can count up to: OpenSSL takes it, there is no text for
 * it. */
TEST(odd_subject)
{
	struct sample c = cms_sample("p384.crt");
	static const char uid[] = "\x06\x0a\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01";
	uint8_t *first = find(c, uid, 12), *second = NULL;

	if (first)
		second = memmem(first + 1, c.len - (size_t)(first + 1 - c.p), uid, 12);
	ok(second);
	if (second)
		memset(second + 2, 0x81, 9);
	der_gives(c.p, c.len, "keyring.name");
	free(c.p);
}

TEST(files)
{
	char path[] = "/tmp/modulo-keyring-XXXXXX";
	struct mo_keyring *k = new_keyring(NULL);
	struct sample c = cms_sample("p256.crt");
	struct modulo_error err = { 0 };
	int fd = mkstemp(path);

	ok(fd >= 0);
	ok(mo_keyring_add_file(k, path, &err));
	ok_str(err.id, "keyring.empty");
	err = (struct modulo_error){ 0 };
	ok(write(fd, c.p, c.len) == (ssize_t)c.len);
	ok(!mo_keyring_add_file(k, path, &err));
	ok(mo_keyring_nr(k) == 1);
	ok(!ftruncate(fd, (1 << 20) + 1));
	ok(mo_keyring_add_file(k, path, &err) == MODULO_LIMIT);
	ok_str(err.id, "keyring.size");
	close(fd);
	unlink(path);
	ok(mo_keyring_add_file(k, path, NULL) == MODULO_IO);
	ok(mo_keyring_nr(k) == 1);
	mo_keyring_free(k);
	free(c.p);
}

TEST_MAIN
