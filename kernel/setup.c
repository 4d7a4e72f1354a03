// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx: the LSM, and the hooks in which several parts have a say
 */

#include <linux/export.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/jump_label.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>

#include "limits/limits.h"
#include "net.h"
#include "quota/quota.h"
#include "sched/sched.h"
#include "vctx.h"

DEFINE_STATIC_KEY_FALSE(vctx_enabled);
EXPORT_SYMBOL_GPL(vctx_enabled);

struct lsm_blob_sizes vctx_blob_sizes __ro_after_init = {
	.lbs_superblock = sizeof(struct vctx_sb),
	.lbs_key = sizeof(struct vctx_key),
};

const struct lsm_id vctx_lsmid = {
	.name = "vctx",
	.id = LSM_ID_VCTX,
};

/*
 * A new task is in its parent's context and charged to it, or there is no new
 * task.  If another LSM refuses it after this, vctx_task_free() follows.
 */
static int vctx_task_alloc(struct task_struct *task, unsigned long clone_flags)
{
	struct vctx_task *blob = &task->vctx;
	struct vctx *vctx = current_vctx();
	bool leader = !(clone_flags & CLONE_THREAD);
	int err;

	if (likely(!vctx))
		return 0;
	err = vctx_limits_fork(vctx, leader);
	if (err)
		return err;
	/* Current is a member, so the context is online and stays so. */
	atomic64_add(VCTX_LIVE_MEMBER, &vctx->live);
	vctx_get(vctx);
	vctx_accounting_fork(vctx, 1);
	blob->leader = leader;
	blob->member = true;
	RCU_INIT_POINTER(blob->vctx, vctx);
	return 0;
}

static void vctx_task_leave(struct vctx_task *blob, struct vctx *vctx,
			    bool leader)
{
	blob->member = false;
	vctx_limits_exit(vctx, leader);
	vctx_live_put(vctx, VCTX_LIVE_MEMBER);
}

/*
 * If another thread than the first one execs, it takes the first one's place
 * and that is reaped: as a thread, which is what thread_group_leader() says.
 */
void __vctx_task_release(struct task_struct *task)
{
	struct vctx_task *blob = &task->vctx;
	struct vctx *vctx = task_vctx(task);

	if (unlikely(vctx))
		vctx_task_leave(blob, vctx, thread_group_leader(task));
}

/* The last reference is gone, or the task never came to life. */
static void vctx_task_free(struct task_struct *task)
{
	struct vctx_task *blob = &task->vctx;
	struct vctx *vctx = task_vctx(task);

	if (likely(!vctx))
		return;
	if (blob->member) {
		/* It never came to life. */
		vctx_accounting_fork(vctx, -1);
		vctx_task_leave(blob, vctx, blob->leader);
	}
	vctx_sched_task_free(blob);
	RCU_INIT_POINTER(blob->vctx, NULL);
	vctx_put(vctx);
}

/* One hook for all who have a say, since everybody opens files all the time. */
static int vctx_file_open(struct file *file)
{
	int err;

	if (likely(!current_vctx()))
		return 0;
	err = vctx_device_file_open(file) ?: vctx_net_file_open(file);
	if (err || !(file->f_mode & FMODE_WRITE))
		return err;
	return vctx_refuse_file_open(file) ?: vctx_process_file_open(file) ?:
	       vctx_cgroup_file_open(file) ?:
	       vctx_quota_change(file_inode(file));
}

/**
 * vctx_proc_current() - print /proc/PID/attr/vctx/current
 * @m: where to
 * @ns: unused
 * @pid: unused
 * @task: the task
 *
 * Return: 0
 */
int vctx_proc_current(struct seq_file *m, struct pid_namespace *ns,
		      struct pid *pid, struct task_struct *task)
{
	u32 id = VCTX_ID_HOST;

	if (static_branch_likely(&vctx_enabled)) {
		const struct vctx *vctx;

		rcu_read_lock();
		vctx = task_vctx(task);
		if (vctx)
			id = vctx->id;
		rcu_read_unlock();
	}
	seq_printf(m, "%u\n", id);
	return 0;
}

static struct security_hook_list vctx_setup_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(task_alloc, vctx_task_alloc),
	LSM_HOOK_INIT(task_free, vctx_task_free),
	LSM_HOOK_INIT(file_open, vctx_file_open),
	LSM_HOOK_INIT(getselfattr, vctx_getselfattr),
	LSM_HOOK_INIT(setselfattr, vctx_setselfattr),
};

static int __init vctx_init(void)
{
	security_add_hooks(vctx_setup_hooks, ARRAY_SIZE(vctx_setup_hooks),
			   &vctx_lsmid);
	vctx_add_process_hooks();
	vctx_add_capability_hooks();
	vctx_add_device_hooks();
	vctx_add_refuse_hooks();
	vctx_add_key_hooks();
	vctx_add_fs_hooks();
	vctx_add_net_hooks();
	vctx_limits_init();
	vctx_net_init();
	vctx_add_sock_hooks();
	vctx_memcg_init();
	vctx_accounting_init();

	vctx_sched_init();
	vctx_quota_init();

	static_branch_enable(&vctx_enabled);
	return 0;
}

DEFINE_LSM(vctx) = {
	.name = "vctx",
	.init = vctx_init,
	.blobs = &vctx_blob_sizes,
};
