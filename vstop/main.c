// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vstop: what contexts use, live
 */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../tools/common.h"
#include "view.h"

#define DELAY_DEFAULT	1.5

/* Filled in from the table of columns before the options are looked at */
static char sort_words[256];

static const struct tool_option options[] = {
	{ 'd', "delay", "SECONDS", "time between readings, 0.1 to 3600 (1.5)", NULL },
	{ 'o', "output", "COLUMN,...", "show these columns; with + in front, these too", sort_words },
	{ 's', "sort", "COLUMN", "order by this column (cpu)", sort_words },
	{ 'c', "context", "CONTEXT", "show this context only, an id or a name", COMPLETE_CONTEXTS },
	{ 'n', "iterations", "N", "end after N frames", NULL },
	{ 'b', "batch", NULL, "print frames of plain text", NULL },
	{ OPT_JSON, "json", NULL, "with -b: print a line of JSON for each frame", NULL },
	TOOL_OPTIONS
};

static char more[512];

static const struct tool tool = {
	.name = "vstop",
	.usage = "[OPTION]...",
	.about = "Show what contexts use, and how near their limits they are.",
	.more = more,
	.usage_status = EXIT_USAGE,
	.option = options,
};

static void words_init(void)
{
	size_t len = 0;
	int c;

	for (c = 0; c < nr_columns && len < sizeof(sort_words); c++)
		len += (size_t)snprintf(sort_words + len,
					sizeof(sort_words) - len, "%s%s",
					c ? " " : "", column_table[c].key);
	snprintf(more, sizeof(more),
		 "Columns: %s.\nPress h in vstop for its keys.\n", sort_words);
}

static double parse_delay(const char *text)
{
	char *end;
	double delay = strtod(text, &end);

	/* Also what is no number at all */
	if (end == text || *end || !(delay >= DELAY_MIN && delay <= DELAY_MAX))
		tool_usage_error(&tool,
				 "'%s' is not a time between %g and %g seconds",
				 text, DELAY_MIN, DELAY_MAX);
	return delay;
}

static unsigned long parse_count(const char *text)
{
	unsigned long count = 0;
	char *end = NULL;

	errno = 0;
	if (*text >= '0' && *text <= '9')
		count = strtoul(text, &end, 10);
	if (!count || errno || *end)
		tool_usage_error(&tool, "'%s' is not a number of frames", text);
	return count;
}

int main(int argc, char *argv[])
{
	struct view_options opt = {
		.delay = DELAY_DEFAULT,
		.sort = column_find("cpu"),
	};
	const char *only = NULL, *columns = NULL, *unknown;
	struct model model;
	bool batch = false;
	int key, status, err;

	/* Seconds on the command line have a point in every language. */
	setlocale(LC_CTYPE, "");
	setlocale(LC_TIME, "");
	words_init();

	while ((key = tool_getopt(&tool, argc, argv)) != -1) {
		switch (key) {
		case 'd':
			opt.delay = parse_delay(optarg);
			break;
		case 's':
			opt.sort = column_find(optarg);
			if (!opt.sort)
				tool_usage_error(&tool, "no column '%s', only: %s",
						 optarg, sort_words);
			break;
		case 'o':
			columns = optarg;
			break;
		case 'c':
			only = optarg;
			break;
		case 'n':
			opt.count = parse_count(optarg);
			break;
		case 'b':
			batch = true;
			break;
		case OPT_JSON:
			opt.json = true;
			break;
		}
	}
	if (optind < argc)
		tool_usage_error(&tool, "'%s' is one too many", argv[optind]);
	if (opt.json && !batch)
		tool_usage_error(&tool, "--json needs -b");

	/* Scripts that read batch output know what they get. */
	column_set_usual(&opt.shown, !batch);
	unknown = columns ? column_set_parse(&opt.shown, columns) : NULL;
	if (unknown)
		tool_usage_error(&tool, "no column '%.*s', only: %s",
				 (int)strcspn(unknown, ","), unknown,
				 sort_words);

	model_init(&model, only);
	model.wants = column_set_needs(&opt.shown, opt.sort);
	err = model_update(&model);
	if (err) {
		tool_error(&tool, "%s", view_error(err));
		status = EXIT_FAILED;
	} else if (only && !model.cur.nr) {
		tool_error(&tool, "context %s: no such context", only);
		status = EXIT_FAILED;
	} else if (batch) {
		status = view_batch(&model, &opt, stdout);
		if (tool_close_stdout(&tool))
			status = EXIT_FAILED;
	} else {
		status = view_curses(&model, &opt);
	}
	model_free(&model);
	return status;
}
