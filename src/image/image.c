/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/image.h"

#include <string.h>

#include "base/cursor.h"
#include "codec/codec.h"

#define HEAD 1024 /* no header that is read here goes on behind */

enum { SETUP_SECTS = 0x1f1, HDRS = 0x202, VERSION = 0x206, PAYLOAD = 0x248 };

static int keep(struct mo_image *i, struct mo_source *s)
{
	i->part[i->nr++] = s;
	return 0;
}

static int slice(struct mo_image *i, struct mo_source *s, uint64_t off, uint64_t len,
		 struct mo_source **out, struct modulo_error *err)
{
	int r;

	if (off > s->len || len > s->len - off || len < 8)
		return mo_fail(err, MODULO_MALFORMED, off, "image.payload",
			       "its header puts a kernel of %llu bytes here; the file has %llu",
			       (unsigned long long)len, (unsigned long long)s->len);
	r = mo_source_slice(s, off, len, out, err);
	return r < 0 ? r : keep(i, *out);
}

static int unpack(struct mo_image *i, struct mo_source *enc, struct mo_source **out,
		  struct modulo_error *err)
{
	int r = mo_image_unpack(enc, out, err);

	return r < 0 ? r : keep(i, *out);
}

/*
 * A payload of boot protocol 2.08 or later. Behind the stream stands the unpacked length once more,
 * but for gzip, which has it in its own last bytes.
 */
static int open_bzimage(struct mo_image *i, struct mo_source *file, const uint8_t *head,
			struct modulo_error *err)
{
	struct mo_cursor c = mo_cur(head + PAYLOAD, 8);
	uint64_t setup = head[SETUP_SECTS] ? head[SETUP_SECTS] : 4,
		 off = (setup + 1) * 512 + mo_cur_u32(&c), len = mo_cur_u32(&c);
	struct mo_source *enc;
	uint8_t size[4];
	bool gzip;
	int r;

	if (head[VERSION + 1] < 2 || (head[VERSION + 1] == 2 && head[VERSION] < 8))
		return mo_fail(err, MODULO_UNSUPPORTED, VERSION, "image.payload",
			       "boot protocol %u.%02u does not say where the kernel is; 2.08 does",
			       head[VERSION + 1], head[VERSION]);
	r = slice(i, file, off, len, &enc, err);
	r = r < 0 ? r : mo_source_read(enc, 0, size, 2, err);
	if (r < 0)
		return r;
	gzip = size[0] == 0x1f && size[1] == 0x8b;
	if (!gzip) {
		r = mo_source_read(enc, len - 4, size, 4, err);
		r = r < 0 ? r : slice(i, file, off, len - 4, &enc, err);
	}
	r = r < 0 ? r : unpack(i, enc, &i->kernel, err);
	if (r < 0) {
		mo_error_shift(err, off);
		return r;
	}
	c = mo_cur(size, 4);
	if (!gzip && mo_cur_u32(&c) != i->kernel->len)
		return mo_fail(err, MODULO_MISMATCH, off + len - 4, "image.payload",
			       "the length behind the compressed kernel is not that of the kernel");
	return 0;
}

static int open_zboot(struct mo_image *i, struct mo_source *file, const uint8_t *head,
		      struct modulo_error *err)
{
	struct mo_cursor c = mo_cur(head + 8, 8);
	uint64_t off = mo_cur_u32(&c), len = mo_cur_u32(&c);
	struct mo_source *enc;
	int r = slice(i, file, off, len, &enc, err);

	r = r < 0 ? r : unpack(i, enc, &i->kernel, err);
	if (r < 0)
		mo_error_shift(err, off);
	return r;
}

static bool is_raw(const uint8_t *head)
{
	return memcmp(head + 56, "ARM\x64", 4) == 0 || memcmp(head + 56, "RSC\x05", 4) == 0;
}

/* The first bytes, zeros behind a short file's end. */
static int read_head(struct mo_source *s, uint8_t head[HEAD], struct modulo_error *err)
{
	memset(head, 0, HEAD);
	return mo_source_read(s, 0, head, (size_t)MO_MIN(s->len, (uint64_t)HEAD), err);
}

/* What was inside of a bzImage or of zboot must be a kernel. */
static int check_inside(struct mo_image *i, struct modulo_error *err)
{
	uint8_t head[HEAD];
	int r = read_head(i->kernel, head, err);

	if (r < 0)
		return r;
	i->elf = memcmp(head, "\177ELF", 4) == 0;
	if (i->elf || (strcmp(i->kind, "bzImage") != 0 && i->kernel->len >= HEAD))
		return 0;
	return mo_fail(err, MODULO_MALFORMED, MODULO_NO_OFFSET, "image.payload",
		       "what is unpacked from it is no kernel");
}

static int open_any(struct mo_image *i, struct mo_source *file, struct modulo_error *err)
{
	uint8_t head[HEAD];
	int r = read_head(file, head, err);

	/* vmlinux.xz, Image.gz: whole files that are compressed */
	i->kernel = file;
	if (r == 0 && mo_codec_identify(head, 8)) {
		r = unpack(i, file, &i->kernel, err);
		r = r < 0 ? r : read_head(i->kernel, head, err);
		file = i->kernel;
	}
	if (r < 0)
		return r;
	i->kind = "vmlinux";
	if (memcmp(head, "\177ELF", 4) == 0) {
		i->elf = true;
		return 0;
	}
	if (memcmp(head + HDRS, "HdrS", 4) == 0) {
		i->kind = "bzImage";
		r = open_bzimage(i, file, head, err);
		return r < 0 ? r : check_inside(i, err);
	}
	if (memcmp(head, "MZ", 2) == 0 && memcmp(head + 4, "zimg", 4) == 0) {
		i->kind = "EFI zboot";
		r = open_zboot(i, file, head, err);
		return r < 0 ? r : check_inside(i, err);
	}
	i->kind = "Image";
	if (is_raw(head))
		return 0;
	return mo_fail(err, MODULO_UNSUPPORTED, 0, "image.format",
		       "this is no kernel image that is known here (vmlinux, bzImage, EFI zboot, "
		       "arm64 and RISC-V Image)");
}

int mo_image_open(struct mo_source *file, struct mo_image *out, struct modulo_error *err)
{
	struct mo_image i = { 0 };
	int r = open_any(&i, file, err);

	if (r < 0)
		mo_image_release(&i);
	else
		*out = i;
	return r;
}

void mo_image_release(struct mo_image *i)
{
	while (i->nr)
		mo_source_close(i->part[--i->nr]);
	*i = (struct mo_image){ 0 };
}

int mo_image_has(const struct mo_image *i, const void *p, size_t len, bool *has,
		 struct modulo_error *err)
{
	enum { CHUNK = 1 << 20 };
	_cleanup_free_ uint8_t *buf = malloc(CHUNK);
	uint64_t at = 0;

	*has = false;
	if (!buf)
		return mo_fail_nomem(err);
	/* Pieces overlap by what could be cut between them. */
	while (!*has && i->kernel->len - at >= len) {
		size_t n = (size_t)MO_MIN(i->kernel->len - at, (uint64_t)CHUNK);
		int r = mo_source_read(i->kernel, at, buf, n, err);

		if (r < 0)
			return r;
		*has = memmem(buf, n, p, len) != NULL;
		at += n - (len - 1);
	}
	return 0;
}
