/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The small rooms: base, io, hash (pool), walk (globs), and the forms table's reader. */
#include "tap.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "fmt/format.h"
#include "hash/hash.h"
#include "hash/pool.h"
#include "io/out.h"
#include "ledger/forms.h"
#include "walk/explain.h"
#include "walk/glob.h"
#include "modulo/modulo.h"

TEST(numbers_have_one_spelling)
{
	uint64_t v = 7;

	ok(mo_text_number("0", 1, &v) && v == 0);
	ok(mo_text_number("9223372036854775807", 19, &v) && v == INT64_MAX);
	ok(!mo_text_number("9223372036854775808", 19, &v));
	ok(!mo_text_number("01", 2, &v));
	ok(!mo_text_number("", 0, &v));
	ok(!mo_text_number("+1", 2, &v));
	ok(!mo_text_number("1x", 2, &v));
}

TEST(base64_has_one_spelling)
{
	struct mo_buf b = { 0 }, t = { 0 };
	const uint8_t bytes[] = { 0, 255, 16, 131, 16, 81, 135 };

	for (size_t n = 1; n <= sizeof(bytes); n++) {
		mo_buf_reset(&t);
		mo_buf_reset(&b);
		mo_buf_base64(&t, bytes, n);
		ok(mo_text_base64(t.data, t.len, &b) && b.len == n && memcmp(b.data, bytes, n) == 0);
	}
	ok(!mo_text_base64("QQ==QQ==", 8, &b));
	ok(!mo_text_base64("QR==", 4, &b)); /* unused bits */
	ok(!mo_text_base64("QUF=", 4, &b));
	ok(!mo_text_base64("Q===", 4, &b));
	ok(!mo_text_base64("QQ=", 3, &b));
	ok(!mo_text_base64("", 0, &b));
	mo_buf_release(&b);
	mo_buf_release(&t);
}

