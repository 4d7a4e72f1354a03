// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx: making, finding and ending contexts
 */

#include <linux/ctype.h>
#include <linux/init.h>
#include <linux/ipc_namespace.h>
#include <linux/kernfs.h>
#include <linux/mutex.h>
#include <linux/sched/cputime.h>

#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "limits/limits.h"
#include "net.h"
#include "sched/sched.h"
#include "vctx.h"

#define CREATE_TRACE_POINTS
#include <trace/events/vctx.h>

/*
 * Contexts by id.  An id is reserved (an entry that reads as NULL) while its
 * context is made, and erased after its directory is gone.  Readers use RCU:
 * the memory outlives the entry by a grace period, since percpu_ref_kill()
 * waits for one.
 */
static DEFINE_XARRAY_ALLOC(vctx_ids);
static u32 vctx_next_id = VCTX_ID_DYNAMIC_MIN;

/* Woken when an id becomes free. */
static DECLARE_WAIT_QUEUE_HEAD(vctx_gone);

/* One at a time makes a context with a given id, so none sees a reserved id. */
static DEFINE_MUTEX(vctx_static_mutex);

static DEFINE_MUTEX(vctx_name_mutex);
static DEFINE_SPINLOCK(vctx_name_lock);

static struct workqueue_struct *vctx_wq;

static atomic64_t vctx_last_serial = ATOMIC64_INIT(0);

static void vctx_free_work(struct work_struct *work)
{
	struct vctx *vctx = container_of(work, struct vctx, free_work);
	int i;

	for (i = 0; i < VCTX_NR_RESOURCES; i++) {
		long left = vctx_counter_settle(&vctx->counter[i]);

		WARN_ONCE(left && !vctx_resource[i].cumulative,
			  "vctx: %s of context %u is %ld at its end\n",
			  vctx_resource[i].name, vctx->id, left);
	}
	timer_shutdown_sync(&vctx->notify_timer);
	if (vctx->events)
		kernfs_put(vctx->events);
	if (vctx->parent)
		vctx_put(vctx->parent);
	put_pid(vctx->init);
	if (vctx->oom_mm)
		mmdrop(vctx->oom_mm);
	vctx_devices_free(vctx);
	vctx_net_free(vctx);
	percpu_ref_exit(&vctx->ref);
	free_percpu(vctx->cpu);
	kfree(vctx);
}

static void vctx_ref_release(struct percpu_ref *ref)
{
	struct vctx *vctx = container_of(ref, struct vctx, ref);

	/* Freeing sleeps, and this may be softirq. */
	queue_work(vctx_wq, &vctx->free_work);
}

/*
 * Comes after all that somebody may wait for, since users can put it off by
 * listing the queues.
 */
static void vctx_mqueue_work(struct work_struct *work)
{
	struct vctx *vctx = container_of(to_delayed_work(work), struct vctx,
					 mqueue_work);

	if (mq_end_context((unsigned long)vctx))
		percpu_ref_kill(&vctx->ref);
	else
		queue_delayed_work(vctx_wq, &vctx->mqueue_work, HZ / 10);
}

static void vctx_offline_work(struct work_struct *work)
{
	struct vctx *vctx = container_of(work, struct vctx, offline_work);

	trace_vctx_exit(vctx->id);
	/* Waits for whoever is reading or writing one of its files. */
	kernfs_remove(vctx->dir);
	vctx_memcg_offline(vctx);
	vctx_keys_offline(vctx);
	xa_erase(&vctx_ids, vctx->id);
	vctxfs_notify_list(vctx);
	wake_up_all(&vctx_gone);
	vctx_sched_offline(vctx);
	if (vctx->parent)
		vctx_live_put(vctx->parent, VCTX_LIVE_CHILD);
	/* A queue is charged for, and so no new context has this address. */
	if (vctx_counter_usage(&vctx->counter[VCTX_NMSG]))
		queue_delayed_work(vctx_wq, &vctx->mqueue_work, 0);
	else
		percpu_ref_kill(&vctx->ref);
}

/**
 * vctx_live_put() - something that lived in a context has gone
 * @vctx: the context, which the caller keeps in memory
 * @what: one of VCTX_LIVE_*
 *
 * Context: any.
 */
void vctx_live_put(struct vctx *vctx, s64 what)
{
	s64 live = atomic64_sub_return(what, &vctx->live);

	if (!live) {
		queue_work(vctx_wq, &vctx->offline_work);
	} else if (what == VCTX_LIVE_MEMBER && !(u32)live) {
		atomic64_inc(&vctx->empties);
		vctxfs_notify(vctx);
	}
}

static struct vctx *vctx_alloc(struct vctx *parent, u64 cap_drop, s64 live)
{
	struct vctx *vctx;
	int i;

