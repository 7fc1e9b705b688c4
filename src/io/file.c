/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files as sources. A small file is read whole when it is opened: one system call instead of many,
 * and nothing in it can be seen with two values. A larger one is read where it is asked for.
 */
#include "io/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define WHOLE_MAX (4u << 20)

struct file {
	struct mo_source source;
	struct stat st;
	uint8_t *whole;
	int fd;
};

static int read_at(int fd, uint64_t off, void *buf, size_t n, struct modulo_error *err)
{
	uint8_t *at = buf;

	while (n) {
		ssize_t got = pread(fd, at, n, (off_t)off);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return mo_fail_errno(err, errno, "io.read", "cannot read");
		if (got == 0)
			return mo_fail(err, MODULO_IO, off, "io.changed",
				       "the file became shorter while it was read");
		at += got;
		off += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

static int file_read(struct mo_source *s, uint64_t off, void *buf, size_t n,
		     struct modulo_error *err)
{
	return read_at(((struct file *)s)->fd, off, buf, n, err);
}

static void file_close(struct mo_source *s)
{
	struct file *f = (struct file *)s;

	close(f->fd);
	free(f->whole);
	free(f);
}

int mo_source_fd(int fd, struct mo_source **out, struct modulo_error *err)
{
	struct file *f = calloc(1, sizeof(*f));
	int r;

	if (!f) {
		close(fd);
		return mo_fail_nomem(err);
	}
	f->fd = fd;
	f->source.read = file_read;
	f->source.close = file_close;
	if (fstat(fd, &f->st) < 0) {
		r = mo_fail_errno(err, errno, "io.open", "cannot stat");
		goto fail;
	}
	if (!S_ISREG(f->st.st_mode)) {
		r = mo_fail(err, MODULO_IO, MODULO_NO_OFFSET, "io.type", "not a regular file");
		goto fail;
	}
	f->source.len = (uint64_t)f->st.st_size;
	if (f->source.len <= WHOLE_MAX) {
		f->whole = malloc((size_t)f->source.len + 1);
		if (!f->whole) {
			r = mo_fail_nomem(err);
			goto fail;
		}
		r = read_at(fd, 0, f->whole, (size_t)f->source.len, err);
		if (r < 0)
			goto fail;
		f->source.mem = f->whole;
	}
	*out = &f->source;
	return 0;
fail:
	file_close(&f->source);
	return r;
}

int mo_source_file(const char *path, struct mo_source **out, struct modulo_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return mo_fail_errno(err, errno, "io.open", "cannot open");
	return mo_source_fd(fd, out, err);
}

int mo_source_settle(struct mo_source *s, struct modulo_error *err)
{
	struct file *f = (struct file *)s;
	struct stat now;

	if (s->close != file_close)
		return 0;
	if (fstat(f->fd, &now) < 0)
		return mo_fail_errno(err, errno, "io.read", "cannot stat");
	if (now.st_size != f->st.st_size || now.st_mtim.tv_sec != f->st.st_mtim.tv_sec ||
	    now.st_mtim.tv_nsec != f->st.st_mtim.tv_nsec ||
	    now.st_ctim.tv_sec != f->st.st_ctim.tv_sec ||
	    now.st_ctim.tv_nsec != f->st.st_ctim.tv_nsec)
		return mo_fail(err, MODULO_IO, MODULO_NO_OFFSET, "io.changed",
			       "the file changed while it was read");
	return 0;
}

int mo_source_load(const char *path, uint64_t max, const char *id, uint8_t **out, size_t *len,
		   struct modulo_error *err)
{
	_cleanup_source_ struct mo_source *s = NULL;
	_cleanup_free_ uint8_t *data = NULL;
	int r = mo_source_file(path, &s, err);

	if (r < 0)
		return r;
	if (s->len > max)
		return mo_fail(err, MODULO_LIMIT, MODULO_NO_OFFSET, id, "over %llu bytes",
			       (unsigned long long)max);
	data = malloc((size_t)s->len + 1);
	if (!data)
		return mo_fail_nomem(err);
	r = s->len ? mo_source_read(s, 0, data, (size_t)s->len, err) : 0;
	r = r < 0 ? r : mo_source_settle(s, err);
	if (r < 0)
		return r;
	*len = (size_t)s->len;
	*out = MO_TAKE(data);
	return 0;
}
