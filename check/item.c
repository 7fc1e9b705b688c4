/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ledger from its first line to its last, against artifact and core: doc/ledger.md 2 to 7. */
#include "stream.h"

#include <stdarg.h>
#include <string.h>

/* One line of the skeleton: the words up to a NULL. */
static __attribute__((sentinel)) void skeleton(struct mo_check *c, const char *word, ...)
{
	va_list ap;

	va_start(ap, word);
	for (const char *space = ""; word; word = va_arg(ap, const char *), space = " ") {
		mo_check_update(c, c->skeleton_hash, space, strlen(space));
		mo_check_update(c, c->skeleton_hash, word, strlen(word));
	}
	va_end(ap);
	mo_check_update(c, c->skeleton_hash, "\n", 1);
}

static void count_derived(struct mo_check *c, const struct mo_check_form *f, const char *expression)
{
	char head[128];

	snprintf(head, sizeof(head), "2derived %s %s", f->name, expression);
	mo_check_count(c, head, "");
}

struct signature {
	const struct mo_check_form *form;
	uint8_t *der;
	size_t len;
	struct mo_check_cms cms;
	EVP_MD_CTX *hash; /* of the leaf's bytes before it */
};

static void signature_line(struct mo_check *c, struct signature *g)
{
	mo_check_next_line(c);
	g->form = mo_check_form(c, c->word[0], MO_CHECK_LEAF);
	mo_check_words(c, 1 + g->form->nr_args);
	g->der = mo_check_alloc(c, MO_CHECK_CMS + 1);
	g->len = mo_check_base64(c, c->word[1], g->der, MO_CHECK_CMS + 1);
	if (g->len > MO_CHECK_CMS)
		mo_check_refuse(c, "module.siglen", "a signature of more than %d bytes", MO_CHECK_CMS);
	mo_check_cms(c, g->der, g->len, &g->cms);
	g->hash = mo_check_hash(c, g->cms.hash);
}

/* The bytes of the first of nr signatures; those behind it are made over them, too. */
static void signature_bytes(struct mo_check *c, struct mo_check_source *s, struct signature *g, unsigned nr)
{
	uint8_t be32[4] = { 0, (uint8_t)(g->len >> 16), (uint8_t)(g->len >> 8), (uint8_t)g->len };

	for (unsigned i = 0; i < g->form->nr; i++) {
		const struct mo_check_element *e = &g->form->element[i];
		const uint8_t *p = e->kind == MO_CHECK_CMS_BYTES ? g->der : e->kind == MO_CHECK_LEN_CMS ? be32 : e->text;
		size_t n = e->kind == MO_CHECK_CMS_BYTES ? g->len : e->kind == MO_CHECK_LEN_CMS ? 4 : e->len;

		mo_check_same(c, s, p, n, false);
		for (unsigned k = 1; k < nr; k++)
			mo_check_update(c, g[k].hash, p, n);
		if (e->kind == MO_CHECK_LEN_CMS)
			count_derived(c, g->form, "be32(len(cms))");
	}
}

static void leaf(struct mo_check *c, struct mo_check_source *s)
{
	struct signature sig[MO_CHECK_SIGNATURES];
	uint8_t head[20] = { 0 }, digest[EVP_MAX_MD_SIZE];
	unsigned owned = c->nr_owned, nr = 0;
	uint64_t len, done = 0;
	size_t part;

	if (c->nr_words != 3)
		mo_check_words(c, 2);
	len = mo_check_number(c, c->word[1]);
	skeleton(c, "leaf", c->word[1], NULL);
	if (c->nr_words == 3) {
		uint64_t want = mo_check_number(c, c->word[2]);

		if (want < 1 || want > MO_CHECK_SIGNATURES)
			mo_check_refuse(c, "ledger.number", "not 1 to %d signatures", MO_CHECK_SIGNATURES);
		while (nr < want)
			signature_line(c, &sig[nr++]);
	}
	for (; done < len; done += part) {
		part = len - done < sizeof(c->buf) ? (size_t)(len - done) : sizeof(c->buf);
		mo_check_take(c, s, c->buf, part);
		mo_check_core(c, s, c->buf, part);
		for (unsigned i = 0; i < nr; i++)
			mo_check_update(c, sig[i].hash, c->buf, part);
		if (!done)
			memcpy(head, c->buf, part < sizeof(head) ? part : sizeof(head));
	}
	bool elf_rel = len >= sizeof(head) && !memcmp(head, "\x7f" "ELF", 4) &&
		       (!memcmp(head + 16, "\x01\x00", 2) || !memcmp(head + 16, "\x00\x01", 2));
	for (unsigned i = 0; i < nr; i++) {
		if (sig[i].form->after_elf && !elf_rel)
			mo_check_deny(c, "check.after", "a signature behind what is no ELF relocatable object");
		unsigned size = mo_check_final(c, sig[i].hash, digest);
		mo_check_judge(c, sig[i].form->signs, &sig[i].cms, digest, size);
		signature_bytes(c, s, &sig[i], nr - i);
	}
	mo_check_release(c, owned);
}

