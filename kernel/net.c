// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx: the addresses that a context is bound to
 *
 * A context that is bound to addresses binds, sends from and is reached on
 * these only.  It is the context that a socket was made in which counts, not
 * that of who uses it: what the host passes to a member keeps its addresses.
 *
 * A socket that is bound to the wildcard stays so, and is asked with each
 * packet or connection whether the address is one of its context: so it gets
 * what is sent to each of them and to the loopback address, and follows when
 * the host's administrator changes them.
 *
 * 127.0.0.1 stands for an address of 127.128.0.0/9 that no other context has.
 * It is replaced where a socket names it, not where a route is looked up:
 * what has come from the host's own 127.0.0.1 is answered there.
 *
 * IPv6 has no such net: there ::1 stands for the first IPv6 address, and a
 * socket that is bound to it (sock.sk_vctx_lo) gets what comes from addresses
 * of its context only.
 *
 * The addresses of a context are those that it is bound to, or else those of
 * the context that it was made in, as long as all contexts above have them.
 */

#include <linux/cred.h>
#include <linux/export.h>
#include <linux/idr.h>
#include <linux/igmp.h>
#include <linux/in.h>
#include <linux/inetdevice.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/rcupdate.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/vctx_net.h>
#include <net/if_inet6.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/netlink.h>
#include <net/route.h>
#include <net/tcp_states.h>

#include "net.h"

/* 127.128.0.0/9, without its first and its last address */
#define VCTX_LO4_NET		0x7f800000
#define VCTX_LO4_LAST		0x7ffffe

/* No other part of a score is as much. */
#define VCTX_SCORE		1000

/* Set once a context is bound, before it is. */
DEFINE_STATIC_KEY_FALSE(vctx_net_used);
EXPORT_SYMBOL_GPL(vctx_net_used);

static DEFINE_MUTEX(vctx_net_mutex);
static DEFINE_IDA(vctx_lo_slots);

static bool is_lo_net(__be32 addr)
{
	return (addr & htonl(0xff800000)) == htonl(VCTX_LO4_NET);
}

static bool net_lists4(const struct vctx_net *net, __be32 addr)
{
	unsigned int i;

	for (i = 0; i < net->nr4; i++)
		if (net->addr4[i] == addr)
			return true;
	return false;
}

static bool net_lists6(const struct vctx_net *net, const struct in6_addr *addr)
{
	unsigned int i;

	for (i = 0; i < net->nr6; i++)
		if (ipv6_addr_equal(&net->addr6[i], addr))
			return true;
	return false;
}

/**
 * vctx_net_has4() - is an IPv4 address one of a context?
 * @vctx: the context, which is bound to addresses
 * @addr: the address
 *
 * Context: RCU read side.
 */
bool vctx_net_has4(const struct vctx *vctx, __be32 addr)
{
	const struct vctx_net *net = vctx_net_of(vctx);

	if (net && net->lo4 == addr)
		return true;
	for (; vctx; vctx = vctx->parent) {
		net = rcu_dereference(vctx->net);
		if (net && !net_lists4(net, addr))
			return false;
	}
	return true;
}

/**
 * vctx_net_has6() - is an IPv6 address one of a context?
 * @vctx: the context, which is bound to addresses
 * @addr: the address, not a mapped one
 *
 * Context: RCU read side.
 */
bool vctx_net_has6(const struct vctx *vctx, const struct in6_addr *addr)
{
	for (; vctx; vctx = vctx->parent) {
		const struct vctx_net *net = rcu_dereference(vctx->net);

		if (net && !net_lists6(net, addr))
			return false;
	}
	return true;
}

/**
 * vctx_net_has_bcast() - does a context receive what is sent to an address?
 * @vctx: the context, which is bound to addresses
 * @addr: the address
 *
 * Context: RCU read side.
 * Return: true if it is the broadcast address of it and of all above.
 */
bool vctx_net_has_bcast(const struct vctx *vctx, __be32 addr)
{
	if (!addr)
		return false;
	for (; vctx; vctx = vctx->parent) {
		const struct vctx_net *net = rcu_dereference(vctx->net);

		if (net && net->bcast != addr)
			return false;
	}
	return true;
}

/**
 * vctx_net_lo6() - what does ::1 stand for?
 * @vctx: a context that is bound to addresses
 *
 * Context: RCU read side.
 * Return: its first IPv6 address, or NULL if it has none.
 */
