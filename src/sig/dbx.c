/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sig/dbx.h"

#include <string.h>

#include "base/cursor.h"
#include "base/text.h"
#include "base/util.h"
#include "hash/hash.h"
#include "io/source.h"
#include "sig/internal.h"

enum {
	FILE_MAX_LEN = 16 << 20,
	GUID = 16,
	LIST_HEAD = GUID + 12,
	TIME = 16,
	ATTRIBUTES = 4, /* efivarfs */
	WIN_CERTIFICATE = 8,
};

/* EFI_CERT_..._GUID, as their bytes stand there; what an entry has behind its owner's GUID. */
static const struct type {
	uint8_t guid[GUID];
	enum mo_dbx_kind kind;
	size_t hash, rest; /* hash 0: a certificate, as long as the list says */
} types[] = {
	{ "\x26\x16\xc4\xc1\x4c\x50\x92\x40\xac\xa9\x41\xf9\x36\x93\x43\x28", MO_DBX_CONTENT, 32,
	  0 },
	{ "\xa1\x59\xc0\xa5\xe4\x94\xa7\x4a\x87\xb5\xab\x15\x5c\x2b\xf0\x72", MO_DBX_CERTIFICATE, 0,
	  0 },
	{ "\x92\xa4\xd2\x3b\xc0\x96\x79\x40\xb4\x20\xfc\xf9\x8e\xf1\x03\xed", MO_DBX_TBS, 32,
	  TIME },
	{ "\x6e\x87\x76\x70\xc2\x80\xe6\x4e\xaa\xd2\x28\xb3\x49\xa6\x86\x5b", MO_DBX_TBS, 48,
	  TIME },
	{ "\x63\xbf\x6d\x44\x02\x25\xda\x4c\xbc\xfa\x24\x65\xd2\xb0\xfe\x9d", MO_DBX_TBS, 64,
	  TIME },
};

static const struct type *type_of(const uint8_t *guid)
{
	for (size_t i = 0; i < MO_NR(types); i++)
		if (memcmp(types[i].guid, guid, GUID) == 0)
			return &types[i];
	return NULL;
}

static int add(struct mo_dbx *d, enum mo_dbx_kind kind, const uint8_t *p, size_t len,
	       struct modulo_error *err)
{
	uint8_t *copy = mo_arena_alloc(&d->arena, len);

	if (d->nr == d->size) {
		size_t size = d->size ? 2 * d->size : 256;
		struct mo_dbx_entry *more = reallocarray(d->entry, size, sizeof(*more));

		if (!more)
			return mo_fail_nomem(err);
		d->entry = more;
		d->size = size;
	}
	if (!copy)
		return mo_fail_nomem(err);
	memcpy(copy, p, len);
	d->entry[d->nr++] = (struct mo_dbx_entry){ kind, { copy, len } };
	return 0;
}

/* One EFI_SIGNATURE_LIST at `at` of len bytes; *end: where it ends. */
static int add_list(struct mo_dbx *d, const uint8_t *p, size_t len, size_t at, size_t *end,
		    struct modulo_error *err)
{
	const struct type *t;
	uint32_t size, head, each;
	int r = 0;

	if (len - at < LIST_HEAD)
		return mo_fail(err, MODULO_MALFORMED, at, "dbx.list",
			       "the file ends inside of a list");
	t = type_of(p + at);
	if (!t)
		return mo_fail(err, MODULO_UNSUPPORTED, at, "dbx.type",
			       "a list of another type than SHA-256 of images, X.509 certificates "
			       "and digests of these");
	size = mo_get_le32(p + at + GUID);
	head = mo_get_le32(p + at + GUID + 4);
	each = mo_get_le32(p + at + GUID + 8);
	if (size > len - at || size < LIST_HEAD || head || each <= GUID ||
	    (size - LIST_HEAD) % each || (t->hash && each != GUID + t->hash + t->rest))
		return mo_fail(err, MODULO_MALFORMED, at + GUID, "dbx.list",
			       "lengths in a list's header that do not fit its type, or the file");
	*end = at + size;
	for (at += LIST_HEAD; r == 0 && at < *end; at += each)
		r = add(d, t->kind, p + at + GUID, t->hash ? t->hash : each - GUID, err);
	return r;
}

static int add_lists(struct mo_dbx *d, const uint8_t *p, size_t len, size_t at,
		     struct modulo_error *err)
{
	int r = 0;

	while (r == 0 && at < len)
		r = add_list(d, p, len, at, &at, err);
	return r;
}

/* Lines of text, each a digest */
static int add_text(struct mo_dbx *d, const char *p, size_t len, struct modulo_error *err)
{
	int r = 0;

	for (size_t at = 0, n; r == 0 && at < len; at += n + 1) {
		const char *lf = memchr(p + at, '\n', len - at);
		uint8_t digest[32];

		n = lf ? (size_t)(lf - p) - at : len - at;
		if (n == 0 || p[at] == '#')
			continue;
		if (n != 64 || !mo_text_hex(p + at, 64, digest, sizeof(digest)))
			return mo_fail(
				err, MODULO_MALFORMED, at, "dbx.format",
				"neither signature lists nor lines of 64 lower-case hex digits");
		r = add(d, MO_DBX_CONTENT, digest, sizeof(digest), err);
	}
	return r;
}

