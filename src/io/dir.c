/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listing a directory. All calls are relative to the file descriptor of the directory at hand and
 * follow no symbolic link, so what is listed lies below the directory whatever others do to it
 * meanwhile.
 */
#include "io/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/buf.h"

#define ENTRIES_MAX 20000000

/* Where a file with several links was met first. */
struct met {
	dev_t dev;
	ino_t ino;
	const char *path; /* NULL: the place is free */
};

struct lister {
	struct mo_dir *d;
	bool metadata;
	size_t max;
	struct met *met; /* open addressing, at most half full */
	size_t nr_met, met_size;
	struct modulo_error *err;
};

int mo_path_order(const char *a, const char *b)
{
	for (;; a++, b++) {
		/* '/' ends a name as the string's end does, and before any other byte. */
		unsigned x = *a == '/' ? 1 : (uint8_t)*a ? (uint8_t)*a + 1u : 0;
		unsigned y = *b == '/' ? 1 : (uint8_t)*b ? (uint8_t)*b + 1u : 0;

		if (x != y || x == 0)
			return x < y ? -1 : x > y;
	}
}

static int fail_at(struct lister *l, const char *path, const char *what)
{
	_cleanup_(mo_buf_release) struct mo_buf b = { 0 };
	int e = errno;

	mo_fail_errno(l->err, e, "io.list", "%s", what);
	mo_buf_escape(&b, path, strlen(path), "");
	if (mo_buf_ok(&b) && b.data)
		mo_error_within(l->err, b.data, '/');
	return MODULO_IO;
}

static struct met *met_slot(struct met *table, size_t size, dev_t dev, ino_t ino)
{
	size_t i = ((size_t)ino * 0x9e3779b97f4a7c15u ^ (size_t)dev) & (size - 1);

	while (table[i].path && (table[i].dev != dev || table[i].ino != ino))
		i = (i + 1) & (size - 1);
	return &table[i];
}

