/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The roots that proofs are judged by, as a keyring is what signatures are judged by. */
#ifndef SIG_ROOTS_H
#define SIG_ROOTS_H

#include "base/error.h"
#include "merkle/merkle_verify.h"
#include "sig/keyring.h"

/* Zeroed before; released by the caller. Where a root comes from (text, a tree, a kernel) is the
 * business of who adds it. */
struct mo_roots {
	struct mo_root {
		unsigned levels;
		uint8_t hash[MO_MERKLE_HASH];
	} * root;
	size_t nr;
};

_must_check_ int mo_roots_add(struct mo_roots *r, unsigned levels,
			      const uint8_t hash[MO_MERKLE_HASH], struct modulo_error *err);
/* "roots.text": not LEVELS:HEX. */
_must_check_ int mo_roots_add_text(struct mo_roots *r, const char *text, struct modulo_error *err);
void mo_roots_release(struct mo_roots *r);

/*
 * Where a proof (len bytes that were parsed) leads from the leaf of this hash, and what is to be
 * said of it: verified where that is one of the roots, INVALID where there are others;
 * MO_SIG_NO_KEY where there are none.
 */
_must_check_ int mo_roots_judge(const struct mo_roots *r, const uint8_t *proof, size_t len,
				const uint8_t leaf[MO_MERKLE_HASH],
				uint8_t leads_to[MO_MERKLE_HASH], enum mo_sig_status *status,
				struct modulo_error *err);

#endif
