// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - a process outside, by whatever else takes or tells an id
 */

#define _GNU_SOURCE
#include <linux/futex.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/taskstats.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "common.h"

#define ID	60221

#ifndef __NR_pidfd_open
#define __NR_pidfd_open 434
#endif
#ifndef __NR_clone3
#define __NR_clone3 435
#endif
#ifndef __NR_process_madvise
#define __NR_process_madvise 440
#endif
#ifndef __NR_process_mrelease
#define __NR_process_mrelease 448
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#ifndef MADV_COLD
#define MADV_COLD 20
#endif
#ifndef PR_SCHED_CORE
#define PR_SCHED_CORE 62
#endif
#ifndef PR_SCHED_CORE_GET
#define PR_SCHED_CORE_GET 0
#define PR_SCHED_CORE_SHARE_FROM 3
#endif

/* <linux/connector.h> and <linux/cn_proc.h> are not everywhere. */
#define CN_GROUP_PROC	1

/*
 *          host                        context ID
 *   .----------------.            .----------------.
 *   | test           |            |                |
 *   |  `- outside    |            |  inside        |
 *   '----------------'            '----------------'
 */
FIXTURE(outside) {
	struct agent outside;
	struct agent inside;
	int contexts;
};

FIXTURE_SETUP(outside)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start(&self->outside));
	ASSERT_EQ(0, agent_start_in(&self->inside, ID));
}

FIXTURE_TEARDOWN_PARENT(outside)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

#define CALL(_fn, _a, _b, _c) \
	agent_call(&self->inside, _fn, (long)(_a), (long)(_b), (long)(_c))
#define HERE(_fn, _a, _b, _c) _fn((long)(_a), (long)(_b), (long)(_c))

static long result(long ret)
{
	return ret < 0 ? -errno : 0;
}

/* /proc */

/* What is made of the names that a process finds below its own /proc/PID */
struct names {
	long seen;	/* names */
	long other;	/* of those, what another's gave another error */
	char name[512];	/* the last of these */
};

static struct names *names;

static bool hidden(const char *path)
{
	static const int flags[] = {
		O_RDONLY, O_WRONLY, O_RDWR, O_PATH, O_PATH | O_NOFOLLOW,
		O_RDONLY | O_DIRECTORY,
	};
	char target[8];
	struct stat st;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		int fd = open(path, flags[i] | O_NONBLOCK | O_CLOEXEC);

		if (fd < 0 && errno == ENOENT)
			continue;
		close(fd);
		return false;
	}
	return stat(path, &st) && errno == ENOENT &&
	       lstat(path, &st) && errno == ENOENT &&
	       readlink(path, target, sizeof(target)) < 0 && errno == ENOENT &&
	       access(path, R_OK) && errno == ENOENT;
}

static void try_names(const char *own, const char *other)
{
	struct dirent *entry;
	DIR *dir = opendir(own);

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		char path[512];

		if (entry->d_name[0] == '.')
			continue;
		names->seen++;
		snprintf(path, sizeof(path), "%s/%s", other, entry->d_name);
		if (hidden(path))
			continue;
		names->other++;
		snprintf(names->name, sizeof(names->name), "%s", path);
	}
	closedir(dir);
}

/* All names of all directories, with a thread's for one's own */
static long do_try_names(long pid, long b, long c)
{
	static const char *const dirs[] = {
		"", "attr", "attr/vctx", "fd", "fdinfo", "map_files", "net",
		"ns", "task",
	};
	char own[128], other[128];
	size_t i;

	memset(names, 0, sizeof(*names));
	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(own, sizeof(own), "/proc/self/%s", dirs[i]);
		snprintf(other, sizeof(other), "/proc/%ld/%s", pid, dirs[i]);
		try_names(own, other);
		snprintf(own, sizeof(own), "/proc/thread-self/%s", dirs[i]);
		snprintf(other, sizeof(other), "/proc/self/task/%ld/%s", pid,
			 dirs[i]);
		try_names(own, other);
		snprintf(other, sizeof(other), "/proc/%ld/task/%ld/%s", pid,
			 pid, dirs[i]);
		try_names(own, other);
	}
	return names->other;
}

