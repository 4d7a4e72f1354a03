/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vctx: what a task_struct contains.  Most of it is for members only, but in an
 * LSM blob of its own it would be allocated with each task of the host, too.
 */
#ifndef _LINUX_VCTX_TASK_H
#define _LINUX_VCTX_TASK_H

#include <linux/types.h>

struct mm_struct;
struct vctx;
struct vctx_group;

/* VCTX_NR_ACCOUNT_TASK */
#define VCTX_TASK_FIGURES	10

/**
 * struct vctx_prepaid - resident pages that a task is about to map
 * @mm: address space where, which has users
 * @vctx: context that was charged for them: that of @mm, or one above it if
 *	@mm has moved meanwhile
 * @rss: pages, see limits/mm.c
 * @anon: how many of them, or instead of others, will be anonymous
 * @room: how many pages of any kind fork may copy before it charges more: not
 *	more than @rss or @anon, without those that it has copied and not counted
 * @whole: @mm if it is being copied to, and whatever is counted was charged
 *	here; or if it ends, and whatever is uncounted is to be uncharged; else
 *	NULL
 * @over: context whose hard limit was in the way last, NULL if none was; it is
 *	that of current or one above it
 * @over_res: and the resource, an enum vctx_resource
 * @tries: how often room was made for the fault that is being handled
 * @any: something of this has to be looked at
 */
struct vctx_prepaid {
	struct mm_struct *mm;
	struct vctx *vctx;
	long rss;
	long anon;
	long room;
	struct mm_struct *whole;
	struct vctx *over;
	unsigned int over_res;
	unsigned int tries;
	bool any;
};

/**
 * struct vctx_task - what vctx knows of a task
 * @vctx: context of the task, NULL for the host; written by the task itself
 *	only; holds a reference on vctx.ref, until the task_struct is freed
 * @accounted_at: jiffies when its figures were taken over last
 * @group: group that the scheduler has it in, NULL if none of a context; holds
 *	a reference until the task_struct is freed.  Written by the task itself
 *	with cgroup_threadgroup_rwsem held for reading, by others for writing.
 * @member: counted in vctx.live and charged; dropped when the task is reaped
 * @leader: charged as a process at its creation, see vctx_task_free()
 * @prepaid: used by the task itself only
 * @accounted: how far the task's own figures are in the sums of its context;
 *	used by the CPU that it runs on, with interrupts off; and while it does
 *	not run by others, see limits/accounting.c
 * @stamp: sum of those that change seldom, to see whether any has; likewise
 */
struct vctx_task {
	struct vctx __rcu *vctx;
	unsigned long accounted_at;
	struct vctx_group *group;
	bool member;
	bool leader;
	struct vctx_prepaid prepaid;
	u64 accounted[VCTX_TASK_FIGURES];
	u64 stamp;
};

#endif /* _LINUX_VCTX_TASK_H */
