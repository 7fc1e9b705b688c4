/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/report.h"

#include <inttypes.h>
#include <string.h>

bool report_compare_ok(const struct modulo_comparison *c, const struct report_request *q)
{
	if (q->require_verified && c->verified != c->signatures)
		return false;
	return c->level >= (q->accept_content ? MODULO_SAME_CONTENT : MODULO_SAME_MODULO);
}

/* "931 signatures: 931 pkcs7-module; 0 verified": by kind, whichever side they are on. */
static void counts(FILE *f, const struct modulo_comparison *c)
{
	fprintf(f, "(%" PRIu64 " signature%s", c->signatures, c->signatures == 1 ? "" : "s");
	for (size_t i = 0; i < c->nr_groups; i++) {
		uint64_t n = 0;
		size_t first = 0;

		while (strcmp(c->group[first].kind, c->group[i].kind) != 0)
			first++;
		if (first != i)
			continue;
		for (size_t k = i; k < c->nr_groups; k++)
			n += strcmp(c->group[k].kind, c->group[i].kind) == 0 ? c->group[k].count
									     : 0;
		fprintf(f, "%s %" PRIu64 " %s", i ? "," : ":", n, c->group[i].kind);
	}
	fprintf(f, "; %" PRIu64 " verified", c->verified);
	if (c->invalid)
		fprintf(f, "; %" PRIu64 " INVALID", c->invalid);
	if (c->unvouched)
		fprintf(f, "; %" PRIu64 " unvouched", c->unvouched);
	if (c->encodings_checked + c->encodings_proven + c->encodings_carried)
		fprintf(f,
			"; encodings: %" PRIu64 " checked, %" PRIu64 " proven, %" PRIu64 " carried",
			c->encodings_checked, c->encodings_proven, c->encodings_carried);
	fputc(')', f);
}

static void row(FILE *f, const char *key)
{
	fprintf(f, "%-10s ", key);
}

static void print_groups(FILE *f, const struct modulo_comparison *c)
{
	for (size_t i = 0; i < c->nr_groups; i++) {
		const struct modulo_group *g = &c->group[i];

		row(f, "signed");
		fprintf(f, "%c: %" PRIu64 " %s, %s-%s, %s: %s", g->side, g->count, g->kind,
			g->algorithm, g->hash, modulo_status_name(g->status), g->name);
		if (g->certificate) {
			fputs(", certificate SHA-256 ", f);
			report_hex(f, g->certificate, 32);
		}
		fputc('\n', f);
	}
}

void report_compare_text(FILE *f, const struct modulo_comparison *c, const struct report_request *q)
{
	static const char *const verdict[] = { "", "different", "same content modulo signatures",
					       "identical modulo signatures", "identical" };

	for (size_t i = 0; i < c->nr_differences; i++) {
		const struct modulo_difference *d = &c->difference[i];

		row(f, d->what);
		fputs(d->path[0] ? d->path : q->a, f);
		if (d->path_b)
			fprintf(f, " (B: %s)", d->path_b);
		fprintf(f, ": %s\n", d->text);
	}
	for (size_t i = 0; i < q->opt->nr_only; i++) {
		row(f, "only");
		fprintf(f, "%s\n", q->opt->only[i]);
	}
	for (size_t i = 0; i < q->opt->nr_ignore; i++) {
		row(f, "ignore");
		fprintf(f, "%s\n", q->opt->ignore[i]);
	}
	row(f, "members");
	fprintf(f,
		"%" PRIu64 " in A, %" PRIu64 " in B: %" PRIu64 " identical, %" PRIu64
		" modulo signatures",
		c->members_a, c->members_b, c->identical, c->modulo);
	fprintf(f, c->left_out ? "; %" PRIu64 " left out\n" : "\n", c->left_out);
	print_groups(f, c);
	for (size_t i = 0; i < c->nr_derived; i++) {
		row(f, "derived");
		fprintf(f, "%s %s: %" PRIu64 " in A, %" PRIu64 " in B", c->derived[i].form,
			c->derived[i].expression, c->derived[i].count_a, c->derived[i].count_b);
		fprintf(f, c->derived[i].differ ? ", %" PRIu64 " differ\n" : "\n",
			c->derived[i].differ);
	}
	row(f, "forms");
	report_hex(f, c->forms, 32);
	fputc('\n', f);
	if (q->require_verified && c->verified != c->signatures && c->level >= MODULO_SAME_CONTENT)
		fprintf(f, "not proven: %s, but not all signatures are verified ",
			verdict[c->level]);
	else
		fprintf(f, "%s ", verdict[c->level]);
	counts(f, c);
	fputc('\n', f);
}

static void field(FILE *f, const char *key, const char *value)
{
	if (value)
		fprintf(f, "  %-14s %s\n", key, value);
}

static void print_signature(FILE *f, const struct modulo_signature *s)
{
	fprintf(f, "  %-14s %s at %" PRIu64 ", %" PRIu64 " bytes, %s%s\n", "signature", s->kind,
		s->offset, s->length, modulo_status_name(s->status),
		s->refused ? ", refused by a list" : "");
	if (s->root) {
		field(f, "root", s->root);
		fprintf(f, "  %-14s %" PRIu32 "\n", "index", s->index);
	} else {
		field(f, "signer", s->signer ? s->signer : "(no certificate at hand)");
	}
	if (s->certificate) {
		fprintf(f, "  %-14s ", "certificate");
		report_hex(f, s->certificate, 32);
		fputc('\n', f);
	}
	field(f, "issuer", s->issuer);
	field(f, "sig_key", s->serial);
	field(f, "key_id", s->key_id);
	field(f, "sig_hashalgo", s->hash);
	field(f, "algorithm", s->algorithm);
	field(f, "signing_time", s->signing_time);
	field(f, "value", s->value);
}

void report_member_text(FILE *f, const struct modulo_member *m)
{
	fputs(m->path[0] ? m->path : "(the file)", f);
	if (!m->format) {
		fprintf(f, ": %s %04o%s%s\n", m->type, m->mode, m->target ? " -> " : "",
			m->target ? m->target : "");
		return;
	}
	fprintf(f, ": %s, %" PRIu64 " bytes\n", m->format, m->length);
	for (size_t i = 0; i < m->nr_encodings; i++)
		fprintf(f, "  %-14s %s %s, %s%s%s, %" PRIu64 " -> %" PRIu64 " bytes\n", "encoding",
			m->encoding[i].codec, m->encoding[i].params, m->encoding[i].grade,
			m->encoding[i].encoder ? " " : "",
			m->encoding[i].encoder ? m->encoding[i].encoder : "", m->encoding[i].length,
			m->encoding[i].decoded_length);
	fprintf(f, "  %-14s ", "core");
	report_hex(f, m->core, 32);
	fprintf(f, ", %" PRIu64 " bytes\n", m->core_length);
	field(f, "note", m->note);
	for (size_t i = 0; i < m->nr_facts; i++)
		field(f, m->fact[i].key, m->fact[i].value);
	for (size_t i = 0; i < m->nr_signatures; i++)
		print_signature(f, &m->signature[i]);
	if (m->signable && m->nr_signatures == 0)
		field(f, "signature", "none");
}

void report_error_text(FILE *f, const char *program, const struct modulo_error *err)
{
	fprintf(f, "%s: ", program);
	if (err->path[0])
		fprintf(f, "%s: ", err->path);
	if (err->offset != MODULO_NO_OFFSET)
		fprintf(f, "offset %" PRIu64 ": ", err->offset);
	fprintf(f, "%s: %s\n", err->id, err->text);
}
