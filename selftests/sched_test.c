// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - sched: one share of CPU time for all members of a context
 *
 * Nothing here measures shares: that is for bench/fairness.  Which group a task
 * is in is read from the scheduler's own file in debugfs.
 *
 * VCTX_TEST_SECONDS is how long settings change at random under load.
 */

#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>

#include "common.h"

#define ID	60061
#define OTHER	60062

#define DEBUGFS	"/sys/kernel/debug"
#define GROUPS	DEBUGFS "/sched/debug"

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE	6
#endif

#define FLAG_RESET_ON_FORK	0x01

/* The settings in a line */
static int settings(__u32 id, char *line, size_t size)
{
	static const char *const keys[] = {
		"sched", "weight", "idle", "max", "burst", "nice", "rt",
	};
	char value[64];
	size_t used = 0;
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		err = ctx_key(id, "sched", keys[i], value, sizeof(value));
		if (err)
			return err;
		used += snprintf(line + used, size - used, "%s%s=%s",
				 i ? " " : "", keys[i], value);
	}
	return 0;
}

#define EXPECT_SETTINGS(_id, _line)					\
	do {								\
		char _text[256];					\
									\
		EXPECT_EQ(0, settings(_id, _text, sizeof(_text)));	\
		EXPECT_STREQ(_line, _text);				\
	} while (0)

/* The word is the key and the value; checkpatch takes it for a mistake. */
#define NO_CAP	"max\x20max"

#define DEFAULTS "weight=100 idle=0 max=max 100000 burst=0 nice=-20 rt=deny"

static int set(__u32 id, const char *line)
{
	char text[256];

	snprintf(text, sizeof(text), "%s\n", line);
	return ctx_write(id, "sched", text);
}

static bool has_flag(__u32 id)
{
	char flags[64];

	return !ctx_key(id, "status", "flags", flags, sizeof(flags)) &&
	       strstr(flags, "sched");
}

/*
 * The path of a task's group as the scheduler has it, "" if the task is not
 * there.  Reads ">R  comm pid ... /path" lines, of whatever columns.
 */
static char *group_of(long pid, char path[128])
{
	static char text[1 << 20];
	char *line, *end, *at;

	path[0] = '\0';
	if (read_file(GROUPS, text, sizeof(text)) < 0)
		return path;
	for (line = text; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		at = strstr(line, program_invocation_short_name);
		if (!at || atol(at + strlen(program_invocation_short_name)) != pid)
			continue;
		at = strrchr(line, '/');
		if (at)
			snprintf(path, 128, "%s", at);
		break;
	}
	return path;
}

static bool groups_missing(void)
{
	if (access(GROUPS, R_OK))
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	return access(GROUPS, R_OK);
}

/* Is @pid in the group of context @id; of none for 0? */
static bool in_group(long pid, __u32 id)
{
	char path[128], want[32];

	/* The file goes from CPU to CPU, and misses who moves meanwhile. */
	WAIT_UNTIL(*group_of(pid, path));
	snprintf(want, sizeof(want), "/vctx-%u", id);
	return id ? !strcmp(path, want) : path[0] && strncmp(path, "/vctx-", 6);
}

/* What agents do */

static void __attribute__((noreturn)) spin(void)
{
	for (;;)
		asm volatile("" ::: "memory");
}

/* Forks @nr processes that compute and never end; the last one's id. */
static long do_spin(long nr, long b, long c)
{
	pid_t pid = -1;

	while (nr--) {
		pid = fork();
		if (pid < 0)
			return -errno;
		if (!pid)
			spin();
	}
	return pid;
}

static long do_setpriority(long nice, long b, long c)
{
	return setpriority(PRIO_PROCESS, 0, nice) ? -errno : 0;
}

static long do_nice(long by, long b, long c)
{
	errno = 0;
	nice(by);
	return -errno;
}

/* Twenty more than it is, to tell it from errors. */
static long do_getpriority(long a, long b, long c)
{
	errno = 0;
	return getpriority(PRIO_PROCESS, 0) + 20 ?: -errno;
}

static long set_policy(long policy, long value, long flags)
{
	struct attr attr = {
		.size = sizeof(attr),
		.policy = policy,
		.flags = flags,
	};

	if (policy == SCHED_FIFO || policy == SCHED_RR)
		attr.priority = value;
	else
		attr.nice = value;
	if (policy == SCHED_DEADLINE) {
		attr.runtime = 1000000;
		attr.deadline = 100000000;
		attr.period = 100000000;
	}
	return syscall(__NR_sched_setattr, 0, &attr, 0) ? -errno : 0;
}

static long do_set_policy(long policy, long value, long flags)
{
	return set_policy(policy, value, flags);
}

static long do_get_policy(long a, long b, long c)
{
	int policy = sched_getscheduler(0);

	return policy < 0 ? -errno : policy & ~SCHED_RESET_ON_FORK;
}

static long do_setsid(long a, long b, long c)
{
	return setsid() < 0 ? -errno : 0;
}

/* The nice value that a child has, and 20. */
static long do_child_nice(long a, long b, long c)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(getpriority(PRIO_PROCESS, 0) + 20);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	return WEXITSTATUS(status);
}

static long do_pin(long cpu, long b, long c)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	return sched_setaffinity(0, sizeof(cpus), &cpus) ? -errno : 0;
}

static void *thread_pause(void *arg)
{
	__atomic_store_n((long *)arg, syscall(__NR_gettid), __ATOMIC_RELAXED);
	for (;;)
		pause();
	return NULL;
}

