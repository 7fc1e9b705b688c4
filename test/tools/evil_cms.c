/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes test/evil/cms/ and test/evil/authenticode/: from the good signatures of test/samples/, one
 * file for each way of breaking the profile, named by the refusal id it must meet. All but the
 * broken thing is put right again (lengths above it), so that nothing else is to blame.
 *
 *   evil_cms cms|authenticode SAMPLES-FOLDER OUT-FOLDER
 */

/* clang-format off */
/*
 * Edits, separated by spaces; PATH is the way down from the outermost element, ".", by child numbers:
 *   PATH=HEX   the element becomes these bytes
 *   PATH+HEX   bytes behind its last child
 *   PATH!      the element goes
 *   PATH*N     its content becomes N bytes, 0x11 each
 *   PATH:HH    another identifier octet
 *   PATH#HEX   another header, whatever the content is
 *   PATH~      it and the next one change places
 *   PATH%HH    the first content byte becomes HH
 *   PATH^      the element stands there twice
 *   PATH@      its content becomes the SHA-256 of that of SpcIndirectDataContent, 1/0/2/1/0
 *   &HEX       bytes behind the whole
 *   -N         the last N bytes go
 */
/* clang-format on */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#define SIZE	 16384
#define ALG(oid) "300b0609" oid /* an AlgorithmIdentifier without parameters */
#define SHA	 "608648016503040"
#define ATTR	 "2a864886f70d0109"

struct evil {
	const char *id, *base, *edits;
};

