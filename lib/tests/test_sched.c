// SPDX-License-Identifier: LGPL-2.1-or-later
/* How a context is scheduled, as users and as the kernel write it */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "test.h"
#include "../libvctx.h"

static const struct vctx_sched new_sched = VCTX_SCHED_INIT;

/* Sets what "KEY VALUE" says. */
static int parse(const char *text, struct vctx_sched *sched)
{
	enum vctx_sched_setting setting = VCTX_SCHED_NR;
	const char *blank = strchr(text, ' ');
	char key[16];

	assert_non_null(blank);
	snprintf(key, sizeof(key), "%.*s", (int)(blank - text), text);
	assert_int_equal(vctx_sched_setting(key, &setting), 0);
	assert_string_equal(vctx_sched_key(setting), key);
	return vctx_parse_sched(setting, blank + 1, sched);
}

static void test_keys(void **state)
{
	enum vctx_sched_setting setting = 77;
	char all[64] = "";
	int i;

	(void)state;
	for (i = 0; i < VCTX_SCHED_NR; i++) {
		strcat(all, i ? ", " : "");
		strcat(all, vctx_sched_key(i));
		assert_int_equal(vctx_sched_setting(vctx_sched_key(i), &setting),
				 0);
		assert_int_equal(setting, i);
	}
	assert_string_equal(all, VCTX_SCHED_KEYS);
	assert_null(vctx_sched_key(VCTX_SCHED_NR));
	assert_null(vctx_sched_key(-1));
	setting = 77;
	assert_int_equal(vctx_sched_setting("", &setting), -ENOENT);
	assert_int_equal(vctx_sched_setting("Weight", &setting), -ENOENT);
	assert_int_equal(vctx_sched_setting("weigh", &setting), -ENOENT);
	assert_int_equal(vctx_sched_setting("weights", &setting), -ENOENT);
	assert_int_equal(vctx_sched_setting("max", &setting), -ENOENT);
	assert_int_equal(setting, 77);
}

static void test_decimal(void **state)
{
	static const struct {
		const char *text;
		unsigned long long value;
		const char *rest;
	} good[] = {
		{ "0", 0, "" },
		{ "1", 1000000, "" },
		{ "007", 7000000, "" },
		{ "1.5", 1500000, "" },
		{ "0.000001", 1, "" },
		{ "0.0000019", 1, "9" },
		{ "12.25%", 12250000, "%" },
		{ "1 ", 1000000, " " },
		{ "1.5.5", 1500000, ".5" },
		{ "18446744073708.999999", 18446744073708999999ULL, "" },
	};
	static const char *const bad[] = {
		"", " 1", "+1", "-1", ".5", "1.", "1.x", "x", "18446744073709",
		"99999999999999999999999999", "18446744073709551616.5",
	};
	unsigned long long value;
	size_t i;

	(void)state;
	for (i = 0; i < NR(good); i++) {
		const char *rest = vctx_parse_decimal(good[i].text, &value);

		assert_non_null(rest);
		assert_string_equal(rest, good[i].rest);
		assert_true(value == good[i].value);
	}
	value = 77;
	for (i = 0; i < NR(bad); i++)
		assert_null(vctx_parse_decimal(bad[i], &value));
	assert_int_equal(value, 77);
}

