// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - what is the host's alone, whatever capabilities a member has
 */

#define _GNU_SOURCE
#include <linux/bpf.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/reboot.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/timex.h>

#include "common.h"

#define ID	60141
#define DIR_MOUNT "/tmp/vctx-refuse-test"

#ifndef __NR_open_tree
#define __NR_open_tree	428
#endif
#ifndef __NR_fsopen
#define __NR_fsopen	430
#define __NR_fsconfig	431
#endif
#define CONFIG_CREATE	6	/* FSCONFIG_CMD_CREATE */

/* Not to be told from success, or from any other failure */
#define MISSING		(-ENOSYS)

static long result(long ret)
{
	return ret < 0 ? -errno : 0;
}

/*
 * All of these have root with every capability do something that the host may
 * do; with arguments with which it would do no harm.
 */

static long op_init_module(void)
{
	return result(syscall(__NR_init_module, "", 0, ""));
}

static long op_delete_module(void)
{
	return result(syscall(__NR_delete_module, "vctx_no_such", 0));
}

static long op_kexec_load(void)
{
	return result(syscall(__NR_kexec_load, 0, 0, NULL, 0));
}

static long op_reboot(void)
{
	return result(syscall(__NR_reboot, LINUX_REBOOT_MAGIC1,
			      LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_CAD_OFF,
			      NULL));
}

#ifdef __NR_ioperm
static long op_ioperm(void)
{
	return result(syscall(__NR_ioperm, 0x80, 1, 1));
}

static long op_iopl(void)
{
	return result(syscall(__NR_iopl, 3));
}
#endif

static long op_syslog_read(void)
{
	char buf[16];

	return result(syscall(__NR_syslog, 3, buf, sizeof(buf)));
}

static long op_syslog_size(void)
{
	return result(syscall(__NR_syslog, 10, NULL, 0));
}

static long op_settime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return result(syscall(__NR_clock_settime, CLOCK_REALTIME, &ts));
}

static long op_adjtimex(void)
{
	struct timex tx = {};

	if (adjtimex(&tx) < 0)
		return 0;
	tx.modes = ADJ_FREQUENCY;
	return result(adjtimex(&tx));
}

static long op_swapon(void)
{
	return result(swapon("/dev/null", 0));
}

static long op_swapoff(void)
{
	return result(swapoff("/dev/null"));
}

static long op_acct(void)
{
	return result(acct(NULL));
}

static long op_bpf(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1,
	};

	return result(syscall(__NR_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}

static long perf(pid_t pid, int cpu, bool kernel)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.exclude_kernel = !kernel,
		.exclude_hv = 1,
	};
	long fd = syscall(__NR_perf_event_open, &attr, pid, cpu, -1, 0);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static long op_perf_system(void)
{
	return perf(-1, 0, false);
}

static long op_perf_kernel(void)
{
	return perf(0, -1, true);
}

static long op_perf_own(void)
{
	return perf(0, -1, false);
}

static long op_sethostname(void)
{
	char name[65] = {};

	gethostname(name, sizeof(name) - 1);
	return result(sethostname(name, strlen(name)));
}

static long op_setdomainname(void)
{
	char name[65] = {};

	if (getdomainname(name, sizeof(name) - 1))
		return -errno;
	return result(setdomainname(name, strlen(name)));
}

static long open_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? MISSING : -errno;
	close(fd);
	return 0;
}

static long op_core_pattern(void)
{
	return open_write("/proc/sys/kernel/core_pattern");
}

static long op_core_pipe_limit(void)
{
	return open_write("/proc/sys/kernel/core_pipe_limit");
}

static long op_suid_dumpable(void)
{
	return open_write("/proc/sys/fs/suid_dumpable");
}

static long op_sysctl_uffd(void)
{
	return open_write("/proc/sys/vm/unprivileged_userfaultfd");
}

static long op_sysctl_vm(void)
{
	return open_write("/proc/sys/vm/drop_caches");
}

static long op_sysctl_net(void)
{
	return open_write("/proc/sys/net/ipv4/ip_forward");
}

static long op_sysctl_ipc(void)
{
	return open_write("/proc/sys/kernel/shmmax");
}

