// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - ways out of disk quota: a member with all capabilities tries to
 * have blocks or inodes that it is not charged for, or not held to its limit
 * for, each way with its errno; and files that contexts share
 *
 * Quotactl, and overlays in the own tree: quota_test.c.
 */

#define _GNU_SOURCE
#include "quota.h"

#ifndef __NR_fsopen
#define __NR_fsopen	430
#define __NR_fsconfig	431
#define __NR_fspick	433
#endif

/* As <linux/mount.h> has them */
#define SET_FLAG	0
#define SET_STRING	1
#define CMD_CREATE	6
#define CMD_RECONFIGURE	7

#define EXT4_SWAP_BOOT	_IO('f', 17)

FIXTURE(escape) {
	struct world world;
	long block;
	/* What the files that each test finds are charged */
	long used_a, used_b;
};

FIXTURE_VARIANT(escape) {
	enum disk_kind kind;
};

FIXTURE_VARIANT_ADD(escape, ext4) { .kind = EXT4_4K };
FIXTURE_VARIANT_ADD(escape, xfs) { .kind = XFS };

/* In each of a, b and host: the file f, and the directory d */
FIXTURE_SETUP(escape)
{
	WORLD_SETUP();
	self->block = block_size();
	ASSERT_EQ(self->block, CALL_A(do_file, "a/f", self->block, 1));
	ASSERT_EQ(0, CALL_A(do_mkdir, "a/d", 0, 0));
	ASSERT_EQ(self->block, CALL_B(do_file, "b/f", self->block, 1));
	ASSERT_EQ(0, CALL_B(do_mkdir, "b/d", 0, 0));
	ASSERT_EQ(0, host_file("host/f", self->block));
	ASSERT_EQ(0, world_dir("host/d", 0));
	settle();
	self->used_a = space(A);
	self->used_b = space(B);
}

FIXTURE_TEARDOWN(escape)
{
	WORLD_TEARDOWN();
}

/* Nothing has changed hands, and nobody has become bigger. */
#define EXPECT_UNCHANGED() do {						\
	EXPECT_EQ(self->used_a, settled_space(A, self->used_a));	\
	EXPECT_EQ(self->used_b, settled_space(B, self->used_b));	\
	EXPECT_EQ(A, tag("a"));						\
	EXPECT_EQ(1, inherits("a"));					\
	EXPECT_EQ(A, tag("a/f"));					\
	EXPECT_EQ(A, tag("a/d"));					\
	EXPECT_EQ(1, inherits("a/d"));					\
	EXPECT_EQ(B, tag("b/f"));					\
	EXPECT_EQ(0, tag("host/f"));					\
} while (0)

/* chattr -p, and the flag that goes with it */

static long do_xflags(long path, long set, long clear)
{
	struct fs_attr attr;
	int err = attr_get((const char *)path, &attr);

	attr.xflags = (attr.xflags | set) & ~clear;
	return err ?: attr_set((const char *)path, &attr);
}

static long do_flags(long path, long set, long clear)
{
	int fd = open((const char *)path, O_RDONLY | O_CLOEXEC);
	long flags = 0;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, GET_FLAGS, &flags)) {
		err = -errno;
	} else {
		flags = (flags | set) & ~clear;
		if (ioctl(fd, SET_FLAGS, &flags))
			err = -errno;
	}
	close(fd);
	return err;
}

TEST_F(escape, project_id)
{
	static const char *const paths[] = {
		"a/f", "a/d", "a", "b/f", "b/d", "host/f", "host/d",
	};
	static const long tags[] = { 0, A + 5, B + 5, VCTX_TAG_SHARED };
	unsigned int i, j;

	for (i = 0; i < (int)ARRAY_SIZE(paths); i++)
		for (j = 0; j < (int)ARRAY_SIZE(tags); j++) {
			if (tag(paths[i]) == tags[j])
				continue;
			/* Attempt: FS_IOC_FSSETXATTR: another project id */
			EXPECT_EQ(-EPERM, CALL_A(do_set_tag, paths[i], tags[j],
						 0)) {
				TH_LOG("%s %ld", paths[i], tags[j]);
			}
		}
	/* To a neighbour, and to oneself */
	EXPECT_EQ(-EPERM, CALL_A(do_set_tag, "a/f", B, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_set_tag, "b/f", A, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_set_tag, "host/f", A, 0));
	/* Other attributes are the member's, as long as this one stays. */
	EXPECT_EQ(0, CALL_A(do_set_tag, "a/f", A, 0));
	EXPECT_EQ(0, CALL_A(do_xflags, "a/f", XFLAG_NODUMP, 0));
	EXPECT_EQ(0, CALL_A(do_xflags, "a/f", 0, XFLAG_NODUMP));
	EXPECT_UNCHANGED();
}

