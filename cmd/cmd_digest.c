/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints and checks digests in the lines of sha256sum, names with backslashes and newlines
 * included. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "progress.h"
#include "report/report.h"

static int print_manifest(void *ctx, const char *line, size_t len)
{
	(void)ctx;
	fwrite(line, 1, len, stdout);
	return 0;
}

/* As sha256sum: a name with a backslash or newline is escaped, and the line begins with a
 * backslash. */
static void print_line(const uint8_t digest[32], const char *path)
{
	bool odd = strpbrk(path, "\\\n") != NULL;

	if (odd)
		putchar('\\');
	report_hex(stdout, digest, 32);
	fputs("  ", stdout);
	for (; *path; path++) {
		if (odd && *path == '\\')
			fputs("\\\\", stdout);
		else if (odd && *path == '\n')
			fputs("\\n", stdout);
		else
			putchar(*path);
	}
	putchar('\n');
}

static void print_json(const uint8_t digest[32], const char *path, const char *ok)
{
	printf("{\"schema\":\"modulo.digest/1\",\"path\":");
	report_json_string(stdout, path);
	printf(",\"digest\":\"");
	report_hex(stdout, digest, 32);
	printf(ok ? "\",\"ok\":%s}\n" : "\"}\n", ok);
}

static int digest_one(struct args *a, const char *path)
{
	struct modulo_error err = { 0 };
	uint8_t digest[32];

	if (modulo_digest(path, &a->opt, digest, a->manifest && !a->quiet ? print_manifest : NULL,
			  NULL, &err) < 0)
		return refused(a, &err);
	if (a->manifest || a->quiet)
		return EXIT_OK;
	if (a->json)
		print_json(digest, path, NULL);
	else
		print_line(digest, path);
	return EXIT_OK;
}

/* Splits a line of a list in place: *path is what stands behind the digest; false: no such line. */
static bool parse_line(char *line, uint8_t digest[32], char **path)
{
	bool odd = line[0] == '\\';
	char *s = line + odd, *to;

	for (int i = 0; i < 32; i++, s += 2) {
		unsigned v;
		int n = 0;

		if (strspn(s, "0123456789abcdefABCDEF") < 2 || sscanf(s, "%2x%n", &v, &n) != 1 ||
		    n != 2)
			return false;
		digest[i] = (uint8_t)v;
	}
	if (s[0] != ' ' || (s[1] != ' ' && s[1] != '*') || !s[2])
		return false;
	*path = to = s + 2;
	for (s += 2; odd && *s; s++) {
		if (*s == '\\' && (s[1] == '\\' || s[1] == 'n'))
			*to++ = *++s == 'n' ? '\n' : '\\';
		else
			*to++ = *s;
	}
	if (odd)
		*to = '\0';
	return true;
}

static int check_one(struct args *a, const uint8_t want[32], const char *path)
{
	struct modulo_error err = { 0 };
	uint8_t got[32];
	bool same;

	if (modulo_digest(path, &a->opt, got, NULL, NULL, &err) < 0)
		return refused(a, &err);
	same = memcmp(got, want, 32) == 0;
	if (a->json && !a->quiet)
		print_json(got, path, same ? "true" : "false");
	else if (!a->quiet)
		printf("%s: %s\n", path, same ? "OK" : "FAILED");
	return same ? EXIT_OK : EXIT_NOT;
}

static int check(struct args *a)
{
	bool standard = strcmp(a->check, "-") == 0;
	FILE *f = standard ? stdin : fopen(a->check, "re");
	unsigned long nr = 0;
	char *line = NULL, *path;
	size_t size = 0;
	uint8_t want[32];
	ssize_t n;
	int code = EXIT_OK;

	if (!f)
		return usage_error(a, "cannot open %s: %s", a->check, strerror(errno));
	while ((n = getline(&line, &size, f)) > 0) {
		int r;

		nr++;
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		r = parse_line(line, want, &path)
			    ? check_one(a, want, path)
			    : usage_error(a, "%s: line %lu is no digest and path", a->check, nr);
		code = r > code ? r : code;
	}
	if (!nr)
		code = usage_error(a, "%s: no line in it", a->check);
	free(line);
	if (!standard)
		fclose(f);
	return code;
}

int cmd_digest(struct args *a)
{
	int code = EXIT_OK;

	if (a->check)
		return a->nr_paths ? usage_error(a, "--check takes its paths from the list")
				   : check(a);
	if (!a->nr_paths)
		return usage_error(a, "digest wants one or more artifacts");
	for (int i = 0; i < a->nr_paths; i++) {
		int r = digest_one(a, a->path[i]);

		code = r > code ? r : code;
	}
	return code;
}
