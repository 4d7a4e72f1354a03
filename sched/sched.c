// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx sched: who has a task group, and who is in it
 *
 * A context with the flag "sched" has a task group, which nests in the group
 * of the nearest context above that has one.  A task is in the group of its
 * context or, if that has none, of the nearest one above.
 *
 * Groups come and go while members run, fork, exit and enter.  What a new task
 * and an entering one are put into is decided with cgroup_threadgroup_rwsem
 * held for reading, in fork until the task is on the list of tasks.  Whoever
 * changes groups holds it for writing and then moves all tasks on the list, so
 * it misses none.  A task that has left the list, but still runs, keeps its
 * group, which it pins.
 */

#include <linux/cgroup.h>
#include <linux/init.h>
#include <linux/kstrtox.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/percpu-rwsem.h>
#include <linux/rcupdate.h>
#include <linux/sched/loadavg.h>
#include <linux/sched/prio.h>
#include <linux/sched/rt.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <uapi/linux/sched/types.h>

#include "sched.h"

#define VCTX_WEIGHT_MAX		10000
#define VCTX_BANDWIDTH_MIN	USEC_PER_MSEC	/* of quota and period */
#define VCTX_PERIOD_MAX		USEC_PER_SEC
/* What the scheduler can multiply without an overflow: some 203 days */
#define VCTX_QUOTA_MAX		((u64)BIT_ULL(44) - 1)

/* So many tasks are made to follow new rules at once. */
#define VCTX_SCHED_BATCH	1024

static DEFINE_MUTEX(vctx_sched_correct_mutex);
static struct task_struct *vctx_sched_batch[VCTX_SCHED_BATCH];

static DEFINE_MUTEX(vctx_sched_mutex);

/* Contexts that have a group. */
static LIST_HEAD(vctx_sched_list);

/* The group for tasks of @vctx. */
static struct vctx_group *vctx_sched_group(const struct vctx *vctx)
{
	for (; vctx; vctx = vctx->parent) {
		struct vctx_group *group = READ_ONCE(vctx->sched.group);

		if (group)
			return group;
	}
	return NULL;
}

/* Rules for tasks */

static int vctx_sched_nice(const struct vctx *vctx)
{
	int nice = MIN_NICE;

	for (; vctx; vctx = vctx->parent)
		nice = max(nice, READ_ONCE(vctx->sched.nice));
	return nice;
}

/*
 * Real-time tasks are above all groups.  So where there is one, its context
 * says whether that may be.
 */
static bool vctx_sched_rt(const struct vctx *vctx)
{
	for (; vctx; vctx = vctx->parent)
		if (READ_ONCE(vctx->sched.group))
			return READ_ONCE(vctx->sched.rt);
	return true;
}

static bool vctx_sched_obeys(const struct task_struct *task)
{
	const struct vctx *vctx = task_vctx(task);

	return task_nice(task) >= vctx_sched_nice(vctx) &&
	       (!rt_or_dl_task_policy((struct task_struct *)task) ||
		vctx_sched_rt(vctx));
}

/**
 * vctx_sched_setnice() - may a task have this nice value?
 * @task: any
 * @nice: the value
 *
 * Context: any; @task is pinned.
 * Return: 0, or -EPERM if it is below what a context says.
 */
int vctx_sched_setnice(const struct task_struct *task, int nice)
{
	return nice < vctx_sched_nice(task_vctx(task)) ? -EPERM : 0;
}

int __vctx_setscheduler(const struct task_struct *task, int policy, int nice)
{
	const struct vctx *vctx = task_vctx(task);

	switch (policy) {
	case SCHED_FIFO:
	case SCHED_RR:
	case SCHED_DEADLINE:
		return vctx_sched_rt(vctx) ? 0 : -EPERM;
	case SCHED_IDLE:
		/* The nice value is not used, and stays as it is. */
		return 0;
	default:
		return nice < vctx_sched_nice(vctx) ? -EPERM : 0;
	}
}

/* Makes a task obey; it cannot go back. */
static void vctx_sched_correct(struct task_struct *task)
{
	const struct vctx *vctx = task_vctx(task);
	struct sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = SCHED_NORMAL,
		.sched_nice = max(task_nice(task), vctx_sched_nice(vctx)),
	};

	if (rt_or_dl_task_policy(task) && !vctx_sched_rt(vctx))
		sched_setattr_nocheck(task, &attr);
	else
		set_user_nice(task, attr.sched_nice);
}

