/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The DER reader by itself, and the certificates' reader on top of it. */
#include "der/der.h"
#include "der/x509.h"
#include "samples.h"
#include "tap.h"

#define OPEN(...)                                                                                  \
	const uint8_t bytes[] = { __VA_ARGS__ };                                                   \
	struct modulo_error err = { 0 };                                                           \
	struct mo_der_doc doc;                                                                     \
	struct mo_der d = mo_der_open(&doc, bytes, sizeof(bytes), &err)

TEST(elements)
{
	OPEN(0x30, 0x05, 0x02, 0x01, 0x07, 0x05, 0x00, 0x04, 0x00);
	struct mo_der seq = mo_der_take(&d, MO_DER_SEQUENCE), whole;
	struct mo_view v;

	ok(seq.rest.len == 5 && mo_der_offset(&seq) == 2);
	v = mo_der_take_integer(&seq);
	ok(v.len == 1 && v.p[0] == 7);
	ok(mo_der_peek(&seq) == MO_DER_NULL);
	v = mo_der_take_whole(&seq, MO_DER_NULL, &whole);
	ok(v.len == 2 && v.p == bytes + 5 && whole.rest.len == 0);
	mo_der_end(&seq);
	ok(!mo_der_bad(&seq) && mo_der_peek(&seq) == 0);
	ok(mo_der_take(&d, MO_DER_OCTETS).rest.len == 0);
	mo_der_end(&d);
	ok(!mo_der_bad(&d) && !err.rc);
}

TEST(lengths)
{
	static const struct {
		uint8_t der[8];
		size_t len;
		bool good;
	} cases[] = {
		{ { 0x04, 0x01, 0xaa }, 3, true },
		{ { 0x04, 0x00 }, 2, true },
		{ { 0x04 }, 1, false },
		{ { 0x04, 0x02, 0xaa }, 3, false },
		{ { 0x04, 0x80, 0x00, 0x00 }, 4, false },
		{ { 0x04, 0x81, 0x01, 0xaa }, 4, false },
		{ { 0x04, 0x81 }, 2, false },
		{ { 0x04, 0x82, 0x00, 0x01, 0xaa }, 5, false },
		{ { 0x04, 0x84, 0xff, 0xff, 0xff, 0xff }, 6, false },
		{ { 0x04, 0x85, 0, 0, 0, 0, 1 }, 8, false },
		{ { 0x04, 0xff }, 2, false },
	};
	uint8_t *longer = calloc(1, 70000);

	for (size_t i = 0; i < MO_NR(cases); i++) {
		struct modulo_error err = { 0 };
		struct mo_der_doc doc;
		struct mo_der d = mo_der_open(&doc, cases[i].der, cases[i].len, &err);

		mo_der_take(&d, MO_DER_OCTETS);
		ok(!mo_der_bad(&d) == cases[i].good);
		if (!cases[i].good)
			ok_str(err.id, "der.length");
	}
	/* each length form at both its ends */
	for (size_t len = 0; longer && len < 65540; len = len == 0x80	 ? 0xff
							  : len == 0x100 ? 0xffff
									 : len + 1) {
		struct mo_der_doc doc;
		size_t n = len < 0x80 ? 0 : len < 0x100 ? 1 : len < 0x10000 ? 2 : 3;
		struct mo_der d = mo_der_open(&doc, longer, 2 + n + len, NULL);

		longer[0] = MO_DER_OCTETS;
		longer[1] = (uint8_t)(n ? 0x80 + n : len);
		for (size_t k = 0; k < n; k++)
			longer[2 + k] = (uint8_t)(len >> 8 * (n - 1 - k));
		ok(mo_der_take(&d, MO_DER_OCTETS).rest.len == len);
		mo_der_end(&d);
		ok(!mo_der_bad(&d));
	}
	free(longer);
}

