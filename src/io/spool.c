/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes that come in order and are then read anywhere: decoded content, for one. */
#include "io/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

struct mo_spool {
	struct mo_sink sink;
	struct mo_buf mem;
	size_t mem_max;
	int fd; /* -1: all in memory */
};

static int write_all(int fd, const void *p, size_t len, struct modulo_error *err)
{
	const uint8_t *at = p;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return mo_fail_errno(err, errno, "io.spool",
					     "cannot write a temporary file");
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int open_temporary(struct modulo_error *err)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];
	int fd;

	if (!dir || !*dir || strlen(dir) > sizeof(path) - 32)
		dir = "/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	/* Not every filesystem knows O_TMPFILE. */
	strcpy(path, dir);
	strcat(path, "/modulo-XXXXXX");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return mo_fail_errno(err, errno, "io.spool", "cannot make a temporary file");
	unlink(path);
	return fd;
}

static int spool_write(struct mo_sink *k, const void *p, size_t len, struct modulo_error *err)
{
	struct mo_spool *sp = (struct mo_spool *)k;
	int r;

	if (sp->fd < 0 && len <= sp->mem_max - sp->mem.len) {
		mo_buf_add(&sp->mem, p, len);
		return mo_buf_ok(&sp->mem) ? 0 : mo_fail_nomem(err);
	}
	if (sp->fd < 0) {
		r = open_temporary(err);
		if (r < 0)
			return r;
		sp->fd = r;
		r = write_all(sp->fd, sp->mem.data, sp->mem.len, err);
		if (r < 0)
			return r;
		mo_buf_release(&sp->mem);
	}
	return write_all(sp->fd, p, len, err);
}

int mo_spool_new(size_t mem_max, struct mo_spool **out, struct modulo_error *err)
{
	struct mo_spool *sp = calloc(1, sizeof(*sp));

	if (!sp)
		return mo_fail_nomem(err);
	sp->sink.write = spool_write;
	sp->mem_max = mem_max;
	sp->fd = -1;
	*out = sp;
	return 0;
}

struct mo_sink *mo_spool_sink(struct mo_spool *sp)
{
	return &sp->sink;
}

void mo_spool_free(struct mo_spool *sp)
{
	if (!sp)
		return;
	if (sp->fd >= 0)
		close(sp->fd);
	mo_buf_release(&sp->mem);
	free(sp);
}

struct held {
	struct mo_source source;
	char *data;
};

static void held_close(struct mo_source *s)
{
	free(((struct held *)s)->data);
	free(s);
}

int mo_spool_source(struct mo_spool *sp, struct mo_source **out, struct modulo_error *err)
{
	struct held *h;
	int r = 0;

	if (sp->fd >= 0) {
		r = mo_source_fd(sp->fd, out, err); /* owns fd from here on */
		sp->fd = -1;
	} else {
		h = calloc(1, sizeof(*h));
		if (!h) {
			r = mo_fail_nomem(err);
		} else {
			h->source.len = sp->mem.len;
			h->source.mem = (uint8_t *)(sp->mem.data ? sp->mem.data : "");
			h->source.close = held_close;
			h->data = MO_TAKE(sp->mem.data);
			*out = &h->source;
		}
	}
	mo_spool_free(sp);
	return r;
}
