/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A WIN_CERTIFICATE: an entry of a PE image's certificate table, or a signature that lies beside
 * its image (doc/formats/pe.md).
 */
#ifndef FMT_PE_CERTIFICATE_H
#define FMT_PE_CERTIFICATE_H

#include "base/error.h"
#include "io/source.h"

struct mo_pe_certificate {
	const char *form;      /* of the forms in pe.forms the one that says how it stands there */
	uint64_t der, der_len; /* its ContentInfo: place and length */
	uint64_t whole;	       /* all of it, filled up to a multiple of 8 */
};

/*
 * The entry that begins at `at`. What fills it up is not looked at, and may be missing. "pe.table",
 * "pe.type", "pe.certificate", "pe.slack", "ledger.signature".
 */
_must_check_ int mo_pe_certificate(struct mo_source *s, uint64_t at, struct mo_pe_certificate *out,
				   struct modulo_error *err);

/*
 * A detached signature is a ContentInfo, bare or filled up with zeros as sbattach takes it out of
 * an image, or a WIN_CERTIFICATE, with its fill or without. *at, *n: where in it the ContentInfo
 * is. Ids as above.
 */
_must_check_ int mo_pe_unwrap(const uint8_t *file, size_t len, size_t *at, size_t *n,
			      const char **form, struct modulo_error *err);

#endif
