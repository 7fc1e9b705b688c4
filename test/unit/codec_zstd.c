/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The zstd codec's refusals: frames put together by hand (doc/formats/zstd.md). */
#include "tap.h"

#include <zstd.h>

#include "codec_help.h"

#define ZSTD (&mo_codec_zstd)

enum { RAW, RLE, COMPRESSED, RESERVED };
enum { SINGLE = 0x20, CHECKSUM = 4, SIZE_2 = 0x40, SIZE_4 = 0x80, SIZE_8 = 0xc0 };
enum { WINDOW_1K = 0, WINDOW_128M = 17 << 3 };

static struct mo_buf frame(unsigned descriptor, const char *rest, size_t rest_len)
{
	struct mo_buf b = { 0 };

	le(&b, ZSTD_MAGICNUMBER, 4);
	le(&b, descriptor, 1);
	mo_buf_add(&b, rest, rest_len);
	return b;
}

static void block(struct mo_buf *b, bool last, unsigned type, size_t size, const void *p,
		  size_t len)
{
	le(b, last | type << 1 | size << 3, 3);
	mo_buf_add(b, p, len);
}

/* A frame with a window of 1 KiB and one block. */
static struct mo_buf one(unsigned type, const void *p, size_t len)
{
	struct mo_buf b = frame(0, "\0", 1);

	block(&b, true, type, len, p, len);
	return b;
}

static void accept(struct mo_buf b, const char *params, const void *p, size_t len)
{
	struct decoded d = decode(ZSTD, &b);

	if (d.rc)
		printf("# %s: %s\n", d.err.id, d.err.text);
	ok(d.rc == 0);
	ok_str(d.params.data, params);
	ok(same_bytes(&d.content, p, len));
	decoded_release(&d);
	mo_buf_release(&b);
}

static void refuse(struct mo_buf b, int rc, const char *id)
{
	refused(ZSTD, &b, rc, id);
	mo_buf_release(&b);
}

static struct mo_buf abc(unsigned descriptor, const char *rest, size_t rest_len)
{
	struct mo_buf b = frame(descriptor, rest, rest_len);

	block(&b, true, RAW, 3, "abc", 3);
	return b;
}

TEST(headers)
{
	char window = 0, size8[9] = { WINDOW_1K, 3 }, size4[5] = { WINDOW_1K, 3 },
	     size4_off[5] = { WINDOW_1K, 4 };

	accept(abc(SINGLE, "\3", 1), "window=single,checksum=no,size=yes", "abc", 3);
	for (int d = 0; d <= WINDOW_128M; d++) {
		char params[80];

		/* Of the large ones the first and the last are enough. */
		if (d >= 10 << 3 && d % 8 % 7)
			continue;
		window = (char)d;
		snprintf(params, sizeof(params), "window=%llu,checksum=no,size=no",
			 (8ull + (unsigned)d % 8) << (7 + d / 8));
		accept(abc(0, &window, 1), params, "abc", 3);
	}
	accept(abc(SIZE_4, size4, 5), "window=1024,checksum=no,size=yes", "abc", 3);
	for (int d = WINDOW_128M + 1; d < 256; d++) {
		window = (char)d;
		refuse(abc(0, &window, 1), MODULO_LIMIT, "zstd.window");
	}
	refuse(abc(SINGLE | SIZE_4, "\1\0\0\x08", 4), MODULO_LIMIT, "zstd.window");
	refuse(abc(SIZE_8, size8, 9), MODULO_UNSUPPORTED, "zstd.size");
	refuse(abc(SINGLE | SIZE_4, "\3\0\0\0", 4), MODULO_UNSUPPORTED, "zstd.size");
	refuse(abc(SINGLE | SIZE_4, "\xff\0\1\0", 4), MODULO_UNSUPPORTED, "zstd.size");
	refuse(abc(SINGLE | SIZE_8, "\xfe\xff\xff\xff\0\0\0\0", 8), MODULO_UNSUPPORTED,
	       "zstd.size");
	refuse(abc(SINGLE | SIZE_8, "\xff\xff\xff\xff\0\0\0\0", 8), MODULO_LIMIT, "zstd.window");
	refuse(abc(SINGLE | SIZE_8, "\0\0\0\0\0\0\0\xff", 8), MODULO_LIMIT, "codec.bomb");
	refuse(abc(SIZE_4, size4_off, 5), MODULO_MALFORMED, "zstd.data");
	refuse(abc(SINGLE, "\2", 1), MODULO_MALFORMED, "zstd.block");
	refuse(abc(SINGLE | 0x08, "\3", 1), MODULO_MALFORMED, "zstd.reserved");
	refuse(abc(SINGLE | 0x10, "\3", 1), MODULO_UNSUPPORTED, "zstd.unused");
	refuse(abc(SINGLE | 1, "\0\3", 2), MODULO_UNSUPPORTED, "zstd.dictionary");
	refuse(abc(SINGLE | 3, "\1\2\3\4\3", 5), MODULO_UNSUPPORTED, "zstd.dictionary");
}

