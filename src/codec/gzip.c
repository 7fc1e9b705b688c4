/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One gzip member, strictly (RFC 1952, RFC 1951; doc/formats/gzip.md):
 *
 *	1f 8b | CM 8 | FLG | MTIME le32 | XFL | OS | [FNAME, NUL] | deflate blocks | CRC32 le32 |
 *ISIZE le32
 *
 * zlib inflates; it stops at each block's end, so that the bits which it skips can be seen: those
 * before a stored block's length, and those behind the last block.
 */
#include "codec/gzip.h"

#define ZLIB_CONST
#include <zlib.h>

#include <inttypes.h>
#include <string.h>

#include "base/cursor.h"

struct gunzip {
	struct mo_codec_in in;
	struct mo_codec_out out;
	struct mo_codec_gzip_params params;
	z_stream z;
	uint32_t crc;
	uint8_t piece[MO_CODEC_PIECE];
};

static int cut(struct gunzip *g, struct modulo_error *err)
{
	return mo_fail(err, MODULO_MALFORMED, g->in.end, "gzip.cut", "the stream ends too early");
}

static int get(struct gunzip *g, void *p, size_t n, struct modulo_error *err)
{
	int rc = mo_codec_in_get(&g->in, p, n, err);

	return rc > 0 ? cut(g, err) : rc;
}

static int check_flags(unsigned flags, struct modulo_error *err)
{
	if (flags & ~(unsigned)MO_GZIP_OPTIONAL)
		return mo_fail(err, MODULO_MALFORMED, 3, "gzip.reserved", "reserved flags 0x%02x",
			       flags);
	if (flags & ~(unsigned)MO_GZIP_FNAME)
		return mo_fail(err, MODULO_UNSUPPORTED, 3, "gzip.flag",
			       "flags 0x%02x: only a file name (0x08) is known", flags);
	return 0;
}

static int read_name(struct gunzip *g, struct modulo_error *err)
{
	struct mo_codec_gzip_params *p = &g->params;

	for (;;) {
		uint8_t c;
		int rc = get(g, &c, 1, err);

		if (rc)
			return rc;
		if (c == 0)
			break;
		if (p->name_len == sizeof(p->name))
			return mo_fail(err, MODULO_LIMIT, MO_GZIP_HEADER_LEN, "gzip.name",
				       "a file name over %zu bytes", sizeof(p->name));
		p->name[p->name_len++] = c;
	}
	if (p->name_len == 0)
		return mo_fail(err, MODULO_UNSUPPORTED, MO_GZIP_HEADER_LEN, "gzip.name",
			       "an empty file name");
	return 0;
}

static int read_header(struct gunzip *g, struct modulo_error *err)
{
	uint8_t head[MO_GZIP_HEADER_LEN];
	struct mo_cursor c = mo_cur(head, sizeof(head));
	unsigned magic, method, flags;
	int rc = get(g, head, sizeof(head), err);

	if (rc)
		return rc;
	magic = mo_cur_u16(&c);
	method = mo_cur_u8(&c);
	flags = mo_cur_u8(&c);
	g->params.mtime = mo_cur_u32(&c);
	g->params.xfl = mo_cur_u8(&c);
	g->params.os = mo_cur_u8(&c);
	if (magic != 0x8b1f)
		return mo_fail(err, MODULO_MALFORMED, 0, "gzip.magic", "not a gzip member");
	if (method != 8)
		return mo_fail(err, MODULO_MALFORMED, 2, "gzip.method",
			       "compression method %u: 8 is the only one", method);
	rc = check_flags(flags, err);
	if (rc || !(flags & MO_GZIP_FNAME))
		return rc;
	return read_name(g, err);
}

static int bits_set(uint64_t at, const char *where, struct modulo_error *err)
{
	return mo_fail(err, MODULO_UNSUPPORTED, at, "gzip.bits",
		       "bits that mean nothing are not zero %s", where);
}

/*
 * A block begins in the `unused` high bits of the byte before the piece's position. If it is a
 * stored one (BTYPE 0), its three bits are followed by bits up to the next byte that nobody reads.
 */
static int check_block(struct gunzip *g, unsigned unused, struct modulo_error *err)
{
	unsigned v = (unsigned)g->in.buf[g->in.at] >> (8 - unused), nr = unused;

	if (nr < 3) {
		if (mo_codec_in_here(&g->in) == 0)
			return 0; /* cut: inflate will find out */
		v |= (unsigned)*mo_codec_in_data(&g->in) << nr;
		nr += 8;
	}
	if ((v >> 1 & 3) == 0 && v >> 3)
		return bits_set(mo_codec_in_tell(&g->in) - (unused >= 3), "before a stored block",
				err);
	return 0;
}

static int check_end(struct gunzip *g, unsigned unused, struct modulo_error *err)
{
	if (unused && g->in.buf[g->in.at] >> (8 - unused))
		return bits_set(mo_codec_in_tell(&g->in) - 1, "behind the last block", err);
	return 0;
}

