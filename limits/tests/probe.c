// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe: takes what the kernel counts, and is strict about the answer
 *
 *	probe hold RESOURCE N		takes N units, which have to be there
 *	probe limit RESOURCE ERRNO	takes until it is refused with ERRNO,
 *					gives one back, and takes it again
 *
 * A unit is one, or BLOCK bytes, or a MIB of address space.  Everything is given back at the end.  It is
 * what scripts/check-programs asks when programs, which tolerate a refusal and
 * say nothing, are at a limit: of their own context, of another, and of none.
 */

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define MOST	8192
#define BLOCK	65536
#define MIB	(1024 * 1024)

/* How a refused page fault ends, where others have an errno: by a signal */
#define KILLED	(-SIGKILL)
#define BUS	(-SIGBUS)

union unit {
	int id;
	pid_t pid;
	pthread_t thread;
	void *address;
};

static union unit unit[MOST];

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *format, ...)
{
	va_list args;

	fputs("probe: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static int take_process(int i)
{
	pid_t pid = fork();

	if (pid < 0)
		return errno;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		poll(NULL, 0, -1);
		_exit(0);
	}
	unit[i].pid = pid;
	return 0;
}

static void drop_process(int i)
{
	kill(unit[i].pid, SIGKILL);
	waitpid(unit[i].pid, NULL, 0);
}

static void *thread(void *arg)
{
	poll(NULL, 0, -1);
	return arg;
}

static int take_thread(int i)
{
	pthread_attr_t attr;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, BLOCK);
	err = pthread_create(&unit[i].thread, &attr, thread, NULL);
	pthread_attr_destroy(&attr);
	return err;
}

static void drop_thread(int i)
{
	pthread_cancel(unit[i].thread);
	pthread_join(unit[i].thread, NULL);
}

static int take_fd(int i, int fd)
{
	unit[i].id = fd;
	return fd < 0 ? errno : 0;
}

static int take_file(int i)
{
	return take_fd(i, open("/dev/null", O_RDONLY | O_CLOEXEC));
}

static int take_socket(int i)
{
	return take_fd(i, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int take_pty(int i)
{
	return take_fd(i, open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
}

static void drop_fd(int i)
{
	close(unit[i].id);
}

static int lock_one(int i, short type)
{
	static int fd = -1;
	/* A byte between any two, or they would become one. */
	struct flock lock = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = 2 * i,
		.l_len = 1,
	};

	if (fd < 0)
		fd = memfd_create("probe", MFD_CLOEXEC);
	if (fd < 0)
		die("memfd_create: %s", strerror(errno));
	return fcntl(fd, F_SETLK, &lock) ? errno : 0;
}

static int take_lock(int i)
{
	return lock_one(i, F_WRLCK);
}

static void drop_lock(int i)
{
	lock_one(i, F_UNLCK);
}

static int take_signal(int i)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = i }) ?
	       errno : 0;
}

static void drop_signal(int i)
{
	struct timespec now = { 0 };
	sigset_t set;

	(void)i;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigtimedwait(&set, NULL, &now);
}

static int inotify = -1;

/* Each watch needs an inode of its own. */
static int take_watch(int i)
{
	char path[64];

	if (inotify < 0)
		inotify = inotify_init1(IN_CLOEXEC);
	if (inotify < 0)
		return errno;
	snprintf(path, sizeof(path), "/tmp/probe.%d.%d", getpid(), i);
	if (mkdir(path, 0700))
		die("%s: %s", path, strerror(errno));
	unit[i].id = inotify_add_watch(inotify, path, IN_OPEN);
	if (unit[i].id >= 0)
		return 0;
	i = errno;
	rmdir(path);
	return i;
}

static void drop_watch(int i)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/probe.%d.%d", getpid(), i);
	inotify_rm_watch(inotify, unit[i].id);
	rmdir(path);
}

static int map(int i, size_t size, int prot, int flags)
{
	unit[i].address = mmap(NULL, size, prot, flags | MAP_ANONYMOUS, -1, 0);
	return unit[i].address == MAP_FAILED ? errno : 0;
}