const struct in6_addr *vctx_net_lo6(const struct vctx *vctx)
{
	const struct vctx_net *net = vctx_net_of(vctx);
	unsigned int i;

	for (i = 0; net && i < net->nr6; i++)
		if (vctx_net_has6(vctx, &net->addr6[i]))
			return &net->addr6[i];
	return NULL;
}

/* Making it */

/**
 * vctx_net_add4() - put an address into a set that is being made
 * @net: the set
 * @addr: the address
 *
 * Return: 0; -EINVAL for what cannot be the address of a host; -E2BIG.
 */
int vctx_net_add4(struct vctx_net *net, __be32 addr)
{
	if (ipv4_is_zeronet(addr) || ipv4_is_multicast(addr) ||
	    ipv4_is_lbcast(addr))
		return -EINVAL;
	/* Given out by us */
	if (is_lo_net(addr))
		return -EINVAL;
	if (net_lists4(net, addr))
		return 0;
	if (net->nr4 == VCTX_BIND_MAX)
		return -E2BIG;
	net->addr4[net->nr4++] = addr;
	return 0;
}

/**
 * vctx_net_add6() - put an address into a set that is being made
 * @net: the set
 * @addr: the address; a mapped one counts as IPv4
 *
 * Return: 0; -EINVAL for what cannot be the address of a host; -E2BIG.
 */
int vctx_net_add6(struct vctx_net *net, const struct in6_addr *addr)
{
	if (ipv6_addr_v4mapped(addr))
		return vctx_net_add4(net, addr->s6_addr32[3]);
	if (ipv6_addr_any(addr) || ipv6_addr_is_multicast(addr))
		return -EINVAL;
	if (net_lists6(net, addr))
		return 0;
	if (net->nr6 == VCTX_BIND_MAX)
		return -E2BIG;
	net->addr6[net->nr6++] = *addr;
	return 0;
}

static int net_set_locked(struct vctx *vctx, struct vctx_net *new)
{
	struct vctx_net *old;
	int slot;

	old = rcu_dereference_protected(vctx->net,
					lockdep_is_held(&vctx_net_mutex));
	slot = old ? old->slot : ida_alloc_range(&vctx_lo_slots, 1,
						 VCTX_LO4_LAST, GFP_KERNEL);
	if (slot < 0)
		return slot;
	new->slot = slot;
	new->lo4 = htonl(VCTX_LO4_NET | slot);
	rcu_assign_pointer(vctx->net, new);
	if (old)
		kfree_rcu(old, rcu);
	return 0;
}

/**
 * vctx_net_set() - bind a context to addresses, or to others
 * @vctx: the context, online
 * @new: the addresses, which belong to the context then
 *
 * Context: process, may sleep.
 * Return: 0; -ENOSPC if no loopback address is left; -ENOMEM.
 */
int vctx_net_set(struct vctx *vctx, struct vctx_net *new)
{
	int err;

	/* Outside of the mutex: it takes the lock of CPU hotplug. */
	static_branch_enable(&vctx_net_used);
	mutex_lock(&vctx_net_mutex);
	err = net_set_locked(vctx, new);
	mutex_unlock(&vctx_net_mutex);
	return err;
}

/* The last reference to @vctx is gone. */
void vctx_net_free(struct vctx *vctx)
{
	struct vctx_net *net = rcu_dereference_protected(vctx->net, true);

	if (!net)
		return;
	ida_free(&vctx_lo_slots, net->slot);
	kfree(net);
}

/* Does a context that is bound to addresses have all of @new? */
static bool net_within(const struct vctx *vctx, const struct vctx_net *new)
{
	const struct vctx_net *net = vctx_net_of(vctx);
	unsigned int i;

	if (!net)
		return true;
	if (new->bcast && !vctx_net_has_bcast(vctx, new->bcast))
		return false;
	for (i = 0; i < new->nr4; i++)
		if (!vctx_net_has4(vctx, new->addr4[i]))
			return false;
	for (i = 0; i < new->nr6; i++)
		if (!vctx_net_has6(vctx, &new->addr6[i]))
			return false;
	return true;
}

