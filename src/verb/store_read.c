/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "fmt/format.h"
#include "hash/hash.h"
#include "hash/tee.h"
#include "ledger/lines.h"
#include "verb/rebuild.h"
#include "verb/store.h"
#include "verb/store_text.h"

/* What a single file is that has another name. */
#define SIGNATURE_NAME                                                                             \
	"x"                                                                                        \
	".sig"

/* With what a format may put around it */
#define DETACHED_MAX (MO_SIGNATURE_MAX + 16)

struct mo_store {
	const char *path;
	const struct mo_detached *single; /* the store is a file: one detached signature */
	bool debian;			  /* <path>.sig and <path>.proof, not keyed by content */
	bool single_taken;
	struct mo_dir dir;
	bool *taken; /* for each entry of dir */
};

static void blame(const struct mo_store *s, const char *name, struct modulo_error *err)
{
	if (name)
		mo_error_within(err, name, '/');
	mo_error_within(err, s->path, '/');
}

static int read_file(const struct mo_store *s, const struct mo_entry *e, struct mo_source **out,
		     struct modulo_error *err)
{
	int fd, r;

	if (s->single)
		return mo_source_file(s->path, out, err);
	r = mo_dir_open(&s->dir, e, &fd, err);
	return r < 0 ? r : mo_source_fd(fd, out, err);
}

/* The entry of that path, by bisection in the listing's order. */
static const struct mo_entry *find(const struct mo_store *s, const char *path)
{
	size_t lo = 0, hi = s->dir.nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = mo_path_order(s->dir.entry[mid].path, path);

		if (order == 0)
			return s->dir.entry[mid].type == MO_FILE ||
					       s->dir.entry[mid].type == MO_LINK
				       ? &s->dir.entry[mid]
				       : NULL;
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static int check_mark(struct mo_store *s, const struct mo_entry *mark, struct modulo_error *err)
{
	_cleanup_source_ struct mo_source *src = NULL;
	char text[sizeof(MO_STORE_MARK_TEXT)];
	int r = read_file(s, mark, &src, err);

	if (r < 0)
		return r;
	if (src->len != strlen(MO_STORE_MARK_TEXT))
		return mo_fail(err, MODULO_UNSUPPORTED, 0, "store.version",
			       "only version 1 of the store is known");
	r = mo_source_read(src, 0, text, (size_t)src->len, err);
	if (r == 0 && memcmp(text, MO_STORE_MARK_TEXT, (size_t)src->len) != 0)
		return mo_fail(err, MODULO_UNSUPPORTED, 0, "store.version",
			       "only version 1 of the store is known");
	return r;
}

static bool ends_in(const char *s, const char *suffix)
{
	size_t n = strlen(s), k = strlen(suffix);

	return n > k && strcmp(s + n - k, suffix) == 0;
}

/* What a detached file's name says that it is; NULL: nothing. */
static const struct mo_detached *kind_of(const char *name)
{
	const struct mo_detached *d;
	size_t i = 0;

	while ((d = mo_format_detached(i)) && !ends_in(name, d->suffix))
		i++;
	return d;
}

/* Marks as taken what is not to be missed: directories, the mark, and what the globs leave out. */
static int choose(struct mo_store *s, const struct mo_context *c, struct modulo_error *err)
{
	s->taken = calloc(s->dir.nr + 1, sizeof(*s->taken));
	if (!s->taken)
		return mo_fail_nomem(err);
	for (size_t i = 0; i < s->dir.nr; i++) {
		const struct mo_entry *e = &s->dir.entry[i];
		_cleanup_free_ char *member = NULL;
		struct mo_arena arena = { 0 };
		const struct mo_detached *d;
		const char *path;

		if (e->type == MO_DIR) {
			s->taken[i] = true;
			continue;
		}
		if (!s->debian) {
			s->taken[i] = strcmp(e->path, MO_STORE_MARK) == 0;
			continue;
		}
		d = kind_of(e->path);
		if (!d) {
			mo_fail(err, MODULO_UNSUPPORTED, MODULO_NO_OFFSET, "store.layout",
				"neither a store nor a detached signature (<path>.sig) or proof "
				"(<path>.proof)");
			blame(s, e->path, err);
			return MODULO_UNSUPPORTED;
		}
		path = mo_entry_escaped(e, &arena);
		member = path ? strndup(path, strlen(path) - strlen(d->suffix)) : NULL;
		mo_arena_release(&arena);
		if (!member)
			return mo_fail_nomem(err);
		s->taken[i] = !mo_chosen(c->opt, member);
	}
	return 0;
}

int mo_store_open(const char *path, const struct mo_context *c, bool single, struct mo_store **out,
		  struct modulo_error *err)
{
	struct mo_store *s = calloc(1, sizeof(*s));
	const struct mo_entry *mark;
	struct stat st;
	int r = 0;

	if (!s)
		return mo_fail_nomem(err);
	s->path = path;
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
		s->debian = true;
		s->single = kind_of(path);
		if (!s->single)
			s->single = kind_of(SIGNATURE_NAME);
		if (!single) {
			r = mo_fail(err, MODULO_USAGE, MODULO_NO_OFFSET, "store.layout",
				    "one detached signature cannot be that of a directory");
			blame(s, NULL, err);
		}
	} else {
		r = mo_dir_list(path, false, &s->dir, err);
		if (r < 0)
			blame(s, NULL, err);
		mark = r < 0 ? NULL : find(s, MO_STORE_MARK);
		s->debian = !mark;
		if (mark) {
			r = check_mark(s, mark, err);
			if (r < 0)
				blame(s, MO_STORE_MARK, err);
		}
		r = r < 0 ? r : choose(s, c, err);
	}
	if (r < 0)
		mo_store_free(s);
	else
		*out = s;
	return r;
}

