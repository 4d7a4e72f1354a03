/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vctx test helpers: filesystems with project quota
 *
 * Each variant of a fixture has an image in memory, on which mkfs puts a
 * filesystem once.  A test mounts it on MNT in a mount namespace of its own,
 * and leaves it as it has found it: empty, nothing charged to anybody.  After
 * a test that has failed it is made anew.
 *
 * In it there are
 *
 *   a/     tag A, PROJINHERIT     the tree of context A
 *   b/     tag B, PROJINHERIT     the tree of context B
 *   host/  no tag                 the host's
 *
 * The test and its agents have MNT as working directory.
 */
#ifndef _VCTX_SELFTESTS_QUOTA_H
#define _VCTX_SELFTESTS_QUOTA_H

#include <setjmp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include <linux/dqblk_xfs.h>
#include <linux/io_uring.h>
#include <linux/loop.h>
#include <linux/quota.h>

#include "common.h"

#ifndef __NR_quotactl_fd
#define __NR_quotactl_fd	443
#endif
#ifndef __NR_io_uring_setup
#define __NR_io_uring_setup	425
#define __NR_io_uring_enter	426
#endif
#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC		0x0001U
#endif

/* <linux/fs.h> and <sys/mount.h> of some systems exclude each other. */
struct fs_attr {
	__u32 xflags;
	__u32 extsize;
	__u32 nextents;
	__u32 projid;
	__u32 cowextsize;
	__u8 pad[8];
};

#define GET_ATTR		_IOR('X', 31, struct fs_attr)
#define SET_ATTR		_IOW('X', 32, struct fs_attr)
#define XFLAG_PROJINHERIT	0x00000200
#define XFLAG_NODUMP		0x00000080
#define GET_FLAGS		_IOR('f', 1, long)
#define SET_FLAGS		_IOW('f', 2, long)
#define FL_PROJINHERIT		0x20000000
#define CLONE_FILE		_IOW(0x94, 9, int)

/* XFS: gives back what it has allocated behind the end of files. */
struct xfs_eofblocks {
	__u32 version;
	__u32 flags;
	__u32 ids[4];
	__u64 min_file_size;
	__u64 pad[12];
};

#define XFS_FREE_EOFBLOCKS	_IOR('X', 58, struct xfs_eofblocks)
#define XFS_EOFBLOCKS_SYNC	1

#define A	60101
#define B	60102
#define MNT	"/mnt"

#define KB	1024L
#define MB	(1024 * KB)

/* The most that a test fills. */
#define MOST	(16 * MB)

enum disk_kind {
	EXT4_4K,
	EXT4_1K,
	EXT4_NODELALLOC,
	EXT4_BIGALLOC,
	XFS,
	NR_DISKS,
};

/**
 * struct disk - a kind of filesystem
 * @fs: its type
 * @mkfs: the program that makes it, and its arguments
 * @options: to mount it with
 * @size: of the image, most of which is a hole
 * @full: the errno at a hard limit
 * @limit: a hard limit, in bytes, that is small for it
 * @slack: it may refuse when only so many bytes are left: XFS reserves for the
 *         worst case first
 * @reserved: what its usage may show above the limit while it is written to: XFS
 *            counts what is reserved for the worst case as used
 * @cluster: what it allocates at least, if that is more than a block
 */
struct disk {
	const char *fs;
	const char *mkfs[16];
	const char *options;
	long size;
	int full;
	long limit;
	long slack;
	long reserved;
	long cluster;
};