static long do_thread(long a, long b, long c)
{
	static long tid;
	pthread_t thread;

	tid = 0;
	if (pthread_create(&thread, NULL, thread_pause, &tid))
		return -EAGAIN;
	while (!__atomic_load_n(&tid, __ATOMIC_RELAXED))
		sched_yield();
	return tid;
}

FIXTURE(sched) {
	struct agent member;
	int contexts;
};

FIXTURE_SETUP(sched)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(OTHER));
	ASSERT_EQ(0, ctx_end(ID));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
}

FIXTURE_TEARDOWN_PARENT(sched)
{
	EXPECT_EQ(0, ctx_end(OTHER));
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

#define CALL(_fn, _a, _b, _c) agent_call(&self->member, _fn, _a, _b, _c)

/* The file */

TEST_F(sched, defaults)
{
	EXPECT_SETTINGS(ID, "sched=off " DEFAULTS);
	EXPECT_FALSE(has_flag(ID));
	EXPECT_LE(0, ctx_number(ID, "sched", "usage_usec"));
	EXPECT_EQ(0, ctx_number(ID, "sched", "nr_periods"));
	EXPECT_EQ(0, ctx_number(ID, "sched", "nr_throttled"));
	EXPECT_EQ(0, ctx_number(ID, "sched", "throttled_usec"));
	EXPECT_LE(0, ctx_number(ID, "sched", "running"));
}

TEST_F(sched, settings)
{
	EXPECT_EQ(0, set(ID, "weight 1"));
	EXPECT_EQ(0, set(ID, "weight 10000 nice 19 rt allow"));
	EXPECT_EQ(0, set(ID, "max 1000 9000"));
	EXPECT_SETTINGS(ID, "sched=off weight=10000 idle=0 max=1000 9000 burst=0 nice=19 rt=allow");
	/* They are kept while there is no group, and while there is one. */
	EXPECT_EQ(0, set(ID, "sched on"));
	EXPECT_EQ(0, set(ID, "idle 1 max 9000 9001 burst 8 nice -20"));
	EXPECT_SETTINGS(ID, "sched=on weight=10000 idle=1 max=9000 9001 burst=8 nice=-20 rt=allow");
	EXPECT_EQ(0, set(ID, "weight 7"));
	EXPECT_EQ(0, set(ID, "idle 0"));
	EXPECT_EQ(0, set(ID, "burst 0 " NO_CAP " 1000 rt deny"));
	EXPECT_SETTINGS(ID, "sched=on weight=7 idle=0 max=max 1000 burst=0 nice=-20 rt=deny");
	EXPECT_EQ(0, set(ID, "sched off weight 100 " NO_CAP " 100000"));
	EXPECT_SETTINGS(ID, "sched=off " DEFAULTS);
	/* As much as fits: quota and burst together */
	EXPECT_EQ(0, set(ID, "sched on max 8796093022207 1000 burst 8796093022207"));
	EXPECT_EQ(0, set(ID, "max 17592186044415 burst 0"));
}

TEST_F(sched, bad_settings)
{
	static const struct {
		const char *line;
		int err;
	} bad[] = {
		{ "", EINVAL }, { "weight", EINVAL }, { "weight ", EINVAL },
		{ "weight 0", ERANGE }, { "weight 10001", ERANGE },
		{ "weight -1", EINVAL }, { "weight +1", EINVAL },
		{ "weight 1.5", EINVAL }, { "weight 0x10", EINVAL },
		{ "weight 18446744073709551616", ERANGE },
		{ "weight 4294967396", ERANGE },
		{ "weight max", EINVAL }, { "Weight 100", EINVAL },
		{ "weight  100", EINVAL }, { "weight 100 ", EINVAL },
		{ "weight 100 200", EINVAL },
		{ "idle 2", EINVAL }, { "idle", EINVAL }, { "idle yes", EINVAL },
		{ "max", EINVAL }, { "max 999", ERANGE }, { "max 0", ERANGE },
		{ "max -1", EINVAL }, { "max 50%", EINVAL },
		{ "max 17592186044416", ERANGE },
		{ "max 18446744073709551615", ERANGE },
		{ "max 50000 0", ERANGE }, { "max 50000 999", ERANGE },
		{ "max 50000 1000001", ERANGE }, { NO_CAP " 0", ERANGE },
		{ "max 50000 100000 1", EINVAL },
		{ "max 50000 burst 50001", EINVAL }, { "burst -1", EINVAL },
		{ "burst 17592186044416", ERANGE }, { "burst max", EINVAL },
		{ "max 10000000000000 burst 10000000000000", ERANGE },
		{ "nice", EINVAL }, { "nice 20", ERANGE }, { "nice -21", ERANGE },
		{ "nice -", EINVAL }, { "nice --1", EINVAL },
		{ "rt", EINVAL }, { "rt 1", EINVAL }, { "sched", EINVAL },
		{ "sched 1", EINVAL }, { "nonsense 1", EINVAL },
		{ "weight 200 nonsense 1", EINVAL },
		{ "sched on weight 200 burst 1 max 999", ERANGE },
	};
	char why[128];
	unsigned int i, on;

	for (on = 0; on < 2; on++) {
		EXPECT_EQ(0, set(ID, on ? "sched on" : "sched off"));
		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			EXPECT_EQ(-bad[i].err, set(ID, bad[i].line)) {
				TH_LOG("line '%s'", bad[i].line);
			}
			EXPECT_LT(3, ctx_read(ID, "last_error", why, sizeof(why)));
		}
		EXPECT_SETTINGS(ID, on ? "sched=on " DEFAULTS :
				"sched=off " DEFAULTS);
	}
	EXPECT_EQ(-EINVAL, set(ID, "weight 0x10"));
	ctx_read(ID, "last_error", why, sizeof(why));
	EXPECT_STREQ("a weight is a decimal number\n", why);
	EXPECT_EQ(0, set(ID, "weight 10"));
	ctx_read(ID, "last_error", why, sizeof(why));
	EXPECT_STREQ("ok\n", why);
	/* With a burst, the quota cannot shrink below it. */
	EXPECT_EQ(0, set(ID, "max 50000 burst 50000"));
	EXPECT_EQ(-EINVAL, set(ID, "max 49999"));
	EXPECT_EQ(0, set(ID, "max 49999 burst 49999"));
}

