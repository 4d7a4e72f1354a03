// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - what processes know of, and do to, those of other contexts
 */

#define _GNU_SOURCE
#include <linux/kcmp.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "common.h"

#define ID_A	60021
#define ID_B	60022

#ifndef __NR_pidfd_send_signal
#define __NR_pidfd_send_signal 424
#endif
#ifndef __NR_pidfd_open
#define __NR_pidfd_open 434
#endif
#ifndef __NR_pidfd_getfd
#define __NR_pidfd_getfd 438
#endif

/* What an operation returns where the kernel lacks it. */
#define MISSING 77777

/* Ignored by default: does no harm to who receives it by mistake. */
#define SIGNAL SIGURG

/*
 * Who looks, and at whom:
 *
 *      host         context A              context B     watcher
 *   .--------.   .---------------------.   .--------.   .---------.
 *   | init   |   | member      .-----. |   |        |   |         |
 *   | host   |   | (and twin)  |child| |   |stranger|   | watcher |
 *   |        |   |             '-----' |   |        |   |         |
 *   '--------'   '---------------------'   '--------'   '---------'
 */
enum role { HOST, MEMBER, CHILD, STRANGER, WATCHER, INIT };

/* What the one is to the other */
enum relation {
	SAME,		/* of one context */
	HIDDEN,		/* not there */
	PROCESS_1,	/* seen, but out of reach */
	WATCHED,	/* the same for the watcher, who reads more */
};

static long role_enter(const struct agent *agent, enum role role)
{
	switch (role) {
	case MEMBER:
		return agent_call(agent, do_enter, ID_A, 0, 0);
	case CHILD:
		return agent_call(agent, do_enter, ID_A, 0, 0) ?:
		       agent_call(agent, do_enter, VCTX_ID_NEW, 0, 0);
	case STRANGER:
		return agent_call(agent, do_enter, ID_B, 0, 0);
	case WATCHER:
		return agent_call(agent, do_enter, VCTX_ID_WATCHER, 0, 0);
	default:
		return 0;
	}
}

/* Operations on a process: what is seen is 0, or a refusal. */

static long result(long ret)
{
	return ret < 0 ? -errno : 0;
}

static long op_kill_0(long pid, long b, long c)
{
	return result(kill(pid, 0));
}

static long op_kill(long pid, long b, long c)
{
	return result(kill(pid, SIGNAL));
}

static long op_kill_group(long pid, long b, long c)
{
	/* kill(-1) is something else. */
	return pid > 1 ? result(kill(-pid, SIGNAL)) : MISSING;
}

static long op_tgkill(long pid, long b, long c)
{
	return result(syscall(__NR_tgkill, pid, pid, SIGNAL));
}

static long op_tkill(long pid, long b, long c)
{
	return result(syscall(__NR_tkill, pid, SIGNAL));
}

static long op_sigqueue(long pid, long b, long c)
{
	siginfo_t info = { .si_code = SI_QUEUE };

	return result(syscall(__NR_rt_sigqueueinfo, pid, SIGNAL, &info));
}

static long op_tgsigqueue(long pid, long b, long c)
{
	siginfo_t info = { .si_code = SI_QUEUE };

	return result(syscall(__NR_rt_tgsigqueueinfo, pid, pid, SIGNAL, &info));
}

static long op_pidfd_open(long pid, long b, long c)
{
	long fd = syscall(__NR_pidfd_open, pid, 0);
	long ret = result(fd);

	if (fd >= 0)
		close(fd);
	return ret;
}

static long traced(long pid, long err)
{
	if (err)
		return -errno;
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	waitpid(pid, NULL, __WALL);
	ptrace(PTRACE_DETACH, pid, 0, 0);
	return 0;
}

static long op_ptrace_attach(long pid, long b, long c)
{
	return traced(pid, ptrace(PTRACE_ATTACH, pid, 0, 0));
}

static long op_ptrace_seize(long pid, long b, long c)
{
	return traced(pid, ptrace(PTRACE_SEIZE, pid, 0, 0));
}

/* An address that the target has, too */
static char target_byte;

static long op_vm_read(long pid, long b, long c)
{
	char byte;
	struct iovec local = { &byte, 1 }, remote = { &target_byte, 1 };

	return result(process_vm_readv(pid, &local, 1, &remote, 1, 0));
}

static long op_vm_write(long pid, long b, long c)
{
	char byte = 'y';
	struct iovec local = { &byte, 1 }, remote = { &target_byte, 1 };

	return result(process_vm_writev(pid, &local, 1, &remote, 1, 0));
}

static long op_getaffinity(long pid, long b, long c)
{
	cpu_set_t set;

	return result(sched_getaffinity(pid, sizeof(set), &set));
}

static long op_setaffinity(long pid, long b, long c)
{
	cpu_set_t set;

	memset(&set, 0xff, sizeof(set));
	return result(sched_setaffinity(pid, sizeof(set), &set));
}

static long op_getscheduler(long pid, long b, long c)
{
	return result(syscall(__NR_sched_getscheduler, pid));
}

static long op_setscheduler(long pid, long b, long c)
{
	struct sched_param param = {};

	return result(syscall(__NR_sched_setscheduler, pid, SCHED_OTHER, &param));
}

static long op_getparam(long pid, long b, long c)
{
	struct sched_param param;

	return result(syscall(__NR_sched_getparam, pid, &param));
}

static long op_setparam(long pid, long b, long c)
{
	struct sched_param param = {};

	return result(syscall(__NR_sched_setparam, pid, &param));
}

static long op_rr_interval(long pid, long b, long c)
{
	struct timespec ts;

	return result(syscall(__NR_sched_rr_get_interval, pid, &ts));
}

