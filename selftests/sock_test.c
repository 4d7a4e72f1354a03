// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - nsock: sockets, and what listeners accept
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/un.h>

#include <linux/if_packet.h>
#include <linux/netlink.h>

#include "common.h"

#define ID	60061
#define OTHER	60062

static const char unix_path[] = "/tmp/vctx_sock_test";

/*
 *          host                 ID                    OTHER
 *        the test             member                  other
 */
struct scene {
	struct agent member, other;
	int contexts;
};

static void make_scene(struct __test_metadata *_metadata, struct scene *scene)
{
	ASSERT_EQ(0, ctx_end(ID));
	ASSERT_EQ(0, ctx_end(OTHER));
	scene->contexts = ctx_count();
	unlink(unix_path);
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, ctx_mkdir(OTHER));
	ASSERT_EQ(0, agent_start_in(&scene->member, ID));
	ASSERT_EQ(0, agent_start_in(&scene->other, OTHER));
	/* What they had before is not their contexts'. */
	ASSERT_EQ(0, ctx_usage(ID, NSOCK));
	ASSERT_EQ(0, ctx_usage(OTHER, NSOCK));
}

static void end_scene(struct __test_metadata *_metadata, struct scene *scene)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_EQ(0, ctx_end(OTHER));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == scene->contexts));
	unlink(unix_path);
}

#define MEMBER(_fn, ...) CALL_3(&self->scene.member, _fn, ##__VA_ARGS__, 0, 0, 0)
#define OTHER_ONE(_fn, ...) CALL_3(&self->scene.other, _fn, ##__VA_ARGS__, 0, 0, 0)
#define CALL_3(_agent, _fn, _a, _b, _c, ...) \
	agent_call(_agent, _fn, (long)(_a), (long)(_b), (long)(_c))

#define EXPECT_USAGE(_id, _nsock) do {					\
	long _n = (_nsock);						\
									\
	EXPECT_EQ(_n, ctx_wait_usage(_id, NSOCK, _n));			\
} while (0)

/* Called by the test itself, or by agents */

static int loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr) ? -errno : 0;

	close(fd);
	return err;
}

static long do_socket(long family, long type, long protocol)
{
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	return fd < 0 ? -errno : fd;
}

static int pair[2];

static long do_socketpair(long family, long type, long c)
{
	return socketpair(family, type | SOCK_CLOEXEC, 0, pair) ? -errno : 0;
}

static long do_pair_fd(long i, long b, long c)
{
	return pair[i];
}

static long do_close_pair(long a, long b, long c)
{
	return close(pair[0]) || close(pair[1]) ? -errno : 0;
}

/* Where connections are made */
static const struct way {
	const char *name;
	int family;
	int type;
} ways[] = {
	{ "TCP", AF_INET, SOCK_STREAM },
	{ "TCP, IPv6", AF_INET6, SOCK_STREAM },
	{ "unix, stream", AF_UNIX, SOCK_STREAM },
	{ "unix, seqpacket", AF_UNIX, SOCK_SEQPACKET },
};

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

static socklen_t make_address(const struct way *way, union address *addr,
			      int port)
{
	memset(addr, 0, sizeof(*addr));
	addr->any.sa_family = way->family;
	switch (way->family) {
	case AF_INET:
		addr->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		addr->in.sin_port = htons(port);
		return sizeof(addr->in);
	case AF_INET6:
		addr->in6.sin6_addr = in6addr_loopback;
		addr->in6.sin6_port = htons(port);
		return sizeof(addr->in6);
	default:
		memcpy(addr->un.sun_path, unix_path, sizeof(unix_path));
		return sizeof(addr->un);
	}
}

static long close_err(int fd)
{
	int err = errno;

	close(fd);
	return -err;
}

static long do_bind(long way, long b, long c)
{
	int fd = socket(ways[way].family, ways[way].type | SOCK_CLOEXEC, 0);
	union address addr;
	socklen_t len;

	if (fd < 0)
		return -errno;
	len = make_address(&ways[way], &addr, 0);
	if (ways[way].family == AF_UNIX)
		unlink(unix_path);
	return bind(fd, &addr.any, len) ? close_err(fd) : fd;
}

