// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx: KUnit tests of the usage counters
 */

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/prandom.h>
#include <linux/sched.h>

#include "counter.h"

struct fixture {
	struct vctx_counter c;
	struct vctx_stock __percpu *stock;
};

static int counter_test_init(struct kunit *test)
{
	static const struct vctx_resource_info info = { "test", 1 };
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->stock = alloc_percpu(struct vctx_stock);
	KUNIT_ASSERT_NOT_NULL(test, f->stock);
	vctx_counter_init(&f->c, f->stock, &info);
	test->priv = f;
	return 0;
}

static void counter_test_exit(struct kunit *test)
{
	struct fixture *f = test->priv;

	if (f)
		free_percpu(f->stock);
}

static bool charge(struct vctx_counter *c, long n)
{
	return vctx_counter_charge(c, n, false) != VCTX_REFUSED;
}

static void counter_starts_empty(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, vctx_counter_usage(&f->c), 0);
	KUNIT_EXPECT_EQ(test, vctx_counter_peak(&f->c), 0);
	KUNIT_EXPECT_EQ(test, f->c.soft, VCTX_MAX);
	KUNIT_EXPECT_EQ(test, f->c.hard, VCTX_MAX);
	KUNIT_EXPECT_EQ(test, vctx_counter_settle(&f->c), 0);
}

static void counter_usage_is_exact(struct kunit *test)
{
	struct fixture *f = test->priv;
	long i;

	for (i = 1; i <= 1000; i++) {
		KUNIT_ASSERT_TRUE(test, charge(&f->c, 1));
		KUNIT_ASSERT_EQ(test, vctx_counter_usage(&f->c), i);
	}
	while (--i) {
		vctx_counter_uncharge(&f->c, 1);
		KUNIT_ASSERT_EQ(test, vctx_counter_usage(&f->c), i - 1);
	}
	KUNIT_EXPECT_EQ(test, vctx_counter_settle(&f->c), 0);
}

/* Far from a limit most charges must not touch the shared word. */
static void counter_batches(struct kunit *test)
{
	struct fixture *f = test->priv;
	long before, i, changes = 0;

	migrate_disable();
	for (i = 0; i < 10 * f->c.batch; i++) {
		before = atomic_long_read(&f->c.committed);
		charge(&f->c, 1);
		changes += before != atomic_long_read(&f->c.committed);
	}
	KUNIT_EXPECT_LE(test, changes, 10);
	/* Nor do a charge and an uncharge in turn, wherever the stock stands. */
	changes = 0;
	for (i = 0; i < 10 * f->c.batch; i++) {
		before = atomic_long_read(&f->c.committed);
		charge(&f->c, 1);
		vctx_counter_uncharge(&f->c, 1);
		changes += before != atomic_long_read(&f->c.committed);
	}
	KUNIT_EXPECT_LE(test, changes, 1);
	migrate_enable();
}

/* However much comes and goes, a stock holds no more than margins allow for. */
static void counter_stock_is_bounded(struct kunit *test)
{
	struct fixture *f = test->priv;
	long batch = f->c.batch, n;
	int cpu;

	migrate_disable();
	for (n = 1; n <= 5 * batch; n += batch / 4) {
		KUNIT_ASSERT_TRUE(test, charge(&f->c, n));
		KUNIT_EXPECT_EQ(test, vctx_counter_usage(&f->c), n);
		vctx_counter_uncharge(&f->c, n);
		KUNIT_EXPECT_EQ(test, vctx_counter_peak(&f->c), n);
		for_each_possible_cpu(cpu)
			KUNIT_EXPECT_LE(test,
					atomic_long_read(&per_cpu_ptr(f->stock, cpu)->avail),
					f->c.most);
	}
	migrate_enable();
	KUNIT_EXPECT_EQ(test, vctx_counter_settle(&f->c), 0);
}

