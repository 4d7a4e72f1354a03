// SPDX-License-Identifier: GPL-2.0-or-later
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "../cost.h"

static sigset_t set;

static void block(void)
{
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		cost_die("sigprocmask");
}

static void queue_take(void)
{
	struct timespec now = { 0 };
	union sigval value = { 0 };

	if (sigqueue(getpid(), SIGRTMIN, value) ||
	    sigtimedwait(&set, NULL, &now) != SIGRTMIN)
		cost_die("sigqueue");
}

COST_ROW(sigqueue,
	.title = "sigqueue+sigwait",
	.ops = 50000,
	.setup = block,
	.op = queue_take,
	.near = { { "nsigpending", 4 } },
	.outside_max = 1.0,
);
