/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The attributes of an Authenticode signature, signed ones and others: what signers were seen to
 * write, each with the values that they write (doc/formats/authenticode.md, "What signers write").
 */
#include "der/authenticode_parts.h"

#define OID_COUNTERSIGNATURE MO_OID_PKCS9 "\x06"
#define OID_CAPABILITIES     MO_OID_PKCS9 "\x0f"
#define OID_STATEMENT	     MO_OID_SPC "\x0b"
#define OID_OPUS	     MO_OID_SPC "\x0c"
#define OID_INDIVIDUAL	     MO_OID_SPC "\x15"
#define OID_COMMERCIAL	     MO_OID_SPC "\x16"
#define OID_NESTED	     "\x2b\x06\x01\x04\x01\x82\x37\x02\x04\x01"
#define OID_TIMESTAMP	     "\x2b\x06\x01\x04\x01\x82\x37\x03\x03\x01"

#define OPUS_MAX 512

/*
 * SMIMECapabilities (RFC 8551, 2.5.2): those of OpenSSL's PKCS7_sign_add_signer(), of which a build
 * leaves out what it lacks, in its order.
 */
static bool capabilities_ok(struct mo_der list)
{
	static const struct mo_view known[] = {
#define CAPABILITY(s) { (const uint8_t *)(s), sizeof(s) - 1 }
		CAPABILITY("\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2a"), /* AES-256 */
		CAPABILITY("\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x16"), /* AES-192 */
		CAPABILITY("\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x02"), /* AES-128 */
		CAPABILITY("\x30\x0a\x06\x08\x2a\x86\x48\x86\xf7\x0d\x03\x07"),	    /* 3DES */
		CAPABILITY("\x30\x0e\x06\x08\x2a\x86\x48\x86\xf7\x0d\x03\x02\x02\x02\x00\x80"),
		CAPABILITY("\x30\x0d\x06\x08\x2a\x86\x48\x86\xf7\x0d\x03\x02\x02\x01\x40"),
		CAPABILITY("\x30\x07\x06\x05\x2b\x0e\x03\x02\x07"), /* DES */
		CAPABILITY("\x30\x0d\x06\x08\x2a\x86\x48\x86\xf7\x0d\x03\x02\x02\x01\x28"),
#undef CAPABILITY
	};
	size_t i = 0;

	while (list.rest.len) {
		struct mo_der in;
		struct mo_view one = mo_der_take_whole(&list, MO_DER_SEQUENCE, &in);

		while (i < MO_NR(known) && !mo_view_same(known[i], one))
			i++;
		if (i++ == MO_NR(known))
			return false;
	}
	return true;
}

static bool is_ia5(struct mo_view s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return s.len && s.len <= OPUS_MAX;
}

static bool is_bmp(struct mo_view s)
{
	return s.len && s.len <= OPUS_MAX && mo_der_bmp_ok(s);
}

/* The one element of an explicit tag that d may begin with; false: it is there, and wrong. */
static bool choice_ok(struct mo_der *d, unsigned nr, uint8_t ia5, uint8_t bmp)
{
	struct mo_der in;
	struct mo_view s;
	uint8_t tag = 0;

	if (mo_der_peek(d) != MO_DER_CONTEXT_CONS + nr)
		return true;
	in = mo_der_take(d, (uint8_t)(MO_DER_CONTEXT_CONS + nr));
	s = mo_der_take_any(&in, &tag).rest;
	mo_der_end(&in);
	return mo_der_bad(d) || (tag == ia5 && is_ia5(s)) || (bmp && tag == bmp && is_bmp(s));
}

/*
 * SpcSpOpusInfo ::= SEQUENCE { programName [0] EXPLICIT SpcString, moreInfo [1] EXPLICIT SpcLink },
 * both optional; of links only addresses (url [0] IA5String).
 */
