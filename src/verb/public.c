/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verb/public.h"

#include <string.h>

#include "codec/codec.h"
#include "merkle/root.h"

enum modulo_status mo_public_status(enum mo_sig_status s)
{
	switch (s) {
	case MO_SIG_VERIFIED:
		return MODULO_VERIFIED;
	case MO_SIG_INVALID:
		return MODULO_INVALID;
	case MO_SIG_UNSUPPORTED:
		return MODULO_UNVERIFIABLE;
	default:
		return MODULO_UNVERIFIED;
	}
}

MODULO_API const char *modulo_status_name(enum modulo_status s)
{
	switch (s) {
	case MODULO_VERIFIED:
		return "verified";
	case MODULO_INVALID:
		return "INVALID";
	case MODULO_UNVERIFIABLE:
		return "unverifiable";
	default:
		return "unverified";
	}
}

/* Takes what b holds into the arena, and empties it; NULL when out of memory. */
static const char *keep(struct mo_arena *arena, struct mo_buf *b)
{
	const char *s = mo_buf_ok(b) ? mo_arena_dup(arena, b->data, b->len) : NULL;

	mo_buf_reset(b);
	return s;
}

static const char *hex(struct mo_arena *arena, struct mo_buf *b, struct mo_view v)
{
	mo_buf_hex(b, v.p, v.len);
	return keep(arena, b);
}

const char *mo_public_algorithm(const struct mo_body *b)
{
	return b->kind == MO_EL_PROOF ? "merkle" : mo_sigalg_name(b->cms.sigalg);
}

const char *mo_public_signer(struct mo_arena *arena, const struct mo_body *body,
			     const struct mo_judged *j)
{
	_cleanup_(mo_buf_release) struct mo_buf b = { 0 };
	const struct mo_cms *cms = &body->cms;
	char root[MO_ROOT_TEXT];

	if (j->cert)
		return mo_arena_dup(arena, j->cert->subject, strlen(j->cert->subject));
	if (body->kind == MO_EL_PROOF) {
		mo_root_render(body->proof.levels, j->root, root);
		mo_buf_fmt(&b, "root %s", root);
	} else if (cms->issuer.len) {
		mo_name_text(cms->issuer, &b);
		mo_buf_str(&b, " serial ");
		mo_buf_hex(&b, cms->serial.p, cms->serial.len);
	} else {
		mo_buf_str(&b, "key id ");
		mo_buf_hex(&b, cms->key_id.p, cms->key_id.len);
	}
	return keep(arena, &b);
}

/* Where a proof leads; false when out of memory. */
static bool add_proof(struct mo_arena *arena, const struct mo_proof *proof,
		      const struct mo_judged *j, struct modulo_signature *p)
{
	char root[MO_ROOT_TEXT];

	mo_root_render(proof->levels, j->root, root);
	p->root = mo_arena_dup(arena, root, strlen(root));
	p->index = proof->index;
	return p->root;
}

/* Whose a signature says it is; false when out of memory. */
static bool add_names(struct mo_arena *arena, const struct mo_cms *cms, struct modulo_signature *p)
{
	_cleanup_(mo_buf_release) struct mo_buf b = { 0 };

	if (cms->issuer.len) {
		mo_name_text(cms->issuer, &b);
		p->issuer = keep(arena, &b);
		p->issuer_cn = mo_name_cn(cms->issuer, &b) ? keep(arena, &b) : NULL;
		p->serial = hex(arena, &b, cms->serial);
	} else {
		p->key_id = hex(arena, &b, cms->key_id);
	}
	if (cms->signing_time.len)
		p->signing_time = mo_arena_dup(arena, cms->signing_time.p, cms->signing_time.len);
	p->value = hex(arena, &b, cms->value);
	return (cms->issuer.len ? p->issuer && p->serial : p->key_id != NULL) && p->value &&
	       (!cms->signing_time.len || p->signing_time);
}

int mo_public_signature(struct mo_arena *arena, const struct mo_signature *s,
			const struct mo_judged *j, struct modulo_signature *out,
			struct modulo_error *err)
{
	struct modulo_signature p = {
		.kind = s->form->signature,
		.form = s->form->name,
		.algorithm = mo_public_algorithm(&s->parsed),
		.hash = mo_alg_name(s->parsed.hash),
		.offset = s->off,
		.length = s->len,
		.status = mo_public_status(j->status),
		.refused = j->refused,
	};
	bool ok = s->parsed.kind == MO_EL_PROOF ? add_proof(arena, &s->parsed.proof, j, &p)
						: add_names(arena, &s->parsed.cms, &p);