/* Where the lists begin in an EFI_VARIABLE_AUTHENTICATION_2: behind a time and a
 * WIN_CERTIFICATE_UEFI_GUID; 0: it is none. */
static size_t behind_update(const uint8_t *p, size_t len)
{
	static const uint8_t kind[] = { 0x00, 0x02, 0xf1,
					0x0e }; /* revision 2.0, WIN_CERT_TYPE_EFI_GUID */
	uint32_t size;

	if (len < TIME + WIN_CERTIFICATE + GUID || memcmp(p + TIME + 4, kind, sizeof(kind)) != 0)
		return 0;
	size = mo_get_le32(p + TIME);
	return size >= WIN_CERTIFICATE + GUID && size <= len - TIME ? TIME + size : 0;
}

int mo_dbx_add(struct mo_dbx *d, const uint8_t *p, size_t len, struct modulo_error *err)
{
	size_t at;

	if (len > FILE_MAX_LEN)
		return mo_fail(err, MODULO_LIMIT, MODULO_NO_OFFSET, "dbx.size",
			       "over %d bytes of lists", FILE_MAX_LEN);
	if (len >= GUID && type_of(p))
		return add_lists(d, p, len, 0, err);
	if (len >= ATTRIBUTES + GUID && type_of(p + ATTRIBUTES))
		return add_lists(d, p, len, ATTRIBUTES, err);
	at = behind_update(p, len);
	if (at)
		return add_lists(d, p, len, at, err);
	/* A list of a type that is not known must not be taken for nothing. */
	if (len && memchr(p, '\0', len))
		return mo_fail(err, MODULO_UNSUPPORTED, 0, "dbx.type",
			       "neither text nor a list of a type that is known");
	return add_text(d, (const char *)p, len, err);
}

int mo_dbx_add_file(struct mo_dbx *d, const char *path, struct modulo_error *err)
{
	_cleanup_free_ uint8_t *data = NULL;
	size_t len;
	int r = mo_source_load(path, FILE_MAX_LEN, "dbx.size", &data, &len, err);

	return r < 0 ? r : mo_dbx_add(d, data, len, err);
}

void mo_dbx_release(struct mo_dbx *d)
{
	free(d->entry);
	mo_arena_release(&d->arena);
	*d = (struct mo_dbx){ 0 };
}

static bool has(const struct mo_dbx *d, enum mo_dbx_kind kind, const void *p, size_t len)
{
	for (size_t i = 0; i < d->nr; i++)
		if (d->entry[i].kind == kind && d->entry[i].bytes.len == len &&
		    memcmp(d->entry[i].bytes.p, p, len) == 0)
			return true;
	return false;
}

bool mo_dbx_has_content(const struct mo_dbx *d, const uint8_t sha256[32])
{
	return has(d, MO_DBX_CONTENT, sha256, 32);
}

static int has_certificate(const struct mo_dbx *d, struct mo_view cert, bool *found,
			   struct modulo_error *err)
{
	static const enum mo_alg algs[] = { MO_SHA256, MO_SHA384, MO_SHA512 };
	struct mo_der_doc doc;
	struct mo_der all = mo_der_open(&doc, cert.p, cert.len, NULL), in, fields;
	struct mo_view tbs;
	int r = 0;

	mo_der_take_whole(&all, MO_DER_SEQUENCE, &in);
	tbs = mo_der_take_whole(&in, MO_DER_SEQUENCE, &fields);
	*found |= has(d, MO_DBX_CERTIFICATE, cert.p, cert.len);
	for (size_t i = 0; r == 0 && tbs.len && i < MO_NR(algs); i++) {
		uint8_t digest[MO_DIGEST_MAX];

		r = mo_hash_bytes(algs[i], tbs.p, tbs.len, digest, err);
		*found |= r == 0 && has(d, MO_DBX_TBS, digest, mo_alg_len(algs[i]));
	}
	return r;
}

int mo_dbx_has_signer(const struct mo_dbx *d, const struct mo_keyring *k, const struct mo_cms *cms,
		      const struct mo_cert *cert, bool *has_it, struct modulo_error *err)
{
	struct mo_der_doc doc;
	struct mo_der certs = mo_der_open(&doc, cms->certs.p, cms->certs.len, NULL), in;
	int r = 0;

	*has_it = false;
	while (r == 0 && cms->certs.len && certs.rest.len && !mo_der_bad(&certs))
		r = has_certificate(d, mo_der_take_whole(&certs, MO_DER_SEQUENCE, &in), has_it,
				    err);
	for (size_t i = 0; r == 0 && cert && i < mo_keyring_nr(k); i++)
		if (&k->keys[i]->cert == cert)
			r = has_certificate(d, k->keys[i]->der, has_it, err);
	return r;
}
