// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - limits on memory: as, memlock, rss, anon and shmem
 *
 * What a member's address space has, its /proc/self/status says; the context
 * must have been charged exactly that.  Most tests are such a comparison.
 *
 * VCTX_TEST_SECONDS says how long the race goes on (default 3).
 */

#define _GNU_SOURCE
#include <pthread.h>
#include <stddef.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/swap.h>
#include <sys/uio.h>

#include <linux/elf.h>

#include "common.h"

#define ID	60301
#define PG	4096L
#define HUGE	(2L << 20)

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef __NR_io_uring_setup
#define __NR_io_uring_setup 425
#define __NR_io_uring_register 427
#endif

FIXTURE(mm) {
	struct agent member;
};

FIXTURE_TEARDOWN_PARENT(mm)
{
	EXPECT_EQ(0, ctx_end(ID));
}

#define CALL(_fn, ...) CALL_(_fn, ##__VA_ARGS__, 0, 0, 0)
#define CALL_(_fn, _a, _b, _c, ...)					\
	agent_call(&self->member, _fn, (long)(_a), (long)(_b), (long)(_c))

FIXTURE_SETUP(mm)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
	ASSERT_EQ(0, CALL(do_populate));
}

/* What the caller's address space has, in bytes */

enum field { VM_SIZE, VM_LCK, RSS_ANON, RSS_FILE, RSS_SHMEM, VM_RSS };

static const char *const field_name[] = {
	"VmSize:", "VmLck:", "RssAnon:", "RssFile:", "RssShmem:", "VmRSS:",
};

static long do_field(long field, long b, long c)
{
	static char buf[8192];
	char *line;

	if (read_file("/proc/self/status", buf, sizeof(buf)) < 0)
		return -EIO;
	line = strstr(buf, field_name[field]);
	return line ? atol(line + strlen(field_name[field])) * 1024 : -ENOENT;
}

static bool exact(const struct agent *agent, __u32 id)
{
	static const struct {
		enum field field;
		enum resource res;
	} pair[] = {
		{ VM_SIZE, AS }, { VM_LCK, MEMLOCK }, { RSS_ANON, ANON },
		{ VM_RSS, RSS },
	};
	long has = 0, charged = 0;
	unsigned int i;
	int tries;

	for (i = 0; i < ARRAY_SIZE(pair); i++) {
		/* Looking may take a page itself, once. */
		for (tries = 0; tries < 10; tries++) {
			has = agent_call(agent, do_field, pair[i].field, 0, 0);
			charged = ctx_usage(id, pair[i].res);
			if (has == charged)
				break;
			sleep_ms(10);
		}
		if (has != charged) {
			fprintf(stderr, "# %s is %ld, charged %ld\n",
				resource_name[pair[i].res], has, charged);
			return false;
		}
	}
	return true;
}

#define EXPECT_EXACT() EXPECT_TRUE(exact(&self->member, ID))

/* What a member does */

static long do_mmap(long len, long prot, long flags)
{
	void *p = mmap(NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	return p == MAP_FAILED ? -errno : (long)p;
}

static long do_mmap_shared(long len, long flags, long c)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | flags, -1, 0);

	return p == MAP_FAILED ? -errno : (long)p;
}

static long do_mmap_over(long addr, long len, long flags)
{
	void *p = mmap((void *)addr, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | flags, -1, 0);

	return p == MAP_FAILED ? -errno : 0;
}

static long do_mmap_fd(long fd, long len, long flags)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, 0);

	return p == MAP_FAILED ? -errno : (long)p;
}

static long do_munmap(long addr, long len, long c)
{
	return munmap((void *)addr, len) ? -errno : 0;
}

static long do_mprotect(long addr, long len, long prot)
{
	return mprotect((void *)addr, len, prot) ? -errno : 0;
}

static long do_madvise(long addr, long len, long advice)
{
	return madvise((void *)addr, len, advice) ? -errno : 0;
}

static long mremap_to_len, mremap_flags;

static long do_mremap_args(long len, long flags, long c)
{
	mremap_to_len = len;
	mremap_flags = flags;
	return 0;
}

static long do_mremap(long addr, long len, long c)
{
	void *p = mremap((void *)addr, len, mremap_to_len, mremap_flags, NULL);

	return p == MAP_FAILED ? -errno : (long)p;
}

#define MREMAP(_addr, _old, _new, _flags)				\
	(CALL(do_mremap_args, _new, _flags) ?: CALL(do_mremap, _addr, _old))

/* How much the break has moved: 0 if it was refused. */
static long do_brk(long delta, long b, long c)
{
	long old = syscall(__NR_brk, 0);

	return syscall(__NR_brk, old + delta) - old;
}

static long do_mlock(long addr, long len, long c)
{
	return mlock((void *)addr, len) ? -errno : 0;
}

static long do_mlock2(long addr, long len, long flags)
{
	return syscall(__NR_mlock2, addr, len, flags) ? -errno : 0;
}

static long do_munlock(long addr, long len, long c)
{
	return munlock((void *)addr, len) ? -errno : 0;
}

static long do_mlockall(long flags, long b, long c)
{
	return (flags ? mlockall(flags) : munlockall()) ? -errno : 0;
}

static long touch(char *p, long len, bool write)
{
	long i;

	for (i = 0; i < len; i += PG) {
		if (write)
			__atomic_store_n(p + i, 1, __ATOMIC_RELAXED);
		else
			__atomic_load_n(p + i, __ATOMIC_RELAXED);
	}
	return 0;
}

static long do_touch(long addr, long len, long write)
{
	return touch((char *)addr, len, write);
}

/* A child of the member's calls @fn; how it has ended, or -errno of the fork. */
static long do_in_child(long fn, long a, long b)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(((agent_fn)fn)(a, b, 0) ? 1 : 0);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status;
}

#define EXITED(_status)	((_status) << 8)

static long do_nothing(long a, long b, long c)
{
	return 0;
}

/* Maps and writes that much: dies of it if there is a limit. */
static long do_eat(long len, long flags, long c)
{
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (p == MAP_FAILED)
		return -errno;
	return touch(p, len, true);
}

/* A child that has written that much, and waits. */
static long do_start_eater(long len, long b, long c)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		struct pollfd hangup = { .fd = agent_sock };

		close(ready[0]);
		if (do_eat(len, 0, 0) || write(ready[1], "", 1) != 1)
			_exit(1);
		poll(&hangup, 1, -1);
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		pid = -ECHILD;
	close(ready[0]);
	return pid;
}

static long do_wait(long pid, long b, long c)
{
	int status;

	return waitpid(pid, &status, 0) == pid ? status : -errno;
}

/* as */

TEST_F(mm, entry_is_exact)
{
	EXPECT_EXACT();
	EXPECT_LT(0, ctx_usage(ID, AS));
	EXPECT_LT(0, ctx_usage(ID, RSS));
	EXPECT_LT(0, ctx_usage(ID, ANON));
	EXPECT_EQ(0, ctx_usage(ID, MEMLOCK));
	EXPECT_EQ(0, ctx_usage(ID, SHMEM));
}

static long do_lock_some(long len, long b, long c)
{
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED || mlock(p, len) ? -errno : 0;
}

/* What it has before it enters moves with it, into a child context as well. */
TEST_F(mm, entry_moves)
{
	struct agent other;
	long as, id;

	ASSERT_EQ(0, agent_start(&other));
	ASSERT_EQ(0, agent_call(&other, do_lock_some, 20 * PG, 0, 0));
	ASSERT_EQ(0, agent_call(&other, do_eat, 40 * PG, 0, 0));
	as = ctx_usage(ID, AS);
	ASSERT_EQ(0, agent_call(&other, do_enter, ID, 0, 0));
	EXPECT_EQ(20 * PG, ctx_usage(ID, MEMLOCK));
	EXPECT_LT(as + 60 * PG, ctx_usage(ID, AS));
	EXPECT_EQ(0, agent_stop(&other));
	EXPECT_EQ(as, ctx_wait_usage(ID, AS, as));
	EXPECT_EXACT();

	/* The child's counts in both, and nothing twice. */
	ASSERT_EQ(0, CALL(do_lock_some, 8 * PG));
	ASSERT_EQ(0, CALL(do_enter, VCTX_ID_NEW));
	id = CALL(do_self_id);
	ASSERT_LT(ID, id);
	EXPECT_EXACT();
	EXPECT_TRUE(exact(&self->member, id));
	EXPECT_EQ(8 * PG, ctx_usage(id, MEMLOCK));
	EXPECT_EQ(0, CALL(do_eat, 8 * PG));
	EXPECT_TRUE(exact(&self->member, id));
	EXPECT_EXACT();
	EXPECT_EQ(0, agent_stop(&self->member));
}