static void test_good(void **state)
{
	/* What is written for users and for the kernel, from 100 ms on */
	static const struct {
		const char *text;
		const char *user;
		const char *kernel;
	} good[] = {
		{ "weight 1", "1", "weight 1" },
		{ "weight 010", "10", "weight 10" },
		{ "weight 10000", "10000", "weight 10000" },
		{ "idle yes", "yes", "idle 1" },
		{ "idle no", "no", "idle 0" },
		{ "cpu max", "max", "max max 100000" },
		{ "cpu 150%", "150%", "max 150000 100000" },
		{ "cpu 150%/100ms", "150%", "max 150000 100000" },
		{ "cpu 1%", "1%", "max 1000 100000" },
		{ "cpu 0.5%/1s", "0.5%/1s", "max 5000 1000000" },
		{ "cpu 12.5%/50ms", "12.5%/50ms", "max 6250 50000" },
		{ "cpu 33.333%/50000", "33.334%/50ms", "max 16667 50000" },
		{ "cpu 150%/1.001ms", "150.04995%/1001us", "max 1502 1001" },
		{ "cpu 25600%", "25600%", "max 25600000 100000" },
		{ "cpu 1759218604441.5%/1ms", "1759218604441.5%/1ms",
		  "max 17592186044415 1000" },
		{ "burst 0", "0", "burst 0" },
		{ "burst 0s", "0", "burst 0" },
		{ "burst 50ms", "50ms", "burst 50000" },
		{ "burst 1.5ms", "1500us", "burst 1500" },
		{ "burst 7", "7us", "burst 7" },
		{ "burst 7us", "7us", "burst 7" },
		{ "burst 2000ms", "2s", "burst 2000000" },
		{ "burst 17592186044415", "17592186044415us",
		  "burst 17592186044415" },
		{ "nice 5", "5", "nice 5" },
		{ "nice -20", "-20", "nice -20" },
		{ "nice -0", "0", "nice 0" },
		{ "rt allow", "allow", "rt allow" },
		{ "rt deny", "deny", "rt deny" },
		{ "sched on", "on", "sched on" },
		{ "sched off", "off", "sched off" },
	};
	char line[VCTX_SCHED_LINE_LEN], text[VCTX_SCHED_VALUE_LEN];
	enum vctx_sched_setting setting;
	size_t i;

	(void)state;
	for (i = 0; i < NR(good); i++) {
		struct vctx_sched sched = new_sched;
		struct vctx_sched again = new_sched;
		char key[16];

		assert_int_equal(parse(good[i].text, &sched), 0);
		snprintf(key, sizeof(key), "%.*s",
			 (int)strcspn(good[i].text, " "), good[i].text);
		assert_int_equal(vctx_sched_setting(key, &setting), 0);
		assert_null(vctx_check_sched(setting, &sched));
		vctx_format_sched(setting, &sched, text, sizeof(text));
		assert_string_equal(text, good[i].user);
		vctx_sched_line(&sched, 1U << setting, line, sizeof(line));
		assert_string_equal(line, good[i].kernel);
		/* and is read as the same */
		assert_int_equal(vctx_parse_sched(setting, text, &again), 0);
		assert_int_equal(vctx_sched_changes(&sched, &again), 0);
	}
}

static void test_bad(void **state)
{
	static const char *const bad[] = {
		"weight ", "weight -1", "weight +1", "weight 1.5", "weight max",
		"weight  1", "weight 1 ", "weight 0x10", "weight 100%",
		"weight 99999999999999999999999",
		"idle ", "idle 1", "idle 0", "idle Yes", "idle on", "idle yes ",
		"cpu ", "cpu 50", "cpu %", "cpu -5%", "cpu 50%5", "cpu 50%/",
		"cpu 50%/5m", "cpu 1.%", "cpu .5%", "cpu 50 %", "cpu 50%/max",
		"cpu 50%/1ms/1ms", "cpu Max", "cpu max/1ms", "cpu 1.1234567%",
		"cpu 99999999999999999999%", "cpu 50%/99999999999999999999s",
		"cpu 50%/1001s", "cpu 1759218604441500%/1ms", "cpu 18446744073708%/1000s",
		"burst ", "burst 5m", "burst max", "burst -1", "burst 5 ms",
		"burst 1ns", "burst 0.0000019ms", "burst 99999999999999999999", "burst 18446745s",
		"nice ", "nice -", "nice +5", "nice 5.0", "nice --5", "nice 0x5",
		"nice 99999999999999999999999",
		"rt ", "rt yes", "rt 1", "rt Allow", "sched ", "sched 1",
		"sched yes", "sched ON",
	};
	size_t i;

	(void)state;
	for (i = 0; i < NR(bad); i++) {
		struct vctx_sched sched = new_sched;

		assert_int_equal(parse(bad[i], &sched), -EINVAL);
		assert_int_equal(vctx_sched_changes(&sched, &new_sched), 0);
	}
	{
		struct vctx_sched sched = new_sched;

		assert_int_equal(vctx_parse_sched(VCTX_SCHED_NR, "1", &sched),
				 -EINVAL);
	}
}

