// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx quota: whose an inode is, and that it stays so
 *
 * Inodes are tagged with project ids, which the file system stores and whose
 * usage it counts and limits.  What is here keeps members to their own tag:
 * they cannot change one, nor carry a file from one tag to another.
 */

#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/fileattr.h>
#include <linux/fs_struct.h>
#include <linux/fsverity.h>
#include <linux/init.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mnt_idmapping.h>
#include <linux/mount.h>
#include <linux/projid.h>
#include <linux/quota.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/stat.h>
#include <linux/statfs.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>
#include <uapi/linux/dqblk_xfs.h>
#include <uapi/linux/ext4.h>

#include "quota.h"

u32 __vctx_tag(void)
{
	return current_vctx()->tag;
}
EXPORT_SYMBOL_GPL(__vctx_tag);

/* Tags of inodes */

static bool vctx_quota_possible(const struct super_block *sb)
{
	return sb->s_quota_types & QTYPE_MASK_PRJ;
}

static u32 vctx_inode_tag(struct inode *inode)
{
	const struct super_block *sb = inode->i_sb;
	kprojid_t projid;
	int err;

	if (sb->dq_op && sb->dq_op->get_projid)
		err = sb->dq_op->get_projid(inode, &projid);
	else if (sb->s_qcop && sb->s_qcop->get_projid)
		err = sb->s_qcop->get_projid(inode, &projid);
	else
		return 0;
	return err ? 0 : from_kprojid(&init_user_ns, projid);
}

/* What others make in a directory has its project id if it says so. */
static u32 vctx_dir_tag(struct dentry *dir)
{
	struct fileattr fa = { .fsx_valid = true };

	if (vfs_fileattr_get(dir, &fa) ||
	    !(fa.fsx_xflags & FS_XFLAG_PROJINHERIT))
		return 0;
	return fa.fsx_projid;
}

bool __vctx_inode_shared(struct inode *inode)
{
	return S_ISREG(inode->i_mode) && vctx_quota_possible(inode->i_sb) &&
	       vctx_inode_tag(inode) == VCTX_TAG_SHARED;
}
EXPORT_SYMBOL_GPL(__vctx_inode_shared);

/* What members may not do to a file */

/**
 * vctx_quota_change() - may a member change a file?
 * @inode: the file
 *
 * Context: process.
 * Return: 0, or -EPERM for a shared one.
 */
int vctx_quota_change(struct inode *inode)
{
	return __vctx_inode_shared(inode) ? -EPERM : 0;
}

int __vctx_fileattr_set(const struct inode *inode, const struct fileattr *old,
			const struct fileattr *new)
{
	if (old->fsx_projid != new->fsx_projid ||
	    (old->fsx_xflags ^ new->fsx_xflags) & FS_XFLAG_PROJINHERIT)
		return -EPERM;
	if (old->fsx_projid == VCTX_TAG_SHARED && S_ISREG(inode->i_mode))
		return -EPERM;
	return 0;
}

static int vctx_inode_set_acl(struct mnt_idmap *idmap, struct dentry *dentry,
			      const char *name, struct posix_acl *acl)
{
	if (likely(!current_vctx()))
		return 0;
	return vctx_quota_change(d_inode(dentry));
}

static int vctx_inode_remove_acl(struct mnt_idmap *idmap,
				 struct dentry *dentry, const char *name)
{
	return vctx_inode_set_acl(idmap, dentry, name, NULL);
}

/*
 * What no other hook sees, and takes no descriptor that is open for writing.
 * The contents of ext4's boot loader inode are nobody's: exchanging a file's
 * with them would hide them from any quota.
 */
static int vctx_file_ioctl(struct file *file, unsigned int cmd,
			   unsigned long arg)
{
	if (likely(!current_vctx()) || !S_ISREG(file_inode(file)->i_mode))
		return 0;
	switch (cmd) {
	case EXT4_IOC_SWAP_BOOT:
		return -EPERM;
	case EXT4_IOC_MIGRATE:
	case EXT4_IOC_SETVERSION:
	case EXT4_IOC32_SETVERSION:
	case FS_IOC_SETVERSION:
	case FS_IOC32_SETVERSION:
	case FS_IOC_ENABLE_VERITY:
		return vctx_quota_change(file_inode(file));
	default:
		return 0;
	}
}

/* Names of a file in directories of other tags */

/*
 * What is of the caller's tag stays charged to it wherever its name is.  Only a
 * tree of another tag does not take it.
 *
 * @from is NULL if nobody knows.
 */
static int vctx_quota_move(struct inode *inode, struct dentry *from,
			   struct dentry *to, u32 own)
{
	u32 tag = vctx_inode_tag(inode);
	u32 to_tag;

	if (tag == VCTX_TAG_SHARED && S_ISREG(inode->i_mode))
		return 0;
	to_tag = vctx_dir_tag(to);
	if (to_tag && tag != to_tag)
		return -EXDEV;
	if (tag == own || !from || from == to)
		return 0;
	return vctx_dir_tag(from) == to_tag ? 0 : -EXDEV;
}

