// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vstop: one context with all that is known of it
 *
 * Below two lines about the context there is one list of lines, which scrolls:
 * its resources, its disk quota, its share of CPU time, then its accounting.  The
 * heading above it is that of what is visible first.
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
#define DISK_NAME	13	/* more where there is room */
#define DISK_NAME_MOST	40
#define DISK_KIND	4	/* cells for space, and as many for inodes */
#define DISK_BAR_AT	80

#define SHARE_LINE	"%-12s%9s%9s%9s%9s%9s%9s%9s"

static const struct disk_cell {
	const char *title;
	int x;
	int width;
} disk_cells[2 * DISK_KIND] = {
	{ "USED", 17, 7 }, { "SOFT", 25, 7 }, { "HARD", 33, 7 },
	{ "GRACE", 41, 7 }, { "INODES", 49, 7 }, { "SOFT", 57, 6 },
	{ "HARD", 64, 6 }, { "GRACE", 71, 7 },
};

/* The parts of the list, in this order; each has a heading */
enum section {
	SECTION_RESOURCES,
	SECTION_DISKS,
	SECTION_SHARE,
	SECTION_ACCOUNT,
	NR_SECTIONS,
};

/**
 * struct part - what is visible of the list
 * @s: the screen
 * @row: the context
 * @uses, @nr_uses: its disk quota
 * @entries: of the accounting in a line
 * @heading: lines of the headings, each after a blank one; the first one is
 *	above the list, in line -1
 * @lines: how many there are below each heading; 0 for a part that is not there
 * @nr: lines of the list
 */
struct part {
	const struct screen *s;
	const struct row *row;
	const struct disk_use *uses;
	size_t nr_uses;
	int entries;
	int heading[NR_SECTIONS];
	int lines[NR_SECTIONS];
	int nr;
};

/* One for each filesystem, and one for what has happened there */
static int disk_lines(struct part *p)
{
	const struct disks *d = &p->s->m->disks;
	uint32_t id = p->row->ctx->id;
	int lines;
	size_t i;

	p->uses = disks_of(d, id, &p->nr_uses);
	if (d->err)
		return 1;
	lines = (int)p->nr_uses;
	if (id >= VCTX_ID_STATIC_MIN && id <= VCTX_ID_STATIC_MAX)
		for (i = 0; i < d->nr_fs; i++)
			lines += !!d->fs[i].err;
	return lines + !!disks_events(d, id);
}

static struct part part_of(const struct screen *s)
{
	struct part p = { .s = s };
	int account = (int)s->account.nr_cur, i;

	if (!s->m->cur.nr)
		return p;
	p.row = s->m->order[s->sel];
	p.entries = COLS / ENTRY > 1 ? COLS / ENTRY : 1;
	p.lines[SECTION_RESOURCES] = (int)p.row->ctx->nr_res;
	p.lines[SECTION_DISKS] = disk_lines(&p);
	p.lines[SECTION_SHARE] = p.row->share ? 2 : 0;
	if (account)
		p.lines[SECTION_ACCOUNT] = (account + p.entries - 1) / p.entries;
	else if (s->account.err && s->account.err != -ENOENT)
		p.lines[SECTION_ACCOUNT] = 1;
	p.heading[0] = -1;
	p.nr = p.lines[0];
	for (i = 1; i < NR_SECTIONS; i++) {
		p.heading[i] = p.nr + 1;
		if (p.lines[i])
			p.nr += p.lines[i] + 2;
	}
	return p;
}

/* The one that a line belongs to; the blank one is above its heading. */
static enum section section_of(const struct part *p, int line)
{
	int found = 0, i;

