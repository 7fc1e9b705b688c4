/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "verb/members.h"
#include "verb/public.h"

struct inspect {
	int (*member)(void *, const struct modulo_member *, struct modulo_error *);
	void *ctx;
};

static int take(struct mo_members *v, size_t i, struct mo_member *m, struct modulo_error *err)
{
	struct inspect *in = v->ctx;
	struct modulo_member p;
	int r = mo_public_member(m, &p, err);

	(void)i;
	return r < 0 ? r : in->member(in->ctx, &p, err);
}

MODULO_API int modulo_inspect(const char *path, const struct modulo_options *opt,
			      int (*member)(void *ctx, const struct modulo_member *m,
					    struct modulo_error *err),
			      void *ctx, struct modulo_error *err)
{
	struct inspect in = { member, ctx };
	struct mo_context c = { 0 };
	struct mo_artifact a = { 0 };
	struct mo_members v = { .c = &c, .a = &a, .want = MO_WANT_FACTS, .take = take, .ctx = &in };
	int r = mo_context_init(&c, opt, err);

	r = r < 0 ? r : mo_artifact_open(&c, path, &a, err);
	r = r < 0 ? r : mo_members_run(&v, err);
	mo_artifact_release(&a);
	mo_context_release(&c);
	return r;
}

MODULO_API int modulo_forms_digest(uint8_t out[32], struct modulo_error *err)
{
	struct mo_forms forms = { 0 };
	int r = mo_forms_load(&forms, err);

	if (r == 0)
		memcpy(out, forms.digest, sizeof(forms.digest));
	mo_forms_release(&forms);
	return r;
}

MODULO_API const char *modulo_version(void)
{
	return MODULO_VERSION;
}
