// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - network: contexts that are bound to addresses
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/un.h>

#include <linux/if_addr.h>
#include <linux/if_packet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>

#include "common.h"

#define A_ID	60401
#define B_ID	60402
#define M_ID	60403
#define U_ID	60404

#define HOST4	"10.77.0.1"
#define A4	"10.77.0.2"
#define B4	"10.77.0.3"
#define M4	"10.77.0.4"
#define M4_2	"10.77.0.5"
#define ELSE4	"10.78.0.1"
#define HOST6	"fd77::1"
#define A6	"fd77::2"
#define B6	"fd77::3"
#define M6	"fd77::4"

#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND	78
#endif

/* rtnetlink, to have devices */

struct request {
	struct nlmsghdr head;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg addr;
	};
	char attrs[256];
};

static void add_attr(struct request *req, int type, const void *data, int len)
{
	struct rtattr *attr = (void *)((char *)req +
				       NLMSG_ALIGN(req->head.nlmsg_len));

	attr->rta_type = type;
	attr->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(attr), data, len);
	req->head.nlmsg_len = NLMSG_ALIGN(req->head.nlmsg_len) +
			      RTA_ALIGN(attr->rta_len);
}

static int ask_route(struct request *req)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr err;
		char more[512];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int err = 0;

	if (fd < 0)
		return -errno;
	req->head.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (send(fd, req, req->head.nlmsg_len, 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0)
		err = -errno;
	else if (answer.head.nlmsg_type == NLMSG_ERROR)
		err = answer.err.error;
	close(fd);
	return err;
}

static int add_dummy(const char *name)
{
	struct request req = {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			.nlmsg_type = RTM_NEWLINK,
			.nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL,
		},
		.link = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP },
	};
	/* An IFLA_LINKINFO with an IFLA_INFO_KIND in it */
	struct {
		struct rtattr kind;
		char name[8];
	} info = {
		.kind = { .rta_len = RTA_LENGTH(5), .rta_type = IFLA_INFO_KIND },
		.name = "dummy",
	};

	add_attr(&req, IFLA_IFNAME, name, strlen(name) + 1);
	add_attr(&req, IFLA_LINKINFO, &info, sizeof(info));
	return ask_route(&req);
}

static int add_addr(const char *dev, const char *text)
{
	struct request req = {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
			.nlmsg_type = RTM_NEWADDR,
			.nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL,
		},
	};
	bool v6 = strchr(text, ':');
	int len = v6 ? 16 : 4;
	char addr[16];

	inet_pton(v6 ? AF_INET6 : AF_INET, text, addr);
	req.addr.ifa_family = v6 ? AF_INET6 : AF_INET;
	req.addr.ifa_prefixlen = v6 ? 64 : 24;
	req.addr.ifa_flags = v6 ? IFA_F_NODAD : 0;
	req.addr.ifa_index = if_nametoindex(dev);
	add_attr(&req, IFA_LOCAL, addr, len);
	add_attr(&req, IFA_ADDRESS, addr, len);
	return ask_route(&req);
}

static int set_up(const char *dev)
{
	struct ifreq ifr = { .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	strcpy(ifr.ifr_name, dev);
	err = fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr) ? -errno : 0;
	close(fd);
	return err;
}

/* Called by the test itself, or by agents; addresses are texts. */

static socklen_t make_addr(struct sockaddr_storage *addr, long text, long port)
{
	const char *name = (const char *)text;
	struct sockaddr_in6 *sin6 = (void *)addr;
	struct sockaddr_in *sin = (void *)addr;

	memset(addr, 0, sizeof(*addr));
	if (strchr(name, ':')) {
		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = htons(port);
		inet_pton(AF_INET6, name, &sin6->sin6_addr);
		return sizeof(*sin6);
	}
	sin->sin_family = AF_INET;
	sin->sin_port = htons(port);
	inet_pton(AF_INET, name, &sin->sin_addr);
	return sizeof(*sin);
}

static void addr_text(const struct sockaddr_storage *addr, char *buf)
{
	const struct sockaddr_in6 *sin6 = (void *)addr;
	const struct sockaddr_in *sin = (void *)addr;

	if (addr->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &sin6->sin6_addr, buf, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET, &sin->sin_addr, buf, INET6_ADDRSTRLEN);
}

static long same_addr(const struct sockaddr_storage *addr, long text)
{
	char buf[INET6_ADDRSTRLEN];

	addr_text(addr, buf);
	if (!strcmp(buf, (const char *)text))
		return 0;
	fprintf(stderr, "# is %s, not %s\n", buf, (const char *)text);
	return -EBADMSG;
}

/* Of @type for make_socket(): the socket joins a group of SO_REUSEPORT. */
#define REUSEPORT	0x100

static int make_socket(long text, long type)
{
	bool shared = type & REUSEPORT;
	int fd, one = 1;

	type &= ~REUSEPORT;

	fd = socket(strchr((const char *)text, ':') ? AF_INET6 : AF_INET,
		    type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (shared)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	else if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return fd;
}

/* Binds; a stream socket listens.  The descriptor. */
static long do_bind(long text, long port, long type)
{
	struct sockaddr_storage addr;
	socklen_t len = make_addr(&addr, text, port);
	int fd = make_socket(text, type);
	int err;

	if (fd < 0)
		return fd;
	if (bind(fd, (void *)&addr, len) ||
	    ((type & ~REUSEPORT) == SOCK_STREAM && listen(fd, 8))) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* Only whether it can. */
static long do_try_bind(long text, long port, long type)
{
	long fd = do_bind(text, port, type);

	return fd < 0 ? fd : (close(fd), 0);
}

static long do_connect(long text, long port, long type)
{
	struct sockaddr_storage addr;
	socklen_t len = make_addr(&addr, text, port);
	int fd = make_socket(text, type);
	int err;

	if (fd < 0)
		return fd;
	if (connect(fd, (void *)&addr, len)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static long do_accept(long fd, long wait_ms, long c)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	int new;

	if (poll(&poll_fd, 1, wait_ms) != 1)
		return -ETIMEDOUT;
	new = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	return new < 0 ? -errno : new;
}

static long do_name(long fd, long text, long c)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	if (getsockname(fd, (void *)&addr, &len))
		return -errno;
	return same_addr(&addr, text);
}

static long do_peer(long fd, long text, long c)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	if (getpeername(fd, (void *)&addr, &len))
		return -errno;
	return same_addr(&addr, text);
}

static long do_sendto(long fd, long text, long port)
{
	struct sockaddr_storage addr;
	socklen_t len = make_addr(&addr, text, port);

	return sendto(fd, "x", 1, 0, (void *)&addr, len) == 1 ? 0 : -errno;
}

/* Receives, answers, and says whether it has come from there. */
static long do_echo(long fd, long text, long wait_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	char c;

	if (poll(&poll_fd, 1, wait_ms) != 1)
		return -ETIMEDOUT;
	if (recvfrom(fd, &c, 1, 0, (void *)&addr, &len) != 1 ||
	    sendto(fd, &c, 1, 0, (void *)&addr, len) != 1)
		return -errno;
	return same_addr(&addr, text);
}

static long do_receive(long fd, long text, long wait_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	char c;

	if (poll(&poll_fd, 1, wait_ms) != 1)
		return -ETIMEDOUT;
	if (recvfrom(fd, &c, 1, 0, (void *)&addr, &len) != 1)
		return -errno;
	return same_addr(&addr, text);
}

/* Receives a byte, and sends it back. */
static long do_pass_on(long fd, long b, long c)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	char byte;

	if (poll(&poll_fd, 1, PATIENCE_MS) != 1)
		return -ETIMEDOUT;
	return recv(fd, &byte, 1, 0) == 1 && send(fd, &byte, 1, 0) == 1 ?
	       0 : -errno;
}

static long do_pass_in(long fd, long b, long c)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	char byte;

	if (poll(&poll_fd, 1, PATIENCE_MS) != 1)
		return -ETIMEDOUT;
	return recv(fd, &byte, 1, 0) == 1 ? 0 : -errno;
}

static long do_socket(long family, long type, long protocol)
{
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	return fd < 0 ? -errno : (close(fd), 0);
}

static long do_option(long level, long name, long family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1;
	long err = 0;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, level, name, &one, sizeof(one)))
		err = -errno;
	close(fd);
	return err;
}

/* Joins a group on the device that has an address. */
static long do_join(long fd, long group, long addr)
{
	struct ip_mreqn mreq = {
		.imr_multiaddr.s_addr = inet_addr((const char *)group),
		.imr_address.s_addr = inet_addr((const char *)addr),
	};

	return setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq)) ?
	       -errno : 0;
}

