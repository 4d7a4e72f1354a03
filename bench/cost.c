// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench cost: instructions per operation, in one kernel
 *
 *	cost stock|vctx [--case CASE] [ROW...]
 *					measure, one TSV line per measurement
 *	cost --rows			list the rows
 *	cost --cases			list the cases
 *
 * For a guest of 'scripts/vm --icount --smp 1', where a tick of the TSC is an
 * instruction. bench/cost.sh runs it in both kernels and compares.
 *
 * Each measurement is a process of its own: it enters its contexts (or its
 * cgroup), execs this program again, so that all of its memory and files
 * belong there, and loops over the operation. Whatever could differ between
 * two kernels, and is not the kernel, is made equal: the program is static, at
 * fixed addresses, has no environment and always the same arguments, and is
 * run from the same path of a fresh tmpfs.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/vctx.h>

#include "cost.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define REPEATS		3	/* unless a row wants more */

#define PROGRAM		COST_DIR "/cost"
#define VCTXFS		"/sys/fs/vctx"
#define CGROUP_ROOT	"/sys/fs/cgroup"
#define CGROUP		CGROUP_ROOT "/cost"

/* See scatter_pages(). */
#define SCATTERED	4000

/* Far from everything, and more than any usage */
#define FAR		(1ULL << 50)

/* Younger than the headers of many systems; the same on all architectures */
#ifndef __NR_lsm_get_self_attr
#define __NR_lsm_get_self_attr	459
#define __NR_lsm_set_self_attr	460
#endif
#define LSM_ATTR_CURRENT	100
#define LSM_FLAG_SINGLE		1

/* struct lsm_ctx of <linux/lsm.h>, without the payload that follows it */
struct lsm_head {
	__u64 id;
	__u64 flags;
	__u64 len;
	__u64 ctx_len;
};

enum limits {
	LIMITS_NONE,
	LIMITS_FAR,	/* of all resources, soft and hard */
	LIMITS_NEAR,	/* hard, of those that the operation uses */
};

/* Where an operation is done */
struct cost_case {
	const char *name;
	const char *title;
	bool vctx;		/* in our kernel, else in stock */
	bool cgroup;
	unsigned int depth;	/* contexts inside of each other */
	unsigned int flags;	/* of the contexts */
	enum limits limits;
};

#define DEPTH_MAX	3

/* The first is what all others are compared with. */
static const struct cost_case cases[] = {
	{ .name = "stock", .title = "stock" },
	{ .name = "outside", .title = "outside", .vctx = true },
	{ .name = "inside", .title = "inside", .vctx = true, .depth = 1 },
	{ .name = "far", .title = "limits far", .vctx = true, .depth = 1,
	  .limits = LIMITS_FAR },
	{ .name = "near", .title = "limits near", .vctx = true, .depth = 1,
	  .limits = LIMITS_NEAR },
	{ .name = "deep", .title = "3 deep", .vctx = true, .depth = DEPTH_MAX },
	{ .name = "deepfar", .title = "3 deep, far", .vctx = true,
	  .depth = DEPTH_MAX, .limits = LIMITS_FAR },
	{ .name = "sched", .title = "flag sched", .vctx = true, .depth = 1,
	  .flags = VCTX_FLAG_SCHED },
	{ .name = "cgroup", .title = "cgroup v2", .cgroup = true },
};

extern const struct cost_row *const __start_cost_rows[];
extern const struct cost_row *const __stop_cost_rows[];

/* Between the one who directs, and the process that is measured */
#define FD_UP		3	/* context ids, a byte when ready, the result */
#define FD_DOWN		4	/* number of the row, a byte to begin */

struct result {
	uint64_t total;		/* of all operations with the loop */
	uint64_t loop;		/* of as many empty operations */
	uint64_t idle;		/* meanwhile, in 1/100 s */
};

