// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The system call that does nothing: no hook of ours is on its way. What this
 * row shows is noise, or a change in how all system calls are entered.
 */
#include <sys/syscall.h>
#include <unistd.h>

#include "../cost.h"

static void do_getppid(void)
{
	syscall(SYS_getppid);
}

COST_ROW(getppid,
	.title = "getppid",
	.ops = 1000000,
	.op = do_getppid,
);
