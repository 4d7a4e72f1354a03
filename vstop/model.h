/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vstop: what there is to show
 *
 * The model reads the contexts through libvctx and compares two readings. It
 * knows nothing of screens; views only read it.
 */
#ifndef VSTOP_MODEL_H
#define VSTOP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "disk.h"
#include "level.h"
#include "libvctx.h"
#include "shares.h"

/* Readings closer than this are not compared: rates would be noise. */
#define MODEL_MIN_INTERVAL	0.05

/* What has to be read for each context takes at most such a part of the time. */
#define MODEL_PACE		10

/**
 * struct row - one context
 *
 * @ctx: as it was read, owned by the sample
 * @fail: refusals of all resources since the context was made
 * @cpu: CPU time used since the reading before, in percent of one CPU; NAN as
 *	long as there is nothing to compare with
 * @refused: refusals per second since the reading before, or NAN
 * @fill: usage divided by hard limit of @fullest; 0 if there is none, and
 *	INFINITY for something used where nothing is allowed
 * @fullest: the resource nearest to its hard limit, NULL without any limit
 * @tasks, @procs, @files, @mem: resources that have columns of their own, or
 *	NULL; @mem is memory if the kernel counts that for the context, else rss
 * @fresh: not there at the reading before
 * @disk: what there is to say of its disk quota, if filesystems are asked
 * @share: its share of CPU time, if it has one of its own and that is read
 */
struct row {
	const struct vctx_info *ctx;
	const struct vctx_res *fullest;
	const struct vctx_res *tasks;
	const struct vctx_res *procs;
	const struct vctx_res *files;
	const struct vctx_res *mem;
	uint64_t fail;
	double cpu;
	double refused;
	double fill;
	bool fresh;
	struct disk disk;
	const struct share *share;
};

struct sample {
	struct vctx_list list;
	struct row *rows;	/* by id */
	size_t nr;
	double time;		/* of CLOCK_MONOTONIC, in seconds */
};

/**
 * struct totals - all rows together
 *
 * What a child uses counts against its parents too, so only the topmost
 * contexts are summed up.  A refusal counts where the limit was hit.
 */
struct totals {
	size_t contexts;
	uint64_t tasks;
	uint64_t fail;
	double cpu;
	double refused;
	size_t created;		/* since the reading before */
	size_t gone;
};

/* What is read beside the summary, because somebody wants to see it */
#define MODEL_DISK	(1U << 0)
#define MODEL_SHARE	(1U << 1)

struct model {
	struct sample cur;
	struct sample base;	/* what @cur is compared with; nr may be 0 */
	bool has_cur;
	bool has_base;
	struct vctx_list spare;	/* memory of an old reading, to be used again */
	struct row **order;	/* the rows of @cur as sorted */
	size_t order_size;
	struct totals total;
	double interval;	/* between @base and @cur, 0 without @base */
	struct timespec wall;	/* when @cur was read, of CLOCK_REALTIME */
	const char *only;	/* show this context alone: id or name */
	unsigned int wants;	/* MODEL_DISK, MODEL_SHARE */
	struct disks disks;	/* if that is wanted, else as it was then */
	struct shares shares;	/* likewise */
};

/**
 * struct account - the accounting of one context, of two readings
 *
 * @id: the context, 0 for none
 * @err: of the last reading
 * @cur: as it was read last, @nr_cur lines
 * @base: as it was before, @nr_base lines; none if there is nothing to compare
 * @time, @base_time: when that was, of CLOCK_MONOTONIC, in seconds
 */
struct account {
	uint32_t id;
	int err;
	struct vctx_value *cur;
	size_t nr_cur;
	struct vctx_value *base;
	size_t nr_base;
	double time;
	double base_time;
};

struct column;

void model_init(struct model *m, const char *only);
void model_free(struct model *m);

/**
 * model_update - read the contexts again
 * @m: the model
 *
 * The model is unchanged if this fails.
 *
 * Return: 0 or a negative errno.
 */
int model_update(struct model *m);

/**
 * model_feed - take a reading in
 * @m: the model
 * @list: the reading; on success its content belongs to the model
 * @now: when it was made, seconds of a monotonic clock
 *
 * Return: 0 or -ENOMEM.
 */
int model_feed(struct model *m, struct vctx_list *list, double now);

/**
 * model_sort - put the rows in order
 * @m: the model
 * @col: by what; rows that compare equal are ordered by id
 * @invert: the other way round than the column's own
 */
void model_sort(struct model *m, const struct column *col, bool invert);

/* Where in m->order the context @id stands, or -1. */
ssize_t model_find(const struct model *m, uint32_t id);

/**
 * model_refused - how often a resource is refused
 * @m: the model
 * @row: one of its rows
 * @i: which resource of the row
 *
 * Return: refusals per second since the reading before, or NAN.
 */
double model_refused(const struct model *m, const struct row *row, size_t i);

/* Growth per second; a counter that went back tells nothing, not less. */
double model_rate(uint64_t now, uint64_t before, double seconds);

/*
 * Whether what was read at @time, which took @cost, should be read again @now:
 * not too soon for rates, and not so often that the whole gets slow.
 */
bool model_is_due(double time, double cost, double now);

/* Reads what is wanted beside the summary, as far as it is time to. */
void model_more(struct model *m);

/* How near @limit is to being reached, as row.fill. */
double model_fill(const struct vctx_res *limit);

/* What @res means, with its soft limit */
enum level model_res_level(const struct vctx_res *res);

/**
 * account_update - read the accounting of a context again
 * @a: all zeros the first time; account_free() it
 * @id: the context
 * @now: the time, seconds of a monotonic clock
 *
 * Without accounting @a is empty, and a->err says why.
 */
void account_update(struct account *a, uint32_t id, double now);
void account_free(struct account *a);

/* Growth of line @i per second, or NAN */
double account_rate(const struct account *a, size_t i);

/* Seconds of CLOCK_MONOTONIC */
double model_now(void);

#endif
