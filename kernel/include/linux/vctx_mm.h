/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vctx: hooks into memory management, apart since its own headers call them
 *
 * They look at mm->vctx only: without a context, that is a load and a branch.
 */
#ifndef _LINUX_VCTX_MM_H
#define _LINUX_VCTX_MM_H

#include <linux/compiler.h>
#include <linux/mm_types.h>
#include <linux/sched.h>

/* How vctx_rss_charge() and its kind count what was charged and not used yet. */
enum vctx_rss_how {
	VCTX_RSS_NEED,	/* it suffices if it is enough */
	VCTX_RSS_TRY,	/* so, too, and who is refused can do with less */
	VCTX_RSS_MORE,	/* it is for something else */
};

#ifdef CONFIG_SECURITY_VCTX

void __vctx_mm_settle(struct mm_struct *mm);
void __vctx_mm_exit(struct mm_struct *mm);
void __vctx_mm_release(struct mm_struct *mm);
int __vctx_as_charge(struct mm_struct *mm, long pages);
int __vctx_memlock_charge(struct mm_struct *mm, long pages);
bool __vctx_rss_add(struct mm_struct *mm, struct vctx *vctx, int member,
		    long pages);
bool __vctx_rss_add_vec(struct mm_struct *mm, struct vctx *vctx,
			const int *rss);
int __vctx_rss_map(struct mm_struct *mm, struct vctx *vctx, int member,
		   long pages);
long __vctx_rss_reserve(struct mm_struct *mm, struct vctx *vctx, long pages);
void __vctx_rss_unreserve(struct mm_struct *mm, long pages);
int __vctx_rss_charge(struct mm_struct *mm, long rss, long anon,
		      enum vctx_rss_how how);
int __vctx_rss_copy(struct mm_struct *mm, struct vctx *vctx, int member,
		    long pages);
void __vctx_rss_settle(void);
bool __vctx_fault_again(vm_fault_t ret, unsigned int flags);

/**
 * vctx_mm_charged() - is there a context that is charged for an address space?
 * @mm: the address space
 *
 * Context: any.
 */
static inline bool vctx_mm_charged(const struct mm_struct *mm)
{
	return unlikely(READ_ONCE(mm->vctx));
}

/**
 * vctx_mm_settle() - what was charged for the size of an address space becomes
 * what it is
 * @mm: the address space
 *
 * Context: mmap_lock is held for writing; or for reading, downgraded.
 */
static inline void vctx_mm_settle(struct mm_struct *mm)
{
	if (vctx_mm_charged(mm) && (mm->vctx_as != mm->total_vm ||
				    mm->vctx_memlock != mm->locked_vm))
		__vctx_mm_settle(mm);
}

/**
 * vctx_mm_exit() - all of an address space is about to be unmapped
 * @mm: the address space, which has no user any more; vctx_mm_release() follows
 *
 * Context: process.
 */
static inline void vctx_mm_exit(struct mm_struct *mm)
{
	if (vctx_mm_charged(mm))
		__vctx_mm_exit(mm);
}

/**
 * vctx_mm_release() - an address space is empty, and has no user any more
 * @mm: the address space
 *
 * Context: process; harmless when repeated.
 */
static inline void vctx_mm_release(struct mm_struct *mm)
{
	if (vctx_mm_charged(mm))
		__vctx_mm_release(mm);
}

/**
 * vctx_as_charge() - an address space is about to grow
 * @mm: the address space
 * @pages: how much larger mm->total_vm will be in the end; less than zero is
 *	allowed
 *
 * What is not used is uncharged when mmap_lock is released.  Asking again for
 * the same growth charges nothing.
 *
 * Context: mmap_lock is held for writing.
 * Return: 0, or -ENOMEM if that would exceed a hard limit on as.
 */
static inline int vctx_as_charge(struct mm_struct *mm, long pages)
{
	return vctx_mm_charged(mm) ? __vctx_as_charge(mm, pages) : 0;
}

/**
 * vctx_memlock_charge() - memory is about to be locked
 * @mm: the address space
 * @pages: how much larger mm->locked_vm will be in the end
 *
 * As vctx_as_charge().
 *
 * Context: mmap_lock is held for writing.
 * Return: 0, or -ENOMEM if that would exceed a hard limit on memlock.
 */