TEST(size_of_two_bytes)
{
	char text[300];
	struct mo_buf b = frame(SINGLE | SIZE_2, "\x2c\0", 2);

	memset(text, 'x', sizeof(text));
	block(&b, true, RLE, sizeof(text), "x", 1);
	/* the field holds the size less 256 */
	b.data[5] = 300 - 256;
	accept(b, "window=single,checksum=no,size=yes", text, sizeof(text));
}

TEST(around)
{
	struct mo_buf b = abc(SINGLE, "\3", 1), again = copy(&b);
	size_t len = b.len;

	b.data[0]++;
	refused_at(ZSTD, &b, MODULO_MALFORMED, "zstd.magic", 0);
	b.data[0]--;
	mo_buf_add(&b, again.data, again.len);
	refused_at(ZSTD, &b, MODULO_UNSUPPORTED, "zstd.frames", len);
	b.len = len;
	le(&b, 0x184d2a5f, 4);
	le(&b, 0, 4);
	refused_at(ZSTD, &b, MODULO_UNSUPPORTED, "zstd.skippable", len);
	b.len = len + 3;
	refused_at(ZSTD, &b, MODULO_MALFORMED, "zstd.trailing", len);
	b.len = len + 4;
	b.data[len + 3] = 0x19;
	refused_at(ZSTD, &b, MODULO_MALFORMED, "zstd.trailing", len);
	b.len = 0;
	le(&b, 0x184d2a50, 4);
	le(&b, 0, 4);
	mo_buf_add(&b, again.data, again.len);
	refused_at(ZSTD, &b, MODULO_UNSUPPORTED, "zstd.skippable", 0);
	again.len--;
	refused_at(ZSTD, &again, MODULO_MALFORMED, "zstd.cut", len - 1);
	mo_buf_release(&b);
	mo_buf_release(&again);
}

TEST(blocks)
{
	struct mo_buf b = frame(0, "\0", 1);

	block(&b, true, RESERVED, 3, "abc", 3);
	refuse(b, MODULO_MALFORMED, "zstd.block");
	b = frame(0, "\0", 1);
	block(&b, true, RLE, 1024, "a", 1);
	{
		struct decoded d = decode(ZSTD, &b);

		ok(d.rc == 0 && d.content.len == 1024);
		decoded_release(&d);
	}
	b.len = 6;
	block(&b, true, RLE, 1025, "a", 1);
	refuse(b, MODULO_MALFORMED, "zstd.block");
	b = frame(0, "\0", 1);
	block(&b, false, RAW, 3, "abc", 3);
	block(&b, false, RLE, 2, "d", 1);
	block(&b, true, RAW, 0, "", 0);
	accept(b, "window=1024,checksum=no,size=no", "abcdd", 5);
}

#define PARAMS "window=1024,checksum=no,size=no"

/* Literals, and no sequence. */
TEST(literals)
{
	accept(one(COMPRESSED,
		   "\x18"
		   "abc\0",
		   5),
	       PARAMS, "abc", 3);
	accept(one(COMPRESSED,
		   "\x19"
		   "a\0",
		   3),
	       PARAMS, "aaa", 3);
	refuse(one(COMPRESSED,
		   "\x28"
		   "abc\0",
		   5),
	       MODULO_MALFORMED, "zstd.literals");
	refuse(one(COMPRESSED, "\x32\x00\x01\x80", 4), MODULO_MALFORMED, "zstd.literals");
	refuse(one(COMPRESSED,
		   "\x18"
		   "abc",
		   4),
	       MODULO_MALFORMED, "zstd.sequences");
}

