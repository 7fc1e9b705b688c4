/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names (RFC 5280, 4.1.2.4): SEQUENCE OF SET OF SEQUENCE { OID, value }. A signature's Name is held
 * to the profile; a certificate's may be any, and is only printed.
 */
#include <string.h>

#include "der/profile.h"

#define NAME_MAX_LEN 1024

struct pair {
	struct mo_view type, value, whole; /* whole: of the value, with its header */
	uint8_t tag;
	bool joined; /* not the first of its SET */
};

struct pairs {
	struct mo_der_doc doc;
	struct mo_der sets, set;
	bool joined;
};

static void pairs_open(struct pairs *it, struct mo_view name)
{
	struct mo_der all = mo_der_open(&it->doc, name.p, name.len, NULL);

	it->sets = mo_der_take(&all, MO_DER_SEQUENCE);
	mo_der_end(&all);
	it->set = (struct mo_der){ .doc = &it->doc };
	it->joined = false;
}

static struct pair take_pair(struct mo_der *set)
{
	struct mo_der seq = mo_der_take(set, MO_DER_SEQUENCE), value;
	struct pair p = { .type = mo_der_take(&seq, MO_DER_OID).rest, .tag = mo_der_peek(&seq) };

	p.whole = mo_der_take_whole(&seq, p.tag, &value);
	p.value = value.rest;
	mo_der_end(&seq);
	return p;
}

/* false: no more, or a failure that it->doc has */
static bool pairs_next(struct pairs *it, struct pair *p)
{
	it->joined = it->set.rest.len;
	if (!it->joined) {
		if (mo_der_bad(&it->sets) || !it->sets.rest.len)
			return false;
		it->set = mo_der_take(&it->sets, MO_DER_SET);
	}
	*p = take_pair(&it->set);
	p->joined = it->joined;
	if (!it->doc.rc && !mo_der_oid_ok(p->type))
		it->doc.rc = MODULO_MALFORMED;
	return !it->doc.rc;
}

static bool is_name(struct mo_view name)
{
	struct pairs it;
	struct pair p;

	pairs_open(&it, name);
	while (pairs_next(&it, &p))
		;
	return !it.doc.rc;
}

/* RFC 3629: no surrogates, nothing over U+10FFFF, shortest forms. */
static bool utf8_ok(const uint8_t *s, size_t len)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };

	for (size_t i = 0; i < len;) {
		uint8_t c = s[i++];
		size_t more = c < 0x80	 ? 0
			      : c < 0xc0 ? 4
			      : c < 0xe0 ? 1
			      : c < 0xf0 ? 2
			      : c < 0xf8 ? 3
					 : 4;
		uint32_t v = more ? c & (0x3fu >> more) : c;

		if (more > 3 || more > len - i)
			return false;
		for (size_t k = 0; k < more; k++, i++) {
			if ((s[i] & 0xc0) != 0x80)
				return false;
			v = v << 6 | (s[i] & 0x3f);
		}
		if (v < least[more] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
			return false;
	}
	return true;
}

static bool printable_ok(const uint8_t *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t c = s[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c && strchr("0123456789 '()+,-./:=?", c))))
			return false;
	}
	return true;
}

/* Characters of two octets each; the halves of surrogate pairs are none. */
bool mo_der_bmp_ok(struct mo_view s)
{
	for (size_t i = 0; i + 1 < s.len; i += 2)
		if (s.p[i] >= 0xd8 && s.p[i] <= 0xdf)
			return false;
	return s.len % 2 == 0;
}

static bool string_ok(uint8_t tag, struct mo_view s)
{
	if (!s.len)
		return false;
	switch (tag) {
	case MO_DER_UTF8:
		return utf8_ok(s.p, s.len);
	case MO_DER_PRINTABLE:
		return printable_ok(s.p, s.len);
	case MO_DER_IA5:
		for (size_t i = 0; i < s.len; i++)
			if (s.p[i] & 0x80)
				return false;
		return true;
	case MO_DER_TELETEX:
		return true;
	case MO_DER_BMP:
		return mo_der_bmp_ok(s);
	}
	return false;
}

