/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A directory's entries as records of its serialisation (doc/ledger.md 5), and back. */
#ifndef WALK_RECORD_H
#define WALK_RECORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "io/dir.h"
#include "ledger/forms.h"

struct mo_record {
	const struct mo_form *form;
	struct mo_word arg[MO_FORM_ARGUMENTS];
	unsigned nr;
};

/* The record of e, child_len the length of a file's bytes. Strings lie in the arena. */
_must_check_ int mo_record_make(const struct mo_forms *forms, const struct mo_entry *e,
				bool metadata, uint64_t child_len, struct mo_arena *arena,
				struct mo_record *out, struct modulo_error *err);
/* Its line in a ledger, with LF. */
void mo_record_line(const struct mo_record *r, struct mo_buf *out);
/* The entry that a record describes; the arguments were checked by who read them. */
_must_check_ int mo_record_parse(const struct mo_form *form, const struct mo_word *arg,
				 struct mo_arena *arena, struct mo_entry *out,
				 struct modulo_error *err);

const char *mo_entry_type_name(enum mo_entry_type t);

#endif
