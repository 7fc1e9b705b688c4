/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* join(): an item that is a stream, made again by its encoder, or carried. */
#include <string.h>

#include "base/text.h"
#include "codec/codec.h"
#include "hash/tee.h"
#include "ledger/joining.h"

#define SPOOL_MEMORY (16u << 20)

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

static int parse_stream(struct mo_joining *j, struct stream *s)
{
	struct mo_word name, params, grade, encoder;
	int r;

	if (!mo_lines_word(&j->lines, &name) || !(s->codec = mo_codec_by_name(name.p, name.len)))
		return mo_joining_refuse(j, MODULO_UNSUPPORTED, "ledger.codec",
					 "no codec of that name is known");
	r = mo_lines_number(&j->lines, &s->len);
	if (r < 0)
		return r;
	if (!mo_lines_word(&j->lines, &params) || !mo_lines_word(&j->lines, &grade))
		return mo_joining_refuse(j, MODULO_MALFORMED, "ledger.word",
					 "parameters and a grade must stand here");
	s->params = strndup(params.p, params.len);
	if (!s->params)
		return mo_fail_nomem(j->err);
	if (mo_word_is(&grade, "checked"))
		return mo_joining_refuse(
			j, MODULO_UNSUPPORTED, "join.unproven",
			"this stream's encoder is not named, so it cannot be made again "
			"(split with --prove-encodings)");
	if (mo_word_is(&grade, "proven")) {
		if (!mo_lines_word(&j->lines, &encoder) || encoder.len >= MO_ENCODER_MAX)
			return mo_joining_refuse(j, MODULO_MALFORMED, "ledger.word",
						 "an encoder must stand here");
		s->encoder = strndup(encoder.p, encoder.len);
		return s->encoder ? mo_lines_done(&j->lines) : mo_fail_nomem(j->err);
	}
	if (!mo_word_is(&grade, "carried"))
		return mo_joining_refuse(j, MODULO_MALFORMED, "ledger.word",
					 "a grade is `checked`, `proven` or `carried`");
	r = mo_lines_number(&j->lines, &s->lines);
	if (r == 0 &&
	    (s->lines == 0 || (s->len + MO_CARRIED_LINE - 1) / MO_CARRIED_LINE != s->lines))
		return mo_joining_refuse(j, MODULO_MALFORMED, "ledger.carried",
					 "the number of lines does not fit the length");
	return r < 0 ? r : mo_lines_done(&j->lines);
}

static int read_carried(struct mo_joining *j, const struct stream *s, struct mo_source **out)
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
			return mo_joining_refuse(j, MODULO_MALFORMED, "ledger.base64",
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
static int check_carried(struct mo_joining *j, const struct stream *s, struct mo_source *carried,
			 struct mo_source *content)
{
	struct matcher m = { { match_write }, content, 0 };
	struct mo_codec_info info = { 0 };
	int r = s->codec->decode(carried, content->len, &m.sink, &info, j->err);

	if (r == 0 && (m.at != content->len || strcmp(info.params.data, s->params) != 0))
		r = mo_joining_refuse(j, MODULO_MISMATCH, "join.carried",
				      "a carried stream has other parameters or other content");
	mo_buf_release(&info.params);
	return r;
}

int mo_joining_stream(struct mo_joining *j, struct mo_sink *k, unsigned depth)
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
	r = r < 0 ? r : mo_joining_item(j, mo_spool_sink(spool), depth + 1);
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
		return mo_joining_refuse(j, MODULO_MISMATCH, "join.encoding",
					 "the encoder gives a stream of another length");
	return r;
}
