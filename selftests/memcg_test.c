// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - memory and swap: a memory cgroup that the context owns
 */

#define _GNU_SOURCE
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/xattr.h>

#include "common.h"

#define ID		60141
#define OTHER_ID	60142
#define STR_(_x)	#_x
#define STR(_x)		STR_(_x)

#define CGROUPS		"/sys/fs/cgroup"
#define TOP		CGROUPS "/vctx." STR(ID)
#define MEMBERS		TOP "/members"
#define OTHER		CGROUPS "/vctx." STR(OTHER_ID)
/* The administrator's */
#define HOST		CGROUPS "/vctx_memcg_test"

#define MiB		(1024 * 1024L)

#ifndef __NR_clone3
#define __NR_clone3	435
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

static const char *memcg_missing(void)
{
	char buf[512];

	if (vctx_missing())
		return vctx_missing();
	if (read_file(CGROUPS "/cgroup.controllers", buf, sizeof(buf)) < 0)
		return "cgroup v2 is not mounted on " CGROUPS;
	if (!strstr(buf, "memory"))
		return "there is no memory controller in cgroup v2";
	return NULL;
}

/* The number after @key in a flat keyed cgroup file, or the only one */
static long cgroup_number(const char *path, const char *key)
{
	char buf[8192], *at = buf;
	int len = read_file(path, buf, sizeof(buf));

	if (len < 0)
		return len;
	if (key) {
		at = strstr(buf, key);
		if (!at)
			return -ENOENT;
		at += strlen(key) + 1;
	}
	return strncmp(at, "max", 3) ? atol(at) : NO_LIMIT;
}

/* What /proc says, which hides nothing from the process itself */
static long do_in(long path, long b, long c)
{
	char buf[4096], *line;

	if (read_file("/proc/self/cgroup", buf, sizeof(buf)) < 0)
		return -EIO;
	line = strstr(buf, "0::");
	if (!line)
		return -ENOENT;
	line[strcspn(line, "\n")] = '\0';
	return !strcmp(line + 3, (const char *)path + strlen(CGROUPS));
}

/* Touches memory and keeps it. */
static long do_touch(long size, long b, long c)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -errno;
	memset(p, 1, size);
	return (long)p;
}

/* A child that touches memory; its wait status */
static long do_touch_child(long size, long b, long c)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid) {
		do_touch(size, 0, 0);
		_exit(7);
	}
	return waitpid(pid, &status, 0) == pid ? status : -errno;
}

static long do_write_pages(long path, long size, long c)
{
	static char page[65536];
	int fd = open((const char *)path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	long err = 0;

	if (fd < 0)
		return -errno;
	for (; size > 0 && !err; size -= sizeof(page))
		if (write(fd, page, sizeof(page)) != sizeof(page))
			err = -errno;
	close(fd);
	return err;
}

FIXTURE(memcg) {
	struct agent member, host;
	int contexts;
	/* What the test writes there, agents read. */
	char *path;
};

FIXTURE_SETUP(memcg)
{
	if (memcg_missing())
		SKIP(return, "%s", memcg_missing());
	ASSERT_EQ(0, ctx_end(ID));
	ASSERT_EQ(0, ctx_end(OTHER_ID));
	rmdir(HOST);
	self->contexts = ctx_count();
	self->path = mmap(NULL, PATH_MAX, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->path);
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start(&self->host));
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
}