/* Sends to a group, as if from an address. */
static long do_multicast(long group, long port, long from)
{
	struct ip_mreqn mreq = {
		.imr_address.s_addr = inet_addr((const char *)from),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	long err;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_IP, IP_MULTICAST_IF, &mreq, sizeof(mreq)))
		err = -errno;
	else
		err = do_sendto(fd, group, port);
	close(fd);
	return err;
}

static long do_bind_dev(long name, long b, long c)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	long err = 0;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, (void *)name,
		       strlen((char *)name) + 1))
		err = -errno;
	close(fd);
	return err;
}

/*
 * Sends one byte to the host, from the source address that a control message of
 * @size bytes names; with a connected socket if @connected.
 */
static long send_from(int family, const char *host, long port, int level,
		      int type, const void *info, size_t size, bool connected)
{
	union {
		char buf[CMSG_SPACE(sizeof(struct in6_pktinfo))];
		struct cmsghdr align;
	} control = {};
	struct sockaddr_storage to;
	struct iovec io = { .iov_base = "x", .iov_len = 1 };
	struct msghdr msg = {
		.msg_name = &to,
		.msg_namelen = make_addr(&to, (long)host, port),
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = CMSG_SPACE(size),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	long err = 0;

	if (fd < 0)
		return -errno;
	cmsg->cmsg_level = level;
	cmsg->cmsg_type = type;
	cmsg->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(cmsg), info, size);
	/* It has a route then, and needs no other. */
	if (connected) {
		if (connect(fd, (void *)&to, msg.msg_namelen))
			err = -errno;
		msg.msg_name = NULL;
		msg.msg_namelen = 0;
	}
	if (!err && sendmsg(fd, &msg, 0) != 1)
		err = -errno;
	close(fd);
	return err;
}

static long do_pktinfo(long source, long port, long c)
{
	struct in_pktinfo info = {};

	inet_pton(AF_INET, (const char *)source, &info.ipi_spec_dst);
	return send_from(AF_INET, HOST4, port, SOL_IP, IP_PKTINFO, &info,
			 sizeof(info), false);
}

static long do_pktinfo6(long source, long port, long connected)
{
	struct in6_pktinfo info = {};

	inet_pton(AF_INET6, (const char *)source, &info.ipi6_addr);
	return send_from(AF_INET6, HOST6, port, SOL_IPV6, IPV6_PKTINFO, &info,
			 sizeof(info), connected);
}

static long do_set_up(long dev, long b, long c)
{
	return set_up((const char *)dev);
}

/* Is there such an address in the list of getifaddrs(), which is rtnetlink's? */
static long do_lists_addr(long text, long b, long c)
{
	struct ifaddrs *all, *i;
	char buf[INET6_ADDRSTRLEN];
	long found = 0;

	if (getifaddrs(&all))
		return -errno;
	for (i = all; i; i = i->ifa_next) {
		if (!i->ifa_addr || (i->ifa_addr->sa_family != AF_INET &&
				     i->ifa_addr->sa_family != AF_INET6))
			continue;
		addr_text((void *)i->ifa_addr, buf);
		found |= !strcmp(buf, (const char *)text);
	}
	freeifaddrs(all);
	return found;
}

static long do_lists_dev(long name, long b, long c)
{
	struct if_nameindex *all = if_nameindex(), *i;
	long found = 0;

	if (!all)
		return -errno;
	for (i = all; i->if_index; i++)
		found |= !strcmp(i->if_name, (const char *)name);
	if_freenameindex(all);
	return found;
}

static long do_index(long name, long b, long c)
{
	unsigned int index = if_nametoindex((const char *)name);

	return index ? (long)index : -errno;
}

static long do_ifname(long index, long b, long c)
{
	char name[IF_NAMESIZE];

	return if_indextoname(index, name) ? 0 : -errno;
}

static long do_ifconf(long text, long b, long c)
{
	struct ifreq req[16];
	struct ifconf conf = { .ifc_len = sizeof(req), .ifc_req = req };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char buf[INET6_ADDRSTRLEN];
	long found = 0;
	size_t i;

	if (fd < 0 || ioctl(fd, SIOCGIFCONF, &conf))
		return -errno;
	close(fd);
	for (i = 0; i < conf.ifc_len / sizeof(req[0]); i++) {
		addr_text((void *)&req[i].ifr_addr, buf);
		found |= !strcmp(buf, (const char *)text);
	}
	return found;
}

/* SIOCGIFADDR, which names the first address */
static long do_ifaddr(long name, long text, long c)
{
	struct ifreq req = { .ifr_addr.sa_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage addr = {};
	long err = 0;

	if (fd < 0)
		return -errno;
	strcpy(req.ifr_name, (const char *)name);
	if (ioctl(fd, SIOCGIFADDR, &req))
		err = -errno;
	close(fd);
	memcpy(&addr, &req.ifr_addr, sizeof(req.ifr_addr));
	return err ? err : same_addr(&addr, text);
}

static long do_file_has(long path, long word, long c)
{
	static char buf[65536];
	int len = read_file((const char *)path, buf, sizeof(buf));

	return len < 0 ? len : !!strstr(buf, (const char *)word);
}

/* Does a dump of inet_diag have a socket with this port? */
static long do_diag_dump(long family, long protocol, long port)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 diag;
	} req = {
		.head = {
			.nlmsg_len = sizeof(req),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.diag = {
			.sdiag_family = family,
			.sdiag_protocol = protocol,
			.idiag_states = ~0U,
		},
	};
	static char buf[32768];
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	long found = 0;

	if (fd < 0 || send(fd, &req, sizeof(req), 0) < 0)
		return -errno;
	for (;;) {
		struct nlmsghdr *head = (void *)buf;
		int len = recv(fd, buf, sizeof(buf), 0);

		if (len < 0)
			return -errno;
		for (; NLMSG_OK(head, len); head = NLMSG_NEXT(head, len)) {
			struct inet_diag_msg *msg = NLMSG_DATA(head);

			if (head->nlmsg_type == NLMSG_DONE ||
			    head->nlmsg_type == NLMSG_ERROR) {
				close(fd);
				return found;
			}
			found |= ntohs(msg->id.idiag_sport) == port;
		}
	}
}

/* Looks up a listener or a UDP socket; 0 or what the kernel says. */
static long do_diag_one(long addr, long protocol, long port)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 diag;
	} req = {
		.head = {
			.nlmsg_len = sizeof(req),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.diag = {
			.sdiag_family = AF_INET,
			.sdiag_protocol = protocol,
			.idiag_states = ~0U,
			.id.idiag_cookie = { ~0U, ~0U },
		},
	};
	struct {
		struct nlmsghdr head;
		struct nlmsgerr err;
		char more[1024];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	/* UDP has it the other way round. */
	if (protocol == IPPROTO_UDP) {
		req.diag.id.idiag_dport = htons(port);
		inet_pton(AF_INET, (const char *)addr, &req.diag.id.idiag_dst);
	} else {
		req.diag.id.idiag_sport = htons(port);
		inet_pton(AF_INET, (const char *)addr, &req.diag.id.idiag_src);
	}
	if (fd < 0 || send(fd, &req, sizeof(req), 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0)
		return -errno;
	close(fd);
	return answer.head.nlmsg_type == NLMSG_ERROR ? answer.err.error : 0;
}

static long do_route_dump(long type, long b, long c)
{
	struct request req = {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtgenmsg)),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	long err = 0;

	if (fd < 0)
		return -errno;
	if (send(fd, &req, req.head.nlmsg_len, 0) < 0)
		err = -errno;
	close(fd);
	return err;
}

static long do_group(long protocol, long group, long c)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	int nr = group;
	long err = 0;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &nr, sizeof(nr)))
		err = -errno;
	close(fd);
	return err;
}

static long do_route_group(long groups, long option, long c)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int group = RTNLGRP_LINK;
	long err = 0;

	if (fd < 0)
		return -errno;
	addr.nl_groups = groups;
	if (option ? setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
				sizeof(group)) :
		     bind(fd, (void *)&addr, sizeof(addr)))
		err = -errno;
	close(fd);
	return err;
}

/* Binds the caller's context to up to two addresses. */
static long do_bind_self(long text, long text2, long broadcast)
{
	struct {
		struct lsm_head head;
		struct vctx_bind bind;
	} req = {};
	const char *name[2] = { (const char *)text, (const char *)text2 };
	int i;

	req.head.id = LSM_ID_VCTX;
	req.head.flags = VCTX_SET_BIND;
	req.head.len = sizeof(req);
	req.head.ctx_len = sizeof(req.bind);
	req.bind.broadcast = broadcast;
	for (i = 0; i < 2 && name[i]; i++) {
		int family = strchr(name[i], ':') ? AF_INET6 : AF_INET;

		req.bind.addr[i].family = family;
		inet_pton(family, name[i], req.bind.addr[i].addr);
		req.bind.nr++;
	}
	return lsm_set(LSM_ATTR_CURRENT, &req, sizeof(req), 0);
}

