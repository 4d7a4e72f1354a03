// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - userfaultfd: of one's own memory, charged and limited as ever,
 * and of the kernel's faults only by what the ceiling and the devices allow
 */

#define _GNU_SOURCE
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include <linux/userfaultfd.h>

#include "common.h"

#define ID	60181
#define PG	4096L

#define DIR_UFFD "/tmp/vctx-userfaultfd-test"
#define NODE	DIR_UFFD "/userfaultfd"
#define SHARED	DIR_UFFD "/shared"

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif
#ifndef USERFAULTFD_IOC_NEW
#define USERFAULTFD_IOC_NEW _IO(0xAA, 0x00)
#endif

/* Newer than some headers */
#define MOVE _IOWR(UFFDIO, 0x05, struct uffd_move)

struct uffd_move {
	__u64 dst, src, len, mode;
	__s64 move;
};

/*
 *          host                        context ID
 *   .----------------.            .----------------.
 *   | test           |            |                |
 *   |  `- outside    |            |  member        |
 *   '----------------'            '----------------'
 */
FIXTURE(uffd) {
	struct agent outside;
	struct agent member;
	int contexts;
};

#define CALL(_fn, _a, _b, _c) \
	agent_call(&self->member, _fn, (long)(_a), (long)(_b), (long)(_c))
#define OUTSIDE(_fn, _a, _b, _c) \
	agent_call(&self->outside, _fn, (long)(_a), (long)(_b), (long)(_c))

/* One that has agreed on the version */
static long with_api(int fd)
{
	struct uffdio_api api = { .api = UFFD_API };
	long err;

	if (fd < 0)
		return -errno;
	if (!ioctl(fd, UFFDIO_API, &api))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static long do_uffd(long flags, long b, long c)
{
	return with_api(syscall(__NR_userfaultfd, flags | O_CLOEXEC | O_NONBLOCK));
}

static long try_uffd(void)
{
	long fd = do_uffd(UFFD_USER_MODE_ONLY, 0, 0);

	return fd < 0 ? fd : do_close(fd, 0, 0);
}

static long do_uffd_device(long flags, long b, long c)
{
	int dev = open(NODE, O_RDWR | O_CLOEXEC);
	long fd;

	if (dev < 0)
		return -errno;
	fd = with_api(ioctl(dev, USERFAULTFD_IOC_NEW,
			    flags | O_CLOEXEC | O_NONBLOCK));
	close(dev);
	return fd;
}

static long do_map(long len, long flags, long c)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags,
		       -1, 0);

	return p == MAP_FAILED ? -errno : (long)p;
}

static long do_register(long fd, long addr, long len)
{
	struct uffdio_register reg = {
		.range = { .start = addr, .len = len },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	return ioctl(fd, UFFDIO_REGISTER, &reg) ? -errno : 0;
}

/* Fills a page with @byte. */
static long do_copy(long fd, long addr, long byte)
{
	static char page[PG] __attribute__((aligned(PG)));
	struct uffdio_copy copy = {
		.dst = addr,
		.src = (long)page,
		.len = PG,
	};

	memset(page, byte, sizeof(page));
	return ioctl(fd, UFFDIO_COPY, &copy) ? -errno : 0;
}

static long do_zero(long fd, long addr, long c)
{
	struct uffdio_zeropage zero = { .range = { .start = addr, .len = PG } };

	return ioctl(fd, UFFDIO_ZEROPAGE, &zero) ? -errno : 0;
}

static long do_move(long fd, long to, long from)
{
	struct uffd_move move = { .dst = to, .src = from, .len = PG };

	return ioctl(fd, MOVE, &move) ? -errno : 0;
}

static long do_peek(long addr, long b, long c)
{
	return *(volatile char *)addr;
}

static long do_munmap(long addr, long len, long c)
{
	return munmap((void *)addr, len) ? -errno : 0;
}

FIXTURE_SETUP(uffd)
{
	long err;

	self->contexts = -1;
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	err = try_uffd();
	if (err == -ENOSYS)
		SKIP(return, "the kernel has no userfaultfd (CONFIG_USERFAULTFD)");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, ctx_end(ID));
	self->contexts = ctx_count();
	umount2(DIR_UFFD, MNT_DETACH);
	mkdir(DIR_UFFD, 0755);
	ASSERT_EQ(0, mount("none", DIR_UFFD, "tmpfs", 0, NULL));
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start(&self->outside));
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
	ASSERT_EQ(0, CALL(do_populate, 0, 0, 0));
}

