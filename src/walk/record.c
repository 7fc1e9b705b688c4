/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "walk/record.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* By enum mo_entry_type: the words that records begin with. */
static const char *const type_name[] = { "dir",	 "file",   "link", "symlink",
					 "fifo", "socket", "char", "block" };

const char *mo_entry_type_name(enum mo_entry_type t)
{
	return type_name[t];
}

static bool is_device(enum mo_entry_type t)
{
	return t == MO_CHAR || t == MO_BLOCK;
}

static void add_arg(struct mo_record *r, struct mo_arena *arena, struct mo_buf *b)
{
	r->arg[r->nr].p = mo_buf_ok(b) ? mo_arena_dup(arena, b->data, b->len) : NULL;
	r->arg[r->nr++].len = b->len;
	mo_buf_reset(b);
}

int mo_record_make(const struct mo_forms *forms, const struct mo_entry *e, bool metadata,
		   uint64_t child_len, struct mo_arena *arena, struct mo_record *out,
		   struct modulo_error *err)
{
	_cleanup_(mo_buf_release) struct mo_buf b = { 0 };
	struct mo_record r = { 0 };
	char name[32];

	snprintf(name, sizeof(name), "%s%s", metadata ? "meta." : "", type_name[e->type]);
	r.form = mo_forms_find(forms, metadata ? "dir-metadata" : "dir", name, strlen(name));
	if (!r.form)
		return mo_fail(err, MODULO_UNSUPPORTED, MODULO_NO_OFFSET, "ledger.form",
			       "there is no form %s", name);
	if (e->type != MO_LINK && e->type != MO_SYMLINK) {
		mo_buf_fmt(&b, "%04o", e->mode);
		add_arg(&r, arena, &b);
	}
	if (is_device(e->type)) {
		mo_buf_fmt(&b, "%u", e->major);
		add_arg(&r, arena, &b);
		mo_buf_fmt(&b, "%u", e->minor);
		add_arg(&r, arena, &b);
	}
	if (metadata && e->type != MO_LINK) {
		mo_buf_fmt(&b, "%u", e->uid);
		add_arg(&r, arena, &b);
		mo_buf_fmt(&b, "%u", e->gid);
		add_arg(&r, arena, &b);
		mo_buf_fmt(&b, "%lld.%09u", (long long)e->mtime, e->mtime_ns);
		add_arg(&r, arena, &b);
		mo_buf_str(&b, e->xattrs);
		add_arg(&r, arena, &b);
	}
	mo_buf_escape(&b, e->path, strlen(e->path), "");
	add_arg(&r, arena, &b);
	if (e->target) {
		mo_buf_escape(&b, e->target, strlen(e->target), "");
		add_arg(&r, arena, &b);
	}
	if (e->type == MO_FILE) {
		mo_buf_fmt(&b, "%llu", (unsigned long long)child_len);
		add_arg(&r, arena, &b);
	}
	for (unsigned i = 0; i < r.nr; i++)
		if (!r.arg[i].p)
			return mo_fail_nomem(err);
	*out = r;
	return 0;
}

void mo_record_line(const struct mo_record *r, struct mo_buf *out)
{
	mo_buf_str(out, r->form->name);
	for (unsigned i = 0; i < r->nr; i++) {
		mo_buf_chr(out, ' ');
		mo_buf_add(out, r->arg[i].p, r->arg[i].len);
	}
	mo_buf_chr(out, '\n');
}

static const char *unescape(const struct mo_word *w, struct mo_arena *arena)
{
	_cleanup_(mo_buf_release) struct mo_buf b = { 0 };

	/* A NUL would end the name early for the system. */
	if (!mo_text_unescape(w->p, w->len, "", &b) || memchr(b.data, 0, b.len))
		return NULL;
	return mo_arena_dup(arena, b.data, b.len);
}

static bool parse_number(const struct mo_word *w, uint64_t max, uint64_t *out)
{
	return mo_text_number(w->p, w->len, out) && *out <= max;
}

/* SECONDS.NANOSECONDS, nine digits of the latter. Half a second before 1970 is -1.500000000: there
 * is no -0. */
static bool parse_mtime(const struct mo_word *w, struct mo_entry *e)
{
	bool negative = w->len && w->p[0] == '-';
	const char *dot = memchr(w->p, '.', w->len);
	uint64_t sec, ns = 0;

	if (!dot || (size_t)(w->p + w->len - dot) != 10 ||
	    !mo_text_number(w->p + negative, (size_t)(dot - w->p) - negative, &sec) ||
	    (negative && sec == 0))
		return false;
	for (const char *d = dot + 1; d < w->p + w->len; d++) {
		if (*d < '0' || *d > '9')
			return false;
		ns = ns * 10 + (uint64_t)(*d - '0');
	}
	e->mtime = negative ? -(int64_t)sec : (int64_t)sec;
	e->mtime_ns = (uint32_t)ns;
	return true;
}

static bool parse(const struct mo_form *form, const struct mo_word *arg, struct mo_arena *arena,
		  struct mo_entry *e)
{
	bool metadata = strncmp(form->name, "meta.", 5) == 0;
	const char *type = form->name + (metadata ? 5 : 0);
	uint64_t v = 0, w = 0;

	while (e->type < MO_NR(type_name) && strcmp(type_name[e->type], type) != 0)
		e->type++;
	if (e->type == MO_NR(type_name))
		return false;
	if (e->type != MO_LINK && e->type != MO_SYMLINK) {
		for (size_t i = 0; i < 4; i++)
			e->mode = e->mode << 3 | (unsigned)(arg->p[i] - '0');
		arg++;
	}
	if (is_device(e->type)) {
		if (!parse_number(arg++, UINT32_MAX, &v) || !parse_number(arg++, UINT32_MAX, &w))
			return false;
		e->major = (unsigned)v;
		e->minor = (unsigned)w;
	}
	if (metadata && e->type != MO_LINK) {
		if (!parse_number(arg++, UINT32_MAX, &v) || !parse_number(arg++, UINT32_MAX, &w) ||
		    !parse_mtime(arg++, e))
			return false;
		e->uid = (uint32_t)v;
		e->gid = (uint32_t)w;
		e->xattrs = mo_arena_dup(arena, arg->p, arg->len);
		arg++;
	}
	e->path = unescape(arg++, arena);
	if (e->type == MO_LINK || e->type == MO_SYMLINK)
		e->target = unescape(arg, arena);
	return e->path && (e->target || (e->type != MO_LINK && e->type != MO_SYMLINK));
}

int mo_record_parse(const struct mo_form *form, const struct mo_word *arg, struct mo_arena *arena,
		    struct mo_entry *out, struct modulo_error *err)
{
	struct mo_entry e = { 0 };

	if (!parse(form, arg, arena, &e))
		return mo_fail(
			err, MODULO_MALFORMED, MODULO_NO_OFFSET, "ledger.argument",
			"a record's name, number or time is none that a file system could hold");
	*out = e;
	return 0;
}
