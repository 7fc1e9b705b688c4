/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A directory as a byte string: doc/ledger.md 5. It is made while it is read: the names of one directory for each
 * level of depth are in memory, and one file is open at a time. What grows without bound is the table of
 * hard links: one entry for each file that has a link count over 1.
 */
#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

struct level {
	struct dirent **names;
	int nr, next;
	size_t path_len; /* of the directory itself */
};
struct link {
	dev_t dev;
	ino_t ino;
	char name[]; /* relative to the artifact, as it was first met */
};
struct dir {
	struct mo_check_source out; /* first */
	bool metadata;
	char path[PATH_MAX];
	size_t root_len; /* the artifact's own path and its slash */
	struct level level[PATH_MAX / 2];
	unsigned depth;
	FILE *text; /* the line of the entry at hand, into... */
	char *line;
	size_t line_len, line_at;
	int fd; /* the file at hand, or -1 */
	uint64_t left;
	void *links; /* a search tree of struct link */
	char names[XATTR_LIST_MAX], *sorted[XATTR_LIST_MAX / 2], value[XATTR_SIZE_MAX];
};

static void level_free(struct level *l)
{
	for (int i = 0; i < l->nr; i++)
		free(l->names[i]);
	free(l->names);
}

static void dir_free(void *p)
{
	struct dir *d = p;

	while (d->depth)
		level_free(&d->level[--d->depth]);
	if (d->fd >= 0)
		close(d->fd);
	if (d->text)
		fclose(d->text);
	free(d->line);
	tdestroy(d->links, free);
	free(d);
}

static __attribute__((noreturn)) void unreadable(struct mo_check *c, struct dir *d, const char *what)
{
	char shown[MO_CHECK_TEXT / 2];
	FILE *f = fmemopen(shown, sizeof(shown), "w");

	shown[0] = '\0';
	if (f) {
		mo_check_escape(f, d->path, strnlen(d->path, sizeof(shown) / 4 - 1), "\\");
		fclose(f);
	}
	mo_check_refuse(c, "check.read", "%s: %s", shown, what);
}

static int no_dots(const struct dirent *e)
{
	return strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void enter(struct mo_check *c, struct dir *d, size_t path_len)
{
	struct level *l = &d->level[d->depth];

	l->nr = scandir(d->path, &l->names, no_dots, by_bytes);
	if (l->nr < 0)
		unreadable(c, d, strerrordesc_np(errno));
	l->next = 0;
	l->path_len = path_len;
	d->depth++; /* each level has two bytes of path at least, so there is always one left */
}

static int link_compare(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return (x->ino > y->ino) - (x->ino < y->ino);
}

/* The name under which this inode was met before; NULL: it is the first time. */
static const char *link_first(struct mo_check *c, struct dir *d, const struct stat *sb, const char *name)
{
	struct link *l = malloc(sizeof(*l) + strlen(name) + 1), **found;

	if (!l)
		mo_check_refuse(c, "check.memory", "out of memory");
	l->dev = sb->st_dev;
	l->ino = sb->st_ino;
	memcpy(l->name, name, strlen(name) + 1);
	found = tsearch(l, &d->links, link_compare);
	if (!found || *found != l)
		free(l);
	if (!found)
		mo_check_refuse(c, "check.memory", "out of memory");
	return *found == l ? NULL : (*found)->name;
}

static int name_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void xattrs(struct mo_check *c, struct dir *d)
{
	ssize_t len = llistxattr(d->path, d->names, sizeof(d->names)), n;
	size_t nr = 0;

	if (len < 0 && errno != ENOTSUP)
		unreadable(c, d, strerrordesc_np(errno));
	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(d->names + at) + 1)
		d->sorted[nr++] = d->names + at;
	qsort(d->sorted, nr, sizeof(d->sorted[0]), name_compare);
	if (!nr)
		fputs(" -", d->text);
	for (size_t i = 0; i < nr; i++) {
		n = lgetxattr(d->path, d->sorted[i], d->value, sizeof(d->value));
		if (n < 0)
			unreadable(c, d, strerrordesc_np(errno));
		putc(i ? ',' : ' ', d->text);
		mo_check_escape(d->text, d->sorted[i], strlen(d->sorted[i]), " \\,=");
		putc('=', d->text);
		for (ssize_t k = 0; k < n; k++)
			fprintf(d->text, "%02x", (uint8_t)d->value[k]);
	}
}

static void metadata(struct mo_check *c, struct dir *d, const struct stat *sb)
{
	fprintf(d->text, " %ju %ju %jd.%09ld", (uintmax_t)sb->st_uid, (uintmax_t)sb->st_gid,
		(intmax_t)sb->st_mtim.tv_sec, sb->st_mtim.tv_nsec);
	xattrs(c, d);
}

