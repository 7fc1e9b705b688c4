/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signatures, doc/formats/module.md: what they say, and whose they are. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include "merkle/merkle_verify.h" /* the one file that is src/'s, and the kernel's */

static void cms_parse(struct signature *g)
{
	strcpy(g->mark[0].name, "allow-unsigned");
	g->nr_marks = run.job->allow_unsigned;
	g->depth = g->levels = 0;
	const char *profile = strcmp(g->kind, "signature authenticode") ? "cms" : "authenticode";
	walk(g, rows(profile), (der){ g->body, g->body + g->len });
	der number = found(g, found(g, "serial") ? "serial" : "key-id")->in;
	int n = sprintf(g->who, found(g, "serial") ? "issuer %s serial " : "key-id ", g->name);
	hex(number.p, len(number), g->who + n);
	g->md = EVP_get_digestbyname(found(g, "hash=")->name + strlen("hash="));
	g->key = found(g, "key=")->name + strlen("key=");
	g->hash = hash_new(g->md);
}

/* In each file: PEM certificates, as many as there are, or one in DER to the file's last byte. */
static void keyring_load(void)
{
	must((run.certs = sk_X509_new_null()), "check.memory");
	for (unsigned i = 0; i < run.job->nr_keyrings; i++) {
		int before = sk_X509_num(run.certs);
		char no_password[1] = "";
		X509 *x;
		FILE *f = fopen(run.job->keyrings[i], "rbe");
		must_of(run.job->keyrings[i], f, "check.read");
		while ((x = PEM_read_X509(f, NULL, NULL, no_password)))
			sk_X509_push(run.certs, x);
		bool ok = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
		rewind(f);
		if (ok && sk_X509_num(run.certs) == before && (x = d2i_X509_fp(f, NULL)))
			ok = sk_X509_push(run.certs, x) && getc(f) == EOF;
		fclose(f);
		ERR_clear_error();
		ok = ok && sk_X509_num(run.certs) > before;
		must_of(run.job->keyrings[i], ok, "check.keyring");
	}
}

static bool string_is(der d, const ASN1_STRING *s)
{
	return s && equals(d, ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

/* As the kernel finds it: nothing is normalized, and no date looked at. */
static bool is_signer(X509 *x, const struct signature *g)
{
	const ASN1_STRING *serial = X509_get0_serialNumber(x);
	const struct mark *issuer = found(g, "issuer");
	const uint8_t *name;
	size_t n;
	if (!issuer)
		return string_is(found(g, "key-id")->in, X509_get0_subject_key_id(x));
	return string_is(found(g, "serial")->in, serial) &&
	       ASN1_STRING_type(serial) == V_ASN1_INTEGER &&
	       X509_NAME_get0_der(X509_get_issuer_name(x), &name, &n) &&
	       equals(issuer->whole, name, n);
}

/* 1: verified; 0: invalid; -1: cannot be told here: libcrypto 3.0 does not have ML-DSA. */
static int verify(EVP_PKEY *key, const struct signature *g, const uint8_t *digest)
{
	uint8_t of_attrs[EVP_MAX_MD_SIZE];
	unsigned n = (unsigned)EVP_MD_get_size(g->md);
	der value = found(g, "value")->in;
	const struct mark *attrs = found(g, "attrs");
	int r = -1;
	if (!key || *g->key == 'M' || !EVP_PKEY_is_a(key, g->key))
		return key && *g->key != 'M' ? 0 : -1;
	if (attrs) { /* what is signed is the SET that they are without their [0] */
		memcpy(run.buf, attrs->whole.p, len(attrs->whole));
		run.buf[0] = SET;
		if (!EVP_Digest(run.buf, len(attrs->whole), of_attrs, NULL, g->md, NULL))
			return -1;
		digest = of_attrs;
	}
	EVP_PKEY_CTX *p = EVP_PKEY_CTX_new(key, NULL);
	if (p && EVP_PKEY_verify_init(p) == 1 && EVP_PKEY_CTX_set_signature_md(p, g->md) == 1 &&
	    (*g->key != 'R' || EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PADDING) == 1))
		r = EVP_PKEY_verify(p, value.p, len(value), digest, n) == 1;
	EVP_PKEY_CTX_free(p);
	return r;
}

/* Counts a signature over bytes of this digest; an invalid one ends the run. */
static void judge(const struct signature *g, const uint8_t *digest)
{
	bool verified = false, invalid = false;
	const struct mark *said = found(g, "digest"), *content = found(g, "content");
	uint8_t own[EVP_MAX_MD_SIZE];
	if (content) { /* what is signed is inside, and names the image's digest */
		int made = EVP_Digest(content->in.p, len(content->in), own, NULL, g->md, NULL);
		must(made && !memcmp(said->in.p, own, len(said->in)), "cms.digest");
		said = found(g, "image-digest");
	}
	must(!said || !memcmp(said->in.p, digest, len(said->in)), "cms.digest");
	for (int i = 0; i < sk_X509_num(run.certs) && !verified; i++) {
		X509 *x = sk_X509_value(run.certs, i);
		int r = is_signer(x, g) ? verify(X509_get0_pubkey(x), g, digest) : -1;
		verified = r == 1;
		invalid |= r == 0;
	}
	ERR_clear_error();
	must(verified || !invalid, "check.signature");
	if (content) /* it covers neither */
		count("4unvouched %s certificates", g->form);
	if (found(g, "unsigned"))
		count("4unvouched %s unsigned-attributes", g->form);
	count("1%s\t%s %s", g->kind, verified ? "verified" : "unverified", g->who);
}

/* Of a node: its 65 bytes, in pieces. */
static int sha256(void *ctx, const struct mo_merkle_piece *piece, unsigned nr, uint8_t *out)
{
	uint8_t *end = run.room;
	(void)ctx;
	for (; nr--; piece++)
		end = mempcpy(end, piece->data, piece->len);
	return EVP_Digest(run.room, (size_t)(end - run.room), out, NULL, EVP_sha256(), NULL) - 1;
}

static void proof_parse(struct signature *g)
{
	uint8_t prefix[MO_MERKLE_PREFIX];
	uint32_t index;
	must(mo_merkle_proof_parse(g->body, g->len, &index, &g->levels), "merkle.proof");
	mo_merkle_leaf_prefix(index, prefix);
	g->hash = hash_new(EVP_sha256());
	hash_add(g->hash, prefix, sizeof(prefix));
}

/* Where a proof leads from its leaf; where roots were given it has to be one of them. */
static void proof_judge(const struct signature *g, const uint8_t *leaf)
{
	uint8_t node[MO_MERKLE_HASH];
	char root[80];
	bool known = false;
	must(!mo_merkle_proof_root(sha256, NULL, leaf, g->body, g->len, node), "check.memory");
	hex(node, sizeof(node), root + snprintf(root, 4, "%u:", g->levels));
	for (unsigned i = 0; i < run.job->nr_roots; i++)
		known |= !strcmp(root, run.job->roots[i]);
	must(known || !run.job->nr_roots, "check.root");
	count("1%s\t%s root %s", g->kind, known ? "verified" : "unverified", root);
}
