/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compressed streams, decoded strictly, and their PARAMS: doc/ledger.md 3. */

/* Makes in[at..fill) not empty; false: the stream's bytes are used up. */
static bool fill(struct stream *st)
{
	if (st->at == st->fill && st->left) {
		st->at = 0;
		st->fill = pull(st->from, st->in, st->left < CHUNK ? (size_t)st->left : CHUNK);
		must(st->fill, "check.short");
		st->left -= st->fill;
		hash_add(st->seen, st->in, st->fill);
	}
	return st->at < st->fill;
}

static void get(struct stream *st, uint8_t *p, size_t n)
{
	while (n--) {
		must(fill(st), "stream.cut");
		*p++ = st->in[st->at++];
	}
}

static ull little_endian(const uint8_t *p, size_t n)
{
	return n ? little_endian(p + 1, n - 1) << 8 | *p : 0;
}

/* gzip, RFC 1952: one member. zlib checks CRC-32 and ISIZE, and that no unknown flag is set. */
static void gzip_open(struct stream *st)
{
	uint8_t name[256] = "x", other[1]; /* a name of 1 to 255 bytes */
	gz_header h = { .name = name, .name_max = sizeof(name), .extra = other, .comment = other };
	z_stream *z = &st->gzip;
	must(inflateInit2(z, 31) == Z_OK && !inflateGetHeader(z, &h), "check.memory");
	for (z->next_out = name; !h.done; st->at++) {
		must(fill(st), "stream.cut");
		z->next_in = st->in + st->at;
		z->avail_in = 1;
		must(inflate(z, Z_BLOCK) == Z_OK, "gzip.header");
	}
	bool plain = !h.text && !h.hcrc && !h.extra && !h.comment && *name;
	must(plain && memchr(name, 0, sizeof(name)), "gzip.header");
	FILE *f = fmemopen(st->params, sizeof(st->params), "w");
	must(f, "check.memory");
	fprintf(f, "mtime=%lu,xfl=%d,os=%d,name=", h.time, h.xflags, h.os);
	mo_check_escape(f, name, h.name ? strlen((char *)name) : 0, " \\");
	fclose(f);
}

static size_t gzip_step(struct stream *st, uint8_t *buf, size_t cap)
{
	z_stream *z = &st->gzip;
	z->next_in = st->in + st->at;
	z->avail_in = (uInt)(st->fill - st->at);
	z->next_out = buf;
	z->avail_out = (uInt)cap;
	int r = inflate(z, Z_BLOCK); /* comes back behind each block, with its unused bits */
	must(r == Z_OK || r == Z_STREAM_END || r == Z_BUF_ERROR, "gzip.deflate");
	st->last = z->next_in > st->in + st->at ? z->next_in[-1] : st->last;
	st->at = st->fill - z->avail_in;
	bool last = (z->data_type & 192) == 192; /* behind the last block */
	must(!last || !(st->last >> (8 - (z->data_type & 7))), "gzip.bits");
	st->ended = r == Z_STREAM_END;
	return cap - z->avail_out;
}

/* xz, file format 1.1: one stream of LZMA2 blocks. liblzma checks its parts, one by one. */
static const char *const xz_checks[16] = { "none", "crc32", [4] = "crc64", [10] = "sha256" };

static void xz_open(struct stream *st)
{
	struct xz *x = &st->xz;
	uint8_t h[LZMA_STREAM_HEADER_SIZE];
	get(st, h, sizeof(h));
	must(!lzma_stream_header_decode(&x->flags, h) && xz_checks[x->flags.check], "xz.magic");
	must((x->index = lzma_index_hash_init(NULL, NULL)), "check.memory");
}

