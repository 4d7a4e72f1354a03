/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vctx test helpers
 *
 * All of them return 0 or a value, or an errno below zero.  A test of what
 * processes may do to one another needs several of them in several contexts:
 * an *agent* is a child that calls, one after another, the functions that the
 * test asks it to call, and returns what they have returned.
 */
#ifndef _VCTX_SELFTESTS_COMMON_H
#define _VCTX_SELFTESTS_COMMON_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/types.h>
#include <linux/vctx.h>

#include "../kselftest_harness.h"

#ifndef __maybe_unused
#define __maybe_unused __attribute__((__unused__))
#endif

/* Headers of the system may be older than the kernel that is tested. */
#ifndef LSM_ATTR_CURRENT
#define LSM_ATTR_CURRENT	100
#define LSM_ATTR_EXEC		101
#endif
#ifndef LSM_FLAG_SINGLE
#define LSM_FLAG_SINGLE		0x0001
#endif
#ifndef __NR_lsm_get_self_attr
#define __NR_lsm_get_self_attr	459
#define __NR_lsm_set_self_attr	460
#endif

#define VCTXFS	"/sys/fs/vctx"
#define NOBODY	65534

/* A bit of a set of capabilities */
#define CAP(x)	(1ULL << (x))

/*
 * What takes longer has failed, or hangs.  An emulated kernel that is full of
 * checks is slow, and a failed test may have waited more than once.
 */
#define PATIENCE_MS	60000
#define TEST_SECONDS	300

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT TEST_SECONDS

enum resource {
	NPROC, NTASK, NOFILE, NSOCK, NLOCK, NPTY, NSIGPENDING, NINOTIFY,
	AS, MEMLOCK, RSS, ANON, SHMEM, MEMORY, SWAP,
	NSHM, SHMBYTES, NSEM, NMSG, MSGBYTES, MQBYTES, NRANDOM,
	NR_RESOURCES
};

static const char *const resource_name[NR_RESOURCES] __maybe_unused = {
	"nproc", "ntask", "nofile", "nsock", "nlock", "npty", "nsigpending",
	"ninotify", "as", "memlock", "rss", "anon", "shmem", "memory", "swap",
	"nshm", "shmbytes", "nsem", "nmsg", "msgbytes", "mqbytes", "nrandom",
};

/* Room for all of "limits" or "events" */
#define LIMITS_SIZE	8192

#define NO_LIMIT LONG_MAX

struct limit {
	long usage, peak, soft, hard, fail;
};

static long __maybe_unused now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void __maybe_unused sleep_ms(long ms)
{
	struct timespec ts = {
		.tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000,
	};

	nanosleep(&ts, NULL);
}

/* True while @_cond is not, and there is time. */
#define WAIT_UNTIL(_cond) ({						\
	long _end = now_ms() + PATIENCE_MS;				\
	bool _ok;							\
	while (!(_ok = (_cond)) && now_ms() < _end)			\
		sleep_ms(2);						\
	_ok;								\
})

static long __maybe_unused env_long(const char *name, long otherwise)
{
	const char *value = getenv(name);

	return value && *value ? atol(value) : otherwise;
}

/* Files */

/* A file by its handle, which needs an open directory of its filesystem */
static int __maybe_unused open_handle(const char *path, const char *dir,
				      int flags)
{
	struct {
		struct file_handle head;
		char data[MAX_HANDLE_SZ];
	} handle = { .head.handle_bytes = MAX_HANDLE_SZ };
	int mount_id, dir_fd, fd;

	if (name_to_handle_at(AT_FDCWD, path, &handle.head, &mount_id, 0))
		return -errno;
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return -errno;
	fd = open_by_handle_at(dir_fd, &handle.head, flags | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	close(dir_fd);
	return fd;
}

static int __maybe_unused write_file(const char *path, const void *buf,
				     size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, buf, len);
	if (n < 0)
		err = -errno;
	else if ((size_t)n != len)
		err = -EIO;
	close(fd);
	return err;
}

static int __maybe_unused read_fd(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size - 1) {
		n = pread(fd, buf + len, size - 1 - len, len);
		if (n < 0)
			return -errno;
		if (!n)
			break;
		len += n;
	}
	buf[len] = '\0';
	return len;
}