/* Two symbols of one bit each, three of them: 1 0 1 behind the highest bit. */
TEST(huffman)
{
	accept(one(COMPRESSED,
		   "\x32\xc0\0"
		   "\x80\x10"
		   "\x0d"
		   "\0",
		   7),
	       PARAMS, "\1\0\1", 3);
	/* one bit more, one less, none at all */
	refuse(one(COMPRESSED,
		   "\x32\xc0\0"
		   "\x80\x10"
		   "\x1b"
		   "\0",
		   7),
	       MODULO_MALFORMED, "zstd.stream");
	refuse(one(COMPRESSED,
		   "\x32\xc0\0"
		   "\x80\x10"
		   "\x06"
		   "\0",
		   7),
	       MODULO_MALFORMED, "zstd.stream");
	refuse(one(COMPRESSED,
		   "\x32\xc0\0"
		   "\x80\x10"
		   "\0"
		   "\0",
		   7),
	       MODULO_MALFORMED, "zstd.stream");
	refuse(one(COMPRESSED,
		   "\x32\x80\0"
		   "\x80\x10"
		   "\0",
		   6),
	       MODULO_MALFORMED, "zstd.stream");
	/* the other half of the only weight */
	refuse(one(COMPRESSED,
		   "\x32\xc0\0"
		   "\x80\x11"
		   "\x0d"
		   "\0",
		   7),
	       MODULO_UNSUPPORTED, "zstd.bits");
	/* trees that cannot be: no weight, a sum that no last weight fills up, twelve bits, too
	 * short */
	refuse(one(COMPRESSED,
		   "\x32\xc0\0"
		   "\x80\x00"
		   "\x0d"
		   "\0",
		   7),
	       MODULO_MALFORMED, "zstd.table");
	refuse(one(COMPRESSED,
		   "\x32\xc0\0"
		   "\x81\x13"
		   "\x0d"
		   "\0",
		   7),
	       MODULO_MALFORMED, "zstd.table");
	refuse(one(COMPRESSED,
		   "\x32\xc0\0"
		   "\x80\xc0"
		   "\x0d"
		   "\0",
		   7),
	       MODULO_MALFORMED, "zstd.table");
	refuse(one(COMPRESSED,
		   "\x32\xc0\0"
		   "\x8f\x10"
		   "\x0d"
		   "\0",
		   7),
	       MODULO_MALFORMED, "zstd.table");
	refuse(one(COMPRESSED,
		   "\x32\xc0\0"
		   "\x00\x10"
		   "\x0d"
		   "\0",
		   7),
	       MODULO_MALFORMED, "zstd.table");
	/* the tree of the block before, where there is none */
	refuse(one(COMPRESSED,
		   "\x33\x40\0"
		   "\x0d"
		   "\0",
		   5),
	       MODULO_MALFORMED, "zstd.table");
}

/*
 * Three literals, then a match of three at offset 3: literals length 3 is the predefined table's
 * state 3, the offset's code 2 has the bits 10, and the other tables have one symbol. 1 000011 10.
 */
#define SEQUENCE                                                                                   \
	"\x18"                                                                                     \
	"abc\x01\x14\x02\x00"

TEST(sequences)
{
	accept(one(COMPRESSED, SEQUENCE "\x0e\x01", 10), PARAMS, "abcabc", 6);
	/* up to five bits more: libzstd 1.5.4 takes them for the next state, which nobody uses */
	refuse(one(COMPRESSED, SEQUENCE "\x1d\x02", 10), MODULO_MALFORMED, "zstd.stream");
	refuse(one(COMPRESSED, SEQUENCE "\xdf\x21", 10), MODULO_MALFORMED, "zstd.stream");
	refuse(one(COMPRESSED, SEQUENCE "\x87", 9), MODULO_MALFORMED, "zstd.stream");
	refuse(one(COMPRESSED, SEQUENCE "\x0e\x00", 10), MODULO_MALFORMED, "zstd.stream");
	refuse(one(COMPRESSED, SEQUENCE, 8), MODULO_MALFORMED, "zstd.stream");
	/* an offset before the content's beginning: libzstd's business */
	refuse(one(COMPRESSED, SEQUENCE "\x0f\x01", 10), MODULO_MALFORMED, "zstd.data");
	/* bits that no sequence reads */
	refuse(one(COMPRESSED,
		   "\x18"
		   "abc\x00\x01",
		   6),
	       MODULO_MALFORMED, "zstd.sequences");
	refuse(one(COMPRESSED,
		   "\x18"
		   "abc\x80\x00\x00hidden",
		   13),
	       MODULO_UNSUPPORTED, "zstd.sequences");
	refuse(one(COMPRESSED,
		   "\x18"
		   "abc\x80\x01\x14\x02\x00\x0e\x01",
		   11),
	       MODULO_UNSUPPORTED, "zstd.sequences");
	refuse(one(COMPRESSED,
		   "\x18"
		   "abc\xff\x00",
		   6),
	       MODULO_MALFORMED, "zstd.sequences");
	refuse(one(COMPRESSED,
		   "\x18"
		   "abc\x01",
		   5),
	       MODULO_MALFORMED, "zstd.sequences");
	refuse(one(COMPRESSED,
		   "\x18"
		   "abc\x01\x15\x02\x00\x0e\x01",
		   10),
	       MODULO_MALFORMED, "zstd.reserved");
	refuse(one(COMPRESSED,
		   "\x18"
		   "abc\x01\x16\x02\x00\x0e\x01",
		   10),
	       MODULO_MALFORMED, "zstd.reserved");
}

