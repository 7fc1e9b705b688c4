/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root that a tree's file or a kernel image has. */
#include "verb/tree.h"

#include <string.h>

#include "hash/hash.h"
#include "image/section.h"

static int root_of_image(struct mo_source *s, struct modulo_root *out, struct modulo_error *err)
{
	struct modulo_root root = { 0 };
	struct mo_image_section x;
	int r = mo_image_find(s, &x, err);

	if (r < 0)
		return r;
	if (x.len % 32 == 0) {
		root.list = true;
		root.modules = (uint32_t)MO_MIN(x.len / 32, (uint64_t)UINT32_MAX);
		r = mo_hash_source(MO_SHA256, s, x.off, x.len, root.hash, err);
	} else {
		r = mo_image_root(s, &x, &root.levels, root.hash, err);
	}
	if (r == 0)
		*out = root;
	return r;
}

MODULO_API int modulo_root_of(const char *path, struct modulo_root *out, struct modulo_error *err)
{
	static const char begin[] = "modulo-tree ";
	_cleanup_source_ struct mo_source *s = NULL;
	struct modulo_tree *t = NULL;
	char head[sizeof(begin)] = "";
	int r = mo_source_file(path, &s, err);

	if (r == 0 && s->len >= sizeof(head))
		r = mo_source_read(s, 0, head, sizeof(head) - 1, err);
	if (r == 0 && strcmp(head, begin) == 0) {
		r = modulo_tree_read(path, &t, err);
		if (r < 0)
			return r;
		modulo_tree_root(t, out);
		modulo_tree_free(t);
		return 0;
	}
	r = r < 0 ? r : root_of_image(s, out, err);
	return r < 0 ? mo_blame(err, path, '/', r) : 0;
}
