/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "elf/elf.h"

#include <string.h>

#include "base/cursor.h"

#define SECTIONS_MAX 1000000 /* a kernel with a section for each function has some 100,000 */
#define NAMES_MAX    (64u << 20)

bool mo_elf_is_rel(const uint8_t head[MO_ELF_HEAD])
{
	return memcmp(head, "\177ELF", 4) == 0 &&
	       ((head[16] == 1 && head[17] == 0) || (head[16] == 0 && head[17] == 1));
}

struct table {
	struct mo_source *s;
	uint64_t len; /* of the image */
	const char *bad, *cut;
	struct modulo_error *err;
	uint64_t shoff;
	uint16_t shentsize, shnum, shstrndx;
};

static int read_header(struct table *t, struct mo_elf *e)
{
	uint8_t raw[64] = { 0 };
	size_t want = t->len < sizeof(raw) ? (size_t)t->len : sizeof(raw);
	struct mo_cursor c;
	int r = mo_source_read(t->s, 0, raw, want, t->err);

	if (r < 0)
		return r;
	if (raw[4] != 1 && raw[4] != 2)
		return mo_fail(t->err, MODULO_MALFORMED, 4, t->bad,
			       "ELF class %u is neither 32-bit nor 64-bit", raw[4]);
	if (raw[5] != 1 && raw[5] != 2)
		return mo_fail(t->err, MODULO_MALFORMED, 5, t->bad, "ELF byte order %u is unknown",
			       raw[5]);
	e->is64 = raw[4] == 2;
	e->big = raw[5] == 2;
	e->header_len = e->is64 ? 64 : 52;
	if (t->len < e->header_len)
		return mo_fail(t->err, MODULO_MALFORMED, t->len, t->cut,
			       "the file ends inside the ELF header");
	c = mo_cur(raw, want);
	c.big = e->big;
	mo_cur_take(&c, e->is64 ? 40 : 32);
	t->shoff = mo_cur_uint(&c, e->is64 ? 8 : 4);
	mo_cur_take(&c, 4 + 2 + 2 + 2); /* flags, ehsize, phentsize, phnum */
	t->shentsize = mo_cur_u16(&c);
	t->shnum = mo_cur_u16(&c);
	t->shstrndx = mo_cur_u16(&c);
	return 0;
}

/* One entry; *name is the offset of its name, *link its sh_link. */
static void parse_section(const struct mo_elf *e, const uint8_t *raw, struct mo_elf_section *s,
			  uint32_t *name, uint32_t *link)
{
	struct mo_cursor c = mo_cur(raw, e->is64 ? 64 : 40);
	size_t word = e->is64 ? 8 : 4;

	c.big = e->big;
	*name = mo_cur_u32(&c);
	s->type = mo_cur_u32(&c);
	s->flags = mo_cur_uint(&c, word);
	mo_cur_uint(&c, word); /* address */
	s->off = mo_cur_uint(&c, word);
	s->size = mo_cur_uint(&c, word);
	*link = mo_cur_u32(&c);
}

/* More than 65,279 sections: the number and the string table's index stand in section 0 (gABI,
 * e_shnum). */
static int count_sections(struct table *t, const struct mo_elf *e, uint64_t *nr, uint32_t *names)
{
	size_t size = e->is64 ? 64 : 40;
	uint8_t raw[64];
	struct mo_elf_section first;
	uint32_t name, link;
	int r;

	*nr = t->shnum;
	*names = t->shstrndx;
	if (t->shnum != 0 && t->shstrndx != 0xffff)
		return 0;
	if (t->shoff > t->len || t->len - t->shoff < size)
		return mo_fail(t->err, MODULO_MALFORMED, t->len, t->cut,
			       "the file ends before its section table at %llu",
			       (unsigned long long)t->shoff);
	r = mo_source_read(t->s, t->shoff, raw, size, t->err);
	if (r < 0)
		return r;
	parse_section(e, raw, &first, &name, &link);
	if (t->shnum == 0)
		*nr = first.size;
	if (t->shstrndx == 0xffff)
		*names = link;
	return 0;
}

static int read_names(struct table *t, struct mo_elf *e, uint32_t index, const uint32_t *name,
		      struct mo_arena *arena)
{
	const struct mo_elf_section *s = index < e->nr ? &e->section[index] : NULL;
	char *strings;
	int r;