TEST(sequence_tables)
{
	/* symbols that there are not, of each kind */
	refuse(one(COMPRESSED,
		   "\x18"
		   "abc\x01\x54\x24\x00\x00\x01",
		   10),
	       MODULO_MALFORMED, "zstd.table");
	refuse(one(COMPRESSED,
		   "\x18"
		   "abc\x01\x54\x00\x20\x00\x01",
		   10),
	       MODULO_MALFORMED, "zstd.table");
	refuse(one(COMPRESSED,
		   "\x18"
		   "abc\x01\x54\x00\x00\x35\x01",
		   10),
	       MODULO_MALFORMED, "zstd.table");
	refuse(one(COMPRESSED,
		   "\x18"
		   "abc\x01\x54",
		   6),
	       MODULO_MALFORMED, "zstd.table");
	/* an accuracy of 2^10, over the 2^9 that are allowed; and probabilities that go on behind
	 * the end */
	refuse(one(COMPRESSED,
		   "\x18"
		   "abc\x01\x94\x05\0\0\0\1",
		   11),
	       MODULO_MALFORMED, "zstd.table");
	refuse(one(COMPRESSED,
		   "\x18"
		   "abc\x01\x94\x40",
		   7),
	       MODULO_MALFORMED, "zstd.table");
	/* a table of the block before, where there is none */
	refuse(one(COMPRESSED,
		   "\x18"
		   "abc\x01\xd4\x02\x00\x0e\x01",
		   10),
	       MODULO_MALFORMED, "zstd.table");
}

/*
 * What libzstd passes over: every flipped bit of frames without checksum that libzstd decodes to
 * the same content is seen here.
 */
static size_t seen_bits(int level, const struct mo_buf *text, size_t *nr)
{
	struct modulo_error err;
	char token[MO_ENCODER_MAX], *got = malloc(text->len + 1);
	struct mo_buf b, f;
	size_t seen = 0;

	snprintf(token, sizeof(token), "libzstd-%s/%d", ZSTD_versionString(), level);
	b = encode(ZSTD, token, "window=single,checksum=no,size=yes", text->data, text->len, &err);
	ok(b.len > 100);
	f = copy(&b);
	*nr = 0;
	for (size_t bit = 0; bit < b.len * 8; bit++) {
		struct decoded d;

		f.data[bit / 8] = (char)(f.data[bit / 8] ^ 1 << bit % 8);
		if (ZSTD_decompress(got, text->len, f.data, f.len) == text->len &&
		    memcmp(got, text->data, text->len) == 0) {
			d = decode(ZSTD, &f);
			++*nr;
			seen += d.rc || strcmp(d.params.data, "window=single,checksum=no,size=yes");
			if (d.rc == 0)
				printf("# level %d, byte %zu, bit %zu: nobody sees it\n", level,
				       bit / 8, bit % 8);
			decoded_release(&d);
		}
		f.data[bit / 8] = b.data[bit / 8];
	}
	mo_buf_release(&b);
	mo_buf_release(&f);
	free(got);
	return seen;
}

TEST(bits_that_libzstd_passes_over)
{
	struct mo_buf text = { 0 };
	size_t all = 0;

	make_text(&text, 3000);
	for (int level = 1; level <= 19; level += 6) {
		size_t nr, seen = seen_bits(level, &text, &nr);

		ok(seen == nr);
		all += nr;
	}
	printf("# %zu bits\n", all);
	ok(all > 0);
	mo_buf_release(&text);
}

TEST(flips_and_cuts)
{
	struct mo_buf text = { 0 }, b = { 0 };
	struct modulo_error err;
	char token[MO_ENCODER_MAX];

	make_text(&text, 1000);
	snprintf(token, sizeof(token), "libzstd-%s/19", ZSTD_versionString());
	b = encode(ZSTD, token, "window=single,checksum=yes,size=yes", text.data, text.len, &err);
	ok(b.len > 100);
	ok(blind_flips(ZSTD, &b) == 0);
	ok(accepted_cuts(ZSTD, &b) == 0);
	b.data[b.len - 1]++;
	refuse(b, MODULO_MALFORMED, "zstd.checksum");
	snprintf(token, sizeof(token), "libzstd-mt-%s/3", ZSTD_versionString());
	b = encode(ZSTD, token, "window=2097152,checksum=yes,size=no", text.data, text.len, &err);
	ok(b.len > 100);
	ok(blind_flips(ZSTD, &b) == 0);
	ok(accepted_cuts(ZSTD, &b) == 0);
	mo_buf_release(&b);
	b = abc(SINGLE, "\3", 1);
	ok(blind_flips(ZSTD, &b) == 0);
	mo_buf_release(&b);
	mo_buf_release(&text);
}

TEST_MAIN
