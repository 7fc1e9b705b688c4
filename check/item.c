/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ledger from its first line to its last, against artifact and core: doc/ledger.md 2 to 7. */
#include "check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long ull; /* for printf */

/* One line of the skeleton: the words up to a NULL. */
static __attribute__((sentinel)) void skeleton(struct mo_check *c, const char *word, ...)
{
	va_list ap;

	va_start(ap, word);
	for (const char *space = ""; word; word = va_arg(ap, const char *), space = " ") {
		mo_check_update(c, c->skeleton, space, strlen(space));
		mo_check_update(c, c->skeleton, word, strlen(word));
	}
	va_end(ap);
	mo_check_update(c, c->skeleton, "\n", 1);
}

/* Counts what the words, run together, say. */
static __attribute__((sentinel)) void count(struct mo_check *c, const char *word, ...)
{
	char key[MO_CHECK_TEXT] = "";
	size_t n = 0;
	va_list ap;

	va_start(ap, word);
	for (; word && n < sizeof(key); word = va_arg(ap, const char *))
		n += (size_t)snprintf(key + n, sizeof(key) - n, "%s", word);
	va_end(ap);
	must(c, n < sizeof(key), "check.limit", "a line of the report is too long");
	mo_check_count(c, key);
}

static void words(struct mo_check *c, const char *first, unsigned nr)
{
	must(c, !strcmp(c->word[0], first) && c->nr_words == nr, "ledger.word", "not '%s' and %u words", first, nr - 1);
}

struct signature {
	char name[64], kind[64];
	const char *take; /* its form's elements */
	uint8_t *der;
	size_t len;
	struct mo_check_cms cms;
	bool after_elf;
	EVP_MD_CTX *hash; /* of the leaf's bytes before it */
};

static void signature_line(struct mo_check *c, struct signature *g)
{
	mo_check_next_line(c);
	g->take = mo_check_form(c, c->word[0], "leaf", g->kind, &g->after_elf);
	must(c, c->nr_words == 2 && !strncmp(g->kind, "signature ", 10), "ledger.word", "not FORM BASE64");
	snprintf(g->name, sizeof(g->name), "%s", c->word[0]);
	g->der = mo_check_alloc(c, MO_CHECK_LINE);
	g->len = mo_check_base64(c, c->word[1], g->der, MO_CHECK_LINE);
	must(c, g->len <= MO_CHECK_SIGNATURE, "module.siglen", "a signature of %zu bytes", g->len);
	mo_check_cms(c, g->der, g->len, &g->cms);
	g->hash = mo_check_hash(c, g->cms.hash);
}

/* The bytes of the first of nr signatures; those behind it are made over them, too. */
static void signature_bytes(struct mo_check *c, struct mo_check_source *s, struct signature *g, unsigned nr)
{
	uint8_t text[64], be32[4] = { 0, (uint8_t)(g->len >> 16), (uint8_t)(g->len >> 8), (uint8_t)g->len };
	char word[64];
	size_t n;

	while (g->take) {
		const uint8_t *p = text;

		g->take = mo_check_element(c, g->take, word, text, &n);
		if (!strcmp(word, "cms")) {
			p = g->der;
			n = g->len;
		} else if (!strcmp(word, "be32(len(cms))")) {
			p = be32;
			n = sizeof(be32);
			count(c, "2derived ", g->name, " ", word, NULL);
		}
		must(c, n, "check.forms", "the forms table says what is not understood here");
		mo_check_same(c, s, p, n, false);
		for (unsigned i = 1; i < nr; i++)
			mo_check_update(c, g[i].hash, p, n);
	}
}

