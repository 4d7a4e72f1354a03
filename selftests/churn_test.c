// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - many contexts, one after another and at once
 *
 * VCTX_TEST_CHURN says how many come and go (default: 1000, but not for longer
 * than some seconds), VCTX_TEST_MANY how many are there at once (default 1000).
 */

#define _GNU_SOURCE
#include "common.h"

#define ID		20000
#define HOUR		3600

/* What the kernel may keep more of than before, for reasons of its own */
#define NOISE_KIB	512

/* In KiB */
struct memory {
	long slab, unreclaimable, percpu;
};

static long memory_kib(const char *key)
{
	char buf[8192], *line;

	if (read_file("/proc/meminfo", buf, sizeof(buf)) < 0)
		return -1;
	line = strstr(buf, key);
	return line ? atol(line + strlen(key)) : -1;
}

/* Has caches give back what is free, KASAN's quarantine included. */
static void shrink_slabs(void)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *entry;
	char path[512];

	while (dir && (entry = readdir(dir))) {
		/* Aliases of one that is there, too, are links. */
		if (entry->d_name[0] == '.' || entry->d_type == DT_LNK)
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink",
			 entry->d_name);
		write_file(path, "1\n", 2);
	}
	if (dir)
		closedir(dir);
}

static struct memory settle(void)
{
	struct memory memory;
	int i;

	/* Grace periods, work items, and what they free */
	for (i = 0; i < 3; i++) {
		sleep_ms(300);
		write_file("/proc/sys/vm/drop_caches", "3\n", 2);
	}
	shrink_slabs();
	memory.slab = memory_kib("\nSlab:");
	memory.unreclaimable = memory_kib("\nSUnreclaim:");
	memory.percpu = memory_kib("\nPercpu:");
	return memory;
}

#define EXPECT_NO_GROWTH(_before, _after)				\
	do {								\
		struct memory _b = (_before), _a = (_after);		\
									\
		TH_LOG("KiB: Slab %ld -> %ld, SUnreclaim %ld -> %ld, Percpu %ld -> %ld",\
		       _b.slab, _a.slab, _b.unreclaimable,		\
		       _a.unreclaimable, _b.percpu, _a.percpu);		\
		EXPECT_GE(_b.slab + NOISE_KIB, _a.slab);		\
		EXPECT_GE(_b.unreclaimable + NOISE_KIB, _a.unreclaimable);\
		EXPECT_GE(_b.percpu + NOISE_KIB, _a.percpu);		\
	} while (0)

FIXTURE(churn) {
	int contexts;
};

FIXTURE_VARIANT(churn) {
	int (*round)(void);
};

static int wait_for(pid_t pid)
{
	int status;

	if (pid < 0)
		return -errno;
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

static int round_fresh(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(-enter(VCTX_ID_NEW, 0, 0));
	return wait_for(pid);
}

static int round_static(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(-enter(ID, 0, 0));
	return wait_for(pid);
}

static int round_mkdir(void)
{
	return ctx_mkdir(ID) ?: ctx_set_limits(ID, "nproc hard 5") ?:
	       ctx_rmdir(ID);
}

/* With a file and a process left for others to release */
static int round_nested(void)
{
	pid_t pid = fork();
	int i, err = 0;

	if (pid)
		return wait_for(pid);
	for (i = 0; i < 4 && !err; i++)
		err = enter(VCTX_ID_NEW, 0, 0);
	if (open("/dev/null", O_RDONLY) < 0)
		err = -errno;
	pid = fork();
	if (!pid)
		_exit(0);
	_exit(-err);
}

/* Refused, and nothing of it stays. */
static int round_refused(void)
{
	pid_t pid = fork();
	int err;

	if (pid)
		return wait_for(pid);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		_exit(1);
	err = enter(VCTX_ID_NEW, VCTX_FLAG_LOCK, 0);
	if (!err && enter(VCTX_ID_NEW, 0, 0) != -EPERM)
		err = -EPROTO;
	_exit(-err);
}

FIXTURE_VARIANT_ADD(churn, fresh) {
	.round = round_fresh,
};

FIXTURE_VARIANT_ADD(churn, made_by_entry) {
	.round = round_static,
};

FIXTURE_VARIANT_ADD(churn, made_by_mkdir) {
	.round = round_mkdir,
};

FIXTURE_VARIANT_ADD(churn, nested) {
	.round = round_nested,
};

FIXTURE_VARIANT_ADD(churn, refused) {
	.round = round_refused,
};

FIXTURE_SETUP(churn)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	self->contexts = ctx_count();
}