FIXTURE_TEARDOWN_PARENT(memcg)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_EQ(0, ctx_end(OTHER_ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
	/* With the context, its cgroups are gone. */
	EXPECT_NE(0, access(TOP, F_OK));
	EXPECT_NE(0, access(OTHER, F_OK));
	WAIT_UNTIL(!rmdir(HOST) || errno == ENOENT);
}

#define CALL(_fn, _a, _b) \
	agent_call(&self->member, _fn, (long)(_a), (long)(_b), 0)
#define HOST_CALL(_fn, _a, _b) \
	agent_call(&self->host, _fn, (long)(_a), (long)(_b), 0)

/* What there is, and what it shows */

TEST_F(memcg, none_without_limit)
{
	struct limit limit;

	EXPECT_LT(0, CALL(do_touch, MiB, 0));
	ASSERT_EQ(0, ctx_limit(ID, MEMORY, &limit));
	EXPECT_EQ(0, limit.usage);
	EXPECT_EQ(NO_LIMIT, limit.soft);
	EXPECT_EQ(NO_LIMIT, limit.hard);
	/* That there is no limit needs no cgroup. */
	EXPECT_EQ(0, ctx_set_limits(ID, "memory soft max hard max swap hard max"));
	EXPECT_NE(0, access(TOP, F_OK));
	EXPECT_EQ(1, CALL(do_in, CGROUPS "/", 0));
}

TEST_F(memcg, members_are_moved)
{
	long pid = CALL(do_fork_pause, 0, 0);

	ASSERT_LT(0, pid);
	EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 200000000"));
	EXPECT_EQ(1, CALL(do_in, MEMBERS, 0));
	EXPECT_EQ(0, HOST_CALL(do_in, MEMBERS, 0));
	EXPECT_EQ(0, access(MEMBERS "/memory.stat", R_OK));
	EXPECT_EQ(200000000 / 4096 * 4096,
		  cgroup_number(TOP "/memory.max", NULL));
	/* Counted by the host, although it cannot name them */
	EXPECT_EQ(2, ctx_usage(ID, NPROC));
	EXPECT_EQ(0, CALL(do_kill_wait, pid, 0));
}

TEST_F(memcg, who_comes_later)
{
	struct agent late;

	EXPECT_EQ(0, ctx_set_limits(ID, "swap hard 100000000"));
	ASSERT_EQ(0, agent_start_in(&late, ID));
	EXPECT_EQ(1, agent_call(&late, do_in, (long)MEMBERS, 0, 0));
	agent_stop(&late);
	EXPECT_EQ(1, CALL(do_in, MEMBERS, 0));
}

TEST_F(memcg, usage_and_limits)
{
	struct limit limit;
	long at;

	EXPECT_EQ(0, ctx_set_limits(ID, "memory soft 90000001 hard 100000000"));
	EXPECT_EQ(0, ctx_set_limits(ID, "swap soft 4095 hard 50000000"));
	ASSERT_EQ(0, ctx_limit(ID, MEMORY, &limit));
	/* Whole pages */
	EXPECT_EQ(90000001 / 4096 * 4096, limit.soft);
	EXPECT_EQ(100000000 / 4096 * 4096, limit.hard);
	EXPECT_EQ(0, limit.fail);
	ASSERT_EQ(0, ctx_limit(ID, SWAP, &limit));
	EXPECT_EQ(0, limit.usage);
	EXPECT_EQ(0, limit.soft);
	EXPECT_EQ(50000000 / 4096 * 4096, limit.hard);
	EXPECT_EQ(limit.hard, cgroup_number(TOP "/memory.swap.max", NULL));

	at = ctx_usage(ID, MEMORY);
	EXPECT_LT(0, CALL(do_touch, 10 * MiB, 0));
	ASSERT_EQ(0, ctx_limit(ID, MEMORY, &limit));
	EXPECT_LE(at + 10 * MiB, limit.usage);
	EXPECT_LE(limit.usage, limit.peak);
	EXPECT_GT(40 * MiB, limit.usage);
	/* The cgroup's numbers are the same. */
	EXPECT_LE(10 * MiB, cgroup_number(TOP "/memory.current", NULL));
	EXPECT_LE(limit.peak, cgroup_number(TOP "/memory.peak", NULL));

	/* No limits again, but counted still */
	EXPECT_EQ(0, ctx_set_limits(ID, "memory soft max hard max"));
	ASSERT_EQ(0, ctx_limit(ID, MEMORY, &limit));
	EXPECT_EQ(NO_LIMIT, limit.soft);
	EXPECT_EQ(NO_LIMIT, limit.hard);
	EXPECT_LE(10 * MiB, limit.usage);
	EXPECT_EQ(NO_LIMIT, cgroup_number(TOP "/memory.max", NULL));
}

TEST_F(memcg, bad_line_changes_nothing)
{
	EXPECT_EQ(-EINVAL, ctx_set_limits(ID, "memory hard 100000000 nproc hard x"));
	EXPECT_EQ(-EINVAL, ctx_set_limits(ID, "memory soft 8192 hard 4096"));
	EXPECT_NE(0, access(TOP, F_OK));
	EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 100000000"));
	EXPECT_EQ(-EINVAL, ctx_set_limits(ID, "memory soft 200000000"));
	EXPECT_EQ(0, ctx_set_limits(ID, "memory soft 50000000"));
	EXPECT_EQ(-EINVAL, ctx_set_limits(ID, "memory hard 40000000"));
}

/* A name that is taken is an error in words, and nothing has changed. */
TEST_F(memcg, name_taken)
{
	char why[256];

	ASSERT_EQ(0, mkdir(TOP, 0755));
	EXPECT_EQ(-EEXIST, ctx_set_limits(ID, "nproc hard 50 memory hard 100000000"));
	EXPECT_LT(0, ctx_read(ID, "last_error", why, sizeof(why)));
	EXPECT_NE(NULL, strstr(why, "cgroup"));
	EXPECT_EQ(1, CALL(do_in, CGROUPS "/", 0));
	EXPECT_EQ(0, rmdir(TOP));
	EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 100000000"));
	EXPECT_EQ(1, CALL(do_in, MEMBERS, 0));
}

TEST_F(memcg, summary)
{
	char buf[65536], *line, *at;
	unsigned long usage;

	EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 104857600"));
	EXPECT_LT(0, CALL(do_touch, 4 * MiB, 0));
	ASSERT_LT(0, read_file(VCTXFS "/summary", buf, sizeof(buf)));
	line = strstr(buf, "\n" STR(ID) " ");
	ASSERT_NE(NULL, line);
	line[1 + strcspn(line + 1, "\n")] = '\0';
	at = strstr(line, " memory=");
	ASSERT_NE(NULL, at);
	usage = strtoul(at + strlen(" memory="), &at, 10);
	EXPECT_LE(4 * MiB, usage);
	EXPECT_NE(NULL, strstr(at, ":max:104857600:0"));
}

/* What the limits do */

TEST_F(memcg, oom_inside)
{
	struct pollfd poll_fd = { .events = POLLPRI };
	struct limit limit;
	char buf[LIMITS_SIZE];
	int status;

	EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 33554432 swap hard 0"));
	poll_fd.fd = open(VCTXFS "/" STR(ID) "/events", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, poll_fd.fd);
	ASSERT_LT(0, read_fd(poll_fd.fd, buf, sizeof(buf)));

	status = CALL(do_touch_child, 64 * MiB, 0);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	EXPECT_EQ(1, poll(&poll_fd, 1, PATIENCE_MS));
	close(poll_fd.fd);

	ASSERT_EQ(0, ctx_limit(ID, MEMORY, &limit));
	EXPECT_LT(0, limit.fail);
	/* The kernel may go a little over it to get memory free. */
	EXPECT_GE(33554432 + MiB, limit.peak);
	EXPECT_EQ(limit.fail, ctx_number(ID, "events", "memory.hard"));
	EXPECT_LE(1, ctx_number(ID, "events", "memory.oom_kill"));
	EXPECT_LT(0, ctx_number(ID, "events", "memory.reclaim"));

	/* Nobody else was killed, and what fits still does. */
	EXPECT_EQ(0, HOST_CALL(do_self_id, 0, 0));
	EXPECT_EQ(ID, CALL(do_self_id, 0, 0));
	status = CALL(do_touch_child, 4 * MiB, 0);
	EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

/* Page cache is reclaimed, not refused. */
TEST_F(memcg, page_cache)
{
	const char *path = "/var/tmp/vctx_memcg_test";
	struct limit limit;

	EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 16777216 swap hard 0"));
	/* Whatever it is on, tmpfs is not reclaimed without swap. */
	EXPECT_EQ(0, CALL(do_write_pages, path, MiB));
	ASSERT_EQ(0, ctx_limit(ID, MEMORY, &limit));
	EXPECT_LE(MiB, limit.usage);
	EXPECT_EQ(0, limit.fail);
	unlink(path);
}

TEST_F(memcg, kernel_memory)
{
	long before, pid[20];
	unsigned int i;

	EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 200000000"));
	before = cgroup_number(TOP "/memory.stat", "\nkernel");
	for (i = 0; i < 20; i++) {
		pid[i] = CALL(do_fork_pause, 0, 0);
		EXPECT_LT(0, pid[i]);
	}
	EXPECT_LT(before + 20 * 16384,
		  cgroup_number(TOP "/memory.stat", "\nkernel"));
	for (i = 0; i < 20; i++)
		EXPECT_EQ(0, CALL(do_kill_wait, pid[i], 0));
}

TEST_F(memcg, soft_is_an_event)
{
	struct pollfd poll_fd = { .events = POLLPRI };
	char buf[LIMITS_SIZE];
	long at;

	EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 200000000"));
	at = ctx_usage(ID, MEMORY);
	EXPECT_EQ(0, ctx_set_limits(ID, "memory soft %ld", at + 8 * MiB));
	EXPECT_EQ(0, ctx_number(ID, "events", "memory.soft"));
	poll_fd.fd = open(VCTXFS "/" STR(ID) "/events", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, poll_fd.fd);
	ASSERT_LT(0, read_fd(poll_fd.fd, buf, sizeof(buf)));
	EXPECT_EQ(7 << 8, CALL(do_touch_child, 24 * MiB, 0));
	EXPECT_EQ(1, ctx_number(ID, "events", "memory.soft"));
	EXPECT_EQ(1, poll(&poll_fd, 1, PATIENCE_MS));
	close(poll_fd.fd);
	/* It went down in between; seen at the next charge. */
	EXPECT_TRUE(WAIT_UNTIL(ctx_usage(ID, MEMORY) < at + 8 * MiB));
	EXPECT_EQ(7 << 8, CALL(do_touch_child, 24 * MiB, 0));
	EXPECT_EQ(2, ctx_number(ID, "events", "memory.soft"));
	EXPECT_EQ(0, ctx_fail(ID, MEMORY));
}

/* A limit below the usage reclaims and kills, at once. */
TEST_F(memcg, lowered)
{
	struct agent victim;

	EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 200000000 swap hard 0"));
	ASSERT_EQ(0, agent_start_in(&victim, ID));
	EXPECT_LT(0, agent_call(&victim, do_touch, 48 * MiB, 0, 0));
	EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 33554432"));
	EXPECT_TRUE(WAIT_UNTIL(ctx_usage(ID, MEMORY) <= 33554432));
	agent_stop(&victim);
	EXPECT_EQ(ID, CALL(do_self_id, 0, 0));
	EXPECT_EQ(1, ctx_number(ID, "events", "memory.oom_kill"));
}

/* Getting out */

static long do_clone_into(long dir, long b, long c)
{
	struct {
		__u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack,
		      stack_size, tls, set_tid, set_tid_size, cgroup;
	} args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };
	int fd = open((const char *)dir, O_DIRECTORY | O_PATH | O_CLOEXEC);
	long pid;

	if (fd < 0)
		return -errno;
	args.cgroup = fd;
	pid = syscall(__NR_clone3, &args, sizeof(args));
	if (pid < 0)
		pid = -errno;
	if (!pid)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	close(fd);
	return pid < 0 ? pid : 0;
}

static long do_mkdir(long path, long b, long c)
{
	return mkdir((const char *)path, 0755) ? -errno : 0;
}

static long do_rmdir(long path, long b, long c)
{
	return rmdir((const char *)path) ? -errno : 0;
}

static long do_chmod(long path, long mode, long c)
{
	return chmod((const char *)path, mode) ? -errno : 0;
}

static long do_chown(long path, long uid, long c)
{
	return chown((const char *)path, uid, -1) ? -errno : 0;
}

static long do_setxattr(long path, long b, long c)
{
	return setxattr((const char *)path, "trusted.x", "", 0, 0) ? -errno : 0;
}

static long do_write_fd(long fd, long text, long c)
{
	size_t len = strlen((const char *)text);

	return write(fd, (const char *)text, len) < 0 ? -errno : 0;
}

static long do_write_pid(long path, long pid, long c)
{
	char text[16];

	snprintf(text, sizeof(text), "%ld", pid);
	return do_write(path, (long)text, 0);
}

TEST_F(memcg, no_way_out)
{
	long pid = CALL(do_fork_pause, 0, 0);

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, mkdir(HOST, 0755));
	EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 200000000"));

	EXPECT_EQ(-EPERM, CALL(do_write, CGROUPS "/cgroup.procs", "0"));
	/* Attempt: cgroup.procs: leave the cgroup that limits memory */
	EXPECT_EQ(-EPERM, CALL(do_write, HOST "/cgroup.procs", "0"));
	EXPECT_EQ(-EPERM, CALL(do_write_pid, HOST "/cgroup.procs", pid));
	EXPECT_EQ(-EPERM, CALL(do_clone_into, CGROUPS, 0));
	/* Attempt: clone3(2) with CLONE_INTO_CGROUP: the same */
	EXPECT_EQ(-EPERM, CALL(do_clone_into, HOST, 0));
	EXPECT_EQ(0, CALL(do_clone_into, MEMBERS, 0));
	EXPECT_EQ(1, CALL(do_in, MEMBERS, 0));

	/* Nor does a namespace help. */
	EXPECT_EQ(0, CALL(do_unshare, CLONE_NEWCGROUP, 0));
	/* Attempt: the same in a cgroup namespace of its own => it fails */
	EXPECT_NE(0, CALL(do_write, HOST "/cgroup.procs", "0"));
	EXPECT_EQ(2, ctx_usage(ID, NPROC));
}

