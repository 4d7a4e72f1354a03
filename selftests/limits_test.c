// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - limits: what is counted, when it is refused, when it is released
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#include "common.h"

#define ID	60041

#ifndef __NR_pidfd_open
#define __NR_pidfd_open 434
#endif
#ifndef __NR_io_uring_setup
#define __NR_io_uring_setup 425
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

/* A new name for itself, so that it may run itself. */
static const char self_exe[] = "/proc/self/exe";

FIXTURE(limits) {
	struct agent member;
	int contexts;
};

FIXTURE_SETUP(limits)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
	/* What it had open before is not its context's. */
	ASSERT_EQ(1, ctx_usage(ID, NPROC));
	ASSERT_EQ(1, ctx_usage(ID, NTASK));
	ASSERT_EQ(0, ctx_usage(ID, NOFILE));
}

FIXTURE_TEARDOWN_PARENT(limits)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

#define CALL(_fn, _a, _b) agent_call(&self->member, _fn, _a, _b, 0)

#define EXPECT_USAGE(_nproc, _ntask, _nofile)				\
	do {								\
		long _p = (_nproc), _t = (_ntask), _f = (_nofile);	\
									\
		EXPECT_EQ(_p, ctx_wait_usage(ID, NPROC, _p));		\
		EXPECT_EQ(_t, ctx_wait_usage(ID, NTASK, _t));		\
		EXPECT_EQ(_f, ctx_wait_usage(ID, NOFILE, _f));		\
	} while (0)

/* Processes */

TEST_F(limits, nproc)
{
	struct limit limit;
	long pid[3];
	int i;

	EXPECT_EQ(0, ctx_set_limits(ID, "nproc hard 4"));
	for (i = 0; i < 3; i++) {
		pid[i] = CALL(do_fork_pause, 0, 0);
		EXPECT_LT(0, pid[i]);
		EXPECT_EQ(2 + i, ctx_usage(ID, NPROC));
	}
	EXPECT_EQ(-EAGAIN, CALL(do_fork_pause, 0, 0));
	EXPECT_EQ(-EAGAIN, CALL(do_fork_pause, 0, 0));
	ASSERT_EQ(0, ctx_limit(ID, NPROC, &limit));
	EXPECT_EQ(4, limit.usage);
	EXPECT_EQ(4, limit.peak);
	EXPECT_EQ(2, limit.fail);
	/* What was taken for it before it was refused is given back. */
	ASSERT_EQ(0, ctx_limit(ID, NTASK, &limit));
	EXPECT_EQ(4, limit.usage);
	EXPECT_EQ(0, limit.fail);

	EXPECT_EQ(0, CALL(do_kill_wait, pid[0], 0));
	EXPECT_USAGE(3, 3, 0);
	EXPECT_LT(0, CALL(do_fork_pause, 0, 0));
	EXPECT_EQ(-EAGAIN, CALL(do_fork_pause, 0, 0));
	EXPECT_EQ(3, ctx_fail(ID, NPROC));
	EXPECT_EQ(4, ctx_peak(ID, NPROC));
}

TEST_F(limits, ntask_of_processes)
{
	struct limit limit;
	long pid;

	EXPECT_EQ(0, ctx_set_limits(ID, "ntask hard 2"));
	pid = CALL(do_fork_pause, 0, 0);
	EXPECT_LT(0, pid);
	EXPECT_EQ(-EAGAIN, CALL(do_fork_pause, 0, 0));
	ASSERT_EQ(0, ctx_limit(ID, NTASK, &limit));
	EXPECT_EQ(2, limit.usage);
	EXPECT_EQ(2, limit.peak);
	EXPECT_EQ(1, limit.fail);
	ASSERT_EQ(0, ctx_limit(ID, NPROC, &limit));
	EXPECT_EQ(2, limit.usage);
	EXPECT_EQ(0, limit.fail);
	EXPECT_EQ(0, CALL(do_kill_wait, pid, 0));
	EXPECT_USAGE(1, 1, 0);
	EXPECT_LT(0, CALL(do_fork_pause, 0, 0));
}

static pthread_t threads[16];
static int threads_fds[2];

static void *thread_wait(void *arg)
{
	char c;

	return (void *)(long)read(threads_fds[0], &c, 1);
}

static long do_thread_start(long i, long b, long c)
{
	static bool ready;

	if (!ready && pipe(threads_fds))
		return -errno;
	ready = true;
	return -pthread_create(&threads[i], NULL, thread_wait, NULL);
}

/* Any of them ends, and all are the same. */
static long do_thread_end(long i, long b, long c)
{
	if (write(threads_fds[1], "", 1) != 1)
		return -errno;
	return -pthread_join(threads[i], NULL);
}

TEST_F(limits, ntask_of_threads)
{
	struct limit limit;

	EXPECT_EQ(0, ctx_set_limits(ID, "ntask hard 3 nproc hard 1"));
	EXPECT_EQ(0, CALL(do_thread_start, 0, 0));
	EXPECT_USAGE(1, 2, 2);
	EXPECT_EQ(0, CALL(do_thread_start, 1, 0));
	EXPECT_USAGE(1, 3, 2);
	EXPECT_EQ(-EAGAIN, CALL(do_thread_start, 2, 0));
	EXPECT_EQ(-EAGAIN, CALL(do_fork_pause, 0, 0));
	ASSERT_EQ(0, ctx_limit(ID, NTASK, &limit));
	EXPECT_EQ(3, limit.usage);
	EXPECT_EQ(3, limit.peak);
	EXPECT_EQ(2, limit.fail);
	ASSERT_EQ(0, ctx_limit(ID, NPROC, &limit));
	EXPECT_EQ(1, limit.usage);
	EXPECT_EQ(0, limit.fail);
	EXPECT_EQ(3, ctx_number(ID, "status", "members"));
}