void cost_die(const char *format, ...)
{
	int saved_errno = errno;
	va_list args;

	fputs("cost: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(saved_errno));
	_exit(1);
}

static void wrong(const char *message)
{
	fprintf(stderr, "cost: %s\n", message);
	_exit(1);
}

/* ------------------------------------------------------- the one measured */

static inline uint64_t now(void)
{
#ifdef __x86_64__
	return __builtin_ia32_rdtsc();
#else
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
#endif
}

/* So far, in 1/100 s */
static uint64_t idle_time(void)
{
	unsigned long long sec = 0;
	unsigned int centisec = 0;
	FILE *file = fopen("/proc/uptime", "r");

	if (!file || fscanf(file, "%*s %llu.%u", &sec, &centisec) != 2)
		cost_die("/proc/uptime");
	fclose(file);
	return sec * 100 + centisec;
}

static void empty(void)
{
	/* Or else the compiler may know what the call does. */
	asm volatile("");
}

static uint64_t __attribute__((noinline, noclone))
run(void (*op)(void), unsigned long ops)
{
	uint64_t start = now();
	unsigned long i;

	for (i = 0; i < ops; i++)
		op();
	return now() - start;
}

/* Called at the beginning and at the end of what counts; see bench/where.c. */
void __attribute__((noinline, noclone)) cost_window(void);
void cost_window(void)
{
	asm volatile("");
}

static void receive(int fd, void *data, size_t size)
{
	ssize_t n = read(fd, data, size);

	if (n == (ssize_t)size)
		return;
	if (n >= 0)
		errno = EPIPE;
	cost_die("message");
}

static void send(int fd, const void *data, size_t size)
{
	if (write(fd, data, size) != (ssize_t)size)
		cost_die("message");
}

static void work(void)
{
	const struct cost_row *row;
	struct result result;
	unsigned int number;
	char byte = 0;

	receive(FD_DOWN, &number, sizeof(number));
	row = __start_cost_rows[number];
	if (row->setup)
		row->setup();
	/* Stack, page tables, slabs: what only the first ones pay for. */
	run(row->op, row->ops / 20 + 10);
	run(empty, 10);
	send(FD_UP, &byte, sizeof(byte));
	receive(FD_DOWN, &byte, sizeof(byte));
	/* The first ones under the limits that have been set meanwhile. */
	run(row->op, row->ops / 20 + 10);

	result.idle = idle_time();
	cost_window();
	result.total = run(row->op, row->ops);
	cost_window();
	result.idle = idle_time() - result.idle;
	result.loop = run(empty, row->ops);
	send(FD_UP, &result, sizeof(result));
}

/* --------------------------------------------------- contexts and cgroups */

static bool has_vctx(struct vctx_self *self)
{
	struct {
		struct lsm_head head;
		struct vctx_self self;
		char more[256];		/* of a later version */
	} answer = { .head.id = LSM_ID_VCTX };
	__u32 size = sizeof(answer);

	if (syscall(__NR_lsm_get_self_attr, LSM_ATTR_CURRENT, &answer, &size,
		    LSM_FLAG_SINGLE) < 0)
		return false;
	*self = answer.self;
	return true;
}

static unsigned int enter_context(unsigned int id, unsigned int flags)
{
	struct {
		struct lsm_head head;
		struct vctx_enter enter;
	} request = {
		.head = {
			.id = LSM_ID_VCTX,
			.len = sizeof(request),
			.ctx_len = sizeof(request.enter),
		},
		.enter.id = id,
		.enter.flags = flags,
	};
	struct vctx_self self;

	if (syscall(__NR_lsm_set_self_attr, LSM_ATTR_CURRENT, &request,
		    (__u32)sizeof(request), 0) < 0)
		cost_die("enter a context");
	if (!has_vctx(&self))
		cost_die("lsm_get_self_attr");
	return self.id;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		cost_die("write %s", path);
	close(fd);
}

/* Not before they are needed: the kernel is not the same afterwards. */
static void make_cgroup(void)
{
	write_file(CGROUP_ROOT "/cgroup.subtree_control", "+cpu +memory +pids");
	if (mkdir(CGROUP, 0755))
		cost_die("mkdir %s", CGROUP);
}

static unsigned long room_near(const struct cost_row *row, const char *resource)
{
	const struct cost_near *near = row->near;

	for (; near < row->near + COST_NEAR_MAX && near->resource; near++)
		if (!strcmp(near->resource, resource))
			return near->room;
	return 0;
}

static void set_limits(unsigned int id, enum limits limits,
		       const struct cost_row *row)
{
	char path[64], line[256], resource[32], text[4096];
	unsigned long long usage;
	size_t len = 0;
	FILE *file;

	snprintf(path, sizeof(path), VCTXFS "/%u/limits", id);
	file = fopen(path, "r");
	if (!file)
		cost_die("%s", path);
	while (fgets(line, sizeof(line), file)) {
		unsigned long room;

		if (sscanf(line, "%31s usage %llu", resource, &usage) != 2)
			wrong("file limits: a line is not understood");
		/* What a memory cgroup costs is not ours: it has a column. */
		if (!strcmp(resource, "memory") || !strcmp(resource, "swap"))
			continue;
		room = room_near(row, resource);
		if (limits == LIMITS_FAR)
			len += snprintf(text + len, sizeof(text) - len,
					"%s%s soft %llu hard %llu",
					len ? " " : "", resource, FAR, FAR);
		else if (room)
			len += snprintf(text + len, sizeof(text) - len,
					"%s%s hard %llu", len ? " " : "",
					resource, usage + room);
		if (len >= sizeof(text) - 1)
			wrong("file limits: too many resources for one line");
	}
	fclose(file);
	if (!len)
		wrong("file limits: it has none of the row's resources");
	strcpy(text + len, "\n");
	write_file(path, text);
}

/* ------------------------------------------------------------ the director */

static void pause_ms(long ms)
{
	struct timespec t = { .tv_nsec = ms * 1000000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

static void start_work(const struct cost_case *c, const struct cost_row *row,
		       int up, int down)
{
	static char *argv[] = { "cost", "--work", NULL };
	static char *envp[] = { NULL };
	unsigned int ids[DEPTH_MAX] = {};
	unsigned int level;

	/* The pipes' four are the lowest, and so up is not 3, nor down 4. */
	if (dup2(up, FD_UP) != FD_UP || dup2(down, FD_DOWN) != FD_DOWN)
		cost_die("dup2");
	if (c->cgroup)
		write_file(CGROUP "/cgroup.procs", "0");
	for (level = 0; level < c->depth; level++)
		ids[level] = enter_context(!level && row->id ? row->id :
					   VCTX_ID_NEW, c->flags);
	send(FD_UP, ids, sizeof(ids));
	execve(PROGRAM, argv, envp);
	cost_die("exec " PROGRAM);
}

/*
 * How often the buddy allocator merges and splits depends on which pages are
 * free, which differs between kernels; in a fork it makes more of a difference
 * than our hooks. So each repeat finds other pages free, the same ones in all
 * cases: the chance is then in the spread, where it can be seen.
 */
static void *scatter_pages(unsigned int seed)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	unsigned int i;
	char *area;

	area = mmap(NULL, SCATTERED * page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (area == MAP_FAILED)
		cost_die("mmap");
	for (i = 0; i < SCATTERED; i++) {
		seed = seed * 1103515245 + 12345;
		if ((seed >> 16) & 1 &&
		    madvise(area + i * page, page, MADV_DONTNEED))
			cost_die("madvise");
	}
	return area;
}

static void gather_pages(void *area)
{
	if (munmap(area, SCATTERED * (size_t)sysconf(_SC_PAGESIZE)))
		cost_die("munmap");
}

static double measure(const struct cost_case *c, unsigned int number,
		      unsigned int repeat)
{
	const struct cost_row *row = __start_cost_rows[number];
	int up[2], down[2], status;
	unsigned int ids[DEPTH_MAX], level;
	struct result result;
	char byte = 0;
	void *area;
	pid_t pid;

	if (row->prepare)
		row->prepare();
	/* What the last one left to RCU and to workers is done first. */
	area = scatter_pages(repeat);
	pause_ms(200);
	/* How deep the tree of process ids is depends on how high they are. */
	write_file("/proc/sys/kernel/ns_last_pid", "9999");

	if (pipe2(up, O_CLOEXEC) || pipe2(down, O_CLOEXEC))
		cost_die("pipe");
	pid = fork();
	if (pid < 0)
		cost_die("fork");
	if (!pid)
		start_work(c, row, up[1], down[0]);
	close(up[1]);
	close(down[0]);

	receive(up[0], ids, sizeof(ids));
	send(down[1], &number, sizeof(number));
	receive(up[0], &byte, sizeof(byte));
	for (level = 0; level < c->depth && c->limits; level++)
		set_limits(ids[level], c->limits, row);
	pause_ms(200);
	send(down[1], &byte, sizeof(byte));
	receive(up[0], &result, sizeof(result));
	if (waitpid(pid, &status, 0) != pid || status)
		wrong("the measured process has failed");
	close(up[0]);
	close(down[1]);
	gather_pages(area);

	/* 1/100 s may be a rounding, and rdtsc makes no difference then. */
	if (result.idle > 2)
		fprintf(stderr,
			"cost: %s, %s: idle for %.2f s, which counts as instructions\n",
			row->name, c->name, result.idle / 100.0);
	return ((double)result.total - result.loop) / row->ops;
}

/* Is a tick of the clock an instruction? */
static void check_clock(void)
{
	const unsigned long loops = 10000000;
	unsigned long i = loops;
	uint64_t start, ticks;

	start = now();
#ifdef __x86_64__
	asm volatile("1: dec %0; jnz 1b" : "+r" (i) : : "cc");
#else
	wrong("no clock check for this architecture yet");
#endif
	ticks = now() - start;
	if (ticks < loops * 2 || ticks > loops * 2 * 1.01)
		wrong("the clock does not count instructions: this is for 'scripts/vm --icount'");
}

/* Of this process only, so that it may be tried on any machine. */
static void make_tmpfs(void)
{
	char buffer[65536];
	ssize_t n;
	int from, to;

	from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (from < 0)
		cost_die("/proc/self/exe");
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", COST_DIR, "tmpfs", 0, "mode=755") ||
	    chdir(COST_DIR))
		cost_die("tmpfs on " COST_DIR);
	to = open(PROGRAM, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (to < 0)
		cost_die(PROGRAM);
	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, n) != n)
			cost_die(PROGRAM);
	if (n < 0)
		cost_die(PROGRAM);
	close(to);
	close(from);
}

static bool selected(const struct cost_row *row, char *names[])
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(*names, row->name))
			return true;
	return false;
}

