// SPDX-License-Identifier: LGPL-2.1-or-later
/* The text of summary: whole, torn, from a later kernel, and very long */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "test.h"
#include "../libvctx.h"

#define MANY	10000

static void parse(struct vctx_list *list, const char *text)
{
	/* not in the string's memory: reading behind it is then an error */
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	assert_int_equal(vctx_parse_summary(list, copy, len), 0);
	free(copy);
}

static void test_documented(void **state)
{
	struct vctx_list list = VCTX_LIST_INIT;
	const struct vctx_info *c;
	const struct vctx_res *r;

	(void)state;
	parse(&list, "100 name=web parent=0 depth=1 flags=lock,private members=3 age_usec=1200300 cpu_usec=45000 nproc=3:5:max:200:0 ntask=3:5:max:max:0 nofile=20:31:25:max:7\n"
		     "65536 name=- parent=100 depth=2 flags=- members=1 age_usec=5 cpu_usec=0 nproc=1:1:max:max:0\n");
	assert_int_equal(list.nr, 2);
	assert_int_equal(list.skipped, 0);
	c = vctx_list_find(&list, 100);
	assert_ptr_equal(c, &list.info[0]);
	assert_string_equal(c->name, "web");
	assert_int_equal(c->parent, 0);
	assert_int_equal(c->depth, 1);
	assert_int_equal(c->flags, VCTX_FLAG_LOCK | VCTX_FLAG_PRIVATE);
	assert_string_equal(c->flags_text, "lock,private");
	assert_int_equal(c->members, 3);
	assert_int_equal(c->age_usec, 1200300);
	assert_int_equal(c->cpu_usec, 45000);
	assert_int_equal(c->nr_res, 3);
	r = vctx_info_res(c, "nofile");
	assert_non_null(r);
	assert_int_equal(r->usage, 20);
	assert_int_equal(r->peak, 31);
	assert_int_equal(r->soft, 25);
	assert_true(r->hard == VCTX_MAX);
	assert_int_equal(r->fail, 7);
	assert_null(vctx_info_res(c, "rss"));

	c = vctx_list_find(&list, 65536);
	assert_string_equal(c->name, "");
	assert_string_equal(c->flags_text, "");
	assert_int_equal(c->flags, 0);
	assert_int_equal(c->parent, 100);
	assert_int_equal(c->nr_res, 1);
	assert_null(vctx_list_find(&list, 7));
	vctx_list_free(&list);
}

static void test_unknown_keys(void **state)
{
	struct vctx_list list = VCTX_LIST_INIT;

	(void)state;
	parse(&list, "5 colour=red name=a load=1.5:2:3 flags=lock,future members=2 rss=1:2:3:4:5 as=1:2:3:4:5:6 addr=10.0.0.1,10.0.0.2 =1:2:3:4:5 averyveryveryverylongresourcename=1:2:3:4:5\n");
	assert_int_equal(list.nr, 1);
	assert_string_equal(list.info[0].name, "a");
	assert_int_equal(list.info[0].flags, VCTX_FLAG_LOCK);
	assert_string_equal(list.info[0].flags_text, "lock,future");
	assert_int_equal(list.info[0].nr_res, 2);
	assert_string_equal(list.info[0].res[0].name, "rss");
	assert_string_equal(list.info[0].res[1].name, "as");
	assert_int_equal(list.info[0].res[1].fail, 5);
	vctx_list_free(&list);
}

static void test_torn(void **state)
{
	static const struct {
		const char *text;
		size_t nr;
		size_t skipped;
	} cases[] = {
		{ "", 0, 0 },
		{ "\n", 0, 1 },
		{ "5", 0, 1 },
		{ "5\n", 1, 0 },
		{ "5 \n", 1, 0 },
		{ "5 name", 0, 1 },
		{ "5 name\n", 0, 1 },
		{ "5 name=\n", 0, 1 },
		{ "5 name=a members=\n", 0, 1 },
		{ "5 name=a members=x\n", 0, 1 },
		{ "5 name=a members=-1\n", 0, 1 },
		{ "5 name=a members=99999999999999999999999\n", 0, 1 },
		{ "5 parent=4294967296\n", 0, 1 },
		{ "x name=a\n6 name=b\n", 1, 1 },
		{ "-1 name=a\n6 name=b\n", 1, 1 },
		{ "4294967296 name=a\n6 name=b\n", 1, 1 },
		{ "5 name=a nproc=1:2:max:3\n", 1, 0 },
		{ "5 name=a nproc=1:2:max:3:\n", 1, 0 },
		{ "5 name=a nproc=max:2:max:3:4\n", 1, 0 },
		{ "5 name=a nproc=1:2:max:3:4\n6 name=b npr", 1, 1 },
		{ "me=b members=3\n6 name=b\n7 name=", 1, 2 },
		{ "5 name=a  members=1\n", 0, 1 },
		{ "5 name=a234567890123456789012345678901x\n", 0, 1 },
	};
	struct vctx_list list = VCTX_LIST_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < NR(cases); i++) {
		parse(&list, cases[i].text);
		assert_int_equal(list.nr, cases[i].nr);
		assert_int_equal(list.skipped, cases[i].skipped);
	}
	/* a NUL byte within a line */
	assert_int_equal(vctx_parse_summary(&list, "5 name=a\0b\n6 name=c\n",
					    20), 0);
	assert_int_equal(list.nr, 1);
	assert_int_equal(list.info[0].id, 6);
	vctx_list_free(&list);
}

