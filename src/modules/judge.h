/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which modules a kernel would load by their hash, and why not the others. In three steps: each
 * module is looked at alone (by many threads), what they have in common is gathered, each is
 * judged.
 */
#ifndef MODULES_JUDGE_H
#define MODULES_JUDGE_H

#include "modules/module.h"
#include "modules/set.h"

enum mo_verdict {
	MO_LOADS,
	MO_MALFORMED,	/* a trailer that kernels refuse whatever their settings are */
	MO_NO_PROOF,	/* nothing else is known against it */
	MO_STRIPPED,	/* after it was hashed */
	MO_CHANGED,	/* after it was hashed */
	MO_OTHER_BUILD, /* a proof of another build */
	MO_WRONG_PROOF, /* the module is known, its proof is of another one or broken */
	MO_NOT_PROVEN,	/* changed or of another build; nothing at hand tells which */
	MO_ADDED,	/* its name and its bytes are not in the tree */
	MO_MISSING,	/* in the tree, and not there */
	MO_BROKEN,	/* it cannot be read: a compressed stream that is not whole, for one */
	MO_NR_VERDICTS
};

/* What one module has. */
struct mo_finding {
	const struct mo_codec *codec; /* NULL: not compressed */
	bool malformed, has_proof, is_signed, stripped;
	uint64_t end;		      /* of what is hashed */
	uint8_t whole[32], below[32]; /* SHA-256 of all of it (for a list, or without a proof); of
				       * what is below the proof */
	uint8_t below_signature[32];  /* without a proof: of what is below a signature */
	uint32_t index;
	unsigned levels;	    /* of the proof; 0: its length is none that a proof can have */
	uint8_t leaf[32], root[32]; /* what index, module and proof give */
	uint8_t *proof;		    /* malloced; levels * 32 + 4 bytes */
	/* by mo_judge() */
	enum mo_verdict verdict;
	uint32_t entry; /* of the set, by content, else by name; MO_SET_NONE */
	bool renamed;	/* it has the bytes of an entry of another name */
};

/* list: what a kernel with a list wants to know. */
_must_check_ int mo_find(struct mo_module *m, bool list, struct mo_finding *out,
			 struct modulo_error *err);
void mo_finding_release(struct mo_finding *f);

/* What a kernel knows. */
struct mo_known {
	bool list;
	unsigned levels;
	uint8_t root[32];    /* of a list the SHA-256 of its hashes, as they stand there */
	uint8_t (*hash)[32]; /* of a list, sorted; malloced */
	size_t nr;
};
void mo_known_release(struct mo_known *k);

/* All findings of one set of modules; set: the tree's file, or NULL. path[i]: where module i lies.
 */
struct mo_judged_set {
	const struct mo_known *known;
	const struct mo_set *set;
	struct mo_finding *finding;
	char *const *path;
	size_t nr;
	/* internal */
	struct mo_node *node; /* of the kernel's tree, sorted by place */
	size_t nr_nodes;
	bool unstripped; /* a module that loads is not stripped */
};

_must_check_ int mo_judge(struct mo_judged_set *j, struct modulo_error *err);

/* "loads", "no-proof" and so on: for JSON, stable. */
const char *mo_verdict_name(enum mo_verdict v);
/* One line for people. */
const char *mo_verdict_text(const struct mo_judged_set *j, const struct mo_finding *f);

#endif