/* Called once for each direction of RENAME_EXCHANGE.  Both parents are locked. */
static int vctx_inode_rename(struct inode *old_dir, struct dentry *old_dentry,
			     struct inode *new_dir, struct dentry *new_dentry)
{
	const struct vctx *vctx = current_vctx();

	if (likely(!vctx) || !vctx->tag || !vctx_quota_possible(old_dir->i_sb))
		return 0;
	return vctx_quota_move(d_inode(old_dentry), old_dentry->d_parent,
			       new_dentry->d_parent, vctx->tag);
}

/*
 * The new name's parent is locked, the old one's is not, and may be anything by
 * now.  That is only a question of order: whose the inode is, and may have a
 * name in the new directory, does not depend on it.
 */
static int vctx_inode_link(struct dentry *old_dentry, struct inode *dir,
			   struct dentry *new_dentry)
{
	const struct vctx *vctx = current_vctx();
	struct inode *inode = d_inode(old_dentry);
	struct dentry *from;
	u32 tag;
	int err;

	if (likely(!vctx) || !vctx->tag || !vctx_quota_possible(dir->i_sb))
		return 0;
	tag = vctx_inode_tag(inode);
	if (tag && tag != vctx->tag && !__vctx_inode_shared(inode))
		return -EXDEV;
	from = dget_parent(old_dentry);
	/* Opened by a handle it may have no name. */
	err = vctx_quota_move(inode, from == old_dentry ? NULL : from,
			      new_dentry->d_parent, vctx->tag);
	dput(from);
	return err;
}

/* What members are told */

static u64 vctx_quota_left(u64 limit, u64 used)
{
	return limit > used ? limit - used : 0;
}

/* As the file systems do it for a directory with PROJINHERIT */
static void vctx_statfs_bound(struct kstatfs *buf, const struct qc_dqblk *dq)
{
	u64 limit, left;

	limit = min_not_zero(dq->d_spc_softlimit, dq->d_spc_hardlimit);
	if (limit) {
		left = div_u64(vctx_quota_left(limit, dq->d_space),
			       buf->f_frsize);
		buf->f_blocks = min(buf->f_blocks,
				    div_u64(limit, buf->f_frsize));
		buf->f_bfree = min(buf->f_bfree, left);
		buf->f_bavail = min(buf->f_bavail, left);
	}
	limit = min_not_zero(dq->d_ino_softlimit, dq->d_ino_hardlimit);
	if (limit) {
		left = vctx_quota_left(limit, dq->d_ino_count);
		buf->f_files = min(buf->f_files, limit);
		buf->f_ffree = min(buf->f_ffree, left);
	}
}

/*
 * The file system has taken its figures from the project of the directory that
 * was asked for, which may be another context's.
 */
static void vctx_statfs_again(struct super_block *sb, struct kstatfs *buf)
{
	struct kstatfs all = {};

	if (sb->s_op->statfs(sb->s_root, &all))
		return;
	if (!all.f_frsize)
		all.f_frsize = all.f_bsize;
	all.f_flags = buf->f_flags;
	*buf = all;
}

void __vctx_statfs(struct dentry *dentry, struct kstatfs *buf)
{
	struct super_block *sb = dentry->d_sb;
	u32 tag = __vctx_tag(), dir_tag;
	struct qc_state state = {};
	struct qc_dqblk dq;
	int err;

	if (!tag || !vctx_quota_possible(sb) || !sb->s_qcop ||
	    !sb->s_qcop->get_state || !sb->s_qcop->get_dqblk)
		return;
	/* Process accounting asks for itself, through overlayfs too. */
	if (current->flags & PF_EXITING)
		return;
	if (sb->s_qcop->get_state(sb, &state) ||
	    !(state.s_state[PRJQUOTA].flags & QCI_LIMITS_ENFORCED))
		return;
	dir_tag = vctx_dir_tag(dentry);
	if (dir_tag && dir_tag != tag)
		vctx_statfs_again(sb, buf);

	/*
	 * Looking it up may take a transaction, to make a place for it on disk,
	 * which a frozen file system must not see.  Who holds one up may want
	 * what our callers hold, so there is no waiting.
	 */
	if (!sb_start_write_trylock(sb))
		return;
	err = sb->s_qcop->get_dqblk(sb, make_kqid(&init_user_ns, PRJQUOTA, tag),
				    &dq);
	sb_end_write(sb);
	if (!err && buf->f_frsize > 0)
		vctx_statfs_bound(buf, &dq);
}

/* What an id is on disk, through an idmapped mount */
static bool vctx_quota_map(const struct vfsmount *mnt,
			   const struct super_block *sb, struct kqid *qid)
{
	if (mnt->mnt_sb != sb || !is_idmapped_mnt(mnt))
		return false;
	if (qid->type == USRQUOTA)
		qid->uid = from_vfsuid(mnt_idmap(mnt), sb->s_user_ns,
				       VFSUIDT_INIT(qid->uid));
	else
		qid->gid = from_vfsgid(mnt_idmap(mnt), sb->s_user_ns,
				       VFSGIDT_INIT(qid->gid));
	return true;
}