TEST_F(mm, as_mmap)
{
	long base, addr, addr2;

	base = ctx_usage(ID, AS);
	EXPECT_EQ(0, ctx_set_limits(ID, "as hard %ld", base + 8 * PG));
	EXPECT_EQ(-ENOMEM, CALL(do_mmap, 9 * PG, PROT_NONE));
	addr = CALL(do_mmap, 8 * PG, PROT_READ | PROT_WRITE);
	ASSERT_LT(0, addr);
	EXPECT_EQ(base + 8 * PG, ctx_usage(ID, AS));
	EXPECT_EQ(-ENOMEM, CALL(do_mmap, PG, PROT_READ));
	EXPECT_EQ(-ENOMEM, CALL(do_mmap, PG, PROT_READ, MAP_NORESERVE));
	EXPECT_EQ(3, ctx_fail(ID, AS));
	EXPECT_EQ(base + 8 * PG, ctx_peak(ID, AS));

	/* At the limit: what grows nothing is allowed. */
	EXPECT_EQ(0, CALL(do_mmap_over, addr, 8 * PG));
	EXPECT_EQ(0, CALL(do_mmap_over, addr + 2 * PG, 2 * PG));
	EXPECT_EQ(0, CALL(do_mprotect, addr + PG, PG, PROT_NONE));
	EXPECT_EQ(0, CALL(do_mprotect, addr, 8 * PG, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, CALL(do_touch, addr, 8 * PG, 1));
	/* One page over, the other half there */
	EXPECT_EQ(-ENOMEM, CALL(do_mmap_over, addr + 4 * PG, 1000 * PG));
	EXPECT_EQ(base + 8 * PG, ctx_usage(ID, AS));
	EXPECT_EXACT();

	EXPECT_EQ(0, CALL(do_munmap, addr + 3 * PG, 2 * PG));
	EXPECT_EQ(base + 6 * PG, ctx_usage(ID, AS));
	addr2 = CALL(do_mmap, 2 * PG, PROT_READ);
	ASSERT_LT(0, addr2);
	EXPECT_EQ(base + 8 * PG, ctx_usage(ID, AS));
	EXPECT_EQ(0, CALL(do_munmap, addr, 8 * PG));
	EXPECT_EQ(0, CALL(do_munmap, addr2, 2 * PG));
	EXPECT_EQ(base, ctx_usage(ID, AS));
	EXPECT_EXACT();
}

TEST_F(mm, as_brk)
{
	long base;

	EXPECT_LE(0, CALL(do_brk, PG));
	base = ctx_usage(ID, AS);
	EXPECT_EQ(0, ctx_set_limits(ID, "as hard %ld", base + 4 * PG));
	EXPECT_EQ(0, CALL(do_brk, 5 * PG));
	EXPECT_EQ(base, ctx_usage(ID, AS));
	EXPECT_EQ(4 * PG, CALL(do_brk, 4 * PG));
	EXPECT_EQ(base + 4 * PG, ctx_usage(ID, AS));
	EXPECT_EQ(0, CALL(do_brk, PG));
	EXPECT_EQ(-4 * PG, CALL(do_brk, -4 * PG));
	EXPECT_EQ(base, ctx_usage(ID, AS));
	EXPECT_EQ(2, ctx_fail(ID, AS));
	EXPECT_EXACT();
}

TEST_F(mm, as_mremap)
{
	long base, addr, over;

	base = ctx_usage(ID, AS);
	EXPECT_EQ(0, ctx_set_limits(ID, "as hard %ld", base + 12 * PG));
	addr = CALL(do_mmap, 10 * PG, PROT_READ | PROT_WRITE);
	ASSERT_LT(0, addr);
	EXPECT_EQ(0, CALL(do_touch, addr, 10 * PG, 1));
	EXPECT_EQ(-ENOMEM, MREMAP(addr, 10 * PG, 13 * PG, MREMAP_MAYMOVE));
	EXPECT_EQ(base + 10 * PG, ctx_usage(ID, AS));
	EXPECT_EQ(0, CALL(do_mprotect, addr + 9 * PG, PG, PROT_NONE));
	/* Has to move: old and new together would be far too much. */
	over = MREMAP(addr, 5 * PG, 7 * PG, MREMAP_MAYMOVE);
	ASSERT_LT(0, over);
	EXPECT_NE(addr, over);
	EXPECT_EQ(base + 12 * PG, ctx_usage(ID, AS));
	EXPECT_EQ(-ENOMEM, MREMAP(over, 7 * PG, 8 * PG, MREMAP_MAYMOVE));
	EXPECT_EXACT();
	EXPECT_EQ(over, MREMAP(over, 7 * PG, PG, 0));
	EXPECT_EQ(base + 6 * PG, ctx_usage(ID, AS));
	/* The old place stays, too. */
	EXPECT_EQ(-ENOMEM, (CALL(do_mmap, 6 * PG, PROT_NONE),
			    MREMAP(over, PG, PG, MREMAP_MAYMOVE |
					MREMAP_DONTUNMAP)));
	EXPECT_EQ(0, ctx_set_limits(ID, "as hard %ld", base + 13 * PG));
	EXPECT_LT(0, MREMAP(over, PG, PG, MREMAP_MAYMOVE | MREMAP_DONTUNMAP));
	EXPECT_EQ(base + 13 * PG, ctx_usage(ID, AS));
	EXPECT_EXACT();
}

static long __attribute__((__noinline__)) recurse(long n)
{
	char frame[PG];

	touch(frame, PG, true);
	return n ? recurse(n - 1) + frame[0] : 0;
}

static long do_recurse(long n, long b, long c)
{
	return recurse(n) & 0;
}

TEST_F(mm, as_stack)
{
	long base = ctx_usage(ID, AS);

	EXPECT_EQ(0, CALL(do_in_child, do_recurse, 200));
	EXPECT_EQ(base, ctx_wait_usage(ID, AS, base));
	EXPECT_EQ(0, ctx_set_limits(ID, "as hard %ld", 2 * base + 100 * PG));
	EXPECT_EQ(SIGSEGV, CALL(do_in_child, do_recurse, 200) & 0x7f);
	EXPECT_LT(0, ctx_fail(ID, AS));
	EXPECT_EQ(0, CALL(do_in_child, do_recurse, 10));
	EXPECT_EQ(base, ctx_wait_usage(ID, AS, base));
	EXPECT_EXACT();
}

/* Maps @pages at a time, on all CPUs, until it is refused.  How often? */
static long do_mmap_all(long pages, long b, long c)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;
	long n;

	for (n = 0; mmap(NULL, pages * PG, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED; n++) {
		CPU_ZERO(&set);
		CPU_SET(n / 10 % cpus, &set);
		if (sched_setaffinity(0, sizeof(set), &set))
			return -errno;
	}
	return n;
}

/* From so far that each CPU takes it in batches, up to the last page */
TEST_F(mm, as_from_far)
{
	long base = ctx_usage(ID, AS);
	long room = 8192 * PG * (1 + sysconf(_SC_NPROCESSORS_CONF));
	long n = room / (3 * PG);

	EXPECT_EQ(0, ctx_set_limits(ID, "as soft %ld hard %ld", base + room / 2,
				    base + room));
	EXPECT_EQ(n, CALL(do_mmap_all, 3));
	EXPECT_EQ(base + 3 * PG * n, ctx_usage(ID, AS));
	EXPECT_EQ(base + 3 * PG * n, ctx_peak(ID, AS));
	EXPECT_EQ(1, ctx_fail(ID, AS));
	EXPECT_EQ(1, ctx_number(ID, "events", "as.soft"));
	EXPECT_EXACT();
}

TEST_F(mm, as_fork)
{
	long base = ctx_usage(ID, AS), pid;

	pid = CALL(do_fork_pause);
	ASSERT_LT(0, pid);
	EXPECT_EQ(2 * base, ctx_usage(ID, AS));
	EXPECT_EQ(0, CALL(do_kill_wait, pid));
	EXPECT_EQ(base, ctx_wait_usage(ID, AS, base));
	EXPECT_EQ(0, ctx_set_limits(ID, "as hard %ld", 2 * base - PG));
	EXPECT_EQ(-ENOMEM, CALL(do_fork_pause));
	EXPECT_EQ(1, ctx_fail(ID, AS));
	EXPECT_EQ(base, ctx_usage(ID, AS));
	EXPECT_EQ(0, ctx_set_limits(ID, "as hard %ld", 2 * base));
	EXPECT_EQ(0, CALL(do_in_child, do_nothing));
	EXPECT_EQ(base, ctx_wait_usage(ID, AS, base));
	EXPECT_EXACT();
}

static long do_exec_true(long a, long b, long c)
{
	execl("/bin/true", "true", NULL);
	return -errno;
}

static const char large_path[] = "/tmp/vctx-mm-large";

/* Makes a program that has @size bytes of memory, and does nothing. */
static int make_large(long size)
{
	struct {
		struct elf64_hdr head;
		struct elf64_phdr load;
		unsigned char code[8];
	} elf = {
		.head = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64,
				     ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_entry = 0x400000 + offsetof(typeof(elf), code),
			.e_phoff = offsetof(typeof(elf), load),
			.e_ehsize = sizeof(elf.head),
			.e_phentsize = sizeof(elf.load),
			.e_phnum = 1,
		},
		.load = {
			.p_type = PT_LOAD,
			.p_flags = PF_R | PF_W | PF_X,
			.p_vaddr = 0x400000,
			.p_filesz = sizeof(elf),
			.p_memsz = size,
			.p_align = PG,
		},
		/* xor %edi, %edi; mov $60, %al (exit); syscall */
		.code = { 0x31, 0xff, 0xb0, 60, 0x0f, 0x05 },
	};
	int fd = open(large_path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0755);
	int err = 0;

	if (fd < 0 || write(fd, &elf, sizeof(elf)) != sizeof(elf))
		err = -errno;
	close(fd);
	return err;
}

