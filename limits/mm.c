// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx limits: as, memlock, rss and anon, what address spaces use
 *
 * An address space belongs to the context of the task that makes it, by fork
 * or exec, and moves into another one with its only user.
 *
 * as and memlock are mm->total_vm and mm->locked_vm.  These change while
 * mmap_lock is held for writing, and on their way through one call they may be
 * too high (mremap), and then too low (mmap over what is there).  So it is not
 * each change that is charged: before a call raises them for good it charges
 * what that takes, or fails; and whatever has happened, the charge becomes what
 * they are when the lock is released (vma_end_write_all()).  While nobody holds
 * it for writing,
 *
 *	mm->vctx_as == mm->total_vm   and   mm->vctx_memlock == mm->locked_vm
 *
 * and that is what is charged.  Only munmap lowers total_vm after it has
 * downgraded the lock, and settles that itself.
 *
 * rss and anon are the counters in mm->rss_stat, which change under the page
 * tables' locks, often for the better from elsewhere: reclaim, truncation.
 * What counts a page charges it too, or uncharges it.  Who maps one charges it
 * and counts it at once, where both can still fail (try_add_mm_counter()).
 * Where they cannot, or it is not known how many there will be, who is going to
 * map some has charged them before and keeps them in &struct vctx_prepaid of the
 * task, from where they are taken when they are counted; what is left over goes
 * back when the fault, or the fork, ends.  So whatever is refused is refused by
 * the counters, and no page is counted before it is charged.  Who has not asked
 * before is charged regardless of limits: that is swapoff and uprobes, the
 * administrator's.
 *
 * Who unmaps all of an address space that has no user any more keeps there in
 * turn what it uncounts, and uncharges it together.
 *
 * While nothing is kept, vctx_prepaid.any is false, and nobody looks for it.
 *
 * Moving.  A counter and a charge are two words, and others count while current
 * enters a context.  mm->vctx is what they go by: first it gets a mark.  Who has
 * seen it without the mark has done both after an RCU grace period, in whatever
 * order; who sees the mark counts and charges under vctx_mm_moving.  Under that lock the sum of the
 * counters is charged below the old context and mm->vctx becomes the new one:
 * each page is counted either before that, and in the sum, or after it, and
 * charged.
 */

#include <linux/export.h>
#include <linux/mm.h>
#include <linux/percpu_counter.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/spinlock.h>

#include "limits.h"

/* Lowest bit of mm->vctx */
#define VCTX_MM_MOVING	1UL

/* Inside of the page tables' locks, outside of vctx_counter.lock */
static DEFINE_SPINLOCK(vctx_mm_moving);

static bool mm_moving(const struct vctx *vctx)
{
	return (unsigned long)vctx & VCTX_MM_MOVING;
}

static struct vctx *mm_vctx(struct vctx *vctx)
{
	return (struct vctx *)((unsigned long)vctx & ~VCTX_MM_MOVING);
}

void __vctx_mm_init(struct mm_struct *mm)
{
	struct vctx *vctx = current_vctx();

	vctx_get(vctx);
	mm->vctx = vctx;
}

/* Makes @charged pages become @pages. */
static void mm_settle(struct vctx *vctx, enum vctx_resource res,
		      unsigned long *charged, unsigned long pages)
{
	long more = pages - *charged;

	if (more < 0)
		vctx_uncharge(vctx, res, -more << PAGE_SHIFT);
	else if (more)
		/* An mremap that has moved, and had no memory to unmap. */
		vctx_charge_below(vctx, NULL, res, more << PAGE_SHIFT, true);
	*charged = pages;
}

void __vctx_mm_settle(struct mm_struct *mm)
{
	mmap_assert_locked(mm);
	mm_settle(mm->vctx, VCTX_AS, &mm->vctx_as, mm->total_vm);
	mm_settle(mm->vctx, VCTX_MEMLOCK, &mm->vctx_memlock, mm->locked_vm);
}
EXPORT_SYMBOL_GPL(__vctx_mm_settle);

