// SPDX-License-Identifier: GPL-2.0-or-later
/* vquota: show and set how much disk contexts may use */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vquota.h"

enum {
	OPT_SHARED = OPT_TOOL,
	OPT_SHIFT,
	OPT_MOUNTED,
	OPT_DRY_RUN,
	OPT_USERS,
};

static const struct tool_option options_known[] = {
	{ 'a', "all", NULL, "also contexts that use nothing, and tags that are no context's", NULL },
	{ 'c', "context", "CONTEXT", "show or change this context only (an id or a name)", COMPLETE_CONTEXTS },
	{ 'f', "filesystem", "PATH", "the filesystem that this file is in, or this device", COMPLETE_DIRECTORIES },
	{ 'H', "human", NULL, "values with K, M, G, T (powers of 1024) instead of all digits", NULL },
	{ OPT_JSON, "json", NULL, "print JSON; null stands for max and for what there is not", NULL },
	{ 'n', "noheadings", NULL, "no heading", NULL },
	{ 'o', "output", "COLUMN,...", "show these columns; with + in front, these too", "CONTEXT NAME USER FILESYSTEM USED SOFT HARD GRACE INODES ISOFT IHARD IGRACE USE% IUSE% ENFORCED" },
	{ OPT_RAW, "raw", NULL, "columns apart by one space, for scripts", NULL },
	{ 'u', "user", "UID", "a user of the context", NULL },
	{ OPT_USERS, "users", NULL, "show users of contexts", NULL },
	{ 'v', "verbose", NULL, "with tag and check: name all files that something is wrong with", NULL },
	{ OPT_SHARED, "shared", NULL, "with tag: charge these files to no context", NULL },
	{ OPT_SHIFT, "shift", NULL, "with users: change the owners of what is there already", NULL },
	{ OPT_MOUNTED, "mounted", NULL, "with enable: act on a filesystem that is mounted", NULL },
	{ OPT_DRY_RUN, "dry-run", NULL, "with enable: say what would be done", NULL },
	TOOL_OPTIONS
};

static const struct tool_verb verbs[] = {
	{ "tag", "DIR...", "charge what is in a directory to the context" },
	{ "check", "[DIR]", "compare tags and usage with what is there" },
	{ "enable", "DEVICE", "make a filesystem have project quota" },
	{ "users", "DIR", "give the context users of its own in a directory" },
	{ NULL, NULL, NULL }
};

static void print_columns(void)
{
	table_help(report_columns, nr_report_columns);
	printf("\nColumns of check:\n");
	table_list(check_columns, nr_check_columns);
}

const struct tool vquota_tool = {
	.name = "vquota",
	.usage = "[OPTION]... [SETTING=VALUE... | VERB [OPERAND]...]",
	.about = "Show or set how much disk the files of a context may use.",
	.more =
"Settings; all is set, or nothing:\n"
"  blocks=LIMIT      bytes of disk space\n"
"  inodes=LIMIT      files of all kinds, directories too\n"
"  grace=TIME        how long soft limits may be exceeded on the filesystem;\n"
"                    with -c, how long this context still may\n"
"LIMIT is SOFT:HARD, SOFT:, :HARD, or one value, the hard limit.  A value is a\n"
"number, with K, M, G or T if wanted, or max.  TIME is a number with s, m, h, d\n"
"or w; without, it is seconds.\n",
	.print_more = print_columns,
	.verb = verbs,
	.first = "blocks= inodes= grace=",
	.complete = COMPLETE_DIRECTORIES,
	.usage_status = EXIT_USAGE,
	.option = options_known,
};

/**
 * context_tag() - the tag of the context that the user has named
 * @options: have it
 * @tag: receives the tag
 *
 * Return: 0, or an exit code after the error was printed.
 */
int context_tag(const struct options *options, unsigned int *tag)
{
	unsigned int id = options->id;
	int err;

	if (id == VCTX_ID_HOST || id == VCTX_ID_WATCHER) {
		tool_error(&vquota_tool, "context %u, the %s, has no disk quota",
			   id, id == VCTX_ID_HOST ? "host" : "watcher");
		return EXIT_FAILED;
	}
	if (id == VCTX_TAG_SHARED) {
		tool_error(&vquota_tool, "%u is no context: it is the tag of shared files",
			   id);
		return EXIT_FAILED;
	}
	err = vctx_tag(id, tag);
	if (err) {
		tool_context_error(&vquota_tool, options->context, err);
		return EXIT_FAILED;
	}
	if (*tag == id)
		return 0;
	if (*tag)
		tool_error(&vquota_tool, "context %s is not static: its files are charged to context %u",
			   options->context, *tag);
	else
		tool_error(&vquota_tool, "context %s is not static (%u to %u): it has no disk quota",
			   options->context, VCTX_ID_STATIC_MIN,
			   VCTX_ID_STATIC_MAX);
	return EXIT_FAILED;
}

static int is_verb(const char *word)
{
	const struct tool_verb *v;

	for (v = verbs; v->name; v++)
		if (!strcmp(word, v->name))
			return 1;
	return 0;
}

