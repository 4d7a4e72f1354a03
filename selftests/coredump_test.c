// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - core dumps: of a member's own, where it may write, and no others
 *
 * Those that count for disk quota: quota_escape_test.c.
 */

#define _GNU_SOURCE
#include <linux/elf.h>
#include <sys/procfs.h>

#include "common.h"

#define ID	60161

#define DIR_CORE "/tmp/vctx-coredump-test"
#define DIR_OWN	DIR_CORE "/own"
#define VICTIM	DIR_CORE "/victim"
#define CORE	DIR_OWN "/core"
#define TEXT	"the host's"

#define PATTERN	"/proc/sys/kernel/core_pattern"
#define USE_PID	"/proc/sys/kernel/core_uses_pid"
#define SUID	"/proc/sys/fs/suid_dumpable"

/*
 *          host                        context ID
 *   .----------------.            .----------------.
 *   | test           |            |                |
 *   |  `- outside    |            |  inside        |
 *   '----------------'            '----------------'
 */
FIXTURE(coredump) {
	struct agent outside;
	struct agent inside;
	/* What was in the files above */
	char pattern[256], use_pid[16], suid[16];
	int contexts;
};

#define CALL(_fn, _a, _b, _c) \
	agent_call(&self->inside, _fn, (long)(_a), (long)(_b), (long)(_c))

static int set(const char *path, const char *value)
{
	return write_file(path, value, strlen(value));
}

static int make_victim(void)
{
	int fd = open(VICTIM, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int err;

	if (fd < 0)
		return -errno;
	err = write(fd, TEXT, strlen(TEXT)) == strlen(TEXT) ? 0 : -EIO;
	close(fd);
	return err;
}

FIXTURE_SETUP(coredump)
{
	self->contexts = -1;
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	if (access(PATTERN, F_OK))
		SKIP(return, "the kernel has no core dumps (CONFIG_COREDUMP)");
	ASSERT_EQ(0, ctx_end(ID));
	ASSERT_LT(0, read_file(PATTERN, self->pattern, sizeof(self->pattern)));
	ASSERT_LT(0, read_file(USE_PID, self->use_pid, sizeof(self->use_pid)));
	ASSERT_LT(0, read_file(SUID, self->suid, sizeof(self->suid)));
	self->contexts = ctx_count();
	ASSERT_EQ(0, set(PATTERN, "core\n"));
	ASSERT_EQ(0, set(USE_PID, "0\n"));
	ASSERT_EQ(0, set(SUID, "0\n"));
	umount2(DIR_CORE, MNT_DETACH);
	mkdir(DIR_CORE, 0755);
	ASSERT_EQ(0, mount("none", DIR_CORE, "tmpfs", 0, "mode=0755"));
	ASSERT_EQ(0, mkdir(DIR_OWN, 0755));
	ASSERT_EQ(0, make_victim());
	ASSERT_EQ(0, chdir(DIR_CORE));
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start(&self->outside));
	ASSERT_EQ(0, agent_start_in(&self->inside, ID));
}

FIXTURE_TEARDOWN_PARENT(coredump)
{
	if (self->contexts < 0)
		return;
	EXPECT_EQ(0, set(PATTERN, self->pattern));
	EXPECT_EQ(0, set(USE_PID, self->use_pid));
	EXPECT_EQ(0, set(SUID, self->suid));
	umount2(DIR_CORE, MNT_DETACH);
	rmdir(DIR_CORE);
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

/* How many files there are; "core" is one of them, or it is an error. */
static int cores(const char *path)
{
	struct dirent *entry;
	int n = 0, other = 0;
	DIR *dir = opendir(path);

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (entry->d_type != DT_REG || !strcmp(entry->d_name, "victim"))
			continue;
		n++;
		other += strcmp(entry->d_name, "core") != 0;
	}
	closedir(dir);
	return other ? -EEXIST : n;
}

#define DUMPED	(0x80 | SIGABRT)

/* It dumps what is its own to where it is itself, and as itself. */
TEST_F(coredump, own_directory)
{
	struct stat st;

	EXPECT_EQ(DUMPED, CALL(do_dump_core, DIR_OWN, 0, 0));
	EXPECT_EQ(1, cores(DIR_OWN));
	ASSERT_EQ(0, stat(CORE, &st));
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(S_IFREG | 0600, st.st_mode);
	EXPECT_LT(0, st.st_size);
	/* The host's processes, those that have forked it too, are elsewhere. */
	EXPECT_EQ(0, cores(DIR_CORE));
	EXPECT_EQ(1, ctx_wait_usage(ID, NPROC, 1));
}

