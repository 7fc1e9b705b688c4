/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the Authenticode profile that have a file of their own. For this room alone. */
#ifndef DER_AUTHENTICODE_PARTS_H
#define DER_AUTHENTICODE_PARTS_H

#include "der/authenticode.h"
#include "der/profile.h"

#define MO_OID_SPC_INDIRECT MO_OID_SPC "\x04"

/* For mo_cms_read_attrs(). */
unsigned mo_authenticode_note(struct mo_attr *a, struct mo_cms *out);

/* Takes the unsigned attributes, the next element: "cms.unsigned". */
_must_check_ int mo_authenticode_unsigned(struct mo_der *d, unsigned allow, struct mo_cms *out);

/*
 * Reads the content of [0]; out->issuer and out->serial are known. Each certificate is the signer's
 * or, by its name, an issuer above it: "cms.certs".
 */
_must_check_ int mo_authenticode_certs(struct mo_der *certs, struct mo_cms *out);

#endif
