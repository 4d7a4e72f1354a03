// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx: processes of other contexts
 *
 * Two questions.  Who is *hidden* does not exist for current: the lookups by
 * pid, /proc and the sweeps over all processes ask vctx_task_hidden().  Who can
 * be seen all the same, process 1 by members and everybody by the watcher, can
 * not be *acted on*: that is for the LSM hooks here.
 */

#include <linux/dcache.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/magic.h>
#include <linux/proc_fs.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <net/net_namespace.h>

#include "sched/sched.h"
#include "vctx.h"

/*
 * Host process 1 may supervise and stop everything, and kernel threads work
 * for all.
 */
bool vctx_current_exempt(void)
{
	return (current->flags & PF_KTHREAD) || is_global_init(current);
}

bool __vctx_task_foreign(const struct task_struct *task)
{
	return current_vctx() != task_vctx(task) && !vctx_current_exempt();
}

bool __vctx_task_hidden(const struct task_struct *task)
{
	return __vctx_task_foreign(task) && !vctx_is_watcher(current_vctx()) &&
	       !is_global_init((struct task_struct *)task);
}

bool __vctx_pid_hidden(struct pid *pid)
{
	const struct task_struct *task = NULL;
	enum pid_type type;
	bool hidden;

	rcu_read_lock();
	/* A group, or a session, may have lost its leader. */
	for (type = PIDTYPE_PID; !task && type < PIDTYPE_MAX; type++)
		task = pid_task(pid, type);
	hidden = task && __vctx_task_hidden(task);
	rcu_read_unlock();
	return hidden;
}
EXPORT_SYMBOL_GPL(__vctx_pid_hidden);

bool __vctx_nr_hidden(pid_t nr, struct pid_namespace *ns)
{
	struct pid *pid;
	bool hidden;

	rcu_read_lock();
	pid = find_pid_ns(nr, ns);
	hidden = pid && __vctx_pid_hidden(pid);
	rcu_read_unlock();
	return hidden;
}

/* -ESRCH for the hidden, -EPERM for the visible of other contexts. */
static int vctx_may_act(const struct task_struct *task)
{
	if (likely(!__vctx_task_foreign(task)))
		return 0;
	return __vctx_task_hidden(task) ? -ESRCH : -EPERM;
}

/*
 * A shell continues a job of its own that has entered a context.  Whoever may
 * not reach out of one cannot do so this way either.
 */
static bool vctx_may_continue(const struct task_struct *task, int sig)
{
	const struct vctx *own = current_vctx(), *theirs = task_vctx(task);

	return sig == SIGCONT && theirs &&
	       (!own || vctx_is_within(theirs, own)) &&
	       task_session((struct task_struct *)task) == task_session(current);
}

bool __vctx_signal_hidden(const struct task_struct *task, int sig)
{
	return __vctx_task_hidden(task) && !vctx_may_continue(task, sig);
}

/* Context: RCU read side. */
static int vctx_task_kill(struct task_struct *p, struct kernel_siginfo *info,
			  int sig, const struct cred *cred)
{
	/*
	 * With @cred, it is sent later on behalf of a task that asked for it,
	 * and current has nothing to do with it.  Nor has a dying parent with
	 * the signal that its child wants then (PR_SET_PDEATHSIG).
	 */
	if (cred || info == SEND_SIG_NOINFO || vctx_may_continue(p, sig))
		return 0;
	return vctx_may_act(p);
}

/*
 * A signal of a file (F_SETOWN, F_SETSIG) is sent by whoever makes it ready,
 * in interrupts for instance, and may be any: it counts as sent by the one who
 * has asked for it.
 */

/* Context: fown_struct.lock is held for writing. */
static void vctx_file_set_fowner(struct file *file)
{
	struct fown_struct *fown = file_f_owner(file);
	struct vctx *vctx = current_vctx();

	if (likely(fown->vctx == vctx))
		return;
	if (vctx)
		vctx_get(vctx);
	if (fown->vctx)
		vctx_put(fown->vctx);
	fown->vctx = vctx;
}

void __vctx_fown_release(struct fown_struct *fown)
{
	vctx_put(fown->vctx);
}

/* Context: any; fown_struct.lock is held. */
static int vctx_file_send_sigiotask(struct task_struct *task,
				    struct fown_struct *fown, int sig)
{
	return fown->vctx == task_vctx(task) ? 0 : -EPERM;
}