/* Makes @charged pages suffice for @pages. */
static int mm_charge(struct vctx *vctx, enum vctx_resource res,
		     unsigned long *charged, unsigned long pages)
{
	long more = pages - *charged;

	if (more <= 0)
		return 0;
	/* mlock() takes any length */
	if (more > VCTX_MAX >> PAGE_SHIFT ||
	    vctx_charge(vctx, res, more << PAGE_SHIFT))
		return -ENOMEM;
	*charged += more;
	return 0;
}

int __vctx_as_charge(struct mm_struct *mm, long pages)
{
	mmap_assert_write_locked(mm);
	return mm_charge(mm->vctx, VCTX_AS, &mm->vctx_as, mm->total_vm + pages);
}

int __vctx_memlock_charge(struct mm_struct *mm, long pages)
{
	mmap_assert_write_locked(mm);
	return mm_charge(mm->vctx, VCTX_MEMLOCK, &mm->vctx_memlock,
			 mm->locked_vm + pages);
}

static void rss_uncharge(struct vctx *vctx, const struct vctx *above, long rss,
			 long anon)
{
	if (rss)
		vctx_uncharge_below(vctx, above, VCTX_RSS, rss << PAGE_SHIFT);
	if (anon)
		vctx_uncharge_below(vctx, above, VCTX_ANON, anon << PAGE_SHIFT);
}

/* Regardless of limits */
static void rss_force(struct vctx *vctx, const struct vctx *above, long rss,
		      long anon)
{
	if (rss)
		vctx_charge_below(vctx, above, VCTX_RSS, rss << PAGE_SHIFT, true);
	if (anon)
		vctx_charge_below(vctx, above, VCTX_ANON, anon << PAGE_SHIFT,
				  true);
}

static long rss_anon(int member, long pages)
{
	return member == MM_ANONPAGES ? pages : 0;
}

static struct vctx_prepaid *current_prepaid(void)
{
	return &current->vctx.prepaid;
}

static noinline void prepaid_uncharge(struct vctx_prepaid *p)
{
	if (p->rss | p->anon)
		rss_uncharge(p->vctx, NULL, p->rss, p->anon);
	p->rss = 0;
	p->anon = 0;
}

static void prepaid_return(struct vctx_prepaid *p)
{
	prepaid_uncharge(p);
	p->room = 0;
	p->mm = NULL;
	p->whole = NULL;
	p->any = p->over;
}

/*
 * Not while current handles a fault, and has charged for that; it would not
 * come here then, but by a detour.
 */
void __vctx_mm_exit(struct mm_struct *mm)
{
	struct vctx_prepaid *p = current_prepaid();

	if (unlikely(p->any))
		return;
	p->mm = mm;
	p->vctx = mm->vctx;
	p->whole = mm;
	p->any = true;
}

void __vctx_mm_release(struct mm_struct *mm)
{
	struct vctx_prepaid *p = current_prepaid();
	struct vctx *vctx = mm->vctx;

	if (p->whole == mm)
		prepaid_return(p);
	mm_settle(vctx, VCTX_AS, &mm->vctx_as, 0);
	mm_settle(vctx, VCTX_MEMLOCK, &mm->vctx_memlock, 0);
	WRITE_ONCE(mm->vctx, NULL);
	vctx_put(vctx);
}

/*
 * The common charge: far from limits this CPU has what it takes in its stocks,
 * those of @vctx and of all above it.  Neither this nor what calls it calls
 * anything else when that is so, and @anon is a constant: it is a good part of
 * what a fault costs.
 *
 * Return: true if @n bytes are charged.  If not, rss has been from @vctx to
 * below @rss_end, and anon to below @anon_end; rss_untake() gives it back.
 */
static __always_inline bool rss_take_from(struct vctx *vctx, bool anon, long n,
					  struct vctx **rss_end,
					  struct vctx **anon_end)
{
	struct vctx *v = vctx;