int mo_cms_take_name(struct mo_der *d, struct mo_view *out)
{
	struct mo_der sets;
	uint64_t at = mo_der_offset(d);
	struct mo_view name = mo_der_take_whole(d, MO_DER_SEQUENCE, &sets);

	if (name.len > NAME_MAX_LEN)
		return mo_fail(d->doc->err, MODULO_MALFORMED, at, "cms.name", "a name of %zu bytes",
			       name.len);
	while (!mo_der_bad(&sets) && sets.rest.len) {
		struct mo_der set = mo_der_take(&sets, MO_DER_SET);
		struct pair p;

		at = mo_der_offset(&set);
		p = take_pair(&set);
		if (mo_der_bad(&set))
			break;
		if (set.rest.len)
			return mo_fail(d->doc->err, MODULO_MALFORMED, mo_der_offset(&set),
				       "cms.name", "a SET of more than one pair");
		if (!mo_der_oid_ok(p.type))
			return mo_fail(d->doc->err, MODULO_MALFORMED, at, "cms.name",
				       "not an attribute type");
		if (!string_ok(p.tag, p.value))
			return mo_fail(d->doc->err, MODULO_MALFORMED, at, "cms.name",
				       "a value 0x%02x that is not a string of its type", p.tag);
	}
	if (mo_der_bad(d))
		return mo_der_bad(d);
	*out = name;
	return 0;
}

static void add_type(struct mo_buf *out, struct mo_view oid)
{
	static const struct {
		const char *oid, *name;
	} known[] = {
		{ "\x55\x04\x03", "CN" },
		{ "\x55\x04\x05", "serialNumber" },
		{ "\x55\x04\x06", "C" },
		{ "\x55\x04\x07", "L" },
		{ "\x55\x04\x08", "ST" },
		{ "\x55\x04\x0a", "O" },
		{ "\x55\x04\x0b", "OU" },
		{ "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "emailAddress" },
		{ "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "UID" },
		{ "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "DC" },
	};
	uint64_t v = 0;
	bool first = true;

	for (size_t i = 0; i < MO_NR(known); i++)
		if (mo_oid_is(oid, known[i].oid, strlen(known[i].oid))) {
			mo_buf_str(out, known[i].name);
			return;
		}
	for (size_t i = 0; i < oid.len; i++) {
		v = v << 7 | (oid.p[i] & 0x7f);
		if (oid.p[i] & 0x80)
			continue;
		if (first)
			mo_buf_fmt(out, "%d.%llu",
				   v < 40   ? 0
				   : v < 80 ? 1
					    : 2,
				   (unsigned long long)(v < 80 ? v % 40 : v - 80));
		else
			mo_buf_fmt(out, ".%llu", (unsigned long long)v);
		first = false;
		v = 0;
	}
}

static void add_byte(struct mo_buf *out, uint8_t c, bool first)
{
	if (c < 0x20 || c > 0x7e || c == ',' || c == '\\' || (first && c == '#'))
		mo_buf_fmt(out, "\\%03o", c);
	else
		mo_buf_chr(out, (char)c);
}

/* A BMPString's characters, in UTF-8 like those of the other strings. */
static void add_bmp(struct mo_buf *out, struct mo_view s)
{
	for (size_t i = 0; i + 1 < s.len; i += 2) {
		unsigned v = (unsigned)s.p[i] << 8 | s.p[i + 1];

		if (v < 0x80) {
			add_byte(out, (uint8_t)v, !i);
			continue;
		}
		if (v < 0x800) {
			add_byte(out, (uint8_t)(0xc0 | v >> 6), false);
		} else {
			add_byte(out, (uint8_t)(0xe0 | v >> 12), false);
			add_byte(out, (uint8_t)(0x80 | (v >> 6 & 0x3f)), false);
		}
		add_byte(out, (uint8_t)(0x80 | (v & 0x3f)), false);
	}
}

static void add_value(struct mo_buf *out, const struct pair *p)
{
	switch (p->tag) {
	case MO_DER_UTF8:
	case MO_DER_PRINTABLE:
	case MO_DER_IA5:
	case MO_DER_TELETEX:
		for (size_t i = 0; i < p->value.len; i++)
			add_byte(out, p->value.p[i], !i);
		return;
	case MO_DER_BMP:
		if (mo_der_bmp_ok(p->value)) {
			add_bmp(out, p->value);
			return;
		}
	}
	mo_buf_chr(out, '#');
	mo_buf_hex(out, p->whole.p, p->whole.len);
}

bool mo_name_text(struct mo_view name, struct mo_buf *out)
{
	struct pairs it;
	struct pair p;
	bool any = false;

	if (!is_name(name))
		return false;
	pairs_open(&it, name);
	while (pairs_next(&it, &p)) {
		mo_buf_str(out, !any ? "" : p.joined ? ", +" : ", ");
		add_type(out, p.type);
		mo_buf_chr(out, '=');
		add_value(out, &p);
		any = true;
	}
	return true;
}

bool mo_name_cn(struct mo_view name, struct mo_buf *out)
{
	struct pairs it;
	struct pair p, last = { .type = { NULL, 0 } };

	if (!is_name(name))
		return false;
	pairs_open(&it, name);
	while (pairs_next(&it, &p))
		if (MO_OID_IS(p.type, "\x55\x04\x03"))
			last = p;
	if (!last.type.p)
		return false;
	add_value(out, &last);
	return true;
}
