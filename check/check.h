/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Does a ledger explain every byte of an artifact over a core? One run at a time. */
#ifndef MO_CHECK_H
#define MO_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct mo_check_job {
	const char *directory; /* the artifact where it is a directory, else NULL */
	FILE *artifact, *core, *ledger;
	const char *const *keyrings, *const *roots; /* a root is LEVELS:HEX, for proofs */
	unsigned nr_keyrings, nr_roots;
	bool prove; /* encode again */
	bool allow_unsigned; /* unsigned attributes, which nothing vouches for */
};
struct mo_check_end {
	int status; /* 0 accepted; 1 something does not hold; 2 refused, or trouble */
	const char *id, *text; /* why */
	char detail[512]; /* a file's name, and the like; or "" */
	uint64_t line, offset; /* of the ledger, 0: none was read; in the artifact, where placed */
	bool placed;
};

/* Writes the report to `report`, where that is not NULL and the status is 0. Returns the status. */
int mo_check_run(const struct mo_check_job *job, FILE *report, struct mo_check_end *end);
void mo_check_escape(FILE *f, const void *s, size_t n, const char *also); /* see run.h */

extern const char mo_forms_table[]; /* with a NUL behind it */
extern const unsigned long mo_forms_table_len;

#endif