static long op_sysctl_mqueue(void)
{
	return open_write("/proc/sys/fs/mqueue/queues_max");
}

static long op_sysctl_uts(void)
{
	return open_write("/proc/sys/kernel/hostname");
}

static long op_sysctl_user(void)
{
	return open_write("/proc/sys/user/max_user_namespaces");
}

static long op_sysrq(void)
{
	return open_write("/proc/sysrq-trigger");
}

static long op_sysfs(void)
{
	return open_write("/sys/kernel/mm/transparent_hugepage/enabled");
}

static long op_freeze(void)
{
	int fd = open("/tmp", O_RDONLY | O_CLOEXEC);
	long err;

	if (fd < 0)
		return MISSING;
	/* To thaw what is not frozen is EINVAL for who may. */
	err = result(ioctl(fd, FITHAW, 0));
	close(fd);
	return err;
}

static long op_remount(void)
{
	return result(mount(NULL, "/proc", NULL, MS_REMOUNT, NULL));
}

static long op_bind(void)
{
	return result(mount("/tmp", DIR_MOUNT, NULL, MS_BIND, NULL));
}

static long op_mount(void)
{
	return result(mount("none", DIR_MOUNT, "tmpfs", 0, NULL));
}

static long op_umount(void)
{
	return result(umount2("/proc", MNT_DETACH));
}

static long op_propagation(void)
{
	return result(mount(NULL, "/", NULL, MS_PRIVATE, NULL));
}

static long op_open_tree(void)
{
	return result(syscall(__NR_open_tree, AT_FDCWD, "/tmp",
			      1 /* OPEN_TREE_CLONE */ | O_CLOEXEC));
}

static long op_kexec_unload(void)
{
	/* Also a crash image, which is gone before the rest is asked. */
	return result(syscall(__NR_kexec_file_load, -1, -1, 0, NULL,
			      1 /* KEXEC_FILE_UNLOAD */));
}

/* With access mode 3 ioctl() works, and nothing else. */
static long op_open_ioctl(void)
{
	int fd = open("/proc/sysrq-trigger", 3 | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? MISSING : -errno;
	close(fd);
	return 0;
}

static long call(const char *path, unsigned long cmd, void *arg)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	long err;

	if (fd < 0)
		return errno == ENOENT ? MISSING : -errno;
	err = result(ioctl(fd, cmd, arg));
	close(fd);
	return err;
}

static long op_mtrr(void)
{
	/* As /proc/mtrr has them, which not every machine has */
	return call("/proc/meminfo", _IOWR('M', 3, long[4]), NULL);
}

static long op_fsmap(void)
{
	return call("/tmp", _IOWR('X', 59, char[192]), NULL);
}

static long op_label(void)
{
	return call("/tmp", _IOW(0x94, 50, char[256]), NULL);
}

static long op_console(void)
{
	return call("/dev/null", 0x541C /* TIOCLINUX */, NULL);
}

static long op_keymap(void)
{
	return call("/dev/null", 0x4B47 /* KDSKBENT */, NULL);
}

static long same_mode(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return MISSING;
	return result(chmod(path, st.st_mode & 07777));
}

static long op_chmod_proc(void)
{
	return same_mode("/proc/meminfo");
}

static long op_chmod_proc_net(void)
{
	return same_mode("/proc/self/net/dev");
}

static long op_chmod_sysfs(void)
{
	return same_mode("/sys/kernel");
}

static long op_mkdir_sysfs(void)
{
	return result(mkdir("/sys/kernel/vctx_no_such", 0755));
}

static long op_create_sysfs(void)
{
	return result(open("/sys/kernel/vctx_no_such",
			   O_CREAT | O_RDONLY | O_CLOEXEC, 0600));
}

static long op_rmdir_sysfs(void)
{
	return result(rmdir("/sys/kernel/mm"));
}