static int net_fill(struct vctx_net *net, const struct vctx_bind *req)
{
	unsigned int i;
	int err;

	net->bcast = (__force __be32)req->broadcast;
	for (i = 0; i < req->nr; i++) {
		const struct vctx_addr *a = &req->addr[i];
		struct in6_addr addr;

		memcpy(&addr, a->addr, sizeof(addr));
		if (a->reserved)
			return -EINVAL;
		if (a->family == AF_INET6)
			err = vctx_net_add6(net, &addr);
		else if (a->family == AF_INET && !addr.s6_addr32[1] &&
			 !addr.s6_addr32[2] && !addr.s6_addr32[3])
			err = vctx_net_add4(net, addr.s6_addr32[0]);
		else
			err = -EINVAL;
		if (err)
			return err;
	}
	return 0;
}

/* Somebody else would be bound without having asked for it. */
static bool alone_in(struct vctx *vctx)
{
	s64 live = atomic64_read(&vctx->live);

	return (live & ~VCTX_LIVE_MKDIR) == VCTX_LIVE_MEMBER;
}

/**
 * vctx_net_bind_self() - bind current's context to addresses
 * @req: the addresses, as they came from user space; vctx_bind.nr is valid
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL for what is no address; -E2BIG for too many of a family;
 * -EPERM if current is in no context; -EBUSY if it is not the only member, or
 * there is a context below; -EADDRNOTAVAIL if the context is bound already and
 * has not all of them; -ENOSPC; -ENOMEM.
 */
int vctx_net_bind_self(const struct vctx_bind *req)
{
	struct vctx *vctx = current_vctx();
	struct vctx_net *new;
	bool within;
	int err;

	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	err = net_fill(new, req);
	if (!err && !vctx)
		err = -EPERM;
	if (!err && !alone_in(vctx))
		err = -EBUSY;
	if (err)
		goto free;

	static_branch_enable(&vctx_net_used);
	mutex_lock(&vctx_net_mutex);
	rcu_read_lock();
	within = net_within(vctx, new);
	rcu_read_unlock();
	err = within ? net_set_locked(vctx, new) : -EADDRNOTAVAIL;
	mutex_unlock(&vctx_net_mutex);
	if (!err)
		return 0;
free:
	kfree(new);
	return err;
}

/* Sockets get addresses */

static bool is_lo4(__be32 addr)
{
	return addr == htonl(INADDR_LOOPBACK);
}

/*
 * The host's systemd-resolved, which /etc/resolv.conf names.  It asks for a
 * source of 127.0.0.0/8.
 */
static bool is_resolver(__be32 addr, __be16 port)
{
	return port == htons(53) &&
	       (addr == htonl(0x7f000035) || addr == htonl(0x7f000036));
}

/*
 * The loopback address is that of the context; no other's can be reached, also
 * by members of a context that is not bound: @net is NULL then.
 */
static int net_map4(const struct vctx *vctx, const struct vctx_net *net,
		    __be32 *addr, __be16 port)
{
	if (!net)
		return is_lo_net(*addr) ? -ENETUNREACH : 0;
	if (vctx_net_has4(vctx, *addr))
		return 0;
	if (!*addr || is_lo4(*addr)) {
		*addr = net->lo4;
		return 0;
	}
	if (!ipv4_is_loopback(*addr) || is_resolver(*addr, port))
		return 0;
	return -ENETUNREACH;
}

static int net_map6(const struct vctx *vctx, struct in6_addr *addr)
{
	const struct in6_addr *lo6;

	if (!ipv6_addr_loopback(addr) || vctx_net_has6(vctx, addr))
		return 0;
	lo6 = vctx_net_lo6(vctx);
	if (!lo6)
		return -ENETUNREACH;
	*addr = *lo6;
	return 0;
}

/* @net: NULL if the context is not bound */
static int net_bind4(const struct sock *sk, const struct vctx_net *net,
		     __be32 *addr)
{
	const struct vctx *vctx = sk->sk_vctx;

	if (!net)
		return is_lo_net(*addr) ? -EADDRNOTAVAIL : 0;
	if (!*addr || ipv4_is_multicast(*addr) || vctx_net_has4(vctx, *addr))
		return 0;
	if (is_lo4(*addr)) {
		*addr = net->lo4;
		return 0;
	}
	return sk->sk_type == SOCK_DGRAM && vctx_net_has_bcast(vctx, *addr) ?
	       0 : -EADDRNOTAVAIL;
}

