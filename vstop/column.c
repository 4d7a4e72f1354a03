// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vstop: the columns
 */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "column.h"

#define CMP(a, b)	(((a) > (b)) - ((a) < (b)))

void json_string(FILE *f, const char *s)
{
	putc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			fprintf(f, "\\u%04x", *s);
		else
			putc(*s, f);
	}
	putc('"', f);
}

void json_number(FILE *f, double value, int decimals)
{
	if (isfinite(value))
		fprintf(f, "%.*f", decimals, value);
	else
		fputs("null", f);
}

/* What is not known sorts below everything that is. */
static int compare_double(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(b) - isnan(a);
	return CMP(a, b);
}

/* CTX */

static int id_compare(const struct row *a, const struct row *b)
{
	return CMP(a->ctx->id, b->ctx->id);
}

static void id_render(const struct row *row, char *dst, size_t size, int bar)
{
	(void)bar;
	snprintf(dst, size, "%u", row->ctx->id);
}

static void id_json(FILE *f, const struct row *row)
{
	fprintf(f, "%u", row->ctx->id);
}

/* NAME */

static int name_compare(const struct row *a, const struct row *b)
{
	/* Those without a name come last. */
	if (!*a->ctx->name || !*b->ctx->name)
		return !*a->ctx->name - !*b->ctx->name;
	return strcmp(a->ctx->name, b->ctx->name);
}

static void name_render(const struct row *row, char *dst, size_t size, int bar)
{
	(void)bar;
	snprintf(dst, size, "%s", *row->ctx->name ? row->ctx->name : "-");
}

static void name_json(FILE *f, const struct row *row)
{
	if (*row->ctx->name)
		json_string(f, row->ctx->name);
	else
		fputs("null", f);
}

/* TASKS, PROCS, FILES: usage of a resource that the kernel may not have */

static int usage_compare(const struct vctx_res *a, const struct vctx_res *b)
{
	if (!a || !b)
		return !b - !a;
	return CMP(a->usage, b->usage);
}

static void usage_render(const struct vctx_res *res, char *dst, size_t size,
			 int bar)
{
	if (!res)
		snprintf(dst, size, "-");
	else if (bar)
		text_count(dst, size, res->usage);
	else
		snprintf(dst, size, "%llu", res->usage);
}

static enum level usage_level(const struct vctx_res *res)
{
	if (!res || !res->usage)
		return LEVEL_NONE;
	return model_res_level(res);
}

static void usage_json(FILE *f, const struct vctx_res *res)
{
	if (res)
		fprintf(f, "%llu", res->usage);
	else
		fputs("null", f);
}

#define USAGE_COLUMN(field)						\
static int field##_compare(const struct row *a, const struct row *b)	\
{									\
	return usage_compare(a->field, b->field);			\
}									\
static void field##_render(const struct row *row, char *dst,		\
			   size_t size, int bar)			\
{									\
	usage_render(row->field, dst, size, bar);			\
}									\
static enum level field##_level(const struct row *row)			\
{									\
	return usage_level(row->field);					\
}									\
static void field##_json(FILE *f, const struct row *row)		\
{									\
	usage_json(f, row->field);					\
}

USAGE_COLUMN(tasks)
USAGE_COLUMN(procs)
USAGE_COLUMN(files)

/* MEM: likewise, in bytes */

static int mem_compare(const struct row *a, const struct row *b)
{
	return usage_compare(a->mem, b->mem);
}

static void mem_render(const struct row *row, char *dst, size_t size, int bar)
{
	if (row->mem && bar)
		vctx_format_value(row->mem->usage, VCTX_HUMAN, dst, size);
	else
		usage_render(row->mem, dst, size, bar);
}

static enum level mem_level(const struct row *row)
{
	return usage_level(row->mem);
}

static void mem_json(FILE *f, const struct row *row)
{
	usage_json(f, row->mem);
}

/* CPU% */

static int cpu_compare(const struct row *a, const struct row *b)
{
	return compare_double(a->cpu, b->cpu);
}

static void cpu_render(const struct row *row, char *dst, size_t size, int bar)
{
	(void)bar;
	text_rate(dst, size, row->cpu);
}

static enum level cpu_level(const struct row *row)
{
	return row->cpu >= 0.05 ? LEVEL_OK : LEVEL_NONE;
}

static void cpu_json(FILE *f, const struct row *row)
{
	json_number(f, row->cpu, 1);
}

/* LIMIT */

