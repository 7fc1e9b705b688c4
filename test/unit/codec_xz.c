/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The xz codec's refusals: streams put together field by field (doc/formats/xz.md). */
#include "tap.h"

#include <lzma.h>

#include "codec_help.h"
#include "hash/hash.h"

#define XZ (&mo_codec_xz)

enum { NONE = 0, CRC32 = 1, CRC64 = 4, SHA256 = 10, BLOCKS_MAX = 4 };

/* A recipe: what is 0 is as it should be. */
struct recipe {
	unsigned check, footer_check;
	size_t nr;
	struct {
		const char *content;
		int sizes; /* 0: none, 1: packed, 2: decoded, 3: both */
		size_t header_len;
		uint8_t props, flags, pad, header_pad, data_pad, end;
		int packed_off, decoded_off, record_packed, record_decoded, check_off;
		const char *filters;
		size_t filters_len;
	} of[BLOCKS_MAX];
	uint8_t indicator, index_pad, header_flag;
	int nr_off;
	bool long_vli, long_header_vli, bad_header_crc, bad_footer_crc, bad_index_crc,
		bad_block_crc;
	uint32_t backward_off;
	size_t index_slack;
};

static void vli(struct mo_buf *b, uint64_t v, bool too_long)
{
	for (; v >= 0x80; v >>= 7)
		mo_buf_chr(b, (char)(v | 0x80));
	mo_buf_chr(b, (char)(too_long ? v | 0x80 : v));
	if (too_long)
		mo_buf_chr(b, 0);
}

static void crc(struct mo_buf *b, size_t from, bool bad)
{
	le(b, lzma_crc32((uint8_t *)b->data + from, b->len - from, 0) ^ bad, 4);
}

static size_t check_len(unsigned check)
{
	return check == CRC32 ? 4 : check == CRC64 ? 8 : check == SHA256 ? 32 : 0;
}

static void add_check(struct mo_buf *b, unsigned check, const char *s, int off)
{
	const uint8_t *p = (const uint8_t *)s;
	uint8_t sum[32] = { 0 };

	if (check == CRC32)
		le(b, lzma_crc32(p, strlen(s), 0) + (uint32_t)off, 4);
	else if (check == CRC64)
		le(b, lzma_crc64(p, strlen(s), 0) + (uint64_t)off, 8);
	else if (check == SHA256) {
		ok(mo_hash_bytes(MO_SHA256, p, strlen(s), sum, NULL) == 0);
		sum[31] = (uint8_t)(sum[31] + off);
		mo_buf_add(b, sum, 32);
	}
}

/* One uncompressed LZMA2 chunk, and the end mark */
static struct mo_buf lzma2(const char *s)
{
	struct mo_buf b = { 0 };
	size_t n = strlen(s);

	if (n) {
		mo_buf_chr(&b, 1);
		mo_buf_chr(&b, (char)((n - 1) >> 8));
		mo_buf_chr(&b, (char)(n - 1));
		mo_buf_add(&b, s, n);
	}
	mo_buf_chr(&b, 0);
	return b;
}

static size_t block_header(struct mo_buf *b, const struct recipe *r, size_t i, size_t packed)
{
	size_t from = b->len, need;
	int sizes = r->of[i].sizes;

	mo_buf_chr(b, 0);
	mo_buf_chr(b, (char)(sizes << 6 | r->of[i].flags));
	if (sizes & 1)
		vli(b, packed + (uint64_t)r->of[i].packed_off, r->long_header_vli);
	if (sizes & 2)
		vli(b, strlen(r->of[i].content) + (uint64_t)r->of[i].decoded_off, false);
	if (r->of[i].filters) {
		mo_buf_add(b, r->of[i].filters, r->of[i].filters_len);
	} else {
		mo_buf_add(b, "\x21\x01", 2);
		mo_buf_chr(b, (char)(r->of[i].props ? r->of[i].props : 8));
	}
	need = (b->len - from + 3) / 4 * 4;
	if (r->of[i].header_len)
		need = r->of[i].header_len - 4;
	while (b->len - from < need)
		mo_buf_chr(b, b->len - from == need - 1 ? (char)r->of[i].header_pad : 0);
	b->data[from] = (char)(need / 4);
	crc(b, from, r->bad_block_crc);
	return b->len - from;
}

