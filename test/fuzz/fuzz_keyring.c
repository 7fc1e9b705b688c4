/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A keyring from any bytes: all or nothing, texts that a terminal can be trusted with, and nothing
 * left in OpenSSL's error queue.
 */
#include <openssl/err.h>

#include "sig/keyring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct modulo_error err = { 0 };
	struct mo_keyring *k;

	if (mo_keyring_new(&k, &err))
		return 0;
	if (mo_keyring_add(k, data, size, &err) ? !err.id[0] || mo_keyring_nr(k)
						: !mo_keyring_nr(k))
		__builtin_trap();
	for (size_t i = 0; i < mo_keyring_nr(k); i++)
		for (const char *s = mo_keyring_cert(k, i)->subject; *s; s++)
			if (*s < 0x20 || *s > 0x7e)
				__builtin_trap();
	if (ERR_peek_error())
		__builtin_trap();
	mo_keyring_free(k);
	return 0;
}
