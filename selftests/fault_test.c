// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - allocations that fail: nothing crashes, stays charged or is lost
 *
 * What is charged has to be unwound wherever the call that it belongs to fails
 * afterwards.  /proc/PID/fail-nth makes the n-th allocation of a task fail; a
 * call is made again and again, with n from 1 on, until it has no allocation
 * left to fail.  Whether it then fails or finds another way is its own
 * business: the errno has to be one of those that mean "no room", and the usage
 * of each resource what it was before.
 *
 * Needs CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC and debugfs.
 */

#define _GNU_SOURCE
#include <mqueue.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#include "common.h"

#define ID	60191
#define MADE	60192

/* No call has as many allocations. */
#define MOST	3000

#define DEBUGFS	"/sys/kernel/debug"

#ifndef __NR_io_uring_setup
#define __NR_io_uring_setup 425
#endif
#ifndef __NR_pidfd_open
#define __NR_pidfd_open 434
#endif

/* In which the tests need it, and as it was before */
static const struct {
	const char *path, *value, *otherwise;
} settings[] = {
	{ DEBUGFS "/failslab/ignore-gfp-wait", "N", "Y" },
	{ DEBUGFS "/failslab/verbose", "0", "2" },
	{ DEBUGFS "/fail_page_alloc/ignore-gfp-wait", "N", "Y" },
	{ DEBUGFS "/fail_page_alloc/min-order", "0", "1" },
	{ DEBUGFS "/fail_page_alloc/verbose", "0", "2" },
};

static const char *fault_missing(void)
{
	const char *why = vctx_missing();
	int i;

	if (why)
		return why;
	if (access("/proc/thread-self/fail-nth", W_OK))
		return "the kernel has no fault injection";
	if (access(settings[0].path, F_OK))
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	for (i = 0; i < (int)ARRAY_SIZE(settings); i++)
		if (write_file(settings[i].path, settings[i].value,
			       strlen(settings[i].value)))
			return "failslab and fail_page_alloc are not in debugfs";
	return NULL;
}

static void fault_restore(void)
{
	int i;

	for (i = 0; i < (int)ARRAY_SIZE(settings); i++)
		write_file(settings[i].path, settings[i].otherwise,
			   strlen(settings[i].otherwise));
}

/* The caller's n-th allocation from now on fails; none if @n is 0. */
static int nth_fd = -1;

static int nth_open(void)
{
	if (nth_fd >= 0)
		close(nth_fd);
	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	return nth_fd < 0 ? -errno : 0;
}

static void nth_set(int n)
{
	char buf[16];

	/* Also a failure that is due now would be one of this write. */
	while (pwrite(nth_fd, buf, snprintf(buf, sizeof(buf), "%d", n), 0) < 0)
		;
}

/* Has it failed?  None will after this. */
static bool nth_failed(void)
{
	char buf[16] = {};
	bool failed;

	failed = pread(nth_fd, buf, sizeof(buf) - 1, 0) > 0 && !atoi(buf);
	nth_set(0);
	return failed;
}

/*
 * Each of these takes something, and leaves in "had" whatever it has got when
 * it fails half way.
 */
static struct had {
	int fd[16];
	int fds;
	struct {
		void *address;
		size_t size;
	} map[8];
	int maps;
	pid_t child;
	pthread_t thread;
	bool has_thread;
	int shm, sem, msg;
	void *attached;
	bool mq;
} had = { .shm = -1, .sem = -1, .msg = -1 };

#define MQ_NAME	"/vctx-fault"

static int have_fd(int fd)
{
	if (fd < 0)
		return -errno;
	had.fd[had.fds++] = fd;
	return 0;
}

static int have_map(void *address, size_t size)
{
	if (address == MAP_FAILED)
		return -errno;
	had.map[had.maps].address = address;
	had.map[had.maps++].size = size;
	return 0;
}

static void *thread_ends_with(void *arg)
{
	struct pollfd hangup = { .fd = (long)arg, .events = POLLIN };

	poll(&hangup, 1, -1);
	return NULL;
}

