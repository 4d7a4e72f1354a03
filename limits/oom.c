// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx limits: making room under a hard limit on resident memory
 *
 * What is resident cannot be reclaimed here: whoever uses most of it, among the
 * members of the context whose limit is in the way and of those below it, is
 * killed.  Never a stranger; and only one at a time, so long as it ends.
 */

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/oom.h>
#include <linux/printk.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "limits.h"

/* How long one that was killed may take to end before another is killed. */
#define VCTX_OOM_PATIENCE	HZ
#define VCTX_OOM_WAIT		max(HZ / 100, 1)

/* Outside: mmap_lock and what a fault may hold. Inside: no lock that sleeps. */
static DEFINE_MUTEX(vctx_oom_mutex);

/* The memory of a process: the first thread may have ended.  Pinned. */
static struct mm_struct *oom_get_mm(struct task_struct *p)
{
	struct mm_struct *mm = NULL;
	struct task_struct *t;

	rcu_read_lock();
	for_each_thread(p, t) {
		task_lock(t);
		mm = t->mm;
		if (mm)
			mmgrab(mm);
		task_unlock(t);
		if (mm)
			break;
	}
	rcu_read_unlock();
	return mm;
}

static unsigned long oom_points(struct task_struct *p, enum vctx_resource res)
{
	struct mm_struct *mm = oom_get_mm(p);
	unsigned long points;

	if (!mm)
		return 0;
	points = res == VCTX_ANON ? get_mm_counter(mm, MM_ANONPAGES) :
				    get_mm_rss(mm);
	mmdrop(mm);
	/* It has memory, as small as that may be. */
	return points + 1;
}

/*
 * Whom to kill, pinned: the largest, and current rather than another that is as
 * large.  NULL if there is none.  @ends: one that is ending has memory yet.
 */
static struct task_struct *oom_select(struct vctx *over, enum vctx_resource res,
				      bool *ends)
{
	struct task_struct *victim = NULL, *p;
	unsigned long most = 0;

	*ends = false;
	rcu_read_lock();
	for_each_process(p) {
		bool self = same_thread_group(p, current);
		unsigned long points;

		if (!vctx_is_within(task_vctx(p), over) || is_global_init(p))
			continue;
		points = oom_points(p, res);
		if (!points)
			continue;
		if (READ_ONCE(p->signal->flags) & SIGNAL_GROUP_EXIT) {
			*ends = true;
			continue;
		}
		/* Who is not to be killed gets no memory instead. */
		if (p->signal->oom_score_adj == OOM_SCORE_ADJ_MIN && !self)
			continue;
		if (points > most || (points == most && self)) {
			most = points;
			victim = p;
		}
	}
	if (victim)
		get_task_struct(victim);
	rcu_read_unlock();
	return victim;
}

/* With all that share its memory: else none of it is released. */
static void oom_kill(struct vctx *over, enum vctx_resource res,
		     struct task_struct *victim)
{
	struct mm_struct *mm = oom_get_mm(victim);
	char name[VCTX_NAME_LEN];
	struct task_struct *p;

	if (!mm)
		return;

	vctx_get_name(over, name);
	pr_info_ratelimited("vctx: context %u (%s) reached its hard limit on %s: killed process %d (%s)\n",
			    over->id, name, vctx_resource[res].name,
			    task_tgid_nr(victim), victim->comm);
	atomic64_inc(&over->oom_kills);
	vctxfs_notify(over);

	do_send_sig_info(SIGKILL, SEND_SIG_PRIV, victim, PIDTYPE_TGID);
	rcu_read_lock();
	for_each_process(p)
		if (!same_thread_group(p, victim) && process_shares_mm(p, mm))
			do_send_sig_info(SIGKILL, SEND_SIG_PRIV, p, PIDTYPE_TGID);
	rcu_read_unlock();

	if (over->oom_mm)
		mmdrop(over->oom_mm);
	over->oom_mm = mm;
	over->oom_at = jiffies;
}

/* May another be killed, or does one that is ending need time? */
static bool oom_due(struct vctx *over, bool ends)
{
	unsigned long since = jiffies - over->oom_at;

	/* Who was killed is not seen any more, and its memory is there yet. */
	if (over->oom_mm && READ_ONCE(over->oom_mm->vctx))
		return since > VCTX_OOM_PATIENCE;
	if (!ends)
		return true;
	if (since > 2 * VCTX_OOM_PATIENCE) {
		/* Nobody has waited for it yet. */
		over->oom_at = jiffies;
		return false;
	}
	return since > VCTX_OOM_PATIENCE;
}

static bool oom_room(struct vctx *over, enum vctx_resource res)
{
	struct vctx_counter *c = &over->counter[res];

	return vctx_counter_usage(c) < READ_ONCE(c->hard);
}

/**
 * vctx_oom() - make room under a hard limit, and wait a little
 * @over: context whose limit it is: that of current or one above it
 * @res: VCTX_RSS or VCTX_ANON
 *
 * Context: process, may sleep; a few milliseconds, whatever others hold.
 * Return: true if it may have helped; false if current is being killed.
 */
bool vctx_oom(struct vctx *over, enum vctx_resource res)
{
	struct task_struct *victim;
	bool ends;

	if (mutex_lock_killable(&vctx_oom_mutex))
		return false;
	if (oom_room(over, res)) {
		mutex_unlock(&vctx_oom_mutex);
		return true;
	}
	victim = oom_select(over, res, &ends);
	if (victim && oom_due(over, ends))
		oom_kill(over, res, victim);
	mutex_unlock(&vctx_oom_mutex);

	if (victim)
		put_task_struct(victim);
	if (!fatal_signal_pending(current))
		schedule_timeout_killable(VCTX_OOM_WAIT);
	return !fatal_signal_pending(current);
}
