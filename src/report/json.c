/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON. Fields keep their names and meanings; new ones may come. Strings are ASCII as the library
 * gives them; digests are hex.
 */
#include "report/report.h"

#include <inttypes.h>
#include <stdarg.h>

void report_json_string(FILE *f, const char *s)
{
	if (!s) {
		fputs("null", f);
		return;
	}
	fputc('"', f);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			fprintf(f, "\\u%04x", c);
		else
			fputc(c, f);
	}
	fputc('"', f);
}

void report_hex(FILE *f, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fprintf(f, "%02x", p[i]);
}

static void string(FILE *f, const char *key, const char *value)
{
	fprintf(f, "\"%s\":", key);
	report_json_string(f, value);
}

static void digest(FILE *f, const char *key, const uint8_t *p)
{
	if (!p) {
		fprintf(f, "\"%s\":null", key);
		return;
	}
	fprintf(f, "\"%s\":\"", key);
	report_hex(f, p, 32);
	fputc('"', f);
}

static void strings(FILE *f, const char *key, const char *const *s, size_t nr)
{
	fprintf(f, "\"%s\":[", key);
	for (size_t i = 0; i < nr; i++) {
		if (i)
			fputc(',', f);
		report_json_string(f, s[i]);
	}
	fputc(']', f);
}

void report_json_texts(FILE *f, ...)
{
	const char *key, *comma = "";
	va_list ap;

	va_start(ap, f);
	while ((key = va_arg(ap, const char *))) {
		fputs(comma, f);
		string(f, key, va_arg(ap, const char *));
		comma = ",";
	}
	va_end(ap);
}

static void groups(FILE *f, const struct modulo_comparison *c)
{
	fputs("\"signatures\":[", f);
	for (size_t i = 0; i < c->nr_groups; i++) {
		const struct modulo_group *g = &c->group[i];

		fprintf(f, "%s{\"side\":\"%c\",", i ? "," : "", g->side);
		report_json_texts(f, "kind", g->kind, "status", modulo_status_name(g->status),
				  "signer", g->name, "algorithm", g->algorithm, "hash", g->hash,
				  NULL);
		fputc(',', f);
		digest(f, "certificate", g->certificate);
		fprintf(f, ",\"count\":%" PRIu64 "}", g->count);
	}
	fputs("]", f);
}

static void differences(FILE *f, const struct modulo_comparison *c)
{
	fputs("\"differences\":[", f);
	for (size_t i = 0; i < c->nr_differences; i++) {
		const struct modulo_difference *d = &c->difference[i];

		fputs(i ? ",{" : "{", f);
		report_json_texts(f, "path", d->path, "path_b", d->path_b, "what", d->what, "text",
				  d->text, "place", d->place, NULL);
		if (d->offset == MODULO_NO_OFFSET)
			fputs(",\"offset\":null", f);
		else
			fprintf(f, ",\"offset\":%" PRIu64, d->offset);
		fprintf(f, ",\"level\":%d}", d->level);
	}
	fputs("]", f);
}

void report_compare_json(FILE *f, const struct modulo_comparison *c, const struct report_request *q)
{
	static const char *const verdict[] = { "", "different", "same content modulo signatures",
					       "identical modulo signatures", "identical" };

	fputs("{\"schema\":\"modulo.compare/1\",", f);
	string(f, "verdict", verdict[c->level]);
	fprintf(f, ",\"level\":%d,\"ok\":%s,", c->level,
		report_compare_ok(c, q) ? "true" : "false");
	report_json_texts(f, "a", q->a, "b", q->b, NULL);
	fputc(',', f);
	strings(f, "only", q->opt->only, q->opt->nr_only);
	fputc(',', f);
	strings(f, "ignore", q->opt->ignore, q->opt->nr_ignore);
	fprintf(f, ",\"left_out\":%" PRIu64 ",", c->left_out);
	digest(f, "forms", c->forms);
	fprintf(f,
		",\"members\":{\"a\":%" PRIu64 ",\"b\":%" PRIu64 ",\"identical\":%" PRIu64
		",\"modulo\":%" PRIu64 "}",
		c->members_a, c->members_b, c->identical, c->modulo);
	fprintf(f,
		",\"signature_count\":%" PRIu64 ",\"verified\":%" PRIu64 ",\"invalid\":%" PRIu64
		",\"unvouched\":%" PRIu64 ",",
		c->signatures, c->verified, c->invalid, c->unvouched);
	groups(f, c);
	fprintf(f,
		",\"encodings\":{\"checked\":%" PRIu64 ",\"proven\":%" PRIu64
		",\"carried\":%" PRIu64 "},\"derived\":[",
		c->encodings_checked, c->encodings_proven, c->encodings_carried);
	for (size_t i = 0; i < c->nr_derived; i++) {
		const struct modulo_derived *d = &c->derived[i];

		fputs(i ? ",{" : "{", f);
		report_json_texts(f, "form", d->form, "expression", d->expression, NULL);
		fprintf(f, ",\"a\":%" PRIu64 ",\"b\":%" PRIu64 ",\"differ\":%" PRIu64 "}",
			d->count_a, d->count_b, d->differ);
	}
	fputs("],", f);
	differences(f, c);
	fputs("}\n", f);
}