	vctx = kzalloc(sizeof(*vctx), GFP_KERNEL_ACCOUNT);
	if (!vctx)
		return ERR_PTR(-ENOMEM);
	vctx->cpu = alloc_percpu_gfp(struct vctx_cpu, GFP_KERNEL_ACCOUNT);
	if (!vctx->cpu)
		goto free;
	if (percpu_ref_init(&vctx->ref, vctx_ref_release, 0, GFP_KERNEL_ACCOUNT))
		goto free_cpu;

	for (i = 0; i < VCTX_NR_RESOURCES; i++)
		vctx_counter_init(&vctx->counter[i], &vctx->cpu->stock[i],
				  &vctx_resource[i]);
	vctx->ceiling = parent ? parent->ceiling : CAP_FULL_SET;
	vctx->ceiling.val &= ~cap_drop;
	vctx->tag = parent ? parent->tag : 0;
	vctx->depth = parent ? parent->depth + 1 : 1;
	vctx->serial = atomic64_inc_return(&vctx_last_serial);
	vctx->parent = parent;
	atomic64_set(&vctx->live, live);
	vctx->born_ns = ktime_get_boottime_ns();
	prev_cputime_init(&vctx->prev_cputime);
	vctx->last_error = "ok";
	vctx_sched_alloc(vctx);
	vctxfs_notify_init(vctx);
	INIT_WORK(&vctx->offline_work, vctx_offline_work);
	INIT_DELAYED_WORK(&vctx->mqueue_work, vctx_mqueue_work);
	INIT_WORK(&vctx->free_work, vctx_free_work);
	return vctx;

free_cpu:
	free_percpu(vctx->cpu);
free:
	kfree(vctx);
	return ERR_PTR(-ENOMEM);
}

/* Undoes vctx_alloc() for a context that nobody has seen. */
static void vctx_discard(struct vctx *vctx)
{
	timer_shutdown_sync(&vctx->notify_timer);
	if (vctx->events)
		kernfs_put(vctx->events);
	percpu_ref_exit(&vctx->ref);
	free_percpu(vctx->cpu);
	kfree(vctx);
}

/* Gives @vctx, whose id is reserved, its directory, and lets others find it. */
static int vctx_publish(struct vctx *vctx)
{
	int err;

	err = vctxfs_add_dir(vctx);
	if (err) {
		xa_erase(&vctx_ids, vctx->id);
		return err;
	}
	if (vctx->parent) {
		/* Current is a member of the parent, so that is online. */
		atomic64_add(VCTX_LIVE_CHILD, &vctx->parent->live);
		vctx_get(vctx->parent);
	}
	trace_vctx_create(vctx->id, vctx->parent ? vctx->parent->id : 0);
	/* Cannot fail: the slot was reserved. */
	xa_store(&vctx_ids, vctx->id, vctx, GFP_KERNEL);
	kernfs_activate(vctx->dir);
	vctxfs_notify_list(vctx);
	return 0;
}

/**
 * vctx_create_dynamic() - make a fresh context
 * @parent: context of current, NULL for the host
 * @cap_drop: capabilities that it may not have, besides those that @parent
 *	may not have
 *
 * Context: process, may sleep.
 * Return: the context, with a member's place taken for the caller; -ENOSPC if
 * @parent is as deep as contexts get, or no id is left; -ENOMEM.
 */
struct vctx *vctx_create_dynamic(struct vctx *parent, u64 cap_drop)
{
	struct vctx *vctx;
	int err;

	if (parent && parent->depth >= VCTX_MAX_DEPTH)
		return ERR_PTR(-ENOSPC);

	vctx = vctx_alloc(parent, cap_drop, VCTX_LIVE_MEMBER);
	if (IS_ERR(vctx))
		return vctx;
	err = xa_alloc_cyclic(&vctx_ids, &vctx->id, NULL,
			      XA_LIMIT(VCTX_ID_DYNAMIC_MIN, VCTX_ID_DYNAMIC_MAX),
			      &vctx_next_id, GFP_KERNEL_ACCOUNT);
	if (err == -EBUSY)
		err = -ENOSPC;
	else if (err >= 0)
		err = vctx_publish(vctx);
	if (err) {
		vctx_discard(vctx);
		return ERR_PTR(err);
	}
	return vctx;
}

/* Makes a context with a given id, below the host. */
static struct vctx *vctx_create_static(u32 id, u64 cap_drop, s64 live)
{
	struct vctx *vctx;
	int err;

	lockdep_assert_held(&vctx_static_mutex);

