/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vctx: security contexts with resource control - hooks into the kernel
 *
 * Each is one call in an existing function, where no LSM hook serves; the
 * patch that adds the call says why.  With CONFIG_SECURITY_VCTX=n, all of them
 * vanish.  With it, but without the LSM being enabled, they are a nop.
 */
#ifndef _LINUX_VCTX_H
#define _LINUX_VCTX_H

#include <linux/types.h>
#include <linux/uidgid_types.h>
#include <linux/vctx_types.h>

#include <linux/vctx_mm.h>
#include <linux/vctx_pages.h>

struct bio;
struct ctl_table;
struct ctl_table_header;
struct file;
struct file_lock;
struct file_lock_core;
struct file_system_type;
struct fown_struct;
struct fsnotify_mark;
struct key;
struct pid;
struct pid_namespace;
struct seq_file;
struct sigqueue;
struct sock;
struct super_block;
struct sysinfo;
struct task_group;
struct task_struct;
struct timespec64;
struct user_namespace;
struct uts_namespace;
struct vctx_group;

/* Keyrings that others are kept in */
enum vctx_key_register {
	VCTX_USER_REGISTER,
	VCTX_PERSISTENT_REGISTER,
	VCTX_NR_KEY_REGISTERS
};

#ifdef CONFIG_SECURITY_VCTX

#include <linux/filelock.h>
#include <linux/fs.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/jump_label.h>
#include <linux/percpu-refcount.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

DECLARE_STATIC_KEY_FALSE(vctx_enabled);

/* For the paths that everybody takes.  Only while vctx_enabled is set. */
static inline bool vctx_is_member(const struct task_struct *task)
{
	return rcu_access_pointer(task->vctx.vctx);
}

/* Likewise; nothing is hidden from, or refused to, those of the same context. */
static inline bool vctx_same(const struct task_struct *a,
			     const struct task_struct *b)
{
	return rcu_access_pointer(a->vctx.vctx) ==
	       rcu_access_pointer(b->vctx.vctx);
}

bool __vctx_task_hidden(const struct task_struct *task);
bool __vctx_signal_hidden(const struct task_struct *task, int sig);
bool __vctx_pid_hidden(struct pid *pid);
bool __vctx_task_foreign(const struct task_struct *task);
void __vctx_task_release(struct task_struct *task);
int __vctx_file_charge(struct file *file);
void __vctx_file_release(struct file *file);
void __vctx_fown_release(struct fown_struct *fown);
int vctx_proc_current(struct seq_file *m, struct pid_namespace *ns,
		      struct pid *pid, struct task_struct *task);

int __vctx_lock_charge(struct file_lock_core *flc);
void __vctx_lock_move(struct file_lock *to, struct file_lock *from);
void __vctx_lock_release(struct file_lock_core *flc);

/**
 * struct vctx_ptys - who is charged for the ptys of a devpts instance
 * @owner: contexts by index; no entry for a pty of the host
 */
struct vctx_ptys {
	struct xarray owner;
};

int __vctx_pty_charge(struct vctx_ptys *ptys, int index);
void __vctx_pty_uncharge(struct vctx_ptys *ptys, int index);

int __vctx_pty_access(struct vctx_ptys *ptys, int index, const void *tty,
		      unsigned int flags);

int __vctx_bdev_permission(dev_t dev, bool read, bool write);
bool __vctx_may_mount(const struct file_system_type *type);
void __vctx_sb_disown(struct super_block *sb);
bool __vctx_may_open_handle(const struct super_block *sb);
bool __vctx_may_set_uts(const struct uts_namespace *ns);
bool __vctx_may_set_sysctl(const struct ctl_table_header *head,
			   const struct ctl_table *table);

int __vctx_sigqueue_charge(struct sigqueue *q, const struct task_struct *task);
void __vctx_sigqueue_uncharge(struct sigqueue *q);

int __vctx_mark_charge(struct fsnotify_mark *mark);
void __vctx_mark_uncharge(struct fsnotify_mark *mark);

int __vctx_random_charge(size_t bytes);
void __vctx_random_uncharge(size_t bytes);

bool __vctx_nr_hidden(pid_t nr, struct pid_namespace *ns);
bool __vctx_is_init(struct task_struct *task);
pid_t __vctx_parent_tgid(struct task_struct *parent, pid_t nr);
pid_t __vctx_given_nr(pid_t nr);
struct task_struct *__vctx_reaper(struct task_struct *father,
				  struct task_struct *reaper);

bool __vctx_key_hidden(const struct key *key);
bool __vctx_key_user_hidden(kuid_t uid);
struct key **__vctx_key_register(struct user_namespace *ns, struct key **reg,
				 enum vctx_key_register which);
bool __vctx_ipc_unlisted(void);
bool __vctx_ipc_may_clean(void);

int __vctx_shm_charge(struct vctx_owner *owner, size_t size, int shmflg);
void __vctx_shm_uncharge(struct vctx_owner *owner);
int __vctx_sem_charge(struct vctx_owner *owner, int nsems);
void __vctx_sem_uncharge(struct vctx_owner *owner);
int __vctx_msgq_charge(struct vctx_owner *owner);
void __vctx_msgq_uncharge(struct vctx_owner *owner);
int __vctx_msg_charge(struct vctx_owner *owner, size_t size);
void __vctx_msg_uncharge(struct vctx_owner *owner, size_t size);
int __vctx_mqueue_charge(struct vctx_owner *owner, unsigned long bytes);
void __vctx_mqueue_uncharge(struct vctx_owner *owner);

void __vctx_mm_init(struct mm_struct *mm);
bool __vctx_pagefault_oom(void);
void __vctx_pages_init(struct vctx_pages *p);
int __vctx_shmem_charge(struct vctx_pages *p, long nr);
void __vctx_shmem_uncharge(struct vctx_pages *p, long nr);
void __vctx_shmem_release(struct vctx_pages *p);
int __vctx_locked_charge(struct vctx_pages *p, long nr);
void __vctx_locked_release(struct vctx_pages *p);

void __vctx_account_task(struct task_struct *task);
void __vctx_account_bio(const struct bio *bio);
void __vctx_account_sent(const struct sock *sk, long bytes);
void __vctx_account_received(const struct sock *sk, long bytes, int flags);

