/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The checker's profiles (doc/ledger.md 9), each by itself, over files of DER.
 *
 *   profile NAME FILE              prints "accepted", or the id
 *   profile --allowed NAME FILE    the same, where unsigned attributes are allowed
 *   profile NAME FILE FROM TO      the same, with the last bytes FROM changed to TO (hex, as many)
 *   profile --flips NAME FILE      how many changes of one bit are refused, and how many there are
 *   profile --rows                 looks for typing errors in all profiles
 *
 * The checker is one piece of C, of which this is made to be the last part.
 */
#include "check.c"

static struct mo_check_end end;
static uint8_t bytes[CMS];
static size_t bytes_len;

static bool allowed;

static const char *walked(const char *name)
{
	static const struct mo_check_job job;
	struct signature *g = run.signature;

	run.job = &job;
	run.end = &end;
	if (setjmp(run.jump))
		return end.id;
	memcpy(g->body, bytes, bytes_len);
	strcpy(g->mark[0].name, "allow-unsigned");
	g->nr_marks = allowed;
	g->depth = 0;
	g->said = 0;
	walk(g, rows(name), (der){ g->body, g->body + bytes_len });
	return "accepted";
}

static void load(const char *path)
{
	FILE *f = fopen(path, "rb");

	bytes_len = f ? fread(bytes, 1, sizeof(bytes), f) : 0;
	if (!bytes_len || !feof(f)) {
		fprintf(stderr, "profile: %s: cannot be read, or too long\n", path);
		exit(2);
	}
	fclose(f);
}

static void change(const char *from, const char *to)
{
	size_t n = strlen(from) / 2, at;
	uint8_t is[256];

	if (n > sizeof(is) || strlen(from) != strlen(to) || n > bytes_len)
		exit(2);
	for (size_t i = 0; i < n; i++)
		sscanf(from + 2 * i, "%2hhx", &is[i]);
	for (at = bytes_len - n + 1; at-- && memcmp(bytes + at, is, n) != 0;)
		;
	if (at > bytes_len) {
		fprintf(stderr, "profile: %s: not there\n", from);
		exit(2);
	}
	for (size_t i = 0; i < n; i++)
		sscanf(to + 2 * i, "%2hhx", &bytes[at + i]);
}

static void flips(const char *name)
{
	unsigned refused = 0;

	for (size_t i = 0; i < 8 * bytes_len; i++) {
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		refused += strcmp(walked(name), "accepted") != 0;
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	printf("%u of %zu\n", refused, 8 * bytes_len);
}

static bool id_known(const char *id)
{
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (!strcmp(ids[i].id, id))
			return true;
	return false;
}

static bool what_known(const char *what)
{
	static const char others[] = " any rest is case refuse ";
	char word[20];

	for (size_t i = 0; i < 256; i++)
		if (tags[i] && !strcmp(tags[i], what))
			return true;
	snprintf(word, sizeof(word), " %s ", what);
	return *what == '@' || strstr(others, word);
}

/* What the engine would take for something else, or leave unexplained, in a row; or NULL. */
static const char *row_bad(const char *row, const char *after)
{
	static const size_t room[] = { 16, 96, 32, 24, 32 };
	size_t depth = strspn(row, " ");
	char line[256], *word[5] = { NULL }, *rest = line, *w;
	unsigned nr = 0;

	snprintf(line, sizeof(line), "%.*s", (int)strcspn(row, "\n") - (int)depth, row + depth);
	while ((w = strsep(&rest, " "))) {
		if (nr == 5 || !*w || strlen(w) >= room[nr])
			return "an empty word, one too long, or too many";
		word[nr++] = w;
	}
	w = word[0] + strlen(word[0]) - 1;
	if (strchr("?*!.", *w))
		*w = '\0';
	if (!what_known(word[0]))
		return "an unknown element";
	if (nr > 3 && *word[3] != '-' && !id_known(word[3]))
		return "an unknown id";
	if (nr > 1 && *word[1] != '-' && nr < 4 && (strstr(word[1], "..") || !strcmp(word[1], "time")))
		return "nothing to say where it is not so";
	if (strspn(after, " ") > depth + 1)
		return "the next row is too deep";
	if ((*word[0] == '[' || *word[0] == 's') && strspn(after, " ") <= depth && (!word[2] || *word[1] != '-') &&
	    (!word[1] || *word[1] == '-' || strstr(word[1], "..")) && !(word[1] && !strcmp(word[1], "0..0")) && *w)
		return "nothing says what is in it";
	return NULL;
}

static int all_rows(void)
{
	bool within = false;
	int bad = 0, nr = 0;

	for (const char *row = mo_forms_table, *after; *row; row = after) {
		for (after = row; after == row || *after == '#';)
			after = strchr(after, '\n') + 1;
		if (!strncmp(row, "profile ", 8) && !strncmp(after, " from ", 6))
			after = strchr(after, '\n') + 1;
		within = *row == ' ' ? within : !strncmp(row, "profile ", 8);
		if (!within || *row != ' ')
			continue;
		const char *why = row_bad(row, after);
		if (why)
			printf("%.*s: %s\n", (int)strcspn(row, "\n"), row, why);
		bad |= why != NULL;
		nr++;
	}
	printf("%d rows\n", nr);
	return bad || !nr;
}

int main(int argc, char **argv)
{
	bool count_flips = argc == 4 && !strcmp(argv[1], "--flips");

	allowed = argc == 4 && !strcmp(argv[1], "--allowed");
	if (allowed) {
		argv++;
		argc--;
	}
	if (argc == 2 && !strcmp(argv[1], "--rows"))
		return all_rows();
	if (argc != 3 && argc != 5 && !count_flips) {
		fprintf(stderr, "usage: profile NAME FILE [FROM TO], --allowed NAME FILE, --flips NAME FILE, --rows\n");
		return 2;
	}
	load(argv[count_flips ? 3 : 2]);
	if (argc == 5)
		change(argv[3], argv[4]);
	if (count_flips)
		flips(argv[2]);
	else
		puts(walked(argv[1]));
	return 0;
}
