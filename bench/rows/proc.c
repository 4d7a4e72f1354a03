// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../cost.h"

#define PROCESSES 500

static int proc;

static void make_processes(void)
{
	int ready[2], i;
	char byte;

	if (pipe(ready))
		cost_die("pipe");
	for (i = 0; i < PROCESSES; i++) {
		switch (fork()) {
		case -1:
			cost_die("fork");
		case 0:
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(ready[0]);
			if (write(ready[1], "", 1) != 1)
				_exit(1);
			close(ready[1]);
			pause();
			_exit(0);
		}
	}
	close(ready[1]);
	for (i = 0; i < PROCESSES; i++)
		if (read(ready[0], &byte, 1) != 1)
			cost_die("read");
	close(ready[0]);
	proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		cost_die("/proc");
}

static void read_proc(void)
{
	char buf[32768];
	long n;

	if (lseek(proc, 0, SEEK_SET))
		cost_die("/proc");
	do {
		n = syscall(SYS_getdents64, proc, buf, sizeof(buf));
	} while (n > 0);
	if (n < 0)
		cost_die("/proc");
}

/* Each process that there is, is asked whether it may be seen. */
COST_ROW(readdir_proc,
	.title = "readdir of /proc, 500 processes",
	.ops = 50,
	.setup = make_processes,
	.op = read_proc,
	.outside_max = 0.5,
	.inside_max = 3.0,
);
