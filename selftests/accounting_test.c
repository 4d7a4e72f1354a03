// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - accounting: what a context has used since it was made
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/loop.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "common.h"

#define ID	60055
#define ID2	60056

static const char *const keys[] = {
	"user_usec", "system_usec", "cpu_usec", "wait_usec",
	"minor_faults", "major_faults", "forks", "execs",
	"voluntary_switches", "involuntary_switches",
	"block_read_bytes", "block_read_ops",
	"block_write_bytes", "block_write_ops",
	"inet_received_bytes", "inet_received_packets",
	"inet_sent_bytes", "inet_sent_packets",
	"inet6_received_bytes", "inet6_received_packets",
	"inet6_sent_bytes", "inet6_sent_packets",
	"unix_received_bytes", "unix_received_packets",
	"unix_sent_bytes", "unix_sent_packets",
	"other_received_bytes", "other_received_packets",
	"other_sent_bytes", "other_sent_packets",
};

static long account(__u32 id, const char *key)
{
	return ctx_number(id, "accounting", key);
}

/* What was used a moment ago may be added in a moment. */
static long account_wait(__u32 id, const char *key, long want)
{
	WAIT_UNTIL(account(id, key) >= want);
	return account(id, key);
}

/* Of the caller, all its threads: what the system says about it. */
enum own { OWN_CPU, OWN_MIN_FLT, OWN_MAJ_FLT, OWN_NVCSW, OWN_NIVCSW };

static long do_own(long what, long b, long c)
{
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	switch (what) {
	case OWN_CPU:
		return (ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000 +
		       ru.ru_utime.tv_usec + ru.ru_stime.tv_usec;
	case OWN_MIN_FLT:
		return ru.ru_minflt;
	case OWN_MAJ_FLT:
		return ru.ru_majflt;
	case OWN_NVCSW:
		return ru.ru_nvcsw;
	default:
		return ru.ru_nivcsw;
	}
}

/* Uses the CPU for so many milliseconds, whatever else it does. */
static long do_burn(long ms, long b, long c)
{
	long end = do_own(OWN_CPU, 0, 0) + ms * 1000;

	while (do_own(OWN_CPU, 0, 0) < end)
		;
	return 0;
}

static long do_touch_pages(long n, long b, long c)
{
	size_t size = n * 4096;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long i;

	if (p == MAP_FAILED)
		return -errno;
	madvise(p, size, MADV_NOHUGEPAGE);
	for (i = 0; i < n; i++)
		p[i * 4096] = 1;
	munmap(p, size);
	return 0;
}

static long do_sleep_often(long n, long b, long c)
{
	while (n--)
		sleep_ms(1);
	return 0;
}

FIXTURE(accounting) {
	struct agent member;
	int contexts;
};

FIXTURE_SETUP(accounting)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	ASSERT_EQ(0, ctx_end(ID2));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start(&self->member));
}

FIXTURE_TEARDOWN_PARENT(accounting)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_EQ(0, ctx_end(ID2));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

#define CALL(_fn, ...) CALL_(_fn, ##__VA_ARGS__, 0, 0, 0)
#define CALL_(_fn, _a, _b, _c, ...) agent_call(&self->member, _fn, _a, _b, _c)

#define ENTER() ASSERT_EQ(0, CALL(do_enter, ID))

TEST_F(accounting, file)
{
	char buf[LIMITS_SIZE], path[64], *line;
	unsigned int i = 0;
	int fd;

	/* Nothing has happened yet, and each key is there. */
	ASSERT_LT(0, ctx_read(ID, "accounting", buf, sizeof(buf)));
	for (line = strtok(buf, "\n"); line; line = strtok(NULL, "\n")) {
		char *value = strchr(line, ' ');

		ASSERT_NE(NULL, value);
		EXPECT_STREQ(" 0", value);
		*value = '\0';
		if (i < ARRAY_SIZE(keys))
			EXPECT_STREQ(keys[i], line);
		i++;
	}
	EXPECT_LE(ARRAY_SIZE(keys), i);
	fd = open(ctx_path(path, ID, "accounting"), O_WRONLY);
	EXPECT_EQ(-1, fd);
	EXPECT_EQ(EACCES, errno);
}

