// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vtop: top over the processes of all contexts
 */
#include "common.h"

static const struct tool_option options[] = {
	TOOL_OPTIONS
};

static const struct tool tool = {
	.name = "vtop",
	.usage = "[TOP OPTION]...",
	.about = "Run top over the processes of all contexts.",
	.more = "All other options are those of top(1).\n",
	.usage_status = EXIT_USAGE,
	.option = options,
};

int main(int argc, char *argv[])
{
	return tool_watch(&tool, argc, argv, "top", NULL);
}
