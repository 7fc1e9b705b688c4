/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The artifact's bytes, and the core's. A directory becomes bytes while it is read: ledger.md 5. */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <search.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

struct dir {
	struct source out; /* first */
	bool metadata;
	FTS *fts;
	const char *path; /* of the entry at hand */
	FILE *text; /* its line, as it is made */
	char *line;
	size_t line_len, line_at;
	int fd; /* the file at hand, or -1 */
	uint64_t left;
	void *links; /* a search tree: device, inode, then the name where it was first met */
	char list[XATTR_LIST_MAX], *sorted[XATTR_LIST_MAX / 2], value[XATTR_SIZE_MAX];
};
static struct dir the_dir;

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
	return memcmp(a, b, 2 * sizeof(uint64_t)); /* any order will do */
}

/* The name under which this inode was met before, NULL the first time. Grows with hard links. */
static const char *first_name(struct dir *d, const struct stat *sb, const char *name)
{
	uint64_t id[2] = { sb->st_dev, sb->st_ino };
	char *l = malloc(sizeof(id) + strlen(name) + 1), **found;
	must(l, "check.memory");
	memcpy(l, id, sizeof(id));
	strcpy(l + sizeof(id), name);
	found = tsearch(l, &d->links, by_inode);
	if (found && *found == l)
		return NULL;
	free(l);
	must(found, "check.memory");
	return *found + sizeof(id);
}

static void print_metadata(struct dir *d, const struct stat *sb)
{
	ssize_t len = llistxattr(d->path, d->list, sizeof(d->list));
	size_t nr = 0;
	must_of(d->path, len >= 0 || errno == ENOTSUP, "check.read");
	fprintf(d->text, " %u %u %lld.%09ld %s", sb->st_uid, sb->st_gid,
		(long long)sb->st_mtim.tv_sec, sb->st_mtim.tv_nsec, len > 0 ? "" : "-");
	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(d->list + at) + 1)
		d->sorted[nr++] = d->list + at;
	qsort(d->sorted, nr, sizeof(d->sorted[0]), by_name);
	for (size_t i = 0; i < nr; i++) {
		len = lgetxattr(d->path, d->sorted[i], d->value, sizeof(d->value));
		must_of(d->path, len >= 0, "check.read");
		fputs(i ? "," : "", d->text);
		mo_check_escape(d->text, d->sorted[i], strlen(d->sorted[i]), " \\,=");
		putc('=', d->text);
		for (ssize_t k = 0; k < len; k++)
			fprintf(d->text, "%02x", (uint8_t)d->value[k]);
	}
}

