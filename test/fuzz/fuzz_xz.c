/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The xz codec against liblzma's own reader. The bits of the first byte say which of the CRC32s are
 * put right before, so that random changes get behind them.
 */
#include "fuzz_codec.h"

#include <lzma.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool library(const uint8_t *data, size_t size, struct mo_buf *out)
{
	uint64_t limit = UINT64_C(300) << 20;
	size_t in_pos = 0, out_pos = 0;
	uint8_t *room = malloc(FUZZ_MAX);
	lzma_ret ret = lzma_stream_buffer_decode(&limit, LZMA_CONCATENATED, NULL, data, &in_pos,
						 size, room, &out_pos, FUZZ_MAX);

	if (ret == LZMA_OK)
		mo_buf_add(out, room, out_pos);
	free(room);
	return ret == LZMA_OK && in_pos == size;
}

/* liblzma takes the same streams for broken. */
static bool excused(const char *id)
{
	(void)id;
	return false;
}

static void put_crc(uint8_t *at, const uint8_t *p, size_t len)
{
	uint32_t v = lzma_crc32(p, len, 0);

	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> 8 * i);
}

static void repair(uint8_t *data, size_t size, unsigned what)
{
	enum { HEADER = 12, FOOTER = 12 };
	size_t block, index;

	if (size < HEADER + FOOTER)
		return;
	if (what & 1)
		put_crc(data + 8, data + 6, 2);
	block = ((size_t)data[HEADER] + 1) * 4;
	if (what & 2 && block >= 8 && size - HEADER >= block)
		put_crc(data + HEADER + block - 4, data + HEADER, block - 4);
	index = ((size_t)data[size - 8] + 1) * 4;
	if (what & 4 && index >= 8 && size - FOOTER >= index)
		put_crc(data + size - FOOTER - 4, data + size - FOOTER - index, index - 4);
	if (what & 8)
		put_crc(data + size - FOOTER, data + size - 8, 6);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *own;

	if (size == 0)
		return 0;
	own = malloc(size - 1);
	if (size > 1)
		memcpy(own, data + 1, size - 1);
	repair(own, size - 1, data[0]);
	fuzz_codec(&mo_codec_xz, own, size - 1, library, excused);
	free(own);
	return 0;
}
