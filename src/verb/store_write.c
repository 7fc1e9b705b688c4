/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "hash/hash.h"
#include "verb/store.h"
#include "verb/store_text.h"

struct mo_store_writer {
	struct mo_tree *tree;
	const struct mo_forms *forms;
	/* What is written: digest of the content, and of the entry's text, by open addressing, at
	 * most half full. */
	struct slot {
		uint8_t content[32], text[32];
		bool used;
	} * slot;
	size_t nr, size;
};

int mo_store_create(const char *path, const struct mo_forms *forms, struct mo_store_writer **out,
		    struct modulo_error *err)
{
	struct mo_store_writer *w = calloc(1, sizeof(*w));
	struct mo_entry mark = { .path = MO_STORE_MARK, .type = MO_FILE, .mode = 0644 };
	int r;

	if (!w)
		return mo_fail_nomem(err);
	w->forms = forms;
	r = mo_tree_new(path, false, &w->tree, err);
	r = r < 0 ? r : mo_tree_add(w->tree, &mark, false, err);
	r = r < 0 ? r
		  : mo_sink_write(mo_tree_sink(w->tree), MO_STORE_MARK_TEXT,
				  strlen(MO_STORE_MARK_TEXT), err);
	r = r < 0 ? r : mo_tree_end_file(w->tree, err);
	if (r < 0)
		mo_store_drop(w);
	else
		*out = w;
	return r;
}

void mo_store_drop(struct mo_store_writer *w)
{
	if (!w)
		return;
	mo_tree_drop(w->tree);
	free(w->slot);
	free(w);
}

int mo_store_commit(struct mo_store_writer *w, struct modulo_error *err)
{
	int r = mo_tree_commit(MO_TAKE(w->tree), err);

	mo_store_drop(w);
	return r;
}

static struct slot *find_slot(struct slot *table, size_t size, const uint8_t content[32])
{
	size_t i;

	memcpy(&i, content, sizeof(i)); /* a digest is hash enough */
	for (i &= size - 1; table[i].used && memcmp(table[i].content, content, 32) != 0;
	     i = (i + 1) & (size - 1))
		;
	return &table[i];
}

static struct slot *slot_for(struct mo_store_writer *w, const uint8_t content[32])
{
	if (w->nr * 2 >= w->size) {
		size_t size = w->size ? w->size * 2 : 256;
		struct slot *bigger = calloc(size, sizeof(*bigger));

		if (!bigger)
			return NULL;
		for (size_t i = 0; i < w->size; i++)
			if (w->slot[i].used)
				*find_slot(bigger, size, w->slot[i].content) = w->slot[i];
		free(w->slot);
		w->slot = bigger;
		w->size = size;
	}
	return find_slot(w->slot, w->size, content);
}

static int entry_text(const struct mo_store_writer *w, const struct mo_member *m, struct mo_buf *b,
		      struct modulo_error *err)
{
	const struct mo_item *leaf = m->leaf;
	uint8_t whole[32];
	int r = mo_hash_source(MO_SHA256, leaf->source, 0, leaf->len, whole, err);

	mo_buf_str(b, "modulo-signatures 1\nforms ");
	mo_buf_hex(b, w->forms->digest, 32);
	mo_buf_fmt(b, "\ncontent %llu ", (unsigned long long)leaf->core_len);
	mo_buf_hex(b, m->digest.core, 32);
	mo_buf_fmt(b, "\nsigned %llu ", (unsigned long long)leaf->len);
	mo_buf_hex(b, whole, 32);
	mo_buf_chr(b, '\n');
	for (unsigned i = 0; i < leaf->nr_sigs; i++) {
		mo_buf_fmt(b, "%s ", leaf->sig[i].form->name);
		mo_buf_base64(b, leaf->sig[i].body, leaf->sig[i].body_len);
		mo_buf_chr(b, '\n');
	}
	mo_buf_str(b, "end\n");
	return r < 0 ? r : mo_buf_ok(b) ? 0 : mo_fail_nomem(err);
}

static int write_entry(struct mo_store_writer *w, const uint8_t content[32],
		       const struct mo_buf *text, struct modulo_error *err)
{
	_cleanup_(mo_buf_release) struct mo_buf name = { 0 };
	struct mo_entry e = { .type = MO_FILE, .mode = 0644 };
	int r;

	mo_buf_hex(&name, content, 32);
	mo_buf_str(&name, MO_STORE_SUFFIX);
	if (!mo_buf_ok(&name))
		return mo_fail_nomem(err);
	e.path = name.data;
	r = mo_tree_add(w->tree, &e, false, err);
	r = r < 0 ? r : mo_sink_write(mo_tree_sink(w->tree), text->data, text->len, err);
	return r < 0 ? r : mo_tree_end_file(w->tree, err);
}

int mo_store_add(struct mo_store_writer *w, const struct mo_member *m, bool *added,
		 struct modulo_error *err)
{
	_cleanup_(mo_buf_release) struct mo_buf text = { 0 };
	uint8_t digest[32];
	struct slot *s;
	int r;

	*added = false;
	if (!m->leaf || (!m->leaf->claimed && !m->leaf->nr_sigs))
		return 0;
	r = entry_text(w, m, &text, err);
	r = r < 0 ? r : mo_hash_bytes(MO_SHA256, text.data, text.len, digest, err);
	if (r < 0)
		return r;
	s = slot_for(w, m->digest.core);
	if (!s)
		return mo_fail_nomem(err);
	if (s->used && memcmp(s->text, digest, 32) == 0)
		return 0;
	if (s->used)
		return mo_fail(err, MODULO_UNSUPPORTED, MODULO_NO_OFFSET, "store.conflict",
			       "the same content was met before with other signatures: a store "
			       "cannot hold both, a ledger can");
	s->used = true;
	memcpy(s->content, m->digest.core, 32);
	memcpy(s->text, digest, 32);
	w->nr++;
	*added = true;
	return write_entry(w, m->digest.core, &text, err);
}
