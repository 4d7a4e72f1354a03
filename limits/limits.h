/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vctx limits: charging a context and all above it
 */
#ifndef _SECURITY_VCTX_LIMITS_H
#define _SECURITY_VCTX_LIMITS_H

#include "../vctx.h"

int vctx_charge_event(struct vctx *vctx, struct vctx *v, enum vctx_resource res,
		      long n, enum vctx_charge charge);

/**
 * vctx_uncharge_below() - undo vctx_charge_below()
 * @vctx: as charged
 * @above: as charged
 * @res: as charged
 * @n: as charged
 *
 * Context: any.
 */
static __always_inline void vctx_uncharge_below(struct vctx *vctx,
						const struct vctx *above,
						enum vctx_resource res, long n)
{
	for (; vctx != above; vctx = vctx->parent)
		vctx_counter_uncharge(&vctx->counter[res], n);
}

/**
 * vctx_charge_below() - charge a context and those above it
 * @vctx: the lowest one
 * @above: the first one above that is not charged, NULL to charge them all
 * @res: the resource
 * @n: how much
 * @force: beyond hard limits if need be
 *
 * Context: any.
 * Return: 0, or -EDQUOT if a hard limit would be exceeded, and nothing is
 * charged.
 */
static __always_inline int vctx_charge_below(struct vctx *vctx,
					     const struct vctx *above,
					     enum vctx_resource res, long n,
					     bool force)
{
	struct vctx *v;

	for (v = vctx; v != above; v = v->parent) {
		enum vctx_charge charge;

		charge = vctx_counter_charge(&v->counter[res], n, force);
		if (unlikely(charge != VCTX_CHARGED) &&
		    vctx_charge_event(vctx, v, res, n, charge))
			return -EDQUOT;
	}
	return 0;
}

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
void vctx_limits_file_free(struct vctx *vctx);

/* sock */

/* lock */

/* pty */

/* signal */

/* fsnotify */

/* random */

/* ipc */

/* mm */

/* memcg */

/* accounting */

void vctx_limits_init(void);

#endif /* _SECURITY_VCTX_LIMITS_H */
