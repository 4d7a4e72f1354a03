// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - audit is the host's: its rules, its daemon, its log, and who it
 * says that a process is
 */

#define _GNU_SOURCE
#include <linux/audit.h>
#include <linux/netlink.h>

#include "common.h"

#define ID	60171

#define UNSET	"4294967295"

/* With O_CLOEXEC; -EPROTONOSUPPORT if the kernel has none. */
static long do_socket(long a, long b, long c)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	return fd < 0 ? -errno : fd;
}

/* Sends a message and returns what the kernel acknowledges it with. */
static long ask(int fd, int type, const void *data, size_t len)
{
	struct {
		struct nlmsghdr head;
		char data[2048];
	} msg = {};
	const struct nlmsgerr *err;
	ssize_t n;

	msg.head.nlmsg_len = NLMSG_LENGTH(len);
	msg.head.nlmsg_type = type;
	msg.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	memcpy(msg.data, data, len);
	if (send(fd, &msg, msg.head.nlmsg_len, 0) < 0)
		return -errno;
	/* There may be an answer before. */
	do {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

		if (poll(&poll_fd, 1, PATIENCE_MS) != 1)
			return -ETIMEDOUT;
		n = recv(fd, &msg, sizeof(msg), 0);
		if (n < 0)
			return -errno;
	} while (msg.head.nlmsg_type != NLMSG_ERROR);
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(*err)))
		return -EBADMSG;
	err = (const struct nlmsgerr *)msg.data;
	return err->error;
}

static long ask_new(int type, const void *data, size_t len)
{
	int fd = do_socket(0, 0, 0);
	long err;

	if (fd < 0)
		return fd;
	err = ask(fd, type, data, len);
	close(fd);
	return err;
}

static long op_get(void)
{
	return ask_new(AUDIT_GET, NULL, 0);
}

static long op_enable(void)
{
	struct audit_status status = {
		.mask = AUDIT_STATUS_ENABLED,
		.enabled = 1,
	};

	return ask_new(AUDIT_SET, &status, sizeof(status));
}

/* Takes over as the daemon. */
static long op_daemon(void)
{
	struct audit_status status = {
		.mask = AUDIT_STATUS_PID,
		.pid = getpid(),
	};

	return ask_new(AUDIT_SET, &status, sizeof(status));
}

static long op_get_feature(void)
{
	return ask_new(AUDIT_GET_FEATURE, NULL, 0);
}

/* That a login id cannot be changed is what it takes away. */
static long op_set_feature(void)
{
	struct audit_features features = {
		.vers = AUDIT_FEATURE_VERSION,
		.mask = AUDIT_FEATURE_TO_MASK(AUDIT_FEATURE_LOGINUID_IMMUTABLE),
	};

	return ask_new(AUDIT_SET_FEATURE, &features, sizeof(features));
}

static long op_list_rules(void)
{
	return ask_new(AUDIT_LIST_RULES, NULL, 0);
}

/* Of all system calls of nobody */
static long rule(int type)
{
	struct audit_rule_data rule = {
		.flags = AUDIT_FILTER_EXIT,
		.action = AUDIT_ALWAYS,
		.field_count = 1,
		.fields = { AUDIT_UID },
		.values = { NOBODY },
		.fieldflags = { AUDIT_EQUAL },
	};

	memset(rule.mask, 0xff, sizeof(rule.mask));
	return ask_new(type, &rule, sizeof(rule));
}

static long op_add_rule(void)
{
	return rule(AUDIT_ADD_RULE);
}

static long op_del_rule(void)
{
	return rule(AUDIT_DEL_RULE);
}

static long op_signal_info(void)
{
	return ask_new(AUDIT_SIGNAL_INFO, NULL, 0);
}

static long op_tty_get(void)
{
	return ask_new(AUDIT_TTY_GET, NULL, 0);
}

static long op_tty_set(void)
{
	struct audit_tty_status status = {};

	return ask_new(AUDIT_TTY_SET, &status, sizeof(status));
}

static long op_trim(void)
{
	return ask_new(AUDIT_TRIM, NULL, 0);
}

static long op_make_equiv(void)
{
	static const struct {
		__u32 len[2];
		char path[2];
	} trees = { { 1, 1 }, "//" };

	return ask_new(AUDIT_MAKE_EQUIV, &trees, sizeof(trees));
}

static long op_bind(void)
{
	struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_groups = 1 << (AUDIT_NLGRP_READLOG - 1),
	};
	int fd = do_socket(0, 0, 0);
	long err;

	if (fd < 0)
		return fd;
	err = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ? -errno : 0;
	close(fd);
	return err;
}

static long op_join(void)
{
	int fd = do_socket(0, 0, 0), group = AUDIT_NLGRP_READLOG;
	long err;

	if (fd < 0)
		return fd;
	err = setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
			 sizeof(group)) ? -errno : 0;
	close(fd);
	return err;
}

/* Attempts of audit.all => EPERM: audit: %s */
static const struct op {
	const char *name;
	long (*run)(void);
} ops[] = {
	{ "AUDIT_GET", op_get },
	{ "AUDIT_SET: enabled", op_enable },
	{ "AUDIT_SET: pid, as the daemon", op_daemon },
	{ "AUDIT_GET_FEATURE", op_get_feature },
	{ "AUDIT_SET_FEATURE", op_set_feature },
	{ "AUDIT_LIST_RULES", op_list_rules },
	{ "AUDIT_ADD_RULE", op_add_rule },
	{ "AUDIT_DEL_RULE", op_del_rule },
	{ "AUDIT_SIGNAL_INFO", op_signal_info },
	{ "AUDIT_TTY_GET", op_tty_get },
	{ "AUDIT_TTY_SET", op_tty_set },
	{ "AUDIT_TRIM", op_trim },
	{ "AUDIT_MAKE_EQUIV", op_make_equiv },
	{ "AUDIT_NLGRP_READLOG, bind(2)", op_bind },
	{ "AUDIT_NLGRP_READLOG, NETLINK_ADD_MEMBERSHIP", op_join },
};

