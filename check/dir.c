/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A directory as a byte string: doc/ledger.md 5. It is made while it is read: fts holds the names of one
 * directory for each level of depth, and one file is open at a time. What grows without bound is the table
 * of hard links: one entry for each file with a link count over 1.
 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

struct link {
	dev_t dev;
	ino_t ino;
	char name[]; /* where it was first met */
};
struct dir {
	struct mo_check_source out; /* first */
	bool metadata;
	FTS *fts;
	const char *path; /* of the entry at hand */
	FILE *text;       /* its line */
	char *line;
	size_t line_len, line_at;
	int fd; /* the file at hand, or -1 */
	uint64_t left;
	void *links; /* a search tree of struct link */
	char list[XATTR_LIST_MAX], *sorted[XATTR_LIST_MAX / 2], value[XATTR_SIZE_MAX];
};

static void dir_free(void *p)
{
	struct dir *d = p;

	if (d->fts)
		fts_close(d->fts);
	if (d->fd >= 0)
		close(d->fd);
	if (d->text)
		fclose(d->text);
	free(d->line);
	tdestroy(d->links, free);
	free(d);
}

static void readable(struct mo_check *c, const struct dir *d, bool is, const char *why)
{
	must(c, is, "check.read", "%.900s: %s", d->path, why ? why : strerrordesc_np(errno));
}

static int by_bytes(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int by_inode(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	return x->dev != y->dev ? (x->dev > y->dev ? 1 : -1) : (x->ino > y->ino) - (x->ino < y->ino);
}

/* The name under which this inode was met before, NULL the first time. */
static const char *first_name(struct mo_check *c, struct dir *d, const struct stat *sb, const char *name)
{
	struct link *l = malloc(sizeof(*l) + strlen(name) + 1), **found;

	must(c, l, "check.memory", "out of memory");
	l->dev = sb->st_dev;
	l->ino = sb->st_ino;
	strcpy(l->name, name);
	found = tsearch(l, &d->links, by_inode);
	if (found && *found == l)
		return NULL;
	free(l);
	must(c, found, "check.memory", "out of memory");
	return (*found)->name;
}

static void metadata(struct mo_check *c, struct dir *d, const struct stat *sb)
{
	ssize_t len = llistxattr(d->path, d->list, sizeof(d->list));
	size_t nr = 0;

	fprintf(d->text, " %u %u %jd.%09ld %s", sb->st_uid, sb->st_gid, (intmax_t)sb->st_mtim.tv_sec,
		sb->st_mtim.tv_nsec, len > 0 ? "" : "-");
	readable(c, d, len >= 0 || errno == ENOTSUP, NULL);
	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(d->list + at) + 1)
		d->sorted[nr++] = d->list + at;
	qsort(d->sorted, nr, sizeof(d->sorted[0]), by_name);
	for (size_t i = 0; i < nr; i++) {
		len = lgetxattr(d->path, d->sorted[i], d->value, sizeof(d->value));
		readable(c, d, len >= 0, NULL);
		fputs(i ? "," : "", d->text);
		mo_check_escape(d->text, d->sorted[i], strlen(d->sorted[i]), " \\,=");
		putc('=', d->text);
		for (ssize_t k = 0; k < len; k++)
			fprintf(d->text, "%02x", (uint8_t)d->value[k]);
	}
}

