/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A ledger's lines and words, read strictly (doc/ledger.md 2). */
#ifndef LEDGER_LINES_H
#define LEDGER_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "io/source.h"
#include "ledger/forms.h"

struct mo_lines {
	struct mo_source *s;
	uint64_t off; /* of the line at hand */
	uint64_t nr;  /* its number, from 1 */
	struct modulo_error *err;
	/* the line at hand, NUL-terminated, without its LF; words are taken from it */
	char *line;
	size_t len, at;
	/* internal */
	char *buf;
	size_t start, fill;
	uint64_t read;
};

_must_check_ int mo_lines_open(struct mo_lines *l, struct mo_source *s, struct modulo_error *err);
void mo_lines_release(struct mo_lines *l);
/* 1: a line; 0: the end. */
_must_check_ int mo_lines_next(struct mo_lines *l);
/* As above, but the end is refused ("ledger.end"). */
_must_check_ int mo_lines_want(struct mo_lines *l);
/* The next word of the line; false: none is left. */
bool mo_lines_word(struct mo_lines *l, struct mo_word *w);
bool mo_lines_more(const struct mo_lines *l);
bool mo_word_is(const struct mo_word *w, const char *s);
/* The next word must be this, a number, a digest of 32 bytes; refused otherwise. */
_must_check_ int mo_lines_expect(struct mo_lines *l, const char *s);
_must_check_ int mo_lines_number(struct mo_lines *l, uint64_t *out);
_must_check_ int mo_lines_digest(struct mo_lines *l, uint8_t out[32]);
/* No word is left. */
_must_check_ int mo_lines_done(struct mo_lines *l);
/* A refusal of the line at hand. */
int mo_lines_fail(struct mo_lines *l, int rc, const char *id, const char *text)
	__attribute__((cold));

#endif
