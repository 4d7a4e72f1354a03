// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx tests - System V IPC and POSIX message queues: nshm, shmbytes, nsem,
 * nmsg, msgbytes, mqbytes
 *
 * VCTX_TEST_SECONDS says how long the race goes on (default 3).
 */

#define _GNU_SOURCE
#include <mqueue.h>
#include <stddef.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/un.h>

#include <linux/keyctl.h>

#include "common.h"

#define ID	60111
#define OTHER	60112
#define HOUR	3600

#ifndef MSG_COPY
#define MSG_COPY 040000
#endif
#ifndef SHM_HUGETLB
#define SHM_HUGETLB 04000
#endif

/* As large as a message may be without asking the administrator */
#define TEXT	8192

struct message {
	long type;
	char text[TEXT];
};

union semun {
	int val;
};

/* What the members do */

static long do_shmget(long key, long size, long flags)
{
	int id = shmget(key, size, flags | 0600);

	return id < 0 ? -errno : id;
}

static long do_shm_rmid(long id, long b, long c)
{
	return shmctl(id, IPC_RMID, NULL) ? -errno : 0;
}

static void *attached;

static long do_shmat(long id, long b, long c)
{
	attached = shmat(id, NULL, 0);
	return attached == (void *)-1 ? -errno : 0;
}

static long do_shmdt(long a, long b, long c)
{
	return shmdt(attached) ? -errno : 0;
}

static long do_semget(long key, long nsems, long flags)
{
	int id = semget(key, nsems, flags | 0600);

	return id < 0 ? -errno : id;
}

static long do_sem_rmid(long id, long b, long c)
{
	union semun arg = {};

	return semctl(id, 0, IPC_RMID, arg) ? -errno : 0;
}

static long do_msgget(long key, long flags, long c)
{
	int id = msgget(key, flags | 0600);

	return id < 0 ? -errno : id;
}

static long do_msg_rmid(long id, long b, long c)
{
	return msgctl(id, IPC_RMID, NULL) ? -errno : 0;
}

static long do_msgsnd(long id, long size, long flags)
{
	struct message message = { .type = 1 };

	return msgsnd(id, &message, size, flags) ? -errno : 0;
}

/* The size of the message */
static long do_msgrcv(long id, long flags, long c)
{
	struct message message;
	ssize_t n = msgrcv(id, &message, TEXT, 0, flags);

	return n < 0 ? -errno : n;
}

static long do_mq_open(long name, long maxmsg, long msgsize)
{
	struct mq_attr attr = { .mq_maxmsg = maxmsg, .mq_msgsize = msgsize };
	mqd_t mq = mq_open((const char *)name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
			   0600, &attr);

	return mq < 0 ? -errno : mq;
}

static long do_mq_unlink(long name, long b, long c)
{
	return mq_unlink((const char *)name) ? -errno : 0;
}

static long do_mq_send(long mq, long size, long c)
{
	static char text[TEXT];

	return mq_send(mq, text, size, 0) ? -errno : 0;
}

static long do_set_rlimit(long which, long value, long c)
{
	struct rlimit rlimit = { .rlim_cur = value, .rlim_max = value };

	return setrlimit(which, &rlimit) ? -errno : 0;
}

static long do_clear_sys_resource(long a, long b, long c)
{
	return clear_caps(1ULL << CAP_SYS_RESOURCE);
}

static const char mq_a[] = "/vctx-a", mq_b[] = "/vctx-b", mq_c[] = "/vctx-c";

/* One of everything, of a fixed size, in the hands of the caller */
struct objects {
	int shm, sem, msg, mq;
};

static struct objects *objects;

static long make_objects(void)
{
	struct objects all;

	all.shm = do_shmget(IPC_PRIVATE, 1, IPC_CREAT);
	all.sem = do_semget(IPC_PRIVATE, 3, IPC_CREAT);
	all.msg = do_msgget(IPC_PRIVATE, IPC_CREAT, 0);
	all.mq = do_mq_open((long)mq_a, 2, 64);
	if (all.shm < 0 || all.sem < 0 || all.msg < 0 || all.mq < 0)
		return -EIO;
	*objects = all;
	return do_msgsnd(all.msg, 100, 0) ?: do_mq_send(all.mq, 10, 0);
}

static long do_make_objects(long a, long b, long c)
{
	return make_objects();
}

/* Anybody's, if the host's administrator does it */
static long remove_sysv_objects(void)
{
	return do_shm_rmid(objects->shm, 0, 0) ?:
	       do_sem_rmid(objects->sem, 0, 0) ?:
	       do_msg_rmid(objects->msg, 0, 0);
}

static long remove_objects(void)
{
	return remove_sysv_objects() ?: do_mq_unlink((long)mq_a, 0, 0);
}

static long do_remove_objects(long a, long b, long c)
{
	return remove_objects() ?: do_close(objects->mq, 0, 0);
}

static long do_remove_others_objects(long a, long b, long c)
{
	return remove_objects();
}

/*
 * Each test has an IPC namespace of its own: whatever it leaves goes with it,
 * and nobody sees the sysctls that it changes.
 */

FIXTURE(ipc) {
	struct agent member;
	int contexts;
	long page;
};

FIXTURE_SETUP(ipc)
{
	if (vctx_missing())
		SKIP(return, "%s", vctx_missing());
	ASSERT_EQ(0, ctx_end(ID));
	ASSERT_EQ(0, ctx_end(OTHER));
	self->contexts = ctx_count();
	self->page = sysconf(_SC_PAGESIZE);
	ASSERT_EQ(0, unshare(CLONE_NEWIPC));
	objects = mmap(NULL, sizeof(*objects), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, objects);
	ASSERT_EQ(0, ctx_mkdir(ID));
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
}

FIXTURE_TEARDOWN_PARENT(ipc)
{
	EXPECT_EQ(0, ctx_end(ID));
	EXPECT_EQ(0, ctx_end(OTHER));
	EXPECT_TRUE(WAIT_UNTIL(ctx_count() == self->contexts));
}

#define CALL(_fn, _a, _b, _c)						\
	agent_call(&self->member, _fn, (long)(_a), (long)(_b), (long)(_c))

#define EXPECT_IPC(_id, _nshm, _shmbytes, _nsem, _nmsg, _msgbytes)	\
	do {								\
		__u32 _of = (_id);					\
									\
		EXPECT_EQ(_nshm, ctx_usage(_of, NSHM));			\
		EXPECT_EQ(_shmbytes, ctx_usage(_of, SHMBYTES));		\
		EXPECT_EQ(_nsem, ctx_usage(_of, NSEM));			\
		EXPECT_EQ(_nmsg, ctx_usage(_of, NMSG));			\
		EXPECT_EQ(_msgbytes, ctx_usage(_of, MSGBYTES));		\
	} while (0)

/* Shared memory */

TEST_F(ipc, nshm)
{
	struct limit limit;
	long id[2], page = self->page;

	EXPECT_EQ(0, ctx_set_limits(ID, "nshm hard 2"));
	id[0] = CALL(do_shmget, IPC_PRIVATE, page, IPC_CREAT);
	id[1] = CALL(do_shmget, IPC_PRIVATE, page, IPC_CREAT);
	ASSERT_LE(0, id[0]);
	ASSERT_LE(0, id[1]);
	EXPECT_EQ(-ENOSPC, CALL(do_shmget, IPC_PRIVATE, page, IPC_CREAT));
	EXPECT_EQ(-ENOSPC, CALL(do_shmget, 1, page, IPC_CREAT));
	/* The host is not refused. */
	EXPECT_LE(0, do_shmget(IPC_PRIVATE, page, IPC_CREAT));
	ASSERT_EQ(0, ctx_limit(ID, NSHM, &limit));
	EXPECT_EQ(2, limit.usage);
	EXPECT_EQ(2, limit.peak);
	EXPECT_EQ(2, limit.fail);
	EXPECT_EQ(2, ctx_number(ID, "events", "nshm.hard"));
	EXPECT_EQ(2 * page, ctx_usage(ID, SHMBYTES));

	EXPECT_EQ(0, CALL(do_shm_rmid, id[0], 0, 0));
	EXPECT_IPC(ID, 1, page, 0, 0, 0);
	/* At once: what is removed makes room, each time. */
	for (int i = 0; i < 20; i++) {
		id[0] = CALL(do_shmget, IPC_PRIVATE, page, IPC_CREAT);
		ASSERT_LE(0, id[0]);
		ASSERT_EQ(0, CALL(do_shm_rmid, id[0], 0, 0));
	}
	EXPECT_EQ(0, CALL(do_shm_rmid, id[1], 0, 0));
	EXPECT_IPC(ID, 0, 0, 0, 0, 0);
}

