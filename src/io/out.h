/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Output that is there whole or not at all: it grows under a temporary name in the target's folder
 * and is renamed when it is complete. Whatever fails before leaves what was there before.
 */
#ifndef IO_OUT_H
#define IO_OUT_H

#include "base/error.h"
#include "base/util.h"
#include "io/dir.h"
#include "io/source.h"

/* path with a random ending, malloced; NULL with errno set. */
char *mo_out_temp_name(const char *path);

/* --- a file
 * ----------------------------------------------------------------------------------------- */

struct mo_out;

/* The new file has mode 0666 less the umask. An existing file at path is replaced by the commit. */
_must_check_ int mo_out_file(const char *path, struct mo_out **out, struct modulo_error *err);
struct mo_sink *mo_out_sink(struct mo_out *o);
/* fsync, rename, and frees it; on failure too. */
_must_check_ int mo_out_commit(struct mo_out *o, struct modulo_error *err);
void mo_out_drop(struct mo_out *o); /* NULL is fine */
/* Begins the successor of a file that is there: with its mode and owner. */
_must_check_ int mo_out_successor(const char *path, struct mo_out **out, struct modulo_error *err);
/*
 * Ends it as a file with a temporary name, *tmp (malloced), that has yet to be synced and renamed;
 * frees it, on failure too.
 */
_must_check_ int mo_out_park(struct mo_out *o, char **tmp, struct modulo_error *err);

static inline void mo_out_dropp(struct mo_out **o)
{
	mo_out_drop(*o);
}

/* --- a directory
 * ------------------------------------------------------------------------------------- */

struct mo_tree;

/*
 * Begins a directory that will be path. What is at path already is refused ("io.exists"): a
 * directory cannot be replaced at once. ordered: entries come in the order of a serialisation.
 */
_must_check_ int mo_tree_new(const char *path, bool ordered, struct mo_tree **out,
			     struct modulo_error *err);
/*
 * Adds an entry. Each comes after its directory; paths that are absolute,
 * have empty, "." or ".." names, or come out of order are refused ("tree.path"): the list may come
 * from a stranger. metadata: owner, times and xattrs are set too. A MO_FILE's content then goes
 * into the sink until mo_tree_end_file().
 */
_must_check_ int mo_tree_add(struct mo_tree *t, const struct mo_entry *e, bool metadata,
			     struct modulo_error *err);
struct mo_sink *mo_tree_sink(struct mo_tree *t);
_must_check_ int mo_tree_end_file(struct mo_tree *t, struct modulo_error *err);
_must_check_ int mo_tree_commit(struct mo_tree *t, struct modulo_error *err);
void mo_tree_drop(struct mo_tree *t); /* NULL is fine */

static inline void mo_tree_dropp(struct mo_tree **t)
{
	mo_tree_drop(*t);
}

#endif