/*
 * Makes all tasks of @top and below obey.  Whoever has been judged by the old
 * rules, under RCU, under the run queue's lock or in fork, has become what it
 * asked for, and is on the list of tasks, once this begins to look; and from
 * here on the new rules are what counts.  In the end all obey, or they cannot
 * be made to.
 */
static void vctx_sched_correct_all(const struct vctx *top)
{
	struct task_struct **batch = vctx_sched_batch;
	struct task_struct *p, *t;
	bool corrected;
	int i, nr;

	synchronize_rcu();
	percpu_down_write(&cgroup_threadgroup_rwsem);
	percpu_up_write(&cgroup_threadgroup_rwsem);

	mutex_lock(&vctx_sched_correct_mutex);
	do {
		nr = 0;
		rcu_read_lock();
		for_each_process_thread(p, t) {
			if (t->exit_state || vctx_sched_obeys(t) ||
			    !vctx_is_within(task_vctx(t), top))
				continue;
			batch[nr++] = get_task_struct(t);
			if (nr == VCTX_SCHED_BATCH)
				goto full;
		}
full:
		rcu_read_unlock();
		corrected = false;
		for (i = 0; i < nr; i++) {
			vctx_sched_correct(batch[i]);
			corrected |= vctx_sched_obeys(batch[i]);
			put_task_struct(batch[i]);
			cond_resched();
		}
	} while (corrected);
	mutex_unlock(&vctx_sched_correct_mutex);
}

/* Tasks and their groups */

struct task_group *__vctx_fork_group(struct task_struct *task,
				     struct task_group *tg)
{
	const struct vctx *vctx = task_vctx(task);
	struct vctx_group *group = vctx_sched_group(vctx);
	int nice = vctx_sched_nice(vctx);

	/* Its parent may have been made to obey since it was copied. */
	if (unlikely(rt_or_dl_task_policy(task)) && !vctx_sched_rt(vctx))
		vctx_group_ordinary_fork(task);
	/* SCHED_RESET_ON_FORK has set it to 0. */
	if (unlikely(task_nice(task) < nice))
		vctx_group_nice_fork(task, nice);
	if (!group)
		return tg;
	percpu_ref_get(&group->ref);
	task->vctx.group = group;
	return group->tg;
}

struct task_group *__vctx_task_group(struct task_struct *task,
				     struct task_group *tg)
{
	struct vctx_group *group = READ_ONCE(task->vctx.group);

	return group ? group->tg : tg;
}

/* Puts a task into the group for @vctx; returns the one that it was in. */
static struct vctx_group *vctx_sched_move(struct task_struct *task,
					  const struct vctx *vctx)
{
	struct vctx_task *blob = &task->vctx;
	struct vctx_group *old = blob->group;
	struct vctx_group *new = vctx_sched_group(vctx);

	if (old == new)
		return NULL;
	if (new)
		percpu_ref_get(&new->ref);
	WRITE_ONCE(blob->group, new);
	vctx_group_move(task);
	return old;
}

/**
 * vctx_sched_enter() - current enters a context
 * @to: the context, of which current is a member from now on
 *
 * Context: cgroup_threadgroup_rwsem is held for reading.
 * Return: what vctx_sched_entered() needs.
 */
struct vctx_group *vctx_sched_enter(struct vctx *to)
{
	return vctx_sched_move(current, to);
}

/**
 * vctx_sched_entered() - current has entered a context
 * @from: group that it was in
 *
 * Context: process, may sleep.
 */
void vctx_sched_entered(struct vctx_group *from)
{
	if (from)
		percpu_ref_put(&from->ref);
	if (!vctx_sched_obeys(current))
		vctx_sched_correct(current);
}

/**
 * vctx_sched_task_free() - a task is gone
 * @blob: of the task
 *
 * Context: any, but without a run queue's lock.
 */
void vctx_sched_task_free(struct vctx_task *blob)
{
	if (blob->group)
		percpu_ref_put(&blob->group->ref);
}

/* Contexts and their groups */

/* The group that the one of @vctx has to be in, when the next ones are there. */
static struct vctx_group *vctx_sched_above(const struct vctx *vctx,
					   const struct vctx *off)
{
	while ((vctx = vctx->parent)) {
		if (vctx->sched.next)
			return vctx->sched.next;
		if (vctx->sched.group && vctx != off)
			return vctx->sched.group;
	}
	return NULL;
}

static void vctx_sched_cancel(void)
{
	struct vctx *v;

	list_for_each_entry(v, &vctx_sched_list, sched.node) {
		if (v->sched.next)
			percpu_ref_kill(&v->sched.next->ref);
		v->sched.next = NULL;
	}
}

