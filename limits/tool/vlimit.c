// SPDX-License-Identifier: GPL-2.0-or-later
/* vlimit: show and set what contexts may use */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "table.h"
#include "vlimit.h"

/* As much as the kernel takes in one line */
#define LINE_LEN	4096

/* From this share of the hard limit on, usage is shown in yellow. */
#define NEARLY_FULL	90

enum {
	OPT_WATCH = OPT_TOOL,
	OPT_ON_FAIL,
	OPT_SUGGEST,
};

static const struct tool_option options[] = {
	{ 'a', "all", NULL, "all resources of all contexts, also what is neither used nor limited", NULL },
	{ 'c', "context", "CONTEXT", "show or change this context only (an id or a name)", COMPLETE_CONTEXTS },
	{ 'H', "human", NULL, "values with K, M, G, T (powers of 1024) instead of all digits", NULL },
	{ OPT_JSON, "json", NULL, "print JSON; null stands for max and for no name", NULL },
	{ 'n', "noheadings", NULL, "no heading", NULL },
	{ 'o', "output", "COLUMN,...", "show these columns; with + in front, these too", "CONTEXT NAME RESOURCE USAGE PEAK SOFT HARD FAIL USE%" },
	{ 'q', "quiet", NULL, "only what was refused, or is used by more than half of a limit", NULL },
	{ OPT_RAW, "raw", NULL, "columns apart by one space, for scripts", NULL },
	{ OPT_SUGGEST, "suggest", NULL, "print commands that set limits which suit the peaks seen", NULL },
	{ OPT_WATCH, "watch", NULL, "print a line for each event as it comes", NULL },
	{ OPT_ON_FAIL, "on-fail", "COMMAND", "with --watch: run this by sh after refusals", COMPLETE_COMMAND },
	TOOL_OPTIONS
};

enum {
	COL_CONTEXT,
	COL_NAME,
	COL_RESOURCE,
	COL_USAGE,
	COL_PEAK,
	COL_SOFT,
	COL_HARD,
	COL_FAIL,
	COL_USE,
	NR_COLUMNS,
};

static const struct table_column columns[NR_COLUMNS] = {
	[COL_CONTEXT]	= { "CONTEXT", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "id of the context" },
	[COL_NAME]	= { "NAME", 0, SCOLS_JSON_STRING, "its name" },
	[COL_RESOURCE]	= { "RESOURCE", 0, SCOLS_JSON_STRING, "what is limited" },
	[COL_USAGE]	= { "USAGE", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "used now" },
	[COL_PEAK]	= { "PEAK", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "highest usage so far" },
	[COL_SOFT]	= { "SOFT", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "soft limit: an event above it" },
	[COL_HARD]	= { "HARD", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "hard limit: never exceeded" },
	[COL_FAIL]	= { "FAIL", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "refusals so far" },
	[COL_USE]	= { "USE%", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "usage in percent of the hard limit (not shown by default)" },
};

static void print_columns(void)
{
	table_help(columns, NR_COLUMNS);
}

const struct tool vlimit_tool = {
	.name = "vlimit",
	.usage = "[OPTION]... [-c CONTEXT [RESOURCE=LIMIT]...]",
	.about = "Show or set what all processes of a context may use together.",
	.more =
"LIMIT is SOFT:HARD, SOFT:, :HARD, or one value, the hard limit.  A value is a\n"
"number, with K, M, G or T if wanted, or max.  All is set, or nothing.\n",
	.print_more = print_columns,
	.complete = COMPLETE_LIMITS,
	.usage_status = EXIT_USAGE,
	.option = options,
};

/* Which resources are shown */
enum rows {
	ROWS_DEFAULT,		/* all of one context, else ROWS_USED */
	ROWS_ALL,
	ROWS_USED,		/* used, limited, or refused once */
	ROWS_TIGHT,		/* refused once, or above half of a limit */
};

struct view {
	struct table_view table;
	enum rows rows;
	int chosen_columns;
	int suggest;
	int human;
};

static int percent(const struct vctx_res *res)
{
	double share;

	if (res->hard == VCTX_MAX)
		return -1;
	if (!res->hard)
		return res->usage ? 999 : 100;
	share = (double)res->usage / (double)res->hard * 100;
	return share > 999 ? 999 : (int)share;
}

