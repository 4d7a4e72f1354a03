// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vstop: two readings of all contexts, and what happened between them
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "column.h"
#include "model.h"

double model_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

double model_fill(const struct vctx_res *limit)
{
	if (!limit || limit->hard == VCTX_MAX || !limit->usage)
		return 0;
	if (!limit->hard)
		return INFINITY;
	return (double)limit->usage / (double)limit->hard;
}

enum level model_level(double fill)
{
	return fill >= MODEL_FILL_FULL ? LEVEL_FULL :
	       fill >= MODEL_FILL_WARN ? LEVEL_WARN : LEVEL_OK;
}

enum level model_res_level(const struct vctx_res *res)
{
	enum level level = model_level(model_fill(res));

	return level == LEVEL_OK && res->usage > res->soft ? LEVEL_WARN : level;
}

/* The list's memory is kept for the next reading. */
static void sample_drop(struct model *m, struct sample *s)
{
	vctx_list_free(&m->spare);
	m->spare = s->list;
	free(s->rows);
	memset(s, 0, sizeof(*s));
}

static int by_id(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->ctx->id > y->ctx->id) - (x->ctx->id < y->ctx->id);
}

static bool is_wanted(const struct vctx_info *ctx, const char *only)
{
	char *end;

	if (!only || (*only && !strcmp(ctx->name, only)))
		return true;
	/* A name never starts with a digit. */
	return *only >= '0' && *only <= '9' &&
	       strtoul(only, &end, 10) == ctx->id && !*end;
}

static void row_init(struct row *row, const struct vctx_info *ctx)
{
	const struct vctx_res *memory = NULL;
	size_t i;

	*row = (struct row){ .ctx = ctx, .cpu = NAN, .refused = NAN };
	row->disk.refused = NAN;
	for (i = 0; i < ctx->nr_res; i++) {
		const struct vctx_res *l = &ctx->res[i];
		double fill = model_fill(l);

		row->fail += l->fail;
		if (l->hard != VCTX_MAX && (!row->fullest || fill > row->fill)) {
			row->fullest = l;
			row->fill = fill;
		}
		if (!strcmp(l->name, "ntask"))
			row->tasks = l;
		else if (!strcmp(l->name, "nproc"))
			row->procs = l;
		else if (!strcmp(l->name, "nofile"))
			row->files = l;
		else if (!strcmp(l->name, "rss"))
			row->mem = l;
		else if (!strcmp(l->name, "memory"))
			memory = l;
	}
	/* Without a memory cgroup of its own, the context's memory stays 0. */
	if (memory && (memory->usage || !row->mem))
		row->mem = memory;
}

static int sample_init(struct sample *s, struct vctx_list *list,
		       const char *only)
{
	bool sorted = true;
	size_t i;

	s->rows = calloc(list->nr ? list->nr : 1, sizeof(*s->rows));
	if (!s->rows)
		return -ENOMEM;
	for (i = 0; i < list->nr; i++) {
		const struct vctx_info *ctx = &list->info[i];

		if (!is_wanted(ctx, only))
			continue;
		row_init(&s->rows[s->nr], ctx);
		if (s->nr && by_id(&s->rows[s->nr - 1], &s->rows[s->nr]) >= 0)
			sorted = false;
		s->nr++;
	}
	/* The kernel lists them by id. */
	if (!sorted)
		qsort(s->rows, s->nr, sizeof(*s->rows), by_id);
	return 0;
}

double model_rate(uint64_t now, uint64_t before, double seconds)
{
	return now > before ? (double)(now - before) / seconds : 0;
}

static void row_compare(struct row *row, const struct row *before,
			double interval)
{
	uint64_t cpu = 0, fail = 0;

	/* The same id, but younger: another context. */
	if (before && row->ctx->age_usec < before->ctx->age_usec)
		before = NULL;
	row->fresh = !before;
	if (before) {
		cpu = before->ctx->cpu_usec;
		fail = before->fail;
	} else if ((double)row->ctx->age_usec > (interval + 1) * 1e6) {
		/* Older than the reading before, where it was not shown. */
		return;
	}
	row->cpu = model_rate(row->ctx->cpu_usec, cpu, interval) / 1e4;
	row->refused = model_rate(row->fail, fail, interval);
}