TEST_F(memcg, no_way_in)
{
	EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 200000000"));
	EXPECT_EQ(-EPERM, HOST_CALL(do_write, MEMBERS "/cgroup.procs", "0"));
	EXPECT_EQ(-EPERM, HOST_CALL(do_clone_into, MEMBERS, 0));
	EXPECT_NE(0, HOST_CALL(do_write, TOP "/cgroup.procs", "0"));
	EXPECT_EQ(1, HOST_CALL(do_in, CGROUPS "/", 0));
}

TEST_F(memcg, members_write_nothing)
{
	static const char *const files[] = {
		TOP "/memory.max", TOP "/memory.high", TOP "/memory.swap.max",
		TOP "/cgroup.subtree_control", TOP "/cgroup.freeze",
		TOP "/cgroup.kill", TOP "/memory.reclaim",
		MEMBERS "/memory.max", MEMBERS "/cgroup.procs",
		MEMBERS "/cgroup.threads", MEMBERS "/cgroup.type",
	};
	long fd, pid;
	size_t i;

	/* Opened when there was nothing to refuse */
	fd = CALL(do_open, CGROUPS "/cgroup.procs", O_WRONLY);
	EXPECT_LT(0, fd);
	EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 200000000"));
	EXPECT_EQ(-EPERM, CALL(do_write_fd, fd, "0"));
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		/*
		 * Attempt: write(2) to memory.max, cgroup.freeze, cgroup.kill
		 * and others of its cgroup
		 */
		EXPECT_EQ(-EPERM, CALL(do_write, files[i], "1")) {
			TH_LOG("%s", files[i]);
		}
		EXPECT_EQ(0, access(files[i], F_OK)) {
			TH_LOG("%s", files[i]);
		}
	}
	/* A descriptor of the administrator's */
	fd = open(TOP "/memory.max", O_WRONLY | O_CLOEXEC);
	ASSERT_LT(0, fd);
	fd = agent_give_fd(&self->member, fd);
	/* Attempt: write(2) to memory.max with a descriptor that was passed */
	EXPECT_EQ(-EPERM, CALL(do_write_fd, fd, "max"));

	/* Attempt: mkdir(2) in its cgroup */
	EXPECT_EQ(-EPERM, CALL(do_mkdir, TOP "/mine", 0));
	EXPECT_EQ(-EPERM, CALL(do_mkdir, MEMBERS "/mine", 0));
	EXPECT_EQ(-EPERM, CALL(do_rmdir, TOP, 0));
	EXPECT_EQ(-EPERM, CALL(do_rmdir, MEMBERS, 0));
	EXPECT_EQ(-EPERM, CALL(do_chmod, TOP "/memory.max", 0666));
	EXPECT_EQ(-EPERM, CALL(do_chown, TOP "/memory.max", NOBODY));
	EXPECT_EQ(-EPERM, CALL(do_setxattr, TOP, 0));
	/* The controller cannot be taken away at the root, either. */
	EXPECT_NE(0, CALL(do_write, CGROUPS "/cgroup.subtree_control", "-memory"));
	EXPECT_EQ(200000000 / 4096 * 4096,
		  cgroup_number(TOP "/memory.max", NULL));

	/* It may read its own. */
	EXPECT_LT(0, CALL(do_open, TOP "/memory.stat", O_RDONLY));
	pid = CALL(do_fork_pause, 0, 0);
	EXPECT_LT(0, pid);
	EXPECT_EQ(0, CALL(do_kill_wait, pid, 0));
}

