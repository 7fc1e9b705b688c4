/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tree's file: doc/formats/merkle.md. Its lines are read as a ledger's. */
#include "modules/set.h"

#include <string.h>

#include "base/text.h"
#include "ledger/lines.h"

#define VERSION 1

int mo_set_write(const struct mo_set *s, struct mo_sink *k, struct modulo_error *err)
{
	_cleanup_buf_ struct mo_buf b = { 0 };
	char root[MO_ROOT_TEXT] = "-";
	int r = 0;

	if (!s->list)
		mo_root_render(s->tree.levels, s->tree.root, root);
	mo_buf_fmt(&b, "modulo-tree %d\nkind %s\nroot %s\nmodules %u\n", VERSION,
		   s->list ? "list" : "tree", root, s->nr);
	for (uint32_t i = 0; r == 0 && i < s->nr; i++) {
		const struct mo_set_entry *e = &s->entry[i];

		mo_buf_hex(&b, e->leaf, sizeof(e->leaf));
		mo_buf_chr(&b, ' ');
		mo_buf_hex(&b, e->sha256, sizeof(e->sha256));
		mo_buf_chr(&b, ' ');
		mo_buf_escape(&b, e->path, strlen(e->path), "");
		mo_buf_chr(&b, '\n');
		if (b.len < 65536)
			continue;
		r = mo_buf_ok(&b) ? mo_sink_write(k, b.data, b.len, err) : mo_fail_nomem(err);
		mo_buf_reset(&b);
	}
	mo_buf_str(&b, "end\n");
	if (r == 0)
		r = mo_buf_ok(&b) ? mo_sink_write(k, b.data, b.len, err) : mo_fail_nomem(err);
	return r;
}

struct head {
	bool list;
	unsigned levels;
	uint8_t root[32];
	uint64_t nr;
};

static int read_root(struct mo_lines *l, struct head *h)
{
	struct mo_word w;

	if (!mo_lines_word(l, &w) ||
	    (h->list ? !mo_word_is(&w, "-") : !mo_root_parse(w.p, w.len, &h->levels, h->root)))
		return mo_lines_fail(l, MODULO_MALFORMED, "merkle.root",
				     h->list ? "a list has the root `-`"
					     : "a root is LEVELS:HEX, of 0 to 32 levels");
	return mo_lines_done(l);
}

bool mo_set_begins(const uint8_t *head, size_t len)
{
	return len >= MO_SET_BEGIN && memcmp(head, "modulo-tree ", MO_SET_BEGIN) == 0;
}

/* Before anything is read as lines: what a stranger file is called should not depend on its bytes.
 */
static int check_begin(struct mo_source *s, struct modulo_error *err)
{
	uint8_t head[MO_SET_BEGIN];
	size_t n = (size_t)MO_MIN(s->len, (uint64_t)sizeof(head));
	int r = mo_source_read(s, 0, head, n, err);

	if (r < 0 || mo_set_begins(head, n))
		return r;
	return mo_fail(err, MODULO_MALFORMED, 0, "merkle.version", "this is no tree file");
}

static int read_head(struct mo_lines *l, struct head *h)
{
	struct mo_word w;
	uint64_t version;
	bool word;
	int r = check_begin(l->s, l->err);

	r = r < 0 ? r : mo_lines_want(l);
	r = r < 0 ? r : mo_lines_expect(l, "modulo-tree");
	r = r < 0 ? r : mo_lines_number(l, &version);
	if (r < 0)
		return r;
	if (version != VERSION)
		return mo_lines_fail(l, MODULO_UNSUPPORTED, "merkle.version",
				     "a tree file of another version than 1");
	r = mo_lines_done(l);
	r = r < 0 ? r : mo_lines_want(l);
	r = r < 0 ? r : mo_lines_expect(l, "kind");
	if (r < 0)
		return r;
	word = mo_lines_word(l, &w);
	h->list = word && mo_word_is(&w, "list");
	if (!h->list && (!word || !mo_word_is(&w, "tree")))
		return mo_lines_fail(l, MODULO_MALFORMED, "merkle.kind",
				     "a kind other than tree and list");
	r = mo_lines_done(l);
	r = r < 0 ? r : mo_lines_want(l);
	r = r < 0 ? r : mo_lines_expect(l, "root");
	r = r < 0 ? r : read_root(l, h);
	r = r < 0 ? r : mo_lines_want(l);
	r = r < 0 ? r : mo_lines_expect(l, "modules");
	r = r < 0 ? r : mo_lines_number(l, &h->nr);
	r = r < 0 ? r : mo_lines_done(l);
	if (r == 0 && h->nr > MO_MERKLE_LEAVES_MAX)
		return mo_lines_fail(l, MODULO_LIMIT, "merkle.leaves", "too many modules");
	return r;
}

