/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verb/tree_known.h"

#include <string.h>

#include "hash/hash.h"
#include "image/section.h"

#define LIST_MAX   ((uint64_t)MO_MERKLE_LEAVES_MAX * 32)
#define SEARCH_MAX 16 /* roots that are looked for in a raw image */

static int compare_hashes(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

static int new_list(size_t nr, struct mo_known *k, struct modulo_error *err)
{
	*k = (struct mo_known){ .list = true, .nr = nr };
	k->hash = calloc(nr + 1, sizeof(*k->hash));
	return k->hash ? 0 : mo_fail_nomem(err);
}

int mo_known_of_set(const struct mo_set *s, struct mo_known *out, struct modulo_error *err)
{
	int r;

	if (!s->list) {
		*out = (struct mo_known){ .levels = s->tree.levels };
		memcpy(out->root, s->tree.root, sizeof(out->root));
		return 0;
	}
	r = new_list(s->nr, out, err);
	memcpy(out->root, s->digest, sizeof(out->root));
	for (size_t i = 0; r == 0 && i < s->nr; i++)
		memcpy(out->hash[i], s->entry[s->by_sha256[i]].sha256, 32);
	return r;
}

void mo_known_root(const struct mo_known *k, struct modulo_root *out)
{
	*out = (struct modulo_root){ .list = k->list,
				     .levels = k->levels,
				     .modules = (uint32_t)k->nr };
	memcpy(out->hash, k->root, sizeof(out->hash));
}

static int read_section(struct mo_source *elf, struct mo_known *k, struct modulo_error *err)
{
	struct mo_image_section x;
	int r = mo_image_find(elf, &x, err);

	if (r < 0)
		return r;
	if (x.len % 32 || x.len > LIST_MAX)
		return mo_image_root(elf, &x, &k->levels, k->root, err);
	r = new_list((size_t)x.len / 32, k, err);
	r = r < 0 ? r : mo_hash_source(MO_SHA256, elf, x.off, x.len, k->root, err);
	r = r < 0 ? r : mo_source_read(elf, x.off, k->hash, (size_t)x.len, err);
	if (r == 0)
		qsort(k->hash, k->nr, 32, compare_hashes);
	return r;
}

static int open_kernel(const char *path, struct mo_kernel *k, struct modulo_error *err)
{
	int r = mo_source_file(path, &k->file, err);

	r = r < 0 ? r : mo_image_open(k->file, &k->image, err);
	if (r == 0 && k->image.elf)
		r = read_section(k->image.kernel, &k->known, err);
	k->search = !k->image.elf;
	return r < 0 ? r : mo_source_settle(k->file, err);
}

int mo_kernel_open(const char *path, struct mo_kernel *out, struct modulo_error *err)
{
	struct mo_kernel k = { 0 };
	int r = open_kernel(path, &k, err);

	if (r < 0) {
		mo_kernel_release(&k);
		return mo_blame(err, path, '/', r);
	}
	*out = k;
	return 0;
}

void mo_kernel_release(struct mo_kernel *k)
{
	mo_image_release(&k->image);
	mo_source_close(k->file);
	mo_known_release(&k->known);
	*k = (struct mo_kernel){ 0 };
}

struct candidate {
	unsigned levels;
	uint8_t root[32];
	size_t count;
};

static int compare_roots(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int c = memcmp(x->root, y->root, sizeof(x->root));

	return c ? c : (x->levels > y->levels) - (x->levels < y->levels);
}

static int compare_counts(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return x->count != y->count ? (x->count < y->count ? 1 : -1) : compare_roots(a, b);
}

/* The roots that proofs give, each once, the most frequent first; malloced. */
static struct candidate *gather(const struct mo_set *set, const struct mo_finding *f, size_t nr,
				size_t *out)
{
	struct candidate *c = calloc(nr + 1, sizeof(*c));
	size_t n = 0, to = 0;

	if (!c)
		return NULL;
	for (size_t i = 0; i < nr; i++) {
		if (!f[i].levels)
			continue;
		c[n].levels = f[i].levels;
		c[n].count = 1;
		memcpy(c[n++].root, f[i].root, 32);
	}
	if (set && !set->list) {
		c[n].levels = set->tree.levels;
		c[n].count = nr + 1;
		memcpy(c[n++].root, set->tree.root, 32);
	}
	qsort(c, n, sizeof(*c), compare_roots);
	for (size_t i = 0; i < n; i++) {
		if (to && compare_roots(&c[to - 1], &c[i]) == 0)
			c[to - 1].count += c[i].count;
		else
			c[to++] = c[i];
	}
	qsort(c, to, sizeof(*c), compare_counts);
	*out = to;
	return c;
}

/* In the image's byte order, which is not known: both are tried. */
static int is_there(const struct mo_image *i, const struct candidate *c, bool *has,
		    struct modulo_error *err)
{
	uint8_t bytes[MO_HASHES_TREE];
	int r = 0;

	*has = false;
	for (int big = 0; r == 0 && !*has && big < 2; big++) {
		mo_image_root_bytes(big, c->levels, c->root, bytes);
		r = mo_image_has(i, bytes, sizeof(bytes), has, err);
	}
	return r;
}

int mo_kernel_search(struct mo_kernel *k, const struct mo_set *set, const struct mo_finding *f,
		     size_t nr, struct modulo_error *err)
{
	_cleanup_free_ struct candidate *c = NULL;
	size_t n = 0;

	c = gather(set, f, nr, &n);
	if (!c)
		return mo_fail_nomem(err);
	for (size_t i = 0; i < n && i < SEARCH_MAX; i++) {
		bool has;
		int r = is_there(&k->image, &c[i], &has, err);

		if (r < 0)
			return r;
		if (!has)
			continue;
		k->known = (struct mo_known){ .levels = c[i].levels };
		memcpy(k->known.root, c[i].root, sizeof(k->known.root));
		k->search = false;
		return 0;
	}
	return mo_fail(err, MODULO_MISMATCH, MODULO_NO_OFFSET, "image.root",
		       "an image without a section table, in which none of the roots is that the "
		       "modules give (%zu)",
		       n);
}
