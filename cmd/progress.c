/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Progress on stderr, for work over a second. Never on stdout, so no output depends on time. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int show(void *ctx, uint64_t done, uint64_t total)
{
	struct progress_bar *p = ctx;
	int64_t now = now_ms();

	if (now - p->begun < 1000 || (now - p->shown < 200 && done != total))
		return 0;
	p->shown = now;
	if (p->json)
		fprintf(stderr,
			"{\"schema\":\"modulo.progress/1\",\"done\":%" PRIu64 ",\"total\":%" PRIu64
			"}\n",
			done, total);
	else
		fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " (%" PRIu64 " %%)%s", done, total,
			total ? done * 100 / total : 100, done == total ? "\r\033[K" : "");
	return 0;
}

void progress_begin(struct progress_bar *p, struct args *a)
{
	*p = (struct progress_bar){ .begun = now_ms(), .json = a->progress == PROGRESS_JSON };
	if (a->progress == PROGRESS_NEVER ||
	    (a->progress == PROGRESS_AUTO && (a->quiet || !isatty(STDERR_FILENO))))
		return;
	a->opt.progress = show;
	a->opt.progress_ctx = p;
}
