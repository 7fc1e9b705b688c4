/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs as encoders: well-behaved ones, and such as fail, do not read, do not end, or are not
 * there. */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "codec/external.h"
#include "codec_help.h"

static struct mo_buf big;

static void fill(void)
{
	if (!big.len)
		make_text(&big, 5000000);
}

static int run(const char *script, struct mo_sink *k, struct modulo_error *err)
{
	char sh[] = "sh", c[] = "-c", *s = strdup(script), *argv[] = { sh, c, s, NULL };
	struct mo_source _cleanup_source_ *in = memory(big.data, big.len);
	int rc;

	memset(err, 0, sizeof(*err));
	rc = mo_codec_program_run(argv, in, k, err);
	free(s);
	return rc;
}

static int no_child_left(void)
{
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
}

/* More than any pipe holds, in both directions. */
TEST(a_filter)
{
	struct memory_sink k = { .sink = { .write = memory_write } };
	struct modulo_error err;

	fill();
	ok(run("cat", &k.sink, &err) == 0);
	ok(same_bytes(&k.buf, big.data, big.len));
	mo_buf_reset(&k.buf);
	/* all output before the input is read, and after */
	ok(run("head -c 3000000 /dev/zero; cat", &k.sink, &err) == 0);
	ok(k.buf.len == 3000000 + big.len);
	mo_buf_reset(&k.buf);
	ok(run("cat >/dev/null; head -c 3000000 /dev/zero", &k.sink, &err) == 0);
	ok(k.buf.len == 3000000);
	ok(no_child_left());
	mo_buf_release(&k.buf);
}

TEST(children_that_fail)
{
	static const char *const scripts[] = {
		"exit 0",		      /* did not read */
		"exec <&-; sleep 0.2",	      /* closed its input at once */
		"cat; exit 3",		      /* failed in the end */
		"head -c 100 >/dev/null",     /* read a little */
		"cat >/dev/null; kill -9 $$", /* died */
	};
	struct memory_sink k = { .sink = { .write = memory_write } };
	struct modulo_error err;

	fill();
	for (size_t i = 0; i < MO_NR(scripts); i++) {
		ok(run(scripts[i], &k.sink, &err) == MODULO_UNSUPPORTED);
		ok_str(err.id, "codec.child");
		mo_buf_reset(&k.buf);
	}
	ok(no_child_left());
	mo_buf_release(&k.buf);
}

TEST(no_such_program)
{
	char name[] = "modulo-no-such-program", *argv[] = { name, NULL };
	struct memory_sink k = { .sink = { .write = memory_write } };
	struct modulo_error err = { 0 };

	ok(mo_codec_program_run(argv, NULL, &k.sink, &err) == MODULO_IO);
	ok_str(err.id, "codec.spawn");
	ok(no_child_left());
}

static int refuse_write(struct mo_sink *k, const void *p, size_t len, struct modulo_error *err)
{
	(void)k, (void)p, (void)len;
	return mo_fail(err, MODULO_MISMATCH, 7, "test.sink", "no");
}

static int refuse_read(struct mo_source *s, uint64_t off, void *p, size_t n,
		       struct modulo_error *err)
{
	(void)s, (void)off, (void)p, (void)n;
	return mo_fail(err, MODULO_IO, 7, "test.source", "gone");
}

/* A child that would go on for ever is killed where its output is refused, or its input fails. */
TEST(killed)
{
	struct mo_sink no = { refuse_write };
	struct memory_sink k = { .sink = { .write = memory_write } };
	struct mo_source gone = { .len = 1000000, .read = refuse_read };
	char cat[] = "cat", *argv[] = { cat, NULL };
	struct modulo_error err;

	fill();
	ok(run("while :; do echo more; done", &no, &err) == MODULO_MISMATCH);
	ok_str(err.id, "test.sink");
	memset(&err, 0, sizeof(err));
	ok(mo_codec_program_run(argv, &gone, &k.sink, &err) == MODULO_IO);
	ok_str(err.id, "test.source");
	ok(no_child_left());
	mo_buf_release(&k.buf);
}

/*
 * What a child sees of us: two variables, three descriptors, no ignored or blocked signals (but for
 * two of glibc's own, 32 and 33).
 */
