/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables of zstd's entropy coders, FSE (RFC 8878 4.1) and Huffman (4.2), as far as one must
 * know them to tell where a bit stream ends.
 */
#include "codec/zstd.h"

#include <string.h>

enum { OK, WRONG, FILL }; /* what the readers return */
enum {
	FSE_LOG_MIN = 5,
	WEIGHT_MAX = MO_ZSTD_HUFFMAN_LOG_MAX,
	WEIGHT_LOG_MAX = 6,
	SYMBOLS_MAX = 64
};

static unsigned peek(const struct mo_zstd_bits *s, unsigned n)
{
	unsigned v = 0;

	for (unsigned i = 0; i < n; i++) {
		size_t k = s->at + i;

		if (k < s->nr)
			v |= ((unsigned)s->p[k / 8] >> k % 8 & 1) << i;
	}
	return v;
}

unsigned mo_codec_zstd_take(struct mo_zstd_bits *s, unsigned n)
{
	unsigned v = peek(s, n);

	s->bad |= n > s->nr - s->at;
	s->at = s->bad ? s->nr : s->at + n;
	return v;
}

bool mo_codec_zstd_open(struct mo_zstd_stream *s, const uint8_t *p, size_t len)
{
	if (len == 0 || p[len - 1] == 0)
		return false;
	s->p = p;
	s->len = len;
	s->left = 8 * (len - 1) + 31 - (unsigned)__builtin_clz(p[len - 1]);
	return true;
}

/* Where each symbol's states lie: spread over the table, those of less than 1 at its end. */
static void spread(struct mo_zstd_fse *t, const int16_t *probabilities, unsigned last)
{
	unsigned size = 1u << t->log, high = size, at = 0, step = (size >> 1) + (size >> 3) + 3;

	for (unsigned s = 0; s <= last; s++) {
		if (probabilities[s] < 0)
			t->of[--high].symbol = (uint8_t)s;
	}
	for (unsigned s = 0; s <= last; s++) {
		for (int i = 0; i < probabilities[s]; i++) {
			t->of[at].symbol = (uint8_t)s;
			do
				at = (at + step) & (size - 1);
			while (at >= high);
		}
	}
}

void mo_codec_zstd_fse_build(struct mo_zstd_fse *t, unsigned log, const int16_t *probabilities,
			     unsigned last)
{
	uint16_t next[SYMBOLS_MAX];
	unsigned size = 1u << log;

	t->set = true;
	t->log = log;
	spread(t, probabilities, last);
	for (unsigned s = 0; s <= last; s++)
		next[s] = probabilities[s] < 0 ? 1 : (uint16_t)probabilities[s];
	for (unsigned i = 0; i < size; i++) {
		unsigned x = next[t->of[i].symbol]++;
		unsigned bits = log - (31 - (unsigned)__builtin_clz(x));

		t->of[i].bits = (uint8_t)bits;
		t->of[i].base = (uint16_t)((x << bits) - size);
	}
}

void mo_codec_zstd_fse_single(struct mo_zstd_fse *t, uint8_t symbol)
{
	t->set = true;
	t->log = 0;
	t->of[0].symbol = symbol;
	t->of[0].bits = 0;
	t->of[0].base = 0;
}

/*
 * A value in 0..max, where the smaller ones take a bit less: with n bits for max, those below
 * 2^n - 1 - max.
 */
static unsigned take_value(struct mo_zstd_bits *s, unsigned max)
{
	unsigned n = 32 - (unsigned)__builtin_clz(max), few = (1u << n) - 1 - max,
		 v = peek(s, n - 1);

	if (v < few)
		return mo_codec_zstd_take(s, n - 1);
	v = mo_codec_zstd_take(s, n);
	return v >> (n - 1) ? v - few : v;
}

/* Behind a probability of zero: how many more of them, two bits each time, 3 if another follows. */
static unsigned take_zeros(struct mo_zstd_bits *s)
{
	unsigned sum = 0, v;

	do {
		v = mo_codec_zstd_take(s, 2);
		sum += v;
	} while (v == 3 && !s->bad);
	return sum;
}

