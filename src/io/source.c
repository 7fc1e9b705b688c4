/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sources that are not files: memory, slices; and what all sources share. */
#include "io/source.h"

#include <stdlib.h>
#include <string.h>

#define COPY_CHUNK 65536

static int in_range(const struct mo_source *s, uint64_t off, uint64_t len, struct modulo_error *err)
{
	uint64_t end;

	if (mo_add(off, len, &end) && end <= s->len)
		return 0;
	return mo_fail(err, MODULO_MALFORMED, s->len, "io.short",
		       "%llu bytes wanted at %llu, but the end is at %llu", (unsigned long long)len,
		       (unsigned long long)off, (unsigned long long)s->len);
}

int mo_source_read(struct mo_source *s, uint64_t off, void *buf, size_t n, struct modulo_error *err)
{
	int r = in_range(s, off, n, err);

	if (r < 0 || n == 0)
		return r;
	if (s->mem) {
		memcpy(buf, s->mem + off, n);
		return 0;
	}
	return s->read(s, off, buf, n, err);
}

void mo_source_close(struct mo_source *s)
{
	if (s && s->close)
		s->close(s);
}

int mo_source_copy(struct mo_source *s, uint64_t off, uint64_t len, struct mo_sink *k,
		   struct modulo_error *err)
{
	_cleanup_free_ uint8_t *chunk = NULL;
	uint64_t end = off + len;
	int r = in_range(s, off, len, err);

	if (r < 0)
		return r;
	if (!s->mem) {
		chunk = malloc(COPY_CHUNK);
		if (!chunk)
			return mo_fail_nomem(err);
	}
	while (off < end) {
		size_t n = (size_t)MO_MIN(end - off, (uint64_t)COPY_CHUNK);

		if (chunk) {
			r = mo_source_read(s, off, chunk, n, err);
			if (r < 0)
				return r;
		}
		r = mo_sink_write(k, chunk ? chunk : s->mem + off, n, err);
		if (r < 0)
			return r;
		off += n;
	}
	return 0;
}

static void free_source(struct mo_source *s)
{
	free(s);
}

int mo_source_memory(const void *p, size_t len, struct mo_source **out, struct modulo_error *err)
{
	struct mo_source *s = calloc(1, sizeof(*s));

	if (!s)
		return mo_fail_nomem(err);
	s->len = len;
	s->mem = p;
	s->close = free_source;
	*out = s;
	return 0;
}

struct slice {
	struct mo_source source;
	struct mo_source *parent;
	uint64_t off;
};

static int slice_read(struct mo_source *s, uint64_t off, void *buf, size_t n,
		      struct modulo_error *err)
{
	struct slice *sl = (struct slice *)s;

	return mo_source_read(sl->parent, sl->off + off, buf, n, err);
}

int mo_source_slice(struct mo_source *parent, uint64_t off, uint64_t len, struct mo_source **out,
		    struct modulo_error *err)
{
	struct slice *s;
	int r = in_range(parent, off, len, err);

	if (r < 0)
		return r;
	s = calloc(1, sizeof(*s));
	if (!s)
		return mo_fail_nomem(err);
	s->source.len = len;
	s->source.mem = parent->mem ? parent->mem + off : NULL;
	s->source.read = slice_read;
	s->source.close = free_source;
	s->parent = parent;
	s->off = off;
	*out = &s->source;
	return 0;
}

struct rope {
	struct mo_source source; /* first */
	struct mo_source *parent;
	size_t nr;
	struct mo_span span[];
};

static int rope_read(struct mo_source *s, uint64_t off, void *buf, size_t n,
		     struct modulo_error *err)
{
	const struct rope *rope = (const struct rope *)s;
	uint8_t *to = buf;
	int r = 0;

	for (size_t i = 0; r == 0 && n && i < rope->nr; i++) {
		const struct mo_span *sp = &rope->span[i];
		size_t part;

		if (off >= sp->len) {
			off -= sp->len;
			continue;
		}
		part = (size_t)MO_MIN(sp->len - off, (uint64_t)n);
		r = mo_source_read(rope->parent, sp->off + off, to, part, err);
		to += part;
		n -= part;
		off = 0;
	}
	if (r == 0)
		memset(to, 0, n);
	return r;
}

int mo_source_rope(struct mo_source *parent, const struct mo_span *span, size_t nr, uint64_t zeros,
		   struct mo_source **out, struct modulo_error *err)
{
	struct rope *rope = calloc(1, sizeof(*rope) + nr * sizeof(*span));
	int r = 0;

	if (!rope)
		return mo_fail_nomem(err);
	rope->source = (struct mo_source){ .len = zeros, .read = rope_read, .close = free_source };
	rope->parent = parent;
	rope->nr = nr;
	for (size_t i = 0; r == 0 && i < nr; i++) {
		rope->span[i] = span[i];
		rope->source.len += span[i].len;
		r = in_range(parent, span[i].off, span[i].len, err);
	}
	if (r < 0)
		free(rope);
	else
		*out = &rope->source;
	return r;
}
