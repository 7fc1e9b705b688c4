/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmodulo: artifacts compared, split and joined modulo signatures.
 *
 * An artifact is a file or a directory. Its members are the directory's entries; a file is one
 * member with the empty path. Paths and other strings in results are escaped as in a ledger's token
 * (doc/ledger.md 2): printable ASCII without spaces or backslashes as it is, every other byte as a
 * backslash and three octal digits. Strings belong to the result that they stand in. Offsets and
 * lengths are in bytes. Digests are SHA-256 unless said otherwise.
 *
 * Functions return 0 or a negative enum modulo_rc and fill a caller's struct modulo_error (zeroed
 * before). On failure the other out-parameters are untouched, and nothing is left half written. The
 * library never prints, never exits and keeps no global state; several threads may use it at once,
 * each with results of its own.
 */
#ifndef MODULO_MODULO_H
#define MODULO_MODULO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <modulo/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MODULO_API __attribute__((visibility("default")))

enum modulo_flags {
	MODULO_METADATA =
		1
		<< 0, /* owner, times and extended attributes of a directory's entries count too */
	MODULO_NESTED =
		1 << 1, /* explain stacked module trailers one by one instead of refusing them */
	MODULO_PROVE = 1 << 2, /* look for the encoder of each compressed stream */
	/* Take signatures with unsigned attributes, which a stranger can change, instead of
	   refusing them ("cms.unsigned"); they are counted as unvouched. */
	MODULO_ALLOW_UNSIGNED_ATTRIBUTES = 1 << 3,
	/* Refuse what nothing vouches for: a PE image's CheckSum that is neither 0 nor valid
	   ("pe.checksum"). */
	MODULO_STRICT = 1 << 4,
};

/* Zero it, then fill in. */
struct modulo_options {
	/* Globs over member paths (man modulo, "GLOBS"). None: all. A member counts if one of only
	 * (if any) and none of ignore fits. */
	const char *const *only;
	size_t nr_only;
	const char *const *ignore;
	size_t nr_ignore;
	/* Files with the certificates of trusted signers, PEM or DER. */
	const char *const *keyring;
	size_t nr_keyring;
	unsigned jobs;	/* threads; 0: as many as processors */
	unsigned flags; /* enum modulo_flags */
	/* Called now and then from one thread at a time; done and total count members. Other than 0
	 * cancels (MODULO_CANCELLED). */
	int (*progress)(void *ctx, uint64_t done, uint64_t total);
	void *progress_ctx;
	/* Roots of trusted trees of modules, "LEVELS:HEX" (doc/formats/merkle.md). */
	const char *const *root;
	size_t nr_root;
	/* Lists of what is refused, as firmware's dbx: contents and certificates. A signature of
	 * such a content, or with such a certificate, is MODULO_INVALID. */
	const char *const *dbx;
	size_t nr_dbx;
	void *reserved[2]; /* NULL */
};

enum modulo_status {
	MODULO_UNVERIFIED,   /* no key for it in the keyring; no root given for a proof */
	MODULO_UNVERIFIABLE, /* a key, but the local OpenSSL does not know the algorithm */
	MODULO_VERIFIED,
	MODULO_INVALID, /* it is not a signature of this content by that key; a proof leads to no
			   root that was given */
};

/* "unverified", "unverifiable", "verified", "INVALID" */
MODULO_API const char *modulo_status_name(enum modulo_status s);

