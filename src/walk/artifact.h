/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What verbs work on: an artifact, the members chosen of it, and one member explained and judged.
 */
#ifndef WALK_ARTIFACT_H
#define WALK_ARTIFACT_H

#include <stdbool.h>

#include "base/arena.h"
#include "io/dir.h"
#include "ledger/item.h"
#include "modulo/modulo.h"
#include "sig/dbx.h"
#include "sig/roots.h"
#include "walk/record.h"

/* What one run of a verb shares among its threads. Zeroed before; released by the caller. */
struct mo_context {
	const struct modulo_options *opt;
	struct mo_forms forms;
	struct mo_keyring *keyring; /* NULL: none given */
	struct mo_roots roots;	    /* empty: none given */
	struct mo_dbx dbx;	    /* likewise */
	unsigned jobs;
	char (*last_encoder)[MO_ENCODER_MAX]; /* one for each thread */
	bool prove;
};

/* opt may be NULL: all defaults. */
_must_check_ int mo_context_init(struct mo_context *c, const struct modulo_options *opt,
				 struct modulo_error *err);
void mo_context_release(struct mo_context *c);

struct mo_artifact {
	const char *path; /* as given, borrowed */
	bool is_dir, metadata;
	struct mo_dir dir;
	struct mo_entry self;	      /* of an artifact that is a file */
	const struct mo_entry *entry; /* of a file: one, with the path "" */
	size_t nr;
	bool *chosen; /* by --only and --ignore */
	size_t nr_chosen;
};

/* "walk.nothing": the globs leave nothing over; "walk.globs": globs given for an artifact that has
 * no members. */
_must_check_ int mo_artifact_open(const struct mo_context *c, const char *path,
				  struct mo_artifact *out, struct modulo_error *err);
void mo_artifact_release(struct mo_artifact *a);
/* Puts the artifact's path, and the entry's if e is not NULL, in front of an error's. */
void mo_artifact_blame(const struct mo_artifact *a, const struct mo_entry *e,
		       struct modulo_error *err);
/* An entry's path escaped; NULL when out of memory. */
const char *mo_entry_escaped(const struct mo_entry *e, struct mo_arena *arena);
/* Whether the globs choose that (escaped) path. */
bool mo_chosen(const struct modulo_options *opt, const char *path);

struct mo_judged {
	enum mo_sig_status status;
	bool refused;		    /* a list of what is refused names content or signer: INVALID */
	const struct mo_cert *cert; /* or NULL; the keyring's */
	uint8_t root[MO_MERKLE_HASH]; /* where a proof leads */
};

/*
 * Judges a signature by the keyring, a proof by the roots. digest is that of mo_body_digest();
 * content what it was made from, its first content_len bytes, or NULL where that is not at hand
 * (mo_keyring_judge()). core: SHA-256 of the core, by which lists of what is refused name contents.
 */
_must_check_ int mo_judge_signature(const struct mo_context *c, const struct mo_body *b,
				    const uint8_t *digest, struct mo_source *content,
				    uint64_t content_len, const uint8_t core[32],
				    struct mo_judged *out, struct modulo_error *err);

struct mo_member {
	const struct mo_entry *e;
	const char *path; /* escaped */
	struct mo_arena arena;
	struct mo_source *source; /* the rest is for files only */
	struct mo_item *item, *leaf;
	struct mo_item_digest digest;
	struct mo_judged judged[MO_SIGNATURES_MAX]; /* one for each of the leaf's signatures */
};

/*
 * Opens member i, explains it, computes its digests and judges its signatures. want: enum mo_want,
 * in addition to what the options ask for. Zeroed before; closed by the caller, on failure too.
 * Errors carry artifact and member.
 */
_must_check_ int mo_member_open(const struct mo_context *c, const struct mo_artifact *a, size_t i,
				unsigned want, unsigned thread, struct mo_member *m,
				struct modulo_error *err);
void mo_member_close(struct mo_member *m);

#endif
