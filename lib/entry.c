// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libvctx: entering a context, and asking which one it is
 *
 * The system calls are younger than the C library and the headers of many
 * systems, so that their numbers and structures are here.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

/* The same numbers on all architectures. */
#ifndef __NR_lsm_get_self_attr
#define __NR_lsm_get_self_attr	459
#endif
#ifndef __NR_lsm_set_self_attr
#define __NR_lsm_set_self_attr	460
#endif

/* <linux/lsm.h>, under names that do not collide with it */
#define ATTR_CURRENT		100	/* LSM_ATTR_CURRENT */
#define FLAG_SINGLE		1	/* LSM_FLAG_SINGLE */

/* struct lsm_ctx without the payload that follows it */
struct lsm_head {
	__u64 id;
	__u64 flags;
	__u64 len;
	__u64 ctx_len;
};

/* Without the call, or with the call and without the LSM: it is not there. */
static int call_result(long result)
{
	if (result >= 0)
		return 0;
	return errno == ENOSYS ? -EOPNOTSUPP : -errno;
}

/**
 * vctx_enter() - create a context or enter one, for good
 * @enter: which one, see <linux/vctx.h>
 *
 * Return: 0; else nothing has changed, and: -EOPNOTSUPP if the kernel has no
 * vctx; -EINVAL for an unknown flag, a number that is no id, or a bit that is
 * no capability; -EBUSY if the caller has several threads, is traced, or
 * shares memory, open files or signal handlers; -EPERM if it may not choose an
 * id, the context is private, its own context is locked, or it would drop
 * CAP_SETUID, CAP_SETGID or CAP_SETPCAP with neither CAP_SETPCAP nor
 * no_new_privs; -ENOENT for a dynamic context that does not exist; -ENOSPC if
 * nested too deep or no id is left; -ENOMEM.
 */
int vctx_enter(const struct vctx_enter *enter)
{
	struct {
		struct lsm_head head;
		struct vctx_enter enter;
	} request;

	memset(&request, 0, sizeof(request));
	request.head.id = LSM_ID_VCTX;
	request.head.len = sizeof(request);
	request.head.ctx_len = sizeof(request.enter);
	request.enter = *enter;
	return call_result(syscall(__NR_lsm_set_self_attr, ATTR_CURRENT,
				   &request, (__u32)sizeof(request), 0U));
}

/**
 * vctx_bind_addr() - bind the caller's context to network addresses, for good
 * @addr: the addresses, see <linux/vctx.h>
 * @nr: how many
 * @broadcast: IPv4 broadcast address in network order, 0 for none
 *
 * Return: 0; else nothing has changed, and: -EOPNOTSUPP if the kernel has no
 * vctx; -EINVAL if it cannot bind contexts, for what is no address of a host, or
 * none or more than 32 of them; -E2BIG for more than 16 of a family; -EPERM
 * outside of contexts; -EBUSY if the caller is not the only member, or there is
 * a context below; -EADDRNOTAVAIL if the context is bound and has not all of
 * them; -ENOSPC; -ENOMEM.
 */
int vctx_bind_addr(const struct vctx_addr *addr, size_t nr,
		   unsigned int broadcast)
{
	struct {
		struct lsm_head head;
		struct vctx_bind bind;
	} request;

	memset(&request, 0, sizeof(request));
	if (!nr || nr > sizeof(request.bind.addr) / sizeof(*addr))
		return -EINVAL;
	request.head.id = LSM_ID_VCTX;
	request.head.flags = VCTX_SET_BIND;
	request.head.len = sizeof(request);
	request.head.ctx_len = sizeof(request.bind);
	request.bind.nr = (__u32)nr;
	request.bind.broadcast = broadcast;
	memcpy(request.bind.addr, addr, nr * sizeof(*addr));
	return call_result(syscall(__NR_lsm_set_self_attr, ATTR_CURRENT,
				   &request, (__u32)sizeof(request), 0U));
}

