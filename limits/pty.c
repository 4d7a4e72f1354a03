// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx limits: npty, pseudoterminals
 *
 * A pair has a place in its devpts instance, the number of the slave, from the
 * open of ptmx until both ends are closed, whoever holds them by then.  That is
 * what is charged, to who opened ptmx.
 */

#include <linux/xarray.h>

#include "limits.h"

int __vctx_pty_charge(struct vctx_ptys *ptys, int index)
{
	struct vctx *vctx = current_vctx();
	int err;

	if (vctx_charge(vctx, VCTX_NPTY, 1))
		return -ENOSPC;
	err = xa_err(xa_store(&ptys->owner, index, vctx, GFP_KERNEL_ACCOUNT));
	if (err) {
		vctx_uncharge(vctx, VCTX_NPTY, 1);
		return err;
	}
	vctx_get(vctx);
	return 0;
}

void __vctx_pty_uncharge(struct vctx_ptys *ptys, int index)
{
	struct vctx *vctx = xa_erase(&ptys->owner, index);

	if (!vctx)
		return;
	vctx_uncharge(vctx, VCTX_NPTY, 1);
	vctx_put(vctx);
}