/* Attempts of refuse.all => EPERM: %s */
static const struct op {
	const char *name;
	long (*run)(void);
} ops[] = {
	{ "init_module", op_init_module },
	{ "delete_module", op_delete_module },
	{ "kexec_load", op_kexec_load },
	{ "reboot", op_reboot },
#ifdef __NR_ioperm
	{ "ioperm", op_ioperm },
	{ "iopl", op_iopl },
#endif
	{ "syslog(read all)", op_syslog_read },
	{ "syslog(size)", op_syslog_size },
	{ "clock_settime", op_settime },
	{ "adjtimex", op_adjtimex },
	{ "swapon", op_swapon },
	{ "swapoff", op_swapoff },
	{ "acct", op_acct },
	{ "bpf", op_bpf },
	{ "perf_event_open(system)", op_perf_system },
	{ "perf_event_open(kernel)", op_perf_kernel },
	{ "sethostname", op_sethostname },
	{ "setdomainname", op_setdomainname },
	{ "kernel.core_pattern", op_core_pattern },
	{ "kernel.core_pipe_limit", op_core_pipe_limit },
	{ "fs.suid_dumpable", op_suid_dumpable },
	{ "vm.unprivileged_userfaultfd", op_sysctl_uffd },
	{ "vm.drop_caches", op_sysctl_vm },
	{ "net.ipv4.ip_forward", op_sysctl_net },
	{ "kernel.shmmax", op_sysctl_ipc },
	{ "fs.mqueue.queues_max", op_sysctl_mqueue },
	{ "kernel.hostname", op_sysctl_uts },
	{ "user.max_user_namespaces", op_sysctl_user },
	{ "sysrq-trigger", op_sysrq },
	{ "sysfs", op_sysfs },
	{ "FITHAW", op_freeze },
	{ "remount", op_remount },
	{ "bind", op_bind },
	{ "mount", op_mount },
	{ "umount", op_umount },
	{ "propagation", op_propagation },
	{ "open_tree", op_open_tree },
	{ "kexec_file_load", op_kexec_unload },
	{ "sysrq-trigger, access mode 3", op_open_ioctl },
	{ "ioctl of procfs", op_mtrr },
	{ "FS_IOC_GETFSMAP", op_fsmap },
	{ "FS_IOC_SETFSLABEL", op_label },
	{ "TIOCLINUX", op_console },
	{ "KDSKBENT", op_keymap },
	{ "chmod of procfs", op_chmod_proc },
	{ "chmod below /proc/net", op_chmod_proc_net },
	{ "chmod of sysfs", op_chmod_sysfs },
	{ "mkdir in sysfs", op_mkdir_sysfs },
	{ "creat in sysfs", op_create_sysfs },
	{ "rmdir in sysfs", op_rmdir_sysfs },
};

FIXTURE(refuse) {
	struct agent member;
	int contexts;
};

FIXTURE_SETUP(refuse)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	self->contexts = ctx_count();
	mkdir(DIR_MOUNT, 0755);
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
}

FIXTURE_TEARDOWN_PARENT(refuse)
{
	rmdir(DIR_MOUNT);
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

#define OP(_run) agent_call(&self->member, do_op, (long)(_run), 0, 0)
#define CALL(_fn, _a, _b, _c) \
	agent_call(&self->member, _fn, (long)(_a), (long)(_b), (long)(_c))

/* Every one of them, as root with all that there is. */
TEST_F(refuse, all)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		long err = OP(ops[i].run);

		if (err == MISSING)
			TH_LOG("%s: the kernel has it not", ops[i].name);
		else
			EXPECT_EQ(-EPERM, err) {
				TH_LOG("%s", ops[i].name);
			}
	}
	/* It may read the clock's state, and count what it does itself. */
	EXPECT_NE(-EPERM, OP(op_perf_own));
}

/* The same that is harmless for the host is not refused there. */
TEST_F(refuse, not_the_host)
{
	static long (*const harmless[])(void) = {
		op_syslog_size, op_settime, op_bpf, op_sethostname,
		op_core_pattern, op_core_pipe_limit, op_suid_dumpable,
		op_sysctl_uffd, op_sysctl_vm, op_sysctl_net, op_sysctl_ipc,
		op_sysctl_uts, op_sysrq, op_sysfs, op_freeze,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(harmless); i++)
		EXPECT_NE(-EPERM, harmless[i]()) {
			TH_LOG("%zu", i);
		}
}

