/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/section.h"

#include <string.h>

#include "base/cursor.h"
#include "elf/elf.h"

#define LEVELS_MAX 32

static int find(const struct mo_elf *e, struct mo_image_section *out, struct modulo_error *err)
{
	const struct mo_elf_section *x = mo_elf_find(e, MO_HASHES_SECTION);

	if (e->nr == 0)
		return mo_fail(err, MODULO_UNSUPPORTED, MODULO_NO_OFFSET, "image.section",
			       "it has no section table, so where its module hashes are cannot be "
			       "told; the unpacked vmlinux of the build has one");
	if (!x)
		return mo_fail(err, MODULO_MISMATCH, MODULO_NO_OFFSET, "image.section",
			       "it has no section %s: a kernel built without CONFIG_MODULE_HASHES",
			       MO_HASHES_SECTION);
	if (x->type == MO_SHT_NOBITS)
		return mo_fail(err, MODULO_MALFORMED, MODULO_NO_OFFSET, "image.section",
			       "its section %s has no bytes in the file", MO_HASHES_SECTION);
	*out = (struct mo_image_section){ x->off, x->size, e->big };
	return 0;
}

int mo_image_find(struct mo_source *s, struct mo_image_section *out, struct modulo_error *err)
{
	struct mo_arena arena = { 0 };
	uint8_t magic[4] = { 0 };
	struct mo_elf e;
	int r = s->len < 4 ? 0 : mo_source_read(s, 0, magic, sizeof(magic), err);

	if (r == 0 && memcmp(magic, "\177ELF", 4) != 0)
		return mo_fail(err, MODULO_UNSUPPORTED, 0, "image.elf", "it is no ELF file");
	r = r < 0 ? r : mo_elf_read(s, s->len, true, "image.elf", "image.cut", &arena, &e, err);
	r = r < 0 ? r : find(&e, out, err);
	mo_arena_release(&arena);
	return r;
}

int mo_image_root(struct mo_source *elf, const struct mo_image_section *s, unsigned *levels,
		  uint8_t root[32], struct modulo_error *err)
{
	uint8_t raw[MO_HASHES_TREE];
	struct mo_cursor c = mo_cur(raw, sizeof(raw));
	uint32_t v;
	int r;

	if (s->len != sizeof(raw))
		return mo_fail(err, MODULO_MISMATCH, s->off, "image.size",
			       "its section %s has %llu bytes; that of a tree has %zu",
			       MO_HASHES_SECTION, (unsigned long long)s->len, sizeof(raw));
	r = mo_source_read(elf, s->off, raw, sizeof(raw), err);
	if (r < 0)
		return r;
	c.big = s->big;
	v = mo_cur_u32(&c);
	if (v > LEVELS_MAX)
		return mo_fail(err, MODULO_MALFORMED, s->off, "image.levels",
			       "its tree has %u levels, over %d", v, LEVELS_MAX);
	*levels = v;
	memcpy(root, raw + 4, 32);
	return 0;
}

void mo_image_root_bytes(bool big, unsigned levels, const uint8_t root[32],
			 uint8_t out[MO_HASHES_TREE])
{
	for (unsigned i = 0; i < 4; i++)
		out[big ? 3 - i : i] = (uint8_t)(levels >> 8 * i);
	memcpy(out + 4, root, 32);
}
