// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx limits: memory and swap
 *
 * Linux counts, reclaims and kills already: the memory controller.  A context
 * owns a memory cgroup from when one of these limits is first set, and what
 * "limits" shows of memory and swap is read there.  See cgroup.c for how its
 * members are kept in it.
 *
 * Only the soft limit is ours, as memory.high is none: it throttles.  It is
 * judged when a batch of pages is charged.
 *
 * vctx.members is set before vctx.memcg: who enters in between is in the cgroup
 * already, but limits are set only once everybody is.
 */

#include <linux/memcontrol.h>
#include <linux/mutex.h>
#include <linux/page_counter.h>
#include <linux/seq_file.h>
#include <linux/workqueue.h>

#include "cgroup.h"

DEFINE_STATIC_KEY_FALSE(vctx_memcg_used);

/*
 * Held to make memory cgroups and move members there, and to enter: either who
 * moves finds who enters in the context, or who enters finds the cgroup.
 */
static DEFINE_MUTEX(vctx_memcg_mutex);

static struct page_counter *memcg_counter(struct mem_cgroup *memcg,
					  enum vctx_resource res)
{
	return res == VCTX_MEMORY ? &memcg->memory : &memcg->swap;
}

static unsigned long memcg_bytes(unsigned long pages)
{
	return pages >= PAGE_COUNTER_MAX ? VCTX_MAX : pages * PAGE_SIZE;
}

static unsigned long memcg_pages(unsigned long bytes)
{
	return bytes == VCTX_MAX ? PAGE_COUNTER_MAX : bytes / PAGE_SIZE;
}

/* Charges and events, in anybody's context */

static void memcg_check_soft(struct vctx *vctx, enum vctx_resource res,
			     struct page_counter *counter)
{
	struct vctx_counter *c = &vctx->counter[res];
	unsigned long flags;
	bool over, hit;

	over = memcg_bytes(page_counter_read(counter)) > READ_ONCE(c->soft);
	if (likely(over == READ_ONCE(c->over_soft)))
		return;
	spin_lock_irqsave(&c->lock, flags);
	over = memcg_bytes(page_counter_read(counter)) > c->soft;
	hit = over && !c->over_soft;
	WRITE_ONCE(c->over_soft, over);
	if (hit)
		atomic_long_inc(&c->soft_hits);
	spin_unlock_irqrestore(&c->lock, flags);
	if (hit)
		vctxfs_notify(vctx);
}

/* A context's memory outlives its place in a cgroup by a grace period. */
static struct vctx *memcg_owner(struct mem_cgroup *memcg)
{
	return READ_ONCE(memcg->css.cgroup->vctx);
}

void __vctx_memcg_charged(struct mem_cgroup *memcg)
{
	struct vctx *vctx;

	rcu_read_lock();
	for (vctx = memcg_owner(memcg); vctx; vctx = vctx->parent) {
		memcg = rcu_dereference(vctx->memcg);
		if (!memcg)
			continue;
		memcg_check_soft(vctx, VCTX_MEMORY, &memcg->memory);
		memcg_check_soft(vctx, VCTX_SWAP, &memcg->swap);
	}
	rcu_read_unlock();
}

/* What is counted below counts above, so all of them are told. */
void __vctx_memcg_refused(struct mem_cgroup *memcg)
{
	struct vctx *vctx;

	rcu_read_lock();
	for (vctx = memcg_owner(memcg); vctx; vctx = vctx->parent)
		vctxfs_notify(vctx);
	rcu_read_unlock();
}

/* Making one */

static int memcg_make(struct vctx *vctx)
{
	struct cgroup_subsys_state *css;
	struct cgroup *members;
	int err;

	lockdep_assert_held(&vctx_memcg_mutex);

	if (rcu_access_pointer(vctx->memcg))
		return 0;
	/* No deeper than VCTX_MAX_DEPTH */
	err = vctx->parent ? memcg_make(vctx->parent) : 0;
	if (err)
		return err;
	if (!vctx->members) {
		members = vctx_cgroup_create(vctx);
		if (IS_ERR(members))
			return PTR_ERR(members);
		vctx->members = members;
	}
	err = vctx_cgroup_fill(vctx);
	if (err)
		return err;

	rcu_read_lock();
	css = vctx_cgroup_css(cgroup_parent(vctx->members));
	if (css && css_tryget(css))
		rcu_assign_pointer(vctx->memcg, mem_cgroup_from_css(css));
	else
		err = -EOPNOTSUPP;
	rcu_read_unlock();
	return err;
}

