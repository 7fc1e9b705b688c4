/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ledger from its first line to its last, against artifact and core: doc/ledger.md 2 to 7. */
enum { CARRIED = 49152 }; /* bytes in a line */

/* The next line, cut into words that end with NULs. The words before are gone. */
static void next_line(void)
{
	FILE *f = run.job->ledger;
	char *rest = fgets(run.line, sizeof(run.line), f), *end = strchr(run.line, '\n'), *word;
	run.line_nr++;
	run.nr_words = 0;
	must(!ferror(f), "check.read");
	must(rest && (end || !feof(f)), "ledger.end");
	must(end, "ledger.line"); /* too long, or a NUL is in it */
	*end = '\0';
	while ((word = strsep(&rest, " "))) {
		must(run.nr_words < WORDS, "ledger.word");
		run.word[run.nr_words++] = word;
		must(*word, "ledger.line");
		for (; *word; word++)
			must(*word > 0x20 && *word < 0x7f, "ledger.line");
	}
}

static void next_words(const char *first, unsigned nr)
{
	next_line();
	must(!strcmp(run.word[0], first) && run.nr_words == nr, "ledger.word");
}

static uint64_t number(const char *word)
{
	ull n = strtoull(word, NULL, 10);
	char spelled[24];
	snprintf(spelled, sizeof(spelled), "%llu", n);
	must(!strcmp(spelled, word) && n <= INT64_MAX, "ledger.number");
	return n;
}

/* libcrypto decodes laxly, and gives zeros for padding. What it encodes again has one spelling. */
static size_t base64(const char *word, uint8_t *out, size_t cap)
{
	size_t chars = strlen(word), padding = chars - strcspn(word, "=");
	must(chars % 4 == 0 && padding < 3, "ledger.base64");
	int n = EVP_DecodeBlock(run.room, (const uint8_t *)word, (int)chars) - (int)padding;
	must(n > 0 && (size_t)n <= cap, "ledger.base64");
	memcpy(out, run.room, (size_t)n);
	EVP_EncodeBlock(run.room, out, n);
	must(!memcmp(run.room, word, chars), "ledger.base64");
	return (size_t)n;
}

/* The form that the line's first word names: what it is, if after elf-rel. Returns its elements. */
static const char *form(const char *place, char kind[64], bool *elf)
{
	char head[128], after[64] = "elf-rel";
	snprintf(head, sizeof(head), "\nform %.64s\n in %s\n is ", run.word[0], place);
	const char *p = strstr(mo_forms_table, head), *elements = p ? strstr(p, "\n take ") : NULL;
	must(p, "ledger.form");
	int found = sscanf(p + strlen(head), "%63[^\n] after %63[^\n]", kind, after);
	must(found > 0 && elements && !strcmp(after, "elf-rel"), "check.forms");
	*elf = found > 1;
	return elements + strlen("\n take ");
}

/* Takes one element off: its word, and a literal's bytes. Returns what follows, NULL at the end. */
static const char *form_element(const char *p, char word[64], uint8_t text[64], size_t *text_len)
{
	size_t n = strcspn(p, " \n");
	must(n > 1 && n < 64, "check.forms");
	snprintf(word, 64, "%.*s", (int)n, p);
	*text_len = 0;
	for (const char *s = word + 1; *word == '"' && s[1]; s++) {
		unsigned byte = (uint8_t)*s;
		if (byte == '\\' && *++s == 'x') {
			must(sscanf(s + 1, "%2x", &byte) == 1, "check.forms");
			s += 2;
		} else if (byte == '\\') {
			byte = *s == 'n' ? '\n' : *s == 's' ? ' ' : (uint8_t)*s;
		}
		text[(*text_len)++] = (uint8_t)byte;
	}
	return p[n] == ' ' ? p + n + 1 : NULL;
}

static void signature_line(struct signature *g)
{
	next_line();
	g->elements = form("leaf", g->kind, &g->after_elf);
	must(run.nr_words == 2 && !strncmp(g->kind, "signature ", 10), "ledger.word");
	snprintf(g->form, sizeof(g->form), "%s", run.word[0]);
	g->len = base64(run.word[1], g->body, sizeof(g->body));
	must(g->len <= CMS, "module.siglen");
	(strncmp(g->elements, "proof ", 6) ? cms_parse : proof_parse)(g);
}