static void index_and_footer(struct mo_buf *b, const struct recipe *r, const uint64_t *unpadded)
{
	size_t from = b->len, foot;
	uint64_t len;

	mo_buf_chr(b, (char)r->indicator);
	vli(b, r->nr + (uint64_t)r->nr_off, false);
	for (size_t i = 0; i < r->nr; i++) {
		vli(b, unpadded[i] + (uint64_t)r->of[i].record_packed, r->long_vli);
		vli(b, strlen(r->of[i].content) + (uint64_t)r->of[i].record_decoded, false);
	}
	while (b->len % 4)
		mo_buf_chr(b, (char)r->index_pad);
	crc(b, from, r->bad_index_crc);
	for (size_t i = 0; i < r->index_slack; i++)
		mo_buf_chr(b, 0);
	len = b->len - from;
	foot = b->len;
	le(b, len / 4 - 1 + r->backward_off, 4);
	mo_buf_chr(b, 0);
	mo_buf_chr(b, (char)(r->footer_check ? r->footer_check : r->check));
	{
		uint32_t sum = lzma_crc32((uint8_t *)b->data + foot, 6, 0) ^ r->bad_footer_crc;
		struct mo_buf tail = { 0 };

		mo_buf_add(&tail, b->data + foot, 6);
		b->len = foot;
		le(b, sum, 4);
		mo_buf_add(b, tail.data, 6);
		mo_buf_release(&tail);
	}
	mo_buf_str(b, "YZ");
}

static struct mo_buf make(const struct recipe *r)
{
	uint64_t unpadded[BLOCKS_MAX];
	struct mo_buf b = { 0 };

	mo_buf_add(&b,
		   "\xfd"
		   "7zXZ\0",
		   6);
	mo_buf_chr(&b, (char)r->header_flag);
	mo_buf_chr(&b, (char)r->check);
	crc(&b, 6, r->bad_header_crc);
	for (size_t i = 0; i < r->nr; i++) {
		struct mo_buf data = lzma2(r->of[i].content);

		if (r->of[i].end)
			data.data[data.len - 1] = (char)r->of[i].end;
		for (unsigned k = 0; k < r->of[i].data_pad; k++)
			mo_buf_chr(&data, 0);
		unpadded[i] = block_header(&b, r, i, data.len) + data.len + check_len(r->check);
		mo_buf_add(&b, data.data, data.len);
		mo_buf_release(&data);
		while (b.len % 4)
			mo_buf_chr(&b, (char)r->of[i].pad);
		add_check(&b, r->check, r->of[i].content, r->of[i].check_off);
	}
	index_and_footer(&b, r, unpadded);
	return b;
}

static void accept(const struct recipe *r, const char *params, const char *content)
{
	struct mo_buf b = make(r);
	struct decoded d = decode(XZ, &b);

	if (d.rc)
		printf("# %s: %s\n", d.err.id, d.err.text);
	ok(d.rc == 0);
	ok_str(d.params.data, params);
	ok(same_bytes(&d.content, content, strlen(content)));
	decoded_release(&d);
	mo_buf_release(&b);
}

static void refuse(const struct recipe *r, int rc, const char *id)
{
	struct mo_buf b = make(r);

	refused(XZ, &b, rc, id);
	mo_buf_release(&b);
}

#define ONE .nr = 1, .of = { { .content = "hello" } }
/* One block of "hello" with CRC32, but for what the rest says */
#define NOT(rc, id, ...)                                                                           \
	do {                                                                                       \
		struct recipe r_ = { __VA_ARGS__ };                                                \
		r_.check = r_.check ? r_.check : CRC32;                                            \
		r_.nr = r_.nr ? r_.nr : 1;                                                         \
		if (!r_.of[0].content)                                                             \
			r_.of[0].content = "hello";                                                \
		refuse(&r_, rc, id);                                                               \
	} while (0)
#define BAD(id, ...) NOT(MODULO_MALFORMED, id, __VA_ARGS__)

TEST(accepted)
{
	static const unsigned checks[] = { NONE, CRC32, CRC64, SHA256 };
	static const char *const names[] = { "none", "crc32", "crc64", "sha256" };
	char params[100];

	for (size_t i = 0; i < MO_NR(checks); i++) {
		struct recipe r = { .check = checks[i], ONE };

		snprintf(params, sizeof(params), "check=%s,dict=65536,sizes=no,block=0", names[i]);
		accept(&r, params, "hello");
		r.of[0].sizes = 3;
		r.of[0].props = 18;
		snprintf(params, sizeof(params), "check=%s,dict=2097152,sizes=yes,block=0",
			 names[i]);
		accept(&r, params, "hello");
		r.of[0].header_len = 28;
		accept(&r, params, "hello");
	}
	{
		struct recipe r = {
			.check = CRC64,
			.nr = 3,
			.of = { { .content = "abcd" }, { .content = "efgh" }, { .content = "ij" } }
		};

		accept(&r, "check=crc64,dict=65536,sizes=no,block=4", "abcdefghij");
		r.of[2].content = "ijkl";
		accept(&r, "check=crc64,dict=65536,sizes=no,block=4", "abcdefghijkl");
	}
	{
		struct recipe r = { .check = CRC32, .nr = 1, .of = { { .content = "" } } };

		accept(&r, "check=crc32,dict=65536,sizes=no,block=0", "");
	}
}

