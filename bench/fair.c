// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench fair: who gets how much CPU time, in one kernel
 *
 *	fair [--seconds N] MODE SCENARIO...
 *	fair --scenarios
 *
 * For a guest; bench/fairness.sh runs it there, and makes tables and pictures
 * of what it prints:
 *
 *	share	MODE SCENARIO CPUS GROUP IDEAL USEC CPU_USEC
 *			CPU time that a group has used since the beginning, and
 *			what it should have of all of it (0..1)
 *	delay	MODE SCENARIO CPUS GROUP SAMPLES P50 P99 MAX
 *			in microseconds, of what the scenario waits for
 *
 * MODE is how groups are made: none, autogroup, cgroup (v2), vctx. CPU time is
 * counted in the same way for all: by cgroups without controllers, which do
 * not change how anything is scheduled, and for the host's own process by its
 * schedstat.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/vctx.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define CGROUPS		"/sys/fs/cgroup"
#define VCTXFS		"/sys/fs/vctx"

#define MAX_GROUPS	20
#define FIRST_ID	3000
#define STEP_MS		250
#define WARM_UP_MS	2000
#define MAX_SAMPLES	65536

#ifndef __NR_lsm_set_self_attr
#define __NR_lsm_set_self_attr	460
#endif
#define LSM_ATTR_CURRENT	100

#define USEC		1000000ULL

enum mode { NONE, AUTOGROUP, CGROUP, VCTX, NR_MODES };

static const char *const mode_name[NR_MODES] = {
	"none", "autogroup", "cgroup", "vctx",
};

/* What a task does for ever */
enum load {
	SPIN,		/* computes */
	FORKS,		/* makes children that compute for half a ms */
	NAPS,		/* computes for 1 ms, sleeps for 1 ms */
	THREADS,	/* one process, its threads compute */
	TICKS,		/* wakes every 10 ms: how late? */
	JOBS,		/* after 400 ms of rest, 50 ms of work: how long? */
};

struct group {
	const char *name;
	enum load load;
	unsigned int tasks;
	unsigned int weight;
	double ideal;		/* part of all; 0: of what is left, by weight */
	const char *max;	/* as in cpu.max */
	const char *burst;
	bool host;		/* in no group */
};

struct scenario {
	const char *name;
	const char *title;
	bool caps;		/* for cgroup and vctx only */
	const struct group group[MAX_GROUPS];
};

#define GROUP(_name, _load, _tasks, _weight, ...)			\
	{ .name = _name, .load = _load, .tasks = _tasks,		\
	  .weight = _weight, __VA_ARGS__ }
#define HOST	GROUP("host", SPIN, 1, 100, .host = true)
#define J(_n)	GROUP("g" #_n, SPIN, _n, 100)

static const struct scenario scenarios[] = {
	{ "spin50", "50 spinning processes, one on the host", false,
	  { GROUP("group", SPIN, 50, 100), HOST } },
	{ "fork50", "50 x short-lived forks, one process on the host", false,
	  { GROUP("group", FORKS, 50, 100), HOST } },
	{ "nap50", "50 x (run 1 ms, sleep 1 ms), one process on the host", false,
	  { GROUP("group", NAPS, 50, 100), HOST } },
	{ "thread50", "50 threads, one process on the host", false,
	  { GROUP("group", THREADS, 50, 100), HOST } },
	{ "weights", "weights 100:200:400 with 1, 7 and 40 tasks", false,
	  { GROUP("w100", SPIN, 1, 100), GROUP("w200", SPIN, 7, 200),
	    GROUP("w400", SPIN, 40, 400) } },
	{ "twenty", "20 equal groups with 1 to 20 tasks", false,
	  { J(1), J(2), J(3), J(4), J(5), J(6), J(7), J(8), J(9), J(10), J(11),
	    J(12), J(13), J(14), J(15), J(16), J(17), J(18), J(19), J(20) } },
	{ "cap30", "one of two busy groups capped at 30 % of a CPU", true,
	  { GROUP("capped", SPIN, 4, 100, .ideal = 0.3, .max = "30000 100000"),
	    GROUP("other", SPIN, 4, 100) } },
	{ "latency", "one task that wakes every 10 ms, 50 spinning", false,
	  { GROUP("waker", TICKS, 1, 100, .ideal = 1e-6),
	    GROUP("busy", SPIN, 50, 100) } },
	{ "noburst", "30 % of a CPU, jobs of 50 ms after a rest", true,
	  { GROUP("jobs", JOBS, 1, 100, .max = "30000 100000") } },
	{ "burst", "the same with a burst of 30 ms", true,
	  { GROUP("jobs", JOBS, 1, 100, .max = "30000 100000",
		  .burst = "30000") } },
};