static inline int vctx_memlock_charge(struct mm_struct *mm, long pages)
{
	return vctx_mm_charged(mm) ? __vctx_memlock_charge(mm, pages) : 0;
}

/**
 * vctx_rss_add() - count resident pages of an address space that is charged
 * @mm: the address space
 * @member: one of MM_*
 * @pages: how many more, or less
 *
 * Context: any, RCU read side: what mm->vctx was when looked at, it is until
 * the caller has counted.
 * Return: true if that is done, false if the caller has to.
 */
static inline bool vctx_rss_add(struct mm_struct *mm, int member, long pages)
{
	struct vctx *vctx = READ_ONCE(mm->vctx);

	return unlikely(vctx) && __vctx_rss_add(mm, vctx, member, pages);
}

/* As vctx_rss_add(), of all MM_* at once: all more, or all less. */
static inline bool vctx_rss_add_vec(struct mm_struct *mm, const int *rss)
{
	struct vctx *vctx = READ_ONCE(mm->vctx);

	return unlikely(vctx) && __vctx_rss_add_vec(mm, vctx, rss);
}

/**
 * vctx_rss_map() - pages are about to be resident, and to be counted right now
 * @mm: address space, which has users
 * @member: MM_FILEPAGES, MM_ANONPAGES or MM_SHMEMPAGES
 * @pages: how many
 *
 * What vctx_rss_charge() and vctx_rss_add() do, for less.
 *
 * Context: process, any locks, RCU read side as with vctx_rss_add().
 * Return: 1 if that is done, 0 if the caller has to count them; -ENOMEM if that
 * would exceed a hard limit on rss or anon.
 */
static inline int vctx_rss_map(struct mm_struct *mm, int member, long pages)
{
	struct vctx *vctx = READ_ONCE(mm->vctx);

	return unlikely(vctx) ? __vctx_rss_map(mm, vctx, member, pages) : 0;
}

/**
 * vctx_rss_reserve() - file pages may be about to be resident
 * @mm: address space, which has users
 * @pages: how many at most
 *
 * Who is refused can do with less.
 *
 * Context: process, any locks; the RCU read side section has to go on until
 * they have been counted by add_reserved_mm_counter().
 * Return: what that wants to know; or -ENOMEM if @pages would exceed a hard limit
 * on rss.
 */
static inline long vctx_rss_reserve(struct mm_struct *mm, long pages)
{
	struct vctx *vctx = READ_ONCE(mm->vctx);

	return unlikely(vctx) ? __vctx_rss_reserve(mm, vctx, pages) : 0;
}

/* Some, or none, of what vctx_rss_reserve() has reserved is not needed. */
static inline void vctx_rss_unreserve(struct mm_struct *mm, long pages)
{
	if (pages)
		__vctx_rss_unreserve(mm, pages);
}

/**
 * vctx_rss_charge() - pages are about to be resident
 * @mm: address space, which has users
 * @member: MM_FILEPAGES, MM_ANONPAGES or MM_SHMEMPAGES
 * @pages: how many
 *
 * They are kept for current until it counts them, or vctx_rss_settle().
 *
 * Context: process; any locks.
 * Return: 0, or -ENOMEM if that would exceed a hard limit on rss or anon.
 */
static inline int vctx_rss_charge(struct mm_struct *mm, int member, long pages)
{
	if (!vctx_mm_charged(mm))
		return 0;
	return __vctx_rss_charge(mm, pages, member == MM_ANONPAGES ? pages : 0,
				 VCTX_RSS_NEED);
}

/* As vctx_rss_charge(), but a refusal means: do with fewer pages. */
static inline int vctx_rss_try(struct mm_struct *mm, int member, long pages)
{
	if (!vctx_mm_charged(mm))
		return 0;
	return __vctx_rss_charge(mm, pages, member == MM_ANONPAGES ? pages : 0,
				 VCTX_RSS_TRY);
}