/* In a user namespace of its own it has every capability, and no more rights. */
TEST_F(refuse, user_namespace)
{
	size_t i;

	if (CALL(do_unshare, CLONE_NEWUSER, 0, 0))
		SKIP(return, "no user namespaces");
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		/* That is of the user namespace. */
		if (ops[i].run == op_sysctl_user)
			continue;
		EXPECT_GT(0, OP(ops[i].run)) {
			TH_LOG("%s", ops[i].name);
		}
	}
}

/* What is of a namespace of its own, is its own. */
TEST_F(refuse, own_namespaces)
{
	if (!CALL(do_unshare, CLONE_NEWUTS, 0, 0)) {
		EXPECT_EQ(0, OP(op_sethostname));
		EXPECT_EQ(0, OP(op_setdomainname));
		EXPECT_EQ(0, OP(op_sysctl_uts));
	}
	if (!CALL(do_unshare, CLONE_NEWIPC, 0, 0)) {
		EXPECT_EQ(0, OP(op_sysctl_ipc));
		EXPECT_NE(-EPERM, OP(op_sysctl_mqueue));
	}
	if (!CALL(do_unshare, CLONE_NEWNET, 0, 0)) {
		EXPECT_EQ(0, OP(op_sysctl_net));
		EXPECT_EQ(0, OP(op_chmod_proc_net));
	}
	EXPECT_EQ(-EPERM, OP(op_core_pattern));
	EXPECT_EQ(-EPERM, OP(op_sysctl_vm));
}

static long do_write_same(long fd, long b, long c)
{
	return write(fd, "core\n", 5) < 0 ? -errno : 0;
}

/* A descriptor of the host does not help with sysctl. */
TEST_F(refuse, passed_sysctl)
{
	int fd = open("/proc/sys/kernel/core_pattern", O_RDWR | O_CLOEXEC);
	char before[256], after[256];
	long theirs;

	ASSERT_LE(0, fd);
	EXPECT_LE(0, read_fd(fd, before, sizeof(before)));
	theirs = agent_give_fd(&self->member, fd);
	ASSERT_LE(0, theirs);
	/*
	 * Attempt: write(2) to kernel.core_pattern with a descriptor that
	 * was passed
	 */
	EXPECT_EQ(-EPERM, CALL(do_write_same, theirs, 0, 0));
	EXPECT_LE(0, read_fd(fd, after, sizeof(after)));
	EXPECT_EQ(0, strcmp(before, after));
	close(fd);
}

/* Mounts */

static long do_private(long a, long b, long c)
{
	return unshare(CLONE_NEWNS) ||
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ? -errno : 0;
}

static long do_mount(long type, long source, long flags)
{
	return mount((const char *)source, DIR_MOUNT, (const char *)type, flags,
		     NULL) ? -errno : 0;
}

static long do_umount(long a, long b, long c)
{
	return umount2(DIR_MOUNT, MNT_DETACH) ? -errno : 0;
}

static long do_mount_at(long path, long b, long c)
{
	return mount("none", (const char *)path, "tmpfs", 0, NULL) ? -errno : 0;
}

static long do_umount_at(long path, long b, long c)
{
	return umount2((const char *)path, MNT_DETACH) ? -errno : 0;
}

static long do_is_mounted(long path, long below, long c)
{
	struct stat st;

	return stat((const char *)path, &st) ? -errno :
	       st.st_dev != (dev_t)below;
}

static long do_fsopen(long type, long b, long c)
{
	int fd = syscall(__NR_fsopen, (const char *)type, 0);
	long err;

	if (fd < 0)
		return -errno;
	err = result(syscall(__NR_fsconfig, fd, CONFIG_CREATE, NULL, NULL, 0));
	close(fd);
	return err;
}

static bool has_type(const char *type)
{
	char buf[4096], name[40];

	/* "nodev", or nothing, is before the tab. */
	snprintf(name, sizeof(name), "\t%s\n", type);
	return read_file("/proc/filesystems", buf, sizeof(buf)) > 0 &&
	       strstr(buf, name);
}

