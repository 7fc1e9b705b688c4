/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs that encode as no library does: GNU gzip, pigz. They are found as execvp finds them, and
 * run with LC_ALL and PATH as their whole environment.
 */
#ifndef CODEC_EXTERNAL_H
#define CODEC_EXTERNAL_H

#include "io/source.h"

enum mo_program { MO_PROGRAM_GZIP, MO_PROGRAM_PIGZ };

const char *mo_codec_program_name(enum mo_program p);
/*
 * What the first line of `NAME --version` says behind the name; NULL where there is no such
 * program, or it is another one under that name. Asked once for the life of the process
 * (pthread_once): a program that is exchanged meanwhile is noticed by its bytes only.
 */
const char *mo_codec_program_version(enum mo_program p);

/*
 * Runs argv (argv[0] is looked up in PATH) with in as its standard input, NULL for none, and its
 * standard output going to out. The child is killed where out refuses bytes or in fails, and reaped
 * in any case. "codec.child" (MODULO_UNSUPPORTED) where it ends with anything but 0, or without
 * having read all of in.
 */
_must_check_ int mo_codec_program_run(char *const argv[], struct mo_source *in, struct mo_sink *out,
				      struct modulo_error *err);

#endif
