/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options are data: parsing, --help, completions and the man pages' test all read one table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

enum option_id {
	O_ONLY,
	O_IGNORE,
	O_KEYRING,
	O_DBX,
	O_ROOT,
	O_ROOT_OF,
	O_REQUIRE,
	O_ACCEPT,
	O_METADATA,
	O_NESTED,
	O_ALLOW,
	O_STRICT,
	O_PROVE,
	O_CHECK,
	O_MANIFEST,
	O_UNSIGNED,
	O_CORE,
	O_LEDGER,
	O_STORE,
	O_FROM,
	O_OUTPUT,
	O_ORDER,
	O_BASE,
	O_LIST,
	O_TREE,
	O_TREE_ROOT,
	O_KERNEL,
	O_REPLACE,
	O_FORMAT,
	O_JOBS,
	O_PROGRESS,
	O_QUIET,
	O_HELP,
};

#define TREE_PARALLEL (TREE_BUILD | TREE_ATTACH | TREE_DETACH | TREE_VERIFY | TREE_AUDIT)

static const struct option {
	const char *name, *arg, *brief;
	enum option_id id;
	unsigned verbs;
} options[] = {
	{ "--only", "GLOB", "only members whose path fits; may be given again", O_ONLY, ALL_VERBS },
	{ "--ignore", "GLOB", "no members whose path fits; may be given again", O_IGNORE,
	  ALL_VERBS },
	{ "--keyring", "FILE", "certificates of trusted signers, PEM or DER; may be given again",
	  O_KEYRING, ALL_VERBS & ~DIGEST },
	{ "--dbx", "FILE", "contents and signers that are refused; may be given again", O_DBX,
	  ALL_VERBS & ~DIGEST },
	{ "--root", "LEVELS:HEX", "root of a trusted tree of modules; may be given again", O_ROOT,
	  COMPARE | INSPECT | JOIN | VERIFY },
	{ "--tree", "FILE", "trust the root of this tree, as tree build wrote it", O_ROOT_OF,
	  COMPARE | INSPECT | JOIN | VERIFY },
	{ "--kernel", "IMAGE", "trust the root in this kernel, as installed", O_ROOT_OF,
	  COMPARE | INSPECT | JOIN | VERIFY },
	{ "--require", "verified", "fail unless every signature is verified", O_REQUIRE, COMPARE },
	{ "--accept", "content", "be content with the same content in other encodings", O_ACCEPT,
	  COMPARE },
	{ "--metadata", NULL, "owner, times and extended attributes of files count too", O_METADATA,
	  ALL_VERBS },
	{ "--nested", NULL, "explain stacked signatures one by one instead of refusing them",
	  O_NESTED, ALL_VERBS },
	{ "--allow", "unsigned-attributes", "take signatures with unsigned attributes", O_ALLOW,
	  ALL_VERBS },
	{ "--strict", NULL, "refuse fields that nothing vouches for (a wrong CheckSum)", O_STRICT,
	  ALL_VERBS },
	{ "--prove-encodings", NULL, "find the encoder of each compressed stream", O_PROVE,
	  COMPARE | INSPECT | SPLIT },
	{ "--check", "FILE", "check the digests listed in FILE", O_CHECK, DIGEST },
	{ "--manifest", NULL, "print what the digest is made over", O_MANIFEST, DIGEST },
	{ "--unsigned", "OUT", "write the artifact without its signatures", O_UNSIGNED, SPLIT },
	{ "--core", "FILE", "write the core's bytes", O_CORE, SPLIT },
	{ "--ledger", "FILE", "the ledger to write (split) or to join with (join)", O_LEDGER,
	  SPLIT | JOIN },
	{ "--store", "DIR", "write the signatures, keyed by what they sign", O_STORE, SPLIT },
	{ "--from", "STORE", "take signatures from a store, a folder of <path>.sig, or one .sig",
	  O_FROM, JOIN },
	{ "--output", "OUT", "where the result goes; also -o OUT", O_OUTPUT,
	  JOIN | TREE_BUILD | TREE_PROVE },
	{ "--order", "FILE", "the modules, in the order of FILE, a modules.order", O_ORDER,
	  TREE_BUILD },
	{ "--base", "DIR", "the folder that the paths of --order are relative to", O_BASE,
	  TREE_BUILD },
	{ "--list", NULL, "a plain list of hashes, without proofs, instead of a tree", O_LIST,
	  TREE_BUILD },
	{ "--tree", "FILE", "the tree, as tree build wrote it", O_TREE,
	  TREE_PROVE | TREE_ATTACH | TREE_EMBED | TREE_VERIFY | TREE_AUDIT },
	{ "--root", "LEVELS:HEX", "the root to hold modules against", O_TREE_ROOT, TREE_VERIFY },
	{ "--kernel", "IMAGE", "the kernel to hold modules against, as installed", O_KERNEL,
	  TREE_VERIFY | TREE_AUDIT },
	{ "--replace", NULL, "fill the section again where it holds other hashes", O_REPLACE,
	  TREE_EMBED },
	{ "--format", "text|json", "how to report", O_FORMAT, ALL_VERBS | TREE_VERBS },
	{ "--jobs", "N", "threads; all processors if not given", O_JOBS,
	  ALL_VERBS | TREE_PARALLEL },
	{ "--progress", "auto|never|json", "progress on standard error", O_PROGRESS,
	  ALL_VERBS | TREE_PARALLEL },
	{ "--quiet", NULL, "no report, the exit code only", O_QUIET, ALL_VERBS | TREE_VERBS },
	{ "--help", NULL, "list these options", O_HELP, ALL_VERBS | TREE_VERBS },
};
#define NR_OPTIONS (sizeof(options) / sizeof(options[0]))

