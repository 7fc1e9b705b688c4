/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whatever the strict reader takes, OpenSSL takes too, to the last byte, and would write it just
 * so. And the views that were handed out lie inside of the input, one behind the other.
 */
#include <string.h>

#include <openssl/cms.h>
#include <openssl/err.h>

#include "der/cms.h"

#include "inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_for_openssl(const uint8_t *data, size_t size)
{
	const unsigned char *p = data;
	CMS_ContentInfo *c = d2i_CMS_ContentInfo(NULL, &p, (long)size);
	unsigned char *again = NULL;
	int len;

	if (!c || p != data + size)
		__builtin_trap();
	len = i2d_CMS_ContentInfo(c, &again);
	if (len < 0 || (size_t)len != size || memcmp(again, data, size) != 0)
		__builtin_trap();
	OPENSSL_free(again);
	CMS_ContentInfo_free(c);
	ERR_clear_error();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct modulo_error err = { 0 };
	struct mo_buf text = { 0 };
	struct mo_cms c;

	if (mo_cms_parse(data, size, &c, &err)) {
		if (!err.rc || !err.id[0] || err.offset > size)
			__builtin_trap();
		return 0;
	}
	if (err.rc || !c.value.len || !c.issuer.len == !c.key_id.len ||
	    !c.attrs.len != !c.message_digest.len)
		__builtin_trap();
	inside(data, size, c.issuer);
	inside(data, size, c.serial);
	inside(data, size, c.key_id);
	inside(data, size, c.attrs);
	inside(c.attrs.p, c.attrs.len, c.message_digest);
	inside(c.attrs.p, c.attrs.len, c.signing_time);
	inside(data, size, c.value);
	if (c.issuer.len && !mo_name_text(c.issuer, &text))
		__builtin_trap();
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < 0x20 || text.data[i] > 0x7e)
			__builtin_trap();
	mo_buf_release(&text);
	same_for_openssl(data, size);
	return 0;
}
