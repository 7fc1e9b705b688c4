/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ledger's file (doc/ledger.md 2): reading it strictly, line by line, and joining with it. */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "io/source.h"
#include "ledger/forms.h"

#define MO_LEDGER_LINE_MAX 1048576
#define MO_CARRIED_LINE	   49152 /* bytes in one line of a carried stream */

struct mo_ledger_head {
	uint8_t forms[32];
	uint64_t artifact_len, core_len;
	uint8_t artifact[32], core[32];
};

void mo_ledger_head_write(const struct mo_ledger_head *h, struct mo_buf *out);

/*
 * Takes the joined artifact. A file's bytes come through the sink. A directory's come entry by
 * entry: form and arguments of its record, then, for records with a child, its bytes, then
 * entry_end.
 */
struct mo_joiner {
	struct mo_sink sink;
	int (*entry)(struct mo_joiner *, const struct mo_form *form, const struct mo_word *arg,
		     struct modulo_error *err);
	int (*entry_end)(struct mo_joiner *, struct modulo_error *err);
};

/*
 * join(core, ledger): reads the ledger to its end, takes core bytes from core in order, and gives
 * the artifact to out. Everything that the ledger claims is checked: its forms, its signatures'
 * profile, the lengths, both digests; an artifact that is not what the ledger says is
 * MODULO_MISMATCH after its last byte, so out must not be believed before. A stream that is only
 * `checked` cannot be joined ("join.unproven").
 */
_must_check_ int mo_ledger_join(struct mo_source *ledger, struct mo_source *core,
				const struct mo_forms *forms, struct mo_joiner *out,
				struct modulo_error *err);

/*
 * The first lines alone. *container: the kind of records that the outermost item is, "dir" or
 * "dir-metadata"; NULL: a file's ledger.
 */
_must_check_ int mo_ledger_head_read(struct mo_source *ledger, const struct mo_forms *forms,
				     struct mo_ledger_head *out, const char **container,
				     struct modulo_error *err);

#endif
