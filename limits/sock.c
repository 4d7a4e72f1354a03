// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx limits: nsock, sockets
 *
 * A socket is charged to who makes it, and what a listener gets to the
 * listener's context: when the connection comes, by whoever or in the softirq
 * in which it does.  What the kernel makes for itself is not counted, except
 * the TCP sockets below an MPTCP socket: to a client that speaks plain TCP, one
 * of them is what is accepted.
 *
 * It is uncharged when it is dead but for RCU readers, not when its memory
 * goes: a loop of socket() and close() would meet its limit only because a grace
 * period takes its time.
 *
 * What it was charged to is in struct sock and not in an LSM blob, which would
 * have to be allocated with each socket.
 */

#include <linux/lsm_hooks.h>
#include <linux/net.h>
#include <linux/vctx_sock.h>
#include <net/sock.h>

#include "limits.h"

/* A part of what calls it, for the sake of socket() */
static __always_inline int vctx_sock_charge_to(struct sock *sk,
					       struct vctx *vctx)
{
	if (vctx_charge(vctx, VCTX_NSOCK, 1))
		return -ENOBUFS;
	vctx_get(vctx);
	sk->sk_vctx = vctx;
	sk->sk_vctx_charged = true;
	return 0;
}

/* Nobody else knows @sk yet.  If this fails, it stays uncharged. */
static int vctx_sock_charge(struct sock *sk, struct vctx *vctx)
{
	return likely(!vctx) ? 0 : vctx_sock_charge_to(sk, vctx);
}

int __vctx_sock_create(struct socket *sock)
{
	return vctx_sock_charge_to(sock->sk, current_vctx());
}

int __vctx_sock_clone(const struct sock *sk, struct sock *newsk)
{
	return vctx_sock_charge(newsk, sk->sk_vctx);
}

/* The listener cannot be released meanwhile, since its state is locked. */
static int vctx_unix_stream_connect(struct sock *sock, struct sock *other,
				    struct sock *newsk)
{
	if (vctx_sock_charge(newsk, other->sk_vctx))
		return -ECONNREFUSED;
	return 0;
}

static int vctx_mptcp_add_subflow(struct sock *sk, struct sock *ssk)
{
	return vctx_sock_charge(ssk, sk->sk_vctx);
}

int __vctx_sock_accept(const struct socket *sock, const struct socket *newsock)
{
	struct sock *newsk = newsock->sk;

	if (newsk->sk_vctx)
		return 0;
	return vctx_sock_charge(newsk, sock->sk->sk_vctx);
}

/*
 * Asks by trying.  The unit is not kept for the connection: who only sends
 * SYNs would use up the limit.
 */
bool __vctx_sock_refuse(const struct sock *sk)
{
	if (vctx_charge(sk->sk_vctx, VCTX_NSOCK, 1))
		return true;
	vctx_uncharge(sk->sk_vctx, VCTX_NSOCK, 1);
	return false;
}

bool __vctx_sock_full(const struct sock *sk)
{
	struct vctx *vctx;

	for (vctx = sk->sk_vctx; vctx; vctx = vctx->parent) {
		struct vctx_counter *c = &vctx->counter[VCTX_NSOCK];

		if (vctx_counter_usage(c) >= READ_ONCE(c->hard))
			return true;
	}
	return false;
}

void __vctx_sock_release(struct sock *sk)
{
	sk->sk_vctx_charged = false;
	vctx_uncharge(sk->sk_vctx, VCTX_NSOCK, 1);
}

void __vctx_sock_free(struct sock *sk)
{
	vctx_put(sk->sk_vctx);
}

static struct security_hook_list vctx_sock_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(unix_stream_connect, vctx_unix_stream_connect),
	LSM_HOOK_INIT(mptcp_add_subflow, vctx_mptcp_add_subflow),
};

void __init vctx_add_sock_hooks(void)
{
	security_add_hooks(vctx_sock_hooks, ARRAY_SIZE(vctx_sock_hooks),
			   &vctx_lsmid);
}
