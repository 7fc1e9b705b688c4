/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "report/report.h"

const struct verb verbs[] = {
	{ "compare", "say whether two artifacts are the same modulo signatures", "A B", COMPARE,
	  cmd_compare },
	{ "digest", "print signature-independent digests, or check them", "PATH...", DIGEST,
	  cmd_digest },
	{ "inspect", "show what is where, and who signed it", "PATH", INSPECT, cmd_inspect },
	{ "split", "take the signatures out: unsigned artifact, core, ledger, store", "SIGNED",
	  SPLIT, cmd_split },
	{ "join", "put signatures onto an unsigned artifact, bit for bit", "UNSIGNED", JOIN,
	  cmd_join },
	{ "verify", "judge signatures as the kernel would", "PATH", VERIFY, cmd_verify },
	{ "tree build", "hash a kernel's modules, in the order of its build",
	  "DIR | --order=FILE --base=DIR", TREE_BUILD, cmd_tree_build },
	{ "tree root", "print the root of a tree or of a kernel", "TREE|IMAGE", TREE_ROOT,
	  cmd_tree_root },
	{ "tree prove", "write a module's proof to a file", "MODULE", TREE_PROVE, cmd_tree_prove },
	{ "tree attach", "put its proof behind each module", "MODULE|DIR...", TREE_ATTACH,
	  cmd_tree_attach },
	{ "tree detach", "take the proofs away again", "MODULE|DIR...", TREE_DETACH,
	  cmd_tree_detach },
	{ "tree embed", "fill in the hashes that a kernel checks by", "VMLINUX", TREE_EMBED,
	  cmd_tree_embed },
	{ "tree verify", "say whether a kernel would load modules by their hashes", "MODULE|DIR...",
	  TREE_VERIFY, cmd_tree_verify },
	{ "tree audit", "hold all installed modules against an installed kernel", "DIR", TREE_AUDIT,
	  cmd_tree_audit },
};
const unsigned nr_verbs = sizeof(verbs) / sizeof(verbs[0]);

static const struct group {
	const char *name, *brief;
	unsigned verbs;
} groups[] = {
	{ "tree", "the modules that a kernel knows by hash: build, attach, embed, verify",
	  TREE_VERBS },
};
#define NR_GROUPS (sizeof(groups) / sizeof(groups[0]))

int refused(const struct args *a, const struct modulo_error *err)
{
	fflush(stdout);
	if (a->json)
		report_error_json(stderr, err);
	else
		report_error_text(stderr, "modulo", err);
	return EXIT_TROUBLE;
}

int usage_error(const struct args *a, const char *fmt, ...)
{
	struct modulo_error err = { .rc = MODULO_USAGE,
				    .id = "usage.option",
				    .offset = MODULO_NO_OFFSET };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err.text, sizeof(err.text), fmt, ap);
	va_end(ap);
	return refused(a, &err);
}

int finished(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	fprintf(stderr, "modulo: io.write: cannot write the output: %s\n", strerror(errno));
	return EXIT_TROUBLE;
}

/* What stands behind a group's name and a space; NULL: the verb is in no group, or another. */
static const char *word_in(const struct group *g, const struct verb *v)
{
	size_t n = strlen(g->name);

	return strncmp(v->name, g->name, n) == 0 && v->name[n] == ' ' ? v->name + n + 1 : NULL;
}

static void print_help(void)
{
	puts("usage: modulo VERB [OPTIONS] PATH...\n\nReproducible, modulo signatures.\n");
	for (unsigned i = 0; i < nr_verbs; i++)
		if (!strchr(verbs[i].name, ' '))
			printf("  %-8s %s\n", verbs[i].name, verbs[i].brief);
	for (unsigned i = 0; i < NR_GROUPS; i++)
		printf("  %-8s %s\n", groups[i].name, groups[i].brief);
	puts("\n`modulo VERB --help` lists a verb's options; the man pages are modulo(1) and "
	     "modulo-VERB(1).\n"
	     "Exit codes: 0 as asked; 1 different, invalid or not proven; 2 refused or trouble.");
}

