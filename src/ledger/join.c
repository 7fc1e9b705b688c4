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
#include "ledger/layout.h"
#include "ledger/ledger.h"
#include "ledger/lines.h"

#define SPOOL_MEMORY (16u << 20)

struct join {
	struct mo_lines lines;
	const struct mo_forms *forms;
	struct mo_source *core;
	uint64_t core_at, artifact_len;
	struct mo_hash core_hash, artifact_hash;
	struct mo_tee record,
		data; /* of the artifact: its records, and its members' bytes, which go out */
	struct mo_joiner *out;
	struct modulo_error *err;
};

static int refuse(struct join *j, int rc, const char *id, const char *text)
{
	return mo_lines_fail(&j->lines, rc, id, text);
}

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
static int take_core(struct join *j, uint64_t len, struct mo_sink *k)
{
	struct mo_tee tee = mo_tee(&j->core_hash, &j->core_at, k);

	if (len > j->core->len - j->core_at)
		return refuse(j, MODULO_MISMATCH, "join.core",
			      "the core ends before the ledger does");
	return mo_source_copy(j->core, j->core_at, len, &tee.sink, j->err);
}

/* The next bytes of core must be these. */
static int expect_core(struct join *j, const void *p, size_t len)
{
	_cleanup_free_ uint8_t *got = malloc(len + 1);
	int r;

	if (!got)
		return mo_fail_nomem(j->err);
	if (len > j->core->len - j->core_at)
		return refuse(j, MODULO_MISMATCH, "join.core",
			      "the core ends before the ledger does");
	r = mo_source_read(j->core, j->core_at, got, len, j->err);
	if (r == 0 && memcmp(got, p, len) != 0)
		return refuse(j, MODULO_MISMATCH, "join.core", "the core has another record here");
	mo_hash_update(&j->core_hash, got, len);
	j->core_at += len;
	return r;
}

/* --- leaves --- */

/* A signature that names a digest of what it is made over: core and the signatures before it. */
static int check_named_digest(struct join *j, const struct mo_body *b, uint64_t core_off,
			      uint64_t core_len, const struct mo_buf *before)
{
	uint8_t digest[MO_DIGEST_MAX];
	int r;

	if (!mo_body_names_digest(b))
		return 0;
	r = mo_body_digest(b, j->core, core_off, core_len, before, digest, j->err);
	if (r == 0 && mo_body_bound(b, digest, NULL) < 0)
		return refuse(j, MODULO_MISMATCH, "cms.digest", "the signature is another file's");
	return r;
}

/* The signature line at hand, in a leaf or a container; its bytes are added to all. */
static int join_signature(struct join *j, const char *in, uint64_t core_off, uint64_t core_len,
			  struct mo_buf *all)
{
	_cleanup_(mo_buf_release) struct mo_buf body = { 0 };
	const struct mo_form *form;
	struct mo_word name, arg;
	struct mo_body parsed;
	bool fits;
	int r;

	if (!mo_lines_word(&j->lines, &name) || !mo_lines_word(&j->lines, &arg))
		return refuse(j, MODULO_MALFORMED, "ledger.word",
			      "a form and its base64 must stand here");
	form = mo_forms_find(j->forms, in, name.p, name.len);
	if (!form || !form->signature)
		return refuse(j, MODULO_UNSUPPORTED, "ledger.form",
			      "no signature's form of that name may stand here");
	if (!mo_text_base64(arg.p, arg.len, &body))
		return mo_buf_ok(&body) ? refuse(j, MODULO_MALFORMED, "ledger.base64",
						 "no base64, or not in its one spelling")
					: mo_fail_nomem(j->err);
	if (body.len > MO_SIGNATURE_MAX)
		return refuse(j, MODULO_LIMIT, "ledger.signature",
			      "a signature of more than 65,536 bytes");
	r = mo_lines_done(&j->lines);
	r = r < 0 ? r : mo_form_fits(form, j->core, core_off, core_len, &fits, j->err);
	if (r < 0)
		return r;
	if (!fits)
		return refuse(j, MODULO_MALFORMED, "ledger.place",
			      "a module's signature behind what is no ELF relocatable object");
	r = mo_body_parse(form, (const uint8_t *)body.data, body.len, &parsed, j->err);
	/* A PE image's signatures are made over the core alone. */
	r = r < 0 ? r
		  : check_named_digest(j, &parsed, core_off, core_len,
				       parsed.kind == MO_EL_AUTHENTICODE ? NULL : all);
	if (r == 0)
		mo_form_render_signature(form, (const uint8_t *)body.data, body.len, all);
	return r;
}

