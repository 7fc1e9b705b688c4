/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of what is refused: what is read of them, and whom they name. */
#include "der/authenticode.h"
#include "hash/hash.h"
#include "rings.h"
#include "sig/dbx.h"
#include "tap.h"

static const char sha256_type[] =
	"\x26\x16\xc4\xc1\x4c\x50\x92\x40\xac\xa9\x41\xf9\x36\x93\x43\x28";
static const char x509_type[] = "\xa1\x59\xc0\xa5\xe4\x94\xa7\x4a\x87\xb5\xab\x15\x5c\x2b\xf0\x72";
static const char tbs_type[] = "\x92\xa4\xd2\x3b\xc0\x96\x79\x40\xb4\x20\xfc\xf9\x8e\xf1\x03\xed";

static void le32(struct mo_buf *b, size_t n)
{
	uint8_t raw[4] = { (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24) };

	mo_buf_add(b, raw, sizeof(raw));
}

/* A list of one type: nr entries of len bytes each, behind an owner, with `rest` zeros behind. */
static void list(struct mo_buf *b, const char *type, const void *p, size_t nr, size_t len,
		 size_t rest)
{
	static const char zeros[16];

	mo_buf_add(b, type, 16);
	le32(b, 28 + nr * (16 + len + rest));
	le32(b, 0);
	le32(b, 16 + len + rest);
	for (size_t i = 0; i < nr; i++) {
		mo_buf_add(b, "the owner's GUID", 16);
		mo_buf_add(b, (const char *)p + i * len, len);
		mo_buf_add(b, zeros, rest);
	}
}

static int add(struct mo_dbx *d, const struct mo_buf *b, struct modulo_error *err)
{
	*err = (struct modulo_error){ 0 };
	return mo_dbx_add(d, (const uint8_t *)b->data, b->len, err);
}

static void refused(const struct mo_buf *b, const char *id)
{
	struct mo_dbx d = { 0 };
	struct modulo_error err;

	ok(add(&d, b, &err));
	ok_str(err.id, id);
	mo_dbx_release(&d);
}

static const uint8_t digests[3][32] = { { 1, 2, 3 }, { 4, 5, 6 }, { 7, 8, 9 } };

/* What of the three digests it names, as bits */
static unsigned named(const struct mo_dbx *d)
{
	return mo_dbx_has_content(d, digests[0]) | mo_dbx_has_content(d, digests[1]) << 1 |
	       mo_dbx_has_content(d, digests[2]) << 2;
}

static void names(const struct mo_buf *b, unsigned want)
{
	struct mo_dbx d = { 0 };
	struct modulo_error err;

	ok(!add(&d, b, &err));
	ok_str(err.id, "");
	ok(named(&d) == want);
	mo_dbx_release(&d);
}

TEST(lists)
{
	static const char update[] = "16 bytes of time\0\0\0\0\0\2\xf1\x0e"
				     "a GUID, 16 bytes"
				     "a signature";
	struct mo_buf b = { 0 }, c = { 0 };

	names(&b, 0);
	list(&b, sha256_type, digests, 2, 32, 0);
	names(&b, 3);
	list(&b, sha256_type, digests + 2, 1, 32, 0);
	names(&b, 7);
	/* A file of efivarfs */
	le32(&c, 0x27);
	mo_buf_add(&c, b.data, b.len);
	names(&c, 7);
	/* An update: 16 bytes of time, a WIN_CERTIFICATE_UEFI_GUID of 35 bytes */
	mo_buf_reset(&c);
	mo_buf_add(&c, update, sizeof(update) - 1);
	c.data[16] = sizeof(update) - 1 - 16;
	mo_buf_add(&c, b.data, b.len);
	names(&c, 7);
	mo_buf_release(&b);
	mo_buf_release(&c);
}

TEST(text)
{
	struct mo_buf b = { 0 };

	mo_buf_str(&b, "# comment\n\n");
	mo_buf_hex(&b, digests[1], 32);
	mo_buf_str(&b, "\n");
	names(&b, 2);
	mo_buf_hex(&b, digests[2], 32);
	names(&b, 6);
	mo_buf_str(&b, " ");
	refused(&b, "dbx.format");
	mo_buf_reset(&b);
	mo_buf_str(&b, "no digest\n");
	refused(&b, "dbx.format");
	mo_buf_release(&b);
}

