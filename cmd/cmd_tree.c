/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs on a kernel's modules: each of `modulo tree VERB` is a row in the table of verbs. */
#include <inttypes.h>
#include <stdio.h>

#include "modulo/tree.h"
#include "progress.h"
#include "report/report.h"

static int to_stdout(void *ctx, const void *p, size_t len)
{
	(void)ctx;
	return fwrite(p, 1, len, stdout) == len ? 0 : -1;
}

int cmd_tree_build(struct args *a)
{
	struct modulo_tree_from from = { .order = a->order, .base = a->base, .list = a->list };
	struct modulo_error err = { 0 };
	struct progress_bar bar;
	struct modulo_tree *t;
	int r;

	if (a->nr_paths > 1 || (a->nr_paths == 1) == (a->order != NULL))
		return usage_error(a, "tree build wants a folder, or --order and --base");
	if (!a->order != !a->base)
		return usage_error(a, "--order and --base go together");
	from.dir = a->path[0];
	progress_begin(&bar, a);
	if (modulo_tree_build(&from, &a->opt, &t, &err) < 0)
		return refused(a, &err);
	r = a->output ? modulo_tree_write(t, a->output, &err)
		      : modulo_tree_text(t, to_stdout, NULL, &err);
	modulo_tree_free(t);
	return r < 0 ? refused(a, &err) : EXIT_OK;
}

int cmd_tree_root(struct args *a)
{
	struct modulo_error err = { 0 };
	struct modulo_root root;

	if (a->nr_paths != 1)
		return usage_error(a, "tree root wants a tree's file or a kernel image");
	if (modulo_root_of(a->path[0], &root, &err) < 0)
		return refused(a, &err);
	if (!a->quiet)
		(a->json ? report_root_json : report_root_text)(stdout, &root);
	return EXIT_OK;
}

/* The tree that --tree names; NULL: code is the exit code. */
static struct modulo_tree *read_tree(struct args *a, int *code)
{
	struct modulo_error err = { 0 };
	struct modulo_tree *t = NULL;

	if (!a->tree)
		*code = usage_error(a, "%s wants --tree", a->verb);
	else if (modulo_tree_read(a->tree, &t, &err) < 0)
		*code = refused(a, &err);
	return t;
}

int cmd_tree_prove(struct args *a)
{
	struct modulo_error err = { 0 };
	struct modulo_tree *t;
	int code = EXIT_OK;

	if (a->nr_paths != 1)
		return usage_error(a, "tree prove wants one module");
	if (!a->output)
		return usage_error(a, "tree prove wants -o PROOF");
	t = read_tree(a, &code);
	if (t && modulo_tree_prove(t, a->path[0], a->output, &err) < 0)
		code = refused(a, &err);
	modulo_tree_free(t);
	return code;
}

static int attached(struct args *a, const char *what, const struct modulo_attached *did)
{
	if (a->json && !a->quiet)
		printf("{\"schema\":\"modulo.tree.%s/1\",\"modules\":%" PRIu64
		       ",\"written\":%" PRIu64 "}\n",
		       what, did->modules, did->written);
	else if (!a->quiet)
		printf("%sed: %" PRIu64 " of %" PRIu64 " modules\n", what, did->written,
		       did->modules);
	return EXIT_OK;
}

int cmd_tree_attach(struct args *a)
{
	struct modulo_error err = { 0 };
	struct modulo_attached did;
	struct progress_bar bar;
	struct modulo_tree *t;
	int code = EXIT_OK;

	if (!a->nr_paths)
		return usage_error(a, "tree attach wants modules or folders");
	t = read_tree(a, &code);
	if (!t)
		return code;
	progress_begin(&bar, a);
	code = modulo_tree_attach(t, a->path, (size_t)a->nr_paths, &a->opt, &did, &err) < 0
		       ? refused(a, &err)
		       : attached(a, "attach", &did);
	modulo_tree_free(t);
	return code;
}

int cmd_tree_detach(struct args *a)
{
	struct modulo_error err = { 0 };
	struct modulo_attached did;
	struct progress_bar bar;

	if (!a->nr_paths)
		return usage_error(a, "tree detach wants modules or folders");
	progress_begin(&bar, a);
	if (modulo_tree_detach(a->path, (size_t)a->nr_paths, &a->opt, &did, &err) < 0)
		return refused(a, &err);
	return attached(a, "detach", &did);
}

int cmd_tree_embed(struct args *a)
{
	struct modulo_error err = { 0 };
	struct modulo_tree *t;
	bool written = false;
	int code = EXIT_OK;

	if (a->nr_paths != 1)
		return usage_error(a, "tree embed wants one vmlinux");
	t = read_tree(a, &code);
	if (!t)
		return code;
	if (modulo_tree_embed(t, a->path[0], a->replace, &written, &err) < 0)
		code = refused(a, &err);
	else if (a->json && !a->quiet)
		printf("{\"schema\":\"modulo.tree.embed/1\",\"written\":%s}\n",
		       written ? "true" : "false");
	else if (!a->quiet)
		puts(written ? "embedded" : "there already, nothing written");
	modulo_tree_free(t);
	return code;
}

struct verify {
	const struct args *a;
	bool brief; /* no word on modules that load */
	uint64_t told;
};

static int tell(void *ctx, const struct modulo_tree_module *m, struct modulo_error *err)
{
	struct verify *v = ctx;

	(void)err;
	if (v->a->quiet)
		return 0;
	if (v->a->json)
		report_tree_module_json(stdout, m, v->told++ == 0);
	else if (!v->brief || !m->loads || m->hashed_as)
		report_tree_module_text(stdout, m);
	return 0;
}

static int verify(struct args *a, const struct modulo_tree_against *against, const char *verb,
		  bool brief)
{
	struct verify v = { .a = a, .brief = brief };
	struct modulo_tree_verdict verdict;
	struct modulo_error err = { 0 };
	struct progress_bar bar;
	bool json = a->json && !a->quiet;

	progress_begin(&bar, a);
	if (json)
		printf("{\"schema\":\"modulo.tree.%s/1\",\"modules\":[", verb);
	if (modulo_tree_verify(a->path, (size_t)a->nr_paths, against, &a->opt, tell, &v, &verdict,
			       &err) < 0) {
		if (json)
			puts("],\"complete\":false}");
		return refused(a, &err);
	}
	if (json)
		report_tree_verdict_json(stdout, &verdict);
	else if (!a->quiet)
		report_tree_verdict_text(stdout, &verdict);
	return report_tree_ok(&verdict) ? EXIT_OK : EXIT_NOT;
}

int cmd_tree_verify(struct args *a)
{
	struct modulo_tree_against against = { .tree = a->tree,
					       .root = a->root,
					       .kernel = a->kernel };

	if (!a->nr_paths)
		return usage_error(a, "tree verify wants modules or folders");
	if (!a->tree && !a->root && !a->kernel)
		return usage_error(a, "tree verify wants --tree, --root or --kernel");
	if (a->root && a->kernel)
		return usage_error(a, "--root and --kernel exclude each other");
	return verify(a, &against, "verify", false);
}

int cmd_tree_audit(struct args *a)
{
	struct modulo_tree_against against = { .tree = a->tree, .kernel = a->kernel, .all = true };

	if (a->nr_paths != 1)
		return usage_error(a, "tree audit wants one folder");
	if (!a->kernel)
		return usage_error(a, "tree audit wants --kernel");
	return verify(a, &against, "audit", true);
}
