// SPDX-License-Identifier: GPL-2.0-or-later
/* vsched: show and set what share of CPU time contexts get */
#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "common.h"
#include "libvctx.h"

/* As much as the kernel takes in one line */
#define LINE_LEN	4096

/* Longest time to watch: a day */
#define MAX_DELAY	86400

#define MILLION		1000000ULL

/* What SCHED_IDLE is to nice 0 is 3 to 1024. */
#define IDLE_WEIGHT	(3 * 100.0 / 1024)

static const struct tool_option options[] = {
	{ 'c', "context", "CONTEXT", "show or change this context only (an id or a name)", COMPLETE_CONTEXTS },
	{ 'd', "delay", "SECONDS", "watch for so long (default 1); 0: since the context was made", "0 1 5 10" },
	{ OPT_JSON, "json", NULL, "print JSON; null stands for max and for what there is not", NULL },
	{ 'n', "noheadings", NULL, "no heading", NULL },
	{ 'o', "output", "COLUMN,...", "show these columns; with + in front, these too", "CONTEXT NAME WEIGHT WANT% GOT% CPU% CAP% BURST THR% NICE RT RUN" },
	{ OPT_RAW, "raw", NULL, "columns apart by one space, for scripts", NULL },
	TOOL_OPTIONS
};

enum {
	COL_CONTEXT,
	COL_NAME,
	COL_WEIGHT,
	COL_WANT,
	COL_GOT,
	COL_CPU,
	COL_CAP,
	COL_THROTTLED,
	COL_BURST,
	COL_NICE,
	COL_RT,
	COL_RUN,
	NR_COLUMNS,
};

static const struct {
	const char *name;
	int flags;
	int json;
	const char *help;
} columns[NR_COLUMNS] = {
	[COL_CONTEXT]	= { "CONTEXT", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "id of the context" },
	[COL_NAME]	= { "NAME", 0, SCOLS_JSON_STRING, "its name" },
	[COL_WEIGHT]	= { "WEIGHT", SCOLS_FL_RIGHT, SCOLS_JSON_STRING, "weight of its share, or idle; - without a share of its own" },
	[COL_WANT]	= { "WANT%", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "what the weights of the busy contexts give it of their CPU time" },
	[COL_GOT]	= { "GOT%", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "what it got of that" },
	[COL_CPU]	= { "CPU%", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "what it got in percent of one CPU" },
	[COL_CAP]	= { "CAP%", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "what it may get at most in percent of one CPU" },
	[COL_THROTTLED]	= { "THR%", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "periods in which its cap made it wait" },
	[COL_BURST]	= { "BURST", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "unused CPU time that it may use later, in ms (not shown by default)" },
	[COL_NICE]	= { "NICE", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "least nice value of a member (not shown by default)" },
	[COL_RT]	= { "RT", 0, SCOLS_JSON_STRING, "allow or deny: real-time policies (not shown by default)" },
	[COL_RUN]	= { "RUN", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "tasks that run or want to (not shown by default)" },
};

static void print_columns(void)
{
	int i;

	printf("\nColumns:\n");
	for (i = 0; i < NR_COLUMNS; i++)
		printf("  %-8s  %s\n", columns[i].name, columns[i].help);
}

static const struct tool tool = {
	.name = "vsched",
	.usage = "[OPTION]... [-c CONTEXT [SETTING=VALUE]...]",
	.about = "Show or set what share of CPU time the members of a context get together.",
	.more =
"Settings; all is set, or nothing:\n"
"  weight=N          weight of the share, 1 to 10000; 100 is one process of nice 0\n"
"  idle=yes|no       run only if nobody else wants to\n"
"  cpu=N%[/TIME]     at most N percent of one CPU in each period; or max\n"
"  burst=TIME        unused CPU time below the cap that may be used later\n"
"  nice=N            no member may have a lower nice value\n"
"  rt=allow|deny     real-time policies for members\n"
"  sched=on|off      a share of its own; weight, idle, cpu and burst turn it on\n"
"TIME is a number with us, ms or s; without, it is microseconds.\n",
	.print_more = print_columns,
	.complete = "weight= idle= cpu= burst= nice= rt= sched=",
	.usage_status = EXIT_USAGE,
	.option = options,
};

