// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - entering a context
 *
 * Each errno of the table in Documentation/userspace-api/vctx.rst, and that
 * nothing has changed after it.
 */

#define _GNU_SOURCE
#include <pthread.h>
#include <sys/ptrace.h>

#include "common.h"

#define ID		60001
#define OTHER_ID	60002

/* What entering changes. */
struct state {
	struct vctx_self self;
	__u64 caps[5];
	long proc_id;
	long contexts;
};

static struct state get_state(void)
{
	struct state state;

	memset(&state, 0, sizeof(state));
	get_self(&state.self);
	state.caps[0] = self_caps("CapInh:");
	state.caps[1] = self_caps("CapPrm:");
	state.caps[2] = self_caps("CapEff:");
	state.caps[3] = self_caps("CapBnd:");
	state.caps[4] = self_caps("CapAmb:");
	state.proc_id = proc_id("self");
	state.contexts = ctx_count();
	return state;
}

#define EXPECT_REFUSED(_errno, _call)					\
	do {								\
		struct state _before = get_state(), _after;		\
		EXPECT_EQ(-(_errno), (_call));				\
		_after = get_state();					\
		EXPECT_EQ(0, memcmp(&_before, &_after, sizeof(_after)));	\
	} while (0)

FIXTURE(entry) {
	int contexts;
};

FIXTURE_SETUP(entry)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	ASSERT_EQ(0, ctx_end(OTHER_ID));
	self->contexts = ctx_count();
	ASSERT_LE(1, self->contexts);
}