/* The administrator sees it, sets values, but does not break it. */
TEST_F(memcg, administrator)
{
	struct limit limit;

	EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 200000000"));
	EXPECT_LE(0, cgroup_number(TOP "/memory.stat", "\nfile"));
	EXPECT_EQ(-EPERM, do_rmdir((long)TOP, 0, 0));
	EXPECT_EQ(-EPERM, do_rmdir((long)MEMBERS, 0, 0));
	EXPECT_EQ(-EPERM, do_mkdir((long)MEMBERS "/sub", 0, 0));
	EXPECT_EQ(-EBUSY, do_write((long)CGROUPS "/cgroup.subtree_control",
				   (long)"-memory", 0));
	/* One truth */
	EXPECT_EQ(0, do_write((long)TOP "/memory.max", (long)"104857600", 0));
	ASSERT_EQ(0, ctx_limit(ID, MEMORY, &limit));
	EXPECT_EQ(104857600, limit.hard);
	/* Empty is not gone. */
	agent_stop(&self->member);
	EXPECT_TRUE(WAIT_UNTIL(ctx_number(ID, "status", "members") == 0));
	EXPECT_EQ(-EPERM, do_rmdir((long)MEMBERS, 0, 0));
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
	EXPECT_EQ(1, CALL(do_in, MEMBERS, 0));
}