static void counter_hard_is_exact(struct kunit *test)
{
	static const long limits[] = { 0, 1, 2, 31, 32, 33, 200, 1000, 5000 };
	struct fixture *f = test->priv;
	long i, k;

	for (k = 0; k < ARRAY_SIZE(limits); k++) {
		long hard = limits[k];
		long fails = atomic_long_read(&f->c.fails);

		vctx_counter_set_limits(&f->c, VCTX_MAX, hard);
		for (i = 0; i < hard; i++)
			KUNIT_ASSERT_TRUE(test, charge(&f->c, 1));
		KUNIT_EXPECT_FALSE(test, charge(&f->c, 1));
		KUNIT_EXPECT_EQ(test, vctx_counter_usage(&f->c), hard);
		KUNIT_EXPECT_EQ(test, vctx_counter_peak(&f->c), hard);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&f->c.fails), fails + 1);
		if (hard) {
			vctx_counter_uncharge(&f->c, 1);
			KUNIT_EXPECT_TRUE(test, charge(&f->c, 1));
		}
		for (i = 0; i < hard; i++)
			vctx_counter_uncharge(&f->c, 1);
		KUNIT_EXPECT_EQ(test, vctx_counter_usage(&f->c), 0);
	}
	KUNIT_EXPECT_EQ(test, vctx_counter_settle(&f->c), 0);
}

static void counter_many_units(struct kunit *test)
{
	struct fixture *f = test->priv;

	vctx_counter_set_limits(&f->c, VCTX_MAX, 10000);
	KUNIT_EXPECT_FALSE(test, charge(&f->c, 10001));
	KUNIT_EXPECT_FALSE(test, charge(&f->c, LONG_MAX - 1));
	KUNIT_EXPECT_TRUE(test, charge(&f->c, 9999));
	KUNIT_EXPECT_FALSE(test, charge(&f->c, 2));
	KUNIT_EXPECT_TRUE(test, charge(&f->c, 1));
	vctx_counter_uncharge(&f->c, 10000);
	KUNIT_EXPECT_EQ(test, vctx_counter_peak(&f->c), 10000);
	KUNIT_EXPECT_EQ(test, vctx_counter_settle(&f->c), 0);
}

/* What sits in the stocks of other CPUs is no reason to refuse. */
static void counter_finds_other_stocks(struct kunit *test)
{
	struct fixture *f = test->priv;

	vctx_counter_set_limits(&f->c, VCTX_MAX, 50);
	/* As if another CPU had filled its stock before */
	atomic_long_add(40, &f->c.committed);
	atomic_long_add(40, &per_cpu_ptr(f->stock, cpumask_last(cpu_possible_mask))->avail);
	KUNIT_EXPECT_EQ(test, vctx_counter_usage(&f->c), 0);
	KUNIT_EXPECT_TRUE(test, charge(&f->c, 50));
	KUNIT_EXPECT_FALSE(test, charge(&f->c, 1));
	vctx_counter_uncharge(&f->c, 50);
	KUNIT_EXPECT_EQ(test, vctx_counter_settle(&f->c), 0);
}

static void counter_lowered_limit(struct kunit *test)
{
	struct fixture *f = test->priv;
	long i;

	for (i = 0; i < 100; i++)
		charge(&f->c, 1);
	vctx_counter_set_limits(&f->c, VCTX_MAX, 50);
	KUNIT_EXPECT_EQ(test, vctx_counter_usage(&f->c), 100);
	for (i = 100; i > 50; i--) {
		KUNIT_ASSERT_FALSE(test, charge(&f->c, 1));
		vctx_counter_uncharge(&f->c, 1);
	}
	KUNIT_EXPECT_FALSE(test, charge(&f->c, 1));
	vctx_counter_uncharge(&f->c, 1);
	KUNIT_EXPECT_TRUE(test, charge(&f->c, 1));
	vctx_counter_set_limits(&f->c, VCTX_MAX, VCTX_MAX);
	KUNIT_EXPECT_TRUE(test, charge(&f->c, 1000));
	vctx_counter_uncharge(&f->c, 1050);
	KUNIT_EXPECT_EQ(test, vctx_counter_settle(&f->c), 0);
}

/* Stocks that were filled when the limit was far away are gone with it. */
static void counter_lowered_below_stocks(struct kunit *test)
{
	struct fixture *f = test->priv;
	long i;

	for (i = 0; i < 1000; i++)
		charge(&f->c, 1);
	for (i = 0; i < 985; i++)
		vctx_counter_uncharge(&f->c, 1);
	vctx_counter_set_limits(&f->c, VCTX_MAX, 20);
	for (i = 15; i < 20; i++)
		KUNIT_EXPECT_TRUE(test, charge(&f->c, 1));
	KUNIT_EXPECT_FALSE(test, charge(&f->c, 1));
	KUNIT_EXPECT_EQ(test, vctx_counter_usage(&f->c), 20);
	vctx_counter_uncharge(&f->c, 20);
	KUNIT_EXPECT_EQ(test, vctx_counter_settle(&f->c), 0);
}