FIXTURE_TEARDOWN_PARENT(entry)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_EQ(0, ctx_end(OTHER_ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

/* Allowed */

TEST_F(entry, fresh)
{
	char status[512];
	struct vctx_self me;

	EXPECT_EQ(0, proc_id("self"));
	ASSERT_EQ(0, enter(VCTX_ID_NEW, 0, 0));
	ASSERT_EQ(0, get_self(&me));
	EXPECT_LE(VCTX_ID_DYNAMIC_MIN, me.id);
	EXPECT_GE(VCTX_ID_DYNAMIC_MAX, me.id);
	EXPECT_EQ(1, me.depth);
	EXPECT_EQ(0, me.flags);
	EXPECT_EQ(me.id, proc_id("self"));
	ASSERT_LT(0, ctx_read(me.id, "status", status, sizeof(status)));
	EXPECT_EQ(1, ctx_number(me.id, "status", "members"));
	EXPECT_EQ(0, ctx_number(me.id, "status", "parent"));
	EXPECT_EQ(1, ctx_usage(me.id, NPROC));
	EXPECT_EQ(1, ctx_usage(me.id, NTASK));
	/* It was not open when it was read: read_file() has closed it. */
	EXPECT_GE(1, ctx_usage(me.id, NOFILE));
}

TEST_F(entry, fresh_ones_differ)
{
	struct agent a, b;
	long id_a, id_b;

	ASSERT_EQ(0, agent_start_in(&a, VCTX_ID_NEW));
	ASSERT_EQ(0, agent_start_in(&b, VCTX_ID_NEW));
	id_a = agent_call(&a, do_self_id, 0, 0, 0);
	id_b = agent_call(&b, do_self_id, 0, 0, 0);
	EXPECT_LE(VCTX_ID_DYNAMIC_MIN, id_a);
	EXPECT_LE(VCTX_ID_DYNAMIC_MIN, id_b);
	EXPECT_NE(id_a, id_b);
	agent_stop(&a);
	agent_stop(&b);
	EXPECT_EQ(0, ctx_end_dynamic(id_a));
	EXPECT_EQ(0, ctx_end_dynamic(id_b));
}

TEST_F(entry, unprivileged)
{
	struct vctx_self me;

	ASSERT_EQ(0, become_nobody());
	ASSERT_EQ(0, enter(VCTX_ID_NEW, 0, 0));
	ASSERT_EQ(0, get_self(&me));
	EXPECT_LE(VCTX_ID_DYNAMIC_MIN, me.id);
	EXPECT_EQ(me.id, proc_id("self"));
}

TEST_F(entry, static_made_by_mkdir)
{
	struct agent agent;

	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start_in(&agent, ID));
	EXPECT_EQ(ID, agent_call(&agent, do_self_id, 0, 0, 0));
	EXPECT_EQ(1, ctx_number(ID, "status", "members"));
	EXPECT_EQ(1, ctx_usage(ID, NPROC));
	EXPECT_EQ(1, ctx_usage(ID, NTASK));
	agent_stop(&agent);
	EXPECT_TRUE(WAIT_UNTIL(ctx_idle(ID)));
	/* It stays. */
	EXPECT_TRUE(ctx_exists(ID));
	EXPECT_EQ(0, ctx_rmdir(ID));
}

TEST_F(entry, static_made_by_entry)
{
	struct agent a, b;

	ASSERT_EQ(0, agent_start_in(&a, ID));
	EXPECT_TRUE(ctx_exists(ID));
	EXPECT_EQ(-EBUSY, ctx_rmdir(ID));
	ASSERT_EQ(0, agent_start_in(&b, ID));
	EXPECT_EQ(2, ctx_usage(ID, NPROC));
	agent_stop(&a);
	EXPECT_EQ(1, ctx_wait_usage(ID, NPROC, 1));
	agent_stop(&b);
	/* It goes with its last member. */
	EXPECT_TRUE(WAIT_UNTIL(!ctx_exists(ID)));
}

TEST_F(entry, dynamic_by_id)
{
	struct agent a, b;
	long id;

	ASSERT_EQ(0, agent_start_in(&a, VCTX_ID_NEW));
	id = agent_call(&a, do_self_id, 0, 0, 0);
	ASSERT_LE(VCTX_ID_DYNAMIC_MIN, id);
	ASSERT_EQ(0, agent_start_in(&b, id));
	EXPECT_EQ(id, agent_call(&b, do_self_id, 0, 0, 0));
	EXPECT_EQ(2, ctx_usage(id, NPROC));
	agent_stop(&a);
	agent_stop(&b);
	EXPECT_EQ(0, ctx_end_dynamic(id));
}

TEST_F(entry, watcher)
{
	ASSERT_EQ(0, enter(VCTX_ID_WATCHER, 0, 0));
	EXPECT_EQ(VCTX_ID_WATCHER, self_id());
}

TEST_F(entry, inherited)
{
	struct agent agent;
	long pid;
	char name[32];

	ASSERT_EQ(0, agent_start_in(&agent, ID));
	pid = agent_call(&agent, do_fork_pause, 0, 0, 0);
	ASSERT_LT(0, pid);
	EXPECT_EQ(2, ctx_usage(ID, NPROC));
	ASSERT_EQ(0, enter(VCTX_ID_WATCHER, 0, 0));
	snprintf(name, sizeof(name), "%ld", pid);
	EXPECT_EQ(ID, proc_id(name));
	agent_stop(&agent);
}

/* EINVAL and E2BIG: the request itself */

struct raw {
	struct lsm_head head;
	unsigned char payload[8192];
};

static struct raw raw_request(size_t payload)
{
	struct vctx_enter enter = { .id = VCTX_ID_NEW };
	struct raw raw = {};

	raw.head.id = LSM_ID_VCTX;
	raw.head.ctx_len = payload;
	raw.head.len = sizeof(raw.head) + payload;
	memcpy(raw.payload, &enter, sizeof(enter));
	return raw;
}

TEST_F(entry, short_payload)
{
	struct raw raw;
	size_t len;

	for (len = 0; len < VCTX_ENTER_SIZE_VER0; len++) {
		raw = raw_request(len);
		EXPECT_REFUSED(EINVAL, lsm_set(LSM_ATTR_CURRENT, &raw,
					       raw.head.len, 0));
		/* The bytes are there, but do not belong to it. */
		raw.head.len = sizeof(raw.head) + VCTX_ENTER_SIZE_VER0;
		EXPECT_REFUSED(EINVAL, lsm_set(LSM_ATTR_CURRENT, &raw,
					       raw.head.len, 0));
	}
	raw = raw_request(VCTX_ENTER_SIZE_VER0);
	EXPECT_EQ(0, lsm_set(LSM_ATTR_CURRENT, &raw, raw.head.len, 0));
}

TEST_F(entry, wrong_attr)
{
	struct enter_request req = enter_request(VCTX_ID_NEW, 0, 0);
	unsigned int attr;

	for (attr = 0; attr < 110; attr++)
		if (attr != LSM_ATTR_CURRENT)
			EXPECT_REFUSED(EINVAL, lsm_set(attr, &req, sizeof(req), 0));
	EXPECT_REFUSED(EINVAL, lsm_set(UINT_MAX, &req, sizeof(req), 0));
}

TEST_F(entry, unknown_flags)
{
	int bit;

	for (bit = 0; bit < 32; bit++)
		if (!((1U << bit) & VCTX_FLAGS_ALL))
			EXPECT_REFUSED(EINVAL, enter(VCTX_ID_NEW, 1U << bit, 0));
	EXPECT_REFUSED(EINVAL, enter(VCTX_ID_NEW, ~0U, 0));
	EXPECT_REFUSED(EINVAL, enter(ID, ~VCTX_FLAGS_ALL, 0));
	EXPECT_EQ(0, enter(VCTX_ID_NEW, VCTX_FLAGS_ALL, 0));
}

TEST_F(entry, no_id)
{
	EXPECT_REFUSED(EINVAL, enter(0, 0, 0));
	EXPECT_REFUSED(EINVAL, enter(65535, 0, 0));
	EXPECT_REFUSED(EINVAL, enter(0x7fffffff, 0, 0));
	EXPECT_REFUSED(EINVAL, enter(0x80000000, 0, 0));
	EXPECT_REFUSED(EINVAL, enter(0xfffffffe, 0, 0));
	/* Also for those who may not choose. */
	ASSERT_EQ(0, become_nobody());
	EXPECT_REFUSED(EINVAL, enter(0, 0, 0));
	EXPECT_REFUSED(EINVAL, enter(65535, 0, 0));
}

TEST_F(entry, no_capability)
{
	int bit;

	for (bit = CAP_LAST_CAP + 1; bit < 64; bit++)
		EXPECT_REFUSED(EINVAL, enter(VCTX_ID_NEW, 0, 1ULL << bit));
	EXPECT_REFUSED(EINVAL, enter(VCTX_ID_NEW, 0, ~0ULL));
	EXPECT_EQ(0, enter(VCTX_ID_NEW, 0, CAP(CAP_LAST_CAP)));
}

TEST_F(entry, lsm_ctx_flags)
{
	struct enter_request req = enter_request(VCTX_ID_NEW, 0, 0);

	req.head.flags = 1;
	EXPECT_REFUSED(EINVAL, lsm_set(LSM_ATTR_CURRENT, &req, sizeof(req), 0));
	req.head.flags = 1ULL << 63;
	EXPECT_REFUSED(EINVAL, lsm_set(LSM_ATTR_CURRENT, &req, sizeof(req), 0));
	req.head.flags = 0;
	EXPECT_REFUSED(EINVAL, lsm_set(LSM_ATTR_CURRENT, &req, sizeof(req), 1));
	EXPECT_REFUSED(EINVAL, lsm_set(LSM_ATTR_CURRENT, &req, sizeof(req),
				       LSM_FLAG_SINGLE));
	EXPECT_EQ(0, lsm_set(LSM_ATTR_CURRENT, &req, sizeof(req), 0));
}

TEST_F(entry, length_lies)
{
	const struct enter_request good = enter_request(VCTX_ID_NEW, 0, 0);
	struct enter_request req;
	size_t size;

	/* truncated */
	for (size = 0; size < sizeof(good); size++)
		EXPECT_REFUSED(EINVAL, lsm_set(LSM_ATTR_CURRENT, &good, size, 0));

	req = good;
	req.head.len = sizeof(req) + 1;
	EXPECT_REFUSED(EINVAL, lsm_set(LSM_ATTR_CURRENT, &req, sizeof(req), 0));
	req.head.len = ~0ULL;
	EXPECT_REFUSED(EINVAL, lsm_set(LSM_ATTR_CURRENT, &req, sizeof(req), 0));
	req.head.len = 0;
	EXPECT_REFUSED(EINVAL, lsm_set(LSM_ATTR_CURRENT, &req, sizeof(req), 0));
	req.head.len = sizeof(req) - 1;
	EXPECT_REFUSED(EINVAL, lsm_set(LSM_ATTR_CURRENT, &req, sizeof(req), 0));

	req = good;
	req.head.ctx_len = sizeof(req.enter) + 1;
	EXPECT_REFUSED(EINVAL, lsm_set(LSM_ATTR_CURRENT, &req, sizeof(req), 0));
	req.head.ctx_len = 1ULL << 32 | sizeof(req.enter);
	EXPECT_REFUSED(EINVAL, lsm_set(LSM_ATTR_CURRENT, &req, sizeof(req), 0));
	req.head.ctx_len = ~0ULL;
	EXPECT_REFUSED(EINVAL, lsm_set(LSM_ATTR_CURRENT, &req, sizeof(req), 0));
	/* sizeof(lsm_head) + ctx_len overflows to len */
	req.head.ctx_len = sizeof(req.enter) - sizeof(req);
	EXPECT_REFUSED(EINVAL, lsm_set(LSM_ATTR_CURRENT, &req, sizeof(req), 0));

	EXPECT_EQ(0, lsm_set(LSM_ATTR_CURRENT, &good, sizeof(good), 0));
}

TEST_F(entry, no_address)
{
	EXPECT_REFUSED(EFAULT, lsm_set(LSM_ATTR_CURRENT, NULL,
				       sizeof(struct enter_request), 0));
	EXPECT_REFUSED(EFAULT, lsm_set(LSM_ATTR_CURRENT, (void *)8UL,
				       sizeof(struct enter_request), 0));
}

TEST_F(entry, other_lsm)
{
	struct enter_request req = enter_request(VCTX_ID_NEW, 0, 0);

	req.head.id = LSM_ID_VCTX + 1;
	EXPECT_REFUSED(EOPNOTSUPP, lsm_set(LSM_ATTR_CURRENT, &req, sizeof(req), 0));
	req.head.id = 1ULL << 32 | LSM_ID_VCTX;
	EXPECT_REFUSED(EOPNOTSUPP, lsm_set(LSM_ATTR_CURRENT, &req, sizeof(req), 0));
}

TEST_F(entry, nonzero_tail)
{
	const size_t most = getpagesize() - sizeof(struct lsm_head);
	const size_t len[] = {
		VCTX_ENTER_SIZE_VER0 + 1, VCTX_ENTER_SIZE_VER0 + 8, 1024, most,
	};
	struct raw raw;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(len); i++) {
		raw = raw_request(len[i]);
		raw.payload[len[i] - 1] = 1;
		EXPECT_REFUSED(E2BIG, lsm_set(LSM_ATTR_CURRENT, &raw,
					      raw.head.len, 0));
		raw = raw_request(len[i]);
		raw.payload[VCTX_ENTER_SIZE_VER0] = 0x80;
		EXPECT_REFUSED(E2BIG, lsm_set(LSM_ATTR_CURRENT, &raw,
					      raw.head.len, 0));
	}
}

