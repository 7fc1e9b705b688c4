/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A PE file as small as can be, unsigned or with a certificate table: the same options give the
 * same bytes.
 *
 *   DOS header | PE header | section table | zeros to 512 | gap | sections of 512 | overlay | zeros
 * to 8 | certificates
 *
 *   pe [OPTION]... >FILE
 *     --bits 32|64              PE32 (i386) or PE32+ (x86-64, the default)
 *     --lfanew N                where the PE header lies: 64 (the default) or later
 *     --directories N           how many data directories: 0 to 16 (the default); the certificate
 * table's is the fifth
 *     --sections N              0 to 40; 2 if not given
 *     --gap N                   so many bytes between headers and sections that belong to neither
 *     --overlay N               so many bytes behind the last section
 *     --mod8 N                  more of them, until the length without certificates leaves N when
 * divided by 8
 *     --checksum HOW            zero (the default), valid, or wrong (valid plus 1), of the file as
 * it is written of the certificates that follow:
 *     --revision N, --type N    0x200 and 2 (PKCS#7) if not given
 *     --rounded, --unrounded    dwLength counts the padding, or does not (the default)
 *     --certificate FILE        a body, in DER as a rule; up to 8 times, 64 KiB each
 *
 * Gap, sections and overlay are of bytes that are not zero and tell them apart: 'g', the section's
 * digit, 'o'.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN	  512
#define PAGE	  4096
#define MAX_LEN	  (1 << 20)
#define MAX_CERT  65536
#define MAX_CERTS 8

enum {
	BITS,
	LFANEW,
	DIRECTORIES,
	SECTIONS,
	GAP,
	OVERLAY,
	MOD8,
	REVISION,
	TYPE,
	NR_NUMBERS,
	CHECKSUM = NR_NUMBERS,
	CERTIFICATE,
	ROUNDED,
	UNROUNDED,
};

static const struct option options[] = {
	{ "bits", required_argument, NULL, BITS },
	{ "lfanew", required_argument, NULL, LFANEW },
	{ "directories", required_argument, NULL, DIRECTORIES },
	{ "sections", required_argument, NULL, SECTIONS },
	{ "gap", required_argument, NULL, GAP },
	{ "overlay", required_argument, NULL, OVERLAY },
	{ "mod8", required_argument, NULL, MOD8 },
	{ "revision", required_argument, NULL, REVISION },
	{ "type", required_argument, NULL, TYPE },
	{ "checksum", required_argument, NULL, CHECKSUM },
	{ "certificate", required_argument, NULL, CERTIFICATE },
	{ "rounded", no_argument, NULL, ROUNDED },
	{ "unrounded", no_argument, NULL, UNROUNDED },
	{ NULL, 0, NULL, 0 },
};

/* What each number is if it is not given, and may be at most. */
static const unsigned long defaults[NR_NUMBERS] = { 64, 64, 16, 2, 0, 0, 8, 0x200, 2 };
static const unsigned long most[NR_NUMBERS] = { 64, 4096, 16, 40, 65536, 65536, 8, 0xffff, 0xffff };

struct certificate {
	uint8_t body[MAX_CERT];
	size_t len;
	unsigned long revision, type;
	bool rounded;
};

static uint8_t out[MAX_LEN];
static struct certificate certificates[MAX_CERTS];
static size_t nr_certificates;

static void put(size_t at, uint64_t v, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[at + i] = (uint8_t)(v >> 8 * i);
}

static size_t up(size_t n, size_t unit)
{
	return (n + unit - 1) / unit * unit;
}

static size_t optional_len(const unsigned long *n)
{
	return (n[BITS] == 64 ? 112 : 96) + 8 * n[DIRECTORIES];
}

/* Everything in the optional header but CheckSum and the directories, which stay zero here. */
static void put_optional(const unsigned long *n, size_t at, size_t headers)
{
	bool is64 = n[BITS] == 64;
	size_t word = is64 ? 8 : 4;

	put(at, is64 ? 0x20b : 0x10b, 2);
	put(at + 4, n[SECTIONS] ? ALIGN : 0, 4); /* SizeOfCode: the first section */
	put(at + 8, n[SECTIONS] > 1 ? (n[SECTIONS] - 1) * ALIGN : 0, 4); /* SizeOfInitializedData */
	put(at + 16, n[SECTIONS] ? PAGE : 0, 4);			 /* AddressOfEntryPoint */
	put(at + 20, PAGE, 4);						 /* BaseOfCode */
	if (!is64)
		put(at + 24, 2 * PAGE, 4);	    /* BaseOfData */
	put(at + 32, PAGE, 4);			    /* SectionAlignment */
	put(at + 36, ALIGN, 4);			    /* FileAlignment */
	put(at + 56, (n[SECTIONS] + 1) * PAGE, 4);  /* SizeOfImage */
	put(at + 60, headers, 4);		    /* SizeOfHeaders */
	put(at + 68, 10, 2);			    /* Subsystem: EFI application */
	put(at + 76 + 4 * word, n[DIRECTORIES], 4); /* stacks and heaps before it are zero */
}

static void put_section(size_t at, size_t i, size_t off)
{
	char name[16];

	snprintf(name, sizeof(name), i == 0 ? ".text" : i == 1 ? ".data" : ".s%zu", i);
	memcpy(out + at, name, strlen(name));
	put(at + 8, ALIGN, 4);				   /* VirtualSize */
	put(at + 12, (i + 1) * PAGE, 4);		   /* VirtualAddress */
	put(at + 16, ALIGN, 4);				   /* SizeOfRawData */
	put(at + 20, off, 4);				   /* PointerToRawData */
	put(at + 36, i == 0 ? 0x60000020 : 0xc0000040, 4); /* code that runs; data to be written */
	memset(out + off, (int)('0' + i % 10), ALIGN);
	if (i == 0)
		memcpy(out + off, "\x31\xc0\xc3", 3); /* xor eax, eax; ret: EFI_SUCCESS */
}

/* The file without certificates; its length. */
static size_t put_image(const unsigned long *n)
{
	size_t pe = n[LFANEW], table = pe + 24 + optional_len(n),
	       headers = up(table + 40 * n[SECTIONS], ALIGN), at = headers + n[GAP];

	memcpy(out, "MZ", 2);
	put(60, pe, 4);
	memcpy(out + pe, "PE\0", 4);
	put(pe + 4, n[BITS] == 64 ? 0x8664 : 0x14c, 2);
	put(pe + 6, n[SECTIONS], 2);
	put(pe + 20, optional_len(n), 2);
	put(pe + 22, n[BITS] == 64 ? 0x22 : 0x102, 2); /* executable; large addresses or 32 bits */
	put_optional(n, pe + 24, headers);
	memset(out + headers, 'g', n[GAP]);
	for (size_t i = 0; i < n[SECTIONS]; i++, at += ALIGN)
		put_section(table + 40 * i, i, at);
	memset(out + at, 'o', n[OVERLAY]);
	at += n[OVERLAY];
	while (n[MOD8] < 8 && at % 8 != n[MOD8])
		out[at++] = 'o';
	return at;
}

static size_t put_certificates(const unsigned long *n, size_t at)
{
	size_t directory = n[LFANEW] + 24 + (n[BITS] == 64 ? 112 : 96) + 8 * 4, begin;

	if (nr_certificates == 0)
		return at;
	at = begin = up(at, 8);
	for (size_t i = 0; i < nr_certificates; i++) {
		const struct certificate *c = &certificates[i];

		put(at, 8 + (c->rounded ? up(c->len, 8) : c->len), 4);
		put(at + 4, c->revision, 2);
		put(at + 6, c->type, 2);
		memcpy(out + at + 8, c->body, c->len);
		at += 8 + up(c->len, 8);
	}
	put(directory, begin, 4);
	put(directory + 4, at - begin, 4);
	return at;
}

/* The sum of 16-bit words, each carry added again, while CheckSum is zero; plus the length. */
static uint32_t checksum(size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2) { /* out is zero behind the end */
		sum += (uint32_t)(out[i] | out[i + 1] << 8);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum + (uint32_t)len;
}

static int read_certificate(const char *path, const unsigned long *n, bool rounded)
{
	struct certificate *c = &certificates[nr_certificates];
	FILE *f;

	if (nr_certificates == MAX_CERTS || !(f = fopen(path, "rb")))
		return -1;
	c->len = fread(c->body, 1, sizeof(c->body), f);
	c->revision = n[REVISION];
	c->type = n[TYPE];
	c->rounded = rounded;
	nr_certificates++;
	return fclose(f);
}

int main(int argc, char **argv)
{
	unsigned long n[NR_NUMBERS];
	const char *how = "zero";
	bool rounded = false, wrong;
	size_t len;
	int c;

	memcpy(n, defaults, sizeof(n));
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == CHECKSUM)
			how = optarg;
		else if (c == ROUNDED || c == UNROUNDED)
			rounded = c == ROUNDED;
		else if (c == CERTIFICATE && read_certificate(optarg, n, rounded) == 0)
			continue;
		else if (c < 0 || c >= NR_NUMBERS || (n[c] = strtoul(optarg, NULL, 0)) > most[c])
			return 2;
	}
	wrong = strcmp(how, "wrong") == 0;
	if (optind < argc || (n[BITS] != 32 && n[BITS] != 64) || n[LFANEW] < 64 ||
	    (nr_certificates && n[DIRECTORIES] < 5) ||
	    (!wrong && strcmp(how, "zero") && strcmp(how, "valid")))
		return 2;
	len = put_certificates(n, put_image(n));
	if (strcmp(how, "zero") != 0)
		put(n[LFANEW] + 24 + 64, checksum(len) + wrong, 4);
	return fwrite(out, 1, len, stdout) == len && fflush(stdout) == 0 ? 0 : 1;
}
