/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ContentInfo { signedData, [0] { SignedData } } over SpcIndirectDataContent ("Windows Authenticode
 * Portable Executable Signature Format", Microsoft, 2008; RFC 2315), as far as
 * doc/formats/authenticode.md goes.
 */
#include "der/authenticode.h"

#include <string.h>

#include "der/authenticode_parts.h"
#include "hash/hash.h"

#define OID_PE_IMAGE_DATA MO_OID_SPC "\x0f"
#define OID_INDIVIDUAL	  MO_OID_SPC "\x15"

/* What is read on the way, and compared later. */
struct reader {
	struct mo_cms *out;
	struct mo_alg_id digest;
	struct mo_view content; /* octets of SpcIndirectDataContent: what messageDigest is of */
};

static int bad_content(struct mo_der *d, uint64_t at, const char *what)
{
	return mo_fail(d->doc->err, MODULO_MALFORMED, at, "cms.spc", "%s", what);
}

/*
 * SpcLink ::= CHOICE { url [0] IA5String, moniker [1] SpcSerializedObject, file [2] EXPLICIT
 * SpcString } SpcString ::= CHOICE { unicode [0] IMPLICIT BMPString, ascii [1] IMPLICIT IA5String }
 */
static int read_link(struct mo_der *d)
{
	static const char obsolete[] = "\0<\0<\0<\0O\0b\0s\0o\0l\0e\0t\0e\0>\0>\0>";
	uint64_t at = mo_der_offset(d);
	struct mo_der link = mo_der_take(d, MO_DER_CONTEXT_CONS + 0), file;
	struct mo_view s;

	if (mo_der_peek(&link) == MO_DER_CONTEXT_CONS + 1)
		return mo_fail(d->doc->err, MODULO_UNSUPPORTED, at, "cms.spc", "hashes of pages");
	file = mo_der_take(&link, MO_DER_CONTEXT_CONS + 2);
	mo_der_end(&link);
	s = mo_der_take(&file, MO_DER_CONTEXT + 0).rest;
	mo_der_end(&file);
	if (!mo_der_bad(d) && s.len && !MO_OID_IS(s, obsolete))
		return bad_content(d, at, "a link that is neither empty nor <<<Obsolete>>>");
	return mo_der_bad(d);
}

/* SpcAttributeTypeAndOptionalValue { type, SpcPeImageData { flags BIT STRING, [0] SpcLink } } */
static int read_image_data(struct mo_der *d)
{
	struct mo_der attr = mo_der_take(d, MO_DER_SEQUENCE), image;
	uint64_t at = mo_der_offset(&attr);
	struct mo_view oid = mo_der_take(&attr, MO_DER_OID).rest, flags;
	int rc;

	if (mo_der_bad(d))
		return mo_der_bad(d);
	if (!MO_OID_IS(oid, OID_PE_IMAGE_DATA) && !MO_OID_IS(oid, OID_INDIVIDUAL))
		return mo_fail(d->doc->err, MODULO_UNSUPPORTED, at, "cms.spc",
			       "not a signature of a PE image");
	image = mo_der_take(&attr, MO_DER_SEQUENCE);
	mo_der_end(&attr);
	at = mo_der_offset(&image);
	flags = mo_der_take(&image, MO_DER_BITS).rest;
	if (!mo_der_bad(d) && !MO_OID_IS(flags, "\0") && !MO_OID_IS(flags, "\x07\x80"))
		return bad_content(d, at, "flags other than none and includeResources");
	rc = read_link(&image);
	mo_der_end(&image);
	return rc ? rc : mo_der_bad(d);
}

/* ContentInfo { SPC_INDIRECT_DATA, [0] SpcIndirectDataContent { data, DigestInfo } } */
static int read_content(struct mo_der *d, struct reader *r)
{
	struct modulo_error *err = d->doc->err;
	struct mo_der info = mo_der_take(d, MO_DER_SEQUENCE), explicit, spc, digest;
	uint64_t at = mo_der_offset(&info);
	struct mo_view oid = mo_der_take(&info, MO_DER_OID).rest;
	int rc;

	if (mo_der_bad(d))
		return mo_der_bad(d);
	if (!MO_OID_IS(oid, MO_OID_SPC_INDIRECT))
		return mo_fail(err, MODULO_UNSUPPORTED, at, "cms.type",
			       "the content is not SPC_INDIRECT_DATA");
	explicit = mo_der_take(&info, MO_DER_CONTEXT_CONS + 0);
	mo_der_end(&info);
	spc = mo_der_take(&explicit, MO_DER_SEQUENCE);
	mo_der_end(&explicit);
	r->content = spc.rest;
	rc = mo_der_bad(d);
	if (rc || (rc = read_image_data(&spc)))
		return rc;
	digest = mo_der_take(&spc, MO_DER_SEQUENCE);
	mo_der_end(&spc);
	if (mo_der_bad(d) || (rc = mo_cms_same_hash(&digest, &r->digest)))
		return rc ? rc : mo_der_bad(d);
	at = mo_der_offset(&digest);
	r->out->spc_digest = mo_der_take(&digest, MO_DER_OCTETS).rest;
	mo_der_end(&digest);
	if (!mo_der_bad(d) && r->out->spc_digest.len != mo_alg_len(r->out->hash))
		return bad_content(d, at, "a digest of another length than its algorithm's");
	return mo_der_bad(d);
}

static int check_digest(struct mo_der *d, const struct reader *r)
{
	struct modulo_error *err = d->doc->err;
	struct mo_view named = r->out->message_digest;
	uint8_t digest[MO_DIGEST_MAX];
	int rc = mo_hash_bytes(r->out->hash, r->content.p, r->content.len, digest, err);

	if (!rc && memcmp(named.p, digest, named.len) != 0)
		return mo_fail(err, MODULO_MALFORMED, (uint64_t)(named.p - d->doc->start),
			       "cms.digest", "messageDigest is not the digest of the content");
	return rc;
}

static int take_version(struct mo_der *d)
{
	uint64_t at = mo_der_offset(d);
	int rc;

	if (mo_cms_read_version(d, &rc) == 3)
		return mo_fail(d->doc->err, MODULO_MALFORMED, at, "cms.version",
			       "a version that is not 1");
	return rc;
}

static int read_signer(struct mo_der *d, unsigned allow, struct reader *r)
{
	const unsigned kinds = MO_SIGALG_RSA | MO_SIGALG_RSA_HASH | MO_SIGALG_ECDSA;
	struct mo_cms *out = r->out;
	struct mo_der attrs;
	int rc = take_version(d);

	if (rc || (rc = mo_cms_read_issuer_serial(d, out)) ||
	    (rc = mo_cms_same_hash(d, &r->digest)))
		return rc;
	out->attrs = mo_der_take_whole(d, MO_DER_CONTEXT_CONS + 0, &attrs);
	if (mo_der_bad(d) || (rc = mo_cms_read_attrs(&attrs, mo_authenticode_note, out)) ||
	    (rc = check_digest(d, r)) || (rc = mo_cms_read_sigalg(d, kinds, &r->digest, out)) ||
	    (rc = mo_cms_read_value(d, out)))
		return rc ? rc : mo_der_bad(d);
	if (mo_der_peek(d) == MO_DER_CONTEXT_CONS + 1)
		rc = mo_authenticode_unsigned(d, allow, out);
	mo_der_end(d);
	return rc ? rc : mo_der_bad(d);
}

static int read_signed_data(struct mo_der *d, unsigned allow, struct reader *r)
{
	struct modulo_error *err = d->doc->err;
	struct mo_der hashes, certs, signers, signer;
	uint64_t at;
	int rc = take_version(d);

	if (rc || (rc = mo_cms_take_only(d, "digest algorithm", &hashes)) ||
	    (rc = mo_cms_read_hash(&hashes, &r->digest, &r->out->hash)) ||
	    (rc = read_content(d, r)))
		return rc;
	at = mo_der_offset(d);
	if (mo_der_peek(d) != MO_DER_CONTEXT_CONS + 0)
		return mo_fail(err, MODULO_MALFORMED, at, "cms.certs", "no certificates");
	certs = mo_der_take(d, MO_DER_CONTEXT_CONS + 0);
	r->out->certs = certs.rest;
	if (mo_der_peek(d) == MO_DER_CONTEXT_CONS + 1)
		return mo_fail(err, MODULO_MALFORMED, mo_der_offset(d), "cms.certs",
			       "revocation lists");
	rc = mo_cms_take_only(d, "signer", &signers);
	mo_der_end(d);
	if (rc || mo_der_bad(d))
		return rc ? rc : mo_der_bad(d);
	signer = mo_der_take(&signers, MO_DER_SEQUENCE);
	rc = mo_der_bad(d) ? mo_der_bad(d) : read_signer(&signer, allow, r);
	return rc ? rc : mo_authenticode_certs(&certs, r->out);
}

int mo_authenticode_parse(const uint8_t *der, size_t len, unsigned allow, struct mo_cms *out,
			  struct modulo_error *err)
{
	struct mo_cms cms = { 0 };
	struct reader r = { .out = &cms };
	struct mo_der_doc doc;
	struct mo_der all = mo_der_open(&doc, der, len, err), data;
	int rc = mo_cms_open(&all, &data);

	if (rc || (rc = read_signed_data(&data, allow, &r)))
		return rc;
	*out = cms;
	return 0;
}
