/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PE images, as firmware loads them: boot loaders, kernels, EFI programs (doc/formats/pe.md):
 *
 *   DOS header | "PE\0\0" COFF header | optional header with CheckSum and the security directory's
 *   entry | section table | sections, gaps, overlay | fill to 8 | certificate table
 *
 * What a signature changes is CheckSum, the directory's entry, the fill and the table; the rest is
 * what Authenticode hashes, and the core.
 */
#include "fmt/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/util.h"
#include "fmt/pe_certificate.h"

enum {
	LFANEW = 60,
	COFF_LEN = 24, /* with the four bytes before it */
	SECTION_LEN = 40,
	MAGIC_PE32 = 0x10b,
	MAGIC_PLUS = 0x20b,
	SECURITY = 4, /* the directory's number */
};

static const struct mo_detached detached[] = { { ".sig", "pe.authenticode", mo_pe_unwrap },
					       { NULL, NULL, NULL } };

struct pe {
	struct mo_source *s;
	struct mo_ledger *l;
	struct modulo_error *err;
	uint64_t header;   /* e_lfanew */
	uint64_t optional; /* where the optional header begins */
	uint32_t optional_len, nr_sections;
	bool plus;
	uint32_t checksum, table, table_len; /* as they stand there; table 0: none */
	uint64_t headers, end;		     /* SizeOfHeaders; where the last section ends */
};

static int fail_at(struct pe *p, uint64_t off, const char *id, const char *text)
{
	return mo_fail(p->err, MODULO_MALFORMED, off, id, "%s", text);
}

/* The optional header's first n bytes are all that there are. */
static int short_header(struct pe *p, size_t n)
{
	if (p->optional + n == p->s->len)
		return fail_at(p, p->s->len, "pe.cut", "the file ends inside of its headers");
	return fail_at(p, p->optional + n, "pe.header",
		       "the optional header ends before its security directory");
}

/* 1: a PE image with a security directory; 0: not one, or one that nothing can sign. */
static int read_headers(struct pe *p)
{
	uint8_t dos[64], coff[COFF_LEN], opt[4 + 160];
	uint32_t directory;
	struct mo_cursor c;
	size_t n;
	int r;

	if (p->s->len < sizeof(dos))
		return 0;
	r = mo_source_read(p->s, 0, dos, sizeof(dos), p->err);
	if (r < 0)
		return r;
	p->header = mo_get_le32(dos + LFANEW);
	if (p->header > p->s->len || p->s->len - p->header < COFF_LEN)
		return 0; /* a program for DOS */
	r = mo_source_read(p->s, p->header, coff, sizeof(coff), p->err);
	if (r < 0 || memcmp(coff, "PE\0\0", 4) != 0)
		return r;
	if (p->header < sizeof(dos))
		return fail_at(p, LFANEW, "pe.header", "the PE header lies in the DOS header");
	c = mo_cur(coff, sizeof(coff));
	c.at = 6;
	p->nr_sections = mo_cur_u16(&c);
	c.at = 20;
	p->optional_len = mo_cur_u16(&c);
	p->optional = p->header + COFF_LEN;
	n = (size_t)MO_MIN(MO_MIN(p->s->len - p->optional, (uint64_t)p->optional_len),
			   (uint64_t)sizeof(opt));
	r = mo_source_read(p->s, p->optional, opt, n, p->err);
	if (r < 0)
		return r;
	c = mo_cur(opt, n);
	r = mo_cur_u16(&c);
	if (c.bad || (r != MAGIC_PE32 && r != MAGIC_PLUS))
		return mo_fail(p->err, MODULO_UNSUPPORTED, p->optional, "pe.magic",
			       "neither PE32 nor PE32+");
	p->plus = r == MAGIC_PLUS;
	if (n < (p->plus ? 112 : 96))
		return short_header(p, n);
	p->headers = mo_get_le32(opt + 60);
	p->checksum = mo_get_le32(opt + 64);
	directory = (p->plus ? 112 : 96) + 8 * SECURITY;
	if (mo_get_le32(opt + directory - 8 * SECURITY - 4) <= SECURITY)
		return 0;
	if (n < directory + 8)
		return short_header(p, n);
	p->table = mo_get_le32(opt + directory);
	p->table_len = mo_get_le32(opt + directory + 4);
	return 1;
}

static int by_offset(const void *a, const void *b)
{
	const struct mo_span *x = a, *y = b;

	return x->off < y->off ? -1 : x->off > y->off;
}

/* The sections that have bytes in the file, into span; their number to *nr. */
static int list_sections(struct pe *p, struct mo_span *span, uint32_t *nr)
{
	uint64_t at = p->optional + p->optional_len;
	uint8_t raw[SECTION_LEN];
	char name[9] = "", text[32];
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < p->nr_sections; i++, at += SECTION_LEN) {
		struct mo_span s;

		if (p->s->len < SECTION_LEN || at > p->s->len - SECTION_LEN)
			return fail_at(p, p->s->len, "pe.cut",
				       "the file ends inside of its section table");
		r = mo_source_read(p->s, at, raw, sizeof(raw), p->err);
		if (r < 0)
			return r;
		s = (struct mo_span){ mo_get_le32(raw + 20), mo_get_le32(raw + 16) };
		if (!s.len)
			continue;
		if (s.off + s.len > p->s->len)
			return fail_at(p, p->s->len, "pe.cut", "the file ends inside of a section");
		span[(*nr)++] = s;
		memcpy(name, raw, 8);
		snprintf(text, sizeof(text), "section %s", name);
		r = mo_ledger_label(p->l, s.off, s.len, text, p->err);
	}
	return r;
}

