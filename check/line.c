/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ledger's lines and words: doc/ledger.md 2. Each number and word has one spelling. */
#include "check.h"

#include <string.h>

/*
 * Reads the next line and cuts it into words, each ended by a NUL: no NUL can be in a line. The words of
 * the line before are gone.
 */
void mo_check_next_line(struct mo_check *c)
{
	FILE *f = c->job->ledger;
	bool begins = true; /* a word */
	size_t len = 0;
	int ch;

	c->line_nr++;
	c->nr_words = 0;
	while ((ch = getc_unlocked(f)) != '\n') {
		if (ch == EOF && ferror(f))
			mo_check_refuse(c, "check.read", "the ledger cannot be read");
		if (ch == EOF && !len)
			mo_check_refuse(c, "ledger.end", "the ledger ends too early");
		if (ch == EOF)
			mo_check_refuse(c, "ledger.line", "the last line has no end");
		if (len == sizeof(c->line) - 1)
			mo_check_refuse(c, "ledger.line", "longer than %d bytes", MO_CHECK_LINE);
		if (ch < 0x20 || ch > 0x7e || (begins && ch == ' '))
			mo_check_refuse(c, "ledger.line", "byte 0x%02x in column %zu", (unsigned)ch, len + 1);
		if (begins && c->nr_words == MO_CHECK_WORDS)
			mo_check_refuse(c, "ledger.word", "more than %d words", MO_CHECK_WORDS);
		if (begins)
			c->word[c->nr_words++] = c->line + len;
		begins = ch == ' ';
		c->line[len++] = begins ? '\0' : (char)ch;
	}
	if (begins)
		mo_check_refuse(c, "ledger.line", "empty, or a space at its end");
	c->line[len] = '\0';
}

void mo_check_words(struct mo_check *c, unsigned nr)
{
	if (c->nr_words != nr)
		mo_check_refuse(c, "ledger.word", "%u words where there should be %u", c->nr_words, nr);
}

uint64_t mo_check_number(struct mo_check *c, const char *word)
{
	uint64_t n = 0;

	for (const char *p = word; *p; p++) {
		if (*p < '0' || *p > '9' || (p > word && *word == '0'))
			mo_check_refuse(c, "ledger.number", "not a number, or with a zero before it");
		if (__builtin_mul_overflow(n, 10U, &n) || __builtin_add_overflow(n, (unsigned)(*p - '0'), &n) ||
		    n > INT64_MAX)
			mo_check_refuse(c, "ledger.number", "more than 2^63-1");
	}
	return n;
}

/* A token's spelling: what needs no escape has none. */
void mo_check_token(struct mo_check *c, const char *word)
{
	for (const char *p = word; *p; p++) {
		if (*p != '\\')
			continue;
		if (p[1] < '0' || p[1] > '3' || p[2] < '0' || p[2] > '7' || p[3] < '0' || p[3] > '7')
			mo_check_refuse(c, "ledger.token", "a backslash that begins no escape");
		int byte = (p[1] - '0') * 64 + (p[2] - '0') * 8 + p[3] - '0';
		if (byte > 0x20 && byte < 0x7f && byte != '\\')
			mo_check_refuse(c, "ledger.token", "an escape that is not needed");
		p += 3;
	}
}

void mo_check_digest(struct mo_check *c, const char *word, char out[65])
{
	if (strlen(word) != 64 || strspn(word, "0123456789abcdef") != 64)
		mo_check_refuse(c, "ledger.digest", "a digest is not 64 lower-case hex digits");
	memcpy(out, word, 65);
}

size_t mo_check_base64(struct mo_check *c, const char *word, uint8_t *out, size_t cap)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(word), n = 0, pad;
	uint32_t bits = 0;

	pad = word[len - 1] != '=' ? 0 : len > 1 && word[len - 2] != '=' ? 1 : 2;
	if (len % 4)
		mo_check_refuse(c, "ledger.base64", "not groups of four");
	if (len / 4 * 3 - pad > cap)
		mo_check_refuse(c, "ledger.base64", "more than %zu bytes", cap);
	for (size_t i = 0; i < len; i++) {
		const char *d = i < len - pad ? memchr(digits, word[i], 64) : digits;

		if (!d)
			mo_check_refuse(c, "ledger.base64", "not a base64 digit");
		bits = bits << 6 | (uint32_t)(d - digits);
		if (i % 4 != 3)
			continue;
		size_t part = i == len - 1 ? 3 - pad : 3;
		for (size_t k = 0; k < part; k++)
			out[n++] = (uint8_t)(bits >> (16 - 8 * k));
		if (bits & ((1U << (24 - 8 * part)) - 1))
			mo_check_refuse(c, "ledger.base64", "unused bits are not zero");
		bits = 0;
	}
	return n;
}
