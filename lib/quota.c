// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libvctx: disk quota of contexts
 *
 * The tag of a context's files is their project id, so that what is counted
 * and limited here is the project quota of ext4 and XFS.  Both answer the same
 * calls: limits of space are in KiB there, usage is in bytes, and 0 is no limit.
 *
 * A filesystem is named by a descriptor of any file in it, O_PATH suffices.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>

#include "internal.h"

/* Newer than the headers of many systems; the same on all architectures */
#ifndef __NR_quotactl_fd
#define __NR_quotactl_fd	443
#endif

/* <linux/quota.h> has them only for the kernel, or not at all */
#define TYPE_USER		0	/* USRQUOTA */
#define TYPE_PROJECT		2	/* PRJQUOTA */

/* Unit of Q_XGETQUOTA */
#define BASIC_BLOCK		512

static unsigned int kernel_type(enum vctx_quota_type type)
{
	return type == VCTX_QUOTA_USER ? TYPE_USER : TYPE_PROJECT;
}

static int quotactl_fd(int fd, unsigned int cmd, enum vctx_quota_type type,
		       unsigned int id, void *arg)
{
	long result = syscall(__NR_quotactl_fd, (unsigned int)fd,
			      QCMD(cmd, kernel_type(type)), id, arg);

	return result < 0 ? -errno : 0;
}

/* --- tags ---------------------------------------------------------------- */

/**
 * vctx_tag() - what the files of a context are tagged with
 * @id: the context
 * @tag: receives its own id if that is static, else the id of the nearest
 *	static context above; 0 if there is none
 *
 * Return: 0; errors as vctx_read(), for a dynamic context only.
 */
int vctx_tag(unsigned int id, unsigned int *tag)
{
	struct vctx_info info;
	int err;

	while (id > VCTX_ID_STATIC_MAX) {
		err = vctx_read(id, &info);
		if (err)
			return err;
		id = info.parent;
		vctx_info_free(&info);
	}
	*tag = id < VCTX_ID_STATIC_MIN ? 0 : id;
	return 0;
}

/**
 * vctx_get_tag() - the tag of a file
 * @fd: of a file that was opened for more than its path
 * @tag: receives its project id
 * @inherit: receives whether what is made in this directory gets the same
 *
 * Return: 0; -ENOTTY or -EOPNOTSUPP if the filesystem has none, or the file is
 * not of a kind that can be asked; or what ioctl(2) failed with.
 */
int vctx_get_tag(int fd, unsigned int *tag, int *inherit)
{
	struct fsxattr attr;

	if (ioctl(fd, FS_IOC_FSGETXATTR, &attr))
		return -errno;
	*tag = attr.fsx_projid;
	*inherit = !!(attr.fsx_xflags & FS_XFLAG_PROJINHERIT);
	return 0;
}

/**
 * vctx_set_tag() - change the tag of a file
 * @fd: of a regular file or a directory, opened for more than its path
 * @tag: project id that it gets
 * @inherit: what is made in this directory gets the same; 0 for other files
 *
 * What it uses is counted there from then on, in one step with the change.
 *
 * Return: 0, also if nothing was to be changed; -EDQUOT or -ENOSPC if that is
 * above a limit; -EPERM for an immutable file; or what ioctl(2) failed with.
 */
int vctx_set_tag(int fd, unsigned int tag, int inherit)
{
	struct fsxattr attr;
	int has;

	if (ioctl(fd, FS_IOC_FSGETXATTR, &attr))
		return -errno;
	has = !!(attr.fsx_xflags & FS_XFLAG_PROJINHERIT);
	if (attr.fsx_projid == tag && has == !!inherit)
		return 0;
	attr.fsx_projid = tag;
	if (inherit)
		attr.fsx_xflags |= FS_XFLAG_PROJINHERIT;
	else
		attr.fsx_xflags &= ~(__u32)FS_XFLAG_PROJINHERIT;
	return ioctl(fd, FS_IOC_FSSETXATTR, &attr) ? -errno : 0;
}

/* --- filesystems ----------------------------------------------------------- */

/**
 * vctx_quota_state() - does a filesystem have quota?
 * @fd: a file in it
 * @type: of which kind
 * @state: receives VCTX_QUOTA_COUNTED and VCTX_QUOTA_ENFORCED, 0 for neither
 *
 * Return: 0; or what quotactl_fd(2) failed with for another reason than that
 * there is no quota.
 */
