/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/judge.h"

#include <string.h>

#include "merkle/merkle_verify.h"

/*
 * A node of the kernel's own tree. Proofs of modules that load, and the tree's file, tell many; a
 * proof that says otherwise in one of these places is of another build.
 */
struct mo_node {
	uint32_t level, index;
	uint8_t hash[32];
};

static const struct {
	const char *name, *text;
} verdicts[MO_NR_VERDICTS] = {
	[MO_LOADS] = { "loads", "would load" },
	[MO_MALFORMED] = { "malformed", "the trailer behind it is malformed: refused whatever the "
					"settings are" },
	[MO_NO_PROOF] = { "no-proof", "no proof behind it (`modulo tree attach`)" },
	[MO_STRIPPED] = { "stripped", "stripped after it was hashed: strip comes before `modulo "
				      "tree build`, and drops a proof besides" },
	[MO_CHANGED] = { "changed", "changed after it was hashed" },
	[MO_OTHER_BUILD] = { "other-build", "its proof is of another build" },
	[MO_WRONG_PROOF] = { "wrong-proof", "the module is this kernel's, the proof behind it is "
					    "not its own" },
	[MO_NOT_PROVEN] = { "not-proven", "not as this kernel knows it: changed, stripped, or of "
					  "another build" },
	[MO_ADDED] = { "added", "neither its bytes nor its name are in the tree: added since" },
	[MO_MISSING] = { "missing", "in the tree, but not there" },
	[MO_BROKEN] = { "broken", "it cannot be read" },
};

const char *mo_verdict_name(enum mo_verdict v)
{
	return verdicts[v].name;
}

const char *mo_verdict_text(const struct mo_judged_set *j, const struct mo_finding *f)
{
	if (f->verdict == MO_CHANGED && f->has_proof && !j->set)
		return "its bytes do not fit its proof: changed after it was hashed, or the proof "
		       "is another module's";
	if (f->verdict == MO_WRONG_PROOF && j->known->list)
		return "a proof is behind it, and a list wants the module alone (`modulo tree "
		       "detach`)";
	if (f->verdict == MO_WRONG_PROOF && f->entry == MO_SET_NONE)
		return "what is behind it is no proof that a tree of this kind can have";
	if (f->verdict == MO_NO_PROOF && f->is_signed)
		return "no proof behind it; it has a signature, which counts where the kernel "
		       "knows the key";
	return verdicts[f->verdict].text;
}

void mo_known_release(struct mo_known *k)
{
	free(k->hash);
	*k = (struct mo_known){ 0 };
}

