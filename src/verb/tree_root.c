/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* modulo tree root: of a tree's file or of a kernel image. */
#include "verb/tree_known.h"

static int of_kernel(const char *path, struct modulo_root *out, struct modulo_error *err)
{
	struct mo_kernel k = { 0 };
	int r = mo_kernel_open(path, &k, err);

	if (r == 0 && k.search) {
		mo_fail(err, MODULO_UNSUPPORTED, MODULO_NO_OFFSET, "image.root",
			"an image without a section table: its root can only be looked for, with "
			"modules at hand (`modulo tree verify --kernel`)");
		r = mo_blame(err, path, '/', MODULO_UNSUPPORTED);
	}
	if (r == 0)
		mo_known_root(&k.known, out);
	mo_kernel_release(&k);
	return r;
}

MODULO_API int modulo_root_of(const char *path, struct modulo_root *out, struct modulo_error *err)
{
	_cleanup_source_ struct mo_source *s = NULL;
	struct modulo_tree *t = NULL;
	uint8_t head[MO_SET_BEGIN] = { 0 };
	int r = mo_source_file(path, &s, err);

	if (r == 0 && s->len >= sizeof(head))
		r = mo_source_read(s, 0, head, sizeof(head), err);
	if (r < 0)
		return mo_blame(err, path, '/', r);
	if (!mo_set_begins(head, sizeof(head)))
		return of_kernel(path, out, err);
	r = modulo_tree_read(path, &t, err);
	if (r < 0)
		return r;
	modulo_tree_root(t, out);
	modulo_tree_free(t);
	return 0;
}

MODULO_API void modulo_root_text(const struct modulo_root *r, char out[MODULO_ROOT_TEXT])
{
	mo_root_render(r->levels, r->hash, out);
}