static long op_getattr(long pid, long b, long c)
{
	struct attr attr = {};

	return result(syscall(__NR_sched_getattr, pid, &attr, sizeof(attr), 0));
}

static long op_setattr(long pid, long b, long c)
{
	struct attr attr = { .size = sizeof(attr), .nice = 5 };

	return result(syscall(__NR_sched_setattr, pid, &attr, 0));
}

static long op_getpriority(long pid, long b, long c)
{
	return result(syscall(__NR_getpriority, PRIO_PROCESS, pid));
}

static long op_setpriority(long pid, long b, long c)
{
	return result(syscall(__NR_setpriority, PRIO_PROCESS, pid, 10));
}

static long op_getpriority_group(long pid, long b, long c)
{
	return pid > 1 ? result(syscall(__NR_getpriority, PRIO_PGRP, pid)) :
	       MISSING;
}

static long op_setpriority_group(long pid, long b, long c)
{
	return pid > 1 ? result(syscall(__NR_setpriority, PRIO_PGRP, pid, 10)) :
	       MISSING;
}

#define IOPRIO_WHO_PROCESS	1
#define IOPRIO_WHO_PGRP		2
#define IOPRIO_WHO_USER		3
#define IOPRIO_BEST_EFFORT	(2 << 13)

static long op_ioprio_get(long pid, long b, long c)
{
	return result(syscall(__NR_ioprio_get, IOPRIO_WHO_PROCESS, pid));
}

static long op_ioprio_set(long pid, long b, long c)
{
	return result(syscall(__NR_ioprio_set, IOPRIO_WHO_PROCESS, pid,
			      IOPRIO_BEST_EFFORT | 4));
}

static long op_ioprio_get_group(long pid, long b, long c)
{
	return pid > 1 ? result(syscall(__NR_ioprio_get, IOPRIO_WHO_PGRP, pid)) :
	       MISSING;
}

static long op_ioprio_set_group(long pid, long b, long c)
{
	return pid > 1 ? result(syscall(__NR_ioprio_set, IOPRIO_WHO_PGRP, pid,
					IOPRIO_BEST_EFFORT | 4)) : MISSING;
}

static long op_prlimit_get(long pid, long b, long c)
{
	struct rlimit64 old;

	return result(prlimit64(pid, RLIMIT_CORE, NULL, &old));
}

static long op_prlimit_set(long pid, long b, long c)
{
	struct rlimit64 new = {};

	return result(prlimit64(pid, RLIMIT_CORE, &new, NULL));
}

static long op_getpgid(long pid, long b, long c)
{
	return result(getpgid(pid));
}

static long op_getsid(long pid, long b, long c)
{
	return result(getsid(pid));
}

/* ESRCH for all that are not children, seen or not */
static long op_setpgid(long pid, long b, long c)
{
	return result(setpgid(pid, 0));
}

static long op_robust_list(long pid, long b, long c)
{
	size_t len;
	void *head;

	return result(syscall(__NR_get_robust_list, pid, &head, &len));
}

static long op_capget(long pid, long b, long c)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
		.pid = pid,
	};
	struct __user_cap_data_struct data[2];

	return result(syscall(__NR_capget, &head, data));
}

static long op_kcmp(long pid, long b, long c)
{
	return result(syscall(__NR_kcmp, getpid(), pid, KCMP_VM, 0, 0));
}

static long op_migrate_pages(long pid, long b, long c)
{
	unsigned long nodes = 1;

	/* Where it fails for oneself, the kernel has only one node. */
	if (syscall(__NR_migrate_pages, 0, 8 * sizeof(nodes), &nodes, &nodes) < 0)
		return MISSING;
	return result(syscall(__NR_migrate_pages, pid, 8 * sizeof(nodes), &nodes,
			      &nodes));
}

static long op_move_pages(long pid, long b, long c)
{
	void *page = NULL;
	int status;

	if (syscall(__NR_move_pages, 0, 1, &page, NULL, &status, 0) < 0)
		return MISSING;
	return result(syscall(__NR_move_pages, pid, 1, &page, NULL, &status, 0));
}

static long op_perf_event(long pid, long b, long c)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};
	long fd = syscall(__NR_perf_event_open, &attr, pid, -1, -1, 0);
	long ret = result(fd);

	if (fd >= 0)
		close(fd);
	return ret;
}

/* The clock of a process's CPU time: EINVAL if there is none */
static long op_cpu_clock(long pid, long b, long c)
{
	struct timespec ts;
	long ret;

	ret = result(syscall(__NR_clock_gettime, (~pid << 3) | 2, &ts));
	return ret == -EINVAL ? -ESRCH : ret;
}

static long op_setown(long pid, long b, long c)
{
	int pair[2];
	long ret;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return MISSING;
	ret = result(fcntl(pair[0], F_SETOWN, pid));
	close(pair[0]);
	close(pair[1]);
	return ret;
}

/* Its id in the namespace of processes that it is asked for in: this one */
static long op_ns_tgid(long pid, long b, long c)
{
	int fd = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	long ret;

	/* As old as the call, or else the header does not have it. */
	ret = fd < 0 ? -1 : ioctl(fd, _IOR(0xb7, 0x7, int), getpid());
	if (ret >= 0)
		ret = result(ioctl(fd, _IOR(0xb7, 0x7, int), pid));
	else
		ret = MISSING;
	close(fd);
	return ret;
}

/* What may be asked, what must be refused, and what that does not matter for. */
#define ANY	MISSING