static int limit_compare(const struct row *a, const struct row *b)
{
	if (!a->fullest || !b->fullest)
		return !b->fullest - !a->fullest;
	return CMP(a->fill, b->fill);
}

static void limit_render(const struct row *row, char *dst, size_t size, int bar)
{
	int percent = text_percent(row->fill);
	int name = 0, out;
	size_t i;

	if (!row->fullest) {
		snprintf(dst, size, "-");
		return;
	}
	if (!bar) {
		snprintf(dst, size, "%s:%d%%", row->fullest->name, percent);
		return;
	}
	/* All rows have the same resources, so that the bars stand in line. */
	for (i = 0; i < row->ctx->nr_res; i++) {
		int len = (int)strlen(row->ctx->res[i].name);

		if (len > name)
			name = len;
	}
	if (name > bar / 3)
		name = bar / 3;
	out = snprintf(dst, size, "%-*.*s ", name, name, row->fullest->name);
	if (out < 0 || (size_t)out >= size)
		return;
	text_bar(dst + out, size - (size_t)out, row->fill, bar - name - 6);
	out += (int)strlen(dst + out);
	snprintf(dst + out, size - (size_t)out, "%4d%%", percent);
}

static enum level limit_level(const struct row *row)
{
	return row->fullest ? model_res_level(row->fullest) : LEVEL_NONE;
}

static void limit_json(FILE *f, const struct row *row)
{
	const struct vctx_res *res = row->fullest;

	if (!res) {
		fputs("null", f);
		return;
	}
	fputs("{\"resource\":", f);
	json_string(f, res->name);
	fprintf(f, ",\"usage\":%llu,\"hard\":%llu,\"fill\":", res->usage,
		res->hard);
	json_number(f, row->fill, 4);
	putc('}', f);
}

/* REFUSED/s */

static int refused_compare(const struct row *a, const struct row *b)
{
	int diff = compare_double(a->refused, b->refused);

	/* Among those that are quiet now, the one that suffered most. */
	return diff ? diff : CMP(a->fail, b->fail);
}

static void refused_render(const struct row *row, char *dst, size_t size,
			   int bar)
{
	(void)bar;
	text_rate(dst, size, row->refused);
}

static enum level refused_level(const struct row *row)
{
	return row->refused > 0 ? LEVEL_FULL : LEVEL_NONE;
}

static void refused_json(FILE *f, const struct row *row)
{
	json_number(f, row->refused, 1);
}

/* DISK */

/* What is not fine, in words; on a screen it is a letter. */
static const char *const warnings[] = {
	[DISK_FINE]	= NULL,
	[DISK_SOFT]	= "soft",
	[DISK_GRACE]	= "grace",
	[DISK_REFUSED]	= "refused",
};

static bool disk_present(const struct model *m)
{
	return m->disks.nr_fs;
}

static int disk_compare(const struct row *a, const struct row *b)
{
	if (!a->disk.use || !b->disk.use)
		return !b->disk.use - !a->disk.use;
	return CMP(a->disk.fill, b->disk.fill);
}

/* The last part of where it is mounted: the whole is in the details. */
static const char *last_part(const char *point)
{
	const char *slash = strrchr(point, '/');

	return slash && slash[1] ? slash + 1 : point;
}

static void disk_render(const struct row *row, char *dst, size_t size, int bar)
{
	const struct disk *disk = &row->disk;
	const char *word = warnings[disk->warning];
	int name = bar >= 26 ? bar / 4 : 0, out = 0;
	int percent;

	if (!disk->use) {
		snprintf(dst, size, disk->unknown ? "?" : "-");
		return;
	}
	percent = text_percent(disk->fill);
	if (!bar) {
		snprintf(dst, size, "%s:%d%%%s%s", last_part(disk->point),
			 percent, word ? ":" : "", word ? word : "");
		/* A blank would make two words of it. */
		for (; *dst; dst++)
			if (isspace((unsigned char)*dst))
				*dst = '?';
		return;
	}
	if (name) {
		out = (int)text_fit(dst, size, last_part(disk->point), name,
				    ALIGN_LEFT);
		out += snprintf(dst + out, size - (size_t)out, " ");
		name++;
	}
	text_bar(dst + out, size - (size_t)out, disk->fill, bar - name - 7);
	out += (int)strlen(dst + out);
	snprintf(dst + out, size - (size_t)out, "%4d%% %c", percent,
		 disk_letter(disk->warning));
}

static enum level disk_color(const struct row *row)
{
	return row->disk.level;
}

