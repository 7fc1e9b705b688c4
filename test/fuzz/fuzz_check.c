/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The checker, as a function. The first byte chooses what the rest is: a ledger's lines behind its header, over one of the small
 * artifacts below; the DER of a signature; or a compressed stream. The end has an id, and the same input ends in the same way twice.
 */
#include "check.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_MAX (UINT64_C(1) << 18)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The beginning of a relocatable object, and no more: what a signature may follow. */
static const char object[] = "\x7f" "ELF\2\1\1\0\0\0\0\0\0\0\0\0\1\0>\0 of which this is the rest\n";

static void header(FILE *f, size_t artifact, size_t core)
{
	uint8_t md[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (!EVP_Digest(mo_forms_table, mo_forms_table_len, md, &len, EVP_sha256(), NULL))
		abort();
	fputs("modulo-ledger 1\nforms ", f);
	for (unsigned i = 0; i < len; i++)
		fprintf(f, "%02x", md[i]);
	fprintf(f, "\nartifact %zu %064d\ncore %zu %064d\n", artifact, 0, core, 0);
}

static void signature(FILE *f, const uint8_t *der, size_t len)
{
	uint8_t *text = malloc(len / 3 * 4 + 5);

	if (!text)
		abort();
	EVP_EncodeBlock(text, der, (int)len);
	fprintf(f, "leaf %zu 1\nmodule.pkcs7 %s\nend\n", sizeof(object), text);
	free(text);
}

static FILE *bytes(const void *p, size_t n)
{
	FILE *f = fmemopen((void *)(uintptr_t)p, n, "r");

	if (!f)
		abort();
	return f;
}

static void once(const char *ledger, size_t ledger_len, const void *artifact, size_t len, struct mo_check_end *end)
{
	struct mo_check_job job = {
		.artifact = bytes(artifact, len),
		.core = bytes(object, sizeof(object)),
		.ledger = bytes(ledger, ledger_len),
	};

	if (mo_check_run(&job, NULL, end) && (!end->id || !*end->text || end->status < 1 || end->status > 2))
		abort();
	fclose(job.artifact);
	fclose(job.core);
	fclose(job.ledger);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const codecs[] = { "gzip", "xz", "zstd" };
	const void *artifact = object;
	size_t len = sizeof(object), ledger_len = 0;
	struct mo_check_end a, b;
	char *ledger = NULL;
	FILE *f = open_memstream(&ledger, &ledger_len);

	if (!f)
		abort();
	if (size < 2 || size > FUZZ_MAX) {
		fclose(f);
		free(ledger);
		return 0;
	}
	header(f, len, sizeof(object));
	if (data[0] % 5 == 0) {
		fwrite(data + 1, 1, size - 1, f);
	} else if (data[0] % 5 == 1) {
		signature(f, data + 1, size - 1);
	} else {
		artifact = data + 1;
		len = size - 1;
		fprintf(f, "stream %s %zu x checked\nleaf %zu\nend\n", codecs[data[0] % 5 - 2], len, sizeof(object));
	}
	fclose(f);
	once(ledger, ledger_len, artifact, len, &a);
	once(ledger, ledger_len, artifact, len, &b);
	if (a.status != b.status || a.line != b.line || (a.status && strcmp(a.id, b.id)))
		abort();
	free(ledger);
	return 0;
}
