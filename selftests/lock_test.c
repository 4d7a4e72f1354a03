// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - nlock: POSIX, OFD and flock locks, leases
 */

#define _GNU_SOURCE
#include <sys/file.h>

#include "common.h"

#define ID	60071
#define OTHER	60072

/* On tmpfs: a description of an overlay has another one below it. */
static const char path[] = "/dev/shm/vctx_lock_test";

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
	int fd;

	ASSERT_EQ(0, ctx_end(ID));
	ASSERT_EQ(0, ctx_end(OTHER));
	scene->contexts = ctx_count();
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, ctx_mkdir(OTHER));
	ASSERT_EQ(0, agent_start_in(&scene->member, ID));
	ASSERT_EQ(0, agent_start_in(&scene->other, OTHER));
	ASSERT_EQ(0, ctx_usage(ID, NLOCK));
}

static void end_scene(struct __test_metadata *_metadata, struct scene *scene)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_EQ(0, ctx_end(OTHER));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == scene->contexts));
	unlink(path);
}

#define CALL_3(_agent, _fn, _a, _b, _c, ...) \
	agent_call(_agent, _fn, (long)(_a), (long)(_b), (long)(_c))
#define MEMBER(_fn, ...) CALL_3(&self->scene.member, _fn, ##__VA_ARGS__, 0, 0, 0)
#define OTHER_ONE(_fn, ...) CALL_3(&self->scene.other, _fn, ##__VA_ARGS__, 0, 0, 0)
#define MEMBER_OPEN() MEMBER(do_open, path, O_RDWR)

#define EXPECT_USAGE(_id, _nlock) do {					\
	long _n = (_nlock);						\
									\
	EXPECT_EQ(_n, ctx_wait_usage(_id, NLOCK, _n));			\
} while (0)

/* Called by the test itself, or by agents */

static long set_lock(int fd, int cmd, int type, long start, long len)
{
	struct flock fl = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = start,
		.l_len = len,
	};

	return fcntl(fd, cmd, &fl) ? -errno : 0;
}

/* A range in one argument; up to the end of the file for the last */
#define RANGE(_first, _last) ((long)(_first) << 16 | (_last))
#define LAST	0xffff

static long do_lock(int cmd, long fd, long type, long range)
{
	long first = range >> 16, last = range & LAST;

	return set_lock(fd, cmd, type, first, last == LAST ? 0 : last - first + 1);
}

static long do_wait_posix(long fd, long type, long range)
{
	return do_lock(F_SETLKW, fd, type, range);
}

static long do_wait_ofd(long fd, long type, long range)
{
	return do_lock(F_OFD_SETLKW, fd, type, range);
}

static long do_posix(long fd, long type, long range)
{
	return do_lock(F_SETLK, fd, type, range);
}

static long do_ofd(long fd, long type, long range)
{
	return do_lock(F_OFD_SETLK, fd, type, range);
}

static long do_flock(long fd, long operation, long c)
{
	return flock(fd, operation) ? -errno : 0;
}

static long do_lease(long fd, long type, long c)
{
	return fcntl(fd, F_SETLEASE, type) ? -errno : 0;
}

static long do_records(long a, long b, long c)
{
	char buf[16384], needle[64], *at = buf;
	struct stat st;
	long n = 0;

	if (stat(path, &st) || read_file("/proc/locks", buf, sizeof(buf)) < 0)
		return -EIO;
	snprintf(needle, sizeof(needle), ":%lu ", (unsigned long)st.st_ino);
	while ((at = strstr(at, needle))) {
		n++;
		at += strlen(needle);
	}
	return n;
}

/*
 * How many records the kernel has for the file, by what /proc/locks says: to the
 * watcher, as those of other contexts are left out for the host.
 */
static long records(void)
{
	static struct agent watcher;
	static bool started;
	int err;

	if (!started) {
		err = agent_start_in(&watcher, VCTX_ID_WATCHER);
		if (err)
			return err;
		started = true;
	}
	return agent_call(&watcher, do_records, 0, 0, 0);
}

#define EXPECT_RECORDS(_n) do {						\
	long _want = (_n);						\
									\
	EXPECT_EQ(_want, ctx_usage(ID, NLOCK));				\
	EXPECT_EQ(_want, records());					\
} while (0)

/* Byte range locks, both kinds */

FIXTURE(range) {
	struct scene scene;
	long fd;
};

FIXTURE_VARIANT(range) {
	agent_fn fn, wait;
};