	vctx = vctx_alloc(NULL, cap_drop, live);
	if (IS_ERR(vctx))
		return vctx;
	vctx->id = id;
	vctx->tag = id == VCTX_ID_WATCHER ? 0 : id;
	err = xa_insert(&vctx_ids, id, NULL, GFP_KERNEL_ACCOUNT);
	if (!err)
		err = vctx_publish(vctx);
	if (err) {
		vctx_discard(vctx);
		return ERR_PTR(err);
	}
	return vctx;
}

/**
 * vctx_notify() - wake whoever polls the events of a context
 * @id: its id; there may be none any more
 *
 * Context: any.
 */
void vctx_notify(u32 id)
{
	struct vctx *vctx;

	rcu_read_lock();
	vctx = xa_load(&vctx_ids, id);
	if (vctx)
		vctxfs_notify(vctx);
	rcu_read_unlock();
}

/*
 * The context @id with a member's place taken, NULL if there is none; -EPERM,
 * without anybody noticing, if it is private.
 */
static struct vctx *vctx_live_find(u32 id)
{
	struct vctx *vctx;

	rcu_read_lock();
	vctx = xa_load(&vctx_ids, id);
	if (vctx && (atomic_read(&vctx->flags) & VCTX_FLAG_PRIVATE) &&
	    atomic64_read(&vctx->live))
		vctx = ERR_PTR(-EPERM);
	else if (vctx && !vctx_live_get(vctx, VCTX_LIVE_MEMBER))
		vctx = NULL;
	rcu_read_unlock();
	return vctx;
}

/**
 * vctx_enter_static() - find, or make, the context with a given id
 * @id: 1..VCTX_ID_STATIC_MAX
 * @cap_drop: capabilities that it may not have if it is made
 *
 * Context: process, may sleep.
 * Return: the context, with a member's place taken for the caller;
 * -EPERM if it is private; -ERESTARTSYS if a signal came while waiting for a
 * context of that id to end; -ENOMEM.
 */
struct vctx *vctx_enter_static(u32 id, u64 cap_drop)
{
	struct vctx *vctx;
	int err;

	for (;;) {
		mutex_lock(&vctx_static_mutex);
		vctx = vctx_live_find(id);
		if (!vctx)
			vctx = vctx_create_static(id, cap_drop, VCTX_LIVE_MEMBER);
		mutex_unlock(&vctx_static_mutex);

		/* What has lost its last member is gone in a moment. */
		if (vctx != ERR_PTR(-EBUSY))
			return vctx;
		err = wait_event_interruptible(vctx_gone, !xa_load(&vctx_ids, id));
		if (err)
			return ERR_PTR(err);
	}
}

/**
 * vctx_enter_dynamic() - find a context that the kernel has given its id
 * @id: VCTX_ID_DYNAMIC_MIN or above
 *
 * Context: process.
 * Return: the context, with a member's place taken for the caller; -ENOENT;
 * -EPERM if it is private.
 */
struct vctx *vctx_enter_dynamic(u32 id)
{
	return vctx_live_find(id) ?: ERR_PTR(-ENOENT);
}

/**
 * vctx_make() - make a context that stays until vctx_unmake()
 * @id: VCTX_ID_WATCHER at boot, and static ids
 *
 * Context: process, may sleep; the reference on vctxfs's root that mkdir has.
 * Return: 0; -EEXIST; -ERESTARTSYS; -ENOMEM.
 */
int vctx_make(u32 id)
{
	struct vctx *vctx;
	int err;

	for (;;) {
		mutex_lock(&vctx_static_mutex);
		vctx = vctx_create_static(id, 0, VCTX_LIVE_MKDIR);
		mutex_unlock(&vctx_static_mutex);
		if (vctx != ERR_PTR(-EBUSY))
			return PTR_ERR_OR_ZERO(vctx);

		rcu_read_lock();
		vctx = xa_load(&vctx_ids, id);
		err = vctx && atomic64_read(&vctx->live) ? -EEXIST : 0;
		rcu_read_unlock();
		err = err ?: wait_event_interruptible(vctx_gone,
						      !xa_load(&vctx_ids, id));
		if (err)
			return err;
	}
}

/**
 * vctx_unmake() - end a context that was made by vctx_make()
 * @vctx: the context, which the caller keeps in memory
 *
 * Context: process; waits until its directory is gone, so the caller may not
 * keep an active reference on that.
 * Return: 0; -EBUSY if anything lives in it, or nobody called vctx_make().
 */
int vctx_unmake(struct vctx *vctx)
{
	if (atomic64_cmpxchg(&vctx->live, VCTX_LIVE_MKDIR, 0) != VCTX_LIVE_MKDIR)
		return -EBUSY;
	queue_work(vctx_wq, &vctx->offline_work);
	flush_work(&vctx->offline_work);
	return 0;
}

