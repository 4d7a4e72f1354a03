// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - pseudoterminals: npty
 *
 * VCTX_TEST_SECONDS says how long the race goes on (default 3).
 */

#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>

#include "common.h"

#define ID	60121
#define OTHER	60122
#define HOUR	3600

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

/* Where the test has its own instance of devpts */
#define PTS	"/tmp/vctx-pts"

static long do_ptmx(long path, long b, long c)
{
	int fd = open((const char *)path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static long do_slave(long master, long b, long c)
{
	int unlock = 0, fd;

	if (ioctl(master, TIOCSPTLCK, &unlock))
		return -errno;
	fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static long do_umount(long path, long flags, long c)
{
	return umount2((const char *)path, flags) ? -errno : 0;
}

static const char ptmx[] = "/dev/ptmx", own_ptmx[] = PTS "/ptmx";

/* A mount namespace, and in it an instance of devpts with @options */
static int mount_pts(const char *options)
{
	char data[64];

	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	mkdir(PTS, 0755);
	snprintf(data, sizeof(data), "newinstance,ptmxmode=0666%s", options);
	return mount("devpts", PTS, "devpts", 0, data) ? -errno : 0;
}

static long do_mount_pts(long options, long b, long c)
{
	return mount_pts((const char *)options);
}

FIXTURE(pty) {
	struct agent member;
	int contexts;
};

FIXTURE_SETUP(pty)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	if (access(ptmx, R_OK | W_OK))
		SKIP(return, "no /dev/ptmx");
	ASSERT_EQ(0, ctx_end(ID));
	ASSERT_EQ(0, ctx_end(OTHER));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
}

FIXTURE_TEARDOWN_PARENT(pty)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_EQ(0, ctx_end(OTHER));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

#define CALL(_fn, _a) agent_call(&self->member, _fn, (long)(_a), 0, 0)

TEST_F(pty, npty)
{
	struct limit limit;
	long fd[2];
	int host;

	EXPECT_EQ(0, ctx_set_limits(ID, "npty hard 2"));
	fd[0] = CALL(do_ptmx, ptmx);
	fd[1] = CALL(do_ptmx, ptmx);
	ASSERT_LE(0, fd[0]);
	ASSERT_LE(0, fd[1]);
	EXPECT_EQ(-ENOSPC, CALL(do_ptmx, ptmx));
	EXPECT_EQ(-ENOSPC, CALL(do_ptmx, ptmx));
	/* The host is not refused. */
	host = do_ptmx((long)ptmx, 0, 0);
	EXPECT_LE(0, host);
	ASSERT_EQ(0, ctx_limit(ID, NPTY, &limit));
	EXPECT_EQ(2, limit.usage);
	EXPECT_EQ(2, limit.peak);
	EXPECT_EQ(2, limit.fail);
	EXPECT_EQ(2, ctx_number(ID, "events", "npty.hard"));

	EXPECT_EQ(0, CALL(do_close, fd[0]));
	EXPECT_EQ(1, ctx_usage(ID, NPTY));
	EXPECT_EQ(0, close(host));
	EXPECT_EQ(1, ctx_usage(ID, NPTY));
	EXPECT_LE(0, CALL(do_ptmx, ptmx));
	EXPECT_EQ(-ENOSPC, CALL(do_ptmx, ptmx));
	EXPECT_EQ(0, CALL(do_close, fd[1]));
	/* What is closed makes room at once, each time. */
	for (int i = 0; i < 20; i++) {
		fd[0] = CALL(do_ptmx, ptmx);
		ASSERT_LE(0, fd[0]);
		ASSERT_EQ(0, CALL(do_close, fd[0]));
	}
	EXPECT_EQ(1, ctx_usage(ID, NPTY));
}

/* A pair is one, and stays until both ends are closed. */
TEST_F(pty, slave)
{
	long master, slave;

	master = CALL(do_ptmx, ptmx);
	ASSERT_LE(0, master);
	slave = CALL(do_slave, master);
	ASSERT_LE(0, slave);
	EXPECT_EQ(1, ctx_usage(ID, NPTY));
	EXPECT_EQ(0, CALL(do_close, master));
	EXPECT_EQ(1, ctx_usage(ID, NPTY));
	EXPECT_EQ(0, CALL(do_close, slave));
	EXPECT_EQ(0, ctx_usage(ID, NPTY));

	master = CALL(do_ptmx, ptmx);
	ASSERT_LE(0, master);
	slave = CALL(do_slave, master);
	ASSERT_LE(0, slave);
	EXPECT_EQ(0, CALL(do_close, slave));
	EXPECT_EQ(1, ctx_usage(ID, NPTY));
	EXPECT_EQ(0, CALL(do_close, master));
	EXPECT_EQ(0, ctx_usage(ID, NPTY));
}

TEST_F(pty, maker_exits)
{
	ASSERT_LE(0, CALL(do_ptmx, ptmx));
	agent_stop(&self->member);
	EXPECT_EQ(0, ctx_wait_usage(ID, NPTY, 0));
}

/* A pty that is passed on stays charged to its maker. */
TEST_F(pty, passed)
{
	struct agent other;
	long fd, theirs;
	int ours;

	/* Before there is anything that it would inherit */
	ASSERT_EQ(0, ctx_mkdir(OTHER));
	ASSERT_EQ(0, agent_start_in(&other, OTHER));
	fd = CALL(do_ptmx, ptmx);
	ASSERT_LE(0, fd);
	ours = agent_take_fd(&self->member, fd);
	ASSERT_LE(0, ours);
	theirs = agent_give_fd(&other, ours);
	ASSERT_LE(0, theirs);
	EXPECT_EQ(0, ctx_usage(OTHER, NPTY));
	agent_stop(&self->member);
	EXPECT_EQ(0, ctx_wait_usage(ID, NPROC, 0));
	EXPECT_EQ(1, ctx_usage(ID, NPTY));
	EXPECT_EQ(0, close(ours));
	EXPECT_EQ(1, ctx_usage(ID, NPTY));
	EXPECT_EQ(0, agent_call(&other, do_close, theirs, 0, 0));
	EXPECT_EQ(0, ctx_usage(ID, NPTY));
	EXPECT_EQ(0, ctx_usage(OTHER, NPTY));
	agent_stop(&other);
}

/* One of the host, used inside */
TEST_F(pty, of_the_host)
{
	int master = do_ptmx((long)ptmx, 0, 0);
	long theirs;

	ASSERT_LE(0, master);
	EXPECT_EQ(0, ctx_set_limits(ID, "npty hard 0"));
	theirs = agent_give_fd(&self->member, master);
	ASSERT_LE(0, theirs);
	EXPECT_LE(0, CALL(do_slave, theirs));
	EXPECT_EQ(0, close(master));
	EXPECT_EQ(0, ctx_usage(ID, NPTY));
	EXPECT_EQ(0, ctx_peak(ID, NPTY));
}

/* Numbers of the host and of the context between one another */
TEST_F(pty, interleaved)
{
	long theirs[8];
	int ours[8], i;

	for (i = 0; i < 8; i++) {
		theirs[i] = CALL(do_ptmx, ptmx);
		ours[i] = do_ptmx((long)ptmx, 0, 0);
		ASSERT_LE(0, theirs[i]);
		ASSERT_LE(0, ours[i]);
	}
	EXPECT_EQ(8, ctx_usage(ID, NPTY));
	for (i = 0; i < 8; i++)
		EXPECT_EQ(0, close(ours[i]));
	EXPECT_EQ(8, ctx_usage(ID, NPTY));
	/* Where the host's were, too */
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(0, CALL(do_close, theirs[i]));
		theirs[i] = CALL(do_ptmx, ptmx);
		EXPECT_LE(0, theirs[i]);
		EXPECT_EQ(8, ctx_usage(ID, NPTY));
	}
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(0, CALL(do_close, theirs[i]));
		EXPECT_EQ(7 - i, ctx_usage(ID, NPTY));
	}
}