static long do_exec_large(long a, long b, long c)
{
	execl(large_path, large_path, NULL);
	return -errno;
}

static long do_dontfork(long addr, long len, long c)
{
	return madvise((void *)addr, len, MADV_DONTFORK) ? -errno : 0;
}

TEST_F(mm, as_exec)
{
	long base, addr;

	base = ctx_usage(ID, AS);
	EXPECT_EQ(0, CALL(do_in_child, do_exec_true));
	EXPECT_EQ(base, ctx_wait_usage(ID, AS, base));
	/* For the fork, but not for the new stack beside it */
	EXPECT_EQ(0, ctx_set_limits(ID, "as hard %ld", 2 * base));
	EXPECT_EQ(EXITED(1), CALL(do_in_child, do_exec_true));
	EXPECT_EQ(1, ctx_fail(ID, AS));
	EXPECT_EQ(base, ctx_wait_usage(ID, AS, base));
	EXPECT_EXACT();
	/* The old memory makes room for the new, and that is not enough. */
	ASSERT_EQ(0, make_large(base + 128 * PG));
	EXPECT_EQ(0, ctx_set_limits(ID, "as hard %ld", 2 * base + 128 * PG));
	EXPECT_LT(0, CALL(do_in_child, do_exec_large) & 0x7f);
	EXPECT_EQ(2, ctx_fail(ID, AS));
	EXPECT_EQ(0, ctx_set_limits(ID, "as hard %ld", 2 * base + 512 * PG));
	EXPECT_EQ(0, CALL(do_in_child, do_exec_large));
	EXPECT_EQ(2, ctx_fail(ID, AS));
	unlink(large_path);
	EXPECT_EQ(base, ctx_wait_usage(ID, AS, base));
	EXPECT_EXACT();

	/* What is not copied is not charged, in the end. */
	EXPECT_EQ(0, ctx_set_limits(ID, "as hard max"));
	addr = CALL(do_mmap, 64 * PG, PROT_READ);
	EXPECT_EQ(0, CALL(do_dontfork, addr, 64 * PG));
	ASSERT_LT(0, CALL(do_fork_pause));
	EXPECT_EQ(2 * base + 64 * PG, ctx_usage(ID, AS));
}

static long do_vfork(long a, long b, long c)
{
	char buf[8192];
	int status;
	pid_t pid;

	pid = vfork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return read_file("/proc/self/status", buf, sizeof(buf)) < 0 ? -EIO : status;
}

static int clone_main(void *arg)
{
	struct pollfd hangup = { .fd = agent_sock };

	poll(&hangup, 1, -1);
	return 0;
}

static char clone_stack[64 << 10] __attribute__((__aligned__(16)));

static long do_clone_vm(long a, long b, long c)
{
	pid_t pid = clone(clone_main, clone_stack + sizeof(clone_stack),
			  CLONE_VM | SIGCHLD, NULL);

	return pid < 0 ? -errno : pid;
}

static long do_exit_group(long a, long b, long c)
{
	_exit(0);
}

/* Shared memory is charged once, and as long as anybody has it. */
TEST_F(mm, as_shared)
{
	long base, pid;

	EXPECT_EQ(0, CALL(do_vfork));
	EXPECT_EXACT();
	base = ctx_usage(ID, AS);
	pid = CALL(do_clone_vm);
	ASSERT_LT(0, pid);
	EXPECT_EQ(base, ctx_usage(ID, AS));
	EXPECT_EXACT();
	EXPECT_EQ(0, CALL(do_kill_wait, pid));
	EXPECT_EQ(base, ctx_usage(ID, AS));
	ASSERT_LT(0, CALL(do_clone_vm));
	EXPECT_EQ(0, agent_ask(&self->member, do_exit_group, 0, 0, 0));
	EXPECT_EQ(self->member.pid, waitpid(self->member.pid, NULL, 0));
	EXPECT_EQ(1, ctx_wait_usage(ID, NPROC, 1));
	EXPECT_EQ(base, ctx_usage(ID, AS));
}

static void *thread_eat(void *arg)
{
	return (void *)do_eat(32 * PG, 0, 0);
}

