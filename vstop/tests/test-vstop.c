// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vstop: unit tests of the model, the columns and batch output
 */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

#include "../view.h"

#define NEAR(a, b)	assert_true(fabs((a) - (b)) < 1e-6)

/* One line of summary; usage 1 of everything, no limits */
#define LINE(id, name, age, cpu)					\
	#id " name=" name " parent=0 depth=1 flags=- members=1 age_usec=" \
	#age " cpu_usec=" #cpu " nproc=1:1:max:max:0 ntask=1:1:max:max:0 " \
	"nofile=1:1:max:max:0\n"

static int feed(struct model *m, const char *text, double now)
{
	struct vctx_list list = VCTX_LIST_INIT;
	char *copy = strdup(text);
	int err;

	assert_non_null(copy);
	err = vctx_parse_summary(&list, copy, strlen(copy));
	assert_int_equal(err, 0);
	assert_int_equal(list.skipped, 0);
	err = model_feed(m, &list, now);
	vctx_list_free(&list);
	free(copy);
	return err;
}

static struct row *find(struct model *m, uint32_t id)
{
	ssize_t i = model_find(m, id);

	return i < 0 ? NULL : m->order[i];
}

/* Rates */

static void test_first(void **state)
{
	struct model m;

	(void)state;
	model_init(&m, NULL);
	assert_int_equal(feed(&m, LINE(100, "a", 5000000, 4000000), 10), 0);
	assert_true(isnan(find(&m, 100)->cpu));
	assert_true(isnan(find(&m, 100)->refused));
	assert_true(isnan(m.total.cpu));
	assert_false(find(&m, 100)->fresh);
	assert_int_equal(m.total.created, 0);
	assert_true(m.interval == 0);
	model_free(&m);
}

static void test_rates(void **state)
{
	struct model m;

	(void)state;
	model_init(&m, NULL);
	feed(&m, "100 name=a parent=0 depth=1 flags=- members=1 age_usec=1 cpu_usec=1000000 nproc=1:1:max:9:3 nofile=1:1:max:9:4\n", 10);
	feed(&m, "100 name=a parent=0 depth=1 flags=- members=1 age_usec=2000001 cpu_usec=2500000 nproc=1:1:max:9:5 nofile=1:1:max:9:14\n", 12);
	NEAR(find(&m, 100)->cpu, 75);
	NEAR(find(&m, 100)->refused, 6);
	assert_int_equal(find(&m, 100)->fail, 19);
	NEAR(m.total.cpu, 75);
	NEAR(m.total.refused, 6);
	NEAR(m.interval, 2);
	model_free(&m);
}

static void test_come_and_go(void **state)
{
	struct model m;

	(void)state;
	model_init(&m, NULL);
	feed(&m, LINE(100, "a", 9000000, 0) LINE(200, "b", 9000000, 0)
	     LINE(300, "c", 9000000, 0), 10);
	feed(&m, LINE(50, "n", 500000, 250000) LINE(200, "b", 10000000, 500000)
	     LINE(70000, "-", 100, 0), 11);
	assert_int_equal(m.total.contexts, 3);
	assert_int_equal(m.total.created, 2);
	assert_int_equal(m.total.gone, 2);
	assert_null(find(&m, 100));
	assert_null(find(&m, 300));
	assert_true(find(&m, 50)->fresh);
	/* Born since: all that it has used, it has used since. */
	NEAR(find(&m, 50)->cpu, 25);
	NEAR(find(&m, 200)->cpu, 50);
	assert_false(find(&m, 200)->fresh);

	/* All gone, and back again */
	feed(&m, "", 12);
	assert_int_equal(m.total.contexts, 0);
	assert_int_equal(m.total.gone, 3);
	NEAR(m.total.cpu, 0);
	feed(&m, LINE(100, "a", 100, 0), 13);
	assert_int_equal(m.total.created, 1);
	model_free(&m);
}

static void test_id_reuse(void **state)
{
	struct model m;

	(void)state;
	model_init(&m, NULL);
	feed(&m, LINE(100, "old", 90000000, 80000000), 10);
	feed(&m, LINE(100, "new", 500000, 100000), 11);
	assert_true(find(&m, 100)->fresh);
	NEAR(find(&m, 100)->cpu, 10);
	assert_int_equal(m.total.created, 1);
	assert_int_equal(m.total.gone, 1);

	/* More CPU time than the one before had: still not its growth */
	feed(&m, LINE(100, "newer", 400000, 300000), 12);
	NEAR(find(&m, 100)->cpu, 30);
	model_free(&m);
}

static void test_counter_back(void **state)
{
	struct model m;

	(void)state;
	model_init(&m, NULL);
	feed(&m, "100 name=a parent=0 depth=1 flags=- members=1 age_usec=1 cpu_usec=5000000 nproc=1:1:max:9:500\n", 10);
	feed(&m, "100 name=a parent=0 depth=1 flags=- members=1 age_usec=2 cpu_usec=4000000 nproc=1:1:max:9:3\n", 11);
	assert_false(find(&m, 100)->fresh);
	NEAR(find(&m, 100)->cpu, 0);
	NEAR(find(&m, 100)->refused, 0);
	model_free(&m);
}

/* Not seen before although it is old: nothing can be said about it. */
static void test_old_stranger(void **state)
{
	struct model m;

	(void)state;
	model_init(&m, NULL);
	feed(&m, LINE(100, "a", 1000000, 0), 10);
	feed(&m, LINE(100, "a", 2000000, 0) LINE(101, "b", 90000000, 9000000),
	     11);
	assert_true(isnan(find(&m, 101)->cpu));
	NEAR(m.total.cpu, 0);
	model_free(&m);
}

static void test_zero_interval(void **state)
{
	struct model m;

	(void)state;
	model_init(&m, NULL);
	feed(&m, LINE(100, "a", 1, 1000000), 10);
	feed(&m, LINE(100, "a", 2, 2000000), 10);
	assert_true(isnan(find(&m, 100)->cpu));
	assert_true(isnan(m.total.cpu));

	/* It has taken the place of the first one. */
	feed(&m, LINE(100, "a", 3, 3000000), 11);
	NEAR(find(&m, 100)->cpu, 100);
	/* Too soon: the reading is shown, the base stays. */
	feed(&m, LINE(100, "a", 4, 4000000), 11.02);
	NEAR(m.interval, 1.02);
	NEAR(find(&m, 100)->cpu, 200 / 1.02);
	feed(&m, LINE(100, "a", 5, 4000000), 12.02);
	NEAR(m.interval, 1);
	NEAR(find(&m, 100)->cpu, 0);

	/* A clock that goes back */
	feed(&m, LINE(100, "a", 6, 3000000), 5);
	assert_true(isnan(find(&m, 100)->cpu));
	model_free(&m);
}

/* Limits */

static void test_limits(void **state)
{
	const char *base = "100 name=a parent=0 depth=1 flags=- members=1 age_usec=1 cpu_usec=1 ";
	char text[512];
	struct model m;

	(void)state;
	model_init(&m, NULL);
#define RES(res)							\
	(snprintf(text, sizeof(text), "%s%s\n", base, res), feed(&m, text, 1))

	RES("nproc=5:5:max:max:0 nofile=7:7:3:max:0");
	assert_null(find(&m, 100)->fullest);

	RES("nproc=5:5:max:10:0 ntask=6:5:max:10:0 nofile=50:50:max:100:0");
	assert_string_equal(find(&m, 100)->fullest->name, "ntask");
	NEAR(find(&m, 100)->fill, 0.6);

	/* Nothing allowed, nothing used: no shortage */
	RES("nproc=0:0:max:0:0 nofile=1:1:max:100:0");
	assert_string_equal(find(&m, 100)->fullest->name, "nofile");

	/* Nothing allowed, something used */
	RES("nproc=1:1:max:0:0 nofile=100:1:max:100:0");
	assert_string_equal(find(&m, 100)->fullest->name, "nproc");
	assert_true(isinf(find(&m, 100)->fill));

	/* Lowered below the usage */
	RES("nproc=30:30:max:10:0");
	NEAR(find(&m, 100)->fill, 3);

	/* The largest numbers that the kernel has */
	RES("nproc=9223372036854775807:9223372036854775807:max:9223372036854775807:9223372036854775807");
	NEAR(find(&m, 100)->fill, 1);

	/* A resource that we have never heard of counts too. */
	RES("nproc=1:1:max:10:0 nwhatever=9:9:max:10:0");
	assert_string_equal(find(&m, 100)->fullest->name, "nwhatever");

	/* Neither does a kernel without ours disturb. */
	RES("nwhatever=9:9:max:10:0");
	assert_null(find(&m, 100)->tasks);
	assert_int_equal(m.total.tasks, 1);
	model_free(&m);
}