static void json_limit(FILE *f, const char *key, unsigned long long value)
{
	if (value == VCTX_MAX)
		fprintf(f, ",\"%s\":null", key);
	else
		fprintf(f, ",\"%s\":%llu", key, value);
}

static void disk_json(FILE *f, const struct row *row)
{
	const struct disk *disk = &row->disk;
	const struct vctx_quota_use *what = disk->what;

	if (!disk->use) {
		fputs("null", f);
		return;
	}
	fputs("{\"filesystem\":", f);
	json_string(f, disk->point);
	fprintf(f, ",\"of\":\"%s\",\"usage\":%llu",
		what == &disk->use->quota.space ? "space" : "inodes",
		what->usage);
	json_limit(f, "soft", what->soft);
	json_limit(f, "hard", what->hard);
	json_limit(f, "grace", !what->expires ? VCTX_MAX :
		   what->expires > disk->now ? what->expires - disk->now : 0);
	fputs(",\"fill\":", f);
	json_number(f, disk->fill, 4);
	fputs(",\"warning\":", f);
	if (disk->warning == DISK_FINE)
		fputs("null", f);
	else
		json_string(f, warnings[disk->warning]);
	putc('}', f);
}

/* DISKREF/s */

static int diskref_compare(const struct row *a, const struct row *b)
{
	int diff = compare_double(a->disk.refused, b->disk.refused);

	return diff ? diff : CMP(a->disk.fail, b->disk.fail);
}

static void diskref_render(const struct row *row, char *dst, size_t size,
			   int bar)
{
	(void)bar;
	text_rate(dst, size, row->disk.refused);
}

static enum level diskref_level(const struct row *row)
{
	return row->disk.refused > 0 ? LEVEL_FULL : LEVEL_NONE;
}

static void diskref_json(FILE *f, const struct row *row)
{
	json_number(f, row->disk.refused, 1);
}

/* AGE */

static int age_compare(const struct row *a, const struct row *b)
{
	return CMP(a->ctx->age_usec, b->ctx->age_usec);
}

static void age_render(const struct row *row, char *dst, size_t size, int bar)
{
	(void)bar;
	text_age(dst, size, row->ctx->age_usec);
}

static void age_json(FILE *f, const struct row *row)
{
	fprintf(f, "%.3f", (double)row->ctx->age_usec / 1e6);
}

/* FLAGS */

static int flags_compare(const struct row *a, const struct row *b)
{
	return strcmp(a->ctx->flags_text, b->ctx->flags_text);
}

static void flags_render(const struct row *row, char *dst, size_t size, int bar)
{
	const char *p = row->ctx->flags_text;
	size_t out = 0;

	if (!*p || !bar) {
		snprintf(dst, size, "%s", *p ? p : "-");
		return;
	}
	/* On a screen the first letter of each word */
	while (*p && out + 1 < size) {
		dst[out++] = (char)toupper((unsigned char)*p);
		p += strcspn(p, ",");
		p += *p == ',';
	}
	dst[out] = '\0';
}

static void flags_json(FILE *f, const struct row *row)
{
	const char *p = row->ctx->flags_text;

	putc('[', f);
	while (*p) {
		char word[VCTX_FLAGS_LEN];
		size_t len = strcspn(p, ",");

		snprintf(word, sizeof(word), "%.*s", (int)len, p);
		json_string(f, word);
		p += len;
		if (*p) {
			putc(',', f);
			p++;
		}
	}
	putc(']', f);
}

/* WEIGHT, WANT%, GOT%, CAP%, THR%: of contexts with a share of their own */

static int weight_compare(const struct row *a, const struct row *b)
{
	if (!a->share || !b->share)
		return !b->share - !a->share;
	return compare_double(a->share->weight, b->share->weight);
}

static void weight_render(const struct row *row, char *dst, size_t size,
			  int bar)
{
	(void)bar;
	if (!row->share)
		snprintf(dst, size, "-");
	else if (row->share->is.idle)
		snprintf(dst, size, "idle");
	else
		snprintf(dst, size, "%u", row->share->is.weight);
}

static void weight_json(FILE *f, const struct row *row)
{
	if (!row->share)
		fputs("null", f);
	else if (row->share->is.idle)
		json_string(f, "idle");
	else
		fprintf(f, "%u", row->share->is.weight);
}

static double want_percent(const struct row *row)
{
	return row->share && row->share->want >= 0 ? 100 * row->share->want :
						     NAN;
}

static double got_percent(const struct row *row)
{
	return row->share && row->share->got >= 0 ? 100 * row->share->got : NAN;
}

