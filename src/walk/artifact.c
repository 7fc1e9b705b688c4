/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "walk/artifact.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "walk/explain.h"
#include "walk/glob.h"

static unsigned processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > 64 ? 64 : (unsigned)n;
}

int mo_context_init(struct mo_context *c, const struct modulo_options *opt,
		    struct modulo_error *err)
{
	static const struct modulo_options none;
	int r = mo_forms_load(&c->forms, err);

	c->opt = opt ? opt : &none;
	c->jobs = MO_MIN(c->opt->jobs ? c->opt->jobs : processors(), 256u);
	c->prove = c->opt->flags & MODULO_PROVE;
	c->last_encoder = calloc(c->jobs, sizeof(*c->last_encoder));
	if (!c->last_encoder)
		return mo_fail_nomem(err);
	for (size_t i = 0; i < MO_NR(c->opt->reserved); i++)
		if (c->opt->reserved[i])
			return mo_fail(err, MODULO_USAGE, MODULO_NO_OFFSET, "usage.reserved",
				       "a reserved option is not NULL");
	if (r == 0 && c->opt->nr_keyring)
		r = mo_keyring_new(&c->keyring, err);
	for (size_t i = 0; r == 0 && i < c->opt->nr_keyring; i++) {
		r = mo_keyring_add_file(c->keyring, c->opt->keyring[i], err);
		if (r < 0)
			mo_error_within(err, c->opt->keyring[i], '/');
	}
	for (size_t i = 0; r == 0 && i < c->opt->nr_dbx; i++) {
		r = mo_dbx_add_file(&c->dbx, c->opt->dbx[i], err);
		if (r < 0)
			mo_error_within(err, c->opt->dbx[i], '/');
	}
	for (size_t i = 0; r == 0 && i < c->opt->nr_root; i++)
		r = mo_roots_add_text(&c->roots, c->opt->root[i], err);
	return r;
}

void mo_context_release(struct mo_context *c)
{
	mo_forms_release(&c->forms);
	mo_keyring_free(c->keyring);
	mo_roots_release(&c->roots);
	mo_dbx_release(&c->dbx);
	free(c->last_encoder);
	*c = (struct mo_context){ 0 };
}

static bool any_match(const char *const *glob, size_t nr, const char *path)
{
	for (size_t i = 0; i < nr; i++)
		if (mo_glob_match(glob[i], path))
			return true;
	return false;
}

bool mo_chosen(const struct modulo_options *opt, const char *path)
{
	return (opt->nr_only == 0 || any_match(opt->only, opt->nr_only, path)) &&
	       !any_match(opt->ignore, opt->nr_ignore, path);
}

const char *mo_entry_escaped(const struct mo_entry *e, struct mo_arena *arena)
{
	_cleanup_(mo_buf_release) struct mo_buf b = { 0 };

	mo_buf_escape(&b, e->path, strlen(e->path), "");
	return mo_buf_ok(&b) ? mo_arena_dup(arena, b.data, b.len) : NULL;
}

void mo_artifact_blame(const struct mo_artifact *a, const struct mo_entry *e,
		       struct modulo_error *err)
{
	_cleanup_(mo_buf_release) struct mo_buf b = { 0 };

	if (e && e->path[0]) {
		mo_buf_escape(&b, e->path, strlen(e->path), "");
		if (mo_buf_ok(&b))
			mo_error_within(err, b.data, '!');
	}
	mo_buf_reset(&b);
	mo_buf_str(&b, a->path);
	while (b.len > 1 && b.data[b.len - 1] == '/')
		b.data[--b.len] = '\0';
	if (mo_buf_ok(&b))
		mo_error_within(err, b.data, a->is_dir ? '/' : '!');
}

static int choose(const struct mo_context *c, struct mo_artifact *a, struct modulo_error *err)
{
	bool globs = c->opt->nr_only || c->opt->nr_ignore;

	a->chosen = calloc(a->nr + 1, sizeof(*a->chosen));
	if (!a->chosen)
		return mo_fail_nomem(err);
	if (globs && !a->is_dir)
		return mo_fail(
			err, MODULO_USAGE, MODULO_NO_OFFSET, "walk.globs",
			"--only and --ignore choose members of a directory, and this is a file");
	for (size_t i = 0; i < a->nr; i++) {
		struct mo_arena arena = { 0 };
		const char *path = globs ? mo_entry_escaped(&a->entry[i], &arena) : "";

		a->chosen[i] = !globs || (path && mo_chosen(c->opt, path));
		a->nr_chosen += a->chosen[i];
		mo_arena_release(&arena);
		if (!path)
			return mo_fail_nomem(err);
	}
	if (globs && a->nr_chosen == 0)
		return mo_fail(err, MODULO_USAGE, MODULO_NO_OFFSET, "walk.nothing",
			       "--only and --ignore leave nothing over");
	return 0;
}

int mo_artifact_open(const struct mo_context *c, const char *path, struct mo_artifact *out,
		     struct modulo_error *err)
{
	struct mo_artifact a = { .path = path, .metadata = c->opt->flags & MODULO_METADATA };
	struct stat st;
	int r = 0;

