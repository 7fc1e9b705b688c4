/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The digest of a directory is that of its manifest: a line for each entry, its line of the
 * skeleton, and for a file codec and parameters of each stream around its content, then the SHA-256
 * of its core (doc/ledger.md 7, man modulo-digest).
 */
#include <string.h>

#include "hash/hash.h"
#include "verb/members.h"

struct digest {
	struct mo_hash hash;
	struct mo_buf line;
	uint8_t file[32]; /* the core's, of an artifact that is a file */
	int (*manifest)(void *, const char *, size_t);
	void *ctx;
};

static int take(struct mo_members *v, size_t i, struct mo_member *m, struct modulo_error *err)
{
	struct digest *d = v->ctx;
	struct mo_buf *b = &d->line;
	struct mo_record rec;
	int r = 0;

	(void)i;
	mo_buf_reset(b);
	if (v->a->is_dir) {
		r = mo_record_make(&v->c->forms, m->e, v->a->metadata, 0, &m->arena, &rec, err);
		if (r < 0)
			return r;
		mo_form_render_record(rec.form, rec.arg, NULL, NULL, b);
		if (mo_buf_ok(b))
			b->len--; /* its LF */
	}
	for (struct mo_item *it = m->item; it && it->kind == MO_STREAM; it = it->inner)
		mo_buf_fmt(b, "%s%s %s", b->len ? " " : "", it->codec->name, it->params);
	if (m->item) {
		mo_buf_str(b, b->len ? " " : "");
		mo_buf_hex(b, m->digest.core, sizeof(m->digest.core));
		memcpy(d->file, m->digest.core, sizeof(d->file));
	}
	mo_buf_chr(b, '\n');
	if (!mo_buf_ok(b))
		return mo_fail_nomem(err);
	mo_hash_update(&d->hash, b->data, b->len);
	if (d->manifest && d->manifest(d->ctx, b->data, b->len) != 0)
		return mo_fail(err, MODULO_CANCELLED, MODULO_NO_OFFSET, "usage.cancelled",
			       "cancelled");
	return 0;
}

MODULO_API int modulo_digest(const char *path, const struct modulo_options *opt, uint8_t out[32],
			     int (*manifest)(void *ctx, const char *line, size_t len), void *ctx,
			     struct modulo_error *err)
{
	struct digest d = { .manifest = manifest, .ctx = ctx };
	struct mo_context c = { 0 };
	struct mo_artifact a = { 0 };
	struct mo_members v = { .c = &c, .a = &a, .take = take, .ctx = &d };
	uint8_t whole[32];
	int r = mo_context_init(&c, opt, err);

	mo_hash_init(&d.hash, MO_SHA256);
	r = r < 0 ? r : mo_artifact_open(&c, path, &a, err);
	r = r < 0 ? r : mo_members_run(&v, err);
	r = r < 0 ? r : mo_hash_final(&d.hash, whole, err);
	if (r == 0)
		memcpy(out, a.is_dir ? whole : d.file, sizeof(whole));
	mo_hash_release(&d.hash);
	mo_buf_release(&d.line);
	mo_artifact_release(&a);
	mo_context_release(&c);
	return r;
}
