/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/set.h"

#include <string.h>

#include "hash/hash.h"

int mo_set_init(struct mo_set *s, bool list, uint32_t nr, struct modulo_error *err)
{
	if (nr > MO_MERKLE_LEAVES_MAX)
		return mo_fail(err, MODULO_LIMIT, MODULO_NO_OFFSET, "merkle.leaves",
			       "%u modules, over %u", nr, MO_MERKLE_LEAVES_MAX);
	s->list = list;
	s->nr = nr;
	s->entry = mo_arena_array(&s->arena, nr + (size_t)1, sizeof(*s->entry));
	return s->entry ? 0 : mo_fail_nomem(err);
}

void mo_set_release(struct mo_set *s)
{
	mo_merkle_tree_release(&s->tree);
	free(s->by_sha256);
	mo_arena_release(&s->arena);
	*s = (struct mo_set){ 0 };
}

static int compare_digests(const void *a, const void *b, void *ctx)
{
	const struct mo_set *s = ctx;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int c = memcmp(s->entry[x].sha256, s->entry[y].sha256, sizeof(s->entry[x].sha256));

	return c ? c : (x > y) - (x < y);
}

static int hash_list(struct mo_set *s, struct modulo_error *err)
{
	_cleanup_hash_ struct mo_hash h = { 0 };

	mo_hash_init(&h, MO_SHA256);
	for (uint32_t i = 0; i < s->nr; i++)
		mo_hash_update(&h, s->entry[i].sha256, sizeof(s->entry[i].sha256));
	return mo_hash_final(&h, s->digest, err);
}

static int make_tree(struct mo_set *s, struct modulo_error *err)
{
	_cleanup_free_ uint8_t(*leaf)[MO_MERKLE_HASH] = calloc(s->nr + (size_t)1, sizeof(*leaf));

	if (!leaf)
		return mo_fail_nomem(err);
	for (uint32_t i = 0; i < s->nr; i++)
		memcpy(leaf[i], s->entry[i].leaf, sizeof(*leaf));
	return mo_merkle_tree_make((const uint8_t(*)[MO_MERKLE_HASH])leaf, s->nr, &s->tree, err);
}

int mo_set_finish(struct mo_set *s, struct modulo_error *err)
{
	s->by_sha256 = calloc(s->nr + (size_t)1, sizeof(*s->by_sha256));
	if (!s->by_sha256)
		return mo_fail_nomem(err);
	for (uint32_t i = 0; i < s->nr; i++)
		s->by_sha256[i] = i;
	qsort_r(s->by_sha256, s->nr, sizeof(*s->by_sha256), compare_digests, s);
	return s->list ? hash_list(s, err) : make_tree(s, err);
}

unsigned mo_path_tail(const char *a, const char *b)
{
	const char *x = a + strlen(a), *y = b + strlen(b);
	unsigned names = 0;

	for (;;) {
		if (x == a || y == b)
			return names + ((x == a || x[-1] == '/') && (y == b || y[-1] == '/') &&
					(*x && *x != '/'));
		if (x[-1] != y[-1])
			return names;
		x--;
		y--;
		names += *x == '/';
	}
}

uint32_t mo_set_by_content(const struct mo_set *s, const uint8_t sha256[32], const char *path)
{
	uint32_t lo = 0, hi = s->nr, best = MO_SET_NONE;
	unsigned names = 0;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (memcmp(s->entry[s->by_sha256[mid]].sha256, sha256, 32) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < s->nr && memcmp(s->entry[s->by_sha256[lo]].sha256, sha256, 32) == 0; lo++) {
		unsigned n = mo_path_tail(s->entry[s->by_sha256[lo]].path, path);

		if (best == MO_SET_NONE || n > names) {
			best = s->by_sha256[lo];
			names = n;
		}
	}
	return best;
}

uint32_t mo_set_by_path(const struct mo_set *s, const char *path)
{
	uint32_t best = MO_SET_NONE;
	unsigned names = 0;

	for (uint32_t i = 0; i < s->nr; i++) {
		unsigned n = mo_path_tail(s->entry[i].path, path);

		if (n > names) {
			best = i;
			names = n;
		}
	}
	return best;
}