static unsigned int repeats_of(const struct cost_row *row)
{
	return row->repeats ? row->repeats : REPEATS;
}

/* Cases with a cgroup come last: controllers leave traces in the kernel. */
static void measure_all(bool vctx, bool cgroup, const char *only, char *names[])
{
	const struct cost_row *const *row;
	unsigned int i, repeat, most = 0;

	for (row = __start_cost_rows; row < __stop_cost_rows; row++)
		if (selected(*row, names) && repeats_of(*row) > most)
			most = repeats_of(*row);
	for (repeat = 1; repeat <= most; repeat++) {
		for (i = 0; i < ARRAY_SIZE(cases); i++) {
			const struct cost_case *c = &cases[i];

			if (c->vctx != vctx || c->cgroup != cgroup ||
			    (only && strcmp(only, c->name)))
				continue;
			for (row = __start_cost_rows; row < __stop_cost_rows;
			     row++) {
				double insns;

				if (!selected(*row, names) ||
				    repeat > repeats_of(*row) ||
				    (c->limits == LIMITS_NEAR &&
				     !(*row)->near[0].resource))
					continue;
				insns = measure(c, row - __start_cost_rows,
						repeat);
				printf("%s\t%s\t%u\t%.3f\n", (*row)->name,
				       c->name, repeat, insns);
				fflush(stdout);
			}
		}
	}
}

