/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The gzip codec against zlib's own reader of gzip. Where the first byte is odd, the trailer is put
 * right before, so that random changes to the deflate data get that far.
 */
#include "fuzz_codec.h"

#define ZLIB_CONST
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All of data; *used: how much of it belonged to the stream */
static bool inflate_all(const uint8_t *data, size_t size, int bits, struct mo_buf *out,
			size_t *used)
{
	z_stream z = { .next_in = data, .avail_in = (uInt)size };
	uint8_t piece[4096];
	int rc = Z_OK;

	if (inflateInit2(&z, bits) != Z_OK)
		abort();
	while (rc == Z_OK && out->len <= FUZZ_MAX) {
		z.next_out = piece;
		z.avail_out = sizeof(piece);
		rc = inflate(&z, Z_NO_FLUSH);
		mo_buf_add(out, piece, sizeof(piece) - z.avail_out);
	}
	inflateEnd(&z);
	*used = size - z.avail_in;
	return rc == Z_STREAM_END;
}

static bool library(const uint8_t *data, size_t size, struct mo_buf *out)
{
	size_t used;

	return inflate_all(data, size, 31, out, &used) && used == size;
}

/* zlib's decoder takes the same streams for broken. */
static bool excused(const char *id)
{
	(void)id;
	return false;
}

static void put_le32(uint8_t *p, size_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static void repair(uint8_t *data, size_t size)
{
	enum { HEADER = 10, TRAILER = 8 };
	struct mo_buf out = { 0 };
	size_t used;

	if (size >= HEADER + TRAILER &&
	    inflate_all(data + HEADER, size - HEADER, -15, &out, &used) &&
	    size - HEADER - used >= TRAILER) {
		put_le32(data + HEADER + used, crc32(0, (Bytef *)out.data, (uInt)out.len));
		put_le32(data + HEADER + used + 4, out.len);
	}
	mo_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *own;

	if (size == 0)
		return 0;
	own = malloc(size - 1);
	if (size > 1)
		memcpy(own, data + 1, size - 1);
	if (data[0] & 1)
		repair(own, size - 1);
	fuzz_codec(&mo_codec_gzip, own, size - 1, library, excused);
	free(own);
	return 0;
}
