/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the CMS profile that have a file of their own. For this room alone. */
#ifndef DER_PROFILE_H
#define DER_PROFILE_H

#include "der/cms.h"

#define MO_OID_DATA "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"

static inline bool mo_oid_is(struct mo_view v, const char *oid, size_t len)
{
	return v.len == len && !__builtin_memcmp(v.p, oid, len);
}
#define MO_OID_IS(view, literal) mo_oid_is(view, literal, sizeof(literal) - 1)

/* Takes a Name; *out is all of it. */
_must_check_ int mo_cms_take_name(struct mo_der *d, struct mo_view *out);

/* Reads the content of the signed attributes; out->hash is known. */
_must_check_ int mo_cms_read_attrs(struct mo_der *set, struct mo_cms *out);

#endif