static int join_leaf(struct join *j, struct mo_sink *k)
{
	_cleanup_(mo_buf_release) struct mo_buf all = { 0 };
	uint64_t len, count = 0, off = j->core_at;
	int r = mo_lines_number(&j->lines, &len);

	if (r == 0 && mo_lines_more(&j->lines)) {
		r = mo_lines_number(&j->lines, &count);
		if (r == 0 && (count == 0 || count > MO_SIGNATURES_MAX))
			return refuse(j, MODULO_LIMIT, "ledger.signatures",
				      "a leaf has 1 to 8 signatures");
	}
	r = r < 0 ? r : mo_lines_done(&j->lines);
	r = r < 0 ? r : take_core(j, len, k);
	for (uint64_t i = 0; r == 0 && i < count; i++) {
		r = mo_lines_want(&j->lines);
		r = r < 0 ? r : join_signature(j, "leaf", off, len, &all);
	}
	if (r == 0 && !mo_buf_ok(&all))
		return mo_fail_nomem(j->err);
	return r < 0 ? r : mo_sink_write(k, all.data, all.len, j->err);
}

/* --- streams --- */

static int join_item(struct join *j, struct mo_sink *k, unsigned depth);

struct stream {
	const struct mo_codec *codec;
	uint64_t len;
	char *params, *encoder; /* malloced; encoder NULL: carried */
	uint64_t lines;		/* of a carried stream */
};

static void stream_release(struct stream *s)
{
	free(s->params);
	free(s->encoder);
}

static int parse_stream(struct join *j, struct stream *s)
{
	struct mo_word name, params, grade, encoder;
	int r;

	if (!mo_lines_word(&j->lines, &name) || !(s->codec = mo_codec_by_name(name.p, name.len)))
		return refuse(j, MODULO_UNSUPPORTED, "ledger.codec",
			      "no codec of that name is known");
	r = mo_lines_number(&j->lines, &s->len);
	if (r < 0)
		return r;
	if (!mo_lines_word(&j->lines, &params) || !mo_lines_word(&j->lines, &grade))
		return refuse(j, MODULO_MALFORMED, "ledger.word",
			      "parameters and a grade must stand here");
	s->params = strndup(params.p, params.len);
	if (!s->params)
		return mo_fail_nomem(j->err);
	if (mo_word_is(&grade, "checked"))
		return refuse(j, MODULO_UNSUPPORTED, "join.unproven",
			      "this stream's encoder is not named, so it cannot be made again "
			      "(split with --prove-encodings)");
	if (mo_word_is(&grade, "proven")) {
		if (!mo_lines_word(&j->lines, &encoder) || encoder.len >= MO_ENCODER_MAX)
			return refuse(j, MODULO_MALFORMED, "ledger.word",
				      "an encoder must stand here");
		s->encoder = strndup(encoder.p, encoder.len);
		return s->encoder ? mo_lines_done(&j->lines) : mo_fail_nomem(j->err);
	}
	if (!mo_word_is(&grade, "carried"))
		return refuse(j, MODULO_MALFORMED, "ledger.word",
			      "a grade is `checked`, `proven` or `carried`");
	r = mo_lines_number(&j->lines, &s->lines);
	if (r == 0 &&
	    (s->lines == 0 || (s->len + MO_CARRIED_LINE - 1) / MO_CARRIED_LINE != s->lines))
		return refuse(j, MODULO_MALFORMED, "ledger.carried",
			      "the number of lines does not fit the length");
	return r < 0 ? r : mo_lines_done(&j->lines);
}

static int read_carried(struct join *j, const struct stream *s, struct mo_source **out)
{
	_cleanup_(mo_buf_release) struct mo_buf chunk = { 0 };
	_cleanup_spool_ struct mo_spool *spool = NULL;
	uint64_t left = s->len;
	int r = mo_spool_new(SPOOL_MEMORY, &spool, j->err);

	for (uint64_t i = 0; r == 0 && i < s->lines; i++) {
		mo_buf_reset(&chunk);
		r = mo_lines_want(&j->lines);
		if (r < 0)
			return r;
		if (!mo_text_base64(j->lines.line, j->lines.len, &chunk) ||
		    chunk.len != MO_MIN(left, (uint64_t)MO_CARRIED_LINE))
			return refuse(j, MODULO_MALFORMED, "ledger.base64",
				      "no line of a carried stream");
		left -= chunk.len;
		r = mo_sink_write(mo_spool_sink(spool), chunk.data, chunk.len, j->err);
	}
	return r < 0 ? r : mo_spool_source(MO_TAKE(spool), out, j->err);
}

/* A sink that compares with what a source holds. */
struct matcher {
	struct mo_sink sink;
	struct mo_source *want;
	uint64_t at;
};

