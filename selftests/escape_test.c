// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - who is in a context stays in it
 */

#define _GNU_SOURCE
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

#include "common.h"

#define ID	60011

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef __NR_pidfd_open
#define __NR_pidfd_open 434
#endif

/*
 *          host                        context ID
 *   .----------------.            .----------------.
 *   | test           |            |                |
 *   |  `- outside    |            |  inside        |
 *   '----------------'            '----------------'
 */
FIXTURE(escape) {
	struct agent outside;
	struct agent inside;
	int contexts;
};

FIXTURE_SETUP(escape)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start(&self->outside));
	ASSERT_EQ(0, agent_start_in(&self->inside, ID));
}

FIXTURE_TEARDOWN_PARENT(escape)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

/* Still a member, by all accounts, and the outside is not there. */
static long do_check_inside(long outside, long b, long c)
{
	if (self_id() != ID)
		return -EXDEV;
	if (kill(outside, 0) != -1 || errno != ESRCH)
		return -EISCONN;
	return 0;
}

#define EXPECT_STILL_INSIDE()						\
	EXPECT_EQ(0, agent_call(&self->inside, do_check_inside,		\
				self->outside.pid, 0, 0))

/* Whether a file of /proc has a text in it */
static long do_read_proc(long name, long text, long c)
{
	char path[64], buf[8192];
	int err;

	snprintf(path, sizeof(path), "/proc/%s", (const char *)name);
	err = read_file(path, buf, sizeof(buf));
	return err < 0 ? err : !!strstr(buf, (const char *)text);
}

/* Namespaces */

static const struct {
	const char *name;
	int flag;
} namespaces[] = {
	{ "mnt", CLONE_NEWNS },
	{ "uts", CLONE_NEWUTS },
	{ "ipc", CLONE_NEWIPC },
	{ "net", CLONE_NEWNET },
	{ "cgroup", CLONE_NEWCGROUP },
	{ "time", CLONE_NEWTIME },
	{ "user", CLONE_NEWUSER },
	{ "pid", CLONE_NEWPID },
};

static long do_setns(long fd, long flags, long c)
{
	return setns(fd, flags) ? -errno : 0;
}

/* What a new child says: a namespace of processes is entered by the next. */
static long do_child_id(long flags, long b, long c)
{
	int fds[2];
	long id = -EIO;
	pid_t pid;

	if (pipe(fds))
		return -errno;
	pid = syscall(__NR_clone, flags | SIGCHLD, 0, 0, 0, 0);
	if (pid < 0)
		return -errno;
	if (!pid) {
		id = self_id();
		if (write(fds[1], &id, sizeof(id)) != sizeof(id))
			_exit(1);
		_exit(0);
	}
	if (read(fds[0], &id, sizeof(id)) != sizeof(id))
		id = -EIO;
	/* CLONE_PARENT: it is not ours. */
	if (!(flags & CLONE_PARENT))
		waitpid(pid, NULL, 0);
	close(fds[0]);
	close(fds[1]);
	return id;
}

/*
 * Attempt: unshare(2) of any namespace => it stays a member, and so do its
 * children
 */
TEST_F(escape, unshare)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(namespaces); i++) {
		/* A kernel may lack it; whatever the answer, nothing changes. */
		agent_call(&self->inside, do_unshare, namespaces[i].flag, 0, 0);
		EXPECT_EQ(ID, agent_call(&self->inside, do_self_id, 0, 0, 0));
		EXPECT_EQ(ID, agent_call(&self->inside, do_child_id, 0, 0, 0));
	}
	EXPECT_EQ(1, ctx_wait_usage(ID, NPROC, 1));
	EXPECT_EQ(1, ctx_number(ID, "status", "members"));
}

/*
 * Attempt: setns(2) into namespaces of the host, which were passed => it stays
 * a member
 */
TEST_F(escape, setns)
{
	char path[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(namespaces); i++) {
		long theirs;
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/ns/%s",
			 self->outside.pid, namespaces[i].name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		theirs = agent_give_fd(&self->inside, fd);
		ASSERT_LE(0, theirs);
		/* Away, and back to where the host's processes are. */
		if (namespaces[i].flag != CLONE_NEWUSER)
			agent_call(&self->inside, do_unshare,
				   namespaces[i].flag, 0, 0);
		agent_call(&self->inside, do_setns, theirs, namespaces[i].flag, 0);
		agent_call(&self->inside, do_setns, theirs, 0, 0);
		EXPECT_STILL_INSIDE();
		EXPECT_EQ(ID, agent_call(&self->inside, do_child_id, 0, 0, 0));
		agent_call(&self->inside, do_close, theirs, 0, 0);
		close(fd);
	}
}

TEST_F(escape, setns_by_pidfd)
{
	int pidfd = syscall(__NR_pidfd_open, self->outside.pid, 0);
	long theirs;
	size_t i;

	ASSERT_LE(0, pidfd);
	theirs = agent_give_fd(&self->inside, pidfd);
	ASSERT_LE(0, theirs);
	for (i = 0; i < ARRAY_SIZE(namespaces); i++)
		/*
		 * Attempt: setns(2) with a pidfd of a process of the host => it
		 * fails
		 */
		EXPECT_GT(0, agent_call(&self->inside, do_setns, theirs,
					namespaces[i].flag, 0)) {
			TH_LOG("flag %#x", namespaces[i].flag);
		}
	EXPECT_STILL_INSIDE();
}

