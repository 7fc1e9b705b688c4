/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whatever the strict reader takes, OpenSSL takes too, to the last byte, and would write it just
 * so: as PKCS7, and each certificate as one. The views that were handed out lie inside of the
 * input. And judging it without a keyring finds no key, or that it is wrong.
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/pkcs7.h>

#include "der/authenticode.h"
#include "sig/keyring.h"

#include "inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_for_openssl(const uint8_t *data, size_t size)
{
	const unsigned char *p = data;
	PKCS7 *c = d2i_PKCS7(NULL, &p, (long)size);
	unsigned char *again = NULL;
	int len;

	if (!c || p != data + size)
		__builtin_trap();
	len = i2d_PKCS7(c, &again);
	if (len < 0 || (size_t)len != size || memcmp(again, data, size) != 0)
		__builtin_trap();
	OPENSSL_free(again);
	PKCS7_free(c);
	ERR_clear_error();
}

static void check(const uint8_t *data, size_t size, const struct mo_cms *c)
{
	struct mo_buf text = { 0 };
	enum mo_sig_status status;
	const struct mo_cert *cert;
	size_t nr;

	if (!c->value.len || !c->issuer.len || !c->serial.len || c->key_id.len ||
	    c->spc_digest.len != mo_alg_len(c->hash) ||
	    c->message_digest.len != c->spc_digest.len || !c->nr_unsigned != !c->unsigned_kinds ||
	    !c->nr_unsigned != !c->unsigned_attrs.len)
		__builtin_trap();
	inside(data, size, c->issuer);
	inside(data, size, c->serial);
	inside(data, size, c->spc_digest);
	inside(data, size, c->attrs);
	inside(c->attrs.p, c->attrs.len, c->message_digest);
	inside(c->attrs.p, c->attrs.len, c->signing_time);
	inside(c->attrs.p, c->attrs.len, c->opus);
	inside(data, size, c->value);
	inside(data, size, c->certs);
	inside(c->certs.p, c->certs.len, c->signer_cert);
	inside(c->signer_cert.p, c->signer_cert.len, c->signer);
	inside(data, size, c->unsigned_attrs);
	if (!mo_name_text(c->signer, &text))
		__builtin_trap();
	mo_buf_release(&text);
	if (mo_keyring_judge(NULL, c, c->spc_digest.p, NULL, 0, &status, &cert, NULL) || cert ||
	    (status != MO_SIG_NO_KEY && status != MO_SIG_INVALID))
		__builtin_trap();
	if (mo_keyring_unvouched(NULL, c, &nr, NULL) || !nr)
		__builtin_trap();
	/* values of unsigned attributes are not looked at; it looks at some */
	if (!c->nr_unsigned)
		same_for_openssl(data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct modulo_error err = { 0 };
	struct mo_cms c, strict;
	int rc = mo_authenticode_parse(data, size, MO_ALLOW_UNSIGNED_ATTRIBUTES, &c, &err);
	bool plain;

	if (rc && (!err.rc || !err.id[0] || err.offset > size))
		__builtin_trap();
	if (!rc)
		check(data, size, &c);
	/* what is not allowed is all that differs */
	plain = !mo_authenticode_parse(data, size, 0, &strict, NULL);
	if (plain != (!rc && !c.nr_unsigned))
		__builtin_trap();
	return 0;
}