FIXTURE_TEARDOWN_PARENT(uffd)
{
	if (self->contexts < 0)
		return;
	umount2(DIR_UFFD, MNT_DETACH);
	rmdir(DIR_UFFD);
	/* With all usages at zero */
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

/* Faults */

struct handler {
	int uffd;
	int stop;
	long page;
};

/* Answers one fault with a page of 'x', or none. */
static void *handle(void *arg)
{
	const struct handler *handler = arg;
	struct pollfd poll_fd[] = {
		{ .fd = handler->uffd, .events = POLLIN },
		{ .fd = handler->stop, .events = POLLIN },
	};
	struct uffd_msg msg;

	poll(poll_fd, 2, PATIENCE_MS);
	if (poll_fd[0].revents & POLLIN &&
	    read(handler->uffd, &msg, sizeof(msg)) == sizeof(msg) &&
	    msg.event == UFFD_EVENT_PAGEFAULT)
		do_copy(handler->uffd, handler->page, 'x');
	return NULL;
}

/* What is in a page of its own that is filled on demand */
static long do_fault(long fd, long by_kernel, long c)
{
	struct handler handler = { .uffd = fd };
	int out[2], stop[2];
	pthread_t thread;
	long ret;
	char byte;

	if (fd < 0)
		return fd;
	handler.page = do_map(PG, MAP_PRIVATE, 0);
	ret = do_register(fd, handler.page, PG);
	if (ret)
		return ret;
	if (pipe(out) || pipe(stop))
		return -errno;
	handler.stop = stop[0];
	if (pthread_create(&thread, NULL, handle, &handler))
		return -EAGAIN;
	if (!by_kernel)
		ret = *(volatile char *)handler.page;
	else if (write(out[1], (void *)handler.page, 1) != 1)
		ret = -errno;
	else
		ret = read(out[0], &byte, 1) == 1 ? byte : -EIO;
	close(stop[1]);
	pthread_join(thread, NULL);
	close(stop[0]);
	close(out[0]);
	close(out[1]);
	munmap((void *)handler.page, PG);
	close(fd);
	return ret;
}

static long do_fault_new(long flags, long by_kernel, long c)
{
	return do_fault(do_uffd(flags, 0, 0), by_kernel, 0);
}

TEST_F(uffd, own_faults)
{
	EXPECT_EQ('x', CALL(do_fault_new, UFFD_USER_MODE_ONLY, false, 0));
	/* The kernel does not wait for this one. */
	EXPECT_EQ(-EFAULT, CALL(do_fault_new, UFFD_USER_MODE_ONLY, true, 0));
	/* As on the host: CAP_SYS_PTRACE, which it has, is for that. */
	EXPECT_EQ('x', CALL(do_fault_new, 0, false, 0));
	EXPECT_EQ('x', CALL(do_fault_new, 0, true, 0));
	EXPECT_EQ(1, ctx_wait_usage(ID, NTASK, 1));
}

static bool anybody_may(void)
{
	char buf[16];

	return read_file("/proc/sys/vm/unprivileged_userfaultfd", buf,
			 sizeof(buf)) > 0 && atoi(buf);
}

TEST_F(uffd, kernel_faults)
{
	struct agent dropped;

	if (anybody_may())
		SKIP(return, "vm.unprivileged_userfaultfd is on");
	ASSERT_EQ(0, agent_start(&dropped));
	ASSERT_EQ(0, agent_call(&dropped, do_enter, ID, 0, CAP(CAP_SYS_PTRACE)));
	/*
	 * Attempt: userfaultfd(2) of the kernel's faults, with a ceiling without
	 * CAP_SYS_PTRACE
	 */
	EXPECT_EQ(-EPERM, agent_call(&dropped, do_uffd, 0, 0, 0));
	EXPECT_EQ('x', agent_call(&dropped, do_fault_new, UFFD_USER_MODE_ONLY,
				  false, 0));
	agent_stop(&dropped);
	if (CALL(do_unshare, CLONE_NEWUSER, 0, 0))
		SKIP(return, "no user namespaces");
	/*
	 * Attempt: userfaultfd(2) of the kernel's faults, from a user namespace
	 * of its own
	 */
	EXPECT_EQ(-EPERM, CALL(do_uffd, 0, 0, 0));
	EXPECT_EQ('x', CALL(do_fault_new, UFFD_USER_MODE_ONLY, false, 0));
}

/* The number of the device: 0 if there is none. */
static unsigned int device_minor(void)
{
	char buf[4096], *name;

	if (read_file("/proc/misc", buf, sizeof(buf)) < 0)
		return 0;
	name = strstr(buf, " userfaultfd\n");
	if (!name)
		return 0;
	while (name > buf && name[-1] != '\n')
		name--;
	return atoi(name);
}

TEST_F(uffd, device)
{
	unsigned int nr = device_minor();
	struct agent dropped;
	char line[64];

	if (!nr)
		SKIP(return, "there is no /dev/userfaultfd");
	ASSERT_EQ(0, mknod(NODE, S_IFCHR | 0666, makedev(10, nr)));
	ASSERT_EQ(0, agent_start(&dropped));
	ASSERT_EQ(0, agent_call(&dropped, do_enter, ID, 0, CAP(CAP_SYS_PTRACE)));
	/* Attempt: open(2) of /dev/userfaultfd */
	EXPECT_EQ(-EPERM, CALL(do_uffd_device, 0, 0, 0));
	EXPECT_EQ(-EPERM, agent_call(&dropped, do_uffd_device, 0, 0, 0));
	/* Whoever gets it may: that is what it is for. */
	snprintf(line, sizeof(line), "allow c 10:%u rw\n", nr);
	ASSERT_EQ(0, ctx_write(ID, "devices", line));
	EXPECT_LE(0, agent_call(&dropped, do_uffd_device, 0, 0, 0));
	agent_stop(&dropped);
}

/* Memory of others */

TEST_F(uffd, memory_of_others)
{
	long fd, addr;

	fd = CALL(do_uffd, 0, 0, 0);
	ASSERT_LE(0, fd);
	/* From here on, the member maps nothing that could be at the same place. */
	addr = OUTSIDE(do_map, PG, MAP_PRIVATE, 0);
	ASSERT_LT(0, addr);
	/*
	 * Attempt: UFFDIO_REGISTER, UFFDIO_COPY, UFFDIO_ZEROPAGE of an address
	 * at which a process outside has memory => EINVAL, ENOENT
	 */
	EXPECT_EQ(-EINVAL, CALL(do_register, fd, addr, PG));
	EXPECT_EQ(-ENOENT, CALL(do_copy, fd, addr, 'y'));
	EXPECT_EQ(-ENOENT, CALL(do_zero, fd, addr, 0));
	EXPECT_EQ(0, OUTSIDE(do_peek, addr, 0, 0));
}

/* Pages that somebody else fills are those of the process that has them. */
TEST_F(uffd, filled_by_the_host)
{
	long fd, ours, addr, rss;
	int i, err = 0;

	fd = CALL(do_uffd, 0, 0, 0);
	addr = CALL(do_map, 64 * PG, MAP_PRIVATE, 0);
	ASSERT_LE(0, fd);
	ASSERT_LT(0, addr);
	ASSERT_EQ(0, CALL(do_register, fd, addr, 64 * PG));
	ours = agent_take_fd(&self->member, fd);
	ASSERT_LE(0, ours);
	/* A page table, and what else the first one needs */
	ASSERT_EQ(0, do_copy(ours, addr, 'z'));
	rss = ctx_usage(ID, RSS);
	for (i = 1; i < 17; i++)
		EXPECT_EQ(0, do_copy(ours, addr + i * PG, 'z'));
	EXPECT_EQ(rss + 16 * PG, ctx_usage(ID, RSS));
	EXPECT_EQ(0, ctx_set_limits(ID, "rss hard %ld", rss + 24 * PG));
	for (i = 17; !err && i < 64; i++)
		err = do_copy(ours, addr + i * PG, 'z');
	/* The one that was refused is counted by i, too. */
	EXPECT_EQ(-ENOMEM, err);
	EXPECT_EQ(17 + 8 + 1, i);
	EXPECT_EQ(rss + 24 * PG, ctx_usage(ID, RSS));
	EXPECT_EQ(0, ctx_set_limits(ID, "rss hard max"));
	EXPECT_EQ('z', CALL(do_peek, addr, 0, 0));
	EXPECT_EQ(0, do_close(ours, 0, 0));
}

/* Limits */

FIXTURE(uffd_limit) {
	struct agent member;
	int contexts;
};

FIXTURE_VARIANT(uffd_limit) {
	enum resource res;
	int flags;
	/* Zero pages are nobody's, but in files. */
	bool zero_counts;
};

FIXTURE_VARIANT_ADD(uffd_limit, rss) { RSS, MAP_PRIVATE, false };
FIXTURE_VARIANT_ADD(uffd_limit, anon) { ANON, MAP_PRIVATE, false };
FIXTURE_VARIANT_ADD(uffd_limit, rss_of_shmem) { RSS, MAP_SHARED, true };
FIXTURE_VARIANT_ADD(uffd_limit, shmem) { SHMEM, MAP_SHARED, true };

FIXTURE_SETUP(uffd_limit)
{
	long err;

	self->contexts = -1;
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	err = try_uffd();
	if (err == -ENOSYS)
		SKIP(return, "the kernel has no userfaultfd (CONFIG_USERFAULTFD)");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, ctx_end(ID));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
	ASSERT_EQ(0, CALL(do_populate, 0, 0, 0));
}