/* Attempts of matrix.syscalls => ESRCH: %s, with another context's process */
static const struct operation {
	const char *name;
	agent_fn fn;
	/* by relation; all of them are ESRCH if HIDDEN */
	long same, process_1, watched;
} operations[] = {
	{ "kill(0)", op_kill_0, 0, -EPERM, -EPERM },
	{ "kill", op_kill, 0, -EPERM, -EPERM },
	{ "kill(-group)", op_kill_group, 0, ANY, -EPERM },
	{ "tgkill", op_tgkill, 0, -EPERM, -EPERM },
	{ "tkill", op_tkill, 0, -EPERM, -EPERM },
	{ "rt_sigqueueinfo", op_sigqueue, 0, -EPERM, -EPERM },
	{ "rt_tgsigqueueinfo", op_tgsigqueue, 0, -EPERM, -EPERM },
	{ "pidfd_open", op_pidfd_open, 0, 0, 0 },
	{ "ptrace(ATTACH)", op_ptrace_attach, 0, -EPERM, -EPERM },
	{ "ptrace(SEIZE)", op_ptrace_seize, 0, -EPERM, -EPERM },
	{ "process_vm_readv", op_vm_read, 0, -EPERM, -EPERM },
	{ "process_vm_writev", op_vm_write, 0, -EPERM, -EPERM },
	{ "sched_getaffinity", op_getaffinity, 0, 0, 0 },
	{ "sched_setaffinity", op_setaffinity, 0, -EPERM, -EPERM },
	{ "sched_getscheduler", op_getscheduler, 0, 0, 0 },
	{ "sched_setscheduler", op_setscheduler, 0, -EPERM, -EPERM },
	{ "sched_getparam", op_getparam, 0, 0, 0 },
	{ "sched_setparam", op_setparam, 0, -EPERM, -EPERM },
	{ "sched_getattr", op_getattr, 0, 0, 0 },
	{ "sched_setattr", op_setattr, 0, -EPERM, -EPERM },
	{ "sched_rr_get_interval", op_rr_interval, 0, 0, 0 },
	{ "getpriority(process)", op_getpriority, 0, 0, 0 },
	{ "setpriority(process)", op_setpriority, 0, -EPERM, -EPERM },
	{ "getpriority(group)", op_getpriority_group, 0, ANY, 0 },
	{ "setpriority(group)", op_setpriority_group, 0, ANY, -EPERM },
	{ "ioprio_get(process)", op_ioprio_get, 0, 0, 0 },
	{ "ioprio_set(process)", op_ioprio_set, 0, -EPERM, -EPERM },
	{ "ioprio_get(group)", op_ioprio_get_group, 0, ANY, 0 },
	{ "ioprio_set(group)", op_ioprio_set_group, 0, ANY, -EPERM },
	{ "prlimit(get)", op_prlimit_get, 0, 0, 0 },
	{ "prlimit(set)", op_prlimit_set, 0, -EPERM, -EPERM },
	{ "getpgid", op_getpgid, 0, 0, 0 },
	{ "getsid", op_getsid, 0, 0, 0 },
	{ "setpgid", op_setpgid, ANY, ANY, ANY },
	{ "get_robust_list", op_robust_list, 0, -EPERM, 0 },
	{ "capget", op_capget, 0, 0, 0 },
	{ "kcmp", op_kcmp, 0, -EPERM, 0 },
	{ "migrate_pages", op_migrate_pages, ANY, -EPERM, -EPERM },
	{ "move_pages", op_move_pages, ANY, -EPERM, -EPERM },
	{ "perf_event_open", op_perf_event, ANY, -EPERM, ANY },
	{ "clock_gettime", op_cpu_clock, 0, 0, 0 },
	{ "fcntl(F_SETOWN)", op_setown, 0, ANY, ANY },
	{ "ioctl(NS_GET_TGID_FROM_PIDNS)", op_ns_tgid, 0, 0, 0 },
};

/* The same for what is below /proc/PID, where nothing is ENOENT */

static int proc_file(char path[64], long pid, const char *name)
{
	return snprintf(path, 64, "/proc/%ld/%s", pid, name);
}

static long op_stat(long pid, long b, long c)
{
	struct stat st;
	char path[64];

	proc_file(path, pid, "");
	return result(stat(path, &st));
}