static char own_sched[64];

static long do_read(long path, long b, long c)
{
	char buf[LIMITS_SIZE];

	return read_file((const char *)path, buf, sizeof(buf));
}

TEST_F(sched, who_may_set)
{
	struct agent stranger = {};

	ctx_path(own_sched, ID, "sched");
	agent_stop(&self->member);
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
	EXPECT_LT(0, CALL(do_read, (long)own_sched, 0, 0));
	EXPECT_EQ(-EPERM, CALL(do_write, (long)own_sched, (long)"weight 200\n", 0));
	EXPECT_EQ(-EPERM, CALL(do_write, (long)own_sched, (long)"sched on\n", 0));
	ASSERT_EQ(0, agent_start(&stranger));
	EXPECT_EQ(0, agent_call(&stranger, do_become_nobody, 0, 0, 0));
	EXPECT_LT(0, agent_call(&stranger, do_read, (long)own_sched, 0, 0));
	EXPECT_EQ(-EACCES, agent_call(&stranger, do_write, (long)own_sched,
				      (long)"weight 200\n", 0));
	agent_stop(&stranger);
	EXPECT_SETTINGS(ID, "sched=off " DEFAULTS);
}

/* The flag, and who is in the group */

TEST_F(sched, flag)
{
	struct agent agent = {};
	struct vctx_self me;
	long id;

	EXPECT_EQ(0, get_self(&me));
	EXPECT_TRUE(me.flags_supported & VCTX_FLAG_SCHED);
	EXPECT_EQ(0, ctx_write(ID, "status", "flags sched\n"));
	EXPECT_TRUE(has_flag(ID));
	EXPECT_SETTINGS(ID, "sched=on " DEFAULTS);
	EXPECT_EQ(0, ctx_write(ID, "status", "flags sched,lock\n"));
	EXPECT_EQ(0, set(ID, "sched off"));
	EXPECT_FALSE(has_flag(ID));
	EXPECT_EQ(0, set(ID, "sched on"));
	EXPECT_EQ(0, set(ID, "sched on"));
	EXPECT_TRUE(has_flag(ID));
	EXPECT_EQ(0, set(ID, "sched off"));
	EXPECT_EQ(0, set(ID, "sched off"));
	EXPECT_FALSE(has_flag(ID));

	/* At entry: into what is there, and into a fresh one by anybody */
	ASSERT_EQ(0, agent_start(&agent));
	EXPECT_EQ(0, agent_call(&agent, do_enter, ID, VCTX_FLAG_SCHED, 0));
	EXPECT_TRUE(has_flag(ID));
	agent_stop(&agent);
	ASSERT_EQ(0, agent_start(&agent));
	EXPECT_EQ(0, agent_call(&agent, do_become_nobody, 0, 0, 0));
	EXPECT_EQ(0, agent_call(&agent, do_enter, VCTX_ID_NEW,
				VCTX_FLAG_SCHED, 0));
	id = agent_call(&agent, do_self_id, 0, 0, 0);
	EXPECT_LT(0, id);
	EXPECT_TRUE(has_flag(id));
	agent_stop(&agent);
	EXPECT_EQ(0, ctx_end_dynamic(id));
}

TEST_F(sched, group)
{
	long pid = self->member.pid;
	long child, tid;

	if (groups_missing())
		SKIP(return, "%s cannot be read", GROUPS);
	child = CALL(do_fork_pause, 0, 0, 0);
	tid = CALL(do_thread, 0, 0, 0);
	EXPECT_LT(0, child);
	EXPECT_LT(0, tid);
	EXPECT_TRUE(in_group(pid, 0));
	EXPECT_TRUE(in_group(tid, 0));

	EXPECT_EQ(0, set(ID, "sched on"));
	EXPECT_TRUE(in_group(pid, ID));
	EXPECT_TRUE(in_group(child, ID));
	EXPECT_TRUE(in_group(tid, ID));
	/* Those that come later, of the member and from the host */
	EXPECT_TRUE(in_group(CALL(do_fork_pause, 0, 0, 0), ID));
	EXPECT_TRUE(in_group(CALL(do_thread, 0, 0, 0), ID));
	/* The host is in none. */
	EXPECT_TRUE(in_group(getpid(), 0));

	EXPECT_EQ(0, set(ID, "sched off"));
	EXPECT_TRUE(in_group(pid, 0));
	EXPECT_TRUE(in_group(child, 0));
	EXPECT_TRUE(in_group(tid, 0));
	EXPECT_EQ(0, set(ID, "sched on"));
	EXPECT_TRUE(in_group(child, ID));
}

TEST_F(sched, enter)
{
	struct agent agent = {};
	long pid;

	if (groups_missing())
		SKIP(return, "%s cannot be read", GROUPS);
	EXPECT_EQ(0, set(ID, "sched on"));
	ASSERT_EQ(0, agent_start(&agent));
	EXPECT_TRUE(in_group(agent.pid, 0));
	EXPECT_EQ(0, agent_call(&agent, do_enter, ID, 0, 0));
	EXPECT_TRUE(in_group(agent.pid, ID));
	pid = agent_call(&agent, do_fork_pause, 0, 0, 0);
	EXPECT_TRUE(in_group(pid, ID));
	agent_stop(&agent);
}

