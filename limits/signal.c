// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx limits: nsigpending, queued signals
 *
 * A unit is a struct sigqueue.  It is charged to the context of the task that
 * the signal is for, as RLIMIT_SIGPENDING is the limit of that task's user:
 * whoever sends it, it is the receiver that lets it wait.  A POSIX timer has
 * one for its whole life, and that is charged to the task that makes the timer.
 *
 * Without a unit, a signal that must not be refused is delivered without its
 * siginfo, as if there were no memory.  That goes for all signals below
 * SIGRTMIN, also those that may exceed RLIMIT_SIGPENDING (override_rlimit):
 * they are queued at most once for each task, so that users do not need to be
 * held to a limit, but a hard limit of ours is never exceeded.
 */

#include <linux/signal_types.h>

#include "limits.h"

/*
 * @task is current, or its siglock is held, so that it has not been reaped.
 * Its reference on its context lasts at least as long, also while it goes on
 * to a context below.
 */
int __vctx_sigqueue_charge(struct sigqueue *q, const struct task_struct *task)
{
	struct vctx *vctx = task_vctx(task);

	if (vctx_charge(vctx, VCTX_NSIGPENDING, 1))
		return -EAGAIN;
	vctx_get(vctx);
	q->vctx = vctx;
	return 0;
}

void __vctx_sigqueue_uncharge(struct sigqueue *q)
{
	vctx_uncharge(q->vctx, VCTX_NSIGPENDING, 1);
	vctx_put(q->vctx);
	q->vctx = NULL;
}
