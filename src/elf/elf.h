/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The part of ELF that is needed to say where an image ends and what lies at an offset: the file
 * header and the section table, of either class and byte order. Source: System V ABI, chapter 4
 * (gABI), "ELF Header", "Sections".
 */
#ifndef ELF_ELF_H
#define ELF_ELF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "io/source.h"

#define MO_ELF_HEAD 20 /* bytes that mo_elf_is_rel() wants */

struct mo_elf_section {
	const char *name; /* in the arena; "" where the string table has none */
	uint32_t type;
	uint64_t flags, off, size;
};

#define MO_SHT_SYMTAB 2
#define MO_SHT_NOBITS 8

struct mo_elf {
	bool is64, big;
	uint64_t header_len;
	uint64_t table_off, table_len; /* of the section table; 0, 0: none */
	uint64_t end; /* the image ends here: the furthest of header, table and sections */
	struct mo_elf_section *section;
	uint32_t nr;
};

/* An ELF relocatable object, by its first MO_ELF_HEAD bytes. */
bool mo_elf_is_rel(const uint8_t head[MO_ELF_HEAD]);

/*
 * Reads header and section table of the image in the first len bytes of s. names: section names
 * too. Refusals, under the ids that the caller's format documents: bad (what cannot be right), cut
 * (what lies beyond len).
 */
_must_check_ int mo_elf_read(struct mo_source *s, uint64_t len, bool names, const char *bad,
			     const char *cut, struct mo_arena *arena, struct mo_elf *out,
			     struct modulo_error *err);

/* The section of that name, or NULL. */
const struct mo_elf_section *mo_elf_find(const struct mo_elf *e, const char *name);

#endif
