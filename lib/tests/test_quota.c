// SPDX-License-Identifier: LGPL-2.1-or-later
/* Disk quota: what the kernel is asked, and how it is understood */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>

#include "test.h"
#include "tree.h"
#include "../libvctx.h"

#define NR_QUOTACTL_FD	443

long __wrap_syscall(long nr, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

/* What the kernel was asked last, and what it answers */
static struct {
	unsigned int fd, cmd, type, id;
	struct if_dqblk set;
	struct if_dqinfo info;
	__u32 flag;
	int calls;
} asked;

static struct {
	int err, xfs_err;
	struct if_nextdqblk quota;
	struct fs_disk_quota xfs;
	struct if_dqinfo info;
	unsigned int state;
	struct fsxattr attr;
	int attr_err, attr_set;
} answer;

static long refuse(int number)
{
	errno = number;
	return -1;
}

static long answer_xfs(unsigned int cmd, void *arg)
{
	if (cmd == Q_XGETQUOTA || cmd == Q_XGETNEXTQUOTA) {
		if (answer.xfs_err)
			return refuse(answer.xfs_err);
		memcpy(arg, &answer.xfs, sizeof(answer.xfs));
		return 0;
	}
	if (answer.err)
		return refuse(answer.err);
	if (cmd == Q_XQUOTAON)
		asked.flag = *(__u32 *)arg;
	else if (cmd == Q_XGETQSTATV &&
		 ((struct fs_quota_statv *)arg)->qs_version == FS_QSTATV_VERSION1)
		((struct fs_quota_statv *)arg)->qs_flags = (__u16)answer.state;
	else
		return refuse(EINVAL);
	return 0;
}

long __wrap_syscall(long nr, ...)
{
	va_list args;
	void *arg;

	/* The kernel has no vctx. */
	if (nr != NR_QUOTACTL_FD)
		return refuse(ENOSYS);
	va_start(args, nr);
	asked.fd = va_arg(args, unsigned int);
	asked.cmd = va_arg(args, unsigned int);
	asked.id = va_arg(args, unsigned int);
	arg = va_arg(args, void *);
	va_end(args);
	asked.type = asked.cmd & SUBCMDMASK;
	asked.cmd >>= SUBCMDSHIFT;
	asked.calls++;
	if (XQM_COMMAND(asked.cmd))
		return answer_xfs(asked.cmd, arg);
	if (answer.err)
		return refuse(answer.err);
	switch (asked.cmd) {
	case Q_GETQUOTA:
		memcpy(arg, &answer.quota, sizeof(struct if_dqblk));
		return 0;
	case Q_GETNEXTQUOTA:
		memcpy(arg, &answer.quota, sizeof(answer.quota));
		return 0;
	case Q_SETQUOTA:
		memcpy(&asked.set, arg, sizeof(asked.set));
		return 0;
	case Q_GETINFO:
		memcpy(arg, &answer.info, sizeof(answer.info));
		return 0;
	case Q_SETINFO:
		memcpy(&asked.info, arg, sizeof(asked.info));
		return 0;
	}
	return refuse(EINVAL);
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	(void)fd;
	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (request == FS_IOC_FSGETXATTR && !answer.attr_err) {
		memcpy(arg, &answer.attr, sizeof(answer.attr));
	} else if (request == FS_IOC_FSSETXATTR && !answer.attr_err) {
		memcpy(&answer.attr, arg, sizeof(answer.attr));
		answer.attr_set++;
	} else {
		return (int)refuse(answer.attr_err ? answer.attr_err : ENOTTY);
	}
	return 0;
}

static int setup(void **state)
{
	(void)state;
	memset(&asked, 0, sizeof(asked));
	memset(&answer, 0, sizeof(answer));
	return 0;
}

/* --- quotas ---------------------------------------------------------------- */

static const struct if_nextdqblk some = {
	.dqb_bhardlimit = 2048,		/* KiB */
	.dqb_bsoftlimit = 1024,
	.dqb_curspace = 1500000,	/* bytes */
	.dqb_ihardlimit = 100,
	.dqb_isoftlimit = 0,
	.dqb_curinodes = 7,
	.dqb_btime = 5000000000ULL,
	.dqb_itime = 0,
	.dqb_id = 105,
};

static void check_some(const struct vctx_quota *quota, unsigned int id)
{
	assert_int_equal(quota->id, id);
	assert_true(quota->space.usage == 1500000);
	assert_true(quota->space.soft == 1 << 20);
	assert_true(quota->space.hard == 2 << 20);
	assert_true(quota->space.expires == 5000000000ULL);
	assert_true(quota->inodes.usage == 7);
	assert_true(quota->inodes.soft == VCTX_MAX);
	assert_true(quota->inodes.hard == 100);
	assert_true(quota->inodes.expires == 0);
}

static void test_get(void **state)
{
	struct vctx_quota quota;

	(void)state;
	answer.quota = some;
	assert_int_equal(vctx_get_quota(5, VCTX_QUOTA_TAG, 100, &quota), 0);
	check_some(&quota, 100);
	assert_int_equal(asked.fd, 5);
	assert_int_equal(asked.cmd, Q_GETQUOTA);
	assert_int_equal(asked.type, 2);
	assert_int_equal(asked.id, 100);
	assert_int_equal(vctx_get_quota(5, VCTX_QUOTA_USER, 1000, &quota), 0);
	assert_int_equal(asked.type, 0);
	assert_int_equal(vctx_next_quota(5, VCTX_QUOTA_TAG, 100, &quota), 0);
	check_some(&quota, 105);
	assert_int_equal(asked.cmd, Q_GETNEXTQUOTA);
}

/* Who has nothing is no error, but at the end of a list. */
static void test_get_none(void **state)
{
	static const int errors[] = { EPERM, ESRCH, ENOSYS, EINVAL };
	struct vctx_quota quota;
	size_t i;

	(void)state;
	answer.err = ENOENT;
	memset(&quota, 0xff, sizeof(quota));
	assert_int_equal(vctx_get_quota(5, VCTX_QUOTA_TAG, 100, &quota), 0);
	assert_int_equal(quota.id, 100);
	assert_true(!quota.space.usage && !quota.inodes.usage);
	assert_true(!quota.space.expires && !quota.inodes.expires);
	assert_true(quota.space.soft == VCTX_MAX);
	assert_true(quota.inodes.hard == VCTX_MAX);
	assert_int_equal(vctx_next_quota(5, VCTX_QUOTA_TAG, 100, &quota),
			 -ENOENT);
	for (i = 0; i < NR(errors); i++) {
		answer.err = errors[i];
		assert_int_equal(vctx_get_quota(5, VCTX_QUOTA_TAG, 1, &quota),
				 -errors[i]);
	}
}

/* On a mount that is read-only, another call does. */
static void test_get_readonly(void **state)
{
	struct vctx_quota quota;

	(void)state;
	answer.err = EROFS;
	answer.xfs = (struct fs_disk_quota){
		.d_id = 105,
		.d_fieldmask = FS_DQ_BIGTIME,
		.d_blk_hardlimit = 4096,
		.d_blk_softlimit = 2048,
		.d_bcount = 2930,
		.d_ino_hardlimit = 100,
		.d_icount = 7,
		.d_btimer = (__s32)5000000000ULL,
		.d_btimer_hi = 1,
	};
	assert_int_equal(vctx_get_quota(5, VCTX_QUOTA_TAG, 105, &quota), 0);
	assert_int_equal(asked.cmd, Q_XGETQUOTA);
	assert_true(quota.space.usage == 2930 * 512);
	quota.space.usage = 1500000;
	check_some(&quota, 105);
	assert_int_equal(vctx_next_quota(5, VCTX_QUOTA_TAG, 2, &quota), 0);
	assert_int_equal(asked.cmd, Q_XGETNEXTQUOTA);
	assert_int_equal(quota.id, 105);
	answer.xfs.d_fieldmask = 0;
	answer.xfs.d_btimer = -1;
	assert_int_equal(vctx_get_quota(5, VCTX_QUOTA_TAG, 105, &quota), 0);
	assert_true(quota.space.expires == 0);
	answer.xfs_err = ENOENT;
	assert_int_equal(vctx_get_quota(5, VCTX_QUOTA_TAG, 105, &quota), 0);
	assert_true(quota.space.usage == 0);
	assert_int_equal(vctx_next_quota(5, VCTX_QUOTA_TAG, 2, &quota), -ENOENT);
	answer.xfs_err = EPERM;
	assert_int_equal(vctx_get_quota(5, VCTX_QUOTA_TAG, 105, &quota), -EPERM);
}

static void test_set(void **state)
{
	struct vctx_quota quota = {
		.id = 100,
		.space = { .usage = 9, .soft = 1025, .hard = VCTX_MAX,
			   .expires = 77 },
		.inodes = { .soft = 3, .hard = 4, .expires = 78 },
	};

	(void)state;
	assert_int_equal(vctx_set_quota(5, VCTX_QUOTA_TAG, &quota,
					VCTX_QUOTA_LIMITS), 0);
	assert_int_equal(asked.cmd, Q_SETQUOTA);
	assert_int_equal(asked.type, 2);
	assert_int_equal(asked.id, 100);
	assert_int_equal(asked.set.dqb_valid, QIF_LIMITS);
	assert_true(asked.set.dqb_bsoftlimit == 2);
	assert_true(asked.set.dqb_bhardlimit == 0);
	assert_true(asked.set.dqb_isoftlimit == 3);
	assert_true(asked.set.dqb_ihardlimit == 4);
	assert_int_equal(vctx_set_quota(5, VCTX_QUOTA_USER, &quota,
					VCTX_QUOTA_EXPIRES), 0);
	assert_int_equal(asked.type, 0);
	assert_int_equal(asked.set.dqb_valid, QIF_TIMES);
	assert_true(asked.set.dqb_btime == 77 && asked.set.dqb_itime == 78);
	answer.err = ERANGE;
	assert_int_equal(vctx_set_quota(5, VCTX_QUOTA_TAG, &quota,
					VCTX_QUOTA_LIMITS), -ERANGE);
}

static void test_grace(void **state)
{
	struct vctx_grace grace = { .space = 5, .inodes = 6 };

	(void)state;
	assert_int_equal(vctx_set_grace(5, VCTX_QUOTA_TAG, &grace), 0);
	assert_int_equal(asked.cmd, Q_SETINFO);
	assert_int_equal(asked.info.dqi_valid, IIF_BGRACE | IIF_IGRACE);
	assert_true(asked.info.dqi_bgrace == 5 && asked.info.dqi_igrace == 6);
	answer.info.dqi_bgrace = 7;
	answer.info.dqi_igrace = 8;
	assert_int_equal(vctx_get_grace(5, VCTX_QUOTA_TAG, &grace), 0);
	assert_true(grace.space == 7 && grace.inodes == 8);
	answer.err = ESRCH;
	assert_int_equal(vctx_get_grace(5, VCTX_QUOTA_TAG, &grace), -ESRCH);
}

static void test_state(void **state)
{
	static const int none[] = { ENOSYS, EINVAL, ESRCH };
	unsigned int is;
	size_t i;

	(void)state;
	answer.state = FS_QUOTA_PDQ_ACCT | FS_QUOTA_UDQ_ACCT | FS_QUOTA_UDQ_ENFD;
	assert_int_equal(vctx_quota_state(5, VCTX_QUOTA_TAG, &is), 0);
	assert_int_equal(is, VCTX_QUOTA_COUNTED);
	assert_int_equal(vctx_quota_state(5, VCTX_QUOTA_USER, &is), 0);
	assert_int_equal(is, VCTX_QUOTA_COUNTED | VCTX_QUOTA_ENFORCED);
	for (i = 0; i < NR(none); i++) {
		answer.err = none[i];
		is = 77;
		assert_int_equal(vctx_quota_state(5, VCTX_QUOTA_TAG, &is), 0);
		assert_int_equal(is, 0);
	}
	answer.err = EPERM;
	assert_int_equal(vctx_quota_state(5, VCTX_QUOTA_TAG, &is), -EPERM);
	answer.err = 0;
	assert_int_equal(vctx_quota_enforce(5, VCTX_QUOTA_TAG), 0);
	assert_int_equal(asked.flag, FS_QUOTA_PDQ_ENFD);
	answer.err = EEXIST;
	assert_int_equal(vctx_quota_enforce(5, VCTX_QUOTA_TAG), 0);
	answer.err = EBUSY;
	assert_int_equal(vctx_quota_enforce(5, VCTX_QUOTA_USER), 0);
	answer.err = EINVAL;
	assert_int_equal(vctx_quota_enforce(5, VCTX_QUOTA_TAG), -EINVAL);
}

/* --- tags ------------------------------------------------------------------ */

static void test_tag(void **state)
{
	unsigned int tag;
	int inherit;

	(void)state;
	answer.attr.fsx_xflags = FS_XFLAG_NOATIME;
	answer.attr.fsx_extsize = 5;
	assert_int_equal(vctx_set_tag(5, 100, 1), 0);
	assert_int_equal(answer.attr_set, 1);
	assert_int_equal(answer.attr.fsx_projid, 100);
	assert_int_equal(answer.attr.fsx_xflags,
			 FS_XFLAG_NOATIME | FS_XFLAG_PROJINHERIT);
	assert_int_equal(answer.attr.fsx_extsize, 5);
	/* what is so already is not written */
	assert_int_equal(vctx_set_tag(5, 100, 7), 0);
	assert_int_equal(answer.attr_set, 1);
	assert_int_equal(vctx_get_tag(5, &tag, &inherit), 0);
	assert_int_equal(tag, 100);
	assert_int_equal(inherit, 1);
	assert_int_equal(vctx_set_tag(5, 0, 0), 0);
	assert_int_equal(answer.attr_set, 2);
	assert_int_equal(answer.attr.fsx_xflags, FS_XFLAG_NOATIME);
	answer.attr_err = EOPNOTSUPP;
	assert_int_equal(vctx_get_tag(5, &tag, &inherit), -EOPNOTSUPP);
	assert_int_equal(vctx_set_tag(5, 1, 0), -EOPNOTSUPP);
}

static void put_context(const char *id, const char *parent)
{
	char path[80], text[128];

	put_dir(id);
	snprintf(path, sizeof(path), "%s/status", id);
	snprintf(text, sizeof(text), "id %s\nparent %s\ndepth 1\nname -\nflags -\nceiling 0\nmembers 1\nage_usec 1\ncpu_usec 1\n",
		 id, parent);
	put(path, text);
	snprintf(path, sizeof(path), "%s/limits", id);
	put(path, "");
}

static int setup_tree(void **state)
{
	setup(state);
	return make_root(state);
}

static void test_context_tag(void **state)
{
	static const struct {
		unsigned int id, tag;
	} static_ids[] = {
		{ 0, 0 }, { 1, 0 }, { 2, 2 }, { 100, 100 }, { 65534, 65534 },
	};
	unsigned int tag;
	size_t i;

	(void)state;
	for (i = 0; i < NR(static_ids); i++) {
		assert_int_equal(vctx_tag(static_ids[i].id, &tag), 0);
		assert_int_equal(tag, static_ids[i].tag);
	}
	put_context("65536", "0");
	put_context("65537", "100");
	put_context("65538", "65537");
	assert_int_equal(vctx_tag(65536, &tag), 0);
	assert_int_equal(tag, 0);
	assert_int_equal(vctx_tag(65538, &tag), 0);
	assert_int_equal(tag, 100);
	assert_int_equal(vctx_tag(65539, &tag), -ENOENT);
}

/* --- mounts ---------------------------------------------------------------- */

static void test_mounts(void **state)
{
	struct vctx_mounts mounts;
	const struct vctx_mount *m;

	(void)state;
	assert_int_equal(vctx_read_mounts(&mounts), -ENOENT);
	put_dir("self");
	put("self/mountinfo",
	    "21 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro\n"
	    "22 21 0:20 / /proc rw - proc proc rw\n"
	    "900 21 7:0 /a\\040b /srv/x\\134y rw,idmapped shared:2 master:3 - xfs /dev/loop0 rw,prjquota\n"
	    "901 21 0:33 / /empty rw - tmpfs  rw\n"
	    "902 21 0:33 / /cut");
	assert_int_equal(vctx_read_mounts(&mounts), 0);
	assert_int_equal(mounts.nr, 4);
	m = &mounts.mount[2];
	assert_true(m->id == 900);
	assert_int_equal(m->dev_major, 7);
	assert_int_equal(m->dev_minor, 0);
	assert_string_equal(m->root, "/a b");
	assert_string_equal(m->point, "/srv/x\\y");
	assert_string_equal(m->options, "rw,idmapped");
	assert_string_equal(m->type, "xfs");
	assert_string_equal(m->source, "/dev/loop0");
	assert_string_equal(m->super, "rw,prjquota");
	assert_string_equal(mounts.mount[3].type, "tmpfs");
	vctx_mounts_free(&mounts);
	assert_int_equal(mounts.nr, 0);
	put("self/mountinfo", "21 1 254 / / rw - ext4 /dev/vda1 rw\n");
	assert_int_equal(vctx_read_mounts(&mounts), -EPROTO);
	put("self/mountinfo", "21 1 254:1 / / rw ext4 /dev/vda1 rw\n");
	assert_int_equal(vctx_read_mounts(&mounts), -EPROTO);
}

/* One mount of each filesystem that has quota, and the best one. */
static void test_keep_quota(void **state)
{
	struct vctx_mounts mounts;
	char text[1024];

	(void)state;
	put_dir("self");
	put_dir("a");
	put_dir("b");
	put_dir("c");
	snprintf(text, sizeof(text),
		 "991 1 7:0 /part %s/b rw - ext4 /dev/loop0 rw\n"
		 "992 1 7:0 / %s/a rw - ext4 /dev/loop0 rw\n"
		 "993 1 7:0 / %s/c rw - ext4 /dev/loop0 rw\n"
		 "994 1 7:1 /only %s/c rw - xfs /dev/loop1 rw\n"
		 "995 1 0:9 / %s/c rw - btrfs /dev/loop2 rw\n"
		 "996 1 7:3 / %s/nowhere rw - ext4 /dev/loop3 rw\n",
		 root, root, root, root, root, root);
	put("self/mountinfo", text);
	answer.state = FS_QUOTA_PDQ_ACCT;
	assert_int_equal(vctx_read_mounts(&mounts), 0);
	assert_int_equal(vctx_keep_quota(&mounts, VCTX_QUOTA_TAG), 0);
	assert_int_equal(mounts.nr, 2);
	assert_true(mounts.mount[0].id == 992);
	assert_true(mounts.mount[1].id == 994);
	/* none of these has quota of users */
	assert_int_equal(vctx_keep_quota(&mounts, VCTX_QUOTA_USER), 0);
	assert_int_equal(mounts.nr, 0);
	vctx_mounts_free(&mounts);
	assert_int_equal(vctx_read_mounts(&mounts), 0);
	/* Those that cannot say are for the caller to ask. */
	answer.err = EIO;
	assert_int_equal(vctx_keep_quota(&mounts, VCTX_QUOTA_TAG), 0);
	assert_int_equal(mounts.nr, 2);
	assert_true(mounts.mount[0].id == 992);
	vctx_mounts_free(&mounts);
}

static void test_mount_of(void **state)
{
	struct vctx_mounts mounts;
	const struct vctx_mount *m;
	int fd = open("/proc/self", O_PATH);

	(void)state;
	unsetenv("VCTXPROC");
	assert_true(fd >= 0);
	assert_int_equal(vctx_read_mounts(&mounts), 0);
	m = vctx_mount_of(&mounts, fd);
	assert_non_null(m);
	assert_string_equal(m->type, "proc");
	assert_null(vctx_mount_of(&mounts, -1));
	vctx_mounts_free(&mounts);
	close(fd);
}

/* --- texts ----------------------------------------------------------------- */

static void test_texts(void **state)
{
	/* What is read, over blocks=1M:2M inodes=10:20, and what is written */
	static const struct {
		const char *words[3];
		const char *text;
	} good[] = {
		{ { "blocks=1G:2G" }, "blocks=1G:2G inodes=10:20" },
		{ { "blocks=5M" }, "blocks=1M:5M inodes=10:20" },
		{ { "blocks=:5M" }, "blocks=1M:5M inodes=10:20" },
		{ { "blocks=max:max" }, "inodes=10:20" },
		{ { "blocks=max" }, "blocks=1M: inodes=10:20" },
		{ { "blocks=max:" }, "blocks=2M inodes=10:20" },
		{ { "blocks=1:1025" }, "blocks=1K:2K inodes=10:20" },
		{ { "inodes=90K:100K" }, "blocks=1M:2M inodes=92160:102400" },
		{ { "inodes=5", "blocks=max:max" }, "inodes=10:5" },
		{ { "inodes=max:max", "blocks=max:max" }, "" },
		{ { "inodes=max:max", "blocks=max:9223372036854775806" },
		  "blocks=8388608T" },
	};
	char text[VCTX_QUOTA_LEN];
	size_t i, j;

	(void)state;
	for (i = 0; i < NR(good); i++) {
		struct vctx_quota quota = {
			.space = { .soft = 1 << 20, .hard = 2 << 20 },
			.inodes = { .soft = 10, .hard = 20 },
		};
		struct vctx_quota_limits limits;

		memset(&limits, 0, sizeof(limits));
		for (j = 0; j < 3 && good[i].words[j]; j++)
			assert_int_equal(vctx_parse_quota(good[i].words[j],
							  &limits), 0);
		vctx_merge_quota(&quota, &limits);
		vctx_format_quota(&quota, text, sizeof(text));
		assert_string_equal(text, good[i].text);
	}
}

static void test_bad_texts(void **state)
{
	static const struct {
		const char *word;
		int err;
	} bad[] = {
		{ "blocks", -ENOENT }, { "", -ENOENT }, { "=5", -ENOENT },
		{ "block=5", -ENOENT }, { "Blocks=5", -ENOENT },
		{ "bytes=5", -ENOENT }, { "blocks=", -EINVAL },
		{ "blocks=:", -EINVAL }, { "blocks=5x", -EINVAL },
		{ "blocks=1:2:3", -EINVAL }, { "inodes=-1", -EINVAL },
		{ "inodes=99999999999999999999", -ERANGE },
	};
	struct vctx_quota_limits limits;
	size_t i;

	(void)state;
	memset(&limits, 0, sizeof(limits));
	for (i = 0; i < NR(bad); i++) {
		assert_int_equal(vctx_parse_quota(bad[i].word, &limits),
				 bad[i].err);
		assert_int_equal(limits.space.set | limits.inodes.set, 0);
	}
	assert_int_equal(vctx_parse_quota("blocks=5", &limits), 0);
	assert_int_equal(vctx_parse_quota("blocks=:5", &limits), -EEXIST);
	assert_int_equal(vctx_parse_quota("inodes=5", &limits), 0);
}

static void check_limits(unsigned long long soft, unsigned long long hard,
			 int good)
{
	struct vctx_quota quota = {
		.space = { .soft = soft, .hard = hard },
		.inodes = { .soft = VCTX_MAX, .hard = VCTX_MAX },
	};
	struct vctx_quota other = {
		.space = quota.inodes,
		.inodes = quota.space,
	};

	assert_int_equal(!vctx_check_quota(&quota), good);
	assert_int_equal(!vctx_check_quota(&other), good);
}

static void test_check(void **state)
{
	(void)state;
	check_limits(1, 1, 1);
	check_limits(VCTX_MAX, 1, 1);
	check_limits(1, VCTX_MAX, 1);
	check_limits(VCTX_MAX, VCTX_MAX, 1);
	check_limits(2, 1, 0);
	check_limits(0, 1, 0);
	check_limits(VCTX_MAX, 0, 0);
	check_limits(0, VCTX_MAX, 0);
}

/* Whatever fits is whole. */
static void test_short(void **state)
{
	struct vctx_quota quota = {
		.space = { .soft = 1 << 20, .hard = 2 << 20 },
		.inodes = { .soft = 10, .hard = 20 },
	};
	char text[VCTX_QUOTA_LEN];
	size_t size;

	(void)state;
	for (size = 1; size < sizeof(text); size++) {
		vctx_format_quota(&quota, text, size);
		assert_true(strlen(text) < size);
		assert_true(!*text || !strncmp(text, "blocks=1M:2M", 12) ||
			    !strncmp(text, "inodes=10:20", 12));
	}
	assert_string_equal(text, "blocks=1M:2M inodes=10:20");
	memset(&quota, 0xfe, sizeof(quota));
	assert_true(strlen(vctx_format_quota(&quota, text, sizeof(text))) > 90);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_get, setup),
		cmocka_unit_test_setup(test_get_none, setup),
		cmocka_unit_test_setup(test_get_readonly, setup),
		cmocka_unit_test_setup(test_set, setup),
		cmocka_unit_test_setup(test_grace, setup),
		cmocka_unit_test_setup(test_state, setup),
		cmocka_unit_test_setup(test_tag, setup),
		cmocka_unit_test_setup_teardown(test_context_tag, setup_tree,
						remove_root),
		cmocka_unit_test_setup_teardown(test_mounts, setup_tree,
						remove_root),
		cmocka_unit_test_setup_teardown(test_keep_quota, setup_tree,
						remove_root),
		cmocka_unit_test_setup_teardown(test_mount_of, setup_tree,
						remove_root),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_bad_texts),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_short),
	};

	return cmocka_run_group_tests_name("lib-quota", tests, NULL, NULL);
}