TEST_F(ipc, shmbytes)
{
	long id, page = self->page;
	struct limit limit;

	EXPECT_EQ(0, ctx_set_limits(ID, "shmbytes hard %ld", 3 * page));
	id = CALL(do_shmget, IPC_PRIVATE, page + 1, IPC_CREAT);
	ASSERT_LE(0, id);
	EXPECT_IPC(ID, 1, 2 * page, 0, 0, 0);
	EXPECT_EQ(-ENOSPC, CALL(do_shmget, IPC_PRIVATE, page + 1, IPC_CREAT));
	/* Whatever a sum with it would overflow to */
	EXPECT_EQ(-ENOSPC, CALL(do_shmget, IPC_PRIVATE, LONG_MAX / 2, IPC_CREAT));
	EXPECT_GT(0, CALL(do_shmget, IPC_PRIVATE, LONG_MAX, IPC_CREAT));
	EXPECT_GT(0, CALL(do_shmget, IPC_PRIVATE, -page, IPC_CREAT));
	EXPECT_GT(0, CALL(do_shmget, IPC_PRIVATE, -1, IPC_CREAT | SHM_HUGETLB));
	/* What was taken for it before it was refused is given back. */
	EXPECT_IPC(ID, 1, 2 * page, 0, 0, 0);
	EXPECT_LE(0, CALL(do_shmget, IPC_PRIVATE, 1, IPC_CREAT));
	EXPECT_EQ(-ENOSPC, CALL(do_shmget, IPC_PRIVATE, 1, IPC_CREAT));
	ASSERT_EQ(0, ctx_limit(ID, SHMBYTES, &limit));
	EXPECT_EQ(3 * page, limit.usage);
	EXPECT_EQ(3 * page, limit.peak);
	EXPECT_LE(3, limit.fail);
	EXPECT_EQ(0, ctx_fail(ID, NSHM));
	EXPECT_EQ(0, CALL(do_shm_rmid, id, 0, 0));
	EXPECT_IPC(ID, 1, page, 0, 0, 0);
}

/* Only who makes a segment is charged: who finds or attaches it is not. */
TEST_F(ipc, shm_is_its_makers)
{
	long id, page = self->page;

	id = CALL(do_shmget, 7, page, IPC_CREAT);
	ASSERT_LE(0, id);
	EXPECT_EQ(id, CALL(do_shmget, 7, page, IPC_CREAT));
	EXPECT_EQ(0, CALL(do_shmat, id, 0, 0));
	EXPECT_IPC(ID, 1, page, 0, 0, 0);
	EXPECT_EQ(-EEXIST, CALL(do_shmget, 7, page, IPC_CREAT | IPC_EXCL));
	EXPECT_EQ(-EINVAL, CALL(do_shmget, 8, 0, IPC_CREAT));
	EXPECT_IPC(ID, 1, page, 0, 0, 0);
	/* Removed, but attached: the memory is still there. */
	EXPECT_EQ(0, CALL(do_shm_rmid, id, 0, 0));
	EXPECT_IPC(ID, 1, page, 0, 0, 0);
	EXPECT_EQ(0, CALL(do_shmdt, 0, 0, 0));
	EXPECT_IPC(ID, 0, 0, 0, 0, 0);
}

/* Attached in another context when its maker is gone */
TEST_F(ipc, shm_attached_outside)
{
	struct agent second;
	long id, page = self->page;

	ASSERT_EQ(0, agent_start_in(&second, ID));
	id = CALL(do_shmget, IPC_PRIVATE, 5 * page, IPC_CREAT);
	ASSERT_LE(0, id);
	EXPECT_EQ(0, agent_call(&second, do_shmat, id, 0, 0));
	EXPECT_EQ(0, agent_call(&second, do_enter, VCTX_ID_NEW, 0, 0));
	EXPECT_EQ(0, CALL(do_shm_rmid, id, 0, 0));
	agent_stop(&self->member);
	EXPECT_IPC(ID, 1, 5 * page, 0, 0, 0);
	EXPECT_EQ(0, agent_call(&second, do_shmdt, 0, 0, 0));
	EXPECT_IPC(ID, 0, 0, 0, 0, 0);
	agent_stop(&second);
}

TEST_F(ipc, shm_rmid_forced)
{
	ASSERT_EQ(0, write_file("/proc/sys/kernel/shm_rmid_forced", "1", 1));
	EXPECT_LE(0, CALL(do_shmget, IPC_PRIVATE, self->page, IPC_CREAT));
	EXPECT_IPC(ID, 1, self->page, 0, 0, 0);
	agent_stop(&self->member);
	EXPECT_EQ(0, ctx_wait_usage(ID, NSHM, 0));
	EXPECT_EQ(0, ctx_wait_usage(ID, SHMBYTES, 0));
}

/* The other way round: it is forced when its maker is gone. */
TEST_F(ipc, shm_rmid_forced_later)
{
	EXPECT_LE(0, CALL(do_shmget, IPC_PRIVATE, self->page, IPC_CREAT));
	agent_stop(&self->member);
	EXPECT_EQ(1, ctx_usage(ID, NSHM));
	ASSERT_EQ(0, write_file("/proc/sys/kernel/shm_rmid_forced", "1", 1));
	EXPECT_EQ(0, ctx_wait_usage(ID, NSHM, 0));
	EXPECT_EQ(0, ctx_wait_usage(ID, SHMBYTES, 0));
}

static const char nr_hugepages[] = "/proc/sys/vm/nr_hugepages";

/* 0 if there are none */
static long huge_page_size(void)
{
	char buf[8192], *line;

	if (read_file("/proc/meminfo", buf, sizeof(buf)) < 0)
		return 0;
	line = strstr(buf, "Hugepagesize:");
	return line ? 1024 * atol(line + strlen("Hugepagesize:")) : 0;
}

TEST_F(ipc, shm_huge)
{
	long id, huge = huge_page_size();
	char before[32], buf[32];
	int len;

	len = read_file(nr_hugepages, before, sizeof(before));
	if (!huge || len <= 0)
		SKIP(return, "no huge pages");
	ASSERT_EQ(0, write_file(nr_hugepages, "2", 1));
	ASSERT_LT(0, read_file(nr_hugepages, buf, sizeof(buf)));
	if (atoi(buf) < 2) {
		write_file(nr_hugepages, before, len);
		SKIP(return, "no memory for huge pages");
	}

	EXPECT_EQ(0, ctx_set_limits(ID, "shmbytes hard %ld", 2 * huge));
	id = CALL(do_shmget, IPC_PRIVATE, 1, IPC_CREAT | SHM_HUGETLB);
	EXPECT_LE(0, id);
	EXPECT_IPC(ID, 1, huge, 0, 0, 0);
	EXPECT_EQ(-ENOSPC, CALL(do_shmget, IPC_PRIVATE, huge + 1,
				IPC_CREAT | SHM_HUGETLB));
	EXPECT_IPC(ID, 1, huge, 0, 0, 0);
	/* There are no pages for it. */
	EXPECT_EQ(0, ctx_set_limits(ID, "shmbytes hard max"));
	EXPECT_EQ(-ENOMEM, CALL(do_shmget, IPC_PRIVATE, 100 * huge,
				IPC_CREAT | SHM_HUGETLB));
	/* There are no pages of this size. */
	EXPECT_GT(0, CALL(do_shmget, IPC_PRIVATE, 1,
			  IPC_CREAT | SHM_HUGETLB | 13 << 26));
	EXPECT_IPC(ID, 1, huge, 0, 0, 0);
	EXPECT_EQ(0, CALL(do_shm_rmid, id, 0, 0));
	EXPECT_IPC(ID, 0, 0, 0, 0, 0);
	EXPECT_EQ(0, write_file(nr_hugepages, before, len));
}

/* Semaphores */

TEST_F(ipc, nsem)
{
	struct limit limit;
	long id[2];

	EXPECT_EQ(0, ctx_set_limits(ID, "nsem hard 5"));
	id[0] = CALL(do_semget, IPC_PRIVATE, 3, IPC_CREAT);
	ASSERT_LE(0, id[0]);
	EXPECT_IPC(ID, 0, 0, 3, 0, 0);
	EXPECT_EQ(-ENOSPC, CALL(do_semget, IPC_PRIVATE, 3, IPC_CREAT));
	EXPECT_LE(0, do_semget(IPC_PRIVATE, 3, IPC_CREAT));
	id[1] = CALL(do_semget, 9, 2, IPC_CREAT);
	ASSERT_LE(0, id[1]);
	EXPECT_EQ(id[1], CALL(do_semget, 9, 2, IPC_CREAT));
	EXPECT_EQ(-ENOSPC, CALL(do_semget, IPC_PRIVATE, 1, IPC_CREAT));
	ASSERT_EQ(0, ctx_limit(ID, NSEM, &limit));
	EXPECT_EQ(5, limit.usage);
	EXPECT_EQ(5, limit.peak);
	EXPECT_EQ(2, limit.fail);

	EXPECT_EQ(0, CALL(do_sem_rmid, id[0], 0, 0));
	EXPECT_IPC(ID, 0, 0, 2, 0, 0);
	EXPECT_LE(0, CALL(do_semget, IPC_PRIVATE, 3, IPC_CREAT));
	EXPECT_EQ(0, CALL(do_sem_rmid, id[1], 0, 0));
	EXPECT_IPC(ID, 0, 0, 3, 0, 0);
}

/* Message queues */

