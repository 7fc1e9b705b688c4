/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

struct mo_arena_block {
	struct mo_arena_block *next;
	size_t used, size;
	alignas(max_align_t) char data[];
};

#define BLOCK_SIZE 4000

void *mo_arena_alloc(struct mo_arena *a, size_t len)
{
	struct mo_arena_block *b = a->head;
	const size_t align = alignof(max_align_t);
	size_t size;
	void *p;

	if (len > SIZE_MAX / 2)
		return NULL;
	len = (len + align - 1) / align * align;
	if (!b || b->size - b->used < len) {
		size = len > BLOCK_SIZE ? len : BLOCK_SIZE;
		b = calloc(1, sizeof(*b) + size);
		if (!b)
			return NULL;
		b->size = size;
		/* A large piece gets a block of its own, behind the head that still has room. */
		if (a->head && len > BLOCK_SIZE / 4) {
			b->next = a->head->next;
			a->head->next = b;
		} else {
			b->next = a->head;
			a->head = b;
		}
	}
	p = b->data + b->used;
	b->used += len;
	return p;
}

void *mo_arena_array(struct mo_arena *a, size_t nr, size_t size)
{
	size_t len;

	return __builtin_mul_overflow(nr, size, &len) ? NULL : mo_arena_alloc(a, len);
}

char *mo_arena_dup(struct mo_arena *a, const void *p, size_t len)
{
	char *copy = len < SIZE_MAX ? mo_arena_alloc(a, len + 1) : NULL;

	if (copy && len)
		memcpy(copy, p, len);
	return copy;
}

void mo_arena_release(struct mo_arena *a)
{
	struct mo_arena_block *next;

	for (struct mo_arena_block *b = a->head; b; b = next) {
		next = b->next;
		free(b);
	}
	a->head = NULL;
}
