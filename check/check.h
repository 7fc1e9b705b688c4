/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modulo-check: does a ledger explain every byte of an artifact over a core? Written from doc/ledger.md and
 * doc/formats/module.md alone; nothing of the prover is in here.
 *
 *   line.c     the ledger's lines and words             gzip.c xz.c zstd.c   strict decoders
 *   forms.c    the forms table                          encode.c             encoding again
 *   source.c   bytes of artifact and core               cms.c                the signature's DER
 *   dir.c      a directory's serialisation              keyring.c            who signed it
 *   item.c     what ties them: header, leaf, stream, records, end
 *   run.c      failing, what is owned, digests, counts, the report           main.c  the command line
 *
 * One pass: each ledger line is read once, then the bytes that it explains are pulled from the artifact
 * and compared. The first thing that is wrong ends the run: mo_check_refuse() and mo_check_deny() do not
 * return but jump back to mo_check_run(), which frees what is owned. So no check can be forgotten by a
 * caller that does not look at a return value.
 */
#ifndef MO_CHECK_H
#define MO_CHECK_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The limits. What grows with them is all the memory there is, hard links aside (dir.c). */
enum {
	MO_CHECK_LINE = 1048576,   /* a ledger line with its LF */
	MO_CHECK_WORDS = 24,       /* in a line */
	MO_CHECK_DEPTH = 16,       /* items inside items */
	MO_CHECK_SIGNATURES = 8,   /* of a leaf */
	MO_CHECK_CMS = 65536,      /* bytes of a signature */
	MO_CHECK_PIECE = 49152,    /* carried bytes in a line */
	MO_CHECK_CHUNK = 65536,    /* read at once */
	MO_CHECK_COUNTS = 4096,    /* distinct lines of the report */
	MO_CHECK_TEXT = 8192,      /* a name, a report line */
	MO_CHECK_WINDOW = 1 << 27, /* zstd's; 128 MiB */
	MO_CHECK_DICT = 1 << 28,   /* xz's; 256 MiB */
};

extern const char mo_forms_table[];
extern const unsigned long mo_forms_table_len;

struct mo_check_job {
	const char *directory; /* the artifact where it is a directory, else NULL */
	FILE *artifact;        /* the artifact where it is a file */
	FILE *core, *ledger;
	const char *const *keyrings;
	unsigned nr_keyrings;
	bool prove; /* encode again */
};

/* How a run ended. The rest is set where status is not 0. */
struct mo_check_end {
	int status; /* 0 accepted; 1 well-formed, but something does not hold; 2 refused or trouble */
	const char *id;
	uint64_t line; /* of the ledger; 0: none read yet */
	bool placed;   /* offset is known */
	uint64_t offset;
	char text[MO_CHECK_TEXT];
};

/* Where bytes come from: the artifact, or a decoder's output. */
struct mo_check;
struct mo_check_source {
	/* At most cap bytes, cap not 0; 0 is the end. */
	size_t (*read)(struct mo_check *c, struct mo_check_source *s, uint8_t *buf, size_t cap);
	uint64_t pos; /* bytes read so far */
};

enum mo_check_place { MO_CHECK_LEAF, MO_CHECK_DIR, MO_CHECK_DIR_METADATA };
enum mo_check_kind {
	MO_CHECK_LITERAL,
	MO_CHECK_OCTAL4,
	MO_CHECK_DIGITS,
	MO_CHECK_TOKEN,
	MO_CHECK_WORD,
	MO_CHECK_LEN_CHILD, /* decimal(len(child)) */
	MO_CHECK_CHILD,
	MO_CHECK_CMS_BYTES,
	MO_CHECK_LEN_CMS, /* be32(len(cms)) */
};
struct mo_check_element {
	enum mo_check_kind kind;
	uint8_t text[64]; /* of a literal, its escapes resolved */
	size_t len;
};
struct mo_check_form {
	char name[32], signs[32]; /* signs: a signature's KIND, empty for a record */
	enum mo_check_place place;
	bool after_elf;
	unsigned nr, nr_args; /* elements, and words that follow the name in a ledger line */
	struct mo_check_element element[24];
};

/* A signature as doc/formats/module.md has it; all pointers into its DER. */
enum mo_check_sigalg { MO_CHECK_RSA, MO_CHECK_ECDSA, MO_CHECK_MLDSA };
struct mo_check_der {
	const uint8_t *p, *end;
};
struct mo_check_cms {
	struct mo_check_der issuer, serial, key_id; /* the first two, or the third */
	const EVP_MD *hash;
	enum mo_check_sigalg sigalg;
	const char *key_type;                      /* as OpenSSL names it */
	struct mo_check_der attrs, message_digest; /* empty where there are none */
	struct mo_check_der value;
};

struct mo_check_count {
	char *head, *tail; /* printed as HEAD COUNT TAIL */
	uint64_t nr;
};

