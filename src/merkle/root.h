/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A root as text: LEVELS:HEX. Hex alone would not say how long a proof is. */
#ifndef MERKLE_ROOT_H
#define MERKLE_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "merkle/merkle_verify.h"

#define MO_ROOT_TEXT 72 /* bytes are enough for two digits, a colon, 64 digits and a NUL */

void mo_root_render(unsigned levels, const uint8_t root[MO_MERKLE_HASH], char out[MO_ROOT_TEXT]);
/* Strict: there is one spelling. False: not a root, and out-parameters may be half filled. */
bool mo_root_parse(const char *s, size_t len, unsigned *levels, uint8_t root[MO_MERKLE_HASH]);

#endif
