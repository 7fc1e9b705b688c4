/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "progress.h"
#include "report/report.h"

int cmd_compare(struct args *a)
{
	struct modulo_error err = { 0 };
	struct modulo_comparison *c;
	struct progress_bar bar;
	struct report_request q;
	int code;

	if (a->nr_paths != 2)
		return usage_error(a, "compare wants two artifacts");
	progress_begin(&bar, a);
	if (modulo_compare(a->path[0], a->path[1], &a->opt, &c, &err) < 0)
		return refused(a, &err);
	q = (struct report_request){ &a->opt, a->path[0], a->path[1], a->require_verified,
				     a->accept_content };
	if (!a->quiet)
		(a->json ? report_compare_json : report_compare_text)(stdout, c, &q);
	code = report_compare_ok(c, &q) ? EXIT_OK : EXIT_NOT;
	modulo_comparison_free(c);
	return code;
}