static int __maybe_unused read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int len;

	buf[0] = '\0';
	if (fd < 0)
		return -errno;
	len = read_fd(fd, buf, size);
	close(fd);
	return len;
}

/* vctxfs */

static char *__maybe_unused ctx_path(char buf[64], __u32 id, const char *file)
{
	snprintf(buf, 64, VCTXFS "/%u%s%s", id, file ? "/" : "", file ?: "");
	return buf;
}

static int __maybe_unused ctx_mkdir(__u32 id)
{
	char path[64];

	return mkdir(ctx_path(path, id, NULL), 0755) ? -errno : 0;
}

static int __maybe_unused ctx_rmdir(__u32 id)
{
	char path[64];

	return rmdir(ctx_path(path, id, NULL)) ? -errno : 0;
}

static bool __maybe_unused ctx_exists(__u32 id)
{
	char path[64];

	return !access(ctx_path(path, id, NULL), F_OK);
}

static int __maybe_unused ctx_read(__u32 id, const char *file, char *buf,
				   size_t size)
{
	char path[64];

	return read_file(ctx_path(path, id, file), buf, size);
}

static int __maybe_unused ctx_write_len(__u32 id, const char *file,
					const void *buf, size_t len)
{
	char path[64];

	return write_file(ctx_path(path, id, file), buf, len);
}

static int __maybe_unused ctx_write(__u32 id, const char *file,
				    const char *line)
{
	return ctx_write_len(id, file, line, strlen(line));
}

/* Writes a line to "limits". */
static int __maybe_unused __attribute__((format(printf, 2, 3)))
ctx_set_limits(__u32 id, const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	strcat(line, "\n");
	return ctx_write(id, "limits", line);
}

static long parse_limit(const char *word)
{
	return strcmp(word, "max") ? atol(word) : NO_LIMIT;
}

static int __maybe_unused parse_limits(const char *text, enum resource res,
				       struct limit *limit)
{
	char name[32], soft[32], hard[32];

	for (; text && *text; text = strchr(text, '\n') + 1) {
		if (sscanf(text, "%31s usage %ld peak %ld soft %31s hard %31s fail %ld",
			   name, &limit->usage, &limit->peak, soft, hard,
			   &limit->fail) != 6)
			return -EBADMSG;
		if (!strcmp(name, resource_name[res])) {
			limit->soft = parse_limit(soft);
			limit->hard = parse_limit(hard);
			return 0;
		}
		if (!strchr(text, '\n'))
			return -EBADMSG;
	}
	return -ENOENT;
}

static int __maybe_unused ctx_limit(__u32 id, enum resource res,
				    struct limit *limit)
{
	char buf[LIMITS_SIZE];
	int len = ctx_read(id, "limits", buf, sizeof(buf));

	memset(limit, 0, sizeof(*limit));
	return len < 0 ? len : parse_limits(buf, res, limit);
}

static long __maybe_unused ctx_usage(__u32 id, enum resource res)
{
	struct limit limit;
	int err = ctx_limit(id, res, &limit);

	return err ?: limit.usage;
}

static long __maybe_unused ctx_peak(__u32 id, enum resource res)
{
	struct limit limit;
	int err = ctx_limit(id, res, &limit);

	return err ?: limit.peak;
}

static long __maybe_unused ctx_fail(__u32 id, enum resource res)
{
	struct limit limit;
	int err = ctx_limit(id, res, &limit);

	return err ?: limit.fail;
}

/* A release may be on its way: give it time, then return what there is. */
static long __maybe_unused ctx_wait_usage(__u32 id, enum resource res, long want)
{
	WAIT_UNTIL(ctx_usage(id, res) == want);
	return ctx_usage(id, res);
}

/* The value of @key in a file of lines "key value". */
static int __maybe_unused ctx_key(__u32 id, const char *file, const char *key,
				  char *value, size_t size)
{
	size_t len = strlen(key);
	char buf[LIMITS_SIZE], *line;
	int err;

	err = ctx_read(id, file, buf, sizeof(buf));
	if (err < 0)
		return err;
	for (line = strtok(buf, "\n"); line; line = strtok(NULL, "\n"))
		if (!strncmp(line, key, len) && line[len] == ' ') {
			snprintf(value, size, "%s", line + len + 1);
			return 0;
		}
	return -ENOENT;
}