	do {
		struct vctx_stock *stock = raw_cpu_ptr(v->cpu)->stock;

		*rss_end = v;
		*anon_end = v;
		if (unlikely(!vctx_stock_take(&stock[VCTX_RSS], n)))
			return false;
		v = v->parent;
		*rss_end = v;
		if (anon && unlikely(!vctx_stock_take(&stock[VCTX_ANON], n)))
			return false;
	} while (unlikely(v));
	return true;
}

static __always_inline bool rss_take(struct vctx *vctx, int member, long n,
				     struct vctx **rss_end,
				     struct vctx **anon_end)
{
	if (member == MM_ANONPAGES)
		return rss_take_from(vctx, true, n, rss_end, anon_end);
	return rss_take_from(vctx, false, n, rss_end, anon_end);
}

static void rss_untake(struct vctx *vctx, int member, long n,
		       const struct vctx *rss_end, const struct vctx *anon_end)
{
	vctx_uncharge_below(vctx, rss_end, VCTX_RSS, n);
	if (member == MM_ANONPAGES)
		vctx_uncharge_below(vctx, anon_end, VCTX_ANON, n);
}

/* @rss pages more are counted, @anon of them anonymous. */
static void rss_counted(struct mm_struct *mm, struct vctx *vctx, long rss,
			long anon)
{
	struct vctx_prepaid *p = current_prepaid();

	if (p->mm == mm) {
		long paid_rss = min(p->rss, rss), paid_anon = min(p->anon, anon);

		if (unlikely(p->vctx != vctx))
			rss_force(vctx, p->vctx, paid_rss, paid_anon);
		p->rss -= paid_rss;
		p->anon -= paid_anon;
		rss -= paid_rss;
		anon -= paid_anon;
	}
	if (rss | anon)
		rss_force(vctx, NULL, rss, anon);
}

/* @rss pages are not counted any more, @anon of them anonymous. */
static void rss_uncounted(struct mm_struct *mm, struct vctx *vctx, long rss,
			  long anon)
{
	struct vctx_prepaid *p = current_prepaid();

	/* An anonymous one takes its place at once, and nobody else shall. */
	if (p->mm == mm && p->vctx == vctx && p->anon > p->rss && !anon) {
		long kept = min(rss, p->anon - p->rss);

		p->rss += kept;
		rss -= kept;
	}
	rss_uncharge(vctx, NULL, rss, anon);
}

static void rss_add(struct mm_struct *mm, struct vctx *vctx, int member,
		    long pages)
{
	long anon = rss_anon(member, pages);

	percpu_counter_add(&mm->rss_stat[member], pages);
	if (!vctx || member == MM_SWAPENTS)
		return;
	if (pages >= 0)
		rss_counted(mm, vctx, pages, anon);
	else
		rss_uncounted(mm, vctx, -pages, -anon);
}

/* Looks at what current has charged before, and at whether @mm moves. */
static noinline void rss_add_slow(struct mm_struct *mm, int member, long pages)
{
	struct vctx *vctx = READ_ONCE(mm->vctx);

	if (likely(!mm_moving(vctx))) {
		rss_add(mm, vctx, member, pages);
		return;
	}
	spin_lock(&vctx_mm_moving);
	rss_add(mm, mm_vctx(mm->vctx), member, pages);
	spin_unlock(&vctx_mm_moving);
}

bool __vctx_rss_add(struct mm_struct *mm, struct vctx *vctx, int member,
		    long pages)
{
	long anon = rss_anon(member, pages);

	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "mm->vctx may move");
	if (unlikely(mm_moving(vctx) || current_prepaid()->any)) {
		rss_add_slow(mm, member, pages);
		return true;
	}
	if (member == MM_SWAPENTS)
		return false;
	if (pages < 0)
		rss_uncharge(vctx, NULL, -pages, -anon);
	else
		rss_force(vctx, NULL, pages, anon);
	return false;
}

/* How many pages of an address space that ends are uncharged together. */
#define VCTX_EXIT_PAGES		512

/*
 * Current copies to, or ends, an address space: @rss pages more are counted, or
 * less if that is below zero.  Fork has mapped all that it has asked for.  Others
 * may wait for what exit gives back.
 */
