/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vctx: hooks into the network, apart since they look into struct sock
 *
 * Except for the first, they look at what a socket was charged to only: for one
 * of the host, that is a load and a branch.
 */
#ifndef _LINUX_VCTX_SOCK_H
#define _LINUX_VCTX_SOCK_H

#include <linux/compiler.h>
#include <linux/net.h>
#include <linux/vctx.h>
#include <net/sock.h>

#ifdef CONFIG_SECURITY_VCTX

int __vctx_sock_create(struct socket *sock);
int __vctx_sock_clone(const struct sock *sk, struct sock *newsk);
int __vctx_sock_accept(const struct socket *sock, const struct socket *newsock);
bool __vctx_sock_refuse(const struct sock *sk);
bool __vctx_sock_full(const struct sock *sk);
void __vctx_sock_release(struct sock *sk);
void __vctx_sock_free(struct sock *sk);

/**
 * vctx_sock_context() - which context was a socket made in?
 * @sk: the socket
 *
 * Context: any; @sk is pinned.
 * Return: as vctx_current_context().
 */
static inline unsigned long vctx_sock_context(const struct sock *sk)
{
	return (unsigned long)sk->sk_vctx;
}

/**
 * vctx_sock_create() - current makes a socket
 * @sock: the new one, complete
 * @kern: the kernel makes it for itself
 *
 * It is uncharged when it is released.
 *
 * Context: process.
 * Return: 0, or -ENOBUFS if that would exceed a hard limit on nsock.
 */
static inline int vctx_sock_create(struct socket *sock, int kern)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current) &&
	    likely(!kern))
		return __vctx_sock_create(sock);
	return 0;
}

/**
 * vctx_sock_init() - a socket was copied
 * @newsk: the copy, which is not what its original was charged for
 *
 * Context: any; before anything can fail and free @newsk.
 */
static inline void vctx_sock_init(struct sock *newsk)
{
	newsk->sk_vctx = NULL;
	newsk->sk_vctx_charged = false;
}

/**
 * vctx_sock_clone() - a listener's new connection gets its socket
 * @sk: the listener
 * @newsk: its clone, which nobody knows yet
 *
 * Charged to the listener's context, whoever is current.
 *
 * Context: any.
 * Return: 0, or -ENOBUFS if that would exceed a hard limit on nsock.
 */
static inline int vctx_sock_clone(const struct sock *sk, struct sock *newsk)
{
	if (unlikely(sk->sk_vctx))
		return __vctx_sock_clone(sk, newsk);
	return 0;
}

/**
 * vctx_sock_accept() - a connection is accepted
 * @sock: where
 * @newsock: the new one
 *
 * Charges what the protocol has not had charged when the connection came.
 *
 * Context: process.
 * Return: 0, or -ENOBUFS if that would exceed a hard limit on nsock.
 */
static inline int vctx_sock_accept(const struct socket *sock,
				   const struct socket *newsock)
{
	if (unlikely(sock->sk->sk_vctx))
		return __vctx_sock_accept(sock, newsock);
	return 0;
}

/**
 * vctx_sock_refuse() - is a connection to be refused, before it is made?
 * @sk: the listener
 *
 * Context: any; @sk is pinned or the caller is in an RCU read side section.
 * Return: true if its context has no room for another socket; that is counted
 * as a refusal.
 */
static inline bool vctx_sock_refuse(const struct sock *sk)
{
	return unlikely(sk->sk_vctx) && __vctx_sock_refuse(sk);
}

/**
 * vctx_sock_full() - has a listener's context no room for another socket?
 * @sk: the listener
 *
 * Context: any; @sk is pinned or the caller is in an RCU read side section.
 */
static inline bool vctx_sock_full(const struct sock *sk)
{
	return unlikely(sk->sk_vctx) && __vctx_sock_full(sk);
}

/**
 * vctx_sock_release() - a socket is no more, but for its memory
 * @sk: the socket; may have been released before
 *
 * Context: any; nobody else releases @sk meanwhile.
 */
static inline void vctx_sock_release(struct sock *sk)
{
	if (unlikely(sk->sk_vctx_charged))
		__vctx_sock_release(sk);
}

/**
 * vctx_sock_free() - the memory of a socket is about to be freed
 * @sk: the socket, which has been released and which nobody can find any more
 *
 * Context: any.
 */
static inline void vctx_sock_free(struct sock *sk)
{
	if (unlikely(sk->sk_vctx))
		__vctx_sock_free(sk);
}

#else /* !CONFIG_SECURITY_VCTX */

static inline unsigned long vctx_sock_context(const struct sock *sk)
{
	return 0;
}

static inline int vctx_sock_create(struct socket *sock, int kern)
{
	return 0;
}

static inline void vctx_sock_init(struct sock *newsk)
{
}

static inline int vctx_sock_clone(const struct sock *sk, struct sock *newsk)
{
	return 0;
}

static inline int vctx_sock_accept(const struct socket *sock,
				   const struct socket *newsock)
{
	return 0;
}

static inline bool vctx_sock_refuse(const struct sock *sk)
{
	return false;
}

static inline bool vctx_sock_full(const struct sock *sk)
{
	return false;
}

static inline void vctx_sock_release(struct sock *sk)
{
}

static inline void vctx_sock_free(struct sock *sk)
{
}

#endif /* !CONFIG_SECURITY_VCTX */

#endif /* _LINUX_VCTX_SOCK_H */