static long __maybe_unused ctx_number(__u32 id, const char *file,
				      const char *key)
{
	char value[64];
	int err = ctx_key(id, file, key, value, sizeof(value));

	return err ?: atol(value);
}

static bool ctx_idle(__u32 id)
{
	char buf[LIMITS_SIZE];
	struct limit limit;
	int res;

	if (ctx_number(id, "status", "members") != 0 ||
	    ctx_read(id, "limits", buf, sizeof(buf)) < 0)
		return false;
	/*
	 * What was written to /dev/random stays written, and what a memory
	 * cgroup holds without anybody in it is cache.
	 */
	for (res = 0; res < NR_RESOURCES; res++)
		if (res != NRANDOM && res != MEMORY && res != SWAP &&
		    (parse_limits(buf, res, &limit) || limit.usage))
			return false;
	return true;
}

/*
 * Every test ends with this: kills what is left in a context that was made by
 * mkdir, and removes it.  An error if anything stays charged.
 */
static int __maybe_unused ctx_end(__u32 id)
{
	char buf[LIMITS_SIZE];
	int err;

	if (!ctx_exists(id))
		return 0;
	/* One that goes by itself may go now. */
	err = ctx_write(id, "kill", "1\n");
	if (err)
		return err == -ENOENT || err == -ENODEV ? 0 : err;
	if (!WAIT_UNTIL(!ctx_exists(id) || ctx_idle(id))) {
		ctx_read(id, "limits", buf, sizeof(buf));
		fprintf(stderr, "# context %u does not come to rest:\n# %s\n",
			id, buf);
		return -ETIMEDOUT;
	}
	/* A child context goes a moment after its last member. */
	WAIT_UNTIL((err = ctx_rmdir(id)) != -EBUSY);
	return err == -ENOENT ? 0 : err;
}

/* For those that go by themselves: kills what is left, and waits. */
static int __maybe_unused ctx_end_dynamic(__u32 id)
{
	if (ctx_exists(id))
		ctx_write(id, "kill", "1\n");
	return WAIT_UNTIL(!ctx_exists(id)) ? 0 : -ETIMEDOUT;
}

