// SPDX-License-Identifier: LGPL-2.1-or-later
/* The files of vctxfs, against a tree of ordinary files */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "tree.h"
#include "../libvctx.h"

long __wrap_syscall(long nr, ...);

/* The kernel has no vctx. */
long __wrap_syscall(long nr, ...)
{
	(void)nr;
	errno = ENOSYS;
	return -1;
}

/* Keeps what was written apart, write by write. */
static int put_fifo(const char *file)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", root, file);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDWR | O_NONBLOCK);
	assert_true(fd >= 0);
	return fd;
}

static int setup(void **state)
{
	if (make_root(state))
		return -1;
	put("last_error", "the context exists\n");
	put("summary", "1 name=- parent=0 depth=1 flags=- members=0 age_usec=9 cpu_usec=0 nproc=0:0:max:max:0\n"
		       "100 name=web parent=0 depth=1 flags=lock members=3 age_usec=12 cpu_usec=4 nproc=3:5:max:200:0\n");
	put_dir("100");
	put("100/status", "id 100\nparent 0\ndepth 1\nname web\nflags lock\nceiling 000001ffffffffff\nmembers 3\nage_usec 12\ncpu_usec 4\nlater key with words\n");
	put("100/limits", "nproc usage 3 peak 5 soft max hard 200 fail 0\nntask usage 3 peak 5 soft 4 hard max later 7 fail 2\n");
	put("100/procs", "12\n345\n0\n6789\n");
	put("100/last_error", "soft is above hard\n");
	put("100/kill", "");
	return 0;
}

static void test_root(void **state)
{
	(void)state;
	assert_string_equal(vctx_root(), root);
	assert_int_equal(vctx_check(), 0);
	unsetenv("VCTXFS");
	assert_string_equal(vctx_root(), "/sys/fs/vctx");
	setenv("VCTXFS", "/nowhere", 1);
	assert_int_equal(vctx_check(), -EOPNOTSUPP);
}

static void test_summary(void **state)
{
	struct vctx_list list = VCTX_LIST_INIT;
	FILE *f;
	char path[256];
	int i;

	(void)state;
	assert_int_equal(vctx_read_summary(&list), 0);
	assert_int_equal(list.nr, 2);
	assert_string_equal(list.info[1].name, "web");

	/* more than is read at once */
	snprintf(path, sizeof(path), "%s/summary", root);
	f = fopen(path, "w");
	assert_non_null(f);
	for (i = 0; i < 10000; i++)
		fprintf(f, "%d name=n%d nproc=1:1:max:max:0\n", i + 2, i);
	fclose(f);
	assert_int_equal(vctx_read_summary(&list), 0);
	assert_int_equal(list.nr, 10000);
	assert_int_equal(list.info[9999].id, 10001);

	/* what cannot be read leaves the list as it is */
	unlink(path);
	assert_int_equal(vctx_read_summary(&list), -ENOENT);
	assert_int_equal(list.nr, 10000);
	assert_int_equal(list.info[9999].res[0].usage, 1);
	vctx_list_free(&list);
	assert_int_equal(list.nr, 0);
}

static void test_find(void **state)
{
	unsigned int id = 0;

	(void)state;
	assert_int_equal(vctx_find("web", &id), 0);
	assert_int_equal(id, 100);
	assert_int_equal(vctx_find("4711", &id), 0);
	assert_int_equal(id, 4711);
	assert_int_equal(vctx_find("mail", &id), -ENOENT);
	assert_int_equal(vctx_find("", &id), -EINVAL);
	assert_int_equal(vctx_find("-", &id), -EINVAL);
	assert_int_equal(vctx_find("-1", &id), -EINVAL);
	assert_int_equal(vctx_find("1x", &id), -EINVAL);
	assert_int_equal(vctx_find("../100", &id), -EINVAL);
	assert_int_equal(vctx_find("9999999999", &id), -ERANGE);
	assert_int_equal(id, 4711);
	assert_true(vctx_exists(0));
	assert_true(vctx_exists(100));
	assert_false(vctx_exists(101));
}

