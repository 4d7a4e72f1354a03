// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - signal: how many signals may wait in queues
 */

#define _GNU_SOURCE
#include <pthread.h>

#include "common.h"

#define ID	60051
#define ID2	60052

/* The C library keeps two for itself, below SIGRTMIN. */
#define RT	(SIGRTMIN + 1)

static long queue(pid_t pid, int sig, int value)
{
	return sigqueue(pid, sig, (union sigval){ .sival_int = value }) ?
	       -errno : 0;
}

static long do_queue(long pid, long sig, long value)
{
	return queue(pid ?: getpid(), sig, value);
}

/* Sends @n, as often as that succeeds. */
static long do_queue_many(long pid, long sig, long n)
{
	long sent;

	for (sent = 0; sent < n; sent++)
		if (queue(pid ?: getpid(), sig, sent))
			break;
	return sent;
}

static long do_tgkill(long pid, long sig, long c)
{
	pid = pid ?: getpid();
	return syscall(__NR_tgkill, pid, pid, sig) ? -errno : 0;
}

/* To one thread, where do_queue() sends to the process. */
static long do_tgqueue(long pid, long sig, long value)
{
	siginfo_t info = {
		.si_signo = sig,
		.si_code = SI_QUEUE,
	};

	pid = pid ?: getpid();
	info.si_value.sival_int = value;
	return syscall(__NR_rt_tgsigqueueinfo, pid, pid, sig, &info) ? -errno : 0;
}

static long do_block(long sig, long b, long c)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	return sigprocmask(SIG_BLOCK, &set, NULL) ? -errno : 0;
}

static int take(int sig, siginfo_t *info)
{
	struct timespec now = {};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	return sigtimedwait(&set, info, &now) == sig ? 0 : -errno;
}

/* Takes a signal that was queued: its value, or an errno. */
static long do_take(long sig, long b, long c)
{
	siginfo_t info;

	return take(sig, &info) ?: info.si_value.sival_int;
}

/* Takes a signal, and says who has sent it: 0 if it has lost that. */
static long do_take_pid(long sig, long b, long c)
{
	siginfo_t info;

	return take(sig, &info) ?: info.si_pid;
}

static long do_take_all(long sig, long b, long c)
{
	siginfo_t info;
	long n = 0;

	while (!take(sig, &info))
		n++;
	return n;
}

/* Who is not a member cannot send a signal to one, so there is a second. */
FIXTURE(signal) {
	struct agent member, peer;
	int contexts;
};

FIXTURE_SETUP(signal)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	ASSERT_EQ(0, ctx_end(ID2));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
	ASSERT_EQ(0, agent_start_in(&self->peer, ID));
	ASSERT_EQ(0, agent_call(&self->member, do_block, RT, 0, 0));
	ASSERT_EQ(0, ctx_usage(ID, NSIGPENDING));
}

FIXTURE_TEARDOWN_PARENT(signal)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_EQ(0, ctx_end(ID2));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

/* The other one sends a signal to it. */
#define QUEUE(_sig, _value) \
	agent_call(&self->peer, do_queue, self->member.pid, _sig, _value)
#define KILL(_sig) \
	agent_call(&self->peer, do_kill, self->member.pid, _sig, 0)

#define CALL(_fn, ...) CALL_(_fn, ##__VA_ARGS__, 0, 0, 0)
#define CALL_(_fn, _a, _b, _c, ...) agent_call(&self->member, _fn, _a, _b, _c)

TEST_F(signal, queued_and_taken)
{
	int i;

	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0, QUEUE(RT, 100 + i));
		EXPECT_EQ(1 + i, ctx_usage(ID, NSIGPENDING));
	}
	/* Also what it sends itself. */
	EXPECT_EQ(0, CALL(do_queue, 0, RT, 105));
	EXPECT_EQ(0, CALL(do_tgqueue, 0, RT, 200));
	EXPECT_EQ(7, ctx_usage(ID, NSIGPENDING));
	/* Those of the thread come first. */
	EXPECT_EQ(200, CALL(do_take, RT));
	for (i = 0; i < 6; i++) {
		EXPECT_EQ(100 + i, CALL(do_take, RT));
		EXPECT_EQ(5 - i, ctx_usage(ID, NSIGPENDING));
	}
	EXPECT_EQ(-EAGAIN, CALL(do_take, RT));
	EXPECT_EQ(7, ctx_peak(ID, NSIGPENDING));
	EXPECT_EQ(0, ctx_fail(ID, NSIGPENDING));
}