static int compare_hashes(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

static bool loads(const struct mo_judged_set *j, const struct mo_finding *f)
{
	const struct mo_known *k = j->known;

	if (f->malformed)
		return false;
	if (k->list)
		return k->nr && bsearch(f->whole, k->hash, k->nr, 32, compare_hashes);
	return f->levels && f->levels == k->levels &&
	       memcmp(f->root, k->root, sizeof(k->root)) == 0;
}

static int compare_places(const void *a, const void *b)
{
	const struct mo_node *x = a, *y = b;

	if (x->level != y->level)
		return x->level < y->level ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static void add_node(struct mo_judged_set *j, unsigned level, uint32_t index, const uint8_t *hash)
{
	struct mo_node *n = &j->node[j->nr_nodes++];

	n->level = level;
	n->index = index;
	memcpy(n->hash, hash, sizeof(n->hash));
}

/* Where a proof's siblings are in the tree. */
static uint32_t sibling_index(const struct mo_finding *f, unsigned level)
{
	return (f->index >> level) ^ 1;
}

static const uint8_t *sibling(const struct mo_finding *f, unsigned level)
{
	return f->proof + MO_MERKLE_INDEX + (size_t)level * MO_MERKLE_HASH;
}

/* What a module that loads tells of the tree: its leaf, the siblings, and the nodes up to the root.
 */
static int add_proof(struct mo_judged_set *j, const struct mo_finding *f, struct modulo_error *err)
{
	uint8_t node[MO_MERKLE_HASH];

	memcpy(node, f->leaf, sizeof(node));
	for (unsigned k = 0; k < f->levels; k++) {
		const uint8_t *s = sibling(f, k);
		bool right = f->index >> k & 1;

		add_node(j, k, f->index >> k, node);
		add_node(j, k, sibling_index(f, k), s);
		if (mo_merkle_node(mo_merkle_sha256, NULL, right ? s : node, right ? node : s,
				   node) != 0)
			return mo_fail(err, MODULO_NOMEM, MODULO_NO_OFFSET, "hash.failed",
				       "OpenSSL could not compute a digest");
	}
	return 0;
}

/* All modules that load: the same node many times does no harm. */
static int gather(struct mo_judged_set *j, struct modulo_error *err)
{
	size_t most = 0;
	int r = 0;

	for (size_t i = 0; i < j->nr; i++)
		most += j->finding[i].verdict == MO_LOADS ? j->finding[i].levels * (size_t)2 : 0;
	j->node = calloc(most + 1, sizeof(*j->node));
	if (!j->node)
		return mo_fail_nomem(err);
	for (size_t i = 0; r == 0 && i < j->nr && !j->known->list; i++)
		if (j->finding[i].verdict == MO_LOADS)
			r = add_proof(j, &j->finding[i], err);
	qsort(j->node, j->nr_nodes, sizeof(*j->node), compare_places);
	return r;
}

/* The hash in that place of the kernel's tree, or NULL. */
static const uint8_t *node_at(const struct mo_judged_set *j, unsigned level, uint32_t index)
{
	const struct mo_node want = { .level = level, .index = index }, *n;

	n = bsearch(&want, j->node, j->nr_nodes, sizeof(*j->node), compare_places);
	return n ? n->hash : NULL;
}

enum origin { UNKNOWN, OURS, FOREIGN };

/* Of which build the proof behind a module is. */
static enum origin proof_origin(const struct mo_judged_set *j, const struct mo_finding *f)
{
	uint8_t own[MO_MERKLE_INDEX + MO_MERKLE_MAX_LEVELS * MO_MERKLE_HASH];
	enum origin o = UNKNOWN;

	if (f->levels != j->known->levels)
		return FOREIGN;
	if (j->set && !j->set->list) {
		if (f->index >= j->set->nr)
			return FOREIGN;
		mo_merkle_tree_prove(&j->set->tree, f->index, own);
		return memcmp(own, f->proof, mo_merkle_proof_len(f->levels)) == 0 ? OURS : FOREIGN;
	}
	for (unsigned k = 0; k < f->levels; k++) {
		const uint8_t *n = node_at(j, k, sibling_index(f, k));

		if (n && memcmp(n, sibling(f, k), 32) != 0)
			return FOREIGN;
		o = n ? OURS : o;
	}
	return o;
}

/* Two modules whose proofs agree on a root that is not the kernel's were made by one other build.
 */
static bool has_company(const struct mo_judged_set *j, const struct mo_finding *f)
{
	for (size_t i = 0; i < j->nr; i++)
		if (&j->finding[i] != f && j->finding[i].levels == f->levels &&
		    memcmp(j->finding[i].root, f->root, sizeof(f->root)) == 0)
			return true;
	return false;
}

/* The module's bytes are not those that were hashed: strip, or something else? */
static enum mo_verdict bytes_differ(const struct mo_judged_set *j, const struct mo_finding *f)
{
	return f->stripped && j->unstripped ? MO_STRIPPED : MO_CHANGED;
}

static enum mo_verdict with_proof(const struct mo_judged_set *j, const struct mo_finding *f,
				  bool content, bool name)
{
	enum origin o;

	if (content)
		return MO_WRONG_PROOF;
	if (!f->levels)
		return j->set && !name ? MO_ADDED : j->set ? bytes_differ(j, f) : MO_WRONG_PROOF;
	o = proof_origin(j, f);
	if (o == FOREIGN || (o == UNKNOWN && has_company(j, f)))
		return MO_OTHER_BUILD;
	if (o == UNKNOWN)
		return MO_NOT_PROVEN;
	/* Somebody else's proof of this build: the module it is for loads, by the same index. */
	return bytes_differ(j, f);
}

static enum mo_verdict judge_one(const struct mo_judged_set *j, struct mo_finding *f,
				 const char *path)
{
	bool content, name;

	if (f->malformed)
		return MO_MALFORMED;
	if (j->set)
		f->entry = mo_set_by_content(j->set, f->below, path);
	content = f->entry != MO_SET_NONE;
	if (!content && j->set && !f->has_proof && f->is_signed) {
		f->entry = mo_set_by_content(j->set, f->below_signature, path);
		content = f->entry != MO_SET_NONE;
	}
	f->renamed = content && mo_path_tail(j->set->entry[f->entry].path, path) == 0;
	if (f->verdict == MO_LOADS)
		return MO_LOADS;
	if (!content && j->set)
		f->entry = mo_set_by_path(j->set, path);
	name = f->entry != MO_SET_NONE;
	if (j->known->list)
		return content && f->has_proof ? MO_WRONG_PROOF
		       : name		       ? bytes_differ(j, f)
		       : j->set		       ? MO_ADDED
					       : MO_NOT_PROVEN;
	if (f->has_proof)
		return with_proof(j, f, content, name);
	if (content)
		return MO_NO_PROOF;
	if (j->set)
		return name ? bytes_differ(j, f) : MO_ADDED;
	return f->stripped && j->unstripped ? MO_STRIPPED : MO_NO_PROOF;
}

int mo_judge(struct mo_judged_set *j, struct modulo_error *err)
{
	int r;

	for (size_t i = 0; i < j->nr; i++) {
		struct mo_finding *f = &j->finding[i];

		if (f->verdict == MO_BROKEN) {
			f->entry = j->set ? mo_set_by_path(j->set, j->path[i]) : MO_SET_NONE;
			continue;
		}
		f->verdict = loads(j, f) ? MO_LOADS : MO_NO_PROOF;
		j->unstripped |= f->verdict == MO_LOADS && !f->stripped;
	}
	r = gather(j, err);
	for (size_t i = 0; r == 0 && i < j->nr; i++)
		if (j->finding[i].verdict != MO_BROKEN)
			j->finding[i].verdict = judge_one(j, &j->finding[i], j->path[i]);
	free(j->node);
	j->node = NULL;
	return r;
}