static long do_threads(long n, long b, long c)
{
	pthread_t thread[8];
	long i;

	for (i = 0; i < n; i++)
		if (pthread_create(&thread[i], NULL, thread_eat, NULL))
			return -EAGAIN;
	for (i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	return 0;
}

TEST_F(mm, threads)
{
	EXPECT_EQ(0, CALL(do_threads, 8));
	EXPECT_EXACT();
	EXPECT_EQ(0, ctx_set_limits(ID, "as hard %ld", ctx_usage(ID, AS) + PG));
	EXPECT_NE(0, CALL(do_threads, 8));
	EXPECT_EXACT();
}

/* memlock */

TEST_F(mm, memlock_mlock)
{
	long addr = CALL(do_mmap, 32 * PG, PROT_READ | PROT_WRITE);

	ASSERT_LT(0, addr);
	EXPECT_EQ(0, ctx_set_limits(ID, "memlock hard %ld", 8 * PG));
	EXPECT_EQ(-ENOMEM, CALL(do_mlock, addr, 9 * PG));
	/* All of it or nothing */
	EXPECT_EQ(0, ctx_usage(ID, MEMLOCK));
	EXPECT_EQ(0, CALL(do_mlock, addr, 8 * PG));
	EXPECT_EQ(8 * PG, ctx_usage(ID, MEMLOCK));
	EXPECT_EQ(8 * PG, ctx_peak(ID, MEMLOCK));
	EXPECT_EQ(1, ctx_fail(ID, MEMLOCK));
	/* It is locked already. */
	EXPECT_EQ(0, CALL(do_mlock, addr, 8 * PG));
	EXPECT_EQ(0, CALL(do_mlock2, addr + 2 * PG, 4 * PG, MLOCK_ONFAULT));
	EXPECT_EQ(-ENOMEM, CALL(do_mlock, addr + 4 * PG, 5 * PG));
	EXPECT_EXACT();

	EXPECT_EQ(0, CALL(do_munlock, addr, 2 * PG));
	EXPECT_EQ(6 * PG, ctx_usage(ID, MEMLOCK));
	EXPECT_EQ(0, CALL(do_mlock2, addr + 8 * PG, 2 * PG, MLOCK_ONFAULT));
	EXPECT_EQ(-ENOMEM, CALL(do_mlock2, addr + 10 * PG, PG, MLOCK_ONFAULT));
	EXPECT_EQ(0, CALL(do_munmap, addr + 4 * PG, 4 * PG));
	EXPECT_EQ(4 * PG, ctx_usage(ID, MEMLOCK));
	EXPECT_EXACT();
	/* A hole: what could be locked is locked, as always. */
	EXPECT_EQ(-ENOMEM, CALL(do_mlock, addr + 2 * PG, 6 * PG));
	EXPECT_EXACT();
	/* Any length is taken. */
	EXPECT_EQ(-ENOMEM, CALL(do_mlock, PG, LONG_MAX));
	EXPECT_EQ(0, CALL(do_mlockall, 0));
	EXPECT_EQ(0, ctx_usage(ID, MEMLOCK));
	EXPECT_EXACT();
}

TEST_F(mm, memlock_mmap)
{
	long addr, addr2;

	EXPECT_EQ(0, ctx_set_limits(ID, "memlock hard %ld", 8 * PG));
	EXPECT_EQ(-EAGAIN, CALL(do_mmap, 9 * PG, PROT_READ, MAP_LOCKED));
	addr = CALL(do_mmap, 6 * PG, PROT_READ | PROT_WRITE, MAP_LOCKED);
	ASSERT_LT(0, addr);
	EXPECT_EQ(6 * PG, ctx_usage(ID, MEMLOCK));
	EXPECT_EQ(-EAGAIN, CALL(do_mmap, 3 * PG, PROT_READ, MAP_LOCKED));
	EXPECT_EXACT();

	/* Grows and moves */
	EXPECT_EQ(-EAGAIN, MREMAP(addr, 6 * PG, 9 * PG, MREMAP_MAYMOVE));
	addr2 = MREMAP(addr, 6 * PG, 8 * PG, MREMAP_MAYMOVE);
	ASSERT_LT(0, addr2);
	EXPECT_EQ(8 * PG, ctx_usage(ID, MEMLOCK));
	addr = MREMAP(addr2, 8 * PG, 8 * PG, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
	ASSERT_LT(0, addr);
	EXPECT_EQ(8 * PG, ctx_usage(ID, MEMLOCK));
	EXPECT_EXACT();
	EXPECT_EQ(addr, MREMAP(addr, 8 * PG, 2 * PG, 0));
	EXPECT_EQ(2 * PG, ctx_usage(ID, MEMLOCK));
	EXPECT_EQ(0, CALL(do_munmap, addr, 2 * PG));
	EXPECT_EQ(0, ctx_usage(ID, MEMLOCK));
	EXPECT_EXACT();
}

TEST_F(mm, memlock_mlockall)
{
	long total = ctx_usage(ID, AS), addr;

	EXPECT_EQ(0, ctx_set_limits(ID, "memlock hard %ld", total - PG));
	EXPECT_EQ(-ENOMEM, CALL(do_mlockall, MCL_CURRENT));
	EXPECT_EQ(0, ctx_usage(ID, MEMLOCK));
	EXPECT_EXACT();
	EXPECT_EQ(0, ctx_set_limits(ID, "memlock hard %ld", total));
	EXPECT_EQ(0, CALL(do_mlockall, MCL_CURRENT));
	EXPECT_EXACT();
	EXPECT_EQ(0, CALL(do_mlockall, 0));
	EXPECT_EQ(0, ctx_usage(ID, MEMLOCK));

	EXPECT_EQ(0, ctx_set_limits(ID, "memlock hard %ld", 4 * PG));
	EXPECT_EQ(0, CALL(do_mlockall, MCL_FUTURE));
	EXPECT_EQ(0, ctx_usage(ID, MEMLOCK));
	addr = CALL(do_mmap, 3 * PG, PROT_READ | PROT_WRITE);
	ASSERT_LT(0, addr);
	EXPECT_EQ(3 * PG, ctx_usage(ID, MEMLOCK));
	EXPECT_EQ(-EAGAIN, CALL(do_mmap, 2 * PG, PROT_READ));
	EXPECT_EQ(0, CALL(do_brk, 2 * PG));
	EXPECT_EXACT();

	/* A child does not inherit it, a program does not either. */
	EXPECT_EQ(0, CALL(do_in_child, do_nothing));
	EXPECT_EQ(0, CALL(do_in_child, do_exec_true));
	EXPECT_EQ(3 * PG, ctx_usage(ID, MEMLOCK));
	ASSERT_LT(0, CALL(do_fork_pause));
	EXPECT_EQ(3 * PG, ctx_usage(ID, MEMLOCK));
	EXPECT_EQ(0, CALL(do_mlockall, 0));
	EXPECT_EQ(0, ctx_usage(ID, MEMLOCK));
}

/* Whatever rights it has, and however many they are. */
TEST_F(mm, memlock_hierarchy)
{
	struct agent other;
	long addr, id, addr2;

	ASSERT_EQ(0, agent_start_in(&other, ID));
	ASSERT_EQ(0, agent_call(&other, do_enter, VCTX_ID_NEW, 0, 0));
	id = agent_call(&other, do_self_id, 0, 0, 0);
	addr = CALL(do_mmap, 8 * PG, PROT_READ);
	addr2 = agent_call(&other, do_mmap, 8 * PG, PROT_READ, 0);
	EXPECT_EQ(0, ctx_set_limits(ID, "memlock hard %ld", 8 * PG));
	EXPECT_EQ(0, agent_call(&other, do_mlock, addr2, 5 * PG, 0));
	EXPECT_EQ(5 * PG, ctx_usage(id, MEMLOCK));
	EXPECT_EQ(5 * PG, ctx_usage(ID, MEMLOCK));
	EXPECT_EQ(-ENOMEM, CALL(do_mlock, addr, 4 * PG));
	EXPECT_EQ(0, CALL(do_mlock, addr, 3 * PG));
	EXPECT_EQ(-ENOMEM, agent_call(&other, do_mlock, addr2, 6 * PG, 0));
	EXPECT_EQ(5 * PG, ctx_usage(id, MEMLOCK));
	EXPECT_EQ(0, ctx_fail(id, MEMLOCK));
	EXPECT_EQ(2, ctx_fail(ID, MEMLOCK));
	EXPECT_EQ(0, agent_stop(&other));
	EXPECT_EQ(3 * PG, ctx_wait_usage(ID, MEMLOCK, 3 * PG));
}

static long do_shmget(long size, long b, long c)
{
	int id = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);

	return id < 0 ? -errno : id;
}

static long do_shmctl(long id, long cmd, long c)
{
	return shmctl(id, cmd, NULL) ? -errno : 0;
}

static long do_shmat(long id, long b, long c)
{
	void *p = shmat(id, NULL, 0);

	return p == (void *)-1 ? -errno : (long)p;
}

TEST_F(mm, memlock_shm)
{
	struct agent other;
	long shm, shm2;

	shm = CALL(do_shmget, 6 * PG);
	shm2 = CALL(do_shmget, 3 * PG);
	ASSERT_LE(0, shm);
	ASSERT_LE(0, shm2);
	EXPECT_EQ(0, ctx_set_limits(ID, "memlock hard %ld", 8 * PG));
	EXPECT_EQ(0, CALL(do_shmctl, shm, SHM_LOCK));
	EXPECT_EQ(0, CALL(do_shmctl, shm, SHM_LOCK));
	EXPECT_EQ(6 * PG, ctx_usage(ID, MEMLOCK));
	EXPECT_EQ(-ENOMEM, CALL(do_shmctl, shm2, SHM_LOCK));
	EXPECT_EQ(1, ctx_fail(ID, MEMLOCK));
	/* It is the locker's, until anybody unlocks it. */
	ASSERT_EQ(0, agent_start_in(&other, ID));
	EXPECT_EQ(0, agent_call(&other, do_shmctl, shm, SHM_UNLOCK, 0));
	EXPECT_EQ(0, ctx_usage(ID, MEMLOCK));
	EXPECT_EQ(0, agent_call(&other, do_shmctl, shm2, SHM_LOCK, 0));
	EXPECT_EQ(0, agent_stop(&other));
	EXPECT_EQ(3 * PG, ctx_usage(ID, MEMLOCK));
	EXPECT_EQ(0, CALL(do_shmctl, shm2, IPC_RMID));
	EXPECT_EQ(0, CALL(do_shmctl, shm, IPC_RMID));
	EXPECT_EQ(0, ctx_usage(ID, MEMLOCK));
}

static long do_uring(long a, long b, long c)
{
	/* struct io_uring_params, all zero */
	char params[120] = {};
	int fd = syscall(__NR_io_uring_setup, 4, params);

	return fd < 0 ? -errno : fd;
}

/* Registers a buffer, or none any more. */
static long do_uring_buffer(long fd, long addr, long len)
{
	struct iovec iov = { .iov_base = (void *)addr, .iov_len = len };

	return syscall(__NR_io_uring_register, fd, len ? 0 : 1,
		       len ? &iov : NULL, len ? 1 : 0) ? -errno : 0;
}

TEST_F(mm, memlock_uring)
{
	long fd, addr;

	fd = CALL(do_uring);
	if (fd < 0)
		SKIP(return, "the kernel has no io_uring: %s", strerror(-fd));
	addr = CALL(do_mmap, 16 * PG, PROT_READ | PROT_WRITE);
	EXPECT_EQ(0, ctx_set_limits(ID, "memlock hard %ld", 8 * PG));
	EXPECT_EQ(-ENOMEM, CALL(do_uring_buffer, fd, addr, 9 * PG));
	EXPECT_EQ(0, ctx_usage(ID, MEMLOCK));
	EXPECT_EQ(0, CALL(do_uring_buffer, fd, addr, 8 * PG));
	EXPECT_EQ(8 * PG, ctx_usage(ID, MEMLOCK));
	EXPECT_EQ(-ENOMEM, CALL(do_mlock, addr, PG));
	EXPECT_EQ(0, CALL(do_uring_buffer, fd, 0, 0));
	EXPECT_EQ(0, ctx_wait_usage(ID, MEMLOCK, 0));
	/* They stay when they are not mapped any more. */
	EXPECT_EQ(0, CALL(do_uring_buffer, fd, addr, 8 * PG));
	EXPECT_EQ(0, CALL(do_munmap, addr, 16 * PG));
	EXPECT_EQ(8 * PG, ctx_usage(ID, MEMLOCK));
	EXPECT_EQ(0, CALL(do_close, fd));
	EXPECT_EQ(0, ctx_wait_usage(ID, MEMLOCK, 0));
}

/* rss and anon */

TEST_F(mm, anon_counts)
{
	long addr, rss, anon;

	addr = CALL(do_mmap, 64 * PG, PROT_READ | PROT_WRITE);
	ASSERT_LT(0, addr);
	EXPECT_EXACT();
	rss = ctx_usage(ID, RSS);
	anon = ctx_usage(ID, ANON);
	/* The zero page is nobody's. */
	EXPECT_EQ(0, CALL(do_touch, addr, 64 * PG, 0));
	EXPECT_EQ(rss, ctx_usage(ID, RSS));
	EXPECT_EQ(0, CALL(do_touch, addr, 64 * PG, 1));
	EXPECT_EQ(rss + 64 * PG, ctx_usage(ID, RSS));
	EXPECT_EQ(anon + 64 * PG, ctx_usage(ID, ANON));
	EXPECT_EXACT();
	EXPECT_EQ(0, CALL(do_madvise, addr, 32 * PG, MADV_DONTNEED));
	EXPECT_EQ(rss + 32 * PG, ctx_usage(ID, RSS));
	EXPECT_EQ(0, CALL(do_munmap, addr, 64 * PG));
	EXPECT_EQ(rss, ctx_usage(ID, RSS));
	EXPECT_EQ(anon, ctx_usage(ID, ANON));
	EXPECT_EXACT();

	addr = CALL(do_mmap, 64 * PG, PROT_READ | PROT_WRITE, MAP_POPULATE);
	ASSERT_LT(0, addr);
	EXPECT_EQ(rss + 64 * PG, ctx_usage(ID, RSS));
	EXPECT_EXACT();
}

static long do_open_self(long a, long b, long c)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

TEST_F(mm, file_counts)
{
	long fd, addr, anon, rss;

	fd = CALL(do_open_self);
	ASSERT_LT(0, fd);
	addr = CALL(do_mmap_fd, fd, 8 * PG, MAP_PRIVATE);
	ASSERT_LT(0, addr);
	EXPECT_EXACT();
	anon = ctx_usage(ID, ANON);
	EXPECT_EQ(0, CALL(do_touch, addr, 8 * PG, 0));
	EXPECT_EQ(anon, ctx_usage(ID, ANON));
	EXPECT_EXACT();
	rss = ctx_usage(ID, RSS);
	/* Copies take the place of the pages: no more room is needed. */
	EXPECT_EQ(0, ctx_set_limits(ID, "rss hard %ld", rss + 2 * PG));
	EXPECT_EQ(0, CALL(do_touch, addr, 8 * PG, 1));
	EXPECT_EQ(0, ctx_fail(ID, RSS));
	EXPECT_LE(anon + 8 * PG, ctx_usage(ID, ANON));
	EXPECT_EXACT();
	EXPECT_EQ(0, CALL(do_munmap, addr, 8 * PG));
	EXPECT_EXACT();
}

/*
 * Who needs more is killed, and nobody else: not the member that is smaller,
 * not a stranger that is larger.
 */
static void test_kill(struct __test_metadata *_metadata, FIXTURE_DATA(mm) * self,
		      enum resource res)
{
	struct agent stranger;
	long base = ctx_usage(ID, res);
	long kills = ctx_number(ID, "events", "oom_kill");

	ASSERT_EQ(0, agent_start(&stranger));
	ASSERT_EQ(0, agent_call(&stranger, do_eat, 4096 * PG, 0, 0));
	EXPECT_EQ(0, ctx_set_limits(ID, "%s hard %ld", resource_name[res],
				    2 * base + 1024 * PG));
	EXPECT_EQ(0, CALL(do_in_child, do_eat, 512 * PG));
	EXPECT_EQ(0, ctx_fail(ID, res));
	EXPECT_EQ(SIGKILL, CALL(do_in_child, do_eat, 2048 * PG));
	EXPECT_LT(0, ctx_fail(ID, res));
	EXPECT_EQ(kills + 1, ctx_number(ID, "events", "oom_kill"));
	EXPECT_GE(2 * base + 1024 * PG, ctx_peak(ID, res));
	EXPECT_EXACT();
	EXPECT_EQ(SIGKILL, CALL(do_in_child, do_eat, 2048 * PG, MAP_POPULATE));
	EXPECT_EQ(kills + 2, ctx_number(ID, "events", "oom_kill"));
	EXPECT_EQ(0, agent_stop(&stranger));
	EXPECT_EXACT();
	EXPECT_EQ(0, ctx_set_limits(ID, "%s hard max", resource_name[res]));
}

TEST_F(mm, rss_kill)
{
	test_kill(_metadata, self, RSS);
}

TEST_F(mm, anon_kill)
{
	test_kill(_metadata, self, ANON);
}

/* The largest makes room for the one that asks. */
TEST_F(mm, rss_largest)
{
	long base, pid, status;

	pid = CALL(do_start_eater, 2048 * PG);
	ASSERT_LT(0, pid);
	base = ctx_usage(ID, RSS);
	EXPECT_EQ(0, ctx_set_limits(ID, "rss hard %ld", base + 64 * PG));
	EXPECT_EQ(0, CALL(do_eat, 256 * PG));
	status = CALL(do_wait, pid);
	EXPECT_EQ(SIGKILL, status);
	EXPECT_EQ(1, ctx_number(ID, "events", "oom_kill"));
	EXPECT_EXACT();
}

/*
 * A limit above is in the way, where the context itself has none: it has been
 * charged for nothing then, and what both members have is what was charged.
 */
TEST_F(mm, rss_hierarchy)
{
	static const enum resource res[] = { RSS, ANON };
	struct agent other;
	unsigned int i;
	long id, has;

	ASSERT_EQ(0, agent_start_in(&other, ID));
	ASSERT_EQ(0, agent_call(&other, do_enter, VCTX_ID_NEW, 0, 0));
	id = agent_call(&other, do_self_id, 0, 0, 0);
	ASSERT_LT(ID, id);
	for (i = 0; i < ARRAY_SIZE(res); i++) {
		EXPECT_EQ(0, ctx_set_limits(ID, "%s hard %ld",
					    resource_name[res[i]],
					    2 * ctx_usage(ID, res[i]) + 1024 * PG));
		EXPECT_EQ(0, agent_call(&other, do_in_child, (long)do_eat,
					512 * PG, 0));
		EXPECT_EQ(0, ctx_fail(ID, res[i]));
		EXPECT_EQ(SIGKILL, agent_call(&other, do_in_child, (long)do_eat,
					      2048 * PG, 0));
		EXPECT_LT(0, ctx_fail(ID, res[i]));
		EXPECT_EQ(0, ctx_fail(id, res[i]));
		EXPECT_EQ(i + 1, ctx_number(ID, "events", "oom_kill"));
		EXPECT_TRUE(exact(&other, id));
		EXPECT_EQ(0, ctx_set_limits(ID, "%s hard max",
					    resource_name[res[i]]));
	}
	/* Looking may take a page itself, once. */
	CALL(do_field, VM_RSS);
	has = CALL(do_field, VM_RSS) + agent_call(&other, do_field, VM_RSS, 0, 0);
	EXPECT_EQ(has, ctx_usage(ID, RSS));
	has = CALL(do_field, RSS_ANON) +
	      agent_call(&other, do_field, RSS_ANON, 0, 0);
	EXPECT_EQ(has, ctx_usage(ID, ANON));
	EXPECT_EQ(0, agent_stop(&other));
	EXPECT_EXACT();
}

static long do_read_zeros(long addr, long len, long c)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	long n = read(fd, (void *)addr, len);

	if (n < 0)
		n = -errno;
	close(fd);
	return n;
}

