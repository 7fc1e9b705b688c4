/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * join(core, ledger): one pass over both. The ledger may be a stranger's, so that everything in it
 * is checked as modulo-check checks it; what is given out is settled only by the two digests at the
 * end.
 */
#include <string.h>

#include "base/text.h"
#include "codec/codec.h"
#include "hash/tee.h"
#include "ledger/item.h"
#include "ledger/joining.h"
#include "ledger/layout.h"

/* --- header --- */

void mo_ledger_head_write(const struct mo_ledger_head *h, struct mo_buf *out)
{
	mo_buf_str(out, "modulo-ledger 1\nforms ");
	mo_buf_hex(out, h->forms, 32);
	mo_buf_fmt(out, "\nartifact %llu ", (unsigned long long)h->artifact_len);
	mo_buf_hex(out, h->artifact, 32);
	mo_buf_fmt(out, "\ncore %llu ", (unsigned long long)h->core_len);
	mo_buf_hex(out, h->core, 32);
	mo_buf_chr(out, '\n');
}

static int read_head(struct mo_lines *l, const struct mo_forms *forms, struct mo_ledger_head *h)
{
	int r = mo_lines_want(l);

	r = r < 0 ? r : mo_lines_expect(l, "modulo-ledger");
	if (r == 0 && (l->len != 15 || l->line[14] != '1'))
		return mo_lines_fail(l, MODULO_UNSUPPORTED, "ledger.version",
				     "only version 1 of the ledger is known");
	r = r < 0 ? r : mo_lines_want(l);
	r = r < 0 ? r : mo_lines_expect(l, "forms");
	r = r < 0 ? r : mo_lines_digest(l, h->forms);
	r = r < 0 ? r : mo_lines_done(l);
	if (r == 0 && memcmp(h->forms, forms->digest, 32) != 0)
		return mo_lines_fail(l, MODULO_UNSUPPORTED, "ledger.forms",
				     "written with another forms table than the one built in");
	r = r < 0 ? r : mo_lines_want(l);
	r = r < 0 ? r : mo_lines_expect(l, "artifact");
	r = r < 0 ? r : mo_lines_number(l, &h->artifact_len);
	r = r < 0 ? r : mo_lines_digest(l, h->artifact);
	r = r < 0 ? r : mo_lines_done(l);
	r = r < 0 ? r : mo_lines_want(l);
	r = r < 0 ? r : mo_lines_expect(l, "core");
	r = r < 0 ? r : mo_lines_number(l, &h->core_len);
	r = r < 0 ? r : mo_lines_digest(l, h->core);
	return r < 0 ? r : mo_lines_done(l);
}

int mo_ledger_head_read(struct mo_source *ledger, const struct mo_forms *forms,
			struct mo_ledger_head *out, const char **container,
			struct modulo_error *err)
{
	struct mo_lines l;
	struct mo_ledger_head h;
	int r = mo_lines_open(&l, ledger, err);

	r = r < 0 ? r : read_head(&l, forms, &h);
	r = r < 0 ? r : mo_lines_want(&l);
	if (r >= 0) {
		*out = h;
		*container = strcmp(l.line, "records dir") == 0		   ? "dir"
			     : strcmp(l.line, "records dir-metadata") == 0 ? "dir-metadata"
									   : NULL;
	}
	mo_lines_release(&l);
	return r < 0 ? r : 0;
}

/* --- core --- */

/* The next len bytes of core, into k. */
int mo_joining_core(struct mo_joining *j, uint64_t len, struct mo_sink *k)
{
	struct mo_tee tee = mo_tee(&j->core_hash, &j->core_at, k);

	if (len > j->core->len - j->core_at)
		return mo_joining_refuse(j, MODULO_MISMATCH, "join.core",
					 "the core ends before the ledger does");
	return mo_source_copy(j->core, j->core_at, len, &tee.sink, j->err);
}

