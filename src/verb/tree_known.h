/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a kernel knows of its modules: out of an image, a root's text, a tree's file. */
#ifndef VERB_TREE_KNOWN_H
#define VERB_TREE_KNOWN_H

#include "image/image.h"
#include "modules/judge.h"
#include "verb/tree.h"

struct mo_kernel {
	struct mo_source *file;
	struct mo_image image;
	struct mo_known known;
	bool search; /* a raw image: known is still to be searched for */
};

/* Zeroed before; released by the caller. Fails with the image's path. */
_must_check_ int mo_kernel_open(const char *path, struct mo_kernel *out, struct modulo_error *err);
void mo_kernel_release(struct mo_kernel *k);

/*
 * Looks in a raw image for a root: that of set (may be NULL), then those that the proofs of modules
 * give, the most frequent first. "image.root": none of them is there.
 */
_must_check_ int mo_kernel_search(struct mo_kernel *k, const struct mo_set *set,
				  const struct mo_finding *f, size_t nr, struct modulo_error *err);

/* A tree's or a list's own hashes. */
_must_check_ int mo_known_of_set(const struct mo_set *s, struct mo_known *out,
				 struct modulo_error *err);

void mo_known_root(const struct mo_known *k, struct modulo_root *out);

#endif
