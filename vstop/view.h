/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vstop: how the model is shown
 */
#ifndef VSTOP_VIEW_H
#define VSTOP_VIEW_H

#include <stdio.h>

#include "column.h"
#include "model.h"

/**
 * struct view_options - what the user asked for
 * @delay: seconds between readings
 * @count: how many frames, 0 for no end
 * @sort: by which column
 * @shown: which columns
 * @json: batch only: an object per frame and line
 */
struct view_options {
	double delay;
	unsigned long count;
	const struct column *sort;
	struct column_set shown;
	bool json;
};

#define DELAY_MIN	0.1
#define DELAY_MAX	3600.0

/**
 * view_batch - print frames
 * @m: the model, read once
 * @opt: options
 * @f: where to
 *
 * Return: exit status.
 */
int view_batch(struct model *m, const struct view_options *opt, FILE *f);

/* One frame, as a table and as one line of JSON */
void batch_table(FILE *f, const struct model *m,
		 const struct column_set *set);
void batch_json(FILE *f, const struct model *m, const struct column_set *set);

/**
 * view_curses - show the model on the terminal until the user leaves
 * @m: the model, read once
 * @opt: options
 *
 * The terminal is as it was when this returns, and also when a signal ends
 * the program.
 *
 * Return: exit status.
 */
int view_curses(struct model *m, const struct view_options *opt);

/* What a failed model_update() means, in words; @err is its return value. */
const char *view_error(int err);

#endif
