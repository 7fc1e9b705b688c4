/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ledger/item.h"

#include <string.h>

#include "elf/elf.h"
#include "hash/hash.h"
#include "hash/tee.h"
#include "ledger/layout.h"

void mo_ledger_leaf(struct mo_ledger *l, const char *format, const struct mo_detached *detached,
		    uint64_t core_len)
{
	l->item->format = format;
	l->item->detached = detached;
	l->item->core_len = l->item->tail = core_len;
	l->item->claimed = true;
}

int mo_ledger_record(struct mo_ledger *l, const char *format, const char *in, const char *form,
		     const struct mo_detached *detached, const uint64_t *arg, unsigned nr,
		     uint64_t tail, struct modulo_error *err)
{
	struct mo_item *it = l->item;

	it->form = mo_forms_find(l->forms, in, form, strlen(form));
	if (!it->form || it->form->signature || mo_form_arguments(it->form) != nr ||
	    nr > MO_RECORD_NUMBERS)
		return mo_fail(err, MODULO_UNSUPPORTED, 0, "ledger.form",
			       "there is no form %s of %u numbers", form, nr);
	it->kind = MO_RECORDS;
	it->format = format;
	it->detached = detached;
	it->claimed = true;
	it->tail = tail;
	memcpy(it->arg, arg, nr * sizeof(*arg));
	return 0;
}

int mo_ledger_signature(struct mo_ledger *l, const char *form, const uint8_t *body, size_t len,
			struct modulo_error *err)
{
	struct mo_item *it = l->item;
	struct mo_signature *s;
	uint64_t off = it->tail;

	if (it->nr_sigs == MO_SIGNATURES_MAX)
		return mo_fail(err, MODULO_LIMIT, off, "ledger.signatures",
			       "more than %d signatures on one file", MO_SIGNATURES_MAX);
	s = &it->sig[it->nr_sigs];
	if (it->nr_sigs)
		off = s[-1].off + s[-1].len;
	s->form = mo_forms_find(l->forms, it->form ? it->form->in : "leaf", form, strlen(form));
	if (!s->form)
		return mo_fail(err, MODULO_UNSUPPORTED, off, "ledger.form", "there is no form %s",
			       form);
	s->body = (const uint8_t *)mo_arena_dup(l->arena, body, len);
	if (!s->body)
		return mo_fail_nomem(err);
	s->body_len = len;
	s->off = off;
	s->len = mo_form_signature_len(s->form, len);
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

static int add_span(struct mo_item *it, uint64_t off, uint64_t len, struct modulo_error *err)
{
	struct mo_span *last = &it->span[it->nr_spans - (it->nr_spans != 0)];

	if (it->nr_spans && last->off + last->len == off) {
		last->len += len;
		return 0;
	}
	if (it->nr_spans == MO_CORE_SPANS)
		return mo_fail(err, MODULO_LIMIT, off, "ledger.layout",
			       "a record of too many pieces");
	it->span[it->nr_spans++] = (struct mo_span){ off, len };
	return 0;
}

/* The image's sum, its four bytes at `field` left out */
static int pe_sum(struct mo_source *s, uint64_t field, uint32_t *out, struct modulo_error *err)
{
	struct mo_pe_sum sum = { 0 };
	uint8_t buf[65536];

	for (uint64_t at = 0; at < s->len; at += sizeof(buf)) {
		size_t n = (size_t)MO_MIN(s->len - at, (uint64_t)sizeof(buf));
		int r = mo_source_read(s, at, buf, n, err);

		if (r < 0)
			return r;
		for (uint64_t k = field; k < field + 4; k++)
			if (k >= at && k < at + n)
				buf[k - at] = 0;
		mo_pe_sum_add(&sum, buf, n);
	}
	*out = mo_pe_sum_end(&sum);
	return 0;
}

/* What a number in a record must be by what it is derived from. */
static int check_value(struct mo_item *it, enum mo_element_kind kind, uint64_t at, uint32_t value,
		       struct modulo_error *err)
{
	uint64_t want = 0;
	uint32_t sum;
	int r;

