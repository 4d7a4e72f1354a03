// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - the files in which contexts are managed
 *
 * Each errno of the table in Documentation/userspace-api/vctx.rst, that
 * nothing has changed after it, and who may see and do what.
 */

#define _GNU_SOURCE
#include <pthread.h>
#include <sys/inotify.h>
#include <sys/xattr.h>

#include "common.h"

#define ID		60031
#define OTHER_ID	60032

#define LAST_ERROR	VCTXFS "/last_error"

FIXTURE(fs) {
	int contexts;
};

FIXTURE_SETUP(fs)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	ASSERT_EQ(0, ctx_end(OTHER_ID));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
}

FIXTURE_TEARDOWN_PARENT(fs)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_EQ(0, ctx_end(OTHER_ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

/* Words, that is: not "ok" */
static bool is_reason(const char *text)
{
	return strcmp(text, "ok\n") && strchr(text, ' ') &&
	       strchr(text, '\n') == text + strlen(text) - 1;
}

/* Bad input, by file */

struct bad_line {
	const char *line;
	int err;
};

/* All that a write could change */
struct content {
	long soft[NR_RESOURCES], hard[NR_RESOURCES];
	char name[64], flags[64], ceiling[64];
	long members;
};

static struct content get_content(__u32 id)
{
	struct content content;
	struct limit limit;
	int res;

	memset(&content, 0, sizeof(content));
	for (res = 0; res < NR_RESOURCES; res++) {
		ctx_limit(id, res, &limit);
		content.soft[res] = limit.soft;
		content.hard[res] = limit.hard;
	}
	ctx_key(id, "status", "name", content.name, sizeof(content.name));
	ctx_key(id, "status", "flags", content.flags, sizeof(content.flags));
	ctx_key(id, "status", "ceiling", content.ceiling, sizeof(content.ceiling));
	content.members = ctx_number(id, "status", "members");
	return content;
}

#define EXPECT_BAD(_file, _buf, _len, _err)				\
	do {								\
		const char *_name = (_file), *_text = (_buf);		\
		struct content _before, _after;				\
		char _why[256];						\
		int _ret;						\
									\
		EXPECT_EQ(0, ctx_write(ID, "limits", "nproc soft 50\n"));\
		_before = get_content(ID);				\
		_ret = ctx_write_len(ID, _name, _text, _len);		\
		_after = get_content(ID);				\
		EXPECT_EQ(-(_err), _ret) {				\
			TH_LOG("%s: %.60s", _name, _text);		\
		}							\
		EXPECT_EQ(0, memcmp(&_before, &_after, sizeof(_after)));\
		EXPECT_LT(0, ctx_read(ID, "last_error", _why,		\
				      sizeof(_why)));			\
		EXPECT_TRUE(is_reason(_why)) {				\
			TH_LOG("%s: %.60s: %s", _name, _text, _why);	\
		}							\
	} while (0)

FIXTURE(bad) {
	struct agent member;
	int contexts;
};

FIXTURE_VARIANT(bad) {
	const char *file;
	/* What would be accepted, without its newline */
	const char *good;
	const struct bad_line *lines;
};

static const struct bad_line bad_limits[] = {
	{ "\n", EINVAL },
	{ "\x20\n", EINVAL },
	{ "nproc\n", EINVAL },
	{ "nproc\x20\n", EINVAL },
	{ "nproc hard\n", EINVAL },
	{ "nproc hard\x20\n", EINVAL },
	{ "nproc 5\n", EINVAL },
	{ "hard 5\n", EINVAL },
	{ "nproc firm 5\n", EINVAL },
	{ "nproc Hard 5\n", EINVAL },
	{ "NPROC hard 5\n", EINVAL },
	{ "nproc=5\n", EINVAL },
	{ "nproc usage 5\n", EINVAL },
	{ "nproc peak 5\n", EINVAL },
	{ "nproc fail 5\n", EINVAL },
	{ "nosuch hard 5\n", EINVAL },
	{ "nproc hard 5 nosuch hard 5\n", EINVAL },
	{ "nproc ntask hard 5\n", EINVAL },
	{ "nproc hard 5 ntask\n", EINVAL },
	{ "nproc hard 5 soft\n", EINVAL },
	{ " nproc hard 5\n", EINVAL },
	{ "nproc  hard 5\n", EINVAL },
	{ "nproc hard  5\n", EINVAL },
	{ "nproc hard 5\x20\n", EINVAL },
	{ "nproc\thard\t5\n", EINVAL },
	{ "nproc hard 5\r\n", EINVAL },
	{ "nproc hard -1\n", EINVAL },
	{ "nproc hard -0\n", EINVAL },
	{ "nproc hard +5\n", EINVAL },
	{ "nproc hard 0x10\n", EINVAL },
	{ "nproc hard 5K\n", EINVAL },
	{ "nproc hard 5.0\n", EINVAL },
	{ "nproc hard 1e3\n", EINVAL },
	{ "nproc hard abc\n", EINVAL },
	{ "nproc hard 5a\n", EINVAL },
	{ "nproc hard Max\n", EINVAL },
	{ "nproc hard maximum\n", EINVAL },
	{ "nproc hard infinity\n", EINVAL },
	{ "nproc hard 9223372036854775807\n", ERANGE },
	{ "nproc hard 9223372036854775808\n", ERANGE },
	{ "nproc hard 18446744073709551615\n", ERANGE },
	{ "nproc hard 18446744073709551616\n", ERANGE },
	{ "nproc hard 99999999999999999999\n", ERANGE },
	{ "nproc hard 340282366920938463463374607431768211456\n", ERANGE },
	{ "nproc soft 9223372036854775807\n", ERANGE },
	{ "nproc soft 99999999999999999999\n", ERANGE },
	{ "nproc soft 6 hard 5\n", EINVAL },
	{ "nproc hard 5 soft 6\n", EINVAL },
	{ "nproc hard 49\n", EINVAL },	/* soft is 50 */
	/* The first ones are good, and must not be taken. */
	{ "nproc hard 100 ntask hard x\n", EINVAL },
	{ "nproc hard 100 ntask soft 6 hard 5\n", EINVAL },
	{ "nproc hard 100 ntask hard 99999999999999999999\n", ERANGE },
	{ "nproc soft 1 hard 2 ntask soft 1 hard 2 nofile soft 2 hard 1\n", EINVAL },
	{}
};

static const struct bad_line bad_status[] = {
	{ "\n", EINVAL },
	{ "\x20\n", EINVAL },
	{ "name\n", EINVAL },
	{ "name\x20\n", EINVAL },
	{ "name a b\n", EINVAL },
	{ "name  a\n", EINVAL },
	{ "name a\x20\n", EINVAL },
	{ " name a\n", EINVAL },
	{ "Name a\n", EINVAL },
	{ "name 100\n", EINVAL },
	{ "name 1a\n", EINVAL },
	{ "name -\n", EINVAL },
	{ "name -a\n", EINVAL },
	{ "name .a\n", EINVAL },
	{ "name a/b\n", EINVAL },
	{ "name a=b\n", EINVAL },
	{ "name a,b\n", EINVAL },
	{ "name a\tb\n", EINVAL },
	{ "name a\x01\n", EINVAL },
	{ "name \xc3\xa4\n", EINVAL },
	{ "name a\xff\n", EINVAL },
	{ "name abcdefghijklmnopqrstuvwxyz012345\n", EINVAL },	/* 32 */
	{ "name abcdefghijklmnopqrstuvwxyz0123456789\n", EINVAL },
	{ "flags\n", EINVAL },
	{ "flags\x20\n", EINVAL },
	{ "flags -\n", EINVAL },
	{ "flags none\n", EINVAL },
	{ "flags 1\n", EINVAL },
	{ "flags lock private\n", EINVAL },
	{ "flags lock,\n", EINVAL },
	{ "flags ,lock\n", EINVAL },
	{ "flags lock,,private\n", EINVAL },
	{ "flags lock,nosuch\n", EINVAL },
	{ "flags -lock\n", EINVAL },
	{ "flags Lock\n", EINVAL },
	{ "id 5\n", EINVAL },
	{ "parent 0\n", EINVAL },
	{ "depth 0\n", EINVAL },
	{ "ceiling ffffffffffffffff\n", EINVAL },
	{ "members 0\n", EINVAL },
	{ "nosuch a\n", EINVAL },
	{}
};

static const struct bad_line bad_kill[] = {
	{ "\n", EINVAL },
	{ "0\n", EINVAL },
	{ "2\n", EINVAL },
	{ "9\n", EINVAL },
	{ "-1\n", EINVAL },
	{ "+1\n", EINVAL },
	{ "01\n", EINVAL },
	{ "11\n", EINVAL },
	{ " 1\n", EINVAL },
	{ "1\x20\n", EINVAL },
	{ "1 1\n", EINVAL },
	{ "0x1\n", EINVAL },
	{ "yes\n", EINVAL },
	{}
};

FIXTURE_VARIANT_ADD(bad, limits) {
	.file = "limits",
	.good = "nproc hard 100",
	.lines = bad_limits,
};

FIXTURE_VARIANT_ADD(bad, status) {
	.file = "status",
	.good = "name bad_test",
	.lines = bad_status,
};

FIXTURE_VARIANT_ADD(bad, kill) {
	.file = "kill",
	.good = "1",
	.lines = bad_kill,
};

FIXTURE_SETUP(bad)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
}

FIXTURE_TEARDOWN_PARENT(bad)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

TEST_F(bad, lines)
{
	const struct bad_line *bad;

	for (bad = variant->lines; bad->line; bad++)
		EXPECT_BAD(variant->file, bad->line, strlen(bad->line), bad->err);
	EXPECT_EQ(ID, agent_call(&self->member, do_self_id, 0, 0, 0));
}

/* What is wrong with a line whatever the file. */
TEST_F(bad, form)
{
	size_t len = strlen(variant->good);
	char buf[512];

	/* no newline */
	EXPECT_BAD(variant->file, variant->good, len, EINVAL);
	/* nothing at all */
	EXPECT_BAD(variant->file, "", 0, EINVAL);
	/* more than one line */
	snprintf(buf, sizeof(buf), "%s\n%s\n", variant->good, variant->good);
	EXPECT_BAD(variant->file, buf, strlen(buf), EINVAL);
	snprintf(buf, sizeof(buf), "%s\n\n", variant->good);
	EXPECT_BAD(variant->file, buf, strlen(buf), EINVAL);
	snprintf(buf, sizeof(buf), "\n%s\n", variant->good);
	EXPECT_BAD(variant->file, buf, strlen(buf), EINVAL);
	snprintf(buf, sizeof(buf), "%s\n%s", variant->good, variant->good);
	EXPECT_BAD(variant->file, buf, strlen(buf), EINVAL);
	/* a NUL byte after it, before its end, and in it */
	snprintf(buf, sizeof(buf), "%s\n", variant->good);
	EXPECT_BAD(variant->file, buf, len + 2, EINVAL);
	snprintf(buf, sizeof(buf), "%s%c\n", variant->good, 0);
	EXPECT_BAD(variant->file, buf, len + 2, EINVAL);
	snprintf(buf, sizeof(buf), "%s\n", variant->good);
	buf[len / 2] = '\0';
	EXPECT_BAD(variant->file, buf, len + 1, EINVAL);
	EXPECT_BAD(variant->file, "\0\n", 2, EINVAL);
	EXPECT_BAD(variant->file, "\0", 1, EINVAL);
	EXPECT_EQ(ID, agent_call(&self->member, do_self_id, 0, 0, 0));
}

TEST_F(bad, too_long)
{
	const size_t most = 4095, huge = 65536;
	char *buf = malloc(huge);

	ASSERT_NE(NULL, buf);
	memset(buf, 'x', huge);
	buf[most - 1] = '\n';
	EXPECT_BAD(variant->file, buf, most, EINVAL);
	buf[most - 1] = 'x';
	buf[most] = '\n';
	EXPECT_BAD(variant->file, buf, most + 1, E2BIG);
	buf[most] = 'x';
	EXPECT_BAD(variant->file, buf, huge, E2BIG);
	buf[huge - 1] = '\n';
	EXPECT_BAD(variant->file, buf, huge, E2BIG);
	/* A good line that goes on with blanks */
	memset(buf, ' ', huge);
	memcpy(buf, variant->good, strlen(variant->good));
	buf[huge - 1] = '\n';
	EXPECT_BAD(variant->file, buf, huge, E2BIG);
	memset(buf, '\n', huge);
	EXPECT_BAD(variant->file, buf, huge, E2BIG);
	memset(buf, 0, huge);
	EXPECT_BAD(variant->file, buf, huge, E2BIG);
	free(buf);
}

/* Longer still, kernfs refuses it before anybody can say why. */
TEST_F(bad, far_too_long)
{
	struct content before = get_content(ID), after;
	const size_t huge = 4 << 20;
	char *buf = malloc(huge);

	ASSERT_NE(NULL, buf);
	memset(buf, '\n', huge);
	memcpy(buf, variant->good, strlen(variant->good));
	EXPECT_EQ(-E2BIG, ctx_write_len(ID, variant->file, buf, huge));
	after = get_content(ID);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
	free(buf);
}

TEST_F(bad, noise)
{
	struct content before = get_content(ID), after;
	char buf[256];
	int i;

	srandom(1);
	for (i = 0; i < 500; i++) {
		size_t j, len = 1 + random() % sizeof(buf);
		int err;

		for (j = 0; j < len; j++)
			buf[j] = random();
		if (i & 1)
			buf[len - 1] = '\n';
		/* Half of them begin well. */
		if ((i & 2) && len > strlen(variant->good) + 2)
			memcpy(buf, variant->good, strlen(variant->good));
		err = ctx_write_len(ID, variant->file, buf, len);
		EXPECT_TRUE(err == -EINVAL || err == -ERANGE) {
			TH_LOG("%d, seed 1, round %d", err, i);
		}
	}
	after = get_content(ID);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

TEST_F(bad, address)
{
	char path[64];
	int fd = open(ctx_path(path, ID, variant->file), O_WRONLY | O_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, syscall(__NR_write, fd, 8UL, 10UL));
	EXPECT_EQ(EFAULT, errno);
	close(fd);
}

/* Nor is there any harm in doing it right. */
TEST_F(bad, good)
{
	char buf[64], why[256];

	snprintf(buf, sizeof(buf), "%s\n", variant->good);
	EXPECT_EQ(-EINVAL, ctx_write(ID, variant->file, "nonsense\n"));
	ASSERT_LT(0, ctx_read(ID, "last_error", why, sizeof(why)));
	EXPECT_TRUE(is_reason(why));
	EXPECT_EQ(0, ctx_write(ID, variant->file, buf));
	ASSERT_LT(0, ctx_read(ID, "last_error", why, sizeof(why)));
	EXPECT_STREQ("ok\n", why);
}

/* Modes hold for root, too: what cannot be read or written does not open. */
TEST_F(fs, modes)
{
	static const char *const read_only[] = { "events", "procs", "last_error" };
	char path[64], buf[64];
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(read_only); i++) {
		err = ctx_write(ID, read_only[i], "1\n");
		EXPECT_TRUE(err == -EACCES || err == -EINVAL || err == -EPERM) {
			TH_LOG("%s: %d", read_only[i], err);
		}
	}
	err = write_file(VCTXFS "/summary", "1\n", 2);
	EXPECT_TRUE(err == -EACCES || err == -EINVAL || err == -EPERM);
	err = write_file(LAST_ERROR, "1\n", 2);
	EXPECT_TRUE(err == -EACCES || err == -EINVAL || err == -EPERM);
	err = ctx_read(ID, "kill", buf, sizeof(buf));
	EXPECT_TRUE(err == -EACCES || err == -EINVAL || err == -EPERM) {
		TH_LOG("kill: %d", err);
	}
	err = open(ctx_path(path, ID, "kill"), O_RDWR | O_CLOEXEC);
	if (err >= 0)
		EXPECT_GT(0, read(err, buf, sizeof(buf)));
}

/* Directories */

static int make(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), VCTXFS "/%s", name);
	return mkdir(path, 0755) ? -errno : 0;
}

