/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a PE image, and as a signature that lies beside one. */
#include "any_file.h"
#include "fmt/pe_certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void detached(const uint8_t *data, size_t size)
{
	struct modulo_error err = { 0 };
	size_t at = SIZE_MAX, n = SIZE_MAX;
	const char *form = NULL;

	if (mo_pe_unwrap(data, size, &at, &n, &form, &err)) {
		if (!err.rc || !err.id[0] || at != SIZE_MAX || n != SIZE_MAX || form)
			__builtin_trap();
	} else if (err.rc || !form || at > size || n > size - at || !n || data[at] != 0x30) {
		__builtin_trap();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *image = malloc(size + 1);

	if (!image)
		abort();
	detached(data, size);
	if (size) /* without MZ it is nobody's */
		memcpy(image, data, size);
	if (size > 1)
		memcpy(image, "MZ", 2);
	any_file(image, size);
	free(image);
	return 0;
}
