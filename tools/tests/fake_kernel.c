// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A stand-in for vctx's system calls, so that the tools can be tested where
 * the kernel has none.  From the environment:
 *
 *	FAKE_VCTX	the caller's context; not set: the kernel has no vctx
 *	FAKE_ERRNO	entering fails with this number
 *	FAKE_LOG	entering appends a line to this file: id flags cap_drop
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/vctx.h>

#define NR_GET	459
#define NR_SET	460

struct head {
	__u64 id;
	__u64 flags;
	__u64 len;
	__u64 ctx_len;
};

long __wrap_syscall(long nr, ...);

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

static long fake_set(const void *buf)
{
	const struct {
		struct head head;
		struct vctx_enter enter;
	} *request = buf;
	const char *fail = getenv("FAKE_ERRNO");
	const char *log = getenv("FAKE_LOG");
	FILE *file;

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

	/* libvctx makes no others */
	if (nr != NR_GET && nr != NR_SET)
		abort();
	va_start(args, nr);
	va_arg(args, long);
	buf = va_arg(args, void *);
	va_end(args);

	if (!getenv("FAKE_VCTX")) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return nr == NR_GET ? fake_get(buf) : fake_set(buf);
}
