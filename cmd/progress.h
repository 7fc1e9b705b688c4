/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stdint.h>

#include "cmd.h"

struct progress_bar {
	int64_t begun, shown; /* milliseconds */
	bool json;
};

/* Puts the bar into the options, as --progress says. p must outlive the work. */
void progress_begin(struct progress_bar *p, struct args *a);

#endif
