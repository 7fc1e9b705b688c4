/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/module.h"

#include <string.h>

#include "hash/hash.h"
#include "hash/tee.h"
#include "merkle/merkle_verify.h"

#define SPOOL_MEMORY (16u << 20)

static int decode(struct mo_module *m, struct modulo_error *err)
{
	_cleanup_spool_ struct mo_spool *spool = NULL;
	struct mo_codec_info info = { 0 };
	int r = mo_spool_new(SPOOL_MEMORY, &spool, err);

	if (r == 0)
		r = m->codec->decode(m->file, MO_MODULE_MAX, mo_spool_sink(spool), &info, err);
	mo_buf_release(&info.params);
	return r < 0 ? r : mo_spool_source(MO_TAKE(spool), &m->bytes, err);
}

static int read_trailers(struct mo_module *m, struct modulo_error *err)
{
	int r = mo_trailer_read(m->bytes, m->bytes->len, &m->outer, err);

	if (r < 0 || m->outer.state != MO_TRAILER_OK)
		return r;
	r = mo_trailer_read(m->bytes, m->outer.body, &m->inner, err);
	/* Two of one type are no stack that a kernel takes apart. */
	if (m->inner.state == MO_TRAILER_OK && m->inner.type == m->outer.type)
		m->inner = (struct mo_trailer){ 0 };
	return r;
}

int mo_module_open(int fd, struct mo_module *out, struct modulo_error *err)
{
	struct mo_module m = { 0 };
	uint8_t head[8] = { 0 };
	int r = mo_source_fd(fd, &m.file, err);

	if (r < 0)
		return r;
	r = mo_source_read(m.file, 0, head, (size_t)MO_MIN(m.file->len, sizeof(head)), err);
	m.codec = mo_codec_identify(head, sizeof(head));
	m.bytes = m.file;
	if (r == 0 && m.codec)
		r = decode(&m, err);
	r = r < 0 ? r : read_trailers(&m, err);
	if (r < 0)
		mo_module_release(&m);
	else
		*out = m;
	return r;
}

void mo_module_release(struct mo_module *m)
{
	if (m->bytes != m->file)
		mo_source_close(m->bytes);
	mo_source_close(m->file);
	*m = (struct mo_module){ 0 };
}

static bool is_proof(const struct mo_trailer *t)
{
	return t->state == MO_TRAILER_OK && t->type == MO_TRAILER_MERKLE;
}

uint64_t mo_module_end(const struct mo_module *m)
{
	return is_proof(&m->outer) ? m->outer.body : m->bytes->len;
}

const struct mo_trailer *mo_module_proof(const struct mo_module *m)
{
	return is_proof(&m->outer) ? &m->outer : is_proof(&m->inner) ? &m->inner : NULL;
}

int mo_module_hash(struct mo_module *m, uint64_t len, uint32_t index, uint8_t *leaf,
		   uint8_t sha256[32], struct modulo_error *err)
{
	_cleanup_hash_ struct mo_hash l = { 0 }, s = { 0 };
	struct mo_tee second = mo_tee(&l, NULL, NULL),
		      first = mo_tee(&s, NULL, leaf ? &second.sink : NULL);
	uint8_t prefix[MO_MERKLE_PREFIX];
	int r;

	mo_hash_init(&s, MO_SHA256);
	if (leaf) {
		mo_hash_init(&l, MO_SHA256);
		mo_merkle_leaf_prefix(index, prefix);
		mo_hash_update(&l, prefix, sizeof(prefix));
	}
	r = mo_source_copy(m->bytes, 0, len, &first.sink, err);
	r = r < 0 ? r : mo_hash_final(&s, sha256, err);
	if (r == 0 && leaf)
		r = mo_hash_final(&l, leaf, err);
	return r < 0 ? r : mo_source_settle(m->file, err);
}

static bool ends_in(const char *s, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len > n && memcmp(s + len - n, suffix, n) == 0;
}

size_t mo_module_name(const char *path, const struct mo_codec **codec)
{
	size_t len = strlen(path);
	const struct mo_codec *c;

	*codec = NULL;
	for (unsigned i = 0; !*codec && (c = mo_codec_nth(i)); i++)
		if (ends_in(path, len, c->suffix))
			*codec = c;
	if (*codec)
		len -= strlen((*codec)->suffix);
	if (!ends_in(path, len, ".ko") || path[len - 4] == '/')
		return 0;
	return len;
}
