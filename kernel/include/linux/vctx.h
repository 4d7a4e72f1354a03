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

struct file;
struct pid;
struct pid_namespace;
struct seq_file;
struct task_struct;

#ifdef CONFIG_SECURITY_VCTX

#include <linux/jump_label.h>
#include <linux/sched.h>

DECLARE_STATIC_KEY_FALSE(vctx_enabled);

/* Where vctx's part of a task's LSM blob begins: with its context. */
extern unsigned int vctx_task_offset;

/* For the paths that everybody takes.  Only while vctx_enabled is set. */
static inline bool vctx_is_member(const struct task_struct *task)
{
	return READ_ONCE(*(void **)(task->security + vctx_task_offset));
}

bool __vctx_task_hidden(const struct task_struct *task);
bool __vctx_pid_hidden(struct pid *pid);
bool __vctx_task_foreign(const struct task_struct *task);
void __vctx_task_release(struct task_struct *task);
void __vctx_account_cputime(struct task_struct *task, u64 delta_ns);
int __vctx_file_charge(struct file *file);
int vctx_proc_current(struct seq_file *m, struct pid_namespace *ns,
		      struct pid *pid, struct task_struct *task);

/* decl sock */

/* decl lock */

/* decl pty */

/* decl signal */

/* decl fsnotify */

/* decl random */

/* decl ipc */

/* decl mm */

/* decl memcg */

/* decl accounting */

/* decl sched */

/* decl virt */

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
	return static_branch_likely(&vctx_enabled) && __vctx_task_hidden(task);
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
	return static_branch_likely(&vctx_enabled) && __vctx_task_foreign(task);
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
 * vctx_account_cputime() - a task has run
 * @task: the task that runs on this CPU
 * @delta_ns: for how long
 *
 * Context: the run queue's lock is held.
 */
static inline void vctx_account_cputime(struct task_struct *task, u64 delta_ns)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(task))
		__vctx_account_cputime(task, delta_ns);
}

/**
 * vctx_file_charge() - current makes an open file description
 * @file: the new one
 *
 * It is uncharged when it is freed, by the LSM hook for that.
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

/* inline sock */

/* inline lock */

/* inline pty */

/* inline signal */

/* inline fsnotify */

/* inline random */

/* inline ipc */

/* inline mm */

/* inline memcg */

/* inline accounting */

/* inline sched */

/* inline virt */

#else /* !CONFIG_SECURITY_VCTX */

static inline bool vctx_task_hidden(const struct task_struct *task)
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

static inline void vctx_task_release(struct task_struct *task)
{
}

static inline void vctx_account_cputime(struct task_struct *task, u64 delta_ns)
{
}

static inline int vctx_file_charge(struct file *file)
{
	return 0;
}

/* stub sock */

/* stub lock */

/* stub pty */

/* stub signal */

/* stub fsnotify */

/* stub random */

/* stub ipc */

/* stub mm */

/* stub memcg */

/* stub accounting */

/* stub sched */

/* stub virt */

#endif /* !CONFIG_SECURITY_VCTX */

#endif /* _LINUX_VCTX_H */