static void counter_forced(struct kunit *test)
{
	struct fixture *f = test->priv;

	vctx_counter_set_limits(&f->c, VCTX_MAX, 1);
	KUNIT_EXPECT_TRUE(test, charge(&f->c, 1));
	KUNIT_EXPECT_NE(test, vctx_counter_charge(&f->c, 1, true), VCTX_REFUSED);
	KUNIT_EXPECT_EQ(test, vctx_counter_usage(&f->c), 2);
	KUNIT_EXPECT_FALSE(test, charge(&f->c, 1));
	vctx_counter_uncharge(&f->c, 1);
	KUNIT_EXPECT_FALSE(test, charge(&f->c, 1));
	vctx_counter_uncharge(&f->c, 1);
	KUNIT_EXPECT_TRUE(test, charge(&f->c, 1));
	vctx_counter_uncharge(&f->c, 1);
	KUNIT_EXPECT_EQ(test, vctx_counter_settle(&f->c), 0);
}

/*
 * An event each time that usage rises above the soft limit, and only then; what
 * goes up and down around it has risen once.
 */
static void counter_soft(struct kunit *test)
{
	struct fixture *f = test->priv;
	long soft = 10, i, round;

	for (round = 1; round <= 3; round++, soft = soft * 30 + 7) {
		long fall = min(soft / 16,
				2 * f->c.batch * num_possible_cpus());
		long hits = atomic_long_read(&f->c.soft_hits);

		vctx_counter_set_limits(&f->c, soft, VCTX_MAX);
		for (i = 1; i <= soft; i++)
			KUNIT_ASSERT_EQ(test, vctx_counter_charge(&f->c, 1, false),
					VCTX_CHARGED);
		KUNIT_EXPECT_EQ(test, vctx_counter_charge(&f->c, 1, false),
				VCTX_CHARGED_OVER_SOFT);
		KUNIT_EXPECT_EQ(test, vctx_counter_charge(&f->c, 1, false),
				VCTX_CHARGED);
		vctx_counter_uncharge(&f->c, 1);
		for (i = 0; i < fall; i++)
			vctx_counter_uncharge(&f->c, 1);
		for (i = 0; i < fall; i++)
			KUNIT_EXPECT_EQ(test, vctx_counter_charge(&f->c, 1, false),
					VCTX_CHARGED);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&f->c.soft_hits), hits + 1);
		for (i = 0; i < fall + 1; i++)
			vctx_counter_uncharge(&f->c, 1);
		for (i = 0; i < fall; i++)
			KUNIT_EXPECT_EQ(test, vctx_counter_charge(&f->c, 1, false),
					VCTX_CHARGED);
		KUNIT_EXPECT_EQ(test, vctx_counter_charge(&f->c, 1, false),
				VCTX_CHARGED_OVER_SOFT);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&f->c.soft_hits), hits + 2);
		for (i = 0; i < soft + 1; i++)
			vctx_counter_uncharge(&f->c, 1);
		KUNIT_EXPECT_EQ(test, vctx_counter_usage(&f->c), 0);
	}
	KUNIT_EXPECT_EQ(test, vctx_counter_settle(&f->c), 0);
}

/* Coming down from far above, below the limit is below the limit. */
static void counter_soft_from_above(struct kunit *test)
{
	struct fixture *f = test->priv;
	long i, events = 0;

	vctx_counter_set_limits(&f->c, 100, VCTX_MAX);
	for (i = 0; i < 1000; i++)
		events += vctx_counter_charge(&f->c, 1, false) ==
			  VCTX_CHARGED_OVER_SOFT;
	KUNIT_EXPECT_EQ(test, events, 1);
	for (i = 1000; i > 90; i--)
		vctx_counter_uncharge(&f->c, 1);
	for (i = 90; i < 105; i++)
		events += vctx_counter_charge(&f->c, 1, false) ==
			  VCTX_CHARGED_OVER_SOFT;
	KUNIT_EXPECT_EQ(test, events, 2);
	vctx_counter_uncharge(&f->c, 105);
	KUNIT_EXPECT_EQ(test, vctx_counter_settle(&f->c), 0);
}

