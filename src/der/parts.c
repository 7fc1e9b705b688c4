/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all profiles of SignedData share around and in a SignerInfo (RFC 5652). */
#include "der/profile.h"

#define OID_SIGNED_DATA "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"

#define SERIAL_MAX 20

int mo_cms_open(struct mo_der *all, struct mo_der *data)
{
	struct mo_der info, explicit;
	struct mo_view oid;
	uint64_t at;

	info = mo_der_take(all, MO_DER_SEQUENCE);
	mo_der_end(all);
	at = mo_der_offset(&info);
	oid = mo_der_take(&info, MO_DER_OID).rest;
	if (!mo_der_bad(all) && !MO_OID_IS(oid, OID_SIGNED_DATA))
		return mo_fail(all->doc->err, MODULO_UNSUPPORTED, at, "cms.type",
			       "not signed data");
	explicit = mo_der_take(&info, MO_DER_CONTEXT_CONS + 0);
	mo_der_end(&info);
	*data = mo_der_take(&explicit, MO_DER_SEQUENCE);
	mo_der_end(&explicit);
	return mo_der_bad(all);
}

unsigned mo_cms_read_version(struct mo_der *d, int *rc)
{
	uint64_t at = mo_der_offset(d);
	struct mo_view v = mo_der_take_integer(d);

	*rc = mo_der_bad(d);
	if (!*rc && (v.len != 1 || (v.p[0] != 1 && v.p[0] != 3)))
		*rc = mo_fail(d->doc->err, MODULO_MALFORMED, at, "cms.version",
			      "a version that is not 1 or 3");
	return *rc ? 0 : v.p[0];
}

int mo_cms_take_only(struct mo_der *d, const char *what, struct mo_der *one)
{
	uint64_t at = mo_der_offset(d);
	struct mo_der set = mo_der_take(d, MO_DER_SET), rest;
	uint8_t tag;

	if (mo_der_bad(d))
		return mo_der_bad(d);
	*one = rest = set;
	if (set.rest.len)
		mo_der_take_any(&rest, &tag);
	if (mo_der_bad(d))
		return mo_der_bad(d);
	if (!set.rest.len || rest.rest.len)
		return mo_fail(d->doc->err, MODULO_MALFORMED, at, "cms.signers",
			       "not exactly one %s", what);
	return 0;
}

int mo_cms_take_serial(struct mo_der *d, struct mo_view *out)
{
	uint64_t at = mo_der_offset(d);
	struct mo_view v = mo_der_take_integer(d);
	size_t magnitude = v.len - (v.len > 1 && !v.p[0] ? 1 : 0);

	*out = v;
	if (!mo_der_bad(d) && magnitude > SERIAL_MAX)
		return mo_fail(d->doc->err, MODULO_MALFORMED, at, "der.integer",
			       "a serial number of %zu bytes", magnitude);
	return mo_der_bad(d);
}

int mo_cms_read_issuer_serial(struct mo_der *d, struct mo_cms *out)
{
	struct mo_der id = mo_der_take(d, MO_DER_SEQUENCE);
	int rc = mo_cms_take_name(&id, &out->issuer);

	if (rc || (rc = mo_cms_take_serial(&id, &out->serial)))
		return rc;
	mo_der_end(&id);
	return mo_der_bad(d);
}
