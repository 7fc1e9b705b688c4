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

/* Takes one element off. Returns what follows, NULL at the end. */
static const char *form_element(const char *p, struct element *e)
{
	size_t n = strcspn(p, " \n");
	must(n > 1 && n < sizeof(e->word), "check.forms");
	*e = (struct element){ .bare = !memchr(p, '(', n) };
	memcpy(e->word, p, n);
	sscanf(e->word, "%*[a-z](%llu", &e->number);
	for (const char *s = e->word + 1; *p == '"' && s[1]; s++) {
		unsigned byte = (uint8_t)*s;
		if (byte == '\\' && *++s == 'x') {
			must(sscanf(s + 1, "%2x", &byte) == 1, "check.forms");
			s += 2;
		} else if (byte == '\\') {
			byte = *s == 'n' ? '\n' : *s == 's' ? ' ' : (uint8_t)*s;
		}
		e->text[e->len++] = (uint8_t)byte;
	}
	return p[n] == ' ' ? p + n + 1 : NULL;
}

/* The line at hand is a signature's, in such a place. */
static void signature_line(struct signature *g, const char *place)
{
	g->elements = form(place, g->kind, &g->after_elf);
	must(run.nr_words == 2 && !strncmp(g->kind, "signature ", 10), "ledger.word");
	snprintf(g->form, sizeof(g->form), "%s", run.word[0]);
	g->len = base64(run.word[1], g->body, sizeof(g->body));
	must(g->len <= CMS, "module.siglen");
	(strcmp(g->kind, "signature merkle-module") ? cms_parse : proof_parse)(g);
}

/* The bytes of the first of nr signatures; those behind it are made over them, too. */
static void signature_bytes(struct source *s, struct signature *g, unsigned nr)
{
	size_t whole = (g->len + 15) / 8 * 8; /* of Authenticode: 8 before it, the fill */
	struct element e;
	while (g->elements) {
		g->elements = form_element(g->elements, &e);
		uint32_t le32 = (uint32_t)(strstr(e.word, "record") ? whole : g->len + 8);
		uint32_t number = *e.word == 'b' ? htobe32((uint32_t)g->len) : htole32(le32);
		bool body = !e.len && e.bare, computed = !e.len && !e.bare && !e.number;
		const void *p = body ? g->body : computed ? (void *)&number : zeros;
		size_t n = e.len ? e.len : body ? g->len : computed ? 4 : whole - 8 - g->len;
		same(s, e.len ? e.text : p, n, false);
		for (unsigned i = 1; i < nr; i++)
			hash_add(g[i].hash, run.buf, n);
		if (computed)
			count("2derived %s %s", g->form, e.word);
	}
}

/* nr signatures, which come last. In a leaf each is made over those before it, too. */
static void signatures(struct source *s, unsigned nr, bool leaf, bool elf)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	for (struct signature *g = run.signature; nr; g++, nr--) {
		must(elf || !g->after_elf, "check.after");
		must(EVP_DigestFinal_ex(g->hash, digest, NULL), "check.memory");
		(g->levels ? proof_judge : judge)(g, digest);
		signature_bytes(s, g, leaf ? nr : 1);
	}
}

/* The next n bytes are core, and what nr signatures are made over; want: what they are, or NULL. */
static void core_bytes(struct source *s, uint64_t n, const char *want, unsigned nr)
{
	for (uint64_t part; n; n -= part) {
		part = n < CHUNK ? n : CHUNK;
		if (want)
			same(s, want, part, true);
		else
			core_next(take(s, run.buf, part), part);
		want = want ? want + part : NULL;
		for (unsigned i = 0; i < nr; i++)
			hash_add(run.signature[i].hash, run.buf, part);
	}
}

static void leaf_item(struct source *s)
{
	unsigned hashes = run.nr_hashes, nr = 0;
	must(!strcmp(run.word[0], "leaf") && run.nr_words / 2 == 1, "ledger.word");
	uint64_t bytes = number(run.word[1]), want = run.nr_words == 3 ? number(run.word[2]) : 0;
	must(run.nr_words == 2 || (want && want <= SIGNATURES), "ledger.number");
	skeleton("leaf %s\n", run.word[1]);
	while (nr < want) {
		next_line();
		signature_line(&run.signature[nr++], "leaf");
	}
	uint64_t head = bytes < 20 ? bytes : 20;
	core_bytes(s, head, NULL, nr);
	bool elf = !memcmp(run.buf, "\x7f" "ELF", 4) && run.buf[16] + run.buf[17] == 1;
	core_bytes(s, bytes - head, NULL, nr);
	signatures(s, nr, true, elf && head == 20);
	run.nr_hashes = hashes;
}

static void item(struct source *s, unsigned depth);

/* A derived element has the bytes that its record claims; what is claimed is settled later. */
static void claim(struct source *s, const struct element *e, const char *value)
{
	unsigned k = 0;
	while (strcmp(e->word, derived[k]))
		must(++k < CLAIMS, "check.forms");
	run.claim[k] = number(value);
	must(k == CHILD || run.claim[k] <= UINT32_MAX, "ledger.number");
	uint32_t le32 = htole32((uint32_t)run.claim[k]);
	run.summed &= k != SUM; /* it is 0 where it is made */
	same(s, k == CHILD ? (const void *)value : &le32, k == CHILD ? strlen(value) : 4, false);
	run.summed = k != CHILD;
	count("2derived %s %s", run.record, e->word);
}

