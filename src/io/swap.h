/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Many files replaced together: their successors wait under temporary names (mo_out_park()) until
 * all are there; then they are synced, and renamed one after another.
 */
#ifndef IO_SWAP_H
#define IO_SWAP_H

#include <stddef.h>

#include "base/error.h"
#include "base/util.h"

struct mo_swap_file {
	const char *path; /* borrowed */
	char *tmp;	  /* malloced; NULL: the file stays as it is */
};

/*
 * Where the last step, the renaming, fails, the files before it are new and the rest as they were.
 * What was not renamed goes away, on success too.
 */
_must_check_ int mo_swap_commit(struct mo_swap_file *f, size_t nr, struct modulo_error *err);
void mo_swap_drop(struct mo_swap_file *f, size_t nr);

#endif