/* The next bytes of core must be these. */
static int expect_core(struct mo_joining *j, const void *p, size_t len)
{
	_cleanup_free_ uint8_t *got = malloc(len + 1);
	int r;

	if (!got)
		return mo_fail_nomem(j->err);
	if (len > j->core->len - j->core_at)
		return mo_joining_refuse(j, MODULO_MISMATCH, "join.core",
					 "the core ends before the ledger does");
	r = mo_source_read(j->core, j->core_at, got, len, j->err);
	if (r == 0 && memcmp(got, p, len) != 0)
		return mo_joining_refuse(j, MODULO_MISMATCH, "join.core",
					 "the core has another record here");
	mo_hash_update(&j->core_hash, got, len);
	j->core_at += len;
	return r;
}

/* --- leaves --- */

/* A signature that names a digest of what it is made over: core and the signatures before it. */
static int check_named_digest(struct mo_joining *j, const struct mo_body *b, uint64_t core_off,
			      uint64_t core_len, const struct mo_buf *before)
{
	uint8_t digest[MO_DIGEST_MAX];
	int r;

	if (!mo_body_names_digest(b))
		return 0;
	r = mo_body_digest(b, j->core, core_off, core_len, before, digest, j->err);
	if (r == 0 && mo_body_bound(b, digest, NULL) < 0)
		return mo_joining_refuse(j, MODULO_MISMATCH, "cms.digest",
					 "the signature is another file's");
	return r;
}

/* The signatures of a leaf or a container, whose lines stand before its core or behind it. */
struct signatures {
	unsigned nr;
	struct signature {
		const struct mo_form *form;
		struct mo_buf body;
	} of[MO_SIGNATURES_MAX];
};

static void signatures_release(struct signatures *s)
{
	while (s->nr)
		mo_buf_release(&s->of[--s->nr].body);
}

/* The line at hand, of which the form has been found. */
static int read_signature(struct mo_joining *j, const struct mo_form *form, struct signatures *s)
{
	struct signature *g = &s->of[s->nr];
	struct mo_word arg;

	if (!form || !form->signature)
		return mo_joining_refuse(j, MODULO_UNSUPPORTED, "ledger.form",
					 "no signature's form of that name may stand here");
	if (!mo_lines_word(&j->lines, &arg))
		return mo_joining_refuse(j, MODULO_MALFORMED, "ledger.word",
					 "a form and its base64 must stand here");
	if (s->nr == MO_SIGNATURES_MAX)
		return mo_joining_refuse(j, MODULO_LIMIT, "ledger.signatures",
					 "more than 8 signatures");
	*g = (struct signature){ .form = form };
	s->nr++;
	if (!mo_text_base64(arg.p, arg.len, &g->body))
		return mo_buf_ok(&g->body)
			       ? mo_joining_refuse(j, MODULO_MALFORMED, "ledger.base64",
						   "no base64, or not in its one spelling")
			       : mo_fail_nomem(j->err);
	if (g->body.len > MO_SIGNATURE_MAX)
		return mo_joining_refuse(j, MODULO_LIMIT, "ledger.signature",
					 "a signature of more than 65,536 bytes");
	return mo_lines_done(&j->lines);
}

/* Their bytes, behind the core that they sign */
static int join_signatures(struct mo_joining *j, struct signatures *s, uint64_t core_off,
			   uint64_t core_len, struct mo_buf *all)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < s->nr; i++) {
		const struct signature *g = &s->of[i];
		const uint8_t *body = (const uint8_t *)g->body.data;
		struct mo_body parsed;
		bool fits;

		r = mo_form_fits(g->form, j->core, core_off, core_len, &fits, j->err);
		if (r < 0)
			return r;
		if (!fits)
			return mo_joining_refuse(
				j, MODULO_MALFORMED, "ledger.place",
				"a module's signature behind what is no ELF relocatable object");
		r = mo_body_parse(g->form, body, g->body.len, &parsed, j->err);
		/* A PE image's signatures are made over the core alone. */
		r = r < 0 ? r
			  : check_named_digest(j, &parsed, core_off, core_len,
					       parsed.kind == MO_EL_AUTHENTICODE ? NULL : all);
		if (r == 0)
			mo_form_render_signature(g->form, body, g->body.len, all);
	}
	return r == 0 && !mo_buf_ok(all) ? mo_fail_nomem(j->err) : r;
}

/* The form that the line at hand begins with; NULL: none of that name may stand there. */
static const struct mo_form *line_form(struct mo_joining *j, const char *in)
{
	struct mo_word name;

	return mo_lines_word(&j->lines, &name) ? mo_forms_find(j->forms, in, name.p, name.len)
					       : NULL;
}