	if (j->cert) {
		p.signer = mo_arena_dup(arena, j->cert->subject, strlen(j->cert->subject));
		p.signer_cn = mo_arena_dup(arena, j->cert->cn, strlen(j->cert->cn));
		p.certificate = (const uint8_t *)mo_arena_dup(arena, j->cert->sha256,
							      sizeof(j->cert->sha256));
		ok = ok && p.signer && p.signer_cn && p.certificate;
	}
	if (!ok)
		return mo_fail_nomem(err);
	*out = p;
	return 0;
}

static int add_encodings(struct mo_member *m, struct modulo_member *out, struct modulo_error *err)
{
	static const char *const grade[] = { "checked", "proven", "carried" };
	struct modulo_encoding *e;
	size_t nr = 0;

	for (struct mo_item *it = m->item; it->kind == MO_STREAM; it = it->inner)
		nr++;
	e = mo_arena_array(&m->arena, nr, sizeof(*e));
	if (!e)
		return mo_fail_nomem(err);
	out->encoding = e;
	out->nr_encodings = nr;
	for (struct mo_item *it = m->item; it->kind == MO_STREAM; it = it->inner)
		*e++ = (struct modulo_encoding){ it->codec->name, it->params, grade[it->grade],
						 it->encoder,	  it->len,    it->decoded->len };
	return 0;
}

static int add_facts(struct mo_member *m, struct modulo_member *out, struct modulo_error *err)
{
	_cleanup_(mo_buf_release) struct mo_buf b = { 0 };
	const struct mo_item *leaf = m->leaf;
	struct modulo_fact *f = mo_arena_array(&m->arena, leaf->nr_facts, sizeof(*f));

	if (!f)
		return mo_fail_nomem(err);
	out->fact = f;
	out->nr_facts = leaf->nr_facts;
	for (size_t i = 0; i < leaf->nr_facts; i++) {
		const char *v = leaf->fact[i].value;

		mo_buf_escape(&b, leaf->fact[i].key, strlen(leaf->fact[i].key), "");
		f[i].key = keep(&m->arena, &b);
		/* Spaces are wanted in descriptions; a terminal obeys none of them. */
		for (; *v; v++) {
			if (*v == ' ')
				mo_buf_chr(&b, ' ');
			else
				mo_buf_escape(&b, v, 1, "");
		}
		f[i].value = keep(&m->arena, &b);
		if (!f[i].key || !f[i].value)
			return mo_fail_nomem(err);
	}
	return 0;
}

int mo_public_member(struct mo_member *m, struct modulo_member *out, struct modulo_error *err)
{
	_cleanup_(mo_buf_release) struct mo_buf b = { 0 };
	struct modulo_member p = { .path = m->path,
				   .type = mo_entry_type_name(m->e->type),
				   .mode = m->e->mode };
	struct modulo_signature *s;
	int r;

	if (m->e->target) {
		mo_buf_escape(&b, m->e->target, strlen(m->e->target), "");
		p.target = keep(&m->arena, &b);
		if (!p.target)
			return mo_fail_nomem(err);
	}
	if (!m->item) {
		*out = p;
		return 0;
	}
	p.format = m->leaf->format;
	p.note = m->leaf->note ? m->leaf->note : m->item->note;
	p.signable = m->leaf->claimed;
	p.length = m->item->len;
	p.core_length = m->leaf->core_len;
	memcpy(p.core, m->digest.core, sizeof(p.core));
	s = mo_arena_array(&m->arena, m->leaf->nr_sigs, sizeof(*s));
	if (!s)
		return mo_fail_nomem(err);
	p.signature = s;
	p.nr_signatures = m->leaf->nr_sigs;
	r = add_encodings(m, &p, err);
	r = r < 0 ? r : add_facts(m, &p, err);
	for (unsigned i = 0; r == 0 && i < m->leaf->nr_sigs; i++)
		r = mo_public_signature(&m->arena, &m->leaf->sig[i], &m->judged[i], &s[i], err);
	if (r == 0)
		*out = p;
	return r;
}