/* What an allocation that fails in here keeps is given back the next time. */
static void drop(void)
{
	while (had.fds)
		close(had.fd[--had.fds]);
	while (had.maps && !munmap(had.map[had.maps - 1].address,
				   had.map[had.maps - 1].size))
		had.maps--;
	if (had.has_thread) {
		pthread_join(had.thread, NULL);
		had.has_thread = false;
	}
	if (had.child && waitpid(had.child, NULL, 0) > 0)
		had.child = 0;
	if (had.attached && !shmdt(had.attached))
		had.attached = NULL;
	if (had.shm >= 0 && !shmctl(had.shm, IPC_RMID, NULL))
		had.shm = -1;
	if (had.sem >= 0 && !semctl(had.sem, 0, IPC_RMID))
		had.sem = -1;
	if (had.msg >= 0 && !msgctl(had.msg, IPC_RMID, NULL))
		had.msg = -1;
	if (had.mq && (!mq_unlink(MQ_NAME) || errno == ENOENT))
		had.mq = false;
}

/* Tasks */

static int take_process(void)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(0);
	had.child = pid;
	return 0;
}

static int take_vfork(void)
{
	pid_t pid = vfork();

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(0);
	had.child = pid;
	return 0;
}

static int take_thread(void)
{
	int pipe_fd[2], err;

	if (pipe2(pipe_fd, O_CLOEXEC))
		return -errno;
	have_fd(pipe_fd[0]);
	/* It ends when this one is closed, which is the first. */
	have_fd(pipe_fd[1]);
	err = -pthread_create(&had.thread, NULL, thread_ends_with,
			      (void *)(long)pipe_fd[0]);
	had.has_thread = !err;
	return err;
}

/* Files */

static int take_file(void)
{
	return have_fd(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)) ?:
	       have_fd(open("/dev/null", O_RDWR | O_CLOEXEC)) ?:
	       have_fd(open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
}

static int take_pipe(void)
{
	int pair[2];

	if (pipe2(pair, O_CLOEXEC))
		return -errno;
	have_fd(pair[0]);
	have_fd(pair[1]);
	return write(pair[1], pair, sizeof(pair)) < 0 ? -errno : 0;
}

static int take_special_files(void)
{
	char params[512] = {};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return have_fd(eventfd(0, EFD_CLOEXEC)) ?:
	       have_fd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) ?:
	       have_fd(signalfd(-1, &set, SFD_CLOEXEC)) ?:
	       have_fd(memfd_create("fault", MFD_CLOEXEC)) ?:
	       have_fd(syscall(__NR_pidfd_open, getpid(), 0)) ?:
	       have_fd(syscall(__NR_io_uring_setup, 4, params));
}

static int take_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int err;

	err = have_fd(epoll_create1(EPOLL_CLOEXEC)) ?:
	      have_fd(eventfd(0, EFD_CLOEXEC));
	if (err)
		return err;
	return epoll_ctl(had.fd[0], EPOLL_CTL_ADD, had.fd[1], &event) ?
	       -errno : 0;
}

static int take_locks(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_len = 10 };
	int err, i;

	err = have_fd(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)) ?:
	      have_fd(memfd_create("fault", MFD_CLOEXEC));
	if (err)
		return err;
	if (flock(had.fd[1], LOCK_EX) || fcntl(had.fd[0], F_SETLK, &lock))
		return -errno;
	lock.l_start = 20;
	if (fcntl(had.fd[0], F_OFD_SETLK, &lock))
		return -errno;
	/* Splits one in two. */
	lock.l_type = F_UNLCK;
	lock.l_start = 23;
	lock.l_len = 2;
	for (i = 0; i < 2; i++, lock.l_start = 3)
		if (fcntl(had.fd[0], i ? F_SETLK : F_OFD_SETLK, &lock))
			return -errno;
	return 0;
}

/* The one who opened it must be the only one. */
static int take_lease(void)
{
	int err = have_fd(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));

	if (err)
		return err;
	return fcntl(had.fd[0], F_SETLEASE, F_WRLCK) ? -errno : 0;
}

/* Sockets */

static int take_sockets(void)
{
	return have_fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) ?:
	       have_fd(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)) ?:
	       have_fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) ?:
	       have_fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
}

