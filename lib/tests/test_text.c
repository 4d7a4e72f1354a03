// SPDX-License-Identifier: LGPL-2.1-or-later
/* Values, limits, ids, flags and names, with what a hostile caller may write */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "test.h"
#include "../libvctx.h"

#define UNTOUCHED	0x5a5a5a5aULL

static void test_value_good(void **state)
{
	static const struct {
		const char *text;
		unsigned long long value;
	} good[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "007", 7 },
		{ "1K", 1ULL << 10 },
		{ "1k", 1ULL << 10 },
		{ "3M", 3ULL << 20 },
		{ "2g", 2ULL << 30 },
		{ "4T", 4ULL << 40 },
		{ "0T", 0 },
		{ "max", VCTX_MAX },
		{ "9223372036854775806", 9223372036854775806ULL },
		{ "8388607T", 8388607ULL << 40 },
		{ "00000000000000000000000000000000001", 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < NR(good); i++) {
		unsigned long long value = UNTOUCHED;

		assert_int_equal(vctx_parse_value(good[i].text, &value), 0);
		assert_true(value == good[i].value);
	}
}

static void test_value_bad(void **state)
{
	static const struct {
		const char *text;
		int err;
	} bad[] = {
		{ "", -EINVAL },
		{ " ", -EINVAL },
		{ " 1", -EINVAL },
		{ "1 ", -EINVAL },
		{ "1\n", -EINVAL },
		{ "-1", -EINVAL },
		{ "+1", -EINVAL },
		{ "-0", -EINVAL },
		{ "0x10", -EINVAL },
		{ "1e3", -EINVAL },
		{ "1.5K", -EINVAL },
		{ "1,000", -EINVAL },
		{ "K", -EINVAL },
		{ "1KK", -EINVAL },
		{ "1KiB", -EINVAL },
		{ "1P", -EINVAL },
		{ "Max", -EINVAL },
		{ "max ", -EINVAL },
		{ "maxx", -EINVAL },
		{ "ma", -EINVAL },
		{ "infinity", -EINVAL },
		{ "1:2", -EINVAL },
		{ "\xff\xfe", -EINVAL },
		{ "1\xc2\xa0", -EINVAL },
		{ "99999999999999999999z", -EINVAL },
		{ "9223372036854775807", -ERANGE },
		{ "9223372036854775808", -ERANGE },
		{ "18446744073709551615", -ERANGE },
		{ "18446744073709551616", -ERANGE },
		{ "99999999999999999999999999999999", -ERANGE },
		{ "8388608T", -ERANGE },
		{ "9223372036854775807K", -ERANGE },
	};
	size_t i;

	(void)state;
	for (i = 0; i < NR(bad); i++) {
		unsigned long long value = UNTOUCHED;

		assert_int_equal(vctx_parse_value(bad[i].text, &value),
				 bad[i].err);
		assert_true(value == UNTOUCHED);
	}
}

static void test_limit(void **state)
{
	struct vctx_limit l;

	(void)state;
	assert_int_equal(vctx_parse_limit("5", &l), 0);
	assert_int_equal(l.set, VCTX_LIMIT_HARD);
	assert_true(l.hard == 5);

	assert_int_equal(vctx_parse_limit("1K:max", &l), 0);
	assert_int_equal(l.set, VCTX_LIMIT_SOFT | VCTX_LIMIT_HARD);
	assert_true(l.soft == 1024 && l.hard == VCTX_MAX);

	assert_int_equal(vctx_parse_limit("7:", &l), 0);
	assert_int_equal(l.set, VCTX_LIMIT_SOFT);
	assert_true(l.soft == 7);

	assert_int_equal(vctx_parse_limit(":8", &l), 0);
	assert_int_equal(l.set, VCTX_LIMIT_HARD);
	assert_true(l.hard == 8);
}