/* The file is opened only now: what was looked at and what is read must be one. */
static void open_file(struct mo_check *c, struct dir *d, const struct stat *sb)
{
	struct stat now;

	d->fd = open(d->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (d->fd < 0 || fstat(d->fd, &now))
		unreadable(c, d, strerrordesc_np(errno));
	if (!S_ISREG(now.st_mode) || link_compare(&(struct link){ .dev = now.st_dev, .ino = now.st_ino },
						  &(struct link){ .dev = sb->st_dev, .ino = sb->st_ino }))
		unreadable(c, d, "changed while it was read");
	d->left = (uint64_t)sb->st_size;
}

static void describe(struct mo_check *c, struct dir *d, const struct stat *sb)
{
	mode_t type = sb->st_mode & S_IFMT;
	const char *name = d->path + d->root_len, *first = NULL;
	const char *word = type == S_IFDIR ? "dir" : type == S_IFREG ? "file" : type == S_IFLNK ? "symlink" :
			   type == S_IFIFO ? "fifo" : type == S_IFSOCK ? "socket" : type == S_IFCHR ? "char" : "block";

	if (type != S_IFDIR && sb->st_nlink > 1)
		first = link_first(c, d, sb, name);
	fputs(first ? "link" : word, d->text);
	if (!first && type != S_IFLNK)
		fprintf(d->text, " %04o", (unsigned)sb->st_mode & 07777);
	if (!first && (type == S_IFCHR || type == S_IFBLK))
		fprintf(d->text, " %u %u", major(sb->st_rdev), minor(sb->st_rdev));
	if (!first && d->metadata)
		metadata(c, d, sb);
	putc(' ', d->text);
	mo_check_escape(d->text, name, strlen(name), " \\");
	if (first || type == S_IFLNK) {
		ssize_t n = first ? 0 : readlink(d->path, d->value, sizeof(d->value));

		if (n < 0)
			unreadable(c, d, strerrordesc_np(errno));
		putc(' ', d->text);
		mo_check_escape(d->text, first ? first : d->value, first ? strlen(first) : (size_t)n, " \\");
	} else if (type == S_IFREG) {
		fprintf(d->text, " %jd", (intmax_t)sb->st_size);
		open_file(c, d, sb);
	} else if (type == S_IFDIR) {
		enter(c, d, strlen(d->path));
	}
	putc('\n', d->text);
}

/* Makes the next entry's line, and its file ready; false: there is none. */
static bool next_entry(struct mo_check *c, struct dir *d)
{
	struct stat sb;

	while (d->depth && d->level[d->depth - 1].next == d->level[d->depth - 1].nr)
		level_free(&d->level[--d->depth]);
	if (!d->depth)
		return false;
	struct level *l = &d->level[d->depth - 1];
	const char *name = l->names[l->next++]->d_name;
	if (l->path_len + 1 + strlen(name) >= sizeof(d->path))
		unreadable(c, d, "a longer path than the system allows");
	d->path[l->path_len] = '/';
	memcpy(d->path + l->path_len + 1, name, strlen(name) + 1);
	if (lstat(d->path, &sb))
		unreadable(c, d, strerrordesc_np(errno));
	rewind(d->text);
	describe(c, d, &sb);
	if (fflush(d->text) || ferror(d->text))
		mo_check_refuse(c, "check.memory", "out of memory");
	d->line_at = 0;
	return true;
}

static size_t dir_read(struct mo_check *c, struct mo_check_source *s, uint8_t *buf, size_t cap)
{
	struct dir *d = (struct dir *)s;
	ssize_t n;

	if (d->line_at == d->line_len && d->fd < 0 && !next_entry(c, d))
		return 0;
	if (d->line_at < d->line_len) {
		size_t part = d->line_len - d->line_at < cap ? d->line_len - d->line_at : cap;

		memcpy(buf, d->line + d->line_at, part);
		d->line_at += part;
		return part;
	}
	/* One byte more than there should be: a file that has grown is seen, too. */
	n = read(d->fd, d->left ? (void *)buf : d->value, d->left ? (d->left < cap ? (size_t)d->left : cap) : 1);
	if (n < 0)
		unreadable(c, d, strerrordesc_np(errno));
	if ((n == 0) != (d->left == 0))
		unreadable(c, d, "changed while it was read");
	d->left -= (uint64_t)n;
	if (n)
		return (size_t)n;
	close(d->fd);
	d->fd = -1;
	return dir_read(c, s, buf, cap);
}

struct mo_check_source *mo_check_dir(struct mo_check *c, bool with_metadata)
{
	struct dir *d = calloc(1, sizeof(*d));
	size_t len = strlen(c->job->directory);

	if (d)
		d->fd = -1;
	mo_check_own(c, d, dir_free);
	d->out.read = dir_read;
	d->metadata = with_metadata;
	d->text = open_memstream(&d->line, &d->line_len);
	if (!d->text)
		mo_check_refuse(c, "check.memory", "out of memory");
	if (len >= sizeof(d->path))
		mo_check_refuse(c, "check.read", "a longer path than the system allows");
	memcpy(d->path, c->job->directory, len + 1);
	d->root_len = len + 1;
	enter(c, d, len);
	return &d->out;
}
