/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Encoding again, for --prove-encodings and nothing else. The content was written to an unlinked
 * file while it was checked; what the encoder gives is not kept: its SHA-256 must be the stream's.
 */

enum { PIECE = 128 << 10 }; /* what the zstd program reads at once: its last blocks depend on it */

static struct {
	EVP_MD_CTX *made; /* SHA-256 of what the encoder gives... */
	size_t skip; /* ...behind so many bytes: gzip's header is taken from the stream */
	z_stream z;
	lzma_stream x;
	ZSTD_CCtx *zstd;
	FILE *program;
	ull block; /* xz's, if a block's end has to be told */
	uint8_t in[PIECE], out[PIECE + PIECE / 2];
} enc;

static void made(size_t n)
{
	size_t skip = enc.skip < n ? enc.skip : n;
	enc.skip -= skip;
	hash_add(enc.made, enc.out + skip, n - skip);
}

static void zlib_give(size_t n, bool end)
{
	int r = Z_OK;
	enc.z.next_in = enc.in;
	enc.z.avail_in = (uInt)n;
	while (end ? r == Z_OK : enc.z.avail_in) {
		enc.z.next_out = enc.out;
		enc.z.avail_out = sizeof(enc.out);
		r = deflate(&enc.z, end ? Z_FINISH : Z_NO_FLUSH);
		must(r == Z_OK || r == Z_STREAM_END, "check.encoder");
		made(sizeof(enc.out) - enc.z.avail_out);
	}
}

static void lzma_give(size_t n, lzma_action action)
{
	lzma_ret r = LZMA_OK;
	enc.x.next_in = enc.in;
	enc.x.avail_in = n;
	while (action == LZMA_RUN ? enc.x.avail_in : r == LZMA_OK) {
		enc.x.next_out = enc.out;
		enc.x.avail_out = sizeof(enc.out);
		r = lzma_code(&enc.x, action);
		must(r == LZMA_OK || r == LZMA_STREAM_END, "check.encoder");
		made(sizeof(enc.out) - enc.x.avail_out);
	}
}