static void test_limit_bad(void **state)
{
	static const char *const bad[] = {
		"", ":", "::", "1::2", "1:2:3", "a:1", "1:a", "-1:2", "1:-2",
		" 1:2", "1: 2", "1 :2", "max:max:", ":max ",
	};
	struct vctx_limit l = { .set = 99 };
	size_t i;

	(void)state;
	for (i = 0; i < NR(bad); i++)
		assert_int_equal(vctx_parse_limit(bad[i], &l), -EINVAL);
	assert_int_equal(vctx_parse_limit("1:9223372036854775808", &l),
			 -ERANGE);
	assert_int_equal(l.set, 99);
}

static void test_id(void **state)
{
	unsigned int id = 77;

	(void)state;
	assert_int_equal(vctx_parse_id("", &id), -EINVAL);
	assert_int_equal(vctx_parse_id("-1", &id), -EINVAL);
	assert_int_equal(vctx_parse_id("1a", &id), -EINVAL);
	assert_int_equal(vctx_parse_id("4294967295", &id), -ERANGE);
	assert_int_equal(vctx_parse_id("4294967297", &id), -ERANGE);
	assert_int_equal(vctx_parse_id("18446744073709551617", &id), -ERANGE);
	assert_int_equal(id, 77);
	assert_int_equal(vctx_parse_id("0", &id), 0);
	assert_int_equal(id, 0);
	assert_int_equal(vctx_parse_id("65536", &id), 0);
	assert_int_equal(id, 65536);
}

static void test_flags(void **state)
{
	unsigned int flags = 77;

	(void)state;
	assert_int_equal(vctx_parse_flags("", &flags), -EINVAL);
	assert_int_equal(vctx_parse_flags("lock,", &flags), -EINVAL);
	assert_int_equal(vctx_parse_flags(",lock", &flags), -EINVAL);
	assert_int_equal(vctx_parse_flags("lock private", &flags), -EINVAL);
	assert_int_equal(vctx_parse_flags("Lock", &flags), -EINVAL);
	assert_int_equal(vctx_parse_flags("sched lock", &flags), -EINVAL);
	assert_int_equal(flags, 77);
	assert_int_equal(vctx_parse_flags("lock", &flags), 0);
	assert_int_equal(flags, VCTX_FLAG_LOCK);
	assert_int_equal(vctx_parse_flags("private,lock,lock", &flags), 0);
	assert_int_equal(flags, VCTX_FLAG_LOCK | VCTX_FLAG_PRIVATE);
	assert_int_equal(vctx_parse_flags("sched,lock", &flags), 0);
	assert_int_equal(flags, VCTX_FLAG_LOCK | VCTX_FLAG_SCHED);
	assert_int_equal(vctx_parse_flags("virt", &flags), 0);
	assert_int_equal(flags, VCTX_FLAG_VIRT);
}

static void test_format_flags(void **state)
{
	char buf[VCTX_FLAGS_LEN];
	char small[6];
	unsigned int flags;

	(void)state;
	assert_string_equal(vctx_format_flags(0, buf, sizeof(buf)), "");
	assert_string_equal(vctx_format_flags(VCTX_FLAG_PRIVATE, buf,
					      sizeof(buf)), "private");
	vctx_format_flags(VCTX_FLAG_PRIVATE | VCTX_FLAG_LOCK | 1U << 31, buf,
			  sizeof(buf));
	assert_string_equal(buf, "lock,private");
	vctx_format_flags(VCTX_FLAG_PRIVATE | VCTX_FLAG_LOCK, small,
			  sizeof(small));
	assert_string_equal(small, "lock,");
	/* All of them fit, and are read back. */
	vctx_format_flags(UINT_MAX, buf, sizeof(buf));
	assert_true(strlen(buf) < sizeof(buf) - 1);
	assert_int_equal(vctx_parse_flags(buf, &flags), 0);
	assert_int_equal(flags, VCTX_FLAGS_ALL);
}