/* The text of a cell; NULL for none, which JSON shows as null. */
static const char *cell(const struct view *view, const struct vctx_info *info,
			const struct vctx_res *res, int column, char *buf,
			size_t size)
{
	enum vctx_style style = view->human && !view->table.json ? VCTX_HUMAN :
							    VCTX_DIGITS;
	unsigned long long value;

	switch (column) {
	case COL_CONTEXT:
		snprintf(buf, size, "%u", info->id);
		return buf;
	case COL_NAME:
		return info->name[0] ? info->name : view->table.json ? NULL : "-";
	case COL_RESOURCE:
		return res->name;
	case COL_USE:
		if (percent(res) < 0)
			return view->table.json ? NULL : "-";
		snprintf(buf, size, "%d", percent(res));
		return buf;
	case COL_USAGE:
		value = res->usage;
		break;
	case COL_PEAK:
		value = res->peak;
		break;
	case COL_SOFT:
		value = res->soft;
		break;
	case COL_HARD:
		value = res->hard;
		break;
	default:
		value = res->fail;
		break;
	}
	if (value == VCTX_MAX && view->table.json)
		return NULL;
	return vctx_format_value(value, style, buf, size);
}

static const char *color(const struct vctx_res *res, int column)
{
	if (column == COL_FAIL && res->fail)
		return "red";
	if (column != COL_USAGE && column != COL_USE)
		return NULL;
	if (res->hard != VCTX_MAX && res->usage >= res->hard)
		return "red";
	if (res->usage > res->soft || percent(res) >= NEARLY_FULL)
		return "yellow";
	return NULL;
}

static int is_shown(enum rows rows, const struct vctx_res *res)
{
	switch (rows) {
	case ROWS_USED:
		return res->usage || res->fail || res->soft != VCTX_MAX ||
		       res->hard != VCTX_MAX;
	case ROWS_TIGHT:
		return res->fail || res->usage > res->soft / 2 ||
		       res->usage > res->hard / 2;
	default:
		return 1;
	}
}

static int add_row(const struct view *view, struct libscols_table *table,
		   const struct vctx_info *info, const struct vctx_res *res)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	char buf[VCTX_VALUE_LEN];
	int i;

	if (!line)
		return -1;
	for (i = 0; i < view->table.nr_columns; i++) {
		int column = view->table.column[i];
		const char *text = cell(view, info, res, column, buf,
					sizeof(buf));
		const char *paint = color(res, column);

		if (table_set_cell(line, i, text, paint))
			return -1;
	}
	return 0;
}

static int print_infos(const struct view *view, const struct vctx_info *info,
		       size_t nr)
{
	struct libscols_table *table = table_new(&view->table, view->suggest ?
						 "suggestions" : "limits");
	size_t i, j;
	int bad = !table;

	for (i = 0; !bad && i < nr; i++)
		for (j = 0; !bad && j < info[i].nr_res; j++)
			if (is_shown(view->rows, &info[i].res[j]))
				bad = add_row(view, table, &info[i],
					      &info[i].res[j]);
	if (!bad && (view->table.json || nr))
		bad = scols_print_table(table);
	scols_unref_table(table);
	if (bad) {
		tool_error(&vlimit_tool, "cannot make the table");
		return EXIT_FAILED;
	}
	return EXIT_SUCCESS;
}

static int show(const struct view *view, struct vctx_info *info, size_t nr)
{
	size_t i;

	if (!view->suggest)
		return print_infos(view, info, nr);
	for (i = 0; i < nr; i++) {
		/* Tools pass through the watcher: it needs no limits. */
		if (view->rows == ROWS_USED && info[i].id == VCTX_ID_WATCHER)
			info[i].nr_res = 0;
		suggest(&info[i]);
		if (!view->table.json)
			print_suggestion(&info[i]);
	}
	return view->table.json ? print_infos(view, info, nr) : EXIT_SUCCESS;
}

static int show_one(struct view *view, const char *context, unsigned int id)
{
	struct vctx_info info;
	int status;
	int err = vctx_read(id, &info);

	if (err) {
		tool_context_error(&vlimit_tool, context, err);
		return EXIT_FAILED;
	}
	status = show(view, &info, 1);
	vctx_info_free(&info);
	return status;
}