TEST_F(limits, threads_end)
{
	EXPECT_EQ(0, ctx_set_limits(ID, "ntask hard 2"));
	EXPECT_EQ(0, CALL(do_thread_start, 0, 0));
	EXPECT_EQ(-EAGAIN, CALL(do_thread_start, 1, 0));
	EXPECT_EQ(0, CALL(do_thread_end, 0, 0));
	EXPECT_USAGE(1, 1, 2);
	EXPECT_EQ(0, CALL(do_thread_start, 0, 0));
	EXPECT_USAGE(1, 2, 2);
	EXPECT_EQ(1, ctx_number(ID, "events", "ntask.hard"));
}

static long do_fork_exit(long a, long b, long c)
{
	pid_t pid = fork();
	siginfo_t info;

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(0);
	/* It has ended, and is not reaped. */
	return waitid(P_PID, pid, &info, WEXITED | WNOWAIT) ? -errno : pid;
}

static long do_wait(long pid, long b, long c)
{
	return waitpid(pid, NULL, 0) == pid ? 0 : -errno;
}

TEST_F(limits, zombie)
{
	long pid;

	EXPECT_EQ(0, ctx_set_limits(ID, "nproc hard 2"));
	pid = CALL(do_fork_exit, 0, 0);
	ASSERT_LT(0, pid);
	sleep_ms(50);
	EXPECT_USAGE(2, 2, 0);
	EXPECT_EQ(2, ctx_number(ID, "status", "members"));
	EXPECT_EQ(-EAGAIN, CALL(do_fork_exit, 0, 0));
	EXPECT_EQ(0, CALL(do_wait, pid, 0));
	EXPECT_USAGE(1, 1, 0);
	EXPECT_LT(0, CALL(do_fork_exit, 0, 0));
}

static long do_ignore_sigchld(long a, long b, long c)
{
	return signal(SIGCHLD, SIG_IGN) == SIG_ERR ? -errno : 0;
}

static long do_fork_and_forget(long n, long b, long c)
{
	while (n--) {
		pid_t pid = fork();

		if (pid < 0)
			return -errno;
		if (!pid)
			_exit(0);
	}
	return 0;
}

TEST_F(limits, reaped_by_itself)
{
	EXPECT_EQ(0, CALL(do_ignore_sigchld, 0, 0));
	EXPECT_EQ(0, CALL(do_fork_and_forget, 50, 0));
	EXPECT_USAGE(1, 1, 0);
}

/* A member that the host waits for */
TEST_F(limits, zombie_of_the_host)
{
	siginfo_t info;

	shutdown(self->member.sock, SHUT_RDWR);
	ASSERT_EQ(0, waitid(P_PID, self->member.pid, &info, WEXITED | WNOWAIT)) {
		TH_LOG("%s", strerror(errno));
	}
	EXPECT_EQ(1, ctx_usage(ID, NPROC));
	EXPECT_EQ(-EBUSY, ctx_rmdir(ID));
	agent_stop(&self->member);
	EXPECT_USAGE(0, 0, 0);
	EXPECT_EQ(0, ctx_rmdir(ID));
}

/* Also where no limit is near, and units are taken in batches */
TEST_F(limits, many_processes)
{
	long pid[100];
	int i;

	for (i = 0; i < 100; i++) {
		pid[i] = CALL(do_fork_pause, 0, 0);
		ASSERT_LT(0, pid[i]);
	}
	EXPECT_USAGE(101, 101, 0);
	EXPECT_LE(101, ctx_peak(ID, NPROC));
	for (i = 0; i < 100; i++)
		EXPECT_EQ(0, CALL(do_kill_wait, pid[i], 0));
	EXPECT_USAGE(1, 1, 0);
	EXPECT_LE(101, ctx_peak(ID, NPROC));
}

TEST_F(limits, soft)
{
	long pid;
	int i;

	EXPECT_EQ(0, ctx_set_limits(ID, "nproc soft 2 hard 100"));
	for (i = 0; i < 3; i++) {
		EXPECT_LT(0, CALL(do_fork_pause, 0, 0));
		EXPECT_EQ(i > 0, ctx_number(ID, "events", "nproc.soft"));
	}
	EXPECT_EQ(0, ctx_fail(ID, NPROC));
	pid = CALL(do_fork_pause, 0, 0);
	EXPECT_EQ(0, CALL(do_kill_wait, pid, 0));
	EXPECT_EQ(1, ctx_number(ID, "events", "nproc.soft"));
}

/* vfork and posix_spawn */

static long do_vfork(long a, long b, long c)
{
	pid_t pid = vfork();

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(0);
	return waitpid(pid, NULL, 0) == pid ? 0 : -errno;
}

static long do_spawn(long a, long b, long c)
{
	char *const argv[] = { "limits_test", "--true", NULL };
	char *const envp[] = { NULL };
	int err, status;
	pid_t pid;

	err = posix_spawn(&pid, self_exe, NULL, NULL, argv, envp);
	if (err)
		return -err;
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return status;
}

