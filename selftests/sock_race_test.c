// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - nsock under concurrency: socket() and close(), connect() and
 * accept() on all processors against one hard limit
 *
 * VCTX_TEST_SECONDS says how long each test goes on (default 3).
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <sys/mman.h>
#include <sys/un.h>

#include "common.h"

#define ID		60091
#define HOUR		3600
#define NR_SERVERS	2

/* Shared with all that the test starts. */
struct shared {
	int stop;
	int port;
	long made, refused;
	long connected, not_connected;
	long accepted;
	long unexpected;
};

static struct shared *shared;

static const char unix_path[] = "/tmp/vctx_sock_race_test";

static bool stopped(void)
{
	return __atomic_load_n(&shared->stop, __ATOMIC_RELAXED);
}

static void count(long *what)
{
	__atomic_add_fetch(what, 1, __ATOMIC_RELAXED);
}

static void unexpected(const char *what, int err)
{
	if (!__atomic_fetch_add(&shared->unexpected, 1, __ATOMIC_RELAXED))
		fprintf(stderr, "# %s: %s\n", what, strerror(err));
}

/* Members that make sockets of all kinds, and have a few at a time */

static const int kinds[][3] = {
	{ AF_UNIX, SOCK_STREAM, 0 },
	{ AF_INET, SOCK_DGRAM, 0 },
	{ AF_INET, SOCK_STREAM, 0 },
	{ AF_NETLINK, SOCK_RAW, 0 },
	{ AF_INET6, SOCK_DGRAM, 0 },
};

static bool outcome(const char *what, int err)
{
	if (!err)
		count(&shared->made);
	else if (err == ENOBUFS)
		count(&shared->refused);
	else
		unexpected(what, err);
	return !err;
}

static void __attribute__((noreturn)) maker(int seed)
{
	int fd[8], n;

	srandom(seed);
	while (!stopped()) {
		for (n = 0; n < 6;) {
			const int *kind = kinds[random() % ARRAY_SIZE(kinds)];

			fd[n] = socket(kind[0], kind[1], kind[2]);
			if (!outcome("socket", fd[n] < 0 ? errno : 0))
				break;
			n++;
		}
		if (outcome("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0,
						     &fd[n]) ? errno : 0))
			n += 2;
		while (n)
			close(fd[--n]);
	}
	_exit(0);
}

/* Members that accept what comes */

static union {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_un un;
} addresses[2];

static socklen_t address_len(int way)
{
	return way ? sizeof(addresses[way].un) : sizeof(addresses[way].in);
}

static void make_addresses(void)
{
	addresses[0].in.sin_family = AF_INET;
	addresses[0].in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	addresses[0].in.sin_port = htons(shared->port);
	addresses[1].un.sun_family = AF_UNIX;
	memcpy(addresses[1].un.sun_path, unix_path, sizeof(unix_path));
}

static int make_listener(int way)
{
	socklen_t len = address_len(way);
	int fd = socket(addresses[way].any.sa_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, &addresses[way].any, len) || listen(fd, 64))
		return -errno;
	if (!way) {
		if (getsockname(fd, &addresses[way].any, &len))
			return -errno;
		__atomic_store_n(&shared->port, ntohs(addresses[way].in.sin_port),
				 __ATOMIC_RELAXED);
	}
	return fd;
}

/* Without this, each connection that it ends first leaves a place in TIME_WAIT. */
static void close_hard(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

static void __attribute__((noreturn)) server(const int *listeners, int seed)
{
	struct pollfd poll_fd[2];
	int held[4], n = 0, i;

	srandom(seed);
	for (i = 0; i < 2; i++)
		poll_fd[i] = (struct pollfd) {
			.fd = listeners[i],
			.events = POLLIN,
		};
	while (!stopped()) {
		poll(poll_fd, 2, 10);
		for (i = 0; i < 2; i++) {
			int fd = accept(listeners[i], NULL, NULL);

			if (fd < 0) {
				if (errno != EAGAIN && errno != ECONNABORTED)
					unexpected("accept", errno);
				continue;
			}
			count(&shared->accepted);
			held[n++] = fd;
		}
		if (n > 2)
			while (n)
				close_hard(held[--n]);
	}
	_exit(0);
}

/* Clients that are the host's */

static void __attribute__((noreturn)) client(int seed)
{
	struct timeval tv = { .tv_sec = PATIENCE_MS / 1000 };

	srandom(seed);
	while (!stopped()) {
		int way = random() % 2, fd, err;
		char byte = '.';

		fd = socket(addresses[way].any.sa_family, SOCK_STREAM, 0);
		if (fd < 0) {
			unexpected("socket of the host", errno);
			continue;
		}
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
		err = connect(fd, &addresses[way].any, address_len(way)) ?
		      errno : 0;
		switch (err) {
		case 0:
			count(&shared->connected);
			/* It may have been reset, or closed by the server. */
			if (random() % 2)
				send(fd, &byte, 1, MSG_NOSIGNAL);
			break;
		case ECONNREFUSED:
		case ECONNRESET:
			count(&shared->not_connected);
			break;
		default:
			unexpected("connect", err);
		}
		close_hard(fd);
	}
	_exit(0);
}

FIXTURE(sock_race) {
	int contexts;
};

FIXTURE_VARIANT(sock_race) {
	/* How deep every other worker goes */
	int depth;
	bool limited;
};

FIXTURE_VARIANT_ADD(sock_race, flat) {
	.depth = 1,
	.limited = true,
};

FIXTURE_VARIANT_ADD(sock_race, nested) {
	.depth = 3,
	.limited = true,
};

FIXTURE_VARIANT_ADD(sock_race, unlimited) {
	.depth = 2,
};

FIXTURE_SETUP(sock_race)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	unlink(unix_path);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	make_addresses();
}

