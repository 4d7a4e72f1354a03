/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vctx: the addresses of a context
 */
#ifndef _SECURITY_VCTX_NET_H
#define _SECURITY_VCTX_NET_H

#include <linux/in6.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include "vctx.h"

struct file;

/**
 * struct vctx_net - addresses that a context is bound to; constant
 * @rcu: frees it when another one has taken its place
 * @slot: of @lo4 among all contexts
 * @lo4: what 127.0.0.1 means to members, unless that is in @addr4
 * @bcast: what is sent there is received, too; 0 for nothing
 * @nr4: how many of @addr4
 * @nr6: how many of @addr6
 * @addr4: IPv4 addresses
 * @addr6: IPv6 addresses, of which the first one that all contexts above have
 *	is what ::1 means to members, unless that is among them
 */
struct vctx_net {
	struct rcu_head rcu;
	int slot;
	__be32 lo4;
	__be32 bcast;
	unsigned int nr4;
	unsigned int nr6;
	__be32 addr4[VCTX_BIND_MAX];
	struct in6_addr addr6[VCTX_BIND_MAX];
};

/*
 * The addresses that count for members of a context: its own, or else those of
 * the context that it was made in.  NULL if it is not bound.  Context: RCU.
 */
static inline const struct vctx_net *vctx_net_of(const struct vctx *vctx)
{
	for (; vctx; vctx = vctx->parent) {
		const struct vctx_net *net = rcu_dereference(vctx->net);

		if (net)
			return net;
	}
	return NULL;
}

bool vctx_net_has4(const struct vctx *vctx, __be32 addr);
bool vctx_net_has6(const struct vctx *vctx, const struct in6_addr *addr);
bool vctx_net_has_bcast(const struct vctx *vctx, __be32 addr);
const struct in6_addr *vctx_net_lo6(const struct vctx *vctx);
bool vctx_net_current_bound(void);
bool vctx_net_cap_refused(const struct user_namespace *ns, int cap);
int vctx_net_file_open(const struct file *file);
int vctx_net_bind_self(const struct vctx_bind *req);
int vctx_net_set(struct vctx *vctx, struct vctx_net *new);
int vctx_net_add4(struct vctx_net *net, __be32 addr);
int vctx_net_add6(struct vctx_net *net, const struct in6_addr *addr);
void vctx_net_free(struct vctx *vctx);
void vctx_add_net_hooks(void);
void vctx_net_init(void);

#endif /* _SECURITY_VCTX_NET_H */