static long do_write_addresses(long id, long line, long c)
{
	return ctx_write(id, "addresses", (const char *)line);
}

/*
 *   host                A_ID          B_ID          M_ID            U_ID
 *   the test            a             b             m               u
 *   10.77.0.1           10.77.0.2     10.77.0.3     10.77.0.4 .5    not bound
 *   fd77::1             fd77::2       fd77::3       fd77::4
 *   10.78.0.1 (vctx1)
 *
 * All on vctx0 of a network namespace that belongs to the test.
 */
FIXTURE(net)
{
	struct agent a, b, m, u;
};

FIXTURE_SETUP(net)
{
	static const char *const addr[] = {
		HOST4, A4, B4, M4, M4_2, HOST6, A6, B6, M6,
	};
	static const __u32 id[] = { A_ID, B_ID, M_ID, U_ID };
	const char *why = vctx_missing();
	size_t i;
	int err;

	if (why)
		SKIP(return, "%s", why);
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, ctx_end(id[i]));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, set_up("lo"));
	err = add_dummy("vctx0");
	if (err == -EOPNOTSUPP)
		SKIP(return, "the kernel has no dummy devices");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, add_dummy("vctx1"));
	for (i = 0; i < (int)ARRAY_SIZE(addr); i++)
		ASSERT_EQ(0, add_addr("vctx0", addr[i]));
	ASSERT_EQ(0, add_addr("vctx1", ELSE4));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, ctx_mkdir(id[i]));
	ASSERT_EQ(0, ctx_write(A_ID, "addresses", A4 " " A6 "\n"));
	ASSERT_EQ(0, ctx_write(B_ID, "addresses", B4 " " B6 "\n"));
	ASSERT_EQ(0, ctx_write(M_ID, "addresses", M4 " " M4_2 " " M6 "\n"));
	ASSERT_EQ(0, agent_start_in(&self->a, A_ID));
	ASSERT_EQ(0, agent_start_in(&self->b, B_ID));
	ASSERT_EQ(0, agent_start_in(&self->m, M_ID));
	ASSERT_EQ(0, agent_start_in(&self->u, U_ID));
}

FIXTURE_TEARDOWN(net)
{
	agent_stop(&self->a);
	agent_stop(&self->b);
	agent_stop(&self->m);
	agent_stop(&self->u);
	EXPECT_EQ(0, ctx_end(A_ID));
	EXPECT_EQ(0, ctx_end(B_ID));
	EXPECT_EQ(0, ctx_end(M_ID));
	EXPECT_EQ(0, ctx_end(U_ID));
}

#define ASK(_agent, _fn, ...) ASK_3(_agent, _fn, ##__VA_ARGS__, 0, 0, 0)
#define ASK_3(_agent, _fn, _a, _b, _c, ...) \
	agent_call(_agent, _fn, (long)(_a), (long)(_b), (long)(_c))
#define HERE(_fn, ...) HERE_3(_fn, ##__VA_ARGS__, 0, 0, 0)
#define HERE_3(_fn, _a, _b, _c, ...) \
	_fn((long)(_a), (long)(_b), (long)(_c))

/* An accepted connection, or one that has not come */
#define ACCEPTS(_agent, _fd)	ASK(_agent, do_accept, _fd, PATIENCE_MS)
#define NOTHING(_agent, _fd)	ASK(_agent, do_accept, _fd, 0)

TEST_F(net, bind_own_addresses)
{
	static const int type[] = { SOCK_STREAM, SOCK_DGRAM };
	int i;

	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, ASK(&self->a, do_try_bind, A4, 0, type[i]));
		EXPECT_EQ(0, ASK(&self->a, do_try_bind, A6, 0, type[i]));
		EXPECT_EQ(0, ASK(&self->a, do_try_bind, "::ffff:" A4, 0, type[i]));
		EXPECT_EQ(0, ASK(&self->a, do_try_bind, "0.0.0.0", 0, type[i]));
		EXPECT_EQ(0, ASK(&self->a, do_try_bind, "::", 0, type[i]));
		EXPECT_EQ(0, ASK(&self->a, do_try_bind, "127.0.0.1", 0, type[i]));
		EXPECT_EQ(0, ASK(&self->a, do_try_bind, "::1", 0, type[i]));
		EXPECT_EQ(0, ASK(&self->m, do_try_bind, M4_2, 0, type[i]));

		EXPECT_EQ(-EADDRNOTAVAIL, ASK(&self->a, do_try_bind, B4, 0, type[i]));
		EXPECT_EQ(-EADDRNOTAVAIL, ASK(&self->a, do_try_bind, HOST4, 0, type[i]));
		EXPECT_EQ(-EADDRNOTAVAIL, ASK(&self->a, do_try_bind, B6, 0, type[i]));
		EXPECT_EQ(-EADDRNOTAVAIL, ASK(&self->a, do_try_bind, HOST6, 0, type[i]));
		EXPECT_EQ(-EADDRNOTAVAIL,
			  ASK(&self->a, do_try_bind, "::ffff:" B4, 0, type[i]));
		EXPECT_EQ(-EADDRNOTAVAIL,
			  ASK(&self->a, do_try_bind, "127.0.0.2", 0, type[i]));

		/* Neither the host nor who is not bound is held to any. */
		EXPECT_EQ(0, HERE(do_try_bind, A4, 0, type[i]));
		EXPECT_EQ(0, ASK(&self->u, do_try_bind, B4, 0, type[i]));
		EXPECT_EQ(0, ASK(&self->u, do_try_bind, B6, 0, type[i]));
		EXPECT_EQ(0, ASK(&self->u, do_try_bind, "127.0.0.2", 0, type[i]));
	}
}

TEST_F(net, wildcard_of_one_address_is_listed_as_that)
{
	long fd;

	fd = ASK(&self->a, do_bind, "0.0.0.0", 8000, SOCK_STREAM);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ASK(&self->a, do_name, fd, "0.0.0.0"));
	/* 10.77.0.2:8000, for whoever looks */
	EXPECT_EQ(1, HERE(do_file_has, "/proc/thread-self/net/tcp", "02004D0A:1F40"));
	EXPECT_EQ(1, ASK(&self->a, do_file_has, "/proc/thread-self/net/tcp", "02004D0A:1F40"));
	ASSERT_EQ(0, ctx_write(B_ID, "addresses", B6 "\n"));
	ASSERT_LE(0, ASK(&self->b, do_bind, "::", 8000, SOCK_STREAM));
	ASSERT_LE(0, ASK(&self->b, do_bind, "::", 8000, SOCK_DGRAM));
	/* fd77::3, in words of the machine's byte order */
	EXPECT_EQ(1, HERE(do_file_has, "/proc/thread-self/net/tcp6",
			  "000077FD000000000000000003000000:1F40"));
	EXPECT_EQ(1, HERE(do_file_has, "/proc/thread-self/net/udp6",
			  "000077FD000000000000000003000000:1F40"));
	fd = ASK(&self->m, do_bind, "0.0.0.0", 8000, SOCK_STREAM);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ASK(&self->m, do_name, fd, "0.0.0.0"));
}