/* The path where this file was met first, or NULL and it is remembered. */
static int meet(struct lister *l, const struct stat *st, const char *path, const char **first)
{
	struct met *m;

	if (l->nr_met * 2 >= l->met_size) {
		size_t size = l->met_size ? l->met_size * 2 : 256;
		struct met *bigger = calloc(size, sizeof(*bigger));

		if (!bigger)
			return mo_fail_nomem(l->err);
		for (size_t i = 0; i < l->met_size; i++)
			if (l->met[i].path)
				*met_slot(bigger, size, l->met[i].dev, l->met[i].ino) = l->met[i];
		free(l->met);
		l->met = bigger;
		l->met_size = size;
	}
	m = met_slot(l->met, l->met_size, st->st_dev, st->st_ino);
	*first = m->path;
	if (!m->path) {
		*m = (struct met){ st->st_dev, st->st_ino, path };
		l->nr_met++;
	}
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in fd, sorted; *names and what it points to are malloced. */
static int read_names(struct lister *l, int fd, const char *path, char ***names, size_t *nr)
{
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own < 0 ? NULL : fdopendir(own);
	size_t max = 0;
	int r = 0;

	if (!dir) {
		if (own >= 0)
			close(own);
		return fail_at(l, path, "cannot read the directory");
	}
	while (r == 0) {
		struct dirent *de;
		char **more;

		errno = 0;
		de = readdir(dir);
		if (!de) {
			r = errno ? fail_at(l, path, "cannot read the directory") : 0;
			break;
		}
		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
			continue;
		if (*nr == max) {
			max = max ? max * 2 : 32;
			more = reallocarray(*names, max, sizeof(*more));
			if (!more) {
				r = mo_fail_nomem(l->err);
				break;
			}
			*names = more;
		}
		(*names)[*nr] = strdup(de->d_name);
		if (!(*names)[*nr])
			r = mo_fail_nomem(l->err);
		else
			++*nr;
	}
	closedir(dir);
	if (*nr)
		qsort(*names, *nr, sizeof(**names), compare_names);
	return r;
}

/* A readlink() or *xattr() result of unknown size. */
static int get_xattr(const char *proc, const char *name, struct mo_buf *out)
{
	for (int tries = 0; tries < 16; tries++) {
		ssize_t n = name ? lgetxattr(proc, name, NULL, 0) : llistxattr(proc, NULL, 0);
		void *at;

		if (n < 0)
			return -1;
		mo_buf_reset(out);
		at = mo_buf_grow(out, (size_t)n);
		if (!at) {
			errno = ENOMEM;
			return -1;
		}
		n = name ? lgetxattr(proc, name, at, (size_t)n) : llistxattr(proc, at, (size_t)n);
		if (n >= 0) {
			out->len = (size_t)n;
			return 0;
		}
		if (errno != ERANGE)
			return -1;
	}
	return -1;
}

static int read_xattrs(struct lister *l, int fd, const char *name, struct mo_entry *e)
{
	_cleanup_(mo_buf_release) struct mo_buf list = { 0 }, value = { 0 }, all = { 0 };
	_cleanup_free_ char **sorted = NULL;
	char proc[320];
	size_t nr = 0;

	/* There is no llistxattrat(); the path through /proc does not leave fd. */
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d/%s", fd, name);
	if (get_xattr(proc, NULL, &list) < 0 && errno != ENOTSUP)
		return fail_at(l, e->path, "cannot list extended attributes");
	for (size_t at = 0; at < list.len; at += strlen(list.data + at) + 1)
		nr++;
	sorted = calloc(nr + 1, sizeof(*sorted));
	if (!sorted)
		return mo_fail_nomem(l->err);
	nr = 0;
	for (size_t at = 0; at < list.len; at += strlen(list.data + at) + 1)
		sorted[nr++] = list.data + at;
	qsort(sorted, nr, sizeof(*sorted), compare_names);
	for (size_t i = 0; i < nr; i++) {
		if (get_xattr(proc, sorted[i], &value) < 0)
			return fail_at(l, e->path, "cannot read an extended attribute");
		if (i)
			mo_buf_chr(&all, ',');
		mo_buf_escape(&all, sorted[i], strlen(sorted[i]), ",=");
		mo_buf_chr(&all, '=');
		mo_buf_hex(&all, (const uint8_t *)value.data, value.len);
	}
	if (!nr)
		mo_buf_chr(&all, '-');
	e->xattrs = mo_buf_ok(&all) ? mo_arena_dup(&l->d->arena, all.data, all.len) : NULL;
	return e->xattrs ? 0 : mo_fail_nomem(l->err);
}

static int read_target(struct lister *l, int fd, const char *name, struct mo_entry *e)
{
	char target[4097];
	ssize_t n = readlinkat(fd, name, target, sizeof(target));

	if (n < 0 || (size_t)n == sizeof(target))
		return fail_at(l, e->path, "cannot read the symbolic link");
	e->target = mo_arena_dup(&l->d->arena, target, (size_t)n);
	return e->target ? 0 : mo_fail_nomem(l->err);
}

static enum mo_entry_type type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return MO_DIR;
	case S_IFLNK:
		return MO_SYMLINK;
	case S_IFIFO:
		return MO_FIFO;
	case S_IFSOCK:
		return MO_SOCKET;
	case S_IFCHR:
		return MO_CHAR;
	case S_IFBLK:
		return MO_BLOCK;
	default:
		return MO_FILE;
	}
}

static int new_entry(struct lister *l, struct mo_entry **out)
{
	struct mo_dir *d = l->d;

	if (d->nr == ENTRIES_MAX)
		return mo_fail(l->err, MODULO_LIMIT, MODULO_NO_OFFSET, "io.entries",
			       "more than %d entries", ENTRIES_MAX);
	if (d->nr == l->max) {
		size_t max = l->max ? l->max * 2 : 256;
		struct mo_entry *more = reallocarray(d->entry, max, sizeof(*more));

		if (!more)
			return mo_fail_nomem(l->err);
		d->entry = more;
		l->max = max;
	}
	*out = &d->entry[d->nr++];
	**out = (struct mo_entry){ 0 };
	return 0;
}

