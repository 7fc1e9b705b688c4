/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DER, walked by a profile of the forms table, row by row: doc/ledger.md 9. */
#include <ctype.h>

enum { OID = 6, UTF8 = 12, BMP = 30, SET = 0x31 };
static const char *const tags[256] = {
	[1] = "boolean", [2] = "integer", [3] = "bits", [4] = "octets", [OID] = "oid",
	[BMP] = "bmp", [0x30] = "sequence", [SET] = "set", [0x80] = "(0)", "(1)", "(2)",
	[0x86] = "(6)", [0xa0] = "[0]", "[1]", "[2]", "[3]", "[4]" };

static size_t len(der d)
{
	return (size_t)(d.end - d.p);
}

static bool equals(der d, const void *p, size_t n)
{
	return len(d) == n && !memcmp(d.p, p, n);
}

/*
 * Takes one element off `in`. libcrypto reads headers laxly, but writes each in one way. A number
 * is not negative, in its shortest form, and loses the zero that may lead it.
 */
static struct mark take_element(der *in, bool number)
{
	uint8_t header[8], *end = header;
	const uint8_t *p = in->p;
	long n;
	int tag, class, is = ASN1_get_object(&p, &n, &tag, &class, (long)len(*in));
	must(is == 0 || is == V_ASN1_CONSTRUCTED, "der.length"); /* no error, not indefinite */
	ASN1_put_object(&end, is, (int)n, tag, class);
	must(equals((der){ in->p, p }, header, (size_t)(end - header)), "der.length");
	struct mark m = { "", { in->p, p + n }, { p, p + n } };
	bool padded = number && n > 1 && !*p;
	must(!number || (n && !(*p & 0x80) && (!padded || p[1] & 0x80)), "der.integer");
	m.in.p = *in->p == OID ? in->p : p + padded;
	in->p = p + n;
	return m;
}

/* The type in a Name, for g->name: as RFC 4519 names it, or the OID's numbers. */
static bool type_ok(struct signature *g, der oid)
{
	static const char known[] = " CN O OU C ST L serialNumber emailAddress DC UID ";
	char word[32], text[TEXT], *comma = g->said ? ", " : "";
	const uint8_t *p = oid.p;
	ASN1_OBJECT *o = d2i_ASN1_OBJECT(NULL, &p, (long)len(oid));
	bool ok = o && p == oid.end && OBJ_obj2txt(text, sizeof(text), o, 1) > 0;
	for (const uint8_t *q = oid.p, *arc = q; q < oid.end; arc = *q++ & 0x80 ? arc : q)
		ok = ok && q - arc < 9; /* of 63 bits at most */
	snprintf(word, sizeof(word), " %s ", ok ? OBJ_nid2sn(OBJ_obj2nid(o)) : "?");
	ASN1_OBJECT_free(o);
	const char *name = !ok ? "" : strstr(known, word) ? strtok(word, " ") : text;
	g->said += (size_t)snprintf(g->name + g->said, TEXT - g->said, "%s%s=", comma, name);
	return ok;
}

/* Its value, a string. */
static bool text_ok(struct signature *g, uint8_t tag, der d)
{
	int form = tag == UTF8 ? MBSTRING_UTF8 : tag == BMP ? MBSTRING_BMP : MBSTRING_ASC;
	unsigned long ascii = B_ASN1_PRINTABLESTRING | B_ASN1_IA5STRING | B_ASN1_T61STRING;
	unsigned long type = form == MBSTRING_ASC ? ASN1_tag2bit(tag) & ascii : B_ASN1_UTF8STRING;
	FILE *f = fmemopen(g->name + g->said, TEXT - g->said, "w");
	must(f, "check.memory");
	mo_check_escape(f, d.p, len(d), ",\\");
	fclose(f);
	g->said += strlen(g->name + g->said);
	return len(d) && type && ASN1_mbstring_copy(NULL, d.p, (int)len(d), form, type) > 0;
}

/* libcrypto takes RFC 5280's spelling only, and makes a UTCTime of all that can be one. */
static bool time_ok(uint8_t tag, der d)
{
	ASN1_TIME *t = ASN1_TIME_new();
	char s[16] = "";
	memcpy(s, d.p, len(d) < sizeof(s) ? len(d) : 0);
	bool ok = t && ASN1_TIME_set_string_X509(t, s) && ASN1_STRING_type(t) == tag;
	ASN1_TIME_free(t);
	return ok && strlen(s) == len(d);
}

/* What was found last under this name; "key=" and "key=E" are names of a "key=EC", too. */
static const struct mark *found(const struct signature *g, const char *name)
{
	size_t n = strlen(name);
	for (const struct mark *m = g->mark + g->nr_marks; m-- > g->mark;)
		if (!strncmp(m->name, name, n) && (!m->name[n] || strchr(name, '=')))
			return m;
	return NULL;
}

