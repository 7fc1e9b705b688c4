/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verb/targets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "io/dir.h"
#include "verb/tree.h"

/* Takes path over, on failure too. */
static int add(struct mo_targets *t, char *path, struct modulo_error *err)
{
	if (path && t->nr == t->max) {
		size_t max = t->max ? t->max * 2 : 256;
		char **more = reallocarray(t->path, max, sizeof(*more));

		if (!more) {
			free(path);
			return mo_fail_nomem(err);
		}
		t->path = more;
		t->max = max;
	}
	if (!path)
		return mo_fail_nomem(err);
	t->path[t->nr++] = path;
	return 0;
}

static int add_folder(struct mo_targets *t, const char *folder, struct modulo_error *err)
{
	struct mo_dir d = { 0 };
	size_t before = t->nr;
	int r = mo_dir_list(folder, false, &d, err);

	for (size_t i = 0; r == 0 && i < d.nr; i++) {
		const struct mo_entry *e = &d.entry[i];
		const struct mo_codec *codec;
		char *path;

		if ((e->type != MO_FILE && e->type != MO_LINK) || !mo_module_name(e->path, &codec))
			continue;
		r = add(t, asprintf(&path, "%s/%s", folder, e->path) < 0 ? NULL : path, err);
	}
	mo_dir_release(&d);
	if (r == 0 && t->nr == before)
		return mo_fail(err, MODULO_MISMATCH, MODULO_NO_OFFSET, "modules.none",
			       "there is no module below it");
	return r;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void drop_twins(struct mo_targets *t)
{
	size_t to = 0;

	if (t->nr)
		qsort(t->path, t->nr, sizeof(*t->path), compare);
	for (size_t i = 0; i < t->nr; i++) {
		if (to && strcmp(t->path[to - 1], t->path[i]) == 0)
			free(t->path[i]);
		else
			t->path[to++] = t->path[i];
	}
	t->nr = to;
}

int mo_targets_find(struct mo_targets *t, char *const *path, size_t nr, struct modulo_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < nr; i++) {
		char *real = realpath(path[i], NULL);
		struct stat st;

		if (!real || stat(real, &st) < 0) {
			r = mo_fail_errno(err, errno, "io.open", "cannot open");
		} else if (S_ISDIR(st.st_mode)) {
			r = add_folder(t, real, err);
		} else {
			r = add(t, MO_TAKE(real), err);
		}
		free(real);
		if (r < 0)
			return mo_blame(err, path[i], '/', r);
	}
	drop_twins(t);
	return r;
}

void mo_targets_release(struct mo_targets *t)
{
	for (size_t i = 0; i < t->nr; i++)
		free(t->path[i]);
	free(t->path);
	*t = (struct mo_targets){ 0 };
}

int mo_module_path(const char *path, struct mo_module *out, struct modulo_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int r = fd < 0 ? mo_fail_errno(err, errno, "io.open", "cannot open")
		       : mo_module_open(fd, out, err);

	return r < 0 ? mo_blame(err, path, '/', r) : 0;
}
