// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx: ptys of other contexts
 *
 * A pty is of the context that has opened ptmx, which limits/pty.c keeps for
 * each number.  To others there is no such number, also to the host, where
 * that is nobody's.  The watcher lists it and does not open it.
 *
 * What a process has as its controlling terminal it may open as /dev/tty, and
 * so by its name as well: ttyname(3) of who has entered a context looks for it.
 * And who holds the master, wherever that is from, may open the slave with it
 * (TIOCGPTPEER).
 */

#include <linux/namei.h>
#include <linux/sched/signal.h>
#include <linux/xarray.h>

#include "vctx.h"

int __vctx_pty_access(struct vctx_ptys *ptys, int index, const void *tty,
		      unsigned int flags)
{
	const struct vctx *vctx = current_vctx();

	/* The pointers may be stale: they are compared, and not followed. */
	if (xa_load(&ptys->owner, index) == vctx || vctx_current_exempt() ||
	    (tty && tty == READ_ONCE(current->signal->tty)))
		return 0;
	if (vctx_is_watcher(vctx))
		return flags & LOOKUP_OPEN ? -EPERM : 0;
	return -ENOENT;
}
