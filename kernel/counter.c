// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx: a usage counter with a hard limit - the paths that touch shared words
 */

#include <linux/bug.h>
#include <linux/cpumask.h>
#include <linux/minmax.h>

#include "counter.h"

const char *const vctx_resource_name[VCTX_NR_RESOURCES] = {
	[VCTX_NPROC]	= "nproc",
	[VCTX_NTASK]	= "ntask",
	[VCTX_NOFILE]	= "nofile",
};

/**
 * vctx_counter_init() - set up a counter: no usage, no limits
 * @c: the counter, zeroed
 * @stock: its per-CPU stocks, zeroed
 */
void vctx_counter_init(struct vctx_counter *c, struct vctx_stock __percpu *stock)
{
	c->stock = stock;
	/* A look at all stocks once a batch then costs a constant per unit. */
	c->batch = max(32U, 4 * num_possible_cpus());
	c->soft = VCTX_MAX;
	c->hard = VCTX_MAX;
	c->exact_from = VCTX_MAX;
}

/* Takes back all stocks, so that committed is the usage if nobody interferes. */
static void counter_drain(struct vctx_counter *c)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct vctx_stock *stock = per_cpu_ptr(c->stock, cpu);
		long avail;

		if (!atomic_long_read(&stock->avail))
			continue;
		avail = atomic_long_xchg(&stock->avail, 0);
		WRITE_ONCE(stock->low, 0);
		atomic_long_sub(avail, &c->committed);
	}
}

/*
 * The usage when @committed units were committed.  Stocks may shrink before
 * they are read, hence too much may come out, but never more than @committed.
 * @swing, if asked for, is how far below its present level the stock of one
 * CPU was since the last time.
 */
static long counter_sum(struct vctx_counter *c, long committed, long *swing)
{
	long sum = 0, most = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct vctx_stock *stock = per_cpu_ptr(c->stock, cpu);
		long avail = atomic_long_read(&stock->avail);

		sum += avail;
		if (swing) {
			most = max(most, avail - READ_ONCE(stock->low));
			WRITE_ONCE(stock->low, avail);
		}
	}
	if (swing)
		*swing = most;
	return clamp(committed - sum, 0L, committed);
}

static void counter_raise_peak(struct vctx_counter *c, long usage)
{
	long peak = READ_ONCE(c->peak);

	while (usage > peak && !try_cmpxchg(&c->peak, &peak, usage))
		;
}

/**
 * vctx_counter_usage() - units in use
 * @c: the counter
 *
 * Exact when nobody charges or uncharges meanwhile, and never above the hard
 * limit.
 *
 * Context: any.
 */
long vctx_counter_usage(struct vctx_counter *c)
{
	long committed = max(atomic_long_read(&c->committed), 0L);
	long swing, usage;

	usage = counter_sum(c, committed, &swing);
	counter_raise_peak(c, min(usage + swing, committed));
	return usage;
}

/**
 * vctx_counter_settle() - is nothing in use any more?
 * @c: the counter, which nobody else uses now
 *
 * Context: any.
 * Return: what is left, zero unless a charge or an uncharge was lost.
 */
long vctx_counter_settle(struct vctx_counter *c)
{
	counter_drain(c);
	return atomic_long_read(&c->committed);
}

/**
 * vctx_counter_peak() - highest usage seen, see &vctx_counter.peak
 * @c: the counter
 *
 * Context: any.
 */
long vctx_counter_peak(struct vctx_counter *c)
{
	vctx_counter_usage(c);
	return READ_ONCE(c->peak);
}

/* How far from a limit the stocks of all CPUs cannot matter any more. */
static long counter_margin(const struct vctx_counter *c)
{
	return 2 * c->batch * num_possible_cpus();
}

/**
 * vctx_counter_set_limits() - set both limits
 * @c: the counter
 * @soft: soft limit or VCTX_MAX, not above @hard
 * @hard: hard limit or VCTX_MAX
 *
 * When this returns, no charge succeeds beyond @hard any more.
 *
 * Context: the caller lets in one at a time.
 */
