// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A stand-in for vctx's system calls, so that the tools can be tested where
 * the kernel has none.  From the environment:
 *
 *	FAKE_VCTX	the caller's context; not set: the kernel has no vctx
 *	FAKE_ERRNO	entering fails with this number
 *	FAKE_LOG	entering appends a line to this file: id flags cap_drop
 *			and binding one: bind, the broadcast address in hexadecimal,
 *			and the addresses
 *	FAKE_BIND_ERRNO	binding fails with this number
 *	FAKE_POLL	this file is made before the first poll(2)
 *
 * poll(2) reports POLLPRI for an ordinary file that has changed since poll(2)
 * last looked at it, as the kernel does for the files of vctxfs.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <linux/vctx.h>

#define NR_QUOTACTL_FD	443
#define NR_GET	459
#define NR_SET	460

struct head {
	__u64 id;
	__u64 flags;
	__u64 len;
	__u64 ctx_len;
};

#define FAKE_FILES	64

long __wrap_syscall(long nr, ...);
long fake_quotactl(int fd, unsigned int cmd, unsigned int id, void *arg);
int __real_poll(struct pollfd *fds, nfds_t nr, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t nr, int timeout);

static unsigned int entered;

static long fake_get(void *buf)
{
	struct {
		struct head head;
		struct vctx_self self;
	} *answer = buf;

	memset(answer, 0, sizeof(*answer));
	answer->head.id = LSM_ID_VCTX;
	answer->head.len = sizeof(*answer);
	answer->head.ctx_len = sizeof(answer->self);
	answer->self.version = VCTX_ABI_VERSION;
	answer->self.id = entered ? entered :
			  (unsigned int)atoi(getenv("FAKE_VCTX"));
	answer->self.depth = !!answer->self.id;
	answer->self.flags_supported = VCTX_FLAGS_ALL;
	return 1;
}

static long fake_bind(const struct vctx_bind *bind)
{
	const char *fail = getenv("FAKE_BIND_ERRNO");
	const char *log = getenv("FAKE_LOG");
	char text[INET6_ADDRSTRLEN];
	FILE *file;
	__u32 i;

	if (fail || (!entered && !atoi(getenv("FAKE_VCTX")))) {
		errno = fail ? atoi(fail) : EPERM;
		return -1;
	}
	file = log ? fopen(log, "a") : NULL;
	if (!file)
		return 0;
	fprintf(file, "bind %08x", ntohl(bind->broadcast));
	for (i = 0; i < bind->nr; i++)
		fprintf(file, " %s", inet_ntop(bind->addr[i].family,
					       bind->addr[i].addr, text,
					       sizeof(text)));
	fprintf(file, "\n");
	fclose(file);
	return 0;
}

static long fake_set(const void *buf)
{
	const struct {
		struct head head;
		struct vctx_bind bind;
	} *bind = buf;
	const struct {
		struct head head;
		struct vctx_enter enter;
	} *request = buf;
	const char *fail = getenv("FAKE_ERRNO");
	const char *log = getenv("FAKE_LOG");
	FILE *file;

	if (request->head.flags == VCTX_SET_BIND)
		return fake_bind(&bind->bind);
	if (request->head.id != LSM_ID_VCTX ||
	    request->head.len != sizeof(*request) ||
	    request->head.ctx_len != sizeof(request->enter)) {
		errno = EINVAL;
		return -1;
	}
	if (fail) {
		errno = atoi(fail);
		return -1;
	}
	entered = request->enter.id == VCTX_ID_NEW ? VCTX_ID_DYNAMIC_MIN :
						     request->enter.id;
	file = log ? fopen(log, "a") : NULL;
	if (file) {
		fprintf(file, "%u %u %llx\n", request->enter.id,
			request->enter.flags,
			(unsigned long long)request->enter.cap_drop);
		fclose(file);
	}
	return 0;
}

long __wrap_syscall(long nr, ...)
{
	va_list args;
	void *buf;

	va_start(args, nr);
	if (nr == NR_QUOTACTL_FD) {
		int fd = (int)va_arg(args, unsigned int);
		unsigned int cmd = va_arg(args, unsigned int);
		unsigned int id = va_arg(args, unsigned int);

		buf = va_arg(args, void *);
		va_end(args);
		return fake_quotactl(fd, cmd, id, buf);
	}
	/* libvctx makes no others */
	if (nr != NR_GET && nr != NR_SET)
		abort();
	va_arg(args, long);
	buf = va_arg(args, void *);
	va_end(args);

	if (!getenv("FAKE_VCTX")) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return nr == NR_GET ? fake_get(buf) : fake_set(buf);
}

/* Has the file of this descriptor changed since the last time? */
static int changed(int fd)
{
	static struct stat seen[FAKE_FILES];
	struct stat now, *old;

	if (fd < 0)
		return 0;
	if (fd >= FAKE_FILES || fstat(fd, &now) || !S_ISREG(now.st_mode))
		abort();
	old = &seen[fd];
	if (old->st_ino == now.st_ino && old->st_dev == now.st_dev &&
	    old->st_nlink == now.st_nlink &&
	    old->st_mtim.tv_sec == now.st_mtim.tv_sec &&
	    old->st_mtim.tv_nsec == now.st_mtim.tv_nsec)
		return 0;
	/* A descriptor that was another file's: just opened, and just read. */
	if (old->st_ino != now.st_ino || old->st_dev != now.st_dev) {
		*old = now;
		return 0;
	}
	*old = now;
	return 1;
}

int __wrap_poll(struct pollfd *fds, nfds_t nr, int timeout)
{
	const char *mark = getenv("FAKE_POLL");
	int ready = 0;
	nfds_t i;

	for (;;) {
		for (i = 0; i < nr; i++) {
			fds[i].revents = 0;
			if (!changed(fds[i].fd))
				continue;
			fds[i].revents = POLLPRI | POLLERR;
			ready++;
		}
		if (mark) {
			FILE *file = fopen(mark, "w");

			if (file)
				fclose(file);
			mark = NULL;
		}
		if (ready || !timeout)
			return ready;
		__real_poll(NULL, 0, 10);
		if (timeout > 0)
			timeout = timeout > 10 ? timeout - 10 : 0;
	}
}