TEST_F(accounting, cpu)
{
	long before, used, cpu;

	/* What it has used elsewhere is not the context's. */
	EXPECT_EQ(0, CALL(do_burn, 400));
	ENTER();
	EXPECT_GT(200000, account(ID, "cpu_usec"));

	before = CALL(do_own, OWN_CPU);
	EXPECT_EQ(0, CALL(do_burn, 400));
	used = CALL(do_own, OWN_CPU) - before;
	EXPECT_LE(400000, used);
	/* It ends at ticks, and the last one may be still to come. */
	cpu = account_wait(ID, "cpu_usec", used);
	EXPECT_LE(used, cpu);
	/* And nothing is counted twice. */
	EXPECT_GE(CALL(do_own, OWN_CPU) - before + 200000, cpu);
	EXPECT_LT(0, account(ID, "user_usec"));
	EXPECT_LT(0, account(ID, "system_usec"));

	/* Two parts of one whole, but for the last digit of each. */
	agent_stop(&self->member);
	EXPECT_EQ(0, ctx_wait_usage(ID, NTASK, 0));
	sleep_ms(50);
	cpu = account(ID, "cpu_usec");
	EXPECT_GE(cpu, account(ID, "user_usec") + account(ID, "system_usec"));
	EXPECT_LE(cpu - 2, account(ID, "user_usec") + account(ID, "system_usec"));
	EXPECT_EQ(cpu, ctx_number(ID, "status", "cpu_usec"));
}

static long do_burn_at_once(long ms, long n, long c)
{
	cpu_set_t one;
	long i;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		return -errno;
	for (i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return -errno;
		if (!pid) {
			do_burn(ms, 0, 0);
			_exit(0);
		}
	}
	while (n--)
		if (wait(NULL) < 0)
			return -errno;
	return 0;
}

/* Three on one CPU: each waits for the others. */
TEST_F(accounting, wait)
{
	ENTER();
	EXPECT_EQ(0, CALL(do_burn_at_once, 60, 3));
	EXPECT_LE(40000, account_wait(ID, "wait_usec", 40000));
	EXPECT_LE(150000, account_wait(ID, "cpu_usec", 150000));
	EXPECT_EQ(3, account(ID, "forks"));
}

#define PAGES	200

/* The context has one task: what the kernel says of both has to agree. */
TEST_F(accounting, as_the_task)
{
	static const struct {
		const char *key;
		enum own own;
	} same[] = {
		{ "minor_faults", OWN_MIN_FLT },
		{ "major_faults", OWN_MAJ_FLT },
		{ "voluntary_switches", OWN_NVCSW },
		{ "involuntary_switches", OWN_NIVCSW },
	};
	long outside[ARRAY_SIZE(same)], entered[ARRAY_SIZE(same)];
	unsigned int i;

	EXPECT_EQ(0, CALL(do_touch_pages, PAGES));
	EXPECT_EQ(0, CALL(do_sleep_often, 20));
	for (i = 0; i < ARRAY_SIZE(same); i++)
		outside[i] = CALL(do_own, same[i].own);
	ENTER();
	for (i = 0; i < ARRAY_SIZE(same); i++)
		entered[i] = CALL(do_own, same[i].own);
	EXPECT_EQ(0, CALL(do_touch_pages, PAGES));
	EXPECT_EQ(0, CALL(do_sleep_often, 20));

	EXPECT_LE(PAGES, account_wait(ID, "minor_faults", PAGES));
	EXPECT_LE(20, account_wait(ID, "voluntary_switches", 20));
	for (i = 0; i < ARRAY_SIZE(same); i++) {
		long least = CALL(do_own, same[i].own) - entered[i];
		long got = account_wait(ID, same[i].key, least);

		EXPECT_LE(least, got);
		/* Whatever it has done meanwhile. */
		EXPECT_GE(CALL(do_own, same[i].own) - outside[i], got);
	}
}

/* A byte goes to a child and comes back, so many times, on one CPU. */
static long do_ping_pong(long n, long b, long c)
{
	int to[2], from[2];
	char byte = 0;
	cpu_set_t one;
	pid_t pid;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	if (sched_setaffinity(0, sizeof(one), &one) || pipe(to) || pipe(from))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		close(to[1]);
		while (read(to[0], &byte, 1) == 1)
			if (write(from[1], &byte, 1) != 1)
				break;
		_exit(0);
	}
	close(to[0]);
	while (n-- && write(to[1], &byte, 1) == 1 &&
	       read(from[0], &byte, 1) == 1)
		;
	close(to[1]);
	close(from[0]);
	close(from[1]);
	if (waitpid(pid, NULL, 0) != pid)
		return -errno;
	return n == -1 ? 0 : -EIO;
}