static long do_listen(long way, long b, long c)
{
	int fd = do_bind(way, 0, 0);

	return fd < 0 ? fd : listen(fd, 64) ? close_err(fd) : fd;
}

static long do_port(long fd, long b, long c)
{
	union address addr;
	socklen_t len = sizeof(addr);

	if (getsockname(fd, &addr.any, &len))
		return -errno;
	/* At the same place in both; of no meaning for others */
	return ntohs(addr.in.sin_port);
}

/* Not for ever: a connection that is neither made nor refused is an error. */
static void set_patience(int fd)
{
	struct timeval tv = { .tv_sec = PATIENCE_MS / 2000 };

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

static long do_connect(long way, long port, long c)
{
	int fd = socket(ways[way].family, ways[way].type | SOCK_CLOEXEC, 0);
	union address addr;
	socklen_t len;

	if (fd < 0)
		return -errno;
	set_patience(fd);
	len = make_address(&ways[way], &addr, port);
	return connect(fd, &addr.any, len) ? close_err(fd) : fd;
}

static long do_accept(long fd, long b, long c)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	int new;

	if (poll(&poll_fd, 1, PATIENCE_MS) != 1)
		return -ETIMEDOUT;
	new = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	return new < 0 ? -errno : new;
}

static long do_send(long fd, long flags, long c)
{
	return send(fd, ".", 1, MSG_NOSIGNAL | flags) == 1 ? 0 : -errno;
}

static long do_recv(long fd, long b, long c)
{
	char byte;
	ssize_t n;

	set_patience(fd);
	n = recv(fd, &byte, 1, 0);
	return n < 0 ? -errno : n;
}

FIXTURE(sock) {
	struct scene scene;
};

FIXTURE_SETUP(sock)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	make_scene(_metadata, &self->scene);
}

FIXTURE_TEARDOWN_PARENT(sock)
{
	end_scene(_metadata, &self->scene);
}

static const struct kind {
	const char *name;
	int family, type, protocol;
} kinds[] = {
	{ "unix, stream", AF_UNIX, SOCK_STREAM, 0 },
	{ "unix, datagram", AF_UNIX, SOCK_DGRAM, 0 },
	{ "unix, seqpacket", AF_UNIX, SOCK_SEQPACKET, 0 },
	{ "TCP", AF_INET, SOCK_STREAM, 0 },
	{ "UDP", AF_INET, SOCK_DGRAM, 0 },
	{ "raw", AF_INET, SOCK_RAW, IPPROTO_ICMP },
	{ "TCP, IPv6", AF_INET6, SOCK_STREAM, 0 },
	{ "UDP, IPv6", AF_INET6, SOCK_DGRAM, 0 },
	{ "raw, IPv6", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6 },
	{ "packet", AF_PACKET, SOCK_DGRAM, 0 },
	{ "netlink, route", AF_NETLINK, SOCK_RAW, NETLINK_ROUTE },
	{ "netlink, diag", AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG },
	{ "netlink, generic", AF_NETLINK, SOCK_DGRAM, NETLINK_GENERIC },
	{ "vsock", AF_VSOCK, SOCK_STREAM, 0 },
	{ "MPTCP", AF_INET, SOCK_STREAM, 262 },
};

