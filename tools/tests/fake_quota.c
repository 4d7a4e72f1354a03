// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A stand-in for filesystems with quota, for the tools' tests.
 *
 * A directory with a file ".quota" is the root of one.  Its lines:
 *
 *	state N			Q_XGETQSTATV's flags; without: project, enforced
 *	error N			all calls fail with that errno
 *	readonly		Q_GETQUOTA and the like fail with EROFS
 *	grace SPACE INODES	in seconds
 *	TYPE ID SPACE SOFT HARD EXPIRES INODES SOFT HARD EXPIRES
 *				in the units of struct if_dqblk
 *
 * With FAKE_TAGS, a directory, tags of files are kept there by the number of
 * the file.  A file whose name has "immutable" in it does not change its tag.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>

#define MOST	64

struct line {
	unsigned int type, id;
	unsigned long long value[8];
};

static struct {
	char path[4096];
	unsigned int state;
	int error;
	int readonly;
	unsigned long long grace[2];
	struct line line[MOST];
	int nr;
} disk;

long fake_quotactl(int fd, unsigned int cmd, unsigned int id, void *arg);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

static int path_of(int fd, char *path, size_t size)
{
	char link[32];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, size - 1);
	if (len < 0)
		return -1;
	path[len] = '\0';
	return 0;
}

static int load(int fd)
{
	char path[4000], text[256];
	FILE *f = NULL;
	char *slash;

	memset(&disk, 0, sizeof(disk));
	disk.state = FS_QUOTA_PDQ_ACCT | FS_QUOTA_PDQ_ENFD;
	if (path_of(fd, path, sizeof(path)))
		return -1;
	do {
		snprintf(disk.path, sizeof(disk.path), "%s/.quota", path);
		f = fopen(disk.path, "r");
		slash = strrchr(path, '/');
		if (slash)
			*slash = '\0';
	} while (!f && slash);
	if (!f)
		return -1;
	while (fgets(text, sizeof(text), f)) {
		struct line *l = &disk.line[disk.nr];
		unsigned long long *v = l->value;

		if (sscanf(text, "state %u", &disk.state) == 1 ||
		    sscanf(text, "error %d", &disk.error) == 1 ||
		    sscanf(text, "grace %llu %llu", &disk.grace[0],
			   &disk.grace[1]) == 2)
			continue;
		if (!strcmp(text, "readonly\n"))
			disk.readonly = 1;
		else if (sscanf(text, "%u %u %llu %llu %llu %llu %llu %llu %llu %llu",
				&l->type, &l->id, &v[0], &v[1], &v[2], &v[3],
				&v[4], &v[5], &v[6], &v[7]) == 10)
			disk.nr++;
		else
			abort();
	}
	fclose(f);
	return 0;
}

static void save(void)
{
	FILE *f = fopen(disk.path, "w");
	int i, j;

	if (!f)
		abort();
	fprintf(f, "state %u\ngrace %llu %llu\n", disk.state, disk.grace[0],
		disk.grace[1]);
	for (i = 0; i < disk.nr; i++) {
		fprintf(f, "%u %u", disk.line[i].type, disk.line[i].id);
		for (j = 0; j < 8; j++)
			fprintf(f, " %llu", disk.line[i].value[j]);
		fprintf(f, "\n");
	}
	fclose(f);
}

static struct line *find(unsigned int type, unsigned int id, int next)
{
	struct line *best = NULL;
	int i;

	for (i = 0; i < disk.nr; i++) {
		struct line *l = &disk.line[i];

		if (l->type != type || l->id < id || (!next && l->id != id))
			continue;
		if (!best || l->id < best->id)
			best = l;
	}
	return best;
}

static void get(const struct line *l, struct if_dqblk *to)
{
	to->dqb_curspace = l->value[0];
	to->dqb_bsoftlimit = l->value[1];
	to->dqb_bhardlimit = l->value[2];
	to->dqb_btime = l->value[3];
	to->dqb_curinodes = l->value[4];
	to->dqb_isoftlimit = l->value[5];
	to->dqb_ihardlimit = l->value[6];
	to->dqb_itime = l->value[7];
}

static void get_xfs(const struct line *l, struct fs_disk_quota *to)
{
	to->d_id = l->id;
	to->d_fieldmask = FS_DQ_BIGTIME;
	to->d_bcount = l->value[0] / 512;
	to->d_blk_softlimit = l->value[1] * 2;
	to->d_blk_hardlimit = l->value[2] * 2;
	to->d_btimer = (__s32)l->value[3];
	to->d_btimer_hi = (__s8)(l->value[3] >> 32);
	to->d_icount = l->value[4];
	to->d_ino_softlimit = l->value[5];
	to->d_ino_hardlimit = l->value[6];
	to->d_itimer = (__s32)l->value[7];
	to->d_itimer_hi = (__s8)(l->value[7] >> 32);
}

/* A time of grace runs where a soft limit is exceeded, else there is none. */
static void set_time(unsigned long long usage, unsigned long long soft,
		     int given, unsigned long long to, unsigned long long *time)
{
	if (!soft || usage <= soft)
		*time = 0;
	else if (given)
		*time = to;
}

