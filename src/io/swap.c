/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/swap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static int fail(struct modulo_error *err, const char *path, const char *what)
{
	mo_fail_errno(err, errno, "io.write", "%s", what);
	mo_error_within(err, path, '/');
	return MODULO_IO;
}

#define FEW                                                                                        \
	32 /* files; each of more is not synced by itself: a thousand modules would take minutes   \
	    */

/* Where there are many, one sync for each run of files in one file system. */
static int sync_all(const struct mo_swap_file *f, size_t nr, struct modulo_error *err)
{
	dev_t last = 0;
	size_t written = 0;
	bool any = false;

	for (size_t i = 0; i < nr; i++)
		written += f[i].tmp != NULL;
	for (size_t i = 0; i < nr; i++) {
		_cleanup_close_ int fd = f[i].tmp ? open(f[i].tmp, O_RDONLY | O_CLOEXEC) : -1;
		struct stat st;

		if (!f[i].tmp)
			continue;
		if (fd < 0 || fstat(fd, &st) < 0)
			return fail(err, f[i].path, "cannot open what was written");
		if (written > FEW && any && st.st_dev == last)
			continue;
		if ((written > FEW ? syncfs(fd) : fsync(fd)) < 0)
			return fail(err, f[i].path, "cannot sync");
		last = st.st_dev;
		any = true;
	}
	return 0;
}

int mo_swap_commit(struct mo_swap_file *f, size_t nr, struct modulo_error *err)
{
	int r = sync_all(f, nr, err);

	for (size_t i = 0; r == 0 && i < nr; i++) {
		if (!f[i].tmp)
			continue;
		if (rename(f[i].tmp, f[i].path) < 0)
			r = fail(err, f[i].path, "cannot rename");
		else
			free(MO_TAKE(f[i].tmp));
	}
	mo_swap_drop(f, nr);
	return r;
}

void mo_swap_drop(struct mo_swap_file *f, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (f[i].tmp)
			unlink(f[i].tmp);
		free(f[i].tmp);
		f[i].tmp = NULL;
	}
}
