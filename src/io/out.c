/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define BUFFER 65536

struct mo_out {
	struct mo_sink sink;
	char *path, *tmp;
	int fd;
	size_t fill;
	uint8_t buffer[BUFFER];
};

static int fail_path(struct modulo_error *err, int e, const char *path, const char *what)
{
	mo_fail_errno(err, e, "io.write", "%s", what);
	mo_error_within(err, path, '/');
	return MODULO_IO;
}

static int flush(struct mo_out *o, struct modulo_error *err)
{
	for (size_t at = 0; at < o->fill;) {
		ssize_t n = write(o->fd, o->buffer + at, o->fill - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_path(err, errno, o->path, "cannot write");
		at += (size_t)n;
	}
	o->fill = 0;
	return 0;
}

static int out_write(struct mo_sink *k, const void *p, size_t len, struct modulo_error *err)
{
	struct mo_out *o = (struct mo_out *)k;
	const uint8_t *at = p;

	while (len) {
		size_t n = MO_MIN(len, BUFFER - o->fill);
		int r;

		memcpy(o->buffer + o->fill, at, n);
		o->fill += n;
		at += n;
		len -= n;
		r = o->fill == BUFFER ? flush(o, err) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

char *mo_out_temp_name(const char *path)
{
	uint8_t random[6];
	char *name;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return NULL;
	return asprintf(&name, "%s.modulo-%02x%02x%02x%02x%02x%02x", path, random[0], random[1],
			random[2], random[3], random[4], random[5]) < 0
		       ? NULL
		       : name;
}

int mo_out_file(const char *path, struct mo_out **out, struct modulo_error *err)
{
	struct mo_out *o = calloc(1, sizeof(*o));

	if (!o)
		return mo_fail_nomem(err);
	o->fd = -1;
	o->sink.write = out_write;
	o->path = strdup(path);
	o->tmp = mo_out_temp_name(path);
	if (!o->path || !o->tmp) {
		free(MO_TAKE(o->tmp));
		mo_out_drop(o);
		return mo_fail_nomem(err);
	}
	o->fd = open(o->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (o->fd < 0) {
		int e = errno;

		free(MO_TAKE(o->tmp));
		mo_out_drop(o);
		return fail_path(err, e, path, "cannot make the file");
	}
	*out = o;
	return 0;
}

struct mo_sink *mo_out_sink(struct mo_out *o)
{
	return &o->sink;
}

int mo_out_successor(const char *path, struct mo_out **out, struct modulo_error *err)
{
	_cleanup_(mo_out_dropp) struct mo_out *o = NULL;
	struct stat st, now;
	int r;

	if (stat(path, &st) < 0)
		return fail_path(err, errno, path, "cannot stat");
	r = mo_out_file(path, &o, err);
	if (r < 0)
		return r;
	/* The owner first: it clears set-user-ID. */
	if (fstat(o->fd, &now) < 0 ||
	    ((now.st_uid != st.st_uid || now.st_gid != st.st_gid) &&
	     fchown(o->fd, st.st_uid, st.st_gid) < 0) ||
	    fchmod(o->fd, st.st_mode & 07777) < 0)
		return fail_path(err, errno, path, "cannot keep owner and mode");
	*out = MO_TAKE(o);
	return 0;
}

int mo_out_park(struct mo_out *o, char **tmp, struct modulo_error *err)
{
	int r = flush(o, err);

	if (r == 0)
		*tmp = MO_TAKE(o->tmp);
	mo_out_drop(o);
	return r;
}

/* The rename is on disk when its folder is. */
static int sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *dir =
		slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	_cleanup_close_ int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	return fd < 0 ? -1 : fsync(fd);
}

int mo_out_commit(struct mo_out *o, struct modulo_error *err)
{
	int r = flush(o, err);

	if (r == 0 && fsync(o->fd) < 0)
		r = fail_path(err, errno, o->path, "cannot write");
	if (r == 0 && rename(o->tmp, o->path) < 0)
		r = fail_path(err, errno, o->path, "cannot rename");
	if (r == 0) {
		free(MO_TAKE(o->tmp));
		sync_folder(o->path);
	}
	mo_out_drop(o);
	return r;
}

void mo_out_drop(struct mo_out *o)
{
	if (!o)
		return;
	if (o->fd >= 0)
		close(o->fd);
	if (o->tmp)
		unlink(o->tmp);
	free(o->tmp);
	free(o->path);
	free(o);
}
