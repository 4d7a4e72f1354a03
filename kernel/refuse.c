// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx: what is the host's alone
 *
 * No member may do this, whatever capabilities it has: the ceiling of a context
 * may well have them all.  Not everything needs a rule of its own:
 *
 *	capabilities that are good for nothing else are never granted towards
 *	the host's user namespace;
 *	for members the kernel is locked down, see kernel_lockdown(7);
 *	a member mounts only what a user namespace could, and remounts only
 *	what its context has mounted;
 *	files with which the kernel is governed are not opened for writing,
 *	made, removed, or given other attributes.
 */

#include <linux/binfmts.h>
#include <linux/blkdev.h>
#include <linux/bpf.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/fsmap.h>
#include <linux/ipc_namespace.h>
#include <linux/kd.h>
#include <linux/kdev_t.h>
#include <linux/kernel_read_file.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <linux/mount.h>
#include <linux/nsproxy.h>
#include <linux/perf_event.h>
#include <linux/pid_namespace.h>
#include <linux/quota.h>
#include <linux/random.h>
#include <linux/security.h>
#include <linux/sysctl.h>
#include <linux/user_namespace.h>
#include <linux/utsname.h>
#include <net/net_namespace.h>
#include <uapi/linux/auto_fs.h>
#include <uapi/linux/btrfs.h>
#include <uapi/linux/dqblk_xfs.h>
#include <uapi/linux/ext4.h>
#include <uapi/linux/f2fs.h>
#include <uapi/linux/fscrypt.h>

#include <asm/ioctls.h>

#include "vctx.h"

/* As XFS_IOC_GOINGDOWN, EXT4_IOC_SHUTDOWN and others have it */
#define FS_IOC_SHUTDOWN	_IOR('X', 125, __u32)

/* Capabilities */

#define HOST_CAPS	(BIT_ULL(CAP_SYS_MODULE) | BIT_ULL(CAP_SYS_RAWIO) | \
			 BIT_ULL(CAP_SYS_TIME) | BIT_ULL(CAP_SYSLOG) |	    \
			 BIT_ULL(CAP_MAC_ADMIN) | BIT_ULL(CAP_MAC_OVERRIDE) | \
			 BIT_ULL(CAP_AUDIT_CONTROL) | BIT_ULL(CAP_AUDIT_READ) | \
			 BIT_ULL(CAP_WAKE_ALARM) | BIT_ULL(CAP_BLOCK_SUSPEND))

/* In a namespace of processes of one's own, of that only */
#define PID_NS_CAPS	(BIT_ULL(CAP_SYS_BOOT) | BIT_ULL(CAP_SYS_PACCT))

/**
 * vctx_cap_refused() - is a capability the host's alone?
 * @ns: user namespace of what it is used for
 * @cap: the capability
 *
 * Current is a member.
 *
 * Context: any; may be called with spinlocks held.
 */
bool vctx_cap_refused(const struct user_namespace *ns, int cap)
{
	if (ns != &init_user_ns)
		return false;
	return (BIT_ULL(cap) & HOST_CAPS) ||
	       ((BIT_ULL(cap) & PID_NS_CAPS) &&
		task_active_pid_ns(current) == &init_pid_ns);
}

static int vctx_locked_down(enum lockdown_reason what)
{
	/* A debugger stops the kernel wherever it is, and current is anybody. */
	if (what == LOCKDOWN_DBG_WRITE_KERNEL || what == LOCKDOWN_XMON_WR ||
	    what == LOCKDOWN_DBG_READ_KERNEL || what == LOCKDOWN_XMON_RW)
		return 0;
	return current_vctx() ? -EPERM : 0;
}

/* Code that the kernel runs */

static int vctx_kernel_module_request(char *kmod_name)
{
	return current_vctx() ? -EPERM : 0;
}

static int vctx_kernel_load_data(enum kernel_load_data_id id, bool contents)
{
	/* Firmware is loaded for a device that a member may use. */
	return id != LOADING_FIRMWARE && current_vctx() ? -EPERM : 0;
}

static int vctx_kernel_read_file(struct file *file,
				 enum kernel_read_file_id id, bool contents)
{
	return id != READING_FIRMWARE && current_vctx() ? -EPERM : 0;
}

#ifdef CONFIG_BPF_SYSCALL
/* Programs, and those of others by their numbers */
static int vctx_bpf(int cmd, union bpf_attr *attr, unsigned int size)
{
	return current_vctx() ? -EPERM : 0;
}
#endif

#ifdef CONFIG_PERF_EVENTS
/* Only what user mode does of a task, which one may trace, is left. */
static int vctx_perf_event_open(int type)
{
	return type != PERF_SECURITY_OPEN && current_vctx() ? -EPERM : 0;
}
#endif