/* A bad line leaves no resources behind for the next. */
static void test_torn_resources(void **state)
{
	struct vctx_list list = VCTX_LIST_INIT;

	(void)state;
	parse(&list, "5 a=1:1:1:1:1\n"
		     "6 a=2:2:2:2:2 b=2:2:2:2:2 torn\n"
		     "7 a=3:3:3:3:3 b=3:3:3:3:3\n"
		     "7 a=4:4:4:4:4\n"
		     "7\n"
		     "7 b=5:5:5:5:5 c=6:6:6:6:6 d=6:6:6:6:6\n"
		     "8 a=7:7:7:7:7\n");
	assert_int_equal(list.nr, 3);
	assert_int_equal(list.skipped, 1);
	assert_int_equal(list.info[0].res[0].usage, 1);
	assert_int_equal(list.info[1].id, 7);
	assert_int_equal(list.info[1].nr_res, 3);
	assert_string_equal(list.info[1].res[0].name, "b");
	assert_int_equal(list.info[1].res[0].usage, 5);
	assert_int_equal(list.info[1].res[2].usage, 6);
	assert_int_equal(list.info[2].nr_res, 1);
	assert_int_equal(list.info[2].res[0].usage, 7);
	vctx_list_free(&list);
}

static void test_unsorted(void **state)
{
	struct vctx_list list = VCTX_LIST_INIT;

	(void)state;
	parse(&list, "9\n3\n7\n");
	assert_int_equal(vctx_list_find(&list, 9)->id, 9);
	assert_int_equal(vctx_list_find(&list, 3)->id, 3);
	assert_int_equal(vctx_list_find(&list, 7)->id, 7);
	assert_null(vctx_list_find(&list, 8));
	vctx_list_free(&list);
	assert_null(vctx_list_find(&list, 9));
}

/* Every beginning of a good text: no error, no reading behind the end. */
static void test_every_cut(void **state)
{
	static const char text[] =
		"100 name=web parent=0 depth=1 flags=lock members=3 age_usec=12 cpu_usec=4 nproc=3:5:max:200:0\n"
		"101 name=- parent=100 depth=2 flags=- members=0 age_usec=1 cpu_usec=0 nproc=0:0:max:max:0\n";
	struct vctx_list list = VCTX_LIST_INIT;
	size_t cut;

	(void)state;
	for (cut = 0; cut < sizeof(text); cut++) {
		char *copy = malloc(cut + 1);

		assert_non_null(copy);
		memcpy(copy, text, cut);
		copy[cut] = '\0';
		parse(&list, copy);
		assert_in_range(list.nr, 0, 2);
		free(copy);
	}
	vctx_list_free(&list);
}

static void test_many(void **state)
{
	struct vctx_list list = VCTX_LIST_INIT;
	size_t space = MANY * 200;
	size_t len = 0;
	char *text = malloc(space);
	struct timespec begin, end;
	void *info, *res;
	size_t i;

	(void)state;
	assert_non_null(text);
	for (i = 0; i < MANY; i++)
		len += (size_t)snprintf(text + len, space - len,
			"%zu name=c%zu parent=0 depth=1 flags=- members=%zu age_usec=1200300 cpu_usec=45000 nproc=%zu:5:max:200:0 ntask=3:5:max:max:0 nofile=20:31:max:max:0\n",
			i + 65536, i, i % 7, i);
	assert_in_range(len, 1, space - 1);

	assert_int_equal(vctx_parse_summary(&list, text, len), 0);
	info = list.info;
	res = list.info[0].res;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (i = 0; i < 10; i++)
		assert_int_equal(vctx_parse_summary(&list, text, len), 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	print_message("# %d contexts, with sanitizers: %.1f ms\n", MANY,
		      ((double)(end.tv_sec - begin.tv_sec) * 1e3 +
		       (double)(end.tv_nsec - begin.tv_nsec) / 1e6) / 10);

	/* a refresh takes no new memory */
	assert_ptr_equal(list.info, info);
	assert_ptr_equal(list.info[0].res, res);
	assert_int_equal(list.nr, MANY);
	assert_int_equal(list.skipped, 0);
	for (i = 0; i < MANY; i++) {
		const struct vctx_info *c;

		c = vctx_list_find(&list, (unsigned int)i + 65536);
		assert_ptr_equal(c, &list.info[i]);
		assert_int_equal(c->res[0].usage, i);
		assert_int_equal(c->res[2].peak, 31);
	}
	free(text);
	vctx_list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_documented),
		cmocka_unit_test(test_unknown_keys),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_torn_resources),
		cmocka_unit_test(test_unsorted),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("lib-summary", tests, NULL, NULL);
}
