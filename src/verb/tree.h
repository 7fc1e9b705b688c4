/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the verbs on a kernel's modules share. */
#ifndef VERB_TREE_H
#define VERB_TREE_H

#include "modules/set.h"
#include "modulo/tree.h"

struct modulo_tree {
	struct mo_set set;
};

/* Puts a path (raw bytes) in front of an error's; returns rc. */
int mo_blame(struct modulo_error *err, const char *path, char sep, int rc);

#endif