static int unmake(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), VCTXFS "/%s", name);
	return rmdir(path) ? -errno : 0;
}

TEST_F(fs, mkdir_names)
{
	static const char *const bad[] = {
		"0", "65535", "65536", "100000", "2147483646", "4294967295",
		"4294967296", "4294967298", "18446744073709551618",
		"99999999999999999999999", "007", "060032", "+60032", "-60032",
		"60032 ", " 60032", "60032\n", "60032a", "60032.", "6e4",
		"0xea80", "abc", "summary2", "new", "-", "_", "\xff", "\t",
	};
	char name[300], why[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(0, ctx_mkdir(OTHER_ID));
		EXPECT_EQ(0, ctx_rmdir(OTHER_ID));
		ASSERT_LT(0, read_file(LAST_ERROR, why, sizeof(why)));
		EXPECT_STREQ("ok\n", why);
		EXPECT_EQ(-EINVAL, make(bad[i])) {
			TH_LOG("mkdir '%s'", bad[i]);
			unmake(bad[i]);
		}
		ASSERT_LT(0, read_file(LAST_ERROR, why, sizeof(why)));
		EXPECT_TRUE(is_reason(why));
	}
	memset(name, '6', sizeof(name));
	name[255] = '\0';
	EXPECT_EQ(-EINVAL, make(name));
	name[255] = '6';
	name[299] = '\0';
	EXPECT_EQ(-EINVAL, make(name));

	EXPECT_EQ(-EEXIST, make("1"));
	EXPECT_EQ(-EEXIST, make("summary"));
	EXPECT_EQ(-EEXIST, ctx_mkdir(ID));
	EXPECT_EQ(self->contexts + 1, ctx_count());
}

