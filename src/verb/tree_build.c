/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* modulo tree build, and the tree's file. */
#include "verb/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "hash/pool.h"
#include "io/out.h"
#include "modules/module.h"
#include "modules/order.h"
#include "verb/members.h"

int mo_blame(struct modulo_error *err, const char *path, char sep, int rc)
{
	_cleanup_buf_ struct mo_buf b = { 0 };

	mo_buf_escape(&b, path, strlen(path), "");
	if (mo_buf_ok(&b) && b.data)
		mo_error_within(err, b.data, sep);
	return rc;
}

struct build {
	const struct mo_context *c;
	const char *base;
	struct mo_order order;
	struct mo_set set;
};

/* path, or what a packager made of it: path.xz and so on. *name is malloced. */
static int open_module(const char *base, const char *path, char **name, int *fd,
		       struct modulo_error *err)
{
	const struct mo_codec *c = NULL;
	unsigned i = 0;

	do {
		free(*name);
		if (asprintf(name, "%s%s%s%s", path[0] == '/' ? "" : base,
			     path[0] == '/' ? "" : "/", path, c ? c->suffix : "") < 0) {
			*name = NULL;
			return mo_fail_nomem(err);
		}
		*fd = open(*name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (*fd >= 0)
			return 0;
		if (errno != ENOENT)
			return mo_blame(err, *name, '/',
					mo_fail_errno(err, errno, "io.open", "cannot open"));
		c = mo_codec_nth(i++);
	} while (c);
	(*name)[strlen(*name) - strlen(mo_codec_nth(i - 2)->suffix)] = '\0';
	return mo_blame(err, *name, '/',
			mo_fail(err, MODULO_MISMATCH, MODULO_NO_OFFSET, "order.missing",
				"the module is not there, neither plain nor compressed"));
}

/* A module is final, and as the kernel gets it. */
static int check(const struct mo_module *m, const char *name, struct modulo_error *err)
{
	const struct mo_codec *suffix;

	mo_module_name(name, &suffix);
	if (m->codec != suffix)
		return mo_fail(err, MODULO_MISMATCH, 0, "modules.compressed",
			       m->codec ? "it is %s under a plain module's name"
					: "it is not compressed, as its name says",
			       m->codec ? m->codec->brief : "");
	if (m->outer.state == MO_TRAILER_HEADER_BAD || m->outer.state == MO_TRAILER_SIZE_BAD)
		return mo_fail(err, MODULO_MALFORMED, m->bytes->len - MO_TRAILER_LEN,
			       "modules.trailer",
			       "the trailer at its end is malformed: no kernel loads it");
	if (mo_module_proof(m))
		return mo_fail(err, MODULO_MISMATCH, mo_module_proof(m)->body, "modules.proof",
			       "it has a proof already (`modulo tree detach` takes it away)");
	return 0;
}

static int work(void *ctx, size_t i, unsigned thread, struct modulo_error *err)
{
	struct build *b = ctx;
	struct mo_set_entry *e = &b->set.entry[i];
	_cleanup_free_ char *name = NULL;
	struct mo_module m = { 0 };
	int fd = -1, r;

	(void)thread;
	e->path = b->order.path[i];
	r = open_module(b->base, e->path, &name, &fd, err);
	if (r < 0)
		return r;
	r = mo_module_open(fd, &m, err);
	r = r < 0 ? r : check(&m, name, err);
	r = r < 0 ? r
		  : mo_module_hash(&m, m.bytes->len, (uint32_t)i, b->set.list ? NULL : e->leaf,
				   e->sha256, err);
	if (b->set.list)
		memcpy(e->leaf, e->sha256, sizeof(e->leaf));
	mo_module_release(&m);
	return r < 0 ? mo_blame(err, name, '/', r) : 0;
}

static int done(void *ctx, size_t i, struct modulo_error *err)
{
	struct build *b = ctx;

	return mo_progress(b->c, i + 1, b->order.nr, err);
}

static int read_order(const char *path, struct mo_order *out, struct modulo_error *err)
{
	_cleanup_source_ struct mo_source *s = NULL;
	int r = mo_source_file(path, &s, err);

	r = r < 0 ? r : mo_order_read(s, out, err);
	return r < 0 ? mo_blame(err, path, '/', r) : 0;
}

static int find_order(const struct modulo_tree_from *from, struct build *b,
		      struct modulo_error *err)
{
	_cleanup_free_ char *own = NULL;
	int r;

