// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - devices: what a member may open and make
 */

#define _GNU_SOURCE
#include <sys/sysmacros.h>

#include "common.h"

#define ID	60131
#define OTHER	60132

/* Where nodes are made: not in /dev */
#define DIR_NODES "/tmp/vctx-device-test"
#define NODE(name) DIR_NODES "/" name

static const char default_list[] =
	"c 1:3 rwm\nc 1:5 rwm\nc 1:7 rwm\nc 1:8 rwm\nc 1:9 rwm\n"
	"c 5:0 rwm\nc 5:2 rwm\nc 136:* rwm\n";

static long do_mknod(long path, long mode, long dev)
{
	return mknod((const char *)path, mode, dev) ? -errno : 0;
}

static long do_unlink(long path, long b, long c)
{
	return unlink((const char *)path) ? -errno : 0;
}

/* Opens and closes. */
static long do_try(long path, long flags, long c)
{
	long fd = do_open(path, flags, 0);

	return fd < 0 ? fd : do_close(fd, 0, 0);
}

static long do_reopen(long fd, long flags, long c)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%ld", fd);
	return do_try((long)path, flags, 0);
}

static long do_write_zero(long fd, long b, long c)
{
	return write(fd, "", 0) < 0 ? -errno : 0;
}

static long do_write_own(long file, long line, long c)
{
	return ctx_write(self_id(), (const char *)file, (const char *)line);
}

static int make_node(const char *path, mode_t mode, dev_t dev)
{
	unlink(path);
	return mknod(path, mode | 0666, dev) ? -errno : 0;
}

FIXTURE(device) {
	struct agent member;
	int contexts;
};

FIXTURE_SETUP(device)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	ASSERT_EQ(0, ctx_end(OTHER));
	self->contexts = ctx_count();
	umount2(DIR_NODES, MNT_DETACH);
	mkdir(DIR_NODES, 0755);
	ASSERT_EQ(0, mount("none", DIR_NODES, "tmpfs", 0, NULL));
	ASSERT_EQ(0, make_node(NODE("null"), S_IFCHR, makedev(1, 3)));
	ASSERT_EQ(0, make_node(NODE("zero"), S_IFCHR, makedev(1, 5)));
	ASSERT_EQ(0, make_node(NODE("kmsg"), S_IFCHR, makedev(1, 11)));
	ASSERT_EQ(0, make_node(NODE("mem"), S_IFCHR, makedev(1, 1)));
	ASSERT_EQ(0, make_node(NODE("port"), S_IFCHR, makedev(1, 4)));
	ASSERT_EQ(0, make_node(NODE("console"), S_IFCHR, makedev(5, 1)));
	ASSERT_EQ(0, make_node(NODE("loop"), S_IFBLK, makedev(7, 0)));
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
}

FIXTURE_TEARDOWN_PARENT(device)
{
	umount2(DIR_NODES, MNT_DETACH);
	rmdir(DIR_NODES);
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_EQ(0, ctx_end(OTHER));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

#define CALL(_fn, _a, _b, _c) \
	agent_call(&self->member, _fn, (long)(_a), (long)(_b), (long)(_c))
#define TRY(_path, _flags) CALL(do_try, _path, _flags, 0)

static int list_is(__u32 id, const char *expected)
{
	char buf[8192];
	int len = ctx_read(id, "devices", buf, sizeof(buf));

	if (len < 0)
		return len;
	return strcmp(buf, expected) ? -EBADMSG : 0;
}

TEST_F(device, default_list)
{
	static const char *const allowed[] = {
		"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
		"/dev/urandom", "/dev/ptmx", NODE("null"), NODE("zero"),
	};
	static const char *const refused[] = {
		NODE("kmsg"), NODE("mem"), NODE("port"), NODE("console"),
		NODE("loop"),
	};
	size_t i;

	EXPECT_EQ(0, list_is(ID, default_list));
	for (i = 0; i < ARRAY_SIZE(allowed); i++)
		EXPECT_EQ(0, TRY(allowed[i], O_RDWR | O_NOCTTY)) {
			TH_LOG("allowed %zu", i);
		}
	/* There is no controlling terminal; that is not a refusal. */
	EXPECT_NE(-EPERM, TRY("/dev/tty", O_RDWR));
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		/*
		 * Attempt: open(2) for reading of a node that was made
		 * outside of /dev: kmsg, mem, port, console, a loop device
		 */
		EXPECT_EQ(-EPERM, TRY(refused[i], O_RDONLY | O_NOCTTY)) {
			TH_LOG("refused %zu", i);
		}
		/* Attempt: the same for writing */
		EXPECT_EQ(-EPERM, TRY(refused[i], O_WRONLY | O_NOCTTY));
		EXPECT_EQ(-EPERM, TRY(refused[i], O_RDWR | O_NOCTTY));
		/* For ioctl() only */
		/* Attempt: the same for ioctl(2) only (access mode 3) */
		EXPECT_EQ(-EPERM, TRY(refused[i], O_ACCMODE | O_NOCTTY));
		/* The node is there, and can be looked at. */
		EXPECT_EQ(0, TRY(refused[i], O_PATH));
	}
	/* The host is not asked. */
	EXPECT_EQ(0, do_try((long)NODE("kmsg"), O_WRONLY, 0));
}

