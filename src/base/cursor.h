/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading untrusted bytes in memory: read a whole header, then check once. A read beyond the end
 * yields zeros and sets bad, which stays set.
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mo_cursor {
	const uint8_t *p;
	size_t len, at;
	bool bad;
	bool big; /* what mo_cur_u16() and wider use; settable */
};

static inline struct mo_cursor mo_cur(const void *p, size_t len)
{
	return (struct mo_cursor){ .p = p, .len = len };
}

/* A view of the next len bytes, or NULL and bad. */
static inline const uint8_t *mo_cur_take(struct mo_cursor *c, size_t len)
{
	if (c->bad || len > c->len - c->at) {
		c->bad = true;
		return NULL;
	}
	c->at += len;
	return c->p + c->at - len;
}

static inline uint64_t mo_cur_uint(struct mo_cursor *c, size_t len)
{
	const uint8_t *p = mo_cur_take(c, len);
	uint64_t v = 0;

	for (size_t i = 0; p && i < len; i++)
		v = v << 8 | p[c->big ? i : len - 1 - i];
	return v;
}

static inline uint8_t mo_cur_u8(struct mo_cursor *c)
{
	return (uint8_t)mo_cur_uint(c, 1);
}

static inline uint16_t mo_cur_u16(struct mo_cursor *c)
{
	return (uint16_t)mo_cur_uint(c, 2);
}

static inline uint32_t mo_cur_u32(struct mo_cursor *c)
{
	return (uint32_t)mo_cur_uint(c, 4);
}

static inline uint64_t mo_cur_u64(struct mo_cursor *c)
{
	return mo_cur_uint(c, 8);
}

static inline size_t mo_cur_left(const struct mo_cursor *c)
{
	return c->bad ? 0 : c->len - c->at;
}

#endif