/* It is the kernel that touches the page, in a system call. */
TEST_F(mm, rss_in_syscall)
{
	long base, pid, addr;

	addr = CALL(do_mmap, 256 * PG, PROT_READ | PROT_WRITE);
	ASSERT_LT(0, addr);
	pid = CALL(do_start_eater, 2048 * PG);
	ASSERT_LT(0, pid);
	base = ctx_usage(ID, RSS);
	EXPECT_EQ(0, ctx_set_limits(ID, "rss hard %ld", base + 16 * PG));
	EXPECT_EQ(256 * PG, CALL(do_read_zeros, addr, 256 * PG));
	EXPECT_EQ(SIGKILL, CALL(do_wait, pid));
	EXPECT_EQ(1, ctx_number(ID, "events", "oom_kill"));
	EXPECT_EXACT();
}

/* A fork is refused, and kills nobody. */
TEST_F(mm, rss_fork)
{
	long base, rss;

	EXPECT_EQ(0, CALL(do_eat, 256 * PG));
	base = ctx_usage(ID, ANON);
	rss = ctx_usage(ID, RSS);
	EXPECT_EQ(0, ctx_set_limits(ID, "anon hard %ld", base + 128 * PG));
	EXPECT_EQ(-ENOMEM, CALL(do_fork_pause));
	EXPECT_LT(0, ctx_fail(ID, ANON));
	EXPECT_EXACT();
	EXPECT_EQ(0, ctx_set_limits(ID, "anon hard max rss hard %ld",
				    rss + 128 * PG));
	EXPECT_EQ(-ENOMEM, CALL(do_fork_pause));
	EXPECT_EQ(0, ctx_number(ID, "events", "oom_kill"));
	EXPECT_EQ(0, ctx_set_limits(ID, "rss hard max"));
	EXPECT_LT(0, CALL(do_fork_pause));
	EXPECT_LE(base + 256 * PG, ctx_usage(ID, ANON));
}