TEST(sticky)
{
	OPEN(0x30, 0x03, 0x02, 0x01, 0x80, 0x04, 0x01, 0xaa);
	struct mo_der seq = mo_der_take(&d, MO_DER_SEQUENCE);
	uint8_t tag = 0;

	mo_der_take_integer(&seq);
	ok_str(err.id, "der.integer");
	ok(err.offset == 2 && mo_der_bad(&seq) == MODULO_MALFORMED);
	/* the other readers of the document find nothing from here on */
	ok(mo_der_bad(&d) == MODULO_MALFORMED);
	ok(mo_der_take(&d, MO_DER_OCTETS).rest.len == 0);
	ok(mo_der_take_any(&d, &tag).rest.len == 0 && tag == 0);
	mo_der_end(&d);
	ok_str(err.id, "der.integer");
	ok(err.offset == 2);
}

TEST(tags)
{
	OPEN(0x04, 0x01, 0xaa);
	ok(mo_der_take(&d, MO_DER_INTEGER).rest.len == 0);
	ok_str(err.id, "der.tag");
	ok(err.offset == 0);
}

TEST(long_tag)
{
	OPEN(0x05, 0x00, 0x1f, 0x01, 0x00);
	uint8_t tag = 0;

	mo_der_take_any(&d, &tag);
	ok(tag == MO_DER_NULL && !mo_der_bad(&d));
	mo_der_take_any(&d, &tag);
	ok_str(err.id, "der.tag");
	ok(err.offset == 2 && tag == MO_DER_NULL);
}

TEST(missing)
{
	OPEN(0x30, 0x00);
	struct mo_der seq = mo_der_take(&d, MO_DER_SEQUENCE);

	ok(!mo_der_bad(&d));
	mo_der_take(&seq, MO_DER_INTEGER);
	ok_str(err.id, "der.tag");
	ok(err.offset == 2);
}

TEST(slack)
{
	OPEN(0x05, 0x00, 0x00);
	mo_der_take(&d, MO_DER_NULL);
	mo_der_end(&d);
	ok_str(err.id, "der.slack");
	ok(err.offset == 2);
}

TEST(integers)
{
	static const struct {
		uint8_t der[6];
		bool good;
	} cases[] = {
		{ { 2, 1, 0 }, true },	      { { 2, 1, 0x7f }, true },
		{ { 2, 2, 0, 0x80 }, true },  { { 2, 3, 1, 0, 0 }, true },
		{ { 2, 0 }, false },	      { { 2, 1, 0x80 }, false },
		{ { 2, 2, 0, 0x7f }, false }, { { 2, 2, 0, 0 }, false },
		{ { 2, 2, 0xff, 1 }, false }, { { 2, 3, 0, 0, 0x80 }, false },
	};

	for (size_t i = 0; i < MO_NR(cases); i++) {
		struct modulo_error err = { 0 };
		struct mo_der_doc doc;
		struct mo_der d = mo_der_open(&doc, cases[i].der, 2u + cases[i].der[1], &err);
		struct mo_view v = mo_der_take_integer(&d);

		ok(!mo_der_bad(&d) == cases[i].good);
		ok(!cases[i].good || v.len == cases[i].der[1]);
		if (!cases[i].good)
			ok_str(err.id, "der.integer");
	}
}

static bool oid_ok(const char *hex)
{
	uint8_t oid[32];
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++)
		sscanf(hex + 2 * i, "%2hhx", &oid[i]);
	return mo_der_oid_ok((struct mo_view){ oid, n });
}

TEST(oids)
{
	ok(oid_ok("550403") && oid_ok("00") && oid_ok("2a864886f70d010701") && oid_ok("88808001"));
	ok(oid_ok("55ffffffffffffffff7f"));
	ok(!oid_ok("") && !oid_ok("5580") && !oid_ok("558003") && !oid_ok("80") && !oid_ok("8001"));
	ok(!oid_ok("5581ffffffffffffffff7f"));
}