TEST(escapes_have_one_spelling)
{
	struct mo_buf b = { 0 }, t = { 0 };
	uint8_t all[256];

	for (unsigned i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	mo_buf_escape(&t, all, 256, "");
	ok(mo_text_unescape(t.data, t.len, "", &b) && b.len == 256 && memcmp(b.data, all, 256) == 0);
	mo_buf_reset(&b);
	ok(!mo_text_unescape("\\101", 4, "", &b)); /* A needs none */
	ok(!mo_text_unescape("\\400", 4, "", &b));
	ok(!mo_text_unescape("\\04", 3, "", &b));
	ok(!mo_text_unescape("a b", 3, "", &b));
	ok(mo_text_unescape("\\054", 4, ",", &b));
	ok(!mo_text_unescape(",", 1, ",", &b));
	mo_buf_release(&b);
	mo_buf_release(&t);
}

TEST(globs)
{
	ok(mo_glob_match("lib/modules/**", "lib/modules/a/b.ko"));
	ok(!mo_glob_match("lib/modules/**", "lib/modules"));
	ok(mo_glob_match("*.ko", "a.ko"));
	ok(!mo_glob_match("*.ko", "d/a.ko"));
	ok(!mo_glob_match("*.ko", "d!a.ko"));
	ok(mo_glob_match("**.ko", "d/a!x/b.ko"));
	ok(mo_glob_match("**/x*y/**z", "a/b/x1y/c/xz"));
	ok(mo_glob_match("a?c", "abc"));
	ok(!mo_glob_match("a?c", "a/c"));
	ok(mo_glob_match("[a-c]x", "bx"));
	ok(!mo_glob_match("[!a-c]x", "bx"));
	ok(mo_glob_match("[!a-c]x", "dx"));
	ok(!mo_glob_match("[!a]x", "/x"));
	ok(mo_glob_match("[]]x", "]x"));
	ok(mo_glob_match("\\*", "*"));
	ok(!mo_glob_match("\\*", "a"));
	ok(mo_glob_match("", ""));
	ok(!mo_glob_match("", "a"));
	/* not exponential */
	ok(!mo_glob_match("*a*a*a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
	ok(!mo_glob_match("**a**a**a**a**a**a**a**a**a**b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

TEST(path_order)
{
	ok(mo_path_order("a", "a/b") < 0);
	ok(mo_path_order("a/b", "a.c") < 0);
	ok(mo_path_order("a/b", "a\x01") < 0);
	ok(mo_path_order("a/z", "b") < 0);
	ok(mo_path_order("\xff", "a") > 0);
	ok(mo_path_order("a/b", "a/b") == 0);
}

struct sum {
	size_t next;
	size_t fail_from;
	bool bad_order;
};

static int work(void *ctx, size_t i, unsigned thread, struct modulo_error *err)
{
	struct sum *s = ctx;

	(void)thread;
	return i >= s->fail_from && i % 7 == 3 ? mo_fail(err, MODULO_LIMIT, i, "test.item", "item %zu", i) : 0;
}

static int done(void *ctx, size_t i, struct modulo_error *err)
{
	struct sum *s = ctx;

	(void)err;
	s->bad_order |= i != s->next++;
	return 0;
}

TEST(pool_keeps_order_and_reports_the_lowest_failure)
{
	for (unsigned jobs = 1; jobs <= 4; jobs++) {
		struct sum s = { 0, 500, false };
		struct modulo_error err = { 0 };
		struct mo_pool_job job = { 1000, jobs, 16, work, done, &s };

		ok(mo_pool_run(&job, &err) == MODULO_LIMIT);
		ok(err.offset == 500); /* 500 % 7 == 3 */
		ok(s.next == 500 && !s.bad_order);
		s = (struct sum){ 0, 5000, false };
		ok(mo_pool_run(&job, NULL) == 0 && s.next == 1000 && !s.bad_order);
	}
}

TEST(errors_nest_and_the_first_wins)
{
	struct modulo_error err = { 0 };

	ok(mo_fail(&err, MODULO_IO, 5, "a.b", "one") == MODULO_IO);
	mo_fail(&err, MODULO_LIMIT, 6, "c.d", "two");
	mo_error_shift(&err, 10);
	mo_error_within(&err, "x.ko", '!');
	mo_error_within(&err, "dir", '/');
	ok(err.offset == 15);
	ok_str(err.id, "a.b");
	ok_str(err.path, "dir/x.ko");
}

TEST(sources)
{
	struct mo_source *s, *slice;
	struct mo_spool *spool;
	struct modulo_error err = { 0 };
	char buf[8];

	ok(mo_source_memory("0123456789", 10, &s, &err) == 0);
	ok(mo_source_slice(s, 2, 5, &slice, &err) == 0);
	ok(mo_source_read(slice, 1, buf, 4, &err) == 0 && memcmp(buf, "3456", 4) == 0);
	ok(mo_source_read(slice, 1, buf, 5, &err) == MODULO_MALFORMED);
	ok_str(err.id, "io.short");
	ok(mo_source_read(slice, UINT64_MAX, buf, 2, NULL) == MODULO_MALFORMED);
	ok(mo_source_slice(s, 6, 5, &slice, NULL) < 0);
	mo_source_close(slice);
	/* A spool beyond its memory goes to a file, and reads alike. */
	ok(mo_spool_new(16, &spool, NULL) == 0);
	for (int i = 0; i < 10; i++)
		ok(mo_source_copy(s, 0, 10, mo_spool_sink(spool), NULL) == 0);
	mo_source_close(s);
	ok(mo_spool_source(spool, &s, NULL) == 0);
	ok(s->len == 100 && mo_source_read(s, 95, buf, 5, NULL) == 0 && memcmp(buf, "56789", 5) == 0);
	mo_source_close(s);
}

TEST(a_file_that_changes_is_refused)
{
	char path[] = "/tmp/modulo-unit-XXXXXX";
	int fd = mkstemp(path);
	struct modulo_error err = { 0 };
	struct mo_source *s;

	ok(write(fd, "abc", 3) == 3);
	ok(mo_source_file(path, &s, &err) == 0);
	ok(mo_source_settle(s, &err) == 0);
	ok(write(fd, "d", 1) == 1);
	ok(mo_source_settle(s, &err) == MODULO_IO);
	ok_str(err.id, "io.changed");
	mo_source_close(s);
	close(fd);
	unlink(path);
}

static const char *tree_id(const char *const *paths, size_t nr)
{
	static struct modulo_error err;
	char dir[] = "/tmp/modulo-unit-XXXXXX", out[64];
	struct mo_tree *t;
	int r;

	err = (struct modulo_error){ 0 };
	ok(mkdtemp(dir) != NULL);
	snprintf(out, sizeof(out), "%s/out", dir);
	r = mo_tree_new(out, true, &t, &err);
	for (size_t i = 0; r == 0 && i < nr; i++) {
		struct mo_entry e = { .path = paths[i], .type = MO_DIR, .mode = 0755 };

		r = mo_tree_add(t, &e, false, &err);
	}
	mo_tree_drop(t);
	ok(rmdir(dir) == 0); /* nothing is left */
	return r < 0 ? err.id : "";
}

TEST(tree_path)
{
	static const char *const bad[] = { "../x", "/x", "a//b", ".", "..", "a/..", "", "a/", "./a" };
	static const char *const order[] = { "b", "a" }, *const twice[] = { "a", "a" }, *const good[] = { "a", "a/b", "b" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok_str(tree_id(&bad[i], 1), "tree.path");
	ok_str(tree_id(order, 2), "tree.path");
	ok_str(tree_id(twice, 2), "tree.path");
	ok_str(tree_id(good, 3), "");
}

TEST(tree_follows_no_link)
{
	struct modulo_error err = { 0 };
	char dir[] = "/tmp/modulo-unit-XXXXXX", out[64];
	struct mo_entry link = { .path = "a", .type = MO_SYMLINK, .target = "/tmp" };
	struct mo_entry below = { .path = "a/x", .type = MO_DIR, .mode = 0755 };
	struct mo_tree *t;

	ok(mkdtemp(dir) != NULL);
	snprintf(out, sizeof(out), "%s/out", dir);
	ok(mo_tree_new(out, true, &t, &err) == 0);
	ok(mo_tree_add(t, &link, false, &err) == 0);
	ok(mo_tree_add(t, &below, false, &err) == MODULO_IO);
	ok_str(err.id, "io.write");
	mo_tree_drop(t);
	ok(rmdir(dir) == 0);
}

static const char *forms_id(const char *text)
{
	static struct modulo_error err;
	struct mo_forms f = { 0 };
	int r;

	err = (struct modulo_error){ 0 };
	r = mo_forms_parse(&f, text, strlen(text), &err);
	mo_forms_release(&f);
	return r < 0 ? err.id : "";
}

TEST(forms_table)
{
	struct mo_forms f = { 0 };

	ok(mo_forms_load(&f, NULL) == 0 && f.nr >= 17);
	ok(mo_forms_find(&f, "leaf", "module.pkcs7", 12) != NULL);
	ok(mo_forms_find(&f, "dir", "module.pkcs7", 12) == NULL);
	mo_forms_release(&f);
	ok_str(forms_id("# c\n\nform a\n in records d\n is record\n take \"x\\n\" child\n from y\n"), "");
	ok_str(forms_id("form a\n in records d\n is record\n take \"x\" cms\n from y\n"), "forms.table");
	ok_str(forms_id("form a\n in leaf\n is record\n take \"x\"\n from y\n"), "forms.table");
	ok_str(forms_id("form a\n in leaf\n is signature k\n after moon\n take cms\n from y\n"), "forms.table");
	ok_str(forms_id("form a\n is record\n in records d\n take \"x\"\n from y\n"), "forms.table");
	ok_str(forms_id("form a\n in records d\n is record\n take nonsense\n from y\n"), "forms.table");
	ok_str(forms_id("form a\n in records d\n is record\n take \"\\q\"\n from y\n"), "forms.table");
	ok_str(forms_id("form a\n in records d\n is record\n take \"x\"\n from y\n stray\n"), "forms.table");
	ok_str(forms_id("profile a\n from y\n sequence\n# c\n  oid\n\n# c\nprofile b\n from y\n any\n"), "");
	ok_str(forms_id("profile a\n any\n"), "forms.table");
	ok_str(forms_id("profile a\n from y\n any\nany\n"), "forms.table");
}

static int cancel(void *ctx, uint64_t nr, uint64_t total)
{
	(void)ctx;
	(void)nr;
	(void)total;
	return 1;
}

TEST(options)
{
	struct modulo_options opt = { .progress = cancel };
	struct modulo_error err = { 0 };
	uint8_t digest[32];

	ok(modulo_digest("/dev/null/none", NULL, digest, NULL, NULL, &err) == MODULO_IO);
	err = (struct modulo_error){ 0 };
	ok(modulo_digest("/etc/passwd", &opt, digest, NULL, NULL, &err) == MODULO_CANCELLED);
	ok_str(err.id, "usage.cancelled");
	opt = (struct modulo_options){ .reserved = { &opt } };
	err = (struct modulo_error){ 0 };
	ok(modulo_digest("/etc/passwd", &opt, digest, NULL, NULL, &err) == MODULO_USAGE);
	ok_str(err.id, "usage.reserved");
	err = (struct modulo_error){ 0 };
	ok(modulo_split("/etc/passwd", NULL, &(struct modulo_split_to){ 0 }, &(struct modulo_split_result){ 0 }, &err) < 0);
	ok_str(err.id, "usage.output");
}

TEST_MAIN
