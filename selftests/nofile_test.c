// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - files and tasks that others hold for a context: descriptions that
 * are passed or in flight, the worker threads and fixed files of io_uring
 */

#define _GNU_SOURCE
#include <sys/mman.h>

#include <linux/io_uring.h>

#include "common.h"

#define ID	60101
#define OTHER	60102

#ifndef __NR_io_uring_setup
#define __NR_io_uring_setup	425
#define __NR_io_uring_enter	426
#define __NR_io_uring_register	427
#endif

/*
 *          host                 ID                    OTHER
 *        the test             member                  other
 */
struct scene {
	struct agent member, other;
	int contexts;
};

static void make_scene(struct __test_metadata *_metadata, struct scene *scene)
{
	ASSERT_EQ(0, ctx_end(ID));
	ASSERT_EQ(0, ctx_end(OTHER));
	scene->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, ctx_mkdir(OTHER));
	ASSERT_EQ(0, agent_start_in(&scene->member, ID));
	ASSERT_EQ(0, agent_start_in(&scene->other, OTHER));
	ASSERT_EQ(0, ctx_usage(ID, NOFILE));
	ASSERT_EQ(1, ctx_usage(ID, NTASK));
}

static void end_scene(struct __test_metadata *_metadata, struct scene *scene)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_EQ(0, ctx_end(OTHER));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == scene->contexts));
}

#define CALL_3(_agent, _fn, _a, _b, _c, ...) \
	agent_call(_agent, _fn, (long)(_a), (long)(_b), (long)(_c))
#define MEMBER(_fn, ...) CALL_3(&self->scene.member, _fn, ##__VA_ARGS__, 0, 0, 0)
#define OTHER_ONE(_fn, ...) CALL_3(&self->scene.other, _fn, ##__VA_ARGS__, 0, 0, 0)

#define EXPECT_FILES(_id, _nofile) do {					\
	long _n = (_nofile);						\
									\
	EXPECT_EQ(_n, ctx_wait_usage(_id, NOFILE, _n));			\
} while (0)

FIXTURE(files) {
	struct scene scene;
};

FIXTURE_SETUP(files)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	make_scene(_metadata, &self->scene);
}

FIXTURE_TEARDOWN_PARENT(files)
{
	end_scene(_metadata, &self->scene);
}

TEST_F(files, passed)
{
	long fd, ours, theirs;

	fd = MEMBER(do_open, "/dev/null", O_RDONLY);
	ASSERT_LE(0, fd);
	ours = agent_take_fd(&self->scene.member, fd);
	ASSERT_LE(0, ours);
	/* A descriptor more is no description more. */
	EXPECT_EQ(0, ctx_set_limits(OTHER, "nofile hard 0"));
	theirs = agent_give_fd(&self->scene.other, ours);
	ASSERT_LE(0, theirs);
	EXPECT_EQ(0, ctx_usage(OTHER, NOFILE));
	close(ours);
	EXPECT_EQ(0, MEMBER(do_close, fd));
	EXPECT_EQ(1, ctx_usage(ID, NOFILE));

	/* It outlives its maker, and is released where it was charged. */
	agent_stop(&self->scene.member);
	EXPECT_EQ(0, ctx_wait_usage(ID, NPROC, 0));
	EXPECT_EQ(1, ctx_usage(ID, NOFILE));
	EXPECT_EQ(0, OTHER_ONE(do_close, theirs));
	EXPECT_FILES(ID, 0);
	EXPECT_EQ(0, ctx_usage(OTHER, NOFILE));
}

/* Passed to a context whose last member takes it with it */
TEST_F(files, receiver_ends)
{
	long fd, ours;

	fd = MEMBER(do_open, "/dev/null", O_RDONLY);
	ASSERT_LE(0, fd);
	ours = agent_take_fd(&self->scene.member, fd);
	ASSERT_LE(0, ours);
	ASSERT_LE(0, agent_give_fd(&self->scene.other, ours));
	close(ours);
	EXPECT_EQ(0, MEMBER(do_close, fd));
	EXPECT_EQ(1, ctx_usage(ID, NOFILE));
	EXPECT_EQ(0, ctx_write(OTHER, "kill", "1\n"));
	EXPECT_FILES(ID, 0);
}

static int pair[2];

static long do_socketpair(long a, long b, long c)
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) ?
	       -errno : 0;
}

static long do_send_in_pair(long fd, long b, long c)
{
	return send_fd(pair[0], fd);
}

static long do_close_pair(long a, long b, long c)
{
	return close(pair[0]) || close(pair[1]) ? -errno : 0;
}

TEST_F(files, in_flight)
{
	long fd;

	EXPECT_EQ(0, MEMBER(do_socketpair));
	fd = MEMBER(do_open, "/dev/null", O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, MEMBER(do_send_in_pair, fd));
	EXPECT_EQ(0, MEMBER(do_close, fd));
	EXPECT_EQ(3, ctx_usage(ID, NOFILE));
	EXPECT_EQ(0, MEMBER(do_close_pair));
	EXPECT_FILES(ID, 0);
}

