// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx limits: what a context has used since it was made, the file "accounting"
 *
 * Sums are kept for each CPU, in the context and in all above it.
 *
 * Most of what is summed up is counted for each task already.  A task's figures
 * are taken over at each tick, when it leaves the CPU for the first time in a
 * jiffy, and when it leaves it for ever: what it has had since the last time is
 * added to its contexts'.  So nothing is added to the paths where they are
 * counted (faults, run queues, the tick, block I/O), and next to nothing to
 * switches, of which there can be a hundred in a jiffy.
 *
 * What a task that does not run has used is in its contexts' sums, but for what
 * it may have used after it was accounted and in the same jiffy: that stays less
 * than a jiffy's worth of each figure, however often it runs.  Who reads the
 * file takes it over first, and so counts it exactly; others (the CPU time in
 * "status" and "summary", /proc/stat of "virt") do without, since that needs a
 * look at all tasks.  The time that a task has waited for the CPU follows once
 * it has had it.
 *
 * Sockets and block operations are not counted for tasks, and have hooks.
 */

#include <linux/binfmts.h>
#include <linux/bio.h>
#include <linux/irqflags.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/wait.h>
#include <net/sock.h>

#include "limits.h"

static __always_inline void account_add(struct vctx *vctx,
					enum vctx_account what, u64 n)
{
	for (; vctx; vctx = vctx->parent)
		this_cpu_add(vctx->cpu->account[what], n);
}

/* A task's own figure has reached @now: how much is that since the last time? */
static __always_inline u64 account_news(struct vctx_task *blob,
					enum vctx_account what, u64 now)
{
	u64 n = now - blob->accounted[what];

	blob->accounted[what] = now;
	return n;
}

static void account_up_to(struct vctx_task *blob, struct vctx *vctx,
			  enum vctx_account what, u64 now)
{
	u64 n = account_news(blob, what, now);

	if (n)
		account_add(vctx, what, n);
}

#ifdef CONFIG_TASK_IO_ACCOUNTING
static u64 task_read_bytes(const struct task_struct *task)
{
	return READ_ONCE(task->ioac.read_bytes);
}

static u64 task_write_bytes(const struct task_struct *task)
{
	return READ_ONCE(task->ioac.write_bytes);
}
#else
static u64 task_read_bytes(const struct task_struct *task)
{
	return 0;
}

static u64 task_write_bytes(const struct task_struct *task)
{
	return 0;
}
#endif

/* Changes if, and only if, one of those does that seldom do. */
static u64 task_stamp(const struct task_struct *task)
{
	return task->nivcsw + READ_ONCE(task->utime) + READ_ONCE(task->stime) +
	       READ_ONCE(task->min_flt) + READ_ONCE(task->maj_flt) +
	       task_read_bytes(task) + task_write_bytes(task);
}

/*
 * Only the CPU that @task runs on does this, with interrupts off, or while it
 * does not run and cannot begin to, account_sleeper(): so it is not done twice
 * at a time, and figures that others add to stand still or are taken the next
 * time.
 */