static void print_group(const struct group *g)
{
	printf("usage: modulo %s VERB [OPTIONS] PATH...\n\n%s\n\n", g->name, g->brief);
	for (unsigned i = 0; i < nr_verbs; i++)
		if (word_in(g, &verbs[i]))
			printf("  %-8s %s\n", word_in(g, &verbs[i]), verbs[i].brief);
	printf("\n`modulo %s VERB --help` lists a verb's options:\n\n", g->name);
	args_print_options(g->verbs, false);
}

/* A verb and its options; a group as a verb, with its verbs' words and the options of them all. */
static void dump_verbs(void)
{
	for (unsigned i = 0; i < nr_verbs; i++) {
		if (strchr(verbs[i].name, ' '))
			continue;
		printf("%s\t%s\n", verbs[i].name, verbs[i].brief);
		args_print_options(verbs[i].bit, true);
	}
	for (unsigned i = 0; i < NR_GROUPS; i++) {
		printf("%s\t%s\n", groups[i].name, groups[i].brief);
		for (unsigned k = 0; k < nr_verbs; k++)
			if (word_in(&groups[i], &verbs[k]))
				printf("\t%s\t%s\n", word_in(&groups[i], &verbs[k]),
				       verbs[k].brief);
		args_print_options(groups[i].verbs, true);
	}
}

static int to_stdout(void *ctx, const void *p, size_t len)
{
	(void)ctx;
	return fwrite(p, 1, len, stdout) == len ? 0 : -1;
}

/* CODEC PARAMS ENCODER: stdin, a file, as that stream. For modulo-check --prove-encodings. */
static int encode(const struct args *none, char **word)
{
	struct modulo_error err = { 0 };

	if (modulo_encode(dup(STDIN_FILENO), word[0], word[1], word[2], to_stdout, NULL, &err) < 0)
		return refused(none, &err);
	return EXIT_OK;
}

static int run(const struct verb *v, int argc, char **argv)
{
	struct args a = { .verb = v->name };
	int r = args_parse(&a, v, argc, argv);

	if (r == 0)
		r = args_add_roots(&a);
	if (r == 0)
		r = v->run(&a);
	args_release(&a);
	return r < 0 ? EXIT_OK : r;
}

/* argv[0] is the group's name. */
static int run_group(const struct group *g, int argc, char **argv)
{
	struct args none = { 0 };

	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		print_group(g);
		return EXIT_OK;
	}
	for (unsigned i = 0; argc > 1 && i < nr_verbs; i++)
		if (word_in(g, &verbs[i]) && strcmp(argv[1], word_in(g, &verbs[i])) == 0)
			return run(&verbs[i], argc - 1, argv + 1);
	return usage_error(&none, "no verb `%s %s`; `modulo %s --help` lists them", g->name,
			   argc > 1 ? argv[1] : "", g->name);
}

int main(int argc, char **argv)
{
	struct args none = { 0 };

	signal(SIGPIPE, SIG_IGN);
	if (argc < 2)
		return usage_error(&none, "no verb; `modulo --help` lists them");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_help();
		return finished(EXIT_OK);
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("modulo %s\n", modulo_version());
		return finished(EXIT_OK);
	}
	if (strcmp(argv[1], "--dump-verbs") == 0) {
		dump_verbs();
		return finished(EXIT_OK);
	}
	if (strcmp(argv[1], "--encode") == 0 && argc == 5)
		return finished(encode(&none, argv + 2));
	for (unsigned i = 0; i < nr_verbs; i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return finished(run(&verbs[i], argc - 1, argv + 1));
	for (unsigned i = 0; i < NR_GROUPS; i++)
		if (strcmp(argv[1], groups[i].name) == 0)
			return finished(run_group(&groups[i], argc - 1, argv + 1));
	return usage_error(&none, "no verb `%s`; `modulo --help` lists them", argv[1]);
}
