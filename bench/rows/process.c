// SPDX-License-Identifier: GPL-2.0-or-later
#include <sys/wait.h>
#include <unistd.h>

#include "../cost.h"

/* A static program with little memory: our share is never larger than here. */
static void fork_exit_wait(void)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0)
		cost_die("fork");
	if (waitpid(pid, &status, 0) != pid || status)
		cost_die("waitpid");
}

COST_ROW(fork,
	.title = "fork+exit+wait",
	.ops = 2000,
	.repeats = 15,
	.op = fork_exit_wait,
	.near = { { "nproc", 4 }, { "ntask", 4 } },
	.outside_max = 0.5,
	.inside_max = 2.0,
);
