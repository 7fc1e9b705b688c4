/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A directory's entries in the order of its serialisation (doc/ledger.md 5). */
#ifndef IO_DIR_H
#define IO_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/util.h"

enum mo_entry_type { MO_DIR, MO_FILE, MO_LINK, MO_SYMLINK, MO_FIFO, MO_SOCKET, MO_CHAR, MO_BLOCK };

#define MO_DIR_DEPTH_MAX 256

struct mo_entry {
	const char *path; /* relative to the directory, raw bytes */
	const char *
		target; /* of a symbolic link; of a MO_LINK the path where the file was met first */
	enum mo_entry_type type;
	unsigned mode; /* the low twelve bits */
	unsigned major, minor;
	uint64_t size; /* of a MO_FILE, as listed */
	/* with metadata only */
	uint32_t uid, gid;
	int64_t mtime;
	uint32_t mtime_ns;
	const char *xattrs; /* as the record spells them */
};

struct mo_dir {
	struct mo_arena arena;
	int fd; /* of the directory */
	bool opened;
	struct mo_entry *entry;
	size_t nr;
};

/* Zeroed before. Errors carry the entry's path. */
_must_check_ int mo_dir_list(const char *path, bool metadata, struct mo_dir *out,
			     struct modulo_error *err);
void mo_dir_release(struct mo_dir *d);

/* Opens the regular file of an entry, not following a symbolic link anywhere below the directory.
 */
_must_check_ int mo_dir_open(const struct mo_dir *d, const struct mo_entry *e, int *fd,
			     struct modulo_error *err);

/* The order of the serialisation: <0, 0, >0. A directory stands before what it holds, and that
 * before what sorts behind it. */
int mo_path_order(const char *a, const char *b);

#endif
