// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vstop: frames of plain text or JSON, for scripts and logs
 */
#include <err.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "view.h"

#define CELL	128

static void print_header(FILE *f, const struct model *m)
{
	char host[256] = "-", when[16] = "-", cpu[16], refused[16];
	struct tm tm;

	if (!gethostname(host, sizeof(host)))
		host[sizeof(host) - 1] = '\0';
	if (localtime_r(&m->wall.tv_sec, &tm))
		strftime(when, sizeof(when), "%H:%M:%S", &tm);
	text_rate(cpu, sizeof(cpu), m->total.cpu);
	text_rate(refused, sizeof(refused), m->total.refused);
	fprintf(f, "vstop %s %s contexts %zu tasks %llu cpu %s%% refused %s/s\n",
		host, when, m->total.contexts,
		(unsigned long long)m->total.tasks, cpu, refused);
}

void batch_table(FILE *f, const struct model *m,
		 const struct column_set *set)
{
	int width[MAX_COLUMNS], c;
	char cell[CELL], fit[2 * CELL];
	size_t i;

	for (c = 0; c < set->nr; c++) {
		width[c] = text_width(set->col[c]->title);
		for (i = 0; i < m->cur.nr; i++) {
			int w;

			set->col[c]->render(m->order[i], cell, sizeof(cell), 0);
			w = text_width(cell);
			if (w > width[c])
				width[c] = w;
		}
	}

	print_header(f, m);
	for (c = 0; c < set->nr; c++) {
		text_fit(fit, sizeof(fit), set->col[c]->title, width[c],
			 set->col[c]->align);
		fprintf(f, "%s%s", c ? " " : "", fit);
	}
	putc('\n', f);
	for (i = 0; i < m->cur.nr; i++) {
		for (c = 0; c < set->nr; c++) {
			set->col[c]->render(m->order[i], cell, sizeof(cell), 0);
			text_fit(fit, sizeof(fit), cell, width[c],
				 set->col[c]->align);
			fprintf(f, "%s%s", c ? " " : "", fit);
		}
		putc('\n', f);
	}
}

/* As in vlimit: no limit is null */
static void json_value(FILE *f, unsigned long long value)
{
	if (value == VCTX_MAX)
		fputs("null", f);
	else
		fprintf(f, "%llu", value);
}

static void json_row(FILE *f, const struct row *row,
		     const struct column_set *set)
{
	const struct vctx_info *ctx = row->ctx;
	size_t i;
	int c;

	putc('{', f);
	for (c = 0; c < set->nr; c++) {
		fprintf(f, "%s\"%s\":", c ? "," : "", set->col[c]->key);
		set->col[c]->json(f, row);
	}
	fprintf(f, ",\"parent\":%u,\"depth\":%u,\"members\":%llu,\"cpu_usec\":%llu,\"resources\":{",
		ctx->parent, ctx->depth, ctx->members, ctx->cpu_usec);
	for (i = 0; i < ctx->nr_res; i++) {
		const struct vctx_res *r = &ctx->res[i];

		if (i)
			putc(',', f);
		json_string(f, r->name);
		fprintf(f, ":{\"usage\":%llu,\"peak\":%llu,\"soft\":", r->usage,
			r->peak);
		json_value(f, r->soft);
		fputs(",\"hard\":", f);
		json_value(f, r->hard);
		fprintf(f, ",\"fail\":%llu}", r->fail);
	}
	fputs("}}", f);
}

void batch_json(FILE *f, const struct model *m, const struct column_set *set)
{
	const struct totals *t = &m->total;
	size_t i;

	fprintf(f, "{\"time\":%lld.%03ld,\"interval\":",
		(long long)m->wall.tv_sec, m->wall.tv_nsec / 1000000);
	json_number(f, m->interval, 3);
	fprintf(f, ",\"contexts\":%zu,\"created\":%zu,\"gone\":%zu,\"tasks\":%llu,\"cpu\":",
		t->contexts, t->created, t->gone, (unsigned long long)t->tasks);
	json_number(f, t->cpu, 1);
	fputs(",\"refused\":", f);
	json_number(f, t->refused, 1);
	fputs(",\"list\":[", f);
	for (i = 0; i < m->cur.nr; i++) {
		if (i)
			putc(',', f);
		json_row(f, m->order[i], set);
	}
	fputs("]}\n", f);
}

static void add_seconds(struct timespec *ts, double seconds)
{
	double whole, part = modf(seconds, &whole);

	ts->tv_sec += (time_t)whole;
	ts->tv_nsec += (long)(part * 1e9);
	if (ts->tv_nsec >= 1000000000) {
		ts->tv_nsec -= 1000000000;
		ts->tv_sec++;
	}
}

/* By the clock, however long reading and printing took. */
static void wait_until_next(struct timespec *next, double delay)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	do {
		add_seconds(next, delay);
	} while (next->tv_sec < now.tv_sec ||
		 (next->tv_sec == now.tv_sec && next->tv_nsec <= now.tv_nsec));
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next,
			       NULL) == EINTR)
		;
}

int view_batch(struct model *m, const struct view_options *opt, FILE *f)
{
	struct timespec next;
	unsigned long frame;

	clock_gettime(CLOCK_MONOTONIC, &next);
	for (frame = 0; !opt->count || frame < opt->count; frame++) {
		int err;

		/* Even the first frame compares two readings. */
		wait_until_next(&next, opt->delay);
		err = model_update(m);
		if (err) {
			warnx("%s", view_error(err));
			return EXIT_FAILURE;
		}
		model_sort(m, opt->sort, false);
		if (opt->json) {
			batch_json(f, m, &opt->shown);
		} else {
			if (frame)
				putc('\n', f);
			batch_table(f, m, &opt->shown);
		}
		if (fflush(f))
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
