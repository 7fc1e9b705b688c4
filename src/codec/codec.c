/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of codecs, and the search for the encoder that made a stream. */
#include "codec/codec.h"

#include <string.h>

#include "codec/internal.h"

static const struct mo_codec *const codecs[] = { &mo_codec_gzip, &mo_codec_xz, &mo_codec_zstd };

const struct mo_codec *mo_codec_nth(unsigned i)
{
	return i < MO_NR(codecs) ? codecs[i] : NULL;
}

const struct mo_codec *mo_codec_identify(const uint8_t *head, size_t len)
{
	for (size_t i = 0; i < MO_NR(codecs); i++) {
		if (len >= codecs[i]->magic_len &&
		    !memcmp(head, codecs[i]->magic, codecs[i]->magic_len))
			return codecs[i];
	}
	return NULL;
}

const struct mo_codec *mo_codec_by_name(const char *name, size_t len)
{
	for (size_t i = 0; i < MO_NR(codecs); i++) {
		if (strlen(codecs[i]->name) == len && !memcmp(codecs[i]->name, name, len))
			return codecs[i];
	}
	return NULL;
}

/* A sink that takes the bytes of enc and no others. */
struct compare {
	struct mo_sink sink;
	struct mo_source *enc;
	uint64_t at;
	bool differs;
};

static int compare_write(struct mo_sink *k, const void *p, size_t len, struct modulo_error *err)
{
	struct compare *c = (struct compare *)k;
	bool same;
	int rc = mo_codec_match(c->enc, c->at, p, len, &same, err);

	if (rc)
		return rc;
	c->at += len;
	c->differs = !same;
	/* Private: it goes no further than to try(), so it needs no id. */
	return same ? 0 : MODULO_CANCELLED;
}

static int try(const struct mo_codec *c, struct mo_source *enc, struct mo_source *dec,
	       const char *params, const char *token, bool *same, struct modulo_error *err)
{
	struct compare cmp = { .sink = { .write = compare_write }, .enc = enc };
	struct modulo_error own = { 0 };
	bool can = true;
	int rc = 0;

	*same = false;
	if (c->plausible)
		rc = c->plausible(enc, dec, token, params, &can, &own);
	if (!rc && !can)
		return 0;
	if (!rc)
		rc = c->encode(dec, token, params, &cmp.sink, &own);
	*same = rc == 0 && cmp.at == enc->len;
	if (rc == 0 || cmp.differs)
		return 0;
	/* An encoder that is not here, does not work or takes too much does not serve. */
	if (rc == MODULO_UNSUPPORTED || rc == MODULO_LIMIT)
		return 0;
	if (err && !err->rc)
		*err = own;
	return rc;
}

int mo_codec_prove(const struct mo_codec *c, struct mo_source *enc, struct mo_source *dec,
		   const char *params, const char *first, char token[MO_ENCODER_MAX], bool *found,
		   struct modulo_error *err)
{
	char t[MO_ENCODER_MAX] = "";
	bool same = false;
	int rc = 0;

	if (first && strlen(first) < sizeof(t)) {
		strcpy(t, first);
		rc = try(c, enc, dec, params, t, &same, err);
	}
	for (unsigned i = 0; !rc && !same && c->candidate(params, dec->len, i, t); i++) {
		if (!first || strcmp(t, first))
			rc = try(c, enc, dec, params, t, &same, err);
	}
	if (rc)
		return rc;
	if (same)
		memcpy(token, t, sizeof(t));
	*found = same;
	return 0;
}