int vctx_quota_state(int fd, enum vctx_quota_type type, unsigned int *state)
{
	struct fs_quota_statv stat = { .qs_version = FS_QSTATV_VERSION1 };
	unsigned int counted = type == VCTX_QUOTA_USER ? FS_QUOTA_UDQ_ACCT :
							 FS_QUOTA_PDQ_ACCT;
	unsigned int enforced = type == VCTX_QUOTA_USER ? FS_QUOTA_UDQ_ENFD :
							  FS_QUOTA_PDQ_ENFD;
	int err = quotactl_fd(fd, Q_XGETQSTATV, type, 0, &stat);

	*state = 0;
	if (err == -ENOSYS || err == -EINVAL || err == -ESRCH)
		return 0;
	if (err)
		return err;
	if (stat.qs_flags & counted)
		*state |= VCTX_QUOTA_COUNTED;
	if (stat.qs_flags & enforced)
		*state |= VCTX_QUOTA_ENFORCED;
	return 0;
}

/**
 * vctx_quota_enforce() - enforce limits on a filesystem that counts usage
 * @fd: a file in it
 * @type: of which kind
 *
 * It holds until the filesystem is not mounted any more.
 *
 * Return: 0, also if they are enforced already; -EINVAL or -ENOSYS if usage is
 * not counted; -EPERM for who is not the host's administrator.
 */
int vctx_quota_enforce(int fd, enum vctx_quota_type type)
{
	__u32 flag = type == VCTX_QUOTA_USER ? FS_QUOTA_UDQ_ENFD :
					       FS_QUOTA_PDQ_ENFD;
	int err = quotactl_fd(fd, Q_XQUOTAON, type, 0, &flag);

	/* ext4 and XFS say so if there is nothing to do. */
	return err == -EBUSY || err == -EEXIST ? 0 : err;
}

/* --- quotas ---------------------------------------------------------------- */

static unsigned long long limit(unsigned long long value,
				unsigned long long unit)
{
	if (!value)
		return VCTX_MAX;
	return value > VCTX_MAX / unit ? VCTX_MAX : value * unit;
}

static void from_dqblk(struct vctx_quota *quota, const struct if_dqblk *from)
{
	quota->space.usage = from->dqb_curspace;
	quota->space.soft = limit(from->dqb_bsoftlimit, VCTX_QUOTA_UNIT);
	quota->space.hard = limit(from->dqb_bhardlimit, VCTX_QUOTA_UNIT);
	quota->space.expires = from->dqb_btime;
	quota->inodes.usage = from->dqb_curinodes;
	quota->inodes.soft = limit(from->dqb_isoftlimit, 1);
	quota->inodes.hard = limit(from->dqb_ihardlimit, 1);
	quota->inodes.expires = from->dqb_itime;
}

/* A time in two parts, the upper one of which kernels before 5.10 have not */
static unsigned long long timer(const struct fs_disk_quota *from, __s32 low,
				__s8 high)
{
	if (from->d_fieldmask & FS_DQ_BIGTIME)
		return (unsigned long long)(__u32)low |
		       (unsigned long long)(__u8)high << 32;
	return low > 0 ? (unsigned long long)low : 0;
}

static void from_xfs(struct vctx_quota *quota, const struct fs_disk_quota *from)
{
	quota->space.usage = from->d_bcount * BASIC_BLOCK;
	quota->space.soft = limit(from->d_blk_softlimit, BASIC_BLOCK);
	quota->space.hard = limit(from->d_blk_hardlimit, BASIC_BLOCK);
	quota->space.expires = timer(from, from->d_btimer, from->d_btimer_hi);
	quota->inodes.usage = from->d_icount;
	quota->inodes.soft = limit(from->d_ino_softlimit, 1);
	quota->inodes.hard = limit(from->d_ino_hardlimit, 1);
	quota->inodes.expires = timer(from, from->d_itimer, from->d_itimer_hi);
}

static void no_quota(struct vctx_quota *quota, unsigned int id)
{
	memset(quota, 0, sizeof(*quota));
	quota->id = id;
	quota->space.soft = VCTX_MAX;
	quota->space.hard = VCTX_MAX;
	quota->inodes.soft = VCTX_MAX;
	quota->inodes.hard = VCTX_MAX;
}

/**
 * vctx_get_quota() - what one uses of a filesystem, and may use
 * @fd: a file in it
 * @type: of which kind
 * @id: whose
 * @quota: receives it, also for one who has no file and no limit
 *
 * Return: 0; -ESRCH, -ENOSYS or -EINVAL if the filesystem does not have that
 * kind of quota on; -EPERM for what the caller may not see.
 */
int vctx_get_quota(int fd, enum vctx_quota_type type, unsigned int id,
		   struct vctx_quota *quota)
{
	struct fs_disk_quota xfs = { 0 };
	struct if_dqblk generic = { 0 };
	int err;