static void leaf(struct mo_check *c, struct mo_check_source *s)
{
	struct signature sig[MO_CHECK_SIGNATURES];
	uint8_t head[20] = { 0 }, digest[EVP_MAX_MD_SIZE];
	unsigned owned = c->nr_owned, nr = 0;

	words(c, "leaf", c->nr_words == 3 ? 3 : 2);
	uint64_t len = mo_check_number(c, c->word[1]), want = c->nr_words == 3 ? mo_check_number(c, c->word[2]) : 0;
	must(c, c->nr_words == 2 || (want && want <= MO_CHECK_SIGNATURES), "ledger.number", "%llu signatures", (ull)want);
	skeleton(c, "leaf", c->word[1], NULL);
	while (nr < want)
		signature_line(c, &sig[nr++]);
	for (uint64_t done = 0, part; done < len; done += part) {
		part = len - done < sizeof(c->buf) ? len - done : sizeof(c->buf);
		mo_check_take(c, s, c->buf, part);
		mo_check_core(c, s, c->buf, part);
		for (unsigned i = 0; i < nr; i++)
			mo_check_update(c, sig[i].hash, c->buf, part);
		if (!done)
			memcpy(head, c->buf, part < sizeof(head) ? part : sizeof(head));
	}
	bool elf = len >= sizeof(head) && !memcmp(head, "\x7f" "ELF", 4) && head[16] + head[17] == 1;
	for (unsigned i = 0; i < nr; i++) {
		holds(c, elf || !sig[i].after_elf, "check.after", "a signature behind what is no ELF relocatable object");
		must(c, EVP_DigestFinal_ex(sig[i].hash, digest, NULL), "check.memory", "libcrypto has no digest");
		mo_check_judge(c, sig[i].kind + 10, &sig[i].cms, digest);
		signature_bytes(c, s, &sig[i], nr - i);
	}
	mo_check_release(c, owned);
}

/* The SHA-256 of the len bytes that the next lines carry: the stream itself is read later, and only once. */
static void carried(struct mo_check *c, uint64_t len, uint64_t lines, char hex[65])
{
	EVP_MD_CTX *h = mo_check_hash(c, EVP_sha256());

	must(c, len && lines == (len - 1) / MO_CHECK_PIECE + 1, "ledger.carried", "not the lines that LENGTH has");
	for (uint64_t part; len; len -= part) {
		part = len < MO_CHECK_PIECE ? len : MO_CHECK_PIECE;
		mo_check_next_line(c);
		must(c, c->nr_words == 1, "ledger.word", "not one word of carried bytes");
		must(c, mo_check_base64(c, c->word[0], c->buf, MO_CHECK_PIECE) == part, "ledger.carried",
		     "not the line's %llu bytes", (ull)part);
		mo_check_update(c, h, c->buf, part);
	}
	mo_check_hex(c, h, hex);
}

static void item(struct mo_check *c, struct mo_check_source *s, unsigned depth);

static void stream(struct mo_check *c, struct mo_check_source *s, unsigned depth)
{
	static const struct mo_check_codec *const codecs[] = { &mo_check_gzip, &mo_check_xz, &mo_check_zstd };
	const struct mo_check_codec *codec = NULL;
	char kept[65] = "", seen[65], params[1536], encoder[128] = "", grade[8];
	unsigned owned = c->nr_owned, nr = c->nr_words;
	uint8_t byte;

	must(c, nr == 5 || nr == 6, "ledger.word", "not stream CODEC LENGTH PARAMS GRADE...");
	for (unsigned i = 0; i < 3; i++)
		codec = strcmp(c->word[1], codecs[i]->name) ? codec : codecs[i];
	must(c, codec, "ledger.word", "'%.64s' is no codec", c->word[1]);
	uint64_t len = mo_check_number(c, c->word[2]);
	must(c, strlen(c->word[3]) < sizeof(params), "ledger.token", "no PARAMS are that long");
	strcpy(params, c->word[3]);
	snprintf(grade, sizeof(grade), "%s", c->word[4]);
	if (!strcmp(c->word[4], "proven") && nr == 6) {
		const char *dash = strchr(c->word[5], '-'), *slash = strchr(c->word[5], '/');

		must(c, dash > c->word[5] && slash > dash + 1 && slash[1] && !strchr(dash, '\\') &&
		     strlen(c->word[5]) < sizeof(encoder), "ledger.encoder", "not NAME-VERSION/LEVEL");
		strcpy(encoder, c->word[5]);
	} else if (!strcmp(c->word[4], "carried") && nr == 6) {
		carried(c, len, mo_check_number(c, c->word[5]), kept);
	} else {
		must(c, !strcmp(c->word[4], "checked") && nr == 5, "ledger.word", "not a grade");
	}
	skeleton(c, "stream", codec->name, params, *kept ? grade : NULL, NULL);

	struct mo_check_stream *st = mo_check_stream(c, s, len, codec);
	if (*encoder && c->job->prove)
		mo_check_encode(c, st, encoder, params);
	item(c, &st->out, depth + 1);
	holds(c, !mo_check_read(c, &st->out, &byte, 1), "check.rest", "a stream's content goes on");
	holds(c, !strcmp(st->params, params), "check.params", "the stream has %.900s", st->params);
	mo_check_hex(c, st->seen, seen);
	holds(c, !*kept || !strcmp(kept, seen), "check.carried", "the carried bytes are not the stream's");
	if (st->encoder)
		mo_check_encode_end(c, st, seen);
	count(c, "3encoding ", codec->name, " ", params, " ", *encoder && !st->encoder ? "claimed" : grade,
	      *encoder ? " " : "", encoder, NULL);
	mo_check_release(c, owned);
}