TEST(certificate)
{
	struct sample c = cms_sample("rsa2048.crt");
	struct modulo_error err = { 0 };
	struct mo_x509 x;

	ok(!mo_x509_parse(c.p, c.len, &x, &err));
	ok(x.serial.len == 20 && x.key_id.len == 20 && x.issuer.len > 60);
	ok(mo_view_same(x.issuer, x.subject) && x.issuer.p < x.subject.p);
	for (size_t n = 0; n < c.len; n++) {
		uint8_t *cut = malloc(n ? n : 1);

		memcpy(cut, c.p, n);
		ok(mo_x509_parse(cut, n, &x, NULL));
		free(cut);
	}
	free(c.p);
}

/* a certificate of nothing but what its reader looks at; ext goes into the extensions */
static int parse_minimal(const uint8_t *ext, size_t ext_len, struct mo_x509 *x,
			 struct modulo_error *err)
{
	static const uint8_t head[] = { 2, 1, 0xff, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0 };
	static const uint8_t tail[] = { 0x30, 0, 3, 0 };
	uint8_t der[256] = { 0x30 }, *p = der + 2;
	size_t tbs = sizeof(head) + 4 + ext_len;

	*p++ = 0x30;
	*p++ = (uint8_t)tbs;
	memcpy(p, head, sizeof(head));
	p += sizeof(head);
	*p++ = 0xa3;
	*p++ = (uint8_t)(ext_len + 2);
	*p++ = 0x30;
	*p++ = (uint8_t)ext_len;
	memcpy(p, ext, ext_len);
	p += ext_len;
	memcpy(p, tail, sizeof(tail));
	der[1] = (uint8_t)(2 + tbs + sizeof(tail));
	return mo_x509_parse(der, 2u + der[1], x, err);
}

TEST(extensions)
{
#define SKI(len, ...) 0x30, 7 + 2 + len, 6, 3, 0x55, 0x1d, 0x0e, 4, 2 + len, 4, len, ##__VA_ARGS__
	static const uint8_t one[] = { SKI(1, 0xaa) }, two[] = { SKI(1, 0xaa), SKI(1, 0xaa) },
			     empty[] = { SKI(0) };
	static const uint8_t critical[] = { 0x30, 13,	6, 3, 0x55, 0x1d, 0x0e, 1,
					    1,	  0xff, 4, 3, 4,    1,	  0xbb };
	static const uint8_t truth[] = { 0x30, 13,   6, 3, 0x55, 0x1d, 0x0e, 1,
					 1,    0x01, 4, 3, 4,	 1,    0xbb };
	static const uint8_t other[] = { 0x30, 10, 6, 3, 0x55, 0x1d, 0x0f, 4, 3, 3, 1, 0xcc };
	struct modulo_error err = { 0 };
	struct mo_x509 x = { 0 };

	ok(!parse_minimal(one, sizeof(one), &x, &err) && x.key_id.len == 1 && x.serial.len == 1);
	ok(!parse_minimal(critical, sizeof(critical), &x, &err) && x.key_id.len == 1);
	ok(!parse_minimal(other, sizeof(other), &x, &err) && x.key_id.len == 0);
	ok(parse_minimal(two, sizeof(two), &x, &err));
	ok_str(err.id, "x509.keyid");
	err = (struct modulo_error){ 0 };
	ok(parse_minimal(empty, sizeof(empty), &x, &err));
	ok_str(err.id, "x509.keyid");
	err = (struct modulo_error){ 0 };
	ok(parse_minimal(truth, sizeof(truth), &x, &err));
	ok_str(err.id, "der.boolean");
}

TEST(depth)
{
	uint8_t deep[200];
	struct modulo_error err = { 0 };
	struct mo_x509 x;

	for (size_t i = 0; i < 50; i++) {
		deep[2 * i] = 0x30;
		deep[2 * i + 1] = (uint8_t)(98 - 2 * i);
	}
	ok(mo_x509_parse(deep, 100, &x, &err) == MODULO_LIMIT);
	ok_str(err.id, "der.depth");
}

TEST_MAIN