/* Attempt: clone(2) with any flags => the child is a member */
TEST_F(escape, clone_flags)
{
	const int flags[] = {
		0, CLONE_FS, CLONE_FILES, CLONE_SYSVSEM, CLONE_IO, CLONE_UNTRACED,
		CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER,
		CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWCGROUP,
		CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		long id = agent_call(&self->inside, do_child_id, flags[i], 0, 0);

		EXPECT_TRUE(id == ID || id == -EINVAL) {
			TH_LOG("flags %#x: %ld", flags[i], id);
		}
	}
	EXPECT_EQ(1, ctx_wait_usage(ID, NPROC, 1));
}

/* The new process is a child of the host's, and a member. */
/*
 * Attempt: clone(2) with CLONE_PARENT, of a parent outside => the child is a
 * member
 */
TEST_F(escape, clone_parent)
{
	EXPECT_EQ(ID, agent_call(&self->inside, do_child_id, CLONE_PARENT, 0, 0));
	/* Two are ours: the agent and its sibling. */
	agent_stop(&self->inside);
	EXPECT_LT(0, waitpid(-1, NULL, __WALL));
	EXPECT_EQ(0, ctx_wait_usage(ID, NPROC, 0));
}

/* Directories */

static long do_openat(long dir, long name, long c)
{
	int fd = openat(dir, (const char *)name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static long do_fchdir_open(long dir, long name, long c)
{
	if (fchdir(dir))
		return -errno;
	return do_openat(AT_FDCWD, name, 0);
}

static long do_chroot_open(long dir, long name, long c)
{
	if (fchdir(dir) || chroot("."))
		return -errno;
	return do_openat(AT_FDCWD, name, 0);
}

static long do_lists(long dir, long name, long c)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;
	long found = 0;
	DIR *d;

	if (fd < 0)
		return -errno;
	d = fdopendir(fd);
	if (!d)
		return -errno;
	while ((entry = readdir(d)))
		found |= !strcmp(entry->d_name, (const char *)name);
	closedir(d);
	return found;
}

TEST_F(escape, passed_directories)
{
	/* Both in memory that the agents have, at this address. */
	static char outside[32], outside_status[64];
	long proc, pid_dir;
	struct agent late;
	int fd;

	agent_stop(&self->inside);
	snprintf(outside, sizeof(outside), "%d", self->outside.pid);
	snprintf(outside_status, sizeof(outside_status), "%d/status",
		 self->outside.pid);
	ASSERT_EQ(0, agent_start(&late));

	fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	proc = agent_give_fd(&late, fd);
	ASSERT_LE(0, proc);
	EXPECT_EQ(0, agent_call(&late, do_openat, proc, (long)outside_status, 0));
	EXPECT_EQ(1, agent_call(&late, do_lists, proc, (long)outside, 0));
	fd = openat(fd, outside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	pid_dir = agent_give_fd(&late, fd);
	ASSERT_LE(0, pid_dir);
	EXPECT_EQ(0, agent_call(&late, do_openat, pid_dir, (long)"status", 0));

	ASSERT_EQ(0, agent_call(&late, do_enter, ID, 0, 0));

	EXPECT_EQ(0, agent_call(&late, do_openat, proc, (long)"self/status", 0));
	/*
	 * Attempt: openat(2) below a /proc of the host that it has open since
	 * before entry
	 */
	EXPECT_EQ(-ENOENT, agent_call(&late, do_openat, proc,
				      (long)outside_status, 0));
	EXPECT_EQ(0, agent_call(&late, do_lists, proc, (long)outside, 0));
	EXPECT_EQ(-ENOENT, agent_call(&late, do_openat, pid_dir, (long)"status", 0));
	/*
	 * Attempt: openat(2) of mem, root, cwd, fd, ns/mnt, task below such a
	 * /proc/PID
	 */
	EXPECT_EQ(-ENOENT, agent_call(&late, do_openat, pid_dir, (long)"mem", 0));
	EXPECT_EQ(-ENOENT, agent_call(&late, do_openat, pid_dir, (long)"root", 0));
	EXPECT_EQ(-ENOENT, agent_call(&late, do_openat, pid_dir, (long)"cwd", 0));
	EXPECT_EQ(-ENOENT, agent_call(&late, do_openat, pid_dir, (long)"fd", 0));
	EXPECT_EQ(-ENOENT, agent_call(&late, do_openat, pid_dir, (long)"ns/mnt", 0));
	EXPECT_EQ(-ENOENT, agent_call(&late, do_openat, pid_dir, (long)"task", 0));
	/* Attempt: fchdir(2) to it */
	EXPECT_EQ(-ENOENT, agent_call(&late, do_fchdir_open, pid_dir,
				      (long)"status", 0));
	EXPECT_EQ(-ENOENT, agent_call(&late, do_fchdir_open, proc,
				      (long)outside_status, 0));
	/* Attempt: chroot(2) to it */
	EXPECT_EQ(-ENOENT, agent_call(&late, do_chroot_open, proc,
				      (long)outside_status, 0));
	EXPECT_EQ(ID, agent_call(&late, do_self_id, 0, 0, 0));
	/* For the host nothing has changed. */
	EXPECT_EQ(0, do_openat(fd, (long)"status", 0));
	agent_stop(&late);
}

/* Tracing */

static long do_ptrace(long request, long pid, long c)
{
	return ptrace(request, pid, 0, 0) ? -errno : 0;
}

TEST_F(escape, ptrace_inwards)
{
	char byte, path[64];
	struct iovec local = { &byte, 1 }, remote = { &byte, 1 };
	pid_t inside = self->inside.pid;

	EXPECT_EQ(-ESRCH, do_ptrace(PTRACE_ATTACH, inside, 0));
	EXPECT_EQ(-ESRCH, do_ptrace(PTRACE_SEIZE, inside, 0));
	EXPECT_EQ(-1, process_vm_readv(inside, &local, 1, &remote, 1, 0));
	EXPECT_EQ(ESRCH, errno);
	EXPECT_EQ(-1, process_vm_writev(inside, &local, 1, &remote, 1, 0));
	EXPECT_EQ(ESRCH, errno);
	snprintf(path, sizeof(path), "/proc/%d/mem", inside);
	EXPECT_EQ(-1, open(path, O_RDWR | O_CLOEXEC));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(ID, agent_call(&self->inside, do_self_id, 0, 0, 0));
}

static long do_traceme(long a, long b, long c)
{
	return ptrace(PTRACE_TRACEME, 0, 0, 0) ? -errno : 0;
}

TEST_F(escape, ptrace_outwards)
{
	EXPECT_EQ(-ESRCH, agent_call(&self->inside, do_ptrace, PTRACE_ATTACH,
				     self->outside.pid, 0));
	/* Attempt: PTRACE_SEIZE of a process of the host */
	EXPECT_EQ(-ESRCH, agent_call(&self->inside, do_ptrace, PTRACE_SEIZE,
				     self->outside.pid, 0));
	EXPECT_EQ(-ESRCH, agent_call(&self->inside, do_ptrace, PTRACE_SEIZE,
				     getpid(), 0));
	/* Attempt: PTRACE_SEIZE of process 1 */
	EXPECT_EQ(-EPERM, agent_call(&self->inside, do_ptrace, PTRACE_SEIZE, 1, 0));
	/* The parent is outside. */
	/* Attempt: PTRACE_TRACEME with a parent outside */
	EXPECT_EQ(-EPERM, agent_call(&self->inside, do_traceme, 0, 0, 0));
	EXPECT_STILL_INSIDE();
	/* Allowed among members: */
	EXPECT_EQ(0, agent_call(&self->inside, do_ptrace, PTRACE_SEIZE,
				agent_call(&self->inside, do_fork_pause, 0, 0, 0),
				0));
}

/* A tracer stays where those are that it traces. */
TEST_F(escape, tracer_enters)
{
	struct agent tracer;

	ASSERT_EQ(0, agent_start(&tracer));
	ASSERT_EQ(0, agent_call(&tracer, do_ptrace, PTRACE_SEIZE,
				self->outside.pid, 0));
	/* Attempt: entry while it traces a process of the host */
	EXPECT_EQ(-EBUSY, agent_call(&tracer, do_enter, ID, 0, 0));
	EXPECT_EQ(0, agent_call(&self->outside, do_self_id, 0, 0, 0));
	agent_stop(&tracer);
	EXPECT_EQ(0, agent_call(&self->outside, do_self_id, 0, 0, 0));
}

/* Never both: attached, and in another context. */
TEST_F(escape, attach_against_enter)
{
	int i, entered = 0, seized = 0, *go;

	go = mmap(NULL, sizeof(*go), PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, go);
	for (i = 0; i < 100; i++) {
		int status, err, enter_err;
		pid_t pid;

		__atomic_store_n(go, 0, __ATOMIC_SEQ_CST);
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			__atomic_store_n(go, 1, __ATOMIC_SEQ_CST);
			sched_yield();
			_exit(-enter(VCTX_ID_NEW, 0, 0));
		}
		while (!__atomic_load_n(go, __ATOMIC_SEQ_CST))
			sched_yield();
		if (i & 1)
			sched_yield();
		err = do_ptrace(PTRACE_SEIZE, pid, 0);
		EXPECT_TRUE(err == 0 || err == -ESRCH || err == -EPERM) {
			TH_LOG("%d", err);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_TRUE(WIFEXITED(status));
		enter_err = WEXITSTATUS(status);
		EXPECT_TRUE(enter_err == 0 || enter_err == EBUSY);
		EXPECT_FALSE(!err && !enter_err);
		entered += !enter_err;
		seized += !err;
	}
	TH_LOG("entered %d times, attached %d times", entered, seized);
}

/* Signals by way of a file's owner */

static long do_setown_and_send(long pid, long signal, long c)
{
	int pair[2], err = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return -errno;
	if (fcntl(pair[0], F_SETOWN, pid))
		err = -errno;
	if (fcntl(pair[0], F_SETSIG, signal) ||
	    fcntl(pair[0], F_SETFL, O_ASYNC | O_NONBLOCK) ||
	    write(pair[1], "x", 1) != 1)
		err = err ?: -EIO;
	close(pair[0]);
	close(pair[1]);
	return err;
}

static long do_block(long signal, long b, long c)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	return sigprocmask(SIG_BLOCK, &set, NULL) ? -errno : 0;
}

static long do_pending(long signal, long b, long c)
{
	sigset_t set;

	return sigpending(&set) ? -errno : sigismember(&set, signal);
}

TEST_F(escape, file_owner)
{
	ASSERT_EQ(0, agent_call(&self->outside, do_block, SIGUSR1, 0, 0));
	ASSERT_EQ(0, agent_call(&self->inside, do_block, SIGUSR1, 0, 0));

	/* Attempt: F_SETOWN and F_SETSIG: a signal by a descriptor */
	EXPECT_EQ(-ESRCH, agent_call(&self->inside, do_setown_and_send,
				     self->outside.pid, SIGUSR1, 0));
	EXPECT_EQ(0, agent_call(&self->outside, do_pending, SIGUSR1, 0, 0));
	EXPECT_EQ(-ESRCH, do_setown_and_send(self->inside.pid, SIGUSR1, 0));
	EXPECT_EQ(0, agent_call(&self->inside, do_pending, SIGUSR1, 0, 0));

	/* Among themselves they may. */
	EXPECT_EQ(0, agent_call(&self->inside, do_setown_and_send,
				self->inside.pid, SIGUSR1, 0));
	EXPECT_EQ(1, agent_call(&self->inside, do_pending, SIGUSR1, 0, 0));
	EXPECT_EQ(0, do_setown_and_send(self->outside.pid, SIGUSR1, 0));
	EXPECT_EQ(1, agent_call(&self->outside, do_pending, SIGUSR1, 0, 0));
}

/* A terminal that it has from before: which group is in the foreground */

static long do_terminal(long group, long b, long c)
{
	static int terminal;
	int master;

	if (group)
		return tcsetpgrp(terminal, group) ? -errno : 0;
	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || grantpt(master) || unlockpt(master) || setsid() < 0)
		return -errno;
	terminal = open(ptsname(master), O_RDWR | O_CLOEXEC);
	if (terminal < 0)
		return -errno;
	/* Writing to it from the background is no reason to stop. */
	signal(SIGTTOU, SIG_IGN);
	return ioctl(terminal, TIOCSCTTY, 0) ? -errno : 0;
}

