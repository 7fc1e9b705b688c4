/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --tree and --kernel: the roots that proofs are held against, out of the files that have them. */
#include <stdlib.h>

#include "cmd.h"

int args_add_roots(struct args *a)
{
	struct modulo_error err = { 0 };
	struct modulo_root root;

	a->root_text = calloc(a->nr_root_of + 1, sizeof(*a->root_text));
	if (!a->root_text)
		return usage_error(a, "out of memory");
	for (size_t i = 0; i < a->nr_root_of; i++) {
		if (modulo_root_of(a->root_of[i], &root, &err) < 0)
			return refused(a, &err);
		if (root.list)
			return usage_error(a, "%s has a list of hashes, which no proof leads to",
					   a->root_of[i]);
		modulo_root_text(&root, a->root_text[i]);
		if (args_add(&a->opt.root, &a->opt.nr_root, a->root_text[i]) < 0)
			return usage_error(a, "out of memory");
	}
	return 0;
}