TEST_F(refuse, mount)
{
	static const char *const allowed[] = { "tmpfs", "proc", "devpts" };
	static const char *const refused[] = {
		"ext4", "xfs", "fuseblk", "debugfs", "tracefs", "securityfs",
		"devtmpfs", "hugetlbfs", "ramfs",
	};
	size_t i;

	ASSERT_EQ(0, CALL(do_private, 0, 0, 0));
	for (i = 0; i < ARRAY_SIZE(allowed); i++) {
		EXPECT_EQ(0, CALL(do_mount, allowed[i], "none", 0)) {
			TH_LOG("%s", allowed[i]);
		}
		EXPECT_EQ(0, CALL(do_umount, 0, 0, 0));
		EXPECT_EQ(0, CALL(do_fsopen, allowed[i], 0, 0)) {
			TH_LOG("%s", allowed[i]);
		}
	}
	EXPECT_EQ(0, CALL(do_mount, NULL, "/tmp", MS_BIND));
	EXPECT_EQ(0, CALL(do_umount, 0, 0, 0));
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		if (!has_type(refused[i]))
			continue;
		/*
		 * Attempt: mount(2) of ext4, xfs, fuseblk, debugfs, tracefs,
		 * securityfs, devtmpfs, hugetlbfs, ramfs
		 */
		EXPECT_EQ(-EPERM, CALL(do_mount, refused[i], "/dev/vda", 0)) {
			TH_LOG("%s", refused[i]);
		}
		/* Attempt: fsopen(2) of the same */
		EXPECT_EQ(-EPERM, CALL(do_fsopen, refused[i], 0, 0)) {
			TH_LOG("%s", refused[i]);
		}
	}
	/* A device that it may use is no exception. */
	EXPECT_EQ(0, ctx_write(ID, "devices", "allow b *:* rwm\n"));
	if (has_type("ext4"))
		EXPECT_EQ(-EPERM, CALL(do_mount, "ext4", "/dev/vda", 0));
}

/* Of a filesystem that it has mounted itself, it opens by handle. */
static long do_open_by_handle(long path, long b, long c)
{
	int fd = open_handle((const char *)path, (const char *)path,
			     O_RDONLY | O_DIRECTORY);

	return fd < 0 ? fd : close(fd);
}

TEST_F(refuse, open_by_handle)
{
	if (do_open_by_handle((long)"/tmp", 0, 0))
		SKIP(return, "no handles in /tmp");
	ASSERT_EQ(0, CALL(do_private, 0, 0, 0));
	/* Attempt: open_by_handle_at(2) in a filesystem of the host */
	EXPECT_EQ(-EPERM, CALL(do_open_by_handle, "/tmp", 0, 0));
	EXPECT_EQ(0, CALL(do_mount, "tmpfs", "none", 0));
	EXPECT_EQ(0, CALL(do_open_by_handle, DIR_MOUNT, 0, 0));
	EXPECT_EQ(0, CALL(do_umount, 0, 0, 0));
}

static dev_t device_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_dev;
}

/* Of mounts that the host shares, it receives, and does not send. */
TEST_F(refuse, propagation)
{
	dev_t own;

	ASSERT_EQ(0, mount(DIR_MOUNT, DIR_MOUNT, NULL, MS_BIND, NULL));
	ASSERT_EQ(0, mount(NULL, DIR_MOUNT, NULL, MS_SHARED, NULL));
	ASSERT_EQ(0, mkdir(DIR_MOUNT "/sub", 0755));
	own = device_of(DIR_MOUNT "/sub");
	EXPECT_EQ(0, CALL(do_unshare, CLONE_NEWNS, 0, 0));
	EXPECT_EQ(0, CALL(do_mount_at, DIR_MOUNT "/sub", 0, 0));
	/*
	 * Attempt: a mount on a mount that the host shares => the host does
	 * not see it
	 */
	EXPECT_EQ(own, device_of(DIR_MOUNT "/sub"));
	EXPECT_EQ(0, CALL(do_umount_at, DIR_MOUNT "/sub", 0, 0));
	EXPECT_EQ(0, do_mount_at((long)DIR_MOUNT "/sub", 0, 0));
	EXPECT_EQ(1, CALL(do_is_mounted, DIR_MOUNT "/sub", own, 0));
	EXPECT_EQ(0, CALL(do_umount_at, DIR_MOUNT "/sub", 0, 0));
	EXPECT_NE(own, device_of(DIR_MOUNT "/sub"));
	/* All of it, with what is mounted on it */
	EXPECT_EQ(0, CALL(do_umount_at, DIR_MOUNT, 0, 0));
	EXPECT_NE(own, device_of(DIR_MOUNT "/sub"));
	EXPECT_EQ(0, do_umount_at((long)DIR_MOUNT "/sub", 0, 0));
	EXPECT_EQ(0, rmdir(DIR_MOUNT "/sub"));
	EXPECT_EQ(0, do_umount_at((long)DIR_MOUNT, 0, 0));
}