FIXTURE_VARIANT_ADD(range, posix) {
	.fn = do_posix,
	.wait = do_wait_posix,
};

FIXTURE_VARIANT_ADD(range, ofd) {
	.fn = do_ofd,
	.wait = do_wait_ofd,
};

FIXTURE_SETUP(range)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	make_scene(_metadata, &self->scene);
	self->fd = MEMBER_OPEN();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN_PARENT(range)
{
	end_scene(_metadata, &self->scene);
}

#define LOCK(_type, _first, _last) \
	MEMBER(variant->fn, self->fd, _type, RANGE(_first, _last))

TEST_F(range, hard)
{
	struct limit limit;

	EXPECT_EQ(0, ctx_set_limits(ID, "nlock soft 1 hard 2"));
	EXPECT_EQ(0, LOCK(F_WRLCK, 0, 9));
	EXPECT_EQ(0, ctx_number(ID, "events", "nlock.soft"));
	EXPECT_EQ(0, LOCK(F_WRLCK, 20, 29));
	EXPECT_EQ(1, ctx_number(ID, "events", "nlock.soft"));
	EXPECT_EQ(-ENOLCK, LOCK(F_WRLCK, 40, 49));
	EXPECT_EQ(-ENOLCK, LOCK(F_RDLCK, 40, 49));
	EXPECT_RECORDS(2);
	ASSERT_EQ(0, ctx_limit(ID, NLOCK, &limit));
	EXPECT_EQ(2, limit.peak);
	EXPECT_EQ(2, limit.fail);

	/* What needs no record more is allowed. */
	EXPECT_EQ(0, LOCK(F_WRLCK, 0, 9));
	EXPECT_EQ(0, LOCK(F_RDLCK, 0, 9));
	EXPECT_EQ(0, LOCK(F_RDLCK, 0, 14));
	EXPECT_EQ(0, LOCK(F_UNLCK, 0, 4));
	EXPECT_EQ(0, LOCK(F_UNLCK, 100, 109));
	EXPECT_RECORDS(2);

	/* A gap is filled: of two there is one left. */
	EXPECT_EQ(0, LOCK(F_RDLCK, 5, 29));
	EXPECT_RECORDS(1);
	EXPECT_EQ(0, LOCK(F_WRLCK, 40, 49));
	EXPECT_EQ(0, LOCK(F_UNLCK, 0, LAST));
	EXPECT_RECORDS(0);
	EXPECT_EQ(2, ctx_fail(ID, NLOCK));
}

/* Taking from the middle makes two of one. */
TEST_F(range, split)
{
	long theirs = OTHER_ONE(do_open, path, O_RDWR);

	EXPECT_EQ(0, ctx_set_limits(ID, "nlock hard 1"));
	EXPECT_EQ(0, LOCK(F_WRLCK, 0, 99));
	EXPECT_EQ(-ENOLCK, LOCK(F_UNLCK, 40, 59));
	EXPECT_RECORDS(1);
	/* Nothing has changed: it is still one, from end to end. */
	EXPECT_EQ(-EAGAIN, OTHER_ONE(variant->fn, theirs, F_WRLCK,
				     RANGE(45, 45)));
	EXPECT_EQ(0, ctx_usage(OTHER, NLOCK));

	EXPECT_EQ(0, ctx_set_limits(ID, "nlock hard 2"));
	EXPECT_EQ(0, LOCK(F_UNLCK, 40, 59));
	EXPECT_RECORDS(2);
	EXPECT_EQ(0, LOCK(F_WRLCK, 0, 99));
	EXPECT_RECORDS(1);

	/* Of another type, in the middle: three, of which two are new */
	EXPECT_EQ(-ENOLCK, LOCK(F_RDLCK, 40, 59));
	EXPECT_RECORDS(1);
	EXPECT_EQ(2, ctx_fail(ID, NLOCK));
	EXPECT_EQ(0, ctx_set_limits(ID, "nlock hard 3"));
	EXPECT_EQ(0, LOCK(F_RDLCK, 40, 59));
	EXPECT_RECORDS(3);
	/* And at an end: two, one of them new */
	EXPECT_EQ(0, LOCK(F_WRLCK, 0, 99));
	EXPECT_RECORDS(1);
	EXPECT_EQ(0, LOCK(F_RDLCK, 50, 99));
	EXPECT_RECORDS(2);
	EXPECT_EQ(3, ctx_peak(ID, NLOCK));
	EXPECT_EQ(0, LOCK(F_UNLCK, 0, LAST));
	EXPECT_RECORDS(0);
}