static int show_all(struct view *view)
{
	struct vctx_list list = VCTX_LIST_INIT;
	struct vctx_self self;
	int status;
	int err = vctx_read_summary(&list);

	/* A member sees its own context only. */
	if (err == -ENOENT && !vctx_self(&self) && self.id != VCTX_ID_HOST)
		return show_one(view, NULL, self.id);
	if (err) {
		tool_context_error(&vlimit_tool, NULL, err);
		return EXIT_FAILED;
	}
	if (view->rows == ROWS_DEFAULT)
		view->rows = ROWS_USED;
	status = show(view, list.info, list.nr);
	vctx_list_free(&list);
	return status;
}

static int unknown_resource(const char *name, size_t len,
			    const struct vctx_res *res, size_t nr)
{
	char names[1024] = "";
	size_t used = 0;
	size_t i;

	for (i = 0; i < nr && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used,
					 " %s", res[i].name);
	tool_error(&vlimit_tool, "unknown resource '%.*s'; this kernel has:%s",
		   (int)len, name, names);
	return EXIT_FAILED;
}

/* Add "RESOURCE soft N hard N" to the line that the kernel gets. */
static int add_limit(char *text, size_t *used, const char *name, size_t len,
		     const struct vctx_limit *limit)
{
	char soft[VCTX_VALUE_LEN];
	char hard[VCTX_VALUE_LEN];
	int has_soft = limit->set & VCTX_LIMIT_SOFT;
	int has_hard = limit->set & VCTX_LIMIT_HARD;
	int more;

	vctx_format_value(limit->soft, VCTX_DIGITS, soft, sizeof(soft));
	vctx_format_value(limit->hard, VCTX_DIGITS, hard, sizeof(hard));
	more = snprintf(text + *used, LINE_LEN - *used, "%s%.*s%s%s%s%s",
			*used ? " " : "", (int)len, name,
			has_soft ? " soft " : "", has_soft ? soft : "",
			has_hard ? " hard " : "", has_hard ? hard : "");
	if (more < 0 || (size_t)more >= LINE_LEN - *used)
		return -1;
	*used += (size_t)more;
	return 0;
}

static int set_limits(const char *context, unsigned int id, int argc,
		      char *argv[])
{
	char why[VCTX_ERROR_LEN];
	char text[LINE_LEN] = "";
	struct vctx_limit limit;
	struct vctx_res *res;
	size_t used = 0;
	size_t nr, j;
	int err;
	int i;

	/* The command line first: it is wrong whatever the contexts are. */
	for (i = 0; i < argc; i++) {
		const char *equal = strchr(argv[i], '=');

		if (!equal || equal == argv[i])
			tool_usage_error(&vlimit_tool, "'%s' is not RESOURCE=LIMIT",
					 argv[i]);
		err = vctx_parse_limit(equal + 1, &limit);
		if (err == -ERANGE)
			tool_usage_error(&vlimit_tool, "limit '%s' is too large",
					 argv[i]);
		if (err)
			tool_usage_error(&vlimit_tool, "limit '%s' is not SOFT:HARD, SOFT:, :HARD or one value",
					 argv[i]);
		if (add_limit(text, &used, argv[i],
			      (size_t)(equal - argv[i]), &limit))
			tool_usage_error(&vlimit_tool, "too many limits at once");
	}

	if (id == VCTX_ID_HOST) {
		tool_error(&vlimit_tool, "context 0, the host, has no limits");
		return EXIT_FAILED;
	}
	err = vctx_get_limits(id, &res, &nr);
	if (err) {
		tool_context_error(&vlimit_tool, context, err);
		return EXIT_FAILED;
	}
	for (i = 0; i < argc; i++) {
		size_t len = strcspn(argv[i], "=");

		for (j = 0; j < nr; j++)
			if (strlen(res[j].name) == len &&
			    !memcmp(res[j].name, argv[i], len))
				break;
		if (j == nr) {
			unknown_resource(argv[i], len, res, nr);
			free(res);
			return EXIT_FAILED;
		}
	}
	free(res);

	err = vctx_set_limits(id, text);
	if (!err)
		return EXIT_SUCCESS;
	if ((err == -EINVAL || err == -ERANGE) &&
	    !vctx_last_error(id, why, sizeof(why)) && *why)
		tool_error(&vlimit_tool, "context %s: %s", context, why);
	else
		tool_context_error(&vlimit_tool, context, err);
	return EXIT_FAILED;
}

