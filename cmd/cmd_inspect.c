/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "progress.h"
#include "report/report.h"

struct inspect {
	const struct args *a;
	uint64_t members;
};

static int member(void *ctx, const struct modulo_member *m, struct modulo_error *err)
{
	struct inspect *in = ctx;

	(void)err;
	if (in->a->quiet)
		return 0;
	if (in->a->json)
		report_member_json(stdout, m, in->members++ == 0);
	else
		report_member_text(stdout, m);
	return 0;
}

int cmd_inspect(struct args *a)
{
	struct inspect in = { a, 0 };
	struct modulo_error err = { 0 };
	struct progress_bar bar;
	bool json = a->json && !a->quiet;
	int r;

	if (a->nr_paths != 1)
		return usage_error(a, "inspect wants one artifact");
	progress_begin(&bar, a);
	if (json) {
		printf("{\"schema\":\"modulo.inspect/1\",\"artifact\":");
		report_json_string(stdout, a->path[0]);
		printf(",\"members\":[");
	}
	r = modulo_inspect(a->path[0], &a->opt, member, &in, &err);
	if (json)
		printf("],\"complete\":%s}\n", r < 0 ? "false" : "true");
	return r < 0 ? refused(a, &err) : EXIT_OK;
}