/* One lock that takes the place of many of another type */
TEST_F(range, replace)
{
	int i;

	for (i = 0; i < 10; i++)
		EXPECT_EQ(0, LOCK(F_RDLCK, 10 * i, 10 * i + 5));
	EXPECT_RECORDS(10);
	EXPECT_EQ(0, ctx_set_limits(ID, "nlock hard 10"));
	EXPECT_EQ(0, LOCK(F_WRLCK, 0, 79));
	EXPECT_RECORDS(3);
	EXPECT_EQ(0, LOCK(F_WRLCK, 0, LAST));
	EXPECT_RECORDS(1);
	EXPECT_EQ(0, ctx_fail(ID, NLOCK));
	EXPECT_EQ(0, LOCK(F_UNLCK, 0, LAST));
	EXPECT_RECORDS(0);
}

/* Whatever is done, there are as many units as records. */
TEST_F(range, random)
{
	static const int types[] = { F_RDLCK, F_WRLCK, F_UNLCK };
	int i;

	srandom(1);
	for (i = 0; i < 400; i++) {
		long first = random() % 60, len = random() % 20;
		long hard = random() % 12;
		long before = ctx_usage(ID, NLOCK), after, err;

		EXPECT_EQ(0, ctx_set_limits(ID, "nlock hard %ld", hard));
		err = LOCK(types[random() % 3], first, first + len);
		after = ctx_usage(ID, NLOCK);
		EXPECT_EQ(records(), after);
		if (err) {
			EXPECT_EQ(-ENOLCK, err);
			EXPECT_EQ(before, after);
			EXPECT_LT(hard, before + 3);
		} else if (after > before) {
			EXPECT_LE(after, hard);
		}
	}
	EXPECT_EQ(0, LOCK(F_UNLCK, 0, LAST));
	EXPECT_RECORDS(0);
}

/* A close unlocks, and needs nothing for it. */
TEST_F(range, closed)
{
	int i;

	for (i = 0; i < 5; i++)
		EXPECT_EQ(0, LOCK(F_WRLCK, 10 * i, 10 * i + 5));
	EXPECT_RECORDS(5);
	EXPECT_EQ(0, ctx_set_limits(ID, "nlock hard 0"));
	EXPECT_EQ(0, MEMBER(do_close, self->fd));
	EXPECT_USAGE(ID, 0);
	EXPECT_EQ(0, records());
	EXPECT_EQ(0, ctx_fail(ID, NLOCK));
}

TEST_F(range, killed)
{
	int i;

	for (i = 0; i < 5; i++)
		EXPECT_EQ(0, LOCK(F_WRLCK, 10 * i, 10 * i + 5));
	EXPECT_EQ(0, ctx_set_limits(ID, "nlock hard 0"));
	EXPECT_EQ(0, ctx_write(ID, "kill", "1\n"));
	EXPECT_USAGE(ID, 0);
	EXPECT_EQ(0, records());
}

/* Who waits has no lock yet. */
TEST_F(range, waiting)
{
	long fd = OTHER_ONE(do_open, path, O_RDWR);

	EXPECT_EQ(0, ctx_set_limits(OTHER, "nlock hard 1"));
	EXPECT_EQ(0, LOCK(F_WRLCK, 0, 9));
	ASSERT_EQ(0, agent_ask(&self->scene.other, variant->wait, fd, F_WRLCK,
			       RANGE(0, 9)));
	EXPECT_TRUE(WAIT_UNTIL(records() == 2));
	EXPECT_EQ(0, ctx_usage(OTHER, NLOCK));
	EXPECT_EQ(1, ctx_usage(ID, NLOCK));
	EXPECT_EQ(0, LOCK(F_UNLCK, 0, 9));
	EXPECT_EQ(0, agent_answer(&self->scene.other));
	EXPECT_EQ(1, ctx_usage(OTHER, NLOCK));
	EXPECT_EQ(0, ctx_usage(ID, NLOCK));

	/* The limit may have come down meanwhile. */
	ASSERT_EQ(0, agent_ask(&self->scene.member, variant->wait, self->fd,
			       F_WRLCK, RANGE(0, 9)));
	EXPECT_TRUE(WAIT_UNTIL(records() == 2));
	EXPECT_EQ(0, ctx_set_limits(ID, "nlock hard 0"));
	EXPECT_EQ(0, OTHER_ONE(variant->fn, fd, F_UNLCK, RANGE(0, 9)));
	EXPECT_EQ(-ENOLCK, agent_answer(&self->scene.member));
	EXPECT_USAGE(ID, 0);
	EXPECT_EQ(0, records());
}