/* A kernel may not have all of them. */
static bool has_kind(const struct kind *kind)
{
	int fd = socket(kind->family, kind->type, kind->protocol);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Where members may have all kinds of sockets */
static long do_own_network(long a, long b, long c)
{
	return unshare(CLONE_NEWUSER | CLONE_NEWNET) ? -errno : loopback_up();
}

TEST_F(sock, kinds)
{
	size_t i;

	ASSERT_EQ(0, MEMBER(do_own_network));
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct kind *k = &kinds[i];
		long fd;

		if (!has_kind(k)) {
			TH_LOG("%s: not in this kernel", k->name);
			continue;
		}
		EXPECT_EQ(0, ctx_usage(ID, NSOCK));
		EXPECT_EQ(0, ctx_set_limits(ID, "nsock hard 1"));
		fd = MEMBER(do_socket, k->family, k->type, k->protocol);
		EXPECT_LE(0, fd) {
			TH_LOG("%s: %s", k->name, strerror(-fd));
		}
		EXPECT_EQ(1, ctx_usage(ID, NSOCK));
		EXPECT_EQ(-ENOBUFS, MEMBER(do_socket, k->family, k->type,
					   k->protocol));
		EXPECT_EQ(0, MEMBER(do_close, fd));
		EXPECT_USAGE(ID, 0);
		EXPECT_EQ(0, ctx_set_limits(ID, "nsock hard 0"));
		EXPECT_EQ(-ENOBUFS, MEMBER(do_socket, k->family, k->type,
					   k->protocol));
		EXPECT_EQ(0, ctx_usage(ID, NSOCK));
		EXPECT_EQ(0, ctx_usage(ID, NOFILE));
	}
}

/*
 * Memory that is only freed after a grace period does not count: who has one
 * socket at a time needs a limit of one.
 */
TEST_F(sock, released_at_once)
{
	size_t i;
	int n;

	ASSERT_EQ(0, MEMBER(do_own_network));
	EXPECT_EQ(0, ctx_set_limits(ID, "nsock hard 1"));
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct kind *k = &kinds[i];

		if (!has_kind(k))
			continue;
		for (n = 0; n < 10; n++) {
			long fd = MEMBER(do_socket, k->family, k->type,
					 k->protocol);

			ASSERT_LE(0, fd) {
				TH_LOG("%s: %s", k->name, strerror(-fd));
			}
			ASSERT_EQ(0, MEMBER(do_close, fd));
		}
	}
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		for (n = 0; n < 10; n++) {
			long fd = MEMBER(do_listen, i);

			ASSERT_LE(0, fd) {
				TH_LOG("%s: %s", ways[i].name, strerror(-fd));
			}
			ASSERT_EQ(0, MEMBER(do_close, fd));
		}
	EXPECT_EQ(0, ctx_fail(ID, NSOCK));
	EXPECT_EQ(1, ctx_peak(ID, NSOCK));
}

TEST_F(sock, hard)
{
	struct limit limit;
	long fd[3];
	int i;

	EXPECT_EQ(0, ctx_set_limits(ID, "nsock soft 2 hard 3"));
	for (i = 0; i < 3; i++) {
		fd[i] = MEMBER(do_socket, AF_INET, SOCK_DGRAM);
		ASSERT_LE(0, fd[i]);
		EXPECT_EQ(i == 2, ctx_number(ID, "events", "nsock.soft"));
	}
	EXPECT_EQ(-ENOBUFS, MEMBER(do_socket, AF_INET, SOCK_DGRAM));
	EXPECT_EQ(-ENOBUFS, MEMBER(do_socketpair, AF_UNIX, SOCK_STREAM));
	ASSERT_EQ(0, ctx_limit(ID, NSOCK, &limit));
	EXPECT_EQ(3, limit.usage);
	EXPECT_EQ(3, limit.peak);
	EXPECT_EQ(2, limit.fail);
	EXPECT_EQ(2, ctx_number(ID, "events", "nsock.hard"));
	EXPECT_EQ(3, ctx_usage(ID, NOFILE));

	/* The first of the pair is given back if there is no second one. */
	EXPECT_EQ(0, MEMBER(do_close, fd[0]));
	EXPECT_EQ(-ENOBUFS, MEMBER(do_socketpair, AF_UNIX, SOCK_STREAM));
	EXPECT_EQ(2, ctx_usage(ID, NSOCK));
	EXPECT_EQ(0, MEMBER(do_close, fd[1]));
	EXPECT_EQ(0, MEMBER(do_socketpair, AF_UNIX, SOCK_STREAM));
	EXPECT_EQ(3, ctx_usage(ID, NSOCK));
	EXPECT_EQ(0, MEMBER(do_close_pair));
	EXPECT_EQ(0, MEMBER(do_close, fd[2]));
	EXPECT_USAGE(ID, 0);

	/* Neither the neighbour nor the host are concerned. */
	EXPECT_EQ(0, ctx_set_limits(ID, "nsock soft 0 hard 0"));
	fd[0] = OTHER_ONE(do_socket, AF_INET, SOCK_DGRAM);
	EXPECT_LE(0, fd[0]);
	EXPECT_EQ(1, ctx_usage(OTHER, NSOCK));
	EXPECT_EQ(0, OTHER_ONE(do_close, fd[0]));
	fd[0] = do_socket(AF_INET, SOCK_DGRAM, 0);
	EXPECT_LE(0, fd[0]);
	EXPECT_EQ(0, ctx_usage(ID, NSOCK));
	EXPECT_EQ(0, close(fd[0]));
}