static int take_socket_pair(void)
{
	int pair[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	have_fd(pair[0]);
	have_fd(pair[1]);
	err = send_fd(pair[0], pair[1]);
	if (err)
		return err;
	err = recv_fd(pair[1]);
	return err < 0 ? err : have_fd(err);
}

static int accept_one(int family, const struct sockaddr *any, socklen_t len)
{
	/* Nothing is to linger when they are closed. */
	const struct linger linger = { .l_onoff = 1 };
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	struct pollfd ready;
	int err;

	err = have_fd(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) ?:
	      have_fd(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
	if (err)
		return err;
	if (setsockopt(had.fd[1], SOL_SOCKET, SO_LINGER, &linger,
		       sizeof(linger)))
		return -errno;
	/* It may not wait: a packet that got lost is sent again much later. */
	if (bind(had.fd[0], any, len) || listen(had.fd[0], 4) ||
	    fcntl(had.fd[0], F_SETFL, O_NONBLOCK) ||
	    fcntl(had.fd[1], F_SETFL, O_NONBLOCK) ||
	    getsockname(had.fd[0], (struct sockaddr *)&address, &size))
		return -errno;
	if (connect(had.fd[1], (struct sockaddr *)&address, size) &&
	    errno != EINPROGRESS)
		return -errno;
	ready = (struct pollfd){ .fd = had.fd[0], .events = POLLIN };
	poll(&ready, 1, 500);
	err = have_fd(accept4(had.fd[0], NULL, NULL, SOCK_CLOEXEC));
	if (err)
		return err;
	return setsockopt(had.fd[2], SOL_SOCKET, SO_LINGER, &linger,
			  sizeof(linger)) ? -errno : 0;
}

static int take_tcp(void)
{
	struct sockaddr_in any = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return accept_one(AF_INET, (struct sockaddr *)&any, sizeof(any));
}

static int take_unix(void)
{
	/* Only a family: the kernel gives it a name. */
	struct sockaddr_un any = { .sun_family = AF_UNIX };

	return accept_one(AF_UNIX, (struct sockaddr *)&any,
			  sizeof(any.sun_family));
}

/* Memory */

#define SIZE	(16 * 4096)

static int touch(char *address, size_t size)
{
	size_t i;

	for (i = 0; i < size; i += 4096)
		address[i] = 1;
	return 0;
}

static int map(int flags, int fd)
{
	return have_map(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, flags, fd, 0),
			SIZE);
}

static int take_memory(void)
{
	int err;

	err = map(MAP_PRIVATE | MAP_ANONYMOUS, -1) ?:
	      map(MAP_SHARED | MAP_ANONYMOUS, -1);
	if (err)
		return err;
	touch(had.map[0].address, SIZE);
	touch(had.map[1].address, SIZE);
	/* Each splits it. */
	if (mprotect((char *)had.map[0].address + 4096, 4096, PROT_READ) ||
	    madvise((char *)had.map[0].address + 8192, 4096, MADV_DONTFORK))
		return -errno;
	return munmap((char *)had.map[1].address + 4096, 4096) ? -errno : 0;
}

static int take_mremap(void)
{
	void *moved;
	int err = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (err)
		return err;
	touch(had.map[0].address, SIZE);
	moved = mremap(had.map[0].address, SIZE, 4 * SIZE, MREMAP_MAYMOVE);
	if (moved == MAP_FAILED)
		return -errno;
	had.map[0].address = moved;
	had.map[0].size = 4 * SIZE;
	return 0;
}

static int take_locked(void)
{
	int err = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (err)
		return err;
	if (mlock((char *)had.map[0].address + 4096, SIZE / 2))
		return -errno;
	return map(MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1);
}

static int take_file_map(void)
{
	int err = have_fd(memfd_create("fault", MFD_CLOEXEC));

	if (err)
		return err;
	if (ftruncate(had.fd[0], SIZE))
		return -errno;
	err = map(MAP_SHARED, had.fd[0]) ?: map(MAP_PRIVATE, had.fd[0]);
	if (err)
		return err;
	touch(had.map[0].address, SIZE);
	return touch(had.map[1].address, SIZE);
}

/* IPC */

static int take_shm(void)
{
	void *address;

	had.shm = shmget(IPC_PRIVATE, SIZE, 0600);
	if (had.shm < 0)
		return -errno;
	address = shmat(had.shm, NULL, 0);
	if (address == (void *)-1)
		return -errno;
	had.attached = address;
	touch(address, SIZE);
	return shmctl(had.shm, SHM_LOCK, NULL) ? -errno : 0;
}

static int take_sem(void)
{
	struct sembuf up = { .sem_op = 1, .sem_flg = SEM_UNDO };

	had.sem = semget(IPC_PRIVATE, 5, 0600);
	if (had.sem < 0)
		return -errno;
	return semop(had.sem, &up, 1) ? -errno : 0;
}

static int take_msg(void)
{
	struct {
		long type;
		char text[6000];
	} message = { .type = 1 };

	had.msg = msgget(IPC_PRIVATE, 0600);
	if (had.msg < 0)
		return -errno;
	return msgsnd(had.msg, &message, sizeof(message.text), IPC_NOWAIT) ?
	       -errno : 0;
}

static int take_mqueue(void)
{
	struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = 64 };
	char text[64] = {};
	int err;

	/* Whether or not that fails, there may be one of that name. */
	had.mq = true;
	err = have_fd(mq_open(MQ_NAME, O_RDWR | O_CREAT | O_NONBLOCK, 0600,
			      &attr));
	if (err)
		return err;
	return mq_send(had.fd[0], text, sizeof(text), 1) ? -errno : 0;
}