/* All instances count together. */
TEST_F(pty, instances)
{
	long fd;

	ASSERT_EQ(0, CALL(do_mount_pts, ""));
	EXPECT_EQ(0, ctx_set_limits(ID, "npty hard 2"));
	EXPECT_LE(0, CALL(do_ptmx, ptmx));
	fd = CALL(do_ptmx, own_ptmx);
	EXPECT_LE(0, fd);
	EXPECT_EQ(-ENOSPC, CALL(do_ptmx, ptmx));
	EXPECT_EQ(-ENOSPC, CALL(do_ptmx, own_ptmx));
	EXPECT_EQ(2, ctx_usage(ID, NPTY));
	/* Unmounted, and not closed */
	EXPECT_EQ(0, agent_call(&self->member, do_umount, (long)PTS, MNT_DETACH, 0));
	EXPECT_EQ(2, ctx_usage(ID, NPTY));
	EXPECT_EQ(0, CALL(do_close, fd));
	EXPECT_EQ(1, ctx_usage(ID, NPTY));
}

/* The instance is full, the context is not. */
TEST_F(pty, instance_is_full)
{
	ASSERT_EQ(0, CALL(do_mount_pts, ",max=1"));
	EXPECT_LE(0, CALL(do_ptmx, own_ptmx));
	EXPECT_EQ(-ENOSPC, CALL(do_ptmx, own_ptmx));
	EXPECT_EQ(1, ctx_usage(ID, NPTY));
	EXPECT_EQ(0, ctx_fail(ID, NPTY));
	EXPECT_LE(0, CALL(do_ptmx, ptmx));
	EXPECT_EQ(2, ctx_usage(ID, NPTY));
}

