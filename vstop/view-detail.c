// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vstop: one context with all that is known of it
 *
 * Below two lines about the context there is one list of lines, which scrolls:
 * its resources, then its accounting.  The heading above it is that of what is
 * visible first.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "screen.h"

#define HEAD		3	/* the context's name and two lines about it */
#define BAR_AT		69
#define BAR_MOST	40
#define PERCENT		5
#define ENTRY		46	/* one value of the accounting, with a gap */

/* What is visible of the list */
struct part {
	const struct screen *s;
	const struct row *row;
	int entries;		/* of the accounting in a line */
	int heading;		/* line of its heading, one after a blank one */
	int nr;			/* lines of the list */
};

static struct part part_of(const struct screen *s)
{
	struct part p = { .s = s };
	int account = (int)s->account.nr_cur;

	if (!s->m->cur.nr)
		return p;
	p.row = s->m->order[s->sel];
	p.entries = COLS / ENTRY > 1 ? COLS / ENTRY : 1;
	p.nr = (int)p.row->ctx->nr_res;
	p.heading = p.nr + 1;
	if (account)
		p.nr = p.heading + 1 + (account + p.entries - 1) / p.entries;
	else if (s->account.err && s->account.err != -ENOENT)
		p.nr = p.heading + 1;
	return p;
}

int detail_height(const struct screen *s)
{
	return HEAD + 1 + part_of(s).nr;
}

static void format_count(char *dst, size_t size, unsigned long long n)
{
	if (n < 100000000)
		snprintf(dst, size, "%llu", n);
	else
		text_count(dst, size, n);
}

static void format_resource(char *dst, size_t size, const struct vctx_res *res,
			    unsigned long long value)
{
	unsigned int kind;

	vctx_res_kind(res->name, &kind);
	if (value == VCTX_MAX || kind & VCTX_RES_BYTES)
		vctx_format_value(value, VCTX_HUMAN, dst, size);
	else
		format_count(dst, size, value);
}

static void draw_heading(const struct part *p, int y, bool account)
{
	attr_t look = p->s->look[LOOK_HEADER];
	char text[128];
	int i;

	put(y, 0, COLS, look, "", ALIGN_LEFT);
	if (!account) {
		snprintf(text, sizeof(text), "%-12s%9s%9s%9s%9s%9s%10s",
			 "RESOURCE", "USAGE", "PEAK", "SOFT", "HARD", "FAIL",
			 "REFUSED/s");
		put_text(y, 1, look, text);
		return;
	}
	for (i = 0; i < p->entries; i++) {
		snprintf(text, sizeof(text), "%-24s%10s%10s",
			 i ? "" : "ACCOUNTING", "TOTAL", "RATE");
		put_text(y, 1 + i * ENTRY, look, text);
	}
}

static void draw_bar(const struct screen *s, int y, const struct vctx_res *res,
		     attr_t look)
{
	int width = COLS - BAR_AT - PERCENT;
	double fill = model_fill(res);
	char text[64];

	if (res->hard == VCTX_MAX || width < 5)
		return;
	if (width > BAR_MOST)
		width = BAR_MOST;
	text_bar(text, sizeof(text), fill, width);
	put(y, BAR_AT, width, s->look[LOOK_PLAIN], text, ALIGN_LEFT);
	paint_bar(y, BAR_AT, width, look);
	/* 0.29 * 100 is less than 29, hence the tiny bit more. */
	snprintf(text, sizeof(text), "%4d%%",
		 fill > 9.99 ? 999 : (int)(fill * 100 + 1e-9));
	put(y, BAR_AT + width, PERCENT, look, text, ALIGN_LEFT);
}

static void draw_resource(const struct part *p, int y, size_t i)
{
	const struct vctx_res *res = &p->row->ctx->res[i];
	const unsigned long long values[] = { res->usage, res->peak, res->soft,
					      res->hard };
	double refused = model_refused(p->s->m, p->row, i);
	bool idle = !res->usage && !res->fail && res->soft == VCTX_MAX &&
		    res->hard == VCTX_MAX;
	attr_t plain = p->s->look[idle ? LOOK_DIM : LOOK_PLAIN];
	attr_t full = level_look(p->s, LEVEL_FULL);
	enum level level = model_res_level(res);
	attr_t look = level_look(p->s, level);
	char text[32];
	size_t c;

	put(y, 1, 12, plain, res->name, ALIGN_LEFT);
	for (c = 0; c < ARRAY_SIZE(values); c++) {
		format_resource(text, sizeof(text), res, values[c]);
		put(y, 14 + (int)c * 9, 8, !c && level >= LEVEL_WARN ? look :
		    plain, text, ALIGN_RIGHT);
	}
	format_count(text, sizeof(text), res->fail);
	put(y, 50, 8, res->fail ? full : plain, text, ALIGN_RIGHT);
	text_rate(text, sizeof(text), refused);
	put(y, 59, 9, refused > 0 ? full : plain, text, ALIGN_RIGHT);
	draw_bar(p->s, y, res, look);
}

static bool ends_in(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && !strcmp(text + len - n, end);
}