/* And the rest */

static int take_pty(void)
{
	int err = have_fd(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
	int unlock = 0;

	if (err)
		return err;
	if (ioctl(had.fd[0], TIOCSPTLCK, &unlock))
		return -errno;
	return have_fd(ioctl(had.fd[0], TIOCGPTPEER,
			     O_RDWR | O_NOCTTY | O_CLOEXEC));
}

static int take_inotify(void)
{
	int err = have_fd(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));

	if (err)
		return err;
	if (inotify_add_watch(had.fd[0], "/", IN_OPEN) < 0 ||
	    inotify_add_watch(had.fd[0], "/tmp", IN_OPEN) < 0 ||
	    inotify_add_watch(had.fd[0], "/dev", IN_OPEN) < 0)
		return -errno;
	return inotify_add_watch(had.fd[0], "/tmp", IN_OPEN | IN_CLOSE) < 0 ?
	       -errno : 0;
}

static int take_fanotify(void)
{
	int err = have_fd(fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC,
					O_RDONLY));

	if (err)
		return err;
	return fanotify_mark(had.fd[0], FAN_MARK_ADD, FAN_OPEN, AT_FDCWD,
			     "/tmp") ? -errno : 0;
}

static int take_signals(void)
{
	union sigval value = { .sival_int = 1 };
	sigset_t set;
	int i, err = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (i = 0; i < 3 && !err; i++)
		if (sigqueue(getpid(), SIGRTMIN, value))
			err = -errno;
	while (sigtimedwait(&set, NULL, &(struct timespec){}) > 0)
		;
	return err;
}

static int take_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer))
		return -errno;
	return timer_delete(timer) ? -errno : 0;
}

static int take_random(void)
{
	char text[100] = {};
	int err = have_fd(open("/dev/urandom", O_WRONLY | O_CLOEXEC));

	if (err)
		return err;
	return write(had.fd[0], text, sizeof(text)) < 0 ? -errno : 0;
}