static long do_child_map(long len, long b, long c)
{
	struct pollfd hangup = { .fd = agent_sock };
	static char *map;
	int ready[2];
	pid_t pid;
	char byte;

	if (!map) {
		map = mmap(NULL, len, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		return (long)map;
	}
	if (pipe(ready))
		return -errno;
	pid = fork();
	if (!pid) {
		/* Once it has told, it needs no page that it has not had. */
		poll(&hangup, 1, 0);
		if (write(ready[1], "", 1) == 1)
			poll(&hangup, 1, -1);
		_exit(0);
	}
	if (pid < 0)
		return -errno;
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		pid = -EIO;
	close(ready[0]);
	return pid;
}

static long do_write_other(long pid, long addr, long len)
{
	struct iovec there = { .iov_base = (void *)addr, .iov_len = len };
	struct iovec here = { .iov_len = len };
	long n;

	here.iov_base = mmap(NULL, len, PROT_READ,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	n = process_vm_writev(pid, &here, 1, &there, 1, 0);
	if (n < 0)
		n = -errno;
	munmap(here.iov_base, len);
	return n;
}

/* The pages are the other's; to write them over the limit fails, no more. */
TEST_F(mm, rss_remote)
{
	long addr, pid, base, n;

	addr = CALL(do_child_map, 64 * PG);
	ASSERT_LT(0, addr);
	pid = CALL(do_child_map, 64 * PG);
	ASSERT_LT(0, pid);
	EXPECT_EQ(16 * PG, CALL(do_write_other, pid, addr, 16 * PG));
	base = ctx_usage(ID, RSS);
	EXPECT_EQ(16 * PG, CALL(do_write_other, pid, addr + 16 * PG, 16 * PG));
	EXPECT_EQ(base + 16 * PG, ctx_usage(ID, RSS));
	/* Some for itself, which nobody refuses. */
	EXPECT_EQ(0, ctx_set_limits(ID, "rss hard %ld", base + 24 * PG));
	n = CALL(do_write_other, pid, addr + 32 * PG, 32 * PG);
	EXPECT_GT(9 * PG, n);
	EXPECT_LT(0, ctx_fail(ID, RSS));
	EXPECT_EQ(0, ctx_number(ID, "events", "oom_kill"));
	EXPECT_GE(base + 24 * PG, ctx_usage(ID, RSS));
	EXPECT_EQ(0, CALL(do_kill_wait, pid));
	EXPECT_EXACT();
}

static long do_huge(long pages, long b, long c)
{
	char *p = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -errno;
	p = (char *)(((long)p + HUGE - 1) & -HUGE);
	if (madvise(p, HUGE, MADV_HUGEPAGE))
		return -errno;
	touch(p, pages * PG, true);
	return (long)p;
}

TEST_F(mm, huge)
{
	long anon, addr;

	anon = ctx_usage(ID, ANON);
	addr = CALL(do_huge, 1);
	if (addr == -EINVAL)
		SKIP(return, "the kernel has no transparent huge pages");
	ASSERT_LT(0, addr);
	if (ctx_usage(ID, ANON) < anon + HUGE)
		SKIP(return, "there is no huge page");
	EXPECT_EXACT();
	/* Both halves, whole and split */
	EXPECT_EQ(0, CALL(do_in_child, do_nothing));
	EXPECT_EQ(0, CALL(do_madvise, addr + HUGE / 2, HUGE / 2, MADV_DONTNEED));
	EXPECT_EXACT();
	EXPECT_EQ(0, CALL(do_in_child, do_touch, addr));
	EXPECT_EQ(0, CALL(do_munmap, addr, HUGE));
	EXPECT_EXACT();

	/* There is no room for a huge page, but for what is asked. */
	anon = ctx_usage(ID, ANON);
	EXPECT_EQ(0, ctx_set_limits(ID, "anon hard %ld", anon + 300 * PG));
	EXPECT_LT(0, CALL(do_huge, 200));
	EXPECT_EQ(anon + 200 * PG, ctx_usage(ID, ANON));
	EXPECT_EQ(0, ctx_fail(ID, ANON));
	EXPECT_EQ(0, ctx_number(ID, "events", "oom_kill"));
	EXPECT_EXACT();
}

TEST_F(mm, hugetlb)
{
	char old[32] = "";
	long addr, rss, as;

	read_file("/proc/sys/vm/nr_hugepages", old, sizeof(old));
	if (write_file("/proc/sys/vm/nr_hugepages", "4", 1))
		SKIP(return, "the kernel has no hugetlb");
	rss = ctx_usage(ID, RSS);
	as = ctx_usage(ID, AS);
	addr = CALL(do_mmap, HUGE, PROT_READ | PROT_WRITE, MAP_HUGETLB);
	if (addr < 0) {
		write_file("/proc/sys/vm/nr_hugepages", old, strlen(old));
		SKIP(return, "there is no huge page");
	}
	EXPECT_EQ(0, CALL(do_touch, addr, HUGE, 1));
	EXPECT_EQ(as + HUGE, ctx_usage(ID, AS));
	/* The administrator has set them aside: they are no resident memory. */
	EXPECT_GT(rss + 64 * PG, ctx_usage(ID, RSS));
	EXPECT_EQ(0, CALL(do_munmap, addr, HUGE));
	EXPECT_EQ(as, ctx_usage(ID, AS));
	EXPECT_EXACT();
	write_file("/proc/sys/vm/nr_hugepages", old, strlen(old));
}

/* shmem */

static long do_memfd(long size, long b, long c)
{
	int fd = memfd_create("vctx", MFD_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, size))
		return -errno;
	return fd < 0 ? -errno : fd;
}

static long do_pwrite(long fd, long page, long pages)
{
	static char buf[PG];
	long n, done = 0;

	for (; pages; pages--, page++) {
		n = pwrite(fd, buf, PG, page * PG);
		if (n != PG)
			return done ?: -errno;
		done++;
	}
	return done;
}

static long do_ftruncate(long fd, long size, long c)
{
	return ftruncate(fd, size) ? -errno : 0;
}

static long do_punch(long fd, long page, long pages)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 page * PG, pages * PG) ? -errno : 0;
}