#define MKFS_EXT4(_block, ...)						\
	{ "mkfs.ext4", "-q", "-F", "-b", _block, "-N", "16384", "-m", "0", \
	  "-O", "quota,project", ##__VA_ARGS__, NULL }

static const struct disk disks[NR_DISKS] = {
	[EXT4_4K] = {
		"ext4", MKFS_EXT4("4096"), "usrquota,prjquota", 128 * MB,
		EDQUOT, 2 * MB, 0, 0,
	},
	[EXT4_1K] = {
		"ext4", MKFS_EXT4("1024"), "usrquota,prjquota", 128 * MB,
		EDQUOT, 2 * MB, 0, 0,
	},
	[EXT4_NODELALLOC] = {
		"ext4", MKFS_EXT4("4096"), "usrquota,prjquota,nodelalloc",
		128 * MB, EDQUOT, 2 * MB, 0, 0,
	},
	[EXT4_BIGALLOC] = {
		"ext4", MKFS_EXT4("4096", "-O", "bigalloc", "-C", "16384"),
		"usrquota,prjquota", 128 * MB, EDQUOT, 2 * MB, 0, 0, 16 * KB,
	},
	/* Documentation/vctx.rst: ENOSPC is XFS's own for project quota. */
	[XFS] = {
		"xfs", { "mkfs.xfs", "-q", "-f", NULL }, "usrquota,prjquota",
		320 * MB, ENOSPC, 4 * MB, 512 * KB, 256 * KB,
	},
};

static const struct disk *disk;

/* Known to all tests: they are forked by the program that has made it. */
static struct {
	/* Is there a filesystem in the image that is as it should be? */
	bool made[NR_DISKS];
	/* The loop device that was last used for it, and 1 */
	int loop[NR_DISKS];
	/* The errno that has ended what a member did */
	int err;
} *shared;

static int image[NR_DISKS];

static void __attribute__((constructor)) disks_init(void)
{
	int i;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < NR_DISKS; i++)
		image[i] = memfd_create("vctx-quota", MFD_CLOEXEC);
}

/* Runs a program that is to print nothing; its exit status, or 127. */
static int run(const char *const *argv)
{
	int status, null;
	pid_t pid;

	pid = fork();
	if (!pid) {
		null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execvp(argv[0], (char **)argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* @line is without its newline. */
static bool fs_listed(const char *line)
{
	char buf[8192], whole[48];

	snprintf(whole, sizeof(whole), "%s\n", line);
	return read_file("/proc/filesystems", buf, sizeof(buf)) > 0 &&
	       strstr(buf, whole);
}

static bool fs_known(const char *name)
{
	char line[32];

	snprintf(line, sizeof(line), "\t%s", name);
	return fs_listed(line);
}

static bool __maybe_unused nodev_known(const char *name)
{
	char line[32];

	snprintf(line, sizeof(line), "nodev\t%s", name);
	return fs_listed(line);
}

/* mkfs writes zeroes, too: here they are holes. */
static int image_punch(int fd, off_t size)
{
	static char buf[64 * KB], zero[64 * KB];
	off_t off = 0;
	ssize_t n;

	while ((off = lseek(fd, off, SEEK_DATA)) >= 0 && off < size) {
		off -= off % sizeof(buf);
		n = pread(fd, buf, sizeof(buf), off);
		if (n <= 0)
			return -EIO;
		if (!memcmp(buf, zero, n) &&
		    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      off, n))
			return -errno;
		off += n;
	}
	return 0;
}

static char *loop_path(char path[32], int nr)
{
	snprintf(path, 32, "/dev/loop%d", nr);
	return path;
}

static bool loop_free(int nr)
{
	struct loop_info64 info;
	char path[32];
	bool is_free;
	int fd;

	fd = open(loop_path(path, nr), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	is_free = ioctl(fd, LOOP_GET_STATUS64, &info) && errno == ENXIO;
	close(fd);
	return is_free;
}

static int image_make(enum disk_kind kind)
{
	const char *argv[18] = {};
	char path[32];
	int i, status;

	/* That of a test which was killed may be on its way out. */
	if (shared->loop[kind] &&
	    !WAIT_UNTIL(loop_free(shared->loop[kind] - 1)))
		return -EBUSY;
	if (shared->made[kind])
		return 0;
	if (ftruncate(image[kind], 0) || ftruncate(image[kind], disk->size))
		return -errno;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), image[kind]);
	for (i = 0; disk->mkfs[i]; i++)
		argv[i] = disk->mkfs[i];
	argv[i] = path;
	status = run(argv);
	if (status)
		return status == 127 ? -ENOENT : -EIO;
	return image_punch(image[kind], disk->size);
}

/*
 * A device for the image, which goes when it is not used; open, but not for
 * writing, for such a one may not be mounted (CONFIG_BLK_DEV_WRITE_MOUNTED=n).
 */
static int loop_start(enum disk_kind kind)
{
	struct loop_config config = {
		.fd = image[kind],
		.info.lo_flags = LO_FLAGS_AUTOCLEAR,
	};
	int control, nr, fd, reader, tries, err = -EBUSY;
	char path[32];

	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control < 0)
		return -errno;
	for (tries = 0; tries < 10; tries++) {
		nr = ioctl(control, LOOP_CTL_GET_FREE);
		if (nr < 0)
			break;
		fd = open(loop_path(path, nr), O_RDWR | O_CLOEXEC);
		if (fd < 0)
			break;
		if (!ioctl(fd, LOOP_CONFIGURE, &config)) {
			shared->loop[kind] = nr + 1;
			reader = open(path, O_RDONLY | O_CLOEXEC);
			close(control);
			close(fd);
			return reader < 0 ? -errno : reader;
		}
		err = -errno;
		close(fd);
		/* Somebody else was faster. */
		if (err != -EBUSY)
			break;
	}
	close(control);
	return err;
}