TEST_F(entry, over_a_page)
{
	struct raw raw = raw_request(getpagesize() - sizeof(struct lsm_head) + 1);

	EXPECT_REFUSED(E2BIG, lsm_set(LSM_ATTR_CURRENT, &raw, raw.head.len, 0));
	EXPECT_REFUSED(E2BIG, lsm_set(LSM_ATTR_CURRENT, &raw, sizeof(raw), 0));
	EXPECT_REFUSED(E2BIG, lsm_set(LSM_ATTR_CURRENT, &raw, UINT_MAX, 0));
}

TEST_F(entry, zero_tail)
{
	struct raw raw = raw_request(VCTX_ENTER_SIZE_VER0 + 1);

	ASSERT_EQ(0, lsm_set(LSM_ATTR_CURRENT, &raw, raw.head.len, 0));
	/* Inside, it makes a child. */
	raw = raw_request(getpagesize() - sizeof(struct lsm_head));
	EXPECT_EQ(0, lsm_set(LSM_ATTR_CURRENT, &raw, raw.head.len, 0));
}

TEST_F(entry, noise)
{
	struct raw raw;
	int i;

	srandom(1);
	for (i = 0; i < 2000; i++) {
		size_t j, size = random() % 128;
		int err;

		for (j = 0; j < sizeof(raw.head) + 128; j++)
			((unsigned char *)&raw)[j] = random();
		raw.head.id = LSM_ID_VCTX;
		if (i & 1)
			raw.head.flags = 0;
		if (i & 2) {
			raw.head.len = size;
			raw.head.ctx_len = size - sizeof(raw.head);
		}
		err = lsm_set(LSM_ATTR_CURRENT, &raw, size, 0);
		EXPECT_TRUE(err == -EINVAL || err == -E2BIG) {
			TH_LOG("%d, seed 1, round %d", err, i);
		}
	}
	EXPECT_EQ(0, self_id());
}

/* EBUSY: whoever shares, or is traced */

static void *thread_pause(void *arg)
{
	int *fds = arg;
	char c;

	return (void *)(long)read(fds[0], &c, 1);
}