TEST(ends)
{
	struct mo_buf b;

	BAD("xz.flags", .header_flag = 1);
	BAD("xz.flags", .check = 0x10);
	BAD("xz.flags", .footer_check = CRC64);
	NOT(MODULO_UNSUPPORTED, "xz.checktype", .check = 2);
	BAD("xz.crc", .bad_header_crc = true);
	BAD("xz.crc", .bad_footer_crc = true);
	BAD("xz.crc", .bad_index_crc = true);
	BAD("xz.footer", .backward_off = 1000);
	BAD("xz.index", .backward_off = 1);
	BAD("xz.index", .backward_off = UINT32_MAX);
	b = make(&(struct recipe){ .check = CRC32, ONE });
	b.data[5] = 1;
	refused_at(XZ, &b, MODULO_MALFORMED, "xz.magic", 0);
	b.data[5] = 0;
	b.data[b.len - 1] = 'y';
	refused_at(XZ, &b, MODULO_MALFORMED, "xz.footer", b.len);
	b.len = 20;
	refused_at(XZ, &b, MODULO_MALFORMED, "xz.cut", 20);
	mo_buf_release(&b);
}

TEST(behind)
{
	struct mo_buf b = make(&(struct recipe){ .check = CRC32, ONE }), two = copy(&b),
		      other = make(&(struct recipe){
			      .check = CRC64, .nr = 1, .of = { { .content = "abcd" } } }),
		      empty = make(&(struct recipe){ .check = CRC32 });
	size_t len = b.len;

	le(&b, 0, 4);
	refused_at(XZ, &b, MODULO_UNSUPPORTED, "xz.padding", len);
	for (int i = 0; i < 400; i++)
		le(&b, 0, 8);
	refused_at(XZ, &b, MODULO_UNSUPPORTED, "xz.padding", len);
	mo_buf_chr(&b, 0);
	refused(XZ, &b, MODULO_MALFORMED, "xz.footer");
	b.len = len;
	mo_buf_str(&b, "garbage!");
	refused(XZ, &b, MODULO_MALFORMED, "xz.footer");
	mo_buf_add(&two, b.data, len);
	refused_at(XZ, &two, MODULO_UNSUPPORTED, "xz.streams", len);
	two.len = len;
	mo_buf_add(&two, other.data, other.len);
	refused_at(XZ, &two, MODULO_UNSUPPORTED, "xz.streams", len);
	two.len = len;
	mo_buf_add(&two, empty.data, empty.len);
	refused_at(XZ, &two, MODULO_UNSUPPORTED, "xz.streams", len);
	refused(XZ, &empty, MODULO_UNSUPPORTED, "xz.empty");
	mo_buf_release(&b);
	mo_buf_release(&two);
	mo_buf_release(&other);
	mo_buf_release(&empty);
}

TEST(index_records)
{
	BAD("xz.index", .indicator = 1);
	BAD("xz.index", .index_pad = 1, .nr = 2,
	    .of = { { .content = "ab" }, { .content = "ab" } });
	BAD("xz.index", .index_slack = 4);
	BAD("xz.index", .nr_off = 1);
	BAD("xz.index", .nr_off = 100);
	BAD("xz.vli", .long_vli = true);
	BAD("xz.index", .of = { { .record_packed = 4 } });
	BAD("xz.data", .of = { { .record_packed = 1 } });
	BAD("xz.data", .of = { { .content = "hell", .record_packed = -1 } });
	BAD("xz.data", .of = { { .record_decoded = 1 } });
	BAD("xz.data", .of = { { .record_decoded = -1 } });
	/* a block that its neighbour's record makes too short to hold anything */
	BAD("xz.index", .nr = 2,
	    .of = { { .content = "a", .record_packed = -16 },
		    { .content = "a", .record_packed = 16 } });
}

TEST(block_headers)
{
	BAD("xz.crc", .bad_block_crc = true);
	BAD("xz.flags", .of = { { .flags = 4 } });
	BAD("xz.flags", .of = { { .flags = 0x20 } });
	BAD("xz.header", .of = { { .header_pad = 1 } });
	NOT(MODULO_UNSUPPORTED, "xz.header", .of = { { .header_len = 16 } });
	NOT(MODULO_UNSUPPORTED, "xz.header", .of = { { .sizes = 3, .header_len = 32 } });
	NOT(MODULO_UNSUPPORTED, "xz.sizes", .of = { { .sizes = 1 } });
	NOT(MODULO_UNSUPPORTED, "xz.sizes", .of = { { .sizes = 2 } });
	BAD("xz.sizes", .of = { { .sizes = 3, .packed_off = 1 } });
	BAD("xz.sizes", .of = { { .sizes = 3, .decoded_off = 1 } });
	BAD("xz.vli", .long_header_vli = true, .of = { { .sizes = 3 } });
	/* x86 before LZMA2; Delta alone */
	NOT(MODULO_UNSUPPORTED, "xz.filter",
	    .of = { { .flags = 1, .filters = "\x04\x00\x21\x01\x08", .filters_len = 5 } });
	NOT(MODULO_UNSUPPORTED, "xz.filter",
	    .of = { { .filters = "\x03\x01\x00", .filters_len = 3 } });
	BAD("xz.filter", .of = { { .filters = "\x21\x02\x08\x00", .filters_len = 4 } });
	BAD("xz.filter", .of = { { .filters = "\x21\x00", .filters_len = 2 } });
	BAD("xz.filter", .of = { { .props = 41 } });
	BAD("xz.filter", .of = { { .props = 0x48 } });
	NOT(MODULO_LIMIT, "xz.dict", .of = { { .props = 33 } });
	NOT(MODULO_LIMIT, "xz.dict", .of = { { .props = 40 } });
}

