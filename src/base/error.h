/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Filling a struct modulo_error (include/modulo/error.h). */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdint.h>

#include "modulo/error.h"

/*
 * Records a failure and returns rc, for `return mo_fail(...)`. Keeps what is there where err has
 * failed already. id is a string literal, "room.what", that doc/formats/ or doc/refusals.md
 * explains; offset is in the byte string at hand, MODULO_NO_OFFSET where there is none. err may be
 * NULL.
 */
int mo_fail(struct modulo_error *err, int rc, uint64_t offset, const char *id, const char *fmt, ...)
	__attribute__((format(printf, 5, 6), cold));

/* As mo_fail with MODULO_IO, and errno's text (in English, whatever the locale) behind ": ". */
int mo_fail_errno(struct modulo_error *err, int errnum, const char *id, const char *fmt, ...)
	__attribute__((format(printf, 4, 5), cold));

int mo_fail_nomem(struct modulo_error *err) __attribute__((cold));

/* Adds base to a set error's offset: what failed at 3 in a slice failed at base + 3 in the whole.
 */
void mo_error_shift(struct modulo_error *err, uint64_t base);

/* Puts container in front of a set error's path: "x.ko" becomes "dir/x.ko" (sep '/') or "a!x.ko"
 * (sep '!'). */
void mo_error_within(struct modulo_error *err, const char *container, char sep);

#endif