static void test_levels(void **state)
{
	(void)state;
	assert_int_equal(model_level(0), LEVEL_OK);
	assert_int_equal(model_level(0.899), LEVEL_OK);
	assert_int_equal(model_level(0.90), LEVEL_WARN);
	assert_int_equal(model_level(0.999), LEVEL_WARN);
	assert_int_equal(model_level(1), LEVEL_FULL);
	assert_int_equal(model_level(INFINITY), LEVEL_FULL);

	/* usage, peak, soft, hard, fail */
	assert_int_equal(model_res_level(&(struct vctx_res){
		"a", 5, 5, VCTX_MAX, VCTX_MAX, 0 }), LEVEL_OK);
	assert_int_equal(model_res_level(&(struct vctx_res){
		"a", 5, 5, 5, VCTX_MAX, 0 }), LEVEL_OK);
	assert_int_equal(model_res_level(&(struct vctx_res){
		"a", 6, 6, 5, 60, 0 }), LEVEL_WARN);
	assert_int_equal(model_res_level(&(struct vctx_res){
		"a", 6, 6, 5, 6, 0 }), LEVEL_FULL);
}

static void test_refused(void **state)
{
	struct model m;

	(void)state;
	model_init(&m, NULL);
	feed(&m, "100 name=a parent=0 depth=1 flags=- members=1 age_usec=1 cpu_usec=1 nproc=1:1:max:9:3 nofile=1:1:max:9:4\n", 10);
	assert_true(isnan(model_refused(&m, find(&m, 100), 0)));
	/* One that the kernel had not before, and one that is new */
	feed(&m, "100 name=a parent=0 depth=1 flags=- members=1 age_usec=2000001 cpu_usec=1 nproc=1:1:max:9:5 nlater=1:1:max:9:8 nofile=1:1:max:9:14\n"
		 "101 name=b parent=0 depth=1 flags=- members=1 age_usec=1 cpu_usec=1 nproc=1:1:max:9:6\n"
		 "102 name=c parent=0 depth=1 flags=- members=1 age_usec=90000000 cpu_usec=1 nproc=1:1:max:9:6\n", 12);
	NEAR(model_refused(&m, find(&m, 100), 0), 1);
	NEAR(model_refused(&m, find(&m, 100), 1), 4);
	NEAR(model_refused(&m, find(&m, 100), 2), 5);
	NEAR(model_refused(&m, find(&m, 101), 0), 3);
	assert_true(isnan(model_refused(&m, find(&m, 102), 0)));
	model_free(&m);
}

/* What a child uses is in its parent's numbers already. */
static void test_nested(void **state)
{
	struct model m;

	(void)state;
	model_init(&m, NULL);
	feed(&m, "100 name=a parent=0 depth=1 flags=- members=1 age_usec=1 cpu_usec=0 ntask=5:5:max:max:0\n"
		 "70000 name=- parent=100 depth=2 flags=- members=4 age_usec=1 cpu_usec=0 ntask=4:4:max:4:0\n", 1);
	feed(&m, "100 name=a parent=0 depth=1 flags=- members=1 age_usec=2 cpu_usec=800000 ntask=5:5:max:max:0\n"
		 "70000 name=- parent=100 depth=2 flags=- members=4 age_usec=2 cpu_usec=600000 ntask=4:4:max:4:7\n", 2);
	NEAR(m.total.cpu, 80);
	assert_int_equal(m.total.tasks, 5);
	NEAR(m.total.refused, 7);
	model_free(&m);

	/* Shown alone, it is the topmost. */
	model_init(&m, "70000");
	feed(&m, "100 name=a parent=0 depth=1 flags=- members=1 age_usec=1 cpu_usec=0 ntask=5:5:max:max:0\n"
		 "70000 name=- parent=100 depth=2 flags=- members=4 age_usec=1 cpu_usec=0 ntask=4:4:max:4:0\n", 1);
	assert_int_equal(m.total.tasks, 4);
	assert_int_equal(m.total.contexts, 1);
	model_free(&m);
}

static void test_only(void **state)
{
	const char *text = LINE(100, "web", 1, 0) LINE(101, "build", 1, 0)
			   LINE(1001, "-", 1, 0);
	static const struct {
		const char *only;
		uint32_t id;
	} cases[] = {
		{ "web", 100 }, { "100", 100 }, { "build", 101 },
		{ "1001", 1001 }, { "10", 0 }, { "we", 0 }, { "100x", 0 },
		{ "", 0 }, { "-", 0 },
	};
	struct model m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		model_init(&m, cases[i].only);
		feed(&m, text, 1);
		assert_int_equal(m.cur.nr, cases[i].id ? 1 : 0);
		if (cases[i].id)
			assert_int_equal(m.order[0]->ctx->id, cases[i].id);
		model_free(&m);
	}
}

/* Order */

static void check_order(struct model *m, const char *column, bool invert,
			const char *want)
{
	char have[256] = "";
	size_t i;

	model_sort(m, column_find(column), invert);
	for (i = 0; i < m->cur.nr; i++)
		snprintf(have + strlen(have), sizeof(have) - strlen(have),
			 "%s%u", i ? " " : "", m->order[i]->ctx->id);
	assert_string_equal(have, want);
}

static void test_sort(void **state)
{
	struct model m;

	(void)state;
	model_init(&m, NULL);
	/* Out of order: the model does not rely on the kernel's. */
	feed(&m, LINE(3, "b", 30, 0) LINE(1, "-", 10, 0) LINE(2, "a", 20, 0),
	     1);
	feed(&m, "3 name=b parent=0 depth=1 flags=- members=1 age_usec=31 cpu_usec=5 nproc=1:1:max:2:0 ntask=7:7:max:max:0 nofile=3:3:max:max:9\n"
		 "1 name=- parent=0 depth=1 flags=lock members=1 age_usec=11 cpu_usec=5 nproc=2:2:max:max:0 ntask=8:8:max:max:0 nofile=3:3:max:max:0\n"
		 "2 name=a parent=0 depth=1 flags=- members=1 age_usec=21 cpu_usec=9 nproc=3:3:max:4:0 ntask=9:9:max:max:0 nofile=3:3:max:max:0\n", 2);
	check_order(&m, "id", false, "1 2 3");
	check_order(&m, "id", true, "3 2 1");
	check_order(&m, "CTX", false, "1 2 3");
	check_order(&m, "name", false, "2 3 1");
	check_order(&m, "tasks", false, "2 1 3");
	check_order(&m, "tasks", true, "3 1 2");
	check_order(&m, "procs", false, "2 1 3");
	/* Equal ones by id, in both directions */
	check_order(&m, "files", false, "1 2 3");
	check_order(&m, "files", true, "1 2 3");
	check_order(&m, "cpu", false, "2 1 3");
	check_order(&m, "CPU%", false, "2 1 3");
	check_order(&m, "limit", false, "2 3 1");
	check_order(&m, "refused", false, "3 1 2");
	check_order(&m, "flags", false, "1 2 3");
	check_order(&m, "age", false, "3 2 1");
	assert_null(column_find("nothing"));
	assert_null(column_find(""));
	model_free(&m);
}

