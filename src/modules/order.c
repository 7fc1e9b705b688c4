/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/order.h"

#include <string.h>

#include "base/buf.h"
#include "io/dir.h"
#include "merkle/tree.h"
#include "modules/module.h"

#define ORDER_MAX      (256u << 20) /* bytes of a modules.order */
#define PATH_BYTES_MAX 4096

static int add(struct mo_order *o, const char *path, size_t len, struct modulo_error *err)
{
	if (o->nr == MO_MERKLE_LEAVES_MAX)
		return mo_fail(err, MODULO_LIMIT, MODULO_NO_OFFSET, "merkle.leaves",
			       "over %u modules", MO_MERKLE_LEAVES_MAX);
	if (o->nr == o->max) {
		size_t max = o->max ? o->max * 2 : 1024;
		const char **more = reallocarray((void *)(uintptr_t)o->path, max, sizeof(*more));

		if (!more)
			return mo_fail_nomem(err);
		o->path = more;
		o->max = max;
	}
	o->path[o->nr] = mo_arena_dup(&o->arena, path, len);
	return o->path[o->nr++] ? 0 : mo_fail_nomem(err);
}

void mo_order_release(struct mo_order *o)
{
	free((void *)(uintptr_t)o->path);
	mo_arena_release(&o->arena);
	*o = (struct mo_order){ 0 };
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int check_twice(const struct mo_order *o, struct modulo_error *err)
{
	_cleanup_free_ const char **sorted = calloc(o->nr + 1, sizeof(*sorted));

	if (!sorted)
		return mo_fail_nomem(err);
	if (o->nr)
		memcpy(sorted, o->path, o->nr * sizeof(*sorted));
	qsort(sorted, o->nr, sizeof(*sorted), compare_paths);
	for (size_t i = 1; i < o->nr; i++) {
		if (strcmp(sorted[i - 1], sorted[i]) != 0)
			continue;
		_cleanup_buf_ struct mo_buf b = { 0 };

		mo_buf_escape(&b, sorted[i], strlen(sorted[i]), "");
		return mo_fail(err, MODULO_MALFORMED, MODULO_NO_OFFSET, "order.twice",
			       "%.200s is there twice", mo_buf_ok(&b) ? b.data : "a module");
	}
	return 0;
}

/* A line without "." and empty names, .o written as .ko. */
static bool clean(const char *line, size_t len, struct mo_buf *out)
{
	const struct mo_codec *codec;

	if (memchr(line, '\0', len) || len > PATH_BYTES_MAX)
		return false;
	if (len && line[0] == '/')
		mo_buf_chr(out, '/');
	for (size_t at = 0, n; at < len; at += n + 1) {
		const char *slash = memchr(line + at, '/', len - at);

		n = slash ? (size_t)(slash - (line + at)) : len - at;
		if (n == 0 || (n == 1 && line[at] == '.'))
			continue;
		if (out->len && out->data[out->len - 1] != '/')
			mo_buf_chr(out, '/');
		mo_buf_add(out, line + at, n);
	}
	if (mo_buf_ok(out) && out->len > 2 && memcmp(out->data + out->len - 2, ".o", 2) == 0) {
		out->len--;
		mo_buf_str(out, "ko");
	}
	return !mo_buf_ok(out) ||
	       (out->len && mo_module_name(out->data, &codec) == out->len && !codec);
}

int mo_order_read(struct mo_source *s, struct mo_order *out, struct modulo_error *err)
{
	_cleanup_free_ char *text = NULL;
	struct mo_order o = { 0 };
	size_t len = (size_t)s->len;
	int r = 0;

	if (s->len > ORDER_MAX)
		return mo_fail(err, MODULO_LIMIT, MODULO_NO_OFFSET, "order.line",
			       "over %u bytes are no list of modules", ORDER_MAX);
	text = malloc(len + 1);
	if (!text)
		return mo_fail_nomem(err);
	r = mo_source_read(s, 0, text, len, err);
	for (size_t at = 0, n; r == 0 && at < len; at += n + 1) {
		_cleanup_buf_ struct mo_buf path = { 0 };
		const char *nl = memchr(text + at, '\n', len - at);

		n = nl ? (size_t)(nl - (text + at)) : len - at;
		if (!clean(text + at, n, &path))
			r = mo_fail(err, MODULO_MALFORMED, at, "order.line",
				    "a line that is no path of a module (.ko, or .o for it)");
		else
			r = mo_buf_ok(&path) ? add(&o, path.data, path.len, err)
					     : mo_fail_nomem(err);
	}
	r = r < 0 ? r : check_twice(&o, err);
	if (r < 0)
		mo_order_release(&o);
	else
		*out = o;
	return r;
}

int mo_order_list(const char *dir, struct mo_order *out, struct modulo_error *err)
{
	struct mo_dir d = { 0 };
	struct mo_order o = { 0 };
	const struct mo_codec *codec;
	int r = mo_dir_list(dir, false, &d, err);

	for (size_t i = 0; r == 0 && i < d.nr; i++) {
		size_t len = mo_module_name(d.entry[i].path, &codec);

		if (len && (d.entry[i].type == MO_FILE || d.entry[i].type == MO_LINK))
			r = add(&o, d.entry[i].path, len, err);
	}
	mo_dir_release(&d);
	r = r < 0 ? r : check_twice(&o, err);
	if (r < 0)
		mo_order_release(&o);
	else
		*out = o;
	return r;
}
