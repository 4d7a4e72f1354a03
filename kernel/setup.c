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

struct static_key_false vctx_enabled = STATIC_KEY_FALSE_INIT;
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

/* May current, a member, write to a file or change its attributes? */
static int vctx_change(struct dentry *dentry, struct inode *inode)
{
	return vctx_refuse_change(inode) ?: vctx_process_change(dentry) ?:
	       vctx_cgroup_inode_change(inode) ?: vctx_quota_change(inode);
}

/*
 * One hook for all who have a say, since everybody opens files all the time, and
 * an LSM has one place in each.
 */
static int vctx_file_open(struct file *file)
{
	int err;

	if (likely(!current_vctx()))
		return 0;
	err = vctx_device_file_open(file) ?: vctx_net_file_open(file) ?:
	      vctx_refuse_open(file_inode(file));
	/* f_mode has neither for the access mode 3, with which ioctl() works. */
	if (err || !(ACC_MODE(file->f_flags) & MAY_WRITE))
		return err;
	return vctx_change(file->f_path.dentry, file_inode(file));
}

static int vctx_file_ioctl(struct file *file, unsigned int cmd,
			   unsigned long arg)
{
	if (likely(!current_vctx()))
		return 0;
	return vctx_refuse_ioctl(file, cmd) ?:
	       vctx_quota_ioctl(file_inode(file), cmd);
}

/* Attributes: modes, owners, times, sizes; extended ones, and ACLs */

static int vctx_attr_change(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);

	if (likely(!current_vctx()))
		return 0;
	if (inode->i_sb->s_magic == VCTXFS_MAGIC)
		return -EPERM;
	return vctx_change(dentry, inode);
}

static int vctx_inode_setattr(struct mnt_idmap *idmap, struct dentry *dentry,
			      struct iattr *attr)
{
	return vctx_attr_change(dentry);
}

static int vctx_inode_setxattr(struct mnt_idmap *idmap, struct dentry *dentry,
			       const char *name, const void *value, size_t size,
			       int flags)
{
	return vctx_attr_change(dentry);
}

static int vctx_inode_removexattr(struct mnt_idmap *idmap,
				  struct dentry *dentry, const char *name)
{
	return vctx_attr_change(dentry);
}

static int vctx_inode_set_acl(struct mnt_idmap *idmap, struct dentry *dentry,
			      const char *name, struct posix_acl *acl)
{
	return vctx_attr_change(dentry);
}

static int vctx_inode_remove_acl(struct mnt_idmap *idmap,
				 struct dentry *dentry, const char *name)
{
	return vctx_attr_change(dentry);
}

/* Names that are added to a directory, or removed from it */

static int vctx_dir_change(const struct inode *dir)
{
	return likely(!current_vctx()) ? 0 : vctx_refuse_change(dir);
}

static int vctx_inode_create(struct inode *dir, struct dentry *dentry,
			     umode_t mode)
{
	return vctx_dir_change(dir);
}

static int vctx_inode_symlink(struct inode *dir, struct dentry *dentry,
			      const char *target)
{
	return vctx_dir_change(dir);
}

static int vctx_inode_mkdir(struct inode *dir, struct dentry *dentry,
			    umode_t mode)
{
	return vctx_dir_change(dir);
}

static int vctx_inode_mknod(struct inode *dir, struct dentry *dentry,
			    umode_t mode, dev_t dev)
{
	if (likely(!current_vctx()))
		return 0;
	return vctx_refuse_change(dir) ?: vctx_device_mknod(mode, dev);
}

static int vctx_inode_unlink(struct inode *dir, struct dentry *dentry)
{
	return vctx_dir_change(dir);
}

static int vctx_inode_rmdir(struct inode *dir, struct dentry *dentry)
{
	return vctx_dir_change(dir);
}

static int vctx_inode_link(struct dentry *old_dentry, struct inode *dir,
			   struct dentry *new_dentry)
{
	if (likely(!current_vctx()))
		return 0;
	return vctx_refuse_change(dir) ?:
	       vctx_quota_link(old_dentry, new_dentry);
}

/* Called once for each direction of RENAME_EXCHANGE.  Both parents are locked. */
static int vctx_inode_rename(struct inode *old_dir, struct dentry *old_dentry,
			     struct inode *new_dir, struct dentry *new_dentry)
{
	if (likely(!current_vctx()))
		return 0;
	return vctx_refuse_change(old_dir) ?:
	       vctx_quota_rename(old_dentry, new_dentry);
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
	LSM_HOOK_INIT(file_ioctl, vctx_file_ioctl),
	LSM_HOOK_INIT(file_ioctl_compat, vctx_file_ioctl),
	LSM_HOOK_INIT(inode_setattr, vctx_inode_setattr),
	LSM_HOOK_INIT(inode_setxattr, vctx_inode_setxattr),
	LSM_HOOK_INIT(inode_removexattr, vctx_inode_removexattr),
	LSM_HOOK_INIT(inode_set_acl, vctx_inode_set_acl),
	LSM_HOOK_INIT(inode_remove_acl, vctx_inode_remove_acl),
	LSM_HOOK_INIT(inode_create, vctx_inode_create),
	LSM_HOOK_INIT(inode_symlink, vctx_inode_symlink),
	LSM_HOOK_INIT(inode_mkdir, vctx_inode_mkdir),
	LSM_HOOK_INIT(inode_mknod, vctx_inode_mknod),
	LSM_HOOK_INIT(inode_unlink, vctx_inode_unlink),
	LSM_HOOK_INIT(inode_rmdir, vctx_inode_rmdir),
	LSM_HOOK_INIT(inode_link, vctx_inode_link),
	LSM_HOOK_INIT(inode_rename, vctx_inode_rename),
	LSM_HOOK_INIT(getselfattr, vctx_getselfattr),
	LSM_HOOK_INIT(setselfattr, vctx_setselfattr),
};

static int __init vctx_init(void)
{
	security_add_hooks(vctx_setup_hooks, ARRAY_SIZE(vctx_setup_hooks),
			   &vctx_lsmid);
	vctx_add_process_hooks();
	vctx_add_capability_hooks();
	vctx_add_device_files();
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

	static_branch_enable(&vctx_enabled);
	return 0;
}

DEFINE_LSM(vctx) = {
	.name = "vctx",
	.init = vctx_init,
	.blobs = &vctx_blob_sizes,
};
