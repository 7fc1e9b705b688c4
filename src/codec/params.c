/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PARAMS: what a stream's headers say, as one token of doc/ledger.md 3. There is one spelling for
 * one meaning: parse takes nothing that render does not write.
 */
#include "codec/internal.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

static const struct {
	unsigned id;
	const char *name;
} checks[] = { { 0, "none" }, { 1, "crc32" }, { 4, "crc64" }, { 10, "sha256" } };

/* Takes "KEY=VALUE" off *s, and the comma behind it. The value reaches to the next comma or the
 * end. */
static bool take(const char **s, const char *key, bool last, const char **value, size_t *len)
{
	size_t k = strlen(key);

	if (strncmp(*s, key, k) || (*s)[k] != '=')
		return false;
	*value = *s + k + 1;
	*len = last ? strlen(*value) : strcspn(*value, ",");
	*s = *value + *len;
	if (last)
		return true;
	return *(*s)++ == ',';
}

static bool take_number(const char **s, const char *key, bool last, uint64_t max, uint64_t *v)
{
	const char *value;
	size_t len;

	return take(s, key, last, &value, &len) && mo_text_number(value, len, v) && *v <= max;
}

static bool is(const char *value, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(value, word, len) == 0;
}

static bool take_bool(const char **s, const char *key, bool last, bool *v)
{
	const char *value;
	size_t len;

	if (!take(s, key, last, &value, &len))
		return false;
	*v = is(value, len, "yes");
	return *v || is(value, len, "no");
}

bool mo_codec_gzip_parse(const char *s, struct mo_codec_gzip_params *p)
{
	struct mo_buf _cleanup_buf_ name = { 0 };
	uint64_t mtime, xfl, os;
	const char *value;
	size_t len;

	if (!take_number(&s, "mtime", false, UINT32_MAX, &mtime) ||
	    !take_number(&s, "xfl", false, UINT8_MAX, &xfl) ||
	    !take_number(&s, "os", false, UINT8_MAX, &os) ||
	    !take(&s, "name", true, &value, &len) || !mo_text_unescape(value, len, "", &name))
		return false;
	if (name.len > sizeof(p->name) || (name.len && memchr(name.data, 0, name.len)))
		return false;
	*p = (struct mo_codec_gzip_params){ .mtime = (uint32_t)mtime,
					    .xfl = (uint8_t)xfl,
					    .os = (uint8_t)os,
					    .name_len = name.len };
	if (name.len)
		memcpy(p->name, name.data, name.len);
	return true;
}

void mo_codec_gzip_render(const struct mo_codec_gzip_params *p, struct mo_buf *b)
{
	mo_buf_fmt(b, "mtime=%" PRIu32 ",xfl=%u,os=%u,name=", p->mtime, p->xfl, p->os);
	mo_buf_escape(b, p->name, p->name_len, "");
}

uint32_t mo_codec_xz_dict(uint8_t props)
{
	if (props >= 40)
		return props == 40 ? UINT32_MAX : 0;
	return (2 | (props & UINT32_C(1))) << (props / 2 + 11);
}

static bool xz_dict_known(uint64_t dict)
{
	for (uint8_t props = 0; props <= 40; props++) {
		if (mo_codec_xz_dict(props) == dict)
			return true;
	}
	return false;
}

bool mo_codec_xz_parse(const char *s, struct mo_codec_xz_params *p)
{
	struct mo_codec_xz_params q;
	const char *value;
	uint64_t dict;
	size_t len, i;

	if (!take(&s, "check", false, &value, &len))
		return false;
	for (i = 0; i < MO_NR(checks) && !is(value, len, checks[i].name); i++)
		;
	if (i == MO_NR(checks) || !take_number(&s, "dict", false, UINT32_MAX, &dict) ||
	    !xz_dict_known(dict) || !take_bool(&s, "sizes", false, &q.sizes) ||
	    !take_number(&s, "block", true, INT64_MAX, &q.block))
		return false;
	q.check = checks[i].id;
	q.dict = (uint32_t)dict;
	*p = q;
	return true;
}

void mo_codec_xz_render(const struct mo_codec_xz_params *p, struct mo_buf *b)
{
	for (size_t i = 0; i < MO_NR(checks); i++) {
		if (checks[i].id == p->check)
			mo_buf_fmt(b, "check=%s,", checks[i].name);
	}
	mo_buf_fmt(b, "dict=%" PRIu32 ",sizes=%s,block=%" PRIu64, p->dict, p->sizes ? "yes" : "no",
		   p->block);
}

uint64_t mo_codec_zstd_window(uint8_t descriptor)
{
	uint64_t base = UINT64_C(1) << (10 + (descriptor >> 3));

	return base + base / 8 * (descriptor & 7);
}

static bool zstd_window_known(uint64_t window)
{
	for (unsigned d = 0; d <= UINT8_MAX; d++) {
		if (mo_codec_zstd_window((uint8_t)d) == window)
			return true;
	}
	return false;
}

bool mo_codec_zstd_parse(const char *s, struct mo_codec_zstd_params *p)
{
	struct mo_codec_zstd_params q = { 0 };
	const char *value;
	size_t len;

	if (!take(&s, "window", false, &value, &len))
		return false;
	if (!is(value, len, "single") &&
	    (!mo_text_number(value, len, &q.window) || !zstd_window_known(q.window)))
		return false;
	if (!take_bool(&s, "checksum", false, &q.checksum) || !take_bool(&s, "size", true, &q.size))
		return false;
	/* A single segment's size is its window: it is always there. */
	if (!q.window && !q.size)
		return false;
	*p = q;
	return true;
}

void mo_codec_zstd_render(const struct mo_codec_zstd_params *p, struct mo_buf *b)
{
	if (p->window)
		mo_buf_fmt(b, "window=%" PRIu64, p->window);
	else
		mo_buf_str(b, "window=single");
	mo_buf_fmt(b, ",checksum=%s,size=%s", p->checksum ? "yes" : "no", p->size ? "yes" : "no");
}
