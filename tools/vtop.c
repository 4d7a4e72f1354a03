// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vtop: top over the processes of all contexts
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

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

static int run(void *arg)
{
	char **argv = arg;

	execvp(argv[0], argv);
	tool_error(&tool, "%s: %s", argv[0], strerror(errno));
	return EXIT_FAILED;
}

int main(int argc, char *argv[])
{
	return tool_watch(&tool, argc, argv, "top", run);
}
