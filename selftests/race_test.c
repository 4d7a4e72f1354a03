// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - limits and contexts under concurrency
 *
 * VCTX_TEST_SECONDS says how long each test goes on (default 3).
 */

#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>

#include "common.h"

#define ID		60051
#define NR_IDS		4
#define HOUR		3600

/* The first resources, which race here */
#define NR_RACED	(NOFILE + 1)

/* Shared with all that the test starts. */
struct shared {
	int stop;
	long done[NR_RACED];
	long refused[NR_RACED];
	long unexpected;
	long ready;
};

static struct shared *shared;

static bool stopped(void)
{
	return __atomic_load_n(&shared->stop, __ATOMIC_RELAXED);
}

static void stop(void)
{
	__atomic_store_n(&shared->stop, 1, __ATOMIC_RELAXED);
}

static void count(long *what)
{
	__atomic_add_fetch(what, 1, __ATOMIC_RELAXED);
}

/* Notes what became of an attempt. */
static bool outcome(enum resource res, int err, int refusal)
{
	if (!err)
		count(&shared->done[res]);
	else if (err == refusal)
		count(&shared->refused[res]);
	else
		count(&shared->unexpected);
	return !err;
}

static void race_fork(void)
{
	pid_t pid = fork();

	if (!pid) {
		/* A grandchild sometimes, which is left behind */
		if (random() % 4 == 0 && !fork())
			_exit(0);
		_exit(0);
	}
	if (outcome(NPROC, pid < 0 ? errno : 0, EAGAIN))
		waitpid(pid, NULL, 0);
}

static void *race_thread(void *arg)
{
	return NULL;
}

static void race_threads(void)
{
	pthread_t thread[3];
	int i, n = 0;

	for (i = 0; i < 3; i++)
		if (outcome(NTASK, pthread_create(&thread[n], NULL, race_thread,
						  NULL), EAGAIN))
			n++;
	while (n)
		pthread_join(thread[--n], NULL);
}

static void race_open(void)
{
	int fd[8], i, n = 0;

	for (i = 0; i < 6; i++) {
		fd[n] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (outcome(NOFILE, fd[n] < 0 ? errno : 0, ENFILE))
			n++;
	}
	if (outcome(NOFILE, pipe(&fd[n]) ? errno : 0, ENFILE))
		n += 2;
	while (n)
		close(fd[--n]);
}

static void __attribute__((noreturn)) race_worker(int seed)
{
	srandom(seed);
	while (!stopped()) {
		race_fork();
		race_open();
		race_threads();
		race_open();
	}
	_exit(0);
}

static void enter_deep(int depth)
{
	int err = enter(ID, 0, 0);

	while (!err && --depth)
		err = enter(VCTX_ID_NEW, 0, 0);
	if (err) {
		fprintf(stderr, "# enter: %d\n", err);
		count(&shared->unexpected);
		_exit(1);
	}
}

FIXTURE(race) {
	int contexts;
};

FIXTURE_VARIANT(race) {
	/* How deep every other worker goes */
	int depth;
	/* Per worker; 0 for none */
	int limit;
	/* The administrator changes limits meanwhile. */
	bool changing;
};

FIXTURE_VARIANT_ADD(race, flat) {
	.depth = 1,
	.limit = 2,
};

FIXTURE_VARIANT_ADD(race, nested) {
	.depth = 4,
	.limit = 2,
};

FIXTURE_VARIANT_ADD(race, changing) {
	.depth = 2,
	.limit = 2,
	.changing = true,
};

FIXTURE_VARIANT_ADD(race, unlimited) {
	.depth = 2,
};

/* Each is to be met: threads are refused before processes if there is no room. */
static long hard_limit(enum resource res, long hard)
{
	return res == NTASK && hard != NO_LIMIT ? hard + 3 : hard;
}

static int set_hard_limits(long hard)
{
	return ctx_set_limits(ID, "nproc hard %ld ntask hard %ld nofile hard %ld",
			      hard, hard_limit(NTASK, hard), hard);
}

/* One after another, to something below @hard and back */
static int change_limits(long round, long hard)
{
	return ctx_set_limits(ID, "nproc hard %ld ntask hard %ld nofile soft %ld",
			      round & 1 ? hard : hard - 2,
			      round & 2 ? hard : 1,
			      round & 4 ? hard : hard / 2);
}

static struct shared *map_shared(void)
{
	return mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

FIXTURE_SETUP(race)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	shared = map_shared();
	ASSERT_NE(MAP_FAILED, shared);
}

FIXTURE_TEARDOWN_PARENT(race)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

