/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "progress.h"
#include "report/report.h"

int cmd_join(struct args *a)
{
	struct modulo_join_result res;
	struct modulo_error err = { 0 };
	struct progress_bar bar;
	int r;

	if (a->nr_paths != 1)
		return usage_error(a, "join wants one artifact");
	if (!a->ledger == !a->from)
		return usage_error(a, "join wants either --ledger or --from");
	if (!a->output)
		return usage_error(a, "join wants -o OUT");
	progress_begin(&bar, a);
	r = a->ledger ? modulo_join_ledger(a->path[0], a->ledger, a->output, &a->opt, &res, &err)
		      : modulo_join_store(a->path[0], a->from, a->output, &a->opt, &res, &err);
	if (r < 0)
		return refused(a, &err);
	if (a->quiet)
		return EXIT_OK;
	if (a->json) {
		printf("{\"schema\":\"modulo.join/1\",\"members\":%" PRIu64
		       ",\"signatures\":%" PRIu64 ",\"bound\":%" PRIu64 ",\"unbound\":%" PRIu64
		       "}\n",
		       res.members, res.signatures, res.bound, res.unbound);
		return EXIT_OK;
	}
	if (a->ledger)
		printf("joined: %" PRIu64
		       " members, the artifact that the ledger names, bit for bit\n",
		       res.members);
	else
		printf("joined: %" PRIu64 " members, %" PRIu64 " signatures (%" PRIu64
		       " bound to their content)\n",
		       res.members, res.signatures, res.bound);
	if (!a->ledger && res.unbound)
		fprintf(stderr,
			"modulo: %" PRIu64 " signatures could not be bound to their content: they "
					   "carry no digest, and no "
			"certificate for them is in a --keyring\n",
			res.unbound);
	return EXIT_OK;
}