static int vctx_syslog(int type)
{
	return current_vctx() ? -EPERM : 0;
}

/* Filesystems: who has made a superblock */

static struct vctx_sb *vctx_sb_blob(const struct super_block *sb)
{
	return sb->s_security + vctx_blob_sizes.lbs_superblock;
}

static int vctx_sb_alloc(struct super_block *sb)
{
	struct vctx *vctx = current_vctx();

	if (vctx)
		vctx_get(vctx);
	vctx_sb_blob(sb)->vctx = vctx;
	return 0;
}

/* Whoever comes by where it is mounted by itself, has not asked for it. */
void __vctx_sb_disown(struct super_block *sb)
{
	struct vctx_sb *blob = vctx_sb_blob(sb);

	vctx_put(blob->vctx);
	blob->vctx = NULL;
}

/* Also called for a superblock that never had a blob, or has lost it already. */
static void vctx_sb_free(struct super_block *sb)
{
	struct vctx_sb *blob;

	if (!sb->s_security)
		return;
	blob = vctx_sb_blob(sb);
	if (blob->vctx)
		vctx_put(blob->vctx);
}

/**
 * vctx_sb_foreign() - is a superblock not of the context of current?
 * @sb: the superblock
 *
 * Context: any.
 */
bool vctx_sb_foreign(const struct super_block *sb)
{
	return vctx_sb_blob(sb)->vctx != current_vctx();
}

/*
 * A handle can be of any file of the filesystem, with no path to it asked: of
 * another context's, or of what is outside of the root.  A stacked one, as
 * overlayfs, may decode it in filesystems that are not the member's.
 */
bool __vctx_may_open_handle(const struct super_block *sb)
{
	return !vctx_sb_foreign(sb) && !sb->s_stack_depth;
}

/* With force, calls to the server fail for all who have it mounted. */
static int vctx_sb_umount(struct vfsmount *mnt, int flags)
{
	return (flags & MNT_FORCE) && current_vctx() &&
	       vctx_sb_foreign(mnt->mnt_sb) ? -EPERM : 0;
}

static int vctx_sb_remount(struct super_block *sb, void *mnt_opts)
{
	return current_vctx() && vctx_sb_foreign(sb) ? -EPERM : 0;
}

static int vctx_quota_on(struct dentry *dentry)
{
	return current_vctx() && vctx_sb_foreign(dentry->d_sb) ? -EPERM : 0;
}

static int vctx_quota_admin(int cmds, int type, int id,
			    const struct super_block *sb)
{
	if (likely(!current_vctx()) || !sb || !vctx_sb_foreign(sb))
		return 0;
	switch (cmds) {
	case Q_QUOTAON:
	case Q_QUOTAOFF:
	case Q_SETINFO:
	case Q_SETQUOTA:
	case Q_XQUOTAON:
	case Q_XQUOTAOFF:
	case Q_XSETQLIM:
	case Q_XQUOTARM:
		return -EPERM;
	}
	return 0;
}

/* Filesystems with which the kernel is governed */

/* Which no header has */
#define CONFIGFS_MAGIC		0x62656570
#define FUSE_CTL_SUPER_MAGIC	0x65735543
#define NFSD_MAGIC		0x6e667364
#define RPC_PIPEFS_MAGIC	0x67596969

static bool vctx_governs(const struct super_block *sb)
{
	switch (sb->s_magic) {
	case SYSFS_MAGIC:
	case DEBUGFS_MAGIC:
	case TRACEFS_MAGIC:
	case SECURITYFS_MAGIC:
	case SELINUX_MAGIC:
	case SMACK_MAGIC:
	case AAFS_MAGIC:
	case CONFIGFS_MAGIC:
	case FUSE_CTL_SUPER_MAGIC:
	case EFIVARFS_MAGIC:
	case PSTOREFS_MAGIC:
	case RDTGROUP_SUPER_MAGIC:
	case XENFS_SUPER_MAGIC:
	/* The kernel runs its release_agent on the host. */
	case CGROUP_SUPER_MAGIC:
		return true;
	/* Of a user namespace, and that of the host is for all programs of it */
	case BINFMTFS_MAGIC:
		return vctx_sb_foreign(sb) || sb->s_user_ns == &init_user_ns;
	/* Holding what its owner has put there */
	case BPF_FS_MAGIC:
		return vctx_sb_foreign(sb);
	/* Of the network namespace of who has mounted it */
	case NFSD_MAGIC:
	case RPC_PIPEFS_MAGIC:
		return vctx_sb_foreign(sb) || sb->s_fs_info == &init_net;
	}
	return false;
}