TEST_F(ipc, nmsg)
{
	struct limit limit;
	long id, mq;

	EXPECT_EQ(0, ctx_set_limits(ID, "nmsg hard 2"));
	id = CALL(do_msgget, IPC_PRIVATE, IPC_CREAT, 0);
	ASSERT_LE(0, id);
	mq = CALL(do_mq_open, mq_a, 1, 1);
	ASSERT_LE(0, mq);
	EXPECT_EQ(-ENOSPC, CALL(do_msgget, IPC_PRIVATE, IPC_CREAT, 0));
	EXPECT_EQ(-ENOSPC, CALL(do_mq_open, mq_b, 1, 1));
	EXPECT_LE(0, do_msgget(IPC_PRIVATE, IPC_CREAT, 0));
	ASSERT_EQ(0, ctx_limit(ID, NMSG, &limit));
	EXPECT_EQ(2, limit.usage);
	EXPECT_EQ(2, limit.peak);
	EXPECT_EQ(2, limit.fail);

	EXPECT_EQ(0, CALL(do_msg_rmid, id, 0, 0));
	EXPECT_IPC(ID, 0, 0, 0, 1, 0);
	EXPECT_LE(0, CALL(do_mq_open, mq_b, 1, 1));
	EXPECT_EQ(-ENOSPC, CALL(do_msgget, 5, IPC_CREAT, 0));
	EXPECT_EQ(0, CALL(do_mq_unlink, mq_a, 0, 0));
	EXPECT_EQ(0, CALL(do_close, mq, 0, 0));
	EXPECT_IPC(ID, 0, 0, 0, 1, 0);
	EXPECT_LE(0, CALL(do_msgget, 5, IPC_CREAT, 0));
}

enum msg_figure { QNUM, CBYTES, LSPID };

/* A figure of a queue of the caller's context */
static long do_msg_figure(long id, long what, long c)
{
	struct msqid_ds ds;

	if (msgctl(id, IPC_STAT, &ds))
		return -errno;
	return what == QNUM ? (long)ds.msg_qnum :
	       what == CBYTES ? (long)ds.__msg_cbytes : ds.msg_lspid;
}

static long do_msg_qbytes(long id, long bytes, long c)
{
	struct msqid_ds ds;

	if (msgctl(id, IPC_STAT, &ds))
		return -errno;
	ds.msg_qbytes = bytes;
	return msgctl(id, IPC_SET, &ds) ? -errno : 0;
}

TEST_F(ipc, msgbytes)
{
	struct limit limit;
	struct agent other;
	long id, from;

	EXPECT_EQ(0, ctx_set_limits(ID, "msgbytes hard 150"));
	id = CALL(do_msgget, IPC_PRIVATE, IPC_CREAT, 0);
	ASSERT_LE(0, id);
	EXPECT_EQ(0, CALL(do_msgsnd, id, 100, 0));
	EXPECT_IPC(ID, 0, 0, 0, 1, 100);

	/* Refused, whether it may wait or not; nothing has been sent. */
	from = CALL(do_msg_figure, id, LSPID, 0);
	EXPECT_LT(0, from);
	ASSERT_EQ(0, agent_start_in(&other, ID));
	EXPECT_EQ(-ENOSPC, CALL(do_msgsnd, id, 51, IPC_NOWAIT));
	EXPECT_EQ(-ENOSPC, CALL(do_msgsnd, id, 51, 0));
	EXPECT_EQ(-ENOSPC, agent_call(&other, do_msgsnd, id, 51, 0));
	EXPECT_EQ(from, CALL(do_msg_figure, id, LSPID, 0));
	EXPECT_EQ(1, CALL(do_msg_figure, id, QNUM, 0));
	EXPECT_EQ(100, CALL(do_msg_figure, id, CBYTES, 0));
	agent_stop(&other);
	ASSERT_EQ(0, ctx_limit(ID, MSGBYTES, &limit));
	EXPECT_EQ(100, limit.usage);
	EXPECT_EQ(3, limit.fail);

	EXPECT_EQ(0, CALL(do_msgsnd, id, 50, 0));
	EXPECT_EQ(0, CALL(do_msgsnd, id, 0, 0));
	EXPECT_EQ(-ENOSPC, CALL(do_msgsnd, id, 1, 0));
	EXPECT_IPC(ID, 0, 0, 0, 1, 150);
	/* A copy leaves the message where it is. */
	EXPECT_EQ(100, CALL(do_msgrcv, id, MSG_COPY | IPC_NOWAIT, 0));
	EXPECT_IPC(ID, 0, 0, 0, 1, 150);
	EXPECT_EQ(100, CALL(do_msgrcv, id, 0, 0));
	EXPECT_IPC(ID, 0, 0, 0, 1, 50);
	EXPECT_EQ(0, CALL(do_msgsnd, id, 99, 0));
	EXPECT_EQ(150, ctx_peak(ID, MSGBYTES));
	/* With what is in it */
	EXPECT_EQ(0, CALL(do_msg_rmid, id, 0, 0));
	EXPECT_IPC(ID, 0, 0, 0, 0, 0);
}

/* The limit of the queue comes first: who may wait, waits. */
TEST_F(ipc, msg_full_queue)
{
	struct agent other;
	long id;

	ASSERT_EQ(0, agent_start_in(&other, ID));
	id = CALL(do_msgget, IPC_PRIVATE, IPC_CREAT, 0);
	ASSERT_LE(0, id);
	ASSERT_EQ(0, CALL(do_msg_qbytes, id, 100, 0));
	EXPECT_EQ(0, ctx_set_limits(ID, "msgbytes hard 100"));
	EXPECT_EQ(0, CALL(do_msgsnd, id, 60, 0));
	EXPECT_EQ(-EAGAIN, CALL(do_msgsnd, id, 60, IPC_NOWAIT));
	EXPECT_EQ(0, ctx_fail(ID, MSGBYTES));
	ASSERT_EQ(0, agent_ask(&self->member, do_msgsnd, id, 60, 0));
	sleep_ms(50);
	EXPECT_EQ(60, agent_call(&other, do_msgrcv, id, 0, 0));
	EXPECT_EQ(0, agent_answer(&self->member));
	EXPECT_IPC(ID, 0, 0, 0, 1, 60);
	/* One that waits when the queue goes */
	ASSERT_EQ(0, agent_ask(&self->member, do_msgsnd, id, 60, 0));
	sleep_ms(50);
	EXPECT_EQ(0, agent_call(&other, do_msg_rmid, id, 0, 0));
	agent_stop(&other);
	EXPECT_EQ(-EIDRM, agent_answer(&self->member));
	EXPECT_IPC(ID, 0, 0, 0, 0, 0);
}

/* A message that a receiver waits for is never in the queue. */
TEST_F(ipc, msg_receiver_waits)
{
	struct agent sender;
	long id;

	ASSERT_EQ(0, agent_start_in(&sender, ID));
	id = CALL(do_msgget, IPC_PRIVATE, IPC_CREAT, 0);
	ASSERT_LE(0, id);
	EXPECT_EQ(0, ctx_set_limits(ID, "msgbytes hard 0"));
	EXPECT_EQ(-ENOSPC, CALL(do_msgsnd, id, 100, 0));
	ASSERT_EQ(0, agent_ask(&self->member, do_msgrcv, id, 0, 0));
	EXPECT_TRUE(WAIT_UNTIL(agent_call(&sender, do_msgsnd, id, 100, 0) == 0));
	agent_stop(&sender);
	EXPECT_EQ(100, agent_answer(&self->member));
	EXPECT_EQ(0, ctx_peak(ID, MSGBYTES));
	EXPECT_IPC(ID, 0, 0, 0, 1, 0);
}

/* POSIX message queues */

TEST_F(ipc, mqbytes)
{
	struct limit limit;
	long mq[2], bytes;

	mq[0] = CALL(do_mq_open, mq_a, 4, 100);
	ASSERT_LE(0, mq[0]);
	bytes = ctx_usage(ID, MQBYTES);
	EXPECT_LT(400, bytes);
	/* All that it may take is taken when it is made. */
	EXPECT_EQ(0, CALL(do_mq_send, mq[0], 100, 0));
	EXPECT_EQ(bytes, ctx_usage(ID, MQBYTES));
	EXPECT_IPC(ID, 0, 0, 0, 1, 0);

	EXPECT_EQ(0, ctx_set_limits(ID, "mqbytes hard %ld", 2 * bytes));
	mq[1] = CALL(do_mq_open, mq_b, 4, 100);
	ASSERT_LE(0, mq[1]);
	EXPECT_EQ(-EMFILE, CALL(do_mq_open, mq_c, 1, 1));
	EXPECT_LE(0, do_mq_open((long)mq_c, 1, 1));
	ASSERT_EQ(0, ctx_limit(ID, MQBYTES, &limit));
	EXPECT_EQ(2 * bytes, limit.usage);
	EXPECT_EQ(2 * bytes, limit.peak);
	EXPECT_EQ(1, limit.fail);
	EXPECT_EQ(2, ctx_usage(ID, NMSG));
	EXPECT_EQ(0, ctx_fail(ID, NMSG));

	/* Gone when it has neither a name nor a description */
	EXPECT_EQ(0, CALL(do_mq_unlink, mq_a, 0, 0));
	EXPECT_EQ(2 * bytes, ctx_usage(ID, MQBYTES));
	EXPECT_EQ(0, CALL(do_close, mq[0], 0, 0));
	EXPECT_EQ(bytes, ctx_wait_usage(ID, MQBYTES, bytes));
	EXPECT_EQ(0, CALL(do_close, mq[1], 0, 0));
	EXPECT_EQ(bytes, ctx_usage(ID, MQBYTES));
	EXPECT_EQ(0, CALL(do_mq_unlink, mq_b, 0, 0));
	EXPECT_EQ(0, ctx_wait_usage(ID, MQBYTES, 0));
	EXPECT_EQ(0, ctx_usage(ID, NMSG));
}