struct view {
	int column[NR_COLUMNS];
	int nr_columns;
	int json;
	int raw;
	int no_headings;
	unsigned long long delay_usec;
};

/**
 * struct row - one context, watched for a while
 * @id: its number
 * @name: its name, or ""
 * @above: row of the nearest context above with a share of its own, or -1
 * @was: how it was at first
 * @is: how it is
 * @usec: how long it was watched
 * @gone: it went away meanwhile
 * @weight: its weight among those with the same @above
 * @busy: it ran or wanted to
 * @want: part of the CPU time of all; below 0 if that says nothing
 * @got: likewise
 */
struct row {
	unsigned int id;
	char name[VCTX_NAME_LEN];
	int above;
	struct vctx_sched was;
	struct vctx_sched is;
	unsigned long long usec;
	int gone;
	double weight;
	int busy;
	double want;
	double got;
};

static void add_columns(struct view *view, char *list)
{
	char *word;
	int i, j;

	if (*list == '+')
		list++;
	else
		view->nr_columns = 0;
	while ((word = strsep(&list, ","))) {
		for (i = 0; i < NR_COLUMNS; i++)
			if (!strcasecmp(word, columns[i].name))
				break;
		if (i == NR_COLUMNS)
			tool_usage_error(&tool, "unknown column '%s'", word);
		for (j = 0; j < view->nr_columns; j++)
			if (view->column[j] == i)
				break;
		if (j == view->nr_columns)
			view->column[view->nr_columns++] = i;
	}
}

/* Numbers of the command line: digits, and with a point up to six more. */

/* In millionths; NULL for what is none, else what follows it. */
static const char *parse_decimal(const char *text, unsigned long long *value)
{
	unsigned long long unit = MILLION;
	unsigned long long sum = 0;

	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (sum > ULLONG_MAX / 100)
			return NULL;
		sum = sum * 10 + (unsigned long long)(*text - '0') * MILLION;
	}
	if (*text == '.') {
		text++;
		if (*text < '0' || *text > '9')
			return NULL;
		for (; *text >= '0' && *text <= '9' && unit > 1; text++) {
			unit /= 10;
			sum += (unsigned long long)(*text - '0') * unit;
		}
	}
	*value = sum;
	return text;
}

/* In microseconds; -1 for what is none. */
static int parse_time(const char *text, unsigned long long *usec)
{
	unsigned long long value;
	const char *unit = parse_decimal(text, &value);
	unsigned long long factor;

	if (!unit)
		return -1;
	if (!*unit || !strcmp(unit, "us"))
		factor = 1;
	else if (!strcmp(unit, "ms"))
		factor = 1000;
	else if (!strcmp(unit, "s"))
		factor = MILLION;
	else
		return -1;
	if (value > ULLONG_MAX / factor)
		return -1;
	*usec = value * factor / MILLION;
	return 0;
}

/* Adds words to the line that the kernel gets. */
static void __attribute__((format(printf, 3, 4)))
add_words(char *line, size_t *used, const char *format, ...)
{
	va_list args;
	int more;

	va_start(args, format);
	more = vsnprintf(line + *used, LINE_LEN - *used, format, args);
	va_end(args);
	if (more < 0 || (size_t)more >= LINE_LEN - *used)
		tool_usage_error(&tool, "too many settings at once");
	*used += (size_t)more;
}

