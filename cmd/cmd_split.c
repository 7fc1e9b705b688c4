/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "progress.h"
#include "report/report.h"

static void print_digest(const char *key, uint64_t len, const uint8_t digest[32])
{
	printf("%-10s %" PRIu64 " bytes, SHA-256 ", key, len);
	report_hex(stdout, digest, 32);
	putchar('\n');
}

static void print_json(const struct modulo_split_result *r)
{
	printf("{\"schema\":\"modulo.split/1\",\"members\":%" PRIu64 ",\"signatures\":%" PRIu64
	       ",\"stored\":%" PRIu64,
	       r->members, r->signatures, r->stored);
	if (r->has_digests) {
		printf(",\"artifact\":\"");
		report_hex(stdout, r->artifact, 32);
		printf("\",\"core\":\"");
		report_hex(stdout, r->core, 32);
		putchar('"');
	}
	puts("}");
}

int cmd_split(struct args *a)
{
	struct modulo_split_to to = { a->unsigned_path, a->core, a->ledger, a->store };
	struct modulo_split_result res;
	struct modulo_error err = { 0 };
	struct progress_bar bar;

	if (a->nr_paths != 1)
		return usage_error(a, "split wants one artifact");
	if (!to.unsigned_path && !to.core && !to.ledger && !to.store)
		return usage_error(a, "split wants to know what to write: --unsigned, --core, "
				      "--ledger or --store");
	progress_begin(&bar, a);
	if (modulo_split(a->path[0], &a->opt, &to, &res, &err) < 0)
		return refused(a, &err);
	if (a->quiet)
		return EXIT_OK;
	if (a->json) {
		print_json(&res);
		return EXIT_OK;
	}
	if (res.has_digests) {
		print_digest("artifact", res.artifact_length, res.artifact);
		print_digest("core", res.core_length, res.core);
	}
	printf("split: %" PRIu64 " members, %" PRIu64 " signatures", res.members, res.signatures);
	if (to.store)
		printf(", %" PRIu64 " entries in the store", res.stored);
	putchar('\n');
	return EXIT_OK;
}