	if (stat(path, &st) < 0) {
		r = mo_fail_errno(err, errno, "io.open", "cannot open");
	} else if (S_ISDIR(st.st_mode)) {
		a.is_dir = true;
		r = mo_dir_list(path, a.metadata, &a.dir, err);
		a.entry = a.dir.entry;
		a.nr = a.dir.nr;
	} else if (S_ISREG(st.st_mode)) {
		a.self = (struct mo_entry){ .path = "",
					    .type = MO_FILE,
					    .size = (uint64_t)st.st_size };
		a.nr = 1;
	} else {
		r = mo_fail(err, MODULO_IO, MODULO_NO_OFFSET, "io.type",
			    "neither a regular file nor a directory");
	}
	*out = a;
	if (!a.is_dir)
		out->entry = &out->self;
	if (r == 0)
		r = choose(c, out, err);
	if (r < 0) {
		mo_artifact_blame(&a, NULL, err);
		mo_artifact_release(out);
	}
	return r;
}

void mo_artifact_release(struct mo_artifact *a)
{
	mo_dir_release(&a->dir);
	free(a->chosen);
	*a = (struct mo_artifact){ 0 };
}

int mo_judge_signature(const struct mo_context *c, const struct mo_body *b, const uint8_t *digest,
		       struct mo_source *content, uint64_t content_len, const uint8_t core[32],
		       struct mo_judged *out, struct modulo_error *err)
{
	int r;

	out->refused = false;
	if (b->kind == MO_EL_PROOF)
		return mo_roots_judge(&c->roots, b->proof.bytes.p, b->proof.bytes.len, digest,
				      out->root, &out->status, err);
	r = mo_keyring_judge(c->keyring, &b->cms, digest, content, content_len, &out->status,
			     &out->cert, err);
	if (r == 0 && c->dbx.nr)
		r = mo_dbx_has_signer(&c->dbx, c->keyring, &b->cms, out->cert, &out->refused, err);
	out->refused |= r == 0 && mo_dbx_has_content(&c->dbx, core);
	if (out->refused)
		out->status = MO_SIG_INVALID;
	return r;
}

static int judge(const struct mo_context *c, struct mo_member *m, struct modulo_error *err)
{
	int r = mo_item_digest(m->item, &m->digest, err);

	for (unsigned i = 0; r == 0 && i < m->leaf->nr_sigs; i++)
		r = mo_judge_signature(c, &m->leaf->sig[i].parsed, m->digest.signed_content[i],
				       m->leaf->source, m->leaf->sig[i].off, m->digest.core,
				       &m->judged[i], err);
	return r;
}

/* Bytes that anybody could have changed */
static int refuse_unvouched(const struct mo_context *c, const struct mo_member *m,
			    struct modulo_error *err)
{
	if (m->leaf->unvouched && c->opt->flags & MODULO_STRICT)
		return mo_fail(err, MODULO_MALFORMED, MODULO_NO_OFFSET, "pe.checksum",
			       "a CheckSum that is neither 0 nor the image's, with --strict");
	for (unsigned i = 0; i < m->leaf->nr_sigs; i++) {
		int r = mo_body_allowed(&m->leaf->sig[i].parsed,
					c->opt->flags & MODULO_ALLOW_UNSIGNED_ATTRIBUTES, err);

		if (r < 0) {
			mo_error_shift(err, m->leaf->sig[i].off);
			return r;
		}
	}
	return 0;
}

static int open_member(const struct mo_context *c, const struct mo_artifact *a, unsigned want,
		       unsigned thread, struct mo_member *m, struct modulo_error *err)
{
	struct mo_explain x = { .forms = &c->forms,
				.want = want,
				.prove = c->prove,
				.last_encoder = &c->last_encoder[thread] };
	int fd, r;

	if (c->opt->flags & MODULO_NESTED)
		x.want |= MO_WANT_NESTED;
	m->path = mo_entry_escaped(m->e, &m->arena);
	if (!m->path)
		return mo_fail_nomem(err);
	if (m->e->type != MO_FILE)
		return 0;
	if (a->is_dir) {
		r = mo_dir_open(&a->dir, m->e, &fd, err);
		r = r < 0 ? r : mo_source_fd(fd, &m->source, err);
	} else {
		r = mo_source_file(a->path, &m->source, err);
	}
	if (r < 0 || want & MO_WANT_RAW)
		return r;
	r = mo_explain(&x, m->source, &m->arena, &m->item, err);
	if (r < 0)
		return r;
	m->leaf = mo_item_leaf(m->item);
	r = refuse_unvouched(c, m, err);
	r = r < 0 ? r : judge(c, m, err);
	return r < 0 ? r : mo_source_settle(m->source, err);
}

int mo_member_open(const struct mo_context *c, const struct mo_artifact *a, size_t i, unsigned want,
		   unsigned thread, struct mo_member *m, struct modulo_error *err)
{
	int r;

	m->e = &a->entry[i];
	r = open_member(c, a, want, thread, m, err);
	if (r < 0)
		mo_artifact_blame(a, m->e, err);
	return r;
}

void mo_member_close(struct mo_member *m)
{
	mo_item_release(m->item);
	mo_source_close(m->source);
	mo_arena_release(&m->arena);
	*m = (struct mo_member){ 0 };
}
