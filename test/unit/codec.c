/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the codecs have in common: the table, params, candidates, limits, and the search for an
 * encoder. */
#include "tap.h"

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "codec_help.h"

TEST(table)
{
	static const char *const names[] = { "gzip", "xz", "zstd" };
	unsigned nr = 0;

	for (; mo_codec_nth(nr); nr++) {
		const struct mo_codec *c = mo_codec_nth(nr);

		ok(nr < MO_NR(names) && !strcmp(c->name, names[nr]));
		ok(mo_codec_by_name(c->name, strlen(c->name)) == c);
		ok(mo_codec_identify(c->magic, c->magic_len) == c);
		ok(mo_codec_identify(c->magic, c->magic_len - 1) == NULL);
	}
	ok(nr == MO_NR(names));
	ok(mo_codec_by_name("gzi", 3) == NULL);
	ok(mo_codec_by_name("gzip2", 5) == NULL);
	ok(mo_codec_by_name("gzip2", 4) == &mo_codec_gzip);
	ok(mo_codec_identify((const uint8_t *)"", 0) == NULL);
}

static const char *const good[] = {
	"mtime=0,xfl=2,os=3,name=",
	"mtime=4294967295,xfl=255,os=255,name=a,b=c\\040\\134",
	"check=none,dict=4096,sizes=no,block=0",
	"check=sha256,dict=4294967295,sizes=yes,block=9223372036854775807",
	"check=crc32,dict=6291456,sizes=yes,block=1",
	"window=single,checksum=yes,size=yes",
	"window=1024,checksum=no,size=no",
	"window=4123168604160,checksum=no,size=yes",
};

static const char *const bad[] = {
	"",
	"mtime=0,xfl=2,os=3",
	"mtime=00,xfl=2,os=3,name=",
	"mtime=4294967296,xfl=2,os=3,name=",
	"mtime=0,xfl=256,os=3,name=",
	"mtime=0,xfl=2,os=3,name=a b",
	"mtime=0,xfl=2,os=3,name=\\141",
	"mtime=0,xfl=2,os=3,name=\\000",
	"mtime=0,os=3,xfl=2,name=",
	" mtime=0,xfl=2,os=3,name=",
	"check=crc16,dict=4096,sizes=no,block=0",
	"check=crc32,dict=5000,sizes=no,block=0",
	"check=crc32,dict=4096,sizes=maybe,block=0",
	"check=crc32,dict=4096,sizes=no,block=0,",
	"check=crc32,dict=4096,sizes=no,block=",
	"check=crc32,dict=4096,sizes=no",
	"check=crc32,dict=4096,sizes=no,block=9223372036854775808",
	"window=single,checksum=yes,size=no",
	"window=1000,checksum=yes,size=no",
	"window=0,checksum=yes,size=yes",
	"window=single,checksum=yes,size=yes,",
	"window=single,checksum=yes",
};

static bool round_trip(const char *s)
{
	struct mo_codec_gzip_params g;
	struct mo_codec_xz_params x;
	struct mo_codec_zstd_params z;
	struct mo_buf b = { 0 };
	bool same;

	if (mo_codec_gzip_parse(s, &g))
		mo_codec_gzip_render(&g, &b);
	if (mo_codec_xz_parse(s, &x))
		mo_codec_xz_render(&x, &b);
	if (mo_codec_zstd_parse(s, &z))
		mo_codec_zstd_render(&z, &b);
	same = same_bytes(&b, s, strlen(s)) && b.len;
	mo_buf_release(&b);
	return same;
}

TEST(params)
{
	char name[1200] = "mtime=0,xfl=2,os=3,name=";
	size_t len = strlen(name);

	for (size_t i = 0; i < MO_NR(good); i++) {
		ok(round_trip(good[i]));
		/* nothing shorter is anything */
		for (size_t n = 0; n < strlen(good[i]); n++) {
			char cut[200];

			snprintf(cut, sizeof(cut), "%.*s", (int)n, good[i]);
			ok(!round_trip(cut) || strstr(cut, "name=") || strstr(cut, "block="));
		}
	}
	for (size_t i = 0; i < MO_NR(bad); i++) {
		if (round_trip(bad[i]))
			printf("# \"%s\"\n", bad[i]);
		ok(!round_trip(bad[i]));
	}
	for (int i = 0; i < 255; i++, len += 4)
		memcpy(name + len, "\\377", 5);
	ok(round_trip(name));
	memcpy(name + len, "a", 2);
	ok(!round_trip(name));
}