static int match_write(struct mo_sink *k, const void *p, size_t len, struct modulo_error *err)
{
	struct matcher *m = (struct matcher *)k;
	_cleanup_free_ uint8_t *buf = malloc(len);
	int r;

	if (!buf)
		return mo_fail_nomem(err);
	if (len > m->want->len - m->at)
		return mo_fail(err, MODULO_MISMATCH, m->at, "join.carried",
			       "a carried stream decodes to more than its content");
	r = mo_source_read(m->want, m->at, buf, len, err);
	if (r == 0 && memcmp(buf, p, len) != 0)
		return mo_fail(err, MODULO_MISMATCH, m->at, "join.carried",
			       "a carried stream decodes to other content");
	m->at += len;
	return r;
}

/* The bytes that travelled in the ledger must be a strict stream of just this content. */
static int check_carried(struct join *j, const struct stream *s, struct mo_source *carried,
			 struct mo_source *content)
{
	struct matcher m = { { match_write }, content, 0 };
	struct mo_codec_info info = { 0 };
	int r = s->codec->decode(carried, content->len, &m.sink, &info, j->err);

	if (r == 0 && (m.at != content->len || strcmp(info.params.data, s->params) != 0))
		r = refuse(j, MODULO_MISMATCH, "join.carried",
			   "a carried stream has other parameters or other content");
	mo_buf_release(&info.params);
	return r;
}