TEST_F(range, nested)
{
	EXPECT_EQ(0, MEMBER(do_enter, VCTX_ID_NEW));
	EXPECT_EQ(0, ctx_set_limits(ID, "nlock hard 1"));
	EXPECT_EQ(0, LOCK(F_WRLCK, 0, 9));
	EXPECT_EQ(1, ctx_usage(MEMBER(do_self_id), NLOCK));
	EXPECT_EQ(1, ctx_usage(ID, NLOCK));
	EXPECT_EQ(-ENOLCK, LOCK(F_WRLCK, 20, 29));
	EXPECT_EQ(1, ctx_usage(MEMBER(do_self_id), NLOCK));
	EXPECT_EQ(0, LOCK(F_UNLCK, 0, 9));
	EXPECT_EQ(0, ctx_usage(ID, NLOCK));
}

/* Neither the neighbour nor the host are concerned. */
TEST_F(range, others)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	long theirs = OTHER_ONE(do_open, path, O_RDWR);

	EXPECT_EQ(0, ctx_set_limits(ID, "nlock hard 0"));
	EXPECT_EQ(-ENOLCK, LOCK(F_WRLCK, 0, 9));
	EXPECT_EQ(0, variant->fn(fd, F_WRLCK, RANGE(0, 9)));
	EXPECT_EQ(0, OTHER_ONE(variant->fn, theirs, F_WRLCK, RANGE(20, 29)));
	EXPECT_EQ(0, ctx_usage(ID, NLOCK));
	EXPECT_EQ(1, ctx_usage(OTHER, NLOCK));
	close(fd);
}

TEST_F(range, many)
{
	int i;

	for (i = 0; i < 150; i++)
		EXPECT_EQ(0, LOCK(F_WRLCK, 10 * i, 10 * i + 5));
	EXPECT_RECORDS(150);
	EXPECT_EQ(0, LOCK(F_UNLCK, 0, LAST));
	EXPECT_RECORDS(0);
	EXPECT_EQ(150, ctx_peak(ID, NLOCK));
}

/* flock */

FIXTURE(lock) {
	struct scene scene;
};

FIXTURE_SETUP(lock)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	make_scene(_metadata, &self->scene);
}

FIXTURE_TEARDOWN_PARENT(lock)
{
	end_scene(_metadata, &self->scene);
}

TEST_F(lock, flock)
{
	long fd[3];
	int i;

	for (i = 0; i < 3; i++)
		fd[i] = MEMBER_OPEN();
	EXPECT_EQ(0, ctx_set_limits(ID, "nlock hard 2"));
	EXPECT_EQ(0, MEMBER(do_flock, fd[0], LOCK_SH));
	EXPECT_EQ(0, MEMBER(do_flock, fd[0], LOCK_SH));
	EXPECT_EQ(0, MEMBER(do_flock, fd[1], LOCK_SH));
	EXPECT_RECORDS(2);
	EXPECT_EQ(-ENOLCK, MEMBER(do_flock, fd[2], LOCK_SH));
	EXPECT_EQ(-EWOULDBLOCK, MEMBER(do_flock, fd[2], LOCK_EX | LOCK_NB));
	EXPECT_RECORDS(2);
	EXPECT_EQ(1, ctx_fail(ID, NLOCK));

	/* To convert needs no more; one that has to wait loses what it had. */
	EXPECT_EQ(-EWOULDBLOCK, MEMBER(do_flock, fd[0], LOCK_EX | LOCK_NB));
	EXPECT_RECORDS(1);
	EXPECT_EQ(0, MEMBER(do_flock, fd[1], LOCK_EX));
	EXPECT_EQ(0, ctx_set_limits(ID, "nlock hard 0"));
	EXPECT_EQ(0, MEMBER(do_flock, fd[1], LOCK_SH));
	EXPECT_EQ(0, MEMBER(do_flock, fd[1], LOCK_EX));
	EXPECT_RECORDS(1);
	EXPECT_EQ(1, ctx_fail(ID, NLOCK));
	EXPECT_EQ(0, MEMBER(do_flock, fd[1], LOCK_UN));
	EXPECT_EQ(0, MEMBER(do_flock, fd[1], LOCK_UN));
	EXPECT_RECORDS(0);
	EXPECT_EQ(-ENOLCK, MEMBER(do_flock, fd[1], LOCK_EX));
	EXPECT_RECORDS(0);
	EXPECT_EQ(2, ctx_peak(ID, NLOCK));
}