TEST_F(fs, mkdir_edges)
{
	/* Both may be in use where this is not run alone. */
	if (!ctx_exists(VCTX_ID_STATIC_MIN)) {
		EXPECT_EQ(0, ctx_mkdir(VCTX_ID_STATIC_MIN));
		EXPECT_EQ(0, ctx_rmdir(VCTX_ID_STATIC_MIN));
	}
	if (!ctx_exists(VCTX_ID_STATIC_MAX)) {
		EXPECT_EQ(0, ctx_mkdir(VCTX_ID_STATIC_MAX));
		EXPECT_EQ(0, ctx_rmdir(VCTX_ID_STATIC_MAX));
	}
}

TEST_F(fs, other_calls)
{
	char path[64], name[96];
	int err;

	ctx_path(path, ID, NULL);
	snprintf(name, sizeof(name), "%s/%d", path, OTHER_ID);
	EXPECT_EQ(-1, mkdir(name, 0755));
	EXPECT_EQ(EPERM, errno);

	snprintf(name, sizeof(name), VCTXFS "/%d", OTHER_ID);
	EXPECT_EQ(-1, rename(path, name));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, symlink("x", name));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, mknod(name, S_IFIFO | 0644, 0));
	EXPECT_EQ(EPERM, errno);
	err = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	EXPECT_EQ(-1, err);
	EXPECT_EQ(EACCES, errno);

	snprintf(name, sizeof(name), "%s/limits", path);
	EXPECT_EQ(-1, unlink(name));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, rmdir(name));
	EXPECT_EQ(ENOTDIR, errno);
	EXPECT_TRUE(ctx_exists(ID));
}

TEST_F(fs, rmdir_members)
{
	struct agent agent;
	char why[256];

	ASSERT_EQ(0, agent_start_in(&agent, ID));
	EXPECT_EQ(-EBUSY, ctx_rmdir(ID));
	ASSERT_LT(0, read_file(LAST_ERROR, why, sizeof(why)));
	EXPECT_TRUE(is_reason(why));
	EXPECT_EQ(1, ctx_usage(ID, NPROC));
	agent_stop(&agent);
	EXPECT_EQ(0, ctx_wait_usage(ID, NPROC, 0));
	EXPECT_EQ(0, ctx_rmdir(ID));
	ASSERT_LT(0, read_file(LAST_ERROR, why, sizeof(why)));
	EXPECT_STREQ("ok\n", why);
	EXPECT_EQ(-ENOENT, ctx_rmdir(ID));
	EXPECT_FALSE(ctx_exists(ID));
}

TEST_F(fs, rmdir_children)
{
	struct agent agent;

	ASSERT_EQ(0, agent_start_in(&agent, ID));
	ASSERT_EQ(0, agent_call(&agent, do_enter, VCTX_ID_NEW, 0, 0));
	EXPECT_EQ(0, ctx_number(ID, "status", "members"));
	EXPECT_EQ(-EBUSY, ctx_rmdir(ID));
	agent_stop(&agent);
	EXPECT_TRUE(WAIT_UNTIL(ctx_rmdir(ID) == 0));
}

TEST_F(fs, rmdir_not_made_by_mkdir)
{
	struct agent agent;
	long id;

	ASSERT_EQ(0, agent_start_in(&agent, VCTX_ID_NEW));
	id = agent_call(&agent, do_self_id, 0, 0, 0);
	EXPECT_EQ(-EBUSY, ctx_rmdir(id));
	EXPECT_TRUE(ctx_exists(id));
	agent_stop(&agent);
	EXPECT_EQ(0, ctx_end_dynamic(id));

	ASSERT_EQ(0, agent_start_in(&agent, OTHER_ID));
	EXPECT_EQ(-EBUSY, ctx_rmdir(OTHER_ID));
	EXPECT_EQ(-EEXIST, ctx_mkdir(OTHER_ID));
	agent_stop(&agent);
	EXPECT_TRUE(WAIT_UNTIL(!ctx_exists(OTHER_ID)));
}

TEST_F(fs, rmdir_watcher)
{
	struct agent agent;

	EXPECT_EQ(-EPERM, ctx_rmdir(VCTX_ID_WATCHER));
	ASSERT_EQ(0, agent_start_in(&agent, VCTX_ID_WATCHER));
	EXPECT_EQ(-EPERM, ctx_rmdir(VCTX_ID_WATCHER));
	agent_stop(&agent);
	EXPECT_TRUE(ctx_exists(VCTX_ID_WATCHER));
}

/* A zombie is a member; whoever holds a file of it does not keep it. */
TEST_F(fs, rmdir_with_open_files)
{
	char path[64], buf[256];
	int limits, procs, dir;

	limits = open(ctx_path(path, ID, "limits"), O_RDWR | O_CLOEXEC);
	procs = open(ctx_path(path, ID, "procs"), O_RDONLY | O_CLOEXEC);
	dir = open(ctx_path(path, ID, NULL), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, limits);
	ASSERT_LE(0, procs);
	ASSERT_LE(0, dir);
	ASSERT_LT(0, read_fd(limits, buf, sizeof(buf)));
	ASSERT_EQ(0, ctx_rmdir(ID));
	EXPECT_EQ(-ENODEV, read_fd(limits, buf, sizeof(buf)));
	EXPECT_EQ(-1, write(limits, "nproc hard 5\n", 13));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-ENODEV, read_fd(procs, buf, sizeof(buf)));
	EXPECT_EQ(-1, openat(dir, "limits", O_RDONLY | O_CLOEXEC));
	EXPECT_EQ(ENOENT, errno);
	/* Another one of that id is another one. */
	ASSERT_EQ(0, ctx_mkdir(ID));
	EXPECT_EQ(-1, write(limits, "nproc hard 5\n", 13));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-1, openat(dir, "limits", O_RDONLY | O_CLOEXEC));
	EXPECT_EQ(ENOENT, errno);
	close(limits);
	close(procs);
	close(dir);
}

/* status */