TEST_F(device, mknod)
{
	EXPECT_EQ(0, CALL(do_mknod, NODE("x"), S_IFCHR | 0600, makedev(1, 3)));
	EXPECT_EQ(0, TRY(NODE("x"), O_RDWR));
	EXPECT_EQ(0, CALL(do_unlink, NODE("x"), 0, 0));
	/* Attempt: mknod(2) of a character device (kmsg) */
	EXPECT_EQ(-EPERM, CALL(do_mknod, NODE("x"), S_IFCHR | 0600,
			       makedev(1, 11)));
	/* Attempt: mknod(2) of a block device (loop) */
	EXPECT_EQ(-EPERM, CALL(do_mknod, NODE("x"), S_IFBLK | 0600,
			       makedev(7, 0)));
	/* The same numbers, and another kind */
	/* Attempt: mknod(2) of a block device with the number of /dev/null */
	EXPECT_EQ(-EPERM, CALL(do_mknod, NODE("x"), S_IFBLK | 0600,
			       makedev(1, 3)));
	/* No devices: a whiteout, a pipe */
	EXPECT_EQ(0, CALL(do_mknod, NODE("x"), S_IFCHR, makedev(0, 0)));
	EXPECT_EQ(0, CALL(do_unlink, NODE("x"), 0, 0));
	EXPECT_EQ(0, CALL(do_mknod, NODE("x"), S_IFIFO | 0600, 0));

	EXPECT_EQ(0, ctx_write(ID, "devices", "deny c 1:3 m\n"));
	EXPECT_EQ(-EPERM, CALL(do_mknod, NODE("y"), S_IFCHR | 0600,
			       makedev(1, 3)));
	EXPECT_EQ(0, TRY("/dev/null", O_RDWR));
	EXPECT_EQ(0, ctx_write(ID, "devices", "allow b 7:* m\n"));
	EXPECT_EQ(0, CALL(do_mknod, NODE("y"), S_IFBLK | 0600, makedev(7, 1)));
	/* Attempt: open(2) of a node that it may make, and no more */
	EXPECT_EQ(-EPERM, TRY(NODE("y"), O_RDONLY));
}

TEST_F(device, change)
{
	EXPECT_EQ(0, ctx_write(ID, "devices", "allow c 1:11 w\n"));
	EXPECT_EQ(0, TRY(NODE("kmsg"), O_WRONLY));
	EXPECT_EQ(-EPERM, TRY(NODE("kmsg"), O_RDONLY));
	EXPECT_EQ(-EPERM, TRY(NODE("kmsg"), O_RDWR));
	EXPECT_EQ(-EPERM, TRY(NODE("kmsg"), O_ACCMODE));
	EXPECT_EQ(0, ctx_write(ID, "devices", "deny c 1:11 rwm\n"));
	EXPECT_EQ(-EPERM, TRY(NODE("kmsg"), O_WRONLY));
	EXPECT_EQ(0, list_is(ID, default_list));

	EXPECT_EQ(0, ctx_write(ID, "devices", "deny c 1:5 w\n"));
	EXPECT_EQ(0, TRY("/dev/zero", O_RDONLY));
	EXPECT_EQ(-EPERM, TRY("/dev/zero", O_WRONLY));
	EXPECT_EQ(-EPERM, TRY("/dev/zero", O_RDWR));
	EXPECT_EQ(0, ctx_write(ID, "devices", "allow c 1:5 w\n"));
	EXPECT_EQ(0, TRY("/dev/zero", O_RDWR));

	/* Several lines that allow it together */
	EXPECT_EQ(0, ctx_write(ID, "devices", "deny c *:* rwm\n"));
	EXPECT_EQ(0, list_is(ID, ""));
	EXPECT_EQ(-EPERM, TRY("/dev/null", O_RDONLY));
	EXPECT_EQ(0, ctx_write(ID, "devices", "allow c 1:* r\n"));
	EXPECT_EQ(0, ctx_write(ID, "devices", "allow c *:3 w\n"));
	EXPECT_EQ(0, TRY("/dev/null", O_RDWR));
	EXPECT_EQ(-EPERM, TRY("/dev/zero", O_RDWR));
	EXPECT_EQ(0, list_is(ID, "c 1:* r\nc *:3 w\n"));

	EXPECT_EQ(0, ctx_write(ID, "devices", "default\n"));
	EXPECT_EQ(0, list_is(ID, default_list));
	EXPECT_EQ(0, TRY("/dev/zero", O_RDWR));
}