/* What was looked at and what is opened must be one. */
static void open_file(struct mo_check *c, struct dir *d, const struct stat *sb)
{
	struct stat now;

	d->fd = open(d->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	readable(c, d, d->fd >= 0 && !fstat(d->fd, &now), NULL);
	readable(c, d, now.st_dev == sb->st_dev && now.st_ino == sb->st_ino, "changed while it was read");
	d->left = (uint64_t)sb->st_size;
}

static void describe(struct mo_check *c, struct dir *d, const struct stat *sb, const char *name)
{
	mode_t type = sb->st_mode & S_IFMT;
	const char *first = type != S_IFDIR && sb->st_nlink > 1 ? first_name(c, d, sb, name) : NULL;
	const char *word = first ? "link" : type == S_IFDIR ? "dir" : type == S_IFREG ? "file" :
			   type == S_IFLNK ? "symlink" : type == S_IFIFO ? "fifo" : type == S_IFSOCK ? "socket" :
			   type == S_IFCHR ? "char" : "block";

	fputs(word, d->text);
	if (!first && type != S_IFLNK)
		fprintf(d->text, " %04o", sb->st_mode & 07777);
	if (!first && (type == S_IFCHR || type == S_IFBLK))
		fprintf(d->text, " %u %u", major(sb->st_rdev), minor(sb->st_rdev));
	if (!first && d->metadata)
		metadata(c, d, sb);
	putc(' ', d->text);
	mo_check_escape(d->text, name, strlen(name), " \\");
	if (first || type == S_IFLNK) {
		ssize_t n = first ? (ssize_t)strlen(first) : readlink(d->path, d->value, sizeof(d->value));

		readable(c, d, n >= 0, NULL);
		putc(' ', d->text);
		mo_check_escape(d->text, first ? first : d->value, (size_t)n, " \\");
	} else if (type == S_IFREG) {
		fprintf(d->text, " %jd", (intmax_t)sb->st_size);
		open_file(c, d, sb);
	}
	putc('\n', d->text);
}

/* Makes the next entry's line, and its file ready; false: there is none. */
static bool next_entry(struct mo_check *c, struct dir *d)
{
	FTSENT *e;

	do {
		errno = 0;
		e = fts_read(d->fts);
		d->path = e ? e->fts_path : c->job->directory;
		readable(c, d, !errno, NULL);
		if (!e)
			return false;
		errno = e->fts_errno;
		readable(c, d, e->fts_info != FTS_DNR && e->fts_info != FTS_ERR && e->fts_info != FTS_NS, NULL);
	} while (e->fts_level == 0 || e->fts_info == FTS_DP);
	rewind(d->text);
	describe(c, d, e->fts_statp, e->fts_path + strlen(c->job->directory) + 1);
	must(c, !fflush(d->text) && !ferror(d->text), "check.memory", "out of memory");
	d->line_at = 0;
	return true;
}

static size_t dir_read(struct mo_check *c, struct mo_check_source *s, uint8_t *buf, size_t cap)
{
	struct dir *d = (struct dir *)s;

	/* A file is read to its end, one byte beyond the size that its line has: it must not have grown. */
	if (d->line_at == d->line_len && d->fd >= 0) {
		ssize_t n = read(d->fd, buf, d->left < cap ? (size_t)d->left : cap);

		readable(c, d, n >= 0, NULL);
		d->left -= (uint64_t)n;
		if (n)
			return (size_t)n;
		readable(c, d, !d->left && read(d->fd, d->value, 1) == 0, "changed while it was read");
		close(d->fd);
		d->fd = -1;
	}
	if (d->line_at == d->line_len && !next_entry(c, d))
		return 0;
	size_t part = d->line_len - d->line_at < cap ? d->line_len - d->line_at : cap;
	memcpy(buf, d->line + d->line_at, part);
	d->line_at += part;
	return part;
}

struct mo_check_source *mo_check_dir(struct mo_check *c, bool with_metadata)
{
	struct dir *d = calloc(1, sizeof(*d));
	char *const roots[] = { (char *)(uintptr_t)c->job->directory, NULL };

	if (d)
		d->fd = -1;
	mo_check_own(c, d, dir_free);
	d->out.read = dir_read;
	d->metadata = with_metadata;
	d->path = c->job->directory;
	d->text = open_memstream(&d->line, &d->line_len);
	d->fts = fts_open(roots, FTS_COMFOLLOW | FTS_PHYSICAL | FTS_NOCHDIR, by_bytes);
	readable(c, d, d->text && d->fts, NULL);
	return &d->out;
}