static int join_stream(struct join *j, struct mo_sink *k, unsigned depth)
{
	_cleanup_(stream_release) struct stream s = { 0 };
	_cleanup_source_ struct mo_source *carried = NULL, *content = NULL;
	_cleanup_spool_ struct mo_spool *spool = NULL;
	uint64_t made = 0;
	struct mo_tee count = mo_tee(NULL, &made, k);
	int r = parse_stream(j, &s);

	if (r == 0 && !s.encoder)
		r = read_carried(j, &s, &carried);
	r = r < 0 ? r : mo_spool_new(SPOOL_MEMORY, &spool, j->err);
	r = r < 0 ? r : mo_lines_want(&j->lines);
	r = r < 0 ? r : join_item(j, mo_spool_sink(spool), depth + 1);
	r = r < 0 ? r : mo_spool_source(MO_TAKE(spool), &content, j->err);
	if (r < 0)
		return r;
	if (carried) {
		r = check_carried(j, &s, carried, content);
		r = r < 0 ? r : mo_source_copy(carried, 0, carried->len, &count.sink, j->err);
	} else {
		r = s.codec->encode(content, s.encoder, s.params, &count.sink, j->err);
	}
	if (r == 0 && made != s.len)
		return refuse(j, MODULO_MISMATCH, "join.encoding",
			      "the encoder gives a stream of another length");
	return r;
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
static int read_arguments(struct join *j, const struct mo_form *f,
			  struct mo_word arg[MO_FORM_ARGUMENTS], uint64_t *child)
{
	for (unsigned i = 0; i < f->nr; i++) {
		if (!mo_element_has_argument(f->element[i].kind))
			continue;
		if (!mo_lines_word(&j->lines, arg) || !argument_ok(f->element[i].kind, arg, child))
			return refuse(j, MODULO_MALFORMED, "ledger.argument",
				      "an argument is missing, or not in its one spelling");
		arg++;
	}
	return mo_lines_done(&j->lines);
}

static int join_record(struct join *j, const char *kind)
{
	_cleanup_(mo_buf_release) struct mo_buf bytes = { 0 }, core = { 0 };
	const struct mo_form *f;
	struct mo_word name, arg[MO_FORM_ARGUMENTS];
	uint64_t claimed = 0, before;
	int r;

	mo_lines_word(&j->lines, &name);
	f = mo_forms_find(j->forms, kind, name.p, name.len);
	if (!f)
		return refuse(j, MODULO_UNSUPPORTED, "ledger.form",
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
	r = r < 0 ? r : join_item(j, &j->data.sink, 1);
	if (r == 0 && j->artifact_len - before != claimed)
		return refuse(j, MODULO_MISMATCH, "join.claim",
			      "the member before this line is not as long as its record claims");
	return r < 0 ? r : j->out->entry_end(j->out, j->err);
}

struct record_core {
	struct mo_core_reader reader; /* first */
	struct join *j;
};

static int take_record_core(struct mo_core_reader *c, uint64_t len, struct mo_sink *k,
			    struct modulo_error *err)
{
	(void)err;
	return take_core(((struct record_core *)c)->j, len, k);
}

/* What the record claims of the signatures behind it */
static int settle_record(struct join *j, const struct mo_form *f, const uint64_t *arg,
			 uint64_t tail, const struct mo_buf *all)
{
	for (unsigned i = 0; i < f->nr; i++) {
		enum mo_element_kind k = f->element[i].kind;

		if ((k == MO_EL_SIGS_OFF && *arg != (all->len ? tail : 0)) ||
		    (k == MO_EL_SIGS_LEN && *arg != all->len))
			return refuse(j, MODULO_MISMATCH, "join.claim",
				      "the record before claims another place or length of its "
				      "signatures");
		arg += mo_element_has_argument(k);
	}
	return 0;
}

/* A container of one record and its signatures */
static int join_binary(struct join *j, const char *in, struct mo_sink *k)
{
	_cleanup_(mo_buf_release) struct mo_buf all = { 0 };
	struct record_core core = { { take_record_core }, j };
	uint64_t arg[MO_RECORD_NUMBERS], off = j->core_at, nr = 0;
	struct mo_emitted made = { 0 };
	const struct mo_form *f;
	struct mo_word name;
	int r = mo_lines_want(&j->lines);

	if (r < 0)
		return r;
	f = mo_lines_word(&j->lines, &name) ? mo_forms_find(j->forms, in, name.p, name.len) : NULL;
	if (!f || f->signature || mo_form_arguments(f) > MO_RECORD_NUMBERS)
		return refuse(j, MODULO_UNSUPPORTED, "ledger.form",
			      "no form of that name may stand here");
	for (unsigned i = 0; r >= 0 && i < mo_form_arguments(f); i++)
		r = mo_lines_number(&j->lines, &arg[i]);
	r = r < 0 ? r : mo_lines_done(&j->lines);
	r = r < 0 ? r : mo_layout_emit(f, arg, &core.reader, k, &made, j->err);
	while (r >= 0 && (r = mo_lines_want(&j->lines)) >= 0 &&
	       strcmp(j->lines.line, "close") != 0) {
		if (made.zeros || nr++ == MO_SIGNATURES_MAX)
			return refuse(j, MODULO_LIMIT, "ledger.signatures",
				      "more than 8 signatures, or some behind what is not filled "
				      "up");
		r = join_signature(j, in, off, j->core_at - off, &all);
	}
	if (r >= 0 && !mo_buf_ok(&all))
		return mo_fail_nomem(j->err);
	r = r < 0 ? r : settle_record(j, f, arg, made.len, &all);
	return r < 0 ? r : mo_sink_write(k, all.data, all.len, j->err);
}

/* The line at hand is the item's first. */
static int join_item(struct join *j, struct mo_sink *k, unsigned depth)
{
	struct mo_word w;

	if (depth >= MO_DEPTH_MAX)
		return refuse(j, MODULO_LIMIT, "ledger.depth", "items nest more than 16 deep");
	if (!mo_lines_word(&j->lines, &w))
		return refuse(j, MODULO_MALFORMED, "ledger.word", "an item must stand here");
	if (mo_word_is(&w, "leaf"))
		return join_leaf(j, k);
	if (mo_word_is(&w, "stream"))
		return join_stream(j, k, depth);
	if (mo_word_is(&w, "records") && mo_lines_word(&j->lines, &w) && mo_word_is(&w, "pe")) {
		int r = mo_lines_done(&j->lines);

		return r < 0 ? r : join_binary(j, "pe", k);
	}
	return refuse(j, MODULO_UNSUPPORTED, "ledger.word", "no item of that name may stand here");
}

static int join_records(struct join *j)
{
	const char *kind;
	struct mo_word w;
	int r;

	if (!mo_lines_word(&j->lines, &w) ||
	    !(mo_word_is(&w, "dir") || mo_word_is(&w, "dir-metadata")))
		return refuse(j, MODULO_UNSUPPORTED, "ledger.word",
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

static int settle(struct join *j, const struct mo_ledger_head *h)
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

static int join_all(struct join *j)
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
		r = join_item(j, &j->data.sink, 0);
	}
	r = r < 0 ? r : mo_lines_want(&j->lines);
	if (r >= 0 && strcmp(j->lines.line, "end") != 0)
		return refuse(j, MODULO_MALFORMED, "ledger.end", "`end` must stand here");
	r = r < 0 ? r : mo_lines_next(&j->lines);
	if (r > 0)
		return refuse(j, MODULO_MALFORMED, "ledger.end", "lines behind `end`");
	return r < 0 ? r : settle(j, &h);
}

int mo_ledger_join(struct mo_source *ledger, struct mo_source *core, const struct mo_forms *forms,
		   struct mo_joiner *out, struct modulo_error *err)
{
	struct join j = { .forms = forms, .core = core, .out = out, .err = err };
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