	no_quota(quota, id);
	err = quotactl_fd(fd, Q_GETQUOTA, type, id, &generic);
	if (!err)
		from_dqblk(quota, &generic);
	if (err == -EROFS) {
		/* For the kernel that is a write, and this is none. */
		err = quotactl_fd(fd, Q_XGETQUOTA, type, id, &xfs);
		if (!err)
			from_xfs(quota, &xfs);
	}
	return err == -ENOENT ? 0 : err;
}

/**
 * vctx_next_quota() - the next one who uses, or is limited on, a filesystem
 * @fd: a file in it
 * @type: of which kind
 * @id: where to begin; this one is included
 * @quota: receives it
 *
 * Return: 0; -ENOENT if there is no more; else as vctx_get_quota().
 */
int vctx_next_quota(int fd, enum vctx_quota_type type, unsigned int id,
		    struct vctx_quota *quota)
{
	struct if_nextdqblk generic = { 0 };
	struct fs_disk_quota xfs = { 0 };
	int err;

	no_quota(quota, id);
	err = quotactl_fd(fd, Q_GETNEXTQUOTA, type, id, &generic);
	if (!err) {
		/* The one is the beginning of the other. */
		from_dqblk(quota, (const struct if_dqblk *)&generic);
		quota->id = generic.dqb_id;
	}
	if (err == -EROFS) {
		err = quotactl_fd(fd, Q_XGETNEXTQUOTA, type, id, &xfs);
		if (!err) {
			from_xfs(quota, &xfs);
			quota->id = xfs.d_id;
		}
	}
	return err;
}

static __u64 kib(unsigned long long bytes)
{
	return bytes == VCTX_MAX ? 0 : bytes / VCTX_QUOTA_UNIT +
				       !!(bytes % VCTX_QUOTA_UNIT);
}

/**
 * vctx_set_quota() - limit what one may use of a filesystem
 * @fd: a file in it
 * @type: of which kind
 * @quota: whose, and what is set; usage does not count
 * @what: VCTX_QUOTA_LIMITS: all four limits; VCTX_QUOTA_EXPIRES: when times of
 *	grace end, which the kernel takes only where a soft limit is exceeded
 *
 * A limit of 0 would be none for the kernel: see vctx_check_quota().  XFS
 * passes over limits of which the soft one is above the hard one.
 *
 * Return: 0; -ERANGE if a limit is too large for the filesystem; -EROFS; else
 * as vctx_get_quota().
 */
int vctx_set_quota(int fd, enum vctx_quota_type type,
		   const struct vctx_quota *quota, unsigned int what)
{
	struct if_dqblk to = {
		.dqb_bsoftlimit = kib(quota->space.soft),
		.dqb_bhardlimit = kib(quota->space.hard),
		.dqb_btime = quota->space.expires,
		.dqb_itime = quota->inodes.expires,
	};

	if (quota->inodes.soft != VCTX_MAX)
		to.dqb_isoftlimit = quota->inodes.soft;
	if (quota->inodes.hard != VCTX_MAX)
		to.dqb_ihardlimit = quota->inodes.hard;
	if (what & VCTX_QUOTA_LIMITS)
		to.dqb_valid |= QIF_LIMITS;
	if (what & VCTX_QUOTA_EXPIRES)
		to.dqb_valid |= QIF_TIMES;
	return quotactl_fd(fd, Q_SETQUOTA, type, quota->id, &to);
}

/**
 * vctx_get_grace() - how long soft limits may be exceeded
 * @fd: a file in the filesystem
 * @type: of which kind
 * @grace: receives it
 *
 * Return: 0; errors as vctx_get_quota().
 */
int vctx_get_grace(int fd, enum vctx_quota_type type, struct vctx_grace *grace)
{
	struct if_dqinfo info = { 0 };
	int err = quotactl_fd(fd, Q_GETINFO, type, 0, &info);

	grace->space = info.dqi_bgrace;
	grace->inodes = info.dqi_igrace;
	return err;
}

/**
 * vctx_set_grace() - set how long soft limits may be exceeded
 * @fd: a file in the filesystem
 * @type: of which kind
 * @grace: for all on the filesystem; times that run already are not changed
 *
 * Return: 0; errors as vctx_set_quota().
 */
int vctx_set_grace(int fd, enum vctx_quota_type type,
		   const struct vctx_grace *grace)
{
	struct if_dqinfo info = {
		.dqi_bgrace = grace->space,
		.dqi_igrace = grace->inodes,
		.dqi_valid = IIF_BGRACE | IIF_IGRACE,
	};

	return quotactl_fd(fd, Q_SETINFO, type, 0, &info);
}