/* Of the caller and of its children who are gone */
static long do_switches(long a, long b, long c)
{
	struct rusage self, children;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	return self.ru_nvcsw + self.ru_nivcsw +
	       children.ru_nvcsw + children.ru_nivcsw;
}

static long switches(void)
{
	return account(ID, "voluntary_switches") +
	       account(ID, "involuntary_switches");
}

/*
 * Many in each jiffy, most of which the reader takes over while they go on: none
 * is lost, none counts twice, and what was read does not go back.
 */
TEST_F(accounting, switches)
{
	const long n = 3000;
	long outside, least, last = 0, now;
	int i;

	outside = CALL(do_switches);
	ENTER();
	least = CALL(do_switches);
	ASSERT_EQ(0, agent_ask(&self->member, do_ping_pong, n, 0, 0));
	for (i = 0; i < 300; i++) {
		now = account(ID, "voluntary_switches");
		EXPECT_LE(last, now);
		last = now;
	}
	ASSERT_EQ(0, agent_answer(&self->member));
	least = CALL(do_switches) - least;
	EXPECT_LE(n, least);
	EXPECT_TRUE(WAIT_UNTIL(switches() >= least));
	/* The child's last ones come after its parent knows of its end. */
	now = switches();
	EXPECT_GE(CALL(do_switches) - outside + 5, now);
}

static long do_fork_touch(long n, long pages, long c)
{
	while (n--) {
		pid_t pid = fork();

		if (pid < 0)
			return -errno;
		if (!pid) {
			do_touch_pages(pages, 0, 0);
			_exit(0);
		}
		if (waitpid(pid, NULL, 0) != pid)
			return -errno;
	}
	return 0;
}

static void *thread_nothing(void *arg)
{
	return NULL;
}

static long do_thread(long a, long b, long c)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, thread_nothing, NULL);

	return err ? -err : -pthread_join(thread, NULL);
}

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

/* All is well with the new task, but nobody can be told about it. */
static long do_fork_efault(long a, long b, long c)
{
	return syscall(__NR_clone, CLONE_PIDFD | SIGCHLD, 0, 1L, 0, 0) < 0 ?
	       -errno : 0;
}

static long do_exec(long path, long b, long c)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		execl((const char *)path, "sh", "-c", "exit 3", NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return WEXITSTATUS(status);
}

TEST_F(accounting, forks_execs)
{
	ENTER();
	EXPECT_EQ(0, CALL(do_fork_touch, 3, 0));
	EXPECT_EQ(3, account(ID, "forks"));
	EXPECT_EQ(0, CALL(do_thread));
	EXPECT_EQ(4, account(ID, "forks"));
	EXPECT_EQ(-EFAULT, CALL(do_fork_efault));
	EXPECT_EQ(4, account(ID, "forks"));
	EXPECT_EQ(0, ctx_set_limits(ID, "nproc hard 1"));
	EXPECT_EQ(-EAGAIN, CALL(do_fork_touch, 1, 0));
	EXPECT_EQ(4, account(ID, "forks"));
	EXPECT_EQ(0, ctx_set_limits(ID, "nproc hard max"));

	EXPECT_EQ(0, account(ID, "execs"));
	EXPECT_EQ(3, CALL(do_exec, (long)"/bin/sh"));
	EXPECT_EQ(1, account(ID, "execs"));
	EXPECT_EQ(127, CALL(do_exec, (long)"/nonexistent"));
	EXPECT_EQ(1, account(ID, "execs"));
	EXPECT_EQ(6, account(ID, "forks"));
}

/* What those have used who are gone stays. */
TEST_F(accounting, of_the_dead)
{
	long faults;

	ENTER();
	EXPECT_EQ(0, CALL(do_fork_touch, 10, PAGES));
	EXPECT_LE(10 * PAGES, account_wait(ID, "minor_faults", 10 * PAGES));
	agent_stop(&self->member);
	EXPECT_EQ(0, ctx_wait_usage(ID, NTASK, 0));
	faults = account(ID, "minor_faults");
	EXPECT_LE(10 * PAGES, faults);
	EXPECT_GE(40 * PAGES, faults);
}

/*
 *   host -- ID -- child
 */