TEST_F(net, tcp_wildcards_share_a_port)
{
	long a, b, m, fd, got;

	a = ASK(&self->a, do_bind, "0.0.0.0", 8000, SOCK_STREAM);
	b = ASK(&self->b, do_bind, "0.0.0.0", 8000, SOCK_STREAM);
	m = ASK(&self->m, do_bind, "0.0.0.0", 8000, SOCK_STREAM);
	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	ASSERT_LE(0, m);
	EXPECT_EQ(-EADDRINUSE, ASK(&self->a, do_bind, "0.0.0.0", 8000, SOCK_STREAM));
	EXPECT_EQ(-EADDRINUSE, ASK(&self->a, do_bind, A4, 8000, SOCK_STREAM));
	EXPECT_EQ(-EADDRINUSE, ASK(&self->u, do_bind, "0.0.0.0", 8000, SOCK_STREAM));
	EXPECT_EQ(-EADDRINUSE, HERE(do_bind, "0.0.0.0", 8000, SOCK_STREAM));
	EXPECT_EQ(-EADDRINUSE, HERE(do_bind, A4, 8000, SOCK_STREAM));

	EXPECT_EQ(-ECONNREFUSED, HERE(do_connect, HOST4, 8000, SOCK_STREAM));
	EXPECT_EQ(-ECONNREFUSED, HERE(do_connect, "127.0.0.1", 8000, SOCK_STREAM));
	fd = HERE(do_connect, A4, 8000, SOCK_STREAM);
	ASSERT_LE(0, fd);
	got = ACCEPTS(&self->a, a);
	ASSERT_LE(0, got);
	EXPECT_EQ(0, ASK(&self->a, do_name, got, A4));
	EXPECT_EQ(-ETIMEDOUT, NOTHING(&self->b, b));
	close(fd);
	fd = HERE(do_connect, B4, 8000, SOCK_STREAM);
	ASSERT_LE(0, fd);
	EXPECT_LE(0, ACCEPTS(&self->b, b));
	EXPECT_EQ(-ETIMEDOUT, NOTHING(&self->a, a));
	close(fd);
	fd = HERE(do_connect, M4_2, 8000, SOCK_STREAM);
	ASSERT_LE(0, fd);
	EXPECT_LE(0, ACCEPTS(&self->m, m));
	close(fd);

	/* What is nobody's else is there for the host. */
	fd = HERE(do_bind, HOST4, 8000, SOCK_STREAM);
	EXPECT_LE(0, fd);
	close(fd);
}

TEST_F(net, tcp6_wildcards_share_a_port)
{
	long a, b, fd;

	a = ASK(&self->a, do_bind, "::", 8000, SOCK_STREAM);
	b = ASK(&self->b, do_bind, "::", 8000, SOCK_STREAM);
	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	EXPECT_EQ(-EADDRINUSE, ASK(&self->a, do_bind, A6, 8000, SOCK_STREAM));
	EXPECT_EQ(-EADDRINUSE, ASK(&self->a, do_bind, "0.0.0.0", 8000, SOCK_STREAM));

	EXPECT_EQ(-ECONNREFUSED, HERE(do_connect, HOST6, 8000, SOCK_STREAM));
	fd = HERE(do_connect, A6, 8000, SOCK_STREAM);
	ASSERT_LE(0, fd);
	EXPECT_LE(0, ACCEPTS(&self->a, a));
	EXPECT_EQ(-ETIMEDOUT, NOTHING(&self->b, b));
	close(fd);
	fd = HERE(do_connect, B6, 8000, SOCK_STREAM);
	ASSERT_LE(0, fd);
	EXPECT_LE(0, ACCEPTS(&self->b, b));
	close(fd);
	/* They take IPv4, too. */
	fd = HERE(do_connect, B4, 8000, SOCK_STREAM);
	ASSERT_LE(0, fd);
	EXPECT_LE(0, ACCEPTS(&self->b, b));
	EXPECT_EQ(-ETIMEDOUT, NOTHING(&self->a, a));
	close(fd);
}

TEST_F(net, udp_wildcards_share_a_port)
{
	static const char *const wild[] = { "0.0.0.0", "::" };
	static const char *const host[] = { HOST4, HOST6 };
	static const char *const to_a[] = { A4, A6 };
	static const char *const to_b[] = { B4, B6 };
	long a, b, fd;
	int i;

	for (i = 0; i < 2; i++) {
		a = ASK(&self->a, do_bind, wild[i], 5300, SOCK_DGRAM);
		b = ASK(&self->b, do_bind, wild[i], 5300, SOCK_DGRAM);
		ASSERT_LE(0, a);
		ASSERT_LE(0, b);
		EXPECT_EQ(-EADDRINUSE,
			  ASK(&self->a, do_bind, to_a[i], 5300, SOCK_DGRAM));
		EXPECT_EQ(-EADDRINUSE, HERE(do_bind, wild[i], 5300, SOCK_DGRAM));
		fd = HERE(do_bind, host[i], 0, SOCK_DGRAM);
		ASSERT_LE(0, fd);

		ASSERT_EQ(0, HERE(do_sendto, fd, to_a[i], 5300));
		EXPECT_EQ(0, ASK(&self->a, do_echo, a, host[i], PATIENCE_MS));
		EXPECT_EQ(0, HERE(do_receive, fd, to_a[i], PATIENCE_MS));
		ASSERT_EQ(0, HERE(do_sendto, fd, to_b[i], 5300));
		EXPECT_EQ(0, ASK(&self->b, do_echo, b, host[i], PATIENCE_MS));
		EXPECT_EQ(0, HERE(do_receive, fd, to_b[i], PATIENCE_MS));
		EXPECT_EQ(-ETIMEDOUT, ASK(&self->a, do_receive, a, host[i], 0));
		close(fd);
		EXPECT_EQ(0, ASK(&self->a, do_close, a));
		EXPECT_EQ(0, ASK(&self->b, do_close, b));
	}
}

/* What one socket is apart from may still be in the way of another. */
TEST_F(net, reuseport_takes_no_port_of_others)
{
	static const int type[] = {
		SOCK_STREAM | REUSEPORT, SOCK_DGRAM | REUSEPORT,
	};
	long a, a2, u, fd;
	int i;

	for (i = 0; i < 2; i++) {
		a = ASK(&self->a, do_bind, "0.0.0.0", 8010, type[i]);
		ASSERT_LE(0, a);
		/* A group within the context */
		a2 = ASK(&self->a, do_bind, "0.0.0.0", 8010, type[i]);
		EXPECT_LE(0, a2);
		u = ASK(&self->u, do_bind, "127.0.0.77", 8010, type[i]);
		ASSERT_LE(0, u);
		EXPECT_EQ(-EADDRINUSE, ASK(&self->u, do_bind, "0.0.0.0", 8010, type[i]));
		EXPECT_EQ(-EADDRINUSE, ASK(&self->u, do_bind, A4, 8010, type[i]));
		/* All are root, but not the same one. */
		EXPECT_EQ(-EADDRINUSE, HERE(do_bind, "0.0.0.0", 8010, type[i]));
		EXPECT_EQ(-EADDRINUSE, HERE(do_bind, A4, 8010, type[i]));
		fd = HERE(do_bind, HOST4, 8010, type[i]);
		EXPECT_LE(0, fd);
		close(fd);
		EXPECT_EQ(0, ASK(&self->a, do_close, a));
		EXPECT_EQ(0, ASK(&self->a, do_close, a2));
		EXPECT_EQ(0, ASK(&self->u, do_close, u));
	}
	/* The host's socket came first. */
	for (i = 0; i < 2; i++) {
		fd = HERE(do_bind, A4, 8011, type[i]);
		ASSERT_LE(0, fd);
		EXPECT_EQ(-EADDRINUSE, ASK(&self->a, do_bind, A4, 8011, type[i]));
		EXPECT_EQ(-EADDRINUSE, ASK(&self->a, do_bind, "0.0.0.0", 8011, type[i]));
		close(fd);
	}
}

/* Text that is known to all processes of a test */
static char *words;

static void __attribute__((constructor)) words_init(void)
{
	words = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* The text of the loopback address that a context has for itself */
static void lo4_of(int id, char *buf)
{
	char text[1024];
	char *at;

	strcpy(buf, "?");
	if (ctx_read(id, "addresses", text, sizeof(text)) <= 0)
		return;
	at = strstr(text, "loopback ");
	if (at)
		sscanf(at, "loopback %15s", buf);
}

TEST_F(net, own_loopback_is_nobodys_else)
{
	static const int type[] = { SOCK_STREAM, SOCK_DGRAM };
	char *lo4, *mapped;
	long a, fd, got;
	int i;

	/* Where the agents, which are there already, can read it */
	lo4 = words;
	mapped = words + 16;
	lo4_of(A_ID, lo4);
	ASSERT_EQ(0, strncmp(lo4, "127.", 4));
	snprintf(mapped, 32, "::ffff:%s", lo4);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-ENETUNREACH, ASK(&self->b, do_connect, lo4, 9, type[i]));
		EXPECT_EQ(-ENETUNREACH, ASK(&self->u, do_connect, lo4, 9, type[i]));
		EXPECT_EQ(-ENETUNREACH, ASK(&self->u, do_connect, mapped, 9, type[i]));
		EXPECT_EQ(-EADDRNOTAVAIL, ASK(&self->b, do_try_bind, lo4, 0, type[i]));
		EXPECT_EQ(-EADDRNOTAVAIL, ASK(&self->u, do_try_bind, lo4, 0, type[i]));
		EXPECT_EQ(-EADDRNOTAVAIL, ASK(&self->u, do_try_bind, mapped, 0, type[i]));
	}
	fd = ASK(&self->u, do_bind, "0.0.0.0", 0, SOCK_DGRAM);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-ENETUNREACH, ASK(&self->u, do_sendto, fd, lo4, 9));

	/* The host may, and is answered at its own 127.0.0.1. */
	a = ASK(&self->a, do_bind, "127.0.0.1", 5434, SOCK_STREAM);
	ASSERT_LE(0, a);
	fd = HERE(do_connect, lo4, 5434, SOCK_STREAM);
	ASSERT_LE(0, fd);
	got = ACCEPTS(&self->a, a);
	ASSERT_LE(0, got);
	ASSERT_EQ(1, send(fd, "x", 1, 0));
	EXPECT_EQ(0, ASK(&self->a, do_pass_on, got));
	EXPECT_EQ(0, HERE(do_pass_in, fd));
	close(fd);
}

