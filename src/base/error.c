/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 5, 0))) static int
set(struct modulo_error *err, int rc, uint64_t offset, const char *id, const char *fmt, va_list ap)
{
	if (!err || err->rc)
		return rc;
	err->rc = rc;
	err->offset = offset;
	err->path[0] = '\0';
	snprintf(err->id, sizeof(err->id), "%s", id);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	return rc;
}

int mo_fail(struct modulo_error *err, int rc, uint64_t offset, const char *id, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(err, rc, offset, id, fmt, ap);
	va_end(ap);
	return rc;
}

int mo_fail_errno(struct modulo_error *err, int errnum, const char *id, const char *fmt, ...)
{
	const char *why = strerrordesc_np(errnum);
	va_list ap;
	size_t n;

	if (err && err->rc)
		return MODULO_IO;
	va_start(ap, fmt);
	set(err, MODULO_IO, MODULO_NO_OFFSET, id, fmt, ap);
	va_end(ap);
	if (err) {
		n = strlen(err->text);
		snprintf(err->text + n, sizeof(err->text) - n, ": %s", why ? why : "unknown error");
	}
	return MODULO_IO;
}

int mo_fail_nomem(struct modulo_error *err)
{
	return mo_fail(err, MODULO_NOMEM, MODULO_NO_OFFSET, "io.memory", "out of memory");
}

void mo_error_shift(struct modulo_error *err, uint64_t base)
{
	if (err && err->rc && err->offset != MODULO_NO_OFFSET)
		err->offset += base;
}

void mo_error_within(struct modulo_error *err, const char *container, char sep)
{
	char whole[sizeof(err->path)];
	size_t n;

	if (!err || !err->rc)
		return;
	/* What could not be written lies in nothing that was read: its path is whole once it is
	 * there. */
	if (err->path[0] && strcmp(err->id, "io.write") == 0)
		return;
	n = strlen(container);
	if (n >= sizeof(whole) - 1)
		n = sizeof(whole) - 2;
	memcpy(whole, container, n);
	if (err->path[0])
		whole[n++] = sep;
	snprintf(whole + n, sizeof(whole) - n, "%s", err->path);
	memcpy(err->path, whole, sizeof(whole));
}