void mo_store_free(struct mo_store *s)
{
	if (!s)
		return;
	mo_dir_release(&s->dir);
	free(s->taken);
	free(s);
}

static int missing(const struct mo_member *m, struct modulo_error *err)
{
	_cleanup_(mo_buf_release) struct mo_buf b = { 0 };

	mo_buf_hex(&b, m->digest.core, 32);
	return mo_fail(err, MODULO_MISMATCH, MODULO_NO_OFFSET, "store.missing",
		       "no entry for this content, SHA-256 %s", mo_buf_ok(&b) ? b.data : "");
}

static int mismatch(struct modulo_error *err, const char *text)
{
	return mo_fail(err, MODULO_MISMATCH, MODULO_NO_OFFSET, "store.mismatch", "%s", text);
}

/* Where the forms of the member's signatures stand. */
static const char *place_of(const struct mo_member *m)
{
	return m->leaf->form ? m->leaf->form->in : "leaf";
}

/* Checks one signature's body for the member, and adds its trailer. */
static int add_signature(const struct mo_context *c, const struct mo_member *m,
			 const struct mo_form *form, const uint8_t *body, size_t len,
			 struct mo_buf *trailers, bool *bound, struct modulo_error *err)
{
	struct mo_item *leaf = m->leaf;
	uint8_t digest[MO_DIGEST_MAX];
	struct mo_judged judged = { 0 };
	struct mo_body parsed;
	bool fits;
	/* Of a PE image each is made over the core, of all else over what stands before it, too. */
	const struct mo_buf *before = leaf->kind == MO_LEAF ? trailers : NULL;
	bool over_core = !before || !before->len;
	int r;