TEST_F(net, resolver_of_the_host)
{
	static const char stub[] = "127.0.0.53";
	char lo4[16];
	long fd, got;

	lo4_of(A_ID, lo4);
	fd = HERE(do_bind, stub, 53, SOCK_STREAM);
	ASSERT_LE(0, fd);
	ASSERT_LE(0, ASK(&self->a, do_connect, stub, 53, SOCK_STREAM));
	got = HERE(do_accept, fd, PATIENCE_MS);
	ASSERT_LE(0, got);
	EXPECT_EQ(0, HERE(do_peer, got, lo4));
	close(got);
	close(fd);

	fd = HERE(do_bind, stub, 53, SOCK_DGRAM);
	ASSERT_LE(0, fd);
	got = ASK(&self->a, do_bind, "0.0.0.0", 0, SOCK_DGRAM);
	ASSERT_LE(0, got);
	ASSERT_EQ(0, ASK(&self->a, do_sendto, got, stub, 53));
	EXPECT_EQ(0, HERE(do_echo, fd, lo4, PATIENCE_MS));
	EXPECT_EQ(0, ASK(&self->a, do_receive, got, stub, PATIENCE_MS));
	close(fd);

	EXPECT_EQ(-EADDRNOTAVAIL, ASK(&self->a, do_try_bind, stub, 53, SOCK_DGRAM));
	EXPECT_EQ(-ENETUNREACH, ASK(&self->a, do_connect, stub, 54, SOCK_STREAM));
	EXPECT_EQ(-ENETUNREACH, ASK(&self->a, do_connect, "127.0.0.55", 53, SOCK_STREAM));
}

TEST_F(net, loopback_of_its_own)
{
	long a, b, fd, got;

	a = ASK(&self->a, do_bind, "127.0.0.1", 5432, SOCK_STREAM);
	b = ASK(&self->b, do_bind, "127.0.0.1", 5432, SOCK_STREAM);
	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	/* Besides, and not instead of, its address */
	EXPECT_EQ(0, ASK(&self->a, do_try_bind, A4, 5432, SOCK_STREAM));
	EXPECT_EQ(0, ASK(&self->a, do_name, a, "127.0.0.1"));
	EXPECT_EQ(-ECONNREFUSED,
		  HERE(do_connect, "127.0.0.1", 5432, SOCK_STREAM));
	EXPECT_EQ(-ECONNREFUSED, ASK(&self->m, do_connect, "127.0.0.1", 5432, SOCK_STREAM));
	EXPECT_EQ(-ENETUNREACH, ASK(&self->a, do_connect, "127.0.0.2", 5432, SOCK_STREAM));
	EXPECT_EQ(-ENETUNREACH, ASK(&self->a, do_connect, "127.200.0.9", 5432, SOCK_STREAM));

	fd = ASK(&self->a, do_connect, "127.0.0.1", 5432, SOCK_STREAM);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ASK(&self->a, do_name, fd, "127.0.0.1"));
	EXPECT_EQ(0, ASK(&self->a, do_peer, fd, "127.0.0.1"));
	got = ACCEPTS(&self->a, a);
	ASSERT_LE(0, got);
	EXPECT_EQ(0, ASK(&self->a, do_name, got, "127.0.0.1"));
	EXPECT_EQ(0, ASK(&self->a, do_peer, got, "127.0.0.1"));
	EXPECT_EQ(-ETIMEDOUT, NOTHING(&self->b, b));

	/* The wildcard is on it, too, and the host's loopback is another. */
	a = ASK(&self->a, do_bind, "0.0.0.0", 5433, SOCK_STREAM);
	ASSERT_LE(0, a);
	fd = HERE(do_bind, "127.0.0.1", 5433, SOCK_STREAM);
	ASSERT_LE(0, fd);
	EXPECT_LE(0, ASK(&self->a, do_connect, "127.0.0.1", 5433, SOCK_STREAM));
	EXPECT_LE(0, ACCEPTS(&self->a, a));
	EXPECT_LE(0, ASK(&self->a, do_connect, "::ffff:127.0.0.1", 5433, SOCK_STREAM));
	EXPECT_LE(0, ACCEPTS(&self->a, a));
	EXPECT_EQ(-ETIMEDOUT, HERE(do_accept, fd, 0));
	EXPECT_EQ(-ECONNREFUSED, ASK(&self->b, do_connect, "127.0.0.1", 5433, SOCK_STREAM));
	close(fd);
}

TEST_F(net, loopback_for_datagrams)
{
	long a, fd;

	a = ASK(&self->a, do_bind, "127.0.0.1", 5300, SOCK_DGRAM);
	ASSERT_LE(0, a);
	ASSERT_LE(0, ASK(&self->b, do_bind, "127.0.0.1", 5300, SOCK_DGRAM));
	fd = ASK(&self->a, do_bind, "127.0.0.1", 0, SOCK_DGRAM);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ASK(&self->a, do_sendto, fd, "127.0.0.1", 5300));
	EXPECT_EQ(0, ASK(&self->a, do_echo, a, "127.0.0.1", PATIENCE_MS));
	EXPECT_EQ(0, ASK(&self->a, do_receive, fd, "127.0.0.1", PATIENCE_MS));
	EXPECT_EQ(-ENETUNREACH, ASK(&self->a, do_sendto, fd, "127.0.0.2", 5300));
}

TEST_F(net, loopback6_of_its_own)
{
	struct sockaddr_storage addr;
	long a, b, fd, got;

	a = ASK(&self->a, do_bind, "::1", 5432, SOCK_STREAM);
	b = ASK(&self->b, do_bind, "::1", 5432, SOCK_STREAM);
	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	EXPECT_EQ(0, ASK(&self->a, do_name, a, "::1"));
	EXPECT_EQ(-ECONNREFUSED, HERE(do_connect, "::1", 5432, SOCK_STREAM));
	fd = ASK(&self->a, do_connect, "::1", 5432, SOCK_STREAM);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ASK(&self->a, do_name, fd, "::1"));
	EXPECT_EQ(0, ASK(&self->a, do_peer, fd, "::1"));
	got = ACCEPTS(&self->a, a);
	ASSERT_LE(0, got);
	EXPECT_EQ(0, ASK(&self->a, do_name, got, "::1"));
	EXPECT_EQ(0, ASK(&self->a, do_peer, got, "::1"));
	EXPECT_EQ(-ETIMEDOUT, NOTHING(&self->b, b));

	/* It is an address that others can send to, but they are not heard. */
	a = ASK(&self->a, do_bind, "::1", 5300, SOCK_DGRAM);
	ASSERT_LE(0, a);
	fd = HERE(do_bind, HOST6, 0, SOCK_DGRAM);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, connect(fd, (void *)&addr, make_addr(&addr, (long)A6, 5300)));
	ASSERT_EQ(1, send(fd, "x", 1, 0));
	EXPECT_EQ(-ECONNREFUSED, do_receive(fd, (long)A6, PATIENCE_MS));
	EXPECT_EQ(-ETIMEDOUT, ASK(&self->a, do_receive, a, HOST6, 0));
	close(fd);
}

TEST_F(net, connects_from_own_address)
{
	static const char *const host[] = { HOST4, HOST6, ELSE4 };
	static const char *const from[] = { A4, A6, A4 };
	long fd, got;
	int i;

	for (i = 0; i < 3; i++) {
		fd = HERE(do_bind, host[i], 8100, SOCK_STREAM);
		ASSERT_LE(0, fd);
		ASSERT_LE(0, ASK(&self->a, do_connect, host[i], 8100, SOCK_STREAM));
		got = HERE(do_accept, fd, PATIENCE_MS);
		ASSERT_LE(0, got);
		EXPECT_EQ(0, HERE(do_peer, got, from[i]));
		close(got);
		close(fd);

		fd = HERE(do_bind, host[i], 8100, SOCK_DGRAM);
		ASSERT_LE(0, fd);
		got = ASK(&self->a, do_bind, i == 1 ? "::" : "0.0.0.0", 0, SOCK_DGRAM);
		ASSERT_LE(0, got);
		ASSERT_EQ(0, ASK(&self->a, do_sendto, got, host[i], 8100));
		EXPECT_EQ(0, HERE(do_receive, fd, from[i], PATIENCE_MS));
		close(fd);
	}
	/* Others can be reached. */
	fd = ASK(&self->b, do_bind, "0.0.0.0", 8101, SOCK_STREAM);
	ASSERT_LE(0, fd);
	ASSERT_LE(0, ASK(&self->a, do_connect, B4, 8101, SOCK_STREAM));
	got = ACCEPTS(&self->b, fd);
	ASSERT_LE(0, got);
	EXPECT_EQ(0, ASK(&self->b, do_peer, got, A4));
}

