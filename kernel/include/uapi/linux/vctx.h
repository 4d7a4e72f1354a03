/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * vctx: security contexts with resource control - user space ABI
 *
 * A task enters a context with lsm_set_self_attr(2) and reads which context
 * it is in with lsm_get_self_attr(2), both with LSM_ATTR_CURRENT and
 * LSM_ID_VCTX.  Everything else is done by reading and writing the files of
 * vctxfs.  Documentation/userspace-api/vctx.rst describes both.
 */
#ifndef _UAPI_LINUX_VCTX_H
#define _UAPI_LINUX_VCTX_H

#include <linux/types.h>

/**
 * define LSM_ID_VCTX - the number of this LSM ("vctx" in ASCII)
 *
 * Upstream hands out its numbers from 100 upwards; this one is far outside of
 * that range, so that it does not collide with a later kernel's.
 */
#define LSM_ID_VCTX		0x76637478

/* Version of this ABI.  It grows by one with each addition. */
#define VCTX_ABI_VERSION	2

/* Context ids */
#define VCTX_ID_HOST		0U	/* outside of all contexts */
#define VCTX_ID_WATCHER		1U	/* sees all processes, signals none */
#define VCTX_ID_STATIC_MIN	2U	/* chosen by the administrator ... */
#define VCTX_ID_STATIC_MAX	65534U	/* ... up to here */
#define VCTX_ID_DYNAMIC_MIN	65536U	/* given out by the kernel */
#define VCTX_ID_DYNAMIC_MAX	0x7ffffffeU
#define VCTX_ID_NEW		0xffffffffU /* ask for a fresh dynamic context */

/*
 * Project ids of inodes: that of a static context is its id.  Regular files with
 * this one may have names in the trees of all contexts, and members change none.
 */
#define VCTX_TAG_SHARED		65535U

/* How deep contexts nest: a context created from the host has depth 1. */
#define VCTX_MAX_DEPTH		16

/* Context names: [A-Za-z_][A-Za-z0-9_.-]*, with the final NUL at most */
#define VCTX_NAME_LEN		32

/*
 * Flags of a context; setting one cannot be undone, but for VCTX_FLAG_SCHED,
 * which the file "sched" turns off.  VCTX_FLAG_FAKEINIT is for entry only: it
 * makes the caller what members take for process 1.
 */
#define VCTX_FLAG_LOCK		0x1U	/* members create no contexts */
#define VCTX_FLAG_PRIVATE	0x2U	/* nobody may enter any more */
#define VCTX_FLAG_SCHED		0x4U	/* one share of CPU time for all members */
#define VCTX_FLAG_FAKEINIT	0x8U	/* the caller is process 1 inside */
#define VCTX_FLAG_VIRT		0x10U	/* members see the context as machine */

#define VCTX_FLAGS_ALL		(VCTX_FLAG_LOCK | VCTX_FLAG_PRIVATE | \
				 VCTX_FLAG_SCHED | VCTX_FLAG_FAKEINIT | \
				 VCTX_FLAG_VIRT)

/**
 * struct vctx_enter - payload of lsm_set_self_attr(): create or enter
 *
 * The size of the payload is lsm_ctx.ctx_len.  A longer one than the kernel
 * knows is taken if what it does not know is zero, a shorter one is filled up
 * with zeros, down to VCTX_ENTER_SIZE_VER0.
 *
 * @id: VCTX_ID_NEW for a fresh context, which anybody may ask for, or else the
 *	context to enter, created if it is a static one that does not exist;
 *	that takes CAP_SYS_ADMIN and context 0.
 * @flags: VCTX_FLAG_*, set on the context after the caller has entered.
 * @cap_drop: capabilities (one bit each, 1 << CAP_x) that the context never
 *	has.  A fresh context gets them as its ceiling, along with those of its
 *	parent; an existing one keeps the ceiling that it has, and the caller
 *	alone drops them.
 */
struct vctx_enter {
	__u32	id;
	__u32	flags;
	__aligned_u64 cap_drop;
};

#define VCTX_ENTER_SIZE_VER0	16

/* Bits of lsm_ctx.flags for lsm_set_self_attr() */
#define VCTX_SET_BIND		0x1U	/* the payload is struct vctx_bind */

/* How many addresses of each family a context can be bound to */
#define VCTX_BIND_MAX		16

/**
 * struct vctx_addr - an address that a context is bound to
 * @family: AF_INET or AF_INET6
 * @reserved: zero
 * @addr: in network order; the first four bytes if it is an IPv4 address
 */
struct vctx_addr {
	__u16	family;
	__u16	reserved;
	__u8	addr[16];
};

/**
 * struct vctx_bind - payload of lsm_set_self_attr() with VCTX_SET_BIND
 *
 * Binds the caller's context, of which the caller has to be the only member,
 * to network addresses for good.  If it is bound already, to fewer of them.
 * lsm_ctx.ctx_len covers @nr entries; what follows them is zero.
 *
 * @nr: how many addresses
 * @broadcast: IPv4 broadcast address, in network order, or zero
 * @addr: the addresses
 */
struct vctx_bind {
	__u32	nr;
	__u32	broadcast;
	struct vctx_addr addr[2 * VCTX_BIND_MAX];
};

#define VCTX_BIND_SIZE_VER0	648

/**
 * struct vctx_self - payload of lsm_get_self_attr(): where the caller is
 *
 * @version: VCTX_ABI_VERSION of the running kernel
 * @id: the caller's context, VCTX_ID_HOST outside of any
 * @depth: 0 for the host, 1 for a context created from it, and so on
 * @flags: VCTX_FLAG_* of the context
 * @flags_supported: VCTX_FLAG_* that the running kernel knows
 * @reserved: zero
 * @cap_ceiling: capabilities that the context may have
 */
struct vctx_self {
	__u32	version;
	__u32	id;
	__u32	depth;
	__u32	flags;
	__u32	flags_supported;
	__u32	reserved;
	__aligned_u64 cap_ceiling;
};

#define VCTX_SELF_SIZE_VER0	32

#endif /* _UAPI_LINUX_VCTX_H */
