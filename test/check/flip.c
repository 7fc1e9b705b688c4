/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * flip BITS FILE ARTIFACT CORE LEDGER: the checker must accept these, and refuse them with any one bit of FILE, which is one of the
 * three, changed: each bit where BITS is 8, one bit of each byte, always another, where it is 1. Prints what was accepted. The file is as
 * before at the end. The checker runs as a function: to start its program for each bit takes ten times as long, or more under a sanitizer.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

static int run(char **path)
{
	struct mo_check_job job = { 0 };
	FILE **file[] = { &job.artifact, &job.core, &job.ledger };
	struct mo_check_end end;
	int status = 127;

	for (int i = 0; i < 3; i++)
		*file[i] = fopen(path[i], "rb");
	if (job.artifact && job.core && job.ledger)
		status = mo_check_run(&job, NULL, &end);
	for (int i = 0; i < 3; i++)
		if (*file[i])
			fclose(*file[i]);
	return status;
}

int main(int argc, char **argv)
{
	unsigned bits = argc == 6 ? (unsigned)atoi(argv[1]) : 0;
	int fd = argc == 6 ? open(argv[2], O_RDWR) : -1, bad = 0;
	long changes = 0;
	uint8_t b;

	if (fd < 0 || (bits != 1 && bits != 8)) {
		fprintf(stderr, "usage: flip 1|8 FILE ARTIFACT CORE LEDGER\n");
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
