/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Streams by the real tools: each is decoded to what was encoded, has the params that its page
 * says, and is proven where the page says so (doc/formats/gzip.md, xz.md, zstd.md). Tools that are
 * not installed are named.
 */
#include "tap.h"

#include <lzma.h>
#include <unistd.h>
#include <zstd.h>

#include "codec_help.h"

enum { EMPTY, BYTE, TEXT, ELF, NR_CONTENTS };

static const char *const content_names[NR_CONTENTS] = { "empty", "byte", "text", "elf" };
static struct mo_buf contents[NR_CONTENTS];
static char dir[] = "/tmp/modulo-codec-XXXXXX";

static bool slurp(const char *path, struct mo_buf *b, size_t max)
{
	FILE *f = fopen(path, "re");
	char buf[65536];
	size_t n;

	if (!f)
		return false;
	while (b->len < max && (n = fread(buf, 1, sizeof(buf), f)))
		mo_buf_add(b, buf, MO_MIN(n, max - b->len));
	fclose(f);
	return true;
}

/* libcrypto, which this program is linked with, is a large ELF file on any machine. */
static void find_elf(struct mo_buf *b)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4352], *path;

	while (maps && b->len == 0 && fgets(line, sizeof(line), maps)) {
		path = strchr(line, '/');
		if (path && strstr(path, "libcrypto.so")) {
			path[strcspn(path, "\n")] = '\0';
			slurp(path, b, 2200000);
		}
	}
	if (maps)
		fclose(maps);
}

static void prepare(void)
{
	if (contents[BYTE].len)
		return;
	ok(mkdtemp(dir) != NULL);
	mo_buf_chr(&contents[BYTE], 'x');
	make_text(&contents[TEXT], 100000);
	find_elf(&contents[ELF]);
	ok(contents[ELF].len == 2200000);
	for (int i = 0; i < NR_CONTENTS; i++) {
		char path[64];
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", dir, content_names[i]);
		f = fopen(path, "we");
		ok(f && fwrite(contents[i].data, 1, contents[i].len, f) == contents[i].len);
		ok(f && fclose(f) == 0);
	}
}

/* Whether the tool has that version; with another, nothing is known of which bytes it writes. */
static bool exact;

static bool have(const char *tool, const char *version)
{
	char command[200];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", tool);
	if (system(command)) {
		printf("# %s is not here: its streams are left out\n", tool);
		return false;
	}
	snprintf(command, sizeof(command), "%s --version | grep -qF '%s'", tool, version);
	exact = system(command) == 0;
	if (!exact)
		printf("# %s is not of version %s: its streams need not be proven\n", tool,
		       version);
	return true;
}

enum expect { PROVEN, CARRIED, EITHER };

/* What prove said of it. */
static void check_proof(const struct mo_codec *c, const struct mo_buf *b,
			const struct mo_buf *content, const char *params, enum expect expect,
			const char *command)
{
	struct mo_source *enc = memory(b->data, b->len), *dec = memory(content->data, content->len);
	char token[MO_ENCODER_MAX];
	struct modulo_error err = { 0 };
	bool found = false;

	if (!exact)
		expect = EITHER;
	ok(mo_codec_prove(c, enc, dec, params, NULL, token, &found, &err) == 0);
	if (expect != EITHER && found != (expect == PROVEN))
		printf("# %s: %s\n", command, found ? token : "no encoder");
	ok(expect == EITHER || found == (expect == PROVEN));
	mo_source_close(enc);
	mo_source_close(dec);
}

static void check(const struct mo_codec *c, int content, const char *command, const char *params,
		  enum expect expect)
{
	char whole[400];
	struct mo_buf b = { 0 };
	struct decoded d;

	/* It is for what the encoders make of it, which is no matter of a sanitizer. */
	if (content == ELF && SANITIZED)
		return;
	prepare();
	snprintf(whole, sizeof(whole), "cd %s && f=%s && rm -f out && %s", dir,
		 content_names[content], command);
	if (system(whole)) {
		printf("# failed: %s\n", command);
		ok(false);
		return;
	}
	snprintf(whole, sizeof(whole), "%s/out", dir);
	ok(slurp(whole, &b, SIZE_MAX));
	d = decode(c, &b);
	if (d.rc)
		printf("# %s, %s: %s: %s\n", command, content_names[content], d.err.id, d.err.text);
	ok(d.rc == 0);
	ok(same_bytes(&d.content, contents[content].data, contents[content].len));
	if (params)
		ok_str(d.params.data, params);
	if (d.rc == 0)
		check_proof(c, &b, &contents[content], d.params.data, expect, command);
	decoded_release(&d);
	mo_buf_release(&b);
}