TEST_F(escape, projinherit)
{
	/* Attempt: FS_IOC_FSSETXATTR, FS_IOC_SETFLAGS: PROJINHERIT */
	EXPECT_EQ(-EPERM, CALL_A(do_xflags, "a", 0, XFLAG_PROJINHERIT));
	EXPECT_EQ(-EPERM, CALL_A(do_xflags, "a/d", 0, XFLAG_PROJINHERIT));
	EXPECT_EQ(-EPERM, CALL_A(do_xflags, "b/d", 0, XFLAG_PROJINHERIT));
	EXPECT_EQ(-EPERM, CALL_A(do_flags, "a", 0, FL_PROJINHERIT));
	EXPECT_EQ(-EPERM, CALL_A(do_flags, "a/d", 0, FL_PROJINHERIT));
	EXPECT_EQ(-EPERM, CALL_A(do_xflags, "host/d", XFLAG_PROJINHERIT, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_flags, "host/d", FL_PROJINHERIT, 0));
	EXPECT_EQ(0, inherits("host/d"));
	EXPECT_EQ(1, inherits("b/d"));
	EXPECT_UNCHANGED();
}

TEST_F(escape, rename)
{
	/* Out of the own tree, into it, and past it */
	/* Attempt: rename(2) out of its tree */
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "a/f", "b/g", 0));
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "a/f", "b/f", 0));
	/* Attempt: rename(2) into it */
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "b/f", "a/g", 0));
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "b/f", "host/g", 0));
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "host/f", "a/g", 0));
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "host/f", "b/g", 0));
	/* Directories */
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "a/d", "b/e", 0));
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "b/d", "a/e", 0));
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "host/d", "a/e", 0));
	/* With a whiteout in its place */
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "host/f", "a/g", RENAME_WHITEOUT));
	EXPECT_UNCHANGED();
	/* Within the tree, and by the host, as ever */
	EXPECT_EQ(0, CALL_A(do_rename, "a/f", "a/d/f", 0));
	EXPECT_EQ(0, CALL_A(do_rename, "a/d/f", "a/f", 0));
	/* To where nobody is charged, and back: it stays what it is. */
	EXPECT_EQ(0, CALL_A(do_rename, "a/f", "host/g", 0));
	EXPECT_EQ(A, tag("host/g"));
	EXPECT_EQ(self->used_a, settled_space(A, self->used_a));
	EXPECT_EQ(-EXDEV, CALL_B(do_rename, "host/g", "b/g", 0));
	EXPECT_EQ(0, CALL_A(do_rename, "host/g", "host/h", 0));
	EXPECT_EQ(0, CALL_A(do_rename, "host/h", "a/f", 0));
	EXPECT_EQ(0, CALL_A(do_rename, "a/d", "host/e", 0));
	EXPECT_EQ(0, CALL_A(do_rename, "host/e", "a/d", 0));
	EXPECT_UNCHANGED();
	EXPECT_EQ(0, do_rename(P("b/f"), P("host/g"), 0));
	EXPECT_EQ(B, tag("host/g"));
	EXPECT_EQ(0, do_rename(P("host/g"), P("b/f"), 0));
	EXPECT_EQ(-EXDEV, do_rename(P("b/f"), P("a/g"), 0));
	EXPECT_UNCHANGED();
}

TEST_F(escape, rename_exchange)
{
	/* Attempt: RENAME_EXCHANGE */
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "a/f", "b/f", RENAME_EXCHANGE));
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "b/f", "a/f", RENAME_EXCHANGE));
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "a/f", "host/f", RENAME_EXCHANGE));
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "host/f", "a/f", RENAME_EXCHANGE));
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "b/f", "host/f", RENAME_EXCHANGE));
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "a/d", "host/d", RENAME_EXCHANGE));
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "a/d", "b/d", RENAME_EXCHANGE));
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "a/f", "host/d", RENAME_EXCHANGE));
	EXPECT_UNCHANGED();
	EXPECT_EQ(0, CALL_A(do_rename, "a/f", "a/d", RENAME_EXCHANGE));
	EXPECT_EQ(0, CALL_A(do_rename, "a/f", "a/d", RENAME_EXCHANGE));
	EXPECT_UNCHANGED();
}