/* Nesting */

TEST_F(memcg, child_is_below)
{
	struct limit limit;
	char top[64];
	long child, fails;

	EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 200000000"));
	EXPECT_EQ(0, CALL(do_enter, VCTX_ID_NEW, 0));
	child = CALL(do_self_id, 0, 0);
	ASSERT_LE((long)VCTX_ID_DYNAMIC_MIN, child);
	/* It has none itself, so it is in its parent's. */
	EXPECT_EQ(1, CALL(do_in, MEMBERS, 0));
	EXPECT_EQ(0, ctx_usage(child, MEMORY));

	EXPECT_EQ(0, ctx_set_limits(child, "memory hard 100000000"));
	snprintf(top, sizeof(top), TOP "/vctx.%ld", child);
	snprintf(self->path, PATH_MAX, "%s/members", top);
	EXPECT_EQ(1, CALL(do_in, self->path, 0));
	EXPECT_LT(0, CALL(do_touch, 4 * MiB, 0));
	EXPECT_LE(4 * MiB, ctx_usage(child, MEMORY));
	EXPECT_LE(ctx_usage(child, MEMORY), ctx_usage(ID, MEMORY));
	/* The way up is a way out, too. */
	EXPECT_EQ(-EPERM, CALL(do_write, MEMBERS "/cgroup.procs", "0"));
	EXPECT_EQ(-EPERM, CALL(do_clone_into, MEMBERS, 0));
	EXPECT_EQ(-EPERM, CALL(do_write, TOP "/memory.max", "max"));

	/* A refusal of the child is none of the parent's. */
	EXPECT_EQ(0, ctx_set_limits(child, "memory hard 33554432 swap hard 0"));
	EXPECT_EQ(SIGKILL, CALL(do_touch_child, 64 * MiB, 0) & 0x7f);
	fails = ctx_fail(child, MEMORY);
	EXPECT_LT(0, fails);
	EXPECT_EQ(0, ctx_fail(ID, MEMORY));
	EXPECT_EQ(1, ctx_number(ID, "events", "memory.oom_kill"));

	/* The parent's limit holds for the child's members. */
	EXPECT_EQ(0, ctx_set_limits(child, "memory hard max"));
	EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 33554432 swap hard 0"));
	EXPECT_EQ(SIGKILL, CALL(do_touch_child, 64 * MiB, 0) & 0x7f);
	ASSERT_EQ(0, ctx_limit(ID, MEMORY, &limit));
	EXPECT_LT(0, limit.fail);
	EXPECT_EQ(fails, ctx_fail(child, MEMORY));

	agent_stop(&self->member);
	EXPECT_TRUE(WAIT_UNTIL(!ctx_exists(child)));
	EXPECT_TRUE(WAIT_UNTIL(access(top, F_OK)));
	EXPECT_EQ(0, access(MEMBERS, F_OK));
}

