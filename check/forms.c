/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The forms table, doc/ledger.md 4: what may stand beside core bytes. It is built in, but read as strictly
 * as a ledger: an element that is not understood must not become one that is passed over.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *word;
	enum mo_check_kind kind;
	bool argument, record, signature;
} elements[] = {
	{ "octal4", MO_CHECK_OCTAL4, true, true, false },
	{ "digits", MO_CHECK_DIGITS, true, true, false },
	{ "token", MO_CHECK_TOKEN, true, true, false },
	{ "word", MO_CHECK_WORD, true, true, false },
	{ "decimal(len(child))", MO_CHECK_LEN_CHILD, true, true, false },
	{ "child", MO_CHECK_CHILD, false, true, false },
	{ "cms", MO_CHECK_CMS_BYTES, true, false, true },
	{ "be32(len(cms))", MO_CHECK_LEN_CMS, false, false, true },
};

static __attribute__((noreturn)) void bad(struct mo_check *c, const char *line)
{
	mo_check_refuse(c, "check.forms", "this program's own forms table: '%.60s'", line);
}

/* The next line that is no comment; false: there is none. */
static bool next_line(struct mo_check *c, size_t *at, char line[512])
{
	while (*at < mo_forms_table_len) {
		const char *p = mo_forms_table + *at;
		const char *lf = memchr(p, '\n', mo_forms_table_len - *at);
		size_t len = lf ? (size_t)(lf - p) : 0;

		if (!lf || len >= 512 || memchr(p, '\0', len))
			bad(c, "a line without an end, too long, or with a NUL");
		*at += len + 1;
		if (len == 0 || *p == '#')
			continue;
		memcpy(line, p, len);
		line[len] = '\0';
		return true;
	}
	return false;
}

/* What follows `key` in a line that begins with it. */
static char *value(struct mo_check *c, char *line, const char *key)
{
	if (strncmp(line, key, strlen(key)) || !line[strlen(key)])
		bad(c, line);
	return line + strlen(key);
}

static void name(struct mo_check *c, char out[32], const char *s)
{
	if (strlen(s) > 31 || strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-") != strlen(s))
		bad(c, s);
	memcpy(out, s, strlen(s) + 1);
}

static void literal(struct mo_check *c, struct mo_check_element *e, const char *s)
{
	const char *end = s + strlen(s) - 1;

	if (end == s || *end != '"')
		bad(c, s);
	while (++s < end) {
		unsigned byte = (uint8_t)*s, used = 0;

		if (*s == '"' || byte < 0x21 || byte > 0x7e || e->len == sizeof(e->text))
			bad(c, s);
		if (*s == '\\') {
			s++;
			byte = *s == 'n' ? '\n' : *s == 's' ? ' ' : (uint8_t)*s;
			if (*s == 'x' && strspn(s + 1, "0123456789abcdef") >= 2) {
				char hex[3] = { s[1], s[2], '\0' };

				byte = (unsigned)strtoul(hex, NULL, 16);
				used = 2;
			} else if (!strchr("ns\\\"", *s)) {
				bad(c, s);
			}
			s += used;
		}
		if (s >= end)
			bad(c, s);
		e->text[e->len++] = (uint8_t)byte;
	}
	if (!e->len)
		bad(c, "an empty literal");
}

static void element(struct mo_check *c, struct mo_check_form *f, const char *s)
{
	struct mo_check_element *e = &f->element[f->nr];

	if (f->nr == sizeof(f->element) / sizeof(f->element[0]) ||
	    (f->nr && f->element[f->nr - 1].kind == MO_CHECK_CHILD)) /* nothing here reads on after it */
		bad(c, s);
	f->nr++;
	if (*s == '"') {
		e->kind = MO_CHECK_LITERAL;
		literal(c, e, s);
		return;
	}
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
		if (strcmp(s, elements[i].word))
			continue;
		if (!(*f->signs ? elements[i].signature : elements[i].record))
			bad(c, s);
		e->kind = elements[i].kind;
		f->nr_args += elements[i].argument;
		return;
	}
	bad(c, s);
}

static void form(struct mo_check *c, size_t *at, char line[512])
{
	struct mo_check_form *f = &c->form[c->nr_forms];
	char *s, *next;
	bool claims = false;

	if (c->nr_forms++ == sizeof(c->form) / sizeof(c->form[0]))
		bad(c, line);
	name(c, f->name, value(c, line, "form "));
	s = next_line(c, at, line) ? value(c, line, " in ") : line;
	f->place = !strcmp(s, "leaf") ? MO_CHECK_LEAF :
		   !strcmp(s, "records dir") ? MO_CHECK_DIR : MO_CHECK_DIR_METADATA;
	if (f->place == MO_CHECK_DIR_METADATA && strcmp(s, "records dir-metadata"))
		bad(c, s);
	s = next_line(c, at, line) ? value(c, line, " is ") : line;
	if (f->place == MO_CHECK_LEAF)
		name(c, f->signs, value(c, s, "signature "));
	else if (strcmp(s, "record"))
		bad(c, s);
	if (!next_line(c, at, line))
		bad(c, line);
	if (*f->signs && !strcmp(line, " after elf-rel")) {
		f->after_elf = true;
		next_line(c, at, line);
	}
	for (s = value(c, line, " take "); s; s = next) {
		next = strchr(s, ' ');
		if (next)
			*next++ = '\0';
		element(c, f, s);
	}
	for (unsigned i = 0; i < f->nr; i++)
		claims |= f->element[i].kind == MO_CHECK_LEN_CHILD;
	if (!next_line(c, at, line))
		bad(c, line);
	value(c, line, " from ");
	if (*f->signs ? f->nr_args != 1 : claims && f->element[f->nr - 1].kind != MO_CHECK_CHILD)
		bad(c, f->name);
}

/* A record can only be what it looks like: no first text begins another's. */
static void unlike(struct mo_check *c, const struct mo_check_form *a, const struct mo_check_form *b)
{
	size_t n = a->element[0].len < b->element[0].len ? a->element[0].len : b->element[0].len;

	if (!strcmp(a->name, b->name))
		bad(c, a->name);
	if (a->place == b->place && a->place != MO_CHECK_LEAF && !memcmp(a->element[0].text, b->element[0].text, n))
		bad(c, a->name);
}

void mo_check_forms(struct mo_check *c)
{
	char line[512];
	size_t at = 0;

	while (next_line(c, &at, line))
		form(c, &at, line);
	for (unsigned i = 0; i < c->nr_forms; i++) {
		if (c->form[i].place != MO_CHECK_LEAF && c->form[i].element[0].kind != MO_CHECK_LITERAL)
			bad(c, c->form[i].name);
		for (unsigned k = 0; k < i; k++)
			unlike(c, &c->form[i], &c->form[k]);
	}
}

const struct mo_check_form *mo_check_form(struct mo_check *c, const char *word, enum mo_check_place place)
{
	for (unsigned i = 0; i < c->nr_forms; i++)
		if (c->form[i].place == place && !strcmp(c->form[i].name, word))
			return &c->form[i];
	mo_check_refuse(c, "ledger.form", "'%.64s' is no form that may stand here", word);
}
