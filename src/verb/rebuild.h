/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file's bytes made again with other trailers, through its compressed streams. */
#ifndef VERB_REBUILD_H
#define VERB_REBUILD_H

#include "base/buf.h"
#include "io/out.h"
#include "walk/artifact.h"

/*
 * Writes m's file with its leaf's trailers replaced by these (empty: unsigned). A member that was
 * not explained is copied; where they are what the file has already, its bytes are copied; else
 * each stream is encoded again by its encoder, which must be known: "join.encoder" where it is not.
 */
_must_check_ int mo_rebuild(const struct mo_member *m, const struct mo_buf *trailers,
			    struct mo_sink *out, struct modulo_error *err);

/* The same of its innermost item, without the streams around it. */
_must_check_ int mo_rebuild_leaf(const struct mo_item *leaf, const struct mo_buf *trailers,
				 struct mo_sink *out, struct modulo_error *err);

/* Where an artifact goes: a file, or a directory. */
struct mo_target {
	struct mo_out *file;
	struct mo_tree *tree;
	bool metadata;
};
_must_check_ int mo_target_open(struct mo_target *t, const char *path, bool is_dir, bool metadata,
				struct modulo_error *err);
/* An entry of the artifact; for a file its bytes are m's with these trailers. */
_must_check_ int mo_target_member(struct mo_target *t, const struct mo_member *m,
				  const struct mo_buf *trailers, struct modulo_error *err);
_must_check_ int mo_target_commit(struct mo_target *t, struct modulo_error *err);
void mo_target_drop(struct mo_target *t);

#endif