/* How many contexts there are, the watcher included. */
static int __maybe_unused ctx_count(void)
{
	char buf[65536];
	int n = 0, i, len, fd;

	fd = open(VCTXFS "/summary", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((len = read(fd, buf, sizeof(buf))) > 0)
		for (i = 0; i < len; i++)
			n += buf[i] == '\n';
	if (len < 0)
		n = -errno;
	close(fd);
	return n;
}

/* struct sched_attr, which some libc headers have, too */
struct attr {
	__u32 size;
	__u32 policy;
	__u64 flags;
	__s32 nice;
	__u32 priority;
	__u64 runtime;
	__u64 deadline;
	__u64 period;
};

/* The two system calls */

/* struct lsm_ctx, but what follows it may be something that has a type. */
struct lsm_head {
	__u64 id;
	__u64 flags;
	__u64 len;
	__u64 ctx_len;
};

struct enter_request {
	struct lsm_head head;
	struct vctx_enter enter;
};

static int __maybe_unused lsm_set(unsigned int attr, const void *ctx,
				  size_t size, __u32 flags)
{
	return syscall(__NR_lsm_set_self_attr, attr, ctx, size, flags) ? -errno : 0;
}

static long __maybe_unused lsm_get(unsigned int attr, void *ctx, __u32 *size,
				   __u32 flags)
{
	long n = syscall(__NR_lsm_get_self_attr, attr, ctx, size, flags);

	return n < 0 ? -errno : n;
}

static struct enter_request __maybe_unused
enter_request(__u32 id, __u32 flags, __u64 cap_drop)
{
	struct enter_request req = {
		.enter = { .id = id, .flags = flags, .cap_drop = cap_drop },
	};

	req.head.id = LSM_ID_VCTX;
	req.head.len = sizeof(req);
	req.head.ctx_len = sizeof(req.enter);
	return req;
}

static int __maybe_unused enter(__u32 id, __u32 flags, __u64 cap_drop)
{
	struct enter_request req = enter_request(id, flags, cap_drop);

	return lsm_set(LSM_ATTR_CURRENT, &req, sizeof(req), 0);
}

static int __maybe_unused get_self(struct vctx_self *self)
{
	struct {
		struct lsm_head head;
		struct vctx_self self;
	} answer = {};
	__u32 size = sizeof(answer);
	long n;

	answer.head.id = LSM_ID_VCTX;
	n = lsm_get(LSM_ATTR_CURRENT, &answer, &size, LSM_FLAG_SINGLE);
	if (n < 0)
		return n;
	if (n != 1 || answer.head.id != LSM_ID_VCTX)
		return -EBADMSG;
	*self = answer.self;
	return 0;
}

/* The context of the caller. */
static long __maybe_unused self_id(void)
{
	struct vctx_self self;
	int err = get_self(&self);

	return err ?: (long)self.id;
}

/* What /proc says about it. */
static long __maybe_unused proc_id(const char *pid)
{
	char path[64], buf[32];
	int err;

	snprintf(path, sizeof(path), "/proc/%s/attr/vctx/current", pid);
	err = read_file(path, buf, sizeof(buf));
	if (err < 0)
		return err;
	return strchr(buf, '\n') ? atol(buf) : -EBADMSG;
}

/* A line "Key: hex" of /proc/self/status */
static __u64 __maybe_unused self_caps(const char *key)
{
	char buf[4096], *line;

	if (read_file("/proc/self/status", buf, sizeof(buf)) < 0)
		return ~0ULL;
	line = strstr(buf, key);
	return line ? strtoull(line + strlen(key), NULL, 16) : ~0ULL;
}

static int __maybe_unused become_nobody(void)
{
	if (syscall(__NR_setgroups, 0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return -errno;
	/* Cleared by that; /proc/self and ptrace of the own kind need it. */
	return prctl(PR_SET_DUMPABLE, 1) ? -errno : 0;
}

/* Clears @caps in the effective and permitted set, but not in the bounding. */
static int __maybe_unused clear_caps(__u64 caps)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];
	int i;

	if (syscall(__NR_capget, &head, data))
		return -errno;
	for (i = 0; i < 2; i++) {
		data[i].effective &= ~(__u32)(caps >> (32 * i));
		data[i].permitted &= ~(__u32)(caps >> (32 * i));
	}
	return syscall(__NR_capset, &head, data) ? -errno : 0;
}

/* Passing descriptors */

static int __maybe_unused send_fd(int sock, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(fd))];
		struct cmsghdr align;
	} control = {};
	char data = '.';
	struct iovec io = { .iov_base = &data, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -errno;
}

static int __maybe_unused recv_fd(int sock)
{
	int fd;
	union {
		char buf[CMSG_SPACE(sizeof(fd))];
		struct cmsghdr align;
	} control = {};
	char data;
	struct iovec io = { .iov_base = &data, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != 1)
		return -EIO;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_len != CMSG_LEN(sizeof(fd)))
		return -EIO;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

/* Agents */

typedef long (*agent_fn)(long a, long b, long c);

struct agent {
	pid_t pid;
	int sock;
};

struct agent_call {
	agent_fn fn;
	long arg[3];
};

/* The agent's own end. */
static int agent_sock = -1;

static void __attribute__((noreturn)) agent_main(int sock)
{
	struct agent_call call;
	long ret;

	agent_sock = sock;
	while (recv(sock, &call, sizeof(call), 0) == sizeof(call)) {
		ret = call.fn(call.arg[0], call.arg[1], call.arg[2]);
		if (send(sock, &ret, sizeof(ret), MSG_NOSIGNAL) != sizeof(ret))
			break;
	}
	_exit(0);
}

