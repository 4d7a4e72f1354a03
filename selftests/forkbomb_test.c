// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - fork bombs
 *
 * VCTX_TEST_SECONDS says how long each goes on (default 3), VCTX_TEST_LS_MS how
 * long a command on the host may take meanwhile (default 5000: a machine may be
 * emulated, and its kernel full of checks).
 */

#define _GNU_SOURCE
#include <pthread.h>

#include "common.h"

#define ID	60061
#define NTASK_HARD	200
#define HOUR	3600

FIXTURE(bomb) {
	int contexts;
};

FIXTURE_VARIANT(bomb) {
	void (*explode)(void);
	/* Processes get to the limit, or go out by themselves. */
	bool fills;
};

/* Each process forks for ever. */
static void bomb_processes(void)
{
	for (;;)
		fork();
}

/* As a shell does it: each starts two of itself, and ends. */
static void bomb_shell(void)
{
	execl("/bin/sh", "sh", "-c", "bomb() { bomb | bomb & }; bomb", NULL);
}

static void *bomb_thread(void *arg)
{
	pthread_t thread;

	for (;;)
		pthread_create(&thread, NULL, bomb_thread, NULL);
	return NULL;
}

static void bomb_threads(void)
{
	bomb_thread(NULL);
}

/* Processes full of threads, that have themselves killed in between */
static void bomb_mixed(void)
{
	pthread_t thread;

	for (;;) {
		if (!fork()) {
			pthread_create(&thread, NULL, bomb_thread, NULL);
			if (getpid() % 3 == 0)
				_exit(0);
		}
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

FIXTURE_VARIANT_ADD(bomb, processes) {
	.explode = bomb_processes,
	.fills = true,
};

FIXTURE_VARIANT_ADD(bomb, shell) {
	.explode = bomb_shell,
};

FIXTURE_VARIANT_ADD(bomb, threads) {
	.explode = bomb_threads,
	.fills = true,
};

FIXTURE_VARIANT_ADD(bomb, mixed) {
	.explode = bomb_mixed,
	.fills = true,
};

FIXTURE_SETUP(bomb)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, ctx_set_limits(ID, "ntask hard %d", NTASK_HARD));
}

FIXTURE_TEARDOWN_PARENT(bomb)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

/* fork, exec and wait, as somebody on the host who wants to look */
static long time_ls(void)
{
	long start = now_ms();
	int status, null;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		null = open("/dev/null", O_WRONLY);
		dup2(null, 1);
		execl("/bin/ls", "ls", "/", NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		return -EIO;
	return now_ms() - start;
}

TEST_F_TIMEOUT(bomb, is_contained, HOUR)
{
	long end, ms, slowest = 0, most = 0, runs = 0;
	struct limit limit;
	pid_t pid;

	/* Once, so that it is in memory. */
	EXPECT_LE(0, time_ls());
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		/* Its complaints are not for this report. */
		dup2(null, 1);
		dup2(null, 2);
		/* A session of its own, as whoever logs in has. */
		setsid();
		if (!enter(ID, 0, 0))
			variant->explode();
		_exit(0);
	}
	end = now_ms() + 1000 * env_long("VCTX_TEST_SECONDS", 3);
	limit.fail = 0;
	/* In a slow machine it takes its time to get there. */
	while (now_ms() < end || (variant->fills && !limit.fail &&
				  now_ms() < end + 4 * PATIENCE_MS)) {
		ASSERT_EQ(0, ctx_limit(ID, NTASK, &limit));
		EXPECT_GE(NTASK_HARD, limit.usage);
		EXPECT_GE(NTASK_HARD, limit.peak);
		EXPECT_GE(NTASK_HARD, ctx_number(ID, "status", "members"));
		if (limit.usage > most)
			most = limit.usage;
		ms = time_ls();
		EXPECT_LE(0, ms);
		if (ms > slowest)
			slowest = ms;
		runs++;
	}
	EXPECT_GE(env_long("VCTX_TEST_LS_MS", 5000), slowest);
	ASSERT_EQ(0, ctx_limit(ID, NTASK, &limit));
	if (variant->fills) {
		EXPECT_EQ(NTASK_HARD, limit.peak);
		EXPECT_LT(0, limit.fail);
	}
	TH_LOG("tasks: seen up to %ld, peak %ld, refused %ld; ls %ld times, %ld ms at most",
	       most, limit.peak, limit.fail, runs, slowest);

	/* One sweep ends all of it. */
	ms = now_ms();
	EXPECT_EQ(0, ctx_write(ID, "kill", "1\n"));
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_TRUE(WAIT_UNTIL(ctx_idle(ID)));
	TH_LOG("all killed and gone after %ld ms", now_ms() - ms);
	ASSERT_EQ(0, ctx_limit(ID, NTASK, &limit));
	EXPECT_EQ(0, limit.usage);
	EXPECT_GE(NTASK_HARD, limit.peak);
	EXPECT_EQ(0, ctx_rmdir(ID));
}

TEST_HARNESS_MAIN
