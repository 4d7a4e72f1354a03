// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <unistd.h>

#include "../cost.h"

static const char path[] = COST_DIR "/file";

static void make_file(void)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || close(fd))
		cost_die("%s", path);
}

/*
 * On tmpfs, where an open does nothing but what all opens do. On the guest's
 * overlay root a second description, for the lower file, comes with each: the
 * hooks are called twice, for an operation that costs 1.6 times as much.
 */
static void open_close(void)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || close(fd))
		cost_die("%s", path);
}

COST_ROW(open,
	.title = "open+close",
	.ops = 50000,
	.setup = make_file,
	.op = open_close,
	.near = { { "nofile", 4 } },
	.outside_max = 1.0,
	.inside_max = 4.0,
);
