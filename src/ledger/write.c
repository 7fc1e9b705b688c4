/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Items as text: a ledger's lines and a skeleton's (doc/ledger.md 2 and 7). */
#include <stdlib.h>

#include "ledger/item.h"
#include "ledger/ledger.h"

static int flush(struct mo_buf *b, struct mo_sink *out, struct modulo_error *err)
{
	int r = mo_buf_ok(b) ? mo_sink_write(out, b->data, b->len, err) : mo_fail_nomem(err);

	mo_buf_reset(b);
	return r;
}

static int write_carried(struct mo_source *s, struct mo_buf *b, struct mo_sink *out,
			 struct modulo_error *err)
{
	_cleanup_free_ uint8_t *chunk = malloc(MO_CARRIED_LINE);
	int r = chunk ? 0 : mo_fail_nomem(err);

	for (uint64_t off = 0; r == 0 && off < s->len; off += MO_CARRIED_LINE) {
		size_t n = (size_t)MO_MIN(s->len - off, (uint64_t)MO_CARRIED_LINE);

		r = mo_source_read(s, off, chunk, n, err);
		if (r < 0)
			break;
		mo_buf_base64(b, chunk, n);
		mo_buf_chr(b, '\n');
		r = flush(b, out, err);
	}
	return r;
}

static int write_item(struct mo_item *it, struct mo_buf *b, struct mo_sink *out,
		      struct modulo_error *err)
{
	int r;

	if (it->kind == MO_STREAM) {
		mo_buf_fmt(b, "stream %s %llu %s ", it->codec->name, (unsigned long long)it->len,
			   it->params);
		if (it->grade == MO_CHECKED)
			mo_buf_str(b, "checked\n");
		else if (it->grade == MO_PROVEN)
			mo_buf_fmt(b, "proven %s\n", it->encoder);
		else
			mo_buf_fmt(b, "carried %llu\n",
				   (unsigned long long)((it->len + MO_CARRIED_LINE - 1) /
							MO_CARRIED_LINE));
		r = flush(b, out, err);
		if (r == 0 && it->grade == MO_CARRIED)
			r = write_carried(it->source, b, out, err);
		return r < 0 ? r : write_item(it->inner, b, out, err);
	}
	if (it->kind == MO_RECORDS)
		mo_buf_fmt(b, "records %s", it->form->in);
	else
		mo_buf_fmt(b, "leaf %llu", (unsigned long long)it->core_len);
	if (it->kind == MO_LEAF && it->nr_sigs)
		mo_buf_fmt(b, " %u", it->nr_sigs);
	mo_buf_chr(b, '\n');
	for (unsigned i = 0; i < it->nr_sigs; i++) {
		mo_buf_fmt(b, "%s ", it->sig[i].form->name);
		mo_buf_base64(b, it->sig[i].body, it->sig[i].body_len);
		mo_buf_chr(b, '\n');
	}
	if (it->kind == MO_RECORDS) {
		mo_buf_str(b, it->form->name);
		for (unsigned i = 0; i < mo_form_arguments(it->form); i++)
			mo_buf_fmt(b, " %llu", (unsigned long long)it->arg[i]);
		mo_buf_str(b, "\nclose\n");
	}
	return flush(b, out, err);
}

int mo_item_write(struct mo_item *it, struct mo_sink *out, struct modulo_error *err)
{
	_cleanup_(mo_buf_release) struct mo_buf b = { 0 };

	return write_item(it, &b, out, err);
}

void mo_item_skeleton(struct mo_item *it, struct mo_buf *out)
{
	for (; it->kind == MO_STREAM; it = it->inner)
		mo_buf_fmt(out, "stream %s %s%s\n", it->codec->name, it->params,
			   it->grade == MO_CARRIED ? " carried" : "");
	if (it->kind == MO_LEAF) {
		mo_buf_fmt(out, "leaf %llu\n", (unsigned long long)it->core_len);
		return;
	}
	mo_buf_fmt(out, "records %s\n%s", it->form->in, it->form->name);
	for (unsigned i = 0, arg = 0; i < it->form->nr; i++) {
		enum mo_element_kind k = it->form->element[i].kind;

		if (k == MO_EL_CORE)
			mo_buf_fmt(out, " %llu", (unsigned long long)(it->arg[arg] + it->zeros));
		arg += mo_element_has_argument(k);
	}
	mo_buf_str(out, "\nclose\n");
}