/* A limit of the child first: the parent gets a cgroup without limits. */
TEST_F(memcg, child_first)
{
	struct agent sibling;
	long child;

	ASSERT_EQ(0, agent_start_in(&sibling, ID));
	EXPECT_EQ(0, CALL(do_enter, VCTX_ID_NEW, 0));
	child = CALL(do_self_id, 0, 0);
	EXPECT_EQ(0, ctx_set_limits(child, "memory hard 100000000"));
	snprintf(self->path, PATH_MAX, TOP "/vctx.%ld/members", child);
	EXPECT_EQ(1, CALL(do_in, self->path, 0));
	EXPECT_EQ(1, agent_call(&sibling, do_in, (long)MEMBERS, 0, 0));
	EXPECT_EQ(NO_LIMIT, cgroup_number(TOP "/memory.max", NULL));
	/* Entering another child from the parent's */
	EXPECT_EQ(0, agent_call(&sibling, do_enter, VCTX_ID_NEW, 0, 0));
	EXPECT_EQ(1, agent_call(&sibling, do_in, (long)MEMBERS, 0, 0));
	agent_stop(&sibling);
}

TEST_F(memcg, neighbour)
{
	struct agent other;

	EXPECT_EQ(0, ctx_mkdir(OTHER_ID));
	ASSERT_EQ(0, agent_start_in(&other, OTHER_ID));
	EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 33554432 swap hard 0"));
	EXPECT_EQ(0, ctx_set_limits(OTHER_ID, "memory hard 200000000"));
	EXPECT_LT(0, agent_call(&other, do_touch, 40 * MiB, 0, 0));
	EXPECT_GT(33554432, ctx_usage(ID, MEMORY));
	EXPECT_EQ(SIGKILL, CALL(do_touch_child, 64 * MiB, 0) & 0x7f);
	EXPECT_EQ(0, ctx_fail(OTHER_ID, MEMORY));
	EXPECT_EQ(OTHER_ID, agent_call(&other, do_self_id, 0, 0, 0));
	/* Neither may go to the other's. */
	EXPECT_EQ(-EPERM, agent_call(&other, do_write,
				     (long)MEMBERS "/cgroup.procs", (long)"0", 0));
	EXPECT_EQ(-EPERM, agent_call(&other, do_clone_into, (long)MEMBERS, 0, 0));
	agent_stop(&other);
}

