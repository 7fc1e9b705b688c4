/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-2 over OpenSSL's EVP. */
#ifndef HASH_HASH_H
#define HASH_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/alg.h"
#include "base/error.h"
#include "io/source.h"

/*
 * Zeroed it is empty. After a failed init, update does nothing and final fails, so callers check
 * once. One hash can serve many byte strings, one after another: init again, the context is kept.
 */
struct mo_hash {
	void *ctx;
	enum mo_alg alg;
	int bad;
};

#define _cleanup_hash_ _cleanup_(mo_hash_release)

void mo_hash_init(struct mo_hash *h, enum mo_alg alg);
void mo_hash_update(struct mo_hash *h, const void *p, size_t len);
/* out takes mo_alg_len(alg) bytes. Fails with "hash.failed" where OpenSSL did. */
_must_check_ int mo_hash_final(struct mo_hash *h, uint8_t *out, struct modulo_error *err);
/* The digest of what came so far, and go on. */
_must_check_ int mo_hash_peek(const struct mo_hash *h, uint8_t *out, struct modulo_error *err);
void mo_hash_release(struct mo_hash *h);

_must_check_ int mo_hash_bytes(enum mo_alg alg, const void *p, size_t len, uint8_t *out,
			       struct modulo_error *err);
/* len bytes of s at off */
_must_check_ int mo_hash_source(enum mo_alg alg, struct mo_source *s, uint64_t off, uint64_t len,
				uint8_t *out, struct modulo_error *err);

#endif
