/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modules that a command line names: files, and folders with what is below them. */
#ifndef VERB_TARGETS_H
#define VERB_TARGETS_H

#include "modules/module.h"

struct mo_target {
	char *path;  /* without symbolic links */
	char *shown; /* as it was given, and for a folder's module what is below that */
};

struct mo_targets {
	struct mo_target *target; /* in the order of their paths; all malloced */
	size_t nr, max;
};

/* "modules.none": a folder without one. A module that is named twice is there once. */
_must_check_ int mo_targets_find(struct mo_targets *t, char *const *path, size_t nr,
				 struct modulo_error *err);
void mo_targets_release(struct mo_targets *t);

/* Opens the module; errors carry shown. */
_must_check_ int mo_module_path(const char *path, const char *shown, struct mo_module *out,
				struct modulo_error *err);
/* path without a codec's suffix, malloced; NULL when out of memory */
char *mo_plain_path(const char *path);

#endif
