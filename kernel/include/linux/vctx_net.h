/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vctx: hooks into the network that hold a context to its addresses
 *
 * Those for a socket look at the context that it was charged to: for one of
 * the host, that is a load and a branch once a context has been bound to
 * addresses, and nothing before.  Those for lists look at current.
 */
#ifndef _LINUX_VCTX_NET_H
#define _LINUX_VCTX_NET_H

#include <linux/compiler.h>
#include <linux/jump_label.h>
#include <linux/types.h>
#include <linux/vctx.h>
#include <net/sock.h>

struct flowi4;
struct flowi6;
struct in6_addr;
struct net_device;
struct sockaddr;

#ifdef CONFIG_SECURITY_VCTX

DECLARE_STATIC_KEY_FALSE(vctx_net_used);

int __vctx_sock_bind(struct sock *sk, struct sockaddr *addr);
int __vctx_sock_connect(struct sock *sk, struct sockaddr *addr);
int __vctx_sock_send4(const struct sock *sk, __be32 *daddr, __be16 dport);
__be32 __vctx_sock_source4(const struct sock *sk, __be32 daddr, int oif);
int __vctx_sock_flow4(const struct sock *sk, struct flowi4 *fl4);
int __vctx_sock_flow6(const struct sock *sk, struct flowi6 *fl6);
int __vctx_sock_score4(const struct sock *sk, __be32 daddr);
int __vctx_sock_score6(const struct sock *sk, const struct in6_addr *saddr,
		       const struct in6_addr *daddr);
bool __vctx_sock_apart(const struct sock *sk, const struct sock *sk2);
bool __vctx_sock_bound(const struct sock *sk);
bool __vctx_sock_has_dev(const struct sock *sk, int ifindex);
__be32 __vctx_sock_name4(const struct sock *sk, __be32 addr);
void __vctx_sock_name6(const struct sock *sk, struct in6_addr *addr);
__be32 __vctx_sock_list4(const struct sock *sk, __be32 addr);
void __vctx_sock_list6(const struct sock *sk, struct in6_addr *addr);
bool __vctx_sock_hidden(const struct sock *sk);
bool __vctx_dev_hidden(const struct net_device *dev);
bool __vctx_addr4_hidden(__be32 addr);
bool __vctx_addr6_hidden(const struct in6_addr *addr);

/* Has a context been bound to addresses?  Context: any. */
static inline bool vctx_net_in_use(void)
{
	return static_branch_unlikely(&vctx_net_used);
}

/* May a socket, which is not in TIME-WAIT, be held to addresses? */
static inline bool vctx_sock_is_held(const struct sock *sk)
{
	return vctx_net_in_use() && unlikely(sk->sk_vctx);
}

/**
 * vctx_sock_bind() - a socket is to get an address
 * @sk: the socket
 * @addr: the address, in the kernel's memory; the loopback address is replaced
 *	by that of the context
 *
 * Context: process.
 * Return: 0, or -EADDRNOTAVAIL if the context has not that address.
 */
static inline int vctx_sock_bind(struct sock *sk, struct sockaddr *addr)
{
	return vctx_sock_is_held(sk) ? __vctx_sock_bind(sk, addr) : 0;
}

/**
 * vctx_sock_connect() - a socket is to be connected
 * @sk: the socket, locked
 * @addr: where to, in the kernel's memory; the loopback address is replaced by
 *	that of the context
 *
 * Context: process.
 * Return: 0, or -ENETUNREACH for the loopback address of somebody else.
 */
static inline int vctx_sock_connect(struct sock *sk, struct sockaddr *addr)
{
	return vctx_sock_is_held(sk) ? __vctx_sock_connect(sk, addr) : 0;
}

/**
 * vctx_sock_send4() - a datagram is to be sent
 * @sk: the socket
 * @daddr: where to; replaced as for vctx_sock_connect()
 * @dport: port, 0 if there are none
 *
 * Context: any.
 * Return: 0, or -ENETUNREACH for the loopback address of somebody else.
 */
static inline int vctx_sock_send4(const struct sock *sk, __be32 *daddr,
				  __be16 dport)
{
	return vctx_sock_is_held(sk) ? __vctx_sock_send4(sk, daddr, dport) : 0;
}

/**
 * vctx_sock_source4() - choose the address that a socket connects from
 * @sk: the socket
 * @daddr: where to
 * @saddr: the one that it has, or 0
 * @oif: device that it is bound to, or 0
 *
 * Context: any.
 * Return: @saddr unless that is 0 and the context is bound to addresses: then
 * one of those, or 0 if none fits.
 */
static inline __be32 vctx_sock_source4(const struct sock *sk, __be32 daddr,
				       __be32 saddr, int oif)
{
	if (vctx_sock_is_held(sk) && !saddr)
		return __vctx_sock_source4(sk, daddr, oif);
	return saddr;
}

