// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables of which the user chooses the columns, see table.h
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "table.h"

/**
 * table_list() - print columns, one a line
 * @columns: the columns
 * @nr: how many
 */
void table_list(const struct table_column *columns, int nr)
{
	int width = 8;
	int i;

	for (i = 0; i < nr; i++)
		if ((int)strlen(columns[i].name) > width)
			width = (int)strlen(columns[i].name);
	for (i = 0; i < nr; i++)
		printf("  %-*s  %s\n", width, columns[i].name, columns[i].help);
}

/**
 * table_help() - print what columns there are
 * @columns: the columns
 * @nr: how many
 */
void table_help(const struct table_column *columns, int nr)
{
	printf("\nColumns:\n");
	table_list(columns, nr);
}

/**
 * table_choose() - show the columns that the user asks for
 * @view: the view
 * @tool: the caller, which ends with an error if there is no such column
 * @list: their names, apart by commas; after a +, they are shown as well
 */
void table_choose(struct table_view *view, const struct tool *tool, char *list)
{
	char *word;
	int i, j;

	if (*list == '+')
		list++;
	else
		view->nr_columns = 0;
	while ((word = strsep(&list, ","))) {
		for (i = 0; i < view->nr; i++)
			if (!strcasecmp(word, view->columns[i].name))
				break;
		if (i == view->nr)
			tool_usage_error(tool, "unknown column '%s'", word);
		for (j = 0; j < view->nr_columns; j++)
			if (view->column[j] == i)
				break;
		if (j == view->nr_columns)
			view->column[view->nr_columns++] = i;
	}
}

static int want_color(void)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return !(no && *no) && isatty(STDOUT_FILENO) && term &&
	       strcmp(term, "dumb");
}

/**
 * table_new() - a table without rows
 * @view: how it is shown
 * @name: what JSON calls it
 *
 * Return: the table, for scols_unref_table(); NULL if there is no memory.
 */
struct libscols_table *table_new(const struct table_view *view,
				 const char *name)
{
	struct libscols_table *table = scols_new_table();
	struct libscols_column *column;
	int i;

	if (!table)
		return NULL;
	scols_table_set_name(table, name);
	scols_table_enable_json(table, view->json);
	scols_table_enable_raw(table, view->raw);
	scols_table_enable_noheadings(table, view->no_headings);
	scols_table_enable_colors(table, want_color());
	for (i = 0; i < view->nr_columns; i++) {
		const struct table_column *c = &view->columns[view->column[i]];

		column = scols_table_new_column(table, c->name, 0, c->flags);
		if (!column) {
			scols_unref_table(table);
			return NULL;
		}
		scols_column_set_json_type(column, c->json);
	}
	return table;
}

/**
 * table_set_cell() - fill a cell
 * @line: its row
 * @i: the how many-th column that is shown
 * @text: its text; NULL for none, which JSON shows as null
 * @color: what libsmartcols calls its colour, or NULL
 *
 * Return: 0, not 0 if there is no memory.
 */
int table_set_cell(struct libscols_line *line, int i, const char *text,
		   const char *color)
{
	if (text && scols_line_set_data(line, (size_t)i, text))
		return -1;
	if (color)
		scols_cell_set_color(scols_line_get_cell(line, (size_t)i),
				     color);
	return 0;
}
