// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx: the process that is process 1 to the members of its context
 *
 * It calls itself 1, and its children's parent; whoever calls it 1 reaches it;
 * and it gets the orphans.  Everything else, /proc in particular, knows it by
 * its real id: there, 1 is the host's.
 */

#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>

#include "vctx.h"

static DEFINE_SPINLOCK(vctx_init_lock);

/* Who has claimed to be it, if that lives.  Context: RCU read side. */
static struct task_struct *vctx_init_claimer(const struct vctx *vctx)
{
	struct pid *pid = READ_ONCE(vctx->init);
	struct task_struct *p = pid ? pid_task(pid, PIDTYPE_TGID) : NULL;

	return p && atomic_read(&p->signal->live) ? p : NULL;
}

/* So, if it is in @vctx: not yet there, or just gone to one below, it is not. */
static struct task_struct *vctx_init_task(const struct vctx *vctx)
{
	struct task_struct *p = vctx_init_claimer(vctx);

	return p && task_vctx(p) == vctx ? p : NULL;
}

static void vctx_init_put(struct pid *pid)
{
	if (!pid)
		return;
	synchronize_rcu();
	put_pid(pid);
}

/**
 * vctx_init_claim() - current is about to be process 1 of a context
 * @vctx: the context, which it will enter
 *
 * Context: process, may sleep.
 * Return: 0, or -EBUSY if there is one.
 */
int vctx_init_claim(struct vctx *vctx)
{
	struct pid *old = NULL;
	int err = -EBUSY;

	rcu_read_lock();
	spin_lock(&vctx_init_lock);
	if (!vctx_init_claimer(vctx)) {
		old = vctx->init;
		WRITE_ONCE(vctx->init, get_pid(task_tgid(current)));
		err = 0;
	}
	spin_unlock(&vctx_init_lock);
	rcu_read_unlock();
	vctx_init_put(old);
	return err;
}

/**
 * vctx_init_unclaim() - current has not entered, or has left
 * @vctx: which it may have claimed
 *
 * Context: process, may sleep.
 */
void vctx_init_unclaim(struct vctx *vctx)
{
	struct pid *old = NULL;

	spin_lock(&vctx_init_lock);
	if (vctx->init == task_tgid(current)) {
		old = vctx->init;
		WRITE_ONCE(vctx->init, NULL);
	}
	spin_unlock(&vctx_init_lock);
	vctx_init_put(old);
}

/* Of the context of current, a member */
bool __vctx_is_init(struct task_struct *task)
{
	return READ_ONCE(current_vctx()->init) == task_tgid(task);
}

pid_t __vctx_parent_tgid(struct task_struct *parent, pid_t nr)
{
	const struct vctx *vctx = current_vctx();

	if (__vctx_task_hidden(parent))
		return 0;
	/* 0 if it is in a PID namespace that current cannot see. */
	if (nr && vctx && READ_ONCE(vctx->init) == task_tgid(parent))
		return 1;
	/* Nor may the host's process 1 be taken for the context's. */
	if (nr == 1 && vctx_given_nr(1) != 1)
		return 0;
	return nr;
}

pid_t __vctx_given_nr(pid_t nr)
{
	const struct vctx *vctx = current_vctx();
	struct pid *pid;

	rcu_read_lock();
	pid = READ_ONCE(vctx->init);
	/* In a PID namespace that does not see it, 1 is another one. */
	if (pid && pid_vnr(pid))
		nr = vctx_init_task(vctx) ? pid_vnr(pid) : PID_MAX_LIMIT;
	rcu_read_unlock();
	return nr;
}

/* A thread of @p that can have children, or NULL */
static struct task_struct *alive_thread(struct task_struct *p)
{
	struct task_struct *t;

	for_each_thread(p, t)
		if (!(t->flags & PF_EXITING))
			return t;
	return NULL;
}

struct task_struct *__vctx_reaper(struct task_struct *father,
				  struct task_struct *reaper)
{
	const struct vctx *vctx = task_vctx(father);
	struct task_struct *p, *init;

	if (task_vctx(reaper) == vctx)
		return reaper;
	init = vctx_init_task(vctx);
	/* Those of another PID namespace are not to leave it. */
	if (!init || task_active_pid_ns(init) != task_active_pid_ns(reaper))
		return reaper;
	/* Nobody may become an ancestor of itself. */
	for (p = init; p != &init_task;
	     p = rcu_dereference_protected(p->real_parent, true))
		if (same_thread_group(p, father))
			return reaper;
	return alive_thread(init) ?: reaper;
}