/*
 *	 ID          the group of the nearest context that has one
 *	  `- child
 *	      `- grandchild
 */
TEST_F(sched, nested)
{
	struct agent child = {}, grandchild = {};
	long child_id, grandchild_id;
	long before;

	if (groups_missing())
		SKIP(return, "%s cannot be read", GROUPS);
	ASSERT_EQ(0, agent_start_in(&child, ID));
	EXPECT_EQ(0, agent_call(&child, do_enter, VCTX_ID_NEW, 0, 0));
	child_id = agent_call(&child, do_self_id, 0, 0, 0);
	ASSERT_EQ(0, agent_start_in(&grandchild, child_id));
	EXPECT_EQ(0, agent_call(&grandchild, do_enter, VCTX_ID_NEW,
				VCTX_FLAG_SCHED, 0));
	grandchild_id = agent_call(&grandchild, do_self_id, 0, 0, 0);

	EXPECT_TRUE(in_group(child.pid, 0));
	EXPECT_TRUE(in_group(grandchild.pid, grandchild_id));
	EXPECT_EQ(0, set(ID, "sched on"));
	EXPECT_TRUE(in_group(child.pid, ID));
	EXPECT_TRUE(in_group(grandchild.pid, grandchild_id));
	EXPECT_EQ(0, set(child_id, "sched on"));
	EXPECT_TRUE(in_group(child.pid, child_id));
	EXPECT_TRUE(in_group(self->member.pid, ID));

	/* A cap above holds for the lowest, whatever is between. */
	EXPECT_EQ(0, set(ID, "max 20000 100000"));
	EXPECT_EQ(0, set(grandchild_id, "max 50000 100000"));
	EXPECT_LT(0, agent_call(&grandchild, do_spin, 1, 0, 0));
	EXPECT_TRUE(WAIT_UNTIL(ctx_number(ID, "sched", "nr_throttled") > 1));
	EXPECT_EQ(0, set(child_id, "sched off"));
	EXPECT_TRUE(in_group(child.pid, ID));
	before = ctx_number(ID, "sched", "nr_throttled");
	EXPECT_TRUE(WAIT_UNTIL(ctx_number(ID, "sched", "nr_throttled") > before));
	EXPECT_EQ(0, set(child_id, "sched on"));
	before = ctx_number(ID, "sched", "nr_throttled");
	EXPECT_TRUE(WAIT_UNTIL(ctx_number(ID, "sched", "nr_throttled") > before));

	/* Without it, those below are capped by their own. */
	EXPECT_EQ(0, set(ID, "sched off"));
	EXPECT_TRUE(in_group(self->member.pid, 0));
	EXPECT_TRUE(in_group(child.pid, child_id));
	EXPECT_TRUE(in_group(grandchild.pid, grandchild_id));
	before = ctx_number(grandchild_id, "sched", "nr_throttled");
	EXPECT_TRUE(WAIT_UNTIL(ctx_number(grandchild_id, "sched",
					  "nr_throttled") > before));
	/* The time is added when the group runs again. */
	EXPECT_TRUE(WAIT_UNTIL(ctx_number(grandchild_id, "sched",
					  "throttled_usec") > 0));

	EXPECT_EQ(0, ctx_write(ID, "kill", "1\n"));
	agent_stop(&grandchild);
	agent_stop(&child);
	EXPECT_EQ(0, ctx_end_dynamic(grandchild_id));
	EXPECT_EQ(0, ctx_end_dynamic(child_id));
}

/* What members might try */

TEST_F(sched, autogroup)
{
	if (groups_missing())
		SKIP(return, "%s cannot be read", GROUPS);
	EXPECT_EQ(0, set(ID, "sched on"));
	EXPECT_EQ(0, CALL(do_setsid, 0, 0, 0));
	EXPECT_TRUE(in_group(self->member.pid, ID));
	EXPECT_TRUE(in_group(CALL(do_fork_pause, 0, 0, 0), ID));
}

static char cgroup_dir[32];
static char cgroup_file[64];

TEST_F(sched, cgroup)
{
	char text[128], path[64];

	if (groups_missing())
		SKIP(return, "%s cannot be read", GROUPS);
	snprintf(cgroup_dir, sizeof(cgroup_dir), "/tmp/vctx_sched_XXXXXX");
	ASSERT_NE(NULL, mkdtemp(cgroup_dir));
	if (mount("cgroup2", cgroup_dir, "cgroup2", 0, NULL)) {
		rmdir(cgroup_dir);
		SKIP(return, "no cgroup2");
	}
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", cgroup_dir);
	if (write_file(path, "+cpu", 4)) {
		umount(cgroup_dir);
		rmdir(cgroup_dir);
		SKIP(return, "cgroup2 has no cpu controller");
	}
	snprintf(path, sizeof(path), "%s/member", cgroup_dir);
	EXPECT_EQ(0, mkdir(path, 0755));
	snprintf(cgroup_file, sizeof(cgroup_file), "%s/member/cgroup.procs",
		 cgroup_dir);
	/* It takes part in the mount. */
	agent_stop(&self->member);
	EXPECT_EQ(0, agent_start_in(&self->member, ID));
	EXPECT_EQ(0, set(ID, "sched on"));
	EXPECT_EQ(0, CALL(do_write, (long)cgroup_file, (long)"0\n", 0));
	EXPECT_TRUE(in_group(self->member.pid, ID));
	EXPECT_TRUE(in_group(CALL(do_fork_pause, 0, 0, 0), ID));

	/* It counts again as soon as the context has no group. */
	EXPECT_EQ(0, set(ID, "sched off"));
	EXPECT_STREQ("/member", group_of(self->member.pid, text));
	EXPECT_EQ(0, set(ID, "sched on"));
	EXPECT_TRUE(in_group(self->member.pid, ID));

	agent_stop(&self->member);
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(!rmdir(path) || errno == ENOENT));
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", cgroup_dir);
	write_file(path, "-cpu", 4);
	umount(cgroup_dir);
	rmdir(cgroup_dir);
}