static void test_name(void **state)
{
	(void)state;
	assert_true(vctx_valid_name("web"));
	assert_true(vctx_valid_name("_"));
	assert_true(vctx_valid_name("web-1.example_ORG"));
	assert_true(vctx_valid_name("a234567890123456789012345678901"));
	assert_false(vctx_valid_name("a2345678901234567890123456789012"));
	assert_false(vctx_valid_name(""));
	assert_false(vctx_valid_name("-"));
	assert_false(vctx_valid_name("1web"));
	assert_false(vctx_valid_name(".web"));
	assert_false(vctx_valid_name("w b"));
	assert_false(vctx_valid_name("web\n"));
	assert_false(vctx_valid_name("w\xc3\xa9"));
	assert_false(vctx_valid_name("a/b"));
}

static void test_format(void **state)
{
	static const struct {
		unsigned long long value;
		const char *digits;
		const char *human;
		const char *exact;
	} texts[] = {
		{ 0, "0", "0", "0" },
		{ 1023, "1023", "1023", "1023" },
		{ 1024, "1024", "1K", "1K" },
		{ 1600, "1600", "1.5K", "1600" },
		{ 1536 << 10, "1572864", "1.5M", "1536K" },
		{ 1048575, "1048575", "1023.9K", "1048575" },
		{ 1048576, "1048576", "1M", "1M" },
		{ 5ULL << 40, "5497558138880", "5T", "5T" },
		{ 5ULL << 50, "5629499534213120", "5P", "5120T" },
		{ VCTX_MAX - 1, "18446744073709551614", "15.9E",
		  "18446744073709551614" },
		{ VCTX_MAX, "max", "max", "max" },
	};
	char buf[VCTX_VALUE_LEN];
	char small[4];
	size_t i;

	(void)state;
	for (i = 0; i < NR(texts); i++) {
		unsigned long long value = texts[i].value;

		vctx_format_value(value, VCTX_DIGITS, buf, sizeof(buf));
		assert_string_equal(buf, texts[i].digits);
		vctx_format_value(value, VCTX_HUMAN, buf, sizeof(buf));
		assert_string_equal(buf, texts[i].human);
		vctx_format_value(value, VCTX_EXACT, buf, sizeof(buf));
		assert_string_equal(buf, texts[i].exact);
	}
	assert_string_equal(vctx_format_value(123456, VCTX_DIGITS, small, sizeof(small)),
			    "123");
}

static void test_kind(void **state)
{
	unsigned int kind = 77;

	(void)state;
	assert_int_equal(vctx_res_kind("nproc", &kind), 0);
	assert_int_equal(kind, 0);
	assert_int_equal(vctx_res_kind("rss", &kind), 0);
	assert_int_equal(kind, VCTX_RES_BYTES);
	assert_int_equal(vctx_res_kind("nrandom", &kind), 0);
	assert_int_equal(kind, VCTX_RES_BYTES | VCTX_RES_CUMULATIVE);
	assert_int_equal(vctx_res_kind("nwhatever", &kind), -ENOENT);
	assert_int_equal(kind, 0);
	assert_int_equal(vctx_res_kind("", &kind), -ENOENT);
}

/* The kernel's table has the same resources, of the same kind. */
static void test_kind_of_kernel(void **state)
{
	FILE *f = fopen("kernel/counter.c", "r");
	char line[256], name[32], unit[32];
	int nr = 0;

	(void)state;
	if (!f)
		skip();
	while (fgets(line, sizeof(line), f)) {
		unsigned int want = 0;
		unsigned int kind;

		if (sscanf(line, " [VCTX_%*[A-Z]] = { \"%31[a-z]\", %31[A-Z_0-9]",
			   name, unit) != 2)
			continue;
		if (strcmp(unit, "1"))
			want |= VCTX_RES_BYTES;
		if (strstr(line, ".cumulative = true"))
			want |= VCTX_RES_CUMULATIVE;
		assert_int_equal(vctx_res_kind(name, &kind), 0);
		assert_int_equal(kind, want);
		nr++;
	}
	fclose(f);
	assert_true(nr >= 22);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value_good),
		cmocka_unit_test(test_value_bad),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_limit_bad),
		cmocka_unit_test(test_id),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_format_flags),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_kind),
		cmocka_unit_test(test_kind_of_kernel),
	};

	return cmocka_run_group_tests_name("lib-text", tests, NULL, NULL);
}