/* A file limit that is met after the socket was made */
TEST_F(sock, no_file)
{
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile hard 1"));
	EXPECT_EQ(-ENFILE, MEMBER(do_socketpair, AF_UNIX, SOCK_STREAM));
	EXPECT_USAGE(ID, 0);
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile hard 0"));
	EXPECT_EQ(-ENFILE, MEMBER(do_socket, AF_INET, SOCK_STREAM));
	EXPECT_USAGE(ID, 0);
	EXPECT_EQ(0, ctx_usage(ID, NOFILE));
}

TEST_F(sock, nested)
{
	long fd;

	EXPECT_EQ(0, MEMBER(do_enter, VCTX_ID_NEW));
	EXPECT_EQ(0, ctx_set_limits(ID, "nsock hard 1"));
	fd = MEMBER(do_socket, AF_INET, SOCK_DGRAM);
	EXPECT_LE(0, fd);
	EXPECT_EQ(1, ctx_usage(ID, NSOCK));
	EXPECT_EQ(1, ctx_usage(MEMBER(do_self_id), NSOCK));
	EXPECT_EQ(-ENOBUFS, MEMBER(do_socket, AF_INET, SOCK_DGRAM));
	EXPECT_EQ(1, ctx_usage(MEMBER(do_self_id), NSOCK));
	EXPECT_EQ(0, MEMBER(do_close, fd));
	EXPECT_USAGE(ID, 0);
}

/* A dup or a fork makes a descriptor, not a socket. */
TEST_F(sock, shared)
{
	long fd = MEMBER(do_socket, AF_INET, SOCK_STREAM), pid;

	ASSERT_LE(0, fd);
	pid = MEMBER(do_fork_pause);
	EXPECT_LT(0, pid);
	EXPECT_EQ(1, ctx_usage(ID, NSOCK));
	EXPECT_EQ(0, MEMBER(do_close, fd));
	EXPECT_EQ(1, ctx_usage(ID, NSOCK));
	EXPECT_EQ(0, MEMBER(do_kill_wait, pid));
	EXPECT_USAGE(ID, 0);
}

/* The kernel makes some for each network namespace. */
TEST_F(sock, of_the_kernel)
{
	EXPECT_EQ(0, ctx_set_limits(ID, "nsock hard 0"));
	EXPECT_EQ(0, MEMBER(do_unshare, CLONE_NEWNET));
	EXPECT_EQ(0, ctx_usage(ID, NSOCK));
	EXPECT_EQ(0, ctx_fail(ID, NSOCK));
}

/* Connections */

FIXTURE(connection) {
	struct scene scene;
};

FIXTURE_VARIANT(connection) {
	long way;
	const char *sysctl, *value;
};

FIXTURE_VARIANT_ADD(connection, tcp) {
	.way = 0,
};

FIXTURE_VARIANT_ADD(connection, tcp6) {
	.way = 1,
};

/* Without a request socket for the handshake */
FIXTURE_VARIANT_ADD(connection, syncookies) {
	.way = 0,
	.sysctl = "/proc/sys/net/ipv4/tcp_syncookies",
	.value = "2",
};

FIXTURE_VARIANT_ADD(connection, stream) {
	.way = 2,
};

