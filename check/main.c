/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* modulo-check: the command line. */
#include "check.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#ifndef MODULO_VERSION
#define MODULO_VERSION "unknown"
#endif

static const char help[] =
	"usage: modulo-check [--keyring FILE]... [--prove-encodings] [--quiet] ARTIFACT CORE LEDGER\n"
	"       modulo-check --forms | --version | --help\n"
	"\n"
	"Checks that LEDGER explains every byte of ARTIFACT over CORE. LEDGER may be - for stdin.\n"
	"\n"
	"  --keyring FILE     verify signatures by the certificates in FILE (PEM or DER)\n"
	"  --prove-encodings  encode streams again where the ledger names an encoder\n"
	"  --quiet            print nothing when accepted\n"
	"  --forms            print the forms table\n"
	"\n"
	"Exit status: 0 accepted; 1 something does not hold; 2 refused, or trouble.\n";

/* The one line on stderr: FILE: line N, offset M: id: text */
static int complain(const char *file, const struct mo_check_end *end)
{
	fputs("modulo-check: ", stderr);
	mo_check_escape(stderr, file, strlen(file), "\\");
	fputs(": ", stderr);
	if (end->line)
		fprintf(stderr, "line %llu%s", (unsigned long long)end->line, end->placed ? ", " : ": ");
	if (end->placed)
		fprintf(stderr, "offset %llu: ", (unsigned long long)end->offset);
	fprintf(stderr, "%s: ", end->id);
	mo_check_escape(stderr, end->text, strlen(end->text), "");
	putc('\n', stderr);
	return end->status;
}

static int trouble(const char *file, const char *id, const char *text)
{
	struct mo_check_end end = { .status = 2, .id = id };

	snprintf(end.text, sizeof(end.text), "%s", text);
	return complain(file, &end);
}

/* Exactly one of *directory and *f is set, or neither, and errno. */
static void open_artifact(const char *path, const char **directory, FILE **f)
{
	struct stat sb;

	if (stat(path, &sb))
		return;
	errno = EINVAL;
	if (S_ISDIR(sb.st_mode))
		*directory = path;
	else if (S_ISREG(sb.st_mode))
		*f = fopen(path, "rbe");
}

static int check(char *const path[3], struct mo_check_job *job, bool quiet)
{
	struct mo_check_end end;

	open_artifact(path[0], &job->directory, &job->artifact);
	if (!job->directory && !job->artifact)
		return trouble(path[0], "check.read", strerrordesc_np(errno));
	job->core = fopen(path[1], "rbe");
	if (!job->core)
		return trouble(path[1], "check.read", strerrordesc_np(errno));
	job->ledger = strcmp(path[2], "-") ? fopen(path[2], "rbe") : stdin;
	if (!job->ledger)
		return trouble(path[2], "check.read", strerrordesc_np(errno));
	if (!mo_check_run(job, quiet ? NULL : stdout, &end))
		return 0;
	/* The file that is at fault, as far as the id tells. */
	return complain(path[!strncmp(end.id, "ledger.", 7) ? 2 : !strcmp(end.id, "check.core") ? 1 : 0], &end);
}

static int run(int argc, char **argv, const char **keyrings)
{
	enum { KEYRING = 1, PROVE, QUIET, FORMS, VERSION, HELP };
	static const struct option options[] = {
		{ "keyring", required_argument, NULL, KEYRING }, { "prove-encodings", no_argument, NULL, PROVE },
		{ "quiet", no_argument, NULL, QUIET },           { "forms", no_argument, NULL, FORMS },
		{ "version", no_argument, NULL, VERSION },       { "help", no_argument, NULL, HELP },
		{ NULL, 0, NULL, 0 },
	};
	struct mo_check_job job = { .keyrings = keyrings };
	int option, print = 0, status = 0;
	bool quiet = false;

	opterr = 0; /* one line on stderr, and it is ours */
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == KEYRING)
			keyrings[job.nr_keyrings++] = optarg;
		else if (option == PROVE)
			job.prove = true;
		else if (option == QUIET)
			quiet = true;
		else if (option == FORMS || option == VERSION || option == HELP)
			print = option;
		else
			return trouble("command line", "check.usage", "unknown option; see modulo-check --help");
	}
	if (argc - optind != (print ? 0 : 3))
		return trouble("command line", "check.usage", "wants ARTIFACT CORE LEDGER; see modulo-check --help");
	if (print == FORMS)
		fwrite(mo_forms_table, 1, mo_forms_table_len, stdout);
	else if (print)
		fputs(print == HELP ? help : "modulo-check " MODULO_VERSION "\n", stdout);
	else
		status = check(argv + optind, &job, quiet);
	if (fflush(stdout) || ferror(stdout))
		return trouble("standard output", "check.read", "cannot be written");
	return status;
}

int main(int argc, char **argv)
{
	const char **keyrings = calloc((size_t)argc + 1, sizeof(*keyrings));
	int status = keyrings ? run(argc, argv, keyrings) : trouble("command line", "check.memory", "out of memory");

	free(keyrings);
	return status;
}