/* @lo: set if @addr was the loopback address and is another one now */
static int net_bind6(const struct sock *sk, const struct vctx_net *net,
		     struct in6_addr *addr, bool *lo)
{
	const struct vctx *vctx = sk->sk_vctx;
	const struct in6_addr *lo6;

	if (ipv6_addr_v4mapped(addr))
		return net_bind4(sk, net, &addr->s6_addr32[3]);
	if (!net || ipv6_addr_any(addr) || ipv6_addr_is_multicast(addr) ||
	    vctx_net_has6(vctx, addr))
		return 0;
	lo6 = ipv6_addr_loopback(addr) ? vctx_net_lo6(vctx) : NULL;
	if (!lo6)
		return -EADDRNOTAVAIL;
	*addr = *lo6;
	*lo = true;
	return 0;
}

int __vctx_sock_bind(struct sock *sk, struct sockaddr *addr)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *sin = (struct sockaddr_in *)addr;
	const struct vctx_net *net;
	bool lo = false;
	int err;

	rcu_read_lock();
	net = vctx_net_of(sk->sk_vctx);
	if (addr->sa_family == AF_INET6)
		err = net_bind6(sk, net, &sin6->sin6_addr, &lo);
	else
		err = net_bind4(sk, net, &sin->sin_addr.s_addr);
	rcu_read_unlock();
	/*
	 * If it is bound already, this bind is going to be refused.  No lock:
	 * whoever binds and connects one socket at a time gets either.
	 */
	if (!err && !inet_sk(sk)->inet_num)
		sk->sk_vctx_lo = lo;
	return err;
}
EXPORT_SYMBOL_GPL(__vctx_sock_bind);

int __vctx_sock_connect(struct sock *sk, struct sockaddr *addr)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *sin = (struct sockaddr_in *)addr;
	const struct vctx *vctx = sk->sk_vctx;
	const struct vctx_net *net;
	bool lo = false;
	int err = 0;

	rcu_read_lock();
	net = vctx_net_of(vctx);
	/* A mapped address comes here again, as IPv4. */
	if (addr->sa_family != AF_INET6) {
		err = net_map4(vctx, net, &sin->sin_addr.s_addr, sin->sin_port);
	} else if (net) {
		lo = ipv6_addr_loopback(&sin6->sin6_addr) &&
		     !vctx_net_has6(vctx, &sin6->sin6_addr);
		err = net_map6(vctx, &sin6->sin6_addr);
	}
	rcu_read_unlock();
	if (!err && !(sk->sk_userlocks & SOCK_BINDADDR_LOCK))
		sk->sk_vctx_lo = lo;
	return err;
}
EXPORT_SYMBOL_GPL(__vctx_sock_connect);

int __vctx_sock_send4(const struct sock *sk, __be32 *daddr, __be16 dport)
{
	int err;

	rcu_read_lock();
	err = net_map4(sk->sk_vctx, vctx_net_of(sk->sk_vctx), daddr, dport);
	rcu_read_unlock();
	return err;
}

/* Sockets send */

/* Own address on the device that a route goes out of, 0 if there is none */
static __be32 net_on_dev4(const struct vctx *vctx, const struct net_device *dev)
{
	const struct in_device *in_dev = __in_dev_get_rcu(dev);
	const struct in_ifaddr *ifa;

	if (!in_dev || (dev->flags & IFF_LOOPBACK))
		return 0;
	in_dev_for_each_ifa_rcu(ifa, in_dev)
		if (vctx_net_has4(vctx, ifa->ifa_local))
			return ifa->ifa_local;
	return 0;
}

static __be32 net_first4(const struct vctx *vctx, const struct vctx_net *net)
{
	unsigned int i;

	for (i = 0; i < net->nr4; i++)
		if (!ipv4_is_loopback(net->addr4[i]) &&
		    vctx_net_has4(vctx, net->addr4[i]))
			return net->addr4[i];
	return 0;
}

