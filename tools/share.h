/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What share of CPU time contexts should get, and what they got */
#ifndef VCTX_TOOLS_SHARE_H
#define VCTX_TOOLS_SHARE_H

#include "libvctx.h"

/**
 * struct share - one context, watched for a while
 * @id: its number
 * @above: index of the nearest context above with a share of its own, or -1
 * @was: how it was at first
 * @is: how it is
 * @usec: how long it was watched
 * @gone: nothing is known of what it used meanwhile
 * @weight: its weight among those with the same @above
 * @below: weights of busy ones that have this one as @above
 * @busy: it ran or wanted to
 * @want: part of the CPU time of all; below 0 if that says nothing
 * @got: likewise
 */
struct share {
	unsigned int id;
	int above;
	struct vctx_sched was;
	struct vctx_sched is;
	unsigned long long usec;
	int gone;
	double weight;
	double below;
	int busy;
	double want;
	double got;
};

int share_read(struct share *share, unsigned int id);
struct share *share_find(const struct share *shares, size_t nr,
			 unsigned int id);
void share_place(struct share *shares, size_t nr,
		 const struct vctx_list *list);
void share_compute(struct share *shares, size_t nr);

unsigned long long share_used(const struct share *share);
double share_cpu(const struct share *share);
double share_cap(const struct share *share);
double share_throttled(const struct share *share);

#endif /* VCTX_TOOLS_SHARE_H */