/* The host makes the namespace, and has who is in it enter then. */
TEST_F(refuse, made_by_the_host)
{
	struct agent agent;

	ASSERT_EQ(0, mount(DIR_MOUNT, DIR_MOUNT, NULL, MS_BIND, NULL));
	ASSERT_EQ(0, mount(NULL, DIR_MOUNT, NULL, MS_SHARED, NULL));
	ASSERT_EQ(0, agent_start(&agent));
	EXPECT_EQ(0, agent_call(&agent, do_unshare, CLONE_NEWNS, 0, 0));
	EXPECT_EQ(0, agent_call(&agent, do_enter, ID, 0, 0));
	/* It shares a mount with the host. */
	/* Attempt: mount(2) in a namespace of the host, entered with it */
	EXPECT_EQ(-EPERM, agent_call(&agent, do_mount, (long)"tmpfs",
				     (long)"none", 0));
	/* Attempt: umount2(2) likewise */
	EXPECT_EQ(-EPERM, agent_call(&agent, do_umount, 0, 0, 0));
	agent_stop(&agent);

	ASSERT_EQ(0, agent_start(&agent));
	EXPECT_EQ(0, agent_call(&agent, do_private, 0, 0, 0));
	EXPECT_EQ(0, agent_call(&agent, do_enter, ID, 0, 0));
	EXPECT_EQ(0, agent_call(&agent, do_mount, (long)"tmpfs",
				(long)"none", 0));
	EXPECT_EQ(0, agent_call(&agent, do_umount, 0, 0, 0));
	agent_stop(&agent);
	EXPECT_EQ(0, do_umount(0, 0, 0));
}

TEST_F(refuse, remount)
{
	ASSERT_EQ(0, CALL(do_private, 0, 0, 0));
	EXPECT_EQ(0, CALL(do_mount, "tmpfs", "none", 0));
	EXPECT_EQ(0, CALL(do_mount, NULL, NULL, MS_REMOUNT | MS_RDONLY));
	EXPECT_EQ(0, CALL(do_umount, 0, 0, 0));
	/* The mount is its own, what is mounted the host's. */
	EXPECT_EQ(0, CALL(do_mount, NULL, "/proc", MS_BIND));
	EXPECT_EQ(0, CALL(do_mount, NULL, NULL,
			  MS_REMOUNT | MS_BIND | MS_RDONLY));
	/*
	 * Attempt: a remount of a superblock of the host, through a mount of
	 * its own
	 */
	EXPECT_EQ(-EPERM, CALL(do_mount, NULL, NULL, MS_REMOUNT | MS_RDONLY));
	EXPECT_EQ(0, CALL(do_umount, 0, 0, 0));
}

/* Mounts of the host by a descriptor, and its namespaces */

#ifndef __NR_move_mount
#define __NR_move_mount		429
#endif
#define MOVE_F_EMPTY_PATH	0x004	/* MOVE_MOUNT_F_EMPTY_PATH */
#define MOVE_SET_GROUP		0x100	/* MOVE_MOUNT_SET_GROUP */

static long do_open_root(long a, long b, long c)
{
	int fd = open("/", O_PATH | O_DIRECTORY);

	return fd < 0 ? -errno : fd;
}

static long do_propagation(long fd, long flags, long c)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%ld", fd);
	return result(mount(NULL, path, NULL, flags, NULL));
}

static long do_set_group(long fd, long b, long c)
{
	return result(syscall(__NR_move_mount, (int)fd, "", AT_FDCWD, "/",
			      MOVE_F_EMPTY_PATH | MOVE_SET_GROUP));
}

