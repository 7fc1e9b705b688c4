/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xz, file format 1.1: one stream of LZMA2 blocks, strictly. liblzma decodes the LZMA2 data of a block; all that
 * stands around it is read here:
 *
 *   stream header | block header, LZMA2 data, padding, check | ... | index | stream footer
 */
#include "stream.h"

#include <lzma.h>
#include <string.h>

struct xz {
	lzma_stream lzma;
	const char *check_name;
	size_t check_size;
	uint8_t flags[2];
	uint32_t crc;   /* of the header field at hand... */
	uint64_t count; /* ...and its bytes so far */

	bool in_block, sized;
	uint64_t nr_blocks, header_size;
	uint32_t dict;
	uint64_t first_size, size; /* decoded: of the first block, of the block at hand or the last one */
	uint64_t want_coded, want_size; /* of the block header, if sized */
	uint64_t crc_check;
	EVP_MD_CTX *sha_check;
	EVP_MD_CTX *records, *claimed; /* what the index must say, what it says */
};

static void xz_free(void *p)
{
	lzma_end(p);
}

static uint8_t next(struct mo_check *c, struct mo_check_stream *st)
{
	struct xz *x = st->state;
	uint8_t b;

	mo_check_get(c, st, &b, 1, "xz.cut");
	x->crc = lzma_crc32(&b, 1, x->crc);
	x->count++;
	return b;
}

static void start(struct xz *x)
{
	x->crc = 0;
	x->count = 0;
}

static void end_crc(struct mo_check *c, struct mo_check_stream *st)
{
	const struct xz *x = st->state;
	uint8_t b[4];

	mo_check_get(c, st, b, 4, "xz.cut");
	if (mo_check_le32(b) != x->crc)
		mo_check_refuse(c, "xz.crc", "the CRC-32 of a header, index or footer is wrong");
}

static void zeros(struct mo_check *c, struct mo_check_stream *st, uint64_t n)
{
	while (n--)
		if (next(c, st))
			mo_check_refuse(c, "xz.padding", "padding is not zero");
}

/* A number of 63 bits, 7 in each byte, in the shortest form. */
static uint64_t vli(struct mo_check *c, struct mo_check_stream *st)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < 9; i++) {
		uint8_t b = next(c, st);

		n |= (uint64_t)(b & 0x7f) << (7 * i);
		if (b & 0x80)
			continue;
		if (i && !b)
			break;
		return n;
	}
	mo_check_refuse(c, "xz.number", "a number that is too long");
}

static void xz_open(struct mo_check *c, struct mo_check_stream *st)
{
	static const struct {
		uint8_t id, size;
		const char *name;
	} checks[] = { { 0, 0, "none" }, { 1, 4, "crc32" }, { 4, 8, "crc64" }, { 10, 32, "sha256" } };
	struct xz *x = st->state = mo_check_alloc(c, sizeof(*x));
	uint8_t magic[6];

	mo_check_own(c, &x->lzma, xz_free);
	x->records = mo_check_hash(c, EVP_sha256());
	x->claimed = mo_check_hash(c, EVP_sha256());
	x->sha_check = mo_check_hash(c, EVP_sha256());
	mo_check_get(c, st, magic, 6, "xz.cut");
	if (memcmp(magic, "\xfd" "7zXZ\0", 6))
		mo_check_refuse(c, "xz.magic", "not an xz stream");
	start(x);
	x->flags[0] = next(c, st);
	x->flags[1] = next(c, st);
	for (size_t i = 0; i < 4; i++) {
		if (x->flags[0] || x->flags[1] != checks[i].id)
			continue;
		x->check_name = checks[i].name;
		x->check_size = checks[i].size;
	}
	if (!x->check_name)
		mo_check_refuse(c, "xz.flags", "stream flags 0x%02x%02x", x->flags[0], x->flags[1]);
	end_crc(c, st);
}