static void refuse(const struct mo_codec *c, int content, const char *command, const char *id)
{
	char whole[400];
	struct mo_buf b = { 0 };

	prepare();
	snprintf(whole, sizeof(whole), "cd %s && f=%s && rm -f out && %s", dir,
		 content_names[content], command);
	ok(system(whole) == 0);
	snprintf(whole, sizeof(whole), "%s/out", dir);
	ok(slurp(whole, &b, SIZE_MAX));
	refused(c, &b, MODULO_UNSUPPORTED, id);
	mo_buf_release(&b);
}

/* content by content, level by level: "%c" in the command is the level */
static void levels(const struct mo_codec *c, const char *list, int last_content, const char *before,
		   const char *after)
{
	for (const char *l = list; *l; l++) {
		for (int i = EMPTY; i <= last_content; i++) {
			char command[200];

			/* an empty content gives no xz block: that is refused */
			if (i == EMPTY && c == &mo_codec_xz)
				continue;
			/* They take memory by the hundred megabytes, of which a sanitizer
			 * keeps account. */
			if (SANITIZED && c == &mo_codec_xz && *l > '6')
				continue;
			snprintf(command, sizeof(command), "%s%c %s", before, *l, after);
			check(c, i, command, NULL, PROVEN);
		}
	}
}

TEST(gzip)
{
	const struct mo_codec *c = &mo_codec_gzip;

	if (!have("gzip", ""))
		return;
	levels(c, "123456789", TEXT, "gzip -n -", "-c $f >out");
	levels(c, "169", ELF, "gzip -n -", "<$f >out");
	check(c, ELF, "gzip -n -f $f -c >out", "mtime=0,xfl=0,os=3,name=", PROVEN);
	check(c, TEXT, "touch -d @1700000000 $f && gzip -9c $f >out",
	      "mtime=1700000000,xfl=2,os=3,name=text", PROVEN);
	check(c, TEXT, "cp $f 'a b' && touch -d @1 'a b' && gzip -c 'a b' >out",
	      "mtime=1,xfl=0,os=3,name=a\\040b", PROVEN);
	refuse(c, TEXT, "gzip -c $f >out && gzip -c $f >>out", "gzip.members");
}

TEST(pigz)
{
	const struct mo_codec *c = &mo_codec_gzip;

	if (!have("pigz", ""))
		return;
	levels(c, "123456789", TEXT, "pigz -n -", "-c $f >out");
	levels(c, "69", ELF, "pigz -n -", "-c $f >out");
	check(c, ELF, "pigz -9n -p1 <$f >out", "mtime=0,xfl=2,os=3,name=", EITHER);
	check(c, ELF, "pigz -9n -p4 <$f >out", "mtime=0,xfl=2,os=3,name=", PROVEN);
	check(c, TEXT, "touch -d @1700000000 $f && pigz -c $f >out",
	      "mtime=1700000000,xfl=0,os=3,name=text", PROVEN);
	check(c, TEXT, "pigz -11 -n -c $f >out", "mtime=0,xfl=2,os=3,name=", CARRIED);
}

