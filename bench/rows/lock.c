// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "../cost.h"

static const char path[] = COST_DIR "/lock";
static int fd;

static void open_file(void)
{
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		cost_die("%s", path);
}

static void posix_lock(void)
{
	struct flock fl = { .l_type = F_WRLCK, .l_len = 10 };

	if (fcntl(fd, F_SETLK, &fl))
		cost_die("F_WRLCK");
	fl.l_type = F_UNLCK;
	if (fcntl(fd, F_SETLK, &fl))
		cost_die("F_UNLCK");
}

COST_ROW(lock,
	.title = "POSIX lock+unlock",
	.ops = 50000,
	.setup = open_file,
	.op = posix_lock,
	.near = { { "nlock", 4 } },
);

static void flock_lock(void)
{
	if (flock(fd, LOCK_EX) || flock(fd, LOCK_UN))
		cost_die("flock");
}

COST_ROW(flock,
	.title = "flock+unlock",
	.ops = 50000,
	.setup = open_file,
	.op = flock_lock,
	.near = { { "nlock", 4 } },
);
