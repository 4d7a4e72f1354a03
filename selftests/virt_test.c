// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - the flag "virt": what a member is told of the machine
 */

#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/sysinfo.h>

#include "common.h"

#define ID	60151
#define MiB	(1024 * 1024L)

FIXTURE(virt) {
	struct agent member, plain;
	int contexts;
};

FIXTURE_SETUP(virt)
{
	char flags[64];

	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	self->contexts = ctx_count();
	/* So that the context is not as old as the machine. */
	ASSERT_TRUE(WAIT_UNTIL(now_ms() > 1000));
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, ctx_write(ID, "status", "flags virt\n"));
	ASSERT_EQ(0, ctx_key(ID, "status", "flags", flags, sizeof(flags)));
	EXPECT_STREQ("virt", flags);
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
}

FIXTURE_TEARDOWN_PARENT(virt)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

#define CALL(_fn, _a, _b) \
	agent_call(&self->member, _fn, (long)(_a), (long)(_b), 0)

/* A value in kB of /proc/meminfo, in bytes */
static long do_meminfo(long key, long b, long c)
{
	char buf[8192], *at;

	if (read_file("/proc/meminfo", buf, sizeof(buf)) < 0)
		return -EIO;
	at = strstr(buf, (const char *)key);
	return at ? atol(at + strlen((const char *)key)) * 1024 : -ENOENT;
}

enum { TOTALRAM, FREERAM, TOTALSWAP, UPTIME, PROCS };

static long do_sysinfo(long what, long b, long c)
{
	struct sysinfo info;

	if (sysinfo(&info))
		return -errno;
	switch (what) {
	case TOTALRAM:
		return info.totalram * info.mem_unit;
	case FREERAM:
		return info.freeram * info.mem_unit;
	case TOTALSWAP:
		return info.totalswap * info.mem_unit;
	case UPTIME:
		return info.uptime;
	default:
		return info.procs;
	}
}

/* The first number in /proc/uptime, in hundredths of a second */
static long do_uptime(long which, long b, long c)
{
	unsigned long up, up_part, idle, idle_part;
	char buf[128];

	if (read_file("/proc/uptime", buf, sizeof(buf)) < 0 ||
	    sscanf(buf, "%lu.%lu %lu.%lu", &up, &up_part, &idle, &idle_part) != 4)
		return -EBADMSG;
	return which ? idle * 100 + idle_part : up * 100 + up_part;
}

/* A number of /proc/stat: the first one after a word */
static long do_stat(long key, long b, long c)
{
	char buf[65536], *at;

	if (read_file("/proc/stat", buf, sizeof(buf)) < 0)
		return -EIO;
	at = strstr(buf, (const char *)key);
	return at ? atol(at + strlen((const char *)key)) : -ENOENT;
}

static long do_stat_cpus(long a, long b, long c)
{
	char buf[65536], *at;
	long n = 0;

	if (read_file("/proc/stat", buf, sizeof(buf)) < 0)
		return -EIO;
	for (at = buf; (at = strstr(at, "\ncpu")); at++)
		n++;
	return n;
}

enum { LOAD1, RUNNING, TOTAL, LAST };

static long do_loadavg(long what, long b, long c)
{
	unsigned int load, part, running, total, last;
	char buf[128];

	if (read_file("/proc/loadavg", buf, sizeof(buf)) < 0 ||
	    sscanf(buf, "%u.%2u %*u.%*u %*u.%*u %u/%u %u", &load, &part,
		   &running, &total, &last) != 5)
		return -EBADMSG;
	switch (what) {
	case LOAD1:
		return load * 100 + part;
	case RUNNING:
		return running;
	case TOTAL:
		return total;
	default:
		return last;
	}
}

/* When the process was started, in ticks */
static long do_start_time(long a, long b, long c)
{
	char buf[1024], *at;
	int i;

	if (read_file("/proc/self/stat", buf, sizeof(buf)) < 0)
		return -EIO;
	at = strrchr(buf, ')');
	for (i = 2; at && i < 22; i++)
		at = strchr(at + 1, ' ');
	return at ? atol(at) : -EBADMSG;
}

static long do_fork_busy(long a, long b, long c)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid)
		for (;;)
			;
	return pid;
}

static long do_touch(long size, long b, long c)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -errno;
	memset(p, 1, size);
	return (long)p;
}

static long host_age_cs(void)
{
	return ctx_number(ID, "status", "age_usec") / 10000;
}

/* Memory */

#define EXPECT_TOTAL(_bytes)						\
	do {								\
		long _total = (_bytes);					\
									\
		EXPECT_EQ(_total, CALL(do_meminfo, "MemTotal:", 0));	\
		EXPECT_EQ(_total, CALL(do_sysinfo, TOTALRAM, 0));	\
	} while (0)

