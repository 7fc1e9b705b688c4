/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For fuzz targets of readers that hand out views: each lies inside of the bytes that were read. */
#ifndef FUZZ_INSIDE_H
#define FUZZ_INSIDE_H

#include "der/der.h"

static void inside(const uint8_t *data, size_t size, struct mo_view v)
{
	if (v.len && (v.p < data || v.len > size || (size_t)(v.p - data) > size - v.len))
		__builtin_trap();
}

#endif
