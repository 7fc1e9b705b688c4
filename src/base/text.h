/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The spellings of doc/ledger.md 2, read strictly: one spelling for each value. All take a string
 * of a given length and return false, with *out not to be used, where it is anything else.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* decimal, no leading zero, at most 2^63-1 */
bool mo_text_number(const char *s, size_t len, uint64_t *out);
/* exactly n bytes as 2n lower-case digits */
bool mo_text_hex(const char *s, size_t len, uint8_t *out, size_t n);
/* RFC 4648 section 4, padded, unused bits zero, not empty; the bytes are added to out */
bool mo_text_base64(const char *s, size_t len, struct mo_buf *out);
/* a token's escapes undone; also: bytes that are escaped besides, as in mo_buf_escape */
bool mo_text_unescape(const char *s, size_t len, const char *also, struct mo_buf *out);

#endif