/**
 * struct vctx_group_settings - what a task group is set to
 * @weight: as in cgroup's cpu.weight: 100 is what one process of nice 0 has
 * @idle: runs only when nobody else wants to; the weight does not count then
 * @quota_us: CPU time for each period, VCTX_NO_QUOTA if there is no cap
 * @period_us: length of a period
 * @burst_us: how much of what was not used may be used later
 */
struct vctx_group_settings {
	u32 weight;
	bool idle;
	u64 quota_us;
	u64 period_us;
	u64 burst_us;
};

#define VCTX_NO_QUOTA		U64_MAX
#define VCTX_WEIGHT_DEFAULT	100
#define VCTX_PERIOD_DEFAULT	(100 * USEC_PER_MSEC)

/**
 * struct vctx_group_stat - what the cap of a group has done so far
 * @nr_periods: periods that have passed while the group wanted to run
 * @nr_throttled: those of them in which it had to wait
 * @throttled_ns: how long, summed over CPUs
 * @nr_bursts: periods in which it used more than its quota
 * @burst_ns: how much more
 */
struct vctx_group_stat {
	u64 nr_periods;
	u64 nr_throttled;
	u64 throttled_ns;
	u64 nr_bursts;
	u64 burst_ns;
};

/**
 * struct vctx_trim_sum - those of one level that are compared, together
 * @used: CPU time in the last interval, in ns
 * @shares: their weights
 */
struct vctx_trim_sum {
	u64 used;
	u64 shares;
};

/**
 * struct vctx_trim - how a group does, compared to its weight
 * @node: in the list of all groups
 * @shares: its weight as the scheduler has weights; 0 for an idle group
 * @factor: what it is multiplied with, in 1/1024
 * @lag: CPU time that it should have had and has not had, in ns
 * @due: CPU time that it should have had in the last interval, in ns
 * @used: CPU time that it had
 * @cpus: on how many CPUs it was
 * @hungry: it wanted to run all the time on each of them
 * @counted: CPU time up to the last interval, for each CPU
 * @below: groups in this one that were hungry
 *
 * All of it is under vctx_trim_mutex.
 */
struct vctx_trim {
	struct list_head node;
	unsigned long shares;
	long factor;
	s64 lag;
	u64 due;
	u64 used;
	unsigned int cpus;
	bool hungry;
	u64 __percpu *counted;
	struct vctx_trim_sum below;
};

/**
 * struct vctx_group - the task group of a context
 * @id: of the context
 * @ref: one for its context, one for each task in it, one for each group below
 * @tg: the scheduler's group
 * @parent: the group that it is in, NULL for the root; holds a reference
 * @trim: see kernel/sched/vctx_trim.c
 * @throttled: tells who polls the events of the context
 * @free_work: begins to free it a grace period after the last reference is gone
 * @rcu: frees it after another one
 */
struct vctx_group {
	u32 id;
	struct percpu_ref ref;
	struct task_group *tg;
	struct vctx_group *parent;
	struct vctx_trim trim;
	struct irq_work throttled;
	struct rcu_work free_work;
	struct rcu_head rcu;
};

struct vctx_group *vctx_group_create(u32 id, struct vctx_group *parent,
				     const struct vctx_group_settings *new);
int vctx_group_set(struct vctx_group *group,
		   const struct vctx_group_settings *old,
		   const struct vctx_group_settings *new);
void vctx_group_add_stat(const struct vctx_group *group,
			 struct vctx_group_stat *stat);
void vctx_group_move(struct task_struct *task);
void vctx_group_ordinary_fork(struct task_struct *task);
void __vctx_group_throttled(struct vctx_group *group, int cpu);
void vctx_notify(u32 id);
void vctx_group_nice_fork(struct task_struct *task, int nice);

int vctx_trim_add(struct vctx_group *group);
void vctx_trim_remove(struct vctx_group *group);
void vctx_trim_set_shares(struct vctx_group *group, unsigned long shares);

struct task_group *__vctx_fork_group(struct task_struct *task,
				     struct task_group *tg);
struct task_group *__vctx_task_group(struct task_struct *task,
				     struct task_group *tg);
int __vctx_setscheduler(const struct task_struct *task, int policy, int nice);

u64 __vctx_birth_ns(void);
u64 __vctx_idle_ns(u64 idle_ns);
bool __vctx_loadavg_show(struct seq_file *m);
bool __vctx_stat_show(struct seq_file *m);
bool __vctx_meminfo_show(struct seq_file *m);
void __vctx_sysinfo(struct sysinfo *info);

/**
 * vctx_task_hidden() - may current not know that @task exists?
 * @task: any task
 *
 * Context: any; @task is pinned or the caller is in an RCU read side section.
 * Return: true if @task is a member of another context, unless it or current
 * is the host's process 1, current is a kernel thread, or in the watcher.
 */
static inline bool vctx_task_hidden(const struct task_struct *task)
{
	return static_branch_likely(&vctx_enabled) &&
	       unlikely(!vctx_same(current, task)) && __vctx_task_hidden(task);
}

/**
 * vctx_signal_hidden() - is there no such task to send a signal to, for current?
 * @task: any task
 * @sig: the signal
 *
 * Context: RCU read side.
 * Return: what vctx_task_hidden() says, but false for SIGCONT to a task of
 * current's session in a context below.
 */
static inline bool vctx_signal_hidden(const struct task_struct *task, int sig)
{
	return static_branch_likely(&vctx_enabled) &&
	       unlikely(!vctx_same(current, task)) &&
	       __vctx_signal_hidden(task, sig);
}

/**
 * vctx_pid_hidden() - may current not know that a process has this id?
 * @pid: any
 *
 * Context: any.
 * Return: what vctx_task_hidden() says of the task, if there is one.
 */
static inline bool vctx_pid_hidden(struct pid *pid)
{
	return static_branch_likely(&vctx_enabled) && __vctx_pid_hidden(pid);
}

/**
 * vctx_task_foreign() - may current not act on @task, even if it sees it?
 * @task: any task
 *
 * Context: any; @task is pinned or the caller is in an RCU read side section.
 * Return: true if @task is a member of another context, unless current is the
 * host's process 1 or a kernel thread.
 */
static inline bool vctx_task_foreign(const struct task_struct *task)
{
	return static_branch_likely(&vctx_enabled) &&
	       unlikely(!vctx_same(current, task)) && __vctx_task_foreign(task);
}

