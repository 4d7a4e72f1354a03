// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx limits: nproc and ntask
 *
 * A task is charged before it exists (task_alloc) and uncharged when it is
 * reaped (release_task): a zombie still has its place, as in RLIMIT_NPROC and
 * the pids controller.
 */

#include "limits.h"

/**
 * vctx_limits_enter() - charge current, a process of one task, on entry
 * @to: where it goes
 * @from: context above @to that it comes from and that has charged it already,
 *	NULL for the host
 *
 * Nobody is refused: who chooses a context is the administrator, and a fresh
 * one has no limits.
 *
 * Context: process.
 */
void vctx_limits_enter(struct vctx *to, const struct vctx *from)
{
	vctx_charge_below(to, from, VCTX_NTASK, 1, true);
	vctx_charge_below(to, from, VCTX_NPROC, 1, true);
	vctx_mm_enter(to);
}

/**
 * vctx_limits_fork() - charge a new task
 * @vctx: its context
 * @leader: it is a process, not a thread
 *
 * Context: process.
 * Return: 0 or -EAGAIN.
 */
int vctx_limits_fork(struct vctx *vctx, bool leader)
{
	if (vctx_charge(vctx, VCTX_NTASK, 1))
		return -EAGAIN;
	if (leader && vctx_charge(vctx, VCTX_NPROC, 1)) {
		vctx_uncharge(vctx, VCTX_NTASK, 1);
		return -EAGAIN;
	}
	return 0;
}

/**
 * vctx_limits_exit() - uncharge a task
 * @vctx: its context
 * @leader: a process ends with it
 *
 * Context: any.
 */
void vctx_limits_exit(struct vctx *vctx, bool leader)
{
	if (leader)
		vctx_uncharge(vctx, VCTX_NPROC, 1);
	vctx_uncharge(vctx, VCTX_NTASK, 1);
}