/* io_uring, by hand: there may be no library for it. */

struct ring {
	int fd;
	char *sq, *cq;
	struct io_uring_sqe *sqes;
	struct io_uring_params p;
};

static struct ring ring;

static long do_ring(long flags, long b, long c)
{
	memset(&ring.p, 0, sizeof(ring.p));
	ring.p.flags = flags;
	ring.p.sq_thread_idle = 100;
	ring.fd = syscall(__NR_io_uring_setup, 8, &ring.p);
	if (ring.fd < 0)
		return -errno;
	ring.sq = mmap(NULL, ring.p.sq_off.array + 8 * sizeof(__u32),
		       PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd,
		       IORING_OFF_SQ_RING);
	ring.cq = mmap(NULL, ring.p.cq_off.cqes +
		       ring.p.cq_entries * sizeof(struct io_uring_cqe),
		       PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd,
		       IORING_OFF_CQ_RING);
	ring.sqes = mmap(NULL, 8 * sizeof(*ring.sqes), PROT_READ | PROT_WRITE,
			 MAP_SHARED, ring.fd, IORING_OFF_SQES);
	if (ring.sq == MAP_FAILED || ring.cq == MAP_FAILED ||
	    ring.sqes == MAP_FAILED)
		return -errno;
	return ring.fd;
}

static void ring_unmap(void)
{
	munmap(ring.sq, ring.p.sq_off.array + 8 * sizeof(__u32));
	munmap(ring.cq, ring.p.cq_off.cqes +
	       ring.p.cq_entries * sizeof(struct io_uring_cqe));
	munmap(ring.sqes, 8 * sizeof(*ring.sqes));
}

static long do_ring_close(long a, long b, long c)
{
	ring_unmap();
	return close(ring.fd) ? -errno : 0;
}

static long ring_submit(const struct io_uring_sqe *sqe, int wait)
{
	__u32 *tail = (__u32 *)(ring.sq + ring.p.sq_off.tail);
	__u32 mask = *(__u32 *)(ring.sq + ring.p.sq_off.ring_mask);
	__u32 *array = (__u32 *)(ring.sq + ring.p.sq_off.array);
	__u32 i = *tail & mask;
	long n;

	ring.sqes[i] = *sqe;
	array[i] = i;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	n = syscall(__NR_io_uring_enter, ring.fd, 1, wait,
		    wait ? IORING_ENTER_GETEVENTS : 0, NULL, 0);
	return n < 0 ? -errno : n;
}

/* The result of the next request that is done */
static long ring_result(void)
{
	__u32 *head = (__u32 *)(ring.cq + ring.p.cq_off.head);
	__u32 *tail = (__u32 *)(ring.cq + ring.p.cq_off.tail);
	__u32 mask = *(__u32 *)(ring.cq + ring.p.cq_off.ring_mask);
	struct io_uring_cqe *cqes = (void *)(ring.cq + ring.p.cq_off.cqes);
	long res;

	if (!WAIT_UNTIL(__atomic_load_n(tail, __ATOMIC_ACQUIRE) != *head))
		return -ETIMEDOUT;
	res = cqes[*head & mask].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return res;
}

/* A request of each, carried out by a worker thread if @flags say so */

static char byte;

static long do_ring_read(long fd, long flags, long c)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_READ,
		.fd = fd,
		.flags = flags,
		.addr = (unsigned long)&byte,
		.len = 1,
	};

	return ring_submit(&sqe, 0);
}

static long do_ring_socket(long slot, long flags, long c)
{
	struct io_uring_sqe sqe = {
		.opcode = 45,		/* IORING_OP_SOCKET */
		.fd = AF_INET,
		.flags = flags,
		.off = SOCK_DGRAM,
		.file_index = slot,
	};
	long err = ring_submit(&sqe, 1);

	return err < 0 ? err : ring_result();
}

static long do_ring_close_slot(long slot, long b, long c)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_CLOSE,
		.file_index = slot,
	};
	long err = ring_submit(&sqe, 1);

	return err < 0 ? err : ring_result();
}

static long do_ring_openat(long flags, long b, long c)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_OPENAT,
		.fd = AT_FDCWD,
		.flags = flags,
		.addr = (unsigned long)"/dev/null",
		.open_flags = O_RDONLY | O_CLOEXEC,
	};
	long err = ring_submit(&sqe, 1);

	return err < 0 ? err : ring_result();
}

static long do_ring_files(long fd, long b, long c)
{
	/* The second one is free. */
	int fds[2] = { fd, -1 };

	return syscall(__NR_io_uring_register, ring.fd, IORING_REGISTER_FILES,
		       fds, 2) ? -errno : 0;
}

static long do_ring_no_files(long a, long b, long c)
{
	return syscall(__NR_io_uring_register, ring.fd,
		       IORING_UNREGISTER_FILES, NULL, 0) ? -errno : 0;
}

static int ends[2];

static long do_pipe(long a, long b, long c)
{
	return pipe2(ends, O_CLOEXEC) ? -errno : ends[0];
}