/* Before the second reading all rates are unknown: NAN must not break order. */
static void test_sort_unknown(void **state)
{
	struct model m;

	(void)state;
	model_init(&m, NULL);
	model_sort(&m, column_find("cpu"), false);
	feed(&m, LINE(3, "b", 30, 0) LINE(1, "-", 10, 0) LINE(2, "a", 20, 0),
	     1);
	check_order(&m, "cpu", false, "1 2 3");
	check_order(&m, "refused", false, "1 2 3");
	model_free(&m);
}

/* Texts */

static void check_fit(const char *s, int width, enum text_align align,
		      const char *want)
{
	char buf[64];

	assert_int_equal(text_fit(buf, sizeof(buf), s, width, align),
			 strlen(want));
	assert_string_equal(buf, want);
}

static void test_fit(void **state)
{
	char tiny[4];

	(void)state;
	check_fit("abc", 5, ALIGN_LEFT, "abc  ");
	check_fit("abc", 5, ALIGN_RIGHT, "  abc");
	check_fit("abcdef", 4, ALIGN_LEFT, "abcd");
	check_fit("abcdef", 4, ALIGN_RIGHT, "abcd");
	check_fit("abc", 0, ALIGN_LEFT, "");
	check_fit("abc", -3, ALIGN_LEFT, "");
	check_fit("", 3, ALIGN_RIGHT, "   ");
	check_fit("a\x1b[2Jb\n", 8, ALIGN_LEFT, "a?[2Jb? ");
	check_fit("\xff\xfe", 4, ALIGN_LEFT, "??  ");

	text_fit(tiny, sizeof(tiny), "abcdef", 6, ALIGN_LEFT);
	assert_string_equal(tiny, "abc");
	assert_int_equal(text_fit(tiny, 0, "abc", 3, ALIGN_LEFT), 0);
}

static void test_fit_wide(void **state)
{
	char tiny[4];

	(void)state;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	assert_int_equal(text_width("größe"), 5);
	assert_int_equal(text_width("漢字"), 4);
	assert_int_equal(text_width("e\u0301"), 1);
	check_fit("größe", 3, ALIGN_LEFT, "grö");
	check_fit("漢字", 5, ALIGN_RIGHT, " 漢字");
	/* Half of a wide character is no character. */
	check_fit("漢字", 3, ALIGN_LEFT, "漢 ");
	check_fit("漢", 1, ALIGN_LEFT, " ");
	/* Cut in the middle of a sequence */
	check_fit("a\xc3", 3, ALIGN_LEFT, "a? ");
	text_fit(tiny, sizeof(tiny), "漢字", 4, ALIGN_LEFT);
	assert_string_equal(tiny, "漢");
	setlocale(LC_CTYPE, "C");
}

static void test_numbers(void **state)
{
	static const struct {
		uint64_t n;
		const char *want;
	} counts[] = {
		{ 0, "0" }, { 99999, "99999" }, { 100000, "100k" },
		{ 9999999, "9999k" }, { 10000000, "10M" },
		{ UINT64_MAX, "18E" },
	}, ages[] = {
		{ 0, "0s" }, { 59999999, "59s" }, { 60000000, "1m00s" },
		{ 3599000000ULL, "59m59s" }, { 3600000000ULL, "1h00m" },
		{ 86400000000ULL, "1d00h" }, { 8640000000000ULL, "100d" },
		{ 86400000000000ULL, "2.7y" }, { UINT64_MAX, "584542.0y" },
	};
	static const struct {
		double v;
		const char *want;
	} rates[] = {
		{ NAN, "-" }, { 0, "0.0" }, { 0.04, "0.0" }, { 73.25, "73.2" },
		{ 999.94, "999.9" }, { 999.96, "1000" }, { 123456, "123k" },
		{ 1e30, ">1P" }, { INFINITY, ">1P" },
	};
	char buf[32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		text_count(buf, sizeof(buf), counts[i].n);
		assert_string_equal(buf, counts[i].want);
	}
	for (i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
		text_age(buf, sizeof(buf), ages[i].n);
		assert_string_equal(buf, ages[i].want);
	}
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		text_rate(buf, sizeof(buf), rates[i].v);
		assert_string_equal(buf, rates[i].want);
	}
}

static void test_bar(void **state)
{
	static const struct {
		double fill;
		int width;
		const char *want;
	} bars[] = {
		{ 0, 12, "[          ]" }, { 0.73, 12, "[|||||||   ]" },
		{ 1, 12, "[||||||||||]" }, { 17, 12, "[||||||||||]" },
		{ INFINITY, 6, "[||||]" }, { NAN, 6, "[    ]" },
		{ -1, 6, "[    ]" }, { 0.001, 12, "[|         ]" },
		{ 0.999, 12, "[||||||||| ]" }, { 0.5, 3, "[|]" },
		{ 0.5, 2, "" }, { 0.5, -7, "" }, { 0.5, 4096, "" },
	};
	char buf[32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bars) / sizeof(bars[0]); i++) {
		text_bar(buf, sizeof(buf), bars[i].fill, bars[i].width);
		assert_string_equal(buf, bars[i].want);
	}
}

/* Every cell of every column at every width stays within it. */
static void test_cells(void **state)
{
	static const char *const lines[] = {
		"4294967295 name=abcdefghijklmnopqrstuvwxyz01234 parent=0 depth=16 flags=lock,private members=18446744 age_usec=9223372036854775807 cpu_usec=9223372036854775807 nproc=9223372036854775807:1:max:1:9223372036854775807 ntask=9223372036854775807:1:max:0:0 nofile=100000:1:max:max:0 averyveryverylongresource00000=5:5:5:5:5\n",
		"2 name=- parent=0 depth=1 flags=- members=0 age_usec=0 cpu_usec=0\n",
	};
	char cell[128];
	struct model m;
	size_t i;
	int c, w;

	(void)state;
	for (i = 0; i < 2; i++) {
		model_init(&m, NULL);
		feed(&m, lines[i], 1);
		feed(&m, lines[i], 2);
		for (c = 0; c < nr_columns; c++) {
			for (w = 0; w < 64; w++) {
				column_table[c].render(m.order[0], cell,
						       sizeof(cell), w);
				assert_true(strlen(cell) < sizeof(cell));
			}
			assert_true(column_table[c].width >=
				    text_width(column_table[c].title));
		}
		model_free(&m);
	}
}

static void test_limit_cell(void **state)
{
	const struct column *col = column_find("limit");
	struct model m;
	char cell[64];

	(void)state;
	model_init(&m, NULL);
	feed(&m, "100 name=a parent=0 depth=1 flags=- members=1 age_usec=1 cpu_usec=1 nproc=73:80:max:100:0 nofile=1:1:max:max:0\n", 1);
	col->render(m.order[0], cell, sizeof(cell), 0);
	assert_string_equal(cell, "nproc:73%");
	col->render(m.order[0], cell, sizeof(cell), 24);
	assert_string_equal(cell, "nproc  [|||||||   ]  73%");
	assert_int_equal(col->level(m.order[0]), LEVEL_OK);
	model_free(&m);
}

/* Batch output */

static char *print_columns(struct model *m, const char *columns,
			   void (*fn)(FILE *, const struct model *,
				      const struct column_set *))
{
	struct column_set set;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	column_set_usual(&set, false);
	if (columns)
		assert_null(column_set_parse(&set, columns));
	assert_non_null(f);
	fn(f, m, &set);
	assert_int_equal(fclose(f), 0);
	return text;
}