static long do_fork_group(long a, long b, long c)
{
	long pid = do_fork_pause(0, 0, 0);

	if (pid > 0 && setpgid(pid, pid))
		return -errno;
	return pid;
}

TEST_F(escape, terminal)
{
	struct agent late;
	long before, inside;

	ASSERT_EQ(0, setpgid(self->outside.pid, self->outside.pid));
	ASSERT_EQ(0, agent_start(&late));
	ASSERT_EQ(0, agent_call(&late, do_terminal, 0, 0, 0));
	before = agent_call(&late, do_fork_group, 0, 0, 0);
	ASSERT_LT(0, before);
	EXPECT_EQ(0, agent_call(&late, do_terminal, before, 0, 0));
	EXPECT_EQ(-EPERM, agent_call(&late, do_terminal, self->outside.pid, 0, 0));
	ASSERT_EQ(0, agent_call(&late, do_enter, ID, 0, 0));
	/* There is no such group, rather than one of another session. */
	/* Attempt: TIOCSPGRP: a group of the host in the foreground */
	EXPECT_EQ(-ESRCH, agent_call(&late, do_terminal, self->outside.pid, 0, 0));
	inside = agent_call(&late, do_fork_group, 0, 0, 0);
	ASSERT_LT(0, inside);
	EXPECT_EQ(0, agent_call(&late, do_terminal, inside, 0, 0));
	/* A shell gives the terminal back to whom it had it from. */
	EXPECT_EQ(0, agent_call(&late, do_terminal, before, 0, 0));
	EXPECT_EQ(0, agent_call(&late, do_kill_wait, inside, 0, 0));
	agent_stop(&late);
}