static void test_read(void **state)
{
	struct vctx_info info;

	(void)state;
	assert_int_equal(vctx_read(100, &info), 0);
	assert_int_equal(info.id, 100);
	assert_string_equal(info.name, "web");
	assert_int_equal(info.flags, VCTX_FLAG_LOCK);
	assert_true(info.ceiling == 0x1ffffffffffULL);
	assert_int_equal(info.members, 3);
	assert_int_equal(info.nr_res, 2);
	assert_string_equal(info.res[1].name, "ntask");
	assert_int_equal(info.res[0].hard, 200);
	assert_int_equal(info.res[1].soft, 4);
	assert_true(info.res[1].hard == VCTX_MAX);
	assert_int_equal(info.res[1].fail, 2);
	vctx_info_free(&info);
	assert_int_equal(vctx_read(101, &info), -ENOENT);

	put("100/limits", "nproc usage three\n");
	assert_int_equal(vctx_read(100, &info), -EPROTO);
	put("100/limits", "nproc usage\n");
	assert_int_equal(vctx_read(100, &info), -EPROTO);
	put("100/limits", "nproc usage 3 peak");
	assert_int_equal(vctx_read(100, &info), 0);
	assert_int_equal(info.nr_res, 0);
	vctx_info_free(&info);
	put("100/status", "members -1\n");
	assert_int_equal(vctx_read(100, &info), -EPROTO);
	put("100/status", "ceiling xyz\n");
	assert_int_equal(vctx_read(100, &info), -EPROTO);
	put("100/status", "nothing\n");
	assert_int_equal(vctx_read(100, &info), -EPROTO);
}

static void test_set_limits(void **state)
{
	char text[8192];
	char longest[4096];
	int fd = put_fifo("100/limits");

	(void)state;
	assert_int_equal(vctx_set_limits(100, "nproc soft 90 hard 100"), 0);
	assert_int_equal(read(fd, text, sizeof(text)), 23);
	assert_memory_equal(text, "nproc soft 90 hard 100\n", 23);
	/* that was all */
	assert_int_equal(read(fd, text, sizeof(text)), -1);
	assert_int_equal(errno, EAGAIN);

	/* one line in, one transaction */
	assert_int_equal(vctx_set_limits(100, "nproc hard 1\nntask hard 1"),
			 -EINVAL);
	assert_int_equal(vctx_set_limits(100, "nproc hard 1\n"), -EINVAL);
	memset(longest, 'x', sizeof(longest));
	longest[4095] = '\0';
	assert_int_equal(vctx_set_limits(100, longest), -E2BIG);
	assert_int_equal(read(fd, text, sizeof(text)), -1);
	longest[4094] = '\0';
	assert_int_equal(vctx_set_limits(100, longest), 0);
	assert_int_equal(read(fd, text, sizeof(text)), 4095);
	close(fd);

	assert_int_equal(vctx_set_limits(101, "nproc hard 1"), -ENOENT);
}

static void test_kill(void **state)
{
	char text[16];
	int fd = put_fifo("100/kill");

	(void)state;
	assert_int_equal(vctx_kill_all(100), 0);
	assert_int_equal(read(fd, text, sizeof(text)), 2);
	assert_memory_equal(text, "1\n", 2);
	close(fd);
	assert_int_equal(vctx_kill_all(101), -ENOENT);

	fd = put_fifo("100/status");
	assert_int_equal(vctx_set_status(100, "name mail"), 0);
	assert_int_equal(read(fd, text, sizeof(text)), 10);
	assert_memory_equal(text, "name mail\n", 10);
	close(fd);
}

static void test_last_error(void **state)
{
	char text[VCTX_ERROR_LEN];
	char small[5];

	(void)state;
	assert_int_equal(vctx_last_error(100, text, sizeof(text)), 0);
	assert_string_equal(text, "soft is above hard");
	assert_int_equal(vctx_last_error(0, text, sizeof(text)), 0);
	assert_string_equal(text, "the context exists");
	assert_int_equal(vctx_last_error(100, small, sizeof(small)), 0);
	assert_string_equal(small, "soft");
	assert_int_equal(vctx_last_error(101, text, sizeof(text)), -ENOENT);
	assert_string_equal(text, "");
	put("100/last_error", "ok\n");
	assert_int_equal(vctx_last_error(100, text, sizeof(text)), 0);
	assert_string_equal(text, "");
}