TEST_F(sched, nice_floor)
{
	long child = CALL(do_fork_pause, 0, 0, 0);

	EXPECT_LT(0, child);
	EXPECT_EQ(0, CALL(do_setpriority, -5, 0, 0));
	EXPECT_EQ(15, CALL(do_getpriority, 0, 0, 0));
	/* Those that are below it are brought there, a group or not. */
	EXPECT_EQ(0, set(ID, "nice 5"));
	EXPECT_EQ(25, CALL(do_getpriority, 0, 0, 0));
	EXPECT_EQ(-EPERM, CALL(do_setpriority, 4, 0, 0));
	EXPECT_EQ(-EPERM, CALL(do_nice, -1, 0, 0));
	EXPECT_EQ(-EPERM, CALL(do_set_policy, SCHED_OTHER, 4, 0));
	EXPECT_EQ(-EPERM, CALL(do_set_policy, SCHED_BATCH, -20, 0));
	EXPECT_EQ(0, CALL(do_setpriority, 10, 0, 0));
	EXPECT_EQ(0, CALL(do_nice, -5, 0, 0));
	EXPECT_EQ(25, CALL(do_getpriority, 0, 0, 0));
	EXPECT_EQ(0, CALL(do_set_policy, SCHED_IDLE, 0, 0));
	EXPECT_EQ(0, CALL(do_set_policy, SCHED_OTHER, 5, 0));
	EXPECT_EQ(25, CALL(do_child_nice, 0, 0, 0));
	/* SCHED_RESET_ON_FORK would bring children back to 0. */
	EXPECT_EQ(0, CALL(do_set_policy, SCHED_FIFO, 1, FLAG_RESET_ON_FORK));
	EXPECT_EQ(25, CALL(do_child_nice, 0, 0, 0));
	EXPECT_EQ(0, CALL(do_set_policy, SCHED_OTHER, 5, 0));

	EXPECT_EQ(0, set(ID, "nice 0"));
	EXPECT_EQ(25, CALL(do_getpriority, 0, 0, 0));
	EXPECT_EQ(0, CALL(do_setpriority, 0, 0, 0));
	EXPECT_EQ(-EPERM, CALL(do_setpriority, -1, 0, 0));
	EXPECT_EQ(0, set(ID, "nice -20"));
	EXPECT_EQ(0, CALL(do_setpriority, -20, 0, 0));
	/* The host goes where it likes. */
	EXPECT_EQ(0, setpriority(PRIO_PROCESS, 0, -1));
	EXPECT_EQ(0, setpriority(PRIO_PROCESS, 0, 0));
}

TEST_F(sched, nice_floor_above)
{
	struct agent child = {};
	long id;

	EXPECT_EQ(0, set(ID, "nice 3"));
	ASSERT_EQ(0, agent_start_in(&child, ID));
	EXPECT_EQ(23, agent_call(&child, do_getpriority, 0, 0, 0));
	EXPECT_EQ(0, agent_call(&child, do_enter, VCTX_ID_NEW, 0, 0));
	id = agent_call(&child, do_self_id, 0, 0, 0);
	EXPECT_EQ(-EPERM, agent_call(&child, do_setpriority, 2, 0, 0));
	EXPECT_EQ(0, set(ID, "nice 7"));
	EXPECT_EQ(27, agent_call(&child, do_getpriority, 0, 0, 0));
	EXPECT_EQ(0, set(id, "nice 9"));
	EXPECT_EQ(29, agent_call(&child, do_getpriority, 0, 0, 0));
	EXPECT_EQ(27, CALL(do_getpriority, 0, 0, 0));
	agent_stop(&child);
	EXPECT_EQ(0, ctx_end_dynamic(id));
}

TEST_F(sched, real_time)
{
	static const int policy[] = { SCHED_FIFO, SCHED_RR, SCHED_DEADLINE };
	struct agent agent = {};
	unsigned int i;

	/* Nothing to defend without a group: as outside. */
	EXPECT_EQ(0, CALL(do_set_policy, SCHED_FIFO, 1, 0));
	EXPECT_EQ(0, set(ID, "sched on"));
	EXPECT_EQ(SCHED_OTHER, CALL(do_get_policy, 0, 0, 0));
	for (i = 0; i < ARRAY_SIZE(policy); i++)
		EXPECT_EQ(-EPERM, CALL(do_set_policy, policy[i], 1, 0));
	EXPECT_EQ(0, CALL(do_set_policy, SCHED_BATCH, 0, 0));
	EXPECT_EQ(SCHED_BATCH, CALL(do_get_policy, 0, 0, 0));

	EXPECT_EQ(0, set(ID, "rt allow"));
	for (i = 0; i < ARRAY_SIZE(policy); i++) {
		EXPECT_EQ(0, CALL(do_set_policy, policy[i], 1, 0));
		EXPECT_EQ(policy[i], CALL(do_get_policy, 0, 0, 0));
		EXPECT_EQ(0, set(ID, "rt deny"));
		EXPECT_EQ(SCHED_OTHER, CALL(do_get_policy, 0, 0, 0));
		EXPECT_EQ(0, set(ID, "rt allow"));
	}
	EXPECT_EQ(0, set(ID, "rt deny"));

	/* Nor can it be brought in. */
	ASSERT_EQ(0, agent_start(&agent));
	EXPECT_EQ(0, agent_call(&agent, do_set_policy, SCHED_RR, 1, 0));
	EXPECT_EQ(0, agent_call(&agent, do_enter, ID, 0, 0));
	EXPECT_EQ(SCHED_OTHER, agent_call(&agent, do_get_policy, 0, 0, 0));
	agent_stop(&agent);

	EXPECT_EQ(0, set(ID, "sched off"));
	EXPECT_EQ(0, CALL(do_set_policy, SCHED_RR, 1, 0));
}