/* --- texts ----------------------------------------------------------------- */

/**
 * vctx_parse_quota() - read "blocks=SOFT:HARD" or "inodes=SOFT:HARD"
 * @word: with what vctx_parse_limit() takes after the "="
 * @limits: receives it, beside what it has of the other kind
 *
 * Return: 0; -ENOENT for another key; -EEXIST if @limits has that kind
 * already; -EINVAL or -ERANGE as vctx_parse_limit().
 */
int vctx_parse_quota(const char *word, struct vctx_quota_limits *limits)
{
	size_t len = strcspn(word, "=");
	struct vctx_limit *where;

	if (!word[len])
		return -ENOENT;
	if (len == 6 && !memcmp(word, "blocks", len))
		where = &limits->space;
	else if (len == 6 && !memcmp(word, "inodes", len))
		where = &limits->inodes;
	else
		return -ENOENT;
	if (where->set)
		return -EEXIST;
	return vctx_parse_limit(word + len + 1, where);
}

/* No limit below the one that was asked for, nor 0 where it was not 0 */
static unsigned long long whole(unsigned long long value,
				unsigned long long unit)
{
	unsigned long long rest = value % unit;

	return value == VCTX_MAX || !rest ? value : value + (unit - rest);
}

static void merge(struct vctx_quota_use *use, const struct vctx_limit *limit,
		  unsigned long long unit)
{
	if (limit->set & VCTX_LIMIT_SOFT)
		use->soft = whole(limit->soft, unit);
	if (limit->set & VCTX_LIMIT_HARD)
		use->hard = whole(limit->hard, unit);
}

/**
 * vctx_merge_quota() - put limits over those that a quota has
 * @quota: gets those that are set; space is rounded up to VCTX_QUOTA_UNIT
 * @limits: from vctx_parse_quota()
 */
void vctx_merge_quota(struct vctx_quota *quota,
		      const struct vctx_quota_limits *limits)
{
	merge(&quota->space, &limits->space, VCTX_QUOTA_UNIT);
	merge(&quota->inodes, &limits->inodes, 1);
}

static const char *check_use(const struct vctx_quota_use *use)
{
	if (!use->soft || !use->hard)
		return "a limit of a disk quota is at least 1; max is none";
	if (use->soft != VCTX_MAX && use->soft > use->hard)
		return "the soft limit is above the hard limit";
	return NULL;
}

/**
 * vctx_check_quota() - are limits what they seem to be?
 * @quota: has them
 *
 * Return: NULL if filesystems take them so; else why not, in words.
 */
const char *vctx_check_quota(const struct vctx_quota *quota)
{
	const char *why = check_use(&quota->space);

	return why ? why : check_use(&quota->inodes);
}

static size_t format_use(const struct vctx_quota_use *use, const char *key,
			 enum vctx_style style, char *buf, size_t size)
{
	char soft[VCTX_VALUE_LEN], hard[VCTX_VALUE_LEN];
	int len;

	if (use->soft == VCTX_MAX && use->hard == VCTX_MAX) {
		if (size)
			buf[0] = '\0';
		return 0;
	}
	vctx_format_value(use->soft, style, soft, sizeof(soft));
	vctx_format_value(use->hard, style, hard, sizeof(hard));
	if (use->soft == VCTX_MAX)
		len = snprintf(buf, size, "%s=%s", key, hard);
	else if (use->hard == VCTX_MAX)
		len = snprintf(buf, size, "%s=%s:", key, soft);
	else
		len = snprintf(buf, size, "%s=%s:%s", key, soft, hard);
	return len > 0 && (size_t)len < size ? (size_t)len : 0;
}

/**
 * vctx_format_quota() - write limits as vctx_parse_quota() reads them
 * @quota: has them
 * @buf: where to: "blocks=SOFT:HARD inodes=SOFT:HARD", without the one that has
 *	no limit; "" if neither has
 * @size: of @buf; VCTX_QUOTA_LEN always suffices
 *
 * Return: @buf.
 */
char *vctx_format_quota(const struct vctx_quota *quota, char *buf, size_t size)
{
	size_t used = format_use(&quota->space, "blocks", VCTX_EXACT, buf, size);
	size_t blank = used && used + 1 < size;

	if (blank)
		buf[used] = ' ';
	if (!format_use(&quota->inodes, "inodes", VCTX_DIGITS,
			buf + used + blank, size - used - blank) && size)
		buf[used] = '\0';
	return buf;
}
