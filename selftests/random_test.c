// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - nrandom: bytes written to /dev/random and /dev/urandom
 */

#define _GNU_SOURCE
#include <linux/random.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "common.h"

#define ID	60081
#define OTHER	60082

FIXTURE(random) {
	struct agent member, other;
	int contexts;
	long fd, theirs;
};

FIXTURE_VARIANT(random) {
	const char *path;
};

FIXTURE_VARIANT_ADD(random, random) {
	.path = "/dev/random",
};

FIXTURE_VARIANT_ADD(random, urandom) {
	.path = "/dev/urandom",
};

FIXTURE_SETUP(random)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	ASSERT_EQ(0, ctx_end(OTHER));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, ctx_mkdir(OTHER));
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
	ASSERT_EQ(0, agent_start_in(&self->other, OTHER));
	self->fd = agent_call(&self->member, do_open, (long)variant->path,
			      O_RDWR, 0);
	ASSERT_LE(0, self->fd);
	self->theirs = agent_call(&self->other, do_open, (long)variant->path,
				  O_RDWR, 0);
	ASSERT_LE(0, self->theirs);
	ASSERT_EQ(0, ctx_usage(ID, NRANDOM));
}

FIXTURE_TEARDOWN_PARENT(random)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_EQ(0, ctx_end(OTHER));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

/* Called by the test itself, or by agents */

static char data[65536];

static long do_write_random(long fd, long len, long c)
{
	ssize_t n = write(fd, data, len);

	return n < 0 ? -errno : n;
}

static long do_writev(long fd, long len, long c)
{
	struct iovec iov[2] = {
		{ .iov_base = data, .iov_len = len },
		{ .iov_base = data, .iov_len = len },
	};
	ssize_t n = writev(fd, iov, 2);

	return n < 0 ? -errno : n;
}

static long do_read(long fd, long len, long c)
{
	ssize_t n = read(fd, data, len);

	return n < 0 ? -errno : n;
}