static long do_fallocate(long fd, long page, long pages)
{
	return fallocate(fd, 0, page * PG, pages * PG) ? -errno : 0;
}

TEST_F(mm, shmem_memfd)
{
	long fd, ours;

	fd = CALL(do_memfd, 0);
	ASSERT_LT(0, fd);
	EXPECT_EQ(0, ctx_set_limits(ID, "shmem hard %ld", 16 * PG));
	EXPECT_EQ(16, CALL(do_pwrite, fd, 0, 16));
	EXPECT_EQ(16 * PG, ctx_usage(ID, SHMEM));
	EXPECT_EQ(-ENOSPC, CALL(do_pwrite, fd, 16, 1));
	EXPECT_LT(0, ctx_fail(ID, SHMEM));
	EXPECT_EQ(16, CALL(do_pwrite, fd, 0, 16));
	EXPECT_EQ(0, CALL(do_punch, fd, 4, 8));
	EXPECT_EQ(8 * PG, ctx_usage(ID, SHMEM));
	EXPECT_EQ(-ENOSPC, CALL(do_fallocate, fd, 16, 100));
	EXPECT_EQ(8 * PG, ctx_usage(ID, SHMEM));
	EXPECT_EQ(8, CALL(do_pwrite, fd, 100, 8));
	EXPECT_EQ(0, CALL(do_ftruncate, fd, 2 * PG));
	EXPECT_EQ(2 * PG, ctx_usage(ID, SHMEM));

	/* It is its maker's, whoever writes and however long. */
	ours = agent_take_fd(&self->member, fd);
	ASSERT_LE(0, ours);
	EXPECT_EQ(0, agent_stop(&self->member));
	EXPECT_EQ(2 * PG, ctx_wait_usage(ID, SHMEM, 2 * PG));
	EXPECT_EQ(14, do_pwrite(ours, 2, 14));
	EXPECT_EQ(16 * PG, ctx_usage(ID, SHMEM));
	EXPECT_EQ(-ENOSPC, do_pwrite(ours, 16, 1));
	close(ours);
	EXPECT_EQ(0, ctx_wait_usage(ID, SHMEM, 0));
}

TEST_F(mm, shmem_fault)
{
	long base, rss;

	rss = ctx_usage(ID, RSS);
	EXPECT_EQ(0, ctx_set_limits(ID, "shmem hard %ld", 16 * PG));
	base = CALL(do_mmap_shared, 32 * PG);
	ASSERT_LT(0, base);
	EXPECT_EQ(0, CALL(do_touch, base, 16 * PG, 1));
	EXPECT_EQ(16 * PG, ctx_usage(ID, SHMEM));
	EXPECT_LE(rss + 16 * PG, ctx_usage(ID, RSS));
	EXPECT_EXACT();
	EXPECT_EQ(SIGBUS, CALL(do_in_child, do_touch, base, 32 * PG) & 0x7f);
	EXPECT_EQ(16 * PG, ctx_usage(ID, SHMEM));
	EXPECT_EQ(0, ctx_number(ID, "events", "oom_kill"));
	EXPECT_EQ(0, CALL(do_munmap, base, 32 * PG));
	EXPECT_EQ(0, ctx_wait_usage(ID, SHMEM, 0));
	EXPECT_EXACT();
}

static const char tmpfs_dir[] = "/tmp/vctx-mm-test";

