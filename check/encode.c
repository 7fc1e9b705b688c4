/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Encoding again, for --prove-encodings: the decoded bytes go into the encoder while they are read, and the SHA-256
 * of what it writes must be that of the stream. So neither content nor stream is held in memory.
 */
#include "stream.h"

#include <errno.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

enum { PIECE = 128 << 10 }; /* what the zstd program reads at once; its last blocks depend on it */

struct mo_check_encoder {
	void (*more)(struct mo_check *c, struct mo_check_encoder *e, const uint8_t *p, size_t n, bool end);
	EVP_MD_CTX *made;
	z_stream z;
	lzma_stream lzma;
	ZSTD_CCtx *zstd;
	uint8_t piece[PIECE];
	size_t fill;
	bool pledged; /* zstd: the content's size is known beforehand */
	FILE *content; /* for a program */
	char command[64];
	uint8_t out[PIECE * 2];
};

static __attribute__((noreturn)) void no_encoder(struct mo_check *c, const char *token)
{
	mo_check_refuse(c, "check.encoder", "%.100s cannot be run here", token);
}

static void made(struct mo_check *c, struct mo_check_encoder *e, size_t n, bool failed)
{
	if (failed)
		mo_check_refuse(c, "check.encoder", "the encoder fails");
	mo_check_update(c, e->made, e->out, n);
}

static void zlib_free(void *p)
{
	deflateEnd(p);
}

static void zlib_more(struct mo_check *c, struct mo_check_encoder *e, const uint8_t *p, size_t n, bool end)
{
	int r = Z_OK;

	e->z.next_in = p;
	e->z.avail_in = (uInt)n;
	do {
		e->z.next_out = e->out;
		e->z.avail_out = sizeof(e->out);
		r = deflate(&e->z, end ? Z_FINISH : Z_NO_FLUSH);
		made(c, e, sizeof(e->out) - e->z.avail_out, r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR);
	} while (end ? r != Z_STREAM_END : !e->z.avail_out);
}

static void lzma_free(void *p)
{
	lzma_end(p);
}

static void lzma_more(struct mo_check *c, struct mo_check_encoder *e, const uint8_t *p, size_t n, bool end)
{
	lzma_ret r = LZMA_OK;

	e->lzma.next_in = p;
	e->lzma.avail_in = n;
	while (end ? r != LZMA_STREAM_END : e->lzma.avail_in) {
		e->lzma.next_out = e->out;
		e->lzma.avail_out = sizeof(e->out);
		r = lzma_code(&e->lzma, end ? LZMA_FINISH : LZMA_RUN);
		made(c, e, sizeof(e->out) - e->lzma.avail_out, r != LZMA_OK && r != LZMA_STREAM_END);
	}
}

static void zstd_free(void *p)
{
	ZSTD_freeCCtx(p);
}

static void zstd_piece(struct mo_check *c, struct mo_check_encoder *e, ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = { e->piece, e->fill, 0 };
	size_t r;

	do {
		ZSTD_outBuffer out = { e->out, ZSTD_CStreamOutSize(), 0 };

		r = ZSTD_compressStream2(e->zstd, &out, &in, how);
		made(c, e, out.pos, ZSTD_isError(r));
	} while (how == ZSTD_e_end ? r : in.pos < in.size);
	e->fill = 0;
}

/* As the program does: whole pieces, the end told with the last byte where the size is known, else after it. */
static void zstd_more(struct mo_check *c, struct mo_check_encoder *e, const uint8_t *p, size_t n, bool end)
{
	for (; n; n--) {
		if (e->fill == PIECE)
			zstd_piece(c, e, ZSTD_e_continue);
		e->piece[e->fill++] = *p++;
	}
	if (!end)
		return;
	if (!e->pledged)
		zstd_piece(c, e, ZSTD_e_continue);
	zstd_piece(c, e, ZSTD_e_end);
}

static void file_free(void *p)
{
	fclose(p);
}

