/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One module as it lies in a folder: decoded where it is compressed, and the trailers behind it. */
#ifndef MODULES_MODULE_H
#define MODULES_MODULE_H

#include <stdbool.h>

#include "codec/codec.h"
#include "elf/trailer.h"
#include "io/source.h"

/* Far more than a module has, and than a kernel would decompress. */
#define MO_MODULE_MAX (UINT64_C(1) << 30)

/* Zeroed before; released by the caller. */
struct mo_module {
	struct mo_source *file;
	struct mo_source *bytes;      /* what the kernel gets: the file, or what it decodes to */
	const struct mo_codec *codec; /* NULL: it is not compressed */
	struct mo_trailer outer;      /* the outermost trailer */
	struct mo_trailer inner; /* the one below it, of another type; only where that is read */
};

/* fd is taken over. The file is told by its content. */
_must_check_ int mo_module_open(int fd, struct mo_module *out, struct modulo_error *err);
void mo_module_release(struct mo_module *m);

/* The end of what the kernel hashes where it takes the outermost trailer for a proof; for a module
 * without one that of the file. */
uint64_t mo_module_end(const struct mo_module *m);
/* The trailer of type 3 that a kernel gets to: the outermost, or the one below a signature. NULL:
 * none. */
const struct mo_trailer *mo_module_proof(const struct mo_module *m);

/* Hashes of the module's first len bytes, in one pass. leaf may be NULL. */
_must_check_ int mo_module_hash(struct mo_module *m, uint64_t len, uint32_t index, uint8_t *leaf,
				uint8_t sha256[32], struct modulo_error *err);

/* How much of a path is the module's plain name: without a codec's suffix. 0: no module's name. */
size_t mo_module_name(const char *path, const struct mo_codec **codec);

#endif
