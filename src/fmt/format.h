/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A format, whole: one function that explains every byte of its input (HACKING.md, "Adding a
 * format"). Formats never include each other; they meet in the registry below and through what they
 * explain as children.
 */
#ifndef FMT_FORMAT_H
#define FMT_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "io/source.h"
#include "ledger/item.h"

struct mo_magic {
	uint32_t off;
	uint8_t len; /* 0: the list ends */
	char bytes[16];
};

#define MO_MAGIC_END 512 /* no magic reaches beyond */

struct mo_format {
	const char *name, *brief;
	struct mo_magic magic[4];	    /* one of them is there: identification is data */
	const struct mo_detached *detached; /* how its detached signatures are called; or NULL */
	/*
	 * Explains the whole source into the ledger, or leaves the ledger as it was where, at a
	 * second look, the bytes are not of this format: they are then plain content.
	 */
	int (*explain)(struct mo_source *, struct mo_ledger *, struct modulo_error *);
};

/* The format whose magic stands in head (the first len bytes), or NULL. "format.ambiguous" where
 * two claim them. */
_must_check_ int mo_format_identify(const uint8_t *head, size_t len, const struct mo_format **out,
				    struct modulo_error *err);

/* The i-th kind of detached signatures, of all formats together; NULL: there are no more. */
const struct mo_detached *mo_format_detached(size_t i);

extern const struct mo_format mo_format_module, mo_format_pe;

#endif
