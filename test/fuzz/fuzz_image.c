/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel images: what is opened is within the file or was unpacked from it, a section that is found
 * lies in the kernel, and what it says of a tree is what its bytes are.
 */
#include <stdlib.h>
#include <string.h>

#include "image/image.h"
#include "image/section.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_section(struct mo_source *kernel)
{
	uint8_t root[32], bytes[MO_HASHES_TREE], have[MO_HASHES_TREE];
	struct modulo_error err = { 0 };
	struct mo_image_section x;
	unsigned levels;

	if (mo_image_find(kernel, &x, &err) < 0)
		return;
	if (x.off > kernel->len || x.len > kernel->len - x.off)
		abort();
	if (mo_image_root(kernel, &x, &levels, root, &err) < 0)
		return;
	mo_image_root_bytes(x.big, levels, root, bytes);
	if (mo_source_read(kernel, x.off, have, sizeof(have), &err) < 0 ||
	    memcmp(have, bytes, sizeof(have)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct modulo_error err = { 0 };
	struct mo_image i = { 0 };
	struct mo_source *s = NULL;
	bool has;

	if (mo_source_memory(data, len, &s, &err) < 0)
		return 0;
	if (mo_image_open(s, &i, &err) == 0) {
		if (!i.kind || !i.kernel)
			abort();
		if (i.elf)
			check_section(i.kernel);
		/* What is in the last bytes is found there. */
		if (i.kernel->len >= 36) {
			uint8_t last[36];

			if (mo_source_read(i.kernel, i.kernel->len - 36, last, 36, &err) < 0 ||
			    mo_image_has(&i, last, 36, &has, &err) < 0 || !has)
				abort();
		}
	} else if (!err.rc || !err.id[0]) {
		abort();
	}
	mo_image_release(&i);
	mo_source_close(s);
	return 0;
}
