/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a fuzz target over kept inputs, without libFuzzer, so that they are tests under every compiler:
 *
 *   replay-TARGET FILE-OR-FOLDER...
 *
 * The byte behind each input is unmapped: reading it ends the program, sanitizer or not. So does a
 * target that is not content; the input's name then stands in the last line of the output.
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run(const char *path, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (size + page - 1) / page * page;
	uint8_t *map, *data;
	size_t got = 0;
	ssize_t n = 1;
	int fd;

	map = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED || mprotect(map + room, page, PROT_NONE))
		return -1;
	data = map + room - size;
	fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	while (fd >= 0 && got < size && n > 0) {
		n = read(fd, data + got, size - got);
		got += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		close(fd);
	if (got == size)
		LLVMFuzzerTestOneInput(data, size);
	munmap(map, room + page);
	return got == size ? 0 : -1;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

int main(int argc, char **argv)
{
	unsigned long nr = 1;
	FTSENT *e;
	FTS *fts;

	puts("1..1");
	if (argc < 2 || run(NULL, 0))
		return 2;
	fts = fts_open(argv + 1, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	while (fts && (e = fts_read(fts))) {
		if (e->fts_info != FTS_F && e->fts_info != FTS_D && e->fts_info != FTS_DP) {
			printf("not ok 1 - %s: %s\n", e->fts_path, strerror(e->fts_errno));
			return 1;
		}
		if (e->fts_info != FTS_F)
			continue;
		printf("# %s\n", e->fts_path);
		fflush(stdout);
		if (run(e->fts_path, (size_t)e->fts_statp->st_size)) {
			printf("not ok 1 - %s: cannot be read\n", e->fts_path);
			return 1;
		}
		nr++;
	}
	if (!fts || fts_close(fts)) {
		printf("not ok 1 - %s\n", strerror(errno));
		return 1;
	}
	printf("ok 1 - %lu inputs\n", nr);
	return 0;
}
