/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which modules a tree is over, and in which order. */
#ifndef MODULES_ORDER_H
#define MODULES_ORDER_H

#include <stddef.h>

#include "base/arena.h"
#include "io/source.h"

struct mo_order {
	const char **path; /* plain names (.ko), raw bytes; the array is malloced */
	size_t nr, max;
	struct mo_arena arena;
};

/*
 * The lines of a modules.order, of the build folder (.o, .ko) or as installed (kernel/...ko). "."
 * and empty names in a path are left out. "order.line": no module's path. "order.twice".
 */
_must_check_ int mo_order_read(struct mo_source *s, struct mo_order *out, struct modulo_error *err);
/* The modules below a folder, in the order of a directory's serialisation (io/dir.h). */
_must_check_ int mo_order_list(const char *dir, struct mo_order *out, struct modulo_error *err);
void mo_order_release(struct mo_order *o);

#endif