/* Times are shown in seconds and percent of one CPU, bytes with a suffix. */
static void draw_entry(const struct part *p, int y, int x, size_t i)
{
	const struct vctx_value *v = &p->s->account.cur[i];
	double rate = account_rate(&p->s->account, i);
	attr_t look = p->s->look[v->value ? LOOK_PLAIN : LOOK_DIM];
	char total[32], each[32];
	const char *unit = "/s";

	if (ends_in(v->key, "_usec")) {
		snprintf(total, sizeof(total), "%.1f s",
			 (double)v->value / 1e6);
		rate /= 1e4;
		unit = "%";
	} else if (ends_in(v->key, "bytes")) {
		vctx_format_value(v->value, VCTX_HUMAN, total, sizeof(total));
	} else {
		format_count(total, sizeof(total), v->value);
	}
	if (ends_in(v->key, "bytes") && rate >= 0)
		vctx_format_value((unsigned long long)rate, VCTX_HUMAN, each,
				  sizeof(each));
	else
		text_rate(each, sizeof(each), rate);
	if (!isnan(rate))
		strcat(each, unit);
	put(y, x, 24, look, v->key, ALIGN_LEFT);
	put(y, x + 24, 10, look, total, ALIGN_RIGHT);
	put(y, x + 34, 10, look, each, ALIGN_RIGHT);
}

/* Columns are read downwards, as ls(1) has them. */
static void draw_entries(const struct part *p, int y, int line)
{
	int nr = (int)p->s->account.nr_cur;
	int lines = (nr + p->entries - 1) / p->entries;
	int c;

	for (c = 0; c < p->entries && line + c * lines < nr; c++)
		draw_entry(p, y, 1 + c * ENTRY, (size_t)(line + c * lines));
}

static void draw_line(const struct part *p, int y, int line)
{
	if (line < p->heading - 1)
		draw_resource(p, y, (size_t)line);
	else if (line == p->heading && p->s->account.nr_cur)
		draw_heading(p, y, true);
	else if (line == p->heading)
		put_text(y, 1, level_look(p->s, LEVEL_FULL),
			 "accounting cannot be read");
	else if (line > p->heading)
		draw_entries(p, y, line - p->heading - 1);
}

static void draw_head(const struct part *p, int y, int height)
{
	const struct screen *s = p->s;
	const struct vctx_info *ctx = p->row->ctx;
	char text[512], age[16], cpu[16], refused[16];

	snprintf(text, sizeof(text), " Context %u%s%s ", ctx->id,
		 *ctx->name ? "  " : "", ctx->name);
	put_text(y, 2, s->look[LOOK_STRONG], text);

	text_age(age, sizeof(age), ctx->age_usec);
	snprintf(text, sizeof(text),
		 "members %llu   parent %u   depth %u   age %s   flags %s",
		 ctx->members, ctx->parent, ctx->depth, age,
		 *ctx->flags_text ? ctx->flags_text : "-");
	if (height > 1)
		put(y + 1, 1, COLS - 1, s->look[LOOK_PLAIN], text, ALIGN_LEFT);

	text_rate(cpu, sizeof(cpu), p->row->cpu);
	text_rate(refused, sizeof(refused), p->row->refused);
	snprintf(text, sizeof(text),
		 "CPU %s%%   CPU time %.1f s   refused %s/s   refusals %llu",
		 cpu, (double)ctx->cpu_usec / 1e6, refused,
		 (unsigned long long)p->row->fail);
	if (height > 2)
		put(y + 2, 1, COLS - 1, s->look[LOOK_PLAIN], text, ALIGN_LEFT);
}

void draw_detail(struct screen *s, int y, int height)
{
	struct part p = part_of(s);
	int page = height - HEAD - 1, i;
	char text[64];

	attrset((int)s->look[LOOK_PLAIN]);
	mvhline(y, 0, ACS_HLINE, COLS);
	if (!p.row)
		return;
	draw_head(&p, y, height);
	s->detail_page = page > 0 ? page : 1;
	if (s->detail_top > p.nr - page)
		s->detail_top = p.nr - page;
	if (s->detail_top < 0)
		s->detail_top = 0;
	if (page <= 0)
		return;
	draw_heading(&p, y + HEAD, s->detail_top >= p.heading - 1 &&
				   s->account.nr_cur);
	/* There it is the heading already. */
	for (i = 0; i < page && s->detail_top + i < p.nr; i++)
		draw_line(&p, y + HEAD + 1 + i, s->detail_top + i);
	if (p.nr <= page)
		return;
	snprintf(text, sizeof(text), " %d-%d of %d ", s->detail_top + 1,
		 s->detail_top + page, p.nr);
	if (COLS > 60)
		put_text(y, COLS - text_width(text) - 2, s->look[LOOK_DIM], text);
}

bool detail_key(struct screen *s, wint_t key)
{
	switch (key) {
	case KEY_UP:
		s->detail_top--;
		break;
	case KEY_DOWN:
		s->detail_top++;
		break;
	case KEY_PPAGE:
		s->detail_top -= s->detail_page;
		break;
	case KEY_NPAGE:
		s->detail_top += s->detail_page;
		break;
	case KEY_HOME:
		s->detail_top = 0;
		break;
	case KEY_END:
		/* as far as there are lines */
		s->detail_top = 1 << 20;
		break;
	default:
		return false;
	}
	return true;
}
