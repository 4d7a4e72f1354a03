// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx limits: nlock, POSIX, OFD and flock locks and leases
 *
 * Counted are the records that the kernel keeps of held locks, one a line in
 * /proc/locks, not requests that wait.  A record is charged to who makes it just
 * before it is inserted, when it is certain to be needed: a request that only
 * enlarges, shrinks or converts what is there never fails.
 */

#include <linux/filelock.h>

#include "limits.h"

int __vctx_lock_charge(struct file_lock_core *flc)
{
	struct vctx *vctx = current_vctx();

	/* A lease that could not be inserted may be tried again. */
	if (flc->flc_vctx)
		return 0;
	if (vctx_charge(vctx, VCTX_NLOCK, 1))
		return -ENOLCK;
	vctx_get(vctx);
	flc->flc_vctx = vctx;
	return 0;
}

void __vctx_lock_move(struct file_lock *to, struct file_lock *from)
{
	if (to)
		swap(to->c.flc_vctx, from->c.flc_vctx);
}

void __vctx_lock_release(struct file_lock_core *flc)
{
	vctx_uncharge(flc->flc_vctx, VCTX_NLOCK, 1);
	vctx_put(flc->flc_vctx);
}