FIXTURE_VARIANT_ADD(connection, seqpacket) {
	.way = 3,
};

FIXTURE_SETUP(connection)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	/* Those of a network namespace, not of the system */
	ASSERT_EQ(0, do_unshare(CLONE_NEWNET, 0, 0));
	ASSERT_EQ(0, loopback_up());
	if (variant->sysctl)
		ASSERT_EQ(0, write_file(variant->sysctl, variant->value,
					strlen(variant->value)));
	/*
	 * An acknowledgment that comes while close() holds the socket keeps
	 * that, and not a TIME_WAIT one, until this is over.
	 */
	ASSERT_EQ(0, write_file("/proc/sys/net/ipv4/tcp_fin_timeout", "1", 1));
	make_scene(_metadata, &self->scene);
}

FIXTURE_TEARDOWN_PARENT(connection)
{
	end_scene(_metadata, &self->scene);
}

TEST_F(connection, accepted)
{
	long listener, port, client, new;

	listener = MEMBER(do_listen, variant->way);
	ASSERT_LE(0, listener);
	port = MEMBER(do_port, listener);
	EXPECT_EQ(1, ctx_usage(ID, NSOCK));

	/* Charged to the listener's context before anybody accepts it */
	client = do_connect(variant->way, port, 0);
	ASSERT_LE(0, client);
	EXPECT_USAGE(ID, 2);
	new = MEMBER(do_accept, listener);
	ASSERT_LE(0, new);
	EXPECT_EQ(2, ctx_usage(ID, NSOCK));
	close(client);
	EXPECT_EQ(0, MEMBER(do_recv, new));
	EXPECT_EQ(0, MEMBER(do_close, new));
	EXPECT_USAGE(ID, 1);

	/* The client's own is its own. */
	client = OTHER_ONE(do_connect, variant->way, port);
	ASSERT_LE(0, client);
	EXPECT_USAGE(ID, 2);
	EXPECT_EQ(1, ctx_usage(OTHER, NSOCK));
	new = MEMBER(do_accept, listener);
	ASSERT_LE(0, new);
	EXPECT_EQ(0, OTHER_ONE(do_close, client));
	EXPECT_USAGE(OTHER, 0);
	EXPECT_EQ(0, MEMBER(do_close, new));
	EXPECT_USAGE(ID, 1);

	/* Never accepted */
	client = do_connect(variant->way, port, 0);
	ASSERT_LE(0, client);
	EXPECT_USAGE(ID, 2);
	EXPECT_EQ(0, MEMBER(do_close, listener));
	EXPECT_USAGE(ID, 0);
	close(client);
}

TEST_F(connection, refused)
{
	long listener, port, client, new, i;
	struct limit limit;

	EXPECT_EQ(0, ctx_set_limits(ID, "nsock hard 2"));
	listener = MEMBER(do_listen, variant->way);
	ASSERT_LE(0, listener);
	port = MEMBER(do_port, listener);
	for (i = 0; i < 3; i++) {
		client = do_connect(variant->way, port, 0);
		ASSERT_LE(0, client);
		EXPECT_USAGE(ID, 2);
		EXPECT_EQ(-ECONNREFUSED, do_connect(variant->way, port, 0));
		EXPECT_EQ(-ECONNREFUSED, OTHER_ONE(do_connect, variant->way,
						   port));
		EXPECT_USAGE(OTHER, 0);
		ASSERT_EQ(0, ctx_limit(ID, NSOCK, &limit));
		EXPECT_EQ(2, limit.usage);
		EXPECT_EQ(2, limit.peak);
		EXPECT_EQ(2 * (i + 1), limit.fail);

		/* The listener lives, and has what was accepted before. */
		new = MEMBER(do_accept, listener);
		ASSERT_LE(0, new);
		EXPECT_EQ(0, do_send(client, 0, 0));
		EXPECT_EQ(1, MEMBER(do_recv, new));
		close(client);
		EXPECT_EQ(0, MEMBER(do_close, new));
		EXPECT_USAGE(ID, 1);
	}
}

