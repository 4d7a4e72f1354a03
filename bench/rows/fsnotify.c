// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "../cost.h"

static const char path[] = COST_DIR "/watched";
static int fd;

static void make_file(void)
{
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (file < 0 || close(file) || fd < 0)
		cost_die("%s", path);
}

/* The event that the watch is gone is taken, or the queue would fill. */
static void watch_remove(void)
{
	struct inotify_event event;
	int wd = inotify_add_watch(fd, path, IN_MODIFY);

	if (wd < 0 || inotify_rm_watch(fd, wd) ||
	    read(fd, &event, sizeof(event)) != sizeof(event))
		cost_die("inotify");
}

COST_ROW(inotify,
	.title = "inotify add+remove",
	.ops = 20000,
	.setup = make_file,
	.op = watch_remove,
	.near = { { "ninotify", 4 } },
	.outside_max = 1.0,
);