struct memcg_work {
	struct work_struct work;
	struct vctx *vctx;
	int err;
};

static void memcg_make_work(struct work_struct *work)
{
	struct memcg_work *w = container_of(work, struct memcg_work, work);

	static_branch_enable(&vctx_memcg_used);
	mutex_lock(&vctx_memcg_mutex);
	w->err = memcg_make(w->vctx);
	mutex_unlock(&vctx_memcg_mutex);
}

static const char *memcg_make_error(int err)
{
	switch (err) {
	case -EOPNOTSUPP:
		return "the memory controller is disabled, or not in the cgroup v2 hierarchy";
	case -EEXIST:
		return "somebody has made a cgroup of the name that the context's would have";
	case -EAGAIN:
		return "cgroup.max.descendants or cgroup.max.depth allows no more cgroups";
	case -ENOMEM:
		return "out of memory";
	}
	return "a controller does not let a member be moved to the context's cgroup";
}

/* The kernel makes it, not who sets a limit: its files are root's. */
static int memcg_prepare(struct vctx *vctx)
{
	struct memcg_work w = { .vctx = vctx };

	if (rcu_access_pointer(vctx->memcg))
		return 0;
	INIT_WORK_ONSTACK(&w.work, memcg_make_work);
	queue_work(system_unbound_wq, &w.work);
	flush_work(&w.work);
	destroy_work_on_stack(&w.work);
	if (w.err)
		WRITE_ONCE(vctx->last_error, memcg_make_error(w.err));
	return w.err;
}

/* A file of the context is in use or the context is being made: it is online. */
static struct mem_cgroup *memcg_of(struct vctx *vctx)
{
	return rcu_dereference_protected(vctx->memcg, true);
}

static void memcg_set(struct vctx *vctx, enum vctx_resource res,
		      unsigned long soft, unsigned long hard)
{
	struct mem_cgroup *memcg = memcg_of(vctx);
	struct vctx_counter *c = &vctx->counter[res];
	struct page_counter *counter;
	unsigned long flags;

	if (!memcg)
		return;
	counter = memcg_counter(memcg, res);
	xchg(&counter->max, memcg_pages(hard));

	spin_lock_irqsave(&c->lock, flags);
	WRITE_ONCE(c->soft, memcg_bytes(memcg_pages(soft)));
	WRITE_ONCE(c->over_soft,
		   memcg_bytes(page_counter_read(counter)) > c->soft);
	spin_unlock_irqrestore(&c->lock, flags);
}

/* Swap above a new limit stays until it is read in. */
static void memcg_enforce(struct vctx *vctx, enum vctx_resource res)
{
	struct mem_cgroup *memcg = memcg_of(vctx);

	if (memcg && res == VCTX_MEMORY)
		mem_cgroup_enforce_max(memcg, READ_ONCE(memcg->memory.max));
}

static void memcg_read(struct vctx *vctx, enum vctx_resource res,
		       struct vctx_reading *r)
{
	struct vctx_counter *c = &vctx->counter[res];
	struct page_counter *counter;
	struct mem_cgroup *memcg;
	atomic_long_t *fails;

	*r = (struct vctx_reading) { .soft = VCTX_MAX, .hard = VCTX_MAX };
	rcu_read_lock();
	memcg = rcu_dereference(vctx->memcg);
	if (memcg) {
		counter = memcg_counter(memcg, res);
		r->usage = memcg_bytes(page_counter_read(counter));
		r->peak = max(r->usage,
			      memcg_bytes(READ_ONCE(counter->watermark)));
		r->soft = READ_ONCE(c->soft);
		r->hard = memcg_bytes(READ_ONCE(counter->max));
		/* Where it was, not below; but of swap that is not told. */
		fails = res == VCTX_MEMORY ?
			&memcg->memory_events_local[MEMCG_OOM] :
			&memcg->memory_events[MEMCG_SWAP_MAX];
		r->fails = atomic_long_read(fails);
		r->soft_hits = atomic_long_read(&c->soft_hits);
	}
	rcu_read_unlock();
}