static const struct evil evil_cms[] = {
	{ "der.tag-outer", "rsa2048", ".:31" },
	{ "der.tag-long", "rsa2048", "1/0/3/0/0=1f0101" },
	{ "der.tag-missing", "rsa2048", "1/0/3/0/4!" },
	{ "der.tag-string", "rsa2048", "1/0/3/0/4:24" },
	{ "der.tag-sid", "rsa2048-keyid", "1/0/0%01 1/0/3/0/0%01" },
	{ "der.tag-value", "p256", "1/0/3/0/4=04083106020101020101" },
	{ "der.tag-attrs-set", "rsa2048-attrs", "1/0/3/0/3/0/1:30" },
	{ "der.tag-name", "rsa2048", "1/0/3/0/1/0/0:30" },
	{ "der.tag-empty-rdn", "rsa2048", "1/0/3/0/1/0/0=3100" },
	{ "der.length-indefinite", "rsa2048", ".#3080 &0000" },
	{ "der.length-two-for-one", "rsa2048", "1/0/3/0/2#30810b" },
	{ "der.length-leading-zero", "rsa2048", ".#30830001cd" },
	{ "der.length-five-bytes", "rsa2048", ".#308500000001cd" },
	{ "der.length-beyond", "rsa2048", "1/0/3/0/4#04820101" },
	{ "der.length-beyond-all", "rsa2048", "-1" },
	{ "der.length-cut", "rsa2048", ".=3082" },
	{ "der.slack-outer", "rsa2048", "&00" },
	{ "der.slack-info", "rsa2048", ".+0500" },
	{ "der.slack-explicit", "rsa2048", "1+0500" },
	{ "der.slack-data", "rsa2048", "1/0+0500" },
	{ "der.slack-content", "rsa2048", "1/0/2+0500" },
	{ "der.slack-signer", "rsa2048", "1/0/3/0+0500" },
	{ "der.slack-sid", "rsa2048", "1/0/3/0/1+0500" },
	{ "der.slack-algorithm", "rsa2048", "1/0/3/0/3+0500" },
	{ "der.slack-attr", "rsa2048-attrs", "1/0/3/0/3/0+0500" },
	{ "der.slack-pair", "rsa2048", "1/0/3/0/1/0/0/0+0500" },
	{ "der.slack-ecdsa", "p256", "1/0/3/0/4=04093006020101020101ff" },
	{ "der.slack-ecdsa-pair", "p256", "1/0/3/0/4=040a30080201010201010500" },
	{ "der.integer-empty", "rsa2048", "1/0/0=0200" },
	{ "der.integer-padded", "rsa2048", "1/0/0=02020001" },
	{ "der.integer-negative", "rsa2048", "1/0/3/0/1/1=0201ff" },
	{ "der.integer-serial", "rsa2048", "1/0/3/0/1/1*21" },
	{ "der.integer-serial-zero", "rsa2048", "1/0/3/0/1/1*23 1/0/3/0/1/1%00" },
	{ "der.integer-ecdsa", "p256", "1/0/3/0/4=04083006020181020101" },
	{ "cms.type-enveloped", "rsa2048", "0=06092a864886f70d010703" },
	{ "cms.type-content", "rsa2048", "1/0/2/0=06092a864886f70d010702" },
	{ "cms.type-attached", "rsa2048", "1/0/2+a003040161" },
	{ "cms.version-3-1", "rsa2048", "1/0/0%03" },
	{ "cms.version-1-3", "rsa2048", "1/0/3/0/0%03" },
	{ "cms.version-2", "rsa2048", "1/0/0%02 1/0/3/0/0%02" },
	{ "cms.version-long", "rsa2048", "1/0/0=02020100" },
	{ "cms.certs", "rsa2048", "1/0/2=300b06092a864886f70d010701a0023000" },
	{ "cms.certs-crl", "rsa2048", "1/0/2=300b06092a864886f70d010701a1023000" },
	{ "cms.signers-none", "rsa2048", "1/0/3=3100" },
	{ "cms.signers-no-hash", "rsa2048", "1/0/1=3100" },
	{ "cms.signers-two", "rsa2048", "1/0/3+3003020101" },
	{ "cms.signers-two-hashes", "rsa2048", "1/0/1+" ALG(SHA "202") },
	{ "cms.hash-sha1", "rsa2048", "1/0/1/0=300706052b0e03021a 1/0/3/0/2=300706052b0e03021a" },
	{ "cms.hash-sha224", "rsa2048", "1/0/1/0=" ALG(SHA "204") " 1/0/3/0/2=" ALG(SHA "204") },
	{ "cms.hash-sha3", "rsa2048", "1/0/1/0=" ALG(SHA "208") " 1/0/3/0/2=" ALG(SHA "208") },
	{ "cms.hash-differ", "rsa2048", "1/0/3/0/2=" ALG(SHA "203") },
	{ "cms.hash-differ-null", "rsa2048", "1/0/3/0/2+0500" },
	{ "cms.hash-parameters", "rsa2048", "1/0/1/0+0401aa 1/0/3/0/2+0401aa" },
	{ "cms.hash-null-not-empty", "rsa2048", "1/0/1/0+0501aa 1/0/3/0/2+0501aa" },
	{ "cms.hash-mldsa-sha384", "mldsa44-noattr",
	  "1/0/1/0=" ALG(SHA "202") " 1/0/3/0/2=" ALG(SHA "202") },
	{ "cms.hash-mldsa-null", "mldsa44", "1/0/1/0+0500 1/0/3/0/2+0500" },
	{ "cms.sigalg-rsa-sha256", "rsa2048", "1/0/3/0/3/0=06092a864886f70d01010b" },
	{ "cms.sigalg-pss", "rsa2048", "1/0/3/0/3=300b06092a864886f70d01010a" },
	{ "cms.sigalg-rsa-no-null", "rsa2048", "1/0/3/0/3/1!" },
	{ "cms.sigalg-rsa-parameters", "rsa2048", "1/0/3/0/3/1=0401aa" },
	{ "cms.sigalg-ed25519", "rsa2048", "1/0/3/0/3=300506032b6570" },
	{ "cms.sigalg-ecdsa-null", "p256", "1/0/3/0/3+0500" },
	{ "cms.sigalg-ecdsa-sha512", "p256", "1/0/3/0/3=300a06082a8648ce3d040304" },
	{ "cms.sigalg-ecdsa-sha224", "p256", "1/0/3/0/3=300a06082a8648ce3d040301" },
	{ "cms.sigalg-ecdsa-stem", "p256", "1/0/3/0/3=300906072a8648ce3d0403" },
	{ "cms.sigalg-mldsa-null", "mldsa44", "1/0/3/0/4+0500" },
	{ "cms.sigalg-hash-mldsa", "mldsa44", "1/0/3/0/4=" ALG(SHA "320") },
	{ "cms.value-rsa-short", "rsa2048", "1/0/3/0/4*127" },
	{ "cms.value-rsa-long", "rsa4096", "1/0/3/0/4*1025" },
	{ "cms.value-empty", "p256", "1/0/3/0/4*0" },
	{ "cms.value-ecdsa-zero", "p256", "1/0/3/0/4=04083006020101020100" },
	{ "cms.value-ecdsa-zero-r", "p256", "1/0/3/0/4=04083006020100020101" },
	{ "cms.value-ecdsa-long", "p521",
	  "1/0/3/0/4=04693067"
	  "0243"
	  "11111111111111111111111111111111"
	  "11111111111111111111111111111111"
	  "11111111111111111111111111111111"
	  "11111111111111111111111111111111"
	  "111111"
	  "0220"
	  "11111111111111111111111111111111"
	  "11111111111111111111111111111111" },
	{ "cms.value-mldsa-short", "mldsa44", "1/0/3/0/5*2419" },
	{ "cms.value-mldsa-65", "mldsa44", "1/0/3/0/5*3309" },
	{ "cms.attr-empty", "rsa2048-attrs", "1/0/3/0/3=a000" },
	{ "cms.attr-order", "rsa2048-attrs", "1/0/3/0/3/0~" },
	{ "cms.attr-order-last", "rsa2048-attrs", "1/0/3/0/3/1~" },
	{ "cms.attr-no-type", "rsa2048-attrs", "1/0/3/0/3/0!" },
	{ "cms.attr-no-digest", "rsa2048-attrs", "1/0/3/0/3/2!" },
	{ "cms.attr-doubled", "rsa2048-attrs",
	  "1/0/3/0/3/1=301806092a864886f70d010903310b06092a864886f70d010701" },
	{ "cms.attr-doubled-time", "rsa2048-attrs",
	  "1/0/3/0/3+301e0609" ATTR "05311118"
	  "0f32303530303130313030303030305a 1/0/3/0/3/2~" },
	{ "cms.attr-type", "rsa2048-attrs", "1/0/3/0/3/0/1/0=06092a864886f70d010702" },
	{ "cms.attr-type-tag", "rsa2048-attrs", "1/0/3/0/3/0/1/0:04" },
	{ "cms.attr-two-values", "rsa2048-attrs", "1/0/3/0/3/0/1+06092a864886f70d010701" },
	{ "cms.attr-unknown", "rsa2048-attrs",
	  "1/0/3/0/3/1=301c0609" ATTR "0f310f170d3234303830313030303030305a" },
	{ "cms.attr-digest-short", "rsa2048-attrs", "1/0/3/0/3/2/1/0*31" },
	{ "cms.attr-digest-tag", "rsa2048-attrs", "1/0/3/0/3/2/1/0:05" },
	{ "cms.attr-time-month", "rsa2048-attrs",
	  "1/0/3/0/3/1/1/0=170d3234313330313030303030305a" },
	{ "cms.attr-time-day", "rsa2048-attrs", "1/0/3/0/3/1/1/0=170d3233303232393030303030305a" },
	{ "cms.attr-time-century", "rsa2048-attrs",
	  "1/0/3/0/3/1/1/0=180f32313030303232393030303030305a" },
	{ "cms.attr-time-hour", "rsa2048-attrs", "1/0/3/0/3/1/1/0=170d3234303830313234303030305a" },
	{ "cms.attr-time-minute", "rsa2048-attrs",
	  "1/0/3/0/3/1/1/0=170d3234303830313030363030305a" },
	{ "cms.attr-time-second", "rsa2048-attrs",
	  "1/0/3/0/3/1/1/0=170d3234303830313030303036305a" },
	{ "cms.attr-time-digit", "rsa2048-attrs",
	  "1/0/3/0/3/1/1/0=170d32343038303130303030303a5a" },
	{ "cms.attr-time-no-seconds", "rsa2048-attrs",
	  "1/0/3/0/3/1/1/0=170b323430383031303030305a" },
	{ "cms.attr-time-offset", "rsa2048-attrs",
	  "1/0/3/0/3/1/1/0=17113234303830313030303030302b30313030" },
	{ "cms.attr-time-fraction", "rsa2048-attrs",
	  "1/0/3/0/3/1/1/0=181132303530303830313030303030302e355a" },
	{ "cms.attr-time-kind", "rsa2048-attrs",
	  "1/0/3/0/3/1/1/0=180f32303439313233313233353935395a" },
	{ "cms.attr-time-string", "rsa2048-attrs", "1/0/3/0/3/1/1/0:13" },
	{ "cms.unsigned", "rsa2048", "1/0/3/0+a100" },
	{ "cms.unsigned-attrs", "rsa2048-attrs", "1/0/3/0+a10b3009060355040331020500" },
	{ "cms.keyid-empty", "rsa2048-keyid", "1/0/3/0/1*0" },
	{ "cms.keyid-long", "rsa2048-keyid", "1/0/3/0/1*65" },
	{ "cms.name-two-pairs", "rsa2048", "1/0/3/0/1/0/0+30080603550403130161" },
	{ "cms.name-type", "rsa2048", "1/0/3/0/1/0/0/0/0=0603558003" },
	{ "cms.name-type-cut", "rsa2048", "1/0/3/0/1/0/0/0/0=0603550483" },
	{ "cms.name-type-empty", "rsa2048", "1/0/3/0/1/0/0/0/0=0600" },
	{ "cms.name-type-arc", "rsa2048", "1/0/3/0/1/0/0/0/0=060b5581818181818181818101" },
	{ "cms.name-empty-string", "rsa2048", "1/0/3/0/1/0/0/0/1=0c00" },
	{ "cms.name-ia5", "rsa2048", "1/0/3/0/1/0/0/0/1=160180" },
	{ "cms.name-printable", "rsa2048", "1/0/3/0/1/0/0/0/1=130140" },
	{ "cms.name-printable-nul", "rsa2048", "1/0/3/0/1/0/0/0/1=130100" },
	{ "cms.name-bmp", "rsa2048", "1/0/3/0/1/0/0/0/1=1e03004100" },
	{ "cms.name-bmp-surrogate", "rsa2048", "1/0/3/0/1/0/0/0/1=1e04d83dde00" },
	{ "cms.name-universal", "rsa2048", "1/0/3/0/1/0/0/0/1=1c0400000041" },
	{ "cms.name-utf8-overlong", "rsa2048", "1/0/3/0/1/0/0/0/1=0c02c0af" },
	{ "cms.name-utf8-surrogate", "rsa2048", "1/0/3/0/1/0/0/0/1=0c03eda080" },
	{ "cms.name-utf8-beyond", "rsa2048", "1/0/3/0/1/0/0/0/1=0c04f4908080" },
	{ "cms.name-utf8-cut", "rsa2048", "1/0/3/0/1/0/0/0/1=0c02e282" },
	{ "cms.name-utf8-bare", "rsa2048", "1/0/3/0/1/0/0/0/1=0c0180" },
	{ "cms.name-utf8-five", "rsa2048", "1/0/3/0/1/0/0/0/1=0c05f888808080" },
	{ "cms.name-long", "rsa2048", "1/0/3/0/1/0/0/0/1*1000" },
	{ "cms.digest", "rsa2048-attrs", "1/0/3/0/3/2/1/0%aa" },
};

