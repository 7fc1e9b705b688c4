/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verb/targets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "io/dir.h"
#include "verb/tree.h"

static void release_one(struct mo_target *x)
{
	free(x->path);
	free(x->shown);
}

/* Takes both over, on failure too. */
static int add(struct mo_targets *t, char *path, char *shown, struct modulo_error *err)
{
	struct mo_target x = { path, shown };

	if (path && shown && t->nr == t->max) {
		size_t max = t->max ? t->max * 2 : 256;
		struct mo_target *more = reallocarray(t->target, max, sizeof(*more));

		if (!more) {
			release_one(&x);
			return mo_fail_nomem(err);
		}
		t->target = more;
		t->max = max;
	}
	if (!path || !shown) {
		release_one(&x);
		return mo_fail_nomem(err);
	}
	t->target[t->nr++] = x;
	return 0;
}

static char *below(const char *folder, const char *path)
{
	char *s;

	return asprintf(&s, "%s/%s", folder, path) < 0 ? NULL : s;
}

static int add_folder(struct mo_targets *t, const char *real, const char *folder,
		      struct modulo_error *err)
{
	struct mo_dir d = { 0 };
	size_t before = t->nr;
	int r = mo_dir_list(real, false, &d, err);

	for (size_t i = 0; r == 0 && i < d.nr; i++) {
		const struct mo_entry *e = &d.entry[i];
		const struct mo_codec *codec;

		if ((e->type == MO_FILE || e->type == MO_LINK) && mo_module_name(e->path, &codec))
			r = add(t, below(real, e->path), below(folder, e->path), err);
	}
	mo_dir_release(&d);
	if (r == 0 && t->nr == before)
		return mo_fail(err, MODULO_MISMATCH, MODULO_NO_OFFSET, "modules.none",
			       "there is no module below it");
	return r;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct mo_target *)a)->path, ((const struct mo_target *)b)->path);
}

static void drop_twins(struct mo_targets *t)
{
	size_t to = 0;

	if (t->nr)
		qsort(t->target, t->nr, sizeof(*t->target), compare);
	for (size_t i = 0; i < t->nr; i++) {
		if (to && compare(&t->target[to - 1], &t->target[i]) == 0)
			release_one(&t->target[i]);
		else
			t->target[to++] = t->target[i];
	}
	t->nr = to;
}

static int add_path(struct mo_targets *t, const char *path, struct modulo_error *err)
{
	_cleanup_free_ char *real = realpath(path, NULL);
	_cleanup_free_ char *folder = strdup(path);
	struct stat st;

	if (!folder)
		return mo_fail_nomem(err);
	if (!real || stat(real, &st) < 0)
		return mo_fail_errno(err, errno, "io.open", "cannot open");
	if (!S_ISDIR(st.st_mode))
		return add(t, MO_TAKE(real), MO_TAKE(folder), err);
	for (size_t n = strlen(folder); n > 1 && folder[n - 1] == '/';)
		folder[--n] = '\0';
	return add_folder(t, real, folder, err);
}

int mo_targets_find(struct mo_targets *t, char *const *path, size_t nr, struct modulo_error *err)
{
	for (size_t i = 0; i < nr; i++) {
		int r = add_path(t, path[i], err);

		if (r < 0)
			return mo_blame(err, path[i], '/', r);
	}
	drop_twins(t);
	return 0;
}

void mo_targets_release(struct mo_targets *t)
{
	for (size_t i = 0; i < t->nr; i++)
		release_one(&t->target[i]);
	free(t->target);
	*t = (struct mo_targets){ 0 };
}

int mo_module_path(const char *path, const char *shown, struct mo_module *out,
		   struct modulo_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int r = fd < 0 ? mo_fail_errno(err, errno, "io.open", "cannot open")
		       : mo_module_open(fd, out, err);

	return r < 0 ? mo_blame(err, shown, '/', r) : 0;
}

char *mo_plain_path(const char *path)
{
	const struct mo_codec *codec;
	size_t n = mo_module_name(path, &codec);

	return n ? strndup(path, n) : strdup(path);
}