static long op_proc_open(long pid, long name, long flags)
{
	char path[64];
	long fd;

	proc_file(path, pid, (const char *)name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES ? -EPERM : -errno;
	close(fd);
	return 0;
}

/* 0 if it is in the list */
static long op_readdir(long pid, long b, long c)
{
	struct dirent *entry;
	long ret = -ENOENT;
	DIR *dir;

	dir = opendir("/proc");
	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (atol(entry->d_name) == pid)
			ret = 0;
	closedir(dir);
	return ret;
}

static long op_chdir(long pid, long b, long c)
{
	char path[64];
	long ret;

	proc_file(path, pid, "");
	ret = result(chdir(path));
	if (chdir("/"))
		ret = -EIO;
	return ret;
}

static long op_proc_write(long pid, long name, long c)
{
	char path[64];
	long err;

	proc_file(path, pid, (const char *)name);
	err = write_file(path, "0\n", 2);
	return err == -EACCES ? -EPERM : err;
}

static long op_proc_status(long pid, long b, long c)
{
	return op_proc_open(pid, (long)"status", O_RDONLY);
}

static long op_proc_thread(long pid, long b, long c)
{
	char name[64];

	snprintf(name, sizeof(name), "task/%ld/status", pid);
	return op_proc_open(pid, (long)name, O_RDONLY);
}

static long op_proc_maps(long pid, long b, long c)
{
	return op_proc_open(pid, (long)"maps", O_RDONLY);
}

static long op_proc_mem(long pid, long b, long c)
{
	return op_proc_open(pid, (long)"mem", O_RDWR);
}

static long op_proc_fd(long pid, long b, long c)
{
	return op_proc_open(pid, (long)"fd", O_RDONLY | O_DIRECTORY);
}

static long op_proc_root(long pid, long b, long c)
{
	return op_proc_open(pid, (long)"root/proc", O_RDONLY | O_DIRECTORY);
}

static long op_proc_attr(long pid, long b, long c)
{
	return op_proc_open(pid, (long)"attr/vctx/current", O_RDONLY);
}

static long op_oom_score_adj(long pid, long b, long c)
{
	return op_proc_write(pid, (long)"oom_score_adj", 0);
}

static long op_coredump_filter(long pid, long b, long c)
{
	return op_proc_write(pid, (long)"coredump_filter", 0);
}

static long op_clear_refs(long pid, long b, long c)
{
	char path[64];
	long err;

	proc_file(path, pid, "clear_refs");
	err = write_file(path, "1\n", 2);
	return err == -EACCES ? -EPERM : err;
}

/* Attempts of matrix.proc => ENOENT: %s, /proc/PID of another context */
static const struct operation proc_operations[] = {
	{ "stat", op_stat, 0, 0, 0 },
	{ "readdir", op_readdir, 0, 0, 0 },
	{ "chdir", op_chdir, 0, 0, 0 },
	{ "status", op_proc_status, 0, 0, 0 },
	{ "task", op_proc_thread, 0, 0, 0 },
	{ "attr/vctx/current", op_proc_attr, 0, 0, 0 },
	{ "maps", op_proc_maps, 0, -EPERM, 0 },
	{ "mem", op_proc_mem, 0, -EPERM, -EPERM },
	{ "fd", op_proc_fd, 0, ANY, ANY },
	{ "root", op_proc_root, 0, -EPERM, 0 },
	{ "oom_score_adj", op_oom_score_adj, 0, -EPERM, -EPERM },
	{ "coredump_filter", op_coredump_filter, 0, -EPERM, -EPERM },
	{ "clear_refs", op_clear_refs, ANY, -EPERM, -EPERM },
};

FIXTURE(matrix) {
	struct agent viewer;
	struct agent target;
	pid_t pid;
	int pidfd;
	int dir;
	int contexts;
};

FIXTURE_VARIANT(matrix) {
	enum role viewer;
	enum role target;
	enum relation relation;
	/* Looks without privilege, but if it is the same, the target has none either. */
	bool nobody;
};

FIXTURE_VARIANT_ADD(matrix, host_host) { HOST, HOST, SAME, false };
FIXTURE_VARIANT_ADD(matrix, host_member) { HOST, MEMBER, HIDDEN, false };
FIXTURE_VARIANT_ADD(matrix, host_child) { HOST, CHILD, HIDDEN, false };
FIXTURE_VARIANT_ADD(matrix, host_watcher) { HOST, WATCHER, HIDDEN, false };
FIXTURE_VARIANT_ADD(matrix, member_host) { MEMBER, HOST, HIDDEN, false };
FIXTURE_VARIANT_ADD(matrix, member_member) { MEMBER, MEMBER, SAME, false };
FIXTURE_VARIANT_ADD(matrix, member_child) { MEMBER, CHILD, HIDDEN, false };
FIXTURE_VARIANT_ADD(matrix, member_stranger) { MEMBER, STRANGER, HIDDEN, false };
FIXTURE_VARIANT_ADD(matrix, member_watcher) { MEMBER, WATCHER, HIDDEN, false };
FIXTURE_VARIANT_ADD(matrix, member_init) { MEMBER, INIT, PROCESS_1, false };
FIXTURE_VARIANT_ADD(matrix, child_host) { CHILD, HOST, HIDDEN, false };
FIXTURE_VARIANT_ADD(matrix, child_member) { CHILD, MEMBER, HIDDEN, false };
FIXTURE_VARIANT_ADD(matrix, child_child) { CHILD, CHILD, HIDDEN, false };
FIXTURE_VARIANT_ADD(matrix, child_init) { CHILD, INIT, PROCESS_1, false };
FIXTURE_VARIANT_ADD(matrix, watcher_host) { WATCHER, HOST, WATCHED, false };
FIXTURE_VARIANT_ADD(matrix, watcher_member) { WATCHER, MEMBER, WATCHED, false };
FIXTURE_VARIANT_ADD(matrix, watcher_child) { WATCHER, CHILD, WATCHED, false };
FIXTURE_VARIANT_ADD(matrix, watcher_watcher) { WATCHER, WATCHER, SAME, false };
FIXTURE_VARIANT_ADD(matrix, watcher_init) { WATCHER, INIT, WATCHED, false };

/* The same, and who looks has no privilege. */
FIXTURE_VARIANT_ADD(matrix, nobody_host_host) { HOST, HOST, SAME, true };
FIXTURE_VARIANT_ADD(matrix, nobody_host_member) { HOST, MEMBER, HIDDEN, true };
FIXTURE_VARIANT_ADD(matrix, nobody_host_child) { HOST, CHILD, HIDDEN, true };
FIXTURE_VARIANT_ADD(matrix, nobody_host_watcher) { HOST, WATCHER, HIDDEN, true };
FIXTURE_VARIANT_ADD(matrix, nobody_member_host) { MEMBER, HOST, HIDDEN, true };
FIXTURE_VARIANT_ADD(matrix, nobody_member_member) { MEMBER, MEMBER, SAME, true };
FIXTURE_VARIANT_ADD(matrix, nobody_member_child) { MEMBER, CHILD, HIDDEN, true };
FIXTURE_VARIANT_ADD(matrix, nobody_member_stranger) { MEMBER, STRANGER, HIDDEN, true };
FIXTURE_VARIANT_ADD(matrix, nobody_member_watcher) { MEMBER, WATCHER, HIDDEN, true };
FIXTURE_VARIANT_ADD(matrix, nobody_member_init) { MEMBER, INIT, PROCESS_1, true };
FIXTURE_VARIANT_ADD(matrix, nobody_child_host) { CHILD, HOST, HIDDEN, true };
FIXTURE_VARIANT_ADD(matrix, nobody_child_member) { CHILD, MEMBER, HIDDEN, true };
FIXTURE_VARIANT_ADD(matrix, nobody_child_child) { CHILD, CHILD, HIDDEN, true };
FIXTURE_VARIANT_ADD(matrix, nobody_child_init) { CHILD, INIT, PROCESS_1, true };
FIXTURE_VARIANT_ADD(matrix, nobody_watcher_host) { WATCHER, HOST, WATCHED, true };
FIXTURE_VARIANT_ADD(matrix, nobody_watcher_member) { WATCHER, MEMBER, WATCHED, true };
FIXTURE_VARIANT_ADD(matrix, nobody_watcher_child) { WATCHER, CHILD, WATCHED, true };
FIXTURE_VARIANT_ADD(matrix, nobody_watcher_watcher) { WATCHER, WATCHER, SAME, true };
FIXTURE_VARIANT_ADD(matrix, nobody_watcher_init) { WATCHER, INIT, WATCHED, true };

static long do_target(long a, long b, long c)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGNAL);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	/* Whatever Yama says, this one may be traced by who else may. */
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	return 0;
}