static void item(struct mo_check *c, struct mo_check_source *s, unsigned depth)
{
	mo_check_next_line(c);
	must(c, depth <= MO_CHECK_DEPTH, "ledger.depth", "items nest more than %d deep", MO_CHECK_DEPTH);
	if (!strcmp(c->word[0], "stream"))
		stream(c, s, depth);
	else
		leaf(c, s);
}

/* An argument of a record, in the spelling that its element asks for. */
static void argument(struct mo_check *c, const char *element, const char *word)
{
	if (!strcmp(element, "octal4"))
		must(c, strspn(word, "01234567") == 4 && !word[4], "ledger.number", "not four octal digits");
	else if (!strcmp(element, "token"))
		mo_check_token(c, word);
	else if (!strcmp(element, "digits") || !strcmp(element, "decimal(len(child))"))
		mo_check_number(c, word);
	else
		must(c, !strcmp(element, "word"), "check.forms", "the forms table says what is not understood here");
}

static void record(struct mo_check *c, struct mo_check_source *s, const char *place)
{
	char kind[64], word[64], name[64], *claim = NULL, claimed[24];
	unsigned arg = 1;
	uint8_t text[64];
	size_t len;
	bool after, child = false;
	const char *take = mo_check_form(c, c->word[0], place, kind, &after);

	snprintf(name, sizeof(name), "%s", c->word[0]);
	mo_check_update(c, c->skeleton, name, strlen(name));
	while (take && !child) {
		take = mo_check_element(c, take, word, text, &len);
		child = !strcmp(word, "child");
		if (len)
			mo_check_same(c, s, text, len, true);
		if (len || child)
			continue;
		must(c, arg < c->nr_words, "ledger.word", "too few words for %s", name);
		argument(c, word, c->word[arg]);
		bool derived = !strcmp(word, "decimal(len(child))");
		if (derived)
			claim = c->word[arg];
		mo_check_same(c, s, c->word[arg], strlen(c->word[arg]), !derived);
		mo_check_update(c, c->skeleton, " ", !derived);
		mo_check_update(c, c->skeleton, c->word[arg], derived ? 0 : strlen(c->word[arg]));
		arg++;
	}
	must(c, arg == c->nr_words, "ledger.word", "too many words for %s", name);
	must(c, !take && child == !!claim, "check.forms", "the forms table says what is not understood here");
	mo_check_update(c, c->skeleton, "\n", 1);
	if (!child)
		return;
	snprintf(claimed, sizeof(claimed), "%s", claim);
	uint64_t start = s->pos;
	item(c, s, 2);
	holds(c, s->pos - start == strtoull(claimed, NULL, 10), "check.claim", "len(child) is %llu, not %s",
	      (ull)(s->pos - start), claimed);
	count(c, "2derived ", name, " decimal(len(child))", NULL);
}

