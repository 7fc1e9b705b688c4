/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every single bit of small modules turned (see BIT_STEP). What comes out of it is refused, or has
 * another digest, or the bit lies in the signature's free element. Of a compressed module there are
 * two more cases: the bit is in the parameters, which a comparison names; or the stream decodes to
 * the same bytes, and then no encoder gives it. Nothing else may be.
 */
#include <string.h>

#include "samples.h"
#include "tap.h"
#include "walk/artifact.h"
#include "walk/explain.h"

struct explained {
	struct mo_arena arena;
	struct mo_source *source;
	struct mo_item *item;
	struct mo_item_digest digest;
};

/* What became of the turned bits. */
struct count {
	unsigned refused, digest, signature, params, encoding, checksum;
};

static struct mo_forms forms;

static int explain(struct explained *e, const uint8_t *p, size_t len, unsigned want,
		   struct modulo_error *err)
{
	struct mo_explain x = { .forms = &forms, .want = want };
	int r;

	*e = (struct explained){ 0 };
	r = mo_source_memory(p, len, &e->source, err);
	r = r < 0 ? r : mo_explain(&x, e->source, &e->arena, &e->item, err);
	return r < 0 ? r : mo_item_digest(e->item, &e->digest, err);
}

static void forget(struct explained *e)
{
	mo_item_release(e->item);
	mo_source_close(e->source);
	mo_arena_release(&e->arena);
}

/* Whether an offset of the leaf lies in the free element of one of its signatures. */
static bool in_body(const struct mo_item *leaf, uint64_t off)
{
	for (unsigned i = 0; i < leaf->nr_sigs; i++) {
		/* A certificate's length and type stand before it, a module's trailer has them
		 * behind. */
		uint64_t body = leaf->sig[i].off + (leaf->kind == MO_RECORDS ? 8 : 0);

		if (off >= body && off - body < leaf->sig[i].body_len)
			return true;
	}
	return false;
}

/* Whether two leaves differ in their signatures' free elements alone, and are as long. */
static bool only_bodies_differ(struct mo_item *a, struct mo_item *b)
{
	uint8_t x, y;

	if (a->len != b->len || a->core_len != b->core_len || a->nr_sigs != b->nr_sigs)
		return false;
	for (uint64_t i = 0; i < a->len; i++) {
		if (mo_source_read(a->source, i, &x, 1, NULL) ||
		    mo_source_read(b->source, i, &y, 1, NULL))
			return false;
		if (x != y && !in_body(a, i))
			return false;
	}
	return true;
}

static bool same_leaf(struct mo_item *a, struct mo_item *b)
{
	_cleanup_free_ uint8_t *x = malloc((size_t)a->len + 1), *y = malloc((size_t)b->len + 1);

	return a->len == b->len && x && y &&
	       !mo_source_read(a->source, 0, x, (size_t)a->len, NULL) &&
	       !mo_source_read(b->source, 0, y, (size_t)b->len, NULL) &&
	       memcmp(x, y, (size_t)a->len) == 0;
}

/* The digest is as it was: why that may be. */
static bool excused(struct explained *was, struct explained *now, size_t byte, struct count *n)
{
	struct mo_item *a = was->item, *b = now->item;
	char token[MO_ENCODER_MAX];
	bool found = true;

	if (a->kind != b->kind)
		return false;
	if (a->kind == MO_LEAF) {
		n->signature++;
		return in_body(a, byte) && only_bodies_differ(a, b);
	}
	if (a->kind == MO_RECORDS && in_body(a, byte)) {
		n->signature++;
		return only_bodies_differ(a, b);
	}
	if (a->kind == MO_RECORDS) { /* CheckSum */
		n->checksum++;
		return b->unvouched > a->unvouched && a->form == b->form &&
		       memcmp(a->arg + 1, b->arg + 1, sizeof(a->arg) - sizeof(*a->arg)) == 0;
	}
	if (a->codec != b->codec)
		return false;
	if (strcmp(a->params, b->params) != 0) {
		n->params++;
		return same_leaf(mo_item_leaf(a), mo_item_leaf(b));
	}
	if (!same_leaf(mo_item_leaf(a), mo_item_leaf(b))) {
		n->signature++;
		return only_bodies_differ(mo_item_leaf(a), mo_item_leaf(b));
	}
	n->encoding++;
	return !mo_codec_prove(b->codec, b->source, b->decoded, b->params, NULL, token, &found,
			       NULL) &&
	       !found;
}

static struct count flip(const char *name, unsigned want)
{
	struct explained was, now;
	struct modulo_error err = { 0 };
	struct count n = { 0 };
	struct sample s;
	char path[4096];
	unsigned wrong = 0;