/* A number that was refused is not used up. */
TEST_F(pty, refused_number)
{
	long fd;

	ASSERT_EQ(0, mount_pts(",max=1"));
	agent_stop(&self->member);
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
	EXPECT_EQ(0, ctx_set_limits(ID, "npty hard 0"));
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(-ENOSPC, CALL(do_ptmx, own_ptmx));
	EXPECT_EQ(5, ctx_fail(ID, NPTY));
	fd = do_ptmx((long)own_ptmx, 0, 0);
	EXPECT_LE(0, fd);
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(0, ctx_set_limits(ID, "npty hard 1"));
	EXPECT_LE(0, CALL(do_ptmx, own_ptmx));
}

TEST_F(pty, nested)
{
	long child, fd;

	ASSERT_LE(0, CALL(do_ptmx, ptmx));
	EXPECT_EQ(0, CALL(do_enter, VCTX_ID_NEW));
	child = CALL(do_self_id, 0);
	ASSERT_LT(0, child);
	EXPECT_EQ(0, ctx_set_limits(ID, "npty hard 2"));
	fd = CALL(do_ptmx, ptmx);
	EXPECT_LE(0, fd);
	EXPECT_EQ(-ENOSPC, CALL(do_ptmx, ptmx));
	EXPECT_EQ(2, ctx_usage(ID, NPTY));
	EXPECT_EQ(1, ctx_usage(child, NPTY));
	EXPECT_EQ(1, ctx_fail(ID, NPTY));
	EXPECT_EQ(0, ctx_fail(child, NPTY));
	EXPECT_EQ(0, CALL(do_close, fd));
	EXPECT_EQ(1, ctx_usage(ID, NPTY));
	EXPECT_EQ(0, ctx_usage(child, NPTY));
}

/* The host has it when its context is gone. */
TEST_F(pty, outlives_its_context)
{
	struct agent dynamic;
	long id, fd;
	int ours;

	ASSERT_EQ(0, agent_start(&dynamic));
	ASSERT_EQ(0, agent_call(&dynamic, do_enter, VCTX_ID_NEW, 0, 0));
	id = agent_call(&dynamic, do_self_id, 0, 0, 0);
	ASSERT_LT(VCTX_ID_STATIC_MAX, id);
	fd = agent_call(&dynamic, do_ptmx, (long)ptmx, 0, 0);
	ASSERT_LE(0, fd);
	ours = agent_take_fd(&dynamic, fd);
	ASSERT_LE(0, ours);
	EXPECT_EQ(1, ctx_usage(id, NPTY));
	agent_stop(&dynamic);
	EXPECT_TRUE(WAIT_UNTIL(!ctx_exists(id)));
	EXPECT_LE(0, do_slave(ours, 0, 0));
	EXPECT_EQ(0, close(ours));
}

