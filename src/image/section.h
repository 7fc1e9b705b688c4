/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The section of a vmlinux in which the kernel has its modules' hashes. */
#ifndef IMAGE_SECTION_H
#define IMAGE_SECTION_H

#include <stdbool.h>

#include "base/error.h"
#include "io/source.h"

#define MO_HASHES_SECTION ".module_hashes"
#define MO_HASHES_TREE	  36 /* bytes: u32 levels, in the target's byte order, and the root */

struct mo_image_section {
	uint64_t off, len;
	bool big;
};

/* "image.elf", "image.cut": broken; "image.section": it has none. */
_must_check_ int mo_image_find(struct mo_source *elf, struct mo_image_section *out,
			       struct modulo_error *err);
/* What the section of a tree holds. "image.size": it is no tree's; "image.levels". */
_must_check_ int mo_image_root(struct mo_source *elf, const struct mo_image_section *s,
			       unsigned *levels, uint8_t root[32], struct modulo_error *err);
/* The bytes of such a section. */
void mo_image_root_bytes(bool big, unsigned levels, const uint8_t root[32],
			 uint8_t out[MO_HASHES_TREE]);

#endif