	snprintf(path, sizeof(path), "%s/samples/%s", sample_dir(), name);
	s = sample_path(path);
	ok(!mo_forms_load(&forms, &err));
	ok(!explain(&was, s.p, s.len, want, &err));
	ok_str(err.id, "");
	for (size_t i = 0; i < s.len * 8 && was.item && wrong < 5; i += BIT_STEP) {
		uint8_t *copy = malloc(
			s.len); /* of its own for each: the item before may still borrow it */

		err = (struct modulo_error){ 0 };
		memcpy(copy, s.p, s.len);
		copy[i / 8] ^= (uint8_t)(1 << i % 8);
		if (explain(&now, copy, s.len, want, &err) < 0) {
			n.refused++;
			wrong += !err.rc || !err.id[0] || !err.text[0];
		} else if (memcmp(now.digest.core, was.digest.core, 32) != 0) {
			n.digest++;
		} else if (!excused(&was, &now, i / 8, &n)) {
			printf("# %s: bit %zu of byte %zu passes for nothing\n", name, i % 8,
			       i / 8);
			wrong++;
		}
		forget(&now);
		free(copy);
	}
	ok(!wrong);
	printf("# %s: %zu bits: %u refused, %u change the digest, %u in a signature, %u in "
	       "parameters, %u in the encoding\n",
	       name, s.len * 8 / BIT_STEP, n.refused, n.digest, n.signature, n.params, n.encoding);
	ok(n.refused + n.digest + n.signature + n.params + n.encoding + n.checksum ==
	   (s.len * 8 + BIT_STEP - 1) / BIT_STEP);
	forget(&was);
	mo_forms_release(&forms);
	free(s.p);
	return n;
}

/* A plain file has no bit but counts; a signature's value has 2,048 at least that do not. */
TEST(an_unsigned_module)
{
	struct count n = flip("modules/plain.ko", 0);

	ok(n.refused && n.digest && !n.signature);
}

TEST(signed_modules)
{
	struct count n = flip("modules/rsa1.ko", 0);

	ok(n.refused && n.digest && n.signature >= 2048 / BIT_STEP);
	n = flip("modules/attrs.ko", 0);
	ok(n.refused && n.digest && n.signature >= 2048 / BIT_STEP);
	n = flip("modules/ecdsa.ko", 0);
	ok(n.refused && n.digest && n.signature >= 256 / BIT_STEP);
}

TEST(a_doubly_signed_module)
{
	struct count n = flip("modules/nested.ko", MO_WANT_NESTED);

	ok(n.refused && n.digest && n.signature >= 4096 / BIT_STEP);
}

TEST(modules_with_proofs)
{
	struct count n = flip("modules/proof.ko", 0);

	/* Every bit of two siblings; of the index the two that two levels have. */
	ok(n.refused && n.digest && (n.signature == 512 + 2 || BIT_STEP > 1));
	n = flip("modules/proof-signed.ko", 0);
	ok(n.refused && n.digest && n.signature >= (512 + 2048) / BIT_STEP);
	n = flip("modules/signed-proof.ko", 0);
	ok(n.refused && n.digest && n.signature >= (512 + 2048) / BIT_STEP);
}

/* Of a PE image CheckSum alone is left, and whoever changes it is counted. */
TEST(pe_images)
{
	struct count n = flip("pe/plain.efi", 0);

	ok(n.refused && n.digest && !n.signature && (n.checksum == 32 || BIT_STEP > 1));
	n = flip("pe/one.efi", 0);
	ok(n.refused && n.digest && n.signature >= 2048 / BIT_STEP &&
	   (n.checksum == 32 || BIT_STEP > 1));
	n = flip("pe/rounded.efi", 0);
	ok(n.refused && n.digest && n.signature >= 2048 / BIT_STEP &&
	   (n.checksum == 32 || BIT_STEP > 1));
}

/* Where the key and the root are known nothing is excused: a bit turned in a trailer costs it its
 * verdict, at the least. */
static bool all_verified(const struct mo_context *c, struct explained *e)
{
	struct mo_item *leaf = mo_item_leaf(e->item);
	bool all = true;

	for (unsigned i = 0; i < leaf->nr_sigs; i++) {
		struct mo_judged j = { 0 };

		ok(!mo_judge_signature(c, &leaf->sig[i].parsed, e->digest.signed_content[i],
				       leaf->source, leaf->sig[i].off, e->digest.core, &j, NULL));
		all &= j.status == MO_SIG_VERIFIED;
	}
	return all;
}