TEST(broken_lists)
{
	struct mo_buf b = { 0 };

	list(&b, sha256_type, digests, 2, 32, 0);
	for (size_t n = 17; n < b.len; n++) {
		struct mo_buf cut = { .data = b.data, .len = n };

		refused(&cut, "dbx.list");
	}
	for (size_t at = 16; at < 28; at++) {
		b.data[at] ^= 1;
		refused(&b, "dbx.list");
		b.data[at] ^= 1;
	}
	mo_buf_str(&b, "behind");
	refused(&b, "dbx.list");
	/* Of another length than its type's */
	mo_buf_reset(&b);
	list(&b, sha256_type, digests, 2, 31, 0);
	refused(&b, "dbx.list");
	/* Of a type that is not known: the first, the second */
	mo_buf_reset(&b);
	list(&b, sha256_type, digests, 1, 32, 0);
	list(&b, sha256_type, digests, 1, 32, 0);
	b.data[76]++;
	refused(&b, "dbx.type");
	b.data[0]++;
	refused(&b, "dbx.type");
	mo_buf_release(&b);
}

TEST(too_large)
{
	struct mo_buf b = { 0 };
	char *p = calloc(1, (16 << 20) + 1);

	b.data = p;
	b.len = (16 << 20) + 1;
	refused(&b, "dbx.size");
	free(p);
}

/* Whether a list names a signature that is judged by ring */
static bool signer(const struct mo_buf *b, const struct sample *s, struct mo_keyring *k)
{
	const struct mo_cert *cert = mo_keyring_nr(k) ? mo_keyring_cert(k, 0) : NULL;
	struct mo_dbx d = { 0 };
	struct modulo_error err;
	struct mo_cms cms;
	bool has = false;

	ok(!add(&d, b, &err));
	ok(!mo_authenticode_parse(s->p, s->len, 0, &cms, NULL));
	ok(!mo_dbx_has_signer(&d, k, &cms, cert, &has, NULL));
	mo_dbx_release(&d);
	return has;
}

TEST(signers)
{
	struct sample s = sample_in("samples/authenticode", "chain-two.der");
	struct mo_keyring *none = NULL, *ring = new_keyring("rsa2048.crt");
	struct sample other = cms_sample("rsa2048.crt");
	uint8_t tbs[32];
	struct mo_buf b = { 0 };
	struct mo_der_doc doc;
	struct mo_der certs, in, fields;
	struct mo_view cert;
	struct mo_cms cms;

	ok(!mo_keyring_new(&none, NULL));
	ok(!mo_authenticode_parse(s.p, s.len, 0, &cms, NULL));
	certs = mo_der_open(&doc, cms.certs.p, cms.certs.len, NULL);
	/* The second of those that it brings, whole, and by the digest of what is signed in it */
	mo_der_take_whole(&certs, MO_DER_SEQUENCE, &in);
	cert = mo_der_take_whole(&certs, MO_DER_SEQUENCE, &in);
	ok(cert.len > 100);
	list(&b, x509_type, cert.p, 1, cert.len, 0);
	ok(signer(&b, &s, none));
	b.data[b.len - 1]++;
	ok(!signer(&b, &s, none));
	cert = mo_der_take_whole(&in, MO_DER_SEQUENCE, &fields);
	ok(!mo_hash_bytes(MO_SHA256, cert.p, cert.len, tbs, NULL));
	mo_buf_reset(&b);
	list(&b, tbs_type, tbs, 1, 32, 16);
	ok(signer(&b, &s, none));
	tbs[0]++;
	mo_buf_reset(&b);
	list(&b, tbs_type, tbs, 1, 32, 16);
	ok(!signer(&b, &s, none));
	/* The keyring's */
	mo_buf_reset(&b);
	list(&b, x509_type, other.p, 1, other.len, 0);
	ok(!signer(&b, &s, none));
	ok(signer(&b, &s, ring));
	mo_buf_release(&b);
	mo_keyring_free(none);
	mo_keyring_free(ring);
	free(other.p);
	free(s.p);
}

TEST_MAIN
