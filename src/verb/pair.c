/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verb/compare.h"

#include <string.h>

#include "codec/codec.h"

struct pairing {
	const struct mo_artifact *a, *b;
	struct mo_pair *pair;
	size_t nr;
};

static size_t next_chosen(const struct mo_artifact *a, size_t i)
{
	while (i < a->nr && !a->chosen[i])
		i++;
	return i;
}

static void merge(struct pairing *p)
{
	size_t i = next_chosen(p->a, 0), k = next_chosen(p->b, 0);

	while (i < p->a->nr || k < p->b->nr) {
		int order = i == p->a->nr ? 1
			    : k == p->b->nr
				    ? -1
				    : mo_path_order(p->a->entry[i].path, p->b->entry[k].path);

		p->pair[p->nr++] = (struct mo_pair){ order <= 0 ? i : MO_NONE,
						     order >= 0 ? k : MO_NONE, false };
		if (order <= 0)
			i = next_chosen(p->a, i + 1);
		if (order >= 0)
			k = next_chosen(p->b, k + 1);
	}
}

/* A pair that only side B has: its place, and the entry, which outlives the pair's being taken. */
struct lonely {
	size_t pair, entry;
};

/* The lonely pair whose entry has that path, by bisection in what merge() left in order; NULL:
 * none, or taken. */
static struct mo_pair *find_lonely_b(struct pairing *p, const struct lonely *index, size_t nr,
				     const char *path)
{
	size_t lo = 0, hi = nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		struct mo_pair *q = &p->pair[index[mid].pair];
		const struct mo_entry *e = &p->b->entry[index[mid].entry];
		int order = mo_path_order(e->path, path);

		if (order == 0)
			return q->b != MO_NONE && e->type == MO_FILE ? q : NULL;
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* x of A with x.xz of B, or x.xz of A with x of B, or x.xz with x.gz. */
static struct mo_pair *find_renamed(struct pairing *p, const struct lonely *index, size_t nr,
				    const char *path)
{
	char name[4352];
	const struct mo_codec *c;
	struct mo_pair *q = NULL;
	size_t len = strlen(path), stem = len;

	if (len + 8 >= sizeof(name))
		return NULL;
	for (unsigned i = 0; (c = mo_codec_nth(i)); i++) {
		size_t n = strlen(c->suffix);

		if (len > n && strcmp(path + len - n, c->suffix) == 0)
			stem = len - n;
	}
	memcpy(name, path, stem);
	name[stem] = '\0';
	if (stem != len)
		q = find_lonely_b(p, index, nr, name);
	for (unsigned i = 0; !q && (c = mo_codec_nth(i)); i++) {
		strcpy(name + stem, c->suffix);
		q = find_lonely_b(p, index, nr, name);
	}
	return q;
}

static int join_renamed(struct pairing *p, struct modulo_error *err)
{
	_cleanup_free_ struct lonely *index = calloc(p->nr + 1, sizeof(*index));
	size_t nr = 0, kept = 0;

	if (!index)
		return mo_fail_nomem(err);
	for (size_t i = 0; i < p->nr; i++)
		if (p->pair[i].a == MO_NONE)
			index[nr++] = (struct lonely){ i, p->pair[i].b };
	for (size_t i = 0; nr && i < p->nr; i++) {
		struct mo_pair *q, *one = &p->pair[i];

		if (one->a == MO_NONE || one->b != MO_NONE || p->a->entry[one->a].type != MO_FILE)
			continue;
		q = find_renamed(p, index, nr, p->a->entry[one->a].path);
		if (!q)
			continue;
		one->b = q->b;
		one->renamed = true;
		q->b = MO_NONE; /* taken: dropped below */
	}
	for (size_t i = 0; i < p->nr; i++)
		if (p->pair[i].a != MO_NONE || p->pair[i].b != MO_NONE)
			p->pair[kept++] = p->pair[i];
	p->nr = kept;
	return 0;
}

int mo_pair_members(const struct mo_artifact *a, const struct mo_artifact *b, struct mo_pair **out,
		    size_t *nr, struct modulo_error *err)
{
	struct pairing p = { a, b, calloc(a->nr + b->nr + 1, sizeof(*p.pair)), 0 };
	int r;

	if (!p.pair)
		return mo_fail_nomem(err);
	merge(&p);
	r = join_renamed(&p, err);
	if (r < 0) {
		free(p.pair);
		return r;
	}
	*out = p.pair;
	*nr = p.nr;
	return 0;
}