/* In a mount namespace of its own: not everything is a member's to mount on. */
static int take_mount(void)
{
	static bool apart;

	if (!apart) {
		if (unshare(CLONE_NEWNS) ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
			return -errno;
		apart = true;
	}
	if (mount("none", "/tmp", "tmpfs", 0, NULL))
		return -errno;
	while (umount2("/tmp", MNT_DETACH))
		if (errno != ENOMEM)
			return -errno;
	return 0;
}

/* What the agent answers: an errno, and whether an allocation has failed */
#define FAILED	0x10000L

static long answer(int err, bool failed)
{
	return -err | (failed ? FAILED : 0);
}

/* An errno that says that there is no room, in one of its many ways */
static bool no_room(int err)
{
	switch (err) {
	case ENOMEM:
	case ENOBUFS:
	case ENOSPC:
	case ENOLCK:
	case EAGAIN:
	case EMFILE:
	case ENFILE:
	/* bind, to no port in particular */
	case EADDRINUSE:
		return true;
	}
	return false;
}

typedef int (*take_fn)(void);

static long do_take(long take, long n, long c)
{
	int err;

	nth_set(n);
	err = ((take_fn)take)();
	n = nth_failed();
	drop();
	return answer(err, n);
}

static long do_drop(long take, long n, long c)
{
	int err = ((take_fn)take)();

	nth_set(n);
	drop();
	n = nth_failed();
	/* What could not be given back is now. */
	drop();
	return answer(err, n);
}

static long do_nth_open(long a, long b, long c)
{
	return nth_open();
}

/* In the order in which the kernel lists them: once for each call, so quickly */
static void usages(__u32 id, long usage[NR_RESOURCES])
{
	char buf[LIMITS_SIZE], *line = buf;
	size_t len;
	int i;

	ctx_read(id, "limits", buf, sizeof(buf));
	for (i = 0; i < NR_RESOURCES; i++) {
		len = strlen(resource_name[i]);
		usage[i] = -1;
		if (!line || strncmp(line, resource_name[i], len) ||
		    strncmp(line + len, " usage ", 7))
			continue;
		usage[i] = atol(line + len + 7);
		line = strchr(line, '\n');
		if (line)
			line++;
	}
}

/* Of all but what a process has by living, and what never gets less */
static int changed(__u32 id, const long before[NR_RESOURCES])
{
	long now[NR_RESOURCES];
	int i;

	usages(id, now);
	for (i = 0; i < NR_RESOURCES; i++) {
		switch (i) {
		case AS:
		case RSS:
		case ANON:
		case SHMEM:
		case MEMORY:
		case SWAP:
		case NRANDOM:
			continue;
		}
		if (now[i] != before[i])
			return i;
	}
	return -1;
}

FIXTURE(member) {
	struct agent agent;
	int contexts;
};

FIXTURE_VARIANT(member) {
	take_fn take;
};

FIXTURE_VARIANT_ADD(member, process) { .take = take_process };
FIXTURE_VARIANT_ADD(member, vfork) { .take = take_vfork };
FIXTURE_VARIANT_ADD(member, thread) { .take = take_thread };
FIXTURE_VARIANT_ADD(member, file) { .take = take_file };
FIXTURE_VARIANT_ADD(member, pipe) { .take = take_pipe };
FIXTURE_VARIANT_ADD(member, special_files) { .take = take_special_files };
FIXTURE_VARIANT_ADD(member, epoll) { .take = take_epoll };
FIXTURE_VARIANT_ADD(member, locks) { .take = take_locks };
FIXTURE_VARIANT_ADD(member, lease) { .take = take_lease };
FIXTURE_VARIANT_ADD(member, sockets) { .take = take_sockets };
FIXTURE_VARIANT_ADD(member, socket_pair) { .take = take_socket_pair };
FIXTURE_VARIANT_ADD(member, tcp) { .take = take_tcp };
FIXTURE_VARIANT_ADD(member, unix) { .take = take_unix };
FIXTURE_VARIANT_ADD(member, memory) { .take = take_memory };
FIXTURE_VARIANT_ADD(member, mremap) { .take = take_mremap };
FIXTURE_VARIANT_ADD(member, locked) { .take = take_locked };
FIXTURE_VARIANT_ADD(member, file_map) { .take = take_file_map };
FIXTURE_VARIANT_ADD(member, shm) { .take = take_shm };
FIXTURE_VARIANT_ADD(member, sem) { .take = take_sem };
FIXTURE_VARIANT_ADD(member, msg) { .take = take_msg };
FIXTURE_VARIANT_ADD(member, mqueue) { .take = take_mqueue };
FIXTURE_VARIANT_ADD(member, pty) { .take = take_pty };
FIXTURE_VARIANT_ADD(member, inotify) { .take = take_inotify };
FIXTURE_VARIANT_ADD(member, fanotify) { .take = take_fanotify };
FIXTURE_VARIANT_ADD(member, signals) { .take = take_signals };
FIXTURE_VARIANT_ADD(member, timer) { .take = take_timer };
FIXTURE_VARIANT_ADD(member, random) { .take = take_random };
FIXTURE_VARIANT_ADD(member, mount) { .take = take_mount };

FIXTURE_SETUP(member)
{
	const char *why = fault_missing();

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, ctx_end(ID));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start_in(&self->agent, ID));
	ASSERT_EQ(0, agent_call(&self->agent, do_nth_open, 0, 0, 0));
}