/* Races */

/* Set when all have to be there */
static int *moved;

/* Forks until then, and counts the children that are not there. */
static long do_fork_until_moved(long a, long b, long c)
{
	int children = 0, status, escaped = 0;
	pid_t pid;

	while (!__atomic_load_n(moved, __ATOMIC_RELAXED) && children < 200) {
		pid = fork();
		if (!pid) {
			while (!__atomic_load_n(moved, __ATOMIC_RELAXED))
				sleep_ms(1);
			_exit(do_in((long)MEMBERS, 0, 0) != 1);
		}
		if (pid < 0)
			return -errno;
		children++;
	}
	while (children--) {
		if (waitpid(-1, &status, 0) < 0)
			return -errno;
		escaped += status != 0;
	}
	return escaped;
}

TEST_F(memcg, move_while_forking)
{
	struct agent member[2];
	int i;

	moved = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, moved);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, agent_start_in(&member[i], ID));
		ASSERT_EQ(0, agent_ask(&member[i], do_fork_until_moved, 0, 0, 0));
	}
	EXPECT_TRUE(WAIT_UNTIL(ctx_usage(ID, NPROC) > 10));
	EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 200000000"));
	__atomic_store_n(moved, 1, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, agent_answer(&member[i]));
		EXPECT_EQ(1, agent_call(&member[i], do_in, (long)MEMBERS, 0, 0));
		agent_stop(&member[i]);
	}
	EXPECT_EQ(1, CALL(do_in, MEMBERS, 0));
}

static long enter_many(void)
{
	struct agent agent;
	long err = 0;
	bool moved;
	int i;

	for (i = 0; i < 30 && !err; i++) {
		moved = !access(TOP "/memory.max", F_OK) &&
			cgroup_number(TOP "/memory.max", NULL) != NO_LIMIT;
		err = agent_start_in(&agent, ID);
		if (!err && moved)
			err = agent_call(&agent, do_in, (long)MEMBERS, 0, 0) != 1;
		agent_stop(&agent);
	}
	return err;
}