static void set(unsigned int type, unsigned int id, const struct if_dqblk *from)
{
	struct line *l = find(type, id, 0);

	if (!l) {
		if (disk.nr == MOST)
			abort();
		l = &disk.line[disk.nr++];
		memset(l, 0, sizeof(*l));
		l->type = type;
		l->id = id;
	}
	if (from->dqb_valid & QIF_BLIMITS) {
		l->value[1] = from->dqb_bsoftlimit;
		l->value[2] = from->dqb_bhardlimit;
	}
	if (from->dqb_valid & QIF_ILIMITS) {
		l->value[5] = from->dqb_isoftlimit;
		l->value[6] = from->dqb_ihardlimit;
	}
	set_time(l->value[0], l->value[1] * 1024, from->dqb_valid & QIF_BTIME,
		 from->dqb_btime, &l->value[3]);
	set_time(l->value[4], l->value[5], from->dqb_valid & QIF_ITIME,
		 from->dqb_itime, &l->value[7]);
	save();
}

static long fail(int number)
{
	errno = number;
	return -1;
}

long fake_quotactl(int fd, unsigned int cmd, unsigned int id, void *arg)
{
	unsigned int type = cmd & SUBCMDMASK;
	unsigned int own = getenv("FAKE_VCTX") ?
			   (unsigned int)atoi(getenv("FAKE_VCTX")) : 0;
	struct if_nextdqblk *next = arg;
	struct if_dqinfo *info = arg;
	struct line *l;

	if (load(fd))
		return fail(ENOSYS);
	if (disk.error)
		return fail(disk.error);
	cmd >>= SUBCMDSHIFT;
	if (cmd == Q_XGETQSTATV) {
		((struct fs_quota_statv *)arg)->qs_flags = (__u16)disk.state;
		return disk.state ? 0 : fail(ENOSYS);
	}
	if (!(disk.state & (type == 2 ? FS_QUOTA_PDQ_ACCT : FS_QUOTA_UDQ_ACCT)))
		return fail(ESRCH);
	/* A member sees its own only. */
	if (own && cmd != Q_GETINFO && !((cmd == Q_GETQUOTA ||
	    cmd == Q_XGETQUOTA) && (id == own || type == 0)))
		return fail(EPERM);
	if (disk.readonly && (cmd == Q_GETQUOTA || cmd == Q_GETNEXTQUOTA ||
			      cmd == Q_SETQUOTA || cmd == Q_SETINFO))
		return fail(EROFS);
	switch (cmd) {
	case Q_GETINFO:
		info->dqi_bgrace = disk.grace[0];
		info->dqi_igrace = disk.grace[1];
		return 0;
	case Q_SETINFO:
		disk.grace[0] = info->dqi_bgrace;
		disk.grace[1] = info->dqi_igrace;
		save();
		return 0;
	case Q_XQUOTAON:
		if (disk.state & *(__u32 *)arg)
			return fail(EEXIST);
		disk.state |= *(__u32 *)arg;
		save();
		return 0;
	case Q_SETQUOTA:
		set(type, id, arg);
		return 0;
	}
	l = find(type, id, cmd == Q_GETNEXTQUOTA || cmd == Q_XGETNEXTQUOTA);
	if (!l)
		return fail(ENOENT);
	switch (cmd) {
	case Q_GETNEXTQUOTA:
		next->dqb_id = l->id;
		/* fall through */
	case Q_GETQUOTA:
		get(l, arg);
		return 0;
	case Q_XGETQUOTA:
	case Q_XGETNEXTQUOTA:
		get_xfs(l, arg);
		return 0;
	}
	abort();
}

static int fake_attr(int fd, const char *tags, unsigned long request,
		     struct fsxattr *attr)
{
	char path[4096], file[4096];
	struct stat st;
	FILE *f;

	if (fstat(fd, &st))
		abort();
	/* It has no path to be named by if it is very deep. */
	if (path_of(fd, path, sizeof(path)))
		path[0] = '\0';
	/* The kernel does not tell of others. */
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return (int)fail(ENOTTY);
	snprintf(file, sizeof(file), "%s/%llu", tags,
		 (unsigned long long)st.st_ino);
	if (request == FS_IOC_FSGETXATTR) {
		memset(attr, 0, sizeof(*attr));
		f = fopen(file, "r");
		if (f && fscanf(f, "%u %u", &attr->fsx_projid,
				&attr->fsx_xflags) != 2)
			abort();
	} else {
		if (strstr(path, "immutable"))
			return (int)fail(EPERM);
		f = fopen(file, "w");
		if (!f)
			abort();
		fprintf(f, "%u %u\n", attr->fsx_projid, attr->fsx_xflags);
	}
	if (f)
		fclose(f);
	return 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	const char *tags = getenv("FAKE_TAGS");
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (tags && (request == FS_IOC_FSGETXATTR ||
		     request == FS_IOC_FSSETXATTR))
		return fake_attr(fd, tags, request, arg);
	return __real_ioctl(fd, request, arg);
}