/* The bytes of the first of nr signatures; those behind it are made over them, too. */
static void signature_bytes(struct source *s, struct signature *g, unsigned nr)
{
	uint8_t be32[4] = { 0, (uint8_t)(g->len >> 16), (uint8_t)(g->len >> 8), (uint8_t)g->len };
	uint8_t text[64];
	char word[64];
	size_t n;
	while (g->elements) {
		g->elements = form_element(g->elements, word, text, &n);
		bool body = !strcmp(word, "cms") || !strcmp(word, "proof"), derived = *word == 'b';
		const uint8_t *p = body ? g->body : derived ? be32 : text;
		n = body ? g->len : derived ? sizeof(be32) : n;
		must(n, "check.forms");
		same(s, p, n, false);
		for (unsigned i = 1; i < nr; i++)
			hash_add(g[i].hash, p, n);
		if (derived)
			count("2derived %s %s", g->form, word);
	}
}

static void leaf_item(struct source *s)
{
	struct signature *g = run.signature;
	uint8_t head[20] = { 0 }, digest[EVP_MAX_MD_SIZE];
	unsigned hashes = run.nr_hashes, nr = 0;
	must(!strcmp(run.word[0], "leaf") && run.nr_words / 2 == 1, "ledger.word");
	uint64_t bytes = number(run.word[1]), want = run.nr_words == 3 ? number(run.word[2]) : 0;
	must(run.nr_words == 2 || (want && want <= SIGNATURES), "ledger.number");
	skeleton("leaf %s\n", run.word[1]);
	while (nr < want)
		signature_line(&g[nr++]);
	for (uint64_t done = 0, part; done < bytes; done += part) {
		part = bytes - done < CHUNK ? bytes - done : CHUNK;
		take(s, run.buf, part);
		core_next(run.buf, part);
		for (unsigned i = 0; i < nr; i++)
			hash_add(g[i].hash, run.buf, part);
		if (!done)
			memcpy(head, run.buf, part < sizeof(head) ? part : sizeof(head));
	}
	bool elf = bytes >= 20 && !memcmp(head, "\x7f" "ELF", 4) && head[16] + head[17] == 1;
	for (unsigned i = 0; i < nr; i++) {
		must(elf || !g[i].after_elf, "check.after");
		must(EVP_DigestFinal_ex(g[i].hash, digest, NULL), "check.memory");
		(g[i].levels ? proof_judge : judge)(&g[i], digest);
		signature_bytes(s, &g[i], nr - i);
	}
	run.nr_hashes = hashes;
}

/* The SHA-256 of what the next lines carry: the stream itself is read later, and only once. */
static void carried(uint64_t bytes, uint64_t lines, char hex[65])
{
	EVP_MD_CTX *h = hash_new(EVP_sha256());
	must(bytes && lines == (bytes - 1) / CARRIED + 1, "ledger.carried");
	for (size_t part; bytes; bytes -= part) {
		next_line();
		part = run.nr_words == 1 ? base64(run.word[0], run.buf, CARRIED) : 0;
		must(part == (bytes < CARRIED ? bytes : CARRIED), "ledger.carried");
		hash_add(h, run.buf, part);
	}
	hash_hex(h, hex);
}

static void item(struct source *s, unsigned depth);

static void stream_item(struct source *s, unsigned depth)
{
	struct stream *st = &run.stream[depth];
	char params[sizeof(st->params)], encoder[128] = "", kept[65] = "", is[65];
	unsigned hashes = run.nr_hashes, nr = run.nr_words;
	uint8_t byte;
	must((nr == 5 || nr == 6) && strlen(run.word[3]) < sizeof(params), "ledger.word");
	uint64_t bytes = number(run.word[2]);
	stream_open(st, s, bytes, run.word[1]);
	strcpy(params, run.word[3]);
	if (!strcmp(run.word[4], "proven") && nr == 6) {
		snprintf(encoder, sizeof(encoder), "%s", run.word[5]);
		const char *dash = strchr(encoder, '-'), *slash = strrchr(encoder, '/');
		bool named = dash > encoder && slash > dash + 1 && slash[1];
		must(named && !strcmp(encoder, run.word[5]), "ledger.encoder");
	} else if (!strcmp(run.word[4], "carried") && nr == 6) {
		carried(bytes, number(run.word[5]), kept);
	} else {
		must(!strcmp(run.word[4], "checked") && nr == 5, "ledger.word");
	}
	skeleton("stream %s %s%s\n", st->codec->name, params, *kept ? " carried" : "");
	bool prove = *encoder && run.job->prove;
	must(!prove || (st->content = tmpfile()), "check.read");
	item(&st->out, depth + 1);
	must(!pull(&st->out, &byte, 1), "check.rest");
	must(!strcmp(st->params, params), "check.params");
	hash_hex(st->seen, is);
	must(!*kept || !strcmp(kept, is), "check.carried");
	if (prove)
		encode(st, encoder, is);
	count("3encoding %s %s %s%s", st->codec->name, params, *kept ? "carried" :
	      prove ? "proven " : *encoder ? "claimed " : "checked", encoder);
	stream_close(st);
	run.nr_hashes = hashes;
}

