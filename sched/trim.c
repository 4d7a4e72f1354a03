// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx: shares of contexts on several CPUs, over seconds
 *
 * Each CPU divides its time among the groups on it exactly as their weights
 * say.  But tasks are whole, and the load balancer leaves CPUs alone whose
 * loads differ by less than a sixth, so a group whose tasks are on the busier
 * CPUs gets some percent less than its weight says, for as long as nothing
 * moves.  That is why shares of cgroups are off by a point or two.
 *
 * What is missing is a memory of who has had how much.  So ten times a second
 * the groups of one level that are *hungry* are compared: those that wanted to
 * run all the time wherever they had tasks.  They divide the CPU time that they
 * have had together by their weights, which says what was *due* to each, and
 * the difference to what it used is added to its *lag*.  The group's weight is
 * multiplied with a factor near one that pays the lag back within a second.
 *
 * Who sleeps, is throttled or has too few tasks for what is due to it is not
 * hungry: it is not compared, gets no credit, and its factor goes back to one.
 * The factor is bounded, so that a mistake here costs a group no more than what
 * the load balancer may cost it.  Nothing happens on a single CPU, nor with
 * less than two groups, and little as long as no two are hungry.
 */

#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/mmu_context.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/timekeeping.h>
#include <linux/vctx.h>
#include <linux/workqueue.h>

#include "sched.h"
#include "pelt.h"

#define VCTX_TRIM_INTERVAL	(HZ / 10)
/* With more groups and CPUs than this, at longer intervals. */
#define VCTX_TRIM_QUICK		1024
/* As long as nobody competes, at intervals so many times as long */
#define VCTX_TRIM_REST		4

#define VCTX_TRIM_ONE		1024L
#define VCTX_TRIM_MAX		(VCTX_TRIM_ONE / 5)
/* What took so many intervals is no measure. */
#define VCTX_TRIM_LATE		8
/* In so many intervals the lag is paid back. */
#define VCTX_TRIM_PAYBACK	8
/* A change of the factor that is worth the locks of all run queues */
#define VCTX_TRIM_STEP		3

static void vctx_trim(struct work_struct *work);

/* Work that can wait does not wake an idle CPU. */
static DECLARE_DEFERRABLE_WORK(vctx_trim_work, vctx_trim);
static DEFINE_MUTEX(vctx_trim_mutex);
static LIST_HEAD(vctx_trim_list);
static unsigned int vctx_trim_nr;
static u64 vctx_trim_at;
static bool vctx_trim_resting;

/* Of those that are in no group */
static struct vctx_trim_sum vctx_trim_root;

static unsigned long vctx_trim_interval(void)
{
	unsigned long size = vctx_trim_nr * num_online_cpus();

	return VCTX_TRIM_INTERVAL * (1 + size / VCTX_TRIM_QUICK);
}

static void vctx_trim_queue(void)
{
	if (vctx_trim_nr > 1 && num_possible_cpus() > 1)
		queue_delayed_work(system_unbound_wq, &vctx_trim_work,
				   vctx_trim_interval() *
				   (vctx_trim_resting ? VCTX_TRIM_REST : 1));
}

/**
 * vctx_trim_add() - a group has been made
 * @group: the group
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM; vctx_trim_remove() has to follow in both cases.
 */
int vctx_trim_add(struct vctx_group *group)
{
	struct vctx_trim *trim = &group->trim;

	INIT_LIST_HEAD(&trim->node);
	trim->shares = NICE_0_LOAD;
	trim->factor = VCTX_TRIM_ONE;
	trim->counted = alloc_percpu_gfp(u64, GFP_KERNEL_ACCOUNT);
	if (!trim->counted)
		return -ENOMEM;

	mutex_lock(&vctx_trim_mutex);
	list_add(&trim->node, &vctx_trim_list);
	vctx_trim_nr++;
	vctx_trim_queue();
	mutex_unlock(&vctx_trim_mutex);
	return 0;
}

/**
 * vctx_trim_remove() - a group is about to be freed
 * @group: the group, with no task in it
 *
 * Context: process, may sleep.
 */
void vctx_trim_remove(struct vctx_group *group)
{
	struct vctx_trim *trim = &group->trim;

	mutex_lock(&vctx_trim_mutex);
	if (!list_empty(&trim->node)) {
		list_del(&trim->node);
		vctx_trim_nr--;
	}
	mutex_unlock(&vctx_trim_mutex);
	free_percpu(trim->counted);
}

static void vctx_trim_apply(struct vctx_group *group)
{
	if (group->trim.shares)
		sched_group_set_shares(group->tg, group->trim.shares *
				       group->trim.factor / VCTX_TRIM_ONE);
}

/**
 * vctx_trim_set_shares() - change the weight of a group
 * @group: the group
 * @shares: the weight as the scheduler has it, 0 if the group is idle
 *
 * Context: process, may sleep.
 */
