// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The first and only process of a test boot. It runs a script of actions, one a line, and writes what came of each to the console;
 * then the machine goes off. Words are split at blanks.
 *
 *   load ID FILE NAME [memory] [compressed] [ignore-modversions] [ignore-vermagic] [keep]
 *                              load, say which taint the module has, and unload it, but for `keep`
 *   unload ID NAME
 *   write ID FILE TO           all of FILE in one write()
 *   read ID FILE               each line as `D<TAB>line`
 *   time ID ROUNDS NAME FILE...    load the files in turn, so often; `T<TAB>ID<TAB>FILE<TAB>least<TAB>median`,
 *                              in ticks of the processor
 *   put ID FILE SIZE           so many bytes, which follow the line, into FILE
 *   listen ID DEVICE           go on with what comes in from a terminal line, and answer there
 *   off
 *
 * An answer is `R<TAB>ID<TAB>RESULT<TAB>BEFORE<TAB>AFTER<TAB>MODULE`: `ok` or an errno's name, /proc/sys/kernel/tainted before and
 * after, and the letters of the module's own taint. The kernel's messages since the last answer stand before it, as `K<TAB>text`.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

enum { IGNORE_MODVERSIONS = 1, IGNORE_VERMAGIC = 2, COMPRESSED_FILE = 4 };	/* linux/module.h */
enum { MAX_WORDS = 32, MAX_ROUNDS = 1000 };

static FILE *answers;
static int kmsg = -1;

static int run_script(FILE *script);

static const char *errname(int err)
{
	const char *name;

	if (!err)
		return "ok";
	name = strerrorname_np(err);
	return name ? name : "unknown";
}

/* The kernel's messages since the last call */
static void kernel_log(void)
{
	char record[8192], *text;
	ssize_t n;

	for (;;) {
		n = read(kmsg, record, sizeof(record) - 1);
		if (n < 0 && errno == EPIPE)
			continue;	/* some were overwritten; the next ones are there */
		if (n <= 0)
			return;
		record[n] = '\0';
		text = strchr(record, ';');
		if (!text)
			continue;
		text[strcspn(text, "\n")] = '\0';
		fprintf(answers, "K\t%s\n", text + 1);
	}
}

/* The first line of a small file; empty where there is none */
static void first_line(const char *path, char *line, int size)
{
	FILE *f = fopen(path, "r");

	if (!f || !fgets(line, size, f))
		line[0] = '\0';
	if (f)
		fclose(f);
	line[strcspn(line, "\n")] = '\0';
}

static unsigned long tainted(void)
{
	char line[64];

	first_line("/proc/sys/kernel/tainted", line, sizeof(line));
	return strtoul(line, NULL, 10);
}

static void answer(const char *id, int err, unsigned long before, const char *module)
{
	kernel_log();
	fprintf(answers, "R\t%s\t%s\t%#lx\t%#lx\t%s\n", id, errname(err), before, tainted(), module);
	fflush(answers);
}

/* The whole of a file; NULL, and errno, where it cannot be read */
static char *slurp(const char *path, size_t *len)
{
	struct stat st;
	char *data;
	ssize_t n;
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) || !(data = malloc(st.st_size + 1))) {
		close(fd);
		return NULL;
	}
	for (*len = 0; *len < (size_t)st.st_size; *len += n) {
		n = read(fd, data + *len, st.st_size - *len);
		if (n <= 0)
			break;
	}
	close(fd);
	return data;
}

/*
 * 0 or an errno; *ticks: what the system call alone took. The clock will not do: an emulated machine without ACPI has none that is finer
 * than the timer's interrupts.
 */
static int load_file(const char *path, int memory, int flags, long long *ticks)
{
	unsigned long long began, ended;
	char *data = NULL;
	size_t len = 0;
	int fd = -1, err;
	long rc;

	if (memory)
		data = slurp(path, &len);
	else
		fd = open(path, O_RDONLY);
	if (memory ? !data : fd < 0)
		return errno;
	began = __builtin_ia32_rdtsc();
	if (memory)
		rc = syscall(SYS_init_module, data, len, "");
	else
		rc = syscall(SYS_finit_module, fd, "", flags);
	err = rc ? errno : 0;
	ended = __builtin_ia32_rdtsc();
	if (ticks)
		*ticks = ended - began;
	free(data);
	if (fd >= 0)
		close(fd);
	return err;
}

static int unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0;
}

static int do_load(int nr, char **word)
{
	int memory = 0, flags = 0, keep = 0, err;
	unsigned long before = tainted();
	char module[64] = "", path[256];

	if (nr < 4)
		return -1;
	for (int i = 4; i < nr; i++) {
		if (!strcmp(word[i], "memory"))
			memory = 1;
		else if (!strcmp(word[i], "compressed"))
			flags |= COMPRESSED_FILE;
		else if (!strcmp(word[i], "ignore-modversions"))
			flags |= IGNORE_MODVERSIONS;
		else if (!strcmp(word[i], "ignore-vermagic"))
			flags |= IGNORE_VERMAGIC;
		else if (!strcmp(word[i], "keep"))
			keep = 1;
		else
			return -1;
	}
	err = load_file(word[2], memory, flags, NULL);
	if (!err) {
		snprintf(path, sizeof(path), "/sys/module/%s/taint", word[3]);
		first_line(path, module, sizeof(module));
		if (!keep && unload(word[3]))
			strcat(module, "!");	/* it stays: whatever is loaded after it fails */
	}
	answer(word[1], err, before, module);
	return 0;
}