static void judged(const struct mo_context *c, const char *name)
{
	struct explained was, now;
	struct sample s;
	char path[4096];
	unsigned wrong = 0, excused = 0;

	snprintf(path, sizeof(path), "%s/samples/%s", sample_dir(), name);
	s = sample_path(path);
	ok(!explain(&was, s.p, s.len, 0, NULL) && all_verified(c, &was));
	for (size_t i = (size_t)was.item->tail * 8; i < s.len * 8; i += BIT_STEP) {
		uint8_t *copy = malloc(s.len);

		memcpy(copy, s.p, s.len);
		copy[i / 8] ^= (uint8_t)(1 << i % 8);
		if (!explain(&now, copy, s.len, 0, NULL) &&
		    memcmp(now.digest.core, was.digest.core, 32) == 0) {
			excused++;
			wrong += all_verified(c, &now);
		}
		forget(&now);
		free(copy);
	}
	ok(!wrong && excused >= 512 / BIT_STEP);
	forget(&was);
	free(s.p);
}

TEST(no_bit_of_a_trailer_is_free_where_key_and_root_are_known)
{
	struct mo_context c = { 0 };
	struct sample root;
	char path[4096];

	ok(!mo_forms_load(&forms, NULL) && !mo_keyring_new(&c.keyring, NULL));
	snprintf(path, sizeof(path), "%s/samples/modules/rsa3.pem", sample_dir());
	ok(!mo_keyring_add_file(c.keyring, path, NULL));
	snprintf(path, sizeof(path), "%s/samples/modules/rsa1.pem", sample_dir());
	ok(!mo_keyring_add_file(c.keyring, path, NULL));
	snprintf(path, sizeof(path), "%s/samples/pe/one.pem", sample_dir());
	ok(!mo_keyring_add_file(c.keyring, path, NULL));
	snprintf(path, sizeof(path), "%s/samples/modules/proofs.root", sample_dir());
	root = sample_path(path);
	snprintf(path, sizeof(path), "%.*s", (int)root.len - 1, (const char *)root.p);
	ok(!mo_roots_add_text(&c.roots, path, NULL));
	judged(&c, "modules/proof.ko");
	judged(&c, "modules/other-proof.ko");
	judged(&c, "modules/proof-signed.ko");
	judged(&c, "modules/signed-proof.ko");
	judged(&c, "pe/one.efi");
	free(root.p);
	mo_roots_release(&c.roots);
	mo_keyring_free(c.keyring);
	mo_forms_release(&forms);
}

TEST(gzip)
{
	struct count n = flip("modules/plain.ko.gz", 0);

	/* time, extra flags and system: 48 bits that are parameters */
	ok(n.refused && n.params >= 48 / BIT_STEP && !n.signature);
	n = flip("modules/rsa1.ko.gz", 0);
	ok(n.refused && n.params >= 48 / BIT_STEP);
}

TEST(xz)
{
	struct count n = flip("modules/plain.ko.xz", 0);

	ok(n.refused && !n.signature);
	n = flip("modules/rsa1.ko.xz", 0);
	ok(n.refused);
}

TEST(zstd)
{
	struct count n = flip("modules/plain.ko.zst", 0);

	ok(n.refused && n.digest && !n.signature);
	/* Without its checksum the stream tells nobody that a literal changed. */
	n = flip("modules/rsa1.ko.zst", 0);
	ok(n.refused && n.digest && n.signature);
}

/*
 * Cut anywhere, a signed module is refused or is plain content of another digest; where the
 * signature begins it is the unsigned module. Less than 15 bytes of a signature look like nothing,
 * and count as content.
 */
static void cut(const char *name)
{
	struct explained was, now;
	struct modulo_error err = { 0 };
	struct sample s;
	char path[4096];
	unsigned refused = 0, wrong = 0;

	snprintf(path, sizeof(path), "%s/samples/%s", sample_dir(), name);
	s = sample_path(path);
	ok(!mo_forms_load(&forms, &err));
	ok(!explain(&was, s.p, s.len, 0, &err));
	for (size_t n = 0; n < s.len && was.item; n++) {
		uint8_t *copy = malloc(n ? n : 1);
		uint64_t core = was.item->core_len;
		bool same;

		err = (struct modulo_error){ 0 };
		memcpy(copy, s.p, n);
		if (explain(&now, copy, n, 0, &err) < 0) {
			refused++;
			wrong += strcmp(err.id, "module.cut") != 0;
		} else {
			same = memcmp(now.digest.core, was.digest.core, 32) == 0;
			wrong += same != (n == core) || (n >= 64 && n < core) || n >= core + 15;
		}
		forget(&now);
		free(copy);
	}
	ok(!wrong);
	ok(refused > s.len - 100);
	forget(&was);
	mo_forms_release(&forms);
	free(s.p);
}

TEST(cut_anywhere)
{
	cut("modules/rsa1.ko");
	cut("modules/attrs.ko");
	cut("modules/ecdsa.ko");
}

TEST_MAIN