static bool alike(const struct mo_codec *c, const char *a, uint64_t a_len, const char *b,
		  uint64_t b_len)
{
	bool is = c->alike(a, a_len, b, b_len);

	ok(is == c->alike(b, b_len, a, a_len));
	return is;
}

TEST(alikes)
{
	const struct mo_codec *x = &mo_codec_xz, *z = &mo_codec_zstd, *g = &mo_codec_gzip;

#define XZ(n, rest) "check=crc32,dict=4096," rest "block=" n
	ok(alike(x, XZ("0", "sizes=no,"), 9, XZ("0", "sizes=no,"), 10));
	ok(alike(x, XZ("0", "sizes=no,"), 10, XZ("10", "sizes=no,"), 11));
	ok(!alike(x, XZ("0", "sizes=no,"), 11, XZ("10", "sizes=no,"), 11));
	ok(!alike(x, XZ("0", "sizes=no,"), 10, XZ("10", "sizes=yes,"), 11));
	ok(!alike(x, XZ("20", "sizes=no,"), 100, XZ("10", "sizes=no,"), 100));
	ok(alike(x, XZ("10", "sizes=no,"), 100, XZ("10", "sizes=no,"), 99));
	ok(!alike(x, XZ("0", "sizes=no,"), 1, "check=crc32,dict=8192,sizes=no,block=0", 1));
	ok(!alike(x, XZ("0", "sizes=no,"), 1, "check=crc64,dict=4096,sizes=no,block=0", 1));
	ok(!alike(x, "what", 1, "what", 1));
#define ZS(w, rest) "window=" w ",checksum=" rest
	ok(alike(z, ZS("single", "yes,size=yes"), 1024, ZS("1024", "yes,size=yes"), 1025));
	ok(!alike(z, ZS("single", "yes,size=yes"), 1025, ZS("1024", "yes,size=yes"), 1025));
	ok(!alike(z, ZS("single", "yes,size=yes"), 1, ZS("1024", "yes,size=no"), 1));
	ok(!alike(z, ZS("single", "yes,size=yes"), 1, ZS("single", "no,size=yes"), 1));
	ok(!alike(z, ZS("2048", "yes,size=yes"), 9, ZS("1024", "yes,size=yes"), 9));
	ok(alike(z, ZS("2048", "no,size=no"), 9, ZS("2048", "no,size=no"), 10));
	ok(alike(g, "mtime=0,xfl=2,os=3,name=", 1, "mtime=0,xfl=2,os=3,name=", 2));
	ok(!alike(g, "mtime=0,xfl=2,os=3,name=", 1, "mtime=1,xfl=2,os=3,name=", 1));
}

static void first_is(const struct mo_codec *c, const char *params, uint64_t len, const char *name,
		     const char *version, const char *level)
{
	char token[MO_ENCODER_MAX] = "", want[MO_ENCODER_MAX];

	ok(mo_codec_token_make(want, name, version, level));
	ok(c->candidate(params, len, 0, token));
	ok_str(token, want);
}

TEST(first_candidates)
{
	const char *lzma = lzma_version_string(), *zstd = ZSTD_versionString();
	const struct mo_codec *x = &mo_codec_xz, *z = &mo_codec_zstd;

	/* Linux: xz --check=crc32 --lzma2=dict=1MiB, or 2MiB */
	first_is(x, "check=crc32,dict=1048576,sizes=no,block=0", 1 << 18, "liblzma", lzma, "6");
	first_is(x, "check=crc32,dict=2097152,sizes=yes,block=0", 1 << 18, "liblzma-mt", lzma, "6");
	first_is(x, "check=crc64,dict=1048576,sizes=no,block=0", 1 << 18, "liblzma", lzma, "1");
	first_is(x, "check=crc64,dict=8388608,sizes=yes,block=25165824", 1 << 27, "liblzma-mt",
		 lzma, "6");
	first_is(x, "check=crc64,dict=67108864,sizes=no,block=0", 1, "liblzma", lzma, "9");
	first_is(x, "check=crc64,dict=12288,sizes=no,block=0", 1, "liblzma", lzma, "6");
	first_is(z, "window=single,checksum=yes,size=yes", 1 << 18, "libzstd-mt", zstd, "3");
	first_is(z, "window=2097152,checksum=yes,size=yes", 1 << 22, "libzstd-mt", zstd, "3");
	first_is(z, "window=8388608,checksum=yes,size=yes", 1 << 24, "libzstd-mt", zstd, "19");
	first_is(z, "window=134217728,checksum=yes,size=no", 1, "libzstd-mt", zstd, "22");
	first_is(z, "window=33554432,checksum=yes,size=no", 1, "libzstd-mt", zstd, "20");
	/* Python, Java, Go: zlib's data behind their own header */
	first_is(&mo_codec_gzip, "mtime=0,xfl=2,os=255,name=", 1, "zlib", zlibVersion(), "9");
	first_is(&mo_codec_gzip, "mtime=0,xfl=0,os=0,name=", 1, "zlib", zlibVersion(), "6");
}