static void zstd_give(size_t n, bool end)
{
	ZSTD_inBuffer in = { enc.in, n, 0 };
	size_t r;
	do {
		ZSTD_outBuffer out = { enc.out, ZSTD_CStreamOutSize(), 0 };
		r = ZSTD_compressStream2(enc.zstd, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
		must(!ZSTD_isError(r), "check.encoder");
		made(out.pos);
	} while (end ? r : in.pos < in.size);
}

static void zlib_encode(FILE *content, const char *level)
{
	must(*level >= '1' && *level <= '9' && !level[1], "check.encoder");
	int r = deflateInit2(&enc.z, *level - '0', Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
	must(r == Z_OK, "check.encoder");
	for (size_t n = 1; n; zlib_give(n, !n))
		n = fread(enc.in, 1, PIECE, content);
}

static void lzma_encode(FILE *content, const char *level, const char *params, bool mt)
{
	lzma_options_lzma opt;
	lzma_filter filters[] = { { LZMA_FILTER_LZMA2, &opt }, { LZMA_VLI_UNKNOWN, NULL } };
	lzma_mt m = { .threads = 2, .filters = filters };
	ull dict, block, left;
	char check[8];
	bool extreme = *level && !strcmp(level + 1, "e");
	must(*level >= '0' && *level <= '9' && (!level[1] || extreme), "check.encoder");
	uint32_t preset = (uint32_t)(*level - '0') | (extreme ? LZMA_PRESET_EXTREME : 0);
	must(!lzma_lzma_preset(&opt, preset), "check.encoder");
	static const char form[] = "check=%7[^,],dict=%llu,sizes=%*[^,],block=%llu";
	must(sscanf(params, form, check, &dict, &block) == 3, "check.encoder");
	opt.dict_size = (uint32_t)dict;
	while (!xz_checks[m.check] || strcmp(xz_checks[m.check], check))
		m.check++;
	m.block_size = block; /* 0: the library's own */
	must(!(mt ? lzma_stream_encoder_mt(&enc.x, &m) :
		    lzma_stream_encoder(&enc.x, filters, m.check)), "check.encoder");
	left = block = mt || !block ? UINT64_MAX : block; /* without threads, tell its end */
	for (size_t n = 1; n; left = left ? left : block) {
		n = fread(enc.in, 1, left < PIECE ? (size_t)left : PIECE, content);
		left -= n;
		lzma_give(n, !n ? LZMA_FINISH : left ? LZMA_RUN : LZMA_FULL_BARRIER);
	}
}

/* As the program: the end is told with the last piece where the size is known, else after it. */
static void zstd_encode(FILE *content, const char *level, const char *params, bool mt, ull size)
{
	int n = (int)strtol(level, NULL, 10), checksum = !!strstr(params, "checksum=yes");
	char spelled[24];
	snprintf(spelled, sizeof(spelled), "%d", n);
	enc.zstd = ZSTD_createCCtx();
	must(enc.zstd && !strcmp(spelled, level) && n >= 1 && n <= ZSTD_maxCLevel() &&
	     !ZSTD_isError(ZSTD_CCtx_setParameter(enc.zstd, ZSTD_c_compressionLevel, n)) &&
	     !ZSTD_isError(ZSTD_CCtx_setParameter(enc.zstd, ZSTD_c_checksumFlag, checksum)) &&
	     !ZSTD_isError(ZSTD_CCtx_setParameter(enc.zstd, ZSTD_c_nbWorkers, mt)) &&
	     !ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(enc.zstd, size)), "check.encoder");
	if (size == UINT64_MAX)
		zstd_give(0, false); /* an end that came first would make it known */
	for (bool end = false; !end;) {
		size_t got = fread(enc.in, 1, PIECE, content);
		size -= size == UINT64_MAX ? 0 : got;
		end = !got || !size;
		zstd_give(got, end);
	}
}

/* The environment must not matter, nor, to pigz, the number of processors. */
static void program_encode(FILE *content, const char *level, const char *name, const char *version)
{
	char command[96], want[160], line[160] = "";
	must(*level >= '1' && *level <= '9' && !level[1], "check.encoder");
	snprintf(command, sizeof(command), "%s --version 2>/dev/null", name);
	snprintf(want, sizeof(want), "%s %s\n", name, version);
	enc.program = popen(command, "r");
	must(enc.program && fgets(line, sizeof(line), enc.program), "check.encoder");
	must(!strcmp(line, want), "check.encoder");
	pclose(enc.program);
	snprintf(command, sizeof(command), "GZIP= PIGZ= %s%s -n -%s <&%d 2>/dev/null", name,
		 *name == 'p' ? " -p 2" : "", level, fileno(content));
	enc.program = popen(command, "r");
	for (size_t n = 1; enc.program && n; made(n))
		n = fread(enc.out, 1, sizeof(enc.out), enc.program);
	FILE *f = enc.program;
	enc.program = NULL;
	must(f && !pclose(f) && !enc.skip, "check.encoder");
}

static void encode_close(void)
{
	deflateEnd(&enc.z);
	lzma_end(&enc.x);
	ZSTD_freeCCtx(enc.zstd);
	if (enc.program)
		pclose(enc.program);
	memset(&enc, 0, sizeof(enc));
}

/* st->content by the encoder that the ledger names; `seen` is the SHA-256 of what it must give. */
static void encode(struct stream *st, const char *token, const char *seen)
{
	static const char *const names[] = { "gzip",	"pigz",	      "zlib",	"liblzma-mt",
					     "liblzma", "libzstd-mt", "libzstd" };
	const char *level = strrchr(token, '/') + 1, *here;
	char version[128], is_made[65];
	int i = 0, n = 0;
	for (; i < 7; i++) {
		n = (int)strlen(names[i]);
		if (!strncmp(token, names[i], (size_t)n) && token[n] == '-')
			break;
	}
	must(i < 7, "check.encoder");
	snprintf(version, sizeof(version), "%.*s", (int)(level - token) - 2 - n, token + n + 1);
	here = i == 2 ? zlibVersion() : i < 5 ? lzma_version_string() : ZSTD_versionString();
	here = i < 2 ? version : here;
	must(!strcmp(version, here) && *st->params == "mmmccww"[i], "check.encoder");
	must(!fflush(st->content) && !ferror(st->content), "check.read");
	rewind(st->content);
	enc.made = hash_new(EVP_sha256());
	enc.skip = i < 3 ? 10 : 0;
	hash_add(enc.made, st->head, st->head_len);
	if (i < 2)
		program_encode(st->content, level, names[i], version);
	else if (i == 2)
		zlib_encode(st->content, level);
	else if (i < 5)
		lzma_encode(st->content, level, st->params, i == 3);
	else
		zstd_encode(st->content, level, st->params, i == 5, st->size);
	hash_hex(enc.made, is_made);
	encode_close();
	must(!strcmp(is_made, seen), "check.encoding");
}
