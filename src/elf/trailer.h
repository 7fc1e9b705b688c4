/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands behind a module's ELF image: a body (a signature, a proof), a header of 12 bytes, a
 * magic of 28. Read from the end, judged as a kernel does that knows both types. Sources: Linux
 * 6.12, kernel/module/signing.c and kernel/module_signature.c; doc/formats/module.md.
 */
#ifndef ELF_TRAILER_H
#define ELF_TRAILER_H

#include "base/error.h"
#include "io/source.h"

#define MO_TRAILER_MAGIC     "~Module signature appended~\n"
#define MO_TRAILER_MAGIC_LEN 28
#define MO_TRAILER_HEADER    12
#define MO_TRAILER_LEN	     (MO_TRAILER_HEADER + MO_TRAILER_MAGIC_LEN) /* without the body */

enum { MO_TRAILER_PKCS7 = 2, MO_TRAILER_MERKLE = 3 }; /* id_type */

enum mo_trailer_state {
	MO_TRAILER_NONE,       /* no magic at the end */
	MO_TRAILER_OK,	       /* a body, of a type that is known or not */
	MO_TRAILER_HEADER_BAD, /* of a known type, and a field that must be 0 is not */
	MO_TRAILER_SIZE_BAD,   /* a body that cannot lie there */
};

struct mo_trailer {
	enum mo_trailer_state state;
	uint8_t type;
	uint64_t body; /* where its body begins, and what it is for ends; only where it is OK */
	uint32_t len;  /* of the body */
	uint8_t field; /* HEADER_BAD: which of the header's bytes is not 0, */
	uint8_t value; /* and what it is */
};

/* The trailer that ends at end. Fails where s does. */
_must_check_ int mo_trailer_read(struct mo_source *s, uint64_t end, struct mo_trailer *out,
				 struct modulo_error *err);

/* Header and magic behind a body of so many bytes. */
void mo_trailer_make(uint8_t type, uint32_t len, uint8_t out[MO_TRAILER_LEN]);

#endif