/* What Linux would take if it is an own address, or else the next best. */
static __be32 net_source4(const struct sock *sk, const struct vctx_net *net,
			  __be32 daddr, int oif)
{
	const struct vctx *vctx = sk->sk_vctx;
	struct flowi4 fl4 = {
		.daddr = daddr,
		.flowi4_oif = oif,
		.flowi4_mark = READ_ONCE(sk->sk_mark),
		.flowi4_uid = sk->sk_uid,
	};
	struct rtable *rt;
	__be32 addr = 0;

	/* Also what is an own loopback address */
	if (vctx_net_has4(vctx, daddr))
		return daddr;
	if (!daddr || ipv4_is_loopback(daddr))
		return net->lo4;
	rt = __ip_route_output_key(sock_net(sk), &fl4);
	if (!IS_ERR(rt)) {
		addr = vctx_net_has4(vctx, fl4.saddr) ? fl4.saddr :
		       net_on_dev4(vctx, rt->dst.dev);
		ip_rt_put(rt);
	}
	return addr ?: net_first4(vctx, net);
}

__be32 __vctx_sock_source4(const struct sock *sk, __be32 daddr, int oif)
{
	const struct vctx_net *net;
	__be32 addr = 0;

	rcu_read_lock();
	net = vctx_net_of(sk->sk_vctx);
	if (net)
		addr = net_source4(sk, net, daddr, oif);
	rcu_read_unlock();
	return addr;
}
EXPORT_SYMBOL_GPL(__vctx_sock_source4);

static int net_flow4(const struct sock *sk, const struct vctx_net *net,
		     struct flowi4 *fl4)
{
	/* Has been mapped where it was named, or is a peer's. */
	if (!fl4->daddr)
		fl4->daddr = net->lo4;
	if (is_lo_net(fl4->daddr) && !vctx_net_has4(sk->sk_vctx, fl4->daddr))
		return -ENETUNREACH;
	if (!fl4->saddr)
		fl4->saddr = net_source4(sk, net, fl4->daddr, fl4->flowi4_oif);
	else if (!vctx_net_has4(sk->sk_vctx, fl4->saddr))
		fl4->saddr = is_lo4(fl4->saddr) ? net->lo4 : 0;
	return fl4->saddr ? 0 : -EADDRNOTAVAIL;
}

int __vctx_sock_flow4(const struct sock *sk, struct flowi4 *fl4)
{
	const struct vctx_net *net;
	int err = 0;

	rcu_read_lock();
	net = vctx_net_of(sk->sk_vctx);
	if (net)
		err = net_flow4(sk, net, fl4);
	rcu_read_unlock();
	return err;
}

/*
 * By rules 1, 2 and 8 of RFC 6724: the destination itself, else the same
 * scope, else the longest common prefix.  NULL if there is no address.
 */
static const struct in6_addr *net_source6(const struct vctx *vctx,
					  const struct vctx_net *net,
					  const struct in6_addr *daddr)
{
	const struct in6_addr *best = NULL;
	int scope = ipv6_addr_scope(daddr);
	int best_score = -1;
	unsigned int i;

	for (i = 0; i < net->nr6; i++) {
		const struct in6_addr *addr = &net->addr6[i];
		int score = ipv6_addr_diff(addr, daddr);

		if (!vctx_net_has6(vctx, addr))
			continue;
		if (ipv6_addr_scope(addr) == scope)
			score += 256;
		if (score > best_score) {
			best = addr;
			best_score = score;
		}
	}
	return best;
}

static int net_flow6(const struct sock *sk, const struct vctx_net *net,
		     struct flowi6 *fl6)
{
	const struct in6_addr *addr;
	int err;

	err = net_map6(sk->sk_vctx, &fl6->daddr);
	if (err)
		return err;
	if (ipv6_addr_any(&fl6->saddr)) {
		addr = net_source6(sk->sk_vctx, net, &fl6->daddr);
		if (!addr)
			return -EADDRNOTAVAIL;
		fl6->saddr = *addr;
		return 0;
	}
	if (ipv6_addr_loopback(&fl6->saddr))
		net_map6(sk->sk_vctx, &fl6->saddr);
	return vctx_net_has6(sk->sk_vctx, &fl6->saddr) ? 0 : -EADDRNOTAVAIL;
}

int __vctx_sock_flow6(const struct sock *sk, struct flowi6 *fl6)
{
	const struct vctx_net *net;
	int err = 0;

	rcu_read_lock();
	net = vctx_net_of(sk->sk_vctx);
	if (net)
		err = net_flow6(sk, net, fl6);
	rcu_read_unlock();
	return err;
}
EXPORT_SYMBOL_GPL(__vctx_sock_flow6);