/* Up to what cannot be read: @before bytes, and then @after there are not */
static long do_write_fault(long fd, long before, long after)
{
	long page = sysconf(_SC_PAGESIZE), size = 4 * page;
	char *map = mmap(NULL, size + page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ssize_t n;
	int err;

	if (map == MAP_FAILED)
		return -errno;
	munmap(map + size, page);
	n = write(fd, map + size - before, before + after);
	err = errno;
	munmap(map, size);
	return n < 0 ? -err : n;
}

static long do_splice(long fd, long len, long c)
{
	int ends[2];
	ssize_t n;
	int err;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	n = write(ends[1], data, len);
	if (n == len)
		n = splice(ends[0], NULL, fd, NULL, len, 0);
	err = errno;
	close(ends[0]);
	close(ends[1]);
	return n < 0 ? -err : n;
}

static long do_add_entropy(long fd, long len, long c)
{
	static struct {
		struct rand_pool_info head;
		char data[4096];
	} pool;

	pool.head.entropy_count = 0;
	pool.head.buf_size = len;
	return ioctl(fd, RNDADDENTROPY, &pool) ? -errno : 0;
}

#define MEMBER(_fn, ...) \
	CALL_3(&self->member, _fn, self->fd, ##__VA_ARGS__, 0, 0)
#define OTHER_ONE(_fn, ...) \
	CALL_3(&self->other, _fn, self->theirs, ##__VA_ARGS__, 0, 0)
#define CALL_3(_agent, _fn, _a, _b, _c, ...) \
	agent_call(_agent, _fn, (long)(_a), (long)(_b), (long)(_c))

TEST_F(random, counted)
{
	int fd = open(variant->path, O_RDWR | O_CLOEXEC);

	EXPECT_EQ(100, MEMBER(do_write_random, 100));
	EXPECT_EQ(100, ctx_usage(ID, NRANDOM));
	EXPECT_EQ(1, MEMBER(do_write_random, 1));
	EXPECT_EQ(101, ctx_usage(ID, NRANDOM));
	EXPECT_EQ(sizeof(data), MEMBER(do_write_random, sizeof(data)));
	EXPECT_EQ(101 + sizeof(data), ctx_usage(ID, NRANDOM));
	EXPECT_EQ(20, MEMBER(do_writev, 10));
	EXPECT_EQ(121 + sizeof(data), ctx_usage(ID, NRANDOM));
	EXPECT_EQ(1000, MEMBER(do_splice, 1000));
	EXPECT_EQ(1121 + sizeof(data), ctx_usage(ID, NRANDOM));
	EXPECT_EQ(0, MEMBER(do_write_random, 0));
	EXPECT_EQ(32, MEMBER(do_read, 32));
	EXPECT_EQ(1121 + sizeof(data), ctx_usage(ID, NRANDOM));
	EXPECT_EQ(1121 + sizeof(data), ctx_peak(ID, NRANDOM));

	EXPECT_EQ(10, OTHER_ONE(do_write_random, 10));
	EXPECT_EQ(10, ctx_usage(OTHER, NRANDOM));
	EXPECT_EQ(10, do_write_random(fd, 10, 0));
	EXPECT_EQ(1121 + sizeof(data), ctx_usage(ID, NRANDOM));
	close(fd);

	/* It never falls. */
	agent_stop(&self->member);
	EXPECT_EQ(0, ctx_wait_usage(ID, NPROC, 0));
	EXPECT_EQ(1121 + sizeof(data), ctx_usage(ID, NRANDOM));
}

TEST_F(random, hard)
{
	int fd = open(variant->path, O_RDWR | O_CLOEXEC);

	EXPECT_EQ(0, ctx_set_limits(ID, "nrandom soft 100 hard 150"));
	EXPECT_EQ(100, MEMBER(do_write_random, 100));
	EXPECT_EQ(0, ctx_number(ID, "events", "nrandom.soft"));
	/* All of a write or nothing */
	EXPECT_EQ(-EPERM, MEMBER(do_write_random, 51));
	EXPECT_EQ(-EPERM, MEMBER(do_writev, 26));
	EXPECT_EQ(-EPERM, MEMBER(do_splice, 51));
	EXPECT_EQ(100, ctx_usage(ID, NRANDOM));
	EXPECT_EQ(3, ctx_fail(ID, NRANDOM));
	EXPECT_EQ(50, MEMBER(do_write_random, 50));
	EXPECT_EQ(1, ctx_number(ID, "events", "nrandom.soft"));
	EXPECT_EQ(-EPERM, MEMBER(do_write_random, 1));
	EXPECT_EQ(150, ctx_usage(ID, NRANDOM));
	EXPECT_EQ(150, ctx_peak(ID, NRANDOM));
	EXPECT_EQ(4, ctx_number(ID, "events", "nrandom.hard"));

	/* To read is allowed, and so is all to others. */
	EXPECT_EQ(32, MEMBER(do_read, 32));
	EXPECT_EQ(0, MEMBER(do_write_random, 0));
	EXPECT_EQ(1000, OTHER_ONE(do_write_random, 1000));
	EXPECT_EQ(1000, do_write_random(fd, 1000, 0));
	close(fd);
}

TEST_F(random, denied)
{
	EXPECT_EQ(0, ctx_set_limits(ID, "nrandom hard 0"));
	/* Attempt: write(2) with nrandom limited to 0 */
	EXPECT_EQ(-EPERM, MEMBER(do_write_random, 1));
	EXPECT_EQ(-EPERM, MEMBER(do_write_random, sizeof(data)));
	EXPECT_EQ(0, MEMBER(do_write_random, 0));
	EXPECT_EQ(32, MEMBER(do_read, 32));
	EXPECT_EQ(0, ctx_usage(ID, NRANDOM));
	EXPECT_EQ(0, ctx_peak(ID, NRANDOM));
}

/* What a fault kept from being mixed in is not counted. */
TEST_F(random, partial)
{
	EXPECT_EQ(-EFAULT, MEMBER(do_write_fault, 0, 100));
	EXPECT_EQ(0, ctx_usage(ID, NRANDOM));
	EXPECT_EQ(100, MEMBER(do_write_fault, 100, 100));
	EXPECT_EQ(100, ctx_usage(ID, NRANDOM));
	EXPECT_EQ(5000, MEMBER(do_write_fault, 5000, 3000));
	EXPECT_EQ(5100, ctx_usage(ID, NRANDOM));

	/* The limit is for what was asked for. */
	EXPECT_EQ(0, ctx_set_limits(ID, "nrandom hard 5200"));
	EXPECT_EQ(-EPERM, MEMBER(do_write_fault, 50, 100));
	EXPECT_EQ(5100, ctx_usage(ID, NRANDOM));
	EXPECT_EQ(50, MEMBER(do_write_fault, 50, 50));
	EXPECT_EQ(5150, ctx_usage(ID, NRANDOM));
}

TEST_F(random, nested)
{
	__u32 child;

	EXPECT_EQ(0, agent_call(&self->member, do_enter, VCTX_ID_NEW, 0, 0));
	child = agent_call(&self->member, do_self_id, 0, 0, 0);
	EXPECT_EQ(0, ctx_set_limits(ID, "nrandom hard 100"));
	EXPECT_EQ(60, MEMBER(do_write_random, 60));
	EXPECT_EQ(60, ctx_usage(child, NRANDOM));
	EXPECT_EQ(60, ctx_usage(ID, NRANDOM));
	EXPECT_EQ(-EPERM, MEMBER(do_write_random, 41));
	EXPECT_EQ(60, ctx_usage(child, NRANDOM));
	EXPECT_EQ(0, ctx_fail(child, NRANDOM));
	EXPECT_EQ(1, ctx_fail(ID, NRANDOM));
	EXPECT_EQ(40, MEMBER(do_write_random, 40));
	EXPECT_EQ(100, ctx_usage(ID, NRANDOM));
}

static long do_ioctl(long fd, long request, long arg)
{
	return ioctl(fd, request, arg) ? -errno : 0;
}

/* Whatever capabilities it has; to ask how much there is, is allowed. */
TEST_F(random, ioctl)
{
	static int bits;
	int fd = open(variant->path, O_RDWR | O_CLOEXEC);
	long passed;

	/* Attempt: ioctl RNDADDENTROPY */
	EXPECT_EQ(-EPERM, MEMBER(do_add_entropy, 64));
	/* Attempt: ioctl RNDADDTOENTCNT */
	EXPECT_EQ(-EPERM, MEMBER(do_ioctl, RNDADDTOENTCNT, &bits));
	/* Attempt: ioctl RNDZAPENTCNT */
	EXPECT_EQ(-EPERM, MEMBER(do_ioctl, RNDZAPENTCNT));
	/* Attempt: ioctl RNDCLEARPOOL */
	EXPECT_EQ(-EPERM, MEMBER(do_ioctl, RNDCLEARPOOL));
	/* Attempt: ioctl RNDRESEEDCRNG */
	EXPECT_EQ(-EPERM, MEMBER(do_ioctl, RNDRESEEDCRNG));
	EXPECT_EQ(0, MEMBER(do_ioctl, RNDGETENTCNT, &bits));
	EXPECT_EQ(0, ctx_usage(ID, NRANDOM));

	/* Nor with a descriptor of the host */
	ASSERT_LE(0, fd);
	passed = agent_give_fd(&self->member, fd);
	ASSERT_LE(0, passed);
	/* Attempt: ioctl RNDADDENTROPY with a descriptor that was passed */
	EXPECT_EQ(-EPERM, agent_call(&self->member, do_add_entropy, passed, 64, 0));
	EXPECT_EQ(0, do_add_entropy(fd, 64, 0));
	EXPECT_EQ(0, do_ioctl(fd, RNDADDTOENTCNT, (long)&bits));
	close(fd);
}

TEST_HARNESS_MAIN
