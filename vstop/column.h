/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vstop: the columns
 *
 * One constant table: header, order, help, batch output and JSON come from it.
 */
#ifndef VSTOP_COLUMN_H
#define VSTOP_COLUMN_H

#include <stdio.h>

#include "model.h"
#include "text.h"

/**
 * struct column - one column
 *
 * @title: in the header
 * @key: what -s takes and JSON uses
 * @help: what it shows, a few words
 * @hotkey: sorts by it, 0 for none
 * @extra: batch output has it only if it is asked for
 * @asked: the same holds for the terminal
 * @needs: MODEL_* that must be read for it
 * @present: whether there is anything to show; NULL if there always is
 * @width: columns of the terminal that it takes at least
 * @grow: up to how many it takes if there is room
 * @drop: the higher, the earlier it goes when the terminal is narrow
 * @align: of text and title
 * @descending: the largest comes first unless inverted
 * @compare: as for qsort(), ascending
 * @render: the value as text; @bar is the width for a drawn bar, 0 for
 *	a single word
 * @level: what the value means, NULL if nothing
 * @json: the value as JSON
 */
struct column {
	const char *title;
	const char *key;
	const char *help;
	char hotkey;
	bool extra;
	bool asked;
	unsigned int needs;
	bool (*present)(const struct model *m);
	int width;
	int grow;
	int drop;
	enum text_align align;
	bool descending;
	int (*compare)(const struct row *a, const struct row *b);
	void (*render)(const struct row *row, char *dst, size_t size, int bar);
	enum level (*level)(const struct row *row);
	void (*json)(FILE *f, const struct row *row);
};

extern const struct column column_table[];
extern const int nr_columns;

/* At least as many as there are columns */
#define MAX_COLUMNS	24

/**
 * struct column_set - columns that are shown, in this order
 * @col: the columns
 * @nr: how many
 * @usual: how many of them, the first ones, nobody has asked for: they go if there
 *	is nothing to show, and before the others if there is no room
 */
struct column_set {
	const struct column *col[MAX_COLUMNS];
	int nr;
	int usual;
};

/* What must be read for @set, and to order by @sort */
unsigned int column_set_needs(const struct column_set *set,
			      const struct column *sort);

/* All that need not be asked for; those that are extra only with @extra */
void column_set_usual(struct column_set *set, bool extra);

/**
 * column_set_parse - the columns that the user wants
 * @set: the usual ones; receives what is wanted
 * @list: names with commas between them; with "+" in front, these after the
 *	usual ones
 *
 * Return: NULL, or the first name that is no column's, up to the end of @list.
 */
const char *column_set_parse(struct column_set *set, const char *list);

/* The column that is called @name, its key or its title in any case, or NULL */
const struct column *column_find(const char *name);

/* A string or a number (null if unknown) as JSON */
void json_string(FILE *f, const char *s);
void json_number(FILE *f, double value, int decimals);

#endif