TEST_F(outside, proc_names)
{
	agent_stop(&self->inside);
	names = mmap(NULL, sizeof(*names), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, names);
	ASSERT_EQ(0, agent_start_in(&self->inside, ID));
	/*
	 * Attempt: open(2) with each access mode, O_PATH, stat(2), readlink(2),
	 * access(2) of every name below /proc/PID, /proc/PID/task/TID and
	 * /proc/self/task/TID => ENOENT for each
	 */
	EXPECT_EQ(0, CALL(do_try_names, self->outside.pid, 0, 0)) {
		TH_LOG("%s", names->name);
	}
	EXPECT_LT(100, names->seen);
	/* It is not for want of trying. */
	EXPECT_LT(0, HERE(do_try_names, self->outside.pid, 0, 0));
}

/* Waiting */

static long do_waitid(long type, long id, long b)
{
	siginfo_t info;

	return result(syscall(__NR_waitid, type, id, &info,
			      WEXITED | WNOHANG | __WALL, NULL));
}

TEST_F(outside, waits)
{
	int pidfd = syscall(__NR_pidfd_open, self->outside.pid, 0);
	long theirs;

	ASSERT_LE(0, pidfd);
	theirs = agent_give_fd(&self->inside, pidfd);
	ASSERT_LE(0, theirs);
	/* Attempt: waitid(2) for a process that is no child */
	EXPECT_EQ(-ECHILD, CALL(do_waitid, P_PID, self->outside.pid, 0));
	/* Attempt: waitid(2) with a pidfd that was passed */
	EXPECT_EQ(-ECHILD, CALL(do_waitid, P_PIDFD, theirs, 0));
	EXPECT_EQ(0, HERE(do_waitid, P_PIDFD, pidfd, 0));
	close(pidfd);
}

/* Memory */

static char page[4096] __attribute__((aligned(4096)));

static long do_process_madvise(long pidfd, long b, long c)
{
	struct iovec vec = { page, sizeof(page) };

	return result(syscall(__NR_process_madvise, pidfd, &vec, 1, MADV_COLD,
			      0));
}

static long do_process_mrelease(long pidfd, long b, long c)
{
	return result(syscall(__NR_process_mrelease, pidfd, 0));
}

TEST_F(outside, memory_by_pidfd)
{
	int pidfd = syscall(__NR_pidfd_open, self->outside.pid, 0);
	long theirs;

	ASSERT_LE(0, pidfd);
	theirs = agent_give_fd(&self->inside, pidfd);
	ASSERT_LE(0, theirs);
	if (HERE(do_process_madvise, pidfd, 0, 0) == -ENOSYS)
		SKIP(return, "no process_madvise()");
	/* Attempt: process_madvise(2) with a pidfd that was passed */
	EXPECT_EQ(-EACCES, CALL(do_process_madvise, theirs, 0, 0));
	/* Attempt: process_mrelease(2) with a pidfd that was passed => it fails */
	EXPECT_GT(0, CALL(do_process_mrelease, theirs, 0, 0));
	EXPECT_EQ(0, HERE(do_process_madvise, pidfd, 0, 0));
	EXPECT_EQ(0, agent_call(&self->outside, do_self_id, 0, 0, 0));
	close(pidfd);
}

/* A futex that says it is owned by a task */

static __u32 *word;

static long do_lock_pi(long owner, long b, long c)
{
	struct timespec timeout;

	*word = owner;
	clock_gettime(CLOCK_REALTIME, &timeout);
	timeout.tv_sec++;
	return result(syscall(__NR_futex, word, FUTEX_LOCK_PI, 0, &timeout));
}

TEST_F(outside, futex_owner)
{
	agent_stop(&self->inside);
	word = mmap(NULL, sizeof(*word), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, word);
	ASSERT_EQ(0, agent_start_in(&self->inside, ID));
	if (HERE(do_lock_pi, self->outside.pid, 0, 0) == -ENOSYS)
		SKIP(return, "no futexes with priority inheritance");
	/* It waits for who has it. */
	EXPECT_EQ(-ETIMEDOUT, HERE(do_lock_pi, self->outside.pid, 0, 0));
	/* Attempt: FUTEX_LOCK_PI in shared memory: lend a task its priority */
	EXPECT_EQ(-ESRCH, CALL(do_lock_pi, self->outside.pid, 0, 0));
}

