/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Errors: every function that can fail returns 0 or a negative enum modulo_rc, and fills the
 * caller's struct modulo_error. The first failure wins: an error that is set already is not
 * overwritten.
 */
#ifndef MODULO_ERROR_H
#define MODULO_ERROR_H

#include <stdint.h>

enum modulo_rc {
	MODULO_OK = 0,
	MODULO_MALFORMED = -1,	 /* the bytes break the format's rules */
	MODULO_UNSUPPORTED = -2, /* well-formed as far as read, but nothing here knows it */
	MODULO_LIMIT = -3,	 /* over a documented limit */
	MODULO_MISMATCH = -4,	 /* well-formed, but a claim does not hold */
	MODULO_IO = -5,		 /* the system failed a call; text names errno */
	MODULO_NOMEM = -6,
	MODULO_USAGE = -7, /* the caller asked for something that cannot be */
	MODULO_CANCELLED = -8,
};

#define MODULO_NO_OFFSET UINT64_MAX

struct modulo_error {
	int rc;		 /* 0: nothing has failed */
	char id[32];	 /* stable refusal id, "module.siglen" */
	uint64_t offset; /* in the byte string that path names; MODULO_NO_OFFSET: none */
	char path[4352]; /* file, then members: "pkg/x.ko.xz!content"; escaped */
	char text[256];	 /* one line for people */
};

#endif