static void signature(FILE *f, const struct modulo_signature *s)
{
	fputc('{', f);
	report_json_texts(f, "kind", s->kind, "form", s->form, NULL);
	fprintf(f, ",\"offset\":%" PRIu64 ",\"length\":%" PRIu64 ",", s->offset, s->length);
	report_json_texts(f, "status", modulo_status_name(s->status), "signer", s->signer, NULL);
	fprintf(f, ",\"refused\":%s,", s->refused ? "true" : "false");
	digest(f, "certificate", s->certificate);
	fputc(',', f);
	report_json_texts(f, "issuer", s->issuer, "serial", s->serial, "key_id", s->key_id,
			  "algorithm", s->algorithm, "hash", s->hash, "signing_time",
			  s->signing_time, "value", s->value, "root", s->root, NULL);
	if (s->root)
		fprintf(f, ",\"index\":%" PRIu32, s->index);
	fputc('}', f);
}

static void file_fields(FILE *f, const struct modulo_member *m)
{
	fputc(',', f);
	report_json_texts(f, "format", m->format, "note", m->note, NULL);
	fprintf(f, ",\"length\":%" PRIu64 ",\"core_length\":%" PRIu64 ",", m->length,
		m->core_length);
	digest(f, "core", m->core);
	fputs(",\"encodings\":[", f);
	for (size_t i = 0; i < m->nr_encodings; i++) {
		const struct modulo_encoding *e = &m->encoding[i];

		fputs(i ? ",{" : "{", f);
		report_json_texts(f, "codec", e->codec, "parameters", e->params, "grade", e->grade,
				  "encoder", e->encoder, NULL);
		fprintf(f, ",\"length\":%" PRIu64 ",\"decoded_length\":%" PRIu64 "}", e->length,
			e->decoded_length);
	}
	fputs("],\"signatures\":[", f);
	for (size_t i = 0; i < m->nr_signatures; i++) {
		if (i)
			fputc(',', f);
		signature(f, &m->signature[i]);
	}
	fputs("],\"facts\":[", f);
	for (size_t i = 0; i < m->nr_facts; i++) {
		fputs(i ? ",{" : "{", f);
		report_json_texts(f, "key", m->fact[i].key, "value", m->fact[i].value, NULL);
		fputc('}', f);
	}
	fputc(']', f);
}

void report_member_json(FILE *f, const struct modulo_member *m, bool first)
{
	fputs(first ? "\n{" : ",\n{", f);
	report_json_texts(f, "path", m->path, "type", m->type, NULL);
	fprintf(f, ",\"mode\":\"%04o\",", m->mode);
	string(f, "target", m->target);
	if (m->format)
		file_fields(f, m);
	fputc('}', f);
}

void report_error_json(FILE *f, const struct modulo_error *err)
{
	fputs("{\"schema\":\"modulo.refusal/1\",", f);
	report_json_texts(f, "id", err->id, "path", err->path, NULL);
	if (err->offset == MODULO_NO_OFFSET)
		fputs(",\"offset\":null,", f);
	else
		fprintf(f, ",\"offset\":%" PRIu64 ",", err->offset);
	string(f, "text", err->text);
	fputs("}\n", f);
}
