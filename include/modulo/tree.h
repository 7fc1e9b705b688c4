/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmodulo: the modules that a kernel knows by hash. doc/kernel.md says what for,
 * doc/formats/merkle.md which bytes; they are those of the Linux patch series "module: Introduce
 * hash-based integrity checking", v4 and v5 (the tree) and v3 (the list).
 *
 * What modulo/modulo.h says of errors, strings and threads holds here. Of struct modulo_options
 * jobs and progress are used.
 */
#ifndef MODULO_TREE_H
#define MODULO_TREE_H

#include <modulo/modulo.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The hashes of a build's modules, in order: a Merkle tree, or a plain list. */
struct modulo_tree;

struct modulo_root {
	bool list;
	unsigned levels;  /* of a tree; 0: of no modules */
	uint8_t hash[32]; /* of a tree its root; of a list the SHA-256 of its hashes */
	/* How many; of a tree only its file knows, not its kernel: 0 there. */
	uint32_t modules;
};

/* The root of a tree as text, LEVELS:HEX. */
#define MODULO_ROOT_TEXT 72
MODULO_API void modulo_root_text(const struct modulo_root *r, char out[MODULO_ROOT_TEXT]);

/* Where a tree's modules come from. Zero it, then fill in. */
struct modulo_tree_from {
	/* A folder: its modules.order says which and in which order; where it has none, all modules
	 * below it, sorted. */
	const char *dir;
	/* Or a modules.order, and the folder that its paths are relative to. */
	const char *order, *base;
	bool list;	   /* a list, not a tree */
	void *reserved[4]; /* NULL */
};

/* Hashes the modules. The result is the caller's (modulo_tree_free()). */
MODULO_API int modulo_tree_build(const struct modulo_tree_from *from,
				 const struct modulo_options *opt, struct modulo_tree **out,
				 struct modulo_error *err);
/* Reads a tree's file, strictly. */
MODULO_API int modulo_tree_read(const char *path, struct modulo_tree **out,
				struct modulo_error *err);
/* Writes a tree's file. */
MODULO_API int modulo_tree_write(const struct modulo_tree *t, const char *path,
				 struct modulo_error *err);
/* Its text, in pieces; write() returns 0, or less to stop. */
MODULO_API int modulo_tree_text(const struct modulo_tree *t,
				int (*write)(void *ctx, const void *p, size_t len), void *ctx,
				struct modulo_error *err);
MODULO_API void modulo_tree_free(struct modulo_tree *t); /* NULL is fine */
MODULO_API void modulo_tree_root(const struct modulo_tree *t, struct modulo_root *out);

/* The root of a tree's file or of a kernel image; which of them it is, its content tells. */
MODULO_API int modulo_root_of(const char *path, struct modulo_root *out, struct modulo_error *err);

/* Writes the proof of a module to a file: what `attach` puts behind it, without the trailer. */
MODULO_API int modulo_tree_prove(const struct modulo_tree *t, const char *module, const char *path,
				 struct modulo_error *err);

struct modulo_attached {
	uint64_t modules; /* looked at */
	uint64_t written; /* the rest was as it should be already */
};

/*
 * Puts proofs behind modules. A path is a module, or a folder with all modules below it. All are
 * checked before the first is written; each is replaced as a whole. One that has its very proof
 * already stays as it is.
 */
MODULO_API int modulo_tree_attach(const struct modulo_tree *t, char *const *path, size_t nr,
				  const struct modulo_options *opt, struct modulo_attached *out,
				  struct modulo_error *err);
/* The inverse: modules without a proof stay as they are. */
MODULO_API int modulo_tree_detach(char *const *path, size_t nr, const struct modulo_options *opt,
				  struct modulo_attached *out, struct modulo_error *err);

/*
 * Fills the section .module_hashes of a vmlinux. What is filled otherwise is refused unless
 * replace; *written: false where it was so already.
 */
MODULO_API int modulo_tree_embed(const struct modulo_tree *t, const char *vmlinux, bool replace,
				 bool *written, struct modulo_error *err);

/* What modules are held against. Zero it, then fill in: root or kernel, or neither; and tree, which
 * may stand alone. */
struct modulo_tree_against {
	const char *tree; /* a tree's file: tells more of what does not load, and what is missing */
	const char *root; /* LEVELS:HEX */
	const char *kernel; /* a kernel image, as installed */
	bool all;	    /* entries of the tree that no module is count as missing */
	void *reserved[4];  /* NULL */
};

/* One module. Strings are valid during the call. */
struct modulo_tree_module {
	const char *path; /* as it was given; of a missing one as it is in the tree */
	bool loads;
	/*
	 * "loads"; "malformed", "no-proof", "stripped", "changed", "other-build", "wrong-proof",
	 * "not-proven", "added", "missing", "broken": man modulo-tree, "VERDICTS"
	 */
	const char *verdict;
	const char *text;      /* one line for people */
	const char *hashed_as; /* its path in the tree, where that ends in another name; or NULL */
	const char *codec;     /* "xz"; NULL: not compressed */
	bool is_signed;	       /* it has a signature, too, which is not judged */
	bool has_proof;	       /* then: */
	uint32_t index;	       /* where the proof says the module is */
	unsigned levels;       /* 0: no proof can have this length */
	const uint8_t *root;   /* that module and proof give; NULL where levels is 0 */
};

struct modulo_tree_verdict {
	struct modulo_root root; /* that counted */
	const char *kernel;	 /* "vmlinux", "bzImage", "EFI zboot", "Image"; NULL: none given */
	uint64_t modules, loads; /* modules that are there; of them */
	uint64_t compressed, renamed, missing;
};

/*
 * Which modules a kernel would load by their hashes. Gives them to module() in the order of their
 * paths, then those that are missing. A negative return of module() stops.
 */
MODULO_API int modulo_tree_verify(
	char *const *path, size_t nr, const struct modulo_tree_against *against,
	const struct modulo_options *opt,
	int (*module)(void *ctx, const struct modulo_tree_module *m, struct modulo_error *err),
	void *ctx, struct modulo_tree_verdict *out, struct modulo_error *err);

#ifdef __cplusplus
}
#endif

#endif
