/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the rest stands on: failing, what is owned, digests, and the counts that the report prints. */
#include "check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void mo_check_fail(struct mo_check *c, int status, const char *id, const char *fmt, ...)
{
	va_list ap;

	c->end->status = status;
	c->end->id = id;
	c->end->line = c->line_nr;
	c->end->placed = c->artifact;
	c->end->offset = c->offset;
	va_start(ap, fmt);
	vsnprintf(c->end->text, sizeof(c->end->text), fmt, ap);
	va_end(ap);
	longjmp(c->jump, 1);
}

void mo_check_own(struct mo_check *c, void *p, void (*release)(void *))
{
	if (!p)
		mo_check_refuse(c, "check.memory", "out of memory");
	if (c->nr_owned == sizeof(c->owned) / sizeof(c->owned[0])) {
		release(p);
		mo_check_refuse(c, "check.limit", "too many things are open at once");
	}
	c->owned[c->nr_owned++] = (struct mo_check_owned){ p, release };
}

void mo_check_release(struct mo_check *c, unsigned nr)
{
	while (c->nr_owned > nr) {
		struct mo_check_owned *o = &c->owned[--c->nr_owned];

		o->free(o->p);
	}
}

void *mo_check_alloc(struct mo_check *c, size_t size)
{
	void *p = calloc(1, size);

	mo_check_own(c, p, free);
	return p;
}

char *mo_check_strdup(struct mo_check *c, const char *s)
{
	return memcpy(mo_check_alloc(c, strlen(s) + 1), s, strlen(s) + 1);
}

static void hash_free(void *p)
{
	EVP_MD_CTX_free(p);
}

EVP_MD_CTX *mo_check_hash(struct mo_check *c, const EVP_MD *md)
{
	EVP_MD_CTX *h = EVP_MD_CTX_new();

	mo_check_own(c, h, hash_free);
	if (!EVP_DigestInit_ex(h, md, NULL))
		mo_check_refuse(c, "check.memory", "libcrypto cannot compute a digest");
	return h;
}

void mo_check_update(struct mo_check *c, EVP_MD_CTX *h, const void *p, size_t n)
{
	if (!EVP_DigestUpdate(h, p, n))
		mo_check_refuse(c, "check.memory", "libcrypto cannot compute a digest");
}

unsigned mo_check_final(struct mo_check *c, EVP_MD_CTX *h, uint8_t out[EVP_MAX_MD_SIZE])
{
	unsigned len = 0;

	if (!EVP_DigestFinal_ex(h, out, &len))
		mo_check_refuse(c, "check.memory", "libcrypto cannot compute a digest");
	return len;
}

void mo_check_hex(struct mo_check *c, EVP_MD_CTX *sha256, char out[65])
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	mo_check_final(c, sha256, digest);
	for (int i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

void mo_check_escape(FILE *f, const void *s, size_t n, const char *also)
{
	for (const uint8_t *p = s; n--; p++) {
		if (*p < 0x20 || *p > 0x7e || strchr(also, *p))
			fprintf(f, "\\%03o", *p);
		else
			putc(*p, f);
	}
}

static int count_compare(const struct mo_check_count *k, const char *head, const char *tail)
{
	int d = strcmp(k->head, head);

	return d ? d : strcmp(k->tail, tail);
}

/* The table is kept in the order that it is printed in. */
void mo_check_count(struct mo_check *c, const char *head, const char *tail)
{
	unsigned low = 0, high = c->nr_counts;

	while (low < high) {
		unsigned mid = (low + high) / 2;
		int d = count_compare(&c->count[mid], head, tail);

		if (!d) {
			c->count[mid].nr++;
			return;
		}
		if (d < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (c->nr_counts == MO_CHECK_COUNTS)
		mo_check_refuse(c, "check.limit", "more than %d distinct lines to report", MO_CHECK_COUNTS);
	struct mo_check_count k = { strdup(head), strdup(tail), 1 };
	memmove(&c->count[low + 1], &c->count[low], (c->nr_counts++ - low) * sizeof(k));
	c->count[low] = k;
	if (!k.head || !k.tail)
		mo_check_refuse(c, "check.memory", "out of memory");
}

int mo_check_run(const struct mo_check_job *job, FILE *report, struct mo_check_end *end)
{
	struct mo_check *c = calloc(1, sizeof(*c));

	memset(end, 0, sizeof(*end));
	if (!c) {
		*end = (struct mo_check_end){ .status = 2, .id = "check.memory", .text = "out of memory" };
		return end->status;
	}
	c->job = job;
	c->end = end;
	if (!setjmp(c->jump))
		mo_check_all(c, report);
	mo_check_release(c, 0);
	for (unsigned i = 0; i < c->nr_counts; i++) {
		free(c->count[i].head);
		free(c->count[i].tail);
	}
	free(c);
	return end->status;
}
