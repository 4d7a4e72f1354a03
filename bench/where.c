// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * where - a QEMU plugin that says in which functions instructions were spent
 *
 *	-plugin where.so,mark=ADDRESS,map=SYSTEM.MAP,out=FILE
 *
 * Counts from the first to the second time that the code at ADDRESS begins to
 * run, and writes one line "INSTRUCTIONS FUNCTION" for each function of the
 * kernel to FILE. User space is one function. For one processor.
 *
 * Debian has QEMU with plugins, but not their header: here is what is needed
 * of it, in the version of QEMU 7.2.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;

#define EXPORT	__attribute__((visibility("default")))

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
	void (*cb)(uint64_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
	void (*cb)(unsigned int cpu, void *data), int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);

int EXPORT qemu_plugin_version = 1;
int EXPORT qemu_plugin_install(uint64_t id, const void *info, int argc,
			       char *argv[]);

struct function {
	uint64_t address;
	char name[64];
	uint64_t count;
};

/* A translated block; they are few enough to be kept for good. */
struct block {
	struct function *function;
	uint64_t insns;
	int mark;
};

static struct function *functions;
static size_t nr_functions;
static uint64_t mark;
static const char *out;
static int open_now, done;

static void write_counts(void)
{
	FILE *file = fopen(out, "w");
	size_t i;

	if (!file) {
		perror(out);
		exit(1);
	}
	for (i = 0; i < nr_functions; i++)
		if (functions[i].count)
			fprintf(file, "%llu %s\n",
				(unsigned long long)functions[i].count,
				functions[i].name);
	if (fclose(file)) {
		perror(out);
		exit(1);
	}
}

static void on_exec(unsigned int cpu, void *data)
{
	struct block *block = data;

	(void)cpu;
	if (block->mark && !done) {
		open_now = !open_now;
		if (!open_now) {
			done = 1;
			write_counts();
		}
	}
	if (open_now)
		block->function->count += block->insns;
}

/* The last one that begins at or below; the first one is user space. */
static struct function *find(uint64_t address)
{
	size_t low = 0, high = nr_functions;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (functions[middle].address <= address)
			low = middle;
		else
			high = middle;
	}
	return &functions[low];
}

static void on_translate(uint64_t id, struct qemu_plugin_tb *tb)
{
	uint64_t address = qemu_plugin_tb_vaddr(tb);
	struct block *block = malloc(sizeof(*block));

	(void)id;
	if (!block)
		abort();
	block->function = find(address);
	block->insns = qemu_plugin_tb_n_insns(tb);
	block->mark = address == mark;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_exec, 0, block);
}

static void add_function(uint64_t address, const char *name)
{
	static size_t space;
	struct function *f;

	if (nr_functions == space) {
		space = space ? 2 * space : 65536;
		functions = realloc(functions, space * sizeof(*functions));
		if (!functions)
			abort();
	}
	f = &functions[nr_functions++];
	f->address = address;
	snprintf(f->name, sizeof(f->name), "%s", name);
	f->count = 0;
}

/* System.map is sorted. */
static int read_map(const char *path)
{
	unsigned long long address;
	char type, name[256];
	FILE *file = fopen(path, "r");

	if (!file) {
		perror(path);
		return -1;
	}
	add_function(0, "(user)");
	while (fscanf(file, "%llx %c %255s", &address, &type, name) == 3)
		if (strchr("tTwW", type) && address >> 63)
			add_function(address, name);
	fclose(file);
	return 0;
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char *argv[])
{
	const char *map = NULL;
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "mark=", 5))
			mark = strtoull(argv[i] + 5, NULL, 16);
		else if (!strncmp(argv[i], "map=", 4))
			map = argv[i] + 4;
		else if (!strncmp(argv[i], "out=", 4))
			out = strdup(argv[i] + 4);
	}
	if (!mark || !map || !out || read_map(map)) {
		fprintf(stderr, "where: mark, map and out are needed\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	return 0;
}