static int join_leaf(struct mo_joining *j, struct mo_sink *k)
{
	_cleanup_(mo_buf_release) struct mo_buf all = { 0 };
	_cleanup_(signatures_release) struct signatures sigs = { 0 };
	uint64_t len, count = 0, off = j->core_at;
	int r = mo_lines_number(&j->lines, &len);

	if (r == 0 && mo_lines_more(&j->lines)) {
		r = mo_lines_number(&j->lines, &count);
		if (r == 0 && (count == 0 || count > MO_SIGNATURES_MAX))
			return mo_joining_refuse(j, MODULO_LIMIT, "ledger.signatures",
						 "a leaf has 1 to 8 signatures");
	}
	r = r < 0 ? r : mo_lines_done(&j->lines);
	r = r < 0 ? r : mo_joining_core(j, len, k);
	for (uint64_t i = 0; r == 0 && i < count; i++) {
		r = mo_lines_want(&j->lines);
		r = r < 0 ? r : read_signature(j, line_form(j, "leaf"), &sigs);
	}
	r = r < 0 ? r : join_signatures(j, &sigs, off, len, &all);
	return r < 0 ? r : mo_sink_write(k, all.data, all.len, j->err);
}

/* --- records --- */

static bool argument_ok(enum mo_element_kind kind, const struct mo_word *w, uint64_t *child)
{
	_cleanup_(mo_buf_release) struct mo_buf plain = { 0 };
	uint64_t n;

	switch (kind) {
	case MO_EL_OCTAL4:
		for (size_t i = 0; i < w->len; i++)
			if (w->p[i] < '0' || w->p[i] > '7')
				return false;
		return w->len == 4;
	case MO_EL_DIGITS:
		return mo_text_number(w->p, w->len, &n);
	case MO_EL_CHILD_LEN:
		return mo_text_number(w->p, w->len, child);
	case MO_EL_TOKEN:
		return mo_text_unescape(w->p, w->len, "", &plain);
	default:
		return true; /* a word: the line's bytes are checked */
	}
}

/* A record's arguments, each in its one spelling; *child: what it claims of its child's length. */
static int read_arguments(struct mo_joining *j, const struct mo_form *f,
			  struct mo_word arg[MO_FORM_ARGUMENTS], uint64_t *child)
{
	for (unsigned i = 0; i < f->nr; i++) {
		if (!mo_element_has_argument(f->element[i].kind))
			continue;
		if (!mo_lines_word(&j->lines, arg) || !argument_ok(f->element[i].kind, arg, child))
			return mo_joining_refuse(
				j, MODULO_MALFORMED, "ledger.argument",
				"an argument is missing, or not in its one spelling");
		arg++;
	}
	return mo_lines_done(&j->lines);
}

static int join_record(struct mo_joining *j, const char *kind)
{
	_cleanup_(mo_buf_release) struct mo_buf bytes = { 0 }, core = { 0 };
	const struct mo_form *f;
	struct mo_word name, arg[MO_FORM_ARGUMENTS];
	uint64_t claimed = 0, before;
	int r;

	mo_lines_word(&j->lines, &name);
	f = mo_forms_find(j->forms, kind, name.p, name.len);
	if (!f)
		return mo_joining_refuse(j, MODULO_UNSUPPORTED, "ledger.form",
					 "no form of that name may stand here");
	r = read_arguments(j, f, arg, &claimed);
	if (r < 0)
		return r;
	mo_form_render_record(f, arg, &bytes, &core, NULL);
	if (!mo_buf_ok(&bytes) || !mo_buf_ok(&core))
		return mo_fail_nomem(j->err);
	r = expect_core(j, core.data, core.len);
	r = r < 0 ? r : mo_sink_write(&j->record.sink, bytes.data, bytes.len, j->err);
	r = r < 0 ? r : j->out->entry(j->out, f, arg, j->err);
	if (r < 0 || !mo_form_has_child(f))
		return r;
	before = j->artifact_len;
	r = mo_lines_want(&j->lines);
	r = r < 0 ? r : mo_joining_item(j, &j->data.sink, 1);
	if (r == 0 && j->artifact_len - before != claimed)
		return mo_joining_refuse(
			j, MODULO_MISMATCH, "join.claim",
			"the member before this line is not as long as its record claims");
	return r < 0 ? r : j->out->entry_end(j->out, j->err);
}

