// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vstop: what share of CPU time contexts should get, and what they got
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

void shares_free(struct shares *s)
{
	free(s->share);
	memset(s, 0, sizeof(*s));
}

/* Another context of that number has used less, or has not so many periods. */
static bool is_same(const struct share *now, const struct share *before)
{
	return before && now->is.usage_usec >= before->is.usage_usec &&
	       now->is.nr_periods >= before->is.nr_periods &&
	       now->is.nr_throttled >= before->is.nr_throttled;
}

void shares_update(struct shares *s, const struct vctx_list *list, double now)
{
	struct shares next = { .time = now };
	double start = model_now();
	size_t with = 0, i;

	if (!model_is_due(s->time, s->cost, now))
		return;
	for (i = 0; i < list->nr; i++)
		with += !!(list->info[i].flags & VCTX_FLAG_SCHED);
	next.share = calloc(with + 1, sizeof(*next.share));
	/* Without memory the old ones stay. */
	if (!next.share)
		return;
	for (i = 0; i < list->nr && next.nr < with; i++) {
		struct share *share = &next.share[next.nr];
		const struct share *before;

		/* It may have ended, or lost its share, since. */
		if (!(list->info[i].flags & VCTX_FLAG_SCHED) ||
		    share_read(share, list->info[i].id) || !share->is.on)
			continue;
		before = share_find(s->share, s->nr, share->id);
		if (is_same(share, before)) {
			share->was = before->is;
			share->usec = (unsigned long long)
				      ((now - s->time) * 1e6);
		} else {
			share->was = share->is;
			share->gone = 1;
		}
		next.nr++;
	}
	share_place(next.share, next.nr, list);
	share_compute(next.share, next.nr);
	next.cost = model_now() - start;
	free(s->share);
	*s = next;
}