TEST_F(escape, link)
{
	/* Attempt: link(2) out of its tree */
	EXPECT_EQ(-EXDEV, CALL_A(do_link, "a/f", "b/g", 0));
	/* Attempt: link(2) into it */
	EXPECT_EQ(-EXDEV, CALL_A(do_link, "b/f", "a/g", 0));
	EXPECT_EQ(-EXDEV, CALL_A(do_link, "b/f", "host/g", 0));
	EXPECT_EQ(-EXDEV, CALL_A(do_link, "b/f", "b/g", 0));
	EXPECT_EQ(-EXDEV, CALL_A(do_link, "host/f", "a/g", 0));
	EXPECT_EQ(-EXDEV, CALL_A(do_link, "host/f", "b/g", 0));
	EXPECT_UNCHANGED();
	EXPECT_EQ(0, CALL_A(do_link, "a/f", "a/g", 0));
	EXPECT_EQ(0, CALL_A(do_unlink, "a/g", 0, 0));
	EXPECT_UNCHANGED();
	/* As dpkg keeps a file that it replaces */
	EXPECT_EQ(0, CALL_A(do_link, "a/f", "host/g", 0));
	EXPECT_EQ(A, tag("host/g"));
	EXPECT_EQ(-EXDEV, CALL_B(do_link, "host/g", "host/h", 0));
	EXPECT_EQ(0, CALL_A(do_unlink, "host/g", 0, 0));
	EXPECT_UNCHANGED();
}

/* By a descriptor, with which a file needs no path */
static long do_link_fd(long fd, long new, long through_proc)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%ld", fd);
	if (through_proc)
		return linkat(AT_FDCWD, path, AT_FDCWD, (const char *)new,
			      AT_SYMLINK_FOLLOW) ? -errno : 0;
	return linkat(fd, "", AT_FDCWD, (const char *)new, AT_EMPTY_PATH) ?
	       -errno : 0;
}

static long do_set_tag_fd(long fd, long id, long c)
{
	struct fs_attr attr;

	if (ioctl(fd, GET_ATTR, &attr))
		return -errno;
	attr.projid = id;
	return ioctl(fd, SET_ATTR, &attr) ? -errno : 0;
}

TEST_F(escape, passed_fd)
{
	long theirs, here, fd;

	theirs = CALL_B(do_open, "b/f", O_RDWR, 0);
	ASSERT_LE(0, theirs);
	here = agent_take_fd(&self->world.b, theirs);
	ASSERT_LE(0, here);
	fd = agent_give_fd(&self->world.a, here);
	ASSERT_LE(0, fd);
	close(here);
	/* Attempt: linkat(2) of a descriptor that was passed */
	EXPECT_EQ(-EXDEV, CALL_A(do_link_fd, fd, "a/g", 0));
	EXPECT_EQ(-EXDEV, CALL_A(do_link_fd, fd, "a/g", 1));
	EXPECT_EQ(-EXDEV, CALL_A(do_link_fd, fd, "host/g", 0));
	/* Attempt: another project id, by a descriptor that was passed */
	EXPECT_EQ(-EPERM, CALL_A(do_set_tag_fd, fd, A, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_set_tag_fd, fd, 0, 0));
	EXPECT_UNCHANGED();
	EXPECT_EQ(0, CALL_A(do_close, fd, 0, 0));
	EXPECT_EQ(0, CALL_B(do_close, theirs, 0, 0));
}

/* CAP_DAC_READ_SEARCH would open what no path leads to. */
static long do_open_by_handle(long path, long b, long c)
{
	return open_handle((const char *)path, MNT, O_RDWR);
}

TEST_F(escape, open_by_handle)
{
	/* Attempt: open_by_handle_at(2) */
	EXPECT_EQ(-EPERM, CALL_A(do_open_by_handle, "b/f", 0, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_open_by_handle, "host/f", 0, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_open_by_handle, "a/f", 0, 0));
	EXPECT_UNCHANGED();
}