/* Unlinked, and the host has the last description. */
TEST_F(ipc, mq_passed)
{
	long mq, bytes, ours;

	mq = CALL(do_mq_open, mq_a, 4, 100);
	ASSERT_LE(0, mq);
	bytes = ctx_usage(ID, MQBYTES);
	ours = agent_take_fd(&self->member, mq);
	ASSERT_LE(0, ours);
	EXPECT_EQ(0, CALL(do_mq_unlink, mq_a, 0, 0));
	agent_stop(&self->member);
	EXPECT_EQ(bytes, ctx_usage(ID, MQBYTES));
	EXPECT_EQ(1, ctx_usage(ID, NMSG));
	EXPECT_EQ(0, close(ours));
	EXPECT_EQ(0, ctx_wait_usage(ID, MQBYTES, 0));
	EXPECT_EQ(0, ctx_usage(ID, NMSG));
}

/* Creation fails after the charge */

static int set_sysctl(const char *name, const char *value)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	return write_file(path, value, strlen(value));
}

TEST_F(ipc, no_id_is_left)
{
	ASSERT_EQ(0, CALL(do_make_objects, 0, 0, 0));
	EXPECT_IPC(ID, 1, self->page, 3, 2, 100);
	ASSERT_EQ(0, set_sysctl("kernel/shmmni", "1"));
	ASSERT_EQ(0, set_sysctl("kernel/msgmni", "1"));
	ASSERT_EQ(0, set_sysctl("kernel/sem", "250 32000 32 1"));
	EXPECT_EQ(-ENOSPC, CALL(do_shmget, IPC_PRIVATE, 1, IPC_CREAT));
	EXPECT_EQ(-ENOSPC, CALL(do_shmget, 5, 1, IPC_CREAT));
	EXPECT_EQ(-ENOSPC, CALL(do_semget, IPC_PRIVATE, 1, IPC_CREAT));
	EXPECT_EQ(-ENOSPC, CALL(do_msgget, IPC_PRIVATE, IPC_CREAT, 0));
	EXPECT_IPC(ID, 1, self->page, 3, 2, 100);
	EXPECT_EQ(0, ctx_fail(ID, NSHM));
	EXPECT_EQ(0, ctx_fail(ID, NSEM));
	EXPECT_EQ(0, ctx_fail(ID, NMSG));
	EXPECT_EQ(0, CALL(do_remove_objects, 0, 0, 0));
	EXPECT_EQ(0, ctx_wait_usage(ID, MQBYTES, 0));
	EXPECT_IPC(ID, 0, 0, 0, 0, 0);
}

TEST_F(ipc, mq_is_not_made)
{
	long bytes;

	ASSERT_EQ(0, CALL(do_make_objects, 0, 0, 0));
	bytes = ctx_usage(ID, MQBYTES);
	EXPECT_EQ(-EINVAL, CALL(do_mq_open, mq_b, 1, -1));
	EXPECT_EQ(-EINVAL, CALL(do_mq_open, mq_b, 1 << 30, 1));
	EXPECT_EQ(0, CALL(do_clear_sys_resource, 0, 0, 0));
	ASSERT_EQ(0, set_sysctl("fs/mqueue/queues_max", "1"));
	EXPECT_EQ(-ENOSPC, CALL(do_mq_open, mq_b, 1, 1));
	ASSERT_EQ(0, set_sysctl("fs/mqueue/queues_max", "10"));
	EXPECT_EQ(0, CALL(do_set_rlimit, RLIMIT_MSGQUEUE, 0, 0));
	EXPECT_EQ(-EMFILE, CALL(do_mq_open, mq_b, 1, 1));
	EXPECT_EQ(bytes, ctx_usage(ID, MQBYTES));
	EXPECT_EQ(2, ctx_usage(ID, NMSG));
	EXPECT_EQ(0, ctx_fail(ID, MQBYTES));
	EXPECT_EQ(0, ctx_fail(ID, NMSG));
}

/* Objects outlive their makers */

TEST_F(ipc, outlives_members)
{
	long bytes;

	ASSERT_EQ(0, CALL(do_make_objects, 0, 0, 0));
	bytes = ctx_usage(ID, MQBYTES);
	EXPECT_LT(0, bytes);
	agent_stop(&self->member);
	EXPECT_EQ(0, ctx_wait_usage(ID, NPROC, 0));
	EXPECT_IPC(ID, 1, self->page, 3, 2, 100);
	EXPECT_EQ(bytes, ctx_usage(ID, MQBYTES));
	/* Others, in the same context, remove them. */
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
	EXPECT_EQ(0, CALL(do_remove_others_objects, 0, 0, 0));
	EXPECT_EQ(0, ctx_wait_usage(ID, MQBYTES, 0));
	EXPECT_IPC(ID, 0, 0, 0, 0, 0);
}

/*
 * A context that is gone: what it has left is nobody's, until the host's
 * administrator removes it.  Its queues have gone with it.
 */
TEST_F(ipc, outlives_a_static_context)
{
	ASSERT_EQ(0, CALL(do_make_objects, 0, 0, 0));
	agent_stop(&self->member);
	EXPECT_TRUE(WAIT_UNTIL(ctx_rmdir(ID) != -EBUSY));
	EXPECT_FALSE(ctx_exists(ID));
	EXPECT_EQ(-EINVAL, do_msgsnd(objects->msg, 1, 0));
	/* Another one of the same number has nothing to do with it. */
	EXPECT_EQ(0, ctx_mkdir(ID));
	EXPECT_IPC(ID, 0, 0, 0, 0, 0);
	ASSERT_EQ(0, agent_start_in(&self->member, ID));
	EXPECT_EQ(-EINVAL, CALL(do_msgsnd, objects->msg, 1, 0));
	EXPECT_EQ(-ENOENT, CALL(do_mq_unlink, mq_a, 0, 0));
	EXPECT_EQ(0, remove_sysv_objects());
	EXPECT_IPC(ID, 0, 0, 0, 0, 0);
}

TEST_F(ipc, outlives_a_dynamic_context)
{
	struct agent dynamic;
	long id;

	ASSERT_EQ(0, agent_start(&dynamic));
	ASSERT_EQ(0, agent_call(&dynamic, do_enter, VCTX_ID_NEW, 0, 0));
	id = agent_call(&dynamic, do_self_id, 0, 0, 0);
	ASSERT_LT(VCTX_ID_STATIC_MAX, id);
	ASSERT_EQ(0, agent_call(&dynamic, do_make_objects, 0, 0, 0));
	EXPECT_IPC(id, 1, self->page, 3, 2, 100);
	agent_stop(&dynamic);
	EXPECT_TRUE(WAIT_UNTIL(!ctx_exists(id)));
	EXPECT_EQ(-EINVAL, do_msgrcv(objects->msg, IPC_NOWAIT, 0));
	EXPECT_EQ(0, remove_sysv_objects());
}

/* With a namespace, all that is in it goes. */
TEST_F(ipc, namespace_ends)
{
	EXPECT_EQ(0, CALL(do_unshare, CLONE_NEWIPC, 0, 0));
	ASSERT_EQ(0, CALL(do_make_objects, 0, 0, 0));
	EXPECT_EQ(0, CALL(do_shmat, objects->shm, 0, 0));
	EXPECT_IPC(ID, 1, self->page, 3, 2, 100);
	agent_stop(&self->member);
	EXPECT_EQ(0, ctx_wait_usage(ID, NSHM, 0));
	EXPECT_EQ(0, ctx_wait_usage(ID, NMSG, 0));
	EXPECT_EQ(0, ctx_wait_usage(ID, MQBYTES, 0));
	EXPECT_IPC(ID, 0, 0, 0, 0, 0);
}

/* The hierarchy, and neighbours */

TEST_F(ipc, nested)
{
	struct agent child;
	long bytes, id;

	ASSERT_EQ(0, agent_start_in(&child, ID));
	ASSERT_EQ(0, agent_call(&child, do_enter, VCTX_ID_NEW, 0, 0));
	id = agent_call(&child, do_self_id, 0, 0, 0);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, agent_call(&child, do_make_objects, 0, 0, 0));
	bytes = ctx_usage(id, MQBYTES);
	EXPECT_LT(0, bytes);
	EXPECT_EQ(bytes, ctx_usage(ID, MQBYTES));
	EXPECT_IPC(id, 1, self->page, 3, 2, 100);
	EXPECT_IPC(ID, 1, self->page, 3, 2, 100);

	/* Refused above: nothing stays charged below. */
	EXPECT_EQ(0, ctx_set_limits(ID, "nshm hard 1 nsem hard 3 nmsg hard 2 msgbytes hard 100"));
	EXPECT_EQ(-ENOSPC, agent_call(&child, do_shmget, IPC_PRIVATE, 1, IPC_CREAT));
	EXPECT_EQ(-ENOSPC, agent_call(&child, do_semget, IPC_PRIVATE, 1, IPC_CREAT));
	EXPECT_EQ(-ENOSPC, agent_call(&child, do_msgget, IPC_PRIVATE, IPC_CREAT, 0));
	EXPECT_EQ(-ENOSPC, agent_call(&child, do_mq_open, (long)mq_b, 1, 1));
	EXPECT_EQ(-ENOSPC, agent_call(&child, do_msgsnd, objects->msg, 1, 0));
	EXPECT_EQ(0, ctx_set_limits(ID, "nshm hard max nmsg hard max"));
	EXPECT_EQ(0, ctx_set_limits(ID, "shmbytes hard %ld mqbytes hard %ld",
				    self->page, bytes));
	EXPECT_EQ(-ENOSPC, agent_call(&child, do_shmget, IPC_PRIVATE, 1, IPC_CREAT));
	EXPECT_EQ(-EMFILE, agent_call(&child, do_mq_open, (long)mq_b, 1, 1));
	EXPECT_IPC(id, 1, self->page, 3, 2, 100);
	EXPECT_IPC(ID, 1, self->page, 3, 2, 100);
	EXPECT_EQ(bytes, ctx_usage(id, MQBYTES));

	/* A sibling of what is refused has its own account. */
	EXPECT_EQ(0, ctx_set_limits(ID, "nshm hard max shmbytes hard max"));
	EXPECT_EQ(0, ctx_set_limits(id, "nshm hard 1"));
	EXPECT_EQ(-ENOSPC, agent_call(&child, do_shmget, IPC_PRIVATE, 1, IPC_CREAT));
	EXPECT_LE(0, CALL(do_shmget, IPC_PRIVATE, 1, IPC_CREAT));
	EXPECT_EQ(2, ctx_usage(ID, NSHM));
	EXPECT_EQ(1, ctx_usage(id, NSHM));

	EXPECT_EQ(0, agent_call(&child, do_remove_objects, 0, 0, 0));
	EXPECT_EQ(0, ctx_wait_usage(id, MQBYTES, 0));
	EXPECT_IPC(id, 0, 0, 0, 0, 0);
	EXPECT_EQ(0, ctx_usage(ID, MQBYTES));
	agent_stop(&child);
}

