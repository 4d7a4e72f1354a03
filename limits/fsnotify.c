// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx limits: ninotify, inotify watches and fanotify marks
 *
 * Charged to who adds the mark, until it is told to go: that its memory is
 * freed some grace periods later does not keep a unit.  What the kernel marks
 * for itself (audit, nfsd) and dnotify's marks are not counted.
 */

#include <linux/fsnotify_backend.h>

#include "limits.h"

int __vctx_mark_charge(struct fsnotify_mark *mark)
{
	struct vctx *vctx = current_vctx();

	if (!(mark->group->flags & FSNOTIFY_GROUP_USER))
		return 0;
	if (vctx_charge(vctx, VCTX_NINOTIFY, 1))
		return -ENOSPC;
	vctx_get(vctx);
	mark->vctx = vctx;
	return 0;
}

void __vctx_mark_uncharge(struct fsnotify_mark *mark)
{
	struct vctx *vctx = mark->vctx;

	if (likely(!vctx))
		return;
	mark->vctx = NULL;
	vctx_uncharge(vctx, VCTX_NINOTIFY, 1);
	vctx_put(vctx);
}
