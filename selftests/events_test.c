// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - events: who watches limits is told, and not too often
 */

#define _GNU_SOURCE
#include "common.h"

#define ID	60057

/* What an agent has open */
static int files[128];
static int nr_files;

static long do_open_many(long n, long b, long c)
{
	while (n--) {
		int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			return -errno;
		files[nr_files++] = fd;
	}
	return 0;
}

static long do_close_many(long n, long b, long c)
{
	while (n--)
		if (close(files[--nr_files]))
			return -errno;
	return 0;
}

/* Opens and closes one file, @n times; how often it could not. */
static long do_flap(long n, long b, long c)
{
	long refused = 0;

	while (n--) {
		int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			refused++;
		else
			close(fd);
	}
	return refused;
}

FIXTURE(events) {
	struct agent member;
	int fd;
	int contexts;
};

FIXTURE_SETUP(events)
{
	char path[64];

	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
	self->fd = open(ctx_path(path, ID, "events"), O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN_PARENT(events)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

#define CALL(_fn, _a, _b) agent_call(&self->member, _fn, _a, _b, 0)

/* Waits for an event, and reads it, so that the next one is new. */
static bool told(int fd, int ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLPRI };
	char buf[LIMITS_SIZE];
	int n = poll(&poll_fd, 1, ms);

	read_fd(fd, buf, sizeof(buf));
	return n == 1 && (poll_fd.revents & POLLPRI);
}

TEST_F(events, soft_hard_empty)
{
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile soft 2 hard 3"));
	told(self->fd, 0);
	EXPECT_EQ(0, CALL(do_open_many, 2, 0));
	EXPECT_FALSE(told(self->fd, 50));
	EXPECT_EQ(0, CALL(do_open_many, 1, 0));
	EXPECT_TRUE(told(self->fd, PATIENCE_MS));
	EXPECT_EQ(1, ctx_number(ID, "events", "nofile.soft"));
	EXPECT_EQ(0, ctx_number(ID, "events", "nofile.hard"));
	EXPECT_EQ(-ENFILE, CALL(do_open_many, 1, 0));
	EXPECT_TRUE(told(self->fd, PATIENCE_MS));
	EXPECT_EQ(1, ctx_number(ID, "events", "nofile.soft"));
	EXPECT_EQ(1, ctx_number(ID, "events", "nofile.hard"));
	EXPECT_FALSE(told(self->fd, 50));
	agent_stop(&self->member);
	EXPECT_TRUE(told(self->fd, PATIENCE_MS));
	EXPECT_EQ(1, ctx_number(ID, "events", "empty"));
}

/* Up and down by one around the soft limit is one event, not thousands. */
TEST_F(events, flapping)
{
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile soft 64"));
	EXPECT_EQ(0, CALL(do_open_many, 64, 0));
	told(self->fd, 0);
	EXPECT_EQ(0, CALL(do_flap, 1000, 0));
	EXPECT_TRUE(told(self->fd, PATIENCE_MS));
	EXPECT_EQ(1, ctx_number(ID, "events", "nofile.soft"));
	EXPECT_FALSE(told(self->fd, 50));
	EXPECT_EQ(0, CALL(do_flap, 1000, 0));
	EXPECT_FALSE(told(self->fd, 50));
	EXPECT_EQ(1, ctx_number(ID, "events", "nofile.soft"));
}

/* It counts again once usage was a sixteenth below. */
TEST_F(events, rises_again)
{
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile soft 64"));
	EXPECT_EQ(0, CALL(do_open_many, 65, 0));
	EXPECT_EQ(1, ctx_number(ID, "events", "nofile.soft"));
	EXPECT_EQ(0, CALL(do_close_many, 4, 0));
	EXPECT_EQ(61, ctx_wait_usage(ID, NOFILE, 61));
	EXPECT_EQ(0, CALL(do_open_many, 4, 0));
	EXPECT_EQ(1, ctx_number(ID, "events", "nofile.soft"));
	EXPECT_EQ(0, CALL(do_close_many, 5, 0));
	EXPECT_EQ(60, ctx_wait_usage(ID, NOFILE, 60));
	told(self->fd, 0);
	EXPECT_EQ(0, CALL(do_open_many, 4, 0));
	EXPECT_EQ(1, ctx_number(ID, "events", "nofile.soft"));
	EXPECT_EQ(0, CALL(do_open_many, 1, 0));
	EXPECT_EQ(2, ctx_number(ID, "events", "nofile.soft"));
	EXPECT_TRUE(told(self->fd, PATIENCE_MS));

	/* A limit that is set anew is judged anew, by what comes after. */
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile soft 10"));
	EXPECT_EQ(0, CALL(do_open_many, 1, 0));
	EXPECT_EQ(2, ctx_number(ID, "events", "nofile.soft"));
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile soft 66"));
	EXPECT_EQ(0, CALL(do_open_many, 1, 0));
	EXPECT_EQ(3, ctx_number(ID, "events", "nofile.soft"));
}

/* Each refusal counts, but who waits is not woken for each. */
TEST_F(events, many_refusals)
{
	const long refusals = 5000;
	long begin, wakeups = 0;

	EXPECT_EQ(0, ctx_set_limits(ID, "nofile hard 0"));
	told(self->fd, 0);
	begin = now_ms();
	EXPECT_EQ(0, agent_ask(&self->member, do_flap, refusals, 0, 0));
	while (ctx_number(ID, "events", "nofile.hard") < refusals &&
	       now_ms() < begin + PATIENCE_MS)
		wakeups += told(self->fd, 100);
	EXPECT_EQ(refusals, agent_answer(&self->member));
	EXPECT_EQ(refusals, ctx_number(ID, "events", "nofile.hard"));
	EXPECT_LT(0, wakeups);
	/* 100 a second, and what comes late. */
	EXPECT_GE((now_ms() - begin) / 10 + 2, wakeups);
	told(self->fd, 50);
	EXPECT_FALSE(told(self->fd, 50));
}

/* The one that has the limit tells, and not the one below that was refused. */
TEST_F(events, hierarchy)
{
	char path[64];
	long child;
	int below;

	ASSERT_EQ(0, CALL(do_enter, VCTX_ID_NEW, 0));
	child = CALL(do_self_id, 0, 0);
	below = open(ctx_path(path, child, "events"), O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, below);
	/* Its last own member has left for the child. */
	EXPECT_TRUE(told(self->fd, PATIENCE_MS));
	EXPECT_EQ(1, ctx_number(ID, "events", "empty"));
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile soft 0 hard 1"));
	told(below, 0);
	EXPECT_EQ(0, CALL(do_open_many, 1, 0));
	EXPECT_TRUE(told(self->fd, PATIENCE_MS));
	EXPECT_EQ(-ENFILE, CALL(do_open_many, 1, 0));
	EXPECT_TRUE(told(self->fd, PATIENCE_MS));
	EXPECT_EQ(1, ctx_number(ID, "events", "nofile.soft"));
	EXPECT_EQ(1, ctx_number(ID, "events", "nofile.hard"));
	EXPECT_FALSE(told(below, 50));
	EXPECT_EQ(0, ctx_number(child, "events", "nofile.soft"));
	EXPECT_EQ(0, ctx_number(child, "events", "nofile.hard"));
	close(below);
	agent_stop(&self->member);
	EXPECT_EQ(0, ctx_end_dynamic(child));
}

/* Tracepoints */

#define TRACEFS		"/sys/kernel/tracing"
#define INSTANCE	TRACEFS "/instances/vctx-test"

static int trace_write(const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), INSTANCE "/%s", file);
	return write_file(path, text, strlen(text));
}