TEST_F_TIMEOUT(race, limits, HOUR)
{
	int workers = 4 * sysconf(_SC_NPROCESSORS_ONLN), i, res;
	long end, hard = workers * variant->limit, samples = 0;
	long most[NR_RACED] = {};
	long refused = 0;
	struct limit limit;

	if (!variant->limit)
		hard = NO_LIMIT;
	for (i = 0; i < workers; i++) {
		pid_t pid = fork();

		ASSERT_LE(0, pid);
		if (pid)
			continue;
		enter_deep(i % 2 ? variant->depth : 1);
		race_worker(i + 1);
	}
	EXPECT_TRUE(WAIT_UNTIL(ctx_usage(ID, NPROC) >= workers));
	/* Usage may be above what is set only now: that does not count. */
	if (variant->limit) {
		EXPECT_EQ(0, set_hard_limits(hard));
		for (res = 0; res < NR_RACED; res++)
			EXPECT_TRUE(WAIT_UNTIL(ctx_usage(ID, res) <=
					       hard_limit(res, hard)));
	}

	end = now_ms() + 1000 * env_long("VCTX_TEST_SECONDS", 3);
	while (now_ms() < end) {
		char buf[LIMITS_SIZE];

		ASSERT_LT(0, ctx_read(ID, "limits", buf, sizeof(buf)));
		for (res = 0; res < NR_RACED; res++) {
			ASSERT_EQ(0, parse_limits(buf, res, &limit));
			EXPECT_LE(0, limit.usage);
			EXPECT_GE(hard_limit(res, hard), limit.usage);
			EXPECT_LE(limit.usage, limit.peak);
			if (limit.usage > most[res])
				most[res] = limit.usage;
		}
		/* Between limits that are never above the one that is checked. */
		if (variant->changing && samples % 8 == 0)
			EXPECT_EQ(0, change_limits(samples / 8, hard));
		samples++;
	}
	stop();
	while (wait(NULL) > 0)
		;
	EXPECT_EQ(0, shared->unexpected);
	for (res = 0; res < NR_RACED; res++) {
		ASSERT_EQ(0, ctx_limit(ID, res, &limit));
		TH_LOG("%s: hard %ld seen %ld peak %ld done %ld refused %ld fail %ld",
		       resource_name[res], limit.hard, most[res], limit.peak,
		       shared->done[res], shared->refused[res], limit.fail);
		EXPECT_LT(0, shared->done[res]);
		refused += limit.fail;
		EXPECT_LE(most[res], limit.peak);
	}
	TH_LOG("%ld samples", samples);
	/* Which of them on a slow machine, and in a short time, is chance. */
	if (variant->limit)
		EXPECT_LT(0, refused);
	EXPECT_TRUE(WAIT_UNTIL(ctx_idle(ID)));
}

FIXTURE(peak) {
	int contexts;
};

FIXTURE_VARIANT(peak) {
	int depth;
};

FIXTURE_VARIANT_ADD(peak, flat) {
	.depth = 1,
};

FIXTURE_VARIANT_ADD(peak, nested) {
	.depth = 4,
};

FIXTURE_SETUP(peak)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	shared = map_shared();
	ASSERT_NE(MAP_FAILED, shared);
}

FIXTURE_TEARDOWN_PARENT(peak)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

/*
 * With limits from the beginning, the peak is one of this limit: it may never
 * be above.
 */
TEST_F_TIMEOUT(peak, limits, HOUR)
{
	int workers = 4 * sysconf(_SC_NPROCESSORS_ONLN), i, res;
	long hard = 2 * workers;
	struct limit limit;
	long end;

	EXPECT_EQ(0, set_hard_limits(hard));
	for (i = 0; i < workers; i++) {
		pid_t pid = fork();

		ASSERT_LE(0, pid);
		if (pid)
			continue;
		enter_deep(i % 2 ? variant->depth : 1);
		/* All are in before the first forks. */
		count(&shared->ready);
		while (__atomic_load_n(&shared->ready, __ATOMIC_RELAXED) < workers)
			sleep_ms(1);
		race_worker(i + 1);
	}
	EXPECT_TRUE(WAIT_UNTIL(__atomic_load_n(&shared->ready, __ATOMIC_RELAXED) >=
			       workers));
	end = now_ms() + 1000 * env_long("VCTX_TEST_SECONDS", 3);
	while (now_ms() < end) {
		for (res = 0; res < NR_RACED; res++) {
			ASSERT_EQ(0, ctx_limit(ID, res, &limit));
			EXPECT_GE(hard_limit(res, hard), limit.usage);
			EXPECT_GE(hard_limit(res, hard), limit.peak);
		}
	}
	stop();
	while (wait(NULL) > 0)
		;
	EXPECT_EQ(0, shared->unexpected);
	for (res = 0; res < NR_RACED; res++) {
		ASSERT_EQ(0, ctx_limit(ID, res, &limit));
		EXPECT_GE(hard_limit(res, hard), limit.peak);
		EXPECT_LT(0, shared->done[res]);
		TH_LOG("%s: hard %ld peak %ld done %ld fail %ld", resource_name[res],
		       limit.hard, limit.peak, shared->done[res], limit.fail);
	}
	EXPECT_TRUE(WAIT_UNTIL(ctx_idle(ID)));
}

/* Everything at once to the same few contexts */

FIXTURE(same) {
	int contexts;
};