/* N%[/TIME] or max: the quota follows from the period, which may be set. */
static int add_cap(char *line, size_t *used, const char *value,
		   unsigned long long period)
{
	unsigned long long percent;
	const char *rest;

	if (!strcmp(value, "max")) {
		add_words(line, used, " max max");
		return 0;
	}
	rest = parse_decimal(value, &percent);
	if (!rest || *rest++ != '%')
		return -1;
	if (*rest && (*rest++ != '/' || parse_time(rest, &period)))
		return -1;
	/* An absurd period is for the kernel to refuse. */
	if (period > 1000 * MILLION || percent > ULLONG_MAX / 1000 / MILLION)
		return -1;
	add_words(line, used, " max %llu %llu",
		  (unsigned long long)((double)percent * (double)period /
				       (100 * MILLION) + 0.5), period);
	return 0;
}

static int add_choice(char *line, size_t *used, const char *key,
		      const char *value, const char *const word[2],
		      const char *const kernel[2])
{
	int i;

	for (i = 0; i < 2; i++)
		if (!strcmp(value, word[i])) {
			add_words(line, used, " %s %s", key, kernel[i]);
			return 0;
		}
	return -1;
}

static int is_number(const char *text)
{
	return *text && strlen(text) < 20 &&
	       strspn(text, "0123456789") == strlen(text);
}

/*
 * Adds one SETTING=VALUE.  Sets @share if it is about the share, and not if it
 * says itself whether there is one.
 */
static int add_setting(char *line, size_t *used, const char *key, size_t len,
		       const char *value, unsigned long long period, int *share)
{
	static const char *const on_off[2] = { "on", "off" };
	static const char *const allow_deny[2] = { "allow", "deny" };
	static const char *const yes_no[2] = { "yes", "no" };
	static const char *const one_zero[2] = { "1", "0" };
	unsigned long long usec;

#define IS(_key) (len == strlen(_key) && !memcmp(key, _key, len))
	if (IS("sched")) {
		*share = -1;
		return add_choice(line, used, "sched", value, on_off, on_off);
	}
	if (IS("nice")) {
		if (!is_number(value + (*value == '-')))
			return -1;
		add_words(line, used, " nice %s", value);
		return 0;
	}
	if (IS("rt"))
		return add_choice(line, used, "rt", value, allow_deny, allow_deny);

	if (!*share)
		*share = 1;
	if (IS("weight")) {
		if (!is_number(value))
			return -1;
		add_words(line, used, " weight %s", value);
		return 0;
	}
	if (IS("idle"))
		return add_choice(line, used, "idle", value, yes_no, one_zero);
	if (IS("cpu"))
		return add_cap(line, used, value, period);
	if (IS("burst")) {
		if (parse_time(value, &usec))
			return -1;
		add_words(line, used, " burst %llu", usec);
		return 0;
	}
#undef IS
	tool_usage_error(&tool, "unknown setting '%.*s'; there are: weight, idle, cpu, burst, nice, rt, sched",
			 (int)len, key);
}

/* The line for the kernel, from the operands */
static void make_line(char line[LINE_LEN], int argc, char *argv[],
		      unsigned long long period)
{
	size_t used = 0;
	int share = 0;
	int i;

	line[0] = '\0';
	for (i = 0; i < argc; i++) {
		const char *equal = strchr(argv[i], '=');

		if (!equal || equal == argv[i])
			tool_usage_error(&tool, "'%s' is not SETTING=VALUE",
					 argv[i]);
		if (add_setting(line, &used, argv[i], (size_t)(equal - argv[i]),
				equal + 1, period, &share))
			tool_usage_error(&tool, "'%s' is not a value for %.*s",
					 equal + 1, (int)(equal - argv[i]),
					 argv[i]);
	}
	if (share > 0)
		add_words(line, &used, " sched on");
}

static int set(const char *context, unsigned int id, int argc, char *argv[])
{
	char why[VCTX_ERROR_LEN];
	char line[LINE_LEN];
	struct vctx_sched sched;
	int err;

	/* The command line first: it is wrong whatever the contexts are. */
	make_line(line, argc, argv, 1);
	if (id == VCTX_ID_HOST) {
		tool_error(&tool, "context 0, the host, has no share of its own");
		return EXIT_FAILED;
	}
	err = vctx_get_sched(id, &sched);
	if (!err) {
		make_line(line, argc, argv, sched.period_usec);
		err = vctx_set_sched(id, line + 1);
	}
	if (!err)
		return EXIT_SUCCESS;
	if ((err == -EINVAL || err == -ERANGE || err == -ENOMEM) &&
	    !vctx_last_error(id, why, sizeof(why)) && *why)
		tool_error(&tool, "context %s: %s", context, why);
	else
		tool_context_error(&tool, context, err);
	return EXIT_FAILED;
}