/* A bounded list without doubles, whose every encoder encodes. */
static void check_list(const struct mo_codec *c, const char *params, uint64_t len)
{
	char list[MO_CANDIDATES_MAX + 1][MO_ENCODER_MAX];
	unsigned nr = 0;

	while (nr <= MO_CANDIDATES_MAX && c->candidate(params, len, nr, list[nr])) {
		struct modulo_error err;
		struct mo_buf b = encode(c, list[nr], params, "hello", 5, &err);

		if (!b.len)
			printf("# %s with %s: %s\n", list[nr], params, err.text);
		ok(b.len > 0);
		mo_buf_release(&b);
		for (unsigned i = 0; i < nr; i++)
			ok(strcmp(list[i], list[nr]));
		nr++;
	}
	ok(nr > 0 && nr <= MO_CANDIDATES_MAX);
}

TEST(candidate_lists)
{
	char token[MO_ENCODER_MAX];

	for (unsigned xfl = 0; xfl < 6; xfl++) {
		char params[80];

		snprintf(params, sizeof(params), "mtime=0,xfl=%u,os=%u,name=", xfl, xfl);
		check_list(&mo_codec_gzip, params, 5);
	}
	check_list(&mo_codec_xz, "check=crc32,dict=65536,sizes=no,block=0", 5);
	check_list(&mo_codec_xz, "check=crc32,dict=65536,sizes=yes,block=2", 5);
	check_list(&mo_codec_zstd, "window=single,checksum=yes,size=yes", 5);
	check_list(&mo_codec_zstd, "window=2097152,checksum=yes,size=no", 5);
	ok(!mo_codec_gzip.candidate("no params", 5, 0, token));
	ok(!mo_codec_xz.candidate("no params", 5, 0, token));
	ok(!mo_codec_zstd.candidate("no params", 5, 0, token));
	/* What would take too much memory is left out. */
	ok(!mo_codec_xz.candidate("check=crc32,dict=65536,sizes=yes,block=99999999999", 5, 0,
				  token));
	ok(!mo_codec_xz.candidate("check=crc32,dict=4294967295,sizes=no,block=0", 5, 0, token));
}

/* The windows by which zstd's levels are chosen are those that the library writes. */
TEST(zstd_windows)
{
	for (int level = 1; level <= 19; level++) {
		struct mo_buf b = { 0 };
		struct decoded d;
		char token[MO_ENCODER_MAX], want[MO_ENCODER_MAX];
		ZSTD_CCtx *c = ZSTD_createCCtx();
		char out[200];
		ZSTD_inBuffer in = { "hello", 5, 0 };
		ZSTD_outBuffer ob = { out, sizeof(out), 0 };
		bool found = false;

		ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, level);
		ok(!ZSTD_isError(ZSTD_compressStream2(c, &ob, &in, ZSTD_e_continue)));
		in = (ZSTD_inBuffer){ "", 0, 0 };
		ok(ZSTD_compressStream2(c, &ob, &in, ZSTD_e_end) == 0);
		ZSTD_freeCCtx(c);
		mo_buf_add(&b, out, ob.pos);
		d = decode(&mo_codec_zstd, &b);
		ok(d.rc == 0);
		snprintf(want, sizeof(want), "libzstd-%s/%d", ZSTD_versionString(), level);
		for (unsigned i = 0; mo_codec_zstd.candidate(d.params.data, 5, i, token); i++)
			found |= !strcmp(token, want);
		ok(found);
		decoded_release(&d);
		mo_buf_release(&b);
	}
}