	if (len > MO_SIGNATURE_MAX)
		return mo_fail(err, MODULO_LIMIT, MODULO_NO_OFFSET, "ledger.signature",
			       "a signature of more than 65,536 bytes");
	r = mo_form_fits(form, leaf->source, 0, leaf->core_len, &fits, err);
	if (r == 0 && !fits)
		return mismatch(
			err, "a module's signature for a file that is no ELF relocatable object");
	r = r < 0 ? r : mo_body_parse(form, body, len, &parsed, err);
	r = r < 0 ? r
		  : mo_body_allowed(&parsed, c->opt->flags & MODULO_ALLOW_UNSIGNED_ATTRIBUTES, err);
	if (r == 0 && parsed.kind != MO_EL_PROOF && parsed.hash == MO_SHA256 && over_core)
		memcpy(digest, m->digest.core, sizeof(m->digest.core));
	else if (r == 0)
		r = mo_body_digest(&parsed, leaf->core, 0, leaf->core_len, before, digest, err);
	r = r < 0 ? r
		  : mo_judge_signature(c, &parsed, digest, over_core ? leaf->core : NULL,
				       leaf->core_len, m->digest.core, &judged, err);
	if (r < 0)
		return r;
	if (judged.refused)
		return mismatch(err, "a list of what is refused names the content or the signer");
	if (judged.status == MO_SIG_INVALID)
		return mismatch(err, "the signature is not one of this content by the key that it "
				     "names, or leads to no root that was given");
	*bound = judged.status == MO_SIG_VERIFIED || mo_body_names_digest(&parsed);
	mo_form_render_signature(form, body, len, trailers);
	return mo_buf_ok(trailers) ? 0 : mo_fail_nomem(err);
}

/* One detached file as the next trailer; e is its entry, where it is not the store itself. */
static int add_detached(struct mo_store *s, const struct mo_context *c, const struct mo_member *m,
			const struct mo_detached *d, const struct mo_entry *e,
			struct mo_buf *trailers, bool *bound, struct modulo_error *err)
{
	_cleanup_source_ struct mo_source *src = NULL;
	_cleanup_free_ uint8_t *file = NULL;
	const char *name = d->form;
	const struct mo_form *form;
	size_t at = 0, n;
	int r = read_file(s, e, &src, err);

	if (r == 0 && src->len > DETACHED_MAX)
		r = mo_fail(err, MODULO_LIMIT, MODULO_NO_OFFSET, "ledger.signature",
			    "a signature of more than 65,536 bytes");
	file = r < 0 ? NULL : malloc((size_t)src->len + 1);
	if (r == 0 && !file)
		r = mo_fail_nomem(err);
	if (r < 0)
		return r;
	n = (size_t)src->len;
	r = mo_source_read(src, 0, file, n, err);
	if (r == 0 && d->unwrap)
		r = d->unwrap(file, n, &at, &n, &name, err);
	if (r < 0)
		return r;
	form = mo_forms_find(&c->forms, place_of(m), name, strlen(name));
	return form ? add_signature(c, m, form, file + at, n, trailers, bound, err)
		    : mismatch(err, "a signature of a form that is not known");
}

/* The detached file of a member with that suffix; *e is NULL where there is none. */
static int find_detached(struct mo_store *s, const struct mo_member *m, const char *suffix,
			 const struct mo_entry **e, struct modulo_error *err)
{
	_cleanup_(mo_buf_release) struct mo_buf name = { 0 };

	mo_buf_fmt(&name, "%s%s", m->e->path, suffix);
	if (!mo_buf_ok(&name))
		return mo_fail_nomem(err);
	*e = find(s, name.data);
	if (*e)
		s->taken[*e - s->dir.entry] = true;
	return 0;
}

/* What a member's own format makes of detached files with that suffix; NULL: nothing. */
static const struct mo_detached *own(const struct mo_item *leaf, const char *suffix)
{
	const struct mo_detached *d = leaf->detached;

	while (d && d->suffix && strcmp(d->suffix, suffix) != 0)
		d++;
	return d && d->suffix ? d : NULL;
}

/* Whether a format before this one has the suffix, too. */
static bool met(size_t i, const char *suffix)
{
	while (i-- > 0)
		if (strcmp(mo_format_detached(i)->suffix, suffix) == 0)
			return true;
	return false;
}

/* Detached files of all formats are looked for: one that a member cannot take is refused. */
static int get_detached(struct mo_store *s, const struct mo_context *c, const struct mo_member *m,
			struct mo_buf *trailers, uint64_t *nr, uint64_t *bound,
			struct modulo_error *err)
{
	const struct mo_detached *d, *mine;
	const struct mo_entry *e = NULL;
	bool is_bound;
	int r = 0;