/* Sockets receive */

/*
 * Has @sk itself joined the group?  Without IP_MULTICAST_ALL=0 a wildcard
 * socket gets what is sent to the groups of others, too.
 */
static bool sock_joined4(const struct sock *sk, __be32 group)
{
	const struct ip_mc_socklist *mc;

	for (mc = rcu_dereference(inet_sk(sk)->mc_list); mc;
	     mc = rcu_dereference(mc->next_rcu))
		if (mc->multi.imr_multiaddr.s_addr == group)
			return true;
	return false;
}

int __vctx_sock_score4(const struct sock *sk, __be32 daddr)
{
	const struct vctx_net *net = vctx_net_of(sk->sk_vctx);
	bool has;

	if (!net)
		return 0;
	if (ipv4_is_multicast(daddr))
		has = sock_joined4(sk, daddr);
	else
		has = vctx_net_has4(sk->sk_vctx, daddr) ||
		      vctx_net_has_bcast(sk->sk_vctx, daddr);
	if (!has)
		return -VCTX_SCORE;
	/* More specific than the wildcard of all addresses */
	return sk->sk_rcv_saddr ? 0 : VCTX_SCORE;
}

#if IS_ENABLED(CONFIG_IPV6)
static bool sock_joined6(const struct sock *sk, const struct in6_addr *group)
{
	const struct ipv6_mc_socklist *mc;

	for (mc = rcu_dereference(inet6_sk(sk)->ipv6_mc_list); mc;
	     mc = rcu_dereference(mc->next))
		if (ipv6_addr_equal(&mc->addr, group))
			return true;
	return false;
}

int __vctx_sock_score6(const struct sock *sk, const struct in6_addr *saddr,
		       const struct in6_addr *daddr)
{
	const struct vctx *vctx = sk->sk_vctx;
	bool has;

	if (!vctx_net_of(vctx))
		return 0;
	if (ipv6_addr_is_multicast(daddr))
		has = sock_joined6(sk, daddr);
	else
		has = vctx_net_has6(vctx, daddr);
	if (!has || (sk->sk_vctx_lo && saddr && !vctx_net_has6(vctx, saddr)))
		return -VCTX_SCORE;
	return ipv6_addr_any(&sk->sk_v6_rcv_saddr) ? VCTX_SCORE : 0;
}
EXPORT_SYMBOL_GPL(__vctx_sock_score6);
#endif

/*
 * A connection comes in.  Only here is its source known: an address that is
 * bound to as ::1 may be reached from everywhere otherwise.
 */
static int vctx_inet_conn_request(const struct sock *sk, struct sk_buff *skb,
				  struct request_sock *req)
{
	int err = 0;

	if (likely(!sk->sk_vctx) || likely(!sk->sk_vctx_lo))
		return 0;
#if IS_ENABLED(CONFIG_IPV6)
	rcu_read_lock();
	if (inet_rsk(req)->ireq_family == AF_INET6 &&
	    vctx_net_of(sk->sk_vctx) &&
	    !vctx_net_has6(sk->sk_vctx, &inet_rsk(req)->ir_v6_rmt_addr))
		err = -EACCES;
	rcu_read_unlock();
#endif
	return err;
}

/* Sockets share a port */

/* On which addresses a socket receives: one, those of a context, or all */
struct sock_set {
	const struct vctx *vctx;
	const struct vctx_net *net;
	bool wildcard;
	bool v4;
	bool v6;
	__be32 addr4;
	struct in6_addr addr6;
};

static void sock_set(const struct sock *sk, struct sock_set *set)
{
	memset(set, 0, sizeof(*set));
	if (sk_fullsock(sk))
		set->vctx = sk->sk_vctx;
	set->net = vctx_net_of(set->vctx);
	set->addr4 = sk->sk_rcv_saddr;
	set->wildcard = !set->addr4;
	set->v4 = true;
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		set->addr6 = sk->sk_v6_rcv_saddr;
		set->wildcard = ipv6_addr_any(&set->addr6);
		set->v4 = set->wildcard ? !ipv6_only_sock(sk) :
			  ipv6_addr_v4mapped(&set->addr6);
		set->v6 = set->wildcard || !set->v4;
		if (set->v4 && !set->wildcard)
			set->addr4 = set->addr6.s6_addr32[3];
	}
