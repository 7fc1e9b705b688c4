/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "der/x509.h"

#include "der/profile.h"

#define OID_SKI	  "\x55\x1d\x0e"
#define DEPTH_MAX 24

/* X.690, 11.1: TRUE is 0xff. OpenSSL keeps any byte, and writes it again. */
static bool boolean_ok(struct mo_view v)
{
	return v.len == 1 && (v.p[0] == 0 || v.p[0] == 0xff);
}

/*
 * X.690, 10.2: strings are primitive; SEQUENCE and SET are not. OpenSSL takes a string in pieces,
 * and writes it in one.
 */
static bool form_ok(uint8_t tag)
{
	if (tag & 0xc0)
		return true;
	return (tag & 0x20 ? tag == MO_DER_SEQUENCE || tag == MO_DER_SET
			   : tag && tag != (MO_DER_SEQUENCE & 0x1f) && tag != (MO_DER_SET & 0x1f));
}

/*
 * Looks into all that is constructed. A certificate nests about 10 deep; the limit keeps a hostile
 * one from taking the stack.
 */
static void walk(struct mo_der *d, unsigned depth)
{
	while (!mo_der_bad(d) && d->rest.len) {
		uint64_t at = mo_der_offset(d);
		uint8_t tag = 0;
		struct mo_der in = mo_der_take_any(d, &tag);

		if (mo_der_bad(d))
			return;
		if (!form_ok(tag))
			d->doc->rc = mo_fail(d->doc->err, MODULO_MALFORMED, at, "der.tag",
					     "an element 0x%02x, which is not DER", tag);
		else if (tag == MO_DER_BOOLEAN && !boolean_ok(in.rest))
			d->doc->rc = mo_fail(d->doc->err, MODULO_MALFORMED, at, "der.boolean",
					     "a BOOLEAN that is neither 0 nor 255");
		else if (tag & 0x20 && depth == DEPTH_MAX)
			d->doc->rc = mo_fail(d->doc->err, MODULO_LIMIT, at, "der.depth",
					     "elements nest more than %d deep", DEPTH_MAX);
		else if (tag & 0x20)
			walk(&in, depth + 1);
	}
}

/* SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
static int read_extension(struct mo_der *list, struct mo_x509 *out)
{
	uint64_t at = mo_der_offset(list);
	struct mo_der ext = mo_der_take(list, MO_DER_SEQUENCE), value;
	struct mo_view oid = mo_der_take(&ext, MO_DER_OID).rest, id;

	if (mo_der_peek(&ext) == MO_DER_BOOLEAN)
		mo_der_take(&ext, MO_DER_BOOLEAN);
	value = mo_der_take(&ext, MO_DER_OCTETS);
	mo_der_end(&ext);
	if (mo_der_bad(list) || !MO_OID_IS(oid, OID_SKI))
		return mo_der_bad(list);
	id = mo_der_take(&value, MO_DER_OCTETS).rest;
	mo_der_end(&value);
	if (mo_der_bad(list))
		return mo_der_bad(list);
	if (out->key_id.len || !id.len)
		return mo_fail(list->doc->err, MODULO_MALFORMED, at, "x509.keyid",
			       "an empty or a second subjectKeyIdentifier");
	out->key_id = id;
	return 0;
}

int mo_der_walk(struct mo_der d)
{
	walk(&d, 0);
	return mo_der_bad(&d);
}

static int read_tbs(struct mo_der *d, struct mo_x509 *out)
{
	struct mo_der in, list;
	int rc = 0;

	if (mo_der_peek(d) == MO_DER_CONTEXT_CONS + 0)
		mo_der_take(d, MO_DER_CONTEXT_CONS + 0); /* version */
	out->serial = mo_der_take(d, MO_DER_INTEGER).rest;
	mo_der_take(d, MO_DER_SEQUENCE); /* signature algorithm */
	out->issuer = mo_der_take_whole(d, MO_DER_SEQUENCE, &in);
	mo_der_take(d, MO_DER_SEQUENCE); /* validity */
	out->subject = mo_der_take_whole(d, MO_DER_SEQUENCE, &in);
	mo_der_take(d, MO_DER_SEQUENCE); /* subject's public key */
	for (uint8_t i = 1; i <= 2; i++)
		if (mo_der_peek(d) == MO_DER_CONTEXT + i)
			mo_der_take(d, (uint8_t)(MO_DER_CONTEXT + i)); /* unique identifiers */
	if (mo_der_peek(d) == MO_DER_CONTEXT_CONS + 3) {
		in = mo_der_take(d, MO_DER_CONTEXT_CONS + 3);
		list = mo_der_take(&in, MO_DER_SEQUENCE);
		mo_der_end(&in);
		while (!rc && !mo_der_bad(&list) && list.rest.len)
			rc = read_extension(&list, out);
	}
	mo_der_end(d);
	return rc ? rc : mo_der_bad(d);
}

int mo_x509_parse(const uint8_t *der, size_t len, struct mo_x509 *out, struct modulo_error *err)
{
	struct mo_x509 x = { 0 };
	struct mo_der_doc doc;
	struct mo_der all = mo_der_open(&doc, der, len, err), again = all, cert, tbs;
	int rc;

	walk(&again, 0);
	cert = mo_der_take(&all, MO_DER_SEQUENCE);
	mo_der_end(&all);
	tbs = mo_der_take(&cert, MO_DER_SEQUENCE);
	mo_der_take(&cert, MO_DER_SEQUENCE);
	mo_der_take(&cert, MO_DER_BITS);
	mo_der_end(&cert);
	if (doc.rc)
		return doc.rc;
	rc = read_tbs(&tbs, &x);
	if (rc)
		return rc;
	*out = x;
	return 0;
}
