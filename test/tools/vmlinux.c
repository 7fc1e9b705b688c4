/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A vmlinux as small as can be, for either class and byte order: an ELF file with a section .text,
 * a section .module_hashes of so many zeros at 4096, and the section names.
 *
 *   vmlinux 32|64 little|big BYTES [NAME] >FILE     NAME: of the section instead
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASHES 4096

static bool is64, big;
static uint8_t out[1 << 20];

static void put(size_t *at, uint64_t v, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[*at + (big ? len - 1 - i : i)] = (uint8_t)(v >> 8 * i);
	*at += len;
}

static void word(size_t *at, uint64_t v)
{
	put(at, v, is64 ? 8 : 4);
}

static void section(size_t *at, uint32_t name, uint32_t type, uint64_t off, uint64_t len)
{
	put(at, name, 4);
	put(at, type, 4);
	word(at, type == 3 ? 0 : 2); /* SHF_ALLOC */
	word(at, type == 3 ? 0 : 0x1000000 + off);
	word(at, off);
	word(at, len);
	put(at, 0, 4);
	put(at, 0, 4);
	word(at, 1);
	word(at, 0);
}

int main(int argc, char **argv)
{
	const char *name = argc > 4 ? argv[4] : ".module_hashes";
	size_t len = argc > 3 ? (size_t)strtoul(argv[3], NULL, 10) : 0, at = 0, names, table;

	if (argc < 4 || len > sizeof(out) / 2 || strlen(name) > 64)
		return 2;
	is64 = strcmp(argv[1], "64") == 0;
	big = strcmp(argv[2], "big") == 0;
	memcpy(out, "\177ELF", 4);
	out[4] = is64 ? 2 : 1;
	out[5] = big ? 2 : 1;
	out[6] = 1;
	names = HASHES + len +
		100; /* what lies between belongs to nobody, as the padding of a real one */
	memset(out + 64, 0xcc, HASHES - 64);
	memset(out + HASHES + len, 0xcc, 100);
	memcpy(out + names, "\0.text\0.shstrtab\0", 17);
	strcpy((char *)out + names + 17, name);
	table = names + 17 + strlen(name) + 1;
	table += -table & 7;
	at = 16;
	put(&at, 2, 2); /* ET_EXEC */
	put(&at, is64 ? 62 : 8, 2);
	put(&at, 1, 4);
	word(&at, 0x1000000);
	word(&at, 0);
	word(&at, table);
	put(&at, 0, 4);
	put(&at, is64 ? 64 : 52, 2);
	put(&at, 0, 4);
	put(&at, is64 ? 64 : 40, 2);
	put(&at, 4, 2);
	put(&at, 3, 2);
	at = table;
	section(&at, 0, 0, 0, 0);
	section(&at, 1, 1, 64, HASHES - 64);
	section(&at, 17, 1, HASHES, len);
	section(&at, 7, 3, names, 17 + strlen(name) + 1);
	return fwrite(out, 1, at, stdout) == at && fflush(stdout) == 0 ? 0 : 1;
}
