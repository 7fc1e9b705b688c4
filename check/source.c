/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where bytes come from: the artifact's file, streams, the core; and comparing them. */
#include "check.h"

#include <string.h>

static size_t file_read(struct mo_check *c, struct mo_check_source *s, uint8_t *buf, size_t cap)
{
	size_t n = fread(buf, 1, cap, c->job->artifact);

	(void)s;
	must(c, !ferror(c->job->artifact), "check.read", "the artifact cannot be read");
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
		holds(c, part, "check.short", "the bytes end where the ledger goes on");
	}
	if (s == c->artifact)
		c->offset = s->pos - n;
}

/* The first of n bytes that differs, or n. Moves the offset there, where the bytes are the artifact's. */
static size_t same(struct mo_check *c, struct mo_check_source *s, const uint8_t *a, const uint8_t *b, size_t n)
{
	size_t i = memcmp(a, b, n) ? 0 : n;

	while (i < n && a[i] == b[i])
		i++;
	c->offset += s == c->artifact ? i : 0;
	return i;
}

void mo_check_core(struct mo_check *c, struct mo_check_source *s, const uint8_t *p, size_t n)
{
	size_t got = fread(c->core_buf, 1, n, c->job->core), i = same(c, s, p, c->core_buf, got);

	must(c, !ferror(c->job->core), "check.read", "the core cannot be read");
	holds(c, i == n, "check.core", "not the core's byte at %llu", (unsigned long long)(c->core_pos + i));
	mo_check_update(c, c->core_hash, p, n);
	c->core_pos += n;
}

void mo_check_same(struct mo_check *c, struct mo_check_source *s, const void *p, size_t n, bool core)
{
	for (size_t done = 0, part; done < n; done += part) {
		part = n - done < sizeof(c->buf) ? n - done : sizeof(c->buf);
		mo_check_take(c, s, c->buf, part);
		uint64_t at = c->offset;
		size_t i = same(c, s, c->buf, (const uint8_t *)p + done, part);
		holds(c, i == part, "check.artifact", "not the ledger's byte");
		c->offset = at;
		if (core)
			mo_check_core(c, s, c->buf, part);
	}
}

bool mo_check_fill(struct mo_check *c, struct mo_check_stream *st)
{
	if (st->at < st->fill || !st->left)
		return st->at < st->fill;
	st->at = 0;
	st->fill = mo_check_read(c, st->from, st->in, st->left < sizeof(st->in) ? (size_t)st->left : sizeof(st->in));
	holds(c, st->fill, "check.short", "less bytes than the stream's LENGTH");
	st->left -= st->fill;
	mo_check_update(c, st->seen, st->in, st->fill);
	return true;
}

void mo_check_get(struct mo_check *c, struct mo_check_stream *st, void *buf, size_t n, const char *cut)
{
	for (uint8_t *p = buf; n--; p++) {
		must(c, mo_check_fill(c, st), cut, "the stream ends too early");
		*p = st->in[st->at++];
	}
}

/*
 * A stream in a stream can decode to nothing, again and again: a few bytes that unfold to gigabytes of
 * empty blocks would keep the checker busy for years. Honest streams decode to what the core has.
 */
static size_t stream_read(struct mo_check *c, struct mo_check_source *s, uint8_t *buf, size_t cap)
{
	struct mo_check_stream *st = (struct mo_check_stream *)s;
	size_t n = st->ended ? 0 : st->codec->decode(c, st, buf, cap);

	c->decoded += n;
	must(c, c->decoded / 64 <= c->artifact->pos + c->core_pos + (1 << 20), "check.limit",
	     "streams decode to over 64 times as many bytes as artifact and core have");
	if (st->encoder)
		mo_check_encode_more(c, st, buf, n);
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