static long do_ask_get(long fd, long b, long c)
{
	return ask(fd, AUDIT_GET, NULL, 0);
}

static long do_user_message(long a, long b, long c)
{
	static const char text[] = "op=vctx-audit-test res=success";

	return ask_new(AUDIT_USER, text, sizeof(text));
}

static long do_reads(long path, long text, long c)
{
	char buf[32];
	int err = read_file((const char *)path, buf, sizeof(buf));

	return err < 0 ? err : !strcmp(buf, (const char *)text);
}

FIXTURE(audit) {
	struct agent member;
	int contexts;
};

FIXTURE_SETUP(audit)
{
	long fd;

	self->contexts = -1;
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	fd = do_socket(0, 0, 0);
	if (fd == -EPROTONOSUPPORT)
		SKIP(return, "the kernel has no audit (CONFIG_AUDIT)");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, do_close(fd, 0, 0));
	ASSERT_EQ(0, ctx_end(ID));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
}

FIXTURE_TEARDOWN_PARENT(audit)
{
	if (self->contexts < 0)
		return;
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

#define CALL(_fn, _a, _b, _c) \
	agent_call(&self->member, _fn, (long)(_a), (long)(_b), (long)(_c))
#define OP(_run) CALL(do_op, _run, 0, 0)

TEST_F(audit, all)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		long err = OP(ops[i].run);

		EXPECT_EQ(-EPERM, err) {
			TH_LOG("%s", ops[i].name);
		}
	}
}

/* What only asks is answered to the host. */
TEST_F(audit, not_the_host)
{
	EXPECT_EQ(0, op_get());
	EXPECT_EQ(0, op_get_feature());
	EXPECT_EQ(0, op_list_rules());
	EXPECT_EQ(0, op_bind());
	EXPECT_EQ(0, op_join());
}

/* As if there were no audit, so that programs that log in go on */
TEST_F(audit, user_namespace)
{
	size_t i;

	if (CALL(do_unshare, CLONE_NEWUSER, 0, 0))
		SKIP(return, "no user namespaces");
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		long err = OP(ops[i].run);

		/* A group is joined without a message. */
		if (ops[i].run == op_bind || ops[i].run == op_join) {
			EXPECT_EQ(-EPERM, err);
			continue;
		}
		/*
		 * Attempt: audit: any of these messages, from a user namespace
		 * of its own
		 */
		EXPECT_EQ(-ECONNREFUSED, err) {
			TH_LOG("%s", ops[i].name);
		}
	}
}

TEST_F(audit, passed_socket)
{
	int fd = do_socket(0, 0, 0);
	long theirs;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, do_ask_get(fd, 0, 0));
	theirs = agent_give_fd(&self->member, fd);
	ASSERT_LE(0, theirs);
	/* Attempt: audit: AUDIT_GET through a socket of the host that was passed */
	EXPECT_EQ(-EPERM, CALL(do_ask_get, theirs, 0, 0));
	close(fd);
}

/* Messages of programs carry the id of who sends them; the ceiling decides. */
TEST_F(audit, user_message)
{
	struct agent dropped;

	EXPECT_EQ(0, CALL(do_user_message, 0, 0, 0));
	ASSERT_EQ(0, agent_start(&dropped));
	ASSERT_EQ(0, agent_call(&dropped, do_enter, ID, 0, CAP(CAP_AUDIT_WRITE)));
	/* Attempt: audit: AUDIT_USER with a ceiling without CAP_AUDIT_WRITE */
	EXPECT_EQ(-EPERM, agent_call(&dropped, do_user_message, 0, 0, 0));
	agent_stop(&dropped);
}

/* Who has logged in on the host stays that. */
TEST_F(audit, loginuid)
{
	static const char *const forged[] = { "0\n", "4711\n", UNSET "\n" };
	struct agent known;
	size_t i;

	if (access("/proc/self/loginuid", F_OK))
		SKIP(return, "the kernel has no login ids (CONFIG_AUDITSYSCALL)");
	ASSERT_EQ(0, agent_start(&known));
	/* Set or not: the host's administrator may, unless that is switched off. */
	ASSERT_EQ(0, agent_call(&known, do_write, (long)"/proc/self/loginuid",
				(long)"1000\n", 0));
	ASSERT_EQ(0, agent_call(&known, do_enter, ID, 0, 0));
	for (i = 0; i < ARRAY_SIZE(forged); i++) {
		long err = agent_call(&known, do_write,
				      (long)"/proc/self/loginuid",
				      (long)forged[i], 0);

		/*
		 * Attempt: write(2) to /proc/self/loginuid, to change it or to
		 * unset it
		 */
		EXPECT_EQ(-EPERM, err) {
			TH_LOG("%s", forged[i]);
		}
	}
	/* Attempt: write(2) to /proc/self/sessionid */
	EXPECT_EQ(-EINVAL, agent_call(&known, do_write,
				      (long)"/proc/self/sessionid", (long)"1\n", 0));
	EXPECT_EQ(1, agent_call(&known, do_reads, (long)"/proc/self/loginuid",
				(long)"1000", 0));
	agent_stop(&known);
}

TEST_HARNESS_MAIN
