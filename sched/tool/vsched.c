// SPDX-License-Identifier: GPL-2.0-or-later
/* vsched: show and set what share of CPU time contexts get */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common.h"
#include "libvctx.h"
#include "share.h"
#include "table.h"

/* Longest time to watch: a day */
#define MAX_DELAY	86400

#define MILLION		1000000ULL

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

static const struct table_column columns[NR_COLUMNS] = {
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
	table_help(columns, NR_COLUMNS);
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
	struct table_view table;
	unsigned long long delay_usec;
	const struct vctx_list *list;	/* who has names */
};

/* The bits of @settings that are about the share itself */
#define SHARE	(1U << VCTX_SCHED_WEIGHT | 1U << VCTX_SCHED_IDLE | \
		 1U << VCTX_SCHED_CPU | 1U << VCTX_SCHED_BURST)

/*
 * Puts what the operands say over what @sched has, and says what was set.
 * What is about the share turns it on, unless they say whether there is one.
 */
static unsigned int parse_settings(int argc, char *argv[],
				   struct vctx_sched *sched)
{
	unsigned int settings = 0;
	int i;

	for (i = 0; i < argc; i++) {
		const char *equal = strchr(argv[i], '=');
		enum vctx_sched_setting setting;
		char key[16];
		int len;

		if (!equal || equal == argv[i])
			tool_usage_error(&tool, "'%s' is not SETTING=VALUE",
					 argv[i]);
		len = (int)(equal - argv[i]);
		snprintf(key, sizeof(key), "%.*s", len, argv[i]);
		if (len >= (int)sizeof(key) || vctx_sched_setting(key, &setting))
			tool_usage_error(&tool, "unknown setting '%.*s'; there are: " VCTX_SCHED_KEYS,
					 len, argv[i]);
		if (vctx_parse_sched(setting, equal + 1, sched))
			tool_usage_error(&tool, "'%s' is not a value for %s",
					 equal + 1, key);
		settings |= 1U << setting;
	}
	if (settings & SHARE && !(settings & 1U << VCTX_SCHED_ON)) {
		sched->on = 1;
		settings |= 1U << VCTX_SCHED_ON;
	}
	return settings;
}

static int set(const char *context, unsigned int id, int argc, char *argv[])
{
	struct vctx_sched sched = VCTX_SCHED_INIT;
	char line[VCTX_SCHED_LINE_LEN];
	char why[VCTX_ERROR_LEN];
	unsigned int settings;
	int err;

	/* The command line first: it is wrong whatever the contexts are. */
	parse_settings(argc, argv, &sched);
	if (id == VCTX_ID_HOST) {
		tool_error(&tool, "context 0, the host, has no share of its own");
		return EXIT_FAILED;
	}
	err = vctx_get_sched(id, &sched);
	if (!err) {
		settings = parse_settings(argc, argv, &sched);
		err = vctx_set_sched(id, vctx_sched_line(&sched, settings, line,
							 sizeof(line)));
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

static void watch(const struct view *view, const struct vctx_list *list,
		  struct share *rows, size_t nr)
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

/* The table */

static const char *part_text(double part, int json, char *buf, size_t size)
{
	if (part < 0)
		return json ? NULL : "-";
	snprintf(buf, size, "%.1f", 100 * part);
	return buf;
}

/* The text of a cell; NULL for none, which JSON shows as null. */
static const char *cell(const struct view *view, const struct share *row,
			int column, char *buf, size_t size)
{
	const char *none = view->table.json ? NULL : "-";
	const struct vctx_info *info;

	switch (column) {
	case COL_CONTEXT:
		snprintf(buf, size, "%u", row->id);
		return buf;
	case COL_NAME:
		info = vctx_list_find(view->list, row->id);
		return info && info->name[0] ? info->name : none;
	case COL_WEIGHT:
		if (!row->is.on)
			return none;
		if (row->is.idle)
			return "idle";
		snprintf(buf, size, "%u", row->is.weight);
		return buf;
	case COL_WANT:
		return part_text(row->want, view->table.json, buf, size);
	case COL_GOT:
		return part_text(row->got, view->table.json, buf, size);
	case COL_CPU:
		return part_text(share_cpu(row), view->table.json, buf, size);
	case COL_CAP:
		if (share_cap(row) < 0)
			return view->table.json ? NULL : row->is.on ? "max" : "-";
		return part_text(share_cap(row), 0, buf, size);
	case COL_THROTTLED:
		return part_text(share_throttled(row), view->table.json, buf,
				 size);
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

static const char *color(const struct share *row, int column)
{
	return column == COL_THROTTLED && share_throttled(row) > 0 ? "yellow" :
								     NULL;
}

static int add_row(const struct view *view, struct libscols_table *table,
		   const struct share *row)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	char buf[64];
	int i;

	if (!line)
		return -1;
	for (i = 0; i < view->table.nr_columns; i++) {
		int column = view->table.column[i];
		const char *text = cell(view, row, column, buf, sizeof(buf));
		const char *paint = color(row, column);

		if (table_set_cell(line, i, text, paint))
			return -1;
	}
	return 0;
}

/* All rows, or those of context @only. */
static int print_rows(const struct view *view, const struct share *rows,
		      size_t nr, unsigned int only)
{
	struct libscols_table *table = table_new(&view->table, "sched");
	int bad = !table;
	int any = 0;
	size_t i;

	for (i = 0; !bad && i < nr; i++)
		if (only == VCTX_ID_HOST || rows[i].id == only) {
			bad = add_row(view, table, &rows[i]);
			any = 1;
		}
	if (!bad && (view->table.json || any))
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

static int show(struct view *view, const char *context, unsigned int only)
{
	struct vctx_list list = VCTX_LIST_INIT;
	struct vctx_self self;
	struct share *rows;
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
		err = share_read(&rows[nr], list.info[i].id);
		if (!err)
			nr++;
		else if (err == -ENOENT && list.nr > 1)
			err = 0;
	}
	if (err) {
		tool_context_error(&tool, context, err);
		status = EXIT_FAILED;
	} else {
		share_place(rows, nr, &list);
		watch(view, &list, rows, nr);
		share_compute(rows, nr);
		view->list = &list;
		status = print_rows(view, rows, nr, only);
	}
	free(rows);
	vctx_list_free(&list);
	return status;
}

int main(int argc, char *argv[])
{
	struct view view = {
		.table = {
			.columns = columns,
			.nr = NR_COLUMNS,
			.column = { COL_CONTEXT, COL_NAME, COL_WEIGHT, COL_WANT,
				    COL_GOT, COL_CPU, COL_CAP, COL_THROTTLED },
			.nr_columns = COL_THROTTLED + 1,
		},
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
			rest = vctx_parse_decimal(optarg, &view.delay_usec);
			if (!rest || *rest || view.delay_usec > MAX_DELAY * MILLION)
				tool_usage_error(&tool, "'%s' is no number of seconds up to %d",
						 optarg, MAX_DELAY);
			break;
		case 'n':
			view.table.no_headings = 1;
			break;
		case 'o':
			table_choose(&view.table, &tool, optarg);
			break;
		case OPT_JSON:
			view.table.json = 1;
			break;
		case OPT_RAW:
			view.table.raw = 1;
			break;
		}
	}
	if (view.table.json && view.table.raw)
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