/* A header has no room to spare; but for sizes, which encoders with threads do not know yet. */
static void xz_block(struct stream *st)
{
	struct xz *x = &st->xz;
	lzma_block *b = &x->block;
	lzma_filter *f = x->filters;
	uint64_t before = b->uncompressed_size, size_before = b->header_size;
	uint32_t size = lzma_block_header_size_decode(st->in[st->at]), dict = 0;
	uint8_t h[LZMA_BLOCK_HEADER_SIZE_MAX];
	get(st, h, size);
	*b = (lzma_block){ .check = x->flags.check, .filters = f, .header_size = size };
	must(!lzma_block_header_decode(b, NULL, h), "xz.header");
	bool lzma2 = f[0].id == LZMA_FILTER_LZMA2 && f[1].id == LZMA_VLI_UNKNOWN;
	if (lzma2)
		dict = ((lzma_options_lzma *)f[0].options)->dict_size;
	for (; f->id != LZMA_VLI_UNKNOWN; f++)
		free(f->options);
	must(lzma2, "xz.filter");
	must(dict <= 1 << 28, "xz.dict");
	bool sized = b->compressed_size != LZMA_VLI_UNKNOWN;
	must(sized == (b->uncompressed_size != LZMA_VLI_UNKNOWN), "xz.header");
	must(size <= (sized ? 28 : 12), "xz.header");
	if (x->nr_blocks++)
		must(sized == x->sized && size == size_before && dict == x->options.dict_size &&
		     before == x->first_size && before, "xz.blocks");
	x->sized = sized;
	x->options.dict_size = dict;
	x->filters[0].options = &x->options;
	must(!lzma_block_decoder(&x->lzma, b), "check.memory");
	x->in_block = true;
}

static void xz_end(struct stream *st)
{
	struct xz *x = &st->xz;
	lzma_stream_flags footer;
	uint8_t h[LZMA_STREAM_HEADER_SIZE];
	lzma_ret r;
	must(x->nr_blocks && x->block.uncompressed_size <= x->first_size, "xz.blocks");
	do {
		must(fill(st), "stream.cut");
		r = lzma_index_hash_decode(x->index, st->in, &st->at, st->fill);
	} while (r == LZMA_OK);
	must(r == LZMA_STREAM_END, "xz.index");
	get(st, h, sizeof(h));
	must(!lzma_stream_footer_decode(&footer, h) &&
	     !lzma_stream_flags_compare(&x->flags, &footer) &&
	     footer.backward_size == lzma_index_hash_size(x->index), "xz.footer");
	snprintf(st->params, sizeof(st->params), "check=%s,dict=%u,sizes=%s,block=%llu",
		 xz_checks[x->flags.check], x->options.dict_size, x->sized ? "yes" : "no",
		 x->nr_blocks > 1 ? (ull)x->first_size : 0);
	st->ended = true;
}

static size_t xz_step(struct stream *st, uint8_t *buf, size_t cap)
{
	struct xz *x = &st->xz;
	lzma_stream *z = &x->lzma;
	lzma_block *b = &x->block;
	if (!x->in_block) {
		must(st->at < st->fill, "stream.cut");
		(st->in[st->at] ? xz_block : xz_end)(st); /* a zero byte begins the index */
		return 0;
	}
	z->next_in = st->in + st->at;
	z->avail_in = st->fill - st->at;
	z->next_out = buf;
	z->avail_out = cap;
	lzma_ret r = lzma_code(z, LZMA_RUN); /* data, padding, check, and the header's sizes */
	must(r == LZMA_OK || r == LZMA_STREAM_END, "xz.data");
	st->at = st->fill - z->avail_in;
	if (r == LZMA_STREAM_END) {
		x->in_block = false;
		x->first_size = x->nr_blocks == 1 ? b->uncompressed_size : x->first_size;
		uint64_t unpadded = lzma_block_unpadded_size(b), size = b->uncompressed_size;
		must(!lzma_index_hash_append(x->index, unpadded, size), "xz.index");
	}
	return cap - z->avail_out;
}

/* Zstandard, RFC 8878: one frame. libzstd gets the header, too, and checks size and checksum. */
static void zstd_open(struct stream *st)
{
	uint8_t h[14];
	char window[24] = "single";
	get(st, h, 5);
	/* Not unused, not reserved, no dictionary ID */
	must(!memcmp(h, "\x28\xb5\x2f\xfd", 4) && !(h[4] & 0x1b), "zstd.header");
	bool single = h[4] & 0x20;
	size_t width = h[4] >> 6 ? (size_t)1 << (h[4] >> 6) : single, n = (single ? 5 : 6) + width;
	get(st, h + 5, n - 5);
	ull size = little_endian(h + n - width, width) + (width == 2 ? 256 : 0);
	size_t least = size < 256 ? (single ? 1 : 4) : size < 65792 ? 2 : size < UINT32_MAX ? 4 : 8;
	must(!width || width == least, "zstd.header");
	size = single ? size : (1ULL << (10 + (h[5] >> 3))) / 8 * (8 + (h[5] & 7));
	must(size <= 1 << 27, "zstd.window");
	if (!single)
		snprintf(window, sizeof(window), "%llu", size);
	snprintf(st->params, sizeof(st->params), "window=%s,checksum=%s,size=%s", window,
		 h[4] & 4 ? "yes" : "no", width ? "yes" : "no");
	must((st->zstd = ZSTD_createDCtx()), "check.memory");
	ZSTD_inBuffer in = { h, n, 0 };
	ZSTD_outBuffer out = { h, 0, 0 };
	size = ZSTD_decompressStream(st->zstd, &out, &in);
	must(!ZSTD_isError(size) && in.pos == n, "zstd.header");
}