/* Without a group of its own, the rules are those of the one above. */
TEST_F(sched, rt_above)
{
	struct agent child = {};
	long id;

	EXPECT_EQ(0, set(ID, "sched on"));
	ASSERT_EQ(0, agent_start_in(&child, ID));
	EXPECT_EQ(0, agent_call(&child, do_enter, VCTX_ID_NEW,
				VCTX_FLAG_SCHED, 0));
	id = agent_call(&child, do_self_id, 0, 0, 0);
	EXPECT_EQ(0, set(id, "rt allow"));
	EXPECT_EQ(0, agent_call(&child, do_set_policy, SCHED_FIFO, 1, 0));
	EXPECT_EQ(0, set(id, "sched off"));
	EXPECT_EQ(SCHED_OTHER, agent_call(&child, do_get_policy, 0, 0, 0));
	agent_stop(&child);
	EXPECT_TRUE(WAIT_UNTIL(!ctx_exists(id)));
}

/* Real-time tasks fork while that becomes forbidden: all of them obey. */
static long do_fork_rt(long n, long b, long c)
{
	struct sched_param param = { .sched_priority = 1 };
	long i;

	for (i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return -errno;
		if (pid)
			continue;
		if (sched_setscheduler(0, SCHED_RR, &param))
			_exit(1);
		for (;;) {
			pid = fork();
			if (pid > 0) {
				/* The parent goes, the child goes on. */
				usleep(100);
				_exit(0);
			}
			usleep(1000);
		}
	}
	return 0;
}

/* Members that are real-time; only a member sees them. */
static long do_count_rt(long a, long b, long c)
{
	static char buf[65536];
	char *line;
	long n = 0;

	/* A zombie stays what it was. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	if (ctx_read(ID, "procs", buf, sizeof(buf)) < 0)
		return -1;
	for (line = strtok(buf, "\n"); line; line = strtok(NULL, "\n")) {
		int policy = sched_getscheduler(atoi(line));

		n += policy == SCHED_RR || policy == SCHED_FIFO;
	}
	return n;
}

TEST_F(sched, rt_forks)
{
	int round;

	EXPECT_EQ(0, set(ID, "sched on rt allow"));
	for (round = 0; round < 5; round++) {
		/* More of them would leave no CPU to the member that is asked. */
		EXPECT_EQ(0, CALL(do_fork_rt, 1, 0, 0));
		EXPECT_TRUE(WAIT_UNTIL(CALL(do_count_rt, 0, 0, 0) > 0));
		EXPECT_EQ(0, set(ID, "rt deny"));
		EXPECT_TRUE(WAIT_UNTIL(!CALL(do_count_rt, 0, 0, 0)));
		sleep_ms(20);
		EXPECT_EQ(0, CALL(do_count_rt, 0, 0, 0));
		EXPECT_EQ(0, set(ID, "rt allow"));
	}
}

/* Caps */

TEST_F(sched, throttled)
{
	long past;

	EXPECT_EQ(0, set(ID, "sched on max 10000 100000"));
	EXPECT_LT(0, CALL(do_spin, 2, 0, 0));
	EXPECT_TRUE(WAIT_UNTIL(ctx_number(ID, "sched", "nr_throttled") > 1));
	EXPECT_LT(0, ctx_number(ID, "sched", "nr_periods"));
	EXPECT_TRUE(WAIT_UNTIL(ctx_number(ID, "sched", "throttled_usec") > 0));
	EXPECT_LT(1, ctx_number(ID, "sched", "running"));

	/* What was counted stays when the group goes. */
	past = ctx_number(ID, "sched", "nr_throttled");
	EXPECT_EQ(0, set(ID, "sched off"));
	EXPECT_LE(past, ctx_number(ID, "sched", "nr_throttled"));
	past = ctx_number(ID, "sched", "nr_throttled");
	EXPECT_EQ(0, set(ID, "sched on " NO_CAP));
	sleep_ms(200);
	EXPECT_EQ(past, ctx_number(ID, "sched", "nr_throttled"));
	EXPECT_EQ(0, set(ID, "max 5000 10000 burst 5000"));
	EXPECT_TRUE(WAIT_UNTIL(ctx_number(ID, "sched", "nr_throttled") > past));
}

/* Who watches is told. */
TEST_F(sched, throttled_event)
{
	struct pollfd events = { .events = POLLPRI };
	char buf[4096], path[64];

	EXPECT_EQ(0, ctx_number(ID, "events", "throttled"));
	events.fd = open(ctx_path(path, ID, "events"), O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, events.fd);
	EXPECT_LT(0, read(events.fd, buf, sizeof(buf)));
	EXPECT_EQ(0, poll(&events, 1, 0));
	EXPECT_LT(0, CALL(do_spin, 2, 0, 0));
	EXPECT_EQ(0, set(ID, "sched on max 10000 100000"));
	EXPECT_EQ(1, poll(&events, 1, PATIENCE_MS));
	EXPECT_TRUE(events.revents & POLLPRI);
	EXPECT_TRUE(WAIT_UNTIL(ctx_number(ID, "events", "throttled") > 0));
	close(events.fd);
}