TEST_F(entry, thread)
{
	pthread_t thread;
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, pthread_create(&thread, NULL, thread_pause, fds));
	EXPECT_REFUSED(EBUSY, enter(VCTX_ID_NEW, 0, 0));
	EXPECT_REFUSED(EBUSY, enter(ID, 0, 0));
	EXPECT_REFUSED(EBUSY, enter(VCTX_ID_WATCHER, 0, 0));
	ASSERT_EQ(1, write(fds[1], "", 1));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_TRUE(WAIT_UNTIL(enter(VCTX_ID_NEW, 0, 0) == 0));
}

static void *thread_enter(void *arg)
{
	*(int *)arg = enter(VCTX_ID_NEW, 0, 0);
	return NULL;
}

TEST_F(entry, in_a_thread)
{
	pthread_t thread;
	int err = 0;

	ASSERT_EQ(0, pthread_create(&thread, NULL, thread_enter, &err));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(-EBUSY, err);
	EXPECT_EQ(0, self_id());
}

/* The first thread has ended, and is a zombie for as long as this one lives. */
static void *thread_enter_alone(void *arg)
{
	char path[64], buf[512];

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
	if (!WAIT_UNTIL(read_file(path, buf, sizeof(buf)) > 0 &&
			strstr(buf, ") Z ")))
		_exit(1);
	_exit(-enter(VCTX_ID_NEW, 0, 0));
}

TEST_F(entry, thread_without_leader)
{
	pthread_t thread;
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (pthread_create(&thread, NULL, thread_enter_alone, NULL))
			_exit(1);
		syscall(__NR_exit, 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(EBUSY, WEXITSTATUS(status));
}

TEST_F(entry, vfork_child)
{
	int status;
	pid_t pid;

	pid = vfork();
	if (!pid)
		_exit(-enter(VCTX_ID_NEW, 0, 0));
	ASSERT_LT(0, pid);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(EBUSY, WEXITSTATUS(status));
	EXPECT_EQ(0, self_id());
	EXPECT_TRUE(WAIT_UNTIL(enter(VCTX_ID_NEW, 0, 0) == 0));
}

struct sharer {
	int fds[2];
	int answer[2];
};

/* Tries itself, says how that went, then waits. */
static int sharer_main(void *arg)
{
	struct sharer *sharer = arg;
	int err = enter(VCTX_ID_NEW, 0, 0);
	char c;

	if (write(sharer->answer[1], &err, sizeof(err)) != sizeof(err))
		return 1;
	return read(sharer->fds[0], &c, 1) == 1 ? 0 : 1;
}

FIXTURE(sharing) {
	int contexts;
};

FIXTURE_VARIANT(sharing) {
	int flags;
	int err;
};

FIXTURE_VARIANT_ADD(sharing, nothing) {
	.flags = 0,
	.err = 0,
};

FIXTURE_VARIANT_ADD(sharing, memory) {
	.flags = CLONE_VM,
	.err = -EBUSY,
};

FIXTURE_VARIANT_ADD(sharing, files) {
	.flags = CLONE_FILES,
	.err = -EBUSY,
};

FIXTURE_VARIANT_ADD(sharing, handlers) {
	.flags = CLONE_VM | CLONE_SIGHAND,
	.err = -EBUSY,
};

FIXTURE_VARIANT_ADD(sharing, directory) {
	.flags = CLONE_FS,
	.err = -EBUSY,
};

FIXTURE_VARIANT_ADD(sharing, semaphores) {
	.flags = CLONE_SYSVSEM,
	.err = 0,
};

FIXTURE_SETUP(sharing)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	self->contexts = ctx_count();
}

FIXTURE_TEARDOWN_PARENT(sharing)
{
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

TEST_F(sharing, enter)
{
	static char stack[65536] __attribute__((aligned(16)));
	struct sharer sharer;
	int err = 1;
	pid_t pid;

	ASSERT_EQ(0, pipe(sharer.fds));
	ASSERT_EQ(0, pipe(sharer.answer));
	pid = clone(sharer_main, stack + sizeof(stack), variant->flags | SIGCHLD,
		    &sharer);
	ASSERT_LT(0, pid);
	ASSERT_EQ(sizeof(err), read(sharer.answer[0], &err, sizeof(err)));
	EXPECT_EQ(variant->err, err);
	if (variant->err)
		EXPECT_REFUSED(-variant->err, enter(VCTX_ID_NEW, 0, 0));
	ASSERT_EQ(1, write(sharer.fds[1], "", 1));
	ASSERT_EQ(pid, waitpid(pid, NULL, __WALL));
	EXPECT_TRUE(WAIT_UNTIL(enter(VCTX_ID_NEW, 0, 0) == 0));
}

static long do_traceme(long a, long b, long c)
{
	return ptrace(PTRACE_TRACEME, 0, 0, 0) ? -errno : 0;
}

TEST_F(entry, traced_by_parent)
{
	struct agent agent;

	ASSERT_EQ(0, agent_start(&agent));
	ASSERT_EQ(0, agent_call(&agent, do_traceme, 0, 0, 0));
	EXPECT_EQ(-EBUSY, agent_call(&agent, do_enter, VCTX_ID_NEW, 0, 0));
	EXPECT_EQ(0, agent_call(&agent, do_self_id, 0, 0, 0));
	agent_stop(&agent);
}

TEST_F(entry, traced_by_seize)
{
	struct agent agent;
	int status;

	ASSERT_EQ(0, agent_start(&agent));
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, agent.pid, 0, 0));
	EXPECT_EQ(-EBUSY, agent_call(&agent, do_enter, VCTX_ID_NEW, 0, 0));
	EXPECT_EQ(-EBUSY, agent_call(&agent, do_enter, ID, 0, 0));
	EXPECT_EQ(0, agent_call(&agent, do_self_id, 0, 0, 0));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, agent.pid, 0, 0));
	ASSERT_EQ(agent.pid, waitpid(agent.pid, &status, 0));
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, agent.pid, 0, 0));
	EXPECT_EQ(0, agent_call(&agent, do_enter, VCTX_ID_NEW, 0, 0));
	agent_stop(&agent);
}

