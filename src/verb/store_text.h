/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VERB_STORE_TEXT_H
#define VERB_STORE_TEXT_H

#define MO_STORE_MARK_TEXT "modulo-store 1\n"

#endif
