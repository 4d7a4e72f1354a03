/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vctx: hooks into file systems and quota
 *
 * A context's tag is a project id: that of the nearest static context, itself
 * included.  What its members make has it, and the file system's own project
 * quota does the rest.
 */
#ifndef _LINUX_VCTX_QUOTA_H
#define _LINUX_VCTX_QUOTA_H

#include <linux/projid.h>
#include <linux/vctx.h>
#include <uapi/linux/vctx.h>

struct dentry;
struct fileattr;
struct inode;
struct kqid;
struct kstatfs;
struct super_block;
struct vfsmount;

#ifdef CONFIG_SECURITY_VCTX

u32 __vctx_tag(void);
bool __vctx_inode_shared(struct inode *inode);
int __vctx_fileattr_set(const struct inode *inode, const struct fileattr *old,
			const struct fileattr *new);
void __vctx_statfs(struct dentry *dentry, struct kstatfs *buf);
int __vctx_quotactl(const struct super_block *sb, const struct vfsmount *mnt,
		    int cmd, u32 id, struct kqid *qid);
void __vctx_quota_warning(const struct kqid *qid, int warntype);

/**
 * vctx_tag() - project id of what current makes
 *
 * It is the same one for all of a system call.
 *
 * Context: any.
 * Return: the tag of its context; 0 if it has none, and then the directory
 * decides, as ever.
 */
static inline u32 vctx_tag(void)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		return __vctx_tag();
	return 0;
}

/**
 * vctx_is_tag() - is a project id one that contexts have?
 * @projid: project id of an inode
 *
 * Context: any.
 * Return: true if so, whether or not there is such a context at the moment.
 */
static inline bool vctx_is_tag(kprojid_t projid)
{
	const projid_t id = __kprojid_val(projid);

	return static_branch_likely(&vctx_enabled) &&
	       id >= VCTX_ID_STATIC_MIN && id <= VCTX_ID_STATIC_MAX;
}

/**
 * vctx_quota_binds() - is current held to quota whatever its capabilities are?
 *
 * Context: any.
 * Return: true inside of a context.
 */
static inline bool vctx_quota_binds(void)
{
	return static_branch_likely(&vctx_enabled) && vctx_is_member(current);
}

/**
 * vctx_inode_shared() - may a file have names in trees of any project?
 * @inode: of a file system that may have project quota
 *
 * Context: any.
 * Return: true for a regular file with the project id VCTX_TAG_SHARED, and for a
 * special file or symbolic link that has none.
 */
static inline bool vctx_inode_shared(struct inode *inode)
{
	return static_branch_likely(&vctx_enabled) &&
	       __vctx_inode_shared(inode);
}

/**
 * vctx_fileattr_set() - current changes attributes of a file
 * @inode: the file
 * @old: its attributes
 * @new: what they shall be
 *
 * Context: process; @inode is locked.
 * Return: 0, or -EPERM if a member would change the project id or
 * PROJINHERIT, or anything of a shared file.
 */
static inline int vctx_fileattr_set(const struct inode *inode,
				    const struct fileattr *old,
				    const struct fileattr *new)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		return __vctx_fileattr_set(inode, old, new);
	return 0;
}

/**
 * vctx_statfs() - bound what current is told of a file system by its quota
 * @dentry: what was asked for
 * @buf: what the file system says
 *
 * Context: process, may sleep, as for ->statfs().
 */
static inline void vctx_statfs(struct dentry *dentry, struct kstatfs *buf)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		__vctx_statfs(dentry, buf);
}

/**
 * vctx_quotactl() - may current do this to the quota of a file system?
 * @sb: the file system
 * @mnt: mount that it is seen through, NULL if current has not said
 * @cmd: Q_*
 * @id: as current has given it
 * @qid: the same for the kernel; replaced if it means something else inside
 *
 * Context: process; may hold @sb->s_umount.
 * Return: 0 if current is no member, and the usual rules hold; 1 if it may, and
 * they do not; -EPERM.
 */
static inline int vctx_quotactl(const struct super_block *sb,
				const struct vfsmount *mnt, int cmd, u32 id,
				struct kqid *qid)
{
	if (static_branch_likely(&vctx_enabled) && vctx_is_member(current))
		return __vctx_quotactl(sb, mnt, cmd, id, qid);
	return 0;
}

/**
 * vctx_quota_warning() - usage has met a limit, or has gone below it again
 * @qid: whose
 * @warntype: QUOTA_NL_*
 *
 * Context: any.
 */
static inline void vctx_quota_warning(const struct kqid *qid, int warntype)
{
	if (static_branch_likely(&vctx_enabled))
		__vctx_quota_warning(qid, warntype);
}

#else /* !CONFIG_SECURITY_VCTX */

static inline u32 vctx_tag(void)
{
	return 0;
}

static inline bool vctx_is_tag(kprojid_t projid)
{
	return false;
}

static inline bool vctx_quota_binds(void)
{
	return false;
}

static inline bool vctx_inode_shared(struct inode *inode)
{
	return false;
}

static inline int vctx_fileattr_set(const struct inode *inode,
				    const struct fileattr *old,
				    const struct fileattr *new)
{
	return 0;
}

static inline void vctx_statfs(struct dentry *dentry, struct kstatfs *buf)
{
}

static inline int vctx_quotactl(const struct super_block *sb,
				const struct vfsmount *mnt, int cmd, u32 id,
				struct kqid *qid)
{
	return 0;
}

static inline void vctx_quota_warning(const struct kqid *qid, int warntype)
{
}

#endif /* !CONFIG_SECURITY_VCTX */

#endif /* _LINUX_VCTX_QUOTA_H */
