/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * flip BITS FILE COMMAND...: COMMAND must accept FILE (exit 0), and refuse it (exit 1 or 2) with any one bit changed: each
 * bit where BITS is 8, one bit of each byte, always another, where it is 1. Prints what was accepted. The file is as before at the end.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int run(char **argv)
{
	posix_spawn_file_actions_t quiet;
	int status = -1;
	pid_t pid;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &quiet, NULL, argv, environ) || waitpid(pid, &status, 0) != pid)
		status = -1;
	posix_spawn_file_actions_destroy(&quiet);
	return status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

int main(int argc, char **argv)
{
	unsigned bits = argc > 3 ? (unsigned)atoi(argv[1]) : 0;
	int fd = argc > 3 ? open(argv[2], O_RDWR) : -1, bad = 0;
	long changes = 0;
	uint8_t b;

	if (fd < 0 || (bits != 1 && bits != 8)) {
		fprintf(stderr, "usage: flip 1|8 FILE COMMAND...\n");
		return 2;
	}
	if (run(argv + 3)) {
		printf("not accepted as it is: %s\n", argv[2]);
		return 1;
	}
	for (off_t at = 0; pread(fd, &b, 1, at) == 1; at++) {
		for (unsigned i = 0; i < bits; i++) {
			uint8_t changed = (uint8_t)(b ^ 1U << (bits == 8 ? i : (unsigned)at % 8));
			int got;

			if (pwrite(fd, &changed, 1, at) != 1)
				return 2;
			got = run(argv + 3);
			if (pwrite(fd, &b, 1, at) != 1)
				return 2;
			changes++;
			if (got == 1 || got == 2)
				continue;
			printf("%s: byte %ld from 0x%02x to 0x%02x: exit %d\n", argv[2], (long)at, b, changed, got);
			bad = 1;
		}
	}
	printf("%s: %ld changes\n", argv[2], changes);
	close(fd);
	return bad || !changes;
}