static long do_proc_id(long pid, long b, long c)
{
	char name[32];

	snprintf(name, sizeof(name), "%ld", pid);
	return proc_id(name);
}

static long do_received(long a, long b, long c)
{
	sigset_t set;
	int signal;

	if (sigpending(&set))
		return -errno;
	if (!sigismember(&set, SIGNAL))
		return 0;
	sigemptyset(&set);
	sigaddset(&set, SIGNAL);
	return sigwait(&set, &signal) ? -EIO : 1;
}

FIXTURE_SETUP(matrix)
{
	char path[64];

	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID_A));
	ASSERT_EQ(0, ctx_end(ID_B));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID_A));
	ASSERT_EQ(0, ctx_mkdir(ID_B));

	ASSERT_EQ(0, agent_start(&self->target));
	self->pid = variant->target == INIT ? 1 : self->target.pid;
	ASSERT_EQ(0, setpgid(self->target.pid, self->target.pid));
	self->pidfd = syscall(__NR_pidfd_open, self->pid, 0);
	ASSERT_LE(0, self->pidfd);
	proc_file(path, self->pid, "");
	self->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->dir);
	ASSERT_EQ(0, role_enter(&self->target, variant->target));
	if (variant->nobody && variant->relation == SAME)
		ASSERT_EQ(0, agent_call(&self->target, do_become_nobody, 0, 0, 0));
	ASSERT_EQ(0, agent_call(&self->target, do_target, 0, 0, 0));

	ASSERT_EQ(0, agent_start(&self->viewer));
	ASSERT_EQ(0, role_enter(&self->viewer, variant->viewer));
	if (variant->nobody)
		ASSERT_EQ(0, agent_call(&self->viewer, do_become_nobody, 0, 0, 0));
}

FIXTURE_TEARDOWN_PARENT(matrix)
{
	/* The watchers end with the test. */
	EXPECT_EQ(0, ctx_end(ID_A));
	EXPECT_EQ(0, ctx_end(ID_B));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
	EXPECT_TRUE(WAIT_UNTIL(ctx_idle(VCTX_ID_WATCHER)));
}

static bool is_expected(long ret, const struct operation *op, long hidden,
			enum relation relation, bool nobody)
{
	long want;

	switch (relation) {
	case SAME:
		want = op->same;
		break;
	case HIDDEN:
		/* One answer, whoever asks, or the answer tells. */
		return ret == hidden;
	case PROCESS_1:
		want = op->process_1;
		break;
	default:
		want = op->watched;
	}
	if (want == ANY)
		return true;
	if (ret == -EACCES)
		ret = -EPERM;
	/* Of a process that is seen, some may know less than root. */
	if (nobody && relation != SAME && want == 0 && ret == -EPERM)
		return true;
	return ret == want;
}

TEST_F(matrix, syscalls)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(operations); i++) {
		const struct operation *op = &operations[i];
		long ret = agent_call(&self->viewer, op->fn, self->pid, 0, 0);

		if (ret == MISSING)
			continue;
		EXPECT_TRUE(is_expected(ret, op, -ESRCH, variant->relation,
					variant->nobody)) {
			TH_LOG("%s: %ld", op->name, ret);
		}
	}
	/* It has received signals, or it has not. */
	if (variant->target != INIT)
		EXPECT_EQ(variant->relation == SAME,
			  agent_call(&self->target, do_received, 0, 0, 0));
}

TEST_F(matrix, proc)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(proc_operations); i++) {
		const struct operation *op = &proc_operations[i];
		long ret = agent_call(&self->viewer, op->fn, self->pid, 0, 0);

		EXPECT_TRUE(is_expected(ret, op, -ENOENT, variant->relation,
					variant->nobody)) {
			TH_LOG("%s: %ld", op->name, ret);
		}
	}
}

