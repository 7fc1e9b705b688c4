/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ledger/lines.h"

#include <string.h>

#include "base/text.h"
#include "ledger/ledger.h"

#define BUFFER (MO_LEDGER_LINE_MAX + 65536)

int mo_lines_open(struct mo_lines *l, struct mo_source *s, struct modulo_error *err)
{
	*l = (struct mo_lines){ .s = s, .err = err };
	l->buf = malloc(BUFFER + 1);
	return l->buf ? 0 : mo_fail_nomem(err);
}

void mo_lines_release(struct mo_lines *l)
{
	free(l->buf);
	l->buf = NULL;
}

int mo_lines_fail(struct mo_lines *l, int rc, const char *id, const char *text)
{
	return mo_fail(l->err, rc, l->off, id, "line %llu: %s", (unsigned long long)l->nr, text);
}

static int refill(struct mo_lines *l)
{
	size_t n = (size_t)MO_MIN(l->s->len - l->read, (uint64_t)(BUFFER - (l->fill - l->start)));
	int r;

	memmove(l->buf, l->buf + l->start, l->fill - l->start);
	l->fill -= l->start;
	l->start = 0;
	r = mo_source_read(l->s, l->read, l->buf + l->fill, n, l->err);
	if (r < 0)
		return r;
	l->fill += n;
	l->read += n;
	return 0;
}

static int check_line(struct mo_lines *l)
{
	if (l->len == 0)
		return mo_lines_fail(l, MODULO_MALFORMED, "ledger.line", "an empty line");
	for (size_t i = 0; i < l->len; i++)
		if (l->line[i] < 0x20 || l->line[i] > 0x7e)
			return mo_lines_fail(l, MODULO_MALFORMED, "ledger.line",
					     "a byte that is no printable ASCII");
	if (l->line[0] == ' ' || l->line[l->len - 1] == ' ' || strstr(l->line, "  "))
		return mo_lines_fail(l, MODULO_MALFORMED, "ledger.line",
				     "a space where no word ends");
	return 0;
}

int mo_lines_next(struct mo_lines *l)
{
	char *nl = memchr(l->buf + l->start, '\n', l->fill - l->start);
	int r;

	l->off = l->read - (l->fill - l->start);
	if (!nl) {
		r = refill(l);
		if (r < 0)
			return r;
		if (l->fill == 0)
			return 0;
		nl = memchr(l->buf, '\n', l->fill);
	}
	l->nr++;
	l->line = l->buf + l->start;
	l->len = nl ? (size_t)(nl - l->line) : l->fill - l->start;
	if (l->len >= MO_LEDGER_LINE_MAX)
		return mo_lines_fail(l, MODULO_LIMIT, "ledger.line",
				     "a line of more than 1,048,576 bytes");
	if (!nl)
		return mo_lines_fail(l, MODULO_MALFORMED, "ledger.line",
				     "the last line does not end");
	*nl = '\0';
	l->start += l->len + 1;
	l->at = 0;
	r = check_line(l);
	return r < 0 ? r : 1;
}

int mo_lines_want(struct mo_lines *l)
{
	int r = mo_lines_next(l);

	return r ? r
		 : mo_lines_fail(l, MODULO_MALFORMED, "ledger.end",
				 "the ledger ends here, without `end`");
}

bool mo_lines_more(const struct mo_lines *l)
{
	return l->at <= l->len && l->len;
}

bool mo_lines_word(struct mo_lines *l, struct mo_word *w)
{
	if (!mo_lines_more(l))
		return false;
	w->p = l->line + l->at;
	w->len = strcspn(w->p, " ");
	l->at += w->len + 1;
	return true;
}

bool mo_word_is(const struct mo_word *w, const char *s)
{
	return strlen(s) == w->len && memcmp(w->p, s, w->len) == 0;
}

int mo_lines_expect(struct mo_lines *l, const char *s)
{
	struct mo_word w;

	if (mo_lines_word(l, &w) && mo_word_is(&w, s))
		return 0;
	return mo_fail(l->err, MODULO_MALFORMED, l->off, "ledger.word",
		       "line %llu: `%s` must stand here", (unsigned long long)l->nr, s);
}

int mo_lines_number(struct mo_lines *l, uint64_t *out)
{
	struct mo_word w;

	if (mo_lines_word(l, &w) && mo_text_number(w.p, w.len, out))
		return 0;
	return mo_lines_fail(l, MODULO_MALFORMED, "ledger.number",
			     "a number must stand here, in its one spelling");
}

int mo_lines_digest(struct mo_lines *l, uint8_t out[32])
{
	struct mo_word w;

	if (mo_lines_word(l, &w) && mo_text_hex(w.p, w.len, out, 32))
		return 0;
	return mo_lines_fail(l, MODULO_MALFORMED, "ledger.digest", "64 hex digits must stand here");
}

int mo_lines_done(struct mo_lines *l)
{
	if (!mo_lines_more(l))
		return 0;
	return mo_lines_fail(l, MODULO_MALFORMED, "ledger.word", "words too many");
}