	for (size_t i = 0; r == 0 && (d = mo_format_detached(i)); i++) {
		if (met(i, d->suffix))
			continue;
		if (!s->single)
			r = find_detached(s, m, d->suffix, &e, err);
		if (r < 0 || (s->single ? strcmp(d->suffix, s->single->suffix) != 0 : !e))
			continue;
		mine = own(m->leaf, d->suffix);
		r = mine ? add_detached(s, c, m, mine, e, trailers, &is_bound, err)
			 : mismatch(err, "a signature for a file of no format that takes one");
		if (r < 0)
			blame(s, e ? e->path : NULL, err);
		*nr += r == 0;
		*bound += r == 0 && is_bound;
	}
	s->single_taken = true;
	return r == 0 && !*nr && m->leaf->claimed ? missing(m, err) : r;
}

/* Of the signed file that content and trailers make. */
static int whole_digest(const struct mo_member *m, const struct mo_buf *trailers, uint8_t out[32],
			uint64_t *len, struct modulo_error *err)
{
	_cleanup_hash_ struct mo_hash h = { 0 };
	struct mo_tee tee = mo_tee(&h, len, NULL);
	int r;

	*len = 0;
	mo_hash_init(&h, MO_SHA256);
	r = mo_rebuild_leaf(m->leaf, trailers, &tee.sink, err);
	return r < 0 ? r : mo_hash_final(&h, out, err);
}

static int read_entry(const struct mo_context *c, const struct mo_member *m, struct mo_lines *l,
		      struct mo_buf *trailers, uint64_t *nr, struct modulo_error *err)
{
	_cleanup_(mo_buf_release) struct mo_buf body = { 0 };
	uint8_t forms[32], content[32], whole[32], got[32];
	uint64_t content_len, whole_len, got_len;
	struct mo_word name, arg;
	bool verified;
	int r = mo_lines_want(l);

	if (r >= 0 && strcmp(l->line, "modulo-signatures 1") != 0)
		return mo_lines_fail(l, MODULO_UNSUPPORTED, "store.version",
				     "only version 1 of an entry is known");
	r = r < 0 ? r : mo_lines_want(l);
	r = r < 0 ? r : mo_lines_expect(l, "forms");
	r = r < 0 ? r : mo_lines_digest(l, forms);
	r = r < 0 ? r : mo_lines_done(l);
	if (r == 0 && memcmp(forms, c->forms.digest, 32) != 0)
		return mo_lines_fail(l, MODULO_UNSUPPORTED, "ledger.forms",
				     "written with another forms table than the one built in");
	r = r < 0 ? r : mo_lines_want(l);
	r = r < 0 ? r : mo_lines_expect(l, "content");
	r = r < 0 ? r : mo_lines_number(l, &content_len);
	r = r < 0 ? r : mo_lines_digest(l, content);
	r = r < 0 ? r : mo_lines_done(l);
	if (r == 0 &&
	    (content_len != m->leaf->core_len || memcmp(content, m->digest.core, 32) != 0))
		return mismatch(err, "the entry is another content's than its name says");
	r = r < 0 ? r : mo_lines_want(l);
	r = r < 0 ? r : mo_lines_expect(l, "signed");
	r = r < 0 ? r : mo_lines_number(l, &whole_len);
	r = r < 0 ? r : mo_lines_digest(l, whole);
	r = r < 0 ? r : mo_lines_done(l);
	while (r == 0 && (r = mo_lines_want(l)) > 0 && strcmp(l->line, "end") != 0) {
		const struct mo_form *form;

		mo_buf_reset(&body);
		if (!mo_lines_word(l, &name) || !mo_lines_word(l, &arg) ||
		    !mo_text_base64(arg.p, arg.len, &body))
			return mo_lines_fail(l, MODULO_MALFORMED, "ledger.base64",
					     "a form and its base64 must stand here");
		form = mo_forms_find(&c->forms, place_of(m), name.p, name.len);
		if (!form || !form->signature)
			return mo_lines_fail(l, MODULO_UNSUPPORTED, "ledger.form",
					     "no signature's form of that name may stand here");
		if (++*nr > MO_SIGNATURES_MAX)
			return mo_lines_fail(l, MODULO_LIMIT, "ledger.signatures",
					     "a leaf has at most 8 signatures");
		r = mo_lines_done(l);
		r = r < 0 ? r
			  : add_signature(c, m, form, (const uint8_t *)body.data, body.len,
					  trailers, &verified, err);
	}
	r = r < 0 ? r : mo_lines_next(l);
	if (r > 0)
		return mo_lines_fail(l, MODULO_MALFORMED, "ledger.end", "lines behind `end`");
	r = r < 0 ? r : whole_digest(m, trailers, got, &got_len, err);
	if (r == 0 && (whole_len != got_len || memcmp(got, whole, 32) != 0))
		return mismatch(
			err,
			"content and signatures do not make the signed file that the entry names");
	return r;
}

