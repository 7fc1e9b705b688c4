/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A compressed block of zstd (RFC 8878 3.1.1.3), walked without decoding it:
 *
 *	literals header | [Huffman tree] | literals | number of sequences | modes | tables | bit
 *stream
 *
 * The bit streams are read to their last bit by any decoder. What decoders pass over is looked at
 *here: the bits that fill up a table's last byte, an odd weight's other half, two reserved bits,
 *and whatever stands behind a number of sequences that is zero.
 */
#include "codec/zstd.h"

#include "base/cursor.h"

struct block {
	struct mo_cursor c;
	uint64_t off;
	struct modulo_error *err;
};

static uint64_t here(const struct block *b)
{
	return b->off + b->c.at;
}

static int literals_fail(struct block *b)
{
	return mo_fail(b->err, MODULO_MALFORMED, here(b), "zstd.literals",
		       "a literals section that does not fit into its block");
}

static int sequences_fail(struct block *b)
{
	return mo_fail(b->err, MODULO_MALFORMED, here(b), "zstd.sequences",
		       "a sequences section that does not fit into its block");
}

static int table_fail(struct block *b)
{
	return mo_fail(b->err, MODULO_MALFORMED, here(b), "zstd.table", "a table that cannot be");
}

/* Bits of an FSE table description, the lowest first. Behind the end there are zeros, and bad is
 * set. */
struct bits {
	const uint8_t *p;
	size_t nr, at;
	bool bad;
};

static unsigned peek(const struct bits *s, unsigned n)
{
	unsigned v = 0;

	for (unsigned i = 0; i < n; i++) {
		size_t k = s->at + i;

		if (k < s->nr)
			v |= ((unsigned)s->p[k / 8] >> k % 8 & 1) << i;
	}
	return v;
}

static unsigned take(struct bits *s, unsigned n)
{
	unsigned v = peek(s, n);

	s->bad |= n > s->nr - s->at;
	s->at = s->bad ? s->nr : s->at + n;
	return v;
}

/*
 * A value in 0..max, where the smaller ones take a bit less: with n bits for max, those below
 * 2^n - 1 - max (RFC 8878 4.1.1).
 */
static unsigned take_value(struct bits *s, unsigned max)
{
	unsigned n = 32 - (unsigned)__builtin_clz(max), few = (1u << n) - 1 - max, v;

	v = peek(s, n - 1);
	if (v < few)
		return take(s, n - 1);
	v = take(s, n);
	return v >> (n - 1) ? v - few : v;
}

/* How many symbols a probability of zero is repeated for: twos of bits, each 3 followed by another.
 */
static unsigned take_repeat(struct bits *s)
{
	unsigned sum = 0, v;

	do {
		v = take(s, 2);
		sum += v;
	} while (v == 3 && !s->bad);
	return sum;
}

/* The probabilities of symbols 0..last add up to 2^accuracy; then the last byte is filled with
 * zeros. */
static int fse_table(struct block *b, size_t len, unsigned accuracy_max, unsigned last)
{
	struct bits s = { .p = b->c.p + b->c.at, .nr = len * 8 };
	unsigned accuracy = take(&s, 4) + 5, left, symbol = 0;

	if (s.bad || accuracy > accuracy_max)
		return table_fail(b);
	left = 1u << accuracy;
	while (left && symbol <= last && !s.bad) {
		/* 0 stands for "less than 1", which takes one point as 1 does */
		unsigned v = take_value(&s, left + 1);

		left -= v ? v - 1 : 1;
		symbol++;
		if (v == 1)
			symbol += take_repeat(&s);
	}
	if (s.bad || left || symbol > last + 1)
		return table_fail(b);
	if (take(&s, (unsigned)(8 - s.at % 8) % 8))
		return mo_fail(b->err, MODULO_UNSUPPORTED, here(b) + s.at / 8 - 1, "zstd.bits",
			       "the bits behind a table are not zero");
	mo_cur_take(&b->c, s.at / 8);
	return 0;
}