/* Why a filesystem of this kind cannot be had; NULL if it can. */
static const char *disk_missing(enum disk_kind kind)
{
	static char reason[128];
	int err;

	disk = &disks[kind];
	if ((kind == EXT4_1K || kind == EXT4_NODELALLOC ||
	     kind == EXT4_BIGALLOC) &&
	    !env_long("VCTX_TEST_DISKS", 1))
		return "VCTX_TEST_DISKS=0 leaves out variants of ext4";
	if (!fs_known(disk->fs)) {
		snprintf(reason, sizeof(reason), "the kernel has no %s", disk->fs);
		return reason;
	}
	if (access("/dev/loop-control", R_OK | W_OK))
		return "the kernel has no loop devices";
	if (image[kind] < 0)
		return "there is no memfd";
	err = image_make(kind);
	if (err == -ENOENT) {
		snprintf(reason, sizeof(reason), "%s is not installed",
			 disk->mkfs[0]);
		return reason;
	}
	return err ? "mkfs has failed" : NULL;
}

/* Mounts it on MNT, for this test only. */
static int disk_mount(enum disk_kind kind)
{
	char path[32];
	int fd, err = 0;

	/* True again when the test has ended as it should. */
	shared->made[kind] = false;
	if (unshare(CLONE_NEWNS) || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	fd = loop_start(kind);
	if (fd < 0)
		return fd;
	if (mount(loop_path(path, shared->loop[kind] - 1), MNT, disk->fs, 0,
		  disk->options) || chdir(MNT))
		err = -errno;
	close(fd);
	return err;
}

/* The block device that is mounted. */
static char *disk_device(char path[32])
{
	struct stat st;

	return stat(MNT, &st) ? NULL : loop_path(path, minor(st.st_dev));
}

/* Project ids and flags */

static int attr_get(const char *path, struct fs_attr *attr)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, GET_ATTR, attr))
		err = -errno;
	close(fd);
	return err;
}

static int attr_set(const char *path, const struct fs_attr *attr)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, SET_ATTR, attr))
		err = -errno;
	close(fd);
	return err;
}

/* The project id, or an errno. */
static long __maybe_unused tag(const char *path)
{
	struct fs_attr attr;

	return attr_get(path, &attr) ?: (long)attr.projid;
}

static long __maybe_unused inherits(const char *path)
{
	struct fs_attr attr;

	return attr_get(path, &attr) ?: !!(attr.xflags & XFLAG_PROJINHERIT);
}

static int set_tag(const char *path, __u32 id, bool inherit)
{
	struct fs_attr attr;
	int err = attr_get(path, &attr);

	if (err)
		return err;
	attr.projid = id;
	if (inherit)
		attr.xflags |= XFLAG_PROJINHERIT;
	return attr_set(path, &attr);
}

/* Quota */

static int __maybe_unused quotactl_at(const char *path, int cmd, int type,
				      __u32 id, void *addr)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (syscall(__NR_quotactl_fd, fd, QCMD(cmd, type), id, addr))
		err = -errno;
	close(fd);
	return err;
}

static int quota_get(int type, __u32 id, struct if_dqblk *blk)
{
	int err;

	memset(blk, 0, sizeof(*blk));
	err = quotactl_at(MNT, Q_GETQUOTA, type, id, blk);
	/* XFS has none for those who have never had anything. */
	return err == -ENOENT ? 0 : err;
}

/*
 * Delayed work of the filesystem that changes usage: writeback, freeing of
 * files that are gone, and of blocks behind their ends.
 */