	if (!s || s->type == MO_SHT_NOBITS || s->size > NAMES_MAX)
		return mo_fail(t->err, MODULO_MALFORMED, e->table_off, t->bad,
			       "section %u cannot hold the sections' names", index);
	strings = mo_arena_alloc(arena, (size_t)s->size + 1);
	if (!strings)
		return mo_fail_nomem(t->err);
	r = mo_source_read(t->s, s->off, strings, (size_t)s->size, t->err);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < e->nr; i++)
		e->section[i].name = name[i] < s->size ? strings + name[i] : "";
	return 0;
}

static int read_table(struct table *t, struct mo_elf *e, uint64_t nr, uint32_t names_index,
		      bool names, struct mo_arena *arena)
{
	size_t size = e->is64 ? 64 : 40;
	_cleanup_free_ uint8_t *raw = malloc((size_t)nr * size);
	_cleanup_free_ uint32_t *name = calloc((size_t)nr, sizeof(*name));
	int r;

	e->section = mo_arena_array(arena, (size_t)nr, sizeof(*e->section));
	if (!raw || !name || !e->section)
		return mo_fail_nomem(t->err);
	r = mo_source_read(t->s, t->shoff, raw, (size_t)nr * size, t->err);
	if (r < 0)
		return r;
	e->nr = (uint32_t)nr;
	for (uint32_t i = 0; i < e->nr; i++) {
		struct mo_elf_section *s = &e->section[i];
		uint64_t end;
		uint32_t link;

		parse_section(e, raw + i * size, s, &name[i], &link);
		s->name = "";
		/* Section 0 describes nothing; NOBITS takes no room. */
		if (i == 0 || s->type == MO_SHT_NOBITS || s->type == 0)
			continue;
		if (!mo_add(s->off, s->size, &end))
			return mo_fail(t->err, MODULO_MALFORMED, t->shoff + i * size, t->bad,
				       "section %u wraps around", i);
		if (end > t->len)
			return mo_fail(t->err, MODULO_MALFORMED, t->len, t->cut,
				       "the file ends before section %u does, at %llu", i,
				       (unsigned long long)end);
		e->end = MO_MAX(e->end, end);
	}
	return names ? read_names(t, e, names_index, name, arena) : 0;
}

int mo_elf_read(struct mo_source *s, uint64_t len, bool names, const char *bad, const char *cut,
		struct mo_arena *arena, struct mo_elf *out, struct modulo_error *err)
{
	struct table t = { .s = s, .len = len, .bad = bad, .cut = cut, .err = err };
	struct mo_elf e = { 0 };
	uint32_t names_index;
	uint64_t nr;
	int r = read_header(&t, &e);

	if (r < 0)
		return r;
	e.end = e.header_len;
	if (t.shoff == 0) {
		*out = e;
		return 0;
	}
	if (t.shentsize != (e.is64 ? 64 : 40))
		return mo_fail(err, MODULO_MALFORMED, e.is64 ? 58 : 46, bad,
			       "section table entries of %u bytes", t.shentsize);
	r = count_sections(&t, &e, &nr, &names_index);
	if (r < 0)
		return r;
	if (nr == 0 || nr > SECTIONS_MAX)
		return mo_fail(err, MODULO_MALFORMED, t.shoff, bad,
			       "a section table of %llu entries", (unsigned long long)nr);
	e.table_off = t.shoff;
	e.table_len = nr * t.shentsize;
	if (!mo_add(e.table_off, e.table_len, &e.end))
		return mo_fail(err, MODULO_MALFORMED, t.shoff, bad,
			       "the section table wraps around");
	if (e.end > len)
		return mo_fail(err, MODULO_MALFORMED, len, cut,
			       "the file ends before its section table does, at %llu",
			       (unsigned long long)e.end);
	r = read_table(&t, &e, nr, names_index, names, arena);
	if (r == 0)
		*out = e;
	return r;
}

const struct mo_elf_section *mo_elf_find(const struct mo_elf *e, const char *name)
{
	for (uint32_t i = 0; i < e->nr; i++)
		if (strcmp(e->section[i].name, name) == 0)
			return &e->section[i];
	return NULL;
}