TEST_F(sched, kill_throttled)
{
	EXPECT_LT(0, CALL(do_spin, 8, 0, 0));
	EXPECT_EQ(0, set(ID, "sched on max 5000 1000000"));
	EXPECT_TRUE(WAIT_UNTIL(ctx_number(ID, "sched", "nr_throttled") > 0));
	EXPECT_EQ(0, ctx_write(ID, "kill", "1\n"));
	/* With so little time they would be long about it. */
	EXPECT_EQ(0, set(ID, NO_CAP));
	agent_stop(&self->member);
	EXPECT_TRUE(WAIT_UNTIL(!ctx_number(ID, "status", "members")));
}

TEST_F(sched, gone_while_throttled)
{
	struct agent agent = {};
	long id;

	ASSERT_EQ(0, agent_start(&agent));
	EXPECT_EQ(0, agent_call(&agent, do_enter, VCTX_ID_NEW,
				VCTX_FLAG_SCHED, 0));
	id = agent_call(&agent, do_self_id, 0, 0, 0);
	EXPECT_EQ(0, set(id, "max 20000 100000"));
	EXPECT_LT(0, agent_call(&agent, do_spin, 2, 0, 0));
	EXPECT_TRUE(WAIT_UNTIL(ctx_number(id, "sched", "nr_throttled") > 1));
	EXPECT_EQ(0, ctx_write(id, "kill", "1\n"));
	agent_stop(&agent);
	EXPECT_TRUE(WAIT_UNTIL(!ctx_exists(id)));
}

/* Machines */

TEST_F(sched, pinned)
{
	EXPECT_EQ(0, set(ID, "sched on max 50000 100000"));
	EXPECT_EQ(0, CALL(do_pin, 0, 0, 0));
	EXPECT_LT(0, CALL(do_spin, 4, 0, 0));
	EXPECT_TRUE(WAIT_UNTIL(ctx_number(ID, "sched", "nr_throttled") > 1));
	EXPECT_EQ(0, set(ID, "weight 1"));
	EXPECT_EQ(0, set(ID, "sched off"));
	EXPECT_EQ(0, set(ID, "sched on idle 1 " NO_CAP));
	EXPECT_EQ(0, set(ID, "idle 0"));
	EXPECT_EQ(0, set(ID, "weight 10000"));
}

TEST_F(sched, cpu_hotplug)
{
	static const char online[] = "/sys/devices/system/cpu/cpu1/online";
	int i;

	if (access(online, W_OK))
		SKIP(return, "no second CPU that can be taken away");
	EXPECT_EQ(0, set(ID, "sched on max 50000 100000"));
	EXPECT_LT(0, CALL(do_spin, 4, 0, 0));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, write_file(online, "0", 1));
		EXPECT_EQ(0, set(ID, "max 30000 100000"));
		EXPECT_EQ(0, set(ID, "sched off"));
		EXPECT_EQ(0, set(ID, "sched on"));
		EXPECT_EQ(0, write_file(online, "1", 1));
		EXPECT_EQ(0, set(ID, "max 50000 100000"));
	}
}

/* Runs until one context of ten times the weight has clearly had more. */
TEST_F(sched, weight)
{
	struct agent other = {};
	long light, heavy;

	ASSERT_EQ(0, ctx_mkdir(OTHER));
	ASSERT_EQ(0, agent_start_in(&other, OTHER));
	EXPECT_EQ(0, set(ID, "sched on weight 50"));
	EXPECT_EQ(0, set(OTHER, "sched on weight 500"));
	EXPECT_EQ(0, CALL(do_pin, 0, 0, 0));
	EXPECT_EQ(0, agent_call(&other, do_pin, 0, 0, 0));
	EXPECT_LT(0, CALL(do_spin, 5, 0, 0));
	EXPECT_LT(0, agent_call(&other, do_spin, 1, 0, 0));
	light = ctx_number(ID, "sched", "usage_usec");
	heavy = ctx_number(OTHER, "sched", "usage_usec");
	EXPECT_TRUE(WAIT_UNTIL(ctx_number(ID, "sched", "usage_usec") - light > 100000));
	EXPECT_TRUE(WAIT_UNTIL(ctx_number(OTHER, "sched", "usage_usec") - heavy > 500000));
	light = ctx_number(ID, "sched", "usage_usec") - light;
	heavy = ctx_number(OTHER, "sched", "usage_usec") - heavy;
	EXPECT_LT(2 * light, heavy);
	agent_stop(&other);
	EXPECT_EQ(0, ctx_end(OTHER));
}

/* Many that come and go */

TEST_F(sched, churn)
{
	struct agent agent = {};
	int i;

	EXPECT_EQ(0, set(ID, "sched on"));
	for (i = 0; i < 30; i++) {
		/* A chain of three, each with a group of its own. */
		ASSERT_EQ(0, agent_start_in(&agent, ID));
		EXPECT_EQ(0, agent_call(&agent, do_enter, VCTX_ID_NEW,
					VCTX_FLAG_SCHED, 0));
		EXPECT_LT(0, agent_call(&agent, do_fork_pause, 0, 0, 0));
		EXPECT_EQ(0, agent_call(&agent, do_enter, VCTX_ID_NEW,
					VCTX_FLAG_SCHED, 0));
		EXPECT_LT(0, agent_call(&agent, do_fork_pause, 0, 0, 0));
		agent_stop(&agent);
	}
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts + 1));
}

