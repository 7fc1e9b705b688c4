/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A compressed block of zstd (RFC 8878 3.1.1.3), walked without decoding it:
 *
 *	literals header | [Huffman tree] | literals | number of sequences | modes | tables | bit
 *stream
 *
 * Decoders pass over bits, libzstd 1.5.4 for one over those that fill up a table's last byte, an
 *odd weight's other half, and some behind the last symbol or sequence of a bit stream; and over
 *whatever follows a number of sequences that is zero. So the walk counts every symbol's bits, and
 *each stream must end with its last one.
 */
#include "codec/zstd.h"

#include "base/cursor.h"

struct block {
	struct mo_cursor c;
	struct mo_zstd_tables *t;
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

static int stream_fail(struct block *b)
{
	return mo_fail(b->err, MODULO_MALFORMED, here(b), "zstd.stream",
		       "a bit stream that does not end with its last symbol");
}

static int table_fail(struct block *b, int why)
{
	if (why == 1)
		return mo_fail(b->err, MODULO_MALFORMED, here(b), "zstd.table",
			       "a table that cannot be");
	return mo_fail(b->err, MODULO_UNSUPPORTED, here(b), "zstd.bits",
		       "the bits that fill up a table are not zero");
}

static bool huffman_stream(const struct mo_zstd_huffman *h, const uint8_t *p, size_t len,
			   size_t symbols)
{
	struct mo_zstd_stream s;

	if (!mo_codec_zstd_open(&s, p, len))
		return false;
	while (symbols--) {
		if (!mo_codec_zstd_skip(&s, h->bits[mo_codec_zstd_peek(&s, h->log)]))
			return false;
	}
	return s.left == 0;
}

/* Four streams of as many symbols each, but for the last; the sizes of three stand before them. */
static bool four_streams(const struct mo_zstd_huffman *h, const uint8_t *p, size_t len,
			 size_t symbols)
{
	enum { JUMP_LEN = 6 };
	struct mo_cursor c = mo_cur(p, len);
	size_t each = (symbols + 3) / 4, lens[4] = { 0 };

	for (int i = 0; i < 3; i++)
		lens[i] = mo_cur_u16(&c);
	if (c.bad || lens[0] + lens[1] + lens[2] > mo_cur_left(&c) || 3 * each > symbols)
		return false;
	lens[3] = mo_cur_left(&c) - lens[0] - lens[1] - lens[2];
	for (int i = 0; i < 4; i++) {
		if (!huffman_stream(h, mo_cur_take(&c, lens[i]), lens[i],
				    i < 3 ? each : symbols - 3 * each))
			return false;
	}
	return true;
}

enum { RAW, RLE, COMPRESSED, TREELESS };

/* The compressed literals, tree and all: len bytes for that many symbols, in one stream or four. */
static int huffman_literals(struct block *b, bool tree, size_t len, size_t symbols, bool one)
{
	struct mo_zstd_huffman *h = &b->t->huffman;
	const uint8_t *p = b->c.p + b->c.at;
	size_t used = 0;
	int rc;

	if (tree) {
		rc = mo_codec_zstd_huffman_read(h, p, len, &used);
		if (rc)
			return table_fail(b, rc);
	}
	if (!h->set)
		return table_fail(b, 1);
	mo_cur_take(&b->c, used);
	if (one ? !huffman_stream(h, p + used, len - used, symbols)
		: !four_streams(h, p + used, len - used, symbols))
		return stream_fail(b);
	mo_cur_take(&b->c, len - used);
	return 0;
}

static int literals(struct block *b)
{
	static const uint8_t plain_len[] = { 1, 2, 1, 3 }, plain_shift[] = { 3, 4, 3, 4 };
	static const uint8_t packed_len[] = { 3, 3, 4, 5 }, packed_bits[] = { 10, 10, 14, 18 };
	unsigned first = b->c.at < b->c.len ? b->c.p[b->c.at] : 0, type = first & 3,
		 format = first >> 2 & 3;
	uint64_t v, symbols, len;

	if (type == RAW || type == RLE) {
		len = mo_cur_uint(&b->c, plain_len[format]) >> plain_shift[format];
		mo_cur_take(&b->c, type == RLE ? 1 : (size_t)len);
		return b->c.bad ? literals_fail(b) : 0;
	}
	v = mo_cur_uint(&b->c, packed_len[format]) >> 4;
	len = v >> packed_bits[format];
	symbols = v & ((1u << packed_bits[format]) - 1);
	if (b->c.bad || len > mo_cur_left(&b->c) || symbols > MO_ZSTD_BLOCK_MAX)
		return literals_fail(b);
	return huffman_literals(b, type == COMPRESSED, (size_t)len, (size_t)symbols, format == 0);
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

enum { LITERALS, OFFSETS, MATCHES, NR_TABLES };

/* RFC 8878 3.1.1.3.2.2: the distributions of "predefined" tables */
static const int16_t predefined_literals[] = { 4, 3, 2, 2, 2, 2, 2, 2, 2,  2,  2,  2,
					       2, 1, 1, 1, 2, 2, 2, 2, 2,  2,  2,  2,
					       2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1 };
static const int16_t predefined_offsets[] = { 1, 1, 1, 1, 1, 1, 2, 2, 2, 1,  1,	 1,  1,	 1, 1,
					      1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1 };
static const int16_t predefined_matches[] = { 1, 4, 3, 2, 2,  2,  2,  2,  2,  1,  1, 1, 1, 1,
					      1, 1, 1, 1, 1,  1,  1,  1,  1,  1,  1, 1, 1, 1,
					      1, 1, 1, 1, 1,  1,  1,  1,  1,  1,  1, 1, 1, 1,
					      1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1 };

static const struct {
	const int16_t *predefined;
	uint8_t predefined_log, predefined_last, log_max, last;
} kinds[NR_TABLES] = {
	[LITERALS] = { predefined_literals, 6, 35, 9, 35 },
	[OFFSETS] = { predefined_offsets, 5, 28, 8, 31 },
	[MATCHES] = { predefined_matches, 6, 52, 9, 52 },
};

static int sequence_table(struct block *b, unsigned mode, unsigned kind)
{
	enum { PREDEFINED, SINGLE, FSE, REPEAT };
	struct mo_zstd_fse *t = &b->t->sequence[kind];
	unsigned symbol;
	size_t used = 0;
	int rc;

	if (mode == PREDEFINED) {
		mo_codec_zstd_fse_build(t, kinds[kind].predefined_log, kinds[kind].predefined,
					kinds[kind].predefined_last);
	} else if (mode == SINGLE) {
		symbol = mo_cur_u8(&b->c);
		if (b->c.bad || symbol > kinds[kind].last)
			return table_fail(b, 1);
		mo_codec_zstd_fse_single(t, (uint8_t)symbol);
	} else if (mode == FSE) {
		rc = mo_codec_zstd_fse_read(t, b->c.p + b->c.at, mo_cur_left(&b->c),
					    kinds[kind].log_max, kinds[kind].last, &used);
		if (rc)
			return table_fail(b, rc);
		mo_cur_take(&b->c, used);
	}
	return t->set ? 0 : table_fail(b, 1);
}

static int sequence_tables(struct block *b)
{
	uint64_t at = here(b);
	unsigned modes = mo_cur_u8(&b->c);
	int rc = 0;

	if (b->c.bad)
		return sequences_fail(b);
	if (modes & 3)
		return mo_fail(b->err, MODULO_MALFORMED, at, "zstd.reserved",
			       "reserved bits in the compression modes");
	for (unsigned i = 0; i < NR_TABLES && !rc; i++)
		rc = sequence_table(b, modes >> (6 - 2 * i) & 3, i);
	return rc;
}

/* How many bits of a value follow its code; an offset's code is their number. */
static unsigned extra_bits(unsigned kind, unsigned code)
{
	static const uint8_t literals_bits[] = { 1, 1, 1, 1,  2,  2,  3,  3,  4,  6,
						 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	static const uint8_t match_bits[] = { 1, 1, 1, 1,  2,  2,  3,  3,  4,  4, 5,
					      7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

	if (kind == LITERALS)
		return code < 16 ? 0 : literals_bits[code - 16];
	if (kind == MATCHES)
		return code < 32 ? 0 : match_bits[code - 32];
	return code;
}

/* The three states, whose codes and updates have their bits in the order that is read. */
static bool sequence_stream(const struct mo_zstd_fse *t, struct mo_zstd_stream *s, unsigned nr)
{
	static const uint8_t update[NR_TABLES] = { LITERALS, MATCHES, OFFSETS };
	uint32_t state[NR_TABLES], more;

	for (unsigned k = 0; k < NR_TABLES; k++) {
		if (!mo_codec_zstd_read(s, t[k].log, &state[k]))
			return false;
	}
	while (nr--) {
		unsigned bits = 0;

		for (unsigned k = 0; k < NR_TABLES; k++)
			bits += extra_bits(k, t[k].of[state[k]].symbol);
		if (!mo_codec_zstd_skip(s, bits))
			return false;
		for (unsigned i = 0; i < NR_TABLES && nr; i++) {
			unsigned k = update[i];

			if (!mo_codec_zstd_read(s, t[k].of[state[k]].bits, &more))
				return false;
			state[k] = t[k].of[state[k]].base + more;
		}
	}
	return s->left == 0;
}

int mo_codec_zstd_block(struct mo_zstd_tables *t, const uint8_t *p, size_t len, uint64_t off,
			struct modulo_error *err)
{
	struct block b = { .c = mo_cur(p, len), .t = t, .off = off, .err = err };
	struct mo_zstd_stream s;
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
	if (rc)
		return rc;
	if (!mo_codec_zstd_open(&s, p + b.c.at, mo_cur_left(&b.c)) ||
	    !sequence_stream(t->sequence, &s, nr))
		return stream_fail(&b);
	return 0;
}