TEST_F(fs, status)
{
	static const char *const keys[] = {
		"id", "parent", "depth", "name", "flags", "ceiling", "members",
		"age_usec", "cpu_usec",
	};
	char value[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		EXPECT_EQ(0, ctx_key(ID, "status", keys[i], value, sizeof(value))) {
			TH_LOG("key %zu", i);
		}
	EXPECT_EQ(ID, ctx_number(ID, "status", "id"));
	EXPECT_EQ(0, ctx_number(ID, "status", "parent"));
	EXPECT_EQ(1, ctx_number(ID, "status", "depth"));
	EXPECT_EQ(0, ctx_number(ID, "status", "members"));
	EXPECT_LT(0, ctx_number(ID, "status", "age_usec"));
	EXPECT_EQ(0, ctx_number(ID, "status", "cpu_usec"));
	ASSERT_EQ(0, ctx_key(ID, "status", "name", value, sizeof(value)));
	EXPECT_STREQ("-", value);
	ASSERT_EQ(0, ctx_key(ID, "status", "flags", value, sizeof(value)));
	EXPECT_STREQ("-", value);
	ASSERT_EQ(0, ctx_key(ID, "status", "ceiling", value, sizeof(value)));
	EXPECT_EQ(16, strlen(value));
	EXPECT_EQ(self_caps("CapBnd:"), strtoull(value, NULL, 16));
}

TEST_F(fs, names)
{
	static const char *const good[] = {
		"a", "_", "A9", "web", "Web-1.example_org", "a.-_",
		"abcdefghijklmnopqrstuvwxyz01234",	/* 31 */
	};
	char line[64], value[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		snprintf(line, sizeof(line), "name %s\n", good[i]);
		EXPECT_EQ(0, ctx_write(ID, "status", line));
		ASSERT_EQ(0, ctx_key(ID, "status", "name", value, sizeof(value)));
		EXPECT_STREQ(good[i], value);
	}
	/* Its own it may have again, another's it may not. */
	EXPECT_EQ(0, ctx_write(ID, "status", "name web\n"));
	EXPECT_EQ(0, ctx_write(ID, "status", "name web\n"));
	ASSERT_EQ(0, ctx_mkdir(OTHER_ID));
	EXPECT_EQ(-EEXIST, ctx_write(OTHER_ID, "status", "name web\n"));
	ASSERT_EQ(0, ctx_key(OTHER_ID, "status", "name", value, sizeof(value)));
	EXPECT_STREQ("-", value);
	ASSERT_LT(0, ctx_read(OTHER_ID, "last_error", value, sizeof(value)));
	EXPECT_TRUE(is_reason(value));
	/* Names differ by case and by length. */
	EXPECT_EQ(0, ctx_write(OTHER_ID, "status", "name Web\n"));
	EXPECT_EQ(0, ctx_write(OTHER_ID, "status", "name we\n"));
	EXPECT_EQ(0, ctx_write(OTHER_ID, "status", "name webb\n"));
	/* What one gives up, another may have. */
	EXPECT_EQ(0, ctx_write(ID, "status", "name db\n"));
	EXPECT_EQ(0, ctx_write(OTHER_ID, "status", "name web\n"));
	EXPECT_EQ(0, ctx_rmdir(ID));
	EXPECT_EQ(0, ctx_write(OTHER_ID, "status", "name db\n"));
}

TEST_F(fs, flags_are_only_added)
{
	char value[64];

	EXPECT_EQ(0, ctx_write(ID, "status", "flags private\n"));
	ASSERT_EQ(0, ctx_key(ID, "status", "flags", value, sizeof(value)));
	EXPECT_STREQ("private", value);
	EXPECT_EQ(0, ctx_write(ID, "status", "flags lock\n"));
	ASSERT_EQ(0, ctx_key(ID, "status", "flags", value, sizeof(value)));
	EXPECT_STREQ("lock,private", value);
	EXPECT_EQ(0, ctx_write(ID, "status", "flags lock\n"));
	EXPECT_EQ(0, ctx_write(ID, "status", "flags private,lock\n"));
	ASSERT_EQ(0, ctx_key(ID, "status", "flags", value, sizeof(value)));
	EXPECT_STREQ("lock,private", value);
}

/* limits */

TEST_F(fs, limits)
{
	struct limit limit;
	int res;

	for (res = 0; res < NR_RESOURCES; res++) {
		const char *name = resource_name[res];
		/* A memory cgroup counts pages. */
		bool pages = res == MEMORY || res == SWAP;
		long unit = pages ? sysconf(_SC_PAGESIZE) : 1;

		ASSERT_EQ(0, ctx_limit(ID, res, &limit));
		EXPECT_EQ(0, limit.usage);
		EXPECT_EQ(0, limit.peak);
		EXPECT_EQ(NO_LIMIT, limit.soft);
		EXPECT_EQ(NO_LIMIT, limit.hard);
		EXPECT_EQ(0, limit.fail);

		EXPECT_EQ(0, ctx_set_limits(ID, "%s soft %ld hard %ld", name,
					    90 * unit, 100 * unit));
		ASSERT_EQ(0, ctx_limit(ID, res, &limit));
		EXPECT_EQ(90 * unit, limit.soft);
		EXPECT_EQ(100 * unit, limit.hard);
		/* What is not named stays. */
		EXPECT_EQ(0, ctx_set_limits(ID, "%s hard %ld", name, 200 * unit));
		ASSERT_EQ(0, ctx_limit(ID, res, &limit));
		EXPECT_EQ(90 * unit, limit.soft);
		EXPECT_EQ(200 * unit, limit.hard);
		EXPECT_EQ(0, ctx_set_limits(ID, "%s soft %ld", name, 200 * unit));
		ASSERT_EQ(0, ctx_limit(ID, res, &limit));
		EXPECT_EQ(200 * unit, limit.soft);
		EXPECT_EQ(200 * unit, limit.hard);
		EXPECT_EQ(0, ctx_set_limits(ID, "%s hard max soft max", name));
		ASSERT_EQ(0, ctx_limit(ID, res, &limit));
		EXPECT_EQ(NO_LIMIT, limit.soft);
		EXPECT_EQ(NO_LIMIT, limit.hard);
		EXPECT_EQ(0, ctx_set_limits(ID, "%s soft 0 hard 0", name));
		EXPECT_EQ(0, ctx_set_limits(ID, "%s hard 9223372036854775806",
					    name));
		ASSERT_EQ(0, ctx_limit(ID, res, &limit));
		EXPECT_EQ(0, limit.soft);
		EXPECT_EQ(pages ? NO_LIMIT : LONG_MAX - 1, limit.hard);
	}
}

TEST_F(fs, limits_in_one_line)
{
	struct limit limit;

	EXPECT_EQ(0, ctx_set_limits(ID, "nproc soft 90 hard 100 nofile hard 500"));
	ASSERT_EQ(0, ctx_limit(ID, NPROC, &limit));
	EXPECT_EQ(90, limit.soft);
	EXPECT_EQ(100, limit.hard);
	ASSERT_EQ(0, ctx_limit(ID, NTASK, &limit));
	EXPECT_EQ(NO_LIMIT, limit.hard);
	ASSERT_EQ(0, ctx_limit(ID, NOFILE, &limit));
	EXPECT_EQ(NO_LIMIT, limit.soft);
	EXPECT_EQ(500, limit.hard);
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile soft 5 ntask hard 7 nproc soft 1"));
	ASSERT_EQ(0, ctx_limit(ID, NPROC, &limit));
	EXPECT_EQ(1, limit.soft);
	EXPECT_EQ(100, limit.hard);
	ASSERT_EQ(0, ctx_limit(ID, NTASK, &limit));
	EXPECT_EQ(7, limit.hard);
	ASSERT_EQ(0, ctx_limit(ID, NOFILE, &limit));
	EXPECT_EQ(5, limit.soft);
	EXPECT_EQ(500, limit.hard);
}

TEST_F(fs, hard_below_usage)
{
	struct agent agent;
	struct limit limit;
	long pid;

	ASSERT_EQ(0, agent_start_in(&agent, ID));
	pid = agent_call(&agent, do_fork_pause, 0, 0, 0);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, ctx_set_limits(ID, "nproc hard 1 ntask hard 1"));
	ASSERT_EQ(0, ctx_limit(ID, NPROC, &limit));
	EXPECT_EQ(2, limit.usage);
	EXPECT_EQ(1, limit.hard);
	EXPECT_EQ(-EAGAIN, agent_call(&agent, do_fork_pause, 0, 0, 0));
	EXPECT_EQ(0, agent_call(&agent, do_kill_wait, pid, 0, 0));
	EXPECT_EQ(1, ctx_wait_usage(ID, NPROC, 1));
	EXPECT_EQ(-EAGAIN, agent_call(&agent, do_fork_pause, 0, 0, 0));
	EXPECT_EQ(0, ctx_set_limits(ID, "nproc hard 2 ntask hard 2"));
	EXPECT_LT(0, agent_call(&agent, do_fork_pause, 0, 0, 0));
	agent_stop(&agent);
}

/* events */

static int wait_event(int fd, int timeout)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLPRI };
	char buf[512];
	int n = poll(&poll_fd, 1, timeout);

	/* What has been read is not told again. */
	read_fd(fd, buf, sizeof(buf));
	return n == 1 && (poll_fd.revents & POLLPRI);
}

