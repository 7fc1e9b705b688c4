/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading forms/ *.forms, built in as one text. The table is ours, but a typing error in it must
 * not pass. */
#include "ledger/forms.h"

#include <string.h>

#include "base/text.h"
#include "hash/hash.h"
#include "ledger/forms_table.h"

static const struct {
	const char *word;
	enum mo_element_kind kind;
	bool argument, derived, record, signature;
} elements[] = {
	{ "octal4", MO_EL_OCTAL4, true, false, true, false },
	{ "digits", MO_EL_DIGITS, true, false, true, false },
	{ "token", MO_EL_TOKEN, true, false, true, false },
	{ "word", MO_EL_WORD, true, false, true, false },
	{ "decimal(len(child))", MO_EL_CHILD_LEN, true, true, true, false },
	{ "child", MO_EL_CHILD, false, false, true, false },
	{ "cms", MO_EL_CMS, true, false, false, true },
	{ "be32(len(cms))", MO_EL_CMS_LEN, false, true, false, true },
	{ "proof", MO_EL_PROOF, true, false, false, true },
	{ "be32(len(proof))", MO_EL_PROOF_LEN, false, true, false, true },
	{ "core", MO_EL_CORE, true, false, true, false },
	{ "core(N)", MO_EL_CORE_N, false, false, true, false },
	{ "number", MO_EL_NUMBER, false, false, true, false },
	{ "over(N)", MO_EL_OVER, false, false, true, false },
	{ "to", MO_EL_TO, false, false, true, false },
	{ "absent(N)", MO_EL_ABSENT, false, false, true, false },
	{ "le32(pe-checksum)", MO_EL_PE_CHECKSUM, true, true, true, false },
	{ "le32(off(signatures))", MO_EL_SIGS_OFF, true, true, true, false },
	{ "le32(len(signatures))", MO_EL_SIGS_LEN, true, true, true, false },
	{ "authenticode", MO_EL_AUTHENTICODE, true, false, false, true },
	{ "le32(len(authenticode)+8)", MO_EL_WIN_LEN, false, true, false, true },
	{ "le32(len(record))", MO_EL_RECORD_LEN, false, true, false, true },
	{ "fill(N)", MO_EL_FILL, false, false, false, true },
};

const char *mo_element_expression(enum mo_element_kind k)
{
	for (size_t i = 0; i < MO_NR(elements); i++)
		if (elements[i].kind == k && elements[i].derived)
			return elements[i].word;
	return NULL;
}

bool mo_element_has_argument(enum mo_element_kind k)
{
	for (size_t i = 0; i < MO_NR(elements); i++)
		if (elements[i].kind == k)
			return elements[i].argument;
	return false;
}

struct reader {
	struct mo_forms *forms;
	const char *text;
	size_t len, at;
	struct modulo_error *err;
};

static int broken(struct reader *r, const char *what)
{
	return mo_fail(r->err, MODULO_MALFORMED, r->at, "forms.table",
		       "the forms table is broken: %s", what);
}

/* The next line that says something; false at the end. */
static bool next_line(struct reader *r, const char **line, size_t *len)
{
	while (r->at < r->len) {
		const char *s = r->text + r->at;
		const char *nl = memchr(s, '\n', r->len - r->at);

		*line = s;
		*len = nl ? (size_t)(nl - s) : r->len - r->at;
		if (*len && s[0] != '#')
			return true;
		r->at += *len + 1;
	}
	return false;
}

/* "KEY rest": the rest, NUL-terminated in the arena, and on to the next line; NULL where another
 * line stands there. */
static char *value(struct reader *r, const char *key)
{
	size_t n = strlen(key), len;
	const char *line;

	if (!next_line(r, &line, &len) || len <= n || memcmp(line, key, n) != 0)
		return NULL;
	r->at += len + 1;
	return mo_arena_dup(&r->forms->arena, line + n, len - n);
}

static int parse_text(struct reader *r, const char *s, size_t len, struct mo_element *el)
{
	struct mo_buf b = { 0 };

	for (size_t i = 0; i < len; i++) {
		uint8_t hex;

		if (s[i] != '\\') {
			mo_buf_chr(&b, s[i]);
			continue;
		}
		i++;
		if (i < len && s[i] == 'n') {
			mo_buf_chr(&b, '\n');
		} else if (i < len && s[i] == 's') {
			mo_buf_chr(&b, ' ');
		} else if (i < len && (s[i] == '\\' || s[i] == '"')) {
			mo_buf_chr(&b, s[i]);
		} else if (len - i > 2 && s[i] == 'x' && mo_text_hex(s + i + 1, 2, &hex, 1)) {
			mo_buf_chr(&b, (char)hex);
			i += 2;
		} else {
			mo_buf_release(&b);
			return broken(r, "an unknown escape in a text");
		}
	}
	el->kind = MO_EL_TEXT;
	el->len = b.len;
	el->text = mo_arena_dup(&r->forms->arena, b.data, b.len);
	mo_buf_release(&b);
	if (!el->text)
		return mo_fail_nomem(r->err);
	return el->len ? 0 : broken(r, "an empty text");
}

