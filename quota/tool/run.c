// SPDX-License-Identifier: GPL-2.0-or-later
/* Running other programs */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vquota.h"

/**
 * print_command() - print a command as it would be typed
 * @argv: the command, ends with NULL
 */
void print_command(char *const argv[])
{
	for (; *argv; argv++) {
		int plain = **argv && !strpbrk(*argv, " \t\n'\"\\$`*?[]{}()<>|&;~#!");

		if (plain) {
			fputs(*argv, stdout);
		} else {
			const char *s;

			putchar('\'');
			for (s = *argv; *s; s++)
				if (*s == '\'')
					fputs("'\\''", stdout);
				else
					putchar(*s);
			putchar('\'');
		}
		putchar(argv[1] ? ' ' : '\n');
	}
}

/**
 * run_command() - run a program and wait for it
 * @argv: its name, which is looked for on PATH and where administrators'
 *	programs are, and its arguments, ends with NULL
 *
 * Return: 0 if it ended well, -1 after the error was printed.
 */
int run_command(char *const argv[])
{
	const char *path = getenv("PATH");
	char where[4096];
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (!child) {
		snprintf(where, sizeof(where), "%s%s/usr/sbin:/sbin",
			 path ? path : "", path ? ":" : "");
		setenv("PATH", where, 1);
		execvp(argv[0], argv);
		tool_error(&vquota_tool, "%s: %s", argv[0], strerror(errno));
		_exit(127);
	}
	if (child < 0) {
		tool_error(&vquota_tool, "%s", strerror(errno));
		return -1;
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 127)
		tool_error(&vquota_tool, "%s failed", argv[0]);
	return -1;
}
