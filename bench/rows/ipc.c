// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "../cost.h"

static void shm(void)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);

	if (id < 0 || shmctl(id, IPC_RMID, NULL))
		cost_die("shm");
}

COST_ROW(shm,
	.title = "shmget+remove",
	.ops = 10000,
	.op = shm,
	.near = { { "nshm", 4 }, { "shmbytes", 16384 } },
	.outside_max = 1.0,
);

static void sem(void)
{
	int id = semget(IPC_PRIVATE, 4, IPC_CREAT | 0600);

	if (id < 0 || semctl(id, 0, IPC_RMID))
		cost_die("sem");
}

COST_ROW(sem,
	.title = "semget+remove",
	.ops = 20000,
	.op = sem,
	.near = { { "nsem", 16 } },
	.outside_max = 1.0,
);

static int queue;

static void make_queue(void)
{
	queue = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
	if (queue < 0)
		cost_die("msgget");
}

/* The queue goes with its maker's guest. */
static void msg(void)
{
	struct {
		long type;
		char text[64];
	} message = { .type = 1 };

	if (msgsnd(queue, &message, sizeof(message.text), 0) ||
	    msgrcv(queue, &message, sizeof(message.text), 0, 0) < 0)
		cost_die("msg");
}

COST_ROW(msg,
	.title = "msgsnd+msgrcv",
	.ops = 50000,
	.setup = make_queue,
	.op = msg,
	.near = { { "msgbytes", 256 } },
	.outside_max = 1.0,
);