#include "evil_authenticode.h"

struct node {
	uint8_t header[8], *data;
	size_t header_len, len; /* header_len 0: made of tag and content when written */
	uint8_t tag;
	bool raw; /* data is all there is of it */
	struct node *kids, *next;
};

static void *take(size_t len)
{
	void *p = calloc(1, len ? len : 1);

	if (!p)
		exit(2);
	return p;
}

static void trouble(const char *what, const char *name)
{
	fprintf(stderr, "evil_cms: %s: %s\n", what, name);
	exit(2);
}

/* Good DER, of which nothing is asked. */
static struct node *parse(uint8_t *p, size_t len)
{
	struct node *first = NULL, **at = &first;

	while (len) {
		struct node *n = take(sizeof(*n));
		size_t head = 2;

		n->len = p[1];
		if (p[1] & 0x80)
			for (n->len = 0; head < 2 + (p[1] & 0x7fu); head++)
				n->len = n->len << 8 | p[head];
		n->tag = p[0];
		n->data = p + head;
		if (n->tag & 0x20)
			n->kids = parse(n->data, n->len);
		p += head + n->len;
		len -= head + n->len;
		*at = n;
		at = &n->next;
	}
	return first;
}

static size_t put(const struct node *n, uint8_t *out)
{
	uint8_t *body = out + 8;
	size_t len = 0, nr = 0;

	if (n->raw || !(n->tag & 0x20)) {
		memcpy(body, n->data, len = n->len);
	} else {
		for (const struct node *k = n->kids; k; k = k->next)
			len += put(k, body + len);
	}
	if (n->raw) {
		memmove(out, body, len);
		return len;
	}
	if (n->header_len) {
		memcpy(out, n->header, nr = n->header_len);
	} else {
		out[nr++] = n->tag;
		if (len < 0x80) {
			out[nr++] = (uint8_t)len;
		} else {
			out[nr++] = len < 0x100 ? 0x81 : 0x82;
			if (len >= 0x100)
				out[nr++] = (uint8_t)(len >> 8);
			out[nr++] = (uint8_t)len;
		}
	}
	memmove(out + nr, body, len);
	return nr + len;
}