TEST_F(accounting, hierarchy)
{
	struct agent above;
	long child, i;

	ASSERT_EQ(0, agent_start_in(&above, ID));
	ENTER();
	EXPECT_EQ(0, CALL(do_touch_pages, PAGES));
	EXPECT_LE(PAGES, account_wait(ID, "minor_faults", PAGES));
	ASSERT_EQ(0, CALL(do_enter, VCTX_ID_NEW));
	child = CALL(do_self_id);
	ASSERT_LT(0, child);
	EXPECT_GT(PAGES, account(child, "minor_faults"));
	EXPECT_EQ(0, CALL(do_touch_pages, PAGES));
	EXPECT_EQ(0, CALL(do_fork_touch, 2, 0));
	EXPECT_LE(PAGES, account_wait(child, "minor_faults", PAGES));
	EXPECT_LE(2 * PAGES, account_wait(ID, "minor_faults", 2 * PAGES));
	EXPECT_EQ(2, account(child, "forks"));
	EXPECT_EQ(2, account(ID, "forks"));

	/* Not the other way round. */
	EXPECT_EQ(0, agent_call(&above, do_fork_touch, 3, 0, 0));
	EXPECT_EQ(2, account(child, "forks"));
	EXPECT_EQ(5, account(ID, "forks"));
	/* How CPU time splits into the first two is an estimate for each. */
	for (i = 2; i < (long)ARRAY_SIZE(keys); i++) {
		EXPECT_LE(account(child, keys[i]), account(ID, keys[i])) {
			TH_LOG("of key %ld", i);
		}
	}
	agent_stop(&self->member);
	EXPECT_EQ(0, ctx_end_dynamic(child));
	/* It goes, and what it has used does not. */
	EXPECT_EQ(5, account(ID, "forks"));
	EXPECT_LE(2 * PAGES, account(ID, "minor_faults"));
	agent_stop(&above);
}

/* Neither the host nor a neighbour adds to it. */
TEST_F(accounting, others)
{
	struct agent neighbour;
	unsigned int i;

	EXPECT_EQ(0, ctx_mkdir(ID2));
	ASSERT_EQ(0, agent_start_in(&neighbour, ID2));
	EXPECT_EQ(0, agent_call(&neighbour, do_fork_touch, 2, PAGES, 0));
	EXPECT_EQ(0, do_fork_touch(2, PAGES, 0));
	EXPECT_EQ(2, account(ID2, "forks"));
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		EXPECT_EQ(0, account(ID, keys[i])) {
			TH_LOG("of key %u", i);
		}
	}
	agent_stop(&neighbour);
}

/* Network */

static long bring_lo_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = ioctl(fd, SIOCSIFFLAGS, &ifr) ? -errno : 0;
	close(fd);
	return err;
}

/* A network of its own, where only it sends, and which it may set up. */
static long do_network(long a, long b, long c)
{
	return unshare(CLONE_NEWUSER | CLONE_NEWNET) ? -errno : bring_lo_up();
}

/* Two sockets of a family, both bound to the loopback. */
static long lo_pair(int family, int type, int fd[2])
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr *addr = family == AF_INET ? (void *)&in : (void *)&in6;
	socklen_t len = family == AF_INET ? sizeof(in) : sizeof(in6);
	int listener;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in6.sin6_addr = in6addr_loopback;
	fd[0] = socket(family, type | SOCK_CLOEXEC, 0);
	fd[1] = socket(family, type | SOCK_CLOEXEC, 0);
	if (fd[0] < 0 || fd[1] < 0 || bind(fd[1], addr, len) ||
	    getsockname(fd[1], addr, &len))
		return -errno;
	if (type == SOCK_DGRAM)
		return connect(fd[0], addr, len) ? -errno : 0;
	listener = fd[1];
	if (listen(listener, 1) || connect(fd[0], addr, len))
		return -errno;
	fd[1] = accept(listener, NULL, NULL);
	close(listener);
	return fd[1] < 0 ? -errno : 0;
}

/* Sends 3 messages of 100 bytes, and takes them again. */
static long do_datagrams(long family, long b, long c)
{
	char buf[200] = {};
	long i, err;
	int fd[2];

	err = lo_pair(family, SOCK_DGRAM, fd);
	if (err)
		return err;
	for (i = 0; i < 3; i++)
		if (send(fd[0], buf, 100, 0) != 100)
			return -errno;
	/* Not even one that only looks, nor one that finds nothing. */
	if (recv(fd[1], buf, sizeof(buf), MSG_PEEK) != 100)
		return -EIO;
	for (i = 0; i < 3; i++)
		if (recv(fd[1], buf, sizeof(buf), 0) != 100)
			return -EIO;
	if (recv(fd[1], buf, sizeof(buf), MSG_DONTWAIT) != -1)
		return -EIO;
	close(fd[0]);
	close(fd[1]);
	return 0;
}

