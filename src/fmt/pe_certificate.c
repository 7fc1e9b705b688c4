/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fmt/pe_certificate.h"

#include "base/cursor.h"
#include "base/util.h"
#include "ledger/item.h"

enum {
	HEAD = 8,
	PKCS7 = 2, /* WIN_CERT_TYPE_PKCS_SIGNED_DATA */
	SEQUENCE = 0x30,
};

/* By revision, 1.0 or 2.0, and by whether dwLength counts the fill */
static const char *const forms[2][2] = { { "pe.authenticode-1.0", "pe.authenticode-1.0-rounded" },
					 { "pe.authenticode", "pe.authenticode-rounded" } };

static int fail_at(struct modulo_error *err, uint64_t off, const char *id, const char *text)
{
	return mo_fail(err, MODULO_MALFORMED, off, id, "%s", text);
}

/* How long the DER is that begins there: header and content. */
static int der_len(struct mo_source *s, uint64_t at, uint64_t most, uint64_t *out,
		   struct modulo_error *err)
{
	uint8_t h[6];
	size_t n = (size_t)MO_MIN(most, (uint64_t)sizeof(h)), width;
	int r = mo_source_read(s, at, h, n, err);

	if (r < 0)
		return r;
	width = n < 2 ? 0 : h[1] & 0x80 ? h[1] & 0x7f : 0;
	if (n < 2 || h[0] != SEQUENCE || width > 4 || n < 2 + width)
		return fail_at(err, at, "pe.certificate", "no DER where a signature should be");
	*out = h[1] & 0x80 ? 0 : h[1];
	for (size_t i = 0; i < width; i++)
		*out = *out << 8 | h[2 + i];
	*out += 2 + width;
	return *out <= most ? 0
			    : fail_at(err, at, "pe.certificate",
				      "the signature is longer than its entry in the table");
}

/* dwLength and the DER, which lies at `der`; what else the entry says is known. */
static int entry(struct mo_source *s, uint64_t der, uint64_t said, bool second,
		 struct mo_pe_certificate *out, struct modulo_error *err)
{
	struct mo_pe_certificate c = { .der = der };
	int r = der_len(s, der, said - HEAD, &c.der_len, err);

	if (r < 0)
		return r;
	c.whole = (HEAD + c.der_len + 7) & ~UINT64_C(7);
	if (said != HEAD + c.der_len && said != c.whole)
		return fail_at(err, der + c.der_len, "pe.slack",
			       "bytes between a signature and its entry's end");
	if (c.der_len > MO_SIGNATURE_MAX)
		return mo_fail(err, MODULO_LIMIT, der - HEAD, "ledger.signature",
			       "a signature of more than 65,536 bytes");
	c.form = forms[second][said != HEAD + c.der_len];
	*out = c;
	return 0;
}

int mo_pe_certificate(struct mo_source *s, uint64_t at, struct mo_pe_certificate *out,
		      struct modulo_error *err)
{
	uint64_t left = s->len - at;
	uint8_t h[HEAD];
	uint32_t said, revision;
	int r;

	if (left < HEAD)
		return fail_at(err, at, "pe.table",
			       "the certificate table ends inside of an entry");
	r = mo_source_read(s, at, h, sizeof(h), err);
	if (r < 0)
		return r;
	said = mo_get_le32(h);
	revision = (uint32_t)h[5] << 8 | h[4];
	if (said <= HEAD || said > left)
		return fail_at(err, at, "pe.table",
			       "an entry's length that does not fit into the certificate table");
	if ((revision != 0x100 && revision != 0x200) || h[6] != PKCS7 || h[7])
		return mo_fail(err, MODULO_UNSUPPORTED, at + 4, "pe.type",
			       "a certificate of revision 0x%04x, type 0x%02x%02x: only PKCS#7 "
			       "SignedData is known",
			       revision, h[7], h[6]);
	return entry(s, at + HEAD, said, revision == 0x200, out, err);
}

/* What stands behind the DER is what fills it up. */
static int only_fill(const uint8_t *file, size_t len, const struct mo_pe_certificate *c,
		     struct modulo_error *err)
{
	size_t end = (size_t)(c->der + c->der_len);

	for (size_t i = end; i < len; i++)
		if (file[i])
			return fail_at(err, i, "pe.slack", "bytes behind a signature's DER");
	return len == end || len - c->der + HEAD == c->whole
		       ? 0
		       : fail_at(err, end, "pe.slack",
				 "a signature that is not filled up to a multiple of 8");
}

int mo_pe_unwrap(const uint8_t *file, size_t len, size_t *at, size_t *n, const char **form,
		 struct modulo_error *err)
{
	_cleanup_source_ struct mo_source *s = NULL;
	struct mo_pe_certificate c;
	int r = mo_source_memory(file, len, &s, err);

	if (r < 0)
		return r;
	if (len && file[0] == SEQUENCE && (len < HEAD || file[6] != PKCS7 || file[7]))
		r = entry(s, 0, len + HEAD, true, &c, err);
	else
		r = mo_pe_certificate(s, 0, &c, err);
	r = r < 0 ? r : only_fill(file, len, &c, err);
	if (r < 0)
		return r;
	*at = (size_t)c.der;
	*n = (size_t)c.der_len;
	*form = c.form;
	return 0;
}