/**
 * vctx_nr_hidden() - likewise, for a process that is known by its id only
 * @nr: the id
 * @ns: where it is one
 *
 * Context: any.
 */
static inline bool vctx_nr_hidden(pid_t nr, struct pid_namespace *ns)
{
	return static_branch_likely(&vctx_enabled) && __vctx_nr_hidden(nr, ns);
}

/* The id given out last, which tells members how much others fork: 0 */
static inline pid_t vctx_last_pid(pid_t nr)
{
	return static_branch_likely(&vctx_enabled) && vctx_is_member(current) ?
	       0 : nr;
}

/*
 * A context can have a process that is taken for process 1 inside of it, see
 * VCTX_FLAG_FAKEINIT: for itself, for its children, and for whoever calls it
 * by that number.
 */

static inline bool vctx_is_init(struct task_struct *task)
{
	return static_branch_likely(&vctx_enabled) && vctx_is_member(current) &&
	       __vctx_is_init(task);
}

static inline pid_t vctx_own_tgid(pid_t nr)
{
	return vctx_is_init(current) ? 1 : nr;
}

static inline pid_t vctx_own_tid(pid_t nr)
{
	return current->group_leader == current ? vctx_own_tgid(nr) : nr;
}

/**
 * vctx_parent_tgid() - what getppid() returns
 * @parent: current's parent
 * @nr: its id
 *
 * Context: RCU read side.
 * Return: 0 if @parent is in another context, 1 if it is the process 1 of
 * current's, @nr otherwise.
 */
static inline pid_t vctx_parent_tgid(struct task_struct *parent, pid_t nr)
{
	if (static_branch_likely(&vctx_enabled) &&
	    (vctx_is_member(current) || vctx_is_member(parent)))
		return __vctx_parent_tgid(parent, nr);
	return nr;
}

/**
 * vctx_visible_ppid() - what current is told to be a parent's id
 * @parent: a parent, of any process
 * @nr: its id
 * @ns: where it is one
 *
 * Context: RCU read side.
 * Return: @nr, if current may know of @parent; otherwise 1, as if process 1 had
 * adopted the child, or 0 where that is another one.
 */
static inline pid_t vctx_visible_ppid(const struct task_struct *parent,
				      pid_t nr, const struct pid_namespace *ns)
{
	if (!vctx_task_hidden(parent))
		return nr;
	return ns == &init_pid_ns ? 1 : 0;
}

/**
 * vctx_given_nr() - which process does current mean?
 * @nr: what it calls it
 *
 * Context: any.
 * Return: the id of its context's process 1, if there is one and @nr is 1; one
 * that is nobody's if that has ended; @nr otherwise.
 */
static inline pid_t vctx_given_nr(pid_t nr)
{
	if (unlikely(nr == 1) && static_branch_likely(&vctx_enabled) &&
	    vctx_is_member(current))
		return __vctx_given_nr(nr);
	return nr;
}

/**
 * vctx_reaper() - who gets the children of a process that has ended?
 * @father: the process
 * @reaper: who would
 *
 * Context: tasklist_lock is held for writing.
 * Return: the process 1 of @father's context, if there is one and @reaper is
 * outside; @reaper otherwise.
 */
static inline struct task_struct *vctx_reaper(struct task_struct *father,
					      struct task_struct *reaper)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(father))
		return __vctx_reaper(father, reaper);
	return reaper;
}

/**
 * vctx_current_context() - which context is current in?
 *
 * For names that each context has of its own.  What is charged to a context
 * keeps the number from being another one's.
 *
 * Context: any.
 * Return: a number to compare with others, 0 for the host's.
 */
static inline unsigned long vctx_current_context(void)
{
	if (static_branch_likely(&vctx_enabled))
		return (unsigned long)rcu_access_pointer(current->vctx.vctx);
	return 0;
}

/**
 * vctx_owner_context() - which context was an object made in?
 * @owner: of the object
 *
 * Context: any.
 * Return: likewise.
 */
static inline unsigned long vctx_owner_context(const struct vctx_owner *owner)
{
	return (unsigned long)READ_ONCE(owner->vctx);
}

/**
 * vctx_ipc_hidden() - is there no such System V object, for current?
 * @owner: of the object
 *
 * Context: any; the object is locked, or the caller is in an RCU read side
 * section.
 * Return: true if it was made in another context.
 */
static inline bool vctx_ipc_hidden(const struct vctx_owner *owner)
{
	return vctx_owner_context(owner) != vctx_current_context();
}

/* Likewise for lists of what there is, and the watcher sees all. */
static inline bool vctx_ipc_unlisted(const struct vctx_owner *owner)
{
	return unlikely(vctx_ipc_hidden(owner)) && __vctx_ipc_unlisted();
}

/**
 * vctx_ipc_may_clean() - may current remove System V objects of others?
 *
 * A context can leave some behind when it ends.
 *
 * Context: process; spinlocks may be held.
 * Return: true if current is the host's administrator.
 */
static inline bool vctx_ipc_may_clean(void)
{
	return static_branch_likely(&vctx_enabled) && __vctx_ipc_may_clean();
}

/**
 * vctx_key_hidden() - is there no such key, for current?
 * @key: the key
 *
 * Context: any; @key is pinned or is kept from going by a lock.
 * Return: true if it was made in another context.
 */
static inline bool vctx_key_hidden(const struct key *key)
{
	return static_branch_likely(&vctx_enabled) && __vctx_key_hidden(key);
}

/* How many keys others have, of all contexts, is not for members. */
static inline bool vctx_key_user_hidden(kuid_t uid)
{
	return static_branch_likely(&vctx_enabled) && vctx_is_member(current) &&
	       __vctx_key_user_hidden(uid);
}

/**
 * vctx_key_may_request() - may current have a key made that there is not?
 *
 * A program of the host makes it (/sbin/request-key), as the host's root and
 * with what the caller says.
 *
 * Context: process.
 * Return: false for a member.
 */
static inline bool vctx_key_may_request(void)
{
	return !static_branch_likely(&vctx_enabled) || !vctx_is_member(current);
}

/**
 * vctx_key_register() - where are the keyrings of users kept?
 * @ns: user namespace
 * @reg: where those of @ns are kept
 * @which: which ones
 *
 * Context: process.
 * Return: @reg, or what current's context has in its place if @ns is the
 * initial one; it is protected by @ns->keyring_sem, like @reg.
 */