/* Watching */

static unsigned long long now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (unsigned long long)now.tv_sec * MILLION +
	       (unsigned long long)now.tv_nsec / 1000;
}

static int read_row(struct row *row, const struct vctx_info *info)
{
	row->id = info->id;
	memcpy(row->name, info->name, sizeof(row->name));
	row->above = -1;
	row->want = -1;
	row->got = -1;
	return vctx_get_sched(info->id, &row->is);
}

/* The nearest row above that has a share of its own. */
static int find_above(const struct vctx_list *list, const struct row *rows,
		      size_t nr, const struct vctx_info *info)
{
	size_t i;

	while (info && info->parent != VCTX_ID_HOST) {
		for (i = 0; i < nr; i++)
			if (rows[i].id == info->parent && rows[i].is.on)
				return (int)i;
		info = vctx_list_find(list, info->parent);
	}
	return -1;
}

static void watch(const struct view *view, const struct vctx_list *list,
		  struct row *rows, size_t nr)
{
	unsigned long long left = view->delay_usec;
	size_t i;

	if (!left) {
		for (i = 0; i < nr; i++) {
			const struct vctx_info *info =
				vctx_list_find(list, rows[i].id);

			rows[i].usec = info ? info->age_usec : 0;
		}
		return;
	}
	for (i = 0; i < nr; i++) {
		rows[i].usec = now_usec();
		rows[i].gone = vctx_get_sched(rows[i].id, &rows[i].was) != 0;
	}
	while (left) {
		useconds_t nap = left < MILLION ? (useconds_t)left : MILLION - 1;

		usleep(nap);
		left -= nap;
	}
	for (i = 0; i < nr; i++) {
		rows[i].gone |= vctx_get_sched(rows[i].id, &rows[i].is) != 0;
		rows[i].usec = now_usec() - rows[i].usec;
	}
}

static unsigned long long used(const struct row *row)
{
	return row->gone ? 0 : row->is.usage_usec - row->was.usage_usec;
}

static double want(struct row *rows, size_t nr, size_t i)
{
	struct row *row = &rows[i];
	double all = 0;
	size_t j;

	if (row->want >= 0 || !row->is.on || !row->busy)
		return row->want;
	for (j = 0; j < nr; j++)
		if (rows[j].is.on && rows[j].busy && rows[j].above == row->above)
			all += rows[j].weight;
	row->want = row->weight / all *
		    (row->above < 0 ? 1 : want(rows, nr, (size_t)row->above));
	return row->want;
}

static void compute(struct row *rows, size_t nr)
{
	double all = 0;
	size_t i;

	for (i = 0; i < nr; i++) {
		struct row *row = &rows[i];

		row->weight = row->is.idle ? IDLE_WEIGHT : row->is.weight;
		row->busy = used(row) > 0 || row->is.running;
		if (row->is.on && row->above < 0)
			all += (double)used(row);
	}
	for (i = 0; i < nr; i++) {
		want(rows, nr, i);
		if (rows[i].is.on && all > 0)
			rows[i].got = (double)used(&rows[i]) / all;
	}
}

/* The table */

static const char *share(double part, int json, char *buf, size_t size)
{
	if (part < 0)
		return json ? NULL : "-";
	snprintf(buf, size, "%.1f", 100 * part);
	return buf;
}

