/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any bytes as a file, first of all as a kernel module, compressed or not. */
#include "any_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	any_file(data, size);
	return 0;
}