/* A record: its line is rendered by its form, and compared. nr signatures are over its core. */
static void record(struct source *s, const char *elements, unsigned nr, unsigned depth)
{
	uint64_t start = s->pos, place = 0, bytes = 0;
	struct element e;
	unsigned arg = 1;
	bool child = false;
	snprintf(run.record, sizeof(run.record), "%s", run.word[0]);
	skeleton("%s", run.record);
	while (elements && !child) {
		elements = form_element(elements, &e);
		bool to = !strcmp(e.word, "to"), number4 = !strcmp(e.word, "number");
		bool core = !strncmp(e.word, "core", 4);
		child = !strcmp(e.word, "child");
		bool has = !e.len && !e.number && !child && !to && !number4;
		must(!has || arg < run.nr_words, "ledger.word");
		const char *value = has ? run.word[arg++] : NULL;
		uint64_t at = s->pos - start, n = e.number;
		if (child) {
			start = s->pos; /* from now on the child's */
		} else if (has && !e.bare) {
			claim(s, &e, value);
		} else if (e.len || (has && !core)) {
			const char *want = has ? value : (char *)e.text;
			core_bytes(s, has ? strlen(want) : e.len, want, nr);
			if (has)
				skeleton(" %s", value);
		} else if (*e.word == 'o') { /* over */
			must(place > n, "check.layout");
		} else if (*e.word == 'a') { /* absent: zeros that only the core has */
			n = (n - at % n) % n;
			must(!n || !nr, "check.layout");
			core_next(zeros, n);
			skeleton(" %llu", (ull)(bytes + n));
		} else {
			must(!to || place >= at, "check.layout");
			n = to ? place - at : number4 ? 4 : has ? bytes = number(value) : n;
			core_bytes(s, n, NULL, nr);
			place = number4 ? little_endian(run.buf, 4) : place;
		}
	}
	must(arg == run.nr_words, "ledger.word");
	skeleton("\n");
	if (child)
		item(s, depth + 1);
	must(!child || s->pos - start == run.claim[CHILD], "check.claim");
}

/* A container: signatures' lines, then records; the bytes of a signature come after theirs. */
static void container(struct source *s, const char *place, unsigned depth)
{
	bool binary = !strcmp(place, "records pe"), elf;
	unsigned hashes = run.nr_hashes, nr = 0, records = 0;
	uint64_t start = s->pos;
	char kind[64];
	run.sum = 0;
	run.sum_from = start;
	run.summed = binary;
	skeleton("%s\n", place);
	for (next_line(); strcmp(run.word[0], "close"); next_line()) {
		const char *elements = form(place, kind, &elf);
		if (strcmp(kind, "record")) {
			must(!records, "ledger.word");
			must(nr < SIGNATURES, "ledger.number");
			signature_line(&run.signature[nr++], place);
		} else {
			must(!records++ || !binary, "ledger.word");
			record(s, elements, nr, depth);
		}
	}
	must(run.nr_words == 1 && (records || !binary), "ledger.word");
	skeleton("close\n");
	if (!binary)
		return;
	uint64_t tail = s->pos - start;
	signatures(s, nr, false, true);
	run.summed = false;
	uint64_t bytes = s->pos - start, *is = run.claim;
	must(is[OFF] == (nr ? tail : 0) && is[LEN] == bytes - tail, "check.claim");
	while (run.sum >> 16)
		run.sum = (run.sum & 0xffff) + (run.sum >> 16);
	if (is[SUM] && is[SUM] != run.sum + bytes)
		count("4unvouched %s %s", run.record, derived[SUM]);
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
	must(!strcmp(hash_hex(st->seen, is), *kept ? kept : is), "check.carried");
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
	if (!strcmp(run.word[0], "stream")) {
		stream_item(s, depth);
	} else if (!strcmp(run.word[0], "records")) {
		must(run.nr_words == 2 && !strcmp(run.word[1], "pe"), "ledger.word");
		container(s, "records pe", depth);
	} else {
		leaf_item(s);
	}
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
	directory_open(metadata);
	container(run.artifact, metadata ? "records dir-metadata" : "records dir", 0);
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
	keyring_load();
	next_words("modulo-ledger", 2);
	must(!strcmp(run.word[1], "1"), "ledger.version");
	header("forms", 2, forms);
	must(!strcmp(forms, hash_hex(h, is)), "ledger.forms");
	uint64_t artifact_len = header("artifact", 3, artifact);
	uint64_t core_len = header("core", 3, core);
	outermost();
	next_words("end", 1);
	must(getc(run.job->ledger) == EOF, "ledger.end");
	must(!pull(run.artifact, &byte, 1), "check.artifact");
	must(getc(run.job->core) == EOF, "check.core");
	must(!ferror(run.job->ledger) && !ferror(run.job->core), "check.read");
	bool artifact_is = !strcmp(artifact, hash_hex(run.artifact_hash, is));
	must(artifact_is && artifact_len == run.artifact->pos, "check.artifact");
	bool core_is = !strcmp(core, hash_hex(run.core_hash, is));
	must(core_is && core_len == run.core_pos, "check.core");
	hash_hex(run.skeleton_hash, is);
	if (!report)
		return;
	fprintf(report, "artifact %llu %s\n", (ull)artifact_len, artifact);
	fprintf(report, "core %llu %s\nskeleton %s\nforms %s\n", (ull)core_len, core, is, forms);
	qsort(run.count, run.nr_counts, sizeof(*run.count), by_name); /* its key is first */
	for (unsigned i = 0; i < run.nr_counts; i++) {
		char *tail = run.count[i].key + 1; /* the first character is there for the order */
		const char *head = strsep(&tail, "\t"), *gap = tail ? " " : "";
		fprintf(report, "%s %llu%s%s\n", head, (ull)run.count[i].nr, gap, tail ? tail : "");
	}
	fputs("accepted\n", report);
}