/* Shared with all: when to begin, and how late what was waited for came */
struct shared {
	volatile bool go;
	volatile unsigned int nr;
	uint32_t delay[MAX_SAMPLES];
};

static struct shared *shared;
static enum mode mode;
static unsigned int seconds = 20;

static void __attribute__((noreturn, format(printf, 1, 2)))
die(const char *format, ...)
{
	int saved_errno = errno;
	va_list args;

	fputs("fair: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(saved_errno));
	exit(1);
}

static uint64_t clock_usec(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * USEC + t.tv_nsec / 1000;
}

static uint64_t now(void)
{
	return clock_usec(CLOCK_MONOTONIC);
}

static void sleep_until(uint64_t usec)
{
	struct timespec t = {
		.tv_sec = usec / USEC,
		.tv_nsec = usec % USEC * 1000,
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL))
		;
}

static void __attribute__((format(printf, 2, 3)))
put(const char *path, const char *format, ...)
{
	char text[256];
	va_list args;
	int fd;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("%s: '%s'", path, text);
	close(fd);
}

/* ------------------------------------------------------------------ loads */

static void compute(uint64_t usec)
{
	uint64_t end = clock_usec(CLOCK_THREAD_CPUTIME_ID) + usec;

	while (clock_usec(CLOCK_THREAD_CPUTIME_ID) < end)
		;
}

static void *spin(void *arg)
{
	(void)arg;
	for (;;)
		asm volatile("" ::: "memory");
	return NULL;
}

