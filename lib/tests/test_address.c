// SPDX-License-Identifier: LGPL-2.1-or-later
/* Network addresses of contexts: what is one, sets of them, and the file */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "tree.h"
#include "../libvctx.h"

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		int err;
		int family;
		const char *again;
	} all[] = {
		{ "10.0.0.2", 0, AF_INET, "10.0.0.2" },
		{ "127.0.0.1", 0, AF_INET, "127.0.0.1" },
		{ "127.127.255.255", 0, AF_INET, "127.127.255.255" },
		{ "240.0.0.1", 0, AF_INET, "240.0.0.1" },
		{ "FD00:0::0002", 0, AF_INET6, "fd00::2" },
		{ "::1", 0, AF_INET6, "::1" },
		{ "::ffff:10.0.0.2", 0, AF_INET, "10.0.0.2" },
		{ "", -EINVAL, 0, NULL },
		{ "10.0.0", -EINVAL, 0, NULL },
		{ "10.0.0.256", -EINVAL, 0, NULL },
		{ "10.0.0.2 ", -EINVAL, 0, NULL },
		{ "10.0.0.2/24", -EINVAL, 0, NULL },
		{ "any", -EINVAL, 0, NULL },
		{ "fd00:::2", -EINVAL, 0, NULL },
		{ "fe80::1%eth0", -EINVAL, 0, NULL },
		{ "0.0.0.0", -EADDRNOTAVAIL, 0, NULL },
		{ "0.1.2.3", -EADDRNOTAVAIL, 0, NULL },
		{ "224.0.0.1", -EADDRNOTAVAIL, 0, NULL },
		{ "239.255.255.255", -EADDRNOTAVAIL, 0, NULL },
		{ "255.255.255.255", -EADDRNOTAVAIL, 0, NULL },
		{ "127.128.0.1", -EADDRNOTAVAIL, 0, NULL },
		{ "127.255.255.255", -EADDRNOTAVAIL, 0, NULL },
		{ "::", -EADDRNOTAVAIL, 0, NULL },
		{ "ff02::1", -EADDRNOTAVAIL, 0, NULL },
		{ "::ffff:224.0.0.1", -EADDRNOTAVAIL, 0, NULL },
	};
	char text[VCTX_ADDR_LEN];
	struct vctx_addr addr;
	size_t i;

	(void)state;
	for (i = 0; i < NR(all); i++) {
		assert_int_equal(vctx_parse_addr(all[i].text, &addr),
				 all[i].err);
		if (all[i].err)
			continue;
		assert_int_equal(addr.family, all[i].family);
		assert_int_equal(addr.reserved, 0);
		assert_string_equal(vctx_format_addr(&addr, text, sizeof(text)),
				    all[i].again);
	}
}

static int add(struct vctx_addresses *set, const char *text)
{
	struct vctx_addr addr;

	assert_int_equal(vctx_parse_addr(text, &addr), 0);
	return vctx_add_addr(set, &addr);
}

static void check_set(const struct vctx_addresses *set, const char *want)
{
	char all[2048] = "", text[VCTX_ADDR_LEN];
	size_t i;

	for (i = 0; i < set->nr; i++) {
		strcat(all, i ? " " : "");
		strcat(all, vctx_format_addr(&set->addr[i], text, sizeof(text)));
	}
	assert_string_equal(all, want);
}

/* As the kernel lists them: by family, in the order in which they came. */
static void test_set(void **state)
{
	struct vctx_addresses a = { .nr = 0 }, b = { .nr = 0 };
	char text[32];
	int i;

	(void)state;
	assert_int_equal(add(&a, "fd00::2"), 0);
	assert_int_equal(add(&a, "10.0.0.3"), 0);
	assert_int_equal(add(&a, "fd00::1"), 0);
	assert_int_equal(add(&a, "10.0.0.2"), 0);
	assert_int_equal(add(&a, "10.0.0.3"), 0);
	assert_int_equal(add(&a, "::ffff:10.0.0.3"), 0);
	check_set(&a, "10.0.0.3 10.0.0.2 fd00::2 fd00::1");

	assert_int_equal(add(&b, "10.0.0.3"), 0);
	assert_int_equal(add(&b, "10.0.0.2"), 0);
	assert_int_equal(add(&b, "fd00::2"), 0);
	assert_false(vctx_same_addresses(&a, &b));
	assert_int_equal(add(&b, "fd00::1"), 0);
	assert_true(vctx_same_addresses(&a, &b));
	b.broadcast = 1;
	assert_false(vctx_same_addresses(&a, &b));
	memset(&b, 0, sizeof(b));
	add(&b, "10.0.0.2");
	add(&b, "10.0.0.3");
	add(&b, "fd00::2");
	add(&b, "fd00::1");
	assert_false(vctx_same_addresses(&a, &b));

	memset(&a, 0, sizeof(a));
	for (i = 0; i < VCTX_BIND_MAX; i++) {
		snprintf(text, sizeof(text), "fd00::%d", i + 1);
		assert_int_equal(add(&a, text), 0);
		snprintf(text, sizeof(text), "10.0.0.%d", i + 1);
		assert_int_equal(add(&a, text), 0);
	}
	assert_int_equal(add(&a, "fd00::99"), -E2BIG);
	assert_int_equal(add(&a, "10.0.0.99"), -E2BIG);
	assert_int_equal(add(&a, "10.0.0.9"), 0);
	assert_int_equal(a.nr, 2 * VCTX_BIND_MAX);
}

static void test_file(void **state)
{
	struct vctx_addresses set;
	char line[2048];
	char path[256];
	FILE *f;

	(void)state;
	assert_int_equal(vctx_get_addresses(7, &set), -ENOENT);
	put_dir("7");
	put("7/addresses", "address any\n");
	assert_int_equal(vctx_get_addresses(7, &set), 0);
	assert_int_equal(set.nr, 0);
	assert_int_equal(vctx_set_addresses(7, &set), -EINVAL);

	put("7/addresses", "address 10.0.0.2\naddress fd00::2\nbroadcast 10.0.0.255\nloopback 127.128.0.1\nlater x\n");
	assert_int_equal(vctx_get_addresses(7, &set), 0);
	check_set(&set, "10.0.0.2 fd00::2");
	assert_int_equal(set.broadcast, inet_addr("10.0.0.255"));
	put("7/addresses", "");
	assert_int_equal(vctx_set_addresses(7, &set), 0);
	snprintf(path, sizeof(path), "%s/7/addresses", root);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	assert_string_equal(line, "10.0.0.2 fd00::2 broadcast 10.0.0.255\n");

	put("7/addresses", "address 10.0.0\n");
	assert_int_equal(vctx_get_addresses(7, &set), -EPROTO);
	put("7/addresses", "broadcast x\n");
	assert_int_equal(vctx_get_addresses(7, &set), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests_name("lib-address", tests, make_root,
					   remove_root);
}