/* A control group that has members and others */

#define CGROUP "/sys/fs/cgroup/vctx_escape_test"

static long do_cgroup_kill(long a, long b, long c)
{
	return write_file(CGROUP "/cgroup.kill", "1", 1);
}

static long do_cgroup_join(long a, long b, long c)
{
	return write_file(CGROUP "/cgroup.procs", "0", 1);
}

TEST_F(escape, cgroup_kill)
{
	struct agent other;
	int status;

	if (mkdir(CGROUP, 0755))
		SKIP(return, "no cgroup2 on /sys/fs/cgroup: %s", strerror(errno));
	EXPECT_EQ(0, agent_start_in(&other, ID));
	EXPECT_EQ(0, agent_call(&self->outside, do_cgroup_join, 0, 0, 0));
	EXPECT_EQ(0, agent_call(&other, do_cgroup_join, 0, 0, 0));
	/* The killer stays away from it. */
	agent_call(&self->inside, do_cgroup_kill, 0, 0, 0);
	EXPECT_STILL_INSIDE();
	EXPECT_EQ(0, agent_call(&self->outside, do_self_id, 0, 0, 0));
	/* It is for the host to kill all of them. */
	EXPECT_EQ(0, do_cgroup_kill(0, 0, 0));
	status = agent_stop(&self->outside);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	agent_stop(&other);
	EXPECT_TRUE(WAIT_UNTIL(!rmdir(CGROUP)));
}

