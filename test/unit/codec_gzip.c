/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The gzip codec's refusals, each by a stream that has nothing else wrong (doc/formats/gzip.md). */
#include "tap.h"

#include <zlib.h>

#include "codec_help.h"

#define GZIP (&mo_codec_gzip)

/* flags, then what they announce, then blocks that decode to content */
static struct mo_buf member(unsigned flags, const char *extra, size_t extra_len, const char *blocks,
			    size_t blocks_len, const char *content)
{
	struct mo_buf b = { 0 };
	size_t len = strlen(content);

	mo_buf_add(&b, "\x1f\x8b\x08", 3);
	le(&b, flags, 1);
	le(&b, 0x01020304, 4);
	le(&b, 2, 1);
	le(&b, 3, 1);
	mo_buf_add(&b, extra, extra_len);
	mo_buf_add(&b, blocks, blocks_len);
	le(&b, crc32(0, (const Bytef *)content, (uInt)len), 4);
	le(&b, len, 4);
	return b;
}

static const char stored_abc[] = "\x01\x03\x00\xfc\xff"
				 "abc";
#define STORED stored_abc, 8, "abc"

static void refuse(struct mo_buf b, int rc, const char *id)
{
	refused(GZIP, &b, rc, id);
	mo_buf_release(&b);
}

static void accept(struct mo_buf b, const char *params)
{
	struct decoded d = decode(GZIP, &b);

	ok(d.rc == 0);
	ok_str(d.params.data, params);
	decoded_release(&d);
	mo_buf_release(&b);
}

TEST(headers)
{
	char name[300];

	accept(member(0, "", 0, STORED), "mtime=16909060,xfl=2,os=3,name=");
	accept(member(8, "a b,\xff", 6, STORED), "mtime=16909060,xfl=2,os=3,name=a\\040b,\\377");
	memset(name, 'n', sizeof(name));
	name[255] = '\0';
	{
		struct mo_buf b = member(8, name, 256, STORED);
		struct decoded d = decode(GZIP, &b);

		ok(d.rc == 0 && d.params.len > 255);
		decoded_release(&d);
		mo_buf_release(&b);
	}
	name[255] = 'n';
	name[256] = '\0';
	refuse(member(8, name, 257, STORED), MODULO_LIMIT, "gzip.name");
	refuse(member(8, "", 1, STORED), MODULO_UNSUPPORTED, "gzip.name");
	refuse(member(0x20, "", 0, STORED), MODULO_MALFORMED, "gzip.reserved");
	refuse(member(0x80, "", 0, STORED), MODULO_MALFORMED, "gzip.reserved");
	refuse(member(1, "", 0, STORED), MODULO_UNSUPPORTED, "gzip.flag");
	refuse(member(2, "\0\0", 2, STORED), MODULO_UNSUPPORTED, "gzip.flag");
	refuse(member(4, "\0\0", 2, STORED), MODULO_UNSUPPORTED, "gzip.flag");
	refuse(member(16, "c", 2, STORED), MODULO_UNSUPPORTED, "gzip.flag");
}

TEST(magic_and_method)
{
	struct mo_buf b = member(0, "", 0, STORED);

	b.data[1] = 0x1f;
	refused_at(GZIP, &b, MODULO_MALFORMED, "gzip.magic", 0);
	b.data[1] = (char)0x8b;
	b.data[2] = 7;
	refused_at(GZIP, &b, MODULO_MALFORMED, "gzip.method", 2);
	mo_buf_release(&b);
}

TEST(trailer)
{
	struct mo_buf b = member(0, "", 0, STORED), again = copy(&b);

	b.data[18]++;
	refused_at(GZIP, &b, MODULO_MALFORMED, "gzip.crc", 18);
	b.data[18]--;
	b.data[25]++;
	refused_at(GZIP, &b, MODULO_MALFORMED, "gzip.size", 22);
	b.data[25]--;
	mo_buf_add(&b, again.data, again.len);
	refused_at(GZIP, &b, MODULO_UNSUPPORTED, "gzip.members", 26);
	b.len = 27;
	refused_at(GZIP, &b, MODULO_MALFORMED, "gzip.trailing", 26);
	b.data[26] = 0;
	b.data[27] = 0;
	b.len = 28;
	refused_at(GZIP, &b, MODULO_MALFORMED, "gzip.trailing", 26);
	mo_buf_release(&again);
	mo_buf_release(&b);
}

