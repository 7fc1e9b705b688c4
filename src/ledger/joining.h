/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of join() share: the pass over ledger and core. */
#ifndef LEDGER_JOINING_H
#define LEDGER_JOINING_H

#include "hash/tee.h"
#include "ledger/ledger.h"
#include "ledger/lines.h"

struct mo_joining {
	struct mo_lines lines;
	const struct mo_forms *forms;
	struct mo_source *core;
	uint64_t core_at, artifact_len;
	struct mo_hash core_hash, artifact_hash;
	struct mo_tee record,
		data; /* of the artifact: its records, and its members' bytes, which go out */
	struct mo_joiner *out;
	struct modulo_error *err;
};

/* A refusal of the ledger's line at hand */
static inline int mo_joining_refuse(struct mo_joining *j, int rc, const char *id, const char *text)
{
	return mo_lines_fail(&j->lines, rc, id, text);
}

/* The next len bytes of core, into k; "join.core" where the core ends before. */
_must_check_ int mo_joining_core(struct mo_joining *j, uint64_t len, struct mo_sink *k);
/* An item, of which the first line is at hand, that is `depth` items deep. */
_must_check_ int mo_joining_item(struct mo_joining *j, struct mo_sink *k, unsigned depth);
/* The same of one that begins with `stream`; that word is taken. */
_must_check_ int mo_joining_stream(struct mo_joining *j, struct mo_sink *k, unsigned depth);

#endif