static inline struct key **vctx_key_register(struct user_namespace *ns,
					     struct key **reg,
					     enum vctx_key_register which)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		return __vctx_key_register(ns, reg, which);
	return reg;
}

/**
 * vctx_task_init() - a task_struct was copied
 * @task: the copy, which is in no context yet
 *
 * Context: process; before anything can fail and free @task.
 */
static inline void vctx_task_init(struct task_struct *task)
{
	memset(&task->vctx, 0, sizeof(task->vctx));
}

/**
 * vctx_task_release() - a task is being reaped
 * @task: no longer runs, or is current on its last steps
 *
 * Gives back its places in its context's process and task counts.  The LSM's
 * task_free comes too late: a held pidfd can delay that for ever.
 *
 * Context: may not hold tasklist_lock.
 */
static inline void vctx_task_release(struct task_struct *task)
{
	if (static_branch_likely(&vctx_enabled))
		__vctx_task_release(task);
}

/**
 * vctx_file_charge() - current makes an open file description
 * @file: the new one
 *
 * It is uncharged when it is freed, see vctx_file_release().
 *
 * Context: process.
 * Return: 0, or -ENFILE if that would exceed a hard limit on nofile.
 */
static inline int vctx_file_charge(struct file *file)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		return __vctx_file_charge(file);
	return 0;
}

/**
 * vctx_file_release() - an open file description is freed
 * @file: may have been charged
 *
 * Context: any.
 */
static inline void vctx_file_release(struct file *file)
{
	if (unlikely(file->f_vctx))
		__vctx_file_release(file);
}

/**
 * vctx_fown_release() - whom a file sends signals to is forgotten
 * @fown: about to be freed
 *
 * Context: process.
 */
static inline void vctx_fown_release(struct fown_struct *fown)
{
	if (unlikely(fown->vctx))
		__vctx_fown_release(fown);
}

/**
 * vctx_lock_charge() - current gets a file lock or a lease
 * @flc: the record that is about to be inserted
 *
 * It is uncharged when it is freed.
 *
 * Context: any; &file_lock_context.flc_lock is held.
 * Return: 0, or -ENOLCK if that would exceed a hard limit on nlock.
 */
static inline int vctx_lock_charge(struct file_lock_core *flc)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		return __vctx_lock_charge(flc);
	return 0;
}

/**
 * vctx_lock_move() - a record takes the place of another one
 * @to: the new one, or NULL if there is none
 * @from: the old one, which will be freed
 *
 * The new one then has what was charged for the old one.
 *
 * Context: any; &file_lock_context.flc_lock is held.
 */
static inline void vctx_lock_move(struct file_lock *to, struct file_lock *from)
{
	if (unlikely(from->c.flc_vctx))
		__vctx_lock_move(to, from);
}

/**
 * vctx_lock_release() - a record of a lock is being freed
 * @flc: the record, which may have been charged
 *
 * Context: any.
 */
static inline void vctx_lock_release(struct file_lock_core *flc)
{
	if (unlikely(flc->flc_vctx))
		__vctx_lock_release(flc);
}

/* A devpts instance is made. */
static inline void vctx_ptys_init(struct vctx_ptys *ptys)
{
	xa_init(&ptys->owner);
}

/**
 * vctx_pty_charge() - current makes a pty
 * @ptys: of its devpts instance
 * @index: its number, which the caller has just allocated
 *
 * Context: process, may sleep.
 * Return: 0; -ENOSPC if that would exceed a hard limit on npty; -ENOMEM.
 */
static inline int vctx_pty_charge(struct vctx_ptys *ptys, int index)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		return __vctx_pty_charge(ptys, index);
	return 0;
}

/**
 * vctx_pty_uncharge() - a pty is gone
 * @ptys: of its devpts instance
 * @index: its number, which the caller frees after this
 *
 * Context: process.
 */
static inline void vctx_pty_uncharge(struct vctx_ptys *ptys, int index)
{
	if (unlikely(!xa_empty(&ptys->owner)))
		__vctx_pty_uncharge(ptys, index);
}

/**
 * vctx_pty_hides() - may there be a pty that current may not know of?
 * @ptys: of a devpts instance
 *
 * Context: process.
 */
static inline bool vctx_pty_hides(struct vctx_ptys *ptys)
{
	return static_branch_likely(&vctx_enabled) &&
	       (vctx_is_member(current) || unlikely(!xa_empty(&ptys->owner)));
}

/**
 * vctx_pty_access() - may current know of a pty, and open it?
 * @ptys: of its devpts instance
 * @index: its number
 * @tty: the slave's tty, or NULL; only compared
 * @flags: LOOKUP_*
 *
 * Context: process.
 * Return: 0; -ENOENT if it is another context's; -EPERM if the watcher is about
 * to open one.
 */
static inline int vctx_pty_access(struct vctx_ptys *ptys, int index,
				  const void *tty, unsigned int flags)
{
	if (vctx_pty_hides(ptys))
		return __vctx_pty_access(ptys, index, tty, flags);
	return 0;
}

/**
 * vctx_inside() - is current a member of a context?
 *
 * For what is the host's alone, whatever capabilities a member has.
 *
 * Context: any.
 * Return: true if so.
 */
static inline bool vctx_inside(void)
{
	return static_branch_likely(&vctx_enabled) && vctx_is_member(current);
}

/**
 * vctx_bdev_permission() - the kernel opens a block device for current
 * @dev: its number
 * @read: to read it
 * @write: to write to it
 *
 * Context: process.
 * Return: 0, or -EPERM if the context of current may not use it.
 */
static inline int vctx_bdev_permission(dev_t dev, bool read, bool write)
{
	return vctx_inside() ? __vctx_bdev_permission(dev, read, write) : 0;
}

/**
 * vctx_may_mount() - may current mount filesystems of a type?
 * @type: the type
 *
 * Context: process.
 * Return: false if it is a member, and not even a user namespace could.
 */
static inline bool vctx_may_mount(const struct file_system_type *type)
{
	return !vctx_inside() || __vctx_may_mount(type);
}

/**
 * vctx_sb_disown() - a superblock is being made that nobody has asked for
 * @sb: just allocated by current, for a submount; from now on the host's
 *
 * Context: process.
 */
static inline void vctx_sb_disown(struct super_block *sb)
{
	if (vctx_inside())
		__vctx_sb_disown(sb);
}

