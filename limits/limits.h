/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vctx limits: charging a context and all above it
 */
#ifndef _SECURITY_VCTX_LIMITS_H
#define _SECURITY_VCTX_LIMITS_H

#include "../vctx.h"

int vctx_charge_below(struct vctx *vctx, const struct vctx *above,
		      enum vctx_resource res, long n, bool force);
void vctx_uncharge_below(struct vctx *vctx, const struct vctx *above,
			 enum vctx_resource res, long n);

/**
 * vctx_charge() - charge a context and all above it
 * @vctx: the context
 * @res: the resource
 * @n: how much
 *
 * Context: any.
 * Return: 0, or -EDQUOT if a hard limit would be exceeded; the caller turns
 * that into the errno that its resource has.  Nothing is charged then.
 */
static inline int vctx_charge(struct vctx *vctx, enum vctx_resource res, long n)
{
	return vctx_charge_below(vctx, NULL, res, n, false);
}

static inline void vctx_uncharge(struct vctx *vctx, enum vctx_resource res,
				 long n)
{
	vctx_uncharge_below(vctx, NULL, res, n);
}

/* task.c */
void vctx_limits_enter(struct vctx *to, const struct vctx *from);
int vctx_limits_fork(struct vctx *vctx, bool leader);
void vctx_limits_exit(struct vctx *vctx, bool leader);

/* file.c */
void vctx_limits_file_free(struct file *file);

void vctx_limits_init(void);

#endif /* _SECURITY_VCTX_LIMITS_H */
