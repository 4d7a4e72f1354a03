// SPDX-License-Identifier: GPL-2.0-or-later
/* What the tools share, see common.h */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"
#include "libvctx.h"

#define MAX_OPTIONS	32

/* The text that an option has in the left column of --help */
static int option_text(const struct tool_option *o, char *text, size_t size)
{
	char letter[5] = "    ";

	if (o->key < OPT_LONG)
		snprintf(letter, sizeof(letter), "-%c, ", o->key);
	return snprintf(text, size, " %s--%s%s%s", letter, o->name,
			o->arg ? " " : "", o->arg ? o->arg : "");
}

static void print_verbs(const struct tool_verb *verb)
{
	const struct tool_verb *v;
	char text[80];
	int width = 0;

	for (v = verb; v->name; v++) {
		int len = snprintf(text, sizeof(text), "%s %s", v->name,
				   v->args);

		if (len > width)
			width = len;
	}
	printf("\nVerbs:\n");
	for (v = verb; v->name; v++) {
		snprintf(text, sizeof(text), "%s %s", v->name, v->args);
		printf("  %-*s  %s\n", width, text, v->help);
	}
}

/**
 * tool_help() - print what --help prints
 * @tool: the tool
 */
void tool_help(const struct tool *tool)
{
	const struct tool_option *o;
	char text[80];
	int width = 0;

	for (o = tool->option; o->name; o++) {
		int len = option_text(o, text, sizeof(text));

		if (o->help && len > width)
			width = len;
	}
	printf("Usage: %s %s\n\n%s\n\nOptions:\n", tool->name, tool->usage,
	       tool->about);
	for (o = tool->option; o->name; o++) {
		if (!o->help)
			continue;
		option_text(o, text, sizeof(text));
		printf("%-*s  %s\n", width, text, o->help);
	}
	if (tool->verb)
		print_verbs(tool->verb);
	if (tool->more)
		printf("\n%s", tool->more);
	if (tool->print_more)
		tool->print_more();
	printf("\nFor more, see %s(8).\n", tool->name);
}

/**
 * tool_version() - print what --version prints
 * @tool: the tool
 */
void tool_version(const struct tool *tool)
{
	printf("%s (vctx) %s\n", tool->name, VCTX_VERSION);
}

static void print_completer(const char *what)
{
	if (!strcmp(what, COMPLETE_CONTEXTS))
		printf("$(compgen -W \"$(sed -n 's/^\\([0-9]*\\) name=\\([^ ]*\\).*/\\1 \\2/p' /sys/fs/vctx/summary 2>/dev/null | tr ' ' '\\n' | grep -vx -e -)\" -- \"$cur\")");
	else if (!strcmp(what, COMPLETE_SIGNALS))
		printf("$(compgen -A signal -- \"$cur\")");
	else if (!strcmp(what, COMPLETE_PIDS))
		printf("$(compgen -W \"$(ps -eo pid=)\" -- \"$cur\")");
	else if (!strcmp(what, COMPLETE_LIMITS))
		printf("$(compgen -S = -W \"$(cut -d' ' -f1 /sys/fs/vctx/1/limits 2>/dev/null)\" -- \"$cur\")");
	else if (!strcmp(what, COMPLETE_DIRECTORIES))
		printf("$(compgen -d -- \"$cur\")");
	else if (!strcmp(what, COMPLETE_CONFIGS))
		printf("$(compgen -W \"$(cd /etc/vctx 2>/dev/null && ls | sed -n 's/\\.conf$//p')\" -- \"$cur\"; compgen -f -- \"$cur\")");
	else if (!strcmp(what, COMPLETE_COMMAND))
		printf("$(compgen -c -- \"$cur\")");
	else
		printf("$(compgen -W \"%s\" -- \"$cur\")", what);
}

