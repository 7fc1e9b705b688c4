/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A growing byte buffer. Out of memory is sticky: writers need not check each step, mo_buf_ok() at
 * the end tells. data is NUL-terminated behind len, so that text can be printed as it is.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mo_buf {
	char *data;
	size_t len, size;
	bool failed;
};

#define _cleanup_buf_ _cleanup_(mo_buf_release)

void mo_buf_release(struct mo_buf *b);
/* Empties it and keeps its memory. */
void mo_buf_reset(struct mo_buf *b);
bool mo_buf_ok(const struct mo_buf *b);
void mo_buf_add(struct mo_buf *b, const void *data, size_t len);
void mo_buf_str(struct mo_buf *b, const char *s);
void mo_buf_chr(struct mo_buf *b, char c);
void mo_buf_fmt(struct mo_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mo_buf_hex(struct mo_buf *b, const uint8_t *p, size_t len);
void mo_buf_base64(struct mo_buf *b, const uint8_t *p, size_t len);
/* Escapes as a ledger's token (doc/ledger.md 2); also: further bytes to escape, "" for none. */
void mo_buf_escape(struct mo_buf *b, const void *p, size_t len, const char *also);
/* Makes room for len bytes and returns where to write them; NULL when out of memory. */
void *mo_buf_grow(struct mo_buf *b, size_t len);

#endif