TEST(surroundings)
{
	struct memory_sink k = { .sink = { .write = memory_write } };
	struct modulo_error err;
	sigset_t all, old;
	int leak = dup(STDERR_FILENO);

	big.len = 0;
	setenv("GZIP", "-1", 1);
	setenv("PIGZ", "-1", 1);
	signal(SIGPIPE, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	ok(run("env | grep -cv '^\\(PATH\\|LC_ALL\\|PWD\\|SHLVL\\|_\\)='; ls /proc/$$/fd | tr "
	       "'\\n' ' ';"
	       "grep -E 'Sig(Blk|Ign)' /proc/self/status | sed s/180000000/000000000/",
	       &k.sink, &err) == 0);
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGPIPE, SIG_DFL);
	ok_str(k.buf.data, "0\n0 1 2 SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
	close(leak);
	mo_buf_release(&k.buf);
	mo_buf_release(&big);
}

/* In a process of its own; its end says whether what was done there held. */
static bool apart(bool (*what)(void))
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(what() ? 0 : 1);
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool without_descriptors(void)
{
	struct memory_sink k = { .sink = { .write = memory_write } };
	struct modulo_error err;

	fill();
	close(0);
	close(1);
	close(2);
	return run("cat", &k.sink, &err) == 0 && same_bytes(&k.buf, big.data, big.len) &&
	       open("/dev/null", O_RDONLY) == 0;
}

static bool with_one_descriptor(void)
{
	struct memory_sink k = { .sink = { .write = memory_write } };
	struct modulo_error err;

	fill();
	close(1);
	return run("cat", &k.sink, &err) == 0 && same_bytes(&k.buf, big.data, big.len);
}

TEST(closed_descriptors)
{
	ok(apart(without_descriptors));
	ok(apart(with_one_descriptor));
}

#define PARAMS "mtime=0,xfl=2,os=3,name="

static bool lists(const char *prefix)
{
	char token[MO_ENCODER_MAX];
	bool found = false;

	for (unsigned i = 0; mo_codec_gzip.candidate(PARAMS, 5, i, token); i++)
		found |= !strncmp(token, prefix, strlen(prefix));
	return found;
}

static bool empty_path(void)
{
	setenv("PATH", "/nonexistent", 1);
	return !lists("gzip-") && !lists("pigz-") && lists("zlib-");
}

/* A folder with a gzip of our own in PATH. */
static bool with_gzip(const char *script)
{
	char dir[] = "/tmp/modulo-test-XXXXXX", path[64], search[4096];
	const char *old = getenv("PATH");
	FILE *f;

	if (!mkdtemp(dir))
		return false;
	snprintf(path, sizeof(path), "%s/gzip", dir);
	f = fopen(path, "we");
	if (!f || fprintf(f, "#!/bin/sh\n%s\n", script) < 0 || fclose(f) || chmod(path, 0755))
		return false;
	snprintf(search, sizeof(search), "%s:%s", dir, old ? old : "/usr/bin:/bin");
	setenv("PATH", search, 1);
	return true;
}

static void drop_gzip(void)
{
	char dir[64];
	size_t n = strcspn(getenv("PATH"), ":");

	snprintf(dir, sizeof(dir), "%.*s/gzip", (int)n, getenv("PATH"));
	unlink(dir);
	dir[n] = '\0';
	rmdir(dir);
}

static bool another_gzip(void)
{
	bool well = with_gzip("echo 'BusyBox v1.36 gzip'") && !lists("gzip-");

	drop_gzip();
	return well;
}

static bool failing_gzip(void)
{
	bool well = with_gzip("echo 'gzip 9.9'; exit 1") && !lists("gzip-");

	drop_gzip();
	return well;
}

static bool lying(const char *script)
{
	struct modulo_error err;
	char token[MO_ENCODER_MAX] = "untouched";
	struct mo_source *enc = memory("\x1f\x8b\x08", 3), *dec = memory("hello", 5);
	bool found = true, well = with_gzip(script);
	struct mo_buf b = encode(&mo_codec_gzip, "gzip-9.9/9", PARAMS, "hello", 5, &err);

	well = well && !b.data && err.rc == MODULO_UNSUPPORTED && !strcmp(err.id, "codec.child");
	memset(&err, 0, sizeof(err));
	/* no encoder that serves, and no failure of the search */
	well = well &&
	       !mo_codec_prove(&mo_codec_gzip, enc, dec, PARAMS, NULL, token, &found, &err) &&
	       !found;
	drop_gzip();
	return well;
}

static bool gzip_of_garbage(void)
{
	return lying("case $1 in --version) echo 'gzip 9.9';; *) cat >/dev/null; echo "
		     "0123456789abcdef;; esac");
}

static bool gzip_of_names(void)
{
	return lying("case $1 in --version) echo 'gzip 9.9';; *) cat >/dev/null;"
		     "printf '\\037\\213\\010\\010aaaabbx\\000';; esac");
}

static bool gzip_of_nothing(void)
{
	return lying("case $1 in --version) echo 'gzip 9.9';; *) cat >/dev/null;; esac");
}

TEST(programs_in_path)
{
	ok(apart(empty_path));
	ok(apart(another_gzip));
	ok(apart(failing_gzip));
	ok(apart(gzip_of_garbage));
	ok(apart(gzip_of_names));
	ok(apart(gzip_of_nothing));
}

TEST_MAIN
