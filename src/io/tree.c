/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing a directory. The list of entries may be a stranger's: every path is made of names below
 * the new directory, in strictly ascending order, and every step to it is opened without following
 * symbolic links.
 */
#include "io/out.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/buf.h"
#include "base/text.h"

struct mo_tree {
	struct mo_sink sink;
	char *path, *tmp;
	int root;
	char *last;	      /* the path added last */
	int fd;		      /* of the file at hand; -1: none */
	struct mo_entry file; /* of which the strings are not ours, but last's */
	bool metadata, ordered;
	char *xattrs;
	/* Directories' modes and times are set last: writing into them needs the one and changes
	 * the other. */
	struct late {
		char *path, *xattrs;
		struct mo_entry e;
	} * late;
	size_t nr_late, max_late;
};

static int fail_at(struct mo_tree *t, struct modulo_error *err, int e, const char *what)
{
	_cleanup_(mo_buf_release) struct mo_buf b = { 0 };

	mo_fail_errno(err, e, "io.write", "%s", what);
	mo_buf_str(&b, t->path);
	if (t->last) {
		mo_buf_chr(&b, '/');
		mo_buf_escape(&b, t->last, strlen(t->last), "");
	}
	if (mo_buf_ok(&b))
		mo_error_within(err, b.data, '/');
	return MODULO_IO;
}

