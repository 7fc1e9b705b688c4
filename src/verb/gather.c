/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verb/compare.h"

#include <string.h>

#include "verb/public.h"

struct mo_gather {
	struct modulo_comparison result; /* first: the caller's pointer is ours */
	struct mo_arena arena;
	struct modulo_group *group;
	struct modulo_derived *derived;
	struct modulo_difference *difference;
	size_t max_groups, max_derived, max_differences;
};

int mo_gather_new(struct mo_gather **out, struct modulo_error *err)
{
	struct mo_gather *g = calloc(1, sizeof(*g));

	if (!g)
		return mo_fail_nomem(err);
	g->result.level = MODULO_IDENTICAL;
	*out = g;
	return 0;
}

struct modulo_comparison *mo_gather_result(struct mo_gather *g)
{
	return &g->result;
}

MODULO_API void modulo_comparison_free(struct modulo_comparison *c)
{
	struct mo_gather *g = (struct mo_gather *)c;

	if (!g)
		return;
	mo_arena_release(&g->arena);
	free(g->group);
	free(g->derived);
	free(g->difference);
	free(g);
}

static const char *copy(struct mo_gather *g, const char *s, bool *failed)
{
	const char *c = s ? mo_arena_dup(&g->arena, s, strlen(s)) : NULL;

	*failed |= s && !c;
	return c;
}

/* Room for one more in a malloced array; false when out of memory. */
static bool more(void **array, size_t nr, size_t *max, size_t size)
{
	size_t want = *max ? *max * 2 : 32;
	void *p;

	if (nr < *max)
		return true;
	p = reallocarray(*array, want, size);
	if (!p)
		return false;
	*array = p;
	*max = want;
	return true;
}

int mo_gather_difference(struct mo_gather *g, const struct modulo_difference *d,
			 struct modulo_error *err)
{
	struct modulo_difference *slot;
	bool failed = false;

	if (!more((void **)&g->difference, g->result.nr_differences, &g->max_differences,
		  sizeof(*slot)))
		return mo_fail_nomem(err);
	slot = &g->difference[g->result.nr_differences];
	*slot = *d;
	slot->path = copy(g, d->path, &failed);
	slot->path_b = copy(g, d->path_b, &failed);
	slot->what = copy(g, d->what, &failed);
	slot->text = copy(g, d->text, &failed);
	slot->place = copy(g, d->place, &failed);
	if (failed)
		return mo_fail_nomem(err);
	g->result.nr_differences++;
	g->result.level = MO_MIN(g->result.level, d->level);
	return 0;
}

static int group_order(const void *pa, const void *pb)
{
	const struct modulo_group *a = pa, *b = pb;
	int r = a->side - b->side;

	r = r ? r : strcmp(a->kind, b->kind);
	r = r ? r : (int)a->status - (int)b->status;
	r = r ? r : strcmp(a->name, b->name);
	r = r ? r : strcmp(a->algorithm, b->algorithm);
	r = r ? r : strcmp(a->hash, b->hash);
	r = r ? r : (a->certificate != NULL) - (b->certificate != NULL);
	return r || !a->certificate ? r : memcmp(a->certificate, b->certificate, 32);
}

int mo_gather_signature(struct mo_gather *g, char side, const struct mo_signature *s,
			const struct mo_judged *j, struct modulo_error *err)
{
	struct mo_arena scratch = { 0 };
	struct modulo_group key = {
		.side = side,
		.kind = s->form->signature,
		.algorithm = mo_public_algorithm(&s->parsed),
		.hash = mo_alg_name(s->parsed.hash),
		.name = mo_public_signer(&scratch, &s->parsed, j),
		.certificate = j->cert ? j->cert->sha256 : NULL,
		.status = mo_public_status(j->status),
		.count = 1,
	};
	struct modulo_comparison *c = &g->result;
	bool failed = false;
	int r = 0;

	c->signatures++;
	c->verified += key.status == MODULO_VERIFIED;
	c->invalid += key.status == MODULO_INVALID;
	c->unvouched += s->parsed.kind != MO_EL_PROOF && s->parsed.cms.unsigned_attrs.len;
	for (size_t i = 0; key.name && i < c->nr_groups; i++) {
		if (group_order(&g->group[i], &key) == 0) {
			g->group[i].count++;
			goto out;
		}
	}
	if (!key.name || !more((void **)&g->group, c->nr_groups, &g->max_groups, sizeof(key))) {
		r = mo_fail_nomem(err);
		goto out;
	}
	/* What the key points to dies with the forms, the keyring and the member. */
	key.kind = copy(g, key.kind, &failed);
	key.name = copy(g, key.name, &failed);
	if (key.certificate)
		key.certificate = (const uint8_t *)mo_arena_dup(&g->arena, key.certificate, 32);
	if (failed || (j->cert && !key.certificate))
		r = mo_fail_nomem(err);
	else
		g->group[c->nr_groups++] = key;
out:
	mo_arena_release(&scratch);
	return r;
}

int mo_gather_derived(struct mo_gather *g, const char *form, const char *expression, uint64_t a,
		      uint64_t b, uint64_t differ, struct modulo_error *err)
{
	struct modulo_comparison *c = &g->result;
	bool failed = false;
	size_t i = 0;

	while (i < c->nr_derived &&
	       (strcmp(g->derived[i].form, form) || strcmp(g->derived[i].expression, expression)))
		i++;
	if (i == c->nr_derived) {
		if (!more((void **)&g->derived, i, &g->max_derived, sizeof(*g->derived)))
			return mo_fail_nomem(err);
		g->derived[i] =
			(struct modulo_derived){ .form = copy(g, form, &failed),
						 .expression = copy(g, expression, &failed) };
		if (failed)
			return mo_fail_nomem(err);
		c->nr_derived++;
	}
	g->derived[i].count_a += a;
	g->derived[i].count_b += b;
	g->derived[i].differ += differ;
	return 0;
}

static int derived_order(const void *pa, const void *pb)
{
	const struct modulo_derived *a = pa, *b = pb;
	int r = strcmp(a->form, b->form);

	return r ? r : strcmp(a->expression, b->expression);
}

void mo_gather_finish(struct mo_gather *g)
{
	if (g->result.nr_groups)
		qsort(g->group, g->result.nr_groups, sizeof(*g->group), group_order);
	if (g->result.nr_derived)
		qsort(g->derived, g->result.nr_derived, sizeof(*g->derived), derived_order);
	g->result.group = g->group;
	g->result.derived = g->derived;
	g->result.difference = g->difference;
	if (g->result.invalid)
		g->result.level = MODULO_DIFFERENT;
}