static size_t hex(const char *s, size_t n, uint8_t *out)
{
	for (size_t i = 0; i + 1 < n; i += 2) {
		char two[3] = { s[i], s[i + 1], '\0' };

		out[i / 2] = (uint8_t)strtoul(two, NULL, 16);
	}
	return n / 2;
}

/* Where the pointer to the element is kept. */
static struct node **walk(struct node **at, const char *path, const char **end)
{
	if (*path == '.') {
		*end = path + 1;
		return at;
	}
	for (;;) {
		char *rest;
		unsigned long i = strtoul(path, &rest, 10);

		for (at = &(*at)->kids; i && *at; i--)
			at = &(*at)->next;
		if (!*at || rest == path)
			trouble("no such element", path);
		*end = rest;
		if (*rest != '/')
			return at;
		path = rest + 1;
	}
}

static struct node *raw(const char *s, size_t n)
{
	struct node *r = take(sizeof(*r));

	r->raw = true;
	r->data = take(n);
	r->len = hex(s, n, r->data);
	return r;
}

static void swap_with_next(struct node **at)
{
	struct node *a = *at, *b = a->next;

	if (!b)
		trouble("no next element", "~");
	*at = b;
	a->next = b->next;
	b->next = a;
}

static void repeat(struct node *el)
{
	struct node *again = take(sizeof(*again));

	*again = *el;
	el->next = again;
}

