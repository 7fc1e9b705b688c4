/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keyrings of the certificates in test/samples/cms/. */
#ifndef TEST_UNIT_RINGS_H
#define TEST_UNIT_RINGS_H

#include "samples.h"
#include "sig/keyring.h"
#include "tap.h"

static inline struct mo_keyring *new_keyring(const char *cert)
{
	struct modulo_error err = { 0 };
	struct mo_keyring *k = NULL;
	struct sample s;

	ok(!mo_keyring_new(&k, &err));
	if (cert) {
		s = cms_sample(cert);
		ok(!mo_keyring_add(k, s.p, s.len, &err));
		free(s.p);
	}
	ok_str(err.id, "");
	return k;
}

#endif