TEST_F(refuse, propagation_by_descriptor)
{
	long fd = CALL(do_open_root, 0, 0, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, CALL(do_private, 0, 0, 0));
	/* Attempt: mount(2): MS_SHARED, MS_PRIVATE, of a mount of the host */
	EXPECT_EQ(-EPERM, CALL(do_propagation, fd, MS_SHARED, 0));
	EXPECT_EQ(-EPERM, CALL(do_propagation, fd, MS_REC | MS_PRIVATE, 0));
	/* Attempt: move_mount(2): MOVE_MOUNT_SET_GROUP from one */
	EXPECT_EQ(-EPERM, CALL(do_set_group, fd, 0, 0));
}

/* struct mnt_ns_info of newer headers */
struct ns_info {
	__u32 size;
	__u32 nr_mounts;
	__u64 id;
};

#define NS_GET_INFO	_IOR(0xb7, 10, struct ns_info)
#define NS_GET_NEXT	_IOR(0xb7, 11, struct ns_info)
#define NS_GET_PREV	_IOR(0xb7, 12, struct ns_info)

/* Descriptor of the first namespace that there is next to one's own */
static long do_other_namespace(long a, long b, long c)
{
	int fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	long other;

	if (fd < 0)
		return -errno;
	other = ioctl(fd, NS_GET_PREV, NULL);
	if (other < 0)
		other = ioctl(fd, NS_GET_NEXT, NULL);
	if (other < 0)
		other = -errno;
	close(fd);
	return other;
}

/* The id of the own namespace, into memory that is shared */
static long do_namespace_id(long shared, long b, long c)
{
	struct ns_info info = { .size = sizeof(info) };
	int fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	long err = fd < 0 ? -errno : result(ioctl(fd, NS_GET_INFO, &info));

	close(fd);
	*(__u64 *)shared = info.id;
	return err;
}

static long do_listmount(long shared, long b, long c)
{
	struct {
		__u32 size, spare;
		__u64 mnt_id, param, mnt_ns_id;
	} req = {
		.size = sizeof(req),
		.mnt_id = 0xffffffffffffffffULL, /* LSMT_ROOT */
		.mnt_ns_id = *(__u64 *)shared,
	};
	__u64 ids[4];

	return result(syscall(458 /* listmount */, &req, ids, 4, 0));
}

TEST_F(refuse, namespaces)
{
	__u64 *id = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct agent host, member;
	long fd;

	ASSERT_NE(MAP_FAILED, id);
	/* Agents that know of the memory; there are two namespaces then. */
	ASSERT_EQ(0, agent_start(&host));
	ASSERT_EQ(0, agent_start_in(&member, ID));
	ASSERT_EQ(0, agent_call(&host, do_private, 0, 0, 0));
	fd = agent_call(&host, do_other_namespace, 0, 0, 0);
	if (fd == -ENOTTY)
		SKIP(return, "namespaces cannot be listed");
	EXPECT_LE(0, fd);
	/* Attempt: NS_MNT_GET_NEXT, NS_MNT_GET_PREV */
	EXPECT_EQ(-EPERM, agent_call(&member, do_other_namespace, 0, 0, 0));

	ASSERT_EQ(0, agent_call(&member, do_namespace_id, (long)id, 0, 0));
	EXPECT_EQ(0, agent_call(&member, do_listmount, (long)id, 0, 0));
	ASSERT_EQ(0, agent_call(&host, do_namespace_id, (long)id, 0, 0));
	EXPECT_EQ(0, agent_call(&host, do_listmount, (long)id, 0, 0));
	/* Attempt: listmount(2) of another namespace, by its id */
	EXPECT_EQ(-ENOENT, agent_call(&member, do_listmount, (long)id, 0, 0));
	agent_stop(&member);
	agent_stop(&host);
	munmap(id, 4096);
}

/* What programs of the host take for the kernel's word */

