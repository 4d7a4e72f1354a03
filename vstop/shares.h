/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vstop: what share of CPU time contexts should get, and what they got
 */
#ifndef VSTOP_SHARES_H
#define VSTOP_SHARES_H

#include "../tools/share.h"

/**
 * struct shares - all contexts with a share of their own, of two readings
 * @share, @nr: by id; "gone" are those that the reading before did not have
 * @time: when they were read, in seconds of a monotonic clock
 * @cost: seconds that this took
 */
struct shares {
	struct share *share;
	size_t nr;
	double time;
	double cost;
};

/**
 * shares_update - read them again, if it is time to
 * @s: all zeros the first time; shares_free() it
 * @list: all contexts, also those that are not shown: shares are of the whole
 * @now: seconds of a monotonic clock
 */
void shares_update(struct shares *s, const struct vctx_list *list, double now);
void shares_free(struct shares *s);

#endif