TEST(xz)
{
	const struct mo_codec *c = &mo_codec_xz;

	if (!have("xz", lzma_version_string()))
		return;
	/* up to 5.4 one thread is the default; -T1 asks for it from 5.6 on */
	levels(c, "0123456789", TEXT, "xz -T1 -", "-c $f >out");
	levels(c, "06", ELF, "xz -T1 -", "-c $f >out");
	levels(c, "36", TEXT, "xz -T2 -", "-c $f >out");
	levels(c, "059", TEXT, "xz -T1 -e -", "-c $f >out");
	check(c, TEXT, "xz -T1 --check=none -c $f >out", "check=none,dict=8388608,sizes=no,block=0",
	      PROVEN);
	check(c, TEXT, "xz -T1 --check=sha256 -c $f >out",
	      "check=sha256,dict=8388608,sizes=no,block=0", PROVEN);
	check(c, ELF, "xz -T1 --check=crc32 --lzma2=dict=1MiB -c $f >out",
	      "check=crc32,dict=1048576,sizes=no,block=0", PROVEN);
	check(c, TEXT, "xz -T1 --check=crc32 --lzma2=dict=2MiB -c <$f >out",
	      "check=crc32,dict=2097152,sizes=no,block=0", PROVEN);
	check(c, TEXT, "cat $f | xz -T1 -c >out", "check=crc64,dict=8388608,sizes=no,block=0",
	      PROVEN);
	check(c, ELF, "xz -T2 -c $f >out", "check=crc64,dict=8388608,sizes=yes,block=0", PROVEN);
	check(c, ELF, "xz -T2 -1 --block-size=1MiB -c $f >out",
	      "check=crc64,dict=1048576,sizes=yes,block=1048576", PROVEN);
	check(c, TEXT, "xz -T1 -2 --block-size=30000 -c $f >out",
	      "check=crc64,dict=2097152,sizes=no,block=30000", PROVEN);
	check(c, TEXT, "xz -T1 -2 --block-size=50000 -c $f >out",
	      "check=crc64,dict=2097152,sizes=no,block=50000", PROVEN);
	/* where the header's length tells of a block that is not full, nothing says how large it
	 * was to be */
	check(c, BYTE, "xz -T2 --block-size=1MiB -c $f >out",
	      "check=crc64,dict=8388608,sizes=yes,block=0", CARRIED);
	refuse(c, EMPTY, "xz -c $f >out", "xz.empty");
	refuse(c, TEXT, "xz -c $f >out && xz -c $f >>out", "xz.streams");
	refuse(c, TEXT, "xz -c $f >out && head -c 8 /dev/zero >>out", "xz.padding");
	refuse(c, ELF, "xz -0 --x86 --lzma2=preset=0 -c $f >out", "xz.filter");
	refuse(c, TEXT, "xz -T1 --block-list=10000,20000 -c $f >out", "xz.blocks");
}

TEST(zstd)
{
	const struct mo_codec *c = &mo_codec_zstd;

	if (!have("zstd", ZSTD_versionString()))
		return;
	levels(c, "123456789", TEXT, "zstd -q -", "-c $f >out");
	levels(c, "13", ELF, "zstd -q -", "-c $f >out");
	levels(c, "02468", TEXT, "zstd -q -1", "-c $f >out");
	levels(c, "15", TEXT, "zstd -q --single-thread -", "-c $f >out");
	check(c, TEXT, "zstd -T0 --rm -f -q $f -o out && zstd -dq out -o $f",
	      "window=single,checksum=yes,size=yes", PROVEN);
	check(c, ELF, "zstd -q -T0 -c $f >out", "window=2097152,checksum=yes,size=yes", PROVEN);
	check(c, ELF, "zstd -q -T4 --no-check -c $f >out", "window=2097152,checksum=no,size=yes",
	      PROVEN);
	check(c, ELF, "zstd -q --single-thread -c $f >out", "window=2097152,checksum=yes,size=yes",
	      PROVEN);
	check(c, ELF, "zstd -q -19 -T0 -c $f >out", "window=single,checksum=yes,size=yes", PROVEN);
	check(c, ELF, "cat $f | zstd -q -c >out", "window=2097152,checksum=yes,size=no", PROVEN);
	check(c, TEXT, "cat $f | zstd -q -19 -T0 -c >out", "window=8388608,checksum=yes,size=no",
	      PROVEN);
	check(c, TEXT, "cat $f | zstd -q --single-thread -c >out",
	      "window=2097152,checksum=yes,size=no", PROVEN);
	check(c, TEXT, "zstd -q --ultra -22 -c $f >out", "window=single,checksum=yes,size=yes",
	      PROVEN);
	check(c, TEXT, "cat $f | zstd -q --ultra -20 -c >out",
	      "window=33554432,checksum=yes,size=no", PROVEN);
	check(c, EMPTY, "cat $f | zstd -q -c >out", "window=single,checksum=yes,size=yes", PROVEN);
	check(c, ELF, "zstd -q --long -c $f >out", "window=single,checksum=yes,size=yes", CARRIED);
	refuse(c, TEXT, "zstd -q -c $f >out && zstd -q -c $f >>out", "zstd.frames");
}

/* Last, by its name's order of registration */
TEST(tidy)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ok(system(command) == 0);
	for (int i = 0; i < NR_CONTENTS; i++)
		mo_buf_release(&contents[i]);
}

TEST_MAIN
