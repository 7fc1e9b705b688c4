/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ledger/item.h"

#include <string.h>

#include "elf/elf.h"
#include "hash/hash.h"

void mo_ledger_leaf(struct mo_ledger *l, const char *format, const struct mo_detached *detached,
		    uint64_t core_len)
{
	l->item->format = format;
	l->item->detached = detached;
	l->item->core_len = core_len;
	l->item->claimed = true;
}

int mo_ledger_signature(struct mo_ledger *l, const char *form, const uint8_t *body, size_t len,
			struct modulo_error *err)
{
	struct mo_item *it = l->item;
	struct mo_signature *s;
	uint64_t off = it->core_len;

	if (it->nr_sigs == MO_SIGNATURES_MAX)
		return mo_fail(err, MODULO_LIMIT, off, "ledger.signatures",
			       "more than %d signatures on one file", MO_SIGNATURES_MAX);
	s = &it->sig[it->nr_sigs];
	if (it->nr_sigs)
		off = s[-1].off + s[-1].len;
	s->form = mo_forms_find(l->forms, "leaf", form, strlen(form));
	if (!s->form)
		return mo_fail(err, MODULO_UNSUPPORTED, off, "ledger.form", "there is no form %s",
			       form);
	s->body = (const uint8_t *)mo_arena_dup(l->arena, body, len);
	if (!s->body)
		return mo_fail_nomem(err);
	s->body_len = len;
	s->off = off;
	s->len = len + mo_form_fixed_len(s->form);
	it->nr_sigs++;
	return 0;
}

/* An arena's array that grows by doubling; what it leaves behind dies with the arena. */
static void *grow(struct mo_arena *a, void *array, size_t nr, size_t *max, size_t size)
{
	void *more;

	if (nr < *max)
		return array;
	more = mo_arena_array(a, *max ? *max * 2 : 16, size);
	if (!more)
		return NULL;
	if (nr)
		memcpy(more, array, nr * size);
	*max = *max ? *max * 2 : 16;
	return more;
}

int mo_ledger_label(struct mo_ledger *l, uint64_t off, uint64_t len, const char *name,
		    struct modulo_error *err)
{
	struct mo_item *it = l->item;
	struct mo_label *more;

	if (!(l->want & MO_WANT_LABELS) || len == 0)
		return 0;
	more = grow(l->arena, it->label, it->nr_labels, &it->max_labels, sizeof(*more));
	if (!more)
		return mo_fail_nomem(err);
	it->label = more;
	more[it->nr_labels] =
		(struct mo_label){ off, len, mo_arena_dup(l->arena, name, strlen(name)) };
	return more[it->nr_labels++].name ? 0 : mo_fail_nomem(err);
}

int mo_ledger_fact(struct mo_ledger *l, const char *key, const void *value, size_t len,
		   struct modulo_error *err)
{
	struct mo_item *it = l->item;
	struct mo_fact *more, *f;

	if (!(l->want & MO_WANT_FACTS))
		return 0;
	more = grow(l->arena, it->fact, it->nr_facts, &it->max_facts, sizeof(*more));
	if (!more)
		return mo_fail_nomem(err);
	it->fact = more;
	f = &more[it->nr_facts++];
	f->key = mo_arena_dup(l->arena, key, strlen(key));
	f->value = mo_arena_dup(l->arena, value, len);
	return f->key && f->value ? 0 : mo_fail_nomem(err);
}

static int check_signature(struct mo_item *it, struct mo_signature *s, struct modulo_error *err)
{
	_cleanup_(mo_buf_release) struct mo_buf want = { 0 };
	_cleanup_free_ uint8_t *got = malloc((size_t)s->len);
	int r;

	if (s->body_len > MO_SIGNATURE_MAX)
		return mo_fail(err, MODULO_LIMIT, s->off, "ledger.signature",
			       "a signature of %zu bytes, over %d", s->body_len, MO_SIGNATURE_MAX);
	r = mo_body_parse(s->form, s->body, s->body_len, &s->parsed, err);
	if (r < 0) {
		mo_error_shift(err, s->off);
		return r;
	}
	mo_form_render_signature(s->form, s->body, s->body_len, &want);
	if (!got || !mo_buf_ok(&want))
		return mo_fail_nomem(err);
	r = mo_source_read(it->source, s->off, got, (size_t)s->len, err);
	if (r < 0)
		return r;
	if (want.len != s->len || memcmp(want.data, got, want.len) != 0)
		return mo_fail(err, MODULO_MISMATCH, s->off, "ledger.render",
			       "a signature is not what its form %s makes of it", s->form->name);
	return 0;
}

int mo_form_fits(const struct mo_form *f, struct mo_source *s, uint64_t off, uint64_t core_len,
		 bool *fits, struct modulo_error *err)
{
	uint8_t head[MO_ELF_HEAD];
	int r;

	*fits = !f->after_elf_rel;
	if (*fits || core_len < sizeof(head))
		return 0;
	r = mo_source_read(s, off, head, sizeof(head), err);
	*fits = r == 0 && mo_elf_is_rel(head);
	return r;
}

int mo_item_check(struct mo_item *it, struct modulo_error *err)
{
	uint64_t end = it->core_len;
	bool fits;
	int r;

	if (it->kind == MO_STREAM)
		return it->len == it->source->len
			       ? mo_item_check(it->inner, err)
			       : mo_fail(err, MODULO_MISMATCH, it->len, "ledger.rest",
					 "bytes that nothing explains");
	for (unsigned i = 0; i < it->nr_sigs; i++) {
		struct mo_signature *s = &it->sig[i];

		if (s->off != end || !mo_add(end, s->len, &end))
			return mo_fail(err, MODULO_MISMATCH, end, "ledger.rest",
				       "a gap or an overlap before a signature");
		r = mo_form_fits(s->form, it->source, 0, it->core_len, &fits, err);
		if (r == 0 && !fits)
			r = mo_fail(
				err, MODULO_MALFORMED, 0, "ledger.place",
				"a module's signature behind what is no ELF relocatable object");
		r = r < 0 ? r : check_signature(it, s, err);
		if (r < 0)
			return r;
	}
	if (end != it->len || it->len != it->source->len)
		return mo_fail(err, MODULO_MISMATCH, end, "ledger.rest",
			       "bytes that nothing explains");
	return 0;
}

struct mo_item *mo_item_leaf(struct mo_item *it)
{
	while (it->kind == MO_STREAM)
		it = it->inner;
	return it;
}

void mo_item_release(struct mo_item *it)
{
	for (; it && it->kind == MO_STREAM; it = it->inner) {
		mo_source_close(it->decoded);
		it->decoded = NULL;
	}
}

int mo_item_digest(struct mo_item *it, struct mo_item_digest *out, struct modulo_error *err)
{
	struct mo_item *leaf = mo_item_leaf(it);
	int r = mo_hash_source(MO_SHA256, leaf->source, 0, leaf->core_len, out->core, err);

	for (unsigned i = 0; r == 0 && i < leaf->nr_sigs; i++) {
		struct mo_signature *s = &leaf->sig[i];

		/* The first signature is made over the core, which is hashed already. */
		if (i == 0 && s->parsed.kind == MO_EL_CMS && s->parsed.hash == MO_SHA256)
			memcpy(out->signed_content[i], out->core, sizeof(out->core));
		else
			r = mo_body_digest(&s->parsed, leaf->source, 0, s->off, NULL,
					   out->signed_content[i], err);
	}
	return r;
}
