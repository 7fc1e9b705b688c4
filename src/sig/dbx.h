/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists of what is refused, as firmware keeps them in its variable `dbx`: digests of contents (an
 * image's Authenticode SHA-256, a module's SHA-256 without signature), certificates, and digests of
 * certificates.
 *
 * Sources: UEFI specification 2.10, sections 32.4.1 (EFI_SIGNATURE_LIST, its types) and 8.2.2
 * (EFI_VARIABLE_AUTHENTICATION_2); Linux, Documentation/filesystems/efivarfs.rst (four bytes of
 * attributes in front).
 */
#ifndef SIG_DBX_H
#define SIG_DBX_H

#include "base/arena.h"
#include "base/error.h"
#include "der/cms.h"
#include "sig/keyring.h"

enum mo_dbx_kind {
	MO_DBX_CONTENT,	    /* SHA-256 of a content */
	MO_DBX_CERTIFICATE, /* all of one, in DER */
	MO_DBX_TBS,	    /* SHA-256, SHA-384 or SHA-512 of its TBSCertificate, by the length */
};

/* Zeroed before; released by the caller. */
struct mo_dbx {
	struct mo_arena arena;
	struct mo_dbx_entry {
		enum mo_dbx_kind kind;
		struct mo_view bytes;
	} * entry;
	size_t nr, size;
};

/*
 * Adds a file's, at most 16 MiB: one EFI_SIGNATURE_LIST after the other, as they are, as efivarfs
 * shows the variable, or as the update of one (dbxupdate.bin: its own signature is not looked at);
 * or text, a SHA-256 in hex on each line, with empty lines and `#` comments. Refusals:
 * "dbx.format", "dbx.list", "dbx.type" (an unknown type is not passed over), "dbx.size".
 */
_must_check_ int mo_dbx_add_file(struct mo_dbx *d, const char *path, struct modulo_error *err);
_must_check_ int mo_dbx_add(struct mo_dbx *d, const uint8_t *p, size_t len,
			    struct modulo_error *err);
void mo_dbx_release(struct mo_dbx *d);

bool mo_dbx_has_content(const struct mo_dbx *d, const uint8_t sha256[32]);
/* Whether a list names one of the certificates that a signature brings, or the keyring's that it
 * was judged by (cert, NULL: none). The times that lists of digests of certificates hold are not
 * looked at: a signature has no time that is vouched for. */
_must_check_ int mo_dbx_has_signer(const struct mo_dbx *d, const struct mo_keyring *k,
				   const struct mo_cms *cms, const struct mo_cert *cert, bool *has,
				   struct modulo_error *err);

#endif