/* What the outermost item must be follows from what the artifact is. */
static void outermost(struct mo_check *c)
{
	if (!c->job->directory) {
		c->artifact = mo_check_file(c);
		item(c, c->artifact, 1);
		return;
	}
	mo_check_next_line(c);
	bool metadata = c->nr_words == 2 && !strcmp(c->word[1], "dir-metadata");
	const char *kind = metadata ? "dir-metadata" : "dir", *place = metadata ? "records dir-metadata" : "records dir";
	words(c, "records", 2);
	must(c, !strcmp(c->word[1], kind), "ledger.word", "'%.64s' is no kind of records", c->word[1]);
	skeleton(c, "records", kind, NULL);
	c->artifact = mo_check_dir(c, metadata);
	for (mo_check_next_line(c); strcmp(c->word[0], "close"); mo_check_next_line(c))
		record(c, c->artifact, place);
	words(c, "close", 1);
	skeleton(c, "close", NULL);
}

/* A line of a word and, where `len` is not NULL, a number, then a digest. */
static void header(struct mo_check *c, const char *word, uint64_t *len, char digest[65])
{
	mo_check_next_line(c);
	words(c, word, len ? 3 : 2);
	if (len)
		*len = mo_check_number(c, c->word[1]);
	word = c->word[len ? 2 : 1];
	must(c, strspn(word, "0123456789abcdef") == 64 && !word[64], "ledger.digest", "not 64 lower-case hex digits");
	strcpy(digest, word);
}

static void report(struct mo_check *c, FILE *f, const char *artifact, const char *core, const char *forms)
{
	char skeleton_is[65];

	mo_check_hex(c, c->skeleton, skeleton_is);
	fprintf(f, "artifact %llu %s\n", (ull)c->artifact->pos, artifact);
	fprintf(f, "core %llu %s\nskeleton %s\nforms %s\n", (ull)c->core_pos, core, skeleton_is, forms);
	for (unsigned i = 0; i < c->nr_counts; i++) {
		const char *key = c->count[i].key + 1; /* the first character is there for the order only */
		int head = (int)strcspn(key, "\t");

		fprintf(f, "%.*s %llu%s%s\n", head, key, (ull)c->count[i].nr, key[head] ? " " : "",
			key + head + !!key[head]);
	}
	fputs("accepted\n", f);
}

void mo_check_all(struct mo_check *c, FILE *out)
{
	char artifact[65], core[65], forms[65], is[65];
	uint64_t artifact_len, core_len;
	uint8_t byte;

	c->artifact_hash = mo_check_hash(c, EVP_sha256());
	c->core_hash = mo_check_hash(c, EVP_sha256());
	c->skeleton = mo_check_hash(c, EVP_sha256());
	EVP_MD_CTX *h = mo_check_hash(c, EVP_sha256());
	mo_check_update(c, h, mo_forms_table, mo_forms_table_len);
	mo_check_hex(c, h, is);
	c->forms = memcpy(mo_check_alloc(c, mo_forms_table_len + 1), mo_forms_table, mo_forms_table_len);
	mo_check_keyring(c);

	mo_check_next_line(c);
	words(c, "modulo-ledger", 2);
	must(c, !strcmp(c->word[1], "1"), "ledger.version", "not version 1");
	header(c, "forms", NULL, forms);
	must(c, !strcmp(forms, is), "ledger.forms", "written with another forms table than this program's");
	header(c, "artifact", &artifact_len, artifact);
	header(c, "core", &core_len, core);
	outermost(c);
	mo_check_next_line(c);
	words(c, "end", 1);
	must(c, getc(c->job->ledger) == EOF, "ledger.end", "something stands behind `end`");

	holds(c, !mo_check_read(c, c->artifact, &byte, 1), "check.artifact", "it goes on behind what is explained");
	holds(c, getc(c->job->core) == EOF, "check.core", "it goes on behind what is explained");
	must(c, !ferror(c->job->ledger) && !ferror(c->job->core), "check.read", "ledger or core cannot be read");
	mo_check_hex(c, c->artifact_hash, is);
	holds(c, artifact_len == c->artifact->pos && !strcmp(artifact, is), "check.artifact", "another length or digest");
	mo_check_hex(c, c->core_hash, is);
	holds(c, core_len == c->core_pos && !strcmp(core, is), "check.core", "another length or digest");
	if (out)
		report(c, out, artifact, core, forms);
}