FIXTURE_TEARDOWN_PARENT(member)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
	fault_restore();
}

/* Calls @fn until nothing is left that could fail. */
static void each_failure(struct __test_metadata *_metadata,
			 const struct agent *agent, agent_fn fn, long arg,
			 __u32 id)
{
	long before[NR_RESOURCES], ret;
	int n, tries = 0, refused = 0, res;

	usages(id, before);
	/* Whatever is set up only once is now. */
	ret = agent_call(agent, fn, arg, 0, 0);
	ASSERT_EQ(0, ret & ~FAILED) {
		TH_LOG("without a failure: %s", strerror(ret & ~FAILED));
	}
	/* What has more than a hundred is a fork, which copies page tables. */
	for (n = 1; n < MOST; n += n < 100 ? 1 : 4) {
		ret = agent_call(agent, fn, arg, n, 0);
		ASSERT_LE(0, ret) {
			TH_LOG("allocation %d: the agent does not answer", n);
		}
		ASSERT_TRUE(WAIT_UNTIL((res = changed(id, before)) < 0)) {
			TH_LOG("allocation %d: %s is not what it was: %ld, not %ld",
			       n, resource_name[res], ctx_usage(id, res),
			       before[res]);
		}
		if (!(ret & FAILED))
			break;
		tries++;
		ret &= ~FAILED;
		if (!ret)
			continue;
		refused++;
		EXPECT_TRUE(no_room(ret)) {
			TH_LOG("allocation %d: %s", n, strerror(ret));
		}
	}
	EXPECT_GT(MOST, n);
	TH_LOG("%d failures, %d of them refused", tries, refused);
	/* And as if nothing had been. */
	EXPECT_EQ(0, ret);
}

TEST_F(member, take)
{
	each_failure(_metadata, &self->agent, do_take, (long)variant->take, ID);
}

TEST_F(member, drop)
{
	each_failure(_metadata, &self->agent, do_drop, (long)variant->take, ID);
}

/* Making and entering contexts, and what else the host does with them */

FIXTURE(host) {
	int contexts;
};

FIXTURE_SETUP(host)
{
	const char *why = fault_missing();

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, ctx_end(ID));
	ASSERT_EQ(0, ctx_end(MADE));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, nth_open());
}

FIXTURE_TEARDOWN_PARENT(host)
{
	EXPECT_EQ(0, ctx_end(MADE));
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
	fault_restore();
}

static long do_enter_failing(long id, long n, long c)
{
	int err = nth_open();

	if (err)
		return err;
	nth_set(n);
	err = enter(id, 0, 0);
	return answer(err, nth_failed());
}

/* Each try in a process of its own: there is no way back. */
static void enter_each_failure(struct __test_metadata *_metadata, __u32 id,
			       __u32 from, int contexts)
{
	struct agent agent;
	int n, refused = 0;
	long ret;

	for (n = 1; n < MOST; n++) {
		ASSERT_EQ(0, agent_start(&agent));
		if (from)
			ASSERT_EQ(0, agent_call(&agent, do_enter, from, 0, 0));
		ret = agent_call(&agent, do_enter_failing, id, n, 0);
		ASSERT_LE(0, ret) {
			TH_LOG("allocation %d: %ld", n, ret);
		}
		/* It is where it was, or where it wanted to go. */
		if (ret & ~FAILED) {
			refused++;
			EXPECT_EQ(ENOMEM, ret & ~FAILED);
			EXPECT_EQ(from, agent_call(&agent, do_self_id, 0, 0, 0));
			EXPECT_TRUE(WAIT_UNTIL(ctx_count() == contexts)) {
				TH_LOG("allocation %d: a context is left", n);
			}
		} else {
			EXPECT_NE(from, agent_call(&agent, do_self_id, 0, 0, 0));
		}
		agent_stop(&agent);
		EXPECT_TRUE(WAIT_UNTIL(ctx_count() == contexts)) {
			TH_LOG("allocation %d: a context is left", n);
		}
		if (!(ret & FAILED))
			break;
	}
	EXPECT_EQ(0, ret);
	EXPECT_GT(MOST, n);
	TH_LOG("%d allocations, %d of them with a refusal", n - 1, refused);
}