/* Owners of descriptors */

static long do_setown_ex(long type, long pid, long c)
{
	struct f_owner_ex owner = { .type = type, .pid = pid };
	int pair[2];
	long err;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	err = result(fcntl(pair[0], F_SETOWN_EX, &owner));
	close(pair[0]);
	close(pair[1]);
	return err;
}

static long do_siocspgrp(long request, long pid, long c)
{
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int owner = pid;
	long err;

	if (sock < 0)
		return -errno;
	err = result(ioctl(sock, request, &owner));
	close(sock);
	return err;
}

TEST_F(outside, file_owner)
{
	pid_t pid = self->outside.pid;

	ASSERT_EQ(0, setpgid(pid, pid));
	/* Attempt: F_SETOWN_EX: a thread */
	EXPECT_EQ(-ESRCH, CALL(do_setown_ex, F_OWNER_TID, pid, 0));
	/* Attempt: F_SETOWN_EX: a process */
	EXPECT_EQ(-ESRCH, CALL(do_setown_ex, F_OWNER_PID, pid, 0));
	/* Attempt: F_SETOWN_EX: a process group */
	EXPECT_EQ(-ESRCH, CALL(do_setown_ex, F_OWNER_PGRP, pid, 0));
	/* Attempt: ioctl(2): FIOSETOWN */
	EXPECT_EQ(-ESRCH, CALL(do_siocspgrp, FIOSETOWN, pid, 0));
	/* Attempt: ioctl(2): SIOCSPGRP */
	EXPECT_EQ(-ESRCH, CALL(do_siocspgrp, SIOCSPGRP, pid, 0));
	EXPECT_EQ(0, HERE(do_siocspgrp, SIOCSPGRP, pid, 0));
}

/* Clocks of CPU time: EINVAL if there is no such process */

static long do_clock_getres(long pid, long b, long c)
{
	struct timespec ts;

	return result(syscall(__NR_clock_getres, (~pid << 3) | 2, &ts));
}

static long do_clock_nanosleep(long pid, long b, long c)
{
	struct timespec ts = { .tv_nsec = 1 };

	/* Until it has used any at all, which it has. */
	return -syscall(__NR_clock_nanosleep, (~pid << 3) | 2, TIMER_ABSTIME,
			&ts, NULL) ? -errno : 0;
}

static long do_timer_create(long pid, long b, long c)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	int timer;
	long ret;

	ret = syscall(__NR_timer_create, (~pid << 3) | 2, &event, &timer);
	if (ret)
		return -errno;
	syscall(__NR_timer_delete, timer);
	return 0;
}

TEST_F(outside, clocks)
{
	pid_t pid = self->outside.pid;

	EXPECT_EQ(0, HERE(do_clock_getres, pid, 0, 0));
	/* Attempt: clock_getres(2) of the clock of another's CPU time */
	EXPECT_EQ(-EINVAL, CALL(do_clock_getres, pid, 0, 0));
	EXPECT_EQ(0, HERE(do_timer_create, pid, 0, 0));
	/* Attempt: timer_create(2) with it */
	EXPECT_EQ(-EINVAL, CALL(do_timer_create, pid, 0, 0));
	EXPECT_EQ(0, HERE(do_clock_nanosleep, pid, 0, 0));
	/* Attempt: clock_nanosleep(2) with it */
	EXPECT_EQ(-EINVAL, CALL(do_clock_nanosleep, pid, 0, 0));
}

/* Core scheduling */

static long do_sched_core(long what, long pid, long c)
{
	unsigned long cookie;

	return result(prctl(PR_SCHED_CORE, what, pid, 0,
			    what == PR_SCHED_CORE_GET ? &cookie : NULL));
}