/**
 * vctx_self() - which context the caller is in, and what the kernel knows
 * @self: filled in outside of contexts, too; what an older kernel does not
 *	give is zero
 *
 * Return: 0; -EOPNOTSUPP if the kernel has no vctx; -EPROTO if it gives less
 * than the first version of the ABI has.
 */
int vctx_self(struct vctx_self *self)
{
	struct {
		struct lsm_head head;
		struct vctx_self self;
		/* a later kernel's struct is longer */
		unsigned char more[512];
	} answer;
	__u32 size = sizeof(answer);
	int err;

	memset(&answer, 0, sizeof(answer));
	memset(self, 0, sizeof(*self));
	answer.head.id = LSM_ID_VCTX;
	err = call_result(syscall(__NR_lsm_get_self_attr, ATTR_CURRENT,
				  &answer, &size, FLAG_SINGLE));
	/* -EINVAL: other LSMs have the call, and none has this number */
	if (err)
		return err == -EINVAL ? -EOPNOTSUPP : err;
	if (answer.head.id != LSM_ID_VCTX ||
	    answer.head.ctx_len < VCTX_SELF_SIZE_VER0)
		return -EPROTO;
	memcpy(self, &answer.self,
	       answer.head.ctx_len < sizeof(*self) ? answer.head.ctx_len :
						     sizeof(*self));
	return 0;
}

/*
 * In a context of one's own.  The caller may be the only member of one that
 * it has just entered, which then does.
 */
static int bind_fresh(const struct vctx_addr *addr, size_t nr,
		      unsigned int broadcast)
{
	struct vctx_enter enter = { .id = VCTX_ID_NEW };
	int err = vctx_bind_addr(addr, nr, broadcast);

	if (err != -EPERM && err != -EBUSY)
		return err;
	err = vctx_enter(&enter);
	return err ? err : vctx_bind_addr(addr, nr, broadcast);
}

/**
 * set_ipv4root() - the classic call: bind the caller to addresses, for good
 * @ip: IPv4 addresses, in network order
 * @nb: how many
 * @bcast: broadcast address, in network order, 0 for none
 * @mask: of the addresses, in network order; not used, as the network has them
 *
 * Addresses are a context's, so that the caller enters a fresh one unless it is
 * the only member of its own.
 *
 * Return: 0; or -1 with errno as from vctx_enter() and vctx_bind_addr().
 */
int set_ipv4root(const unsigned int *ip, int nb, unsigned int bcast,
		 const unsigned int *mask)
{
	struct vctx_addr addr[2 * VCTX_BIND_MAX];
	int err = -EINVAL;
	int i;

	(void)mask;
	memset(addr, 0, sizeof(addr));
	if (nb > 0 && nb <= VCTX_BIND_MAX) {
		for (i = 0; i < nb; i++) {
			addr[i].family = AF_INET;
			memcpy(addr[i].addr, &ip[i], sizeof(ip[i]));
		}
		err = bind_fresh(addr, (size_t)nb, bcast);
	}
	if (err) {
		errno = -err;
		return -1;
	}
	return 0;
}

/**
 * new_s_context() - the classic call: create a context or enter one
 * @ctx: -1 for a fresh one, else its id
 * @remove_cap: capabilities that the context shall not have, 1 << CAP_x each
 * @flags: VCTX_FLAG_*, which are not the numbers that the original had
 *
 * The original's -2, changing the flags of the context that the caller is in,
 * is -EINVAL: that is the administrator's, vctx_set_status().
 *
 * Return: the id of the context; or -1 with errno as from vctx_enter().
 */
int new_s_context(int ctx, unsigned long long remove_cap, unsigned int flags)
{
	struct vctx_enter enter = {
		.id = ctx == -1 ? VCTX_ID_NEW : (__u32)ctx,
		.flags = flags,
		.cap_drop = remove_cap,
	};
	struct vctx_self self;
	int err;

	err = ctx < -1 ? -EINVAL : vctx_enter(&enter);
	if (!err)
		err = vctx_self(&self);
	if (err) {
		errno = -err;
		return -1;
	}
	return (int)self.id;
}