TEST_F(host, enter_fresh)
{
	enter_each_failure(_metadata, VCTX_ID_NEW, 0, self->contexts + 1);
}

TEST_F(host, enter_child)
{
	enter_each_failure(_metadata, VCTX_ID_NEW, ID, self->contexts + 1);
}

TEST_F(host, enter_made)
{
	enter_each_failure(_metadata, ID, 0, self->contexts + 1);
}

/* One of an id that is not there is made, and goes with its last member. */
TEST_F(host, enter_absent)
{
	enter_each_failure(_metadata, MADE, 0, self->contexts + 1);
}

TEST_F(host, mkdir)
{
	int n, err, refused = 0;
	bool failed;

	for (n = 1; n < MOST; n++) {
		nth_set(n);
		err = ctx_mkdir(MADE);
		failed = nth_failed();
		if (err) {
			refused++;
			EXPECT_EQ(-ENOMEM, err);
			EXPECT_FALSE(ctx_exists(MADE));
		} else {
			EXPECT_EQ(0, ctx_rmdir(MADE));
		}
		EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts + 1)) {
			TH_LOG("allocation %d: a context is left", n);
		}
		if (!failed)
			break;
	}
	EXPECT_EQ(0, err);
	EXPECT_GT(MOST, n);
	TH_LOG("%d allocations, %d of them with a refusal", n - 1, refused);
}

TEST_F(host, rmdir)
{
	int n, err;
	bool failed;

	for (n = 1; n < MOST; n++) {
		ASSERT_EQ(0, ctx_mkdir(MADE));
		nth_set(n);
		err = ctx_rmdir(MADE);
		failed = nth_failed();
		if (err) {
			EXPECT_EQ(-ENOMEM, err);
			EXPECT_EQ(0, ctx_rmdir(MADE));
		}
		EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts + 1)) {
			TH_LOG("allocation %d: a context is left", n);
		}
		if (!failed)
			break;
	}
	EXPECT_EQ(0, err);
	EXPECT_GT(MOST, n);
}

/* A line is one transaction: it is as it was, or as it is to be. */
TEST_F(host, write)
{
	struct limit limit;
	int n, err;
	bool failed;

	for (n = 1; n < MOST; n++) {
		ASSERT_EQ(0, ctx_set_limits(ID, "nproc hard 5 nofile soft max"));
		nth_set(n);
		err = ctx_set_limits(ID, "nproc hard 7 nofile soft 9");
		failed = nth_failed();
		ASSERT_EQ(0, ctx_limit(ID, NPROC, &limit));
		EXPECT_EQ(err ? 5 : 7, limit.hard);
		ASSERT_EQ(0, ctx_limit(ID, NOFILE, &limit));
		EXPECT_EQ(err ? NO_LIMIT : 9, limit.soft);
		if (err)
			EXPECT_TRUE(no_room(-err));
		if (!failed)
			break;
	}
	EXPECT_EQ(0, err);
	EXPECT_GT(MOST, n);
}

TEST_F(host, read)
{
	static const char *const files[] = {
		"status", "limits", "events", "procs", "last_error",
	};
	char buf[LIMITS_SIZE];
	int n, err, i;
	bool failed;

	for (i = 0; i < (int)ARRAY_SIZE(files); i++) {
		for (n = 1; n < MOST; n++) {
			nth_set(n);
			err = ctx_read(ID, files[i], buf, sizeof(buf));
			failed = nth_failed();
			if (err < 0)
				EXPECT_TRUE(no_room(-err));
			if (!failed)
				break;
		}
		EXPECT_LE(0, err) {
			TH_LOG("%s: %s", files[i], strerror(-err));
		}
	}
	for (n = 1; n < MOST; n++) {
		nth_set(n);
		err = ctx_count();
		failed = nth_failed();
		if (err < 0)
			EXPECT_TRUE(no_room(-err));
		if (!failed)
			break;
	}
	EXPECT_EQ(self->contexts + 1, err);
}