FIXTURE_TEARDOWN_PARENT(sock_race)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
	unlink(unix_path);
}

static void enter_deep(int depth)
{
	int err = enter(ID, 0, 0);

	while (!err && --depth)
		err = enter(VCTX_ID_NEW, 0, 0);
	if (err) {
		unexpected("enter", -err);
		_exit(1);
	}
}

/* The listeners are a member's, and all servers have them. */
static void start_servers(int depth)
{
	int listeners[2], i;

	enter_deep(depth);
	for (i = 0; i < 2; i++) {
		listeners[i] = make_listener(i);
		if (listeners[i] < 0) {
			unexpected("listen", -listeners[i]);
			_exit(1);
		}
	}
	for (i = 1; i < NR_SERVERS; i++)
		if (!fork())
			break;
	server(listeners, 100 + i);
}

TEST_F_TIMEOUT(sock_race, limit, HOUR)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN), i;
	long hard = variant->limited ? 6 * cpus : NO_LIMIT;
	long end, samples = 0, most = 0;
	struct limit limit;

	if (variant->limited)
		EXPECT_EQ(0, ctx_set_limits(ID, "nsock hard %ld", hard));
	if (!fork())
		start_servers(variant->depth);
	ASSERT_TRUE(WAIT_UNTIL(!access(unix_path, F_OK) &&
			       __atomic_load_n(&shared->port, __ATOMIC_RELAXED)));
	make_addresses();
	for (i = 0; i < 4 * cpus; i++) {
		pid_t pid = fork();

		ASSERT_LE(0, pid);
		if (pid)
			continue;
		if (i % 2)
			client(i + 1);
		enter_deep(i % 4 ? variant->depth : 1);
		maker(i + 1);
	}

	end = now_ms() + 1000 * env_long("VCTX_TEST_SECONDS", 3);
	while (now_ms() < end) {
		ASSERT_EQ(0, ctx_limit(ID, NSOCK, &limit));
		EXPECT_LE(0, limit.usage);
		EXPECT_GE(hard, limit.usage);
		EXPECT_GE(hard, limit.peak);
		if (limit.usage > most)
			most = limit.usage;
		samples++;
	}
	__atomic_store_n(&shared->stop, 1, __ATOMIC_RELAXED);
	while (wait(NULL) > 0)
		;
	ASSERT_EQ(0, ctx_limit(ID, NSOCK, &limit));
	TH_LOG("hard %ld seen %ld peak %ld fail %ld, %ld samples", limit.hard,
	       most, limit.peak, limit.fail, samples);
	TH_LOG("made %ld refused %ld connected %ld not %ld accepted %ld",
	       shared->made, shared->refused, shared->connected,
	       shared->not_connected, shared->accepted);
	EXPECT_EQ(0, shared->unexpected);
	EXPECT_GE(hard, limit.peak);
	EXPECT_LE(most, limit.peak);
	EXPECT_LT(0, shared->made);
	EXPECT_LT(0, shared->connected);
	EXPECT_LT(0, shared->accepted);
	EXPECT_EQ(variant->limited, limit.fail > 0);
	EXPECT_EQ(0, ctx_wait_usage(ID, NSOCK, 0));
	EXPECT_TRUE(WAIT_UNTIL(ctx_idle(ID)));
}

TEST_HARNESS_MAIN