static void print_line(struct dir *d, const struct stat *sb, const char *name)
{
	static const char words[16][8] = { [1] = "fifo", [2] = "char", [4] = "dir", [6] = "block",
					   [8] = "file", [10] = "symlink", [12] = "socket" };
	mode_t type = sb->st_mode & S_IFMT; /* in bits 12 to 15 */
	const char *first = type != S_IFDIR && sb->st_nlink > 1 ? first_name(d, sb, name) : NULL;
	fputs(first ? "link" : words[type >> 12], d->text);
	if (!first && type != S_IFLNK)
		fprintf(d->text, " %04o", sb->st_mode & 07777);
	if (!first && (type == S_IFCHR || type == S_IFBLK))
		fprintf(d->text, " %u %u", major(sb->st_rdev), minor(sb->st_rdev));
	if (!first && d->metadata)
		print_metadata(d, sb);
	putc(' ', d->text);
	mo_check_escape(d->text, name, strlen(name), " \\");
	if (first || type == S_IFLNK) {
		ssize_t n = first ? (ssize_t)strlen(first) :
				    readlink(d->path, d->value, sizeof(d->value));
		must_of(d->path, n >= 0, "check.read");
		putc(' ', d->text);
		mo_check_escape(d->text, first ? first : d->value, (size_t)n, " \\");
	} else if (type == S_IFREG) {
		fprintf(d->text, " %lld", (long long)sb->st_size);
		d->left = (uint64_t)sb->st_size;
		d->fd = open(d->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		must_of(d->path, d->fd >= 0, "check.read");
	}
	putc('\n', d->text);
}

/* Makes the next entry's line, and its file ready; false: there is none. */
static bool next_entry(struct dir *d)
{
	size_t root = strlen(run.job->directory);
	FTSENT *e;
	do {
		errno = 0;
		e = fts_read(d->fts);
		d->path = e ? e->fts_path : run.job->directory;
		must_of(d->path, e ? !e->fts_errno : !errno, "check.read");
	} while (e && (e->fts_level == 0 || e->fts_info == FTS_DP));
	if (!e)
		return false;
	rewind(d->text);
	print_line(d, e->fts_statp, e->fts_path + root + (run.job->directory[root - 1] != '/'));
	must(!fflush(d->text) && !ferror(d->text), "check.memory");
	d->line_at = 0;
	return true;
}

static size_t dir_read(struct source *s, uint8_t *buf, size_t cap)
{
	struct dir *d = (struct dir *)s;
	if (d->line_at == d->line_len && d->fd >= 0) {
		ssize_t n = read(d->fd, buf, d->left < cap ? (size_t)d->left : cap);
		bool whole = !n && !d->left && !read(d->fd, d->value, 1); /* it has not grown */
		must_of(d->path, n > 0 || whole, "check.read");
		d->left -= (uint64_t)n;
		if (n)
			return (size_t)n;
		close(d->fd);
		d->fd = -1;
	}
	if (d->line_at == d->line_len && !next_entry(d))
		return 0;
	size_t part = d->line_len - d->line_at < cap ? d->line_len - d->line_at : cap;
	memcpy(buf, d->line + d->line_at, part);
	d->line_at += part;
	return part;
}

static size_t file_read(struct source *s, uint8_t *buf, size_t cap)
{
	size_t n = fread(buf, 1, cap, run.job->artifact);
	(void)s;
	must(!ferror(run.job->artifact), "check.read");
	return n;
}

static void directory_open(bool metadata)
{
	char *const roots[] = { (char *)(uintptr_t)run.job->directory, NULL };
	struct dir *d = run.dir = &the_dir;
	*d = (struct dir){ { dir_read, 0 }, .metadata = metadata, .path = roots[0], .fd = -1 };
	run.artifact = &d->out;
	d->text = open_memstream(&d->line, &d->line_len);
	d->fts = fts_open(roots, FTS_COMFOLLOW | FTS_PHYSICAL | FTS_NOCHDIR, by_bytes);
	must_of(d->path, d->text && d->fts, "check.read");
}

static void directory_close(struct dir *d)
{
	if (d->fts)
		fts_close(d->fts);
	close(d->fd);
	if (d->text)
		fclose(d->text);
	free(d->line);
	tdestroy(d->links, free);
}

static size_t pull(struct source *s, uint8_t *buf, size_t cap)
{
	size_t n = s->read(s, buf, cap);
	if (s == run.artifact)
		hash_add(run.artifact_hash, buf, n);
	s->pos += n;
	return n;
}

/* Exactly n bytes. Returns buf. */
static uint8_t *take(struct source *s, uint8_t *buf, size_t n)
{
	run.offset = s->pos;
	run.placed = s == run.artifact;
	for (size_t part, at = 0; at < n; at += part)
		must((part = pull(s, buf + at, n - at)) > 0, "check.short");
	for (size_t i = 0; run.summed && i < n; i++)
		run.sum += (uint64_t)buf[i] << ((run.offset + i - run.sum_from) % 2 * 8);
	return buf;
}

static void equal(const uint8_t *a, const uint8_t *b, size_t n, const char *id)
{
	if (!memcmp(a, b, n))
		return;
	for (; *a == *b; a++, b++)
		run.offset++;
	fail(id, "");
}

/* The core's next n bytes are p's, which were just taken. */
static void core_next(const uint8_t *p, size_t n)
{
	size_t got = fread(run.core_buf, 1, n, run.job->core);
	must(!ferror(run.job->core), "check.read");
	equal(run.core_buf, p, got, "check.core");
	must(got == n, "check.core");
	hash_add(run.core_hash, p, n);
	run.core_pos += n;
}

/* The next n bytes of s are p's; with `core`, the core's too. */
static void same(struct source *s, const void *p, size_t n, bool core)
{
	take(s, run.buf, n);
	equal(run.buf, p, n, "check.artifact");
	if (core)
		core_next(run.buf, n);
}
