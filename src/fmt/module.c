/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel modules with appended signatures (doc/formats/module.md):
 *
 *   content | body (sig_len) | algo hash id_type signer_len key_id_len pad[3] be32 sig_len | magic
 *
 * where the body is a signature or a proof (merkle.md), by id_type.
 *
 * Read from the end, as the kernel does. Strictness as in the kernel's mod_check_sig().
 */
#include "fmt/format.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "elf/elf.h"
#include "elf/trailer.h"

#define CUT_MIN	 8    /* so many bytes of the magic at the end are a cut one */
#define TAIL_MAX 4096 /* so far before the end a trailer is looked for that something follows */

/* By id_type: the kinds of trailers that there are. */
static const char *const forms[] = {
	[MO_TRAILER_PKCS7] = "module.pkcs7", [MO_TRAILER_MERKLE] = "module.merkle"
};

/* A build attaches proofs before it signs. */
static const struct mo_detached detached[] = { { ".proof", "module.merkle", NULL },
					       { ".sig", "module.pkcs7", NULL },
					       { NULL, NULL, NULL } };

struct trailer {
	const char *form;
	uint64_t body;
	uint32_t len; /* of the body */
};

struct module {
	struct mo_source *s;
	struct mo_ledger *l;
	struct modulo_error *err;
	uint64_t content;			   /* the content's length */
	struct trailer trailer[MO_SIGNATURES_MAX]; /* from the last to the first */
	unsigned nr;
};

/* The trailer that ends at end. 1: found; 0: none there. */
static int trailer_at(struct module *m, uint64_t end, struct trailer *t)
{
	uint64_t at = end - MO_TRAILER_LEN;
	struct mo_trailer found;
	int r = mo_trailer_read(m->s, end, &found, m->err);

	if (r < 0 || found.state == MO_TRAILER_NONE)
		return r;
	if (found.state == MO_TRAILER_HEADER_BAD)
		return mo_fail(m->err, MODULO_MALFORMED, at + found.field, "module.header",
			       "byte %u of the signature header is %u, and must be 0", found.field,
			       found.value);
	if (found.type >= MO_NR(forms) || !forms[found.type])
		return mo_fail(m->err, MODULO_UNSUPPORTED, at + 2, "module.type",
			       "a trailer of type %u; only PKCS#7 (2) and proofs (3) are known",
			       found.type);
	if (found.state == MO_TRAILER_SIZE_BAD || found.len == 0 || found.len > MO_SIGNATURE_MAX)
		return mo_fail(m->err, MODULO_MALFORMED, at + 8, "module.siglen",
			       "a signature of %u bytes in front of which %llu bytes lie",
			       found.len, (unsigned long long)at);
	*t = (struct trailer){ forms[found.type], found.body, found.len };
	return 1;
}

/* Kernels look below a trailer for one more, of the other type (doc/kernel.md). */
static bool is_pair(const struct module *m, const struct trailer *below)
{
	return m->nr == 1 && m->trailer[0].form != below->form;
}

static int find_trailers(struct module *m)
{
	struct trailer t = { 0 };
	int r;

	while ((r = trailer_at(m, m->content, &t)) > 0) {
		if (m->nr && !is_pair(m, &t) && !(m->l->want & MO_WANT_NESTED))
			return mo_fail(m->err, MODULO_MALFORMED, m->content - MO_TRAILER_LEN,
				       "module.nested",
				       "a signature on top of a signature: sign-file was run twice "
				       "(--nested explains both)");
		if (m->nr == MO_SIGNATURES_MAX)
			return mo_fail(
				m->err, MODULO_LIMIT, m->content - MO_TRAILER_LEN, "module.nested",
				"more than %d signatures on top of each other", MO_SIGNATURES_MAX);
		m->content = t.body;
		m->trailer[m->nr++] = t;
	}
	return r;
}

/* A trailer's remains at the end of a file that does not end in one: cut short, or followed by
 * something. */
static int look_for_damage(struct module *m)
{
	uint8_t tail[TAIL_MAX];
	size_t n = (size_t)MO_MIN(m->s->len, (uint64_t)sizeof(tail));
	int r = mo_source_read(m->s, m->s->len - n, tail, n, m->err);

	if (r < 0)
		return r;
	for (size_t k = MO_TRAILER_MAGIC_LEN - 1; k >= CUT_MIN; k--)
		if (n >= k && memcmp(tail + n - k, MO_TRAILER_MAGIC, k) == 0)
			return mo_fail(m->err, MODULO_MALFORMED, m->s->len, "module.cut",
				       "the file ends inside a trailer, %zu bytes before its end",
				       MO_TRAILER_MAGIC_LEN - k);
	for (size_t i = MO_TRAILER_HEADER; i + MO_TRAILER_MAGIC_LEN < n; i++) {
		const uint8_t *h = tail + i - MO_TRAILER_HEADER;

		if (memcmp(tail + i, MO_TRAILER_MAGIC, MO_TRAILER_MAGIC_LEN) != 0)
			continue;
		if (h[0] == 0 && h[1] == 0 && h[3] == 0 && h[4] == 0 &&
		    mo_get_be32(h + 8) < m->s->len)
			return mo_fail(m->err, MODULO_MALFORMED,
				       m->s->len - n + i + MO_TRAILER_MAGIC_LEN, "module.tail",
				       "%zu bytes behind the signature",
				       n - i - MO_TRAILER_MAGIC_LEN);
	}
	return 0;
}