/* The client is over its limit, and the listener is not. */
TEST_F(connection, client)
{
	long listener, port, client, new;

	listener = do_listen(variant->way, 0, 0);
	ASSERT_LE(0, listener);
	port = do_port(listener, 0, 0);
	EXPECT_EQ(0, ctx_set_limits(ID, "nsock hard 1"));
	client = MEMBER(do_connect, variant->way, port);
	ASSERT_LE(0, client);
	EXPECT_EQ(-ENOBUFS, MEMBER(do_connect, variant->way, port));
	/* The host's is not charged to who connects. */
	EXPECT_EQ(1, ctx_usage(ID, NSOCK));
	new = do_accept(listener, 0, 0);
	ASSERT_LE(0, new);
	EXPECT_EQ(1, ctx_usage(ID, NSOCK));
	EXPECT_EQ(0, MEMBER(do_close, client));
	EXPECT_USAGE(ID, 0);
	close(new);
	close(listener);
}

/* A listener that is passed stays its maker's, and so does what it accepts. */
TEST_F(connection, listener_is_passed)
{
	long listener, port, client, ours, theirs, new;

	listener = MEMBER(do_listen, variant->way);
	ASSERT_LE(0, listener);
	port = MEMBER(do_port, listener);
	ours = agent_take_fd(&self->scene.member, listener);
	ASSERT_LE(0, ours);
	theirs = agent_give_fd(&self->scene.other, ours);
	ASSERT_LE(0, theirs);
	EXPECT_EQ(0, MEMBER(do_close, listener));
	EXPECT_EQ(1, ctx_usage(ID, NSOCK));

	client = do_connect(variant->way, port, 0);
	ASSERT_LE(0, client);
	new = OTHER_ONE(do_accept, theirs);
	ASSERT_LE(0, new);
	EXPECT_EQ(2, ctx_usage(ID, NSOCK));
	EXPECT_EQ(0, ctx_usage(OTHER, NSOCK));
	EXPECT_EQ(1, ctx_usage(OTHER, NOFILE));

	/* It outlives the context's last member. */
	agent_stop(&self->scene.member);
	EXPECT_EQ(0, ctx_wait_usage(ID, NPROC, 0));
	EXPECT_EQ(2, ctx_usage(ID, NSOCK));
	close(client);
	EXPECT_EQ(0, OTHER_ONE(do_close, new));
	EXPECT_USAGE(ID, 1);
	close(ours);
	EXPECT_EQ(1, ctx_usage(ID, NSOCK));
	EXPECT_EQ(0, OTHER_ONE(do_close, theirs));
	EXPECT_USAGE(ID, 0);
}

/* One of the host's, inherited by a member */
TEST_F(connection, listener_of_the_host)
{
	long listener, port, client, theirs, new;

	listener = do_listen(variant->way, 0, 0);
	ASSERT_LE(0, listener);
	port = do_port(listener, 0, 0);
	theirs = agent_give_fd(&self->scene.member, listener);
	ASSERT_LE(0, theirs);
	EXPECT_EQ(0, ctx_set_limits(ID, "nsock hard 0"));
	client = do_connect(variant->way, port, 0);
	ASSERT_LE(0, client);
	new = MEMBER(do_accept, theirs);
	EXPECT_LE(0, new);
	EXPECT_EQ(0, ctx_usage(ID, NSOCK));
	close(client);
	close(listener);
}

/*
 * Who has closed a socket has it no more, whatever the peer does: a client of
 * another context must not be able to keep the server's places.
 */
TEST_F(connection, peer_stays)
{
	long listener, port, client[20], new;
	size_t i;

	EXPECT_EQ(0, ctx_set_limits(ID, "nsock hard 2"));
	listener = MEMBER(do_listen, variant->way);
	ASSERT_LE(0, listener);
	port = MEMBER(do_port, listener);
	for (i = 0; i < ARRAY_SIZE(client); i++) {
		client[i] = OTHER_ONE(do_connect, variant->way, port);
		ASSERT_LE(0, client[i]);
		new = MEMBER(do_accept, listener);
		ASSERT_LE(0, new);
		EXPECT_EQ(0, MEMBER(do_close, new));
		EXPECT_USAGE(ID, 1);
	}
	EXPECT_EQ(ARRAY_SIZE(client), ctx_usage(OTHER, NSOCK));
}

