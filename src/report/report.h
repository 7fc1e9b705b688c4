/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results of the library as text for people and as JSON. Writes to a stream; the caller checks it
 * for errors. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "modulo/modulo.h"
#include "modulo/tree.h"

/* What was asked for: it stands beside the verdict. */
struct report_request {
	const struct modulo_options *opt;
	const char *a, *b;
	bool require_verified, accept_content;
};

/* Whether compare's answer is as asked (exit 0). */
bool report_compare_ok(const struct modulo_comparison *c, const struct report_request *q);
void report_compare_text(FILE *f, const struct modulo_comparison *c,
			 const struct report_request *q);
void report_compare_json(FILE *f, const struct modulo_comparison *c,
			 const struct report_request *q);

/* One member of inspect; JSON members are elements of an array that the caller opens and closes. */
void report_member_text(FILE *f, const struct modulo_member *m);
void report_member_json(FILE *f, const struct modulo_member *m, bool first);

void report_root_text(FILE *f, const struct modulo_root *r);
void report_root_json(FILE *f, const struct modulo_root *r);

/* Modules held against a kernel; of JSON the caller opens the array, and the verdict closes it. */
bool report_tree_ok(const struct modulo_tree_verdict *v);
void report_tree_module_text(FILE *f, const struct modulo_tree_module *m);
void report_tree_module_json(FILE *f, const struct modulo_tree_module *m, bool first);
void report_tree_verdict_text(FILE *f, const struct modulo_tree_verdict *v);
void report_tree_verdict_json(FILE *f, const struct modulo_tree_verdict *v);

/* A refusal: one line of text, or an object. */
void report_error_text(FILE *f, const char *program, const struct modulo_error *err);
void report_error_json(FILE *f, const struct modulo_error *err);

/* JSON pieces. */
void report_json_string(FILE *f, const char *s);
/* Pairs of a key and a text (or NULL), up to a key that is NULL. */
void report_json_texts(FILE *f, ...) __attribute__((sentinel));
void report_hex(FILE *f, const uint8_t *p, size_t len);

#endif
