/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"

#include <string.h>

bool mo_text_number(const char *s, size_t len, uint64_t *out)
{
	uint64_t v = 0;

	if (len == 0 || len > 19 || (s[0] == '0' && len > 1))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s[i] - '0');
	}
	if (v > INT64_MAX)
		return false;
	*out = v;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool mo_text_hex(const char *s, size_t len, uint8_t *out, size_t n)
{
	if (len / 2 != n || len % 2)
		return false;
	for (size_t i = 0; i < n; i++) {
		int hi = hex_digit(s[2 * i]), lo = hex_digit(s[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool mo_text_base64(const char *s, size_t len, struct mo_buf *out)
{
	size_t pad = 0;
	uint8_t *at;

	if (len == 0 || len % 4)
		return false;
	while (pad < 2 && s[len - 1 - pad] == '=')
		pad++;
	at = mo_buf_grow(out, len / 4 * 3 - pad);
	if (!at)
		return false;
	for (size_t i = 0; i < len; i += 4) {
		size_t n = i + 4 == len ? 4 - pad : 4;
		uint32_t v = 0;

		for (size_t k = 0; k < 4; k++) {
			int d = k < n ? base64_digit(s[i + k]) : 0;

			if (d < 0)
				return false;
			v = v << 6 | (uint32_t)d;
		}
		if ((n == 2 && v & 0xffff) || (n == 3 && v & 0xff))
			return false;
		*at++ = (uint8_t)(v >> 16);
		if (n > 2)
			*at++ = (uint8_t)(v >> 8);
		if (n > 3)
			*at++ = (uint8_t)v;
	}
	return true;
}

bool mo_text_unescape(const char *s, size_t len, const char *also, struct mo_buf *out)
{
	for (size_t i = 0; i < len; i++) {
		unsigned v = (uint8_t)s[i];

		if (v < 0x21 || v > 0x7e || strchr(also, s[i]))
			return false;
		if (s[i] == '\\') {
			if (len - i < 4)
				return false;
			v = 0;
			for (size_t k = 1; k < 4; k++) {
				if (s[i + k] < '0' || s[i + k] > '7')
					return false;
				v = v << 3 | (unsigned)(s[i + k] - '0');
			}
			if (v > 255 ||
			    (v >= 0x21 && v <= 0x7e && v != '\\' && !strchr(also, (int)v)))
				return false;
			i += 3;
		}
		mo_buf_chr(out, (char)v);
	}
	return mo_buf_ok(out);
}
