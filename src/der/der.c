/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "der/der.h"

#include "base/cursor.h"

struct mo_der mo_der_open(struct mo_der_doc *doc, const uint8_t *p, size_t len,
			  struct modulo_error *err)
{
	*doc = (struct mo_der_doc){ .start = p, .err = err };
	return (struct mo_der){ doc, { p, len } };
}

/* Reads on after a failure find nothing, and fail silently. */
static struct mo_der nothing(struct mo_der *d)
{
	d->rest.len = 0;
	return *d;
}

/* The length octets behind an identifier; false: none that DER allows here. */
static bool read_length(struct mo_cursor *c, size_t *len)
{
	uint8_t first = mo_cur_u8(c);
	size_t nr = first & 0x7f;

	if (first < 0x80) {
		*len = first;
		return !c->bad;
	}
	/* 0x80 is the indefinite form; more than 4 octets cannot be inside anything that is read
	 * here. */
	if (c->bad || nr == 0 || nr > 4)
		return false;
	c->big = true;
	*len = (size_t)mo_cur_uint(c, nr);
	return !c->bad && *len >= 0x80 && *len >> (8 * (nr - 1)) != 0;
}

struct mo_der mo_der_take_any(struct mo_der *d, uint8_t *tag)
{
	struct mo_der_doc *doc = d->doc;
	struct mo_cursor c = mo_cur(d->rest.p, d->rest.len);
	struct mo_der in = { .doc = doc };
	uint8_t id = mo_cur_u8(&c);
	size_t len;

	if (doc->rc)
		return nothing(d);
	if (c.bad || (id & 0x1f) == 0x1f) {
		doc->rc = mo_fail(doc->err, MODULO_MALFORMED, mo_der_offset(d), "der.tag",
				  c.bad ? "an element is missing" : "a tag of 31 or more");
		return nothing(d);
	}
	if (!read_length(&c, &len) || len > mo_cur_left(&c)) {
		doc->rc = mo_fail(doc->err, MODULO_MALFORMED, mo_der_offset(d), "der.length",
				  "the length is indefinite, not minimal or beyond its container");
		return nothing(d);
	}
	in.rest = (struct mo_view){ d->rest.p + c.at, len };
	d->rest = (struct mo_view){ in.rest.p + len, d->rest.len - c.at - len };
	*tag = id;
	return in;
}

struct mo_der mo_der_take(struct mo_der *d, uint8_t tag)
{
	struct mo_der_doc *doc = d->doc;
	uint8_t id = mo_der_peek(d);

	if (!doc->rc && d->rest.len && id != tag) {
		doc->rc = mo_fail(doc->err, MODULO_MALFORMED, mo_der_offset(d), "der.tag",
				  "an element 0x%02x where 0x%02x belongs", id, tag);
		return nothing(d);
	}
	return mo_der_take_any(d, &id);
}

struct mo_view mo_der_take_whole(struct mo_der *d, uint8_t tag, struct mo_der *content)
{
	const uint8_t *from = d->rest.p;

	*content = mo_der_take(d, tag);
	return (struct mo_view){ from, (size_t)(d->rest.p - from) };
}

struct mo_view mo_der_take_integer(struct mo_der *d)
{
	uint64_t at = mo_der_offset(d);
	struct mo_view v = mo_der_take(d, MO_DER_INTEGER).rest;
	struct mo_der_doc *doc = d->doc;

	if (doc->rc)
		return v;
	if (!v.len || v.p[0] & 0x80 || (v.len > 1 && !v.p[0] && !(v.p[1] & 0x80)))
		doc->rc = mo_fail(doc->err, MODULO_MALFORMED, at, "der.integer",
				  "the integer is empty, negative or not minimal");
	return v;
}

void mo_der_end(struct mo_der *d)
{
	if (!d->doc->rc && d->rest.len)
		d->doc->rc = mo_fail(d->doc->err, MODULO_MALFORMED, mo_der_offset(d), "der.slack",
				     "%zu bytes are left over", d->rest.len);
}

bool mo_der_oid_ok(struct mo_view oid)
{
	size_t arc = 0; /* octets of the arc at hand */

	for (size_t i = 0; i < oid.len; i++) {
		if (!arc++ && oid.p[i] == 0x80)
			return false;
		if (arc > 9)
			return false;
		if (!(oid.p[i] & 0x80))
			arc = 0;
	}
	return oid.len && !arc;
}