/* The SHA-256 of the bytes that the next `count` lines carry, len in all. */
static void carried(struct mo_check *c, uint64_t len, uint64_t count, char hex[65])
{
	EVP_MD_CTX *h = mo_check_hash(c, EVP_sha256());
	size_t part;

	if (!len || count != (len - 1) / MO_CHECK_PIECE + 1)
		mo_check_refuse(c, "ledger.carried", "not as many lines as %llu bytes have", (unsigned long long)len);
	for (; len; len -= part) {
		mo_check_next_line(c);
		mo_check_words(c, 1);
		part = mo_check_base64(c, c->word[0], c->buf, MO_CHECK_PIECE);
		if (part != (len < MO_CHECK_PIECE ? len : MO_CHECK_PIECE))
			mo_check_refuse(c, "ledger.carried", "a line of another length than it should have");
		mo_check_update(c, h, c->buf, part);
	}
	mo_check_hex(c, h, hex);
}

/* NAME-VERSION/LEVEL, none of them empty. */
static void encoder_token(struct mo_check *c, const char *word)
{
	const char *slash = strchr(word, '/'), *dash = strchr(word, '-');

	mo_check_token(c, word);
	if (!dash || dash == word || !slash || slash <= dash + 1 || !slash[1] || strchr(word, '\\'))
		mo_check_refuse(c, "ledger.encoder", "not NAME-VERSION/LEVEL");
}

static void item(struct mo_check *c, struct mo_check_source *s, unsigned depth);

static void stream(struct mo_check *c, struct mo_check_source *s, unsigned depth)
{
	static const struct mo_check_codec *const codecs[] = { &mo_check_gzip, &mo_check_xz, &mo_check_zstd };
	const struct mo_check_codec *codec = NULL;
	char seen[65], kept[65] = "", head[MO_CHECK_TEXT];
	unsigned owned = c->nr_owned;
	uint8_t byte;

	if (c->nr_words != 5)
		mo_check_words(c, 6);
	for (unsigned i = 0; i < 3; i++)
		codec = strcmp(c->word[1], codecs[i]->name) ? codec : codecs[i];
	if (!codec)
		mo_check_refuse(c, "ledger.word", "'%.64s' is no codec", c->word[1]);
	uint64_t len = mo_check_number(c, c->word[2]);
	char *params = mo_check_strdup(c, c->word[3]);
	char *grade = mo_check_strdup(c, c->word[4]), *encoder = NULL;
	if (!strcmp(grade, "proven") && c->nr_words == 6) {
		encoder = mo_check_strdup(c, c->word[5]);
		encoder_token(c, encoder);
	} else if (!strcmp(grade, "carried") && c->nr_words == 6) {
		carried(c, len, mo_check_number(c, c->word[5]), kept);
	} else if (strcmp(grade, "checked") || c->nr_words != 5) {
		mo_check_refuse(c, "ledger.word", "not a grade");
	}
	skeleton(c, "stream", codec->name, params, *kept ? "carried" : NULL, NULL);

	struct mo_check_stream *st = mo_check_stream(c, s, len, codec);
	if (encoder && c->job->prove)
		mo_check_encode(c, st, encoder, params);
	item(c, &st->out, depth + 1);
	if (mo_check_read(c, &st->out, &byte, 1))
		mo_check_deny(c, "check.rest", "a stream's content goes on behind what the ledger explains");
	if (strcmp(st->params, params))
		mo_check_deny(c, "check.params", "the stream's parameters are %.1000s", st->params);
	mo_check_hex(c, st->seen, seen);
	if (*kept && strcmp(kept, seen))
		mo_check_deny(c, "check.carried", "the stream has other bytes than those that are carried");
	if (st->encoder)
		mo_check_encode_end(c, st, seen);
	int n = snprintf(head, sizeof(head), "3encoding %s %s %s%s%s", codec->name, params,
			 encoder && !c->job->prove ? "claimed" : grade, encoder ? " " : "", encoder ? encoder : "");
	if (n < 0 || (size_t)n >= sizeof(head))
		mo_check_refuse(c, "check.limit", "an encoder's name is too long");
	mo_check_count(c, head, "");
	mo_check_release(c, owned);
}