/* How many processes a member, or the host, finds in it */
static long do_cgroup_listed(long pid, long b, long c)
{
	char buf[4096], *line;
	long n = 0;

	if (read_file(CGROUP "/cgroup.procs", buf, sizeof(buf)) < 0)
		return -errno;
	for (line = strtok(buf, "\n"); line; line = strtok(NULL, "\n"))
		if (++n && pid && atol(line) != pid)
			return -EXDEV;
	return n;
}

static long do_cgroup_move(long pid, long b, long c)
{
	char text[16];

	snprintf(text, sizeof(text), "%ld", pid);
	return write_file(CGROUP "/cgroup.procs", text, strlen(text));
}

TEST_F(escape, cgroup_procs)
{
	struct agent other;

	if (mkdir(CGROUP, 0755))
		SKIP(return, "no cgroup2 on /sys/fs/cgroup: %s", strerror(errno));
	EXPECT_EQ(0, agent_start_in(&other, ID));
	EXPECT_EQ(0, agent_call(&self->outside, do_cgroup_join, 0, 0, 0));
	EXPECT_EQ(0, agent_call(&other, do_cgroup_join, 0, 0, 0));
	/*
	 * Attempt: cgroup.procs of a cgroup with processes of the host => they
	 * are not listed
	 */
	EXPECT_EQ(1, agent_call(&self->inside, do_cgroup_listed, other.pid, 0, 0));
	EXPECT_EQ(1, agent_call(&self->outside, do_cgroup_listed, self->outside.pid, 0, 0));
	/* Attempt: cgroup.procs: move a process of the host */
	EXPECT_EQ(-ESRCH, agent_call(&self->inside, do_cgroup_move, self->outside.pid, 0, 0));
	agent_stop(&other);
	agent_stop(&self->outside);
	EXPECT_TRUE(WAIT_UNTIL(!rmdir(CGROUP)));
}

/* Entering again */

TEST_F(escape, enter_again)
{
	/* Attempt: entry into another context */
	EXPECT_EQ(-EPERM, agent_call(&self->inside, do_enter, ID + 1, 0, 0));
	EXPECT_EQ(-EPERM, agent_call(&self->inside, do_enter, ID, 0, 0));
	/* Attempt: entry into the watcher */
	EXPECT_EQ(-EPERM, agent_call(&self->inside, do_enter, VCTX_ID_WATCHER, 0, 0));
	/* Attempt: entry into the host */
	EXPECT_EQ(-EINVAL, agent_call(&self->inside, do_enter, VCTX_ID_HOST, 0, 0));
	EXPECT_STILL_INSIDE();
	/* Deeper is allowed, but that is no way out of this one. */
	EXPECT_EQ(0, agent_call(&self->inside, do_enter, VCTX_ID_NEW, 0, 0));
	EXPECT_EQ(1, ctx_usage(ID, NPROC));
	EXPECT_EQ(-EPERM, agent_call(&self->inside, do_enter, ID, 0, 0));
	ASSERT_EQ(0, ctx_write(ID, "kill", "1\n"));
	EXPECT_TRUE(WIFSIGNALED(agent_stop(&self->inside)));
	EXPECT_EQ(0, ctx_wait_usage(ID, NPROC, 0));
}

/* exec */

struct exec_report {
	long id;
	uid_t euid;
	__u64 effective;
	__u64 bounding;
};

/* This program, run by the tests below: reports on stdout. */
static int report_main(void)
{
	struct exec_report report = {
		.id = self_id(),
		.euid = geteuid(),
		.effective = self_caps("CapEff:"),
		.bounding = self_caps("CapBnd:"),
	};

	return write(1, &report, sizeof(report)) == sizeof(report) ? 0 : 1;
}

static struct exec_report *exec_report;

static void *exec_thread(void *arg)
{
	char *const argv[] = { "escape_test", "--report", NULL };
	char *const envp[] = { NULL };

	syscall(__NR_execveat, *(int *)arg, "", argv, envp, AT_EMPTY_PATH);
	_exit(127);
}

/* Runs a program, by its descriptor, in a child, maybe from a second thread. */
static long do_exec(long program, long in_thread, long c)
{
	int fds[2], fd = program, status;
	pthread_t thread;
	pid_t pid;
	long err = 0;

	if (pipe(fds))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		dup2(fds[1], 1);
		if (in_thread && !pthread_create(&thread, NULL, exec_thread, &fd))
			pause();
		exec_thread(&fd);
	}
	close(fds[1]);
	if (read(fds[0], exec_report, sizeof(*exec_report)) !=
	    sizeof(*exec_report))
		err = -EIO;
	close(fds[0]);
	waitpid(pid, &status, 0);
	return err ?: status;
}

/* A copy of this program that belongs to root, with the setuid bit. */
static int make_setuid(char *name)
{
	struct statvfs fs;
	char buf[65536];
	int from, to;
	ssize_t n;

	from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	to = mkstemp(name);
	if (from < 0 || to < 0)
		return -errno;
	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, n) != n)
			return -EIO;
	if (fchown(to, 0, 0) || fchmod(to, 04755) || fstatvfs(to, &fs))
		return -errno;
	close(from);
	close(to);
	if (fs.f_flag & ST_NOSUID)
		return -ENOTSUP;
	to = open(name, O_RDONLY | O_CLOEXEC);
	return to < 0 ? -errno : to;
}

/*
 * Attempt: execve(2) of a setuid program, with a ceiling, also from a thread =>
 * it gets what the ceiling leaves
 */