/* Everything at once */

static void *stress_thread(void *arg)
{
	struct attr attr = { .size = sizeof(attr) };

	attr.nice = rand() % 40 - 20;
	syscall(__NR_sched_setattr, 0, &attr, 0);
	if (rand() % 2)
		sched_yield();
	return NULL;
}

/* Forks, has threads, nests, changes its class, and ends. */
static void __attribute__((noreturn)) stress_member(unsigned int seed, int depth)
{
	pthread_t thread[4];
	cpu_set_t cpus;
	int i;

	srand(seed);
	for (;;) {
		switch (rand() % 10) {
		case 0:
			if (depth < 3 &&
			    !enter(VCTX_ID_NEW, rand() % 2 ? VCTX_FLAG_SCHED : 0, 0))
				depth++;
			break;
		case 1:
			for (i = 0; i < 4; i++)
				if (pthread_create(&thread[i], NULL,
						   stress_thread, NULL))
					_exit(0);
			for (i = 0; i < 4; i++)
				pthread_join(thread[i], NULL);
			break;
		case 2:
			set_policy(rand() % 2 ? SCHED_FIFO : SCHED_DEADLINE, 1, 0);
			set_policy(SCHED_OTHER, 0, 0);
			break;
		case 3:
			setsid();
			break;
		case 4:
			sched_getaffinity(0, sizeof(cpus), &cpus);
			do_pin(rand() % 2, 0, 0);
			sched_setaffinity(0, sizeof(cpus), &cpus);
			break;
		case 5:
			sleep_ms(rand() % 3);
			break;
		case 6:
			execl("/bin/true", "true", NULL);
			break;
		default:
			seed = rand();
			i = fork();
			if (!i)
				srand(seed);
			else if (i > 0 && rand() % 2)
				_exit(0);
			else if (i > 0)
				waitpid(i, NULL, 0);
		}
		if (rand() % 8 == 0)
			_exit(0);
	}
}

static void stress_settings(__u32 id)
{
	char line[128];

	switch (rand() % 8) {
	case 0:
		set(id, "sched off");
		break;
	case 1:
	case 2:
		set(id, "sched on");
		break;
	case 3:
		snprintf(line, sizeof(line), "weight %d", rand() % 10000 + 1);
		set(id, line);
		break;
	case 4:
		snprintf(line, sizeof(line), "max %d %d burst 0",
			 rand() % 100000 + 5000, rand() % 50000 + 1000);
		set(id, line);
		break;
	case 5:
		set(id, NO_CAP " burst 0");
		break;
	case 6:
		snprintf(line, sizeof(line), "idle %d nice %d rt %s",
			 rand() % 2, rand() % 40 - 20,
			 rand() % 2 ? "allow" : "deny");
		set(id, line);
		break;
	case 7:
		set(id, rand() % 2 ? "sched on max 5000 10000 burst 5000" :
		    "sched on idle 0 weight 100 " NO_CAP);
		break;
	}
}

/* All contexts that there are, those below included */
static void stress_one_of_all(void)
{
	DIR *dir = opendir(VCTXFS);
	struct dirent *entry;
	int pick = rand() % 16;
	long id = ID;

	while (dir && (entry = readdir(dir)))
		if (atol(entry->d_name) > 1 && !pick--)
			id = atol(entry->d_name);
	if (dir)
		closedir(dir);
	stress_settings(id);
}

TEST_F(sched, stress)
{
	long end = now_ms() + env_long("VCTX_TEST_SECONDS", 3) * 1000;
	unsigned int seed = now_ms();
	pid_t pid[8] = {};
	long rounds = 0;
	int i;

	TH_LOG("seed %u", seed);
	srand(seed);
	ASSERT_EQ(0, ctx_mkdir(OTHER));
	EXPECT_EQ(0, ctx_set_limits(ID, "ntask hard 100"));
	EXPECT_EQ(0, ctx_set_limits(OTHER, "ntask hard 100"));
	while (now_ms() < end) {
		for (i = 0; i < 8; i++) {
			if (pid[i] > 0 && waitpid(pid[i], NULL, WNOHANG) != pid[i])
				continue;
			pid[i] = fork();
			if (!pid[i]) {
				if (!enter(i % 2 ? ID : OTHER, 0, 0))
					stress_member(seed + i + rounds, 0);
				_exit(0);
			}
		}
		for (i = 0; i < 16; i++)
			stress_one_of_all();
		if (rand() % 64 == 0)
			ctx_write(rand() % 2 ? ID : OTHER, "kill", "1\n");
		rounds++;
	}
	TH_LOG("%ld rounds", rounds);
	set(ID, NO_CAP " burst 0");
	set(OTHER, NO_CAP " burst 0");
	for (i = 0; i < 8; i++) {
		ctx_write(ID, "kill", "1\n");
		ctx_write(OTHER, "kill", "1\n");
	}
	/* Contexts below may still have caps. */
	for (i = 0; i < 100 && ctx_count() > self->contexts + 2; i++) {
		DIR *dir = opendir(VCTXFS);
		struct dirent *entry;

		while (dir && (entry = readdir(dir)))
			if (atol(entry->d_name) >= VCTX_ID_DYNAMIC_MIN)
				set(atol(entry->d_name), NO_CAP " burst 0");
		if (dir)
			closedir(dir);
		sleep_ms(50);
	}
	for (i = 0; i < 8; i++)
		if (pid[i] > 0)
			waitpid(pid[i], NULL, 0);
	EXPECT_EQ(0, ctx_end(OTHER));
}

TEST_HARNESS_MAIN