TEST_F(entry, traced_by_attach)
{
	struct agent agent;
	int status;

	ASSERT_EQ(0, agent_start(&agent));
	ASSERT_EQ(0, ptrace(PTRACE_ATTACH, agent.pid, 0, 0));
	ASSERT_EQ(agent.pid, waitpid(agent.pid, &status, 0));
	ASSERT_EQ(0, ptrace(PTRACE_CONT, agent.pid, 0, 0));
	EXPECT_EQ(-EBUSY, agent_call(&agent, do_enter, VCTX_ID_NEW, 0, 0));
	EXPECT_EQ(0, agent_call(&agent, do_self_id, 0, 0, 0));
	agent_stop(&agent);
}

/* EPERM */

TEST_F(entry, id_without_privilege)
{
	struct agent agent;
	long id;

	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start_in(&agent, VCTX_ID_NEW));
	id = agent_call(&agent, do_self_id, 0, 0, 0);
	ASSERT_LE(VCTX_ID_DYNAMIC_MIN, id);

	ASSERT_EQ(0, become_nobody());
	EXPECT_REFUSED(EPERM, enter(ID, 0, 0));
	EXPECT_REFUSED(EPERM, enter(OTHER_ID, 0, 0));
	EXPECT_REFUSED(EPERM, enter(VCTX_ID_WATCHER, 0, 0));
	EXPECT_REFUSED(EPERM, enter(id, 0, 0));
	/* Nor does it tell what exists. */
	EXPECT_REFUSED(EPERM, enter(VCTX_ID_DYNAMIC_MAX, 0, 0));
	/* All capabilities in a user namespace of one's own are no help. */
	if (!unshare(CLONE_NEWUSER)) {
		EXPECT_REFUSED(EPERM, enter(ID, 0, 0));
		EXPECT_REFUSED(EPERM, enter(VCTX_ID_WATCHER, 0, 0));
	}
	EXPECT_EQ(0, enter(VCTX_ID_NEW, 0, 0));
	agent_stop(&agent);
}

TEST_F(entry, id_without_capability)
{
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, clear_caps(CAP(CAP_SYS_ADMIN)));
	EXPECT_REFUSED(EPERM, enter(ID, 0, 0));
	EXPECT_REFUSED(EPERM, enter(OTHER_ID, 0, 0));
	EXPECT_REFUSED(EPERM, enter(VCTX_ID_WATCHER, 0, 0));
	EXPECT_EQ(0, enter(VCTX_ID_NEW, 0, 0));
}

TEST_F(entry, id_from_inside)
{
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, ctx_mkdir(OTHER_ID));
	ASSERT_EQ(0, enter(ID, 0, 0));
	EXPECT_NE(0, self_caps("CapEff:") & CAP(CAP_SYS_ADMIN));
	EXPECT_REFUSED(EPERM, enter(OTHER_ID, 0, 0));
	EXPECT_REFUSED(EPERM, enter(OTHER_ID + 1, 0, 0));
	EXPECT_REFUSED(EPERM, enter(ID, 0, 0));
	EXPECT_REFUSED(EPERM, enter(VCTX_ID_WATCHER, 0, 0));
	EXPECT_REFUSED(EPERM, enter(VCTX_ID_DYNAMIC_MAX, 0, 0));
	EXPECT_REFUSED(EINVAL, enter(VCTX_ID_HOST, 0, 0));
}

TEST_F(entry, id_from_watcher)
{
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, enter(VCTX_ID_WATCHER, 0, 0));
	EXPECT_REFUSED(EPERM, enter(ID, 0, 0));
	EXPECT_REFUSED(EPERM, enter(VCTX_ID_WATCHER, 0, 0));
}

TEST_F(entry, private)
{
	struct agent agent;

	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start_in(&agent, ID));
	ASSERT_EQ(0, ctx_write(ID, "status", "flags private\n"));
	EXPECT_REFUSED(EPERM, enter(ID, 0, 0));
	/* Who is in goes on. */
	EXPECT_EQ(ID, agent_call(&agent, do_self_id, 0, 0, 0));
	EXPECT_EQ(1, ctx_usage(ID, NPROC));
	EXPECT_EQ(1, ctx_number(ID, "status", "members"));
	agent_stop(&agent);
	EXPECT_REFUSED(EPERM, enter(ID, 0, 0));
}

TEST_F(entry, private_on_entry)
{
	struct agent agent;

	ASSERT_EQ(0, agent_start(&agent));
	ASSERT_EQ(0, agent_call(&agent, do_enter, ID, VCTX_FLAG_PRIVATE, 0));
	EXPECT_REFUSED(EPERM, enter(ID, 0, 0));
	agent_stop(&agent);
	EXPECT_TRUE(WAIT_UNTIL(!ctx_exists(ID)));
	/* Another context of that id is another context. */
	EXPECT_EQ(0, enter(ID, 0, 0));
}

TEST_F(entry, lock)
{
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, ctx_write(ID, "status", "flags lock\n"));
	/* From the outside it may be entered. */
	ASSERT_EQ(0, enter(ID, 0, 0));
	EXPECT_REFUSED(EPERM, enter(VCTX_ID_NEW, 0, 0));
	ASSERT_EQ(0, become_nobody());
	EXPECT_REFUSED(EPERM, enter(VCTX_ID_NEW, 0, 0));
}

TEST_F(entry, lock_on_entry)
{
	struct vctx_self me;

	ASSERT_EQ(0, enter(VCTX_ID_NEW, VCTX_FLAG_LOCK, 0));
	ASSERT_EQ(0, get_self(&me));
	EXPECT_EQ(VCTX_FLAG_LOCK, me.flags);
	EXPECT_REFUSED(EPERM, enter(VCTX_ID_NEW, 0, 0));
}