TEST_F(limits, vfork)
{
	EXPECT_EQ(0, ctx_set_limits(ID, "nproc hard 2"));
	EXPECT_EQ(0, CALL(do_vfork, 0, 0));
	EXPECT_USAGE(1, 1, 0);
	EXPECT_EQ(0, ctx_set_limits(ID, "nproc hard 1"));
	EXPECT_EQ(-EAGAIN, CALL(do_vfork, 0, 0));
	EXPECT_USAGE(1, 1, 0);
}

TEST_F(limits, spawn)
{
	EXPECT_EQ(0, ctx_set_limits(ID, "ntask hard 2"));
	EXPECT_EQ(0, CALL(do_spawn, 0, 0));
	EXPECT_USAGE(1, 1, 0);
	EXPECT_EQ(0, ctx_set_limits(ID, "ntask hard 1"));
	EXPECT_EQ(-EAGAIN, CALL(do_spawn, 0, 0));
	EXPECT_USAGE(1, 1, 0);
}

/* exec, by a thread that is not the first one, which takes its place */

static void *thread_exec(void *arg)
{
	char *const argv[] = { "limits_test", "--pause", NULL };
	char *const envp[] = { NULL };

	execve(self_exe, argv, envp);
	_exit(127);
}

static void *thread_forever(void *arg)
{
	pause();
	return NULL;
}

static int anew[2];

static long do_recv_byte(long a, long b, long c)
{
	struct pollfd poll_fd = { .fd = anew[0], .events = POLLIN };
	char byte;

	if (poll(&poll_fd, 1, PATIENCE_MS) != 1 || read(anew[0], &byte, 1) != 1)
		return -EIO;
	return byte;
}

/*
 * A child with three threads, of which the last runs this program anew, which
 * then says so.
 */
static long do_exec_by_thread(long a, long b, long c)
{
	pthread_t thread;
	pid_t pid;

	if (!anew[1] && pipe(anew))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		dup2(agent_sock, 0);
		dup2(anew[1], 1);
		if (pthread_create(&thread, NULL, thread_forever, NULL) ||
		    pthread_create(&thread, NULL, thread_exec, NULL))
			_exit(1);
		pause();
	}
	return pid;
}

TEST_F(limits, exec_by_thread)
{
	long pid;
	int i;

	for (i = 0; i < 5; i++) {
		pid = CALL(do_exec_by_thread, 0, 0);
		ASSERT_LT(0, pid);
		/* Two threads more, and then one process that has none. */
		ASSERT_EQ('.', CALL(do_recv_byte, 0, 0));
		EXPECT_EQ(2, ctx_wait_usage(ID, NTASK, 2));
		EXPECT_EQ(2, ctx_usage(ID, NPROC));
		EXPECT_EQ(2, ctx_number(ID, "status", "members"));
		EXPECT_EQ(0, CALL(do_kill_wait, pid, 0));
		/* The pipe is the agent's. */
		EXPECT_USAGE(1, 1, 2);
	}
	/* It needs no more than it has. */
	EXPECT_EQ(0, ctx_set_limits(ID, "nproc hard 2 ntask hard 4"));
	pid = CALL(do_exec_by_thread, 0, 0);
	ASSERT_LT(0, pid);
	ASSERT_EQ('.', CALL(do_recv_byte, 0, 0));
	EXPECT_EQ(2, ctx_wait_usage(ID, NTASK, 2));
	EXPECT_EQ(2, ctx_usage(ID, NPROC));
	EXPECT_EQ(0, ctx_fail(ID, NPROC));
	EXPECT_EQ(0, CALL(do_kill_wait, pid, 0));
	EXPECT_USAGE(1, 1, 2);
}

/* What fails half way */

static long do_clone(long flags, long n, long bad_pointer)
{
	long failed = 0;

	while (n--) {
		pid_t pid = syscall(__NR_clone, flags | SIGCHLD, 0,
				    bad_pointer ? 8UL : 0, 0, 0);

		if (!pid)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, __WALL);
		else
			failed++;
	}
	return failed;
}

static long do_set_rlimit_nproc(long n, long b, long c)
{
	struct rlimit rlimit = { n, n };

	return setrlimit(RLIMIT_NPROC, &rlimit) ? -errno : 0;
}

TEST_F(limits, fork_fails_by_rlimit)
{
	ASSERT_EQ(0, CALL(do_become_nobody, 0, 0));
	ASSERT_EQ(0, CALL(do_set_rlimit_nproc, 0, 0));
	EXPECT_EQ(100, CALL(do_clone, 0, 100));
	EXPECT_USAGE(1, 1, 0);
	EXPECT_EQ(0, ctx_fail(ID, NPROC));
}

TEST_F(limits, fork_fails_by_permission)
{
	ASSERT_EQ(0, CALL(do_become_nobody, 0, 0));
	EXPECT_EQ(100, CALL(do_clone, CLONE_NEWNS, 100));
	EXPECT_EQ(100, CALL(do_clone, CLONE_NEWUTS, 100));
	EXPECT_USAGE(1, 1, 0);
}

TEST_F(limits, fork_fails_by_pointer)
{
	EXPECT_EQ(100, agent_call(&self->member, do_clone, CLONE_PIDFD, 100, 1));
	EXPECT_USAGE(1, 1, 0);
}

TEST_F(limits, fork_fails_by_flags)
{
	EXPECT_EQ(100, CALL(do_clone, CLONE_THREAD, 100));
	EXPECT_EQ(100, CALL(do_clone, CLONE_NEWNS | CLONE_FS, 100));
	EXPECT_USAGE(1, 1, 0);
}