/*
 * Padding up to a multiple of 4 follows from what stands before it. Only in a header with sizes it may be more:
 * an encoder with threads makes room for sizes that it does not know yet. Then all headers have one size.
 */
static void block_header(struct mo_check *c, struct mo_check_stream *st, uint8_t first)
{
	struct xz *x = st->state;
	uint64_t size = ((uint64_t)first + 1) * 4 - 4; /* without its CRC */
	uint8_t flags = next(c, st), dict;
	bool sized = flags & 0x80;

	if ((flags & 0x3f) || !(flags & 0x40) != !sized)
		mo_check_refuse(c, "xz.block", "block flags 0x%02x", flags);
	if (sized) {
		x->want_coded = vli(c, st);
		x->want_size = vli(c, st);
	}
	if (next(c, st) != 0x21 || next(c, st) != 1)
		mo_check_refuse(c, "xz.filter", "another filter than LZMA2");
	dict = next(c, st);
	if (dict > 40)
		mo_check_refuse(c, "xz.filter", "LZMA2 properties 0x%02x", dict);
	if (dict > 32)
		mo_check_refuse(c, "xz.dict", "a dictionary of more than %d bytes", MO_CHECK_DICT);
	if (size < x->count || (sized ? size > 24 : size - x->count > 3))
		mo_check_refuse(c, "xz.block", "a block header of %llu bytes", (unsigned long long)size + 4);
	zeros(c, st, size - x->count);
	end_crc(c, st);

	uint32_t dict_size = (2U | (dict & 1)) << (dict / 2 + 11);
	if (x->nr_blocks && (sized != x->sized || dict_size != x->dict || size != x->header_size))
		mo_check_refuse(c, "xz.blocks", "blocks with different headers");
	if (x->nr_blocks && (x->size != x->first_size || !x->size))
		mo_check_refuse(c, "xz.blocks", "blocks of different sizes, or empty ones");
	x->nr_blocks++;
	x->sized = sized;
	x->dict = dict_size;
	x->header_size = size;
	x->size = 0;
	x->crc_check = 0;
	if (x->check_size == 32 && !EVP_DigestInit_ex(x->sha_check, EVP_sha256(), NULL))
		mo_check_refuse(c, "check.memory", "libcrypto cannot compute a digest");
	lzma_options_lzma opt = { .dict_size = dict_size };
	lzma_filter filters[] = { { LZMA_FILTER_LZMA2, &opt }, { LZMA_VLI_UNKNOWN, NULL } };
	if (lzma_raw_decoder(&x->lzma, filters) != LZMA_OK)
		mo_check_refuse(c, "check.memory", "liblzma cannot start");
	x->in_block = true;
}

static void record(struct mo_check *c, EVP_MD_CTX *h, uint64_t unpadded, uint64_t size)
{
	uint64_t pair[2] = { unpadded, size };

	mo_check_update(c, h, pair, sizeof(pair));
}

static void block_end(struct mo_check *c, struct mo_check_stream *st)
{
	struct xz *x = st->state;
	uint64_t coded = x->lzma.total_in;
	uint8_t is[EVP_MAX_MD_SIZE] = { 0 }, claimed[32];

	x->in_block = false;
	if (x->sized && (coded != x->want_coded || x->size != x->want_size))
		mo_check_refuse(c, "xz.size", "a block's sizes are not those of its header");
	if (x->nr_blocks == 1)
		x->first_size = x->size;
	if (x->size > x->first_size)
		mo_check_refuse(c, "xz.blocks", "a block that is larger than the first");
	zeros(c, st, -coded & 3);
	mo_check_get(c, st, claimed, x->check_size, "xz.cut");
	if (x->check_size == 32)
		mo_check_final(c, x->sha_check, is);
	for (size_t i = 0; x->check_size < 32 && i < x->check_size; i++)
		is[i] = (uint8_t)(x->crc_check >> (8 * i));
	if (memcmp(is, claimed, x->check_size))
		mo_check_refuse(c, "xz.check", "a block's check is wrong");
	record(c, x->records, x->header_size + 4 + coded + x->check_size, x->size);
}

