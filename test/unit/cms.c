/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The profile of signatures: good ones, one evil one for each way of being refused, and every bit
 * flipped. */

#include "der/cms.h"
#include "hash/hash.h"
#include "samples.h"
#include "tap.h"

static const struct {
	const char *name;
	enum mo_alg hash;
	enum mo_sigalg sigalg;
	bool key_id, attrs;
} good[] = {
	{ "rsa2048", MO_SHA256, MO_SIG_RSA, false, false },
	{ "rsa2048-pkcs7", MO_SHA256, MO_SIG_RSA, false, false },
	{ "rsa2048-keyid", MO_SHA384, MO_SIG_RSA, true, false },
	{ "rsa2048-attrs", MO_SHA256, MO_SIG_RSA, false, true },
	{ "rsa4096", MO_SHA512, MO_SIG_RSA, false, false },
	{ "p256", MO_SHA256, MO_SIG_ECDSA, false, false },
	{ "p256-attrs", MO_SHA512, MO_SIG_ECDSA, true, true },
	{ "p384", MO_SHA384, MO_SIG_ECDSA, false, false },
	{ "p521", MO_SHA512, MO_SIG_ECDSA, false, false },
	{ "mldsa44", MO_SHA512, MO_SIG_MLDSA44, false, true },
	{ "mldsa44-noattr", MO_SHA512, MO_SIG_MLDSA44, false, false },
	{ "mldsa65", MO_SHA512, MO_SIG_MLDSA65, false, true },
	{ "mldsa87", MO_SHA512, MO_SIG_MLDSA87, false, true },
};

static struct sample open_good(size_t i)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.der", good[i].name);
	return cms_sample(name);
}

TEST(good_ones)
{
	for (size_t i = 0; i < MO_NR(good); i++) {
		struct sample s = open_good(i);
		struct modulo_error err = { 0 };
		struct mo_cms c = { 0 };

		ok(!mo_cms_parse(s.p, s.len, &c, &err));
		ok_str(err.id, "");
		ok(c.hash == good[i].hash && c.sigalg == good[i].sigalg);
		ok((c.key_id.len == 20) == good[i].key_id && (c.issuer.len == 0) == good[i].key_id);
		ok((c.serial.len >= 19 && c.serial.len <= 21) != good[i].key_id);
		ok((c.attrs.len > 0) == good[i].attrs &&
		   (c.signing_time.len == 13) == good[i].attrs);
		ok(c.message_digest.len == (good[i].attrs ? mo_alg_len(c.hash) : 0));
		ok(c.value.len > 64 && c.value.p + c.value.len == s.p + s.len);
		free(s.p);
	}
	ok_str(mo_sigalg_name(MO_SIG_RSA), "rsa");
	ok_str(mo_sigalg_name(MO_SIG_ECDSA), "ecdsa");
	ok_str(mo_sigalg_name(MO_SIG_MLDSA87), "ml-dsa-87");
}

/* Every beginning of a good one, and whatever stands behind it, is refused; out stays as it was. */
TEST(cut_and_longer)
{
	for (size_t i = 0; i < MO_NR(good); i++) {
		struct sample s = open_good(i);
		struct mo_cms c;

		memset(&c, 0x5a, sizeof(c));
		for (size_t n = 0; n < s.len; n++) {
			uint8_t *cut = malloc(n ? n : 1);

			memcpy(cut, s.p, n);
			ok(mo_cms_parse(cut, n, &c, NULL));
			free(cut);
		}
		s.p = realloc(s.p, s.len + 1);
		for (unsigned b = 0; b < 256; b++) {
			s.p[s.len] = (uint8_t)b;
			ok(mo_cms_parse(s.p, s.len + 1, &c, NULL));
		}
		for (size_t n = 0; n < sizeof(c); n++)
			ok(((uint8_t *)&c)[n] == 0x5a);
		free(s.p);
	}
}

static bool inside(const uint8_t *at, struct mo_view v)
{
	return v.len && at >= v.p && at < v.p + v.len;
}

/* Whether at is in a type, or in a string or its identifier octet: not in the frame of the Name. */
static bool in_pair(const uint8_t *at, struct mo_view name)
{
	struct mo_der_doc doc;
	struct mo_der all = mo_der_open(&doc, name.p, name.len, NULL),
		      sets = mo_der_take(&all, MO_DER_SEQUENCE);

	while (sets.rest.len && !doc.rc) {
		struct mo_der set = mo_der_take(&sets, MO_DER_SET),
			      pair = mo_der_take(&set, MO_DER_SEQUENCE);
		struct mo_view type = mo_der_take(&pair, MO_DER_OID).rest;
		const uint8_t *tag = pair.rest.p;
		uint8_t any;

		if (inside(at, type) || at == tag || inside(at, mo_der_take_any(&pair, &any).rest))
			return true;
	}
	return false;
}

