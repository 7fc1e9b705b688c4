/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the rest stands on: failing, what is owned, digests, and the counts that the report prints. */
#include "check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void mo_check_fail(struct mo_check *c, int status, const char *id, const char *text, ...)
{
	va_list ap;

	*c->end = (struct mo_check_end){ status, id, c->line_nr, c->artifact, c->offset, "" };
	va_start(ap, text);
	vsnprintf(c->end->text, sizeof(c->end->text), text, ap);
	va_end(ap);
	longjmp(c->jump, 1);
}

void mo_check_own(struct mo_check *c, void *p, void (*release)(void *))
{
	must(c, p, "check.memory", "out of memory");
	/* Nesting bounds how many there are: see MO_CHECK_DEPTH. */
	if (c->nr_owned == sizeof(c->owned) / sizeof(c->owned[0]))
		abort();
	c->owned[c->nr_owned].p = p;
	c->owned[c->nr_owned++].free = release;
}

void mo_check_release(struct mo_check *c, unsigned nr)
{
	while (c->nr_owned > nr) {
		c->nr_owned--;
		c->owned[c->nr_owned].free(c->owned[c->nr_owned].p);
	}
}

void *mo_check_alloc(struct mo_check *c, size_t size)
{
	void *p = calloc(1, size);

	mo_check_own(c, p, free);
	return p;
}

static void hash_free(void *p)
{
	EVP_MD_CTX_free(p);
}

EVP_MD_CTX *mo_check_hash(struct mo_check *c, const EVP_MD *md)
{
	EVP_MD_CTX *h = EVP_MD_CTX_new();

	mo_check_own(c, h, hash_free);
	must(c, EVP_DigestInit_ex(h, md, NULL), "check.memory", "libcrypto has no digest");
	return h;
}

void mo_check_update(struct mo_check *c, EVP_MD_CTX *h, const void *p, size_t n)
{
	must(c, EVP_DigestUpdate(h, p, n), "check.memory", "libcrypto cannot compute a digest");
}

void mo_check_hex(struct mo_check *c, EVP_MD_CTX *sha256, char out[65])
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	must(c, EVP_DigestFinal_ex(sha256, digest, NULL), "check.memory", "libcrypto cannot compute a digest");
	for (int i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* Kept in the order that it is printed in: a tab sorts before all that can follow the same words. */
void mo_check_count(struct mo_check *c, const char *key)
{
	unsigned i = 0;
	int d = 1;

	while (i < c->nr_counts && (d = strcmp(key, c->count[i].key)) > 0)
		i++;
	if (i == c->nr_counts || d) {
		must(c, c->nr_counts < MO_CHECK_COUNTS, "check.limit", "too many distinct lines to report");
		memmove(&c->count[i + 1], &c->count[i], (c->nr_counts++ - i) * sizeof(c->count[0]));
		c->count[i].nr = 0;
		c->count[i].key = strdup(key);
		must(c, c->count[i].key, "check.memory", "out of memory");
	}
	c->count[i].nr++;
}

void mo_check_escape(FILE *f, const void *s, size_t n, const char *also)
{
	for (const uint8_t *p = s; n--; p++)
		fprintf(f, *p < 0x20 || *p > 0x7e || strchr(also, *p) ? "\\%03o" : "%c", *p);
}

int mo_check_run(const struct mo_check_job *job, FILE *report, struct mo_check_end *end)
{
	struct mo_check *c = calloc(1, sizeof(*c));

	*end = (struct mo_check_end){ .status = c ? 0 : 2, .id = "check.memory", .text = "out of memory" };
	if (!c)
		return end->status;
	c->job = job;
	c->end = end;
	if (!setjmp(c->jump))
		mo_check_all(c, report);
	mo_check_release(c, 0);
	while (c->nr_counts)
		free(c->count[--c->nr_counts].key);
	free(c);
	return end->status;
}