static long do_openat(long dir, long name, long c)
{
	int fd = openat(dir, (const char *)name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* A descriptor of /proc/PID from before it entered */
/*
 * Attempt: openat(2) below /proc/PID of another context, which was passed =>
 * ENOENT
 */
TEST_F(matrix, passed_directory)
{
	const struct operation op = { .same = 0, .process_1 = 0, .watched = 0 };
	long fd = agent_give_fd(&self->viewer, self->dir);
	long ret;

	ASSERT_LE(0, fd);
	ret = agent_call(&self->viewer, do_openat, fd, (long)"status", 0);
	EXPECT_TRUE(is_expected(ret, &op, -ENOENT, variant->relation,
				variant->nobody)) {
		TH_LOG("status: %ld", ret);
	}
}

static long do_pidfd_signal(long fd, long sig, long c)
{
	return result(syscall(__NR_pidfd_send_signal, fd, sig, NULL, 0));
}

static long do_pidfd_getfd(long fd, long b, long c)
{
	long ret = syscall(__NR_pidfd_getfd, fd, 0, 0);

	if (ret < 0)
		return -errno;
	close(ret);
	return 0;
}

/* A pidfd of it from before it entered */
/* Attempt: pidfd_send_signal(2) with a pidfd that was passed => ESRCH */
TEST_F(matrix, passed_pidfd)
{
	const struct operation op = {
		.same = 0, .process_1 = -EPERM, .watched = -EPERM,
	};
	long fd = agent_give_fd(&self->viewer, self->pidfd);
	long ret;

	ASSERT_LE(0, fd);
	ret = agent_call(&self->viewer, do_pidfd_signal, fd, 0, 0);
	EXPECT_TRUE(is_expected(ret, &op, -ESRCH, variant->relation,
				variant->nobody)) {
		TH_LOG("signal 0: %ld", ret);
	}
	ret = agent_call(&self->viewer, do_pidfd_signal, fd, SIGNAL, 0);
	EXPECT_TRUE(is_expected(ret, &op, -ESRCH, variant->relation,
				variant->nobody)) {
		TH_LOG("signal: %ld", ret);
	}
	if (variant->target != INIT)
		EXPECT_EQ(variant->relation == SAME,
			  agent_call(&self->target, do_received, 0, 0, 0));
	ret = agent_call(&self->viewer, do_pidfd_getfd, fd, 0, 0);
	if (variant->relation == SAME) {
		EXPECT_EQ(0, ret);
	} else {
		/* Attempt: pidfd_getfd(2) with a pidfd that was passed */
		EXPECT_TRUE(ret == -EPERM || ret == -ESRCH) {
			TH_LOG("pidfd_getfd: %ld", ret);
		}
	}
}

/*
 * Calls for all processes, or for all of a user, skip what is hidden.  Next to
 * the target there is a twin: a child of the viewer, hence of its context.
 */
#define SOME_UID 54321

FIXTURE(sweep) {
	struct agent viewer;
	struct agent target;
	int contexts;
};

FIXTURE_VARIANT(sweep) {
	enum role viewer;
	enum role target;
	enum relation relation;
};

FIXTURE_VARIANT_ADD(sweep, host_host) { HOST, HOST, SAME };
FIXTURE_VARIANT_ADD(sweep, host_member) { HOST, MEMBER, HIDDEN };
FIXTURE_VARIANT_ADD(sweep, host_watcher) { HOST, WATCHER, HIDDEN };
FIXTURE_VARIANT_ADD(sweep, member_host) { MEMBER, HOST, HIDDEN };
FIXTURE_VARIANT_ADD(sweep, member_member) { MEMBER, MEMBER, SAME };
FIXTURE_VARIANT_ADD(sweep, member_child) { MEMBER, CHILD, HIDDEN };
FIXTURE_VARIANT_ADD(sweep, member_stranger) { MEMBER, STRANGER, HIDDEN };
FIXTURE_VARIANT_ADD(sweep, member_watcher) { MEMBER, WATCHER, HIDDEN };
FIXTURE_VARIANT_ADD(sweep, child_member) { CHILD, MEMBER, HIDDEN };
FIXTURE_VARIANT_ADD(sweep, child_host) { CHILD, HOST, HIDDEN };
FIXTURE_VARIANT_ADD(sweep, watcher_host) { WATCHER, HOST, WATCHED };
FIXTURE_VARIANT_ADD(sweep, watcher_member) { WATCHER, MEMBER, WATCHED };
FIXTURE_VARIANT_ADD(sweep, watcher_watcher) { WATCHER, WATCHER, SAME };

static long do_setuid(long uid, long b, long c)
{
	return setresuid(uid, uid, uid) ? -errno : 0;
}

/* Ends with 42 when it has received the signal. */
static long do_fork_twin(long uid, long b, long c)
{
	const struct timespec timeout = { .tv_sec = PATIENCE_MS / 1000 };
	sigset_t set;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGNAL);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	pid = fork();
	if (pid)
		return pid < 0 ? -errno : pid;
	if (do_setuid(uid, 0, 0))
		_exit(1);
	_exit(sigtimedwait(&set, NULL, &timeout) == SIGNAL ? 42 : 0);
}

static long do_end_twin(long pid, long b, long c)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

FIXTURE_SETUP(sweep)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID_A));
	ASSERT_EQ(0, ctx_end(ID_B));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID_A));
	ASSERT_EQ(0, ctx_mkdir(ID_B));
	ASSERT_EQ(0, agent_start(&self->target));
	ASSERT_EQ(0, role_enter(&self->target, variant->target));
	ASSERT_EQ(0, agent_call(&self->target, do_target, 0, 0, 0));
	ASSERT_EQ(0, agent_call(&self->target, do_setuid, SOME_UID, 0, 0));
	ASSERT_EQ(0, agent_start(&self->viewer));
	ASSERT_EQ(0, role_enter(&self->viewer, variant->viewer));
}

FIXTURE_TEARDOWN_PARENT(sweep)
{
	EXPECT_EQ(0, ctx_end(ID_A));
	EXPECT_EQ(0, ctx_end(ID_B));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
	EXPECT_TRUE(WAIT_UNTIL(ctx_idle(VCTX_ID_WATCHER)));
}

