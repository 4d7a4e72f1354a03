/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables of which the user chooses the columns, by libsmartcols
 */
#ifndef VCTX_TOOLS_TABLE_H
#define VCTX_TOOLS_TABLE_H

#include <stddef.h>

#include <libsmartcols/libsmartcols.h>

#include "common.h"

/* More columns than any table has */
#define TABLE_MOST	16

/**
 * struct table_column - a column that there is
 * @name: its heading
 * @flags: SCOLS_FL_*
 * @json: SCOLS_JSON_*
 * @help: what it shows
 */
struct table_column {
	const char *name;
	int flags;
	int json;
	const char *help;
};

/**
 * struct table_view - how a table is shown
 * @columns: those that there are
 * @nr: how many, TABLE_MOST at most
 * @column: those that are shown, as indices of @columns
 * @nr_columns: how many
 * @json: print JSON
 * @raw: columns are apart by one space
 * @no_headings: no heading
 */
struct table_view {
	const struct table_column *columns;
	int nr;
	int column[TABLE_MOST];
	int nr_columns;
	int json;
	int raw;
	int no_headings;
};

void table_list(const struct table_column *columns, int nr);
void table_help(const struct table_column *columns, int nr);
void table_choose(struct table_view *view, const struct tool *tool, char *list);
struct libscols_table *table_new(const struct table_view *view,
				 const char *name);
int table_set_cell(struct libscols_line *line, int i, const char *text,
		   const char *color);

#endif /* VCTX_TOOLS_TABLE_H */