static double cap_percent(const struct row *row)
{
	return row->share && share_cap(row->share) >= 0 ?
	       100 * share_cap(row->share) : NAN;
}

static double throttled_percent(const struct row *row)
{
	return row->share && share_throttled(row->share) >= 0 ?
	       100 * share_throttled(row->share) : NAN;
}

#define PERCENT_COLUMN(field)						\
static int field##_compare(const struct row *a, const struct row *b)	\
{									\
	return compare_double(field##_percent(a), field##_percent(b));	\
}									\
static void field##_render(const struct row *row, char *dst,		\
			   size_t size, int bar)			\
{									\
	(void)bar;							\
	text_rate(dst, size, field##_percent(row));			\
}									\
static void field##_json(FILE *f, const struct row *row)		\
{									\
	json_number(f, field##_percent(row), 1);			\
}

PERCENT_COLUMN(want)
PERCENT_COLUMN(got)
PERCENT_COLUMN(cap)
PERCENT_COLUMN(throttled)

/* A share without a cap is not one that is not known. */
static void cap_text(const struct row *row, char *dst, size_t size, int bar)
{
	if (row->share && share_cap(row->share) < 0)
		snprintf(dst, size, "max");
	else
		cap_render(row, dst, size, bar);
}

static enum level throttled_level(const struct row *row)
{
	return throttled_percent(row) > 0 ? LEVEL_WARN : LEVEL_NONE;
}

const struct column column_table[] = {
	{
		.title = "CTX", .key = "id", .hotkey = 'N',
		.help = "number of the context",
		.width = 5, .grow = 10, .drop = 0, .align = ALIGN_RIGHT,
		.compare = id_compare, .render = id_render, .json = id_json,
	}, {
		.title = "NAME", .key = "name", .hotkey = 'N',
		.help = "its name",
		.width = 10, .grow = 31, .drop = 1, .align = ALIGN_LEFT,
		.compare = name_compare, .render = name_render,
		.json = name_json,
	}, {
		.title = "TASKS", .key = "tasks", .hotkey = 'T',
		.help = "tasks, threads included",
		.width = 5, .drop = 4, .align = ALIGN_RIGHT, .descending = true,
		.compare = tasks_compare, .render = tasks_render,
		.level = tasks_level, .json = tasks_json,
	}, {
		.title = "PROCS", .key = "procs",
		.help = "processes",
		.width = 5, .drop = 8, .align = ALIGN_RIGHT, .descending = true,
		.compare = procs_compare, .render = procs_render,
		.level = procs_level, .json = procs_json,
	}, {
		.title = "FILES", .key = "files", .hotkey = 'F',
		.help = "open files",
		.width = 5, .drop = 9, .align = ALIGN_RIGHT, .descending = true,
		.compare = files_compare, .render = files_render,
		.level = files_level, .json = files_json,
	}, {
		.title = "MEM", .key = "mem", .hotkey = 'M', .extra = true,
		.help = "memory in bytes: memory, or rss",
		.width = 7, .drop = 7, .align = ALIGN_RIGHT, .descending = true,
		.compare = mem_compare, .render = mem_render,
		.level = mem_level, .json = mem_json,
	}, {
		.title = "CPU%", .key = "cpu", .hotkey = 'P',
		.help = "CPU time used, of one CPU",
		.width = 6, .drop = 2, .align = ALIGN_RIGHT, .descending = true,
		.compare = cpu_compare, .render = cpu_render,
		.level = cpu_level, .json = cpu_json,
	}, {
		.title = "LIMIT", .key = "limit", .hotkey = 'L',
		.help = "the hard limit that is nearest, and how full",
		.width = 22, .grow = 40, .drop = 3, .align = ALIGN_LEFT,
		.descending = true,
		.compare = limit_compare, .render = limit_render,
		.level = limit_level, .json = limit_json,
	}, {
		.title = "REFUSED/s", .key = "refused", .hotkey = 'R',
		.help = "refusals by hard limits, each second",
		.width = 9, .drop = 6, .align = ALIGN_RIGHT, .descending = true,
		.compare = refused_compare, .render = refused_render,
		.level = refused_level, .json = refused_json,
	}, {
		.title = "DISK", .key = "disk", .hotkey = 'D', .extra = true,
		.help = "nearest disk limit; S over soft, G grace over, R refused",
		.needs = MODEL_DISK, .present = disk_present,
		.width = 14, .grow = 32, .drop = 5, .align = ALIGN_LEFT,
		.descending = true,
		.compare = disk_compare, .render = disk_render,
		.level = disk_color, .json = disk_json,
	}, {
		.title = "DISKREF/s", .key = "diskref", .hotkey = 'D',
		.extra = true,
		.help = "refusals by disk limits, each second",
		.needs = MODEL_DISK, .present = disk_present,
		.width = 9, .drop = 12, .align = ALIGN_RIGHT, .descending = true,
		.compare = diskref_compare, .render = diskref_render,
		.level = diskref_level, .json = diskref_json,
	}, {
		.title = "FLAGS", .key = "flags",
		.help = "L lock, P private, S own share of CPU, F fakeinit, V virt",
		.width = 6, .drop = 11, .align = ALIGN_LEFT, .descending = true,
		.compare = flags_compare, .render = flags_render,
		.json = flags_json,
	}, {
		.title = "AGE", .key = "age",
		.help = "time since it was made",
		.width = 6, .drop = 10, .align = ALIGN_RIGHT, .descending = true,
		.compare = age_compare, .render = age_render, .json = age_json,
	}, {
		.title = "WEIGHT", .key = "weight", .asked = true,
		.help = "weight of its share of CPU time, or idle",
		.needs = MODEL_SHARE,
		.width = 6, .drop = 13, .align = ALIGN_RIGHT, .descending = true,
		.compare = weight_compare, .render = weight_render,
		.json = weight_json,
	}, {
		.title = "WANT%", .key = "want", .asked = true,
		.help = "part of all shares that the weights of the busy ones give it",
		.needs = MODEL_SHARE,
		.width = 5, .drop = 13, .align = ALIGN_RIGHT, .descending = true,
		.compare = want_compare, .render = want_render,
		.json = want_json,
	}, {
		.title = "GOT%", .key = "got", .asked = true,
		.help = "part of all shares that it got",
		.needs = MODEL_SHARE,
		.width = 5, .drop = 13, .align = ALIGN_RIGHT, .descending = true,
		.compare = got_compare, .render = got_render,
		.json = got_json,
	}, {
		.title = "CAP%", .key = "cap", .asked = true,
		.help = "what it may get at most, of one CPU",
		.needs = MODEL_SHARE,
		.width = 6, .drop = 13, .align = ALIGN_RIGHT, .descending = true,
		.compare = cap_compare, .render = cap_text,
		.json = cap_json,
	}, {
		.title = "THR%", .key = "throttled", .asked = true,
		.help = "periods in which its cap made it wait",
		.needs = MODEL_SHARE,
		.width = 5, .drop = 13, .align = ALIGN_RIGHT, .descending = true,
		.compare = throttled_compare, .render = throttled_render,
		.level = throttled_level,
		.json = throttled_json,
	},
};

const int nr_columns = sizeof(column_table) / sizeof(column_table[0]);

_Static_assert(sizeof(column_table) / sizeof(column_table[0]) <= MAX_COLUMNS,
	       "a set has no room for all columns");

unsigned int column_set_needs(const struct column_set *set,
			      const struct column *sort)
{
	unsigned int needs = sort->needs;
	int c;

	for (c = 0; c < set->nr; c++)
		needs |= set->col[c]->needs;
	return needs;
}

void column_set_usual(struct column_set *set, bool extra)
{
	int c;

	set->nr = 0;
	for (c = 0; c < nr_columns; c++)
		if (!column_table[c].asked && (extra || !column_table[c].extra))
			set->col[set->nr++] = &column_table[c];
	set->usual = set->nr;
}

static bool set_has(const struct column_set *set, const struct column *col)
{
	int c;

	for (c = 0; c < set->nr; c++)
		if (set->col[c] == col)
			return true;
	return false;
}

const char *column_set_parse(struct column_set *set, const char *list)
{
	if (*list == '+')
		list++;
	else
		set->nr = 0;
	set->usual = set->nr;
	for (;;) {
		const struct column *col;
		size_t len = strcspn(list, ",");
		char name[32];

		snprintf(name, sizeof(name), "%.*s", (int)len, list);
		col = len < sizeof(name) ? column_find(name) : NULL;
		if (!col)
			return list;
		if (!set_has(set, col))
			set->col[set->nr++] = col;
		if (!list[len])
			return NULL;
		list += len + 1;
	}
}

const struct column *column_find(const char *name)
{
	int i;

	for (i = 0; i < nr_columns; i++)
		if (!strcasecmp(name, column_table[i].key) ||
		    !strcasecmp(name, column_table[i].title))
			return &column_table[i];
	return NULL;
}