static char *print(struct model *m, void (*fn)(FILE *, const struct model *,
					       const struct column_set *))
{
	return print_columns(m, NULL, fn);
}

static void test_columns(void **state)
{
	static const struct {
		const char *list;
		int nr;
		const char *last;
	} good[] = {
		{ "id", 1, "id" }, { "ID,CPU%,mem", 3, "mem" },
		{ "mem,MEM,mem", 1, "mem" }, { "+mem", 11, "mem" },
		{ "+id", 10, "age" },
		{ "weight,WANT%,got,Cap%,throttled", 5, "throttled" },
		{ "REFUSED/s", 1, "refused" },
		{ "id,name,tasks,procs,files,mem,cpu,limit,refused,flags,age,id", 11, "age" },
	};
	static const struct {
		const char *list;
		const char *rest;
	} bad[] = {
		{ "", "" }, { "+", "" }, { "id,", "" }, { "id,,mem", ",mem" },
		{ "nothing", "nothing" }, { "id,nothing,mem", "nothing,mem" },
		{ "idid", "idid" },
		{ "name56789012345678901234567890123", "name56789012345678901234567890123" },
	};
	struct column_set set;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		column_set_usual(&set, false);
		assert_int_equal(set.nr, 10);
		assert_null(column_set_parse(&set, good[i].list));
		assert_int_equal(set.nr, good[i].nr);
		assert_int_equal(set.usual, *good[i].list == '+' ? 10 : 0);
		assert_string_equal(set.col[set.nr - 1]->key, good[i].last);
	}
	/* A line of the help has 16 columns before it, and has to fit into 80. */
	for (i = 0; i < (size_t)nr_columns; i++)
		assert_true(strlen(column_table[i].help) <= 64);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		column_set_usual(&set, true);
		assert_int_equal(set.nr, 13);
		assert_string_equal(column_set_parse(&set, bad[i].list),
				    bad[i].rest);
	}
}

/* Memory is what a memory cgroup counts, if there is one, else rss. */
static void test_memory(void **state)
{
	struct model m;
	char *text;

	(void)state;
	model_init(&m, NULL);
	feed(&m, "100 name=a parent=0 depth=1 flags=- members=1 age_usec=1 cpu_usec=1 rss=5242880:1:max:max:0 memory=0:0:max:max:0\n"
		 "101 name=b parent=0 depth=1 flags=- members=1 age_usec=1 cpu_usec=1 rss=5242880:1:max:max:0 memory=6815744:1:max:max:0\n"
		 "102 name=c parent=0 depth=1 flags=- members=1 age_usec=1 cpu_usec=1 memory=0:0:max:max:0\n"
		 "103 name=d parent=0 depth=1 flags=- members=1 age_usec=1 cpu_usec=1\n", 1);
	model_sort(&m, column_find("mem"), false);
	text = print_columns(&m, "id,mem", batch_table);
	assert_string_equal(strchr(text, '\n') + 1,
			    "CTX     MEM\n"
			    "101 6815744\n"
			    "100 5242880\n"
			    "102       0\n"
			    "103       -\n");
	free(text);
	text = print_columns(&m, "+mem", batch_json);
	assert_non_null(strstr(text, "\"age\":0.000,\"mem\":6815744,\"parent\""));
	assert_non_null(strstr(text, "\"mem\":null"));
	free(text);
	model_free(&m);
}

static void test_batch(void **state)
{
	struct model m;
	char *text, *body;

	(void)state;
	model_init(&m, NULL);
	feed(&m, LINE(100, "web", 1000000, 0), 1);
	feed(&m, "100 name=web parent=0 depth=1 flags=lock,private members=3 age_usec=2000000 cpu_usec=450000 nproc=3:5:max:4:2 ntask=3:5:max:max:0 nofile=20:31:max:max:0\n"
		 "70000 name=- parent=0 depth=1 flags=- members=0 age_usec=20 cpu_usec=0 nproc=0:5:max:max:0 ntask=0:5:max:max:0 nofile=123456:31:max:max:0\n", 2);
	model_sort(&m, column_find("cpu"), false);
	text = print(&m, batch_table);
	assert_null(strchr(text, '\x1b'));
	assert_int_equal(strncmp(text, "vstop ", 6), 0);
	assert_non_null(strstr(text, " contexts 2 tasks 3 cpu 45.0% refused 2.0/s\n"));
	body = strchr(text, '\n') + 1;
	assert_string_equal(body,
		"  CTX NAME TASKS PROCS  FILES CPU% LIMIT     REFUSED/s FLAGS        AGE\n"
		"  100 web      3     3     20 45.0 nproc:75%       2.0 lock,private  2s\n"
		"70000 -        0     0 123456  0.0 -               0.0 -             0s\n");
	free(text);
	model_free(&m);
}

static void test_batch_empty(void **state)
{
	struct model m;
	char *text;

	(void)state;
	model_init(&m, NULL);
	feed(&m, "", 1);
	text = print(&m, batch_table);
	assert_non_null(strstr(text, "CTX NAME TASKS"));
	free(text);
	text = print(&m, batch_json);
	assert_non_null(strstr(text, "\"contexts\":0,"));
	assert_non_null(strstr(text, "\"cpu\":null"));
	assert_non_null(strstr(text, "\"list\":[]}\n"));
	free(text);
	model_free(&m);
}

static void test_json(void **state)
{
	struct model m;
	char *text;

	(void)state;
	model_init(&m, NULL);
	feed(&m, "100 name=web parent=0 depth=1 flags=lock,private members=3 age_usec=2000000 cpu_usec=45000 nproc=3:5:max:4:2\n"
		 "101 name=- parent=0 depth=1 flags=- members=0 age_usec=1 cpu_usec=0 nproc=1:1:1:0:0\n", 1);
	text = print(&m, batch_json);
	/* One line */
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_non_null(strstr(text,
		"{\"id\":100,\"name\":\"web\",\"tasks\":null,\"procs\":3,\"files\":null,\"cpu\":null,"
		"\"limit\":{\"resource\":\"nproc\",\"usage\":3,\"hard\":4,\"fill\":0.7500},"
		"\"refused\":null,\"flags\":[\"lock\",\"private\"],\"age\":2.000,"
		"\"parent\":0,\"depth\":1,\"members\":3,\"cpu_usec\":45000,"
		"\"resources\":{\"nproc\":{\"usage\":3,\"peak\":5,\"soft\":null,\"hard\":4,\"fail\":2}}}"));
	/* No infinity in JSON */
	assert_non_null(strstr(text, "\"hard\":0,\"fill\":null}"));
	assert_non_null(strstr(text, "\"name\":null"));
	free(text);
	model_free(&m);
}

static void test_json_string(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(f);
	json_string(f, "a\"b\\c\n\x01");
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, "\"a\\\"b\\\\c\\u000a\\u0001\"");
	free(text);
}

/* A tree of files */

static char tree[] = "/tmp/test-vstop.XXXXXX";

static void write_summary(const char *text)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/summary", tree);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int tree_setup(void **state)
{
	(void)state;
	return !mkdtemp(tree) || setenv("VCTXFS", tree, 1);
}

static int tree_teardown(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/summary", tree);
	unlink(path);
	return rmdir(tree);
}

