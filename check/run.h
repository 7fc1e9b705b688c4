/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The run's state, and with it all memory but what libraries, struct dir and the report take. */
#include <lzma.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

enum {
	LINE = 1 << 20,  /* bytes of a ledger line with its LF */
	WORDS = 24,      /* in it */
	DEPTH = 16,      /* items inside items */
	SIGNATURES = 8,  /* of a leaf */
	CMS = 1 << 16,   /* bytes of one; not more than a chunk */
	CHUNK = 1 << 16, /* bytes read at once */
	COUNTS = 4096,   /* distinct lines of the report */
	TEXT = 8192,     /* bytes of one */
	HASHES = 64,     /* at once: 3 for each stream, 1 for each signature, and 4 */
	NESTED = 32,     /* elements inside elements, as a profile has them */
	MARKS = 64,      /* found by a profile, and named */
};
typedef unsigned long long ull; /* for printf */

struct source { /* the artifact, or what a decoder gives */
	size_t (*read)(struct source *s, uint8_t *buf, size_t cap); /* 0: the end */
	uint64_t pos;
};
struct stream {
	struct source out; /* the decoded bytes; first */
	struct source *from;
	uint64_t left; /* encoded bytes that are still to be read */
	uint8_t in[CHUNK]; /* in[at..fill) is read, but not used yet */
	size_t at, fill;
	EVP_MD_CTX *seen; /* SHA-256 of the encoded bytes */
	FILE *content; /* keeps the decoded bytes, to encode them again; or NULL */
	bool ended; /* the last encoded byte is explained, params are known */
	char params[1536];
	const struct codec *codec;
	z_stream gzip;
	uint8_t last; /* that zlib took */
	struct xz {
		lzma_stream lzma;
		lzma_stream_flags flags;
		lzma_index_hash *index;
		lzma_block block;
		lzma_filter filters[LZMA_FILTERS_MAX + 1];
		lzma_options_lzma options;
		bool in_block, sized;
		uint64_t nr_blocks, first_size;
	} xz;
	ZSTD_DCtx *zstd;
};
struct element { /* of a form */
	char word[64];
	uint8_t text[64]; /* a literal's bytes */
	size_t len; /* 0: it is none */
	ull number; /* in parentheses, or 0 */
	bool bare; /* there are none */
};
enum { CHILD, SUM, OFF, LEN, CLAIMS };
static const char *const derived[] = { "decimal(len(child))", "le32(pe-checksum)",
				       "le32(off(signatures))", "le32(len(signatures))" };
static const uint8_t zeros[64];
typedef struct {
	const uint8_t *p, *end;
} der;
struct mark { /* what a profile names */
	char name[32];
	der whole, in; /* the element, and its content */
};
struct signature {
	char form[64], kind[64], who[TEXT + 256]; /* who: a key's name, as it stands there */
	char name[TEXT]; /* the Name that was walked last, as text */
	size_t said; /* bytes of it */
	const char *elements; /* the form's */
	bool after_elf;
	uint8_t body[CMS + 3]; /* a CMS message, or a proof */
	size_t len;
	unsigned levels; /* of a proof; 0: CMS */
	struct mark mark[MARKS]; /* in body */
	unsigned nr_marks, depth;
	const EVP_MD *md;
	const char *key; /* its type, as libcrypto names it: "RSA", "EC", "ML-DSA-44" */
	EVP_MD_CTX *hash; /* of the leaf's bytes before it; of a proof as its leaf */
};

static struct {
	const struct mo_check_job *job;
	struct mo_check_end *end;
	jmp_buf jump;
	char line[LINE + 1], *word[WORDS];
	uint64_t line_nr, offset, core_pos, decoded, claim[CLAIMS], sum, sum_from;
	bool placed; /* offset is that of the bytes at hand */
	bool summed; /* what is taken, 16-bit words from sum_from on, goes into sum */
	char record[64]; /* the form */
	unsigned nr_words, nr_hashes, nr_counts;
	struct source file, *artifact;
	struct dir *dir;
	EVP_MD_CTX *hash[HASHES], *artifact_hash, *core_hash, *skeleton_hash;
	STACK_OF(X509) *certs;
	struct stream stream[DEPTH];
	struct signature signature[SIGNATURES];
	uint8_t buf[LINE], core_buf[LINE], room[LINE + 4];
	struct {
		char *key;
		uint64_t nr;
	} count[COUNTS];
} run;

/* All that can be wrong: what the table in modulo-check(1) says. */
static const struct {
	int status;
	const char *id, *text;
} ids[] = {
#include "ids.inc"
};

static __attribute__((noreturn)) void fail(const char *id, const char *detail)
{
	size_t i = 0;
	while (strcmp(ids[i].id, id))
		i++; /* each is in the table, says a test */
	*run.end = (struct mo_check_end){ ids[i].status, ids[i].id, ids[i].text, "",
					  run.line_nr,	 run.offset, run.placed };
	snprintf(run.end->detail, sizeof(run.end->detail), "%s", detail);
	longjmp(run.jump, 1);
}
#define must_of(detail, condition, id) ((condition) ? (void)0 : fail(id, detail))
#define must(condition, id) must_of("", condition, id)

/* A digest that lasts until run.nr_hashes is set back. */
static EVP_MD_CTX *hash_new(const EVP_MD *md)
{
	must(run.nr_hashes < HASHES, "check.limit");
	EVP_MD_CTX **h = &run.hash[run.nr_hashes++];
	*h = *h ? *h : EVP_MD_CTX_new();
	must(*h && EVP_DigestInit_ex(*h, md, NULL), "check.memory");
	return *h;
}

static void hash_add(EVP_MD_CTX *h, const void *p, size_t n)
{
	must(EVP_DigestUpdate(h, p, n), "check.memory");
}

static void hex(const uint8_t *p, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", p[i]);
}

static const char *hash_hex(EVP_MD_CTX *h, char out[65])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	must(EVP_DigestFinal_ex(h, digest, NULL), "check.memory");
	hex(digest, 32, out);
	return out;
}

/* Counts one more of a line of the report; the number goes to its tab, or its end. */
static __attribute__((format(printf, 1, 2))) void count(const char *line, ...)
{
	char key[TEXT + 256];
	unsigned i = 0;
	va_list ap;
	va_start(ap, line);
	must(vsnprintf(key, sizeof(key), line, ap) < (int)sizeof(key), "check.limit");
	va_end(ap);
	while (i < run.nr_counts && strcmp(key, run.count[i].key))
		i++;
	must(i < COUNTS, "check.limit");
	if (i == run.nr_counts)
		must((run.count[run.nr_counts++].key = strdup(key)), "check.memory");
	run.count[i].nr++;
}

/* Adds to the skeleton, of which the digest is all that is wanted. */
static __attribute__((format(printf, 1, 2))) void skeleton(const char *text, ...)
{
	va_list ap;
	va_start(ap, text);
	int n = vsnprintf((char *)run.room, sizeof(run.room), text, ap);
	va_end(ap);
	hash_add(run.skeleton_hash, run.room, (size_t)n);
}

/* Writes s with bytes outside of 0x20..0x7e, and those in `also`, as \ooo. */
void mo_check_escape(FILE *f, const void *s, size_t n, const char *also)
{
	for (const uint8_t *p = s; n--; p++)
		fprintf(f, *p < 0x20 || *p > 0x7e || strchr(also, *p) ? "\\%03o" : "%c", *p);
}
