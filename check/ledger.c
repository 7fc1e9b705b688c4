/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ledger's lines and words, each in its one spelling (doc/ledger.md 2), and the forms table (4). */
#include "check.h"

#include <stdlib.h>
#include <string.h>

/* Cuts the next line into words, each ended by a NUL: none can be in a line. The words before are gone. */
void mo_check_next_line(struct mo_check *c)
{
	bool begins = true; /* a word */
	size_t len = 0;
	int ch;

	c->line_nr++;
	c->nr_words = 0;
	while ((ch = getc_unlocked(c->job->ledger)) != '\n') {
		must(c, ch != EOF || !ferror(c->job->ledger), "check.read", "the ledger cannot be read");
		must(c, ch != EOF, len ? "ledger.line" : "ledger.end", "the ledger ends here");
		must(c, len < sizeof(c->line) - 1, "ledger.line", "longer than %d bytes", MO_CHECK_LINE);
		must(c, ch > 0x20 ? ch < 0x7f : ch == ' ' && !begins, "ledger.line", "column %zu", len + 1);
		must(c, !begins || c->nr_words < MO_CHECK_WORDS, "ledger.word", "too many words");
		if (begins)
			c->word[c->nr_words++] = c->line + len;
		begins = ch == ' ';
		c->line[len++] = begins ? '\0' : (char)ch;
	}
	must(c, !begins, "ledger.line", "empty, or a space at the end");
	c->line[len] = '\0';
}

uint64_t mo_check_number(struct mo_check *c, const char *word)
{
	unsigned long long n = strtoull(word, NULL, 10);
	char spelled[24];

	snprintf(spelled, sizeof(spelled), "%llu", n);
	must(c, !strcmp(spelled, word) && n <= INT64_MAX, "ledger.number", "not a number, in its one spelling");
	return n;
}

/* What needs no escape has none. */
void mo_check_token(struct mo_check *c, const char *word)
{
	while ((word = strchr(word, '\\'))) {
		size_t octal = strspn(++word, "01234567");
		long byte = octal < 3 ? -1 : (word[0] - '0') * 64 + (word[1] - '0') * 8 + word[2] - '0';

		must(c, (byte >= 0 && byte < 0x21) || (byte > 0x7e && byte < 256) || byte == '\\', "ledger.token",
		     "an escape that is wrong, or not needed");
		word += 3;
	}
}

size_t mo_check_base64(struct mo_check *c, const char *word, uint8_t *out, size_t cap)
{
	size_t len = strlen(word), padding = len - strcspn(word, "=");
	/* libcrypto decodes laxly, and gives zeros for padding; what it encodes again has one spelling. */
	uint8_t *room = mo_check_alloc(c, len + 4);
	int n = len % 4 || padding > 2 || len / 4 * 3 - padding > cap ? -1 :
		EVP_DecodeBlock(room, (const uint8_t *)word, (int)len) - (int)padding;

	must(c, n > 0, "ledger.base64", "not base64, or more than %zu bytes", cap);
	memcpy(out, room, (size_t)n);
	EVP_EncodeBlock(room, out, n);
	must(c, !memcmp(room, word, len), "ledger.base64", "not base64 in its one spelling");
	mo_check_release(c, c->nr_owned - 1);
	return (size_t)n;
}

const char *mo_check_form(struct mo_check *c, const char *name, const char *place, char is[64], bool *after_elf)
{
	static const char after[] = "\n after elf-rel", take[] = "\n take ";
	char head[128];
	size_t n = (size_t)snprintf(head, sizeof(head), "\nform %s\n in %s\n is ", name, place);
	const char *p = n < sizeof(head) ? strstr(c->forms, head) : NULL;

	must(c, p, "ledger.form", "'%.64s' is no form that may stand in %s", name, place);
	p += n;
	n = strcspn(p, "\n");
	must(c, n < 64, "check.forms", "the forms table says what is not understood here");
	snprintf(is, 64, "%.*s", (int)n, p);
	p += n;
	*after_elf = !strncmp(p, after, sizeof(after) - 1);
	p += *after_elf ? sizeof(after) - 1 : 0;
	must(c, !strncmp(p, take, sizeof(take) - 1), "check.forms", "the forms table says what is not understood here");
	return p + sizeof(take) - 1;
}

const char *mo_check_element(struct mo_check *c, const char *take, char word[64], uint8_t text[64], size_t *len)
{
	size_t n = strcspn(take, " \n");
	const char *p = take + 1, *end = take + n - 1;

	must(c, n > 0 && n < 64, "check.forms", "the forms table says what is not understood here");
	snprintf(word, 64, "%.*s", (int)n, take);
	*len = 0;
	while (*take == '"' && p < end) {
		int byte = *p++, used = 0;

		if (byte == '\\') {
			byte = *p == 'n' ? '\n' : *p == 's' ? ' ' : *p;
			if (*p == 'x')
				sscanf(p + 1, "%2x%n", (unsigned *)&byte, &used);
			p += 1 + used;
		}
		text[(*len)++] = (uint8_t)byte;
	}
	return take[n] == ' ' ? take + n + 1 : NULL;
}