/**
 * vctx_sock_flow4() - a route is looked up for what a socket sends
 * @sk: the socket, or NULL
 * @fl4: the flow; receives a source address if it has none
 *
 * Context: any.
 * Return: 0; -EADDRNOTAVAIL if the context has not that source address, or
 * none; -ENETUNREACH as for vctx_sock_connect().
 */
static inline int vctx_sock_flow4(const struct sock *sk, struct flowi4 *fl4)
{
	return vctx_net_in_use() && sk && unlikely(sk->sk_vctx) ?
	       __vctx_sock_flow4(sk, fl4) : 0;
}

/* The same for IPv6. */
static inline int vctx_sock_flow6(const struct sock *sk, struct flowi6 *fl6)
{
	return vctx_net_in_use() && sk && unlikely(sk->sk_vctx) ?
	       __vctx_sock_flow6(sk, fl6) : 0;
}

/**
 * vctx_sock_score4() - how well does a socket suit what has come?
 * @sk: a socket whose own address, if any, fits
 * @daddr: address that it was sent to
 *
 * Context: any; RCU read side.
 * Return: 0 for a socket that is not bound to addresses by its context; more
 * than any other score if it is and has this one; less than any other if it
 * has not.
 */
static inline int vctx_sock_score4(const struct sock *sk, __be32 daddr)
{
	return vctx_sock_is_held(sk) ? __vctx_sock_score4(sk, daddr) : 0;
}

/* The same for IPv6; @saddr is where it comes from, or NULL if not asked. */
static inline int vctx_sock_score6(const struct sock *sk,
				   const struct in6_addr *saddr,
				   const struct in6_addr *daddr)
{
	return vctx_sock_is_held(sk) ?
	       __vctx_sock_score6(sk, saddr, daddr) : 0;
}

/**
 * vctx_sock_apart() - can two sockets have one port, for they never meet?
 * @sk: a socket
 * @sk2: another one, or one in TIME-WAIT
 *
 * Context: any.
 * Return: true if one of them is bound to the addresses of its context, and
 * the other one receives on none of these.
 */
static inline bool vctx_sock_apart(const struct sock *sk,
				   const struct sock *sk2)
{
	if (!vctx_net_in_use() ||
	    (likely(!sk->sk_vctx) &&
	     likely(!sk_fullsock(sk2) || !sk2->sk_vctx)))
		return false;
	return __vctx_sock_apart(sk, sk2);
}

/**
 * vctx_sock_strangers() - may two sockets not share what comes?
 * @sk: a socket
 * @sk2: another one; one in TIME-WAIT is in no group any more
 *
 * A group of SO_REUSEPORT hands what one may receive to any other.
 *
 * Context: any.
 * Return: true if they are of two contexts, one of them bound to addresses.
 */
static inline bool vctx_sock_strangers(const struct sock *sk,
				       const struct sock *sk2)
{
	return vctx_net_in_use() && sk_fullsock(sk2) &&
	       unlikely(sk->sk_vctx != sk2->sk_vctx) &&
	       (__vctx_sock_bound(sk) || __vctx_sock_bound(sk2));
}

/* Is the context of a socket bound to addresses?  Context: any. */
static inline bool vctx_sock_bound(const struct sock *sk)
{
	return vctx_sock_is_held(sk) && __vctx_sock_bound(sk);
}

/**
 * vctx_sock_has_dev() - may a socket be bound to a device?
 * @sk: the socket
 * @ifindex: of the device, 0 for none
 *
 * Context: process.
 * Return: false if its context is bound to addresses, none of which is on it.
 */
static inline bool vctx_sock_has_dev(const struct sock *sk, int ifindex)
{
	return !vctx_sock_is_held(sk) || !ifindex ||
	       __vctx_sock_has_dev(sk, ifindex);
}

/**
 * vctx_sock_name4() - what an address of a socket is called
 * @sk: the socket, of any state
 * @addr: its address, or a peer's
 *
 * Context: any.
 * Return: the loopback address for the context's own to a member; otherwise
 * @addr.
 */
static inline __be32 vctx_sock_name4(const struct sock *sk, __be32 addr)
{
	if (!vctx_net_in_use() || likely(!sk_fullsock(sk) || !sk->sk_vctx))
		return addr;
	return __vctx_sock_name4(sk, addr);
}

/* The same for IPv6, in place. */
static inline void vctx_sock_name6(const struct sock *sk, struct in6_addr *addr)
{
	if (vctx_net_in_use() && unlikely(sk_fullsock(sk) && sk->sk_vctx))
		__vctx_sock_name6(sk, addr);
}

