/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ledger/layout.h"

#include <string.h>

#define FIXED_MAX 256 /* bytes that a form fixes in one piece */

int mo_layout_segment(const struct mo_layout *l, const struct mo_element *el, uint64_t arg,
		      struct mo_segment *out, struct modulo_error *err)
{
	*out = (struct mo_segment){ .kind = MO_SEG_CORE };
	switch (el->kind) {
	case MO_EL_TEXT:
		out->kind = MO_SEG_TEXT;
		out->text = el->text;
		out->len = el->len;
		return 0;
	case MO_EL_CORE:
		out->len = arg;
		return 0;
	case MO_EL_CORE_N:
		out->len = el->n;
		return 0;
	case MO_EL_NUMBER:
		out->len = 4;
		out->number = true;
		return 0;
	case MO_EL_OVER:
		return l->number > el->n ? 0
					 : mo_fail(err, MODULO_MISMATCH, l->at, "ledger.layout",
						   "a number before it is %u, and must be over %u",
						   l->number, el->n);
	case MO_EL_TO:
		if (l->number < l->at)
			return mo_fail(err, MODULO_MALFORMED, l->at, "ledger.layout",
				       "a header at %u, which is behind it already", l->number);
		out->len = l->number - l->at;
		return 0;
	case MO_EL_ABSENT:
		out->kind = MO_SEG_ABSENT;
		out->len = (el->n - l->at % el->n) % el->n;
		return 0;
	case MO_EL_PE_CHECKSUM:
	case MO_EL_SIGS_OFF:
	case MO_EL_SIGS_LEN:
		out->kind = MO_SEG_VALUE;
		out->len = 4;
		return arg <= UINT32_MAX ? 0
					 : mo_fail(err, MODULO_MALFORMED, l->at, "ledger.layout",
						   "a number that does not fit into its field");
	default:
		return mo_fail(err, MODULO_UNSUPPORTED, l->at, "ledger.layout",
			       "an element that no binary record has");
	}
}

void mo_pe_sum_add(struct mo_pe_sum *s, const uint8_t *p, size_t len)
{
	uint64_t sum = s->sum;
	size_t i = 0;

	if (len && s->len & 1)
		sum += (uint64_t)p[i++] << 8;
	for (; i + 1 < len; i += 2)
		sum += (uint64_t)p[i] | (uint64_t)p[i + 1] << 8;
	if (i < len)
		sum += p[i];
	s->sum = sum;
	s->len += len;
}

uint32_t mo_pe_sum_end(const struct mo_pe_sum *s)
{
	uint64_t sum = s->sum;

	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)(sum + s->len);
}

/* What core bytes go through: the first are kept, to be looked at. */
struct emit {
	struct mo_sink sink; /* first */
	struct mo_sink *out; /* NULL: nowhere */
	struct mo_layout layout;
	uint8_t fixed[FIXED_MAX];
	size_t nr;
};

static int emit_write(struct mo_sink *k, const void *p, size_t len, struct modulo_error *err)
{
	struct emit *e = (struct emit *)k;
	size_t n = MO_MIN(len, FIXED_MAX - e->nr);

	memcpy(e->fixed + e->nr, p, n);
	e->nr += n;
	if (!e->out)
		return 0;
	e->layout.at += len;
	return mo_sink_write(e->out, p, len, err);
}

static int all_zero(const struct emit *e, uint64_t at, struct modulo_error *err)
{
	for (size_t i = 0; i < e->nr; i++)
		if (e->fixed[i])
			return mo_fail(err, MODULO_MISMATCH, at, "join.core",
				       "the core has other bytes here than zeros");
	return 0;
}

static int emit_segment(struct emit *e, const struct mo_segment *seg, uint64_t arg,
			struct mo_core_reader *core, struct modulo_error *err)
{
	struct mo_sink *out = e->out;
	uint64_t at = e->layout.at;
	uint8_t number[4];
	int r;

	e->nr = 0;
	if (seg->kind == MO_SEG_VALUE) {
		mo_put_le32(number, (uint32_t)arg);
		return emit_write(&e->sink, number, sizeof(number), err);
	}
	if (seg->kind == MO_SEG_ABSENT)
		e->out = NULL;
	r = core->take(core, seg->len, &e->sink, err);
	e->out = out;
	if (r < 0)
		return r;
	if (seg->kind == MO_SEG_ABSENT)
		return all_zero(e, at, err);
	if (seg->kind == MO_SEG_TEXT && memcmp(e->fixed, seg->text, (size_t)seg->len) != 0)
		return mo_fail(err, MODULO_MISMATCH, at, "join.core",
			       "the core has other bytes here than the form says");
	if (seg->number)
		e->layout.number = mo_get_le32(e->fixed);
	return 0;
}

int mo_layout_emit(const struct mo_form *f, const uint64_t *arg, struct mo_core_reader *core,
		   struct mo_sink *out, struct mo_emitted *made, struct modulo_error *err)
{
	struct emit e = { .sink = { emit_write }, .out = out };
	struct mo_segment seg;
	int r = 0;

	*made = (struct mo_emitted){ 0 };
	for (unsigned i = 0; r == 0 && i < f->nr; i++) {
		const struct mo_element *el = &f->element[i];
		uint64_t number = mo_element_has_argument(el->kind) ? *arg++ : 0;

		r = mo_layout_segment(&e.layout, el, number, &seg, err);
		r = r < 0 ? r : emit_segment(&e, &seg, number, core, err);
		made->zeros += seg.kind == MO_SEG_ABSENT ? seg.len : 0;
		made->core += el->kind == MO_EL_CORE || seg.kind == MO_SEG_ABSENT ? seg.len : 0;
	}
	made->len = e.layout.at;
	return r;
}
