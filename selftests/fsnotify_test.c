// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - fsnotify: how many objects may be watched
 */

#define _GNU_SOURCE
#include <sys/fanotify.h>
#include <sys/inotify.h>

#include "common.h"

#define ID	60053
#define ID2	60054

#define FILES	8

/* Headers of the system may be older. */
#ifndef FAN_UNLIMITED_MARKS
#define FAN_UNLIMITED_MARKS	0x00000020
#endif
#ifndef FAN_MARK_FLUSH
#define FAN_MARK_FLUSH		0x00000080
#endif

static const char dir[] = "/tmp/vctx-fsnotify";

/* Always the same one: it is not reentrant, and need not be. */
static const char *name(long i)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%ld", dir, i);
	return path;
}

static long do_inotify(long a, long b, long c)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

static long do_watch(long fd, long i, long mask)
{
	int wd = inotify_add_watch(fd, name(i), mask);

	return wd < 0 ? -errno : wd;
}

static long do_unwatch(long fd, long wd, long c)
{
	return inotify_rm_watch(fd, wd) ? -errno : 0;
}

static long do_touch(long i, long b, long c)
{
	int fd = open(name(i), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	if (write(fd, "x", 1) != 1)
		return -EIO;
	close(fd);
	return 0;
}

static long do_unlink(long i, long b, long c)
{
	return unlink(name(i)) ? -errno : 0;
}

static long do_fanotify(long flags, long b, long c)
{
	int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK |
			       flags, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static long do_mark(long fd, long i, long flags)
{
	return fanotify_mark(fd, flags, FAN_CLOSE_WRITE, AT_FDCWD, name(i)) ?
	       -errno : 0;
}

FIXTURE(fsnotify) {
	struct agent member;
	int contexts;
};

FIXTURE_SETUP(fsnotify)
{
	int i;

	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	ASSERT_EQ(0, ctx_end(ID2));
	self->contexts = ctx_count();
	ASSERT_EQ(0, mkdir(dir, 0700));
	/* On its own, so that it can be unmounted. */
	ASSERT_EQ(0, mount("none", dir, "tmpfs", 0, NULL));
	for (i = 0; i < FILES; i++)
		ASSERT_EQ(0, do_touch(i, 0, 0));
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
	ASSERT_EQ(0, ctx_usage(ID, NINOTIFY));
}

FIXTURE_TEARDOWN_PARENT(fsnotify)
{
	umount2(dir, MNT_DETACH);
	rmdir(dir);
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_EQ(0, ctx_end(ID2));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

#define CALL(_fn, ...) CALL_(_fn, ##__VA_ARGS__, 0, 0, 0)
#define CALL_(_fn, _a, _b, _c, ...) agent_call(&self->member, _fn, _a, _b, _c)

TEST_F(fsnotify, inotify_hard)
{
	struct limit limit;
	long fd, fd2, wd[3];
	int i;

	EXPECT_EQ(0, ctx_set_limits(ID, "ninotify hard 3"));
	fd = CALL(do_inotify);
	ASSERT_LE(0, fd);
	for (i = 0; i < 3; i++) {
		wd[i] = CALL(do_watch, fd, i, IN_MODIFY);
		EXPECT_LT(0, wd[i]);
		EXPECT_EQ(1 + i, ctx_usage(ID, NINOTIFY));
	}
	EXPECT_EQ(-ENOSPC, CALL(do_watch, fd, 3, IN_MODIFY));
	/* Another instance does not help. */
	fd2 = CALL(do_inotify);
	EXPECT_EQ(-ENOSPC, CALL(do_watch, fd2, 0, IN_MODIFY));
	ASSERT_EQ(0, ctx_limit(ID, NINOTIFY, &limit));
	EXPECT_EQ(3, limit.usage);
	EXPECT_EQ(3, limit.peak);
	EXPECT_EQ(2, limit.fail);
	EXPECT_EQ(2, ctx_number(ID, "events", "ninotify.hard"));

	/* What is watched already may still be changed. */
	EXPECT_EQ(wd[0], CALL(do_watch, fd, 0, IN_ACCESS));
	EXPECT_EQ(wd[1], CALL(do_watch, fd, 1, IN_ACCESS | IN_MASK_ADD));
	EXPECT_EQ(-EEXIST, CALL(do_watch, fd, 1, IN_ACCESS | IN_MASK_CREATE));
	EXPECT_EQ(3, ctx_usage(ID, NINOTIFY));
	EXPECT_EQ(2, ctx_fail(ID, NINOTIFY));

	/* Room at once, not when the memory is freed. */
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(0, CALL(do_unwatch, fd, wd[0]));
		EXPECT_EQ(2, ctx_usage(ID, NINOTIFY));
		wd[0] = CALL(do_watch, fd2, 0, IN_MODIFY);
		EXPECT_LT(0, wd[0]);
		EXPECT_EQ(0, CALL(do_unwatch, fd2, wd[0]));
		wd[0] = CALL(do_watch, fd, 0, IN_MODIFY);
		EXPECT_LT(0, wd[0]);
	}
	EXPECT_EQ(3, ctx_usage(ID, NINOTIFY));
	EXPECT_EQ(2, ctx_fail(ID, NINOTIFY));
	EXPECT_EQ(0, CALL(do_close, fd));
	EXPECT_EQ(0, ctx_wait_usage(ID, NINOTIFY, 0));
}

/* A watch has many ways to end. */
TEST_F(fsnotify, inotify_ends)
{
	char buf[4096];
	long fd, wd, ours;

	fd = CALL(do_inotify);
	ASSERT_LE(0, fd);
	EXPECT_LT(0, CALL(do_watch, fd, 0, IN_MODIFY | IN_ONESHOT));
	EXPECT_LT(0, CALL(do_watch, fd, 1, IN_MODIFY));
	EXPECT_LT(0, CALL(do_watch, fd, 2, IN_MODIFY));
	wd = CALL(do_watch, fd, 3, IN_MODIFY);
	EXPECT_EQ(4, ctx_usage(ID, NINOTIFY));

	/* It has told once, from whom does not matter. */
	EXPECT_EQ(0, do_touch(0, 0, 0));
	EXPECT_EQ(3, ctx_usage(ID, NINOTIFY));
	/* Its file is deleted, here by the host and there by a member. */
	EXPECT_EQ(0, do_unlink(1, 0, 0));
	EXPECT_EQ(2, ctx_wait_usage(ID, NINOTIFY, 2));
	EXPECT_EQ(0, CALL(do_unlink, 2));
	EXPECT_EQ(1, ctx_wait_usage(ID, NINOTIFY, 1));
	EXPECT_EQ(0, CALL(do_unwatch, fd, wd));
	EXPECT_EQ(0, ctx_usage(ID, NINOTIFY));

	/* The file system goes. */
	EXPECT_LT(0, CALL(do_watch, fd, 4, IN_MODIFY));
	EXPECT_EQ(1, ctx_usage(ID, NINOTIFY));
	EXPECT_EQ(0, umount(dir));
	EXPECT_EQ(0, ctx_wait_usage(ID, NINOTIFY, 0));

	/* The events of all of it can be read; they are not counted. */
	ours = agent_take_fd(&self->member, fd);
	ASSERT_LE(0, ours);
	EXPECT_LT(0, read(ours, buf, sizeof(buf)));
	close(ours);
}

static long do_read_all(long fd, long b, long c)
{
	char buf[4096];
	long n, sum = 0;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		sum += n;
	return sum;
}

/* The files again, on a filesystem that is the member's own */
static long do_mount_own(long a, long b, long c)
{
	long err = 0;
	int i;

	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", dir, "tmpfs", 0, NULL))
		return -errno;
	for (i = 0; i < FILES && !err; i++)
		err = do_touch(i, 0, 0);
	return err;
}

TEST_F(fsnotify, fanotify)
{
	struct limit limit;
	long fd, unlimited;

	ASSERT_EQ(0, CALL(do_mount_own));
	EXPECT_EQ(0, ctx_set_limits(ID, "ninotify hard 3"));
	fd = CALL(do_fanotify, 0);
	ASSERT_LE(0, fd);
	unlimited = CALL(do_fanotify, FAN_UNLIMITED_MARKS);
	ASSERT_LE(0, unlimited);

	EXPECT_EQ(0, CALL(do_mark, fd, 0, FAN_MARK_ADD));
	EXPECT_EQ(0, CALL(do_mark, unlimited, 0, FAN_MARK_ADD));
	EXPECT_EQ(0, CALL(do_mark, fd, 1, FAN_MARK_ADD));
	EXPECT_EQ(3, ctx_usage(ID, NINOTIFY));
	EXPECT_EQ(-ENOSPC, CALL(do_mark, fd, 2, FAN_MARK_ADD));
	EXPECT_EQ(-ENOSPC, CALL(do_mark, unlimited, 2, FAN_MARK_ADD));
	/* Mounts and file systems as well as files. */
	EXPECT_EQ(-ENOSPC, CALL(do_mark, fd, 0, FAN_MARK_ADD | FAN_MARK_MOUNT));
	EXPECT_EQ(0, CALL(do_mark, fd, 1, FAN_MARK_ADD | FAN_MARK_IGNORED_MASK));
	ASSERT_EQ(0, ctx_limit(ID, NINOTIFY, &limit));
	EXPECT_EQ(3, limit.usage);
	EXPECT_EQ(3, limit.peak);
	EXPECT_EQ(3, limit.fail);

	EXPECT_EQ(0, CALL(do_mark, unlimited, 0, FAN_MARK_REMOVE));
	EXPECT_EQ(2, ctx_usage(ID, NINOTIFY));
	EXPECT_EQ(0, CALL(do_mark, fd, 0, FAN_MARK_ADD | FAN_MARK_MOUNT));
	EXPECT_EQ(3, ctx_usage(ID, NINOTIFY));
	EXPECT_EQ(0, CALL(do_mark, fd, 0, FAN_MARK_FLUSH | FAN_MARK_MOUNT));
	EXPECT_EQ(2, ctx_usage(ID, NINOTIFY));
	EXPECT_EQ(0, CALL(do_mark, fd, 0, FAN_MARK_ADD | FAN_MARK_FILESYSTEM));
	EXPECT_EQ(3, ctx_usage(ID, NINOTIFY));
	EXPECT_EQ(0, CALL(do_mark, fd, 0, FAN_MARK_FLUSH));
	EXPECT_EQ(1, ctx_usage(ID, NINOTIFY));
	EXPECT_EQ(0, CALL(do_close, fd));
	EXPECT_EQ(0, CALL(do_close, unlimited));
	EXPECT_EQ(0, ctx_wait_usage(ID, NINOTIFY, 0));
}

/*
 *   host -- ID (hard 3) -- child (hard 2)
 */
TEST_F(fsnotify, hierarchy)
{
	struct agent below;
	long child, fd, above;

	EXPECT_EQ(0, ctx_set_limits(ID, "ninotify hard 3"));
	above = CALL(do_inotify);
	ASSERT_EQ(0, agent_start_in(&below, ID));
	fd = agent_call(&below, do_inotify, 0, 0, 0);
	EXPECT_LT(0, agent_call(&below, do_watch, fd, 7, IN_MODIFY));
	ASSERT_EQ(0, agent_call(&below, do_enter, VCTX_ID_NEW, 0, 0));
	child = agent_call(&below, do_self_id, 0, 0, 0);
	ASSERT_LT(0, child);
	EXPECT_EQ(0, ctx_usage(child, NINOTIFY));
	EXPECT_EQ(1, ctx_usage(ID, NINOTIFY));

	EXPECT_EQ(0, ctx_set_limits(child, "ninotify hard 2"));
	EXPECT_LT(0, agent_call(&below, do_watch, fd, 0, IN_MODIFY));
	EXPECT_LT(0, agent_call(&below, do_watch, fd, 1, IN_MODIFY));
	EXPECT_EQ(-ENOSPC, agent_call(&below, do_watch, fd, 2, IN_MODIFY));
	EXPECT_EQ(2, ctx_usage(child, NINOTIFY));
	EXPECT_EQ(3, ctx_usage(ID, NINOTIFY));
	EXPECT_EQ(1, ctx_fail(child, NINOTIFY));
	EXPECT_EQ(0, ctx_fail(ID, NINOTIFY));
	EXPECT_EQ(0, ctx_set_limits(child, "ninotify hard max"));
	EXPECT_EQ(-ENOSPC, agent_call(&below, do_watch, fd, 2, IN_MODIFY));
	EXPECT_EQ(-ENOSPC, CALL(do_watch, above, 2, IN_MODIFY));
	EXPECT_EQ(2, ctx_usage(child, NINOTIFY));
	EXPECT_EQ(3, ctx_usage(ID, NINOTIFY));
	EXPECT_EQ(1, ctx_fail(child, NINOTIFY));
	EXPECT_EQ(2, ctx_fail(ID, NINOTIFY));
	agent_stop(&below);
	EXPECT_EQ(0, ctx_wait_usage(ID, NINOTIFY, 0));
	EXPECT_LT(0, CALL(do_watch, above, 2, IN_MODIFY));
	EXPECT_EQ(0, ctx_end_dynamic(child));
}

/* A descriptor in several hands: each pays for what it adds, until it goes. */
TEST_F(fsnotify, passed)
{
	struct agent other;
	long fd, theirs, ours, wd;

	EXPECT_EQ(0, ctx_mkdir(ID2));
	ASSERT_EQ(0, agent_start_in(&other, ID2));
	fd = CALL(do_inotify);
	ASSERT_LE(0, fd);
	wd = CALL(do_watch, fd, 0, IN_MODIFY);
	EXPECT_LT(0, wd);
	ours = agent_take_fd(&self->member, fd);
	ASSERT_LE(0, ours);
	theirs = agent_give_fd(&other, ours);
	ASSERT_LE(0, theirs);

	EXPECT_LT(0, agent_call(&other, do_watch, theirs, 1, IN_MODIFY));
	EXPECT_LT(0, agent_call(&other, do_watch, theirs, 2, IN_MODIFY));
	EXPECT_LT(0, do_watch(ours, 3, IN_MODIFY));
	/* A change does not make it another's. */
	EXPECT_EQ(wd, agent_call(&other, do_watch, theirs, 0, IN_ACCESS));
	EXPECT_EQ(1, ctx_usage(ID, NINOTIFY));
	EXPECT_EQ(2, ctx_usage(ID2, NINOTIFY));

	/* Removed by somebody else: released to who has added it. */
	EXPECT_EQ(0, agent_call(&other, do_unwatch, theirs, wd, 0));
	EXPECT_EQ(0, ctx_usage(ID, NINOTIFY));
	EXPECT_EQ(2, ctx_usage(ID2, NINOTIFY));

	/* It outlives who has added them. */
	agent_stop(&other);
	EXPECT_EQ(0, ctx_wait_usage(ID2, NPROC, 0));
	EXPECT_EQ(2, ctx_usage(ID2, NINOTIFY));
	EXPECT_EQ(0, CALL(do_close, fd));
	EXPECT_EQ(2, ctx_usage(ID2, NINOTIFY));
	close(ours);
	EXPECT_EQ(0, ctx_wait_usage(ID2, NINOTIFY, 0));
}

/* The context ends with its watches in foreign hands. */
TEST_F(fsnotify, orphaned)
{
	struct agent other;
	long fd, ours, id;

	ASSERT_EQ(0, agent_start(&other));
	ASSERT_EQ(0, agent_call(&other, do_enter, VCTX_ID_NEW, 0, 0));
	id = agent_call(&other, do_self_id, 0, 0, 0);
	fd = agent_call(&other, do_inotify, 0, 0, 0);
	EXPECT_LT(0, agent_call(&other, do_watch, fd, 0, IN_MODIFY));
	ours = agent_take_fd(&other, fd);
	ASSERT_LE(0, ours);
	agent_stop(&other);
	EXPECT_TRUE(WAIT_UNTIL(!ctx_exists(id)));
	EXPECT_EQ(0, do_touch(0, 0, 0));
	EXPECT_LT(0, do_read_all(ours, 0, 0));
	close(ours);
}

TEST_F(fsnotify, others)
{
	struct agent neighbour;
	long fd;

	EXPECT_EQ(0, ctx_mkdir(ID2));
	ASSERT_EQ(0, agent_start_in(&neighbour, ID2));
	EXPECT_EQ(0, ctx_set_limits(ID, "ninotify hard 0"));
	fd = CALL(do_inotify);
	EXPECT_LE(0, fd);
	EXPECT_EQ(-ENOSPC, CALL(do_watch, fd, 0, IN_MODIFY));

	fd = agent_call(&neighbour, do_inotify, 0, 0, 0);
	EXPECT_LT(0, agent_call(&neighbour, do_watch, fd, 0, IN_MODIFY));
	EXPECT_EQ(1, ctx_usage(ID2, NINOTIFY));
	fd = do_inotify(0, 0, 0);
	EXPECT_LT(0, do_watch(fd, 0, IN_MODIFY));
	close(fd);
	EXPECT_EQ(1, ctx_usage(ID2, NINOTIFY));
	EXPECT_EQ(0, ctx_usage(ID, NINOTIFY));
	EXPECT_EQ(0, ctx_peak(ID, NINOTIFY));
	agent_stop(&neighbour);
}

TEST_F(fsnotify, of_the_host)
{
	long fd;

	fd = do_fanotify(0, 0, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, do_mark(fd, 0, FAN_MARK_ADD | FAN_MARK_FILESYSTEM));
	close(fd);
	fd = CALL(do_fanotify, 0);
	ASSERT_LE(0, fd);
	/* Attempt: fanotify_mark(2) of a whole filesystem of the host */
	EXPECT_EQ(-EPERM, CALL(do_mark, fd, 0,
			       FAN_MARK_ADD | FAN_MARK_FILESYSTEM));
	/* Attempt: fanotify_mark(2) of a mount of one */
	EXPECT_EQ(-EPERM, CALL(do_mark, fd, 0, FAN_MARK_ADD | FAN_MARK_MOUNT));
	EXPECT_EQ(0, CALL(do_mark, fd, 0, FAN_MARK_ADD));
	EXPECT_EQ(0, CALL(do_close, fd));
	EXPECT_EQ(0, ctx_wait_usage(ID, NINOTIFY, 0));
}

TEST_HARNESS_MAIN