/* kill(-1): all that the caller can see and may signal */
static long do_kill_all(long a, long b, long c)
{
	return result(kill(-1, SIGNAL));
}

TEST_F(sweep, kill)
{
	long twin = agent_call(&self->viewer, do_fork_twin, SOME_UID, 0, 0);

	ASSERT_LT(0, twin);
	EXPECT_EQ(0, agent_call(&self->viewer, do_kill_all, 0, 0, 0));
	EXPECT_EQ(42, agent_call(&self->viewer, do_end_twin, twin, 0, 0));
	EXPECT_EQ(variant->relation == SAME,
		  agent_call(&self->target, do_received, 0, 0, 0));
}

static long do_getpriority_user(long uid, long b, long c)
{
	return result(syscall(__NR_getpriority, PRIO_USER, uid));
}

static long do_setpriority_user(long uid, long nice, long c)
{
	return result(syscall(__NR_setpriority, PRIO_USER, uid, nice));
}

static long do_ioprio_get_user(long uid, long b, long c)
{
	return result(syscall(__NR_ioprio_get, IOPRIO_WHO_USER, uid));
}

static long do_ioprio_set_user(long uid, long b, long c)
{
	return result(syscall(__NR_ioprio_set, IOPRIO_WHO_USER, uid,
			      IOPRIO_BEST_EFFORT | 4));
}

static long do_nice(long pid, long b, long c)
{
	return 20 - syscall(__NR_getpriority, PRIO_PROCESS, pid);
}

/* Only the target belongs to the user: there is such a process, or there is none. */
TEST_F(sweep, user)
{
	const bool acts = variant->relation == SAME;
	const bool sees = acts || variant->relation == WATCHED;
	const struct agent *viewer = &self->viewer;

	EXPECT_EQ(sees ? 0 : -ESRCH,
		  agent_call(viewer, do_getpriority_user, SOME_UID, 0, 0));
	EXPECT_EQ(acts ? 0 : sees ? -EPERM : -ESRCH,
		  agent_call(viewer, do_setpriority_user, SOME_UID, 3, 0));
	EXPECT_EQ(acts ? 3 : 0, agent_call(&self->target, do_nice, 0, 0, 0));
	EXPECT_EQ(sees ? 0 : -ESRCH,
		  agent_call(viewer, do_ioprio_get_user, SOME_UID, 0, 0));
	EXPECT_EQ(acts ? 0 : sees ? -EPERM : -ESRCH,
		  agent_call(viewer, do_ioprio_set_user, SOME_UID, 0, 0));
}

/* The twin does as well: a sweep goes on after what it skips. */
TEST_F(sweep, user_with_twin)
{
	const int err = variant->relation == WATCHED ? -EPERM : 0;
	const struct agent *viewer = &self->viewer;
	long twin = agent_call(viewer, do_fork_twin, SOME_UID, 0, 0);

	ASSERT_LT(0, twin);
	/* It may be about to change its user. */
	EXPECT_TRUE(WAIT_UNTIL(agent_call(viewer, do_getpriority_user, SOME_UID,
					  0, 0) == 0));
	EXPECT_TRUE(WAIT_UNTIL(agent_call(viewer, do_setpriority_user, SOME_UID,
					  3, 0) == err &&
			       agent_call(viewer, do_nice, twin, 0, 0) == 3));
	EXPECT_EQ(variant->relation == SAME ? 3 : 0,
		  agent_call(&self->target, do_nice, 0, 0, 0));
	/* That one ends with the first that is refused. */
	if (!err)
		EXPECT_EQ(0, agent_call(viewer, do_ioprio_set_user, SOME_UID, 0, 0));
	EXPECT_EQ(0, agent_call(viewer, op_kill, twin, 0, 0));
	EXPECT_EQ(42, agent_call(viewer, do_end_twin, twin, 0, 0));
}

/* The rest of what the host keeps */

FIXTURE(host) {
	int contexts;
};

FIXTURE_SETUP(host)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID_A));
	self->contexts = ctx_count();
	ASSERT_EQ(0, ctx_mkdir(ID_A));
}

FIXTURE_TEARDOWN_PARENT(host)
{
	EXPECT_EQ(0, ctx_end(ID_A));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

static long do_kill_only(long pid, long sig, long c)
{
	return kill(pid, sig) ? -errno : 0;
}

static long do_setsid(long a, long b, long c)
{
	pid_t sid = setsid();

	return sid < 0 ? -errno : sid;
}

/* A parent waits for a child that has entered. */
TEST_F(host, waits_for_child)
{
	siginfo_t info = {};
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(enter(ID_A, 0, 0) ? 1 : 42);
	ASSERT_EQ(pid, wait4(pid, &status, 0, NULL));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(42, WEXITSTATUS(status));

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(enter(ID_A, 0, 0) ? 1 : 43);
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED));
	EXPECT_EQ(pid, info.si_pid);
	EXPECT_EQ(43, info.si_status);
	EXPECT_EQ(0, ctx_wait_usage(ID_A, NPROC, 0));
}

TEST_F(host, is_told_of_childs_end)
{
	const struct timespec timeout = { .tv_sec = PATIENCE_MS / 1000 };
	sigset_t set;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &set, NULL));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		enter(ID_A, 0, 0);
		_exit(0);
	}
	EXPECT_EQ(SIGCHLD, sigtimedwait(&set, NULL, &timeout));
	EXPECT_EQ(pid, wait(NULL));
}

