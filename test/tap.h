/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A test program in TAP, which `meson test` understands: TEST(name) { ... ok(cond); ... }, and
 * TEST_MAIN at the end of the one file. A failed ok() prints where, the test goes on.
 */
#ifndef TEST_TAP_H
#define TEST_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Under a sanitizer, which costs ten times as much, a test that turns each bit of something turns
 * each BIT_STEP-th, which are all of a byte's in their turn; and what is no matter to it is left
 * out where SANITIZED.
 */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif
#define BIT_STEP (SANITIZED ? 9 : 1)

struct tap_test {
	const char *name;
	void (*run)(void);
	struct tap_test *next;
};

static struct tap_test *tap_first, **tap_last = &tap_first;
static bool tap_failed;

#define TEST(fn)                                                                          \
	static void fn(void);                                                             \
	__attribute__((constructor)) static void tap_register_##fn(void)                  \
	{                                                                                 \
		static struct tap_test t = { #fn, fn, NULL };                             \
		*tap_last = &t;                                                           \
		tap_last = &t.next;                                                       \
	}                                                                                 \
	static void fn(void)

#define ok(cond)                                                                          \
	do {                                                                              \
		if (!(cond)) {                                                            \
			tap_failed = true;                                                \
			printf("# %s:%d: failed: %s\n", __FILE__, __LINE__, #cond);       \
		}                                                                         \
	} while (0)

#define ok_str(got, want)                                                                 \
	do {                                                                              \
		const char *g_ = (got), *w_ = (want);                                     \
		if (!g_ || strcmp(g_, w_)) {                                              \
			tap_failed = true;                                                \
			printf("# %s:%d: got \"%s\", want \"%s\"\n", __FILE__, __LINE__,  \
			       g_ ? g_ : "(null)", w_);                                   \
		}                                                                         \
	} while (0)

static inline int tap_main(void)
{
	int nr = 0, bad = 0;

	for (struct tap_test *t = tap_first; t; t = t->next)
		nr++;
	printf("1..%d\n", nr);
	nr = 0;
	for (struct tap_test *t = tap_first; t; t = t->next) {
		tap_failed = false;
		t->run();
		printf("%sok %d - %s\n", tap_failed ? "not " : "", ++nr, t->name);
		fflush(stdout);
		bad += tap_failed;
	}
	return bad != 0;
}

#define TEST_MAIN int main(void) { return tap_main(); }

#endif
