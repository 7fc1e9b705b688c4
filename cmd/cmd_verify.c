/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signatures and proofs judged as a kernel that enforces them would: every signable member must
 * have one, and each must be by a key of the keyring, or lead to a root.
 */
#include <inttypes.h>
#include <stdio.h>

#include "progress.h"
#include "report/report.h"

struct verify {
	const struct args *a;
	uint64_t by_status[4], unsigned_members, shown;
};

static int member(void *ctx, const struct modulo_member *m, struct modulo_error *err)
{
	struct verify *v = ctx;

	(void)err;
	if (!m->nr_signatures && !m->signable)
		return 0;
	if (!m->nr_signatures)
		v->unsigned_members++;
	for (size_t i = 0; i < m->nr_signatures; i++)
		v->by_status[m->signature[i].status]++;
	if (v->a->quiet)
		return 0;
	if (v->a->json) {
		report_member_json(stdout, m, v->shown++ == 0);
		return 0;
	}
	for (size_t i = 0; i < m->nr_signatures; i++) {
		const struct modulo_signature *s = &m->signature[i];

		printf("%-12s %s: %s, %s%s%s\n", modulo_status_name(s->status),
		       m->path[0] ? m->path : v->a->path[0], s->kind, s->root ? "root " : "",
		       s->root	   ? s->root
		       : s->signer ? s->signer
		       : s->issuer ? s->issuer
				   : s->key_id,
		       s->refused ? ", refused by a list" : "");
	}
	if (!m->nr_signatures)
		printf("%-12s %s\n", "unsigned", m->path[0] ? m->path : v->a->path[0]);
	return 0;
}

int cmd_verify(struct args *a)
{
	struct verify v = { .a = a };
	struct modulo_error err = { 0 };
	struct progress_bar bar;
	uint64_t *n = v.by_status, all;
	bool json = a->json && !a->quiet, good;
	int r;

	if (a->nr_paths != 1)
		return usage_error(a, "verify wants one artifact");
	progress_begin(&bar, a);
	if (json) {
		printf("{\"schema\":\"modulo.verify/1\",\"artifact\":");
		report_json_string(stdout, a->path[0]);
		printf(",\"members\":[");
	}
	r = modulo_inspect(a->path[0], &a->opt, member, &v, &err);
	all = n[0] + n[1] + n[2] + n[3];
	good = r == 0 && all && n[MODULO_VERIFIED] == all && !v.unsigned_members;
	if (json)
		printf("],\"complete\":%s,\"signatures\":%" PRIu64 ",\"verified\":%" PRIu64
		       ",\"invalid\":%" PRIu64 ",\"unsigned\":%" PRIu64 ",\"ok\":%s}\n",
		       r < 0 ? "false" : "true", all, n[MODULO_VERIFIED], n[MODULO_INVALID],
		       v.unsigned_members, good ? "true" : "false");
	if (r < 0)
		return refused(a, &err);
	if (!a->quiet && !json)
		printf("%s (%" PRIu64 " signature%s: %" PRIu64 " verified, %" PRIu64
		       " unverified, %" PRIu64 " INVALID; %" PRIu64 " unsigned)\n",
		       good ? "verified" : "not verified", all, all == 1 ? "" : "s",
		       n[MODULO_VERIFIED], n[MODULO_UNVERIFIED] + n[MODULO_UNVERIFIABLE],
		       n[MODULO_INVALID], v.unsigned_members);
	return good ? EXIT_OK : EXIT_NOT;
}