static long do_tmpfs_file(long path, long b, long c)
{
	int fd = open((const char *)path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

static long do_unlink(long path, long b, long c)
{
	return unlink((const char *)path) ? -errno : 0;
}

TEST_F(mm, shmem_tmpfs)
{
	static const char file[] = "/tmp/vctx-mm-test/file";
	struct agent other;
	long fd, ours;

	mkdir(tmpfs_dir, 0755);
	ASSERT_EQ(0, mount("none", tmpfs_dir, "tmpfs", 0, NULL));
	EXPECT_EQ(0, ctx_set_limits(ID, "shmem hard %ld", 16 * PG));
	fd = CALL(do_tmpfs_file, file);
	EXPECT_LT(0, fd);
	EXPECT_EQ(16, CALL(do_pwrite, fd, 0, 20));
	EXPECT_EQ(16 * PG, ctx_usage(ID, SHMEM));

	/* What the host has made is the host's. */
	ours = open("/tmp/vctx-mm-test/host", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	EXPECT_LE(0, ours);
	EXPECT_EQ(20, do_pwrite(ours, 0, 20));
	close(ours);
	EXPECT_EQ(16 * PG, ctx_usage(ID, SHMEM));

	/* The file stays, and so does the charge. */
	EXPECT_EQ(0, agent_stop(&self->member));
	EXPECT_EQ(0, ctx_wait_usage(ID, AS, 0));
	EXPECT_EQ(16 * PG, ctx_usage(ID, SHMEM));
	EXPECT_EQ(0, agent_start_in(&other, ID));
	EXPECT_EQ(0, agent_call(&other, do_unlink, (long)file, 0, 0));
	EXPECT_EQ(0, ctx_wait_usage(ID, SHMEM, 0));
	EXPECT_EQ(0, agent_stop(&other));
	EXPECT_EQ(0, umount2(tmpfs_dir, MNT_DETACH));
	rmdir(tmpfs_dir);
}

TEST_F(mm, shmem_sysv)
{
	long shm, addr;

	shm = CALL(do_shmget, 16 * PG);
	ASSERT_LE(0, shm);
	addr = CALL(do_shmat, shm);
	ASSERT_LT(0, addr);
	EXPECT_EQ(0, ctx_usage(ID, SHMEM));
	EXPECT_EQ(0, CALL(do_touch, addr, 16 * PG, 1));
	EXPECT_EQ(16 * PG, ctx_usage(ID, SHMEM));
	EXPECT_EQ(0, agent_stop(&self->member));
	EXPECT_EQ(0, ctx_wait_usage(ID, RSS, 0));
	EXPECT_EQ(16 * PG, ctx_usage(ID, SHMEM));
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
	EXPECT_EQ(0, CALL(do_shmctl, shm, IPC_RMID));
	EXPECT_EQ(0, ctx_wait_usage(ID, SHMEM, 0));
}

static long do_pageout(long addr, long len, long c)
{
	return madvise((void *)addr, len, MADV_PAGEOUT) ? -errno : 0;
}

/* Swapped out is not resident any more, but allocated it is. */
TEST_F(mm, swap)
{
	long addr, anon, shared, rss;

	if (swapon("/dev/vda", 0))
		SKIP(return, "no swap on /dev/vda");
	shared = CALL(do_mmap_shared, 64 * PG);
	addr = CALL(do_mmap, 64 * PG, PROT_READ | PROT_WRITE);
	ASSERT_LT(0, addr);
	ASSERT_LT(0, shared);
	EXPECT_EQ(0, CALL(do_touch, addr, 64 * PG, 1));
	EXPECT_EQ(0, CALL(do_touch, shared, 64 * PG, 1));
	EXPECT_EXACT();
	anon = ctx_usage(ID, ANON);
	rss = ctx_usage(ID, RSS);
	EXPECT_EQ(0, CALL(do_pageout, addr, 64 * PG));
	EXPECT_EQ(0, CALL(do_pageout, shared, 64 * PG));
	EXPECT_GT(anon, ctx_usage(ID, ANON));
	EXPECT_GT(rss - 64 * PG, ctx_usage(ID, RSS));
	EXPECT_EQ(64 * PG, ctx_usage(ID, SHMEM));
	EXPECT_EXACT();
	EXPECT_EQ(0, CALL(do_touch, addr, 64 * PG, 0));
	EXPECT_EQ(0, CALL(do_touch, shared, 64 * PG, 0));
	EXPECT_EQ(anon, ctx_usage(ID, ANON));
	EXPECT_EXACT();

	/* Back in is charged, and refused. */
	EXPECT_EQ(0, CALL(do_pageout, addr, 64 * PG));
	EXPECT_EQ(0, CALL(do_in_child, do_touch, addr, 64 * PG));
	EXPECT_EXACT();
	EXPECT_EQ(0, swapoff("/dev/vda"));
	EXPECT_EQ(anon, ctx_usage(ID, ANON));
	EXPECT_EXACT();
	EXPECT_EQ(0, CALL(do_munmap, shared, 64 * PG));
	EXPECT_EQ(0, ctx_wait_usage(ID, SHMEM, 0));
}

/* Many that come and go at a limit, and enter at the same time */

#define RACE_PAGES	64

static long do_race(long end_ms, long b, long c)
{
	char *p = mmap(NULL, RACE_PAGES * PG, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int seed = getpid();

	if (p == MAP_FAILED)
		return 0;
	while (now_ms() < end_ms) {
		touch(p, RACE_PAGES * PG, rand_r(&seed) & 1);
		switch (rand_r(&seed) % 4) {
		case 0:
			madvise(p, RACE_PAGES * PG, MADV_DONTNEED);
			break;
		case 1:
			mlock(p, RACE_PAGES * PG / 2);
			munlock(p, RACE_PAGES * PG);
			break;
		case 2:
			if (!fork()) {
				touch(p, RACE_PAGES * PG, true);
				_exit(0);
			}
			waitpid(-1, NULL, 0);
			break;
		default:
			munmap(p, RACE_PAGES * PG / 2);
			mmap(p, RACE_PAGES * PG / 2, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		}
	}
	return 0;
}

static long set_oom_score(const char *score)
{
	return write_file("/proc/self/oom_score_adj", score, strlen(score));
}

/* Starts @n, and another for each that is killed; is not killed itself. */
static long do_start_race(long n, long end_ms, long c)
{
	long err = set_oom_score("-1000");

	while (n-- && !err) {
		pid_t pid = fork();

		if (pid < 0) {
			/* Those that race already have taken all the room. */
			if (errno != ENOMEM)
				err = -errno;
			else if (now_ms() < end_ms)
				n++;
		}
		if (pid)
			continue;
		while (now_ms() < end_ms) {
			pid = fork();
			if (!pid) {
				set_oom_score("0");
				_exit(do_race(end_ms, 0, 0));
			}
			waitpid(pid, NULL, 0);
		}
		_exit(0);
	}
	return err;
}

static long do_reap(long n, long b, long c)
{
	long reaped = 0;

	while (waitpid(-1, NULL, WNOHANG) > 0)
		reaped++;
	return reaped;
}

/* Enters and exits, while the parent writes its memory. */
static void race_entries(long end_ms)
{
	static char page[PG];
	struct iovec here = { .iov_base = page, .iov_len = PG };
	char *p = mmap(NULL, RACE_PAGES * PG, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	while (now_ms() < end_ms) {
		struct iovec there = { .iov_base = p, .iov_len = PG };
		pid_t pid = fork();
		int i;

		if (!pid) {
			do_lock_some(4 * PG, 0, 0);
			if (!enter(ID, 0, 0)) {
				do_eat(16 * PG, 0, 0);
				enter(VCTX_ID_NEW, 0, 0);
				do_eat(16 * PG, 0, 0);
			}
			_exit(0);
		}
		if (pid < 0)
			continue;
		for (i = 0; i < RACE_PAGES; i++, there.iov_base += PG)
			if (process_vm_writev(pid, &here, 1, &there, 1, 0) != PG)
				break;
		waitpid(pid, NULL, 0);
	}
}

TEST_F(mm, race)
{
	long ms = 1000 * env_long("VCTX_TEST_SECONDS", 3) / 2;
	struct limit limit;
	long base, end, left = 0;
	pid_t pid;

	base = ctx_usage(ID, RSS);
	end = now_ms() + ms;
	/* Nobody who enters is refused: so none does while the limits count. */
	EXPECT_EQ(0, ctx_set_limits(ID, "rss hard %ld anon hard %ld memlock hard %ld",
				    6 * base, 4 * base, 100 * PG));
	EXPECT_EQ(0, CALL(do_start_race, 4, end));
	while (now_ms() < end) {
		ctx_limit(ID, RSS, &limit);
		if (limit.usage > limit.hard || limit.peak > limit.hard)
			left++;
		ctx_limit(ID, ANON, &limit);
		if (limit.usage > limit.hard || limit.peak > limit.hard)
			left++;
		ctx_limit(ID, MEMLOCK, &limit);
		if (limit.usage > limit.hard || limit.peak > limit.hard)
			left++;
		sleep_ms(5);
	}
	EXPECT_EQ(0, left);
	EXPECT_TRUE(WAIT_UNTIL(CALL(do_reap) >= 0 && ctx_usage(ID, NPROC) == 1));
	EXPECT_EXACT();

	EXPECT_EQ(0, ctx_set_limits(ID, "rss hard max anon hard max memlock hard max"));
	end = now_ms() + ms;
	EXPECT_EQ(0, CALL(do_start_race, 2, end));
	pid = fork();
	if (!pid) {
		race_entries(end);
		_exit(0);
	}
	race_entries(end);
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_TRUE(WAIT_UNTIL(CALL(do_reap) >= 0 && ctx_usage(ID, NPROC) == 1));
	EXPECT_EXACT();
}

/* The host is not charged, whatever it does. */
TEST_F(mm, host)
{
	struct agent host;
	long as, rss;

	as = ctx_usage(ID, AS);
	rss = ctx_usage(ID, RSS);
	EXPECT_EQ(0, ctx_set_limits(ID, "as hard 0 memlock hard 0"));
	EXPECT_EQ(0, ctx_set_limits(ID, "rss hard 0 anon hard 0 shmem hard 0"));
	ASSERT_EQ(0, agent_start(&host));
	EXPECT_EQ(0, agent_call(&host, do_eat, 64 * PG, 0, 0));
	EXPECT_EQ(0, agent_call(&host, do_lock_some, 64 * PG, 0, 0));
	EXPECT_LT(0, agent_call(&host, do_mmap_shared, 64 * PG, MAP_POPULATE, 0));
	EXPECT_EQ(as, ctx_usage(ID, AS));
	EXPECT_EQ(rss, ctx_usage(ID, RSS));
	/* And who enters is not refused, only what it does then. */
	EXPECT_EQ(0, ctx_set_limits(ID, "rss hard max anon hard max"));
	EXPECT_EQ(0, agent_call(&host, do_enter, ID, 0, 0));
	EXPECT_LT(as, ctx_usage(ID, AS));
	EXPECT_EQ(64 * PG, ctx_usage(ID, MEMLOCK));
	EXPECT_EQ(-ENOMEM, agent_call(&host, do_mmap, PG, PROT_READ, 0));
	EXPECT_EQ(0, agent_stop(&host));
}

TEST_HARNESS_MAIN