/* A lock of a description that outlives who has locked it */

FIXTURE(passed) {
	struct scene scene;
};

FIXTURE_VARIANT(passed) {
	agent_fn fn;
	long lock, convert, unlock;
};

FIXTURE_VARIANT_ADD(passed, flock) {
	.fn = do_flock,
	.lock = LOCK_SH,
	.convert = LOCK_EX,
	.unlock = LOCK_UN,
};

FIXTURE_VARIANT_ADD(passed, ofd) {
	.fn = do_ofd,
	.lock = F_RDLCK,
	.convert = F_WRLCK,
	.unlock = F_UNLCK,
};

FIXTURE_SETUP(passed)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	make_scene(_metadata, &self->scene);
}

FIXTURE_TEARDOWN_PARENT(passed)
{
	end_scene(_metadata, &self->scene);
}

/* From ID to OTHER, by way of the host; the number there */
static long pass_on(const struct agent *from, const struct agent *to, long fd)
{
	long ours = agent_take_fd(from, fd), theirs;

	if (ours < 0)
		return ours;
	theirs = agent_give_fd(to, ours);
	close(ours);
	return theirs;
}

TEST_F(passed, outlives)
{
	long fd = MEMBER_OPEN(), theirs;

	EXPECT_EQ(0, MEMBER(variant->fn, fd, variant->lock, RANGE(0, 9)));
	theirs = pass_on(&self->scene.member, &self->scene.other, fd);
	ASSERT_LE(0, theirs);
	agent_stop(&self->scene.member);
	EXPECT_EQ(0, ctx_wait_usage(ID, NPROC, 0));
	EXPECT_EQ(1, ctx_usage(ID, NLOCK));
	EXPECT_EQ(0, ctx_usage(OTHER, NLOCK));

	/* To convert it makes no new one. */
	EXPECT_EQ(0, ctx_set_limits(OTHER, "nlock hard 0"));
	EXPECT_EQ(0, OTHER_ONE(variant->fn, theirs, variant->convert,
			       RANGE(0, 9)));
	EXPECT_EQ(1, ctx_usage(ID, NLOCK));
	EXPECT_EQ(0, OTHER_ONE(variant->fn, theirs, variant->unlock,
			       RANGE(0, 9)));
	EXPECT_USAGE(ID, 0);
	/* The description is not its own, but a new lock would be. */
	EXPECT_EQ(-ENOLCK, OTHER_ONE(variant->fn, theirs, variant->lock,
				     RANGE(0, 9)));
	EXPECT_EQ(0, ctx_set_limits(OTHER, "nlock hard 1"));
	EXPECT_EQ(0, OTHER_ONE(variant->fn, theirs, variant->lock, RANGE(0, 9)));
	EXPECT_EQ(1, ctx_usage(OTHER, NLOCK));
	EXPECT_EQ(0, ctx_usage(ID, NLOCK));
	EXPECT_EQ(0, OTHER_ONE(do_close, theirs));
	EXPECT_USAGE(OTHER, 0);
}

TEST_F(passed, closed_last_by_another)
{
	long fd = MEMBER_OPEN(), theirs;

	EXPECT_EQ(0, MEMBER(variant->fn, fd, variant->lock, RANGE(0, 9)));
	theirs = pass_on(&self->scene.member, &self->scene.other, fd);
	ASSERT_LE(0, theirs);
	EXPECT_EQ(0, MEMBER(do_close, fd));
	EXPECT_EQ(1, ctx_usage(ID, NLOCK));
	EXPECT_EQ(0, OTHER_ONE(do_close, theirs));
	EXPECT_USAGE(ID, 0);
}

/* A lock that a task had when it entered */

static long do_open_and_lock(long a, long b, long c)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : do_posix(fd, F_WRLCK, RANGE(0, 99)) ?: fd;
}

TEST_F(lock, from_before_entry)
{
	struct agent entrant;
	long fd;

	ASSERT_EQ(0, agent_start(&entrant));
	fd = agent_call(&entrant, do_open_and_lock, 0, 0, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_call(&entrant, do_enter, ID, 0, 0));
	EXPECT_EQ(0, ctx_usage(ID, NLOCK));
	/* What becomes two: one is the host's, one the member's. */
	EXPECT_EQ(0, agent_call(&entrant, do_posix, fd, F_UNLCK, RANGE(40, 59)));
	EXPECT_EQ(1, ctx_usage(ID, NLOCK));
	EXPECT_EQ(2, records());
	EXPECT_EQ(0, agent_call(&entrant, do_posix, fd, F_UNLCK, RANGE(0, LAST)));
	EXPECT_EQ(0, ctx_usage(ID, NLOCK));
	agent_stop(&entrant);
}