/* Many at once, far from any limit, where units are taken in batches */
TEST_F(connection, many)
{
	long listener, port, client[60], new[60];
	int i;

	listener = MEMBER(do_listen, variant->way);
	ASSERT_LE(0, listener);
	port = MEMBER(do_port, listener);
	for (i = 0; i < 60; i++) {
		client[i] = do_connect(variant->way, port, 0);
		ASSERT_LE(0, client[i]);
	}
	EXPECT_USAGE(ID, 61);
	for (i = 0; i < 60; i++) {
		new[i] = MEMBER(do_accept, listener);
		ASSERT_LE(0, new[i]);
	}
	EXPECT_EQ(61, ctx_usage(ID, NSOCK));
	/*
	 * The member goes first: a client's FIN that is sent again, and comes when
	 * the other end is gone, is the ACK of a cookie to the listener, and makes
	 * a connection that nobody accepts.
	 */
	for (i = 0; i < 60; i++) {
		EXPECT_EQ(0, MEMBER(do_close, new[i]));
		close(client[i]);
	}
	EXPECT_USAGE(ID, 1);
}

/* TCP only */

static long do_set_tcp(long fd, long option, long value)
{
	int v = value;

	return setsockopt(fd, IPPROTO_TCP, option, &v, sizeof(v)) ? -errno : 0;
}

/*
 * The last place is taken between the SYN and the packet that ends the
 * handshake: as if by another connection, but when we want it.  The client
 * must not believe that it is connected.
 */
TEST_F(sock, taken_during_handshake)
{
	long listener, port, client, fd;

	EXPECT_EQ(0, ctx_set_limits(ID, "nsock hard 2"));
	listener = MEMBER(do_listen, 0);
	ASSERT_LE(0, listener);
	EXPECT_EQ(0, MEMBER(do_set_tcp, listener, TCP_DEFER_ACCEPT, 30));
	port = MEMBER(do_port, listener);

	/* With room: the data that it is deferred until makes the socket. */
	client = do_connect(0, port, 0);
	ASSERT_LE(0, client);
	EXPECT_EQ(1, ctx_usage(ID, NSOCK));
	EXPECT_EQ(0, do_send(client, 0, 0));
	EXPECT_USAGE(ID, 2);
	fd = MEMBER(do_accept, listener);
	ASSERT_LE(0, fd);
	close(client);
	EXPECT_EQ(0, MEMBER(do_close, fd));
	EXPECT_USAGE(ID, 1);

	client = do_connect(0, port, 0);
	ASSERT_LE(0, client);
	fd = MEMBER(do_socket, AF_INET, SOCK_DGRAM);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, do_send(client, 0, 0));
	EXPECT_EQ(-ECONNRESET, do_recv(client, 0, 0));
	close(client);
	EXPECT_EQ(2, ctx_usage(ID, NSOCK));
	EXPECT_EQ(2, ctx_peak(ID, NSOCK));
	EXPECT_EQ(1, ctx_fail(ID, NSOCK));

	EXPECT_EQ(0, MEMBER(do_close, fd));
	client = do_connect(0, port, 0);
	ASSERT_LE(0, client);
	EXPECT_EQ(0, do_send(client, 0, 0));
	EXPECT_LE(0, MEMBER(do_accept, listener));
	EXPECT_EQ(2, ctx_usage(ID, NSOCK));
	close(client);
}

static long do_connect_fast(long port, long b, long c)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	union address addr;
	socklen_t len;

	if (fd < 0)
		return -errno;
	set_patience(fd);
	len = make_address(&ways[0], &addr, port);
	return sendto(fd, ".", 1, MSG_FASTOPEN | MSG_NOSIGNAL, &addr.any,
		      len) == 1 ? fd : close_err(fd);
}