static void list_rows(void)
{
	const struct cost_row *const *row;

	for (row = __start_cost_rows; row < __stop_cost_rows; row++)
		printf("%s\t%s\t%g\t%g\t%lu\n", (*row)->name, (*row)->title,
		       (*row)->outside_max, (*row)->inside_max, (*row)->ops);
}

static void list_cases(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		printf("%s\t%s\t%s\n", cases[i].name, cases[i].title,
		       cases[i].vctx ? "vctx" : "stock");
}

static void usage(void)
{
	fputs("usage: cost stock|vctx [--case CASE] [ROW...] | --rows | --cases\n",
	      stderr);
	exit(2);
}

static void check_rows(char *names[])
{
	const struct cost_row *const *row;

	for (; *names; names++) {
		for (row = __start_cost_rows; row < __stop_cost_rows; row++)
			if (!strcmp(*names, (*row)->name))
				break;
		if (row == __stop_cost_rows) {
			fprintf(stderr, "cost: there is no row '%s'\n", *names);
			exit(2);
		}
	}
}

int main(int argc, char *argv[])
{
	struct vctx_self self;
	const char *only = NULL;
	cpu_set_t cpus;
	char **names;
	bool vctx;

	if (argc < 2)
		usage();
	if (!strcmp(argv[1], "--work")) {
		work();
		return 0;
	}
	if (!strcmp(argv[1], "--rows") || !strcmp(argv[1], "--cases")) {
		if (argv[1][2] == 'r')
			list_rows();
		else
			list_cases();
		return 0;
	}
	vctx = !strcmp(argv[1], "vctx");
	if (!vctx && strcmp(argv[1], "stock"))
		usage();
	names = argv + 2;
	if (*names && !strcmp(*names, "--case")) {
		only = names[1];
		if (!only)
			usage();
		names += 2;
	}
	check_rows(names);

	if (has_vctx(&self) != vctx)
		wrong(vctx ? "this kernel has no vctx, or it is off" :
			     "this kernel is not stock");
	if (vctx && self.id != VCTX_ID_HOST)
		wrong("this is for outside of contexts");
	if (sched_getaffinity(0, sizeof(cpus), &cpus) || CPU_COUNT(&cpus) != 1)
		wrong("one processor, please: this is for 'scripts/vm --smp 1'");
	check_clock();

	/* The measured process has as many open files, whoever starts us. */
	if (close_range(3, ~0U, 0))
		cost_die("close_range");
	/* Passed on by fork and exec */
	if (personality(ADDR_NO_RANDOMIZE) < 0)
		cost_die("personality");
	umask(022);
	make_tmpfs();

	measure_all(vctx, false, only, names);
	if (!vctx && (!only || !strcmp(only, "cgroup"))) {
		make_cgroup();
		measure_all(vctx, true, only, names);
	}
	return 0;
}