static int do_unload(int nr, char **word)
{
	unsigned long before = tainted();

	if (nr != 3)
		return -1;
	answer(word[1], unload(word[2]), before, "");
	return 0;
}

static int do_write(int nr, char **word)
{
	unsigned long before = tainted();
	size_t len = 0;
	int fd, err = 0;
	ssize_t n;
	char *data;

	if (nr != 4)
		return -1;
	data = slurp(word[2], &len);
	fd = data ? open(word[3], O_WRONLY) : -1;
	if (fd < 0) {
		err = errno;
	} else {
		n = write(fd, data, len);
		if (n < 0)
			err = errno;
		else if ((size_t)n != len)
			err = EIO;
		close(fd);
	}
	free(data);
	answer(word[1], err, before, "");
	return 0;
}

static int do_read(int nr, char **word)
{
	unsigned long before = tainted();
	char line[1024];
	int err = 0;
	FILE *f;

	if (nr != 3)
		return -1;
	f = fopen(word[2], "r");
	if (!f)
		err = errno;
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		fprintf(answers, "D\t%s\n", line);
	}
	if (f && ferror(f))
		err = errno;
	if (f)
		fclose(f);
	answer(word[1], err, before, "");
	return 0;
}

static int by_size(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

/* In turn, not one after another: what else the host does then weighs on all of them alike. */
static int do_time(int nr, char **word)
{
	static long long took[MAX_WORDS][MAX_ROUNDS];
	unsigned long before = tainted();
	int rounds, err = 0;

	if (nr < 5)
		return -1;
	rounds = atoi(word[2]);
	if (rounds < 1 || rounds > MAX_ROUNDS)
		return -1;
	for (int r = 0; r < rounds && !err; r++) {
		for (int i = 4; i < nr && !err; i++) {
			err = load_file(word[i], 0, 0, &took[i][r]);
			if (!err)
				err = unload(word[3]);
		}
	}
	for (int i = 4; i < nr && !err; i++) {
		qsort(took[i], rounds, sizeof(took[i][0]), by_size);
		fprintf(answers, "T\t%s\t%s\t%lld\t%lld\n", word[1], word[i], took[i][0], took[i][rounds / 2]);
	}
	answer(word[1], err, before, "");
	return 0;
}

static int do_put(int nr, char **word, FILE *script)
{
	unsigned long before = tainted();
	long size;
	FILE *f;
	int c;

	if (nr != 4)
		return -1;
	size = atol(word[3]);
	f = fopen(word[2], "w");
	if (!f)
		return -1;
	while (size-- > 0 && (c = getc(script)) != EOF)
		putc(c, f);
	answer(word[1], fclose(f) ? errno : 0, before, "");
	return 0;
}

static int do_listen(int nr, char **word)
{
	unsigned long before = tainted();
	struct termios raw;
	FILE *line;
	int fd, rc;

	if (nr != 3)
		return -1;
	fd = open(word[2], O_RDWR | O_NOCTTY);
	if (fd < 0 || tcgetattr(fd, &raw))
		return -1;
	cfmakeraw(&raw);
	cfsetspeed(&raw, B115200);
	if (tcsetattr(fd, TCSANOW, &raw))
		return -1;
	line = fdopen(fd, "r");
	answer(word[1], 0, before, "");
	answers = fopen(word[2], "w");
	answer(word[1], 0, before, "");
	rc = run_script(line);
	answers = stdout;
	return rc;
}

static int run_action(int nr, char **word, FILE *script)
{
	if (!strcmp(word[0], "load"))
		return do_load(nr, word);
	if (!strcmp(word[0], "unload"))
		return do_unload(nr, word);
	if (!strcmp(word[0], "write"))
		return do_write(nr, word);
	if (!strcmp(word[0], "read"))
		return do_read(nr, word);
	if (!strcmp(word[0], "time"))
		return do_time(nr, word);
	if (!strcmp(word[0], "put"))
		return do_put(nr, word, script);
	if (!strcmp(word[0], "listen"))
		return do_listen(nr, word);
	return -1;
}

/* 0: the script came to its `off` */
static int run_script(FILE *script)
{
	char line[1024], copy[1024], *word[MAX_WORDS];
	int nr;

	while (fgets(line, sizeof(line), script)) {
		line[strcspn(line, "\r\n")] = '\0';
		strcpy(copy, line);
		nr = 0;
		for (char *w = strtok(line, " "); w && nr < MAX_WORDS; w = strtok(NULL, " "))
			word[nr++] = w;
		if (!nr)
			continue;
		if (!strcmp(word[0], "off"))
			return 0;
		if (run_action(nr, word, script)) {
			fprintf(answers, "E\tnot understood: %s\n", copy);
			fflush(answers);
		}
	}
	return -1;
}

static void mount_all(void)
{
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mkdir("/tmp", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL);
}

int main(void)
{
	FILE *script;

	mount_all();
	answers = stdout;
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	kernel_log();
	fprintf(answers, "R\tboot\tok\t0\t%#lx\t\n", tainted());
	fflush(answers);
	script = fopen("/script", "r");
	if (script && !run_script(script))
		fprintf(answers, "R\toff\tok\t0\t%#lx\t\n", tainted());
	fflush(answers);
	tcdrain(STDOUT_FILENO);
	sync();
	/* Without ACPI a machine cannot turn itself off; qemu's -no-reboot makes this the end. */
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}
