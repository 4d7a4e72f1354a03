// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * chbind: run a command that is bound to network addresses
 *
 * Options and messages are those of the original.  Its own errors exit 255, so
 * that they are told from what the command says.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "common.h"
#include "libvctx.h"

#define EXIT_CHBIND	255

enum {
	OPT_BCAST = OPT_TOOL,
	OPT_IP,
	OPT_SILENT,
};

static const struct tool_option options[] = {
	{ OPT_IP, "ip", "ADDRESS[,ADDRESS]", "bind to these, or to those of an interface", NULL },
	{ OPT_BCAST, "bcast", "ADDRESS", "also receive what is sent to this IPv4 broadcast address", NULL },
	{ OPT_SILENT, "silent", NULL, "do not print the addresses", NULL },
	TOOL_OPTIONS
};

static const struct tool tool = {
	.name = "chbind",
	.usage = "--ip ADDRESS[,ADDRESS]... [OPTION]... [--] COMMAND [ARGUMENT]...",
	.about = "Run a command in a fresh context that is bound to network addresses.",
	.more = "Anybody may do so.  Within a bound context, only its own addresses can be named.\n",
	.complete = COMPLETE_COMMAND,
	.usage_status = EXIT_CHBIND,
	.in_order = 1,
	.option = options,
};

static int enter_fresh(void)
{
	struct vctx_enter enter = { .id = VCTX_ID_NEW };
	int err = vctx_enter(&enter);

	if (!err)
		return 0;
	if (err == -EOPNOTSUPP)
		tool_error(&tool, "the running kernel has no vctx");
	else if (err == -EPERM)
		tool_error(&tool, "this context is locked: its members create no contexts");
	else
		tool_error(&tool, "cannot make a context: %s", strerror(-err));
	return -1;
}

int main(int argc, char *argv[])
{
	struct vctx_addresses set = { .nr = 0 };
	int silent = 0;
	int key;

	while ((key = tool_getopt(&tool, argc, argv)) != -1) {
		switch (key) {
		case OPT_IP:
			address_add(&tool, &set, optarg);
			break;
		case OPT_BCAST:
			address_broadcast(&tool, &set, optarg);
			break;
		case OPT_SILENT:
			silent = 1;
			break;
		}
	}
	if (!set.nr)
		tool_usage_error(&tool, "an address is needed: --ip ADDRESS");
	if (optind == argc)
		tool_usage_error(&tool, "a command is needed");

	if (enter_fresh() || address_bind(&tool, &set))
		return EXIT_CHBIND;
	if (!silent) {
		address_print(&set);
		if (fflush(stdout)) {
			tool_error(&tool, "cannot write the output: %s",
				   strerror(errno));
			return EXIT_CHBIND;
		}
	}
	execvp(argv[optind], &argv[optind]);
	tool_error(&tool, "%s: %s", argv[optind], strerror(errno));
	return EXIT_CHBIND;
}
