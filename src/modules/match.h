/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which entry of a build's modules a file is, and why it is none. */
#ifndef MODULES_MATCH_H
#define MODULES_MATCH_H

#include "modules/module.h"
#include "modules/set.h"

/*
 * The entry of the module's first len bytes. path: where it lies, for choosing among equal ones and
 * for saying what is wrong:
 *
 *   modules.stripped, modules.changed   of this name, with other bytes
 *   modules.swapped                     of this name, with the bytes of another module
 *   modules.signed                      as hashed, with a signature behind it since
 *   modules.unknown                     neither bytes nor name are there
 */
_must_check_ int mo_match(const struct mo_set *s, struct mo_module *m, uint64_t len,
			  const char *path, uint32_t *index, struct modulo_error *err);

/*
 * Whether a module has no names of source files among its symbols any more: strip takes these, with
 * every option but those for single symbols. false where it is no ELF object.
 */
_must_check_ int mo_match_stripped(struct mo_source *s, uint64_t len, bool *stripped,
				   struct modulo_error *err);

#endif
