// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx: a usage counter with a hard limit - the paths that touch shared words
 */

#include <linux/bug.h>
#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include "counter.h"

const struct vctx_resource_info vctx_resource[VCTX_NR_RESOURCES] = {
	[VCTX_NPROC]		= { "nproc", 1 },
	[VCTX_NTASK]		= { "ntask", 1 },
	[VCTX_NOFILE]		= { "nofile", 1 },
	[VCTX_NSOCK]		= { "nsock", 1 },
	[VCTX_NLOCK]		= { "nlock", 1 },
	[VCTX_NPTY]		= { "npty", 1 },
	[VCTX_NSIGPENDING]	= { "nsigpending", 1 },
	[VCTX_NINOTIFY]		= { "ninotify", 1 },
	/* A fork charges, and an exit uncharges, all of a process at once. */
	[VCTX_AS]		= { "as", PAGE_SIZE, .batch = 1024 },
	[VCTX_MEMLOCK]		= { "memlock", PAGE_SIZE },
	[VCTX_RSS]		= { "rss", PAGE_SIZE },
	[VCTX_ANON]		= { "anon", PAGE_SIZE },
	[VCTX_SHMEM]		= { "shmem", PAGE_SIZE },
	[VCTX_MEMORY]		= { "memory", PAGE_SIZE, .elsewhere = true },
	[VCTX_SWAP]		= { "swap", PAGE_SIZE, .elsewhere = true },
	[VCTX_NSHM]		= { "nshm", 1 },
	[VCTX_SHMBYTES]		= { "shmbytes", PAGE_SIZE },
	[VCTX_NSEM]		= { "nsem", 1 },
	[VCTX_NMSG]		= { "nmsg", 1 },
	[VCTX_MSGBYTES]		= { "msgbytes", 64 },
	[VCTX_MQBYTES]		= { "mqbytes", 64 },
	[VCTX_NRANDOM]		= { "nrandom", 64, .cumulative = true },
};

/**
 * vctx_counter_init() - set up a counter: no usage, no limits
 * @c: the counter, zeroed
 * @stock: its per-CPU stocks, zeroed
 * @info: what it counts
 */
void vctx_counter_init(struct vctx_counter *c, struct vctx_stock __percpu *stock,
		       const struct vctx_resource_info *info)
{
	spin_lock_init(&c->lock);
	c->stock = stock;
	/* A look at all stocks once a batch then costs a constant per unit. */
	c->batch = info->unit * max3(32U, info->batch, 4 * num_possible_cpus());
	c->most = 2 * c->batch;
	c->margin = c->most * num_possible_cpus();
	c->soft = VCTX_MAX;
	c->hard = VCTX_MAX;
	c->exact_from = VCTX_MAX;
}

/* Takes back all stocks, so that committed is the usage if nobody interferes. */
static void counter_drain(struct vctx_counter *c)
{
	int cpu;

	lockdep_assert_held(&c->lock);

	for_each_possible_cpu(cpu) {
		struct vctx_stock *stock = per_cpu_ptr(c->stock, cpu);

		if (!atomic_long_read(&stock->avail))
			continue;
		atomic_long_sub(atomic_long_xchg(&stock->avail, 0),
				&c->committed);
		WRITE_ONCE(stock->low, 0);
		WRITE_ONCE(stock->mark, 0);
	}
}

/* The usage.  Stocks may shrink meanwhile: it is never above committed. */
static long counter_sum(struct vctx_counter *c)
{
	long committed = max(atomic_long_read(&c->committed), 0L);
	long sum = 0;
	int cpu;

	lockdep_assert_held(&c->lock);

	for_each_possible_cpu(cpu)
		sum += atomic_long_read(&per_cpu_ptr(c->stock, cpu)->avail);
	return clamp(committed - sum, 0L, committed);
}

/*
 * The usage, and what can be said of the highest one since the last look.  If
 * one CPU was busy, its stock was that much lower in between, seen from either
 * end; with several, the smaller of the two is closer to the truth.
 */
