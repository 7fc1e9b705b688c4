/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a program as a filter. Its standard input is a socket, since that is what one can write to
 * without a SIGPIPE (MSG_NOSIGNAL); both ends are polled, so that neither side waits for the other.
 */
#include "codec/external.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { PIECE = 65536, FIRST_FREE_FD = 3 };

struct child {
	pid_t pid;
	int in, out; /* our ends; in is -1 when all was written */
	bool deaf;   /* it closed its input before it had all */
};

static void shut(int *fd)
{
	mo_closep(fd);
	*fd = -1;
}

/*
 * A program started without descriptors 0 to 2 gets them here, and posix_spawn's dup2 would then
 * overwrite one with the other.
 */
static int move_up(int *fd)
{
	int up;

	if (*fd >= FIRST_FREE_FD)
		return 0;
	up = fcntl(*fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	if (up < 0)
		return errno;
	close(*fd);
	*fd = up;
	return 0;
}

static int make_pipes(int in[2], int out[2])
{
	int rc = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) || pipe2(out, O_CLOEXEC))
		return errno;
	for (int i = 0; i < 2 && !rc; i++) {
		rc = move_up(&in[i]);
		if (!rc)
			rc = move_up(&out[i]);
	}
	return rc;
}

static int set_actions(posix_spawn_file_actions_t *fa, posix_spawnattr_t *attr, int in, int out)
{
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	rc = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (!rc)
		rc = posix_spawnattr_setsigmask(attr, &none);
	if (!rc)
		rc = posix_spawnattr_setsigdefault(attr, &all);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(fa, in, STDIN_FILENO);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(fa, out, STDOUT_FILENO);
	if (!rc)
		rc = posix_spawn_file_actions_addopen(fa, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (!rc)
		rc = posix_spawn_file_actions_addclosefrom_np(fa, FIRST_FREE_FD);
	return rc;
}

static int spawn(char *const argv[], int in, int out, pid_t *pid)
{
	const char *path = getenv("PATH");
	char locale[] = "LC_ALL=C", _cleanup_free_ *where = NULL;
	char *env[] = { locale, NULL, NULL };
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	int rc;

	if (path && asprintf(&where, "PATH=%s", path) < 0) {
		where = NULL;
		return ENOMEM;
	}
	env[1] = where;
	rc = posix_spawn_file_actions_init(&fa);
	if (rc)
		return rc;
	rc = posix_spawnattr_init(&attr);
	if (!rc) {
		rc = set_actions(&fa, &attr, in, out);
		if (!rc)
			rc = posix_spawnp(pid, argv[0], &fa, &attr, argv, env);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&fa);
	return rc;
}

static int start(char *const argv[], struct child *c, struct modulo_error *err)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };
	int rc = make_pipes(in, out);

	if (!rc)
		rc = spawn(argv, in[1], out[1], &c->pid);
	shut(&in[1]);
	shut(&out[1]);
	if (rc) {
		shut(&in[0]);
		shut(&out[0]);
		return mo_fail_errno(err, rc, "codec.spawn", "cannot run %s", argv[0]);
	}
	c->in = in[0];
	c->out = out[0];
	c->deaf = false;
	return 0;
}