/* A shell continues its job, and does nothing else to it. */
TEST_F(host, continues_job)
{
	struct agent job, inside;
	int status;

	ASSERT_EQ(0, agent_start_in(&job, ID_A));
	ASSERT_EQ(0, agent_start_in(&inside, ID_A));
	EXPECT_EQ(-1, kill(job.pid, SIGSTOP));
	EXPECT_EQ(ESRCH, errno);
	ASSERT_EQ(0, agent_call(&inside, do_kill_only, job.pid, SIGSTOP, 0));
	ASSERT_EQ(job.pid, waitpid(job.pid, &status, WUNTRACED));
	EXPECT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(0, kill(job.pid, SIGCONT));
	EXPECT_EQ(job.pid, waitpid(job.pid, &status, WCONTINUED));
	EXPECT_TRUE(WIFCONTINUED(status));

	/* Not outwards */
	/* Attempt: SIGCONT to a process of its own session, outside */
	EXPECT_EQ(-ESRCH, agent_call(&inside, do_kill_only, getpid(), SIGCONT, 0));
	/* Nor into another session */
	EXPECT_LT(0, agent_call(&job, do_setsid, 0, 0, 0));
	EXPECT_EQ(-1, kill(job.pid, SIGCONT));
	EXPECT_EQ(ESRCH, errno);
	agent_stop(&inside);
	agent_stop(&job);
}

/* It may have asked for a signal itself, for when its parent ends. */
static long do_fork_pdeathsig(long id, long b, long c)
{
	pid_t pid = fork();

	if (pid)
		return pid < 0 ? -errno : pid;
	if (enter(id, 0, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		_exit(1);
	pause();
	_exit(0);
}

TEST_F(host, parent_death_signal)
{
	struct agent parent;

	ASSERT_EQ(0, agent_start(&parent));
	ASSERT_LT(0, agent_call(&parent, do_fork_pdeathsig, ID_A, 0, 0));
	EXPECT_EQ(1, ctx_wait_usage(ID_A, NPROC, 1));
	sleep_ms(50);
	agent_stop(&parent);
	EXPECT_EQ(0, ctx_wait_usage(ID_A, NPROC, 0));
}

/* A pidfd from before still tells when it ends. */
TEST_F(host, pidfd_polls)
{
	struct pollfd poll_fd = { .events = POLLIN };
	struct agent agent;

	ASSERT_EQ(0, agent_start(&agent));
	poll_fd.fd = syscall(__NR_pidfd_open, agent.pid, 0);
	ASSERT_LE(0, poll_fd.fd);
	ASSERT_EQ(0, agent_call(&agent, do_enter, ID_A, 0, 0));
	EXPECT_EQ(0, poll(&poll_fd, 1, 0));
	agent_stop(&agent);
	EXPECT_EQ(1, poll(&poll_fd, 1, PATIENCE_MS));
}

TEST_F(host, sees_only_host)
{
	struct agent member, watcher;

	ASSERT_EQ(0, agent_start_in(&member, ID_A));
	ASSERT_EQ(0, agent_start_in(&watcher, VCTX_ID_WATCHER));
	EXPECT_EQ(-ENOENT, op_stat(member.pid, 0, 0));
	EXPECT_EQ(-ENOENT, op_readdir(member.pid, 0, 0));
	EXPECT_EQ(-ENOENT, op_stat(watcher.pid, 0, 0));
	EXPECT_EQ(0, agent_call(&watcher, op_readdir, member.pid, 0, 0));
	EXPECT_EQ(0, agent_call(&watcher, op_readdir, getpid(), 0, 0));
	EXPECT_EQ(ID_A, agent_call(&watcher, do_proc_id, member.pid, 0, 0));
	EXPECT_EQ(0, agent_call(&member, op_readdir, member.pid, 0, 0));
	EXPECT_EQ(0, agent_call(&member, op_readdir, 1, 0, 0));
	EXPECT_EQ(-ENOENT, agent_call(&member, op_readdir, getpid(), 0, 0));
	agent_stop(&member);
	agent_stop(&watcher);
}

/* Process 1 is seen, and of its children those that are seen. */
static long do_children_of_init(long a, long b, long c)
{
	char buf[4096], *word;
	long n = 0;
	int err;

	err = read_file("/proc/1/task/1/children", buf, sizeof(buf));
	if (err < 0)
		return err == -ENOENT ? MISSING : err;
	for (word = strtok(buf, " "); word; word = strtok(NULL, " ")) {
		if (kill(atol(word), 0) && errno == ESRCH)
			return -EEXIST;
		n++;
	}
	return n;
}

TEST_F(host, children_of_init)
{
	struct agent member;
	long ret = do_children_of_init(0, 0, 0);

	if (ret == MISSING)
		SKIP(return, "no CONFIG_PROC_CHILDREN");
	EXPECT_LE(0, ret);
	ASSERT_EQ(0, agent_start_in(&member, ID_A));
	/* Attempt: /proc/1/task/1/children => those of others are not listed */
	EXPECT_EQ(0, agent_call(&member, do_children_of_init, 0, 0, 0));
	agent_stop(&member);
}

/* A directory entry that the host looks up first does not serve a member. */
TEST_F(host, cached_dentry)
{
	struct agent member;
	int i;

	ASSERT_EQ(0, agent_start_in(&member, ID_A));
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(0, op_proc_status(getpid(), 0, 0));
		/* Attempt: /proc/PID, which the host has looked up just now */
		EXPECT_EQ(-ENOENT, agent_call(&member, op_proc_status, getpid(),
					      0, 0));
		EXPECT_EQ(0, agent_call(&member, op_proc_status, member.pid, 0, 0));
		EXPECT_EQ(-ENOENT, op_proc_status(member.pid, 0, 0));
		EXPECT_EQ(0, op_stat(getpid(), 0, 0));
	}
	agent_stop(&member);
}

TEST_HARNESS_MAIN