static size_t zstd_step(struct stream *st, uint8_t *buf, size_t cap)
{
	ZSTD_inBuffer in = { st->in, st->fill, st->at };
	ZSTD_outBuffer out = { buf, cap, 0 };
	size_t r = ZSTD_decompressStream(st->zstd, &out, &in);
	must(!ZSTD_isError(r), "zstd.data");
	st->at = in.pos;
	st->ended = !r; /* the frame's end */
	return out.pos;
}

static const struct codec {
	const char *name;
	void (*open)(struct stream *st); /* reads what stands before the compressed data */
	size_t (*step)(struct stream *st, uint8_t *buf, size_t cap); /* some bytes, or none yet */
} codecs[] = { { "gzip", gzip_open, gzip_step },
	       { "xz", xz_open, xz_step }, { "zstd", zstd_open, zstd_step } };

/* Streams in streams could unfold to endless empty blocks. Honest ones decode to the core. */
static size_t stream_read(struct source *s, uint8_t *buf, size_t cap)
{
	struct stream *st = (struct stream *)s;
	size_t n = 0;
	while (!n && !st->ended) {
		bool more = fill(st);
		n = st->codec->step(st, buf, cap);
		must(more || n || st->ended, "stream.cut");
	}
	must(!st->ended || !fill(st), "stream.trailing");
	run.decoded += n;
	must(run.decoded / 64 <= run.artifact->pos + run.core_pos + (1 << 20), "check.limit");
	must(!st->content || fwrite(buf, 1, n, st->content) == n, "check.read");
	return n;
}

/* st becomes the stream of the next n bytes of from. */
static void stream_open(struct stream *st, struct source *from, uint64_t n, const char *codec)
{
	for (size_t i = 0; i < 3; i++)
		st->codec = strcmp(codec, codecs[i].name) ? st->codec : &codecs[i];
	must(st->codec, "ledger.word");
	st->out.read = stream_read;
	st->from = from;
	st->left = n;
	st->seen = hash_new(EVP_sha256());
	st->codec->open(st);
}

static void stream_close(struct stream *st)
{
	inflateEnd(&st->gzip);
	lzma_end(&st->xz.lzma);
	lzma_index_hash_end(st->xz.index, NULL);
	ZSTD_freeDCtx(st->zstd);
	if (st->content)
		fclose(st->content);
	memset(st, 0, sizeof(*st));
}

/* Encodes again, by the `modulo` beside this program: it gets content and names, not the stream. */
static void encode(struct stream *st, const char *encoder, const char *seen)
{
	char path[PATH_MAX], is[65];
	int ends[2], status = 0;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - sizeof("modulo"));
	must(n > 0 && !fflush(st->content) && !pipe2(ends, O_CLOEXEC), "check.read");
	path[n] = '\0';
	strcpy(strrchr(path, '/') + 1, "modulo");
	rewind(st->content);
	pid_t pid = fork();
	if (!pid) {
		dup2(fileno(st->content), 0);
		dup2(ends[1], 1);
		dup2(open("/dev/null", O_WRONLY), 2); /* one line on stderr, and it is ours */
		execl(path, path, "--encode", st->codec->name, st->params, encoder, NULL);
		_exit(2);
	}
	close(ends[1]);
	EVP_MD_CTX *h = hash_new(EVP_sha256());
	while ((n = read(ends[0], run.buf, CHUNK)) > 0)
		hash_add(h, run.buf, (size_t)n);
	close(ends[0]);
	must(pid > 0 && waitpid(pid, &status, 0) == pid && !n && !status, "check.encoder");
	must(!strcmp(hash_hex(h, is), seen), "check.encoding");
}