static void counter_peak(struct kunit *test)
{
	struct fixture *f = test->priv;
	long i;

	migrate_disable();
	for (i = 0; i < 20; i++)
		charge(&f->c, 1);
	for (i = 0; i < 20; i++)
		vctx_counter_uncharge(&f->c, 1);
	KUNIT_EXPECT_EQ(test, vctx_counter_peak(&f->c), 20);
	for (i = 0; i < 777; i++)
		charge(&f->c, 1);
	for (i = 0; i < 777; i++)
		vctx_counter_uncharge(&f->c, 1);
	KUNIT_EXPECT_EQ(test, vctx_counter_peak(&f->c), 777);
	migrate_enable();
	KUNIT_EXPECT_EQ(test, vctx_counter_settle(&f->c), 0);
}

/* A charge that is never given back, and one given back twice, must show. */
static void counter_settle_tells(struct kunit *test)
{
	struct fixture *f = test->priv;

	charge(&f->c, 3);
	vctx_counter_uncharge(&f->c, 2);
	KUNIT_EXPECT_EQ(test, vctx_counter_settle(&f->c), 1);
	vctx_counter_uncharge(&f->c, 2);
	KUNIT_EXPECT_EQ(test, vctx_counter_settle(&f->c), -1);
}

#define RACERS	4
#define ROUNDS	20000

struct racer {
	struct vctx_counter *c;
	struct completion done;
	u32 seed;
	long over;
	long refused;
};

static int racer(void *data)
{
	struct racer *r = data;
	struct rnd_state rnd;
	long mine = 0, i;

	prandom_seed_state(&rnd, r->seed);
	for (i = 0; i < ROUNDS; i++) {
		u32 what = prandom_u32_state(&rnd);
		long n = 1 + (what >> 8) % 3;

		if (what & 1 || mine < n) {
			if (charge(r->c, n))
				mine += n;
			else
				r->refused++;
		} else {
			vctx_counter_uncharge(r->c, n);
			mine -= n;
		}
		if (vctx_counter_usage(r->c) > r->c->hard)
			r->over++;
		if (!(i & 255))
			cond_resched();
	}
	if (mine)
		vctx_counter_uncharge(r->c, mine);
	complete(&r->done);
	return 0;
}

/* Several CPUs at a limit: never above it, and nothing lost. */
static void counter_race(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct racer *r;
	long refused = 0;
	int i;

	r = kunit_kcalloc(test, RACERS, sizeof(*r), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, r);
	vctx_counter_set_limits(&f->c, 60, 100);
	for (i = 0; i < RACERS; i++) {
		struct task_struct *task;

		r[i].c = &f->c;
		r[i].seed = i + 1;
		init_completion(&r[i].done);
		task = kthread_run(racer, &r[i], "vctx-racer/%d", i);
		if (IS_ERR(task)) {
			complete(&r[i].done);
			KUNIT_FAIL(test, "no thread: %pe", task);
		}
	}
	for (i = 0; i < RACERS; i++) {
		wait_for_completion(&r[i].done);
		KUNIT_EXPECT_EQ(test, r[i].over, 0);
		refused += r[i].refused;
	}
	KUNIT_EXPECT_GT(test, refused, 0);
	KUNIT_EXPECT_LE(test, vctx_counter_peak(&f->c), 100);
	KUNIT_EXPECT_EQ(test, vctx_counter_settle(&f->c), 0);
}

static struct kunit_case counter_test_cases[] = {
	KUNIT_CASE(counter_starts_empty),
	KUNIT_CASE(counter_usage_is_exact),
	KUNIT_CASE(counter_batches),
	KUNIT_CASE(counter_stock_is_bounded),
	KUNIT_CASE(counter_hard_is_exact),
	KUNIT_CASE(counter_many_units),
	KUNIT_CASE(counter_finds_other_stocks),
	KUNIT_CASE(counter_lowered_limit),
	KUNIT_CASE(counter_lowered_below_stocks),
	KUNIT_CASE(counter_forced),
	KUNIT_CASE(counter_soft),
	KUNIT_CASE(counter_soft_from_above),
	KUNIT_CASE(counter_peak),
	KUNIT_CASE(counter_settle_tells),
	KUNIT_CASE_SLOW(counter_race),
	{}
};

static struct kunit_suite counter_test_suite = {
	.name = "vctx_counter",
	.init = counter_test_init,
	.exit = counter_test_exit,
	.test_cases = counter_test_cases,
};

kunit_test_suite(counter_test_suite);

MODULE_DESCRIPTION("KUnit tests of the usage counters of vctx");
MODULE_LICENSE("GPL");
