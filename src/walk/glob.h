/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Globs over member paths: `?` one byte and `*` any number, neither of them `/` or `!`; `**` any
 * number of any bytes; `[abc]`, `[a-z]`,
 * `[!a-z]` one byte, again not `/` or `!`; a backslash takes the next byte as it is. The glob fits
 * the whole path.
 */
#ifndef WALK_GLOB_H
#define WALK_GLOB_H

#include <stdbool.h>

bool mo_glob_match(const char *glob, const char *path);

#endif