static void test_procs(void **state)
{
	pid_t *pids;
	size_t nr;

	(void)state;
	assert_int_equal(vctx_get_procs(100, &pids, &nr), 0);
	/* 0 would be the caller's group to kill(2) */
	assert_int_equal(nr, 3);
	assert_int_equal(pids[0], 12);
	assert_int_equal(pids[2], 6789);
	free(pids);

	put("100/procs", "");
	assert_int_equal(vctx_get_procs(100, &pids, &nr), 0);
	assert_int_equal(nr, 0);
	free(pids);
	put("100/procs", "-1\n");
	assert_int_equal(vctx_get_procs(100, &pids, &nr), -EPROTO);
	put("100/procs", "4294967295\n");
	assert_int_equal(vctx_get_procs(100, &pids, &nr), -EPROTO);
	assert_int_equal(vctx_get_procs(101, &pids, &nr), -ENOENT);
}

static void test_accounting(void **state)
{
	struct vctx_value *v;
	size_t nr;

	(void)state;
	/* a kernel that does not account */
	assert_int_equal(vctx_get_accounting(100, &v, &nr), -ENOENT);
	put("100/accounting", "cpu_usec 123456\nforks 7\nlater words here\nlast 18446744073709551615\ncut 1");
	assert_int_equal(vctx_get_accounting(100, &v, &nr), 0);
	assert_int_equal(nr, 3);
	assert_string_equal(v[0].key, "cpu_usec");
	assert_int_equal(v[0].value, 123456);
	assert_string_equal(v[1].key, "forks");
	assert_string_equal(v[2].key, "last");
	assert_true(v[2].value == ULLONG_MAX);
	free(v);

	put("100/accounting", "");
	assert_int_equal(vctx_get_accounting(100, &v, &nr), 0);
	assert_int_equal(nr, 0);
	free(v);
	put("100/accounting", "a2345678901234567890123456789012345678901234567 1\n"
			      "a23456789012345678901234567890123456789012345678 2\n");
	assert_int_equal(vctx_get_accounting(100, &v, &nr), 0);
	assert_int_equal(nr, 1);
	assert_int_equal(v[0].value, 1);
	free(v);
	put("100/accounting", "forks 7\nnothing\n");
	assert_int_equal(vctx_get_accounting(100, &v, &nr), -EPROTO);
	put("100/accounting", " 7\n");
	assert_int_equal(vctx_get_accounting(100, &v, &nr), -EPROTO);
	assert_int_equal(vctx_get_accounting(101, &v, &nr), -ENOENT);
}

static void test_events(void **state)
{
	struct vctx_value *v;
	size_t nr;
	int fd;

	(void)state;
	assert_int_equal(vctx_open_events(100), -ENOENT);
	put("100/events", "empty 0\nnproc.soft 1\nnproc.hard 2\n");
	fd = vctx_open_events(100);
	assert_true(fd >= 0);
	assert_int_equal(vctx_get_events(fd, &v, &nr), 0);
	assert_int_equal(nr, 3);
	assert_string_equal(v[2].key, "nproc.hard");
	assert_int_equal(v[2].value, 2);
	free(v);
	/* again, from its beginning */
	put("100/events", "empty 1\n");
	assert_int_equal(vctx_get_events(fd, &v, &nr), 0);
	assert_int_equal(nr, 1);
	assert_int_equal(v[0].value, 1);
	free(v);
	close(fd);
	assert_int_equal(vctx_get_events(fd, &v, &nr), -EBADF);
}

static void test_ids(void **state)
{
	unsigned int *ids;
	size_t nr, i;
	char name[16];
	int fd;

	(void)state;
	fd = vctx_open_ids();
	assert_true(fd >= 0);
	assert_int_equal(vctx_get_ids(fd, &ids, &nr), 0);
	assert_int_equal(nr, 1);
	assert_int_equal(ids[0], 100);
	free(ids);
	/* more than there is room for at first, and what is no context */
	for (i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "%zu", 2000 - i);
		put_dir(name);
	}
	put_dir("0");
	put_dir("4294967295");
	put_dir("1a");
	assert_int_equal(vctx_get_ids(-1, &ids, &nr), 0);
	assert_int_equal(nr, 201);
	assert_int_equal(ids[0], 100);
	assert_int_equal(ids[1], 1801);
	assert_int_equal(ids[200], 2000);
	free(ids);
	close(fd);
	assert_int_equal(vctx_get_ids(fd, &ids, &nr), -EBADF);
	setenv("VCTXFS", "/nowhere", 1);
	assert_int_equal(vctx_open_ids(), -ENOENT);
	assert_int_equal(vctx_get_ids(-1, &ids, &nr), -ENOENT);
}