/* How many bytes these OIDs and 0x... spell, with commas between them. They are in run.room. */
static size_t spelled(const char *p)
{
	uint8_t *end = run.room;
	for (size_t n; (n = strcspn(p, ",")); p += n + (p[n] == ',')) {
		int size = p[1] == 'x' ? 0 : a2d_ASN1_OBJECT(end + 2, 64, p, (int)n);
		must(size > 0 || p[1] == 'x', "check.forms");
		if (size)
			end = mempcpy(end, (uint8_t[]){ OID, (uint8_t)size }, 2) + size;
		for (size_t i = 2; !size && i < n; i += 2)
			sscanf(p + i, "%2hhx", end++);
	}
	return (size_t)(end - run.room);
}

static const char *rows(const char *profile)
{
	char head[64];
	snprintf(head, sizeof(head), "\nprofile %.40s\n from ", profile);
	const char *p = strstr(mo_forms_table, head);
	must(p, "check.forms");
	return strchr(p + strlen(head), '\n') + 1;
}

static void walk(struct signature *g, const char *row, der in);

/* Whether m is what a row's second word says. A profile is walked: what it finds is its own. */
static bool suits(struct signature *g, const char *is, const struct mark *m)
{
	size_t least, most;
	unsigned nr = g->nr_marks;
	const struct mark *as = found(g, is + 1);
	uint8_t tag = len(m->whole) ? *m->whole.p : 0;
	return *is == '-' ? true :
	       *is == '=' ? equals(m->in, as->in.p, len(as->in)) :
	       sscanf(is, "%zu..%zu", &least, &most) == 2 ? len(m->in) - least <= most - least :
	       isdigit(*is) ? equals(m->in, run.room, spelled(is)) :
	       !strcmp(is, "sorted") ? !(as = found(g, is)) ||
				  memcmp(as->whole.p, m->whole.p, len(m->whole)) < 0 :
	       !strcmp(is, "octets") ? tag == 4 :
	       !strcmp(is, "time") ? time_ok(tag, m->in) :
	       !strcmp(is, "type") ? type_ok(g, m->whole) :
	       !strcmp(is, "text") ? text_ok(g, tag, m->in) :
	       (g->said = 0, walk(g, rows(is), m->whole), g->nr_marks = nr, true);
}

/* Walks all of `in` by the rows from here on that are as deep as this one, and those below them. */
static void walk(struct signature *g, const char *row, der in)
{
	size_t depth = strspn(row, " "), n;
	must(g->depth++ < NESTED, "check.limit");
	for (const char *after = row; strspn(row, " ") >= depth; row = after) {
		do
			after = strchr(after, '\n') + 1;
		while (*after == '#');
		if (strspn(row, " ") > depth)
			continue;
		char what[16], is[96] = "-", name[32] = "-", id[24] = "der.slack", when[32] = "-";
		sscanf(row, " %15[^ \n]%*[ ]%95[^ \n]%*[ ]%31[^ \n]%*[ ]%23[^ \n]%*[ ]%31[^ \n]",
		       what, is, name, id, when);
		if (*when != '-' && !found(g, when + (*when == '!')) == (*when != '!'))
			continue;
		must(strcmp(what, "refuse"), id);
		char how = what[n = strcspn(what, "?*!.")];
		what[n] = '\0';
		struct mark m = { "", in, in };
		const char *tag = len(in) ? tags[*in.p] : NULL;
		bool fits = len(in) && (!strcmp(what, "any") || (tag && !strcmp(what, tag)));
		bool alone = !strcmp(what, "is"), begins = alone || !strcmp(what, "case");
		if (begins) { /* if so, what follows in `in` are the rows below */
			n = spelled(is);
			if (len(in) < n || memcmp(in.p, run.room, n) || (alone && len(in) > n))
				continue;
			in.p += n;
			depth++;
		} else if (*what == '@') {
			must(found(g, what + 1), id);
			m = *found(g, what + 1);
		} else if (!strcmp(what, "rest")) {
			in.p = in.end;
		} else {
			must(how != '!' || !fits, id);
			if (how == '!' || (how == '?' && !fits) || (how == '*' && !len(in)))
				continue;
			must(fits && (*in.p & 31) != 31, "der.tag");
			m = take_element(&in, !strcmp(what, "integer"));
		}
		must(how != '.' || !len(in), *is == '-' ? id : "der.slack");
		must(begins || suits(g, is, &m), id);
		must(g->nr_marks < MARKS, "check.limit");
		strcpy(m.name, name);
		g->mark[g->nr_marks] = m;
		g->nr_marks += *name != '-';
		if (!begins && strspn(after, " ") > depth)
			walk(g, after, m.in);
		after = how == '*' ? row : after;
	}
	must(!len(in), "der.slack");
	g->depth--;
}