static void item(struct mo_check *c, struct mo_check_source *s, unsigned depth)
{
	mo_check_next_line(c);
	if (depth > MO_CHECK_DEPTH)
		mo_check_refuse(c, "ledger.depth", "items nest more than %d deep", MO_CHECK_DEPTH);
	if (!strcmp(c->word[0], "leaf"))
		leaf(c, s);
	else if (!strcmp(c->word[0], "stream"))
		stream(c, s, depth);
	else if (depth == 1 && !strcmp(c->word[0], "records"))
		mo_check_deny(c, "check.artifact", "a file, and a ledger that is a directory's");
	else
		mo_check_refuse(c, "ledger.word", "'%.64s' where an item should begin", c->word[0]);
}

static void octal4(struct mo_check *c, const char *word)
{
	if (strlen(word) != 4 || strspn(word, "01234567") != 4)
		mo_check_refuse(c, "ledger.number", "not four octal digits");
}

static void record(struct mo_check *c, struct mo_check_source *s, enum mo_check_place place)
{
	const struct mo_check_form *f = mo_check_form(c, c->word[0], place);
	char **arg = c->word;
	uint64_t claim = 0;
	bool claimed = false;

	mo_check_words(c, 1 + f->nr_args);
	mo_check_update(c, c->skeleton_hash, f->name, strlen(f->name));
	for (unsigned i = 0; i < f->nr; i++) {
		const struct mo_check_element *e = &f->element[i];

		if (e->kind == MO_CHECK_LITERAL) {
			mo_check_same(c, s, e->text, e->len, true);
			continue;
		}
		if (e->kind == MO_CHECK_CHILD)
			break; /* always the last one, see forms.c */
		arg++;
		if (e->kind == MO_CHECK_OCTAL4)
			octal4(c, *arg);
		else if (e->kind == MO_CHECK_TOKEN)
			mo_check_token(c, *arg);
		else if (e->kind != MO_CHECK_WORD)
			claim = mo_check_number(c, *arg);
		claimed |= e->kind == MO_CHECK_LEN_CHILD;
		mo_check_same(c, s, *arg, strlen(*arg), e->kind != MO_CHECK_LEN_CHILD);
		if (e->kind == MO_CHECK_LEN_CHILD)
			continue;
		mo_check_update(c, c->skeleton_hash, " ", 1);
		mo_check_update(c, c->skeleton_hash, *arg, strlen(*arg));
	}
	mo_check_update(c, c->skeleton_hash, "\n", 1);
	if (f->element[f->nr - 1].kind != MO_CHECK_CHILD)
		return;
	uint64_t start = s->pos;
	item(c, s, 2);
	if (claimed && s->pos - start != claim)
		mo_check_deny(c, "check.claim", "decimal(len(child)) is %llu, not %llu",
			      (unsigned long long)(s->pos - start), (unsigned long long)claim);
	if (claimed)
		count_derived(c, f, "decimal(len(child))");
}

/* The outermost item. What it must be follows from what the artifact is. */
static void outermost(struct mo_check *c)
{
	const char *dir = c->job->directory;

	if (!dir) {
		c->artifact = mo_check_file(c);
		item(c, c->artifact, 1);
		return;
	}
	mo_check_next_line(c);
	if (strcmp(c->word[0], "records"))
		mo_check_deny(c, "check.artifact", "a directory, and a ledger that is a file's");
	mo_check_words(c, 2);
	bool metadata = !strcmp(c->word[1], "dir-metadata");
	if (!metadata && strcmp(c->word[1], "dir"))
		mo_check_refuse(c, "ledger.word", "'%.64s' is no kind of records", c->word[1]);
	skeleton(c, "records", c->word[1], NULL);
	c->artifact = mo_check_dir(c, metadata);
	for (mo_check_next_line(c); strcmp(c->word[0], "close"); mo_check_next_line(c))
		record(c, c->artifact, metadata ? MO_CHECK_DIR_METADATA : MO_CHECK_DIR);
	mo_check_words(c, 1);
	skeleton(c, "close", NULL);
}