int mo_codec_zstd_fse_read(struct mo_zstd_fse *t, const uint8_t *p, size_t len, unsigned log_max,
			   unsigned last, size_t *used)
{
	struct mo_zstd_bits s = { .p = p, .nr = len * 8 };
	unsigned log = mo_codec_zstd_take(&s, 4) + FSE_LOG_MIN, left, symbol = 0;
	int16_t probabilities[SYMBOLS_MAX] = { 0 };

	if (s.bad || log > log_max)
		return WRONG;
	left = 1u << log;
	while (left && symbol <= last && !s.bad) {
		/* 0: less than 1, which takes one place as 1 does */
		unsigned v = take_value(&s, left + 1);

		probabilities[symbol++] = (int16_t)((int)v - 1);
		left -= v ? v - 1 : 1;
		if (v == 1)
			symbol += take_zeros(&s);
	}
	if (s.bad || left || symbol > last + 1)
		return WRONG;
	mo_codec_zstd_fse_build(t, log, probabilities, last);
	if (mo_codec_zstd_take(&s, (unsigned)(8 - s.at % 8) % 8))
		return FILL;
	*used = s.at / 8;
	return OK;
}

/* What a tree description is read into: how many symbols have each weight, the last one left out.
 */
struct weights {
	unsigned nr, of[WEIGHT_MAX + 1];
};

static bool add_weight(struct weights *w, unsigned v)
{
	if (v > WEIGHT_MAX || w->nr == UINT8_MAX)
		return false;
	w->of[v]++;
	w->nr++;
	return true;
}

/*
 * Two states take turns. They end where one would have to be updated and no bit is left for it; the
 * other then gives the last weight. A bit that is left but not enough for the update would be read
 * by nobody.
 */
static int weights_by_fse(struct weights *w, const uint8_t *p, size_t len)
{
	struct mo_zstd_fse t;
	struct mo_zstd_stream s;
	uint32_t state[2], more;
	size_t used;
	int rc = mo_codec_zstd_fse_read(&t, p, len, WEIGHT_LOG_MAX, WEIGHT_MAX, &used);

	if (rc)
		return rc;
	if (!mo_codec_zstd_open(&s, p + used, len - used) ||
	    !mo_codec_zstd_read(&s, t.log, &state[0]) || !mo_codec_zstd_read(&s, t.log, &state[1]))
		return WRONG;
	for (unsigned i = 0;; i ^= 1) {
		unsigned k = state[i];

		if (!add_weight(w, t.of[k].symbol))
			return WRONG;
		if (t.of[k].bits > s.left)
			return s.left == 0 && add_weight(w, t.of[state[i ^ 1]].symbol) ? OK : WRONG;
		mo_codec_zstd_read(&s, t.of[k].bits, &more);
		state[i] = t.of[k].base + more;
	}
}

/* Four bits each, the first in a byte's upper half. */
static int weights_by_nibbles(struct weights *w, const uint8_t *p, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		if (!add_weight(w, i % 2 ? p[i / 2] & 15 : p[i / 2] >> 4))
			return WRONG;
	}
	return nr % 2 && p[nr / 2] & 15 ? FILL : OK;
}

/* The last symbol's weight fills up the sum of 2^(weight-1) to a power of two. */
static bool build(struct mo_zstd_huffman *h, struct weights *w)
{
	unsigned sum = 0, rest, at = 0, nr = 0;

	for (unsigned v = 1; v <= WEIGHT_MAX; v++)
		sum += w->of[v] << (v - 1);
	if (sum == 0)
		return false;
	h->log = 32 - (unsigned)__builtin_clz(sum);
	if (h->log > MO_ZSTD_HUFFMAN_LOG_MAX)
		return false;
	rest = (1u << h->log) - sum;
	if (rest & (rest - 1))
		return false;
	w->of[(unsigned)__builtin_ctz(rest) + 1]++;
	for (unsigned v = 1; v <= h->log; v++) {
		nr = w->of[v] << (v - 1);
		memset(h->bits + at, (int)(h->log + 1 - v), nr);
		at += nr;
	}
	h->set = true;
	return true;
}

int mo_codec_zstd_huffman_read(struct mo_zstd_huffman *h, const uint8_t *p, size_t len,
			       size_t *used)
{
	enum { NIBBLES = 128 };
	struct weights w = { 0 };
	unsigned head = len ? p[0] : 0;
	size_t need = 1 + (head < NIBBLES ? head : (head - NIBBLES + 2) / 2);
	int rc;

	if (head == 0 || need > len)
		return WRONG;
	if (head < NIBBLES)
		rc = weights_by_fse(&w, p + 1, head);
	else
		rc = weights_by_nibbles(&w, p + 1, head - NIBBLES + 1);
	if (rc == OK && !build(h, &w))
		rc = WRONG;
	*used = need;
	return rc;
}