/* Who enters another context leaves what it has made to the old one. */
TEST_F(ipc, maker_enters_another)
{
	struct agent other;
	long id;

	ASSERT_EQ(0, CALL(do_make_objects, 0, 0, 0));
	EXPECT_EQ(0, CALL(do_enter, VCTX_ID_NEW, 0, 0));
	id = CALL(do_self_id, 0, 0, 0);
	ASSERT_LT(0, id);
	EXPECT_IPC(ID, 1, self->page, 3, 2, 100);
	EXPECT_IPC(id, 0, 0, 0, 0, 0);
	EXPECT_EQ(0, ctx_usage(id, MQBYTES));
	EXPECT_EQ(-EINVAL, CALL(do_shm_rmid, objects->shm, 0, 0));
	EXPECT_EQ(-ENOENT, CALL(do_mq_unlink, mq_a, 0, 0));
	ASSERT_EQ(0, agent_start_in(&other, ID));
	EXPECT_EQ(0, agent_call(&other, do_remove_others_objects, 0, 0, 0));
	agent_stop(&other);
	EXPECT_EQ(0, CALL(do_close, objects->mq, 0, 0));
	EXPECT_EQ(0, ctx_wait_usage(ID, MQBYTES, 0));
	EXPECT_IPC(ID, 0, 0, 0, 0, 0);
	EXPECT_IPC(id, 0, 0, 0, 0, 0);
}

TEST_F(ipc, neighbour)
{
	struct agent other;

	EXPECT_EQ(0, ctx_set_limits(ID, "nshm hard 0 shmbytes hard 0 nsem hard 0"));
	EXPECT_EQ(0, ctx_set_limits(ID, "nmsg hard 0 msgbytes hard 0 mqbytes hard 0"));
	EXPECT_EQ(-EIO, CALL(do_make_objects, 0, 0, 0));
	ASSERT_EQ(0, ctx_mkdir(OTHER));
	ASSERT_EQ(0, agent_start_in(&other, OTHER));
	EXPECT_EQ(0, agent_call(&other, do_make_objects, 0, 0, 0));
	EXPECT_IPC(OTHER, 1, self->page, 3, 2, 100);
	EXPECT_IPC(ID, 0, 0, 0, 0, 0);
	EXPECT_EQ(0, agent_call(&other, do_remove_objects, 0, 0, 0));
	EXPECT_EQ(0, ctx_wait_usage(OTHER, MQBYTES, 0));
	EXPECT_IPC(OTHER, 0, 0, 0, 0, 0);
	agent_stop(&other);
	EXPECT_EQ(0, make_objects());
	EXPECT_EQ(0, remove_objects());
	EXPECT_IPC(ID, 0, 0, 0, 0, 0);
}

/*
 * Isolation: what is another context's is not there, whoever looks from where.
 * Each of host, member and stranger has its own of everything, by one name.
 */

#define KEY	0x76637478

static long do_keyed(long which, long flags, long c)
{
	switch (which) {
	case 0:
		return do_shmget(KEY, 4096, flags);
	case 1:
		return do_semget(KEY, 1, flags);
	default:
		return do_msgget(KEY, flags, 0);
	}
}

static long do_rmid(long which, long id, long c)
{
	return which == 0 ? do_shm_rmid(id, 0, 0) :
	       which == 1 ? do_sem_rmid(id, 0, 0) : do_msg_rmid(id, 0, 0);
}

/* IPC_STAT, or by index */
static long do_stat(long which, long id, long by_index)
{
	struct shmid_ds shm;
	struct msqid_ds msg;
	struct semid_ds sem;
	union {
		int val;
		struct semid_ds *buf;
	} arg = { .buf = &sem };
	int ret;

	if (which == 0)
		ret = shmctl(id, by_index ? SHM_STAT : IPC_STAT, &shm);
	else if (which == 1)
		ret = semctl(id, 0, by_index ? SEM_STAT : IPC_STAT, arg);
	else
		ret = msgctl(id, by_index ? MSG_STAT : IPC_STAT, &msg);
	return ret < 0 ? -errno : ret;
}

static long do_set_mode(long which, long id, long c)
{
	struct shmid_ds shm = { .shm_perm.mode = 0666 };
	struct msqid_ds msg = { .msg_perm.mode = 0666, .msg_qbytes = 1 };
	struct semid_ds sem = { .sem_perm.mode = 0666 };
	union {
		int val;
		struct semid_ds *buf;
	} arg = { .buf = &sem };
	int ret;

	if (which == 0)
		ret = shmctl(id, IPC_SET, &shm);
	else if (which == 1)
		ret = semctl(id, 0, IPC_SET, arg);
	else
		ret = msgctl(id, IPC_SET, &msg);
	return ret < 0 ? -errno : ret;
}

static long do_sem_undo(long id, long op, long c)
{
	struct sembuf sembuf = { .sem_op = op, .sem_flg = SEM_UNDO | IPC_NOWAIT };

	return semop(id, &sembuf, 1) ? -errno : 0;
}

static long do_sem_getval(long id, long b, long c)
{
	union semun arg = {};
	int ret = semctl(id, 0, GETVAL, arg);

	return ret < 0 ? -errno : ret;
}

/* How the objects of each kind are used */
static long do_use(long which, long id, long c)
{
	if (which == 0)
		return do_shmat(id, 0, 0) ?: do_shmdt(0, 0, 0);
	if (which == 1)
		return do_sem_undo(id, 1, 0);
	return do_msgsnd(id, 1, IPC_NOWAIT);
}

/* How many objects /proc/sysvipc lists */
static long do_listed(long which, long b, long c)
{
	static const char *const path[] = {
		"/proc/sysvipc/shm", "/proc/sysvipc/sem", "/proc/sysvipc/msg",
	};
	char buf[8192], *p;
	long n = -1;

	if (read_file(path[which], buf, sizeof(buf)) < 0)
		return -EIO;
	for (p = buf; (p = strchr(p, '\n')); p++)
		n++;
	return n;
}

TEST_F(ipc, sysv_keys)
{
	struct agent other;
	int which;

	ASSERT_EQ(0, ctx_mkdir(OTHER));
	ASSERT_EQ(0, agent_start_in(&other, OTHER));
	for (which = 0; which < 3; which++) {
		long hosts, members, others;

		hosts = do_keyed(which, IPC_CREAT | IPC_EXCL, 0);
		ASSERT_LE(0, hosts);
		/*
		 * Attempt: shmget(2), semget(2), msgget(2) with a key of the
		 * host
		 */
		EXPECT_EQ(-ENOENT, CALL(do_keyed, which, 0, 0));
		members = CALL(do_keyed, which, IPC_CREAT | IPC_EXCL, 0);
		ASSERT_LE(0, members);
		EXPECT_EQ(-ENOENT, agent_call(&other, do_keyed, which, 0, 0));
		others = agent_call(&other, do_keyed, which, IPC_CREAT | IPC_EXCL, 0);
		ASSERT_LE(0, others);

		/* Each finds its own. */
		EXPECT_EQ(hosts, do_keyed(which, 0, 0));
		EXPECT_EQ(members, CALL(do_keyed, which, IPC_CREAT, 0));
		EXPECT_EQ(others, agent_call(&other, do_keyed, which, 0, 0));
		EXPECT_EQ(-EEXIST, CALL(do_keyed, which, IPC_CREAT | IPC_EXCL, 0));

		/* Removed by one, there for the others */
		EXPECT_EQ(0, do_rmid(which, hosts, 0));
		EXPECT_EQ(-ENOENT, do_keyed(which, 0, 0));
		EXPECT_EQ(members, CALL(do_keyed, which, 0, 0));
		EXPECT_EQ(0, CALL(do_rmid, which, members, 0));
		EXPECT_EQ(-ENOENT, CALL(do_keyed, which, 0, 0));
		EXPECT_EQ(0, agent_call(&other, do_rmid, which, others, 0));
	}
	agent_stop(&other);
}