	for (i = 1; i < NR_SECTIONS; i++)
		if (p->lines[i] && line >= p->heading[i] - 1)
			found = i;
	return (enum section)found;
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

/* How much wider the first column of disks is than it has to be */
static int disk_shift(void)
{
	int room = COLS - DISK_BAR_AT - BAR_MOST;

	return room < 0 ? 0 : room < DISK_NAME_MOST - DISK_NAME ? room :
	       DISK_NAME_MOST - DISK_NAME;
}

/* The end of a path tells more than its begin. */
static void draw_point(const struct screen *s, int y, const char *point)
{
	int width = DISK_NAME + disk_shift(), x = 3;

	if (text_width(point) > width) {
		put_text(y, x++, s->look[LOOK_DIM], "~");
		width--;
		/* Never from the midst of a character on */
		while (text_width(point) > width ||
		       ((unsigned char)*point & 0xc0) == 0x80)
			point++;
	}
	put(y, x, width, s->look[LOOK_PLAIN], point, ALIGN_LEFT);
}

static void draw_heading(const struct part *p, int y, enum section section)
{
	attr_t look = p->s->look[LOOK_HEADER];
	char text[128];
	int i;

	put(y, 0, COLS, look, "", ALIGN_LEFT);
	switch (section) {
	case SECTION_RESOURCES:
		snprintf(text, sizeof(text), "%-12s%9s%9s%9s%9s%9s%10s",
			 "RESOURCE", "USAGE", "PEAK", "SOFT", "HARD", "FAIL",
			 "REFUSED/s");
		put_text(y, 1, look, text);
		break;
	case SECTION_DISKS:
		put_text(y, 1, look, "DISK");
		for (i = 0; i < (int)ARRAY_SIZE(disk_cells); i++)
			put(y, disk_cells[i].x + disk_shift(),
			    disk_cells[i].width, look, disk_cells[i].title,
			    ALIGN_RIGHT);
		break;
	case SECTION_SHARE:
		snprintf(text, sizeof(text), SHARE_LINE, "CPU SHARE", "WEIGHT",
			 "WANT%", "GOT%", "CPU%", "CAP%", "THR%", "RUN");
		put_text(y, 1, look, text);
		break;
	default:
		for (i = 0; i < p->entries; i++) {
			snprintf(text, sizeof(text), "%-24s%10s%10s",
				 i ? "" : "ACCOUNTING", "TOTAL", "RATE");
			put_text(y, 1 + i * ENTRY, look, text);
		}
	}
}

static void draw_bar(const struct screen *s, int y, int x, double fill,
		     attr_t look)
{
	int width = COLS - x - PERCENT;
	char text[64];

	if (width < 5)
		return;
	if (width > BAR_MOST)
		width = BAR_MOST;
	text_bar(text, sizeof(text), fill, width);
	put(y, x, width, s->look[LOOK_PLAIN], text, ALIGN_LEFT);
	paint_bar(y, x, width, look);
	snprintf(text, sizeof(text), "%4d%%", text_percent(fill));
	put(y, x + width, PERCENT, look, text, ALIGN_LEFT);
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
	if (res->hard != VCTX_MAX)
		draw_bar(p->s, y, BAR_AT, model_fill(res), look);
}

static void format_grace(char *dst, size_t size,
			 const struct vctx_quota_use *use,
			 unsigned long long now)
{
	if (!use->expires)
		snprintf(dst, size, "-");
	else if (use->expires <= now)
		snprintf(dst, size, "over");
	else
		text_age(dst, size, (use->expires - now) * 1000000);
}

static void format_limit(char *dst, size_t size, unsigned long long value,
			 bool bytes)
{
	if (bytes || value == VCTX_MAX)
		vctx_format_value(value, VCTX_HUMAN, dst, size);
	else
		text_count(dst, size, value);
}

/* Four cells: used, soft, hard, grace; what is in trouble is coloured. */
static void draw_use(const struct part *p, int y, const struct disk_cell *cell,
		     const struct vctx_quota_use *use, bool bytes)
{
	unsigned long long now = p->s->m->disks.wall;
	enum level level = disk_level(use, now);
	attr_t plain = p->s->look[LOOK_PLAIN];
	attr_t look = level >= LEVEL_WARN ? level_look(p->s, level) : plain;
	const unsigned long long values[] = { use->usage, use->soft,
					      use->hard };
	int shift = disk_shift();
	char text[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		format_limit(text, sizeof(text), values[i], bytes);
		put(y, cell[i].x + shift, cell[i].width, i ? plain : look,
		    text, ALIGN_RIGHT);
	}
	format_grace(text, sizeof(text), use, now);
	put(y, cell[i].x + shift, cell[i].width, use->expires ? look : plain, text,
	    ALIGN_RIGHT);
}

static void draw_disk(const struct part *p, int y, const struct disk_use *use)
{
	const struct disks *d = &p->s->m->disks;
	const struct vctx_quota *quota = &use->quota;
	const struct disk_fs *fs = &d->fs[use->fs];
	enum disk_warning space = disk_warning(&quota->space, d->wall);
	enum disk_warning inodes = disk_warning(&quota->inodes, d->wall);
	double fill = fmax(disk_fill(&quota->space), disk_fill(&quota->inodes));
	enum level level = disk_level(&quota->space, d->wall);
	char text[64];

	if (disk_level(&quota->inodes, d->wall) > level)
		level = disk_level(&quota->inodes, d->wall);
	snprintf(text, sizeof(text), "%c", disk_letter(space > inodes ? space :
						       inodes));
	put(y, 1, 1, level_look(p->s, level), text, ALIGN_LEFT);
	draw_point(p->s, y, fs->point);
	draw_use(p, y, disk_cells, &quota->space, true);
	draw_use(p, y, disk_cells + DISK_KIND, &quota->inodes, false);
	if (fill < 0)
		return;
	if (fs->enforced)
		draw_bar(p->s, y, DISK_BAR_AT + disk_shift(), fill,
			 level_look(p->s, level));
	else
		put_text(y, DISK_BAR_AT + disk_shift(), p->s->look[LOOK_DIM], "not enforced");
}

static void draw_disk_events(const struct part *p, int y,
			     const struct disk_events *events)
{
	const struct disk *disk = &p->row->disk;
	attr_t plain = p->s->look[LOOK_PLAIN];
	attr_t full = level_look(p->s, LEVEL_FULL);
	char text[160], rate[16];

	text_rate(rate, sizeof(rate), disk->refused);
	snprintf(text, sizeof(text), "%c", disk->refused > 0 ?
		 disk_letter(DISK_REFUSED) : ' ');
	put(y, 1, 1, full, text, ALIGN_LEFT);
	snprintf(text, sizeof(text),
		 "refused %s/s   refusals %llu   after grace %llu   soft limits passed %llu",
		 rate, events->hard + events->grace, events->grace,
		 events->soft);
	put(y, 3, COLS - 3, disk->refused > 0 ? full : plain, text,
	    ALIGN_LEFT);
}

static void draw_disk_line(const struct part *p, int y, size_t line)
{
	const struct disks *d = &p->s->m->disks;
	const struct disk_events *events = disks_events(d, p->row->ctx->id);
	attr_t full = level_look(p->s, LEVEL_FULL);
	char text[256];
	size_t i;

	if (d->err) {
		snprintf(text, sizeof(text), "disk quota cannot be read: %s",
			 strerror(-d->err));
		put(y, 1, COLS - 1, full, text, ALIGN_LEFT);
		return;
	}
	if (line < p->nr_uses) {
		draw_disk(p, y, &p->uses[line]);
		return;
	}
	line -= p->nr_uses;
	for (i = 0; i < d->nr_fs; i++) {
		if (!d->fs[i].err || line--)
			continue;
		snprintf(text, sizeof(text), "quota cannot be read: %s",
			 strerror(-d->fs[i].err));
		draw_point(p->s, y, d->fs[i].point);
		put(y, 4 + DISK_NAME + disk_shift(), COLS, full, text,
		    ALIGN_LEFT);
		return;
	}
	if (events)
		draw_disk_events(p, y, events);
}

static void format_part(char *dst, size_t size, double part)
{
	text_rate(dst, size, part < 0 ? NAN : 100 * part);
}

/* As vsched has it: weights, and what came of them since the last reading */
static void draw_share(const struct part *p, int y, size_t line)
{
	const struct share *share = p->row->share;
	const struct vctx_sched *is = &share->is;
	double throttled = share_throttled(share);
	char weight[16], want[16], got[16], cpu[16], cap[16], wait[16], run[24];
	char text[160];

	if (line) {
		snprintf(text, sizeof(text),
			 "throttled %.1f s   in %llu of %llu periods   burst %.3g ms   nice %d and up   real-time %s",
			 (double)is->throttled_usec / 1e6, is->nr_throttled,
			 is->nr_periods, (double)is->burst_usec / 1e3,
			 is->nice, is->rt ? "allow" : "deny");
		put(y, 1, COLS - 1, p->s->look[LOOK_PLAIN], text, ALIGN_LEFT);
		return;
	}
	snprintf(weight, sizeof(weight), is->idle ? "idle" : "%u", is->weight);
	format_part(want, sizeof(want), share->want);
	format_part(got, sizeof(got), share->got);
	format_part(cpu, sizeof(cpu), share_cpu(share));
	if (share_cap(share) < 0)
		snprintf(cap, sizeof(cap), "max");
	else
		format_part(cap, sizeof(cap), share_cap(share));
	format_part(wait, sizeof(wait), throttled);
	snprintf(run, sizeof(run), "%llu", is->running);
	snprintf(text, sizeof(text), SHARE_LINE, "", weight, want, got, cpu,
		 cap, wait, run);
	put(y, 1, COLS - 1, p->s->look[LOOK_PLAIN], text, ALIGN_LEFT);
	if (throttled > 0)
		put(y, 1 + 12 + 5 * 9, 9, level_look(p->s, LEVEL_WARN), wait,
		    ALIGN_RIGHT);
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
	enum section section = section_of(p, line);
	/* Where the list begins within a part, its heading is above the list. */
	bool above = section == section_of(p, p->s->detail_top);

	if (line == p->heading[section] && !above)
		draw_heading(p, y, section);
	line -= p->heading[section] + 1;
	if (line < 0)
		return;
	if (section == SECTION_RESOURCES)
		draw_resource(p, y, (size_t)line);
	else if (section == SECTION_DISKS)
		draw_disk_line(p, y, (size_t)line);
	else if (section == SECTION_SHARE)
		draw_share(p, y, (size_t)line);
	else if (p->s->account.nr_cur)
		draw_entries(p, y, line);
	else
		put_text(y, 1, level_look(p->s, LEVEL_FULL),
			 "accounting cannot be read");
}

/* The disks are further down: what is wrong there is told here. */
static void draw_head_disk(const struct part *p, int y, int x)
{
	const struct disk *disk = &p->row->disk;
	attr_t look = disk->level >= LEVEL_WARN ?
		      level_look(p->s, disk->level) : p->s->look[LOOK_PLAIN];
	char text[32];

	if (!disk->use && !disk->unknown)
		return;
	if (disk->use)
		snprintf(text, sizeof(text), "disk %d%% %c",
			 text_percent(disk->fill), disk_letter(disk->warning));
	else
		snprintf(text, sizeof(text), "disk ?");
	put_text(y, x, look, text);
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
	if (height > 2) {
		put(y + 2, 1, COLS - 1, s->look[LOOK_PLAIN], text, ALIGN_LEFT);
		draw_head_disk(p, y + 2, 1 + text_width(text) + 3);
	}
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
	draw_heading(&p, y + HEAD, section_of(&p, s->detail_top));
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