static void program_run(struct mo_check *c, struct mo_check_encoder *e)
{
	char command[128];
	uint8_t head[10];
	FILE *f;
	size_t n = 0;

	if (fflush(e->content) || lseek(fileno(e->content), 0, SEEK_SET))
		mo_check_refuse(c, "check.read", "the temporary file: %s", strerrordesc_np(errno));
	snprintf(command, sizeof(command), "%s <&%d 2>/dev/null", e->command, fileno(e->content));
	f = popen(command, "r");
	if (!f)
		mo_check_refuse(c, "check.encoder", "no shell: %s", strerrordesc_np(errno));
	bool failed = fread(head, 1, sizeof(head), f) != sizeof(head); /* a header of its own, without a name */
	do {
		mo_check_update(c, e->made, e->out, n);
		n = fread(e->out, 1, sizeof(e->out), f);
	} while (n);
	if (pclose(f) || failed)
		mo_check_refuse(c, "check.encoder", "the encoder fails");
}

static void program_more(struct mo_check *c, struct mo_check_encoder *e, const uint8_t *p, size_t n, bool end)
{
	if (fwrite(p, 1, n, e->content) != n)
		mo_check_refuse(c, "check.read", "the temporary file: %s", strerrordesc_np(errno));
	if (end)
		program_run(c, e);
}

/* Whether `NAME --version` begins with "NAME VERSION" as its first line. */
static bool program_is(const char *name, const char *version)
{
	char command[64], want[128], line[128] = "";
	FILE *f;

	snprintf(command, sizeof(command), "%s --version 2>/dev/null", name);
	snprintf(want, sizeof(want), "%s %s\n", name, version);
	f = popen(command, "r");
	if (!f)
		return false;
	bool is = fgets(line, sizeof(line), f) && !strcmp(line, want);
	while (fgets(line, sizeof(line), f))
		;
	return pclose(f) == 0 && is;
}

static FILE *temporary(void)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/modulo-check-XXXXXX", dir ? dir : "/tmp") >= (int)sizeof(path))
		return NULL;
	int fd = mkstemp(path);
	if (fd < 0)
		return NULL;
	unlink(path);
	return fdopen(fd, "w+");
}

static void program_open(struct mo_check *c, struct mo_check_encoder *e, const char *name, const char *level)
{
	e->content = temporary();
	if (!e->content)
		mo_check_refuse(c, "check.read", "no temporary file: %s", strerrordesc_np(errno));
	mo_check_own(c, e->content, file_free);
	/* What the environment says must not matter, nor, to pigz, the number of processors. */
	snprintf(e->command, sizeof(e->command), "GZIP= PIGZ= %s%s -n -%s", name, *name == 'p' ? " -p 2" : "", level);
	e->more = program_more;
}

static bool lzma_open(struct mo_check *c, struct mo_check_encoder *e, const char *params, bool mt, const char *level)
{
	static const struct {
		const char *name;
		lzma_check id;
	} checks[] = { { "none", LZMA_CHECK_NONE }, { "crc32", LZMA_CHECK_CRC32 }, { "crc64", LZMA_CHECK_CRC64 },
		       { "sha256", LZMA_CHECK_SHA256 } };
	char check[16], sizes[4];
	unsigned long long dict, block;
	lzma_options_lzma opt;
	lzma_mt m = { .threads = 2, .check = LZMA_CHECK_NONE };

	if (sscanf(params, "check=%15[a-z0-9],dict=%llu,sizes=%3[a-z],block=%llu", check, &dict, sizes, &block) != 4 ||
	    dict < 4096 || dict > MO_CHECK_DICT || block > INT32_MAX || *level < '0' || *level > '9' ||
	    (strcmp(level + 1, "e") && level[1]))
		return false;
	if (lzma_lzma_preset(&opt, (uint32_t)(*level - '0') | (level[1] ? LZMA_PRESET_EXTREME : 0)))
		return false;
	opt.dict_size = (uint32_t)dict;
	lzma_filter filters[] = { { LZMA_FILTER_LZMA2, &opt }, { LZMA_VLI_UNKNOWN, NULL } };
	for (size_t i = 0; i < 4; i++)
		m.check = strcmp(check, checks[i].name) ? m.check : checks[i].id;
	m.filters = filters;
	m.block_size = block ? block : 3 * dict > 1 << 20 ? 3 * dict : 1 << 20;
	mo_check_own(c, &e->lzma, lzma_free);
	e->more = lzma_more;
	return (mt ? lzma_stream_encoder_mt(&e->lzma, &m) : lzma_stream_encoder(&e->lzma, filters, m.check)) == LZMA_OK;
}

