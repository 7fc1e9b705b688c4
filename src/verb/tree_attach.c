/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* modulo tree attach, detach and prove. */
#include "verb/tree.h"

#include <string.h>

#include "hash/pool.h"
#include "io/out.h"
#include "io/swap.h"
#include "modules/match.h"
#include "verb/members.h"
#include "verb/targets.h"

struct attach {
	const struct mo_context *c;
	const struct mo_set *set; /* NULL: detach */
	struct mo_targets targets;
	struct mo_swap_file *swap;
};

static int check_attachable(const struct mo_module *m, struct modulo_error *err)
{
	if (m->codec)
		return mo_fail(err, MODULO_MISMATCH, 0, "modules.compressed",
			       "it is compressed: proofs come before compression");
	if (m->outer.state == MO_TRAILER_HEADER_BAD || m->outer.state == MO_TRAILER_SIZE_BAD)
		return mo_fail(err, MODULO_MALFORMED, m->bytes->len - MO_TRAILER_LEN,
			       "modules.trailer",
			       "the trailer at its end is malformed: no kernel loads it");
	return 0;
}

/* The proof of the index-th module, with header and magic; malloced. */
static int make_trailer(const struct mo_set *s, uint32_t index, uint8_t **out, size_t *len,
			struct modulo_error *err)
{
	size_t proof = mo_merkle_proof_len(s->tree.levels);

	*out = malloc(proof + MO_TRAILER_LEN);
	if (!*out)
		return mo_fail_nomem(err);
	mo_merkle_tree_prove(&s->tree, index, *out);
	mo_trailer_make(MO_TRAILER_MERKLE, (uint32_t)proof, *out + proof);
	*len = proof + MO_TRAILER_LEN;
	return 0;
}

/* A proof that is there already must be one of this tree and module; its index may be that of any
 * module of the same bytes. */
static int check_proof(const struct mo_set *s, struct mo_module *m, const struct mo_trailer *t,
		       struct modulo_error *err)
{
	_cleanup_free_ uint8_t *have = malloc(t->len + (size_t)1), *want = NULL;
	uint8_t sha256[32];
	unsigned levels;
	uint32_t index;
	size_t len;
	int r = have ? mo_source_read(m->bytes, t->body, have, t->len, err) : mo_fail_nomem(err);

	r = r < 0 ? r : mo_module_hash(m, t->body, 0, NULL, sha256, err);
	if (r < 0)
		return r;
	if (!mo_merkle_proof_parse(have, t->len, &index, &levels) || levels != s->tree.levels ||
	    index >= s->nr || memcmp(s->entry[index].sha256, sha256, sizeof(sha256)) != 0)
		goto other;
	r = make_trailer(s, index, &want, &len, err);
	if (r < 0)
		return r;
	if (memcmp(have, want, t->len) == 0)
		return 0;
other:
	return mo_fail(err, MODULO_MISMATCH, t->body, "modules.proof",
		       "it has a proof already, and not one of this tree and module (`modulo tree "
		       "detach` takes it away)");
}

/* Writes the successor of a module: its first len bytes and a trailer. */
static int write_next(struct mo_module *m, const char *path, uint64_t len, const uint8_t *trailer,
		      size_t trailer_len, char **tmp, struct modulo_error *err)
{
	_cleanup_(mo_out_dropp) struct mo_out *o = NULL;
	int r = mo_out_successor(path, &o, err);

	r = r < 0 ? r : mo_source_copy(m->bytes, 0, len, mo_out_sink(o), err);
	r = r < 0 ? r : mo_sink_write(mo_out_sink(o), trailer, trailer_len, err);
	r = r < 0 ? r : mo_source_settle(m->file, err);
	return r < 0 ? r : mo_out_park(MO_TAKE(o), tmp, err);
}

static int attach_one(const struct mo_set *s, struct mo_module *m, const char *path, char **tmp,
		      struct modulo_error *err)
{
	const struct mo_trailer *proof = mo_module_proof(m);
	_cleanup_free_ uint8_t *trailer = NULL;
	uint32_t index;
	size_t len;
	int r = check_attachable(m, err);

	if (r < 0 || proof)
		return r < 0 ? r : check_proof(s, m, proof, err);
	r = mo_match(s, m, m->bytes->len, path, &index, err);
	r = r < 0 ? r : make_trailer(s, index, &trailer, &len, err);
	return r < 0 ? r : write_next(m, path, m->bytes->len, trailer, len, tmp, err);
}

static int detach_one(struct mo_module *m, const char *path, char **tmp, struct modulo_error *err)
{
	const struct mo_trailer *proof = mo_module_proof(m);
	int r = check_attachable(m, err);

	if (r < 0 || !proof)
		return r;
	if (proof != &m->outer)
		return mo_fail(
			err, MODULO_MISMATCH, m->outer.body, "modules.signed",
			"a signature stands behind its proof, and would not hold without it");
	return write_next(m, path, proof->body, (const uint8_t *)"", 0, tmp, err);
}