static void settle(void)
{
	struct xfs_eofblocks eof = { .version = 1, .flags = XFS_EOFBLOCKS_SYNC };
	int fd = open(MNT, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	syncfs(fd);
	if (!strcmp(disk->fs, "xfs"))
		ioctl(fd, XFS_FREE_EOFBLOCKS, &eof);
	close(fd);
}

/* Bytes that are charged now */
static long space(__u32 id)
{
	struct if_dqblk blk;
	int err = quota_get(PRJQUOTA, id, &blk);

	return err ?: (long)blk.dqb_curspace;
}

static long inodes(__u32 id)
{
	struct if_dqblk blk;
	int err = quota_get(PRJQUOTA, id, &blk);

	return err ?: (long)blk.dqb_curinodes;
}

static long __maybe_unused user_space(__u32 uid)
{
	struct if_dqblk blk;
	int err = quota_get(USRQUOTA, uid, &blk);

	return err ?: (long)blk.dqb_curspace;
}

/* ... and when all is written that is to be written. */
static long settled_space(__u32 id, long want)
{
	WAIT_UNTIL((settle(), space(id) == want));
	return space(id);
}

static long settled_inodes(__u32 id, long want)
{
	WAIT_UNTIL((settle(), inodes(id) == want));
	return inodes(id);
}

/* Limits in bytes and inodes; 0 is none. */
static int set_limits(int type, __u32 id, long soft, long hard, long isoft,
		      long ihard)
{
	struct if_dqblk blk = {
		.dqb_bsoftlimit = soft / KB,
		.dqb_bhardlimit = hard / KB,
		.dqb_isoftlimit = isoft,
		.dqb_ihardlimit = ihard,
		.dqb_valid = QIF_LIMITS,
	};

	return quotactl_at(MNT, Q_SETQUOTA, type, id, &blk);
}

static int __maybe_unused set_hard(__u32 id, long hard)
{
	return set_limits(PRJQUOTA, id, 0, hard, 0, 0);
}

static int __maybe_unused set_ihard(__u32 id, long ihard)
{
	return set_limits(PRJQUOTA, id, 0, 0, 0, ihard);
}

/* What a file that is not empty takes at least */
static long __maybe_unused block_size(void)
{
	struct statfs st;

	if (disk->cluster)
		return disk->cluster;
	return statfs(MNT, &st) ? -errno : (long)st.f_bsize;
}

/* Trees */

/*
 * What a tree has, in blocks of 512 bytes, and in inodes.  A file that has
 * several names in it counts once: there are few of them.
 */
struct walk {
	long blocks;
	long inodes;
	ino_t linked[64];
	int nr_linked;
};

static bool walk_seen(struct walk *walk, ino_t ino)
{
	int i;

	for (i = 0; i < walk->nr_linked; i++)
		if (walk->linked[i] == ino)
			return true;
	if (walk->nr_linked < 64)
		walk->linked[walk->nr_linked++] = ino;
	return false;
}

static int walk(int at, const char *path, struct walk *result)
{
	struct dirent *entry;
	struct stat st;
	int fd, err = 0;
	DIR *dir;

	if (fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (!S_ISDIR(st.st_mode) && st.st_nlink > 1 &&
	    walk_seen(result, st.st_ino))
		return 0;
	result->blocks += st.st_blocks;
	result->inodes++;
	if (!S_ISDIR(st.st_mode))
		return 0;
	fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return -errno;
	while (!err && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			err = walk(dirfd(dir), entry->d_name, result);
	closedir(dir);
	return err;
}

static long __maybe_unused tree_space(const char *path)
{
	struct walk result = {};
	int err;

	settle();
	err = walk(AT_FDCWD, path, &result);
	return err ?: result.blocks * 512;
}

static long __maybe_unused tree_inodes(const char *path)
{
	struct walk result = {};

	return walk(AT_FDCWD, path, &result) ?: result.inodes;
}

/* Removes what is in the directory. */
static int empty(int at, const char *path)
{
	struct dirent *entry;
	int fd, err = 0;
	DIR *dir;

	fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return -errno;
	while (!err && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") ||
		    !strcmp(entry->d_name, "..") ||
		    !strcmp(entry->d_name, "lost+found"))
			continue;
		if (!unlinkat(fd, entry->d_name, 0))
			continue;
		err = errno == EISDIR ? empty(fd, entry->d_name) : -errno;
		if (!err && unlinkat(fd, entry->d_name, AT_REMOVEDIR))
			err = -errno;
	}
	closedir(dir);
	return err;
}

/* Contents: each word tells where it is, and which file this is. */

#define CHUNK	(64 * KB)

static void pattern(void *buf, long len, long off, int seed)
{
	__u64 *word = buf;
	long i;

	for (i = 0; i < len / 8; i++)
		word[i] = (off + i * 8) * 0x9e3779b97f4a7c15ULL + seed;
}

/* To read what is on the disk, if it is there */
static int open_dropped(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	return fd;
}

/* Has the file the contents that it should have? */
static int verify_fd(int fd, long from, long to, int seed)
{
	static char want[CHUNK], got[CHUNK];
	long off, n;

	for (off = from; off < to; off += n) {
		n = to - off < CHUNK ? to - off : CHUNK;
		pattern(want, n, off, seed);
		if (pread(fd, got, n, off) != n || memcmp(want, got, n))
			return -EIO;
	}
	return 0;
}

static int verify_file(const char *path, long from, long to, int seed)
{
	int fd = open_dropped(path), err;

	if (fd < 0)
		return fd;
	err = verify_fd(fd, from, to, seed);
	close(fd);
	return err;
}

static int __maybe_unused verify(const char *path, long from, long to, int seed)
{
	settle();
	return verify_file(path, from, to, seed);
}

/* What members do */

/* Writes @len bytes from @off on, as many as it can at a time. */
static long write_some(int fd, long off, long len, long step, int seed)
{
	static char buf[CHUNK] __attribute__((aligned(4096)));
	long done = 0;
	ssize_t n;

	while (done < len) {
		n = len - done < step ? len - done : step;
		pattern(buf, n, off + done, seed);
		n = pwrite(fd, buf, n, off + done);
		if (n <= 0) {
			shared->err = n ? errno : 0;
			break;
		}
		done += n;
	}
	return done;
}

/* Makes a file of @size bytes and no more, block by block; how many it has. */
static long do_file(long path, long size, long seed)
{
	long done;
	int fd;

	shared->err = 0;
	fd = open((const char *)path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0) {
		shared->err = errno;
		return -errno;
	}
	done = write_some(fd, 0, size, block_size(), seed);
	if (close(fd) && !shared->err)
		shared->err = errno;
	return done;
}

static long fill_direct(int fd)
{
	/* Not every filesystem of the system below has it. */
	if (fcntl(fd, F_SETFL, O_DIRECT))
		return -errno;
	return write_some(fd, 0, MOST, 4096, 1);
}

static sigjmp_buf bus_error;

static void on_bus_error(int sig)
{
	siglongjmp(bus_error, 1);
}

/*
 * Writes @len bytes to each of @nr places of a mapping, as many as it can; @off
 * says where they are, the last of them within @size.
 */
static long write_mapped(int fd, long size, long nr, long len,
			 long (*off)(long how, long i), long how)
{
	struct sigaction action = { .sa_handler = on_bus_error }, old;
	volatile long i = 0;
	char *map;

	if (ftruncate(fd, size))
		return -errno;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	sigaction(SIGBUS, &action, &old);
	if (sigsetjmp(bus_error, 1)) {
		/* It has no errno of its own. */
		shared->err = disk->full;
	} else {
		for (; i < nr; i++)
			pattern(map + off(how, i), len, off(how, i), 1);
	}
	sigaction(SIGBUS, &old, NULL);
	munmap(map, size);
	return i;
}

static long page_off(long how, long i)
{
	return i * 4096;
}

static long fill_mmap(int fd)
{
	long nr = write_mapped(fd, MOST, MOST / 4096, 4096, page_off, 0);

	return nr < 0 ? nr : nr * 4096;
}

static long fill_fallocate(int fd)
{
	long done;

	for (done = 0; done < MOST; done += CHUNK)
		if (fallocate(fd, 0, done, CHUNK)) {
			shared->err = errno;
			break;
		}
	return done;
}

enum fill { FILL_WRITE, FILL_DIRECT, FILL_MMAP, FILL_FALLOCATE };

/* A new file that takes all there is; the bytes, and the errno in shared. */
static long do_fill(long path, long how, long c)
{
	long done = 0;
	int fd;

	shared->err = 0;
	fd = open((const char *)path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
		  0666);
	if (fd < 0) {
		shared->err = errno;
		return -errno;
	}
	switch (how) {
	case FILL_WRITE:
		done = write_some(fd, 0, MOST, block_size(), 1);
		break;
	case FILL_DIRECT:
		done = fill_direct(fd);
		break;
	case FILL_MMAP:
		done = fill_mmap(fd);
		break;
	case FILL_FALLOCATE:
		done = fill_fallocate(fd);
		break;
	}
	close(fd);
	return done;
}

static long __maybe_unused do_unlink(long path, long b, long c)
{
	return unlink((const char *)path) ? -errno : 0;
}

static long __maybe_unused do_mkdir(long path, long b, long c)
{
	return mkdir((const char *)path, 0777) ? -errno : 0;
}

static long __maybe_unused do_rmdir(long path, long b, long c)
{
	return rmdir((const char *)path) ? -errno : 0;
}

static long __maybe_unused do_mknod(long path, long mode, long dev)
{
	return mknod((const char *)path, mode, dev) ? -errno : 0;
}

static long __maybe_unused do_symlink(long target, long path, long c)
{
	return symlink((const char *)target, (const char *)path) ? -errno : 0;
}

static long __maybe_unused do_link(long old, long new, long c)
{
	return link((const char *)old, (const char *)new) ? -errno : 0;
}

static long __maybe_unused do_rename(long old, long new, long flags)
{
	return syscall(__NR_renameat2, AT_FDCWD, old, AT_FDCWD, new, flags) ?
	       -errno : 0;
}

static long __maybe_unused do_truncate(long path, long size, long c)
{
	return truncate((const char *)path, size) ? -errno : 0;
}

static long __maybe_unused do_setxattr(long path, long size, long c)
{
	static char value[4096];

	return setxattr((const char *)path, "user.vctx", value, size, 0) ?
	       -errno : 0;
}

static long __maybe_unused do_bind_mount(long path, long on, long c)
{
	return mount((const char *)path, (const char *)on, NULL, MS_BIND,
		     NULL) ? -errno : 0;
}

/* Over host/lower, with the directories upper and work in @dir */
static long __maybe_unused do_overlay(long on, long dir, long c)
{
	char options[128];

	snprintf(options, sizeof(options),
		 "lowerdir=host/lower,upperdir=%s/upper,workdir=%s/work",
		 (const char *)dir, (const char *)dir);
	return mount("overlay", (const char *)on, "overlay", 0, options) ?
	       -errno : 0;
}

static long __maybe_unused do_umount(long path, long b, long c)
{
	return umount2((const char *)path, 0) ? -errno : 0;
}

/* Has a worker thread of io_uring do it; what that says. */
static long __maybe_unused uring_do(const struct io_uring_sqe *what)
{
	struct io_uring_params params = {};
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	size_t sq_size, cq_size;
	long ret = -ENOMEM;
	char *sq, *cq;
	int ring;

	ring = syscall(__NR_io_uring_setup, 2, &params);
	if (ring < 0)
		return -errno;
	sq_size = params.sq_off.array + params.sq_entries * sizeof(__u32);
	cq_size = params.cq_off.cqes + params.cq_entries * sizeof(*cqe);
	sq = mmap(NULL, sq_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		  IORING_OFF_SQ_RING);
	cq = mmap(NULL, cq_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		  IORING_OFF_CQ_RING);
	sqe = mmap(NULL, sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		   IORING_OFF_SQES);
	if (sq != MAP_FAILED && cq != MAP_FAILED && sqe != MAP_FAILED) {
		*sqe = *what;
		sqe->flags |= IOSQE_ASYNC;
		*(__u32 *)(sq + params.sq_off.array) = 0;
		__atomic_store_n((__u32 *)(sq + params.sq_off.tail), 1,
				 __ATOMIC_RELEASE);
		cqe = (struct io_uring_cqe *)(cq + params.cq_off.cqes);
		ret = syscall(__NR_io_uring_enter, ring, 1, 1,
			      IORING_ENTER_GETEVENTS, NULL, 0) == 1 ?
		      cqe->res : -errno;
		munmap(sqe, sizeof(*sqe));
		munmap(cq, cq_size);
		munmap(sq, sq_size);
	}
	close(ring);
	return ret;
}

static long __maybe_unused do_set_tag(long path, long id, long inherit)
{
	return set_tag((const char *)path, id, inherit);
}

/* A file of @size bytes by the host */
static int __maybe_unused host_file(const char *path, long size)
{
	long n = do_file((long)path, size, 1);

	return n < 0 ? n : n == size ? 0 : -shared->err;
}

#define P(_path) ((long)(_path))

/* The world of a test */

struct world {
	struct agent a, b;
	/* What the directories a and b are charged */
	long space_a, inodes_a, space_b, inodes_b;
	int contexts;
};

static int world_dir(const char *path, __u32 id)
{
	if (mkdir(path, 0777) || chmod(path, 0777))
		return -errno;
	return id ? set_tag(path, id, true) : 0;
}

static int world_start(struct world *world, enum disk_kind kind)
{
	int err;

	err = ctx_end(A) ?: ctx_end(B);
	if (err)
		return err;
	world->contexts = ctx_count();
	err = disk_mount(kind) ?: world_dir("a", A) ?: world_dir("b", B) ?:
	      world_dir("host", 0) ?: ctx_mkdir(A) ?: ctx_mkdir(B) ?:
	      agent_start_in(&world->a, A) ?: agent_start_in(&world->b, B);
	if (err)
		return err;
	settle();
	world->space_a = space(A);
	world->inodes_a = inodes(A);
	world->space_b = space(B);
	world->inodes_b = inodes(B);
	return 0;
}

/*
 * Ends both contexts, removes all files, and looks whether anything is still
 * charged: first to the contexts, then to their tags.
 */
static int world_end(struct world *world, const char **what)
{
	int err;

	agent_stop(&world->a);
	agent_stop(&world->b);
	*what = "context A";
	err = ctx_end(A);
	if (err)
		return err;
	*what = "context B";
	err = ctx_end(B);
	if (err)
		return err;
	*what = "contexts that are left";
	if (!WAIT_UNTIL(ctx_count() == world->contexts))
		return -EBUSY;
	*what = "removal of all files";
	err = empty(AT_FDCWD, MNT) ?: set_hard(A, 0) ?: set_hard(B, 0);
	if (err)
		return err;
	*what = "what is charged to tag A";
	if (settled_space(A, 0) || settled_inodes(A, 0))
		return -EUCLEAN;
	*what = "what is charged to tag B";
	if (settled_space(B, 0) || settled_inodes(B, 0))
		return -EUCLEAN;
	*what = "umount";
	if (chdir("/") || umount2(MNT, 0))
		return -errno;
	*what = "";
	return 0;
}

/* For a fixture that has the world as "world", and a kind in each variant. */
#define WORLD_SETUP() do {						\
	if (vctx_missing())						\
		SKIP(return, "%s", vctx_missing());			\
	if (disk_missing(variant->kind))				\
		SKIP(return, "%s", disk_missing(variant->kind));	\
	ASSERT_EQ(0, world_start(&self->world, variant->kind));		\
} while (0)

#define WORLD_TEARDOWN() do {						\
	const char *what;						\
									\
	EXPECT_EQ(0, world_end(&self->world, &what)) {			\
		TH_LOG("%s", what);					\
	}								\
	shared->made[variant->kind] = !_metadata->exit_code;		\
} while (0)