/* How many lines of the trace contain @text. */
static int trace_lines(const char *text)
{
	static char buf[65536];
	int n = 0, len = 0, got;
	const char *at;
	int fd = open(INSTANCE "/trace", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (len < (int)sizeof(buf) - 1 &&
	       (got = read(fd, buf + len, sizeof(buf) - 1 - len)) > 0)
		len += got;
	buf[len] = '\0';
	close(fd);
	for (at = buf; (at = strstr(at, text)); at++)
		n++;
	return n;
}

static const char *trace_missing(void)
{
	if (access(TRACEFS "/instances", F_OK))
		mount("tracefs", TRACEFS, "tracefs", 0, NULL);
	if (access(TRACEFS "/instances", F_OK))
		return "there is no tracefs";
	/* One that a test has left behind is full of what that did. */
	rmdir(INSTANCE);
	if (mkdir(INSTANCE, 0700))
		return "no trace instance can be made";
	if (trace_write("events/vctx/enable", "1"))
		return "there are no tracepoints of vctx";
	return NULL;
}

TEST_F(events, tracepoints)
{
	char text[128];
	long child;

	if (trace_missing())
		SKIP(return, "%s", trace_missing());
	ASSERT_EQ(0, CALL(do_enter, VCTX_ID_NEW, 0));
	child = CALL(do_self_id, 0, 0);
	EXPECT_EQ(0, ctx_set_limits(ID, "nofile soft 1 hard 3"));
	EXPECT_EQ(0, CALL(do_open_many, 3, 0));
	EXPECT_EQ(-ENFILE, CALL(do_open_many, 1, 0));
	EXPECT_EQ(-ENFILE, CALL(do_open_many, 1, 0));
	snprintf(text, sizeof(text),
		 "vctx_charge_soft: id=%u member_of=%ld resource=nofile n=1 soft=1\n",
		 ID, child);
	EXPECT_EQ(1, trace_lines(text));
	snprintf(text, sizeof(text),
		 "vctx_charge_fail: id=%u member_of=%ld resource=nofile n=1 hard=3\n",
		 ID, child);
	EXPECT_EQ(2, trace_lines(text));
	snprintf(text, sizeof(text), "vctx_create: id=%ld parent=%u\n", child, ID);
	EXPECT_EQ(1, trace_lines(text));
	snprintf(text, sizeof(text), "vctx_enter: id=%ld from=%u\n", child, ID);
	EXPECT_EQ(1, trace_lines(text));
	agent_stop(&self->member);
	EXPECT_EQ(0, ctx_end_dynamic(child));
	snprintf(text, sizeof(text), "vctx_exit: id=%ld\n", child);
	EXPECT_TRUE(WAIT_UNTIL(trace_lines(text) == 1));
	trace_write("events/vctx/enable", "0");
	rmdir(INSTANCE);
}

TEST_HARNESS_MAIN