/* More of one key than a chain of the hash table is long */
TEST_F(ipc, sysv_popular_key)
{
	struct agent agent[40];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(agent); i++) {
		ASSERT_EQ(0, agent_start(&agent[i]));
		ASSERT_EQ(0, agent_call(&agent[i], do_enter, VCTX_ID_NEW, 0, 0));
		ASSERT_LE(0, agent_call(&agent[i], do_keyed, 2, IPC_CREAT | IPC_EXCL, 0));
	}
	for (i = 0; i < ARRAY_SIZE(agent); i++) {
		long id = agent_call(&agent[i], do_keyed, 2, 0, 0);

		EXPECT_LE(0, id);
		EXPECT_EQ(0, agent_call(&agent[i], do_rmid, 2, id, 0));
		agent_stop(&agent[i]);
	}
}

TEST_F(ipc, sysv_ids)
{
	struct agent watcher;
	int which;

	ASSERT_EQ(0, agent_start_in(&watcher, VCTX_ID_WATCHER));
	for (which = 0; which < 3; which++) {
		long hosts = do_keyed(which, IPC_CREAT, 0);
		long members = CALL(do_keyed, which, IPC_CREAT, 0);

		ASSERT_LE(0, hosts);
		ASSERT_LE(0, members);
		EXPECT_EQ(0, CALL(do_stat, which, members, false));
		EXPECT_EQ(0, CALL(do_use, which, members, 0));
		/* Attempt: /proc/sysvipc => objects of others are not listed */
		EXPECT_EQ(1, CALL(do_listed, which, 0, 0));
		EXPECT_EQ(1, do_listed(which, 0, 0));

		/* The index is in the low bits. */
		/* Attempt: IPC_STAT of an object of the host */
		EXPECT_EQ(-EINVAL, CALL(do_stat, which, hosts, false));
		/* Attempt: SHM_STAT, SEM_STAT, MSG_STAT: the same by index */
		EXPECT_EQ(-EINVAL, CALL(do_stat, which, hosts & 0x7fff, true));
		/*
		 * Attempt: shmat(2), semop(2), msgsnd(2) with an object of
		 * the host
		 */
		EXPECT_EQ(-EINVAL, CALL(do_use, which, hosts, 0));
		/* Attempt: IPC_SET of an object of the host */
		EXPECT_EQ(-EINVAL, CALL(do_set_mode, which, hosts, 0));
		/* Attempt: IPC_RMID of an object of the host */
		EXPECT_EQ(-EINVAL, CALL(do_rmid, which, hosts, 0));
		EXPECT_EQ(members, CALL(do_stat, which, members & 0x7fff, true));

		/* The watcher lists all, and uses none. */
		EXPECT_EQ(2, agent_call(&watcher, do_listed, which, 0, 0));
		EXPECT_EQ(members, agent_call(&watcher, do_stat, which,
					      members & 0x7fff, true));
		EXPECT_EQ(-EINVAL, agent_call(&watcher, do_stat, which, members, false));
		EXPECT_EQ(-EINVAL, agent_call(&watcher, do_use, which, members, 0));
		EXPECT_EQ(-EINVAL, agent_call(&watcher, do_rmid, which, members, 0));

		/* The host's administrator may remove it, and nothing else. */
		EXPECT_EQ(-EINVAL, do_stat(which, members, false));
		EXPECT_EQ(-EINVAL, do_use(which, members, 0));
		EXPECT_EQ(-EINVAL, do_set_mode(which, members, 0));
		EXPECT_EQ(0, do_rmid(which, members, 0));
		EXPECT_EQ(-EINVAL, CALL(do_stat, which, members, false));
		EXPECT_EQ(0, do_rmid(which, hosts, 0));
	}
	agent_stop(&watcher);
}

/* The mode bits do not tell that there is one: nor does it without privilege. */
TEST_F(ipc, sysv_ids_unprivileged)
{
	long id = do_keyed(0, IPC_CREAT, 0), gone = do_shmget(IPC_PRIVATE, 1, IPC_CREAT);

	ASSERT_LE(0, id);
	ASSERT_LE(0, gone);
	ASSERT_EQ(0, do_shm_rmid(gone, 0, 0));
	ASSERT_EQ(0, CALL(do_become_nobody, 0, 0, 0));
	EXPECT_EQ(-EINVAL, CALL(do_shmat, id, 0, 0));
	EXPECT_EQ(-EINVAL, CALL(do_shmat, gone, 0, 0));
	EXPECT_EQ(-EINVAL, CALL(do_shm_rmid, id, 0, 0));
	EXPECT_EQ(-ENOENT, CALL(do_keyed, 0, 0, 0));
	EXPECT_EQ(0, do_shm_rmid(id, 0, 0));
}

/* What is to be undone at exit is, also of before entry. */
TEST_F(ipc, sem_undo_of_before)
{
	struct agent agent;
	long id = do_keyed(1, IPC_CREAT, 0);

	ASSERT_LE(0, id);
	ASSERT_EQ(0, agent_start(&agent));
	EXPECT_EQ(0, agent_call(&agent, do_sem_undo, id, 3, 0));
	EXPECT_EQ(3, do_sem_getval(id, 0, 0));
	EXPECT_EQ(0, agent_call(&agent, do_enter, VCTX_ID_NEW, 0, 0));
	/*
	 * Attempt: semop(2) with a set of the host that it has used before
	 * entry
	 */
	EXPECT_EQ(-EINVAL, agent_call(&agent, do_sem_undo, id, 1, 0));
	agent_stop(&agent);
	EXPECT_TRUE(WAIT_UNTIL(do_sem_getval(id, 0, 0) == 0));
	EXPECT_EQ(0, do_sem_rmid(id, 0, 0));
}

/* Attached before entry: it stays, and a child has it, too. */
static long do_touch_attached(long a, long b, long c)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid) {
		(*(volatile char *)attached)++;
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return status ?: *(volatile char *)attached;
}

TEST_F(ipc, shm_of_before)
{
	struct agent agent;
	long id = do_shmget(IPC_PRIVATE, 4096, IPC_CREAT);

	ASSERT_LE(0, id);
	ASSERT_EQ(0, agent_start(&agent));
	EXPECT_EQ(0, agent_call(&agent, do_shmat, id, 0, 0));
	EXPECT_EQ(0, agent_call(&agent, do_enter, VCTX_ID_NEW, 0, 0));
	EXPECT_EQ(0, do_shm_rmid(id, 0, 0));
	EXPECT_EQ(1, agent_call(&agent, do_touch_attached, 0, 0, 0));
	EXPECT_EQ(0, agent_call(&agent, do_shmdt, 0, 0, 0));
	agent_stop(&agent);
}

static long do_mq_find(long name, long b, long c)
{
	mqd_t mq = mq_open((const char *)name, O_RDONLY | O_CLOEXEC);

	if (mq < 0)
		return -errno;
	mq_close(mq);
	return 0;
}