TEST_F(signal, hard)
{
	struct limit limit;
	int i;

	EXPECT_EQ(0, ctx_set_limits(ID, "nsigpending hard 3"));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, QUEUE(RT, i));
	EXPECT_EQ(-EAGAIN, QUEUE(RT, 3));
	EXPECT_EQ(-EAGAIN, CALL(do_queue, 0, RT, 3));
	EXPECT_EQ(-EAGAIN, CALL(do_tgqueue, 0, RT, 3));
	EXPECT_EQ(-EAGAIN, CALL(do_tgkill, 0, RT));
	ASSERT_EQ(0, ctx_limit(ID, NSIGPENDING, &limit));
	EXPECT_EQ(3, limit.usage);
	EXPECT_EQ(3, limit.peak);
	EXPECT_EQ(4, limit.fail);
	EXPECT_EQ(4, ctx_number(ID, "events", "nsigpending.hard"));

	/* What was refused is not there; what is taken makes room. */
	EXPECT_EQ(0, CALL(do_take, RT));
	EXPECT_EQ(0, QUEUE(RT, 3));
	EXPECT_EQ(-EAGAIN, QUEUE(RT, 4));
	for (i = 1; i < 4; i++)
		EXPECT_EQ(i, CALL(do_take, RT));
	EXPECT_EQ(-EAGAIN, CALL(do_take, RT));
	EXPECT_EQ(0, ctx_usage(ID, NSIGPENDING));
	EXPECT_EQ(3, ctx_peak(ID, NSIGPENDING));
}

/* What may not be refused comes, and has lost only who it is from. */
TEST_F(signal, without_info)
{
	EXPECT_EQ(0, CALL(do_block, SIGUSR1));
	EXPECT_EQ(0, CALL(do_block, SIGUSR2));
	EXPECT_EQ(0, KILL(SIGUSR1));
	EXPECT_EQ(1, ctx_usage(ID, NSIGPENDING));
	EXPECT_EQ(self->peer.pid, CALL(do_take_pid, SIGUSR1));

	EXPECT_EQ(0, ctx_set_limits(ID, "nsigpending hard 1"));
	EXPECT_EQ(0, QUEUE(RT, 1));
	EXPECT_EQ(0, KILL(SIGUSR1));
	EXPECT_EQ(0, QUEUE(SIGUSR2, 1));
	EXPECT_EQ(1, ctx_usage(ID, NSIGPENDING));
	EXPECT_EQ(0, CALL(do_take_pid, SIGUSR1));
	EXPECT_EQ(0, CALL(do_take_pid, SIGUSR2));
	/* kill() does not refuse real-time signals either. */
	EXPECT_EQ(1, CALL(do_take, RT));
	EXPECT_EQ(0, ctx_set_limits(ID, "nsigpending hard 0"));
	EXPECT_EQ(0, KILL(RT));
	EXPECT_EQ(0, ctx_usage(ID, NSIGPENDING));
	EXPECT_EQ(0, CALL(do_take_pid, RT));
	EXPECT_EQ(1, ctx_peak(ID, NSIGPENDING));
}

static long do_fork_wait(long a, long b, long c)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(7);
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WEXITSTATUS(status);
}

static sig_atomic_t handled;

static void handler(int sig)
{
	handled++;
}

static long do_fault(long a, long b, long c)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		struct rlimit none = {};

		setrlimit(RLIMIT_CORE, &none);
		syscall(__NR_munmap, (long)do_fault & -4096L, 4096);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFSIGNALED(status) ? WTERMSIG(status) : -ECHILD;
}