static int work(void *ctx, size_t i, unsigned thread, struct modulo_error *err)
{
	struct attach *a = ctx;
	struct mo_module m = { 0 };
	char **tmp = &a->swap[i].tmp;
	const struct mo_target *x = &a->targets.target[i];
	int r = mo_module_path(x->path, x->shown, &m, err);

	(void)thread;
	if (r < 0)
		return r;
	r = a->set ? attach_one(a->set, &m, x->path, tmp, err) : detach_one(&m, x->path, tmp, err);
	mo_module_release(&m);
	return r < 0 ? mo_blame(err, x->shown, '/', r) : 0;
}

static int done(void *ctx, size_t i, struct modulo_error *err)
{
	struct attach *a = ctx;

	return mo_progress(a->c, i + 1, a->targets.nr, err);
}

static int run(struct attach *a, struct modulo_attached *out, struct modulo_error *err)
{
	struct mo_pool_job job = {
		.nr = a->targets.nr, .jobs = a->c->jobs, .work = work, .done = done, .ctx = a
	};
	struct modulo_attached did = { .modules = a->targets.nr };
	int r = 0;

	a->swap = calloc(a->targets.nr + 1, sizeof(*a->swap));
	if (!a->swap)
		return mo_fail_nomem(err);
	for (size_t i = 0; i < a->targets.nr; i++)
		a->swap[i].path = a->targets.target[i].path;
	r = mo_pool_run(&job, err);
	for (size_t i = 0; i < a->targets.nr; i++)
		did.written += a->swap[i].tmp != NULL;
	if (r < 0)
		mo_swap_drop(a->swap, a->targets.nr);
	else
		r = mo_swap_commit(a->swap, a->targets.nr, err);
	if (r == 0)
		*out = did;
	return r;
}

static int change(const struct mo_set *set, char *const *path, size_t nr,
		  const struct modulo_options *opt, struct modulo_attached *out,
		  struct modulo_error *err)
{
	struct mo_context c = { 0 };
	struct attach a = { .c = &c, .set = set };
	int r = mo_context_init(&c, opt, err);

	r = r < 0 ? r : mo_targets_find(&a.targets, path, nr, err);
	r = r < 0 ? r : run(&a, out, err);
	free(a.swap);
	mo_targets_release(&a.targets);
	mo_context_release(&c);
	return r;
}

static int refuse_list(const struct mo_set *s, struct modulo_error *err)
{
	return s->list ? mo_fail(err, MODULO_USAGE, MODULO_NO_OFFSET, "modules.list",
				 "modules of a list have no proofs")
		       : 0;
}

MODULO_API int modulo_tree_attach(const struct modulo_tree *t, char *const *path, size_t nr,
				  const struct modulo_options *opt, struct modulo_attached *out,
				  struct modulo_error *err)
{
	int r = refuse_list(&t->set, err);

	return r < 0 ? r : change(&t->set, path, nr, opt, out, err);
}

MODULO_API int modulo_tree_detach(char *const *path, size_t nr, const struct modulo_options *opt,
				  struct modulo_attached *out, struct modulo_error *err)
{
	return change(NULL, path, nr, opt, out, err);
}

/* The module may be compressed here: nothing is written behind it. */
static int prove(const struct mo_set *s, const char *module, const char *path,
		 struct modulo_error *err)
{
	_cleanup_(mo_out_dropp) struct mo_out *o = NULL;
	_cleanup_free_ uint8_t *trailer = NULL;
	_cleanup_free_ char *plain = mo_plain_path(module);
	struct mo_module m = { 0 };
	uint32_t index;
	size_t len;
	int r = plain ? mo_module_path(module, module, &m, err) : mo_fail_nomem(err);

	if (r < 0)
		return r;
	r = mo_match(s, &m, mo_module_end(&m), plain, &index, err);
	r = r < 0 ? mo_blame(err, module, '/', r) : make_trailer(s, index, &trailer, &len, err);
	mo_module_release(&m);
	r = r < 0 ? r : mo_out_file(path, &o, err);
	r = r < 0 ? r : mo_sink_write(mo_out_sink(o), trailer, len - MO_TRAILER_LEN, err);
	return r < 0 ? r : mo_out_commit(MO_TAKE(o), err);
}

MODULO_API int modulo_tree_prove(const struct modulo_tree *t, const char *module, const char *path,
				 struct modulo_error *err)
{
	int r = refuse_list(&t->set, err);

	return r < 0 ? r : prove(&t->set, module, path, err);
}
