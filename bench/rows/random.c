// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <unistd.h>

#include "../cost.h"

static const char path[] = "/dev/urandom";
static int fd;

static void open_random(void)
{
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		cost_die("%s", path);
}

/*
 * As much as one hash block. There is no case near a limit: what is written
 * stays, and the limit would soon be met.
 */
static void write_random(void)
{
	static const char data[64];

	if (write(fd, data, sizeof(data)) != sizeof(data))
		cost_die("%s", path);
}

COST_ROW(random,
	.title = "write 64 bytes to urandom",
	.ops = 50000,
	.setup = open_random,
	.op = write_random,
);
