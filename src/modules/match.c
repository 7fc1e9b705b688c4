/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/match.h"

#include <string.h>

#include "base/buf.h"
#include "elf/elf.h"

#define SYMBOLS_MAX (64u << 20) /* bytes of a module's symbol table */
#define STT_FILE    4

/* Symbol tables are looked at for one of type FILE; where st_info lies, the gABI says. */
static int has_file_symbol(struct mo_source *s, const struct mo_elf *e, bool *has,
			   struct modulo_error *err)
{
	size_t size = e->is64 ? 24 : 16, info = e->is64 ? 4 : 12;
	_cleanup_free_ uint8_t *table = NULL;
	const struct mo_elf_section *x = NULL;
	int r;

	*has = false;
	for (uint32_t i = 0; !x && i < e->nr; i++)
		x = e->section[i].type == MO_SHT_SYMTAB ? &e->section[i] : NULL;
	if (!x || x->size > SYMBOLS_MAX)
		return 0;
	table = malloc((size_t)x->size + 1);
	if (!table)
		return mo_fail_nomem(err);
	r = mo_source_read(s, x->off, table, (size_t)x->size, err);
	for (size_t at = 0; r == 0 && at + size <= x->size; at += size)
		*has |= (table[at + info] & 15) == STT_FILE;
	return r;
}

int mo_match_stripped(struct mo_source *s, uint64_t len, bool *stripped, struct modulo_error *err)
{
	struct modulo_error broken = { 0 };
	struct mo_arena arena = { 0 };
	uint8_t head[MO_ELF_HEAD];
	struct mo_elf e;
	bool has = false;
	int r;

	*stripped = false;
	if (len < sizeof(head))
		return 0;
	r = mo_source_read(s, 0, head, sizeof(head), err);
	if (r < 0 || !mo_elf_is_rel(head))
		return r;
	/* What is no sound ELF file has another trouble than strip. */
	if (mo_elf_read(s, len, false, "module.elf", "module.cut", &arena, &e, &broken) == 0) {
		r = has_file_symbol(s, &e, &has, err);
		*stripped = r == 0 && !has;
	}
	mo_arena_release(&arena);
	return r;
}

static int fail_at(const struct mo_set *s, uint32_t entry, struct modulo_error *err, const char *id,
		   const char *text)
{
	_cleanup_buf_ struct mo_buf b = { 0 };

	mo_buf_escape(&b, s->entry[entry].path, strlen(s->entry[entry].path), "");
	return mo_fail(err, MODULO_MISMATCH, MODULO_NO_OFFSET, id, "%s %.120s", text,
		       mo_buf_ok(&b) ? b.data : "a module");
}

/* Why no module of the set has these bytes. */
static int explain(const struct mo_set *s, struct mo_module *m, uint64_t len, const char *path,
		   struct modulo_error *err)
{
	uint32_t name = mo_set_by_path(s, path);
	uint8_t below[32];
	bool stripped;
	int r;

	if (m->outer.state == MO_TRAILER_OK && m->outer.body < len) {
		r = mo_module_hash(m, m->outer.body, 0, NULL, below, err);
		if (r < 0)
			return r;
		if (mo_set_by_content(s, below, path) != MO_SET_NONE)
			return mo_fail(err, MODULO_MISMATCH, m->outer.body, "modules.signed",
				       "it was signed after it was hashed: proofs are attached "
				       "before signing");
	}
	if (name == MO_SET_NONE)
		return mo_fail(
			err, MODULO_MISMATCH, MODULO_NO_OFFSET, "modules.unknown",
			"neither its bytes nor its name are in the tree: it was added, or is "
			"of another build");
	r = mo_match_stripped(m->bytes, len, &stripped, err);
	if (r < 0)
		return r;
	if (stripped)
		return fail_at(
			s, name, err, "modules.stripped",
			"its bytes are not those that were hashed, and it looks stripped, which "
			"comes before `tree build`:");
	return fail_at(s, name, err, "modules.changed",
		       "its bytes are not those that were hashed for");
}

int mo_match(const struct mo_set *s, struct mo_module *m, uint64_t len, const char *path,
	     uint32_t *index, struct modulo_error *err)
{
	uint8_t sha256[32];
	uint32_t i, name;
	int r = mo_module_hash(m, len, 0, NULL, sha256, err);

	if (r < 0)
		return r;
	i = mo_set_by_content(s, sha256, path);
	if (i == MO_SET_NONE)
		return explain(s, m, len, path, err);
	name = mo_set_by_path(s, path);
	if (name != MO_SET_NONE && name != i &&
	    mo_path_tail(s->entry[name].path, path) > mo_path_tail(s->entry[i].path, path))
		return fail_at(s, i, err, "modules.swapped",
			       "under this name another module was hashed; its bytes are those of");
	*index = i;
	return 0;
}