/* One call of inflate: takes of the piece at hand, writes what comes. */
static int step(struct gunzip *g, int *zrc, struct modulo_error *err)
{
	size_t here = mo_codec_in_here(&g->in), made;

	g->z.next_in = mo_codec_in_data(&g->in);
	g->z.avail_in = (uInt)here;
	g->z.next_out = g->piece;
	g->z.avail_out = sizeof(g->piece);
	*zrc = inflate(&g->z, Z_BLOCK);
	g->in.at += here - g->z.avail_in;
	made = sizeof(g->piece) - g->z.avail_out;
	g->crc = (uint32_t)crc32(g->crc, g->piece, (uInt)made);
	if (*zrc == Z_MEM_ERROR)
		return mo_fail_nomem(err);
	if (*zrc != Z_OK && *zrc != Z_STREAM_END && *zrc != Z_BUF_ERROR)
		return mo_fail(err, MODULO_MALFORMED, mo_codec_in_tell(&g->in), "gzip.deflate",
			       "broken deflate data: %s", g->z.msg ? g->z.msg : "no reason given");
	return mo_codec_out_write(&g->out, g->piece, made, err);
}

static int inflate_blocks(struct gunzip *g, struct modulo_error *err)
{
	bool boundary = true;
	unsigned unused = 0;
	int zrc = Z_OK;

	while (zrc != Z_STREAM_END) {
		int rc = mo_codec_in_fill(&g->in, err);

		if (!rc && boundary)
			rc = check_block(g, unused, err);
		if (!rc)
			rc = step(g, &zrc, err);
		if (rc)
			return rc;
		if (zrc == Z_BUF_ERROR && mo_codec_in_left(&g->in) == 0)
			return cut(g, err);
		/*
		 * Behind a block zlib tells how many bits it holds of the last byte taken, fewer
		 * than 8. Z_BUF_ERROR may stand there too, where it held the block's last bits
		 * already.
		 */
		unused = (unsigned)g->z.data_type & 7;
		boundary = zrc != Z_STREAM_END && g->z.data_type & 128;
		if (boundary && g->z.data_type & 64) {
			rc = check_end(g, unused, err);
			if (rc)
				return rc;
			boundary = false;
		}
	}
	return 0;
}

static int read_trailer(struct gunzip *g, struct modulo_error *err)
{
	uint64_t at = mo_codec_in_tell(&g->in);
	uint8_t tail[MO_GZIP_TRAILER_LEN];
	struct mo_cursor c = mo_cur(tail, sizeof(tail));
	uint32_t crc, size;
	int rc = get(g, tail, sizeof(tail), err);

	if (rc)
		return rc;
	crc = mo_cur_u32(&c);
	size = mo_cur_u32(&c);
	if (crc != g->crc)
		return mo_fail(err, MODULO_MALFORMED, at, "gzip.crc",
			       "CRC32 is %08" PRIx32 ", the content's %08" PRIx32, crc, g->crc);
	if (size != (uint32_t)g->out.len)
		return mo_fail(err, MODULO_MALFORMED, at + 4, "gzip.size",
			       "ISIZE is %" PRIu32 ", the content's %" PRIu32, size,
			       (uint32_t)g->out.len);
	return 0;
}

static int check_nothing_follows(struct gunzip *g, struct modulo_error *err)
{
	uint64_t at = mo_codec_in_tell(&g->in);
	uint8_t magic[2];
	int rc;

	if (at == g->in.end)
		return 0;
	rc = mo_codec_in_get(&g->in, magic, sizeof(magic), err);
	if (rc < 0)
		return rc;
	if (rc == 0 && magic[0] == 0x1f && magic[1] == 0x8b)
		return mo_fail(err, MODULO_UNSUPPORTED, at, "gzip.members", "a second member");
	return mo_fail(err, MODULO_MALFORMED, at, "gzip.trailing",
		       "%" PRIu64 " bytes behind the member", g->in.end - at);
}

static int decode_member(struct gunzip *g, struct modulo_error *err)
{
	int rc = read_header(g, err);

	if (!rc)
		rc = inflate_blocks(g, err);
	if (!rc)
		rc = read_trailer(g, err);
	return rc ? rc : check_nothing_follows(g, err);
}

static int gzip_decode(struct mo_source *enc, uint64_t max, struct mo_sink *out,
		       struct mo_codec_info *info, struct modulo_error *err)
{
	struct mo_buf _cleanup_buf_ params = { 0 };
	struct gunzip _cleanup_free_ *g = malloc(sizeof(*g));
	int rc;

	if (!g)
		return mo_fail_nomem(err);
	mo_codec_in_init(&g->in, enc, 0, enc->len);
	g->out = (struct mo_codec_out){ .k = out, .max = max };
	memset(&g->params, 0, sizeof(g->params));
	memset(&g->z, 0, sizeof(g->z));
	g->crc = 0;
	if (inflateInit2(&g->z, -MAX_WBITS) != Z_OK)
		return mo_fail_nomem(err);
	rc = decode_member(g, err);
	inflateEnd(&g->z);
	if (rc)
		return rc;
	mo_codec_gzip_render(&g->params, &params);
	return mo_codec_info_fill(info, &params, g->out.len, err);
}

/* Nothing in a gzip stream's headers follows from its content: only the same params are alike. */
static bool gzip_alike(const char *a, uint64_t a_len, const char *b, uint64_t b_len)
{
	(void)a_len;
	(void)b_len;
	return strcmp(a, b) == 0;
}

const struct mo_codec mo_codec_gzip = {
	.name = "gzip",
	.suffix = ".gz",
	.brief = "gzip, one member (RFC 1952)",
	.magic = { 0x1f, 0x8b, 0x08 },
	.magic_len = 3,
	.decode = gzip_decode,
	.candidate = mo_codec_gzip_candidate,
	.encode = mo_codec_gzip_encode,
	.alike = gzip_alike,
};
