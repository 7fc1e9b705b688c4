/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The modules of a kernel's build: their hashes, in order, as a tree or a list, and the text file
 * that holds them (doc/formats/merkle.md, "The tree's file").
 */
#ifndef MODULES_SET_H
#define MODULES_SET_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "io/source.h"
#include "merkle/root.h"
#include "merkle/tree.h"

struct mo_set_entry {
	const char *path; /* raw bytes, as modules.order has it, always ending in the plain name */
	uint8_t leaf[MO_MERKLE_HASH]; /* in a list: as sha256 */
	uint8_t sha256[32];	      /* of the whole module, what lies below a proof */
};

/* Zeroed before; released by the caller. */
struct mo_set {
	struct mo_arena arena;
	bool list;
	uint32_t nr;
	struct mo_set_entry *entry; /* in the arena */
	struct mo_merkle_tree tree; /* of a tree */
	uint8_t digest[32];	    /* of a list: the SHA-256 of its hashes, one behind the other */
	uint32_t *by_sha256;	    /* the entries' indices, ordered by digest and index */
};

/* Room for nr entries, zeroed. "merkle.leaves": too many. */
_must_check_ int mo_set_init(struct mo_set *s, bool list, uint32_t nr, struct modulo_error *err);
/* Makes the rest from the entries. */
_must_check_ int mo_set_finish(struct mo_set *s, struct modulo_error *err);
void mo_set_release(struct mo_set *s);

/* Whether a file that begins so is meant to be one. */
#define MO_SET_BEGIN 12
bool mo_set_begins(const uint8_t *head, size_t len);
_must_check_ int mo_set_read(struct mo_source *from, struct mo_set *out, struct modulo_error *err);
/* The text, in pieces. */
_must_check_ int mo_set_write(const struct mo_set *s, struct mo_sink *k, struct modulo_error *err);

#define MO_SET_NONE UINT32_MAX

/*
 * The entry of a module with these bytes. Where several have them: the one whose path has most of
 * its last names in common with path, and among such the first.
 */
uint32_t mo_set_by_content(const struct mo_set *s, const uint8_t sha256[32], const char *path);
/* The entry that path most likely means: that with most last names in common, at least the file's.
 */
uint32_t mo_set_by_path(const struct mo_set *s, const char *path);

/* How many last names of two paths are the same. */
unsigned mo_path_tail(const char *a, const char *b);

#endif
