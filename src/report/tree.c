/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results of the verbs on a kernel's modules. */
#include "report/report.h"

#include <inttypes.h>

/* LEVELS:HEX; of a list, which has no root, "list N:HEX". */
void report_root_text(FILE *f, const struct modulo_root *r)
{
	if (r->list)
		fputs("list ", f);
	fprintf(f, "%u:", r->list ? r->modules : r->levels);
	report_hex(f, r->hash, sizeof(r->hash));
	fputc('\n', f);
}

static void root_json(FILE *f, const struct modulo_root *r)
{
	fprintf(f, "\"kind\":\"%s\",\"%s\":%u,\"%s\":\"", r->list ? "list" : "tree",
		r->list ? "listed" : "levels", r->list ? r->modules : r->levels,
		r->list ? "sha256" : "root");
	report_hex(f, r->hash, sizeof(r->hash));
	fputc('"', f);
}

void report_root_json(FILE *f, const struct modulo_root *r)
{
	fputs("{\"schema\":\"modulo.tree.root/1\",", f);
	root_json(f, r);
	fputs("}\n", f);
}

bool report_tree_ok(const struct modulo_tree_verdict *v)
{
	return v->loads == v->modules && !v->missing;
}

void report_tree_module_text(FILE *f, const struct modulo_tree_module *m)
{
	fprintf(f, "%-11s %s: %s", m->verdict, m->path, m->text);
	if (m->hashed_as)
		fprintf(f, "; it was hashed as %s, and names are not authenticated", m->hashed_as);
	fputc('\n', f);
}

void report_tree_module_json(FILE *f, const struct modulo_tree_module *m, bool first)
{
	fputs(first ? "\n{" : ",\n{", f);
	report_json_texts(f, "path", m->path, "verdict", m->verdict, "text", m->text, "hashed_as",
			  m->hashed_as, "codec", m->codec, NULL);
	fprintf(f, ",\"loads\":%s,\"signed\":%s,\"proof\":", m->loads ? "true" : "false",
		m->is_signed ? "true" : "false");
	if (m->has_proof && m->root) {
		fprintf(f, "{\"index\":%u,\"levels\":%u,\"root\":\"", m->index, m->levels);
		report_hex(f, m->root, 32);
		fputs("\"}}", f);
	} else {
		fputs(m->has_proof ? "{}}" : "null}", f);
	}
}

void report_tree_verdict_text(FILE *f, const struct modulo_tree_verdict *v)
{
	fprintf(f, "%-11s ", "root");
	report_root_text(f, &v->root);
	if (v->kernel)
		fprintf(f, "%-11s %s\n", "kernel", v->kernel);
	if (v->compressed)
		fprintf(f,
			"%-11s %" PRIu64 " modules: modprobe unpacks them, or a kernel with "
			"CONFIG_MODULE_DECOMPRESS for the same codec\n",
			"compressed", v->compressed);
	fprintf(f, "%s %" PRIu64 " of %" PRIu64 " modules",
		report_tree_ok(v) ? "all load:" : "not all load:", v->loads, v->modules);
	if (v->renamed)
		fprintf(f, ", %" PRIu64 " renamed", v->renamed);
	if (v->missing)
		fprintf(f, ", %" PRIu64 " missing", v->missing);
	fputc('\n', f);
}

void report_tree_verdict_json(FILE *f, const struct modulo_tree_verdict *v)
{
	fprintf(f, "],\"complete\":true,\"ok\":%s,", report_tree_ok(v) ? "true" : "false");
	root_json(f, &v->root);
	fputs(",\"kernel\":", f);
	report_json_string(f, v->kernel);
	fprintf(f,
		",\"count\":%" PRIu64 ",\"loads\":%" PRIu64 ",\"compressed\":%" PRIu64
		",\"renamed\":%" PRIu64 ",\"missing\":%" PRIu64 "}\n",
		v->modules, v->loads, v->compressed, v->renamed, v->missing);
}
