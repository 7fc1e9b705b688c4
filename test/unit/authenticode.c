/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The profile of Authenticode: vendors' signatures and those of signing tools, one evil one for
 * each way of being refused, and every bit flipped. */

#include "der/authenticode.h"
#include "hash/hash.h"
#include "samples.h"
#include "tap.h"

#define CN	 "Debian Secure Boot Signer 202"
#define MS	 "C=US, ST=Washington, L=Redmond, O=Microsoft Corporation, CN="
#define UNSIGNED 1 /* with a timestamp */
#define OPUS	 2
#define TIME	 4

static const struct {
	const char *name;
	enum mo_alg hash;
	enum mo_sigalg sigalg;
	unsigned has;
	const char *digest, *signer; /* digest: its first bytes, as pesign -h says of the image */
} good[] = {
	{ "debian-fbx64", MO_SHA256, MO_SIG_RSA, TIME, "f08e1ed5", "CN=" CN "2 - shim" },
	{ "debian-systemd-boot", MO_SHA256, MO_SIG_RSA, TIME, "937f1f3b",
	  "CN=" CN "4 - 20425036 - systemd-boot" },
	{ "debian-vmlinuz", MO_SHA256, MO_SIG_RSA, TIME, "48df3aee", "CN=" CN "2 - linux" },
	{ "microsoft-shim-2011", MO_SHA256, MO_SIG_RSA, UNSIGNED | OPUS, "80a66d53",
	  MS "Microsoft Windows UEFI Driver Publisher" },
	{ "microsoft-shim-2023", MO_SHA256, MO_SIG_RSA, UNSIGNED | OPUS, "80a66d53",
	  MS "Microsoft UEFI CA 2023 signer" },
	{ "sbsign-rsa", MO_SHA256, MO_SIG_RSA, TIME, "937f1f3b", "O=Modulo tests, CN=rsa" },
	{ "pesign-rsa", MO_SHA256, MO_SIG_RSA, TIME, "937f1f3b", "O=Modulo tests, CN=rsa" },
	{ "osslsigncode-rsa", MO_SHA512, MO_SIG_RSA, TIME, "", "O=Modulo tests, CN=rsa" },
	{ "osslsigncode-p384", MO_SHA384, MO_SIG_ECDSA, TIME | OPUS, "",
	  "O=Modulo tests, CN=p384" },
	{ "chain-all", MO_SHA256, MO_SIG_ECDSA, TIME, "937f1f3b", "O=Modulo tests, CN=leaf" },
	{ "chain-two", MO_SHA256, MO_SIG_ECDSA, TIME, "937f1f3b", "O=Modulo tests, CN=leaf" },
	{ "chain-no-ca", MO_SHA256, MO_SIG_ECDSA, TIME, "937f1f3b",
	  "O=Modulo tests, CN=below-leaf" },
};

static struct sample open_good(size_t i)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.der", good[i].name);
	return authenticode_sample(name);
}

static int parse(struct sample s, struct mo_cms *out, struct modulo_error *err)
{
	return mo_authenticode_parse(s.p, s.len, MO_ALLOW_UNSIGNED_ATTRIBUTES, out, err);
}