static void digest_content(struct node **root, struct node *into)
{
	static uint8_t whole[2 * SIZE];
	const char *end;
	size_t len = put(*walk(root, "1/0/2/1/0", &end), whole);
	size_t head = whole[1] < 0x80 ? 2 : 2 + (whole[1] & 0x7fu);

	into->data = take(SHA256_DIGEST_LENGTH);
	SHA256(whole + head, len - head, into->data);
}

static void edit(struct node **root, const char *e, size_t n)
{
	const char *op, *arg;
	struct node **at = walk(root, e, &op), *el = *at, *r;
	size_t len = (size_t)(e + n - op - 1);
	uint8_t byte[8];

	arg = op + 1;
	switch (*op) {
	case '=':
		r = raw(arg, len);
		r->next = el->next;
		*at = r;
		return;
	case '+':
		for (at = &el->kids; *at; at = &(*at)->next)
			;
		*at = raw(arg, len);
		return;
	case '!':
		*at = el->next;
		return;
	case '*':
		el->len = strtoul(arg, NULL, 10);
		el->data = memset(take(el->len), 0x11, el->len);
		return;
	case ':':
		hex(arg, 2, &el->tag);
		return;
	case '#':
		el->header_len = hex(arg, len, el->header);
		return;
	case '~':
		swap_with_next(at);
		return;
	case '^':
		repeat(el);
		return;
	case '@':
		digest_content(root, el);
		return;
	case '%':
		hex(arg, 2, byte);
		if (el->data[0] == byte[0])
			trouble("it is that already", e);
		el->data[0] = byte[0];
		return;
	}
	trouble("no such edit", e);
}

static size_t make(const char *edits, uint8_t *in, size_t len, uint8_t *out)
{
	struct node *root = parse(in, len);
	const char *e = edits;

	for (size_t n; *e; e += n + (e[n] == ' ')) {
		n = strcspn(e, " ");
		if (*e != '&' && *e != '-')
			edit(&root, e, n);
	}
	len = put(root, out);
	for (e = edits; (e = strpbrk(e, "&-")); e++) {
		if (*e == '&')
			len += hex(e + 1, strcspn(e + 1, " "), out + len);
		else
			len -= strtoul(e + 1, NULL, 10);
	}
	return len;
}

static void make_file(const struct evil *evil, const char *samples, const char *folder)
{
	static uint8_t in[SIZE], out[2 * SIZE];
	char path[4096];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.der", samples, evil->base);
	f = fopen(path, "rb");
	if (!f)
		trouble("no such sample", path);
	len = fread(in, 1, sizeof(in), f);
	fclose(f);
	len = make(evil->edits, in, len, out);
	snprintf(path, sizeof(path), "%s/%s.der", folder, evil->id);
	f = fopen(path, "wb");
	if (!f || fwrite(out, 1, len, f) != len || fclose(f))
		trouble("cannot write", path);
}

int main(int argc, char **argv)
{
	const struct evil *evil = evil_cms;
	size_t nr = sizeof(evil_cms) / sizeof(evil_cms[0]);

	if (argc != 4)
		trouble("usage", "evil_cms cms|authenticode SAMPLES-FOLDER OUT-FOLDER");
	if (!strcmp(argv[1], "authenticode")) {
		evil = evil_authenticode;
		nr = sizeof(evil_authenticode) / sizeof(evil_authenticode[0]);
	}
	for (size_t i = 0; i < nr; i++)
		make_file(&evil[i], argv[2], argv[3]);
	return 0;
}