FIXTURE_SETUP(same)
{
	int i;

	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	for (i = 0; i < NR_IDS; i++)
		ASSERT_EQ(0, ctx_end(ID + i));
	self->contexts = ctx_count();
	shared = map_shared();
	ASSERT_NE(MAP_FAILED, shared);
}

FIXTURE_TEARDOWN_PARENT(same)
{
	int i;

	for (i = 0; i < NR_IDS; i++)
		EXPECT_EQ(0, ctx_end(ID + i));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

static __u32 some_id(void)
{
	return ID + random() % NR_IDS;
}

/* 0, or it is one of these errnos */
static void check_err(const char *what, int err, int a, int b, int c)
{
	if (!err || err == -a || err == -b || err == -c)
		return;
	count(&shared->unexpected);
	fprintf(stderr, "# %s: %d\n", what, err);
}

static void same_mkdir(void)
{
	check_err("mkdir", ctx_mkdir(some_id()), EEXIST, EEXIST, EEXIST);
}

static void same_rmdir(void)
{
	check_err("rmdir", ctx_rmdir(some_id()), EBUSY, ENOENT, ENODEV);
}

static void same_enter(void)
{
	__u32 id = some_id();
	pid_t pid = fork();

	if (pid < 0) {
		count(&shared->unexpected);
		return;
	}
	if (pid) {
		/* It may have been killed. */
		waitpid(pid, NULL, 0);
		return;
	}
	check_err("enter", enter(id, 0, 0), EINTR, EINTR, EINTR);
	if (random() % 2)
		check_err("nested", enter(VCTX_ID_NEW, 0, 0), 0, 0, 0);
	if (open("/dev/null", O_RDONLY) < 0)
		check_err("open", -errno, ENFILE, 0, 0);
	pid = fork();
	if (pid < 0)
		check_err("fork", -errno, EAGAIN, ERESTART, EINTR);
	_exit(0);
}

static void same_kill(void)
{
	sleep_ms(1);
	check_err("kill", ctx_write(some_id(), "kill", "1\n"), ENOENT, ENODEV, 0);
}

static void same_limits(void)
{
	check_err("limits", ctx_set_limits(some_id(), "nproc hard %ld soft 0 nofile hard %ld",
					   random() % 20, random() % 20),
		  ENOENT, ENODEV, 0);
}

static void same_name(void)
{
	char line[64];

	snprintf(line, sizeof(line), "name race%ld\n", random() % NR_IDS);
	check_err("name", ctx_write(some_id(), "status", line), ENOENT, ENODEV,
		  EEXIST);
}

static void same_read(void)
{
	static const char *const files[] = {
		"status", "limits", "events", "procs", "last_error",
	};
	char buf[LIMITS_SIZE];
	int len;

	len = ctx_read(some_id(), files[random() % ARRAY_SIZE(files)], buf,
		       sizeof(buf));
	check_err("read", len < 0 ? len : 0, ENOENT, ENODEV, 0);
}

static void same_summary(void)
{
	DIR *dir;

	if (ctx_count() < 1)
		count(&shared->unexpected);
	dir = opendir(VCTXFS);
	if (!dir) {
		count(&shared->unexpected);
		return;
	}
	while (readdir(dir))
		;
	closedir(dir);
}

static void same_poll(void)
{
	char path[64], buf[512];
	struct pollfd poll_fd = { .events = POLLPRI };

	poll_fd.fd = open(ctx_path(path, some_id(), "events"),
			  O_RDONLY | O_CLOEXEC);
	if (poll_fd.fd < 0) {
		check_err("events", -errno, ENOENT, ENODEV, 0);
		return;
	}
	read_fd(poll_fd.fd, buf, sizeof(buf));
	poll(&poll_fd, 1, 5);
	close(poll_fd.fd);
}

TEST_F_TIMEOUT(same, ids, HOUR)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} what[] = {
		{ "mkdir", same_mkdir },
		{ "rmdir", same_rmdir },
		{ "enter", same_enter },
		{ "enter", same_enter },
		{ "kill", same_kill },
		{ "limits", same_limits },
		{ "name", same_name },
		{ "read", same_read },
		{ "summary", same_summary },
		{ "poll", same_poll },
	};
	long *counts;
	size_t i;

	counts = mmap(NULL, sizeof(*counts) * ARRAY_SIZE(what), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, counts);
	for (i = 0; i < ARRAY_SIZE(what); i++) {
		pid_t pid = fork();

		ASSERT_LE(0, pid);
		if (pid)
			continue;
		srandom(i + 1);
		while (!stopped()) {
			what[i].fn();
			counts[i]++;
		}
		_exit(0);
	}
	sleep_ms(1000 * env_long("VCTX_TEST_SECONDS", 3));
	stop();
	while (wait(NULL) > 0)
		;
	for (i = 0; i < ARRAY_SIZE(what); i++) {
		EXPECT_LT(0, counts[i]);
		TH_LOG("%s: %ld", what[i].name, counts[i]);
	}
	EXPECT_EQ(0, shared->unexpected);
}

TEST_HARNESS_MAIN