TEST_F(limits, fork_fails_by_open_files)
{
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile hard 0"));
	EXPECT_EQ(100, agent_call(&self->member, do_clone, CLONE_PIDFD, 100, 0));
	EXPECT_USAGE(1, 1, 0);
	EXPECT_EQ(100, ctx_fail(ID, NOFILE));
}

/* A pidfd keeps the task, but no place. */

static long do_pidfd_open(long pid, long b, long c)
{
	long fd = syscall(__NR_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

TEST_F(limits, pidfd)
{
	long pid, fd;

	EXPECT_EQ(0, ctx_set_limits(ID, "nproc hard 2"));
	pid = CALL(do_fork_pause, 0, 0);
	ASSERT_LT(0, pid);
	fd = CALL(do_pidfd_open, pid, 0);
	ASSERT_LE(0, fd);
	EXPECT_USAGE(2, 2, 1);
	EXPECT_EQ(0, CALL(do_kill_wait, pid, 0));
	EXPECT_USAGE(1, 1, 1);
	EXPECT_LT(0, CALL(do_fork_exit, 0, 0));
	EXPECT_EQ(0, CALL(do_close, fd, 0));
	EXPECT_USAGE(2, 2, 0);
}

TEST_F(limits, pidfd_of_the_host)
{
	struct agent agent;
	int fd;

	ASSERT_EQ(0, agent_start(&agent));
	fd = syscall(__NR_pidfd_open, agent.pid, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_call(&agent, do_enter, ID, 0, 0));
	EXPECT_USAGE(2, 2, 0);
	agent_stop(&agent);
	EXPECT_USAGE(1, 1, 0);
	agent_stop(&self->member);
	EXPECT_USAGE(0, 0, 0);
	EXPECT_EQ(0, ctx_rmdir(ID));
	close(fd);
}

/*
 * Hierarchy
 *
 *      ID  .-----------------------.
 *          | member     .--------. |
 *          |            | nested | |
 *          |            '--------' |
 *          '-----------------------'
 */
TEST_F(limits, nested)
{
	struct agent nested;
	struct limit limit;
	long id, pid;

	ASSERT_EQ(0, agent_start_in(&nested, ID));
	ASSERT_EQ(0, agent_call(&nested, do_enter, VCTX_ID_NEW, 0, 0));
	id = agent_call(&nested, do_self_id, 0, 0, 0);
	EXPECT_USAGE(2, 2, 0);
	EXPECT_EQ(1, ctx_usage(id, NPROC));

	/* The parent's limit bounds the child. */
	EXPECT_EQ(0, ctx_set_limits(ID, "nproc hard 3"));
	pid = agent_call(&nested, do_fork_pause, 0, 0, 0);
	ASSERT_LT(0, pid);
	EXPECT_USAGE(3, 3, 0);
	EXPECT_EQ(2, ctx_usage(id, NPROC));
	EXPECT_EQ(-EAGAIN, agent_call(&nested, do_fork_pause, 0, 0, 0));
	EXPECT_EQ(-EAGAIN, CALL(do_fork_pause, 0, 0));
	EXPECT_EQ(2, ctx_fail(ID, NPROC));
	/* The refusal is its whose limit it is; nothing is left charged. */
	ASSERT_EQ(0, ctx_limit(id, NPROC, &limit));
	EXPECT_EQ(2, limit.usage);
	EXPECT_EQ(0, limit.fail);
	EXPECT_EQ(2, ctx_usage(id, NTASK));
	EXPECT_USAGE(3, 3, 0);

	/* What the child frees, the parent may use. */
	EXPECT_EQ(0, agent_call(&nested, do_kill_wait, pid, 0, 0));
	EXPECT_USAGE(2, 2, 0);
	EXPECT_LT(0, CALL(do_fork_pause, 0, 0));
	EXPECT_EQ(-EAGAIN, agent_call(&nested, do_fork_pause, 0, 0, 0));

	/* The child's limit is its own. */
	EXPECT_EQ(0, ctx_set_limits(ID, "nproc hard max"));
	EXPECT_EQ(0, ctx_set_limits(id, "nproc hard 1 nofile hard 0"));
	EXPECT_EQ(-EAGAIN, agent_call(&nested, do_fork_pause, 0, 0, 0));
	EXPECT_EQ(-ENFILE, agent_call(&nested, do_open, (long)"/dev/null", O_RDONLY, 0));
	EXPECT_EQ(1, ctx_fail(id, NPROC));
	EXPECT_EQ(1, ctx_fail(id, NOFILE));
	EXPECT_EQ(0, ctx_fail(ID, NOFILE));
	EXPECT_LT(0, CALL(do_fork_pause, 0, 0));
	EXPECT_LE(0, CALL(do_open, (long)"/dev/null", O_RDONLY));
	EXPECT_USAGE(4, 4, 1);

	agent_stop(&nested);
	EXPECT_USAGE(3, 3, 1);
	EXPECT_EQ(0, ctx_end_dynamic(id));
	EXPECT_USAGE(3, 3, 1);
}

TEST_F(limits, nested_files)
{
	struct agent nested;
	long id, fd, i;

	ASSERT_EQ(0, agent_start_in(&nested, ID));
	for (i = 2; i <= VCTX_MAX_DEPTH; i++)
		ASSERT_EQ(0, agent_call(&nested, do_enter, VCTX_ID_NEW, 0, 0));
	id = agent_call(&nested, do_self_id, 0, 0, 0);
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile hard 3"));
	for (i = 0; i < 3; i++) {
		fd = agent_call(&nested, do_open, (long)"/dev/null", O_RDONLY, 0);
		EXPECT_LE(0, fd);
		EXPECT_EQ(i + 1, ctx_usage(ID, NOFILE));
		EXPECT_EQ(i + 1, ctx_usage(id, NOFILE));
	}
	EXPECT_EQ(-ENFILE, agent_call(&nested, do_open, (long)"/dev/null", O_RDONLY, 0));
	EXPECT_EQ(-ENFILE, CALL(do_open, (long)"/dev/null", O_RDONLY));
	EXPECT_EQ(3, ctx_usage(id, NOFILE));
	EXPECT_EQ(0, agent_call(&nested, do_close, fd, 0, 0));
	EXPECT_EQ(2, ctx_usage(id, NOFILE));
	EXPECT_EQ(2, ctx_usage(ID, NOFILE));
	EXPECT_LE(0, CALL(do_open, (long)"/dev/null", O_RDONLY));
	EXPECT_EQ(3, ctx_usage(ID, NOFILE));
	EXPECT_EQ(2, ctx_usage(id, NOFILE));
	agent_stop(&nested);
	EXPECT_USAGE(1, 1, 1);
}

/* Files of the parent stay the parent's, when their user goes deeper. */
TEST_F(limits, files_from_before_entry)
{
	long id;

	ASSERT_LE(0, CALL(do_open, (long)"/dev/null", O_RDONLY));
	ASSERT_EQ(0, agent_call(&self->member, do_enter, VCTX_ID_NEW, 0, 0));
	id = CALL(do_self_id, 0, 0);
	EXPECT_EQ(0, ctx_usage(id, NOFILE));
	EXPECT_USAGE(1, 1, 1);
	ASSERT_LE(0, CALL(do_open, (long)"/dev/null", O_RDONLY));
	EXPECT_EQ(1, ctx_usage(id, NOFILE));
	EXPECT_USAGE(1, 1, 2);
	agent_stop(&self->member);
	EXPECT_USAGE(0, 0, 0);
}

/* Open files */

static long do_dup(long fd, long b, long c)
{
	int copy = dup(fd);

	return copy < 0 ? -errno : copy;
}

TEST_F(limits, nofile)
{
	struct limit limit;
	long fd[5];
	int i;

	EXPECT_EQ(0, ctx_set_limits(ID, "nofile hard 5"));
	for (i = 0; i < 5; i++) {
		fd[i] = CALL(do_open, (long)"/dev/null", O_RDWR);
		EXPECT_LE(0, fd[i]);
		EXPECT_EQ(i + 1, ctx_usage(ID, NOFILE));
	}
	EXPECT_EQ(-ENFILE, CALL(do_open, (long)"/dev/null", O_RDWR));
	EXPECT_EQ(-ENFILE, CALL(do_open, (long)"/dev/null", O_RDWR));
	ASSERT_EQ(0, ctx_limit(ID, NOFILE, &limit));
	EXPECT_EQ(5, limit.usage);
	EXPECT_EQ(5, limit.peak);
	EXPECT_EQ(2, limit.fail);
	EXPECT_EQ(2, ctx_number(ID, "events", "nofile.hard"));
	/* What does not exist costs nothing. */
	EXPECT_EQ(0, CALL(do_close, fd[0], 0));
	EXPECT_EQ(4, ctx_wait_usage(ID, NOFILE, 4));
	EXPECT_EQ(-ENOENT, CALL(do_open, (long)"/nosuch", O_RDONLY));
	EXPECT_EQ(4, ctx_wait_usage(ID, NOFILE, 4));
	fd[0] = CALL(do_open, (long)"/dev/null", O_RDWR);
	EXPECT_LE(0, fd[0]);
	/* dup() makes no description. */
	EXPECT_LE(0, CALL(do_dup, fd[0], 0));
	EXPECT_LE(0, CALL(do_dup, fd[0], 0));
	EXPECT_EQ(5, ctx_usage(ID, NOFILE));
	EXPECT_EQ(0, CALL(do_close, fd[0], 0));
	EXPECT_EQ(5, ctx_usage(ID, NOFILE));
	EXPECT_EQ(-ENFILE, CALL(do_open, (long)"/dev/null", O_RDWR));
	/* below what is used */
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile hard 3"));
	EXPECT_EQ(0, CALL(do_close, fd[1], 0));
	EXPECT_EQ(-ENFILE, CALL(do_open, (long)"/dev/null", O_RDWR));
	EXPECT_EQ(0, CALL(do_close, fd[2], 0));
	EXPECT_EQ(-ENFILE, CALL(do_open, (long)"/dev/null", O_RDWR));
	EXPECT_EQ(0, CALL(do_close, fd[3], 0));
	EXPECT_LE(0, CALL(do_open, (long)"/dev/null", O_RDWR));
	EXPECT_EQ(-ENFILE, CALL(do_open, (long)"/dev/null", O_RDWR));
	EXPECT_EQ(3, ctx_usage(ID, NOFILE));
}

static int many[2000];

static long do_open_many(long n, long b, long c)
{
	struct rlimit rlimit = { 4096, 4096 };
	int i;

	setrlimit(RLIMIT_NOFILE, &rlimit);
	for (i = 0; i < n; i++) {
		many[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (many[i] < 0)
			return -errno;
	}
	return 0;
}

static long do_close_many(long n, long b, long c)
{
	int i;

	for (i = 0; i < n; i++)
		if (close(many[i]))
			return -errno;
	return 0;
}

TEST_F(limits, many_files)
{
	ASSERT_EQ(0, CALL(do_open_many, 2000, 0));
	EXPECT_USAGE(1, 1, 2000);
	EXPECT_LE(2000, ctx_peak(ID, NOFILE));
	EXPECT_EQ(0, CALL(do_close_many, 1500, 0));
	EXPECT_USAGE(1, 1, 500);
	/* Limits that come near count what is there. */
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile hard 501"));
	EXPECT_LE(0, CALL(do_open, (long)"/dev/null", O_RDONLY));
	EXPECT_EQ(-ENFILE, CALL(do_open, (long)"/dev/null", O_RDONLY));
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile hard max"));
	EXPECT_LE(0, CALL(do_open, (long)"/dev/null", O_RDONLY));
	EXPECT_USAGE(1, 1, 502);
	agent_stop(&self->member);
	EXPECT_USAGE(0, 0, 0);
}

/* The kinds of what is open.  Each makes descriptors, or fails and leaves none. */

static int kind_fds[8];
static int kind_nr;

static int kind_add(int fd)
{
	if (fd < 0)
		return -errno;
	kind_fds[kind_nr++] = fd;
	return 0;
}

static int kind_add_pair(int err, const int pair[2])
{
	if (err)
		return -errno;
	kind_fds[kind_nr++] = pair[0];
	kind_fds[kind_nr++] = pair[1];
	return 0;
}

static int kind_pipe(void)
{
	int pair[2];

	return kind_add_pair(pipe(pair), pair);
}

static int kind_socketpair(void)
{
	int pair[2];

	return kind_add_pair(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), pair);
}

static int kind_socket(void)
{
	return kind_add(socket(AF_INET, SOCK_DGRAM, 0));
}

static int kind_accept_unix(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 16;

	snprintf(addr.sun_path + 1, 15, "vctx-%d", getpid());
	if (kind_add(socket(AF_UNIX, SOCK_STREAM, 0)))
		return -errno;
	if (bind(kind_fds[0], (struct sockaddr *)&addr, len) ||
	    listen(kind_fds[0], 1))
		return -errno;
	if (kind_add(socket(AF_UNIX, SOCK_STREAM, 0)))
		return -errno;
	if (connect(kind_fds[1], (struct sockaddr *)&addr, len))
		return -errno;
	return kind_add(accept(kind_fds[0], NULL, NULL));
}

static int kind_accept_tcp(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);

	if (kind_add(socket(AF_INET, SOCK_STREAM, 0)))
		return -errno;
	if (bind(kind_fds[0], (struct sockaddr *)&addr, len) ||
	    listen(kind_fds[0], 1) ||
	    getsockname(kind_fds[0], (struct sockaddr *)&addr, &len))
		return -errno;
	if (kind_add(socket(AF_INET, SOCK_STREAM, 0)))
		return -errno;
	if (connect(kind_fds[1], (struct sockaddr *)&addr, len))
		return -errno;
	return kind_add(accept(kind_fds[0], NULL, NULL));
}

static int kind_eventfd(void)
{
	return kind_add(eventfd(0, 0));
}

static int kind_epoll(void)
{
	return kind_add(epoll_create1(0));
}

static int kind_memfd(void)
{
	return kind_add(memfd_create("vctx", 0));
}

static int kind_timerfd(void)
{
	return kind_add(timerfd_create(CLOCK_MONOTONIC, 0));
}

static int kind_signalfd(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return kind_add(signalfd(-1, &set, 0));
}

static int kind_inotify(void)
{
	return kind_add(inotify_init());
}

static int kind_pidfd(void)
{
	return kind_add(syscall(__NR_pidfd_open, getpid(), 0));
}

static int kind_path(void)
{
	return kind_add(open("/", O_PATH));
}

static int kind_directory(void)
{
	/* Of an overlay, it would be two. */
	return kind_add(open("/proc", O_RDONLY | O_DIRECTORY));
}

/* Of an overlay, where the root is one: the file below it is not counted. */
static int kind_file(void)
{
	return kind_add(open(self_exe, O_RDONLY));
}

static int kind_new_file(void)
{
	char name[] = "/vctx_test.XXXXXX";
	int err = kind_add(mkstemp(name));

	if (!err)
		unlink(name);
	return err;
}

static int kind_tmpfile(void)
{
	return kind_add(open("/dev/shm", O_TMPFILE | O_RDWR, 0600));
}

static int kind_proc(void)
{
	return kind_add(open("/proc/self/status", O_RDONLY));
}

static int kind_ns(void)
{
	return kind_add(open("/proc/self/ns/mnt", O_RDONLY));
}

static int kind_pty(void)
{
	return kind_add(open("/dev/ptmx", O_RDWR | O_NOCTTY));
}

static int kind_io_uring(void)
{
	char params[120] = {};

	return kind_add(syscall(__NR_io_uring_setup, 4, params));
}

static const struct kind {
	const char *name;
	int (*make)(void);
	int files;
} kinds[] = {
	{ "pipe", kind_pipe, 2 },
	{ "socketpair", kind_socketpair, 2 },
	{ "socket", kind_socket, 1 },
	{ "accept, local", kind_accept_unix, 3 },
	{ "accept, TCP", kind_accept_tcp, 3 },
	{ "eventfd", kind_eventfd, 1 },
	{ "epoll", kind_epoll, 1 },
	{ "memfd", kind_memfd, 1 },
	{ "timerfd", kind_timerfd, 1 },
	{ "signalfd", kind_signalfd, 1 },
	{ "inotify", kind_inotify, 1 },
	{ "pidfd", kind_pidfd, 1 },
	{ "O_PATH", kind_path, 1 },
	{ "directory", kind_directory, 1 },
	{ "file", kind_file, 1 },
	{ "new file", kind_new_file, 1 },
	{ "O_TMPFILE", kind_tmpfile, 1 },
	{ "procfs", kind_proc, 1 },
	{ "namespace", kind_ns, 1 },
	{ "pty", kind_pty, 1 },
	{ "io_uring", kind_io_uring, 1 },
};

static long do_kind_close(long a, long b, long c)
{
	int err = 0;

	while (kind_nr)
		if (close(kind_fds[--kind_nr]))
			err = -errno;
	return err;
}

static long do_kind(long i, long b, long c)
{
	int err = kinds[i].make();

	if (err)
		do_kind_close(0, 0, 0);
	return err;
}

TEST_F(limits, kinds)
{
	size_t i;
	int room;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct kind *kind = &kinds[i];
		long err;

		EXPECT_EQ(0, ctx_set_limits(ID, "nofile hard max"));
		/* What the host cannot do either is not in this kernel. */
		err = do_kind(i, 0, 0);
		do_kind_close(0, 0, 0);
		if (err) {
			TH_LOG("%s: %s", kind->name, strerror(-err));
			continue;
		}
		EXPECT_EQ(0, CALL(do_kind, i, 0)) {
			TH_LOG("%s", kind->name);
		}
		EXPECT_EQ(kind->files, ctx_wait_usage(ID, NOFILE, kind->files)) {
			TH_LOG("%s", kind->name);
		}
		EXPECT_EQ(0, CALL(do_kind_close, 0, 0));
		/* A socket may be freed by a timer, a ring by a work item. */
		EXPECT_EQ(0, ctx_wait_usage(ID, NOFILE, 0)) {
			TH_LOG("%s", kind->name);
		}

		for (room = 0; room < kind->files; room++) {
			EXPECT_EQ(0, ctx_set_limits(ID, "nofile hard %d", room));
			EXPECT_EQ(-ENFILE, CALL(do_kind, i, 0)) {
				TH_LOG("%s: room for %d", kind->name, room);
			}
			EXPECT_EQ(0, ctx_wait_usage(ID, NOFILE, 0)) {
				TH_LOG("%s: room for %d", kind->name, room);
			}
		}
		EXPECT_EQ(0, ctx_set_limits(ID, "nofile hard %d", kind->files));
		EXPECT_EQ(0, CALL(do_kind, i, 0)) {
			TH_LOG("%s", kind->name);
		}
		EXPECT_EQ(0, CALL(do_kind_close, 0, 0));
		EXPECT_EQ(0, ctx_wait_usage(ID, NOFILE, 0));
	}
}

