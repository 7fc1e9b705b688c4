/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A kernel image as it is installed, and the kernel inside: an ELF vmlinux, or raw bytes (arm64's
 * Image). Sources: Linux, Documentation/arch/x86/boot.rst (bzImage),
 * drivers/firmware/efi/libstub/zboot-header.S, Documentation/arch/arm64/booting.rst.
 */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include <stdbool.h>

#include "io/source.h"

#define MO_IMAGE_MAX (UINT64_C(4) << 30) /* of an unpacked kernel */

/* Zeroed before; released by the caller. */
struct mo_image {
	struct mo_source *kernel; /* what is inside; its file is in this struct, too */
	const char *kind;	  /* "vmlinux", "bzImage", "EFI zboot", "Image" */
	bool elf;		  /* the kernel is an ELF file; else raw bytes */
	/* internal */
	struct mo_source *part[4];
	unsigned nr;
};

/*
 * file is borrowed. "image.format": no kernel image; "image.payload": where its kernel should be
 * something else is; "image.codec": it is compressed by what is not known here.
 */
_must_check_ int mo_image_open(struct mo_source *file, struct mo_image *out,
			       struct modulo_error *err);
void mo_image_release(struct mo_image *i);

/* Whether these bytes are anywhere in the kernel. */
_must_check_ int mo_image_has(const struct mo_image *i, const void *p, size_t len, bool *has,
			      struct modulo_error *err);

/* What enc decodes to, by its magic: gzip, xz, zstd, lzma, lz4's legacy format. */
_must_check_ int mo_image_unpack(struct mo_source *enc, struct mo_source **out,
				 struct modulo_error *err);

#endif
