/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* forms/ *.forms, concatenated in the order of their names; made by tools/embed-forms.sh. */
#ifndef LEDGER_FORMS_TABLE_H
#define LEDGER_FORMS_TABLE_H

extern const char mo_forms_table[];
extern const unsigned long mo_forms_table_len;

#endif