static int tree_write(struct mo_sink *k, const void *p, size_t len, struct modulo_error *err)
{
	struct mo_tree *t = (struct mo_tree *)k;
	const uint8_t *at = p;

	while (len) {
		ssize_t n = write(t->fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_at(t, err, errno, "cannot write");
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int mo_tree_new(const char *path, bool ordered, struct mo_tree **out, struct modulo_error *err)
{
	struct mo_tree *t;
	struct stat st;
	size_t n = strlen(path);

	if (lstat(path, &st) == 0) {
		mo_fail(err, MODULO_IO, MODULO_NO_OFFSET, "io.exists",
			"it is there already, and a directory is not replaced");
		mo_error_within(err, path, '/');
		return MODULO_IO;
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		return mo_fail_nomem(err);
	t->sink.write = tree_write;
	t->root = t->fd = -1;
	t->ordered = ordered;
	while (n > 1 && path[n - 1] == '/')
		n--;
	t->path = strndup(path, n);
	t->tmp = t->path ? mo_out_temp_name(t->path) : NULL;
	if (!t->tmp) {
		mo_tree_drop(t);
		return mo_fail_nomem(err);
	}
	if (mkdir(t->tmp, 0777) < 0) {
		int r = fail_at(t, err, errno, "cannot make the directory");

		free(MO_TAKE(t->tmp));
		mo_tree_drop(t);
		return r;
	}
	t->root = open(t->tmp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (t->root < 0) {
		int r = fail_at(t, err, errno, "cannot open the directory");

		mo_tree_drop(t);
		return r;
	}
	*out = t;
	return 0;
}

struct mo_sink *mo_tree_sink(struct mo_tree *t)
{
	return &t->sink;
}

/* One name after another, none of them empty, "." or "..", and the whole behind the path before it.
 */
static int check_path(struct mo_tree *t, const char *path, struct modulo_error *err)
{
	const char *at = path;
	size_t n;

	do {
		n = strcspn(at, "/");
		if (n == 0 || n > 255 || (n == 1 && at[0] == '.') ||
		    (n == 2 && at[0] == '.' && at[1] == '.'))
			goto refuse;
		at += n + 1;
	} while (at[-1] == '/');
	if (!t->ordered || !t->last || mo_path_order(t->last, path) < 0)
		return 0;
refuse:
	mo_fail(err, MODULO_MALFORMED, MODULO_NO_OFFSET, "tree.path",
		"a path that is no path below the directory, or out of order");
	return MODULO_MALFORMED;
}

/* Opens the folder of path below root; *name: the last name. */
static int open_folder(struct mo_tree *t, const char *path, const char **name)
{
	int at = t->root, next;
	const char *slash;

	while ((slash = strchr(path, '/'))) {
		char step[256];

		memcpy(step, path, (size_t)(slash - path)); /* check_path(): under 256 */
		step[slash - path] = '\0';
		next = openat(at, step, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (at != t->root)
			close(at);
		if (next < 0)
			return -1;
		at = next;
		path = slash + 1;
	}
	*name = path;
	return at == t->root ? openat(t->root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC) : at;
}

static int set_xattrs(const char *proc, const char *list)
{
	const char *end;

	if (!list || strcmp(list, "-") == 0)
		return 0;
	for (; *list; list = *end ? end + 1 : end) {
		_cleanup_(mo_buf_release) struct mo_buf name = { 0 };
		_cleanup_free_ uint8_t *value = NULL;
		const char *eq = strchr(list, '=');
		size_t len;

		end = list + strcspn(list, ",");
		if (!eq || eq > end || eq == list)
			return errno = EINVAL, -1;
		len = (size_t)(end - eq - 1) / 2;
		value = malloc(len + 1);
		if (!value || !mo_text_unescape(list, (size_t)(eq - list), ",=", &name) ||
		    !mo_text_hex(eq + 1, (size_t)(end - eq - 1), value, len))
			return errno = EINVAL, -1;
		if (lsetxattr(proc, name.data, value, len, 0) < 0)
			return -1;
	}
	return 0;
}

/* Owner first (it clears set-user-ID), then mode, attributes, times. */
static int set_all(int dir, const char *name, const struct mo_entry *e, const char *xattrs,
		   bool metadata)
{
	struct timespec ts[2] = { { .tv_nsec = UTIME_OMIT },
				  { .tv_sec = e->mtime, .tv_nsec = e->mtime_ns } };
	char proc[320];

	if (metadata && fchownat(dir, name, e->uid, e->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (e->type != MO_SYMLINK && fchmodat(dir, name, e->mode, 0) < 0)
		return -1;
	if (!metadata)
		return 0;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d/%s", dir, name);
	if (set_xattrs(proc, xattrs) < 0)
		return -1;
	return utimensat(dir, name, ts, AT_SYMLINK_NOFOLLOW);
}

static int remember_dir(struct mo_tree *t, const struct mo_entry *e)
{
	struct late *l;

	if (t->nr_late == t->max_late) {
		size_t max = t->max_late ? t->max_late * 2 : 64;

		l = reallocarray(t->late, max, sizeof(*l));
		if (!l)
			return -1;
		t->late = l;
		t->max_late = max;
	}
	l = &t->late[t->nr_late];
	l->e = *e;
	l->path = strdup(e->path);
	l->xattrs = e->xattrs ? strdup(e->xattrs) : NULL;
	if (!l->path || (e->xattrs && !l->xattrs)) {
		free(l->path);
		free(l->xattrs);
		return -1;
	}
	t->nr_late++;
	return 0;
}

static int make_link(struct mo_tree *t, const struct mo_entry *e, int dir, const char *name)
{
	const char *first;
	int from, r;

	/* The first name is one of ours: an earlier path, reached by the same guarded steps. */
	from = open_folder(t, e->target, &first);
	if (from < 0)
		return -1;
	r = linkat(from, first, dir, name, 0);
	close(from);
	return r;
}

static int make(struct mo_tree *t, const struct mo_entry *e, int dir, const char *name)
{
	switch (e->type) {
	case MO_DIR:
		return mkdirat(dir, name, 0700) < 0 ? -1 : remember_dir(t, e);
	case MO_FILE:
		t->fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			       0600);
		return t->fd < 0 ? -1 : 0;
	case MO_LINK:
		return make_link(t, e, dir, name);
	case MO_SYMLINK:
		return symlinkat(e->target, dir, name);
	case MO_FIFO:
		return mknodat(dir, name, S_IFIFO | 0600, 0);
	case MO_SOCKET:
		return mknodat(dir, name, S_IFSOCK | 0600, 0);
	case MO_CHAR:
		return mknodat(dir, name, S_IFCHR | 0600, makedev(e->major, e->minor));
	default:
		return mknodat(dir, name, S_IFBLK | 0600, makedev(e->major, e->minor));
	}
}

int mo_tree_add(struct mo_tree *t, const struct mo_entry *e, bool metadata,
		struct modulo_error *err)
{
	const char *name;
	int dir, r = check_path(t, e->path, err);

	if (r == 0 && e->type == MO_LINK) {
		struct mo_tree free_order = { 0 };

		r = check_path(&free_order, e->target, err);
	}
	if (r < 0)
		return r;
	free(t->last);
	t->last = strdup(e->path);
	if (!t->last)
		return mo_fail_nomem(err);
	dir = open_folder(t, e->path, &name);
	if (dir < 0)
		return fail_at(t, err, errno, "cannot open its folder");
	r = make(t, e, dir, name);
	t->metadata = metadata;
	if (r == 0 && e->type == MO_FILE) {
		t->file = *e;
		free(t->xattrs);
		t->xattrs = e->xattrs ? strdup(e->xattrs) : NULL;
	} else if (r == 0 && e->type != MO_DIR && e->type != MO_LINK) {
		r = set_all(dir, name, e, e->xattrs, metadata);
	}
	if (r < 0)
		r = fail_at(t, err, errno, "cannot make it");
	close(dir);
	return r;
}

int mo_tree_end_file(struct mo_tree *t, struct modulo_error *err)
{
	const char *name;
	int dir = open_folder(t, t->last, &name), r = dir < 0 ? -1 : 0;

	if (r == 0)
		r = set_all(dir, name, &t->file, t->xattrs, t->metadata);
	if (r < 0)
		r = fail_at(t, err, errno, "cannot set mode, owner or times");
	if (dir >= 0)
		close(dir);
	if (close(t->fd) < 0 && r == 0)
		r = fail_at(t, err, errno, "cannot write");
	t->fd = -1;
	return r;
}

int mo_tree_commit(struct mo_tree *t, struct modulo_error *err)
{
	const char *name;
	int r = 0;

	/* The inner ones first: a directory's time changes no more once what it holds is there. */
	for (size_t i = t->nr_late; r == 0 && i-- > 0;) {
		int dir = open_folder(t, t->late[i].path, &name);

		if (dir < 0 ||
		    set_all(dir, name, &t->late[i].e, t->late[i].xattrs, t->metadata) < 0)
			r = fail_at(t, err, errno, "cannot set a directory's mode, owner or times");
		if (dir >= 0)
			close(dir);
	}
	if (r == 0 && syncfs(t->root) < 0)
		r = fail_at(t, err, errno, "cannot finish the directory");
	if (r == 0 && renameat2(AT_FDCWD, t->tmp, AT_FDCWD, t->path, RENAME_NOREPLACE) < 0)
		r = fail_at(t, err, errno, "cannot rename");
	if (r == 0)
		free(MO_TAKE(t->tmp));
	mo_tree_drop(t);
	return r;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	remove(path);
	return 0;
}

void mo_tree_drop(struct mo_tree *t)
{
	if (!t)
		return;
	if (t->fd >= 0)
		close(t->fd);
	if (t->root >= 0)
		close(t->root);
	if (t->tmp)
		nftw(t->tmp, remove_one, 32, FTW_DEPTH | FTW_PHYS);
	for (size_t i = 0; i < t->nr_late; i++) {
		free(t->late[i].path);
		free(t->late[i].xattrs);
	}
	free(t->late);
	free(t->xattrs);
	free(t->last);
	free(t->tmp);
	free(t->path);
	free(t);
}