/* The index has one record for each block: SHA-256 tells whether they are the same, however many there are. */
static void index_and_footer(struct mo_check *c, struct mo_check_stream *st)
{
	struct xz *x = st->state;
	char is[65], claimed[65];
	uint8_t f[12];

	if (!x->nr_blocks)
		mo_check_refuse(c, "xz.blocks", "no block at all");
	if (vli(c, st) != x->nr_blocks)
		mo_check_refuse(c, "xz.index", "the index counts another number of blocks");
	for (uint64_t i = 0; i < x->nr_blocks; i++) {
		uint64_t unpadded = vli(c, st);

		record(c, x->claimed, unpadded, vli(c, st));
	}
	mo_check_hex(c, x->records, is);
	mo_check_hex(c, x->claimed, claimed);
	if (strcmp(is, claimed))
		mo_check_refuse(c, "xz.index", "the index has other sizes than the blocks");
	zeros(c, st, -x->count & 3);
	uint64_t size = x->count + 4;
	end_crc(c, st);

	mo_check_get(c, st, f, 12, "xz.cut");
	if (mo_check_le32(f) != lzma_crc32(f + 4, 6, 0))
		mo_check_refuse(c, "xz.crc", "the CRC-32 of a header, index or footer is wrong");
	if (((uint64_t)mo_check_le32(f + 4) + 1) * 4 != size || memcmp(f + 8, x->flags, 2) || memcmp(f + 10, "YZ", 2))
		mo_check_refuse(c, "xz.footer", "the footer does not fit header and index");
	if (mo_check_fill(c, st))
		mo_check_refuse(c, "xz.trailing", "bytes behind the stream");
	snprintf(st->params, sizeof(st->params), "check=%s,dict=%u,sizes=%s,block=%llu", x->check_name, x->dict,
		 x->sized ? "yes" : "no", x->nr_blocks > 1 ? (unsigned long long)x->first_size : 0);
	st->ended = true;
}

/* What follows a block, or the stream's header: a zero byte begins the index. */
static void between(struct mo_check *c, struct mo_check_stream *st)
{
	uint8_t first;

	start(st->state);
	first = next(c, st);
	if (first)
		block_header(c, st, first);
	else
		index_and_footer(c, st);
}

static size_t xz_decode(struct mo_check *c, struct mo_check_stream *st, uint8_t *buf, size_t cap)
{
	struct xz *x = st->state;
	size_t n = 0;

	while (!n && !st->ended) {
		if (!x->in_block) {
			between(c, st);
			continue;
		}
		if (!mo_check_fill(c, st))
			mo_check_refuse(c, "xz.cut", "the stream ends too early");
		x->lzma.next_in = st->in + st->at;
		x->lzma.avail_in = st->fill - st->at;
		x->lzma.next_out = buf;
		x->lzma.avail_out = cap;
		lzma_ret r = lzma_code(&x->lzma, LZMA_RUN);
		st->at = st->fill - x->lzma.avail_in;
		n = cap - x->lzma.avail_out;
		x->size += n;
		if (x->check_size == 4)
			x->crc_check = lzma_crc32(buf, n, (uint32_t)x->crc_check);
		else if (x->check_size == 8)
			x->crc_check = lzma_crc64(buf, n, x->crc_check);
		else if (x->check_size == 32)
			mo_check_update(c, x->sha_check, buf, n);
		if (r == LZMA_STREAM_END)
			block_end(c, st);
		else if (r == LZMA_MEM_ERROR)
			mo_check_refuse(c, "check.memory", "out of memory");
		else if (r != LZMA_OK)
			mo_check_refuse(c, "xz.data", "not LZMA2 data");
	}
	return n;
}

const struct mo_check_codec mo_check_xz = { "xz", xz_open, xz_decode };