static bool zstd_open(struct mo_check *c, struct mo_check_stream *st, struct mo_check_encoder *e, const char *params,
		      bool mt, const char *level)
{
	char *end, spelled[16];
	long n = strtol(level, &end, 10);

	snprintf(spelled, sizeof(spelled), "%ld", n);
	if (strcmp(spelled, level) || !n || n < ZSTD_minCLevel() || n > ZSTD_maxCLevel())
		return false;
	e->zstd = ZSTD_createCCtx();
	mo_check_own(c, e->zstd, zstd_free);
	e->pledged = st->content_size != UINT64_MAX;
	e->more = zstd_more;
	return !ZSTD_isError(ZSTD_CCtx_setParameter(e->zstd, ZSTD_c_compressionLevel, (int)n)) &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(e->zstd, ZSTD_c_checksumFlag, !!strstr(params, "checksum=yes"))) &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(e->zstd, ZSTD_c_nbWorkers, mt)) &&
	       (!e->pledged || !ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(e->zstd, st->content_size)));
}

void mo_check_encode(struct mo_check *c, struct mo_check_stream *st, const char *token, const char *params)
{
	static const char *const names[] = { "gzip", "pigz", "zlib", "liblzma-mt", "liblzma", "libzstd-mt", "libzstd" };
	static const struct mo_check_codec *const of[] = { &mo_check_gzip, &mo_check_gzip, &mo_check_gzip, &mo_check_xz,
							   &mo_check_xz, &mo_check_zstd, &mo_check_zstd };
	struct mo_check_encoder *e = mo_check_alloc(c, sizeof(*e));
	char *word = mo_check_strdup(c, token), *level = strrchr(word, '/') + 1;
	const char *version, *here;
	size_t i = 0;
	bool ok = true;

	level[-1] = '\0';
	while (i < 7 && (strncmp(word, names[i], strlen(names[i])) || word[strlen(names[i])] != '-' || of[i] != st->codec))
		i++;
	if (i == 7)
		no_encoder(c, token);
	version = word + strlen(names[i]) + 1;
	here = i < 2 ? version : i == 2 ? zlibVersion() : i < 5 ? lzma_version_string() : ZSTD_versionString();
	bool digit = *level >= '1' && *level <= '9' && !level[1];
	if (strcmp(version, here) || (i < 3 && !digit && (i != 1 || strcmp(level, "11"))) ||
	    (i < 2 && !program_is(names[i], version)))
		no_encoder(c, token);
	e->made = mo_check_hash(c, EVP_sha256());
	if (i < 2) {
		program_open(c, e, names[i], level);
	} else if (i == 2) {
		ok = deflateInit2(&e->z, *level - '0', Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK;
		mo_check_own(c, &e->z, zlib_free);
		e->more = zlib_more;
	} else if (i < 5) {
		ok = lzma_open(c, e, params, i == 3, level);
	} else {
		ok = zstd_open(c, st, e, params, i == 5, level);
	}
	if (!ok)
		no_encoder(c, token);
	mo_check_update(c, e->made, st->head, st->head_len);
	st->encoder = e;
}

void mo_check_encode_more(struct mo_check *c, struct mo_check_encoder *e, const uint8_t *p, size_t n)
{
	e->more(c, e, p, n, false);
}

void mo_check_encode_end(struct mo_check *c, struct mo_check_stream *st, const char *seen)
{
	struct mo_check_encoder *e = st->encoder;
	char is[65];

	e->more(c, e, e->piece, 0, true);
	if (e->more == zlib_more) /* which makes no trailer */
		mo_check_update(c, e->made, st->tail, sizeof(st->tail));
	mo_check_hex(c, e->made, is);
	if (strcmp(is, seen))
		mo_check_deny(c, "check.encoding", "the encoder gives other bytes");
}