/* The text of a cell; NULL for none, which JSON shows as null. */
static const char *cell(const struct view *view, const struct row *row,
			int column, char *buf, size_t size)
{
	const char *none = view->json ? NULL : "-";
	unsigned long long periods;

	switch (column) {
	case COL_CONTEXT:
		snprintf(buf, size, "%u", row->id);
		return buf;
	case COL_NAME:
		return row->name[0] ? row->name : none;
	case COL_WEIGHT:
		if (!row->is.on)
			return none;
		if (row->is.idle)
			return "idle";
		snprintf(buf, size, "%u", row->is.weight);
		return buf;
	case COL_WANT:
		return share(row->want, view->json, buf, size);
	case COL_GOT:
		return share(row->got, view->json, buf, size);
	case COL_CPU:
		return share(row->usec ? (double)used(row) / (double)row->usec :
			     -1, view->json, buf, size);
	case COL_CAP:
		if (!row->is.on || row->is.quota_usec == VCTX_MAX ||
		    !row->is.period_usec)
			return view->json ? NULL : row->is.on ? "max" : "-";
		return share((double)row->is.quota_usec /
			     (double)row->is.period_usec, 0, buf, size);
	case COL_THROTTLED:
		periods = row->is.nr_periods - row->was.nr_periods;
		return share(row->gone || !periods ? -1 :
			     (double)(row->is.nr_throttled -
				      row->was.nr_throttled) / (double)periods,
			     view->json, buf, size);
	case COL_BURST:
		snprintf(buf, size, "%.3g", (double)row->is.burst_usec / 1000);
		return buf;
	case COL_NICE:
		snprintf(buf, size, "%d", row->is.nice);
		return buf;
	case COL_RT:
		return row->is.rt ? "allow" : "deny";
	default:
		snprintf(buf, size, "%llu", row->is.running);
		return buf;
	}
}

static const char *color(const struct row *row, int column)
{
	unsigned long long throttled = row->is.nr_throttled -
				       row->was.nr_throttled;

	return column == COL_THROTTLED && !row->gone && throttled ? "yellow" :
								    NULL;
}

static int add_row(const struct view *view, struct libscols_table *table,
		   const struct row *row)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	char buf[64];
	int i;

	if (!line)
		return -1;
	for (i = 0; i < view->nr_columns; i++) {
		const char *text = cell(view, row, view->column[i], buf,
					sizeof(buf));
		const char *paint = color(row, view->column[i]);

		if (text && scols_line_set_data(line, (size_t)i, text))
			return -1;
		if (paint)
			scols_cell_set_color(scols_line_get_cell(line,
								 (size_t)i),
					     paint);
	}
	return 0;
}

static int want_color(void)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return !(no && *no) && isatty(STDOUT_FILENO) && term &&
	       strcmp(term, "dumb");
}

static struct libscols_table *new_table(const struct view *view)
{
	struct libscols_table *table = scols_new_table();
	struct libscols_column *column;
	int i;

	if (!table)
		return NULL;
	scols_table_set_name(table, "sched");
	scols_table_enable_json(table, view->json);
	scols_table_enable_raw(table, view->raw);
	scols_table_enable_noheadings(table, view->no_headings);
	scols_table_enable_colors(table, want_color());
	for (i = 0; i < view->nr_columns; i++) {
		int c = view->column[i];

		column = scols_table_new_column(table, columns[c].name, 0,
						columns[c].flags);
		if (!column) {
			scols_unref_table(table);
			return NULL;
		}
		scols_column_set_json_type(column, columns[c].json);
	}
	return table;
}

/* All rows, or those of context @only. */
static int print_rows(const struct view *view, const struct row *rows,
		      size_t nr, unsigned int only)
{
	struct libscols_table *table = new_table(view);
	int bad = !table;
	int any = 0;
	size_t i;

	for (i = 0; !bad && i < nr; i++)
		if (only == VCTX_ID_HOST || rows[i].id == only) {
			bad = add_row(view, table, &rows[i]);
			any = 1;
		}
	if (!bad && (view->json || any))
		bad = scols_print_table(table);
	scols_unref_table(table);
	if (bad) {
		tool_error(&tool, "cannot make the table");
		return EXIT_FAILED;
	}
	return EXIT_SUCCESS;
}