TEST_F(host, kill)
{
	struct agent agent;
	int n, err;
	bool failed;

	for (n = 1; n < MOST; n++) {
		ASSERT_EQ(0, agent_start_in(&agent, ID));
		nth_set(n);
		err = ctx_write(ID, "kill", "1\n");
		failed = nth_failed();
		if (err) {
			EXPECT_TRUE(no_room(-err));
			EXPECT_EQ(0, ctx_write(ID, "kill", "1\n"));
		}
		EXPECT_EQ(SIGKILL, agent_stop(&agent));
		EXPECT_TRUE(WAIT_UNTIL(ctx_idle(ID)));
		if (!failed)
			break;
	}
	EXPECT_EQ(0, err);
	EXPECT_GT(MOST, n);
}

/*
 * A program that execs with a failure due: what comes of it is between it and
 * the kernel, but its context has to have nothing of it when it has ended.
 */
#define EXEC_LEFT	77

static long do_exec(long n, long b, long c)
{
	char *const argv[] = { "fault_test", "--left", NULL };
	char *const envp[] = { NULL };
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		/* The loader may complain. */
		dup2(null, 1);
		dup2(null, 2);
		if (nth_open())
			_exit(1);
		nth_set(n);
		execve("/proc/self/exe", argv, envp);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == EXEC_LEFT;
}

/* The program: is there a failure left that is due? */
static int main_left(void)
{
	char buf[16] = {};
	int fd = open("/proc/thread-self/fail-nth", O_RDONLY);

	/* Has it failed right here, or is there more to come? */
	if (fd < 0 || read(fd, buf, sizeof(buf) - 1) <= 0 || !atoi(buf))
		return 0;
	return EXEC_LEFT;
}

FIXTURE(exec) {
	struct agent agent;
	int contexts;
};

FIXTURE_SETUP(exec)
{
	const char *why = fault_missing();

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, ctx_end(ID));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start_in(&self->agent, ID));
}

FIXTURE_TEARDOWN_PARENT(exec)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
	fault_restore();
}

TEST_F(exec, exec)
{
	long before[NR_RESOURCES], ret = 0;
	int n, res;

	usages(ID, before);
	/* After those of execve come the hundreds of the loader. */
	for (n = 1; n < MOST && !ret; n += n < 100 ? 1 : 16) {
		ret = agent_call(&self->agent, do_exec, n, 0, 0);
		ASSERT_LE(0, ret);
		ASSERT_TRUE(WAIT_UNTIL((res = changed(ID, before)) < 0)) {
			TH_LOG("allocation %d: %s is not what it was: %ld, not %ld",
			       n, resource_name[res], ctx_usage(ID, res),
			       before[res]);
		}
	}
	EXPECT_EQ(1, ret);
	TH_LOG("about %d allocations", n);
}

static const char kmemleak[] = DEBUGFS "/kmemleak";

/*
 * Nothing was lost, by any of the above: fixtures go in the order in which they
 * are written.  The leak detector reports what is older than five seconds, and
 * has not changed since the scan before.
 */
FIXTURE(leaks) {
};

FIXTURE_SETUP(leaks)
{
	const char *why = fault_missing();

	fault_restore();
	if (why)
		SKIP(return, "%s", why);
	if (access(kmemleak, W_OK))
		SKIP(return, "the kernel has no kmemleak");
}

FIXTURE_TEARDOWN(leaks)
{
}

TEST_F(leaks, none)
{
	static char buf[1 << 20];
	long old = now_ms() + 5500;
	char *line;
	int len;

	ASSERT_EQ(0, write_file(kmemleak, "scan", 4));
	while (now_ms() < old)
		sleep_ms(100);
	ASSERT_EQ(0, write_file(kmemleak, "scan", 4));
	len = read_file(kmemleak, buf, sizeof(buf));
	EXPECT_EQ(0, len);
	for (line = strtok(buf, "\n"); line; line = strtok(NULL, "\n"))
		TH_LOG("%s", line);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--left"))
		return main_left();
	return test_harness_run(argc, argv);
}