/* Forks an agent.  It ends when the socket of the test is closed. */
static int __maybe_unused agent_start(struct agent *agent)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		close(pair[0]);
		agent_main(pair[1]);
	}
	close(pair[1]);
	/* Only here: a fixture is shared with the agent. */
	agent->pid = pid;
	agent->sock = pair[0];
	return 0;
}

static int __maybe_unused agent_ask(const struct agent *agent, agent_fn fn,
				    long a, long b, long c)
{
	struct agent_call call = { .fn = fn, .arg = { a, b, c } };

	return send(agent->sock, &call, sizeof(call), MSG_NOSIGNAL) ==
	       sizeof(call) ? 0 : -EPIPE;
}

static long __maybe_unused agent_answer(const struct agent *agent)
{
	struct pollfd poll_fd = { .fd = agent->sock, .events = POLLIN };
	long ret;

	if (poll(&poll_fd, 1, PATIENCE_MS) != 1)
		return -ETIMEDOUT;
	return recv(agent->sock, &ret, sizeof(ret), 0) == sizeof(ret) ? ret :
	       -EPIPE;
}

/* Has the agent call @fn; returns what that returns. */
static long __maybe_unused agent_call(const struct agent *agent, agent_fn fn,
				      long a, long b, long c)
{
	return agent_ask(agent, fn, a, b, c) ?: agent_answer(agent);
}

static long agent_do_recv_fd(long a, long b, long c)
{
	return recv_fd(agent_sock);
}

/* Passes a descriptor; returns its number in the agent. */
static long __maybe_unused agent_give_fd(const struct agent *agent, int fd)
{
	return agent_ask(agent, agent_do_recv_fd, 0, 0, 0) ?:
	       send_fd(agent->sock, fd) ?: agent_answer(agent);
}

static long agent_do_send_fd(long fd, long b, long c)
{
	return send_fd(agent_sock, fd);
}

/* Takes a copy of a descriptor of the agent. */
static long __maybe_unused agent_take_fd(const struct agent *agent, int fd)
{
	long ours, err;

	err = agent_ask(agent, agent_do_send_fd, fd, 0, 0);
	if (err)
		return err;
	ours = recv_fd(agent->sock);
	err = agent_answer(agent);
	return err ?: ours;
}

static long __maybe_unused do_enter(long id, long flags, long cap_drop)
{
	return enter(id, flags, cap_drop);
}

static long __maybe_unused do_kill(long pid, long sig, long c)
{
	return kill(pid, sig) ? -errno : 0;
}

/* Puts @text into a file, in one write. */
static long __maybe_unused do_write(long path, long text, long c)
{
	return write_file((const char *)path, (const char *)text,
			  strlen((const char *)text));
}

/* Calls a function without arguments. */
static long __maybe_unused do_op(long run, long b, long c)
{
	return ((long (*)(void))run)();
}

static long __maybe_unused do_self_id(long a, long b, long c)
{
	return self_id();
}

static long __maybe_unused do_become_nobody(long a, long b, long c)
{
	return become_nobody();
}

static long __maybe_unused do_close(long fd, long b, long c)
{
	return close(fd) ? -errno : 0;
}

static long __maybe_unused do_open(long path, long flags, long c)
{
	int fd = open((const char *)path, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static long __maybe_unused do_fork_pause(long a, long b, long c)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid) {
		struct pollfd hangup = { .fd = agent_sock };

		/* Ends when the test closes the socket. */
		poll(&hangup, 1, -1);
		_exit(0);
	}
	return pid;
}

/*
 * A child dumps core in @dir, by a signal that it sends itself, as user @uid if
 * that is not 0; how it has ended.
 */
static long __maybe_unused do_dump_core(long dir, long uid, long c)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid) {
		if (chdir((const char *)dir) || setrlimit(RLIMIT_CORE, &all))
			_exit(1);
		/* That clears PR_SET_DUMPABLE: what is left is fs.suid_dumpable. */
		if (uid && setresuid(uid, uid, uid))
			_exit(1);
		signal(SIGABRT, SIG_DFL);
		abort();
	}
	return waitpid(pid, &status, 0) == pid ? status : -errno;
}

/*
 * All that the caller has mapped becomes resident, or how much it has later
 * would depend on what of it the page cache has when.
 */