static void rss_add_whole(struct vctx_prepaid *p, long rss, long anon)
{
	p->rss -= rss;
	p->anon -= anon;
	if (rss > 0)
		p->room = min(p->rss, p->anon);
	else if (unlikely(p->rss > VCTX_EXIT_PAGES))
		prepaid_uncharge(p);
}

/* When nothing is kept for all of @mm: @all pages, @anon of them anonymous. */
static noinline bool rss_add_vec_slow(struct mm_struct *mm, struct vctx *vctx,
				      const int *rss, long all, long anon)
{
	int i;

	if (unlikely(mm_moving(vctx) || current_prepaid()->any)) {
		for (i = 0; i < NR_MM_COUNTERS; i++)
			if (rss[i])
				rss_add_slow(mm, i, rss[i]);
		return true;
	}
	if (all <= 0)
		rss_uncharge(vctx, NULL, -all, -anon);
	else
		rss_force(vctx, NULL, all, anon);
	return false;
}

/* Fork and exit come here once for each page table, and call nothing else. */
bool __vctx_rss_add_vec(struct mm_struct *mm, struct vctx *vctx, const int *rss)
{
	struct vctx_prepaid *p = current_prepaid();
	long anon = rss[MM_ANONPAGES];
	long all = anon + rss[MM_FILEPAGES] + rss[MM_SHMEMPAGES];

	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "mm->vctx may move");
	if (unlikely(p->whole != mm))
		return rss_add_vec_slow(mm, vctx, rss, all, anon);
	rss_add_whole(p, all, anon);
	return false;
}

/*
 * A charge of @v, which is @vctx, that of @mm, or above it, was not ordinary.
 * If it is refused, &struct vctx_prepaid tells whose limit is in the way.
 */
static int rss_charge_event(struct mm_struct *mm, struct vctx *vctx,
			    struct vctx *v, enum vctx_resource res, long n,
			    enum vctx_charge charge, enum vctx_rss_how how)
{
	struct vctx_prepaid *p = current_prepaid();

	if (charge == VCTX_REFUSED && how == VCTX_RSS_TRY) {
		/* No refusal: it goes on with less. */
		atomic_long_dec(&v->counter[res].fails);
		vctx_uncharge_below(vctx, v, res, n);
		return -ENOMEM;
	}
	if (!vctx_charge_event(vctx, v, res, n, charge))
		return 0;
	/* Who reaches into others makes no room in them. */
	p->over = mm == current->mm ? v : NULL;
	p->over_res = res;
	return -ENOMEM;
}

static int rss_charge_one(struct mm_struct *mm, struct vctx *vctx,
			  enum vctx_resource res, long pages,
			  enum vctx_rss_how how)
{
	long n = pages << PAGE_SHIFT;
	struct vctx *v;

	for (v = vctx; v; v = v->parent) {
		enum vctx_charge charge;

		charge = vctx_counter_charge(&v->counter[res], n, false);
		if (unlikely(charge != VCTX_CHARGED) &&
		    rss_charge_event(mm, vctx, v, res, n, charge, how))
			return -ENOMEM;
	}
	return 0;
}

int __vctx_rss_charge(struct mm_struct *mm, long rss, long anon,
		      enum vctx_rss_how how)
{
	struct vctx *vctx = mm_vctx(READ_ONCE(mm->vctx));
	struct vctx_prepaid *p = current_prepaid();

	/* It is about to move in. */
	if (!vctx)
		return 0;
	if (p->mm != mm || p->vctx != vctx) {
		prepaid_return(p);
		p->vctx = vctx;
		p->mm = mm;
	}
	/* If it is refused as well: vctx_fault_again() has to see p->over. */
	p->any = true;
	if (how != VCTX_RSS_MORE) {
		rss -= min(rss, p->rss);
		anon -= min(anon, p->anon);
	}
	if (rss && rss_charge_one(mm, vctx, VCTX_RSS, rss, how))
		return -ENOMEM;
	if (anon && rss_charge_one(mm, vctx, VCTX_ANON, anon, how)) {
		rss_uncharge(vctx, NULL, rss, 0);
		return -ENOMEM;
	}
	p->rss += rss;
	p->anon += anon;
	return 0;
}