static const struct {
	const struct mo_codec *c;
	const char *name, *level, *(*version)(void), *params;
} encoders[] = {
	{ &mo_codec_gzip, "zlib", "6", zlibVersion, "mtime=0,xfl=0,os=255,name=x" },
	{ &mo_codec_xz, "liblzma", "6", lzma_version_string,
	  "check=crc64,dict=8388608,sizes=no,block=0" },
	{ &mo_codec_xz, "liblzma", "2", lzma_version_string,
	  "check=crc32,dict=2097152,sizes=no,block=30000" },
	{ &mo_codec_xz, "liblzma-mt", "1e", lzma_version_string,
	  "check=sha256,dict=1048576,sizes=yes,block=30000" },
	{ &mo_codec_zstd, "libzstd", "19", ZSTD_versionString,
	  "window=single,checksum=yes,size=yes" },
	{ &mo_codec_zstd, "libzstd-mt", "3", ZSTD_versionString,
	  "window=2097152,checksum=no,size=no" },
};

static void make_token(char token[MO_ENCODER_MAX], size_t i, const char *version, const char *level)
{
	ok(mo_codec_token_make(token, encoders[i].name, version ? version : encoders[i].version(),
			       level ? level : encoders[i].level));
}

TEST(encode_decode_prove)
{
	struct mo_buf text = { 0 };

	make_text(&text, 100000);
	for (size_t i = 0; i < MO_NR(encoders); i++) {
		const struct mo_codec *c = encoders[i].c;
		char token[MO_ENCODER_MAX], got[MO_ENCODER_MAX] = "untouched";
		struct mo_source *enc, *dec = memory(text.data, text.len);
		struct modulo_error err;
		struct mo_buf b;
		struct decoded d;
		bool found = false;

		make_token(token, i, NULL, NULL);
		b = encode(c, token, encoders[i].params, text.data, text.len, &err);
		d = decode(c, &b);
		ok(d.rc == 0);
		ok_str(d.params.data, encoders[i].params);
		ok(same_bytes(&d.content, text.data, text.len));
		enc = memory(b.data, b.len);
		ok(mo_codec_prove(c, enc, dec, d.params.data, NULL, got, &found, &err) == 0);
		ok(found);
		/* Another encoder may give the same bytes; it must give them. */
		{
			struct mo_buf again =
				encode(c, got, d.params.data, text.data, text.len, &err);

			ok(same_bytes(&again, b.data, b.len));
			mo_buf_release(&again);
		}
		found = false;
		ok(mo_codec_prove(c, enc, dec, d.params.data, token, got, &found, &err) == 0);
		ok(found);
		ok_str(got, token);
		mo_source_close(enc);
		/* One byte more or less of the stream, or one bit of it: nobody wrote that. */
		for (int k = 0; k < 3; k += SANITIZED ? 2 : 1) {
			struct mo_buf f = copy(&b);

			if (k == 2)
				f.data[f.len / 2] ^= 1;
			else
				f.len = k ? f.len - 1 : f.len + 1;
			enc = memory(f.data, f.len);
			memcpy(got, "untouched", 10);
			found = true;
			ok(mo_codec_prove(c, enc, dec, d.params.data, token, got, &found, &err) ==
			   0);
			ok(!found);
			ok_str(got, "untouched");
			mo_source_close(enc);
			mo_buf_release(&f);
		}
		mo_source_close(dec);
		decoded_release(&d);
		mo_buf_release(&b);
	}
	mo_buf_release(&text);
}

TEST(bombs)
{
	struct mo_buf zeros = { 0 };

	memset(mo_buf_grow(&zeros, 300000), 0, 300000);
	for (size_t i = 0; i < MO_NR(encoders); i++) {
		char token[MO_ENCODER_MAX];
		struct modulo_error err;
		struct mo_buf b;
		struct decoded d;

		make_token(token, i, NULL, NULL);
		b = encode(encoders[i].c, token, encoders[i].params, zeros.data, zeros.len, &err);
		d = decode_max(encoders[i].c, b.data, b.len, zeros.len);
		ok(d.rc == 0);
		decoded_release(&d);
		d = decode_max(encoders[i].c, b.data, b.len, zeros.len - 1);
		ok(d.rc == MODULO_LIMIT && d.content.len < zeros.len);
		ok_str(d.err.id, "codec.bomb");
		decoded_release(&d);
		d = decode_max(encoders[i].c, b.data, b.len, 0);
		ok(d.rc == MODULO_LIMIT && d.content.len == 0);
		decoded_release(&d);
		mo_buf_release(&b);
	}
	mo_buf_release(&zeros);
}

