// SPDX-License-Identifier: LGPL-2.1-or-later
/* What goes to the system calls, and what is made of their answers */
#include <errno.h>
#include <string.h>

#include "test.h"
#include "../libvctx.h"

#define NR_GET	459
#define NR_SET	460

struct head {
	__u64 id;
	__u64 flags;
	__u64 len;
	__u64 ctx_len;
};

static struct {
	struct head head;
	struct vctx_enter enter;
} request;
static struct {
	struct head head;
	struct vctx_bind bind;
} bind_request;
static __u64 answer_len;
static int answer_errno;
static int calls;

long __wrap_syscall(long nr, ...);

long __wrap_syscall(long nr, ...)
{
	va_list args;
	long attr;
	void *buf;

	va_start(args, nr);
	attr = va_arg(args, long);
	buf = va_arg(args, void *);
	assert_int_equal(attr, 100);
	calls++;

	if (answer_errno) {
		va_end(args);
		errno = answer_errno;
		return -1;
	}
	if (nr == NR_SET && ((struct head *)buf)->flags == VCTX_SET_BIND) {
		assert_int_equal(va_arg(args, unsigned int),
				 sizeof(bind_request));
		memcpy(&bind_request, buf, sizeof(bind_request));
		va_end(args);
		return 0;
	}
	if (nr == NR_SET) {
		assert_int_equal(va_arg(args, unsigned int), sizeof(request));
		assert_int_equal(va_arg(args, unsigned int), 0);
		memcpy(&request, buf, sizeof(request));
		va_end(args);
		return 0;
	}
	assert_int_equal(nr, NR_GET);
	{
		struct {
			struct head head;
			struct vctx_self self;
			unsigned char later[64];
		} *answer = buf;
		__u32 *size = va_arg(args, __u32 *);

		assert_true(*size >= sizeof(*answer));
		assert_int_equal(va_arg(args, unsigned int), 1);
		assert_true(answer->head.id == LSM_ID_VCTX);
		answer->head.ctx_len = answer_len;
		answer->self.version = 9;
		answer->self.id = 65537;
		answer->self.cap_ceiling = 0xff;
		memset(answer->later, 0xee, sizeof(answer->later));
	}
	va_end(args);
	return 1;
}

static int setup(void **state)
{
	(void)state;
	memset(&request, 0xff, sizeof(request));
	answer_len = sizeof(struct vctx_self);
	answer_errno = 0;
	calls = 0;
	return 0;
}

static void test_sizes(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct vctx_enter), VCTX_ENTER_SIZE_VER0);
	assert_int_equal(sizeof(struct vctx_self), VCTX_SELF_SIZE_VER0);
	assert_int_equal(sizeof(struct vctx_bind), VCTX_BIND_SIZE_VER0);
}

static void test_enter(void **state)
{
	struct vctx_enter enter = { .id = 100, .flags = VCTX_FLAG_LOCK,
				    .cap_drop = 1ULL << 40 };

	(void)state;
	assert_int_equal(vctx_enter(&enter), 0);
	assert_true(request.head.id == LSM_ID_VCTX);
	assert_true(request.head.flags == 0);
	assert_true(request.head.len == sizeof(request));
	assert_true(request.head.ctx_len == sizeof(enter));
	assert_memory_equal(&request.enter, &enter, sizeof(enter));

	answer_errno = EBUSY;
	assert_int_equal(vctx_enter(&enter), -EBUSY);
	answer_errno = ENOSYS;
	assert_int_equal(vctx_enter(&enter), -EOPNOTSUPP);
}

static void test_self(void **state)
{
	struct vctx_self self;

	(void)state;
	assert_int_equal(vctx_self(&self), 0);
	assert_int_equal(self.version, 9);
	assert_int_equal(self.id, 65537);
	assert_true(self.cap_ceiling == 0xff);

	/* a later kernel says more */
	answer_len = sizeof(self) + 64;
	assert_int_equal(vctx_self(&self), 0);
	assert_int_equal(self.id, 65537);

	answer_len = VCTX_SELF_SIZE_VER0 - 1;
	assert_int_equal(vctx_self(&self), -EPROTO);
	answer_errno = ENOSYS;
	assert_int_equal(vctx_self(&self), -EOPNOTSUPP);
	assert_int_equal(self.id, 0);
	answer_errno = EINVAL;
	assert_int_equal(vctx_self(&self), -EOPNOTSUPP);
}

static void test_classic(void **state)
{
	(void)state;
	assert_int_equal(new_s_context(-1, 6, VCTX_FLAG_PRIVATE), 65537);
	assert_true(request.enter.id == VCTX_ID_NEW);
	assert_int_equal(request.enter.flags, VCTX_FLAG_PRIVATE);
	assert_int_equal(request.enter.cap_drop, 6);
	assert_int_equal(new_s_context(100, 0, 0), 65537);
	assert_int_equal(request.enter.id, 100);

	calls = 0;
	errno = 0;
	assert_int_equal(new_s_context(-2, 0, 0), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(calls, 0);
	answer_errno = EPERM;
	assert_int_equal(new_s_context(100, 0, 0), -1);
	assert_int_equal(errno, EPERM);
}

static void test_bind(void **state)
{
	struct vctx_addr addr[2 * VCTX_BIND_MAX + 1] = {
		{ .family = 2, .addr = { 10, 0, 0, 2 } },
		{ .family = 10, .addr = { 0xfd, 0, 0, 1 } },
	};
	unsigned int ip = addr[0].addr[0];

	(void)state;
	memset(&bind_request, 0xff, sizeof(bind_request));
	assert_int_equal(vctx_bind_addr(addr, 2, 7), 0);
	assert_true(bind_request.head.id == LSM_ID_VCTX);
	assert_true(bind_request.head.len == sizeof(bind_request));
	assert_true(bind_request.head.ctx_len == sizeof(bind_request.bind));
	assert_int_equal(bind_request.bind.nr, 2);
	assert_int_equal(bind_request.bind.broadcast, 7);
	assert_memory_equal(bind_request.bind.addr, addr, 2 * sizeof(addr[0]));
	assert_int_equal(bind_request.bind.addr[2].family, 0);

	calls = 0;
	assert_int_equal(vctx_bind_addr(addr, 0, 0), -EINVAL);
	assert_int_equal(vctx_bind_addr(addr, 2 * VCTX_BIND_MAX + 1, 0), -EINVAL);
	assert_int_equal(set_ipv4root(&ip, 0, 0, NULL), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(calls, 0);

	assert_int_equal(set_ipv4root(&ip, 1, 9, NULL), 0);
	assert_int_equal(bind_request.bind.nr, 1);
	assert_int_equal(bind_request.bind.addr[0].family, 2);
	assert_memory_equal(bind_request.bind.addr[0].addr, &ip, sizeof(ip));
	answer_errno = EADDRNOTAVAIL;
	assert_int_equal(vctx_bind_addr(addr, 2, 0), -EADDRNOTAVAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_sizes, setup),
		cmocka_unit_test_setup(test_enter, setup),
		cmocka_unit_test_setup(test_self, setup),
		cmocka_unit_test_setup(test_classic, setup),
		cmocka_unit_test_setup(test_bind, setup),
	};

	return cmocka_run_group_tests_name("lib-entry", tests, NULL, NULL);
}
