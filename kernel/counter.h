/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vctx: a usage counter with a hard limit, exact at the limit and without a
 * shared cache line far from it
 *
 * A counter that every fork and open of every CPU updates must not be one
 * shared word, and a limit that is never exceeded by one cannot be judged on
 * per-CPU deltas (percpu_counter_limited_add() decides on a sum that others
 * change behind it).  So units are *committed* on the shared word before they
 * are used: a CPU commits a batch, keeps what it does not need at once in its
 * *stock*, and serves later charges from there; what is uncharged goes back to
 * the stock.  Hence, at any moment,
 *
 *	usage = committed - sum of the stocks	and	committed <= hard,
 *
 * and so usage <= hard, whatever happens concurrently.  Who would be refused
 * first takes back the stocks of all CPUs, so that nobody is refused while
 * there are units that nobody uses.  Close to a limit batches shrink to
 * nothing, and what is uncharged stays in a stock for a moment only.
 *
 * What moves units between the shared word and the stocks holds a lock, so that
 * they are never in between when a decision is made; charging from a stock and
 * uncharging into it does not.  Stocks are atomic because others may take them
 * back, but their cache line is only ever touched by its own CPU while usage is
 * far from the limits.
 */
#ifndef _SECURITY_VCTX_COUNTER_H
#define _SECURITY_VCTX_COUNTER_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>

/* No limit.  Usage and limits are below this, so that sums do not overflow. */
#define VCTX_MAX	LONG_MAX

/* In the order in which they are listed */
enum vctx_resource {
	VCTX_NPROC,
	VCTX_NTASK,
	VCTX_NOFILE,
	VCTX_NSOCK,
	VCTX_NLOCK,
	VCTX_NPTY,
	VCTX_NSIGPENDING,
	VCTX_NINOTIFY,
	VCTX_AS,
	VCTX_MEMLOCK,
	VCTX_RSS,
	VCTX_ANON,
	VCTX_SHMEM,
	VCTX_MEMORY,
	VCTX_SWAP,
	VCTX_NSHM,
	VCTX_SHMBYTES,
	VCTX_NSEM,
	VCTX_NMSG,
	VCTX_MSGBYTES,
	VCTX_MQBYTES,
	VCTX_NRANDOM,
	VCTX_NR_RESOURCES
};

/**
 * struct vctx_resource_info - what is constant about a resource
 * @name: as in the files of vctxfs
 * @unit: least amount that is charged, in bytes for what is counted in bytes
 * @batch: how many a CPU commits at once, at least; 0 for some dozens
 * @cumulative: usage never falls, and need not be zero at the end
 * @elsewhere: another part of Linux counts it, see &struct vctx_engine; without
 *	that part there are no limits
 */
struct vctx_resource_info {
	const char *name;
	long unit;
	unsigned int batch;
	bool cumulative;
	bool elsewhere;
};

extern const struct vctx_resource_info vctx_resource[VCTX_NR_RESOURCES];

/**
 * struct vctx_stock - units that a CPU has committed and not used
 * @avail: how many; never negative
 * @low: smallest @avail since it was last looked at, from which the highest
 *	usage in between follows; written without care by its own CPU
 * @mark: @avail when it was last looked at
 */
struct vctx_stock {
	atomic_long_t avail;
	long low;
	long mark;
};

/**
 * struct vctx_counter - usage and limits of one resource of one context
 * @stock: per-CPU stocks; owned by the caller
 * @batch: how much a CPU commits at once far from the limits
 * @most: how much it keeps at most; constant
 * @margin: how far from a limit the stocks of all CPUs cannot matter any more;
 *	constant
 * @soft: above it, an event is due; VCTX_MAX if none
 * @hard: @committed does not grow above it; VCTX_MAX if none
 * @exact_from: below this many committed units no limit is near
 * @lock: held to change @committed and the limits, and to fill and empty stocks
 *	but for a charge and an uncharge
 * @committed: units in use or in a stock
 * @peak: highest usage seen.  Exact on one CPU and near a limit; elsewhere off
 *	by at most what CPUs keep in their stocks.  Never above @hard at the time.
 * @looked: usage when the stocks were last looked at
 * @fails: refusals
 * @soft_hits: how often usage rose above @soft
 * @over_soft: usage was above @soft, and has not been well below it since
 *
 * The first half is read by every charge and written by the administrator
 * only.
 */