void vctx_counter_set_limits(struct vctx_counter *c, long soft, long hard)
{
	long edge = min(soft, hard);

	WRITE_ONCE(c->soft, soft);
	WRITE_ONCE(c->hard, hard);
	WRITE_ONCE(c->exact_from, edge == VCTX_MAX ? VCTX_MAX :
				  max(edge - counter_margin(c), 0L));
	/* Stocks that were filled under the old limits are gone afterwards. */
	smp_mb();
	counter_drain(c);
	WRITE_ONCE(c->over_soft, atomic_long_read(&c->committed) > soft);
}

/* How many units beyond @n a CPU may take into its stock. */
static long counter_surplus(struct vctx_counter *c, long committed, long hard,
			    long soft)
{
	long room = hard - committed;

	if (committed <= soft)
		room = min(room, soft - committed);
	else if (committed - soft <= counter_margin(c))
		return 0;
	return room > counter_margin(c) ? c->batch : 0;
}

/* Judges the soft limit.  True if usage has risen above it just now. */
static bool counter_check_soft(struct vctx_counter *c, long committed)
{
	long soft = READ_ONCE(c->soft);

	if (likely(committed <= soft)) {
		if (unlikely(READ_ONCE(c->over_soft)))
			WRITE_ONCE(c->over_soft, false);
		return false;
	}
	if (READ_ONCE(c->over_soft) || counter_sum(c, committed, NULL) <= soft ||
	    xchg(&c->over_soft, true))
		return false;
	atomic_long_inc(&c->soft_hits);
	return true;
}

enum vctx_charge vctx_counter_charge_slow(struct vctx_counter *c, long n,
					  bool force)
{
	struct vctx_stock *stock = raw_cpu_ptr(c->stock);
	long committed = atomic_long_read(&c->committed);
	bool drained = false;
	long surplus;

	do {
		long hard = READ_ONCE(c->hard);
		long soft = READ_ONCE(c->soft);
		bool over_hard = n > hard || committed > hard - n;
		/* Close below the soft limit stocks would hide its crossing. */
		bool at_soft = committed <= soft && n > soft - committed;

		if (!drained && ((over_hard && !force) || at_soft)) {
			counter_drain(c);
			drained = true;
			committed = atomic_long_read(&c->committed);
			/* try_cmpxchg() fails if this is out of date */
			over_hard = n > hard || committed > hard - n;
		}
		if (unlikely(over_hard && !force)) {
			atomic_long_inc(&c->fails);
			return VCTX_REFUSED;
		}
		surplus = over_hard ? 0 :
			  counter_surplus(c, committed + n, hard, soft);
	} while (!atomic_long_try_cmpxchg(&c->committed, &committed,
					  committed + n + surplus));

	committed += n;
	if (committed > READ_ONCE(c->peak))
		counter_raise_peak(c, counter_sum(c, committed, NULL));
	if (surplus) {
		long avail = atomic_long_add_return(surplus, &stock->avail);

		WRITE_ONCE(stock->low, avail);
	}
	return counter_check_soft(c, committed) ? VCTX_CHARGED_OVER_SOFT :
						  VCTX_CHARGED;
}

void vctx_counter_uncharge_slow(struct vctx_counter *c, long n)
{
	struct vctx_stock *stock = raw_cpu_ptr(c->stock);
	long committed = atomic_long_read(&c->committed);
	long avail = atomic_long_read(&stock->avail);
	long back = n;

	/* The stock is full: note how low it was and keep one batch of it. */
	if (avail > c->batch) {
		long surplus = avail - c->batch;

		if (committed > READ_ONCE(c->peak))
			vctx_counter_usage(c);
		if (atomic_long_try_cmpxchg(&stock->avail, &avail, c->batch))
			back += surplus;
		WRITE_ONCE(stock->low, c->batch);
	}
	committed = atomic_long_sub_return(back, &c->committed);
	if (WARN_ON_ONCE(committed < 0))
		atomic_long_cmpxchg(&c->committed, committed, 0);
	counter_check_soft(c, committed);
}
