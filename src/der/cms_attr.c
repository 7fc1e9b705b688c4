/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signed attributes (RFC 5652, 5.3 and 11): contentType, messageDigest and others that a profile
 * has, each SEQUENCE { OID, SET { one value } }, all in the order of a DER SET OF (X.690, 11.6).
 */
#include <string.h>

#include "der/profile.h"

static unsigned two_digits(const uint8_t *p)
{
	return (p[0] - (unsigned)'0') * 10 + (p[1] - (unsigned)'0');
}

/* Of the digits of a GeneralizedTime. */
static bool time_ok(const uint8_t *p)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	unsigned year = two_digits(p) * 100 + two_digits(p + 2), month = two_digits(p + 4),
		 day = two_digits(p + 6);
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return month >= 1 && month <= 12 && day >= 1 &&
	       day <= days[month - 1] + (leap && month == 2 ? 1u : 0u) && two_digits(p + 8) < 24 &&
	       two_digits(p + 10) < 60 && two_digits(p + 12) < 60;
}

bool mo_der_time_ok(uint8_t tag, struct mo_view v)
{
	uint8_t digits[14];
	size_t nr = tag == MO_DER_UTCTIME ? 12 : 14;

	if ((tag != MO_DER_UTCTIME && tag != MO_DER_GENERALTIME) || v.len != nr + 1 ||
	    v.p[nr] != 'Z')
		return false;
	for (size_t i = 0; i < nr; i++)
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
	memcpy(digits + 14 - nr, v.p, nr);
	if (tag == MO_DER_UTCTIME)
		memcpy(digits, v.p[0] < '5' ? "20" : "19", 2);
	else if (memcmp(digits, "1950", 4) >= 0 && memcmp(digits, "2049", 4) <= 0)
		return false;
	return time_ok(digits);
}

bool mo_der_ascending(struct mo_view a, struct mo_view b)
{
	size_t n = MO_MIN(a.len, b.len);
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c < 0 || (c == 0 && a.len < b.len);
}

unsigned mo_cms_note(struct mo_attr *a, const char *content_type, size_t len, struct mo_cms *out)
{
	struct mo_view value = a->value.rest;

	if (MO_OID_IS(a->type, MO_OID_PKCS9 "\x03"))
		return a->tag == MO_DER_OID && mo_oid_is(value, content_type, len) ? MO_ATTR_TYPE
										   : 0;
	if (MO_OID_IS(a->type, MO_OID_PKCS9 "\x04")) {
		out->message_digest = value;
		return a->tag == MO_DER_OCTETS && value.len == mo_alg_len(out->hash)
			       ? MO_ATTR_DIGEST
			       : 0;
	}
	if (MO_OID_IS(a->type, MO_OID_PKCS9 "\x05")) {
		out->signing_time = value;
		return mo_der_time_ok(a->tag, value) ? MO_ATTR_TIME : 0;
	}
	return 0;
}

int mo_cms_read_attrs(struct mo_der *set, unsigned (*note)(struct mo_attr *a, struct mo_cms *out),
		      struct mo_cms *out)
{
	struct modulo_error *err = set->doc->err;
	uint64_t start = mo_der_offset(set), at;
	struct mo_view last = { NULL, 0 };
	unsigned had = 0, one;

	while (!mo_der_bad(set) && set->rest.len) {
		struct mo_der attr, values;
		struct mo_view whole;
		struct mo_attr a;

		at = mo_der_offset(set);
		whole = mo_der_take_whole(set, MO_DER_SEQUENCE, &attr);
		a.type = mo_der_take(&attr, MO_DER_OID).rest;
		values = mo_der_take(&attr, MO_DER_SET);
		mo_der_end(&attr);
		a.tag = 0;
		a.value = mo_der_take_any(&values, &a.tag);
		if (mo_der_bad(set))
			break;
		if (values.rest.len)
			return mo_fail(err, MODULO_MALFORMED, mo_der_offset(&values), "cms.attr",
				       "more than one value");
		if (!mo_der_ascending(last, whole))
			return mo_fail(err, MODULO_MALFORMED, at, "cms.attr",
				       "the signed attributes are not in the order of a SET");
		one = note(&a, out);
		if (mo_der_bad(set))
			break;
		if (!one || had & one)
			return mo_fail(err, MODULO_MALFORMED, at, "cms.attr",
				       "an unknown or doubled signed attribute, or a wrong value");
		had |= one;
		last = whole;
	}
	if (mo_der_bad(set))
		return mo_der_bad(set);
	if (!(had & MO_ATTR_TYPE) || !(had & MO_ATTR_DIGEST))
		return mo_fail(err, MODULO_MALFORMED, start, "cms.attr",
			       "no %s among the signed attributes",
			       had & MO_ATTR_TYPE ? "messageDigest" : "contentType");
	return 0;
}