/* Another's tree, mounted on a directory of the own one */
TEST_F(escape, bind_mount)
{
	ASSERT_EQ(0, CALL_A(do_unshare, CLONE_NEWNS, 0, 0));
	EXPECT_EQ(0, CALL_A(do_bind_mount, "b", "a/d", 0));
	/* Attempt: rename(2) by a bind mount of another's tree in its own */
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "a/f", "a/d/g", 0));
	EXPECT_EQ(-EXDEV, CALL_A(do_link, "a/f", "a/d/g", 0));
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "a/d/f", "a/g", 0));
	EXPECT_EQ(-EXDEV, CALL_A(do_link, "a/d/f", "a/g", 0));
	EXPECT_EQ(-EPERM, CALL_A(do_set_tag, "a/d/f", A, 0));
	/* What is made there is A's. */
	EXPECT_EQ(self->block, CALL_A(do_file, "a/d/new", self->block, 2));
	EXPECT_EQ(A, tag("b/new"));
	EXPECT_EQ(self->used_a + self->block,
		  settled_space(A, self->used_a + self->block));
	EXPECT_EQ(self->used_b, settled_space(B, self->used_b));
	EXPECT_EQ(-EXDEV, CALL_A(do_rename, "a/d/new", "a/d/newer", 0));
	EXPECT_EQ(0, CALL_A(do_unlink, "a/d/new", 0, 0));
	EXPECT_EQ(0, CALL_A(do_umount, "a/d", 0, 0));
	EXPECT_UNCHANGED();
}

/* An overlay that would have another keep its files */
TEST_F(escape, overlay)
{
	if (!nodev_known("overlay"))
		SKIP(return, "the kernel has no overlayfs");
	ASSERT_EQ(0, world_dir("host/lower", 0));
	ASSERT_EQ(0, world_dir("host/merged", 0));
	ASSERT_EQ(0, world_dir("b/upper", 0));
	ASSERT_EQ(0, world_dir("b/work", 0));
	EXPECT_EQ(0, host_file("host/lower/up", self->block));
	settle();
	self->used_b = space(B);
	ASSERT_EQ(0, CALL_A(do_unshare, CLONE_NEWNS, 0, 0));
	EXPECT_EQ(0, CALL_A(do_overlay, "host/merged", "b", 0));
	/* What is made anew is the maker's. */
	EXPECT_EQ(self->block, CALL_A(do_file, "host/merged/new", self->block, 2));
	EXPECT_EQ(A, tag("b/upper/new"));
	/* A copy would go from one directory into the other. */
	/* Attempt: an overlay whose upper directory is of another */
	EXPECT_EQ(-EXDEV, CALL_A(do_file, "host/merged/up", self->block, 2));
	EXPECT_EQ(-EXDEV, CALL_A(do_unlink, "host/merged/up", 0, 0));
	EXPECT_EQ(self->used_b, settled_space(B, self->used_b));
	EXPECT_EQ(0, CALL_A(do_unlink, "host/merged/new", 0, 0));
	EXPECT_EQ(0, CALL_A(do_umount, "host/merged", 0, 0));
	EXPECT_EQ(0, empty(AT_FDCWD, "b/work"));
	EXPECT_UNCHANGED();
}

/* In a directory that is nobody's it works, and is charged. */
TEST_F(escape, overlay_untagged)
{
	if (!nodev_known("overlay"))
		SKIP(return, "the kernel has no overlayfs");
	ASSERT_EQ(0, world_dir("host/lower", 0));
	ASSERT_EQ(0, world_dir("host/merged", 0));
	ASSERT_EQ(0, world_dir("host/upper", 0));
	ASSERT_EQ(0, world_dir("host/work", 0));
	EXPECT_EQ(0, host_file("host/lower/up", self->block));
	ASSERT_EQ(0, CALL_A(do_unshare, CLONE_NEWNS, 0, 0));
	EXPECT_EQ(0, CALL_A(do_overlay, "host/merged", "host", 0));
	settle();
	self->used_a = space(A);
	EXPECT_EQ(self->block, CALL_A(do_file, "host/merged/up", self->block, 2));
	EXPECT_EQ(A, tag("host/upper/up"));
	EXPECT_EQ(self->block, CALL_A(do_file, "host/merged/new", self->block, 2));
	EXPECT_EQ(A, tag("host/upper/new"));
	EXPECT_EQ(self->used_a + 2 * self->block,
		  settled_space(A, self->used_a + 2 * self->block));
	EXPECT_EQ(0, CALL_A(do_umount, "host/merged", 0, 0));
}

/* Turning it off by a mount */

static long do_remount(long flags, long data, long c)
{
	return mount(NULL, MNT, NULL, MS_REMOUNT | flags, (const void *)data) ?
	       -errno : 0;
}

static long do_reconfigure(long option, long b, long c)
{
	int fd = syscall(__NR_fspick, AT_FDCWD, MNT, 0), err = 0;

	if (fd < 0)
		return -errno;
	if (syscall(__NR_fsconfig, fd, SET_FLAG, option, NULL, 0) ||
	    syscall(__NR_fsconfig, fd, CMD_RECONFIGURE, NULL, NULL, 0))
		err = -errno;
	close(fd);
	return err;
}