static long do_uevent(long a, long b, long c)
{
	static const char text[] = "change@/vctx-refuse\0ACTION=change\0"
				   "DEVPATH=/vctx-refuse\0SUBSYSTEM=vctx";
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct {
		struct nlmsghdr header;
		char text[sizeof(text)];
	} msg = {
		.header = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(text)),
			.nlmsg_type = NLMSG_MIN_TYPE,
			.nlmsg_flags = NLM_F_REQUEST,
		},
	};
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC,
			NETLINK_KOBJECT_UEVENT);
	long err;

	if (fd < 0)
		return -errno;
	memcpy(msg.text, text, sizeof(text));
	err = sendto(fd, &msg, msg.header.nlmsg_len, 0,
		     (struct sockaddr *)&kernel, sizeof(kernel)) < 0 ? -errno : 0;
	close(fd);
	return err;
}

TEST_F(refuse, uevent)
{
	EXPECT_EQ(0, do_uevent(0, 0, 0));
	/* Attempt: send(2): a uevent as the kernel's */
	EXPECT_EQ(-EPERM, CALL(do_uevent, 0, 0, 0));
}

TEST_F(refuse, debugfs)
{
	static const char file[] = DIR_MOUNT "/wakeup_sources";

	if (!has_type("debugfs"))
		SKIP(return, "no debugfs");
	ASSERT_EQ(0, do_mount((long)"debugfs", (long)"none", 0));
	if (do_open((long)file, O_RDONLY, 0)) {
		EXPECT_EQ(0, do_umount(0, 0, 0));
		SKIP(return, "no %s", file);
	}
	/* Attempt: open(2), for reading, of what is in debugfs */
	EXPECT_EQ(-EPERM, CALL(do_open, file, O_RDONLY, 0));
	EXPECT_EQ(0, do_umount(0, 0, 0));
}

/* The host's network, also for who is not bound to addresses of it */

static long do_packet(long a, long b, long c)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static long do_set_link(long a, long b, long c)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	long err = fd < 0 ? -errno : result(ioctl(fd, SIOCSIFFLAGS, &ifr));

	close(fd);
	return err;
}

TEST_F(refuse, network)
{
	EXPECT_EQ(0, do_set_link(0, 0, 0));
	/* Attempt: AF_PACKET, without addresses */
	EXPECT_EQ(-EPERM, CALL(do_packet, 0, 0, 0));
	/* Attempt: ioctl(2): SIOCSIFFLAGS, likewise */
	EXPECT_EQ(-EPERM, CALL(do_set_link, 0, 0, 0));
	/* Those of a user namespace are its own. */
	EXPECT_EQ(0, CALL(do_unshare, CLONE_NEWUSER | CLONE_NEWNET, 0, 0));
	EXPECT_EQ(0, CALL(do_set_link, 0, 0, 0));
}

/* Programs that the kernel would run on the host */

static long do_mount_cgroup(long a, long b, long c)
{
	return mount("none", DIR_MOUNT, "cgroup", 0, "none,name=vctx_refuse") ?
	       -errno : 0;
}

TEST_F(refuse, release_agent)
{
	if (!has_type("cgroup"))
		SKIP(return, "no cgroup v1");
	/* The host's, in the mount namespace that they share */
	ASSERT_EQ(0, do_mount_cgroup(0, 0, 0));
	/* Attempt: release_agent of a hierarchy of the host */
	EXPECT_EQ(-EPERM, CALL(do_write, DIR_MOUNT "/release_agent",
			       "/bin/true", 0));
	EXPECT_EQ(0, do_umount(0, 0, 0));

	ASSERT_EQ(0, CALL(do_private, 0, 0, 0));
	/* Attempt: mount(2) of a hierarchy of cgroup v1 of its own */
	EXPECT_EQ(-EPERM, CALL(do_mount_cgroup, 0, 0, 0));
}

TEST_F(refuse, binfmt_misc)
{
	if (!has_type("binfmt_misc"))
		SKIP(return, "no binfmt_misc");
	ASSERT_EQ(0, CALL(do_private, 0, 0, 0));
	if (CALL(do_mount, "binfmt_misc", "none", 0))
		SKIP(return, "binfmt_misc cannot be mounted");
	/* Attempt: register an interpreter, where the host has none */
	EXPECT_EQ(-EPERM, CALL(do_write, DIR_MOUNT "/register",
			       ":vctx_refuse:E::vctx_refuse::/bin/true:", 0));
	EXPECT_EQ(0, CALL(do_umount, 0, 0, 0));
}

TEST_HARNESS_MAIN