/* Waits for the child; whether it ended with 0. */
static bool reap(struct child *c, bool kill_it)
{
	int status = -1;
	pid_t got;

	shut(&c->in);
	shut(&c->out);
	if (kill_it)
		kill(c->pid, SIGKILL);
	do
		got = waitpid(c->pid, &status, 0);
	while (got < 0 && errno == EINTR);
	return got == c->pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

struct feed {
	struct mo_source *s;
	uint64_t off; /* read so far */
	size_t at, len;
	uint8_t buf[PIECE], got[PIECE];
};

static int send_some(struct child *c, struct feed *f, struct modulo_error *err)
{
	ssize_t n;

	if (f->at == f->len) {
		size_t want = f->s ? (size_t)MO_MIN(f->s->len - f->off, (uint64_t)PIECE) : 0;
		int rc = want ? mo_source_read(f->s, f->off, f->buf, want, err) : 0;

		if (rc)
			return rc;
		f->at = 0;
		f->len = want;
		f->off += want;
		if (want == 0) {
			shut(&c->in);
			return 0;
		}
	}
	n = send(c->in, f->buf + f->at, f->len - f->at, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n >= 0) {
		f->at += (size_t)n;
	} else if (errno != EINTR && errno != EAGAIN && errno != ENOBUFS) {
		c->deaf = true;
		shut(&c->in);
	}
	return 0;
}

static int receive_some(struct child *c, struct feed *f, struct mo_sink *out, bool *end,
			struct modulo_error *err)
{
	ssize_t n = read(c->out, f->got, sizeof(f->got));

	if (n < 0 && errno == EINTR)
		return 0;
	if (n < 0)
		return mo_fail_errno(err, errno, "codec.spawn", "cannot read from a child process");
	*end = n == 0;
	return mo_sink_write(out, f->got, (size_t)n, err);
}

static int pump(struct child *c, struct feed *f, struct mo_sink *out, struct modulo_error *err)
{
	bool end = false;
	int rc = 0;

	while (!end && !rc) {
		struct pollfd fds[2] = { { .fd = c->out, .events = POLLIN },
					 { .fd = c->in, .events = POLLOUT } };

		if (poll(fds, 2, -1) < 0) {
			if (errno != EINTR)
				return mo_fail_errno(err, errno, "codec.spawn", "poll");
			continue;
		}
		if (fds[1].revents)
			rc = send_some(c, f, err);
		if (!rc && fds[0].revents)
			rc = receive_some(c, f, out, &end, err);
	}
	return rc;
}

int mo_codec_program_run(char *const argv[], struct mo_source *in, struct mo_sink *out,
			 struct modulo_error *err)
{
	struct feed _cleanup_free_ *f = malloc(sizeof(*f));
	struct child c;
	bool well, all;
	int rc;

	if (!f)
		return mo_fail_nomem(err);
	f->s = in;
	f->off = f->at = f->len = 0;
	rc = start(argv, &c, err);
	if (rc)
		return rc;
	rc = pump(&c, f, out, err);
	all = !c.deaf && (!in || (f->off == in->len && f->at == f->len));
	well = reap(&c, rc != 0);
	if (rc)
		return rc;
	if (!well || !all)
		return mo_fail(err, MODULO_UNSUPPORTED, MODULO_NO_OFFSET, "codec.child",
			       "%s failed, or did not read all of its input", argv[0]);
	return 0;
}

/* --- versions --- */

struct line {
	struct mo_sink sink;
	char text[128];
	size_t len;
};

static int line_write(struct mo_sink *k, const void *p, size_t len, struct modulo_error *err)
{
	struct line *l = (struct line *)k;
	size_t n = MO_MIN(len, sizeof(l->text) - 1 - l->len);

	(void)err;
	memcpy(l->text + l->len, p, n);
	l->len += n;
	return 0;
}

static struct {
	const char *name;
	pthread_once_t once;
	char version[32]; /* "": not here */
} programs[] = {
	[MO_PROGRAM_GZIP] = { .name = "gzip", .once = PTHREAD_ONCE_INIT },
	[MO_PROGRAM_PIGZ] = { .name = "pigz", .once = PTHREAD_ONCE_INIT },
};

static void ask_version(enum mo_program p)
{
	char name[8], option[] = "--version", *argv[] = { name, option, NULL };
	struct line l = { .sink = { .write = line_write } };
	size_t n = strlen(programs[p].name), len;

	memcpy(name, programs[p].name, n + 1);
	if (mo_codec_program_run(argv, NULL, &l.sink, NULL) || strncmp(l.text, name, n) ||
	    l.text[n] != ' ')
		return;
	len = strcspn(l.text + n + 1, "\n");
	if (len < sizeof(programs[p].version))
		memcpy(programs[p].version, l.text + n + 1, len);
}

static void ask_gzip(void)
{
	ask_version(MO_PROGRAM_GZIP);
}

static void ask_pigz(void)
{
	ask_version(MO_PROGRAM_PIGZ);
}

const char *mo_codec_program_name(enum mo_program p)
{
	return programs[p].name;
}

const char *mo_codec_program_version(enum mo_program p)
{
	if (pthread_once(&programs[p].once, p == MO_PROGRAM_GZIP ? ask_gzip : ask_pigz))
		return NULL;
	return programs[p].version[0] ? programs[p].version : NULL;
}