static noinline int rss_map_slow(struct mm_struct *mm, struct vctx *vctx,
				 int member, long n,
				 const struct vctx *rss_end,
				 const struct vctx *anon_end)
{
	long pages = n >> PAGE_SHIFT;

	rss_untake(vctx, member, n, rss_end, anon_end);
	if (__vctx_rss_charge(mm, pages, rss_anon(member, pages),
			      VCTX_RSS_NEED))
		return -ENOMEM;
	rss_add_slow(mm, member, pages);
	return 1;
}

int __vctx_rss_map(struct mm_struct *mm, struct vctx *vctx, int member,
		   long pages)
{
	struct vctx *rss_end = vctx, *anon_end = vctx;
	long n = pages << PAGE_SHIFT;

	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "mm->vctx may move");
	if (likely(!mm_moving(vctx) && !current_prepaid()->any) &&
	    likely(rss_take(vctx, member, n, &rss_end, &anon_end)))
		return 0;
	return rss_map_slow(mm, vctx, member, n, rss_end, anon_end);
}

/* Returns 0 if they are kept for current instead, until they are counted. */
long __vctx_rss_reserve(struct mm_struct *mm, struct vctx *vctx, long pages)
{
	struct vctx *rss_end = vctx, *anon_end = vctx;
	long n = pages << PAGE_SHIFT;

	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "mm->vctx may move");
	if (unlikely(mm_moving(vctx) || current_prepaid()->any))
		return __vctx_rss_charge(mm, pages, 0, VCTX_RSS_TRY);
	if (likely(rss_take(vctx, MM_FILEPAGES, n, &rss_end, &anon_end)))
		return pages;
	rss_untake(vctx, MM_FILEPAGES, n, rss_end, anon_end);
	return rss_charge_one(mm, vctx, VCTX_RSS, pages, VCTX_RSS_TRY) ?: pages;
}

/* A mark that @mm has got meanwhile is for those who come after. */
void __vctx_rss_unreserve(struct mm_struct *mm, long pages)
{
	rss_uncharge(mm_vctx(READ_ONCE(mm->vctx)), NULL, pages, 0);
}

/* How many pages fork charges at once, far from limits. */
#define VCTX_COPY_PAGES		32

/* Would another @n bytes of resident memory leave all limits far away? */
static bool rss_far(const struct vctx *vctx, long n)
{
	const struct vctx *v;

	for (v = vctx; v; v = v->parent)
		if (!vctx_counter_far(&v->counter[VCTX_RSS], n) ||
		    !vctx_counter_far(&v->counter[VCTX_ANON], n))
			return false;
	return true;
}

/* Charges @pages of any kind. */
static bool rss_charge_any(struct mm_struct *mm, struct vctx *vctx, long pages)
{
	struct vctx *rss_end = vctx, *anon_end = vctx;
	long n = pages << PAGE_SHIFT;

	if (likely(rss_take(vctx, MM_ANONPAGES, n, &rss_end, &anon_end)))
		return true;
	rss_untake(vctx, MM_ANONPAGES, n, rss_end, anon_end);
	if (rss_charge_one(mm, vctx, VCTX_RSS, pages, VCTX_RSS_TRY))
		return false;
	if (!rss_charge_one(mm, vctx, VCTX_ANON, pages, VCTX_RSS_TRY))
		return true;
	rss_uncharge(vctx, NULL, pages, 0);
	return false;
}

/*
 * Charges many pages, out of which @pages are copied now.  Not close to a limit:
 * what is not needed after all would be in the way of others.
 */
static bool rss_make_room(struct mm_struct *mm, struct vctx *vctx,
			  struct vctx_prepaid *p, long pages)
{
	long more = max(pages, VCTX_COPY_PAGES);

