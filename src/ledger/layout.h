/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A binary container (doc/ledger.md 4): the bytes that a record's form and arguments make, element
 * by element. Who explains walks over the artifact's bytes with it, who joins makes them.
 */
#ifndef LEDGER_LAYOUT_H
#define LEDGER_LAYOUT_H

#include <stdint.h>

#include "base/error.h"
#include "io/source.h"
#include "ledger/forms.h"

enum mo_segment_kind {
	MO_SEG_CORE,   /* core bytes */
	MO_SEG_TEXT,   /* core bytes, and these */
	MO_SEG_VALUE,  /* a number: four bytes, little endian, not of the core */
	MO_SEG_ABSENT, /* zeros of the core which are not in the artifact */
};

struct mo_segment {
	enum mo_segment_kind kind;
	uint64_t len;
	const char *text; /* of MO_SEG_TEXT */
	bool number;	  /* MO_SEG_CORE: four bytes that are the layout's number from now on */
};

struct mo_layout {
	uint64_t at;	 /* where the next element begins */
	uint32_t number; /* the last that stood there */
};

/* The next element; its argument, where it has one. "ledger.layout" where that cannot be. */
_must_check_ int mo_layout_segment(const struct mo_layout *l, const struct mo_element *el,
				   uint64_t arg, struct mo_segment *out, struct modulo_error *err);

/*
 * A record's bytes from its form and its numbers, into a sink. Core bytes are asked for in order;
 * the sink that take() gets passes them on, and looks at what the form fixes ("join.core").
 */
struct mo_core_reader {
	int (*take)(struct mo_core_reader *, uint64_t len, struct mo_sink *, struct modulo_error *);
};

struct mo_emitted {
	uint64_t len;	/* of the record's bytes */
	uint64_t zeros; /* core that was taken, and not written */
	uint64_t core;	/* of the elements `core` with what is absent: the skeleton's number */
};

_must_check_ int mo_layout_emit(const struct mo_form *f, const uint64_t *arg,
				struct mo_core_reader *core, struct mo_sink *out,
				struct mo_emitted *made, struct modulo_error *err);

/*
 * CheckSum of a PE image: the sum of its 16-bit words, carries added, with the field itself left
 * out, plus its length. Bytes may come in any pieces, in order.
 */
struct mo_pe_sum {
	uint64_t sum, len;
};

void mo_pe_sum_add(struct mo_pe_sum *s, const uint8_t *p, size_t len);
uint32_t mo_pe_sum_end(const struct mo_pe_sum *s);

#endif
