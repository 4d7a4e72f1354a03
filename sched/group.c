// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx: task groups of contexts
 *
 * The half that has to know the scheduler from inside.  Who has a group, and
 * who is in it, is decided in security/vctx/sched/.
 *
 * A group is like an autogroup: it has no cgroup, and belongs to the hierarchy
 * of task groups only.  Unlike one it is pinned by each task in it, until the
 * task_struct is freed, so that a task that exits stays in the share of its
 * context to its last instruction.
 */

#include <linux/irq_work.h>
#include <linux/mmu_context.h>
#include <linux/percpu-refcount.h>
#include <linux/slab.h>
#include <linux/vctx.h>
#include <linux/workqueue.h>

#include <trace/events/vctx.h>

#include "sched.h"

static void vctx_group_free(struct work_struct *work)
{
	struct vctx_group *group = container_of(to_rcu_work(work),
						struct vctx_group, free_work);

	vctx_trim_remove(group);
	/* The tg is freed a grace period later, with its last readers gone. */
	sched_unregister_group(group->tg);
	irq_work_sync(&group->throttled);
	if (group->parent)
		percpu_ref_put(&group->parent->ref);
	percpu_ref_exit(&group->ref);
	/* Who still has the tg looks here for its name. */
	kfree_rcu(group, rcu);
}

/* Context: softirq, or under RCU. */
static void vctx_group_release(struct percpu_ref *ref)
{
	struct vctx_group *group = container_of(ref, struct vctx_group, ref);

#ifdef CONFIG_RT_GROUP_SCHED
	/* They are the root's, see vctx_group_alloc_tg(). */
	group->tg->rt_se = NULL;
	group->tg->rt_rq = NULL;
#endif
	sched_release_group(group->tg);
	queue_rcu_work(system_unbound_wq, &group->free_work);
}

static struct task_group *vctx_group_alloc_tg(struct vctx_group *group,
					      struct task_group *above)
{
	struct task_group *tg = sched_create_group(above);

	if (IS_ERR(tg))
		return NULL;
#ifdef CONFIG_RT_GROUP_SCHED
	/* As in autogroup_create(): real-time tasks are in the root group. */
	free_rt_sched_group(tg);
	tg->rt_se = root_task_group.rt_se;
	tg->rt_rq = root_task_group.rt_rq;
#endif
	tg->vctx = group;
	sched_online_group(tg, above);
	return tg;
}

static void vctx_group_notify(struct irq_work *work)
{
	vctx_notify(container_of(work, struct vctx_group, throttled)->id);
}

/* Whoever is woken by this needs the run queue's lock, which is held. */
void __vctx_group_throttled(struct vctx_group *group, int cpu)
{
	trace_vctx_throttle(group->id, cpu);
	irq_work_queue(&group->throttled);
}

int vctx_group_path(const struct task_group *tg, char *buf, int buflen)
{
	const struct vctx_group *group = task_group_vctx(tg);

	return group ? snprintf(buf, buflen, "/vctx-%u", group->id) : 0;
}

/* What a new task group is set to. */
static const struct vctx_group_settings vctx_group_default = {
	.weight = VCTX_WEIGHT_DEFAULT,
	.quota_us = VCTX_NO_QUOTA,
	.period_us = VCTX_PERIOD_DEFAULT,
};

/**
 * vctx_group_create() - make a task group
 * @id: of the context that it is for
 * @parent: the group that it is in, NULL for the root
 * @set: what it is set to
 *
 * Context: process, may sleep.
 * Return: the group, with a reference that percpu_ref_kill() gives back, or
 * NULL if there is no memory.
 */