/* A member sees its own context only, as if it were the only one. */
static int read_own(struct vctx_list *list)
{
	struct vctx_self self;
	struct vctx_info info;
	int err = vctx_self(&self);

	if (!err)
		err = vctx_read(self.id, &info);
	if (err)
		return err;
	vctx_info_free(&info);
	info.parent = VCTX_ID_HOST;
	list->info = malloc(sizeof(info));
	if (!list->info)
		return -ENOMEM;
	*list->info = info;
	list->nr = 1;
	return 0;
}

static int show(const struct view *view, const char *context, unsigned int only)
{
	struct vctx_list list = VCTX_LIST_INIT;
	struct vctx_self self;
	struct row *rows;
	size_t nr = 0;
	size_t i;
	int status;
	int err = vctx_read_summary(&list);

	if (err == -ENOENT && !vctx_self(&self) && self.id != VCTX_ID_HOST)
		err = read_own(&list);
	if (!err && only != VCTX_ID_HOST && !vctx_list_find(&list, only))
		err = -ENOENT;
	rows = calloc(list.nr + 1, sizeof(*rows));
	if (!err && !rows)
		err = -ENOMEM;
	for (i = 0; !err && i < list.nr; i++) {
		err = read_row(&rows[nr], &list.info[i]);
		if (!err)
			nr++;
		else if (err == -ENOENT && list.nr > 1)
			err = 0;
	}
	if (err) {
		tool_context_error(&tool, context, err);
		status = EXIT_FAILED;
	} else {
		for (i = 0; i < nr; i++)
			rows[i].above = find_above(&list, rows, nr,
						   vctx_list_find(&list, rows[i].id));
		watch(view, &list, rows, nr);
		compute(rows, nr);
		status = print_rows(view, rows, nr, only);
	}
	free(rows);
	vctx_list_free(&list);
	return status;
}

int main(int argc, char *argv[])
{
	struct view view = {
		.column = { COL_CONTEXT, COL_NAME, COL_WEIGHT, COL_WANT, COL_GOT,
			    COL_CPU, COL_CAP, COL_THROTTLED },
		.nr_columns = COL_THROTTLED + 1,
		.delay_usec = MILLION,
	};
	const char *context = NULL;
	unsigned int id = VCTX_ID_HOST;
	const char *rest;
	int status;
	int key;

	setlocale(LC_ALL, "");
	/* A point is a point, in tables as on command lines. */
	setlocale(LC_NUMERIC, "C");
	while ((key = tool_getopt(&tool, argc, argv)) != -1) {
		switch (key) {
		case 'c':
			context = optarg;
			break;
		case 'd':
			rest = parse_decimal(optarg, &view.delay_usec);
			if (!rest || *rest || view.delay_usec > MAX_DELAY * MILLION)
				tool_usage_error(&tool, "'%s' is no number of seconds up to %d",
						 optarg, MAX_DELAY);
			break;
		case 'n':
			view.no_headings = 1;
			break;
		case 'o':
			add_columns(&view, optarg);
			break;
		case OPT_JSON:
			view.json = 1;
			break;
		case OPT_RAW:
			view.raw = 1;
			break;
		}
	}
	if (view.json && view.raw)
		tool_usage_error(&tool, "--json and --raw exclude each other");
	if (optind < argc && !context)
		tool_usage_error(&tool, "which context? -c CONTEXT is needed to set a share");

	if (context) {
		status = tool_find_context(&tool, context, &id);
		if (status)
			return status;
		if (optind < argc)
			return set(context, id, argc - optind, argv + optind);
		if (id == VCTX_ID_HOST) {
			tool_error(&tool, "context 0, the host, has no share of its own");
			return EXIT_FAILED;
		}
	}
	status = show(&view, context, id);
	if (tool_close_stdout(&tool))
		return EXIT_FAILED;
	return status;
}