static void item(struct source *s, unsigned depth)
{
	next_line();
	must(depth < DEPTH, "ledger.depth");
	if (!strcmp(run.word[0], "stream"))
		stream_item(s, depth);
	else
		leaf_item(s);
}

/* A record. Its words must be the serialisation's, which is made here, and has one spelling. */
static void record(struct source *s, const char *place)
{
	char kind[64], name[64], word[64], claim[24] = "";
	uint8_t text[64];
	size_t n;
	unsigned arg = 1;
	bool elf, child = false;
	const char *elements = form(place, kind, &elf);
	snprintf(name, sizeof(name), "%s", run.word[0]);
	skeleton("%s", name);
	while (elements && !child) {
		elements = form_element(elements, word, text, &n);
		child = !strcmp(word, "child");
		same(s, text, n, true);
		if (n || child)
			continue;
		must(arg < run.nr_words, "ledger.word");
		const char *value = run.word[arg++];
		bool derived = !strcmp(word, "decimal(len(child))");
		same(s, value, strlen(value), !derived);
		if (derived)
			snprintf(claim, sizeof(claim), "%s", value);
		else
			skeleton(" %s", value);
	}
	must(arg == run.nr_words, "ledger.word");
	must(!elements && child == !!*claim, "check.forms");
	skeleton("\n");
	if (!child)
		return;
	uint64_t start = s->pos;
	item(s, 1);
	must(s->pos - start == strtoull(claim, NULL, 10), "check.claim");
	count("2derived %s decimal(len(child))", name);
}

/* What the outermost item must be follows from what the artifact is. */
static void outermost(void)
{
	if (!run.job->directory) {
		run.file.read = file_read;
		item(run.artifact = &run.file, 0);
		return;
	}
	next_words("records", 2);
	bool metadata = !strcmp(run.word[1], "dir-metadata");
	must(metadata || !strcmp(run.word[1], "dir"), "ledger.word");
	skeleton("records %s\n", run.word[1]);
	directory_open(metadata);
	for (next_line(); strcmp(run.word[0], "close"); next_line())
		record(run.artifact, metadata ? "records dir-metadata" : "records dir");
	must(run.nr_words == 1, "ledger.word");
	skeleton("close\n");
}

/* A line of nr words: the first, of three a number, and a digest. Returns the number. */
static uint64_t header(const char *first, unsigned nr, char digest[65])
{
	next_words(first, nr);
	uint64_t bytes = nr == 3 ? number(run.word[1]) : 0;
	const char *word = run.word[nr - 1];
	must(strspn(word, "0123456789abcdef") == 64 && !word[64], "ledger.digest");
	strcpy(digest, word);
	return bytes;
}

static void explain(FILE *report)
{
	char artifact[65], core[65], forms[65], is[65];
	uint8_t byte;
	run.artifact_hash = hash_new(EVP_sha256());
	run.core_hash = hash_new(EVP_sha256());
	run.skeleton_hash = hash_new(EVP_sha256());
	EVP_MD_CTX *h = hash_new(EVP_sha256());
	hash_add(h, mo_forms_table, mo_forms_table_len);
	hash_hex(h, is);
	keyring_load();
	next_words("modulo-ledger", 2);
	must(!strcmp(run.word[1], "1"), "ledger.version");
	header("forms", 2, forms);
	must(!strcmp(forms, is), "ledger.forms");
	uint64_t artifact_len = header("artifact", 3, artifact);
	uint64_t core_len = header("core", 3, core);
	outermost();
	next_words("end", 1);
	must(getc(run.job->ledger) == EOF, "ledger.end");
	must(!pull(run.artifact, &byte, 1), "check.artifact");
	must(getc(run.job->core) == EOF, "check.core");
	must(!ferror(run.job->ledger) && !ferror(run.job->core), "check.read");
	hash_hex(run.artifact_hash, is);
	must(artifact_len == run.artifact->pos && !strcmp(artifact, is), "check.artifact");
	hash_hex(run.core_hash, is);
	must(core_len == run.core_pos && !strcmp(core, is), "check.core");
	hash_hex(run.skeleton_hash, is);
	if (!report)
		return;
	fprintf(report, "artifact %llu %s\n", (ull)artifact_len, artifact);
	fprintf(report, "core %llu %s\nskeleton %s\nforms %s\n", (ull)core_len, core, is, forms);
	qsort(run.count, run.nr_counts, sizeof(*run.count), by_name); /* its key is first */
	for (unsigned i = 0; i < run.nr_counts; i++) {
		char *tail = run.count[i].key + 1; /* the first character is there for the order */
		fputs(strsep(&tail, "\t"), report);
		fprintf(report, " %llu%s", (ull)run.count[i].nr, tail ? " " : "\n");
		if (tail)
			fprintf(report, "%s\n", tail);
	}
	fputs("accepted\n", report);
}