void __vctx_account_task(struct task_struct *task)
{
	struct vctx_task *blob = &task->vctx;
	struct vctx *vctx = task_vctx(task);
	u64 cpu, wait, nvcsw, stamp;
	struct vctx *v;

	blob->accounted_at = jiffies;
	cpu = account_news(blob, VCTX_ACCOUNT_CPU, task->se.sum_exec_runtime);
	wait = account_news(blob, VCTX_ACCOUNT_WAIT, task->sched_info.run_delay);
	nvcsw = account_news(blob, VCTX_ACCOUNT_NVCSW, task->nvcsw);
	for (v = vctx; v; v = v->parent) {
		this_cpu_add(v->cpu->account[VCTX_ACCOUNT_CPU], cpu);
		this_cpu_add(v->cpu->account[VCTX_ACCOUNT_WAIT], wait);
		this_cpu_add(v->cpu->account[VCTX_ACCOUNT_NVCSW], nvcsw);
	}

	stamp = task_stamp(task);
	if (likely(stamp == blob->stamp))
		return;
	blob->stamp = stamp;
	account_up_to(blob, vctx, VCTX_ACCOUNT_NIVCSW, task->nivcsw);
	account_up_to(blob, vctx, VCTX_ACCOUNT_USER, READ_ONCE(task->utime));
	account_up_to(blob, vctx, VCTX_ACCOUNT_SYSTEM, READ_ONCE(task->stime));
	account_up_to(blob, vctx, VCTX_ACCOUNT_MIN_FLT, READ_ONCE(task->min_flt));
	account_up_to(blob, vctx, VCTX_ACCOUNT_MAJ_FLT, READ_ONCE(task->maj_flt));
	account_up_to(blob, vctx, VCTX_ACCOUNT_READ_BYTES, task_read_bytes(task));
	account_up_to(blob, vctx, VCTX_ACCOUNT_WRITE_BYTES,
		      task_write_bytes(task));
}

/**
 * vctx_accounting_enter() - current goes into a context
 * @to: where it goes
 *
 * What it has used before is not the new context's.
 *
 * Context: process.
 */
void vctx_accounting_enter(struct vctx *to)
{
	local_irq_disable();
	__vctx_account_task(current);
	rcu_assign_pointer(current->vctx.vctx, to);
	local_irq_enable();
}

/**
 * vctx_accounting_fork() - a task was made, or was not after all
 * @vctx: its context
 * @n: 1 or -1
 *
 * Context: any.
 */
void vctx_accounting_fork(struct vctx *vctx, int n)
{
	account_add(vctx, VCTX_ACCOUNT_FORKS, n);
}

/* Point of no return: the old program is gone. */
static void vctx_bprm_committed_creds(const struct linux_binprm *bprm)
{
	account_add(current_vctx(), VCTX_ACCOUNT_EXECS, 1);
}

/* What carries no data has nothing to be read or written. */
void __vctx_account_bio(const struct bio *bio)
{
	if (bio->bi_iter.bi_size)
		account_add(current_vctx(), op_is_write(bio_op(bio)) ?
			    VCTX_ACCOUNT_WRITE_OPS : VCTX_ACCOUNT_READ_OPS, 1);
}

static enum vctx_account_family sock_family(const struct sock *sk)
{
	switch (sk->sk_family) {
	case AF_INET:
		return VCTX_FAMILY_INET;
	case AF_INET6:
		return VCTX_FAMILY_INET6;
	case AF_UNIX:
		return VCTX_FAMILY_UNIX;
	default:
		return VCTX_FAMILY_OTHER;
	}
}

static void account_socket(const struct sock *sk, long bytes, bool sent)
{
	enum vctx_account what = VCTX_ACCOUNT_NET(sock_family(sk), sent);
	struct vctx *vctx = current_vctx();

	/* Nothing of a stream is its end, and no message at all. */
	if (bytes < 0 || (!bytes && sk->sk_type == SOCK_STREAM))
		return;
	for (; vctx; vctx = vctx->parent) {
		this_cpu_add(vctx->cpu->account[what], bytes);
		this_cpu_inc(vctx->cpu->account[what + 1]);
	}
}

void __vctx_account_sent(const struct sock *sk, long bytes)
{
	account_socket(sk, bytes, true);
}

void __vctx_account_received(const struct sock *sk, long bytes, int flags)
{
	if (!(flags & MSG_PEEK))
		account_socket(sk, bytes, false);
}

static void account_show_times(struct seq_file *m, struct vctx *vctx)
{
	u64 user, system;

	vctx_cputime(vctx, &user, &system);
	seq_printf(m, "user_usec %llu\nsystem_usec %llu\ncpu_usec %llu\nwait_usec %llu\n",
		   div_u64(user, NSEC_PER_USEC), div_u64(system, NSEC_PER_USEC),
		   div_u64(vctx_cpu_ns(vctx), NSEC_PER_USEC),
		   div_u64(vctx_account_sum(vctx, VCTX_ACCOUNT_WAIT),
			   NSEC_PER_USEC));
}