struct record_core {
	struct mo_core_reader reader; /* first */
	struct mo_joining *j;
};

static int take_record_core(struct mo_core_reader *c, uint64_t len, struct mo_sink *k,
			    struct modulo_error *err)
{
	(void)err;
	return mo_joining_core(((struct record_core *)c)->j, len, k);
}

/* What the record claims of the signatures behind it */
static int settle_record(struct mo_joining *j, const struct mo_form *f, const uint64_t *arg,
			 uint64_t tail, const struct mo_buf *all)
{
	for (unsigned i = 0; i < f->nr; i++) {
		enum mo_element_kind k = f->element[i].kind;

		if ((k == MO_EL_SIGS_OFF && *arg != (all->len ? tail : 0)) ||
		    (k == MO_EL_SIGS_LEN && *arg != all->len))
			return mo_joining_refuse(
				j, MODULO_MISMATCH, "join.claim",
				"the record before claims another place or length of its "
				"signatures");
		arg += mo_element_has_argument(k);
	}
	return 0;
}

/* A container's record, of which the form has been found: core, and what it claims */
static int join_layout(struct mo_joining *j, const struct mo_form *f,
		       uint64_t arg[MO_RECORD_NUMBERS], struct mo_sink *k, struct mo_emitted *made)
{
	struct record_core core = { { take_record_core }, j };
	int r = 0;

	for (unsigned i = 0; r >= 0 && i < mo_form_arguments(f); i++)
		r = mo_lines_number(&j->lines, &arg[i]);
	r = r < 0 ? r : mo_lines_done(&j->lines);
	return r < 0 ? r : mo_layout_emit(f, arg, &core.reader, k, made, j->err);
}

/* A container of one record and its signatures, whose lines stand before it */
static int join_binary(struct mo_joining *j, const char *in, struct mo_sink *k)
{
	_cleanup_(mo_buf_release) struct mo_buf all = { 0 };
	_cleanup_(signatures_release) struct signatures sigs = { 0 };
	uint64_t arg[MO_RECORD_NUMBERS], off = j->core_at;
	struct mo_emitted made = { 0 };
	const struct mo_form *f;
	int r = mo_lines_want(&j->lines);

	while (r >= 0 && (f = line_form(j, in)) && f->signature) {
		r = read_signature(j, f, &sigs);
		r = r < 0 ? r : mo_lines_want(&j->lines);
	}
	if (r < 0)
		return r;
	if (!f || mo_form_arguments(f) > MO_RECORD_NUMBERS)
		return mo_joining_refuse(j, MODULO_UNSUPPORTED, "ledger.form",
					 "no form of that name may stand here");
	r = join_layout(j, f, arg, k, &made);
	if (r == 0 && made.zeros && sigs.nr)
		return mo_joining_refuse(j, MODULO_MALFORMED, "ledger.layout",
					 "signatures behind what is not filled up");
	r = r < 0 ? r : mo_lines_want(&j->lines);
	if (r >= 0 && strcmp(j->lines.line, "close") != 0)
		return mo_joining_refuse(j, MODULO_MALFORMED, "ledger.word",
					 "`close` must stand here, behind the one record");
	r = r < 0 ? r : join_signatures(j, &sigs, off, j->core_at - off, &all);
	r = r < 0 ? r : settle_record(j, f, arg, made.len, &all);
	return r < 0 ? r : mo_sink_write(k, all.data, all.len, j->err);
}

/* The line at hand is the item's first. */
int mo_joining_item(struct mo_joining *j, struct mo_sink *k, unsigned depth)
{
	struct mo_word w;

	if (depth >= MO_DEPTH_MAX)
		return mo_joining_refuse(j, MODULO_LIMIT, "ledger.depth",
					 "items nest more than 16 deep");
	if (!mo_lines_word(&j->lines, &w))
		return mo_joining_refuse(j, MODULO_MALFORMED, "ledger.word",
					 "an item must stand here");
	if (mo_word_is(&w, "leaf"))
		return join_leaf(j, k);
	if (mo_word_is(&w, "stream"))
		return mo_joining_stream(j, k, depth);
	if (mo_word_is(&w, "records") && mo_lines_word(&j->lines, &w) && mo_word_is(&w, "pe")) {
		int r = mo_lines_done(&j->lines);

		return r < 0 ? r : join_binary(j, "pe", k);
	}
	return mo_joining_refuse(j, MODULO_UNSUPPORTED, "ledger.word",
				 "no item of that name may stand here");
}

