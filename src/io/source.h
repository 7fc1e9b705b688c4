/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A source: a byte string of known length that can be read anywhere. Kinds: an open file, memory, a
 * slice of another source, several stretches of one, a spool (memory up to a limit, an unlinked
 * temporary file beyond).
 */
#ifndef IO_SOURCE_H
#define IO_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/util.h"

struct mo_source {
	uint64_t len;
	/* Reads exactly n bytes at off; off + n <= len is the caller's duty, and mo_source_read()'s
	 * check. */
	int (*read)(struct mo_source *, uint64_t off, void *buf, size_t n, struct modulo_error *);
	void (*close)(struct mo_source *); /* frees the source; NULL: nothing to do */
	/* The bytes themselves where they lie in memory, else NULL; valid until the close. */
	const uint8_t *mem;
};

/* Read beyond the end is refused ("io.short"). */
_must_check_ int mo_source_read(struct mo_source *s, uint64_t off, void *buf, size_t n,
				struct modulo_error *err);
void mo_source_close(struct mo_source *s); /* NULL is fine */

/*
 * An open regular file; the source owns fd from here on, on failure too. Small files are read whole
 * at once. That the file did not change meanwhile is checked by mo_source_settle().
 */
_must_check_ int mo_source_fd(int fd, struct mo_source **out, struct modulo_error *err);
_must_check_ int mo_source_file(const char *path, struct mo_source **out, struct modulo_error *err);
/* "io.changed" where size, mtime or ctime of the file behind s are no longer what they were. */
_must_check_ int mo_source_settle(struct mo_source *s, struct modulo_error *err);

/*
 * All of a file that is to be in memory, malloced, and settled. id: the refusal where it has more
 * than max bytes.
 */
_must_check_ int mo_source_load(const char *path, uint64_t max, const char *id, uint8_t **out,
				size_t *len, struct modulo_error *err);
/* Borrowed memory: p must outlive the source. */
_must_check_ int mo_source_memory(const void *p, size_t len, struct mo_source **out,
				  struct modulo_error *err);
/* len bytes at off of parent, which must outlive the slice. */
_must_check_ int mo_source_slice(struct mo_source *parent, uint64_t off, uint64_t len,
				 struct mo_source **out, struct modulo_error *err);

/* Stretches of a source. */
struct mo_span {
	uint64_t off, len;
};

/* These stretches of parent, which must outlive it, one behind the other, and zeros behind them.
 * The array is copied. */
_must_check_ int mo_source_rope(struct mo_source *parent, const struct mo_span *span, size_t nr,
				uint64_t zeros, struct mo_source **out, struct modulo_error *err);

/*
 * A sink takes bytes in order. write returns 0 or a negative modulo_rc with err filled; whoever
 * calls it stops at the first failure.
 */
struct mo_sink {
	int (*write)(struct mo_sink *, const void *p, size_t len, struct modulo_error *);
};

static inline _must_check_ int mo_sink_write(struct mo_sink *k, const void *p, size_t len,
					     struct modulo_error *err)
{
	return len ? k->write(k, p, len, err) : 0;
}

/* Copies len bytes at off into k, in pieces. */
_must_check_ int mo_source_copy(struct mo_source *s, uint64_t off, uint64_t len, struct mo_sink *k,
				struct modulo_error *err);

/* A sink that becomes a source: memory up to mem_max bytes, an unlinked temporary file beyond. */
struct mo_spool;
_must_check_ int mo_spool_new(size_t mem_max, struct mo_spool **out, struct modulo_error *err);
struct mo_sink *mo_spool_sink(struct mo_spool *sp);
/* Ends the writing and frees the spool; on failure too. */
_must_check_ int mo_spool_source(struct mo_spool *sp, struct mo_source **out,
				 struct modulo_error *err);
void mo_spool_free(struct mo_spool *sp); /* drops what was written; NULL is fine */

static inline void mo_source_closep(struct mo_source **s)
{
	mo_source_close(*s);
}
#define _cleanup_source_ _cleanup_(mo_source_closep)

static inline void mo_spool_freep(struct mo_spool **s)
{
	mo_spool_free(*s);
}
#define _cleanup_spool_ _cleanup_(mo_spool_freep)

#endif
