/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files of the source tree's test/ folder, which MODULO_TEST_DIR names (without it: test/ here). A
 * file that is missing ends the test program: it would only look as if something had been tested.
 */
#ifndef TEST_UNIT_SAMPLES_H
#define TEST_UNIT_SAMPLES_H

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline const char *sample_dir(void)
{
	const char *dir = getenv("MODULO_TEST_DIR");

	return dir ? dir : "test";
}

struct sample {
	uint8_t *p; /* of exactly len bytes, so that a sanitizer sees a read behind them */
	size_t len;
};

static inline struct sample sample_path(const char *path)
{
	struct sample s;
	FILE *f = fopen(path, "rb");
	long len;

	if (!f || fseek(f, 0, SEEK_END) || (len = ftell(f)) < 0 || fseek(f, 0, SEEK_SET)) {
		printf("Bail out! cannot read %s\n", path);
		exit(1);
	}
	s.len = (size_t)len;
	s.p = malloc(s.len ? s.len : 1);
	if (!s.p || fread(s.p, 1, s.len, f) != s.len) {
		printf("Bail out! cannot read %s\n", path);
		exit(1);
	}
	fclose(f);
	return s;
}

/* test/FOLDER/NAME */
static inline struct sample sample_in(const char *folder, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s/%s", sample_dir(), folder, name);
	return sample_path(path);
}

static inline struct sample cms_sample(const char *name)
{
	return sample_in("samples/cms", name);
}

static inline struct sample authenticode_sample(const char *name)
{
	return sample_in("samples/authenticode", name);
}

/* Calls for the name of each .der file in a folder of test/; how many there were */
static inline size_t each_sample(const char *folder, void (*check)(const char *name))
{
	char path[4096];
	struct dirent *e;
	size_t nr = 0;
	DIR *d;

	snprintf(path, sizeof(path), "%s/%s", sample_dir(), folder);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (n < 4 || strcmp(e->d_name + n - 4, ".der") != 0)
			continue;
		check(e->d_name);
		nr++;
	}
	if (d)
		closedir(d);
	return nr;
}

#endif