/*
 * Sections lie one behind the other, the first behind the headers: Authenticode hashes them one by
 * one, and what lies between them not at all. Where a gap is, *gap is its place.
 */
static int read_sections(struct pe *p, uint64_t *gap)
{
	_cleanup_free_ struct mo_span *span = calloc(p->nr_sections + 1u, sizeof(*span));
	uint64_t least = p->optional + p->optional_len + (uint64_t)p->nr_sections * SECTION_LEN;
	uint32_t nr = 0;
	int r = span ? list_sections(p, span, &nr) : mo_fail_nomem(p->err);

	if (r < 0)
		return r;
	if (p->headers < least || p->headers > p->s->len)
		return fail_at(p, p->optional + 60, "pe.header",
			       "SizeOfHeaders is less than the headers are, or more than the file");
	qsort(span, nr, sizeof(*span), by_offset);
	p->end = p->headers;
	for (uint32_t i = 0; i < nr; i++) {
		if (span[i].off < p->end)
			return fail_at(p, span[i].off, "pe.sections",
				       i ? "two sections overlap"
					 : "a section lies in the headers");
		if (span[i].off > p->end && !*gap)
			*gap = p->end;
		p->end = span[i].off + span[i].len;
	}
	return mo_ledger_label(p->l, 0, p->headers, "PE headers", p->err);
}

/* One WIN_CERTIFICATE at `at`; *len: its bytes with the fill. */
static int read_certificate(struct pe *p, uint64_t at, uint64_t *len)
{
	struct mo_pe_certificate c;
	uint8_t *body;
	int r = mo_pe_certificate(p->s, at, &c, p->err);

	if (r < 0)
		return r;
	if (c.whole > p->s->len - at)
		return fail_at(p, p->s->len, "pe.table",
			       "the last certificate is not filled up to a multiple of 8");
	body = mo_arena_alloc(p->l->arena, (size_t)c.der_len);
	if (!body)
		return mo_fail_nomem(p->err);
	*len = c.whole;
	r = mo_source_read(p->s, c.der, body, (size_t)c.der_len, p->err);
	return r < 0 ? r : mo_ledger_signature(p->l, c.form, body, (size_t)c.der_len, p->err);
}

/* The table is the last thing in the file. */
static int check_table(struct pe *p)
{
	if (!p->table != !p->table_len)
		return fail_at(p, p->optional, "pe.table",
			       "a security directory with a place or a length alone");
	if (!p->table)
		return 0;
	if (p->table % 8 || p->table < p->end)
		return fail_at(p, p->table, "pe.table",
			       "a certificate table that is not at a multiple of 8, or not behind "
			       "all sections");
	if (p->table > p->s->len || p->s->len - p->table < p->table_len)
		return fail_at(p, p->s->len, "pe.cut",
			       "the file ends inside of its certificate table");
	if (p->s->len - p->table > p->table_len)
		return fail_at(p, (uint64_t)p->table + p->table_len, "pe.tail",
			       "bytes behind the certificate table");
	return 0;
}

static int add_facts(struct pe *p)
{
	static const struct {
		uint16_t machine;
		const char *name;
	} names[] = { { 0x14c, "i386" },	{ 0x1c2, "arm" },      { 0x1c4, "arm" },
		      { 0x8664, "x86-64" },	{ 0xaa64, "aarch64" }, { 0x5064, "riscv64" },
		      { 0x6264, "loongarch64" } };
	uint8_t raw[2];
	int r = mo_source_read(p->s, p->header + 4, raw, sizeof(raw), p->err);

	for (size_t i = 0; r == 0 && i < MO_NR(names); i++)
		if (names[i].machine == (raw[1] << 8 | raw[0]))
			return mo_ledger_fact(p->l, "machine", names[i].name, strlen(names[i].name),
					      p->err);
	return r;
}

static int explain(struct mo_source *s, struct mo_ledger *l, struct modulo_error *err)
{
	struct pe p = { .s = s, .l = l, .err = err };
	uint64_t end, arg[4], gap = 0;
	int r = read_headers(&p);

	if (r <= 0)
		return r;
	r = read_sections(&p, &gap);
	r = r < 0 ? r : check_table(&p);
	if (r < 0)
		return r;
	if (gap && p.table)
		return fail_at(&p, gap, "pe.gap",
			       "bytes between sections, which no Authenticode signature covers");
	if (gap) {
		l->item->note = "a PE image with gaps between its sections: plain content";
		return 0;
	}
	end = p.table ? p.table : s->len;
	arg[0] = p.checksum;
	arg[1] = p.table;
	arg[2] = p.table_len;
	/* What lies behind the record's last number: the form fixes where that is. */
	arg[3] = end - (p.optional + (p.plus ? 152 : 136));
	r = mo_ledger_record(l, "pe", "pe", p.plus ? "pe.plus" : "pe.32", detached, arg, MO_NR(arg),
			     end, err);
	for (uint64_t at = p.table, len = 0; r == 0 && p.table && at < s->len; at += len)
		r = read_certificate(&p, at, &len);
	if (r == 0)
		r = mo_ledger_label(l, p.end, end - p.end, "behind the sections", err);
	return r < 0 ? r : add_facts(&p);
}

const struct mo_format mo_format_pe = {
	.name = "pe",
	.brief = "EFI programs, boot loaders and kernels (PE32 and PE32+)",
	.magic = { { 0, 2, "MZ" } },
	.detached = detached,
	.explain = explain,
};