/**
 * vctx_next() - the first context from an id upwards
 * @id: where to begin; receives its id
 *
 * Context: RCU read side, which keeps the context in memory.
 * Return: the context or NULL.
 */
struct vctx *vctx_next(u32 *id)
{
	unsigned long index = *id;
	struct vctx *vctx;

	vctx = xa_find(&vctx_ids, &index, VCTX_ID_DYNAMIC_MAX, XA_PRESENT);
	*id = index;
	return vctx;
}

static bool vctx_name_valid(const char *name)
{
	if (!isascii(*name) || (!isalpha(*name) && *name != '_'))
		return false;
	if (strlen(name) >= VCTX_NAME_LEN)
		return false;
	while (*++name)
		if (!isascii(*name) || (!isalnum(*name) && !strchr("_.-", *name)))
			return false;
	return true;
}

/**
 * vctx_set_name() - give a context a name, or another
 * @vctx: the context
 * @name: the name
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL if @name is none (see VCTX_NAME_LEN); -EEXIST if another
 * context has it.
 */
int vctx_set_name(struct vctx *vctx, const char *name)
{
	unsigned long index;
	struct vctx *other;
	int err = 0;

	if (!vctx_name_valid(name))
		return -EINVAL;

	mutex_lock(&vctx_name_mutex);
	rcu_read_lock();
	xa_for_each(&vctx_ids, index, other)
		if (other != vctx && !strcmp(other->name, name)) {
			err = -EEXIST;
			break;
		}
	rcu_read_unlock();
	if (!err) {
		spin_lock(&vctx_name_lock);
		strscpy_pad(vctx->name, name);
		spin_unlock(&vctx_name_lock);
	}
	mutex_unlock(&vctx_name_mutex);
	return err;
}

/**
 * vctx_get_name() - copy the name of a context
 * @vctx: the context
 * @name: receives the name, or "-" if it has none
 *
 * Context: any but interrupts.
 */
void vctx_get_name(struct vctx *vctx, char name[VCTX_NAME_LEN])
{
	spin_lock(&vctx_name_lock);
	memcpy(name, vctx->name, VCTX_NAME_LEN);
	spin_unlock(&vctx_name_lock);
	if (!*name)
		strscpy(name, "-", VCTX_NAME_LEN);
}

/**
 * vctx_set_flags() - add to the flags of a context
 * @vctx: the context
 * @flags: VCTX_FLAG_*
 *
 * Context: any.
 */
void vctx_set_flags(struct vctx *vctx, u32 flags)
{
	atomic_or(flags, &vctx->flags);
	if (flags & (VCTX_FLAG_SCHED | VCTX_FLAG_VIRT))
		vctx_virt_start();
}

/**
 * vctx_kill() - kill every member, and those of contexts below
 * @vctx: the context
 *
 * One sweep is enough, even for a fork bomb: a new task is put on the list of
 * tasks under tasklist_lock, and only if its parent has no signal pending.
 * Either the sweep sees it there, or its parent has been killed before.
 *
 * Context: process.
 * Return: 0
 */
int vctx_kill(struct vctx *vctx)
{
	struct task_struct *p;

	read_lock(&tasklist_lock);
	rcu_read_lock();
	for_each_process(p)
		if (vctx_is_within(task_vctx(p), vctx))
			do_send_sig_info(SIGKILL, SEND_SIG_PRIV, p, PIDTYPE_TGID);
	rcu_read_unlock();
	read_unlock(&tasklist_lock);
	return 0;
}

/**
 * vctx_account_sum() - read one of the sums
 * @vctx: the context
 * @what: which one
 *
 * Context: any.
 * Return: what @vctx and those below it have had since it was made.
 */
u64 vctx_account_sum(const struct vctx *vctx, enum vctx_account what)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(vctx->cpu, cpu)->account[what]);
	return sum;
}

/**
 * vctx_cputime() - user and system time of members, also those of contexts below
 * @vctx: the context
 * @user: receives nanoseconds since it was made
 * @system: likewise
 *
 * They are sampled, and scaled to what was really used.
 *
 * Context: any.
 */
void vctx_cputime(struct vctx *vctx, u64 *user, u64 *system)
{
	struct task_cputime sampled = {
		.utime = vctx_account_sum(vctx, VCTX_ACCOUNT_USER),
		.stime = vctx_account_sum(vctx, VCTX_ACCOUNT_SYSTEM),
		.sum_exec_runtime = vctx_cpu_ns(vctx),
	};

	cputime_adjust(&sampled, &vctx->prev_cputime, user, system);
}

static int __init vctx_context_init(void)
{
	vctx_wq = alloc_workqueue("vctx", WQ_UNBOUND, 0);
	return vctx_wq ? 0 : -ENOMEM;
}
core_initcall(vctx_context_init);