TEST_F(pty, neighbour)
{
	struct agent other;

	EXPECT_EQ(0, ctx_set_limits(ID, "npty hard 0"));
	EXPECT_EQ(-ENOSPC, CALL(do_ptmx, ptmx));
	ASSERT_EQ(0, ctx_mkdir(OTHER));
	ASSERT_EQ(0, agent_start_in(&other, OTHER));
	EXPECT_LE(0, agent_call(&other, do_ptmx, (long)ptmx, 0, 0));
	EXPECT_EQ(1, ctx_usage(OTHER, NPTY));
	EXPECT_EQ(0, ctx_usage(ID, NPTY));
	agent_stop(&other);
	EXPECT_EQ(0, ctx_wait_usage(OTHER, NPTY, 0));
}

/* Who knows of which */

/* What is /dev/pts/N called?  At an address that all agents have */
static char pts_name[32], pts_number[16];

static long do_number(long master, long b, long c)
{
	int n;

	return ioctl(master, TIOCGPTN, &n) ? -errno : n;
}

static long do_name(long n, long b, long c)
{
	snprintf(pts_number, sizeof(pts_number), "%ld", n);
	snprintf(pts_name, sizeof(pts_name), "/dev/pts/%ld", n);
	return 0;
}

static long do_unlock(long master, long b, long c)
{
	int unlock = 0;

	return ioctl(master, TIOCSPTLCK, &unlock) ? -errno : 0;
}