/* A period that is not named stays. */
static void test_period(void **state)
{
	struct vctx_sched sched = new_sched;

	(void)state;
	sched.period_usec = 50000;
	assert_int_equal(parse("cpu 150%", &sched), 0);
	assert_true(sched.quota_usec == 75000);
	assert_true(sched.period_usec == 50000);
	assert_int_equal(parse("cpu 150%/1s", &sched), 0);
	assert_true(sched.quota_usec == 1500000);
	assert_int_equal(parse("cpu max", &sched), 0);
	assert_true(sched.quota_usec == VCTX_MAX);
	assert_true(sched.period_usec == 1000000);
}

static void check_range(const char *text, const char *more, const char *want)
{
	struct vctx_sched sched = new_sched;
	enum vctx_sched_setting setting;
	const char *why = NULL;

	if (more)
		assert_int_equal(parse(more, &sched), 0);
	assert_int_equal(parse(text, &sched), 0);
	for (setting = 0; setting < VCTX_SCHED_NR && !why; setting++)
		why = vctx_check_sched(setting, &sched);
	if (!want)
		assert_null(why);
	else
		assert_string_equal(why, want);
}

static void test_range(void **state)
{
	static const char weight[] = "a weight is from 1 to 10000";
	static const char nice[] = "a nice value is from -20 to 19";
	static const char cap[] = "a cap is at least 1 ms in each period";
	static const char period[] = "a period is from 1 ms to 1 s";

	(void)state;
	check_range("weight 1", NULL, NULL);
	check_range("weight 10000", NULL, NULL);
	check_range("weight 0", NULL, weight);
	check_range("weight 10001", NULL, weight);
	/* no number becomes another one that is in its range */
	check_range("weight 4294967396", NULL, weight);
	check_range("weight 18446744073709551615", NULL, weight);
	check_range("nice 19", NULL, NULL);
	check_range("nice 20", NULL, nice);
	check_range("nice -21", NULL, nice);
	check_range("nice 4294967296", NULL, nice);
	check_range("nice -4294967296", NULL, nice);
	check_range("cpu 1%", NULL, NULL);
	check_range("cpu 0%", NULL, cap);
	check_range("cpu 0.999%", NULL, cap);
	check_range("cpu 100%/1ms", NULL, NULL);
	check_range("cpu 99%/1ms", NULL, cap);
	check_range("cpu 200%/999us", NULL, period);
	check_range("cpu 200%/1.1s", NULL, period);
	check_range("cpu 200%/1s", NULL, NULL);
	check_range("cpu 1759218604441.6%/1ms", NULL, "a cap is too large");
	check_range("burst 5s", NULL, NULL);
	check_range("burst 17592186044415", NULL, NULL);
	check_range("burst 17592186044416", NULL, "a burst is too large");
	check_range("burst 150ms", "cpu 150%", NULL);
	check_range("burst 150001us", "cpu 150%",
		    "a burst is above what the cap allows in a period");
	check_range("burst 8796093022208", "cpu 879609302220.8%/1ms",
		    "cap and burst are too large");
	check_range("burst 8796093022207", "cpu 879609302220.8%/1ms", NULL);
}

/* The kernel has the same ranges. */
static void test_range_of_kernel(void **state)
{
	FILE *f = fopen("sched/sched.c", "r");
	unsigned int weight = 0, bits = 0;
	char line[256];

	(void)state;
	if (!f)
		skip();
	while (fgets(line, sizeof(line), f)) {
		sscanf(line, "#define VCTX_WEIGHT_MAX %u", &weight);
		sscanf(line, "#define VCTX_QUOTA_MAX ((u64)BIT_ULL(%u) - 1)",
		       &bits);
	}
	fclose(f);
	assert_int_equal(weight, 10000);
	assert_int_equal(bits, 44);
}