/* Queues that a mount of the file system lists, and whether one has a path */
static long do_mq_listed(long dir_fd, long b, long c)
{
	struct dirent *entry;
	long n = 0;
	DIR *dir;
	int fd;

	fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static long do_mq_stat(long dir_fd, long b, long c)
{
	struct stat st;

	return fstatat(dir_fd, mq_a + 1, &st, 0) ? -errno : 0;
}

static long do_mq_watch(long dir_fd, long b, long c)
{
	char path[32];
	int fd, err;

	snprintf(path, sizeof(path), "/proc/self/fd/%ld", dir_fd);
	fd = inotify_init1(IN_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = inotify_add_watch(fd, path, IN_CREATE) < 0 ? -errno : 0;
	close(fd);
	return err;
}

TEST_F(ipc, mq_names)
{
	char dir[] = "/tmp/vctx-mq-XXXXXX";
	struct agent other;
	long fd, mq[3];

	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, mount("mqueue", dir, "mqueue", 0, NULL));
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	EXPECT_LE(0, fd);
	/* Here: an agent that is started now has it. */
	EXPECT_EQ(0, umount2(dir, MNT_DETACH));
	EXPECT_EQ(0, rmdir(dir));
	ASSERT_EQ(0, ctx_mkdir(OTHER));
	ASSERT_EQ(0, agent_start_in(&other, OTHER));

	mq[0] = do_mq_open((long)mq_a, 1, 1);
	ASSERT_LE(0, mq[0]);
	/* Attempt: mq_open(3) of a queue of the host */
	EXPECT_EQ(-ENOENT, agent_call(&other, do_mq_find, (long)mq_a, 0, 0));
	/*
	 * Attempt: stat(2) of a queue of the host, below a directory that
	 * was passed
	 */
	EXPECT_EQ(-ENOENT, agent_call(&other, do_mq_stat, fd, 0, 0));
	/* Attempt: mq_unlink(3) of a queue of the host */
	EXPECT_EQ(-ENOENT, agent_call(&other, do_mq_unlink, (long)mq_a, 0, 0));
	/* Attempt: readdir(3) of queues => none of others is listed */
	EXPECT_EQ(0, agent_call(&other, do_mq_listed, fd, 0, 0));
	EXPECT_EQ(1, do_mq_listed(fd, 0, 0));
	/* Attempt: inotify_add_watch(2) of the directory of queues */
	EXPECT_EQ(-EPERM, agent_call(&other, do_mq_watch, fd, 0, 0));
	EXPECT_EQ(0, do_mq_watch(fd, 0, 0));

	/* O_EXCL */
	mq[1] = agent_call(&other, do_mq_open, (long)mq_a, 1, 1);
	ASSERT_LE(0, mq[1]);
	mq[2] = CALL(do_mq_open, mq_a, 1, 1);
	ASSERT_LE(0, mq[2]);
	EXPECT_EQ(-EEXIST, CALL(do_mq_open, mq_a, 1, 1));
	EXPECT_EQ(0, agent_call(&other, do_mq_stat, fd, 0, 0));
	EXPECT_EQ(1, agent_call(&other, do_mq_listed, fd, 0, 0));
	EXPECT_EQ(1, do_mq_listed(fd, 0, 0));
	EXPECT_EQ(0, agent_call(&other, do_mq_send, mq[1], 1, 0));

	/* Removed by one, there for the others */
	EXPECT_EQ(0, do_mq_unlink((long)mq_a, 0, 0));
	EXPECT_EQ(-ENOENT, do_mq_find((long)mq_a, 0, 0));
	EXPECT_EQ(0, do_mq_listed(fd, 0, 0));
	EXPECT_EQ(0, agent_call(&other, do_mq_find, (long)mq_a, 0, 0));
	EXPECT_EQ(0, CALL(do_mq_find, mq_a, 0, 0));
	agent_stop(&other);
	EXPECT_EQ(0, close(mq[0]));
	EXPECT_EQ(0, CALL(do_mq_unlink, mq_a, 0, 0));
	EXPECT_EQ(0, CALL(do_close, mq[2], 0, 0));
	/* The other's context ends with its queue in it. */
	EXPECT_EQ(1, ctx_usage(OTHER, NMSG));
	EXPECT_TRUE(WAIT_UNTIL(ctx_rmdir(OTHER) != -EBUSY));
	EXPECT_FALSE(ctx_exists(OTHER));
	EXPECT_EQ(0, close(fd));
}

/* Abstract names of unix sockets */

static socklen_t abstract(struct sockaddr_un *addr, const char *name)
{
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	strcpy(addr->sun_path + 1, name);
	return offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
}

static long do_un_bind(long sock, long type, long name)
{
	struct sockaddr_un addr;
	socklen_t len = abstract(&addr, (const char *)name);

	if (sock < 0)
		sock = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (sock < 0 || bind(sock, (struct sockaddr *)&addr, len) ||
	    (type == SOCK_STREAM && listen(sock, 5)))
		return -errno;
	return sock;
}

static long do_un_connect(long type, long name, long c)
{
	struct sockaddr_un addr;
	socklen_t len = abstract(&addr, (const char *)name);
	int sock = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	int err;

	if (sock < 0)
		return -errno;
	err = connect(sock, (struct sockaddr *)&addr, len) ? -errno : 0;
	close(sock);
	return err;
}

static long do_un_sendto(long name, long b, long c)
{
	struct sockaddr_un addr;
	socklen_t len = abstract(&addr, (const char *)name);
	int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (sock < 0)
		return -errno;
	err = sendto(sock, "x", 1, 0, (struct sockaddr *)&addr, len) < 0 ?
	      -errno : 0;
	close(sock);
	return err;
}

static const char un_name[] = "vctx-abstract";

TEST_F(ipc, abstract_names)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		long hosts, members;

		hosts = do_un_bind(-1, types[i], (long)un_name);
		ASSERT_LE(0, hosts);
		EXPECT_EQ(0, do_un_connect(types[i], (long)un_name, 0));
		/* Attempt: connect(2) to an abstract unix socket of the host */
		EXPECT_EQ(-ECONNREFUSED, CALL(do_un_connect, types[i], un_name, 0));
		if (types[i] == SOCK_DGRAM)
			EXPECT_EQ(-ECONNREFUSED, CALL(do_un_sendto, un_name, 0, 0));

		members = CALL(do_un_bind, -1, types[i], un_name);
		ASSERT_LE(0, members);
		EXPECT_EQ(0, CALL(do_un_connect, types[i], un_name, 0));
		EXPECT_EQ(-EADDRINUSE, CALL(do_un_bind, -1, types[i], un_name));
		EXPECT_EQ(-EADDRINUSE, do_un_bind(-1, types[i], (long)un_name));

		EXPECT_EQ(0, close(hosts));
		EXPECT_EQ(-ECONNREFUSED, do_un_connect(types[i], (long)un_name, 0));
		EXPECT_EQ(0, CALL(do_un_connect, types[i], un_name, 0));
		EXPECT_EQ(0, CALL(do_close, members, 0, 0));
	}
	/* What was refused above is still open in the agent. */
	agent_stop(&self->member);
}

/* A socket that was made outside is bound outside. */
TEST_F(ipc, abstract_passed)
{
	long hosts, ours, passed;

	hosts = do_un_bind(-1, SOCK_STREAM, (long)un_name);
	ASSERT_LE(0, hosts);
	ours = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	passed = agent_give_fd(&self->member, ours);
	ASSERT_LE(0, passed);
	/*
	 * Attempt: bind(2) of a socket that was passed to an abstract name
	 * of the host
	 */
	EXPECT_EQ(-EADDRINUSE, CALL(do_un_bind, passed, SOCK_STREAM, un_name));
	EXPECT_EQ(-ECONNREFUSED, CALL(do_un_connect, SOCK_STREAM, un_name, 0));
	EXPECT_EQ(0, close(hosts));
	EXPECT_EQ(passed, CALL(do_un_bind, passed, SOCK_STREAM, un_name));
	EXPECT_EQ(0, do_un_connect(SOCK_STREAM, (long)un_name, 0));
	EXPECT_EQ(-ECONNREFUSED, CALL(do_un_connect, SOCK_STREAM, un_name, 0));
	EXPECT_EQ(0, close(ours));
}

/* Keys */

static const char key_name[] = "vctx-key";

static long do_add_key(long keyring, long b, long c)
{
	long id = syscall(__NR_add_key, "user", key_name, "x", 1, keyring);

	return id < 0 ? -errno : id;
}

static long do_keyctl(long what, long a, long b)
{
	long ret = syscall(__NR_keyctl, what, a, b, 0, 0);

	return ret < 0 ? -errno : ret;
}

static long do_search_key(long keyring, long b, long c)
{
	long ret = syscall(__NR_keyctl, KEYCTL_SEARCH, keyring, "user",
			   key_name, 0);

	return ret < 0 ? -errno : ret;
}

/* With a program that would make it, if it were run */
static long do_request_key(long a, long b, long c)
{
	long ret = syscall(__NR_request_key, "user", "vctx-no-such-key", "x", 0);

	return ret < 0 ? -errno : ret;
}

static long do_proc_keys(long id, long b, long c)
{
	char buf[16384], serial[16];

	if (read_file("/proc/keys", buf, sizeof(buf)) < 0)
		return -errno;
	snprintf(serial, sizeof(serial), "%08lx ", id);
	return !!strstr(buf, serial);
}

/* Lines of /proc/key-users */
static long do_key_users(long a, long b, long c)
{
	char buf[16384], *p;
	long n = 0;

	if (read_file("/proc/key-users", buf, sizeof(buf)) < 0)
		return -errno;
	for (p = buf; (p = strchr(p, '\n')); p++)
		n++;
	return n;
}

static long do_join_keyring(long name, long b, long c)
{
	return do_keyctl(KEYCTL_JOIN_SESSION_KEYRING, name, 0);
}

TEST_F(ipc, keys)
{
	long hosts, members, keyring;

	hosts = do_add_key(KEY_SPEC_USER_KEYRING, 0, 0);
	if (hosts == -ENOSYS)
		SKIP(return, "no keys in this kernel");
	ASSERT_LT(0, hosts);
	/* All may do all with it, and still it is not there. */
	EXPECT_EQ(0, do_keyctl(KEYCTL_SETPERM, hosts, 0x3f3f3f3f));
	/* Attempt: KEYCTL_DESCRIBE of a key of the host that all may use */
	EXPECT_EQ(-ENOKEY, CALL(do_keyctl, KEYCTL_DESCRIBE, hosts, 0));
	/* Attempt: KEYCTL_READ */
	EXPECT_EQ(-ENOKEY, CALL(do_keyctl, KEYCTL_READ, hosts, 0));
	/* Attempt: KEYCTL_REVOKE */
	EXPECT_EQ(-ENOKEY, CALL(do_keyctl, KEYCTL_REVOKE, hosts, 0));
	/* Attempt: KEYCTL_INVALIDATE */
	EXPECT_EQ(-ENOKEY, CALL(do_keyctl, KEYCTL_INVALIDATE, hosts, 0));
	/* Attempt: KEYCTL_LINK */
	EXPECT_EQ(-ENOKEY, CALL(do_keyctl, KEYCTL_LINK, hosts, KEY_SPEC_USER_KEYRING));
	/* Attempt: KEYCTL_SEARCH in the user's keyring */
	EXPECT_EQ(-ENOKEY, CALL(do_search_key, KEY_SPEC_USER_KEYRING, 0, 0));
	EXPECT_EQ(-ENOKEY, CALL(do_search_key, KEY_SPEC_SESSION_KEYRING, 0, 0));
	/* Attempt: /proc/keys => keys of others are not listed */
	EXPECT_EQ(0, CALL(do_proc_keys, hosts, 0, 0));
	EXPECT_EQ(1, do_proc_keys(hosts, 0, 0));

	members = CALL(do_add_key, KEY_SPEC_USER_KEYRING, 0, 0);
	ASSERT_LT(0, members);
	EXPECT_NE(hosts, members);
	EXPECT_EQ(members, CALL(do_search_key, KEY_SPEC_USER_KEYRING, 0, 0));
	EXPECT_EQ(members, CALL(do_search_key, KEY_SPEC_USER_SESSION_KEYRING, 0, 0));
	EXPECT_EQ(1, CALL(do_proc_keys, members, 0, 0));
	EXPECT_EQ(-ENOKEY, do_keyctl(KEYCTL_DESCRIBE, members, 0));
	EXPECT_EQ(0, do_proc_keys(members, 0, 0));
	EXPECT_EQ(hosts, do_search_key(KEY_SPEC_USER_KEYRING, 0, 0));

	/* A keyring by its name */
	keyring = do_join_keyring((long)"vctx-ring", 0, 0);
	ASSERT_LT(0, keyring);
	EXPECT_EQ(0, do_keyctl(KEYCTL_SETPERM, keyring, 0x3f3f3f3f));
	/*
	 * Attempt: KEYCTL_JOIN_SESSION_KEYRING by a name of the host => a
	 * new one
	 */
	EXPECT_NE(keyring, CALL(do_join_keyring, "vctx-ring", 0, 0));

	/* No program of the host is run, and nothing is given to a parent. */
	/* Attempt: request_key(2) with a program that the host would run */
	EXPECT_EQ(-ENOKEY, CALL(do_request_key, 0, 0, 0));
	EXPECT_EQ(1, CALL(do_key_users, 0, 0, 0));
	/* Attempt: KEYCTL_SESSION_TO_PARENT */
	EXPECT_EQ(-EPERM, CALL(do_keyctl, KEYCTL_SESSION_TO_PARENT, 0, 0));
	EXPECT_EQ(0, do_keyctl(KEYCTL_UNLINK, hosts, KEY_SPEC_USER_KEYRING));
}

