/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mo_buf_release(struct mo_buf *b)
{
	free(b->data);
	*b = (struct mo_buf){ 0 };
}

void mo_buf_reset(struct mo_buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

bool mo_buf_ok(const struct mo_buf *b)
{
	return !b->failed;
}

static bool reserve(struct mo_buf *b, size_t len)
{
	size_t want, size = b->size ? b->size : 64;
	char *p;

	if (b->failed || __builtin_add_overflow(b->len, len, &want) ||
	    __builtin_add_overflow(want, 1, &want) || want > SIZE_MAX / 2) {
		b->failed = true;
		return false;
	}
	if (want <= b->size)
		return true;
	while (size < want)
		size *= 2;
	p = realloc(b->data, size);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->data = p;
	b->size = size;
	return true;
}

void *mo_buf_grow(struct mo_buf *b, size_t len)
{
	char *at;

	if (!reserve(b, len))
		return NULL;
	at = b->data + b->len;
	b->len += len;
	b->data[b->len] = '\0';
	return at;
}

void mo_buf_add(struct mo_buf *b, const void *data, size_t len)
{
	void *at = mo_buf_grow(b, len);

	if (at && len)
		memcpy(at, data, len);
}

void mo_buf_str(struct mo_buf *b, const char *s)
{
	mo_buf_add(b, s, strlen(s));
}

void mo_buf_chr(struct mo_buf *b, char c)
{
	mo_buf_add(b, &c, 1);
}

void mo_buf_fmt(struct mo_buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;
	char *at;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	at = n < 0 ? NULL : mo_buf_grow(b, (size_t)n);
	if (at)
		vsnprintf(at, (size_t)n + 1, fmt, again);
	else
		b->failed = true;
	va_end(again);
}

void mo_buf_hex(struct mo_buf *b, const uint8_t *p, size_t len)
{
	static const char digit[] = "0123456789abcdef";
	char *at = len > SIZE_MAX / 2 ? NULL : mo_buf_grow(b, len * 2);

	for (size_t i = 0; at && i < len; i++) {
		*at++ = digit[p[i] >> 4];
		*at++ = digit[p[i] & 15];
	}
}

void mo_buf_base64(struct mo_buf *b, const uint8_t *p, size_t len)
{
	static const char digit[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *at = mo_buf_grow(b, (len / 3 + (len % 3 != 0)) * 4);

	while (at && len) {
		uint32_t v = (uint32_t)p[0] << 16 | (len > 1 ? (uint32_t)p[1] << 8 : 0) |
			     (len > 2 ? p[2] : 0);

		*at++ = digit[v >> 18];
		*at++ = digit[v >> 12 & 63];
		*at++ = len > 1 ? digit[v >> 6 & 63] : '=';
		*at++ = len > 2 ? digit[v & 63] : '=';
		p += len > 2 ? 3 : len;
		len -= len > 2 ? 3 : len;
	}
}

void mo_buf_escape(struct mo_buf *b, const void *p, size_t len, const char *also)
{
	const uint8_t *s = p;

	for (size_t i = 0; i < len; i++) {
		if (s[i] < 0x21 || s[i] > 0x7e || s[i] == '\\' || strchr(also, s[i]))
			mo_buf_fmt(b, "\\%03o", s[i]);
		else
			mo_buf_chr(b, (char)s[i]);
	}
}