double model_refused(const struct model *m, const struct row *row, size_t i)
{
	const struct vctx_res *now = &row->ctx->res[i], *before = NULL;
	const struct row *old = NULL;

	if (isnan(row->refused))
		return NAN;
	if (!row->fresh)
		old = bsearch(row, m->base.rows, m->base.nr, sizeof(*old),
			      by_id);
	if (old)
		before = vctx_info_res(old->ctx, now->name);
	return model_rate(now->fail, before ? before->fail : 0, m->interval);
}

/* Whether @ctx, a child, has its parent among the rows too. */
static bool is_below(const struct sample *s, const struct vctx_info *ctx)
{
	struct vctx_info parent = { .id = ctx->parent };
	struct row key = { .ctx = &parent };

	return ctx->parent &&
	       bsearch(&key, s->rows, s->nr, sizeof(key), by_id);
}

static void model_compare(struct model *m)
{
	const struct row *old = m->base.rows, *end = old + m->base.nr;
	struct totals *t = &m->total;
	size_t i, kept = 0;
	bool known;

	m->interval = m->has_base ? m->cur.time - m->base.time : 0;
	known = m->interval > 0;
	*t = (struct totals){ .contexts = m->cur.nr };
	if (!known)
		t->cpu = t->refused = NAN;

	for (i = 0; i < m->cur.nr; i++) {
		struct row *row = &m->cur.rows[i];

		m->order[i] = row;
		if (known) {
			while (old < end && by_id(old, row) < 0)
				old++;
			row_compare(row, old < end && !by_id(old, row) ?
				    old : NULL, m->interval);
			kept += !row->fresh;
			t->created += row->fresh;
			if (!isnan(row->refused))
				t->refused += row->refused;
		}
		t->fail += row->fail;
		if (is_below(&m->cur, row->ctx))
			continue;
		t->tasks += row->tasks ? row->tasks->usage : row->ctx->members;
		if (!isnan(row->cpu))
			t->cpu += row->cpu;
	}
	if (known)
		t->gone = m->base.nr - kept;
}

void model_init(struct model *m, const char *only)
{
	memset(m, 0, sizeof(*m));
	m->only = only;
}

void model_free(struct model *m)
{
	sample_drop(m, &m->cur);
	sample_drop(m, &m->base);
	vctx_list_free(&m->spare);
	disks_free(&m->disks);
	shares_free(&m->shares);
	free(m->order);
	memset(m, 0, sizeof(*m));
}

int model_feed(struct model *m, struct vctx_list *list, double now)
{
	struct sample next = { .time = now };

	if (!m->order || m->order_size < list->nr) {
		size_t size = list->nr + list->nr / 2 + 16;
		struct row **order = malloc(size * sizeof(struct row *));

		if (!order)
			return -ENOMEM;
		if (m->order)
			memcpy(order, m->order, m->cur.nr * sizeof(*order));
		free(m->order);
		m->order = order;
		m->order_size = size;
	}
	if (sample_init(&next, list, m->only))
		return -ENOMEM;

	/*
	 * A reading too soon after the one before replaces it, and is compared
	 * with the same: pressing a key often must not make rates jump.
	 */
	if (m->has_cur && now - m->cur.time < MODEL_MIN_INTERVAL) {
		sample_drop(m, &m->cur);
	} else if (m->has_cur) {
		sample_drop(m, &m->base);
		m->base = m->cur;
		m->has_base = true;
	}
	next.list = *list;
	memset(list, 0, sizeof(*list));
	m->cur = next;
	m->has_cur = true;
	model_compare(m);
	return 0;
}