/**
 * vctx_may_open_handle() - may current open files of a filesystem by handle?
 * @sb: of the mount that it names
 *
 * Context: process.
 * Return: false if it is a member, and its context has not made @sb.
 */
static inline bool vctx_may_open_handle(const struct super_block *sb)
{
	return !vctx_inside() || __vctx_may_open_handle(sb);
}

/**
 * vctx_may_set_uts() - may current change the names of the system?
 * @ns: where
 *
 * Context: process.
 * Return: false if it is a member, and @ns the host's.
 */
static inline bool vctx_may_set_uts(const struct uts_namespace *ns)
{
	return !vctx_inside() || __vctx_may_set_uts(ns);
}

/**
 * vctx_may_set_sysctl() - may current write to an entry below /proc/sys?
 * @head: which the caller keeps in use
 * @table: the entry
 *
 * Context: process, or RCU read side.
 * Return: false if it is a member, and the entry not of a namespace other than
 * the host's.
 */
static inline bool vctx_may_set_sysctl(const struct ctl_table_header *head,
				       const struct ctl_table *table)
{
	return !vctx_inside() || __vctx_may_set_sysctl(head, table);
}

/**
 * vctx_sigqueue_charge() - a signal is to be queued
 * @q: the new entry
 * @task: who the signal is for; for the entry of a POSIX timer, its maker
 *
 * Context: any; @task is current or its siglock is held.
 * Return: 0, or -EAGAIN if that would exceed a hard limit on nsigpending.
 */
static inline int vctx_sigqueue_charge(struct sigqueue *q,
				       const struct task_struct *task)
{
	q->vctx = NULL;
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(task))
		return __vctx_sigqueue_charge(q, task);
	return 0;
}

/**
 * vctx_sigqueue_uncharge() - a queued signal is about to be freed
 * @q: the entry
 *
 * Context: any.
 */
static inline void vctx_sigqueue_uncharge(struct sigqueue *q)
{
	if (unlikely(q->vctx))
		__vctx_sigqueue_uncharge(q);
}

/**
 * vctx_mark_charge() - current attaches a mark to a file system object
 * @mark: the mark, of any kind, not attached yet
 *
 * Context: process; the group of @mark is locked.
 * Return: 0, or -ENOSPC if that would exceed a hard limit on ninotify.
 */
static inline int vctx_mark_charge(struct fsnotify_mark *mark)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		return __vctx_mark_charge(mark);
	return 0;
}

/**
 * vctx_mark_uncharge() - a mark is going, or has not been attached
 * @mark: the mark; the caller is the only one who says so
 *
 * Context: any.
 */
static inline void vctx_mark_uncharge(struct fsnotify_mark *mark)
{
	if (static_branch_likely(&vctx_enabled))
		__vctx_mark_uncharge(mark);
}

/**
 * vctx_random_charge() - current writes to the random number generator
 * @bytes: how many
 *
 * Context: process.
 * Return: 0, or -EPERM if that would exceed a hard limit on nrandom.
 */
static inline int vctx_random_charge(size_t bytes)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		return __vctx_random_charge(bytes);
	return 0;
}

/**
 * vctx_random_uncharge() - current has written less than it was charged for
 * @bytes: how many bytes it has not written
 *
 * Context: process; the same system call as vctx_random_charge().
 */
static inline void vctx_random_uncharge(size_t bytes)
{
	if (static_branch_likely(&vctx_enabled) && unlikely(bytes) &&
	    vctx_is_member(current))
		__vctx_random_uncharge(bytes);
}

/**
 * vctx_shm_charge() - current makes a System V shared memory segment
 * @owner: of the new segment
 * @size: how many bytes
 * @shmflg: as for shmget(2)
 *
 * Context: process.
 * Return: 0, or -ENOSPC if that would exceed a hard limit on nshm or shmbytes.
 */
static inline int vctx_shm_charge(struct vctx_owner *owner, size_t size,
				  int shmflg)
{
	owner->vctx = NULL;
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		return __vctx_shm_charge(owner, size, shmflg);
	return 0;
}

/**
 * vctx_shm_uncharge() - a segment is destroyed, or was not made
 * @owner: of the segment
 *
 * Context: any.
 */
static inline void vctx_shm_uncharge(struct vctx_owner *owner)
{
	if (unlikely(owner->vctx))
		__vctx_shm_uncharge(owner);
}

/**
 * vctx_sem_charge() - current makes a System V semaphore set
 * @owner: of the new set
 * @nsems: how many semaphores
 *
 * Context: process.
 * Return: 0, or -ENOSPC if that would exceed a hard limit on nsem.
 */
static inline int vctx_sem_charge(struct vctx_owner *owner, int nsems)
{
	owner->vctx = NULL;
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		return __vctx_sem_charge(owner, nsems);
	return 0;
}

/**
 * vctx_sem_uncharge() - a semaphore set is destroyed, or was not made
 * @owner: of the set
 *
 * Context: any.
 */
static inline void vctx_sem_uncharge(struct vctx_owner *owner)
{
	if (unlikely(owner->vctx))
		__vctx_sem_uncharge(owner);
}

/**
 * vctx_msgq_charge() - current makes a System V message queue
 * @owner: of the new queue
 *
 * Context: process.
 * Return: 0, or -ENOSPC if that would exceed a hard limit on nmsg.
 */
static inline int vctx_msgq_charge(struct vctx_owner *owner)
{
	owner->vctx = NULL;
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		return __vctx_msgq_charge(owner);
	return 0;
}

/**
 * vctx_msgq_uncharge() - a queue is destroyed, or was not made
 * @owner: of the queue, with the messages that are in it
 *
 * Context: any.
 */
static inline void vctx_msgq_uncharge(struct vctx_owner *owner)
{
	if (unlikely(owner->vctx))
		__vctx_msgq_uncharge(owner);
}

/**
 * vctx_msg_charge() - a message is about to be put into a queue
 * @owner: of the queue, who is charged for all that is in it
 * @size: of the message
 *
 * Context: any; the queue is locked and not destroyed.
 * Return: 0, or -ENOSPC if that would exceed a hard limit on msgbytes.
 */
static inline int vctx_msg_charge(struct vctx_owner *owner, size_t size)
{
	return unlikely(owner->vctx) ? __vctx_msg_charge(owner, size) : 0;
}

/**
 * vctx_msg_uncharge() - a message is taken out of a queue
 * @owner: of the queue
 * @size: of the message
 *
 * Context: any; the queue is locked and not destroyed.
 */
