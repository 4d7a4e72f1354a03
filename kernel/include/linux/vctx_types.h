/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vctx: what other structures contain
 */
#ifndef _LINUX_VCTX_TYPES_H
#define _LINUX_VCTX_TYPES_H

/**
 * struct vctx_owner - who is charged for an object; part of the object
 * @vctx: the context, which it keeps in memory, or NULL
 * @units: how many units of what depends on the object's size
 *
 * The lock of the object protects it.  Nothing without CONFIG_SECURITY_VCTX.
 */
struct vctx_owner {
#ifdef CONFIG_SECURITY_VCTX
	struct vctx *vctx;
	long units;
#endif
};

#endif /* _LINUX_VCTX_TYPES_H */
