/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Items in memory: what explains one byte string to its last byte (doc/ledger.md 1). A format
 * builds the item of one byte string with the mo_ledger_ functions; walk/ goes on into streams.
 *
 * Containers of many members (directories) are not held as one item: their records come one by one,
 * each with the item of its child.
 */
#ifndef LEDGER_ITEM_H
#define LEDGER_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alg.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "codec/codec.h"
#include "io/source.h"
#include "ledger/body.h"
#include "ledger/forms.h"

#define MO_SIGNATURES_MAX 8	/* in one leaf */
#define MO_SIGNATURE_MAX  65536 /* bytes of a signature's free element */
#define MO_DEPTH_MAX	  16	/* items in items */
#define MO_RECORD_NUMBERS 4	/* arguments of a binary record */
#define MO_CORE_SPANS	  8	/* pieces of core in one */

enum mo_item_kind { MO_LEAF, MO_STREAM, MO_RECORDS };

struct mo_signature {
	const struct mo_form *form;
	uint64_t off, len;   /* its bytes in the leaf */
	const uint8_t *body; /* the free element; in the arena */
	size_t body_len;
	struct mo_body parsed; /* views into body */
};

/*
 * How detached signatures of a format are called: the member's path and suffix, and the form that
 * the bytes take. An array of these stands in the order of the trailers, and ends with a NULL.
 */
struct mo_detached {
	const char *suffix, *form;
	/* Where in the file the form's free element lies, and of which form it is, if that is not
	 * all of the file; NULL: it is. */
	int (*unwrap)(const uint8_t *file, size_t len, size_t *at, size_t *n, const char **form,
		      struct modulo_error *err);
};

enum mo_grade { MO_CHECKED, MO_PROVEN, MO_CARRIED };

/* A name for a stretch of core bytes, for people: "section .text". */
struct mo_label {
	uint64_t off, len;
	const char *name;
};

/* What a format can tell about the content, for people: "license", "GPL". Values may hold any bytes
 * but NUL. */
struct mo_fact {
	const char *key, *value;
};

struct mo_item {
	enum mo_item_kind kind;
	const char *format;	  /* "module", "xz", "plain", for people */
	uint64_t len;		  /* of the bytes that it explains */
	struct mo_source *source; /* these bytes */

	/* MO_LEAF, MO_RECORDS */
	uint64_t core_len;
	uint64_t tail;		/* where the signatures begin */
	struct mo_source *core; /* owned; there once it is checked */
	unsigned nr_sigs;
	struct mo_signature sig[MO_SIGNATURES_MAX];
	const struct mo_detached *detached; /* NULL: it has no detached signatures */
	bool claimed; /* by a format that may carry signatures: an unsigned module is worth a word
		       */
	const char *note; /* why no format claims it although one looked; NULL: nothing to say */
	struct mo_label *label;
	size_t nr_labels, max_labels;
	struct mo_fact *fact;
	size_t nr_facts, max_facts;

	/* MO_RECORDS: one record and the signatures behind it (layout.h) */
	const struct mo_form *form;
	uint64_t arg[MO_RECORD_NUMBERS];
	struct mo_span span[MO_CORE_SPANS]; /* of its core; found by mo_item_check() */
	unsigned nr_spans;
	uint64_t zeros;	    /* of the core, that the artifact lacks */
	unsigned unvouched; /* numbers that nothing vouches for */

	/* MO_STREAM */
	const struct mo_codec *codec;
	const char *params;
	enum mo_grade grade;
	const char *encoder;	   /* of MO_PROVEN */
	struct mo_source *decoded; /* owned */
	struct mo_item *inner;
};

enum mo_want {
	MO_WANT_LABELS = 1 << 0,
	MO_WANT_FACTS = 1 << 1,
	MO_WANT_NESTED = 1 << 2, /* explain stacked trailers one by one */
	MO_WANT_RAW = 1 << 3,	 /* explain nothing */
};

/* What a format writes into. */
struct mo_ledger {
	struct mo_arena *arena;
	const struct mo_forms *forms;
	unsigned want;	      /* enum mo_want */
	struct mo_item *item; /* a leaf to begin with, without signatures, all core */
};

/*
 * Says that the leaf is core_len bytes of core and what the mo_ledger_signature() calls, from the
 * first to the last, add. Coverage is checked by mo_item_check(), not believed.
 */
void mo_ledger_leaf(struct mo_ledger *l, const char *format, const struct mo_detached *detached,
		    uint64_t core_len);
/* Says instead that it is one record of this form, with these numbers, and from tail on the
 * signatures. */
_must_check_ int mo_ledger_record(struct mo_ledger *l, const char *format, const char *in,
				  const char *form, const struct mo_detached *detached,
				  const uint64_t *arg, unsigned nr, uint64_t tail,
				  struct modulo_error *err);
/* A signature of that form whose free element is body (borrowed: copied here). "ledger.signatures"
 * over 8. */
_must_check_ int mo_ledger_signature(struct mo_ledger *l, const char *form, const uint8_t *body,
				     size_t len, struct modulo_error *err);
/* The two for people; without effect where they are not wanted. name and value are copied. */
_must_check_ int mo_ledger_label(struct mo_ledger *l, uint64_t off, uint64_t len, const char *name,
				 struct modulo_error *err);
_must_check_ int mo_ledger_fact(struct mo_ledger *l, const char *key, const void *value, size_t len,
				struct modulo_error *err);

/*
 * What the checker would demand of this item, but for the streams' decoding (that was done when it
 * was made): every byte of the source is explained, each signature may stand where it stands, is
 * rendered from its form to the same bytes, and keeps its profile. Formats are not trusted: nothing
 * goes on before this has passed.
 */
_must_check_ int mo_item_check(struct mo_item *it, struct modulo_error *err);

/*
 * Whether a signature of that form may stand behind a leaf whose core is core_len bytes at off of
 * s: the form's `after` line.
 */
_must_check_ int mo_form_fits(const struct mo_form *f, struct mo_source *s, uint64_t off,
			      uint64_t core_len, bool *fits, struct modulo_error *err);

/* Where a byte of the core lies among the item's own. */
uint64_t mo_item_place(const struct mo_item *it, uint64_t core_off);

/* The innermost item: what is no stream. */
struct mo_item *mo_item_leaf(struct mo_item *it);
/* Closes what the item and its inner items own; the memory is the arena's. NULL is fine. */
void mo_item_release(struct mo_item *it);

static inline void mo_item_releasep(struct mo_item **it)
{
	mo_item_release(*it);
}

/* --- digests ------------------------------------------------------------------------------------
 */

struct mo_item_digest {
	uint8_t core[32]; /* SHA-256 of the core */
	/* for each signature of the leaf, the digest (by its own hash) of what it is made over */
	uint8_t signed_content[MO_SIGNATURES_MAX][MO_DIGEST_MAX];
};

_must_check_ int mo_item_digest(struct mo_item *it, struct mo_item_digest *out,
				struct modulo_error *err);

/* --- text ----------------------------------------------------------------------------------------
 */

/* The item's lines in a ledger, into a sink: carried bytes may be many. */
_must_check_ int mo_item_write(struct mo_item *it, struct mo_sink *out, struct modulo_error *err);
/* Its lines in the skeleton. */
void mo_item_skeleton(struct mo_item *it, struct mo_buf *out);

#endif