static long do_open_pts(long flags, long b, long c)
{
	int fd = open(pts_name, flags | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static long do_stat_pts(long a, long b, long c)
{
	struct stat st;

	return stat(pts_name, &st) ? -errno : 0;
}

static long do_chmod_pts(long a, long b, long c)
{
	return chmod(pts_name, 0600) ? -errno : 0;
}

static long do_list_pts(long a, long b, long c)
{
	DIR *dir = opendir("/dev/pts");
	struct dirent *entry;
	long found = 0;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		found += !strcmp(entry->d_name, pts_number);
	closedir(dir);
	return found;
}

static long do_reopen(long fd, long b, long c)
{
	char path[32];
	int new;

	snprintf(path, sizeof(path), "/proc/self/fd/%ld", fd);
	new = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (new < 0)
		return -errno;
	close(new);
	return 0;
}

static long do_session(long a, long b, long c)
{
	int fd;

	if (setsid() < 0)
		return -errno;
	fd = open(pts_name, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return ioctl(fd, TIOCSCTTY, 0) ? -errno : fd;
}

static long do_sti(long fd, long b, long c)
{
	return ioctl(fd, TIOCSTI, "x") ? -errno : 0;
}

#define EXPECT_PTS(_agent, _err, _listed) do {				\
	const struct agent *_who = (_agent);				\
	const long _want = (_err);					\
									\
	EXPECT_EQ(_want, agent_call(_who, do_stat_pts, 0, 0, 0));	\
	EXPECT_EQ(_want, agent_call(_who, do_open_pts, O_RDWR, 0, 0));	\
	EXPECT_EQ(_want, agent_call(_who, do_open_pts, O_PATH, 0, 0));	\
	EXPECT_EQ(_want, agent_call(_who, do_chmod_pts, 0, 0, 0));	\
	EXPECT_EQ(_listed, agent_call(_who, do_list_pts, 0, 0, 0));	\
} while (0)

TEST_F(pty, of_another)
{
	struct agent host, other, watcher, child;
	long master, n;

	ASSERT_EQ(0, ctx_mkdir(OTHER));
	ASSERT_EQ(0, agent_start(&host));
	ASSERT_EQ(0, agent_start_in(&other, OTHER));
	ASSERT_EQ(0, agent_start_in(&watcher, VCTX_ID_WATCHER));
	ASSERT_EQ(0, agent_start_in(&child, ID));
	ASSERT_EQ(0, agent_call(&child, do_enter, VCTX_ID_NEW, 0, 0));
	master = CALL(do_ptmx, ptmx);
	ASSERT_LE(0, master);
	n = CALL(do_number, master);
	ASSERT_LE(0, n);
	EXPECT_EQ(0, CALL(do_unlock, master));
	EXPECT_EQ(0, CALL(do_name, n));
	EXPECT_EQ(0, agent_call(&host, do_name, n, 0, 0));
	EXPECT_EQ(0, agent_call(&other, do_name, n, 0, 0));
	EXPECT_EQ(0, agent_call(&watcher, do_name, n, 0, 0));
	EXPECT_EQ(0, agent_call(&child, do_name, n, 0, 0));
	if (CALL(do_stat_pts, 0) == -ENOENT)
		SKIP(return, "/dev/ptmx is not of /dev/pts");

	EXPECT_PTS(&self->member, 0, 1);
	EXPECT_PTS(&host, -ENOENT, 0);
	/*
	 * Attempt: stat(2), open(2), O_PATH and chmod(2) of a pty of another
	 * context, and readdir(3)
	 */
	EXPECT_PTS(&other, -ENOENT, 0);
	/* Attempt: the same with a pty of the context above */
	EXPECT_PTS(&child, -ENOENT, 0);
	/* That one sees it, and no more. */
	EXPECT_EQ(0, agent_call(&watcher, do_stat_pts, 0, 0, 0));
	EXPECT_EQ(1, agent_call(&watcher, do_list_pts, 0, 0, 0));
	/* Attempt: open(2) of any pty by the watcher */
	EXPECT_EQ(-EPERM, agent_call(&watcher, do_open_pts, O_RDWR, 0, 0));
	/* All of which has changed nothing for whom it is of. */
	EXPECT_PTS(&self->member, 0, 1);

	EXPECT_EQ(0, CALL(do_close, master));
	EXPECT_EQ(-ENOENT, CALL(do_stat_pts, 0));
	agent_stop(&host);
	agent_stop(&other);
	agent_stop(&watcher);
	agent_stop(&child);
}

/* The host's is not there, unless it is the controlling terminal. */
TEST_F(pty, of_the_host_by_name)
{
	struct agent late;
	long fd, theirs;
	int master, path_fd;

	master = do_ptmx((long)ptmx, 0, 0);
	ASSERT_LE(0, master);
	ASSERT_EQ(0, do_unlock(master, 0, 0));
	ASSERT_EQ(0, do_name(do_number(master, 0, 0), 0, 0));
	path_fd = open(pts_name, O_PATH | O_CLOEXEC);
	if (path_fd < 0)
		SKIP(return, "/dev/ptmx is not of /dev/pts");
	EXPECT_EQ(0, CALL(do_name, do_number(master, 0, 0)));
	/*
	 * Attempt: stat(2), open(2), O_PATH and chmod(2) of a pty of the
	 * host, and readdir(3)
	 */
	EXPECT_PTS(&self->member, -ENOENT, 0);
	/* Nor by a descriptor that does not have it open yet */
	theirs = agent_give_fd(&self->member, path_fd);
	ASSERT_LE(0, theirs);
	/*
	 * Attempt: open(2) of /proc/self/fd/N, of a pty of the host that was
	 * passed as O_PATH
	 */
	EXPECT_EQ(-ENOENT, CALL(do_reopen, theirs));

	/* With the names of above, since it is forked now */
	ASSERT_EQ(0, agent_start(&late));
	fd = agent_call(&late, do_session, 0, 0, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_call(&late, do_enter, ID, 0, 0));
	EXPECT_PTS(&late, 0, 1);
	EXPECT_EQ(0, agent_call(&late, do_reopen, fd, 0, 0));
	/* What is typed there, a shell of the host may read. */
	/*
	 * Attempt: TIOCSTI to a terminal of the host that it was entered
	 * from
	 */
	EXPECT_EQ(-EPERM, agent_call(&late, do_sti, fd, 0, 0));
	agent_stop(&late);
	EXPECT_PTS(&self->member, -ENOENT, 0);
	close(path_fd);
	close(master);
}

/* Each allocation fails once, and nothing stays charged. */
TEST_F(pty, no_memory)
{
	long n;

	if (fail_setup())
		SKIP(return, "no fault injection into allocations");
	/* With others there, who is charged for a number takes an allocation. */
	ASSERT_LE(0, do_ptmx((long)ptmx, 0, 0));
	ASSERT_LE(0, do_ptmx((long)ptmx, 0, 0));
	n = agent_call(&self->member, do_fail_each, (long)do_ptmx,
		       (long)do_close, (long)ptmx);
	EXPECT_LT(0, n);
	TH_LOG("%ld allocations", n);
	EXPECT_EQ(0, ctx_usage(ID, NPTY));
	EXPECT_LE(0, CALL(do_ptmx, ptmx));
	EXPECT_EQ(1, ctx_usage(ID, NPTY));
}

/* Workers against a limit */

struct shared {
	int stop, ready;
	long done, refused, unexpected;
};

static struct shared *shared;

static void count(long *what)
{
	__atomic_add_fetch(what, 1, __ATOMIC_RELAXED);
}

static void __attribute__((noreturn)) race_worker(int seed)
{
	int fd[3], slave, i;

	srandom(seed);
	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)) {
		for (i = 0; i < 3; i++) {
			fd[i] = do_ptmx((long)ptmx, 0, 0);
			count(fd[i] >= 0 ? &shared->done : fd[i] == -ENOSPC ?
			      &shared->refused : &shared->unexpected);
		}
		/* Either end may be the last one. */
		slave = fd[0] < 0 || random() % 2 ? -1 : do_slave(fd[0], 0, 0);
		for (i = 0; i < 3; i++)
			if (fd[i] >= 0)
				close(fd[i]);
		if (slave >= 0)
			close(slave);
	}
	_exit(0);
}