static long do_create(long a, long b, long c)
{
	struct stat st;
	int fd;

	unlink("/dev/shm/vctx_limits_test");
	fd = open("/dev/shm/vctx_limits_test", O_CREAT | O_EXCL | O_WRONLY, 0600);
	if (fd >= 0) {
		close(fd);
		unlink("/dev/shm/vctx_limits_test");
		return 0;
	}
	if (!stat("/dev/shm/vctx_limits_test", &st))
		return -EEXIST;
	return -errno == -ENOENT ? -ENFILE : -errno;
}

TEST_F(limits, refused_creat)
{
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile hard 0"));
	EXPECT_EQ(-ENFILE, CALL(do_create, 0, 0));
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile hard 1"));
	EXPECT_EQ(0, CALL(do_create, 0, 0));
	EXPECT_USAGE(1, 1, 0);
}

TEST_F(limits, exec_needs_files)
{
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile hard 0"));
	EXPECT_EQ(-ENFILE, CALL(do_spawn, 0, 0));
	EXPECT_USAGE(1, 1, 0);
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile hard 50"));
	EXPECT_EQ(0, CALL(do_spawn, 0, 0));
	EXPECT_USAGE(1, 1, 0);
}

/* A description lives as long as somebody uses it. */

TEST_F(limits, fork_shares_files)
{
	long fd = CALL(do_open, (long)"/dev/null", O_RDONLY);
	long pid;

	ASSERT_LE(0, fd);
	pid = CALL(do_fork_pause, 0, 0);
	ASSERT_LT(0, pid);
	EXPECT_USAGE(2, 2, 1);
	EXPECT_EQ(0, CALL(do_close, fd, 0));
	EXPECT_USAGE(2, 2, 1);
	EXPECT_EQ(0, CALL(do_kill_wait, pid, 0));
	EXPECT_USAGE(1, 1, 0);
}