static void memcg_show_events(struct seq_file *m, struct vctx *vctx)
{
	struct mem_cgroup *memcg;
	long reclaims = 0, kills = 0;

	rcu_read_lock();
	memcg = rcu_dereference(vctx->memcg);
	if (memcg) {
		reclaims = atomic_long_read(&memcg->memory_events_local[MEMCG_MAX]);
		kills = atomic_long_read(&memcg->memory_events[MEMCG_OOM_KILL]);
	}
	rcu_read_unlock();
	seq_printf(m, "memory.reclaim %ld\nmemory.oom_kill %ld\n", reclaims,
		   kills);
}

static const struct vctx_engine vctx_memory_engine = {
	.read		= memcg_read,
	.prepare	= memcg_prepare,
	.set		= memcg_set,
	.enforce	= memcg_enforce,
	.show_events	= memcg_show_events,
};

static const struct vctx_engine vctx_swap_engine = {
	.read		= memcg_read,
	.prepare	= memcg_prepare,
	.set		= memcg_set,
};

void __init vctx_memcg_init(void)
{
	vctx_add_engine(VCTX_MEMORY, &vctx_memory_engine);
	vctx_add_engine(VCTX_SWAP, &vctx_swap_engine);
}

/* Coming and going */

/* The cgroup for members of @vctx: its own, or that of the next one above */
static struct cgroup *memcg_members(const struct vctx *vctx)
{
	while (vctx && !vctx->members)
		vctx = vctx->parent;
	return vctx ? vctx->members : NULL;
}

/**
 * vctx_memcg_enter() - move current to the cgroup of a context
 * @to: the context, in which current has a place
 * @from: the one that it is in, NULL for the host
 *
 * vctx_memcg_entered() follows when current is a member, if this succeeds.
 *
 * Context: process without other threads, may sleep, takes vctx_memcg_mutex.
 * Return: 0 or -errno, and the mutex is not held.
 */
int vctx_memcg_enter(const struct vctx *to, const struct vctx *from)
{
	struct cgroup *members;
	int err = 0;

	mutex_lock(&vctx_memcg_mutex);
	members = memcg_members(to);
	if (members != memcg_members(from))
		err = vctx_cgroup_join(members);
	if (err)
		mutex_unlock(&vctx_memcg_mutex);
	return err;
}

void vctx_memcg_entered(void)
{
	mutex_unlock(&vctx_memcg_mutex);
}

/**
 * vctx_memcg_offline() - a context loses its memory cgroup
 * @vctx: it has no member, no child and no files any more
 *
 * What is still charged keeps the memory cgroup, as that of any removed cgroup.
 *
 * Context: process, may sleep.
 */
void vctx_memcg_offline(struct vctx *vctx)
{
	struct mem_cgroup *memcg = memcg_of(vctx);

	if (!vctx->members)
		return;
	vctx_cgroup_remove(vctx->members);
	vctx->members = NULL;
	RCU_INIT_POINTER(vctx->memcg, NULL);
	if (memcg)
		css_put(&memcg->css);
}

/**
 * vctx_memcg_cache() - what of a context's memory could be reclaimed
 * @vctx: the context, pinned
 * @cache: receives it, if the context owns a memory cgroup
 *
 * Context: process, may sleep.
 */
void vctx_memcg_cache(struct vctx *vctx, struct vctx_cache *cache)
{
	struct mem_cgroup *memcg;

	rcu_read_lock();
	memcg = rcu_dereference(vctx->memcg);
	if (memcg && !css_tryget(&memcg->css))
		memcg = NULL;
	rcu_read_unlock();
	if (!memcg)
		return;
	mem_cgroup_flush_stats(memcg);
	cache->file = memcg_page_state(memcg, NR_FILE_PAGES);
	cache->shmem = memcg_page_state(memcg, NR_SHMEM);
	cache->slab = memcg_page_state(memcg, NR_SLAB_RECLAIMABLE_B) / PAGE_SIZE;
	css_put(&memcg->css);
}