/*
 * Who names a device has not said which mount is meant: the one that current's
 * tree, or its working directory, is on.  They are not kept, only looked at: to
 * put one may have to wait for who waits for @sb->s_umount.
 */
static bool vctx_quota_map_any(const struct super_block *sb, struct kqid *qid)
{
	struct fs_struct *fs = current->fs;
	bool mapped;

	spin_lock(&fs->lock);
	mapped = vctx_quota_map(fs->root.mnt, sb, qid) ||
		 vctx_quota_map(fs->pwd.mnt, sb, qid);
	spin_unlock(&fs->lock);
	return mapped;
}

/* On disk the ids of a context are tag << 16 | id. */
static bool vctx_quota_disk_id(const struct super_block *sb,
			       const struct vfsmount *mnt, struct kqid *qid,
			       u32 tag)
{
	struct kqid disk = *qid;

	if (!tag)
		return false;
	if (!(mnt ? vctx_quota_map(mnt, sb, &disk) :
		    vctx_quota_map_any(sb, &disk)))
		return false;
	if (from_kqid(&init_user_ns, disk) >> 16 != tag)
		return false;
	*qid = disk;
	return true;
}

/* A member reads what is its own, root what is its context's. */
static int vctx_quota_read(const struct super_block *sb,
			   const struct vfsmount *mnt, u32 id,
			   struct kqid *qid)
{
	u32 tag = __vctx_tag();
	bool own;

	switch (qid->type) {
	case USRQUOTA:
		own = uid_eq(qid->uid, current_euid());
		if (vctx_quota_disk_id(sb, mnt, qid, tag))
			own |= uid_eq(current_euid(),
				      make_kuid(current_user_ns(), 0));
		break;
	case GRPQUOTA:
		own = in_egroup_p(qid->gid);
		vctx_quota_disk_id(sb, mnt, qid, tag);
		break;
	default:
		/* Tags are the same in all user namespaces. */
		own = tag && id == tag;
		*qid = make_kqid(&init_user_ns, PRJQUOTA, id);
	}
	return own ? 1 : -EPERM;
}

int __vctx_quotactl(const struct super_block *sb, const struct vfsmount *mnt,
		    int cmd, u32 id, struct kqid *qid)
{
	switch (cmd) {
	case Q_GETFMT:
	case Q_GETINFO:
	case Q_SYNC:
	case Q_XGETQSTAT:
	case Q_XGETQSTATV:
	case Q_XQUOTASYNC:
		return 1;
	case Q_GETQUOTA:
	case Q_XGETQUOTA:
		return vctx_quota_read(sb, mnt, id, qid);
	default:
		return -EPERM;
	}
}

/* Events */

void __vctx_quota_warning(const struct kqid *qid, int warntype)
{
	enum vctx_quota_event event;
	struct vctx *vctx;
	u32 tag, id;

	switch (warntype) {
	case QUOTA_NL_ISOFTWARN:
	case QUOTA_NL_BSOFTWARN:
		event = VCTX_QUOTA_SOFT;
		break;
	case QUOTA_NL_ISOFTLONGWARN:
	case QUOTA_NL_BSOFTLONGWARN:
		event = VCTX_QUOTA_GRACE;
		break;
	case QUOTA_NL_IHARDWARN:
	case QUOTA_NL_BHARDWARN:
		event = VCTX_QUOTA_HARD;
		break;
	default:
		return;
	}
	if (qid->type != PRJQUOTA)
		return;

	tag = from_kprojid(&init_user_ns, qid->projid);
	id = tag;
	rcu_read_lock();
	vctx = vctx_next(&id);
	if (vctx && id == tag && vctx->tag == tag) {
		atomic64_inc(&vctx->quota_events[event]);
		vctxfs_notify(vctx);
	}
	rcu_read_unlock();
}

/**
 * vctx_quota_show_events() - print the lines of "events" that are about quota
 * @m: where to
 * @vctx: the context
 */
void vctx_quota_show_events(struct seq_file *m, const struct vctx *vctx)
{
	static const char * const name[] = {
		[VCTX_QUOTA_SOFT] = "quota_soft",
		[VCTX_QUOTA_GRACE] = "quota_grace",
		[VCTX_QUOTA_HARD] = "quota_hard",
	};
	int i;

	for (i = 0; i < VCTX_NR_QUOTA_EVENTS; i++)
		seq_printf(m, "%s %llu\n", name[i],
			   (u64)atomic64_read(&vctx->quota_events[i]));
}

static struct security_hook_list vctx_quota_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(inode_set_acl, vctx_inode_set_acl),
	LSM_HOOK_INIT(inode_remove_acl, vctx_inode_remove_acl),
	LSM_HOOK_INIT(inode_link, vctx_inode_link),
	LSM_HOOK_INIT(inode_rename, vctx_inode_rename),
	LSM_HOOK_INIT(file_ioctl, vctx_file_ioctl),
	LSM_HOOK_INIT(file_ioctl_compat, vctx_file_ioctl),
};

void __init vctx_quota_init(void)
{
	security_add_hooks(vctx_quota_hooks, ARRAY_SIZE(vctx_quota_hooks),
			   &vctx_lsmid);
}