TEST_F(escape, exec)
{
	const __u64 drop = CAP(CAP_SYS_ADMIN) | CAP(CAP_NET_RAW);
	/* The working directory may be of a kind that ignores the bit. */
	char name[] = "./escape_test.XXXXXX", elsewhere[] = "/escape_test.XXXXXX";
	char *used = name;
	struct agent nobody;
	int fd;

	exec_report = mmap(NULL, sizeof(*exec_report), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, exec_report);
	fd = make_setuid(name);
	if (fd < 0) {
		unlink(name);
		used = elsewhere;
		fd = make_setuid(elsewhere);
	}
	if (fd < 0) {
		unlink(used);
		SKIP(return, "no place for a setuid program: %s", strerror(-fd));
	}
	EXPECT_EQ(0, unlink(used));
	ASSERT_EQ(0, agent_start(&nobody));

	/* Outside, it is what it says. */
	ASSERT_EQ(0, agent_call(&nobody, do_become_nobody, 0, 0, 0));
	ASSERT_EQ(0, agent_call(&nobody, do_exec, fd, 0, 0));
	EXPECT_EQ(0, exec_report->euid);
	EXPECT_EQ(0, exec_report->id);
	EXPECT_EQ(drop, exec_report->effective & drop);
	agent_stop(&nobody);

	ASSERT_EQ(0, agent_start(&nobody));
	ASSERT_EQ(0, agent_call(&nobody, do_enter, ID, 0, drop));
	ASSERT_EQ(0, agent_call(&nobody, do_become_nobody, 0, 0, 0));
	ASSERT_EQ(0, agent_call(&nobody, do_exec, fd, 0, 0));
	EXPECT_EQ(0, exec_report->euid);
	EXPECT_EQ(ID, exec_report->id);
	EXPECT_EQ(0, exec_report->effective & drop);
	EXPECT_EQ(0, exec_report->bounding & drop);
	EXPECT_NE(0, exec_report->effective & CAP(CAP_CHOWN));

	ASSERT_EQ(0, agent_call(&nobody, do_exec, fd, 1, 0));
	EXPECT_EQ(0, exec_report->euid);
	EXPECT_EQ(ID, exec_report->id);
	EXPECT_EQ(0, exec_report->effective & drop);
	agent_stop(&nobody);
	EXPECT_EQ(1, ctx_wait_usage(ID, NPROC, 1));
	EXPECT_EQ(1, ctx_wait_usage(ID, NTASK, 1));
}

/* Orphans */

static long do_orphan(long a, long b, long c)
{
	int fds[2];
	pid_t pid, orphan = -EIO;

	if (pipe(fds))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		setsid();
		orphan = fork();
		if (!orphan) {
			pause();
			_exit(0);
		}
		if (write(fds[1], &orphan, sizeof(orphan)) != sizeof(orphan))
			_exit(1);
		_exit(0);
	}
	if (read(fds[0], &orphan, sizeof(orphan)) != sizeof(orphan))
		orphan = -EIO;
	close(fds[0]);
	close(fds[1]);
	waitpid(pid, NULL, 0);
	return orphan;
}

static long do_proc_id(long pid, long b, long c)
{
	char name[32];

	snprintf(name, sizeof(name), "%ld", pid);
	return proc_id(name);
}

/* Attempt: an orphan of a session of its own => it stays a member */
TEST_F(escape, orphan)
{
	long orphan = agent_call(&self->inside, do_orphan, 0, 0, 0);

	ASSERT_LT(0, orphan);
	EXPECT_EQ(ID, agent_call(&self->inside, do_proc_id, orphan, 0, 0));
	EXPECT_EQ(2, ctx_wait_usage(ID, NPROC, 2));
	agent_stop(&self->inside);
	/* It is left behind, but it is not lost. */
	EXPECT_EQ(1, ctx_wait_usage(ID, NPROC, 1));
	EXPECT_EQ(-1, kill(orphan, 0));
	EXPECT_EQ(ESRCH, errno);
	EXPECT_EQ(-EBUSY, ctx_rmdir(ID));
	EXPECT_EQ(0, ctx_write(ID, "kill", "1\n"));
	EXPECT_EQ(0, ctx_wait_usage(ID, NPROC, 0));
}

TEST_F(escape, orphan_of_a_subreaper_outside)
{
	long orphan;

	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	orphan = agent_call(&self->inside, do_orphan, 0, 0, 0);
	ASSERT_LT(0, orphan);
	EXPECT_EQ(ID, agent_call(&self->inside, do_proc_id, orphan, 0, 0));
	EXPECT_EQ(-1, kill(orphan, SIGKILL));
	EXPECT_EQ(ESRCH, errno);
	EXPECT_EQ(0, agent_call(&self->inside, do_check_inside,
				self->outside.pid, 0, 0));
	ASSERT_EQ(0, ctx_write(ID, "kill", "1\n"));
	/* Its parent reaps it, all the same. */
	EXPECT_EQ(orphan, waitpid(orphan, NULL, 0));
}

/* The process that is 1 inside (fakeinit) */

static long do_getppid(long a, long b, long c)
{
	return syscall(__NR_getppid);
}

static long do_getpid(long a, long b, long c)
{
	return syscall(__NR_getpid) == syscall(__NR_gettid) ?
	       syscall(__NR_getpid) : -EXDEV;
}