/* Groups cannot be hung elsewhere, so those below @vctx are made anew. */
static int vctx_sched_prepare(struct vctx *vctx, bool on)
{
	struct vctx *v;
	u32 depth;

	for (depth = vctx->depth; depth <= VCTX_MAX_DEPTH; depth++)
		list_for_each_entry(v, &vctx_sched_list, sched.node) {
			struct vctx_group *above;

			if (v->depth != depth || !vctx_is_within(v, vctx) ||
			    (v == vctx && !on))
				continue;
			above = vctx_sched_above(v, on ? NULL : vctx);
			v->sched.next = vctx_group_create(v->id, above,
							  &v->sched.set);
			if (!v->sched.next)
				return -ENOMEM;
		}
	return 0;
}

static void vctx_sched_move_all(const struct vctx *top)
{
	struct task_struct *p, *t;
	struct vctx_group *old;

	rcu_read_lock();
	for_each_process_thread(p, t) {
		const struct vctx *vctx = task_vctx(t);

		if (likely(!vctx_is_within(vctx, top)))
			continue;
		old = vctx_sched_move(t, vctx);
		if (old)
			percpu_ref_put(&old->ref);
	}
	rcu_read_unlock();
}

/* Lets the next groups take the places of those that are. */
static void vctx_sched_replace(struct vctx *vctx)
{
	struct vctx_group *former;
	struct vctx *v;

	percpu_down_write(&cgroup_threadgroup_rwsem);
	list_for_each_entry(v, &vctx_sched_list, sched.node) {
		if (v != vctx && !v->sched.next)
			continue;
		/* From here on next is the former one. */
		former = v->sched.group;
		/* Who finds it finds it complete: vctx_sched_group() */
		smp_store_release(&v->sched.group, v->sched.next);
		v->sched.next = former;
	}
	vctx_sched_move_all(vctx);
	percpu_up_write(&cgroup_threadgroup_rwsem);

	list_for_each_entry(v, &vctx_sched_list, sched.node)
		if (v->sched.next)
			vctx_group_add_stat(v->sched.next, &v->sched.past);
	vctx_sched_cancel();
}

/*
 * A context that nobody is in, and nothing below, needs no search for tasks.
 * Who enters it takes a place in vctx.live before it looks for the group.
 */
static bool vctx_sched_alone(const struct vctx *vctx, u32 own)
{
	/*
	 * Pairs with vctx_live_get(), which is a full barrier: either the place
	 * is seen here, or the group that was just written is seen there.
	 */
	smp_mb();
	return (atomic64_read(&vctx->live) & ~VCTX_LIVE_MKDIR) == own;
}

static int vctx_sched_on(struct vctx *vctx, u32 own)
{
	struct vctx_sched *sched = &vctx->sched;
	int err;

	list_add_tail(&sched->node, &vctx_sched_list);
	err = vctx_sched_prepare(vctx, true);
	if (err) {
		vctx_sched_cancel();
		list_del(&sched->node);
		return err;
	}
	if (vctx_sched_alone(vctx, own)) {
		/* As in vctx_sched_replace() */
		smp_store_release(&sched->group, sched->next);
		sched->next = NULL;
		if (!vctx_sched_alone(vctx, own)) {
			percpu_down_write(&cgroup_threadgroup_rwsem);
			vctx_sched_move_all(vctx);
			percpu_up_write(&cgroup_threadgroup_rwsem);
		}
	} else {
		vctx_sched_replace(vctx);
	}
	vctx_set_flags(vctx, VCTX_FLAG_SCHED);
	return 0;
}

static int vctx_sched_off(struct vctx *vctx)
{
	int err = vctx_sched_prepare(vctx, false);

	if (err) {
		vctx_sched_cancel();
		return err;
	}
	vctx_sched_replace(vctx);
	list_del(&vctx->sched.node);
	if (!(atomic_fetch_andnot(VCTX_FLAG_SCHED, &vctx->flags) &
	      VCTX_FLAG_VIRT))
		memset(vctx->avenrun, 0, sizeof(vctx->avenrun));
	return 0;
}

static int vctx_sched_turn_locked(struct vctx *vctx, bool on, u32 own)
{
	lockdep_assert_held(&vctx_sched_mutex);

	if (on == !!vctx->sched.group)
		return 0;
	return on ? vctx_sched_on(vctx, own) : vctx_sched_off(vctx);
}

