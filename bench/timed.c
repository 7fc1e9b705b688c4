/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a command and appends what it took to a file, as a line of three numbers: processor time
 * (user and system, of the command and of all that it waited for) and wall clock time in
 * microseconds, and the peak of memory of the largest process in KiB. usage: timed FILE COMMAND
 * ARGUMENT... The exit code is the command's; 125 where it could not be measured.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TROUBLE 125

static long long micro(struct timeval t)
{
	return (long long)t.tv_sec * 1000000 + t.tv_usec;
}

static int trouble(const char *what)
{
	fputs("timed: ", stderr);
	perror(what);
	return TROUBLE;
}

static int record(const char *path, const struct rusage *use, long long wall)
{
	FILE *f = fopen(path, "a");
	int bad;

	if (!f)
		return trouble(path);
	fprintf(f, "%lld %lld %ld\n", micro(use->ru_utime) + micro(use->ru_stime), wall,
		use->ru_maxrss);
	bad = ferror(f);
	if (fclose(f) != 0 || bad)
		return trouble(path);
	return 0;
}

int main(int argc, char **argv)
{
	struct timespec start, end;
	struct rusage use;
	int status, r;
	pid_t pid;

	if (argc < 3) {
		fputs("usage: timed FILE COMMAND ARGUMENT...\n", stderr);
		return TROUBLE;
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	pid = fork();
	if (pid < 0)
		return trouble("fork");
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(trouble(argv[2]));
	}
	if (wait4(pid, &status, 0, &use) < 0)
		return trouble("wait4");
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (!WIFEXITED(status)) {
		fprintf(stderr, "timed: %s: ended by a signal\n", argv[2]);
		return TROUBLE;
	}
	r = record(argv[1], &use,
		   (long long)(end.tv_sec - start.tv_sec) * 1000000 +
			   (end.tv_nsec - start.tv_nsec) / 1000);
	return r ? r : WEXITSTATUS(status);
}