/* A signature, or a proof, which has `root` and no more of the names. */
struct modulo_signature {
	const char *kind;      /* "pkcs7-module", "merkle-module" */
	const char *form;      /* of the forms table */
	const char *algorithm; /* "rsa", "ecdsa", "ml-dsa-65"; "merkle" */
	const char *hash;      /* "sha256" */
	const char
		*issuer; /* of the signer's certificate; NULL where the signature names a key id */
	const char *issuer_cn;	  /* its common name; NULL: none */
	const char *serial;	  /* hex; NULL with a key id */
	const char *key_id;	  /* hex; NULL with issuer and serial */
	const char *signing_time; /* as it stands there; NULL: none */
	const char *value;	  /* the signature value, hex */
	const char *root;	  /* where a proof leads, "LEVELS:HEX"; else NULL */
	uint32_t index;		  /* of the leaf that the proof is one of */
	const char *signer;	  /* the certificate's subject; NULL: no certificate at hand */
	const char *signer_cn;
	const uint8_t *certificate; /* its SHA-256; NULL likewise */
	uint64_t offset, length;    /* in the decoded member, all of the trailer */
	enum modulo_status status;
	bool refused; /* MODULO_INVALID because a list of what is refused names it */
};

struct modulo_encoding {
	const char *codec, *params;
	const char *grade;   /* "checked", "proven", "carried" */
	const char *encoder; /* of a proven one, else NULL */
	uint64_t length, decoded_length;
};

struct modulo_fact {
	const char *key, *value; /* "license", "GPL"; the value is escaped but for spaces */
};

struct modulo_member {
	const char *path; /* "" for the artifact itself */
	const char *type; /* "dir", "file", "link", "symlink", "fifo", "socket", "char", "block" */
	unsigned mode;	  /* permissions and set-id bits; 0 for a file that is the artifact */
	const char *target; /* of symlink and link, else NULL */
	const char *format; /* "module", "plain"; NULL where the type is not "file" */
	const char *note;   /* something odd, for people; or NULL */
	bool signable;	    /* of a format that carries signatures: one without is worth a word */
	uint64_t length, core_length;
	uint8_t core[32];			/* digest of the core */
	const struct modulo_encoding *encoding; /* from the outermost inward */
	size_t nr_encodings;
	const struct modulo_signature *signature;
	size_t nr_signatures;
	const struct modulo_fact *fact;
	size_t nr_facts;
};

/* The SHA-256 of the forms table that is built in: part of every verdict. */
MODULO_API int modulo_forms_digest(uint8_t out[32], struct modulo_error *err);

/* --- inspect, verify
 * ------------------------------------------------------------------------------- */

/*
 * Explains an artifact, and gives its members to member() in order, one at a time. m is valid
 * during the call. A negative return (with err filled or not) stops.
 */
MODULO_API int modulo_inspect(const char *path, const struct modulo_options *opt,
			      int (*member)(void *ctx, const struct modulo_member *m,
					    struct modulo_error *err),
			      void *ctx, struct modulo_error *err);

/* --- digest
 * ----------------------------------------------------------------------------------------- */

/*
 * The signature-independent digest: of a file that of its core, of a directory that of its
 * manifest. manifest(), if not NULL, gets the manifest's lines (with LF), a file's too.
 */
MODULO_API int modulo_digest(const char *path, const struct modulo_options *opt, uint8_t out[32],
			     int (*manifest)(void *ctx, const char *line, size_t len), void *ctx,
			     struct modulo_error *err);

/* --- compare
 * ---------------------------------------------------------------------------------------- */

enum modulo_level {
	MODULO_DIFFERENT = 1,
	MODULO_SAME_CONTENT = 2, /* same content modulo signatures */
	MODULO_SAME_MODULO = 3,	 /* identical modulo signatures */
	MODULO_IDENTICAL = 4,	 /* same bits */
};

struct modulo_difference {
	const char *path;   /* in A, or in B where only B has it */
	const char *path_b; /* in B where it has another name there, else NULL */
	const char *
		what; /* "only-in-a", "only-in-b", "metadata", "content", "encoding", "signature" */
	const char *text; /* one line for people */
	const char
		*place; /* of "content": what lies at offset in A ("section .text+0x10"); or NULL */
	uint64_t offset; /* of "content": of the first differing byte of the (decoded) core; else
			    MODULO_NO_OFFSET */
	enum modulo_level level; /* what this difference leaves possible */
};

