// SPDX-License-Identifier: GPL-2.0-or-later
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

#include "../cost.h"

static int there[2], back[2];

/* As "perf bench sched pipe": a child that sends back each byte it gets. */
static void make_partner(void)
{
	char byte;
	pid_t pid;

	if (pipe(there) || pipe(back))
		cost_die("pipe");
	pid = fork();
	if (pid < 0)
		cost_die("fork");
	if (pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(there[0], &byte, 1) == 1)
		if (write(back[1], &byte, 1) != 1)
			break;
	_exit(0);
}

/* Two context switches, two wake-ups, four system calls */
static void ping_pong(void)
{
	char byte = 0;

	if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
		cost_die("pipe");
}

COST_ROW(switch,
	.title = "pipe ping-pong",
	.ops = 20000,
	.setup = make_partner,
	.op = ping_pong,
	.outside_max = 0.5,
);
