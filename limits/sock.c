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
 */

#include <linux/lsm_hooks.h>
#include <linux/net.h>
#include <net/sock.h>

#include "limits.h"

static struct vctx_sock *vctx_sock_blob(const struct sock *sk)
{
	return sk->sk_security + vctx_blob_sizes.lbs_sock;
}

/* Nobody else knows @sk yet.  If this fails, it stays uncharged. */
static int vctx_sock_charge(struct sock *sk, struct vctx *vctx)
{
	struct vctx_sock *blob = vctx_sock_blob(sk);

	if (likely(!vctx))
		return 0;
	if (vctx_charge(vctx, VCTX_NSOCK, 1))
		return -ENOBUFS;
	vctx_get(vctx);
	blob->vctx = vctx;
	blob->charged = true;
	return 0;
}

static int vctx_socket_post_create(struct socket *sock, int family, int type,
				   int protocol, int kern)
{
	if (kern)
		return 0;
	return vctx_sock_charge(sock->sk, current_vctx());
}

int __vctx_sock_clone(const struct sock *sk, struct sock *newsk)
{
	return vctx_sock_charge(newsk, vctx_sock_blob(sk)->vctx);
}

/* The listener cannot be released meanwhile, since its state is locked. */
static int vctx_unix_stream_connect(struct sock *sock, struct sock *other,
				    struct sock *newsk)
{
	if (vctx_sock_charge(newsk, vctx_sock_blob(other)->vctx))
		return -ECONNREFUSED;
	return 0;
}

static int vctx_mptcp_add_subflow(struct sock *sk, struct sock *ssk)
{
	return vctx_sock_charge(ssk, vctx_sock_blob(sk)->vctx);
}

int __vctx_sock_accept(const struct socket *sock, const struct socket *newsock)
{
	struct sock *newsk = newsock->sk;

	if (vctx_sock_blob(newsk)->vctx)
		return 0;
	return vctx_sock_charge(newsk, vctx_sock_blob(sock->sk)->vctx);
}

/*
 * Asks by trying.  The unit is not kept for the connection: who only sends
 * SYNs would use up the limit.
 */
bool __vctx_sock_refuse(const struct sock *sk)
{
	struct vctx *vctx = vctx_sock_blob(sk)->vctx;

	if (likely(!vctx))
		return false;
	if (vctx_charge(vctx, VCTX_NSOCK, 1))
		return true;
	vctx_uncharge(vctx, VCTX_NSOCK, 1);
	return false;
}

bool __vctx_sock_full(const struct sock *sk)
{
	struct vctx *vctx;

	for (vctx = vctx_sock_blob(sk)->vctx; vctx; vctx = vctx->parent) {
		struct vctx_counter *c = &vctx->counter[VCTX_NSOCK];

		if (vctx_counter_usage(c) >= READ_ONCE(c->hard))
			return true;
	}
	return false;
}

void __vctx_sock_release(struct sock *sk)
{
	struct vctx_sock *blob = vctx_sock_blob(sk);

	if (likely(!blob->charged))
		return;
	blob->charged = false;
	vctx_uncharge(blob->vctx, VCTX_NSOCK, 1);
}

static void vctx_sk_free_security(struct sock *sk)
{
	struct vctx_sock *blob = vctx_sock_blob(sk);

	if (likely(!blob->vctx))
		return;
	__vctx_sock_release(sk);
	vctx_put(blob->vctx);
}

static struct security_hook_list vctx_sock_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(socket_post_create, vctx_socket_post_create),
	LSM_HOOK_INIT(unix_stream_connect, vctx_unix_stream_connect),
	LSM_HOOK_INIT(mptcp_add_subflow, vctx_mptcp_add_subflow),
	LSM_HOOK_INIT(sk_free_security, vctx_sk_free_security),
};

void __init vctx_add_sock_hooks(void)
{
	security_add_hooks(vctx_sock_hooks, ARRAY_SIZE(vctx_sock_hooks),
			   &vctx_lsmid);
}
