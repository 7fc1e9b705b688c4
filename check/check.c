/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The checker, written from doc/ledger.md and doc/formats/ alone. One piece of C, its parts to be
 * read in this order. One pass: each ledger line is read once, then the bytes that it explains are
 * pulled from the artifact and compared. must(condition, "id"): where it is not so, the run ends.
 */
#include "check.h"

#include "run.h"       /* the run's state; failing, digests, counts */
#include "source.h"    /* bytes of a file, of a directory, of the core */
#include "decode.h"    /* gzip, xz, zstd */
#include "profile.h"   /* DER by the forms table's profiles */
#include "signature.h" /* CMS and keyring, proofs and roots */
#include "ledger.h"    /* lines, forms, items */

int mo_check_run(const struct mo_check_job *job, FILE *report, struct mo_check_end *end)
{
	if (run.job) /* not the first: it has several megabytes that need not be touched */
		memset(&run, 0, sizeof(run));
	*end = (struct mo_check_end){ 0 };
	run.job = job;
	run.end = end;
	if (!setjmp(run.jump))
		explain(report);
	for (int i = 0; i < DEPTH; i++)
		if (run.stream[i].codec)
			stream_close(&run.stream[i]);
	for (int i = 0; i < HASHES; i++)
		EVP_MD_CTX_free(run.hash[i]);
	if (run.dir)
		directory_close(run.dir);
	sk_X509_pop_free(run.certs, X509_free);
	while (run.nr_counts)
		free(run.count[--run.nr_counts].key);
	return end->status;
}