static long counter_look(struct vctx_counter *c)
{
	long usage = counter_sum(c);
	long since_mark = 0, since_low = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct vctx_stock *stock = per_cpu_ptr(c->stock, cpu);
		long avail = atomic_long_read(&stock->avail);
		long low = READ_ONCE(stock->low);

		since_mark = max(since_mark, READ_ONCE(stock->mark) - low);
		since_low = max(since_low, avail - low);
		if (low != avail)
			WRITE_ONCE(stock->low, avail);
		if (READ_ONCE(stock->mark) != avail)
			WRITE_ONCE(stock->mark, avail);
	}
	c->peak = max(c->peak, min(min(c->looked + since_mark, usage + since_low),
				   atomic_long_read(&c->committed)));
	c->peak = max(c->peak, usage);
	c->looked = usage;
	return usage;
}

/*
 * Can usage have been above c->peak since the last look?  The stock of this CPU
 * alone may tell that it has not, which is so for most that comes and goes.
 * Asked before @stock is marked anew, or what is committed falls: else a high
 * usage would be forgotten.
 */
static bool counter_peaked(const struct vctx_counter *c,
			   const struct vctx_stock *stock, long n)
{
	long unused = min(READ_ONCE(stock->low),
			  atomic_long_read(&stock->avail));

	return atomic_long_read(&c->committed) - unused + n > c->peak;
}

