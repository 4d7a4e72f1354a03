// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <unistd.h>

#include "../cost.h"

/* What is deferred to work items and to RCU varies by some %: no promise. */
static void pty(void)
{
	int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || close(fd))
		cost_die("/dev/ptmx");
}

COST_ROW(pty,
	.title = "ptmx open+close",
	.ops = 3000,
	.op = pty,
	.near = { { "npty", 4 } },
);
