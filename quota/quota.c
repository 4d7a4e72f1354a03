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

static bool vctx_quota_is_shared(struct inode *inode)
{
	return S_ISREG(inode->i_mode) && vctx_quota_possible(inode->i_sb) &&
	       vctx_inode_tag(inode) == VCTX_TAG_SHARED;
}

/*
 * Special files and symbolic links are not opened by who tags a tree, and so
 * have no tag where all else has.
 */
static bool vctx_quota_is_untagged(struct inode *inode)
{
	return !S_ISREG(inode->i_mode) && !S_ISDIR(inode->i_mode) &&
	       !vctx_inode_tag(inode);
}

bool __vctx_inode_shared(struct inode *inode)
{
	return vctx_quota_is_shared(inode) || vctx_quota_is_untagged(inode);
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
	return vctx_quota_is_shared(inode) ? -EPERM : 0;
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

/**
 * vctx_quota_ioctl() - current, a member, calls ioctl(2)
 * @inode: of this file, which need not be open for writing
 * @cmd: what it wants
 *
 * What no other hook sees.  The contents of ext4's boot loader inode are
 * nobody's: exchanging a file's with them would hide them from any quota.
 *
 * Context: process.
 * Return: 0, or -EPERM
 */
int vctx_quota_ioctl(struct inode *inode, unsigned int cmd)
{
	if (!S_ISREG(inode->i_mode))
		return 0;
	switch (cmd) {
	case EXT4_IOC_SWAP_BOOT:
		return -EPERM;
	case EXT4_IOC_MIGRATE:
		/* The new tree is charged to the caller, the old one is not. */
		if (vctx_inode_tag(inode) != __vctx_tag())
			return -EPERM;
		return vctx_quota_change(inode);
	case EXT4_IOC_SETVERSION:
	case EXT4_IOC32_SETVERSION:
	case FS_IOC_SETVERSION:
	case FS_IOC32_SETVERSION:
	case FS_IOC_ENABLE_VERITY:
		return vctx_quota_change(inode);
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

	if (__vctx_inode_shared(inode))
		return 0;
	to_tag = vctx_dir_tag(to);
	if (to_tag && tag != to_tag)
		return -EXDEV;
	if (tag == own || !from || from == to)
		return 0;
	return vctx_dir_tag(from) == to_tag ? 0 : -EXDEV;
}

/**
 * vctx_quota_rename() - current, a member, renames a file
 * @old_dentry: the file
 * @new_dentry: its new name
 *
 * Context: process; both parents are locked.
 * Return: 0 or -EXDEV
 */
int vctx_quota_rename(struct dentry *old_dentry, struct dentry *new_dentry)
{
	u32 own = __vctx_tag();

	if (!own || !vctx_quota_possible(old_dentry->d_sb))
		return 0;
	return vctx_quota_move(d_inode(old_dentry), old_dentry->d_parent,
			       new_dentry->d_parent, own);
}

/**
 * vctx_quota_link() - current, a member, gives a file another name
 * @old_dentry: the file
 * @new_dentry: its new name
 *
 * The new name's parent is locked, the old one's is not, and may be anything by
 * now.  That is only a question of order: whose the inode is, and may have a
 * name in the new directory, does not depend on it.
 *
 * Context: process.
 * Return: 0 or -EXDEV
 */
int vctx_quota_link(struct dentry *old_dentry, struct dentry *new_dentry)
{
	struct inode *inode = d_inode(old_dentry);
	u32 own = __vctx_tag();
	struct dentry *from;
	u32 tag;
	int err;

	if (!own || !vctx_quota_possible(old_dentry->d_sb))
		return 0;
	tag = vctx_inode_tag(inode);
	if (tag && tag != own && !vctx_quota_is_shared(inode))
		return -EXDEV;
	from = dget_parent(old_dentry);
	/* Opened by a handle it may have no name. */
	err = vctx_quota_move(inode, from == old_dentry ? NULL : from,
			      new_dentry->d_parent, own);
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
EXPORT_SYMBOL_GPL(__vctx_statfs);

enum vctx_quota_id {
	VCTX_QUOTA_ID_PLAIN,	/* the id is the same on disk */
	VCTX_QUOTA_ID_MAPPED,	/* it was replaced by that on disk, TAG << 16 | ID */
	VCTX_QUOTA_ID_UNKNOWN,	/* it may be anybody's on disk */
};

/* What an id is on disk, as seen through a mount of @sb, or through another */
static enum vctx_quota_id vctx_quota_map(const struct vfsmount *mnt,
					 const struct super_block *sb,
					 struct kqid *qid, u32 tag)
{
	struct kqid disk = *qid;

	if (mnt->mnt_sb != sb)
		return VCTX_QUOTA_ID_UNKNOWN;
	if (!is_idmapped_mnt(mnt))
		return VCTX_QUOTA_ID_PLAIN;
	if (qid->type == USRQUOTA)
		disk.uid = from_vfsuid(mnt_idmap(mnt), sb->s_user_ns,
				       VFSUIDT_INIT(qid->uid));
	else
		disk.gid = from_vfsgid(mnt_idmap(mnt), sb->s_user_ns,
				       VFSGIDT_INIT(qid->gid));
	if (from_kqid(&init_user_ns, disk) >> 16 != tag)
		return VCTX_QUOTA_ID_UNKNOWN;
	*qid = disk;
	return VCTX_QUOTA_ID_MAPPED;
}

/*
 * Who names a device has not said which mount is meant: the one that current's
 * tree, or its working directory, is on.  They are not kept, only looked at: to
 * put one may have to wait for who waits for @sb->s_umount.
 */
static enum vctx_quota_id vctx_quota_map_any(const struct super_block *sb,
					     struct kqid *qid, u32 tag)
{
	struct fs_struct *fs = current->fs;
	enum vctx_quota_id root, pwd = VCTX_QUOTA_ID_UNKNOWN;

	spin_lock(&fs->lock);
	root = vctx_quota_map(fs->root.mnt, sb, qid, tag);
	if (root != VCTX_QUOTA_ID_MAPPED)
		pwd = vctx_quota_map(fs->pwd.mnt, sb, qid, tag);
	spin_unlock(&fs->lock);
	if (root == VCTX_QUOTA_ID_MAPPED || pwd == VCTX_QUOTA_ID_MAPPED)
		return VCTX_QUOTA_ID_MAPPED;
	return min(root, pwd);
}

/* A member reads what is its own, root what is its context's. */
static int vctx_quota_read(const struct super_block *sb,
			   const struct vfsmount *mnt, u32 id,
			   struct kqid *qid)
{
	enum vctx_quota_id seen = VCTX_QUOTA_ID_PLAIN;
	u32 tag = __vctx_tag();
	bool own;

	if (qid->type == PRJQUOTA) {
		/* Tags are the same in all user namespaces. */
		*qid = make_kqid(&init_user_ns, PRJQUOTA, id);
		return tag && id == tag ? 1 : -EPERM;
	}

	own = qid->type == USRQUOTA ? uid_eq(qid->uid, current_euid()) :
				      in_egroup_p(qid->gid);
	if (tag)
		seen = mnt ? vctx_quota_map(mnt, sb, qid, tag) :
			     vctx_quota_map_any(sb, qid, tag);
	if (seen == VCTX_QUOTA_ID_UNKNOWN)
		return -EPERM;
	if (seen == VCTX_QUOTA_ID_MAPPED && qid->type == USRQUOTA)
		own |= uid_eq(current_euid(), make_kuid(current_user_ns(), 0));
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