FIXTURE(setid_caps) {
	int contexts;
};

FIXTURE_VARIANT(setid_caps) {
	int cap;
};

FIXTURE_VARIANT_ADD(setid_caps, setuid) {
	.cap = CAP_SETUID,
};

FIXTURE_VARIANT_ADD(setid_caps, setgid) {
	.cap = CAP_SETGID,
};

FIXTURE_VARIANT_ADD(setid_caps, setpcap) {
	.cap = CAP_SETPCAP,
};

FIXTURE_SETUP(setid_caps)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	self->contexts = ctx_count();
}

FIXTURE_TEARDOWN_PARENT(setid_caps)
{
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

/*
 * Attempt: a ceiling without CAP_SETUID, CAP_SETGID, CAP_SETPCAP, without
 * privilege => EPERM
 */
TEST_F(setid_caps, unprivileged)
{
	ASSERT_EQ(0, become_nobody());
	EXPECT_REFUSED(EPERM, enter(VCTX_ID_NEW, 0, CAP(variant->cap)));
	EXPECT_REFUSED(EPERM, enter(VCTX_ID_NEW, 0, CAP(variant->cap) |
				    CAP(CAP_SYS_TIME)));
	EXPECT_EQ(0, enter(VCTX_ID_NEW, 0, CAP(CAP_SYS_TIME)));
}

TEST_F(setid_caps, no_new_privs)
{
	struct vctx_self me;

	ASSERT_EQ(0, become_nobody());
	ASSERT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	ASSERT_EQ(0, enter(VCTX_ID_NEW, 0, CAP(variant->cap)));
	ASSERT_EQ(0, get_self(&me));
	EXPECT_EQ(0, me.cap_ceiling & CAP(variant->cap));
	EXPECT_EQ(0, self_caps("CapBnd:") & CAP(variant->cap));
}

TEST_F(setid_caps, root_without_setpcap)
{
	ASSERT_EQ(0, clear_caps(CAP(CAP_SETPCAP)));
	EXPECT_REFUSED(EPERM, enter(VCTX_ID_NEW, 0, CAP(variant->cap)));
	EXPECT_EQ(0, enter(VCTX_ID_NEW, 0, CAP(CAP_SYS_TIME)));
}

TEST_F(setid_caps, root)
{
	ASSERT_EQ(0, enter(VCTX_ID_NEW, 0, CAP(variant->cap)));
	EXPECT_EQ(0, self_caps("CapBnd:") & CAP(variant->cap));
	EXPECT_EQ(0, self_caps("CapEff:") & CAP(variant->cap));
}

TEST_F(setid_caps, nested)
{
	ASSERT_EQ(0, enter(VCTX_ID_NEW, 0, 0));
	ASSERT_EQ(0, become_nobody());
	EXPECT_REFUSED(EPERM, enter(VCTX_ID_NEW, 0, CAP(variant->cap)));
}

/* ENOENT */

TEST_F(entry, no_such_dynamic_id)
{
	long id;
	struct agent agent;

	EXPECT_REFUSED(ENOENT, enter(VCTX_ID_DYNAMIC_MAX, 0, 0));

	ASSERT_EQ(0, agent_start_in(&agent, VCTX_ID_NEW));
	id = agent_call(&agent, do_self_id, 0, 0, 0);
	agent_stop(&agent);
	ASSERT_EQ(0, ctx_end_dynamic(id));
	EXPECT_REFUSED(ENOENT, enter(id, 0, 0));
}

/* Limits: an administrator's entry is charged and never refused. */

TEST_F(entry, admin_beyond_hard_limit)
{
	struct agent a, b;

	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start_in(&a, ID));
	ASSERT_EQ(0, ctx_set_limits(ID, "nproc hard 1 ntask hard 1"));
	EXPECT_EQ(-EAGAIN, agent_call(&a, do_fork_pause, 0, 0, 0));
	ASSERT_EQ(0, agent_start_in(&b, ID));
	EXPECT_EQ(2, ctx_usage(ID, NPROC));
	EXPECT_EQ(2, ctx_usage(ID, NTASK));
	EXPECT_EQ(-EAGAIN, agent_call(&b, do_fork_pause, 0, 0, 0));
	agent_stop(&b);
	EXPECT_EQ(1, ctx_wait_usage(ID, NPROC, 1));
	EXPECT_EQ(1, ctx_wait_usage(ID, NTASK, 1));
	agent_stop(&a);
}

TEST_F(entry, admin_with_zero_limits)
{
	struct agent agent;

	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, ctx_set_limits(ID, "nproc hard 0 ntask hard 0 nofile hard 0"));
	ASSERT_EQ(0, agent_start_in(&agent, ID));
	EXPECT_EQ(1, ctx_usage(ID, NPROC));
	EXPECT_EQ(-EAGAIN, agent_call(&agent, do_fork_pause, 0, 0, 0));
	agent_stop(&agent);
}

/* The parent has charged the caller already: a child needs nothing more. */
TEST_F(entry, nested_at_hard_limit)
{
	struct agent agent;

	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, ctx_set_limits(ID, "nproc hard 1 ntask hard 1"));
	ASSERT_EQ(0, agent_start_in(&agent, ID));
	ASSERT_EQ(0, agent_call(&agent, do_become_nobody, 0, 0, 0));
	EXPECT_EQ(0, agent_call(&agent, do_enter, VCTX_ID_NEW, 0, 0));
	EXPECT_EQ(1, ctx_usage(ID, NPROC));
	EXPECT_EQ(1, ctx_usage(ID, NTASK));
	EXPECT_EQ(-EAGAIN, agent_call(&agent, do_fork_pause, 0, 0, 0));
	agent_stop(&agent);
}

/* ENOSPC */