#endif
}

/* @set is a wildcard of a context that is bound to addresses. */
static bool set_has4(const struct sock_set *set, __be32 addr)
{
	return ipv4_is_multicast(addr) ||
	       vctx_net_has_bcast(set->vctx, addr) ||
	       vctx_net_has4(set->vctx, addr);
}

static bool set_has6(const struct sock_set *set, const struct in6_addr *addr)
{
	return ipv6_addr_is_multicast(addr) || vctx_net_has6(set->vctx, addr);
}

/* The same for two of them */
static bool sets_meet(const struct sock_set *a, const struct sock_set *b)
{
	unsigned int i;

	if (a->net == b->net)
		return true;
	if (a->v4 && b->v4)
		for (i = 0; i < a->net->nr4; i++)
			if (vctx_net_has4(a->vctx, a->net->addr4[i]) &&
			    vctx_net_has4(b->vctx, a->net->addr4[i]))
				return true;
	if (a->v6 && b->v6)
		for (i = 0; i < a->net->nr6; i++)
			if (vctx_net_has6(a->vctx, &a->net->addr6[i]) &&
			    vctx_net_has6(b->vctx, &a->net->addr6[i]))
				return true;
	return false;
}

static bool set_meets_address(const struct sock_set *set,
			      const struct sock_set *one)
{
	return (set->v4 && one->v4 && set_has4(set, one->addr4)) ||
	       (set->v6 && one->v6 && set_has6(set, &one->addr6));
}

bool __vctx_sock_apart(const struct sock *sk, const struct sock *sk2)
{
	struct sock_set a, b;
	bool apart = false;

	rcu_read_lock();
	sock_set(sk, &a);
	sock_set(sk2, &b);
	if (!a.wildcard && !b.wildcard)
		apart = false;
	else if (!a.wildcard)
		apart = b.net && !set_meets_address(&b, &a);
	else if (!b.wildcard)
		apart = a.net && !set_meets_address(&a, &b);
	else if (a.net && b.net)
		apart = !sets_meet(&a, &b);
	rcu_read_unlock();
	return apart;
}

bool __vctx_sock_bound(const struct sock *sk)
{
	bool bound;

	rcu_read_lock();
	bound = vctx_net_of(sk->sk_vctx);
	rcu_read_unlock();
	return bound;
}

/* What a socket may be, and set */

/**
 * vctx_net_current_bound() - is current in a context that is bound to addresses?
 *
 * Context: any.
 */
bool vctx_net_current_bound(void)
{
	const struct vctx *vctx = current_vctx();
	bool bound;

	if (likely(!vctx))
		return false;
	rcu_read_lock();
	bound = vctx_net_of(vctx);
	rcu_read_unlock();
	return bound;
}

/* Only what we hold to addresses. */
static bool may_create(int family, int type, int protocol)
{
	switch (family) {
	case AF_UNIX:
	case AF_NETLINK:
	case AF_ALG:
		return true;
	case AF_INET:
	case AF_INET6:
		break;
	default:
		return false;
	}
	if (type != SOCK_STREAM && type != SOCK_DGRAM)
		return false;
	switch (protocol) {
	case 0:
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_MPTCP:
		return true;
	case IPPROTO_ICMP:
		return family == AF_INET;
	case IPPROTO_ICMPV6:
		return family == AF_INET6;
	}
	return false;
}

static int vctx_socket_create(int family, int type, int protocol, int kern)
{
	const struct vctx *vctx = current_vctx();

	/* For most, all is said by the context itself. */
	if (kern || likely(!vctx) ||
	    likely(!rcu_access_pointer(vctx->net) && !vctx->parent) ||
	    !vctx_net_current_bound())
		return 0;
	return may_create(family, type, protocol) ? 0 : -EPERM;
}

/*
 * The kernel tells groups of the changes to all devices and addresses, and of
 * the end of all sockets.
 */
static bool tells_others(const struct sock *sk)
{
	if (sk->sk_family != AF_NETLINK)
		return false;
	switch (sk->sk_protocol) {
	case NETLINK_SOCK_DIAG:
		return true;
	case NETLINK_ROUTE:
	case NETLINK_KOBJECT_UEVENT:
		return __vctx_sock_bound(sk);
	}
	return false;
}