/**
 * vctx_sock_list4() - what an address of a socket is called in a list
 * @sk: the socket, of any state
 * @addr: its address
 *
 * Context: any.
 * Return: for the wildcard, if that stands for one address, this one;
 * otherwise as vctx_sock_name4().
 */
static inline __be32 vctx_sock_list4(const struct sock *sk, __be32 addr)
{
	if (!vctx_net_in_use() || likely(!sk_fullsock(sk) || !sk->sk_vctx))
		return addr;
	return __vctx_sock_list4(sk, addr);
}

/* The same for IPv6, in place. */
static inline void vctx_sock_list6(const struct sock *sk, struct in6_addr *addr)
{
	if (vctx_net_in_use() && unlikely(sk_fullsock(sk) && sk->sk_vctx))
		__vctx_sock_list6(sk, addr);
}

/**
 * vctx_sock_hidden() - may current not know of a socket?
 * @sk: the socket, of any family and state
 *
 * Context: process; @sk is pinned or cannot go for another reason.
 * Return: true if current is a member, not of the watcher, and the socket is
 * of another context or the host's.
 */
static inline bool vctx_sock_hidden(const struct sock *sk)
{
	return static_branch_likely(&vctx_enabled) &&
	       vctx_is_member(current) && __vctx_sock_hidden(sk);
}

/**
 * vctx_dev_hidden() - may current not know of a device?
 * @dev: the device
 *
 * Context: process; RTNL or RCU read side.
 * Return: true if current's context is bound to addresses and none of them is
 * on it, unless it is the loopback device.
 */
static inline bool vctx_dev_hidden(const struct net_device *dev)
{
	return static_branch_likely(&vctx_enabled) &&
	       vctx_is_member(current) && __vctx_dev_hidden(dev);
}

/**
 * vctx_addr4_hidden() - may current not know of an address of a device?
 * @addr: the address
 *
 * Context: process.
 * Return: true if current's context is bound to others.
 */
static inline bool vctx_addr4_hidden(__be32 addr)
{
	return static_branch_likely(&vctx_enabled) &&
	       vctx_is_member(current) && __vctx_addr4_hidden(addr);
}

/* The same for IPv6. */
static inline bool vctx_addr6_hidden(const struct in6_addr *addr)
{
	return static_branch_likely(&vctx_enabled) &&
	       vctx_is_member(current) && __vctx_addr6_hidden(addr);
}

#else /* !CONFIG_SECURITY_VCTX */

static inline bool vctx_net_in_use(void)
{
	return false;
}

static inline int vctx_sock_bind(struct sock *sk, struct sockaddr *addr)
{
	return 0;
}

static inline int vctx_sock_connect(struct sock *sk, struct sockaddr *addr)
{
	return 0;
}

static inline int vctx_sock_send4(const struct sock *sk, __be32 *daddr,
				  __be16 dport)
{
	return 0;
}

static inline __be32 vctx_sock_source4(const struct sock *sk, __be32 daddr,
				       __be32 saddr, int oif)
{
	return saddr;
}

static inline int vctx_sock_flow4(const struct sock *sk, struct flowi4 *fl4)
{
	return 0;
}

static inline int vctx_sock_flow6(const struct sock *sk, struct flowi6 *fl6)
{
	return 0;
}

static inline int vctx_sock_score4(const struct sock *sk, __be32 daddr)
{
	return 0;
}

static inline int vctx_sock_score6(const struct sock *sk,
				   const struct in6_addr *saddr,
				   const struct in6_addr *daddr)
{
	return 0;
}

static inline bool vctx_sock_apart(const struct sock *sk,
				   const struct sock *sk2)
{
	return false;
}

static inline bool vctx_sock_strangers(const struct sock *sk,
				       const struct sock *sk2)
{
	return false;
}

static inline bool vctx_sock_bound(const struct sock *sk)
{
	return false;
}

static inline bool vctx_sock_has_dev(const struct sock *sk, int ifindex)
{
	return true;
}

static inline __be32 vctx_sock_name4(const struct sock *sk, __be32 addr)
{
	return addr;
}

static inline void vctx_sock_name6(const struct sock *sk, struct in6_addr *addr)
{
}

static inline __be32 vctx_sock_list4(const struct sock *sk, __be32 addr)
{
	return addr;
}

static inline void vctx_sock_list6(const struct sock *sk, struct in6_addr *addr)
{
}

static inline bool vctx_sock_hidden(const struct sock *sk)
{
	return false;
}

static inline bool vctx_dev_hidden(const struct net_device *dev)
{
	return false;
}

static inline bool vctx_addr4_hidden(__be32 addr)
{
	return false;
}

static inline bool vctx_addr6_hidden(const struct in6_addr *addr)
{
	return false;
}

#endif /* !CONFIG_SECURITY_VCTX */

#endif /* _LINUX_VCTX_NET_H */