static int vctx_task_setnice(struct task_struct *p, int nice)
{
	return vctx_may_act(p) ?: vctx_sched_setnice(p, nice);
}

static int vctx_task_setioprio(struct task_struct *p, int ioprio)
{
	return vctx_may_act(p);
}

/* Skips the process in the sweeps of ioprio_get(), which reads only. */
static int vctx_task_getioprio(struct task_struct *p)
{
	return __vctx_task_hidden(p) ? -ESRCH : 0;
}

static int vctx_task_setscheduler(struct task_struct *p)
{
	return vctx_may_act(p);
}

static int vctx_task_movememory(struct task_struct *p)
{
	return vctx_may_act(p);
}

static int vctx_task_setpgid(struct task_struct *p, pid_t pgid)
{
	return vctx_may_act(p);
}

/* The watcher reads, as ps does; the rest is refused to it as well. */
static int vctx_ptrace_access_check(struct task_struct *child,
				    unsigned int mode)
{
	int err = vctx_may_act(child);

	if (err && (mode & PTRACE_MODE_READ) && vctx_is_watcher(current_vctx()))
		return 0;
	return err ? -EPERM : 0;
}

static int vctx_ptrace_traceme(struct task_struct *parent)
{
	return vctx_may_act(parent) ? -EPERM : 0;
}

/*
 * Is @dentry of procfs below the directory of a task not to be acted on?  What
 * is of no task is the host's, below /proc/sys each entry is asked, and below
 * /proc/PID/net is what is of a network namespace.
 */
static bool vctx_proc_foreign(struct dentry *dentry)
{
	struct super_block *sb = dentry->d_sb;
	const struct task_struct *task;
	unsigned int nr;
	bool foreign;

#ifdef CONFIG_NET
	if (proc_inode_below(d_inode(dentry), init_net.proc_net))
		return true;
#endif
	/* Names do not change in procfs, and @dentry pins those above it. */
	while (!IS_ROOT(dentry) && dentry->d_parent != sb->s_root)
		dentry = dentry->d_parent;
	if (kstrtouint(dentry->d_name.name, 10, &nr))
		return strcmp(dentry->d_name.name, "sys");
	rcu_read_lock();
	task = find_task_by_pid_ns(nr, proc_pid_ns(sb));
	foreign = task && __vctx_task_foreign(task);
	rcu_read_unlock();
	return foreign;
}

/**
 * vctx_process_change() - current, a member, is about to change something
 * @dentry: what it opens for writing, whose attributes it changes, or what it
 *	calls by ioctl(2)
 *
 * procfs lets root write to files of any process that it can see.  Those are
 * all for the watcher, and process 1 for members.  And it lets root write to
 * what governs the machine, as sysrq-trigger does, and change its mode.
 *
 * Context: process.
 * Return: 0 or -EPERM
 */
int vctx_process_change(struct dentry *dentry)
{
	if (dentry->d_sb->s_magic != PROC_SUPER_MAGIC)
		return 0;
	return vctx_proc_foreign(dentry) ? -EPERM : 0;
}

static struct security_hook_list vctx_process_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(task_kill, vctx_task_kill),
	LSM_HOOK_INIT(task_setnice, vctx_task_setnice),
	LSM_HOOK_INIT(task_setioprio, vctx_task_setioprio),
	LSM_HOOK_INIT(task_getioprio, vctx_task_getioprio),
	LSM_HOOK_INIT(task_setscheduler, vctx_task_setscheduler),
	LSM_HOOK_INIT(task_movememory, vctx_task_movememory),
	LSM_HOOK_INIT(task_setpgid, vctx_task_setpgid),
	LSM_HOOK_INIT(ptrace_access_check, vctx_ptrace_access_check),
	LSM_HOOK_INIT(ptrace_traceme, vctx_ptrace_traceme),
	LSM_HOOK_INIT(file_set_fowner, vctx_file_set_fowner),
	LSM_HOOK_INIT(file_send_sigiotask, vctx_file_send_sigiotask),
};

void __init vctx_add_process_hooks(void)
{
	security_add_hooks(vctx_process_hooks, ARRAY_SIZE(vctx_process_hooks),
			   &vctx_lsmid);
}