static void *mapping;

static long do_map(long a, long b, long c)
{
	/* Of an overlay, it would hold the file below it. */
	int fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	mapping = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return mapping == MAP_FAILED ? -errno : 0;
}

static long do_unmap(long a, long b, long c)
{
	return munmap(mapping, 4096) ? -errno : 0;
}

TEST_F(limits, mapping_keeps_file)
{
	EXPECT_EQ(0, CALL(do_map, 0, 0));
	EXPECT_USAGE(1, 1, 1);
	EXPECT_EQ(0, CALL(do_unmap, 0, 0));
	EXPECT_USAGE(1, 1, 0);
}

TEST_F(limits, passed_to_the_host)
{
	long fd = CALL(do_open, (long)"/dev/null", O_RDONLY);
	int ours;

	ASSERT_LE(0, fd);
	ours = agent_take_fd(&self->member, fd);
	ASSERT_LE(0, ours);
	EXPECT_EQ(0, CALL(do_close, fd, 0));
	EXPECT_EQ(1, ctx_usage(ID, NOFILE));
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile hard 1"));
	EXPECT_EQ(-ENFILE, CALL(do_open, (long)"/dev/null", O_RDONLY));
	close(ours);
	EXPECT_USAGE(1, 1, 0);
	EXPECT_LE(0, CALL(do_open, (long)"/dev/null", O_RDONLY));
}