static inline void vctx_msg_uncharge(struct vctx_owner *owner, size_t size)
{
	if (unlikely(owner->vctx))
		__vctx_msg_uncharge(owner, size);
}

/**
 * vctx_mqueue_charge() - current makes a POSIX message queue
 * @owner: of the new queue, zeroed
 * @bytes: what its messages may take, as counted for RLIMIT_MSGQUEUE
 *
 * Context: process.
 * Return: 0, -ENOSPC if that would exceed a hard limit on nmsg, or -EMFILE one
 * on mqbytes.
 */
static inline int vctx_mqueue_charge(struct vctx_owner *owner,
				     unsigned long bytes)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		return __vctx_mqueue_charge(owner, bytes);
	return 0;
}

/**
 * vctx_mqueue_uncharge() - a queue is destroyed, or was not made
 * @owner: of the queue
 *
 * Context: any.
 */
static inline void vctx_mqueue_uncharge(struct vctx_owner *owner)
{
	if (unlikely(owner->vctx))
		__vctx_mqueue_uncharge(owner);
}

/**
 * vctx_mm_init() - current makes an address space
 * @mm: the new one, empty
 *
 * It is charged to the context of current, until vctx_mm_release().
 *
 * Context: process.
 */
static inline void vctx_mm_init(struct mm_struct *mm)
{
	mm->vctx = NULL;
	mm->vctx_as = 0;
	mm->vctx_memlock = 0;
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		__vctx_mm_init(mm);
}

/**
 * vctx_pagefault_oom() - a page fault of user space has failed
 *
 * If a hard limit was in the way, room is made by killing a member.
 *
 * Context: process, may sleep; no locks.
 * Return: true if that was the reason: if it still lives, it may go on.
 */
static inline bool vctx_pagefault_oom(void)
{
	return static_branch_likely(&vctx_enabled) && vctx_is_member(current) &&
	       __vctx_pagefault_oom();
}

/**
 * vctx_shmem_init() - current makes a file of memory
 * @p: the new file's, zeroed
 *
 * Its pages are charged to the context of current, until vctx_shmem_release().
 *
 * Context: process.
 */
static inline void vctx_shmem_init(struct vctx_pages *p)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		__vctx_pages_init(p);
}

/**
 * vctx_shmem_charge() - pages are about to be allocated in a file of memory
 * @p: the file's
 * @nr: how many
 *
 * Context: any.
 * Return: 0, or -ENOSPC if that would exceed a hard limit on shmem.
 */
static inline int vctx_shmem_charge(struct vctx_pages *p, long nr)
{
	return unlikely(p->vctx) ? __vctx_shmem_charge(p, nr) : 0;
}

/**
 * vctx_shmem_uncharge() - pages are not allocated in a file of memory any more
 * @p: the file's
 * @nr: how many
 *
 * Context: any.
 */
static inline void vctx_shmem_uncharge(struct vctx_pages *p, long nr)
{
	if (unlikely(p->vctx))
		__vctx_shmem_uncharge(p, nr);
}

/**
 * vctx_shmem_release() - a file of memory is freed
 * @p: the file's
 *
 * Context: any.
 */
static inline void vctx_shmem_release(struct vctx_pages *p)
{
	if (unlikely(p->vctx))
		__vctx_shmem_release(p);
}

/**
 * vctx_locked_charge() - current locks memory that is no address space's
 * @p: of what it locks; not charged yet
 * @nr: how many pages
 *
 * Context: process; any locks.
 * Return: 0, or -ENOMEM if that would exceed a hard limit on memlock.
 */
static inline int vctx_locked_charge(struct vctx_pages *p, long nr)
{
	p->vctx = NULL;
	atomic_long_set(&p->nr, 0);
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		return __vctx_locked_charge(p, nr);
	return 0;
}

/**
 * vctx_locked_release() - undo vctx_locked_charge()
 * @p: the same
 *
 * Context: any.
 */
static inline void vctx_locked_release(struct vctx_pages *p)
{
	if (unlikely(p->vctx))
		__vctx_locked_release(p);
}

/**
 * vctx_account_tick() - take over a task's figures into its context's sums
 * @task: runs on this CPU
 *
 * Context: the run queue's lock is held.
 */
static inline void vctx_account_tick(struct task_struct *task)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(task))
		__vctx_account_task(task);
}

/**
 * vctx_account_switch() - so, if it was not done in this jiffy
 * @task: has run on this CPU until now
 * @state: its state; what the dead have used is taken over in any case
 *
 * Context: the run queue's lock is held, and stays so until @task may run on
 * another CPU.
 */
static inline void vctx_account_switch(struct task_struct *task,
				       unsigned int state)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(task) &&
	    (unlikely(time_before(task->vctx.accounted_at, jiffies)) ||
	     unlikely(state & TASK_DEAD)))
		__vctx_account_task(task);
}

/**
 * vctx_account_bio() - current submits a block operation
 * @bio: the operation
 *
 * Context: any.
 */
static inline void vctx_account_bio(const struct bio *bio)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		__vctx_account_bio(bio);
}

/**
 * vctx_account_sent() - current has sent through a socket
 * @sk: the socket
 * @bytes: how much, or an errno below zero
 *
 * Context: process.
 */
static inline void vctx_account_sent(const struct sock *sk, long bytes)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		__vctx_account_sent(sk, bytes);
}

/**
 * vctx_account_received() - current has received from a socket
 * @sk: the socket
 * @bytes: how much, or an errno below zero
 * @flags: MSG_*; what is only looked at does not count
 *
 * Context: process.
 */
static inline void vctx_account_received(const struct sock *sk, long bytes,
					 int flags)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		__vctx_account_received(sk, bytes, flags);
}

/**
 * vctx_fork_group() - which task group is a new task in?
 * @task: the new task, which nobody else can find
 * @tg: the one of its cgroup or autogroup
 *
 * Context: cgroup_threadgroup_rwsem is held for reading until the task can be
 * found; @task->pi_lock is held.
 * Return: the one of its context or, if that has none, @tg.
 */
static inline struct task_group *vctx_fork_group(struct task_struct *task,
						 struct task_group *tg)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(task))
		return __vctx_fork_group(task, tg);
	return tg;
}