FIXTURE_TEARDOWN_PARENT(churn)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

TEST_F_TIMEOUT(churn, no_growth, HOUR)
{
	long n = env_long("VCTX_TEST_CHURN", 0), i, ms;
	struct memory before, after;

	/* What is allocated once is no growth. */
	ms = now_ms();
	for (i = 0; i < 200 && now_ms() < ms + 2000; i++)
		ASSERT_EQ(0, variant->round());
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
	before = settle();
	ms = now_ms();
	for (i = 0; n ? i < n : i < 1000 && now_ms() < ms + 5000; i++)
		ASSERT_EQ(0, variant->round());
	TH_LOG("%ld rounds: %ld ms", i, now_ms() - ms);
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
	after = settle();
	EXPECT_NO_GROWTH(before, after);
}

/* At once */

FIXTURE(many) {
	int contexts;
	int made;
};

FIXTURE_SETUP(many)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	self->contexts = ctx_count();
}

FIXTURE_TEARDOWN_PARENT(many)
{
	int i;

	for (i = 0; i < self->made; i++)
		EXPECT_EQ(0, ctx_end(ID + i));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

static int make_many(int *made, long n)
{
	int err;

	for (*made = 0; *made < n; ++*made) {
		err = ctx_mkdir(ID + *made);
		if (err)
			return err;
	}
	return 0;
}

static int remove_many(int *made)
{
	int err;

	for (; *made; --*made) {
		err = ctx_rmdir(ID + *made - 1);
		if (err)
			return err;
	}
	return 0;
}

TEST_F_TIMEOUT(many, at_once, HOUR)
{
	long n = env_long("VCTX_TEST_MANY", 1000), i, ms, next, lines;
	struct memory none, full, before, after;
	struct agent agent;
	char line[LIMITS_SIZE];
	FILE *summary;

	ASSERT_GE(VCTX_ID_STATIC_MAX - ID, n);
	none = settle();
	ms = now_ms();
	ASSERT_EQ(0, make_many(&self->made, n));
	TH_LOG("%ld made: %ld ms", n, now_ms() - ms);
	full = settle();
	TH_LOG("KiB each: Slab %.1f, Percpu %.1f",
	       (double)(full.slab - none.slab) / n,
	       (double)(full.percpu - none.percpu) / n);

	/* The summary has each of them, once, by ascending id. */
	ms = now_ms();
	summary = fopen(VCTXFS "/summary", "r");
	ASSERT_NE(NULL, summary);
	next = ID;
	lines = 0;
	while (fgets(line, sizeof(line), summary)) {
		long id = atol(line);

		lines++;
		if (id >= ID && id < ID + n) {
			EXPECT_EQ(next, id);
			next = id + 1;
		}
	}
	fclose(summary);
	TH_LOG("summary: %ld ms", now_ms() - ms);
	EXPECT_EQ(ID + n, next);
	EXPECT_EQ(self->contexts + n, lines);

	/* They work. */
	for (i = 0; i < n; i += n / 10 ?: 1) {
		ASSERT_EQ(0, agent_start_in(&agent, ID + i));
		EXPECT_EQ(0, ctx_set_limits(ID + i, "nproc hard 2"));
		EXPECT_LT(0, agent_call(&agent, do_fork_pause, 0, 0, 0));
		EXPECT_EQ(-EAGAIN, agent_call(&agent, do_fork_pause, 0, 0, 0));
		agent_stop(&agent);
		EXPECT_TRUE(WAIT_UNTIL(ctx_idle(ID + i)));
	}

	ms = now_ms();
	EXPECT_EQ(0, remove_many(&self->made));
	TH_LOG("%ld removed: %ld ms", n, now_ms() - ms);

	/* The per-CPU allocator keeps a free chunk, which is a large part of it. */
	before = settle();
	ASSERT_EQ(0, make_many(&self->made, n));
	EXPECT_EQ(0, remove_many(&self->made));
	after = settle();
	EXPECT_NO_GROWTH(before, after);
}

TEST_HARNESS_MAIN