static long do_tgkill(long tgid, long pid, long sig)
{
	return syscall(__NR_tgkill, tgid, pid, sig) ? -errno : 0;
}

static volatile sig_atomic_t got_signal;

static void note_signal(int sig)
{
	got_signal = sig;
}

static long do_note_signals(long sig, long b, long c)
{
	return signal(sig, note_signal) == SIG_ERR ? -errno : 0;
}

static long do_got_signal(long a, long b, long c)
{
	return got_signal;
}

/* What a child of the caller says of its parent, and of itself if it is 1 */
static long do_child_of_init(long a, long b, long c)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(syscall(__NR_getppid) != 1 || syscall(__NR_getpid) == 1 ||
		      kill(1, 0));
	return waitpid(pid, &status, 0) == pid ? status : -errno;
}

/* Its orphan is left to whoever gets it. */
static long do_wait_for(long pid, long b, long c)
{
	return waitpid(pid, NULL, 0) == pid ? 0 : -errno;
}

static long do_abort(long a, long b, long c)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid) {
		enter(VCTX_ID_NEW, VCTX_FLAG_FAKEINIT, 0);
		abort();
	}
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFSIGNALED(status) ? WTERMSIG(status) : -EXDEV;
}

TEST_F(escape, parent_is_nobodys)
{
	char buf[4096];

	EXPECT_EQ(getpid(), agent_call(&self->outside, do_getppid, 0, 0, 0));
	EXPECT_EQ(0, agent_call(&self->inside, do_getppid, 0, 0, 0));
	EXPECT_LT(0, agent_call(&self->inside, do_read_proc, (long)"self/status",
				(long)"PPid:\t1\n", 0));
	snprintf(buf, sizeof(buf), "PPid:\t%d\n", getpid());
	EXPECT_LT(0, agent_call(&self->outside, do_read_proc, (long)"self/status",
				(long)buf, 0));
}

TEST_F(escape, fakeinit)
{
	struct agent init, second, later;
	long orphan;

	ASSERT_EQ(0, agent_start(&init));
	ASSERT_EQ(0, agent_start(&second));
	EXPECT_EQ(-EINVAL, ctx_write(ID, "status", "flags fakeinit\n"));
	ASSERT_EQ(0, agent_call(&init, do_enter, ID, VCTX_FLAG_FAKEINIT, 0));
	EXPECT_EQ(-EBUSY, agent_call(&second, do_enter, ID, VCTX_FLAG_FAKEINIT, 0));
	EXPECT_EQ(0, agent_call(&second, do_self_id, 0, 0, 0));

	EXPECT_EQ(1, agent_call(&init, do_getpid, 0, 0, 0));
	EXPECT_EQ(0, agent_call(&init, do_getppid, 0, 0, 0));
	EXPECT_EQ(0, agent_call(&init, do_child_of_init, 0, 0, 0));
	/* Who has entered on his own is nobody's child, and a process like others. */
	EXPECT_EQ(self->inside.pid, agent_call(&self->inside, do_getpid, 0, 0, 0));
	EXPECT_EQ(0, agent_call(&self->inside, do_getppid, 0, 0, 0));

	/* 1 is it, for members only. */
	EXPECT_EQ(0, agent_call(&init, do_note_signals, SIGUSR1, 0, 0));
	EXPECT_EQ(0, agent_call(&self->inside, do_kill, 1, SIGUSR1, 0));
	EXPECT_EQ(SIGUSR1, agent_call(&init, do_got_signal, 0, 0, 0));
	EXPECT_EQ(0, agent_call(&init, do_note_signals, SIGUSR2, 0, 0));
	EXPECT_EQ(0, agent_call(&init, do_tgkill, 1, 1, SIGUSR2));
	EXPECT_EQ(SIGUSR2, agent_call(&init, do_got_signal, 0, 0, 0));
	EXPECT_EQ(0, agent_call(&init, do_tgkill, 1, init.pid, SIGUSR1));
	EXPECT_EQ(SIGUSR1, agent_call(&init, do_got_signal, 0, 0, 0));
	EXPECT_EQ(-ESRCH, agent_call(&init, do_tgkill, self->inside.pid, 1, 0));

	/* kill(-1) is for the others. */
	orphan = agent_call(&self->inside, do_orphan, 0, 0, 0);
	ASSERT_LT(0, orphan);
	EXPECT_EQ(0, agent_call(&self->inside, do_kill, -1, SIGKILL, 0));
	EXPECT_EQ(0, agent_call(&init, do_wait_for, orphan, 0, 0));
	EXPECT_EQ(0, agent_call(&self->inside, do_kill, 1, 0, 0));

	/* The orphans are its, whoever has left them. */
	orphan = agent_call(&self->inside, do_orphan, 0, 0, 0);
	ASSERT_LT(0, orphan);
	EXPECT_EQ(0, agent_call(&self->inside, do_kill, orphan, SIGKILL, 0));
	EXPECT_EQ(0, agent_call(&init, do_wait_for, orphan, 0, 0));
	orphan = agent_call(&init, do_orphan, 0, 0, 0);
	ASSERT_LT(0, orphan);
	EXPECT_EQ(0, agent_call(&init, do_kill, orphan, SIGKILL, 0));
	EXPECT_EQ(0, agent_call(&init, do_wait_for, orphan, 0, 0));

	/* When it has ended, there is none until another comes. */
	agent_stop(&init);
	EXPECT_EQ(-ESRCH, agent_call(&self->inside, do_kill, 1, 0, 0));
	ASSERT_EQ(0, agent_start(&later));
	EXPECT_EQ(0, agent_call(&later, do_enter, ID, VCTX_FLAG_FAKEINIT, 0));
	EXPECT_EQ(1, agent_call(&later, do_getpid, 0, 0, 0));
	EXPECT_EQ(0, agent_call(&self->inside, do_kill, 1, 0, 0));
	agent_stop(&later);
	agent_stop(&second);
	/* It raises signals like everybody. */
	EXPECT_EQ(SIGABRT, agent_call(&self->outside, do_abort, 0, 0, 0));
}

