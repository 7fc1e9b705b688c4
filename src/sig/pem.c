/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PEM (RFC 7468), strictly inside of blocks: lines of base64 that hold nothing else, canonical
 * padding. Text outside of blocks is for people, and other blocks (a private key beside its
 * certificate) are not ours.
 */
#include <string.h>

#include "base/text.h"
#include "sig/internal.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END   "-----END CERTIFICATE-----"

/* The line at *at without its LF or CR LF; *at moves to the next one. */
static struct mo_view take_line(const char *text, size_t len, size_t *at)
{
	const char *p = text + *at, *lf = memchr(p, '\n', len - *at);
	size_t n = lf ? (size_t)(lf - p) : len - *at;

	*at += n + (lf ? 1 : 0);
	return (struct mo_view){ (const uint8_t *)p, n - (n && p[n - 1] == '\r' ? 1 : 0) };
}

static bool is_line(struct mo_view line, const char *s)
{
	return line.len == strlen(s) && !memcmp(line.p, s, line.len);
}

static bool has_dash(struct mo_view line)
{
	return line.len && line.p[0] == '-';
}

int mo_sig_pem_next(const char *text, size_t len, size_t *at, struct mo_buf *der, bool *found,
		    struct modulo_error *err)
{
	_cleanup_buf_ struct mo_buf base64 = { 0 };
	struct mo_view line = { NULL, 0 };
	size_t start, next = *at;

	mo_buf_reset(der);
	do {
		if (next == len) {
			*found = false;
			return 0;
		}
		start = next;
		line = take_line(text, len, &next);
	} while (!is_line(line, BEGIN));
	for (;;) {
		if (next == len)
			return mo_fail(err, MODULO_MALFORMED, start, "keyring.format",
				       "a PEM block without an end");
		line = take_line(text, len, &next);
		if (has_dash(line))
			break;
		mo_buf_add(&base64, line.p, line.len);
	}
	if (!mo_buf_ok(&base64))
		return mo_fail_nomem(err);
	if (!is_line(line, END) || !base64.len || !mo_text_base64(base64.data, base64.len, der)) {
		if (!mo_buf_ok(der))
			return mo_fail_nomem(err);
		return mo_fail(err, MODULO_MALFORMED, start, "keyring.format",
			       "a PEM block that is not base64, or with another end");
	}
	*at = next;
	*found = true;
	return 0;
}