static long do_nobody_dumps(long dir, long b, long c)
{
	int err = become_nobody();

	return err ?: do_dump_core(dir, 0, 0);
}

TEST_F(coredump, of_a_user)
{
	struct stat st;

	/*
	 * Attempt: a core dump by a user who is not root, where only root may
	 * write => there is none
	 */
	ASSERT_EQ(SIGABRT, CALL(do_nobody_dumps, DIR_OWN, 0, 0));
	EXPECT_EQ(0, cores(DIR_OWN));
	/* Where it may, it is its own. */
	ASSERT_EQ(0, chown(DIR_OWN, NOBODY, NOBODY));
	EXPECT_EQ(DUMPED, CALL(do_dump_core, DIR_OWN, 0, 0));
	ASSERT_EQ(0, stat(CORE, &st));
	EXPECT_EQ(NOBODY, st.st_uid);
	EXPECT_EQ(S_IFREG | 0600, st.st_mode);
}

TEST_F(coredump, links)
{
	struct stat st;

	ASSERT_EQ(0, symlink(VICTIM, CORE));
	/*
	 * Attempt: a core dump where "core" is a symlink, or a link, to another
	 * file => that is replaced, the file is untouched
	 */
	EXPECT_EQ(DUMPED, CALL(do_dump_core, DIR_OWN, 0, 0));
	EXPECT_EQ(1, cores(DIR_OWN));
	ASSERT_EQ(0, stat(VICTIM, &st));
	EXPECT_EQ((off_t)strlen(TEXT), st.st_size);
	ASSERT_EQ(0, unlink(CORE));
	ASSERT_EQ(0, link(VICTIM, CORE));
	EXPECT_EQ(DUMPED, CALL(do_dump_core, DIR_OWN, 0, 0));
	EXPECT_EQ(1, cores(DIR_OWN));
	ASSERT_EQ(0, stat(VICTIM, &st));
	EXPECT_EQ((off_t)strlen(TEXT), st.st_size);
	EXPECT_EQ(1, st.st_nlink);
}

static long do_chroot(long path, long b, long c)
{
	return chroot((const char *)path) || chdir("/") ? -errno : 0;
}

/* A name with a path counts from the root that the member has. */
TEST_F(coredump, own_root)
{
	static const char name[] = "/vctx-coredump-test.core";

	unlink(name);
	ASSERT_EQ(0, set(PATTERN, "/vctx-coredump-test.core\n"));
	ASSERT_EQ(0, CALL(do_chroot, DIR_OWN, 0, 0));
	/*
	 * Attempt: a core dump with an absolute kernel.core_pattern, from a root
	 * of its own => it is below that
	 */
	EXPECT_EQ(DUMPED, CALL(do_dump_core, "/", 0, 0));
	EXPECT_EQ(0, access(DIR_OWN "/vctx-coredump-test.core", F_OK));
	EXPECT_EQ(-1, access(name, F_OK));
	EXPECT_EQ(ENOENT, errno);
	unlink(name);
}

/* Who has changed its ids dumps nothing, or nothing that is in its reach. */
TEST_F(coredump, changed_ids)
{
	ASSERT_EQ(0, chmod(DIR_OWN, 0777));
	/* Attempt: a core dump after setresuid(2) => there is none */
	EXPECT_EQ(SIGABRT, CALL(do_dump_core, DIR_OWN, NOBODY, 0));
	EXPECT_EQ(0, cores(DIR_OWN));
	ASSERT_EQ(0, set(SUID, "2\n"));
	EXPECT_EQ(SIGABRT, CALL(do_dump_core, DIR_OWN, NOBODY, 0));
	EXPECT_EQ(0, cores(DIR_OWN));
}

/* Processes outside */

static long do_may_dump(long a, long b, long c)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	return setrlimit(RLIMIT_CORE, &all) || chdir(DIR_OWN) ? -errno : 0;
}

static long do_dumpable(long a, long b, long c)
{
	return prctl(PR_GET_DUMPABLE);
}

