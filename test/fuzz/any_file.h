/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes as a file. Explaining it twice gives the same; its ledger and its core join to just these bytes; and the core
 * alone, if it is accepted, is unsigned and its own core. Streams are carried here: what is asked is not which encoder made them.
 */
#ifndef TEST_FUZZ_ANY_FILE_H
#define TEST_FUZZ_ANY_FILE_H

#include <stdlib.h>
#include <string.h>

#include "hash/hash.h"
#include "ledger/ledger.h"
#include "walk/explain.h"

#define FUZZ_MAX (UINT64_C(1) << 20)

static struct mo_forms forms;

struct explained {
	struct modulo_error err;
	struct mo_arena arena;
	struct mo_source *source;
	struct mo_item *item; /* NULL: refused */
	struct mo_item_digest digest;
};

struct keeper {
	struct mo_joiner joiner; /* its sink is the first thing in it */
	struct mo_buf buf;
};

static int keep(struct mo_sink *k, const void *p, size_t len, struct modulo_error *err)
{
	(void)err;
	mo_buf_add(&((struct keeper *)k)->buf, p, len);
	return 0;
}

static int no_entry(struct mo_joiner *j, const struct mo_form *form, const struct mo_word *arg, struct modulo_error *err)
{
	(void)j;
	(void)form;
	(void)arg;
	(void)err;
	__builtin_trap(); /* a file's ledger has no entries */
}

static int no_end(struct mo_joiner *j, struct modulo_error *err)
{
	(void)j;
	(void)err;
	__builtin_trap();
}

static void explain(struct explained *e, const uint8_t *p, size_t len, unsigned want)
{
	struct mo_explain x = { .forms = &forms, .want = want, .max_decoded = FUZZ_MAX };

	*e = (struct explained){ 0 };
	if (mo_source_memory(p, len, &e->source, NULL))
		abort();
	if (mo_explain(&x, e->source, &e->arena, &e->item, &e->err)) {
		if (!e->err.rc || !e->err.id[0] || !e->err.text[0] || e->item)
			__builtin_trap();
		return;
	}
	if (e->err.rc || mo_item_digest(e->item, &e->digest, &e->err))
		__builtin_trap();
	for (struct mo_item *it = e->item; it->kind == MO_STREAM; it = it->inner)
		it->grade = MO_CARRIED;
}

static void forget(struct explained *e)
{
	mo_item_release(e->item);
	mo_source_close(e->source);
	mo_arena_release(&e->arena);
}

/* Whether each signature that names its content's digest names this one: no ledger may hold another. */
static bool own_signatures(struct explained *e, const struct mo_item *leaf)
{
	for (unsigned i = 0; i < leaf->nr_sigs; i++)
		if (mo_body_bound(&leaf->sig[i].parsed, e->digest.signed_content[i], NULL))
			return false;
	return true;
}

static void join_again(struct explained *e, const uint8_t *data, size_t size)
{
	struct keeper text = { .joiner = { { keep }, no_entry, no_end } }, joined = text;
	struct mo_ledger_head h = { .artifact_len = size };
	struct mo_item *leaf = mo_item_leaf(e->item);
	struct mo_source *ledger, *core;
	struct modulo_error err = { 0 };
	int r;

	memcpy(h.forms, forms.digest, 32);
	memcpy(h.core, e->digest.core, 32);
	h.core_len = leaf->core_len;
	if (mo_hash_bytes(MO_SHA256, data, size, h.artifact, NULL))
		abort();
	mo_ledger_head_write(&h, &text.buf);
	if (mo_item_write(e->item, &text.joiner.sink, NULL))
		abort();
	mo_buf_str(&text.buf, "end\n");
	if (mo_source_memory(text.buf.data, text.buf.len, &ledger, NULL) ||
	    mo_source_slice(leaf->core, 0, leaf->core_len, &core, NULL))
		abort();
	r = mo_ledger_join(ledger, core, &forms, &joined.joiner, &err);
	if (!own_signatures(e, leaf)) {
		if (r != MODULO_MISMATCH || strcmp(err.id, "cms.digest") != 0)
			__builtin_trap();
	} else if (r || err.rc || joined.buf.len != size || (size && memcmp(joined.buf.data, data, size) != 0)) {
		__builtin_trap();
	}
	mo_source_close(core);
	mo_source_close(ledger);
	mo_buf_release(&text.buf);
	mo_buf_release(&joined.buf);
}

static void core_alone(struct explained *e, unsigned want)
{
	struct mo_item *leaf = mo_item_leaf(e->item);
	size_t len = (size_t)leaf->core_len;
	uint8_t *core;
	struct explained alone;

	if (leaf->kind == MO_RECORDS) /* an image's core is none */
		return;
	core = malloc(len + 1);
	if (!core || mo_source_read(leaf->source, 0, core, len, NULL))
		abort();
	explain(&alone, core, len, want);
	if (alone.item && (alone.item->kind != MO_LEAF || alone.item->nr_sigs || alone.item->len != len ||
			   memcmp(alone.digest.core, e->digest.core, 32) != 0))
		__builtin_trap();
	forget(&alone);
	free(core);
}

static void one_way(const uint8_t *data, size_t size, unsigned want)
{
	struct explained a, b;

	explain(&a, data, size, want);
	explain(&b, data, size, want | MO_WANT_LABELS | MO_WANT_FACTS);
	if (a.err.rc != b.err.rc || strcmp(a.err.id, b.err.id) || a.err.offset != b.err.offset ||
	    memcmp(a.digest.core, b.digest.core, 32) != 0)
		__builtin_trap();
	if (a.item) {
		join_again(&a, data, size);
		core_alone(&a, want);
	}
	forget(&a);
	forget(&b);
}

static void any_file(const uint8_t *data, size_t size)
{
	if (!forms.nr && mo_forms_load(&forms, NULL))
		abort();
	one_way(data, size, 0);
	one_way(data, size, MO_WANT_NESTED);
}

#endif