TEST_F(outside, sched_core)
{
	long ret = HERE(do_sched_core, PR_SCHED_CORE_GET, 0, 0);

	if (ret == -EINVAL || ret == -ENODEV)
		SKIP(return, "no core scheduling");
	/* Attempt: PR_SCHED_CORE: get, and take, another's cookie */
	EXPECT_EQ(-ESRCH, CALL(do_sched_core, PR_SCHED_CORE_GET,
			       self->outside.pid, 0));
	EXPECT_EQ(-ESRCH, CALL(do_sched_core, PR_SCHED_CORE_SHARE_FROM,
			       self->outside.pid, 0));
}

/* Netlink */

struct message {
	struct nlmsghdr head;
	struct genlmsghdr genl;
	char attr[256];
};

static int ask(int sock, struct message *msg, int type, int cmd, int attr,
	       const void *data, int len)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct nlattr *nla = (void *)msg->attr;
	int got;

	memset(msg, 0, sizeof(*msg));
	msg->head.nlmsg_type = type;
	msg->head.nlmsg_flags = NLM_F_REQUEST;
	msg->genl.cmd = cmd;
	msg->genl.version = 1;
	nla->nla_type = attr;
	nla->nla_len = NLA_HDRLEN + len;
	memcpy(msg->attr + NLA_HDRLEN, data, len);
	msg->head.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN) +
			      NLMSG_ALIGN(nla->nla_len);
	if (sendto(sock, msg, msg->head.nlmsg_len, 0, (void *)&kernel,
		   sizeof(kernel)) < 0)
		return -errno;
	got = recv(sock, msg, sizeof(*msg), MSG_TRUNC);
	if (got < (int)sizeof(struct nlmsghdr))
		return -EIO;
	if (msg->head.nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)NLMSG_DATA(&msg->head))->error;
	return 0;
}

/* Statistics of a process, or of a thread, by its id */
static long do_taskstats(long attr, long pid, long c)
{
	struct message msg;
	int sock, family = -ENOENT, at, err;
	__u32 id = pid;

	sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (sock < 0)
		return -errno;
	err = ask(sock, &msg, GENL_ID_CTRL, CTRL_CMD_GETFAMILY,
		  CTRL_ATTR_FAMILY_NAME, TASKSTATS_GENL_NAME,
		  sizeof(TASKSTATS_GENL_NAME));
	for (at = 0; !err && at + NLA_HDRLEN < (int)sizeof(msg.attr); ) {
		struct nlattr *nla = (void *)(msg.attr + at);

		if (nla->nla_type == CTRL_ATTR_FAMILY_ID)
			family = *(__u16 *)(msg.attr + at + NLA_HDRLEN);
		if (nla->nla_type == CTRL_ATTR_FAMILY_ID || !nla->nla_len)
			break;
		at += NLA_ALIGN(nla->nla_len);
	}
	if (family >= 0)
		err = ask(sock, &msg, family, TASKSTATS_CMD_GET, attr, &id,
			  sizeof(id));
	close(sock);
	return family < 0 ? -ENOSYS : err;
}

TEST_F(outside, taskstats)
{
	if (HERE(do_taskstats, TASKSTATS_CMD_ATTR_PID, getpid(), 0) == -ENOSYS)
		SKIP(return, "no taskstats");
	EXPECT_EQ(0, HERE(do_taskstats, TASKSTATS_CMD_ATTR_PID,
			  self->outside.pid, 0));
	EXPECT_EQ(0, HERE(do_taskstats, TASKSTATS_CMD_ATTR_TGID,
			  self->outside.pid, 0));
	/* It wants CAP_NET_ADMIN towards the host. */
	/* Attempt: taskstats of a thread */
	EXPECT_EQ(-EPERM, CALL(do_taskstats, TASKSTATS_CMD_ATTR_PID,
			       self->outside.pid, 0));
	/* Attempt: taskstats of a process */
	EXPECT_EQ(-EPERM, CALL(do_taskstats, TASKSTATS_CMD_ATTR_TGID,
			       self->outside.pid, 0));
}

static long do_connector(long groups, long b, long c)
{
	struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_groups = groups,
	};
	int sock = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC,
			  NETLINK_CONNECTOR);
	long err;

	if (sock < 0)
		return -errno;
	err = result(bind(sock, (void *)&addr, sizeof(addr)));
	close(sock);
	return err;
}