/* Whether s is that word, where N stands for a number from 1 on, which goes to *n. */
static bool is_word(const char *word, const char *s, size_t len, uint32_t *n)
{
	const char *at = strchr(word, 'N');
	size_t before = at ? (size_t)(at - word) : 0, after = at ? strlen(at + 1) : 0;
	uint64_t number = 0;

	if (!at)
		return strlen(word) == len && memcmp(word, s, len) == 0;
	if (len <= before + after || memcmp(word, s, before) != 0 ||
	    memcmp(at + 1, s + len - after, after) != 0 ||
	    !mo_text_number(s + before, len - before - after, &number) || !number || number > 65536)
		return false;
	*n = (uint32_t)number;
	return true;
}

static int parse_element(struct reader *r, struct mo_form *f, const char *s, size_t len)
{
	struct mo_element *el = &f->element[f->nr];

	if (f->nr == MO_FORM_ELEMENTS)
		return broken(r, "a form of too many elements");
	f->nr++;
	if (len > 2 && s[0] == '"' && s[len - 1] == '"')
		return parse_text(r, s + 1, len - 2, el);
	for (size_t i = 0; i < MO_NR(elements); i++) {
		if (!is_word(elements[i].word, s, len, &el->n))
			continue;
		if (f->signature ? !elements[i].signature : !elements[i].record)
			return broken(r, "an element that may not stand in this form");
		el->kind = elements[i].kind;
		return 0;
	}
	return broken(r, "an unknown element");
}

static int parse_form(struct reader *r, struct mo_form *f)
{
	char *in, *is, *after, *take, *end;
	int rc = 0;

	f->name = value(r, "form ");
	in = value(r, " in ");
	is = value(r, " is ");
	after = value(r, " after ");
	take = value(r, " take ");
	if (!f->name || !in || !is || !take || !value(r, " from "))
		return broken(r, "a line is missing or out of order");
	f->in = strncmp(in, "records ", 8) == 0 ? in + 8 : in;
	if (strncmp(is, "signature ", 10) == 0)
		f->signature = is + 10;
	else if (strcmp(is, "record") != 0)
		return broken(r, "neither a record nor a signature");
	if ((strcmp(in, "leaf") == 0 && !f->signature) || (after && !f->signature))
		return broken(r, "a record stands in a container");
	if (after && strcmp(after, "elf-rel") != 0)
		return broken(r, "an unknown condition");
	f->after_elf_rel = after != NULL;
	for (char *s = take; s && rc == 0; s = end) {
		end = strchr(s, ' ');
		rc = parse_element(r, f, s, end ? (size_t)(end - s) : strlen(s));
		end = end ? end + 1 : NULL;
	}
	/* An element of a signature that has an argument is its free one. */
	if (rc == 0 && f->signature && mo_form_arguments(f) != 1)
		return broken(r, "a signature without its one free element");
	return rc;
}

/* A profile is the checker's: what a signature may be, the library has in C (src/der). Passes over
 * its rows. */
static int pass_profile(struct reader *r)
{
	const char *line;
	size_t len;

	if (!value(r, "profile ") || !value(r, " from "))
		return broken(r, "a line outside of a form");
	while (next_line(r, &line, &len) && line[0] == ' ')
		r->at += len + 1;
	return 0;
}

int mo_forms_parse(struct mo_forms *f, const char *text, size_t len, struct modulo_error *err)
{
	struct reader r = { .forms = f, .text = text, .len = len, .err = err };
	struct mo_form *form;
	size_t max = 0, l;
	const char *s;
	int rc;

	for (size_t i = 0; i + 5 < len; i++)
		max += (i == 0 || text[i - 1] == '\n') && memcmp(text + i, "form ", 5) == 0;
	form = mo_arena_array(&f->arena, max + 1, sizeof(*form));
	if (!form)
		return mo_fail_nomem(err);
	f->form = form;
	while (next_line(&r, &s, &l)) {
		bool is_form = l > 5 && memcmp(s, "form ", 5) == 0;

		rc = is_form ? parse_form(&r, &form[f->nr]) : pass_profile(&r);
		if (rc < 0)
			return rc;
		f->nr += is_form;
	}
	return mo_hash_bytes(MO_SHA256, text, len, f->digest, err);
}