TEST_F(fs, events)
{
	struct agent agent;
	char path[64];
	long pid;
	int fd;

	ASSERT_EQ(0, agent_start_in(&agent, ID));
	EXPECT_EQ(0, ctx_set_limits(ID, "nproc soft 1 hard 2"));
	fd = open(ctx_path(path, ID, "events"), O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	wait_event(fd, 0);
	EXPECT_EQ(0, wait_event(fd, 100));
	EXPECT_EQ(0, ctx_number(ID, "events", "empty"));
	EXPECT_EQ(0, ctx_number(ID, "events", "nproc.soft"));
	EXPECT_EQ(0, ctx_number(ID, "events", "nproc.hard"));

	/* above soft */
	pid = agent_call(&agent, do_fork_pause, 0, 0, 0);
	ASSERT_LT(0, pid);
	EXPECT_EQ(1, wait_event(fd, PATIENCE_MS));
	EXPECT_EQ(1, ctx_number(ID, "events", "nproc.soft"));
	EXPECT_EQ(0, ctx_number(ID, "events", "nproc.hard"));
	EXPECT_EQ(0, wait_event(fd, 100));

	/* beyond hard: each time */
	EXPECT_EQ(-EAGAIN, agent_call(&agent, do_fork_pause, 0, 0, 0));
	EXPECT_EQ(1, wait_event(fd, PATIENCE_MS));
	EXPECT_EQ(1, ctx_number(ID, "events", "nproc.hard"));
	EXPECT_EQ(1, ctx_fail(ID, NPROC));
	EXPECT_EQ(-EAGAIN, agent_call(&agent, do_fork_pause, 0, 0, 0));
	EXPECT_EQ(1, wait_event(fd, PATIENCE_MS));
	EXPECT_EQ(2, ctx_number(ID, "events", "nproc.hard"));
	EXPECT_EQ(2, ctx_fail(ID, NPROC));
	EXPECT_EQ(1, ctx_number(ID, "events", "nproc.soft"));

	/* above soft again, after it was not */
	EXPECT_EQ(0, agent_call(&agent, do_kill_wait, pid, 0, 0));
	EXPECT_EQ(1, ctx_wait_usage(ID, NPROC, 1));
	wait_event(fd, 100);
	ASSERT_LT(0, agent_call(&agent, do_fork_pause, 0, 0, 0));
	EXPECT_EQ(1, wait_event(fd, PATIENCE_MS));
	EXPECT_EQ(2, ctx_number(ID, "events", "nproc.soft"));

	/* the last one leaves */
	agent_stop(&agent);
	EXPECT_TRUE(WAIT_UNTIL(ctx_number(ID, "events", "empty") == 1));
	EXPECT_EQ(1, wait_event(fd, PATIENCE_MS));
	ASSERT_EQ(0, agent_start_in(&agent, ID));
	agent_stop(&agent);
	EXPECT_TRUE(WAIT_UNTIL(ctx_number(ID, "events", "empty") == 2));
	EXPECT_EQ(1, wait_event(fd, PATIENCE_MS));
	EXPECT_EQ(0, ctx_number(ID, "events", "ntask.soft"));
	EXPECT_EQ(0, ctx_number(ID, "events", "ntask.hard"));
	EXPECT_EQ(0, ctx_number(ID, "events", "nofile.soft"));
	EXPECT_EQ(0, ctx_number(ID, "events", "nofile.hard"));
	close(fd);
}

/* Whoever waits for events of a context learns that it is removed. */
TEST_F(fs, events_of_removed)
{
	struct pollfd poll_fd = { .events = POLLPRI };
	char path[64], buf[512];

	poll_fd.fd = open(ctx_path(path, ID, "events"), O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, poll_fd.fd);
	ASSERT_LT(0, read_fd(poll_fd.fd, buf, sizeof(buf)));
	ASSERT_EQ(0, ctx_rmdir(ID));
	EXPECT_EQ(1, poll(&poll_fd, 1, PATIENCE_MS));
	EXPECT_EQ(-ENODEV, read_fd(poll_fd.fd, buf, sizeof(buf)));
}

static void *remove_later(void *arg)
{
	sleep_ms(100);
	return (void *)(long)ctx_rmdir(ID);
}

/* While it is being waited for, too */
TEST_F(fs, events_while_removed)
{
	char path[64], buf[512];
	pthread_t thread;
	void *result;
	int fd;

	fd = open(ctx_path(path, ID, "events"), O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_LT(0, read_fd(fd, buf, sizeof(buf)));
	ASSERT_EQ(0, pthread_create(&thread, NULL, remove_later, NULL));
	EXPECT_EQ(1, wait_event(fd, PATIENCE_MS));
	EXPECT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(0, (long)result);
	EXPECT_EQ(-ENODEV, read_fd(fd, buf, sizeof(buf)));
	close(fd);
}

/* summary */

/* Whoever waits learns that a context has come or gone. */
TEST_F(fs, summary_wakes)
{
	struct agent agent;
	int fd;

	fd = open(VCTXFS "/summary", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	/* what came before this test may be told late */
	while (wait_event(fd, 300))
		;
	ASSERT_EQ(0, ctx_mkdir(OTHER_ID));
	EXPECT_EQ(1, wait_event(fd, PATIENCE_MS));
	EXPECT_EQ(0, wait_event(fd, 100));
	ASSERT_EQ(0, ctx_rmdir(OTHER_ID));
	EXPECT_EQ(1, wait_event(fd, PATIENCE_MS));
	EXPECT_EQ(0, wait_event(fd, 100));

	ASSERT_EQ(0, agent_start(&agent));
	EXPECT_EQ(0, wait_event(fd, 100));
	ASSERT_EQ(0, agent_call(&agent, do_enter, VCTX_ID_NEW, 0, 0));
	EXPECT_EQ(1, wait_event(fd, PATIENCE_MS));
	agent_stop(&agent);
	EXPECT_EQ(1, wait_event(fd, PATIENCE_MS));
	close(fd);
}

TEST_F(fs, summary)
{
	char *buf = malloc(1 << 20), want[256], limits[LIMITS_SIZE], *line;
	struct agent agent;
	struct limit limit;
	int res;

	ASSERT_NE(NULL, buf);
	ASSERT_EQ(0, ctx_write(ID, "status", "name web\n"));
	ASSERT_EQ(0, ctx_write(ID, "status", "flags lock\n"));
	ASSERT_EQ(0, ctx_set_limits(ID, "nproc soft 90 hard 200"));
	ASSERT_EQ(0, agent_start_in(&agent, ID));
	ASSERT_LT(0, read_file(VCTXFS "/summary", buf, 1 << 20));
	snprintf(want, sizeof(want),
		 "%u name=web parent=0 depth=1 flags=lock members=1 age_usec=", ID);
	line = strstr(buf, want);
	ASSERT_NE(NULL, line);
	EXPECT_TRUE(line == buf || line[-1] == '\n');
	*strchr(line, '\n') = '\0';
	EXPECT_NE(NULL, strstr(line, " cpu_usec="));
	ASSERT_LT(0, ctx_read(ID, "limits", limits, sizeof(limits)));
	for (res = 0; res < NR_RESOURCES; res++) {
		ASSERT_EQ(0, parse_limits(limits, res, &limit));
		snprintf(want, sizeof(want), " %s=%ld:%ld:%s:%s:%ld",
			 resource_name[res], limit.usage, limit.peak,
			 limit.soft == 90 ? "90" : "max",
			 limit.hard == 200 ? "200" : "max", limit.fail);
		EXPECT_NE(NULL, strstr(line, want)) {
			TH_LOG("'%s' is not in '%s'", want, line);
		}
	}
	/* The watcher is always there, the host is not a context. */
	ASSERT_LT(0, read_file(VCTXFS "/summary", buf, 1 << 20));
	EXPECT_EQ(0, strncmp(buf, "1 ", 2));
	EXPECT_EQ(NULL, strstr(buf, "\n0 "));
	free(buf);
	agent_stop(&agent);
}

/* procs and kill */

static bool lists(__u32 id, const char *file, long pid)
{
	char buf[LIMITS_SIZE], *line;

	if (ctx_read(id, file, buf, sizeof(buf)) < 0)
		return false;
	for (line = strtok(buf, "\n"); line; line = strtok(NULL, "\n"))
		if (atol(line) == pid)
			return true;
	return false;
}

static int count_lines(__u32 id, const char *file)
{
	char buf[LIMITS_SIZE];
	int n = 0, i, len = ctx_read(id, file, buf, sizeof(buf));

	for (i = 0; i < len; i++)
		n += buf[i] == '\n';
	return len < 0 ? len : n;
}

TEST_F(fs, procs)
{
	struct agent a, b, nested;
	long child;

	EXPECT_EQ(0, count_lines(ID, "procs"));
	ASSERT_EQ(0, agent_start_in(&a, ID));
	ASSERT_EQ(0, agent_start_in(&b, ID));
	ASSERT_EQ(0, agent_start_in(&nested, ID));
	ASSERT_EQ(0, agent_call(&nested, do_enter, VCTX_ID_NEW, 0, 0));
	child = agent_call(&a, do_fork_pause, 0, 0, 0);
	ASSERT_LT(0, child);
	EXPECT_EQ(3, count_lines(ID, "procs"));
	EXPECT_TRUE(lists(ID, "procs", a.pid));
	EXPECT_TRUE(lists(ID, "procs", b.pid));
	EXPECT_TRUE(lists(ID, "procs", child));
	EXPECT_FALSE(lists(ID, "procs", nested.pid));
	EXPECT_EQ(1, count_lines(agent_call(&nested, do_self_id, 0, 0, 0), "procs"));
	EXPECT_TRUE(lists(agent_call(&nested, do_self_id, 0, 0, 0), "procs",
			  nested.pid));
	EXPECT_EQ(3, ctx_number(ID, "status", "members"));
	agent_stop(&b);
	EXPECT_TRUE(WAIT_UNTIL(count_lines(ID, "procs") == 2));
	EXPECT_FALSE(lists(ID, "procs", b.pid));
	agent_stop(&a);
	agent_stop(&nested);
}

TEST_F(fs, kill)
{
	struct agent a, nested, deep, other, host;
	int status;

	ASSERT_EQ(0, agent_start(&host));
	ASSERT_EQ(0, agent_start_in(&a, ID));
	ASSERT_LT(0, agent_call(&a, do_fork_pause, 0, 0, 0));
	ASSERT_LT(0, agent_call(&a, do_fork_pause, 0, 0, 0));
	ASSERT_EQ(0, agent_start_in(&nested, ID));
	ASSERT_EQ(0, agent_call(&nested, do_enter, VCTX_ID_NEW, 0, 0));
	ASSERT_LT(0, agent_call(&nested, do_fork_pause, 0, 0, 0));
	ASSERT_EQ(0, agent_start_in(&deep, ID));
	ASSERT_EQ(0, agent_call(&deep, do_enter, VCTX_ID_NEW, 0, 0));
	ASSERT_EQ(0, agent_call(&deep, do_enter, VCTX_ID_NEW, 0, 0));
	ASSERT_EQ(0, agent_start_in(&other, OTHER_ID));
	EXPECT_EQ(6, ctx_usage(ID, NPROC));

	EXPECT_EQ(0, ctx_write(ID, "kill", "1\n"));
	status = agent_stop(&a);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	status = agent_stop(&nested);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	status = agent_stop(&deep);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	EXPECT_EQ(0, ctx_wait_usage(ID, NPROC, 0));
	/* Nobody else */
	EXPECT_EQ(OTHER_ID, agent_call(&other, do_self_id, 0, 0, 0));
	EXPECT_EQ(0, agent_call(&host, do_self_id, 0, 0, 0));
	agent_stop(&other);
	agent_stop(&host);
	/* Nothing to kill is no error. */
	EXPECT_EQ(0, ctx_write(ID, "kill", "1\n"));
	EXPECT_EQ(0, ctx_rmdir(ID));
}

TEST_F(fs, kill_of_a_child_spares_the_parent)
{
	struct agent a, nested;
	long id;

	ASSERT_EQ(0, agent_start_in(&a, ID));
	ASSERT_EQ(0, agent_start_in(&nested, ID));
	ASSERT_EQ(0, agent_call(&nested, do_enter, VCTX_ID_NEW, 0, 0));
	id = agent_call(&nested, do_self_id, 0, 0, 0);
	EXPECT_EQ(0, ctx_write(id, "kill", "1\n"));
	EXPECT_TRUE(WIFSIGNALED(agent_stop(&nested)));
	EXPECT_EQ(ID, agent_call(&a, do_self_id, 0, 0, 0));
	EXPECT_EQ(1, ctx_wait_usage(ID, NPROC, 1));
	EXPECT_EQ(0, ctx_end_dynamic(id));
	agent_stop(&a);
}

/* Who may */

static const char *const readable[] = {
	"status", "limits", "events", "procs", "last_error",
};

static const char *const writable[] = { "status", "limits", "kill" };

static long do_read(long path, long b, long c)
{
	char buf[LIMITS_SIZE];
	int len = read_file((const char *)path, buf, sizeof(buf));

	return len < 0 ? len : 0;
}

static long do_read_ctx(long id, long file, long c)
{
	char buf[LIMITS_SIZE];
	int len = ctx_read(id, (const char *)file, buf, sizeof(buf));

	return len < 0 ? len : 0;
}

static long do_write_ctx(long id, long file, long line)
{
	return ctx_write(id, (const char *)file, (const char *)line);
}

static long do_mkdir(long id, long b, long c)
{
	return ctx_mkdir(id);
}

static long do_rmdir(long id, long b, long c)
{
	return ctx_rmdir(id);
}

static const char *good_line(const char *file)
{
	return !strcmp(file, "status") ? "name mine\n" :
	       !strcmp(file, "limits") ? "nproc hard 77\n" : "1\n";
}

TEST_F(fs, unprivileged)
{
	struct content before = get_content(ID), after;
	struct agent nobody;
	size_t i;

	ASSERT_EQ(0, agent_start(&nobody));
	ASSERT_EQ(0, agent_call(&nobody, do_become_nobody, 0, 0, 0));
	EXPECT_EQ(0, agent_call(&nobody, do_read, (long)(VCTXFS "/summary"), 0, 0));
	EXPECT_EQ(0, agent_call(&nobody, do_read, (long)LAST_ERROR, 0, 0));
	for (i = 0; i < ARRAY_SIZE(readable); i++)
		EXPECT_EQ(0, agent_call(&nobody, do_read_ctx, ID,
					(long)readable[i], 0));
	EXPECT_EQ(-EACCES, agent_call(&nobody, do_read_ctx, ID, (long)"kill", 0));
	for (i = 0; i < ARRAY_SIZE(writable); i++)
		EXPECT_EQ(-EACCES, agent_call(&nobody, do_write_ctx, ID,
					      (long)writable[i],
					      (long)good_line(writable[i])));
	EXPECT_EQ(-EACCES, agent_call(&nobody, do_mkdir, OTHER_ID, 0, 0));
	EXPECT_EQ(-EACCES, agent_call(&nobody, do_rmdir, ID, 0, 0));
	agent_stop(&nobody);
	after = get_content(ID);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

static long do_clear_caps(long caps, long b, long c)
{
	return clear_caps(caps);
}

TEST_F(fs, root_without_capability)
{
	struct content before = get_content(ID), after;
	struct agent root;
	char why[256];
	size_t i;

	ASSERT_EQ(0, agent_start(&root));
	ASSERT_EQ(0, agent_call(&root, do_clear_caps, 1L << CAP_SYS_ADMIN, 0, 0));
	for (i = 0; i < ARRAY_SIZE(readable); i++)
		EXPECT_EQ(0, agent_call(&root, do_read_ctx, ID,
					(long)readable[i], 0));
	for (i = 0; i < ARRAY_SIZE(writable); i++)
		EXPECT_EQ(-EPERM, agent_call(&root, do_write_ctx, ID,
					     (long)writable[i],
					     (long)good_line(writable[i])));
	EXPECT_EQ(-EPERM, agent_call(&root, do_mkdir, OTHER_ID, 0, 0));
	EXPECT_EQ(-EPERM, agent_call(&root, do_rmdir, ID, 0, 0));
	agent_stop(&root);
	after = get_content(ID);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
	/* What others try is not told as the administrator's mistake. */
	ASSERT_LT(0, ctx_read(ID, "last_error", why, sizeof(why)));
	EXPECT_STREQ("ok\n", why);
}

/* Who opened it, and who writes, both must be allowed to. */
TEST_F(fs, confused_deputy)
{
	struct agent weak;
	char path[64];
	long theirs, ours;
	int fd;

	/* Opened without the capability, written by the administrator */
	ctx_path(path, ID, "limits");
	/* The agent has the path in its memory, from when it was forked. */
	ASSERT_EQ(0, agent_start(&weak));
	ASSERT_EQ(0, agent_call(&weak, do_clear_caps, 1L << CAP_SYS_ADMIN, 0, 0));
	theirs = agent_call(&weak, do_open, (long)path, O_RDWR, 0);
	ASSERT_LE(0, theirs);
	ours = agent_take_fd(&weak, theirs);
	ASSERT_LE(0, ours);
	EXPECT_EQ(-1, write(ours, "nproc hard 5\n", 13));
	EXPECT_EQ(EPERM, errno);
	close(ours);

	/* Opened by the administrator, written without the capability */
	fd = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(13, write(fd, "nproc hard 6\n", 13));
	theirs = agent_give_fd(&weak, fd);
	ASSERT_LE(0, theirs);
	ASSERT_EQ(0, clear_caps(1ULL << CAP_SYS_ADMIN));
	EXPECT_EQ(-1, write(fd, "nproc hard 7\n", 13));
	EXPECT_EQ(EPERM, errno);
	agent_stop(&weak);
}

/* What a member sees of it */

FIXTURE(inside) {
	struct agent member;
	struct agent other;
	int contexts;
};

FIXTURE_VARIANT(inside) {
	bool nobody;
	bool nested;
};

FIXTURE_VARIANT_ADD(inside, root) {
};

FIXTURE_VARIANT_ADD(inside, nobody) {
	.nobody = true,
};

FIXTURE_VARIANT_ADD(inside, nested_root) {
	.nested = true,
};

static long member_id;

FIXTURE_SETUP(inside)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	ASSERT_EQ(0, ctx_end(OTHER_ID));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, ctx_mkdir(OTHER_ID));
	ASSERT_EQ(0, agent_start_in(&self->other, OTHER_ID));
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
	if (variant->nested)
		ASSERT_EQ(0, agent_call(&self->member, do_enter, VCTX_ID_NEW, 0, 0));
	if (variant->nobody)
		ASSERT_EQ(0, agent_call(&self->member, do_become_nobody, 0, 0, 0));
	member_id = agent_call(&self->member, do_self_id, 0, 0, 0);
	ASSERT_LT(0, member_id);
}

FIXTURE_TEARDOWN_PARENT(inside)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_EQ(0, ctx_end(OTHER_ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

/* The numbers of directories that readdir() shows: their sum, if none twice. */
static long list_sum(DIR *dir)
{
	struct dirent *entry;
	long sum = 0;

	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (!atol(entry->d_name)) {
			sum = -EEXIST;
			break;
		}
		sum += atol(entry->d_name);
	}
	closedir(dir);
	return sum;
}

static long do_list(long path, long b, long c)
{
	DIR *dir = opendir((const char *)path);

	return dir ? list_sum(dir) : -errno;
}

static long do_stat_ctx(long id, long file, long c)
{
	struct stat st;
	char path[64];

	return stat(ctx_path(path, id, (const char *)file), &st) ? -errno : 0;
}

static long do_opendir_ctx(long id, long b, long c)
{
	char path[64];
	DIR *dir = opendir(ctx_path(path, id, NULL));

	if (!dir)
		return -errno;
	closedir(dir);
	return 0;
}

static long do_chdir_ctx(long id, long b, long c)
{
	char path[64];

	if (chdir(ctx_path(path, id, NULL)))
		return -errno;
	return chdir("/") ? -errno : 0;
}

TEST_F(inside, sees_its_own)
{
	size_t i;

	EXPECT_EQ(member_id, agent_call(&self->member, do_list, (long)VCTXFS, 0, 0));
	EXPECT_EQ(0, agent_call(&self->member, do_stat_ctx, member_id, 0, 0));
	EXPECT_EQ(0, agent_call(&self->member, do_opendir_ctx, member_id, 0, 0));
	EXPECT_EQ(0, agent_call(&self->member, do_chdir_ctx, member_id, 0, 0));
	for (i = 0; i < ARRAY_SIZE(readable); i++)
		EXPECT_EQ(0, agent_call(&self->member, do_read_ctx, member_id,
					(long)readable[i], 0)) {
			TH_LOG("file %zu", i);
		}
}

/*
 * Attempt: read, write, stat, mkdir, rmdir of another context in vctxfs, there
 * or not => ENOENT
 */
TEST_F(inside, does_not_see_others)
{
	const long hidden[] = {
		OTHER_ID, VCTX_ID_WATCHER, variant->nested ? ID : OTHER_ID,
		/* There is none of this id: that must look the same. */
		OTHER_ID + 1,
	};
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(hidden); i++) {
		/* The host finds it first, so that it is cached. */
		for (j = 0; j < ARRAY_SIZE(readable); j++) {
			do_read_ctx(hidden[i], (long)readable[j], 0);
			EXPECT_EQ(-ENOENT, agent_call(&self->member, do_read_ctx,
						      hidden[i],
						      (long)readable[j], 0));
			EXPECT_EQ(-ENOENT, agent_call(&self->member, do_stat_ctx,
						      hidden[i],
						      (long)readable[j], 0));
		}
		for (j = 0; j < ARRAY_SIZE(writable); j++)
			EXPECT_EQ(-ENOENT, agent_call(&self->member, do_write_ctx,
						      hidden[i], (long)writable[j],
						      (long)good_line(writable[j])));
		EXPECT_EQ(-ENOENT, agent_call(&self->member, do_stat_ctx,
					      hidden[i], 0, 0));
		EXPECT_EQ(-ENOENT, agent_call(&self->member, do_opendir_ctx,
					      hidden[i], 0, 0));
		EXPECT_EQ(-ENOENT, agent_call(&self->member, do_chdir_ctx,
					      hidden[i], 0, 0));
		EXPECT_EQ(-ENOENT, agent_call(&self->member, do_mkdir,
					      hidden[i], 0, 0));
		EXPECT_EQ(-ENOENT, agent_call(&self->member, do_rmdir,
					      hidden[i], 0, 0));
	}
	EXPECT_EQ(-ENOENT, agent_call(&self->member, do_read,
				      (long)(VCTXFS "/summary"), 0, 0));
	EXPECT_EQ(-ENOENT, agent_call(&self->member, do_read,
				      (long)LAST_ERROR, 0, 0));
	EXPECT_EQ(-ENOENT, agent_call(&self->member, do_read,
				      (long)(VCTXFS "/nosuch"), 0, 0));
	/* For the host it is still there. */
	EXPECT_EQ(0, do_stat_ctx(OTHER_ID, 0, 0));
	EXPECT_EQ(0, do_stat_ctx(VCTX_ID_WATCHER, 0, 0));
	EXPECT_FALSE(ctx_exists(OTHER_ID + 1));
}

static long do_chmod_ctx(long id, long file, long c)
{
	char path[64];

	return chmod(ctx_path(path, id, (const char *)file), 0777) ? -errno : 0;
}

static long do_chown_ctx(long id, long file, long c)
{
	char path[64];

	return chown(ctx_path(path, id, (const char *)file), NOBODY, NOBODY) ?
	       -errno : 0;
}

static long do_setxattr_ctx(long id, long file, long name)
{
	char path[64];

	return setxattr(ctx_path(path, id, (const char *)file),
			(const char *)name, "x", 1, 0) ? -errno : 0;
}

static long do_touch_ctx(long id, long file, long c)
{
	char path[64];

	return utimensat(AT_FDCWD, ctx_path(path, id, (const char *)file), NULL,
			 0) ? -errno : 0;
}

static long do_mkdir_below(long id, long b, long c)
{
	char path[64];

	return mkdir(ctx_path(path, id, "60033"), 0755) ? -errno : 0;
}

#define EXPECT_DENIED(_ret)						\
	do {								\
		long _r = (_ret);					\
		EXPECT_TRUE(_r == -EPERM ||				\
			    (variant->nobody && _r == -EACCES)) {	\
			TH_LOG(#_ret ": %ld", _r);			\
		}							\
	} while (0)

/*
 * Attempt: write to limits, status, kill and the others of its own context,
 * chmod, chown, mkdir, rmdir => EPERM, and nothing changes
 */
TEST_F(inside, changes_nothing)
{
	struct content before = get_content(member_id), after;
	const char *const files[] = { NULL, "limits", "status", "kill" };
	const struct agent *member = &self->member;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(writable); i++)
		EXPECT_DENIED(agent_call(member, do_write_ctx, member_id,
					 (long)writable[i],
					 (long)good_line(writable[i])));
	/* Bad input is not told apart from good. */
	EXPECT_DENIED(agent_call(member, do_write_ctx, member_id,
				 (long)"limits", (long)"nonsense"));
	EXPECT_DENIED(agent_call(member, do_mkdir_below, member_id, 0, 0));
	EXPECT_DENIED(agent_call(member, do_rmdir, member_id, 0, 0));
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		EXPECT_DENIED(agent_call(member, do_chmod_ctx, member_id,
					 (long)files[i], 0));
		EXPECT_DENIED(agent_call(member, do_chown_ctx, member_id,
					 (long)files[i], 0));
		EXPECT_DENIED(agent_call(member, do_touch_ctx, member_id,
					 (long)files[i], 0));
		EXPECT_DENIED(agent_call(member, do_setxattr_ctx, member_id,
					 (long)files[i], (long)"trusted.x"));
	}
	after = get_content(member_id);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
	EXPECT_EQ(member_id, agent_call(member, do_self_id, 0, 0, 0));
}

static long do_openat(long dir, long name, long c)
{
	int fd = openat(dir, (const char *)name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static long do_fd_list(long fd, long b, long c)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir;

	if (copy < 0)
		return -errno;
	dir = fdopendir(copy);
	return dir ? list_sum(dir) : -errno;
}

/* As it is, without another open */
static long do_fd_entries(long fd, long b, long c)
{
	DIR *dir = fdopendir(dup(fd));
	struct dirent *entry;
	long n = 0;

	if (!dir)
		return -errno;
	errno = 0;
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	return errno ? -errno : n;
}

/* Attempt: openat(2) below a directory of vctxfs that was passed => ENOENT */
TEST_F(inside, passed_directories)
{
	const struct agent *member = &self->member;
	char path[64];
	long top, other;
	int fd;

	fd = open(VCTXFS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	top = agent_give_fd(member, fd);
	ASSERT_LE(0, top);
	EXPECT_EQ(member_id, agent_call(member, do_fd_list, top, 0, 0));
	EXPECT_EQ(-ENOENT, agent_call(member, do_openat, top, (long)"60032", 0));
	EXPECT_EQ(-ENOENT, agent_call(member, do_openat, top,
				      (long)"60032/limits", 0));
	EXPECT_EQ(-ENOENT, agent_call(member, do_openat, top, (long)"summary", 0));
	close(fd);

	fd = open(ctx_path(path, OTHER_ID, NULL),
		  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	other = agent_give_fd(member, fd);
	ASSERT_LE(0, other);
	EXPECT_EQ(-ENOENT, agent_call(member, do_openat, other, (long)"limits", 0));
	EXPECT_EQ(-ENOENT, agent_call(member, do_openat, other,
				      (long)"../60032/limits", 0));
	EXPECT_GE(0, agent_call(member, do_fd_entries, other, 0, 0));
	close(fd);
}

static long do_fd_read(long fd, long b, long c)
{
	char buf[256];
	int len = read_fd(fd, buf, sizeof(buf));

	return len < 0 ? len : 0;
}

static long do_fd_write(long fd, long line, long c)
{
	const char *text = (const char *)line;

	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static long do_fd_reopen(long fd, long flags, long c)
{
	char path[64];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%ld", fd);
	again = open(path, flags | O_CLOEXEC);
	return again < 0 ? -errno : again;
}

/* Opened by the host's root, used by a member */
TEST_F(inside, passed_files)
{
	struct content before = get_content(OTHER_ID), after;
	const struct agent *member = &self->member;
	char path[64];
	size_t i;
	long theirs, again;
	int fd;

	for (i = 0; i < ARRAY_SIZE(readable); i++) {
		fd = open(ctx_path(path, OTHER_ID, readable[i]),
			  O_RDONLY | O_CLOEXEC);
		ASSERT_LE(0, fd);
		theirs = agent_give_fd(member, fd);
		ASSERT_LE(0, theirs);
		/*
		 * Attempt: read(2) of another context with a descriptor that
		 * was passed
		 */
		EXPECT_EQ(-ENOENT, agent_call(member, do_fd_read, theirs, 0, 0)) {
			TH_LOG("file %zu", i);
		}
		again = agent_call(member, do_fd_reopen, theirs, O_RDONLY, 0);
		if (again >= 0)
			EXPECT_EQ(-ENOENT, agent_call(member, do_fd_read, again,
						      0, 0));
		close(fd);
	}
	for (i = 0; i < ARRAY_SIZE(writable); i++) {
		const char *line = good_line(writable[i]);

		fd = open(ctx_path(path, OTHER_ID, writable[i]),
			  O_WRONLY | O_CLOEXEC);
		ASSERT_LE(0, fd);
		theirs = agent_give_fd(member, fd);
		ASSERT_LE(0, theirs);
		/* Attempt: write(2) likewise */
		EXPECT_EQ(-ENOENT, agent_call(member, do_fd_write, theirs,
					      (long)line, 0));
		close(fd);

		fd = open(ctx_path(path, member_id, writable[i]),
			  O_WRONLY | O_CLOEXEC);
		ASSERT_LE(0, fd);
		theirs = agent_give_fd(member, fd);
		ASSERT_LE(0, theirs);
		/*
		 * Attempt: write(2) to its own context with a descriptor that
		 * was passed
		 */
		EXPECT_EQ(-EPERM, agent_call(member, do_fd_write, theirs,
					     (long)line, 0));
		close(fd);
	}
	fd = open(VCTXFS "/summary", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	theirs = agent_give_fd(member, fd);
	ASSERT_LE(0, theirs);
	EXPECT_EQ(-ENOENT, agent_call(member, do_fd_read, theirs, 0, 0));
	fd = open(LAST_ERROR, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	theirs = agent_give_fd(member, fd);
	ASSERT_LE(0, theirs);
	EXPECT_EQ(-ENOENT, agent_call(member, do_fd_read, theirs, 0, 0));

	after = get_content(OTHER_ID);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
	EXPECT_EQ(OTHER_ID, agent_call(&self->other, do_self_id, 0, 0, 0));
	EXPECT_EQ(member_id, agent_call(member, do_self_id, 0, 0, 0));
}

static long do_mount_again(long a, long b, long c)
{
	DIR *dir;

	/* With a user namespace of its own if it is nobody */
	if (geteuid() && unshare(CLONE_NEWUSER))
		return -errno;
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("vctx", "/tmp", "vctx", 0, NULL))
		return -errno;
	dir = opendir("/tmp");
	return dir ? list_sum(dir) : -errno;
}

/* Attempt: a mount of vctxfs of its own => its own context is there */
TEST_F(inside, mounts_it_again)
{
	long ret = agent_call(&self->member, do_mount_again, 0, 0, 0);

	EXPECT_TRUE(ret == member_id || (variant->nobody && ret < 0)) {
		TH_LOG("%ld", ret);
	}
}

/* Watching a directory would tell what comes and goes in it. */
static long do_inotify(long path, long b, long c)
{
	int fd = inotify_init1(IN_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (inotify_add_watch(fd, (const char *)path, IN_ALL_EVENTS) < 0)
		err = -errno;
	close(fd);
	return err;
}

TEST_F(inside, does_not_watch_names)
{
	EXPECT_EQ(0, do_inotify((long)VCTXFS, 0, 0));
	EXPECT_EQ(0, do_inotify((long)"/proc", 0, 0));
	/* Attempt: inotify_add_watch(2) of vctxfs */
	EXPECT_EQ(-EPERM, agent_call(&self->member, do_inotify, (long)VCTXFS, 0, 0));
	/* Attempt: inotify_add_watch(2) of /proc */
	EXPECT_EQ(-EPERM, agent_call(&self->member, do_inotify, (long)"/proc", 0, 0));
	EXPECT_EQ(0, agent_call(&self->member, do_inotify, (long)"/tmp", 0, 0));
}

static long do_open_ctx(long id, long file, long flags)
{
	char path[64];

	return do_open((long)ctx_path(path, id, (const char *)file), flags, 0);
}

/* It is not for the administrator to write what a member has opened. */
TEST_F(inside, lends_nothing)
{
	struct content before = get_content(member_id), after;
	long theirs, ours;

	theirs = agent_call(&self->member, do_open_ctx, member_id, (long)"limits",
			    O_RDWR);
	if (theirs < 0) {
		EXPECT_DENIED(theirs);
		return;
	}
	ours = agent_take_fd(&self->member, theirs);
	ASSERT_LE(0, ours);
	EXPECT_EQ(-1, write(ours, "nproc hard 5\n", 13));
	EXPECT_EQ(EPERM, errno);
	after = get_content(member_id);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
	close(ours);
}

/* Before its entry it could, and it has kept what it could keep. */
static long do_prepare(long id, long b, long c)
{
	char path[64];

	if (chdir(ctx_path(path, id, NULL)))
		return -errno;
	return open("limits", O_RDWR | O_CLOEXEC);
}

TEST_F(fs, kept_from_before_entry)
{
	struct content before, after;
	struct agent late;
	long fd;

	ASSERT_EQ(0, ctx_mkdir(OTHER_ID));
	before = get_content(OTHER_ID);
	ASSERT_EQ(0, agent_start(&late));
	fd = agent_call(&late, do_prepare, OTHER_ID, 0, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, agent_call(&late, do_fd_read, fd, 0, 0));
	ASSERT_EQ(0, agent_call(&late, do_enter, ID, 0, 0));
	EXPECT_EQ(-ENOENT, agent_call(&late, do_fd_read, fd, 0, 0));
	EXPECT_EQ(-ENOENT, agent_call(&late, do_fd_write, fd,
				      (long)"nproc hard 5\n", 0));
	EXPECT_EQ(-ENOENT, agent_call(&late, do_openat, AT_FDCWD,
				      (long)"limits", 0));
	agent_stop(&late);

	ASSERT_EQ(0, agent_start(&late));
	fd = agent_call(&late, do_prepare, ID, 0, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_call(&late, do_enter, ID, 0, 0));
	EXPECT_EQ(0, agent_call(&late, do_fd_read, fd, 0, 0));
	EXPECT_EQ(-EPERM, agent_call(&late, do_fd_write, fd,
				     (long)"nproc hard 5\n", 0));
	EXPECT_EQ(0, agent_call(&late, do_openat, AT_FDCWD, (long)"limits", 0));
	agent_stop(&late);
	after = get_content(OTHER_ID);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

/* The watcher reads all of it, and changes none. */
TEST_F(fs, watcher)
{
	struct content before, after;
	struct agent watcher, member;
	size_t i;

	ASSERT_EQ(0, agent_start_in(&member, ID));
	before = get_content(ID);
	ASSERT_EQ(0, agent_start_in(&watcher, VCTX_ID_WATCHER));
	EXPECT_EQ(0, agent_call(&watcher, do_read, (long)(VCTXFS "/summary"), 0, 0));
	EXPECT_EQ(0, agent_call(&watcher, do_read, (long)LAST_ERROR, 0, 0));
	for (i = 0; i < ARRAY_SIZE(readable); i++)
		EXPECT_EQ(0, agent_call(&watcher, do_read_ctx, ID,
					(long)readable[i], 0));
	for (i = 0; i < ARRAY_SIZE(writable); i++)
		EXPECT_EQ(-EPERM, agent_call(&watcher, do_write_ctx, ID,
					     (long)writable[i],
					     (long)good_line(writable[i])));
	EXPECT_EQ(-EPERM, agent_call(&watcher, do_mkdir, OTHER_ID, 0, 0));
	EXPECT_EQ(-EPERM, agent_call(&watcher, do_rmdir, ID, 0, 0));
	EXPECT_EQ(-EPERM, agent_call(&watcher, do_chmod_ctx, ID, (long)"limits", 0));
	after = get_content(ID);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
	EXPECT_EQ(ID, agent_call(&member, do_self_id, 0, 0, 0));
	agent_stop(&watcher);
	agent_stop(&member);
}

/* Files that are not there */

TEST_F(fs, no_such_context)
{
	char buf[64];

	EXPECT_EQ(-ENOENT, ctx_read(OTHER_ID, "limits", buf, sizeof(buf)));
	EXPECT_EQ(-ENOENT, ctx_write(OTHER_ID, "limits", "nproc hard 5\n"));
	EXPECT_EQ(-ENOENT, ctx_rmdir(OTHER_ID));
	EXPECT_EQ(-ENOENT, ctx_read(ID, "nosuch", buf, sizeof(buf)));
}

TEST_HARNESS_MAIN