/* Members enter while the cgroup is made. */
TEST_F(memcg, enter_while_moving)
{
	struct agent agent;
	pid_t pid;
	int status;

	pid = fork();
	if (!pid)
		_exit(!!enter_many());
	sleep_ms(20);
	EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 200000000"));
	ASSERT_EQ(0, agent_start_in(&agent, ID));
	EXPECT_EQ(1, agent_call(&agent, do_in, (long)MEMBERS, 0, 0));
	agent_stop(&agent);
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(1, CALL(do_in, MEMBERS, 0));
}

/* A context that ends and comes again, with a cgroup of the same name */
TEST_F(memcg, again)
{
	int i;

	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 200000000"));
		EXPECT_EQ(1, CALL(do_in, MEMBERS, 0));
		EXPECT_EQ(0, CALL(do_write_pages, "/var/tmp/vctx_memcg_test", MiB));
		unlink("/var/tmp/vctx_memcg_test");
		agent_stop(&self->member);
		EXPECT_EQ(0, ctx_end(ID));
		EXPECT_NE(0, access(TOP, F_OK));
		EXPECT_EQ(0, ctx_mkdir(ID));
		EXPECT_EQ(0, ctx_usage(ID, MEMORY));
		ASSERT_EQ(0, agent_start_in(&self->member, ID));
		EXPECT_EQ(1, CALL(do_in, CGROUPS "/", 0));
	}
}

/* Swap, on a loop device on tmpfs */

#define SWAP_FILE	"/dev/shm/vctx_memcg_test"
#define SWAP_SIZE	(32 * MiB)

static int swap_fd = -1;
static char swap_dev[32];

static const char *swap_start(void)
{
	static struct {
		char boot[1024];
		__u32 version, last_page, nr_badpages;
		char pad[4096 - 1024 - 12 - 10];
		char magic[10];
	} __attribute__((packed)) head = { .version = 1, .magic = "SWAPSPACE2" };
	int ctl, file, nr = -1;

	head.last_page = SWAP_SIZE / 4096 - 1;
	file = open(SWAP_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (file < 0 || ftruncate(file, SWAP_SIZE) ||
	    write(file, &head, sizeof(head)) != sizeof(head))
		return "no tmpfs on /dev/shm";
	ctl = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (ctl >= 0)
		nr = ioctl(ctl, LOOP_CTL_GET_FREE);
	if (nr < 0)
		return "no loop devices";
	snprintf(swap_dev, sizeof(swap_dev), "/dev/loop%d", nr);
	WAIT_UNTIL(!access(swap_dev, F_OK));
	swap_fd = open(swap_dev, O_RDWR | O_CLOEXEC);
	if (swap_fd < 0 || ioctl(swap_fd, LOOP_SET_FD, file))
		return "no loop device";
	close(file);
	close(ctl);
	return swapon(swap_dev, 0) ? "no swap space" : NULL;
}

static void swap_end(void)
{
	if (swap_fd >= 0) {
		swapoff(swap_dev);
		ioctl(swap_fd, LOOP_CLR_FD, 0);
		close(swap_fd);
	}
	unlink(SWAP_FILE);
}

TEST_F(memcg, swap)
{
	const char *missing = swap_start();
	struct limit limit;
	int i;

	if (missing) {
		swap_end();
		SKIP(return, "%s", missing);
	}
	EXPECT_EQ(0, ctx_set_limits(ID, "memory hard 16777216 swap soft 1048576 hard 8388608"));
	/* Fits into both, but not into memory */
	EXPECT_EQ(7 << 8, CALL(do_touch_child, 20 * MiB, 0));
	ASSERT_EQ(0, ctx_limit(ID, SWAP, &limit));
	EXPECT_LT(MiB, limit.peak);
	EXPECT_GE(8388608, limit.peak);
	EXPECT_LE(1, ctx_number(ID, "events", "swap.soft"));
	EXPECT_EQ(0, ctx_fail(ID, MEMORY));
	/*
	 * Fits into neither.  Where the disk is slow, Linux may give up before
	 * swap is full, since what it writes is not there yet.
	 */
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(SIGKILL, CALL(do_touch_child, 48 * MiB, 0) & 0x7f);
		ASSERT_EQ(0, ctx_limit(ID, SWAP, &limit));
		if (limit.fail)
			break;
	}
	EXPECT_LT(0, limit.fail);
	EXPECT_GE(8388608, limit.peak);
	EXPECT_LT(0, ctx_fail(ID, MEMORY));
	swap_end();
}

TEST_HARNESS_MAIN
