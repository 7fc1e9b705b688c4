/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where two cores differ first, and what lies there. */
#include "verb/compare.h"

#include <string.h>

#define CHUNK 65536

static int first_difference(struct mo_source *a, struct mo_source *b, uint64_t len, uint64_t *at,
			    struct modulo_error *err)
{
	_cleanup_free_ uint8_t *x = malloc(CHUNK), *y = malloc(CHUNK);
	int r = x && y ? 0 : mo_fail_nomem(err);

	*at = len;
	for (uint64_t off = 0; r == 0 && off < len; off += CHUNK) {
		size_t n = (size_t)MO_MIN(len - off, (uint64_t)CHUNK), i = 0;

		r = mo_source_read(a, off, x, n, err);
		r = r < 0 ? r : mo_source_read(b, off, y, n, err);
		if (r < 0 || memcmp(x, y, n) == 0)
			continue;
		while (x[i] == y[i])
			i++;
		*at = off + i;
		return 0;
	}
	return r;
}

/* The narrowest label over off, or NULL. */
static const struct mo_label *label_at(const struct mo_item *leaf, uint64_t off)
{
	const struct mo_label *best = NULL;

	for (size_t i = 0; i < leaf->nr_labels; i++) {
		const struct mo_label *l = &leaf->label[i];

		if (off >= l->off && off - l->off < l->len && (!best || l->len < best->len))
			best = l;
	}
	return best;
}

/* Names the labels of one leaf that the other lacks; a handful is enough to tell what happened. */
static void missing_labels(const struct mo_item *has, const struct mo_item *lacks, const char *side,
			   struct mo_buf *out)
{
	unsigned nr = 0;

	for (size_t i = 0; i < has->nr_labels && nr < 4; i++) {
		size_t k = 0;

		while (k < lacks->nr_labels &&
		       strcmp(lacks->label[k].name, has->label[i].name) != 0)
			k++;
		if (k < lacks->nr_labels)
			continue;
		if (nr++ == 0)
			mo_buf_fmt(out, "; only in %s: ", side);
		else
			mo_buf_str(out, ", ");
		if (nr == 4)
			mo_buf_str(out, "...");
		else
			for (const char *s = has->label[i].name; *s; s++)
				*s == ' ' ? mo_buf_chr(out, ' ') : mo_buf_escape(out, s, 1, "");
	}
}

static const char *keep(struct mo_arena *arena, const struct mo_buf *b)
{
	return mo_buf_ok(b) ? mo_arena_dup(arena, b->data, b->len) : NULL;
}

int mo_locate(const struct mo_member *a, const struct mo_member *b, struct mo_arena *arena,
	      struct modulo_difference *d, struct modulo_error *err)
{
	_cleanup_(mo_buf_release) struct mo_buf text = { 0 }, place = { 0 };
	const struct mo_item *x = a->leaf, *y = b->leaf;
	const struct mo_label *label;
	uint64_t core_at;
	int r = first_difference(x->core, y->core, MO_MIN(x->core_len, y->core_len), &d->offset,
				 err);

	if (r < 0)
		return r;
	core_at = d->offset;
	d->offset = mo_item_place(x, core_at);
	label = label_at(x, d->offset);
	if (!label)
		label = label_at(y, mo_item_place(y, core_at));
	if (core_at == x->core_len)
		mo_buf_str(&place, label ? "A ends here, in B: " : "A ends here");
	else if (core_at == y->core_len)
		mo_buf_str(&place, label ? "B ends here, in A: " : "B ends here");
	else if (!label && x->nr_labels)
		mo_buf_str(&place, "padding");
	if (label) {
		for (const char *s = label->name; *s; s++)
			*s == ' ' ? mo_buf_chr(&place, ' ') : mo_buf_escape(&place, s, 1, "");
		mo_buf_fmt(&place, "+0x%llx", (unsigned long long)(d->offset - label->off));
	}
	mo_buf_fmt(&text, "content differs from offset 0x%llx on", (unsigned long long)d->offset);
	if (place.len)
		mo_buf_fmt(&text, " (%s)", place.data);
	if (x->core_len != y->core_len)
		mo_buf_fmt(&text, "; %llu and %llu bytes", (unsigned long long)x->core_len,
			   (unsigned long long)y->core_len);
	missing_labels(x, y, "A", &text);
	missing_labels(y, x, "B", &text);
	if (x->note)
		mo_buf_fmt(&text, "; A: %s", x->note);
	if (y->note)
		mo_buf_fmt(&text, "; B: %s", y->note);
	d->text = keep(arena, &text);
	d->place = place.len ? keep(arena, &place) : NULL;
	return d->text && mo_buf_ok(&place) ? 0 : mo_fail_nomem(err);
}