/**
 * vctx_sched_turn() - give a context a task group, or take it away
 * @vctx: the context, online
 * @on: which
 * @own: places of members that the caller has taken in it, for no task yet
 *
 * Context: process, may sleep.
 * Return: 1 if it has changed, 0 if it was so; -ENOMEM, and nothing has changed.
 */
int vctx_sched_turn(struct vctx *vctx, bool on, u32 own)
{
	bool changes;
	int err;

	mutex_lock(&vctx_sched_mutex);
	changes = on != !!vctx->sched.group;
	err = vctx_sched_turn_locked(vctx, on, own);
	mutex_unlock(&vctx_sched_mutex);
	/* Nobody is in it: nobody has to be corrected. */
	if (!err && changes && !vctx_sched_alone(vctx, own))
		vctx_sched_correct_all(vctx);
	return err ?: changes;
}

/**
 * vctx_sched_alloc() - a context is being made
 * @vctx: the context
 *
 * Context: any.
 */
void vctx_sched_alloc(struct vctx *vctx)
{
	vctx->sched.set.weight = VCTX_WEIGHT_DEFAULT;
	vctx->sched.set.quota_us = VCTX_NO_QUOTA;
	vctx->sched.set.period_us = VCTX_PERIOD_DEFAULT;
	vctx->sched.nice = MIN_NICE;
}

/**
 * vctx_sched_offline() - a context has ended
 * @vctx: the context, with no member and no child
 *
 * Context: process, may sleep.
 */
void vctx_sched_offline(struct vctx *vctx)
{
	struct vctx_sched *sched = &vctx->sched;

	mutex_lock(&vctx_sched_mutex);
	if (sched->group) {
		list_del(&sched->node);
		percpu_ref_kill(&sched->group->ref);
		WRITE_ONCE(sched->group, NULL);
	}
	mutex_unlock(&vctx_sched_mutex);
}

/* By its groups up to now */
static struct vctx_group_stat vctx_sched_stat(struct vctx *vctx)
{
	const struct vctx_sched *sched = &vctx->sched;
	struct vctx_group_stat stat = sched->past;

	lockdep_assert_held(&vctx_sched_mutex);
	if (sched->group)
		vctx_group_add_stat(sched->group, &stat);
	return stat;
}

/**
 * vctx_sched_nr_throttled() - in how many periods its cap has stopped a context
 * @vctx: the context
 *
 * Context: process, may sleep.
 */
u64 vctx_sched_nr_throttled(struct vctx *vctx)
{
	struct vctx_group_stat stat;

	mutex_lock(&vctx_sched_mutex);
	stat = vctx_sched_stat(vctx);
	mutex_unlock(&vctx_sched_mutex);
	return stat.nr_throttled;
}

/* The file "sched" */

static u32 vctx_sched_running(const struct vctx *vctx)
{
	struct task_struct *p, *t;
	u32 nr = 0;

	rcu_read_lock();
	for_each_process_thread(p, t)
		if (task_is_running(t) && vctx_is_within(task_vctx(t), vctx))
			nr++;
	rcu_read_unlock();
	return nr;
}

static void vctx_sched_key(struct seq_file *m, const char *key, u64 value)
{
	seq_puts(m, key);
	seq_put_decimal_ull(m, " ", value);
	seq_putc(m, '\n');
}

/* Sampled as long as there is a group, see vctx_set_flags(). */
static void vctx_sched_show_load(struct seq_file *m, const struct vctx *vctx)
{
	static const int minutes[] = { 1, 5, 15 };
	int i;

	for (i = 0; i < ARRAY_SIZE(minutes); i++) {
		unsigned long load = READ_ONCE(vctx->avenrun[i]) + FIXED_1 / 200;

		seq_printf(m, "load%d %lu.%02lu\n", minutes[i], LOAD_INT(load),
			   LOAD_FRAC(load));
	}
}