static void print(struct mo_check *c, FILE *f, char hex[4][65])
{
	fprintf(f, "artifact %llu %s\n", (unsigned long long)c->artifact->pos, hex[0]);
	fprintf(f, "core %llu %s\nskeleton %s\nforms %s\n", (unsigned long long)c->core_pos, hex[1], hex[2], hex[3]);
	for (unsigned i = 0; i < c->nr_counts; i++) {
		const struct mo_check_count *k = &c->count[i];

		/* The first character is there for the order only. */
		fprintf(f, "%s %llu%s%s\n", k->head + 1, (unsigned long long)k->nr, *k->tail ? " " : "", k->tail);
	}
	fputs("accepted\n", f);
}

/* A line of a word and, where `len` is not NULL, a number, then a digest. */
static void header(struct mo_check *c, const char *word, uint64_t *len, char digest[65])
{
	mo_check_next_line(c);
	mo_check_words(c, len ? 3 : 2);
	if (strcmp(c->word[0], word))
		mo_check_refuse(c, "ledger.word", "'%.64s' where there should be '%s'", c->word[0], word);
	if (len)
		*len = mo_check_number(c, c->word[1]);
	mo_check_digest(c, c->word[len ? 2 : 1], digest);
}

void mo_check_all(struct mo_check *c, FILE *report)
{
	char claimed[3][65], is[4][65]; /* artifact, core, then forms; artifact, core, skeleton, forms */
	uint64_t artifact_len, core_len;
	uint8_t byte;

	c->artifact_hash = mo_check_hash(c, EVP_sha256());
	c->core_hash = mo_check_hash(c, EVP_sha256());
	c->skeleton_hash = mo_check_hash(c, EVP_sha256());
	EVP_MD_CTX *forms = mo_check_hash(c, EVP_sha256());
	mo_check_update(c, forms, mo_forms_table, mo_forms_table_len);
	mo_check_hex(c, forms, is[3]);
	mo_check_forms(c);
	mo_check_keyring(c);

	mo_check_next_line(c);
	mo_check_words(c, 2);
	if (strcmp(c->word[0], "modulo-ledger") || strcmp(c->word[1], "1"))
		mo_check_refuse(c, "ledger.version", "not a ledger of version 1");
	header(c, "forms", NULL, claimed[2]);
	if (strcmp(claimed[2], is[3]))
		mo_check_refuse(c, "ledger.forms", "written with another forms table than this program's");
	header(c, "artifact", &artifact_len, claimed[0]);
	header(c, "core", &core_len, claimed[1]);
	outermost(c);
	mo_check_next_line(c);
	mo_check_words(c, 1);
	if (strcmp(c->word[0], "end") || getc(c->job->ledger) != EOF)
		mo_check_refuse(c, "ledger.end", "not `end`, or something behind it");

	if (mo_check_read(c, c->artifact, &byte, 1))
		mo_check_deny(c, "check.artifact", "the artifact goes on behind what the ledger explains");
	if (getc(c->job->core) != EOF)
		mo_check_deny(c, "check.core", "the core goes on behind what the ledger explains");
	if (ferror(c->job->ledger) || ferror(c->job->core))
		mo_check_refuse(c, "check.read", "the ledger or the core cannot be read to its end");
	mo_check_hex(c, c->artifact_hash, is[0]);
	mo_check_hex(c, c->core_hash, is[1]);
	mo_check_hex(c, c->skeleton_hash, is[2]);
	if (artifact_len != c->artifact->pos || strcmp(claimed[0], is[0]))
		mo_check_deny(c, "check.artifact", "another length or digest than the ledger's");
	if (core_len != c->core_pos || strcmp(claimed[1], is[1]))
		mo_check_deny(c, "check.core", "another length or digest than the ledger's");
	if (report)
		print(c, report, is);
}