FIXTURE(io_uring) {
	struct scene scene;
};

FIXTURE_SETUP(io_uring)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	if (do_ring(0, 0, 0) < 0)
		SKIP(return, "no io_uring");
	EXPECT_EQ(0, do_ring_close(0, 0, 0));
	make_scene(_metadata, &self->scene);
}

FIXTURE_TEARDOWN_PARENT(io_uring)
{
	end_scene(_metadata, &self->scene);
}

/* A worker thread that waits in a read is a task, until its process ends. */
TEST_F(io_uring, worker)
{
	long fd;

	ASSERT_LE(0, MEMBER(do_ring));
	fd = MEMBER(do_pipe);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, MEMBER(do_ring_read, fd, IOSQE_ASYNC));
	EXPECT_EQ(2, ctx_wait_usage(ID, NTASK, 2));
	EXPECT_EQ(1, ctx_usage(ID, NPROC));
	EXPECT_EQ(2, ctx_number(ID, "status", "members"));
	EXPECT_EQ(0, ctx_write(ID, "kill", "1\n"));
	agent_stop(&self->scene.member);
	EXPECT_EQ(0, ctx_wait_usage(ID, NTASK, 0));
	EXPECT_FILES(ID, 0);
	EXPECT_EQ(0, ctx_usage(ID, NPROC));
}

/* So is the one that polls for requests, until the ring is closed. */
TEST_F(io_uring, poller)
{
	ASSERT_LE(0, MEMBER(do_ring, IORING_SETUP_SQPOLL));
	EXPECT_EQ(2, ctx_wait_usage(ID, NTASK, 2));
	EXPECT_EQ(0, MEMBER(do_ring_close));
	EXPECT_EQ(1, ctx_wait_usage(ID, NTASK, 1));
	EXPECT_FILES(ID, 0);

	EXPECT_EQ(0, ctx_set_limits(ID, "ntask hard 1"));
	EXPECT_EQ(-EAGAIN, MEMBER(do_ring, IORING_SETUP_SQPOLL));
	EXPECT_FILES(ID, 0);
	EXPECT_EQ(1, ctx_usage(ID, NTASK));
}

/* What a worker makes is its process's. */
TEST_F(io_uring, made_by_worker)
{
	long fd;

	ASSERT_LE(0, MEMBER(do_ring));
	fd = MEMBER(do_ring_openat, IOSQE_ASYNC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(2, ctx_usage(ID, NOFILE));
	EXPECT_EQ(0, MEMBER(do_close, fd));
	fd = MEMBER(do_ring_socket, 0, IOSQE_ASYNC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, ctx_usage(ID, NSOCK));
	EXPECT_EQ(2, ctx_usage(ID, NOFILE));

	EXPECT_EQ(0, ctx_set_limits(ID, "nsock hard 1"));
	EXPECT_EQ(-ENOBUFS, MEMBER(do_ring_socket, 0, IOSQE_ASYNC));
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile hard 2"));
	EXPECT_EQ(-ENFILE, MEMBER(do_ring_openat, IOSQE_ASYNC));
	EXPECT_EQ(0, MEMBER(do_close, fd));
	EXPECT_EQ(0, ctx_wait_usage(ID, NSOCK, 0));
	EXPECT_EQ(0, MEMBER(do_ring_close));
	EXPECT_FILES(ID, 0);
}

/* A fixed file has no descriptor, and is there all the same. */
TEST_F(io_uring, fixed_files)
{
	long fd;

	ASSERT_LE(0, MEMBER(do_ring));
	fd = MEMBER(do_open, "/dev/null", O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, MEMBER(do_ring_files, fd));
	EXPECT_EQ(0, MEMBER(do_close, fd));
	EXPECT_EQ(2, ctx_usage(ID, NOFILE));

	/* One that never has one: made into a slot, which counts from 1 */
	EXPECT_EQ(0, ctx_set_limits(ID, "nsock hard 1 nofile hard 3"));
	EXPECT_EQ(0, MEMBER(do_ring_socket, 2));
	EXPECT_EQ(1, ctx_usage(ID, NSOCK));
	EXPECT_EQ(3, ctx_usage(ID, NOFILE));
	EXPECT_EQ(-ENOBUFS, MEMBER(do_ring_socket, 1));
	EXPECT_EQ(1, ctx_usage(ID, NSOCK));
	EXPECT_EQ(0, MEMBER(do_ring_close_slot, 2));
	EXPECT_EQ(0, ctx_wait_usage(ID, NSOCK, 0));
	EXPECT_FILES(ID, 2);
	EXPECT_EQ(0, MEMBER(do_ring_socket, 2));

	EXPECT_EQ(0, MEMBER(do_ring_no_files));
	EXPECT_FILES(ID, 1);
	EXPECT_EQ(0, ctx_wait_usage(ID, NSOCK, 0));
	EXPECT_EQ(0, MEMBER(do_ring_close));
	EXPECT_FILES(ID, 0);
}

TEST_HARNESS_MAIN
