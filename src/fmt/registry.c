/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fmt/format.h"

#include <string.h>

static const struct mo_format *const formats[] = {
	&mo_format_module,
	&mo_format_pe,
};

static bool matches(const struct mo_format *f, const uint8_t *head, size_t len)
{
	for (size_t i = 0; i < MO_NR(f->magic) && f->magic[i].len; i++) {
		const struct mo_magic *m = &f->magic[i];

		if (len >= m->off + m->len && memcmp(head + m->off, m->bytes, m->len) == 0)
			return true;
	}
	return false;
}

int mo_format_identify(const uint8_t *head, size_t len, const struct mo_format **out,
		       struct modulo_error *err)
{
	const struct mo_format *found = NULL;

	for (size_t i = 0; i < MO_NR(formats); i++) {
		if (!matches(formats[i], head, len))
			continue;
		if (found)
			return mo_fail(err, MODULO_UNSUPPORTED, 0, "format.ambiguous",
				       "both %s and %s claim these bytes", found->name,
				       formats[i]->name);
		found = formats[i];
	}
	*out = found;
	return 0;
}

const struct mo_detached *mo_format_detached(size_t i)
{
	for (size_t f = 0; f < MO_NR(formats); f++)
		for (const struct mo_detached *d = formats[f]->detached; d && d->suffix; d++)
			if (i-- == 0)
				return d;
	return NULL;
}
