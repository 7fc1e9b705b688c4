/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A build's modules: paths, roots, trailers, and no changed bit that goes unnoticed. */
#include <sys/mman.h>
#include <unistd.h>

#include "modules/judge.h"
#include "modules/module.h"
#include "modules/set.h"
#include "samples.h"
#include "tap.h"

TEST(path_tails)
{
	ok(mo_path_tail("fs/x.ko", "/tmp/x.ko") == 1);
	ok(mo_path_tail("fs/x.ko", "/tmp/fs/x.ko") == 2);
	ok(mo_path_tail("x.ko", "/tmp/fs/x.ko") == 1);
	ok(mo_path_tail("x.ko", "x.ko") == 1);
	ok(mo_path_tail("a/x.ko", "b/x.ko") == 1);
	ok(mo_path_tail("ax.ko", "x.ko") == 0);
	ok(mo_path_tail("x.ko", "/tmp/ax.ko") == 0);
	ok(mo_path_tail("fs/a.ko", "fs/b.ko") == 0);
	ok(mo_path_tail("", "x.ko") == 0);
	ok(mo_path_tail("/x.ko", "/x.ko") == 1);
}

TEST(module_names)
{
	const struct mo_codec *c;

	ok(mo_module_name("a/b.ko", &c) == 6 && !c);
	ok(mo_module_name("a/b.ko.xz", &c) == 6 && c && strcmp(c->name, "xz") == 0);
	ok(mo_module_name("a/b.ko.gz", &c) == 6 && c && strcmp(c->name, "gzip") == 0);
	ok(mo_module_name("a/b.ko.zst", &c) == 6 && c && strcmp(c->name, "zstd") == 0);
	ok(mo_module_name("a/.ko", &c) == 0);
	ok(mo_module_name(".ko", &c) == 0);
	ok(mo_module_name("a/b.ko.bz2", &c) == 0);
	ok(mo_module_name("a/b.o", &c) == 0);
	ok(mo_module_name("", &c) == 0);
}

TEST(roots)
{
	static const char hex[] =
		"7a5f4f253c58f36cebc2491f96479fa8752f7ac7b6e1a2352636630446210167";
	char text[MO_ROOT_TEXT], again[MO_ROOT_TEXT];
	uint8_t root[32];
	unsigned levels;

	snprintf(text, sizeof(text), "32:%s", hex);
	ok(mo_root_parse(text, strlen(text), &levels, root) && levels == 32);
	mo_root_render(levels, root, again);
	ok_str(again, text);
	for (size_t i = 0; i < strlen(text); i++)
		ok(!mo_root_parse(text, i, &levels, root));
	snprintf(text, sizeof(text), "33:%s", hex);
	ok(!mo_root_parse(text, strlen(text), &levels, root));
	snprintf(text, sizeof(text), "0:%s", hex);
	ok(!mo_root_parse(text, strlen(text), &levels, root));
	snprintf(text, sizeof(text), "01:%s", hex);
	ok(!mo_root_parse(text, strlen(text), &levels, root));
}

/* The trailer that ends len bytes: those of the sample's own layout. */
static struct mo_trailer trailer_of(const uint8_t *p, size_t len)
{
	struct modulo_error err = { 0 };
	struct mo_source *s = NULL;
	struct mo_trailer t = { 0 };

	ok(mo_source_memory(p, len, &s, &err) == 0 && mo_trailer_read(s, len, &t, &err) == 0);
	mo_source_close(s);
	return t;
}

TEST(trailers)
{
	uint8_t raw[100 + MO_TRAILER_LEN] = { 0 };
	struct mo_trailer t;

	mo_trailer_make(MO_TRAILER_MERKLE, 36, raw + 100);
	t = trailer_of(raw, sizeof(raw));
	ok(t.state == MO_TRAILER_OK && t.type == 3 && t.len == 36 && t.body == 64);
	ok(trailer_of(raw + 63, sizeof(raw) - 63).state == MO_TRAILER_OK);
	/* Something must be left in front of the body. */
	ok(trailer_of(raw + 64, sizeof(raw) - 64).state == MO_TRAILER_SIZE_BAD);
	ok(trailer_of(raw, sizeof(raw) - 1).state == MO_TRAILER_NONE);
	ok(trailer_of(raw, 39).state == MO_TRAILER_NONE);
	ok(trailer_of(raw, 0).state == MO_TRAILER_NONE);
	for (size_t i = 0; i < 8; i++) {
		raw[100 + i] ^= 4;
		t = trailer_of(raw, sizeof(raw));
		/* Another type is none that a kernel knows, and what else stands there is not read.
		 */
		ok(t.state == (i == 2 ? MO_TRAILER_OK : MO_TRAILER_HEADER_BAD));
		raw[100 + i] ^= 4;
	}
}

/* What a kernel with the set's root makes of these bytes. */
static enum mo_verdict judge(const struct mo_set *set, const uint8_t *p, size_t len)
{
	struct mo_known known = { .levels = set->tree.levels };
	char name[] = "m.ko", *path[] = { name };
	struct modulo_error err = { 0 };
	struct mo_finding f = { 0 };
	struct mo_judged_set j = { .known = &known, .finding = &f, .path = path, .nr = 1 };
	struct mo_module m = { 0 };
	int fd = memfd_create("m.ko", MFD_CLOEXEC);
	enum mo_verdict v;

	memcpy(known.root, set->tree.root, sizeof(known.root));
	if (fd < 0 || write(fd, p, len) != (ssize_t)len || mo_module_open(fd, &m, &err) < 0 ||
	    mo_find(&m, false, &f, &err) < 0)
		return MO_BROKEN;
	ok(mo_judge(&j, &err) == 0);
	v = f.verdict;
	mo_finding_release(&f);
	mo_module_release(&m);
	return v;
}

static void hash_entry(struct mo_set *set, uint32_t i, const char *text)
{
	struct modulo_error err = { 0 };
	struct mo_source *s = NULL;

	set->entry[i].path = "m.ko";
	ok(mo_source_memory(text, strlen(text), &s, &err) == 0);
	ok(mo_merkle_leaf(s, s->len, i, set->entry[i].leaf, &err) == 0);
	mo_source_close(s);
}

TEST(no_bit_unnoticed)
{
	static const char *const text[] = { "module 0\n", "module 1\n", "module 2\n" };
	uint8_t raw[256];
	struct modulo_error err = { 0 };
	struct mo_set set = { 0 };
	size_t len = strlen(text[2]), proof;

	ok(mo_set_init(&set, false, 3, &err) == 0);
	for (uint32_t i = 0; i < 3; i++)
		hash_entry(&set, i, text[i]);
	ok(mo_set_finish(&set, &err) == 0);
	proof = mo_merkle_proof_len(set.tree.levels);
	memcpy(raw, text[2], len);
	ok(judge(&set, raw, len) == MO_NO_PROOF);
	mo_merkle_tree_prove(&set.tree, 2, raw + len);
	mo_trailer_make(MO_TRAILER_MERKLE, (uint32_t)proof, raw + len + proof);
	len += proof + MO_TRAILER_LEN;
	ok(judge(&set, raw, len) == MO_LOADS);
	for (size_t bit = 0; bit < len * 8; bit++) {
		raw[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ok(judge(&set, raw, len) != MO_LOADS);
		raw[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t n = 0; n < len; n++)
		ok(judge(&set, raw, n) != MO_LOADS);
	raw[len] = 0;
	ok(judge(&set, raw, len + 1) != MO_LOADS);
	mo_set_release(&set);
}

TEST_MAIN