/**
 * vctx_refuse_change() - current, a member, is about to change something
 * @inode: file that it opens for writing, directory in which it adds or removes
 *	a name, or what it changes attributes of
 *
 * Context: process.
 * Return: 0, or -EPERM if the kernel is governed with it
 */
int vctx_refuse_change(const struct inode *inode)
{
	return vctx_governs(inode->i_sb) ? -EPERM : 0;
}

/**
 * vctx_refuse_open() - current, a member, opens a file, if only for reading
 * @inode: the file
 *
 * Context: process.
 * Return: 0, or -EPERM for debugfs: what there is tells of all processes, and
 * no two files in the same way
 */
int vctx_refuse_open(const struct inode *inode)
{
	return inode->i_sb->s_magic == DEBUGFS_MAGIC &&
	       S_ISREG(inode->i_mode) ? -EPERM : 0;
}

/* Calls of a file that are about all of its filesystem */

/* fs/xfs/libxfs/xfs_fs.h is not for others. */
static bool xfs_is_global(unsigned int cmd)
{
	if (_IOC_TYPE(cmd) != 'X')
		return false;
	switch (_IOC_NR(cmd)) {
	case 58:	/* FREE_EOFBLOCKS */
	case 60:	/* SCRUB_METADATA */
	case 63:	/* GETPARENTS_BY_HANDLE */
	case 64:	/* SCRUBV_METADATA */
	case 101:	/* FSBULKSTAT */
	case 102:	/* FSBULKSTAT_SINGLE */
	case 103:	/* FSINUMBERS */
	case 107:	/* OPEN_BY_HANDLE */
	case 108:	/* READLINK_BY_HANDLE */
	case 110:	/* FSGROWFSDATA */
	case 111:	/* FSGROWFSLOG */
	case 112:	/* FSGROWFSRT */
	case 114:	/* SET_RESBLKS */
	case 116:	/* ERROR_INJECTION */
	case 117:	/* ERROR_CLEARALL */
	case 122:	/* ATTRLIST_BY_HANDLE */
	case 123:	/* ATTRMULTI_BY_HANDLE */
	case 127:	/* BULKSTAT */
	case 128:	/* INUMBERS */
		return true;
	}
	return false;
}

/* By number, as those of 32 bit programs are of another size */
static bool ext4_is_global(unsigned int cmd)
{
	if (_IOC_TYPE(cmd) != 'f')
		return false;
	switch (_IOC_NR(cmd)) {
	case 7:		/* GROUP_EXTEND */
	case 8:		/* GROUP_ADD */
	case _IOC_NR(EXT4_IOC_RESIZE_FS):
	case _IOC_NR(EXT4_IOC_CHECKPOINT):
		return true;
	case _IOC_NR(EXT4_IOC_SETFSUUID):
		return _IOC_DIR(cmd) & _IOC_WRITE;
	}
	return false;
}

static bool f2fs_is_global(unsigned int cmd)
{
	if (_IOC_TYPE(cmd) != F2FS_IOCTL_MAGIC)
		return false;
	switch (_IOC_NR(cmd)) {
	case _IOC_NR(F2FS_IOC_GARBAGE_COLLECT):
	case _IOC_NR(F2FS_IOC_WRITE_CHECKPOINT):
	case _IOC_NR(F2FS_IOC_MOVE_RANGE):
	case _IOC_NR(F2FS_IOC_FLUSH_DEVICE):
	case _IOC_NR(F2FS_IOC_GARBAGE_COLLECT_RANGE):
	case _IOC_NR(F2FS_IOC_RESIZE_FS):
		return true;
	}
	return false;
}

/* Subvolumes and quota groups included */
static bool btrfs_is_global(unsigned int cmd)
{
	if (_IOC_TYPE(cmd) != BTRFS_IOCTL_MAGIC)
		return false;
	switch (cmd) {
	case FICLONE:
	case FICLONERANGE:
	case FIDEDUPERANGE:
	case FS_IOC_GETFSLABEL:
		return false;
	}
	return true;
}

static bool ioctl_is_global(const struct inode *inode, unsigned int cmd)
{
	switch (cmd) {
	case FIFREEZE:
	case FITHAW:
	case FITRIM:
	case FS_IOC_GETFSMAP:
	case FS_IOC_SETFSLABEL:
	case FS_IOC_SHUTDOWN:
	case FS_IOC_REMOVE_ENCRYPTION_KEY_ALL_USERS:
		return true;
	}
	/* That of a device is the driver's, which has numbers of its own. */
	if (!S_ISREG(inode->i_mode) && !S_ISDIR(inode->i_mode))
		return false;
	switch (inode->i_sb->s_magic) {
	case XFS_SUPER_MAGIC:
		return xfs_is_global(cmd);
	case EXT4_SUPER_MAGIC:
		return ext4_is_global(cmd);
	case F2FS_SUPER_MAGIC:
		return f2fs_is_global(cmd);
	case BTRFS_SUPER_MAGIC:
		return btrfs_is_global(cmd);
	/* That of its daemon, which would have to be a member's, too */
	case AUTOFS_SUPER_MAGIC:
		return _IOC_TYPE(cmd) == AUTOFS_IOCTL;
	}
	return false;
}