static void test_update(void **state)
{
	struct model m;
	int i;

	(void)state;
	model_init(&m, NULL);
	assert_int_equal(model_update(&m), -ENOENT);
	assert_int_equal(m.cur.nr, 0);

	write_summary(LINE(100, "a", 1, 0) LINE(101, "b", 1, 0));
	assert_int_equal(model_update(&m), 0);
	assert_int_equal(m.cur.nr, 2);

	/* What cannot be read leaves everything as it was. */
	setenv("VCTXFS", "/nonexistent", 1);
	assert_int_equal(model_update(&m), -ENOENT);
	assert_int_equal(m.cur.nr, 2);
	assert_string_equal(find(&m, 101)->ctx->name, "b");
	setenv("VCTXFS", tree, 1);

	for (i = 0; i < 20; i++) {
		write_summary(i % 2 ? LINE(100, "a", 1, 0) :
			      LINE(100, "a", 2, 0) LINE(102, "c", 2, 0)
			      LINE(103, "d", 2, 0));
		assert_int_equal(model_update(&m), 0);
		assert_int_equal(m.cur.nr, i % 2 ? 1 : 3);
	}
	/* A line that is cut off, or no line at all */
	write_summary(LINE(100, "a", 1, 0) "garbage\n101 name=b par");
	assert_int_equal(model_update(&m), 0);
	assert_int_equal(m.cur.nr, 1);
	model_free(&m);
}

static void write_accounting(const char *text)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/100", tree);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/100/accounting", tree);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void test_account(void **state)
{
	struct account a = { 0 };
	char path[64];

	(void)state;
	account_update(&a, 100, 1);
	assert_int_equal(a.err, -ENOENT);
	assert_int_equal(a.nr_cur, 0);

	write_accounting("cpu_usec 100\nforks 7\n");
	account_update(&a, 100, 2);
	assert_int_equal(a.err, 0);
	assert_int_equal(a.nr_cur, 2);
	assert_true(isnan(account_rate(&a, 1)));
	write_accounting("cpu_usec 100\nforks 17\n");
	account_update(&a, 100, 4);
	NEAR(account_rate(&a, 0), 0);
	NEAR(account_rate(&a, 1), 5);
	/* Too soon: it replaces what was read, and is compared with the same. */
	write_accounting("cpu_usec 120\nforks 27\n");
	account_update(&a, 100, 4.001);
	assert_int_equal(a.cur[1].value, 27);
	NEAR(account_rate(&a, 1), 20 / 2.001);
	/* Another context of that number, or a kernel that says more */
	write_accounting("cpu_usec 5\nforks 1\n");
	account_update(&a, 100, 5);
	assert_true(isnan(account_rate(&a, 1)));
	write_accounting("cpu_usec 6\nforks 2\nexecs 1\n");
	account_update(&a, 100, 6);
	assert_int_equal(a.nr_cur, 3);
	assert_true(isnan(account_rate(&a, 1)));
	write_accounting("cpu_usec 7\nspoons 3\nexecs 1\n");
	account_update(&a, 100, 7);
	assert_true(isnan(account_rate(&a, 1)));
	/* Another context, and back */
	account_update(&a, 101, 8);
	assert_int_equal(a.err, -ENOENT);
	assert_int_equal(a.id, 101);
	assert_int_equal(a.nr_cur, 0);
	account_update(&a, 100, 9);
	assert_int_equal(a.nr_cur, 3);
	assert_true(isnan(account_rate(&a, 1)));
	write_accounting("rubbish\n");
	account_update(&a, 100, 10);
	assert_int_equal(a.err, -EPROTO);
	account_free(&a);
	snprintf(path, sizeof(path), "%s/100/accounting", tree);
	unlink(path);
	snprintf(path, sizeof(path), "%s/100", tree);
	assert_int_equal(rmdir(path), 0);
}

/*
 * Disks: directories that tools/tests/fake_quota.c takes for filesystems with
 * quota.  They are told apart by their device, so the second one is elsewhere.
 */

static char shm[] = "/dev/shm/test-vstop.XXXXXX";

static void put_file(const char *path, const char *format, ...)
{
	va_list args;
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	va_start(args, format);
	vfprintf(f, format, args);
	va_end(args);
	assert_int_equal(fclose(f), 0);
}

/* In the directory of this test */
static const char *in_tree(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", tree, name);
	return path;
}

static void device_of(const char *path, char *text, size_t size)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	snprintf(text, size, "%u:%u", major(st.st_dev), minor(st.st_dev));
}

static void put_events(unsigned int id, int soft, int grace, int hard)
{
	char name[32];

	snprintf(name, sizeof(name), "%u", id);
	mkdir(in_tree(name), 0700);
	snprintf(name, sizeof(name), "%u/events", id);
	put_file(in_tree(name),
		 "throttled 7\nquota_soft %d\nquota_grace %d\nquota_hard %d\nnproc.hard 9\n",
		 soft, grace, hard);
}

/* @state is what the quota of the second one is; @type what mountinfo says */
static void put_disks(unsigned int state, const char *type)
{
	char first[32], second[32], quota[160];

	mkdir(in_tree("self"), 0700);
	mkdir(in_tree("a b"), 0700);
	device_of(tree, first, sizeof(first));
	device_of(shm, second, sizeof(second));
	assert_string_not_equal(first, second);
	put_file(in_tree("self/mountinfo"),
		 "900001 1 %s / %s/a\\040b rw - ext4 /dev/a rw\n"
		 "900002 1 %s / %s rw - %s /dev/b rw\n",
		 first, tree, second, shm, type);
	/* 101: half of its space, nearly all inodes; 102: no limit */
	put_file(in_tree("a b/.quota"),
		 "2 0 999999 0 0 0 1 0 0 0\n"
		 "2 101 524288 0 1024 0 95 0 100 0\n"
		 "2 102 4096 0 0 0 1 0 0 0\n"
		 "2 500 4096 0 1 0 1 0 0 0\n"
		 "2 70000 4096 0 4 0 1 0 0 0\n");
	/* 101: above a soft limit; 103: its time of grace is over */
	snprintf(quota, sizeof(quota), "%s/.quota", shm);
	put_file(quota,
		 "state %u\n"
		 "2 101 307200 200 400 %llu 1 0 0 0\n"
		 "2 103 2048 1 0 1000000000 1 0 0 0\n",
		 state, (unsigned long long)time(NULL) + 7200);
}

static int disk_setup(void **state)
{
	(void)state;
	if (!mkdtemp(shm))
		return -1;
	write_summary(LINE(1, "-", 1, 0) LINE(101, "web", 1, 0)
		      LINE(102, "build", 1, 0) LINE(103, "mail", 1, 0)
		      LINE(104, "none", 1, 0) LINE(70000, "-", 1, 0));
	return setenv("VCTXPROC", tree, 1);
}