TEST_F(outside, connector)
{
	if (HERE(do_connector, CN_GROUP_PROC, 0, 0) == -EPROTONOSUPPORT)
		SKIP(return, "no connector");
	EXPECT_EQ(0, HERE(do_connector, CN_GROUP_PROC, 0, 0));
	/* Attempt: the connector's events of all processes */
	EXPECT_EQ(-EPERM, CALL(do_connector, CN_GROUP_PROC, 0, 0));
}

/* A terminal that a session of the host has */

static long do_pty(long a, long b, long c)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int fd;

	if (master < 0 || grantpt(master) || unlockpt(master) || setsid() < 0)
		return -errno;
	fd = open(ptsname(master), O_RDWR | O_CLOEXEC);
	return fd < 0 || ioctl(fd, TIOCSCTTY, 0) ? -errno : fd;
}

static long do_set_terminal(long fd, long b, long c)
{
	return setsid() < 0 ? -errno : result(ioctl(fd, TIOCSCTTY, 0));
}

/* It leads a session by then. */
static long do_steal_terminal(long fd, long b, long c)
{
	return result(ioctl(fd, TIOCSCTTY, 1));
}

static long do_hangup(long fd, long b, long c)
{
	return result(ioctl(fd, TIOCVHANGUP));
}

static long do_discipline(long fd, long nr, long c)
{
	int discipline = nr;

	return result(ioctl(fd, TIOCSETD, &discipline));
}

static long do_sti(long fd, long b, long c)
{
	return result(ioctl(fd, TIOCSTI, "x"));
}

static long do_console(long fd, long b, long c)
{
	return result(ioctl(fd, TIOCCONS));
}

static long do_has_terminal(long a, long b, long c)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

TEST_F(outside, passed_terminal)
{
	long ours, theirs;
	int fd;

	ours = agent_call(&self->outside, do_pty, 0, 0, 0);
	ASSERT_LE(0, ours);
	fd = agent_take_fd(&self->outside, ours);
	ASSERT_LE(0, fd);
	theirs = agent_give_fd(&self->inside, fd);
	ASSERT_LE(0, theirs);
	/* Attempt: TIOCSTI to a terminal that was passed */
	EXPECT_EQ(-EPERM, CALL(do_sti, theirs, 0, 0));
	/* Attempt: TIOCCONS of a terminal that was passed */
	EXPECT_EQ(-EPERM, CALL(do_console, theirs, 0, 0));
	/* Attempt: open(2) of /dev/tty without a terminal of its own */
	EXPECT_EQ(-ENXIO, CALL(do_has_terminal, 0, 0, 0));
	/* Attempt: TIOCSCTTY of a terminal that a session outside has */
	EXPECT_EQ(-EPERM, CALL(do_set_terminal, theirs, 0, 0));
	/* Attempt: the same by force */
	EXPECT_EQ(-EPERM, CALL(do_steal_terminal, theirs, 0, 0));
	/* Attempt: TIOCVHANGUP of it */
	EXPECT_EQ(-EPERM, CALL(do_hangup, theirs, 0, 0));
	/* Attempt: TIOCSETD: a line discipline that makes a device */
	EXPECT_EQ(-EPERM, CALL(do_discipline, theirs, N_SLIP, 0));
	EXPECT_EQ(0, CALL(do_discipline, theirs, N_TTY, 0));
	EXPECT_EQ(-ENXIO, CALL(do_has_terminal, 0, 0, 0));
	EXPECT_EQ(0, agent_call(&self->outside, do_has_terminal, 0, 0, 0));
	close(fd);
}

/* Credentials that are sent, and those of a peer */