static void fails(const struct mo_codec *c, const char *token, const char *params, int rc,
		  const char *id)
{
	struct modulo_error err;
	struct mo_buf b = encode(c, token, params, "hello", 5, &err);

	ok(b.data == NULL);
	ok(err.rc == rc);
	ok_str(err.id, id);
}

TEST(encoder_refusals)
{
	static const char *const levels[] = { "", "0x", "-1", "23", "10e", "6_", "06", "6e6" };

	for (size_t i = 0; i < MO_NR(encoders); i++) {
		const struct mo_codec *c = encoders[i].c;
		char token[MO_ENCODER_MAX];

		make_token(token, i, NULL, NULL);
		fails(c, token, "no params", MODULO_USAGE, "codec.params");
		make_token(token, i, "0.1", NULL);
		fails(c, token, encoders[i].params, MODULO_UNSUPPORTED, "codec.encoder");
		fails(c, "", encoders[i].params, MODULO_UNSUPPORTED, "codec.encoder");
		fails(c, "lzip-1/6", encoders[i].params, MODULO_UNSUPPORTED, "codec.encoder");
		for (size_t k = 0; k < MO_NR(levels); k++) {
			make_token(token, i, NULL, levels[k]);
			fails(c, token, encoders[i].params, MODULO_UNSUPPORTED, "codec.encoder");
		}
	}
	{
		char token[MO_ENCODER_MAX];

		snprintf(token, sizeof(token), "liblzma-mt-%s/6", lzma_version_string());
		/* the token's encoder writes sizes, the params say that there are none */
		fails(&mo_codec_xz, token, "check=crc32,dict=65536,sizes=no,block=0",
		      MODULO_UNSUPPORTED, "codec.encoder");
		fails(&mo_codec_xz, token, "check=crc32,dict=65536,sizes=yes,block=99999999999",
		      MODULO_LIMIT, "codec.memory");
	}
}

/* A sink and a source that fail: what they say comes through. */
static int refuse_write(struct mo_sink *k, const void *p, size_t len, struct modulo_error *err)
{
	(void)k, (void)p, (void)len;
	return mo_fail(err, MODULO_IO, 7, "test.sink", "full");
}

static int refuse_read(struct mo_source *s, uint64_t off, void *p, size_t n,
		       struct modulo_error *err)
{
	(void)s, (void)off, (void)p, (void)n;
	return mo_fail(err, MODULO_IO, 7, "test.source", "gone");
}

TEST(failures_come_through)
{
	struct mo_sink full = { refuse_write };
	struct mo_source gone = { .len = 100000, .read = refuse_read };
	struct memory_sink taken = { .sink = { .write = memory_write } };

	for (size_t i = 0; i < MO_NR(encoders); i++) {
		const struct mo_codec *c = encoders[i].c;
		struct mo_source *s = memory("hello", 5), *enc;
		struct modulo_error err;
		char token[MO_ENCODER_MAX];
		struct mo_codec_info info = { 0 };
		struct mo_buf b;
		bool found;

		make_token(token, i, NULL, NULL);
		b = encode(c, token, encoders[i].params, "hello", 5, &err);
		enc = memory(b.data, b.len);
#define THROUGH(call, id_)                                                                         \
	do {                                                                                       \
		memset(&err, 0, sizeof(err));                                                      \
		ok((call) == MODULO_IO);                                                           \
		ok_str(err.id, id_);                                                               \
	} while (0)
		THROUGH(c->encode(s, token, encoders[i].params, &full, &err), "test.sink");
		THROUGH(c->encode(&gone, token, encoders[i].params, &taken.sink, &err),
			"test.source");
		THROUGH(c->decode(enc, 100, &full, &info, &err), "test.sink");
		THROUGH(c->decode(&gone, 100, &full, &info, &err), "test.source");
		THROUGH(mo_codec_prove(c, &gone, s, encoders[i].params, token, token, &found, &err),
			"test.source");
		THROUGH(mo_codec_prove(c, enc, &gone, encoders[i].params, token, token, &found,
				       &err),
			"test.source");
		ok(info.params.data == NULL);
		mo_source_close(s);
		mo_source_close(enc);
		mo_buf_release(&b);
		mo_buf_release(&taken.buf);
	}
}

TEST_MAIN