struct modulo_group { /* signatures that are alike */
	char side;    /* 'A' or 'B' */
	const char *kind, *algorithm, *hash;
	const char *name; /* the signer's subject, else issuer and serial, key id, or root */
	const uint8_t *certificate; /* SHA-256, or NULL */
	enum modulo_status status;
	uint64_t count;
};

struct modulo_derived { /* derived fields that are alike */
	const char *form, *expression;
	uint64_t count_a, count_b, differ;
};

struct modulo_comparison {
	enum modulo_level level;
	uint8_t forms[32];
	uint64_t members_a, members_b; /* chosen ones */
	uint64_t left_out;	       /* members of both sides that --only and --ignore left out */
	uint64_t identical, modulo;    /* pairs by level; the rest are among the differences */
	uint64_t signatures, verified, invalid; /* of both sides */
	uint64_t unvouched; /* fields that nothing vouches for: CheckSums, signatures' unsigned
			       attributes */
	uint64_t encodings_checked, encodings_proven, encodings_carried;
	const struct modulo_group *group;
	size_t nr_groups;
	const struct modulo_derived *derived;
	size_t nr_derived;
	const struct modulo_difference *difference;
	size_t nr_differences;
};

MODULO_API int modulo_compare(const char *a, const char *b, const struct modulo_options *opt,
			      struct modulo_comparison **out, struct modulo_error *err);
MODULO_API void modulo_comparison_free(struct modulo_comparison *c);

/* --- split and join
 * --------------------------------------------------------------------------------- */

/* What to write; NULL: not wanted. A file that is there is replaced, a directory that is there is
 * refused. */
struct modulo_split_to {
	const char *unsigned_path; /* the artifact without its signatures */
	const char *core;	   /* the core's bytes */
	const char *ledger;
	const char *store; /* a directory of signatures, keyed by the digest of what they sign */
};

struct modulo_split_result {
	uint64_t members, signatures;
	uint64_t stored;  /* entries of the store */
	bool has_digests; /* core and artifact are filled (they cost a read, and come with core or
			     ledger) */
	uint64_t artifact_length, core_length;
	uint8_t artifact[32], core[32];
};

MODULO_API int modulo_split(const char *path, const struct modulo_options *opt,
			    const struct modulo_split_to *to, struct modulo_split_result *out,
			    struct modulo_error *err);

struct modulo_join_result {
	uint64_t members, signatures;
	uint64_t bound; /* signatures that are tied to their content: by digest, or by verifying */
	uint64_t unbound; /* detached ones that nothing but their name ties to it */
};

/* The signed artifact from an unsigned one (or one with other signatures) and a ledger. Globs are
 * refused here. */
MODULO_API int modulo_join_ledger(const char *path, const char *ledger, const char *out_path,
				  const struct modulo_options *opt, struct modulo_join_result *out,
				  struct modulo_error *err);
/*
 * The same with detached signatures: a store that modulo_split() wrote, a directory of detached
 * PKCS#7 files named <member path>.sig (Debian's layout) and proofs named <member path>.proof, or,
 * for an artifact that is a file, one such file. Globs choose members and entries alike; what they
 * leave out is copied as it is. Refused, with nothing written: a signable member without an entry
 * ("store.missing"), an entry without a member ("store.surplus"), one that is not what it says
 * ("store.mismatch").
 */
MODULO_API int modulo_join_store(const char *path, const char *store, const char *out_path,
				 const struct modulo_options *opt, struct modulo_join_result *out,
				 struct modulo_error *err);

/*
 * Encodes the regular file behind fd (taken over, and closed) by CODEC, PARAMS and ENCODER of a
 * ledger (doc/ledger.md 3), and gives the stream to write(), which returns 0, or less to stop.
 */
MODULO_API int modulo_encode(int fd, const char *codec, const char *params, const char *encoder,
			     int (*write)(void *ctx, const void *p, size_t len), void *ctx,
			     struct modulo_error *err);

MODULO_API const char *modulo_version(void);

#ifdef __cplusplus
}
#endif

#endif