TEST_F(entry, depth)
{
	struct vctx_self me;
	int depth;

	for (depth = 1; depth <= VCTX_MAX_DEPTH; depth++) {
		ASSERT_EQ(0, enter(VCTX_ID_NEW, 0, 0));
		ASSERT_EQ(0, get_self(&me));
		EXPECT_EQ(depth, me.depth);
		EXPECT_EQ(depth, ctx_number(me.id, "status", "depth"));
	}
	EXPECT_REFUSED(ENOSPC, enter(VCTX_ID_NEW, 0, 0));
	ASSERT_EQ(0, become_nobody());
	EXPECT_REFUSED(ENOSPC, enter(VCTX_ID_NEW, 0, 0));
}

/* Every level is charged, and is released. */
TEST_F(entry, depth_is_charged)
{
	struct agent agent;
	int depth;

	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start_in(&agent, ID));
	for (depth = 2; depth <= VCTX_MAX_DEPTH; depth++)
		ASSERT_EQ(0, agent_call(&agent, do_enter, VCTX_ID_NEW, 0, 0));
	EXPECT_EQ(1, ctx_usage(ID, NPROC));
	EXPECT_EQ(0, ctx_number(ID, "status", "members"));
	EXPECT_EQ(-EBUSY, ctx_rmdir(ID));
	ASSERT_LT(0, agent_call(&agent, do_fork_pause, 0, 0, 0));
	EXPECT_EQ(2, ctx_usage(ID, NPROC));
	agent_stop(&agent);
	EXPECT_EQ(0, ctx_wait_usage(ID, NPROC, 0));
}

/* Capabilities */

TEST_F(entry, capabilities)
{
	const __u64 drop = CAP(CAP_SYS_TIME) | CAP(CAP_NET_RAW) |
			   CAP(CAP_LAST_CAP);
	struct state before = get_state(), after;
	int i;

	ASSERT_EQ(drop, before.self.cap_ceiling & drop);
	ASSERT_EQ(0, enter(VCTX_ID_NEW, 0, drop));
	after = get_state();
	EXPECT_EQ(before.self.cap_ceiling & ~drop, after.self.cap_ceiling);
	for (i = 0; i < 5; i++)
		EXPECT_EQ(before.caps[i] & ~drop, after.caps[i]);
}

TEST_F(entry, nothing_dropped)
{
	struct state before = get_state(), after;

	ASSERT_EQ(0, enter(VCTX_ID_NEW, 0, 0));
	after = get_state();
	EXPECT_EQ(0, memcmp(before.caps, after.caps, sizeof(before.caps)));
	EXPECT_EQ(before.self.cap_ceiling, after.self.cap_ceiling);
}

TEST_F(entry, ambient_and_inheritable)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	ASSERT_EQ(0, syscall(__NR_capget, &head, data));
	data[0].inheritable |= CAP(CAP_NET_RAW) | CAP(CAP_CHOWN);
	ASSERT_EQ(0, syscall(__NR_capset, &head, data));
	ASSERT_EQ(0, prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0));
	ASSERT_EQ(0, prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
	ASSERT_EQ(0, enter(VCTX_ID_NEW, 0, CAP(CAP_NET_RAW)));
	EXPECT_EQ(CAP(CAP_CHOWN), self_caps("CapAmb:"));
	EXPECT_EQ(CAP(CAP_CHOWN), self_caps("CapInh:"));
}

/* What an existing context keeps, and what its new member drops. */
TEST_F(entry, ceiling_of_existing)
{
	char before[32], after[32];
	struct vctx_self me;

	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, ctx_key(ID, "status", "ceiling", before, sizeof(before)));
	ASSERT_EQ(0, enter(ID, 0, CAP(CAP_SYS_TIME)));
	ASSERT_EQ(0, get_self(&me));
	EXPECT_NE(0, me.cap_ceiling & CAP(CAP_SYS_TIME));
	ASSERT_EQ(0, ctx_key(ID, "status", "ceiling", after, sizeof(after)));
	EXPECT_STREQ(before, after);
	EXPECT_EQ(0, self_caps("CapEff:") & CAP(CAP_SYS_TIME));
	EXPECT_EQ(0, self_caps("CapBnd:") & CAP(CAP_SYS_TIME));
}

TEST_F(entry, ceiling_of_made_by_entry)
{
	struct agent a, b;
	char value[32];

	ASSERT_EQ(0, agent_start(&a));
	ASSERT_EQ(0, agent_call(&a, do_enter, ID, 0, CAP(CAP_SYS_TIME)));
	ASSERT_EQ(0, ctx_key(ID, "status", "ceiling", value, sizeof(value)));
	EXPECT_EQ(0, strtoull(value, NULL, 16) & CAP(CAP_SYS_TIME));
	/* It holds for who enters later. */
	ASSERT_EQ(0, agent_start(&b));
	ASSERT_EQ(0, enter(ID, 0, 0));
	EXPECT_EQ(0, self_caps("CapBnd:") & CAP(CAP_SYS_TIME));
	EXPECT_NE(0, self_caps("CapBnd:") & CAP(CAP_SYS_ADMIN));
	agent_stop(&a);
	agent_stop(&b);
}

/*
 * Attempt: a context made inside: more than the ceiling => it has what the one
 * above has
 */
TEST_F(entry, ceiling_of_child)
{
	struct vctx_self me;

	ASSERT_EQ(0, enter(VCTX_ID_NEW, 0, CAP(CAP_SYS_TIME)));
	ASSERT_EQ(0, enter(VCTX_ID_NEW, 0, CAP(CAP_NET_RAW)));
	ASSERT_EQ(0, get_self(&me));
	EXPECT_EQ(2, me.depth);
	EXPECT_EQ(0, me.cap_ceiling & (CAP(CAP_SYS_TIME) | CAP(CAP_NET_RAW)));
	EXPECT_EQ(me.cap_ceiling, self_caps("CapBnd:"));
}