static bool is_random(const struct inode *inode)
{
	return S_ISCHR(inode->i_mode) && (inode->i_rdev == MKDEV(MEM_MAJOR, 8) ||
					  inode->i_rdev == MKDEV(MEM_MAJOR, 9));
}

/**
 * vctx_refuse_ioctl() - current, a member, calls ioctl(2)
 * @file: of this file
 * @cmd: what it wants
 *
 * Context: process.
 * Return: 0, or -EPERM if that is the host's
 */
int vctx_refuse_ioctl(const struct file *file, unsigned int cmd)
{
	const struct inode *inode = file_inode(file);

	switch (cmd) {
	case RNDADDENTROPY:
	case RNDADDTOENTCNT:
	case RNDZAPENTCNT:
	case RNDCLEARPOOL:
	case RNDRESEEDCRNG:
		return is_random(inode) ? -EPERM : 0;
	/* These type, as who sits there, what a shell outside then reads, */
	case TIOCSTI:
	case TIOCLINUX:
	/* or have the keys do so. */
	case KDSKBENT:
	case KDSKBSENT:
	case KDSETKEYCODE:
	case KDSKBDIACR:
	case KDSKBDIACRUC:
	case TIOCCONS:
		return S_ISCHR(inode->i_mode) ? -EPERM : 0;
	}
	/* Calls of terminals are what any file is asked by. */
	if (_IOC_TYPE(cmd) != 'T') {
		int err = vctx_process_change(file->f_path.dentry);

		if (err)
			return err;
	}
	return ioctl_is_global(inode, cmd) && vctx_sb_foreign(inode->i_sb) ?
	       -EPERM : 0;
}

/* Names of the host, and its sysctl */

bool __vctx_may_set_uts(const struct uts_namespace *ns)
{
	return ns != &init_uts_ns;
}

#ifdef CONFIG_PROC_SYSCTL
static bool is_uts(const struct ctl_table *table)
{
	const void *data = table->data;

	return data >= (void *)&init_uts_ns && data < (void *)(&init_uts_ns + 1);
}

/*
 * What belongs to a namespace is in a set of that.  The names of the host are
 * not, but are looked up by their handler.
 */
bool __vctx_may_set_sysctl(const struct ctl_table_header *head,
			   const struct ctl_table *table)
{
	const struct ctl_table_set *set = head->set;

	if (is_uts(table))
		return __vctx_may_set_uts(current->nsproxy->uts_ns);
	if (set == &init_net.sysctls || set == &init_user_ns.set)
		return false;
	if ((IS_ENABLED(CONFIG_SYSVIPC) || IS_ENABLED(CONFIG_POSIX_MQUEUE)) &&
	    (set == &init_ipc_ns.ipc_set || set == &init_ipc_ns.mq_set))
		return false;
	return set != &head->root->default_set;
}
#endif

static struct security_hook_list vctx_refuse_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(locked_down, vctx_locked_down),
	LSM_HOOK_INIT(kernel_module_request, vctx_kernel_module_request),
	LSM_HOOK_INIT(kernel_load_data, vctx_kernel_load_data),
	LSM_HOOK_INIT(kernel_read_file, vctx_kernel_read_file),
#ifdef CONFIG_BPF_SYSCALL
	LSM_HOOK_INIT(bpf, vctx_bpf),
#endif
#ifdef CONFIG_PERF_EVENTS
	LSM_HOOK_INIT(perf_event_open, vctx_perf_event_open),
#endif
	LSM_HOOK_INIT(syslog, vctx_syslog),
	LSM_HOOK_INIT(sb_alloc_security, vctx_sb_alloc),
	LSM_HOOK_INIT(sb_free_security, vctx_sb_free),
	LSM_HOOK_INIT(sb_umount, vctx_sb_umount),
	LSM_HOOK_INIT(sb_remount, vctx_sb_remount),
	LSM_HOOK_INIT(quota_on, vctx_quota_on),
	LSM_HOOK_INIT(quotactl, vctx_quota_admin),
};

void __init vctx_add_refuse_hooks(void)
{
	security_add_hooks(vctx_refuse_hooks, ARRAY_SIZE(vctx_refuse_hooks),
			   &vctx_lsmid);
}