struct net {
	long received, received_packets, sent, sent_packets;
};

static long net_account(const char *family, const char *what)
{
	char key[64];

	snprintf(key, sizeof(key), "%s_%s", family, what);
	return account(ID, key);
}

static bool net_is(const char *family, struct net want)
{
	return net_account(family, "received_bytes") == want.received &&
	       net_account(family, "received_packets") == want.received_packets &&
	       net_account(family, "sent_bytes") == want.sent &&
	       net_account(family, "sent_packets") == want.sent_packets;
}

#define EXPECT_NET(_family, ...) \
	EXPECT_TRUE(WAIT_UNTIL(net_is(_family, (struct net){ __VA_ARGS__ })))

TEST_F(accounting, datagrams)
{
	ENTER();
	ASSERT_EQ(0, CALL(do_network));
	EXPECT_NET("inet", 0, 0, 0, 0);
	EXPECT_EQ(0, CALL(do_datagrams, AF_INET));
	EXPECT_NET("inet", 300, 3, 300, 3);
	EXPECT_NET("inet6", 0, 0, 0, 0);
	EXPECT_EQ(0, CALL(do_datagrams, AF_INET6));
	EXPECT_NET("inet", 300, 3, 300, 3);
	EXPECT_NET("inet6", 300, 3, 300, 3);
	EXPECT_NET("other", 0, 0, 0, 0);
}

/* A stream in as many ways as there are to use one. */
static long do_stream(long a, long b, long c)
{
	char buf[1000] = {};
	int fd[2], pipes[2];
	struct iovec io = { .iov_base = buf, .iov_len = 500 };
	long err;

	err = lo_pair(AF_INET, SOCK_STREAM, fd);
	if (err)
		return err;
	if (pipe(pipes))
		return -errno;
	if (write(fd[0], buf, 1000) != 1000 ||
	    recv(fd[1], buf, 1000, MSG_WAITALL) != 1000)
		return -EIO;
	if (writev(fd[0], &io, 1) != 500 || read(fd[1], buf, 1000) != 500)
		return -EIO;
	/* sendfile() and splice() take other ways. */
	if (write(pipes[1], buf, 200) != 200 ||
	    splice(pipes[0], NULL, fd[0], NULL, 200, 0) != 200 ||
	    splice(fd[1], NULL, pipes[1], NULL, 200, 0) != 200)
		return -EIO;
	/* The end of it is no message. */
	shutdown(fd[0], SHUT_WR);
	if (read(fd[1], buf, 1000) != 0)
		return -EIO;
	close(fd[0]);
	close(fd[1]);
	return 0;
}

TEST_F(accounting, stream)
{
	ENTER();
	ASSERT_EQ(0, CALL(do_network));
	EXPECT_EQ(0, CALL(do_stream));
	EXPECT_NET("inet", 1700, 3, 1700, 3);
}

static long do_unix(long a, long b, long c)
{
	char buf[100] = {};
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		return -errno;
	if (send(fd[0], buf, 50, 0) != 50 || send(fd[0], buf, 50, 0) != 50 ||
	    recv(fd[1], buf, 100, MSG_WAITALL) != 100)
		return -EIO;
	close(fd[1]);
	if (send(fd[0], buf, 50, MSG_NOSIGNAL) != -1)
		return -EIO;
	close(fd[0]);
	return 0;
}

static long do_netlink(long a, long b, long c)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK);
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(addr);
	char buf[40] = {};

	if (fd < 0)
		return -errno;
	if (bind(fd, (void *)&addr, len) ||
	    getsockname(fd, (void *)&addr, &len) ||
	    sendto(fd, buf, 40, 0, (void *)&addr, len) != 40 ||
	    recv(fd, buf, sizeof(buf), 0) != 40)
		return -errno;
	close(fd);
	return 0;
}

TEST_F(accounting, unix_and_other)
{
	const long call = sizeof(struct agent_call), answer = sizeof(long);
	long received, sent;

	ENTER();
	EXPECT_EQ(ID, CALL(do_self_id));
	/* From here on it waits for a call, which comes by such a socket. */
	WAIT_UNTIL(account(ID, "unix_sent_packets") == 2);
	received = account(ID, "unix_received_bytes");
	sent = account(ID, "unix_sent_bytes");
	EXPECT_EQ(2 * answer, sent);
	EXPECT_EQ(0, CALL(do_unix));
	EXPECT_EQ(sent + answer + 100,
		  account_wait(ID, "unix_sent_bytes", sent + answer + 100));
	EXPECT_EQ(received + call + 100, account(ID, "unix_received_bytes"));
	EXPECT_EQ(5, account(ID, "unix_sent_packets"));

	EXPECT_EQ(0, CALL(do_netlink));
	EXPECT_NET("other", 40, 1, 40, 1);
}