/* Weights, of four bits each, or compressed with a table of their own (RFC 8878 4.2.1). */
static int huffman_tree(struct block *b, size_t len)
{
	enum { DIRECT = 128, WEIGHT_ACCURACY_MAX = 6, WEIGHT_MAX = 11 };
	size_t begin = b->c.at, used;
	unsigned head = mo_cur_u8(&b->c);
	const uint8_t *p;
	int rc;

	used = 1 + (head < DIRECT ? head : (head - DIRECT + 2) / 2);
	if (b->c.bad || head == 0 || used > len)
		return literals_fail(b);
	if (head < DIRECT) {
		rc = fse_table(b, head, WEIGHT_ACCURACY_MAX, WEIGHT_MAX);
		if (rc)
			return rc;
		/* the weights' bit stream, and behind the tree the literals' */
		mo_cur_take(&b->c, begin + len - b->c.at);
		return 0;
	}
	p = mo_cur_take(&b->c, len - 1);
	if (p && (head - DIRECT) % 2 == 0 && p[used - 2] & 0x0f)
		return mo_fail(b->err, MODULO_UNSUPPORTED, b->off + begin + used - 1, "zstd.bits",
			       "the half byte behind a Huffman tree is not zero");
	return 0;
}

enum { RAW, RLE, COMPRESSED, TREELESS };

static int literals(struct block *b)
{
	unsigned first = b->c.at < b->c.len ? b->c.p[b->c.at] : 0, type = first & 3,
		 format = first >> 2 & 3;
	static const uint8_t plain_len[] = { 1, 2, 1, 3 }, plain_shift[] = { 3, 4, 3, 4 };
	static const uint8_t packed_len[] = { 3, 3, 4, 5 }, packed_bits[] = { 10, 10, 14, 18 };
	uint64_t v, size;
	int rc = 0;

	if (type == RAW || type == RLE) {
		size = mo_cur_uint(&b->c, plain_len[format]) >> plain_shift[format];
		mo_cur_take(&b->c, type == RLE ? 1 : (size_t)size);
	} else {
		v = mo_cur_uint(&b->c, packed_len[format]) >> 4;
		size = v >> packed_bits[format];
		if (b->c.bad || size == 0 || size > mo_cur_left(&b->c))
			return literals_fail(b);
		if (type == COMPRESSED)
			rc = huffman_tree(b, (size_t)size);
		else
			mo_cur_take(&b->c, (size_t)size);
	}
	if (rc)
		return rc;
	return b->c.bad ? literals_fail(b) : 0;
}

/* One byte below 128, two for what needs them, else three: a longer form could say zero, and hide a
 * bit stream. */
static int sequence_count(struct block *b, unsigned *nr)
{
	uint64_t at = here(b);
	unsigned first = mo_cur_u8(&b->c);

	if (first < 128)
		*nr = first;
	else if (first < 255)
		*nr = (first - 128) << 8 | mo_cur_u8(&b->c);
	else
		*nr = mo_cur_u16(&b->c) + 0x7f00u;
	if (b->c.bad)
		return sequences_fail(b);
	if (first >= 128 && *nr < 128)
		return mo_fail(b->err, MODULO_UNSUPPORTED, at, "zstd.sequences",
			       "a number of sequences in a longer form than it needs");
	return 0;
}

static int sequence_tables(struct block *b)
{
	enum { PREDEFINED, ONE_SYMBOL, FSE, REPEAT };
	/* literals lengths, offsets, match lengths (RFC 8878 3.1.1.3.2.1) */
	static const uint8_t accuracy_max[] = { 9, 8, 9 }, last[] = { 35, 31, 52 };
	uint64_t at = here(b);
	unsigned modes = mo_cur_u8(&b->c);

	if (modes & 3)
		return mo_fail(b->err, MODULO_MALFORMED, at, "zstd.reserved",
			       "reserved bits in the compression modes");
	for (unsigned i = 0; i < 3 && !b->c.bad; i++) {
		unsigned mode = modes >> (6 - 2 * i) & 3;
		int rc = 0;

		if (mode == ONE_SYMBOL)
			mo_cur_take(&b->c, 1);
		else if (mode == FSE)
			rc = fse_table(b, mo_cur_left(&b->c), accuracy_max[i], last[i]);
		if (rc)
			return rc;
	}
	return b->c.bad ? sequences_fail(b) : 0;
}

int mo_codec_zstd_block(const uint8_t *p, size_t len, uint64_t off, struct modulo_error *err)
{
	struct block b = { .c = mo_cur(p, len), .off = off, .err = err };
	unsigned nr = 0;
	int rc = literals(&b);

	if (!rc)
		rc = sequence_count(&b, &nr);
	if (rc)
		return rc;
	if (nr == 0) {
		if (mo_cur_left(&b.c))
			return mo_fail(err, MODULO_MALFORMED, here(&b), "zstd.sequences",
				       "bytes behind a block without sequences");
		return 0;
	}
	rc = sequence_tables(&b);
	if (!rc && mo_cur_left(&b.c) == 0)
		return sequences_fail(&b);
	return rc;
}