static void set_rows(struct view *view, enum rows rows)
{
	if (view->rows != ROWS_DEFAULT && view->rows != rows)
		tool_usage_error(&vlimit_tool, "-a and -q exclude each other");
	view->rows = rows;
}

/* Options that would be ignored are told, not ignored. */
static void check_options(const struct view *view, int is_watch,
			  const char *on_fail)
{
	int table = view->rows != ROWS_DEFAULT || view->table.raw || view->human ||
		    view->table.no_headings || view->chosen_columns;

	if (view->table.json && view->table.raw)
		tool_usage_error(&vlimit_tool, "--json and --raw exclude each other");
	if (is_watch && view->suggest)
		tool_usage_error(&vlimit_tool, "--watch and --suggest exclude each other");
	if (on_fail && !is_watch)
		tool_usage_error(&vlimit_tool, "--on-fail needs --watch");
	if (table && (is_watch || view->suggest))
		tool_usage_error(&vlimit_tool, "%s takes no option of the table but --json",
				 is_watch ? "--watch" : "--suggest");
}

int main(int argc, char *argv[])
{
	static const int usual[] = { COL_CONTEXT, COL_NAME, COL_RESOURCE,
				     COL_USAGE, COL_PEAK, COL_SOFT, COL_HARD,
				     COL_FAIL };
	static const int suggested[] = { COL_CONTEXT, COL_NAME, COL_RESOURCE,
					 COL_PEAK, COL_SOFT, COL_HARD };
	struct watch_options watching = { 0 };
	struct view view = {
		.table = {
			.columns = columns,
			.nr = NR_COLUMNS,
			.nr_columns = COL_FAIL + 1,
		},
	};
	const char *context = NULL;
	unsigned int id = 0;
	int is_watch = 0;
	int status;
	int key;

	setlocale(LC_ALL, "");
	memcpy(view.table.column, usual, sizeof(usual));
	while ((key = tool_getopt(&vlimit_tool, argc, argv)) != -1) {
		switch (key) {
		case 'a':
			set_rows(&view, ROWS_ALL);
			break;
		case 'c':
			context = optarg;
			break;
		case 'H':
			view.human = 1;
			break;
		case 'n':
			view.table.no_headings = 1;
			break;
		case 'o':
			view.chosen_columns = 1;
			table_choose(&view.table, &vlimit_tool, optarg);
			break;
		case 'q':
			set_rows(&view, ROWS_TIGHT);
			break;
		case OPT_JSON:
			view.table.json = 1;
			break;
		case OPT_RAW:
			view.table.raw = 1;
			break;
		case OPT_SUGGEST:
			view.suggest = 1;
			break;
		case OPT_WATCH:
			is_watch = 1;
			break;
		case OPT_ON_FAIL:
			watching.on_fail = optarg;
			break;
		}
	}
	check_options(&view, is_watch, watching.on_fail);
	if (optind < argc && !context)
		tool_usage_error(&vlimit_tool, "which context? -c CONTEXT is needed to set limits");
	if (optind < argc && (is_watch || view.suggest))
		tool_usage_error(&vlimit_tool, "'%s' is one too many",
				 argv[optind]);

	if (context) {
		status = tool_find_context(&vlimit_tool, context, &id);
		if (status)
			return status;
		if (optind < argc)
			return set_limits(context, id, argc - optind,
					  argv + optind);
		if (id == VCTX_ID_HOST) {
			tool_error(&vlimit_tool, "context 0, the host, has no limits");
			return EXIT_FAILED;
		}
	}
	if (is_watch) {
		watching.context = context;
		watching.id = id;
		watching.json = view.table.json;
		status = watch(&watching);
	} else {
		if (view.suggest) {
			memcpy(view.table.column, suggested, sizeof(suggested));
			view.table.nr_columns = sizeof(suggested) / sizeof(suggested[0]);
		}
		status = context ? show_one(&view, context, id) :
				   show_all(&view);
	}
	if (tool_close_stdout(&vlimit_tool))
		return EXIT_FAILED;
	return status;
}
