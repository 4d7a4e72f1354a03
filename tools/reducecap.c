// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reducecap: run a command that can never have some capabilities
 *
 * It enters no context.  Like chcontext's, its own errors exit 255.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "caps.h"

#define EXIT_REDUCECAP	255

enum {
	OPT_SECURE = OPT_TOOL,
	OPT_SHOW,
};

static const struct tool_option options[] = {
	{ 'c', "cap", "[!]CAP", "keep CAP in spite of --secure; with ! remove it", NULL },
	{ OPT_SECURE, "secure", NULL, "remove all capabilities that a virtual server can do without", NULL },
	{ OPT_SHOW, "show", NULL, "print what capabilities are left", NULL },
	TOOL_OPTIONS
};

static const struct tool tool = {
	.name = "reducecap",
	.usage = "[OPTION]... [--CAP]... [--] COMMAND [ARGUMENT]...",
	.about = "Run a command without some capabilities, which neither it nor set-user-ID programs get back.",
	.more =
"--CAP, the name of a capability as in --CAP_NET_ADMIN, removes it.  With --show,\n"
"there need be no command.\n",
	.complete = COMPLETE_COMMAND,
	.usage_status = EXIT_REDUCECAP,
	.in_order = 1,
	.option = options,
};

/* "--CAP_x" means "--cap=!CAP_x"; options end as tool_getopt() ends them. */
static void rewrite_caps(int argc, char *argv[])
{
	cap_value_t cap;
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		char *text;

		if (!strcmp(argv[i], "--"))
			return;
		if (!strcmp(argv[i], "-c") || !strcmp(argv[i], "--cap")) {
			i++;
			continue;
		}
		if (argv[i][1] != '-' || caps_parse(argv[i] + 2, &cap))
			continue;
		if (asprintf(&text, "--cap=!%s", argv[i] + 2) < 0) {
			tool_error(&tool, "out of memory");
			exit(EXIT_REDUCECAP);
		}
		argv[i] = text;
	}
}

static int clear(cap_t caps, cap_value_t cap)
{
	return cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_CLEAR) ||
	       cap_set_flag(caps, CAP_PERMITTED, 1, &cap, CAP_CLEAR) ||
	       cap_set_flag(caps, CAP_INHERITABLE, 1, &cap, CAP_CLEAR);
}

/*
 * Nobody gets back what is not in the bounding set.  Who may not change that
 * must not run set-user-ID programs that lack a part of what they count on, so
 * that they give him nothing: no_new_privs.
 */
static int reduce(unsigned long long drop)
{
	int may_bound = caps_has(CAP_SETPCAP);
	cap_t caps = cap_get_proc();
	int bits = cap_max_bits();
	int err = !caps;
	cap_value_t cap;

	for (cap = 0; !err && cap < bits; cap++) {
		if (!(drop & caps_bit(cap)))
			continue;
		if (may_bound && cap_get_bound(cap) == 1)
			err = cap_drop_bound(cap);
		err = err || clear(caps, cap);
	}
	if (!err && drop && !may_bound)
		err = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* Ambient ones go with those that are permitted. */
	if (!err)
		err = cap_set_proc(caps);
	if (err)
		tool_error(&tool, "cannot reduce capabilities: %s",
			   strerror(errno));
	cap_free(caps);
	return err;
}

static void show_set(const char *name, int (*has)(cap_value_t cap))
{
	int bits = cap_max_bits();
	cap_value_t cap;

	printf("%s:", name);
	for (cap = 0; cap < bits; cap++) {
		char *text;

		if (!has(cap))
			continue;
		text = cap_to_name(cap);
		printf(" %s", text ? text : "?");
		cap_free(text);
	}
	putchar('\n');
}

static int in_bounding_set(cap_value_t cap)
{
	return cap_get_bound(cap) == 1;
}

static int show(void)
{
	show_set("bounding", in_bounding_set);
	show_set("effective", caps_has);
	printf("no_new_privs: %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	if (fflush(stdout)) {
		tool_error(&tool, "cannot write the output: %s",
			   strerror(errno));
		return -1;
	}
	return 0;
}

int main(int argc, char *argv[])
{
	struct caps_request request = { 0 };
	int shows = 0;
	int key;

	rewrite_caps(argc, argv);
	while ((key = tool_getopt(&tool, argc, argv)) != -1) {
		switch (key) {
		case 'c':
			caps_parse_option(&tool, &request, optarg);
			break;
		case OPT_SECURE:
			request.secure = 1;
			break;
		case OPT_SHOW:
			shows = 1;
			break;
		}
	}
	if (optind == argc && !shows)
		tool_usage_error(&tool, "a command is needed");
	if (reduce(caps_drop(&request)) || (shows && show()))
		return EXIT_REDUCECAP;
	if (optind == argc)
		return 0;

	execvp(argv[optind], &argv[optind]);
	tool_error(&tool, "%s: %s", argv[optind], strerror(errno));
	return EXIT_REDUCECAP;
}