static void account_show_net(struct seq_file *m, const struct vctx *vctx,
			     const char *family, const char *direction,
			     enum vctx_account what)
{
	seq_printf(m, "%s_%s_bytes %llu\n%s_%s_packets %llu\n",
		   family, direction, vctx_account_sum(vctx, what),
		   family, direction, vctx_account_sum(vctx, what + 1));
}

/* Who reads this may be still running, and is not one tick behind. */
static void account_current(void)
{
	if (!current_vctx())
		return;
	local_irq_disable();
	__vctx_account_task(current);
	local_irq_enable();
}

/* The locks that are held keep @task where it is. */
static int account_sleeper(struct task_struct *task, void *unused)
{
	if (!task_curr(task))
		__vctx_account_task(task);
	return 0;
}

/* Nothing that is counted for a task changes unless it has run. */
static bool account_pending(const struct task_struct *task)
{
	return READ_ONCE(task->se.sum_exec_runtime) !=
	       READ_ONCE(task->vctx.accounted[VCTX_ACCOUNT_CPU]);
}

/* What those who do not run have used since they were accounted */
static void account_sleepers(const struct vctx *vctx)
{
	struct task_struct *process, *task;

	rcu_read_lock();
	for_each_process_thread(process, task)
		if (vctx_is_within(task_vctx(task), vctx) &&
		    account_pending(task))
			task_call_func(task, account_sleeper, NULL);
	rcu_read_unlock();
}

static int vctx_accounting_show(struct seq_file *m, struct vctx *vctx)
{
	static const struct {
		const char *key;
		enum vctx_account what;
	} counts[] = {
		{ "minor_faults",		VCTX_ACCOUNT_MIN_FLT },
		{ "major_faults",		VCTX_ACCOUNT_MAJ_FLT },
		{ "forks",			VCTX_ACCOUNT_FORKS },
		{ "execs",			VCTX_ACCOUNT_EXECS },
		{ "voluntary_switches",		VCTX_ACCOUNT_NVCSW },
		{ "involuntary_switches",	VCTX_ACCOUNT_NIVCSW },
		{ "block_read_bytes",		VCTX_ACCOUNT_READ_BYTES },
		{ "block_read_ops",		VCTX_ACCOUNT_READ_OPS },
		{ "block_write_bytes",		VCTX_ACCOUNT_WRITE_BYTES },
		{ "block_write_ops",		VCTX_ACCOUNT_WRITE_OPS },
	};
	static const char *const families[VCTX_NR_FAMILIES] = {
		[VCTX_FAMILY_INET]	= "inet",
		[VCTX_FAMILY_INET6]	= "inet6",
		[VCTX_FAMILY_UNIX]	= "unix",
		[VCTX_FAMILY_OTHER]	= "other",
	};
	int i;

	account_current();
	account_sleepers(vctx);
	account_show_times(m, vctx);
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		seq_printf(m, "%s %llu\n", counts[i].key,
			   vctx_account_sum(vctx, counts[i].what));
	for (i = 0; i < VCTX_NR_FAMILIES; i++) {
		account_show_net(m, vctx, families[i], "received",
				 VCTX_ACCOUNT_NET(i, false));
		account_show_net(m, vctx, families[i], "sent",
				 VCTX_ACCOUNT_NET(i, true));
	}
	return 0;
}

static const struct vctxfs_file vctx_accounting_files[] = {
	{ "accounting", 0444, vctx_accounting_show },
};

static struct security_hook_list vctx_accounting_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(bprm_committed_creds, vctx_bprm_committed_creds),
};

void __init vctx_accounting_init(void)
{
	security_add_hooks(vctx_accounting_hooks,
			   ARRAY_SIZE(vctx_accounting_hooks), &vctx_lsmid);
	vctxfs_add_files(vctx_accounting_files,
			 ARRAY_SIZE(vctx_accounting_files));
}