static bool same_place(struct mo_view a, struct mo_view b)
{
	return a.len == b.len && (!a.len || a.p == b.p);
}

/*
 * The signature's free bytes, which nothing but verifying vouches for: a flipped bit anywhere else
 * is refused. Where it is not refused, all else that was read is as it was.
 */
TEST(every_bit)
{
	size_t refused = 0, passed = 0;

	for (size_t i = 0; i < MO_NR(good); i++) {
		struct sample s = open_good(i);
		struct mo_cms c, f;

		ok(!mo_cms_parse(s.p, s.len, &c, NULL));
		for (size_t bit = 0; bit < 8 * s.len; bit++) {
			const uint8_t *at = s.p + bit / 8;

			s.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (mo_cms_parse(s.p, s.len, &f, NULL)) {
				refused++;
			} else {
				passed++;
				ok(inside(at, c.value) || inside(at, c.serial) ||
				   inside(at, c.key_id) || inside(at, c.signing_time) ||
				   inside(at, c.message_digest) || in_pair(at, c.issuer));
				ok(f.hash == c.hash && f.sigalg == c.sigalg);
				ok(same_place(f.issuer, c.issuer) &&
				   same_place(f.serial, c.serial) &&
				   same_place(f.key_id, c.key_id) && same_place(f.attrs, c.attrs) &&
				   same_place(f.message_digest, c.message_digest) &&
				   same_place(f.signing_time, c.signing_time) &&
				   same_place(f.value, c.value));
			}
			s.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		/* nothing in a value of RSA or ML-DSA is anything but free */
		if (c.sigalg != MO_SIG_ECDSA)
			ok(passed >= 8 * c.value.len);
		free(s.p);
	}
	ok(refused > 10000);
	printf("# %zu bits flipped: %zu refused, %zu in free places\n", refused + passed, refused,
	       passed);
}

static struct sample evil_sample(const char *name)
{
	char path[8192];

	snprintf(path, sizeof(path), "%s/evil/cms/%s", sample_dir(), name);
	return sample_path(path);
}

/* name: ID.der or ID-VARIANT.der */
static void check_evil(const char *name)
{
	struct sample s = evil_sample(name), content = cms_sample("content");
	struct modulo_error err = { 0 };
	struct mo_cms c;
	uint8_t digest[MO_DIGEST_MAX];
	char id[256];

	snprintf(id, sizeof(id), "%s", name);
	id[strlen(id) - strlen(".der")] = '\0';
	id[strcspn(id, "-")] = '\0';
	if (!strcmp(id, "cms.digest")) {
		ok(!mo_cms_parse(s.p, s.len, &c, &err));
		ok(!mo_hash_bytes(c.hash, content.p, content.len, digest, &err));
		ok(mo_cms_digest(&c, digest, &err) == MODULO_MISMATCH);
	} else {
		ok(mo_cms_parse(s.p, s.len, &c, &err));
	}
	if (strcmp(err.id, id))
		printf("# %s: %s at %llu: %s\n", name, err.id, (unsigned long long)err.offset,
		       err.text);
	ok_str(err.id, id);
	ok(err.offset == MODULO_NO_OFFSET || err.offset <= s.len);
	free(s.p);
	free(content.p);
}

TEST(evil_ones)
{
	ok(each_sample("evil/cms", check_evil) >= 120);
}

/* What names something that the profile lacks is told from what is wrong. */
TEST(unsupported)
{
	static const struct {
		const char *name;
		int rc;
	} cases[] = {
		{ "cms.hash-sha3.der", MODULO_UNSUPPORTED },
		{ "cms.sigalg-pss.der", MODULO_UNSUPPORTED },
		{ "cms.type-enveloped.der", MODULO_UNSUPPORTED },
		{ "cms.hash-differ.der", MODULO_MALFORMED },
		{ "cms.unsigned.der", MODULO_MALFORMED },
		{ "der.slack-outer.der", MODULO_MALFORMED },
	};

	for (size_t i = 0; i < MO_NR(cases); i++) {
		struct sample s = evil_sample(cases[i].name);
		struct mo_cms c;

		ok(mo_cms_parse(s.p, s.len, &c, NULL) == cases[i].rc);
		free(s.p);
	}
}

TEST(message_digest)
{
	struct sample s = cms_sample("rsa2048-attrs.der"), plain = cms_sample("rsa2048.der"),
		      content = cms_sample("content");
	struct modulo_error err = { 0 };
	uint8_t digest[MO_DIGEST_MAX];
	struct mo_cms c;

	ok(!mo_cms_parse(s.p, s.len, &c, &err));
	ok(!mo_hash_bytes(c.hash, content.p, content.len, digest, &err));
	ok(!mo_cms_digest(&c, digest, &err));
	digest[31] ^= 1;
	ok(mo_cms_digest(&c, digest, &err) == MODULO_MISMATCH);
	ok_str(err.id, "cms.digest");
	/* without attributes only the key can tell */
	ok(!mo_cms_parse(plain.p, plain.len, &c, NULL));
	ok(!mo_cms_digest(&c, digest, NULL));
	free(s.p);
	free(plain.p);
	free(content.p);
}

static void name_of(const char *sample, const char *text, const char *cn)
{
	struct sample s = cms_sample(sample);
	struct mo_buf buf = { 0 };
	struct mo_cms c;

	ok(!mo_cms_parse(s.p, s.len, &c, NULL));
	ok(mo_name_text(c.issuer, &buf));
	ok_str(buf.data, text);
	mo_buf_reset(&buf);
	ok(mo_name_cn(c.issuer, &buf));
	ok_str(buf.data, cn);
	mo_buf_release(&buf);
	free(s.p);
}

TEST(names_of_samples)
{
	name_of("rsa2048.der",
		"O=Modulo tests, CN=RSA key\\054 2048 bits, emailAddress=tests@example.org",
		"RSA key\\054 2048 bits");
	name_of("p256.der", "C=DE, ST=Somewhere, L=Here, O=Ma\\303\\237, OU=Tests, CN=P-256",
		"P-256");
	name_of("p384.der", "DC=org, DC=example, UID=tests, serialNumber=7, CN=P-384", "P-384");
}

/* text: NULL where it is no Name */
static void name_is(const char *hex, const char *text, const char *cn)
{
	uint8_t *der = malloc(strlen(hex) / 2 + 1);
	struct mo_view v = { der, strlen(hex) / 2 };
	struct mo_buf buf = { 0 };

	for (size_t i = 0; i < v.len; i++)
		sscanf(hex + 2 * i, "%2hhx", &der[i]);
	mo_buf_str(&buf, "kept ");
	ok(mo_name_text(v, &buf) == (text != NULL));
	ok(!strncmp(buf.data, "kept ", 5));
	ok_str(buf.data + 5, text ? text : "");
	mo_buf_reset(&buf);
	ok(mo_name_cn(v, &buf) == (cn != NULL));
	ok_str(buf.data, cn ? cn : "");
	mo_buf_release(&buf);
	free(der);
}

TEST(names)
{
	name_is("3000", "", NULL);
	name_is("300b3109300706035504030c00", "CN=", "");
	/* a terminal's escapes, a # inside, a backslash, a comma */
	name_is("30133111300f06035504030c081b5b6d235c2c7f41", "CN=\\033[m#\\134\\054\\177A",
		"\\033[m#\\134\\054\\177A");
	/* a # in front */
	name_is("300e310c300a06035504030c03234123", "CN=\\043A#", "\\043A#");
	/* BMPString: A, sharp s, Euro sign */
	name_is("3011310f300d06035504031e06004100df20ac", "CN=A\\303\\237\\342\\202\\254",
		"A\\303\\237\\342\\202\\254");
	/* two pairs in one SET, and the last CN counts */
	name_is("30223114300806035504030c016130080603550403130162310a3008060355040a160163",
		"CN=a, +CN=b, O=c", "b");
	/* values that are no strings */
	name_is("300d310b3009060355040a04024142", "O=#04024142", NULL);
	name_is("300e310c300a06035504031e03004100", "CN=#1e03004100", "#1e03004100");
	/* types */
	name_is("300b310930070601010c024142", "0.1=AB", NULL);
	name_is("300b3109300706014f0c024142", "1.39=AB", NULL);
	name_is("300b310930070601780c024142", "2.40=AB", NULL);
	name_is("301431123010060a55c080808080808080050c024142", "2.5.4611686018427387909=AB", NULL);
	name_is("30133111300f0609c080808080808080500c024142", "2.4611686018427387904=AB", NULL);
	/* not names */
	name_is("", NULL, NULL);
	name_is("3100", NULL, NULL);
	name_is("300000", NULL, NULL);
	name_is("30023100", NULL, NULL);
	name_is("300431023000", NULL, NULL);
	name_is("300a31083006060255800c00", NULL, NULL);
	name_is("300e310c300a06035504030c01410500", NULL, NULL);
	name_is("300c310a300806035504030c01", NULL, NULL);
}

TEST_MAIN