/* @stock has @avail units now.  Unless all stocks have just been looked at. */
static void counter_mark(struct vctx_counter *c, struct vctx_stock *stock,
			 long avail, bool looked)
{
	WRITE_ONCE(stock->low, avail);
	WRITE_ONCE(stock->mark, avail);
	if (!looked)
		c->looked = atomic_long_read(&c->committed) - avail;
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
	unsigned long flags;
	long usage;

	spin_lock_irqsave(&c->lock, flags);
	usage = counter_look(c);
	spin_unlock_irqrestore(&c->lock, flags);
	return usage;
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

/**
 * vctx_counter_settle() - is nothing in use any more?
 * @c: the counter, which nobody else uses now
 *
 * Context: any.
 * Return: what is left, zero unless a charge or an uncharge was lost.
 */
long vctx_counter_settle(struct vctx_counter *c)
{
	unsigned long flags;

	spin_lock_irqsave(&c->lock, flags);
	counter_drain(c);
	spin_unlock_irqrestore(&c->lock, flags);
	return atomic_long_read(&c->committed);
}

/**
 * vctx_counter_set_limits() - set both limits
 * @c: the counter
 * @soft: soft limit or VCTX_MAX, not above @hard
 * @hard: hard limit or VCTX_MAX
 *
 * When this returns, no charge succeeds beyond @hard any more, unless it gets
 * what is being uncharged at this very moment.
 *
 * Context: any.
 */
void vctx_counter_set_limits(struct vctx_counter *c, long soft, long hard)
{
	long edge = min(soft, hard);
	unsigned long flags;

	spin_lock_irqsave(&c->lock, flags);
	WRITE_ONCE(c->soft, soft);
	WRITE_ONCE(c->hard, hard);
	WRITE_ONCE(c->exact_from, edge == VCTX_MAX ? VCTX_MAX :
				  max(edge - c->margin, 0L));
	/* Pairs with vctx_stock_give(): one of us sees the other. */
	smp_mb();
	counter_drain(c);
	c->over_soft = atomic_long_read(&c->committed) > soft;
	spin_unlock_irqrestore(&c->lock, flags);
}

/* How many units a CPU may take into its stock. */
static long counter_surplus(struct vctx_counter *c, long committed)
{
	long room = c->hard - committed;

	if (committed <= c->soft)
		room = min(room, c->soft - committed);
	else if (committed - c->soft <= c->margin)
		return 0;
	return room > c->margin ? c->batch : 0;
}

/*
 * Usage that goes up and down around the soft limit is above it once: it has to
 * fall by a sixteenth before it can rise again.  Not by more than there is
 * between the limit and where it is still judged exactly.
 */
static long counter_soft_edge(const struct vctx_counter *c)
{
	if (!c->over_soft)
		return c->soft;
	return c->soft - min(c->soft / 16, c->margin);
}

static noinline bool counter_check_soft_slow(struct vctx_counter *c)
{
	long edge = counter_soft_edge(c);
	bool was = c->over_soft;

	c->over_soft = unlikely(atomic_long_read(&c->committed) > edge) &&
		       counter_sum(c) > edge;
	if (was || !c->over_soft)
		return false;
	atomic_long_inc(&c->soft_hits);
	return true;
}

/* Judges the soft limit.  True if usage has risen above it just now. */
static bool counter_check_soft(struct vctx_counter *c)
{
	if (likely(!c->over_soft && atomic_long_read(&c->committed) <= c->soft))
		return false;
	return counter_check_soft_slow(c);
}

/* vctx_counter_charge() when the stock of this CPU does not suffice */
enum vctx_charge vctx_counter_charge_slow(struct vctx_counter *c, long n,
					  bool force)
{
	enum vctx_charge result = VCTX_REFUSED;
	long committed, surplus = 0;
	bool over_hard, look;
	struct vctx_stock *stock;
	unsigned long flags;

	spin_lock_irqsave(&c->lock, flags);
	stock = this_cpu_ptr(c->stock);
	committed = atomic_long_read(&c->committed);
	over_hard = n > c->hard || committed > c->hard - n;
	/* Close below the soft limit, stocks would hide its crossing. */
	if ((over_hard && !force) ||
	    (committed <= c->soft && n > c->soft - committed)) {
		counter_drain(c);
		committed = atomic_long_read(&c->committed);
		over_hard = n > c->hard || committed > c->hard - n;
	}
	if (unlikely(over_hard && !force)) {
		atomic_long_inc(&c->fails);
		goto unlock;
	}
	look = counter_peaked(c, stock, n);
	if (look)
		c->peak = max(c->peak, counter_look(c) + n);
	/* Who needs more than there is may leave a stock that is well filled. */
	if (!over_hard && atomic_long_read(&stock->avail) < c->batch)
		surplus = counter_surplus(c, committed + n);
	atomic_long_add(n + surplus, &c->committed);
	c->looked += n;
	if (surplus)
		counter_mark(c, stock,
			     atomic_long_add_return(surplus, &stock->avail),
			     look);
	result = counter_check_soft(c) ? VCTX_CHARGED_OVER_SOFT : VCTX_CHARGED;
unlock:
	spin_unlock_irqrestore(&c->lock, flags);
	return result;
}

/*
 * vctx_counter_uncharge() close to a limit, or when a stock, which has been that
 * of this CPU, has become too large: commits less.
 */
void vctx_counter_uncharge_slow(struct vctx_counter *c,
				struct vctx_stock *stock)
{
	unsigned long flags;
	long avail, keep;
	bool look;

	spin_lock_irqsave(&c->lock, flags);
	look = counter_peaked(c, stock, 0);
	if (look)
		counter_look(c);
	keep = atomic_long_read(&c->committed) < c->exact_from ? c->batch : 0;
	avail = atomic_long_read(&stock->avail);
	while (avail > keep &&
	       !atomic_long_try_cmpxchg(&stock->avail, &avail, keep))
		;
	if (avail > keep) {
		if (WARN_ON_ONCE(atomic_long_sub_return(avail - keep,
							&c->committed) < 0))
			atomic_long_set(&c->committed, 0);
		counter_mark(c, stock, keep, look);
	}
	/* Whether usage is below the soft limit again must not hide in stocks. */
	if (c->over_soft && atomic_long_read(&c->committed) > c->soft &&
	    atomic_long_read(&c->committed) - c->soft <= c->margin)
		counter_drain(c);
	counter_check_soft(c);
	spin_unlock_irqrestore(&c->lock, flags);
}