bool model_is_due(double time, double cost, double now)
{
	return !time || now - time >= fmax(MODEL_MIN_INTERVAL,
					   MODEL_PACE * cost);
}

void model_more(struct model *m)
{
	const struct shares *s = &m->shares;
	size_t i;

	if (m->wants & MODEL_DISK)
		disks_update(&m->disks, m->cur.rows, m->cur.nr, m->cur.time);
	if (m->wants & MODEL_SHARE)
		shares_update(&m->shares, &m->cur.list, m->cur.time);
	for (i = 0; i < m->cur.nr; i++) {
		struct row *row = &m->cur.rows[i];

		if (m->wants & MODEL_DISK)
			disk_sum(&m->disks, row->ctx->id, &row->disk);
		if (m->wants & MODEL_SHARE)
			row->share = share_find(s->share, s->nr, row->ctx->id);
	}
}

int model_update(struct model *m)
{
	struct vctx_list list = m->spare;
	double start = model_now();
	struct timespec wall;
	int err;

	memset(&m->spare, 0, sizeof(m->spare));
	err = vctx_read_summary(&list);
	clock_gettime(CLOCK_REALTIME, &wall);
	/* Halfway through the reading, which takes a while with many. */
	if (!err)
		err = model_feed(m, &list, (start + model_now()) / 2);
	if (err) {
		vctx_list_free(&list);
		return err;
	}
	m->wall = wall;
	model_more(m);
	return 0;
}

void account_free(struct account *a)
{
	free(a->cur);
	free(a->base);
	memset(a, 0, sizeof(*a));
}

/* Another context, or another one with the same number */
static bool account_went_back(const struct account *a)
{
	size_t i;

	if (a->nr_cur != a->nr_base)
		return a->nr_base;
	for (i = 0; i < a->nr_cur; i++)
		if (strcmp(a->cur[i].key, a->base[i].key) ||
		    a->cur[i].value < a->base[i].value)
			return true;
	return false;
}

void account_update(struct account *a, uint32_t id, double now)
{
	struct vctx_value *values;
	size_t nr;
	int err;

	if (a->id != id || a->err)
		account_free(a);
	a->id = id;
	err = vctx_get_accounting(id, &values, &nr);
	if (err) {
		account_free(a);
		a->id = id;
		a->err = err;
		return;
	}
	/* As in model_feed(): one that comes too soon replaces the last. */
	if (a->cur && now - a->time < MODEL_MIN_INTERVAL) {
		free(a->cur);
	} else if (a->cur) {
		free(a->base);
		a->base = a->cur;
		a->nr_base = a->nr_cur;
		a->base_time = a->time;
	}
	a->cur = values;
	a->nr_cur = nr;
	a->time = now;
	if (account_went_back(a)) {
		free(a->base);
		a->base = NULL;
		a->nr_base = 0;
	}
}

double account_rate(const struct account *a, size_t i)
{
	if (!a->nr_base)
		return NAN;
	return model_rate(a->cur[i].value, a->base[i].value,
			  a->time - a->base_time);
}

struct sort_key {
	const struct column *col;
	int sign;
};

static int by_column(const void *a, const void *b, void *arg)
{
	const struct row *x = *(struct row *const *)a;
	const struct row *y = *(struct row *const *)b;
	const struct sort_key *key = arg;
	int diff = key->col->compare(x, y) * key->sign;

	return diff ? diff : by_id(x, y);
}

void model_sort(struct model *m, const struct column *col, bool invert)
{
	struct sort_key key = {
		.col = col,
		.sign = col->descending != invert ? -1 : 1,
	};

	if (m->order)
		qsort_r(m->order, m->cur.nr, sizeof(*m->order), by_column, &key);
}

ssize_t model_find(const struct model *m, uint32_t id)
{
	size_t i;

	for (i = 0; i < m->cur.nr; i++)
		if (m->order[i]->ctx->id == id)
			return (ssize_t)i;
	return -1;
}
