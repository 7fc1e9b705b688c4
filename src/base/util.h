/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small things that every room uses: cleanup, sizes, checked arithmetic, byte order. */
#ifndef BASE_UTIL_H
#define BASE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define MO_NR(a)     (sizeof(a) / sizeof((a)[0]))
#define MO_MIN(a, b) ((a) < (b) ? (a) : (b))
#define MO_MAX(a, b) ((a) > (b) ? (a) : (b))

#define _cleanup_(fn)	__attribute__((cleanup(fn)))
#define _cleanup_free_	_cleanup_(mo_freep)
#define _cleanup_close_ _cleanup_(mo_closep)
#define _must_check_	__attribute__((warn_unused_result))

/* Hands a pointer over: the variable is NULL afterwards, so that its cleanup does nothing. */
#define MO_TAKE(p)                                                                                 \
	({                                                                                         \
		__typeof__(p) taken_ = (p);                                                        \
		(p) = NULL;                                                                        \
		taken_;                                                                            \
	})

static inline void mo_freep(void *p)
{
	void *q = *(void **)p;

	free(q);
}

static inline void mo_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* false where the result does not fit; *out is then not to be used */
static inline _must_check_ bool mo_add(uint64_t a, uint64_t b, uint64_t *out)
{
	return !__builtin_add_overflow(a, b, out);
}

static inline _must_check_ bool mo_mul(uint64_t a, uint64_t b, uint64_t *out)
{
	return !__builtin_mul_overflow(a, b, out);
}

static inline uint32_t mo_get_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void mo_put_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static inline uint32_t mo_get_le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline void mo_put_le32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

#endif