struct vctx_group *vctx_group_create(u32 id, struct vctx_group *parent,
				     const struct vctx_group_settings *set)
{
	struct vctx_group *group = kzalloc(sizeof(*group), GFP_KERNEL_ACCOUNT);

	if (!group)
		return NULL;
	if (percpu_ref_init(&group->ref, vctx_group_release, 0,
			    GFP_KERNEL_ACCOUNT))
		goto free;
	group->id = id;
	init_irq_work(&group->throttled, vctx_group_notify);
	group->tg = vctx_group_alloc_tg(group, parent ? parent->tg :
					&root_task_group);
	if (!group->tg)
		goto exit;
	INIT_RCU_WORK(&group->free_work, vctx_group_free);
	group->parent = parent;
	if (parent)
		percpu_ref_get(&parent->ref);
	if (vctx_trim_add(group))
		goto kill;
	if (vctx_group_set(group, &vctx_group_default, set))
		goto kill;
	return group;

kill:
	percpu_ref_kill(&group->ref);
	return NULL;
exit:
	percpu_ref_exit(&group->ref);
free:
	kfree(group);
	return NULL;
}

/**
 * vctx_group_set() - change the settings of a task group
 * @group: the group
 * @old: what it is set to
 * @new: what it shall be set to; in range
 *
 * Context: process, may sleep.
 * Return: 0, or an errno and nothing has changed.
 */
int vctx_group_set(struct vctx_group *group,
		   const struct vctx_group_settings *old,
		   const struct vctx_group_settings *new)
{
	int err;

	/* Setting a cap anew would refill it. */
	if (old->quota_us != new->quota_us ||
	    old->period_us != new->period_us ||
	    old->burst_us != new->burst_us) {
		err = tg_set_cfs_bandwidth(group->tg,
					   new->period_us * NSEC_PER_USEC,
					   new->quota_us == VCTX_NO_QUOTA ?
					   RUNTIME_INF :
					   new->quota_us * NSEC_PER_USEC,
					   new->burst_us * NSEC_PER_USEC);
		if (err)
			return err;
	}
	/* An idle group has a weight of its own, and loses it with that. */
	sched_group_set_idle(group->tg, new->idle);
	vctx_trim_set_shares(group, new->idle ? 0 :
			     div_u64((u64)new->weight * NICE_0_LOAD,
				     VCTX_WEIGHT_DEFAULT));
	return 0;
}

/**
 * vctx_group_add_stat() - what the cap of a group has done
 * @group: the group
 * @stat: is added to
 *
 * Context: any.
 */
void vctx_group_add_stat(const struct vctx_group *group,
			 struct vctx_group_stat *stat)
{
	const struct cfs_bandwidth *cfs_b = &group->tg->cfs_bandwidth;

	stat->nr_periods += READ_ONCE(cfs_b->nr_periods);
	stat->nr_throttled += READ_ONCE(cfs_b->nr_throttled);
	stat->throttled_ns += READ_ONCE(cfs_b->throttled_time);
	stat->nr_bursts += READ_ONCE(cfs_b->nr_burst);
	stat->burst_ns += READ_ONCE(cfs_b->burst_time);
}

/**
 * vctx_group_move() - a task is in another group now
 * @task: whose vctx_task.group has been written
 *
 * Context: process; takes the run queue's lock.
 */
void vctx_group_move(struct task_struct *task)
{
	/* As an autogroup's, this is no business of sched_ext's cgroups. */
	sched_move_task(task, true);
}

/**
 * vctx_group_ordinary_fork() - take a real-time policy from a new task
 * @task: the task, which has not run yet and is on no list
 *
 * As SCHED_RESET_ON_FORK does, but for the nice value.
 *
 * Context: any.
 */
void vctx_group_ordinary_fork(struct task_struct *task)
{
	task->policy = SCHED_NORMAL;
	task->rt_priority = 0;
	task->timer_slack_ns = task->default_timer_slack_ns;
	task->normal_prio = task->static_prio;
	task->prio = task->static_prio;
	set_load_weight(task, false);
	task->sched_class = &fair_sched_class;
#ifdef CONFIG_SCHED_CLASS_EXT
	if (task_should_scx(task->policy))
		task->sched_class = &ext_sched_class;
#endif
}

/**
 * vctx_group_nice_fork() - give a new task another nice value
 * @task: the task, which has not run yet and is on no list
 * @nice: the value
 *
 * Context: any.
 */
void vctx_group_nice_fork(struct task_struct *task, int nice)
{
	task->static_prio = NICE_TO_PRIO(nice);
	if (fair_policy(task->policy)) {
		task->normal_prio = task->static_prio;
		task->prio = task->static_prio;
		set_load_weight(task, false);
	}
}