FIXTURE_TEARDOWN_PARENT(uffd_limit)
{
	if (self->contexts < 0)
		return;
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

TEST_F(uffd_limit, hard)
{
	long fd, addr, base, full, err = 0, n;

	fd = CALL(do_uffd, UFFD_USER_MODE_ONLY, 0, 0);
	addr = CALL(do_map, 64 * PG, variant->flags, 0);
	ASSERT_LE(0, fd);
	ASSERT_LT(0, addr);
	ASSERT_EQ(0, CALL(do_register, fd, addr, 64 * PG));
	ASSERT_EQ(0, CALL(do_copy, fd, addr, 'z'));
	base = ctx_usage(ID, variant->res);
	ASSERT_EQ(0, ctx_set_limits(ID, "%s hard %ld",
				    resource_name[variant->res], base + 16 * PG));
	for (n = 1; n < 64; n++) {
		err = CALL(do_copy, fd, addr + n * PG, 'z');
		if (err)
			break;
	}
	full = ctx_usage(ID, variant->res);
	/* Attempt: UFFDIO_COPY over the hard limit of rss, anon or shmem */
	EXPECT_EQ(-ENOMEM, err);
	EXPECT_EQ(17, n);
	EXPECT_EQ(base + 16 * PG, full);
	/* Refused, and no more than that: nobody is killed. */
	EXPECT_LT(0, ctx_fail(ID, variant->res));
	EXPECT_EQ(0, ctx_number(ID, "events", "oom_kill"));
	err = CALL(do_zero, fd, addr + n * PG, 0);
	if (variant->zero_counts) {
		/* Attempt: UFFDIO_ZEROPAGE over it, of memory that is shared */
		EXPECT_EQ(-ENOMEM, err);
	} else {
		EXPECT_EQ(0, err);
	}
	EXPECT_EQ(full, ctx_usage(ID, variant->res));
	/* What moves is there already. */
	err = variant->flags == MAP_PRIVATE ?
	      CALL(do_move, fd, addr + 32 * PG, addr + PG) : -EINVAL;
	if (err != -EINVAL) {
		EXPECT_EQ(0, err);
		EXPECT_EQ('z', CALL(do_peek, addr + 32 * PG, 0, 0));
	}
	EXPECT_EQ(full, ctx_usage(ID, variant->res));
	/* With more room it goes on. */
	EXPECT_EQ(0, ctx_set_limits(ID, "%s hard max",
				    resource_name[variant->res]));
	EXPECT_EQ(0, CALL(do_copy, fd, addr + 40 * PG, 'z'));
	EXPECT_EQ(full + PG, ctx_usage(ID, variant->res));
	EXPECT_EQ(0, CALL(do_munmap, addr, 64 * PG, 0));
	EXPECT_EQ(base - PG, ctx_wait_usage(ID, variant->res, base - PG));
}

/* Locks */

static long do_write_page(long addr, long b, long c)
{
	int file = open(SHARED, O_WRONLY | O_CLOEXEC);

	return file < 0 ? -errno : write(file, (void *)addr, PG);
}

/* A child that writes to a file from memory that never comes: the kernel waits. */
static long do_stall(long a, long b, long c)
{
	struct pollfd poll_fd = { .events = POLLIN };
	struct agent writer = {};
	long fd, addr;
	int err = agent_start(&writer);

	if (err)
		return err;
	fd = agent_call(&writer, do_uffd, 0, 0, 0);
	addr = agent_call(&writer, do_map, PG, MAP_PRIVATE, 0);
	if (fd < 0 || addr < 0 || agent_call(&writer, do_register, fd, addr, PG))
		return -EIO;
	poll_fd.fd = agent_take_fd(&writer, fd);
	if (poll_fd.fd < 0)
		return poll_fd.fd;
	err = agent_ask(&writer, do_write_page, addr, 0, 0);
	if (err)
		return err;
	/* Who holds it is told of the fault. */
	if (poll(&poll_fd, 1, PATIENCE_MS) != 1)
		return -ETIMEDOUT;
	return poll_fd.revents & POLLIN ? writer.pid : -EIO;
}

TEST_F(uffd, stalled_write)
{
	int fd = open(SHARED, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	int status = -1;
	pid_t writer;

	ASSERT_LE(0, fd);
	ASSERT_LT(0, CALL(do_stall, 0, 0, 0));
	writer = fork();
	ASSERT_LE(0, writer);
	if (!writer)
		_exit(write(fd, "", 1) != 1);
	sleep_ms(200);
	/*
	 * Attempt: userfaultfd(2): write(2) to a file that others write, from
	 * memory that never comes => they wait until it is killed
	 */
	EXPECT_EQ(0, waitpid(writer, &status, WNOHANG));
	EXPECT_EQ(0, ctx_write(ID, "kill", "1\n"));
	EXPECT_TRUE(WAIT_UNTIL(waitpid(writer, &status, WNOHANG) == writer));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(WIFSIGNALED(agent_stop(&self->member)));
	EXPECT_EQ(0, ctx_wait_usage(ID, NPROC, 0));
	close(fd);
}

TEST_HARNESS_MAIN