/**
 * vctx_rss_copy() - fork is about to copy pages
 * @mm: the child's address space
 * @member: MM_FILEPAGES, MM_ANONPAGES or MM_SHMEMPAGES
 * @pages: how many
 *
 * They are charged in addition to what was charged and not counted yet; far
 * from limits more than asked for at once.  What has not been counted in the
 * end is uncharged by vctx_rss_settle().
 *
 * Context: process; any locks.
 * Return: 0, or -ENOMEM if that would exceed a hard limit on rss or anon.
 */
static inline int vctx_rss_copy(struct mm_struct *mm, int member, long pages)
{
	struct vctx *vctx = READ_ONCE(mm->vctx);
	struct vctx_prepaid *p;

	if (likely(!vctx))
		return 0;
	p = &current->vctx.prepaid;
	if (unlikely(p->room < pages))
		return __vctx_rss_copy(mm, vctx, member, pages);
	p->room -= pages;
	return 0;
}

/**
 * vctx_rss_charge_copy() - a page that is not anonymous gets an anonymous copy
 * @mm: address space, which has users
 * @counted: the page is counted as resident, and will not be any more
 *
 * Context: process; any locks.
 * Return: 0, or -ENOMEM if that would exceed a hard limit on rss or anon.
 */
static inline int vctx_rss_charge_copy(struct mm_struct *mm, bool counted)
{
	if (!vctx_mm_charged(mm))
		return 0;
	return __vctx_rss_charge(mm, counted ? 0 : 1, 1, VCTX_RSS_NEED);
}

/**
 * vctx_rss_settle() - uncharge what current has charged and not counted
 *
 * Context: process; any locks; the address space that it was charged for still
 * has users.
 */
static inline void vctx_rss_settle(void)
{
	if (unlikely(current->vctx.prepaid.any))
		__vctx_rss_settle();
}

/**
 * vctx_fault_again() - a fault has been handled
 * @ret: with what result
 * @flags: FAULT_FLAG_*
 *
 * Where a hard limit stands in the way and the kernel needs the page, room is
 * made by killing a member; where user space does, that is left to
 * vctx_pagefault_oom(), which holds no locks.
 *
 * Context: process, may sleep; mmap_lock or the VMA's lock are held unless
 * @ret says otherwise; the address space still has users.
 * Return: true if it should be handled once more, under the same locks.
 */
static inline bool vctx_fault_again(vm_fault_t ret, unsigned int flags)
{
	return unlikely(current->vctx.prepaid.any) && __vctx_fault_again(ret, flags);
}

#else /* !CONFIG_SECURITY_VCTX */

static inline bool vctx_mm_charged(const struct mm_struct *mm)
{
	return false;
}

static inline void vctx_mm_settle(struct mm_struct *mm)
{
}

static inline void vctx_mm_exit(struct mm_struct *mm)
{
}

static inline void vctx_mm_release(struct mm_struct *mm)
{
}

static inline int vctx_as_charge(struct mm_struct *mm, long pages)
{
	return 0;
}

static inline int vctx_memlock_charge(struct mm_struct *mm, long pages)
{
	return 0;
}

static inline bool vctx_rss_add(struct mm_struct *mm, int member, long pages)
{
	return false;
}

static inline bool vctx_rss_add_vec(struct mm_struct *mm, const int *rss)
{
	return false;
}

static inline int vctx_rss_map(struct mm_struct *mm, int member, long pages)
{
	return 0;
}

static inline long vctx_rss_reserve(struct mm_struct *mm, long pages)
{
	return 0;
}

static inline void vctx_rss_unreserve(struct mm_struct *mm, long pages)
{
}

static inline int vctx_rss_charge(struct mm_struct *mm, int member, long pages)
{
	return 0;
}

static inline int vctx_rss_try(struct mm_struct *mm, int member, long pages)
{
	return 0;
}

static inline int vctx_rss_copy(struct mm_struct *mm, int member, long pages)
{
	return 0;
}

static inline int vctx_rss_charge_copy(struct mm_struct *mm, bool counted)
{
	return 0;
}

static inline void vctx_rss_settle(void)
{
}

static inline bool vctx_fault_again(vm_fault_t ret, unsigned int flags)
{
	return false;
}

#endif /* !CONFIG_SECURITY_VCTX */

#endif /* _LINUX_VCTX_MM_H */