static int vctx_sched_show(struct seq_file *m, struct vctx *vctx)
{
	const struct vctx_sched *sched = &vctx->sched;
	struct vctx_group_stat stat;
	u64 user, system;

	mutex_lock(&vctx_sched_mutex);
	seq_printf(m, "sched %s\nweight %u\nidle %d\nmax ",
		   sched->group ? "on" : "off", sched->set.weight,
		   sched->set.idle);
	if (sched->set.quota_us == VCTX_NO_QUOTA)
		seq_puts(m, "max");
	else
		seq_put_decimal_ull(m, "", sched->set.quota_us);
	seq_printf(m, " %llu\nburst %llu\nnice %d\nrt %s\n",
		   sched->set.period_us, sched->set.burst_us, sched->nice,
		   sched->rt ? "allow" : "deny");
	stat = vctx_sched_stat(vctx);
	mutex_unlock(&vctx_sched_mutex);

	vctx_cputime(vctx, &user, &system);
	vctx_sched_key(m, "usage_usec", div_u64(vctx_cpu_ns(vctx), NSEC_PER_USEC));
	vctx_sched_key(m, "user_usec", div_u64(user, NSEC_PER_USEC));
	vctx_sched_key(m, "system_usec", div_u64(system, NSEC_PER_USEC));
	vctx_sched_key(m, "wait_usec",
		       div_u64(vctx_account_sum(vctx, VCTX_ACCOUNT_WAIT),
			       NSEC_PER_USEC));
	vctx_sched_key(m, "nr_periods", stat.nr_periods);
	vctx_sched_key(m, "nr_throttled", stat.nr_throttled);
	vctx_sched_key(m, "throttled_usec",
		       div_u64(stat.throttled_ns, NSEC_PER_USEC));
	vctx_sched_key(m, "nr_bursts", stat.nr_bursts);
	vctx_sched_key(m, "burst_usec", div_u64(stat.burst_ns, NSEC_PER_USEC));
	vctx_sched_key(m, "nr_switches",
		       vctx_account_sum(vctx, VCTX_ACCOUNT_NVCSW) +
		       vctx_account_sum(vctx, VCTX_ACCOUNT_NIVCSW));
	vctx_sched_key(m, "running", vctx_sched_running(vctx));
	vctx_sched_show_load(m, vctx);
	return 0;
}

/* What a line asks for, on top of what there is. */
struct vctx_sched_new {
	struct vctx_group_settings set;
	int nice;
	bool rt;
	bool on;
};

static int vctx_sched_error(struct vctx *vctx, int err, const char *why)
{
	WRITE_ONCE(vctx->last_error, why);
	return err;
}

/* A decimal number from @min to @max */
static int vctx_sched_number(const char *word, u64 min, u64 max, u64 *value)
{
	int err;

	/* kstrtou64() takes a plus sign */
	if (!word || *word < '0' || *word > '9')
		return -EINVAL;
	err = kstrtou64(word, 10, value);
	if (!err && (*value < min || *value > max))
		err = -ERANGE;
	return err;
}

/* One of two words, or the digit 0 or 1 */
static int vctx_sched_choice(const char *word, const char *no, const char *yes,
			     bool *value)
{
	*value = word && !strcmp(word, yes);
	return *value || (word && !strcmp(word, no)) ? 0 : -EINVAL;
}

static int vctx_sched_parse_weight(char **line, struct vctx_sched_new *new)
{
	u64 value;
	int err = vctx_sched_number(strsep(line, " "), 1, VCTX_WEIGHT_MAX,
				    &value);

	if (!err)
		new->set.weight = value;
	return err;
}

static int vctx_sched_parse_idle(char **line, struct vctx_sched_new *new)
{
	return vctx_sched_choice(strsep(line, " "), "0", "1", &new->set.idle);
}

/* QUOTA [PERIOD]: a key is no number, so what follows tells. */
static int vctx_sched_parse_max(char **line, struct vctx_sched_new *new)
{
	char *word = strsep(line, " ");
	int err = 0;

	if (word && !strcmp(word, "max"))
		new->set.quota_us = VCTX_NO_QUOTA;
	else
		err = vctx_sched_number(word, VCTX_BANDWIDTH_MIN,
					VCTX_QUOTA_MAX, &new->set.quota_us);
	if (err || !*line || **line < '0' || **line > '9')
		return err;
	return vctx_sched_number(strsep(line, " "), VCTX_BANDWIDTH_MIN,
				 VCTX_PERIOD_MAX, &new->set.period_us);
}

static int vctx_sched_parse_burst(char **line, struct vctx_sched_new *new)
{
	return vctx_sched_number(strsep(line, " "), 0, VCTX_QUOTA_MAX,
				 &new->set.burst_us);
}

static int vctx_sched_parse_nice(char **line, struct vctx_sched_new *new)
{
	const char *word = strsep(line, " ");
	bool minus = word && *word == '-';
	u64 value;
	int err;

	err = vctx_sched_number(minus ? word + 1 : word, 0,
				minus ? -MIN_NICE : MAX_NICE, &value);
	if (!err)
		new->nice = minus ? -(int)value : value;
	return err;
}

