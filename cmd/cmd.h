/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line: a table of verbs, a table of options, one file for each verb. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdbool.h>

#include "modulo/modulo.h"
#include "modulo/tree.h"

#define EXIT_OK	     0
#define EXIT_NOT     1 /* different, invalid or not proven */
#define EXIT_TROUBLE 2 /* refused, unreadable, usage */

enum progress { PROGRESS_AUTO, PROGRESS_NEVER, PROGRESS_JSON };

/* What the options said. */
struct args {
	const char *verb;
	struct modulo_options opt; /* only, ignore, keyring, root: NULL-less arrays, malloced */
	bool json, quiet, manifest, list, replace;
	bool require_verified, accept_content;
	const char *check, *unsigned_path, *core, *ledger, *store, *from, *output;
	const char *order, *base, *tree, *root, *kernel;
	const char *const *root_of; /* trees' files and kernels whose roots are to be added */
	size_t nr_root_of;
	char (*root_text)[MODULO_ROOT_TEXT]; /* what was added */
	enum progress progress;
	char **path;
	int nr_paths;
};

enum verb_bit {
	COMPARE = 1 << 0,
	DIGEST = 1 << 1,
	INSPECT = 1 << 2,
	SPLIT = 1 << 3,
	JOIN = 1 << 4,
	VERIFY = 1 << 5,
	ALL_VERBS = (1 << 6) - 1, /* on artifacts of any kind */
	TREE_BUILD = 1 << 6,
	TREE_ROOT = 1 << 7,
	TREE_PROVE = 1 << 8,
	TREE_ATTACH = 1 << 9,
	TREE_DETACH = 1 << 10,
	TREE_EMBED = 1 << 11,
	TREE_VERIFY = 1 << 12,
	TREE_AUDIT = 1 << 13,
	TREE_VERBS = (1 << 14) - (1 << 6),
};

/* A name of two words is that of a verb in a group: its rows stand together. */
struct verb {
	const char *name, *brief, *operands;
	enum verb_bit bit;
	int (*run)(struct args *);
};
extern const struct verb verbs[];
extern const unsigned nr_verbs;

/* 0, or EXIT_TROUBLE after a line on stderr. --help prints and returns -1. */
int args_parse(struct args *a, const struct verb *v, int argc, char **argv);
void args_release(struct args *a);
/* Adds to a list of opt; not 0: out of memory. */
int args_add(const char *const **list, size_t *nr, const char *value);
/* Adds the roots of --tree and --kernel to opt. 0, or EXIT_TROUBLE after a line on stderr. */
int args_add_roots(struct args *a);
/* The options of verbs (enum verb_bit), one line each: as completions and tests want them, or for
 * people. */
void args_print_options(unsigned bits, bool for_tools);

/* Says why something was refused (unless it was cancelled), and returns the exit code for it. */
int refused(const struct args *a, const struct modulo_error *err);
int usage_error(const struct args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Flushes stdout: EXIT_TROUBLE where it could not be written, else code. */
int finished(int code);

int cmd_compare(struct args *a);
int cmd_digest(struct args *a);
int cmd_inspect(struct args *a);
int cmd_split(struct args *a);
int cmd_join(struct args *a);
int cmd_verify(struct args *a);
int cmd_tree_build(struct args *a);
int cmd_tree_root(struct args *a);
int cmd_tree_prove(struct args *a);
int cmd_tree_attach(struct args *a);
int cmd_tree_detach(struct args *a);
int cmd_tree_embed(struct args *a);
int cmd_tree_verify(struct args *a);
int cmd_tree_audit(struct args *a);

#endif
