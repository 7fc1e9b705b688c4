/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results of the verbs on a kernel's modules. */
#include "report/report.h"

/* LEVELS:HEX; of a list, which has no root, "list N:HEX". */
void report_root_text(FILE *f, const struct modulo_root *r)
{
	if (r->list)
		fputs("list ", f);
	fprintf(f, "%u:", r->list ? r->modules : r->levels);
	report_hex(f, r->hash, sizeof(r->hash));
	fputc('\n', f);
}

void report_root_json(FILE *f, const struct modulo_root *r)
{
	fprintf(f, "{\"schema\":\"modulo.tree.root/1\",\"kind\":\"%s\",\"%s\":%u,\"%s\":\"",
		r->list ? "list" : "tree", r->list ? "modules" : "levels",
		r->list ? r->modules : r->levels, r->list ? "sha256" : "hash");
	report_hex(f, r->hash, sizeof(r->hash));
	fputs("\"}\n", f);
}
