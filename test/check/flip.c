/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * flip BITS STEP FILE ARTIFACT CORE LEDGER: the checker must accept these, and refuse them with a
 * reason with any one bit of FILE changed. FILE is one of the three, or lies in ARTIFACT. Each bit
 * is changed where BITS is 8, one of each byte, always another, where it is 1; of each STEP-th
 * byte. Prints what was accepted. The file is as before at the end. The checker runs as a function:
 * to start its program for each bit takes ten times as long, or more under a sanitizer.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static bool file_is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int run(char **path)
{
	struct mo_check_job job = { 0 };
	FILE **file[] = { &job.artifact, &job.core, &job.ledger };
	struct mo_check_end end;
	int status = 127;

	for (int i = 0; i < 3; i++)
		*file[i] = fopen(path[i], "rb");
	if (file_is_directory(path[0]))
		job.directory = path[0];
	if (job.artifact && job.core && job.ledger)
		status = mo_check_run(&job, NULL, &end);
	if ((status == 1 || status == 2) && (!end.id || !end.text || !*end.text))
		status = 126;
	for (int i = 0; i < 3; i++)
		if (*file[i])
			fclose(*file[i]);
	return status;
}

int main(int argc, char **argv)
{
	unsigned bits = argc == 7 ? (unsigned)atoi(argv[1]) : 0;
	int step = argc == 7 ? atoi(argv[2]) : 0;
	int fd = argc == 7 ? open(argv[3], O_RDWR) : -1, bad = 0;
	long changes = 0;
	uint8_t b;

	if (fd < 0 || (bits != 1 && bits != 8) || step < 1) {
		fprintf(stderr, "usage: flip 1|8 STEP FILE ARTIFACT CORE LEDGER\n");
		return 2;
	}
	if (run(argv + 4)) {
		printf("not accepted as it is: %s\n", argv[3]);
		return 1;
	}
	for (off_t at = 0; pread(fd, &b, 1, at) == 1; at += step) {
		for (unsigned i = 0; i < bits; i++) {
			uint8_t changed = (uint8_t)(b ^ 1U << (bits == 8 ? i : (unsigned)at % 8));
			int got;

			if (pwrite(fd, &changed, 1, at) != 1)
				return 2;
			got = run(argv + 4);
			if (pwrite(fd, &b, 1, at) != 1)
				return 2;
			changes++;
			if (got == 1 || got == 2)
				continue;
			printf("%s: byte %ld from 0x%02x to 0x%02x: exit %d\n", argv[3], (long)at,
			       b, changed, got);
			bad = 1;
		}
	}
	printf("%s: %ld changes\n", argv[3], changes);
	close(fd);
	return bad || !changes;
}