void vctx_trim_set_shares(struct vctx_group *group, unsigned long shares)
{
	mutex_lock(&vctx_trim_mutex);
	group->trim.shares = shares;
	vctx_trim_apply(group);
	mutex_unlock(&vctx_trim_mutex);
}

/*
 * Without locks: what is read may be some microseconds old, and what the
 * running task has used since the last tick is counted the next time.
 */
static void vctx_trim_measure(struct vctx_group *group)
{
	struct vctx_trim *trim = &group->trim;
	int cpu;

	trim->used = 0;
	trim->cpus = 0;
	trim->hungry = trim->shares && !percpu_ref_is_zero(&group->ref);
	for_each_online_cpu(cpu) {
		struct sched_entity *se = group->tg->se[cpu];
		u64 *counted = per_cpu_ptr(trim->counted, cpu);
		u64 used = READ_ONCE(se->sum_exec_runtime) - *counted;
		bool queued = READ_ONCE(se->on_rq);

		*counted += used;
		if (!used && !queued)
			continue;
		trim->used += used;
		trim->cpus++;
		/* Runnable, as the scheduler remembers some tenths of a second */
		if (!queued || READ_ONCE(se->avg.load_sum) <
			       get_pelt_divider(&se->avg) / 10 * 9)
			trim->hungry = false;
	}
	if (!trim->cpus)
		trim->hungry = false;
}

static struct vctx_trim_sum *vctx_trim_level(const struct vctx_group *group)
{
	return group->parent ? &group->parent->trim.below : &vctx_trim_root;
}

/*
 * Who cannot use what is due to it, since it is on too few CPUs, is not
 * compared; that makes more due to the others.  True if there was such a one.
 */
static bool vctx_trim_compare(u64 interval)
{
	struct vctx_group *group;
	bool excluded = false;

	vctx_trim_root = (struct vctx_trim_sum) {};
	list_for_each_entry(group, &vctx_trim_list, trim.node)
		group->trim.below = (struct vctx_trim_sum) {};
	list_for_each_entry(group, &vctx_trim_list, trim.node) {
		struct vctx_trim_sum *sum = vctx_trim_level(group);

		if (group->trim.hungry) {
			sum->used += group->trim.used;
			sum->shares += group->trim.shares;
		}
	}
	list_for_each_entry(group, &vctx_trim_list, trim.node) {
		const struct vctx_trim_sum *sum = vctx_trim_level(group);
		struct vctx_trim *trim = &group->trim;

		if (!trim->hungry)
			continue;
		trim->due = mul_u64_u64_div_u64(sum->used, trim->shares,
						sum->shares);
		if (trim->due > trim->cpus * interval) {
			trim->hungry = false;
			excluded = true;
		}
	}
	return excluded;
}

/* Is there anybody that takes from another? */
static bool vctx_trim_contested(void)
{
	struct vctx_group *group;

	list_for_each_entry(group, &vctx_trim_list, trim.node)
		if (group->trim.hungry &&
		    group->trim.shares < vctx_trim_level(group)->shares)
			return true;
	return false;
}

static void vctx_trim_adjust(struct vctx_group *group)
{
	struct vctx_trim *trim = &group->trim;
	s64 due = max(trim->due, 1ULL);
	s64 bound = due * VCTX_TRIM_PAYBACK * VCTX_TRIM_MAX / VCTX_TRIM_ONE;
	long factor;

	if (trim->hungry)
		trim->lag = clamp(trim->lag + due - (s64)trim->used,
				  -bound, bound);
	else
		trim->lag /= 2;
	factor = VCTX_TRIM_ONE + div64_s64(trim->lag * VCTX_TRIM_ONE,
					   due * VCTX_TRIM_PAYBACK);
	factor = clamp(factor, VCTX_TRIM_ONE - VCTX_TRIM_MAX,
		       VCTX_TRIM_ONE + VCTX_TRIM_MAX);
	if (abs(factor - trim->factor) < VCTX_TRIM_STEP)
		return;
	trim->factor = factor;
	vctx_trim_apply(group);
}

static void vctx_trim(struct work_struct *work)
{
	u64 now = ktime_get_ns();
	struct vctx_group *group;
	bool late, contested;

	mutex_lock(&vctx_trim_mutex);
	/* Nothing is known of how they competed if nobody has looked. */
	late = now - vctx_trim_at >
	       VCTX_TRIM_LATE * jiffies_to_nsecs(vctx_trim_interval());
	list_for_each_entry(group, &vctx_trim_list, trim.node) {
		vctx_trim_measure(group);
		if (late)
			group->trim.hungry = false;
	}
	while (vctx_trim_compare(now - vctx_trim_at))
		;
	contested = vctx_trim_contested();
	list_for_each_entry(group, &vctx_trim_list, trim.node) {
		/* Some of that time they may not have competed yet. */
		if (vctx_trim_resting)
			group->trim.hungry = false;
		vctx_trim_adjust(group);
	}
	vctx_trim_resting = !contested;
	vctx_trim_at = now;
	vctx_trim_queue();
	mutex_unlock(&vctx_trim_mutex);
}
