/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Detached signatures. A store is a directory with the file `modulo-store` and an entry
 * `<digest>.sigs` for each signable content, named by the SHA-256 of the content without
 * signatures: never by path, version or order (doc/store.md).
 */
#ifndef VERB_STORE_H
#define VERB_STORE_H

#include "io/out.h"
#include "ledger/forms.h"
#include "walk/artifact.h"

#define MO_STORE_MARK	"modulo-store"
#define MO_STORE_SUFFIX ".sigs"

/* --- writing
 * ------------------------------------------------------------------------------------------ */

struct mo_store_writer;
_must_check_ int mo_store_create(const char *path, const struct mo_forms *forms,
				 struct mo_store_writer **out, struct modulo_error *err);
/* "store.conflict": the same content with other signatures is there already. *added: a new entry.
 */
_must_check_ int mo_store_add(struct mo_store_writer *w, const struct mo_member *m, bool *added,
			      struct modulo_error *err);
_must_check_ int mo_store_commit(struct mo_store_writer *w,
				 struct modulo_error *err); /* frees, on failure too */
void mo_store_drop(struct mo_store_writer *w);		    /* NULL is fine */

/* --- reading
 * ------------------------------------------------------------------------------------------ */

struct mo_store; /* either kind: a store, or Debian's <path>.sig */
_must_check_ int mo_store_open(const char *path, const struct mo_context *c, bool single,
			       struct mo_store **out, struct modulo_error *err);
void mo_store_free(struct mo_store *s);
/*
 * The trailers for a member's leaf, into the buffer. "store.missing" where a signable one has none,
 * "store.mismatch" where the entry is another content's. *nr signatures, of which *bound are tied
 * to the content.
 */
_must_check_ int mo_store_get(struct mo_store *s, const struct mo_context *c,
			      const struct mo_member *m, struct mo_buf *trailers, uint64_t *nr,
			      uint64_t *bound, struct modulo_error *err);
/* The globs leave this member out: its entry, if there is one, is not missed. */
_must_check_ int mo_store_pass(struct mo_store *s, const struct mo_member *m,
			       struct modulo_error *err);
/* "store.surplus": an entry that no member took. */
_must_check_ int mo_store_settle(struct mo_store *s, struct modulo_error *err);

#endif