static void refuse(const char *verb, int given, const char *option)
{
	if (given)
		tool_usage_error(&vquota_tool, "%s takes no %s", verb, option);
}

/* Options that would be ignored are told, not ignored. */
static void check_options(const struct options *o, const char *verb)
{
	int report = !verb;
	int check = verb && !strcmp(verb, "check");
	int tag = verb && !strcmp(verb, "tag");
	int users = verb && !strcmp(verb, "users");
	int enable = verb && !strcmp(verb, "enable");
	int set = verb && !is_verb(verb);
	const char *what = report ? "the report" : set ? "setting" : verb;
	int table = o->table.raw || o->table.no_headings || o->human ||
		    o->columns || o->table.json;

	if (o->table.json && o->table.raw)
		tool_usage_error(&vquota_tool, "--json and --raw exclude each other");
	refuse(what, table && !report && !check, "option of the table");
	refuse(what, o->all && !report, "--all");
	refuse(what, o->users && !report, "--users");
	refuse(what, o->has_user && !report && !set, "--user");
	refuse(what, o->path && !report && !set && !check, "--filesystem");
	refuse(what, o->context && enable, "--context");
	refuse(what, o->shared && !tag, "--shared");
	refuse(what, o->shift && !users, "--shift");
	refuse(what, o->mounted && !enable, "--mounted");
	refuse(what, o->dry_run && !enable, "--dry-run");
	refuse(what, o->verbose && !tag && !check && !users, "--verbose");
	if (o->shared && o->context)
		tool_usage_error(&vquota_tool, "--shared and --context exclude each other");
	if (o->all && o->context)
		tool_usage_error(&vquota_tool, "--all and --context exclude each other");
	if (((tag && !o->shared) || users) && !o->context)
		tool_usage_error(&vquota_tool, "which context? -c CONTEXT is needed");
	if (set && o->has_user && !o->context)
		tool_usage_error(&vquota_tool, "which context? -c CONTEXT is needed with -u");
}

static int run_verb(struct options *options, const char *verb, int argc,
		    char *argv[])
{
	int one = !strcmp(verb, "enable") || !strcmp(verb, "users");

	if (!strcmp(verb, "check")) {
		if (argc > 1)
			tool_usage_error(&vquota_tool, "'%s' is one too many", argv[1]);
		if (!argc == !options->path)
			tool_usage_error(&vquota_tool, "check what? Either DIR or -f PATH is needed");
		return do_check(options, argc, argv);
	}
	if (!argc)
		tool_usage_error(&vquota_tool, "%s what? An operand is needed", verb);
	if (one && argc > 1)
		tool_usage_error(&vquota_tool, "'%s' is one too many", argv[1]);
	if (!strcmp(verb, "tag"))
		return do_tag(options, argc, argv);
	if (!strcmp(verb, "enable"))
		return do_enable(options, argv[0]);
	return do_users(options, argv[0]);
}

static void parse_user(struct options *options, const char *text)
{
	unsigned int uid;

	if (vctx_parse_id(text, &uid) || uid > USER_MASK)
		tool_usage_error(&vquota_tool, "'%s' is not the id of a user, from 0 to %u",
				 text, USER_MASK);
	options->user = uid;
	options->has_user = 1;
}

int main(int argc, char *argv[])
{
	struct options options = { 0 };
	char *columns = NULL;
	const char *verb;
	int status = 0;
	int key;

	setlocale(LC_ALL, "");
	while ((key = tool_getopt(&vquota_tool, argc, argv)) != -1) {
		switch (key) {
		case 'a':
			options.all = 1;
			break;
		case 'c':
			options.context = optarg;
			break;
		case 'f':
			options.path = optarg;
			break;
		case 'H':
			options.human = 1;
			break;
		case 'n':
			options.table.no_headings = 1;
			break;
		case 'o':
			columns = optarg;
			options.columns = 1;
			break;
		case 'u':
			parse_user(&options, optarg);
			break;
		case 'v':
			options.verbose = 1;
			break;
		case OPT_JSON:
			options.table.json = 1;
			break;
		case OPT_RAW:
			options.table.raw = 1;
			break;
		case OPT_SHARED:
			options.shared = 1;
			break;
		case OPT_SHIFT:
			options.shift = 1;
			break;
		case OPT_MOUNTED:
			options.mounted = 1;
			break;
		case OPT_DRY_RUN:
			options.dry_run = 1;
			break;
		case OPT_USERS:
			options.users = 1;
			break;
		}
	}
	argc -= optind;
	argv += optind;
	verb = argc ? argv[0] : NULL;
	check_options(&options, verb);
	if (options.has_user)
		options.users = 1;
	if (!verb)
		report_view(&options, columns);
	else if (!strcmp(verb, "check"))
		check_view(&options, columns);

	if (options.context)
		status = tool_find_context(&vquota_tool, options.context,
					   &options.id);
	if (status)
		return status;
	if (!verb)
		status = do_report(&options);
	else if (is_verb(verb))
		status = run_verb(&options, verb, argc - 1, argv + 1);
	else
		status = do_set(&options, argc, argv);
	if (tool_close_stdout(&vquota_tool))
		return EXIT_FAILED;
	return status;
}