TEST_F(limits, passed_to_a_stranger)
{
	struct agent stranger;
	long fd, ours, theirs, id;

	ASSERT_EQ(0, agent_start_in(&stranger, VCTX_ID_NEW));
	id = agent_call(&stranger, do_self_id, 0, 0, 0);
	fd = CALL(do_open, (long)"/dev/null", O_RDONLY);
	ASSERT_LE(0, fd);
	ours = agent_take_fd(&self->member, fd);
	ASSERT_LE(0, ours);
	theirs = agent_give_fd(&stranger, ours);
	ASSERT_LE(0, theirs);
	close(ours);
	EXPECT_EQ(0, CALL(do_close, fd, 0));
	EXPECT_USAGE(1, 1, 1);
	EXPECT_EQ(0, ctx_usage(id, NOFILE));
	EXPECT_EQ(0, agent_call(&stranger, do_close, theirs, 0, 0));
	EXPECT_USAGE(1, 1, 0);
	agent_stop(&stranger);
	EXPECT_EQ(0, ctx_end_dynamic(id));
}

TEST_F(limits, passed_and_never_taken)
{
	long fd = CALL(do_open, (long)"/dev/null", O_RDONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, agent_ask(&self->member, agent_do_send_fd, fd, 0, 0));
	EXPECT_EQ(0, agent_ask(&self->member, do_close, fd, 0, 0));
	EXPECT_EQ(1, ctx_wait_usage(ID, NOFILE, 1));
	agent_stop(&self->member);
	EXPECT_USAGE(0, 0, 0);
}