static int take_address_space(int i)
{
	return map(i, MIB, PROT_NONE, MAP_PRIVATE);
}

static void drop_address_space(int i)
{
	munmap(unit[i].address, MIB);
}

static int take_locked(int i)
{
	int err = map(i, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	if (err)
		return err;
	if (!mlock(unit[i].address, BLOCK))
		return 0;
	err = errno;
	munmap(unit[i].address, BLOCK);
	return err;
}

static int take_private(int i)
{
	int err = map(i, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	if (!err)
		memset(unit[i].address, 1, BLOCK);
	return err;
}

static int take_shared(int i)
{
	int err = map(i, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED);

	if (!err)
		memset(unit[i].address, 1, BLOCK);
	return err;
}

static void drop_map(int i)
{
	munmap(unit[i].address, BLOCK);
}

static int take_shm(int i)
{
	unit[i].id = shmget(IPC_PRIVATE, BLOCK, 0600);
	return unit[i].id < 0 ? errno : 0;
}

static void drop_shm(int i)
{
	shmctl(unit[i].id, IPC_RMID, NULL);
}

static int take_sem(int i)
{
	unit[i].id = semget(IPC_PRIVATE, 1, 0600);
	return unit[i].id < 0 ? errno : 0;
}

static void drop_sem(int i)
{
	semctl(unit[i].id, 0, IPC_RMID);
}

static int take_queue(int i)
{
	unit[i].id = msgget(IPC_PRIVATE, 0600);
	return unit[i].id < 0 ? errno : 0;
}

static void drop_queue(int i)
{
	msgctl(unit[i].id, IPC_RMID, NULL);
}

/* A queue for each, since one holds only so much. */
static int take_message(int i)
{
	static struct {
		long type;
		char text[4096];
	} message = { .type = 1 };
	int err = take_queue(i);

	if (err)
		die("msgget: %s", strerror(err));
	if (!msgsnd(unit[i].id, &message, sizeof(message.text), IPC_NOWAIT))
		return 0;
	err = errno;
	drop_queue(i);
	return err;
}

static int take_mqueue(int i)
{
	struct mq_attr attr = { .mq_maxmsg = 10, .mq_msgsize = 64 };
	char name[64];

	snprintf(name, sizeof(name), "/probe.%d.%d", getpid(), i);
	unit[i].id = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	if (unit[i].id < 0)
		return errno;
	mq_unlink(name);
	return 0;
}

static int take_random(int i)
{
	int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		die("/dev/urandom: %s", strerror(errno));
	if (write(fd, &i, 1) != 1)
		err = errno;
	close(fd);
	return err;
}

static void drop_nothing(int i)
{
	(void)i;
}

static const struct resource {
	const char *name;
	int (*take)(int i);
	void (*drop)(int i);
	/* A refusal kills who asks. */
	int kills;
} resources[] = {
	{ "nproc", take_process, drop_process, 0 },
	{ "ntask", take_thread, drop_thread, 0 },
	{ "nofile", take_file, drop_fd, 0 },
	{ "nsock", take_socket, drop_fd, 0 },
	{ "nlock", take_lock, drop_lock, 0 },
	{ "npty", take_pty, drop_fd, 0 },
	{ "nsigpending", take_signal, drop_signal, 0 },
	{ "ninotify", take_watch, drop_watch, 0 },
	{ "as", take_address_space, drop_address_space, 0 },
	{ "memlock", take_locked, drop_map, 0 },
	{ "rss", take_private, drop_map, 1 },
	{ "anon", take_private, drop_map, 1 },
	{ "shmem", take_shared, drop_map, 1 },
	{ "memory", take_private, drop_map, 1 },
	{ "nshm", take_shm, drop_shm, 0 },
	{ "shmbytes", take_shm, drop_shm, 0 },
	{ "nsem", take_sem, drop_sem, 0 },
	{ "nmsg", take_queue, drop_queue, 0 },
	{ "msgbytes", take_message, drop_queue, 0 },
	{ "mqbytes", take_mqueue, drop_fd, 0 },
	{ "nrandom", take_random, drop_nothing, 0 },
};

static const struct {
	const char *name;
	int number;
} errnos[] = {
	{ "EAGAIN", EAGAIN },
	{ "EMFILE", EMFILE },
	{ "ENFILE", ENFILE },
	{ "ENOBUFS", ENOBUFS },
	{ "ENOLCK", ENOLCK },
	{ "ENOMEM", ENOMEM },
	{ "ENOSPC", ENOSPC },
	{ "EPERM", EPERM },
	{ "SIGBUS", BUS },
	{ "SIGKILL", KILLED },
};

static const char *errno_name(int number)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errnos); i++)
		if (errnos[i].number == number)
			return errnos[i].name;
	return strerror(number);
}