static int join_records(struct mo_joining *j)
{
	const char *kind;
	struct mo_word w;
	int r;

	if (!mo_lines_word(&j->lines, &w) ||
	    !(mo_word_is(&w, "dir") || mo_word_is(&w, "dir-metadata")))
		return mo_joining_refuse(j, MODULO_UNSUPPORTED, "ledger.word",
					 "no container of that kind is known");
	/* The word goes with its line; the records need it longer. */
	kind = mo_word_is(&w, "dir") ? "dir" : "dir-metadata";
	r = mo_lines_done(&j->lines);
	while (r == 0) {
		r = mo_lines_want(&j->lines);
		if (r < 0)
			return r;
		if (strcmp(j->lines.line, "close") == 0)
			return 0;
		r = join_record(j, kind);
	}
	return r;
}

static int settle(struct mo_joining *j, const struct mo_ledger_head *h)
{
	uint8_t core[32], artifact[32];
	int r = mo_hash_final(&j->core_hash, core, j->err);

	r = r < 0 ? r : mo_hash_final(&j->artifact_hash, artifact, j->err);
	if (r < 0)
		return r;
	if (j->core_at != j->core->len || j->core_at != h->core_len ||
	    memcmp(core, h->core, 32) != 0)
		return mo_fail(j->err, MODULO_MISMATCH, MODULO_NO_OFFSET, "join.core",
			       "the core is not the one that the ledger was made for");
	if (j->artifact_len != h->artifact_len || memcmp(artifact, h->artifact, 32) != 0)
		return mo_fail(j->err, MODULO_MISMATCH, MODULO_NO_OFFSET, "join.artifact",
			       "the artifact that comes out is not the one that the ledger names");
	return 0;
}

static int join_all(struct mo_joining *j)
{
	struct mo_ledger_head h;
	int r = read_head(&j->lines, j->forms, &h);

	/* Said before anything is written: the likeliest mistake is another build. */
	if (r == 0 && j->core->len != h.core_len)
		return mo_fail(j->err, MODULO_MISMATCH, MODULO_NO_OFFSET, "join.core",
			       "the core is not the one that the ledger was made for");
	r = r < 0 ? r : mo_lines_want(&j->lines);
	if (r < 0)
		return r;
	if (strncmp(j->lines.line, "records dir", 11) == 0) {
		j->lines.at = 8;
		r = join_records(j);
	} else {
		r = mo_joining_item(j, &j->data.sink, 0);
	}
	r = r < 0 ? r : mo_lines_want(&j->lines);
	if (r >= 0 && strcmp(j->lines.line, "end") != 0)
		return mo_joining_refuse(j, MODULO_MALFORMED, "ledger.end",
					 "`end` must stand here");
	r = r < 0 ? r : mo_lines_next(&j->lines);
	if (r > 0)
		return mo_joining_refuse(j, MODULO_MALFORMED, "ledger.end", "lines behind `end`");
	return r < 0 ? r : settle(j, &h);
}

int mo_ledger_join(struct mo_source *ledger, struct mo_source *core, const struct mo_forms *forms,
		   struct mo_joiner *out, struct modulo_error *err)
{
	struct mo_joining j = { .forms = forms, .core = core, .out = out, .err = err };
	int r = mo_lines_open(&j.lines, ledger, err);

	j.record = mo_tee(&j.artifact_hash, &j.artifact_len, NULL);
	j.data = mo_tee(&j.artifact_hash, &j.artifact_len, &out->sink);
	mo_hash_init(&j.core_hash, MO_SHA256);
	mo_hash_init(&j.artifact_hash, MO_SHA256);
	r = r < 0 ? r : join_all(&j);
	mo_hash_release(&j.core_hash);
	mo_hash_release(&j.artifact_hash);
	mo_lines_release(&j.lines);
	return r;
}