/* Entry leaves behind what one has. */
TEST_F(ipc, keys_of_before)
{
	static const long keyrings[] = {
		KEY_SPEC_THREAD_KEYRING, KEY_SPEC_PROCESS_KEYRING,
		KEY_SPEC_SESSION_KEYRING,
	};
	struct agent agent;
	long key = 0;
	size_t i;

	ASSERT_EQ(0, agent_start(&agent));
	for (i = 0; i < ARRAY_SIZE(keyrings); i++) {
		key = agent_call(&agent, do_add_key, keyrings[i], 0, 0);
		if (key == -ENOSYS)
			SKIP(return, "no keys in this kernel");
		EXPECT_LT(0, key);
	}
	EXPECT_EQ(0, agent_call(&agent, do_enter, VCTX_ID_NEW, 0, 0));
	for (i = 0; i < ARRAY_SIZE(keyrings); i++)
		/*
		 * Attempt: KEYCTL_SEARCH in the keyrings that it had before
		 * entry
		 */
		EXPECT_EQ(-ENOKEY, agent_call(&agent, do_search_key, keyrings[i], 0, 0));
	EXPECT_EQ(-ENOKEY, agent_call(&agent, do_keyctl, KEYCTL_DESCRIBE, key, 0));
	agent_stop(&agent);
}

/* Each allocation fails once, and nothing stays charged. */

static long fail_shm(long a, long b, long c)
{
	return do_shmget(IPC_PRIVATE, 10000, IPC_CREAT);
}

static long fail_sem(long a, long b, long c)
{
	return do_semget(IPC_PRIVATE, 10, IPC_CREAT);
}

static long fail_msg(long a, long b, long c)
{
	long id = do_msgget(IPC_PRIVATE, IPC_CREAT, 0), err;

	if (id < 0)
		return id;
	err = do_msgsnd(id, 100, 0);
	if (!err)
		return id;
	do_msg_rmid(id, 0, 0);
	return err;
}

/* The queue may have been made before what failed: then it has its name. */
static long fail_mq(long a, long b, long c)
{
	long mq = do_mq_open((long)mq_a, 2, 64);

	if (mq < 0)
		do_mq_unlink((long)mq_a, 0, 0);
	return mq;
}

static long fail_mq_remove(long mq, long b, long c)
{
	return do_mq_unlink((long)mq_a, 0, 0) ?: do_close(mq, 0, 0);
}

TEST_F(ipc, no_memory)
{
	static const struct {
		const char *name;
		agent_fn make, remove;
	} what[] = {
		{ "shm", fail_shm, do_shm_rmid },
		{ "sem", fail_sem, do_sem_rmid },
		{ "msg", fail_msg, do_msg_rmid },
		{ "mq", fail_mq, fail_mq_remove },
	};
	size_t i;

	if (fail_setup())
		SKIP(return, "no fault injection into allocations");
	for (i = 0; i < ARRAY_SIZE(what); i++) {
		long n = CALL(do_fail_each, what[i].make, what[i].remove, 0);

		EXPECT_LT(0, n);
		TH_LOG("%s: %ld allocations", what[i].name, n);
		EXPECT_EQ(0, ctx_wait_usage(ID, MQBYTES, 0));
		EXPECT_IPC(ID, 0, 0, 0, 0, 0);
	}
}

/* Everything at once, against limits */

static const enum resource raced[] = {
	NSHM, SHMBYTES, NSEM, NMSG, MSGBYTES, MQBYTES
};

struct shared {
	int stop;
	long done, refused, unexpected;
};

static struct shared *shared;

/* Notes what became of an attempt. */
static bool outcome(long ret, int refusal)
{
	__atomic_add_fetch(ret >= 0 ? &shared->done : ret == -refusal ?
			   &shared->refused : &shared->unexpected, 1,
			   __ATOMIC_RELAXED);
	return ret >= 0;
}

static void race_msg(void)
{
	long id = do_msgget(IPC_PRIVATE, IPC_CREAT, 0);
	int i, n = 0;

	if (!outcome(id, ENOSPC))
		return;
	for (i = 0; i < 3; i++)
		n += outcome(do_msgsnd(id, 90, IPC_NOWAIT), ENOSPC);
	if (n && random() % 2)
		outcome(do_msgrcv(id, IPC_NOWAIT, 0), 0);
	do_msg_rmid(id, 0, 0);
}

static void __attribute__((noreturn)) race_worker(int seed)
{
	char name[32];

	srandom(seed);
	snprintf(name, sizeof(name), "/vctx-race-%d", seed);
	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)) {
		long shm = do_shmget(IPC_PRIVATE, 1 + random() % 10000, IPC_CREAT);
		long sem, mq;

		outcome(shm, ENOSPC);
		sem = do_semget(IPC_PRIVATE, 1 + random() % 3, IPC_CREAT);
		outcome(sem, ENOSPC);
		race_msg();
		mq = do_mq_open((long)name, 1 + random() % 3, 100);
		/* Either of two limits may refuse it. */
		if (outcome(mq == -ENOSPC ? -EMFILE : mq, EMFILE)) {
			do_mq_unlink((long)name, 0, 0);
			close(mq);
		}
		if (shm >= 0)
			do_shm_rmid(shm, 0, 0);
		if (sem >= 0)
			do_sem_rmid(sem, 0, 0);
	}
	_exit(0);
}

TEST_F_TIMEOUT(ipc, race, HOUR)
{
	int workers = 2 * sysconf(_SC_NPROCESSORS_ONLN) + 2, i;
	long hard[ARRAY_SIZE(raced)] = {
		workers / 2, workers * self->page, workers, workers / 2,
		workers * 60, workers * 150,
	};
	struct limit limit;
	long end;
	size_t r;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	for (r = 0; r < ARRAY_SIZE(raced); r++)
		ASSERT_EQ(0, ctx_set_limits(ID, "%s hard %ld",
					    resource_name[raced[r]], hard[r]));
	for (i = 0; i < workers; i++) {
		pid_t pid = fork();

		ASSERT_LE(0, pid);
		if (pid)
			continue;
		if (enter(ID, 0, 0) || (i % 2 && enter(VCTX_ID_NEW, 0, 0)))
			_exit(1);
		race_worker(i + 1);
	}
	end = now_ms() + 1000 * env_long("VCTX_TEST_SECONDS", 3);
	while (now_ms() < end) {
		char buf[LIMITS_SIZE];

		ASSERT_LT(0, ctx_read(ID, "limits", buf, sizeof(buf)));
		for (r = 0; r < ARRAY_SIZE(raced); r++) {
			ASSERT_EQ(0, parse_limits(buf, raced[r], &limit));
			EXPECT_GE(hard[r], limit.usage);
			EXPECT_GE(hard[r], limit.peak);
		}
	}
	__atomic_store_n(&shared->stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < workers; i++) {
		int status;

		ASSERT_LT(0, wait(&status));
		EXPECT_EQ(0, status);
	}
	TH_LOG("done %ld refused %ld", shared->done, shared->refused);
	EXPECT_LT(0, shared->done);
	EXPECT_LT(0, shared->refused);
	EXPECT_EQ(0, shared->unexpected);
	for (r = 0; r < ARRAY_SIZE(raced); r++) {
		ASSERT_EQ(0, ctx_limit(ID, raced[r], &limit));
		TH_LOG("%s: hard %ld peak %ld fail %ld",
		       resource_name[raced[r]], hard[r], limit.peak, limit.fail);
		EXPECT_GE(hard[r], limit.peak);
		EXPECT_EQ(0, ctx_wait_usage(ID, raced[r], 0));
	}
}

TEST_HARNESS_MAIN