void args_print_options(unsigned bits, bool for_tools)
{
	for (size_t i = 0; i < NR_OPTIONS; i++) {
		char left[64];

		if (!(options[i].verbs & bits))
			continue;
		snprintf(left, sizeof(left), "%s%s%s", options[i].name, options[i].arg ? "=" : "",
			 options[i].arg ? options[i].arg : "");
		if (for_tools)
			printf("\t%s\t%s\n", left, options[i].brief);
		else
			printf("  %-28s %s\n", left, options[i].brief);
	}
}

int args_add(const char *const **list, size_t *nr, const char *value)
{
	const char **more = realloc((void *)(uintptr_t)*list, (*nr + 1) * sizeof(*more));

	if (!more)
		return -1;
	more[(*nr)++] = value;
	*list = more;
	return 0;
}

static int choose(struct args *a, const struct option *o, const char *value)
{
	struct modulo_options *opt = &a->opt;
	char *end;
	long n;

	switch (o->id) {
	case O_ONLY:
		return args_add(&opt->only, &opt->nr_only, value);
	case O_IGNORE:
		return args_add(&opt->ignore, &opt->nr_ignore, value);
	case O_KEYRING:
		return args_add(&opt->keyring, &opt->nr_keyring, value);
	case O_DBX:
		return args_add(&opt->dbx, &opt->nr_dbx, value);
	case O_ROOT:
		return args_add(&opt->root, &opt->nr_root, value);
	case O_ROOT_OF:
		return args_add(&a->root_of, &a->nr_root_of, value);
	case O_REQUIRE:
		a->require_verified = true;
		return strcmp(value, "verified") ? -1 : 0;
	case O_ALLOW:
		opt->flags |= MODULO_ALLOW_UNSIGNED_ATTRIBUTES;
		return strcmp(value, "unsigned-attributes") ? -1 : 0;
	case O_ACCEPT:
		a->accept_content = true;
		return strcmp(value, "content") ? -1 : 0;
	case O_FORMAT:
		a->json = strcmp(value, "json") == 0;
		return a->json || strcmp(value, "text") == 0 ? 0 : -1;
	case O_JOBS:
		n = strtol(value, &end, 10);
		opt->jobs = (unsigned)n;
		return *value && !*end && n >= 1 && n <= 256 ? 0 : -1;
	case O_PROGRESS:
		a->progress = strcmp(value, "never") == 0  ? PROGRESS_NEVER
			      : strcmp(value, "json") == 0 ? PROGRESS_JSON
							   : PROGRESS_AUTO;
		return a->progress || strcmp(value, "auto") == 0 ? 0 : -1;
	default:
		*(o->id == O_CHECK	 ? &a->check
		  : o->id == O_UNSIGNED	 ? &a->unsigned_path
		  : o->id == O_CORE	 ? &a->core
		  : o->id == O_LEDGER	 ? &a->ledger
		  : o->id == O_STORE	 ? &a->store
		  : o->id == O_FROM	 ? &a->from
		  : o->id == O_ORDER	 ? &a->order
		  : o->id == O_BASE	 ? &a->base
		  : o->id == O_TREE	 ? &a->tree
		  : o->id == O_TREE_ROOT ? &a->root
		  : o->id == O_KERNEL	 ? &a->kernel
					 : &a->output) = value;
		return 0;
	}
}