/* The entry of a keyed store for this member's content, and takes it; *e is NULL where there is
 * none. */
static int take_keyed(struct mo_store *s, const struct mo_member *m, struct mo_buf *name,
		      const struct mo_entry **e, struct modulo_error *err)
{
	mo_buf_hex(name, m->digest.core, 32);
	mo_buf_str(name, MO_STORE_SUFFIX);
	if (!mo_buf_ok(name))
		return mo_fail_nomem(err);
	*e = find(s, name->data);
	if (*e)
		s->taken[*e - s->dir.entry] = true;
	return 0;
}

int mo_store_pass(struct mo_store *s, const struct mo_member *m, struct modulo_error *err)
{
	_cleanup_(mo_buf_release) struct mo_buf name = { 0 };
	const struct mo_entry *e;

	/* Entries that are named by path were passed when the store was opened. */
	return s->debian ? 0 : take_keyed(s, m, &name, &e, err);
}

int mo_store_get(struct mo_store *s, const struct mo_context *c, const struct mo_member *m,
		 struct mo_buf *trailers, uint64_t *nr, uint64_t *bound, struct modulo_error *err)
{
	_cleanup_(mo_buf_release) struct mo_buf name = { 0 };
	_cleanup_source_ struct mo_source *src = NULL;
	const struct mo_entry *e;
	struct mo_lines l;
	int r;

	*nr = *bound = 0;
	if (s->debian)
		return get_detached(s, c, m, trailers, nr, bound, err);
	r = take_keyed(s, m, &name, &e, err);
	if (r < 0)
		return r;
	if (!e)
		return m->leaf->claimed ? missing(m, err) : 0;
	r = read_file(s, e, &src, err);
	if (r == 0) {
		r = mo_lines_open(&l, src, err);
		r = r < 0 ? r : read_entry(c, m, &l, trailers, nr, err);
		mo_lines_release(&l);
	}
	*bound = *nr;
	if (r < 0)
		blame(s, name.data, err);
	return r;
}

int mo_store_settle(struct mo_store *s, struct modulo_error *err)
{
	size_t nr = 0, first = 0;

	for (size_t i = s->dir.nr; i-- > 0;) {
		if (s->taken[i])
			continue;
		nr++;
		first = i;
	}
	if (s->single && !s->single_taken)
		nr = 1;
	if (!nr)
		return 0;
	mo_fail(err, MODULO_MISMATCH, MODULO_NO_OFFSET, "store.surplus",
		"no member takes this entry%s", nr > 1 ? ", and it is not the only one" : "");
	if (!s->single) {
		struct mo_arena arena = { 0 };
		const char *name = mo_entry_escaped(&s->dir.entry[first], &arena);

		blame(s, name ? name : "", err);
		mo_arena_release(&arena);
	} else {
		blame(s, NULL, err);
	}
	return MODULO_MISMATCH;
}