/**
 * vctx_task_group() - which task group is a task in?
 * @task: the task
 * @tg: the one of its cgroup or autogroup
 *
 * Context: the run queue's lock is held.
 * Return: the one of its context or, if that has none, @tg.
 */
static inline struct task_group *vctx_task_group(struct task_struct *task,
						 struct task_group *tg)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(task))
		return __vctx_task_group(task, tg);
	return tg;
}

/**
 * vctx_group_throttled() - a task group has used up its time on a CPU
 * @group: what it is of a context, or NULL
 * @cpu: the CPU
 *
 * Context: the run queue's lock is held.
 */
static inline void vctx_group_throttled(struct vctx_group *group, int cpu)
{
	if (group)
		__vctx_group_throttled(group, cpu);
}

/**
 * vctx_setscheduler() - may a task have this policy?
 * @task: the task
 * @policy: SCHED_*
 * @nice: nice value that comes with it
 *
 * Context: the run queue's lock is held.
 * Return: 0, or -EPERM if the rules of its context say no.
 */
static inline int vctx_setscheduler(const struct task_struct *task, int policy,
				    int nice)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(task))
		return __vctx_setscheduler(task, policy, nice);
	return 0;
}

/*
 * What /proc and sysinfo(2) say of the machine, to members of a context with
 * the flag "virt": all in process context.
 */

/**
 * vctx_since_birth_ns() - make a boot time count from current's context's birth
 * @ns: nanoseconds of boot time
 *
 * Return: nanoseconds since then, 0 for what was before; or @ns as it is.
 */
static inline u64 vctx_since_birth_ns(u64 ns)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current)) {
		u64 birth_ns = __vctx_birth_ns();

		ns = ns > birth_ns ? ns - birth_ns : 0;
	}
	return ns;
}

/* The same for what is not in nanoseconds. */
static inline void vctx_since_birth(struct timespec64 *ts)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		*ts = ns_to_timespec64(vctx_since_birth_ns(timespec64_to_ns(ts)));
}

/* How long CPUs have been idle: @idle_ns, or what the context did not use. */
static inline u64 vctx_idle_ns(u64 idle_ns)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		return __vctx_idle_ns(idle_ns);
	return idle_ns;
}

/* These print the whole file if the flag is set, and say whether it is. */

static inline bool vctx_loadavg_show(struct seq_file *m)
{
	return static_branch_likely(&vctx_enabled) && vctx_is_member(current) &&
	       __vctx_loadavg_show(m);
}

static inline bool vctx_stat_show(struct seq_file *m)
{
	return static_branch_likely(&vctx_enabled) && vctx_is_member(current) &&
	       __vctx_stat_show(m);
}

static inline bool vctx_meminfo_show(struct seq_file *m)
{
	return static_branch_likely(&vctx_enabled) && vctx_is_member(current) &&
	       __vctx_meminfo_show(m);
}

/**
 * vctx_sysinfo() - put a context's figures in the place of the machine's
 * @info: filled in but for the uptime, memory in pages
 */
static inline void vctx_sysinfo(struct sysinfo *info)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		__vctx_sysinfo(info);
}

#else /* !CONFIG_SECURITY_VCTX */

static inline bool vctx_nr_hidden(pid_t nr, struct pid_namespace *ns)
{
	return false;
}

static inline pid_t vctx_last_pid(pid_t nr)
{
	return nr;
}

static inline bool vctx_is_init(struct task_struct *task)
{
	return false;
}

static inline pid_t vctx_own_tgid(pid_t nr)
{
	return nr;
}

static inline pid_t vctx_own_tid(pid_t nr)
{
	return nr;
}

static inline pid_t vctx_parent_tgid(struct task_struct *parent, pid_t nr)
{
	return nr;
}

static inline pid_t vctx_visible_ppid(const struct task_struct *parent,
				      pid_t nr, const struct pid_namespace *ns)
{
	return nr;
}

static inline pid_t vctx_given_nr(pid_t nr)
{
	return nr;
}

static inline struct task_struct *vctx_reaper(struct task_struct *father,
					      struct task_struct *reaper)
{
	return reaper;
}

static inline bool vctx_key_hidden(const struct key *key)
{
	return false;
}

static inline bool vctx_key_user_hidden(kuid_t uid)
{
	return false;
}

static inline bool vctx_key_may_request(void)
{
	return true;
}

static inline struct key **vctx_key_register(struct user_namespace *ns,
					     struct key **reg,
					     enum vctx_key_register which)
{
	return reg;
}

static inline unsigned long vctx_current_context(void)
{
	return 0;
}

static inline unsigned long vctx_owner_context(const struct vctx_owner *owner)
{
	return 0;
}

static inline bool vctx_ipc_hidden(const struct vctx_owner *owner)
{
	return false;
}

static inline bool vctx_ipc_unlisted(const struct vctx_owner *owner)
{
	return false;
}

static inline bool vctx_ipc_may_clean(void)
{
	return false;
}

static inline bool vctx_task_hidden(const struct task_struct *task)
{
	return false;
}

static inline bool vctx_signal_hidden(const struct task_struct *task, int sig)
{
	return false;
}

static inline bool vctx_pid_hidden(struct pid *pid)
{
	return false;
}

static inline bool vctx_task_foreign(const struct task_struct *task)
{
	return false;
}

static inline void vctx_task_init(struct task_struct *task)
{
}

static inline void vctx_task_release(struct task_struct *task)
{
}

static inline int vctx_file_charge(struct file *file)
{
	return 0;
}

static inline void vctx_file_release(struct file *file)
{
}

static inline void vctx_fown_release(struct fown_struct *fown)
{
}

static inline int vctx_lock_charge(struct file_lock_core *flc)
{
	return 0;
}

static inline void vctx_lock_move(struct file_lock *to, struct file_lock *from)
{
}

static inline void vctx_lock_release(struct file_lock_core *flc)
{
}

struct vctx_ptys {
};

static inline void vctx_ptys_init(struct vctx_ptys *ptys)
{
}

static inline int vctx_pty_charge(struct vctx_ptys *ptys, int index)
{
	return 0;
}

static inline void vctx_pty_uncharge(struct vctx_ptys *ptys, int index)
{
}

static inline bool vctx_pty_hides(struct vctx_ptys *ptys)
{
	return false;
}

static inline int vctx_pty_access(struct vctx_ptys *ptys, int index,
				  const void *tty, unsigned int flags)
{
	return 0;
}

static inline bool vctx_inside(void)
{
	return false;
}