TEST(blocks)
{
	refuse(member(0, "", 0, "\x07", 1, ""), MODULO_MALFORMED, "gzip.deflate");
	refuse(member(0, "", 0,
		      "\x01\x03\x00\xfc\xfe"
		      "abc",
		      8, "abc"),
	       MODULO_MALFORMED, "gzip.deflate");
	/* a final fixed block that is empty: 3 + 7 bits, six left over */
	accept(member(0, "", 0, "\x03\x00", 2, ""), "mtime=16909060,xfl=2,os=3,name=");
	for (int bit = 2; bit < 8; bit++) {
		char blocks[2] = { 3, (char)(1 << bit) };

		refuse(member(0, "", 0, blocks, 2, ""), MODULO_UNSUPPORTED, "gzip.bits");
	}
}

/* A stored block's header at each place in a byte: behind n empty fixed blocks of ten bits. */
TEST(stored_padding)
{
	for (unsigned n = 0; n < 8; n++) {
		unsigned at = 10 * n, end = (at + 3 + 7) / 8 * 8;
		char blocks[24] = { 0 };
		size_t len = end / 8;

		for (unsigned i = 0; i < n; i++)
			blocks[(10 * i + 1) / 8] |= (char)(1 << (10 * i + 1) % 8);
		blocks[at / 8] |= (char)(1 << at % 8);
		memcpy(blocks + len, stored_abc + 1, 7);
		accept(member(0, "", 0, blocks, len + 7, "abc"), "mtime=16909060,xfl=2,os=3,name=");
		for (unsigned bit = at + 3; bit < end; bit++) {
			struct mo_buf b;

			blocks[bit / 8] ^= (char)(1 << bit % 8);
			b = member(0, "", 0, blocks, len + 7, "abc");
			refused_at(GZIP, &b, MODULO_UNSUPPORTED, "gzip.bits", 10 + bit / 8);
			mo_buf_release(&b);
			blocks[bit / 8] ^= (char)(1 << bit % 8);
		}
	}
}

/* The same across the border of two pieces of the reader. */
TEST(stored_padding_at_pieces)
{
	for (size_t lead = MO_CODEC_PIECE - 12; lead < MO_CODEC_PIECE + 4; lead++) {
		/* a stored block that ends somewhere around the border, then an odd one */
		size_t n = lead - 10 - 5;
		struct mo_buf blocks = { 0 }, b = { 0 };
		char *text = calloc(1, n + 4);

		memset(text, 'x', n);
		le(&blocks, 0, 1);
		le(&blocks, n, 2);
		le(&blocks, ~n, 2);
		mo_buf_add(&blocks, text, n);
		mo_buf_add(&blocks, stored_abc, 8);
		memcpy(text + n, "abc", 4);
		b = member(0, "", 0, blocks.data, blocks.len, text);
		{
			struct decoded d = decode(GZIP, &b);

			ok(d.rc == 0 && d.content.len == n + 3);
			decoded_release(&d);
		}
		b.data[lead] |= 0x40;
		refused_at(GZIP, &b, MODULO_UNSUPPORTED, "gzip.bits", lead);
		mo_buf_release(&b);
		mo_buf_release(&blocks);
		free(text);
	}
}

TEST(flips_and_cuts)
{
	struct mo_buf text = { 0 }, b;
	struct modulo_error err;
	char token[MO_ENCODER_MAX];

	make_text(&text, 600);
	snprintf(token, sizeof(token), "zlib-%s/9", zlibVersion());
	b = encode(GZIP, token, "mtime=1700000000,xfl=2,os=3,name=text", text.data, text.len, &err);
	ok(b.len > 100);
	ok(blind_flips(GZIP, &b) == 0);
	ok(accepted_cuts(GZIP, &b) == 0);
	mo_buf_release(&b);
	b = member(8, "abc", 4, STORED);
	ok(blind_flips(GZIP, &b) == 0);
	ok(accepted_cuts(GZIP, &b) == 0);
	mo_buf_release(&b);
	b = member(0, "", 0, STORED);
	b.len = 5;
	refused_at(GZIP, &b, MODULO_MALFORMED, "gzip.cut", 5);
	mo_buf_release(&b);
	mo_buf_release(&text);
}

TEST_MAIN
