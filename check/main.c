/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* modulo-check: the command line. */
#include "check.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char help[] =
	"usage: modulo-check [OPTION]... ARTIFACT CORE LEDGER\n"
	"       modulo-check --forms | --version | --help\n\n"
	"Checks that LEDGER (- for stdin) explains every byte of ARTIFACT over CORE.\n\n"
	"  --keyring FILE     verify signatures by the certificates in FILE (PEM or DER)\n"
	"  --root LEVELS:HEX  verify proofs by the root of a tree of modules\n"
	"  --prove-encodings  encode streams again where the ledger names an encoder\n"
	"  --allow unsigned-attributes\n"
	"                     accept them in a PE image's signatures\n"
	"  --quiet            print nothing when accepted\n"
	"  --forms            print the forms table\n";

/* The one line on stderr. */
static __attribute__((noreturn)) void complain(const char *file, const struct mo_check_end *end)
{
	fputs("modulo-check: ", stderr);
	mo_check_escape(stderr, file, strlen(file), "\\");
	if (end->line)
		fprintf(stderr, ": line %llu", (unsigned long long)end->line);
	if (end->placed)
		fprintf(stderr, ", offset %llu", (unsigned long long)end->offset);
	fprintf(stderr, ": %s: %s%s", end->id, end->text, *end->detail ? ": " : "");
	mo_check_escape(stderr, end->detail, strlen(end->detail), "\\");
	putc('\n', stderr);
	exit(end->status);
}

static void need(bool is, const char *file, const char *id, const char *text)
{
	if (!is)
		complain(file, &(struct mo_check_end){ .status = 2, .id = id, .text = text });
}

static void check(char **path, struct mo_check_job *job, bool quiet)
{
	FILE **file[] = { &job->artifact, &job->core, &job->ledger };
	struct mo_check_end end;
	struct stat sb;
	for (int i = 0; i < 3; i++) {
		*file[i] = i == 2 && !strcmp(path[i], "-") ? stdin : fopen(path[i], "rbe");
		need(*file[i], path[i], "check.read", strerrordesc_np(errno));
	}
	job->directory = !fstat(fileno(job->artifact), &sb) && S_ISDIR(sb.st_mode) ? path[0] : NULL;
	if (!mo_check_run(job, quiet ? NULL : stdout, &end))
		return;
	bool ledger = !strncmp(end.id, "ledger.", 7), core = !strcmp(end.id, "check.core");
	complain(path[ledger ? 2 : core], &end); /* the file at fault, as far as the id tells */
}

int main(int argc, char **argv)
{
	static int prove, quiet, print;
	static const struct option options[] = {
		{ "keyring", 1, NULL, 'k' }, { "root", 1, NULL, 'r' }, { "allow", 1, NULL, 'a' },
		{ "prove-encodings", 0, &prove, 1 }, { "quiet", 0, &quiet, 1 },
		{ "forms", 0, &print, 'f' }, { "version", 0, &print, 'v' },
		{ "help", 0, &print, 'h' }, { NULL, 0, NULL, 0 } };
	const char **keyrings = calloc(2 * (size_t)argc, sizeof(char *)), **roots = keyrings + argc;
	struct mo_check_job job = { .keyrings = keyrings, .roots = roots };
	int option;
	opterr = 0; /* one line on stderr, and it is ours */
	while (keyrings && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		option = option == 'a' && strcmp(optarg, "unsigned-attributes") ? '?' : option;
		need(option != '?', "command line", "check.usage", "see modulo-check --help");
		job.allow_unsigned |= option == 'a';
		if (option == 'k')
			keyrings[job.nr_keyrings++] = optarg;
		if (option == 'r') {
			int n = 0, at = (int)strcspn(optarg, ":");
			sscanf(optarg, "%*2[0-9]:%*64[0-9a-f]%n", &n);
			need(n == at + 65 && !optarg[n], optarg, "check.usage", "not LEVELS:HEX");
			roots[job.nr_roots++] = optarg;
		}
	}
	job.prove = prove;
	option = print ? 0 : 3;
	need(argc - optind == option, "command line", "check.usage", "see modulo-check --help");
	if (print == 'f')
		fwrite(mo_forms_table, 1, mo_forms_table_len, stdout);
	else if (print)
		fputs(print == 'h' ? help : "modulo-check " MODULO_VERSION "\n", stdout);
	else
		check(argv + optind, &job, quiet);
	free(keyrings);
	need(!fflush(stdout) && !ferror(stdout), "stdout", "check.read", "cannot be written");
	return 0;
}