TEST_F(virt, memory_of_the_machine)
{
	long total = do_meminfo((long)"MemTotal:", 0, 0);

	EXPECT_LT(0, total);
	EXPECT_TOTAL(total);
	EXPECT_EQ(do_meminfo((long)"SwapTotal:", 0, 0),
		  CALL(do_meminfo, "SwapTotal:", 0));
	/* More than there is does not count. */
	EXPECT_EQ(0, ctx_set_limits(ID, "rss hard %ld", total + MiB));
	EXPECT_TOTAL(total);
}

TEST_F(virt, memory_of_rss)
{
	long total = do_meminfo((long)"MemTotal:", 0, 0);

	EXPECT_EQ(0, ctx_set_limits(ID, "rss hard %ld", 64 * MiB));
	EXPECT_TOTAL(64 * MiB);
	EXPECT_GE(64 * MiB, CALL(do_meminfo, "MemFree:", 0));
	EXPECT_GE(64 * MiB, CALL(do_meminfo, "MemAvailable:", 0));
	EXPECT_GE(64 * MiB, CALL(do_sysinfo, FREERAM, 0));
	/* For nobody else */
	EXPECT_EQ(total, do_meminfo((long)"MemTotal:", 0, 0));
	EXPECT_EQ(total, do_sysinfo(TOTALRAM, 0, 0));
	EXPECT_LT(0, do_meminfo((long)"Active:", 0, 0));
}

TEST_F(virt, memory_of_memcg)
{
	long before, after;
	int err = ctx_set_limits(ID, "memory hard %ld swap hard 0", 100 * MiB);

	if (err == -EOPNOTSUPP)
		SKIP(return, "there is no memory controller in cgroup v2");
	ASSERT_EQ(0, err);
	EXPECT_TOTAL(100 * MiB);
	EXPECT_EQ(0, CALL(do_meminfo, "SwapTotal:", 0));
	EXPECT_EQ(0, CALL(do_sysinfo, TOTALSWAP, 0));
	before = CALL(do_meminfo, "MemFree:", 0);
	EXPECT_GE(100 * MiB, before);
	EXPECT_LT(0, CALL(do_touch, 16 * MiB, 0));
	after = CALL(do_meminfo, "MemFree:", 0);
	/* Each CPU may have some pages ahead. */
	EXPECT_LE(15 * MiB, before - after);
	EXPECT_LE(after, CALL(do_meminfo, "MemAvailable:", 0));
	EXPECT_LE(0, CALL(do_meminfo, "Cached:", 0));
}

/* Time */

TEST_F(virt, uptime)
{
	long least, up, most;

	least = host_age_cs();
	up = CALL(do_uptime, 0, 0);
	most = host_age_cs();
	EXPECT_LE(least, up);
	EXPECT_LE(up, most);
	EXPECT_LE(least / 100, CALL(do_sysinfo, UPTIME, 0));
	EXPECT_GE(host_age_cs() / 100 + 1, CALL(do_sysinfo, UPTIME, 0));
	EXPECT_LE(100, do_uptime(0, 0, 0) - most);
	EXPECT_LE(0, CALL(do_uptime, 1, 0));
	EXPECT_GE(host_age_cs() * sysconf(_SC_NPROCESSORS_ONLN) + 2,
		  CALL(do_uptime, 1, 0));
}

TEST_F(virt, start_time)
{
	long ticks = sysconf(_SC_CLK_TCK), start;

	/* Since the context is older than the member */
	start = CALL(do_start_time, 0, 0);
	EXPECT_LE(0, start);
	EXPECT_LE(start * 100 / ticks, CALL(do_uptime, 0, 0));
	EXPECT_LT(start, do_start_time(0, 0, 0));
}

TEST_F(virt, stat)
{
	long now, birth, least, most, ticks = sysconf(_SC_CLK_TCK), pid, used;

	least = time(NULL) - host_age_cs() / 100;
	birth = CALL(do_stat, "\nbtime ", 0);
	now = time(NULL);
	most = now - host_age_cs() / 100;
	EXPECT_LE(least - 2, birth);
	EXPECT_GE(most + 2, birth);
	EXPECT_LT(do_stat((long)"\nbtime ", 0, 0), birth);

	EXPECT_EQ(do_stat_cpus(0, 0, 0), CALL(do_stat_cpus, 0, 0));
	pid = CALL(do_fork_busy, 0, 0);
	ASSERT_LT(0, pid);
	/* The first number is user time, sampled at ticks. */
	EXPECT_TRUE(WAIT_UNTIL(CALL(do_stat, "cpu ", 0) > ticks / 10));
	used = CALL(do_stat, "cpu ", 0);
	EXPECT_GE(host_age_cs() * ticks / 100 * sysconf(_SC_NPROCESSORS_ONLN),
		  used);
	EXPECT_LE(used, do_stat((long)"cpu ", 0, 0));
	EXPECT_LE(1, CALL(do_stat, "\nprocesses ", 0));
	EXPECT_GT(100, CALL(do_stat, "\nprocesses ", 0));
	EXPECT_LT(0, CALL(do_stat, "\nctxt ", 0));
	/* It and who reads */
	EXPECT_LE(1, CALL(do_stat, "\nprocs_running ", 0));
	EXPECT_GE(2, CALL(do_stat, "\nprocs_running ", 0));
	EXPECT_EQ(0, CALL(do_kill_wait, pid, 0));
}

