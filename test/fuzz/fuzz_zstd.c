/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The zstd codec against libzstd's own reader. */
#include "fuzz_codec.h"

#include <zstd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool library(const uint8_t *data, size_t size, struct mo_buf *out)
{
	ZSTD_DCtx *d = ZSTD_createDCtx();
	ZSTD_inBuffer ib = { data, size, 0 };
	uint8_t piece[65536];
	size_t ret = 1;

	if (ZSTD_isError(ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax, 27)))
		abort();
	while (ret && out->len <= FUZZ_MAX) {
		ZSTD_outBuffer ob = { piece, sizeof(piece), 0 };
		size_t before = ib.pos;

		ret = ZSTD_decompressStream(d, &ob, &ib);
		if (ZSTD_isError(ret) || (ret && ib.pos == before && ob.pos == 0))
			break;
		mo_buf_add(out, piece, ob.pos);
	}
	ZSTD_freeDCtx(d);
	return ret == 0 && ib.pos == size && out->len <= FUZZ_MAX;
}

/* What libzstd passes over (doc/formats/zstd.md) */
static bool excused(const char *id)
{
	static const char *const ids[] = { "zstd.stream", "zstd.table", "zstd.sequences",
					   "zstd.reserved" };

	for (size_t i = 0; i < MO_NR(ids); i++) {
		if (!strcmp(id, ids[i]))
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_codec(&mo_codec_zstd, data, size, library, excused);
}
