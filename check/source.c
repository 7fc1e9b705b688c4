/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where bytes come from: the artifact's file, the core, the output of a decoder; and comparing them. */
#include "stream.h"

#include <string.h>

static size_t file_read(struct mo_check *c, struct mo_check_source *s, uint8_t *buf, size_t cap)
{
	size_t n = fread(buf, 1, cap, c->job->artifact);

	(void)s;
	if (ferror(c->job->artifact))
		mo_check_refuse(c, "check.read", "the artifact cannot be read");
	return n;
}

struct mo_check_source *mo_check_file(struct mo_check *c)
{
	struct mo_check_source *s = mo_check_alloc(c, sizeof(*s));

	s->read = file_read;
	return s;
}

size_t mo_check_read(struct mo_check *c, struct mo_check_source *s, uint8_t *buf, size_t cap)
{
	size_t n;

	if (s == c->artifact)
		c->offset = s->pos;
	n = s->read(c, s, buf, cap);
	if (s == c->artifact)
		mo_check_update(c, c->artifact_hash, buf, n);
	s->pos += n;
	return n;
}

void mo_check_take(struct mo_check *c, struct mo_check_source *s, uint8_t *buf, size_t n)
{
	for (size_t got = 0, part; got < n; got += part) {
		part = mo_check_read(c, s, buf + got, n - got);
		if (!part)
			mo_check_deny(c, "check.short", "%s ends where the ledger goes on",
				      s == c->artifact ? "the artifact" : "a stream's content");
	}
	if (s == c->artifact)
		c->offset = s->pos - n;
}

/* The first of n bytes that is not the same; n: all are. */
static size_t differs(const uint8_t *a, const uint8_t *b, size_t n)
{
	size_t i = 0;

	if (!memcmp(a, b, n))
		return n;
	while (a[i] == b[i])
		i++;
	return i;
}

void mo_check_core(struct mo_check *c, struct mo_check_source *s, const uint8_t *p, size_t n)
{
	for (size_t done = 0, part; done < n; done += part) {
		part = n - done < sizeof(c->core_buf) ? n - done : sizeof(c->core_buf);
		part = fread(c->core_buf, 1, part, c->job->core);
		if (ferror(c->job->core))
			mo_check_refuse(c, "check.read", "the core cannot be read");
		if (!part)
			mo_check_deny(c, "check.core", "the core ends where the ledger goes on");
		size_t i = differs(c->core_buf, p + done, part);
		if (s == c->artifact)
			c->offset += i < part ? i : part;
		if (i < part)
			mo_check_deny(c, "check.core", "another byte than the core's at %llu",
				      (unsigned long long)(c->core_pos + i));
		mo_check_update(c, c->core_hash, c->core_buf, part);
		c->core_pos += part;
	}
}

void mo_check_same(struct mo_check *c, struct mo_check_source *s, const void *p, size_t n, bool core)
{
	for (size_t done = 0, part; done < n; done += part) {
		part = n - done < sizeof(c->buf) ? n - done : sizeof(c->buf);
		mo_check_take(c, s, c->buf, part);
		size_t i = differs(c->buf, (const uint8_t *)p + done, part);
		if (i < part) {
			c->offset += s == c->artifact ? i : 0;
			mo_check_deny(c, "check.artifact", "another byte than the ledger's");
		}
		if (core)
			mo_check_core(c, s, c->buf, part);
	}
}

bool mo_check_fill(struct mo_check *c, struct mo_check_stream *st)
{
	size_t want = st->left < sizeof(st->in) ? (size_t)st->left : sizeof(st->in);

	if (st->at < st->fill)
		return true;
	if (!want)
		return false;
	st->at = 0;
	st->fill = mo_check_read(c, st->from, st->in, want);
	if (!st->fill)
		mo_check_deny(c, "check.short", "less bytes than the stream's LENGTH");
	st->left -= st->fill;
	mo_check_update(c, st->seen, st->in, st->fill);
	return true;
}

void mo_check_get(struct mo_check *c, struct mo_check_stream *st, void *buf, size_t n, const char *cut)
{
	for (uint8_t *p = buf; n--; p++) {
		if (!mo_check_fill(c, st))
			mo_check_refuse(c, cut, "the stream ends too early");
		*p = st->in[st->at++];
	}
}

/*
 * A stream in a stream can decode to nothing, again and again: a few bytes that unfold to gigabytes of
 * empty blocks would keep the checker busy for years. Honest streams decode to content that the core has.
 */
static size_t stream_read(struct mo_check *c, struct mo_check_source *s, uint8_t *buf, size_t cap)
{
	struct mo_check_stream *st = (struct mo_check_stream *)s;
	size_t n = st->ended ? 0 : st->codec->decode(c, st, buf, cap);

	c->decoded += n;
	if (c->decoded / 64 > c->artifact->pos + c->core_pos + (1 << 20))
		mo_check_refuse(c, "check.limit", "over 64 times as many decoded bytes as artifact and core have");
	if (st->encoder)
		mo_check_encode_more(c, st->encoder, buf, n);
	return n;
}

struct mo_check_stream *mo_check_stream(struct mo_check *c, struct mo_check_source *from, uint64_t len,
					const struct mo_check_codec *codec)
{
	struct mo_check_stream *st = mo_check_alloc(c, sizeof(*st));

	st->out.read = stream_read;
	st->codec = codec;
	st->from = from;
	st->left = len;
	st->content_size = UINT64_MAX;
	st->seen = mo_check_hash(c, EVP_sha256());
	codec->open(c, st);
	return st;
}