/* One of the host's stays the host's, and a member may convert it. */
TEST_F(lock, of_the_host)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	long theirs;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, do_flock(fd, LOCK_SH, 0));
	theirs = agent_give_fd(&self->scene.member, fd);
	ASSERT_LE(0, theirs);
	EXPECT_EQ(0, ctx_set_limits(ID, "nlock hard 0"));
	EXPECT_EQ(0, MEMBER(do_flock, theirs, LOCK_EX));
	EXPECT_EQ(0, ctx_usage(ID, NLOCK));
	EXPECT_EQ(1, records());
	EXPECT_EQ(0, MEMBER(do_flock, theirs, LOCK_UN));
	EXPECT_EQ(-ENOLCK, MEMBER(do_flock, theirs, LOCK_EX));
	EXPECT_EQ(0, records());
	close(fd);
}

/* Leases */

static long do_take_lease(long type, long b, long c)
{
	int fd = open(path, (type == F_WRLCK ? O_RDWR : O_RDONLY) | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	/* Who opens the file makes the kernel send it. */
	signal(SIGIO, SIG_IGN);
	if (fcntl(fd, F_SETLEASE, type)) {
		int err = errno;

		close(fd);
		return -err;
	}
	return fd;
}

TEST_F(lock, lease)
{
	long fd, fd2;

	EXPECT_EQ(0, ctx_set_limits(ID, "nlock hard 1"));
	fd = MEMBER(do_take_lease, F_RDLCK);
	ASSERT_LE(0, fd);
	EXPECT_RECORDS(1);
	EXPECT_EQ(-ENOLCK, MEMBER(do_take_lease, F_RDLCK));
	EXPECT_RECORDS(1);
	EXPECT_EQ(1, ctx_fail(ID, NLOCK));
	/* Again, and of the other type: the same one */
	EXPECT_EQ(0, MEMBER(do_lease, fd, F_RDLCK));
	EXPECT_EQ(0, MEMBER(do_lease, fd, F_WRLCK));
	EXPECT_RECORDS(1);
	EXPECT_EQ(0, MEMBER(do_lease, fd, F_UNLCK));
	EXPECT_RECORDS(0);
	EXPECT_EQ(0, MEMBER(do_close, fd));

	/* One that is not given, since the file is open elsewhere */
	fd2 = MEMBER_OPEN();
	EXPECT_EQ(-EAGAIN, MEMBER(do_take_lease, F_WRLCK));
	EXPECT_RECORDS(0);
	EXPECT_EQ(0, MEMBER(do_close, fd2));

	/* With the description */
	fd = MEMBER(do_take_lease, F_WRLCK);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, MEMBER(do_close, fd));
	EXPECT_USAGE(ID, 0);

	/* Broken by the host, who opens the file */
	fd = MEMBER(do_take_lease, F_RDLCK);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC));
	EXPECT_EQ(EWOULDBLOCK, errno);
	EXPECT_EQ(1, ctx_usage(ID, NLOCK));
	EXPECT_EQ(0, MEMBER(do_lease, fd, F_UNLCK));
	EXPECT_USAGE(ID, 0);
	EXPECT_EQ(0, MEMBER(do_close, fd));

	fd = MEMBER(do_take_lease, F_RDLCK);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ctx_write(ID, "kill", "1\n"));
	EXPECT_USAGE(ID, 0);
}

/* A lease that is passed and then dropped by another context */
TEST_F(lock, lease_passed)
{
	long fd = MEMBER(do_take_lease, F_RDLCK), theirs;

	ASSERT_LE(0, fd);
	theirs = pass_on(&self->scene.member, &self->scene.other, fd);
	ASSERT_LE(0, theirs);
	agent_stop(&self->scene.member);
	EXPECT_EQ(0, ctx_wait_usage(ID, NPROC, 0));
	EXPECT_EQ(1, ctx_usage(ID, NLOCK));
	EXPECT_EQ(0, OTHER_ONE(do_lease, theirs, F_UNLCK));
	EXPECT_USAGE(ID, 0);
	EXPECT_EQ(0, ctx_usage(OTHER, NLOCK));
}

TEST_HARNESS_MAIN