static bool opus_ok(struct mo_der opus)
{
	bool name = choice_ok(&opus, 0, MO_DER_CONTEXT + 1, MO_DER_CONTEXT + 0),
	     more = choice_ok(&opus, 1, MO_DER_CONTEXT + 0, 0);

	mo_der_end(&opus);
	return name && more;
}

/* SpcStatementType ::= SEQUENCE OF OBJECT IDENTIFIER: one. */
static bool statement_ok(struct mo_der list)
{
	struct mo_view oid = mo_der_take(&list, MO_DER_OID).rest;

	mo_der_end(&list);
	return mo_der_bad(&list) || MO_OID_IS(oid, OID_INDIVIDUAL) ||
	       MO_OID_IS(oid, OID_COMMERCIAL);
}

unsigned mo_authenticode_note(struct mo_attr *a, struct mo_cms *out)
{
	bool list = a->tag == MO_DER_SEQUENCE;

	if (MO_OID_IS(a->type, OID_CAPABILITIES))
		return list && capabilities_ok(a->value) ? MO_ATTR_CAPABILITIES : 0;
	if (MO_OID_IS(a->type, OID_STATEMENT))
		return list && statement_ok(a->value) ? MO_ATTR_STATEMENT : 0;
	if (MO_OID_IS(a->type, OID_OPUS)) {
		out->opus = a->value.rest;
		return list && opus_ok(a->value) ? MO_ATTR_OPUS : 0;
	}
	return mo_cms_note(a, MO_OID_SPC_INDIRECT, sizeof(MO_OID_SPC_INDIRECT) - 1, out);
}

static unsigned unsigned_kind(struct mo_view oid)
{
	return MO_OID_IS(oid, OID_NESTED)	      ? MO_UNSIGNED_NESTED
	       : MO_OID_IS(oid, OID_TIMESTAMP)	      ? MO_UNSIGNED_TIMESTAMP
	       : MO_OID_IS(oid, OID_COUNTERSIGNATURE) ? MO_UNSIGNED_COUNTERSIGNATURE
						      : 0;
}

/* SET OF Attribute { OID, SET OF value }: what the values mean is not looked at. */
int mo_authenticode_unsigned(struct mo_der *d, unsigned allow, struct mo_cms *out)
{
	struct modulo_error *err = d->doc->err;
	uint64_t at = mo_der_offset(d);
	struct mo_view last = { NULL, 0 };
	struct mo_der set;

	out->unsigned_attrs = mo_der_take_whole(d, MO_DER_CONTEXT_CONS + 1, &set);
	if (!mo_der_bad(d) && !(allow & MO_ALLOW_UNSIGNED_ATTRIBUTES))
		return mo_fail(err, MODULO_MALFORMED, at, "cms.unsigned", "unsigned attributes");
	if (!mo_der_bad(d) && !set.rest.len)
		return mo_fail(err, MODULO_MALFORMED, at, "cms.unsigned",
			       "an empty set of unsigned attributes");
	while (!mo_der_bad(d) && set.rest.len) {
		struct mo_der attr, values;
		struct mo_view whole, type;
		unsigned kind;

		at = mo_der_offset(&set);
		whole = mo_der_take_whole(&set, MO_DER_SEQUENCE, &attr);
		type = mo_der_take(&attr, MO_DER_OID).rest;
		values = mo_der_take(&attr, MO_DER_SET);
		mo_der_end(&attr);
		if (mo_der_bad(d) || mo_der_walk(values))
			break;
		kind = unsigned_kind(type);
		if (!kind || out->unsigned_kinds & kind || !values.rest.len)
			return mo_fail(err, kind ? MODULO_MALFORMED : MODULO_UNSUPPORTED, at,
				       "cms.unsigned",
				       "an unknown, doubled or empty unsigned attribute");
		if (!mo_der_ascending(last, whole))
			return mo_fail(err, MODULO_MALFORMED, at, "cms.unsigned",
				       "the unsigned attributes are not in the order of a SET");
		last = whole;
		out->unsigned_kinds |= kind;
		out->nr_unsigned++;
	}
	return mo_der_bad(d);
}