struct mo_check {
	const struct mo_check_job *job;
	struct mo_check_end *end;
	jmp_buf jump;
	struct mo_check_owned {
		void *p;
		void (*free)(void *);
	} owned[256];
	unsigned nr_owned;

	char line[MO_CHECK_LINE];
	char *word[MO_CHECK_WORDS];
	unsigned nr_words;
	uint64_t line_nr;

	struct mo_check_form form[64];
	unsigned nr_forms;

	struct mo_check_source *artifact;
	uint64_t offset, core_pos, decoded;
	EVP_MD_CTX *artifact_hash, *core_hash, *skeleton_hash;
	uint8_t buf[MO_CHECK_CHUNK], core_buf[MO_CHECK_CHUNK];

	STACK_OF(X509) *certs;
	struct mo_check_count count[MO_CHECK_COUNTS];
	unsigned nr_counts;
};

/* run.c */
#define mo_check_refuse(c, id, ...) mo_check_fail(c, 2, id, __VA_ARGS__)
#define mo_check_deny(c, id, ...)   mo_check_fail(c, 1, id, __VA_ARGS__)
__attribute__((noreturn, format(printf, 4, 5))) void mo_check_fail(struct mo_check *c, int status, const char *id,
								    const char *fmt, ...);
/* p is freed at the end of the run, or by mo_check_release(); NULL, where it should not be, ends the run. */
void mo_check_own(struct mo_check *c, void *p, void (*release)(void *));
/* Frees all that is owned since there were nr things owned, the last one first. */
void mo_check_release(struct mo_check *c, unsigned nr);
void *mo_check_alloc(struct mo_check *c, size_t size);
char *mo_check_strdup(struct mo_check *c, const char *s);
EVP_MD_CTX *mo_check_hash(struct mo_check *c, const EVP_MD *md);
void mo_check_update(struct mo_check *c, EVP_MD_CTX *h, const void *p, size_t n);
unsigned mo_check_final(struct mo_check *c, EVP_MD_CTX *h, uint8_t out[EVP_MAX_MD_SIZE]);
void mo_check_hex(struct mo_check *c, EVP_MD_CTX *sha256, char out[65]);
/* Counts one more "HEAD n TAIL" of the report; tail may be empty. */
void mo_check_count(struct mo_check *c, const char *head, const char *tail);
/* Writes s with all bytes outside 0x20..0x7e as \ooo, and those in `also`. */
void mo_check_escape(FILE *f, const void *s, size_t n, const char *also);
/* Checks; on acceptance writes the report to `report`, where that is not NULL. Returns end->status. */
int mo_check_run(const struct mo_check_job *job, FILE *report, struct mo_check_end *end);

/* line.c: all of these end the run where the ledger has something else. */
void mo_check_next_line(struct mo_check *c);
void mo_check_words(struct mo_check *c, unsigned nr);
uint64_t mo_check_number(struct mo_check *c, const char *word);
void mo_check_token(struct mo_check *c, const char *word);
void mo_check_digest(struct mo_check *c, const char *word, char out[65]);
size_t mo_check_base64(struct mo_check *c, const char *word, uint8_t *out, size_t cap);

/* forms.c */
void mo_check_forms(struct mo_check *c);
const struct mo_check_form *mo_check_form(struct mo_check *c, const char *name, enum mo_check_place place);

/* source.c */
struct mo_check_source *mo_check_file(struct mo_check *c);
size_t mo_check_read(struct mo_check *c, struct mo_check_source *s, uint8_t *buf, size_t cap);
/* Exactly n bytes. */
void mo_check_take(struct mo_check *c, struct mo_check_source *s, uint8_t *buf, size_t n);
/* The next n bytes of the core are p's, which were just taken from s. */
void mo_check_core(struct mo_check *c, struct mo_check_source *s, const uint8_t *p, size_t n);
/* The next n bytes of s are p's; where `core` is set, the core's too. */
void mo_check_same(struct mo_check *c, struct mo_check_source *s, const void *p, size_t n, bool core);

/* dir.c */
struct mo_check_source *mo_check_dir(struct mo_check *c, bool metadata);

/* item.c */
void mo_check_all(struct mo_check *c, FILE *report);

/* cms.c */
void mo_check_cms(struct mo_check *c, const uint8_t *der, size_t len, struct mo_check_cms *out);
/* A Name as text, "CN=a, O=b"; false where it is not of the profile. */
bool mo_check_name(struct mo_check_der name, FILE *out);

/* keyring.c */
void mo_check_keyring(struct mo_check *c);
/* Counts a signature over bytes with this digest, as verified or unverified; an invalid one ends the run. */
void mo_check_judge(struct mo_check *c, const char *kind, const struct mo_check_cms *cms, const uint8_t *digest,
		    unsigned len);

#endif