TEST(block_bodies)
{
	BAD("xz.pad", .of = { { .pad = 1 } });
	BAD("xz.check", .of = { { .check_off = 1 } });
	BAD("xz.check", .check = CRC64, .of = { { .check_off = 1 } });
	BAD("xz.check", .check = SHA256, .of = { { .check_off = 1 } });
	BAD("xz.data", .of = { { .end = 3 } });
	BAD("xz.data", .of = { { .data_pad = 1 } });
	BAD("xz.data", .of = { { .data_pad = 4 } });
}

TEST(many_blocks)
{
	NOT(MODULO_UNSUPPORTED, "xz.blocks", .nr = 2,
	    .of = { { .content = "abc" }, { .content = "abcd" } });
	NOT(MODULO_UNSUPPORTED, "xz.blocks", .nr = 3,
	    .of = { { .content = "abc" }, { .content = "ab" }, { .content = "abc" } });
	NOT(MODULO_UNSUPPORTED, "xz.blocks", .nr = 2,
	    .of = { { .content = "abc" }, { .content = "" } });
	NOT(MODULO_UNSUPPORTED, "xz.blocks", .nr = 2,
	    .of = { { .content = "" }, { .content = "" } });
	NOT(MODULO_UNSUPPORTED, "xz.blocks", .nr = 2,
	    .of = { { .content = "abc" }, { .content = "abc", .props = 9 } });
	NOT(MODULO_UNSUPPORTED, "xz.blocks", .nr = 2,
	    .of = { { .content = "abc" }, { .content = "abc", .sizes = 3 } });
	NOT(MODULO_UNSUPPORTED, "xz.blocks", .nr = 2,
	    .of = { { .content = "abc", .sizes = 3 },
		    { .content = "abc", .sizes = 3, .header_len = 16 } });
}

static void flip(const struct recipe *r)
{
	struct mo_buf b = make(r);

	ok(blind_flips(XZ, &b) == 0);
	ok(accepted_cuts(XZ, &b) == 0);
	mo_buf_release(&b);
}

TEST(flips_and_cuts)
{
	struct mo_buf text = { 0 };

	flip(&(struct recipe){ .check = CRC32, ONE });
	flip(&(struct recipe){
		.check = SHA256,
		.nr = 2,
		.of = { { .content = "abcd", .sizes = 3 }, { .content = "ef", .sizes = 3 } } });
	make_text(&text, 600);
	for (int i = 0; i < 4; i++) {
		struct modulo_error err;
		char token[MO_ENCODER_MAX], params[100];
		struct mo_buf b;

		snprintf(token, sizeof(token), i < 2 ? "liblzma-%s/0" : "liblzma-mt-%s/0",
			 lzma_version_string());
		snprintf(params, sizeof(params), "check=crc32,dict=65536,sizes=%s,block=%s",
			 i < 2 ? "no" : "yes", i % 2 ? "256" : "0");
		b = encode(XZ, token, params, text.data, text.len, &err);
		ok(b.len > 100);
		ok(blind_flips(XZ, &b) == 0);
		ok(accepted_cuts(XZ, &b) == 0);
		mo_buf_release(&b);
	}
	mo_buf_release(&text);
}

/* A stream without a check: LZMA2 has no sum of its own, and still no bit is free. */
TEST(flips_without_check)
{
	struct mo_buf text = { 0 }, b;
	struct modulo_error err;
	char token[MO_ENCODER_MAX];

	make_text(&text, 600);
	snprintf(token, sizeof(token), "liblzma-%s/6", lzma_version_string());
	b = encode(XZ, token, "check=none,dict=65536,sizes=no,block=0", text.data, text.len, &err);
	ok(b.len > 100);
	ok(blind_flips(XZ, &b) == 0);
	mo_buf_release(&b);
	mo_buf_release(&text);
}

TEST_MAIN
