/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A strict reader of DER (X.690) over borrowed bytes: definite lengths in their shortest form, tags
 * below 31, every element inside its container. A failure is sticky for the whole document: what is
 * read after it is empty, and only the first is recorded, so read a structure and check once with
 * mo_der_bad(). Refusals: der.* of doc/formats/module.md.
 */
#ifndef DER_DER_H
#define DER_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/util.h"

/* A borrowed piece of the DER. */
struct mo_view {
	const uint8_t *p;
	size_t len;
};

static inline bool mo_view_same(struct mo_view a, struct mo_view b)
{
	return a.len == b.len && (!a.len || !__builtin_memcmp(a.p, b.p, a.len));
}

/* Identifier octets, class and the constructed bit included. */
enum {
	MO_DER_BOOLEAN = 0x01,
	MO_DER_INTEGER = 0x02,
	MO_DER_BITS = 0x03,
	MO_DER_OCTETS = 0x04,
	MO_DER_NULL = 0x05,
	MO_DER_OID = 0x06,
	MO_DER_UTF8 = 0x0c,
	MO_DER_PRINTABLE = 0x13,
	MO_DER_TELETEX = 0x14,
	MO_DER_IA5 = 0x16,
	MO_DER_UTCTIME = 0x17,
	MO_DER_GENERALTIME = 0x18,
	MO_DER_BMP = 0x1e,
	MO_DER_SEQUENCE = 0x30,
	MO_DER_SET = 0x31,
	MO_DER_CONTEXT = 0x80, /* plus the number */
	MO_DER_CONTEXT_CONS = 0xa0,
};

/* What all readers of one document share. */
struct mo_der_doc {
	const uint8_t *start;
	struct modulo_error *err;
	int rc; /* of the first failure; 0: none */
};

/* What is left of one constructed value. */
struct mo_der {
	struct mo_der_doc *doc;
	struct mo_view rest;
};

struct mo_der mo_der_open(struct mo_der_doc *doc, const uint8_t *p, size_t len,
			  struct modulo_error *err);

static inline int mo_der_bad(const struct mo_der *d)
{
	return d->doc->rc;
}

/* Where the next element begins, counted from the document's start. */
static inline uint64_t mo_der_offset(const struct mo_der *d)
{
	return (uint64_t)(d->rest.p - d->doc->start);
}

/* The identifier octet of the next element; 0 (which no element here has) at the end. */
static inline uint8_t mo_der_peek(const struct mo_der *d)
{
	return d->rest.len ? d->rest.p[0] : 0;
}

/* The content of the next element, which has this identifier octet. */
struct mo_der mo_der_take(struct mo_der *d, uint8_t tag);
/* The content of the next element, whatever it is. */
struct mo_der mo_der_take_any(struct mo_der *d, uint8_t *tag);
/* The next element, header included; its content goes to *content. */
struct mo_view mo_der_take_whole(struct mo_der *d, uint8_t tag, struct mo_der *content);
/* The content octets of an INTEGER that is not negative: at least one, a zero in front only where
 * it must be. */
struct mo_view mo_der_take_integer(struct mo_der *d);
/* Nothing is left. */
void mo_der_end(struct mo_der *d);

/* Whether content octets are those of an OBJECT IDENTIFIER whose arcs fit 63 bits. */
bool mo_der_oid_ok(struct mo_view oid);

#endif