static long __maybe_unused do_populate(long a, long b, long c)
{
	static char buf[16384];
	char *line, *next;

	if (read_file("/proc/self/maps", buf, sizeof(buf)) < 0)
		return -EIO;
	for (line = buf; line; line = next) {
		unsigned long start, end;
		char mode[5];

		next = strchr(line, '\n');
		if (next)
			next++;
		if (sscanf(line, "%lx-%lx %4s", &start, &end, mode) != 3 ||
		    mode[0] != 'r')
			continue;
		/* Some mappings refuse it: those of the kernel. */
		madvise((void *)start, end - start,
			mode[1] == 'w' ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);
	}
	return 0;
}

static long __maybe_unused do_unshare(long flags, long b, long c)
{
	return unshare(flags) ? -errno : 0;
}

static long __maybe_unused do_kill_wait(long pid, long b, long c)
{
	kill(pid, SIGKILL);
	return waitpid(pid, NULL, 0) == pid ? 0 : -errno;
}

/* Ends an agent by closing its socket; the wait status. */
static int __maybe_unused agent_stop(struct agent *agent)
{
	int status = -1;

	if (agent->sock > 0) {
		shutdown(agent->sock, SHUT_RDWR);
		close(agent->sock);
	}
	if (agent->pid > 0)
		waitpid(agent->pid, &status, 0);
	agent->sock = 0;
	agent->pid = 0;
	return status;
}

/* An agent that has entered @id, as root; 0 or an errno. */
static int __maybe_unused agent_start_in(struct agent *agent, __u32 id)
{
	return agent_start(agent) ?: agent_call(agent, do_enter, id, 0, 0);
}

/* Allocations that fail */

static int fail_nth_fd = -1;

static int fail_set(const char *file, const char *value)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/kernel/debug/failslab/%s", file);
	return write_file(path, value, strlen(value));
}

/* Those that may sleep fail as well, and without a report of each. */
static int __maybe_unused fail_setup(void)
{
	if (access("/proc/self/fail-nth", F_OK))
		return -ENOENT;
	return fail_set("ignore-gfp-wait", "N") ?: fail_set("verbose", "0");
}

/* The @n-th allocation of the caller from now on fails; 0: none. */
static int fail_nth(int n)
{
	char buf[16];
	int len = snprintf(buf, sizeof(buf), "%d", n);

	return pwrite(fail_nth_fd, buf, len, 0) == len ? 0 : -EIO;
}

/* Has it come to that? */
static bool fail_happened(void)
{
	char buf[16] = {};

	return pread(fail_nth_fd, buf, sizeof(buf) - 1, 0) > 0 && !atoi(buf);
}

/*
 * Calls @make, with another allocation failing each time, until it makes no
 * more of them, and @remove for what it has made.  Returns how many failed.
 */
static long __maybe_unused do_fail_each(long make, long remove, long arg)
{
	long n, ret, err = 0;

	fail_nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_nth_fd < 0)
		return -errno;
	for (n = 1; n < 1000; n++) {
		bool happened;

		err = fail_nth(n);
		if (err)
			break;
		ret = ((agent_fn)make)(arg, 0, 0);
		happened = fail_happened();
		fail_nth(0);
		if (ret >= 0)
			err = ((agent_fn)remove)(ret, 0, 0);
		else if (!happened)
			err = ret;
		if (err || !happened)
			break;
	}
	close(fail_nth_fd);
	return err ?: n - 1;
}

/* Is there what the tests need?  NULL, or the reason why not. */
static const char *__maybe_unused vctx_missing(void)
{
	struct vctx_self self;

	if (get_self(&self))
		return "the kernel has no vctx, or it is not enabled (lsm=)";
	if (self.id != VCTX_ID_HOST)
		return "to be run outside of any context";
	if (geteuid())
		return "to be run by root";
	if (access(VCTXFS "/summary", F_OK))
		mount("vctx", VCTXFS, "vctx", 0, NULL);
	if (access(VCTXFS "/summary", F_OK))
		return "vctxfs cannot be mounted on " VCTXFS;
	return NULL;
}

#endif /* _VCTX_SELFTESTS_COMMON_H */