static int vctx_socket_bind(struct socket *sock, struct sockaddr *addr,
			    int addrlen)
{
	const struct sockaddr_nl *nl = (struct sockaddr_nl *)addr;

	if (likely(!sock->sk->sk_vctx) || sock->sk->sk_family != AF_NETLINK ||
	    addrlen < sizeof(*nl) || !nl->nl_groups)
		return 0;
	return tells_others(sock->sk) ? -EPERM : 0;
}

/* What is asked of rtnetlink: we filter the answers to these only. */
static bool may_ask(const struct nlmsghdr *nlh)
{
	switch (nlh->nlmsg_type) {
	case RTM_GETADDR:
		return true;
	case RTM_GETLINK:
		return nlmsg_len(nlh) < sizeof(struct rtgenmsg) ||
		       ((struct rtgenmsg *)nlmsg_data(nlh))->rtgen_family !=
		       AF_BRIDGE;
	}
	return nlh->nlmsg_type < NLMSG_MIN_TYPE;
}

/*
 * What programs of the host take for the kernel's word, as udev does events of
 * devices, or what makes devices.
 */
static bool is_hosts(const struct sock *sk)
{
	switch (sk->sk_protocol) {
	case NETLINK_KOBJECT_UEVENT:
		return sock_net(sk)->user_ns == &init_user_ns;
	case NETLINK_ISCSI:
	case NETLINK_SCSITRANSPORT:
	case NETLINK_RDMA:
	case NETLINK_CRYPTO:
		return true;
	}
	return false;
}

static int vctx_netlink_send(struct sock *sk, struct sk_buff *skb)
{
	const struct nlmsghdr *nlh = nlmsg_hdr(skb);
	int left = skb->len;

	/* Whoever has made the socket */
	if (unlikely(current_vctx()) && is_hosts(sk))
		return -EPERM;
	if (likely(!sk->sk_vctx) || sk->sk_protocol != NETLINK_ROUTE ||
	    !__vctx_sock_bound(sk))
		return 0;
	for (; nlmsg_ok(nlh, left); nlh = nlmsg_next(nlh, &left))
		if (!may_ask(nlh))
			return -EPERM;
	return 0;
}

static int vctx_socket_setsockopt(struct socket *sock, int level, int optname)
{
	const struct sock *sk = sock->sk;

	if (likely(!sk->sk_vctx))
		return 0;
	if (level == SOL_NETLINK && optname == NETLINK_ADD_MEMBERSHIP)
		return tells_others(sk) ? -EPERM : 0;
	if ((level == SOL_IP && (optname == IP_TRANSPARENT ||
				 optname == IP_FREEBIND)) ||
	    (level == SOL_IPV6 && (optname == IPV6_TRANSPARENT ||
				   optname == IPV6_FREEBIND)))
		return __vctx_sock_bound(sk) ? -EPERM : 0;
	return 0;
}

/**
 * vctx_net_cap_refused() - is a capability the host's, as it is its network?
 * @ns: user namespace of what it is used for
 * @cap: the capability
 *
 * Who may configure the network, or send and hear what it likes, acts on all
 * who use it, and is not held to addresses.  A network namespace that belongs
 * to the host's user namespace is no wall: from there one reaches into others.
 * One of a user namespace of its own is a member's, and no way out.  Current is
 * a member.
 *
 * Context: any; may be called with spinlocks held.
 */
bool vctx_net_cap_refused(const struct user_namespace *ns, int cap)
{
	return ns == &init_user_ns &&
	       (cap == CAP_NET_ADMIN || cap == CAP_NET_RAW);
}

static struct security_hook_list vctx_net_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(socket_create, vctx_socket_create),
	LSM_HOOK_INIT(socket_bind, vctx_socket_bind),
	LSM_HOOK_INIT(socket_setsockopt, vctx_socket_setsockopt),
	LSM_HOOK_INIT(netlink_send, vctx_netlink_send),
	LSM_HOOK_INIT(inet_conn_request, vctx_inet_conn_request),
};

void __init vctx_add_net_hooks(void)
{
	security_add_hooks(vctx_net_hooks, ARRAY_SIZE(vctx_net_hooks),
			   &vctx_lsmid);
}
