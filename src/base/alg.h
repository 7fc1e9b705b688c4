/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The digest algorithms that signatures and ledgers name. */
#ifndef BASE_ALG_H
#define BASE_ALG_H

#include <stddef.h>
#include <stdint.h>

enum mo_alg { MO_SHA256, MO_SHA384, MO_SHA512, MO_NR_ALG };

#define MO_SHA256_LEN 32
#define MO_DIGEST_MAX 64

static inline size_t mo_alg_len(enum mo_alg a)
{
	return a == MO_SHA256 ? 32 : a == MO_SHA384 ? 48 : 64;
}

static inline const char *mo_alg_name(enum mo_alg a)
{
	return a == MO_SHA256 ? "sha256" : a == MO_SHA384 ? "sha384" : "sha512";
}

#endif
