/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* modulo tree embed: a vmlinux with its section filled, and not one other byte changed. */
#include "verb/tree.h"

#include <string.h>

#include "image/section.h"
#include "io/out.h"

/* What the section has to hold; malloced. */
static int content(const struct mo_set *s, bool big, uint8_t **out, uint64_t *len,
		   struct modulo_error *err)
{
	*len = s->list ? (uint64_t)s->nr * 32 : MO_HASHES_TREE;
	*out = malloc((size_t)*len + 1);
	if (!*out)
		return mo_fail_nomem(err);
	if (!s->list)
		mo_image_root_bytes(big, s->tree.levels, s->tree.root, *out);
	for (size_t i = 0; s->list && i < s->nr; i++)
		memcpy(*out + i * 32, s->entry[i].sha256, 32);
	return 0;
}

static bool all_zero(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i])
			return false;
	return true;
}

/* *same: it holds these bytes already. */
static int check(struct mo_source *v, const struct mo_image_section *s, const uint8_t *want,
		 bool replace, bool *same, struct modulo_error *err)
{
	_cleanup_free_ uint8_t *have = malloc((size_t)s->len + 1);
	int r = have ? mo_source_read(v, s->off, have, (size_t)s->len, err) : mo_fail_nomem(err);

	if (r < 0)
		return r;
	*same = memcmp(have, want, (size_t)s->len) == 0;
	if (!*same && !replace && !all_zero(have, (size_t)s->len))
		return mo_fail(err, MODULO_MISMATCH, s->off, "image.filled",
			       "its section %s is filled already, with other hashes (--replace)",
			       MO_HASHES_SECTION);
	return 0;
}

static int write_with(struct mo_source *v, const char *path, const struct mo_image_section *s,
		      const uint8_t *want, struct modulo_error *err)
{
	_cleanup_(mo_out_dropp) struct mo_out *o = NULL;
	int r = mo_out_successor(path, &o, err);

	r = r < 0 ? r : mo_source_copy(v, 0, s->off, mo_out_sink(o), err);
	r = r < 0 ? r : mo_sink_write(mo_out_sink(o), want, (size_t)s->len, err);
	r = r < 0 ? r
		  : mo_source_copy(v, s->off + s->len, v->len - s->off - s->len, mo_out_sink(o),
				   err);
	r = r < 0 ? r : mo_source_settle(v, err);
	return r < 0 ? r : mo_out_commit(MO_TAKE(o), err);
}

static int embed(const struct mo_set *set, const char *path, bool replace, bool *written,
		 struct modulo_error *err)
{
	_cleanup_source_ struct mo_source *v = NULL;
	_cleanup_free_ uint8_t *want = NULL;
	struct mo_image_section s;
	uint64_t len;
	bool same;
	int r = mo_source_file(path, &v, err);

	r = r < 0 ? r : mo_image_find(v, &s, err);
	r = r < 0 ? r : content(set, s.big, &want, &len, err);
	if (r < 0)
		return r;
	if (s.len != len)
		return mo_fail(err, MODULO_MISMATCH, s.off, "image.size",
			       "its section %s has %llu bytes, and %s of %u modules takes %llu",
			       MO_HASHES_SECTION, (unsigned long long)s.len,
			       set->list ? "a list" : "a tree", set->nr, (unsigned long long)len);
	r = check(v, &s, want, replace, &same, err);
	if (r == 0 && !same)
		r = write_with(v, path, &s, want, err);
	if (r == 0)
		*written = !same;
	return r;
}

MODULO_API int modulo_tree_embed(const struct modulo_tree *t, const char *vmlinux, bool replace,
				 bool *written, struct modulo_error *err)
{
	/* A symbolic link stays one. */
	_cleanup_free_ char *path = realpath(vmlinux, NULL);
	int r = embed(&t->set, path ? path : vmlinux, replace, written, err);

	return r < 0 ? mo_blame(err, vmlinux, '/', r) : r;
}