int mo_forms_load(struct mo_forms *f, struct modulo_error *err)
{
	return mo_forms_parse(f, mo_forms_table, mo_forms_table_len, err);
}

void mo_forms_release(struct mo_forms *f)
{
	mo_arena_release(&f->arena);
	*f = (struct mo_forms){ 0 };
}

const struct mo_form *mo_forms_find(const struct mo_forms *f, const char *in, const char *name,
				    size_t len)
{
	for (size_t i = 0; i < f->nr; i++)
		if (strcmp(f->form[i].in, in) == 0 && strlen(f->form[i].name) == len &&
		    memcmp(f->form[i].name, name, len) == 0)
			return &f->form[i];
	return NULL;
}

unsigned mo_form_arguments(const struct mo_form *f)
{
	unsigned nr = 0;

	for (unsigned i = 0; i < f->nr; i++)
		nr += mo_element_has_argument(f->element[i].kind);
	return nr;
}

bool mo_form_has_child(const struct mo_form *f)
{
	for (unsigned i = 0; i < f->nr; i++)
		if (f->element[i].kind == MO_EL_CHILD)
			return true;
	return false;
}

static void add(struct mo_buf *b, const char *p, size_t len)
{
	if (b)
		mo_buf_add(b, p, len);
}

void mo_form_render_record(const struct mo_form *f, const struct mo_word *arg, struct mo_buf *bytes,
			   struct mo_buf *core, struct mo_buf *skeleton)
{
	add(skeleton, f->name, strlen(f->name));
	for (unsigned i = 0; i < f->nr; i++) {
		const struct mo_element *el = &f->element[i];

		if (el->kind == MO_EL_TEXT) {
			add(bytes, el->text, el->len);
			add(core, el->text, el->len);
		}
		if (!mo_element_has_argument(el->kind))
			continue;
		add(bytes, arg->p, arg->len);
		if (!mo_element_expression(el->kind)) {
			add(core, arg->p, arg->len);
			add(skeleton, " ", 1);
			add(skeleton, arg->p, arg->len);
		}
		arg++;
	}
	add(skeleton, "\n", 1);
}

/* Of the padding behind len bytes */
static size_t fill_len(uint32_t unit, size_t len)
{
	return (unit - len % unit) % unit;
}

/* Each element's bytes into out, and their number to *len; either may be NULL. body too where only
 * lengths are wanted. */
static void render(const struct mo_form *f, const uint8_t *body, size_t body_len, size_t whole,
		   struct mo_buf *out, size_t *len)
{
	uint8_t number[4];
	size_t at = 0, n;

	for (unsigned i = 0; i < f->nr; i++) {
		const struct mo_element *el = &f->element[i];
		const void *p = number;

		n = sizeof(number);
		switch (el->kind) {
		case MO_EL_CMS:
		case MO_EL_PROOF:
		case MO_EL_AUTHENTICODE:
			p = body;
			n = body_len;
			break;
		case MO_EL_CMS_LEN:
		case MO_EL_PROOF_LEN:
			mo_put_be32(number, (uint32_t)body_len);
			break;
		case MO_EL_WIN_LEN:
			mo_put_le32(number, (uint32_t)body_len + 8);
			break;
		case MO_EL_RECORD_LEN:
			mo_put_le32(number, (uint32_t)whole);
			break;
		case MO_EL_FILL:
			for (n = fill_len(el->n, at); out && n; n--, at++)
				mo_buf_chr(out, '\0');
			break;
		default:
			p = el->text;
			n = el->len;
		}
		if (out)
			mo_buf_add(out, p, n);
		at += n;
	}
	if (len)
		*len = at;
}

size_t mo_form_signature_len(const struct mo_form *f, size_t len)
{
	size_t whole;

	render(f, NULL, len, 0, NULL, &whole);
	return whole;
}

void mo_form_render_signature(const struct mo_form *f, const uint8_t *body, size_t len,
			      struct mo_buf *out)
{
	render(f, body, len, mo_form_signature_len(f, len), out, NULL);
}

enum mo_element_kind mo_form_free_element(const struct mo_form *f)
{
	unsigned i = 0;

	/* A signature's form has one, or the table was refused. */
	while (!mo_element_has_argument(f->element[i].kind))
		i++;
	return f->element[i].kind;
}