/* In its one spelling: what is escaped had to be. */
static int read_path(struct mo_lines *l, struct mo_arena *arena, const char **out)
{
	_cleanup_buf_ struct mo_buf raw = { 0 };
	struct mo_word w;

	if (!mo_lines_word(l, &w) || !mo_text_unescape(w.p, w.len, "", &raw) || raw.len == 0 ||
	    memchr(raw.data, '\0', raw.len))
		return mo_lines_fail(l, MODULO_MALFORMED, "merkle.path",
				     "a path must stand here, in its one spelling");
	if (!mo_buf_ok(&raw))
		return mo_fail_nomem(l->err);
	*out = mo_arena_dup(arena, raw.data, raw.len);
	return *out ? 0 : mo_fail_nomem(l->err);
}

static int read_entry(struct mo_lines *l, struct mo_set *s, struct mo_set_entry *e)
{
	int r = mo_lines_want(l);

	r = r < 0 ? r : mo_lines_digest(l, e->leaf);
	r = r < 0 ? r : mo_lines_digest(l, e->sha256);
	r = r < 0 ? r : read_path(l, &s->arena, &e->path);
	r = r < 0 ? r : mo_lines_done(l);
	if (r == 0 && s->list && memcmp(e->leaf, e->sha256, sizeof(e->leaf)) != 0)
		return mo_lines_fail(l, MODULO_MALFORMED, "merkle.list",
				     "in a list both digests are the same");
	return r;
}

static int read_end(struct mo_lines *l)
{
	int r = mo_lines_want(l);

	r = r < 0 ? r : mo_lines_expect(l, "end");
	r = r < 0 ? r : mo_lines_done(l);
	r = r < 0 ? r : mo_lines_next(l);
	return r > 0 ? mo_lines_fail(l, MODULO_MALFORMED, "ledger.end",
				     "the file goes on behind `end`")
		     : r;
}

static int read_all(struct mo_lines *l, struct mo_set *s)
{
	struct head h = { 0 };
	int r = read_head(l, &h);

	/* A line is at least 131 bytes: a number alone makes nobody reserve memory. */
	if (r == 0 && h.nr > l->s->len / 131)
		r = mo_lines_fail(l, MODULO_MALFORMED, "merkle.count",
				  "more modules than the file has lines");
	r = r < 0 ? r : mo_set_init(s, h.list, (uint32_t)h.nr, l->err);
	for (uint32_t i = 0; r == 0 && i < s->nr; i++)
		r = read_entry(l, s, &s->entry[i]);
	r = r < 0 ? r : read_end(l);
	r = r < 0 ? r : mo_set_finish(s, l->err);
	if (r == 0 && !s->list &&
	    (s->tree.levels != h.levels || memcmp(s->tree.root, h.root, sizeof(h.root)) != 0))
		return mo_fail(l->err, MODULO_MISMATCH, MODULO_NO_OFFSET, "merkle.mismatch",
			       "the root is not that of these leaves");
	return r;
}

int mo_set_read(struct mo_source *from, struct mo_set *out, struct modulo_error *err)
{
	struct mo_set s = { 0 };
	struct mo_lines l;
	int r = mo_lines_open(&l, from, err);

	if (r < 0)
		return r;
	r = read_all(&l, &s);
	mo_lines_release(&l);
	if (r < 0)
		mo_set_release(&s);
	else
		*out = s;
	return r;
}