static int disk_teardown(void **state)
{
	static const char *const gone[] = {
		"summary", "self/mountinfo", "self", "a b/.quota", "a b",
		"101/events", "101", "103/events", "103",
	};
	char quota[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		remove(in_tree(gone[i]));
	snprintf(quota, sizeof(quota), "%s/.quota", shm);
	remove(quota);
	i = !rmdir(shm);
	strcpy(shm + strlen(shm) - 6, "XXXXXX");
	unsetenv("FAKE_VCTX");
	return unsetenv("VCTXPROC") || !i;
}

static void read_disks(struct model *m)
{
	model_init(m, NULL);
	m->wants = MODEL_DISK;
	assert_int_equal(model_update(m), 0);
}

static void check_cell(const struct row *row, const char *column, int width,
		       const char *want, enum level level)
{
	const struct column *col = column_find(column);
	char cell[64];

	col->render(row, cell, sizeof(cell), width);
	assert_string_equal(cell, want);
	assert_int_equal(col->level(row), level);
}

static void test_disks(void **state)
{
	struct model m;
	char text[64];
	size_t nr;

	(void)state;
	put_disks(16 | 32, "xfs");
	read_disks(&m);
	assert_int_equal(m.disks.err, 0);
	assert_int_equal(m.disks.nr_fs, 2);
	snprintf(text, sizeof(text), "%s/a b", tree);
	assert_string_equal(m.disks.fs[0].point, text);
	assert_true(m.disks.fs[1].enforced);
	/* Neither the host's, nor that of no context, nor of a dynamic one */
	assert_int_equal(m.disks.nr_use, 4);
	assert_non_null(disks_of(&m.disks, 101, &nr));
	assert_int_equal(nr, 2);
	disks_of(&m.disks, 500, &nr);
	assert_int_equal(nr, 0);
	disks_of(&m.disks, 70000, &nr);
	assert_int_equal(nr, 0);

	/* The fullest one is shown, the warning is of any. */
	NEAR(find(&m, 101)->disk.fill, 0.95);
	assert_string_equal(find(&m, 101)->disk.point, text);
	check_cell(find(&m, 101), "disk", 0, "a?b:95%:soft", LEVEL_WARN);
	check_cell(find(&m, 101), "disk", 18, "[|||||||| ]  95% S", LEVEL_WARN);
	check_cell(find(&m, 101), "disk", 28, "a b     [|||||||||| ]  95% S",
		   LEVEL_WARN);
	assert_int_equal(find(&m, 101)->disk.what->hard, 100);
	/* Without a hard limit the soft one is what counts. */
	snprintf(text, sizeof(text), "%s:200%%:grace", strrchr(shm, '/') + 1);
	check_cell(find(&m, 103), "disk", 0, text, LEVEL_FULL);
	check_cell(find(&m, 102), "disk", 18, "-", LEVEL_NONE);
	check_cell(find(&m, 104), "disk", 0, "-", LEVEL_NONE);
	check_cell(find(&m, 70000), "disk", 0, "-", LEVEL_NONE);
	check_cell(find(&m, 1), "disk", 0, "-", LEVEL_NONE);
	check_order(&m, "disk", false, "103 101 1 102 104 70000");
	/* These have no file "events". */
	check_cell(find(&m, 101), "diskref", 0, "-", LEVEL_NONE);
	assert_true(column_find("disk")->present(&m));
	model_free(&m);

	/* Usage is counted, limits are not enforced. */
	put_disks(16, "xfs");
	read_disks(&m);
	assert_int_equal(m.disks.nr_fs, 2);
	assert_false(m.disks.fs[1].enforced);
	model_free(&m);
}

static void test_disk_json(void **state)
{
	struct model m;
	char want[256];
	char *text;

	(void)state;
	put_disks(16 | 32, "xfs");
	read_disks(&m);
	text = print_columns(&m, "id,disk,diskref", batch_json);
	snprintf(want, sizeof(want), "{\"id\":101,\"disk\":{\"filesystem\":\"%s/a b\",\"of\":\"inodes\",\"usage\":95,\"soft\":null,\"hard\":100,\"grace\":null,\"fill\":0.9500,\"warning\":\"soft\"},\"diskref\":null,",
		 tree);
	assert_non_null(strstr(text, want));
	snprintf(want, sizeof(want), "{\"id\":103,\"disk\":{\"filesystem\":\"%s\",\"of\":\"space\",\"usage\":2048,\"soft\":1024,\"hard\":null,\"grace\":0,\"fill\":2.0000,\"warning\":\"grace\"},",
		 shm);
	assert_non_null(strstr(text, want));
	assert_non_null(strstr(text, "{\"id\":102,\"disk\":null,"));
	free(text);
	text = print_columns(&m, "id,disk", batch_table);
	assert_non_null(strstr(text, "\n  101 a?b:95%:soft"));
	free(text);
	model_free(&m);
}

/* No filesystem has quota, or nothing is known of filesystems. */
static void test_disk_none(void **state)
{
	struct model m;

	(void)state;
	/* No mountinfo */
	read_disks(&m);
	assert_int_equal(m.disks.err, 0);
	assert_int_equal(m.disks.nr_fs, 0);
	assert_false(column_find("disk")->present(&m));
	check_cell(find(&m, 101), "disk", 18, "-", LEVEL_NONE);
	model_free(&m);

	put_disks(0, "xfs");
	remove(in_tree("a b/.quota"));
	read_disks(&m);
	assert_int_equal(m.disks.err, 0);
	assert_int_equal(m.disks.nr_fs, 0);
	model_free(&m);

	/* Of a kind that is not asked */
	put_disks(16 | 32, "tmpfs");
	read_disks(&m);
	assert_int_equal(m.disks.nr_fs, 1);
	model_free(&m);

	put_file(in_tree("self/mountinfo"), "nonsense\n");
	read_disks(&m);
	assert_int_equal(m.disks.err, -EPROTO);
	check_cell(find(&m, 101), "disk", 18, "?", LEVEL_WARN);
	check_cell(find(&m, 70000), "disk", 18, "-", LEVEL_NONE);
	model_free(&m);

	/* Nobody wants to know. */
	put_disks(16 | 32, "xfs");
	model_init(&m, NULL);
	assert_int_equal(model_update(&m), 0);
	assert_int_equal(m.disks.nr_fs, 0);
	model_free(&m);
}

/* Who may not ask for others is told so, not that there is nothing. */
static void test_disk_denied(void **state)
{
	struct model m;

	(void)state;
	put_disks(16 | 32, "xfs");
	setenv("FAKE_VCTX", "104", 1);
	read_disks(&m);
	assert_int_equal(m.disks.err, 0);
	assert_int_equal(m.disks.nr_fs, 2);
	assert_int_equal(m.disks.fs[0].err, -EPERM);
	assert_int_equal(m.disks.fs[1].err, -EPERM);
	assert_int_equal(m.disks.nr_use, 0);
	check_cell(find(&m, 101), "disk", 18, "?", LEVEL_WARN);
	assert_true(column_find("disk")->present(&m));
	model_free(&m);
}

/* One that cannot say whether it has quota hides no other one. */
static void test_disk_broken(void **state)
{
	struct model m;
	char path[64];

	(void)state;
	put_disks(16 | 32, "xfs");
	snprintf(path, sizeof(path), "%s/.quota", shm);
	put_file(path, "error %d\n", EIO);
	read_disks(&m);
	assert_int_equal(m.disks.err, 0);
	assert_int_equal(m.disks.nr_fs, 2);
	assert_int_equal(m.disks.fs[0].err, 0);
	assert_string_equal(m.disks.fs[1].point, shm);
	assert_int_equal(m.disks.fs[1].err, -EIO);
	check_cell(find(&m, 101), "disk", 0, "a?b:95%", LEVEL_WARN);
	/* It may have a limit on the other one. */
	check_cell(find(&m, 102), "disk", 0, "?", LEVEL_WARN);
	model_free(&m);
}

static void test_disk_vanishes(void **state)
{
	char quota[64];
	struct model m;

	(void)state;
	put_disks(16 | 32, "xfs");
	read_disks(&m);
	assert_int_equal(m.disks.nr_fs, 2);

	/* Quota is turned off on one of them. */
	snprintf(quota, sizeof(quota), "%s/.quota", shm);
	remove(quota);
	disks_update(&m.disks, m.cur.rows, m.cur.nr, m.disks.time + 1000);
	model_more(&m);
	assert_int_equal(m.disks.nr_fs, 1);
	check_cell(find(&m, 101), "disk", 0, "a?b:95%", LEVEL_WARN);
	check_cell(find(&m, 103), "disk", 0, "-", LEVEL_NONE);

	/* Another one is mounted where it was. */
	put_file(in_tree("self/mountinfo"),
		 "900001 1 0:0 / %s/a\\040b rw - ext4 /dev/a rw\n", tree);
	disks_update(&m.disks, m.cur.rows, m.cur.nr, m.disks.time + 1000);
	model_more(&m);
	assert_int_equal(m.disks.err, 0);
	assert_int_equal(m.disks.nr_fs, 0);
	check_cell(find(&m, 101), "disk", 0, "-", LEVEL_NONE);
	model_free(&m);

	/* Its mount point is not there any more. */
	put_disks(16 | 32, "xfs");
	remove(in_tree("a b/.quota"));
	remove(in_tree("a b"));
	read_disks(&m);
	assert_int_equal(m.disks.nr_fs, 1);
	model_free(&m);
}

static void test_disk_refused(void **state)
{
	const struct disk_events *events;
	struct model m;
	double t;

	(void)state;
	put_disks(16 | 32, "xfs");
	put_events(101, 1, 2, 3);
	put_events(103, 0, 5, 0);
	read_disks(&m);
	t = m.disks.time;
	events = disks_events(&m.disks, 101);
	assert_non_null(events);
	assert_int_equal(events->soft, 1);
	assert_int_equal(events->hard, 3);
	assert_int_equal(find(&m, 101)->disk.fail, 5);
	check_cell(find(&m, 101), "diskref", 0, "-", LEVEL_NONE);
	/* Without a limit nobody is refused anything. */
	assert_null(disks_events(&m.disks, 102));

	put_events(101, 1, 3, 6);
	disks_update(&m.disks, m.cur.rows, m.cur.nr, t + 100);
	model_more(&m);
	NEAR(find(&m, 101)->disk.refused, 0.04);
	check_cell(find(&m, 101), "disk", 18, "[|||||||| ]  95% R",
		   LEVEL_FULL);
	NEAR(find(&m, 103)->disk.refused, 0);
	check_cell(find(&m, 103), "diskref", 0, "0.0", LEVEL_NONE);
	check_order(&m, "diskref", false, "101 103 1 102 104 70000");

	/* Another context of that number */
	put_events(101, 0, 0, 1);
	remove(in_tree("103/events"));
	disks_update(&m.disks, m.cur.rows, m.cur.nr, t + 200);
	model_more(&m);
	check_cell(find(&m, 101), "diskref", 0, "0.0", LEVEL_NONE);
	check_cell(find(&m, 103), "diskref", 0, "-", LEVEL_NONE);
	model_free(&m);
}

/* Asking takes a tenth of the time at most. */
static void test_disk_pace(void **state)
{
	struct model m;
	double t;

	(void)state;
	put_disks(16 | 32, "xfs");
	read_disks(&m);
	t = m.disks.time;
	assert_true(m.disks.cost > 0);
	m.disks.cost = 1;
	disks_update(&m.disks, m.cur.rows, m.cur.nr, t + MODEL_PACE - 0.1);
	assert_true(m.disks.time == t);
	disks_update(&m.disks, m.cur.rows, m.cur.nr, t + MODEL_PACE);
	assert_true(m.disks.time == t + MODEL_PACE);
	/* As in model_feed(): a key that is held down does not count. */
	m.disks.cost = 0;
	disks_update(&m.disks, m.cur.rows, m.cur.nr, t + MODEL_PACE + 0.01);
	assert_true(m.disks.time == t + MODEL_PACE);
	model_free(&m);
}

static void test_disk_levels(void **state)
{
	static const struct {
		struct vctx_quota_use use;
		enum level level;
		enum disk_warning warning;
	} cases[] = {
		{ { 5, VCTX_MAX, VCTX_MAX, 0 }, LEVEL_NONE, DISK_FINE },
		{ { 5, VCTX_MAX, 10, 0 }, LEVEL_OK, DISK_FINE },
		{ { 9, VCTX_MAX, 10, 0 }, LEVEL_WARN, DISK_FINE },
		{ { 10, VCTX_MAX, 10, 0 }, LEVEL_FULL, DISK_FINE },
		{ { 5, 5, 10, 0 }, LEVEL_OK, DISK_FINE },
		{ { 6, 5, 10, 2000 }, LEVEL_WARN, DISK_SOFT },
		{ { 10, 5, 10, 2000 }, LEVEL_FULL, DISK_SOFT },
		{ { 6, 5, 10, 1000 }, LEVEL_FULL, DISK_GRACE },
		{ { 60, 5, VCTX_MAX, 2000 }, LEVEL_WARN, DISK_SOFT },
		{ { 0, VCTX_MAX, 0, 0 }, LEVEL_OK, DISK_FINE },
		{ { 1, VCTX_MAX, 0, 0 }, LEVEL_FULL, DISK_FINE },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(disk_level(&cases[i].use, 1000),
				 cases[i].level);
		assert_int_equal(disk_warning(&cases[i].use, 1000),
				 cases[i].warning);
	}
}

/* Shares of CPU time */

#define SHARE(id, parent, flags)					\
	#id " name=- parent=" #parent " depth=1 flags=" flags		\
	" members=1 age_usec=1 cpu_usec=1\n"

static void put_sched(unsigned int id, const char *more, int usage,
		      int periods, int throttled)
{
	char name[32];

	snprintf(name, sizeof(name), "%u", id);
	mkdir(in_tree(name), 0700);
	snprintf(name, sizeof(name), "%u/sched", id);
	put_file(in_tree(name),
		 "%sburst 0\nnice -20\nrt deny\nusage_usec %d\nnr_periods %d\nnr_throttled %d\nthrottled_usec 0\nrunning 0\n",
		 more, usage, periods, throttled);
}

static int share_setup(void **state)
{
	(void)state;
	write_summary(SHARE(101, 0, "sched") SHARE(102, 0, "sched")
		      SHARE(103, 0, "-") SHARE(104, 0, "sched")
		      SHARE(105, 0, "sched") SHARE(70000, 101, "-")
		      SHARE(70001, 70000, "sched"));
	put_sched(101, "sched on\nweight 300\nidle 0\nmax max 100000\n", 1000, 0, 0);
	put_sched(102, "sched on\nweight 100\nidle 0\nmax 50000 100000\n", 1000, 10, 5);
	put_sched(103, "sched off\nweight 100\nidle 0\nmax max 100000\n", 1000, 0, 0);
	put_sched(104, "sched on\nweight 100\nidle 1\nmax max 100000\n", 1000, 0, 0);
	put_sched(70001, "sched on\nweight 50\nidle 0\nmax max 100000\n", 500, 0, 0);
	return 0;
}

static int share_teardown(void **state)
{
	static const unsigned int ids[] = { 101, 102, 103, 104, 70001 };
	char name[32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		snprintf(name, sizeof(name), "%u/sched", ids[i]);
		remove(in_tree(name));
		snprintf(name, sizeof(name), "%u", ids[i]);
		remove(in_tree(name));
	}
	return remove(in_tree("summary"));
}

static void check_text(struct model *m, uint32_t id, const char *column,
		       const char *want)
{
	char cell[64];

	column_find(column)->render(find(m, id), cell, sizeof(cell), 0);
	assert_string_equal(cell, want);
}

/* While vsched watches, a number may come to mean another context. */
static void test_share_replaced(void **state)
{
	struct share share = {
		.was = { .on = 1, .usage_usec = 9, .nr_periods = 20,
			 .nr_throttled = 8 },
		.is = { .on = 1, .usage_usec = 5, .nr_periods = 10,
			.nr_throttled = 9 },
		.usec = 1000,
	};

	(void)state;
	assert_true(share_used(&share) == 0);
	assert_true(share_throttled(&share) < 0);
	share.is.nr_periods = 30;
	NEAR(share_throttled(&share), 0.1);
	share.is.nr_throttled = 7;
	assert_true(share_throttled(&share) < 0);
}

static void test_shares(void **state)
{
	struct model m;
	char *text;
	double t;

	(void)state;
	model_init(&m, NULL);
	m.wants = MODEL_SHARE;
	assert_int_equal(model_update(&m), 0);
	/* 105 has no file: it has ended since the list was made. */
	assert_int_equal(m.shares.nr, 4);
	assert_null(find(&m, 103)->share);
	assert_null(find(&m, 105)->share);
	check_text(&m, 101, "weight", "300");
	check_text(&m, 104, "weight", "idle");
	check_text(&m, 103, "weight", "-");
	check_text(&m, 101, "cap", "max");
	check_text(&m, 102, "cap", "50.0");
	check_text(&m, 103, "cap", "-");
	/* There is nothing to compare with. */
	check_text(&m, 101, "got", "-");
	check_text(&m, 102, "throttled", "-");
	t = m.shares.time;

	/* 60 and 20 of 80 ms; 70001, inside of 101, half of that. */
	put_sched(101, "sched on\nweight 300\nidle 0\nmax max 100000\n", 61000, 0, 0);
	put_sched(102, "sched on\nweight 100\nidle 0\nmax 50000 100000\n", 21000, 20, 8);
	put_sched(70001, "sched on\nweight 50\nidle 0\nmax max 100000\n", 30500, 0, 0);
	shares_update(&m.shares, &m.cur.list, t + 10);
	model_more(&m);
	check_text(&m, 101, "want", "75.0");
	check_text(&m, 101, "got", "75.0");
	check_text(&m, 102, "want", "25.0");
	check_text(&m, 102, "got", "25.0");
	check_text(&m, 102, "throttled", "30.0");
	/* 70000 has none: 70001 is within the share of 101. */
	check_text(&m, 70001, "want", "75.0");
	check_text(&m, 70001, "got", "37.5");
	/* Not busy: it wants nothing. */
	check_text(&m, 104, "want", "-");
	check_text(&m, 104, "got", "0.0");
	assert_int_equal(column_find("throttled")->level(find(&m, 102)),
			 LEVEL_WARN);
	check_order(&m, "want", false, "101 70001 102 103 104 105 70000");
	text = print_columns(&m, "id,weight,want,cap,throttled", batch_json);
	assert_non_null(strstr(text, "{\"id\":102,\"weight\":100,\"want\":25.0,\"cap\":50.0,\"throttled\":30.0,"));
	assert_non_null(strstr(text, "{\"id\":104,\"weight\":\"idle\",\"want\":null,\"cap\":null,"));
	assert_non_null(strstr(text, "{\"id\":103,\"weight\":null,"));
	free(text);

	/* Another context of that number; one that loses its share */
	put_sched(102, "sched on\nweight 100\nidle 0\nmax 50000 100000\n", 7, 1, 0);
	put_sched(104, "sched off\nweight 100\nidle 1\nmax max 100000\n", 1000, 0, 0);
	shares_update(&m.shares, &m.cur.list, t + 20);
	model_more(&m);
	check_text(&m, 102, "got", "-");
	check_text(&m, 102, "throttled", "-");
	check_text(&m, 104, "weight", "-");

	/* As with disks: no more than a tenth of the time */
	m.shares.cost = 1;
	shares_update(&m.shares, &m.cur.list, t + 20 + MODEL_PACE - 0.1);
	assert_true(m.shares.time == t + 20);
	model_free(&m);

	/* Shares are parts of the whole, also if one alone is shown. */
	model_init(&m, "102");
	m.wants = MODEL_SHARE;
	assert_int_equal(model_update(&m), 0);
	assert_int_equal(m.cur.nr, 1);
	assert_int_equal(m.shares.nr, 3);
	model_free(&m);
}

static void write_many(int nr, int step)
{
	char path[64];
	FILE *f;
	int i;

	snprintf(path, sizeof(path), "%s/summary", tree);
	f = fopen(path, "w");
	assert_non_null(f);
	for (i = 0; i < nr; i++)
		fprintf(f, "%d name=c%d parent=0 depth=1 flags=- members=2 age_usec=%d cpu_usec=%d nproc=2:2:max:100:0 ntask=2:2:max:max:0 nofile=%d:50:max:100:%d nsock=1:2:max:max:0 nlock=0:0:max:max:0 npty=0:0:max:max:0 nsigpending=0:1:max:max:0 ninotify=0:0:max:max:0 as=123456789:123456789:max:max:0 memlock=0:0:max:max:0 rss=1048576:2097152:max:max:0 anon=524288:1048576:max:max:0 shmem=0:0:max:max:0 memory=4194304:4194304:max:max:0 swap=0:0:max:max:0 nshm=0:0:max:max:0 shmbytes=0:0:max:max:0 nsem=0:0:max:max:0 nmsg=0:0:max:max:0 msgbytes=0:0:max:max:0 mqbytes=0:0:max:max:0 nrandom=0:0:max:max:0\n",
			70000 + i * 2 + step % 2, i, 1000000 * (step + 1),
			1000 * i * step, i % 100, step);
	assert_int_equal(fclose(f), 0);
}

static void test_many(void **state)
{
	const int nr = 10000;
	double best = 1e9;
	struct model m;
	int step;

	(void)state;
	model_init(&m, NULL);
	for (step = 0; step < 8; step++) {
		double start;

		/* Twice the same ones, then all others */
		write_many(nr, step / 2);
		start = model_now();
		assert_int_equal(model_update(&m), 0);
		model_sort(&m, column_find("cpu"), false);
		if (model_now() - start < best)
			best = model_now() - start;
		assert_int_equal(m.cur.nr, nr);
		assert_int_equal(m.total.tasks, 2 * nr);
	}
	print_message("# 10000 contexts: %.1f ms to read, compare and sort\n",
		      best * 1e3);
	/* A sanitizer's build included; without one it takes a fraction. */
	assert_true(best < 1);
	model_free(&m);
}

static void test_view_batch(void **state)
{
	struct view_options opt = {
		.delay = 0.1, .count = 3, .sort = column_find("id"),
	};
	char *text = NULL, *p;
	struct model m;
	size_t size;
	double start;
	int frames = 0;
	FILE *f;

	(void)state;
	column_set_usual(&opt.shown, true);
	write_summary(LINE(100, "a", 1, 0));
	model_init(&m, NULL);
	assert_int_equal(model_update(&m), 0);
	f = open_memstream(&text, &size);
	start = model_now();
	assert_int_equal(view_batch(&m, &opt, f), EXIT_SUCCESS);
	start = model_now() - start;
	fclose(f);
	assert_true(start >= 0.29 && start < 5);
	for (p = text; (p = strstr(p, "vstop ")); p++)
		frames++;
	assert_int_equal(frames, 3);
	/* Rates are known in the first frame already. */
	assert_null(strstr(text, "cpu -"));
	free(text);
	model_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_come_and_go),
		cmocka_unit_test(test_id_reuse),
		cmocka_unit_test(test_counter_back),
		cmocka_unit_test(test_old_stranger),
		cmocka_unit_test(test_zero_interval),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_only),
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_sort_unknown),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_fit_wide),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_bar),
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_limit_cell),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_batch_empty),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_string),
		cmocka_unit_test(test_update),
		cmocka_unit_test(test_account),
		cmocka_unit_test_setup_teardown(test_disks, disk_setup,
						disk_teardown),
		cmocka_unit_test_setup_teardown(test_disk_json, disk_setup,
						disk_teardown),
		cmocka_unit_test_setup_teardown(test_disk_none, disk_setup,
						disk_teardown),
		cmocka_unit_test_setup_teardown(test_disk_denied, disk_setup,
						disk_teardown),
		cmocka_unit_test_setup_teardown(test_disk_broken, disk_setup,
						disk_teardown),
		cmocka_unit_test_setup_teardown(test_disk_vanishes, disk_setup,
						disk_teardown),
		cmocka_unit_test_setup_teardown(test_disk_refused, disk_setup,
						disk_teardown),
		cmocka_unit_test_setup_teardown(test_disk_pace, disk_setup,
						disk_teardown),
		cmocka_unit_test(test_disk_levels),
		cmocka_unit_test(test_share_replaced),
		cmocka_unit_test_setup_teardown(test_shares, share_setup,
						share_teardown),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_view_batch),
	};

	return cmocka_run_group_tests_name("vstop", tests, tree_setup,
					   tree_teardown);
}