/* Who enters a context below is no longer process 1 of the one above. */
TEST_F(escape, fakeinit_goes_below)
{
	struct agent init, later;

	ASSERT_EQ(0, agent_start(&init));
	ASSERT_EQ(0, agent_call(&init, do_enter, ID, VCTX_FLAG_FAKEINIT, 0));
	ASSERT_EQ(0, agent_call(&init, do_enter, VCTX_ID_NEW, 0, 0));
	EXPECT_EQ(init.pid, agent_call(&init, do_getpid, 0, 0, 0));
	ASSERT_EQ(0, agent_start(&later));
	EXPECT_EQ(0, agent_call(&later, do_enter, ID, VCTX_FLAG_FAKEINIT, 0));
	EXPECT_EQ(1, agent_call(&later, do_getpid, 0, 0, 0));
	agent_stop(&later);
	agent_stop(&init);
}

/* Its parent follows it, and ends: nobody may become his own ancestor. */
static long do_init_below(long id, long flags, long c)
{
	pid_t pid = fork();
	int fds[2];
	char byte;

	if (pid < 0 || pipe(fds))
		return -errno;
	if (pid)
		return waitpid(pid, NULL, 0) == pid ? 0 : -errno;
	pid = fork();
	if (!pid) {
		if (enter(id, VCTX_FLAG_FAKEINIT, 0) ||
		    write(fds[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	if (read(fds[0], &byte, 1) == 1)
		enter(id, 0, 0);
	_exit(0);
}

TEST_F(escape, fakeinit_of_a_parent_inside)
{
	EXPECT_EQ(0, agent_call(&self->outside, do_init_below, ID, 0, 0));
	EXPECT_EQ(2, ctx_wait_usage(ID, NPROC, 2));
	EXPECT_EQ(0, agent_call(&self->inside, do_kill, 1, SIGKILL, 0));
	EXPECT_EQ(1, ctx_wait_usage(ID, NPROC, 1));
}

/* What tells who else there is */

static long do_getlk(long fd, long b, long c)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_GETLK, &lock))
		return -errno;
	return lock.l_type == F_UNLCK ? -ENOENT : lock.l_pid;
}

TEST_F(escape, lock_owner)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[] = "/tmp/vctx-lock-XXXXXX";
	long inside, outside;
	int fd = mkstemp(path);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, unlink(path));
	inside = agent_give_fd(&self->inside, fd);
	outside = agent_give_fd(&self->outside, fd);
	EXPECT_EQ(0, fcntl(fd, F_SETLK, &lock));
	/* Attempt: F_GETLK: who has a lock => l_pid is 0 */
	EXPECT_EQ(0, agent_call(&self->inside, do_getlk, inside, 0, 0));
	EXPECT_EQ(getpid(), agent_call(&self->outside, do_getlk, outside, 0, 0));
	EXPECT_EQ(0, close(fd));
}

/* The id that was given out last */
TEST_F(escape, last_pid)
{
	/* Attempt: /proc/loadavg: the id that was given out last => it is 0 */
	EXPECT_LT(0, agent_call(&self->inside, do_read_proc, (long)"loadavg",
				(long)" 0\n", 0));
	EXPECT_EQ(0, agent_call(&self->outside, do_read_proc, (long)"loadavg",
				(long)" 0\n", 0));
}

/* Threads */

static void *thread_ids(void *arg)
{
	long *id = arg;

	id[0] = self_id();
	id[1] = proc_id("thread-self");
	id[2] = enter(VCTX_ID_NEW, 0, 0);
	id[3] = enter(ID + 1, 0, 0);
	return NULL;
}

static long do_thread(long which, long b, long c)
{
	static long id[4];
	pthread_t thread;
	int err;

	err = pthread_create(&thread, NULL, thread_ids, id);
	if (err)
		return -err;
	pthread_join(thread, NULL);
	return id[which];
}

TEST_F(escape, thread)
{
	EXPECT_EQ(ID, agent_call(&self->inside, do_thread, 0, 0, 0));
	EXPECT_EQ(ID, agent_call(&self->inside, do_thread, 1, 0, 0));
	/* Attempt: entry from one of several threads */
	EXPECT_EQ(-EBUSY, agent_call(&self->inside, do_thread, 2, 0, 0));
	EXPECT_EQ(-EBUSY, agent_call(&self->inside, do_thread, 3, 0, 0));
	EXPECT_STILL_INSIDE();
	EXPECT_EQ(1, ctx_wait_usage(ID, NTASK, 1));
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--report"))
		return report_main();
	return test_harness_run(argc, argv);
}