TEST_F_TIMEOUT(pty, race, HOUR)
{
	int workers = 2 * sysconf(_SC_NPROCESSORS_ONLN) + 2, i;
	long end, hard = workers + 1, most = 0, samples = 0;
	struct limit limit;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	ASSERT_EQ(0, ctx_set_limits(ID, "npty hard %ld", hard));
	for (i = 0; i < workers; i++) {
		pid_t pid = fork();

		ASSERT_LE(0, pid);
		if (pid)
			continue;
		/* Half of them one deeper, and one that is not limited at all */
		if (i && (enter(ID, 0, 0) || (i % 2 && enter(VCTX_ID_NEW, 0, 0))))
			_exit(1);
		race_worker(i + 1);
	}
	end = now_ms() + 1000 * env_long("VCTX_TEST_SECONDS", 3);
	while (now_ms() < end) {
		ASSERT_EQ(0, ctx_limit(ID, NPTY, &limit));
		EXPECT_GE(hard, limit.usage);
		EXPECT_GE(hard, limit.peak);
		if (limit.usage > most)
			most = limit.usage;
		samples++;
	}
	__atomic_store_n(&shared->stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < workers; i++) {
		int status;

		ASSERT_LT(0, wait(&status));
		EXPECT_EQ(0, status);
	}
	ASSERT_EQ(0, ctx_limit(ID, NPTY, &limit));
	TH_LOG("hard %ld seen %ld peak %ld done %ld refused %ld fail %ld samples %ld",
	       hard, most, limit.peak, shared->done, shared->refused, limit.fail,
	       samples);
	EXPECT_GE(hard, limit.peak);
	EXPECT_LT(0, shared->done);
	EXPECT_LT(0, shared->refused);
	EXPECT_EQ(limit.fail, shared->refused);
	EXPECT_EQ(0, shared->unexpected);
	EXPECT_EQ(0, ctx_wait_usage(ID, NPTY, 0));
}

TEST_HARNESS_MAIN