/* Nothing that the kernel needs depends on a place in the queue. */
TEST_F(signal, kernels_own)
{
	EXPECT_EQ(0, ctx_set_limits(ID, "nsigpending hard 0"));
	EXPECT_EQ(7, CALL(do_fork_wait));
	EXPECT_EQ(0, CALL(do_block, SIGCHLD));
	EXPECT_EQ(7, CALL(do_fork_wait));
	EXPECT_EQ(0, CALL(do_take_pid, SIGCHLD));
	EXPECT_EQ(SIGSEGV, CALL(do_fault));

	EXPECT_EQ(0, KILL(SIGKILL));
	EXPECT_EQ(SIGKILL, agent_stop(&self->member) & 0x7f);
	EXPECT_EQ(0, ctx_peak(ID, NSIGPENDING));
}

static long do_handle(long sig, long b, long c)
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = SA_RESTART };

	handled = 0;
	return sigaction(sig, &act, NULL) ? -errno : 0;
}

static long do_handled(long a, long b, long c)
{
	return handled;
}

static long do_ignore(long sig, long b, long c)
{
	return signal(sig, SIG_IGN) == SIG_ERR ? -errno : 0;
}

/* A signal that is ignored is not queued, and one that is then, no more. */
TEST_F(signal, ignored)
{
	EXPECT_EQ(4, CALL(do_queue_many, 0, RT, 4));
	EXPECT_EQ(4, ctx_usage(ID, NSIGPENDING));
	EXPECT_EQ(0, CALL(do_ignore, RT));
	EXPECT_EQ(0, ctx_usage(ID, NSIGPENDING));

	EXPECT_EQ(0, CALL(do_handle, RT + 1));
	EXPECT_EQ(3, CALL(do_queue_many, 0, RT + 1, 3));
	EXPECT_EQ(3, CALL(do_handled));
	EXPECT_EQ(0, ctx_wait_usage(ID, NSIGPENDING, 0));
}

/* Timers */

static long do_timer(long sig, long b, long c)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = sig,
	};
	int id;

	if (syscall(__NR_timer_create, CLOCK_MONOTONIC, &event, &id))
		return -errno;
	return id;
}

static long do_timer_fire(long id, long b, long c)
{
	struct itimerspec soon = { .it_value = { .tv_nsec = 1 } };
	sigset_t pending;

	if (syscall(__NR_timer_settime, (int)id, 0, &soon, NULL))
		return -errno;
	do
		sigpending(&pending);
	while (!sigismember(&pending, RT));
	return 0;
}

static long do_timer_delete(long id, long b, long c)
{
	return syscall(__NR_timer_delete, (int)id) ? -errno : 0;
}

TEST_F(signal, timers)
{
	long id[3];
	int i;

	EXPECT_EQ(0, ctx_set_limits(ID, "nsigpending hard 3"));
	for (i = 0; i < 3; i++) {
		id[i] = CALL(do_timer, RT);
		EXPECT_LE(0, id[i]);
		EXPECT_EQ(1 + i, ctx_usage(ID, NSIGPENDING));
	}
	EXPECT_EQ(-EAGAIN, CALL(do_timer, RT));
	EXPECT_EQ(-EAGAIN, CALL(do_queue, 0, RT, 1));
	EXPECT_EQ(2, ctx_fail(ID, NSIGPENDING));

	/* Its signal has its place already. */
	EXPECT_EQ(0, CALL(do_timer_fire, id[0]));
	EXPECT_EQ(3, ctx_usage(ID, NSIGPENDING));
	EXPECT_EQ(0, CALL(do_take, RT));
	EXPECT_EQ(3, ctx_usage(ID, NSIGPENDING));

	/* One that goes leaves its signal behind, if that is still queued. */
	EXPECT_EQ(0, CALL(do_timer_delete, id[1]));
	EXPECT_EQ(2, ctx_usage(ID, NSIGPENDING));
	EXPECT_EQ(0, CALL(do_timer_fire, id[2]));
	EXPECT_EQ(0, CALL(do_timer_delete, id[2]));
	EXPECT_EQ(0, CALL(do_timer_delete, id[0]));
	EXPECT_GE(1, ctx_usage(ID, NSIGPENDING));
	CALL(do_take_all, RT);
	EXPECT_EQ(0, ctx_usage(ID, NSIGPENDING));
}

/* Who ends takes all of it along, also what it is not reaped of. */

static long do_fork_queue(long n, long timers, long c)
{
	pid_t pid = fork();
	siginfo_t info;

	if (pid < 0)
		return -errno;
	if (!pid) {
		do_queue_many(0, RT, n);
		while (timers--)
			do_timer(RT, 0, 0);
		_exit(0);
	}
	return waitid(P_PID, pid, &info, WEXITED | WNOWAIT) ? -errno : pid;
}