static void fork_for_ever(void)
{
	for (;;) {
		pid_t pid = fork();

		if (!pid) {
			compute(500);
			_exit(0);
		}
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

static void add_sample(uint64_t usec)
{
	unsigned int i = shared->nr;

	if (shared->go && i < MAX_SAMPLES) {
		shared->delay[i] = usec > UINT32_MAX ? UINT32_MAX : usec;
		shared->nr = i + 1;
	}
}

static void tick(void)
{
	uint64_t turn = now();
	unsigned int seed = 1;

	for (;;) {
		uint64_t at, next;

		/* Not always at the same distance from the scheduler's ticks. */
		turn += 10000;
		next = turn + (uint64_t)rand_r(&seed) % 4000;
		at = now();
		/* One that was missed is late, and no excuse for the next. */
		if (at < next)
			sleep_until(next);
		at = now();
		add_sample(at - next);
		if (at > turn + 10000)
			turn = at;
	}
}

static void work_and_rest(void)
{
	for (;;) {
		uint64_t start = now();

		sleep_until(start + 400000);
		start = now();
		compute(50000);
		add_sample(now() - start);
	}
}

static void __attribute__((noreturn)) run_load(const struct group *g)
{
	pthread_t thread;
	unsigned int i;

	switch (g->load) {
	case SPIN:
		spin(NULL);
		break;
	case FORKS:
		fork_for_ever();
		break;
	case NAPS:
		for (;;) {
			compute(1000);
			usleep(1000);
		}
	case THREADS:
		for (i = 1; i < g->tasks; i++)
			if (pthread_create(&thread, NULL, spin, NULL))
				die("thread");
		spin(NULL);
		break;
	case TICKS:
		tick();
		break;
	case JOBS:
		work_and_rest();
		break;
	}
	_exit(1);
}

/* ----------------------------------------------------------------- groups */

static void enter_context(unsigned int id)
{
	struct {
		__u64 lsm_id, flags, len, ctx_len;
		struct vctx_enter enter;
	} request = {
		.lsm_id = LSM_ID_VCTX,
		.len = sizeof(request),
		.ctx_len = sizeof(request.enter),
		.enter.id = id,
	};

	if (syscall(__NR_lsm_set_self_attr, LSM_ATTR_CURRENT, &request,
		    (__u32)sizeof(request), 0))
		die("enter context %u", id);
}

static void cgroup_path(char path[128], const struct group *g, const char *file)
{
	snprintf(path, 128, CGROUPS "/fair.%s/%s", g->name, file);
}

static void make_group(const struct group *g, unsigned int nr)
{
	char path[128];

	if (g->host)
		return;
	cgroup_path(path, g, "");
	if (mkdir(path, 0755))
		die("%s", path);
	if (mode == CGROUP) {
		cgroup_path(path, g, "cpu.weight");
		put(path, "%u", g->weight);
		if (g->max) {
			cgroup_path(path, g, "cpu.max");
			put(path, "%s", g->max);
		}
		if (g->burst) {
			cgroup_path(path, g, "cpu.max.burst");
			put(path, "%s", g->burst);
		}
	} else if (mode == VCTX) {
		snprintf(path, sizeof(path), VCTXFS "/%u", FIRST_ID + nr);
		if (mkdir(path, 0755))
			die("%s", path);
		strcat(path, "/sched");
		put(path, "sched on weight %u\n", g->weight);
		if (g->max)
			put(path, "max %s\n", g->max);
		if (g->burst)
			put(path, "burst %s\n", g->burst);
	}
}

static void kill_group(const struct group *g, unsigned int nr)
{
	char path[128];

	if (mode == VCTX && !g->host) {
		snprintf(path, sizeof(path), VCTXFS "/%u/sched", FIRST_ID + nr);
		put(path, "max max burst 0\n");
		snprintf(path, sizeof(path), VCTXFS "/%u/kill", FIRST_ID + nr);
		put(path, "1\n");
	} else if (!g->host) {
		if (mode == CGROUP && g->max) {
			cgroup_path(path, g, "cpu.max.burst");
			put(path, "0");
			cgroup_path(path, g, "cpu.max");
			put(path, "max");
		}
		cgroup_path(path, g, "cgroup.kill");
		put(path, "1");
	}
}

static void remove_group(const struct group *g, unsigned int nr)
{
	char path[128];
	int i;

	if (g->host)
		return;
	cgroup_path(path, g, "");
	for (i = 0; rmdir(path) && errno == EBUSY && i < 500; i++)
		usleep(20000);
	if (mode == VCTX) {
		snprintf(path, sizeof(path), VCTXFS "/%u", FIRST_ID + nr);
		for (i = 0; rmdir(path) && errno == EBUSY && i < 500; i++)
			usleep(20000);
	}
}

/* The process whose children are the tasks of the group, or itself the task. */
static pid_t start_group(const struct group *g, unsigned int nr)
{
	unsigned int tasks = g->load == THREADS ? 1 : g->tasks;
	char path[128];
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	if (mode == AUTOGROUP && setsid() < 0)
		die("setsid");
	if (!g->host) {
		cgroup_path(path, g, "cgroup.procs");
		put(path, "0");
		if (mode == VCTX)
			enter_context(FIRST_ID + nr);
	}
	while (--tasks) {
		pid = fork();
		if (pid < 0)
			die("fork");
		if (!pid)
			break;
	}
	run_load(g);
}

/* ---------------------------------------------------------------- counting */

static uint64_t group_usec(const struct group *g, pid_t pid, int *fd)
{
	unsigned long long value = 0;
	char path[128], text[512];
	ssize_t n;

	if (*fd < 0) {
		if (g->host)
			snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
		else
			cgroup_path(path, g, "cpu.stat");
		*fd = open(path, O_RDONLY | O_CLOEXEC);
		if (*fd < 0)
			die("%s", path);
	}
	n = pread(*fd, text, sizeof(text) - 1, 0);
	if (n < 0)
		die("cpu time of %s", g->name);
	text[n] = '\0';
	if (g->host) {
		sscanf(text, "%llu", &value);
		return value / 1000;
	}
	if (sscanf(text, "usage_usec %llu", &value) != 1)
		die("cpu.stat");
	return value;
}

static unsigned int nr_groups(const struct scenario *s)
{
	unsigned int nr = 0;

	while (nr < MAX_GROUPS && s->group[nr].name)
		nr++;
	return nr;
}

static double ideal(const struct scenario *s, unsigned int nr, long cpus)
{
	double rest = 1, all = 0;
	unsigned int i;

	for (i = 0; i < nr_groups(s); i++) {
		/* Caps are parts of one CPU. */
		if (s->group[i].ideal > 0)
			rest -= s->group[i].ideal / cpus;
		else
			all += s->group[i].weight;
	}
	if (s->group[nr].ideal > 0)
		return s->group[nr].ideal / cpus;
	return rest * s->group[nr].weight / all;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void run(const struct scenario *s)
{
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	const unsigned int nr = nr_groups(s);
	uint64_t begin[MAX_GROUPS];
	pid_t pid[MAX_GROUPS];
	int fd[MAX_GROUPS];
	unsigned int steps = seconds * 1000 / STEP_MS;
	unsigned int i, step;
	uint64_t start, t;

	shared->go = false;
	shared->nr = 0;
	for (i = 0; i < nr; i++)
		make_group(&s->group[i], i);
	for (i = 0; i < nr; i++) {
		pid[i] = start_group(&s->group[i], i);
		fd[i] = -1;
	}
	sleep_until(now() + WARM_UP_MS * 1000);

	start = now();
	shared->go = true;
	for (i = 0; i < nr; i++)
		begin[i] = group_usec(&s->group[i], pid[i], &fd[i]);
	/*
	 * Whoever is chosen after this process has run may not be preempted for
	 * some ms.  That would fall on the same one of the wake-ups each time.
	 */
	if (s->group[0].load == TICKS || s->group[0].load == JOBS) {
		sleep_until(start + (uint64_t)seconds * 1000000);
		steps = 0;
	}
	for (step = 1; step <= steps; step++) {
		sleep_until(start + (uint64_t)step * STEP_MS * 1000);
		t = now() - start;
		for (i = 0; i < nr; i++)
			printf("share\t%s\t%s\t%ld\t%s\t%.6f\t%llu\t%llu\n",
			       mode_name[mode], s->name, cpus, s->group[i].name,
			       ideal(s, i, cpus), (unsigned long long)t,
			       (unsigned long long)(group_usec(&s->group[i],
							       pid[i], &fd[i]) -
						    begin[i]));
	}
	shared->go = false;
	if (shared->nr) {
		unsigned int n = shared->nr;

		qsort(shared->delay, n, sizeof(shared->delay[0]), compare);
		printf("delay\t%s\t%s\t%ld\t%s\t%u\t%u\t%u\t%u\n",
		       mode_name[mode], s->name, cpus, s->group[0].name, n,
		       shared->delay[n / 2], shared->delay[n * 99 / 100],
		       shared->delay[n - 1]);
	}
	fflush(stdout);

	for (i = 0; i < nr; i++) {
		close(fd[i]);
		kill_group(&s->group[i], i);
		kill(pid[i], SIGKILL);
	}
	for (i = 0; i < nr; i++) {
		waitpid(pid[i], NULL, 0);
		remove_group(&s->group[i], i);
	}
	/* Those whose parent was a process of the group */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void prepare(void)
{
	struct sched_param param = { .sched_priority = 50 };

	if (access(CGROUPS "/cgroup.procs", F_OK) &&
	    mount("cgroup2", CGROUPS, "cgroup2", 0, NULL))
		die("mount cgroup2");
	if (mode == CGROUP)
		put(CGROUPS "/cgroup.subtree_control", "+cpu");
	if (mode == VCTX && access(VCTXFS "/summary", F_OK) &&
	    mount("vctx", VCTXFS, "vctx", 0, NULL))
		die("mount vctx");
	put("/proc/sys/kernel/sched_autogroup_enabled", "%d", mode == AUTOGROUP);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	/* Who counts is punctual, and little seen; its children are not so. */
	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param))
		die("SCHED_FIFO");
}

static void __attribute__((noreturn)) usage(void)
{
	fputs("usage: fair [--seconds N] MODE SCENARIO... | --scenarios\n", stderr);
	exit(2);
}

static const struct scenario *find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(scenarios); i++)
		if (!strcmp(scenarios[i].name, name))
			return &scenarios[i];
	return NULL;
}

int main(int argc, char *argv[])
{
	unsigned int i;

	argv++;
	if (*argv && !strcmp(*argv, "--scenarios")) {
		for (i = 0; i < ARRAY_SIZE(scenarios); i++)
			printf("%s\t%s\t%s\n", scenarios[i].name,
			       scenarios[i].caps ? "caps" : "all",
			       scenarios[i].title);
		return 0;
	}
	if (*argv && !strcmp(*argv, "--seconds") && argv[1]) {
		seconds = atoi(argv[1]);
		argv += 2;
	}
	if (argc < 3 || !*argv || !seconds)
		usage();
	for (i = 0; i < NR_MODES; i++)
		if (!strcmp(*argv, mode_name[i]))
			break;
	if (i == NR_MODES)
		usage();
	mode = i;
	argv++;
	for (i = 0; argv[i]; i++)
		if (!find(argv[i])) {
			fprintf(stderr, "fair: there is no scenario '%s'\n", argv[i]);
			return 2;
		}
	prepare();
	for (; *argv; argv++)
		run(find(*argv));
	return 0;
}