TEST_F(escape, remount)
{
	/* What it mounts is not in question here, see refuse_test. */
	ASSERT_EQ(0, CALL_A(do_unshare, CLONE_NEWNS, 0, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_remount, 0, 0, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_remount, MS_RDONLY, 0, 0));
	/* Attempt: a remount without quota */
	EXPECT_EQ(-EPERM, CALL_A(do_remount, 0, "noquota", 0));
	/* Attempt: fspick(2) and fsconfig(2): the same */
	EXPECT_EQ(-EPERM, CALL_A(do_reconfigure, "ro", 0, 0));
	EXPECT_EQ(0, set_hard(A, disk->limit));
	EXPECT_LT(0, CALL_A(do_fill, "a/fill", FILL_WRITE, 0));
	EXPECT_EQ(disk->full, shared->err);
	EXPECT_EQ(0, CALL_A(do_unlink, "a/fill", 0, 0));
	EXPECT_UNCHANGED();
}

/* The disk below the filesystem */

static long do_open_close(long path, long flags, long c)
{
	int fd = open((const char *)path, flags | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static long do_mount_device(long device, long c, long b)
{
	return mount((const char *)device, "a/d", disk->fs, 0, NULL) ?
	       -errno : 0;
}

static long do_create_device(long device, long b, long c)
{
	int fd = syscall(__NR_fsopen, disk->fs, 0), err = 0;

	if (fd < 0)
		return -errno;
	if (syscall(__NR_fsconfig, fd, SET_STRING, "source", device, 0) ||
	    syscall(__NR_fsconfig, fd, CMD_CREATE, NULL, NULL, 0))
		err = -errno;
	close(fd);
	return err;
}

TEST_F(escape, block_device)
{
	static char device[32];
	struct stat st;

	ASSERT_NE(NULL, disk_device(device));
	ASSERT_EQ(0, stat(device, &st));
	/* The name is to be known to the member. */
	agent_stop(&self->world.a);
	ASSERT_EQ(0, agent_start_in(&self->world.a, A));
	ASSERT_EQ(0, CALL_A(do_unshare, CLONE_NEWNS, 0, 0));

	EXPECT_EQ(-EPERM, CALL_A(do_mknod, "a/disk", S_IFBLK | 0600,
				 st.st_rdev));
	/* Attempt: open(2) of the disk */
	EXPECT_EQ(-EPERM, CALL_A(do_open_close, device, O_RDONLY, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_open_close, device, O_RDWR, 0));
	EXPECT_EQ(0, do_mknod(P("a/disk"), S_IFBLK | 0600, st.st_rdev));
	EXPECT_EQ(-EPERM, CALL_A(do_open_close, "a/disk", O_RDONLY, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_open_close, "a/disk", O_RDWR, 0));
	EXPECT_EQ(0, unlink("a/disk"));
	/* Attempt: open(2) of /dev/loop-control */
	EXPECT_EQ(-EPERM, CALL_A(do_open_close, "/dev/loop-control", O_RDWR, 0));
	/* Attempt: mount(2) of the disk */
	EXPECT_EQ(-EPERM, CALL_A(do_mount_device, device, 0, 0));
	/* Attempt: fsopen(2) and fsconfig(2) of the disk */
	EXPECT_EQ(-EPERM, CALL_A(do_create_device, device, 0, 0));
	EXPECT_UNCHANGED();
}

/* In a user namespace, as its root */

enum { NS_SET_TAG, NS_SET_QUOTA, NS_GET_QUOTA, NS_FILL, NS_RENAME };

static int in_userns(int what)
{
	struct if_dqblk blk = { .dqb_valid = QIF_BLIMITS };
	int err = 0;

	if (unshare(CLONE_NEWUSER))
		return -errno;
	err = write_file("/proc/self/uid_map", "0 0 1\n", 6);
	if (err)
		return err;
	switch (what) {
	case NS_SET_TAG:
		return set_tag("a/f", B, false);
	case NS_SET_QUOTA:
		return quotactl_at(MNT, Q_SETQUOTA, PRJQUOTA, A, &blk);
	case NS_GET_QUOTA:
		return quotactl_at(MNT, Q_GETQUOTA, PRJQUOTA, B, &blk);
	case NS_FILL:
		do_fill(P("a/fill"), FILL_WRITE, 0);
		return -shared->err;
	default:
		return do_rename(P("a/f"), P("b/g"), 0);
	}
}

static long do_userns(long what, long b, long c)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(-in_userns(what));
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

TEST_F(escape, user_namespace)
{
	EXPECT_EQ(-EPERM, CALL_A(do_userns, NS_SET_TAG, 0, 0));
	/* Attempt: quotactl(2) as root of a user namespace of its own */
	EXPECT_EQ(-EPERM, CALL_A(do_userns, NS_SET_QUOTA, 0, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_userns, NS_GET_QUOTA, 0, 0));
	EXPECT_EQ(-EXDEV, CALL_A(do_userns, NS_RENAME, 0, 0));
	EXPECT_UNCHANGED();
	EXPECT_EQ(0, set_hard(A, disk->limit));
	EXPECT_EQ(-disk->full, CALL_A(do_userns, NS_FILL, 0, 0));
	EXPECT_GE(disk->limit, space(A));
	EXPECT_EQ(0, CALL_A(do_unlink, "a/fill", 0, 0));
	EXPECT_UNCHANGED();
}

/* By a worker thread of io_uring */

static long do_uring_names(long op, long old, long new)
{
	struct io_uring_sqe sqe = {
		.opcode = op,
		.fd = AT_FDCWD,
		.addr = old,
		.addr2 = new,
		.len = AT_FDCWD,
	};

	return uring_do(&sqe);
}

static long do_uring_fallocate(long path, long len, long c)
{
	int fd = open((const char *)path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_FALLOCATE,
		.fd = fd,
		.addr = len,
	};
	long ret;

	if (fd < 0)
		return -errno;
	ret = uring_do(&sqe);
	close(fd);
	return ret;
}

TEST_F(escape, io_uring)
{
	long err = CALL_A(do_uring_names, IORING_OP_RENAMEAT, "a/f", "b/g");

	if (err == -ENOSYS)
		SKIP(return, "the kernel has no io_uring");
	/* Attempt: IORING_OP_RENAMEAT out of its tree */
	EXPECT_EQ(-EXDEV, err);
	EXPECT_EQ(-EXDEV, CALL_A(do_uring_names, IORING_OP_RENAMEAT, "b/f",
				 "a/g"));
	EXPECT_EQ(-EXDEV, CALL_A(do_uring_names, IORING_OP_LINKAT, "a/f",
				 "b/g"));
	EXPECT_EQ(-EXDEV, CALL_A(do_uring_names, IORING_OP_LINKAT, "host/f",
				 "a/g"));
	EXPECT_EQ(0, CALL_A(do_uring_names, IORING_OP_LINKAT, "a/f", "a/g"));
	EXPECT_EQ(0, CALL_A(do_unlink, "a/g", 0, 0));
	EXPECT_UNCHANGED();
	EXPECT_EQ(0, set_hard(A, disk->limit));
	EXPECT_EQ(-disk->full, CALL_A(do_uring_fallocate, "a/fill", 64 * MB, 0));
	EXPECT_GE(disk->limit, space(A));
	EXPECT_EQ(0, CALL_A(do_unlink, "a/fill", 0, 0));
	EXPECT_UNCHANGED();
}

/* What ext4 counts to nobody: the contents of the boot loader's inode */
static long do_swap_boot(long path, long b, long c)
{
	int fd = open((const char *)path, O_RDWR | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, EXT4_SWAP_BOOT))
		err = -errno;
	close(fd);
	return err;
}

TEST_F(escape, swap_boot)
{
	/* Attempt: EXT4_IOC_SWAP_BOOT */
	EXPECT_EQ(-EPERM, CALL_A(do_swap_boot, "a/f", 0, 0));
	EXPECT_UNCHANGED();
}

/* What is about all of the filesystem is not a member's. */
static long do_ioctl(long cmd, long b, long c)
{
	int fd = open(MNT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = ioctl(fd, cmd, NULL) ? -errno : 0;
	close(fd);
	return err;
}

TEST_F(escape, whole_filesystem)
{
	static const struct {
		const char *fs;
		unsigned long cmd;
	} calls[] = {
		{ "ext4", _IOW('f', 7, long) },		/* GROUP_EXTEND */
		{ "ext4", _IOW('f', 16, __u64) },	/* RESIZE_FS */
		{ "ext4", _IOW('f', 43, __u32) },	/* CHECKPOINT */
		{ "ext4", _IOW('f', 44, char[24]) },	/* SETFSUUID */
		{ "xfs", _IOR('X', 58, char[128]) },	/* FREE_EOFBLOCKS */
		{ "xfs", _IOWR('X', 60, char[64]) },	/* SCRUB_METADATA */
		{ "xfs", _IOWR('X', 107, char[48]) },	/* OPEN_BY_HANDLE */
		{ "xfs", _IOW('X', 110, char[16]) },	/* FSGROWFSDATA */
		{ "xfs", _IOWR('X', 114, char[16]) },	/* SET_RESBLKS */
		{ "xfs", _IOR('X', 127, char[64]) },	/* BULKSTAT */
		{ NULL, _IOWR('X', 59, char[192]) },	/* GETFSMAP */
		{ NULL, _IOW(0x94, 50, char[256]) },	/* SETFSLABEL */
	};
	unsigned int i;

	for (i = 0; i < (int)ARRAY_SIZE(calls); i++) {
		if (calls[i].fs && strcmp(calls[i].fs, disk->fs))
			continue;
		/*
		 * Attempt: ioctls about the whole filesystem: resize, scrub,
		 * bulkstat, label and others
		 */
		EXPECT_EQ(-EPERM, CALL_A(do_ioctl, calls[i].cmd, 0, 0)) {
			TH_LOG("%lx", calls[i].cmd);
		}
	}
	EXPECT_UNCHANGED();
}

/* Who tags a tree does not open what is no file: it has no tag then. */
TEST_F(escape, untagged_special)
{
	static const char *const names[] = { "fifo", "symlink" };
	char host[32], a[32];
	unsigned int i;

	EXPECT_EQ(0, do_mknod(P("host/fifo"), S_IFIFO | 0666, 0));
	EXPECT_EQ(0, symlink("f", "host/symlink"));
	for (i = 0; i < 2; i++) {
		snprintf(host, sizeof(host), "host/%s", names[i]);
		snprintf(a, sizeof(a), "a/%s", names[i]);
		EXPECT_EQ(0, do_rename(P(host), P(a), 0));
	}
	EXPECT_EQ(0, CALL_A(do_rename, "a/fifo", "a/d/fifo", 0));
	EXPECT_EQ(0, CALL_A(do_link, "a/d/fifo", "a/fifo", 0));
	EXPECT_EQ(0, CALL_A(do_rename, "a/symlink", "a/d/symlink", 0));
	EXPECT_EQ(0, CALL_A(do_rename, "a/d/symlink", "a/symlink", 0));
	EXPECT_UNCHANGED();
}

/* Shared files: unified hard links */

static long do_chmod(long path, long mode, long c)
{
	return chmod((const char *)path, mode) ? -errno : 0;
}

static long do_chown(long path, long uid, long c)
{
	return chown((const char *)path, uid, -1) ? -errno : 0;
}

static long do_utimes(long path, long b, long c)
{
	return utimensat(AT_FDCWD, (const char *)path, NULL, 0) ? -errno : 0;
}

TEST_F(escape, shared)
{
	const long size = 16 * self->block;

	EXPECT_EQ(0, host_file("host/s", size));
	EXPECT_EQ(0, set_tag("host/s", VCTX_TAG_SHARED, false));
	EXPECT_EQ(size, settled_space(VCTX_TAG_SHARED, size));
	EXPECT_UNCHANGED();

	/* It has names everywhere, and is charged to nobody. */
	EXPECT_EQ(0, CALL_A(do_link, "host/s", "a/s", 0));
	EXPECT_EQ(0, CALL_B(do_link, "host/s", "b/s", 0));
	EXPECT_EQ(0, CALL_A(do_link, "a/s", "a/d/s", 0));
	EXPECT_EQ(VCTX_TAG_SHARED, tag("a/s"));
	EXPECT_UNCHANGED();
	EXPECT_EQ(0, CALL_A(do_rename, "a/s", "a/t", 0));
	EXPECT_EQ(0, CALL_A(do_rename, "a/t", "host/t", 0));
	EXPECT_EQ(0, CALL_A(do_rename, "host/t", "a/s", 0));
	EXPECT_EQ(0, CALL_A(do_rename, "a/f", "host/s", RENAME_EXCHANGE));
	EXPECT_EQ(0, CALL_A(do_rename, "a/f", "host/s", RENAME_EXCHANGE));
	EXPECT_UNCHANGED();

	/* It can be read, and not be changed. */
	EXPECT_EQ(0, CALL_A(do_open_close, "a/s", O_RDONLY, 0));
	/* Attempt: open(2) for writing of a file that contexts share */
	EXPECT_EQ(-EPERM, CALL_A(do_open_close, "a/s", O_WRONLY, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_open_close, "a/s", O_RDWR, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_open_close, "a/s", O_WRONLY | O_APPEND, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_open_close, "a/s", O_WRONLY | O_TRUNC, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_open_close, "a/s", O_RDONLY | O_TRUNC, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_open_by_handle, "a/s", 0, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_truncate, "a/s", 0, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_truncate, "a/s", 2 * size, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_chmod, "a/s", 0600, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_chown, "a/s", 1000, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_utimes, "a/s", 0, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_setxattr, "a/s", 10, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_set_tag, "a/s", A, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_xflags, "a/s", XFLAG_NODUMP, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_flags, "a/s", 0x40 /* NODUMP */, 0));
	EXPECT_EQ(-EPERM, CALL_A(do_set_tag, "a/f", VCTX_TAG_SHARED, 0));
	EXPECT_EQ(0, verify("b/s", 0, size, 1));
	EXPECT_EQ(size, space(VCTX_TAG_SHARED));

	/* Its names go, by a rename over it, too; the host may do what it may. */
	EXPECT_EQ(0, CALL_A(do_unlink, "a/d/s", 0, 0));
	EXPECT_EQ(0, CALL_A(do_rename, "a/f", "a/s", 0));
	EXPECT_EQ(0, CALL_A(do_rename, "a/s", "a/f", 0));
	EXPECT_EQ(0, verify("b/s", 0, size, 1));
	EXPECT_EQ(0, CALL_B(do_unlink, "b/s", 0, 0));
	EXPECT_EQ(0, do_open_close(P("host/s"), O_RDWR, 0));
	EXPECT_EQ(0, do_unlink(P("host/s"), 0, 0));
	EXPECT_EQ(0, settled_space(VCTX_TAG_SHARED, 0));
	EXPECT_UNCHANGED();
}

/* Core dumps */

#define CORE_PATTERN	"/proc/sys/kernel/core_pattern"
#define CORE_USES_PID	"/proc/sys/kernel/core_uses_pid"
#define DUMPED		(0x80 | SIGABRT)

TEST_F(escape, core_dump)
{
	char pattern[256], use_pid[16];
	struct stat st;
	long used;

	if (read_file(CORE_PATTERN, pattern, sizeof(pattern)) <= 0 ||
	    read_file(CORE_USES_PID, use_pid, sizeof(use_pid)) <= 0)
		SKIP(return, "the kernel has no core dumps (CONFIG_COREDUMP)");
	ASSERT_EQ(0, write_file(CORE_PATTERN, "core\n", 5));
	ASSERT_EQ(0, write_file(CORE_USES_PID, "0\n", 2));
	/* In its tree, it counts. */
	EXPECT_EQ(DUMPED, CALL_A(do_dump_core, MNT "/a/d", 0, 0));
	EXPECT_EQ(A, tag("a/d/core"));
	settle();
	EXPECT_EQ(0, stat("a/d/core", &st));
	EXPECT_LT(0, st.st_blocks);
	used = self->used_a + st.st_blocks * 512L;
	EXPECT_EQ(used, settled_space(A, used));
	EXPECT_EQ(0, unlink("a/d/core"));
	EXPECT_EQ(self->used_a, settled_space(A, self->used_a));
	/*
	 * Attempt: a core dump in the tree of another, or in one that is nobody's
	 * => it counts as its own
	 */
	EXPECT_EQ(DUMPED, CALL_A(do_dump_core, MNT "/b/d", 0, 0));
	EXPECT_EQ(A, tag("b/d/core"));
	EXPECT_EQ(used, settled_space(A, used));
	EXPECT_EQ(self->used_b, settled_space(B, self->used_b));
	EXPECT_EQ(0, unlink("b/d/core"));
	EXPECT_EQ(DUMPED, CALL_A(do_dump_core, MNT "/host/d", 0, 0));
	EXPECT_EQ(A, tag("host/d/core"));
	EXPECT_EQ(used, settled_space(A, used));
	EXPECT_EQ(0, unlink("host/d/core"));
	EXPECT_UNCHANGED();
	/* Attempt: a core dump over the hard limit => it ends there */
	EXPECT_EQ(0, set_hard(A, self->used_a + 4 * self->block));
	EXPECT_EQ(SIGABRT, CALL_A(do_dump_core, MNT "/a/d", 0, 0) & 0x7f);
	settle();
	EXPECT_GE(self->used_a + 4 * self->block, space(A));
	EXPECT_EQ(0, set_hard(A, 0));
	/* XFS may have refused its first block, and its name before that. */
	unlink("a/d/core");
	EXPECT_EQ(self->used_a, settled_space(A, self->used_a));
	EXPECT_EQ(0, write_file(CORE_PATTERN, pattern, strlen(pattern)));
	EXPECT_EQ(0, write_file(CORE_USES_PID, use_pid, strlen(use_pid)));
}

TEST_HARNESS_MAIN
