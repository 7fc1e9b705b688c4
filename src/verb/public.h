/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A member as the public header describes it. */
#ifndef VERB_PUBLIC_H
#define VERB_PUBLIC_H

#include "walk/artifact.h"

/* Strings and arrays lie in the member's arena. */
_must_check_ int mo_public_member(struct mo_member *m, struct modulo_member *out,
				  struct modulo_error *err);
_must_check_ int mo_public_signature(struct mo_arena *arena, const struct mo_signature *s,
				     const struct mo_judged *j, struct modulo_signature *out,
				     struct modulo_error *err);
enum modulo_status mo_public_status(enum mo_sig_status s);
/*
 * Who made a signature, in one line: the certificate's subject where it is known, else issuer and
 * serial, or the key identifier. Of a proof the root that it leads to. NULL when out of memory.
 */
const char *mo_public_signer(struct mo_arena *arena, const struct mo_body *body,
			     const struct mo_judged *j);
const char *mo_public_algorithm(const struct mo_body *b); /* "rsa"; "merkle" */

#endif