static inline int vctx_bdev_permission(dev_t dev, bool read, bool write)
{
	return 0;
}

static inline bool vctx_may_mount(const struct file_system_type *type)
{
	return true;
}

static inline void vctx_sb_disown(struct super_block *sb)
{
}

static inline bool vctx_may_open_handle(const struct super_block *sb)
{
	return true;
}

static inline bool vctx_may_set_uts(const struct uts_namespace *ns)
{
	return true;
}

static inline bool vctx_may_set_sysctl(const struct ctl_table_header *head,
				       const struct ctl_table *table)
{
	return true;
}

static inline int vctx_sigqueue_charge(struct sigqueue *q,
				       const struct task_struct *task)
{
	return 0;
}

static inline void vctx_sigqueue_uncharge(struct sigqueue *q)
{
}

static inline int vctx_mark_charge(struct fsnotify_mark *mark)
{
	return 0;
}

static inline void vctx_mark_uncharge(struct fsnotify_mark *mark)
{
}

static inline int vctx_random_charge(size_t bytes)
{
	return 0;
}

static inline void vctx_random_uncharge(size_t bytes)
{
}

static inline int vctx_shm_charge(struct vctx_owner *owner, size_t size,
				  int shmflg)
{
	return 0;
}

static inline void vctx_shm_uncharge(struct vctx_owner *owner)
{
}

static inline int vctx_sem_charge(struct vctx_owner *owner, int nsems)
{
	return 0;
}

static inline void vctx_sem_uncharge(struct vctx_owner *owner)
{
}

static inline int vctx_msgq_charge(struct vctx_owner *owner)
{
	return 0;
}

static inline void vctx_msgq_uncharge(struct vctx_owner *owner)
{
}

static inline int vctx_msg_charge(struct vctx_owner *owner, size_t size)
{
	return 0;
}

static inline void vctx_msg_uncharge(struct vctx_owner *owner, size_t size)
{
}

static inline int vctx_mqueue_charge(struct vctx_owner *owner,
				     unsigned long bytes)
{
	return 0;
}

static inline void vctx_mqueue_uncharge(struct vctx_owner *owner)
{
}

static inline void vctx_mm_init(struct mm_struct *mm)
{
}

static inline bool vctx_pagefault_oom(void)
{
	return false;
}

static inline void vctx_shmem_init(struct vctx_pages *p)
{
}

static inline int vctx_shmem_charge(struct vctx_pages *p, long nr)
{
	return 0;
}

static inline void vctx_shmem_uncharge(struct vctx_pages *p, long nr)
{
}

static inline void vctx_shmem_release(struct vctx_pages *p)
{
}

static inline int vctx_locked_charge(struct vctx_pages *p, long nr)
{
	return 0;
}

static inline void vctx_locked_release(struct vctx_pages *p)
{
}

static inline void vctx_account_tick(struct task_struct *task)
{
}

static inline void vctx_account_switch(struct task_struct *task,
				       unsigned int state)
{
}

static inline void vctx_account_bio(const struct bio *bio)
{
}

static inline void vctx_account_sent(const struct sock *sk, long bytes)
{
}

static inline void vctx_account_received(const struct sock *sk, long bytes,
					 int flags)
{
}

static inline struct task_group *vctx_fork_group(struct task_struct *task,
						 struct task_group *tg)
{
	return tg;
}

static inline struct task_group *vctx_task_group(struct task_struct *task,
						 struct task_group *tg)
{
	return tg;
}

static inline void vctx_group_throttled(struct vctx_group *group, int cpu)
{
}

static inline int vctx_setscheduler(const struct task_struct *task, int policy,
				    int nice)
{
	return 0;
}

static inline u64 vctx_since_birth_ns(u64 ns)
{
	return ns;
}

static inline void vctx_since_birth(struct timespec64 *ts)
{
}

static inline u64 vctx_idle_ns(u64 idle_ns)
{
	return idle_ns;
}

static inline bool vctx_loadavg_show(struct seq_file *m)
{
	return false;
}

static inline bool vctx_stat_show(struct seq_file *m)
{
	return false;
}

static inline bool vctx_meminfo_show(struct seq_file *m)
{
	return false;
}

static inline void vctx_sysinfo(struct sysinfo *info)
{
}

#endif /* !CONFIG_SECURITY_VCTX */

struct cgroup;
struct mem_cgroup;

#if defined(CONFIG_SECURITY_VCTX) && defined(CONFIG_MEMCG)

/* Does a context own a memory cgroup? */
DECLARE_STATIC_KEY_FALSE(vctx_memcg_used);

bool vctx_cgroup_owned(const struct cgroup *cgrp);
bool vctx_cgroup_may_move(const struct cgroup *src, const struct cgroup *dst);
bool vctx_cgroup_may_write(const struct cgroup *cgrp);
void __vctx_memcg_charged(struct mem_cgroup *memcg);
void __vctx_memcg_refused(struct mem_cgroup *memcg);

/**
 * vctx_memcg_charged() - pages have been charged to a memory cgroup
 * @memcg: it, and those above it are charged too
 *
 * Context: any.
 */
static inline void vctx_memcg_charged(struct mem_cgroup *memcg)
{
	if (static_branch_unlikely(&vctx_memcg_used))
		__vctx_memcg_charged(memcg);
}

/**
 * vctx_memcg_refused() - a limit has killed, or kept a page from being swapped
 * @memcg: where
 *
 * Context: any.
 */
static inline void vctx_memcg_refused(struct mem_cgroup *memcg)
{
	if (static_branch_unlikely(&vctx_memcg_used))
		__vctx_memcg_refused(memcg);
}

#else /* !(CONFIG_SECURITY_VCTX && CONFIG_MEMCG) */

static inline bool vctx_cgroup_owned(const struct cgroup *cgrp)
{
	return false;
}

static inline bool vctx_cgroup_may_move(const struct cgroup *src,
					const struct cgroup *dst)
{
	return true;
}

static inline bool vctx_cgroup_may_write(const struct cgroup *cgrp)
{
	return true;
}

static inline void vctx_memcg_charged(struct mem_cgroup *memcg)
{
}

static inline void vctx_memcg_refused(struct mem_cgroup *memcg)
{
}

#endif /* !(CONFIG_SECURITY_VCTX && CONFIG_MEMCG) */

#endif /* _LINUX_VCTX_H */