struct vctx_counter {
	struct vctx_stock __percpu *stock;
	long batch;
	long most;
	long margin;
	long soft;
	long hard;
	long exact_from;

	spinlock_t lock ____cacheline_aligned_in_smp;
	atomic_long_t committed;
	long peak;
	long looked;
	atomic_long_t fails;
	atomic_long_t soft_hits;
	bool over_soft;
};

/* What a charge brought about */
enum vctx_charge {
	VCTX_CHARGED,
	VCTX_CHARGED_OVER_SOFT,	/* and usage has just risen above the soft limit */
	VCTX_REFUSED,
};

void vctx_counter_init(struct vctx_counter *c, struct vctx_stock __percpu *stock,
		       const struct vctx_resource_info *info);
void vctx_counter_set_limits(struct vctx_counter *c, long soft, long hard);
long vctx_counter_usage(struct vctx_counter *c);
long vctx_counter_peak(struct vctx_counter *c);
long vctx_counter_settle(struct vctx_counter *c);
enum vctx_charge vctx_counter_charge_slow(struct vctx_counter *c, long n,
					  bool force);
void vctx_counter_uncharge_slow(struct vctx_counter *c,
				struct vctx_stock *stock);

/**
 * vctx_stock_take() - use @n units if a stock has them
 * @stock: a counter's, of this CPU
 * @n: how many, above zero
 *
 * What is in a stock has been committed: no limit needs to be looked at.
 *
 * Context: any.
 * Return: false if it has not; nothing has changed then.
 */
static __always_inline bool vctx_stock_take(struct vctx_stock *stock, long n)
{
	long avail = atomic_long_read(&stock->avail);

	do {
		if (unlikely(avail < n))
			return false;
	} while (unlikely(!atomic_long_try_cmpxchg(&stock->avail, &avail,
						   avail - n)));
	if (avail - n < READ_ONCE(stock->low))
		WRITE_ONCE(stock->low, avail - n);
	return true;
}

/**
 * vctx_counter_charge() - use @n units
 * @c: the counter
 * @n: how many, above zero
 * @force: beyond the hard limit if need be
 *
 * Context: any.
 * Return: VCTX_REFUSED if that would exceed the hard limit; nothing has
 * changed then but the count of refusals.
 */
static __always_inline enum vctx_charge
vctx_counter_charge(struct vctx_counter *c, long n, bool force)
{
	if (unlikely(!vctx_stock_take(raw_cpu_ptr(c->stock), n)))
		return vctx_counter_charge_slow(c, n, force);
	return VCTX_CHARGED;
}

/**
 * vctx_counter_far() - would no limit be near after a charge?
 * @c: the counter
 * @n: how many units more, a few
 *
 * Context: any.
 */
static inline bool vctx_counter_far(const struct vctx_counter *c, long n)
{
	return atomic_long_read(&c->committed) <
	       READ_ONCE(c->exact_from) - n;
}

/**
 * vctx_stock_give() - give @n units back to a stock
 * @c: the counter that they were charged to
 * @stock: of it, of this CPU
 * @n: how many
 *
 * Context: any.
 * Return: false if vctx_counter_uncharge_slow() has to follow.
 */
static __always_inline bool vctx_stock_give(const struct vctx_counter *c,
					    struct vctx_stock *stock, long n)
{
	/*
	 * The full barrier pairs with vctx_counter_set_limits(): a limit may
	 * have come near.
	 */
	long avail = atomic_long_add_return(n, &stock->avail);

	return likely(atomic_long_read(&c->committed) <
		      READ_ONCE(c->exact_from)) && likely(avail <= c->most);
}

/**
 * vctx_counter_uncharge() - give @n units back
 * @c: the counter that they were charged to
 * @n: how many
 *
 * Context: any.
 */
static __always_inline void vctx_counter_uncharge(struct vctx_counter *c, long n)
{
	struct vctx_stock *stock = raw_cpu_ptr(c->stock);

	if (unlikely(!vctx_stock_give(c, stock, n)))
		vctx_counter_uncharge_slow(c, stock);
}

#endif /* _SECURITY_VCTX_COUNTER_H */
