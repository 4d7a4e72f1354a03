/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tools share: one option table per tool, from which come the parser,
 * --help, the completion of bash, and the check of the man page; errors in
 * words; and running a function inside of a context.
 */
#ifndef VCTX_TOOLS_COMMON_H
#define VCTX_TOOLS_COMMON_H

#include <stddef.h>

#ifndef VCTX_VERSION
#define VCTX_VERSION	"0.1"
#endif

/* Exit codes, except for chcontext, whose own errors are 255. */
#define EXIT_FAILED	1
#define EXIT_USAGE	2

/* Options without a letter are numbered from here. */
#define OPT_LONG	256

enum {
	OPT_COMPLETE = OPT_LONG,
	OPT_JSON,
	OPT_RAW,
	OPT_TOOL,		/* a tool's own begin here */
};

/* How an argument is completed; any other text is a list of words. */
#define COMPLETE_CONTEXTS	"@contexts"
#define COMPLETE_SIGNALS	"@signals"
#define COMPLETE_PIDS		"@pids"
#define COMPLETE_LIMITS		"@limits"
#define COMPLETE_COMMAND	"@command"
#define COMPLETE_DIRECTORIES	"@directories"
#define COMPLETE_CONFIGS	"@configs"

/**
 * struct tool_option - one option of a tool
 * @key: its letter, or a number from OPT_LONG
 * @name: its long name
 * @arg: what its argument is called, NULL if it takes none
 * @help: one line, NULL to hide the option
 * @complete: what completes the argument, or NULL
 */
struct tool_option {
	int key;
	const char *name;
	const char *arg;
	const char *help;
	const char *complete;
};

/**
 * struct tool_verb - one thing that a tool does, its first operand
 * @name: the verb
 * @args: what may follow it
 * @help: one line
 */
struct tool_verb {
	const char *name;
	const char *args;
	const char *help;
};

/**
 * struct tool - a tool and its options
 * @name: of the tool
 * @usage: what follows the name in the synopsis
 * @about: one sentence
 * @more: lines to follow the options in --help, or NULL
 * @print_more: prints what follows these, or NULL
 * @verb: its verbs, the last one without a name, or NULL if it has none
 * @first: words that may stand in place of a verb, or NULL
 * @complete: what completes the operands, or NULL
 * @usage_status: exit code of a wrong command line
 * @in_order: options end at the first operand
 * @option: ends with TOOL_OPTIONS
 */
struct tool {
	const char *name;
	const char *usage;
	const char *about;
	const char *more;
	void (*print_more)(void);
	const struct tool_verb *verb;
	const char *first;
	const char *complete;
	int usage_status;
	int in_order;
	const struct tool_option *option;
};

/* Every table ends so. */
#define TOOL_OPTIONS							\
	{ 'h', "help", NULL, "print this help and exit", NULL },	\
	{ 'V', "version", NULL, "print the version and exit", NULL },	\
	{ OPT_COMPLETE, "complete", NULL, NULL, NULL },			\
	{ 0, NULL, NULL, NULL, NULL }

int tool_getopt(const struct tool *tool, int argc, char *argv[]);
int tool_common_option(const struct tool *tool, const char *arg);
void tool_help(const struct tool *tool);
void tool_complete(const struct tool *tool);
void tool_version(const struct tool *tool);

void tool_error(const struct tool *tool, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void tool_usage_error(const struct tool *tool, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));
void tool_context_error(const struct tool *tool, const char *context, int err);
int tool_find_context(const struct tool *tool, const char *text,
		      unsigned int *id);

int tool_is_host_root(void);
int tool_run_inside(unsigned int id, int (*fn)(void *arg), void *arg,
		    int *status);
int tool_watch(const struct tool *tool, int argc, char *argv[],
	       const char *program, int (*run)(void *argv));
int tool_close_stdout(const struct tool *tool);

#endif /* VCTX_TOOLS_COMMON_H */