TEST_F(net, pktinfo_names_own_addresses)
{
	EXPECT_EQ(0, ASK(&self->a, do_pktinfo, A4, 9));
	EXPECT_EQ(-EADDRNOTAVAIL, ASK(&self->a, do_pktinfo, B4, 9));
	EXPECT_EQ(-EADDRNOTAVAIL, ASK(&self->a, do_pktinfo, HOST4, 9));
	EXPECT_EQ(0, ASK(&self->m, do_pktinfo, M4_2, 9));
	EXPECT_EQ(0, ASK(&self->u, do_pktinfo, B4, 9));
	EXPECT_EQ(0, ASK(&self->a, do_pktinfo6, A6, 9));
	EXPECT_EQ(-EADDRNOTAVAIL, ASK(&self->a, do_pktinfo6, B6, 9));
	EXPECT_EQ(0, ASK(&self->a, do_pktinfo6, A6, 9, 1));
	EXPECT_EQ(-EADDRNOTAVAIL, ASK(&self->a, do_pktinfo6, B6, 9, 1));
}

TEST_F(net, other_sockets_are_refused)
{
	/*
	 * Attempt: socket(2): raw, IPv4, in a context that is bound to
	 * addresses
	 */
	EXPECT_EQ(-EPERM, ASK(&self->a, do_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP));
	/* Attempt: socket(2): raw, IPv6, in such a context */
	EXPECT_EQ(-EPERM, ASK(&self->a, do_socket, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
	/* Attempt: socket(2): AF_PACKET, in such a context */
	EXPECT_EQ(-EPERM, ASK(&self->a, do_socket, AF_PACKET, SOCK_DGRAM, 0));
	EXPECT_EQ(0, ASK(&self->a, do_socket, AF_UNIX, SOCK_STREAM, 0));
	EXPECT_EQ(0, ASK(&self->a, do_socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
	/* Attempt: socket(2): raw, in a context without addresses */
	EXPECT_EQ(-EPERM, ASK(&self->u, do_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP));

	/* Attempt: setsockopt(2): IP_TRANSPARENT */
	EXPECT_EQ(-EPERM, ASK(&self->a, do_option, SOL_IP, IP_TRANSPARENT, AF_INET));
	/* Attempt: setsockopt(2): IP_FREEBIND */
	EXPECT_EQ(-EPERM, ASK(&self->a, do_option, SOL_IP, IP_FREEBIND, AF_INET));
	/* Attempt: setsockopt(2): IPV6_TRANSPARENT */
	EXPECT_EQ(-EPERM, ASK(&self->a, do_option, SOL_IPV6, IPV6_TRANSPARENT, AF_INET6));
	/* Attempt: setsockopt(2): IPV6_FREEBIND */
	EXPECT_EQ(-EPERM, ASK(&self->a, do_option, SOL_IPV6, IPV6_FREEBIND, AF_INET6));
	EXPECT_EQ(0, ASK(&self->u, do_option, SOL_IP, IP_FREEBIND, AF_INET));

	EXPECT_EQ(0, ASK(&self->a, do_bind_dev, "vctx0"));
	EXPECT_EQ(0, ASK(&self->a, do_bind_dev, "lo"));
	/* Attempt: setsockopt(2): SO_BINDTODEVICE to a device of others */
	EXPECT_EQ(-ENODEV, ASK(&self->a, do_bind_dev, "vctx1"));
	EXPECT_EQ(-ENODEV, ASK(&self->a, do_bind_dev, "none"));
	EXPECT_EQ(0, ASK(&self->u, do_bind_dev, "vctx1"));
	/* A network namespace of its own user namespace is no help. */
	ASSERT_EQ(0, ASK(&self->a, do_unshare, CLONE_NEWUSER | CLONE_NEWNET));
	/* Attempt: AF_PACKET in a user and network namespace of its own */
	EXPECT_EQ(-EPERM, ASK(&self->a, do_socket, AF_PACKET, SOCK_DGRAM, 0));
	/* Attempt: bind(2) to an address of the host in such a namespace */
	EXPECT_EQ(-EADDRNOTAVAIL, ASK(&self->a, do_try_bind, HOST4, 0, SOCK_STREAM));
}

TEST_F(net, multicast)
{
	static const char group[] = "239.77.0.1";
	long host, member;

	host = HERE(do_bind, "0.0.0.0", 7010, SOCK_DGRAM);
	ASSERT_LE(0, host);
	ASSERT_EQ(0, HERE(do_join, host, group, HOST4));
	EXPECT_EQ(0, ASK(&self->a, do_multicast, group, 7010, A4));
	EXPECT_EQ(0, HERE(do_receive, host, A4, PATIENCE_MS));
	/* Attempt: IP_MULTICAST_IF: send as if from another's address */
	EXPECT_EQ(-EADDRNOTAVAIL, ASK(&self->a, do_multicast, group, 7010, B4));
	EXPECT_EQ(-EADDRNOTAVAIL, ASK(&self->a, do_multicast, group, 7010, ELSE4));
	EXPECT_EQ(-ETIMEDOUT, HERE(do_receive, host, B4, 0));
	EXPECT_EQ(0, HERE(do_multicast, group, 7010, HOST4));
	EXPECT_EQ(0, HERE(do_receive, host, HOST4, PATIENCE_MS));

	member = ASK(&self->a, do_bind, "0.0.0.0", 7011, SOCK_DGRAM);
	ASSERT_LE(0, member);
	/* It does not receive what another one has joined, and it has not. */
	ASSERT_EQ(0, HERE(do_multicast, group, 7011, HOST4));
	/* Attempt: receive from a group that others have joined => nothing comes */
	EXPECT_EQ(-ETIMEDOUT, ASK(&self->a, do_receive, member, HOST4, 100));
	ASSERT_EQ(0, ASK(&self->a, do_join, member, group, A4));
	ASSERT_EQ(0, HERE(do_multicast, group, 7011, HOST4));
	EXPECT_EQ(0, ASK(&self->a, do_receive, member, HOST4, PATIENCE_MS));
	/* Attempt: /proc/net/igmp */
	EXPECT_EQ(-ENOENT, ASK(&self->a, do_file_has, "/proc/self/net/igmp", ""));
	close(host);
}

TEST_F(net, configuring_is_refused)
{
	/* Attempt: ioctl(2): SIOCSIFFLAGS */
	EXPECT_EQ(-EPERM, ASK(&self->a, do_set_up, "vctx0"));
	/* Attempt: the same without addresses */
	EXPECT_EQ(-EPERM, ASK(&self->u, do_set_up, "vctx0"));
	/* Attempt: rtnetlink: list routes */
	EXPECT_EQ(-EPERM, ASK(&self->a, do_route_dump, RTM_GETROUTE));
	/* Attempt: rtnetlink: list neighbours */
	EXPECT_EQ(-EPERM, ASK(&self->a, do_route_dump, RTM_GETNEIGH));
	EXPECT_EQ(0, ASK(&self->u, do_route_dump, RTM_GETROUTE));
	/* Attempt: rtnetlink: bind(2) to a multicast group */
	EXPECT_EQ(-EPERM, ASK(&self->a, do_route_group, RTMGRP_LINK, 0));
	/* Attempt: rtnetlink: NETLINK_ADD_MEMBERSHIP */
	EXPECT_EQ(-EPERM, ASK(&self->a, do_route_group, 0, 1));
	EXPECT_EQ(0, ASK(&self->a, do_route_group, 0, 0));
	EXPECT_EQ(0, ASK(&self->u, do_route_group, RTMGRP_LINK, 0));
	/* Attempt: the multicast group of kobject uevents */
	EXPECT_EQ(-EPERM, ASK(&self->a, do_group, NETLINK_KOBJECT_UEVENT, 1));
	EXPECT_EQ(0, ASK(&self->u, do_group, NETLINK_KOBJECT_UEVENT, 1));
	/* Attempt: the multicast groups of sock_diag */
	EXPECT_EQ(-EPERM, ASK(&self->a, do_group, NETLINK_SOCK_DIAG,
			      SKNLGRP_INET_TCP_DESTROY));
	EXPECT_EQ(-EPERM, ASK(&self->u, do_group, NETLINK_SOCK_DIAG,
			      SKNLGRP_INET_TCP_DESTROY));
	EXPECT_EQ(0, HERE(do_group, NETLINK_SOCK_DIAG, SKNLGRP_INET_TCP_DESTROY));
}

TEST_F(net, devices_and_addresses_listed)
{
	long vctx0 = do_index((long)"vctx0", 0, 0);
	long vctx1 = do_index((long)"vctx1", 0, 0);

	ASSERT_LT(0, vctx0);
	ASSERT_LT(0, vctx1);
	EXPECT_EQ(1, ASK(&self->a, do_lists_addr, A4));
	EXPECT_EQ(1, ASK(&self->a, do_lists_addr, A6));
	EXPECT_EQ(1, ASK(&self->a, do_lists_addr, "127.0.0.1"));
	EXPECT_EQ(0, ASK(&self->a, do_lists_addr, B4));
	/*
	 * Attempt: rtnetlink: list addresses of the host => none of them is
	 * listed
	 */
	EXPECT_EQ(0, ASK(&self->a, do_lists_addr, HOST4));
	EXPECT_EQ(0, ASK(&self->a, do_lists_addr, B6));
	EXPECT_EQ(1, ASK(&self->u, do_lists_addr, B4));
	EXPECT_EQ(1, HERE(do_lists_addr, B4));

	EXPECT_EQ(1, ASK(&self->a, do_lists_dev, "vctx0"));
	EXPECT_EQ(1, ASK(&self->a, do_lists_dev, "lo"));
	/*
	 * Attempt: rtnetlink: list devices of others => none of them is
	 * listed
	 */
	EXPECT_EQ(0, ASK(&self->a, do_lists_dev, "vctx1"));
	EXPECT_EQ(1, ASK(&self->u, do_lists_dev, "vctx1"));
	EXPECT_EQ(vctx0, ASK(&self->a, do_index, "vctx0"));
	/* Attempt: ioctl(2): SIOCGIFINDEX of a device of others */
	EXPECT_EQ(-ENODEV, ASK(&self->a, do_index, "vctx1"));
	EXPECT_EQ(0, ASK(&self->a, do_ifname, vctx0));
	EXPECT_NE(0, ASK(&self->a, do_ifname, vctx1));

	EXPECT_EQ(1, ASK(&self->a, do_ifconf, A4));
	/*
	 * Attempt: ioctl(2): SIOCGIFCONF => addresses of others are not
	 * listed
	 */
	EXPECT_EQ(0, ASK(&self->a, do_ifconf, B4));
	EXPECT_EQ(1, ASK(&self->u, do_ifconf, B4));
	EXPECT_EQ(0, ASK(&self->b, do_ifaddr, "vctx0", B4));
	EXPECT_EQ(0, HERE(do_ifaddr, "vctx0", HOST4));

	EXPECT_EQ(1, ASK(&self->a, do_file_has, "/proc/self/net/dev", "vctx0"));
	/*
	 * Attempt: /proc/net/dev, if_inet6 => what is of others is not
	 * listed
	 */
	EXPECT_EQ(0, ASK(&self->a, do_file_has, "/proc/self/net/dev", "vctx1"));
	EXPECT_EQ(1, ASK(&self->u, do_file_has, "/proc/self/net/dev", "vctx1"));
	EXPECT_EQ(1, ASK(&self->a, do_file_has, "/proc/self/net/if_inet6", "0002"));
	EXPECT_EQ(0, ASK(&self->a, do_file_has, "/proc/self/net/if_inet6",
			 "fd770000000000000000000000000003"));
	/* Attempt: /proc/net/fib_trie */
	EXPECT_EQ(-ENOENT, ASK(&self->a, do_file_has, "/proc/self/net/fib_trie", ""));
	/* Attempt: /proc/net/route */
	EXPECT_EQ(-ENOENT, ASK(&self->a, do_file_has, "/proc/self/net/route", ""));
	EXPECT_EQ(1, ASK(&self->u, do_file_has, "/proc/self/net/route", ""));
}

TEST_F(net, sockets_listed)
{
	static const char tcp[] = "/proc/thread-self/net/tcp";
	static const char udp[] = "/proc/thread-self/net/udp";
	static const char lists[] = "/proc/thread-self/net/unix";
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int sock;

	/* 7001 is 1B59, and so on. */
	ASSERT_LE(0, HERE(do_bind, HOST4, 7001, SOCK_STREAM));
	ASSERT_LE(0, ASK(&self->a, do_bind, A4, 7002, SOCK_STREAM));
	ASSERT_LE(0, ASK(&self->b, do_bind, B4, 7003, SOCK_STREAM));
	ASSERT_LE(0, ASK(&self->u, do_bind, "0.0.0.0", 7004, SOCK_STREAM));
	ASSERT_LE(0, HERE(do_bind, HOST4, 7001, SOCK_DGRAM));
	ASSERT_LE(0, ASK(&self->a, do_bind, A4, 7002, SOCK_DGRAM));
	ASSERT_LE(0, ASK(&self->b, do_bind, B4, 7003, SOCK_DGRAM));

	/*
	 * Attempt: /proc/net/tcp, udp, of any context => sockets of others
	 * are not listed
	 */
	EXPECT_EQ(0, ASK(&self->a, do_file_has, tcp, ":1B59"));
	EXPECT_EQ(1, ASK(&self->a, do_file_has, tcp, ":1B5A"));
	EXPECT_EQ(0, ASK(&self->a, do_file_has, tcp, ":1B5B"));
	EXPECT_EQ(0, ASK(&self->a, do_file_has, udp, ":1B59"));
	EXPECT_EQ(1, ASK(&self->a, do_file_has, udp, ":1B5A"));
	EXPECT_EQ(0, ASK(&self->a, do_file_has, udp, ":1B5B"));
	EXPECT_EQ(0, ASK(&self->u, do_file_has, tcp, ":1B59"));
	EXPECT_EQ(1, ASK(&self->u, do_file_has, tcp, ":1B5C"));
	EXPECT_EQ(1, HERE(do_file_has, tcp, ":1B59"));
	EXPECT_EQ(1, HERE(do_file_has, tcp, ":1B5A"));
	EXPECT_EQ(1, HERE(do_file_has, tcp, ":1B5C"));

	/*
	 * Attempt: sock_diag: list sockets => sockets of others are not
	 * listed
	 */
	EXPECT_EQ(0, ASK(&self->a, do_diag_dump, AF_INET, IPPROTO_TCP, 7001));
	EXPECT_EQ(1, ASK(&self->a, do_diag_dump, AF_INET, IPPROTO_TCP, 7002));
	EXPECT_EQ(0, ASK(&self->a, do_diag_dump, AF_INET, IPPROTO_TCP, 7003));
	EXPECT_EQ(1, HERE(do_diag_dump, AF_INET, IPPROTO_TCP, 7003));
	EXPECT_EQ(0, ASK(&self->a, do_diag_dump, AF_INET, IPPROTO_UDP, 7001));
	EXPECT_EQ(1, ASK(&self->a, do_diag_dump, AF_INET, IPPROTO_UDP, 7002));
	EXPECT_EQ(1, HERE(do_diag_dump, AF_INET, IPPROTO_UDP, 7002));
	EXPECT_EQ(0, ASK(&self->a, do_diag_one, A4, IPPROTO_TCP, 7002));
	/* Attempt: sock_diag: ask for a TCP socket of the host */
	EXPECT_EQ(-ENOENT, ASK(&self->a, do_diag_one, HOST4, IPPROTO_TCP, 7001));
	EXPECT_EQ(-ENOENT, ASK(&self->u, do_diag_one, HOST4, IPPROTO_TCP, 7001));
	/* Attempt: sock_diag: ask for a UDP socket of the host */
	EXPECT_EQ(-ENOENT, ASK(&self->a, do_diag_one, HOST4, IPPROTO_UDP, 7001));
	EXPECT_EQ(0, ASK(&self->a, do_diag_one, A4, IPPROTO_UDP, 7002));
	EXPECT_EQ(0, HERE(do_diag_one, B4, IPPROTO_TCP, 7003));

	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	strcpy(name.sun_path + 1, "vctx_net_test");
	ASSERT_EQ(0, bind(sock, (void *)&name, sizeof(name)));
	EXPECT_EQ(1, HERE(do_file_has, lists, "@vctx_net_test"));
	/* Attempt: /proc/net/unix => sockets of others are not listed */
	EXPECT_EQ(0, ASK(&self->a, do_file_has, lists, "@vctx_net_test"));
	EXPECT_EQ(0, ASK(&self->u, do_file_has, lists, "@vctx_net_test"));
	close(sock);
}

TEST_F(net, addresses_file)
{
	char text[1024];
	int i, len;

	ASSERT_LT(0, ctx_read(U_ID, "addresses", text, sizeof(text)));
	EXPECT_STREQ("address any\n", text);
	EXPECT_EQ(0, ctx_write(U_ID, "addresses", A4 " fd77::2 broadcast 10.77.0.255\n"));
	ASSERT_LT(0, ctx_read(U_ID, "addresses", text, sizeof(text)));
	EXPECT_TRUE(strstr(text, "address " A4 "\naddress fd77::2\n"
			   "broadcast 10.77.0.255\nloopback 127.") == text);

	EXPECT_EQ(-EINVAL, ctx_write(U_ID, "addresses", "any\n"));
	EXPECT_EQ(-EINVAL, ctx_write(U_ID, "addresses", "\n"));
	EXPECT_EQ(-EINVAL, ctx_write(U_ID, "addresses", "10.77.0.2\x20\n"));
	EXPECT_EQ(-EINVAL, ctx_write(U_ID, "addresses", "10.77.0\n"));
	EXPECT_EQ(-EINVAL, ctx_write(U_ID, "addresses", "0.0.0.0\n"));
	EXPECT_EQ(-EINVAL, ctx_write(U_ID, "addresses", "224.0.0.1\n"));
	EXPECT_EQ(-EINVAL, ctx_write(U_ID, "addresses", "ff02::1\n"));
	EXPECT_EQ(-EINVAL, ctx_write(U_ID, "addresses", "127.128.0.1\n"));
	EXPECT_EQ(-EINVAL, ctx_write(U_ID, "addresses", "broadcast 10.77.0.255\n"));
	EXPECT_EQ(-EINVAL, ctx_write(U_ID, "addresses", A4 " broadcast\n"));
	for (len = 0, i = 1; i <= 17; i++)
		len += snprintf(text + len, sizeof(text) - len, "10.0.0.%d%c", i,
				i == 17 ? '\n' : ' ');
	EXPECT_EQ(-E2BIG, ctx_write(U_ID, "addresses", text));
	/* A refused line has changed nothing. */
	ASSERT_LT(0, ctx_read(U_ID, "addresses", text, sizeof(text)));
	EXPECT_TRUE(strstr(text, "address " A4 "\n") == text);
	EXPECT_GT(0, ASK(&self->a, do_write_addresses, A_ID, B4 "\n"));
}

TEST_F(net, loopback6_needs_an_address)
{
	EXPECT_EQ(1, ASK(&self->a, do_lists_addr, "::1"));
	ASSERT_EQ(0, ctx_write(A_ID, "addresses", A4 "\n"));
	EXPECT_EQ(0, ASK(&self->a, do_lists_addr, "::1"));
	EXPECT_EQ(-EADDRNOTAVAIL, ASK(&self->a, do_try_bind, "::1", 0, SOCK_STREAM));
	EXPECT_EQ(-ENETUNREACH, ASK(&self->a, do_connect, "::1", 9, SOCK_STREAM));
}

TEST_F(net, broadcast_for_datagrams)
{
	static const char all[] = "10.77.0.255";

	EXPECT_EQ(-EADDRNOTAVAIL, ASK(&self->a, do_try_bind, all, 0, SOCK_DGRAM));
	ASSERT_EQ(0, ctx_write(A_ID, "addresses", A4 " broadcast 10.77.0.255\n"));
	EXPECT_EQ(0, ASK(&self->a, do_try_bind, all, 0, SOCK_DGRAM));
	EXPECT_EQ(-EADDRNOTAVAIL, ASK(&self->a, do_try_bind, all, 0, SOCK_STREAM));
}

TEST_F(net, wildcard_follows_changes)
{
	long a, fd;

	a = ASK(&self->a, do_bind, "0.0.0.0", 8000, SOCK_STREAM);
	ASSERT_LE(0, a);
	EXPECT_EQ(-ECONNREFUSED, HERE(do_connect, HOST4, 8000, SOCK_STREAM));
	ASSERT_EQ(0, ctx_write(A_ID, "addresses", HOST4 "\n"));
	fd = HERE(do_connect, HOST4, 8000, SOCK_STREAM);
	ASSERT_LE(0, fd);
	EXPECT_LE(0, ACCEPTS(&self->a, a));
	close(fd);
	EXPECT_EQ(-ECONNREFUSED, HERE(do_connect, A4, 8000, SOCK_STREAM));
	EXPECT_EQ(-EADDRNOTAVAIL, ASK(&self->a, do_try_bind, A4, 0, SOCK_STREAM));
	/* Its loopback address is the same. */
	EXPECT_LE(0, ASK(&self->a, do_connect, "127.0.0.1", 8000, SOCK_STREAM));
}

TEST_F(net, who_is_alone_binds_itself)
{
	struct agent fresh;
	long id, child;

	EXPECT_EQ(-EPERM, HERE(do_bind_self, A4, 0));
	ASSERT_EQ(0, agent_start(&fresh));
	ASSERT_EQ(0, agent_call(&fresh, do_become_nobody, 0, 0, 0));
	ASSERT_EQ(0, agent_call(&fresh, do_enter, VCTX_ID_NEW, 0, 0));
	id = agent_call(&fresh, do_self_id, 0, 0, 0);

	EXPECT_EQ(-EINVAL, agent_call(&fresh, do_bind_self, (long)"0.0.0.0", 0, 0));
	EXPECT_EQ(-EINVAL, agent_call(&fresh, do_bind_self, 0, 0, 0));
	child = agent_call(&fresh, do_fork_pause, 0, 0, 0);
	ASSERT_LT(0, child);
	EXPECT_EQ(-EBUSY, agent_call(&fresh, do_bind_self, (long)A4, 0, 0));
	ASSERT_EQ(0, agent_call(&fresh, do_kill_wait, child, 0, 0));
	EXPECT_EQ(0, agent_call(&fresh, do_bind_self, (long)M4, (long)M4_2, 0));
	EXPECT_EQ(0, agent_call(&fresh, do_try_bind, (long)M4_2, 0, SOCK_STREAM));
	EXPECT_EQ(-EADDRNOTAVAIL,
		  agent_call(&fresh, do_try_bind, (long)A4, 0, SOCK_STREAM));
	EXPECT_EQ(-EADDRNOTAVAIL, agent_call(&fresh, do_bind_self, (long)A4, 0, 0));
	EXPECT_EQ(-EADDRNOTAVAIL,
		  agent_call(&fresh, do_bind_self, (long)M4, 0, htonl(0x0a4d00ff)));
	EXPECT_EQ(0, agent_call(&fresh, do_bind_self, (long)M4, 0, 0));
	EXPECT_EQ(-EADDRNOTAVAIL,
		  agent_call(&fresh, do_try_bind, (long)M4_2, 0, SOCK_STREAM));

	/* A child has what its parent has, or less. */
	ASSERT_EQ(0, agent_call(&fresh, do_enter, VCTX_ID_NEW, 0, 0));
	EXPECT_EQ(0, agent_call(&fresh, do_try_bind, (long)M4, 0, SOCK_STREAM));
	EXPECT_EQ(-EADDRNOTAVAIL,
		  agent_call(&fresh, do_try_bind, (long)A4, 0, SOCK_STREAM));
	EXPECT_EQ(-EADDRNOTAVAIL, agent_call(&fresh, do_bind_self, (long)A4, 0, 0));
	EXPECT_EQ(0, agent_call(&fresh, do_bind_self, (long)M4, 0, 0));
	agent_stop(&fresh);
	EXPECT_EQ(0, ctx_end_dynamic(id));
}

TEST_F(net, what_is_passed_keeps_its_addresses)
{
	long fd, theirs;

	/* The host's socket, bound by a member */
	fd = HERE(do_bind, HOST4, 8200, SOCK_STREAM);
	ASSERT_LE(0, fd);
	theirs = agent_give_fd(&self->a, fd);
	ASSERT_LE(0, theirs);
	close(fd);
	fd = ASK(&self->b, do_connect, HOST4, 8200, SOCK_STREAM);
	ASSERT_LE(0, fd);
	EXPECT_LE(0, ACCEPTS(&self->a, theirs));
	EXPECT_EQ(0, ASK(&self->a, do_name, theirs, HOST4));
}

TEST_HARNESS_MAIN
