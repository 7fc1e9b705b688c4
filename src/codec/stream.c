/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Buffered reading and bounded writing for the codecs, and the failures that they share. */
#include "codec/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void mo_codec_in_init(struct mo_codec_in *in, struct mo_source *s, uint64_t off, uint64_t end)
{
	in->s = s;
	in->next = off;
	in->end = end;
	in->at = in->len = 0;
	in->buf[0] = 0;
}

int mo_codec_in_fill(struct mo_codec_in *in, struct modulo_error *err)
{
	size_t n = (size_t)MO_MIN(in->end - in->next, (uint64_t)MO_CODEC_PIECE);
	int rc;

	if (in->at < in->len || n == 0)
		return 0;
	in->buf[0] = in->buf[in->len];
	in->at = in->len = 0;
	rc = mo_source_read(in->s, in->next, in->buf + 1, n, err);
	if (rc)
		return rc;
	in->len = n;
	in->next += n;
	return 0;
}

int mo_codec_in_get(struct mo_codec_in *in, void *p, size_t n, struct modulo_error *err)
{
	uint8_t *to = p;

	if (n > mo_codec_in_left(in))
		return 1;
	while (n) {
		int rc = mo_codec_in_fill(in, err);
		size_t here = MO_MIN(n, mo_codec_in_here(in));

		if (rc)
			return rc;
		memcpy(to, mo_codec_in_data(in), here);
		in->at += here;
		to += here;
		n -= here;
	}
	return 0;
}

int mo_codec_out_write(struct mo_codec_out *out, const void *p, size_t n, struct modulo_error *err)
{
	if (n > out->max - out->len)
		return mo_fail(err, MODULO_LIMIT, MODULO_NO_OFFSET, "codec.bomb",
			       "the stream decodes to more than %" PRIu64 " bytes", out->max);
	out->len += n;
	return mo_sink_write(out->k, p, n, err);
}

int mo_codec_match(struct mo_source *s, uint64_t off, const void *p, size_t n, bool *same,
		   struct modulo_error *err)
{
	const uint8_t *want = p;
	uint8_t buf[4096];

	*same = off <= s->len && n <= s->len - off;
	while (*same && n) {
		size_t k = MO_MIN(n, sizeof(buf));
		int rc = mo_source_read(s, off, buf, k, err);

		if (rc)
			return rc;
		*same = memcmp(buf, want, k) == 0;
		off += k;
		want += k;
		n -= k;
	}
	return 0;
}

int mo_codec_info_fill(struct mo_codec_info *info, struct mo_buf *params, uint64_t decoded_len,
		       struct modulo_error *err)
{
	if (!mo_buf_ok(params))
		return mo_fail_nomem(err);
	info->params = *params;
	*params = (struct mo_buf){ 0 };
	info->decoded_len = decoded_len;
	return 0;
}

bool mo_codec_token_make(char token[MO_ENCODER_MAX], const char *name, const char *version,
			 const char *level)
{
	char made[MO_ENCODER_MAX];
	int n = snprintf(made, sizeof(made), "%s-%s/%s", name, version, level);

	if (n < 0 || (size_t)n >= sizeof(made))
		return false;
	for (const char *s = made; *s; s++) {
		if (*s < 0x21 || *s > 0x7e || *s == '\\')
			return false;
	}
	memcpy(token, made, sizeof(made));
	return true;
}

const char *mo_codec_token_level(const char *token, const char *name, const char *version)
{
	size_t n = strlen(name), v = strlen(version);

	if (strncmp(token, name, n) || token[n] != '-')
		return NULL;
	token += n + 1;
	if (strncmp(token, version, v) || token[v] != '/')
		return NULL;
	return token + v + 1;
}

int mo_codec_fail_params(struct modulo_error *err, const char *params)
{
	return mo_fail(err, MODULO_USAGE, MODULO_NO_OFFSET, "codec.params",
		       "\"%.100s\" are no parameters of this codec", params);
}

int mo_codec_fail_encoder(struct modulo_error *err, const char *token)
{
	return mo_fail(err, MODULO_UNSUPPORTED, MODULO_NO_OFFSET, "codec.encoder",
		       "the encoder \"%.*s\" is not here, or cannot encode with these parameters",
		       MO_ENCODER_MAX, token);
}

int mo_codec_fail_memory(struct modulo_error *err, const char *token)
{
	return mo_fail(err, MODULO_LIMIT, MODULO_NO_OFFSET, "codec.memory",
		       "the encoder \"%.*s\" would need over %d MiB of memory", MO_ENCODER_MAX,
		       token, (int)(MO_CODEC_MEMORY_MAX >> 20));
}
