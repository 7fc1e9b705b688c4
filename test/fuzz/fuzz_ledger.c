/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any ledger over any core. The input is: two bytes with the core's length n (big endian), n bytes of core, the ledger's lines
 * behind its head. The head is made here, first with a digest of nothing: a ledger that holds in all else meets join.artifact,
 * and then, with the head that the joined bytes ask for, it must join to these bytes. An entry that the joiner is given
 * is one record and no other: its spelling comes out again.
 *
 * Where the core's length is 65,535 all that follows is a ledger, head and all, over an empty core.
 */
#include <string.h>

#include "base/cursor.h"
#include "hash/hash.h"
#include "ledger/ledger.h"
#include "walk/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mo_forms forms;

struct keeper {
	struct mo_joiner joiner; /* its sink is the first thing in it */
	struct mo_buf buf;       /* the artifact: records and their children */
	bool in_file;
};

static int keep(struct mo_sink *k, const void *p, size_t len, struct modulo_error *err)
{
	(void)err;
	mo_buf_add(&((struct keeper *)k)->buf, p, len);
	return 0;
}

static int entry(struct mo_joiner *j, const struct mo_form *form, const struct mo_word *arg, struct modulo_error *err)
{
	struct keeper *k = (struct keeper *)j;
	struct mo_buf want = { 0 }, got = { 0 };
	struct mo_arena arena = { 0 };
	struct mo_record again;
	struct mo_entry e;
	int r = mo_record_parse(form, arg, &arena, &e, err);

	if (k->in_file)
		__builtin_trap();
	mo_form_render_record(form, arg, &k->buf, NULL, NULL);
	if (r == 0) {
		/* The length is the child's, whatever the record claims: left out on both sides. */
		if (mo_record_make(&forms, &e, strcmp(form->in, "dir") != 0, 0, &arena, &again, NULL) || again.form != form)
			__builtin_trap();
		mo_form_render_record(form, arg, NULL, &want, NULL);
		mo_form_render_record(form, again.arg, NULL, &got, NULL);
		if (want.len != got.len || memcmp(want.data, got.data, want.len) != 0)
			__builtin_trap();
		k->in_file = mo_form_has_child(form);
	}
	mo_buf_release(&want);
	mo_buf_release(&got);
	mo_arena_release(&arena);
	return r;
}

static int entry_end(struct mo_joiner *j, struct modulo_error *err)
{
	struct keeper *k = (struct keeper *)j;

	(void)err;
	if (!k->in_file)
		__builtin_trap();
	k->in_file = false;
	return 0;
}

static int join(const struct mo_buf *text, const uint8_t *core, size_t core_len, struct keeper *k, struct modulo_error *err)
{
	struct mo_source *ledger, *c;
	int r;

	*k = (struct keeper){ .joiner = { { keep }, entry, entry_end } };
	if (mo_source_memory(text->data, text->len, &ledger, NULL) || mo_source_memory(core, core_len, &c, NULL))
		abort();
	r = mo_ledger_join(ledger, c, &forms, &k->joiner, err);
	if (r != err->rc || (r && (!err->id[0] || !err->text[0])))
		__builtin_trap();
	mo_source_close(ledger);
	mo_source_close(c);
	return r;
}

static void with_head(struct mo_buf *text, const struct mo_buf *artifact, const uint8_t *core, size_t core_len,
		      const char *body, size_t len)
{
	struct mo_ledger_head h = { .artifact_len = artifact->len, .core_len = core_len };

	memcpy(h.forms, forms.digest, 32);
	if (mo_hash_bytes(MO_SHA256, core, core_len, h.core, NULL) ||
	    mo_hash_bytes(MO_SHA256, artifact->data, artifact->len, h.artifact, NULL))
		abort();
	mo_buf_reset(text);
	mo_ledger_head_write(&h, text);
	mo_buf_add(text, body, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mo_cursor c = mo_cur(data, size);
	struct mo_buf text = { 0 }, nothing = { 0 };
	struct modulo_error err = { 0 }, again = { 0 };
	struct keeper a = { 0 }, b = { 0 };
	const uint8_t *core, *body;
	size_t len;

	if (!forms.nr && mo_forms_load(&forms, NULL))
		abort();
	c.big = true;
	len = mo_cur_u16(&c);
	if (len == 65535)
		len = 0;
	core = mo_cur_take(&c, len);
	body = mo_cur_take(&c, mo_cur_left(&c));
	if (c.bad)
		return 0;
	if (data[0] == 255 && data[1] == 255)
		mo_buf_add(&text, body, size - 2);
	else
		with_head(&text, &nothing, core, len, (const char *)body, size - 2 - len);
	join(&text, core, len, &a, &err);
	if (strcmp(err.id, "join.artifact") == 0) {
		with_head(&text, &a.buf, core, len, (const char *)body, size - 2 - len);
		if (data[0] != 255 || data[1] != 255) {
			if (join(&text, core, len, &b, &again) || b.in_file || b.buf.len != a.buf.len ||
			    memcmp(a.buf.data, b.buf.data, a.buf.len) != 0)
				__builtin_trap();
		}
	}
	mo_buf_release(&text);
	mo_buf_release(&a.buf);
	mo_buf_release(&b.buf);
	return 0;
}