/* A new user namespace brings a full bounding set, but the ceiling holds. */
TEST_F(entry, ceiling_in_user_namespace)
{
	struct agent with, without;

	if (access("/proc/self/ns/user", F_OK))
		SKIP(return, "no user namespaces");

	ASSERT_EQ(0, agent_start(&with));
	ASSERT_EQ(0, agent_start(&without));
	ASSERT_EQ(0, agent_call(&with, do_become_nobody, 0, 0, 0));
	ASSERT_EQ(0, agent_call(&without, do_become_nobody, 0, 0, 0));
	ASSERT_EQ(0, agent_call(&with, do_enter, VCTX_ID_NEW, 0, 0));
	ASSERT_EQ(0, agent_call(&without, do_enter, VCTX_ID_NEW, 0,
				CAP(CAP_SYS_ADMIN)));
	ASSERT_EQ(0, agent_call(&with, do_unshare, CLONE_NEWUSER, 0, 0));
	ASSERT_EQ(0, agent_call(&without, do_unshare, CLONE_NEWUSER, 0, 0));
	EXPECT_EQ(0, agent_call(&with, do_unshare, CLONE_NEWUTS, 0, 0));
	/*
	 * Attempt: a user namespace of its own: what the ceiling does not leave
	 */
	EXPECT_EQ(-EPERM, agent_call(&without, do_unshare, CLONE_NEWUTS, 0, 0));
	agent_stop(&with);
	agent_stop(&without);
}

/* The answer of lsm_get_self_attr() */

struct answer {
	struct lsm_head head;
	struct vctx_self self;
	char more[64];
};

TEST_F(entry, self_on_host)
{
	struct answer answer = { .head.id = LSM_ID_VCTX };
	__u32 size = sizeof(answer);

	ASSERT_EQ(1, lsm_get(LSM_ATTR_CURRENT, &answer, &size, LSM_FLAG_SINGLE));
	EXPECT_EQ(sizeof(struct lsm_head) + sizeof(struct vctx_self), size);
	EXPECT_EQ(LSM_ID_VCTX, answer.head.id);
	EXPECT_EQ(0, answer.head.flags);
	EXPECT_EQ(VCTX_SELF_SIZE_VER0, answer.head.ctx_len);
	EXPECT_EQ(size, answer.head.len);
	EXPECT_EQ(VCTX_ABI_VERSION, answer.self.version);
	EXPECT_EQ(VCTX_ID_HOST, answer.self.id);
	EXPECT_EQ(0, answer.self.depth);
	EXPECT_EQ(0, answer.self.flags);
	EXPECT_EQ(VCTX_FLAGS_ALL, answer.self.flags_supported);
	EXPECT_EQ(0, answer.self.reserved);
	EXPECT_EQ(CAP(CAP_LAST_CAP + 1) - 1, answer.self.cap_ceiling);
}

TEST_F(entry, self_inside)
{
	struct vctx_self me;

	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, enter(ID, VCTX_FLAG_PRIVATE, 0));
	ASSERT_EQ(0, get_self(&me));
	EXPECT_EQ(VCTX_ABI_VERSION, me.version);
	EXPECT_EQ(ID, me.id);
	EXPECT_EQ(1, me.depth);
	EXPECT_EQ(VCTX_FLAG_PRIVATE, me.flags);
	EXPECT_EQ(VCTX_FLAGS_ALL, me.flags_supported);
	EXPECT_EQ(0, me.reserved);
	EXPECT_EQ(CAP(CAP_LAST_CAP + 1) - 1, me.cap_ceiling);
	EXPECT_EQ(ID, proc_id("self"));
	EXPECT_EQ(ID, proc_id("thread-self"));
}

TEST_F(entry, self_size)
{
	struct answer answer = { .head.id = LSM_ID_VCTX }, untouched;
	const __u32 need = sizeof(struct lsm_head) + sizeof(struct vctx_self);
	__u32 size;

	/* How much is needed for all LSMs that answer */
	size = 0;
	EXPECT_EQ(-E2BIG, lsm_get(LSM_ATTR_CURRENT, NULL, &size, 0));
	EXPECT_LE(need, size);

	for (size = 0; size < need; ) {
		__u32 was = size;

		answer.head.id = LSM_ID_VCTX;
		untouched = answer;
		EXPECT_EQ(-E2BIG, lsm_get(LSM_ATTR_CURRENT, &answer, &size,
					  LSM_FLAG_SINGLE));
		EXPECT_EQ(need, size);
		EXPECT_EQ(0, memcmp(&answer, &untouched, sizeof(answer)));
		size = was + 1;
	}
	size = need;
	EXPECT_EQ(1, lsm_get(LSM_ATTR_CURRENT, &answer, &size, LSM_FLAG_SINGLE));

	size = sizeof(answer);
	answer.head.id = LSM_ID_VCTX;
	EXPECT_EQ(-EOPNOTSUPP, lsm_get(LSM_ATTR_EXEC, &answer, &size,
				       LSM_FLAG_SINGLE));
	EXPECT_EQ(-EINVAL, lsm_get(0, &answer, &size, LSM_FLAG_SINGLE));
	EXPECT_EQ(-EINVAL, lsm_get(LSM_ATTR_CURRENT, &answer, &size, 2));
	EXPECT_EQ(-EINVAL, lsm_get(LSM_ATTR_CURRENT, &answer, NULL, 0));
	EXPECT_EQ(-EFAULT, lsm_get(LSM_ATTR_CURRENT, (void *)8UL, &size,
				   LSM_FLAG_SINGLE));
}

TEST_F(entry, proc_file_is_read_only)
{
	ASSERT_EQ(0, enter(VCTX_ID_NEW, 0, 0));
	EXPECT_GT(0, write_file("/proc/self/attr/vctx/current", "0\n", 2));
	EXPECT_NE(0, self_id());
	EXPECT_NE(0, proc_id("self"));
}

TEST_HARNESS_MAIN