	if (kind == MO_EL_PE_CHECKSUM) {
		r = value ? pe_sum(it->source, at, &sum, err) : 0;
		it->unvouched += r == 0 && value && value != sum;
		return r;
	}
	if (it->nr_sigs)
		want = kind == MO_EL_SIGS_OFF ? it->tail : it->len - it->tail;
	if (value != want)
		return mo_fail(err, MODULO_MISMATCH, at, "ledger.render",
			       "%u in a field that must be %llu", value, (unsigned long long)want);
	return 0;
}

static int check_segment(struct mo_item *it, struct mo_layout *l, const struct mo_element *el,
			 const struct mo_segment *seg, uint64_t arg, struct modulo_error *err)
{
	uint8_t got[256];
	int r;

	if (seg->kind == MO_SEG_ABSENT) {
		it->zeros += seg->len;
		if (seg->len && it->nr_sigs)
			return mo_fail(err, MODULO_MALFORMED, l->at, "ledger.rest",
				       "an image that is not filled up before its signatures");
		return 0;
	}
	r = seg->len > it->len - l->at ? mo_fail(err, MODULO_MALFORMED, it->len, "ledger.layout",
						 "it ends inside of its record")
				       : 0;
	if (r == 0 && seg->kind != MO_SEG_VALUE)
		r = add_span(it, l->at, seg->len, err);
	if (r < 0 || (seg->kind == MO_SEG_CORE && !seg->number))
		return r;
	r = seg->len <= sizeof(got)
		    ? mo_source_read(it->source, l->at, got, (size_t)seg->len, err)
		    : mo_fail(err, MODULO_LIMIT, l->at, "ledger.layout", "a text that is too long");
	if (r < 0)
		return r;
	if (seg->kind == MO_SEG_TEXT && memcmp(got, seg->text, (size_t)seg->len) != 0)
		return mo_fail(err, MODULO_MISMATCH, l->at, "ledger.render",
			       "a record is not what its form %s makes of it", it->form->name);
	if (seg->number)
		l->number = mo_get_le32(got);
	if (seg->kind != MO_SEG_VALUE)
		return 0;
	if (mo_get_le32(got) != arg)
		return mo_fail(err, MODULO_MISMATCH, l->at, "ledger.render",
			       "a record is not what its form %s makes of it", it->form->name);
	return check_value(it, el->kind, l->at, (uint32_t)arg, err);
}

/* Where its signatures begin, by its form */
static int check_record(struct mo_item *it, struct modulo_error *err)
{
	struct mo_layout l = { 0 };
	const uint64_t *arg = it->arg;
	struct mo_segment seg;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < it->form->nr; i++) {
		const struct mo_element *el = &it->form->element[i];
		uint64_t number = mo_element_has_argument(el->kind) ? *arg++ : 0;

		r = mo_layout_segment(&l, el, number, &seg, err);
		r = r < 0 ? r : check_segment(it, &l, el, &seg, number, err);
		l.at += seg.kind == MO_SEG_ABSENT ? 0 : seg.len;
	}
	if (r == 0 && l.at != it->tail)
		return mo_fail(err, MODULO_MISMATCH, l.at, "ledger.rest",
			       "bytes that nothing explains");
	return r;
}

static int check_signatures(struct mo_item *it, struct modulo_error *err)
{
	uint64_t end = it->tail;
	bool fits;
	int r;

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

int mo_item_check(struct mo_item *it, struct modulo_error *err)
{
	struct mo_item *leaf = mo_item_leaf(it);
	int r = 0;

	for (; r == 0 && it->kind == MO_STREAM; it = it->inner)
		if (it->len != it->source->len)
			r = mo_fail(err, MODULO_MISMATCH, it->len, "ledger.rest",
				    "bytes that nothing explains");
	leaf->span[0] = (struct mo_span){ 0, leaf->core_len };
	leaf->nr_spans = leaf->kind == MO_LEAF;
	if (r == 0 && leaf->kind == MO_RECORDS)
		r = check_record(leaf, err);
	r = r < 0 ? r : check_signatures(leaf, err);
	if (r == 0 && leaf->nr_spans == 1 && !leaf->zeros && leaf->span[0].off == 0)
		r = mo_source_slice(leaf->source, 0, leaf->span[0].len, &leaf->core, err);
	else if (r == 0)
		r = mo_source_rope(leaf->source, leaf->span, leaf->nr_spans, leaf->zeros,
				   &leaf->core, err);
	if (r == 0)
		leaf->core_len = leaf->core->len;
	return r;
}

uint64_t mo_item_place(const struct mo_item *it, uint64_t core_off)
{
	for (unsigned i = 0; i < it->nr_spans; i++) {
		if (core_off < it->span[i].len)
			return it->span[i].off + core_off;
		core_off -= it->span[i].len;
	}
	return it->tail;
}

struct mo_item *mo_item_leaf(struct mo_item *it)
{
	while (it->kind == MO_STREAM)
		it = it->inner;
	return it;
}

void mo_item_release(struct mo_item *it)
{
	for (; it; it = it->inner) {
		mo_source_close(it->core);
		mo_source_close(it->decoded);
		it->core = it->decoded = NULL;
	}
}

int mo_item_digest(struct mo_item *it, struct mo_item_digest *out, struct modulo_error *err)
{
	struct mo_item *leaf = mo_item_leaf(it);
	int r = mo_hash_source(MO_SHA256, leaf->core, 0, leaf->core->len, out->core, err);

	for (unsigned i = 0; r == 0 && i < leaf->nr_sigs; i++) {
		struct mo_signature *s = &leaf->sig[i];

		/* The first signature, and each of a PE image, is made over the core, which is
		 * hashed already. */
		bool over_core = s->parsed.kind == MO_EL_AUTHENTICODE ||
				 (i == 0 && s->parsed.kind == MO_EL_CMS);

		if (over_core && s->parsed.hash == MO_SHA256)
			memcpy(out->signed_content[i], out->core, sizeof(out->core));
		else if (over_core)
			r = mo_body_digest(&s->parsed, leaf->core, 0, leaf->core->len, NULL,
					   out->signed_content[i], err);
		else
			r = mo_body_digest(&s->parsed, leaf->source, 0, s->off, NULL,
					   out->signed_content[i], err);
	}
	return r;
}