static void test_line(void **state)
{
	struct vctx_sched sched = new_sched;
	char line[VCTX_SCHED_LINE_LEN];
	char small[12];

	(void)state;
	assert_string_equal(vctx_sched_line(&sched, 0, line, sizeof(line)), "");
	vctx_sched_line(&sched, UINT_MAX, line, sizeof(line));
	assert_string_equal(line, "weight 100 idle 0 max max 100000 burst 0 nice -20 rt deny sched off");
	vctx_sched_line(&sched, 1U << VCTX_SCHED_NICE | 1U << VCTX_SCHED_ON,
			line, sizeof(line));
	assert_string_equal(line, "nice -20 sched off");

	memset(&sched, 0xff, sizeof(sched));
	sched.quota_usec--;
	vctx_sched_line(&sched, UINT_MAX, line, sizeof(line));
	assert_non_null(strstr(line, " sched on"));
	/* cut, where there is no space */
	vctx_sched_line(&new_sched, UINT_MAX, small, sizeof(small));
	assert_string_equal(small, "weight 100");
	assert_ptr_equal(vctx_sched_line(&sched, UINT_MAX, small, 0), small);
}

static void test_changes(void **state)
{
	static const char *const texts[VCTX_SCHED_NR] = {
		[VCTX_SCHED_WEIGHT]	= "weight 99",
		[VCTX_SCHED_IDLE]	= "idle yes",
		[VCTX_SCHED_CPU]	= "cpu 5%",
		[VCTX_SCHED_BURST]	= "burst 1",
		[VCTX_SCHED_NICE]	= "nice 0",
		[VCTX_SCHED_RT]		= "rt allow",
		[VCTX_SCHED_ON]		= "sched on",
	};
	struct vctx_sched sched = new_sched;
	int i;

	(void)state;
	assert_int_equal(vctx_sched_changes(&sched, &new_sched), 0);
	sched.running = 5;
	sched.usage_usec = 5;
	assert_int_equal(vctx_sched_changes(&sched, &new_sched), 0);
	for (i = 0; i < VCTX_SCHED_NR; i++) {
		sched = new_sched;
		assert_int_equal(parse(texts[i], &sched), 0);
		assert_int_equal(vctx_sched_changes(&sched, &new_sched), 1U << i);
	}
	sched = new_sched;
	sched.period_usec = 1000;
	assert_int_equal(vctx_sched_changes(&sched, &new_sched),
			 1U << VCTX_SCHED_CPU);
}

/* Whatever cap the kernel may have is read as the same. */
static void test_caps(void **state)
{
	char text[VCTX_SCHED_VALUE_LEN];
	unsigned long long random = 1;
	int i;

	(void)state;
	for (i = 0; i < 200000; i++) {
		struct vctx_sched sched = new_sched;
		struct vctx_sched again = new_sched;

		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		sched.period_usec = 1000 + (random >> 40) % 999001;
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		sched.quota_usec = 1000 + (random >> 20) % (1ULL << i % 45);
		if (sched.quota_usec >= 1ULL << 44)
			sched.quota_usec = (1ULL << 44) - 1;
		vctx_format_sched(VCTX_SCHED_CPU, &sched, text, sizeof(text));
		assert_int_equal(vctx_parse_sched(VCTX_SCHED_CPU, text, &again), 0);
		assert_int_equal(vctx_sched_changes(&sched, &again), 0);
	}
	{
		struct vctx_sched none = { .quota_usec = 5 };

		vctx_format_sched(VCTX_SCHED_CPU, &none, text, sizeof(text));
		assert_string_equal(text, "max");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_decimal),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_period),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_range_of_kernel),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_caps),
	};

	return cmocka_run_group_tests_name("lib-sched", tests, NULL, NULL);
}