static int list_entry(struct lister *l, int fd, const char *path, const char *name)
{
	struct mo_entry *e = NULL;
	const char *first = NULL;
	struct stat st;
	int r = new_entry(l, &e);

	if (r < 0)
		return r;
	e->path = path;
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_at(l, path, "cannot stat");
	e->type = type_of(st.st_mode);
	e->mode = st.st_mode & 07777;
	e->major = major(st.st_rdev);
	e->minor = minor(st.st_rdev);
	e->size = (uint64_t)st.st_size;
	e->uid = st.st_uid;
	e->gid = st.st_gid;
	e->mtime = st.st_mtim.tv_sec;
	e->mtime_ns = (uint32_t)st.st_mtim.tv_nsec;
	if (e->type == MO_FILE && st.st_nlink > 1)
		r = meet(l, &st, path, &first);
	if (r == 0 && first) {
		e->type = MO_LINK;
		e->target = first;
		return 0;
	}
	if (r == 0 && e->type == MO_SYMLINK)
		r = read_target(l, fd, name, e);
	if (r == 0 && l->metadata)
		r = read_xattrs(l, fd, name, e);
	return r;
}

static int list_dir(struct lister *l, int fd, const char *path, unsigned depth)
{
	char **names = NULL;
	size_t nr = 0;
	int r;

	if (depth > MO_DIR_DEPTH_MAX)
		return mo_fail(l->err, MODULO_LIMIT, MODULO_NO_OFFSET, "io.depth",
			       "directories nest more than %d deep", MO_DIR_DEPTH_MAX);
	r = read_names(l, fd, path, &names, &nr);
	for (size_t i = 0; r == 0 && i < nr; i++) {
		size_t n = strlen(path), k = strlen(names[i]);
		char *whole = mo_arena_alloc(&l->d->arena, n + k + 2);
		int sub;

		if (!whole) {
			r = mo_fail_nomem(l->err);
			break;
		}
		memcpy(whole, path, n);
		if (n)
			whole[n++] = '/';
		memcpy(whole + n, names[i], k);
		r = list_entry(l, fd, whole, names[i]);
		if (r < 0 || l->d->entry[l->d->nr - 1].type != MO_DIR)
			continue;
		sub = openat(fd, names[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub < 0) {
			r = fail_at(l, whole, "cannot open the directory");
			break;
		}
		r = list_dir(l, sub, whole, depth + 1);
		close(sub);
	}
	for (size_t i = 0; i < nr; i++)
		free(names[i]);
	free(names);
	return r;
}

int mo_dir_list(const char *path, bool metadata, struct mo_dir *out, struct modulo_error *err)
{
	struct lister l = { .d = out, .metadata = metadata, .err = err };
	int r;

	out->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out->fd < 0)
		return mo_fail_errno(err, errno, "io.open", "cannot open");
	out->opened = true;
	r = list_dir(&l, out->fd, "", 0);
	free(l.met);
	if (r < 0)
		mo_dir_release(out);
	return r;
}

void mo_dir_release(struct mo_dir *d)
{
	if (d->opened)
		close(d->fd);
	free(d->entry);
	mo_arena_release(&d->arena);
	*d = (struct mo_dir){ 0 };
}

int mo_dir_open(const struct mo_dir *d, const struct mo_entry *e, int *fd, struct modulo_error *err)
{
	const char *rest = e->path, *slash;
	int at = d->fd, next;

	/* Step by step: O_NOFOLLOW guards the last step of a path only. */
	while ((slash = strchr(rest, '/'))) {
		char name[256];

		snprintf(name, sizeof(name), "%.*s", (int)MO_MIN(slash - rest, 255), rest);
		next = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (at != d->fd)
			close(at);
		if (next < 0)
			return mo_fail_errno(err, errno, "io.open", "cannot open");
		at = next;
		rest = slash + 1;
	}
	next = openat(at, rest, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (at != d->fd)
		close(at);
	if (next < 0)
		return mo_fail_errno(err, errno, "io.open", "cannot open");
	*fd = next;
	return 0;
}