static int vctx_sched_parse_rt(char **line, struct vctx_sched_new *new)
{
	return vctx_sched_choice(strsep(line, " "), "deny", "allow", &new->rt);
}

static int vctx_sched_parse_sched(char **line, struct vctx_sched_new *new)
{
	return vctx_sched_choice(strsep(line, " "), "off", "on", &new->on);
}

static const struct {
	const char *name;
	int (*parse)(char **line, struct vctx_sched_new *new);
	const char *range;
	const char *syntax;
} vctx_sched_keys[] = {
	{ "sched", vctx_sched_parse_sched, NULL, "sched is on or off" },
	{ "weight", vctx_sched_parse_weight,
	  "a weight is from 1 to 10000", "a weight is a decimal number" },
	{ "idle", vctx_sched_parse_idle, NULL, "idle is 0 or 1" },
	{ "max", vctx_sched_parse_max,
	  "max: at least 1000 us, in a period of at most 1000000 us",
	  "max is followed by a time in us or max, and a period in us if wanted" },
	{ "burst", vctx_sched_parse_burst,
	  "a burst is too large", "a burst is a time in us" },
	{ "nice", vctx_sched_parse_nice,
	  "a nice value is from -20 to 19", "a nice value is a decimal number" },
	{ "rt", vctx_sched_parse_rt, NULL, "rt is allow or deny" },
};

/* "KEY VALUE [KEY VALUE ...]" into @new, which has what is */
static int vctx_sched_parse(struct vctx *vctx, char *line,
			    struct vctx_sched_new *new)
{
	char *word;
	int i, err;

	while ((word = strsep(&line, " "))) {
		for (i = 0; i < ARRAY_SIZE(vctx_sched_keys); i++)
			if (!strcmp(word, vctx_sched_keys[i].name))
				break;
		if (i == ARRAY_SIZE(vctx_sched_keys))
			return vctx_sched_error(vctx, -EINVAL,
						"keys are: sched, weight, idle, max, burst, nice, rt");
		err = vctx_sched_keys[i].parse(&line, new);
		if (err)
			return vctx_sched_error(vctx, err, err == -ERANGE ?
						vctx_sched_keys[i].range :
						vctx_sched_keys[i].syntax);
	}
	if (new->set.quota_us == VCTX_NO_QUOTA)
		return 0;
	if (new->set.burst_us > new->set.quota_us)
		return vctx_sched_error(vctx, -EINVAL,
					"a burst is above the quota");
	if (new->set.burst_us + new->set.quota_us > VCTX_QUOTA_MAX)
		return vctx_sched_error(vctx, -ERANGE,
					"quota and burst are too large");
	return 0;
}

static int vctx_sched_apply(struct vctx *vctx, const struct vctx_sched_new *new)
{
	struct vctx_sched *sched = &vctx->sched;
	struct vctx_group_settings old = sched->set;
	int err = 0;

	if (sched->group && new->on)
		err = vctx_group_set(sched->group, &old, &new->set);
	if (err)
		return vctx_sched_error(vctx, err, "the scheduler refuses");
	sched->set = new->set;
	err = vctx_sched_turn_locked(vctx, new->on, 0);
	if (err) {
		sched->set = old;
		return vctx_sched_error(vctx, err, "out of memory");
	}
	WRITE_ONCE(sched->nice, new->nice);
	WRITE_ONCE(sched->rt, new->rt);
	return 0;
}

static int vctx_sched_write(struct vctx *vctx, char *line)
{
	struct vctx_sched *sched = &vctx->sched;
	struct vctx_sched_new new;
	bool stricter = false;
	int err;

	mutex_lock(&vctx_sched_mutex);
	new.set = sched->set;
	new.nice = sched->nice;
	new.rt = sched->rt;
	new.on = sched->group;
	err = vctx_sched_parse(vctx, line, &new);
	if (!err) {
		stricter = new.nice > sched->nice || new.on != !!sched->group ||
			   (new.on && !new.rt && sched->rt);
		err = vctx_sched_apply(vctx, &new);
	}
	mutex_unlock(&vctx_sched_mutex);
	if (!err && stricter)
		vctx_sched_correct_all(vctx);
	return err;
}

static const struct vctxfs_file vctx_sched_files[] = {
	{ "sched", 0644, vctx_sched_show, vctx_sched_write },
};

void __init vctx_sched_init(void)
{
	vctxfs_add_files(vctx_sched_files, ARRAY_SIZE(vctx_sched_files));
}