static long do_send_credentials(long pid, long b, long c)
{
	union {
		char buf[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control = {};
	char byte = 0;
	struct iovec io = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	struct ucred cred = { .pid = pid };
	int pair[2];
	long err;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_CREDENTIALS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(cred));
	memcpy(CMSG_DATA(cmsg), &cred, sizeof(cred));
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	err = result(sendmsg(pair[0], &msg, 0));
	close(pair[0]);
	close(pair[1]);
	return err;
}

TEST_F(outside, sends_credentials)
{
	EXPECT_EQ(0, HERE(do_send_credentials, self->outside.pid, 0, 0));
	EXPECT_EQ(0, CALL(do_send_credentials, self->inside.pid, 0, 0));
	/* Attempt: SCM_CREDENTIALS: the id of another as one's own */
	EXPECT_EQ(-ESRCH, CALL(do_send_credentials, self->outside.pid, 0, 0));
	/* Attempt: SCM_CREDENTIALS: process 1 */
	EXPECT_EQ(-ESRCH, CALL(do_send_credentials, 1, 0, 0));
	EXPECT_EQ(0, HERE(do_send_credentials, 1, 0, 0));
}

static long do_peer(long sock, long b, long c)
{
	struct ucred cred = {};
	socklen_t len = sizeof(cred);

	return getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) ?
	       -errno : cred.pid;
}

static long do_agent_peer(long a, long b, long c)
{
	return do_peer(agent_sock, 0, 0);
}

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

static long do_agent_peer_pidfd(long a, long b, long c)
{
	int fd;
	socklen_t len = sizeof(fd);

	if (getsockopt(agent_sock, SOL_SOCKET, SO_PEERPIDFD, &fd, &len))
		return -errno;
	close(fd);
	return 0;
}

TEST_F(outside, peer)
{
	/* Attempt: SO_PEERCRED of a socket whose peer is outside => pid 0 */
	EXPECT_EQ(0, CALL(do_agent_peer, 0, 0, 0));
	/* Attempt: SO_PEERPIDFD of such a socket */
	EXPECT_EQ(-ESRCH, CALL(do_agent_peer_pidfd, 0, 0, 0));
}

static long do_last_id(long a, long b, long c)
{
	char buf[32] = "";

	if (read_file("/proc/sys/kernel/ns_last_pid", buf, sizeof(buf)) < 0)
		return -errno;
	return atol(buf);
}

TEST_F(outside, last_id)
{
	if (HERE(do_last_id, 0, 0, 0) < 0)
		SKIP(return, "no ns_last_pid");
	EXPECT_LT(0, HERE(do_last_id, 0, 0, 0));
	/* Attempt: the id given out last, in ns_last_pid => 0 */
	EXPECT_EQ(0, CALL(do_last_id, 0, 0, 0));
}

/* An id for a child that is somebody's: taken, and so there */

static long do_set_tid(long id, long b, long c)
{
	pid_t tid = id;
	struct {
		__u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack,
		      stack_size, tls, set_tid, set_tid_size, cgroup;
	} args = {
		.exit_signal = SIGCHLD,
		.set_tid = (unsigned long)&tid,
		.set_tid_size = 1,
	};
	long pid = syscall(__NR_clone3, &args, sizeof(args));

	if (!pid)
		_exit(0);
	if (pid < 0)
		return -errno;
	waitpid(pid, NULL, 0);
	return 0;
}

/* It must not make a difference. */
TEST_F(outside, chooses_an_id)
{
	pid_t gone = fork();

	if (!gone)
		_exit(0);
	ASSERT_EQ(gone, waitpid(gone, NULL, 0));
	/* Attempt: clone3(2) with set_tid: ids that there are => as for others */
	EXPECT_EQ(CALL(do_set_tid, gone, 0, 0),
		  CALL(do_set_tid, self->outside.pid, 0, 0));
}

static long do_getown(long fd, long b, long c)
{
	return fcntl(fd, F_GETOWN);
}

TEST_F(outside, passed_owner)
{
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	long theirs;

	ASSERT_LE(0, sock);
	ASSERT_EQ(0, fcntl(sock, F_SETOWN, self->outside.pid));
	theirs = agent_give_fd(&self->inside, sock);
	ASSERT_LE(0, theirs);
	/* Attempt: F_GETOWN of a descriptor that was passed => 0 */
	EXPECT_EQ(0, CALL(do_getown, theirs, 0, 0));
	EXPECT_EQ(self->outside.pid, HERE(do_getown, sock, 0, 0));
	close(sock);
}

TEST_HARNESS_MAIN