/* TCP fast open: the SYN makes the socket, without a cookie here. */
TEST_F(sock, fast_open)
{
	static const char sysctl[] = "/proc/sys/net/ipv4/tcp_fastopen";
	static const char on[] = "1543";
	long listener, port, client, new, i;
	struct agent server;

	ASSERT_EQ(0, do_unshare(CLONE_NEWNET, 0, 0));
	ASSERT_EQ(0, loopback_up());
	if (write_file(sysctl, on, strlen(on)))
		SKIP(return, "no TCP fast open");
	ASSERT_EQ(0, agent_start_in(&server, ID));
	EXPECT_EQ(0, ctx_set_limits(ID, "nsock hard 2"));
	listener = agent_call(&server, do_listen, 0, 0, 0);
	ASSERT_LE(0, listener);
	EXPECT_EQ(0, agent_call(&server, do_set_tcp, listener, TCP_FASTOPEN, 16));
	port = agent_call(&server, do_port, listener, 0, 0);
	for (i = 0; i < 3; i++) {
		client = do_connect_fast(port, 0, 0);
		ASSERT_LE(0, client);
		EXPECT_USAGE(ID, 2);
		EXPECT_EQ(-ECONNREFUSED, do_connect_fast(port, 0, 0));
		EXPECT_EQ(2, ctx_usage(ID, NSOCK));
		new = agent_call(&server, do_accept, listener, 0, 0);
		ASSERT_LE(0, new);
		EXPECT_EQ(1, agent_call(&server, do_recv, new, 0, 0));
		close(client);
		EXPECT_EQ(0, agent_call(&server, do_close, new, 0, 0));
		EXPECT_USAGE(ID, 1);
	}
}

/* Passing */

TEST_F(sock, passed)
{
	long ours, theirs;

	EXPECT_EQ(0, MEMBER(do_socketpair, AF_UNIX, SOCK_STREAM));
	ours = agent_take_fd(&self->scene.member, MEMBER(do_pair_fd, 1));
	ASSERT_LE(0, ours);
	theirs = agent_give_fd(&self->scene.other, ours);
	ASSERT_LE(0, theirs);
	close(ours);
	EXPECT_EQ(2, ctx_usage(ID, NSOCK));
	EXPECT_EQ(0, ctx_usage(OTHER, NSOCK));
	EXPECT_EQ(0, MEMBER(do_close_pair));
	EXPECT_USAGE(ID, 1);
	EXPECT_EQ(1, ctx_usage(ID, NOFILE));

	agent_stop(&self->scene.member);
	EXPECT_EQ(0, ctx_wait_usage(ID, NPROC, 0));
	EXPECT_EQ(1, ctx_usage(ID, NSOCK));
	/* Nothing of what its limits refuse is taken from it. */
	EXPECT_EQ(0, ctx_set_limits(OTHER, "nsock hard 0"));
	EXPECT_EQ(0, OTHER_ONE(do_close, theirs));
	EXPECT_USAGE(ID, 0);
	EXPECT_EQ(0, ctx_usage(ID, NOFILE));
}

static long do_send_pair(long i, long b, long c)
{
	return send_fd(pair[!i], pair[i]);
}

/* Only in flight, to and from sockets that are only in flight: garbage */
TEST_F(sock, garbage)
{
	long fd;

	EXPECT_EQ(0, MEMBER(do_socketpair, AF_UNIX, SOCK_STREAM));
	EXPECT_EQ(0, MEMBER(do_send_pair, 0));
	EXPECT_EQ(0, MEMBER(do_send_pair, 1));
	EXPECT_EQ(0, MEMBER(do_close_pair));
	/* Closing a unix socket starts the collector. */
	fd = MEMBER(do_socket, AF_UNIX, SOCK_STREAM);
	EXPECT_LE(0, fd);
	EXPECT_EQ(0, MEMBER(do_close, fd));
	EXPECT_USAGE(ID, 0);
	EXPECT_EQ(0, ctx_wait_usage(ID, NOFILE, 0));
}

TEST_HARNESS_MAIN