/* The first operand, with options before it or not, is a verb. */
static void complete_verbs(const struct tool *tool)
{
	const struct tool_verb *verb = tool->verb;
	const struct tool_verb *v;

	printf("\tlocal word verb=\n"
	       "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	       "\t\tcase $word in\n\t\t");
	for (v = verb; v->name; v++)
		printf("%s%s", v == verb ? "" : "|", v->name);
	printf(") verb=$word ;;\n\t\tesac\n\tdone\n"
	       "\tif [ -z \"$verb\" ]; then\n"
	       "\t\tCOMPREPLY=($(compgen -W \"");
	for (v = verb; v->name; v++)
		printf("%s%s", v == verb ? "" : " ", v->name);
	if (tool->first)
		printf(" %s", tool->first);
	printf("\" -- \"$cur\"))\n");
	/* "KEY=" is not all of a word. */
	if (tool->first)
		printf("\t\t[[ ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null\n");
	printf("\t\treturn\n\tfi\n");
}

/**
 * tool_complete() - print a completion script for bash
 * @tool: the tool
 */
void tool_complete(const struct tool *tool)
{
	const struct tool_option *o;

	printf("# bash completion for %s, made by %s --complete\n"
	       "_%s()\n{\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]}\n"
	       "\tlocal prev=${COMP_WORDS[COMP_CWORD-1]}\n\n"
	       "\tcompopt +o nospace 2>/dev/null\n"
	       "\tcase $prev in\n", tool->name, tool->name, tool->name);
	for (o = tool->option; o->name; o++) {
		if (!o->arg || !o->help)
			continue;
		if (o->key < OPT_LONG)
			printf("\t-%c|", o->key);
		else
			printf("\t");
		printf("--%s)\n\t\tCOMPREPLY=(", o->name);
		if (o->complete)
			print_completer(o->complete);
		printf(")\n\t\treturn ;;\n");
	}
	printf("\tesac\n"
	       "\tcase $cur in\n"
	       "\t-*)\n\t\tCOMPREPLY=($(compgen -W \"");
	for (o = tool->option; o->name; o++)
		if (o->help)
			printf("--%s ", o->name);
	printf("\" -- \"$cur\"))\n\t\treturn ;;\n\tesac\n");
	if (tool->verb)
		complete_verbs(tool);
	if (tool->complete) {
		if (!strcmp(tool->complete, COMPLETE_LIMITS) ||
		    strchr(tool->complete, '='))
			printf("\tcompopt -o nospace 2>/dev/null\n");
		printf("\tCOMPREPLY=(");
		print_completer(tool->complete);
		printf(")\n");
	}
	printf("}\ncomplete -F _%s %s\n", tool->name, tool->name);
}

static void __attribute__((noreturn)) finish(const struct tool *tool)
{
	exit(tool_close_stdout(tool) ? EXIT_FAILED : EXIT_SUCCESS);
}

/**
 * tool_getopt() - the next option of the command line
 * @tool: the tool
 * @argc: as main() has it
 * @argv: as main() has it
 *
 * --help, --version and the hidden --complete are dealt with here, and so is
 * what is wrong.
 *
 * Return: the option's key, with its argument in optarg; -1 at the end of the
 * options, with optind at the first operand.
 */
int tool_getopt(const struct tool *tool, int argc, char *argv[])
{
	static struct option longs[MAX_OPTIONS];
	static char shorts[2 * MAX_OPTIONS + 3];
	int key;

	if (!shorts[0]) {
		const struct tool_option *o;
		char *s = shorts;
		int i = 0;

		/* ":": tell a missing argument from an unknown option */
		if (tool->in_order)
			*s++ = '+';
		*s++ = ':';
		for (o = tool->option; o->name; o++) {
			if (i == MAX_OPTIONS - 1)
				abort();
			longs[i].name = o->name;
			longs[i].has_arg = o->arg ? required_argument :
						    no_argument;
			longs[i++].val = o->key;
			if (o->key < OPT_LONG) {
				*s++ = (char)o->key;
				if (o->arg)
					*s++ = ':';
			}
		}
		opterr = 0;
	}

	key = getopt_long(argc, argv, shorts, longs, NULL);
	switch (key) {
	case 'h':
		tool_help(tool);
		finish(tool);
	case 'V':
		tool_version(tool);
		finish(tool);
	case OPT_COMPLETE:
		tool_complete(tool);
		finish(tool);
	case ':':
		tool_usage_error(tool, "option '%s' needs an argument",
				 argv[optind - 1]);
	case '?':
		if (optopt && optopt < OPT_LONG)
			tool_usage_error(tool, "unknown option '-%c'", optopt);
		tool_usage_error(tool, "unknown option '%s'",
				 argv[optind - 1]);
	}
	return key;
}

/**
 * tool_common_option() - deal with --help, --version and --complete alone
 * @tool: the tool
 * @arg: the only argument
 *
 * For a tool that passes its options on, and keeps only these for itself.
 *
 * Return: 1 if it was one of them, else 0.
 */
int tool_common_option(const struct tool *tool, const char *arg)
{
	if (!strcmp(arg, "-h") || !strcmp(arg, "--help"))
		tool_help(tool);
	else if (!strcmp(arg, "-V") || !strcmp(arg, "--version"))
		tool_version(tool);
	else if (!strcmp(arg, "--complete"))
		tool_complete(tool);
	else
		return 0;
	return 1;
}

static void print_error(const struct tool *tool, const char *format,
			va_list args)
{
	char text[1024];

	/* one write, so that the messages of several processes do not mix */
	vsnprintf(text, sizeof(text), format, args);
	fflush(stdout);
	fprintf(stderr, "%s: %s\n", tool->name, text);
}

/**
 * tool_error() - say what went wrong
 * @tool: the tool
 * @format: as printf()
 */
void tool_error(const struct tool *tool, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_error(tool, format, args);
	va_end(args);
}

/**
 * tool_usage_error() - say what is wrong with the command line, and exit
 * @tool: the tool
 * @format: as printf()
 */
void tool_usage_error(const struct tool *tool, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_error(tool, format, args);
	va_end(args);
	fprintf(stderr, "Try '%s --help'.\n", tool->name);
	exit(tool->usage_status);
}

/**
 * tool_context_error() - say why something could not be done with a context
 * @tool: the tool
 * @context: the context as the user calls it, NULL for all of them
 * @err: negative errno of the library
 */
void tool_context_error(const struct tool *tool, const char *context, int err)
{
	const char *what = strerror(-err);
	int check = vctx_check();

	if (check == -EOPNOTSUPP) {
		tool_error(tool, "the running kernel has no vctx");
		return;
	}
	if (check == -ENODEV) {
		tool_error(tool, "vctxfs is not mounted on %s (mount -t vctx vctx %s)",
			   vctx_root(), vctx_root());
		return;
	}
	if (err == -ENOENT)
		what = context ? "no such context" :
				 "contexts are not visible from here";
	else if (err == -EPERM || err == -EACCES)
		what = "only root outside of all contexts may do that";
	if (context)
		tool_error(tool, "context %s: %s", context, what);
	else
		tool_error(tool, "%s", what);
}

/**
 * tool_find_context() - a context by what the user calls it
 * @tool: the tool
 * @text: an id, which need not exist, or a name
 * @id: receives the id
 *
 * Return: 0, or an exit code after the error was printed.
 */
int tool_find_context(const struct tool *tool, const char *text,
		      unsigned int *id)
{
	int err = vctx_find(text, id);

	switch (err) {
	case 0:
		return 0;
	case -EINVAL:
	case -ERANGE:
		tool_error(tool, "'%s' is neither the id nor the name of a context",
			   text);
		return tool->usage_status;
	}
	tool_context_error(tool, text, err);
	return EXIT_FAILED;
}

/**
 * tool_is_host_root() - may the caller choose contexts?
 *
 * Return: 1 for root outside of all contexts, else 0.
 */
int tool_is_host_root(void)
{
	struct vctx_self self;

	return !geteuid() && !vctx_self(&self) && self.id == VCTX_ID_HOST;
}

/**
 * tool_run_inside() - run a function in a context, in a child process
 * @id: the context
 * @fn: the function; what it returns is the child's exit code
 * @arg: handed to @fn
 * @status: receives the exit code; 128 and the signal if one killed the child
 *
 * There is no way out of a context, so that only a child may enter it.
 *
 * Return: 0 if @fn was run; else a negative errno of fork(2) or vctx_enter().
 */
int tool_run_inside(unsigned int id, int (*fn)(void *arg), void *arg,
		    int *status)
{
	struct vctx_enter enter = { .id = id };
	int result = 0;
	int ends[2];
	int wait_status;
	ssize_t got;
	pid_t child;

	fflush(NULL);
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	child = fork();
	if (child < 0) {
		int err = -errno;

		close(ends[0]);
		close(ends[1]);
		return err;
	}
	if (!child) {
		int code = EXIT_FAILED;

		close(ends[0]);
		result = vctx_enter(&enter);
		if (write(ends[1], &result, sizeof(result)) !=
		    (ssize_t)sizeof(result))
			_exit(EXIT_FAILED);
		close(ends[1]);
		if (!result)
			code = fn(arg);
		fflush(NULL);
		_exit(code);
	}

	close(ends[1]);
	do {
		got = read(ends[0], &result, sizeof(result));
	} while (got < 0 && errno == EINTR);
	close(ends[0]);
	while (waitpid(child, &wait_status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	if (got == (ssize_t)sizeof(result) && result)
		return result;
	*status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) :
					   128 + WTERMSIG(wait_status);
	return 0;
}

/**
 * tool_close_stdout() - write what is left, and see whether all went out
 * @tool: the tool
 *
 * Return: 0; -1 after the error was printed, as with a full disk.
 */
int tool_close_stdout(const struct tool *tool)
{
	int bad = ferror(stdout);

	if (fclose(stdout) || bad) {
		/* a reader that has seen enough, as head(1), is no error */
		if (errno == EPIPE)
			return -1;
		fprintf(stderr, "%s: cannot write the output: %s\n",
			tool->name, strerror(errno));
		return -1;
	}
	return 0;
}

struct watched {
	const struct tool *tool;
	char **argv;
};

static int exec_watched(void *arg)
{
	const struct watched *watched = arg;
	char **argv = watched->argv;

	execvp(argv[0], argv);
	tool_error(watched->tool, "%s: %s", argv[0], strerror(errno));
	return EXIT_FAILED;
}

/**
 * tool_watch() - run a program that shows processes where it sees them all
 * @tool: the caller, whose own options stand alone
 * @argc: of main()
 * @argv: of main(); all of it is for the program
 * @program: its name
 * @run: runs it, and is given @argv; NULL if all there is to do is exec
 *
 * Root outside of contexts sees no member, so that a child enters the watcher;
 * for anybody else it runs where he is.
 *
 * Return: what main() shall.
 */
int tool_watch(const struct tool *tool, int argc, char *argv[],
	       const char *program, int (*run)(void *argv))
{
	struct watched watched = { tool, argv };
	void *arg = argv;
	struct vctx_self self;
	int status;
	int err;

	if (!run) {
		run = exec_watched;
		arg = &watched;
	}
	if (argc == 2 && tool_common_option(tool, argv[1]))
		return tool_close_stdout(tool) ? EXIT_FAILED : 0;

	argv[0] = (char *)program;
	if (!tool_is_host_root()) {
		if (vctx_self(&self) == -EOPNOTSUPP)
			tool_error(tool, "warning: the running kernel has no vctx");
		return run(arg);
	}
	err = tool_run_inside(VCTX_ID_WATCHER, run, arg, &status);
	if (err) {
		tool_error(tool, "cannot enter the watcher, context 1: %s",
			   strerror(-err));
		return EXIT_FAILED;
	}
	return status;
}