/* Load */

TEST_F(virt, loadavg)
{
	long pid[2], end;
	int i;

	EXPECT_EQ(0, CALL(do_loadavg, LOAD1, 0));
	EXPECT_EQ(1, CALL(do_loadavg, TOTAL, 0));
	EXPECT_EQ(1, CALL(do_sysinfo, PROCS, 0));
	for (i = 0; i < 2; i++) {
		pid[i] = CALL(do_fork_busy, 0, 0);
		ASSERT_LT(0, pid[i]);
	}
	EXPECT_LE(2, CALL(do_loadavg, RUNNING, 0));
	EXPECT_EQ(3, CALL(do_loadavg, TOTAL, 0));
	EXPECT_EQ(3, CALL(do_sysinfo, PROCS, 0));
	EXPECT_EQ(0, CALL(do_loadavg, LAST, 0));
	EXPECT_LT(3, do_loadavg(LAST, 0, 0));
	EXPECT_LT(3, do_loadavg(TOTAL, 0, 0));
	/* A sample each five seconds */
	end = now_ms() + 60000;
	while (CALL(do_loadavg, LOAD1, 0) <= 0 && now_ms() < end)
		sleep_ms(100);
	EXPECT_LT(0, CALL(do_loadavg, LOAD1, 0));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, CALL(do_kill_wait, pid[i], 0));
}

/* Who sees it */

TEST_F(virt, nested)
{
	char path[64];
	long child, least;

	EXPECT_EQ(0, ctx_set_limits(ID, "rss hard %ld", 64 * MiB));
	EXPECT_TRUE(WAIT_UNTIL(host_age_cs() > 50));
	least = host_age_cs();
	EXPECT_EQ(0, CALL(do_enter, VCTX_ID_NEW, 0));
	child = CALL(do_self_id, 0, 0);
	/* Without the flag, what its parent sees */
	EXPECT_TOTAL(64 * MiB);
	EXPECT_LE(least, CALL(do_uptime, 0, 0));
	/* With it, its own time, and still no more memory than its parent */
	EXPECT_EQ(0, write_file(ctx_path(path, child, "status"), "flags virt\n", 11));
	EXPECT_GE(ctx_number(child, "status", "age_usec") / 10000 + 1,
		  CALL(do_uptime, 0, 0) - 100);
	EXPECT_GT(host_age_cs() - 40, CALL(do_uptime, 0, 0));
	EXPECT_TOTAL(64 * MiB);
	EXPECT_EQ(0, ctx_set_limits(child, "rss hard %ld", 32 * MiB));
	EXPECT_TOTAL(32 * MiB);
}

TEST_F(virt, off)
{
	long child;

	EXPECT_EQ(0, agent_start(&self->plain));
	EXPECT_EQ(0, agent_call(&self->plain, do_enter, VCTX_ID_NEW, 0, 0));
	child = agent_call(&self->plain, do_self_id, 0, 0, 0);
	EXPECT_EQ(0, ctx_set_limits(child, "rss hard %ld", 64 * MiB));
	EXPECT_EQ(do_meminfo((long)"MemTotal:", 0, 0),
		  agent_call(&self->plain, do_meminfo, (long)"MemTotal:", 0, 0));
	EXPECT_LE(do_uptime(0, 0, 0),
		  agent_call(&self->plain, do_uptime, 0, 0, 0));
	EXPECT_EQ(do_stat((long)"\nbtime ", 0, 0),
		  agent_call(&self->plain, do_stat, (long)"\nbtime ", 0, 0));
	EXPECT_LT(2, agent_call(&self->plain, do_loadavg, TOTAL, 0, 0));
	agent_stop(&self->plain);
}

TEST_F(virt, on_entry)
{
	EXPECT_EQ(0, agent_start(&self->plain));
	EXPECT_EQ(0, agent_call(&self->plain, do_enter, VCTX_ID_NEW,
				VCTX_FLAG_VIRT, 0));
	EXPECT_EQ(1, agent_call(&self->plain, do_loadavg, TOTAL, 0, 0));
	agent_stop(&self->plain);
}

TEST_HARNESS_MAIN
