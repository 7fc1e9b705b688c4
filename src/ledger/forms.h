/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The forms table (doc/ledger.md 4): what may stand beside core bytes, as data. */
#ifndef LEDGER_FORMS_H
#define LEDGER_FORMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/util.h"

enum mo_element_kind {
	MO_EL_TEXT, /* fixed bytes */
	MO_EL_OCTAL4,
	MO_EL_DIGITS,
	MO_EL_TOKEN,
	MO_EL_WORD,
	MO_EL_CHILD_LEN, /* decimal(len(child)), derived */
	MO_EL_CHILD,
	MO_EL_CMS,	 /* the free element of a signature */
	MO_EL_CMS_LEN,	 /* be32(len(cms)), derived */
	MO_EL_PROOF,	 /* the free element of a proof */
	MO_EL_PROOF_LEN, /* be32(len(proof)), derived */
	/* Of binary containers (layout.h) */
	MO_EL_CORE,   /* core: as many bytes of core as the argument says */
	MO_EL_CORE_N, /* core(N) */
	MO_EL_NUMBER, /* number: four bytes of core, little endian, which the next two mean */
	MO_EL_OVER,   /* over(N): no byte; the number is over N */
	MO_EL_TO,     /* to: core up to the place that the number names */
	MO_EL_ABSENT, /* absent(N): zeros of core up to a multiple of N, which the artifact lacks */
	MO_EL_PE_CHECKSUM,  /* le32(pe-checksum): 0 or derived; else a number that nothing vouches
			       for */
	MO_EL_SIGS_OFF,	    /* le32(off(signatures)), 0 where there are none; derived */
	MO_EL_SIGS_LEN,	    /* le32(len(signatures)), derived */
	MO_EL_AUTHENTICODE, /* the free element of a PE's signature */
	MO_EL_WIN_LEN,	    /* le32(len(authenticode)+8), derived */
	MO_EL_RECORD_LEN,   /* le32(len(record)), derived: of the whole signature with its fill */
	MO_EL_FILL,	    /* fill(N): zeros up to a multiple of N */
};

struct mo_element {
	enum mo_element_kind kind;
	const char *text; /* of MO_EL_TEXT */
	size_t len;
	uint32_t n; /* the N of its word */
};

#define MO_FORM_ELEMENTS 32

struct mo_form {
	const char *name;
	const char *in;	       /* "leaf", or the kind of a container: "dir", "dir-metadata", "pe" */
	const char *signature; /* the signature's kind; NULL: a record */
	bool after_elf_rel;
	unsigned nr;
	struct mo_element element[MO_FORM_ELEMENTS];
};

struct mo_forms {
	struct mo_arena arena;
	const struct mo_form *form;
	size_t nr;
	uint8_t digest[32]; /* of the table's text */
};

/* Reads the table that is built in. Zeroed before; released by the caller. */
_must_check_ int mo_forms_load(struct mo_forms *f, struct modulo_error *err);
/* The same of any text: for tests of the reader. */
_must_check_ int mo_forms_parse(struct mo_forms *f, const char *text, size_t len,
				struct modulo_error *err);
void mo_forms_release(struct mo_forms *f);

/* By name, of those that may stand in that place; NULL: there is none. */
const struct mo_form *mo_forms_find(const struct mo_forms *f, const char *in, const char *name,
				    size_t len);

/* The expression of a derived element, as the table spells it; NULL: not a derived one. */
const char *mo_element_expression(enum mo_element_kind k);
/* Whether a ledger line has an argument for it. */
bool mo_element_has_argument(enum mo_element_kind k);

/* An argument as it stands in a ledger's line. */
struct mo_word {
	const char *p;
	size_t len;
};

#define MO_FORM_ARGUMENTS MO_FORM_ELEMENTS

unsigned mo_form_arguments(const struct mo_form *f);
/* Whether a record's bytes go on with a child. */
bool mo_form_has_child(const struct mo_form *f);
/*
 * A record from its form and its arguments (mo_form_arguments() of them): its bytes up to the
 * child, its core bytes, and its line in the skeleton, with LF. Each may be NULL.
 */
void mo_form_render_record(const struct mo_form *f, const struct mo_word *arg, struct mo_buf *bytes,
			   struct mo_buf *core, struct mo_buf *skeleton);
/*
 * A signature's bytes from its form and its free element. Nothing is checked here; out of memory is
 * the buffer's.
 */
void mo_form_render_signature(const struct mo_form *f, const uint8_t *body, size_t len,
			      struct mo_buf *out);
/* Which element of a signature's form is the free one: MO_EL_CMS, MO_EL_PROOF, MO_EL_AUTHENTICODE.
 */
enum mo_element_kind mo_form_free_element(const struct mo_form *f);
/* How many bytes a signature has whose free element has len. */
size_t mo_form_signature_len(const struct mo_form *f, size_t len);

#endif