TEST_F(limits, host_files_are_free)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	long theirs;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile hard 0"));
	theirs = agent_give_fd(&self->member, fd);
	EXPECT_LE(0, theirs);
	EXPECT_USAGE(1, 1, 0);
	EXPECT_EQ(0, CALL(do_close, theirs, 0));
	EXPECT_USAGE(1, 1, 0);
}

/* The maker has gone, and so has its context: what it made has not. */
TEST_F(limits, outlives_its_context)
{
	struct agent maker;
	long fd, id;
	int ours[2];

	fd = CALL(do_open, (long)"/dev/null", O_RDONLY);
	ASSERT_LE(0, fd);
	ours[0] = agent_take_fd(&self->member, fd);
	ASSERT_LE(0, ours[0]);
	agent_stop(&self->member);
	EXPECT_USAGE(0, 0, 1);
	EXPECT_EQ(0, ctx_rmdir(ID));

	ASSERT_EQ(0, agent_start_in(&maker, VCTX_ID_NEW));
	ASSERT_EQ(0, agent_call(&maker, do_enter, VCTX_ID_NEW, 0, 0));
	id = agent_call(&maker, do_self_id, 0, 0, 0);
	fd = agent_call(&maker, do_open, (long)"/dev/null", O_RDONLY, 0);
	ASSERT_LE(0, fd);
	ours[1] = agent_take_fd(&maker, fd);
	ASSERT_LE(0, ours[1]);
	agent_stop(&maker);
	EXPECT_EQ(0, ctx_end_dynamic(id));

	/* A new one of the same id has nothing of it. */
	ASSERT_EQ(0, ctx_mkdir(ID));
	EXPECT_USAGE(0, 0, 0);
	close(ours[0]);
	close(ours[1]);
	EXPECT_USAGE(0, 0, 0);
}

/* Killed in the middle of it */
TEST_F(limits, killed)
{
	int i;

	for (i = 0; i < 20; i++)
		ASSERT_LT(0, CALL(do_fork_pause, 0, 0));
	for (i = 0; i < (int)ARRAY_SIZE(kinds); i++) {
		agent_call(&self->member, do_kind, i, 0, 0);
		kind_nr = 0;
		if (i % 4 == 3)
			CALL(do_kind_close, 0, 0);
	}
	CALL(do_thread_start, 0, 0);
	EXPECT_LT(20, ctx_usage(ID, NPROC));
	EXPECT_EQ(0, ctx_write(ID, "kill", "1\n"));
	agent_stop(&self->member);
	EXPECT_USAGE(0, 0, 0);
}

int main(int argc, char **argv)
{
	struct pollfd hangup = { .fd = 0 };

	if (argc == 2 && !strcmp(argv[1], "--true"))
		return 0;
	if (argc == 2 && !strcmp(argv[1], "--pause"))
		return write(1, ".", 1) != 1 || poll(&hangup, 1, -1) < 0;
	return test_harness_run(argc, argv);
}