#define CALL_A(_fn, _a, _b, _c) \
	agent_call(&self->world.a, _fn, (long)(_a), (long)(_b), (long)(_c))
#define CALL_B(_fn, _a, _b, _c) \
	agent_call(&self->world.b, _fn, (long)(_a), (long)(_b), (long)(_c))

/* Usage is what was charged to the empty directory, and so much more. */
#define EXPECT_SPACE_A(_more) do {					\
	const long _want = self->world.space_a + (_more);		\
									\
	EXPECT_EQ(_want, settled_space(A, _want));			\
} while (0)

#define EXPECT_INODES_A(_more) do {					\
	const long _want = self->world.inodes_a + (_more);		\
									\
	EXPECT_EQ(_want, settled_inodes(A, _want));			\
} while (0)

/* The neighbour has what it had in the beginning. */
#define EXPECT_B_UNTOUCHED() do {					\
	EXPECT_EQ(self->world.space_b,					\
		  settled_space(B, self->world.space_b));		\
	EXPECT_EQ(self->world.inodes_b,					\
		  settled_inodes(B, self->world.inodes_b));		\
} while (0)

/* The quota's figures are those of a walk of the tree. */
#define EXPECT_TREE_A() do {						\
	long _blocks = tree_space("a");					\
									\
	EXPECT_EQ(_blocks, settled_space(A, _blocks));			\
	EXPECT_EQ(tree_inodes("a"), inodes(A));				\
} while (0)

#endif /* _VCTX_SELFTESTS_QUOTA_H */
