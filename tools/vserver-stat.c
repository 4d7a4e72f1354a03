// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vserver-stat: one line for each context
 *
 * Columns and options are those of the original, as far as there are any.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libvctx.h"
#include "table.h"

enum {
	COL_CTX,
	COL_PROC,
	COL_VSZ,
	COL_RSS,
	COL_USER,
	COL_SYS,
	COL_UPTIME,
	COL_NAME,
	NR_COLUMNS,
};

static const struct table_column columns[NR_COLUMNS] = {
	[COL_CTX]	= { "CTX", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "id of the context" },
	[COL_PROC]	= { "PROC", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "processes" },
	[COL_VSZ]	= { "VSZ", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "address space" },
	[COL_RSS]	= { "RSS", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "resident memory" },
	[COL_USER]	= { "userTIME", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "CPU time in programs" },
	[COL_SYS]	= { "sysTIME", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "CPU time in the kernel" },
	[COL_UPTIME]	= { "UPTIME", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER, "time since the context was made" },
	[COL_NAME]	= { "NAME", 0, SCOLS_JSON_STRING, "name of the context" },
};

static const struct tool_option options[] = {
	{ 'o', "output", "COLUMN[,COLUMN]", "show these columns; with + in front of them, these too", NULL },
	{ 'n', "noheadings", NULL, "print no heading", NULL },
	{ OPT_JSON, "json", NULL, "print JSON: bytes and microseconds", NULL },
	{ OPT_RAW, "raw", NULL, "columns are apart by one space", NULL },
	TOOL_OPTIONS
};

static void print_columns(void)
{
	table_help(columns, NR_COLUMNS);
}

static const struct tool tool = {
	.name = "vserver-stat",
	.usage = "[OPTION]...",
	.about = "Show what each context with processes uses.",
	.print_more = print_columns,
	.usage_status = EXIT_USAGE,
	.option = options,
};

static unsigned long long usage(const struct vctx_info *info, const char *name)
{
	const struct vctx_res *res = vctx_info_res(info, name);

	return res ? res->usage : 0;
}

/* A line of "accounting", 0 if the context has ended meanwhile */
static unsigned long long accounted(unsigned int id, const char *key)
{
	unsigned long long value = 0;
	struct vctx_value *values;
	size_t nr, i;

	if (vctx_get_accounting(id, &values, &nr))
		return 0;
	for (i = 0; i < nr; i++)
		if (!strcmp(values[i].key, key))
			value = values[i].value;
	free(values);
	return value;
}

/* As the original has it: 0m04s27, 2h13m04, 3d02h13 */
static void format_time(unsigned long long usec, char *buf, size_t size)
{
	unsigned long long seconds = usec / 1000000;
	unsigned int minutes = (unsigned int)(seconds / 60 % 60);
	unsigned int hours = (unsigned int)(seconds / 3600 % 24);

	if (seconds < 3600)
		snprintf(buf, size, "%um%02us%02u", minutes,
			 (unsigned int)(seconds % 60),
			 (unsigned int)(usec % 1000000 / 10000));
	else if (seconds < 24 * 3600)
		snprintf(buf, size, "%uh%02um%02u", hours, minutes,
			 (unsigned int)(seconds % 60));
	else
		snprintf(buf, size, "%llud%02uh%02u", seconds / (24 * 3600),
			 hours, minutes);
}

static const char *cell(const struct table_view *view,
			const struct vctx_info *info, int column, char *buf,
			size_t size)
{
	unsigned long long value;
	int is_time = column == COL_USER || column == COL_SYS ||
		      column == COL_UPTIME;

	switch (column) {
	case COL_CTX:
		value = info->id;
		break;
	case COL_PROC:
		value = usage(info, "nproc");
		break;
	case COL_VSZ:
		value = usage(info, "as");
		break;
	case COL_RSS:
		value = usage(info, "rss");
		break;
	case COL_USER:
		value = accounted(info->id, "user_usec");
		break;
	case COL_SYS:
		value = accounted(info->id, "system_usec");
		break;
	case COL_UPTIME:
		value = info->age_usec;
		break;
	default:
		return info->name[0] ? info->name : view->json ? NULL : "-";
	}
	if (view->json)
		return vctx_format_value(value, VCTX_DIGITS, buf, size);
	if (!is_time)
		return vctx_format_value(value, column == COL_VSZ ||
					 column == COL_RSS ? VCTX_HUMAN :
							     VCTX_DIGITS,
					 buf, size);
	format_time(value, buf, size);
	return buf;
}

static int add_row(const struct table_view *view, struct libscols_table *table,
		   const struct vctx_info *info)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	char buf[VCTX_VALUE_LEN];
	int i;

	if (!line)
		return -1;
	for (i = 0; i < view->nr_columns; i++)
		if (table_set_cell(line, i, cell(view, info, view->column[i],
						 buf, sizeof(buf)), NULL))
			return -1;
	return 0;
}

static int show(const struct table_view *view, const struct vctx_info *info,
		size_t nr)
{
	struct libscols_table *table = table_new(view, "contexts");
	int bad = !table;
	size_t i;

	for (i = 0; !bad && i < nr; i++)
		if (usage(&info[i], "nproc"))
			bad = add_row(view, table, &info[i]);
	if (!bad)
		bad = scols_print_table(table);
	scols_unref_table(table);
	if (bad) {
		tool_error(&tool, "cannot make the table");
		return EXIT_FAILED;
	}
	return tool_close_stdout(&tool) ? EXIT_FAILED : EXIT_SUCCESS;
}

static int show_all(const struct table_view *view)
{
	struct vctx_list list = VCTX_LIST_INIT;
	struct vctx_info own;
	struct vctx_self self;
	int status;
	int err = vctx_read_summary(&list);

	/* A member sees its own context only. */
	if (err == -ENOENT && !vctx_self(&self) && self.id != VCTX_ID_HOST) {
		err = vctx_read(self.id, &own);
		if (!err) {
			status = show(view, &own, 1);
			vctx_info_free(&own);
			return status;
		}
	}
	if (err) {
		tool_context_error(&tool, NULL, err);
		return EXIT_FAILED;
	}
	status = show(view, list.info, list.nr);
	vctx_list_free(&list);
	return status;
}

int main(int argc, char *argv[])
{
	struct table_view view = { .columns = columns, .nr = NR_COLUMNS };
	int key;

	for (key = 0; key < NR_COLUMNS; key++)
		view.column[view.nr_columns++] = key;
	while ((key = tool_getopt(&tool, argc, argv)) != -1) {
		switch (key) {
		case 'o':
			table_choose(&view, &tool, optarg);
			break;
		case 'n':
			view.no_headings = 1;
			break;
		case OPT_JSON:
			view.json = 1;
			break;
		case OPT_RAW:
			view.raw = 1;
			break;
		}
	}
	if (optind < argc)
		tool_usage_error(&tool, "unexpected argument '%s'", argv[optind]);
	return show_all(&view);
}