static void test_create(void **state)
{
	(void)state;
	assert_int_equal(vctx_create(7), 0);
	assert_true(vctx_exists(7));
	assert_int_equal(vctx_create(7), -EEXIST);
	assert_int_equal(vctx_remove(7), 0);
	assert_int_equal(vctx_remove(7), -ENOENT);
	setenv("VCTXFS", "/nowhere", 1);
	assert_int_equal(vctx_create(7), -ENOENT);
}

static void test_of_pid(void **state)
{
	unsigned int id = 77;

	(void)state;
	put_dir("42");
	assert_int_equal(vctx_of_pid(41, &id), -ESRCH);
	assert_int_equal(vctx_of_pid(42, &id), -EOPNOTSUPP);
	put_dir("42/attr");
	put_dir("42/attr/vctx");
	put("42/attr/vctx/current", "");
	assert_int_equal(vctx_of_pid(42, &id), -EPROTO);
	put("42/attr/vctx/current", "unconfined\n");
	assert_int_equal(vctx_of_pid(42, &id), -EPROTO);
	assert_int_equal(id, 77);
	put("42/attr/vctx/current", "65536\n");
	assert_int_equal(vctx_of_pid(42, &id), 0);
	assert_int_equal(id, 65536);
}

static void test_sched(void **state)
{
	struct vctx_sched sched;
	char line[64];
	ssize_t len;
	int fd;

	(void)state;
	assert_int_equal(vctx_get_sched(100, &sched), -ENOENT);
	put("100/sched", "sched on\nweight 200\nidle 0\nmax 150000 100000\nburst 50000\nnice -5\nrt deny\nusage_usec 77\nlater 5 6\nnr_periods 10\nnr_throttled 4\nthrottled_usec 99\nrunning 3\n");
	assert_int_equal(vctx_get_sched(100, &sched), 0);
	assert_int_equal(sched.on, 1);
	assert_int_equal(sched.weight, 200);
	assert_int_equal(sched.idle, 0);
	assert_int_equal(sched.quota_usec, 150000);
	assert_int_equal(sched.period_usec, 100000);
	assert_int_equal(sched.burst_usec, 50000);
	assert_int_equal(sched.nice, -5);
	assert_int_equal(sched.rt, 0);
	assert_int_equal(sched.usage_usec, 77);
	assert_int_equal(sched.nr_periods, 10);
	assert_int_equal(sched.nr_throttled, 4);
	assert_int_equal(sched.throttled_usec, 99);
	assert_int_equal(sched.running, 3);
	put("100/sched", "sched off\nidle 1\nmax max 5000\nnice 19\nrt allow\n");
	assert_int_equal(vctx_get_sched(100, &sched), 0);
	assert_int_equal(sched.on, 0);
	assert_int_equal(sched.idle, 1);
	assert_true(sched.quota_usec == VCTX_MAX);
	assert_int_equal(sched.period_usec, 5000);
	assert_int_equal(sched.nice, 19);
	assert_int_equal(sched.rt, 1);
	put("100/sched", "weight x\n");
	assert_int_equal(vctx_get_sched(100, &sched), -EPROTO);
	put("100/sched", "max 5\n");
	assert_int_equal(vctx_get_sched(100, &sched), -EPROTO);
	put("100/sched", "nice 21\n");
	assert_int_equal(vctx_get_sched(100, &sched), -EPROTO);
	put("100/sched", "weight\n");
	assert_int_equal(vctx_get_sched(100, &sched), -EPROTO);

	fd = put_fifo("100/sched");
	assert_int_equal(vctx_set_sched(100, "sched on weight 200"), 0);
	len = read(fd, line, sizeof(line));
	assert_int_equal(len, 20);
	assert_memory_equal(line, "sched on weight 200\n", 20);
	close(fd);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, remove_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_root),
		TEST(test_summary),
		TEST(test_find),
		TEST(test_read),
		TEST(test_set_limits),
		TEST(test_sched),
		TEST(test_kill),
		TEST(test_last_error),
		TEST(test_procs),
		TEST(test_accounting),
		TEST(test_events),
		TEST(test_ids),
		TEST(test_create),
		TEST(test_of_pid),
	};

	return cmocka_run_group_tests_name("lib-vctxfs", tests, NULL, NULL);
}