/*
 * Bytes behind the image that begin as SignedData, with no trailer at the end: a signed file that
 * was cut inside its signature. Nothing else puts this there.
 */
static int look_for_cut_body(struct module *m, uint64_t image_end)
{
	static const uint8_t oid[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
				       0xf7, 0x0d, 0x01, 0x07, 0x02 };
	uint8_t raw[4 + sizeof(oid)];
	size_t at;
	int r;

	if (m->nr || m->content - image_end < sizeof(raw))
		return 0;
	r = mo_source_read(m->s, image_end, raw, sizeof(raw), m->err);
	if (r < 0)
		return r;
	at = raw[1] == 0x81 ? 3 : 4; /* behind the length: ECDSA fits into the shorter one */
	if (raw[0] != 0x30 || memcmp(raw + at, oid, sizeof(oid)) != 0)
		return 0;
	return mo_fail(m->err, MODULO_MALFORMED, m->s->len, "module.cut",
		       "the file ends inside the signature that begins at %llu",
		       (unsigned long long)image_end);
}

static int add_labels(struct module *m, const struct mo_elf *e)
{
	char name[160];
	int r = mo_ledger_label(m->l, 0, e->header_len, "ELF header", m->err);

	if (r == 0)
		r = mo_ledger_label(m->l, e->table_off, e->table_len, "ELF section table", m->err);
	for (uint32_t i = 1; r == 0 && i < e->nr; i++) {
		if (e->section[i].type == MO_SHT_NOBITS)
			continue;
		snprintf(name, sizeof(name), "section %s", e->section[i].name);
		r = mo_ledger_label(m->l, e->section[i].off, e->section[i].size, name, m->err);
	}
	if (r == 0)
		r = mo_ledger_label(m->l, e->end, m->content - e->end, "behind the ELF image",
				    m->err);
	return r;
}

/* .modinfo is "key=value" NUL, ... with more NULs for alignment (Linux,
 * include/linux/moduleparam.h). */
static int add_modinfo(struct module *m, const struct mo_elf_section *s)
{
	_cleanup_free_ char *raw = NULL;
	char key[64];
	int r;

	if (s->type == MO_SHT_NOBITS || s->size > 1u << 20)
		return 0;
	raw = malloc((size_t)s->size + 1);
	if (!raw)
		return mo_fail_nomem(m->err);
	r = mo_source_read(m->s, s->off, raw, (size_t)s->size, m->err);
	raw[s->size] = '\0';
	for (uint64_t at = 0; r == 0 && at < s->size; at += strlen(raw + at) + 1) {
		const char *line = raw + at, *eq = strchr(line, '=');

		if (!eq || eq == line || (size_t)(eq - line) >= sizeof(key))
			continue;
		memcpy(key, line, (size_t)(eq - line));
		key[eq - line] = '\0';
		r = mo_ledger_fact(m->l, key, eq + 1, strlen(eq + 1), m->err);
	}
	return r;
}

/* strip without --strip-debug takes the symbols that the kernel links by, and the signature with
 * them. */
static bool is_stripped(const struct mo_elf *e)
{
	bool symbols = false;

	for (uint32_t i = 0; i < e->nr; i++)
		symbols |= e->section[i].type == MO_SHT_SYMTAB;
	return !symbols && mo_elf_find(e, ".gnu.linkonce.this_module");
}

static int explain(struct mo_source *s, struct mo_ledger *l, struct modulo_error *err)
{
	struct module m = { .s = s, .l = l, .err = err, .content = s->len };
	const struct mo_elf_section *modinfo;
	uint8_t head[MO_ELF_HEAD], *body;
	struct mo_elf elf;
	int r;

	if (s->len < sizeof(head))
		return 0;
	r = mo_source_read(s, 0, head, sizeof(head), err);
	if (r < 0 || !mo_elf_is_rel(head))
		return r;
	r = find_trailers(&m);
	if (r == 0 && m.nr == 0)
		r = look_for_damage(&m);
	if (r == 0)
		r = mo_elf_read(s, m.content, true, "module.elf", "module.cut", l->arena, &elf,
				err);
	if (r == 0)
		r = look_for_cut_body(&m, elf.end);
	if (r < 0)
		return r;
	modinfo = mo_elf_find(&elf, ".modinfo");
	mo_ledger_leaf(l, "module", detached, m.content);
	/* Objects that are no modules (crtbegin.o, scripts/module-common.o) are explained alike,
	 * but nobody misses a signature. */
	l->item->claimed = modinfo != NULL || m.nr;
	if (is_stripped(&elf))
		l->item->note = "stripped of its symbol table: no kernel loads it";
	for (unsigned i = m.nr; r == 0 && i-- > 0;) {
		body = mo_arena_alloc(l->arena, m.trailer[i].len);
		if (!body)
			return mo_fail_nomem(err);
		r = mo_source_read(s, m.trailer[i].body, body, m.trailer[i].len, err);
		if (r == 0)
			r = mo_ledger_signature(l, m.trailer[i].form, body, m.trailer[i].len, err);
	}
	if (r == 0 && l->want & MO_WANT_LABELS)
		r = add_labels(&m, &elf);
	if (r == 0 && modinfo && l->want & MO_WANT_FACTS)
		r = add_modinfo(&m, modinfo);
	return r;
}

const struct mo_format mo_format_module = {
	.name = "module",
	.brief = "kernel modules and other ELF relocatable objects",
	.magic = { { 0, 4, "\177ELF" } },
	.detached = detached,
	.explain = explain,
};
