// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What share of CPU time contexts should get, and what they got
 *
 * The weights of those that are busy say how they should share what they use
 * together; within a context, likewise for those that were made inside.
 */
#include <stdlib.h>

#include "share.h"

/* What SCHED_IDLE is to nice 0 is 3 to 1024. */
#define IDLE_WEIGHT	(3 * 100.0 / 1024)

/**
 * share_read() - begin with a context, as it is now
 * @share: receives it
 * @id: the context
 *
 * Return: 0; errors as vctx_get_sched().
 */
int share_read(struct share *share, unsigned int id)
{
	*share = (struct share){ .id = id, .above = -1, .want = -1, .got = -1 };
	return vctx_get_sched(id, &share->is);
}

static int by_id(const void *a, const void *b)
{
	const struct share *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/**
 * share_find() - one of several contexts
 * @shares: by id
 * @nr: how many
 * @id: which one
 *
 * Return: it, or NULL if it is not among them.
 */
struct share *share_find(const struct share *shares, size_t nr,
			 unsigned int id)
{
	struct share key = { .id = id };

	return nr ? bsearch(&key, shares, nr, sizeof(key), by_id) : NULL;
}

/**
 * share_place() - find out which context is in which
 * @shares: the contexts; ordered by id afterwards
 * @nr: how many
 * @list: has them and those in between, which need not have a share
 */
void share_place(struct share *shares, size_t nr,
		 const struct vctx_list *list)
{
	size_t i;

	if (nr)
		qsort(shares, nr, sizeof(*shares), by_id);
	for (i = 0; i < nr; i++) {
		const struct vctx_info *info = vctx_list_find(list,
							      shares[i].id);
		const struct share *above = NULL;

		while (info && info->parent != VCTX_ID_HOST) {
			above = share_find(shares, nr, info->parent);
			if (above && above->is.on)
				break;
			above = NULL;
			info = vctx_list_find(list, info->parent);
		}
		shares[i].above = above ? (int)(above - shares) : -1;
	}
}

/* CPU time used while it was watched, in microseconds */
unsigned long long share_used(const struct share *share)
{
	if (share->gone || share->is.usage_usec < share->was.usage_usec)
		return 0;
	return share->is.usage_usec - share->was.usage_usec;
}

static int takes_part(const struct share *share)
{
	return share->is.on && share->busy;
}

static double want(struct share *shares, struct share *share, double top)
{
	double above;

	if (share->want >= 0 || !takes_part(share))
		return share->want;
	if (share->above < 0) {
		share->want = share->weight / top;
	} else {
		above = want(shares, &shares[share->above], top);
		if (above >= 0)
			share->want = above * share->weight /
				      shares[share->above].below;
	}
	return share->want;
}

/**
 * share_compute() - fill in what contexts should have got, and what they got
 * @shares: from share_place(), with was, is and usec
 * @nr: how many
 */
void share_compute(struct share *shares, size_t nr)
{
	double all = 0, top = 0;
	size_t i;

	for (i = 0; i < nr; i++) {
		struct share *share = &shares[i];

		share->weight = share->is.idle ? IDLE_WEIGHT : share->is.weight;
		share->below = 0;
		share->want = -1;
		share->got = -1;
		share->busy = share_used(share) > 0 || share->is.running;
		if (share->is.on && share->above < 0)
			all += (double)share_used(share);
	}
	for (i = 0; i < nr; i++) {
		struct share *share = &shares[i];

		if (!takes_part(share))
			continue;
		if (share->above < 0)
			top += share->weight;
		else
			shares[share->above].below += share->weight;
	}
	for (i = 0; i < nr; i++) {
		want(shares, &shares[i], top);
		if (shares[i].is.on && !shares[i].gone && all > 0)
			shares[i].got = (double)share_used(&shares[i]) / all;
	}
}

/* What it got of one CPU; below 0 if that is not known */
double share_cpu(const struct share *share)
{
	if (!share->usec || share->gone)
		return -1;
	return (double)share_used(share) / (double)share->usec;
}

/* What it may get of one CPU; below 0 if there is no cap */
double share_cap(const struct share *share)
{
	if (!share->is.on || share->is.quota_usec == VCTX_MAX ||
	    !share->is.period_usec)
		return -1;
	return (double)share->is.quota_usec / (double)share->is.period_usec;
}

/* The part of its periods in which it had to wait; below 0 without any */
double share_throttled(const struct share *share)
{
	const struct vctx_sched *is = &share->is, *was = &share->was;

	/* Fewer than before are those of another context of that number. */
	if (share->gone || is->nr_periods <= was->nr_periods ||
	    is->nr_throttled < was->nr_throttled)
		return -1;
	return (double)(is->nr_throttled - was->nr_throttled) /
	       (double)(is->nr_periods - was->nr_periods);
}