static void set_flag(struct args *a, enum option_id id)
{
	switch (id) {
	case O_METADATA:
		a->opt.flags |= MODULO_METADATA;
		break;
	case O_NESTED:
		a->opt.flags |= MODULO_NESTED;
		break;
	case O_STRICT:
		a->opt.flags |= MODULO_STRICT;
		break;
	case O_PROVE:
		a->opt.flags |= MODULO_PROVE;
		break;
	case O_MANIFEST:
		a->manifest = true;
		break;
	case O_LIST:
		a->list = true;
		break;
	case O_REPLACE:
		a->replace = true;
		break;
	default:
		a->quiet = true;
	}
}

static const struct option *find(const struct verb *v, const char *s, size_t len)
{
	for (size_t i = 0; i < NR_OPTIONS; i++)
		if (options[i].verbs & v->bit && strlen(options[i].name) == len &&
		    memcmp(options[i].name, s, len) == 0)
			return &options[i];
	return NULL;
}

/* --option=ARG, --option ARG, -o ARG; "--" ends the options. */
static int parse_option(struct args *a, const struct verb *v, int argc, char **argv, int *i)
{
	const char *s = strcmp(argv[*i], "-o") == 0 ? "--output" : argv[*i], *eq = strchr(s, '='),
		   *value = NULL;
	const struct option *o = find(v, s, eq ? (size_t)(eq - s) : strlen(s));

	if (!o)
		return usage_error(a, "%s knows no option %s", v->name, argv[*i]);
	if (o->id == O_HELP) {
		printf("usage: modulo %s [OPTIONS] %s\n\n%s\n\n", v->name, v->operands, v->brief);
		args_print_options(v->bit, false);
		return -1;
	}
	if (!o->arg) {
		if (eq)
			return usage_error(a, "%s takes no value", o->name);
		set_flag(a, o->id);
		return 0;
	}
	if (eq)
		value = eq + 1;
	else if (*i + 1 < argc)
		value = argv[++*i];
	if (!value || choose(a, o, value) < 0)
		return usage_error(a, "%s wants %s", o->name, o->arg);
	return 0;
}

int args_parse(struct args *a, const struct verb *v, int argc, char **argv)
{
	bool only_paths = false;

	a->path = calloc((size_t)argc + 1, sizeof(*a->path));
	if (!a->path)
		return usage_error(a, "out of memory");
	for (int i = 1; i < argc; i++) {
		int r;

		if (only_paths || argv[i][0] != '-' || !argv[i][1]) {
			a->path[a->nr_paths++] = argv[i];
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			only_paths = true;
			continue;
		}
		r = parse_option(a, v, argc, argv, &i);
		if (r)
			return r;
	}
	return 0;
}

void args_release(struct args *a)
{
	free((void *)(uintptr_t)a->opt.only);
	free((void *)(uintptr_t)a->opt.ignore);
	free((void *)(uintptr_t)a->opt.keyring);
	free((void *)(uintptr_t)a->opt.dbx);
	free((void *)(uintptr_t)a->opt.root);
	free((void *)(uintptr_t)a->root_of);
	free(a->root_text);
	free(a->path);
}