TEST(good_ones)
{
	for (size_t i = 0; i < MO_NR(good); i++) {
		struct sample s = open_good(i);
		struct modulo_error err = { 0 };
		struct mo_buf text = { 0 };
		struct mo_cms c = { 0 }, none = { 0 };
		bool more = good[i].has & UNSIGNED;

		ok(!parse(s, &c, &err));
		ok_str(err.id, "");
		ok(c.hash == good[i].hash && c.sigalg == good[i].sigalg);
		ok(!c.key_id.len && c.issuer.len && c.serial.len && c.attrs.len && c.value.len);
		ok(c.spc_digest.len == mo_alg_len(c.hash) &&
		   c.message_digest.len == mo_alg_len(c.hash));
		ok((c.signing_time.len == 13) == !!(good[i].has & TIME));
		ok((c.opus.len > 0) == !!(good[i].has & OPUS));
		ok((c.unsigned_attrs.len > 0) == more && c.nr_unsigned == more);
		ok(c.unsigned_kinds == (more ? MO_UNSIGNED_TIMESTAMP : 0));
		ok(mo_authenticode_parse(s.p, s.len, 0, &none, &err) ==
		   (more ? MODULO_MALFORMED : 0));
		ok_str(err.id, more ? "cms.unsigned" : "");
		ok(c.signer_cert.p >= c.certs.p &&
		   c.signer_cert.p + c.signer_cert.len <= c.certs.p + c.certs.len);
		ok(mo_name_text(c.signer, &text));
		ok_str(text.data, good[i].signer);
		mo_buf_reset(&text);
		mo_buf_hex(&text, c.spc_digest.p, 4);
		ok(!strncmp(text.data, good[i].digest, strlen(good[i].digest)));
		mo_buf_release(&text);
		free(s.p);
	}
}

/* A module's signature is none, and the other way round. */
TEST(other_kind)
{
	struct sample s = cms_sample("rsa2048-attrs.der"), a = open_good(0);
	struct modulo_error err = { 0 };
	struct mo_cms c;

	ok(parse(s, &c, &err) == MODULO_UNSUPPORTED);
	ok_str(err.id, "cms.type");
	err = (struct modulo_error){ 0 };
	ok(mo_cms_parse(a.p, a.len, &c, &err) == MODULO_UNSUPPORTED);
	ok_str(err.id, "cms.type");
	free(s.p);
	free(a.p);
}

/* Every beginning of a good one, and whatever stands behind it, is refused; out stays as it was. */
TEST(cut_and_longer)
{
	struct sample s = authenticode_sample("debian-fbx64.der");
	struct mo_cms c;

	memset(&c, 0x5a, sizeof(c));
	for (size_t n = 0; n < s.len; n++) {
		uint8_t *cut = malloc(n ? n : 1);

		memcpy(cut, s.p, n);
		ok(mo_authenticode_parse(cut, n, 0, &c, NULL));
		free(cut);
	}
	s.p = realloc(s.p, s.len + 1);
	s.len++;
	for (unsigned b = 0; b < 256; b++) {
		s.p[s.len - 1] = (uint8_t)b;
		ok(parse(s, &c, NULL));
	}
	for (size_t n = 0; n < sizeof(c); n++)
		ok(((uint8_t *)&c)[n] == 0x5a);
	free(s.p);
}

static bool inside(const uint8_t *at, struct mo_view v)
{
	return v.len && at >= v.p && at < v.p + v.len;
}

static bool same_place(struct mo_view a, struct mo_view b)
{
	return a.len == b.len && (!a.len || a.p == b.p);
}

/*
 * The free bytes, which nothing but verifying vouches for, lie in the certificates, the time, the
 * opus, the value and the unsigned attributes. What names the image, and the signer's issuer and
 * serial, are held together by messageDigest and by the certificate.
 */