TEST_F(device, bad_lines)
{
	static const struct {
		const char *line;
		int err;
	} bad[] = {
		{ "\n", -EINVAL }, { "allow\n", -EINVAL },
		{ "allow c\n", -EINVAL }, { "allow c 1:3\n", -EINVAL },
		{ "allow c 1:3\x20\n", -EINVAL }, { "allow c 1:3 x\n", -EINVAL },
		{ "allow c 1:3 rw r\n", -EINVAL }, { "allow c 1 rw\n", -EINVAL },
		{ "allow c :3 rw\n", -EINVAL }, { "allow c 1: rw\n", -EINVAL },
		{ "allow c +1:3 rw\n", -EINVAL }, { "allow c -1:3 rw\n", -EINVAL },
		{ "allow a *:* rwm\n", -EINVAL }, { "allow p 1:3 rw\n", -EINVAL },
		{ "grant c 1:11 rw\n", -EINVAL }, { "c 1:11 rw\n", -EINVAL },
		{ "default c 1:11 rw\n", -EINVAL }, { "allow c 1:11 r", -EINVAL },
		{ "allow c 1:11 r\nallow c 1:1 r\n", -EINVAL },
		{ "allow c 4096:0 r\n", -ERANGE },
		{ "allow c 1:1048576 r\n", -ERANGE },
		{ "allow c 99999999999:1 r\n", -ERANGE },
		/* What a wider line allows cannot be taken out of it. */
		{ "deny c 136:5 r\n", -EINVAL },
	};
	char line[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(bad[i].err, ctx_write(ID, "devices", bad[i].line)) {
			TH_LOG("line %zu", i);
		}
	EXPECT_EQ(0, list_is(ID, default_list));

	for (i = 0; i < 248; i++) {
		snprintf(line, sizeof(line), "allow c 200:%zu r\n", i);
		ASSERT_EQ(0, ctx_write(ID, "devices", line));
	}
	EXPECT_EQ(-ENOSPC, ctx_write(ID, "devices", "allow c 201:0 r\n"));
	EXPECT_EQ(0, ctx_write(ID, "devices", "allow c 200:0 w\n"));
	EXPECT_EQ(0, ctx_write(ID, "devices", "deny c 200:* rwm\n"));
	EXPECT_EQ(0, list_is(ID, default_list));
}

TEST_F(device, not_by_members)
{
	struct agent other;

	/* Attempt: add to the list of devices of its own context */
	EXPECT_EQ(-EPERM, CALL(do_write_own, "devices", "allow c 1:11 r\n", 0));
	EXPECT_EQ(0, list_is(ID, default_list));
	ASSERT_EQ(0, ctx_mkdir(OTHER));
	ASSERT_EQ(0, agent_start_in(&other, OTHER));
	EXPECT_EQ(0, agent_call(&other, do_try,
				(long)VCTXFS "/60132/devices", O_RDONLY, 0));
	EXPECT_EQ(-ENOENT, agent_call(&other, do_try,
				      (long)VCTXFS "/60131/devices", O_RDONLY, 0));
	/* One's list is nothing to the other. */
	EXPECT_EQ(0, ctx_write(ID, "devices", "deny c 1:3 rwm\n"));
	EXPECT_EQ(-EPERM, TRY("/dev/null", O_RDONLY));
	EXPECT_EQ(0, agent_call(&other, do_try, (long)"/dev/null", O_RDONLY, 0));
	agent_stop(&other);
}

/* A child has what its creator has, and never more. */
TEST_F(device, nested)
{
	long child;

	EXPECT_EQ(0, ctx_write(ID, "devices", "allow c 1:11 w\n"));
	EXPECT_EQ(0, CALL(do_enter, VCTX_ID_NEW, 0, 0));
	child = CALL(do_self_id, 0, 0, 0);
	ASSERT_LT(VCTX_ID_STATIC_MAX, child);
	EXPECT_EQ(0, TRY(NODE("kmsg"), O_WRONLY));
	/* It follows, as long as nothing else is said. */
	EXPECT_EQ(0, ctx_write(ID, "devices", "deny c 1:11 w\n"));
	EXPECT_EQ(-EPERM, TRY(NODE("kmsg"), O_WRONLY));
	EXPECT_EQ(0, list_is(child, default_list));
	/*
	 * Attempt: a context made inside that is allowed more than the one
	 * above
	 */
	EXPECT_EQ(-EPERM, ctx_write(child, "devices", "allow c 1:11 w\n"));
	EXPECT_EQ(-EPERM, ctx_write(child, "devices", "allow c *:* r\n"));

	/* Also with a list of its own that has more. */
	EXPECT_EQ(0, ctx_write(child, "devices", "deny c 1:5 w\n"));
	EXPECT_EQ(0, ctx_write(ID, "devices", "deny c 1:3 rwm\n"));
	EXPECT_EQ(-EPERM, TRY("/dev/null", O_RDONLY));
	EXPECT_EQ(-EPERM, TRY("/dev/zero", O_WRONLY));
	EXPECT_EQ(0, ctx_write(ID, "devices", "default\n"));
	EXPECT_EQ(0, TRY("/dev/null", O_RDONLY));
	EXPECT_EQ(-EPERM, TRY("/dev/zero", O_WRONLY));
	agent_stop(&self->member);
	EXPECT_TRUE(WAIT_UNTIL(!ctx_exists(child)));
}

/* A descriptor keeps its power; one that has none gets none. */
TEST_F(device, passed)
{
	int open_one, path_one, null;
	long theirs;

	open_one = open(NODE("kmsg"), O_WRONLY | O_CLOEXEC);
	path_one = open(NODE("kmsg"), O_PATH | O_CLOEXEC);
	null = open(NODE("null"), O_PATH | O_CLOEXEC);
	ASSERT_LE(0, open_one);
	ASSERT_LE(0, path_one);
	ASSERT_LE(0, null);

	theirs = agent_give_fd(&self->member, open_one);
	ASSERT_LE(0, theirs);
	EXPECT_EQ(0, CALL(do_write_zero, theirs, 0, 0));
	/*
	 * Attempt: open(2) of /proc/self/fd/N, of a device that was passed
	 * open
	 */
	EXPECT_EQ(-EPERM, CALL(do_reopen, theirs, O_WRONLY, 0));
	theirs = agent_give_fd(&self->member, path_one);
	ASSERT_LE(0, theirs);
	/*
	 * Attempt: open(2) of /proc/self/fd/N, of a device that was passed
	 * as O_PATH
	 */
	EXPECT_EQ(-EPERM, CALL(do_reopen, theirs, O_WRONLY, 0));
	theirs = agent_give_fd(&self->member, null);
	ASSERT_LE(0, theirs);
	EXPECT_EQ(0, CALL(do_reopen, theirs, O_RDWR, 0));
	close(open_one);
	close(path_one);
	close(null);
}

/* The host packs its nodes, and a member unpacks them. */

static long do_shell(long command, long b, long c)
{
	int status = system((const char *)command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

TEST_F(device, tar)
{
	struct stat st;

	if (do_shell((long)"tar --version > /dev/null 2>&1", 0, 0))
		SKIP(return, "no tar");
	ASSERT_EQ(0, mkdir(NODE("in"), 0755));
	ASSERT_EQ(0, mkdir(NODE("out"), 0755));
	ASSERT_EQ(0, do_shell((long)"tar -cf " NODE("tar") " -C " DIR_NODES
			      " null kmsg loop", 0, 0));
	EXPECT_EQ(0, do_shell((long)"tar -xpf " NODE("tar") " -C " NODE("out"),
			      0, 0));
	EXPECT_EQ(0, stat(NODE("out/kmsg"), &st));
	/* Attempt: tar(1) that unpacks nodes of devices => these are not there */
	EXPECT_LT(0, CALL(do_shell, "tar -xpf " NODE("tar") " -C " NODE("in")
			  " 2> /dev/null", 0, 0));
	EXPECT_EQ(0, stat(NODE("in/null"), &st));
	EXPECT_EQ(-1, stat(NODE("in/kmsg"), &st));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, stat(NODE("in/loop"), &st));
	EXPECT_EQ(ENOENT, errno);
	/* Attempt: open(2) of a node that the host has unpacked */
	EXPECT_EQ(-EPERM, TRY(NODE("out/kmsg"), O_RDONLY));
}

/* Brought in by a bind mount: the node is the same. */
TEST_F(device, bind_mount)
{
	int fd = open(NODE("plain"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, mount(NODE("kmsg"), NODE("plain"), NULL, MS_BIND, NULL));
	/* Attempt: open(2) of a device that is bind mounted over a file */
	EXPECT_EQ(-EPERM, TRY(NODE("plain"), O_WRONLY));
	EXPECT_EQ(0, do_try((long)NODE("plain"), O_WRONLY, 0));
	EXPECT_EQ(0, umount(NODE("plain")));
}

TEST_HARNESS_MAIN