	if (!rss_far(vctx, more << PAGE_SHIFT) ||
	    !rss_charge_any(mm, vctx, more))
		return false;
	p->rss += more;
	p->anon += more;
	p->room += more - pages;
	return true;
}

/*
 * Nobody else counts pages of @mm as more yet, and current none of another
 * address space: fork does neither fault nor sleep while it has copied what it
 * has not counted.
 */
int __vctx_rss_copy(struct mm_struct *mm, struct vctx *vctx, int member,
		    long pages)
{
	struct vctx_prepaid *p = current_prepaid();

	if (!p->mm) {
		p->mm = mm;
		p->vctx = vctx;
		p->whole = mm;
		p->any = true;
	}
	if (likely(p->whole == mm) && rss_make_room(mm, vctx, p, pages))
		return 0;
	pages -= p->room;
	p->room = 0;
	return __vctx_rss_charge(mm, pages, rss_anon(member, pages),
				 VCTX_RSS_MORE);
}

void __vctx_rss_settle(void)
{
	prepaid_return(current_prepaid());
}

/* How often a fault of the kernel's waits for room before it fails. */
#define VCTX_FAULT_TRIES	100

/* Has a hard limit been in the way, and may room be made right here? */
static bool fault_may_wait(vm_fault_t ret, unsigned int flags)
{
	return (ret & VM_FAULT_OOM) &&
	       !(ret & (VM_FAULT_RETRY | VM_FAULT_COMPLETED)) &&
	       !(flags & (FAULT_FLAG_USER | FAULT_FLAG_RETRY_NOWAIT)) &&
	       !(current->flags & PF_KTHREAD);
}

bool __vctx_fault_again(vm_fault_t ret, unsigned int flags)
{
	struct vctx_prepaid *p = current_prepaid();
	struct vctx *over = p->over;

	prepaid_return(p);
	/* vctx_pagefault_oom() follows. */
	if (over && (ret & VM_FAULT_OOM) && (flags & FAULT_FLAG_USER))
		return false;
	p->over = NULL;
	/* Comes here again, since p->any is still true. */
	if (over && fault_may_wait(ret, flags) &&
	    p->tries++ < VCTX_FAULT_TRIES && vctx_oom(over, p->over_res))
		return true;
	p->tries = 0;
	p->any = false;
	return false;
}

bool __vctx_pagefault_oom(void)
{
	struct vctx_prepaid *p = current_prepaid();
	struct vctx *over = p->over;

	if (!over)
		return false;
	p->over = NULL;
	vctx_oom(over, p->over_res);
	return true;
}

/**
 * vctx_mm_enter() - the address space of current, its only user, moves
 * @to: where it goes; below the context that it comes from
 *
 * Nobody is refused.
 *
 * Context: process, may sleep.
 */
void vctx_mm_enter(struct vctx *to)
{
	struct mm_struct *mm = current->mm;
	struct vctx *from;
	int i;

	mmap_write_lock(mm);
	from = mm->vctx;
	vctx_charge_below(to, from, VCTX_AS, mm->total_vm << PAGE_SHIFT, true);
	mm->vctx_as = mm->total_vm;
	if (mm->locked_vm)
		vctx_charge_below(to, from, VCTX_MEMLOCK,
				  mm->locked_vm << PAGE_SHIFT, true);
	mm->vctx_memlock = mm->locked_vm;

	WRITE_ONCE(mm->vctx,
		   (struct vctx *)((unsigned long)from | VCTX_MM_MOVING));
	synchronize_rcu_expedited();
	spin_lock(&vctx_mm_moving);
	for (i = 0; i < NR_MM_COUNTERS; i++) {
		long pages = percpu_counter_sum(&mm->rss_stat[i]);

		if (i != MM_SWAPENTS && pages > 0)
			rss_force(to, from, pages,
				  i == MM_ANONPAGES ? pages : 0);
	}
	vctx_get(to);
	WRITE_ONCE(mm->vctx, to);
	spin_unlock(&vctx_mm_moving);
	mmap_write_unlock(mm);

	if (from)
		vctx_put(from);
}
