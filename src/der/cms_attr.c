/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signed attributes (RFC 5652, 5.3 and 11): contentType, messageDigest and, optionally,
 * signingTime, each SEQUENCE { OID, SET { one value } }, all in the order of a DER SET OF
 * (X.690, 11.6).
 */
#include <string.h>

#include "der/profile.h"

#define OID_PKCS9 "\x2a\x86\x48\x86\xf7\x0d\x01\x09"

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

/* RFC 5652, 11.3: UTCTime for the years 1950 to 2049, GeneralizedTime for all others. */
static bool signing_time_ok(uint8_t tag, struct mo_view v)
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

/* X.690, 11.6: the shorter one counts as padded with zero octets. */
static bool ascending(struct mo_view a, struct mo_view b)
{
	size_t n = MO_MIN(a.len, b.len);
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c < 0 || (c == 0 && a.len < b.len);
}

/* false: an attribute that the profile lacks, has already, or has with another value */
static bool note(struct mo_view type, uint8_t tag, struct mo_view value, bool *content_type,
		 struct mo_cms *out)
{
	if (MO_OID_IS(type, OID_PKCS9 "\x03") && !*content_type) {
		*content_type = true;
		return tag == MO_DER_OID && MO_OID_IS(value, MO_OID_DATA);
	}
	if (MO_OID_IS(type, OID_PKCS9 "\x04") && !out->message_digest.len) {
		out->message_digest = value;
		return tag == MO_DER_OCTETS && value.len == mo_alg_len(out->hash);
	}
	if (MO_OID_IS(type, OID_PKCS9 "\x05") && !out->signing_time.len) {
		out->signing_time = value;
		return signing_time_ok(tag, value);
	}
	return false;
}

int mo_cms_read_attrs(struct mo_der *set, struct mo_cms *out)
{
	struct modulo_error *err = set->doc->err;
	uint64_t start = mo_der_offset(set), at;
	struct mo_view last = { NULL, 0 };
	bool content_type = false;

	while (!mo_der_bad(set) && set->rest.len) {
		struct mo_der attr, values, value;
		struct mo_view whole, type;
		uint8_t tag = 0;

		at = mo_der_offset(set);
		whole = mo_der_take_whole(set, MO_DER_SEQUENCE, &attr);
		type = mo_der_take(&attr, MO_DER_OID).rest;
		values = mo_der_take(&attr, MO_DER_SET);
		mo_der_end(&attr);
		value = mo_der_take_any(&values, &tag);
		if (mo_der_bad(set))
			break;
		if (values.rest.len)
			return mo_fail(err, MODULO_MALFORMED, mo_der_offset(&values), "cms.attr",
				       "more than one value");
		if (!ascending(last, whole))
			return mo_fail(err, MODULO_MALFORMED, at, "cms.attr",
				       "the signed attributes are not in the order of a SET");
		if (!note(type, tag, value.rest, &content_type, out))
			return mo_fail(err, MODULO_MALFORMED, at, "cms.attr",
				       "an unknown or doubled signed attribute, or a wrong value");
		last = whole;
	}
	if (mo_der_bad(set))
		return mo_der_bad(set);
	if (!content_type || !out->message_digest.len)
		return mo_fail(err, MODULO_MALFORMED, start, "cms.attr",
			       "no %s among the signed attributes",
			       content_type ? "messageDigest" : "contentType");
	return 0;
}