TEST_F(coredump, of_others)
{
	static const int dumps[] = {
		SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV,
		SIGXCPU, SIGXFSZ, SIGSYS,
	};
	size_t i;

	ASSERT_EQ(0, agent_call(&self->outside, do_may_dump, 0, 0, 0));
	for (i = 0; i < ARRAY_SIZE(dumps); i++)
		/*
		 * Attempt: kill(2) with a signal that dumps core, of a process
		 * of the host
		 */
		EXPECT_EQ(-ESRCH, CALL(do_kill, self->outside.pid, dumps[i], 0)) {
			TH_LOG("signal %d", dumps[i]);
		}
	EXPECT_EQ(1, agent_call(&self->outside, do_dumpable, 0, 0, 0));
	EXPECT_EQ(0, cores(DIR_OWN));
	/* The host's own could. */
	EXPECT_EQ(0, kill(self->outside.pid, SIGABRT));
	EXPECT_EQ(DUMPED, agent_stop(&self->outside));
	EXPECT_EQ(1, cores(DIR_OWN));
}

/*
 * What a core says of its process's parent, in the notes of the thread that has
 * dumped, which is the first one, and of the process: they have to agree.
 */
static int core_ppid(const char *path)
{
	static char buf[65536];
	const struct elf64_hdr *head = (void *)buf;
	const struct elf64_phdr *part = NULL;
	const struct elf64_note *note;
	int fd = open(path, O_RDONLY | O_CLOEXEC), len, i;
	int thread = -ENOENT, process = -ENOENT;
	size_t at, end;

	if (fd < 0)
		return -errno;
	len = read_fd(fd, buf, sizeof(buf));
	close(fd);
	for (i = 0; i < head->e_phnum; i++) {
		part = (void *)(buf + head->e_phoff + i * sizeof(*part));
		if (part->p_type == PT_NOTE)
			break;
	}
	if (i == head->e_phnum)
		return -ENOENT;
	at = part->p_offset;
	end = at + part->p_filesz;
	while (at < end && at + sizeof(*note) < (size_t)len) {
		const char *desc;

		note = (void *)(buf + at);
		desc = buf + at + sizeof(*note) + ((note->n_namesz + 3) & ~3);
		at = desc - buf + ((note->n_descsz + 3) & ~3);
		if (at > (size_t)len)
			break;
		if (note->n_type == NT_PRSTATUS && thread == -ENOENT)
			thread = ((const struct elf_prstatus *)desc)->pr_ppid;
		else if (note->n_type == NT_PRPSINFO)
			process = ((const struct elf_prpsinfo *)desc)->pr_ppid;
	}
	return thread == process ? process : -EBADMSG;
}

static long do_dump_self(long a, long b, long c)
{
	do_may_dump(0, 0, 0);
	signal(SIGABRT, SIG_DFL);
	abort();
}

/* As /proc/PID/status has it */
TEST_F(coredump, parent)
{
	EXPECT_EQ(0, agent_ask(&self->inside, do_dump_self, 0, 0, 0));
	EXPECT_EQ(DUMPED, agent_stop(&self->inside));
	/* Attempt: a core dump: the id of a parent outside => it is 1 */
	EXPECT_EQ(1, core_ppid(CORE));
	ASSERT_EQ(0, unlink(CORE));
	EXPECT_EQ(0, agent_ask(&self->outside, do_dump_self, 0, 0, 0));
	EXPECT_EQ(DUMPED, agent_stop(&self->outside));
	EXPECT_EQ(getpid(), core_ppid(CORE));
}

/*
 * Process 1 of a pid namespace: one of another is not its parent, nor is it.  It
 * ignores SIGABRT, and dies from the fault that abort(3) has in store.
 */
static long do_dump_first(long dir, long b, long c)
{
	return do_unshare(CLONE_NEWPID, 0, 0) ?: do_dump_core(dir, 0, 0);
}

TEST_F(coredump, parent_of_first)
{
	/* Attempt: likewise in a pid namespace of its own => it is 0 */
	EXPECT_TRUE(WCOREDUMP(CALL(do_dump_first, DIR_OWN, 0, 0)));
	EXPECT_EQ(0, core_ppid(CORE));
}

TEST_HARNESS_MAIN