static void flip_all(struct sample s, size_t *refused, size_t *passed, size_t *in_certs)
{
	struct mo_cms c, f;

	ok(!parse(s, &c, NULL));
	for (size_t bit = 0; bit < 8 * s.len; bit += BIT_STEP) {
		const uint8_t *at = s.p + bit / 8;

		s.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (parse(s, &f, NULL)) {
			++*refused;
		} else {
			++*passed;
			*in_certs += inside(at, c.certs);
			ok(inside(at, c.certs) || inside(at, c.signing_time) ||
			   inside(at, c.opus) || inside(at, c.value) ||
			   inside(at, c.unsigned_attrs));
			ok(f.hash == c.hash && f.sigalg == c.sigalg);
			ok(same_place(f.issuer, c.issuer) && same_place(f.serial, c.serial) &&
			   same_place(f.attrs, c.attrs) && same_place(f.certs, c.certs) &&
			   same_place(f.message_digest, c.message_digest) &&
			   same_place(f.spc_digest, c.spc_digest) &&
			   same_place(f.signing_time, c.signing_time) &&
			   same_place(f.opus, c.opus) && same_place(f.value, c.value) &&
			   same_place(f.signer_cert, c.signer_cert) &&
			   same_place(f.unsigned_attrs, c.unsigned_attrs));
		}
		s.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

TEST(every_bit)
{
	size_t refused = 0, passed = 0, in_certs = 0;

	for (size_t i = 0; i < MO_NR(good); i++) {
		struct sample s = open_good(i);

		flip_all(s, &refused, &passed, &in_certs);
		free(s.p);
	}
	ok(refused > 10000 / BIT_STEP);
	printf("# %zu bits flipped: %zu refused, %zu in free places, %zu of these in "
	       "certificates\n",
	       refused + passed, refused, passed, in_certs);
}

/* name: ID.der or ID-VARIANT.der; allow-... is read with unsigned attributes allowed */
static void check_evil(const char *name)
{
	struct sample s = sample_in("evil/authenticode", name);
	struct modulo_error err = { 0 };
	unsigned allow = strstr(name, "-allowed") ? MO_ALLOW_UNSIGNED_ATTRIBUTES : 0;
	struct mo_cms c;
	char id[256];

	snprintf(id, sizeof(id), "%s", name);
	id[strlen(id) - strlen(".der")] = '\0';
	id[strcspn(id, "-")] = '\0';
	ok(mo_authenticode_parse(s.p, s.len, allow, &c, &err));
	if (strcmp(err.id, id))
		printf("# %s: %s at %llu: %s\n", name, err.id, (unsigned long long)err.offset,
		       err.text);
	ok_str(err.id, id);
	ok(err.offset <= s.len);
	free(s.p);
}

TEST(evil_ones)
{
	ok(each_sample("evil/authenticode", check_evil) >= 100);
}

/* What names something that the profile lacks is told from what is wrong. */
TEST(unsupported)
{
	static const struct {
		const char *name;
		int rc;
	} cases[] = {
		{ "cms.hash-sha1.der", MODULO_UNSUPPORTED },
		{ "cms.hash-md5.der", MODULO_UNSUPPORTED },
		{ "cms.sigalg-pss.der", MODULO_UNSUPPORTED },
		{ "cms.type-content.der", MODULO_UNSUPPORTED },
		{ "cms.spc-pages.der", MODULO_UNSUPPORTED },
		{ "x509.sigalg-sha1.der", MODULO_UNSUPPORTED },
		{ "x509.key-ed25519.der", MODULO_UNSUPPORTED },
		{ "cms.digest.der", MODULO_MALFORMED },
		{ "cms.unsigned.der", MODULO_MALFORMED },
		{ "x509.time-month.der", MODULO_MALFORMED },
	};

	for (size_t i = 0; i < MO_NR(cases); i++) {
		struct sample s = sample_in("evil/authenticode", cases[i].name);
		struct mo_cms c;

		ok(mo_authenticode_parse(s.p, s.len, 0, &c, NULL) == cases[i].rc);
		free(s.p);
	}
}

/* Which image it is of: that is the content's digest, and not the attribute. */
TEST(image_digest)
{
	struct sample s = authenticode_sample("debian-fbx64.der");
	struct modulo_error err = { 0 };
	uint8_t digest[MO_DIGEST_MAX];
	struct mo_cms c;

	ok(!parse(s, &c, &err));
	memcpy(digest, c.spc_digest.p, c.spc_digest.len);
	ok(!mo_cms_digest(&c, digest, &err));
	digest[31] ^= 1;
	ok(mo_cms_digest(&c, digest, &err) == MODULO_MISMATCH);
	ok_str(err.id, "cms.digest");
	memcpy(digest, c.message_digest.p, c.message_digest.len);
	ok(mo_cms_digest(&c, digest, NULL) == MODULO_MISMATCH);
	free(s.p);
}

TEST_MAIN
