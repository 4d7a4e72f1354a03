// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Project quota of ext4, far from its limits, in a directory that hands on its
 * project id: as a context has it, and as everybody can have it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../cost.h"

#define ID	1000
#define MNT	COST_DIR "/disk"
#define TREE	MNT "/tree"

static const char path[] = TREE "/file";
static char data[4096];

/* <sys/mount.h> does not get along with <linux/fs.h>. */
static void mount_disk(void)
{
	if ((mkdir(MNT, 0755) && errno != EEXIST) ||
	    syscall(SYS_mount, COST_DISK, MNT, "ext4", 0UL, "prjquota"))
		cost_die("mount %s with project quota", COST_DISK);
}

static void make_tree(void)
{
	struct fsxattr attr;
	int fd;

	if (mkdir(TREE, 0755) && errno != EEXIST)
		cost_die("mkdir %s", TREE);
	fd = open(TREE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, FS_IOC_FSGETXATTR, &attr))
		cost_die("%s", TREE);
	attr.fsx_xflags |= FS_XFLAG_PROJINHERIT;
	attr.fsx_projid = ID;
	if (ioctl(fd, FS_IOC_FSSETXATTR, &attr) || close(fd))
		cost_die("project id of %s", TREE);
}

static void limit(void)
{
	struct if_dqblk blk = {
		.dqb_bhardlimit = 1 << 20,
		.dqb_bsoftlimit = 1 << 20,
		.dqb_ihardlimit = 1 << 20,
		.dqb_isoftlimit = 1 << 20,
		.dqb_valid = QIF_LIMITS,
	};

	if (syscall(SYS_quotactl, QCMD(Q_SETQUOTA, PRJQUOTA), COST_DISK, ID,
		    &blk))
		cost_die("quota on %s", COST_DISK);
}

static void prepare(void)
{
	static int done;

	if (done++)
		return;
	mount_disk();
	make_tree();
	limit();
}

static void fill_data(void)
{
	memset(data, 'x', sizeof(data));
}

static void create_write_unlink(void)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, sizeof(data)) != sizeof(data) ||
	    close(fd) || unlink(path))
		cost_die("%s", path);
}

COST_ROW(quota,
	.title = "disk quota",
	.ops = 3000,
	.id = ID,
	.prepare = prepare,
	.setup = fill_data,
	.op = create_write_unlink,
	.outside_max = 0.2,
	.inside_max = 1.0,
);