static long do_reap(long pid, long b, long c)
{
	return waitpid(pid, NULL, 0) == pid ? 0 : -errno;
}

TEST_F(signal, exit)
{
	struct limit limit;
	long pid;

	/* Near a limit, the peak is exact. */
	EXPECT_EQ(0, ctx_set_limits(ID, "nsigpending hard 100"));
	pid = CALL(do_fork_queue, 6, 3);
	EXPECT_LT(0, pid);
	EXPECT_EQ(0, CALL(do_reap, pid));
	/* Its end is a signal, too, which this one does not wait for. */
	EXPECT_EQ(0, ctx_wait_usage(ID, NSIGPENDING, 0));
	ASSERT_EQ(0, ctx_limit(ID, NSIGPENDING, &limit));
	EXPECT_EQ(9, limit.peak);

	/* And if everybody ends at once. */
	EXPECT_EQ(5, CALL(do_queue_many, 0, RT, 5));
	EXPECT_LE(0, CALL(do_timer, RT));
	EXPECT_EQ(6, ctx_usage(ID, NSIGPENDING));
	EXPECT_EQ(0, ctx_write(ID, "kill", "1\n"));
	agent_stop(&self->member);
	EXPECT_EQ(0, ctx_wait_usage(ID, NSIGPENDING, 0));
}

static long do_exec_true(long a, long b, long c)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		do_timer(RT, 0, 0);
		do_queue(0, RT, 1);
		execl("/bin/sh", "sh", "-c", "exit 5", NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return WEXITSTATUS(status);
}

TEST_F(signal, exec)
{
	EXPECT_EQ(0, ctx_set_limits(ID, "nsigpending hard 100"));
	EXPECT_EQ(5, CALL(do_exec_true));
	EXPECT_EQ(0, ctx_wait_usage(ID, NSIGPENDING, 0));
	EXPECT_EQ(2, ctx_peak(ID, NSIGPENDING));
}

static void *thread_queue(void *arg)
{
	siginfo_t info = { .si_signo = RT, .si_code = SI_QUEUE };
	long tid = syscall(__NR_gettid);
	int i;

	for (i = 0; i < 4; i++)
		syscall(__NR_rt_tgsigqueueinfo, getpid(), tid, RT, &info);
	return NULL;
}

static long do_thread(long a, long b, long c)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, thread_queue, NULL);

	return err ? -err : -pthread_join(thread, NULL);
}

/* What only one thread can take goes with that. */
TEST_F(signal, thread)
{
	EXPECT_EQ(0, ctx_set_limits(ID, "nsigpending hard 100"));
	EXPECT_EQ(0, CALL(do_thread));
	EXPECT_EQ(0, ctx_wait_usage(ID, NSIGPENDING, 0));
	EXPECT_EQ(4, ctx_peak(ID, NSIGPENDING));
	EXPECT_EQ(-EAGAIN, CALL(do_take, RT));
}

/*
 *   host -- ID (hard 4) -- child (hard 2)
 */
