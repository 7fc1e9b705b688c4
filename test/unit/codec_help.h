/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams in memory, decoded, encoded and refused. */
#ifndef TEST_CODEC_HELP_H
#define TEST_CODEC_HELP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/internal.h"

struct memory_sink {
	struct mo_sink sink;
	struct mo_buf buf;
};

static inline int memory_write(struct mo_sink *k, const void *p, size_t len,
			       struct modulo_error *err)
{
	(void)err;
	mo_buf_add(&((struct memory_sink *)k)->buf, p, len);
	return 0;
}

static inline struct mo_source *memory(const void *p, size_t len)
{
	struct mo_source *s = NULL;

	if (mo_source_memory(p, len, &s, NULL))
		abort();
	return s;
}

/* What a decode said and gave. */
struct decoded {
	int rc;
	struct modulo_error err;
	struct mo_buf content, params;
};

static inline void decoded_release(struct decoded *d)
{
	mo_buf_release(&d->content);
	mo_buf_release(&d->params);
}

static inline struct decoded decode_max(const struct mo_codec *c, const void *p, size_t len,
					uint64_t max)
{
	struct mo_source _cleanup_source_ *s = memory(p, len);
	struct memory_sink k = { .sink = { .write = memory_write } };
	struct mo_codec_info info = { 0 };
	struct decoded d = { 0 };

	d.rc = c->decode(s, max, &k.sink, &info, &d.err);
	d.content = k.buf;
	d.params = info.params;
	if (d.rc == 0 && info.decoded_len != k.buf.len)
		abort();
	if (d.rc && info.params.data)
		abort();
	return d;
}

static inline struct decoded decode(const struct mo_codec *c, const struct mo_buf *b)
{
	return decode_max(c, b->data, b->len, UINT64_C(1) << 40);
}

/* The refusal id, "" where it decodes; *at: the offset */
static inline const char *refusal_at(const struct mo_codec *c, const struct mo_buf *b, int *rc,
				     uint64_t *at)
{
	static char id[32];
	struct decoded d = decode(c, b);

	memcpy(id, d.err.id, sizeof(id));
	*rc = d.rc;
	*at = d.err.offset;
	decoded_release(&d);
	return id;
}

#define refused(codec, buf, code, id_)                                                             \
	do {                                                                                       \
		int rc_;                                                                           \
		uint64_t at_;                                                                      \
		ok_str(refusal_at(codec, buf, &rc_, &at_), id_);                                   \
		ok(rc_ == (code));                                                                 \
	} while (0)

#define refused_at(codec, buf, code, id_, off)                                                     \
	do {                                                                                       \
		int rc_;                                                                           \
		uint64_t at_;                                                                      \
		ok_str(refusal_at(codec, buf, &rc_, &at_), id_);                                   \
		ok(rc_ == (code));                                                                 \
		if (at_ != (off))                                                                  \
			printf("# at %llu\n", (unsigned long long)at_);                            \
		ok(at_ == (off));                                                                  \
	} while (0)

/* dec encoded with that encoder; empty where it failed, with err as the codec filled it */
static inline struct mo_buf encode(const struct mo_codec *c, const char *token, const char *params,
				   const void *p, size_t len, struct modulo_error *err)
{
	struct mo_source _cleanup_source_ *s = memory(p, len);
	struct memory_sink k = { .sink = { .write = memory_write } };

	memset(err, 0, sizeof(*err));
	if (c->encode(s, token, params, &k.sink, err))
		mo_buf_release(&k.buf);
	return k.buf;
}

static inline bool same_bytes(const struct mo_buf *b, const void *p, size_t len)
{
	return b->len == len && (len == 0 || memcmp(b->data, p, len) == 0);
}

/*
 * Letters of uneven frequency, always the same, and in them things that stood once before, never
 * twice: else a flipped bit of a match could lead to its equal, and change nothing.
 */
static inline void make_text(struct mo_buf *b, size_t len)
{
	static const char letters[] =
		"eeeeeeeettttttaaaaooooiiinnnsshhrrdlucmfwypvbgkjqxz0123456789 -_";
	enum { FRESH = 40, AGAIN = 12, BACK = 3 };
	uint32_t x = 12345;

	for (size_t i = 0; b->len < len; i++) {
		for (size_t k = 0; k < FRESH + i % 7; k++) {
			x = x * 1103515245 + 12345;
			mo_buf_chr(b, letters[x >> 16 & 63]);
		}
		if (i >= BACK && i % 2) {
			char again[AGAIN];

			memcpy(again, b->data + b->len - BACK * FRESH, AGAIN - i % 5);
			mo_buf_add(b, again, AGAIN - i % 5);
		}
	}
	b->len = len;
}

static inline void le(struct mo_buf *b, uint64_t v, size_t len)
{
	for (size_t i = 0; i < len; i++)
		mo_buf_chr(b, (char)(v >> 8 * i));
}

static inline struct mo_buf copy(const struct mo_buf *b)
{
	struct mo_buf c = { 0 };

	mo_buf_add(&c, b->data, b->len);
	return c;
}

/* Every bit flipped (see BIT_STEP): how many changes go unseen. where: the offsets of the bytes, up
 * to nr. */
static inline size_t blind_flips(const struct mo_codec *c, const struct mo_buf *b)
{
	struct decoded good = decode(c, b);
	struct mo_buf f = copy(b);
	size_t blind = 0;

	for (size_t bit = 0; bit < b->len * 8; bit += BIT_STEP) {
		struct decoded d;

		f.data[bit / 8] = (char)(f.data[bit / 8] ^ 1 << bit % 8);
		d = decode(c, &f);
		if (d.rc == 0 && same_bytes(&d.content, good.content.data, good.content.len) &&
		    same_bytes(&d.params, good.params.data, good.params.len)) {
			printf("# byte %zu, bit %zu: nobody sees it\n", bit / 8, bit % 8);
			blind++;
		}
		decoded_release(&d);
		f.data[bit / 8] = b->data[bit / 8];
	}
	mo_buf_release(&f);
	if (good.rc)
		blind = SIZE_MAX;
	decoded_release(&good);
	return blind;
}

/* Every beginning of a stream is refused as malformed. */
static inline size_t accepted_cuts(const struct mo_codec *c, const struct mo_buf *b)
{
	size_t accepted = 0;

	for (size_t n = 0; n < b->len; n++) {
		struct decoded d = decode_max(c, b->data, n, UINT64_C(1) << 40);

		accepted += d.rc != MODULO_MALFORMED;
		decoded_release(&d);
	}
	return accepted;
}

#endif
