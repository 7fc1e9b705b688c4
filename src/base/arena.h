/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One arena holds what belongs to one artifact, and dies at once. Zeroed ({ 0 }) it is empty and
 * ready. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct mo_arena {
	struct mo_arena_block *head;
};

/* NULL when out of memory. The memory is zeroed, aligned for any type, and lives until the release.
 */
void *mo_arena_alloc(struct mo_arena *a, size_t len) __attribute__((malloc));
/* nr * size with an overflow check. */
void *mo_arena_array(struct mo_arena *a, size_t nr, size_t size) __attribute__((malloc));
/* A copy of len bytes with a NUL behind them. */
char *mo_arena_dup(struct mo_arena *a, const void *p, size_t len) __attribute__((malloc));
void mo_arena_release(struct mo_arena *a);

#endif