/* Block devices */

static long do_direct(long path, long size, long write_it)
{
	int fd = open((const char *)path, O_RDWR | O_DIRECT | O_CLOEXEC);
	long done;
	void *buf;

	if (fd < 0)
		return -errno;
	buf = mmap(NULL, size, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (buf == MAP_FAILED)
		return -errno;
	done = write_it ? pwrite(fd, buf, size, 0) : pread(fd, buf, size, 0);
	close(fd);
	munmap(buf, size);
	return done < 0 ? -errno : done;
}

static long do_buffered(long path, long size, long c)
{
	int fd = open((const char *)path, O_RDWR | O_CLOEXEC);
	char *buf = calloc(1, size);
	long done;

	if (fd < 0 || !buf)
		return -errno;
	done = pwrite(fd, buf, size, 0);
	if (fsync(fd))
		done = -errno;
	close(fd);
	free(buf);
	return done;
}

/* A disk whose blocks are in memory, or an errno. */
static int make_disk(char path[64], int *disk)
{
	struct loop_config config = { .info.lo_flags = LO_FLAGS_AUTOCLEAR };
	int control, n;

	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control < 0)
		return -errno;
	n = ioctl(control, LOOP_CTL_GET_FREE);
	close(control);
	if (n < 0)
		return -errno;
	snprintf(path, 64, "/dev/loop%d", n);
	*disk = -1;
	WAIT_UNTIL((*disk = open(path, O_RDWR | O_CLOEXEC)) >= 0);
	if (*disk < 0)
		return -errno;
	config.fd = memfd_create("vctx-disk", MFD_CLOEXEC);
	if (config.fd < 0 || ftruncate(config.fd, 1 << 20) ||
	    ioctl(*disk, LOOP_CONFIGURE, &config))
		return -errno;
	close(config.fd);
	return 0;
}

TEST_F(accounting, block)
{
	const long size = 65536;
	long ops, path_arg;
	char path[64];
	int disk;

	if (make_disk(path, &disk))
		SKIP(return, "no loop device");
	/* The agent was forked before, and needs a string of its own. */
	agent_stop(&self->member);
	ASSERT_EQ(0, agent_start(&self->member));
	path_arg = (long)path;
	ENTER();
	ASSERT_EQ(0, ctx_write(ID, "devices", "allow b 7:* rw\n"));
	EXPECT_EQ(0, account(ID, "block_read_ops"));

	EXPECT_EQ(size, CALL(do_direct, path_arg, size, 0));
	EXPECT_EQ(size, account_wait(ID, "block_read_bytes", size));
	ops = account(ID, "block_read_ops");
	EXPECT_LT(0, ops);
	EXPECT_GE(size / 512, ops);
	EXPECT_EQ(0, account(ID, "block_write_bytes"));
	EXPECT_EQ(0, account(ID, "block_write_ops"));

	EXPECT_EQ(size, CALL(do_direct, path_arg, size, 1));
	EXPECT_EQ(size, account_wait(ID, "block_write_bytes", size));
	ops = account(ID, "block_write_ops");
	EXPECT_LT(0, ops);
	EXPECT_EQ(size, account(ID, "block_read_bytes"));

	/* What is written by way of memory counts when it gets dirty. */
	EXPECT_EQ(size, CALL(do_buffered, path_arg, size));
	EXPECT_EQ(2 * size, account_wait(ID, "block_write_bytes", 2 * size));
	EXPECT_LT(ops, account(ID, "block_write_ops"));
	close(disk);
}

/* A member reads of itself what everybody else reads of it. */
static long do_account(long key, long b, long c)
{
	return account(self_id(), (const char *)key);
}

TEST_F(accounting, inside)
{
	ENTER();
	EXPECT_EQ(0, CALL(do_fork_touch, 2, 0));
	EXPECT_EQ(2, CALL(do_account, (long)"forks"));
	EXPECT_LT(0, CALL(do_account, (long)"cpu_usec"));
}

TEST_HARNESS_MAIN