static int errno_number(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errnos); i++)
		if (!strcmp(errnos[i].name, name))
			return errnos[i].number;
	die("unknown errno '%s'", name);
}

static const struct resource *find_resource(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(resources); i++)
		if (!strcmp(resources[i].name, name))
			return &resources[i];
	die("unknown resource '%s'", name);
}

/* How many it has got before @n, and why not more */
static int take_up_to(const struct resource *resource, int n, int *why)
{
	int i;

	*why = 0;
	for (i = 0; i < n; i++) {
		*why = resource->take(i);
		if (*why)
			break;
	}
	return i;
}

static void drop_all(const struct resource *resource, int n)
{
	while (n--)
		resource->drop(n);
}

static void hold(const struct resource *resource, int n)
{
	int why, got = take_up_to(resource, n, &why);

	drop_all(resource, got);
	if (got != n)
		die("%s: %s after %d of %d", resource->name, errno_name(why),
		    got, n);
	printf("%d\n", got);
}

/* What was given back is there at once, or soon: a thread is joined, and ends. */
static int take_again(const struct resource *resource, int i)
{
	int tries, err = 0;

	for (tries = 0; tries < 1000; tries++) {
		err = resource->take(i);
		if (!err)
			break;
		poll(NULL, 0, 10);
	}
	return err;
}

static void limit(const struct resource *resource, int want)
{
	int why, again, got = take_up_to(resource, MOST, &why);

	if (got == MOST)
		die("%s: not refused after %d", resource->name, got);
	if (why != want) {
		drop_all(resource, got);
		die("%s: %s after %d, not %s", resource->name, errno_name(why),
		    got, errno_name(want));
	}
	if (!got) {
		printf("0\n");
		return;
	}
	resource->drop(got - 1);
	again = take_again(resource, got - 1);
	if (again)
		got--;
	drop_all(resource, got);
	if (again)
		die("%s: %s although one of %d was given back", resource->name,
		    errno_name(again), got + 1);
	printf("%d\n", got);
}

/* In a child, since that dies of it; its end gives back what it had. */
static int limit_of_child(const struct resource *resource, int n)
{
	pid_t pid = fork();
	int status, why;

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid)
		_exit(take_up_to(resource, n, &why) != n);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid: %s", strerror(errno));
	if (WIFSIGNALED(status) &&
	    (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGBUS))
		return -WTERMSIG(status);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		die("%s: wait status %#x", resource->name, status);
	return 0;
}

static void limit_kills(const struct resource *resource, int want)
{
	int why = limit_of_child(resource, MOST);

	if (why != want)
		die("%s: %s, not %s", resource->name,
		    why ? errno_name(why) : "not refused", errno_name(want));
	if (limit_of_child(resource, 1))
		die("%s: refused although there is room", resource->name);
}

int main(int argc, char **argv)
{
	const struct resource *resource;

	if (argc != 4) {
		fputs("Usage: probe hold RESOURCE N | limit RESOURCE ERRNO\n",
		      stderr);
		return 2;
	}
	resource = find_resource(argv[2]);
	if (!strcmp(argv[1], "hold")) {
		int n = atoi(argv[3]);

		if (n < 1 || n > MOST)
			die("'%s' is not within 1..%d", argv[3], MOST);
		hold(resource, n);
	} else if (!strcmp(argv[1], "limit")) {
		if (resource->kills)
			limit_kills(resource, errno_number(argv[3]));
		else
			limit(resource, errno_number(argv[3]));
	} else {
		die("unknown '%s'", argv[1]);
	}
	return 0;
}