	if (!from->dir == !from->order || !from->order != !from->base)
		return mo_fail(
			err, MODULO_USAGE, MODULO_NO_OFFSET, "usage.option",
			"a tree is built from a folder, or from a modules.order and its base");
	b->base = from->order ? from->base : from->dir;
	if (from->order)
		return read_order(from->order, &b->order, err);
	if (asprintf(&own, "%s/modules.order", from->dir) < 0) {
		own = NULL;
		return mo_fail_nomem(err);
	}
	if (access(own, F_OK) == 0)
		return read_order(own, &b->order, err);
	r = mo_order_list(from->dir, &b->order, err);
	return r < 0 ? mo_blame(err, from->dir, '/', r) : 0;
}

/* The paths live in the order's arena, which the set takes over. */
static int build(struct build *b, bool list, struct modulo_error *err)
{
	struct mo_pool_job job = {
		.nr = b->order.nr, .jobs = b->c->jobs, .work = work, .done = done, .ctx = b
	};
	int r = mo_set_init(&b->set, list, (uint32_t)b->order.nr, err);

	r = r < 0 ? r : mo_pool_run(&job, err);
	for (uint32_t i = 0; r == 0 && i < b->set.nr; i++) {
		const char *p = b->set.entry[i].path;

		b->set.entry[i].path = mo_arena_dup(&b->set.arena, p, strlen(p));
		if (!b->set.entry[i].path)
			r = mo_fail_nomem(err);
	}
	return r < 0 ? r : mo_set_finish(&b->set, err);
}

MODULO_API int modulo_tree_build(const struct modulo_tree_from *from,
				 const struct modulo_options *opt, struct modulo_tree **out,
				 struct modulo_error *err)
{
	struct modulo_tree *t = calloc(1, sizeof(*t));
	struct mo_context c = { 0 };
	struct build b = { .c = &c };
	int r = mo_context_init(&c, opt, err);

	if (!t)
		r = mo_fail_nomem(err);
	for (size_t i = 0; r == 0 && i < MO_NR(from->reserved); i++)
		if (from->reserved[i])
			r = mo_fail(err, MODULO_USAGE, MODULO_NO_OFFSET, "usage.reserved",
				    "a reserved field is not NULL");
	r = r < 0 ? r : find_order(from, &b, err);
	r = r < 0 ? r : build(&b, from->list, err);
	mo_order_release(&b.order);
	mo_context_release(&c);
	if (r < 0) {
		mo_set_release(&b.set);
		free(t);
		return r;
	}
	t->set = b.set;
	*out = t;
	return 0;
}

MODULO_API int modulo_tree_read(const char *path, struct modulo_tree **out,
				struct modulo_error *err)
{
	_cleanup_source_ struct mo_source *s = NULL;
	struct modulo_tree *t = calloc(1, sizeof(*t));
	int r = t ? mo_source_file(path, &s, err) : mo_fail_nomem(err);

	r = r < 0 ? r : mo_set_read(s, &t->set, err);
	r = r < 0 ? r : mo_source_settle(s, err);
	if (r < 0) {
		modulo_tree_free(t);
		return mo_blame(err, path, '/', r);
	}
	*out = t;
	return 0;
}

MODULO_API int modulo_tree_write(const struct modulo_tree *t, const char *path,
				 struct modulo_error *err)
{
	_cleanup_(mo_out_dropp) struct mo_out *o = NULL;
	int r = mo_out_file(path, &o, err);

	r = r < 0 ? r : mo_set_write(&t->set, mo_out_sink(o), err);
	return r < 0 ? r : mo_out_commit(MO_TAKE(o), err);
}

struct text {
	struct mo_sink sink;
	int (*write)(void *, const void *, size_t);
	void *ctx;
};

static int text_write(struct mo_sink *k, const void *p, size_t len, struct modulo_error *err)
{
	struct text *t = (struct text *)k;

	if (t->write(t->ctx, p, len) == 0)
		return 0;
	return mo_fail(err, MODULO_CANCELLED, MODULO_NO_OFFSET, "usage.cancelled", "cancelled");
}

MODULO_API int modulo_tree_text(const struct modulo_tree *t,
				int (*write)(void *ctx, const void *p, size_t len), void *ctx,
				struct modulo_error *err)
{
	struct text k = { { text_write }, write, ctx };

	return mo_set_write(&t->set, &k.sink, err);
}

MODULO_API void modulo_tree_free(struct modulo_tree *t)
{
	if (!t)
		return;
	mo_set_release(&t->set);
	free(t);
}

MODULO_API void modulo_tree_root(const struct modulo_tree *t, struct modulo_root *out)
{
	const struct mo_set *s = &t->set;

	*out = (struct modulo_root){ .list = s->list, .modules = s->nr };
	if (!s->list)
		out->levels = s->tree.levels;
	memcpy(out->hash, s->list ? s->digest : s->tree.root, sizeof(out->hash));
}
