/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modulo-check: does a ledger explain every byte of an artifact over a core? Written from doc/ledger.md and
 * doc/formats/module.md alone; nothing of the prover is in here.
 *
 *   main.c    the command line                     dir.c                  a directory's serialisation
 *   run.c     failing, owning, digests, counts     gzip.c xz.c zstd.c     strict decoders
 *   ledger.c  lines, words, the forms table        encode.c               encoding again
 *   item.c    header, leaf, stream, records, end   cms.c keyring.c        signatures, and whose they are
 *   source.c  bytes of artifact, streams and core
 *
 * One pass: each ledger line is read once, then the bytes that it explains are pulled from the artifact
 * and compared. must() and holds() state what has to be; where it is not, they end the run and do not
 * return, so no caller can forget to look.
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

/* The limits, and with them all the memory that there is; hard links (dir.c) aside. */
enum {
	MO_CHECK_LINE = 1048576,   /* a ledger line with its LF */
	MO_CHECK_WORDS = 24,       /* in a line */
	MO_CHECK_DEPTH = 16,       /* items inside items */
	MO_CHECK_SIGNATURES = 8,   /* of a leaf */
	MO_CHECK_SIGNATURE = 65536, /* bytes of one */
	MO_CHECK_PIECE = 49152,    /* carried bytes in a line */
	MO_CHECK_CHUNK = 65536,    /* read at once */
	MO_CHECK_COUNTS = 4096,    /* distinct lines of the report */
	MO_CHECK_TEXT = 8192,      /* a name, a line of the report */
	MO_CHECK_WINDOW = 1 << 27, /* zstd's */
	MO_CHECK_DICT = 1 << 28,   /* xz's */
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
struct mo_check_end { /* how a run ended */
	int status;      /* 0 accepted, and nothing below is set; 1 something does not hold; 2 refused, trouble */
	const char *id;
	uint64_t line;   /* of the ledger; 0: none read yet */
	bool placed;     /* offset, in the artifact, is known */
	uint64_t offset;
	char text[1024];
};

struct mo_check;
struct mo_check_source { /* the artifact, or what a decoder gives */
	size_t (*read)(struct mo_check *c, struct mo_check_source *s, uint8_t *buf, size_t cap); /* 0: the end */
	uint64_t pos;
};
struct mo_check_stream { /* decoders keep to the stream's LENGTH bytes, and read each once */
	struct mo_check_source out; /* the decoded bytes; first */
	const struct mo_check_codec *codec;
	void *state;                 /* the codec's own */
	struct mo_check_encoder *encoder;  /* or NULL */
	struct mo_check_source *from;
	uint64_t left;               /* encoded bytes that are still to be read */
	uint8_t in[MO_CHECK_CHUNK];  /* in[at..fill) is read, but not used yet */
	size_t at, fill;
	EVP_MD_CTX *seen;            /* SHA-256 of the encoded bytes */
	bool ended;                  /* the last encoded byte is explained, params are known */
	char params[1536];
	uint64_t content_size;       /* of zstd's header; UINT64_MAX: none */
	uint8_t head[272], tail[8];  /* gzip's, which no encoder here makes */
	size_t head_len;
};
struct mo_check_codec {
	const char *name;
	/* Reads what stands before the compressed data. Owns all that decode() needs: that may own nothing. */
	void (*open)(struct mo_check *c, struct mo_check_stream *st);
	/* At most cap decoded bytes; 0: st->ended. */
	size_t (*decode)(struct mo_check *c, struct mo_check_stream *st, uint8_t *buf, size_t cap);
};
extern const struct mo_check_codec mo_check_gzip, mo_check_xz, mo_check_zstd;

struct mo_check_der {
	const uint8_t *p, *end;
};
struct mo_check_cms { /* a signature; all of it points into its DER */
	struct mo_check_der issuer, serial, key_id; /* the first two, or the third */
	struct mo_check_der attrs, message_digest;  /* empty where there are none */
	struct mo_check_der value;
	const EVP_MD *hash;
	const char *key_type; /* as libcrypto names it: "RSA", "EC", "ML-DSA-44" */
};

struct mo_check {
	const struct mo_check_job *job;
	struct mo_check_end *end;
	jmp_buf jump;
	struct {
		void *p;
		void (*free)(void *);
	} owned[256];
	unsigned nr_owned, nr_words, nr_counts;
	char line[MO_CHECK_LINE], *word[MO_CHECK_WORDS];
	uint64_t line_nr, offset, core_pos, decoded;
	struct mo_check_source *artifact;
	EVP_MD_CTX *artifact_hash, *core_hash, *skeleton;
	uint8_t buf[MO_CHECK_CHUNK], core_buf[MO_CHECK_CHUNK];
	char *forms; /* the table, with a NUL */
	STACK_OF(X509) *certs;
	struct {
		char *key;
		uint64_t nr;
	} count[MO_CHECK_COUNTS];
};

/* run.c */
#define must(c, condition, id, ...)  ((condition) ? (void)0 : mo_check_fail(c, 2, id, __VA_ARGS__))
#define holds(c, condition, id, ...) ((condition) ? (void)0 : mo_check_fail(c, 1, id, __VA_ARGS__))
__attribute__((noreturn, format(printf, 4, 5))) void mo_check_fail(struct mo_check *c, int status, const char *id,
								    const char *text, ...);
/* p is freed by mo_check_release(), or at the end; NULL, where it should not be, ends the run. */
void mo_check_own(struct mo_check *c, void *p, void (*release)(void *));
void mo_check_release(struct mo_check *c, unsigned nr); /* down to nr things owned */
void *mo_check_alloc(struct mo_check *c, size_t size);
EVP_MD_CTX *mo_check_hash(struct mo_check *c, const EVP_MD *md);
void mo_check_update(struct mo_check *c, EVP_MD_CTX *h, const void *p, size_t n);
void mo_check_hex(struct mo_check *c, EVP_MD_CTX *sha256, char out[65]);
/* Counts one more of key in the report; where it has a tab, the number is printed there, else at its end. */
void mo_check_count(struct mo_check *c, const char *key);
/* Writes s with bytes outside of 0x20..0x7e, and those in `also`, as \ooo. */
void mo_check_escape(FILE *f, const void *s, size_t n, const char *also);
int mo_check_run(const struct mo_check_job *job, FILE *report, struct mo_check_end *end);

/* ledger.c */
void mo_check_next_line(struct mo_check *c); /* into c->word */
uint64_t mo_check_number(struct mo_check *c, const char *word);
void mo_check_token(struct mo_check *c, const char *word);
size_t mo_check_base64(struct mo_check *c, const char *word, uint8_t *out, size_t cap);
/* What the form `name` is ("record"), with the line of its elements in *take; what it must follow in *after. */
const char *mo_check_form(struct mo_check *c, const char *name, const char *place, char is[64], bool *after_elf);
/* Takes one element off: its word, or a literal's bytes in text. Returns what follows, NULL at the end. */
const char *mo_check_element(struct mo_check *c, const char *take, char word[64], uint8_t text[64], size_t *len);

/* item.c */
void mo_check_all(struct mo_check *c, FILE *report);

/* source.c */
size_t mo_check_read(struct mo_check *c, struct mo_check_source *s, uint8_t *buf, size_t cap);
void mo_check_take(struct mo_check *c, struct mo_check_source *s, uint8_t *buf, size_t n); /* exactly n */
/* The next n bytes of the core are p's, which were just taken from s. */
void mo_check_core(struct mo_check *c, struct mo_check_source *s, const uint8_t *p, size_t n);
/* The next n bytes of s are p's; with `core`, the core's too. */
void mo_check_same(struct mo_check *c, struct mo_check_source *s, const void *p, size_t n, bool core);
struct mo_check_source *mo_check_file(struct mo_check *c);
struct mo_check_source *mo_check_dir(struct mo_check *c, bool metadata); /* dir.c */
/* A stream of the next len bytes of from. */
struct mo_check_stream *mo_check_stream(struct mo_check *c, struct mo_check_source *from, uint64_t len,
					const struct mo_check_codec *codec);
bool mo_check_fill(struct mo_check *c, struct mo_check_stream *st); /* at < fill; false: no more */
/* Exactly n encoded bytes; the run ends with the id `cut` where there are less. */
void mo_check_get(struct mo_check *c, struct mo_check_stream *st, void *buf, size_t n, const char *cut);

/* encode.c: with the encoder and the PARAMS that the ledger names */
void mo_check_encode(struct mo_check *c, struct mo_check_stream *st, const char *token, const char *params);
void mo_check_encode_more(struct mo_check *c, struct mo_check_stream *st, const uint8_t *p, size_t n);
/* Ends it; `seen` is the SHA-256 that what it gave must have. */
void mo_check_encode_end(struct mo_check *c, struct mo_check_stream *st, const char *seen);

/* cms.c, keyring.c */
void mo_check_cms(struct mo_check *c, const uint8_t *der, size_t len, struct mo_check_cms *out);
bool mo_check_name(struct mo_check_der name, FILE *out); /* "CN=a, O=b"; false: not of the profile */
void mo_check_keyring(struct mo_check *c);
/* Counts a signature over bytes of this digest as verified or unverified; an invalid one ends the run. */
void mo_check_judge(struct mo_check *c, const char *kind, const struct mo_check_cms *cms, const uint8_t *digest);

static inline uint32_t mo_check_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

#endif
