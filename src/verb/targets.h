/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modules that a command line names: files, and folders with what is below them. */
#ifndef VERB_TARGETS_H
#define VERB_TARGETS_H

#include "modules/module.h"

struct mo_targets {
	char **path; /* of files, without symbolic links; the array and they are malloced */
	size_t nr, max;
};

/* "modules.none": a folder without one. A module that is named twice is there once. */
_must_check_ int mo_targets_find(struct mo_targets *t, char *const *path, size_t nr,
				 struct modulo_error *err);
void mo_targets_release(struct mo_targets *t);

/* Opens the module; errors carry its path. */
_must_check_ int mo_module_path(const char *path, struct mo_module *out, struct modulo_error *err);
static inline _must_check_ int mo_target_open(const struct mo_targets *t, size_t i,
					      struct mo_module *out, struct modulo_error *err)
{
	return mo_module_path(t->path[i], out, err);
}

#endif