TEST_F(signal, hierarchy)
{
	struct agent below;
	long child;

	EXPECT_EQ(0, ctx_set_limits(ID, "nsigpending hard 4"));
	ASSERT_EQ(0, agent_start_in(&below, ID));
	ASSERT_EQ(0, agent_call(&below, do_block, RT, 0, 0));
	/* What waits already stays where it is charged. */
	EXPECT_EQ(0, agent_call(&below, do_queue, 0, RT, 1));
	EXPECT_EQ(1, ctx_usage(ID, NSIGPENDING));
	ASSERT_EQ(0, agent_call(&below, do_enter, VCTX_ID_NEW, 0, 0));
	child = agent_call(&below, do_self_id, 0, 0, 0);
	ASSERT_LT(0, child);
	EXPECT_EQ(0, ctx_usage(child, NSIGPENDING));
	EXPECT_EQ(1, ctx_usage(ID, NSIGPENDING));
	EXPECT_EQ(0, ctx_set_limits(child, "nsigpending hard 2"));

	EXPECT_EQ(2, agent_call(&below, do_queue_many, 0, RT, 10));
	EXPECT_EQ(2, ctx_usage(child, NSIGPENDING));
	EXPECT_EQ(3, ctx_usage(ID, NSIGPENDING));
	EXPECT_EQ(1, ctx_fail(child, NSIGPENDING));
	EXPECT_EQ(0, ctx_fail(ID, NSIGPENDING));

	/* The one above is full: that is its failure, and the child's not. */
	EXPECT_EQ(0, ctx_set_limits(child, "nsigpending hard max"));
	EXPECT_EQ(1, CALL(do_queue_many, 0, RT, 10));
	EXPECT_EQ(-EAGAIN, agent_call(&below, do_queue, 0, RT, 1));
	EXPECT_EQ(2, ctx_usage(child, NSIGPENDING));
	EXPECT_EQ(4, ctx_usage(ID, NSIGPENDING));
	EXPECT_EQ(1, ctx_fail(child, NSIGPENDING));
	EXPECT_EQ(2, ctx_fail(ID, NSIGPENDING));

	EXPECT_EQ(3, agent_call(&below, do_take_all, RT, 0, 0));
	EXPECT_EQ(0, ctx_usage(child, NSIGPENDING));
	EXPECT_EQ(1, ctx_usage(ID, NSIGPENDING));
	agent_stop(&below);
	EXPECT_EQ(0, ctx_end_dynamic(child));
}

/* A full queue is nobody's problem but its context's. */
TEST_F(signal, others)
{
	struct agent neighbour;
	sigset_t old;

	EXPECT_EQ(0, ctx_mkdir(ID2));
	ASSERT_EQ(0, agent_start_in(&neighbour, ID2));
	ASSERT_EQ(0, agent_call(&neighbour, do_block, RT, 0, 0));
	EXPECT_EQ(0, ctx_set_limits(ID, "nsigpending hard 1"));
	EXPECT_EQ(1, CALL(do_queue_many, 0, RT, 10));

	EXPECT_EQ(10, agent_call(&neighbour, do_queue_many, 0, RT, 10));
	EXPECT_EQ(10, ctx_usage(ID2, NSIGPENDING));
	EXPECT_EQ(1, ctx_usage(ID, NSIGPENDING));

	sigprocmask(SIG_SETMASK, NULL, &old);
	EXPECT_EQ(0, do_block(RT, 0, 0));
	EXPECT_EQ(10, do_queue_many(0, RT, 10));
	EXPECT_EQ(10, ctx_usage(ID2, NSIGPENDING));
	EXPECT_EQ(1, ctx_usage(ID, NSIGPENDING));
	EXPECT_EQ(10, do_take_all(RT, 0, 0));
	sigprocmask(SIG_SETMASK, &old, NULL);
	agent_stop(&neighbour);
}

#define SENDERS	4
#define HARD	20

/* Who sends as fast as it can, and who takes: never one too many. */
TEST_F(signal, race)
{
	struct agent sender[SENDERS];
	struct limit limit;
	long end = now_ms() + 1000;
	int i;

	EXPECT_EQ(0, ctx_set_limits(ID, "nsigpending hard %d", HARD));
	for (i = 0; i < SENDERS; i++)
		ASSERT_EQ(0, agent_start_in(&sender[i], ID));
	do {
		for (i = 0; i < SENDERS; i++)
			EXPECT_EQ(0, agent_ask(&sender[i], do_queue_many,
					       self->member.pid, RT, 1000));
		EXPECT_LE(0, CALL(do_take_all, RT));
		for (i = 0; i < SENDERS; i++)
			EXPECT_LE(0, agent_answer(&sender[i]));
		ASSERT_EQ(0, ctx_limit(ID, NSIGPENDING, &limit));
		EXPECT_GE(HARD, limit.usage);
	} while (now_ms() < end);
	EXPECT_GE(HARD, limit.peak);
	EXPECT_LT(0, limit.fail);
	EXPECT_LE(0, CALL(do_take_all, RT));
	EXPECT_EQ(0, ctx_wait_usage(ID, NSIGPENDING, 0));
	for (i = 0; i < SENDERS; i++)
		agent_stop(&sender[i]);
}

TEST_HARNESS_MAIN
